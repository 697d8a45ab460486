"""The pane beside the archive: the document itself, and what is known about it."""

from concurrent.futures import Future
from functools import partial

from PySide6.QtWidgets import QVBoxLayout

from app.core import format as fmt
from app.core.i18n import t
from app.services.documents.lists import ArchiveRow
from app.services.documents.reads import ArchivedFile, archived_file
from app.services.einvoice.read import Received, read
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, facts, text_row
from app.views.core.file_dialog import open_bytes, save_as, size_words
from app.views.core.file_view import FileView
from app.views.core.list_export import error_words
from app.views.core.operation import ReadOp
from app.views.core.people import name
from app.views.core.tasks import FILE
from app.views.core.theme import px
from app.views.documents.words import kind_in_words
from app.views.einvoice.paper import Paper
from app.views.printing.button import print_issued


class ArchivePane(DetailPane):
    """One document: shown in place, opened, saved; its bytes come in one round trip."""

    def __init__(self, ctx: AppContext, row: ArchiveRow) -> None:
        super().__init__()
        self.setObjectName("pane.archive")
        self._ctx, self._row = ctx, row
        self._file: ArchivedFile | None = None
        buttons = [
            IconButton("printer", "archive.print", clicked=self._print),
            IconButton("download", "file.save", clicked=self._save),
            IconButton("external-link", "file.open", clicked=self._open),
        ]
        if row.topic in ctx.registry.records:
            record = IconButton("corner-down-right", "archive.record", clicked=self._record)
            record.setObjectName("archive.record")
            buttons.append(record)
        self.head(
            row.number,
            kind_in_words(row.kind),
            note=" · ".join(part for part in (row.recipient, fmt.date_(row.dated)) if part),
            actions=buttons,
        )
        page = self.tab("document", t("archive.pane.document"))
        self.view = FileView(ctx)
        self.paper = Paper()
        self.paper.hide()
        for part in (self.view, self.paper):
            part.setMinimumHeight(px("side") * 2)
            page.addWidget(part, 1)
        self._facts(self.tab("about", t("archive.pane.about")))
        op = ReadOp(self, ctx, archived_file, row.id).success(self._arrived)
        op.failure(self._failed).start()

    def _facts(self, box: QVBoxLayout) -> None:
        row = self._row
        box.addWidget(
            facts(
                [
                    (t("archive.column.number"), row.number),
                    (t("archive.column.dated"), fmt.date_(row.dated)),
                    (t("archive.column.recipient"), row.recipient or fmt.NONE),
                    (t("archive.column.language"), t(f"archive.language.{row.language}")),
                    (t("archive.column.issued_at"), fmt.date_time(row.issued_at)),
                    (t("archive.column.issued_by"), name(self._ctx, row.issued_by)),
                    (t("archive.column.size"), size_words(row.size)),
                    (t("archive.column.retain_until"), fmt.date_(row.retain_until)),
                ]
            )
        )
        for words in (row.file_name, f"SHA-256 {row.sha256[:32]}\n{row.sha256[32:]}"):
            box.addWidget(text_row(words))
        box.addStretch(1)

    def _failed(self, error: BaseException) -> bool:
        self.view.say(error_words(error))
        return True

    def _arrived(self, file: ArchivedFile) -> None:
        self._file = file
        if file.mime == "application/xml":
            work = partial(read, file.content, file.file_name)
            self._ctx.tasks.run(FILE, self, work, self._was_read, slot="invoice")
        else:
            self.view.show_file(file.mime, file.content)

    def _was_read(self, done: "Future[Received]") -> None:
        """An e-invoice in words; what is none as it stands."""
        assert self._file is not None
        if done.exception() is None and done.result().invoice is not None:
            self.view.hide()
            self.paper.show()
            self.paper.show_received(done.result())
        else:
            self.view.show_file(self._file.mime, self._file.content)

    def _open(self) -> None:
        if self._file is not None:
            open_bytes(self, self._ctx, self._file.file_name, self._file.content)

    def _save(self) -> None:
        if self._file is not None:
            save_as(self, self._ctx, self._file.file_name, self._file.content)

    def _print(self) -> None:
        print_issued(self, self._ctx, self._row.kind, self._row.id, language=self._row.language)

    def _record(self) -> None:
        self._ctx.navigate.open_record(self._row.topic, self._row.record_id)
