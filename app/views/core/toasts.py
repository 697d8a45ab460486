"""Short messages at the lower right of a window."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.views.core.buttons import Button, IconButton
from app.views.core.marks import IconLabel, Label
from app.views.core.surfaces import STATUS_ICONS, Overlay, add_shadow
from app.views.core.theme import ms, px

MOST_PASSING = (
    1  # at a time: news is not told beside what it made old; what went can be read again under the bell
)


class Foot(QWidget):
    """A row of buttons at the foot of a page: no message lies over it, even if it was told on another page."""

    def event(self, event: QEvent) -> bool:
        """Messages make room as soon as it has its place, and when buttons come or go."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Move, QEvent.Type.Resize):
            # It lies in the window itself; a search through every page would take longer than all the rest.
            host = next((one for one in self.window().children() if isinstance(one, _ToastHost)), None)
            if host is not None:
                QTimer.singleShot(0, host, host.place)
        return super().event(event)


class Toast(Overlay):
    """A short message at the lower right of a window; goes by itself unless the pointer rests on it.

    Signals:
        closed: it is about to go.
    """

    closed = Signal()
    words_style = "body500"
    icon_size = "icon"
    widths: tuple[str, ...] = ("side", "gap_l")
    """The measures that make up the width."""
    above_action = ""

    def __init__(
        self, window: QWidget, text: str, kind: str, action: tuple[str, Callable[[], object]] | None
    ) -> None:
        super().__init__(window, radius="radius_card")
        self.setAccessibleName(text)
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap_m"), px("gap"), px("gap"), px("gap"))
        column.setSpacing(0)
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        column.addLayout(row, 1)
        tint = "accent_text" if kind == "accent" else kind
        row.addWidget(IconLabel(STATUS_ICONS[kind], px(self.icon_size), tint))
        row.addWidget(Label(text, self.words_style, wrap=True), 1)
        row.addWidget(self.close_button())
        if action is not None:
            words, run = action
            below = QHBoxLayout()
            gap = px(self.above_action) if self.above_action else 0
            below.setContentsMargins(px(self.icon_size) + px("gap"), gap, 0, px("gap_xs"))
            below.addWidget(self.action_button(words, lambda: (run(), self.close())))
            below.addStretch(1)
            column.addLayout(below)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        # Beside tables stand cards and panes; nothing else is covered.
        self.setFixedWidth(sum(px(part) for part in self.widths))
        self.setMinimumHeight(px("row_two"))
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(ms("toast"))
        self._timer.timeout.connect(self.close)
        self.leaves_by_itself = kind != "bad"
        if self.leaves_by_itself:
            self._timer.start()
        add_shadow(self)

    def close_button(self) -> QWidget:
        """Takes it away."""
        return IconButton("x", "kit.close", icon_size=px("icon_small"), clicked=self.close)

    def action_button(self, words: str, run: Callable[[], object]) -> QWidget:
        """Does what it offers; ``words`` is a text key."""
        return Button(words, kind="link", clicked=run)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell the host."""
        self.closed.emit()
        super().closeEvent(event)

    def event(self, event: QEvent) -> bool:
        """Wait while the pointer rests here."""
        if event.type() == QEvent.Type.Enter:
            self._timer.stop()
        elif event.type() == QEvent.Type.Leave and self.leaves_by_itself:
            self._timer.start()
        return super().event(event)


class _ToastHost(QObject):
    """Stacks the toasts of one window and keeps them in place."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._toasts: list[Toast] = []
        window.installEventFilter(self)

    def add(self, toast: Toast) -> None:
        if toast.leaves_by_itself:
            passing = [shown for shown in self._toasts if shown.leaves_by_itself]
            for oldest in passing[: max(0, len(passing) + 1 - MOST_PASSING)]:
                oldest.close()
        self._toasts.append(toast)
        toast.closed.connect(lambda: self._gone(toast))
        toast.show()
        self.place()

    def clear(self) -> None:
        for toast in list(self._toasts):
            toast.close()

    def _gone(self, toast: Toast) -> None:
        if toast in self._toasts:
            self._toasts.remove(toast)
        self.place()

    def place(self) -> None:
        """Stack them above whatever lies at the foot."""
        if not self._toasts:
            return
        # Feet of tables and pages hold their totals, others the buttons that book.
        bottom = self._window.height() - px("status_bar") - px("row_two") - px("gap")
        for foot in self._window.findChildren(Foot):
            if foot.isVisible():
                bottom = min(bottom, foot.mapTo(self._window, QPoint(0, 0)).y() - px("gap"))
        for toast in reversed(self._toasts):
            layout = toast.layout()
            height = (
                max(layout.totalMinimumHeightForWidth(toast.width()), toast.minimumHeight()) if layout else 0
            )
            toast.resize(toast.width(), height)
            toast.move(self._window.width() - toast.width() - px("gap_m"), bottom - height)
            bottom -= height + px("gap")

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._toasts:
            self.place()
        return False


def show_toast(
    window: QWidget,
    text: str,
    kind: str = "ok",
    action: tuple[str, Callable[[], object]] | None = None,
    make: type[Toast] = Toast,
) -> Toast:
    """Show a message in the window of ``window``; ``action`` is a text key and what it does.

    A toast of kind ``bad`` stays until it is closed.
    """
    top = window.window()
    host = top.findChild(_ToastHost) or _ToastHost(top)
    toast = make(top, text, kind, action)
    host.add(toast)
    return toast


def clear_toasts(window: QWidget) -> None:
    """Take every message away."""
    host = window.window().findChild(_ToastHost)
    if host is not None:
        host.clear()
