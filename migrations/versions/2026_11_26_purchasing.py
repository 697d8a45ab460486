"""Purchase orders, goods receipts, purchase invoices

Revision: purchasing, after datev
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "purchasing"
down_revision = "datev"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tolerance",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "over_receipt_pct", sa.Numeric(precision=7, scale=4), server_default=sa.text("10"), nullable=False
        ),
        sa.Column("price_pct", sa.Numeric(precision=7, scale=4), server_default=sa.text("2"), nullable=False),
        sa.Column("qty_pct", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "over_receipt_pct <> 'NaN' AND price_pct <> 'NaN' AND qty_pct <> 'NaN'", name="number_is_finite"
        ),
        sa.CheckConstraint("id = 1", name="tolerance_one_row"),
        sa.CheckConstraint("over_receipt_pct BETWEEN 0 AND 100", name="over_receipt_range"),
        sa.CheckConstraint("price_pct BETWEEN 0 AND 100", name="tolerance_price_range"),
        sa.CheckConstraint("qty_pct BETWEEN 0 AND 100", name="tolerance_qty_range"),
        sa.PrimaryKeyConstraint("id", name=op.f("tolerance_pkey")),
        schema="purchasing",
    )
    op.create_table(
        "purchase_order",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("receipt_state", sa.String(length=10), server_default=sa.text("'none'"), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_term_id", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("order_date", sa.Date(), nullable=False),
        sa.Column("expected_date", sa.Date(), nullable=True),
        sa.Column("supplier_reference", sa.String(length=60), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("ordered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("close_reason", sa.String(length=200), nullable=True),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column(
            "net_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "tax_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "gross_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("(state = 'draft') = (number IS NULL)", name="purchase_order_numbered"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="purchase_currency_form"),
        sa.CheckConstraint(
            "net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'", name="number_is_finite"
        ),
        sa.CheckConstraint(
            "order_date BETWEEN '1900-01-01' AND '9999-12-31' AND expected_date BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "receipt_state IN ('none', 'partial', 'full')", name="purchase_receipt_state_known"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'ordered', 'completed', 'closed', 'cancelled')",
            name="purchase_order_state_known",
        ),
        sa.CheckConstraint("expected_date >= order_date", name="purchase_dates_in_order"),
        sa.ForeignKeyConstraint(
            ["payment_term_id"],
            ["partners.payment_term.id"],
            name=op.f("purchase_order_payment_term_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["partners.partner.id"],
            name=op.f("purchase_order_supplier_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("purchase_order_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_pkey")),
        sa.UniqueConstraint("number", name=op.f("purchase_order_number_key")),
        schema="purchasing",
    )
    op.create_index(
        "ix_purchase_order_date",
        "purchase_order",
        [sa.literal_column("order_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        "ix_purchase_order_to_receive",
        "purchase_order",
        ["expected_date", "id"],
        unique=False,
        schema="purchasing",
        postgresql_where=sa.text("state = 'ordered' AND receipt_state <> 'full'"),
    )
    op.create_index(
        op.f("purchase_order_payment_term_id_idx"),
        "purchase_order",
        ["payment_term_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_order_supplier_id_idx"),
        "purchase_order",
        ["supplier_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_order_warehouse_id_idx"),
        "purchase_order",
        ["warehouse_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "received",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("content_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=4), nullable=False),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("file_name", sa.String(length=180), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=8), server_default=sa.text("'new'"), nullable=False),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("refuse_reason", sa.String(length=200), nullable=True),
        sa.Column(
            "received_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "(state = 'refused') = (refuse_reason IS NOT NULL)", name="received_refused_says_why"
        ),
        sa.CheckConstraint("kind IN ('zugferd', 'xml', 'pdf', 'other')", name="received_kind_known"),
        sa.CheckConstraint("source IN ('file', 'drop', 'mail')", name="received_source_known"),
        sa.CheckConstraint("state IN ('new', 'matched', 'refused')", name="received_state_known"),
        sa.ForeignKeyConstraint(
            ["content_id"],
            ["documents.content.id"],
            name=op.f("received_content_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["partners.partner.id"],
            name=op.f("received_supplier_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("received_pkey")),
        sa.UniqueConstraint("sha256", name=op.f("received_sha256_key")),
        schema="purchasing",
    )
    op.create_index(
        "ix_received_waiting",
        "received",
        [sa.literal_column("received_at DESC")],
        unique=False,
        schema="purchasing",
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index(
        op.f("received_content_id_idx"), "received", ["content_id"], unique=False, schema="purchasing"
    )
    op.create_index(
        op.f("received_supplier_id_idx"), "received", ["supplier_id"], unique=False, schema="purchasing"
    )
    op.create_table(
        "goods_receipt",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), server_default=sa.text("'receipt'"), nullable=False),
        sa.Column("returns_id", sa.BigInteger(), nullable=True),
        sa.Column("purchase_order_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("delivery_note", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("order_number", sa.String(length=20), nullable=False),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column(
            "posted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("(kind = 'return') = (returns_id IS NOT NULL)", name="goods_return_refers"),
        sa.CheckConstraint("kind = 'receipt' OR reason <> ''", name="goods_return_reason"),
        sa.CheckConstraint("kind IN ('receipt', 'return')", name="goods_receipt_kind_known"),
        sa.CheckConstraint("received_on BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"],
            ["purchasing.purchase_order.id"],
            name=op.f("goods_receipt_purchase_order_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["returns_id"],
            ["purchasing.goods_receipt.id"],
            name=op.f("goods_receipt_returns_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["partners.partner.id"],
            name=op.f("goods_receipt_supplier_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("goods_receipt_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("goods_receipt_pkey")),
        sa.UniqueConstraint("number", name=op.f("goods_receipt_number_key")),
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_purchase_order_id_idx"),
        "goods_receipt",
        ["purchase_order_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_returns_id_idx"),
        "goods_receipt",
        ["returns_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_supplier_id_idx"),
        "goods_receipt",
        ["supplier_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_warehouse_id_idx"),
        "goods_receipt",
        ["warehouse_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        "ix_goods_receipt_date",
        "goods_receipt",
        [sa.literal_column("received_on DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "purchase_invoice",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=12), server_default=sa.text("'invoice'"), nullable=False),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("cancels_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("supplier_id", sa.BigInteger(), nullable=False),
        sa.Column("received_id", sa.BigInteger(), nullable=True),
        sa.Column("invoice_number", sa.String(length=60), nullable=False),
        sa.Column("order_reference", sa.String(length=60), nullable=True),
        sa.Column("currency", sa.String(length=3), server_default=sa.text("'EUR'"), nullable=False),
        sa.Column("invoice_date", sa.Date(), nullable=False),
        sa.Column("supply_date", sa.Date(), nullable=True),
        sa.Column("due_date", sa.Date(), nullable=False),
        sa.Column("posting_date", sa.Date(), nullable=True),
        sa.Column(
            "discount_pct", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("discount_date", sa.Date(), nullable=True),
        sa.Column("stated_gross", sa.Numeric(precision=14, scale=2), nullable=True),
        sa.Column(
            "paid_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "discount_taken", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("accept_reason", sa.String(length=200), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column(
            "findings",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'[]'"),
            nullable=False,
        ),
        sa.Column("snapshot", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entered_by", sa.String(length=63), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.String(length=63), nullable=True),
        sa.Column("cancel_reason", sa.String(length=200), nullable=True),
        sa.Column(
            "net_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "tax_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "gross_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "(kind = 'cancellation') = (cancels_id IS NOT NULL)", name="purchase_cancellation_refers"
        ),
        sa.CheckConstraint(
            "(kind = 'cancellation') = (state = 'settled')", name="purchase_cancellation_settled"
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="purchase_invoice_currency"),
        sa.CheckConstraint(
            "discount_pct <> 'NaN' AND stated_gross <> 'NaN' AND paid_amount <> 'NaN' AND discount_taken <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "invoice_date BETWEEN '1900-01-01' AND '9999-12-31' AND supply_date BETWEEN '1900-01-01' AND '9999-12-31' AND due_date BETWEEN '1900-01-01' AND '9999-12-31' AND posting_date BETWEEN '1900-01-01' AND '9999-12-31' AND discount_date BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "kind IN ('invoice', 'credit', 'cancellation')", name="purchase_invoice_kind_known"
        ),
        sa.CheckConstraint(
            "state <> 'cancelled' OR cancel_reason <> ''", name="purchase_invoice_cancel_reason"
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'entered', 'approved', 'paid', 'cancelled', 'settled')",
            name="purchase_invoice_state_known",
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved','paid','settled') OR posting_date IS NOT NULL",
            name="purchase_invoice_posted",
        ),
        sa.CheckConstraint(
            "state NOT IN ('entered','approved','paid','settled') OR number IS NOT NULL",
            name="purchase_invoice_numbered",
        ),
        sa.CheckConstraint(
            "CASE WHEN gross_amount < 0 THEN paid_amount <= 0 AND discount_taken = 0 AND paid_amount >= gross_amount ELSE least(paid_amount, discount_taken) >= 0 AND paid_amount + discount_taken <= gross_amount END",
            name="purchase_paid_within_gross",
        ),
        sa.CheckConstraint("approved_by <> entered_by", name="purchase_invoice_four_eyes"),
        sa.CheckConstraint("discount_pct >= 0 AND discount_pct < 100", name="purchase_invoice_discount"),
        sa.CheckConstraint("due_date >= invoice_date", name="purchase_invoice_due"),
        sa.ForeignKeyConstraint(
            ["cancels_id"],
            ["purchasing.purchase_invoice.id"],
            name=op.f("purchase_invoice_cancels_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"],
            ["purchasing.purchase_invoice.id"],
            name=op.f("purchase_invoice_corrects_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["received_id"],
            ["purchasing.received.id"],
            name=op.f("purchase_invoice_received_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"],
            ["partners.partner.id"],
            name=op.f("purchase_invoice_supplier_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_invoice_pkey")),
        sa.UniqueConstraint("cancels_id", name=op.f("purchase_invoice_cancels_id_key")),
        sa.UniqueConstraint("number", name=op.f("purchase_invoice_number_key")),
        schema="purchasing",
    )
    op.create_index(
        "ix_purchase_invoice_date",
        "purchase_invoice",
        [sa.literal_column("invoice_date DESC"), sa.literal_column("id DESC")],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        "ix_purchase_invoice_open",
        "purchase_invoice",
        ["due_date"],
        unique=False,
        schema="purchasing",
        postgresql_where=sa.text("state = 'approved'"),
    )
    op.create_index(
        op.f("purchase_invoice_corrects_id_idx"),
        "purchase_invoice",
        ["corrects_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        "uq_purchase_invoice_number",
        "purchase_invoice",
        ["supplier_id", sa.literal_column("lower(invoice_number)")],
        unique=True,
        schema="purchasing",
        postgresql_where=sa.text("state <> 'cancelled' AND state <> 'settled'"),
    )
    op.create_index(
        "uq_purchase_invoice_received",
        "purchase_invoice",
        ["received_id"],
        unique=True,
        schema="purchasing",
        postgresql_where=sa.text("state <> 'cancelled' AND state <> 'settled'"),
    )
    op.create_table(
        "purchase_order_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_order_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=True),
        sa.Column("supplier_sku", sa.String(length=60), nullable=True),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("unit_code", sa.String(length=12), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("list_price", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), server_default=sa.text("0"), nullable=False),
        sa.Column(
            "net_amount",
            sa.Numeric(precision=14, scale=2),
            sa.Computed("round(qty * unit_price, 2)", persisted=True),
            nullable=False,
        ),
        sa.Column("expected_date", sa.Date(), nullable=True),
        sa.Column("confirmed_date", sa.Date(), nullable=True),
        sa.Column("confirmed_price", sa.Numeric(precision=14, scale=4), nullable=True),
        sa.Column(
            "qty_received", sa.Numeric(precision=18, scale=6), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "qty_returned", sa.Numeric(precision=18, scale=6), server_default=sa.text("0"), nullable=False
        ),
        sa.Column(
            "qty_invoiced", sa.Numeric(precision=18, scale=6), server_default=sa.text("0"), nullable=False
        ),
        sa.CheckConstraint(
            "expected_date BETWEEN '1900-01-01' AND '9999-12-31' AND confirmed_date BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "qty <> 'NaN' AND list_price <> 'NaN' AND unit_price <> 'NaN' AND tax_rate <> 'NaN' AND confirmed_price <> 'NaN' AND qty_received <> 'NaN' AND qty_returned <> 'NaN' AND qty_invoiced <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint("qty > 0", name="purchase_line_qty_positive"),
        sa.CheckConstraint("qty_returned BETWEEN 0 AND qty_received", name="returned_within_received"),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="purchase_line_tax_range"),
        sa.CheckConstraint(
            "unit_price >= 0 AND confirmed_price >= 0", name="purchase_line_price_not_negative"
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("purchase_order_line_product_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["purchase_order_id"],
            ["purchasing.purchase_order.id"],
            name=op.f("purchase_order_line_purchase_order_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_order_line_pkey")),
        sa.UniqueConstraint(
            "purchase_order_id",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name="purchase_line_position_once",
        ),
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_order_line_product_id_idx"),
        "purchase_order_line",
        ["product_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "goods_receipt_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("goods_receipt_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("purchase_order_line_id", sa.BigInteger(), nullable=False),
        sa.Column("returns_line_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("sku", sa.String(length=40), nullable=False),
        sa.Column("supplier_sku", sa.String(length=60), nullable=True),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("unit_code", sa.String(length=12), nullable=False),
        sa.Column("qty_ordered", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("lot_id", sa.BigInteger(), nullable=True),
        sa.Column("lot_code", sa.String(length=40), nullable=True),
        sa.Column("place_id", sa.BigInteger(), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("qty_ordered <> 'NaN' AND qty <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("qty > 0", name="goods_receipt_line_qty_positive"),
        sa.ForeignKeyConstraint(
            ["goods_receipt_id"],
            ["purchasing.goods_receipt.id"],
            name=op.f("goods_receipt_line_goods_receipt_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["lot_id"], ["inventory.lot.id"], name=op.f("goods_receipt_line_lot_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["place_id"],
            ["inventory.place.id"],
            name=op.f("goods_receipt_line_place_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("goods_receipt_line_product_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["purchase_order_line_id"],
            ["purchasing.purchase_order_line.id"],
            name=op.f("goods_receipt_line_purchase_order_line_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["returns_line_id"],
            ["purchasing.goods_receipt_line.id"],
            name=op.f("goods_receipt_line_returns_line_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("goods_receipt_line_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("goods_receipt_line_pkey")),
        sa.UniqueConstraint("goods_receipt_id", "position", name="goods_receipt_line_once"),
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_goods_receipt_id_idx"),
        "goods_receipt_line",
        ["goods_receipt_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_lot_id_idx"),
        "goods_receipt_line",
        ["lot_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_place_id_idx"),
        "goods_receipt_line",
        ["place_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_product_id_idx"),
        "goods_receipt_line",
        ["product_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_purchase_order_line_id_idx"),
        "goods_receipt_line",
        ["purchase_order_line_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_returns_line_id_idx"),
        "goods_receipt_line",
        ["returns_line_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("goods_receipt_line_warehouse_id_idx"),
        "goods_receipt_line",
        ["warehouse_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "purchase_invoice_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("purchase_order_line_id", sa.BigInteger(), nullable=True),
        sa.Column("product_id", sa.BigInteger(), nullable=True),
        sa.Column("description", sa.String(length=400), nullable=False),
        sa.Column("supplier_sku", sa.String(length=60), nullable=True),
        sa.Column("unit_code", sa.String(length=12), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=14, scale=4), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_category", sa.String(length=2), server_default=sa.text("'S'"), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("accept_reason", sa.String(length=200), nullable=True),
        sa.CheckConstraint(
            "qty <> 'NaN' AND unit_price <> 'NaN' AND net_amount <> 'NaN' AND tax_rate <> 'NaN'",
            name="number_is_finite",
        ),
        sa.CheckConstraint(
            "tax_category IN ('S','Z','E','AE','K','G','O')", name="purchase_invoice_line_category"
        ),
        sa.CheckConstraint("tax_rate >= 0 AND tax_rate < 100", name="purchase_invoice_line_rate"),
        sa.ForeignKeyConstraint(
            ["product_id"],
            ["catalog.product.id"],
            name=op.f("purchase_invoice_line_product_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["purchase_invoice_id"],
            ["purchasing.purchase_invoice.id"],
            name=op.f("purchase_invoice_line_purchase_invoice_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["purchase_order_line_id"],
            ["purchasing.purchase_order_line.id"],
            name=op.f("purchase_invoice_line_purchase_order_line_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_invoice_line_pkey")),
        sa.UniqueConstraint(
            "purchase_invoice_id",
            "position",
            deferrable=True,
            initially="DEFERRED",
            name="purchase_invoice_line_once",
        ),
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_invoice_line_product_id_idx"),
        "purchase_invoice_line",
        ["product_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_invoice_line_purchase_invoice_id_idx"),
        "purchase_invoice_line",
        ["purchase_invoice_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_invoice_line_purchase_order_line_id_idx"),
        "purchase_invoice_line",
        ["purchase_order_line_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "purchase_invoice_tax",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("tax_category", sa.String(length=2), nullable=False),
        sa.Column("tax_rate", sa.Numeric(precision=7, scale=4), nullable=False),
        sa.Column("net_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column("tax_amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.CheckConstraint(
            "tax_category = 'S' OR tax_rate = 0 AND tax_amount = 0", name="purchase_invoice_tax_only_standard"
        ),
        sa.CheckConstraint(
            "tax_category IN ('S','Z','E','AE','K','G','O')", name="purchase_invoice_tax_category"
        ),
        sa.CheckConstraint(
            "tax_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN'", name="number_is_finite"
        ),
        sa.ForeignKeyConstraint(
            ["purchase_invoice_id"],
            ["purchasing.purchase_invoice.id"],
            name=op.f("purchase_invoice_tax_purchase_invoice_id_fkey"),
            ondelete="RESTRICT",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_invoice_tax_pkey")),
        sa.UniqueConstraint(
            "purchase_invoice_id", "tax_category", "tax_rate", name="purchase_invoice_tax_once"
        ),
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_invoice_tax_purchase_invoice_id_idx"),
        "purchase_invoice_tax",
        ["purchase_invoice_id"],
        unique=False,
        schema="purchasing",
    )
    op.create_table(
        "purchase_payment",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("purchase_invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.Numeric(precision=14, scale=2), nullable=False),
        sa.Column(
            "discount_amount", sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
        ),
        sa.Column("reference", sa.String(length=140), nullable=True),
        sa.Column(
            "posted_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("statement_timestamp()"),
            nullable=False,
        ),
        sa.Column("posted_by", sa.String(length=63), server_default=sa.text("session_user"), nullable=False),
        sa.CheckConstraint("amount <> 'NaN' AND discount_amount <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("paid_on BETWEEN '1900-01-01' AND '9999-12-31'", name="day_in_calendar"),
        sa.CheckConstraint("amount <> 0", name="purchase_payment_not_zero"),
        sa.CheckConstraint("discount_amount >= 0", name="purchase_payment_discount"),
        sa.ForeignKeyConstraint(
            ["purchase_invoice_id"],
            ["purchasing.purchase_invoice.id"],
            name=op.f("purchase_payment_purchase_invoice_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("purchase_payment_pkey")),
        schema="purchasing",
    )
    op.create_index(
        op.f("purchase_payment_purchase_invoice_id_idx"),
        "purchase_payment",
        ["purchase_invoice_id"],
        unique=False,
        schema="purchasing",
    )
