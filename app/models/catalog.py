"""Products: families (parents) and their variants, plain articles, prices, texts, pictures; costs stand apart."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    Computed,
    FetchedValue,
    ForeignKey,
    Index,
    LargeBinary,
    Numeric,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Root, Versioned, flag, parent_pk, percent, price, ref, search_key, whole
from app.models.base import qty as quantity

SCHEMA = "catalog"


class Unit(Versioned, Base):
    """Unit of measure.  ``decimals`` is how many places a quantity in it may have."""

    __tablename__ = "unit"
    __table_args__ = (
        CheckConstraint("decimals BETWEEN 0 AND 6", name="unit_decimals_range"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name_de: Mapped[str] = mapped_column(String(60))
    name_en: Mapped[str] = mapped_column(String(60))
    decimals: Mapped[int] = whole("0")


class Category(Versioned, Base):
    """Product category, in a tree."""

    __tablename__ = "category"
    __table_args__ = (
        CheckConstraint("parent_id <> id", name="category_not_its_own_parent"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name_de: Mapped[str] = mapped_column(String(120))
    name_en: Mapped[str] = mapped_column(String(120))
    parent_id: Mapped[int | None] = ref("catalog.category.id")


class TaxClass(Versioned, Base):
    """VAT class with its domestic rate in percent; documents keep a snapshot of the rate.

    ``category``: S (a rate), Z (zero-rated) or E (exempt; then why, in words and as a code of the list VATEX).
    """

    __tablename__ = "tax_class"
    __table_args__ = (
        CheckConstraint("rate >= 0 AND rate < 100", name="tax_rate_range"),
        CheckConstraint("category IN ('S','Z','E')", name="tax_class_category_known"),
        CheckConstraint("category = 'S' OR rate = 0", name="tax_class_without_tax"),
        CheckConstraint(
            "category <> 'E' OR least(length(btrim(exemption_de)), length(btrim(exemption_en))) > 0",
            name="tax_class_exempt_why",
        ),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_de: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    rate: Mapped[Decimal] = percent()
    category: Mapped[str] = mapped_column(String(1), server_default=text("'S'"))
    exemption_de: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    exemption_en: Mapped[str] = mapped_column(String(200), server_default=text("''"))
    exemption_code: Mapped[str | None] = mapped_column(String(30))


class VariantCode(Versioned, Base):
    """What the part of a SKU behind its last hyphen means, for example BE: painted."""

    __tablename__ = "variant_code"
    __table_args__ = ({"schema": SCHEMA},)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_de: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))


class Family(Versioned, Base):
    """A parent product: what its variants have in common.  A placeholder stands for a parent nobody knows."""

    __tablename__ = "family"
    __table_args__ = (
        CheckConstraint("code <> '' AND code = btrim(code)", name="family_code_not_blank"),
        CheckConstraint("name <> ''", name="family_name_not_blank"),
        CheckConstraint("state IN ('active','discontinued','placeholder')", name="family_state_known"),
        CheckConstraint(
            "least(weight_g, depth_mm, height_mm, width_mm) >= 0", name="family_measures_not_negative"
        ),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)
    description_en: Mapped[str | None] = mapped_column(Text)
    short_text: Mapped[str | None] = mapped_column(Text)
    short_text_en: Mapped[str | None] = mapped_column(Text)
    category_id: Mapped[int | None] = ref("catalog.category.id")
    state: Mapped[str] = mapped_column(String(20), server_default=text("'active'"))
    weight_g: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    depth_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    height_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    width_mm: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))
    is_hanging: Mapped[bool] = flag()
    is_one_sided: Mapped[bool] = flag()
    released_on: Mapped[date | None]


class Product(Versioned, Base):
    """A variant of a family or a plain article: what is made, bought, stocked and sold.

    ``base_sku`` and ``variant_code`` are split from the SKU at its last hyphen by the database.  ``name`` is the
    name in the house language; other languages and descriptions are in `ProductText`.
    """

    __tablename__ = "product"
    __table_args__ = (
        CheckConstraint("sku <> '' AND sku = btrim(sku)", name="sku_not_blank"),
        CheckConstraint("name <> ''", name="product_name_not_blank"),
        CheckConstraint(
            "state IN ('active','phase_out','discontinued','placeholder')", name="product_state_known"
        ),
        CheckConstraint("ean IS NULL OR ean ~ '^[0-9]{8}$|^[0-9]{12,14}$'", name="ean_digits"),
        CheckConstraint("reorder_point >= 0", name="reorder_point_not_negative"),
        CheckConstraint("weight_g IS NULL OR weight_g >= 0", name="weight_not_negative"),
        CheckConstraint("packing_unit > 0", name="packing_unit_positive"),
        # Two articles whose numbers differ in upper and lower case alone would be taken for one another.
        Index("product_sku_any_case", "search_key", unique=True),
        Index("ix_product_base_sku", "base_sku"),
        {"schema": SCHEMA},
    )
    sku: Mapped[str] = mapped_column(String(40), unique=True)
    legacy_sku: Mapped[str | None] = mapped_column(String(40), index=True)
    base_sku: Mapped[str] = mapped_column(
        String(40),
        Computed(
            "CASE WHEN sku ~ '.-[^-]+$' THEN regexp_replace(sku, '-[^-]+$', '') ELSE sku END", persisted=True
        ),
    )
    variant_code: Mapped[str | None] = mapped_column(
        String(40),
        Computed("CASE WHEN sku ~ '.-[^-]+$' THEN regexp_replace(sku, '^.*-', '') END", persisted=True),
    )
    family_id: Mapped[int | None] = ref("catalog.family.id")
    name: Mapped[str] = mapped_column(String(200))
    category_id: Mapped[int | None] = ref("catalog.category.id")
    unit_id: Mapped[int] = ref("catalog.unit.id")
    tax_class_id: Mapped[int] = ref("catalog.tax_class.id")
    state: Mapped[str] = mapped_column(String(20), server_default=text("'active'"))
    is_made: Mapped[bool] = flag()
    is_bought: Mapped[bool] = flag()
    is_sold: Mapped[bool] = flag(True)
    is_stocked: Mapped[bool] = flag(True)
    is_lot_tracked: Mapped[bool] = flag()
    ean: Mapped[str | None] = mapped_column(String(14), index=True)
    weight_g: Mapped[Decimal | None] = mapped_column(Numeric(12, 3))
    reorder_point: Mapped[Decimal] = quantity("0")
    size: Mapped[str | None] = mapped_column(String(40))
    color: Mapped[str | None] = mapped_column(String(40))
    packing_unit: Mapped[int | None] = whole()
    released_on: Mapped[date | None]
    discontinued_on: Mapped[date | None]
    search_key: Mapped[str] = search_key("lower(sku)")


class ProductSearch(Root):
    """Word endings of a product's numbers and names, kept by triggers for `catalog.search_products` alone.

    Apart from the product and without any grant: matching a tsvector is not leakproof, so behind a policy its index
    would not be used.
    """

    __tablename__ = "product_search"
    __table_args__ = (
        Index("ix_product_search_vector", "vector", postgresql_using="gin"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = parent_pk("catalog.product.id")
    vector: Mapped[str] = mapped_column(TSVECTOR)


class ProductText(Versioned, Base):
    """Name and description of a product in one language."""

    __tablename__ = "product_text"
    __table_args__ = (
        UniqueConstraint("product_id", "language", name="product_text_once_per_language"),
        CheckConstraint("language IN ('de','en')", name="text_language_known"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    language: Mapped[str] = mapped_column(String(2))
    name: Mapped[str | None] = mapped_column(String(200))
    description: Mapped[str | None] = mapped_column(Text)


class ProductCost(Versioned, Base):
    """What a product costs the house, per unit in EUR; apart from the product, for the few who may know it."""

    __tablename__ = "product_cost"
    __table_args__ = (
        CheckConstraint("standard_cost >= 0", name="standard_cost_not_negative"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = mapped_column(ForeignKey("catalog.product.id"), unique=True)
    standard_cost: Mapped[Decimal] = price()


class ProductImage(Versioned, Base):
    """Pictures of a product, uploaded here (``content``) or of the image service (``picture_id``).

    ``content_hash`` names the picture in local caches: the sha256 of ``content``, or the ``file_hash`` of a picture
    of the service.  ``thumbnail`` is the content in at most 128 by 128 pixels, for lists.  ``rule`` says how a
    picture of the service came to the product, ``hand`` if somebody put it there; ``priority`` orders them
    (0 product photo of the front, 1 product photo, 2 front, 3 others).  ``is_chosen``: made primary by hand.
    """

    __tablename__ = "product_image"
    __table_args__ = (
        CheckConstraint("mime IN ('image/png','image/jpeg','image/gif')", name="image_mime_known"),
        CheckConstraint("octet_length(content) <= 8388608", name="image_not_too_large"),
        CheckConstraint("octet_length(thumbnail) <= 65536", name="thumbnail_not_too_large"),
        CheckConstraint(
            "CASE WHEN picture_id IS NULL"
            " THEN content IS NOT NULL AND thumbnail IS NOT NULL AND mime IS NOT NULL"
            " AND file_hash IS NULL AND rule IS NULL"
            " ELSE content IS NULL AND thumbnail IS NULL AND file_hash IS NOT NULL AND rule IS NOT NULL END",
            name="image_own_or_service",
        ),
        UniqueConstraint("product_id", "picture_id", name="product_image_once"),
        Index("uq_product_image_primary", "product_id", unique=True, postgresql_where=text("is_primary")),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    is_primary: Mapped[bool] = flag(True)
    mime: Mapped[str | None] = mapped_column(String(20))
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    thumbnail: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    # Not for people to write, so never named in what they write.
    picture_id: Mapped[int | None] = ref("catalog.picture.id", elsewhere=True)
    file_hash: Mapped[str | None] = mapped_column(String(64), server_default=FetchedValue())
    rule: Mapped[str | None] = mapped_column(String(20), server_default=FetchedValue())
    priority: Mapped[int] = whole("0")
    is_chosen: Mapped[bool] = flag()
    content_hash: Mapped[str] = mapped_column(
        String(64),
        Computed(
            "CASE WHEN content IS NULL THEN file_hash ELSE encode(sha256(content), 'hex') END", persisted=True
        ),
        index=True,
    )


class PriceList(Versioned, Base):
    """A list of selling prices; ``tax_included`` for retail prices."""

    __tablename__ = "price_list"
    __table_args__ = (
        CheckConstraint("kind IN ('retail','wholesale','recommended')", name="price_list_kind_known"),
        {"schema": SCHEMA},
    )
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name_de: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3), server_default=text("'EUR'"))
    tax_included: Mapped[bool] = flag()


class Price(Versioned, Base):
    """Selling price per unit from ``min_qty`` on, valid from a day (until the day before ``valid_to``)."""

    __tablename__ = "price"
    __table_args__ = (
        UniqueConstraint(
            "product_id", "price_list_id", "min_qty", "valid_from", name="price_once_per_tier_and_day"
        ),
        CheckConstraint("amount >= 0", name="price_not_negative"),
        CheckConstraint("min_qty > 0", name="price_tier_positive"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="price_dates_in_order"),
        {"schema": SCHEMA},
    )
    product_id: Mapped[int] = ref("catalog.product.id")
    price_list_id: Mapped[int] = ref("catalog.price_list.id")
    min_qty: Mapped[Decimal] = quantity("1")
    amount: Mapped[Decimal] = price()
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
