"""What becomes of a value by its class; JSON is walked key by key, and what is not known there is not kept."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, Final

from app.services.sanitise.register import NAMES, TELLING, Register
from app.services.sanitise.traces import Traces
from app.services.sanitise.words import Words

_VAGUE: Final = frozenset({"name", "subject", "value", "detail", "message", "body", "raw"})
_SENTENCE = 4  # words
# Around a decimal number until the JSON is text: it must not become a float.
_MARK: Final = "\ue000"
_NUMBER: Final = re.compile(f'"{_MARK}([^{_MARK}]*){_MARK}"')
Transform = Callable[[str], str | None]
# What may stay in JSON under a key nobody knows: numbers, moments, codes with a digit, words of a program.
_HARMLESS: Final = re.compile(
    r"^(|[a-z][a-z0-9_]*([./][a-z0-9_]+)*|[A-Z0-9]{2,}|(?=\S*\d)[A-Za-z0-9._:+/-]{1,40}|\d{4}-\d\d-\d\d[T ][\d:.+Z-]+"
    r"|\d{1,2}!\d{1,2}!\d{1,4})$"
)


class Values:
    """Replaces values by the register; with ``traces`` also whole names inside texts that are kept."""

    def __init__(
        self, register: Register, words: Words, factor: Decimal, traces: Traces | None = None
    ) -> None:
        self.register = register
        self.words = words
        self._factor = factor
        self._traces = traces

    def transform(self, table: str, kind: str) -> Transform | None:
        """The function for a column's texts; None when they stay as they are."""
        if kind == "scrub":
            return self.scrub
        if kind == "null":
            return lambda _value: None
        if kind in NAMES:
            return lambda value: self.words.replace(kind, value)
        if kind == "json":
            return lambda value: _dump(self.walk(_parse(value), "", ""))
        return None

    def scrub(self, value: str) -> str:
        """The text without the names known to be somebody's."""
        return self._traces.replaced(value, self.words.replace) if self._traces else value

    def row(self, table: str, value: str) -> str | None:
        """A row as JSON, by the columns of its table."""
        entry = self.register.tables.get(table)
        found = _parse(value)
        if entry is None or not isinstance(found, dict):
            return _dump(self.walk(found, "", ""))
        made = {}
        for key, item in found.items():
            kind = entry.columns.get(key, self.register.keys.get(key, ""))
            if kind not in ("sql", "made"):
                made[key] = self._item(item, kind, key, "")
        return _dump(made)

    def walk(self, value: Any, key: str, parent: str) -> Any:
        """Any JSON value under its key and the key above it."""
        if isinstance(value, dict):
            made = {name: self.walk(item, name, key) for name, item in value.items()}
            if value.get("kind") == "money":  # a field of a request, which says itself what it is
                made |= {
                    name: self._item(value[name], "money", name, key)
                    for name in ("before", "after")
                    if name in value
                }
            return made
        if isinstance(value, list):
            return [self.walk(item, key, parent) for item in value]
        keys = self.register.keys
        return self._item(value, keys.get(f"{parent}.{key}", keys.get(key, "")), key, parent)

    def _item(self, value: Any, kind: str, key: str, parent: str) -> Any:
        if isinstance(value, (dict, list)):
            return self.walk(value, key, parent)
        if value is None or isinstance(value, bool):
            return value
        if kind == "null":
            return None
        if isinstance(value, (int, Decimal)):
            if kind == "money":
                return round(value * self._factor, 2 if value == round(value, 2) else 4)
            return value if kind not in TELLING or kind == "text" else self.words.replace(kind, str(value))
        if kind in NAMES:
            return self.words.replace(kind, value)
        if kind == "money":
            return value if not re.search(r"\d", value) else "0"
        if kind in ("keep", "scrub"):
            return self.scrub(value)
        return value if _HARMLESS.match(value) else self.words.replace("text", value)

    def telling(self, table: str, kind: str, value: str) -> Iterator[tuple[str, str]]:
        """The values in a column's text that lead to somebody, each with its class."""
        if kind in TELLING:
            yield from _parts(kind, value)
        elif kind == "json":
            yield from self._telling_in(_parse(value), "", "")

    def telling_row(self, table: str, value: str) -> Iterator[tuple[str, str]]:
        """The same for a row as JSON."""
        entry = self.register.tables.get(table)
        found = _parse(value)
        for key, item in found.items() if isinstance(found, dict) else ():
            kind = entry.columns.get(key, "") if entry else ""
            if kind in TELLING and isinstance(item, str):
                yield from _parts(kind, item)
            elif isinstance(item, (dict, list)):
                yield from self._telling_in(item, key, "")

    def _telling_in(self, value: Any, key: str, parent: str) -> Iterator[tuple[str, str]]:
        if isinstance(value, dict):
            for name, item in value.items():
                yield from self._telling_in(item, name, key)
        elif isinstance(value, list):
            for item in value:
                yield from self._telling_in(item, key, parent)
        elif isinstance(value, str):
            # A bare `name` may be that of a box; it is replaced, but says of nobody.
            keys = self.register.keys
            kind = keys.get(f"{parent}.{key}", "" if key in _VAGUE else keys.get(key, ""))
            if kind in TELLING:
                yield from _parts(kind, value)


def _parts(kind: str, value: str) -> Iterator[tuple[str, str]]:
    """A value, or of an address in lines its name and street; of texts only sentences tell."""
    if kind == "text" and len(value.split()) < _SENTENCE:
        return
    if kind != "address":
        yield kind, value
        return
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n|\\r", value)]
    for place, line in enumerate(lines):
        if line and not re.match(r"^([A-Z]{1,3}-)?\d{4,5} ", line):
            yield ("street" if place and re.search(r"\d", line) else "party"), line


def _parse(value: str) -> Any:
    return json.loads(value, parse_float=Decimal)


def _dump(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda number: f"{_MARK}{number:f}{_MARK}")
    return _NUMBER.sub(r"\1", text)
