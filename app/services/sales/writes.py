"""Posting documents: one call of the database each.  Saving drafts is in `drafts`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Changes, Result, changed
from app.core.db import call_api, posting
from app.services.records import Saved
from app.services.sales.commands import (
    CancelInvoice,
    CancelSalesOrder,
    ConfirmSalesOrder,
    ConvertQuote,
    CorrectInvoice,
    IssueQuote,
    PostDownPayment,
    PostInvoice,
    PostPayment,
    RejectQuote,
    RequestApproval,
    RequestCreditApproval,
    ReserveSalesOrder,
    ShipDelivery,
)
from app.services.sales.drafts import ORDER, QUOTE, discard_draft, save_quote, save_sales_order

DELIVERY, INVOICE = "sales.delivery", "sales.invoice"
STOCK, APPROVAL = "inventory.stock_level", "system.approval_request"
__all__ = [
    "Confirmed",
    "Corrected",
    "Issued",
    "Paid",
    "Requested",
    "Shipped",
    "Shortage",
    "cancel_invoice",
    "cancel_sales_order",
    "confirm_sales_order",
    "convert_quote",
    "correct_invoice",
    "discard_draft",
    "issue_quote",
    "post_down_payment",
    "post_invoice",
    "post_payment",
    "reject_quote",
    "request_approval",
    "request_credit_approval",
    "reserve_sales_order",
    "save_quote",
    "save_sales_order",
    "ship_delivery",
]


class Issued(NamedTuple):
    """A document that got its number."""

    id: int
    number: str
    row_version: int
    net_amount: Decimal
    tax_amount: Decimal
    gross_amount: Decimal
    currency: str = "EUR"


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


class Corrected(NamedTuple):
    """A correction, its amounts negative; ``set_off`` was open on the invoice, ``open_amount`` is to be paid back."""

    id: int
    number: str
    gross_amount: Decimal
    set_off: Decimal
    open_amount: Decimal


class Requested(NamedTuple):
    """A requested approval: the discount asked for, in percent, and the line with the highest."""

    id: int
    row_version: int
    pct: Decimal
    position: int


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
    """Turn an issued quote into a draft order, the value.  Refused: quote_not_convertible, quote_expired."""
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

    Raises like `issue_quote` (keys sales_order_…), Refused customer_delivery_blocked, and NotAllowed
    ``credit_limit_exceeded`` (limit, exposure) unless somebody else has approved it.
    """
    answer = _call(session, "sales_order_confirm", command, p_acknowledged=command.acknowledged)
    value = Confirmed(*_issued(answer)[:6], shortages=_shortages(answer))
    return Result(value, changed((ORDER, command.id), (STOCK, None)))


@posting
def reserve_sales_order(session: Session, command: ReserveSalesOrder) -> Result[tuple[Shortage, ...]]:
    """Reserve for a confirmed order what has become free; the value is what is still missing."""
    answer = _call(session, "sales_order_reserve", command)
    return Result(_shortages(answer), changed((ORDER, command.id), (STOCK, None)))


@posting
def cancel_sales_order(session: Session, command: CancelSalesOrder) -> Result[Saved]:
    """Cancel a confirmed order.  Refused: reason_required, sales_order_already_shipped, sales_order_not_confirmed."""
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
    """Post the invoice of deliveries; paid down payments are deducted.

    Refused: delivery_not_invoiceable, sales_order_not_confirmed, down_payment_not_paid (number) with the last delivery,
    allowance_exceeds_lines.
    """
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
def post_down_payment(session: Session, command: PostDownPayment) -> Result[Issued]:
    """Post the invoice of a down payment.

    Refused: sales_order_not_confirmed, down_payment_amount, down_payment_due_date, down_payment_exceeds_order (left).
    """
    answer = call_api(
        session,
        "down_payment_post",
        p_command=command.command,
        p_sales_order_id=command.sales_order_id,
        p_row_version=command.row_version,
        p_pct=command.pct,
        p_amount=command.amount,
        p_due_date=command.due_date,
    )
    value = _issued(answer)
    return Result(value, changed((INVOICE, value.id), (ORDER, command.sales_order_id)))


@posting
def correct_invoice(session: Session, command: CorrectInvoice) -> Result[Corrected]:
    """Take something of an invoice back by a correction with its own number.

    Refused: reason_required, invoice_not_correctable, correction_without_lines, correction_line_malformed,
    correction_exceeds_line (position), correction_exceeds_invoice.
    """
    lines = [
        {"invoice_line_id": x.invoice_line_id, "qty": x.qty}
        if x.qty is not None
        else {"invoice_line_id": x.invoice_line_id, "amount": x.amount}
        for x in command.lines
    ]
    answer = _call(session, "invoice_correct", command, p_lines=lines, p_reason=command.reason)
    value = Corrected(
        int(answer["id"]),
        answer["number"],
        Decimal(answer["gross_amount"]),
        Decimal(answer["set_off"]),
        Decimal(answer["open_amount"]),
    )
    changes = changed((INVOICE, command.id), (INVOICE, value.id), (ORDER, int(answer["sales_order_id"])))
    return Result(value, changes)


@posting
def cancel_invoice(session: Session, command: CancelInvoice) -> Result[Shipped]:
    """Cancel an unpaid invoice; the value names the counter-invoice and its order.

    Refused: reason_required, invoice_has_payments, invoice_has_corrections, invoice_not_cancellable.
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
    cash discount no_cash_discount, discount_period_over (date), payment_does_not_settle (needed); of an invoice in a
    foreign currency exchange_rate_missing (currency, date), payment_own_amount.
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
        p_own_paid=command.own_paid,
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
    """Ask for the discount of a draft.  Refused: approval_not_needed, approval_already_requested, reason_required."""
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
def request_credit_approval(session: Session, command: RequestCreditApproval) -> Result[int]:
    """Ask for an order above the credit limit.  Refused: credit_approval_not_needed, approval_already_requested."""
    answer = call_api(
        session,
        "credit_approval_request",
        p_command=command.command,
        p_sales_order_id=command.sales_order_id,
        p_reason=command.reason,
    )
    return Result(int(answer["id"]), changed((APPROVAL, int(answer["id"])), (ORDER, command.sales_order_id)))


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
        answer.get("currency", "EUR"),
    )


def _shortages(answer: Mapping[str, Any]) -> tuple[Shortage, ...]:
    return tuple(
        Shortage(
            line_id=int(x["line_id"]),
            position=int(x["position"]),
            product_id=int(x["product_id"]),
            sku=x["sku"],
            wanted=Decimal(x["wanted"]),
            reserved=Decimal(x["reserved"]),
            missing=Decimal(x["missing"]),
        )
        for x in answer["shortages"]
    )
