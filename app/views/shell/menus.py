"""Menus of the window that have a module of their own because they have nothing to remember."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app.core.i18n import t
from app.views.core import icons
from app.views.core.forms import FormPage
from app.views.core.workspace import title_in_force

if TYPE_CHECKING:
    from app.views.shell.main_window import MainWindow

# What the person's menu opens: a workspace and its state.
PERSON_SCREENS: dict[str, tuple[str, dict[str, Any]]] = {
    "profile": ("security.profile", {}),
    "roles": ("security.my_roles", {}),
    "requests": ("approvals.inbox", {"preset": "asked"}),
    "security": ("security.mine", {}),
}


def open_own(window: "MainWindow", key: str) -> None:
    """Open a screen about oneself."""
    screen, state = PERSON_SCREENS[key]
    window.open_workspace(screen, **state)


def tab_menu(window: "MainWindow", key: str, place: QPoint) -> None:
    """What one can do with a tab."""
    tab = window.area.tab(key)
    if tab is None:
        return
    menu = QMenu(window)
    menu.addAction(t("shell.tab.close")).triggered.connect(lambda: window.close_tab(key))
    menu.addAction(t("shell.tab.close_others")).triggered.connect(lambda: window.close_others(tab))
    menu.addAction(t("shell.tab.reopen")).triggered.connect(window.reopen_tab)
    if isinstance(tab.page, FormPage) and tab.page.record.id is not None:
        record_id = int(tab.page.record.id)
        menu.addSeparator()
        menu.addAction(t("form.copy_link")).triggered.connect(lambda: window.copy_link(tab.name, record_id))
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)


def history_menu(window: "MainWindow", places: Sequence[dict[str, Any]], anchor: QWidget) -> None:
    """The places visited last."""
    menu = QMenu(window)
    for entry in places:
        action = menu.addAction(icons.icon(entry["icon"]), title_in_force(entry).replace("&", "&&"))
        action.triggered.connect(lambda _=False, entry=entry: window.go(entry))
    if menu.isEmpty():
        menu.addAction(t("shell.history_none")).setEnabled(False)
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(anchor.mapToGlobal(anchor.rect().bottomLeft()))
