"""Changes to the catalogue.  Everything here is master data: rows under the writer's own rights, nothing is posted."""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api
from app.core.errors import Invalid
from app.models.base import Root
from app.models.catalog import (
    Category,
    Family,
    Price,
    PriceList,
    Product,
    ProductCost,
    ProductImage,
    ProductText,
    TaxClass,
    Unit,
    VariantCode,
)
from app.services import records
from app.services.catalog import images, rules
from app.services.catalog.checks import PRICE as PRICE_RULES
from app.services.catalog.commands import (
    ArchiveProduct,
    CreateVariant,
    Discard,
    SaveCategory,
    SaveFamily,
    SavePrice,
    SavePriceList,
    SaveProduct,
    SaveRecord,
    SaveTaxClass,
    SaveUnit,
    SaveVariantCode,
    SetImage,
)
from app.services.records import Saved
from app.services.validation.findings import refuse

PRODUCT = "catalog.product"
_SIDE_FIELDS = ("name_en", "description", "description_en", "standard_cost")
_INHERITED = (
    "family_id",
    "name",
    "category_id",
    "unit_id",
    "tax_class_id",
    "is_made",
    "is_bought",
    "is_sold",
    "is_stocked",
    "is_lot_tracked",
    "weight_g",
    "reorder_point",
    "size",
)


def save_product(session: Session, command: SaveProduct) -> Result[Saved]:
    """Create or change a product with its texts and, for those who may know it, its cost.

    Raises `Invalid` for a value that breaks a rule and `Conflict` when somebody else changed the product meanwhile.
    """
    side = {key: command.values[key] for key in _SIDE_FIELDS if key in command.values}
    own = rules.product_values({k: v for k, v in command.values.items() if k not in _SIDE_FIELDS})
    if command.id is None:
        for key in ("sku", "name", "unit_id", "tax_class_id"):
            if key not in own:
                raise Invalid("required", column=key)
    product = records.save(session, Product, command.id, command.row_version, own)
    if side:
        if command.id is not None and not own:
            records.touch(product, "name")
        if "name_en" in side:
            _save_text(session, product.id, "en", "name", rules.check_text(side["name_en"], "name_en", 200))
        if "description" in side:
            _save_text(
                session, product.id, "de", "description", _description(side["description"], "description")
            )
        if "description_en" in side:
            text = _description(side["description_en"], "description_en")
            _save_text(session, product.id, "en", "description", text)
        if side.get("standard_cost") is not None:
            _save_cost(session, product.id, side["standard_cost"])
        session.flush()
    return Result(Saved(product.id, product.row_version), changed((PRODUCT, product.id)))


def create_variant(session: Session, command: CreateVariant) -> Result[Saved]:
    """Create a product like another one under a new SKU; both belong to the same family.

    A source without family gets one, named after it, so that the two are found together.
    """
    source = records.find(session, Product, command.source_id)
    records_changed: list[tuple[str, int | None]] = []
    if source.family_id is None:
        family = Family(code=source.base_sku, name=source.name, category_id=source.category_id)
        session.add(family)
        session.flush()
        source.family_id = family.id
        records_changed += [("catalog.family", family.id), (PRODUCT, source.id)]
    values: dict[str, Any] = {key: getattr(source, key) for key in _INHERITED}
    values.update(rules.product_values({**command.values, "sku": command.sku}))
    product = records.save(session, Product, None, None, values)
    texts = session.scalars(select(ProductText).where(ProductText.product_id == source.id)).all()
    for text in texts:
        session.add(
            ProductText(
                product_id=product.id, language=text.language, name=text.name, description=text.description
            )
        )
    session.flush()
    return Result(Saved(product.id, product.row_version), changed((PRODUCT, product.id), *records_changed))


def archive_product(session: Session, command: ArchiveProduct) -> Result[Saved]:
    """Change the state of a product; nothing is ever deleted."""
    values = rules.product_values({"state": command.state})
    product = records.save(session, Product, command.id, command.row_version, values)
    return Result(Saved(product.id, product.row_version), changed((PRODUCT, product.id)))


def save_family(session: Session, command: SaveFamily) -> Result[Saved]:
    """Create or change a family."""
    return _save_plain(session, Family, command, rules.family_values(command.values))


def save_category(session: Session, command: SaveCategory) -> Result[Saved]:
    """Create or change a category; one that would lie inside itself is refused."""
    values = _named(command, 120, 40)
    parent_id, seen = values.get("parent_id"), {command.id}
    while parent_id is not None:
        if parent_id in seen:
            raise Invalid("category_not_its_own_parent", column="parent_id")
        seen.add(parent_id)
        parent_id = session.scalar(select(Category.parent_id).where(Category.id == parent_id))
    return _save_plain(session, Category, command, values)


def save_unit(session: Session, command: SaveUnit) -> Result[Saved]:
    """Create or change a unit of measure."""
    values = _named(command, 60, 12)
    if "decimals" in values and values["decimals"] not in range(7):
        raise Invalid("unit_decimals_range", column="decimals")
    return _save_plain(session, Unit, command, values)


def save_tax_class(session: Session, command: SaveTaxClass) -> Result[Saved]:
    """Create or change a tax class.  Documents keep the rate they were issued with."""
    values = _named(command, 80, 20)
    if "rate" in values and rules.check_not_negative(values["rate"], "rate", 4) >= 100:
        raise Invalid("tax_rate_range", column="rate")
    return _save_plain(session, TaxClass, command, values)


def save_variant_code(session: Session, command: SaveVariantCode) -> Result[Saved]:
    """Create or change the meaning of a variant code."""
    return _save_plain(session, VariantCode, command, _named(command, 80, 20))


def save_price_list(session: Session, command: SavePriceList) -> Result[Saved]:
    """Create or change a price list."""
    return _save_plain(session, PriceList, command, _named(command, 80, 20))


def save_price(session: Session, command: SavePrice) -> Result[Saved]:
    """Create or change a price.

    A new price ends the open one of the same list and tier the day it begins, so that a price change is one entry.
    """
    values = rules.price_values(command.values)
    start = values.get("valid_from")
    refuse(PRICE_RULES.check(values))
    if command.id is None:
        for key in ("product_id", "price_list_id", "amount", "valid_from"):
            if values.get(key) is None:
                raise Invalid("required", column=key)
        session.execute(
            update(Price)
            .where(
                Price.product_id == values["product_id"],
                Price.price_list_id == values["price_list_id"],
                Price.min_qty == values.get("min_qty", 1),
                Price.valid_from < start,
                Price.valid_to.is_(None),
            )
            .values(valid_to=start)
            .execution_options(synchronize_session=False)
        )
    price = records.save(session, Price, command.id, command.row_version, values)
    topics = changed((PRODUCT, price.product_id), ("catalog.price", price.id))
    return Result(Saved(price.id, price.row_version), topics)


def discard_price(session: Session, command: Discard) -> Result[None]:
    """Remove a price that was entered by mistake."""
    return _discard(session, Price, command)


def set_image(session: Session, command: SetImage) -> Result[Saved]:
    """Store a picture as the primary one, by hand; the one before stays as another picture of the product.

    The same picture again changes nothing.  Raises `Invalid` for a file that is no usable picture.
    """
    picture = images.prepare(command.content)
    topics = changed((PRODUCT, command.product_id), ("catalog.product_image", None))
    there = session.scalars(select(ProductImage).where(ProductImage.product_id == command.product_id)).all()
    primary = next((image for image in there if image.is_primary), None)
    if primary is not None and primary.content == picture.content:
        return Result(Saved(primary.id, primary.row_version))
    for image in there:
        if image.is_primary or image.is_chosen:
            image.is_primary = image.is_chosen = False
    session.flush()
    image = records.save(
        session,
        ProductImage,
        None,
        None,
        {
            "product_id": command.product_id,
            "is_primary": True,
            "is_chosen": True,
            "mime": picture.mime,
            "content": picture.content,
            "thumbnail": picture.thumbnail,
        },
    )
    return Result(Saved(image.id, image.row_version), topics)


def discard_image(session: Session, command: Discard) -> Result[None]:
    """Remove a picture."""
    return _discard(session, ProductImage, command)


def _description(value: str | None, column: str) -> str | None:
    return rules.check_text(value, column, 20_000)


def _named(command: SaveRecord, name_limit: int, code_limit: int) -> dict[str, Any]:
    values = dict(command.values)
    for key, limit in (("code", code_limit), ("name_de", name_limit), ("name_en", name_limit)):
        if key in values or command.id is None:
            values[key] = rules.check_text(values.get(key), key, limit, required=True)
    return values


def _save_plain(
    session: Session, model: type[Root], command: SaveRecord, values: dict[str, Any]
) -> Result[Saved]:
    record: Any = records.save(session, model, command.id, command.row_version, values)
    return Result(Saved(record.id, record.row_version), changed((records.topic_of(model), record.id)))


def _save_text(session: Session, product_id: int, language: str, column: str, value: str | None) -> None:
    text = session.scalar(
        select(ProductText).where(ProductText.product_id == product_id, ProductText.language == language)
    )
    if text is None:
        if value is not None:
            session.add(ProductText(product_id=product_id, language=language, **{column: value}))
            session.flush()
        return
    records.assign(text, {column: value})


def _save_cost(session: Session, product_id: int, amount: Any) -> None:
    rules.check_price(amount, "standard_cost")
    cost = session.scalar(select(ProductCost).where(ProductCost.product_id == product_id))
    if cost is None:
        session.add(ProductCost(product_id=product_id, standard_cost=amount))
    else:
        records.assign(cost, {"standard_cost": amount})


def _discard(session: Session, model: type[Root], command: Discard) -> Result[None]:
    record: Any = records.find(session, model, command.id, command.row_version)
    topic, product_id = records.topic_of(model), record.product_id
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=topic,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((PRODUCT, product_id), (topic, command.id)))
