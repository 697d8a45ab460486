"""What the form of a product is made of: fields, prices, suppliers."""

from decimal import Decimal
from typing import Any

from app.services.catalog import forms, rules
from app.services.catalog.reads import search_families
from app.services.partners.reads import search_suppliers
from app.views.catalog.words import COST, OFFERS, PRICES, PRODUCT, STATES, ruled
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormTable, Section
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.theme import px

ZERO = Decimal(0)
CREATE, UPDATE = "catalog.product:insert", "catalog.product:update"


def _text(key: str, limit: int) -> Any:
    return ruled(lambda value: rules.check_text(value, key, limit))


def _check(key: str) -> Field:
    return Field(key, f"catalog.field.{key}", "check")


HEAD = Section(
    (
        Field("sku", "catalog.field.sku", required=True, max_length=40, validate=ruled(rules.check_sku)),
        Field(
            "state",
            "catalog.field.state",
            "choice",
            required=True,
            choices=tuple((state, f"catalog.state.{state}") for state in STATES),
        ),
        Field("legacy_sku", "catalog.field.legacy_sku", max_length=40, validate=_text("legacy_sku", 40)),
        Field("ean", "catalog.field.ean", max_length=14, validate=ruled(rules.check_ean)),
        Field(
            "name",
            "catalog.field.name",
            required=True,
            span=2,
            max_length=200,
            validate=ruled(rules.check_name),
        ),
        Field("name_en", "catalog.field.name_en", span=2, max_length=200, validate=_text("name_en", 200)),
        Field(
            "description",
            "catalog.field.description",
            "multiline",
            span=2,
            max_length=20_000,
            validate=_text("description", 20_000),
        ),
        Field(
            "description_en",
            "catalog.field.description_en",
            "multiline",
            span=2,
            max_length=20_000,
            validate=_text("description_en", 20_000),
        ),
    )
)
PROPERTIES = Section(
    (
        Field("category_id", "catalog.field.category", "choice", text_key="category"),
        Field("unit_id", "catalog.field.unit", "choice", required=True, text_key="unit"),
        Field("tax_class_id", "catalog.field.tax_class", "choice", required=True, text_key="tax_class"),
        Field(
            "family_id",
            "catalog.field.family",
            "lookup",
            find=search_families,
            text_key="family",
            topic="catalog.family",
        ),
        Field("weight_g", "catalog.field.weight_g", "quantity", unit="g", minimum=ZERO),
        Field("reorder_point", "catalog.field.reorder_point", "quantity", places=6, minimum=ZERO),
        Field("size", "catalog.field.size", max_length=40, validate=_text("size", 40)),
        Field("color", "catalog.field.color", max_length=40, validate=_text("color", 40)),
    ),
    "catalog.section.properties",
)
USES = Section(
    (
        _check("is_sold"),
        _check("is_made"),
        _check("is_bought"),
        _check("is_stocked"),
        Field(
            "standard_cost",
            "catalog.field.standard_cost",
            "money",
            places=4,
            minimum=ZERO,
            right=COST,
            edit_right="catalog.product_cost:update",
            edit_reason="catalog.field.cost_reason",
        ),
        _check("is_lot_tracked"),
    ),
    "catalog.section.uses",
)
PRICE_LINES = LinesSpec(
    columns=(
        LineColumn(
            "price_list_id",
            "catalog.line.price_list",
            "choice",
            0,
            editable=True,
            required=True,
            style="body500",
        ),
        LineColumn(
            "min_qty",
            "catalog.line.from",
            "quantity",
            96,
            editable=True,
            required=True,
            places=6,
            minimum=Decimal("0.000001"),
        ),
        LineColumn(
            "amount",
            "catalog.line.amount",
            "money",
            112,
            editable=True,
            required=True,
            places=4,
            minimum=ZERO,
            style="body600",
        ),
        LineColumn("valid_from", "catalog.line.valid_from", "date", 122, editable=True, required=True),
        LineColumn("valid_to", "catalog.line.valid_to", "date", 122, editable=True),
        LineColumn("status", "catalog.line.status", "status", 112, stored=False),
    ),
    title="catalog.prices.section",
    add="catalog.prices.add",
    placeholder="catalog.prices.placeholder",
    row_height=px("row_thumb"),
    key_next="form.key_next_row",
    key_find="form.key_search",
    least_rows=1,
)
OFFER_LINES = LinesSpec(
    columns=(
        LineColumn(
            "supplier_id",
            "catalog.line.supplier",
            "lookup",
            0,
            editable=True,
            required=True,
            text_key="supplier",
            style="body500",
        ),
        LineColumn("supplier_sku", "catalog.line.supplier_sku", "text", 112, editable=True, max_length=60),
        LineColumn(
            "min_qty",
            "catalog.line.from",
            "quantity",
            76,
            editable=True,
            required=True,
            places=6,
            minimum=Decimal("0.000001"),
        ),
        LineColumn(
            "amount",
            "catalog.line.cost",
            "money",
            92,
            editable=True,
            required=True,
            places=4,
            minimum=ZERO,
            style="body600",
        ),
        LineColumn(
            "lead_days",
            "catalog.line.lead_days",
            "number",
            78,
            editable=True,
            places=0,
            minimum=ZERO,
            maximum=Decimal(3650),
        ),
        LineColumn("valid_from", "catalog.line.valid_from", "date", 106, editable=True, required=True),
        LineColumn(
            "is_preferred",
            "catalog.line.preferred",
            "choice",
            84,
            editable=True,
            choices=((True, "form.yes"), (False, "form.no")),
        ),
    ),
    find=search_suppliers,
    picked=lambda row: {"supplier_id": row.id, "supplier": row.title},
    defaults=(("min_qty", Decimal(1)), ("is_preferred", False)),
    title="catalog.offers.section",
    add="catalog.offers.add",
    placeholder="catalog.offers.placeholder",
    row_height=px("row_thumb"),
    key_next="form.key_next_row",
    key_find="form.key_search",
    least_rows=1,
    after_lookup="amount",
)
SPEC = FormSpec(
    topic=PRODUCT,
    title="catalog.product.type",
    icon="package",
    sections=(HEAD, PROPERTIES, USES),
    load=forms.load_product,
    update_right=UPDATE,
    create_right=CREATE,
    tables=(
        FormTable("prices", PRICE_LINES, PRICES, "catalog.price:update"),
        FormTable("offers", OFFER_LINES, OFFERS, "purchasing.supplier_price:update"),
    ),
    constraints=(
        ("product_sku_key", "sku"),
        ("product_sku_any_case", "sku"),
        ("sku_not_blank", "sku"),
        ("product_name_not_blank", "name"),
        ("reorder_point_not_negative", "reorder_point"),
        ("weight_not_negative", "weight_g"),
    ),
)
