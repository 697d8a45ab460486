"""Stock: what lies where, what moved, and the postings that move it."""

from collections.abc import Callable
from functools import partial
from typing import Any

from app.core.paging import ListQuery
from app.services.inventory.lists import list_stock
from app.services.inventory.master import search_places
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import ListSpec
from app.views.core.workspace import RecordType, Search, TabPage, Tile, Workspace
from app.views.inventory.forms import LotPage, PlacePage, WarehousePage
from app.views.inventory.lists import BY_PLACE, LOTS_LIST, PLACES_LIST, WAREHOUSES_LIST, moves_spec
from app.views.inventory.postings import CountPage, ReceivePage, TransferPage
from app.views.inventory.stock_list import SPEC

RAIL = "inventory"
LEVEL, MOVE = "inventory.stock_level:select", "inventory.stock_move:select"


def _list(spec: ListSpec) -> Callable[[AppContext, dict[str, Any]], TabPage]:
    return lambda ctx, state: ListPage(ctx, spec, state)


def _moves(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    return ListPage(ctx, moves_spec(ctx), state)


def _count(preset: str, session: Any) -> int:
    return list_stock(session, ListQuery(preset=preset, limit=1)).total or 0


def _open(key: str, ctx: AppContext) -> None:
    ctx.navigate.open_workspace(key)


WORKSPACES = (
    Workspace("stock", "stock.title", "warehouse", RAIL, LEVEL, _list(SPEC)),
    Workspace("stock_places", "stock.places.title", "map-pin", RAIL, LEVEL, _list(BY_PLACE)),
    Workspace("stock_moves", "stock.moves.title", "history", RAIL, MOVE, _moves),
    Workspace("stock_receive", "stock.receive.title", "package-plus", RAIL, "stock_receive", ReceivePage),
    Workspace(
        "stock_transfer", "stock.transfer.title", "arrow-left-right", RAIL, "stock_transfer", TransferPage
    ),
    Workspace("stock_count", "stock.count.title", "clipboard-check", RAIL, "stock_adjust", CountPage),
    Workspace("lots", "lot.list.title", "tags", RAIL, "inventory.lot:select", _list(LOTS_LIST)),
    Workspace("places", "place.list.title", "map-pin", RAIL, "inventory.place:select", _list(PLACES_LIST)),
    Workspace(
        "warehouses",
        "warehouse.list.title",
        "warehouse",
        RAIL,
        "inventory.warehouse:select",
        _list(WAREHOUSES_LIST),
    ),
)
RECORDS = (
    RecordType(
        "inventory.warehouse",
        "warehouse",
        WarehousePage,
        "warehouse.one",
        "inventory.warehouse:select",
        "inventory.warehouse:insert",
    ),
    RecordType(
        "inventory.place",
        "map-pin",
        PlacePage,
        "place.one",
        "inventory.place:select",
        "inventory.place:insert",
    ),
    RecordType("inventory.lot", "tags", LotPage, "lot.one", "inventory.lot:select"),
)
ACTIONS = (
    Action(
        "stock.receive",
        "stock.receive.title",
        "package-plus",
        partial(_open, "stock_receive"),
        "stock_receive",
        "Ctrl+Shift+E",
        RAIL,
    ),
    Action(
        "stock.transfer",
        "stock.transfer.title",
        "arrow-left-right",
        partial(_open, "stock_transfer"),
        "stock_transfer",
        "Ctrl+Shift+U",
        RAIL,
    ),
    Action(
        "stock.count",
        "stock.count.title",
        "clipboard-check",
        partial(_open, "stock_count"),
        "stock_adjust",
        "",
        RAIL,
    ),
)
SEARCHES = (
    Search("inventory.place", "place.list.title", "map-pin", search_places, "inventory.place:select"),
)
TILES = (
    Tile(
        "below_reorder",
        "stock.tile.below_reorder",
        "package-x",
        "stock",
        partial(_count, "below_reorder"),
        {"preset": "below_reorder"},
        LEVEL,
        "warn",
        ("warehouse_clerk", "warehouse_manager", "production_planner", "purchase_officer", "administrator"),
        topics=("inventory.stock_level",),
    ),
)
