"""A label as dots: what a label printer burns, and the preview of exactly that."""

import io
from functools import lru_cache
from typing import Any

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont, ImageOps, UnidentifiedImageError
from reportlab.pdfbase import pdfmetrics

from app.services.documents.typeset import Style, Weight, runs, width
from app.services.labels.layout import POINT, Block, Image, Label, Pattern, Words

# More pixels are no picture for a label; guards against a file that unpacks to gigabytes.
_LARGEST = 40_000_000


def draw(label: Label) -> Pictures.Image:
    """The label as a picture of one bit a dot; 1 is black."""
    paper = Pictures.new("1", (label.wide, label.high), 0)
    for mark in label.marks:
        if isinstance(mark, Pattern):
            _pattern(paper, mark)
        elif isinstance(mark, Block):
            paper.paste(1, (mark.x, mark.y, mark.x + mark.wide, mark.y + mark.high))
        elif isinstance(mark, Words):
            _words(paper, mark, label.dots)
        else:
            _picture(paper, mark)
    return paper


def png(label: Label) -> bytes:
    """The label as a PNG of one bit a dot, with its density."""
    kept = io.BytesIO()
    density = label.dots * 25.4
    _white(draw(label)).save(kept, "PNG", dpi=(density, density))
    return kept.getvalue()


def _white(paper: Pictures.Image) -> Pictures.Image:
    """Black on white, as pictures are stored."""
    return paper.point(lambda dot: 0 if dot else 255, "1")


def _pattern(paper: Pictures.Image, mark: Pattern) -> None:
    wide, high = len(mark.rows[0]), len(mark.rows)
    modules = Pictures.frombytes("L", (wide, high), "".join(mark.rows).encode().translate(_DARK))
    grown = modules.convert("1", dither=Pictures.Dither.NONE)
    # Whole numbers of dots to a module: nothing is interpolated.
    paper.paste(
        1, (mark.x, mark.y), grown.resize((wide * mark.across, high * mark.down), Pictures.Resampling.NEAREST)
    )


_DARK = bytes.maketrans(b"01", b"\x00\xff")


def _words(paper: Pictures.Image, mark: Words, dots: float) -> None:
    at, size = mark.x, round(mark.size * POINT * dots, 2)
    ink = 0 if mark.white else 1
    for font, stretch in runs(mark.text, mark.weight):
        for character in stretch:
            mask, left, top = _glyph(font, size, character)
            if mask is not None:
                paper.paste(ink, (round(at) + left, mark.y + top), mask)
            at += _advance(character, mark.weight, mark.size) * dots


@lru_cache(maxsize=4096)
def _advance(character: str, weight: Weight, size: float) -> float:
    return width(character, Style(size, 0, weight))


@lru_cache(maxsize=64)
def _font(name: str, size: float) -> ImageFont.FreeTypeFont:
    face: Any = pdfmetrics.getFont(name)
    return ImageFont.truetype(face.face.filename, size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=8192)
def _glyph(name: str, size: float, character: str) -> tuple[Pictures.Image | None, int, int]:
    """The dots of a character and where they stand from its origin on the base line."""
    font = _font(name, size)
    left, top, right, bottom = font.getbbox(character, mode="1", anchor="ls")
    wide, high = int(right - left), int(bottom - top)
    if wide <= 0 or high <= 0:
        return None, 0, 0
    mask = Pictures.new("1", (wide + 2, high + 2), 0)
    pen = ImageDraw.Draw(mask)
    pen.fontmode = "1"
    pen.text((1 - left, 1 - top), character, fill=1, font=font, anchor="ls")
    return mask, int(left) - 1, int(top) - 1


def _picture(paper: Pictures.Image, mark: Image) -> None:
    dithered = _dithered(mark.content, mark.wide, mark.high)
    if dithered is not None:
        x = mark.x + (mark.wide - dithered.width) // 2
        y = mark.y + (mark.high - dithered.height) // 2
        paper.paste(1, (x, y), dithered)


@lru_cache(maxsize=32)
def _dithered(content: bytes, wide: int, high: int) -> Pictures.Image | None:
    """A picture in black dots, as large as it fits; None when it is none."""
    try:
        with Pictures.open(io.BytesIO(content), formats=("PNG", "JPEG", "GIF")) as opened:
            if opened.width * opened.height > _LARGEST:
                return None
            opened.draft("L", (wide, high))
            shown = ImageOps.exif_transpose(opened).convert("RGBA")
    except (OSError, ValueError, SyntaxError, UnidentifiedImageError, Pictures.DecompressionBombError):
        return None
    ground = Pictures.new("RGBA", shown.size, "white")
    ground.alpha_composite(shown)
    small = ImageOps.contain(ground.convert("L"), (max(wide, 1), max(high, 1)))
    return ImageOps.invert(ImageOps.autocontrast(small, cutoff=1)).convert("1")
