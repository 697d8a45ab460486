"""Purchase invoices in foreign currency

Revision: currencies, after charges
"""

import sqlalchemy as sa
from alembic import op

revision = "currencies"
down_revision = "charges"
branch_labels = None
depends_on = None

# What they come to in the house's own currency, and from which amount.
OWN = {
    "purchase_invoice": {
        "own_net_amount": "net_amount",
        "own_tax_amount": "tax_amount",
        "own_gross_amount": "gross_amount",
    },
    "purchase_invoice_tax": {"own_net_amount": "net_amount", "own_tax_amount": "tax_amount"},
    "purchase_payment": {
        "own_amount": "amount",
        "own_discount": "discount_amount",
        "own_paid": "amount",
    },
}
# Numbers are numbers and days are in the calendar, in the new columns, too.
CHECKS = (
    (
        "purchasing",
        "purchase_invoice",
        "number_is_finite",
        (
            "exchange_rate <> 'NaN' AND own_net_amount <> 'NaN' AND own_tax_amount <> 'NaN'"
            " AND own_gross_amount <> 'NaN' AND discount_pct <> 'NaN' AND stated_gross <> 'NaN'"
            " AND paid_amount <> 'NaN' AND discount_taken <> 'NaN' AND net_amount <> 'NaN'"
            " AND tax_amount <> 'NaN' AND gross_amount <> 'NaN'"
        ),
    ),
    (
        "purchasing",
        "purchase_invoice",
        "day_in_calendar",
        (
            "exchange_date BETWEEN '1900-01-01' AND '9999-12-31'"
            " AND invoice_date BETWEEN '1900-01-01' AND '9999-12-31'"
            " AND supply_date BETWEEN '1900-01-01' AND '9999-12-31' AND due_date BETWEEN '1900-01-01' AND '9999-12-31'"
            " AND posting_date BETWEEN '1900-01-01' AND '9999-12-31'"
            " AND discount_date BETWEEN '1900-01-01' AND '9999-12-31'"
        ),
    ),
    (
        "purchasing",
        "purchase_invoice_tax",
        "number_is_finite",
        (
            "tax_rate <> 'NaN' AND net_amount <> 'NaN' AND tax_amount <> 'NaN' AND own_net_amount <> 'NaN'"
            " AND own_tax_amount <> 'NaN'"
        ),
    ),
    (
        "purchasing",
        "purchase_payment",
        "number_is_finite",
        (
            "amount <> 'NaN' AND discount_amount <> 'NaN' AND own_amount <> 'NaN' AND own_discount <> 'NaN'"
            " AND own_paid <> 'NaN'"
        ),
    ),
    (
        "accounting",
        "account",
        "account_purpose_known",
        (
            "purpose IN ('revenue', 'freight', 'down_payment', 'discount_granted', 'expense', 'discount_received',"
            " 'bank', 'exchange_gain', 'exchange_loss')"
        ),
    ),
)


def upgrade() -> None:
    op.add_column(
        "purchase_invoice",
        sa.Column(
            "exchange_rate", sa.Numeric(precision=14, scale=6), server_default=sa.text("1"), nullable=False
        ),
        schema="purchasing",
    )
    op.add_column(
        "purchase_invoice", sa.Column("exchange_date", sa.Date(), nullable=True), schema="purchasing"
    )
    for table, columns in OWN.items():
        for column in columns:
            op.add_column(
                table,
                sa.Column(
                    column, sa.Numeric(precision=14, scale=2), server_default=sa.text("0"), nullable=False
                ),
                schema="purchasing",
            )
    op.create_check_constraint(
        "exchange_rate_range",
        "purchase_invoice",
        "exchange_rate > 0 AND exchange_rate < 1000000",
        schema="purchasing",
    )
    op.create_check_constraint(
        "purchase_payment_own_sign", "purchase_payment", "own_paid * amount >= 0", schema="purchasing"
    )
    for schema, table, name, condition in CHECKS:
        op.drop_constraint(name, table, schema=schema, type_="check")
        op.create_check_constraint(name, table, condition, schema=schema)
    # What is there in a foreign currency gets the nearest rate that is known, before the day if there is one.  It
    # keeps no day of its rate: what was posted of it is in the adviser's books already, and is not handed over.
    op.execute(
        """
        UPDATE purchasing.purchase_invoice i
           SET exchange_rate = r.rate
          FROM (SELECT x.id, (SELECT e.rate FROM system.exchange_rate e WHERE e.currency = x.currency
                               ORDER BY e.valid_on > x.invoice_date, abs(e.valid_on - x.invoice_date) LIMIT 1) AS rate
                  FROM purchasing.purchase_invoice x
                 WHERE x.currency <> coalesce((SELECT c.currency FROM system.company c), 'EUR')) r
         WHERE i.id = r.id AND r.rate IS NOT NULL
        """
    )
    for table, columns in OWN.items():
        said = ", ".join(
            f"{column} = CASE WHEN i.exchange_rate = 1 THEN x.{amount} ELSE round(x.{amount} / i.exchange_rate, 2) END"
            for column, amount in columns.items()
        )
        key = "id" if table == "purchase_invoice" else "purchase_invoice_id"
        op.execute(
            f"UPDATE purchasing.{table} x SET {said} FROM purchasing.purchase_invoice i WHERE i.id = x.{key}"  # noqa: S608
        )
    # Sums are those of their parts.
    op.execute(
        """
        UPDATE purchasing.purchase_invoice i
           SET own_net_amount = t.net, own_tax_amount = t.tax, own_gross_amount = t.net + t.tax
          FROM (SELECT x.purchase_invoice_id, sum(x.own_net_amount) AS net, sum(x.own_tax_amount) AS tax
                  FROM purchasing.purchase_invoice_tax x GROUP BY 1) t
         WHERE t.purchase_invoice_id = i.id AND i.exchange_rate <> 1
        """
    )
