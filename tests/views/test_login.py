"""The login: who gets in, and what the others are told."""

import threading
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.core.config import ServerProfile
from app.core.db import Target
from app.core.i18n import language
from app.views.core.inputs import LineEdit
from app.views.core.marks import Label
from app.views.core.tasks import TaskManager
from app.views.shell.login import DemoLogin, LoginWindow, SignedIn
from app.views.shell.server_dialog import ServerDialog
from tests.conftest import PASSWORD
from tests.views.shell_world import part, part_of


@pytest.fixture
def tasks() -> Iterator[TaskManager]:
    made = TaskManager()
    yield made
    made.shutdown()


@pytest.fixture
def server(admin_dsn: str) -> ServerProfile:
    target, _ = Target.from_dsn(admin_dsn)
    return ServerProfile("Prüfung", "127.0.0.1", target.port, target.dbname)


@pytest.fixture
def make(tasks: TaskManager, qtbot: QtBot) -> Iterator[Callable[..., LoginWindow]]:
    made: list[LoginWindow] = []

    def login(*servers: ServerProfile, people: tuple[DemoLogin, ...] = ()) -> LoginWindow:
        window = LoginWindow(tasks, servers, people)
        made.append(window)
        window.open()
        window.activateWindow()
        return window

    yield login
    for window in made:
        window.hide()
        window.deleteLater()


def fill(window: LoginWindow, user: str, password: str) -> None:
    window.user.setText(user)
    window.password.setText(password)


def test_the_right_password_opens_a_session_off_the_gui_thread(
    make: Callable[..., LoginWindow], server: ServerProfile, qtbot: QtBot
) -> None:
    window = make(server)
    fill(window, "u_viewer", PASSWORD)
    with qtbot.waitSignal(window.signed_in) as signed:
        QTest.keyClick(window.password, Qt.Key.Key_Return)
        assert not window.button.isEnabled()
    entry: SignedIn = signed.args[0]
    try:
        assert entry.profile.login == "u_viewer"
        assert entry.profile.roles == ("viewer",)
        assert threading.current_thread() is threading.main_thread()
    finally:
        entry.db.close()


def test_a_wrong_password_is_said_at_its_field_and_can_be_typed_again_at_once(
    make: Callable[..., LoginWindow], server: ServerProfile, qtbot: QtBot
) -> None:
    window = make(server)
    fill(window, "u_viewer", "falsch")
    window.sign_in()
    hint = part_of(window, "login.hint", Label)
    qtbot.waitUntil(lambda: hint.isVisible())
    assert "Anmeldung abgelehnt" in hint.text()
    assert window.password.property("invalid") == "true"
    assert window.password.hasFocus()
    assert window.button.isEnabled()
    QTest.keyClicks(window.password, "x")
    assert not hint.isVisible()


def test_a_server_that_does_not_answer_is_named_with_what_to_do(
    make: Callable[..., LoginWindow], qtbot: QtBot
) -> None:
    window = make(ServerProfile("Nirgendwo", "127.0.0.1", 1))
    reply = part_of(window, "login.reply", Label)
    qtbot.waitUntil(lambda: reply.text() == "antwortet nicht")
    fill(window, "u_viewer", PASSWORD)
    window.sign_in()
    qtbot.waitUntil(lambda: window.findChild(QWidget, "login.trouble") is not None)
    words = part(window, "login.trouble").accessibleName()
    assert "Nirgendwo ist nicht erreichbar." in words
    assert "Läuft der Server" in words
    assert window.password.text() == PASSWORD


def test_a_demo_person_is_one_click(
    make: Callable[..., LoginWindow], server: ServerProfile, qtbot: QtBot
) -> None:
    people = (
        DemoLogin("u_sales_rep", "Miriam Vogel", "sales_rep", PASSWORD),
        DemoLogin("u_finance", "Franziska Adler", "finance", PASSWORD),
    )
    window = make(server, people=people)
    assert window.person.currentText() == "Miriam Vogel · Vertrieb"
    window.person.set_value("u_finance")
    window.person.value_changed.emit("u_finance")
    with qtbot.waitSignal(window.signed_in) as signed:
        QTest.mouseClick(window.button, Qt.MouseButton.LeftButton)
    entry: SignedIn = signed.args[0]
    entry.db.close()
    assert entry.profile.roles == ("finance",)


def test_another_language_keeps_what_is_typed(
    make: Callable[..., LoginWindow], server: ServerProfile
) -> None:
    window = make(server)
    fill(window, "u_karin", "halb getippt")
    window.switch_language("en")
    assert language() == "en"
    assert window.button.text() == "&Sign in"
    assert (window.user.text(), window.password.text()) == ("u_karin", "halb getippt")


def test_caps_lock_is_noticed_while_typing(make: Callable[..., LoginWindow], server: ServerProfile) -> None:
    window = make(server)
    hint = part_of(window, "login.hint", Label)
    QTest.keyClicks(window.password, "A")
    assert hint.text() == "Feststelltaste ist an."
    QTest.keyClicks(window.password, "a")
    assert hint.text() == ""


def test_a_password_is_hidden_until_it_is_revealed(
    make: Callable[..., LoginWindow], server: ServerProfile
) -> None:
    window = make(server)
    assert window.password.echoMode() == LineEdit.EchoMode.Password
    window._eye.trigger()
    assert window.password.echoMode() == LineEdit.EchoMode.Normal


def test_a_server_without_encryption_cannot_be_described(
    make: Callable[..., LoginWindow], server: ServerProfile, qtbot: QtBot
) -> None:
    window = make(server)
    window.add_server()
    dialog = window.findChild(ServerDialog)
    assert dialog is not None
    added: list[ServerProfile] = []
    dialog.added.connect(added.append)
    fields = {name: part_of(window, f"server.{name}", LineEdit) for name in ("name", "host", "port")}
    fields["name"].setText("Lager")
    fields["host"].setText("10.0.0.7, 10.0.0.8")
    QTest.mouseClick(part(window, "dialog.add"), Qt.MouseButton.LeftButton)
    assert added == []
    assert part(window, "server.error").isVisible()
    fields["host"].setText("10.0.0.7")
    QTest.mouseClick(part(window, "dialog.add"), Qt.MouseButton.LeftButton)
    assert [(p.name, p.sslmode) for p in added] == [("Lager", "verify-full")]
