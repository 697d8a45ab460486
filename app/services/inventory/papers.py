"""Papers of a warehouse: sheets to count by, what the stock is worth, the inspection of a lot."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import NotAllowed, Refused
from app.core.format import money, number
from app.services.catalog.words import name_sql
from app.services.documents import data as page
from app.services.documents.house import house
from app.services.labels import own_codes
from app.services.visible import may_read

COST = "catalog.product_cost"
_CENT = Decimal("0.01")
_WORDS = (
    f"""p.sku, {name_sql()} AS name, CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit"""
)
_PRODUCT = """JOIN catalog.product p ON p.id = k.product_id JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language"""
_COUNT = text(
    f"""
SELECT s.code AS place, coalesce(l.code, '') AS lot, k.qty, {_WORDS}
  FROM inventory.stock_balance k JOIN inventory.place s ON s.id = k.place_id
  LEFT JOIN inventory.lot l ON l.id = k.lot_id {_PRODUCT}
 WHERE k.warehouse_id = :id AND k.qty > 0
 ORDER BY s.code, p.sku, l.code
"""  # noqa: S608  (fixed names)
)
_VALUE = text(
    f"""
SELECT coalesce(CASE :language WHEN 'en' THEN g.name_en ELSE g.name_de END, '') AS category, k.on_hand AS qty,
       c.standard_cost AS cost, {_WORDS}
  FROM inventory.stock_level k {_PRODUCT}
  LEFT JOIN catalog.category g ON g.id = p.category_id LEFT JOIN catalog.product_cost c ON c.product_id = p.id
 WHERE k.warehouse_id = :id AND k.on_hand <> 0
 ORDER BY 1, p.sku
"""  # noqa: S608  (fixed names)
)
_LOT = text(
    f"""
SELECT k.code, {_WORDS},
       (SELECT coalesce(sum(b.qty), 0) FROM inventory.stock_balance b WHERE b.lot_id = k.id) AS qty
  FROM inventory.lot k {_PRODUCT}
 WHERE k.id = :id
"""  # noqa: S608  (fixed names)
)
_WAREHOUSE = text("SELECT w.code, w.name FROM inventory.warehouse w WHERE w.id = :id")


def count_sheet(
    session: Session, warehouse_id: int, language: page.Language, *, with_booked: bool = False
) -> page.DocumentData:
    """What lies where, to be counted; without book quantities nobody counts what he expects."""
    rows = _rows(session, _COUNT, warehouse_id, language)
    return _paper(
        session,
        "count_sheet",
        warehouse_id,
        language,
        tuple(
            page.Line(
                position=str(index),
                sku=row["sku"],
                name=row["name"],
                quantity=row["qty"],
                unit=row["unit"],
                values={
                    "place": row["place"],
                    "lot": row["lot"],
                    **({"booked": row["qty"]} if with_booked else {}),
                },
            )
            for index, row in enumerate(rows, start=1)
        ),
    )


def count_with_booked(session: Session, warehouse_id: int, language: page.Language) -> page.DocumentData:
    """The count sheet with what the books say, for counting differences again."""
    return count_sheet(session, warehouse_id, language, with_booked=True)


def stock_valuation(session: Session, warehouse_id: int, language: page.Language) -> page.DocumentData:
    """What a warehouse holds by category at standard cost, each line rounded to the cent.

    Raises NotAllowed for who may not read costs.  Articles without a cost are listed without a value.
    """
    if not may_read(session, COST):
        raise NotAllowed(f"{COST}:select")
    lines = []
    total = Decimal(0)
    for index, row in enumerate(_rows(session, _VALUE, warehouse_id, language), start=1):
        values: dict[str, page.Value] = {}
        if row["cost"] is not None:
            value = (row["qty"] * row["cost"]).quantize(_CENT, ROUND_HALF_UP)
            total += value
            values = {"cost": row["cost"], "value": value}
        lines.append(
            page.Line(
                position=str(index),
                sku=row["sku"],
                name=row["name"],
                quantity=row["qty"],
                unit=row["unit"],
                values=values,
                group=row["category"],
            )
        )
    return _paper(session, "stock_valuation", warehouse_id, language, tuple(lines), total)


def inspection_of_lot(session: Session, lot_id: int, language: page.Language) -> page.DocumentData:
    """What is inspected of a lot, to be filled in by hand."""
    row = session.execute(_LOT, {"id": lot_id, "language": language}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="inventory.lot", id=lot_id)
    own = house(session, language)
    return page.DocumentData(
        kind="inspection_sheet",
        number=row["code"],
        date=own.today,
        language=language,
        company=own.company,
        recipient=(row["name"], row["sku"]),
        lines=(),
        summary=(("lot", row["code"]), ("quantity", f"{number(row['qty'], language)} {row['unit']}")),
        code=own_codes.build("lot", row["sku"], row["code"]),
    )


def _rows(session: Session, statement: Any, warehouse_id: int, language: page.Language) -> list[Any]:
    return list(session.execute(statement, {"id": warehouse_id, "language": language}).mappings())


def _paper(
    session: Session,
    kind: page.Kind,
    warehouse_id: int,
    language: page.Language,
    lines: tuple[page.Line, ...],
    total: Decimal | None = None,
) -> page.DocumentData:
    warehouse = session.execute(_WAREHOUSE, {"id": warehouse_id}).one_or_none()
    if warehouse is None:
        raise Refused("record_not_found", table="inventory.warehouse", id=warehouse_id)
    if not lines:
        raise Refused("warehouse_is_empty", name=warehouse.name)
    own = house(session, language)
    return page.DocumentData(
        kind=kind,
        number="",
        date=own.today,
        language=language,
        company=own.company,
        recipient=(),
        references=(page.Reference("warehouse", f"{warehouse.code} · {warehouse.name}"),),
        lines=lines,
        summary=(
            ()
            if total is None
            else (("articles", str(len(lines))), ("value", money(total, own.currency, language)))
        ),
        currency=own.currency,
    )
