"""The list of products, and what can be done with many of them."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QApplication, QWidget

from app.core.changes import Result
from app.core.i18n import language, t
from app.services.catalog import bulk
from app.services.catalog.bulk import SetCategory, SetState
from app.services.catalog.reads import ProductRow, categories, list_products, variant_codes
from app.views.catalog.product_pane import ProductPane
from app.views.catalog.words import PRICES, PRODUCT, STATUS, available_tone, picture_key
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import ask
from app.views.core.importing import import_action
from app.views.core.inputs import ComboBox
from app.views.core.labelling import label_action
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.table_model import Column
from app.views.core.workspace import TabPage
from app.views.labels.ean import ASSIGN_EAN

CREATE, UPDATE = "catalog.product:insert", "catalog.product:update"


def category_choices(session: Any) -> list[tuple[str, str]]:
    """Categories for a filter."""
    return [(row.name, row.name) for row in categories(session, language())]


def _variant_choices(session: Any) -> list[tuple[str, str]]:
    return [(row.name, row.name) for row in variant_codes(session, language())]


def _window() -> QWidget:
    window = QApplication.activeWindow()
    return window if window is not None else QApplication.topLevelWidgets()[0]


def _host(ctx: AppContext) -> QWidget:
    """The window a dialog of the list belongs to."""
    return ctx.navigate if isinstance(ctx.navigate, QWidget) else _window()


def new_product(ctx: AppContext, _rows: Sequence[Any] = ()) -> None:
    """An empty form."""
    ctx.navigate.new_record(PRODUCT)


def _done(ctx: AppContext) -> Callable[[int], None]:
    return lambda count: ctx.navigate.toast(t("catalog.bulk.done", n=count))


def _write(ctx: AppContext, fn: Callable[[Any, Any], Result[int]], command: SetCategory | SetState) -> None:
    WriteOp(_host(ctx), ctx, fn, command).success(_done(ctx)).start()


def change_category(ctx: AppContext, rows: list[ProductRow]) -> None:
    """Put the selected products into another category."""
    dialog = Dialog(
        _host(ctx),
        t("catalog.bulk.category_title", n=len(rows)),
        t("catalog.bulk.category_text"),
        icon="tags",
    )
    dialog.setObjectName("dialog.category")
    dialog.body.addWidget(Label(t("catalog.field.category"), "small500", "text2"))
    box = ComboBox(t("catalog.field.category"), [])
    box.setObjectName("field.bulk_category")
    dialog.body.addWidget(box)
    ids = tuple(row.id for row in rows)

    def go() -> None:
        _write(ctx, bulk.set_category, SetCategory(ids, box.value()))

    dialog.add_button("no", "errors.keep_as_is", kind="ghost", shortcut="Esc")
    yes = dialog.add_button("yes", "catalog.bulk.category_yes", go, icon="check", kind="primary")
    yes.set_blocked(t("catalog.bulk.choose_category"))
    box.value_changed.connect(
        lambda *_: yes.set_blocked(None if box.value() is not None else t("catalog.bulk.choose_category"))
    )

    def arrived(found: Sequence[Any]) -> None:
        box.set_choices([(None, t("form.nothing_chosen")), *((row.id, row.name) for row in found)])

    ReadOp(dialog, ctx, categories, language()).success(arrived).start()
    dialog.open()
    box.setFocus()


def phase_out(ctx: AppContext, rows: list[ProductRow]) -> None:
    """Mark the selected products as running out: sold while there are some, not made or bought any more."""
    ask(
        _host(ctx),
        t("catalog.bulk.phase_out_title", n=len(rows)),
        t("catalog.bulk.phase_out_text"),
        "catalog.bulk.phase_out_yes",
        lambda: _write(ctx, bulk.set_state, SetState(tuple(row.id for row in rows), "phase_out")),
        icon="archive",
    )


def reactivate(ctx: AppContext, rows: list[ProductRow]) -> None:
    """Take the selected products back into the assortment."""
    _write(ctx, bulk.set_state, SetState(tuple(row.id for row in rows), "active"))


def _counts(session: Any) -> dict[str, int]:
    found = bulk.product_counts(session)
    return {"below_reorder": found.below_reorder, "without_image": found.without_image}


def _flag(key: str) -> Column:
    return Column(key, f"catalog.field.{key}", "yes_no", width=90, hidden=True)


PRODUCTS = ListSpec(
    key="catalog.products",
    title="catalog.products.title",
    icon="package",
    columns=(
        Column(
            "image",
            "",
            "thumb",
            width=44,
            sortable=False,
            exported=False,
            value=picture_key,
        ),
        Column("sku", "catalog.column.sku", "code", width=112, filter="prefix"),
        Column("name", "catalog.column.name", "bold", width=150, stretch=True, filter="contains"),
        Column("variant", "catalog.column.variant", width=88, filter="choice", choices=_variant_choices),
        Column("category", "catalog.column.category", width=98, filter="choice", choices=category_choices),
        Column("on_hand", "catalog.column.on_hand", "quantity", width=72, filter="min"),
        Column(
            "available", "catalog.column.available", "quantity", width=82, filter="min", tone=available_tone
        ),
        Column(
            "wholesale",
            "catalog.column.wholesale",
            "money",
            width=80,
            filter="min",
            currency=None,
            right=PRICES,
        ),
        Column(
            "status",
            "catalog.column.status",
            "chip",
            width=112,
            filter="choice",
            chips=STATUS,
            choices=tuple((key, words) for key, (_, words) in STATUS.items()),
        ),
        Column(
            "retail",
            "catalog.column.retail",
            "money",
            width=86,
            filter="min",
            currency=None,
            right=PRICES,
            hidden=True,
        ),
        Column("unit", "catalog.column.unit", width=64, hidden=True),
        Column(
            "reorder_point", "catalog.field.reorder_point", "quantity", width=96, filter="min", hidden=True
        ),
        Column("family", "catalog.field.family", width=150, filter="contains", hidden=True),
        Column("base_sku", "catalog.field.base_sku", width=90, filter="prefix", hidden=True),
        Column("legacy_sku", "catalog.field.legacy_sku", width=96, filter="prefix", hidden=True),
        Column("ean", "catalog.field.ean", width=120, filter="prefix", hidden=True),
        Column("size", "catalog.field.size", width=70, filter="contains", hidden=True),
        Column("color", "catalog.field.color", width=80, filter="contains", hidden=True),
        _flag("is_made"),
        _flag("is_bought"),
        _flag("is_sold"),
        _flag("is_stocked"),
    ),
    fetch=list_products,
    topics=frozenset({PRODUCT, "inventory.stock_level"}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("sold", "catalog.preset.sold"),
        Preset("made", "catalog.preset.made"),
        Preset("below_reorder", "catalog.preset.below_reorder", count=True),
        Preset("without_image", "catalog.preset.without_image", count=True),
        Preset("archived", "catalog.preset.archived"),
    ),
    counts=_counts,
    primary=ListAction("new", "catalog.product.new_button", new_product, "plus", CREATE, "Ctrl+N"),
    more=(import_action("products", CREATE),),
    row_actions=(label_action("product"),),
    bulk=(
        label_action("product"),
        ASSIGN_EAN,
        ListAction("category", "catalog.bulk.category", change_category, "tags", UPDATE),
        ListAction(
            "phase_out",
            "catalog.bulk.phase_out",
            phase_out,
            "archive",
            UPDATE,
            when=lambda row: row.state == "active",
        ),
        ListAction(
            "reactivate",
            "catalog.bulk.reactivate",
            reactivate,
            "archive-restore",
            UPDATE,
            when=lambda row: row.state != "active",
        ),
    ),
    row_height="row_thumb",
    empty=Empty(
        "catalog.products.empty_title",
        "catalog.products.empty_text",
        (
            ("catalog.products.step1", "catalog.products.step1_text"),
            ("catalog.products.step2", "catalog.products.step2_text"),
            ("catalog.products.step3", "catalog.products.step3_text"),
        ),
        "catalog.products.first",
    ),
    open=lambda ctx, row: ctx.navigate.open_record(PRODUCT, row.id),
    detail=ProductPane,
    sort="sku",
)


def products_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return ListPage(ctx, PRODUCTS, state)
