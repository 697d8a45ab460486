"""The export for the tax adviser: a month, what would go out, the proof, and handing it over."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import t
from app.services.accounting import preview, tables, writes
from app.services.accounting.preview import ERROR, Files, Note, Preview
from app.views.accounting import words
from app.views.accounting.forms import SETTING
from app.views.accounting.words import month_words, note_words
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import ask, host_of
from app.views.core.fields import Field, FieldBox
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.values import error_text
from app.views.core.workspace import TabPage

KEY = "accounting.export_new"
RIGHT = "datev_preview"
EXPORT = "datev_export"
MONTHS = 24
VIEWS: dict[str, Sequence[Column]] = {
    "bookings": words.BOOKINGS,
    "proof": words.PROOF,
    "accounts": words.ACCOUNTS,
    "partners": words.PARTNERS,
    "notes": words.NOTES,
}


def month_choices(today: dt.date) -> list[tuple[str, str]]:
    """The last two years' months, the newest first."""
    found, day = [], today.replace(day=1)
    for _ in range(MONTHS):
        found.append((f"{day:%Y-%m}", month_words(day)))
        day = (day - dt.timedelta(days=1)).replace(day=1)
    return found


def save_files(owner: QWidget, ctx: AppContext, files: Sequence[tuple[str, bytes]]) -> None:
    """Ask for a folder and write the files there, byte for byte."""
    base = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen = QFileDialog.getExistingDirectory(owner, t("accounting.export.folder"), base)
    if not chosen:
        return
    try:
        tables.write_files(Path(chosen), files)
    except OSError as error:
        ctx.navigate.toast(t("file.not_written", reason=error.strerror or str(error)), kind="bad")
    else:
        ctx.navigate.toast(t("accounting.export.saved", n=len(files), name=Path(chosen).name))


class ExportPage(TabPage):
    """The month's bookings before they go out; ``repeats`` in the state: those of an export again."""

    icon = "send"
    topics = frozenset(
        {
            "sales.invoice",
            "sales.payment",
            "purchasing.purchase_invoice",
            writes.EXPORT,
            writes.ACCOUNT,
            writes.SETTING,
            writes.PERSONAL,
            writes.PERIOD,
        }
    )

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.export")
        fill(self, "window")
        self.found: Preview | None = None
        self.files: Files | None = None
        self.repeats: int | None = state.get("repeats")
        self._number = str(state.get("number", ""))
        self._reason = str(state.get("reason", ""))
        self._view = str(state.get("view", "bookings"))
        today = clock.today()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(self.title())
        self._rows = RowsExport(self, ctx, self.title, self._columns, lambda: self.model.everything)
        self._head.add(self._rows.button())
        self.go = Button("accounting.export.go", "send", "primary", clicked=self.ask_export)
        self.go.setObjectName("action.export_now")
        self._head.add(self.go)
        column.addWidget(self._head)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        row = QHBoxLayout()
        self.month = FieldBox(ctx, Field("month", "accounting.field.month", "choice", required=True))
        self.month.set_choices(month_choices(today))
        self.month.set_value(str(state.get("month") or f"{today:%Y-%m}"))
        self.month.setFixedWidth(px("side"))
        self.month.edited.connect(self.refresh)
        self.month.set_read_only(self.repeats is not None)
        row.addWidget(self.month)
        row.addStretch(1)
        box.addLayout(row)
        self._banners = QVBoxLayout()
        self._banners.setSpacing(px("gap"))
        box.addLayout(self._banners)
        self.tabs = SegmentedTabs()
        self.tabs.setObjectName("tabs.export")
        self.tabs.chosen.connect(self.show_view)
        box.addWidget(self.tabs)
        card = Card()
        self.models = {key: RowsModel(columns, parent=self) for key, columns in VIEWS.items()}
        self.tables: dict[str, RowsView] = {}
        for key, model in self.models.items():
            table = RowsView(model, name=key, parent=card)
            table.setVisible(key == self._view)
            card.body.addWidget(table, 1)
            self.tables[key] = table
        box.addWidget(card, 1)
        column.addWidget(content, 1)
        self.refresh()

    @property
    def model(self) -> RowsModel:
        """The rows in front."""
        return self.models[self._view]

    def title(self) -> str:
        """What it is; for a repetition, of what."""
        if self.repeats is not None:
            return t("accounting.export.repeat_title", number=self._number)
        return t("accounting.export.title")

    def identity(self) -> str:
        """One tab, and one per repetition."""
        return f"workspace:{KEY}:{self.repeats or ''}"

    def state(self) -> dict[str, Any]:
        """The month and what is in front."""
        return {
            "month": self.month.value(),
            "view": self._view,
            "repeats": self.repeats,
            "number": self._number,
            "reason": self._reason,
        }

    def period(self) -> tuple[dt.date, dt.date]:
        """The days of the month chosen."""
        return preview.month_of(dt.date.fromisoformat(f"{self.month.value()}-01"))

    def refresh(self) -> None:
        """Work out the preview."""
        self.go.setEnabled(False)
        op = ReadOp(self, self.ctx, preview.preview, *self.period(), self.repeats)
        op.replacing("preview").success(self._show).start()

    def _show(self, found: Preview) -> None:
        self.found = found
        self.files = None
        notes = list(found.notes)
        if found.may_export:
            try:
                self.files = preview.make_files(found, dt.datetime.now().astimezone())
                notes += self.files.notes
            except AppError as error:
                notes.append(Note(ERROR, "datev_field", error.params))
                self._say(found, notes, error)
        if self.files is not None or not found.may_export:
            self._say(found, notes, None)
        rows: dict[str, Sequence[Any]] = {
            "bookings": found.rows,
            "proof": found.proof,
            "accounts": found.accounts(),
            "partners": found.partners,
            "notes": [note for note in notes if note.code != "datev_field"],
        }
        for key, model in self.models.items():
            model.set_rows(rows[key])
        self.tabs.set_items(
            [(key, t(f"accounting.export.tab.{key}", count=fmt.number(len(rows[key])))) for key in VIEWS],
            self._view,
        )
        line = t(
            "accounting.export.line",
            vouchers=fmt.number(found.vouchers),
            rows=fmt.number(len(found.rows)),
            total=fmt.money(found.total),
        )
        self._head.show_title(self.title(), (), line)
        self.go.setEnabled(self.files is not None and self.ctx.profile.can(EXPORT))

    def _say(self, found: Preview, notes: Sequence[Note], error: AppError | None) -> None:
        clear_layout(self._banners)
        wrong = [note for note in notes if note.severity == ERROR]
        if error is not None:
            self._banners.addWidget(Banner("bad", t("accounting.export.cannot"), error_text(error)))
        elif not found.vouchers:
            self._banners.addWidget(
                Banner("info", t("accounting.export.nothing"), t("accounting.export.nothing_text"))
            )
        elif wrong:
            settings = Button(
                "accounting.setting.open",
                "landmark",
                clicked=lambda: self.ctx.navigate.open_record(SETTING, 1),
            )
            accounts = Button(
                "accounting.accounts.open",
                "book-open",
                clicked=lambda: self.ctx.navigate.open_workspace("accounting.accounts"),
            )
            more = t("accounting.export.more", n=len(wrong) - 1) if len(wrong) > 1 else ""
            self._banners.addWidget(
                Banner(
                    "bad",
                    t("accounting.export.cannot"),
                    f"{note_words(wrong[0])} {more}".strip(),
                    (settings, accounts),
                )
            )
        else:
            self._banners.addWidget(
                Banner("ok", t("accounting.export.proved"), t("accounting.export.proved_text"))
            )
        for note in notes:
            if note.code in ("datev_currency", "datev_earlier_open", "datev_month_open"):
                self._banners.addWidget(Banner("warn", note_words(note)))

    def show_view(self, key: str) -> None:
        """Bring one of the tables to the front."""
        self._view = key
        for name, table in self.tables.items():
            table.setVisible(name == key)
        self.changed.emit()

    def _columns(self) -> Sequence[Column]:
        return VIEWS[self._view]

    def ask_export(self) -> None:
        """Ask, then hand over."""
        found, files = self.found, self.files
        if found is None or files is None:
            return
        ask(
            self,
            t("accounting.export.ask", month=month_words(found.first)),
            t(
                "accounting.export.ask_text",
                vouchers=fmt.number(found.vouchers),
                rows=fmt.number(len(found.rows)),
            ),
            "accounting.export.go",
            lambda: self.export(found, files),
            icon="send",
        )

    def export(self, found: Preview, files: Files) -> None:
        """Hand over what was shown, and offer to save the files."""

        def done(made: writes.Exported) -> None:
            self.ctx.navigate.toast(t("accounting.export.done", number=made.number))
            host = host_of(self.ctx.tasks)
            if host is not None:
                save_files(
                    host,
                    self.ctx,
                    [(files.bookings_name, files.bookings), (files.partners_name, files.partners)],
                )
            self.ctx.navigate.open_workspace("accounting.exports")

        command = preview.post_command(found, files, self._reason)
        WriteOp(self, self.ctx, writes.post_export, command).disabling(self.go).success(done).start()
