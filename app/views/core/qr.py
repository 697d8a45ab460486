"""A QR code to be read from the screen: dark on light in every theme, since that is what cameras expect."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.core import qr
from app.views.core.theme import px, tok

MARGIN = 4  # squares of light around it, as the standard wants


class QrCode(QWidget):
    """The code of a text; ``name`` is what a screen reader says, never the text, which may be a secret."""

    def __init__(self, text: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = qr.squares(text)
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _unit(self) -> int:
        return max(3, px("step_card_w") // (len(self._rows) + 2 * MARGIN))

    def sizeHint(self) -> QSize:
        """Whole squares only, so that every edge is sharp."""
        side = self._unit() * (len(self._rows) + 2 * MARGIN)
        return QSize(side, side)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Light ground, dark squares."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("code_ground"))
        painter.drawRoundedRect(QRectF(self.rect()), px("radius_card"), px("radius_card"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.setBrush(tok("code_ink"))
        unit = self._unit()
        for y, row in enumerate(self._rows, MARGIN):
            for x, dark in enumerate(row, MARGIN):
                if dark:
                    painter.drawRect(x * unit, y * unit, unit, unit)
        painter.end()
