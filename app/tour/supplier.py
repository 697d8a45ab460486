"""The supplier's side of the tour: an e-invoice for the goods of a purchase order that came in."""

import datetime as dt
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import psycopg
from psycopg.rows import dict_row

from app.services.einvoice import model
from app.services.einvoice.outgoing import unit_code
from app.services.einvoice.write import to_xml

CENT, RATE = Decimal("0.01"), Decimal(19)
_ORDER = """
SELECT o.number, o.currency, s.name, s.vat_id, s.email, s.phone, s.number AS supplier_number,
       a.street, a.postcode AS postal_code, a.city, a.country, c.name AS our_name, c.street AS our_street,
       c.postal_code AS our_postal_code, c.city AS our_city, c.vat_id AS our_vat_id, c.email AS our_email
  FROM purchasing.purchase_order o JOIN partners.partner s ON s.id = o.supplier_id
  JOIN partners.address a ON a.partner_id = s.id CROSS JOIN system.company c
 WHERE o.number = %s ORDER BY a.id LIMIT 1
"""
_LINES = """
SELECT l.position, l.description, l.supplier_sku, p.sku, u.code AS unit, l.unit_price, r.qty
  FROM purchasing.purchase_order o JOIN purchasing.purchase_order_line l ON l.purchase_order_id = o.id
  JOIN catalog.product p ON p.id = l.product_id JOIN catalog.unit u ON u.id = p.unit_id
  JOIN LATERAL (SELECT sum(g.qty) AS qty FROM purchasing.goods_receipt_line g
                 WHERE g.purchase_order_line_id = l.id) r ON r.qty > 0
 WHERE o.number = %s ORDER BY l.position
"""


def einvoice_for(admin_dsn: str, order: str, number: str, *, dearer: Decimal = Decimal(0)) -> bytes:
    """An XRechnung of the supplier for what came of the order; ``dearer`` is asked on top of the first price."""
    with psycopg.connect(admin_dsn, row_factory=dict_row) as connection:
        head = connection.execute(_ORDER, (order,)).fetchone()
        rows = connection.execute(_LINES, (order,)).fetchall()
    assert head is not None
    lines = tuple(_line(row, dearer if place == 0 else Decimal(0)) for place, row in enumerate(rows))
    net = sum((line.net for line in lines), Decimal(0))
    tax = (net * RATE / 100).quantize(CENT, ROUND_HALF_UP)
    day = dt.datetime.now().astimezone().date()
    due = day + dt.timedelta(days=30)
    return to_xml(
        model.Invoice(
            number=number,
            issued=day,
            type=model.TypeCode.INVOICE,
            currency=head["currency"],
            seller=_seller(head),
            buyer=_buyer(head),
            lines=lines,
            taxes=(model.Tax(net, tax, model.Category.STANDARD, RATE),),
            totals=model.Totals(lines=net, net=net, gross=net + tax, payable=net + tax, tax=tax),
            due=due,
            buyer_reference=head["number"],
            order=head["number"],
            delivery=model.Delivery(day),
            payment=(model.PaymentMeans("58", "SEPA", "DE02120300000000202051", head["name"]),),
            payment_reference=number,
            terms=f"Zahlbar bis {due:%d.%m.%Y} ohne Abzug.",
        ),
        model.Profile.XRECHNUNG_UBL,
    )


def _seller(head: dict[str, Any]) -> model.Party:
    email = head["email"] or "rechnung@lieferant.example"
    return model.Party(
        head["name"],
        model.Address(
            head["street"], city=head["city"], postcode=head["postal_code"], country=head["country"]
        ),
        vat_id=head["vat_id"] or "",
        endpoint=model.Identifier(email, "EM"),
        contact=model.Contact("Buchhaltung", head["phone"] or "+49 30 5550", email),
    )


def _buyer(head: dict[str, Any]) -> model.Party:
    return model.Party(
        head["our_name"],
        model.Address(
            head["our_street"], city=head["our_city"], postcode=head["our_postal_code"], country="DE"
        ),
        vat_id=head["our_vat_id"].replace(" ", ""),
        endpoint=model.Identifier(head["our_email"], "EM"),
    )


def _line(row: dict[str, Any], dearer: Decimal) -> model.Line:
    price = row["unit_price"].normalize() + dearer
    return model.Line(
        str(row["position"]),
        model.Item(row["description"], seller_id=row["supplier_sku"] or "", buyer_id=row["sku"]),
        row["qty"].normalize(),
        unit_code(row["unit"]),
        model.Price(price),
        (row["qty"] * price).quantize(CENT, ROUND_HALF_UP),
        model.Category.STANDARD,
        RATE,
        order_line=str(row["position"]),
    )
