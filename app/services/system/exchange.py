"""Money in a foreign currency: the rate of a day, and what a payment comes to in euros."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

CENT = Decimal("0.01")
# As sales.rate_on has it, which decides when something is posted.
_RATE = text("""
SELECT r.rate FROM system.exchange_rate r
 WHERE r.currency = :currency AND r.valid_on BETWEEN CAST(:day AS date) - 31 AND CAST(:day AS date)
 ORDER BY r.valid_on DESC LIMIT 1
""")


def rate_on(session: Session, currency: str, day: date) -> Decimal | None:
    """The last rate of a foreign currency that is known on a day, at most a month old; None without one."""
    found = session.execute(_RATE, {"currency": currency, "day": day}).scalar_one_or_none()
    return None if found is None else Decimal(found)


def own(amount: Decimal, rate: Decimal) -> Decimal:
    """An amount in the house's own currency, rounded as the database does."""
    return (amount / rate).quantize(CENT, ROUND_HALF_UP)


class OpenAbroad(NamedTuple):
    """What is open of an invoice in a foreign currency and in euros, both positive, and the rate it was booked with."""

    currency: str
    rate: Decimal
    open_amount: Decimal
    own_open: Decimal

    def taken(self, paid: Decimal, granted: Decimal) -> Decimal:
        """What a payment takes off it in euros, beside its cash discount: with the last one goes exactly the rest."""
        if paid + granted == self.open_amount:
            return self.own_open - own(granted, self.rate)
        return own(paid, self.rate)

    def moved(self, paid: Decimal, granted: Decimal, rate: Decimal) -> Decimal:
        """What the bank moves for it at the rate of the day; `sales.bank_amount` of the database says the same."""
        return self.taken(paid, granted) if rate == self.rate else own(paid, rate)
