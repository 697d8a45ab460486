"""The foot of a list: what is selected, seen and loaded; what changed just now; an export under way."""

from datetime import datetime

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.views.core.buttons import Button
from app.views.core.marks import IconLabel, Label, ProgressBar
from app.views.core.theme import px, tok


class ListFoot(QWidget):
    """One line of numbers at the left, live news or a running export at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(px("foot"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin"), 1, px("margin"), 0)
        row.setSpacing(px("gap"))
        self._selected = Label("", "small600")
        self._numbers = Label("", "small", "text2")
        self._zap = IconLabel("zap", px("icon_small"), "ok")
        self._live = Label("", "small", "text2")
        self._job = Label("", "small", "text2")
        self._bar = ProgressBar()
        self._bar.setFixedWidth(px("menu_min") // 2)
        self.stop = Button("kit.export.stop", kind="link")
        row.addWidget(self._selected)
        row.addWidget(self._numbers)
        row.addStretch(1)
        for part in (self._job, self._bar, self.stop, self._zap, self._live):
            row.addWidget(part)
        self.hide_job()
        self.idle()

    def idle(self) -> None:
        """Nothing changed yet."""
        self._live.setText(t("kit.list.live"))

    def show_numbers(self, selected: int, seen: int, loaded: int) -> None:
        """Say how many rows are selected, on screen and read so far."""
        self._selected.setText(t("kit.list.selected", count=fmt.number(selected)) if selected else "")
        self._selected.setVisible(bool(selected))
        words = (
            t("kit.list.seen", seen=fmt.number(seen), loaded=fmt.number(loaded))
            if loaded
            else t("kit.list.no_rows")
        )
        self._numbers.setText(words)

    def show_live(self, name: str, count: int) -> None:
        """Say which row changed; without a name, how many did."""
        now = fmt.date_time(datetime.now().astimezone()).split()[-1]
        if name:
            self._live.setText(t("kit.list.live_row", name=name, time=now))
        else:
            self._live.setText(t("kit.list.live_rows", n=count, count=fmt.number(count), time=now))

    def show_job(self, done: int, total: int | None) -> None:
        """Show how far an export is."""
        for part in (self._job, self._bar, self.stop):
            part.show()
        self._zap.hide()
        self._live.hide()
        if total:
            self._job.setText(t("kit.export.progress", done=fmt.number(done), total=fmt.number(total)))
            self._bar.set_value(done / total)
        else:
            self._job.setText(t("kit.export.progress_open", done=fmt.number(done)))

    def hide_job(self) -> None:
        """The export is over."""
        for part in (self._job, self._bar, self.stop):
            part.hide()
        self._zap.show()
        self._live.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint ground and line."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("sunken"))
        painter.fillRect(0, 0, self.width(), px("hair"), tok("line"))
