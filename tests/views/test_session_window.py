"""What a person sees of sessions, codes and passwords: nothing typed is lost, nothing goes on without proof."""

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.changes import NO_CHANGES, Result
from app.core.db import Database, Target, call_api
from app.core.term import Term
from app.services.security import second_factor, sessions
from app.views import security
from app.views.core.buttons import Button
from app.views.core.confirm import ConfirmDialog
from app.views.core.enrol import EnrolDialog
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.tasks import TaskManager
from app.views.security.my_security import KEY, MySecurityPage
from app.views.shell.main_window import MainWindow
from app.views.shell.session_watch import SessionWatch
from app.views.shell.unlock import UnlockSheet
from tests.conftest import PASSWORD
from tests.db.test_second_factor import Phone, code_of, enrol
from tests.db.test_sessions import elapse, one
from tests.views.shell_world import (
    CAPABILITY,
    PARTNER,
    CustomerPage,
    idle,
    new_customer,
    part,
    part_of,
    type_into,
    window_for,
)

Raw = psycopg.Connection[Any]
PACKAGES = (CAPABILITY, security)


@pytest.fixture
def person(admin: Raw) -> str:
    """Somebody who sells."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute("SELECT sec.user_create(%s, 'Some Person', %s, '{sales_rep}')", (login, PASSWORD))
    return login


@pytest.fixture
def db(role_dsn: Callable[[str], str], person: str) -> Iterator[Database]:
    target, password = Target.from_dsn(role_dsn(person))
    found = Database(target, password)
    found.open()
    yield found
    found.close()


@pytest.fixture
def window(db: Database, tmp_path: Path, qtbot: QtBot) -> Iterator[MainWindow]:
    with window_for(db, tmp_path, qtbot, PACKAGES) as made:
        yield made


def sheet_of(window: MainWindow, qtbot: QtBot) -> UnlockSheet:
    qtbot.waitUntil(lambda: window.guard.sheet is not None)
    assert window.guard.sheet is not None
    return window.guard.sheet


def unlock(sheet: UnlockSheet, window: MainWindow, qtbot: QtBot, password: str = PASSWORD) -> None:
    sheet.password.field.setText(password)
    QTest.keyClick(sheet.password.field, Qt.Key.Key_Return)
    idle(qtbot, window)


# -- locked and unlocked -----------------------------------------------------------------------------------------


def test_what_is_typed_outlives_the_session_and_the_save_goes_on_after_the_password(
    window: MainWindow, db: Database, admin: Raw, person: str, qtbot: QtBot
) -> None:
    number = new_customer(admin, f"Kunde {person}")
    window.open_record(PARTNER, number)
    idle(qtbot, window)
    page = window.area.current.page if window.area.current else None
    assert isinstance(page, CustomerPage)
    type_into(page, "phone", "0711 4711")
    elapse(admin, person, 481)  # nobody works for eight hours
    page.save()
    sheet = sheet_of(window, qtbot)
    assert sheet.geometry() == window.rect()
    assert part_of(sheet, "unlock.reason", Label).text() == "Hier hat länger niemand gearbeitet."
    assert sheet.password.field.hasFocus()
    QTest.keyClick(sheet.password.field, Qt.Key.Key_Escape)
    assert window.guard.locked
    unlock(sheet, window, qtbot, "not the password")
    assert sheet.password.hint.text().startswith("Anmeldung abgelehnt")
    assert one(admin, "SELECT phone FROM partners.partner WHERE id = %s", number) != "0711 4711"
    unlock(sheet, window, qtbot)
    qtbot.waitUntil(lambda: not window.guard.locked)
    idle(qtbot, window)
    assert window.area.current is not None
    assert window.area.current.page is page
    assert one(admin, "SELECT phone FROM partners.partner WHERE id = %s", number) == "0711 4711"


def test_who_is_thrown_out_reads_by_whom_and_why(
    window: MainWindow, db: Database, admin: Raw, raw_role: Callable[..., Raw], qtbot: QtBot
) -> None:
    raw_role("system_administrator", ticket=True).execute(
        "SELECT sec.session_kill(%s, 'Rechner wird getauscht')", (db.profile.session,)
    )
    assert not db.goes_on()
    sheet = sheet_of(window, qtbot)
    words = part_of(sheet, "unlock.reason", Label).text()
    assert words == "System Administrator hat diese Sitzung beendet: Rechner wird getauscht"
    # Toasts could tell a passer-by something; they wait under the bell.
    window.toast("Auftrag AU-1 gebucht")
    assert all("AU-1" not in label.text() for label in window.findChildren(Label) if label.isVisible())


def test_locking_by_hand_ends_the_session_at_the_server(
    window: MainWindow, db: Database, admin: Raw, qtbot: QtBot
) -> None:
    number = db.profile.session
    window.guard.lock()
    sheet = sheet_of(window, qtbot)
    assert one(admin, "SELECT end_reason FROM sec.session WHERE id = %s", number) == "signed_out"
    unlock(sheet, window, qtbot)
    qtbot.waitUntil(lambda: window.guard.sheet is None)
    assert db.profile.session != number


def test_somebody_else_may_sign_in_and_drafts_are_kept(
    window: MainWindow, admin: Raw, person: str, qtbot: QtBot
) -> None:
    window.open_record(PARTNER, new_customer(admin, f"Draft {person}"))
    idle(qtbot, window)
    page = window.area.current.page if window.area.current else None
    assert isinstance(page, CustomerPage)
    type_into(page, "phone", "0711 0815")
    window.guard.lock()
    sheet = sheet_of(window, qtbot)
    with qtbot.waitSignal(window.signed_out):
        QTest.mouseClick(part(sheet, "unlock.other"), Qt.MouseButton.LeftButton)
    idle(qtbot, window)
    assert any("0711 0815" in str(draft.payload) for draft in window.ctx.drafts.all())


def test_the_sheet_asks_for_the_code_where_there_is_a_second_factor(
    window: MainWindow, admin: Raw, raw_role: Callable[..., Raw], person: str, qtbot: QtBot
) -> None:
    phone = enrol(admin, raw_role(person, ticket=True), person)
    window.guard.lock()
    sheet = sheet_of(window, qtbot)
    assert not sheet.code.isVisible()
    unlock(sheet, window, qtbot)
    assert sheet.code.isVisible()
    assert sheet.code.line.field.hasFocus()
    sheet.code.line.field.setText("000000")
    QTest.keyClick(sheet.code.line.field, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert "Der Code stimmt nicht" in sheet.code.line.hint.text()
    sheet.code.line.field.setText(phone.unused())
    QTest.keyClick(sheet.code.line.field, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: window.guard.sheet is None)


# -- the clock ---------------------------------------------------------------------------------------------------


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Session:
    """A session that counts how often it is asked."""

    term: Term
    touched: int = 0
    asked: int = 0
    ended: Any = None

    def touch(self) -> None:
        self.touched += 1
        self.term.start({"seconds_left": 3600, "seconds_to_idle": 3600, "seconds_to_end": 14_400 - NOW.now})

    def goes_on(self) -> bool:
        self.asked += 1
        return False


NOW = Clock()


@pytest.fixture
def watched(qtbot: QtBot) -> Iterator[tuple[SessionWatch, Session, Callable[[float], None], list[Any]]]:
    NOW.now = 0.0
    tasks = TaskManager()
    session: Any = Session(Term(NOW, NOW))
    session.term.start({"seconds_left": 3600, "seconds_to_idle": 3600, "seconds_to_end": 14_400})
    watch = SessionWatch(session, tasks, tasks)
    seen: list[Any] = []
    watch.warned.connect(lambda kind, seconds: seen.append((kind, round(seconds / 60))))
    watch.calm.connect(lambda: seen.append("calm"))

    def later(seconds: float) -> None:
        NOW.now += seconds
        watch.tick()
        qtbot.waitUntil(lambda: tasks.idle)

    yield watch, session, later, seen
    tasks.shutdown()


def test_only_work_keeps_the_session_and_asks_once_a_minute(watched: Any) -> None:
    watch, session, later, seen = watched
    for _ in range(30):
        later(5)
    assert session.touched == 0
    for _ in range(60):
        watch.worked()
        later(5)
    assert session.touched == 5
    watch.worked()  # the last key before lunch counts, though nobody presses another
    later(61)
    assert session.touched == 6
    assert seen == []


def test_two_minutes_before_the_window_locks_it_says_so_and_a_key_keeps_it(
    watched: Any, qtbot: QtBot
) -> None:
    watch, session, later, seen = watched
    later(3600 - 119)
    assert seen == [("idle", 2)]
    watch.worked()
    qtbot.waitUntil(lambda: seen[-1] == "calm")
    assert session.touched == 1
    later(3600)
    assert session.asked == 1  # the server has the last word


def test_ten_minutes_before_the_end_no_key_helps(watched: Any, qtbot: QtBot) -> None:
    watch, session, later, seen = watched
    for _ in range(4):
        watch.worked()
        later(3400)
    watch.worked()
    later(250)
    assert seen[-1][0] == "end"
    assert session.touched >= 4


def test_a_computer_that_slept_knows_that_time_has_passed() -> None:
    steady, wall = Clock(), Clock()
    term = Term(steady, wall)
    term.start({"seconds_left": 600, "seconds_to_idle": 600, "seconds_to_end": 3600})
    wall.now += 700  # closed for lunch; the steady clock stood still
    assert term.due
    assert term.until_idle() < 0
    wall.now -= 5000  # and a clock set back by hand gives no time
    steady.now += 601
    assert term.due


def test_what_the_program_does_by_itself_is_no_work(window: MainWindow) -> None:
    watch = window.guard.watch
    watch._worked = False
    watch.eventFilter(window, QEvent(QEvent.Type.KeyPress))
    assert not watch._worked


def test_the_warning_offers_to_renew_and_the_window_stays_open(
    window: MainWindow, db: Database, qtbot: QtBot
) -> None:
    first = db.profile.session
    window.guard._warn("end", 540)
    assert part(window, "session.warning").accessibleName().startswith("Ihre Sitzung endet in 9 Minuten.")
    QTest.mouseClick(part(window, "action.renew_session"), Qt.MouseButton.LeftButton)
    sheet = sheet_of(window, qtbot)
    unlock(sheet, window, qtbot)
    qtbot.waitUntil(lambda: db.profile.session != first)
    idle(qtbot, window)
    qtbot.waitUntil(lambda: window.findChild(QWidget, "session.warning") is None)


# -- rights that change ------------------------------------------------------------------------------------------


def test_the_window_follows_a_change_of_roles_and_keeps_what_is_typed(
    window: MainWindow, db: Database, admin: Raw, person: str, qtbot: QtBot
) -> None:
    window.open_workspace("customers")
    search = window.area.current.page if window.area.current else None
    assert search is not None
    part_of(search, "word", QLineEdit).setText("halb getippt")
    assert "lock" not in window.ctx.registry.actions
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer,administrator}')", (person,))
    admin.execute("UPDATE sec.app_user SET session_epoch = session_epoch + 1 WHERE login = %s", (person,))
    assert db.goes_on()
    idle(qtbot, window)
    qtbot.waitUntil(lambda: "lock" in window.ctx.registry.actions)
    assert "users" in window.ctx.registry.workspaces
    page = window.area.current.page if window.area.current else None
    assert page is not None
    assert part_of(page, "word", QLineEdit).text() == "halb getippt"
    assert window.notices[-1].text == "Ihre Rollen sind jetzt: Administration, Leser"
    admin.execute("SELECT sec.user_set_roles(%s, '{}')", (person,))
    assert db.goes_on()
    qtbot.waitUntil(
        lambda: not window.ctx.registry.workspaces.keys() & {"customers", "users"},
    )
    assert [tab.name for tab in window.area.tabs] == ["home"]


# -- proving it once more ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Critical:
    id: int


def test_what_is_critical_is_sent_again_once_the_person_has_proved_it(
    window: MainWindow, admin: Raw, person: str, qtbot: QtBot
) -> None:
    sent: list[Critical] = []

    def critical(session: Any, command: Critical) -> Result[str]:
        sent.append(command)
        call_api(session, "sec.require_confirmed")
        return Result("done", NO_CHANGES)

    admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = %s", (person,))
    answers: list[str] = []
    button = Button("form.save")
    command = Critical(7)
    op = WriteOp(window, window.ctx, critical, command).disabling(button).success(answers.append).start()
    idle(qtbot, window)
    dialog = window.findChild(ConfirmDialog)
    assert dialog is not None
    assert not button.isEnabled()
    dialog.password.field.setText("not this one")
    QTest.keyClick(dialog.password.field, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert dialog.password.hint.text() == "Das Kennwort stimmt nicht."
    dialog.password.field.setText(PASSWORD)
    QTest.keyClick(dialog.password.field, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert answers == ["done"]
    assert sent[0] is sent[1] is command
    assert button.isEnabled()
    assert op.command is command


def test_who_thinks_better_of_it_has_done_nothing(
    window: MainWindow, admin: Raw, person: str, qtbot: QtBot
) -> None:
    admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = %s", (person,))
    button = Button("form.save")
    op = WriteOp(window, window.ctx, second_factor.begin, second_factor.Begin())
    op.disabling(button).success(lambda _offer: pytest.fail("nothing was allowed")).start()
    idle(qtbot, window)
    dialog = window.findChild(ConfirmDialog)
    assert dialog is not None
    QTest.mouseClick(part(dialog, "dialog.cancel"), Qt.MouseButton.LeftButton)
    assert button.isEnabled()
    assert one(admin, "SELECT count(*) FROM sec.totp WHERE login = %s", person) == 0


# -- my security -------------------------------------------------------------------------------------------------


def mine(window: MainWindow, qtbot: QtBot) -> MySecurityPage:
    window.open_workspace(KEY)
    idle(qtbot, window)
    page = window.area.current.page if window.area.current else None
    assert isinstance(page, MySecurityPage)
    return page


def test_my_security_is_one_round_trip(window: MainWindow, counted: Any, qtbot: QtBot) -> None:
    with counted(window.ctx.db) as spent:
        mine(window, qtbot)
    assert spent.round_trips == 1


def test_setting_up_a_second_factor_ends_with_codes_that_were_kept(
    window: MainWindow, db: Database, admin: Raw, person: str, qtbot: QtBot
) -> None:
    page = mine(window, qtbot)
    QTest.mouseClick(part(page, "action.enrol"), Qt.MouseButton.LeftButton)
    idle(qtbot, window)
    dialog = window.findChild(EnrolDialog)
    assert dialog is not None
    secret = base64.b32decode(part_of(dialog, "factor.secret", Label).text().replace(" ", ""))
    dialog.code.field.setText("12345")
    QTest.keyClick(dialog.code.field, Qt.Key.Key_Return)
    assert dialog.code.hint.text() == "Der Code hat 6 Ziffern."
    dialog.code.field.setText("000000")
    QTest.keyClick(dialog.code.field, Qt.Key.Key_Return)
    idle(qtbot, window)
    assert "Der Code stimmt nicht" in dialog.code.hint.text()
    dialog.code.field.setText(code_of(secret, int(time.time() // 30)))
    QTest.keyClick(dialog.code.field, Qt.Key.Key_Return)
    idle(qtbot, window)
    shown = [part_of(dialog, f"factor.recovery.{number}", Label).text() for number in range(10)]
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert dialog.isVisible(), "codes nobody has kept yet"
    part_of(dialog, "factor.codes_kept", QWidget).setChecked(True)  # type: ignore[attr-defined]
    QTest.mouseClick(part(dialog, "dialog.next"), Qt.MouseButton.LeftButton)
    idle(qtbot, window)
    idle(qtbot, window)
    assert db.profile.second_factor
    phone = Phone(admin, person, secret, shown)
    assert db.open(phone.paper[0], password=PASSWORD).assurance == "totp"


def test_another_session_is_ended_from_here(
    window: MainWindow, role_dsn: Callable[[str], str], person: str, qtbot: QtBot
) -> None:
    target, password = Target.from_dsn(role_dsn(person))
    other = Database(target, password)
    number = other.open().session
    page = mine(window, qtbot)
    QTest.mouseClick(part(page, f"action.end_session.{number}"), Qt.MouseButton.LeftButton)
    idle(qtbot, window)
    assert not other.goes_on()
    other.close()
    found = window.ctx.db.read(sessions.my_security)
    assert [session.current for session in found.sessions] == [True]


def test_the_password_is_changed_from_here(
    window: MainWindow, role_dsn: Callable[[str], str], person: str, qtbot: QtBot
) -> None:
    page = mine(window, qtbot)
    QTest.mouseClick(part(page, "action.change_password"), Qt.MouseButton.LeftButton)
    dialog = part(window, "dialog.change_password")
    fields = {name: part_of(dialog, f"change.{name}", QLineEdit) for name in ("old", "new", "repeat")}
    for name, text in (("old", PASSWORD), ("new", "Password1234!"), ("repeat", "Password1234!")):
        fields[name].setText(text)
    QTest.keyClick(fields["repeat"], Qt.Key.Key_Return)
    idle(qtbot, window)
    assert "errät jeder zuerst" in part_of(dialog, "change.new.hint", Label).text()
    for name in ("new", "repeat"):
        fields[name].setText("vier Wörter ohne Sinn")
    QTest.keyClick(fields["repeat"], Qt.Key.Key_Return)
    idle(qtbot, window)
    target, _ = Target.from_dsn(role_dsn(person))
    again = Database(target, "vier Wörter ohne Sinn")
    again.open()
    again.close()
