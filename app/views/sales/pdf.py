"""PDFs of sales documents: what `issuing` does for every capability, with the e-invoice, and a preview of drafts."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from app.core.i18n import t
from app.services.documents.commands import ArchiveDocument, DocumentType
from app.services.documents.data import DocumentData
from app.services.documents.glyphs import undrawable
from app.services.documents.templates import designed
from app.services.einvoice import outgoing
from app.services.images.printed import Paper
from app.services.sales.documents import archive_command, document_for
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction
from app.views.core.operation import ReadOp
from app.views.core.papering import made, open_pdf, paper_of
from app.views.documents import issuing

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
    make = partial(_made, document_type=document_type, document_id=document_id, paper=paper_of(ctx))
    issuing.archive_made(ctx, make, number, done)


def _made(
    session: Any, *, document_type: DocumentType, document_id: int, paper: Paper
) -> tuple[ArchiveDocument, tuple[str, ...]]:
    data = paper.add(session, designed(session, document_for(session, document_type, document_id)))
    command = archive_command(document_id, data)
    if document_type == "invoice":
        command = outgoing.packed(outgoing.load(session, document_id), command)
    return command, undrawable(data)


def open_of(owner: QObject, ctx: AppContext, document_type: DocumentType, document_id: int) -> None:
    """Open the archived PDF of a record; says so when there is none."""
    issuing.open_of(owner, ctx, f"sales.{document_type}", document_id)


def print_of(owner: QObject, ctx: AppContext, document_type: DocumentType, ids: Sequence[int]) -> None:
    """Print the archived PDFs of these records, in this order; those that have none are left out and told."""
    issuing.print_of(owner, ctx, f"sales.{document_type}", _ROUTED[document_type], ids)


def preview(owner: QObject, ctx: AppContext, document_type: DocumentType, document_id: int) -> None:
    """Open a draft as it would be printed now, with a watermark."""

    def build(session: Any) -> DocumentData:
        return document_for(session, document_type, document_id)

    op: ReadOp[tuple[str, bytes]] = ReadOp(owner, ctx, made, paper_of(ctx), build, ())
    op.labelled(t("sales.pdf.preview_job")).replacing("preview")
    op.success(lambda found: open_pdf(ctx, *found)).start()


def print_action(document_type: DocumentType, *, visible: Callable[[Any], bool] | None = None) -> FormAction:
    """The button that prints the archived PDF of a form's record; with Ctrl it asks how."""
    topic = f"sales.{document_type}"
    return issuing.print_action(topic, _ROUTED[document_type], visible=visible, shortcut="")
