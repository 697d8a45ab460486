"""Watch, sign-ins, address rules, terminals and badges at the keyboard, over the real database."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.views.security
from app.core.db import Database
from tests.make_world import Raw
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.security,)) as window:
        yield Bench(window, qtbot)


def last_of(bench: Bench, name: str) -> Any:
    """The one in front, of buttons that are called the same in two dialogs."""
    return [w for w in bench.window.findChildren(QWidget, name) if w.isVisible()][-1]


@pytest.fixture
def attacked(admin: Raw) -> Iterator[None]:
    """Somebody has tried passwords, and the guard has locked one of them."""
    admin.execute(
        "INSERT INTO sec.login_attempt (at, login, address, outcome, application) "
        "SELECT now() - n * interval '7 minutes', CASE n % 3 WHEN 0 THEN 'u_nobody' ELSE 'u_viewer' END, "
        "       CASE n % 2 WHEN 0 THEN '10.1.1.1' ELSE '10.9.9.9' END::inet, "
        "       CASE n % 4 WHEN 0 THEN 'refused' ELSE 'wrong' END, "
        "       'psql' FROM generate_series(1, 12) n"
    )
    admin.execute(
        "INSERT INTO sec.alarm (kind, login, detail) VALUES "
        """('locked_by_address', 'u_viewer', '{"address": "10.1.1.1", "failures": 6, "minutes": 15}'), """
        """('tries_used_up', 'u_operator', '{"step": "pin"}'), """
        """('many_logins_from_address', '', '{"address": "10.9.9.9", "logins": 5}')"""
    )
    admin.execute("SELECT sec.user_lock('u_viewer', 'too_many_failures', now() + interval '12 minutes')")
    yield
    admin.execute("SELECT sec.user_unlock('u_viewer')")
    admin.execute("DELETE FROM sec.login_attempt")
    admin.execute("DELETE FROM sec.alarm")


@pytest.mark.usefixtures("attacked")
def test_alarms_are_looked_at_and_a_person_is_let_in_again(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.watch")
        bench.see("watch.guard_away")
        words = bench.everything()
        assert "Gesperrt: viele Fehlversuche von einer Adresse: Viewer" in words
        assert "von 10.1.1.1 · 6 Fehlversuche" in words
        assert "PIN am Terminal" in words
        assert "zu viele Fehlversuche" in words
        assert sum(slot.failed for slot in page.found.slots) == 12
        first = page.found.alarms[0].id
        bench.click(f"action.seen.{first}")
        bench.wait(lambda: len(page.found.alarms) == 2)
        bench.click("action.seen_all")
        bench.wait(lambda: not page.found.alarms)
        assert "Keine offenen Alarme." in bench.everything()
        seen = admin.execute("SELECT DISTINCT seen_by FROM sec.alarm").fetchall()
        assert seen == [("u_administrator",)]
        bench.click("action.unlock.u_viewer")
        bench.wait(lambda: not page.found.locked)
        assert bench.said() == "Viewer kann sich wieder anmelden"
    row = admin.execute("SELECT status FROM sec.app_user WHERE login = 'u_viewer'").fetchone()
    assert row == ("active",)


@pytest.mark.usefixtures("attacked")
def test_the_list_of_sign_ins_narrows_to_an_address(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.sign_ins")
        bench.wait(lambda: len(page.model.rows) == 12)
        page = bench.go("security.sign_ins", filters={"address": "10.9.9.9"})
        bench.wait(lambda: len(page.model.rows) == 6)
        assert {row.address for row in page.model.rows} == {"10.9.9.9"}
        page = bench.go("security.sign_ins", preset="ok", filters={})
        bench.wait(lambda: page.model.rows and all(row.outcome == "ok" for row in page.model.rows))


def test_a_rule_that_shuts_oneself_out_asks_first(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        bench.go("security.addresses")
        bench.click("action.new")
        bench.choose("field.role", "Systemadministration")
        bench.type("field.network", "10.20.0.0/16")
        bench.click("dialog.yes")
        bench.wait(lambda: "Sich selbst aussperren?" in bench.everything())
        assert "von 127.0.0.1" in bench.everything()
        last_of(bench, "dialog.no").click()
        bench.settle()
        assert admin.execute("SELECT count(*) FROM sec.address_rule").fetchone() == (0,)
        bench.type("field.network", "127.0.0.1/8")
        bench.click("dialog.yes")
        bench.wait(lambda: bench.find("dialog.refused") is not None)
        assert "ist kein Netz" in bench.see("dialog.refused").accessibleName()
        bench.type("field.network", "127.0.0.0/8")
        bench.click("dialog.yes")
        bench.wait(lambda: bench.said() == "Regel gespeichert")
        assert admin.execute("SELECT role, network::text FROM sec.address_rule").fetchall() == [
            ("system_administrator", "127.0.0.0/8")
        ]
    admin.execute("DELETE FROM sec.address_rule")


def test_a_terminal_is_registered_and_its_password_shown_once(
    admin: Raw, as_role: AsRole, admin_dsn: str, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("INSERT INTO inventory.warehouse (code, name) VALUES ('HL', 'Hall') ON CONFLICT DO NOTHING")
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.devices", preset="all")
        bench.click("action.new")
        bench.type("field.login", "t_press")
        bench.type("field.name", "Presse 2")
        bench.type("field.place", "Halle 1")
        bench.click("dialog.yes")
        shown = bench.see("secret.shown").text()  # type: ignore[attr-defined]
        bench.click("dialog.yes")
        bench.wait(lambda: [row.name for row in page.model.rows] == ["Presse 2"])
        assert page.model.rows[0].place == "Halle 1"
        assert len(page.model.rows[0].warehouses) == 1
    psycopg.connect(admin_dsn, user="t_press", password=shown).close()
    admin.execute("DROP OWNED BY t_press")


def test_a_badge_is_given_blocked_and_released(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go("security.badges", filters={"login": "u_quality"})
        bench.wait(lambda: len(page.model.rows) == 1)
        page._open(0)
        bench.type("field.badge", "Q-1")
        bench.type("field.pin", "123456")
        bench.click("dialog.yes")
        bench.wait(lambda: bench.find("dialog.refused") is not None)
        assert "zu leicht zu erraten" in bench.see("dialog.refused").accessibleName()
        bench.type("field.pin", "274951")
        bench.click("dialog.yes")
        bench.wait(lambda: page.model.rows and page.model.rows[0].badge == "Q-1")
        assert bench.said() == "Quality hat einen Ausweis"
