"""Purchase orders and goods receipts

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
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("over_receipt_pct <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("id = 1", name="tolerance_one_row"),
        sa.CheckConstraint("over_receipt_pct BETWEEN 0 AND 100", name="over_receipt_range"),
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
        sa.CheckConstraint(
            "expected_date BETWEEN '1900-01-01' AND '9999-12-31' AND confirmed_date BETWEEN '1900-01-01' AND '9999-12-31'",
            name="day_in_calendar",
        ),
        sa.CheckConstraint(
            "qty <> 'NaN' AND list_price <> 'NaN' AND unit_price <> 'NaN' AND tax_rate <> 'NaN' AND confirmed_price <> 'NaN' AND qty_received <> 'NaN' AND qty_returned <> 'NaN'",
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
