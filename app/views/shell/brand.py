"""The left half of the login: who we are."""

from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QSizePolicy, QWidget

from app import __version__
from app.core.i18n import t
from app.views.core.fonts import font
from app.views.core.theme import px, tok
from app.views.shell.logo import paint_logo

ART_DIR = Path(__file__).resolve().parents[3] / "resources" / "art"
FIGURES = ("angel", "tree", "nutcracker", "star", "hussar", "bell", "snowman", "heart", "rabbit")


class BrandSide(QWidget):
    """The left half: name, figures, a promise."""

    def __init__(self) -> None:
        super().__init__()
        self._figures = {name: QSvgRenderer(str(ART_DIR / f"{name}.svg")) for name in FIGURES}
        self.place = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Everything is drawn; nothing here can be clicked."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), tok("brand"))
        edge = px("gap_xl") * 2 + px("gap")
        side = px("control") + 2
        paint_logo(painter, QRectF(edge, edge - px("gap_l"), side, side))
        painter.setPen(tok("on_brand"))
        painter.setFont(font("title"))
        painter.drawText(
            QRectF(edge + side + px("gap_m"), edge - px("gap_l"), self.width(), side),
            int(Qt.AlignmentFlag.AlignVCenter),
            "Werkbank",
        )
        words_top = self._paint_figures(painter, edge)
        painter.setPen(tok("on_brand"))
        painter.setFont(font("display"))
        left = QRectF(edge, words_top, self.width() - 2 * edge, px("row_two"))
        painter.drawText(left, int(Qt.AlignmentFlag.AlignVCenter), t("login.promise"))
        painter.setPen(tok("on_brand2"))
        painter.setFont(font("body500"))
        painter.drawText(left.translated(0, px("control")), int(Qt.AlignmentFlag.AlignVCenter), self.place)
        painter.setFont(font("small500"))
        painter.drawText(
            QRectF(edge, self.height() - edge, self.width() - 2 * edge, px("control")),
            int(Qt.AlignmentFlag.AlignVCenter),
            t("login.version", version=__version__),
        )
        painter.end()

    def _paint_figures(self, painter: QPainter, edge: int) -> float:
        """Nine figures on tiles; returns where the words below begin."""
        gap = px("gap_l")
        top, bottom = edge + px("row_two") * 2, self.height() - edge - px("row_two") * 4
        side = min(
            (bottom - top - 2 * gap) / 3, (self.width() - 2 * edge - 2 * gap) / 3, px("step_card_w") * 0.56
        )
        if side < px("row_two"):
            return float(top)
        whole = 3 * side + 2 * gap
        left = (self.width() - whole) / 2
        top += max(0, int((bottom - top - whole) / 2))
        ground = tok("on_brand")
        for number, name in enumerate(FIGURES):
            box = QRectF(left + number % 3 * (side + gap), top + number // 3 * (side + gap), side, side)
            painter.setOpacity(0.05)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawRoundedRect(box, px("radius_dialog"), px("radius_dialog"))
            painter.setOpacity(0.1)
            painter.setPen(ground)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(
                box.adjusted(0.5, 0.5, -0.5, -0.5), px("radius_dialog"), px("radius_dialog")
            )
            painter.setOpacity(1.0)
            inner = side * 0.16
            self._figures[name].render(painter, box.adjusted(inner, inner, -inner, -inner))
        return top + whole + px("gap_xl")
