"""Every list of sales answers every sort, filter and preset it offers, for everybody who may open it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.sales
from app.core.paging import Filter, ListQuery
from app.services.sales import drafts, writes
from app.services.sales.commands import IssueQuote
from app.views.core.table_model import Column
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock
from tests.views.sales_screens import AsRole, Desk, desk_of

D = Decimal
ROLES = (
    "sales_rep",
    "sales_manager",
    "finance",
    "warehouse_clerk",
    "warehouse_manager",
    "viewer",
    "marketing",
)


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: lists are looked at as a whole."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> World:
    """The small trading world; each test has its own."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def desk(request: pytest.FixtureRequest, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role(request.param), tmp_path, qtbot) as made:
        yield made


def conditions(column: Column) -> list[Filter]:
    """What the filter row would ask of a column."""
    key = column.query_key
    match column.filter:
        case "contains" | "prefix":
            return [Filter(key, column.filter, "a%_")]
        case "min" | "max":
            return [Filter(key, "min", D(1)), Filter(key, "max", D(2))]
        case "date":
            return [Filter(key, "min", date(2026, 1, 1))]
        case "choice":
            values = ["u_miriam"] if callable(column.choices) else [value for value, _ in column.choices]
            return [Filter(key, "in", values)]
    return []


@pytest.mark.parametrize("desk", ROLES, indirect=True)
def test_every_list_answers_what_it_offers(world: World, desk: Desk) -> None:
    ctx = desk.window.ctx
    for key in [w.key for w in ctx.registry.workspaces.values()]:
        desk.window.open_workspace(key)
        page = desk.front()
        spec = page.spec
        for preset in spec.presets:
            ctx.db.read(spec.fetch, ListQuery(preset=preset.key, filters=preset.filters))
        for column in spec.columns:
            if column.sortable:
                for descending in (False, True):
                    ctx.db.read(spec.fetch, ListQuery(sort=column.query_key, descending=descending))
            for item in conditions(column):
                ctx.db.read(spec.fetch, ListQuery(filters=(item,)))
    for search in ctx.registry.searches:
        for typed in ("12", "AU-2026-00001", "Radhaus", "x"):
            ctx.db.read(search.find, typed, 5, "de")
    for tile in ctx.registry.tiles:
        assert ctx.db.read(tile.count) >= 0
        assert tile.workspace in ctx.registry.workspaces


def test_the_lists_show_a_days_work(
    world: World, as_role: AsRole, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 5)
    rep = as_role("sales_rep")
    quote = rep.write(drafts.save_quote, world.quote([world.line(world.bell, 2, "7.99")])).value
    order = confirmed(rep, world.order([world.line(world.bike, 5)], customer_reference="ZR-1"))
    line = line_ids(admin, order.id)[0]
    shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, 2, world.shelf))

    with desk_of(rep, tmp_path, qtbot) as desk:
        desk.window.open_workspace("sales.quotes", preset="mine")
        assert _shown(desk, "number") == [f"Entwurf #{quote.id}"]
        desk.window.open_workspace("sales.orders", preset="to_invoice")
        assert _shown(desk, "number") == [order.number]
        assert _shown(desk, "state") == ["Teilgeliefert"]
        pane = desk.window.findChild(app.views.sales.panes.Pane)
        assert pane is not None
        desk.window.open_workspace("sales.deliveries")
        assert _shown(desk, "invoice_state") == ["Nicht berechnet"]
        with pytest.raises(KeyError):
            desk.window.ctx.registry.workspaces["inventory.shipping"]


def test_the_tiles_of_a_seller_count_the_lists_they_open(
    world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    rep, manager = as_role("sales_rep"), as_role("sales_manager")
    lines = [world.line(world.bell, 2, "7.99")]

    def issued(days: int) -> str:
        quote = world.quote(lines, valid_until=world.today + timedelta(days=days))
        saved = rep.write(drafts.save_quote, quote).value
        return str(rep.write(writes.issue_quote, IssueQuote(saved.id, saved.row_version)).value.number)

    soon, later = issued(3), issued(8)
    foreign = f"Entwurf #{manager.write(drafts.save_quote, world.quote(lines)).value.id}"
    order = f"Entwurf #{rep.write(drafts.save_sales_order, world.order(lines)).value.id}"
    with desk_of(rep, tmp_path, qtbot) as desk:
        found: dict[str, set[str]] = {}
        for key in ("my_quotes", "quotes_expiring", "orders_to_confirm"):
            desk.window.open_home()
            desk.settle()
            tile: Any = desk.find(f"tile.sales.{key}")
            tile.click()
            numbers = _shown(desk, "number")
            assert tile.count == len(numbers)
            found[key] = {soon, later, foreign, order} & set(numbers)
    assert found == {
        "my_quotes": {soon, later},
        "quotes_expiring": {soon},
        "orders_to_confirm": {order},
    }


def _shown(desk: Desk, key: str) -> list[str]:
    page: Any = desk.front()
    column = next(column for column in page.spec.columns if column.key == key)
    return [column.words(row) for row in page.model.rows]
