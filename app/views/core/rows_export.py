"""Exporting and printing rows that are in memory, such as a tree, the way lists do it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QMenu, QWidget

from app.core.i18n import language, t
from app.core.paging import ListQuery, Page
from app.views.core.buttons import IconButton
from app.views.core.export import Sheet
from app.views.core.icons import icon
from app.views.core.list_export import Ask, ListExport, ask_path, done_words, error_words, open_file
from app.views.core.table_model import Column
from app.views.core.toasts import show_toast

if TYPE_CHECKING:
    from app.views.core.context import AppContext


class RowsExport:
    """Writes what ``rows()`` gives at the time, with ``columns()``, under ``title()``, to XLSX, CSV or PDF."""

    ask_path: Ask = staticmethod(ask_path)

    def __init__(
        self,
        owner: QWidget,
        ctx: "AppContext",
        title: Callable[[], str],
        columns: Callable[[], Sequence[Column]],
        rows: Callable[[], Sequence[Any]],
    ) -> None:
        self._owner, self._ctx, self._title, self._columns, self._rows = owner, ctx, title, columns, rows

    def button(self) -> IconButton:
        """The button with the choice of files."""
        button = IconButton("download", "kit.list.export")
        button.setObjectName("action.export")
        menu = QMenu(button)
        for kind, name in (("xlsx", "file-spreadsheet"), ("csv", "file-text")):
            entry = menu.addAction(icon(name), t(f"kit.export.{kind}"))
            entry.triggered.connect(lambda _on=False, kind=kind: self.ask(kind))
        button.set_menu(menu)
        return button

    def print_button(self) -> IconButton:
        """The button that prints to PDF."""
        button = IconButton("printer", "kit.list.print", clicked=lambda: self.ask("pdf"))
        button.setObjectName("action.print")
        return button

    def ask(self, kind: str) -> None:
        """Ask for a file, then write it."""
        path = self.ask_path(self._owner, self._title(), kind)
        if path is not None:
            self.write(path, kind)

    def write(self, path: Path, kind: str) -> None:
        """Write the file in the background and tell when it is there."""
        rows = list(self._rows())
        columns = self._columns()
        may = self._ctx.profile.can
        locked = frozenset(c.key for c in columns if c.right and not may(c.right))

        def fetch(_session: Any, _query: ListQuery) -> Page:
            return Page(rows, None, len(rows), True)

        sheet = Sheet(self._title(), columns, locked, language())
        job = ListExport(self._ctx, fetch, ListQuery(), sheet, self._owner)
        job.finished.connect(
            lambda name, count: show_toast(
                self._owner, done_words(count, name), "ok", ("kit.list.open", lambda: open_file(name))
            )
        )
        job.failed.connect(
            lambda error: show_toast(self._owner, t("kit.export.failed", why=error_words(error)), "bad")
        )
        for signal in (job.finished, job.failed, job.stopped):
            signal.connect(job.deleteLater)
        job.start(path, kind)
