"""Papers of the warehouse for sales: the picking list of an order, the packing list of a delivery."""

from dataclasses import replace
from decimal import Decimal

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
    """What a delivery holds and weighs, without a price, in the customer's language whatever the screen speaks."""
    note = document_for(session, "delivery", delivery_id)
    skus = [line.sku for line in note.lines]
    weights = {row.sku: row.weight_g for row in session.execute(_WEIGHTS, {"skus": skus})}
    lines = []
    total = Decimal(0)
    for line in note.lines:
        grams = weights.get(line.sku)
        if grams is None:
            lines.append(line)
            continue
        weight = (grams * line.quantity / _GRAMS).quantize(Decimal("0.001"))
        total += weight
        lines.append(replace(line, values={**line.values, "weight": weight}))
    summary = (("weight", total),) if total else ()
    return replace(note, kind="packing_list", lines=tuple(lines), summary=summary)
