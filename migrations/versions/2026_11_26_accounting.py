"""Accounts, periods and exports for the tax adviser

Revision: accounting, after mailing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "accounting"
down_revision = "mailing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("repeats_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("chart", sa.String(length=2), nullable=False),
        sa.Column("consultant_no", sa.Integer(), nullable=False),
        sa.Column("client_no", sa.Integer(), nullable=False),
        sa.Column("vouchers", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("total_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("proof", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("locked", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column(
            "exported_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column(
            "exported_by", sa.String(length=63), server_default=sa.text("session_user"), nullable=False
        ),
        sa.CheckConstraint(
            "first_day BETWEEN '1900-01-01' AND '9999-12-31' AND last_day BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("total_amount <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("(repeats_id IS NULL) = (reason IS NULL)", name="repeat_says_why"),
        sa.CheckConstraint("first_day <= last_day", name="export_days_in_order"),
        sa.ForeignKeyConstraint(
            ["repeats_id"], ["accounting.export.id"], name=op.f("export_repeats_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("export_pkey")),
        sa.UniqueConstraint("number", name=op.f("export_number_key")),
        schema="accounting",
    )
    op.create_index(
        op.f("export_repeats_id_idx"), "export", ["repeats_id"], unique=False, schema="accounting"
    )
    op.create_table(
        "period",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=6), server_default=sa.text("'open'"), nullable=False),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("reopened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reopened_by", sa.Text(), nullable=True),
        sa.Column("reopen_reason", sa.Text(), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("month BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="period_state_known"),
        sa.CheckConstraint("extract(day FROM month) = 1", name="period_first_day"),
        sa.PrimaryKeyConstraint("id", name=op.f("period_pkey")),
        sa.UniqueConstraint("month", name=op.f("period_month_key")),
        schema="accounting",
    )
    op.create_table(
        "setting",
        sa.Column("id", sa.SmallInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("chart", sa.String(length=2), server_default=sa.text("''"), nullable=False),
        sa.Column("consultant_no", sa.Integer(), nullable=True),
        sa.Column("client_no", sa.Integer(), nullable=True),
        sa.Column("fiscal_month", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("account_length", sa.Integer(), server_default=sa.text("4"), nullable=False),
        sa.Column("debtor_first", sa.BigInteger(), server_default=sa.text("10000"), nullable=False),
        sa.Column("debtor_last", sa.BigInteger(), server_default=sa.text("69999"), nullable=False),
        sa.Column("creditor_first", sa.BigInteger(), server_default=sa.text("70000"), nullable=False),
        sa.Column("creditor_last", sa.BigInteger(), server_default=sa.text("99999"), nullable=False),
        sa.Column("initials", sa.String(length=2), server_default=sa.text("''"), nullable=False),
        sa.Column("with_service_dates", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("chart IN ('','03','04')", name="chart_known"),
        sa.CheckConstraint("initials ~ '^([A-Z]{2})?$'", name="initials_form"),
        sa.CheckConstraint("account_length BETWEEN 4 AND 8", name="account_length_range"),
        sa.CheckConstraint("client_no BETWEEN 1 AND 99999", name="client_no_range"),
        sa.CheckConstraint("consultant_no BETWEEN 1001 AND 9999999", name="consultant_no_range"),
        sa.CheckConstraint(
            "debtor_first > 0 AND debtor_first < debtor_last AND debtor_last < creditor_first AND creditor_first < creditor_last AND creditor_last <= 999999999",
            name="personal_ranges_in_order",
        ),
        sa.CheckConstraint("fiscal_month BETWEEN 1 AND 12", name="fiscal_month_range"),
        sa.CheckConstraint("id = 1", name="setting_one_row"),
        sa.PrimaryKeyConstraint("id", name=op.f("setting_pkey")),
        schema="accounting",
    )
    op.create_table(
        "export_voucher",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("amount <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("dated BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["accounting.export.id"],
            name=op.f("export_voucher_export_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("export_voucher_pkey")),
        sa.UniqueConstraint("export_id", "topic", "record_id", name="export_voucher_in_export"),
        schema="accounting",
    )
    op.create_index(
        "uq_export_voucher_once",
        "export_voucher",
        ["topic", "record_id"],
        unique=True,
        schema="accounting",
        postgresql_where=sa.text("NOT repeated"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("tax_category", sa.String(length=2), server_default=sa.text("''"), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.String(length=8), nullable=False),
        sa.Column("tax_key", sa.String(length=4), server_default=sa.text("''"), nullable=False),
        sa.Column("name", sa.String(length=120), server_default=sa.text("''"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("number ~ '^[1-9]?[0-9]{3,7}$'", name="account_number_form"),
        sa.CheckConstraint("partner_id IS NULL OR purpose = 'expense'", name="account_supplier_expense"),
        sa.CheckConstraint(
            "purpose IN ('revenue', 'freight', 'down_payment', 'discount_granted', 'expense', 'discount_received', 'bank')",
            name="account_purpose_known",
        ),
        sa.CheckConstraint("tax_category IN ('','S','Z','E','AE','K','G','O')", name="account_category"),
        sa.CheckConstraint("tax_key ~ '^([0-9]{1,4})?$'", name="account_tax_key_form"),
        sa.CheckConstraint("tax_rate <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="account_tax_range"),
        sa.ForeignKeyConstraint(
            ["partner_id"], ["partners.partner.id"], name=op.f("account_partner_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("account_pkey")),
        schema="accounting",
    )
    op.create_index(
        "uq_account_general",
        "account",
        ["purpose", "tax_category", "tax_rate"],
        unique=True,
        schema="accounting",
        postgresql_where=sa.text("partner_id IS NULL"),
    )
    op.create_index(
        "uq_account_supplier",
        "account",
        ["partner_id", "tax_category", "tax_rate"],
        unique=True,
        schema="accounting",
        postgresql_where=sa.text("partner_id IS NOT NULL"),
    )
    op.create_table(
        "export_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("export_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("dated", sa.Date(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=True),
        sa.Column("service_date", sa.Date(), nullable=True),
        sa.Column("tax_category", sa.String(length=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("side", sa.String(length=1), nullable=False),
        sa.Column("account", sa.String(length=9), nullable=False),
        sa.Column("contra", sa.String(length=9), nullable=False),
        sa.Column("tax_key", sa.String(length=4), server_default=sa.text("''"), nullable=False),
        sa.Column("vat_id", sa.String(length=14), nullable=True),
        sa.Column("words", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        sa.CheckConstraint(
            "dated BETWEEN '1900-01-01' AND '9999-12-31' AND due_date BETWEEN '1900-01-01' AND '9999-12-31' AND service_date BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("side IN ('S','H')", name="export_line_side"),
        sa.CheckConstraint("tax_rate <> 'NaN' AND amount <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("amount > 0", name="export_line_positive"),
        sa.ForeignKeyConstraint(
            ["export_id"],
            ["accounting.export.id"],
            name=op.f("export_line_export_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("export_line_partner_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("export_line_pkey")),
        sa.UniqueConstraint("export_id", "position", name="export_line_once"),
        schema="accounting",
    )
    op.create_index(
        op.f("export_line_partner_id_idx"), "export_line", ["partner_id"], unique=False, schema="accounting"
    )
    op.create_table(
        "personal_account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("side", sa.String(length=10), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("side IN ('debtor', 'creditor')", name="personal_side_known"),
        sa.CheckConstraint("number BETWEEN 1 AND 999999999", name="personal_number_range"),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["partners.partner.id"],
            name=op.f("personal_account_partner_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("personal_account_pkey")),
        sa.UniqueConstraint("number", name="personal_number_once"),
        sa.UniqueConstraint("partner_id", "side", name="personal_account_once"),
        schema="accounting",
    )
