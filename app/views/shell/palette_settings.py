"""The settings one can reach from the palette."""

from typing import TYPE_CHECKING

from app.core.i18n import language, t
from app.views.core import theme
from app.views.shell.palette_items import SETTINGS, Item

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow


def settings_items(window: "MainWindow") -> list[Item]:
    """Settings page, the other language, the other look, another person."""
    other = {"de": "en", "en": "de"}[language()]
    dark = theme.current() == "dark"
    look = "light" if dark else "dark"
    return [
        Item(
            SETTINGS,
            "settings",
            "settings",
            t("shell.rail.settings"),
            "",
            lambda _new: window.open_settings(),
        ),
        Item(
            SETTINGS,
            "language",
            "globe",
            t(f"shell.language_{other}"),
            t("shell.language"),
            lambda _new: window.switch_language(other),
        ),
        Item(
            SETTINGS,
            "theme",
            "sun" if dark else "moon",
            t(f"shell.theme_{look}"),
            t("shell.theme"),
            lambda _new: window.switch_theme(look),
        ),
        Item(SETTINGS, "sign_out", "log-out", t("shell.sign_out"), "", lambda _new: window.sign_out()),
    ]
