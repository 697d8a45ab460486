"""A label as it is declared: elements in millimetres from the top left corner, read and checked.

A design comes from `resources/labels` or from the house's own (`labels.design`); both have the same form, which
docs/admin/labels.md describes.  `read` finds everything that is wrong at once, so that an editor can mark it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, cast

from app.core.errors import AppError, Invalid
from app.services.documents.typeset import Weight
from app.services.labels import fields, symbols

DENSITIES = (203, 300, 600)
LANGUAGES = ("de", "en")
SMALLEST, LARGEST = 8.0, 420.0
LEAST_FONT = 4.0

Align = Literal["left", "centre", "right"]
Valign = Literal["top", "middle", "bottom"]
Overflow = Literal["shrink", "cut", "refuse"]
_WEIGHTS: Mapping[str, Weight] = {"regular": "Regular", "medium": "Medium", "semibold": "SemiBold"}


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle in millimetres, from the label's top left corner."""

    x: float
    y: float
    wide: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What all elements have: their area, and when they are there."""

    area: Area
    when: tuple[fields.Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(Element):
    """Words.  ``font`` and ``least`` in points; ``lines`` is how many there may be.

    What does not fit gets smaller down to ``least``; then it is cut with … or, with ``refuse``, the label is refused.
    """

    words: Mapping[str, fields.Template]
    font: float
    least: float
    weight: Weight = "Regular"
    align: Align = "left"
    valign: Valign = "top"
    lines: int = 1
    overflow: Overflow = "shrink"
    white: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Element):
    """A code; of several kinds the first that can hold the record and fits.  Module widths in millimetres."""

    kinds: tuple[str, ...]
    value: fields.Template | None
    gs1: tuple[fields.Gs1Part, ...]
    module: float | None = None
    least: float | None = None
    words: float = 0.0
    align: Align = "centre"
    bearer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill(Element):
    """A black area: a line or a filled box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame(Element):
    """A box drawn with a line of ``width`` millimetres, inside its area."""

    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Element):
    """The picture in a field of the record, as large as it fits."""

    source: str


@dataclass(frozen=True, slots=True)
class Design:
    """A label of ``wide`` by ``high`` millimetres for records of a topic; ``densities`` are dots per inch."""

    key: str
    topic: str
    name: Mapping[str, str]
    wide: float
    high: float
    elements: tuple[Element, ...]
    densities: tuple[int, ...] = DENSITIES
    declared: Mapping[str, Any] = field(default_factory=dict, compare=False)


def read(declared: Mapping[str, Any]) -> tuple[Design | None, list[AppError]]:
    """A design and what is wrong with it; each finding says in ``element`` which one is meant, from 1 on, 0 for all."""
    declared = _plain(declared)
    problems: list[AppError] = []
    size = declared.get("size")
    if not _numbers(size, 2):
        return None, [Invalid("label_design_size", element=0, value=str(size))]
    wide, high = (float(part) for part in cast("list[float]", size))
    if not (SMALLEST <= wide <= LARGEST and SMALLEST <= high <= LARGEST):
        return None, [Invalid("label_design_size_range", element=0, wide=wide, high=high)]
    densities = tuple(declared.get("densities", DENSITIES))
    if not densities or not set(densities) <= set(DENSITIES):
        problems.append(Invalid("label_design_density", element=0, value=str(densities)))
    elements: list[Element] = []
    for number, given in enumerate(declared.get("elements") or (), 1):
        try:
            element = _element(given)
            _inside(element.area, wide, high)
        except AppError as error:
            error.params["element"] = number
            problems.append(error)
        else:
            elements.append(element)
    if not elements and not problems:
        problems.append(Invalid("label_design_empty", element=0))
    name = declared.get("name") or {}
    name = {
        language: str(name.get(language) or name.get("de") or declared.get("key")) for language in LANGUAGES
    }
    design = Design(
        str(declared.get("key", "")),
        str(declared.get("topic", "")),
        name,
        wide,
        high,
        tuple(elements),
        densities,
        declared,
    )
    return design, problems


def _plain(value: Any) -> Any:
    """What the database gives, with numbers as a file would have them: lengths in mm are no money."""
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return float(value) if isinstance(value, Decimal) else value


def used_fields(elements: Iterable[Element]) -> set[str]:
    """All fields a design asks for."""
    used: set[str] = set()
    for element in elements:
        used |= {condition.field for condition in element.when}
        if isinstance(element, Text):
            used.update(*(words.fields() for words in element.words.values()))
        elif isinstance(element, Code):
            used |= set(element.value.fields()) if element.value else set()
            used.update(*(part.template.fields() for part in element.gs1))
        elif isinstance(element, Picture):
            used.add(element.source)
    return used


def _numbers(value: object, count: int) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == count
        and all(isinstance(part, int | float) and not isinstance(part, bool) for part in value)
    )


def _said(value: object) -> object:
    """What was declared, for a message: numbers stay numbers, so that the language can write them."""
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    return value if plain or isinstance(value, list | tuple) else str(value)


def _number(given: Mapping[str, Any], key: str, usual: float, least: float, most: float) -> float:
    value = given.get(key, usual)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise Invalid("label_design_number", setting=key, value=_said(value), least=least, most=most)
    return float(value)


def _one_of(given: Mapping[str, Any], key: str, usual: str, allowed: Iterable[str]) -> str:
    value = given.get(key, usual)
    if value not in allowed:
        raise Invalid("label_design_choice", setting=key, value=str(value), allowed=", ".join(allowed))
    return str(value)


def _area(given: Mapping[str, Any], key: str) -> Area:
    value = given.get(key)
    if not _numbers(value, 4):
        raise Invalid("label_design_area", setting=key, value=_said(value))
    area = Area(*(float(part) for part in cast("list[float]", value)))
    if area.wide <= 0 or area.high <= 0:
        raise Invalid("label_design_no_area")
    return area


def _inside(area: Area, wide: float, high: float) -> None:
    slack = 0.001
    if area.x < 0 or area.y < 0 or area.x + area.wide > wide + slack or area.y + area.high > high + slack:
        raise Invalid(
            "label_design_outside",
            x=area.x,
            y=area.y,
            wide=area.wide,
            high=area.high,
            label_wide=wide,
            label_high=high,
        )


def _element(given: object) -> Element:
    if not isinstance(given, Mapping):
        raise Invalid("label_design_element", value=str(given))
    makers = {"text": _text, "code": _code, "line": _line, "box": _box, "picture": _picture}
    kinds = [kind for kind in makers if kind in given]
    if len(kinds) != 1:
        raise Invalid("label_design_element", value=", ".join(map(str, given)))
    when = given.get("when", [])
    conditions = tuple(fields.condition(str(c)) for c in (when if isinstance(when, list) else [when]))
    known = _SETTINGS[kinds[0]] | {kinds[0], "when"}
    unknown = sorted(set(map(str, given)) - known)
    if unknown:
        raise Invalid("label_design_setting", setting=unknown[0], allowed=", ".join(sorted(known)))
    return makers[kinds[0]](given, conditions)


_SETTINGS: Mapping[str, set[str]] = {
    "text": {"at", "font", "least", "weight", "align", "valign", "lines", "overflow", "white"},
    "code": {"at", "value", "gs1", "module", "least", "words", "align", "bearer"},
    "line": {"width"},
    "box": {"width", "fill"},
    "picture": {"at"},
}


def _text(given: Mapping[str, Any], when: tuple[fields.Condition, ...]) -> Text:
    said = given["text"]
    by_language = said if isinstance(said, Mapping) else dict.fromkeys(LANGUAGES, said)
    if not set(by_language) <= set(LANGUAGES) or not by_language:
        raise Invalid("label_design_language", value=", ".join(map(str, by_language)))
    first = next(iter(by_language.values()))
    words = {language: fields.template(str(by_language.get(language, first))) for language in LANGUAGES}
    font = _number(given, "font", 8, LEAST_FONT, 400)
    least = _number(given, "least", min(font, max(5.0, font / 2)), LEAST_FONT, font)
    area = _area(given, "at")
    if area.high < needed_height(least, 1) - 0.05:
        raise Invalid("label_design_too_flat", value=area.high, needed=round(needed_height(least, 1), 2))
    return Text(
        area=area,
        when=when,
        words=words,
        font=font,
        least=least,
        weight=_WEIGHTS[_one_of(given, "weight", "regular", _WEIGHTS)],
        align=cast("Align", _one_of(given, "align", "left", ("left", "centre", "right"))),
        valign=cast("Valign", _one_of(given, "valign", "top", ("top", "middle", "bottom"))),
        lines=int(_number(given, "lines", 1, 1, 40)),
        overflow=cast("Overflow", _one_of(given, "overflow", "shrink", ("shrink", "cut", "refuse"))),
        white=given.get("white") is True,
    )


def needed_height(font: float, lines: int) -> float:
    """Millimetres that lines of a size in points take: capitals, descenders, distances."""
    return (0.74 + 0.22 + (lines - 1) * LEADING) * font * 25.4 / 72


LEADING = 1.18


def _code(given: Mapping[str, Any], when: tuple[fields.Condition, ...]) -> Code:
    asked = given["code"]
    kinds = tuple(map(str, asked if isinstance(asked, list) else [asked]))
    for kind in kinds:
        if kind not in symbols.NAMES:
            raise Invalid("label_design_choice", setting="code", value=kind, allowed=", ".join(symbols.NAMES))
    wants_gs1 = [kind != symbols.GTIN and symbols.KINDS[kind].is_gs1 for kind in kinds]
    if (any(wants_gs1) and not given.get("gs1")) or (not all(wants_gs1) and not given.get("value")):
        raise Invalid("label_design_value", kind=", ".join(kinds))
    least = [
        symbols.KINDS[kind].least if kind != symbols.GTIN else symbols.KINDS["ean13"].least for kind in kinds
    ]
    floor = min(least)
    return Code(
        area=_area(given, "at"),
        when=when,
        kinds=kinds,
        value=fields.template(str(given["value"])) if given.get("value") else None,
        gs1=fields.gs1_template(str(given["gs1"])) if given.get("gs1") else (),
        module=_number(given, "module", floor, floor, 5) if "module" in given else None,
        least=_number(given, "least", floor, floor, 5) if "least" in given else None,
        words=_number(given, "words", 0, 0, 72),
        align=cast("Align", _one_of(given, "align", "centre", ("left", "centre", "right"))),
        bearer=given.get("bearer") is True,
    )


def _line(given: Mapping[str, Any], when: tuple[fields.Condition, ...]) -> Fill:
    ends = given["line"]
    width = _number(given, "width", 0.3, 0.1, 20)
    if not _numbers(ends, 4):
        raise Invalid("label_design_area", setting="line", value=_said(ends))
    x1, y1, x2, y2 = (float(end) for end in ends)
    if (x1 != x2) == (y1 != y2):
        raise Invalid("label_design_line", value=_said(ends))
    left, top = min(x1, x2), min(y1, y2)
    across, down = abs(x2 - x1), abs(y2 - y1)
    area = Area(left, top, across, width) if across else Area(left, top, width, down)
    return Fill(area=area, when=when)


def _box(given: Mapping[str, Any], when: tuple[fields.Condition, ...]) -> Fill | Frame:
    area = _area(given, "box")
    if given.get("fill") is True:
        return Fill(area=area, when=when)
    return Frame(area=area, when=when, width=_number(given, "width", 0.3, 0.1, min(area.wide, area.high) / 2))


def _picture(given: Mapping[str, Any], when: tuple[fields.Condition, ...]) -> Picture:
    source = fields.condition(str(given["picture"]))
    return Picture(area=_area(given, "at"), when=when, source=source.field)
