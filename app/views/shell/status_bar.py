"""The status bar: server, person and roles at the left; running jobs, the feed and the time at the right."""

from datetime import datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.core.profile import Profile
from app.views.core import roles
from app.views.core.marks import Divider, IconLabel, Label
from app.views.core.plain import plain
from app.views.core.tasks import TaskManager
from app.views.core.theme import px, tok
from app.views.shell.legacy_light import LegacyLight, LegacyStatus
from app.views.shell.light import Light


class StatusBar(QWidget):
    """What one wants to know without asking.

    Signals:
        server_clicked: the light or the server's name; while the server is away that tries at once.
        legacy_clicked: what it says about the old system.
        printing_clicked: that a printer needs a hand.
    """

    server_clicked = Signal()
    legacy_clicked = Signal()
    printing_clicked = Signal()

    def __init__(
        self, profile: Profile, server: str, tasks: TaskManager, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._server = server
        self.setFixedHeight(px("status_bar"))
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin"), 0, px("margin"), 0)
        row.setSpacing(px("gap"))
        self.light = Light("ok")
        self.light.setObjectName("status.light")
        self.server = Label(server, "small600", "text2")
        self.server.setObjectName("status.server")
        row.addWidget(self.light)
        row.addWidget(self.server)
        row.addWidget(self._divider())
        row.addWidget(IconLabel("user", px("icon_small"), "text2"))
        row.addWidget(Label(profile.person, "small600", "text2"))
        words = " · ".join(words for _role, words in roles.in_force(profile))
        held = Label(words or t("mine.no_role"), "small", "text3", elide=True)
        held.setObjectName("status.roles")
        row.addWidget(held, 4)
        row.addStretch(1)
        self._job_icon = IconLabel("loader", px("icon_small"), "text2")
        self.jobs = Label("", "small500", "text2")
        self.jobs.setObjectName("status.jobs")
        self._job_line = self._divider()
        for part in (self._job_icon, self.jobs, self._job_line):
            row.addWidget(part)
            part.hide()
        self._print_icon = IconLabel("printer", px("icon_small"), "bad")
        self.printing = Label("", "small600", "bad")
        self.printing.setObjectName("status.printing")
        self._print_line = self._divider()
        for part in (self._print_icon, self.printing, self._print_line):
            row.addWidget(part)
            part.hide()
        self.legacy = LegacyLight(self)
        row.addWidget(self.legacy)
        self.legacy.hide()
        self.feed = Light("ok")
        self.feed_words = Label(t("shell.live"), "small500", "text2")
        self.feed_words.setObjectName("status.feed")
        row.addWidget(self.feed)
        row.addWidget(self.feed_words)
        row.addWidget(self._divider())
        self._clock = Label("", "small500", "text2")
        row.addWidget(self._clock)
        self._timer = QTimer(self)
        self._timer.setInterval(5000)
        self._timer.timeout.connect(self._tell_time)
        self._timer.start()
        self._tell_time()
        tasks.jobs_changed.connect(self.show_jobs)

    def set_online(self, online: bool) -> None:
        """The server answers, or does not."""
        self.light.set_kind("ok" if online else "bad")
        self.server.setText(self._server if online else t("shell.server_away", server=self._server))
        self.server.set_color("text2" if online else "bad")
        self.set_feed("ok" if online else "warn")

    def set_feed(self, kind: str) -> None:
        """Whether other people's changes arrive at once."""
        self.feed.set_kind(kind)
        self.feed_words.setText(t("shell.live" if kind == "ok" else "shell.not_live"))

    def show_legacy(self, status: LegacyStatus) -> None:
        """How the old system is read, and by whom; nothing where there is none."""
        self.legacy.show_status(status)

    def show_printing(self, words: str, tip: str) -> None:
        """That printers need a hand, and which; nothing while all of them print."""
        self.printing.setText(words)
        self.printing.setToolTip(plain(tip))
        for part in (self._print_icon, self.printing, self._print_line):
            part.setVisible(bool(words))

    def show_jobs(self) -> None:
        """What runs."""
        jobs = self._tasks.jobs
        parts = []
        for job in jobs[:2]:
            share = f" {fmt.number(100 * job.done_units // job.total_units)} %" if job.total_units else ""
            parts.append(f"{job.label}{share}")
        if len(jobs) > len(parts):
            parts.append(t("shell.more_jobs", n=len(jobs) - len(parts)))
        self.jobs.setText(" · ".join(parts))
        for part in (self._job_icon, self.jobs, self._job_line):
            part.setVisible(bool(jobs))

    def _tell_time(self) -> None:
        now = datetime.now().astimezone()
        self._clock.setText(f"{t(f'shell.day.{now.isoweekday()}')} {fmt.date_time(now)}")

    @staticmethod
    def _divider() -> Divider:
        line = Divider(vertical=True)
        line.setFixedHeight(px("gap_m"))
        return line

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """The server's corner is a button."""
        if event.position().x() <= self.server.geometry().right():
            self.server_clicked.emit()
        elif self.legacy.isVisible() and self.legacy.geometry().contains(event.position().toPoint()):
            self.legacy_clicked.emit()
        elif self.printing.isVisible() and self.printing.geometry().contains(event.position().toPoint()):
            self.printing_clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Chrome with a line above."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("chrome"))
        painter.fillRect(0, 0, self.width(), px("hair"), tok("border"))
        painter.end()
