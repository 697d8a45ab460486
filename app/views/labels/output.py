"""What becomes of laid out labels: a file to save, or one the system opens."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import paths
from app.core.errors import AppError, Refused
from app.core.i18n import t
from app.services.labels.catalogue import SHEET
from app.services.labels.design import DENSITIES
from app.services.labels.job import Job
from app.services.labels.reads import route_kind
from app.services.labels.sheets import Sheet
from app.services.printing import reads as printers
from app.services.printing import station
from app.services.printing.commands import PrintDocument
from app.services.printing.convert import PDF, ZPL
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.list_export import open_file
from app.views.core.operation import ReadOp
from app.views.core.tasks import FILE
from app.views.printing.button import print_documents

TABLES = {
    "product": "catalog.product",
    "lot": "inventory.lot",
    "place": "inventory.place",
    "box": "inventory.box",
    "slot": "inventory.box_slot",
    "delivery": "sales.delivery",
    "work_order": "production.work_order",
    "badge": "sec.app_user",
    "mould": "production.mould",
}
Show = Callable[[str], object]
show_file: Show = open_file


def ask_where(host: QWidget, name: str, kind: str) -> Path | None:
    """Ask for a file; None when nobody wants one after all."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen, _ = QFileDialog.getSaveFileName(
        host, t("labels.save"), str(Path(folder) / f"{name}.{kind}"), f"{kind.upper()} (*.{kind})"
    )
    return Path(chosen) if chosen else None


def write(
    host: QWidget,
    ctx: AppContext,
    make: Callable[[], bytes],
    done: Callable[[Path], object],
    *,
    to: Path | None = None,
    name: str = "labels.pdf",
) -> None:
    """Make the bytes and write them, away from the GUI thread; ``done`` gets the file.

    Without ``to`` it lies below the user's own folder.
    """

    def work() -> Path:
        content = make()
        target = to
        if target is None:
            target = paths.cache() / "labels" / name
            paths.ensure_private(target.parent)
        try:
            target.write_bytes(content)
        except OSError as error:
            why = error.strerror or str(error)
            raise Refused("file_not_written", name=str(target), why=why) from error
        return target

    def finished(future: "Future[Path]") -> None:
        try:
            path = future.result()
        except AppError as error:
            show_error(host, ctx, error)
            return
        done(path)

    ctx.tasks.run(FILE, host, work, finished, label=t("labels.job"))


def print_job(
    owner: QWidget,
    ctx: AppContext,
    topic: str,
    job: Job,
    sheet: Sheet | None,
    start: int,
    shift: tuple[float, float],
) -> None:
    """Queue labels on the printer their route names.

    A label printer gets its own language in its own density, every other one a PDF.
    """
    title = job.design.name[job.language]

    def make(kind: str, session: Any) -> tuple[PrintDocument, ...]:
        routed = printers.printer_for(session, kind, station.secret(), job.language)
        record = job.sources[0].id if len(job.sources) == 1 else None
        if sheet is None and routed is not None and routed.language == "zpl":
            density = min(DENSITIES, key=lambda dots: abs(dots - (routed.dpi or job.density)))
            content = replace(job, density=density).to_zpl()
            return (PrintDocument(content, title, TABLES[topic], record, ZPL),)
        return (PrintDocument(job.to_pdf(sheet, start, shift), title, TABLES[topic], record, PDF),)

    def known(kind: str) -> None:
        print_documents(owner, ctx, kind, partial(make, kind), language=job.language, label=t("labels.job"))

    if sheet is not None:
        known(SHEET)
    else:
        op: ReadOp[str] = ReadOp(owner, ctx, route_kind, topic)
        op.success(known).start()
