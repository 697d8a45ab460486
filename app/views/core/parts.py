"""The parts every screen is drawn from, under one name."""

from app.views.core.buttons import Button, FocusRing, IconButton
from app.views.core.checks import CheckBox
from app.views.core.inputs import ComboBox, DateEdit, LineEdit, NumberEdit, SearchEdit, TextArea
from app.views.core.marks import (
    Avatar,
    Chip,
    CountChip,
    Divider,
    IconLabel,
    KeyCap,
    Label,
    ProgressBar,
    initials,
    key_text,
    paint_avatar,
    paint_bar,
    paint_chip,
)
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import (
    Banner,
    Card,
    EmptyState,
    Loading,
    Overlay,
    Step,
    add_shadow,
    clear_layout,
)
from app.views.core.timing import Debounce
from app.views.core.toasts import Toast, clear_toasts, show_toast

__all__ = [
    "Avatar",
    "Banner",
    "Button",
    "Card",
    "CheckBox",
    "Chip",
    "ComboBox",
    "CountChip",
    "DateEdit",
    "Debounce",
    "Divider",
    "EmptyState",
    "FocusRing",
    "IconButton",
    "IconLabel",
    "KeyCap",
    "Label",
    "LineEdit",
    "Loading",
    "NumberEdit",
    "Overlay",
    "ProgressBar",
    "SearchEdit",
    "SegmentedTabs",
    "Step",
    "TextArea",
    "Toast",
    "add_shadow",
    "clear_layout",
    "clear_toasts",
    "initials",
    "key_text",
    "paint_avatar",
    "paint_bar",
    "paint_chip",
    "show_toast",
]
