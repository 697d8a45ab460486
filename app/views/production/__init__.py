"""Production: planning, work orders, and what the people at the bench see of them."""

from functools import partial
from typing import Any

from app.core.paging import ListQuery
from app.services.production.reads import list_orders, search_orders
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.workspace import RecordType, Search, TabPage, Tile, Workspace
from app.views.production.my_orders import MyOrdersPage
from app.views.production.order_list import SPEC
from app.views.production.order_page import WorkOrderPage
from app.views.production.planning import PlanningPage
from app.views.production.words import ORDER, STATES

RAIL = "production"
READ = f"{ORDER}:select"
MAKERS = ("production_planner", "production_operator", "administrator")


def _list(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    return ListPage(ctx, SPEC, state)


def _count(preset: str, session: Any) -> int:
    return list_orders(session, ListQuery(preset=preset, limit=1)).total or 0


def find_orders(session: Any, typed: str, limit: int = 8, language: str = "de") -> list[tuple[Any, ...]]:
    """Work orders by number or product."""
    return [
        (hit.id, hit.number, f"{hit.sku} {hit.name}", STATES[hit.state])
        for hit in search_orders(session, typed, limit, language)
    ]


def _open(key: str, ctx: AppContext) -> None:
    ctx.navigate.open_workspace(key)


def _tile(key: str, icon: str, kind: str, *, badge: bool = False) -> Tile:
    return Tile(
        f"work_orders_{key}",
        f"work_order.tile.{key}",
        icon,
        "work_orders",
        partial(_count, key),
        {"preset": key},
        READ,
        kind,
        MAKERS,
        badge,
        (ORDER,),
    )


WORKSPACES = (
    Workspace("work_orders", "work_order.list.title", "factory", RAIL, READ, _list),
    Workspace("planning", "planning.title", "workflow", RAIL, "work_order_create", PlanningPage),
    Workspace("my_orders", "my_orders.title", "hammer", RAIL, "work_order_complete", MyOrdersPage),
)
RECORDS = (RecordType(ORDER, "factory", WorkOrderPage, "work_order.one", READ),)
ACTIONS = (
    Action(
        "planning",
        "planning.title",
        "workflow",
        partial(_open, "planning"),
        "work_order_create",
        "Ctrl+Shift+P",
        RAIL,
    ),
    Action(
        "my_orders", "my_orders.title", "hammer", partial(_open, "my_orders"), "work_order_complete", "", RAIL
    ),
)
SEARCHES = (Search(ORDER, "work_order.list.title", "factory", find_orders, READ),)
TILES = (
    _tile("started", "play", "info"),
    _tile("late", "clock", "warn"),
    _tile("short", "package-x", "bad", badge=True),
)
