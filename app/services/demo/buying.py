"""Purchase orders of the demo company's last weeks: a draft, one on its way, one confirmed and late, one here in part,
one done of which something went back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.services.demo.house import House, command_id
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument
from app.services.documents.contents import text_of_pdf
from app.services.documents.render import file_name, render
from app.services.purchasing import writes
from app.services.purchasing.commands import (
    Arrival,
    Confirmation,
    ConfirmOrder,
    IssueOrder,
    PostReceipt,
    PostReturn,
    ReturnedLine,
    SaveOrder,
)
from app.services.purchasing.orders import get_order, get_receipt, receiving
from app.services.purchasing.papers import goods_receipt, purchase_order, return_slip

BUYER, KEEPER = "u_paul", "u_karin"
# What is plentiful is bought: nothing that is short in the demo company's plans becomes less short by it.
_OFFERS = text("""
SELECT o.supplier_id, o.product_id, p.name, o.amount, o.supplier_sku, o.currency
  FROM purchasing.supplier_price o JOIN catalog.product p ON p.id = o.product_id
  JOIN (SELECT l.product_id, sum(l.free) AS free FROM inventory.stock_level l GROUP BY 1) s ON s.product_id = p.id
 WHERE p.is_bought AND p.is_stocked AND o.min_qty = 1 AND s.free > 20
   AND p.state NOT IN ('discontinued', 'placeholder')
 ORDER BY o.supplier_id, s.free DESC, o.product_id
""")


class Offer(NamedTuple):
    """What a supplier sells."""

    supplier_id: int
    product_id: int
    name: str
    amount: Decimal
    supplier_sku: str | None
    currency: str


def orders(house: House) -> None:
    """Draft, ordered, late, partly here, done with a return."""
    paul = house.person(BUYER)
    by_supplier: dict[int, list[Offer]] = {}
    for offer in paul.read(_offers):
        by_supplier.setdefault(offer.supplier_id, []).append(offer)
    suppliers = list(by_supplier.values())
    warehouse = paul.read(_warehouse)
    if not suppliers:
        return
    for number, (days, due, step) in enumerate(
        ((1, 12, "draft"), (4, 10, "ordered"), (20, -2, "late"), (15, 3, "part"), (40, -25, "done"))
    ):
        offers = suppliers[number % len(suppliers)][:3]
        _order(house, offers, (warehouse, days, due), step, number)


def _order(house: House, offers: list[Offer], when: tuple[int, int, int], step: str, number: int) -> None:
    warehouse, days, due = when
    day = house.day(-days)
    head = {
        "supplier_id": offers[0].supplier_id,
        "warehouse_id": warehouse,
        "currency": offers[0].currency,
        "order_date": day,
        "expected_date": max(house.day(due), day),
    }
    lines = [
        {
            "product_id": x.product_id,
            "description": x.name,
            "supplier_sku": x.supplier_sku,
            "qty": Decimal(10 * (n + 1)),
            "unit_price": x.amount,
        }
        for n, x in enumerate(offers)
    ]
    saved = house.post(BUYER, writes.save_order, SaveOrder(None, None, head, lines, _key(number, 1)))
    if step == "draft":
        return
    issued = house.post(
        BUYER, writes.issue_order, IssueOrder(saved.id, saved.row_version, command=_key(number, 2))
    )
    _keep(house, BUYER, "purchase_order", purchase_order, issued.id)
    version = issued.row_version
    if step == "ordered":
        return
    order = house.person(BUYER).read(get_order, issued.id)
    said = tuple(
        Confirmation(x.id, order.expected_date or day + timedelta(days=7), x.unit_price) for x in order.lines
    )
    confirm = ConfirmOrder(issued.id, version, f"AB {4700 + number}", said, command=_key(number, 3))
    version = house.post(BUYER, writes.confirm_order, confirm).row_version
    if step in ("part", "done"):
        _receive(house, issued.id, version, number, back=step == "done")


def _receive(house: House, order: int, version: int, number: int, *, back: bool) -> None:
    lines = house.person(KEEPER).read(receiving, order).lines
    came = tuple(
        Arrival(
            x.line_id,
            x.qty if back else (x.qty / 2).to_integral_value(),
            x.place_id,
            f"LF-{4700 + number}" if x.is_lot_tracked else None,
        )
        for x in (lines if back else lines[:1])
    )
    command = PostReceipt(order, version, house.day(-3), came, f"LS {8800 + number}", _key(number, 4))
    receipt = house.post(KEEPER, writes.post_receipt, command)
    _keep(house, KEEPER, "goods_receipt", goods_receipt, receipt.id)
    if back:
        first = house.person(KEEPER).read(get_receipt, receipt.id).lines[0]
        returned = PostReturn(
            receipt.id, "Transportschaden", (ReturnedLine(first.id, Decimal(1)),), _key(number, 5)
        )
        slip = house.post(KEEPER, writes.post_return, returned)
        _keep(house, KEEPER, "return_slip", return_slip, slip.id)


def _keep(house: House, login: str, kind: str, build: Any, record: int) -> None:
    data = house.person(login).read(build, record, "de")
    content = render(data)
    command = ArchiveDocument(kind, record, data.language, file_name(data), content, text_of_pdf(content))
    house.post(login, keep, command)


def _key(number: int, step: int) -> UUID:
    return command_id("purchase", number * 10 + step)


def _offers(session: Session) -> list[Offer]:
    return [Offer._make(row) for row in session.execute(_OFFERS)]


def _warehouse(session: Session) -> int:
    return int(session.execute(text("SELECT min(id) FROM inventory.warehouse WHERE is_active")).scalar_one())
