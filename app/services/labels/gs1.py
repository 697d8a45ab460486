"""GS1 element strings: read and written with application identifiers, check digits, dates and decimals.

`parse` takes what a scanner delivers (separator FNC1 as GS, ``\\x1d``; with or without the symbology identifier in
front) and the bracketed form people read, ``(01)04012345678901(10)A1``.  All errors are `Invalid` with a key ``gs1_…``.
"""

import calendar
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache

from app.core.errors import Invalid
from app.services.labels.gs1_table import PREDEFINED, ROWS

FNC1 = "\x1d"
GTIN_LENGTHS = (8, 12, 13, 14)
# How scanners announce GS1 data: GS1-128, DataBar, DataMatrix, QR, DotCode.
SYMBOLOGIES = ("]C1", "]e0", "]e1", "]e2", "]d2", "]Q3", "]J1")
# Character set 82.
_SET_82 = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]*")
_PART = re.compile(r"([NX])(\.\.)?(\d+)")
_BRACKETED = re.compile(r"\((\d{2,4})\)")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a value: digits or characters, of exactly or at most ``length``."""

    digits: bool
    exact: bool
    length: int


@dataclass(frozen=True, slots=True)
class Identifier:
    """What one application identifier says: ``name`` is our word for it, ``rule`` check, date, hours or empty."""

    ai: str
    parts: tuple[Part, ...]
    name: str
    rule: str
    decimals: int | None

    @property
    def longest(self) -> int:
        """How many characters a value may have."""
        return sum(part.length for part in self.parts)

    @property
    def needs_separator(self) -> bool:
        """Whether an FNC1 has to follow when something comes after it."""
        return self.ai[:2] not in PREDEFINED


@dataclass(frozen=True, slots=True)
class Element:
    """One identifier with its value as it stands in the code."""

    ai: str
    value: str

    @property
    def name(self) -> str:
        """Our word for the identifier: gtin, lot, serial, sscc …"""
        return identifier(self.ai).name

    def meaning(self) -> str | date | Decimal:
        """The value as a day, a decimal number or a text, as its identifier says."""
        known = identifier(self.ai)
        if known.rule == "date":
            return read_date(self.value)
        if known.decimals is not None:
            digits = self.value[3:] if len(known.parts) == 2 else self.value
            return Decimal(int(digits)).scaleb(-known.decimals)
        if known.name in ("count", "variable_count"):
            return Decimal(int(self.value))
        return self.value


@cache
def _table() -> Mapping[str, Identifier]:
    table: dict[str, Identifier] = {}
    for line in ROWS.split("\n"):
        words = line.split()
        if not words:
            continue
        ai, form, name = words[0], words[1], words[-1]
        parts = tuple(Part(kind == "N", not most, int(length)) for kind, most, length in _PART.findall(form))
        rule = words[2] if len(words) == 4 else ""
        for places in range(10) if ai.endswith("n") else (None,):
            full = ai if places is None else f"{ai[:-1]}{places}"
            table[full] = Identifier(full, parts, name, rule, places)
    return table


def identifier(ai: str) -> Identifier:
    """What an identifier says.  Invalid ``gs1_unknown_identifier``."""
    found = _table().get(ai)
    if found is None:
        raise Invalid("gs1_unknown_identifier", ai=ai)
    return found


def check_digit(digits: str) -> str:
    """The check digit of EAN-8, UPC-A, EAN-13, GTIN-14, SSCC, GLN for the digits before it."""
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid("gs1_digits_only", value=digits)
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def with_check_digit(digits: str) -> str:
    """The digits with their check digit behind them."""
    return digits + check_digit(digits)


def require_check_digit(digits: str) -> str:
    """The same digits; Invalid ``gs1_check_digit`` when their last one is wrong."""
    expected = check_digit(digits[:-1])
    if digits[-1:] != expected:
        raise Invalid("gs1_check_digit", value=digits, expected=expected)
    return digits


def gtin14(code: str) -> str:
    """A GTIN of 8, 12, 13 or 14 digits in 14; Invalid when it is none."""
    if len(code) not in GTIN_LENGTHS or not (code.isascii() and code.isdigit()):
        raise Invalid("gs1_no_gtin", value=code)
    return require_check_digit(code).zfill(14)


def short_gtin(code: str) -> str:
    """A GTIN in 14 digits as it is printed at the till: EAN-8, EAN-13 or the 14 digits of a case."""
    full = gtin14(code)
    if full.startswith("000000"):
        return full[6:]
    return full.removeprefix("0")


def same_gtin(one: str, other: str) -> bool:
    """Whether two codes are the same GTIN, however many zeros stand in front."""
    return one.zfill(14) == other.zfill(14)


def sscc(extension: str, company_prefix: str, serial: int) -> str:
    """A serial shipping container code: extension digit, company prefix, running number, check digit."""
    room = 16 - len(company_prefix)
    number = str(serial)
    if len(extension) != 1 or not (extension + company_prefix).isdigit() or room < 1 or len(number) > room:
        raise Invalid("gs1_no_sscc", value=f"{extension}{company_prefix}{number}")
    return with_check_digit(extension + company_prefix + number.zfill(room))


def read_date(value: str, today: date | None = None) -> date:
    """A day written YYMMDD; day 00 is the last of the month, the century the nearest to today's year."""
    if not re.fullmatch(r"\d{6}", value, re.ASCII):
        raise Invalid("gs1_date", value=value)
    this_year = (today or date.today()).year  # noqa: DTZ011  (only the century matters)
    year = this_year - this_year % 100 + int(value[:2])
    if year - this_year >= 51:
        year -= 100
    elif year - this_year <= -50:
        year += 100
    month, day = int(value[2:4]), int(value[4:])
    try:
        return date(year, month, day or calendar.monthrange(year, month)[1])
    except (ValueError, calendar.IllegalMonthError):
        raise Invalid("gs1_date", value=value) from None


def write_date(day: date) -> str:
    """A day as YYMMDD."""
    return f"{day:%y%m%d}"


def write_decimal(ai: str, amount: Decimal) -> str:
    """An amount for an identifier such as 3103: without a point, as many places as the identifier says."""
    known = identifier(ai)
    scaled = amount.scaleb(known.decimals or 0)
    part = known.parts[-1]
    if amount < 0 or scaled != scaled.to_integral_value() or len(str(int(scaled))) > part.length:
        raise Invalid("gs1_amount", ai=ai, value=str(amount))
    return str(int(scaled)).zfill(part.length if part.exact else 1)


def parse(text: str, separators: str = FNC1) -> tuple[Element, ...]:
    """The elements of a scanned or a bracketed string.  ``separators``: all characters that stand for FNC1.

    Invalid ``gs1_empty``, ``gs1_unknown_identifier``, ``gs1_length``, ``gs1_digits_only``, ``gs1_characters``,
    ``gs1_check_digit``, ``gs1_date``, ``gs1_truncated``.
    """
    for prefix in SYMBOLOGIES:
        if text.startswith(prefix):
            text = text[len(prefix) :]
            break
    for separator in separators:
        text = text.replace(separator, FNC1)
    text = text.strip(FNC1 + " \r\n")
    if not text:
        raise Invalid("gs1_empty")
    elements = _bracketed(text) if text.startswith("(") else _scanned(text)
    for element in elements:
        check(element)
    return elements


def announced(text: str) -> bool:
    """Whether a scanner announced the text as GS1 data."""
    return text.startswith(SYMBOLOGIES)


def named(elements: Iterable[Element]) -> dict[str, str | date | Decimal]:
    """What the elements mean by name: ``{"gtin": …, "lot": …, "expires_on": date, "count": Decimal}``."""
    return {element.name: element.meaning() for element in elements}


def build(elements: Iterable[Element]) -> str:
    """What stands in the code, without the FNC1 at its front: separators only where they are needed.

    Elements of fixed length go first, so that fewer separators are needed; otherwise the order stays.
    """
    ordered = sorted(elements, key=lambda element: identifier(element.ai).needs_separator)
    parts: list[str] = []
    for place, element in enumerate(ordered):
        check(element)
        parts += [element.ai, element.value]
        if identifier(element.ai).needs_separator and place < len(ordered) - 1:
            parts.append(FNC1)
    if not parts:
        raise Invalid("gs1_empty")
    return "".join(parts)


def bracketed(elements: Iterable[Element]) -> str:
    """The form people read, in the order of `build`."""
    ordered = sorted(elements, key=lambda element: identifier(element.ai).needs_separator)
    return "".join(f"({element.ai}){element.value}" for element in ordered)


def check(element: Element) -> None:
    """Refuse a value its identifier does not allow."""
    known, value = identifier(element.ai), element.value
    shortest = sum(part.length if part.exact else 0 for part in known.parts)
    if not max(shortest, 1) <= len(value) <= known.longest:
        raise Invalid("gs1_length", ai=element.ai, value=value, longest=known.longest)
    if not _SET_82.fullmatch(value):
        raise Invalid("gs1_characters", ai=element.ai, value=value)
    start = 0
    for part in known.parts:
        piece = value[start : start + part.length]
        start += part.length
        if part.digits and piece and not (piece.isascii() and piece.isdigit()):
            raise Invalid("gs1_digits_only", value=value)
    if known.rule == "check":
        require_check_digit(value[: known.parts[0].length])
    elif known.rule == "date":
        read_date(value)
    elif known.rule == "hours":
        read_date(value[:6])
        if int(value[6:8]) > 23 or int(value[8:10]) > 59:
            raise Invalid("gs1_date", value=value)


def shelf_life(elements: Iterable[Element], today: date) -> timedelta | None:
    """How long the goods may still be used or sold; negative when the day has passed, None without such a day."""
    known = named(elements)
    day = known.get("expires_on") or known.get("best_before")
    return day - today if isinstance(day, date) else None


def _bracketed(text: str) -> tuple[Element, ...]:
    marks = [mark for mark in _BRACKETED.finditer(text) if mark.group(1) in _table()]
    if not marks or marks[0].start() != 0:
        raise Invalid("gs1_unknown_identifier", ai=text[1:5])
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    return tuple(
        Element(mark.group(1), text[mark.end() : end].rstrip(FNC1))
        for mark, end in zip(marks, ends, strict=True)
    )


def _scanned(text: str) -> tuple[Element, ...]:
    elements: list[Element] = []
    at = 0
    while at < len(text):
        if text[at] == FNC1:
            at += 1
            continue
        known = next((k for n in (2, 3, 4) if (k := _table().get(text[at : at + n]))), None)
        if known is None:
            raise Invalid("gs1_unknown_identifier", ai=text[at : at + 4])
        at += len(known.ai)
        stop = text.find(FNC1, at)
        stop = len(text) if stop < 0 else stop
        if not known.needs_separator or all(part.exact for part in known.parts):
            stop = min(stop, at + known.longest)
        if known.needs_separator is False and stop - at < known.longest:
            raise Invalid("gs1_truncated", ai=known.ai, value=text[at:stop])
        elements.append(Element(known.ai, text[at:stop]))
        at = stop
    return tuple(elements)
