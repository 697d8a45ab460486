"""Pictures of things that do not exist, drawn small and always the same for the same name."""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from PIL import Image, ImageDraw, ImageFont, ImageOps

FORMATS = {
    "jpeg": ("JPEG", "image/jpeg"),
    "jpg": ("JPEG", "image/jpeg"),
    "png": ("PNG", "image/png"),
    "tiff": ("TIFF", "image/tiff"),
    "webp": ("WEBP", "image/webp"),
    "gif": ("GIF", "image/gif"),
    "bmp": ("BMP", "image/bmp"),
    "psd": ("", "image/vnd.adobe.photoshop"),
}
"""By the end of a file's name: what draws it, and what the service calls it."""

_GROUNDS = ("#dfe6ea", "#efe8dc", "#e3eadf", "#e9e1ea", "#f0e2dd", "#dcdfe8")
_COLOURS = ("#8a8f96", "#b23b32", "#2f6f4f", "#c08a2d", "#3d5a8c", "#6e4b7e", "#5c5f66")
_LIGHT, _SKIN = "#f4f1e6", "#e8c9a8"


SHAPES = ("star", "angel", "tree", "house", "bell", "moon", "heart", "figure")
_MEANT = {
    "Stern": "star",
    "Engel": "angel",
    "Filigranengel": "angel",
    "Tannenbaum": "tree",
    "Kirche": "house",
    "Bauernhaus": "house",
    "Windmühle": "house",
    "Krippe": "house",
    "Glocke": "bell",
    "Mond": "moon",
    "Herz": "heart",
    **dict.fromkeys(
        ("Trompeter", "Nikolaus", "Schneemann", "Reiter", "Hirte", "Brautpaar", "Zwerg", "Musikant"), "figure"
    ),
}


def shape_of(article: str) -> str:
    """The shape an article's name calls for; empty when any will do."""
    return _MEANT.get(article.partition(" ")[0], "")


@lru_cache(maxsize=512)
def draw(name: str, text: str, width: int, height: int, ending: str, shape: str = "") -> bytes:
    """The file of a picture: a shape and colours that follow from ``name``, with a word below."""
    if ending == "psd":
        return b"8BPS\x00\x01" + bytes(6) + b"\x00\x03" + sha256(name.encode()).digest()
    chance = sha256(name.encode()).digest()
    ground, colour = _GROUNDS[chance[0] % len(_GROUNDS)], _COLOURS[chance[1] % len(_COLOURS)]
    shade = Image.linear_gradient("L").resize((width, height))
    picture = ImageOps.colorize(shade, "white", ground)
    pen = ImageDraw.Draw(picture)
    paint = _PAINTERS[shape or SHAPES[chance[2] % len(SHAPES)]]
    paint(_Spot(pen, width / 2, height * 0.45, min(width, height) * 0.36, colour))
    font = ImageFont.load_default(max(9, height // 14))
    pen.text((width / 2, height * 0.92), text, fill="#33373d", anchor="mm", font=font)
    file = io.BytesIO()
    picture.save(file, FORMATS[ending][0])
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a shape goes; its points count from the middle in halves of its size."""

    pen: ImageDraw.ImageDraw
    x: float
    y: float
    size: float
    colour: str

    def polygon(self, *points: tuple[float, float], fill: str | None = None) -> None:
        self.pen.polygon(
            [(self.x + self.size * x, self.y + self.size * y) for x, y in points], fill=fill or self.colour
        )

    def ellipse(self, x: float, y: float, wide: float, high: float, fill: str | None = None) -> None:
        self.pen.ellipse(
            (
                self.x + self.size * (x - wide),
                self.y + self.size * (y - high),
                self.x + self.size * (x + wide),
                self.y + self.size * (y + high),
            ),
            fill=fill or self.colour,
            outline=self.colour,
        )


def _star(at: _Spot) -> None:
    turns = [(1 if one % 2 == 0 else 0.45, math.pi * one / 5) for one in range(10)]
    at.polygon(*((far * math.sin(angle), -far * math.cos(angle)) for far, angle in turns))


def _angel(at: _Spot) -> None:
    for side in (-0.5, 0.5):
        at.ellipse(side, -0.05, 0.5, 0.35, _LIGHT)
    at.polygon((0, -0.5), (-0.6, 1), (0.6, 1))
    at.ellipse(0, -0.72, 0.25, 0.27, _SKIN)


def _tree(at: _Spot) -> None:
    for top, wide in ((-1, 0.45), (-0.5, 0.65), (0, 0.85)):
        at.polygon((0, top), (-wide, top + 0.8), (wide, top + 0.8))
    at.polygon((-0.1, 0.8), (0.1, 0.8), (0.1, 1.05), (-0.1, 1.05), fill="#6b4f36")


def _house(at: _Spot) -> None:
    at.polygon((-0.8, -0.1), (0.8, -0.1), (0.8, 0.9), (-0.8, 0.9), fill=_LIGHT)
    at.polygon((0, -1), (-1, -0.1), (1, -0.1))
    at.polygon((-0.15, 0.35), (0.15, 0.35), (0.15, 0.9), (-0.15, 0.9))


def _bell(at: _Spot) -> None:
    at.ellipse(0, 0.7, 0.2, 0.2, "#c9a24a")
    at.ellipse(0, -0.3, 0.6, 0.7)
    at.polygon((-0.6, -0.3), (0.6, -0.3), (0.9, 0.6), (-0.9, 0.6))


def _moon(at: _Spot) -> None:
    outer = [(math.cos(angle), math.sin(angle)) for angle in _steps(0.9, 2 * math.pi - 0.9)]
    inner = [
        (0.35 + 0.84 * math.cos(angle), 0.84 * math.sin(angle)) for angle in _steps(2 * math.pi - 1.2, 1.2)
    ]
    at.polygon(*outer, *inner)


def _heart(at: _Spot) -> None:
    at.polygon(
        *(
            (
                math.sin(angle) ** 3,
                -(
                    13 * math.cos(angle)
                    - 5 * math.cos(2 * angle)
                    - 2 * math.cos(3 * angle)
                    - math.cos(4 * angle)
                )
                / 16,
            )
            for angle in _steps(0, 2 * math.pi)
        )
    )


def _figure(at: _Spot) -> None:
    at.polygon((-0.3, -0.35), (0.3, -0.35), (0.5, 1), (-0.5, 1))
    at.polygon((-0.3, -0.3), (-0.75, 0.35), (-0.6, 0.45), (-0.2, 0))
    at.polygon((0.3, -0.3), (0.75, 0.35), (0.6, 0.45), (0.2, 0))
    at.ellipse(0, -0.6, 0.26, 0.28, _SKIN)
    at.polygon((-0.35, -0.75), (0.35, -0.75), (0, -1.15))


def _steps(first: float, last: float, count: int = 40) -> list[float]:
    return [first + (last - first) * one / count for one in range(count + 1)]


_PAINTERS: dict[str, Callable[[_Spot], None]] = {
    "star": _star,
    "angel": _angel,
    "tree": _tree,
    "house": _house,
    "bell": _bell,
    "moon": _moon,
    "heart": _heart,
    "figure": _figure,
}
