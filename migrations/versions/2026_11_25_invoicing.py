"""Invoices of every kind, charges, e-invoice fields, reminders

Revision: invoicing, after papers
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "invoicing"
down_revision = "papers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_charge",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=140), nullable=False),
        sa.Column("reason_code", sa.String(length=3), nullable=True),
        sa.Column("pct", sa.Numeric(precision=7, scale=4), nullable=True),
        sa.Column("base_amount", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_category", sa.String(length=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.CheckConstraint("kind IN ('allowance','charge')", name="invoice_charge_kind"),
        sa.CheckConstraint(
            "pct <> 'NaN' AND base_amount <> 'NaN' AND amount <> 'NaN' AND tax_rate <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint("tax_category IN ('S','Z','E','AE','K','G','O')", name="invoice_charge_category"),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["sales.invoice.id"],
            name=op.f("invoice_charge_invoice_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invoice_charge_pkey")),
        sa.UniqueConstraint("invoice_id", "position", "tax_category", "tax_rate", name="invoice_charge_once"),
        schema="sales",
    )
    op.create_index(
        op.f("invoice_charge_invoice_id_idx"), "invoice_charge", ["invoice_id"], unique=False, schema="sales"
    )
    op.create_table(
        "invoice_deduction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("down_payment_id", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.String(length=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.CheckConstraint(
            "tax_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN'", name="number_is_finite"
        ),
        sa.ForeignKeyConstraint(
            ["down_payment_id"],
            ["sales.invoice.id"],
            name=op.f("invoice_deduction_down_payment_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["sales.invoice.id"],
            name=op.f("invoice_deduction_invoice_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invoice_deduction_pkey")),
        sa.UniqueConstraint(
            "invoice_id", "down_payment_id", "tax_category", "tax_rate", name="invoice_deduction_once"
        ),
        schema="sales",
    )
    op.create_index(
        op.f("invoice_deduction_down_payment_id_idx"),
        "invoice_deduction",
        ["down_payment_id"],
        unique=False,
        schema="sales",
    )
    op.create_index(
        op.f("invoice_deduction_invoice_id_idx"),
        "invoice_deduction",
        ["invoice_id"],
        unique=False,
        schema="sales",
    )
    op.add_column(
        "tax_class",
        sa.Column("category", sa.String(length=1), server_default=sa.text("'S'"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "tax_class",
        sa.Column("exemption_de", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "tax_class",
        sa.Column("exemption_en", sa.String(length=200), server_default=sa.text("''"), nullable=False),
        schema="catalog",
    )
    op.add_column(
        "tax_class", sa.Column("exemption_code", sa.String(length=30), nullable=True), schema="catalog"
    )
    op.add_column(
        "partner",
        sa.Column("einvoice_format", sa.String(length=20), server_default=sa.text("'paper'"), nullable=False),
        schema="partners",
    )
    op.add_column(
        "partner", sa.Column("buyer_reference", sa.String(length=100), nullable=True), schema="partners"
    )
    op.add_column(
        "partner", sa.Column("electronic_address", sa.String(length=254), nullable=True), schema="partners"
    )
    op.add_column(
        "partner",
        sa.Column(
            "electronic_address_scheme", sa.String(length=4), server_default=sa.text("'EM'"), nullable=False
        ),
        schema="partners",
    )
    op.add_column("invoice", sa.Column("corrects_id", sa.BigInteger(), nullable=True), schema="sales")
    op.add_column("invoice", sa.Column("part", sa.Integer(), nullable=True), schema="sales")
    op.add_column(
        "invoice",
        sa.Column(
            "prepaid_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        schema="sales",
    )
    op.add_column(
        "invoice",
        sa.Column(
            "credited_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        schema="sales",
    )
    op.alter_column("invoice", "service_date", existing_type=sa.DATE(), nullable=True, schema="sales")
    op.create_index(op.f("invoice_corrects_id_idx"), "invoice", ["corrects_id"], unique=False, schema="sales")
    op.create_foreign_key(
        op.f("invoice_corrects_id_fkey"),
        "invoice",
        "invoice",
        ["corrects_id"],
        ["id"],
        source_schema="sales",
        referent_schema="sales",
        ondelete="RESTRICT",
    )
    op.add_column(
        "invoice_line", sa.Column("corrects_line_id", sa.BigInteger(), nullable=True), schema="sales"
    )
    op.add_column(
        "invoice_line",
        sa.Column("tax_category", sa.String(length=2), server_default=sa.text("'S'"), nullable=False),
        schema="sales",
    )
    op.alter_column(
        "invoice_line", "sales_order_line_id", existing_type=sa.BIGINT(), nullable=True, schema="sales"
    )
    op.alter_column("invoice_line", "delivery_id", existing_type=sa.BIGINT(), nullable=True, schema="sales")
    op.alter_column("invoice_line", "product_id", existing_type=sa.BIGINT(), nullable=True, schema="sales")
    op.create_index(
        op.f("invoice_line_corrects_line_id_idx"),
        "invoice_line",
        ["corrects_line_id"],
        unique=False,
        schema="sales",
    )
    op.create_foreign_key(
        op.f("invoice_line_corrects_line_id_fkey"),
        "invoice_line",
        "invoice_line",
        ["corrects_line_id"],
        ["id"],
        source_schema="sales",
        referent_schema="sales",
        ondelete="RESTRICT",
    )
    op.add_column(
        "invoice_tax",
        sa.Column("tax_category", sa.String(length=2), server_default=sa.text("'S'"), nullable=False),
        schema="sales",
    )
    op.add_column(
        "invoice_tax", sa.Column("exemption_code", sa.String(length=30), nullable=True), schema="sales"
    )
    op.add_column(
        "invoice_tax", sa.Column("exemption_text", sa.String(length=200), nullable=True), schema="sales"
    )
    op.drop_constraint(op.f("invoice_tax_once"), "invoice_tax", schema="sales", type_="unique")
    op.create_unique_constraint(
        "invoice_tax_once", "invoice_tax", ["invoice_id", "tax_category", "tax_rate"], schema="sales"
    )
    op.add_column(
        "quote",
        sa.Column(
            "charges", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        schema="sales",
    )
    op.add_column("quote_line", sa.Column("tax_category", sa.String(length=2), nullable=True), schema="sales")
    op.add_column(
        "sales_order",
        sa.Column(
            "charges", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        schema="sales",
    )
    op.add_column(
        "sales_order_line", sa.Column("tax_category", sa.String(length=2), nullable=True), schema="sales"
    )
    op.add_column(
        "company",
        sa.Column("is_small_business", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        schema="system",
    )
    op.add_column(
        "company",
        sa.Column("contact_name", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="system",
    )
    op.add_column(
        "company",
        sa.Column("contact_phone", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="system",
    )
    op.add_column(
        "company",
        sa.Column("contact_email", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="system",
    )
    op.add_column(
        "company",
        sa.Column("electronic_address", sa.Text(), server_default=sa.text("''"), nullable=False),
        schema="system",
    )
    op.add_column(
        "company",
        sa.Column("electronic_address_scheme", sa.Text(), server_default=sa.text("'EM'"), nullable=False),
        schema="system",
    )
    _checks()
    _fill()


def _checks() -> None:
    """Conditions on tables that were there before."""
    for schema, table, name in (
        ("sales", "invoice", "invoice_kind_known"),
        ("sales", "invoice", "cancellation_is_settled"),
        ("sales", "invoice", "paid_within_gross"),
        ("sales", "invoice", "number_is_finite"),
        ("sales", "payment", "payment_positive"),
        ("partners", "partner", "tax_treatment_known"),
    ):
        op.drop_constraint(name, table, schema=schema, type_="check")
    for schema, table, name, condition in CHECKS:
        op.create_check_constraint(name, table, condition, schema=schema)


def _fill() -> None:
    """What documents of before say about their taxes, from the treatment their customer had then."""
    category = "CASE WHEN l.tax_rate > 0 THEN 'S' WHEN {said} = 'eu_business' THEN 'K' WHEN {said} = 'export' THEN 'G' ELSE 'Z' END"
    for table in ("quote", "sales_order"):
        said = category.format(said="h.snapshot #>> '{customer,tax_treatment}'")
        op.execute(
            f"UPDATE sales.{table}_line l SET tax_category = {said}"  # noqa: S608
            f" FROM sales.{table} h WHERE h.id = l.{table}_id AND h.state <> 'draft' AND h.snapshot IS NOT NULL"
        )
    for table in ("invoice_line", "invoice_tax"):
        said = category.format(said="h.tax_treatment")
        op.execute(
            f"UPDATE sales.{table} l SET tax_category = {said}"  # noqa: S608
            " FROM sales.invoice h WHERE h.id = l.invoice_id"
        )
    op.execute(
        "UPDATE sales.invoice_tax x SET exemption_code = v.code, exemption_text ="
        " CASE WHEN h.snapshot #>> '{customer,language}' = 'en' THEN v.en ELSE v.de END"
        " FROM sales.invoice h, (VALUES"
        " ('K', 'VATEX-EU-IC', 'Steuerfreie innergemeinschaftliche Lieferung', 'Tax-free intra-Community supply'),"
        " ('G', 'VATEX-EU-G', 'Steuerfreie Ausfuhrlieferung', 'Tax-free export delivery')) v (category, code, de, en)"
        " WHERE h.id = x.invoice_id AND v.category = x.tax_category"
    )


CATEGORIES = "tax_category IN ('S','Z','E','AE','K','G','O')"
CHECKS = (
    ("catalog", "tax_class", "tax_class_category_known", "category IN ('S','Z','E')"),
    (
        "catalog",
        "tax_class",
        "tax_class_exempt_why",
        "category <> 'E' OR least(length(btrim(exemption_de)), length(btrim(exemption_en))) > 0",
    ),
    ("catalog", "tax_class", "tax_class_without_tax", "category = 'S' OR rate = 0"),
    (
        "partners",
        "partner",
        "einvoice_format_known",
        "einvoice_format IN ('paper','zugferd_en16931','zugferd_extended','xrechnung_cii','xrechnung_ubl')",
    ),
    (
        "partners",
        "partner",
        "electronic_address_scheme_form",
        "electronic_address_scheme ~ '^([0-9]{4}|[A-Z]{2})$'",
    ),
    (
        "partners",
        "partner",
        "reverse_charge_needs_vat_id",
        "tax_treatment <> 'reverse_charge' OR vat_id IS NOT NULL",
    ),
    (
        "partners",
        "partner",
        "tax_treatment_known",
        "tax_treatment IN ('domestic','eu_business','reverse_charge','export')",
    ),
    ("sales", "invoice", "correction_refers", "(kind = 'correction') = (corrects_id IS NOT NULL)"),
    (
        "sales",
        "invoice",
        "invoice_kind_known",
        "kind IN ('invoice','partial','down_payment','final','correction','cancellation')",
    ),
    (
        "sales",
        "invoice",
        "invoice_state_of_kind",
        "CASE kind WHEN 'cancellation' THEN state = 'settled' WHEN 'correction' THEN state IN ('open','settled') ELSE state <> 'settled' END",
    ),
    (
        "sales",
        "invoice",
        "number_is_finite",
        "discount_pct <> 'NaN' AND prepaid_amount <> 'NaN' AND credited_amount <> 'NaN' AND paid_amount <> 'NaN' AND discount_taken <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'",
    ),
    (
        "sales",
        "invoice",
        "paid_within_gross",
        "CASE kind WHEN 'cancellation' THEN paid_amount = 0 AND discount_taken = 0 AND credited_amount = 0 WHEN 'correction' THEN greatest(paid_amount, credited_amount) <= 0 AND discount_taken = 0 AND paid_amount + credited_amount >= gross_amount ELSE least(paid_amount, credited_amount, prepaid_amount) >= 0 AND paid_amount + discount_taken + credited_amount <= greatest(gross_amount - prepaid_amount, 0) END",
    ),
    (
        "sales",
        "invoice",
        "supplied_unless_down_payment",
        "CASE kind WHEN 'down_payment' THEN service_date IS NULL ELSE service_date IS NOT NULL OR kind IN ('cancellation','correction') END",
    ),
    ("sales", "invoice_line", "invoice_line_category", "tax_category IN ('S','Z','E','AE','K','G','O')"),
    ("sales", "invoice_tax", "invoice_tax_category", "tax_category IN ('S','Z','E','AE','K','G','O')"),
    (
        "sales",
        "invoice_tax",
        "invoice_tax_only_standard",
        "tax_category = 'S' OR tax_rate = 0 AND tax_amount = 0",
    ),
    ("sales", "payment", "payment_not_zero", "amount <> 0"),
)
