"""What the screens of suppliers' invoices read: an invoice, what it can be matched with, a received file's proposal."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.together import Question, ask_together
from app.services.einvoice.show import unit_name
from app.services.purchasing.currency import rate_for
from app.services.purchasing.matching import OpenLine, match
from app.services.purchasing.received import day

TOPIC = "purchasing.purchase_invoice"


class InvoiceLine(NamedTuple):
    """A line of an invoice and, when it is matched, what the order and the receipts say."""

    id: int
    position: int
    purchase_order_line_id: int | None
    order_line: str | None
    product_id: int | None
    description: str
    supplier_sku: str | None
    unit_code: str | None
    unit: str | None
    qty: Decimal
    unit_price: Decimal
    net_amount: Decimal
    tax_category: str
    tax_rate: Decimal
    accept_reason: str | None
    order_id: int | None
    agreed_price: Decimal | None
    qty_ordered: Decimal | None
    qty_received: Decimal | None
    qty_invoiced: Decimal | None


class Difference(NamedTuple):
    """Something that does not agree; ``position`` None: of the whole invoice; ``accepted``: why it is all the same."""

    code: str
    position: int | None
    params: Mapping[str, Any]
    accepted: str | None


class Payment(NamedTuple):
    """Money paid (negative: got); ``own_paid`` is what the bank moved in the house's own currency, ``difference`` the
    exchange gain (negative: loss) of it."""

    id: int
    paid_on: date
    amount: Decimal
    discount_amount: Decimal
    reference: str | None
    posted_by: str
    own_paid: Decimal
    difference: Decimal


class Invoice(NamedTuple):
    """A purchase invoice with everything its page shows.

    ``exchange_rate`` is None in the house's own currency, and while it is not known; ``own_…`` are the totals in euro,
    ``own_open`` what is open of them.
    ``orders`` and ``receipts`` are those its lines are matched with: (id, number, kind or state, day).  ``request`` is
    the open request for approval and ``authority`` with whose right the reader may decide it (None: may not).
    """

    id: int
    row_version: int
    number: str | None
    kind: str
    state: str
    cancels_id: int | None
    cancelled_by_id: int | None
    corrects_id: int | None
    corrects: str | None
    supplier_id: int
    supplier: str
    received_id: int | None
    received: str | None
    invoice_number: str
    order_reference: str | None
    currency: str
    exchange_rate: Decimal | None
    exchange_date: date | None
    is_foreign: bool
    own_net_amount: Decimal
    own_tax_amount: Decimal
    own_gross_amount: Decimal
    own_open: Decimal
    invoice_date: date
    supply_date: date | None
    due_date: date
    posting_date: date | None
    discount_pct: Decimal
    discount_date: date | None
    stated_gross: Decimal | None
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    paid_amount: Decimal
    discount_taken: Decimal
    accept_reason: str | None
    remark: str | None
    entered_by: str | None
    entered_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    cancel_reason: str | None
    updated_at: datetime
    updated_by: str
    request: int | None
    authority: str | None
    rejection: str | None
    taxes: tuple[tuple[str, Decimal, Decimal, Decimal], ...]
    payments: tuple[Payment, ...]
    orders: tuple[tuple[int, str, str, str], ...]
    receipts: tuple[tuple[int, str, str, str], ...]
    findings: tuple[Difference, ...]
    lines: tuple[InvoiceLine, ...]

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid; negative: to be got."""
        return self.gross_amount - self.paid_amount - self.discount_taken


class Proposal(NamedTuple):
    """A purchase invoice as a received file suggests it: values of the header and lines; words of the supplier."""

    values: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]
    supplier: str | None


_HEAD = text("""
SELECT i.id, i.row_version, i.number, i.kind, i.state, i.cancels_id,
       (SELECT c.id FROM purchasing.purchase_invoice c WHERE c.cancels_id = i.id), i.corrects_id, o.invoice_number,
       i.supplier_id, s.name, i.received_id, r.file_name, i.invoice_number, i.order_reference, i.currency,
       CASE WHEN i.exchange_date IS NOT NULL THEN i.exchange_rate END, i.exchange_date,
       i.currency <> coalesce((SELECT c.currency FROM system.company c), 'EUR'), i.own_net_amount, i.own_tax_amount,
       i.own_gross_amount, i.own_gross_amount - coalesce((
         SELECT sum(p.own_amount + p.own_discount) FROM purchasing.purchase_payment p
          WHERE p.purchase_invoice_id = i.id), 0),
       i.invoice_date, i.supply_date, i.due_date, i.posting_date, i.discount_pct, i.discount_date,
       i.stated_gross,
       i.net_amount, i.tax_amount, i.gross_amount, i.paid_amount, i.discount_taken, i.accept_reason, i.remark,
       i.entered_by, i.entered_at, i.approved_by, i.approved_at, i.cancel_reason, i.updated_at, i.updated_by,
       (SELECT a.id FROM system.approval_request a WHERE a.kind = 'purchase_invoice' AND a.record_id = i.id
           AND a.topic = 'purchasing.purchase_invoice' AND a.state = 'open'),
       (SELECT w.authority FROM system.approval_request a JOIN api.approvals_waiting() w ON w.id = a.id
         WHERE a.kind = 'purchase_invoice' AND a.record_id = i.id AND a.state = 'open' AND i.state = 'entered'),
       (SELECT v.comment FROM system.approval_request a JOIN system.approval_vote v ON v.request_id = a.id
         WHERE a.kind = 'purchase_invoice' AND a.record_id = i.id AND v.decision = 'reject' AND i.state = 'draft'
         ORDER BY v.id DESC LIMIT 1)
  FROM purchasing.purchase_invoice i
  JOIN partners.partner s ON s.id = i.supplier_id
  LEFT JOIN purchasing.purchase_invoice o ON o.id = i.corrects_id
  LEFT JOIN purchasing.received r ON r.id = i.received_id
 WHERE i.id = :id
""")
_LINES = text("""
SELECT l.id, l.position, l.purchase_order_line_id, o.number || ' / ' || ol.position, l.product_id, l.description,
       l.supplier_sku, l.unit_code,
       CASE CAST(:language AS text) WHEN 'en' THEN u.name_en ELSE u.name_de END,
       l.qty, l.unit_price, l.net_amount, l.tax_category, l.tax_rate, l.accept_reason,
       ol.purchase_order_id, coalesce(ol.confirmed_price, ol.unit_price), ol.qty, ol.qty_received - ol.qty_returned,
       ol.qty_invoiced
  FROM purchasing.purchase_invoice_line l
  LEFT JOIN purchasing.purchase_order_line ol ON ol.id = l.purchase_order_line_id
  LEFT JOIN purchasing.purchase_order o ON o.id = ol.purchase_order_id
  LEFT JOIN catalog.unit u ON u.code = l.unit_code
 WHERE l.purchase_invoice_id = :id ORDER BY l.position
""")
_TAXES = text("""
SELECT t.tax_category, t.tax_rate, t.net_amount, t.tax_amount FROM purchasing.purchase_invoice_tax t
 WHERE t.purchase_invoice_id = :id ORDER BY t.tax_rate DESC, t.tax_category
""")
_PAYMENTS = text("""
SELECT p.id, p.paid_on, p.amount, p.discount_amount, p.reference, p.posted_by, p.own_paid,
       p.own_amount - p.own_paid FROM purchasing.purchase_payment p
 WHERE p.purchase_invoice_id = :id ORDER BY p.id
""")
_ORDERS = text("""
SELECT DISTINCT o.id, o.number, o.state, o.order_date::text
  FROM purchasing.purchase_invoice_line l
  JOIN purchasing.purchase_order_line ol ON ol.id = l.purchase_order_line_id
  JOIN purchasing.purchase_order o ON o.id = ol.purchase_order_id
 WHERE l.purchase_invoice_id = :id ORDER BY o.id
""")
_RECEIPTS = text("""
SELECT DISTINCT g.id, g.number, g.kind, g.received_on::text
  FROM purchasing.purchase_invoice_line l
  JOIN purchasing.goods_receipt_line gl ON gl.purchase_order_line_id = l.purchase_order_line_id
  JOIN purchasing.goods_receipt g ON g.id = gl.goods_receipt_id
 WHERE l.purchase_invoice_id = :id ORDER BY g.id
""")
_FINDINGS = text("""
SELECT f.code, f.line_position, f.params, f.accepted FROM api.purchase_invoice_findings(:id) f
 ORDER BY f.line_position NULLS FIRST, f.code
""")
_OPEN_LINES = """
SELECT ol.id, o.id, o.number, ol.position, ol.product_id, coalesce(ol.sku, p.sku), ol.supplier_sku, p.ean,
       ol.description, coalesce(ol.unit_code, u.code),
       CASE CAST(:language AS text) WHEN 'en' THEN n.name_en ELSE n.name_de END,
       ol.qty_received - ol.qty_returned - ol.qty_invoiced,
       coalesce(ol.confirmed_price, ol.unit_price), ol.tax_rate, s.tax_treatment, o.currency
  FROM purchasing.purchase_order o
  JOIN partners.partner s ON s.id = o.supplier_id
  JOIN purchasing.purchase_order_line ol ON ol.purchase_order_id = o.id
  JOIN catalog.product p ON p.id = ol.product_id
  JOIN catalog.unit u ON u.id = p.unit_id
  JOIN catalog.unit n ON n.code = coalesce(ol.unit_code, u.code)
 WHERE o.state <> 'draft'"""
_OPEN = text(f"""
{_OPEN_LINES} AND o.supplier_id = :supplier
   AND (ol.qty_received - ol.qty_returned > ol.qty_invoiced OR o.number = upper(:number))
   AND (CAST(:only AS bigint) IS NULL OR o.id = :only)
   AND (CAST(:currency AS text) IS NULL OR o.currency = :currency)
 ORDER BY (o.number = upper(:number)) DESC, o.order_date, o.id, ol.position LIMIT 10000
""")
_RECEIVED = text("""
SELECT r.id, r.facts, r.supplier_id, s.number || ' · ' || s.name, r.state, t.net_days, t.discount_days, t.discount_pct
  FROM purchasing.received r
  LEFT JOIN partners.partner s ON s.id = r.supplier_id
  LEFT JOIN partners.payment_term t ON t.id = s.payment_term_id
 WHERE r.id = :id
""")
_PRECEDING = text("""
SELECT i.id, i.invoice_number FROM purchasing.purchase_invoice i
 WHERE i.supplier_id = :supplier AND lower(i.invoice_number) = lower(:number) AND i.kind = 'invoice'
   AND i.state <> 'cancelled'
""")


def get_invoice(session: Session, invoice_id: int, language: str = "de") -> Invoice:
    """An invoice with its lines; one round trip.  Raises Refused record_not_found."""
    given = {"id": invoice_id}
    asked = {"id": invoice_id, "language": language}
    head, lines, taxes, payments, orders, receipts, findings = ask_together(
        session,
        Question(_HEAD, lambda rows: rows[0] if rows else None, given),
        Question(
            _LINES, lambda rows: tuple(_in_words(InvoiceLine._make(row), language) for row in rows), asked
        ),
        Question(_TAXES, lambda rows: tuple(map(tuple, rows)), given),
        Question(_PAYMENTS, lambda rows: tuple(map(Payment._make, rows)), given),
        Question(_ORDERS, lambda rows: tuple(map(tuple, rows)), given),
        Question(_RECEIPTS, lambda rows: tuple(map(tuple, rows)), given),
        Question(_FINDINGS, lambda rows: tuple(map(Difference._make, rows)), given),
    )
    if head is None:
        raise Refused("record_not_found", table=TOPIC, id=invoice_id)
    return Invoice._make((*head, taxes, payments, orders, receipts, findings, lines))


def _in_words(line: InvoiceLine, language: str) -> InvoiceLine:
    """A unit that is none of ours is the one of the supplier's e-invoice."""
    return line if line.unit else line._replace(unit=_unit_of_others(line.unit_code, language))


def _unit_of_others(code: str | None, language: str) -> str | None:
    return unit_name(code, language) if code else None


def open_lines(
    session: Session,
    supplier_id: int,
    order_id: int | None = None,
    currency: str | None = None,
    language: str = "de",
) -> tuple[OpenLine, ...]:
    """What came from a supplier (of one order, or of all; in one currency, or in any) and is not invoiced yet, the
    oldest order first."""
    given = {
        "supplier": supplier_id,
        "number": "",
        "only": order_id,
        "currency": currency,
        "language": language,
    }
    return tuple(OpenLine._make(row) for row in session.execute(_OPEN, given))


class OpenHit(NamedTuple):
    """A line of an order found by what was typed, as a lookup shows it."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str] | None
    line: OpenLine


_SEARCH_OPEN = text(f"""
{_OPEN_LINES} AND ol.qty_received - ol.qty_returned > ol.qty_invoiced
   AND (o.number ILIKE :start OR coalesce(ol.sku, p.sku) ILIKE :start OR ol.supplier_sku ILIKE :start
        OR ol.description ILIKE :inside)
 ORDER BY o.id DESC, ol.position LIMIT :most
""")


def search_open(session: Session, typed: str, limit: int = 8, language: str = "de") -> list[OpenHit]:
    """Order lines of which something came that is not invoiced, by order number, article or words."""
    words = typed.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    given = {"start": f"{words}%", "inside": f"%{words}%", "most": limit, "language": language}
    lines = [OpenLine._make(row) for row in session.execute(_SEARCH_OPEN, given)]
    return [
        OpenHit(x.purchase_order_line_id, x.order_line, f"{x.sku} · {x.description}", None, x) for x in lines
    ]


def as_line(line: OpenLine) -> dict[str, Any]:
    """A line of an invoice for all that came of an order line."""
    taxed = line.tax_rate > 0
    return {
        "purchase_order_line_id": line.purchase_order_line_id,
        "order_line": line.order_line,
        "product_id": line.product_id,
        "description": line.description,
        "supplier_sku": line.supplier_sku,
        "unit_code": line.unit_code,
        "unit": line.unit,
        "qty": line.qty,
        "unit_price": line.price,
        "net_amount": (line.qty * line.price).quantize(Decimal("0.01")),
        "tax_category": "S" if taxed else untaxed(line.treatment),
        "tax_rate": line.tax_rate,
    }


def untaxed(treatment: str) -> str:
    """The tax category of what a supplier sells without tax."""
    return {"eu_business": "K", "reverse_charge": "AE", "export": "G"}.get(treatment, "Z")


def propose(session: Session, received_id: int, language: str = "de") -> Proposal:
    """The purchase invoice a received file suggests, its lines matched with what came.

    Raises Refused record_not_found, received_unread when nothing could be read out of the file.
    """
    row = session.execute(_RECEIVED, {"id": received_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.received", id=received_id)
    _, facts, supplier_id, supplier, _, net_days, discount_days, discount_pct = row
    values: dict[str, Any] = {"received_id": received_id, "supplier_id": supplier_id}
    if not facts:
        return Proposal(values, (), supplier)
    issued = day(facts["issued"])
    assert issued is not None
    sign = -1 if facts["credit"] else 1
    discount = next(iter(facts["discounts"]), None)
    if discount is None and not facts["due"] and discount_pct:
        discount = {"days": discount_days, "percent": discount_pct}
    values |= {
        "kind": "credit" if facts["credit"] or Decimal(str(facts["gross"])) < 0 else "invoice",
        "invoice_number": facts["number"],
        "invoice_date": issued,
        "supply_date": day(facts["supplied"]),
        "due_date": max(issued, day(facts["due"]) or issued + timedelta(days=net_days or 0)),
        "currency": facts["currency"],
        "order_reference": str(facts["order"])[:60] or None,
        # What is left to pay: an invoice with deductions is complete when they are lines of it.
        "stated_gross": sign * Decimal(str(facts["payable"])),
    }
    if discount is not None:
        values |= {
            "discount_pct": Decimal(str(discount["percent"])),
            "discount_date": issued + timedelta(days=int(discount["days"])),
        }
    if facts["preceding"] and supplier_id is not None and sign < 0:
        given = {"supplier": supplier_id, "number": facts["preceding"][0]}
        before = session.execute(_PRECEDING, given).one_or_none()
        if before is not None:
            values |= {"corrects_id": before[0], "corrects_id_words": before[1]}
    values["exchange_rate"] = rate_for(session, facts["currency"], issued, values.get("corrects_id"))
    candidates: Sequence[OpenLine] = ()
    if supplier_id is not None:
        # An order in another currency has other prices.
        given = {
            "supplier": supplier_id,
            "number": facts["order"] or "",
            "only": None,
            "currency": facts["currency"],
            "language": language,
        }
        candidates = [OpenLine._make(found) for found in session.execute(_OPEN, given)]
    lines = [
        {**line, "unit": line.get("unit") or _unit_of_others(line["unit_code"], language)}
        for line in match(facts, candidates, sign)
    ]
    return Proposal(values, tuple(lines), supplier)
