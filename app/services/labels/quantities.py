"""How many labels there are: one a piece, a box, a pallet, or as many as somebody says; and numbers counting up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from app.core.errors import Invalid

Per = Literal["fixed", "piece", "box", "pallet"]
MOST = 5_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the labels are for: ``qty`` of the record, how much goes into a box and onto a pallet (in pieces)."""

    per: Per
    fixed: int = 1
    qty: Decimal | None = None
    box: Decimal | None = None
    pallet: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """One label of several: its number, how many there are, what it stands for (None when not known)."""

    number: int
    count: int
    qty: Decimal | None


def labels(wanted: Wanted) -> tuple[Numbered, ...]:
    """The labels; the last one stands for what is left over.

    Invalid ``label_count`` beyond 1 to 5,000, ``label_quantity_missing``, ``label_content_missing``.
    """
    if wanted.per == "fixed":
        check_count(wanted.fixed)
        return tuple(Numbered(number, wanted.fixed, None) for number in range(1, wanted.fixed + 1))
    if wanted.qty is None or wanted.qty <= 0:
        raise Invalid("label_quantity_missing")
    one = {"piece": Decimal(1), "box": wanted.box, "pallet": wanted.pallet}[wanted.per]
    if one is None or one <= 0:
        raise Invalid("label_content_missing")
    count = int((wanted.qty / one).to_integral_value(ROUND_CEILING))
    check_count(count)
    last = wanted.qty - one * (count - 1)
    return tuple(Numbered(n, count, one if n < count else last) for n in range(1, count + 1))


def serials(first: str, count: int) -> Iterator[str]:
    """Numbers counting up from the first: ``SN-0099``, ``SN-0100``.  Only the last digits count, their width stays.

    Invalid ``label_serial_form`` without digits, ``label_serial_overflow`` when they would not be enough.
    """
    found = re.search(r"(\d+)(\D*)$", first, re.ASCII)
    if found is None:
        raise Invalid("label_serial_form", value=first)
    digits, behind = found.group(1), found.group(2)
    if len(str(int(digits) + count - 1)) > len(digits):
        raise Invalid("label_serial_overflow", value=first, n=count)
    for number in range(int(digits), int(digits) + count):
        yield f"{first[: found.start()]}{number:0{len(digits)}d}{behind}"


def check_count(count: int) -> None:
    """Refuse no labels and more than anybody can mean.  Invalid ``label_count``."""
    if not 1 <= count <= MOST:
        raise Invalid("label_count", value=count, most=MOST)
