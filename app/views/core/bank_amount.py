"""What the bank moved in euros for a payment in a foreign currency, and the exchange difference that follows."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.system.exchange import CENT, OpenAbroad, rate_on
from app.views.core.context import AppContext
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import Fact
from app.views.core.operation import ReadOp

OWN_PAID = Field("own_paid", "exchange.own_paid", "money", minimum=CENT)


def difference_fact(difference: Decimal) -> Fact:
    """An exchange gain, or (negative) a loss."""
    key = "exchange.gain" if difference > 0 else "exchange.loss"
    return Fact(t(key), fmt.money(abs(difference)))


class BankAmount:
    """The field of a payment dialog: proposed at the rate of the day until somebody types what the bank says.

    ``incoming``: more euros than were expected are a gain.
    """

    def __init__(
        self,
        owner: QWidget,
        ctx: AppContext,
        box: FieldBox,
        left: OpenAbroad,
        *,
        incoming: bool,
        changed: Callable[[], None],
    ) -> None:
        self._owner, self._ctx, self._box, self._left = owner, ctx, box, left
        self._incoming, self._changed = incoming, changed
        self._rate: Decimal | None = None
        self._typed = False

    def ask(self, day: date) -> None:
        """Read the rate of a day."""

        def found(rate: Decimal | None) -> None:
            self._rate = rate
            self._changed()

        op: ReadOp[Decimal | None] = ReadOp(self._owner, self._ctx, rate_on, self._left.currency, day)
        op.replacing("rate").success(found).start()

    def value(self) -> Decimal | None:
        """What stands there; None when it is empty or not a number."""
        try:
            found = self._box.value()
        except ValueError:
            return None
        return found if isinstance(found, Decimal) else None

    def typed(self) -> None:
        """Somebody has changed it; an empty one is proposed again."""
        self._typed = self.value() is not None

    def facts(self, paid: Decimal, granted: Decimal) -> list[Fact]:
        """Propose for what is being paid; the gain or loss of it, if there is one."""
        if not self._typed:
            known = paid > 0 and self._rate is not None
            self._box.set_value(self._left.moved(paid, granted, self._rate) if known and self._rate else None)
        moved = self.value()
        if moved is None or not paid:
            return []
        more = moved - self._left.taken(paid, granted)
        return [difference_fact(more if self._incoming else -more)] if more else []
