"""Posting suppliers' invoices: one call of the database each."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api, posting
from app.models.purchasing import Tolerance
from app.services import records
from app.services.purchasing.commands import (
    CancelInvoice,
    Discard,
    EnterInvoice,
    PayInvoice,
    PayInvoices,
    SaveInvoice,
    SaveTolerance,
)
from app.services.records import Saved

INVOICE, RECEIVED, ORDER = "purchasing.purchase_invoice", "purchasing.received", "purchasing.purchase_order"
REQUEST = "system.approval_request"
_CELLS = (
    "id",
    "purchase_order_line_id",
    "product_id",
    "description",
    "supplier_sku",
    "unit_code",
    "qty",
    "unit_price",
    "net_amount",
    "tax_category",
    "tax_rate",
    "accept_reason",
)


class Entered(NamedTuple):
    """An invoice that waits for approval."""

    id: int
    number: str
    row_version: int
    request_id: int


class Cancelled(NamedTuple):
    """A cancelled invoice; ``counter_id`` is the counter-document of a posted one."""

    id: int
    row_version: int
    counter_id: int | None


class Paid(NamedTuple):
    """A booked payment and what is still open after it."""

    id: int
    invoice_id: int
    row_version: int
    state: str
    discount_amount: Decimal
    open_amount: Decimal


@posting
def save_invoice(session: Session, command: SaveInvoice) -> Result[Saved]:
    """Create or change a draft with its lines.

    Raises `Conflict` when somebody changed it meanwhile; Duplicate uq_purchase_invoice_number for a number the supplier
    has used already; Refused: purchase_invoice_not_draft, supplier_not_active, purchase_invoice_number_missing,
    purchase_invoice_date_out_of_range, purchase_invoice_due, purchase_invoice_discount, purchase_invoice_corrects,
    received_not_usable, and for a line (position) purchase_invoice_line_qty, purchase_invoice_line_tax,
    purchase_invoice_other_supplier, purchase_line_price_not_negative, description_required.
    """
    lines = None if command.lines is None else [{key: x.get(key) for key in _CELLS} for x in command.lines]
    answer = call_api(
        session,
        "purchase_invoice_save",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_header=dict(command.values),
        p_lines=lines,
    )
    saved = Saved(int(answer["id"]), int(answer["row_version"]))
    return Result(saved, changed((INVOICE, saved.id), (RECEIVED, None)))


@posting
def enter_invoice(session: Session, command: EnterInvoice) -> Result[Entered]:
    """Enter a draft.

    Refused: purchase_invoice_has_no_lines, purchase_invoice_sum_missing, purchase_invoice_sum_differs (stated, found),
    purchase_invoice_sign, purchase_credit_sign, purchase_invoice_findings_open (n), exchange_rate_missing (currency,
    date).
    """
    answer = call_api(
        session,
        "purchase_invoice_enter",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    value = Entered(command.id, str(answer["number"]), int(answer["row_version"]), int(answer["request_id"]))
    return Result(
        value,
        changed(
            (INVOICE, command.id), (ORDER, None), (REQUEST, value.request_id), ("documents.issued", None)
        ),
    )


@posting
def cancel_invoice(session: Session, command: CancelInvoice) -> Result[Cancelled]:
    """Cancel an unpaid invoice.  Refused: purchase_invoice_not_cancellable, purchase_invoice_has_payments,
    reason_required; NotAllowed for a posted one without the right to pay."""
    answer = call_api(
        session,
        "purchase_invoice_cancel",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_reason=command.reason,
    )
    counter = answer["counter_id"]
    value = Cancelled(command.id, int(answer["row_version"]), None if counter is None else int(counter))
    return Result(
        value,
        changed((INVOICE, command.id), (INVOICE, None), (RECEIVED, None), (ORDER, None), (REQUEST, None)),
    )


@posting
def discard_invoice(session: Session, command: Discard) -> Result[None]:
    """Delete a draft that never had a number."""
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=INVOICE,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((INVOICE, command.id), (RECEIVED, None)))


@posting
def pay_invoice(session: Session, command: PayInvoice) -> Result[Paid]:
    """Book a payment.

    Refused: purchase_invoice_not_approved, payment_positive, payment_date_out_of_range, no_cash_discount,
    discount_period_over, payment_does_not_settle (needed), payment_exceeds_open (open), payment_own_amount,
    exchange_rate_missing (currency, date).
    """
    answer = call_api(
        session,
        "purchase_payment_post",
        p_command=command.command,
        p_purchase_invoice_id=command.id,
        p_row_version=command.row_version,
        p_amount=command.amount,
        p_paid_on=command.paid_on,
        p_use_discount=command.use_discount,
        p_reference=command.reference,
        p_own_paid=command.own_paid,
    )
    value = Paid(
        int(answer["id"]),
        command.id,
        int(answer["row_version"]),
        str(answer["state"]),
        Decimal(str(answer["discount_amount"])),
        Decimal(str(answer["open_amount"])),
    )
    return Result(value, changed((INVOICE, command.id), ("purchasing.purchase_payment", value.id)))


def save_tolerance(session: Session, command: SaveTolerance) -> Result[Saved]:
    """Change how far suppliers may differ from orders."""
    row = records.save(session, Tolerance, command.id, command.row_version, command.values)
    return Result(Saved(row.id, row.row_version), changed(("purchasing.tolerance", row.id)))


def pay_invoices(session: Session, command: PayInvoices) -> Result[int]:
    """Book several payments, all or none; the value says how many.  Raises like `pay_invoice`."""
    results = [pay_invoice(session, one) for one in command.payments]
    return Result(len(results), NO_CHANGES.union(*(result.changes for result in results)))
