"""Pictures of things that do not exist, drawn small and always the same for the same name."""

import io
import math
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


@lru_cache(maxsize=512)
def draw(name: str, text: str, width: int, height: int, ending: str) -> bytes:
    """The file of a picture: a shape and colours that follow from ``name``, with a word below."""
    if ending == "psd":
        return b"8BPS\x00\x01" + bytes(6) + b"\x00\x03" + sha256(name.encode()).digest()
    chance = sha256(name.encode()).digest()
    ground, colour = _GROUNDS[chance[0] % len(_GROUNDS)], _COLOURS[chance[1] % len(_COLOURS)]
    shade = Image.linear_gradient("L").resize((width, height))
    picture = ImageOps.colorize(shade, "white", ground)
    pen = ImageDraw.Draw(picture)
    size = min(width, height) * 0.36
    _shape(pen, chance[2] % 6, width / 2, height * 0.45, size, colour, chance[3])
    font = ImageFont.load_default(max(9, height // 14))
    pen.text((width / 2, height * 0.92), text, fill="#33373d", anchor="mm", font=font)
    file = io.BytesIO()
    picture.save(file, FORMATS[ending][0])
    return file.getvalue()


def _shape(
    pen: ImageDraw.ImageDraw, kind: int, x: float, y: float, size: float, colour: str, turn: int
) -> None:
    if kind == 0:  # a star
        points = 10 + turn % 3 * 2
        pen.polygon(
            [
                (
                    x + size * (1 if one % 2 == 0 else 0.45) * math.sin(2 * math.pi * one / points),
                    y - size * (1 if one % 2 == 0 else 0.45) * math.cos(2 * math.pi * one / points),
                )
                for one in range(points)
            ],
            fill=colour,
        )
    elif kind == 1:  # an angel
        pen.ellipse((x - size, y - size * 0.4, x, y + size * 0.3), fill="#f4f1e6", outline=colour)
        pen.ellipse((x, y - size * 0.4, x + size, y + size * 0.3), fill="#f4f1e6", outline=colour)
        pen.polygon(
            [(x, y - size * 0.5), (x - size * 0.6, y + size), (x + size * 0.6, y + size)], fill=colour
        )
        pen.ellipse(
            (x - size * 0.25, y - size, x + size * 0.25, y - size * 0.45), fill="#e8c9a8", outline=colour
        )
    elif kind == 2:  # a tree
        for one in range(3):
            top = y - size + one * size * 0.5
            wide = size * (0.45 + one * 0.2)
            pen.polygon([(x, top), (x - wide, top + size * 0.8), (x + wide, top + size * 0.8)], fill=colour)
        pen.rectangle((x - size * 0.1, y + size * 0.8, x + size * 0.1, y + size * 1.05), fill="#6b4f36")
    elif kind == 3:  # a house
        pen.rectangle(
            (x - size * 0.8, y - size * 0.1, x + size * 0.8, y + size * 0.9), fill="#f4f1e6", outline=colour
        )
        pen.polygon([(x, y - size), (x - size, y - size * 0.1), (x + size, y - size * 0.1)], fill=colour)
        pen.rectangle((x - size * 0.15, y + size * 0.35, x + size * 0.15, y + size * 0.9), fill=colour)
    elif kind == 4:  # a bell
        pen.pieslice((x - size * 0.6, y - size, x + size * 0.6, y + size * 0.6), 180, 360, fill=colour)
        pen.polygon(
            [
                (x - size * 0.6, y - size * 0.2),
                (x + size * 0.6, y - size * 0.2),
                (x + size * 0.9, y + size * 0.6),
                (x - size * 0.9, y + size * 0.6),
            ],
            fill=colour,
        )
        pen.ellipse((x - size * 0.2, y + size * 0.5, x + size * 0.2, y + size * 0.9), fill="#c9a24a")
    else:  # a moon
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour)
        pen.ellipse((x - size * 0.45, y - size * 1.05, x + size * 1.25, y + size * 0.75), fill="#f7f6f2")
