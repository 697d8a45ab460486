"""The values of a mapping as plain functions of a record: compiled once, run for every record."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, String

from app.services.imports.mapping import Condition
from app.services.imports.steps import Repaired, WrongError, same_key
from app.services.legacy.mapping import Find, Value
from app.services.validation import ERROR, WARNING, Finding

Row = Mapping[str, Any]
_SHOWN = 120


class Ref(NamedTuple):
    """Stands for the row another entity's record became; ``optional`` may come later."""

    entity: str
    key: str
    optional: bool


class World(Protocol):
    """What a record cannot know by itself."""

    def find(self, find: Find, value: Any) -> Any:
        """The value asked for; None when there is none, `AMBIGUOUS` when there are several."""

    def knows(self, entity: str, key: str) -> bool:
        """Whether a record of that entity has been taken over, be it as a placeholder."""


AMBIGUOUS = object()


@dataclass(slots=True)
class Notes:
    """What came up while a record was looked at; ``wanted`` are the placeholders it needs: entity, key."""

    findings: list[Finding] = field(default_factory=list)
    wanted: list[tuple[str, str]] = field(default_factory=list)
    missing: bool = False

    def say(self, severity: str, code: str, name: str, value: Any = None) -> None:
        """Note something about a field."""
        shown = "" if value is None else str(value)[:_SHOWN]
        self.findings.append(Finding(severity, code, name, {"value": shown} if shown else {}))

    @property
    def refused(self) -> bool:
        """Whether the record may not be written."""
        return any(finding.severity == ERROR for finding in self.findings)


Evaluate = Callable[[Row, Notes], Any]


def getter(path: str) -> Callable[[Row], Any]:
    """How a path is followed: through objects (also written as JSON text) and to the first of joined rows."""
    head, *rest = path.split(".")
    if not rest:
        return lambda row: row.get(head)

    def follow(row: Row) -> Any:
        value: Any = row.get(head)
        for part in rest:
            if isinstance(value, str):
                try:
                    value = json.loads(value, parse_float=Decimal)
                except ValueError:
                    return None
            if isinstance(value, list):
                value = value[0] if value else None
            if not isinstance(value, Mapping):
                return None
            value = value.get(part)
        return value

    return follow


def compiled(value: Value, world: World) -> Evaluate:
    """A value as a function of a record.  It raises `WrongError` for what cannot be used."""
    if not (value.steps or value.default is not None or value.report or value.ref or value.find):
        return _source(value, world)
    run = _stepped(value, world)
    if value.find is not None:
        return _finding(run, value, value.find, world)
    return _referring(run, value, world) if value.ref else run


def _stepped(value: Value, world: World) -> Evaluate:
    """Where the value comes from, its steps, its default; a plain column, which most are, without a detour."""
    get = _source(value, world)
    steps, name, default, report = value.steps, value.name, value.default, value.report
    column = value.argument if value.kind == "column" and "." not in str(value.argument) else None

    if column is not None and len(steps) == 1 and not report:
        step = steps[0]

        def one(row: Row, notes: Notes) -> Any:
            """Most values of most records: there is a column, and one step to go."""
            found = row.get(column)
            if found is not None and type(found) is not Ref:
                found = step(found)
                if type(found) is Repaired:
                    notes.say(WARNING, found.reason, name, shown(value, row))
                    found = found.value
            return default if found is None else found

        return one

    def run(row: Row, notes: Notes) -> Any:
        found = get(row, notes) if column is None else row.get(column)
        for step in steps:
            if found is None or type(found) is Ref:
                break
            found = step(found)
            if type(found) is Repaired:
                notes.say(WARNING, found.reason, name, shown(value, row))
                found = found.value
        # A value with a default reports that it was needed; one without, that it was used at all.
        if report and (found is None) is (default is not None):
            notes.say(WARNING, report, name, shown(value, row))
        return default if found is None else found

    return run


def _source(value: Value, world: World) -> Evaluate:
    argument = value.argument
    if value.kind == "column" and "." not in str(argument):
        return lambda row, _notes: row.get(argument)
    if value.kind == "column":
        column = getter(argument)
        return lambda row, _notes: column(row)
    if value.kind == "columns":
        columns = tuple(getter(one) for one in argument)
        return lambda row, _notes: tuple(get(row) for get in columns)
    if value.kind == "template":
        return _template(argument)
    if value.kind == "first_of":
        parts = tuple(compiled(part, world) for part in argument)

        def first(row: Row, notes: Notes) -> Any:
            return next((found for part in parts if (found := part(row, notes)) not in (None, "")), None)

        return first
    return lambda _row, _notes: argument


def _template(text: str) -> Evaluate:
    """A text with columns filled in; None when one of them is empty."""
    pieces = text.replace("}", "{").split("{")
    parts: list[Any] = [getter(piece) if n % 2 else piece for n, piece in enumerate(pieces)]

    def fill(row: Row, _notes: Notes) -> str | None:
        filled = []
        for part in parts:
            if isinstance(part, str):
                filled.append(part)
                continue
            found = part(row)
            if found is None or found == "":
                return None
            filled.append(same_key(found))
        return "".join(filled)

    return fill


def _finding(run: Evaluate, value: Value, find: Find, world: World) -> Evaluate:
    def look(row: Row, notes: Notes) -> Any:
        wanted = run(row, notes)
        if wanted is None:
            return None
        found = world.find(find, wanted)
        if found is AMBIGUOUS or (found is None and not value.optional and not value.required):
            notes.say(WARNING, "find_ambiguous" if found is AMBIGUOUS else "find_missing", value.name, wanted)
            return None
        return found

    return look


def _referring(run: Evaluate, value: Value, world: World) -> Evaluate:
    def refer(row: Row, notes: Notes) -> Any:
        wanted = run(row, notes)
        if wanted is None or wanted == "":
            return None
        key = same_key(wanted)
        if (value.known or value.make) and not world.knows(value.ref, key):
            if value.known:
                notes.missing = True
                return None
            notes.wanted.append((value.ref, key))
        return Ref(value.ref, key, value.optional)

    return refer


def moves(value: Value) -> bool:
    """Whether the value may be another although the record is the same."""
    if value.kind == "first_of" and any(moves(part) for part in value.argument):
        return True
    return value.find is not None or value.known


def asks_known(value: Value) -> bool:
    if value.kind == "first_of":
        return any(asks_known(part) for part in value.argument)
    return value.known


def shown(value: Value, row: Row) -> str:
    """What stood in the source, for whoever reads the finding."""
    if value.kind == "column":
        return str(getter(value.argument)(row) or "")
    if value.kind == "columns":
        return " / ".join(str(getter(one)(row) or "–") for one in value.argument)
    if value.kind == "first_of":
        return " / ".join(filter(None, (shown(part, row) for part in value.argument)))
    return ""


# -- columns -----------------------------------------------------------------------------------------------------------


def fit(column: Column[Any]) -> Callable[[Any], Any] | None:
    """How a value is made to fit its column: long texts are cut, numbers rounded, both reported; else `WrongError`."""
    kind = column.type
    if isinstance(kind, Numeric):
        return _fit_number(kind.precision or 38, kind.scale or 0)
    if isinstance(kind, Integer):
        return _fit_whole
    if isinstance(kind, String):
        return _fit_text(kind.length)
    if isinstance(kind, Boolean):
        return _fit_flag
    if isinstance(kind, Date):
        return _fit_day
    if isinstance(kind, DateTime):
        return lambda value: value if isinstance(value, datetime) else _wrong("not_moment")
    return None


def _wrong(code: str) -> Any:
    raise WrongError(code)


def _fit_flag(value: Any) -> Any:
    return value if isinstance(value, bool) else _wrong("not_a_flag")


def _fit_day(value: Any) -> Any:
    return value if isinstance(value, date) else _wrong("not_a_date")


def _fit_whole(value: Any) -> Any:
    if type(value) is int:
        return value
    try:
        number = Decimal(str(value))
        return int(number) if number == number.to_integral_value() else _wrong("not_whole")
    except ArithmeticError:
        raise WrongError("not_a_number") from None


def _fit_text(length: int | None) -> Callable[[Any], Any]:
    def fit(value: Any) -> Any:
        text = value if type(value) is str else same_key(value)
        if "\x00" in text:
            text = text.replace("\x00", "")
        if length is None or len(text) <= length:
            return text
        return Repaired(text[:length].rstrip(), "text_cut")

    return fit


def _fit_number(precision: int, scale: int) -> Callable[[Any], Any]:
    limit, unit = Decimal(10) ** (precision - scale), Decimal(1).scaleb(-scale)

    def fit(value: Any) -> Any:
        if isinstance(value, bool):
            raise WrongError("not_a_number")
        try:
            number: Any = value if isinstance(value, int | Decimal) else Decimal(str(value))
            if not -limit < number < limit:
                raise WrongError("too_large")
        except ArithmeticError:
            raise WrongError("not_a_number") from None
        if type(number) is int:
            return number
        rounded = number.quantize(unit, ROUND_HALF_UP)
        return number if rounded == number else Repaired(rounded, "rounded")

    return fit


def holds(condition: Condition) -> Callable[[Row], bool]:
    """A condition of a mapping as a function of a record."""
    get, word = getter(condition.column), condition.word
    if word == "empty":
        return lambda row: (get(row) in (None, "")) is bool(condition.value)
    if word == "above":
        limit = Decimal(str(condition.value))
        return lambda row: get(row) is not None and Decimal(str(get(row))) > limit
    items: Sequence[Any] = condition.value if isinstance(condition.value, list) else [condition.value]
    listed = {same_key(item) for item in items}
    if word == "in":
        return lambda row: get(row) is not None and same_key(get(row)) in listed
    return lambda row: get(row) is None or same_key(get(row)) not in listed
