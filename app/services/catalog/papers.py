"""The price list on paper: by category, with pictures, the variants of a family as one matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.services.catalog.words import name_sql
from app.services.documents import data as page
from app.services.documents.house import house

_LIST = text(
    "SELECT l.code, l.name_de, l.name_en, l.currency, l.tax_included FROM catalog.price_list l WHERE l.id = :id"
)
# A customer sees his own prices: those of his list, where he has one.
_CUSTOMER = text(
    """SELECT c.name, c.number, c.price_list_id FROM partners.partner c WHERE c.id = :id AND c.is_customer"""
)
_PRICES = text(
    f"""
SELECT p.id, p.sku, p.ean, p.family_id, {name_sql()} AS name, coalesce(t.description, '') AS description,
       CASE :language WHEN 'en' THEN u.name_en ELSE u.name_de END AS unit,
       coalesce(CASE :language WHEN 'en' THEN g.name_en ELSE g.name_de END, '') AS category, g.id AS category_id,
       coalesce(CASE :language WHEN 'en' THEN v.name_en ELSE v.name_de END, p.variant_code, '') AS variant,
       coalesce(p.size, '') AS size,
       CASE :language WHEN 'en' THEN coalesce(f.name_en, f.name) ELSE f.name END AS family,
       CASE :language WHEN 'en' THEN coalesce(f.short_text_en, f.short_text) ELSE f.short_text END AS family_text,
       r.min_qty, r.amount,
       (SELECT jsonb_build_array(i.id, i.content_hash) FROM catalog.product_image i
         WHERE i.product_id = p.id AND i.is_primary) AS picture
  FROM catalog.price r JOIN catalog.product p ON p.id = r.product_id JOIN catalog.unit u ON u.id = p.unit_id
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :language
  LEFT JOIN catalog.category g ON g.id = p.category_id
  LEFT JOIN catalog.family f ON f.id = p.family_id
  LEFT JOIN catalog.variant_code v ON v.code = p.variant_code
 WHERE r.price_list_id = :id AND p.state = 'active' AND p.is_sold
   AND (CAST(:category AS bigint) IS NULL OR p.category_id IN (
          WITH RECURSIVE below (id) AS (SELECT CAST(:category AS bigint)
            UNION SELECT b.id FROM catalog.category b JOIN below ON b.parent_id = below.id) SELECT id FROM below))
   AND r.valid_from <= system.today() AND (r.valid_to IS NULL OR r.valid_to > system.today())
 ORDER BY category, coalesce(f.name, p.name), p.family_id, p.sku, r.min_qty
"""  # noqa: S608  (fixed names)
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prices: of a list, of a category and those below it, for a customer (his own list, his own layout)."""

    price_list_id: int
    category_id: int | None = None
    customer_id: int | None = None


def price_list(session: Session, price_list_id: int, language: page.Language) -> page.DocumentData:
    """Today's prices of a whole list."""
    return prices_wanted(session, Wanted(price_list_id), language)


def prices_wanted(session: Session, wanted: Wanted, language: page.Language) -> page.DocumentData:
    """Today's prices as far as they are wanted.

    Variants of a family that differ in finish and size, each with one price, stand as a matrix below their family.
    Raises Refused `record_not_found`, `price_list_is_empty`.
    """
    customer = None
    price_list_id = wanted.price_list_id
    if wanted.customer_id is not None:
        customer = session.execute(_CUSTOMER, {"id": wanted.customer_id}).one_or_none()
        if customer is None:
            raise Refused("record_not_found", table="partners.partner", id=wanted.customer_id)
        price_list_id = customer.price_list_id or price_list_id
    head = session.execute(_LIST, {"id": price_list_id}).mappings().one_or_none()
    if head is None:
        raise Refused("record_not_found", table="catalog.price_list", id=price_list_id)
    asked = {"id": price_list_id, "language": language, "category": wanted.category_id}
    found = session.execute(_PRICES, asked).mappings().all()
    if not found:
        raise Refused("price_list_is_empty", name=head[f"name_{language}"])
    own = house(session, language)
    lines: list[page.Line] = []
    for _, family in groupby(found, key=lambda row: row["family_id"] or -int(row["id"])):
        lines += _lines(list(family))
    return page.DocumentData(
        kind="price_list",
        number="",
        date=own.today,
        language=language,
        company=own.company,
        recipient=(),
        partner_id=wanted.customer_id,
        references=(
            *([page.Reference("customer", f"{customer.number} · {customer.name}")] if customer else ()),
            page.Reference("price_list", head[f"name_{language}"]),
            page.Reference("currency", head["currency"]),
        ),
        lines=tuple(lines),
        currency=head["currency"],
        intro=None if not head["tax_included"] else "",
    )


def _lines(rows: Sequence[Mapping[Any, Any]]) -> list[page.Line]:
    matrix = _matrix(rows)
    if matrix is None:
        return [_line(row, again=bool(n) and rows[n - 1]["id"] == row["id"]) for n, row in enumerate(rows)]
    first = rows[0]
    return [
        page.Line(
            position="",
            sku="",
            name=first["family"],
            quantity=Decimal(1),
            unit=first["unit"],
            description=first["family_text"] or "",
            group=first["category"],
            image=_image(first),
            variants=matrix,
        )
    ]


def _matrix(rows: Sequence[Mapping[Any, Any]]) -> page.Variants | None:
    """Finish by size; None when that says less than a line each."""
    cells = {(row["variant"], row["size"]): row["amount"] for row in rows}
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    sizes = list(dict.fromkeys(row["size"] for row in rows))
    if len(cells) != len(rows) or len(variants) < 2 or len(sizes) < 2 or rows[0]["family_id"] is None:
        return None
    return page.Variants(
        tuple(sizes),
        tuple(variants),
        tuple(tuple(cells.get((variant, size)) for size in sizes) for variant in variants),
    )


def _line(row: Mapping[Any, Any], *, again: bool = False) -> page.Line:
    """A price; ``again`` is one more tier of the article above, whose picture and words stand there."""
    values: dict[str, page.Value] = {"ean": "" if again else row["ean"] or ""}
    if row["min_qty"] > 1:
        values["from_quantity"] = row["min_qty"]
    return page.Line(
        position="",
        sku=row["sku"],
        name=row["name"],
        quantity=Decimal(1),
        unit=row["unit"],
        description="" if again else row["description"],
        unit_price=row["amount"],
        values=values,
        group=row["category"],
        image=None if again else _image(row),
    )


def _image(row: Mapping[Any, Any]) -> tuple[int, str] | None:
    return (int(row["picture"][0]), str(row["picture"][1])) if row["picture"] else None
