"""All prices by list, and the price lists themselves."""

from typing import Any

from app.core.i18n import language, t
from app.services.catalog import writes
from app.services.catalog.commands import SavePriceList
from app.services.catalog.lists import (
    PriceListItem,
    PriceListRow,
    list_price_lists,
    list_prices,
    load_price_list,
)
from app.services.catalog.reads import price_lists
from app.views.catalog.coded import CodedPage, coded_sections
from app.views.catalog.families import version_and_values
from app.views.catalog.price_paper import price_paper
from app.views.catalog.words import KINDS, PRICE, PRICE_LIST, PRICE_STATES, PRODUCT, picture_key, price
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section
from app.views.core.importing import import_action
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.core.workspace import TabPage

CREATE, UPDATE = "catalog.price_list:insert", "catalog.price_list:update"
KIND_CHIPS = {
    "wholesale": ("accent", "catalog.kind.wholesale"),
    "retail": ("info", "catalog.kind.retail"),
    "recommended": ("neutral", "catalog.kind.recommended"),
}


def _list_choices(session: Any) -> list[tuple[str, str]]:
    return [(row.name, row.name) for row in price_lists(session, language())]


def _open_product(ctx: AppContext, row: PriceListItem) -> None:
    ctx.navigate.open_record(PRODUCT, row.product_id)


PRICES_LIST = ListSpec(
    key="catalog.prices",
    title="catalog.prices.title",
    icon="tags",
    columns=(
        Column("image", "", "thumb", width=44, sortable=False, exported=False, value=picture_key),
        Column("sku", "catalog.column.sku", "code", width=104, filter="prefix"),
        Column("name", "catalog.column.name", "bold", width=220, stretch=True, filter="contains"),
        Column("price_list", "catalog.line.price_list", width=130, filter="choice", choices=_list_choices),
        Column("min_qty", "catalog.line.from", "quantity", width=96, filter="min"),
        Column(
            "amount",
            "catalog.line.amount",
            "strong",
            width=120,
            filter="min",
            align="right",
            text=lambda row: price(row.amount, row.currency),
        ),
        Column(
            "tax_included",
            "catalog.column.tax",
            width=90,
            sortable=False,
            text=lambda row: t("catalog.price.gross" if row.tax_included else "catalog.price.net"),
        ),
        Column("valid_from", "catalog.line.valid_from", "date", width=120, filter="date"),
        Column("valid_to", "catalog.line.valid_to", "date", width=120, filter="date"),
        Column("state", "catalog.line.status", "chip", width=110, chips=PRICE_STATES),
    ),
    fetch=list_prices,
    topics=frozenset({PRICE, PRODUCT, PRICE_LIST}),
    presets=(
        Preset("current", "catalog.price.current"),
        Preset("future", "catalog.price.future"),
        Preset("past", "catalog.price.past"),
        Preset("all", "kit.list.all"),
    ),
    more=(import_action("prices", f"{PRICE}:insert"),),
    row_height="row_thumb",
    empty=Empty("catalog.prices.empty_title", "catalog.prices.empty_text"),
    open=_open_product,
    sort="sku",
)


def _show_prices(ctx: AppContext, rows: list[PriceListRow]) -> None:
    row = rows[0]
    name = row.name_en if language() == "en" else row.name_de
    ctx.navigate.open_workspace("catalog.prices", preset="current", filters={"price_list": [name]})


PRICE_LISTS = ListSpec(
    key="catalog.price_lists",
    title="catalog.price_lists.title",
    icon="tag",
    columns=(
        Column("code", "catalog.column.code", "code", width=140, filter="prefix"),
        Column("name_de", "catalog.column.name_de", "bold", width=200, stretch=True, filter="contains"),
        Column("name_en", "catalog.column.name_en", width=200, filter="contains"),
        Column(
            "kind",
            "catalog.column.kind",
            "chip",
            width=140,
            chips=KIND_CHIPS,
            filter="choice",
            choices=tuple((kind, f"catalog.kind.{kind}") for kind in KINDS),
        ),
        Column("currency", "catalog.column.currency", width=90),
        Column(
            "tax_included",
            "catalog.column.tax",
            width=90,
            text=lambda row: t("catalog.price.gross" if row.tax_included else "catalog.price.net"),
        ),
        Column("products", "catalog.column.products", "number", width=110),
    ),
    fetch=list_price_lists,
    topics=frozenset({PRICE_LIST, PRICE}),
    primary=ListAction(
        "new",
        "catalog.price_list.new_button",
        lambda ctx, _: ctx.navigate.new_record(PRICE_LIST),
        "plus",
        CREATE,
    ),
    row_actions=(
        ListAction("prices", "catalog.price_list.show", _show_prices, "tags", "catalog.price:select"),
        price_paper("catalog.price:select"),
    ),
    empty=Empty("catalog.price_lists.empty_title", "catalog.price_lists.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(PRICE_LIST, row.id),
    sort="code",
)


class PriceListPage(CodedPage):
    """A price list."""

    new_words = "catalog.price_list.new"
    spec = FormSpec(
        topic=PRICE_LIST,
        title="catalog.price_list.type",
        icon="tag",
        sections=(
            *coded_sections(20, 80),
            Section(
                (
                    Field(
                        "kind",
                        "catalog.column.kind",
                        "choice",
                        required=True,
                        choices=tuple((kind, f"catalog.kind.{kind}") for kind in KINDS),
                        help="catalog.price_list.kind_help",
                    ),
                    Field("currency", "catalog.column.currency", required=True, max_length=3),
                    Field("tax_included", "catalog.field.tax_included", "check"),
                )
            ),
        ),
        load=load_price_list,
        update_right=UPDATE,
        create_right=CREATE,
        constraints=(("price_list_code_key", "code"),),
    )

    def defaults(self) -> dict[str, Any]:
        """Net prices in euros."""
        return {"kind": "wholesale", "currency": "EUR", "tax_included": False}

    def save_call(self, form: FormValues) -> tuple[Any, SavePriceList]:
        """What was changed."""
        return writes.save_price_list, SavePriceList(form.id, *version_and_values(form))


def prices_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace of all prices."""
    return ListPage(ctx, PRICES_LIST, state)


def price_lists_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace of price lists."""
    return ListPage(ctx, PRICE_LISTS, state)
