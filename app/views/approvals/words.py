"""What a request is called, and its values in words."""

from typing import Any

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.approvals.reads import Value
from app.views.core.context import AppContext
from app.views.core.people import name
from app.views.security.people_words import role

STATE = {
    "open": ("warn", "approval.state.open"),
    "approved": ("ok", "approval.state.approved"),
    "rejected": ("bad", "approval.state.rejected"),
    "withdrawn": ("neutral", "approval.state.withdrawn"),
    "expired": ("neutral", "approval.state.expired"),
}


def kind_in_words(kind: str) -> str:
    """The name of a kind of request."""
    key = f"approval.kind.{kind}"
    return t(key) if has_text(key) else kind


def label_of(value: Value) -> str:
    """What a value of the request is called."""
    key = f"approval.field.{value.key}"
    return t(key) if has_text(key) else value.key


def in_words(ctx: AppContext, kind: str, value: Any) -> str:
    """A value as people read it."""
    if value is None:
        return fmt.NONE
    match kind:
        case "money":
            return fmt.money(value)
        case "percent":
            return fmt.percent(value)
        case "qty":
            return fmt.quantity(value)
        case "date":
            return fmt.date_(value)
        case "moment":
            return fmt.date_time(value)
        case "role":
            return role(ctx, str(value))
        case "login":
            return name(ctx, str(value))
    return str(value)


def record_in_words(ctx: AppContext, topic: str, record_id: int) -> str:
    """The kind of record a request belongs to; empty when it cannot be opened."""
    record = ctx.registry.records.get(topic)
    return t(record.title) if record is not None and record.title and record_id else ""
