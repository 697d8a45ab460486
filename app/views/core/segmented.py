"""Underlined tabs: presets over a list, sections of a pane."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from app.views.core import fonts
from app.views.core.icons import pixmap
from app.views.core.menus import open_once
from app.views.core.theme import font, px, tok


class SegmentedTabs(QWidget):
    """Underlined tabs: "Alle | Bemalt …".  What does not fit is reached through the arrow keys and a menu.

    Signals:
        chosen: key of the tab the user chose.
    """

    chosen = Signal(str)

    def __init__(
        self,
        items: Sequence[tuple[str, str]] = (),
        current: str = "",
        *,
        style: str = "body500",
        spacing: str = "gap_l",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._style, self._gap = style, px(spacing)
        self._items: list[tuple[str, str]] = []
        self._rects: list[QRect] = []
        self._overflow: QRect | None = None
        self._current = current
        self._hover = -1
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setFixedHeight(px("tab_bar") - 1)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.set_items(items, current)

    @property
    def current(self) -> str:
        """Key of the tab in force."""
        return self._current

    def keys(self) -> list[str]:
        """Keys of all tabs."""
        return [key for key, _ in self._items]

    def set_items(self, items: Sequence[tuple[str, str]], current: str | None = None) -> None:
        """Show other tabs, each ``(key, words)``."""
        self._items = list(items)
        if current is not None:
            self._current = current
        if self._current not in self.keys():
            self._current = self._items[0][0] if self._items else ""
        self._arrange()
        self.updateGeometry()
        self.update()

    def set_current(self, key: str) -> None:
        """Put a tab in force, without a signal."""
        self._current = key
        self.setAccessibleName(dict(self._items).get(key, ""))
        self._arrange()
        self.update()

    def is_shown(self, key: str) -> bool:
        """Whether there is room for this tab."""
        return key in self.keys() and not self._rects[self.keys().index(key)].isNull()

    def rect_of(self, key: str) -> QRect:
        """Where a tab stands; a null rectangle where there is no room for it."""
        return self._rects[self.keys().index(key)] if key in self.keys() else QRect()

    def content_width(self) -> int:
        """Width up to the right edge of the last tab that is shown."""
        ends = [rect.right() for rect in self._rects if not rect.isNull()]
        return max([*ends, self._overflow.right() if self._overflow else 0])

    def sizeHint(self) -> QSize:
        """As wide as all tabs."""
        widths = [fonts.metrics(self._style).horizontalAdvance(words) + 4 for _, words in self._items]
        return QSize(sum(widths) + self._gap * max(0, len(widths) - 1), self.height())

    def minimumSizeHint(self) -> QSize:
        """Gives way."""
        return QSize(px("col_min") * 2, self.height())

    def _arrange(self) -> None:
        """Lay the tabs out from the left; the one in force is always among those shown."""
        measure = fonts.metrics(self._style)
        widths = [measure.horizontalAdvance(words) + 4 for _, words in self._items]
        room, more = self.width(), px("control_toolbar")
        self._overflow = None
        shown = list(range(len(widths)))
        if sum(widths) + self._gap * (len(widths) - 1) > room:
            room -= more
            shown, used = [], 0
            keys = self.keys()
            first = keys.index(self._current) if self._current in keys else 0
            reserve = widths[first] + self._gap if widths else 0
            for index, width in enumerate(widths):
                need = width + (self._gap if shown else 0)
                spare = 0 if index >= first else reserve
                if used + need + spare > room and index != first:
                    if index > first:
                        break
                    continue
                shown.append(index)
                used += need
        x = 0
        self._rects = [QRect() for _ in widths]
        for index in shown:
            self._rects[index] = QRect(x, 0, widths[index], self.height())
            x += widths[index] + self._gap
        if len(shown) < len(widths):
            self._overflow = QRect(max(0, x - self._gap + 4), 0, more, self.height())

    def resizeEvent(self, event: QEvent) -> None:
        """Lay the tabs out again."""
        self._arrange()

    def _at(self, event: QMouseEvent) -> int:
        reach = self._gap // 2
        for index, rect in enumerate(self._rects):
            if rect.isValid() and rect.adjusted(-reach, 0, reach, 0).contains(event.position().toPoint()):
                return index
        return -1

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the pointer."""
        self._hover = self._at(event)
        self.update()

    def leaveEvent(self, _event: QEvent) -> None:
        """Forget the pointer."""
        self._hover = -1
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose a tab, or open the list of those that do not fit."""
        if self._overflow and self._overflow.contains(event.position().toPoint()):
            menu = QMenu(self)
            for index, (key, words) in enumerate(self._items):
                if self._rects[index].isNull():
                    menu.addAction(words.replace("&", "&&")).triggered.connect(
                        lambda _checked=False, key=key: self._choose(key)
                    )
            open_once(menu, self.mapToGlobal(self._overflow.bottomLeft()))
            return
        index = self._at(event)
        if index >= 0:
            self._choose(self._items[index][0])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Left and Right choose the neighbour."""
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self._items:
            super().keyPressEvent(event)
            return
        index = (self.keys().index(self._current) + step) % len(self._items)
        self._choose(self._items[index][0])

    def _choose(self, key: str) -> None:
        self.set_current(key)
        self.chosen.emit(key)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint words and the line under the one in force."""
        painter = QPainter(self)
        for index, (key, words) in enumerate(self._items):
            rect = self._rects[index]
            if rect.isNull():
                continue
            active = key == self._current
            painter.setFont(font(self._style if not active else self._style.replace("500", "600")))
            painter.setPen(tok("text" if active or index == self._hover else "text2"))
            painter.drawText(rect, int(Qt.AlignmentFlag.AlignCenter), words)
            if active:
                line = px("ring")
                painter.fillRect(rect.x() - 2, self.height() - line, rect.width() + 4, line, tok("accent"))
        if self._overflow:
            side = px("icon")
            more = pixmap("ellipsis", side, "text2", self.devicePixelRatioF())
            painter.drawPixmap(self._overflow.center().x() - side // 2, (self.height() - side) // 2, more)
        if self.hasFocus() and self._current in self.keys():
            rect = self._rects[self.keys().index(self._current)].adjusted(-5, 3, 5, -5)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.drawRoundedRect(QRectF(rect), px("radius_chip"), px("radius_chip"))
