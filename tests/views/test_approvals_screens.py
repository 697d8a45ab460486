"""The inbox: what waits for me, decided by button and key, several at once; stand-ins; news wherever one works."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.core.changes import Change
from app.services.sales import writes
from app.services.sales.commands import RequestApproval
from app.views.approvals.delegates import DelegateDialog
from tests.sales_world import Raw, World, build
from tests.views.keys import press_key
from tests.views.sales_screens import AsRole, Desk, desk_of

REQUEST = "system.approval_request"


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: what waits for somebody is counted."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> World:
    """The small trading world; each test has its own."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def boss(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Desk]:
    with desk_of(as_role("sales_manager"), tmp_path / "boss", qtbot) as made:
        yield made


def ask(world: World, as_role: AsRole, price: str, reason: str) -> int:
    """A quote of the representative's with a discount, and the request for it."""
    rep = as_role("sales_rep")
    quote = rep.write(writes.save_quote, world.quote([world.line(world.bike, 1, price)])).value
    return rep.write(writes.request_approval, RequestApproval("quote", quote.id, reason)).value.id


def said(desk: Desk) -> list[str]:
    """Everything the window told so far."""
    return [notice.text for notice in desk.window.notices]


def words(desk: Desk) -> str:
    """Everything that can be read beside the list."""
    pane = desk.find("detail")
    assert pane is not None
    return "\n".join(label.text() for label in pane.findChildren(QLabel))


def inbox(desk: Desk, preset: str = "mine") -> Any:
    desk.window.open_workspace("approvals.inbox", preset=preset)
    page = desk.front()
    desk.settle()
    return page


def choose(page: Any, *numbers: int) -> None:
    """Select rows; the last one is current."""
    keys = [page.model.rows[number].id for number in numbers]
    assert page.table.select_keys(keys, keys[-1])


def picture(desk: Desk, name: str) -> None:
    """A look at the screen, for people: only where a folder is named."""
    folder = os.environ.get("WERKBANK_PICTURES")
    if folder:
        QApplication.processEvents()
        QTest.qWait(50)
        desk.window.grab().save(str(Path(folder) / f"{name}.png"))


def feed(desk: Desk, change: Change) -> None:
    """Somebody else has committed it: told, and whatever follows from that is done."""
    bus = desk.window.ctx.bus
    bus.emit_foreign(frozenset({change}))
    desk.wait(lambda: not bus._timer.isActive())
    desk.settle()


def test_requests_are_decided_by_key_button_and_together(world: World, as_role: AsRole, boss: Desk) -> None:
    first = ask(world, as_role, "80", "Erstauftrag zur Messe, der Kunde nimmt 40 Räder im Jahr")
    others = [ask(world, as_role, "82", "Restposten"), ask(world, as_role, "84", "Stammkunde")]
    boss.window.open_home()
    boss.settle()
    boss.window.ctx.bus.emit_foreign(frozenset({Change(REQUEST, first)}))
    boss.wait(lambda: boss.find("tile.approvals.waiting").count == 3)
    assert boss.window.rail.buttons["approvals"].badge == 3
    boss.click("tile.approvals.waiting")
    page = boss.front()
    assert [row.id for row in page.model.rows] == [*reversed(others), first]
    choose(page, 2)
    boss.wait(lambda: "Erstauftrag zur Messe" in words(boss))
    text = words(boss)
    assert "12\u00a0%" in text
    assert "20\u00a0%" in text
    assert "Sales Manager" in text  # who can decide
    picture(boss, "approvals-light-de")
    press_key(boss.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    boss.wait(lambda: "Freigegeben." in said(boss))
    boss.wait(lambda: len(page.model.rows) == 2)

    choose(page, 0, 1)
    reject = next(a for a in page.spec.bulk if a.key == "reject")
    reject.run(boss.window.ctx, page.table.selected_rows())
    boss.settle()
    picture(boss, "approvals-reject-de")
    boss.reason("Lager wird knapp")
    boss.wait(lambda: "2 Anträge entschieden." in said(boss))
    boss.wait(lambda: not page.model.rows)
    picture(boss, "approvals-empty-de")
    page = inbox(boss, "decided")
    assert [row.state for row in page.model.rows] == ["rejected", "rejected", "approved"]
    choose(page, 0)
    boss.wait(lambda: "Lager wird knapp" in words(boss))
    picture(boss, "approvals-decided-de")


def test_the_one_who_asked_sees_it_takes_it_back_and_cannot_decide(
    world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    request = ask(world, as_role, "79", "Musterrad")
    with desk_of(as_role("sales_rep"), tmp_path / "rep", qtbot) as rep:
        assert [row.id for row in inbox(rep).model.rows] == []
        page = inbox(rep, "asked")
        assert page.model.rows[0].id == request
        choose(page, 0)
        rep.wait(lambda: rep.find("action.withdraw") is not None)
        assert rep.find("action.approve") is None
        picture(rep, "approvals-asked-de")
        rep.click("action.withdraw")
        rep.click("dialog.yes")
        rep.wait(lambda: "Antrag zurückgezogen." in said(rep))
        rep.wait(lambda: page.model.rows[0].state == "withdrawn")


def test_a_stand_in_is_named_and_ended(as_role: AsRole, boss: Desk) -> None:
    inbox(boss)
    boss.click("action.delegate")
    dialog = boss.window.findChild(DelegateDialog)
    assert dialog is not None
    boss.settle()
    boss.click("dialog.yes")
    assert dialog.boxes["to"].error
    dialog.boxes["to"].set_value("u_marketing")
    picture(boss, "approvals-delegate-de")
    boss.click("dialog.yes")
    boss.wait(lambda: "Marketing vertritt Sie." in said(boss))
    boss.click("action.delegate")
    boss.settle()
    again = boss.window.findChildren(DelegateDialog)[-1]
    [end] = [b for b in again.findChildren(QPushButton) if b.objectName().startswith("action.end_delegate")]
    picture(boss, "approvals-delegate-known-de")
    end.click()
    boss.wait(lambda: "Vertretung beendet." in said(boss))
    boss.click("dialog.no")


def test_news_come_wherever_one_works(world: World, as_role: AsRole, boss: Desk, admin: Raw) -> None:
    boss.window.open_home()
    boss.settle()
    feed(boss, Change(REQUEST))  # what other tests left is told now
    before = len(boss.window.notices)
    request = ask(world, as_role, "78", "Neukunde")
    for _ in range(2):  # told once, however often the feed comes
        feed(boss, Change(REQUEST, request))
    news = boss.window.notices[before:]
    assert [n.text for n in news] == ["Sales Rep bittet um Freigabe: Rabatt Radhaus Ulm"]
    assert news[0].action is not None
    news[0].action[1]()
    assert request in {row.id for row in boss.front().model.rows}


def test_the_inbox_speaks_english(world: World, as_role: AsRole, boss: Desk) -> None:
    ask(world, as_role, "77", "Trade fair")
    boss.window.switch_language("en")
    page = inbox(boss, "open")
    choose(page, 0)
    boss.wait(lambda: boss.find("action.approve") is not None)
    boss.settle()
    assert "Who can decide" in words(boss)
    picture(boss, "approvals-light-en")
    boss.window.switch_theme("dark")
    boss.wait(lambda: boss.find("action.approve") is not None)
    picture(boss, "approvals-dark-en")
    boss.window.switch_theme("light")


def test_an_order_above_the_credit_limit_is_asked_for_from_its_banner(
    world: World, as_role: AsRole, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("UPDATE partners.partner SET credit_limit = 10 WHERE id = %s", (world.dealer,))
    order = (
        as_role("sales_rep").write(writes.save_sales_order, world.order([world.line(world.bike, 1)])).value
    )
    with desk_of(as_role("sales_rep"), tmp_path / "rep", qtbot) as rep:
        page = rep.open("sales.sales_order", order.id)
        rep.click("action.confirm")
        rep.wait(lambda: "Kreditrahmen ist 10,00" in rep.banners(page).get("credit", ""))
        picture(rep, "approvals-credit-de")
        rep.click("action.request_credit")
        rep.wait(lambda: rep.find("field.reason") is not None)
        rep.reason("zahlt immer")
        rep.wait(lambda: any("Freigabe angefordert" in text for text in said(rep)))
        with desk_of(as_role("finance"), tmp_path / "finance", qtbot) as boss:
            there = inbox(boss)
            [row] = [row for row in there.model.rows if row.kind == "credit_limit"]
            assert (row.topic, row.record_id) == ("sales.sales_order", order.id)
            choose(there, there.model.rows.index(row))
            boss.wait(lambda: "zahlt immer" in words(boss))
            boss.click("action.approve")
            boss.wait(lambda: "Freigegeben." in said(boss))
        rep.click("action.confirm")
        rep.wait(lambda: page.stored_state == "confirmed")
    admin.execute("UPDATE partners.partner SET credit_limit = NULL WHERE id = %s", (world.dealer,))
