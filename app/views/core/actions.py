"""Things one can do from anywhere: in the palette, by shortcut, on a button."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.views.core.context import AppContext


@dataclass(frozen=True)
class Action:
    """A command that needs no open record.

    ``title`` is a text key, ``right`` what the profile must have (empty: everybody), ``shortcut`` a portable key
    sequence such as ``Ctrl+Shift+O``, ``rail`` the group named beside it in the palette.
    """

    key: str
    title: str
    icon: str
    run: Callable[["AppContext"], object]
    right: str = ""
    shortcut: str = ""
    rail: str = ""
