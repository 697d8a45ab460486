"""The module rail: icon and word per group, a flyout when a group holds several workspaces."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QSizePolicy, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core import icons
from app.views.core.fonts import font, metrics
from app.views.core.surfaces import add_shadow
from app.views.core.tasks import alive
from app.views.core.theme import px, tok
from app.views.core.workspace import HOME_RAIL, SETTINGS_RAIL, Rail, Workspace
from app.views.shell.logo import paint_logo


class RailButton(QAbstractButton):
    """One group: icon above word.  The active one is tinted and has a bar at the window's edge."""

    def __init__(self, rail: Rail, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rail = rail
        self.badge = 0
        self.setObjectName(f"rail.{rail.key}")
        self.setText(t(rail.title))
        self.setAccessibleName(self.text())
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        """Full width of the rail."""
        return QSize(px("rail"), px("rail_item"))

    def minimumSizeHint(self) -> QSize:
        """In a low window icon and word stand closer together, never over each other."""
        return QSize(px("rail"), px("icon_rail") + metrics("caption").height())

    def nextCheckState(self) -> None:
        """A click never toggles; the window says which group is active."""

    def set_badge(self, count: int) -> None:
        """A number that wants attention; 0 hides it."""
        if count != self.badge:
            self.badge = count
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint, bar, icon, word, badge."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = self.isChecked()
        box = QRectF(self.rect()).adjusted(px("gap_s"), 0, -px("gap_s"), 0)
        if active or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("accent_tint" if active else "hover"))
            painter.drawRoundedRect(box, px("radius_card"), px("radius_card"))
        if active:
            painter.fillRect(
                QRectF(0, px("gap_s"), px("accent_bar"), self.height() - 2 * px("gap_s")), tok("accent")
            )
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(tok("focus"), px("ring")))
            painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), px("radius_card"), px("radius_card"))
        colour = "accent_text" if active else "text2"
        side = px("icon_rail")
        left = (self.width() - side) // 2
        edge = max(0, px("gap_s") - (px("rail_item") - self.height()) // 2)  # above the icon, below the word
        painter.drawPixmap(left, edge, icons.pixmap(self.rail.icon, side, colour, self.devicePixelRatioF()))
        painter.setPen(tok(colour))
        painter.setFont(font("caption"))
        words = metrics("caption").elidedText(
            self.text(), Qt.TextElideMode.ElideRight, self.width() - px("gap_m")
        )
        painter.drawText(
            self.rect().adjusted(0, 0, 0, 1 - edge),
            int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom),
            words,
        )
        if self.badge:
            text = str(min(self.badge, 99))
            wide = max(px("badge"), metrics("badge").horizontalAdvance(text) + px("gap"))
            pill = QRectF(left + side - px("gap_s"), 2, wide, px("badge"))
            painter.setPen(QPen(tok("chrome"), px("hair")))
            painter.setBrush(tok("bad_solid"))
            painter.drawRoundedRect(pill, px("badge") / 2, px("badge") / 2)
            painter.setPen(tok("on_accent"))
            painter.setFont(font("badge"))
            painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), text)
        painter.end()


class _Logo(QWidget):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(px("rail"), px("top_bar") + px("gap_xs"))
        self.setToolTip("Werkbank")

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        side = px("control")
        paint_logo(painter, QRectF((self.width() - side) / 2, px("gap"), side, side))
        painter.end()


class FlyoutItem(QAbstractButton):
    """A workspace in the flyout."""

    def __init__(self, workspace: Workspace, parent: QWidget) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setObjectName(f"rail.item.{workspace.key}")
        self.setText(t(workspace.title))
        self.setAccessibleName(self.text())
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setFixedHeight(px("row_chip"))

    def sizeHint(self) -> QSize:
        """Icon and word."""
        return QSize(
            max(
                px("menu_min"), metrics("body").horizontalAdvance(self.text()) + px("icon") + 4 * px("gap_m")
            ),
            px("row_chip"),
        )

    def enterEvent(self, event: QEnterEvent) -> None:
        """Follow the pointer."""
        self.setFocus()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint under focus, icon, word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("accent_tint"))
            painter.drawRoundedRect(QRectF(self.rect()), px("radius_chip"), px("radius_chip"))
        side = px("icon")
        painter.drawPixmap(
            px("gap"),
            (self.height() - side) // 2,
            icons.pixmap(self._workspace.icon, side, "text2", self.devicePixelRatioF()),
        )
        painter.setPen(tok("text"))
        painter.setFont(font("body"))
        painter.drawText(
            self.rect().adjusted(px("gap") + side + px("gap"), 0, 0, 0),
            int(Qt.AlignmentFlag.AlignVCenter),
            self.text(),
        )
        painter.end()


class Flyout(QWidget):
    """The workspaces of a group, beside the rail; closes with Escape or a click elsewhere.

    Signals:
        chosen: key of a workspace.
    """

    chosen = Signal(str)

    def __init__(self, window: QWidget, anchor: QWidget, workspaces: Sequence[Workspace]) -> None:
        super().__init__(window)
        self.setObjectName("rail.flyout")
        self.anchor = anchor
        self._gone = False
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap_s"), px("gap_s"), px("gap_s"), px("gap_s"))
        column.setSpacing(px("hair"))
        self.items = [FlyoutItem(workspace, self) for workspace in workspaces]
        for item, workspace in zip(self.items, workspaces, strict=True):
            item.clicked.connect(lambda _=False, key=workspace.key: self._choose(key))
            column.addWidget(item)
        self.adjustSize()
        corner = anchor.mapTo(window, QPoint(anchor.width() - px("gap_xs"), 0))
        self.move(corner.x(), min(corner.y(), window.height() - self.height() - px("gap")))
        add_shadow(self)
        self.show()
        self.raise_()
        self.items[0].setFocus()
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.installEventFilter(self)
            application.focusChanged.connect(self._focus_went)

    def close_now(self) -> None:
        """Go away."""
        if self._gone:
            return
        self._gone = True
        application = QApplication.instance()
        if isinstance(application, QApplication):
            application.removeEventFilter(self)
            application.focusChanged.disconnect(self._focus_went)
        self.hide()
        self.deleteLater()

    def _focus_went(self, _old: QWidget | None, now: QWidget | None) -> None:
        """Whoever works elsewhere does not want it any more."""
        if now is not None and now is not self and not self.isAncestorOf(now):
            self.close_now()

    def _choose(self, key: str) -> None:
        self.close_now()
        self.chosen.emit(key)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A press elsewhere closes; a press on the group's own button does nothing more than that."""
        if event.type() != QEvent.Type.MouseButtonPress or not isinstance(watched, QWidget):
            return False
        if self.isAncestorOf(watched) or watched is self:
            return False
        self.close_now()
        return watched is self.anchor

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows, Enter, Escape."""
        focus = QApplication.focusWidget()
        at = self.items.index(focus) if isinstance(focus, FlyoutItem) and focus in self.items else 0
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.close_now()
            self.anchor.setFocus()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Tab):
            self.items[(at + 1) % len(self.items)].setFocus()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Backtab):
            self.items[(at - 1) % len(self.items)].setFocus()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.items[at].click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A menu's ground."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.setBrush(tok("raised"))
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(frame, px("radius_card"), px("radius_card"))
        painter.end()


class RailBar(QWidget):
    """The rail from logo to settings.

    Signals:
        chosen: key of a workspace to open.
        home_wanted, settings_wanted: the first item, the one at the bottom.
    """

    chosen = Signal(str)
    home_wanted = Signal()
    settings_wanted = Signal()

    def __init__(
        self, groups: Sequence[tuple[Rail, Sequence[Workspace]]], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setFixedWidth(px("rail"))
        self._groups = {rail.key: list(workspaces) for rail, workspaces in groups}
        self.buttons: dict[str, RailButton] = {}
        self._flyout: Flyout | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, px("gap_xs"))
        column.setSpacing(px("gap_s"))
        column.addWidget(_Logo(self))
        for rail, _ in groups:
            column.addWidget(self._button(rail, partial(self.press, rail.key)))
        column.addStretch(1)
        column.addWidget(self._button(SETTINGS_RAIL, self.settings_wanted.emit))

    def press(self, key: str) -> None:
        """Open the group's workspace, or show those it has."""
        workspaces = self._groups.get(key, [])
        self.close_flyout()
        if key == HOME_RAIL:
            self.home_wanted.emit()
        elif len(workspaces) == 1:
            self.chosen.emit(workspaces[0].key)
        elif workspaces:
            self._flyout = Flyout(self.window(), self.buttons[key], workspaces)
            self._flyout.chosen.connect(self.chosen)

    def close_flyout(self) -> None:
        """Nothing of the rail lies over the page."""
        flyout, self._flyout = self._flyout, None
        if flyout is not None and alive(flyout):
            flyout.close_now()

    def press_number(self, number: int) -> None:
        """The group at a position from 1."""
        keys = list(self._groups)
        if 1 <= number <= len(keys):
            self.press(keys[number - 1])

    def set_active(self, key: str) -> None:
        """Mark the group of the page in front."""
        for name, button in self.buttons.items():
            button.setChecked(name == key)

    def set_badge(self, key: str, count: int) -> None:
        """A number at a group."""
        if key in self.buttons:
            self.buttons[key].set_badge(count)

    def _button(self, rail: Rail, run: Callable[[], object]) -> RailButton:
        button = RailButton(rail, self)
        button.clicked.connect(lambda: run())
        number = list(self._groups).index(rail.key) + 1 if rail.key in self._groups else 0
        button.setToolTip(f"{t(rail.title)}  Alt+{number}" if 0 < number < 10 else t(rail.title))
        self.buttons[rail.key] = button
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chrome with a line at the right."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("chrome"))
        painter.fillRect(self.width() - 1, 0, px("hair"), self.height(), tok("border"))
        painter.end()
