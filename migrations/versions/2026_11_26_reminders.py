"""Reminders, their rules, holds; refunds after a cash discount, currencies

Revision: reminders, after accounting
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "reminders"
down_revision = "accounting"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "base_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("rate <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("valid_from BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("rate BETWEEN -10 AND 30", name="base_rate_range"),
        sa.PrimaryKeyConstraint("id", name=op.f("base_rate_pkey")),
        sa.UniqueConstraint("valid_from", name=op.f("base_rate_valid_from_key")),
        schema="sales",
    )
    op.create_table(
        "reminder_rule",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("pay_days", sa.Integer(), nullable=False),
        sa.Column("fee", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "flat_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("with_interest", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("fee <> 'NaN' AND flat_amount <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("days BETWEEN 0 AND 365", name="reminder_days_range"),
        sa.CheckConstraint("fee BETWEEN 0 AND 100", name="reminder_fee_range"),
        sa.CheckConstraint("flat_amount BETWEEN 0 AND 40", name="reminder_flat_amount_range"),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="reminder_level_range"),
        sa.CheckConstraint("pay_days BETWEEN 1 AND 60", name="reminder_pay_days_range"),
        sa.PrimaryKeyConstraint("id", name=op.f("reminder_rule_pkey")),
        sa.UniqueConstraint("level", name=op.f("reminder_rule_level_key")),
        schema="sales",
    )
    op.create_table(
        "reminder",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'issued'"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reminder_date", sa.Date(), nullable=False),
        sa.Column("pay_until", sa.Date(), nullable=False),
        sa.Column("open_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "interest_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("interest_pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column(
            "flat_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "fee_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("total_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("cancel_reason", sa.String(length=200), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "(state = 'cancelled') = (cancel_reason IS NOT NULL)", name="reminder_cancelled_why"
        ),
        sa.CheckConstraint(
            "open_amount <> 'NaN' AND interest_amount <> 'NaN' AND interest_pct <> 'NaN' AND flat_amount <> 'NaN' AND fee_amount <> 'NaN' AND total_amount <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "reminder_date BETWEEN '1900-01-01' AND '9999-12-31' AND pay_until BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("state IN ('issued','cancelled')", name="reminder_state_known"),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="reminder_level_known"),
        sa.CheckConstraint("pay_until > reminder_date", name="reminder_dates_in_order"),
        sa.CheckConstraint(
            "total_amount = open_amount + interest_amount + flat_amount + fee_amount", name="reminder_adds_up"
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["partners.partner.id"],
            name=op.f("reminder_customer_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reminder_pkey")),
        sa.UniqueConstraint("number", name=op.f("reminder_number_key")),
        schema="sales",
    )
    op.create_index(
        "ix_reminder_date",
        "reminder",
        [sa.literal_column("reminder_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="sales",
    )
    op.create_index(
        op.f("reminder_customer_id_idx"), "reminder", ["customer_id"], unique=False, schema="sales"
    )
    op.create_table(
        "reminder_hold",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.String(length=63), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("btrim(reason) <> ''", name="reminder_hold_reason"),
        sa.CheckConstraint("until BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("(lifted_at IS NULL) = (lifted_by IS NULL)", name="reminder_hold_lifted"),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["partners.partner.id"],
            name=op.f("reminder_hold_customer_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["sales.invoice.id"],
            name=op.f("reminder_hold_invoice_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reminder_hold_pkey")),
        schema="sales",
    )
    op.create_index(
        op.f("reminder_hold_customer_id_idx"), "reminder_hold", ["customer_id"], unique=False, schema="sales"
    )
    op.create_index(
        op.f("reminder_hold_invoice_id_idx"), "reminder_hold", ["invoice_id"], unique=False, schema="sales"
    )
    op.create_index(
        "uq_reminder_hold",
        "reminder_hold",
        ["customer_id", sa.literal_column("coalesce(invoice_id, 0)")],
        unique=True,
        schema="sales",
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    op.create_table(
        "reminder_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("reminder_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "paid_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("open_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("default_since", sa.Date(), nullable=True),
        sa.Column(
            "interest_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "flat_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint(
            "amount <> 'NaN' AND paid_amount <> 'NaN' AND open_amount <> 'NaN' AND interest_amount <> 'NaN' AND flat_amount <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "due_date BETWEEN '1900-01-01' AND '9999-12-31' AND default_since BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="reminder_item_level"),
        sa.CheckConstraint("open_amount > 0", name="reminder_item_open"),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["sales.invoice.id"],
            name=op.f("reminder_item_invoice_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["reminder_id"],
            ["sales.reminder.id"],
            name=op.f("reminder_item_reminder_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("reminder_item_pkey")),
        schema="sales",
    )
    op.create_index(
        op.f("reminder_item_invoice_id_idx"), "reminder_item", ["invoice_id"], unique=False, schema="sales"
    )
    op.create_index(
        op.f("reminder_item_reminder_id_idx"), "reminder_item", ["reminder_id"], unique=False, schema="sales"
    )
    op.create_index(
        "uq_reminder_item", "reminder_item", ["reminder_id", "invoice_id"], unique=True, schema="sales"
    )
    # A second step of cash discount.
    for schema, table in (("partners", "payment_term"), ("sales", "invoice")):
        op.add_column(
            table,
            sa.Column(
                "discount2_pct", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False
            ),
            schema=schema,
        )
    op.add_column(
        "payment_term",
        sa.Column("discount2_days", sa.Integer(), server_default=sa.text("0"), nullable=False),
        schema="partners",
    )
    op.add_column("invoice", sa.Column("discount2_date", sa.Date(), nullable=True), schema="sales")
    op.create_check_constraint(
        "second_discount_consistent",
        "payment_term",
        "(discount2_pct = 0 AND discount2_days = 0)"
        " OR (discount2_pct > 0 AND discount2_pct < discount_pct"
        " AND discount2_days > discount_days AND discount2_days <= net_days)",
        schema="partners",
    )
    # What is paid back for an invoice that was paid with the cash discount leaves its share of it out.
    op.drop_constraint("paid_within_gross", "invoice", schema="sales")
    op.create_check_constraint(
        "paid_within_gross",
        "invoice",
        "CASE kind WHEN 'cancellation' THEN paid_amount = 0 AND discount_taken = 0 AND credited_amount = 0"
        " WHEN 'correction' THEN greatest(paid_amount, credited_amount, discount_taken) <= 0"
        " AND paid_amount + credited_amount + discount_taken >= gross_amount"
        " ELSE least(paid_amount, credited_amount, prepaid_amount) >= 0"
        " AND paid_amount + discount_taken + credited_amount <= greatest(gross_amount - prepaid_amount, 0) END",
        schema="sales",
    )
    op.drop_constraint("payment_discount_not_negative", "payment", schema="sales")
    op.create_check_constraint(
        "payment_discount_sign", "payment", "discount_amount * amount >= 0", schema="sales"
    )
    # Documents in a foreign currency.
    op.create_table(
        "exchange_rate",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("valid_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(precision=14, scale=6), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("rate <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("valid_on BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="exchange_rate_currency"),
        sa.CheckConstraint("rate > 0 AND rate < 1000000", name="exchange_rate_range"),
        sa.PrimaryKeyConstraint("id", name=op.f("exchange_rate_pkey")),
        sa.UniqueConstraint("currency", "valid_on", name="exchange_rate_once"),
        schema="system",
    )
    for table in ("quote", "sales_order", "invoice"):
        op.add_column(
            table,
            sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
            schema="sales",
        )
        op.add_column(
            table,
            sa.Column(
                "exchange_rate",
                sa.Numeric(precision=14, scale=6),
                server_default=sa.text("1"),
                nullable=False,
            ),
            schema="sales",
        )
    own = {
        "invoice": {
            "own_net_amount": "net_amount",
            "own_tax_amount": "tax_amount",
            "own_gross_amount": "gross_amount",
        },
        "invoice_tax": {"own_net_amount": "net_amount", "own_tax_amount": "tax_amount"},
        "payment": {"own_amount": "amount", "own_discount": "discount_amount"},
    }
    op.add_column("invoice", sa.Column("exchange_date", sa.Date(), nullable=True), schema="sales")
    for table, columns in own.items():
        for column in columns:
            op.add_column(
                table,
                sa.Column(
                    column,
                    sa.Numeric(precision=14, scale=2),
                    server_default=sa.text("0"),
                    nullable=False,
                ),
                schema="sales",
            )
    for schema, table, name, condition in CHECKS:
        op.drop_constraint(name, table, schema=schema, type_="check")
        op.create_check_constraint(name, table, condition, schema=schema)
    # The rows last: what an update leaves to be checked keeps a table from being altered.
    for table, columns in own.items():
        said = ", ".join(f"{column} = {amount}" for column, amount in columns.items())
        op.execute(f"UPDATE sales.{table} SET {said}")  # noqa: S608  (names written above)


# Numbers are numbers and days are in the calendar, in the new columns, too.
CHECKS = (
    (
        "partners",
        "payment_term",
        "number_is_finite",
        "discount_pct <> 'NaN' AND discount2_pct <> 'NaN'",
    ),
    (
        "sales",
        "quote",
        "number_is_finite",
        "exchange_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'",
    ),
    (
        "sales",
        "sales_order",
        "number_is_finite",
        "exchange_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'",
    ),
    (
        "sales",
        "invoice",
        "day_in_calendar",
        "invoice_date BETWEEN '1900-01-01' AND '9999-12-31' AND service_date BETWEEN '1900-01-01' AND '9999-12-31' AND due_date BETWEEN '1900-01-01' AND '9999-12-31' AND discount_date BETWEEN '1900-01-01' AND '9999-12-31' AND discount2_date BETWEEN '1900-01-01' AND '9999-12-31' AND exchange_date BETWEEN '1900-01-01' AND '9999-12-31'",
    ),
    (
        "sales",
        "invoice",
        "number_is_finite",
        "discount_pct <> 'NaN' AND discount2_pct <> 'NaN' AND prepaid_amount <> 'NaN' AND credited_amount <> 'NaN' AND paid_amount <> 'NaN' AND discount_taken <> 'NaN' AND own_net_amount <> 'NaN' AND own_tax_amount <> 'NaN' AND own_gross_amount <> 'NaN' AND exchange_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'",
    ),
    (
        "sales",
        "invoice_tax",
        "number_is_finite",
        "tax_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND own_net_amount <> 'NaN' AND own_tax_amount <> 'NaN'",
    ),
    (
        "sales",
        "payment",
        "number_is_finite",
        "amount <> 'NaN' AND discount_amount <> 'NaN' AND own_amount <> 'NaN' AND own_discount <> 'NaN'",
    ),
)
