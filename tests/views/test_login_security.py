"""Between a right password and the window: a code, a second factor to be set up, another password."""

import base64
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.core.config import ServerProfile
from app.core.db import Target
from app.views.core.enrol import EnrolDialog
from app.views.core.marks import Label
from app.views.core.secret_fields import Labelled
from app.views.core.tasks import TaskManager
from app.views.shell.login import LoginWindow, SignedIn
from app.views.shell.login_dialogs import MustChangeDialog
from tests.conftest import PASSWORD
from tests.db.test_second_factor import code_of, enrol
from tests.views.shell_world import part, part_of

Raw = psycopg.Connection[Any]


@pytest.fixture
def person(admin: Raw) -> str:
    """Somebody who sells."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute("SELECT sec.user_create(%s, 'Some Person', %s, '{sales_rep}')", (login, PASSWORD))
    return login


@pytest.fixture
def login(admin_dsn: str, person: str, qtbot: QtBot) -> Iterator[LoginWindow]:
    target, _ = Target.from_dsn(admin_dsn)
    tasks = TaskManager()
    made = LoginWindow(tasks, [ServerProfile("Prüfung", "127.0.0.1", target.port, target.dbname)], ())
    made.open()
    made.activateWindow()
    made.user.setText(person)
    made.password.setText(PASSWORD)
    yield made
    made.hide()
    made.deleteLater()
    tasks.shutdown()


def signed_in(login: LoginWindow, qtbot: QtBot, act: Callable[[], object]) -> SignedIn:
    with qtbot.waitSignal(login.signed_in) as signed:
        act()
    entry: SignedIn = signed.args[0]
    return entry


def test_the_login_asks_for_the_code_and_remembers_the_workstation(
    login: LoginWindow, admin: Raw, raw_role: Callable[..., Raw], person: str, qtbot: QtBot
) -> None:
    phone = enrol(admin, raw_role(person, ticket=True), person)
    login.sign_in()
    qtbot.waitUntil(login.code.isVisible)
    assert login.code.line.field.hasFocus()
    login.code.line.field.setText("000000")
    login.sign_in()
    qtbot.waitUntil(lambda: "Der Code stimmt nicht" in login.code.line.hint.text())
    login.code.trust.setChecked(True)
    login.code.line.field.setText(phone.unused())
    entry = signed_in(login, qtbot, lambda: QTest.keyClick(login.code.line.field, Qt.Key.Key_Return))
    entry.db.close()
    login.code.hide()
    login.code.clear()
    entry = signed_in(login, qtbot, login.sign_in)
    assert entry.profile.assurance == "totp"
    entry.db.close()


def test_who_needs_a_second_factor_sets_it_up_before_anything_else(
    login: LoginWindow, admin: Raw, qtbot: QtBot
) -> None:
    admin.execute("UPDATE sec.role SET needs_second_factor = true WHERE name = 'sales_rep'")
    try:
        login.sign_in()
        qtbot.waitUntil(lambda: login.findChild(QLineEdit, "enrol.code") is not None)
        dialog = login.findChild(EnrolDialog)
        assert dialog is not None
        secret = base64.b32decode(part_of(dialog, "factor.secret", Label).text().replace(" ", ""))
        dialog.code.field.setText(code_of(secret, int(time.time() // 30)))
        QTest.keyClick(dialog.code.field, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: dialog.findChild(QWidget, "factor.codes_kept") is not None)
        part_of(dialog, "factor.codes_kept", QWidget).setChecked(True)  # type: ignore[attr-defined]
        entry = signed_in(
            login,
            qtbot,
            lambda: QTest.mouseClick(part(dialog, "dialog.next"), Qt.MouseButton.LeftButton),
        )
        assert entry.profile.roles == ("sales_rep",)
        entry.db.close()
    finally:
        admin.execute("UPDATE sec.role SET needs_second_factor = false WHERE name = 'sales_rep'")


def test_a_password_somebody_else_gave_must_be_changed_at_the_login(
    login: LoginWindow, admin: Raw, person: str, qtbot: QtBot
) -> None:
    admin.execute("SELECT sec.password_set(%s, 'einmal und nie wieder', true)", (person,))
    login.password.setText("einmal und nie wieder")
    login.sign_in()
    qtbot.waitUntil(lambda: login.findChild(MustChangeDialog) is not None)
    dialog = login.findChild(MustChangeDialog)
    assert dialog is not None
    dialog.part.first.field.setText("mein ganz eigenes Wort")
    dialog.part.second.field.setText("mein ganz anderes Wort")
    QTest.keyClick(dialog.part.second.field, Qt.Key.Key_Return)
    assert dialog.part.second.hint.text() == "Die beiden Eingaben sind verschieden."
    dialog.part.second.field.setText("mein ganz eigenes Wort")
    entry = signed_in(login, qtbot, lambda: QTest.keyClick(dialog.part.second.field, Qt.Key.Key_Return))
    assert entry.profile.login == person
    entry.db.close()


def test_a_house_without_mail_says_whom_to_ask(login: LoginWindow, qtbot: QtBot) -> None:
    login.forgotten()
    dialog = part(login, "dialog.forgotten")
    line = dialog.findChild(Labelled)
    assert line is not None
    QTest.mouseClick(part(dialog, "dialog.go"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Administration" in line.hint.text())


def test_without_a_server_nothing_can_be_asked_of_one(login: LoginWindow, qtbot: QtBot) -> None:
    assert part(login, "login.register").isEnabled()
    tasks = TaskManager()
    bare = LoginWindow(tasks, [], ())
    qtbot.addWidget(bare)
    bare.open()
    assert not part(bare, "login.register").isEnabled()
    assert not part(bare, "login.forgotten").isEnabled()
    bare.hide()
    tasks.shutdown()


def test_who_has_no_login_asks_for_one_where_the_house_allows_it(
    login: LoginWindow, admin: Raw, qtbot: QtBot
) -> None:
    wanted = f"u_r{uuid.uuid4().hex[:10]}"
    login.register()
    dialog = part(login, "dialog.register")
    for key, text in (("person", "Lena Hofer"), ("login", wanted), ("new", PASSWORD), ("repeat", PASSWORD)):
        part_of(dialog, f"register.{key}", QLineEdit).setText(text)
    line = part_of(dialog, "register.person.hint", Label)
    QTest.mouseClick(part(dialog, "dialog.send"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "Administration" in line.text())
    admin.execute("UPDATE sec.policy SET registration_open = true")
    try:
        QTest.mouseClick(part(dialog, "dialog.send"), Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: dialog.findChild(QWidget, "register.sent") is not None)
    finally:
        admin.execute("UPDATE sec.policy SET registration_open = false")
    asked = admin.execute("SELECT person, state FROM sec.registration WHERE login = %s", (wanted,)).fetchone()
    assert asked == ("Lena Hofer", "requested")
