"""A page of a paper as it will be printed, with the way to the next one."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.i18n import t
from app.services.documents.preview import Picture
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.fields import LookupEdit
from app.views.core.marks import Label
from app.views.core.theme import font, px, tok

_SHAPE = 297 / 210


class Sheet(QWidget):
    """The page, as large as there is room; words in its place when there is none."""

    def __init__(self) -> None:
        super().__init__()
        self._image = QImage()
        self._words = ""
        self.setObjectName("templates.sheet")
        self.setAccessibleName(t("templates.preview"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(px("side"), round(px("side") * _SHAPE))

    @property
    def shown(self) -> bool:
        """Whether a page can be seen."""
        return not self._image.isNull()

    def show_page(self, image: bytes, words: str = "") -> None:
        """Show a page, or say why there is none."""
        self._image = QImage.fromData(image) if image else QImage()
        self._words = words
        self.update()

    def sizeHint(self) -> QSize:
        """Half a screen."""
        return QSize(px("detail"), round(px("detail") * _SHAPE))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """White paper with an edge, in the middle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            painter.setPen(tok("text2"))
            painter.setFont(font("body"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect()), flags, self._words)
        else:
            scale = min(self.width() / self._image.width(), self.height() / self._image.height())
            wide, high = self._image.width() * scale, self._image.height() * scale
            target = QRectF((self.width() - wide) / 2, 0, wide, high)
            painter.drawImage(target, self._image)
            painter.setPen(tok("border"))
            painter.drawRect(target.adjusted(0, 0, -1, -1))
        painter.end()


class PaperView(QWidget):
    """A page and which of how many it is: of the sample, or of a real record chosen by its number.

    Signals:
        turned: another page is wanted (its number from 0).
        chosen: another record is to be shown (its id), or the sample again (None).
    """

    turned = Signal(int)
    chosen = Signal(object)

    def __init__(self, ctx: AppContext, find: Callable[..., Any]) -> None:
        super().__init__()
        self._page, self._pages = 0, 1
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, px("margin_l"), px("margin"))
        row = QHBoxLayout()
        row.addWidget(Label(t("templates.preview"), "section15"))
        row.addStretch(1)
        self._back = IconButton("chevron-left", "templates.page_back", clicked=lambda: self._turn(-1))
        self._said = Label("", "small", "text2")
        self._next = IconButton("chevron-right", "templates.page_next", clicked=lambda: self._turn(1))
        for widget in (self._back, self._said, self._next):
            row.addWidget(widget)
        column.addLayout(row)
        self.record = LookupEdit(ctx, find, t("templates.record"), t("templates.record_hint"))
        self.record.setObjectName("templates.record")
        self.record.chosen.connect(lambda found: self.chosen.emit(None if found is None else found.id))
        column.addWidget(self.record)
        self._about = Label("", "small", "text2", wrap=True)
        self._about.setObjectName("templates.about")
        self._about.hide()
        column.addWidget(self._about)
        self.sheet = Sheet()
        column.addWidget(self.sheet, 1)

    @property
    def page(self) -> int:
        """The page on show, from 0."""
        return self._page

    def show_picture(self, picture: Picture | None, words: str = "") -> None:
        """Show a page, or say why there is none."""
        self.sheet.show_page(picture.image if picture else b"", words)
        self._page, self._pages = (picture.page, picture.pages) if picture else (0, 1)
        self._said.setText(t("templates.page", page=self._page + 1, pages=self._pages))
        self._back.setEnabled(self._page > 0)
        self._next.setEnabled(self._page + 1 < self._pages)

    def say(self, words: str) -> None:
        """Words above the page; none hide them."""
        self._about.setText(words)
        self._about.setVisible(bool(words))

    def forget_record(self) -> None:
        """The sample is to be seen again."""
        self.record.set_value(None)
        self._page = 0

    def _turn(self, by: int) -> None:
        self._page = max(0, min(self._page + by, self._pages - 1))
        self.turned.emit(self._page)
