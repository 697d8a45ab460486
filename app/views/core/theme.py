"""The look of the program: tokens of the chosen theme as Qt colours, palette and narrow style sheets."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from app.views.core import fonts, tokens

_theme = tokens.Theme("light")
_colours: dict[str, QColor] = {}
_hooks: list[Callable[[], None]] = []


class _Notifier(QObject):
    """Signals:
    changed: another theme is in force.
    """

    changed = Signal()


notifier = _Notifier()


def current() -> str:
    """The theme in force, ``light`` or ``dark``."""
    return _theme.name


def tok(name: str) -> QColor:
    """The colour of a token in the theme in force; raises KeyError for an unknown one.  Do not change it."""
    found = _colours.get(name)
    if found is None:
        found = _colours[name] = QColor(_theme.colour(name))
    return found


def veil(name: str, alpha: str) -> QColor:
    """The colour of a token with the opacity of an alpha token."""
    colour = QColor(tok(name))
    colour.setAlpha(_theme.alpha(alpha))
    return colour


def chip_colours(kind: str) -> tuple[QColor, QColor]:
    """Text and fill of a chip kind (neutral, info, ok, warn, bad, note, accent)."""
    text, fill = _theme.chip(kind)
    return tok(text), tok(fill)


def px(name: str) -> int:
    """A measure in logical pixels; raises KeyError for an unknown one."""
    return tokens.MEASURES[name]


def ms(name: str) -> int:
    """A time of the interface in milliseconds; raises KeyError for an unknown one."""
    return tokens.TIMES[name]


def font(style: str = "body") -> QFont:
    """The font of a step of the type scale."""
    return fonts.font(style)


def on_theme_change(hook: Callable[[], None]) -> None:
    """Call ``hook`` whenever the theme changes, before widgets repaint; for caches of tinted things."""
    _hooks.append(hook)


def apply_theme(app: QApplication, name: str) -> None:
    """Put a theme in force: base style, font, palette, style sheet.  Every widget repaints.

    Raises ValueError for a name that is neither ``light`` nor ``dark``.
    """
    global _theme
    _theme = tokens.Theme(name)
    _colours.clear()
    for hook in _hooks:
        hook()
    fonts.load_bundled()
    if app.property("werkbank_style") is None:  # a style sheet hides the base style's name
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setProperty("werkbank_style", "fusion")
    app.setFont(fonts.font("body"))
    app.setPalette(_palette())
    app.setStyleSheet(_style_sheet())
    notifier.changed.emit()
    for widget in app.allWidgets():
        widget.update()


def set_text_colour(widget: QWidget, token: str) -> None:
    """Give one widget's words a token colour through its palette."""
    palette = widget.palette()
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(role, tok(token))
    widget.setPalette(palette)


def fill(widget: QWidget, token: str) -> None:
    """Give one widget a plain background."""
    palette = widget.palette()
    palette.setColor(QPalette.ColorRole.Window, tok(token))
    widget.setPalette(palette)
    widget.setAutoFillBackground(True)


def _palette() -> QPalette:
    role = QPalette.ColorRole
    palette = QPalette()
    for target, token in (
        (role.Window, "window"),
        (role.WindowText, "text"),
        (role.Base, "surface"),
        (role.AlternateBase, "sunken"),
        (role.Text, "text"),
        (role.PlaceholderText, "text3"),
        (role.Button, "raised"),
        (role.ButtonText, "text"),
        (role.BrightText, "bad"),
        (role.ToolTipBase, "raised"),
        (role.ToolTipText, "text"),
        (role.Highlight, "accent"),
        (role.HighlightedText, "on_accent"),
        (role.Link, "accent_text"),
        (role.LinkVisited, "accent_text"),
        (role.Light, "surface"),
        (role.Midlight, "line"),
        (role.Mid, "border"),
        (role.Dark, "control"),
        (role.Shadow, "scrim"),
        (role.Accent, "accent"),
    ):
        palette.setColor(target, tok(token))
    for target in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, target, tok("text3"))
    return palette


def _style_sheet() -> str:
    """Edges and paddings of Qt's own widgets, only for those that ask for it or that nobody subclasses."""
    c = {name: tok(name).name() for name in tokens.COLOURS}
    m = tokens.MEASURES
    padding = m["input_padding"]
    inner = m["control"] - 2 * m["hair"]
    return f"""
QLineEdit[kit="input"], QPlainTextEdit[kit="input"] {{
  background: {c["surface"]}; color: {c["text"]}; placeholder-text-color: {c["text3"]};
  border: {m["hair"]}px solid {c["control"]}; border-radius: {m["radius_input"]}px;
  selection-background-color: {c["accent"]}; selection-color: {c["on_accent"]};
}}
QLineEdit[kit="input"] {{ padding: 0 {padding - 2}px; min-height: {inner}px; max-height: {inner}px; }}
QLineEdit[kit="input"][measure="login"] {{
  min-height: {m["control_login"] - 2}px; max-height: {m["control_login"] - 2}px; }}
QLineEdit[kit="input"][measure="touch"] {{
  min-height: {m["touch_button"] - 2}px; max-height: {m["touch_button"] - 2}px; }}
QLineEdit[kit="input"][measure="toolbar"] {{
  min-height: {m["control_toolbar"] - 2}px; max-height: {m["control_toolbar"] - 2}px; }}
QPlainTextEdit[kit="input"] {{ padding: {m["gap_xs"]}px {m["gap_xs"]}px; }}
QLineEdit[kit="input"]:focus, QPlainTextEdit[kit="input"]:focus {{
  border: {m["ring"]}px solid {c["focus"]}; }}
QLineEdit[kit="input"]:focus {{
  padding: 0 {padding - 3}px; min-height: {inner - 2}px; max-height: {inner - 2}px; }}
QLineEdit[kit="input"][measure="login"]:focus {{
  min-height: {m["control_login"] - 4}px; max-height: {m["control_login"] - 4}px; }}
QLineEdit[kit="input"][measure="touch"]:focus {{
  min-height: {m["touch_button"] - 4}px; max-height: {m["touch_button"] - 4}px; }}
QLineEdit[kit="input"][measure="toolbar"]:focus {{
  min-height: {m["control_toolbar"] - 4}px; max-height: {m["control_toolbar"] - 4}px; }}
QPlainTextEdit[kit="input"]:focus {{ padding: {m["gap_xs"] - 1}px {m["gap_xs"] - 1}px; }}
QLineEdit[kit="input"][invalid="true"], QPlainTextEdit[kit="input"][invalid="true"] {{
  border-color: {c["bad_solid"]}; }}
QLineEdit[kit="input"]:read-only, QPlainTextEdit[kit="input"]:read-only, QLineEdit[kit="input"]:disabled {{
  background: {c["sunken"]}; border-color: {c["border"]}; color: {c["text2"]}; }}
QLineEdit[kit="filter"] {{
  background: {c["surface"]}; color: {c["text"]}; placeholder-text-color: {c["text3"]};
  border: {m["hair"]}px solid {c["border"]}; border-radius: {m["radius_key"]}px;
  padding: 0 {m["gap_xs"]}px;
  selection-background-color: {c["accent"]}; selection-color: {c["on_accent"]};
}}
QLineEdit[kit="filter"][active="true"] {{ border-color: {c["accent"]}; background: {c["accent_tint"]}; }}
QLineEdit[kit="filter"][invalid="true"] {{ border-color: {c["bad_solid"]}; }}
QLineEdit[kit="filter"]:focus {{ border: {m["ring"]}px solid {c["focus"]}; padding: 0 {m["gap_xs"] - 1}px; }}
QLineEdit[kit="bare"], QPlainTextEdit[kit="bare"] {{ background: transparent; border: none;
  color: {c["text"]}; placeholder-text-color: {c["text3"]};
  selection-background-color: {c["accent"]}; selection-color: {c["on_accent"]}; }}
QMenu {{ background: {c["raised"]}; color: {c["text"]}; border: {m["hair"]}px solid {c["border"]};
  padding: {m["gap_xs"]}px; }}
QMenu::item {{ padding: {m["gap_s"]}px {m["gap_l"]}px {m["gap_s"]}px {m["gap"]}px;
  border-radius: {m["radius_key"]}px; }}
QMenu::icon {{ padding-left: {m["gap"]}px; }}
QMenu::item:selected {{ background: {c["accent_tint"]}; color: {c["text"]}; }}
QMenu::item:disabled {{ color: {c["text3"]}; }}
QMenu::separator {{ height: {m["hair"]}px; background: {c["line"]}; margin: {m["gap_xs"]}px {m["gap"]}px; }}
QToolTip {{ background: {c["raised"]}; color: {c["text"]}; border: {m["hair"]}px solid {c["border"]};
  padding: {m["gap_xs"]}px {m["gap_s"]}px; }}
QComboBox[kit="input"] QAbstractItemView {{ background: {c["raised"]}; color: {c["text"]}; outline: none;
  border: {m["hair"]}px solid {c["border"]}; padding: {m["gap_xs"]}px;
  selection-background-color: {c["accent_tint"]}; selection-color: {c["text"]}; }}
QComboBox[kit="input"] QAbstractItemView::item {{ min-height: {m["row_dense"]}px; padding: 0 {m["gap_xs"]}px; }}
QComboBox[kit="input"] QAbstractItemView::item:selected {{ background: {c["accent_tint"]};
  color: {c["text"]}; border-radius: {m["radius_key"]}px; border: none; }}
QListView[kit="popup"] {{ background: {c["raised"]}; color: {c["text"]}; outline: none;
  border: {m["hair"]}px solid {c["border"]};
  selection-background-color: {c["accent_tint"]}; selection-color: {c["text"]}; }}
QScrollArea[kit="plain"] {{ background: transparent; border: none; }}
QScrollBar:vertical {{ background: transparent; width: {m["scrollbar"]}px; margin: 0; border: none; }}
QScrollBar:horizontal {{ background: transparent; height: {m["scrollbar"]}px; margin: 0; border: none; }}
QScrollBar::handle {{ background: {c["border"]}; border-radius: 3px; margin: 2px; }}
QScrollBar::handle:hover {{ background: {c["control"]}; }}
QScrollBar::handle:vertical {{ min-height: {m["scrollbar_handle_min"]}px; }}
QScrollBar::handle:horizontal {{ min-width: {m["scrollbar_handle_min"]}px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; border: none; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QSplitter::handle {{ background: {c["line"]}; }}
"""
