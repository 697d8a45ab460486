"""A design and a record become marks on a grid of dots: the one layout behind PDF, pictures and label printers.

Everything lies on whole dots of the density asked for, and a module of a code is a whole number of dots, so a printer
of that density prints exactly what was laid out.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.core.errors import AppError, Invalid, Refused
from app.services.documents.typeset import Style, Weight, fit, width, wrap
from app.services.labels import symbols
from app.services.labels.design import (
    LEADING,
    Area,
    Code,
    Design,
    Element,
    Fill,
    Frame,
    Picture,
    Text,
    needed_height,
)
from app.services.labels.fields import Record, gs1_elements

# Dots per millimetre.  203 dpi heads have eight dots a millimetre.
DOTS: Mapping[int, float] = {203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4}
POINT = 25.4 / 72
_CAPITALS, _STEP = 0.74, 0.5


@dataclass(frozen=True, slots=True)
class Pattern:
    """Rows of modules, ``1`` dark, each ``across`` by ``down`` dots."""

    x: int
    y: int
    across: int
    down: int
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """A black rectangle."""

    x: int
    y: int
    wide: int
    high: int


@dataclass(frozen=True, slots=True)
class Words:
    """One line of text: left end and base line in dots, size in points."""

    x: float
    y: int
    size: float
    text: str
    weight: Weight
    white: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """A picture to be fitted into a rectangle."""

    x: int
    y: int
    wide: int
    high: int
    content: bytes


Mark = Pattern | Block | Words | Image


@dataclass(frozen=True, slots=True)
class Label:
    """A label laid out: its size in dots, the density in dots per inch, its marks in the order they are drawn."""

    wide: int
    high: int
    density: int
    marks: tuple[Mark, ...]

    @property
    def dots(self) -> float:
        """Dots per millimetre."""
        return DOTS[self.density]


def lay_out(design: Design, record: Record, *, density: int = 203, language: str = "de") -> Label:
    """Lay a label out.

    Invalid ``label_code_…`` and ``gs1_…`` for what no code can hold or has no room, ``label_text_too_long``;
    Refused ``label_code_empty`` when a code has nothing to say.  ``element`` names the element, from 1 on.
    """
    pen = _Pen(record, density, language)
    for number, element in enumerate(design.elements, 1):
        if all(condition.holds(record, language) for condition in element.when):
            try:
                pen.draw(element)
            except AppError as error:
                error.params.setdefault("element", number)
                raise
    return Label(pen.dot(design.wide), pen.dot(design.high), density, tuple(pen.marks))


class _Pen:
    def __init__(self, record: Record, density: int, language: str) -> None:
        self.record, self.language = record, language
        self.scale = DOTS[density]
        self.marks: list[Mark] = []

    def dot(self, millimetres: float) -> int:
        return round(millimetres * self.scale)

    def draw(self, element: Element) -> None:
        if isinstance(element, Text):
            self._text(element)
        elif isinstance(element, Code):
            self._code(element)
        elif isinstance(element, Frame):
            self._frame(element)
        elif isinstance(element, Fill):
            self.marks.append(self._block(element.area))
        elif isinstance(element, Picture):
            self._picture(element)

    def _block(self, area: Area) -> Block:
        left, top = self.dot(area.x), self.dot(area.y)
        return Block(
            left, top, max(self.dot(area.x + area.wide) - left, 1), max(self.dot(area.y + area.high) - top, 1)
        )

    def _frame(self, element: Frame) -> None:
        whole, line = self._block(element.area), max(self.dot(element.width), 1)
        x, y, wide, high = whole.x, whole.y, whole.wide, whole.high
        self.marks += [
            Block(x, y, wide, line),
            Block(x, y + high - line, wide, line),
            Block(x, y + line, line, high - 2 * line),
            Block(x + wide - line, y + line, line, high - 2 * line),
        ]

    def _picture(self, element: Picture) -> None:
        content = self.record.get(element.source)
        if isinstance(content, bytes) and content:
            area = self._block(element.area)
            self.marks.append(Image(area.x, area.y, area.wide, area.high, content))

    # -- words --------------------------------------------------------------------------------------------------

    def _text(self, element: Text) -> None:
        said = element.words[self.language].words(self.record, self.language).strip()
        if not said:
            return
        area = element.area
        size, lines = _fitted(element, said)
        high = needed_height(size, len(lines))
        spare = max(area.high - high, 0.0)
        top = area.y + spare * {"top": 0.0, "middle": 0.5, "bottom": 1.0}[element.valign]
        for number, line in enumerate(lines):
            base = self.dot(top + (_CAPITALS + number * LEADING) * size * POINT)
            self._line(line, size, area, base, element)

    def _line(self, line: str, size: float, area: Area, base: int, element: Text) -> None:
        spare = area.wide - width(line, Style(size, 0, element.weight))
        left = area.x + spare * {"left": 0.0, "centre": 0.5, "right": 1.0}[element.align]
        self.marks.append(Words(left * self.scale, base, size, line, element.weight, element.white))

    # -- codes --------------------------------------------------------------------------------------------------

    def _code(self, element: Code) -> None:
        refused: AppError | None = None
        for name in element.kinds:
            try:
                symbol = self._symbol(element, name)
                if symbol is not None:
                    self._placed(element, symbol)
                    return
            except Invalid as error:
                refused = refused or error
        raise refused or Refused("label_code_empty")

    def _symbol(self, element: Code, name: str) -> symbols.Symbol | None:
        if name != symbols.GTIN and symbols.KINDS[name].is_gs1:
            elements = gs1_elements(element.gs1, self.record, self.language)
            return symbols.encode_gs1(name, elements) if elements else None
        content = element.value.data(self.record, self.language).strip() if element.value else ""
        return symbols.encode(name, content) if content else None

    def _placed(self, element: Code, symbol: symbols.Symbol) -> None:
        area, kind = self._block(element.area), symbol.kind
        margins = kind.margins
        words = self.dot(needed_height(element.words, 1) + 0.8) if element.words else 0
        module = self._module(element, symbol, area, words)
        wide = symbol.across * module
        x = area.x + (area.wide - wide) * {"left": 0, "centre": 1, "right": 2}[element.align] // 2
        dark = x + margins[0] * module
        rows = symbol.rows
        if kind.is_matrix:
            high = symbol.down * module
            y = area.y + (area.high - words - high) // 2
            self.marks.append(Pattern(dark, y + margins[2] * module, module, module, rows))
            foot = y + high
        else:
            bearer = 2 * module if element.bearer else 0
            foot = area.y + area.high - words
            tall = area.high - words - 2 * bearer
            if tall < self.dot(3):
                raise Invalid("label_code_does_not_fit", value=symbol.human, kind=kind.name)
            self.marks.append(Pattern(dark, area.y + bearer, module, tall, rows))
            if bearer:
                self.marks += [Block(x, area.y, wide, bearer), Block(x, foot - bearer, wide, bearer)]
        if element.words:
            middle = (dark + len(rows[0]) * module / 2) / self.scale
            self._below(element, symbol, foot, middle)

    def _module(self, element: Code, symbol: symbols.Symbol, area: Block, words: int) -> int:
        """The most dots a module may have here.  Invalid when that is less than scanners can read."""
        least, usual = symbol.kind.least, element.module or symbol.kind.usual
        least = max(least, element.least or 0)
        module = min(int(max(usual, least) * self.scale * 1.02), area.wide // symbol.across)
        if symbol.kind.is_matrix:
            module = min(module, (area.high - words) // symbol.down)
        if module < 1 or module / self.scale < least * 0.98:
            # One dot more may be wider than wished, yet the least that this printer can do.
            wished = -int(-least * 0.98 * self.scale // 1)
            if module >= 1 and self._room(symbol, area, words) >= wished:
                return wished
            raise Invalid("label_code_does_not_fit", value=symbol.human, kind=symbol.kind.name)
        return module

    def _room(self, symbol: symbols.Symbol, area: Block, words: int) -> int:
        across = area.wide // symbol.across
        return min(across, (area.high - words) // symbol.down) if symbol.kind.is_matrix else across

    def _below(self, element: Code, symbol: symbols.Symbol, foot: int, middle: float) -> None:
        said, area = grouped(symbol), element.area
        size = element.words
        while size > 4 and width(said, Style(size, 0)) > area.wide:
            size -= _STEP
        said = fit(said, Style(size, 0), area.wide)
        base = foot + self.dot(0.7 + _CAPITALS * size * POINT)
        wide = width(said, Style(size, 0))
        left = min(max(middle - wide / 2, area.x), area.x + area.wide - wide)
        self.marks.append(Words(left * self.scale, base, size, said, "Regular"))


def grouped(symbol: symbols.Symbol) -> str:
    """What stands below a code, in the groups people read."""
    human = symbol.human
    match symbol.kind.name:
        case "ean13":
            human = human.zfill(13)
            return f"{human[0]} {human[1:7]} {human[7:]}"
        case "ean8":
            return f"{human[:4]} {human[4:]}"
        case "itf14":
            return f"{human[0]} {human[1:3]} {human[3:8]} {human[8:13]} {human[13:]}"
    return human


def _fitted(element: Text, said: str) -> tuple[float, list[str]]:
    """The largest size in which a text fits, and its lines."""
    size, area = element.font, element.area
    if element.overflow == "cut":
        limit = max(_lines(element, size), 1)
        return size, wrap(said, Style(size, 0, element.weight), area.wide, limit) or [""]
    smallest = element.least
    while True:
        style = Style(size, 0, element.weight)
        limit = _lines(element, size)
        if limit >= 1:
            lines = wrap(said, style, area.wide, limit + 1)
            whole = len(lines) <= limit and (size <= smallest or _words_whole(said, style, area.wide))
            if whole:
                return size, lines
        if size <= smallest:
            break
        size = max(size - _STEP, smallest)
    if element.overflow == "refuse":
        raise Invalid("label_text_too_long", value=said)
    return size, wrap(said, Style(size, 0, element.weight), area.wide, max(limit, 1))


def _lines(element: Text, size: float) -> int:
    """How many lines of a size there may be."""
    room = int(((element.area.high + 0.05) / POINT / size - _CAPITALS - 0.22) / LEADING + 1)
    return min(room, element.lines)


def _words_whole(said: str, style: Style, room: float) -> bool:
    return all(width(word, style) <= room for word in said.split())
