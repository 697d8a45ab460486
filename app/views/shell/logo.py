"""The mark of the program."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap, QPolygonF

from app.views.core.theme import tok


def paint_logo(painter: QPainter, area: QRectF) -> None:
    """A W on a rounded square, filling ``area``."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    side = area.width()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tok("accent"))
    painter.drawRoundedRect(area, side * 0.24, side * 0.24)
    pen = QPen(tok("on_accent"), side * 0.115)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    points = ((0.24, 0.32), (0.37, 0.68), (0.5, 0.38), (0.63, 0.68), (0.76, 0.32))
    painter.drawPolyline(
        QPolygonF([QPointF(area.left() + x * side, area.top() + y * side) for x, y in points])
    )
    painter.restore()


def app_icon() -> QIcon:
    """The mark as the window's icon, in the sizes window managers ask for."""
    icon = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        pixmap = QPixmap(side, side)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        paint_logo(painter, QRectF(0, 0, side, side))
        painter.end()
        icon.addPixmap(pixmap)
    return icon
