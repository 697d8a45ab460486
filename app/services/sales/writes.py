"""Saving drafts and posting documents.  Postings are one call of the database each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    Numeric,
    String,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.core.changes import Changes, Result, changed
from app.core.db import call_api, posting
from app.core.errors import Conflict, Invalid, Refused
from app.models.sales import Quote, QuoteLine, SalesOrder, SalesOrderLine
from app.services.records import Saved
from app.services.sales import rules
from app.services.sales.commands import (
    CancelInvoice,
    CancelSalesOrder,
    ConfirmSalesOrder,
    ConvertQuote,
    DecideApproval,
    DiscardDraft,
    IssueQuote,
    PostInvoice,
    PostPayment,
    RejectQuote,
    RequestApproval,
    ReserveSalesOrder,
    SaveDraft,
    SaveQuote,
    SaveSalesOrder,
    ShipDelivery,
)

QUOTE, ORDER, DELIVERY, INVOICE = "sales.quote", "sales.sales_order", "sales.delivery", "sales.invoice"
STOCK, APPROVAL = "inventory.stock_level", "sales.discount_approval"
_HEADER = (
    "customer_id",
    "contact_id",
    "delivery_address_id",
    "warehouse_id",
    "price_list_id",
    "payment_term_id",
    "customer_reference",
    "remark",
)
_CELLS = ("position", "product_id", "description", "qty", "unit_price", "discount_pct", "tax_rate")


class Issued(NamedTuple):
    """A document that got its number."""

    id: int
    number: str
    row_version: int
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal


class Shortage(NamedTuple):
    """What could not be reserved of an order line."""

    line_id: int
    position: int
    product_id: int
    sku: str
    wanted: Decimal
    reserved: Decimal
    missing: Decimal


class Confirmed(NamedTuple):
    """A confirmed order and what is short of it."""

    id: int
    number: str
    row_version: int
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    shortages: tuple[Shortage, ...]


class Shipped(NamedTuple):
    """A posted delivery; ``sales_order_row_version`` is the order's new version."""

    id: int
    number: str
    sales_order_id: int
    sales_order_row_version: int


class Paid(NamedTuple):
    """A booked payment: what it did to its invoice."""

    id: int
    invoice_id: int
    row_version: int
    state: str
    discount_amount: Decimal
    open_amount: Decimal


class Requested(NamedTuple):
    """A requested approval: the discount asked for, in percent, and the line with the highest."""

    id: int
    row_version: int
    pct: Decimal
    position: int


@dataclass(frozen=True)
class _Kind:
    header: Any
    line: Any
    key: str
    topic: str
    fields: tuple[str, ...]


_QUOTE = _Kind(Quote, QuoteLine, "quote_id", QUOTE, (*_HEADER, "quote_date", "valid_until"))
_ORDER = _Kind(
    SalesOrder, SalesOrderLine, "sales_order_id", ORDER, (*_HEADER, "order_date", "requested_date")
)


# -- drafts ---------------------------------------------------------------------------------------------------


def save_quote(session: Session, command: SaveQuote) -> Result[Saved]:
    """Create or change a draft quote with its lines.

    Raises `Conflict` when somebody changed it (or a line of it) meanwhile, `Refused` when it is no draft any more,
    `Invalid` for a value that breaks a rule (``column``, and ``position`` of the line).
    """
    return _save(session, _QUOTE, command)


def save_sales_order(session: Session, command: SaveSalesOrder) -> Result[Saved]:
    """Create or change a draft order with its lines; raises like `save_quote`."""
    return _save(session, _ORDER, command)


def _save(session: Session, kind: _Kind, command: SaveDraft) -> Result[Saved]:
    unknown = set(command.values) - set(kind.fields)
    if unknown:
        raise ValueError(f"{kind.topic} has no columns {sorted(unknown)} to be written")
    values = {name: command.values[name] for name in kind.fields if name in command.values}
    lines = (
        None if command.lines is None else [rules.check_line(n, x) for n, x in enumerate(command.lines, 1)]
    )
    if command.id is None:
        saved = _create(session, kind, values, lines or [])
    else:
        saved = _change(session, kind, command.id, command.row_version, values, lines)
    return Result(saved, changed((kind.topic, saved.id)))


def _create(session: Session, kind: _Kind, values: Mapping[str, Any], lines: list[dict[str, Any]]) -> Saved:
    for name in ("customer_id", "warehouse_id", "price_list_id", "payment_term_id"):
        if values.get(name) is None:
            raise Invalid("required", column=name)
    head = kind.header
    record_id, version = session.execute(
        insert(head).values(**values).returning(head.id, head.row_version),
        execution_options={"autoflush": False},
    ).one()
    if lines:
        _add_lines(session, kind, record_id, lines)
        version += 1  # the database writes the totals into the header, once per statement
    return Saved(record_id, version)


def _change(
    session: Session,
    kind: _Kind,
    record_id: int,
    row_version: int | None,
    values: Mapping[str, Any],
    lines: list[dict[str, Any]] | None,
) -> Saved:
    head = kind.header
    written = values or {"remark": head.remark}
    version = session.execute(
        update(head)
        .where(head.id == record_id, head.row_version == row_version, head.state == "draft")
        .values(**written)
        .returning(head.row_version)
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    if version is None:
        _explain_unchanged(session, kind, record_id, row_version)
    if lines is not None and _replace_lines(session, kind, record_id, lines):
        version = session.execute(select(head.row_version).where(head.id == record_id)).scalar_one()
    return Saved(record_id, int(version))  # type: ignore[arg-type]


def _explain_unchanged(session: Session, kind: _Kind, record_id: int, row_version: int | None) -> None:
    """Why a draft could not be written: gone, no draft any more, or changed by somebody."""
    head = kind.header
    there = session.execute(select(head.row_version, head.state).where(head.id == record_id)).one_or_none()
    if there is None:
        raise Refused("record_not_found", table=kind.topic, id=record_id)
    if there.state != "draft":
        raise Refused(f"{head.__tablename__}_not_draft", id=record_id, state=there.state)
    raise Conflict("stale", table=kind.topic, id=record_id, row_version=there.row_version, seen=row_version)


def _replace_lines(session: Session, kind: _Kind, record_id: int, lines: list[dict[str, Any]]) -> bool:
    """Make the stored lines equal to the given ones by at most three statements; False when they were equal."""
    table = kind.line
    cells = [getattr(table, name) for name in _CELLS]
    stored = {
        row.id: tuple(row)[1:]
        for row in session.execute(select(table.id, *cells).where(getattr(table, kind.key) == record_id))
    }
    kept = {line["id"] for line in lines if line["id"] is not None}
    if not kept <= stored.keys():
        raise Refused("record_not_found", table=kind.topic, id=record_id)
    gone = tuple(sorted(stored.keys() - kept))
    other = [x for x in lines if x["id"] is not None and tuple(x[n] for n in _CELLS) != stored[x["id"]]]
    new = [x for x in lines if x["id"] is None]
    if gone:
        call_api(session, "sales_lines_discard", p_table=kind.topic, p_document_id=record_id, p_line_ids=gone)
    if other:
        given = _given(other)
        session.execute(
            update(table)
            .where(table.id == given.c.id, getattr(table, kind.key) == record_id)
            .values({name: given.c[name] for name in _CELLS})
            .execution_options(synchronize_session=False)
        )
    if new:
        _add_lines(session, kind, record_id, new)
    return bool(gone or other or new)


def _add_lines(session: Session, kind: _Kind, record_id: int, lines: list[dict[str, Any]]) -> None:
    given = _given(lines)
    rows = select(literal(record_id, BigInteger), *(given.c[name] for name in _CELLS)).order_by(
        given.c.position
    )
    session.execute(
        insert(kind.line.__table__).from_select([kind.key, *_CELLS], rows, include_defaults=False)
    )


def _given(lines: Sequence[Mapping[str, Any]]) -> Any:
    """The lines as a table of the statement: any number of them is one statement with one parameter."""
    rows = func.jsonb_to_recordset(cast(bindparam(None, list(lines), type_=JSONB), JSONB)).table_valued(
        column("id", BigInteger),
        column("position", Integer),
        column("product_id", BigInteger),
        column("description", String),
        *(column(name, Numeric) for name in ("qty", "unit_price", "discount_pct", "tax_rate")),
        name="given",
    )
    return rows.render_derived(name="given", with_types=True)


@posting
def discard_draft(session: Session, command: DiscardDraft) -> Result[int]:
    """Delete a draft with its lines.  Raises `Refused` when it is no draft, `Conflict` when somebody changed it."""
    topic = f"sales.{command.document_type}"
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=topic,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(command.id, changed((topic, command.id)))


# -- postings -------------------------------------------------------------------------------------------------


@posting
def issue_quote(session: Session, command: IssueQuote) -> Result[Issued]:
    """Issue a draft quote.

    Raises NotAllowed ``discount_limit`` (limit, pct, position) above one's limit without an approval, and Refused:
    quote_not_draft, quote_has_no_lines, quote_expired, price_missing, product_not_for_sale, quantity_too_precise,
    customer_not_active, customer_without_address, address_of_other_customer, price_list_not_for_customer,
    document_date_out_of_range.
    """
    answer = _call(session, "quote_issue", command)
    return Result(_issued(answer), changed((QUOTE, command.id)))


@posting
def convert_quote(session: Session, command: ConvertQuote) -> Result[Saved]:
    """Turn an issued quote into a draft order; the value is the order.  Refused: quote_not_convertible, quote_expired."""
    answer = _call(session, "quote_convert", command)
    order = Saved(int(answer["sales_order_id"]), int(answer["sales_order_row_version"]))
    return Result(order, changed((QUOTE, command.id), (ORDER, order.id)))


@posting
def reject_quote(session: Session, command: RejectQuote) -> Result[Saved]:
    """The customer declined an issued quote."""
    answer = _call(session, "quote_reject", command, p_reason=command.reason)
    return Result(Saved(command.id, int(answer["row_version"])), changed((QUOTE, command.id)))


@posting
def confirm_sales_order(session: Session, command: ConfirmSalesOrder) -> Result[Confirmed]:
    """Confirm a draft order and reserve what is free.

    Raises like `issue_quote` (keys sales_order_…), Refused customer_delivery_blocked, and Confirm
    ``credit_limit_exceeded`` (limit, exposure) unless acknowledged.
    """
    answer = _call(session, "sales_order_confirm", command, p_acknowledged=command.acknowledged)
    value = Confirmed(*_issued(answer), shortages=_shortages(answer))
    return Result(value, changed((ORDER, command.id), (STOCK, None)))


@posting
def reserve_sales_order(session: Session, command: ReserveSalesOrder) -> Result[tuple[Shortage, ...]]:
    """Reserve for a confirmed order what has become free; the value is what is still missing."""
    answer = _call(session, "sales_order_reserve", command)
    return Result(_shortages(answer), changed((ORDER, command.id), (STOCK, None)))


@posting
def cancel_sales_order(session: Session, command: CancelSalesOrder) -> Result[Saved]:
    """Cancel a confirmed order.  Refused: reason_missing, sales_order_already_shipped, sales_order_not_confirmed."""
    answer = _call(session, "sales_order_cancel", command, p_reason=command.reason)
    return Result(Saved(command.id, int(answer["row_version"])), changed((ORDER, command.id), (STOCK, None)))


@posting
def ship_delivery(session: Session, command: ShipDelivery) -> Result[Shipped]:
    """Ship parts of a confirmed order.

    Refused: delivery_has_no_lines, delivery_exceeds_open (position, open, qty), delivery_line_unknown, place_missing,
    place_of_other_warehouse, customer_delivery_blocked, and what stock itself refuses (stock_not_negative,
    stock_reserved, lot_required …).
    """
    picks = [
        {
            "sales_order_line_id": p.sales_order_line_id,
            "place_id": p.place_id,
            "lot_id": p.lot_id,
            "qty": p.qty,
        }
        for p in command.picks
    ]
    answer = call_api(
        session,
        "delivery_ship",
        p_command=command.command,
        p_sales_order_id=command.sales_order_id,
        p_row_version=command.row_version,
        p_lines=picks,
    )
    value = Shipped(
        int(answer["id"]), answer["number"], command.sales_order_id, int(answer["sales_order_row_version"])
    )
    return Result(value, changed((DELIVERY, value.id), (ORDER, command.sales_order_id), (STOCK, None)))


@posting
def post_invoice(session: Session, command: PostInvoice) -> Result[Issued]:
    """Post the invoice of deliveries.  Refused: delivery_not_invoiceable, sales_order_not_confirmed."""
    answer = call_api(
        session,
        "invoice_post",
        p_command=command.command,
        p_sales_order_id=command.sales_order_id,
        p_row_version=command.row_version,
        p_delivery_ids=command.delivery_ids,
    )
    value = _issued(answer)
    deliveries: Changes = changed(*((DELIVERY, delivery) for delivery in command.delivery_ids))
    return Result(value, changed((INVOICE, value.id), (ORDER, command.sales_order_id)) | deliveries)


@posting
def cancel_invoice(session: Session, command: CancelInvoice) -> Result[Shipped]:
    """Cancel an unpaid invoice; the value names the counter-invoice and its order.

    Refused: reason_missing, invoice_has_payments, invoice_not_cancellable.
    """
    answer = _call(session, "invoice_cancel", command, p_reason=command.reason)
    order = int(answer["sales_order_id"])
    value = Shipped(int(answer["id"]), answer["number"], order, int(answer["sales_order_row_version"]))
    return Result(
        value, changed((INVOICE, command.id), (INVOICE, value.id), (ORDER, order), (DELIVERY, None))
    )


@posting
def post_payment(session: Session, command: PostPayment) -> Result[Paid]:
    """Book money received.

    Refused: invoice_not_open, payment_positive, payment_date_out_of_range, payment_exceeds_open (open), and with the
    cash discount no_cash_discount, discount_period_over (date), payment_does_not_settle (needed).
    """
    answer = call_api(
        session,
        "payment_post",
        p_command=command.command,
        p_invoice_id=command.invoice_id,
        p_row_version=command.row_version,
        p_amount=command.amount,
        p_paid_on=command.paid_on,
        p_use_discount=command.use_discount,
        p_reference=command.reference,
    )
    value = Paid(
        int(answer["id"]),
        command.invoice_id,
        int(answer["row_version"]),
        answer["state"],
        Decimal(answer["discount_amount"]),
        Decimal(answer["open_amount"]),
    )
    return Result(value, changed((INVOICE, command.invoice_id), ("sales.payment", value.id)))


@posting
def request_approval(session: Session, command: RequestApproval) -> Result[Requested]:
    """Ask for the discount of a draft.  Refused: approval_not_needed, approval_already_requested, reason_missing."""
    answer = call_api(
        session,
        "discount_approval_request",
        p_command=command.command,
        p_document_type=command.document_type,
        p_document_id=command.document_id,
        p_reason=command.reason,
    )
    value = Requested(
        int(answer["id"]), int(answer["row_version"]), Decimal(answer["pct"]), int(answer["position"])
    )
    return Result(
        value, changed((APPROVAL, value.id), (f"sales.{command.document_type}", command.document_id))
    )


@posting
def decide_approval(session: Session, command: DecideApproval) -> Result[Saved]:
    """Approve or reject.  NotAllowed: approver_is_somebody_else, discount_limit; Refused: approval_already_decided."""
    answer = _call(
        session, "discount_approval_decide", command, p_approve=command.approve, p_comment=command.comment
    )
    document = (f"sales.{answer['document_type']}", int(answer["document_id"]))
    return Result(Saved(command.id, int(answer["row_version"])), changed((APPROVAL, command.id), document))


def _call(session: Session, function: str, command: Any, **more: Any) -> dict[str, Any]:
    return call_api(
        session,
        function,
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        **more,
    )


def _issued(answer: Mapping[str, Any]) -> Issued:
    return Issued(
        int(answer["id"]),
        answer["number"],
        int(answer["row_version"]),
        Decimal(answer["net_amount"]),
        Decimal(answer["tax_amount"]),
        Decimal(answer["gross_amount"]),
    )


def _shortages(answer: Mapping[str, Any]) -> tuple[Shortage, ...]:
    amounts = ("wanted", "reserved", "missing")
    return tuple(
        Shortage(**{name: Decimal(x[name]) if name in amounts else x[name] for name in Shortage._fields})
        for x in answer["shortages"]
    )
