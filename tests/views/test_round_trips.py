"""What it costs to open a screen: at most two round trips, for every workspace and every kind of record there is.

What is read once a session (names of people, choices of forms) is read before the counting; pictures are not counted.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import psycopg
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.db import Database
from app.core.dialect import Counter
from app.core.people import DEMO_PEOPLE
from app.views.core.list_page import ListPage
from app.views.core.timing import Debounce
from app.views.core.workspace import RecordType, Workspace, capability_packages
from app.views.sales import draft_reads
from app.views.shell.main_window import MainWindow
from tests.views import legacy_world
from tests.views.shell_world import idle, window_for

AsRole = Callable[[str], Database]
BUDGET = 2  # round trips, for opening a tab and for the pane beside a list
PACKAGES = capability_packages()
# Records that are no table of their own, and states of one that read more than others.
SPECIAL = {
    "purchasing.receiving": "SELECT max(id) FROM purchasing.purchase_order WHERE state = 'ordered'",
    "purchasing.returning": "SELECT max(id) FROM purchasing.goods_receipt WHERE kind = 'receipt'",
    "purchasing.confirming": "SELECT max(id) FROM purchasing.purchase_order WHERE state = 'ordered'",
    "sales.shipping": "SELECT max(id) FROM sales.sales_order WHERE state = 'confirmed' AND delivery_state <> 'full'",
    "sales.quote": "SELECT max(id) FROM sales.quote WHERE state = 'draft'",
    "sales.sales_order": "SELECT max(id) FROM sales.sales_order WHERE state = 'confirmed'",
}
Counting = Callable[[Database], AbstractContextManager[Counter]]


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            legacy_world.fill(connection)
            connection.execute(
                "WITH made AS (INSERT INTO printing.printer (name, kind, address) VALUES ('Office', 'ipp', 'ipp://p') "
                "RETURNING id) INSERT INTO printing.route (printer_id) SELECT id FROM made"
            )
            connection.execute(
                "INSERT INTO mail.account (owner, name, host, sender_address) VALUES ('', 'House', 'mail', 'a@b.de')"
            )
        yield address


class Rightful(Protocol):
    """A workspace or a kind of record: what one needs to see it."""

    @property
    def right(self) -> str: ...


Item = TypeVar("Item", bound=Rightful)


def by_person(as_role: AsRole, items: Iterable[Item]) -> Iterator[tuple[Database, list[Item]]]:
    """Whoever of the demo company's people sees the most, with those of the items that only he is asked about."""
    order = ("sales_manager", "finance", "production_planner", "warehouse_manager", "administrator")
    people = sorted(DEMO_PEOPLE, key=lambda one: order.index(one.role) if one.role in order else len(order))
    left = list(items)
    for person in people:
        if not left:
            return
        db = as_role(person.login)
        seen = [item for item in left if not item.right or db.profile.can(item.right)]
        left = [item for item in left if item not in seen]
        if seen:
            yield db, seen
    assert left == [], "nobody may see these"


def settle(window: MainWindow, qtbot: QtBot) -> None:
    for _ in range(4):
        idle(qtbot, window)
        QApplication.processEvents()
        qtbot.waitUntil(lambda: not any(pause.isActive() for pause in window.findChildren(Debounce)))


def spent(window: MainWindow, qtbot: QtBot, do: Callable[[], object]) -> int:
    """Round trips until nothing is under way any more."""
    before = window.ctx.db.counter.round_trips
    do()
    settle(window, qtbot)
    return window.ctx.db.counter.round_trips - before


def close(window: MainWindow, qtbot: QtBot) -> None:
    current = window.area.current
    assert current is not None
    window.area.remove(current)
    settle(window, qtbot)


def of_workspace(window: MainWindow, qtbot: QtBot, workspace: Workspace) -> int:
    """Round trips of opening it once more, or of the pane beside its list where that takes more."""

    def show() -> None:
        window.open_workspace(workspace.key)

    spent(window, qtbot, show)
    page: Any = window.area.current.page  # type: ignore[union-attr]
    pane = isinstance(page, ListPage) and page.spec.detail is not None
    if pane:
        page.head.detail.click()  # away, and remembered
    close(window, qtbot)
    opening = spent(window, qtbot, show)
    page = window.area.current.page  # type: ignore[union-attr]
    beside = spent(window, qtbot, page.head.detail.click) if pane else 0
    close(window, qtbot)
    return max(opening, beside)


def of_record(window: MainWindow, qtbot: QtBot, record: RecordType, admin: psycopg.Connection[Any]) -> int:
    """Round trips of opening the newest record of a kind once more."""
    found = admin.execute(SPECIAL.get(record.topic, f"SELECT max(id) FROM {record.topic}")).fetchone()
    assert found is not None
    assert found[0] is not None, f"the demo company has no {record.topic}"

    def show() -> None:
        window.open_record(record.topic, found[0])

    spent(window, qtbot, show)
    close(window, qtbot)
    opening = spent(window, qtbot, show)
    close(window, qtbot)
    return opening


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__.rpartition(".")[2])
def test_workspaces_records_and_the_panes_beside_lists(
    package: Any, as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    cost: dict[str, int] = {}
    for db, workspaces in by_person(as_role, getattr(package, "WORKSPACES", ())):
        with window_for(db, tmp_path, qtbot, PACKAGES) as window:
            cost |= {one.key: of_workspace(window, qtbot, one) for one in workspaces}
    for db, records in by_person(as_role, getattr(package, "RECORDS", ())):
        with window_for(db, tmp_path, qtbot, PACKAGES) as window:
            cost |= {one.topic: of_record(window, qtbot, one, admin) for one in records}
    assert {what: trips for what, trips in cost.items() if trips > BUDGET} == {}


@pytest.mark.parametrize("person", DEMO_PEOPLE, ids=lambda one: one.login)
def test_the_page_of_today(person: Any, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    db = as_role(person.login)
    with window_for(db, tmp_path, qtbot, PACKAGES) as window:
        page: Any = window.area.current.page  # type: ignore[union-attr]
        assert spent(window, qtbot, page.refresh) <= 1


def test_what_a_quote_or_order_offers_to_choose_from(as_role: AsRole, counted: Counting) -> None:
    """Read at the first opening of a session."""
    db = as_role("u_miriam")
    with counted(db) as trips:
        offered = db.read(draft_reads.choices, "en")
    assert trips.round_trips == 1
    assert all(offered)
