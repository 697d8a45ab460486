"""How far the run under way is, or what came of the last one; below it four figures."""

from decimal import Decimal

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy.state import Run, State, expected, progress, silent
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.marks import Chip, IconLabel, Label, ProgressBar
from app.views.core.people import name
from app.views.core.surfaces import Card
from app.views.core.theme import px
from app.views.legacy.words import RUN_STATE, duration, mode_words, run_error, titled


class ProgressCard(Card):
    """Done of total, per cent, rate, time left; a bar; what stopping keeps and who started it."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self.setObjectName("card.progress")
        self._ctx = ctx
        self._run: Run | None = None
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        self._what = Label("", "section15")
        self._what.setObjectName("progress.what")
        self._share = Label("", "section15", "accent_text")
        self._share.setObjectName("progress.share")
        self._chip = Chip("neutral", "")
        self._chip.setObjectName("progress.chip")
        self._pace = Label("", "body", "text2")
        self._pace.setObjectName("progress.pace")
        for part in (self._what, self._share, self._chip):
            first.addWidget(part)
        first.addStretch(1)
        first.addWidget(self._pace)
        self._report = Button("legacy.run.report", kind="link", clicked=self._open)
        self._report.setObjectName("action.report")
        first.addWidget(self._report)
        self.body.addLayout(first)
        self._bar = ProgressBar()
        self._bar.setObjectName("progress.bar")
        self.body.addWidget(self._bar)
        self._why = Label("", "body", "bad", wrap=True)
        self._why.setObjectName("progress.why")
        self._why.hide()
        self.body.addWidget(self._why)
        last = QHBoxLayout()
        self._keeps = Label("", "small", "text2", elide=True)
        self._keeps.setObjectName("progress.keeps")
        self._who = Label("", "small", "text2")
        last.addWidget(self._keeps, 1)
        last.addWidget(self._who, 0, Qt.AlignmentFlag.AlignRight)
        self.body.addLayout(last)

    def show_run(self, run: Run | None, found: State) -> None:
        """Show a run; without one the card goes away."""
        self._run = run
        self.setVisible(run is not None)
        if run is None:
            return
        going = run.state == "running"
        self._why.hide()
        mute = going and silent(found) is not None
        kind, key = ("warn", "legacy.progress.silent") if mute else RUN_STATE[run.state]
        self._chip.set_chip(kind, t(key))
        self._chip.setVisible(mute or not going)
        self._report.setVisible(run.state not in ("running", "waiting"))
        self._bar.setVisible(going)
        self._share.setVisible(going)
        if going:
            self._show_going(run, found)
        else:
            self._show_other(run)

    def _show_going(self, run: Run, found: State) -> None:
        done = progress(run, expected(found.entities), found.now)
        if done.total is None:
            self._what.setText(t("legacy.progress.read", n=done.done, done=fmt.number(done.done)))
        else:
            total = max(done.total, done.done)
            self._what.setText(t("legacy.progress.rows", done=fmt.number(done.done), total=fmt.number(total)))
        self._share.setText(fmt.percent(Decimal(int(done.share * 100))))
        bad = done.share * run.sum("quarantined") / max(done.done, 1)
        self._bar.set_parts([(max(0.0, done.share - bad), "accent"), (bad, "bad_solid")])
        rate = t("legacy.progress.rate", rate=fmt.number(round(done.rate)), n=round(done.rate))
        left = t("legacy.progress.left", span=duration(done.left.total_seconds())) if done.left else ""
        mute = silent(found) is not None  # a rate and an end would be made up
        self._pace.setText("" if mute else " · ".join(words for words in (left, rate) if words))
        part = run.current
        now = titled(part.title, part.entity) if part is not None else ""
        words = t("legacy.progress.stopping") if run.cancel_requested else t("legacy.progress.keeps")
        self._keeps.setText(f"{t('legacy.progress.now', entity=now)} {words}" if now else words)
        self._who.setText(self._started(run))

    def _show_other(self, run: Run) -> None:
        waiting = run.state == "waiting"
        words = mode_words(run.mode) + (f" · {t('legacy.run.dry')}" if run.dry else "")
        self._what.setText(words)
        if waiting or run.started_at is None or run.finished_at is None:
            self._pace.setText("")
        else:
            seconds = (run.finished_at - run.started_at).total_seconds()
            rows = run.sum("read")
            rate = fmt.number(round(rows / seconds)) if seconds >= 1 else fmt.number(rows)
            pace = t("legacy.progress.rate", rate=rate, n=2)
            self._pace.setText(f"{t('legacy.progress.took', span=duration(seconds))} · {pace}")
        if waiting and run.ends_at is not None:
            self._keeps.setText(t("legacy.progress.waiting_until", at=fmt.date_time(run.ends_at)))
        else:
            self._keeps.setText(t("legacy.progress.waiting") if waiting else self._outcome(run))
        why = run_error(run)
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self._who.setText(self._started(run))

    @staticmethod
    def _outcome(run: Run) -> str:
        parts = len(run.parts)
        return t(
            "legacy.progress.outcome", rows=fmt.number(run.sum("read")), n=parts, parts=fmt.number(parts)
        )

    def _started(self, run: Run) -> str:
        at = fmt.date_time(run.started_at or run.requested_at)
        if not run.requested_by:
            return t("legacy.progress.scheduled", at=at)
        return t("legacy.progress.started", at=at, who=name(self._ctx, run.requested_by))

    def _open(self) -> None:
        if self._run is not None:
            self._ctx.navigate.open_record("legacy.run", self._run.id)


class Figure(Card):
    """One number with its word and icon."""

    def __init__(self, key: str, icon: str, tone: str) -> None:
        super().__init__()
        self.setObjectName(f"figure.{key}")
        self._tone = tone
        head = QHBoxLayout()
        head.setSpacing(px("gap_s"))
        head.addWidget(IconLabel(icon, px("icon_small"), tone))
        head.addWidget(Label(t(f"legacy.figure.{key}"), "body", "text2", elide=True), 1)
        self.body.addLayout(head)
        self.number = Label("0", "display", tone)
        self.number.setObjectName(f"figure.{key}.number")
        self.body.addWidget(self.number)
        self.note = Label("", "small", "text3", elide=True)
        self.body.addWidget(self.note)

    def show_number(self, value: int, note: str = "") -> None:
        """Show a number; nothing counts is not worth a colour."""
        self.number.setText(fmt.number(value))
        self.number.set_color(self._tone if value else "text3")
        self.note.setText(note or " ")  # the four stay alike


class Figures(QWidget):
    """New, changed, unchanged, in quarantine."""

    def __init__(self, _ctx: AppContext) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap_m"))
        self.created = Figure("created", "plus", "ok")
        self.changed = Figure("changed", "pencil", "info")
        self.unchanged = Figure("unchanged", "minus", "text")
        self.open = Figure("quarantine", "circle-alert", "bad")
        for figure in (self.created, self.changed, self.unchanged, self.open):
            row.addWidget(figure, 1)

    def show_run(self, run: Run | None, found: State | None) -> None:
        """Show the figures of a run; the quarantine of the run (or, with ``found``, all that is open)."""
        self.setVisible(run is not None)
        if run is None:
            return
        self.created.show_number(run.sum("created"))
        protected = run.sum("protected")
        self.changed.show_number(
            run.sum("changed"),
            t("legacy.figure.protected", n=protected, count=fmt.number(protected)) if protected else "",
        )
        self.unchanged.show_number(run.sum("unchanged"))
        here = run.sum("quarantined")
        if found is None:
            self.open.show_number(here)
        else:
            note = t("legacy.figure.this_run", n=here, count=fmt.number(here)) if here else ""
            self.open.show_number(found.open, note)
