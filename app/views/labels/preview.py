"""A label as it will be printed, and a sheet whose places one can click."""

from decimal import Decimal

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.labels.sheets import Sheet
from app.views.core.theme import font, px, tok

_PER_MM = 4.0


def size_words(wide: float, high: float) -> str:
    """A size in millimetres as the language writes it: 57,5 × 32 mm."""
    return f"{fmt.number(Decimal(str(wide)))} × {fmt.number(Decimal(str(high)))} mm"


class LabelView(QWidget):
    """Shows the dots of a label as large as there is room, at most ``zoom`` times its size on paper."""

    def __init__(self, name: str = "", *, zoom: float = 2.0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image: QImage | None = None
        self._zoom = zoom
        self._size = (0.0, 0.0)
        self._words = ""
        self.setAccessibleName(name or t("labels.preview"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(px("icon") * 4, px("icon") * 3)

    def show_label(self, png: bytes | None, wide: float = 0, high: float = 0, words: str = "") -> None:
        """Show a label of a size in millimetres, or in its place why there is none."""
        self._image = QImage.fromData(png) if png else None
        self._size, self._words = (wide, high), words
        self.setToolTip(words)
        self.update()

    @property
    def shown(self) -> bool:
        """Whether a label can be seen."""
        return self._image is not None and not self._image.isNull()

    def sizeHint(self) -> QSize:
        """As large as it is on paper."""
        return QSize(round(self._size[0] * _PER_MM) or 200, round(self._size[1] * _PER_MM) or 120)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paper with an edge, the dots on it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._image is None or self._image.isNull():
            painter.setPen(tok("text2"))
            painter.setFont(font("body"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(
                QRectF(self.rect()).adjusted(px("gap"), px("gap"), -px("gap"), -px("gap")), flags, self._words
            )
            painter.end()
            return
        room = QRectF(self.rect()).adjusted(px("gap_s"), px("gap_s"), -px("gap_s"), -px("gap_s"))
        scale = min(room.width() / self._size[0], room.height() / self._size[1], _PER_MM * self._zoom)
        wide, high = self._size[0] * scale, self._size[1] * scale
        paper = QRectF(room.center().x() - wide / 2, room.center().y() - high / 2, wide, high)
        painter.setPen(tok("border"))
        painter.setBrush(tok("code_ground"))
        painter.drawRoundedRect(paper.adjusted(-1, -1, 1, 1), px("gap_xs"), px("gap_xs"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ratio = self.devicePixelRatioF()
        dots = QSize(max(round(wide * ratio), 1), max(round(high * ratio), 1))
        grey = self._image.convertToFormat(QImage.Format.Format_Grayscale8)
        keep = Qt.AspectRatioMode.IgnoreAspectRatio
        painter.drawImage(paper, grey.scaled(dots, keep, Qt.TransformationMode.SmoothTransformation))
        painter.end()


class SheetView(QWidget):
    """A sheet in small; a click says at which place printing begins.

    Signals:
        chosen: the place, from 1 on.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet: Sheet | None = None
        self._start, self._count = 1, 1
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(t("labels.start"))
        self.setToolTip(t("labels.start_help"))

    def show_sheet(self, sheet: Sheet | None, start: int, count: int) -> None:
        """Show a sheet, the first place and how many labels there are."""
        self._sheet, self._start, self._count = sheet, start, count
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """A small page."""
        return QSize(px("detail") // 2, px("detail") * 2 // 3)

    def minimumSizeHint(self) -> QSize:
        """The same: it does not grow with its column."""
        return self.sizeHint()

    def _areas(self) -> list[QRectF]:
        sheet = self._sheet
        if sheet is None:
            return []
        scale = min((self.width() - 2) / sheet.page[0], (self.height() - 2) / sheet.page[1])
        return [
            QRectF(x * scale + 1, y * scale + 1, sheet.label[0] * scale, sheet.label[1] * scale)
            for x, y in (sheet.corner(place) for place in range(sheet.count))
        ]

    def paintEvent(self, _event: QPaintEvent) -> None:
        """The page, used places struck out, those to be printed filled."""
        sheet = self._sheet
        if sheet is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scale = min((self.width() - 2) / sheet.page[0], (self.height() - 2) / sheet.page[1])
        painter.setPen(tok("border"))
        painter.setBrush(tok("code_ground"))
        painter.drawRect(QRectF(1, 1, sheet.page[0] * scale, sheet.page[1] * scale))
        for place, area in enumerate(self._areas(), 1):
            inner = area.adjusted(1, 1, -1, -1)
            printed = self._start <= place < self._start + self._count
            painter.setPen(tok("accent") if printed else tok("border"))
            painter.setBrush(tok("accent") if printed else tok("code_ground"))
            painter.drawRoundedRect(inner, 2, 2)
            if place < self._start:
                painter.drawLine(inner.topLeft(), inner.bottomRight())
        if self.hasFocus():
            painter.setPen(tok("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def place_at(self, point: QPointF) -> int | None:
        """The place below a point."""
        return next((place for place, area in enumerate(self._areas(), 1) if area.contains(point)), None)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin here."""
        place = self.place_at(event.position())
        if place is not None:
            self.chosen.emit(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the first place."""
        sheet = self._sheet
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if sheet is not None:
            steps |= {Qt.Key.Key_Up: -sheet.columns, Qt.Key.Key_Down: sheet.columns}
        step = steps.get(Qt.Key(event.key()))
        if sheet is None or step is None:
            super().keyPressEvent(event)
            return
        place = self._start + step
        if 1 <= place <= sheet.count:
            self.chosen.emit(place)
