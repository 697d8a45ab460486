"""A numbered step of an explanation: the number in a disc, a heading, content below."""

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.views.core.fonts import font
from app.views.core.marks import Label
from app.views.core.theme import px, tok


class _Disc(QWidget):
    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number
        self.setFixedSize(px("avatar"), px("avatar"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("neutral_bg"))
        painter.drawEllipse(QRectF(self.rect()))
        painter.setPen(tok("neutral"))
        painter.setFont(font("caption"))
        painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), str(self._number))
        painter.end()


class NumberedStep(QWidget):
    """Number, heading, content."""

    def __init__(self, number: int, heading: str, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap_m"))
        row.addWidget(_Disc(number), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px("gap_s"))
        column.addWidget(Label(heading, "section"))
        column.addWidget(content)
        row.addLayout(column, 1)
