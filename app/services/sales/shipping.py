"""What the warehouse reads of sales: what is to ship, what to pick for it, and deliveries.  No price anywhere."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.together import Question, ask, ask_together
from app.models.catalog import Unit
from app.models.inventory import Place
from app.models.labels import Parcel
from app.models.partners import Partner
from app.models.sales import Delivery, DeliveryLine
from app.services.inventory.reads import PickRow, pick_stock
from app.services.sales import rules


class ShippingOrder(NamedTuple):
    """A confirmed order with something left to ship; ``ready_lines`` of ``open_lines`` are reserved in full."""

    sales_order_id: int
    row_version: int
    number: str
    customer: str
    customer_reference: str | None
    city: str | None
    requested_date: date | None
    order_date: date
    warehouse_id: int
    warehouse: str
    delivery_state: str
    open_lines: int
    ready_lines: int
    block_reason: str | None


class ShippingLine(NamedTuple):
    """A line of an order as the warehouse sees it.  ``row_version`` is the order's."""

    line_id: int
    position: int
    product_id: int
    sku: str
    description: str
    unit: str
    qty: Decimal
    qty_shipped: Decimal
    qty_open: Decimal
    qty_reserved: Decimal
    qty_free: Decimal
    is_stocked: bool
    is_lot_tracked: bool
    warehouse_id: int
    row_version: int


class PickProposal(NamedTuple):
    """What to take for a line: from where, of which lot."""

    line_id: int
    position: int
    product_id: int
    sku: str
    description: str
    unit: str
    place_id: int | None
    place: str
    lot_id: int | None
    lot: str | None
    qty: Decimal
    expires_on: date | None = None


class ShippingForm(NamedTuple):
    """Open lines of an order, the proposal what to pick for them, and everything there is to pick."""

    lines: tuple[ShippingLine, ...]
    picks: tuple[PickProposal, ...]
    stock: tuple[PickRow, ...]


class DeliveryLineRow(NamedTuple):
    """A line of a delivery."""

    id: int
    position: int
    product_id: int
    sku: str
    description: str
    unit: str
    qty: Decimal
    place: str | None
    lot: str | None


class DeliveryDetail(NamedTuple):
    """A delivery with its lines; no price anywhere."""

    id: int
    row_version: int
    number: str
    state: str
    invoice_state: str
    sales_order_id: int
    customer_id: int
    customer: str
    warehouse_id: int
    delivery_address: dict[str, Any]
    snapshot: dict[str, Any]
    shipped_at: datetime
    created_by: str
    lines: tuple[DeliveryLineRow, ...]


class PackedParcel(NamedTuple):
    """A parcel of a delivery; ``state`` is packed or open."""

    number: int
    state: str
    sscc: str | None
    weight_g: Decimal | None


def shipping_orders(session: Session, limit: int = 500) -> list[ShippingOrder]:
    """Orders to ship from one's warehouses, the most urgent first; one round trip, no prices."""
    rows = session.execute(text("SELECT * FROM api.shipping_orders(:limit)"), {"limit": limit})
    return [ShippingOrder._make(row) for row in rows]


def shipping_form(session: Session, sales_order_id: int, language: str = "de") -> ShippingForm:
    """Lines of an order and a picking proposal: reserved or free stock, first what expires first; two round trips."""
    return proposed(session, ask(session, lines_question(sales_order_id, language)))


def lines_question(sales_order_id: int, language: str) -> Question[tuple[ShippingLine, ...]]:
    """Asks for the lines of an order, whose units are called by their names."""
    statement = text(
        """SELECT s.line_id, s.line_position, s.product_id, s.sku, s.description,
                  coalesce(CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END, s.unit_code), s.qty,
                  s.qty_shipped, s.qty_open, s.qty_reserved, s.qty_free, s.is_stocked, s.is_lot_tracked,
                  s.warehouse_id, s.row_version
             FROM api.shipping_lines(:id) WITH ORDINALITY AS s LEFT JOIN catalog.unit u ON u.code = s.unit_code
            ORDER BY s.ordinality"""
    )
    values = {"id": sales_order_id, "language": language}
    return Question(statement, lambda rows: tuple(map(ShippingLine._make, rows)), values)


def proposed(session: Session, lines: tuple[ShippingLine, ...]) -> ShippingForm:
    """What to pick for the lines; a round trip when one of them is kept in stock."""
    wanted = [line for line in lines if line.qty_open > 0]
    stocked = [line for line in wanted if line.is_stocked]
    picks = [
        PickProposal(
            x.line_id,
            x.position,
            x.product_id,
            x.sku,
            x.description,
            x.unit,
            None,
            "",
            None,
            None,
            x.qty_open,
        )
        for x in wanted
        if not x.is_stocked
    ]
    stock: list[PickRow] = []
    if stocked:
        products = sorted({line.product_id for line in stocked})
        stock = pick_stock(session, products, stocked[0].warehouse_id)
        picks += _from_stock(stocked, stock)
    return ShippingForm(lines, tuple(sorted(picks, key=lambda pick: pick.position)), tuple(stock))


def _from_stock(lines: list[ShippingLine], balances: Sequence[PickRow]) -> list[PickProposal]:
    places = {(b.place_id, b.lot_id): b for b in balances}
    needs = [rules.Need(x.line_id, x.product_id, min(x.qty_open, x.qty_reserved + x.qty_free)) for x in lines]
    stock = [rules.Stock(b.product_id, b.place_id, b.lot_id, b.qty) for b in balances]
    by_id = {line.line_id: line for line in lines}
    found = []
    for taken in rules.allocate(needs, stock):
        line, place = by_id[taken.line_id], places[taken.place_id, taken.lot_id]
        found.append(
            PickProposal(
                line_id=line.line_id,
                position=line.position,
                product_id=line.product_id,
                sku=line.sku,
                description=line.description,
                unit=line.unit,
                place_id=taken.place_id,
                place=place.place,
                lot_id=taken.lot_id,
                lot=place.lot,
                qty=taken.qty,
                expires_on=place.expires_on,
            )
        )
    return found


def get_delivery(session: Session, delivery_id: int, language: str = "de") -> DeliveryDetail:
    """A delivery with its lines; one round trip.  Raises Refused record_not_found."""
    found, lines = ask_together(session, *delivery_questions(delivery_id, language))
    return delivery_of(delivery_id, found, lines)


def delivery_of(
    delivery_id: int, found: DeliveryDetail | None, lines: tuple[DeliveryLineRow, ...]
) -> DeliveryDetail:
    """The delivery that the answers to `delivery_questions` are.  Raises Refused record_not_found."""
    if found is None:
        raise Refused("record_not_found", table="sales.delivery", id=delivery_id)
    return found._replace(lines=lines)


def parcels_question(delivery_id: int) -> Question[tuple[PackedParcel, ...]]:
    """Asks for the parcels of a delivery; not for those that were unpacked for good."""
    statement = (
        select(Parcel.number, Parcel.state, Parcel.sscc, Parcel.weight_g)
        .where(Parcel.delivery_id == delivery_id, Parcel.state != "void")
        .order_by(Parcel.number)
    )
    return Question(statement, lambda rows: tuple(map(PackedParcel._make, rows)))


def delivery_questions(
    delivery_id: int, language: str
) -> tuple[Question[DeliveryDetail | None], Question[tuple[DeliveryLineRow, ...]]]:
    """Asks for a delivery and for its lines, whose units are called by their names."""
    head = (
        select(
            Delivery.id,
            Delivery.row_version,
            Delivery.number,
            Delivery.state,
            Delivery.invoice_state,
            Delivery.sales_order_id,
            Delivery.customer_id,
            Partner.name.label("customer"),
            Delivery.warehouse_id,
            Delivery.delivery_address,
            Delivery.snapshot,
            Delivery.shipped_at,
            Delivery.created_by,
        )
        .join(Partner, Partner.id == Delivery.customer_id)
        .where(Delivery.id == delivery_id)
    )
    unit_name = Unit.name_en if language == "en" else Unit.name_de
    lines = (
        select(
            DeliveryLine.id,
            DeliveryLine.position,
            DeliveryLine.product_id,
            DeliveryLine.sku,
            DeliveryLine.description,
            func.coalesce(unit_name, DeliveryLine.unit_code),
            DeliveryLine.qty,
            Place.code,
            DeliveryLine.lot_code,
        )
        .outerjoin(Place, Place.id == DeliveryLine.place_id)
        .outerjoin(Unit, Unit.code == DeliveryLine.unit_code)
        .where(DeliveryLine.delivery_id == delivery_id)
        .order_by(DeliveryLine.position)
    )
    return (
        Question(head, lambda rows: DeliveryDetail._make((*rows[0], ())) if rows else None),
        Question(lines, lambda rows: tuple(map(DeliveryLineRow._make, rows))),
    )
