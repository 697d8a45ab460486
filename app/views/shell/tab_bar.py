"""The tab bar: closable, re-orderable, with an unsaved mark; what does not fit is reached by a menu."""

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRectF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QMenu, QWidget

from app.core.i18n import t
from app.views.core import icons
from app.views.core.buttons import IconButton
from app.views.core.fonts import font, metrics
from app.views.core.plain import plain
from app.views.core.theme import px, tok


@dataclass
class TabInfo:
    """What a tab shows."""

    key: str
    title: str
    icon: str
    dirty: bool = False


class _Close(QAbstractButton):
    """The cross; an unsaved mark until the pointer comes."""

    def __init__(self, tab: "TabButton") -> None:
        super().__init__(tab)
        self._tab = tab
        self.setObjectName(f"tab.close.{tab.info.key}")
        self.setAccessibleName(t("shell.tab.close"))
        self.setToolTip(t("shell.tab.close") + "  Ctrl+W")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedSize(px("avatar"), px("avatar"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse():
            painter.setBrush(tok("hover"))
            painter.drawRoundedRect(QRectF(self.rect()), px("radius_key"), px("radius_key"))
        if self._tab.info.dirty and not self.underMouse():
            painter.setBrush(tok("accent_text"))
            size = px("gap")
            middle = (self.width() - size) / 2
            painter.drawEllipse(QRectF(middle, middle, size, size))
        else:
            side = px("icon_small")
            spot = (self.width() - side) // 2
            painter.drawPixmap(spot, spot, icons.pixmap("x", side, "text2", self.devicePixelRatioF()))
        painter.end()


class TabButton(QWidget):
    """One tab."""

    def __init__(self, info: TabInfo, bar: "TabStrip") -> None:
        super().__init__(bar)
        self.info = info
        self.active = False
        self._bar = bar
        self._press: QPoint | None = None
        self.setObjectName(f"tab.{info.key}")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.close_button = _Close(self)
        self.close_button.clicked.connect(lambda: bar.close_wanted.emit(info.key))
        self.update_info(info)

    def update_info(self, info: TabInfo) -> None:
        """Show other words."""
        self.info = info
        self.setAccessibleName(info.title)
        self.setToolTip(plain(info.title))
        self.update()
        self.close_button.update()

    def wanted_width(self) -> int:
        """Width that shows the whole title."""
        words = metrics("body600").horizontalAdvance(self.info.title)
        return min(px("tab_max"), words + px("icon") + px("avatar") + 2 * px("gap_m") + 2 * px("gap"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The cross keeps to the right."""
        side = self.close_button.width()
        self.close_button.move(self.width() - side - px("gap"), (self.height() - side) // 2 + 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Left shows, middle closes, right offers more."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position().toPoint()
            self._bar.chosen.emit(self.info.key)
        elif event.button() == Qt.MouseButton.MiddleButton:
            self._bar.close_wanted.emit(self.info.key)
        elif event.button() == Qt.MouseButton.RightButton:
            self._bar.menu_wanted.emit(self.info.key, event.globalPosition().toPoint())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Dragging changes the order."""
        if self._press is not None and (event.position().toPoint() - self._press).manhattanLength() > px(
            "gap_m"
        ):
            self._bar.drag(self, self.mapToParent(event.position().toPoint()).x())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """The drag is over."""
        self._press = None
        self._bar.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The active tab has the content's ground and round shoulders."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = QRectF(self.rect())
        if self.active:
            radius = px("radius_card")
            path = QPainterPath()
            path.addRoundedRect(area.adjusted(0, 2, 0, radius), radius, radius)
            painter.setClipRect(area)
            painter.fillPath(path, tok("surface"))
        elif self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("hover"))
            painter.drawRoundedRect(area.adjusted(2, 5, -2, -4), px("radius_button"), px("radius_button"))
        elif self._bar.divider_after(self):
            painter.setPen(QPen(tok("border"), px("hair")))
            painter.drawLine(self.width() - 1, px("gap_m"), self.width() - 1, self.height() - px("gap"))
        side = px("icon")
        left, top = px("gap_m"), (self.height() - side) // 2 + 1
        colour = "accent_text" if self.active else "text2"
        painter.drawPixmap(left, top, icons.pixmap(self.info.icon, side, colour, self.devicePixelRatioF()))
        left += side + px("gap_s")
        style = "body600" if self.active else "body500"
        painter.setFont(font(style))
        painter.setPen(tok("text" if self.active else "text2"))
        room = self.close_button.x() - left - px("gap_xs")
        words = metrics(style).elidedText(self.info.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 1, room + 2, self.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
        painter.end()


class TabStrip(QWidget):
    """All tabs and the plus.

    Signals:
        chosen, close_wanted: key of a tab.
        menu_wanted: key and place on the screen.
        moved: the keys in their new order.
        new_wanted: the plus.
    """

    chosen = Signal(str)
    close_wanted = Signal(str)
    menu_wanted = Signal(str, QPoint)
    moved = Signal(list)
    new_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(px("tab_bar"))
        self.tabs: list[TabButton] = []
        self._active = ""
        self._plus = IconButton("plus", "shell.tab.new", clicked=self.new_wanted.emit, parent=self)
        self._plus.setObjectName("tab.new")
        self._more = IconButton("chevron-down", "shell.tab.more", clicked=self._show_more, parent=self)
        self._more.setObjectName("tab.more")
        self._more.hide()

    def set_tabs(self, infos: list[TabInfo], active: str) -> None:
        """Show these tabs; buttons of tabs that stay are kept."""
        known = {tab.info.key: tab for tab in self.tabs}
        self.tabs = []
        for info in infos:
            tab = known.pop(info.key, None)
            if tab is None:
                tab = TabButton(info, self)
                tab.show()
            else:
                tab.update_info(info)
            self.tabs.append(tab)
        for gone in known.values():
            gone.hide()
            gone.deleteLater()
        self._active = active
        for tab in self.tabs:
            tab.active = tab.info.key == active
        self.arrange()

    def keys(self) -> list[str]:
        """Keys in their order."""
        return [tab.info.key for tab in self.tabs]

    def divider_after(self, tab: TabButton) -> bool:
        """Whether a line parts a tab from the next: not beside the active one."""
        at = self.tabs.index(tab) if tab in self.tabs else -1
        following = self.tabs[at + 1] if 0 <= at < len(self.tabs) - 1 else None
        return following is None or not following.active

    def arrange(self) -> None:
        """Put the tabs side by side; narrower when there is little room, the rest into the menu."""
        room = self.width() - px("gap_m") - self._plus.width() - px("gap")
        wanted = [tab.wanted_width() for tab in self.tabs]
        scale = min(1.0, room / sum(wanted)) if wanted and sum(wanted) > room else 1.0
        widths = [max(min(px("tab_min"), width), int(width * scale)) for width in wanted]
        overflow = sum(widths) > room
        if overflow:
            room -= self._more.width()
        active = next((n for n, tab in enumerate(self.tabs) if tab.active), 0)
        first = 0
        while first < active and sum(widths[first : active + 1]) > room:
            first += 1
        left = px("gap_m")
        for number, (tab, width) in enumerate(zip(self.tabs, widths, strict=True)):
            fits = number >= first and left + width <= px("gap_m") + room
            tab.setVisible(fits)
            if fits:
                tab.setGeometry(left, 0, width, self.height())
                left += width
            tab.update()
        top = (self.height() - self._plus.height()) // 2
        self._plus.move(left + px("gap_xs"), top)
        self._more.setVisible(overflow)
        self._more.move(self.width() - self._more.width() - px("gap_xs"), top)

    def drag(self, tab: TabButton, x: int) -> None:
        """Move a tab to where the pointer is."""
        target = next(
            (n for n, other in enumerate(self.tabs) if other.isVisible() and x < other.geometry().right()),
            None,
        )
        if target is None or self.tabs[target] is tab:
            return
        self.tabs.remove(tab)
        self.tabs.insert(target, tab)
        self.arrange()
        self.moved.emit(self.keys())

    def _show_more(self) -> None:
        menu = QMenu(self)
        for tab in self.tabs:
            entry = menu.addAction(icons.icon(tab.info.icon), tab.info.title.replace("&", "&&"))
            entry.triggered.connect(lambda _=False, key=tab.info.key: self.chosen.emit(key))
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.mapToGlobal(self._more.geometry().bottomLeft()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Room changed."""
        self.arrange()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """The wheel goes from tab to tab."""
        keys = self.keys()
        if self._active in keys and event.angleDelta().y():
            step = -1 if event.angleDelta().y() > 0 else 1
            self.chosen.emit(keys[max(0, min(len(keys) - 1, keys.index(self._active) + step))])

    def changeEvent(self, event: QEvent) -> None:
        """Fonts changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.arrange()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chrome."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("chrome"))
        painter.end()
