"""Fonts of the program: the system's own on Windows, the bundled Inter elsewhere; digits always tabular."""

from functools import cache
from pathlib import Path

from PySide6.QtGui import QFont, QFontDatabase, QFontMetrics

from app.views.core import tokens

FONT_DIR = Path(__file__).resolve().parents[3] / "resources" / "fonts"


@cache
def load_bundled() -> bool:
    """Register the bundled fonts unless the system brings its own; needs a running application.

    Returns whether the bundled fonts are in use.
    """
    if set(tokens.SYSTEM_FAMILIES) & set(QFontDatabase.families()):
        return False
    for file in sorted(FONT_DIR.glob("Inter-*.otf")):
        QFontDatabase.addApplicationFont(str(file))
    return True


@cache
def font(style: str) -> QFont:
    """The font of a step of the type scale, for example ``body500``; raises KeyError for an unknown step."""
    step = tokens.TYPES[style]
    made = QFont()
    made.setFamilies(list(tokens.MONO_FAMILIES if style == "mono" else tokens.FAMILIES))
    made.setPixelSize(step.size)
    made.setWeight(QFont.Weight(step.weight))
    made.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    made.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    for feature in ("tnum", "cv05"):
        made.setFeature(QFont.Tag.fromString(feature), 1)
    return made


@cache
def metrics(style: str) -> QFontMetrics:
    """Measures of a step of the type scale."""
    return QFontMetrics(font(style))
