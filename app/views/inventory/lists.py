"""Stock by place and lot, the move history, and the lists of warehouses, places and lots."""

from typing import Any

from app.core import clock
from app.core.i18n import language, t
from app.services.inventory.lists import MoveRow, PlaceStockRow, list_moves, list_stock_by_place
from app.services.inventory.master import list_lots, list_places, list_warehouses
from app.services.inventory.papers import count_sheet, count_with_booked, stock_valuation
from app.services.inventory.reads import warehouses
from app.views.core.context import AppContext
from app.views.core.importing import import_action
from app.views.core.labelling import label_action
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.papering import paper_action
from app.views.core.people import name
from app.views.core.table_model import Column
from app.views.documents import issuing
from app.views.inventory.words import COST, MOVES, PLACES, PRODUCT, expiry, kind_choices, signed

LOT, PLACE, WAREHOUSE = "inventory.lot", "inventory.place", "inventory.warehouse"


def _warehouse_choices(session: Any) -> list[tuple[str, str]]:
    return [(row.code, f"{row.code} {row.name}") for row in warehouses(session)]


def _expiry_tone(row: Any) -> str:
    return expiry(row.expires_on, clock.today())


def _transfer(ctx: AppContext, rows: list[Any]) -> None:
    row: PlaceStockRow = rows[0]
    ctx.navigate.open_workspace("stock_transfer", product=row.product_id, place=row.place_id, lot=row.lot_id)


def _count(ctx: AppContext, rows: list[Any]) -> None:
    row: PlaceStockRow = rows[0]
    ctx.navigate.open_workspace("stock_count", product=row.product_id, place=row.place_id, lot=row.lot_id)


BY_PLACE = ListSpec(
    key="stock_places",
    title="stock.places.title",
    icon="map-pin",
    columns=(
        Column("sku", "stock.col.sku", "code", width=104, filter="prefix"),
        Column("name", "stock.col.name", "bold", width=240, stretch=True, filter="contains"),
        Column("warehouse", "stock.col.warehouse", width=90, filter="choice", choices=_warehouse_choices),
        Column("place", "stock.col.place", width=120, filter="prefix"),
        Column(
            "place_kind",
            "stock.col.place_kind",
            "chip",
            width=130,
            filter="choice",
            choices=kind_choices(PLACES),
            chips=PLACES,
        ),
        Column("lot", "stock.col.lot", width=120, filter="prefix"),
        Column("expires_on", "stock.col.expires", "date", width=110, filter="date", tone=_expiry_tone),
        Column("qty", "stock.col.qty", "quantity", width=90, filter="min"),
        Column("unit", "stock.col.unit", width=70, sortable=False),
        Column(
            "value",
            "stock.col.value",
            "money",
            width=110,
            filter="min",
            currency=None,
            right=COST,
            hidden=True,
        ),
    ),
    fetch=list_stock_by_place,
    topics=frozenset({"inventory.stock_balance", PLACE, LOT}),
    presets=(
        Preset("all", "stock.preset.all"),
        Preset("lots", "stock.preset.lots"),
        Preset("expiring", "stock.preset.expiring", count=True),
        Preset("blocked", "stock.preset.blocked_places"),
    ),
    primary=ListAction(
        "transfer",
        "stock.transfer",
        lambda ctx, _rows: ctx.navigate.open_workspace("stock_transfer"),
        "arrow-left-right",
        right="stock_transfer",
        shortcut="Ctrl+N",
    ),
    row_actions=(
        ListAction(
            "transfer_row", "stock.transfer_this", _transfer, "arrow-left-right", right="stock_transfer"
        ),
        ListAction("count", "stock.count", _count, "clipboard-check", right="stock_adjust"),
    ),
    empty=Empty("stock.empty.title", "stock.empty.text"),
    open=lambda ctx, row: ctx.navigate.open_record(PRODUCT, row.product_id),
    sort="sku",
)


def moves_spec(ctx: AppContext) -> ListSpec:
    """The move history; people are shown by name."""

    def document(row: MoveRow) -> str:
        return t(f"stock.source.{row.source_type}") if row.source_type else ""

    def opened(ctx: AppContext, row: MoveRow) -> None:
        topics = {
            "work_order": "production.work_order",
            "sales_order": "sales.sales_order",
            "delivery": "sales.delivery",
        }
        topic = topics.get(row.source_type or "")
        if topic in ctx.registry.records and row.source_id is not None:
            ctx.navigate.open_record(topic, row.source_id)
        else:
            ctx.navigate.open_record(PRODUCT, row.product_id)

    columns = (
        Column("posted_at", "stock.col.posted_at", "date_time", width=148, filter="date"),
        Column(
            "kind",
            "stock.col.kind",
            "chip",
            width=116,
            filter="choice",
            choices=kind_choices(MOVES),
            chips=MOVES,
        ),
        Column("sku", "stock.col.sku", "code", width=96, filter="prefix"),
        Column("name", "stock.col.name", "bold", width=170, stretch=True, filter="contains"),
        Column("qty", "stock.col.qty", "quantity", width=84, filter="min", text=signed),
        Column("unit", "stock.col.unit", width=56, sortable=False),
        Column("from_place", "stock.col.from", width=88, filter="prefix"),
        Column("to_place", "stock.col.to", width=88, filter="prefix"),
        Column("lot", "stock.col.lot", width=126, filter="prefix"),
        Column("reason", "stock.col.reason", width=104, filter="contains"),
        Column("source_type", "stock.col.source", width=132, text=document, sortable=False),
        Column("posted_by", "stock.col.posted_by", width=96, text=lambda row: name(ctx, row.posted_by)),
        Column("from_warehouse", "stock.col.from_warehouse", width=90, hidden=True),
        Column("to_warehouse", "stock.col.to_warehouse", width=90, hidden=True),
    )
    return ListSpec(
        key="stock_moves",
        title="stock.moves.title",
        icon="history",
        columns=columns,
        fetch=list_moves,
        topics=frozenset({"inventory.stock_move"}),
        presets=(
            Preset("all", "stock.preset.all"),
            Preset("in", "stock.preset.in"),
            Preset("out", "stock.preset.out"),
            Preset("transfer", "stock.preset.transfer"),
            Preset("adjust", "stock.preset.adjust"),
        ),
        empty=Empty("stock.moves.empty", "stock.moves.empty_text"),
        open=opened,
        sort="posted_at",
        descending=True,
    )


PLACES_LIST = ListSpec(
    key="places",
    title="place.list.title",
    icon="map-pin",
    columns=(
        Column("code", "place.code", "bold", width=150, filter="prefix"),
        Column("name", "place.name", width=220, stretch=True, filter="contains"),
        Column("warehouse", "stock.col.warehouse", width=110, filter="choice", choices=_warehouse_choices),
        Column(
            "kind",
            "place.kind",
            "chip",
            width=150,
            filter="choice",
            choices=kind_choices(PLACES),
            chips=PLACES,
        ),
        Column("products", "place.products", "number", width=110, filter="min"),
        Column("is_active", "place.is_active", "yes_no", width=90),
    ),
    fetch=list_places,
    topics=frozenset({PLACE, "inventory.stock_balance"}),
    presets=(
        Preset("active", "place.preset.active"),
        Preset("empty", "place.preset.empty"),
        Preset("blocked", "place.preset.blocked"),
        Preset("all", "place.preset.all"),
    ),
    primary=ListAction(
        "new", "place.new", lambda ctx, _rows: ctx.navigate.new_record(PLACE), "plus", right=f"{PLACE}:insert"
    ),
    more=(import_action("places", f"{PLACE}:insert"),),
    empty=Empty("place.empty", "place.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(PLACE, row.id),
    bulk=(label_action("place"),),
    row_actions=(label_action("place"),),
    sort="code",
)
WAREHOUSES_LIST = ListSpec(
    key="warehouses",
    title="warehouse.list.title",
    icon="warehouse",
    columns=(
        Column("code", "warehouse.code", "code", width=120, filter="prefix"),
        Column("name", "warehouse.name", "bold", width=280, stretch=True, filter="contains"),
        Column("places", "warehouse.places", "number", width=120),
        Column("is_active", "place.is_active", "yes_no", width=110),
    ),
    fetch=list_warehouses,
    topics=frozenset({WAREHOUSE, PLACE}),
    presets=(Preset("active", "place.preset.active"), Preset("all", "place.preset.all")),
    primary=ListAction(
        "new",
        "warehouse.new",
        lambda ctx, _rows: ctx.navigate.new_record(WAREHOUSE),
        "plus",
        right=f"{WAREHOUSE}:insert",
    ),
    row_actions=(
        paper_action("count_sheet", count_sheet, right="stock_adjust"),
        paper_action("count_sheet_booked", count_with_booked, right="stock_adjust"),
        paper_action("stock_valuation", stock_valuation, right=f"{COST}:select"),
        ListAction(
            "keep_stock_valuation",
            "papering.keep.stock_valuation",
            lambda ctx, rows: issuing.archive(
                ctx, "stock_valuation", stock_valuation, rows[0].id, language(), rows[0].code
            ),
            "archive",
            right=f"{COST}:select",
        ),
    ),
    empty=Empty("warehouse.empty", "warehouse.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(WAREHOUSE, row.id),
    sort="code",
)
LOTS_LIST = ListSpec(
    key="lots",
    title="lot.list.title",
    icon="tags",
    columns=(
        Column("code", "lot.code", "bold", width=150, filter="prefix"),
        Column("sku", "stock.col.sku", "code", width=110, filter="prefix"),
        Column("name", "stock.col.name", width=240, stretch=True, filter="contains"),
        Column("on_hand", "stock.col.on_hand", "quantity", width=100, filter="min"),
        Column("unit", "stock.col.unit", width=70, sortable=False),
        Column("expires_on", "stock.col.expires", "date", width=120, filter="date", tone=_expiry_tone),
        Column("created_at", "lot.created", "date_time", width=150, filter="date"),
    ),
    fetch=list_lots,
    topics=frozenset({LOT, "inventory.stock_balance"}),
    presets=(
        Preset("there", "lot.preset.there"),
        Preset("expiring", "stock.preset.expiring", count=True),
        Preset("all", "stock.preset.all"),
    ),
    empty=Empty("lot.empty", "lot.empty_text"),
    open=lambda ctx, row: ctx.navigate.open_record(LOT, row.id),
    bulk=(label_action("lot"),),
    row_actions=(label_action("lot"),),
    sort="created_at",
    descending=True,
)
