"""Sales in foreign currency: down payments at their rate, exchange differences on what customers pay

Revision: exchange, after currencies
"""

import sqlalchemy as sa
from alembic import op

revision = "exchange"
down_revision = "currencies"
branch_labels = None
depends_on = None

NEW = {
    "invoice": ("own_prepaid_amount", "own_credited_amount", "own_settled_amount"),
    "invoice_deduction": ("own_net_amount", "own_tax_amount"),
    "payment": ("own_paid",),
}
# Numbers are numbers in the new columns, too.
CHECKS = {
    "invoice": (
        "discount_pct <> 'NaN' AND discount2_pct <> 'NaN' AND prepaid_amount <> 'NaN' AND credited_amount <> 'NaN'"
        " AND paid_amount <> 'NaN' AND discount_taken <> 'NaN' AND own_net_amount <> 'NaN'"
        " AND own_tax_amount <> 'NaN' AND own_gross_amount <> 'NaN' AND own_prepaid_amount <> 'NaN'"
        " AND own_credited_amount <> 'NaN' AND own_settled_amount <> 'NaN' AND exchange_rate <> 'NaN'"
        " AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'"
    ),
    "invoice_deduction": (
        "tax_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND own_net_amount <> 'NaN'"
        " AND own_tax_amount <> 'NaN'"
    ),
    "payment": (
        "amount <> 'NaN' AND discount_amount <> 'NaN' AND own_amount <> 'NaN' AND own_discount <> 'NaN'"
        " AND own_paid <> 'NaN'"
    ),
}


def upgrade() -> None:
    for table, columns in NEW.items():
        for column in columns:
            op.add_column(
                table,
                sa.Column(
                    column, sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
                ),
                schema="sales",
            )
        op.drop_constraint("number_is_finite", table, schema="sales", type_="check")
        op.create_check_constraint("number_is_finite", table, CHECKS[table], schema="sales")
    op.create_check_constraint("payment_own_sign", "payment", "own_paid * amount >= 0", schema="sales")
    # What was deducted so far was in the house's own currency; what was paid, the adviser has booked as it was.
    op.execute("UPDATE sales.invoice_deduction SET own_net_amount = net_amount, own_tax_amount = tax_amount")
    op.execute("UPDATE sales.payment SET own_paid = own_amount")
    op.execute(
        """
        UPDATE sales.invoice i
           SET own_prepaid_amount = i.prepaid_amount, own_settled_amount = coalesce(p.own, 0),
               own_credited_amount = CASE WHEN i.exchange_rate = 1 THEN i.credited_amount
                                          ELSE round(i.credited_amount / i.exchange_rate, 2) END
          FROM sales.invoice x
          LEFT JOIN (SELECT y.invoice_id, sum(y.own_amount + y.own_discount) AS own FROM sales.payment y GROUP BY 1) p
            ON p.invoice_id = x.id
         WHERE x.id = i.id AND (i.prepaid_amount <> 0 OR i.credited_amount <> 0 OR p.own <> 0)
        """
    )
