"""What a scan puts into the entry row of a posting."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.services.labels.scanning import BOX, LOT, PLACE, PRODUCT, Hit

if TYPE_CHECKING:
    from app.views.inventory.posting import PostingPage


def take_scan(page: "PostingPage", hits: Sequence[Hit]) -> str:
    """Product and lot begin a new row (a complete one is taken first), a place goes where a place is missing."""
    product = next((hit for hit in hits if hit.topic in (PRODUCT, LOT)), None)
    place = next((hit for hit in hits if hit.topic in (PLACE, BOX) and hit.place_id is not None), None)
    if product is not None and (place is None or page.boxes["product"].value() is None):
        waiting = page.boxes["product"].value() is not None and page.number_of("qty") is not None
        if waiting and not page.add_line():
            return "bad"
        lot = page.boxes.get("lot")
        as_text = lot is not None and lot.field.kind == "text"
        source = page.boxes.get("from")
        here = source.value() if source is not None and source.field.kind == "lookup" else None
        page.choose(
            product.product_id or 0, product.label, place=here, lot=None if as_text else product.lot_id
        )
        if as_text and lot is not None and product.lot:
            lot.set_value(product.lot)
        return "ok"
    if place is None:
        return ""
    # From the source to the target: what stands empty is meant; both taken: the target is corrected.
    for key in ("to", "from"):
        box = page.boxes.get(key)
        if box is None:
            continue
        if box.field.kind == "lookup":
            box.set_value(place.place_id, place.place)
            box.set_error("")
            page.entry_changed(key)
            page.boxes["qty"].focus()
            return "ok"
    return ""
