"""PDFs of issued records, for every capability: made once and kept, opened and printed as they were kept.

Issuing is done when the database says so; the PDF follows as a job of its own that no closed tab stops.  Should it
fail, the record is issued all the same, its form says that the PDF is missing, and `archive` makes it up.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject

from app.core.errors import Refused
from app.core.i18n import t
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument
from app.services.documents.contents import text_of_pdf
from app.services.documents.glyphs import undrawable
from app.services.documents.reads import ArchivedFile, archived_documents, archived_file
from app.services.documents.render import file_name, render
from app.services.documents.templates import designed
from app.services.images.printed import Paper
from app.services.printing.commands import PrintDocument
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.papering import Build, open_pdf, paper_of
from app.views.printing.button import RIGHT as PRINT
from app.views.printing.button import print_documents

# What is kept, and the characters in it that no font has.
Make = Callable[[Any], tuple[ArchiveDocument, tuple[str, ...]]]
MOST = 5


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
    make = partial(
        _command, record_id=record_id, kind=kind, build=build, language=language, paper=paper_of(ctx)
    )
    archive_made(ctx, make, number, done)


def archive_made(ctx: AppContext, make: Make, number: str, done: Callable[[], object] | None = None) -> None:
    """Keep what ``make(session)``, run in a reader's worker, gives."""
    label = t("sales.pdf.job", number=number)

    def arrived(found: tuple[ArchiveDocument, tuple[str, ...]]) -> None:
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

    op: ReadOp[tuple[ArchiveDocument, tuple[str, ...]]] = ReadOp(ctx.tasks, ctx, make)
    op.labelled(label).success(arrived).start()


def _command(
    session: Any, *, record_id: int, kind: str, build: Build, language: str, paper: Paper
) -> tuple[ArchiveDocument, tuple[str, ...]]:
    said = paper.add(session, designed(session, build(session, record_id, language)))
    content = render(said)
    words = text_of_pdf(content)
    command = ArchiveDocument(kind, record_id, said.language, file_name(said), content, words)
    return command, undrawable(said)


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


def print_of(owner: QObject, ctx: AppContext, topic: str, route: str, ids: Sequence[int]) -> None:
    """Print the archived PDFs of these records, in this order, the way of ``route``; those without one are left out."""

    def make(session: Any) -> list[PrintDocument]:
        made: list[PrintDocument] = []
        for record_id in ids:
            papers = [row for row in archived_documents(session, topic, record_id) if row.format == "pdf"]
            if papers:
                content = archived_file(session, papers[-1].id).content
                made.append(PrintDocument(content, papers[-1].number, topic, record_id))
        if not made:
            raise Refused("print_nothing_archived")
        return made

    print_documents(owner, ctx, route, make)


def print_action(
    topic: str, route: str, *, visible: Callable[[Any], bool] | None = None, shortcut: str = "Ctrl+P"
) -> FormAction:
    """The button that prints the archived PDF of a form's record; with Ctrl it asks how."""
    return FormAction(
        "print",
        "printing.print",
        "printer",
        lambda page: print_of(page, page.ctx, topic, route, [page.record.id]),
        "icon",
        shortcut,
        right=PRINT,
        visible=visible or (lambda page: page.record.id is not None),
    )


def named(characters: tuple[str, ...]) -> str:
    """Characters to read: themselves and their code, a handful at most."""
    words = [f"{one} (U+{ord(one):04X})" for one in characters[:MOST]]
    return ", ".join(words) + (" …" if len(characters) > MOST else "")
