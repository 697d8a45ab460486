"""Levels of reminding in words and colours, the same in lists, panes, cards and forms."""

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.reminders import OpenItem

REMINDER = "sales.reminder"
LEVELS = {
    0: ("neutral", "sales.reminder.level_0"),
    1: ("info", "sales.reminder.level_1"),
    2: ("warn", "sales.reminder.level_2"),
    3: ("bad", "sales.reminder.level_3"),
}
STATES = {
    "issued": ("info", "sales.reminder.state.issued"),
    "done": ("ok", "sales.reminder.state.done"),
    "cancelled": ("neutral", "sales.reminder.state.cancelled"),
}
LEVEL_CHOICES = tuple((level, key) for level, (_, key) in LEVELS.items())


def level(number: int) -> str:
    """A level in words."""
    return t(LEVELS[number][1])


def state(stored: str, left: object) -> str:
    """Key of `STATES`: a reminder whose invoices are paid is done."""
    return "done" if stored == "issued" and not left else stored


def held(item: OpenItem) -> str:
    """What holds an invoice back, in words; empty when nothing does."""
    if item.hold_reason is None:
        return ""
    if item.hold_until is None:
        return t("sales.reminder.held_on", reason=item.hold_reason)
    return t("sales.reminder.held_until", date=fmt.date_(item.hold_until), reason=item.hold_reason)


def coming(item: OpenItem) -> str:
    """What comes next for an open invoice."""
    if item.hold_id is not None:
        return held(item)
    if item.next_level is None:
        return t("sales.reminder.next_none")
    if item.is_due:
        return t("sales.reminder.next_now", level=level(item.next_level))
    return t("sales.reminder.next_on", level=level(item.next_level), date=fmt.date_(item.next_on))
