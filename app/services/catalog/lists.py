"""The smaller lists of the catalogue: families, prices, price lists, and what products are described with."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import and_, case, func, literal_column, or_, select, text
from sqlalchemy.orm import Session, aliased

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.core.together import Question, ask, ask_together
from app.models.base import Root
from app.models.catalog import (
    Category,
    Family,
    Price,
    PriceList,
    Product,
    ProductImage,
    TaxClass,
    Unit,
    VariantCode,
)
from app.models.inventory import StockLevel
from app.services.catalog.words import named, unit_name
from app.services.records import topic_of

PRICE_PRESETS = ("current", "all", "future", "past")


class FamilyListRow(NamedTuple):
    """A family with what its variants have together; the picture is that of its first variant that has one."""

    id: int
    code: str
    name: str
    category: str | None
    variants: int
    on_hand: Decimal
    image_id: int | None
    image_hash: str | None


class PriceListItem(NamedTuple):
    """A price in the list of all prices; ``state`` is current, future or past."""

    id: int
    product_id: int
    sku: str
    image_id: int | None
    image_hash: str | None
    name: str
    price_list: str
    unit: str
    min_qty: Decimal
    amount: Decimal
    currency: str
    tax_included: bool
    valid_from: date
    valid_to: date | None
    state: str


class PriceListRow(NamedTuple):
    """A price list with how many products have a price in it today."""

    id: int
    code: str
    name_de: str
    name_en: str
    kind: str
    currency: str
    tax_included: bool
    products: int


class CodedRow(NamedTuple):
    """A category, unit, tax class or variant code; ``value`` is what only this kind has (parent, decimals, rate)."""

    id: int
    code: str
    name_de: str
    name_en: str
    value: Any
    products: int


class VariantRow(NamedTuple):
    """A variant of a family."""

    id: int
    sku: str
    name: str
    variant: str | None
    state: str
    on_hand: Decimal
    image_id: int | None
    image_hash: str | None


class FamilyForm(NamedTuple):
    """A family as its form shows it."""

    id: int
    row_version: int
    code: str
    name: str
    name_en: str | None
    description: str | None
    category_id: int | None
    updated_at: datetime
    updated_by_name: str | None
    variants: tuple[VariantRow, ...]


def _by_language(language: str, model: Any) -> Any:
    return model.name_en if language == "en" else model.name_de


def list_families(session: Session, query: ListQuery) -> Page:
    """Rows of `FamilyListRow`."""
    name = func.coalesce(Family.name_en, Family.name) if query.language == "en" else Family.name
    category = _by_language(query.language, Category)
    variants = select(func.count()).where(Product.family_id == Family.id).correlate(Family).scalar_subquery()
    on_hand = (
        select(func.coalesce(func.sum(StockLevel.on_hand), 0))
        .join(Product, Product.id == StockLevel.product_id)
        .where(Product.family_id == Family.id)
        .correlate(Family)
        .scalar_subquery()
    )
    picture = (
        select(ProductImage.id, ProductImage.content_hash)
        .join(Product, Product.id == ProductImage.product_id)
        .where(Product.family_id == Family.id, ProductImage.is_primary)
        .order_by(Product.search_key)
        .limit(1)
        .correlate(Family)
        .lateral("picture")
    )
    statement = (
        select(
            Family.id,
            Family.code,
            name,
            category,
            variants.label("variants"),
            on_hand.label("on_hand"),
            picture.c.id,
            picture.c.content_hash,
        )
        .outerjoin(Category, Category.id == Family.category_id)
        .outerjoin(picture, literal_column("true"))
    )
    columns = {
        "id": Family.id,
        "code": Family.code,
        "name": name,
        "category": category,
        "category_id": Family.category_id,
        "variants": variants,
        "on_hand": on_hand,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=FamilyListRow)


_VARIANTS = text("""
SELECT p.id, p.sku, coalesce(t.name, p.name),
       coalesce(CASE :lang WHEN 'en' THEN v.name_en ELSE v.name_de END, p.variant_code), p.state,
       coalesce((SELECT sum(l.on_hand) FROM inventory.stock_level l WHERE l.product_id = p.id), 0),
       i.id, i.content_hash
  FROM catalog.product p
  LEFT JOIN catalog.variant_code v ON v.code = p.variant_code
  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = :lang
  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary
 WHERE p.family_id = :id
 ORDER BY p.search_key
""")


def family_variants(session: Session, family_id: int, language: str = "de") -> list[VariantRow]:
    """The variants of a family by SKU."""
    return ask(session, _variants_question(family_id, language))


def _variants_question(family_id: int, language: str) -> Question[list[VariantRow]]:
    values = {"id": family_id, "lang": language}
    return Question(_VARIANTS, lambda rows: [VariantRow._make(row) for row in rows], values)


_FAMILY = text("""
SELECT f.id, f.row_version, f.code, f.name, f.name_en, f.description, f.category_id, f.updated_at,
       (SELECT p.person FROM sec.people() p WHERE p.login = f.updated_by) AS updated_by_name
  FROM catalog.family f WHERE f.id = :id
""")


def load_family(session: Session, family_id: int, language: str = "de") -> FamilyForm:
    """A family with its variants; one round trip.  Raises `Refused` when it does not exist."""
    found, variants = ask_together(
        session, Question(_FAMILY, list, {"id": family_id}), _variants_question(family_id, language)
    )
    if not found:
        raise Refused("record_not_found", table="catalog.family", id=family_id)
    return FamilyForm._make((*found[0], tuple(variants)))


def list_prices(session: Session, query: ListQuery) -> Page:
    """Rows of `PriceListItem`.  Presets: current, all, future, past."""
    today = func.current_date()
    price_list = _by_language(query.language, PriceList)
    over = and_(Price.valid_to.is_not(None), Price.valid_to <= today)
    state = case((Price.valid_from > today, "future"), (over, "past"), else_="current")
    base, name = named(
        select(Price.id)
        .join(Product, Product.id == Price.product_id)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary)),
        query.language,
    )
    statement = base.with_only_columns(
        Price.id,
        Product.id,
        Product.sku,
        ProductImage.id,
        ProductImage.content_hash,
        name,
        price_list,
        unit_name(query.language),
        Price.min_qty,
        Price.amount,
        PriceList.currency,
        PriceList.tax_included,
        Price.valid_from,
        Price.valid_to,
        state,
    )
    match query.preset:
        case "future":
            statement = statement.where(Price.valid_from > today)
        case "past":
            statement = statement.where(over)
        case "all":
            pass
        case _:
            statement = statement.where(
                Price.valid_from <= today, or_(Price.valid_to.is_(None), Price.valid_to > today)
            )
    columns: dict[str, Any] = {
        "id": Price.id,
        "sku": Product.search_key,
        "name": name,
        "price_list": price_list,
        "price_list_id": Price.price_list_id,
        "unit": unit_name(query.language),
        "min_qty": Price.min_qty,
        "amount": Price.amount,
        "tax_included": PriceList.tax_included,
        "valid_from": Price.valid_from,
        "valid_to": Price.valid_to,
        "state": state,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=PriceListItem)


def list_price_lists(session: Session, query: ListQuery) -> Page:
    """Rows of `PriceListRow`."""
    today = func.current_date()
    products = (
        select(func.count(Price.product_id.distinct()))
        .where(
            Price.price_list_id == PriceList.id,
            Price.valid_from <= today,
            or_(Price.valid_to.is_(None), Price.valid_to > today),
        )
        .correlate(PriceList)
        .scalar_subquery()
    )
    statement = select(
        PriceList.id,
        PriceList.code,
        PriceList.name_de,
        PriceList.name_en,
        PriceList.kind,
        PriceList.currency,
        PriceList.tax_included,
        products.label("products"),
    )
    columns: dict[str, Any] = {
        "id": PriceList.id,
        "code": PriceList.code,
        "name_de": PriceList.name_de,
        "name_en": PriceList.name_en,
        "kind": PriceList.kind,
        "currency": PriceList.currency,
        "tax_included": PriceList.tax_included,
        "products": products,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=PriceListRow)


def _coded(session: Session, query: ListQuery, model: Any, uses: Any, value: Any, parent: Any = None) -> Page:
    products = select(func.count()).where(uses).correlate(model).scalar_subquery()
    statement = select(
        model.id, model.code, model.name_de, model.name_en, value.label("value"), products.label("products")
    )
    if parent is not None:
        statement = statement.outerjoin(parent, parent.id == model.parent_id)
    columns = {
        "id": model.id,
        "code": model.code,
        "name_de": model.name_de,
        "name_en": model.name_en,
        "value": value,
        "products": products,
    }
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=CodedRow)


def list_categories(session: Session, query: ListQuery) -> Page:
    """Rows of `CodedRow`; the value is the name of the category above."""
    above = aliased(Category)
    name = _by_language(query.language, above)
    return _coded(session, query, Category, Product.category_id == Category.id, name, above)


def list_units(session: Session, query: ListQuery) -> Page:
    """Rows of `CodedRow`; the value is how many decimals a quantity may have."""
    return _coded(session, query, Unit, Product.unit_id == Unit.id, Unit.decimals)


def list_tax_classes(session: Session, query: ListQuery) -> Page:
    """Rows of `CodedRow`; the value is the rate in percent."""
    return _coded(session, query, TaxClass, Product.tax_class_id == TaxClass.id, TaxClass.rate)


def list_variant_codes(session: Session, query: ListQuery) -> Page:
    """Rows of `CodedRow`; there is no value."""
    return _coded(
        session,
        query,
        VariantCode,
        Product.variant_code == VariantCode.code,
        literal_column("NULL::text"),
    )


def load_plain(session: Session, model: type[Root], record_id: int, *more: Any) -> dict[str, Any]:
    """All columns of a record by name, ``more`` ones and ``updated_by_name``; one round trip.

    Raises `Refused` when it does not exist.
    """
    columns = model.__table__.columns
    person: Any = literal_column(
        f"(SELECT p.person FROM sec.people() p WHERE p.login = {topic_of(model)}.updated_by)"  # noqa: S608
    ).label("updated_by_name")
    statement = select(*columns, person, *more).where(columns["id"] == record_id)
    row = session.execute(statement).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table=topic_of(model), id=record_id)
    return dict(row)


def load_category(session: Session, record_id: int, language: str = "de") -> dict[str, Any]:
    """A category for its form; ``parent`` is the name of the one above."""
    above = aliased(Category)
    parent = select(_by_language(language, above)).where(above.id == Category.parent_id).correlate(Category)
    return load_plain(session, Category, record_id, parent.scalar_subquery().label("parent"))


def load_unit(session: Session, record_id: int, _language: str = "de") -> dict[str, Any]:
    """A unit for its form."""
    found = load_plain(session, Unit, record_id)
    return found | {"decimals": Decimal(found["decimals"])}


def load_tax_class(session: Session, record_id: int, _language: str = "de") -> dict[str, Any]:
    """A tax class for its form."""
    return load_plain(session, TaxClass, record_id)


def load_variant_code(session: Session, record_id: int, _language: str = "de") -> dict[str, Any]:
    """A variant code for its form."""
    return load_plain(session, VariantCode, record_id)


def load_price_list(session: Session, record_id: int, _language: str = "de") -> dict[str, Any]:
    """A price list for its form."""
    return load_plain(session, PriceList, record_id)
