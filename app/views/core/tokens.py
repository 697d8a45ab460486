"""Design tokens: every colour, measure and type size of the program, light and dark.

This is the only file that holds a colour or a pixel value; ``tests/unit/test_tokens.py`` computes the contrasts
from it.  Units are logical pixels.  It knows no Qt, so that it can be checked without a window.
"""

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["light", "dark"]
THEMES: tuple[ThemeName, ...] = ("light", "dark")

# name: (light, dark).  What each one is for stands beside it.
COLOURS: dict[str, tuple[str, str]] = {
    "chrome": ("#E9EBF0", "#14171C"),  # rail, top bar, tab bar, status bar
    "window": ("#F5F6F8", "#191C22"),  # content background
    "surface": ("#FFFFFF", "#1F232A"),  # lists, forms, cards, inputs, active tab
    "raised": ("#FFFFFF", "#262B34"),  # dialogs, palette, menus; secondary buttons in dark
    "sunken": ("#F1F3F6", "#191C22"),  # table header, group row, footers
    "hover": ("#F0F2F6", "#282D36"),  # row or button under the pointer
    "selected": ("#E6EAFA", "#2A335C"),  # selected row, with an accent bar
    "line": ("#E4E7EC", "#2C313B"),  # row lines, dividers, card edges
    "border": ("#D2D7DF", "#3B424E"),  # secondary buttons, filter fields, header rule
    "control": ("#868F9E", "#727C8D"),  # edge of inputs and check boxes
    "text": ("#1A1E27", "#E8EBF1"),  # primary text, numbers
    "text2": ("#4A5262", "#B7BFCC"),  # labels, secondary columns, ghost buttons
    "text3": ("#5F6878", "#98A1B1"),  # captions, hints, placeholders
    "disabled": ("#9AA2B0", "#646D7C"),  # decoration only, never text
    "accent": ("#3A52C4", "#5268DE"),  # primary button, active tab line, check, progress
    "accent_h": ("#2F45AE", "#475CD0"),  # primary button under the pointer
    "accent_text": ("#3249B8", "#A3B2FF"),  # links, active icon and word, chart line
    "accent_tint": ("#E6EAFA", "#2A335C"),  # active rail item, chosen option, planned bar
    "on_accent": ("#FFFFFF", "#FFFFFF"),  # text on accent
    "focus": ("#3A52C4", "#8FA1FF"),  # focus ring
    "neutral": ("#4A5262", "#C3CAD6"),  # chip: text
    "neutral_bg": ("#ECEEF2", "#323844"),  # chip: fill; track of bars
    "info": ("#0B627C", "#7FD0E6"),
    "info_bg": ("#DDF0F6", "#17383F"),
    "ok": ("#17673D", "#7FD6A4"),
    "ok_bg": ("#DDF3E5", "#193A29"),
    "warn": ("#855000", "#F2C36B"),
    "warn_bg": ("#FCEFD2", "#413214"),
    "bad": ("#B3261E", "#FF9C94"),
    "bad_bg": ("#FCE4E2", "#4A2320"),
    "note": ("#6B3FA0", "#CDB0F2"),
    "note_bg": ("#EEE5F8", "#382A4D"),
    "ok_solid": ("#1B7A48", "#46B37B"),  # dots, graph fills
    "warn_solid": ("#B26A00", "#E0A33C"),  # reorder line, late bar edge
    "bad_solid": ("#B3261E", "#E5645B"),  # error edge, conflict edge, badge
    "info_solid": ("#0E7490", "#3FB0CC"),  # second graph colour
    "photo": ("#EDEFF3", "#2B303A"),  # picture background
    "scrim": ("#141821", "#07080B"),  # behind dialogs
    "brand": ("#262C3A", "#0F1217"),  # left half of the login
    "on_brand": ("#F2F4F8", "#F2F4F8"),  # words on brand
    "on_brand2": ("#B9C1CF", "#B9C1CF"),  # smaller words on brand
    "code_ground": ("#FFFFFF", "#FFFFFF"),  # QR codes: cameras expect dark on light
    "code_ink": ("#000000", "#000000"),
    "avatar1": ("#1F6F78", "#1F6F78"),  # people, white initials on it
    "avatar2": ("#2E6B34", "#2E6B34"),
    "avatar3": ("#7A4A1B", "#7A4A1B"),
    "avatar4": ("#5B4AA0", "#5B4AA0"),
    "avatar5": ("#8A2F5C", "#8A2F5C"),
    "avatar6": ("#335C9E", "#335C9E"),
}

# Shares of 255: scrim behind dialogs by theme, fill below a chart line, shadow under overlays.
ALPHA: dict[str, tuple[int, int]] = {
    "scrim": (97, 153),
    "chart_fill": (31, 31),
    "shadow": (89, 115),
    "blink": (90, 90),
}

MEASURES: dict[str, int] = {
    # space
    "grid": 4,
    "gap_xs": 4,
    "gap_s": 6,
    "gap": 8,
    "gap_m": 12,
    "gap_l": 16,
    "gap_xl": 24,
    "margin": 16,
    "margin_l": 20,
    # radius
    "radius_key": 4,
    "radius_chip": 5,
    "radius_input": 5,
    "radius_button": 6,
    "radius_card": 8,
    "radius_dialog": 12,
    # line widths
    "hair": 1,
    "ring": 2,
    "ring_gap": 3,
    "accent_bar": 3,
    # controls
    "control_toolbar": 28,
    "control": 30,
    "control_login": 36,
    "input_padding": 8,
    "button_padding": 12,
    "icon": 16,
    "icon_small": 14,
    "icon_rail": 20,
    "check": 16,
    "dot": 6,
    "chip": 20,
    "chip_count": 28,
    "chip_padding": 8,
    "keycap": 18,
    "avatar": 20,
    "avatar_large": 28,
    "badge": 14,
    "bar": 8,
    # lists
    "row_dense": 28,
    "row_matrix": 29,
    "row_chip": 32,
    "row_thumb": 36,
    "row_two": 44,
    "thumb": 28,
    "thumb_large": 32,
    "thumb_gallery": 56,
    "header": 30,
    "filter_row": 34,
    "filter_field": 24,
    "cell_padding": 8,
    "col_check": 32,
    "col_thumb": 48,
    "col_min": 44,
    "foot": 30,
    # shell
    "rail": 88,
    "top_bar": 46,
    "tab_bar": 36,
    "status_bar": 28,
    "rail_item": 50,
    "tab_min": 124,
    "tab_max": 230,
    "detail": 416,
    "side": 276,
    "detail_picture": 112,
    # overlays
    "shadow_blur": 48,
    "shadow_y": 12,
    "scrollbar": 10,
    "scrollbar_handle_min": 32,
    "menu_min": 180,
    "toast": 380,
    "empty_picture_w": 186,
    "empty_picture_h": 120,
    "step_card_w": 246,
    "step_card_h": 92,
    "tile_w_min": 116,
    "tile_w_max": 264,
    "tile_h": 60,
    "text_column": 520,
    "chart_h": 140,
    "textarea": 72,
    "form_wide": 640,
    "beside": 1080,  # a form at least as wide has its cards beside it
    "form_middle": 400,
    "window_w": 1440,
    "window_h": 900,
    "combo_popup_rows": 12,
    # terminal: nothing below 56 that can be touched
    "touch_bar": 80,
    "touch_button": 56,
    "touch_row": 72,
    "touch_key_w": 112,
    "touch_key_h": 84,
    "touch_radius": 10,
    "touch_card": 14,
    "touch_icon": 24,
    "touch_avatar": 44,
    "touch_dot": 24,
    "touch_side": 520,
    "touch_badge_w": 200,
    "touch_badge_h": 150,
}

# Milliseconds.
TIMES: dict[str, int] = {
    "debounce_filter": 250,
    "debounce_palette": 80,
    "debounce_count": 600,
    "debounce_detail": 180,
    "next_turn": 0,
    "blink": 900,
    "toast": 5000,
    "skeleton_after": 250,
}


@dataclass(frozen=True, slots=True)
class Type:
    """One step of the type scale: pixels and weight."""

    size: int
    weight: int


TYPES: dict[str, Type] = {
    "badge": Type(10, 600),
    "caption": Type(11, 500),
    "small": Type(12, 400),
    "small500": Type(12, 500),
    "small600": Type(12, 600),
    "body": Type(13, 400),
    "body500": Type(13, 500),
    "body600": Type(13, 600),
    "section": Type(13, 600),
    "section15": Type(15, 600),
    "title": Type(18, 600),
    "title400": Type(18, 400),
    "display": Type(24, 600),
    "mono": Type(12, 400),
    "touch_hint": Type(14, 400),
    "touch_text": Type(16, 400),
    "touch_text500": Type(16, 500),
    "touch_word": Type(18, 500),
    "touch_name": Type(22, 600),
    "touch_head": Type(28, 600),
    "touch_number": Type(40, 600),
}

FAMILIES = ("Segoe UI Variable Text", "Segoe UI", "Inter", "Noto Sans", "DejaVu Sans")
MONO_FAMILIES = ("Cascadia Mono", "JetBrains Mono", "DejaVu Sans Mono")
SYSTEM_FAMILIES = ("Segoe UI Variable Text", "Segoe UI")

CHIP_KINDS = ("neutral", "info", "ok", "warn", "bad", "note", "accent")


class Theme:
    """The tokens of one theme.  Raises ValueError for a name that is neither ``light`` nor ``dark``."""

    def __init__(self, name: str) -> None:
        if name not in THEMES:
            raise ValueError(f"unknown theme {name!r}")
        self.name = name
        self._index = THEMES.index(name)

    def colour(self, token: str) -> str:
        """The colour ``#RRGGBB`` of a token; raises KeyError for an unknown one."""
        return COLOURS[token][self._index]

    def alpha(self, token: str) -> int:
        """Opacity from 0 to 255 of what is laid over something else."""
        return ALPHA[token][self._index]

    def chip(self, kind: str) -> tuple[str, str]:
        """Names of the text and the fill token of a chip kind."""
        return ("accent_text", "accent_tint") if kind == "accent" else (kind, f"{kind}_bg")
