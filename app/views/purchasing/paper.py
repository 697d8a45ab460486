"""PDFs of buying: made when a document is posted, kept in the archive, opened from there."""

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from app.core.i18n import t
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument
from app.services.documents.contents import text_of_pdf
from app.services.documents.reads import ArchivedFile, archived_documents, archived_file
from app.services.documents.render import file_name, render
from app.services.documents.templates import designed
from app.services.images.printed import Paper
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.papering import Build, open_pdf, paper_of


def archive(
    ctx: AppContext,
    kind: str,
    build: Build,
    record_id: int,
    language: str,
    number: str,
    done: Callable[[], object] | None = None,
) -> None:
    """Make the PDF of a posted record and put it into the archive; a toast offers to open it."""
    label = t("sales.pdf.job", number=number)

    def arrived(command: ArchiveDocument) -> None:
        WriteOp(ctx.tasks, ctx, keep, command).labelled(label).success(told).start()

    def told(archived: int) -> None:
        again = ("sales.pdf.open", lambda: open_archived(ctx.tasks, ctx, archived))
        ctx.navigate.toast(t("sales.pdf.kept", number=number), action=again)
        if done is not None:
            done()

    asked = partial(_command, kind=kind, build=build, language=language, paper=paper_of(ctx))
    op: ReadOp[ArchiveDocument] = ReadOp(ctx.tasks, ctx, asked, record_id)
    op.labelled(label).success(arrived).start()


def _command(
    session: Any, record_id: int, *, kind: str, build: Build, language: str, paper: Paper
) -> ArchiveDocument:
    said = paper.add(session, designed(session, build(session, record_id, language)))
    content = render(said)
    return ArchiveDocument(kind, record_id, said.language, file_name(said), content, text_of_pdf(content))


def open_archived(owner: QObject, ctx: AppContext, archived_id: int) -> None:
    """Open an archived PDF with the program the system has for it."""
    op: ReadOp[ArchivedFile] = ReadOp(owner, ctx, archived_file, archived_id)
    op.success(lambda found: open_pdf(ctx, found.file_name, found.content)).start()


def open_of(owner: QObject, ctx: AppContext, topic: str, record_id: int) -> None:
    """Open the archived PDF of a record; says so when there is none."""

    def found(rows: Any) -> None:
        papers = [row for row in rows if row.format == "pdf"]
        if papers:
            open_archived(owner, ctx, papers[-1].id)
        else:
            ctx.navigate.toast(t("sales.pdf.none"), kind="warn")

    ReadOp(owner, ctx, archived_documents, topic, record_id).success(found).start()
