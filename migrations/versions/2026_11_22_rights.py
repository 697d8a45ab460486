"""People, roles, sessions, approvals and the trail

Revision: rights, after first_working_day
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "rights"
down_revision = "first_working_day"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Tickets of before know neither their end nor their idle time: everybody signs in once more.
    op.execute("DELETE FROM sec.session")
    op.create_table(
        "archive",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("table_name", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ids", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("archived_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("month BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("table_name IN ('audit.entry', 'audit.event')", name="archive_table"),
        sa.PrimaryKeyConstraint("id", name=op.f("archive_pkey")),
        sa.UniqueConstraint("table_name", "month", name=op.f("archive_table_name_month_key")),
        schema="audit",
    )
    op.create_table(
        "block",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entries", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.Column("events", postgresql.INT8MULTIRANGE(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("until_xid", sa.BigInteger(), nullable=False),
        sa.Column("above_entry", sa.BigInteger(), nullable=False),
        sa.Column("above_event", sa.BigInteger(), nullable=False),
        sa.Column("system_id", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("block_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("length(previous) = 32 AND length(block_hash) = 32", name="block_hash_length"),
        sa.CheckConstraint("number > 0", name="block_number_positive"),
        sa.PrimaryKeyConstraint("number", name=op.f("block_pkey")),
        schema="audit",
    )
    op.create_index(op.f("block_sealed_at_idx"), "block", ["sealed_at"], unique=False, schema="audit")
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "xid",
            sa.BigInteger(),
            server_default=sa.text("pg_current_xact_id()::text::bigint"),
            nullable=False,
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("by_login", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("operator", sa.Text(), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("application", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("row_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", "at", name=op.f("event_pkey")),
        schema="audit",
        postgresql_partition_by="RANGE (at)",
    )
    op.create_index(op.f("event_at_idx"), "event", ["at"], unique=False, schema="audit")
    op.create_index(op.f("event_kind_at_idx"), "event", ["kind", "at"], unique=False, schema="audit")
    op.create_index(op.f("event_login_at_idx"), "event", ["login", "at"], unique=False, schema="audit")
    op.create_index(op.f("event_xid_idx"), "event", ["xid"], unique=False, schema="audit")
    op.create_table(
        "alarm",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("login", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column(
            "detail", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("seen_by", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(kind) BETWEEN 1 AND 60", name="alarm_kind"),
        sa.PrimaryKeyConstraint("id", name=op.f("alarm_pkey")),
        schema="sec",
    )
    op.create_index(op.f("alarm_at_idx"), "alarm", ["at"], unique=False, schema="sec")
    op.create_table(
        "data_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("right", sa.Text(), nullable=False),
        sa.Column("recovery", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z_]{2,40}$'", name="data_key_name"),
        sa.CheckConstraint("octet_length(recovery) = 32", name="data_key_recovery"),
        sa.PrimaryKeyConstraint("id", name=op.f("data_key_pkey")),
        schema="sec",
    )
    op.create_index(
        "uq_data_key_active",
        "data_key",
        ["name"],
        unique=True,
        schema="sec",
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "guard_mark",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("guard_mark_pkey")),
        sa.UniqueConstraint("head", name=op.f("guard_mark_head_key")),
        schema="sec",
    )
    op.create_table(
        "login_attempt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("application", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("outcome IN ('ok', 'wrong', 'refused')", name="login_attempt_outcome"),
        sa.PrimaryKeyConstraint("id", name=op.f("login_attempt_pkey")),
        schema="sec",
    )
    op.create_index(op.f("login_attempt_at_idx"), "login_attempt", ["at"], unique=False, schema="sec")
    op.create_index(
        op.f("login_attempt_login_at_idx"), "login_attempt", ["login", "at"], unique=False, schema="sec"
    )
    op.create_table(
        "mail_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("error", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed')", name="mail_message_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("mail_message_pkey")),
        schema="sec",
    )
    op.create_index(
        op.f("mail_message_state_next_try_idx"),
        "mail_message",
        ["state", "next_try"],
        unique=False,
        schema="sec",
    )
    op.create_table(
        "password_denied",
        sa.Column("password", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("password", name=op.f("password_denied_pkey")),
        schema="sec",
    )
    op.create_table(
        "policy",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("password_length", sa.Integer(), server_default=sa.text("12"), nullable=False),
        sa.Column("password_history", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("password_days", sa.Integer(), nullable=True),
        sa.Column("initial_password_hours", sa.Integer(), server_default=sa.text("24"), nullable=False),
        sa.Column("failures_per_address", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("failures_per_user", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column("failure_minutes", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column("lock_minutes", sa.Integer(), server_default=sa.text("15"), nullable=False),
        sa.Column("trusted_device_days", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("elevation_hours", sa.Integer(), server_default=sa.text("8"), nullable=False),
        sa.Column("confirm_minutes", sa.Integer(), server_default=sa.text("5"), nullable=False),
        sa.Column("operator_idle_minutes", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.Column("idle_transaction_seconds", sa.Integer(), server_default=sa.text("120"), nullable=False),
        sa.Column("blocking_seconds", sa.Integer(), server_default=sa.text("30"), nullable=False),
        sa.Column("statement_seconds", sa.Integer(), server_default=sa.text("600"), nullable=False),
        sa.Column("registration_open", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reset_by_mail", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("audit_years", sa.Integer(), server_default=sa.text("10"), nullable=False),
        sa.CheckConstraint("id = 1", name="policy_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("policy_pkey")),
        schema="sec",
    )
    op.create_table(
        "registration",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), server_default=sa.text("'de'"), nullable=False),
        sa.Column("email", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("phone", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("comment", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint("language IN ('de', 'en')", name="registration_language"),
        sa.CheckConstraint("login ~ '^[uts]_[a-z0-9_]{2,40}$'", name="registration_login_form"),
        sa.CheckConstraint("state IN ('requested', 'approved', 'rejected')", name="registration_state"),
        sa.CheckConstraint("length(btrim(person)) BETWEEN 1 AND 200", name="registration_person_length"),
        sa.PrimaryKeyConstraint("id", name=op.f("registration_pkey")),
        schema="sec",
    )
    op.create_index(
        "uq_registration_open",
        "registration",
        ["login"],
        unique=True,
        schema="sec",
        postgresql_where=sa.text("state = 'requested'"),
    )
    op.create_table(
        "review",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("role", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("started_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("due BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="review_state"),
        sa.PrimaryKeyConstraint("id", name=op.f("review_pkey")),
        schema="sec",
    )
    op.create_table(
        "approval_kind",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("votes", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("hours", sa.Integer(), server_default=sa.text("168"), nullable=False),
        sa.Column("apply", sa.Text(), nullable=True),
        sa.Column("dismiss", sa.Text(), nullable=True),
        sa.Column("limit_name", sa.Text(), nullable=True),
        sa.Column("confirm", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("gainer_decides", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("delegable", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("apply ~ '^[a-z]+[.]apply_[a-z_]+$'", name="approval_kind_apply"),
        sa.CheckConstraint("dismiss ~ '^[a-z]+[.]dismiss_[a-z_]+$'", name="approval_kind_dismiss"),
        sa.CheckConstraint("name ~ '^[a-z][a-z_]{2,40}$'", name="approval_kind_name"),
        sa.CheckConstraint("hours BETWEEN 1 AND 8784", name="approval_kind_hours"),
        sa.CheckConstraint("votes BETWEEN 1 AND 2", name="approval_kind_votes"),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_kind_pkey")),
        sa.UniqueConstraint("name", name=op.f("approval_kind_name_key")),
        schema="system",
    )
    op.create_table(
        "address_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("network", postgresql.CIDR(), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["role"], ["sec.role.name"], name=op.f("address_rule_role_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("address_rule_pkey")),
        schema="sec",
    )
    op.create_index(op.f("address_rule_role_idx"), "address_rule", ["role"], unique=False, schema="sec")
    op.create_table(
        "badge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("badge", sa.Text(), nullable=False),
        sa.Column("pin_verifier", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("length(badge) BETWEEN 3 AND 40", name="badge_length"),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("badge_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("badge_pkey")),
        sa.UniqueConstraint("badge", name=op.f("badge_badge_key")),
        sa.UniqueConstraint("login", name=op.f("badge_login_key")),
        schema="sec",
    )
    op.create_table(
        "checklist_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("text_de", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("role", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint("kind IN ('onboarding', 'offboarding')", name="checklist_item_kind"),
        sa.CheckConstraint("length(btrim(text_de)) BETWEEN 1 AND 300", name="checklist_item_text"),
        sa.ForeignKeyConstraint(
            ["role"], ["sec.role.name"], name=op.f("checklist_item_role_fkey"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("checklist_item_pkey")),
        schema="sec",
    )
    op.create_table(
        "password_history",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("password_history_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("password_history_pkey")),
        schema="sec",
    )
    op.create_index(
        op.f("password_history_login_idx"), "password_history", ["login"], unique=False, schema="sec"
    )
    op.create_table(
        "password_reset",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("address", postgresql.INET(), nullable=True),
        sa.Column(
            "requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("password_reset_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("password_reset_pkey")),
        schema="sec",
    )
    op.create_index(op.f("password_reset_login_idx"), "password_reset", ["login"], unique=False, schema="sec")
    op.create_table(
        "person_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("public", sa.LargeBinary(), nullable=False),
        sa.Column("private", sa.LargeBinary(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("cost", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("cost BETWEEN 1024 AND 1048576", name="person_key_cost"),
        sa.CheckConstraint(
            "octet_length(private) = 61 AND octet_length(salt) = 16", name="person_key_sealed"
        ),
        sa.CheckConstraint("octet_length(public) = 32", name="person_key_public"),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("person_key_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("person_key_pkey")),
        sa.UniqueConstraint("login", name=op.f("person_key_login_key")),
        schema="sec",
    )
    op.create_table(
        "person_task",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sort", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("text_de", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('onboarding', 'offboarding')", name="person_task_kind"),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("person_task_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("person_task_pkey")),
        schema="sec",
    )
    op.create_index(op.f("person_task_login_idx"), "person_task", ["login"], unique=False, schema="sec")
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("recovery_code_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("recovery_code_pkey")),
        schema="sec",
    )
    op.create_index(op.f("recovery_code_login_idx"), "recovery_code", ["login"], unique=False, schema="sec")
    op.create_table(
        "role_closure",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("includes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["includes"], ["sec.role.name"], name=op.f("role_closure_includes_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role"], ["sec.role.name"], name=op.f("role_closure_role_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("role", "includes", name=op.f("role_closure_pkey")),
        schema="sec",
    )
    op.create_table(
        "role_conflict",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("role_a", sa.Text(), nullable=False),
        sa.Column("role_b", sa.Text(), nullable=False),
        sa.Column("reason_de", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reason_en", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("of_matrix", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("role_a < role_b", name="role_conflict_order"),
        sa.ForeignKeyConstraint(
            ["role_a"], ["sec.role.name"], name=op.f("role_conflict_role_a_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["role_b"], ["sec.role.name"], name=op.f("role_conflict_role_b_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("role_conflict_pkey")),
        sa.UniqueConstraint("role_a", "role_b", name=op.f("role_conflict_role_a_role_b_key")),
        schema="sec",
    )
    op.create_table(
        "role_parent",
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.CheckConstraint("role <> parent", name="role_own_parent"),
        sa.ForeignKeyConstraint(
            ["parent"], ["sec.role.name"], name=op.f("role_parent_parent_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["role"], ["sec.role.name"], name=op.f("role_parent_role_fkey"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("role", "parent", name=op.f("role_parent_pkey")),
        schema="sec",
    )
    op.create_index(op.f("role_parent_parent_idx"), "role_parent", ["parent"], unique=False, schema="sec")
    op.create_table(
        "totp",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("pending", sa.LargeBinary(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("totp_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("totp_pkey")),
        schema="sec",
    )
    op.create_table(
        "trusted_device",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ends", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("trusted_device_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("trusted_device_pkey")),
        sa.UniqueConstraint("token_hash", name=op.f("trusted_device_token_hash_key")),
        schema="sec",
    )
    op.create_index(op.f("trusted_device_login_idx"), "trusted_device", ["login"], unique=False, schema="sec")
    op.create_table(
        "user_photo",
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("octet_length(content) <= 204800", name="user_photo_size"),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("user_photo_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("login", name=op.f("user_photo_pkey")),
        schema="sec",
    )
    op.create_table(
        "wrapped_key",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("data_key_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("ephemeral", sa.LargeBinary(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("given_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "octet_length(ephemeral) = 32 AND octet_length(wrapped) = 61", name="wrapped_key_form"
        ),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["sec.data_key.id"],
            name=op.f("wrapped_key_data_key_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("wrapped_key_pkey")),
        sa.UniqueConstraint("data_key_id", "holder", name=op.f("wrapped_key_data_key_id_holder_key")),
        schema="sec",
    )
    op.create_table(
        "approval_delegate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("delegate", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "valid_from BETWEEN '1900-01-01 00:00+00' AND '9999-12-31 00:00+00' AND valid_to BETWEEN '1900-01-01 00:00+00' AND '9999-12-31 00:00+00'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("delegate <> login", name="approval_delegate_somebody_else"),
        sa.CheckConstraint("valid_to > valid_from", name="approval_delegate_period"),
        sa.ForeignKeyConstraint(
            ["delegate"],
            ["sec.app_user.login"],
            name=op.f("approval_delegate_delegate_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["login"], ["sec.app_user.login"], name=op.f("approval_delegate_login_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_delegate_pkey")),
        schema="system",
    )
    op.create_index(
        op.f("approval_delegate_delegate_idx"),
        "approval_delegate",
        ["delegate"],
        unique=False,
        schema="system",
    )
    op.create_index(
        op.f("approval_delegate_login_idx"), "approval_delegate", ["login"], unique=False, schema="system"
    )
    op.create_table(
        "approval_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("record_id", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "subject", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "payload", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("amount", sa.Numeric(), nullable=True),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=True),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("gains", sa.Text(), nullable=True),
        sa.Column("votes_needed", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("(state = 'open') = (settled_at IS NULL)", name="approval_settled"),
        sa.CheckConstraint("amount <> 'NaN' AND abs(amount) < 'Infinity'", name="number_is_finite"),
        sa.CheckConstraint(
            "state IN ('open', 'approved', 'rejected', 'withdrawn', 'expired')", name="approval_request_state"
        ),
        sa.CheckConstraint("length(btrim(reason)) BETWEEN 1 AND 1000", name="approval_reason_length"),
        sa.CheckConstraint("votes_needed BETWEEN 1 AND 2", name="approval_votes_needed"),
        sa.ForeignKeyConstraint(
            ["kind"],
            ["system.approval_kind.name"],
            name=op.f("approval_request_kind_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_request_pkey")),
        schema="system",
    )
    op.create_index(
        op.f("approval_request_gains_idx"), "approval_request", ["gains"], unique=False, schema="system"
    )
    op.create_index(
        op.f("approval_request_requested_by_idx"),
        "approval_request",
        ["requested_by"],
        unique=False,
        schema="system",
    )
    op.create_index(
        "ix_approval_record", "approval_request", ["topic", "record_id"], unique=False, schema="system"
    )
    op.create_index(
        "ix_approval_waiting",
        "approval_request",
        ["expires_at"],
        unique=False,
        schema="system",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "uq_approval_open",
        "approval_request",
        ["kind", "topic", "record_id", "detail"],
        unique=True,
        schema="system",
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "bank_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("data_key_id", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("country ~ '^[A-Z]{2}$'", name="bank_account_country"),
        sa.CheckConstraint("last4 ~ '^[A-Z0-9]{4}$'", name="bank_account_last4"),
        sa.CheckConstraint("octet_length(mark) = 32", name="bank_account_mark"),
        sa.ForeignKeyConstraint(
            ["data_key_id"],
            ["sec.data_key.id"],
            name=op.f("bank_account_data_key_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("bank_account_partner_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("bank_account_pkey")),
        schema="partners",
    )
    op.create_index(
        op.f("bank_account_data_key_id_idx"), "bank_account", ["data_key_id"], unique=False, schema="partners"
    )
    op.create_index(
        op.f("bank_account_partner_id_idx"), "bank_account", ["partner_id"], unique=False, schema="partners"
    )
    op.create_index("ix_bank_account_mark", "bank_account", ["mark"], unique=False, schema="partners")
    op.create_index(
        "uq_bank_account_default",
        "bank_account",
        ["partner_id"],
        unique=True,
        schema="partners",
        postgresql_where=sa.text("is_default AND is_active"),
    )
    op.create_table(
        "review_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("review_id", sa.BigInteger(), nullable=False),
        sa.Column("user_role_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("comment", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("decision IN ('open', 'certified', 'revoked')", name="review_item_decision"),
        sa.ForeignKeyConstraint(
            ["review_id"], ["sec.review.id"], name=op.f("review_item_review_id_fkey"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_role_id"],
            ["sec.user_role.id"],
            name=op.f("review_item_user_role_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("review_item_pkey")),
        sa.UniqueConstraint("review_id", "user_role_id", name=op.f("review_item_review_id_user_role_id_key")),
        schema="sec",
    )
    op.create_table(
        "approval_vote",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("request_id", sa.BigInteger(), nullable=False),
        sa.Column("voter", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("comment", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "decision = 'approve' OR btrim(comment) <> ''", name="approval_rejection_says_why"
        ),
        sa.CheckConstraint("decision IN ('approve', 'reject')", name="approval_vote_decision"),
        sa.CheckConstraint("length(comment) <= 1000", name="approval_comment_length"),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["system.approval_request.id"],
            name=op.f("approval_vote_request_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("approval_vote_pkey")),
        sa.UniqueConstraint("request_id", "authority", name=op.f("approval_vote_request_id_authority_key")),
        sa.UniqueConstraint("request_id", "voter", name=op.f("approval_vote_request_id_voter_key")),
        schema="system",
    )
    op.create_table(
        "bank_secret",
        sa.Column("bank_account_id", sa.BigInteger(), nullable=False),
        sa.Column("holder", sa.LargeBinary(), nullable=False),
        sa.Column("iban", sa.LargeBinary(), nullable=False),
        sa.Column("bic", sa.LargeBinary(), nullable=False),
        sa.Column("bank", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "least(octet_length(holder), octet_length(iban), octet_length(bic), octet_length(bank)) >= 45 AND greatest(octet_length(holder), octet_length(iban), octet_length(bic), octet_length(bank)) <= 1000",
            name="bank_secret_form",
        ),
        sa.ForeignKeyConstraint(
            ["bank_account_id"],
            ["partners.bank_account.id"],
            name=op.f("bank_secret_bank_account_id_fkey"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("bank_account_id", name=op.f("bank_secret_pkey")),
        schema="partners",
    )
    op.add_column("entry", sa.Column("session_id", sa.BigInteger(), nullable=True), schema="audit")
    op.add_column("entry", sa.Column("operator", sa.Text(), nullable=True), schema="audit")
    op.add_column("entry", sa.Column("elevated", postgresql.ARRAY(sa.Text()), nullable=True), schema="audit")
    op.add_column("entry", sa.Column("reason", sa.Text(), nullable=True), schema="audit")
    op.add_column(
        "app_user",
        sa.Column("status_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user",
        sa.Column(
            "status_since", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        schema="sec",
    )
    op.add_column(
        "app_user", sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.add_column("app_user", sa.Column("left_on", sa.Date(), nullable=True), schema="sec")
    op.add_column(
        "app_user",
        sa.Column("department", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user", sa.Column("site", sa.Text(), server_default=sa.text("''"), nullable=False), schema="sec"
    )
    op.add_column(
        "app_user",
        sa.Column("position", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.add_column("app_user", sa.Column("supervisor", sa.Text(), nullable=True), schema="sec")
    op.add_column(
        "app_user",
        sa.Column("show_phone", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user",
        sa.Column("show_email", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user",
        sa.Column("show_photo", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user", sa.Column("password_set_at", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.add_column(
        "app_user", sa.Column("password_ends", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.add_column(
        "app_user",
        sa.Column("must_change_password", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "app_user",
        sa.Column("session_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="sec",
    )
    op.add_column("app_user", sa.Column("guided_at", sa.DateTime(timezone=True), nullable=True), schema="sec")
    op.create_foreign_key(
        op.f("app_user_supervisor_fkey"),
        "app_user",
        "app_user",
        ["supervisor"],
        ["login"],
        source_schema="sec",
        referent_schema="sec",
        ondelete="RESTRICT",
    )
    op.add_column(
        "role",
        sa.Column("kind", sa.Text(), server_default=sa.text("'functional'"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "role",
        sa.Column("holder", sa.Text(), server_default=sa.text("'person'"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "role",
        sa.Column("sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "role",
        sa.Column("retired", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "role", sa.Column("title_de", sa.Text(), server_default=sa.text("''"), nullable=False), schema="sec"
    )
    op.add_column(
        "role", sa.Column("title_en", sa.Text(), server_default=sa.text("''"), nullable=False), schema="sec"
    )
    op.add_column(
        "role", sa.Column("about_de", sa.Text(), server_default=sa.text("''"), nullable=False), schema="sec"
    )
    op.add_column(
        "role", sa.Column("about_en", sa.Text(), server_default=sa.text("''"), nullable=False), schema="sec"
    )
    op.add_column(
        "role",
        sa.Column("idle_minutes", sa.Integer(), server_default=sa.text("480"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "role",
        sa.Column("session_minutes", sa.Integer(), server_default=sa.text("1440"), nullable=False),
        schema="sec",
    )
    op.add_column("role", sa.Column("max_sessions", sa.Integer(), nullable=True), schema="sec")
    op.add_column("role", sa.Column("max_days", sa.Integer(), nullable=True), schema="sec")
    op.add_column(
        "role",
        sa.Column("needs_second_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "session", sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False), schema="sec"
    )
    op.add_column("session", sa.Column("operator", sa.Text(), nullable=True), schema="sec")
    op.add_column(
        "session", sa.Column("operator_since", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.add_column(
        "session",
        sa.Column("last_seen", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "session",
        sa.Column("idle_minutes", sa.Integer(), server_default=sa.text("480"), nullable=False),
        schema="sec",
    )
    op.add_column("session", sa.Column("ends", sa.DateTime(timezone=True), nullable=False), schema="sec")
    op.add_column(
        "session", sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False), schema="sec"
    )
    op.add_column(
        "session",
        sa.Column("assurance", sa.Text(), server_default=sa.text("'password'"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "session", sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.add_column(
        "session",
        sa.Column("elevated", postgresql.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        schema="sec",
    )
    op.add_column("session", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True), schema="sec")
    op.add_column("session", sa.Column("ended_by", sa.Text(), nullable=True), schema="sec")
    op.add_column(
        "session",
        sa.Column("end_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.drop_index(op.f("session_login_expires_idx"), table_name="session", schema="sec")
    op.create_unique_constraint(op.f("session_id_key"), "session", ["id"], schema="sec")
    op.create_index(
        op.f("session_login_valid_until_idx"), "session", ["login", "valid_until"], unique=False, schema="sec"
    )
    op.create_foreign_key(
        op.f("session_operator_fkey"),
        "session",
        "app_user",
        ["operator"],
        ["login"],
        source_schema="sec",
        referent_schema="sec",
        ondelete="RESTRICT",
    )
    op.drop_column("session", "revoked", schema="sec")
    op.drop_column("session", "expires", schema="sec")
    op.add_column(
        "user_role",
        sa.Column("kind", sa.Text(), server_default=sa.text("'assignment'"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "user_role",
        sa.Column("reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.add_column("user_role", sa.Column("requested_by", sa.Text(), nullable=True), schema="sec")
    op.add_column("user_role", sa.Column("approved_by", sa.Text(), nullable=True), schema="sec")
    op.add_column("user_role", sa.Column("request_id", sa.BigInteger(), nullable=True), schema="sec")
    op.add_column("user_role", sa.Column("ended_by", sa.Text(), nullable=True), schema="sec")
    op.add_column(
        "user_role",
        sa.Column("end_reason", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="sec",
    )
    op.add_column(
        "user_role", sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True), schema="sec"
    )
    op.execute("ALTER TABLE sec.app_user DROP CONSTRAINT app_user_status")
    op.execute("ALTER TABLE sec.user_role DROP CONSTRAINT user_role_period")
    op.execute(
        """ALTER TABLE sec.app_user ADD CONSTRAINT app_user_own_supervisor
             CHECK ((supervisor IS DISTINCT FROM login))"""
    )
    op.execute(
        """ALTER TABLE sec.app_user ADD CONSTRAINT app_user_status
             CHECK ((status = ANY (ARRAY['pending'::text, 'active'::text, 'suspended'::text, 'locked'::text, 'left'::text])))"""
    )
    op.execute(
        """ALTER TABLE sec.app_user ADD CONSTRAINT day_in_calendar
             CHECK (((left_on >= '1900-01-01'::date) AND (left_on <= '9999-12-31'::date)))"""
    )
    op.execute(
        """ALTER TABLE sec.role ADD CONSTRAINT role_holder
             CHECK ((holder = ANY (ARRAY['person'::text, 'device'::text, 'service'::text])))"""
    )
    op.execute(
        """ALTER TABLE sec.role ADD CONSTRAINT role_kind
             CHECK ((kind = ANY (ARRAY['core'::text, 'functional'::text, 'custom'::text, 'template'::text])))"""
    )
    op.execute(
        """ALTER TABLE sec.role ADD CONSTRAINT role_name_form
             CHECK ((name ~ '^[a-z][a-z0-9_]{1,50}$'::text))"""
    )
    op.execute(
        """ALTER TABLE sec.session ADD CONSTRAINT day_in_calendar
             CHECK (((valid_until >= '1900-01-01 00:00:00+00'::timestamp with time zone) AND (valid_until <= '9999-12-31 00:00:00+00'::timestamp with time zone)))"""
    )
    op.execute(
        """ALTER TABLE sec.session ADD CONSTRAINT session_assurance
             CHECK ((assurance = ANY (ARRAY['password'::text, 'enrol'::text, 'totp'::text, 'service'::text])))"""
    )
    op.execute(
        """ALTER TABLE sec.user_role ADD CONSTRAINT user_role_kind
             CHECK ((kind = ANY (ARRAY['assignment'::text, 'elevation'::text])))"""
    )
    op.execute(
        """ALTER TABLE sec.user_role ADD CONSTRAINT user_role_own_approval
             CHECK (((approved_by IS NULL) OR ((approved_by <> login) AND (approved_by IS DISTINCT FROM requested_by))))"""
    )
    op.execute(
        """ALTER TABLE sec.user_role ADD CONSTRAINT user_role_period
             CHECK (((valid_to IS NULL) OR (valid_to >= valid_from)))"""
    )
