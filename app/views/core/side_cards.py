"""Cards every record has beside it: notes, and who changed what (from the audit trail)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import has_text, t
from app.services.documents.attachments import CLOSED, Files
from app.services.system.commands import AddNote
from app.services.system.reads import HistoryRow, NoteRow, Story, history, story
from app.services.system.writes import add_note
from app.views.core import times
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.file_card import FilesCard
from app.views.core.inputs import TextArea
from app.views.core.mail_card import MailsCard
from app.views.core.marks import Avatar, Divider, Label, initials
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.core.values import money_places

Labels = Mapping[str, str]
when = times.when
SHOWN_NOTES = 3
SHOWN_HISTORY = 5
READ_HISTORY = 15  # some entries have nothing to say
# Columns that say nothing to people: keys, stamps, what other columns are made of.
STAMPS = frozenset({"id", "row_version", "created_at", "created_by", "updated_at", "updated_by"})
DERIVED = frozenset(
    {"vector", "search_key", "snapshot", "sha256", "content_hash", "thumbnail", "mime", "content"}
)
# Marks the database keeps for itself beside a person or a request.
INNER = frozenset({"session_epoch", "password_seal", "guided_at", "settled_at"})
SILENT = STAMPS | DERIVED | INNER | {"topic", "record_id", "source_type", "source_id"}
# Columns of amounts by the end of their names; every other number is a quantity, a percentage, a count.
MONEY = ("amount", "price", "cost", "credit_limit")
_names: "WeakKeyDictionary[AppContext, dict[str, str]]" = WeakKeyDictionary()


def name_of(ctx: AppContext, login: str) -> str:
    """The person behind a login, the login itself while the names are not known."""
    return _names.get(ctx, {}).get(login, login)


def in_words(row: HistoryRow, topic: str, labels: Labels) -> str:
    """What an entry of the audit trail did, in words; ``labels`` are text keys by column.  Empty: nothing to say."""
    lines = all_in_words(row, topic, labels)
    if not lines:
        return ""
    more = f" {t('card.and_more', n=len(lines) - 1)}" if len(lines) > 1 else ""
    return lines[0] + more


def all_in_words(row: HistoryRow, topic: str, labels: Labels) -> list[str]:
    """Every change of an entry, a line each."""
    part = "" if row.table_name == topic else f"{table_in_words(row.table_name)} · "
    if row.op != "U":
        return [part + t("card.created" if row.op == "I" else "card.deleted")]
    return [
        part + _change_in_words(row, key, labels)
        for key, value in row.new.items()
        if key not in SILENT and not isinstance(value, Mapping | list)
    ]


def _change_in_words(row: HistoryRow, key: str, labels: Labels) -> str:
    field = field_in_words(row.table_name, key, labels)
    if key.endswith("_id"):
        return t("card.other", field=field)  # the numbers behind it mean nothing to people
    old, new = (
        value_in_words(row.table_name, key, row.old.get(key)),
        value_in_words(row.table_name, key, row.new.get(key)),
    )
    return t("card.changed", field=field, old=old, new=new)


def table_in_words(table: str) -> str:
    """What a table is called, its name at last."""
    key = next((key for key in (f"record.{table}", f"topic.{table}") if has_text(key)), "")
    words = t(key) if key else table
    return words[:1].upper() + words[1:]


def field_in_words(table: str, column: str, labels: Labels) -> str:
    """The label of a column: a text of its own, that of the form's field, at last the name itself."""
    for key in (f"column.{table}.{column}", labels.get(column, ""), f"column.{column}", f"{table}.{column}"):
        if has_text(key):
            return t(key)
    return column.removesuffix("_id").replace("_", " ")


def value_in_words(table: str, column: str, value: Any) -> str:
    """A value as people write it, short."""
    if value is None or value == "":
        return fmt.NONE
    if isinstance(value, bool):
        return t("form.yes") if value else t("form.no")
    if isinstance(value, Decimal | int):
        return fmt.number(value, places=money_places(value, 6) if column.endswith(MONEY) else None)
    text = str(value)
    record = table.rpartition(".")[2]
    for key in (
        f"{table}.{column}.{text}",
        f"{record}.{column}.{text}",
        f"state.{table}.{text}",
        f"state.{text}",
    ):
        if has_text(key):
            return t(key)
    try:
        return (
            fmt.date_(datetime.fromisoformat(text).date())
            if text[:4].isdigit() and "-" in text
            else text[:60]
        )
    except ValueError:
        return text[:60]


class NotesCard(Card):
    """The newest notes of a record, and a field for the next one."""

    def __init__(self, ctx: AppContext, topic: str) -> None:
        super().__init__(t("card.notes"))
        self._ctx = ctx
        self._topic = topic
        self._record_id: int | None = None
        self.setObjectName("card.notes")
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap"))
        self.body.addLayout(self._list)
        self._input = _NoteInput(self)
        self._input.setObjectName("note.text")
        self.body.addWidget(self._input)
        self._add = Button("card.note_add", "plus", "ghost", clicked=self.add)
        self._add.setObjectName("note.add")
        self._add.hide()
        self.body.addWidget(self._add, 0, Qt.AlignmentFlag.AlignRight)
        self._input.textChanged.connect(lambda: self._add.setVisible(bool(self._input.text().strip())))
        self.set_notes(None, ())

    def set_notes(self, record_id: int | None, rows: Sequence[NoteRow]) -> None:
        """Show the notes of a record."""
        self._record_id = record_id
        may = record_id is not None and self._ctx.profile.can("system.note:insert")
        self._input.setVisible(may)
        clear_layout(self._list)
        for row in rows[:SHOWN_NOTES]:
            self._list.addWidget(self._note(row))
        if not rows:
            self._list.addWidget(Label(t("card.notes_empty"), "small", "text3"))
        elif len(rows) > SHOWN_NOTES:
            every = Button("card.show_all", kind="link", clicked=lambda: self._show_all(rows))
            self._list.addWidget(every, 0, Qt.AlignmentFlag.AlignRight)

    def add(self) -> None:
        """Save what is typed."""
        body = self._input.text().strip()
        if not body or self._record_id is None:
            return
        command = AddNote(self._topic, self._record_id, body)
        WriteOp(self, self._ctx, add_note, command).disabling(self._add).success(self._added).start()

    def _added(self, _note_id: int) -> None:
        self._input.set_text("")
        self._input.setFocus()

    def _note(self, row: NoteRow) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("hair") * 2)
        text = Label(row.body if len(row.body) < 400 else row.body[:399] + "…", "body", wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(text)
        column.addWidget(
            Label(f"{name_of(self._ctx, row.created_by)}, {when(row.created_at)}", "small", "text3")
        )
        return holder

    def _show_all(self, rows: Sequence[NoteRow]) -> None:
        dialog = Dialog(
            self, t("card.notes"), icon="sticky-note", width=px("text_column") + px("step_card_w")
        )
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        for row in rows:
            column.addWidget(self._note(row))
            column.addWidget(Divider())
        column.addStretch(1)
        dialog.body.addWidget(_scrolled(holder), 1)
        dialog.add_button("close", "errors.close", kind="primary", shortcut="Esc")
        dialog.open()


class _NoteInput(TextArea):
    def __init__(self, card: NotesCard) -> None:
        super().__init__(t("card.notes"), t("card.note_placeholder"))
        self._card = card
        self.setMinimumHeight(px("row_two"))
        self.setFixedHeight(px("row_two"))

    @staticmethod
    def _saves(event: QKeyEvent) -> bool:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        return bool(control) and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)

    def event(self, event: QEvent) -> bool:
        """Ctrl+Enter belongs to the note while it is written, not to the main action of the form."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and self._saves(event)
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter saves the note."""
        if self._saves(event):
            self._card.add()
        else:
            super().keyPressEvent(event)


class HistoryCard(Card):
    """Who changed what last; everything on demand."""

    def __init__(self, ctx: AppContext, topic: str, labels: Labels | None = None) -> None:
        super().__init__(t("card.history"), link="card.show_all", link_clicked=self.show_all)
        self._labels: Labels = labels or {}
        self._ctx = ctx
        self._topic = topic
        self._record_id: int | None = None
        self._what = ""
        self.setObjectName("card.history")
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap"))
        self.body.addLayout(self._list)
        self.set_history(None, ())

    def set_history(self, record_id: int | None, rows: Sequence[HistoryRow], what: str = "") -> None:
        """Show the newest entries; ``what`` names the record in the full list."""
        self._record_id, self._what = record_id, what
        clear_layout(self._list)
        telling = [row for row in rows if in_words(row, self._topic, self._labels)]
        for row in telling[:SHOWN_HISTORY]:
            self._list.addWidget(self._line(row))
        if not telling:
            self._list.addWidget(Label(t("card.history_empty"), "small", "text3"))

    def show_all(self) -> None:
        """The whole history in a dialog."""
        if self._record_id is None:
            return
        op = ReadOp(self, self._ctx, history, self._topic, self._record_id, None, 500)
        op.success(self._show_rows).start()

    def _line(self, row: HistoryRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px("gap"))
        person = name_of(self._ctx, row.login)
        line.addWidget(Avatar(initials(person), px("avatar"), person), 0, Qt.AlignmentFlag.AlignTop)
        line.addWidget(Label(in_words(row, self._topic, self._labels), "body", wrap=True), 1)
        line.addWidget(Label(when(row.at), "small", "text2"), 0, Qt.AlignmentFlag.AlignTop)
        return holder

    def _show_rows(self, rows: Sequence[HistoryRow]) -> None:
        dialog = Dialog(
            self,
            t("card.history_title", what=self._what),
            t("card.history_text"),
            icon="history",
            width=px("step_card_w") * 4,
        )
        dialog.setObjectName("dialog.history")
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap"))
        for row in rows:
            words = all_in_words(row, self._topic, self._labels)
            if not words:
                continue
            line = QHBoxLayout()
            line.setSpacing(px("gap_l"))
            for text, width, style in (
                (fmt.date_time(row.at), px("detail_picture") + px("gap_xl"), "body"),
                (name_of(self._ctx, row.login), px("detail_picture") + px("gap_xl"), "body500"),
            ):
                label = Label(text, style, elide=False)
                label.setFixedWidth(width)
                line.addWidget(label, 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(Label("\n".join(words), "body", wrap=True), 1)
            column.addLayout(line)
            column.addWidget(Divider())
        column.addStretch(1)
        dialog.body.addWidget(_scrolled(holder), 1)
        dialog.add_button("close", "errors.close", kind="primary", shortcut="Esc")
        dialog.open()


class StoryCards:
    """Files, notes and history of one record, read together; the form shows the cards and calls `show`.

    Files may be dropped anywhere onto ``owner``; some kinds of records have none.

    ``labels`` are the text keys of the record's columns (`form_model.labels_of` knows those of a form).
    """

    def __init__(self, owner: QWidget, ctx: AppContext, topic: str, labels: Labels | None = None) -> None:
        self._owner = owner
        self._ctx = ctx
        self._topic = topic
        self.files: FilesCard | None = None
        if topic.partition(".")[0] not in CLOSED:
            self.files = FilesCard(ctx, topic, owner, lambda login: name_of(ctx, login))
        self.mails = MailsCard(ctx, lambda login: name_of(ctx, login))
        self.notes = NotesCard(ctx, topic)
        self.history = HistoryCard(ctx, topic, labels)

    @property
    def cards(self) -> tuple[QWidget, ...]:
        """All of them, in their order."""
        told = (self.notes, self.history)
        return told if self.files is None else (self.files, self.mails, *told)

    def show(self, record_id: int | None, what: str = "") -> None:
        """Read and show what belongs to a record; a new one has nothing yet."""
        if record_id is None:
            self._put(None, what, Story((), (), None, Files()))
            return
        asked = partial(story, entries=READ_HISTORY, people=self._ctx not in _names)
        op = ReadOp(self._owner, self._ctx, asked, self._topic, record_id)
        op.replacing("story").success(lambda found: self._put(record_id, what, found))
        op.failure(lambda _error: None).start()

    def touched_by(self, changes: Changes) -> bool:
        """Whether changes concern the notes of this kind of record."""
        return any(change.topic == "system.note" for change in changes)

    def _put(self, record_id: int | None, what: str, found: Story) -> None:
        if found.people is not None:
            _names[self._ctx] = dict(found.people)
        if self.files is not None:
            self.files.set_files(record_id, found.files)
            self.mails.set_mails(found.mails)
        self.notes.set_notes(record_id, found.notes)
        self.history.set_history(record_id, found.history, what)


def _scrolled(holder: QWidget) -> QScrollArea:
    scroll = QScrollArea()
    scroll.setProperty("kit", "plain")
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.setWidget(holder)
    holder.setAutoFillBackground(False)  # setWidget switches it on
    scroll.viewport().setAutoFillBackground(False)
    scroll.setMinimumHeight(px("text_column") * 2 // 3)
    return scroll
