"""Papers of the warehouse for sales: the picking list of an order, the packing list of a delivery."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.services.documents import data as page
from app.services.documents.house import house
from app.services.labels import own_codes
from app.services.sales.documents import document_for
from app.services.sales.shipping import ShippingOrder, shipping_form

_HEAD = text("SELECT * FROM api.shipping_orders(100000) WHERE sales_order_id = :id")
_WEIGHTS = text("SELECT p.sku, p.weight_g FROM catalog.product p WHERE p.sku = ANY (:skus)")
_PARCEL = text(
    "SELECT p.delivery_id, p.number, p.sscc, p.weight_g, (SELECT count(*) FROM labels.parcel o"
    " WHERE o.delivery_id = p.delivery_id AND o.state <> 'void') AS parcels"
    " FROM labels.parcel p WHERE p.id = :id AND p.state <> 'void'"
)
# What is in each parcel, by the lines of the delivery note: one a line of the order, in the order of the delivery.
_INSIDE = text("""
SELECT p.number, p.weight_g, n.place, sum(l.qty) AS qty, array_agg(n.lot_code) AS lots
  FROM labels.parcel p
  JOIN labels.parcel_line l ON l.parcel_id = p.id
  JOIN (SELECT d.id, d.lot_code, dense_rank() OVER (ORDER BY d.first) AS place
          FROM (SELECT x.id, x.lot_code, min(x.position) OVER (
                         PARTITION BY x.sales_order_line_id, x.sku, x.description, x.unit_code) AS first
                  FROM sales.delivery_line x WHERE x.delivery_id = :id) d) n ON n.id = l.delivery_line_id
 WHERE p.delivery_id = :id AND p.state <> 'void'
 GROUP BY p.number, p.weight_g, n.place
 ORDER BY p.number, n.place""")
_GRAMS = Decimal(1000)


def picking_list(session: Session, order_id: int, language: page.Language) -> page.DocumentData:
    """What to take from where for what is left to ship of an order, in the order of the places.

    Raises Refused `nothing_to_pick` when nothing is left to ship.
    """
    row = session.execute(_HEAD, {"id": order_id}).one_or_none()
    form = shipping_form(session, order_id, language)
    if row is None or not form.picks:
        raise Refused("nothing_to_pick", id=order_id)
    head = ShippingOrder._make(row)
    own = house(session, language)
    picks = sorted(form.picks, key=lambda pick: (not pick.place, pick.place, pick.position))
    references = (
        page.Reference("customer", head.customer),
        page.Reference("your_order", head.customer_reference or ""),
        page.Reference("delivery_date", head.requested_date or ""),
        page.Reference("warehouse", head.warehouse),
    )
    return page.DocumentData(
        kind="picking_list",
        number=head.number,
        date=own.today,
        language=language,
        company=own.company,
        recipient=(),
        references=tuple(one for one in references if one.value),
        lines=tuple(
            page.Line(
                position=str(pick.position),
                sku=pick.sku,
                name=pick.description,
                quantity=pick.qty,
                unit=pick.unit,
                values={"place": pick.place or "", "lot": pick.lot or ""},
                code=own_codes.build("product", pick.sku),
            )
            for pick in picks
        ),
    )


def packing_list_of(session: Session, delivery_id: int, _language: str = "") -> page.DocumentData:
    """What a delivery holds and weighs, parcel by parcel once it is packed, without a price; in the customer's
    language whatever the screen speaks."""
    note = document_for(session, "delivery", delivery_id)
    rows = _packed(session, delivery_id)
    if not rows:
        return _weighed(session, replace(note, kind="packing_list"), None)
    lines = tuple(_in_parcel(note, row) for row in rows)
    weights = {row.number: row.weight_g for row in rows}
    known = None if None in weights.values() else sum((w for w in weights.values() if w), Decimal(0))
    count = page.Reference("parcels", str(len(weights)))
    listed = replace(note, kind="packing_list", lines=lines, references=(*note.references, count))
    return _weighed(session, listed, known)


def parcel_list_of(session: Session, parcel_id: int, _language: str = "") -> page.DocumentData:
    """What one parcel holds and weighs.  Refused record_not_found."""
    head = session.execute(_PARCEL, {"id": parcel_id}).one_or_none()
    if head is None:
        raise Refused("record_not_found", table="labels.parcel", id=parcel_id)
    note = document_for(session, "delivery", head.delivery_id)
    rows = [row for row in _packed(session, head.delivery_id) if row.number == head.number]
    marks = [page.Reference("parcel", f"{head.number} / {head.parcels}")]
    if head.sscc:
        marks.append(page.Reference("sscc", head.sscc))
    lines = tuple(_in_parcel(note, row) for row in rows)
    listed = replace(note, kind="packing_list", lines=lines, references=(*note.references, *marks))
    return _weighed(session, listed, head.weight_g)


def _packed(session: Session, delivery_id: int) -> Sequence[Any]:
    return session.execute(_INSIDE, {"id": delivery_id}).all()


def _in_parcel(note: page.DocumentData, row: Any) -> page.Line:
    """The line of the delivery note, with what is in this parcel of it."""
    line: page.Line = note.lines[row.place - 1]
    lots = tuple(dict.fromkeys(lot for lot in row.lots or () if lot))
    values = {**line.values, "parcel": str(row.number)}
    return replace(line, quantity=row.qty, lots=lots, values=values)


def _weighed(session: Session, data: page.DocumentData, weight_g: Decimal | None) -> page.DocumentData:
    """With what the lines weigh, and all of it: as it was weighed, else as the articles say."""
    skus = [line.sku for line in data.lines]
    weights = {row.sku: row.weight_g for row in session.execute(_WEIGHTS, {"skus": skus})}
    lines = []
    total = Decimal(0)
    for line in data.lines:
        grams = weights.get(line.sku)
        if grams is None:
            lines.append(line)
            continue
        weight = _kilos(grams * line.quantity)
        total += weight
        lines.append(replace(line, values={**line.values, "weight": weight}))
    if weight_g is not None:
        total = _kilos(weight_g)
    summary = (("weight", total),) if total else ()
    return replace(data, lines=tuple(lines), summary=summary)


def _kilos(grams: Decimal) -> Decimal:
    return (grams / _GRAMS).quantize(Decimal("0.001"))
