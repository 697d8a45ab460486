"""The icon family (Lucide): rendered from SVG in any token colour, sharp at any pixel ratio, cached."""

import re
from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from app.views.core.theme import on_theme_change, tok

ICON_DIR = Path(__file__).resolve().parents[3] / "resources" / "icons"
_pixmaps: dict[tuple[str, int, int, float], QPixmap] = {}
_icons: dict[tuple[str, int, str], QIcon] = {}


@cache
def _source(name: str) -> str:
    file = ICON_DIR / f"{name}.svg"
    if not file.is_file():
        raise KeyError(f"no icon {name!r} in {ICON_DIR}")
    return file.read_text(encoding="utf-8")


def _stroke(size: int) -> str:
    """Thin strokes for large icons, firm ones for small."""
    return "2" if size <= 14 else "1.75" if size <= 24 else "1.6"


def _ratios() -> list[float]:
    ratios = {1.0, 2.0}
    for screen in QGuiApplication.screens():
        ratios.add(screen.devicePixelRatio())
    return sorted(ratios)


def pixmap(name: str, size: int = 16, color: str | QColor = "text2", ratio: float | None = None) -> QPixmap:
    """The icon as a pixmap of ``size`` logical pixels in a token colour (or any QColor).

    ``ratio`` is the device pixel ratio of where it will be drawn.  Raises KeyError for an unknown icon.
    """
    tint = color if isinstance(color, QColor) else tok(color)
    if ratio is None:
        ratio = max((screen.devicePixelRatio() for screen in QGuiApplication.screens()), default=1.0)
    key = (name, size, tint.rgba(), ratio)
    found = _pixmaps.get(key)
    if found is None:
        svg = _source(name).replace("currentColor", tint.name())
        svg = re.sub(r'stroke-width="[\d.]+"', f'stroke-width="{_stroke(size)}"', svg, count=1)
        renderer = QSvgRenderer(QByteArray(svg.encode()))
        found = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        found.fill(Qt.GlobalColor.transparent)
        painter = QPainter(found)
        painter.setOpacity(tint.alphaF())
        renderer.render(painter, QRectF(0, 0, found.width(), found.height()))
        painter.end()
        found.setDevicePixelRatio(ratio)
        _pixmaps[key] = found
    return found


def icon(name: str, size: int = 16, color: str = "text2") -> QIcon:
    """The icon for menus, actions and Qt's own widgets, with a paler form for disabled ones."""
    key = (name, size, color)
    found = _icons.get(key)
    if found is None:
        found = QIcon()
        for ratio in _ratios():
            found.addPixmap(pixmap(name, size, color, ratio))
            found.addPixmap(pixmap(name, size, "disabled", ratio), QIcon.Mode.Disabled)
        _icons[key] = found
    return found


def exists(name: str) -> bool:
    """Whether the family has an icon of this name."""
    return (ICON_DIR / f"{name}.svg").is_file()


def _forget() -> None:
    _pixmaps.clear()
    _icons.clear()


on_theme_change(_forget)
