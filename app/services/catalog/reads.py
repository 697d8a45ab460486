"""What screens show of products.  Lists are one statement; the detail of a product is one as well."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, aliased

from app.core.paging import ListQuery, Page, fetch_page
from app.core.together import Question, ask
from app.models.catalog import (
    Category,
    Family,
    Price,
    PriceList,
    Product,
    ProductImage,
    ProductText,
    TaxClass,
    Unit,
    VariantCode,
)
from app.models.inventory import StockLevel
from app.services.catalog.words import named, unit_name, with_variant
from app.services.visible import may_read

ZERO = Decimal(0)


class ProductRow(NamedTuple):
    """A product in the list.  ``status``: available, low, short, sold_out, phase_out, discontinued, placeholder or
    not_stocked.  ``wholesale`` is net, ``retail`` as printed on the shelf; both None without the right or a price.
    ``full_name`` is what documents call it: name and variant."""

    id: int
    sku: str
    image_id: int | None
    image_hash: str | None
    name: str
    variant: str | None
    category: str | None
    unit: str
    on_hand: Decimal
    available: Decimal
    reorder_point: Decimal
    wholesale: Decimal | None
    retail: Decimal | None
    state: str
    status: str
    is_made: bool
    is_bought: bool
    is_sold: bool
    is_stocked: bool
    legacy_sku: str | None
    ean: str | None
    family: str | None
    base_sku: str
    size: str | None
    color: str | None
    full_name: str


class ProductHit(NamedTuple):
    """A product found while typing.  ``title`` is the SKU, ``subtitle`` the name with its variant (the same as
    ``name``); ``chip`` is (kind, text key).  ``price`` is the wholesale price of one piece."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str]
    sku: str
    name: str
    unit: str
    decimals: int
    available: Decimal
    price: Decimal | None
    tax_rate: Decimal
    image_id: int | None
    image_hash: str | None


class FamilyRow(NamedTuple):
    """A family in a list or type-ahead."""

    id: int
    title: str
    subtitle: str
    variants: int


class Choice(NamedTuple):
    """An entry of a choice: id, what it is called, its code."""

    id: int
    name: str
    code: str


def _in_language(language: str, german: Any, english: Any) -> Any:
    return english if language == "en" else german


def _stock(needed_for_order: bool) -> tuple[FromClause, ColumnElement[bool]]:
    """On hand and reserved of each product, over the warehouses the reader may see.

    One by one for the rows shown; all at once only when the list is sorted or filtered by stock.
    """
    sums = select(
        func.coalesce(func.sum(StockLevel.on_hand), 0).label("on_hand"),
        func.coalesce(func.sum(StockLevel.free), 0).label("available"),
    )
    if needed_for_order:
        grouped = (
            sums.add_columns(StockLevel.product_id.label("pid"))
            .group_by(StockLevel.product_id)
            .subquery("st")
        )
        return grouped, grouped.c.pid == Product.id
    return sums.where(StockLevel.product_id == Product.id).correlate(Product).lateral("st"), true()


def _prices(kinds: Sequence[str], *, grouped: bool) -> Select[Any]:
    """The price of one piece today in the first list of these kinds: of each product, or of the row's product."""
    rank = case(*[(PriceList.kind == kind, number) for number, kind in enumerate(kinds)], else_=len(kinds))
    day = func.current_date()
    statement: Select[Any] = (
        select(Price.amount)
        .join(PriceList, PriceList.id == Price.price_list_id)
        .where(
            PriceList.kind.in_(kinds),
            Price.min_qty <= 1,
            Price.valid_from <= day,
            (Price.valid_to.is_(None)) | (Price.valid_to > day),
        )
    )
    order = (rank, PriceList.id, Price.min_qty.desc(), Price.valid_from.desc())
    if grouped:
        return (
            statement.add_columns(Price.product_id)
            .ext(distinct_on(Price.product_id))
            .order_by(Price.product_id, *order)
        )
    return statement.where(Price.product_id == Product.id).order_by(*order).limit(1).correlate(Product)


def _current_price(kinds: Sequence[str]) -> Any:
    """`_prices` of the row's product, as a column."""
    return _prices(kinds, grouped=False).scalar_subquery()


WHOLESALE, RETAIL = ("wholesale",), ("retail", "recommended")


def stock_status(on_hand: Any, available: Any) -> ColumnElement[str]:
    """The stock status of a product as SQL."""
    return case(
        (Product.state != "active", Product.state),
        (~Product.is_stocked, literal_column("'not_stocked'")),
        (on_hand <= 0, literal_column("'sold_out'")),
        (available <= 0, literal_column("'short'")),
        (and_(Product.reorder_point > 0, available <= Product.reorder_point), literal_column("'low'")),
        else_=literal_column("'available'"),
    )


STOCK_COLUMNS = frozenset({"on_hand", "available", "status"})
CHIPS = {
    "available": "ok",
    "low": "warn",
    "short": "bad",
    "sold_out": "bad",
    "phase_out": "neutral",
    "discontinued": "neutral",
    "placeholder": "note",
    "not_stocked": "neutral",
}
PRESETS = ("all", "sold", "made", "below_reorder", "without_image", "archived")


def _product_list(session: Session, query: ListQuery) -> tuple[Select[Any], dict[str, Any], ListQuery]:
    used = {query.sort, *(item.key for item in query.filters)}
    by_stock = bool(used & STOCK_COLUMNS) or query.preset == "below_reorder"
    stock, on_stock = _stock(by_stock)
    on_hand = func.coalesce(stock.c.on_hand, 0) if by_stock else stock.c.on_hand
    available = func.coalesce(stock.c.available, 0) if by_stock else stock.c.available
    translated = aliased(ProductText)
    name: Any = Product.name
    if query.language != "de":
        name = func.coalesce(translated.name, Product.name)
    category = _in_language(query.language, Category.name_de, Category.name_en)
    word = _in_language(query.language, VariantCode.name_de, VariantCode.name_en)
    variant = func.coalesce(word, Product.variant_code)
    full_name = with_variant(name, word)
    # Who looks for a name may add the variant's word.
    by_name = tuple(replace(item, key="full_name") if item.key == "name" else item for item in query.filters)
    query = replace(query, filters=by_name)
    prices = may_read(session, "catalog.price")
    asked: dict[str, Any] = {}
    joined: list[Any] = []
    for column_name, kinds in (("wholesale", WHOLESALE), ("retail", RETAIL)):
        if not prices:
            asked[column_name] = null()
        elif column_name in used:
            # Sorting by a price needs all of them: once for all products is then quicker than one by one.
            priced = _prices(kinds, grouped=True).subquery(column_name)
            joined.append((priced, priced.c.product_id == Product.id))
            asked[column_name] = priced.c.amount
        else:
            asked[column_name] = _current_price(kinds)
    status = stock_status(on_hand, available)
    statement = (
        select(
            Product.id,
            Product.sku,
            ProductImage.id,
            ProductImage.content_hash,
            name,
            variant,
            category,
            unit_name(query.language),
            on_hand,
            available,
            Product.reorder_point,
            asked["wholesale"],
            asked["retail"],
            Product.state,
            status,
            Product.is_made,
            Product.is_bought,
            Product.is_sold,
            Product.is_stocked,
            Product.legacy_sku,
            Product.ean,
            Family.name,
            Product.base_sku,
            Product.size,
            Product.color,
            full_name,
        )
        .join(Unit, Unit.id == Product.unit_id)
        .outerjoin(Category, Category.id == Product.category_id)
        .outerjoin(Family, Family.id == Product.family_id)
        .outerjoin(VariantCode, VariantCode.code == Product.variant_code)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary))
        .outerjoin(stock, on_stock)
    )
    for table, matches in joined:
        statement = statement.outerjoin(table, matches)
    if query.language != "de":
        statement = statement.outerjoin(
            translated, and_(translated.product_id == Product.id, translated.language == query.language)
        )
    match query.preset:
        case "sold":
            statement = statement.where(Product.is_sold, Product.state != "discontinued")
        case "made":
            statement = statement.where(Product.is_made, Product.state != "discontinued")
        case "below_reorder":
            statement = statement.where(
                Product.is_stocked,
                Product.state == "active",
                Product.reorder_point > 0,
                available < Product.reorder_point,
            )
        case "without_image":
            pictured = select(ProductImage.product_id).where(ProductImage.is_primary)
            statement = statement.where(Product.id.not_in(pictured), Product.state != "discontinued")
        case "archived":
            statement = statement.where(Product.state == "discontinued")
        case _:
            statement = statement.where(Product.state != "discontinued")
    columns: dict[str, Any] = {
        "id": Product.id,
        "sku": Product.search_key,
        "name": name,
        "variant": variant,
        "category": category,
        "unit": unit_name(query.language),
        "on_hand": on_hand,
        "available": available,
        "reorder_point": Product.reorder_point,
        "wholesale": asked["wholesale"],
        "retail": asked["retail"],
        "state": Product.state,
        "status": status,
        "is_made": Product.is_made,
        "is_bought": Product.is_bought,
        "is_sold": Product.is_sold,
        "is_stocked": Product.is_stocked,
        "legacy_sku": Product.legacy_sku,
        "ean": Product.ean,
        "family": Family.name,
        "family_id": Product.family_id,
        "category_id": Product.category_id,
        "base_sku": Product.base_sku,
        "size": Product.size,
        "color": Product.color,
        "full_name": full_name,
    }
    return statement, columns, query


def list_products(session: Session, query: ListQuery) -> Page:
    """Rows of `ProductRow`.  Presets: all (without discontinued ones), sold, made, below_reorder, without_image,
    archived."""
    statement, columns, query = _product_list(session, query)
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=ProductRow)


def search_products(
    session: Session, text: str, limit: int = 8, language: str = "de", use: str = ""
) -> list[ProductHit]:
    """Products for what somebody types, best first, in one round trip.

    ``use`` narrows to products that are sold, made, bought or stocked.
    """
    found = func.catalog.search_products(
        bindparam("typed", text), bindparam("lim", limit), bindparam("used", use)
    )
    hits = found.table_valued(column("id"), column("rank"), with_ordinality="ord").render_derived(name="hit")
    stock, on_stock = _stock(False)
    prices = may_read(session, "catalog.price")
    price = _current_price(WHOLESALE) if prices else null()
    base, name = named(
        select(Product.id)
        .select_from(hits)
        .join(Product, Product.id == hits.c.id)
        .join(Unit, Unit.id == Product.unit_id)
        .join(TaxClass, TaxClass.id == Product.tax_class_id)
        .outerjoin(ProductImage, and_(ProductImage.product_id == Product.id, ProductImage.is_primary))
        .outerjoin(stock, on_stock)
        .order_by(hits.c.ord),
        language,
    )
    statement = base.with_only_columns(
        stock_status(stock.c.on_hand, stock.c.available),
        Product.id,
        Product.sku,
        name,
        Unit.code,
        Unit.decimals,
        stock.c.available,
        price,
        TaxClass.rate,
        ProductImage.id,
        ProductImage.content_hash,
    )
    return [
        ProductHit(key, sku, called, (CHIPS[status], f"stock.status.{status}"), sku, called, *rest)
        for status, key, sku, called, *rest in session.execute(statement)
    ]


def search_made_products(
    session: Session, text: str, limit: int = 8, language: str = "de"
) -> list[ProductHit]:
    """`search_products` among products that are made."""
    return search_products(session, text, limit, language, "made")


def search_sold_products(
    session: Session, text: str, limit: int = 8, language: str = "de"
) -> list[ProductHit]:
    """`search_products` among products that are sold."""
    return search_products(session, text, limit, language, "sold")


def search_families(session: Session, text: str, limit: int = 8, language: str = "de") -> list[FamilyRow]:
    """Families whose code begins with the text or whose name contains it."""
    name = Family.name if language == "de" else func.coalesce(Family.name_en, Family.name)
    variants = select(func.count()).where(Product.family_id == Family.id).correlate(Family).scalar_subquery()
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    statement = (
        select(Family.id, Family.code, name, variants)
        .where(Family.code.ilike(f"{escaped}%") | name.ilike(f"%{escaped}%"))
        .order_by(~Family.code.ilike(f"{escaped}%"), Family.code)
        .limit(limit)
    )
    return [FamilyRow._make(row) for row in session.execute(statement)]


def _choices(session: Session, model: Any, language: str) -> list[Choice]:
    return ask(session, _choices_question(model, language))


def _choices_question(model: Any, language: str) -> Question[list[Choice]]:
    name = _in_language(language, model.name_de, model.name_en)
    statement = select(model.id, name, model.code).order_by(name, model.id)
    return Question(statement, lambda rows: [Choice._make(row) for row in rows])


def categories(session: Session, language: str = "de") -> list[Choice]:
    """All categories by name."""
    return _choices(session, Category, language)


def units(session: Session, language: str = "de") -> list[Choice]:
    """All units by name."""
    return _choices(session, Unit, language)


def tax_classes(session: Session, language: str = "de") -> list[Choice]:
    """All tax classes by name."""
    return _choices(session, TaxClass, language)


def price_lists(session: Session, language: str = "de") -> list[Choice]:
    """All price lists by name."""
    return ask(session, price_lists_question(language))


def price_lists_question(language: str) -> Question[list[Choice]]:
    """Asks for all price lists by name."""
    return _choices_question(PriceList, language)


def variant_codes(session: Session, language: str = "de") -> list[Choice]:
    """What variant codes mean."""
    return _choices(session, VariantCode, language)
