"""What a design may say about the record: ``{product.name}``, ``{product.ean|product.sku}``, ``{product.name@en}``.

Nothing but fields: no arithmetic, no calls, no look into objects.  A field is a key of the record, a plain mapping;
``|`` takes the first that is not empty, ``@en`` asks for a language, ``:upper`` and ``:year`` are the only formats.
Braces are doubled to be printed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from app.core import format as fmt
from app.core.errors import Invalid
from app.services.labels import gs1

Record = Mapping[str, object]

_NAME = r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*"
_FIELD = re.compile(rf"({_NAME})(?:@(de|en))?")
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_GS1 = re.compile(r"\((\d{2,4})\)(\??)")
_FORMATS: Mapping[str, Callable[[object], str]] = {
    "upper": lambda value: str(value).upper(),
    "year": lambda value: str(value.year) if isinstance(value, date) else "",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """One field, perhaps in a certain language."""

    name: str
    language: str | None = None

    def value(self, record: Record, language: str) -> object:
        """The value in the asked language, else in the label's, else as it is; None and blanks are empty."""
        for key in (f"{self.name}@{self.language or language}", self.name):
            found = record.get(key)
            if found is not None and found != "" and not (isinstance(found, str) and not found.strip()):
                return found
        return None


@dataclass(frozen=True, slots=True)
class Place:
    """Fields of which the first that is not empty is shown, perhaps in a format."""

    choices: tuple[Reference, ...]
    form: str | None = None

    def value(self, record: Record, language: str) -> object:
        """The first value that is not empty."""
        for choice in self.choices:
            if (found := choice.value(record, language)) is not None:
                return str(_FORMATS[self.form](found)) if self.form else found
        return None


@dataclass(frozen=True, slots=True)
class Template:
    """Text with places in it."""

    parts: tuple[str | Place, ...]

    def fields(self) -> tuple[str, ...]:
        """The fields it asks for."""
        return tuple(choice.name for part in self.parts if isinstance(part, Place) for choice in part.choices)

    def words(self, record: Record, language: str) -> str:
        """For people: days, numbers as the language writes them.  Empty when all its fields are."""
        return self._joined(record, language, lambda value: _for_people(value, language))

    def data(self, record: Record, language: str) -> str:
        """For a code: days as 2026-11-30, numbers with a point.  Empty when all its fields are."""
        return self._joined(record, language, _for_machines)

    def _joined(self, record: Record, language: str, said: Callable[[object], str]) -> str:
        texts: list[str] = []
        any_place = any_value = False
        for part in self.parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            any_place = True
            value = part.value(record, language)
            if value is not None:
                any_value = True
                texts.append(said(value))
        return "" if any_place and not any_value else "".join(texts)


@dataclass(frozen=True, slots=True)
class Gs1Part:
    """One identifier of a GS1 code and what stands behind it."""

    ai: str
    template: Template
    optional: bool


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether a field is filled, or is empty."""

    field: str
    filled: bool

    def holds(self, record: Record, language: str) -> bool:
        """Whether the record is so."""
        return (Reference(self.field).value(record, language) is not None) == self.filled


@lru_cache(maxsize=1024)
def template(text: str) -> Template:
    """Read a template.  Invalid ``label_design_field`` for what is no field."""
    parts: list[str | Place] = []
    at = 0
    for found in _PLACE.finditer(text):
        if found.start() > at:
            parts.append(text[at : found.start()])
        at = found.end()
        if found.group() in ("{{", "}}"):
            parts.append(found.group()[0])
        elif found.group(1) is None:
            raise Invalid("label_design_field", value=text, sample="{product.name}")
        else:
            parts.append(_place(found.group(1)))
    if at < len(text):
        parts.append(text[at:])
    return Template(tuple(parts))


def _place(text: str) -> Place:
    names, colon, form = text.partition(":")
    choices = []
    for name in names.split("|"):
        found = _FIELD.fullmatch(name.strip())
        if found is None:
            raise Invalid("label_design_field", value=text, sample="{product.name}")
        choices.append(Reference(found.group(1), found.group(2)))
    if colon and form not in _FORMATS:
        raise Invalid("label_design_format", value=form)
    return Place(tuple(choices), form or None)


def condition(text: str) -> Condition:
    """``product.ean`` is filled, ``!product.ean`` is empty."""
    name = text.removeprefix("!")
    if not re.fullmatch(_NAME, name):
        raise Invalid("label_design_field", value=text, sample="{product.name}")
    return Condition(name, not text.startswith("!"))


@lru_cache(maxsize=256)
def gs1_template(text: str) -> tuple[Gs1Part, ...]:
    """Read ``(01){product.gtin}(10)?{lot.code}``; what is marked ``?`` is left out when it is empty."""
    marks = list(_GS1.finditer(text))
    if not marks or marks[0].start() != 0:
        raise Invalid("label_design_gs1", value=text)
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    parts = []
    for mark, end in zip(marks, ends, strict=True):
        gs1.identifier(mark.group(1))
        parts.append(Gs1Part(mark.group(1), template(text[mark.end() : end]), bool(mark.group(2))))
    return tuple(parts)


def gs1_elements(parts: tuple[Gs1Part, ...], record: Record, language: str) -> tuple[gs1.Element, ...] | None:
    """The elements for a record; None when something that has to be there is empty."""
    elements: list[gs1.Element] = []
    for part in parts:
        value = _gs1_value(part, record, language)
        if value:
            elements.append(gs1.Element(part.ai, value))
        elif not part.optional:
            return None
    return tuple(elements)


def _gs1_value(part: Gs1Part, record: Record, language: str) -> str:
    pieces = part.template.parts
    single = pieces[0].value(record, language) if len(pieces) == 1 and isinstance(pieces[0], Place) else None
    known = gs1.identifier(part.ai)
    if isinstance(single, date) and known.rule == "date":
        return gs1.write_date(single)
    if isinstance(single, Decimal | int) and known.decimals is not None:
        return gs1.write_decimal(part.ai, Decimal(single))
    if known.name in ("gtin", "content") and isinstance(single, str):
        return gs1.gtin14(single)
    return part.template.data(record, language)


def _for_people(value: object, language: str) -> str:
    lang = "en" if language == "en" else "de"
    if isinstance(value, datetime):
        return fmt.date_time(value, lang)
    if isinstance(value, date):
        return fmt.date_(value, lang)
    if isinstance(value, Decimal | int):
        return fmt.quantity(Decimal(value), lang=lang)
    return str(value)


def _for_machines(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else str(value)
