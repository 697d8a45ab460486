"""What became of what is printed at a terminal: a light in its bar, a message when somebody has to help, a page."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import has_text, t
from app.services.printing import reads, writes
from app.services.printing.commands import Action, ActOnJobs
from app.services.printing.reads import Choice, JobRow
from app.services.printing.writes import JOB, PRINTER
from app.views.core.context import AppContext
from app.views.core.marks import Chip, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names, when_known
from app.views.core.surfaces import Card, EmptyState, clear_layout
from app.views.core.tasks import alive
from app.views.core.theme import px
from app.views.printing.watch import PrintWatch
from app.views.printing.words import STATES, STATUS, reason_words, untried
from app.views.terminal.jobs import TerminalPage
from app.views.terminal.parts import Light, TouchButton

if TYPE_CHECKING:
    from app.views.terminal.window import TerminalWindow

MOST_CARDS = 40
ACROSS = 3
WAITS = frozenset(reads.OPEN) - {"sending"}
_GONE_WELL = frozenset(reads.OUT)
_FOR_THE_OFFICE = frozenset({"certificate", "sign_in", "nonsense"})
_SAME = {"away": "offline", "cut": "attention", "busy": "printing"}


class TerminalPrints(PrintWatch):
    """One per terminal: what its worker says, and what the operator may see of the queue.

    Signals:
        looked: the light, or what the page shows, is another way now.
    """

    looked = Signal()

    def __init__(self, ctx: AppContext, window: "TerminalWindow") -> None:
        super().__init__(ctx, window)
        self._terminal = window
        self.rows: tuple[JobRow, ...] = ()
        self._troubled: dict[str, str] = {}
        """What ails a printer, as the worker found it: with nobody signed on there is nobody else to ask."""
        self._last: tuple[str, str] | None = None
        """How the last one went well, and where."""
        self._running: frozenset[int] = frozenset()
        self._unseen = 0

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Something is to be printed."""
        super().receive_changes(changes, own=own)
        if any(change.topic == JOB for change in changes):
            self.look()

    def look(self) -> None:
        """Read again; with nobody signed on there is nothing to read."""
        if self._terminal.operator is None:
            self.rows = ()
            self.looked.emit()
            return
        op: ReadOp[tuple[JobRow, ...]] = ReadOp(self, self._terminal.ctx, reads.at_terminal)
        op.replacing("prints").success(self._found).failure(lambda _error: True).start()

    def _found(self, rows: tuple[JobRow, ...]) -> None:
        if self._terminal.operator is None:
            return
        out = next((row for row in rows if row.id in self._running and row.state in _GONE_WELL), None)
        if out is not None:  # by whomever it was sent
            self._last = (out.state, out.printer)
        self._running = frozenset(row.id for row in rows if row.state in ("waiting", "sending"))
        self.rows, self._unseen = rows, 0
        self.looked.emit()

    def told(self, outcome: Any) -> None:
        """What became of a job, from the worker."""
        if outcome.state == "waiting":
            self._troubled[outcome.printer] = outcome.reason
        else:
            self._troubled.pop(outcome.printer, None)
            if outcome.own:
                self._last = (outcome.state, outcome.printer) if outcome.state in _GONE_WELL else None
                self._unseen += outcome.state in reads.TROUBLE
        if self._terminal.operator is not None:
            self._tell(outcome)
        self.look()

    def empty(self) -> None:
        """Whatever ailed a printer, nobody waits for it any more."""
        if self._troubled:
            self._troubled = {}
            self.look()

    def _tell(self, outcome: Any) -> None:
        """Ask for a hand; nobody is told twice, nor what the office prints here."""
        if outcome.state in _GONE_WELL or (outcome.state == "waiting" and not outcome.first):
            return
        if outcome.own:
            words = (
                f"{outcome.title}: {happened(outcome.state, outcome.reason, outcome.printer, outcome.detail)}"
            )
        elif outcome.state == "waiting":
            words = f"{outcome.printer}: {reason_words(outcome.reason, outcome.printer, outcome.detail)}"
        else:
            return
        kind = "warn" if outcome.state == "waiting" else "bad"
        show = ("terminal.prints.show", self._terminal.open_prints)
        self._terminal.toast(f"{words}\n{to_do(outcome.state, outcome.reason)}", kind=kind, action=show)

    def acted(self) -> None:
        """Somebody has done something about a job: what was said last may be old."""
        self._last = None
        self.nudge()
        self.look()

    def is_mine(self, row: JobRow) -> bool:
        """Whether the operator asked for it himself: only he has it printed once more."""
        operator = self._terminal.operator
        return operator is not None and row.requested_by == operator.login

    def light(self) -> Light | None:
        """What the bar says; the worst counts."""
        stuck = sum(row.state in reads.TROUBLE for row in self.rows) or self._unseen
        if stuck:
            return Light("bad", "triangle-alert", t("terminal.prints.light.stuck", n=stuck))
        waiting = {row.printer: row.reason for row in self.rows if row.state == "waiting" and row.reason}
        for printer, reason in (self._troubled | waiting).items():
            words = t("terminal.prints.light.printer", printer=printer, state=ails(reason))
            return Light("warn", "printer", words)
        running = sum(row.state in ("waiting", "sending") for row in self.rows)
        if running:
            return Light("info", "printer", t("terminal.prints.light.running", n=running))
        if self._last is not None:
            state, printer = self._last
            return Light("ok", "check", t(f"terminal.prints.light.{state}", printer=printer))
        if self.rows:
            return Light("secondary", "printer", t("terminal.prints.light.some"))
        return None


_ACTIONS: Mapping[str, Action] = {
    "release": "release",
    "again": "again",
    "cancel": "cancel",
    "there": "cancel",
    "drop": "cancel",
}
"""What a button asks for; paper that lies there and what is not wanted any more are both taken off the queue."""


def _code(reason: str) -> str:
    """The state of a printer behind a reason."""
    code = reason.removeprefix("printer_")
    return _SAME.get(code, code)


def ails(reason: str) -> str:
    """What is the matter with a printer, in two words."""
    return t(STATUS.get(_code(reason), STATUS["attention"])[1])


def happened(state: str, reason: str, printer: str, detail: str) -> str:
    """What became of a job, in a sentence; nothing where its state says all."""
    if state == "unclear":
        return t("terminal.prints.unclear", reason=reason_words(reason, printer, detail))
    return reason_words(reason, printer, detail) if state in ("waiting", "failed") else ""


def to_do(state: str, reason: str) -> str:
    """What somebody who stands here can do about it."""
    if state in reads.TROUBLE:
        return t(f"terminal.prints.do.{state}")
    if state != "waiting" or not reason:
        return ""
    code = _code(reason)
    key = f"terminal.prints.do.{'office' if code in _FOR_THE_OFFICE else code}"
    return t(key if has_text(key) else "terminal.prints.do.attention")


class PrintsPage(TerminalPage):
    """Everything asked for at this terminal that somebody has to look after, that waits, or that is out."""

    icon = "printer"
    topics = frozenset({JOB, PRINTER})

    def __init__(self, ctx: AppContext, prints: TerminalPrints, back: Callable[[], object]) -> None:
        super().__init__(ctx, t("terminal.prints.title"))
        self.setObjectName("terminal.prints_page")
        self._prints = prints
        self._printers: tuple[Choice, ...] = ()
        self._choosing = 0
        self._shown: tuple[Any, ...] = ()
        leave = TouchButton(t("terminal.back"), "arrow-left", clicked=back)
        leave.setObjectName("terminal.back")
        self.head.insertWidget(0, leave)
        prints.looked.connect(self._show)
        when_known(ctx, self._show_if_there)
        self._show()
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return self.heading.text()

    def refresh(self) -> None:
        """Read again."""
        self._prints.look()

    def _show_if_there(self) -> None:
        """The names are known."""
        if alive(self):
            self._show()

    def _show(self) -> None:
        shown = (self._prints.rows, self._choosing, dict(names(self.ctx)))
        if shown == self._shown:
            return  # nothing moves away under a finger
        self._shown = shown
        clear_layout(self.box)
        chosen = [row for row in self._prints.rows if row.id == self._choosing]
        for row in chosen or self._prints.rows[:MOST_CARDS]:  # who chooses a printer looks at nothing else
            self.box.addWidget(self._card(row))
        if not self._prints.rows:
            empty = EmptyState("printer", t("terminal.prints.empty"), t("terminal.prints.empty_text"))
            self.box.addWidget(empty)

    def _card(self, row: JobRow) -> QWidget:
        card = Card()
        card.setObjectName(f"print.{row.id}")
        line = QHBoxLayout()
        line.setSpacing(px("gap_l"))
        words = QVBoxLayout()
        words.setSpacing(px("gap_xs"))
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        tone, key = STATES[row.state]
        if row.state == "waiting" and row.reason:
            tone = "warn"
        first.addWidget(Chip("bad" if row.state in reads.TROUBLE else tone, t(key)))
        if row.is_copy:
            first.addWidget(Chip("neutral", t("printing.job.is_copy")))
        where = (row.printer, name(self.ctx, row.requested_by), fmt.date_time(row.requested_at))
        first.addWidget(
            Label(" · ".join(part for part in where if part), "touch_hint", "text2", elide=True), 1
        )
        words.addLayout(first)
        words.addWidget(Label(row.title, "touch_name", elide=True))
        waits = untried(row, "job")
        if said := waits or happened(row.state, row.reason, row.printer, row.detail):
            words.addWidget(
                Label(said, "touch_text500", "bad" if row.state in reads.TROUBLE else "warn", wrap=True)
            )
        if advice := "" if waits else to_do(row.state, row.reason):
            words.addWidget(Label(advice, "touch_text", wrap=True))
        line.addLayout(words, 1)
        if row.id != self._choosing:
            for button in self._buttons(row):
                line.addWidget(button)
        card.body.addLayout(line)
        if row.id == self._choosing:
            card.body.addLayout(self._choice(row))
        return card

    def _buttons(self, row: JobRow) -> list[TouchButton]:
        """What can be done about it here, by this operator."""
        mine = self._prints.is_mine(row)
        found: list[TouchButton] = []
        if row.state in WAITS:
            found.append(self._button(row, "release", "play"))
            found.append(self._button(row, "cancel", "ban", "danger"))
        elif row.state in reads.TROUBLE:
            if mine:
                found.append(self._button(row, "again", "copy", "primary"))
            found.append(self._button(row, "there" if row.state == "unclear" else "drop", "check"))
        elif mine and row.state != "sending":
            found.append(self._button(row, "again", "copy"))
        if row.state in WAITS or (mine and row.state == "failed"):
            other = TouchButton(
                t("terminal.prints.other"),
                "arrow-left-right",
                height="touch_row",
                style="touch_text500",
                clicked=lambda: self._choose(row),
            )
            other.setObjectName(f"action.other.{row.id}")
            found.insert(1, other)
        return found

    def _button(self, row: JobRow, what: str, icon: str, kind: str = "secondary") -> TouchButton:
        action = _ACTIONS[what]
        button = TouchButton(
            t(f"terminal.prints.{what}"), icon, kind, height="touch_row", style="touch_text500"
        )
        button.setObjectName(f"action.{what}.{row.id}")
        button.clicked.connect(lambda: self._act(row, action, None, button))
        return button

    def _act(self, row: JobRow, action: Action, printer_id: int | None, *pressed: TouchButton) -> None:
        self._choosing = 0
        op: WriteOp[tuple[int, ...]] = WriteOp(
            self, self.ctx, writes.act, ActOnJobs((row.id,), action, printer_id)
        )
        op.disabling(*pressed).success(lambda _jobs: self._prints.acted()).start()

    def _choose(self, row: JobRow) -> None:
        def known(printers: tuple[Choice, ...]) -> None:
            self._printers, self._choosing = printers, row.id
            self._show()

        ReadOp(self, self.ctx, reads.choices).replacing("printers").success(known).start()

    def _choice(self, row: JobRow) -> QGridLayout:
        """The other printers, each as large as a finger; and the way back."""
        grid = QGridLayout()
        grid.setSpacing(px("gap_m"))
        others = [one for one in self._printers if one.id != row.printer_id]
        for number, one in enumerate(others):
            tone, key = STATUS[one.status]
            words = one.name if tone in ("ok", "info", "neutral") else f"{one.name} ({t(key)})"
            button = TouchButton(words, "printer", height="touch_row", style="touch_text500")
            button.setObjectName(f"printer.{one.id}")
            button.clicked.connect(
                lambda _checked=False, chosen=one, at=button: self._act(row, "redirect", chosen.id, at)
            )
            grid.addWidget(button, number // ACROSS, number % ACROSS)
        back = TouchButton(
            t("terminal.prints.not_other"), "x", "ghost", height="touch_row", clicked=self._not_other
        )
        back.setObjectName("printer.none")
        grid.addWidget(back, len(others) // ACROSS, len(others) % ACROSS)
        return grid

    def _not_other(self) -> None:
        self._choosing = 0
        self._show()
