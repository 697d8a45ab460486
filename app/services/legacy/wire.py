"""What a 4D server sends and what it means: envelopes of three shapes, the types on the wire, the catalogue.

No network here. Everything a field can hold comes out as one Python type, or as the text it was when it cannot be read,
so that a check can name it.
"""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from app.core import courtesy

Row = dict[str, Any]
Convert = Callable[[Any], Any]

KEY, STAMP, TIMESTAMP = "__KEY", "__STAMP", "__TIMESTAMP"
NULL_UUID = "0" * 32
_DATE = re.compile(r"(\d{1,2})!(\d{1,2})!(\d{4}|\d{1,2})\Z")
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_UUID = re.compile(r"[0-9A-Fa-f]{32}\Z")
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder(parse_float=Decimal, parse_constant=lambda _name: None)
_LARGE = 1 << 16
_DAY_MS = 86_400_000
_PIVOT = 30  # two digits of a year: up to here 20xx, above 19xx
_WHOLE = frozenset({"long", "long64", "word", "byte"})
_TIMES = frozenset({"duration", "time"})
_BULKY = frozenset({"image", "blob", "picture"})


class WireError(ValueError):
    """Not an answer of a 4D server, or one that was cut off."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column of a legacy table; `type` in 4D's words, `kind` storage, calculated or alias."""

    name: str
    type: str
    kind: str = "storage"
    indexed: bool = False
    identifying: bool = False


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation of a legacy table: to one record (`many` False) or to many."""

    name: str
    target: str
    many: bool


@dataclass(frozen=True, slots=True)
class Table:
    """A legacy table as its catalogue tells it."""

    name: str
    number: int | None
    key: tuple[str, ...]
    fields: tuple[Field, ...]
    relations: tuple[Relation, ...] = ()
    converters: Mapping[str, Convert] = field(default_factory=dict, compare=False, repr=False)

    def field(self, name: str) -> Field | None:
        """The column of that name; names tell capital from small letters."""
        return next((one for one in self.fields if one.name == name), None)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A decoded answer: raw rows, and the size of the whole selection when it was told."""

    rows: list[dict[str, Any]]
    total: int | None


# -- answers -----------------------------------------------------------------------------------------------------------


def loads(body: bytes) -> Any:
    """The JSON of an answer, numbers with a point as Decimal, NaN and infinities as None.  Raises WireError."""
    try:
        text = body.decode("utf-8-sig")
        return _DECODER.decode(text) if len(text) < _LARGE else _in_pieces(text)
    except (ValueError, RecursionError) as error:
        raise WireError(str(error)) from error


def _in_pieces(text: str) -> Any:
    """What `decode` makes of it, with every row of a large answer read by itself.

    No other thread, the window's least of all, gets its turn while C reads a megabyte.
    """
    found: Any
    at = _skip(text, 0)
    if text.startswith("[", at):
        found, at = _rows(text, at)
    elif text.startswith("{", at):
        found, at = _members(text, at)
    else:
        return _DECODER.decode(text)
    if at != len(text):
        raise ValueError(f"more than one value: char {at}")
    return found


def _rows(text: str, at: int) -> tuple[list[Any], int]:
    """The list that begins there, and where the next thing is."""
    found: list[Any] = []
    at = _skip(text, at + 1)
    if text.startswith("]", at):
        return found, _skip(text, at + 1)
    while True:
        courtesy.step()
        one, at = _DECODER.raw_decode(text, at)
        found.append(one)
        at = _skip(text, at)
        if text.startswith("]", at):
            return found, _skip(text, at + 1)
        at = _after_mark(text, at, ",")


def _members(text: str, at: int) -> tuple[dict[str, Any], int]:
    """The object that begins there, and where the next thing is."""
    found: dict[str, Any] = {}
    at = _skip(text, at + 1)
    if text.startswith("}", at):
        return found, _skip(text, at + 1)
    while True:
        if not text.startswith('"', at):
            raise ValueError(f"a name was expected: char {at}")
        name, at = _DECODER.raw_decode(text, at)
        at = _after_mark(text, _skip(text, at), ":")
        if text.startswith("[", at):
            found[name], at = _rows(text, at)
        else:
            found[name], at = _DECODER.raw_decode(text, at)
            at = _skip(text, at)
        if text.startswith("}", at):
            return found, _skip(text, at + 1)
        at = _after_mark(text, at, ",")


def _skip(text: str, at: int) -> int:
    """Behind the white space that begins there."""
    found = _SPACE.match(text, at)
    assert found is not None
    return found.end()


def _after_mark(text: str, at: int, mark: str) -> int:
    if not text.startswith(mark, at):
        raise ValueError(f"{mark!r} was expected: char {at}")
    return _skip(text, at + 1)


def envelope(answer: Any) -> Envelope:
    """Rows of any of the three shapes a list may have.  Raises WireError, also when rows are missing at the end."""
    if isinstance(answer, list):
        return Envelope(_objects(answer), None)
    if not isinstance(answer, dict):
        raise WireError("neither an object nor a list")
    for name in ("__ENTITIES", "value"):
        if name in answer:
            rows = _objects(answer[name])
            sent, total = _whole(answer.get("__SENT")), _whole(answer.get("__COUNT"))
            if isinstance(sent, int) and sent != len(rows):
                raise WireError(f"{sent} rows announced, {len(rows)} came")
            return Envelope(rows, total if isinstance(total, int) else None)
    if KEY in answer:  # one record comes without an envelope
        return Envelope([answer], 1)
    raise WireError("an object without rows")


def _objects(rows: Any) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise WireError("rows that are no objects")
    return rows


def error_codes(answer: Any) -> tuple[tuple[int, str], ...]:
    """What a refusal says: (errCode, message), the innermost cause first; empty when the answer is none."""
    if not isinstance(answer, dict):
        return ()
    found = answer.get("__ERROR", answer.get("errors"))
    if isinstance(found, str):
        return ((1822, found),)
    if not isinstance(found, list):
        return ()
    codes = []
    for one in found:
        if isinstance(one, dict):
            code = _whole(one.get("errCode", one.get("code")))
            codes.append((code if isinstance(code, int) else 0, str(one.get("message") or "")))
    return tuple(codes)


# -- catalogue -------------------------------------------------------------------------------------------------------


def table_names(answer: Any) -> tuple[str, ...]:
    """Names of all tables in an answer of `$catalog`, in its order.  Raises WireError."""
    return tuple(str(one["name"]) for one in _classes(answer) if one.get("name"))


def table_of(answer: Any, name: str) -> Table:
    """One table out of an answer of `$catalog/<name>`.  Raises WireError when it is not in it."""
    classes = [answer] if isinstance(answer, dict) and "attributes" in answer else _classes(answer)
    for one in classes:
        if one.get("name", one.get("className")) == name:
            return _table(name, one)
    raise WireError(f"no table {name} in the catalogue")


def unknown_table(name: str) -> Table:
    """A table whose catalogue cannot be read: values are told by their shape, rows by their key."""
    return Table(name, None, (), ())


def _classes(answer: Any) -> list[dict[str, Any]]:
    found = answer.get("dataClasses", answer.get("__ENTITIES")) if isinstance(answer, dict) else None
    return _objects(found)


def _table(name: str, found: Mapping[str, Any]) -> Table:
    fields, relations = [], []
    for one in found.get("attributes") or ():
        kind, type_ = str(one.get("kind") or "storage"), str(one.get("type") or "")
        if kind in ("relatedEntity", "relatedEntities"):
            relations.append(
                Relation(
                    str(one["name"]), type_.removesuffix("Selection") or type_, kind == "relatedEntities"
                )
            )
            continue
        fields.append(
            Field(str(one["name"]), type_, kind, bool(one.get("indexed")), bool(one.get("identifying")))
        )
    key = tuple(str(one["name"] if isinstance(one, dict) else one) for one in found.get("key") or ())
    number = _whole(found.get("tableNumber"))
    return Table(
        name,
        number if isinstance(number, int) else None,
        key,
        tuple(fields),
        tuple(relations),
        {one.name: convert for one in fields if (convert := converter(one.type)) is not None},
    )


# -- types -----------------------------------------------------------------------------------------------------------


def converter(type_: str) -> Convert | None:
    """How a value of a catalogue type is read; None for an unknown type: then its shape tells."""
    if type_ in _WHOLE:
        return _whole
    if type_ in _TIMES:
        return time_of
    if type_ in _BULKY:
        return _nothing
    return {
        "date": date_of,
        "bool": _flag,
        "number": number_of,
        "string": text_of,
        "text": text_of,
        "alpha": text_of,
        "uuid": uuid_of,
        "object": _inner,
    }.get(type_)


def date_of(value: Any) -> Any:
    """`27!1!2025` as a date, `0!0!0` as None; two digits of a year up to 30 are of this century."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        return value
    found = _DATE.match(value.strip())
    try:
        if found is None:
            return dt.date.fromisoformat(value[:10]) if _ISO_DATE.match(value) else value
        day, month, year = (int(part) for part in found.groups())
        if day == month == year == 0:
            return None
        if len(found[3]) <= 2:
            year += 2000 if year <= _PIVOT else 1900
        return dt.date(year, month, day)
    except ValueError:
        return value


def time_of(value: Any) -> Any:
    """Milliseconds since midnight as a time of day; None stays None, whatever is none stays as it came."""
    number = _whole(value)
    if not isinstance(number, int) or not 0 <= number < _DAY_MS:
        return number
    seconds, ms = divmod(number, 1000)
    return dt.time(seconds // 3600, seconds // 60 % 60, seconds % 60, ms * 1000)


def text_of(value: Any) -> Any:
    """Text with line ends of one kind."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n") if "\r" in value else value
    return None if value is None else _inner(value)


def uuid_of(value: Any) -> Any:
    """32 upper-case hexadecimal digits; the empty UUID is None."""
    if not isinstance(value, str):
        return value
    digits = value.replace("-", "").strip("{} ").upper()
    if not _UUID.match(digits):
        return value or None
    return None if digits == NULL_UUID else digits


def number_of(value: Any) -> Any:
    """A number as int when it is whole, else as Decimal."""
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        return int(value)
    return value


def moment_of(value: Any) -> Any:
    """A time stamp in UTC, also in 4D's literal form; whatever is none stays as it came."""
    if not isinstance(value, str):
        return value
    try:
        found = dt.datetime.fromisoformat(value.strip("!"))
    except ValueError:
        return value
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, int):
        return value
    if isinstance(value, str):
        try:
            value = Decimal(value)
        except ArithmeticError:
            return value
    return number_of(value)


def _flag(value: Any) -> Any:
    return bool(value) if isinstance(value, int) and value in (0, 1) else value


def _nothing(_value: Any) -> None:
    return None


def _inner(value: Any) -> Any:
    """Inside an object field: numbers and line ends, all the way down."""
    if isinstance(value, dict):
        return {name: _inner(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_inner(one) for one in value]
    return text_of(value) if isinstance(value, str) else number_of(value)


def _by_shape(value: Any) -> Any:
    if isinstance(value, str):
        return date_of(value) if _DATE.match(value) else text_of(value)
    return _inner(value)


def row_of(raw: Mapping[str, Any], table: Table) -> Row:
    """A row with every value as one Python type; deferred relations are dropped, their key kept as `<name>.__KEY`."""
    converters = table.converters
    row: Row = {}
    for name, value in raw.items():
        convert = converters.get(name)
        if convert is not None:
            if convert is not _nothing:
                row[name] = None if value is None else convert(value)
        elif isinstance(value, dict) and "__deferred" in value:
            key = _deferred_key(value["__deferred"])
            if key is not None:
                row[f"{name}.{KEY}"] = key
        elif name == KEY:
            row[KEY] = key_text(value)
        elif name == TIMESTAMP:
            row[TIMESTAMP] = moment_of(value)
        elif name == STAMP:
            row[STAMP] = _whole(value)
        else:
            row[name] = _by_shape(value)
    return row


def key_text(value: Any) -> str:
    """A key as text: ids without the point they sometimes come with, UUIDs in capitals."""
    if isinstance(value, dict):  # the bare list of `$asArray`
        value = next((one for name, one in value.items() if name != STAMP), None)
    text = str(number_of(value))
    return text.upper() if _UUID.match(text) else text


def _deferred_key(deferred: Any) -> str | None:
    if not isinstance(deferred, dict) or deferred.get(KEY) in (None, ""):
        return (
            None  # to many, a picture, or nothing; the address itself has several spellings and is not read
        )
    key = key_text(deferred[KEY])
    return None if key == NULL_UUID else key


def rows_of(raw: Sequence[Mapping[str, Any]], table: Table) -> list[Row]:
    """All rows of an answer."""
    return [row_of(one, table) for one in courtesy.steps(raw)]
