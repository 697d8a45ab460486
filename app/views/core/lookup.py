"""Type-ahead: while one types, the server's best matches appear below the field; the keyboard is enough.

`TypeAhead` serves any line edit: the lookup field of a form as well as the article cell of a line editor.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from app.core.i18n import language, t
from app.views.core import icons
from app.views.core.context import AppContext
from app.views.core.fonts import font, metrics
from app.views.core.marks import chip_width, paint_chip
from app.views.core.operation import ReadOp
from app.views.core.theme import px, tok

LIMIT = 8
DEBOUNCE_MS = 90


class Found(NamedTuple):
    """One match.  ``chip`` is (kind, text key) or None; ``data`` is whatever else the search gave."""

    id: int
    title: str
    subtitle: str
    chip: tuple[str, str] | None = None
    data: Any = None


def as_found(row: Any) -> Found:
    """A row of a search (id, title, subtitle, chip, …) as `Found`."""
    return Found(row[0], row[1], row[2] or "", row[3] if len(row) > 3 else None, row)


def paint_marked(
    painter: QPainter, x: int, baseline: int, width: int, text: str, mark: str, style: str
) -> int:
    """Draw ``text`` with each word of ``mark`` in the accent colour; returns where it ends.  Elides at ``width``."""
    plain, strong = metrics(style), metrics(f"{style.rstrip('0123456789')}600")
    text = plain.elidedText(text, Qt.TextElideMode.ElideRight, width)
    word = next((w for w in mark.lower().split() if w and w in text.lower()), "")
    at = text.lower().find(word) if word else -1
    parts = (
        [(text, False)]
        if at < 0
        else [(text[:at], False), (text[at : at + len(word)], True), (text[at + len(word) :], False)]
    )
    colour = painter.pen().color()
    for part, marked in parts:
        painter.setFont(font(f"{style.rstrip('0123456789')}600" if marked else style))
        painter.setPen(tok("accent_text") if marked else colour)
        painter.drawText(x, baseline, part)
        x += (strong if marked else plain).horizontalAdvance(part)
    painter.setPen(colour)
    return x


class LookupPopup(QWidget):
    """The list below the field.  It never takes the focus.

    Signals:
        picked: a row was chosen by mouse.
    """

    picked = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[Found] = []
        self.current = 0
        self.hint = ""
        self._mark = ""
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMouseTracking(True)
        self.setObjectName("lookup.popup")
        self.hide()

    def show_rows(self, rows: Sequence[Found], mark: str, hint: str, anchor: QWidget) -> None:
        """Show matches (or, without any, ``hint``) below ``anchor``."""
        self.rows, self._mark, self.hint, self.current = list(rows), mark, hint, 0
        height = max(1, len(self.rows)) * px("row_two") + 2 * px("gap_xs")
        width = max(anchor.width(), px("side") + px("grid") * 20)
        window = anchor.window()
        below = anchor.mapTo(window, QPoint(0, anchor.height() + px("gap_xs")))
        if below.y() + height > window.height():
            above = anchor.mapTo(window, QPoint(0, 0)).y() - height - px("gap_xs")
            below.setY(max(0, above))
        below.setX(max(px("gap"), min(below.x(), window.width() - width - px("gap"))))
        self.setGeometry(QRect(below.x(), below.y(), width, height))
        self.raise_()
        self.show()
        self.update()

    def move_current(self, step: int) -> None:
        """Go up or down."""
        if self.rows:
            self.current = (self.current + step) % len(self.rows)
            self.update()

    def row(self) -> Found | None:
        """The marked match."""
        return self.rows[self.current] if self.rows else None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the row under the pointer."""
        index = self._at(event.position().y())
        if 0 <= index < len(self.rows):
            self.picked.emit(self.rows[index])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark the row under the pointer."""
        index = self._at(event.position().y())
        if 0 <= index < len(self.rows) and index != self.current:
            self.current = index
            self.update()

    def _at(self, y: float) -> int:
        return int((y - px("gap_xs")) // px("row_two"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, rows with two lines, chip at the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(tok("control"))
        painter.setBrush(tok("raised"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, px("radius_button"), px("radius_button"))
        left, right = px("gap_m"), self.width() - px("gap_m")
        if not self.rows:
            painter.setPen(tok("text3"))
            painter.setFont(font("small"))
            painter.drawText(
                self.rect().adjusted(left, 0, 0, 0), int(Qt.AlignmentFlag.AlignVCenter), self.hint
            )
        for index, row in enumerate(self.rows):
            top = px("gap_xs") + index * px("row_two")
            if index == self.current:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(tok("accent_tint"))
                box = QRectF(px("gap_xs"), top, self.width() - 2 * px("gap_xs"), px("row_two"))
                painter.drawRoundedRect(box, px("radius_chip"), px("radius_chip"))
            edge = right
            if row.chip is not None:
                word = t(row.chip[1])
                edge = right - chip_width(word)
                paint_chip(painter, QRect(edge, top, right - edge, px("row_two")), row.chip[0], word)
                edge -= px("gap")
            painter.setPen(tok("text"))
            paint_marked(painter, left, top + 18, edge - left, row.title, self._mark, "body500")
            painter.setPen(tok("text2"))
            paint_marked(painter, left, top + 35, edge - left, row.subtitle, self._mark, "small")
        painter.end()


class TypeAhead(QObject):
    """Puts a popup with matches on a line edit.

    ``find(session, text, limit, language)`` gives rows (id, title, subtitle, chip, …) in one round trip.

    Signals:
        picked: a match was chosen (`Found`).
        left: Escape or the focus left without a choice.
    """

    picked = Signal(object)
    left = Signal()

    def __init__(self, edit: QLineEdit, ctx: AppContext, find: Callable[..., Any]) -> None:
        super().__init__(edit)
        self._edit = edit
        self._ctx = ctx
        self.find = find
        self._popup: LookupPopup | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE_MS)
        self._timer.timeout.connect(self.search)
        self._pending_enter = False
        edit.textEdited.connect(self._typed)
        edit.installEventFilter(self)

    @property
    def open(self) -> bool:
        """Whether the popup shows."""
        return self._popup is not None and self._popup.isVisible()

    @property
    def deciding(self) -> bool:
        """Whether Enter was pressed before the answer came; its first match will be taken."""
        return self._pending_enter

    def search(self) -> None:
        """Ask the server for what is typed now."""
        text = self._edit.text().strip()
        if not text:
            self.close()
            return
        op = ReadOp(self, self._ctx, self.find, text, LIMIT, language())
        op.replacing("type-ahead").success(lambda rows: self._show(text, rows)).start()

    def close(self) -> None:
        """Hide the popup and forget what is still under way."""
        self._timer.stop()
        self._ctx.tasks.drop_owner(self)
        self._pending_enter = False
        if self._popup is not None:
            self._popup.hide()

    def _typed(self, _text: str) -> None:
        self._pending_enter = False
        self._timer.start()

    def _show(self, text: str, rows: Sequence[Any]) -> None:
        if not self._edit.hasFocus() and not self._pending_enter:
            return
        found = [as_found(row) for row in rows]
        if self._pending_enter and found:
            self._choose(found[0])
            return
        self._pending_enter = False
        if self._popup is None:
            self._popup = LookupPopup(self._edit.window())
            self._popup.picked.connect(self._choose)
            self._edit.destroyed.connect(self._popup.deleteLater)
        self._popup.show_rows(found, text, t("form.nothing_found"), self._edit)

    def _choose(self, row: Found) -> None:
        self.close()
        self.picked.emit(row)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrow keys, Enter, Tab and Escape while the popup shows; the popup closes with the focus."""
        if watched is self._edit and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._key(event)
        if watched is self._edit and event.type() == QEvent.Type.FocusOut and not self._pending_enter:
            was_open = self.open
            self.close()
            if was_open:
                self.left.emit()
        return False

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if self.open and self._popup is not None:
            row = self._popup.row()
            if key == Qt.Key.Key_Down:
                self._popup.move_current(1)
            elif key == Qt.Key.Key_Up:
                self._popup.move_current(-1)
            elif enter and row is not None and not self._timer.isActive():
                self._choose(row)
            elif enter:
                self._pending_enter = True
                self._timer.stop()
                self.search()
            elif key == Qt.Key.Key_Tab and row is not None:
                self._choose(row)
                return False
            elif key == Qt.Key.Key_Escape:
                self.close()
                self.left.emit()
            else:
                return False
            return True
        if enter and self._timer.isActive():
            # Faster than the answer (or a barcode scanner): the first match is taken when it arrives.
            self._pending_enter = True
            self._timer.stop()
            self.search()
            return True
        return False


class LookupIcon(QWidget):
    """The magnifier inside a lookup field: opens the chosen record, or the search when nothing is chosen."""

    clicked = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.name = "search"
        self.setFixedSize(px("icon") + px("gap"), px("icon") + px("gap"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell the field."""
        self.clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The icon alone."""
        painter = QPainter(self)
        painter.drawPixmap(px("gap_xs"), px("gap_xs"), icons.pixmap(self.name, px("icon"), "text2"))
        painter.end()
