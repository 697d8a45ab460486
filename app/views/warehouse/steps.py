"""Work done in steps: each scan makes the next state of it, each can be taken back, and what is unfinished is kept."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial
from typing import Any, Generic, TypeVar

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.drafts import pack, unpack
from app.core.errors import AppError, NotAllowed, SessionEnded
from app.core.i18n import t
from app.services.labels.scanning import LOT, PRODUCT, Hit
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.scanner import LATER
from app.views.core.surfaces import Card
from app.views.core.theme import px
from app.views.core.values import error_text
from app.views.terminal.parts import TouchButton
from app.views.warehouse.parts import ScanPage

W = TypeVar("W")
C = TypeVar("C")
# Name, words, icon, kind, what it does.
Button = tuple[str, str, str, str, Callable[[], object]]
UNDO = 50
ONE = Decimal(1)


class StepPage(ScanPage, Generic[W]):
    """``work`` is how far it is; None on screens where something has to be chosen first.

    ``booking`` is the key of what booking is called, ``leaving`` begins the keys of the question before unfinished
    work is left.
    """

    work: W
    waits = True
    booking = "scan_work.post"
    leaving = "scan_work.clear"

    def __init__(self, ctx: AppContext, state: dict[str, Any], name: str, kept_under: str) -> None:
        super().__init__(ctx)
        self._past: list[W] = []
        self._posting = False
        self._kept_as = f"warehouse.{name}.{ctx.profile.person}"
        kept = state.get(kept_under) or ctx.settings.get(self._kept_as)
        self.work = self.restored(unpack(kept) if isinstance(kept, dict) else None)

    def restored(self, kept: dict[str, Any] | None) -> W:
        """Work from what was kept of it; the beginning when nothing was."""
        raise NotImplementedError

    def wanted(self) -> str:
        """What is to be scanned now, in words."""
        raise NotImplementedError

    def outcome(self) -> tuple[str, str]:
        """What the last step came to, in words, and its tone."""
        raise NotImplementedError

    def show_work(self, said: str = "", tone: str = "") -> None:
        """Keep the work and show it, with what was done last."""
        raise NotImplementedError

    def post(self, then: Callable[[], None] | None = None) -> str:
        """Book it and call ``then`` when that worked; the tone."""
        raise NotImplementedError

    def forget(self) -> object:
        """Begin anew."""
        raise NotImplementedError

    def complete(self) -> bool:
        """Whether it can be booked as it is."""
        raise NotImplementedError

    # -- TabPage ------------------------------------------------------------------------------------------------

    def saving(self) -> str:
        """What booking is called; nothing while it would be half done."""
        return self.booking if self.complete() else ""

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Book what was scanned, then go on."""
        self.post(then)

    def discard(self) -> None:
        """Forget what was scanned."""
        self.keep(None)

    def keep(self, kept: dict[str, Any] | None) -> None:
        """Write down what is unfinished; None: nothing is."""
        self.ctx.settings.set(self._kept_as, pack(kept) if kept is not None else None)

    # -- scans --------------------------------------------------------------------------------------------------

    def on_command(self, command: str) -> str:
        """Codes of the sheet: all that the buttons do, and the digits of a quantity."""
        work: Any = self.work
        if work is None:
            return "bad"
        if command.isdigit():
            return self.step(lambda: work.digit(command))
        if command == "more":
            return self.step(lambda: work.more(ONE))
        if command == "undo":
            return self.undo()
        if command == "cancel":
            self.leave()
            return "ok"
        return self.confirm()

    def confirm(self) -> str:
        """The commands to confirm and to book."""
        return self.post()

    # -- steps --------------------------------------------------------------------------------------------------

    def step(self, make: Callable[[], W], said: str = "") -> str:
        """Do a step, and say what it came to or why it is refused. The tone for it."""
        if self._posting:
            return "bad"
        before = self.work
        try:
            self.work = make()
        except AppError as error:
            self.tell(error_text(error), "bad")
            return "bad"
        if self.work != before:
            self._past = [*self._past[-UNDO:], before]
        words, tone = (said, "ok") if said else self.outcome()
        self.show_work(words, tone)
        return tone

    def change(self, change: Decimal) -> None:
        """A quantity that was scanned last, changed by hand."""
        work: Any = self.work
        if work is not None:
            self.step(lambda: work.more(change))

    def undo(self) -> str:
        """Take the last step back; the tone for it."""
        if self._posting:
            return "bad"
        if not self._past:
            self.tell(t("scan_work.nothing_to_undo"), "warn")
            return "warn"
        self.work = self._past.pop()
        self.show_work(t("scan_work.undone"))
        return "ok"

    def leave(self) -> None:
        """Begin anew, after a question when something was scanned."""
        if self.dirty():
            title, text = t(f"{self.leaving}_title"), t(f"{self.leaving}_text")
            ask(self, title, text, f"{self.leaving}_yes", self.forget)
        else:
            self.forget()

    def book(
        self,
        fn: Callable[[Any, Any], Any],
        make: Callable[[], C],
        done: Callable[[Any], None],
        button: QWidget,
        failed: Callable[[BaseException, C], bool] | None = None,
    ) -> str:
        """Make the command and carry it out, once at a time; nothing is scanned meanwhile. The tone for it."""
        if self._posting:
            return "bad"
        try:
            command = make()
        except AppError as error:
            self.tell(error_text(error), "bad")
            return "bad"
        self._posting = True

        def over() -> None:
            self._posting = False

        op: WriteOp[Any] = WriteOp(self, self.ctx, fn, command).disabling(button).success(done)
        op.failure(lambda error: failed(error, command) if failed else self.refused(error))
        op.finally_(over).start()
        return LATER

    def refused(self, error: BaseException) -> bool:
        """The database said no: what it says stands in the prompt."""
        self.signal("bad")
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        self.tell(error_text(error), "bad")
        return True

    def tell(self, said: str, tone: str) -> None:
        """Say what became of a scan."""
        self.prompt.tell(self.wanted(), said, tone)

    def say_first(self, shown: int) -> None:
        """There is more to choose from than is shown: a scan finds the rest."""
        words = t("scan_work.first", count=fmt.number(shown))
        self.box.addWidget(Label(words, "touch_text", "text2", wrap=True))

    def add_buttons(self, left: Iterable[Button], right: Iterable[Button]) -> None:
        """The buttons at the foot; each becomes ``<name>_button``."""
        for side in (left, right):
            if side is right:
                self.foot.addStretch(1)
            for name, words, icon, kind, run in side:
                button = TouchButton(t(words), icon, kind, clicked=run)
                button.setObjectName(f"action.{name}")
                setattr(self, f"{name}_button", button)
                self.foot.addWidget(button)


def goods_of(hits: tuple[Hit, ...], mine: Iterable[int]) -> Hit | None:
    """What was scanned of the goods; of several with the same number, that which is worked on here."""
    wanted = set(mine)
    of_goods = [hit for hit in hits if hit.topic in (PRODUCT, LOT)]
    return next((hit for hit in of_goods if hit.product_id in wanted), next(iter(of_goods), None))


def two_lines(head: str, second: str, style: str = "touch_word") -> QVBoxLayout:
    """What it is, and below it what else there is to know."""
    words = QVBoxLayout()
    words.setSpacing(px("gap_xs"))
    words.addWidget(Label(head, style, elide=True))
    if second:
        words.addWidget(Label(second, "touch_text", "text2", elide=True))
    return words


def row_card(
    name: str, head: str, parts: Iterable[str], style: str = "touch_word"
) -> tuple[Card, QHBoxLayout]:
    """A card of one row, and the row for what follows the words."""
    card = Card()
    card.setObjectName(name)
    row = QHBoxLayout()
    row.setSpacing(px("gap_l"))
    row.addLayout(two_lines(head, " · ".join(part for part in parts if part), style), 1)
    card.body.addLayout(row)
    return card, row


def choice_card(
    number: str, name: str, parts: Iterable[str], words: str, start: Callable[[], object]
) -> tuple[Card, QHBoxLayout]:
    """A document one may begin with."""
    card, row = row_card(f"row.{number}", f"{number} {name}", parts)
    go = TouchButton(words, "play", clicked=start)
    go.setObjectName(f"action.start.{number}")
    row.addWidget(go)
    return card, row


def add_amount(row: QHBoxLayout, amount: str, change: Callable[[Decimal], object] | None = None) -> None:
    """A quantity at the end of a row; what was scanned last can be changed."""
    if change is not None:
        row.addWidget(_one("minus", "less", partial(change, -ONE)))
    row.addWidget(Label(amount, "touch_name"))
    if change is not None:
        row.addWidget(_one("plus", "more", partial(change, ONE)))


def _one(icon: str, name: str, run: Callable[[], object]) -> QWidget:
    button = TouchButton("", icon, clicked=run)
    button.setObjectName(f"action.{name}")
    button.setAccessibleName(t(f"scan_work.{name}"))
    return button
