"""Papers of a works order: the traveller that goes with it through the shop, its material, what is inspected."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.core.format import number
from app.services.catalog.words import name_sql
from app.services.documents import data as page
from app.services.documents.house import house
from app.services.labels import own_codes

_UNIT = "CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END"
_ORDER = text(
    f"""
SELECT w.number, w.qty, w.planned_start, w.planned_end, wh.name AS warehouse, p.sku, {name_sql()} AS name,
       coalesce(t.description, '') AS description, {_UNIT} AS unit, b.version AS bom,
       (SELECT x.number FROM production.work_order x WHERE x.id = w.parent_id) AS parent,
       (SELECT jsonb_agg(to_jsonb(m) ORDER BY m.position) FROM (
          SELECT c.position, p.sku, {name_sql()} AS name, {_UNIT} AS unit, c.qty_required,
                 c.qty_required - c.qty_consumed AS qty_open,
                 (SELECT coalesce(sum(r.qty), 0) FROM inventory.reservation r
                   WHERE r.source_type = 'work_order_component' AND r.source_id = c.id) AS reserved,
                 (SELECT s.code FROM inventory.stock_balance k JOIN inventory.place s ON s.id = k.place_id
                   WHERE k.product_id = c.product_id AND k.warehouse_id = w.warehouse_id AND k.qty > 0
                     AND s.kind = 'storage' ORDER BY k.qty DESC, s.code LIMIT 1) AS place
            FROM production.work_order_component c JOIN catalog.product p ON p.id = c.product_id
            JOIN catalog.unit u ON u.id = p.unit_id
            LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language
           WHERE c.work_order_id = w.id) m) AS components
  FROM production.work_order w
  JOIN catalog.product p ON p.id = w.product_id JOIN catalog.unit u ON u.id = p.unit_id
  JOIN inventory.warehouse wh ON wh.id = w.warehouse_id JOIN engineering.bom b ON b.id = w.bom_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language
 WHERE w.id = :id
"""  # noqa: S608  (fixed names)
)


def traveller(session: Session, order_id: int, language: page.Language) -> page.DocumentData:
    """The production order as it goes through the shop: what, how many, until when, of what."""
    return _paper(session, order_id, language, "work_order")


def material_list(session: Session, order_id: int, language: page.Language) -> page.DocumentData:
    """What to bring for a production order, and where it lies."""
    return _paper(session, order_id, language, "material_list")


def inspection_sheet(session: Session, order_id: int, language: page.Language) -> page.DocumentData:
    """What is inspected of a production order, to be filled in by hand."""
    return _paper(session, order_id, language, "inspection_sheet")


def _paper(session: Session, order_id: int, language: page.Language, kind: page.Kind) -> page.DocumentData:
    row = session.execute(_ORDER, {"id": order_id, "language": language}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="production.work_order", id=order_id)
    own = house(session, language)
    references = (
        page.Reference("warehouse", row["warehouse"]),
        page.Reference("planned_start", row["planned_start"]),
        page.Reference("planned_end", row["planned_end"]),
        page.Reference("bom", f"{row['sku']} / {row['bom']}"),
        page.Reference("work_order", row["parent"] or ""),
    )
    return page.DocumentData(
        kind=kind,
        number=row["number"],
        date=own.today,
        language=language,
        company=own.company,
        recipient=(row["name"], row["sku"], row["description"]),
        references=tuple(one for one in references if one.value),
        summary=(
            ("quantity", f"{number(row['qty'], language)} {row['unit']}"),
            ("planned_end", row["planned_end"]),
        ),
        lines=()
        if kind == "inspection_sheet"
        else tuple(_component(one, row["qty"], kind) for one in row["components"] or ()),
        code=own_codes.build("work_order", row["number"]),
    )


def _component(one: Mapping[str, Any], pieces: Decimal, kind: page.Kind) -> page.Line:
    required = Decimal(str(one["qty_required"]))
    values: dict[str, page.Value] = {"place": one["place"] or ""}
    if kind == "material_list":
        values |= {
            "per_piece": (required / pieces).quantize(Decimal("0.000001")).normalize()
            if pieces
            else Decimal(0),
            "reserved": Decimal(str(one["reserved"])),
        }
    return page.Line(
        position=str(one["position"]),
        sku=one["sku"],
        name=one["name"],
        quantity=required,
        unit=one["unit"],
        values=values,
        code=own_codes.build("product", one["sku"]) if kind == "work_order" else "",
    )
