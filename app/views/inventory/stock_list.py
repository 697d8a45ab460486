"""The list of stock levels: one row per product and warehouse."""

from typing import Any

from app.services.inventory.lists import list_stock
from app.services.inventory.reads import StockRow, warehouses
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.inventory.stock_pane import StockPane
from app.views.inventory.words import COST, PRODUCT, STATUS, kind_choices

TOPICS = frozenset({"inventory.stock_level", "production.work_order", "catalog.product"})


def _warehouse_choices(session: Any) -> list[tuple[str, str]]:
    return [(row.code, f"{row.code} {row.name}") for row in warehouses(session)]


def _free_tone(row: StockRow) -> str | None:
    if row.on_hand > 0 and row.free <= 0:
        return "bad"
    return "warn" if row.status == "low" else None


def _picture(row: StockRow) -> tuple[int, str] | None:
    return (row.image_id, row.image_hash) if row.image_id and row.image_hash else None


COLUMNS = (
    Column("image", "", "thumb", width=48, sortable=False, value=_picture),
    Column("sku", "stock.col.sku", "code", width=112, filter="prefix"),
    Column("name", "stock.col.name", "bold", width=180, stretch=True, filter="contains"),
    Column("category", "stock.col.category", width=110, filter="contains", hidden=True),
    Column("warehouse", "stock.col.warehouse", width=66, filter="choice", choices=_warehouse_choices),
    Column("on_hand", "stock.col.on_hand", "quantity", width=74, filter="min"),
    Column("reserved", "stock.col.reserved", "quantity", width=86, filter="min"),
    Column("blocked", "stock.col.blocked", "quantity", width=84, filter="min", hidden=True),
    Column("free", "stock.col.free", "quantity", width=64, filter="min", tone=_free_tone),
    Column("expected", "stock.col.expected", "quantity", width=78, filter="min"),
    Column("reorder_point", "stock.col.reorder_short", "quantity", width=90, filter="min"),
    Column("unit", "stock.col.unit", width=60, sortable=False, hidden=True),
    Column(
        "value", "stock.col.value", "money", width=110, filter="min", currency=None, right=COST, hidden=True
    ),
    Column(
        "status",
        "stock.col.status",
        "chip",
        width=108,
        filter="choice",
        choices=kind_choices(STATUS),
        chips=STATUS,
    ),
)


def _transfer(ctx: AppContext, rows: list[Any]) -> None:
    ctx.navigate.open_workspace("stock_transfer", product=rows[0].product_id)


def _count(ctx: AppContext, rows: list[Any]) -> None:
    ctx.navigate.open_workspace("stock_count", product=rows[0].product_id)


def _receive(ctx: AppContext, rows: list[Any]) -> None:
    ctx.navigate.open_workspace("stock_receive", **({"product": rows[0].product_id} if rows else {}))


def _moves(ctx: AppContext, rows: list[Any]) -> None:
    ctx.navigate.open_workspace("stock_moves", filters={"sku": rows[0].sku})


RECEIVE = ListAction(
    "receive", "stock.receive", _receive, "package-plus", right="stock_receive", shortcut="Ctrl+N"
)
SPEC = ListSpec(
    key="stock",
    title="stock.title",
    icon="warehouse",
    columns=COLUMNS,
    fetch=list_stock,
    topics=TOPICS,
    presets=(
        Preset("all", "stock.preset.all"),
        Preset("below_reorder", "stock.preset.below_reorder", count=True),
        Preset("reserved", "stock.preset.reserved"),
        Preset("blocked", "stock.preset.blocked"),
        Preset("empty", "stock.preset.empty"),
    ),
    primary=RECEIVE,
    row_actions=(
        ListAction("transfer", "stock.transfer", _transfer, "arrow-left-right", right="stock_transfer"),
        ListAction("count", "stock.count", _count, "clipboard-check", right="stock_adjust"),
        ListAction("moves", "stock.show_moves", _moves, "history"),
    ),
    row_height="row_thumb",
    empty=Empty(
        "stock.empty.title",
        "stock.empty.text",
        (
            ("stock.empty.step1", "stock.empty.step1_text"),
            ("stock.empty.step2", "stock.empty.step2_text"),
            ("stock.empty.step3", "stock.empty.step3_text"),
        ),
    ),
    open=lambda ctx, row: ctx.navigate.open_record(PRODUCT, row.product_id),
    detail=StockPane,
    sort="sku",
)
