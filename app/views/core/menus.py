"""Menus open without a loop of their own: the window goes on working, and so does whoever drives it."""

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu


def open_once(menu: QMenu, at: QPoint) -> None:
    """Open a menu that was made for this moment; it goes away when it closes."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(at)
