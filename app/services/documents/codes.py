"""Codes on papers: bar codes of the house's own numbers and the code a bank's app pays by (EPC069-12)."""

from decimal import Decimal

from app.core.errors import Invalid
from app.services.documents.data import DocumentData
from app.services.documents.typeset import Pen, clean
from app.services.labels.symbols import encode

MODULE = 0.3  # mm of the narrowest bar: what office printers print and hand scanners read
QUIET = 10  # modules of light margin at both ends of a Code 128
PAYMENT_SIDE = 24.0  # mm with its margin
_QUIET_QR = 4
_LARGEST = Decimal("999999999.99")


def bars_width(text: str) -> float:
    """How wide the Code 128 of a text is at its usual size, light margins included; 0 when it cannot be one."""
    try:
        return (len(encode("code128", text).rows[0]) + 2 * QUIET) * MODULE
    except Invalid:
        return 0.0


def bars(pen: Pen, text: str, x: float, y: float, wide: float, high: float) -> None:
    """Draw a Code 128 into the box, its light margins inside."""
    try:
        row = encode("code128", text).rows[0]
    except Invalid:
        return  # letters no bar code can hold; the words stand beside it
    module = wide / (len(row) + 2 * QUIET)
    pen.modules((row,), x + QUIET * module, y, len(row) * module, high)


def payment_text(data: DocumentData) -> str:
    """What the payment code of a document says; empty when nothing can be paid by it.

    Only transfers in euro above zero have one; a draft has none, for its number is not given yet.
    """
    company, payable = data.company, _payable(data)
    iban = "".join(company.iban.split()).upper()
    if data.draft or not data.design.payment_code or not iban or payable is None:
        return ""
    if not Decimal("0.01") <= payable <= _LARGEST:
        return ""
    bic = "".join(company.bic.split()).upper()
    purpose = data.number or ", ".join(item.number for item in data.items)
    lines = ("BCD", "002", "1", "SCT", bic, _line(company.name, 70), iban, f"EUR{payable:.2f}", "", "")
    return "\n".join((*lines, _line(purpose, 140)))


def draw_payment(pen: Pen, text: str, x: float, y: float) -> None:
    """Draw the payment code from its top left corner."""
    rows = encode("qr", text).rows
    module = PAYMENT_SIDE / (len(rows) + 2 * _QUIET_QR)
    side = module * len(rows)
    pen.modules(rows, x + _QUIET_QR * module, y + _QUIET_QR * module, side, side)


def _payable(data: DocumentData) -> Decimal | None:
    if data.reminder is not None:
        return data.reminder.total if data.reminder.currency == "EUR" else None
    totals = data.totals
    if totals is None or totals.currency != "EUR":
        return None
    return totals.gross if totals.payable is None else totals.payable


def _line(text: str, most: int) -> str:
    return clean(text).replace("\n", " ").strip()[:most]
