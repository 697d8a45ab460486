"""Bills of materials."""

from functools import partial
from typing import Any

from app.core.paging import Filter, ListQuery
from app.services.engineering.reads import list_bom
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.workspace import RecordType, Search, TabPage, Tile, Workspace
from app.views.engineering.bom_list import bom_spec
from app.views.engineering.bom_page import BomPage
from app.views.engineering.words import BOM, STATES

RAIL = "engineering"
READ = "engineering.bom:select"


def _list(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    return ListPage(ctx, bom_spec(ctx), state)


def _count(preset: str, session: Any) -> int:
    return list_bom(session, ListQuery(preset=preset, limit=1)).total or 0


def find_bom(session: Any, typed: str, limit: int = 8, language: str = "de") -> list[tuple[Any, ...]]:
    """Bills in force and drafts by number or name of their product."""

    def found(key: str, op: str) -> list[Any]:
        query = ListQuery(
            sort="sku", filters=(Filter(key, op, typed),), limit=limit, language=language, count=False
        )
        return list(list_bom(session, query).rows)

    rows = {row.id: row for row in [*found("sku", "prefix"), *found("name", "contains")]}
    return [
        (row.id, f"{row.sku} {row.name}", f"v{row.version}", STATES[row.state])
        for row in list(rows.values())[:limit]
    ]


def _open(ctx: AppContext) -> None:
    ctx.navigate.open_workspace("bom")


WORKSPACES = (Workspace("bom", "bom.list.title", "list-tree", RAIL, READ, _list),)
RECORDS = (RecordType(BOM, "list-tree", BomPage, "bom.one", READ, "engineering.bom:insert"),)
ACTIONS = (Action("bom.list", "bom.list.title", "list-tree", _open, READ, "", RAIL),)
SEARCHES = (Search(BOM, "bom.list.title", "list-tree", find_bom, READ),)
TILES = (
    Tile(
        "bom_drafts",
        "bom.tile.drafts",
        "list-tree",
        "bom",
        partial(_count, "draft"),
        {"preset": "draft"},
        "engineering.bom:insert",
        "info",
        topics=(BOM,),
    ),
)
