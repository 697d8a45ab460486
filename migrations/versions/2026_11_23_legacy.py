"""The old system, boxes and moulds

Revision: legacy, after approvals
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "legacy"
down_revision = "approvals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "box_type",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("color", sa.String(length=40), nullable=True),
        sa.Column("maker", sa.String(length=80), nullable=True),
        sa.Column("maker_number", sa.String(length=80), nullable=True),
        sa.Column("length_mm", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("width_mm", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("height_mm", sa.Numeric(precision=10, scale=2), nullable=True),
        sa.Column("weight_g", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("divider_weight_g", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("slots", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("code <> '' AND code = btrim(code)", name="box_type_code_not_blank"),
        sa.CheckConstraint(
            "length_mm <> 'NaN' AND width_mm <> 'NaN' AND height_mm <> 'NaN' AND weight_g <> 'NaN' AND divider_weight_g <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "least(length_mm, width_mm, height_mm, weight_g, divider_weight_g) >= 0",
            name="box_type_measures_not_negative",
        ),
        sa.CheckConstraint("slots BETWEEN 1 AND 100", name="box_type_slots"),
        sa.PrimaryKeyConstraint("id", name=op.f("box_type_pkey")),
        sa.UniqueConstraint("code", name=op.f("box_type_code_key")),
        schema="inventory",
    )
    op.create_table(
        "employee",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("first_name", sa.String(length=120), nullable=True),
        sa.Column("login_name", sa.String(length=60), nullable=True),
        sa.Column("street", sa.String(length=200), nullable=True),
        sa.Column("postcode", sa.String(length=20), nullable=True),
        sa.Column("city", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=60), nullable=True),
        sa.Column("phone2", sa.String(length=60), nullable=True),
        sa.Column("hours_per_week", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("hours_per_day", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("holidays_per_year", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("is_present", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("joined_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "hours_per_week <> 'NaN' AND hours_per_day <> 'NaN' AND holidays_per_year <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "joined_on BETWEEN '1900-01-01' AND '9999-12-31' AND left_on BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("employee_pkey")),
        sa.UniqueConstraint("number", name=op.f("employee_number_key")),
        schema="legacy",
    )
    op.create_table(
        "entity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("parent", sa.String(length=60), nullable=True),
        sa.Column("module", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=True),
        sa.Column("target_table", sa.String(length=80), nullable=True),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "title", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("is_enabled", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("mapping_hash", sa.String(length=64), nullable=True),
        sa.Column("changed_since", sa.Date(), nullable=True),
        sa.Column("last_full_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_incremental_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_sweep_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_change_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_count", sa.BigInteger(), nullable=True),
        sa.Column("record_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("placeholder_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("changed_since BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint(
            "module IN ('catalog', 'partners', 'sales', 'inventory', 'production', 'hr', 'images')",
            name="legacy_entity_module",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("entity_pkey")),
        sa.UniqueConstraint("code", name=op.f("entity_code_key")),
        schema="legacy",
    )
    op.create_table(
        "feed",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.String(length=80), nullable=False),
        sa.Column("pages", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("feed_pkey")),
        sa.UniqueConstraint("table_name", name=op.f("feed_table_name_key")),
        schema="legacy",
    )
    op.create_table(
        "lease",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("holder", sa.String(length=63), nullable=False),
        sa.Column("client", sa.String(length=120), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("lease_pkey")),
        sa.UniqueConstraint("name", name=op.f("lease_name_key")),
        schema="legacy",
    )
    op.create_table(
        "module",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("mode", sa.String(length=10), server_default=sa.text("'legacy'"), nullable=False),
        sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_off_by", sa.String(length=63), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "code IN ('catalog', 'partners', 'sales', 'inventory', 'production', 'hr', 'images')",
            name="legacy_module_code",
        ),
        sa.CheckConstraint("mode IN ('legacy', 'parallel', 'werkbank')", name="legacy_module_mode"),
        sa.PrimaryKeyConstraint("id", name=op.f("module_pkey")),
        sa.UniqueConstraint("code", name=op.f("module_code_key")),
        schema="legacy",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("entities", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "options", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("state", sa.String(length=12), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column(
            "requested_by", sa.String(length=63), server_default=sa.text("SESSION_USER"), nullable=False
        ),
        sa.Column(
            "requested_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leader", sa.String(length=200), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "mode IN ('full', 'incremental', 'sweep', 'retry', 'reconcile', 'images')", name="legacy_run_mode"
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'warnings', 'failed', 'cancelled', 'interrupted')",
            name="legacy_run_state",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("run_pkey")),
        schema="legacy",
    )
    op.create_index(
        "ix_legacy_run_state",
        "run",
        ["state"],
        unique=False,
        schema="legacy",
    )
    op.create_table(
        "server",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("base_url", sa.String(length=300), nullable=False),
        sa.Column("username", sa.String(length=120), nullable=True),
        sa.Column("verify_tls", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("ca_file", sa.Text(), nullable=True),
        sa.Column("media_url", sa.String(length=300), nullable=True),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("is_test", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("timeout_s", sa.Integer(), server_default=sa.text("60"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("base_url ~ '^https?://[^ ]+$'", name="legacy_server_url"),
        sa.CheckConstraint("code ~ '^[a-z0-9_]{1,20}$'", name="legacy_server_code"),
        sa.CheckConstraint("kind IN ('4d', 'images')", name="legacy_server_kind"),
        sa.CheckConstraint("timeout_s BETWEEN 1 AND 600", name="legacy_server_timeout"),
        sa.PrimaryKeyConstraint("id", name=op.f("server_pkey")),
        sa.UniqueConstraint("code", name=op.f("server_code_key")),
        schema="legacy",
    )
    op.create_index(
        "uq_server_active",
        "server",
        ["kind", "is_test"],
        unique=True,
        schema="legacy",
        postgresql_where=sa.text("is_active AND kind = '4d'"),
    )
    op.create_table(
        "server_status",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("last_contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_status", sa.String(length=40), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.Column("blocked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sessions_opened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("session_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["server_id"],
            ["legacy.server.id"],
            name=op.f("server_status_server_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("server_id", name=op.f("server_status_pkey")),
        schema="legacy",
    )
    op.create_table(
        "mould",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("storage_place", sa.String(length=60), nullable=True),
        sa.Column("is_blocked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("number <> '' AND number = btrim(number)", name="mould_number_not_blank"),
        sa.PrimaryKeyConstraint("id", name=op.f("mould_pkey")),
        sa.UniqueConstraint("number", name=op.f("mould_number_key")),
        schema="production",
    )
    op.create_table(
        "dangling",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(collation="C"), nullable=False),
        sa.Column("column_name", sa.String(length=63), nullable=False),
        sa.Column("target_table", sa.String(length=80), nullable=False),
        sa.Column("wanted_entity", sa.String(length=60), nullable=False),
        sa.Column("wanted_key", sa.Text(collation="C"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["legacy.entity.id"], name=op.f("dangling_entity_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("dangling_pkey")),
        sa.UniqueConstraint("entity_id", "source_key", "column_name", name="legacy_dangling_once"),
        schema="legacy",
    )
    op.create_index(
        "ix_legacy_dangling_wanted",
        "dangling",
        ["wanted_entity", "wanted_key"],
        unique=False,
        schema="legacy",
    )
    op.create_table(
        "employee_pay",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("employee_id", sa.BigInteger(), nullable=False),
        sa.Column("birth_date", sa.Date(), nullable=True),
        sa.Column("pay_code", sa.String(length=20), nullable=True),
        sa.Column("monthly", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("yearly", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("gross", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.CheckConstraint("birth_date BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint(
            "monthly <> 'NaN' AND yearly <> 'NaN' AND gross <> 'NaN'", name="number_is_finite"
        ),
        sa.ForeignKeyConstraint(
            ["employee_id"],
            ["legacy.employee.id"],
            name=op.f("employee_pay_employee_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("employee_pay_pkey")),
        sa.UniqueConstraint("employee_id", name=op.f("employee_pay_employee_id_key")),
        schema="legacy",
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(collation="C"), nullable=False),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("repair", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("severity", sa.String(length=10), server_default=sa.text("'error'"), nullable=False),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'open'"), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column(
            "first_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "last_seen_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("comment", sa.String(length=500), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("severity IN ('error', 'warning')", name="legacy_quarantine_severity"),
        sa.CheckConstraint(
            "state IN ('open', 'retry', 'resolved', 'ignored')", name="legacy_quarantine_state"
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["legacy.entity.id"], name=op.f("quarantine_entity_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("quarantine_pkey")),
        sa.UniqueConstraint("entity_id", "source_key", name="legacy_quarantine_once"),
        schema="legacy",
    )
    op.create_index(
        "ix_legacy_quarantine_state", "quarantine", ["state", "entity_id"], unique=False, schema="legacy"
    )
    op.create_table(
        "reconciliation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=True),
        sa.Column("module", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("differences", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "finished_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("signed_off_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_off_by", sa.String(length=63), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "module IN ('catalog', 'partners', 'sales', 'inventory', 'production', 'hr', 'images')",
            name="legacy_reconciliation_module",
        ),
        sa.CheckConstraint("state IN ('clean', 'differences', 'signed')", name="legacy_reconciliation_state"),
        sa.ForeignKeyConstraint(
            ["run_id"], ["legacy.run.id"], name=op.f("reconciliation_run_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reconciliation_pkey")),
        schema="legacy",
    )
    op.create_index(
        op.f("reconciliation_run_id_idx"), "reconciliation", ["run_id"], unique=False, schema="legacy"
    )
    op.create_table(
        "record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("entity_id", sa.BigInteger(), nullable=False),
        sa.Column("source_key", sa.Text(collation="C"), nullable=False),
        sa.Column("owner_key", sa.Text(collation="C"), nullable=True),
        sa.Column("hash", sa.Text(collation="C"), nullable=True),
        sa.Column("state", sa.String(length=12), server_default=sa.text("'applied'"), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("applied", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("protected", sa.ARRAY(sa.Text()), nullable=True),
        sa.Column(
            "changed_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state IN ('applied', 'placeholder', 'linked', 'quarantined', 'gone', 'ignored')",
            name="legacy_record_state",
        ),
        sa.ForeignKeyConstraint(
            ["entity_id"], ["legacy.entity.id"], name=op.f("record_entity_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("record_pkey")),
        sa.UniqueConstraint("entity_id", "source_key", name="legacy_record_once"),
        schema="legacy",
    )
    op.create_index(
        "ix_legacy_record_owner",
        "record",
        ["entity_id", "owner_key"],
        unique=False,
        schema="legacy",
        postgresql_where=sa.text("owner_key IS NOT NULL"),
    )
    op.create_index(
        "ix_legacy_record_target", "record", ["target_id", "entity_id"], unique=False, schema="legacy"
    )
    op.create_table(
        "run_entity",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("state", sa.String(length=12), server_default=sa.text("'running'"), nullable=False),
        sa.Column("cursor", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("read_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("changed_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("unchanged_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("protected_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("quarantined_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("gone_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("warning_count", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'warnings', 'failed', 'cancelled', 'interrupted', 'skipped')",
            name="legacy_run_entity_state",
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["legacy.run.id"], name=op.f("run_entity_run_id_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("run_entity_pkey")),
        sa.UniqueConstraint("run_id", "entity", name="legacy_run_entity_once"),
        schema="legacy",
    )
    op.create_table(
        "server_secret",
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("password_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("password_key_id", sa.BigInteger(), nullable=True),
        sa.Column("session_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("session_key_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "greatest(octet_length(password_sealed), octet_length(session_sealed)) <= 4000",
            name="legacy_secret_form",
        ),
        sa.ForeignKeyConstraint(
            ["password_key_id"],
            ["sec.data_key.id"],
            name=op.f("server_secret_password_key_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["server_id"], ["legacy.server.id"], name=op.f("server_secret_server_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_key_id"],
            ["sec.data_key.id"],
            name=op.f("server_secret_session_key_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("server_id", name=op.f("server_secret_pkey")),
        schema="legacy",
    )
    op.create_index(
        op.f("server_secret_password_key_id_idx"),
        "server_secret",
        ["password_key_id"],
        unique=False,
        schema="legacy",
    )
    op.create_index(
        op.f("server_secret_session_key_id_idx"),
        "server_secret",
        ["session_key_id"],
        unique=False,
        schema="legacy",
    )
    op.create_table(
        "work_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("mould_number", sa.String(length=30), nullable=True),
        sa.Column("mould_id", sa.BigInteger(), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "created_on BETWEEN '1900-01-01' AND '9999-12-31' AND due_on BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("qty <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint(
            "state IN ('draft', 'scheduled', 'started', 'completed', 'cancelled')",
            name="legacy_work_order_state",
        ),
        sa.ForeignKeyConstraint(
            ["mould_id"], ["production.mould.id"], name=op.f("work_order_mould_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("work_order_pkey")),
        sa.UniqueConstraint("number", name=op.f("work_order_number_key")),
        schema="legacy",
    )
    op.create_index(
        op.f("work_order_mould_id_idx"), "work_order", ["mould_id"], unique=False, schema="legacy"
    )
    op.create_table(
        "box",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("barcode", sa.String(length=60), nullable=True),
        sa.Column("box_type_id", sa.BigInteger(), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("purpose", sa.String(length=12), server_default=sa.text("'storage'"), nullable=False),
        sa.Column("state", sa.String(length=12), server_default=sa.text("'available'"), nullable=False),
        sa.Column("units", sa.Integer(), nullable=True),
        sa.Column("label_printed_on", sa.Date(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("code <> '' AND code = btrim(code)", name="box_code_not_blank"),
        sa.CheckConstraint("label_printed_on BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint(
            "purpose IN ('storage', 'picking', 'transport', 'workshop')", name="box_purpose_known"
        ),
        sa.CheckConstraint(
            "state IN ('available', 'in_use', 'reserved', 'damaged', 'retired')", name="box_state_known"
        ),
        sa.ForeignKeyConstraint(
            ["box_type_id"], ["inventory.box_type.id"], name=op.f("box_box_type_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["inventory.place.id"], name=op.f("box_place_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("box_pkey")),
        sa.UniqueConstraint("code", name=op.f("box_code_key")),
        schema="inventory",
    )
    op.create_index(op.f("box_box_type_id_idx"), "box", ["box_type_id"], unique=False, schema="inventory")
    op.create_index(op.f("box_place_id_idx"), "box", ["place_id"], unique=False, schema="inventory")
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("number", sa.String(length=30), nullable=False),
        sa.Column("customer_number", sa.String(length=30), nullable=True),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("date", sa.Date(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("rate_to_eur", sa.Numeric(precision=14, scale=6), nullable=True),
        sa.Column("net", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("freight", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("handling", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("tax", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("gross", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("net_eur", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("tax_eur", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("gross_eur", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("tax_kind", sa.String(length=20), nullable=True),
        sa.Column("paid_amount", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("paid_currency", sa.String(length=3), nullable=True),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("is_paid", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dunning_level", sa.String(length=20), nullable=True),
        sa.Column("payment_method", sa.String(length=80), nullable=True),
        sa.Column("shipping_method", sa.String(length=80), nullable=True),
        sa.Column("price_group", sa.String(length=20), nullable=True),
        sa.Column("discount_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("cash_discount_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("cash_discount_days", sa.Integer(), nullable=True),
        sa.Column("net_days", sa.Integer(), nullable=True),
        sa.Column("delivery_address", sa.Text(), nullable=True),
        sa.Column("billing_address", sa.Text(), nullable=True),
        sa.Column("clerk", sa.String(length=60), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("printed_on", sa.Date(), nullable=True),
        sa.Column(
            "search_key", sa.Text(collation="C"), sa.Computed("lower(number)", persisted=True), nullable=False
        ),
        sa.CheckConstraint(
            "date BETWEEN '1900-01-01' AND '9999-12-31' AND paid_on BETWEEN '1900-01-01' AND '9999-12-31' AND printed_on BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "kind IN ('invoice', 'quote', 'delivery', 'credit_note', 'order')", name="legacy_document_kind"
        ),
        sa.CheckConstraint(
            "rate_to_eur <> 'NaN' AND net <> 'NaN' AND freight <> 'NaN' AND handling <> 'NaN' AND tax <> 'NaN' AND gross <> 'NaN' AND net_eur <> 'NaN' AND tax_eur <> 'NaN' AND gross_eur <> 'NaN' AND tax_rate <> 'NaN' AND paid_amount <> 'NaN' AND discount_pct <> 'NaN' AND cash_discount_pct <> 'NaN'",
            name="number_is_finite",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("document_partner_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("document_pkey")),
        sa.UniqueConstraint("source_id", name=op.f("document_source_id_key")),
        schema="legacy",
    )
    op.create_index(
        op.f("document_partner_id_idx"), "document", ["partner_id"], unique=False, schema="legacy"
    )
    op.create_index("ix_document_date", "document", ["date", "id"], unique=False, schema="legacy")
    op.create_index("ix_document_kind", "document", ["kind", "number"], unique=False, schema="legacy")
    op.create_index("ix_document_search_key", "document", ["search_key"], unique=False, schema="legacy")
    op.create_table(
        "reconciliation_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reconciliation_id", sa.BigInteger(), nullable=False),
        sa.Column("entity", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("legacy_value", sa.Text(), nullable=True),
        sa.Column("werkbank_value", sa.Text(), nullable=True),
        sa.Column("difference", sa.Numeric(precision=20, scale=6), nullable=True),
        sa.Column("source_key", sa.Text(), nullable=True),
        sa.Column("ok", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("difference <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("kind IN ('count', 'sum', 'sample', 'field')", name="legacy_reconciliation_kind"),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"],
            ["legacy.reconciliation.id"],
            name=op.f("reconciliation_line_reconciliation_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reconciliation_line_pkey")),
        schema="legacy",
    )
    op.create_index(
        op.f("reconciliation_line_reconciliation_id_idx"),
        "reconciliation_line",
        ["reconciliation_id"],
        unique=False,
        schema="legacy",
    )
    op.create_table(
        "box_slot",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("box_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("unit_number", sa.Integer(), nullable=True),
        sa.Column("color", sa.String(length=40), nullable=True),
        sa.Column("order_number", sa.String(length=30), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("number > 0", name="box_slot_number_positive"),
        sa.ForeignKeyConstraint(
            ["box_id"], ["inventory.box.id"], name=op.f("box_slot_box_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("box_slot_pkey")),
        sa.UniqueConstraint("box_id", "number", name="box_slot_number_once"),
        schema="inventory",
    )
    op.create_table(
        "article",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("base_number", sa.String(length=60), nullable=True),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("source_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=True),
        sa.Column("family_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["family_id"], ["catalog.family.id"], name=op.f("article_family_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog.product.id"], name=op.f("article_product_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("article_pkey")),
        sa.UniqueConstraint("number", name=op.f("article_number_key")),
        schema="legacy",
    )
    op.create_index(op.f("article_family_id_idx"), "article", ["family_id"], unique=False, schema="legacy")
    op.create_index(op.f("article_product_id_idx"), "article", ["product_id"], unique=False, schema="legacy")
    op.create_index("ix_article_base_number", "article", ["base_number"], unique=False, schema="legacy")
    op.create_index("ix_article_source_id", "article", ["source_id"], unique=False, schema="legacy")
    op.create_table(
        "document_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("document_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("article_number", sa.String(length=60), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("discount_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("amount", sa.Numeric(precision=16, scale=4), nullable=True),
        sa.Column("picked_qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("is_picked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_preorder", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('product', 'service', 'text', 'discount')", name="legacy_document_line_kind"
        ),
        sa.CheckConstraint(
            "qty <> 'NaN' AND unit_price <> 'NaN' AND discount_pct <> 'NaN' AND amount <> 'NaN' AND picked_qty <> 'NaN'",
            name="number_is_finite",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["legacy.document.id"],
            name=op.f("document_line_document_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("document_line_product_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("document_line_pkey")),
        sa.UniqueConstraint("document_id", "position", name="legacy_document_line_once"),
        schema="legacy",
    )
    op.create_index(
        op.f("document_line_product_id_idx"), "document_line", ["product_id"], unique=False, schema="legacy"
    )
    op.create_table(
        "work_order_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("work_order_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("operation", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=True),
        sa.Column("article_number", sa.String(length=60), nullable=True),
        sa.Column("family_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("qty_target", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("qty_done", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("share", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("minutes", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("pieces_per_hour", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("cost_centre", sa.String(length=40), nullable=True),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "begins_on BETWEEN '1900-01-01' AND '9999-12-31' AND due_on BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "qty_target <> 'NaN' AND qty_done <> 'NaN' AND share <> 'NaN' AND minutes <> 'NaN' AND pieces_per_hour <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "state IN ('scheduled', 'started', 'completed', 'cancelled')", name="legacy_step_state"
        ),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["catalog.family.id"],
            name=op.f("work_order_step_family_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("work_order_step_product_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["work_order_id"],
            ["legacy.work_order.id"],
            name=op.f("work_order_step_work_order_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("work_order_step_pkey")),
        schema="legacy",
    )
    op.create_index(
        "ix_work_order_step_line", "work_order_step", ["work_order_id", "line"], unique=False, schema="legacy"
    )
    op.create_index(
        op.f("work_order_step_family_id_idx"), "work_order_step", ["family_id"], unique=False, schema="legacy"
    )
    op.create_index(
        op.f("work_order_step_product_id_idx"),
        "work_order_step",
        ["product_id"],
        unique=False,
        schema="legacy",
    )
    op.create_table(
        "mould_product",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("mould_id", sa.BigInteger(), nullable=False),
        sa.Column("article_number", sa.String(length=60), nullable=False),
        sa.Column("family_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("pieces", sa.Numeric(precision=18, scale=6), server_default=sa.text("1"), nullable=False),
        sa.Column("weight", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("pieces <> 'NaN' AND weight <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("pieces > 0", name="mould_pieces_positive"),
        sa.CheckConstraint("weight >= 0", name="mould_weight_not_negative"),
        sa.ForeignKeyConstraint(
            ["family_id"],
            ["catalog.family.id"],
            name=op.f("mould_product_family_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["mould_id"],
            ["production.mould.id"],
            name=op.f("mould_product_mould_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("mould_product_product_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("mould_product_pkey")),
        sa.UniqueConstraint("mould_id", "article_number", name="mould_product_once"),
        schema="production",
    )
    op.create_index(
        op.f("mould_product_family_id_idx"), "mould_product", ["family_id"], unique=False, schema="production"
    )
    op.create_index(
        op.f("mould_product_product_id_idx"),
        "mould_product",
        ["product_id"],
        unique=False,
        schema="production",
    )
    op.create_table(
        "stock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("box_id", sa.BigInteger(), nullable=True),
        sa.Column("box_slot_id", sa.BigInteger(), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("reserved_qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.Column("lot_code", sa.String(length=40), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("order_number", sa.String(length=30), nullable=True),
        sa.Column("opened_qty", sa.Numeric(precision=18, scale=6), nullable=True),
        sa.CheckConstraint("expires_on BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("kind IN ('place', 'box')", name="legacy_stock_kind"),
        sa.CheckConstraint(
            "qty <> 'NaN' AND reserved_qty <> 'NaN' AND opened_qty <> 'NaN'", name="number_is_finite"
        ),
        sa.ForeignKeyConstraint(
            ["box_id"], ["inventory.box.id"], name=op.f("stock_box_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["box_slot_id"],
            ["inventory.box_slot.id"],
            name=op.f("stock_box_slot_id_fkey"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["place_id"], ["inventory.place.id"], name=op.f("stock_place_id_fkey"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog.product.id"], name=op.f("stock_product_id_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("stock_pkey")),
        schema="legacy",
    )
    op.create_index(op.f("stock_box_id_idx"), "stock", ["box_id"], unique=False, schema="legacy")
    op.create_index(op.f("stock_box_slot_id_idx"), "stock", ["box_slot_id"], unique=False, schema="legacy")
    op.create_index(op.f("stock_place_id_idx"), "stock", ["place_id"], unique=False, schema="legacy")
    op.create_index(op.f("stock_product_id_idx"), "stock", ["product_id"], unique=False, schema="legacy")
    op.add_column("family", sa.Column("description_en", sa.Text(), nullable=True), schema="catalog")
    op.add_column("family", sa.Column("short_text", sa.Text(), nullable=True), schema="catalog")
    op.add_column("family", sa.Column("short_text_en", sa.Text(), nullable=True), schema="catalog")
    op.add_column(
        "family",
        sa.Column("state", sa.String(length=20), server_default=sa.text("'active'"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "family", sa.Column("weight_g", sa.Numeric(precision=12, scale=3), nullable=True), schema="catalog"
    )
    op.add_column(
        "family", sa.Column("depth_mm", sa.Numeric(precision=10, scale=2), nullable=True), schema="catalog"
    )
    op.add_column(
        "family", sa.Column("height_mm", sa.Numeric(precision=10, scale=2), nullable=True), schema="catalog"
    )
    op.add_column(
        "family", sa.Column("width_mm", sa.Numeric(precision=10, scale=2), nullable=True), schema="catalog"
    )
    op.add_column(
        "family",
        sa.Column("is_hanging", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "family",
        sa.Column("is_one_sided", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="catalog",
    )
    op.add_column("family", sa.Column("released_on", sa.Date(), nullable=True), schema="catalog")
    op.add_column("product", sa.Column("packing_unit", sa.Integer(), nullable=True), schema="catalog")
    op.add_column("product", sa.Column("released_on", sa.Date(), nullable=True), schema="catalog")
    op.add_column("product", sa.Column("discontinued_on", sa.Date(), nullable=True), schema="catalog")
    op.add_column("place", sa.Column("rack", sa.Integer(), nullable=True), schema="inventory")
    op.add_column("place", sa.Column("compartment", sa.Integer(), nullable=True), schema="inventory")
    op.add_column("place", sa.Column("shelf", sa.Integer(), nullable=True), schema="inventory")
    op.add_column(
        "place",
        sa.Column("is_for_sale", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="inventory",
    )
    op.add_column(
        "place",
        sa.Column("is_special", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="inventory",
    )
    op.create_check_constraint(
        "family_state_known", "family", "state IN ('active','discontinued','placeholder')", schema="catalog"
    )
    op.create_check_constraint(
        "family_measures_not_negative",
        "family",
        "least(weight_g, depth_mm, height_mm, width_mm) >= 0",
        schema="catalog",
    )
    op.create_check_constraint(
        "number_is_finite",
        "family",
        "weight_g <> 'NaN' AND depth_mm <> 'NaN' AND height_mm <> 'NaN' AND width_mm <> 'NaN'",
        schema="catalog",
    )
    op.create_check_constraint(
        "day_in_calendar", "family", "released_on BETWEEN '1900-01-01' AND '9999-12-31'", schema="catalog"
    )
    op.create_check_constraint("packing_unit_positive", "product", "packing_unit > 0", schema="catalog")
    op.create_check_constraint(
        "day_in_calendar",
        "product",
        "released_on BETWEEN '1900-01-01' AND '9999-12-31' AND discontinued_on BETWEEN '1900-01-01' AND '9999-12-31'",
        schema="catalog",
    )
