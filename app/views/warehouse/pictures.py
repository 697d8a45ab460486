"""Codes from pictures where no scanner is: a photo dropped on a screen, pasted into it, or chosen as a file."""

from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMimeData, QObject, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication, QImage, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.core.errors import AppError
from app.core.i18n import t
from app.services.labels.command_sheet import codes_in, codes_of
from app.views.core.context import AppContext
from app.views.core.scanner import hub_of
from app.views.core.tasks import FILE
from app.views.core.values import error_text

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
MOST = 20


class PictureScans(QObject):
    """Lets a screen take pictures: what is dropped on it, and what Ctrl+V brings, is read and counts as scanned."""

    def __init__(self, page: QWidget, ctx: AppContext) -> None:
        super().__init__(page)
        self._page, self._ctx = page, ctx
        page.setAcceptDrops(True)
        page.installEventFilter(self)
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), page)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.activated.connect(self.paste)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Pictures may be dropped; anything else is none of ours."""
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.DragMove, QEvent.Type.Drop) and isinstance(
            event, QDropEvent
        ):
            if not _holds_pictures(event.mimeData()):
                return False
            event.acceptProposedAction()
            if event.type() == QEvent.Type.Drop:
                self.take(event.mimeData())
            return True
        return super().eventFilter(watched, event)

    def paste(self) -> None:
        """The picture on the clipboard."""
        data = QGuiApplication.clipboard().mimeData()
        if _holds_pictures(data):
            self.take(data)

    def take(self, data: QMimeData) -> None:
        """Read every picture in it."""
        files = _files(data)
        for file in files[:MOST]:
            self.read_file(file)
        if not files and data.hasImage():
            kept = QBuffer()
            kept.open(QIODevice.OpenModeFlag.WriteOnly)
            QImage(data.imageData()).save(kept, "PNG")  # type: ignore[call-overload]  # bytes, say the stubs
            self._read(partial(codes_of, bytes(kept.data().data()), t("kit.picture")))

    def read_file(self, file: Path) -> None:
        """Take the codes of a picture as scanned."""
        self._read(partial(codes_in, file))

    def _read(self, work: Any) -> None:
        def done(future: "Future[list[str]]") -> None:
            error, hub = future.exception(), hub_of(self._page)
            if error is not None:
                words = error_text(error) if isinstance(error, AppError) else str(error)
                self._ctx.navigate.toast(words, kind="bad")
            elif not future.result():
                self._ctx.navigate.toast(t("scan_setup.picture_none"), kind="warn")
            elif hub is not None:
                for code in future.result():
                    hub.scanned(code)

        self._ctx.tasks.run(FILE, self._page, work, done)


def _files(data: QMimeData) -> list[Path]:
    urls = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
    return [file for file in urls if file.suffix.lower() in SUFFIXES]


def _holds_pictures(data: QMimeData) -> bool:
    return bool(_files(data)) or (data.hasImage() and not data.hasUrls())
