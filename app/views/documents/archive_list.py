"""The list of the archive: filters, words in the documents themselves, the document beside it."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog

from app.core.i18n import t
from app.services.documents import audit_export
from app.services.documents.lists import ArchiveRow, list_archive
from app.services.documents.reads import ArchivedFile, archived_file
from app.views.core.context import AppContext
from app.views.core.errors import host_of
from app.views.core.file_dialog import open_bytes, save_as, size_words
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.documents.export_dialog import open_export
from app.views.documents.pane import ArchivePane
from app.views.documents.rules_dialog import open_rules
from app.views.documents.verify_dialog import open_verify
from app.views.documents.words import KINDS, kind_in_words
from app.views.printing.button import print_issued

KEY = "documents.archive"


def archive_list(ctx: AppContext) -> ListSpec:
    """Everything that was issued, the newest first."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title="archive.title",
        icon="archive",
        fetch=list_archive,
        topics=frozenset({"documents.issued"}),
        presets=(
            Preset("all", "kit.list.all"),
            Preset("month", "archive.preset.month"),
            Preset("invoices", "archive.preset.invoices"),
            Preset("expired", "archive.preset.expired"),
        ),
        columns=(
            Column("dated", "archive.column.dated", "date", 100, filter="date"),
            Column(
                "kind",
                "archive.column.kind",
                width=150,
                filter="choice",
                choices=tuple((kind, f"paper.kind.{kind}") for kind in KINDS),
                text=lambda row: kind_in_words(row.kind),
                spare=1,
            ),
            Column("number", "archive.column.number", "code", 130, filter="prefix"),
            Column("recipient", "archive.column.recipient", "bold", 200, stretch=True, filter="contains"),
            Column(
                "file_name", "archive.column.file_name", width=210, filter="contains", sortable=False, spare=2
            ),
            Column("issued_at", "archive.column.issued_at", "date_time", 148, filter="date", hidden=True),
            Column(
                "issued_by",
                "archive.column.issued_by",
                width=140,
                text=lambda row: name(ctx, row.issued_by),
                spare=3,
            ),
            Column("size", "archive.column.size", width=84, text=lambda row: size_words(row.size), spare=5),
            Column(
                "format",
                "archive.column.format",
                width=74,
                filter="choice",
                choices=(
                    ("pdf", "archive.format.pdf"),
                    ("xml", "archive.format.xml"),
                    ("csv", "archive.format.csv"),
                ),
                text=lambda row: row.format.upper(),
                spare=4,
            ),
            Column("language", "archive.column.language", width=80, hidden=True),
            Column("retain_until", "archive.column.retain_until", "date", 110, filter="date", hidden=True),
            Column("sha256", "archive.column.sha256", "code", 220, filter="prefix", hidden=True),
        ),
        primary=ListAction(
            "export", "archive.export.button", lambda ctx_, _rows: open_export(ctx_), "file-down"
        ),
        more=(
            ListAction(
                "verify", "archive.verify.button", lambda ctx_, _rows: open_verify(ctx_), "shield-check"
            ),
            ListAction("rules", "archive.rules.button", lambda ctx_, _rows: open_rules(ctx_), "scale"),
        ),
        bulk=(
            ListAction("print", "archive.print", _print, "printer"),
            ListAction("zip", "archive.zip", _zip, "archive"),
        ),
        row_actions=(
            ListAction("open", "file.open", _open, "external-link"),
            ListAction("save", "file.save", _save, "download"),
            ListAction("record", "archive.record", open_record, "corner-down-right"),
        ),
        empty=Empty("archive.empty.title", "archive.empty.text"),
        open=open_record_or_file,
        detail=ArchivePane,
        sort="dated",
        descending=True,
    )


def open_record(ctx: AppContext, rows: list[Any]) -> None:
    """The record a document is of."""
    row: ArchiveRow = rows[0]
    if row.topic in ctx.registry.records:
        ctx.navigate.open_record(row.topic, row.record_id)
    else:
        ctx.navigate.toast(t("archive.no_record"), kind="info")


def open_record_or_file(ctx: AppContext, row: ArchiveRow) -> None:
    """What a double click does: the document, as it was issued."""
    _open(ctx, [row])


def _open(ctx: AppContext, rows: list[Any]) -> None:
    def arrived(file: ArchivedFile) -> None:
        open_bytes(ctx.tasks, ctx, file.file_name, file.content)

    ReadOp(ctx.tasks, ctx, archived_file, rows[0].id).success(arrived).start()


def _save(ctx: AppContext, rows: list[Any]) -> None:
    host = host_of(ctx.tasks)

    def arrived(file: ArchivedFile) -> None:
        if host is not None:
            save_as(host, ctx, file.file_name, file.content)

    ReadOp(ctx.tasks, ctx, archived_file, rows[0].id).success(arrived).start()


def _print(ctx: AppContext, rows: list[Any]) -> None:
    """In the order of the list, each kind by its own way."""
    for kind in dict.fromkeys(row.kind for row in rows):
        ids = [row.id for row in rows if row.kind == kind and row.format == "pdf"]
        if ids:
            print_issued(ctx.tasks, ctx, kind, ids)


def _zip(ctx: AppContext, rows: list[Any]) -> None:
    host = host_of(ctx.tasks)
    if host is None:
        return
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen, _ = QFileDialog.getSaveFileName(
        host,
        t("archive.zip").replace("&", ""),
        str(Path(folder) / f"{t('archive.zip_name')}.zip"),
        "ZIP (*.zip)",
    )
    if chosen:
        save_zip(ctx, [row.id for row in rows], Path(chosen))


def save_zip(ctx: AppContext, ids: list[int], target: Path) -> None:
    """Write these documents into a ZIP, with index and checksums."""

    def work(session: Any) -> int:
        return audit_export.to_zip(session, audit_export.selected(session, ids), target)

    def done(count: int) -> None:
        ctx.navigate.toast(t("archive.zip_done", n=count, name=target.name))

    ReadOp(ctx.tasks, ctx, work).labelled(t("archive.export.job")).success(done).start()
