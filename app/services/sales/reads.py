"""What screens show of sales besides the lists: chain, invoicing, payment, search."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from app.core.errors import Refused
from app.core.together import Question, ask, ask_together
from app.models.catalog import Unit
from app.models.partners import Partner
from app.models.sales import Invoice, InvoiceCharge, InvoiceDeduction, InvoiceLine, InvoiceTax, Payment
from app.services.sales import rules
from app.services.sales.lists import open_amount, own_open, today
from app.services.visible import may_read


class ChainLink(NamedTuple):
    """A document of a chain.  ``document_type``: quote, sales_order, delivery, invoice, cancellation or payment.

    ``number`` is None for a draft, and a payment's reference; ``amount`` (gross) is None where one may not know it.
    """

    document_type: str
    document_id: int
    parent_type: str | None
    parent_id: int | None
    number: str | None
    document_date: date
    state: str
    amount: Decimal | None


class Invoiceable(NamedTuple):
    """A delivery without invoice.  ``net_amount`` is what its lines will cost."""

    delivery_id: int
    number: str
    shipped_at: datetime
    sales_order_id: int
    sales_order_row_version: int
    order_number: str
    customer_id: int
    customer: str
    net_amount: Decimal


class InvoiceLineRow(NamedTuple):
    """A line of an invoice.  ``qty_back`` and ``net_back`` are what corrections took back of its pieces and its net."""

    id: int
    position: int
    product_id: int | None
    sku: str
    description: str
    unit: str
    qty: Decimal
    unit_price: Decimal
    discount_pct: Decimal
    tax_rate: Decimal
    net_amount: Decimal
    delivery_id: int | None
    tax_category: str
    charges: list[dict[str, Any]]
    qty_back: Decimal
    net_back: Decimal


class InvoiceChargeRow(NamedTuple):
    """An allowance or charge on the whole invoice, as far as it falls on one tax rate."""

    kind: str
    reason: str
    pct: Decimal | None
    amount: Decimal
    tax_rate: Decimal


class DeductionRow(NamedTuple):
    """A down payment that an invoice deducts, all rates together."""

    invoice_id: int
    number: str
    invoice_date: date
    net_amount: Decimal
    tax_amount: Decimal


class PaymentLine(NamedTuple):
    """A payment of an invoice."""

    id: int
    paid_on: date
    amount: Decimal
    discount_amount: Decimal
    reference: str | None
    posted_by: str
    own_paid: Decimal
    own_amount: Decimal


class InvoiceDetail(NamedTuple):
    """An invoice of any kind; its taxes are (rate, net, tax).

    ``open_amount`` is left to pay, of a correction to be paid back (negative), ``own_open`` the same in euros;
    ``discount_back`` stays of it in the house, as the invoice was paid with the cash discount.
    """

    id: int
    row_version: int
    number: str
    kind: str
    state: str
    cancels_id: int | None
    cancelled_by_id: int | None
    corrects_id: int | None
    part: int | None
    sales_order_id: int
    customer_id: int
    customer: str
    billing_address: dict[str, Any]
    snapshot: dict[str, Any]
    customer_vat_id: str | None
    tax_treatment: str
    invoice_date: date
    service_date: date | None
    due_date: date
    discount_pct: Decimal
    discount_date: date | None
    discount2_pct: Decimal
    discount2_date: date | None
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    prepaid_amount: Decimal
    credited_amount: Decimal
    paid_amount: Decimal
    discount_taken: Decimal
    open_amount: Decimal
    own_open: Decimal
    discount_back: Decimal
    currency: str
    exchange_rate: Decimal
    exchange_date: date | None
    own_tax_amount: Decimal
    own_gross_amount: Decimal
    reason: str | None
    created_by: str
    created_at: datetime
    lines: tuple[InvoiceLineRow, ...]
    taxes: tuple[tuple[Decimal, Decimal, Decimal], ...]
    payments: tuple[PaymentLine, ...]
    charges: tuple[InvoiceChargeRow, ...] = ()
    deductions: tuple[DeductionRow, ...] = ()

    @property
    def is_foreign(self) -> bool:
        """Whether it is in a foreign currency, which may be worth exactly as much as the house's own."""
        return self.currency != "EUR"


class PaymentProposal(NamedTuple):
    """What is to pay on a day: ``amount`` with the cash discount when it is due, else everything open.

    For a correction it is what is to be paid back.
    """

    invoice_id: int
    row_version: int
    number: str
    customer: str
    open_amount: Decimal
    use_discount: bool
    discount_pct: Decimal
    discount_date: date | None
    discount_amount: Decimal
    amount: Decimal
    due_date: date


class DocumentHit(NamedTuple):
    """A document found by its number or its customer's name."""

    topic: str
    id: int
    title: str
    subtitle: str
    state: str


def document_chain(session: Session, document_type: str, document_id: int) -> list[ChainLink]:
    """What belongs to a quote, sales_order, delivery, invoice or payment, in order; one round trip."""
    return ask(session, chain_question(document_type, document_id))


def chain_question(document_type: str, document_id: int) -> Question[list[ChainLink]]:
    """Asks for all documents that belong together."""
    statement = text("SELECT * FROM api.document_chain(:kind, :id)")
    values = {"kind": document_type, "id": document_id}
    return Question(statement, lambda rows: [ChainLink._make(row) for row in rows], values)


# -- invoicing and payment ------------------------------------------------------------------------------------

INVOICEABLE = """
SELECT d.id AS delivery_id, d.number, d.shipped_at, o.id AS sales_order_id,
       o.row_version AS sales_order_row_version, o.number AS order_number, c.id AS customer_id, c.name AS customer,
       (SELECT round(coalesce(sum(round(s.qty * l.unit_price * (100 - l.discount_pct) / 100, 2)
                                  + (SELECT coalesce(sum(
                                              (round(c.amount * (l.qty_invoiced + s.qty) / l.qty, 2)
                                               - round(c.amount * l.qty_invoiced / l.qty, 2))
                                              * CASE c.kind WHEN 'charge' THEN 1 ELSE -1 END), 0)
                                       FROM jsonb_to_recordset(l.charges) AS c (kind text, amount numeric))), 0)
                     / o.exchange_rate, 2)
          FROM (SELECT x.sales_order_line_id, sum(x.qty) AS qty FROM sales.delivery_line x
                 WHERE x.delivery_id = d.id GROUP BY x.sales_order_line_id) s
          JOIN sales.sales_order_line l ON l.id = s.sales_order_line_id) AS net_amount
  FROM sales.delivery d
  JOIN sales.sales_order o ON o.id = d.sales_order_id
  JOIN partners.partner c ON c.id = d.customer_id
 WHERE d.invoice_state = 'none' AND (CAST(:order AS bigint) IS NULL OR d.sales_order_id = CAST(:order AS bigint))
 ORDER BY d.id
 LIMIT :limit
"""


def invoiceable_deliveries(
    session: Session, sales_order_id: int | None = None, limit: int = 500
) -> list[Invoiceable]:
    """Deliveries without invoice, of one order or of all, the oldest first; one round trip."""
    rows = session.execute(text(INVOICEABLE), {"order": sales_order_id, "limit": limit})
    return [Invoiceable._make(row) for row in rows]


def get_invoice(session: Session, invoice_id: int, language: str = "de") -> InvoiceDetail:
    """An invoice with lines, taxes and payments; one round trip.  Raises Refused record_not_found."""
    found, lines = ask_together(session, *invoice_questions(invoice_id, language))
    return invoice_of(invoice_id, found, lines)


def invoice_of(
    invoice_id: int, found: InvoiceDetail | None, lines: tuple[InvoiceLineRow, ...]
) -> InvoiceDetail:
    """The invoice that the answers to `invoice_questions` are.  Raises Refused record_not_found."""
    if found is None:
        raise Refused("record_not_found", table="sales.invoice", id=invoice_id)
    return found._replace(lines=lines)


def invoice_questions(
    invoice_id: int, language: str
) -> tuple[Question[InvoiceDetail | None], Question[tuple[InvoiceLineRow, ...]]]:
    """Asks for an invoice and for its lines, whose units are called by their names."""
    taxes = _rows(InvoiceTax, invoice_id, "tax_rate", "tax_rate", "net_amount", "tax_amount")
    payments = _rows(Payment, invoice_id, "id", "id", *PaymentLine._fields[1:])
    counter = select(func.max(Invoice.id)).where(Invoice.cancels_id == invoice_id).scalar_subquery()
    charges = _rows(InvoiceCharge, invoice_id, "position", "kind", "reason", "pct", "amount", "tax_rate")
    names = InvoiceDetail._fields[:-5]
    own = {
        "cancelled_by_id": counter,
        "customer": Partner.name,
        "open_amount": open_amount(),
        "own_open": own_open(),
        "discount_back": _discount_back(),
    }
    columns = [own[name].label(name) if name in own else getattr(Invoice, name) for name in names]
    head = (
        select(
            *columns,
            taxes.label("taxes"),
            payments.label("payments"),
            charges.label("charges"),
            _deductions(invoice_id).label("deductions"),
        )
        .join(Partner, Partner.id == Invoice.customer_id)
        .where(Invoice.id == invoice_id)
    )
    unit_name = Unit.name_en if language == "en" else Unit.name_de
    back = aliased(InvoiceLine)
    taken = select(func.coalesce(-func.sum(back.qty), 0)).where(
        back.corrects_line_id == InvoiceLine.id, back.unit_code != ""
    )
    given = select(func.coalesce(-func.sum(back.net_amount), 0)).where(
        back.corrects_line_id == InvoiceLine.id
    )
    lines = (
        select(
            InvoiceLine.id,
            InvoiceLine.position,
            InvoiceLine.product_id,
            InvoiceLine.sku,
            InvoiceLine.description,
            func.coalesce(unit_name, InvoiceLine.unit_code),
            InvoiceLine.qty,
            InvoiceLine.unit_price,
            InvoiceLine.discount_pct,
            InvoiceLine.tax_rate,
            InvoiceLine.net_amount,
            InvoiceLine.delivery_id,
            InvoiceLine.tax_category,
            InvoiceLine.charges,
            taken.correlate(InvoiceLine).scalar_subquery(),
            given.correlate(InvoiceLine).scalar_subquery(),
        )
        .outerjoin(Unit, Unit.code == InvoiceLine.unit_code)
        .where(InvoiceLine.invoice_id == invoice_id)
        .order_by(InvoiceLine.position)
    )
    return Question(head, _invoice), Question(lines, lambda rows: tuple(map(InvoiceLineRow._make, rows)))


def _discount_back() -> Any:
    """What `sales.discount_back` of the database says of a correction that is still to be paid back."""
    first = aliased(Invoice)
    whole = func.nullif(first.gross_amount - first.prepaid_amount - first.credited_amount, 0)
    share = func.least(
        func.round(-Invoice.gross_amount * first.discount_taken / whole, 2),
        -Invoice.gross_amount - Decimal("0.01"),
    )
    found = select(share).where(
        first.id == Invoice.corrects_id, first.discount_taken > 0, Invoice.state == "open"
    )
    return func.coalesce(found.correlate(Invoice).scalar_subquery(), 0)


def _invoice(rows: Sequence[Any]) -> InvoiceDetail | None:
    if not rows:
        return None
    *values, taxes, payments, charges, deductions = rows[0]
    amounts = ("amount", "discount_amount", "own_paid", "own_amount")
    given = [
        PaymentLine(
            **x | {"paid_on": date.fromisoformat(x["paid_on"])} | {key: Decimal(x[key]) for key in amounts}
        )
        for x in payments
    ]
    rates = [(Decimal(x["tax_rate"]), Decimal(x["net_amount"]), Decimal(x["tax_amount"])) for x in taxes]
    found = InvoiceDetail._make(
        (*values, (), tuple(rates), tuple(given), _charge_rows(charges), _deduction_rows(deductions))
    )
    return found if found.state == "open" else found._replace(open_amount=Decimal(0))


def _charge_rows(found: Sequence[Mapping[str, Any]]) -> tuple[InvoiceChargeRow, ...]:
    return tuple(
        InvoiceChargeRow(
            x["kind"],
            x["reason"],
            None if x["pct"] is None else Decimal(x["pct"]),
            Decimal(x["amount"]),
            Decimal(x["tax_rate"]),
        )
        for x in reversed(found)
    )


def _deduction_rows(found: Sequence[Mapping[str, Any]]) -> tuple[DeductionRow, ...]:
    return tuple(
        DeductionRow(
            x["id"], x["number"], date.fromisoformat(x["date"]), Decimal(x["net"]), Decimal(x["tax"])
        )
        for x in found
    )


def _deductions(invoice_id: int) -> Any:
    """The down payments an invoice deducts, the oldest first, as one JSON array."""
    paid = aliased(Invoice)
    each = (
        select(
            paid.id,
            paid.number,
            paid.invoice_date,
            func.sum(InvoiceDeduction.net_amount).label("net"),
            func.sum(InvoiceDeduction.tax_amount).label("tax"),
        )
        .join(paid, paid.id == InvoiceDeduction.down_payment_id)
        .where(InvoiceDeduction.invoice_id == invoice_id)
        .group_by(paid.id, paid.number, paid.invoice_date)
        .subquery()
    )
    row = func.jsonb_build_object(
        "id",
        each.c.id,
        "number",
        each.c.number,
        "date",
        each.c.invoice_date,
        "net",
        each.c.net,
        "tax",
        each.c.tax,
    )
    listed = func.jsonb_agg(aggregate_order_by(row, each.c.id))
    return select(func.coalesce(listed, func.jsonb_build_array())).scalar_subquery()


def _rows(model: Any, invoice_id: int, order: str, *names: str) -> Any:
    """Side rows of the invoice as one JSON array, so that the header brings them along."""
    pairs: list[Any] = []
    for name in names:
        pairs += [name, getattr(model, name)]
    listed = func.jsonb_agg(aggregate_order_by(func.jsonb_build_object(*pairs), getattr(model, order).desc()))
    rows = select(func.coalesce(listed, func.jsonb_build_array()))
    return rows.where(model.invoice_id == invoice_id).scalar_subquery()


def payment_proposal(session: Session, invoice_id: int, paid_on: date | None = None) -> PaymentProposal:
    """What is to pay for an open invoice on a day (today unless given); one round trip.

    Raises Refused record_not_found, invoice_not_open.
    """
    row = session.execute(
        select(
            Invoice.row_version,
            Invoice.number,
            Partner.name,
            Invoice.state,
            Invoice.kind,
            (Invoice.gross_amount - Invoice.prepaid_amount - Invoice.credited_amount).label("payable"),
            open_amount().label("left"),
            Invoice.discount_pct,
            Invoice.discount_date,
            Invoice.discount2_pct,
            Invoice.discount2_date,
            Invoice.due_date,
            today().label("today"),
            _discount_back().label("back"),
        )
        .join(Partner, Partner.id == Invoice.customer_id)
        .where(Invoice.id == invoice_id)
    ).one_or_none()
    if row is None:
        raise Refused("record_not_found", table="sales.invoice", id=invoice_id)
    if row.state != "open":
        raise Refused("invoice_not_open", state=row.state)
    left = abs(row.left)
    second = (row.discount2_pct, row.discount2_date)
    day = paid_on or row.today
    skonto = rules.cash_discount(row.payable, left, row.discount_pct, row.discount_date, day, second)
    return PaymentProposal(
        invoice_id=invoice_id,
        row_version=row.row_version,
        number=row.number,
        customer=row.name,
        open_amount=left,
        use_discount=skonto.due,
        discount_pct=skonto.pct,
        discount_date=skonto.until,
        discount_amount=skonto.amount,
        amount=skonto.payable - row.back,
        due_date=row.due_date,
    )


# -- search ---------------------------------------------------------------------------------------------------

_BY_NUMBER = """
SELECT 'sales.{table}' AS topic, h.id, h.number, c.name, h.state, 0 AS rank
  FROM sales.{table} h JOIN partners.partner c ON c.id = h.customer_id WHERE h.number = ANY (:numbers)
"""
_BY_NAME = """
SELECT * FROM (
  SELECT 'sales.{table}', h.id, coalesce(h.number, '#' || h.id), c.name, h.state, 1
    FROM partners.search_partners(:typed, 5, 'customer') s
    JOIN partners.partner c ON c.id = s.id
    JOIN sales.{table} h ON h.customer_id = c.id
   ORDER BY h.id DESC LIMIT :limit) x
"""


def search_documents(
    session: Session, typed: str, limit: int = 8, topics: Sequence[str] = ()
) -> list[DocumentHit]:
    """Documents by number ("12", "RE 12", "AU-2026-00012") or by customer, newest first; one round trip.

    ``topics`` (``sales.quote`` …) narrows to kinds of documents.  Who may not read orders and invoices finds
    deliveries.
    """
    kinds = ("sales_order", "quote", "invoice", "delivery")
    allowed = kinds if may_read(session, "sales.sales_order") else ("delivery",)
    tables = [kind for kind in allowed if not topics or f"sales.{kind}" in topics]
    if not tables:
        return []
    numbers = rules.number_candidates(typed, datetime.now(UTC).year)
    if numbers:
        statement = " UNION ALL ".join(_BY_NUMBER.format(table=table) for table in tables)
    elif len(typed.strip()) >= 3:
        statement = " UNION ALL ".join(_BY_NAME.format(table=table) for table in tables)
    else:
        return []
    bound = text(f"SELECT * FROM ({statement}) y ORDER BY id DESC LIMIT :limit")  # noqa: S608  (fixed table names)
    bound = bound.bindparams(bindparam("limit", limit))
    bound = bound.bindparams(numbers=list(numbers)) if numbers else bound.bindparams(typed=typed)
    return [DocumentHit(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(bound)]
