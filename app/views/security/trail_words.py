"""The trail in words: what an event was, what an entry changed."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.services.security.right_words import right_words
from app.services.security.trail import REFUSALS, EntryRow, EventRow, tables
from app.views.core.context import AppContext
from app.views.core.people import name
from app.views.core.side_cards import SILENT, field_in_words, table_in_words, value_in_words

OPS = {
    "I": ("ok", "audit.op.I"),
    "U": ("info", "audit.op.U"),
    "D": ("bad", "audit.op.D"),
}
_GRAVE = frozenset({*REFUSALS, "user_locked", "user_suspended", "session_ended"})
_WATCHED = (
    "role_",
    "elevation_",
    "policy_",
    "conflict_",
    "user_",
    "seal_",
    "trail_",
    "report_",
    "revealed",
    "break_",
)
# Values that are shown as they are would say nothing: numbers of other records, moments the server sets.
_HIDDEN = SILENT - {"id"}
_ROLES = frozenset({"role", "roles", "role_a", "role_b", "copy_of", "asked_for"})
_PEOPLE = frozenset({"login", "by", "operator", "to", "authority", "device"})
_RECORDS = frozenset(
    {
        "account",
        "assignment",
        "id",
        "key",
        "partner",
        "record",
        "registration",
        "request",
        "review",
        "session",
    }
)
_LOGIN = re.compile(r"[uts]_[a-z0-9_]{2,40}")


def kind_words(kind: str) -> str:
    """What an event was."""
    key = f"audit.event.{kind}"
    return t(key) if has_text(key) else kind.replace("_", " ")


def kind_tone(kind: str) -> str:
    """The colour of an event's chip."""
    if kind in _GRAVE:
        return "bad"
    return "warn" if kind.startswith(_WATCHED) else "neutral"


def role_words(role: str) -> str:
    """A role's title; its name where the house has made it itself."""
    key = f"role.{role}"
    return t(key) if has_text(key) else role


def record_words(ctx: AppContext, row: EntryRow) -> str:
    """What kind of record, and its number."""
    kind = ctx.registry.records.get(row.table_name)
    words = t(kind.title) if kind is not None and kind.title else table_in_words(row.table_name)
    return f"{words} #{row.row_id}"


def changes(ctx: AppContext, row: EntryRow) -> list[tuple[str, str, str]]:
    """Field, value before and value after of everything an entry changed."""
    old, new = row.old or {}, row.new or {}
    keys = [key for key in {**old, **new} if key not in _HIDDEN]
    return [
        (field_in_words(row.table_name, key, {}), _shown(ctx, row, key, old), _shown(ctx, row, key, new))
        for key in keys
    ]


def _shown(ctx: AppContext, row: EntryRow, key: str, values: Mapping[str, Any]) -> str:
    if key not in values:
        return ""
    value = values[key]
    if isinstance(value, Mapping | list):
        return fmt.NONE if not value else ", ".join(map(str, value))[:120]
    if key.endswith("_id") and value is not None:
        return f"#{value}"
    if isinstance(value, str) and _LOGIN.fullmatch(value):
        return name(ctx, value)
    if key in _ROLES and isinstance(value, str) and value:
        return role_words(value)
    return value_in_words(row.table_name, key, value)


def summary(ctx: AppContext, row: EntryRow) -> str:
    """What an entry did, in one line."""
    if row.hidden:
        return t("audit.hidden")
    found = changes(ctx, row)
    if row.op == "U" and found:
        field, before, after = found[0]
        more = t("card.and_more", n=len(found) - 1) if len(found) > 1 else ""
        return (
            f"{t('card.changed', field=field, old=before or fmt.NONE, new=after or fmt.NONE)} {more}".strip()
        )
    names = [after or before for field, before, after in found if (after or before) not in ("", fmt.NONE)]
    return ", ".join(names[:3])


def event_facts(ctx: AppContext, row: EventRow) -> list[tuple[str, str]]:
    """The details of an event as label and words."""
    found = []
    for key, value in row.detail.items():
        if value in (None, "", [], {}):
            continue
        label = f"audit.detail.{key}"
        found.append((t(label) if has_text(label) else key.replace("_", " "), _detail(ctx, key, value)))
    return found


def _detail(ctx: AppContext, key: str, value: Any) -> str:
    if key in ("right", "rights"):
        rights = value if isinstance(value, list) else [value]
        return ", ".join(right_words(language(), str(one)) for one in rights)
    if key in _ROLES:
        return ", ".join(map(role_words, value)) if isinstance(value, list) else role_words(str(value))
    if key in ("topic", "table"):
        return table_in_words(str(value))
    if key in _PEOPLE and _LOGIN.fullmatch(str(value)):
        return name(ctx, str(value))
    if key in _RECORDS and isinstance(value, int):
        return f"#{value}"
    if isinstance(value, bool):
        return t("form.yes") if value else t("form.no")
    if isinstance(value, Mapping | list):
        return _nested(value)
    words = str(value)
    for text_key in (f"audit.detail.{key}.{words}", f"status_reason.{words}", f"session.end.{words}"):
        if has_text(text_key):
            return t(text_key)
    return value_in_words("", key, value)


def _nested(value: Mapping[str, Any] | Sequence[Any]) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {inner}" for key, inner in value.items())
    return ", ".join(str(inner) for inner in value)


def event_summary(ctx: AppContext, row: EventRow) -> str:
    """The details of an event in one line."""
    answers = (t("form.yes"), t("form.no"))
    return " · ".join(
        f"{label}: {words}" if words[:1].isdigit() or words[:1] == "#" or words in answers else words
        for label, words in event_facts(ctx, row)[:3]
    )


def elevated_words(row: EntryRow) -> str:
    """Roles the person had for a time only when it happened."""
    return ", ".join(role_words(role) for role in row.elevated or ())


def table_choices(_session: object) -> list[tuple[str, str]]:
    """Every table with its words, in the order of the words."""
    found = [(table, table_in_words(table)) for table in tables()]
    return sorted(found, key=lambda pair: (pair[1].casefold(), language()))
