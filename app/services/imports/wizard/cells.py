"""From a cell to a value of its type, and how numbers and days of a file are written."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.core.format import MINUS
from app.services.imports.wizard.sheets import Broken, Cell

YES = {"1", "ja", "j", "yes", "y", "wahr", "true", "x", "✓"}
NO = {"0", "nein", "n", "no", "falsch", "false", "-", "–"}
ORDERS = ("dmy", "mdy", "ymd")
_CURRENCY = re.compile(r"^(?:€|EUR|\$|USD|CHF|£|GBP)\s*|\s*(?:€|EUR|\$|USD|CHF|£|GBP|%)$", re.IGNORECASE)
_SPACES = re.compile(r"[\s\u00a0\u202f']")


class WrongCellError(ValueError):
    """The cell holds no value of the type; the text is the code of a finding."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How numbers and days are written in a file: decimal mark ``,`` or ``.``, order ``dmy``, ``mdy`` or ``ymd``."""

    mark: str = ","
    order: str = "dmy"


def text(cell: Cell) -> str | None:
    """A cell as text: whole numbers without a point, days as ISO."""
    if cell is None:
        return None
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, Decimal):
        return format(cell.normalize(), "f")
    return str(cell).strip() or None


def number(cell: Cell, writing: Writing) -> Decimal:
    """A number.  Raises `WrongCellError` not_number."""
    if isinstance(cell, bool | date):
        raise WrongCellError("not_number")
    if isinstance(cell, int | Decimal):
        return Decimal(cell)
    group = "." if writing.mark == "," else ","
    plain = _SPACES.sub("", _CURRENCY.sub("", str(cell).strip())).replace(MINUS, "-")
    mark = re.escape(writing.mark)
    form = rf"[+-]?(\d+|\d{{1,3}}({re.escape(group)}\d{{3}})+)({mark}\d*)?|[+-]?{mark}\d+"
    if not re.fullmatch(form, plain, re.ASCII):
        raise WrongCellError("not_number")
    return Decimal(plain.replace(group, "").replace(writing.mark, "."))


def whole(cell: Cell, writing: Writing) -> int:
    """A whole number.  Raises `WrongCellError` not_whole."""
    found = number(cell, writing)
    if found != found.to_integral_value():
        raise WrongCellError("not_whole")
    return int(found)


def day(cell: Cell, writing: Writing) -> date:
    """A day.  Raises `WrongCellError` not_date, also for one that does not exist."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    plain = str(cell).strip()
    found = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?", plain, re.ASCII)
    if found:
        year, month, number_ = (int(part) for part in found.groups()[:3])
    else:
        found = re.fullmatch(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})(?: .*)?", plain, re.ASCII)
        if not found:
            raise WrongCellError("not_date")
        parts = dict(zip("ymd" if len(found[1]) == 4 else writing.order, found.groups(), strict=True))
        if len(parts["y"]) not in (2, 4):
            raise WrongCellError("not_date")
        year = int(parts["y"]) + (2000 if len(parts["y"]) == 2 else 0)
        month, number_ = int(parts["m"]), int(parts["d"])
    try:
        return date(year, month, number_)
    except ValueError:
        raise WrongCellError("not_date") from None


def flag(cell: Cell) -> bool:
    """Yes or no in either language.  Raises `WrongCellError` not_flag."""
    if isinstance(cell, bool):
        return cell
    word = (text(cell) or "").casefold()
    if word in YES or word in NO:
        return word in YES
    raise WrongCellError("not_flag")


def choice(cell: Cell, words: Mapping[str, Any]) -> Any:
    """One of the values by its word, case ignored.  Raises `WrongCellError` not_one_of."""
    found = words.get((text(cell) or "").casefold())
    if found is None:
        raise WrongCellError("not_one_of")
    return found


def value_of(kind: str, cell: Cell, writing: Writing, words: Mapping[str, Any]) -> Any:
    """The value of a cell that is not empty.  Raises `WrongCellError`."""
    if isinstance(cell, Broken):
        raise WrongCellError(cell.code)
    match kind:
        case "number":
            return number(cell, writing)
        case "whole":
            return whole(cell, writing)
        case "date":
            return day(cell, writing)
        case "flag":
            return flag(cell)
        case "choice":
            return choice(cell, words)
    return text(cell)


def guess_mark(cells: Iterable[Cell], usual: str) -> str:
    """The decimal mark of a column of texts: what stands last, or before other than three digits."""
    votes = {",": 0, ".": 0}
    for cell in cells:
        if not isinstance(cell, str):
            continue
        plain = _SPACES.sub("", _CURRENCY.sub("", cell))
        if not re.fullmatch(r"[+-]?[\d.,]+", plain, re.ASCII):
            continue
        for mark, group in ((",", "."), (".", ",")):
            if re.fullmatch(rf"[+-]?[\d{group}]*\{mark}(\d{{1,2}}|\d{{4,}})", plain) or re.fullmatch(
                rf"[+-]?\d{{1,3}}(\{group}\d{{3}})+\{mark}\d*", plain
            ):
                votes[mark] += 1
    if votes[","] == votes["."]:
        return usual
    return "," if votes[","] > votes["."] else "."


def guess_order(cells: Iterable[Cell], usual: str) -> str:
    """The order of day and month in a column of texts, as far as a number above 12 gives it away."""
    first = second = dots = 0
    for cell in cells:
        found = (
            re.fullmatch(r"(\d{1,2})([./-])(\d{1,2})[./-](\d{2}|\d{4})", cell)
            if isinstance(cell, str)
            else None
        )
        if found:
            first += int(found[1]) > 12
            second += int(found[3]) > 12
            dots += found[2] == "."
    if first or second:
        return "dmy" if first >= second else "mdy"
    return "dmy" if dots else usual
