"""Changes to supplier prices; purchase orders and goods receipts: one call of the database each."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.models.purchasing import SupplierPrice
from app.services import records
from app.services.purchasing import rules
from app.services.purchasing.commands import (
    CloseOrder,
    ConfirmOrder,
    Discard,
    IssueOrder,
    PostReceipt,
    PostReturn,
    SaveOrder,
    SaveSupplierPrice,
)
from app.services.records import Saved

ORDER, RECEIPT, STOCK = "purchasing.purchase_order", "purchasing.goods_receipt", "inventory.stock_level"


class Issued(NamedTuple):
    """An order that got its number."""

    id: int
    number: str
    row_version: int
    net_amount: Decimal


class Closed(NamedTuple):
    """An order nothing more is awaited of: cancelled or closed."""

    id: int
    number: str
    state: str
    row_version: int


class Received(NamedTuple):
    """A posted receipt or return; ``order_row_version`` is the order's new version."""

    id: int
    number: str
    purchase_order_id: int
    order_row_version: int


def save_supplier_price(session: Session, command: SaveSupplierPrice) -> Result[Saved]:
    """Create or change a supplier's price.  Of the prices for a product one supplier's are the preferred ones."""
    values = rules.supplier_price_values(command.values, new=command.id is None)
    offer = records.save(session, SupplierPrice, command.id, command.row_version, values)
    if values.get("is_preferred"):
        session.execute(
            update(SupplierPrice)
            .where(
                SupplierPrice.product_id == offer.product_id,
                SupplierPrice.supplier_id != offer.supplier_id,
                SupplierPrice.is_preferred,
            )
            .values(is_preferred=False)
            .execution_options(synchronize_session=False)
        )
    topics = changed(("catalog.product", offer.product_id), ("purchasing.supplier_price", offer.id))
    return Result(Saved(offer.id, offer.row_version), topics)


def discard_supplier_price(session: Session, command: Discard) -> Result[None]:
    """Remove a price that was entered by mistake."""
    offer = records.find(session, SupplierPrice, command.id, command.row_version)
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table="purchasing.supplier_price",
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(
        None, changed(("catalog.product", offer.product_id), ("purchasing.supplier_price", command.id))
    )


@posting
def save_order(session: Session, command: SaveOrder) -> Result[Saved]:
    """Create or change a draft order with its lines.

    Raises `Conflict` when somebody changed it meanwhile; Refused: purchase_order_not_draft, supplier_not_active,
    warehouse_missing, purchase_date_out_of_range, purchase_currency_form, and for a line (position, product)
    product_not_bought, move_qty_positive, quantity_too_precise, purchase_line_price_not_negative, description_required.
    """
    cells = ("id", "product_id", "supplier_sku", "description", "qty", "unit_price", "expected_date")
    lines = None if command.lines is None else [{key: x.get(key) for key in cells} for x in command.lines]
    answer = call_api(
        session,
        "purchase_order_save",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_header=dict(command.values),
        p_lines=lines,
    )
    saved = Saved(int(answer["id"]), int(answer["row_version"]))
    return Result(saved, changed((ORDER, saved.id)))


@posting
def issue_order(session: Session, command: IssueOrder) -> Result[Issued]:
    """Order what a draft says.  Refused: like `save_order`, purchase_order_has_no_lines, supplier_without_address."""
    answer = _call(session, "purchase_order_issue", command)
    value = Issued(
        command.id, answer["number"], int(answer["row_version"]), Decimal(str(answer["net_amount"]))
    )
    return Result(value, changed((ORDER, command.id)))


@posting
def confirm_order(session: Session, command: ConfirmOrder) -> Result[Saved]:
    """Keep what the supplier confirmed.  Refused: purchase_order_not_open, purchase_line_price_not_negative."""
    lines = [
        {"line_id": x.line_id, "confirmed_date": x.confirmed_date, "confirmed_price": x.confirmed_price}
        for x in command.lines
    ]
    answer = _call(session, "purchase_order_confirm", command, p_reference=command.reference, p_lines=lines)
    return Result(Saved(command.id, int(answer["row_version"])), changed((ORDER, command.id)))


@posting
def close_order(session: Session, command: CloseOrder) -> Result[Closed]:
    """Await nothing more of an order: it is cancelled when nothing came of it, else closed.

    Refused: purchase_order_not_open, reason_required.
    """
    answer = _call(session, "purchase_order_close", command, p_reason=command.reason)
    value = Closed(command.id, answer["number"], answer["state"], int(answer["row_version"]))
    return Result(value, changed((ORDER, command.id)))


@posting
def discard_order(session: Session, command: Discard) -> Result[None]:
    """Delete a draft order with its lines."""
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=ORDER,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((ORDER, command.id)))


@posting
def post_receipt(session: Session, command: PostReceipt) -> Result[Received]:
    """Receive goods of an order.

    Refused: purchase_order_not_open, lines_missing, receipt_line_unknown, receipt_exceeds_order (position, open, most),
    receipt_date_out_of_range, receipt_place_missing, place_of_other_warehouse, and what stock
    itself refuses (lot_required …).
    """
    lines = [
        {
            "purchase_order_line_id": x.purchase_order_line_id,
            "place_id": x.place_id,
            "lot_code": x.lot_code,
            "expires_on": x.expires_on,
            "qty": x.qty,
        }
        for x in command.lines
    ]
    answer = call_api(
        session,
        "goods_receipt_post",
        p_command=command.command,
        p_purchase_order_id=command.purchase_order_id,
        p_row_version=command.row_version,
        p_received_on=command.received_on,
        p_delivery_note=command.delivery_note,
        p_lines=lines,
    )
    return _received(answer)


@posting
def post_return(session: Session, command: PostReturn) -> Result[Received]:
    """Send goods of a receipt back.

    Refused: reason_required, return_exceeds_receipt (position, open), goods_return_of_return, and what stock refuses.
    """
    lines = [
        {"goods_receipt_line_id": x.goods_receipt_line_id, "place_id": x.place_id, "qty": x.qty}
        for x in command.lines
    ]
    answer = call_api(
        session,
        "goods_return_post",
        p_command=command.command,
        p_goods_receipt_id=command.goods_receipt_id,
        p_reason=command.reason,
        p_lines=lines,
    )
    return _received(answer)


def _received(answer: Mapping[str, Any]) -> Result[Received]:
    value = Received(
        int(answer["id"]),
        answer["number"],
        int(answer["purchase_order_id"]),
        int(answer["purchase_order_row_version"]),
    )
    return Result(value, changed((RECEIPT, value.id), (ORDER, value.purchase_order_id), (STOCK, None)))


def _call(
    session: Session, function: str, command: IssueOrder | ConfirmOrder | CloseOrder, **more: Any
) -> Mapping[str, Any]:
    return call_api(
        session,
        function,
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        **more,
    )
