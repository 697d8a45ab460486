"""Allowances and charges of a line as amounts

Revision: charges, after layouts
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "charges"
down_revision = "layouts"
branch_labels = None
depends_on = None

FINITE = (
    "qty <> 'NaN' AND list_price <> 'NaN' AND unit_price <> 'NaN' AND discount_pct <> 'NaN'"
    " AND tax_rate <> 'NaN' AND charge_amount <> 'NaN'"
)


def upgrade() -> None:
    for table, finite in (
        ("quote_line", FINITE),
        ("sales_order_line", f"qty_shipped <> 'NaN' AND qty_invoiced <> 'NaN' AND {FINITE}"),
    ):
        _charges(table)
        op.add_column(
            table,
            sa.Column(
                "charge_amount",
                sa.Numeric(precision=14, scale=2),
                server_default=sa.text("0"),
                nullable=False,
            ),
            schema="sales",
        )
        # PostgreSQL 15 and 16 cannot change what a column is computed from: it is made anew.
        op.drop_column(table, "net_amount", schema="sales")
        op.add_column(
            table,
            sa.Column(
                "net_amount",
                sa.Numeric(precision=14, scale=2),
                sa.Computed(
                    "round(qty * unit_price * (100 - discount_pct) / 100, 2) + charge_amount", persisted=True
                ),
                nullable=False,
            ),
            schema="sales",
        )
        op.drop_constraint("number_is_finite", table, schema="sales", type_="check")
        op.create_check_constraint("number_is_finite", table, finite, schema="sales")
        op.create_check_constraint(f"{table}_net_not_negative", table, "net_amount >= 0", schema="sales")
    _charges("invoice_line")


def _charges(table: str) -> None:
    op.add_column(
        table,
        sa.Column(
            "charges", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False
        ),
        schema="sales",
    )
