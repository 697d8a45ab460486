"""Screens of the catalogue: products, families, prices, and what products are described with."""

from app.services.catalog.bulk import count_without_image
from app.views.catalog import coded, searches
from app.views.catalog.families import FamilyPage, families_page
from app.views.catalog.prices import PriceListPage, price_lists_page, prices_page
from app.views.catalog.product_page import ProductPage
from app.views.catalog.products import new_product, products_page
from app.views.core.actions import Action
from app.views.core.workspace import RecordType, Search, Tile, Workspace

RAIL = "catalog"
READ = "catalog.product:select"

WORKSPACES = (
    Workspace("catalog.products", "catalog.products.title", "package", RAIL, READ, products_page),
    Workspace(
        "catalog.families", "catalog.families.title", "layers", RAIL, "catalog.family:select", families_page
    ),
    Workspace("catalog.prices", "catalog.prices.title", "tags", RAIL, "catalog.price:select", prices_page),
    Workspace(
        "catalog.price_lists",
        "catalog.price_lists.title",
        "tag",
        RAIL,
        "catalog.price:select",
        price_lists_page,
    ),
    Workspace(
        "catalog.category",
        "catalog.category.title",
        "folder",
        RAIL,
        "catalog.category:update",
        coded.coded_page(coded.CATEGORIES),
    ),
    Workspace(
        "catalog.variant_code",
        "catalog.variant_code.title",
        "palette",
        RAIL,
        "catalog.variant_code:update",
        coded.coded_page(coded.VARIANT_CODES),
    ),
    Workspace(
        "catalog.unit",
        "catalog.unit.title",
        "ruler",
        RAIL,
        "catalog.unit:update",
        coded.coded_page(coded.UNITS),
    ),
    Workspace(
        "catalog.tax_class",
        "catalog.tax_class.title",
        "percent",
        RAIL,
        "catalog.tax_class:update",
        coded.coded_page(coded.TAX_CLASSES),
    ),
)

RECORDS = (
    RecordType(
        "catalog.product", "package", ProductPage, "catalog.product.type", READ, "catalog.product:insert"
    ),
    RecordType(
        "catalog.family",
        "layers",
        FamilyPage,
        "catalog.family.type",
        "catalog.family:select",
        "catalog.family:insert",
    ),
    RecordType(
        "catalog.price_list",
        "tag",
        PriceListPage,
        "catalog.price_list.type",
        "catalog.price_list:select",
        "catalog.price_list:insert",
    ),
    RecordType(
        "catalog.category",
        "folder",
        coded.CategoryPage,
        "catalog.category.type",
        "catalog.category:select",
        "catalog.category:insert",
    ),
    RecordType(
        "catalog.unit",
        "ruler",
        coded.UnitPage,
        "catalog.unit.type",
        "catalog.unit:select",
        "catalog.unit:insert",
    ),
    RecordType(
        "catalog.tax_class",
        "percent",
        coded.TaxClassPage,
        "catalog.tax_class.type",
        "catalog.tax_class:select",
        "catalog.tax_class:insert",
    ),
    RecordType(
        "catalog.variant_code",
        "palette",
        coded.VariantCodePage,
        "catalog.variant_code.type",
        "catalog.variant_code:select",
        "catalog.variant_code:insert",
    ),
)

ACTIONS = (
    Action(
        "catalog.new_product",
        "catalog.action.new_product",
        "package-plus",
        new_product,
        "catalog.product:insert",
        "",
        RAIL,
    ),
)

SEARCHES = (
    Search("catalog.product", "catalog.products.title", "package", searches.products, READ),
    Search("catalog.family", "catalog.families.title", "layers", searches.families, "catalog.family:select"),
)

TILES = (
    Tile(
        "catalog.without_image",
        "catalog.tile.without_image",
        "image-off",
        "catalog.products",
        count_without_image,
        {"preset": "without_image"},
        "catalog.product_image:insert",
        "neutral",
        ("marketing", "administrator"),
        topics=("catalog.product",),
    ),
)
