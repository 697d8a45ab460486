"""How a tree of dataclasses and an XML document say the same: one table of rows, used to write and to read.

A path is relative to the element of its group; ``+`` before a step begins a new element although the one before has
the same name, ``[@a=v]`` sets an attribute and asks for it, ``[@a*]`` asks for any value, ``[@a!]`` for none.  ``$x``
is a variable of the document (its currencies).  Rows stand in the order the schema wants.
"""

import base64
import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_STEP = re.compile(r"(\+?)([\w:]+)((?:\[[^\]]*\])*)")
_CONDITION = re.compile(r"\[@(\w+)(=([^\]]*)|\*|!)\]")


@dataclass(frozen=True, slots=True)
class Codec:
    """A value as text and back; ``decode`` raises ValueError for text that is no such value."""

    encode: Callable[[Any], str]
    decode: Callable[[str], Any]


def _text(value: str) -> str:
    return NOT_XML.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _amount(value: Decimal) -> str:
    """At least two places, and never a place less than given."""
    exponent = value.normalize().as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    return f"{value or abs(value):.{places}f}"  # never a minus before nothing


def _number(value: Decimal) -> str:
    plain = f"{value or abs(value):f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _decimal(text: str) -> Decimal:
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", text) or len(text) > 40:
        raise ValueError(text)
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


def _compact_date(text: str) -> dt.date:
    if not re.fullmatch(r"\d{8}", text):
        raise ValueError(text)
    return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _iso_date(text: str) -> dt.date:
    return dt.date.fromisoformat(re.sub(r"(Z|[+-]\d\d:\d\d)$", "", text))


def _whole(text: str) -> int:
    number = _decimal(text)
    if number != int(number):
        raise ValueError(text)
    return int(number)


TEXT = Codec(_text, _text)
AMOUNT = Codec(_amount, _decimal)
NUMBER = Codec(_number, _decimal)
WHOLE = Codec(str, _whole)
COMPACT_DATE = Codec(lambda day: day.strftime("%Y%m%d"), _compact_date)
ISO_DATE = Codec(lambda day: day.isoformat(), _iso_date)
BASE64 = Codec(
    lambda data: base64.b64encode(data).decode(), lambda text: base64.b64decode(text, validate=False)
)


@dataclass(frozen=True, slots=True)
class Value:
    """A field in the text of an element; ``attributes`` are (name, field or $variable).

    A field beginning with ``/`` belongs to the document, whatever group the row is in.
    """

    path: str
    field: str
    bt: str = ""
    codec: Codec = TEXT
    attributes: tuple[tuple[str, str], ...] = ()
    only: str = ""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What stands in every such group."""

    path: str
    text: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What tells this kind of group from others of its name; an empty text means the element is absent."""

    path: str
    text: str
    only: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """An element with fields of an object below; the field or path ``.`` means the same one."""

    path: str
    field: str
    rows: tuple["Row", ...]
    many: bool = False
    bt: str = ""
    only: str = ""


@dataclass(frozen=True, slots=True)
class Packed:
    """One text that holds several fields; ``pack`` gets the object, ``unpack`` gives the fields."""

    path: str
    field: str
    bt: str
    pack: Callable[[Any], str]
    unpack: Callable[[str], dict[str, Any]]
    only: str = ""


Row = Value | Fixed | Kind | Group | Packed


@dataclass(frozen=True, slots=True)
class Step:
    """One element of a path: its name with namespace, what is asked of attributes (name, sort, text)."""

    tag: str
    conditions: tuple[tuple[str, str, str], ...] = ()
    fresh: bool = False


Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A row with its path taken apart."""

    row: Row
    steps: Steps
    attributes: tuple[tuple[str, str], ...] = ()
    below: tuple["Compiled", ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Syntax:
    """A language: its root element, namespaces, rows, and where the variables of a document stand."""

    root: str
    namespaces: Mapping[str | None, str]
    rows: tuple[Row, ...]
    variables: Mapping[str, str]

    def name(self, short: str) -> str:
        """A name with its namespace, as lxml writes it."""
        prefix, _, local = short.rpartition(":")
        return f"{{{self.namespaces[prefix or None]}}}{local}"


def steps(syntax: Syntax, path: str) -> Steps:
    """A path taken apart."""
    if path == ".":
        return ()
    found = []
    for match in _STEP.finditer(path):
        conditions = tuple(
            (name, "=" if sort.startswith("=") else sort, text or "")
            for name, sort, text in _CONDITION.findall(match[3])
        )
        found.append(Step(syntax.name(match[2]), conditions, bool(match[1])))
    return tuple(found)


def compile_rows(syntax: Syntax, rows: Iterable[Row], variant: frozenset[str]) -> tuple[Compiled, ...]:
    """The rows that hold for a variant (a row's ``only`` names one, or with ``!`` all but one)."""
    compiled = []
    for row in rows:
        if row.only and (row.only.startswith("!") == (row.only.lstrip("!") in variant)):
            continue
        below = compile_rows(syntax, row.rows, variant) if isinstance(row, Group) else ()
        attributes = row.attributes if isinstance(row, Value) else ()
        compiled.append(Compiled(row, steps(syntax, row.path), attributes, below))
    return tuple(compiled)


@cache
def rows_of(syntax: Syntax, variant: frozenset[str]) -> tuple[Compiled, ...]:
    """The compiled rows of a syntax."""
    return compile_rows(syntax, syntax.rows, variant)


def empty(value: Any) -> bool:
    """Whether nothing is given."""
    return value is None or value in ("", ())


class Writer:
    """Makes the document of an object."""

    def __init__(self, syntax: Syntax, variables: Mapping[str, str]) -> None:
        self._syntax = syntax
        self._variables = variables
        self._root: Any = None

    def write(self, whole: Any, variant: frozenset[str]) -> "Element":
        """The root element of the document."""
        from lxml import etree

        self._root = whole
        root = etree.Element(self._syntax.name(self._syntax.root), nsmap=dict(self._syntax.namespaces))
        self._rows(root, whole, rows_of(self._syntax, variant))
        return root

    def _rows(self, base: "Element", thing: Any, rows: tuple[Compiled, ...]) -> None:
        for compiled in rows:
            row = compiled.row
            if isinstance(row, Value):
                value = self._get(thing, row.field)
                if not empty(value):
                    element = self._element(base, compiled.steps)
                    element.text = row.codec.encode(value)
                    for name, source in compiled.attributes:
                        text = self._variables[source[1:]] if source[0] == "$" else self._get(thing, source)
                        if text:
                            element.set(name, _text(text))
            elif isinstance(row, Packed):
                packed = row.pack(thing)
                if packed:
                    self._element(base, compiled.steps).text = NOT_XML.sub("", packed)
            elif isinstance(row, Group):
                self._group(base, thing, compiled, row)
            elif isinstance(row, Fixed):
                self._element(base, compiled.steps).text = row.text or None
            elif row.text:
                self._element(base, compiled.steps).text = row.text

    def _group(self, base: "Element", thing: Any, compiled: Compiled, row: Group) -> None:
        if row.field == ".":
            things = (thing,) if self._says(thing, compiled.below) else ()
        else:
            found = self._get(thing, row.field)
            things = found if row.many else () if found is None else (found,)
            things = tuple(one for one in things if self._says(one, compiled.below))
        for one in things:
            element = self._element(base, compiled.steps) if compiled.steps else base
            self._rows(element, one, compiled.below)

    def _says(self, thing: Any, rows: tuple[Compiled, ...]) -> bool:
        """Whether anything would be written of it."""
        for compiled in rows:
            row = compiled.row
            if isinstance(row, Value):
                if not row.field.startswith("/") and not empty(self._get(thing, row.field)):
                    return True
            elif isinstance(row, Packed):
                if row.pack(thing):
                    return True
            elif isinstance(row, Group):
                below = thing if row.field == "." else self._get(thing, row.field)
                if below if row.many else below is not None and self._says(below, compiled.below):
                    return True
        return False

    def _get(self, thing: Any, field: str) -> Any:
        return getattr(self._root, field[1:]) if field[0] == "/" else getattr(thing, field)

    def _element(self, base: "Element", path: Steps) -> "Element":
        from lxml.etree import SubElement

        current = base
        for number, step in enumerate(path, start=1):
            wanted = [(name, self._filled(text)) for name, sort, text in step.conditions if sort == "="]
            last = current[-1] if len(current) else None
            if (
                number < len(path)
                and not step.fresh
                and last is not None
                and last.tag == step.tag
                and all(last.get(name) == text for name, text in wanted)
            ):
                current = last
                continue
            current = SubElement(current, step.tag)
            for name, text in wanted:
                current.set(name, text)
        return current

    def _filled(self, text: str) -> str:
        return self._variables[text[1:]] if text.startswith("$") else text


@dataclass(frozen=True, slots=True)
class Misread:
    """A text that is no value of its field."""

    field: str
    bt: str
    text: str


class Reader:
    """Takes a document apart into nested plain fields; what no row speaks of stays in ``unread``."""

    def __init__(self, syntax: Syntax, root: "Element", variant: frozenset[str]) -> None:
        self.syntax = syntax
        self.root = root
        self.fields: dict[str, Any] = {}
        self.where: dict[Any, str] = {root: ""}
        self.misread: list[Misread] = []
        self._variables = {
            name: next((element.text or "" for element in self._find(root, steps(syntax, path))), "").strip()
            for name, path in syntax.variables.items()
        }
        self._taken: set[Any] = set()
        self._rows(root, self.fields, rows_of(syntax, variant), "")

    def unread(self) -> tuple[tuple[str, str], ...]:
        """Elements nothing was read from: names from the root down, and their text."""
        found = []
        for element in self.root.iter("{*}*"):
            text = (element.text or "").strip()
            if text and len(element) == 0 and element not in self._taken:
                path = [_local(above) for above in reversed([element, *element.iterancestors()])]
                found.append(("/".join(path[1:]), text[:500]))
        return tuple(found)

    def _rows(self, base: "Element", into: dict[str, Any], rows: tuple[Compiled, ...], at: str) -> None:
        for compiled in rows:
            row = compiled.row
            if isinstance(row, Value):
                self._value(base, into, compiled, row, at)
            elif isinstance(row, Group):
                self._group(base, into, compiled, row, at)
            elif isinstance(row, Packed):
                for element in self._find(base, compiled.steps):
                    if element.text and (element is base or element not in self._taken):
                        into.update(row.unpack(element.text))
                        self._take(element, at + row.field)
                        break
            else:
                self._taken.update(self._find(base, compiled.steps))

    def _value(self, base: "Element", into: dict[str, Any], compiled: Compiled, row: Value, at: str) -> None:
        found = self._find(base, compiled.steps)
        element = next((one for one in found if one is base or one not in self._taken), None)
        if element is None:
            return
        path = row.field[1:] if row.field.startswith("/") else f"{at}{row.field}"
        self._take(element, path)
        target, name = (self.fields, row.field[1:]) if row.field.startswith("/") else (into, row.field)
        text = (element.text or "").strip()
        if not text:
            return
        try:
            target.setdefault(name, row.codec.decode(text))
        except (ValueError, ArithmeticError):
            self.misread.append(Misread(path, row.bt, text[:80]))
            return
        for attribute, source in compiled.attributes:
            found = element.get(attribute)
            if found and source[0] != "$":
                into[source] = found.strip()

    def _group(self, base: "Element", into: dict[str, Any], compiled: Compiled, row: Group, at: str) -> None:
        found = [base] if not compiled.steps else [
            element
            for element in self._find(base, compiled.steps)
            if element not in self._taken and self._is_kind(element, compiled.below)
        ]  # fmt: skip
        if row.field == ".":
            for element in found[:1]:
                self._take(element, at.rstrip("."))
                self._rows(element, into, compiled.below, at)
        elif row.many:
            members = into.setdefault(row.field, [])
            for element in found:
                path = f"{at}{row.field}[{len(members)}]"
                self._take(element, path)
                members.append({})
                self._rows(element, members[-1], compiled.below, f"{path}.")
        else:
            for element in found[:1]:
                self._take(element, at + row.field)
                below = into.setdefault(row.field, {})
                self._rows(element, below, compiled.below, f"{at}{row.field}.")
                if not below:
                    del into[row.field]

    def _is_kind(self, element: "Element", rows: tuple[Compiled, ...]) -> bool:
        for compiled in rows:
            if isinstance(compiled.row, Kind):
                said = next((one.text or "" for one in self._find(element, compiled.steps)), "")
                if said.strip() != compiled.row.text:
                    return False
        return True

    def _take(self, element: "Element", path: str) -> None:
        self._taken.add(element)
        self.where.setdefault(element, path)

    def _find(self, base: "Element", path: Steps) -> Iterator["Element"]:
        if not path:
            yield base
            return
        step = path[0]
        for child in base.iterchildren(step.tag):
            if all(self._fits(child.get(name), sort, text) for name, sort, text in step.conditions):
                yield from self._find(child, path[1:])

    def _fits(self, value: str | None, sort: str, text: str) -> bool:
        if sort == "=":
            wanted = self._variables.get(text[1:], "") if text.startswith("$") else text
            return bool(wanted) and value == wanted
        return bool(value) == (sort == "*")


def _local(element: "Element") -> str:
    return str(element.tag).rpartition("}")[2]


def with_bt(rows: Iterable[Row]) -> dict[str, str]:
    """The numbers of the norm by field path (indices left out), for messages."""
    known: dict[str, str] = {}

    def walk(below: Iterable[Row], at: str) -> None:
        for row in below:
            if isinstance(row, Group):
                name = at if row.field == "." else f"{at}{row.field}."
                if row.bt:
                    known.setdefault(name.rstrip("."), row.bt)
                walk(row.rows, name)
            elif isinstance(row, Value) and row.bt:
                known.setdefault(row.field[1:] if row.field.startswith("/") else at + row.field, row.bt)
            elif isinstance(row, Packed) and row.bt:
                known.setdefault(at + row.field, row.bt)

    walk(rows, "")
    return known
