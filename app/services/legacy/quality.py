"""What is incomplete or contradicts itself in the data, record by record.

Every check is a plain SELECT under the person's own rights; a check about tables somebody may not read does not exist
for that person.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from sqlalchemy import BigInteger, String, func, literal, select, text, union_all
from sqlalchemy.orm import Session

from app.core.paging import ListQuery, Page, fetch_page

AREAS: Final = ("catalog", "prices", "partners", "inventory", "production", "legacy")
PRESETS: Final = ("all", "errors", *AREAS)


@dataclass(frozen=True, slots=True)
class Check:
    """One question: ``statement`` gives record_id, number, name and detail of every record it is about.

    ``topic`` is the kind of record a click opens; ``tables`` must be readable; ``severity`` error or warning.
    """

    code: str
    area: str
    severity: str
    topic: str
    tables: tuple[str, ...]
    statement: str


class Found(NamedTuple):
    """One record with what is wrong with it; ``detail`` is a value that helps (a number, a count), never a sentence."""

    id: int
    check: str
    area: str
    severity: str
    topic: str
    record_id: int
    number: str
    name: str | None
    detail: str | None


class CheckCount(NamedTuple):
    """How many records a check found."""

    check: str
    area: str
    severity: str
    found: int


_PRODUCT: Final = (
    "SELECT p.id AS record_id, p.sku AS number, p.name AS name, {detail} AS detail "
    "FROM catalog.product p WHERE p.state = 'active' AND {where}"
)
_SOLD: Final = "p.is_sold"
_TEXT: Final = (
    "p.is_sold AND NOT EXISTS (SELECT FROM catalog.product_text x WHERE x.product_id = p.id "
    "AND x.language = '{language}' AND coalesce(btrim(x.name), '') <> '')"
)
_CURRENT: Final = "x.valid_from <= CURRENT_DATE AND (x.valid_to IS NULL OR x.valid_to > CURRENT_DATE)"
_SUM: Final = "(d.net + coalesce(d.freight, 0) + coalesce(d.handling, 0) + coalesce(d.tax, 0))"
_FAMILY: Final = (
    "SELECT f.id AS record_id, f.code AS number, f.name AS name, {detail} AS detail "
    "FROM {table} f WHERE {where}"
)
_PARTNER: Final = (
    "SELECT p.id AS record_id, p.number AS number, p.name AS name, {detail} AS detail "
    "FROM {table} p WHERE p.is_active AND {where}"
)
_DOCUMENT: Final = (
    "SELECT d.id AS record_id, d.number AS number, d.customer_number AS name, {detail} AS detail "
    "FROM legacy.document d WHERE {where}"
)


def _product(
    code: str, severity: str, where: str, *tables: str, detail: str = "NULL", area: str = "catalog"
) -> Check:
    needed = ("catalog.product", *tables)
    return Check(code, area, severity, "catalog.product", needed, _PRODUCT.format(detail=detail, where=where))


def _family(
    code: str, severity: str, where: str, *, detail: str = "NULL", table: str = "catalog.family"
) -> Check:
    tables = ("catalog.family", "catalog.product")
    statement = _FAMILY.format(detail=detail, where=where, table=table)
    return Check(code, "catalog", severity, "catalog.family", tables, statement)


_TWICE: Final = (
    "(SELECT t.*, count(*) OVER w AS times, CASE WHEN t.{shown} = min(t.{shown}) OVER w "
    "THEN max(t.{shown}) OVER w ELSE min(t.{shown}) OVER w END AS other "
    "FROM {of} t WHERE {where} WINDOW w AS (PARTITION BY {key}))"
)


def _twice(of: str, key: str, shown: str, where: str) -> str:
    """A table with how often a key occurs in it and the number of another row that has it too."""
    return _TWICE.format(of=of, key=key, shown=shown, where=where)


def _partner(
    code: str, severity: str, where: str, *tables: str, detail: str = "NULL", table: str = "partners.partner"
) -> Check:
    needed = ("partners.partner", *tables)
    statement = _PARTNER.format(detail=detail, where=where, table=table)
    return Check(code, "partners", severity, "partners.partner", needed, statement)


def _document(code: str, severity: str, where: str, *, detail: str) -> Check:
    tables = ("legacy.document",)
    return Check(
        code, "legacy", severity, "legacy.document", tables, _DOCUMENT.format(detail=detail, where=where)
    )


CHECKS: Final[tuple[Check, ...]] = (
    _family(
        "placeholder",
        "error",
        "f.state = 'placeholder'",
        detail="(SELECT count(*) FROM catalog.product p WHERE p.family_id = f.id)::text",
    ),
    _family("family_empty", "warning", "NOT EXISTS (SELECT FROM catalog.product p WHERE p.family_id = f.id)"),
    _family(
        "family_duplicate",
        "warning",
        "f.times > 1",
        detail="f.other",
        table=_twice("catalog.family", "lower(btrim(t.name))", "code", "t.state <> 'placeholder'"),
    ),
    _family(
        "family_without_text", "warning", "coalesce(btrim(f.description), '') = '' AND f.state = 'active'"
    ),
    _product("orphan", "error", f"{_SOLD} AND p.family_id IS NULL"),
    _product(
        "without_category",
        "warning",
        "p.category_id IS NULL AND NOT EXISTS (SELECT FROM catalog.family f WHERE f.id = p.family_id "
        "AND f.category_id IS NOT NULL)",
        "catalog.family",
    ),
    _product(
        "without_description",
        "warning",
        "p.is_sold AND NOT EXISTS (SELECT FROM catalog.product_text x WHERE x.product_id = p.id "
        "AND coalesce(btrim(x.description), '') <> '') AND NOT EXISTS (SELECT FROM catalog.family f "
        "WHERE f.id = p.family_id AND coalesce(btrim(f.description), '') <> '')",
        "catalog.product_text",
        "catalog.family",
    ),
    _product("without_english", "warning", _TEXT.format(language="en"), "catalog.product_text"),
    _product(
        "without_picture",
        "warning",
        f"{_SOLD} AND NOT EXISTS (SELECT FROM catalog.product_image i WHERE i.product_id = p.id)",
        "catalog.product_image",
    ),
    _product(
        "ean_twice",
        "error",
        "p.ean IS NOT NULL AND EXISTS (SELECT FROM catalog.product o WHERE o.ean = p.ean AND o.id <> p.id)",
        detail="p.ean",
    ),
    _product(
        "price_zero",
        "error",
        f"EXISTS (SELECT FROM catalog.price x WHERE x.product_id = p.id AND x.amount = 0 AND {_CURRENT})",
        "catalog.price",
        area="prices",
    ),
    _product(
        "without_price",
        "error",
        f"{_SOLD} AND NOT EXISTS (SELECT FROM catalog.price x WHERE x.product_id = p.id AND {_CURRENT})",
        "catalog.price",
        area="prices",
    ),
    _product(
        "price_below_cost",
        "warning",
        "EXISTS (SELECT FROM catalog.price x "
        "JOIN catalog.price_list l ON l.id = x.price_list_id AND NOT l.tax_included "
        f"JOIN catalog.product_cost c ON c.product_id = p.id WHERE x.product_id = p.id AND {_CURRENT} "
        "AND x.amount > 0 AND x.amount < c.standard_cost)",
        "catalog.price",
        "catalog.price_list",
        "catalog.product_cost",
        detail="(SELECT c.standard_cost::text FROM catalog.product_cost c WHERE c.product_id = p.id)",
        area="prices",
    ),
    _product(
        "without_cost",
        "warning",
        "(p.is_bought OR p.is_made) AND coalesce((SELECT c.standard_cost FROM catalog.product_cost c "
        "WHERE c.product_id = p.id), 0) = 0",
        "catalog.product_cost",
        area="prices",
    ),
    _partner(
        "without_address",
        "error",
        "NOT EXISTS (SELECT FROM partners.address a WHERE a.partner_id = p.id)",
        "partners.address",
    ),
    _partner(
        "address_incomplete",
        "warning",
        "EXISTS (SELECT FROM partners.address a WHERE a.partner_id = p.id AND (coalesce(btrim(a.city), '') = '' "
        "OR coalesce(btrim(a.street), '') = '' OR coalesce(btrim(a.postcode), '') = ''))",
        "partners.address",
    ),
    _partner("unreachable", "warning", "coalesce(p.email, '') = '' AND coalesce(p.phone, '') = ''"),
    _partner(
        "partner_twice",
        "warning",
        "p.times > 1",
        detail="p.other",
        table=_twice("partners.partner", "lower(btrim(t.name))", "number", "t.is_active"),
    ),
    _partner(
        "vat_twice",
        "warning",
        "p.times > 1",
        detail="p.other",
        table=_twice("partners.partner", "t.vat_id", "number", "t.is_active AND t.vat_id IS NOT NULL"),
    ),
    _partner(
        "terms_missing", "warning", "p.is_customer AND (p.payment_term_id IS NULL OR p.price_list_id IS NULL)"
    ),
    Check(
        "stock_of_inactive",
        "inventory",
        "warning",
        "catalog.product",
        ("catalog.product", "inventory.stock_level"),
        "SELECT p.id AS record_id, p.sku AS number, p.name AS name, sum(l.on_hand)::text AS detail "
        "FROM catalog.product p "
        "JOIN inventory.stock_level l ON l.product_id = p.id WHERE p.state <> 'active' AND l.on_hand > 0 "
        "GROUP BY p.id, p.sku, p.name",
    ),
    Check(
        "stock_unstocked",
        "inventory",
        "error",
        "catalog.product",
        ("catalog.product", "inventory.stock_level"),
        "SELECT p.id AS record_id, p.sku AS number, p.name AS name, sum(l.on_hand)::text AS detail "
        "FROM catalog.product p "
        "JOIN inventory.stock_level l ON l.product_id = p.id WHERE NOT p.is_stocked AND l.on_hand > 0 "
        "GROUP BY p.id, p.sku, p.name",
    ),
    _product(
        "made_without_bom",
        "error",
        "p.is_made AND NOT EXISTS (SELECT FROM engineering.bom b WHERE b.product_id = p.id AND b.state = 'approved')",
        "engineering.bom",
        area="production",
    ),
    _product(
        "part_inactive",
        "error",
        "EXISTS (SELECT FROM engineering.bom b JOIN engineering.bom_line l ON l.bom_id = b.id "
        "JOIN catalog.product c ON c.id = l.product_id AND c.state <> 'active' "
        "WHERE b.product_id = p.id AND b.state = 'approved' AND (b.valid_to IS NULL OR b.valid_to > CURRENT_DATE))",
        "engineering.bom",
        "engineering.bom_line",
        area="production",
    ),
    _document("document_without_customer", "warning", "d.partner_id IS NULL", detail="d.kind::text"),
    _document(
        "document_total",
        "error",
        f"abs(d.gross - {_SUM}) > 0.02",
        detail=f"round(d.gross - {_SUM}, 2)::text",
    ),
    _document("document_without_date", "warning", "d.date IS NULL", detail="d.kind::text"),
)
BY_CODE: Final[Mapping[str, Check]] = {check.code: check for check in CHECKS}
TOPICS: Final = frozenset(table for check in CHECKS for table in check.tables) | {"legacy.feed"}
# Enough room for any key below the number of its check.
_STEP: Final = Decimal(10) ** 13


def list_found(session: Session, query: ListQuery) -> Page:
    """Rows of `Found`.  Presets: all, errors and the areas."""
    rows = _all(session, query.preset)
    columns: dict[str, Any] = {name: rows.c[name] for name in Found._fields}
    statement = select(*[columns[name] for name in Found._fields])
    return fetch_page(session, statement, columns=columns, key=rows.c.id, query=query, row=Found)


def counts(session: Session) -> tuple[CheckCount, ...]:
    """How many records each check found, those with none left out; one round trip."""
    rows = _all(session, "all")
    found = session.execute(
        select(rows.c.check, rows.c.area, rows.c.severity, func.count()).group_by(
            rows.c.check, rows.c.area, rows.c.severity
        )
    ).all()
    order = {check.code: place for place, check in enumerate(CHECKS)}
    return tuple(sorted((CheckCount(*row) for row in found), key=lambda one: order[one.check]))


def count_errors(session: Session) -> int:
    """How many findings are errors, for the home page."""
    return list_found(session, ListQuery(preset="errors", limit=1)).total or 0


def readable(session: Session) -> tuple[Check, ...]:
    """The checks about tables this person may read."""
    rights: frozenset[str] | None = session.info.get("rights")
    if rights is None:
        tables = sorted({table for check in CHECKS for table in check.tables})
        names = ", ".join(f"has_table_privilege('{name}', 'SELECT')" for name in tables)
        answers = session.execute(text(f"SELECT {names}")).one()
        rights = frozenset(f"{name}:select" for name, yes in zip(tables, answers, strict=True) if yes)
    return tuple(check for check in CHECKS if all(f"{table}:select" in rights for table in check.tables))


def _all(session: Session, preset: str) -> Any:
    parts = []
    for check in readable(session):
        if (preset == "errors" and check.severity != "error") or (preset in AREAS and check.area != preset):
            continue
        place = CHECKS.index(check) + 1
        inner = (
            text(check.statement)
            .columns(record_id=BigInteger, number=String, name=String, detail=String)
            .subquery(f"c{place}")
        )
        parts.append(
            select(
                (literal(int(place * _STEP), BigInteger) + inner.c.record_id).label("id"),
                literal(check.code, String).label("check"),
                literal(check.area, String).label("area"),
                literal(check.severity, String).label("severity"),
                literal(check.topic, String).label("topic"),
                inner.c.record_id,
                inner.c.number,
                inner.c.name,
                inner.c.detail,
            )
        )
    if not parts:
        nothing = [
            literal(None, BigInteger if name in ("id", "record_id") else String).label(name)
            for name in Found._fields
        ]
        return select(*nothing).where(literal(False)).subquery("found")
    return union_all(*parts).subquery("found")
