"""Check boxes: one to click, and the mark alone for cells and heads."""

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QCheckBox, QWidget

from app.core.i18n import t
from app.views.core import fonts
from app.views.core.theme import font, px, tok


def paint_check(painter: QPainter, box: QRectF, state: Qt.CheckState, *, live: bool = True) -> None:
    """Paint a check box of 16 px."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    radius = px("radius_key")
    if state == Qt.CheckState.Unchecked:
        painter.setPen(QPen(tok("control" if live else "border"), px("hair")))
        painter.setBrush(tok("surface"))
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
    else:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("accent" if live else "disabled"))
        painter.drawRoundedRect(box, radius, radius)
        painter.setPen(
            QPen(
                tok("on_accent"),
                px("ring"),
                Qt.PenStyle.SolidLine,
                Qt.PenCapStyle.RoundCap,
                Qt.PenJoinStyle.RoundJoin,
            )
        )
        middle, unit = box.center(), box.width() / 16
        if state == Qt.CheckState.Checked:
            corner = QPointF(middle.x() - 1 * unit, middle.y() + 2.5 * unit)
            painter.drawLine(QPointF(middle.x() - 3.5 * unit, middle.y()), corner)
            painter.drawLine(corner, QPointF(middle.x() + 3.5 * unit, middle.y() - 2.5 * unit))
        else:
            painter.drawLine(
                QPointF(middle.x() - 3.5 * unit, middle.y()), QPointF(middle.x() + 3.5 * unit, middle.y())
            )
    painter.restore()


class CheckBox(QCheckBox):
    """A yes or no with its words beside it."""

    def __init__(self, text_key: str = "", parent: QWidget | None = None, **params: object) -> None:
        super().__init__(t(text_key, **params) if text_key else "", parent)
        self.setFont(font("body"))
        self.setAccessibleName(self.text().replace("&", ""))
        self.setMinimumHeight(px("control_toolbar"))

    def sizeHint(self) -> QSize:
        """Box, gap, words."""
        width = fonts.metrics("body").size(int(Qt.TextFlag.TextShowMnemonic), self.text()).width()
        return QSize(px("check") + px("gap") + width + px("ring") * 2, px("control_toolbar"))

    def hitButton(self, pos: QPoint) -> bool:
        """The words belong to the box."""
        return self.rect().contains(pos)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Repaint with the ring."""
        super().focusInEvent(event)
        self.update()

    def changeEvent(self, event: QEvent) -> None:
        """Repaint when the state of the window changes."""
        super().changeEvent(event)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint box, ring and words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, edge = px("check"), px("ring")
        box = QRectF(edge, (self.height() - side) // 2, side, side)
        paint_check(painter, box, self.checkState(), live=self.isEnabled())
        if self.hasFocus():
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box.adjusted(-1, -1, 1, 1), px("radius_chip"), px("radius_chip"))
        painter.setFont(font("body"))
        painter.setPen(tok("text" if self.isEnabled() else "text3"))
        area = self.rect().adjusted(edge + side + px("gap"), 0, 0, 0)
        painter.drawText(
            area, int(Qt.AlignmentFlag.AlignVCenter) | int(Qt.TextFlag.TextShowMnemonic), self.text()
        )
