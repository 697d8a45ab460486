"""The way from records to their papers: made in a worker, in the house's design, and opened."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from app.core import paths
from app.core.i18n import language, t
from app.services.documents.data import DocumentData
from app.services.documents.render import file_name, render
from app.services.documents.templates import designed
from app.services.images.printed import Paper
from app.views.core.form_model import FormAction
from app.views.core.list_export import open_file, show_written
from app.views.core.list_spec import ListAction
from app.views.core.operation import ReadOp
from app.views.core.tasks import FILE

if TYPE_CHECKING:
    from app.views.core.context import AppContext

Build = Callable[..., DocumentData]
show_file: Callable[[str], object] = open_file


def paper_of(ctx: "AppContext") -> Paper:
    """Pictures for papers, from where the screens have them."""
    return Paper() if ctx.images is None else Paper(ctx.images.cache, ctx.images.fetch)


def made(session: Any, paper: Paper, build: Build, args: tuple[Any, ...]) -> tuple[str, bytes]:
    """A paper in the house's design: name of its file, PDF."""
    data = paper.add(session, designed(session, build(session, *args)))
    return file_name(data), render(data)


def open_paper(owner: QObject, ctx: "AppContext", build: Build, *args: Any) -> None:
    """Make a paper and open it with the program the system has for PDF files."""
    op: ReadOp[tuple[str, bytes]] = ReadOp(owner, ctx, made, paper_of(ctx), build, args)
    op.labelled(t("papering.job")).replacing("paper").success(lambda found: open_pdf(ctx, *found)).start()


def open_pdf(ctx: "AppContext", name: str, content: bytes) -> None:
    """Write the bytes below the user's own folder and open them; writing is not the GUI thread's work."""
    target = paths.cache() / "documents" / name

    def write() -> str:
        return _written(target, content)

    def show(done: "Future[str]") -> None:
        show_written(ctx, done, show_file)

    ctx.tasks.run(FILE, ctx.tasks, write, show)


def paper_button(kind: str, build: Build, *args: Any, right: str = "") -> FormAction:
    """What a form offers: a paper of its record, in the language of the screen."""

    def run(page: Any) -> None:
        open_paper(page, page.ctx, build, page.record.id, language(), *args)

    return FormAction(
        f"paper_{kind}",
        f"papering.{kind}",
        "printer",
        run,
        "menu",
        right=right,
        visible=lambda page: page.record.id is not None,
    )


def paper_action(kind: str, build: Build, *args: Any, right: str = "") -> ListAction:
    """What a list offers for one of its rows, whose ``id`` is the record's."""

    def run(ctx: "AppContext", rows: list[Any]) -> None:
        for row in rows[:1]:
            open_paper(ctx.tasks, ctx, build, row.id, language(), *args)

    return ListAction(f"paper_{kind}", f"papering.{kind}", run, "printer", right=right)


def _written(target: Path, content: bytes) -> str:
    paths.ensure_private(target.parent)
    target.write_bytes(content)
    return str(target)
