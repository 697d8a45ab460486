"""What labels are printed of: records in the words of the designs, the designs there are, the number ranges."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import format as fmt
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.labels import LabelDesign, NumberRange
from app.services import records
from app.services.images.printed import Paper
from app.services.labels import catalogue, design, own_codes
from app.services.labels.fields import Record
from app.services.labels.queries import FIND, statement
from app.services.visible import may_read


@dataclass(frozen=True, slots=True)
class Source:
    """A record to print labels of: ``qty`` in its unit, ``box`` how much goes into one; both None when not known.

    ``picture`` (hash of its content, id) is one that is not in the database itself."""

    id: int
    title: str
    record: Record
    qty: Decimal | None = None
    box: Decimal | None = None
    numbers: tuple[str, ...] = field(default=())
    picture: tuple[str, int] | None = None


class DesignRow(NamedTuple):
    """A design of the house's own."""

    id: int
    row_version: int
    topic: str
    name_de: str
    name_en: str
    definition: dict[str, Any]
    is_active: bool
    updated_at: Any
    updated_by: str


class RangeRow(NamedTuple):
    """A number range; ``left`` is how many numbers it has still."""

    id: int
    row_version: int
    kind: str
    name: str
    prefix: str
    first_serial: int
    last_serial: int
    issued: int
    left: int
    is_active: bool


def sources(session: Session, topic: str, ids: Sequence[int]) -> tuple[Source, ...]:
    """The records in the order asked for, with everything designs may ask for; those that are not visible are left
    out.  Refused ``label_records`` when none is left."""
    priced = topic == "product" and may_read(session, "catalog.price")
    rows = session.execute(text(statement(topic, priced)), {"ids": list(ids)}).mappings()
    found = {row["id"]: _MAKERS[topic](row, _common(row)) for row in map(dict[str, Any], rows)}
    kept = tuple(found[record] for record in ids if record in found)
    if not kept:
        raise Refused("label_records")
    return kept


def pictured(session: Session, paper: Paper, found: Sequence[Source]) -> tuple[Source, ...]:
    """The records with pictures that lie elsewhere, as far as they can be had now."""
    wanted = dict(source.picture for source in found if source.picture is not None)
    pictures = paper.get(session, wanted) if wanted else {}
    return tuple(
        replace(source, record={**source.record, "product.picture": pictures[source.picture[0]]})
        if source.picture is not None and source.picture[0] in pictures
        else source
        for source in found
    )


def _common(row: Mapping[str, Any]) -> dict[str, object]:
    """What every label may say: the house, the day of printing as the house counts it."""
    return {"company.name": row["company"], "company.address": row["address"], "print.date": row["today"]}


class Hit(NamedTuple):
    """A record found by what was typed."""

    id: int
    title: str
    subtitle: str


def find(session: Session, topic: str, typed: str, limit: int = 8) -> list[Hit]:
    """Records of a topic by number or name."""
    words = typed.strip().lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    if not words:
        return []
    rows = session.execute(text(FIND[topic]), {"part": f"%{words}%", "typed": f"{words}%", "limit": limit})
    return [Hit(*row) for row in rows]


def own_designs(session: Session, topic: str, *, only_active: bool = True) -> tuple[DesignRow, ...]:
    """The house's designs for a topic, by name."""
    columns = [getattr(LabelDesign, name) for name in DesignRow._fields]
    statement = select(*columns).where(LabelDesign.topic == topic).order_by(LabelDesign.name_de)
    if only_active:
        statement = statement.where(LabelDesign.is_active)
    return tuple(DesignRow(*row) for row in session.execute(statement))


def get_design(session: Session, design_id: int) -> DesignRow:
    """One design of the house's own.  Refused ``record_not_found``."""
    found = records.find(session, LabelDesign, design_id)
    return DesignRow(*(getattr(found, name) for name in DesignRow._fields))


def read_design(row: DesignRow) -> design.Design | None:
    """The design in a row; None when it cannot be printed any more."""
    made, problems = catalogue.check(
        {
            **row.definition,
            "key": f"own:{row.id}",
            "topic": row.topic,
            "name": {"de": row.name_de, "en": row.name_en},
        }
    )
    return None if problems else made


_LEFT = NumberRange.last_serial - NumberRange.first_serial + 1 - NumberRange.issued
_RANGE: dict[str, Any] = {
    name: _LEFT if name == "left" else getattr(NumberRange, name) for name in RangeRow._fields
}


def list_ranges(session: Session, query: ListQuery) -> Page:
    """Rows of `RangeRow`.  Presets: active, all."""
    statement = select(*(column.label(name) for name, column in _RANGE.items()))
    if query.preset == "active":
        statement = statement.where(NumberRange.is_active)
    return fetch_page(session, statement, columns=_RANGE, key=_RANGE["id"], query=query, row=RangeRow)


def get_range(session: Session, range_id: int) -> RangeRow:
    """One number range.  Refused ``record_not_found``."""
    found = session.execute(select(*_RANGE.values()).where(NumberRange.id == range_id)).one_or_none()
    if found is None:
        raise Refused("record_not_found", table="labels.number_range", id=range_id)
    return RangeRow(*found)


def route_kind(session: Session, topic: str) -> str:
    """The kind of document under which single labels of a topic are printed: its own when a route names it."""
    own = f"label_{topic}"
    named = text("SELECT EXISTS (SELECT FROM printing.route r WHERE r.kind = :kind)")
    return own if session.execute(named, {"kind": own}).scalar_one() else catalogue.ANY_LABEL


# -- records in the words of the designs --------------------------------------------------------------------------


def _product_fields(row: Mapping[str, Any]) -> dict[str, object]:
    weight = row.get("weight_g")
    return {
        "product.sku": row["sku"],
        "product.name": row["name"],
        "product.name@de": row.get("product_de"),
        "product.name@en": row.get("product_en"),
        "product.ean": row["ean"],
        "product.color": row.get("color"),
        "product.size": row.get("size"),
        "product.unit": row.get("unit"),
        "product.unit@en": row.get("unit_en"),
        "product.weight_kg": weight / 1000 if weight is not None else None,
        "product.packing_unit": row.get("packing_unit"),
        "product.category": row.get("category_de"),
        "product.category@en": row.get("category_en"),
        "product.variant": row.get("variant_de"),
        "product.variant@en": row.get("variant_en"),
        "product.family": row.get("family"),
        "product.picture": bytes(row["picture"]) if row.get("picture") is not None else None,
    }


def _product(row: Mapping[str, Any], common: Record) -> Source:
    own = own_codes.build("product", row["sku"])
    box = Decimal(row["packing_unit"]) if row["packing_unit"] else None
    values = {**common, **_product_fields(row), **_price(row.get("price")), "code.own": own}
    key = row.get("picture_key")
    return Source(row["id"], row["sku"], values, None, box, picture=(key[0], int(key[1])) if key else None)


def _lot(row: Mapping[str, Any], common: Record) -> Source:
    values = {
        **common,
        **_product_fields(row),
        "lot.code": row["lot"],
        "lot.expires_on": row["expires_on"],
        "lot.qty": row["qty"],
        "code.own": own_codes.build("lot", row["sku"], row["lot"]),
    }
    box = Decimal(row["packing_unit"]) if row["packing_unit"] else None
    return Source(row["id"], f"{row['sku']} · {row['lot']}", values, row["qty"], box)


def _named(prefix: str, row: Mapping[str, Any]) -> dict[str, object]:
    return {
        f"{prefix}.{key}": value
        for key, value in row.items()
        if key not in ("id", "company", "address", "today")
    }


def _place(row: Mapping[str, Any], common: Record) -> Source:
    values = _named("place", row)
    own = own_codes.build("place", row["warehouse"], row["code"])
    return Source(row["id"], f"{row['warehouse']} · {row['code']}", {**common, **values, "code.own": own})


def _box(row: Mapping[str, Any], common: Record) -> Source:
    values = _named("box", row)
    return Source(
        row["id"], row["code"], {**common, **values, "code.own": own_codes.build("box", row["code"])}
    )


def _slot(row: Mapping[str, Any], common: Record) -> Source:
    label = f"{row['box']}.{row['code'] or row['number']}"
    values = {
        **common,
        "box.code": row["box"],
        "slot.label": label,
        "slot.number": row["number"],
        "slot.color": row["color"],
        "slot.order_number": row["order_number"],
        "code.own": own_codes.build("slot", row["box"], str(row["number"])),
    }
    return Source(row["id"], label, values)


def delivery_source(row: Mapping[str, Any], common: Record) -> Source:
    """A delivery: number, order_number, reference, shipped_on, delivery_address, home (country), sscc."""
    there: Mapping[str, Any] = row["delivery_address"] or {}
    country = there.get("country") or ""
    values = {
        **common,
        "ship_to.name": there.get("name"),
        "ship_to.extra": there.get("street2"),
        "ship_to.street": there.get("street"),
        "ship_to.city": " ".join(filter(None, (there.get("postcode"), there.get("city")))),
        "ship_to.country": country if country and country != row["home"] else None,
        "ship_to.postal_code": there.get("postcode"),
        "delivery.number": row["number"],
        "delivery.date": row["shipped_on"],
        "order.number": row["order_number"],
        "order.reference": row["reference"],
        "code.own": own_codes.build("delivery", row["number"]),
    }
    return Source(row["id"], row["number"], values, numbers=tuple(row["sscc"] or ()))


def _work_order(row: Mapping[str, Any], common: Record) -> Source:
    values = {
        **common,
        **_product_fields(row),
        "work_order.number": row["number"],
        "work_order.qty": row["qty"],
        "work_order.start": row["planned_start"],
        "work_order.end": row["planned_end"],
        "order.number": row["order_number"],
        "code.own": own_codes.build("work_order", row["number"]),
    }
    box = Decimal(row["packing_unit"]) if row["packing_unit"] else None
    return Source(row["id"], row["number"], values, row["qty"], box)


def _badge(row: Mapping[str, Any], common: Record) -> Source:
    values = {
        **common,
        "person.name": row["person"],
        "person.role": row["department"],
        "person.badge": row["badge"],
    }
    return Source(row["id"], row["person"], values)


def _mould(row: Mapping[str, Any], common: Record) -> Source:
    values = _named("mould", row)
    own = own_codes.build("mould", row["number"])
    return Source(row["id"], row["number"], {**common, **values, "code.own": own})


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], Record], Source]] = {
    "product": _product,
    "lot": _lot,
    "place": _place,
    "box": _box,
    "slot": _slot,
    "delivery": delivery_source,
    "work_order": _work_order,
    "badge": _badge,
    "mould": _mould,
}


def _price(price: Sequence[Any] | None) -> dict[str, object]:
    if not price:
        return {}
    amount, currency = Decimal(str(price[0])), str(price[1])
    return {
        "product.price": fmt.money(amount, currency, "de"),
        "product.price@en": fmt.money(amount, currency, "en"),
    }


def for_printing(
    session: Any, paper: Paper, topic: str, ids: tuple[int, ...]
) -> tuple[tuple[DesignRow, ...], tuple[Source, ...]]:
    """The house's own designs for a kind of record, and these records; with pictures when a design shows them."""
    own = own_designs(session, topic)
    found = sources(session, topic, ids) if ids else ()
    if any("product.picture" in str(row.definition) for row in own):
        found = pictured(session, paper, found)
    return own, found
