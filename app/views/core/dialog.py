"""What blocks: a panel over the dimmed window.  Never a nested event loop; the answer comes by callback.

The layer lives inside the window, so that a picture of the window shows it, and so that several windows never hide
each other.  While it is open it keeps the keyboard: shortcuts and mnemonics reach its own buttons only.
"""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QKeyCombination, QObject, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.views.core.buttons import Button, IconButton
from app.views.core.marks import IconLabel, Label
from app.views.core.surfaces import add_shadow
from app.views.core.tasks import alive
from app.views.core.theme import px, tok, veil


class Panel(QWidget):
    """The raised ground with an optional sunken foot."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.foot: QWidget | None = None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Ground, foot and edge share the rounded corners."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape.addRoundedRect(frame, px("radius_dialog"), px("radius_dialog"))
        painter.fillPath(shape, tok("raised"))
        if self.foot is not None and self.foot.isVisible():
            painter.save()
            painter.setClipPath(shape)
            top = self.foot.geometry().top()
            painter.fillRect(0, top, self.width(), self.height() - top, tok("sunken"))
            painter.fillRect(0, top, self.width(), px("hair"), tok("line"))
            painter.restore()
        painter.setPen(QPen(tok("border"), px("hair")))
        painter.drawPath(shape)
        painter.end()


class Layer(QWidget):
    """Dims a window and holds one panel; below it nothing can be reached.

    Signals:
        closed: it went away, however.
    """

    closed = Signal()

    def __init__(self, host: QWidget, *, width: int, top: int | None = None) -> None:
        window = host.window()
        super().__init__(window)
        self._before = QApplication.focusWidget()
        self._width = width
        self._top = top
        self._done = False
        self.close_on_click = False
        self.panel = Panel(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setGeometry(window.rect())
        window.installEventFilter(self)
        add_shadow(self.panel)

    def open(self) -> None:
        """Show it and take the keyboard."""
        self.show()
        self.place()
        self.raise_()
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)
        if not self.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus()

    def finish(self) -> None:
        """Go away and give the keyboard back."""
        if self._done:
            return
        self._done = True
        application = QApplication.instance()
        if application is not None:
            application.removeEventFilter(self)
        self.hide()
        if self._before is not None and alive(self._before) and self._before.isVisible():
            self._before.setFocus()
        self.closed.emit()
        self.deleteLater()

    def reject(self) -> None:
        """Escape."""
        self.finish()

    def place(self) -> None:
        """Centre the panel; no wider or higher than the window."""
        window = self.parentWidget()
        assert window is not None
        self.setGeometry(window.rect())
        width = min(self._width, self.width() - 2 * px("margin"))
        layout = self.panel.layout()
        wanted = self.panel.sizeHint().height()
        if layout is not None and layout.hasHeightForWidth():
            wanted = layout.totalMinimumHeightForWidth(width)
        height = min(wanted, self.height() - 2 * px("margin"))
        top = self._top if self._top is not None else max(px("margin"), (self.height() - height) // 2)
        self.panel.setGeometry((self.width() - width) // 2, top, width, height)

    # -- keyboard -----------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the window's size and what is in the panel; keep shortcuts from what lies below."""
        resized = watched is self.parentWidget() and event.type() == QEvent.Type.Resize
        if resized or (watched is self.panel and event.type() == QEvent.Type.LayoutRequest):
            self.place()
        elif (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(watched, QWidget)
            and (watched is self or self.isAncestorOf(watched))
        ):
            event.accept()
            return True
        return False

    def event(self, event: QEvent) -> bool:
        """Key presses nobody below took."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
                self.focusNextPrevChild(key == Qt.Key.Key_Tab)
            elif (button := self._button_for(event)) is not None:
                if button.isEnabled():
                    button.click()
            elif key == Qt.Key.Key_Escape:
                self.reject()
            event.accept()
            return True
        return super().event(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab stays inside."""
        stops = [
            child
            for child in self.panel.findChildren(QWidget)
            if child.focusPolicy() & Qt.FocusPolicy.TabFocus and child.isVisible() and child.isEnabled()
        ]
        if not stops:
            return True
        current = QApplication.focusWidget()
        at = stops.index(current) if current in stops else (-1 if forward else 0)
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stops[(at + (1 if forward else -1)) % len(stops)].setFocus(reason)
        return True

    def _button_for(self, event: QKeyEvent) -> QAbstractButton | None:
        pressed = QKeySequence(QKeyCombination(event.modifiers(), Qt.Key(event.key())))
        for button in self.panel.findChildren(QAbstractButton):
            if not button.isVisible():
                continue
            wanted = [button.shortcut()]
            if isinstance(button, Button):
                wanted += [QKeySequence(text) for text in button.sequences]
            if any(not sequence.isEmpty() and sequence == pressed for sequence in wanted):
                return button
        return None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click beside the panel closes what can be closed lightly."""
        if self.close_on_click and not self.panel.geometry().contains(event.position().toPoint()):
            self.reject()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dim the window."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), veil("scrim", "scrim"))
        painter.end()


class Dialog(Layer):
    """A layer with head, body and foot.

    ``icon`` and ``tint`` stand beside the title.  Content goes into `body`, buttons come by `add_button`.
    """

    def __init__(
        self,
        host: QWidget,
        title: str,
        text: str = "",
        *,
        icon: str = "info",
        tint: str = "accent_text",
        width: int = 0,
    ) -> None:
        super().__init__(host, width=width or px("text_column") + px("grid") * 20)
        self.setObjectName("dialog")
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px("gap_xl"), px("gap_xl") - px("gap_xs"), px("gap_l"), px("gap_m"))
        head.setSpacing(px("gap_m"))
        head.addWidget(IconLabel(icon, px("gap_xl"), tint), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        self.heading = Label(title, "title", wrap=True)
        self.heading.setObjectName("dialog.title")
        words.addWidget(self.heading)
        self.text = Label(text, "body", "text2", wrap=True)
        self.text.setObjectName("dialog.text")
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self.text)
        if not text:
            self.text.hide()
        head.addLayout(words, 1)
        close = IconButton("x", "kit.close", clicked=self.reject)
        close.setObjectName("dialog.close")
        head.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(head)
        self.body = QVBoxLayout()
        self.body.setContentsMargins(px("gap_xl"), 0, px("gap_xl"), px("gap_l"))
        self.body.setSpacing(px("gap_m"))
        column.addLayout(self.body, 1)
        self.panel.foot = QWidget()
        self._foot = QHBoxLayout(self.panel.foot)
        self._foot.setContentsMargins(px("gap_xl"), px("gap_m"), px("gap_xl"), px("gap_m"))
        self._foot.setSpacing(px("gap"))
        self._left = QHBoxLayout()
        self._left.setSpacing(px("gap"))
        self._foot.addLayout(self._left)
        self._foot.addStretch(1)
        column.addWidget(self.panel.foot)

    def add_button(
        self,
        key: str,
        label: str,
        run: Callable[[], object] | None = None,
        *,
        icon: str | None = None,
        kind: str = "secondary",
        shortcut: str | None = None,
        left: bool = False,
        stay: bool = False,
    ) -> Button:
        """Put a button into the foot; a click closes the dialog first unless ``stay``."""

        def clicked() -> None:
            if not stay:
                self.finish()
            if run is not None:
                run()

        button = Button(label, icon, kind, shortcut, clicked=clicked)
        button.setObjectName(f"dialog.{key}")
        (self._left if left else self._foot).addWidget(button)
        if kind in ("primary", "danger") and not left:
            self.default = button
        return button

    default: Button | None = None

    def open(self) -> None:
        """Show it with the default button in focus, so that Enter answers."""
        super().open()
        current = QApplication.focusWidget()
        if self.default is not None and (current is None or not self.panel.isAncestorOf(current)):
            self.default.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Enter presses the default button."""
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            and not event.modifiers()
        ):
            focus = QApplication.focusWidget()
            target = focus if isinstance(focus, QAbstractButton) else self.default
            if target is not None and target.isEnabled():
                target.click()
            return True
        return super().event(event)
