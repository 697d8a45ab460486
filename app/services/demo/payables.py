"""Suppliers' invoices of the demo company in every state: one that came by mail and was paid, one that waits in the
inbox, costs without an order to be approved, overdue, partly paid, sent back, cancelled, and a credit note."""

import hashlib
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.demo.house import House, command_id
from app.services.einvoice.model import (
    Address,
    Contact,
    Discount,
    Identifier,
    Invoice,
    Item,
    Line,
    Party,
    PaymentMeans,
    Price,
    Profile,
    Tax,
    Totals,
    TypeCode,
)
from app.services.einvoice.read import Received
from app.services.einvoice.write import to_xml
from app.services.purchasing import invoicing
from app.services.purchasing.commands import (
    CancelInvoice,
    EnterInvoice,
    PayInvoice,
    SaveInvoice,
    StoreReceived,
)
from app.services.purchasing.invoices import open_lines, propose
from app.services.purchasing.matching import OpenLine
from app.services.purchasing.received import facts_of, store

BUYER, BOOKS = "u_paul", "u_franziska"
CENT, RATE = Decimal("0.01"), Decimal(19)
_RECEIVED = text("""
SELECT o.id, o.supplier_id FROM purchasing.purchase_order o
 WHERE EXISTS (SELECT FROM purchasing.purchase_order_line l
                WHERE l.purchase_order_id = o.id AND l.qty_received - l.qty_returned > l.qty_invoiced)
 ORDER BY o.state = 'completed' DESC, o.order_date, o.id
""")
_PARTIES = text("""
SELECT s.name, s.vat_id, s.email, a.street, a.postcode, a.city, a.country,
       c.name, c.vat_id, c.street, c.postal_code, c.city, c.country, coalesce(c.email, '')
  FROM partners.partner s
  JOIN partners.address a ON a.partner_id = s.id CROSS JOIN system.company c
 WHERE s.id = :id ORDER BY a.is_default DESC, a.id LIMIT 1
""")
# Supplier's number, what for, net, days ago, days to pay, what becomes of it.
COSTS = (
    ("EZ-90112", "Energiezuschlag Oktober", "1284.50", 6, 14, "entered"),
    ("M-2026-11", "Miete Transportbehälter November", "2150.00", 20, 14, "overdue"),
    ("K 7734", "Werkzeugpflege nach Aufwand", "640.00", 12, 30, "partly"),
    ("2026-0815", "Verpackungsmaterial", "318.20", 2, 30, "draft"),
    ("R-55120", "Fracht Sammelgut", "186.00", 9, 14, "rejected"),
    ("R-55098", "Fracht, doppelt berechnet", "142.00", 15, 14, "cancelled"),
    ("GS-118", "Gutschrift Leergut", "-48.00", 5, 0, "credit"),
)


def invoices(house: House) -> None:
    """Two e-invoices of what came, and costs without an order."""
    paul = house.person(BUYER)
    for number, (order, supplier) in enumerate(paul.read(_orders)[:2]):
        lines = paul.read(open_lines, supplier, order)
        if lines:
            _electronic(house, supplier, lines, number, pay=number == 0)
    suppliers = paul.read(_suppliers)
    for number, cost in enumerate(COSTS):
        _cost(house, suppliers[number % len(suppliers)], cost, number)


def _electronic(house: House, supplier: int, lines: tuple[OpenLine, ...], number: int, *, pay: bool) -> None:
    parties = house.person(BUYER).read(_parties, supplier)
    made = _invoice(parties, lines, f"RE-{70231 + number}", house.day(-2))
    xml = to_xml(made, Profile.XRECHNUNG_CII)
    name = f"{made.number}.xml"
    read = Received(name, hashlib.sha256(xml).hexdigest(), len(xml), "xml", xml, name, "", made, ())
    words = f"{made.number} {made.seller.name}"
    command = StoreReceived(
        "mail", name, "xml", xml, facts_of(read), (), words, parties[2] or "", _key(number, 1)
    )
    stored = house.post(BUYER, store, command)
    if not pay:
        return
    proposal = house.person(BUYER).read(propose, stored.id)
    values = dict(proposal.values) | {"supplier_id": supplier}
    saved = house.post(
        BUYER, invoicing.save_invoice, SaveInvoice(None, None, values, proposal.lines, _key(number, 2))
    )
    invoice = _approved(house, saved, number)
    amount = (made.totals.payable * Decimal("0.98")).quantize(CENT, ROUND_HALF_UP)
    pay_it = PayInvoice(saved.id, invoice, amount, house.today, use_discount=True, reference=made.number)
    house.post(BOOKS, invoicing.pay_invoice, pay_it)


def _approved(house: House, saved: Any, number: int) -> int:
    """Enter and approve; the new row version."""
    command = EnterInvoice(saved.id, saved.row_version, command=_key(number, 3))
    entered = house.post(BUYER, invoicing.enter_invoice, command)
    house.post(BOOKS, decide, Decide(entered.request_id, True, command=_key(number, 4)))
    return entered.row_version + 1


def _cost(house: House, supplier: int, cost: tuple[str, str, str, int, int, str], number: int) -> None:
    invoice_number, words, amount, ago, days, step = cost
    net, day = Decimal(amount), house.day(-ago)
    line = {
        "description": words,
        "qty": Decimal(-1 if net < 0 else 1),
        "unit_price": abs(net),
        "net_amount": net,
        "tax_category": "S",
        "tax_rate": RATE,
    }
    values = {
        "kind": "credit" if net < 0 else "invoice",
        "supplier_id": supplier,
        "invoice_number": invoice_number,
        "invoice_date": day,
        "supply_date": day,
        "due_date": day + timedelta(days=days),
        "stated_gross": (net * (100 + RATE) / 100).quantize(CENT, ROUND_HALF_UP),
        "accept_reason": None if step == "draft" else "Laufende Kosten ohne Bestellung",
    }
    at = 10 + number
    saved = house.post(BUYER, invoicing.save_invoice, SaveInvoice(None, None, values, [line], _key(at, 2)))
    if step == "draft":
        return
    if step in ("entered", "rejected"):
        enter = EnterInvoice(saved.id, saved.row_version, command=_key(at, 3))
        entered = house.post(BUYER, invoicing.enter_invoice, enter)
        if step == "rejected":
            no = Decide(entered.request_id, False, "Bitte die Frachtliste dazulegen", command=_key(at, 4))
            house.post(BOOKS, decide, no)
        return
    version = _approved(house, saved, at)
    if step == "partly":
        pay = PayInvoice(saved.id, version, Decimal("300.00"), house.day(-1), reference=invoice_number)
        house.post(BOOKS, invoicing.pay_invoice, pay)
    elif step == "cancelled":
        cancel = CancelInvoice(saved.id, version, command=_key(at, 5), reason="Doppelt gestellt")
        house.post(BOOKS, invoicing.cancel_invoice, cancel)


def _invoice(parties: Any, lines: tuple[OpenLine, ...], number: str, day: date) -> Invoice:
    """The supplier's e-invoice for what came."""
    items, net = [], Decimal(0)
    for position, one in enumerate(lines, 1):
        amount = (one.qty * one.price).quantize(CENT, ROUND_HALF_UP)
        net += amount
        item = Item(one.description, seller_id=one.supplier_sku or "", buyer_id=one.sku)
        items.append(
            Line(str(position), item, one.qty, "H87", Price(one.price.normalize()), amount, "S", RATE)
        )
    tax = (net * RATE / 100).quantize(CENT, ROUND_HALF_UP)
    seller, vat_id, email, street, postcode, city, country, *buyer = parties
    return Invoice(
        number=number,
        issued=day,
        type=TypeCode.INVOICE,
        currency="EUR",
        seller=Party(
            seller,
            Address(street, city=city, postcode=postcode, country=country),
            vat_id=vat_id or "",
            endpoint=Identifier(email or "rechnung@lieferant.example", "EM"),
            contact=Contact("Buchhaltung", "+49 30 555010", email or "rechnung@lieferant.example"),
        ),
        buyer=Party(
            buyer[0],
            Address(buyer[2] or "", city=buyer[4] or "", postcode=buyer[3] or "", country=buyer[5] or "DE"),
            vat_id=buyer[1] or "",
            endpoint=Identifier(buyer[6] or "eingang@werkbank.example", "EM"),
        ),
        lines=tuple(items),
        taxes=(Tax(net, tax, "S", RATE),),
        totals=Totals(net, net, net + tax, net + tax, tax),
        buyer_reference="Einkauf",
        order=lines[0].order_number,
        due=day + timedelta(days=30),
        discounts=(Discount(10, Decimal(2)),),
        payment=(PaymentMeans("58", iban="DE02120300000000202051"),),
    )


def _key(number: int, step: int) -> Any:
    return command_id("payables", number * 10 + step)


def _orders(session: Session) -> list[Any]:
    return list(session.execute(_RECEIVED).all())


def _parties(session: Session, supplier: int) -> Any:
    return tuple(session.execute(_PARTIES, {"id": supplier}).one())


def _suppliers(session: Session) -> list[int]:
    """Those who charge our tax."""
    statement = text(
        "SELECT p.id FROM partners.partner p WHERE p.is_supplier AND p.is_active AND p.tax_treatment = 'domestic'"
        " AND NOT EXISTS (SELECT FROM partners.address a WHERE a.partner_id = p.id AND a.country <> 'DE')"
        " ORDER BY p.id"
    )
    return list(session.execute(statement).scalars())
