"""Parcels and what is in them, lots by their number

Revision: packing, after reminders
"""

import sqlalchemy as sa
from alembic import op

revision = "packing"
down_revision = "reminders"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "parcel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("delivery_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), server_default=sa.text("'packed'"), nullable=False),
        sa.Column("sscc", sa.String(length=18), nullable=True),
        sa.Column("weight_g", sa.Numeric(precision=12, scale=3), nullable=True),
        sa.Column("packed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("packed_by", sa.Text(), nullable=False),
        sa.Column("row_version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("created_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_by", sa.Text(), server_default=sa.text("SESSION_USER"), nullable=False),
        sa.CheckConstraint("state IN ('packed', 'open', 'void')", name="parcel_state_known"),
        sa.CheckConstraint("weight_g <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("number BETWEEN 1 AND 999", name="parcel_number_range"),
        sa.CheckConstraint("weight_g > 0 AND weight_g <= 30000000", name="parcel_weight_range"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["sales.delivery.id"], name=op.f("parcel_delivery_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("parcel_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("parcel_pkey")),
        sa.UniqueConstraint("delivery_id", "number", name="parcel_number_once"),
        sa.UniqueConstraint("sscc", name=op.f("parcel_sscc_key")),
        schema="labels",
    )
    op.create_index(
        op.f("parcel_warehouse_id_idx"), "parcel", ["warehouse_id"], unique=False, schema="labels"
    )
    op.create_table(
        "parcel_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("parcel_id", sa.BigInteger(), nullable=False),
        sa.Column("delivery_line_id", sa.BigInteger(), nullable=False),
        sa.Column("warehouse_id", sa.BigInteger(), nullable=False),
        sa.Column("qty", sa.Numeric(precision=18, scale=6), nullable=False),
        sa.CheckConstraint("qty <> 'NaN'", name="number_is_finite"),
        sa.CheckConstraint("qty > 0", name="parcel_line_qty_positive"),
        sa.ForeignKeyConstraint(
            ["delivery_line_id"],
            ["sales.delivery_line.id"],
            name=op.f("parcel_line_delivery_line_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["parcel_id"], ["labels.parcel.id"], name=op.f("parcel_line_parcel_id_fkey"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["warehouse_id"],
            ["inventory.warehouse.id"],
            name=op.f("parcel_line_warehouse_id_fkey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("parcel_line_pkey")),
        sa.UniqueConstraint("parcel_id", "delivery_line_id", name="parcel_line_once"),
        schema="labels",
    )
    op.create_index(
        op.f("parcel_line_delivery_line_id_idx"),
        "parcel_line",
        ["delivery_line_id"],
        unique=False,
        schema="labels",
    )
    op.create_index(
        op.f("parcel_line_warehouse_id_idx"), "parcel_line", ["warehouse_id"], unique=False, schema="labels"
    )
    op.create_index("ix_lot_code", "lot", ["code"], unique=False, schema="inventory")
