"""Exporting a list: asks for a file, reads every row of the question in the background, can be stopped."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QStandardPaths, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.core.paging import PAGE_SIZE, ListQuery
from app.views.core.export import Sheet, Stopped, write
from app.views.core.operation import ReadOp
from app.views.core.table_model import Fetch

if TYPE_CHECKING:
    from app.views.core.context import AppContext

EXPORT_PAGE = 4 * PAGE_SIZE


def all_rows(session: Any, fetch: Fetch, query: ListQuery) -> Iterator[Any]:
    """Every row of a question, portion by portion."""
    from dataclasses import replace

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
