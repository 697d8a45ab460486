"""Label designs, number ranges, taught codes, scans

Revision: labels, after printing
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "labels"
down_revision = "printing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "design",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("topic", sa.String(length=20), nullable=False),
        sa.Column("name_de", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("definition", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint(
            "btrim(name_de) <> '' AND btrim(name_en) <> ''", name="label_design_name_not_blank"
        ),
        sa.CheckConstraint(
            "jsonb_typeof(definition) = 'object' AND octet_length(definition::text) <= 65536",
            name="label_design_definition",
        ),
        sa.CheckConstraint(
            "topic IN ('product', 'lot', 'place', 'box', 'slot', 'delivery', 'work_order', 'badge', 'mould')",
            name="label_design_topic_known",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("design_pkey")),
        sa.UniqueConstraint("topic", "name_de", name="label_design_once"),
        schema="labels",
    )
    op.create_table(
        "number_range",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("first_serial", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_serial", sa.BigInteger(), nullable=False),
        sa.Column("issued", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("btrim(name) <> ''", name="number_range_name_not_blank"),
        sa.CheckConstraint(
            "first_serial >= 0 AND last_serial >= first_serial AND length(last_serial::text) <= CASE kind WHEN 'ean13' THEN 12 WHEN 'ean8' THEN 7 ELSE 17 END - length(prefix)",
            name="number_range_serials",
        ),
        sa.CheckConstraint("kind IN ('ean13', 'ean8', 'sscc')", name="number_range_kind_known"),
        sa.CheckConstraint(
            "prefix ~ '^[0-9]+$' AND CASE kind WHEN 'ean13' THEN length(prefix) BETWEEN 2 AND 11 WHEN 'ean8' THEN length(prefix) BETWEEN 1 AND 6 ELSE length(prefix) BETWEEN 5 AND 16 END",
            name="number_range_prefix",
        ),
        sa.CheckConstraint("issued BETWEEN 0 AND last_serial - first_serial + 1", name="number_range_issued"),
        sa.PrimaryKeyConstraint("id", name=op.f("number_range_pkey")),
        sa.UniqueConstraint("kind", "prefix", name="number_range_once"),
        schema="labels",
    )
    op.create_index(
        "uq_number_range_active",
        "number_range",
        ["kind"],
        unique=True,
        schema="labels",
        postgresql_where=sa.text("is_active"),
    )
    op.create_table(
        "gtin",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number_range_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=14), nullable=False),
        sa.Column("product_id", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("given_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.ForeignKeyConstraint(
            ["number_range_id"],
            ["labels.number_range.id"],
            name=op.f("gtin_number_range_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["catalog.product.id"], name=op.f("gtin_product_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("gtin_pkey")),
        sa.UniqueConstraint("code", name=op.f("gtin_code_key")),
        sa.UniqueConstraint("number_range_id", "serial", name="gtin_serial_once"),
        schema="labels",
    )
    op.create_index(op.f("gtin_product_id_idx"), "gtin", ["product_id"], unique=False, schema="labels")
    op.create_table(
        "sscc",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number_range_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.String(length=18), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("parcel", sa.Integer(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("given_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("parcel BETWEEN 1 AND 999", name="sscc_parcel_range"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["sales.delivery.id"], name=op.f("sscc_delivery_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["number_range_id"],
            ["labels.number_range.id"],
            name=op.f("sscc_number_range_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("sscc_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("sscc_pkey")),
        sa.UniqueConstraint("code", name=op.f("sscc_code_key")),
        sa.UniqueConstraint("delivery_id", "parcel", name="sscc_once_per_parcel"),
        sa.UniqueConstraint("number_range_id", "serial", name="sscc_serial_once"),
        schema="labels",
    )
    op.create_index(op.f("sscc_warehouse_id_idx"), "sscc", ["warehouse_id"], unique=False, schema="labels")
    op.create_table(
        "code",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("supplier_id", sa.BigInteger(), nullable=True),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), server_default=sa.text("1"), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("code <> '' AND code = btrim(code)", name="taught_code_not_blank"),
        sa.CheckConstraint("qty <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("qty > 0", name="taught_code_qty_positive"),
        sa.CheckConstraint(
            "topic IN ('catalog.product', 'inventory.place', 'inventory.lot', 'inventory.box')",
            name="taught_code_topic_known",
        ),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["partners.partner.id"], name=op.f("code_supplier_id_fkey"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("code_pkey")),
        sa.UniqueConstraint("code", name=op.f("code_code_key")),
        schema="labels",
    )
    op.create_index("ix_code_record", "code", ["topic", "record_id"], unique=False, schema="labels")
    op.create_index(op.f("code_supplier_id_idx"), "code", ["supplier_id"], unique=False, schema="labels")
    op.create_table(
        "scan",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("scanned_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("scanned_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("workplace", sa.String(length=80), nullable=False),
        sa.Column("screen", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=True),
        sa.Column("record_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('found', 'several', 'unknown', 'refused', 'command')", name="scan_outcome_known"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("scan_pkey")),
        schema="labels",
    )
