"""The transformations a mapping can name.  Each takes a value (text, or what the step before made of it).

A step raises `WrongError` when a value cannot be used, and returns `Repaired` when it had to change what was meant.
None passes through untouched: an empty value is empty until ``default`` says otherwise.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any

BOM = "\ufeff"


class WrongError(ValueError):
    """A value that cannot be used; the text is the key of the reason (``imports.reason.<key>``)."""


@dataclass(frozen=True, slots=True)
class Repaired:
    """A value that was put right; ``reason`` is the key of the reason."""

    value: Any
    reason: str


Step = Callable[[Any], Any]
Maker = Callable[[Any, Mapping[str, Mapping[str, Any]]], Step]


def clean(text: str) -> str | None:
    """A cell as it is used: without byte order marks and blanks around it, None when empty."""
    return text.replace(BOM, "").strip() or None


def same_key(value: Any) -> str:
    """A key as it is compared: whole numbers written as 3.0 are 3."""
    if type(value) is int:
        return str(value)
    text = str(value).replace(BOM, "").strip()
    return text[:-2] if text.endswith(".0") and re.fullmatch(r"-?\d+\.0", text) else text


def _number(value: Any) -> Decimal:
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise WrongError("not_a_number") from None
    if not number.is_finite():
        raise WrongError("not_a_number")
    return number


def _whole(value: Any) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise WrongError("not_whole")
    return int(number)


def _date(value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value)[:19]).date()
    except ValueError:
        raise WrongError("not_a_date") from None


def _flag(value: Any) -> bool:
    words = {"1": True, "0": False, "true": True, "false": False, "yes": True, "no": False}
    try:
        return words[same_key(value).lower()]
    except KeyError:
        raise WrongError("not_a_flag") from None


def _slug(value: Any) -> str:
    plain = unicodedata.normalize("NFKD", str(value)).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def _picture(value: Any) -> bytes:
    try:
        return bytes.fromhex(str(value))
    except ValueError:
        raise WrongError("not_hexadecimal") from None


def _url(value: Any) -> str:
    text = str(value).rstrip("/")
    return text if "://" in text else f"https://{text}"


_PLAIN: dict[str, Step] = {
    "text": lambda value: str(value),
    "number": _number,
    "whole": _whole,
    "date": _date,
    "next_day": lambda value: _date(value) + timedelta(days=1),
    "flag": _flag,
    "not": lambda value: not _flag(value),
    "slug": _slug,
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "one_line": lambda value: " ".join(str(value).split()),
    "hex_bytes": _picture,
    "url": _url,
    "zero_is_empty": lambda value: value if _number(value) != 0 else None,
}


def _round(places: Any) -> Step:
    unit = Decimal(1).scaleb(-int(places))
    return lambda value: _number(value).quantize(unit, ROUND_HALF_UP)


def _map(table: Mapping[str, Any], *, strict: bool) -> Step:
    def step(value: Any) -> Any:
        key = same_key(value)
        if key in table:
            return table[key]
        if strict:
            raise WrongError("not_in_table")
        return value

    return step


def _divide(known: Mapping[str, Any], assumed: Mapping[str, Any]) -> Step:
    """Divides by a number that depends on a second value: takes (number, key).

    A divisor that is only assumed is reported, and so is a key nobody knows a divisor for, which counts as 1.
    """

    def step(value: Any) -> Any:
        number, key = value
        name = same_key(key)
        if name in known:
            return _number(number) / _number(known[name])
        if name in assumed:
            return Repaired(_number(number) / _number(assumed[name]), "unit_assumed")
        return Repaired(_number(number), "unit_without_conversion")

    return step


def _cut(limit: Any) -> Step:
    def step(value: Any) -> Any:
        text = str(value)
        return text if len(text) <= int(limit) else Repaired(text[: int(limit)].rstrip(), "text_cut")

    return step


def _at_least(limit: Any) -> Step:
    def step(value: Any) -> Any:
        if _number(value) < _number(limit):
            raise WrongError("too_small")
        return value

    return step


def _above(limit: Any) -> Step:
    def step(value: Any) -> Any:
        if _number(value) <= _number(limit):
            raise WrongError("too_small")
        return value

    return step


def _known(tables: Mapping[str, Mapping[str, Any]], name: Any) -> Mapping[str, Any]:
    if name not in tables:
        raise ValueError(f"there is no table {name!r} under tables")
    return tables[name]


def _two(tables: Mapping[str, Mapping[str, Any]], names: Any) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    given = [names] if isinstance(names, str) else list(names)
    found = [_known(tables, name) for name in given]
    return found[0], found[1] if len(found) > 1 else {}


_MAKERS: dict[str, Maker] = {
    "round": lambda arg, _tables: _round(arg),
    "times": lambda arg, _tables: lambda value: _number(value) * _number(arg),
    "map": lambda arg, tables: _map(_known(tables, arg), strict=True),
    "map_if_listed": lambda arg, tables: _map(_known(tables, arg), strict=False),
    "divide_by": lambda arg, tables: _divide(*_two(tables, arg)),
    "cut": lambda arg, _tables: _cut(arg),
    "at_least": lambda arg, _tables: _at_least(arg),
    "above": lambda arg, _tables: _above(arg),
    "only": lambda arg, _tables: lambda value: value if same_key(value) == same_key(arg) else None,
    "then": lambda arg, _tables: lambda _value: arg,
    "prefix": lambda arg, _tables: lambda value: f"{arg}{value}",
}


def make(
    spec: Any,
    tables: Mapping[str, Mapping[str, Any]],
    plain: Mapping[str, Step] = MappingProxyType({}),
    makers: Mapping[str, Maker] = MappingProxyType({}),
) -> Step:
    """The step a mapping names: ``date``, or ``{round: 2}``.  Raises ValueError for one that does not exist.

    ``plain`` and ``makers`` are further steps of another kind of source; they go before those of the same name.
    """
    plain, makers = {**_PLAIN, **plain}, {**_MAKERS, **makers}
    if isinstance(spec, str):
        if spec in plain:
            return plain[spec]
        if spec in makers:
            raise ValueError(f"the step {spec!r} needs a value, as in {{{spec}: …}}")
    elif isinstance(spec, Mapping) and len(spec) == 1:
        name, argument = next(iter(spec.items()))
        if name in makers:
            return makers[name](argument, tables)
    raise ValueError(f"there is no step {spec!r}; known are {', '.join(sorted({*plain, *makers}))}")
