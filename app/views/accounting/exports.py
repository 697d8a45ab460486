"""What went to the tax adviser: the list, an export with its bookings and proof, its files again."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.accounting import lists, tables, writes
from app.services.accounting.lists import ExportRow, LineRow
from app.services.accounting.preview import Sum
from app.services.documents.reads import archived_documents, archived_file
from app.views.accounting import words
from app.views.accounting.export_page import EXPORT, save_files
from app.views.accounting.export_page import KEY as NEW
from app.views.accounting.words import month_words
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, text_row, value_row
from app.views.core.errors import host_of
from app.views.core.list_export import error_words
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.people import name, names
from app.views.core.reason import ReasonDialog
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.table_model import Column

KEY = "accounting.exports"
TOPIC = writes.EXPORT
READ = f"{TOPIC}:select"
LINES = (
    Column("number", "datev.column.number", "code", 124),
    Column("contra", "datev.column.contra", "code", 80),
    Column("side", "datev.column.side", width=44, text=lambda row: t(f"datev.side.{row.side}")),
    Column("amount", "datev.column.amount", "money", 100, stretch=True),
)


def exports(ctx: AppContext) -> ListSpec:
    """Everything that was handed over, the newest first."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title="accounting.exports.title",
        icon="send",
        fetch=lists.list_exports,
        topics=frozenset({TOPIC}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("first", "accounting.preset.first"),
            Preset("repeated", "accounting.preset.repeated"),
        ),
        columns=(
            Column("number", "accounting.column.number", "code", 130, filter="prefix"),
            Column(
                "first_day",
                "datev.column.period",
                "bold",
                190,
                stretch=True,
                filter="date",
                text=lambda row: month_words(row.first_day),
            ),
            Column("vouchers", "datev.column.vouchers", "number", 90, spare=3),
            Column("lines", "datev.column.lines", "number", 110, hidden=True),
            Column("total_amount", "datev.column.total", "money", 140),
            Column("repeats", "datev.column.repeats", "code", 130, hidden=True),
            Column("locked", "datev.column.locked", "yes_no", 120, hidden=True),
            Column("exported_at", "datev.column.exported_at", "date_time", 150, filter="date", spare=1),
            Column(
                "exported_by",
                "datev.column.exported_by",
                width=150,
                text=lambda row: name(ctx, row.exported_by),
                spare=2,
            ),
            Column("reason", "accounting.column.reason", width=220, hidden=True),
        ),
        primary=ListAction(
            "new",
            "accounting.export.new",
            lambda ctx_, _rows: ctx_.navigate.open_workspace(NEW),
            "send",
            right=EXPORT,
            shortcut="Ctrl+N",
        ),
        row_actions=(
            ListAction("files", "accounting.export.files", _files, "download"),
            ListAction("xlsx", "accounting.export.xlsx", partial(_table, ".xlsx"), "file-spreadsheet"),
            ListAction("csv", "accounting.export.csv", partial(_table, ".csv"), "file-text"),
            ListAction(
                "repeat",
                "accounting.export.repeat",
                _repeat,
                "rotate-ccw",
                right=EXPORT,
                when=lambda row: row.repeats_id is None,
            ),
        ),
        empty=Empty("accounting.exports.empty", "accounting.exports.empty_text"),
        detail=ExportPane,
        sort="exported_at",
        descending=True,
    )


def exports_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, exports(ctx), state)


def _files(ctx: AppContext, rows: list[Any]) -> None:
    """The files of an export out of the archive, byte for byte."""
    row: ExportRow = rows[0]

    def read(session: Any) -> list[tuple[str, bytes]]:
        kept = archived_documents(session, TOPIC, row.id)
        found = [archived_file(session, one.id) for one in kept]
        return [(one.file_name, one.content) for one in found]

    def arrived(files: list[tuple[str, bytes]]) -> None:
        host = host_of(ctx.tasks)
        if host is not None:
            save_files(host, ctx, files)

    ReadOp(ctx.tasks, ctx, read).success(arrived).start()


def _table(suffix: str, ctx: AppContext, rows: list[Any]) -> None:
    """The bookings of an export as a plain table."""
    row: ExportRow = rows[0]
    host = host_of(ctx.tasks)
    if host is None:
        return
    base = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
    chosen, _ = QFileDialog.getSaveFileName(
        host, t("file.save").replace("&", ""), str(base / f"{row.number}{suffix}"), f"(*{suffix})"
    )
    if chosen:
        write_table(ctx, row, Path(chosen))


def write_table(ctx: AppContext, row: ExportRow, target: Path) -> None:
    """Write the bookings to a file whose suffix says the format."""
    target = target if target.suffix in (".csv", ".xlsx") else target.with_suffix(".csv")

    def work(session: Any) -> int:
        return tables.write(target, row.number, lists.export_lines(session, row.id), language())

    def failed(error: BaseException) -> bool:
        if isinstance(error, OSError):
            ctx.navigate.toast(t("file.not_written", reason=error.strerror or str(error)), kind="bad")
        return isinstance(error, OSError)

    def done(_count: int) -> None:
        ctx.navigate.toast(t("file.saved", name=target.name))

    ReadOp(ctx.tasks, ctx, work).success(done).failure(failed).start()


def _repeat(ctx: AppContext, rows: list[Any]) -> None:
    """Ask why, then show what would go out again."""
    row: ExportRow = rows[0]
    host = host_of(ctx.tasks)
    if host is None:
        return

    def go(reason: str) -> None:
        ctx.navigate.open_workspace(
            NEW, repeats=row.id, number=row.number, reason=reason, month=f"{row.first_day:%Y-%m}"
        )

    ReasonDialog(
        host,
        t("accounting.export.repeat_ask", number=row.number),
        t("accounting.export.repeat_text"),
        "accounting.export.repeat",
        go,
        icon="rotate-ccw",
    ).open()


class ExportPane(DetailPane):
    """One export: its proof, its bookings, its settings."""

    def __init__(self, ctx: AppContext, row: ExportRow) -> None:
        super().__init__()
        self.setObjectName("pane.export")
        self._ctx, self._row = ctx, row
        self.head(
            row.number,
            month_words(row.first_day),
            note=f"{fmt.date_time(row.exported_at)} · {name(ctx, row.exported_by)}",
            actions=[
                self._button("download", "accounting.export.files", _files),
                self._button("file-spreadsheet", "accounting.export.xlsx", partial(_table, ".xlsx")),
                self._button("file-text", "accounting.export.csv", partial(_table, ".csv")),
            ],
        )
        box = self.tab("proof", t("accounting.export.pane_proof"))
        self._proof(box, row.sums())
        self._lines = self.tab("lines", t("accounting.export.pane_lines"))
        self._about(self.tab("about", t("accounting.export.pane_about")))
        op = ReadOp(self, ctx, lists.export_lines, row.id).success(self._arrived)
        op.failure(lambda error: self._lines.addWidget(text_row(error_words(error), color="bad"))).start()

    def _button(self, icon: str, words_key: str, run: Callable[[AppContext, list[Any]], object]) -> QWidget:
        return IconButton(icon, words_key, clicked=lambda: run(self._ctx, [self._row]))

    def _put(self, box: QVBoxLayout, columns: tuple[Column, ...], rows: Any, key: str) -> None:
        model = RowsModel(columns, parent=self)
        model.set_rows(rows)
        box.addWidget(RowsView(model, name=key, parent=self), 1)

    @staticmethod
    def _proof(box: QVBoxLayout, sums: list[Sum]) -> None:
        """Each sum with its tax; one that is not the documents' says what those come to."""
        if all(not one.difference for one in sums):
            box.addWidget(text_row(t("accounting.export.proved"), color="ok"))
        for one in sums:
            notes = [words.tax_words(one)]
            if one.difference:
                notes.append(f"{t('datev.column.documents')} {fmt.money(one.documents)}")
            note = " · ".join(part for part in notes if part)
            tone = "bad" if one.difference else "text"
            figure = words.figure_words(one)
            box.addWidget(value_row(figure, fmt.money(one.exported), None, tone=tone, note=note))

    def _arrived(self, lines: tuple[LineRow, ...]) -> None:
        self._put(self._lines, LINES, lines, "lines")

    def _about(self, box: QVBoxLayout) -> None:
        row = self._row
        items = [
            (t("accounting.field.chart"), t(f"accounting.chart.{row.chart}")),
            (t("accounting.field.consultant_no"), str(row.consultant_no)),
            (t("accounting.field.client_no"), str(row.client_no)),
            (t("datev.column.vouchers"), fmt.number(row.vouchers)),
            (t("datev.column.lines"), fmt.number(row.lines)),
            (t("datev.column.total"), fmt.money(row.total_amount)),
            (t("datev.column.locked"), t("kit.yes") if row.locked else t("kit.no")),
        ]
        if row.repeats:
            items += [
                (t("datev.column.repeats"), row.repeats),
                (t("accounting.column.reason"), row.reason or ""),
            ]
        box.addWidget(facts(items))
        box.addStretch(1)
