"""Parts of the line editor's table: the editor of a cell, the header."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHeaderView, QLineEdit, QWidget

from app.views.core.fonts import font, metrics
from app.views.core.lookup import TypeAhead
from app.views.core.theme import px, tok


class CellEdit(QLineEdit):
    """The editor of a cell: no frame of its own, a ring inside the cell."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kit", "bare")
        self.setFont(font("body"))
        self.setTextMargins(px("gap_xs"), 0, px("gap_xs"), 0)

    @property
    def choosing(self) -> bool:
        """Whether Enter belongs to the type-ahead."""
        return any(isinstance(child, TypeAhead) for child in self.children())

    @property
    def unfinished(self) -> bool:
        """Whether words to look up stand here of which nothing was chosen yet."""
        return self.choosing and self.isModified() and bool(self.text().strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Surface and ring below the text."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(tok("surface"))
        painter.setPen(QPen(tok("focus"), px("ring")))
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(1, 1, -1, -1), px("radius_chip"), px("radius_chip")
        )
        painter.end()
        super().paintEvent(event)


class LinesHeader(QHeaderView):
    """The header: small words on sunken ground, a rule below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setHighlightSections(False)

    def sizeHint(self) -> QSize:
        """Header height of the tokens."""
        return QSize(super().sizeHint().width(), px("header"))

    def least_width(self, section: int) -> int:
        """How wide a column must be for its words."""
        words = str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")
        return metrics("small500").horizontalAdvance(words) + 2 * px("cell_padding") + 2 if words else 0

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        """Words at the side of their column's content."""
        painter.save()
        painter.fillRect(rect, tok("sunken"))
        painter.fillRect(QRect(rect.left(), rect.bottom(), rect.width(), px("hair")), tok("border"))
        painter.setPen(tok("text2"))
        painter.setFont(font("small500"))
        model = self.model()
        words = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        align = int(
            model.headerData(section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole)
            or Qt.AlignmentFlag.AlignVCenter
        )
        inner = rect.adjusted(px("cell_padding"), 0, -px("cell_padding"), 0)
        painter.drawText(
            inner, align, metrics("small500").elidedText(words, Qt.TextElideMode.ElideRight, inner.width())
        )
        painter.restore()
