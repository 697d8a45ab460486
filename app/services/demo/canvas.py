"""A small drawing board for the demo's product pictures: coordinates 0 to 100, colours by role, soft edges.

A figure is drawn once in roles (main, dark, light, accent, skin, gold, white, wood, line) and comes out painted,
plain or oxidised depending on the palette.
"""

import io
import math
from collections.abc import Sequence

from PIL import Image, ImageDraw

SIDE = 512
_SCALE = 2  # drawn twice as large and reduced, which smooths every edge
Point = tuple[float, float]
Colour = tuple[int, int, int]
Palette = dict[str, Colour]

_HUES: dict[str, tuple[Colour, Colour, Colour]] = {
    "red": ((190, 52, 48), (138, 32, 36), (226, 104, 92)),
    "blue": ((58, 104, 168), (34, 66, 118), (122, 164, 214)),
    "green": ((54, 124, 80), (30, 84, 56), (112, 172, 120)),
    "gold": ((214, 164, 58), (162, 116, 34), (242, 208, 122)),
    "violet": ((122, 84, 156), (82, 52, 112), (172, 138, 204)),
    "brown": ((148, 102, 66), (102, 66, 42), (196, 154, 112)),
}


def palette(finish: str, hue: str) -> Palette:
    """Colours by role for a finish: BE painted in a hue, BL plain pewter, OX oxidised."""
    if finish == "BL":
        return {
            "main": (188, 194, 202), "dark": (138, 145, 156), "light": (222, 226, 231), "accent": (166, 173, 183),
            "skin": (206, 211, 217), "gold": (176, 183, 192), "white": (234, 237, 240), "wood": (172, 179, 188),
            "line": (98, 105, 117),
        }  # fmt: skip
    if finish == "OX":
        return {
            "main": (96, 101, 111), "dark": (58, 62, 71), "light": (140, 146, 156), "accent": (112, 118, 128),
            "skin": (128, 134, 144), "gold": (150, 154, 160), "white": (164, 169, 177), "wood": (84, 89, 98),
            "line": (38, 41, 48),
        }  # fmt: skip
    main, dark, light = _HUES[hue]
    return {
        "main": main, "dark": dark, "light": light, "accent": (203, 63, 56) if hue != "red" else (52, 112, 78),
        "skin": (241, 206, 178), "gold": (224, 176, 72), "white": (247, 246, 242), "wood": (156, 108, 72),
        "line": (72, 58, 52),
    }  # fmt: skip


class Canvas:
    """Draws in units of a hundredth of the picture's side."""

    def __init__(self, colours: Palette) -> None:
        self._unit = SIDE * _SCALE / 100
        self._image = Image.new("RGBA", (SIDE * _SCALE, SIDE * _SCALE), (255, 255, 255, 0))
        self._draw = ImageDraw.Draw(self._image)
        self._colours = colours

    def ellipse(self, x: float, y: float, rx: float, ry: float, role: str, *, line: float = 0.9) -> None:
        """An ellipse around a centre."""
        box = [self._px(v) for v in (x - rx, y - ry, x + rx, y + ry)]
        self._draw.ellipse(box, fill=self._of(role), outline=self._of("line"), width=self._width(line))

    def dot(self, x: float, y: float, radius: float, role: str = "line") -> None:
        """A disc without an edge."""
        box = [self._px(v) for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=self._of(role))

    def shape(self, points: Sequence[Point], role: str, *, line: float = 0.9) -> None:
        """A closed polygon."""
        pixels = [(self._px(x), self._px(y)) for x, y in points]
        self._draw.polygon(pixels, fill=self._of(role))
        if line:
            self._draw.line(
                [*pixels, pixels[0], pixels[1]], self._of("line"), self._width(line), joint="curve"
            )

    def blob(self, points: Sequence[Point], role: str, *, line: float = 0.9) -> None:
        """A closed smooth shape through the points."""
        self.shape(smooth(points, closed=True), role, line=line)

    def line(self, points: Sequence[Point], role: str = "line", width: float = 0.9) -> None:
        """A line with round ends."""
        pixels = [(self._px(x), self._px(y)) for x, y in points]
        self._draw.line(pixels, self._of(role), self._width(width), joint="curve")
        for x, y in (points[0], points[-1]):
            self.dot(x, y, width / 2, role)

    def curve(self, points: Sequence[Point], role: str = "line", width: float = 0.9) -> None:
        """A smooth line through the points."""
        self.line(smooth(points, closed=False), role, width)

    def box(
        self, left: float, top: float, right: float, bottom: float, role: str, *, radius: float = 1.2
    ) -> None:
        """A rectangle with rounded corners."""
        box = [self._px(v) for v in (left, top, right, bottom)]
        self._draw.rounded_rectangle(
            box, self._unit * radius, fill=self._of(role), outline=self._of("line"), width=self._width(0.9)
        )

    def star(
        self, x: float, y: float, outer: float, inner: float, points: int, role: str, turn: float = 0
    ) -> None:
        """A star; ``turn`` in degrees."""
        corners = []
        for step in range(points * 2):
            angle = math.radians(step * 180 / points - 90 + turn)
            radius = outer if step % 2 == 0 else inner
            corners.append((x + radius * math.cos(angle), y + radius * math.sin(angle)))
        self.shape(corners, role)

    def stand(self, x: float = 50, y: float = 91, rx: float = 22) -> None:
        """The plate every standing figure is cast on."""
        self.ellipse(x, y + 1.4, rx, 3.6, "dark")
        self.ellipse(x, y, rx, 3.4, "light")

    def png(self, side: int = SIDE) -> bytes:
        """The picture as a PNG file of so many pixels a side."""
        out = io.BytesIO()
        picture = self._image.reduce(_SCALE)
        if side != SIDE:
            picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        picture.save(out, "PNG", compress_level=6)
        return out.getvalue()

    def _px(self, value: float) -> float:
        return value * self._unit

    def _width(self, width: float) -> int:
        return max(1, round(width * self._unit)) if width else 0

    def _of(self, role: str) -> Colour:
        return self._colours[role]


def smooth(points: Sequence[Point], *, closed: bool, steps: int = 8) -> list[Point]:
    """Points of a Catmull-Rom curve through the given ones."""
    count = len(points)
    around = [points[-1], *points, points[0], points[1]] if closed else [points[0], *points, points[-1]]
    curve: list[Point] = []
    for index in range(count if closed else count - 1):
        a, b, c, d = around[index : index + 4]
        for step in range(steps):
            t = step / steps
            curve.append(
                (
                    _blend(a[0], b[0], c[0], d[0], t),
                    _blend(a[1], b[1], c[1], d[1], t),
                )
            )
    if not closed:
        curve.append(points[-1])
    return curve


def _blend(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t * t + (3 * b - a - 3 * c + d) * t * t * t
    )
