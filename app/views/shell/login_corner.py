"""Language and look, at the corner of the login; what else one may want, at its foot."""

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QMenu

from app.core.i18n import LANGUAGES, language, t
from app.views.core import theme
from app.views.core.buttons import Button
from app.views.core.theme import px

if TYPE_CHECKING:
    from app.views.shell.login import LoginWindow


def corner(window: "LoginWindow") -> QHBoxLayout:
    """The two buttons, at the right."""
    row = QHBoxLayout()
    row.setSpacing(px("gap"))
    row.addStretch(1)
    languages = Button(f"shell.language_{language()}", "globe", "ghost")
    languages.setObjectName("login.language")
    menu = QMenu(languages)
    for code in LANGUAGES:
        entry = menu.addAction(t(f"shell.language_{code}"))
        entry.setObjectName(f"language.{code}")
        entry.triggered.connect(lambda _=False, code=code: window.switch_language(code))
    languages.set_menu(menu)
    row.addWidget(languages)
    dark = theme.current() == "dark"
    look = Button(
        "shell.theme_light" if dark else "shell.theme_dark",
        "sun" if dark else "moon",
        "ghost",
        clicked=lambda: window.switch_theme("light" if dark else "dark"),
    )
    look.setObjectName("login.theme")
    row.addWidget(look)
    return row


def foot(window: "LoginWindow", *, demo: bool) -> QGridLayout:
    """What one does who cannot sign in: forgot the password, has no login, another server."""
    grid = QGridLayout()
    grid.setVerticalSpacing(px("gap_xs"))
    grid.setColumnStretch(1, 1)
    for place, name, icon, run in (
        ((0, 0), "forgotten", "life-buoy", window.forgotten),
        ((1, 0), "register", "user-plus", window.register),
        ((0, 2), "add_server", "plus", window.add_server),
    ):
        button = Button(f"login.{name}", icon, "ghost", clicked=run)
        button.setObjectName(f"login.{name}")
        if demo and name != "add_server":
            button.hide()
        grid.addWidget(button, *place)
    return grid
