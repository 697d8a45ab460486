"""Filters as data, and as the text a 4D server takes. No value is ever able to change what a filter means.

A value made of harmless signs is written where it belongs; any other travels beside the filter, as a placeholder's
value in JSON with every quote escaped. Rows that come back are compared with the filter again (`Where.refutes`),
because a server that ignores a filter sends everything.
"""

import datetime as dt
import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self

from app.core.errors import Invalid
from app.services.legacy import wire

Op = Literal["=", "!=", ">=", "<=", ">", "<", "begins", "contains", "null", "not_null", "in"]
OPS: tuple[Op, ...] = ("=", "!=", ">=", "<=", ">", "<", "begins", "contains", "null", "not_null", "in")
Value = str | int | Decimal | bool | dt.date | None

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*\Z")
_PLAIN = re.compile(r"[A-Za-z0-9ÄÖÜäöüß][A-Za-z0-9ÄÖÜäöüß_. /-]*\Z")
_WORDS = frozenset({"true", "false", "null", "undefined", "and", "or", "not", "except"})
_MOST = 128  # placeholders a server takes in one filter
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Where:
    """A condition (`field`, `op`, `value`), or several joined by `all` or `any` (`parts`).

    Build it with `eq`, `one_of`, `at_least`, `at_most`, `is_null`, `all_of`, `any_of`, or from a mapping file with
    `from_json`; it then holds no field name and no operator a server could misunderstand.  Raises Invalid
    ``legacy_filter_invalid``.
    """

    op: Op | Literal["all", "any"]
    field: str = ""
    value: Value | tuple[Value, ...] = None
    parts: tuple["Where", ...] = ()

    def __post_init__(self) -> None:
        if self.op in ("all", "any"):
            if not self.parts or self.field:
                raise Invalid("legacy_filter_invalid", part=self.op)
            return
        if self.op not in OPS or not _NAME.match(self.field) or self.field.startswith("__") or self.parts:
            raise Invalid("legacy_filter_invalid", part=f"{self.field} {self.op}")
        values = self.value if isinstance(self.value, tuple) else (self.value,)
        allowed = str | int | Decimal | dt.date
        fits = isinstance(self.value, tuple) == (self.op == "in") and bool(values)
        if self.op in ("null", "not_null"):
            fits = self.value is None
        elif self.op in ("begins", "contains"):
            # `@` stands for anything in a pattern, and cannot be escaped there.
            fits = isinstance(self.value, str) and bool(self.value) and "@" not in self.value
        elif self.op != "in":
            fits = fits and (self.op in ("=", "!=") or not isinstance(self.value, bool | None))
        if (
            not fits
            or any(one is not None and not isinstance(one, allowed) for one in values)
            or any(isinstance(one, dt.datetime) for one in values)  # days are all a server can compare
            or any(isinstance(one, Decimal) and not one.is_finite() for one in values)
        ):
            raise Invalid("legacy_filter_invalid", part=f"{self.field} {self.op}")

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Read `{field, op, value}`, `{all: […]}` or `{any: […]}`; a list stands for `all`, dates may be ISO text
        after `date:`.  Raises Invalid."""
        if isinstance(data, list):
            data = {"all": data}
        if not isinstance(data, Mapping):
            raise Invalid("legacy_filter_invalid", part=str(data)[:80])
        for joined in ("all", "any"):
            if joined in data:
                if len(data) != 1 or not isinstance(data[joined], list):
                    raise Invalid("legacy_filter_invalid", part=joined)
                return cls(
                    "all" if joined == "all" else "any",
                    parts=tuple(Where.from_json(one) for one in data[joined]),
                )
        if not set(data) <= {"field", "op", "value"}:
            raise Invalid("legacy_filter_invalid", part=", ".join(sorted(map(str, data))))
        value = data.get("value")
        read = (
            tuple(_from_json(one) for one in value) if isinstance(value, list | tuple) else _from_json(value)
        )
        return cls(data.get("op", "="), str(data.get("field") or ""), read)

    def to_json(self) -> dict[str, Any]:
        """The same as data for JSON; `from_json` reads it."""
        if self.parts:
            return {self.op: [one.to_json() for one in self.parts]}
        value = (
            [_to_json(one) for one in self.value] if isinstance(self.value, tuple) else _to_json(self.value)
        )
        return {"field": self.field, "op": self.op} | ({} if value is None else {"value": value})

    def fields(self) -> frozenset[str]:
        """Names of all columns asked for."""
        return (
            frozenset({self.field})
            if not self.parts
            else frozenset().union(*(p.fields() for p in self.parts))
        )

    def refutes(self, row: Mapping[str, Any]) -> bool:
        """Whether the row certainly does not fit; what cannot be judged here counts as fitting."""
        return _judge(self, row) is False


def eq(field: str, value: Value) -> Where:
    """Equal; case and accents count for nothing, as in 4D."""
    return Where("=", field, value) if value is not None else Where("null", field)


def one_of(field: str, values: Sequence[Value]) -> Where:
    """One of these values."""
    return Where("in", field, tuple(values))


def at_least(field: str, value: Value) -> Where:
    """Greater or equal."""
    return Where(">=", field, value)


def at_most(field: str, value: Value) -> Where:
    """Less or equal."""
    return Where("<=", field, value)


def is_null(field: str) -> Where:
    """Without a value."""
    return Where("null", field)


def all_of(*parts: Where) -> Where:
    """Every condition."""
    return parts[0] if len(parts) == 1 else Where("all", parts=parts)


def any_of(*parts: Where) -> Where:
    """At least one condition."""
    return parts[0] if len(parts) == 1 else Where("any", parts=parts)


# -- as a server takes it ------------------------------------------------------------------------------------------


def render(where: Where) -> dict[str, str]:
    """`$filter`, and `$params` when a value could not be written into it.  Raises Invalid when it is too large."""
    beside: list[Value] = []
    found = {"$filter": _text(where, beside, top=True)}
    if len(beside) > _MOST:
        raise Invalid("legacy_filter_invalid", part=f"{len(beside)} values")
    if beside:
        found["$params"] = "'[" + ",".join(_json(one) for one in beside) + "]'"
    return found


def _text(where: Where, beside: list[Value], *, top: bool = False) -> str:
    if where.parts:
        joint = " and " if where.op == "all" else " or "
        text = joint.join(_text(one, beside) for one in where.parts)
        return text if top or len(where.parts) == 1 else f"({text})"
    if isinstance(where.value, tuple):
        parts = tuple(eq(where.field, one) for one in where.value)
        return _text(any_of(*parts), beside, top=top)
    return f"'{where.field} {_comparison(where, beside)}'"


def _comparison(where: Where, beside: list[Value]) -> str:
    value, op = where.value, where.op
    if op == "null" or (op == "=" and value is None):
        return "= null"
    if op == "not_null" or (op == "!=" and value is None):
        return "!= null"
    if isinstance(value, dt.date) and op in (">", "<"):  # only >= and <= are taken for days
        value = value + _DAY if op == ">" else value - _DAY
        op = ">=" if op == ">" else "<="
    if op in ("begins", "contains"):
        assert isinstance(value, str)
        pattern = f"{value}@" if op == "begins" else f"@{value}@"
        return f"= {_beside(pattern, beside)}"
    if isinstance(value, str) and "@" in value and op in ("=", "!="):
        return f"{'===' if op == '=' else '!=='} {_beside(value, beside)}"
    return f"{op} {_constant(value, beside)}"


def _constant(value: Any, beside: list[Value]) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, dt.date):
        return f'"{value.isoformat()}"'
    if _PLAIN.match(value) and value == value.strip() and value.lower() not in _WORDS:
        return f'"{value}"'
    return _beside(value, beside)


def _beside(value: Value, beside: list[Value]) -> str:
    beside.append(value)
    return f":{len(beside)}"


def _json(value: Value) -> str:
    """JSON in ASCII without a quote inside a text, of either kind."""
    if not isinstance(value, str):
        return json.dumps(value.isoformat() if isinstance(value, dt.date) else value)
    body = json.dumps(value)[1:-1].replace('\\"', "\\u0022").replace("'", "\\u0027")
    return f'"{body}"'


# -- judged here ----------------------------------------------------------------------------------------------------


def _judge(where: Where, row: Mapping[str, Any]) -> bool | None:
    """True, False, or None when it cannot be said."""
    if where.parts:
        verdicts = [_judge(one, row) for one in where.parts]
        decisive = where.op == "any"
        if decisive in verdicts:
            return decisive
        return None if None in verdicts else not decisive
    if where.field not in row:
        return None
    found = row[where.field]
    if where.op in ("null", "not_null"):
        # An empty text, date or UUID may or may not count as nothing.
        return None if found in (None, "", 0) else where.op == "not_null"
    if isinstance(where.value, tuple):
        verdicts = [_compared("=", found, one) for one in where.value]
        return True if True in verdicts else None if None in verdicts else False
    return _compared(where.op, found, where.value)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
}


def _compared(op: str, found: Any, value: Any) -> bool | None:
    if found is None or value is None or isinstance(found, dict | list):
        return None
    if isinstance(found, str) and isinstance(value, str):
        found, value = _folded(found), _folded(value)
        if op == "begins":
            return str(found).startswith(value)
        if op == "contains":
            return value in found
        # The order of texts is the server's language's: only equality is compared here.
        return _ORDER[op](found, value) if op in ("=", "!=") else None
    numbers = isinstance(found, int | Decimal) and isinstance(value, int | Decimal)
    days = isinstance(found, dt.date) and isinstance(value, dt.date)
    if isinstance(found, bool) != isinstance(value, bool) or not (numbers or days):
        return None
    return _ORDER[op](found, value)


def _folded(text: str) -> str:
    """Case and accents count for nothing; neither does how a UUID is written."""
    plain = unicodedata.normalize("NFKD", wire.text_of(wire.uuid_of(text) or "")).casefold()
    return "".join(sign for sign in plain if not unicodedata.combining(sign)).strip()


# -- as data --------------------------------------------------------------------------------------------------------


def _from_json(value: Any) -> Value:
    if isinstance(value, str) and value.startswith("date:"):
        try:
            return dt.date.fromisoformat(value.removeprefix("date:"))
        except ValueError:
            raise Invalid("legacy_filter_invalid", part=value) from None
    if isinstance(value, float):
        return Decimal(str(value))
    if value is None or isinstance(value, str | int | Decimal | dt.date):
        return value
    raise Invalid("legacy_filter_invalid", part=str(value)[:80])


def _to_json(value: Value) -> Any:
    if isinstance(value, dt.date):
        return f"date:{value.isoformat()}"
    return value
