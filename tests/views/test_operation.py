"""Work leaves the GUI thread and comes back to whoever still waits for it, once."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import Database
from app.core.errors import Confirm, Unavailable
from app.views.core.changes_bus import ChangesBus
from app.views.core.connection import Connection
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.tasks import READ, TaskManager
from tests.views.shell_world import part

AsRole = Callable[[str], Database]


@pytest.fixture
def tasks(qtbot: QtBot) -> Iterator[TaskManager]:
    made = TaskManager()
    yield made
    made.shutdown()


class Page(QWidget):
    """Listens to the bus."""

    topics = frozenset({"system.note"})

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Any] = []

    def receive_changes(self, changes: Any, *, own: bool) -> None:
        self.heard.append((changes, own))


@pytest.fixture
def ctx(tasks: TaskManager, as_role: AsRole) -> Any:
    db = as_role("sales_rep")
    return SimpleNamespace(
        db=db, tasks=tasks, bus=ChangesBus(tasks), connection=Connection(tasks, db.open, tasks)
    )


def test_an_answer_that_a_newer_question_overtook_is_dropped(tasks: TaskManager, qtbot: QtBot) -> None:
    owner, gate, got = QObject(), threading.Event(), []

    def slow() -> str:
        gate.wait(60)
        return "old"

    tasks.run(READ, owner, slow, lambda f: got.append(f.result()), slot="search")
    tasks.run(READ, owner, lambda: "new", lambda f: got.append(f.result()), slot="search")
    qtbot.waitUntil(lambda: got == ["new"])
    gate.set()
    qtbot.waitUntil(lambda: tasks.idle)
    assert got == ["new"]


def test_an_answer_for_a_widget_that_is_gone_is_dropped(tasks: TaskManager, qtbot: QtBot) -> None:
    owner, gate, got = QWidget(), threading.Event(), []
    tasks.run(READ, owner, lambda: gate.wait(60), lambda f: got.append(f.result()))
    owner.deleteLater()
    qtbot.wait(1)
    gate.set()
    qtbot.waitUntil(lambda: tasks.idle)
    assert got == []


def test_answers_arrive_in_the_gui_thread(tasks: TaskManager, qtbot: QtBot) -> None:
    owner, threads = QObject(), []
    tasks.run(READ, owner, threading.get_ident, lambda f: threads.append((f.result(), threading.get_ident())))
    qtbot.waitUntil(lambda: len(threads) == 1)
    worker, here = threads[0]
    assert here == threading.get_ident()
    assert worker != here


def test_one_broken_callback_does_not_keep_the_others_from_running(
    tasks: TaskManager, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    got: list[int] = []

    def broken() -> None:
        raise ValueError("a bug")

    with qtbot.captureExceptions() as caught:
        tasks.on_gui(broken)
        tasks.on_gui(lambda: got.append(1))
        qtbot.waitUntil(lambda: got == [1])
    assert [kind for kind, _, _ in caught] == [ValueError]
    caplog.clear()


@dataclass(frozen=True)
class Remark:
    """A command of these tests."""

    body: str
    acknowledged: frozenset[str] = frozenset()
    command: UUID = field(default_factory=uuid4)


def note(session: Session, command: Remark) -> Result[int]:
    """Write a real note."""
    row = session.execute(
        text(
            "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, :b) RETURNING id"
        ),
        {"b": command.body},
    ).scalar_one()
    return Result(row, changed(("system.note", row)))


def notes(session: Session) -> list[str]:
    """Bodies of all notes."""
    return list(session.execute(text("SELECT body FROM system.note ORDER BY id")).scalars())


def test_a_double_click_writes_once_and_the_button_comes_back(ctx: Any, qtbot: QtBot) -> None:
    page = QWidget()
    got: list[int] = []
    button = QPushButton("buchen", page)
    qtbot.addWidget(page)
    page.show()
    button.clicked.connect(
        lambda: WriteOp(page, ctx, note, Remark("double")).disabling(button).success(got.append).start()
    )
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not button.isEnabled()
    qtbot.waitUntil(lambda: len(got) == 1 and ctx.tasks.idle)
    assert button.isEnabled()
    assert ctx.db.read(notes).count("double") == 1


def test_a_write_reaches_the_other_pages_even_when_its_own_is_closed(ctx: Any, qtbot: QtBot) -> None:
    page, other = Page(), Page()
    qtbot.addWidget(other)
    ctx.bus.subscribe(page)
    ctx.bus.subscribe(other)
    got: list[int] = []
    WriteOp(page, ctx, note, Remark("closing")).success(got.append).start()
    page.deleteLater()
    qtbot.waitUntil(lambda: len(other.heard) == 1)
    assert got == []
    (changes, own) = other.heard[0]
    assert own
    assert {change.topic for change in changes} == {"system.note"}


def test_a_read_that_nobody_wants_any_more_is_stopped_at_the_server(
    ctx: Any, admin: Any, qtbot: QtBot
) -> None:
    owner = QObject()
    got: list[Any] = []

    def running() -> int:
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%%pg_sleep(600)%%' AND state = 'active'"
            " AND pid <> pg_backend_pid()"
        ).fetchone()
        return int(row[0])

    def forever(session: Session) -> Any:
        return session.execute(text("SELECT pg_sleep(600)")).one()

    op: ReadOp[Any] = ReadOp(owner, ctx, forever)
    op.success(got.append).failure(got.append).start()
    qtbot.waitUntil(lambda: running() == 1)
    op.cancel()
    qtbot.waitUntil(lambda: running() == 0)
    qtbot.waitUntil(lambda: ctx.tasks.idle)
    assert got == []


def test_yes_to_a_question_sends_the_command_again_with_the_answer(
    ctx: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = QWidget()
    seen: list[Remark] = []
    got: list[int] = []
    qtbot.addWidget(page)
    page.show()

    def careful(session: Session, command: Remark) -> Result[int]:
        seen.append(command)
        if "below_cost" not in command.acknowledged:
            raise Confirm("below_cost")
        return note(session, command)

    op: WriteOp[int] = WriteOp(page, ctx, careful, Remark("asked"))
    op.success(got.append).start()
    qtbot.waitUntil(lambda: page.findChild(QWidget, "dialog.yes") is not None)
    QTest.mouseClick(part(page, "dialog.yes"), Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(got) == 1)
    assert [command.acknowledged for command in seen] == [frozenset(), frozenset({"below_cost"})]
    assert len({command.command for command in seen}) == 1


def test_work_waits_for_the_server_and_goes_on_when_it_is_back(
    ctx: Any, cluster: Any, qtbot: QtBot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server is stopped for real: the read waits, the write is sent once, both end when it answers again."""
    page = QWidget()
    read: list[Any] = []
    written: list[int] = []
    waited: list[bool] = []
    qtbot.addWidget(page)
    lost: list[bool] = []
    ctx.connection.lost.connect(lambda: lost.append(True))
    cluster.instance.stop()
    try:
        op: ReadOp[Any] = ReadOp(page, ctx, notes)
        op.success(read.append).start()
        write: WriteOp[int] = WriteOp(page, ctx, note, Remark("after the break"))
        write.success(written.append).waiting(lambda: waited.append(True)).start()
        qtbot.waitUntil(lambda: bool(waited) and ctx.connection.waiting == 2)
        assert lost == [True]
        assert not ctx.connection.online
        assert (read, written) == ([], [])
    finally:
        cluster.instance.start()
    qtbot.waitUntil(lambda: len(read) == 1 and len(written) == 1)
    assert ctx.connection.online
    assert ctx.db.read(notes).count("after the break") == 1
    caplog.clear()


def test_the_state_of_the_connection_tells_apart_away_and_refused(tasks: TaskManager, qtbot: QtBot) -> None:
    answers: list[BaseException | None] = [Unavailable("server_gone"), None]

    def reopen() -> None:
        error = answers.pop(0)
        if error is not None:
            raise error

    connection = Connection(tasks, reopen)
    with qtbot.waitSignal(connection.restored):
        connection.report_lost()
    assert answers == []
    answers.append(PermissionError("locked"))
    with qtbot.waitSignal(connection.refused):
        connection.report_lost()
