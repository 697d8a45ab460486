"""Text on paper: the embedded fonts, cleaning, measuring, wrapping and drawing.

Texts are drawn as they are, never parsed as markup.  What Noto Sans lacks comes from DejaVu Sans, Chinese and Japanese
from Droid Sans Fallback, Korean from Nanum Square, emoji (black on white) from Noto Emoji; what all of them lack is
shown as a box, so that nothing disappears silently, and `unknown` names it before anything is issued.
"""

import io
import re
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal

from reportlab import rl_config
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics, ttfonts
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from app.services.documents.bidi import visual

FONT_DIR = Path(__file__).resolve().parents[3] / "resources" / "fonts" / "documents"
PAGE_WIDTH, PAGE_HEIGHT = 210.0, 297.0
INK, SOFT, HAIR, FAINT = "#171B24", "#5B6373", "#C5CAD3", "#F3F4F7"
BOX = "□"
ELLIPSIS = "…"

Weight = Literal["Regular", "Medium", "SemiBold"]
Align = Literal["left", "right", "centre"]
Family = Literal["sans", "serif"]
_FILES: dict[Family, dict[Weight, str]] = {
    "sans": {
        "Regular": "NotoSans-Regular.ttf",
        "Medium": "NotoSans-Medium.ttf",
        "SemiBold": "NotoSans-SemiBold.ttf",
    },
    "serif": {
        "Regular": "DejaVuSerif.ttf",
        "Medium": "DejaVuSerif.ttf",
        "SemiBold": "DejaVuSerif-Bold.ttf",
    },
}
_FALLBACK = "WerkbankFallback"
# Large fonts, in the order they are asked; read when the first character is met that the others lack.
_LARGE = {
    "WerkbankEast": "DroidSansFallbackFull.ttf",
    "WerkbankKorean": "NanumSquareR.ttf",
    "WerkbankEmoji": "NotoEmoji-Regular.ttf",
}
_family: ContextVar[Family] = ContextVar("family", default="sans")
_loading = threading.Lock()
rl_config.useA85 = 0  # binary streams: a quarter smaller, and made sooner
_DARK = re.compile("1+")
_HAN = "\u3041-\u30ff\u3400-\u9fff"
_STOPS = "\u3001\u3002\uff01\uff09\uff0c\uff1a\uff1b\uff1f\u300d\u300f\u30fc"
_BREAKS = re.compile(
    rf"(?<=[^\W\d]{{3}}[-/])(?=[^\W\d]{{3}})|(?<=[{_HAN}{_STOPS}])(?=[{_HAN}])(?![{_STOPS}])"
)


@dataclass(frozen=True, slots=True)
class Style:
    """A way to set text: size in points, line distance in millimetres."""

    size: float
    leading: float
    weight: Weight = "Regular"
    colour: str = INK


@lru_cache(4_000)
def clean(text: str) -> str:
    """Composed text without control characters; line ends become ``\\n``, tabs and odd spaces become a space."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join([_safe(character) for character in text])


def unknown(text: str) -> tuple[str, ...]:
    """The characters of a text that would stand as boxes on paper, each once."""
    composed = unicodedata.normalize("NFC", text)
    return tuple(dict.fromkeys(one for one in composed if one != BOX and _safe(one) == BOX))


def width(text: str, style: Style) -> float:
    """The width of one line in millimetres."""
    return _thousandths(text, _font(style.weight)) * style.size / 1000 / mm


def wrap(text: str, style: Style, room: float, limit: int) -> list[str]:
    """Break a text into lines no wider than ``room`` millimetres, cut with … after ``limit`` lines.

    Words too long for a line are broken between letters.
    """
    lines: list[str] = []
    for paragraph in clean(text).strip().split("\n"):
        if len(lines) > limit:
            break
        lines += _wrap_paragraph(paragraph, style, room, limit + 1 - len(lines))
    if len(lines) <= limit:
        return lines if any(lines) else []
    last = lines[limit - 1].rstrip(" .,;:-")
    while last and width(last + ELLIPSIS, style) > room:
        last = last[:-1]
    return [*lines[: limit - 1], last + ELLIPSIS]


def fit(text: str, style: Style, room: float) -> str:
    """One line of text, cut with … when it is wider than ``room`` millimetres."""
    return next(iter(wrap(text.replace("\n", " "), style, room, 1)), "")


def runs(text: str, weight: Weight) -> list[tuple[str, str]]:
    """A text in drawing order, as stretches of one registered font each: name of the font, characters."""
    return list(_runs(visual(clean(text)), _font(weight)))


@cache
def _colour(code: str) -> Color:
    return HexColor(code)


@lru_cache(8)
def _reader(data: bytes) -> ImageReader:
    """A picture opened; the logo of a house stands on every paper it makes."""
    return ImageReader(io.BytesIO(data))


class Pen:
    """Draws on a PDF page in millimetres from its top left corner; y is the base line of a text."""

    def __init__(self, canvas: Canvas) -> None:
        _register()
        self.canvas = canvas

    def text(self, x: float, y: float, text: str, style: Style, align: Align = "left") -> None:
        """Draw one line; ``x`` is its left end, right end or middle."""
        line = visual(clean(text))
        at = x - {"left": 0.0, "right": 1.0, "centre": 0.5}[align] * width(line, style)
        self.canvas.setFillColor(_colour(style.colour))
        runs = _runs(line, _font(style.weight))
        for font, run in runs:
            self.canvas.setFont(font, style.size)
            self.canvas.drawString(at * mm, (PAGE_HEIGHT - y) * mm, run)
            at += width(run, style) if len(runs) > 1 else 0.0

    def rule(self, x1: float, y: float, x2: float, colour: str = HAIR, thickness: float = 0.5) -> None:
        """Draw a horizontal line; thickness in points."""
        self.canvas.setStrokeColor(_colour(colour))
        self.canvas.setLineWidth(thickness)
        self.canvas.line(x1 * mm, (PAGE_HEIGHT - y) * mm, x2 * mm, (PAGE_HEIGHT - y) * mm)

    def band(self, x: float, y: float, wide: float, high: float, colour: str = FAINT) -> None:
        """Fill a rectangle whose top left corner is (x, y)."""
        self.canvas.setFillColor(_colour(colour))
        self.canvas.rect(x * mm, (PAGE_HEIGHT - y - high) * mm, wide * mm, high * mm, stroke=0, fill=1)

    def modules(self, rows: Sequence[str], x: float, y: float, wide: float, high: float) -> None:
        """Draw a code as modules (``1`` is dark) into the box from its top left, as few rectangles as it needs."""
        self.canvas.setFillColor(_colour("#000000"))
        across, down = wide / len(rows[0]), high / len(rows)
        path = self.canvas.beginPath()
        for row, modules in enumerate(rows):
            for run in _DARK.finditer(modules):
                left = (x + run.start() * across) * mm
                bottom = (PAGE_HEIGHT - y - (row + 1) * down) * mm
                path.rect(left, bottom, (run.end() - run.start()) * across * mm, down * mm)
        self.canvas.drawPath(path, stroke=0, fill=1)

    def frame(self, x: float, y: float, wide: float, high: float, colour: str = HAIR) -> None:
        """Draw an empty box, such as one to tick, from its top left corner."""
        self.canvas.setStrokeColor(_colour(colour))
        self.canvas.setLineWidth(0.6)
        self.canvas.rect(x * mm, (PAGE_HEIGHT - y - high) * mm, wide * mm, high * mm, stroke=1, fill=0)

    def picture(self, data: bytes, x: float, y: float, wide: float, high: float) -> bool:
        """Draw a PNG or JPEG into the box from its top left, keeping its shape; False when it cannot be read."""
        try:
            image = _reader(data)
            across, down = image.getSize()
            scale = min(wide / across, high / down)
            self.canvas.drawImage(
                image,
                x * mm,
                (PAGE_HEIGHT - y - down * scale) * mm,
                across * scale * mm,
                down * scale * mm,
                mask="auto",
            )
        except (OSError, ValueError, ZeroDivisionError):
            return False
        return True

    def watermark(self, text: str) -> None:
        """Draw a pale word across the page."""
        style = Style(96, 0, "SemiBold", "#E9EBEF")
        self.canvas.saveState()
        self.canvas.translate(A4[0] / 2, A4[1] / 2)
        self.canvas.rotate(52)
        self.canvas.setFillColor(_colour(style.colour))
        self.canvas.setFont(_font(style.weight), style.size)
        self.canvas.drawCentredString(0, -style.size / 3, clean(text))
        self.canvas.restoreState()


@contextmanager
def family(name: Family) -> Iterator[None]:
    """Measure and draw in this family as long as it lasts, in this thread."""
    token = _family.set(name)
    try:
        yield
    finally:
        _family.reset(token)


def _font(weight: Weight) -> str:
    return f"Werkbank{_family.get()}{weight}"


def _to_unicode(fontname: str, subset: Sequence[int]) -> str:
    """What a copy of the text reads as.  The library writes characters beyond the first plane with five digits, which
    no reader understands: they are a pair of surrogates."""
    broken = _library_map(fontname, subset)
    for code in {one for one in subset if one > 0xFFFF}:
        broken = broken.replace(f"<{code:04X}>", f"<{chr(code).encode('utf-16-be').hex().upper()}>")
    return broken


_library_map: Callable[[str, Sequence[int]], str] = ttfonts.makeToUnicodeCMap
ttfonts.makeToUnicodeCMap = _to_unicode


def _register() -> None:
    """Load the fonts once; documents may be made in several threads, and a font must never change under one."""
    with _loading:
        if _FALLBACK in pdfmetrics.getRegisteredFontNames():
            return
        for name, files in _FILES.items():
            for weight, file in files.items():
                pdfmetrics.registerFont(TTFont(f"Werkbank{name}{weight}", FONT_DIR / file))
        pdfmetrics.registerFont(TTFont(_FALLBACK, FONT_DIR / "DejaVuSans.ttf"))


def _register_large(font: str) -> None:
    """Load a large font, the first time it is wanted."""
    with _loading:
        if font not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(font, FONT_DIR / _LARGE[font]))


@cache
def _coverage(font: str) -> dict[int, float]:
    """Advance widths of a font by code point, for the characters that have a glyph."""
    _register()
    if font in _LARGE:
        _register_large(font)
    loaded = pdfmetrics.getFont(font)
    assert isinstance(loaded, TTFont)
    face = loaded.face
    return {code: face.charWidths[code] for code, glyph in face.charToGlyph.items() if glyph}


class _Advances(dict[str, float]):
    """How wide each character of a font is in thousandths of the size, looked up once."""

    def __init__(self, font: str) -> None:
        super().__init__()
        self._font = font

    def __missing__(self, character: str) -> float:
        code = ord(character)
        found = _coverage(_font_of(code, self._font)).get(code, 0.0)
        self[character] = found
        return found


@cache
def _advances(font: str) -> _Advances:
    return _Advances(font)


@lru_cache(20_000)
def _thousandths(text: str, font: str) -> float:
    advances = _advances(font)
    return sum([advances[character] for character in text])


@lru_cache(20_000)
def _runs(line: str, font: str) -> tuple[tuple[str, str], ...]:
    """Neighbouring characters of the same font together."""
    own = _coverage(font)
    if all(ord(character) in own for character in line):
        return ((font, line),) if line else ()
    runs: list[tuple[str, str]] = []
    for character in line:
        name = _font_of(ord(character), font)
        if runs and runs[-1][0] == name:
            runs[-1] = (name, runs[-1][1] + character)
        else:
            runs.append((name, character))
    return tuple(runs)


def _font_of(code: int, font: str) -> str:
    """The font a character is taken from: its own, or the first of the others that has it."""
    if code in _coverage(font):
        return font
    return next((other for other in (_FALLBACK, *_LARGE) if code in _coverage(other)), _FALLBACK)


@cache
def _safe(character: str) -> str:
    """The character itself, a space, nothing, or a box for what cannot be shown."""
    if character == "\n" or character == "\u00a0":
        return character
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp") or character == "\t":
        return " "
    if category in ("Cc", "Cf") or "\ufe00" <= character <= "\ufe0f":
        return ""
    code = ord(character)
    known = any(code in _coverage(font) for font in ("WerkbanksansRegular", _FALLBACK, *_LARGE))
    return character if known else BOX


def _wrap_paragraph(paragraph: str, style: Style, room: float, limit: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in paragraph.split(" "):
        gap = " " if line else ""
        for piece in _BREAKS.split(word):
            if width(line + gap + piece, style) > room and line:
                lines.append(line)
                line, gap = "", ""
            line += gap + piece
            gap = ""
            while width(line, style) > room and len(lines) < limit:
                cut = _fitting(line, style, room)
                lines.append(line[:cut])
                line = line[cut:]
        if len(lines) >= limit:
            return lines[:limit]
    return [*lines, line]


def _fitting(text: str, style: Style, room: float) -> int:
    """How many characters of the text fit, at least one."""
    used = 0.0
    advances, room = _advances(_font(style.weight)), room * 1000 * mm / style.size
    for count, character in enumerate(text):
        used += advances[character]
        if used > room:
            return max(count, 1)
    return len(text)
