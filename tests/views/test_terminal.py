"""The window of a device: nobody's without badge and PIN, the operator's while he works, nobody's again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

import app.views.inventory
import app.views.production
import app.views.warehouse
from app.core import i18n
from app.core.db import ClientInfo, Database, Target
from app.core.drafts import DraftJournal
from app.services.production import writes
from app.services.production.commands import CreateWorkOrders, PlannedOrder
from app.views.core.changes_bus import ChangesBus
from app.views.core.connection import Connection
from app.views.core.context import AppContext
from app.views.core.settings_store import SettingsStore
from app.views.core.tasks import FILE, TaskManager
from app.views.core.workspace import Registry
from app.views.terminal.window import TerminalWindow
from tests.make_world import Raw, Workshop, bill, build, product, receive
from tests.views.make_screens import AsRole

D = Decimal
PIN = "274951"


class Hand:
    """Somebody in front of the device."""

    def __init__(self, window: TerminalWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()
            self.qtbot.waitUntil(lambda: bool(self.window.ctx.tasks.idle))

    def wait(self, condition: Callable[[], object]) -> None:
        self.qtbot.waitUntil(lambda: bool(condition()))

    def find(self, name: str) -> Any:
        return next((w for w in self.window.findChildren(QWidget, name) if w.isVisible()), None)

    def press(self, name: str) -> None:
        self.wait(lambda: self.find(name) is not None and self.find(name).isEnabled())
        QTest.mouseClick(self.find(name), Qt.MouseButton.LeftButton)
        self.settle()

    def words(self) -> str:
        return "\n".join(w.text() for w in self.window.findChildren(QLabel) if w.isVisible())

    def sign_on(self, badge: str, pin: str = PIN) -> None:
        field = self.find("field.badge")
        QTest.keyClicks(field, badge)
        QTest.keyClick(field, Qt.Key.Key_Return)
        for sign in pin:
            self.press(f"pin.{sign}")
        self.settle()


@contextmanager
def terminal(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Hand]:
    parent = QObject()
    tasks = TaskManager(parent)
    drafts = DraftJournal(folder / "drafts.sqlite")
    settings = SettingsStore(
        folder / "settings.json", lambda work: tasks.run(FILE, tasks, work, lambda _f: None), parent
    )
    bus, connection = ChangesBus(parent), Connection(tasks, db.resume, parent)
    registry = Registry(db.profile, (app.views.production, app.views.inventory, app.views.warehouse))

    def context(window: Any) -> AppContext:
        return AppContext(db, db.profile, tasks, bus, settings, drafts, window, connection, registry)

    window = TerminalWindow(context)
    window.show()
    window.start()
    hand = Hand(window, qtbot)
    hand.settle()
    try:
        yield hand
    finally:
        settings.flush()
        window.close()
        tasks.shutdown()
        drafts.close()
        window.deleteLater()
        parent.deleteLater()
        qtbot.wait(1)
        i18n.set_language("de")


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture(scope="module")
def password(admin_dsn: str, workshop: Workshop) -> str:
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        row = raw.execute(
            "SELECT sec.device_register('t_bench', 'Bank 4', 'Halle 1', '', %s)", ([workshop.hall],)
        ).fetchone()
        for badge, login in (
            ("B-1", "u_production_operator"),
            ("B-2", "u_warehouse_clerk"),
            ("B-3", "u_viewer"),
        ):
            raw.execute("SELECT sec.badge_set(%s, %s, %s)", (login, badge, PIN))
    assert row is not None
    return str(row[0])


@pytest.fixture
def device(admin_dsn: str, password: str) -> Iterator[Database]:
    target, _ = Target.from_dsn(admin_dsn)
    db = Database(
        Target(target.host, target.port, target.dbname, "t_bench"),
        password,
        client=ClientInfo(version="test"),
    )
    db.open()
    yield db
    db.close()


@pytest.fixture
def order(workshop: Workshop, admin: Raw, as_role: AsRole) -> str:
    """The number of a released order whose parts are there."""
    part, top = product(admin, "TEIL"), product(admin, "GLOCKE", made=True)
    bill(as_role("production_planner"), top, {part: 2})
    receive(as_role("warehouse_manager"), part, workshop.shelf, 50)
    day = workshop.today
    planned = PlannedOrder(top, D(5), workshop.hall, day, day + timedelta(days=2))
    answer = as_role("production_planner").write(writes.create_work_orders, CreateWorkOrders((planned,)))
    return str(answer.value[0].number)


def test_nothing_shows_without_badge_and_pin(
    device: Database, order: str, tmp_path: Path, qtbot: QtBot
) -> None:
    with terminal(device, tmp_path, qtbot) as hand:
        assert "Bitte anmelden" in hand.words()
        assert hand.find("terminal.jobs") is None
        hand.sign_on("B-1", "111119")
        assert hand.find("sign_on.wrong").text() == "Ausweis oder PIN stimmt nicht."
        assert hand.find("field.badge").isEnabled(), "it begins anew"
        hand.sign_on("B-99")
        assert hand.find("sign_on.wrong").text() == "Ausweis oder PIN stimmt nicht."
        assert order not in hand.words()


def test_an_operator_starts_and_reports_an_order_as_himself(
    device: Database, order: str, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    with terminal(device, tmp_path, qtbot) as hand:
        hand.window.scanner.scanned("B-3")
        assert hand.window.sign_on.asks_pin
        hand.window.scanner.scanned("B-1")  # somebody else was faster
        for sign in PIN:
            hand.press(f"pin.{sign}")
        hand.wait(lambda: hand.find("terminal.jobs") is not None)
        assert hand.find("terminal.operator").text() == "Production Operator"
        assert hand.find("terminal.open.scan_transfer") is None, "not his job"
        hand.press(f"action.start.{order}")
        hand.press(f"action.look.{order}")
        hand.wait(lambda: order in hand.find("terminal.heading").text())
        assert "da" in {w.accessibleName() for w in hand.window.findChildren(QWidget) if w.isVisible()}
        hand.press(f"action.report.{order}")
        hand.wait(lambda: hand.find("dialog.report") is not None)
        hand.settle()
        hand.press("dialog.post")
        hand.wait(lambda: hand.find("dialog.report") is None)
        row = admin.execute(
            "SELECT c.reported_by, w.state FROM production.completion c "
            "JOIN production.work_order w ON w.id = c.work_order_id WHERE w.number = %s",
            (order,),
        ).fetchone()
        assert row == ("u_production_operator", "completed")
        trail = admin.execute(
            "SELECT login, operator FROM audit.entry "
            "WHERE table_name = 'production.completion' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        assert trail == ("t_bench", "u_production_operator")
        hand.press("terminal.sign_off")
        assert "Bitte anmelden" in hand.words()
        assert order not in hand.words()


def test_each_operator_has_his_own_screens(
    device: Database, order: str, tmp_path: Path, qtbot: QtBot
) -> None:
    with terminal(device, tmp_path, qtbot) as hand:
        hand.sign_on("B-2")
        hand.wait(lambda: hand.find("terminal.open.scan_transfer") is not None)
        assert hand.find("terminal.open.my_orders") is None
        hand.window.scanner.scanned("A-01")  # no page wants it: it is looked up
        hand.settle()
        assert "Lagerplatz A-01" in hand.words()
        hand.press("terminal.open.scan_count")
        hand.press("terminal.sign_off")
        hand.sign_on("B-3")
        hand.wait(lambda: hand.find("terminal.open.stock_places") is not None)
        assert hand.find("terminal.open.scan_count") is None


def test_idle_minutes_sign_off_whatever_is_open(
    device: Database, order: str, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    with terminal(device, tmp_path, qtbot) as hand:
        hand.sign_on("B-1")
        hand.wait(lambda: hand.find(f"action.start.{order}") is not None)
        assert hand.window.idle_seconds == 600
        hand.press(f"action.start.{order}")
        hand.press(f"action.report.{order}")
        hand.wait(lambda: hand.find("dialog.report") is not None)
        hand.window.idle_seconds = 30
        hand.window.tick()
        assert "Abmeldung in" in hand.find("terminal.warning").text()
        hand.window.idle_seconds = 0
        hand.window.tick()
        hand.settle()
        assert hand.find("dialog.report") is None
        assert "länger niemand etwas berührt" in hand.find("sign_on.wrong").text()
        event = admin.execute(
            "SELECT login, detail ->> 'reason' FROM audit.event WHERE kind = 'operator_off' ORDER BY id DESC LIMIT 1"
        ).fetchone()
        assert event == ("u_production_operator", "idle")


def test_the_operators_language_is_spoken_while_he_works(
    device: Database, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("UPDATE sec.app_user SET language = 'en' WHERE login = 'u_production_operator'")
    with terminal(device, tmp_path, qtbot) as hand:
        hand.sign_on("B-1")
        hand.wait(lambda: hand.find("terminal.sign_off") is not None)
        assert i18n.language() == "en"
        hand.press("terminal.sign_off")
        assert i18n.language() == "de"
    admin.execute("UPDATE sec.app_user SET language = 'de' WHERE login = 'u_production_operator'")


def test_a_session_ended_by_an_administrator_comes_back_without_its_operator(
    device: Database, order: str, admin: Raw, tmp_path: Path, qtbot: QtBot
) -> None:
    with terminal(device, tmp_path, qtbot) as hand:
        hand.sign_on("B-1")
        hand.wait(lambda: hand.find("terminal.jobs") is not None)
        admin.execute("SELECT sec.sessions_end('t_bench', 'killed')")
        hand.window.look_again()
        hand.wait(lambda: hand.find("terminal.sign_on") is not None)
        hand.settle()
        hand.sign_on("B-1")
        hand.wait(lambda: hand.find(f"action.start.{order}") is not None)
