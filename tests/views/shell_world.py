"""A main window over a real database, with one real form (customers) and two plain workspaces."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import psycopg
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.core.changes import Result
from app.core.db import Database
from app.core.drafts import DraftJournal
from app.services.partners import reads, writes
from app.services.partners.commands import SavePartner
from app.views.core.actions import Action
from app.views.core.changes_bus import ChangesBus
from app.views.core.connection import Connection
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.form_model import FormSpec, FormValues, Section, labels_of
from app.views.core.forms import FormPage
from app.views.core.settings_store import SettingsStore
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import FILE, TaskManager
from app.views.core.workspace import RecordType, Registry, Search, TabPage, Workspace
from app.views.shell.main_window import MainWindow

PARTNER = "partners.partner"


class CustomerPage(FormPage):
    """A few fields of a customer, saved by the real service."""

    spec = FormSpec(
        PARTNER,
        "shell.rail.partners",
        "users",
        (
            Section(
                (
                    Field("name", "login.server_name", required=True, max_length=80, span=2),
                    Field("email", "login.user"),
                    Field("phone", "login.password"),
                    Field("remark", "card.notes", "multiline", span=4, max_length=2000),
                )
            ),
        ),
        reads.get_partner,
        update_right=f"{PARTNER}:update",
        create_right=f"{PARTNER}:insert",
        constraints=(("partner_email_form", "email"),),
    )

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        values = {key: form.values[key] for key in form.changed} if form.id else _given(form.values)
        return writes.save_partner, SavePartner(form.id, form.row_version if form.id else None, values)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        number = getattr(self.record.raw, "number", "neu")
        return f"Kunde {number}", ("ok", "aktiv")

    def cards(self) -> Any:
        self.story = StoryCards(self, self.ctx, self.spec.topic, labels_of(self.spec))
        return self.story.cards

    def shown(self) -> None:
        self.story.show(self.record.id, self.heading()[0])


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


class SearchPage(TabPage):
    """A workspace with one word in its state."""

    topics = frozenset({PARTNER})

    def __init__(self, ctx: AppContext, title: str, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self._title = title
        self.refreshed = 0
        self.word = QLineEdit(state.get("word", ""))
        self.word.setObjectName("word")
        QVBoxLayout(self).addWidget(self.word)

    def title(self) -> str:
        return self._title

    def state(self) -> dict[str, Any]:
        return {"word": self.word.text()}

    def refresh(self) -> None:
        self.refreshed += 1


def _workspace(key: str, rail: str, right: str) -> Workspace:
    return Workspace(
        key, f"shell.rail.{rail}", "users", rail, right, lambda ctx, state: SearchPage(ctx, key, state)
    )


CAPABILITY = SimpleNamespace(
    WORKSPACES=(
        _workspace("customers", "partners", f"{PARTNER}:select"),
        _workspace("products", "catalog", "catalog.product:select"),
        _workspace("users", "sales", "user_list"),
    ),
    RECORDS=(
        RecordType(
            PARTNER,
            "users",
            lambda ctx, record_id, state: CustomerPage(ctx, record_id, state),
            "shell.rail.partners",
            f"{PARTNER}:select",
            f"{PARTNER}:insert",
        ),
    ),
    SEARCHES=(Search(PARTNER, "shell.rail.partners", "users", reads.search_customers, f"{PARTNER}:select"),),
    ACTIONS=(
        Action("lock", "shell.sign_out", "lock", lambda ctx: ctx.navigate.toast("gesperrt"), "user_lock"),
        Action("greet", "shell.home.search", "search", lambda ctx: ctx.navigate.toast("hallo")),
    ),
)


@contextmanager
def window_for(
    db: Database, folder: Path, qtbot: QtBot, packages: Sequence[object] = (CAPABILITY,)
) -> Iterator[MainWindow]:
    """The window of whoever ``db`` is, with the screens of ``packages``; what it remembers lies in ``folder``."""
    parent = QObject()
    tasks = TaskManager(parent)
    drafts = DraftJournal(folder / "drafts.sqlite")
    settings = SettingsStore(
        folder / "settings.json", lambda work: tasks.run(FILE, tasks, work, _ignore), parent
    )
    bus, connection = ChangesBus(parent), Connection(tasks, db.resume, parent)
    registry = Registry(db.profile, packages)

    def context(window: MainWindow) -> AppContext:
        return AppContext(db, db.profile, tasks, bus, settings, drafts, window, connection, registry)

    window = MainWindow(context, "Prüfung")
    window.resize(1440, 900)
    window.show()
    window.activateWindow()
    with qtbot.waitActive(window):
        pass
    window.start()
    idle(qtbot, window)
    try:
        yield window
    finally:
        settings.flush()
        window.area.dispose()
        tasks.shutdown()
        drafts.close()
        window.hide()
        window.deleteLater()
        parent.deleteLater()
        qtbot.wait(1)


def idle(qtbot: QtBot, window: MainWindow) -> None:
    """Wait until the window has no work left."""
    QCoreApplication.processEvents()
    qtbot.waitUntil(lambda: window.ctx.tasks.idle)


W = TypeVar("W", bound=QWidget)


def part(parent: QWidget, name: str) -> QWidget:
    """The widget of that name, whether it shows or not."""
    return part_of(parent, name, QWidget)


def part_of(parent: QWidget, name: str, kind: type[W]) -> W:
    """The widget of that name and kind."""
    found = parent.findChild(kind, name)
    assert found is not None, f"there is no {name}"
    return found


def type_into(page: FormPage, key: str, text: str) -> None:
    """Replace what stands in a field, from the clipboard: keys cannot be pressed for every letter there is."""
    editor = page.boxes[key].editor
    assert isinstance(editor, QLineEdit | QPlainTextEdit)
    editor.setFocus()
    editor.selectAll()
    QGuiApplication.clipboard().setText(text)
    editor.paste()


def new_customer(admin: psycopg.Connection[Any], name: str) -> int:
    """A customer that is there already."""
    row = admin.execute(
        "INSERT INTO partners.partner (number, name, is_customer) VALUES (%s, %s, true) RETURNING id",
        (f"T{abs(hash(name)) % 100_000:05d}", name),
    ).fetchone()
    assert row is not None
    return int(row[0])


def _ignore(_future: "Future[Any]") -> None:
    """Nobody waits for this answer."""
