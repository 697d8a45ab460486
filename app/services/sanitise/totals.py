"""Prices by other numbers: the factors of a copy, and the totals worked out again from the lines."""

from decimal import Decimal
from typing import Final

from psycopg import sql

from app.services.sanitise.words import Words

_SPREAD = 10_000


def factors(words: Words, price_lists: list[int]) -> dict[str, Decimal]:
    """One factor for the house and one near it for costs and for each price list, so that margins stay plausible.

    Between 0.70 and 1.45, never within 5 % of one.
    """
    share = Decimal(words.digest("factor", "house") % _SPREAD) / _SPREAD
    above = words.digest("factor", "side") % 2
    house = (
        (Decimal("1.12") + share * Decimal("0.22")) if above else (Decimal("0.75") + share * Decimal("0.13"))
    )
    found = {"house": house}
    for name in ("cost", *map(str, price_lists)):
        near = Decimal(words.digest("factor", name) % _SPREAD) / _SPREAD
        found[name] = (house * (Decimal("0.96") + near * Decimal("0.08"))).quantize(Decimal("0.0001"))
    found["house"] = house.quantize(Decimal("0.0001"))
    return found


def scaled(column: sql.Composable, by: str, known: dict[str, Decimal]) -> sql.Composable:
    """The expression for an amount, rounded as finely as it was; an amount stays an amount."""
    if by in ("house", "cost"):
        factor: sql.Composable = sql.Literal(known[by])
    else:
        cases = sql.SQL(" ").join(
            sql.SQL("WHEN {} THEN {}").format(sql.Literal(int(name)), sql.Literal(value))
            for name, value in known.items()
            if name.isdigit()
        )
        expression = sql.SQL(by)
        house = sql.Literal(known["house"])
        factor = (
            sql.SQL("CASE {} {} ELSE {} END").format(expression, cases, house)
            if any(n.isdigit() for n in known)
            else house
        )
    return sql.SQL(
        "CASE WHEN {c} > 0 THEN greatest(0.01, round({c} * ({f}), CASE WHEN {c} = round({c}, 2) THEN 2 ELSE 4 END)) "
        "ELSE round({c} * ({f}), 2) END"
    ).format(c=column, f=factor)


# In the copy, after all rows are there: what the rounding of single prices made of the sums.
RECOMPUTE: Final = (
    """UPDATE sales.invoice_line l SET net_amount = round(l.qty * l.unit_price * (100 - l.discount_pct) / 100, 2)""",
    """UPDATE sales.quote d SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
         FROM (SELECT r.id, sum(r.net) AS net, sum(round(r.net * r.tax_rate / 100, 2)) AS tax
                 FROM (SELECT l.quote_id AS id, l.tax_rate, sum(l.net_amount) AS net
                         FROM sales.quote_line l GROUP BY 1, 2) r GROUP BY 1) t
        WHERE t.id = d.id""",
    """UPDATE sales.sales_order d SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
         FROM (SELECT r.id, sum(r.net) AS net, sum(round(r.net * r.tax_rate / 100, 2)) AS tax
                 FROM (SELECT l.sales_order_id AS id, l.tax_rate, sum(l.net_amount) AS net
                         FROM sales.sales_order_line l GROUP BY 1, 2) r GROUP BY 1) t
        WHERE t.id = d.id""",
    """UPDATE purchasing.purchase_order d SET net_amount = s.net, tax_amount = s.tax, gross_amount = s.net + s.tax
         FROM purchasing.purchase_order o CROSS JOIN LATERAL purchasing.order_sums(o.id) s WHERE d.id = o.id""",
    """UPDATE purchasing.purchase_invoice_tax x SET net_amount = r.net, tax_amount = round(r.net * x.tax_rate / 100, 2)
         FROM (SELECT l.purchase_invoice_id AS id, l.tax_category, l.tax_rate, sum(l.net_amount) AS net
                 FROM purchasing.purchase_invoice_line l GROUP BY 1, 2, 3) r
        WHERE r.id = x.purchase_invoice_id AND r.tax_category = x.tax_category AND r.tax_rate = x.tax_rate""",
    """UPDATE purchasing.purchase_invoice i SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
         FROM (SELECT x.purchase_invoice_id AS id, sum(x.net_amount) AS net, sum(x.tax_amount) AS tax
                 FROM purchasing.purchase_invoice_tax x GROUP BY 1) t
        WHERE t.id = i.id""",
    """UPDATE sales.invoice_tax x SET net_amount = r.net, tax_amount = round(r.net * x.tax_rate / 100, 2)
         FROM (SELECT l.invoice_id, l.tax_rate, sum(l.net_amount) AS net FROM sales.invoice_line l GROUP BY 1, 2) r
        WHERE r.invoice_id = x.invoice_id AND r.tax_rate = x.tax_rate""",
    """UPDATE sales.invoice i SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
         FROM (SELECT x.invoice_id, sum(x.net_amount) AS net, sum(x.tax_amount) AS tax
                 FROM sales.invoice_tax x GROUP BY 1) t
        WHERE t.invoice_id = i.id""",
    # What was paid in full is paid in full again: the last payment takes the cents.
    """UPDATE sales.payment p SET amount = p.amount + i.gross_amount - s.paid
         FROM sales.invoice i
         JOIN (SELECT q.invoice_id, sum(q.amount + q.discount_amount) AS paid, max(q.id) AS last
                 FROM sales.payment q GROUP BY 1) s ON s.invoice_id = i.id
        WHERE p.id = s.last AND (i.state = 'paid' OR s.paid > i.gross_amount)""",
    """UPDATE sales.invoice i SET paid_amount = s.paid, discount_taken = s.discount
         FROM (SELECT q.invoice_id, sum(q.amount) AS paid, sum(q.discount_amount) AS discount
                 FROM sales.payment q GROUP BY 1) s
        WHERE s.invoice_id = i.id""",
    # Charges, deductions and corrections do not come along: what only they had settled is open again.
    """UPDATE sales.invoice i SET state = 'open'
        WHERE i.state = 'paid' AND i.paid_amount + i.discount_taken <> i.gross_amount""",
    # A copy is in the house's own currency throughout.
    "UPDATE sales.invoice_tax x SET own_net_amount = x.net_amount, own_tax_amount = x.tax_amount",
    """UPDATE sales.invoice i SET own_net_amount = i.net_amount, own_tax_amount = i.tax_amount,
              own_gross_amount = i.gross_amount, own_settled_amount = i.paid_amount + i.discount_taken""",
    """UPDATE sales.payment p SET own_amount = p.amount, own_discount = p.discount_amount,
              own_paid = p.amount""",
    "UPDATE purchasing.purchase_invoice_tax x SET own_net_amount = x.net_amount, own_tax_amount = x.tax_amount",
    """UPDATE purchasing.purchase_invoice i SET own_net_amount = i.net_amount, own_tax_amount = i.tax_amount,
              own_gross_amount = i.gross_amount""",
    # What the old system says adds up where it did so there; the rounding of each amount moved the sums by cents.
    """UPDATE legacy.document d SET net = s.amount
         FROM (SELECT l.document_id, sum(l.amount) AS amount, count(*) AS lines
                 FROM legacy.document_line l WHERE l.amount IS NOT NULL GROUP BY 1) s
        WHERE s.document_id = d.id AND abs(d.net - s.amount) <= 0.02 + s.lines * 0.01""",
    """UPDATE legacy.document d SET tax = round((d.net + coalesce(d.freight, 0)) * d.tax_rate / 100, 2)
        WHERE abs(d.tax - round((d.net + coalesce(d.freight, 0)) * d.tax_rate / 100, 2)) <= 0.5""",
    """UPDATE legacy.document d SET gross = s.total
         FROM (SELECT x.id, x.net + coalesce(x.freight, 0) + coalesce(x.handling, 0) + coalesce(x.tax, 0) AS total
                 FROM legacy.document x) s
        WHERE s.id = d.id AND abs(d.gross - s.total) <= 0.6""",
    """UPDATE legacy.document d SET net_eur = round(d.net / d.rate_to_eur, 2),
              tax_eur = round(d.tax / d.rate_to_eur, 2), gross_eur = round(d.gross / d.rate_to_eur, 2),
              paid_amount = CASE WHEN abs(d.paid_amount - d.gross) <= 0.6 THEN d.gross ELSE d.paid_amount END
        WHERE d.rate_to_eur > 0 AND abs(d.gross_eur - d.gross / d.rate_to_eur) <= 0.6""",
)
