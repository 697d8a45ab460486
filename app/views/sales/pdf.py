"""PDFs of sales documents: the archived copy, byte for byte, and a preview of what is still a draft.

Issuing is done when the database says so; the PDF follows as a job of its own that no closed tab stops.  Should it
fail, the record is issued all the same, its form says that the PDF is missing, and `archive` makes it up.
"""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QObject

from app.core.errors import Refused
from app.core.i18n import t
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument, DocumentType
from app.services.documents.data import DocumentData
from app.services.documents.glyphs import undrawable
from app.services.documents.reads import ArchivedFile, archived_documents, archived_file
from app.services.documents.templates import designed
from app.services.einvoice import outgoing
from app.services.images.printed import Paper
from app.services.printing.commands import PrintDocument
from app.services.sales.documents import archive_command, document_for
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.papering import made, open_pdf, paper_of
from app.views.printing.button import RIGHT as PRINT
from app.views.printing.button import print_documents
from app.views.sales.unprintable import named

# The kind a route names; other kinds of invoices go the way of invoices.
_ROUTED = {
    "quote": "quote",
    "sales_order": "order_confirmation",
    "delivery": "delivery_note",
    "invoice": "invoice",
}


def archive(
    ctx: AppContext,
    document_type: DocumentType,
    document_id: int,
    number: str,
    done: Callable[[], object] | None = None,
) -> None:
    """Make the PDF of an issued record and put it into the archive; a toast offers to open it."""
    label = t("sales.pdf.job", number=number)

    def keep_it(found: tuple[ArchiveDocument, tuple[str, ...]]) -> None:
        command, boxes = found
        op = WriteOp(ctx.tasks, ctx, keep, command).labelled(label)
        op.success(lambda archived: told(archived, boxes)).start()

    def told(archived: int, boxes: tuple[str, ...]) -> None:
        again = ("sales.pdf.open", lambda: open_archived(ctx.tasks, ctx, archived))
        if boxes:
            words = t("sales.pdf.kept_boxes", number=number, characters=named(boxes))
            ctx.navigate.toast(words, kind="warn", action=again)
        else:
            ctx.navigate.toast(t("sales.pdf.kept", number=number), action=again)
        if done is not None:
            done()

    op: ReadOp[tuple[ArchiveDocument, tuple[str, ...]]] = ReadOp(
        ctx.tasks, ctx, _made, document_type, document_id, paper_of(ctx)
    )
    op.labelled(label).success(keep_it).start()


def _made(
    session: Any, document_type: DocumentType, document_id: int, paper: Paper
) -> tuple[ArchiveDocument, tuple[str, ...]]:
    """What is archived, and the characters in it that no font has."""
    data = paper.add(session, designed(session, document_for(session, document_type, document_id)))
    command = archive_command(document_id, data)
    if document_type == "invoice":
        command = outgoing.packed(outgoing.load(session, document_id), command)
    return command, undrawable(data)


def open_of(owner: QObject, ctx: AppContext, document_type: DocumentType, document_id: int) -> None:
    """Open the archived PDF of a record; says so when there is none."""

    def found(rows: Any) -> None:
        papers = [row for row in rows if row.format == "pdf"]
        if papers:
            open_archived(owner, ctx, papers[-1].id)
        else:
            ctx.navigate.toast(t("sales.pdf.none"), kind="warn")

    ReadOp(owner, ctx, archived_documents, f"sales.{document_type}", document_id).success(found).start()


def open_archived(owner: QObject, ctx: AppContext, archived_id: int) -> None:
    """Open an archived PDF with the program the system has for it."""
    op: ReadOp[ArchivedFile] = ReadOp(owner, ctx, archived_file, archived_id)
    op.success(lambda found: open_pdf(ctx, found.file_name, found.content)).start()


def print_of(owner: QObject, ctx: AppContext, document_type: DocumentType, ids: Sequence[int]) -> None:
    """Print the archived PDFs of these records, in this order; those that have none are left out and told."""
    topic = f"sales.{document_type}"

    def make(session: Any) -> list[PrintDocument]:
        found: list[PrintDocument] = []
        for document_id in ids:
            papers = [row for row in archived_documents(session, topic, document_id) if row.format == "pdf"]
            if papers:
                content = archived_file(session, papers[-1].id).content
                found.append(PrintDocument(content, papers[-1].number, topic, document_id))
        if not found:
            raise Refused("print_nothing_archived")
        return found

    print_documents(owner, ctx, _ROUTED[document_type], make)


def preview(owner: QObject, ctx: AppContext, document_type: DocumentType, document_id: int) -> None:
    """Open a draft as it would be printed now, with a watermark."""

    def build(session: Any) -> DocumentData:
        return document_for(session, document_type, document_id)

    op: ReadOp[tuple[str, bytes]] = ReadOp(owner, ctx, made, paper_of(ctx), build, ())
    op.labelled(t("sales.pdf.preview_job")).replacing("preview")
    op.success(lambda found: open_pdf(ctx, *found)).start()


def print_action(document_type: DocumentType, *, visible: Callable[[Any], bool] | None = None) -> FormAction:
    """The button that prints the archived PDF of a form's record; with Ctrl it asks how."""
    return FormAction(
        "print",
        "printing.print",
        "printer",
        lambda page: print_of(page, page.ctx, document_type, [page.record.id]),
        "icon",
        right=PRINT,
        visible=visible or (lambda page: page.record.id is not None),
    )
