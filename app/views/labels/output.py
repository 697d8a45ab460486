"""What becomes of laid out labels: a file to save, or one the system opens."""

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import paths
from app.core.errors import AppError, Refused
from app.core.i18n import t
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.list_export import open_file
from app.views.core.tasks import FILE

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
