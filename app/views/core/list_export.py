"""Exporting a list: asks for a file, reads every row of the question in the background, can be stopped."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import format as fmt
from app.core.errors import AppError, Refused
from app.core.i18n import t
from app.core.paging import PAGE_SIZE, ListQuery
from app.views.core.export import Sheet, Stopped, write
from app.views.core.list_foot import ListFoot
from app.views.core.operation import ReadOp
from app.views.core.table_model import Fetch
from app.views.core.toasts import show_toast
from app.views.core.values import error_text

if TYPE_CHECKING:
    from app.views.core.context import AppContext

EXPORT_PAGE = 4 * PAGE_SIZE


def all_rows(session: Any, fetch: Fetch, query: ListQuery) -> Iterator[Any]:
    """Every row of a question, portion by portion."""
    query = replace(query, after=None, limit=EXPORT_PAGE, count=False)
    while True:
        page = fetch(session, query)
        yield from page.rows
        if page.next is None:
            return
        query = query.following(page)


class ListExport(QObject):
    """One export under way.

    Signals:
        progressed: rows written so far.
        finished: path and number of rows.
        stopped: the user stopped it; no file is left.
        failed: the error.
    """

    progressed = Signal(int)
    finished = Signal(str, int)
    stopped = Signal()
    failed = Signal(object)

    def __init__(
        self, ctx: "AppContext", fetch: Fetch, query: ListQuery, sheet: Sheet, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._ctx, self._fetch, self._query, self._sheet = ctx, fetch, query, sheet
        self._stop = threading.Event()
        self._path = Path()

    def start(self, path: Path, kind: str) -> None:
        """Write ``kind`` (xlsx, csv, pdf) to ``path``; returns at once."""
        self._path = path
        ReadOp(self, self._ctx, self._work, path, kind).success(self._done).failure(self._failed).labelled(
            t("kit.export.job", name=path.name)
        ).start()

    def stop(self) -> None:
        """Stop soon; the file is not written."""
        self._stop.set()

    def _work(self, session: Any, path: Path, kind: str) -> int:
        """Runs in a reader thread; gives -1 when it was stopped, which is no error."""
        try:
            return write(path, kind, self._sheet, all_rows(session, self._fetch, self._query), self._progress)
        except Stopped:
            return -1
        except OSError as error:
            # No right, no folder, no space, or the file is open in another program: nothing to search the log for.
            raise Refused("file_not_written", name=str(path), why=error.strerror or str(error)) from error

    def _progress(self, count: int) -> None:
        if self._stop.is_set():
            raise Stopped
        self._ctx.tasks.on_gui(lambda: self.progressed.emit(count))

    def _done(self, count: int) -> None:
        if count < 0:
            self.stopped.emit()
        else:
            self.finished.emit(str(self._path), count)

    def _failed(self, error: BaseException) -> bool:
        self.failed.emit(error)
        return True


def ask_path(parent: QWidget, title: str, kind: str) -> Path | None:
    """Ask where to put the file; None when the user changed their mind."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    clean = "".join(sign if sign.isalnum() or sign in " -_" else "_" for sign in title).strip() or "Werkbank"
    name, _ = QFileDialog.getSaveFileName(
        parent, t("kit.list.export"), str(Path(folder) / f"{clean}.{kind}"), f"{kind.upper()} (*.{kind})"
    )
    if not name:
        return None
    return Path(name) if name.lower().endswith(f".{kind}") else Path(f"{name}.{kind}")


def open_file(path: str) -> None:
    """Open a file with the program the system has for it."""
    QDesktopServices.openUrl(QUrl.fromLocalFile(path))


def done_words(count: int, path: str) -> str:
    """What to tell when an export is done."""
    return t("kit.export.done", n=count, count=fmt.number(count), name=Path(path).name)


Ask = Callable[[QWidget, str, str], Path | None]


def show_written(ctx: "AppContext", done: "Future[str]", show: Callable[[str], object]) -> None:
    """Show a file that was written to be shown; where that failed (open elsewhere, disk full), say so."""
    error = done.exception()
    if isinstance(error, OSError):
        ctx.navigate.toast(t("file.not_written", reason=error.strerror or str(error)), kind="bad")
    else:
        show(done.result())


def error_words(error: object) -> str:
    """What to say about an error in one sentence."""
    return error_text(error) if isinstance(error, AppError) else t("kit.list.bug")


class ExportControl(QObject):
    """Runs one export of a page at a time: progress and stop in the foot, a toast at the end."""

    def __init__(self, page: QWidget, ctx: "AppContext", fetch: Fetch, foot: ListFoot) -> None:
        super().__init__(page)
        self._page, self._ctx, self._fetch, self._foot = page, ctx, fetch, foot
        self._job: ListExport | None = None
        self._total: int | None = None
        foot.stop.clicked.connect(self.stop)

    def run(self, path: Path, kind: str, query: ListQuery, sheet: Sheet, total: int | None) -> None:
        """Begin, unless one is under way; ``total`` is how many rows there will be, None when that is not known."""
        if self._job is not None:
            return
        self._total = total
        job = self._job = ListExport(self._ctx, self._fetch, query, sheet, self)
        job.progressed.connect(self._progress)
        job.finished.connect(self._done)
        job.stopped.connect(self._stopped)
        job.failed.connect(self._failed)
        self._progress(0)
        job.start(path, kind)

    def stop(self) -> None:
        """Stop it, when one is under way."""
        if self._job is not None:
            self._job.stop()

    def _progress(self, count: int) -> None:
        self._foot.show_job(count, self._total)

    def _end(self) -> None:
        if self._job is not None:
            self._job.deleteLater()
        self._job = None
        self._foot.hide_job()

    def _done(self, path: str, count: int) -> None:
        self._end()
        show_toast(self._page, done_words(count, path), "ok", ("kit.list.open", lambda: open_file(path)))

    def _stopped(self) -> None:
        self._end()
        show_toast(self._page, t("kit.export.stopped"), "info")

    def _failed(self, error: object) -> None:
        self._end()
        show_toast(self._page, t("kit.export.failed", why=error_words(error)), "bad")
