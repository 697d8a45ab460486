"""A file shown in place: pages of a PDF, a picture, text; for anything else a sentence."""

import re
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.errors import AppError
from app.core.i18n import t
from app.services.documents.contents import PageImage, decoded, page_image
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.marks import Label
from app.views.core.tasks import FILE
from app.views.core.theme import px
from app.views.core.values import error_text

ZOOMS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
MOST_PIXELS = 64  # megabytes of a picture in memory
MOST_TEXT = 400_000
_UNBROKEN = re.compile(r"\S{2000}")  # a line that can be broken nowhere takes the window seconds to lay out
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/bmp", "image/webp", "image/tiff")
TEXTS = ("text/plain", "text/csv", "application/xml", "message/rfc822")


def shows(mime: str) -> bool:
    """Whether a file of this kind is shown in place."""
    return mime == "application/pdf" or mime in PICTURES or mime in TEXTS


class FileView(QWidget):
    """Shows one file; pages are painted by a worker, one at a time, as wide as the view."""

    def __init__(self, ctx: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("file.view")
        self._ctx = ctx
        self._content = b""
        self._mime = ""
        self._page, self._pages = 0, 0
        self._zoom = 1.0
        self._picture = QImage()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_s"))
        column.addLayout(self._tools())
        self._stack = QStackedWidget()
        column.addWidget(self._stack, 1)
        self._canvas = QLabel()
        self._canvas.setObjectName("file.page")
        self._canvas.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self._scroll = QScrollArea()
        self._scroll.setProperty("kit", "plain")
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setWidget(self._canvas)
        self._text = QPlainTextEdit()
        self._text.setObjectName("file.text")
        self._text.setReadOnly(True)
        self._words = Label("", "body", "text2", wrap=True)
        self._words.setObjectName("file.words")
        self._words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for part in (self._scroll, self._text, self._words):
            self._stack.addWidget(part)
        self.say(t("kit.loading"))

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap_xs"))
        self._back = self._tool("chevron-left", "file.page_back", lambda: self.turn(-1), "file.back")
        self._on = self._tool("chevron-right", "file.page_on", lambda: self.turn(1), "file.on")
        self._place = Label("", "small", "text2")
        self._place.setObjectName("file.place")
        self._less = self._tool("minus", "file.smaller", lambda: self.zoom(-1), "file.smaller")
        self._more = self._tool("plus", "file.larger", lambda: self.zoom(1), "file.larger")
        for part in (self._back, self._place, self._on):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(self._less)
        row.addWidget(self._more)
        return row

    @staticmethod
    def _tool(icon: str, tip: str, run: Callable[[], object], name: str) -> IconButton:
        button = IconButton(icon, tip, clicked=run)
        button.setObjectName(name)
        return button

    def show_file(self, mime: str, content: bytes) -> None:
        """Show this file from its beginning."""
        self._mime, self._content = mime, content
        self._page, self._pages, self._zoom = 0, 0, 1.0
        if mime == "application/pdf":
            self.say(t("kit.loading"))
            self._paint()
        elif mime in PICTURES:
            self._picture = QImage()
            self.say(t("kit.loading"))
            self._show_picture()
        elif mime in TEXTS:
            more = "\n…" if len(content) > MOST_TEXT else ""
            text = _UNBROKEN.sub(r"\g<0>\n", decoded(content[:MOST_TEXT]))
            self._text.setPlainText(text + more)
            self._stack.setCurrentWidget(self._text)
        else:
            self.say(t("file.no_preview"))
        self._show_tools()

    def say(self, words: str) -> None:
        """A sentence in place of a file."""
        self._words.setText(words)
        self._stack.setCurrentWidget(self._words)

    def turn(self, by: int) -> None:
        """To another page."""
        wanted = min(max(self._page + by, 0), max(self._pages - 1, 0))
        if wanted != self._page:
            self._page = wanted
            self._paint()

    def zoom(self, by: int) -> None:
        """A step nearer or farther."""
        at = min(range(len(ZOOMS)), key=lambda index: abs(ZOOMS[index] - self._zoom))
        wanted = ZOOMS[min(max(at + by, 0), len(ZOOMS) - 1)]
        if wanted != self._zoom:
            self._zoom = wanted
            if self._mime == "application/pdf":
                self._paint()
            else:
                self._show_picture()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Page up and down turn, plus and minus zoom."""
        turns = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}
        zooms = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
        key = Qt.Key(event.key())
        if key in turns:
            self.turn(turns[key])
        elif key in zooms:
            self.zoom(zooms[key])
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A page is as wide as the view."""
        super().resizeEvent(event)
        if event.oldSize().width() != event.size().width():
            if self._mime == "application/pdf" and self._pages:
                self._paint()
            elif self._mime in PICTURES and not self._picture.isNull():
                self._show_picture()

    def _show_tools(self) -> None:
        pages, zooms = self._pages > 1, self._mime == "application/pdf" or self._mime in PICTURES
        for part in (self._back, self._on, self._place):
            part.setVisible(pages)
        for part in (self._less, self._more):
            part.setVisible(zooms)
        self._back.setEnabled(self._page > 0)
        self._on.setEnabled(self._page < self._pages - 1)
        self._place.setText(t("file.page_of", page=self._page + 1, pages=self._pages))

    def _width(self) -> int:
        return max(self.width() - px("gap_l"), px("grid") * 10)

    def _paint(self) -> None:
        dots = int(self._width() * self._zoom * self.devicePixelRatioF())
        work = partial(page_image, self._content, self._page, dots)
        self._ctx.tasks.run(FILE, self, work, partial(self._painted, self._content), slot="page")

    def _painted(self, content: bytes, done: "Future[PageImage]") -> None:
        if content is not self._content:
            return  # another file is shown meanwhile
        error = done.exception()
        if error is not None:
            self.say(error_text(error) if isinstance(error, AppError) else t("file.no_preview"))
            return
        page = done.result()
        image = QImage(page.pixels, page.width, page.height, page.width * 4, QImage.Format.Format_RGB32)
        pixmap = QPixmap.fromImage(image.copy())
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self._canvas.setPixmap(pixmap)
        first = not self._pages
        self._page, self._pages = min(page.number, page.pages - 1), page.pages
        self._stack.setCurrentWidget(self._scroll)
        self._scroll.verticalScrollBar().setValue(0)
        self._show_tools()
        if first and abs(self._width() - image.width() / self.devicePixelRatioF()) > px("gap_l"):
            self._paint()  # the view got its width meanwhile

    def _show_picture(self) -> None:
        """Have the picture unpacked and scaled to the view; both take long for a large one."""
        room = self._scroll.viewport().size() - QSize(px("gap"), px("gap"))
        known = None if self._picture.isNull() else self._picture
        work = partial(_shown_picture, self._content, known, room * self.devicePixelRatioF(), self._zoom)
        self._ctx.tasks.run(FILE, self, work, partial(self._picture_made, self._content), slot="page")

    def _picture_made(self, content: bytes, done: "Future[tuple[QImage, QImage]]") -> None:
        if content is not self._content:
            return  # another file is shown meanwhile
        self._picture, scaled = (QImage(), QImage()) if done.exception() is not None else done.result()
        if self._picture.isNull():
            self.say(t("file.no_preview"))
            return
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(self.devicePixelRatioF())
        self._canvas.setPixmap(pixmap)
        self._stack.setCurrentWidget(self._scroll)


def _shown_picture(content: bytes, known: QImage | None, room: QSize, zoom: float) -> tuple[QImage, QImage]:
    """The picture, unpacked unless it is ``known`` already, and as it is shown; null images for what is none."""
    picture = known if known is not None else _unpacked(content)
    if picture.isNull():
        return picture, picture
    fitted = picture.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
    if fitted.width() > picture.width():
        fitted = picture.size()
    smooth = Qt.TransformationMode.SmoothTransformation
    return picture, picture.scaled(fitted * zoom, Qt.AspectRatioMode.KeepAspectRatio, smooth)


def _unpacked(content: bytes) -> QImage:
    buffer = QBuffer()
    buffer.setData(QByteArray(content))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    try:
        reader.setAutoTransform(True)
        QImageReader.setAllocationLimit(MOST_PIXELS)
        size = reader.size()
        if size.isValid() and size.width() * size.height() * 4 > MOST_PIXELS * 1024 * 1024:
            reader.setScaledSize(size.scaled(QSize(3000, 3000), Qt.AspectRatioMode.KeepAspectRatio))
        return reader.read()
    finally:
        # What reads a TIFF closes its file at its end: the buffer must still be there then, or the program is gone.
        reader.setDevice(None)  # type: ignore[arg-type]  # the stubs do not know that Qt takes none
