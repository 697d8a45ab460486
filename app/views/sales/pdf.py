"""PDFs of sales documents: the archived copy, byte for byte, and a preview of what is still a draft.

Issuing is done when the database says so; the PDF follows as a job of its own that no closed tab stops.  Should it
fail, the record is issued all the same, its form says that the PDF is missing, and `archive` makes it up.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject

from app.core import paths
from app.core.errors import Refused
from app.core.i18n import t
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument, DocumentType
from app.services.documents.reads import ArchivedFile, archived_documents, archived_file
from app.services.documents.render import file_name, render
from app.services.documents.templates import designed
from app.services.einvoice import outgoing
from app.services.images.printed import Paper
from app.services.printing.commands import PrintDocument
from app.services.sales.documents import archive_command, document_for
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction
from app.views.core.list_export import open_file
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.tasks import FILE
from app.views.printing.button import RIGHT as PRINT
from app.views.printing.button import print_documents

# The kind a route names; other kinds of invoices go the way of invoices.
_ROUTED = {
    "quote": "quote",
    "sales_order": "order_confirmation",
    "delivery": "delivery_note",
    "invoice": "invoice",
}
Show = Callable[[str], object]
show_file: Show = open_file


def archive(
    ctx: AppContext,
    document_type: DocumentType,
    document_id: int,
    number: str,
    done: Callable[[], object] | None = None,
) -> None:
    """Make the PDF of an issued record and put it into the archive; a toast offers to open it."""
    label = t("sales.pdf.job", number=number)

    def made(command: ArchiveDocument) -> None:
        op = WriteOp(ctx.tasks, ctx, keep, command).labelled(label)
        op.success(lambda archived: told(archived)).start()

    def told(archived: int) -> None:
        again = ("sales.pdf.open", lambda: open_archived(ctx.tasks, ctx, archived))
        ctx.navigate.toast(t("sales.pdf.kept", number=number), action=again)
        if done is not None:
            done()

    op: ReadOp[ArchiveDocument] = ReadOp(ctx.tasks, ctx, _made, document_type, document_id, _paper(ctx))
    op.labelled(label).success(made).start()


def _paper(ctx: AppContext) -> Paper:
    """Pictures for the document, from where the screens have them."""
    return Paper() if ctx.images is None else Paper(ctx.images.cache, ctx.images.fetch)


def _made(session: Any, document_type: DocumentType, document_id: int, paper: Paper) -> ArchiveDocument:
    data = paper.add(session, designed(session, document_for(session, document_type, document_id)))
    command = archive_command(document_id, data)
    return (
        outgoing.packed(outgoing.load(session, document_id), command)
        if document_type == "invoice"
        else command
    )


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
    op.success(lambda found: _open(ctx, found.file_name, found.content)).start()


def print_of(owner: QObject, ctx: AppContext, document_type: DocumentType, ids: Sequence[int]) -> None:
    """Print the archived PDFs of these records, in this order; those that have none are left out and told."""
    topic = f"sales.{document_type}"

    def make(session: Any) -> list[PrintDocument]:
        made: list[PrintDocument] = []
        for document_id in ids:
            papers = [row for row in archived_documents(session, topic, document_id) if row.format == "pdf"]
            if papers:
                content = archived_file(session, papers[-1].id).content
                made.append(PrintDocument(content, papers[-1].number, topic, document_id))
        if not made:
            raise Refused("print_nothing_archived")
        return made

    print_documents(owner, ctx, _ROUTED[document_type], make)


def preview(owner: QObject, ctx: AppContext, document_type: DocumentType, document_id: int) -> None:
    """Open a draft as it would be printed now, with a watermark."""

    def arrived(found: tuple[str, bytes]) -> None:
        _open(ctx, *found)

    op: ReadOp[tuple[str, bytes]] = ReadOp(owner, ctx, _preview, document_type, document_id, _paper(ctx))
    op.labelled(t("sales.pdf.preview_job")).replacing("preview").success(arrived).start()


def _preview(session: Any, document_type: DocumentType, document_id: int, paper: Paper) -> tuple[str, bytes]:
    data = paper.add(session, designed(session, document_for(session, document_type, document_id)))
    return file_name(data), render(data)


def _open(ctx: AppContext, name: str, content: bytes) -> None:
    """Write the bytes below the user's own folder and open them; writing is not the GUI thread's work."""
    target = paths.cache() / "documents" / name

    def write() -> str:
        paths.ensure_private(target.parent)
        target.write_bytes(content)
        return str(target)

    def show(done: "Future[str]") -> None:
        show_file(done.result())

    ctx.tasks.run(FILE, ctx.tasks, write, show)


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
