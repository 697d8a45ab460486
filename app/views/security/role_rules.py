"""How the house handles a role: when its sessions end, how many there may be, whether a code is asked for."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core.i18n import language, t
from app.services.security import roles
from app.services.security.roles import RoleRow
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.security.form_dialog import FormDialog


def _whole(key: str, label: str, least: int, most: int, *, required: bool = False, hint: str = "") -> Field:
    return Field(
        key,
        label,
        "number",
        required=required,
        places=0,
        minimum=Decimal(least),
        maximum=Decimal(most),
        help=hint,
        span=2,
    )


# What `sec.role_rules_set` takes.
RULES = (
    _whole("idle_minutes", "roles.idle_minutes", 5, 1440, required=True),
    _whole("session_minutes", "roles.session_minutes", 15, 1440, required=True),
    _whole("max_sessions", "roles.max_sessions", 1, 100, hint="roles.any_number"),
    _whole("max_days", "roles.max_days", 1, 3660, hint="roles.for_good"),
    Field("needs_second_factor", "roles.needs_second_factor", "check", span=4),
    Field("sensitive", "roles.is_sensitive", "check", span=4),
)


def rules_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in the fields, as the database wants it."""
    found: dict[str, Any] = {}
    for field in RULES:
        value = values[field.key]
        found[field.key] = int(value) if isinstance(value, Decimal) else value
    return found


def rule_values(row: RoleRow) -> dict[str, Any]:
    """What a role has now, as fields want it."""
    found = {field.key: getattr(row, field.key) for field in RULES}
    return {
        key: Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value
        for key, value in found.items()
    }


class RulesDialog(FormDialog):
    """The rules of any role, one of the program's included."""

    def __init__(self, ctx: AppContext, row: RoleRow) -> None:
        super().__init__(
            ctx,
            t("roles.rules_title", role=row.title(language())),
            t("roles.rules_text"),
            RULES,
            lambda values: (roles.set_role_rules, roles.SetRoleRules(row.name, rules_of(values))),
            lambda _none: ctx.navigate.toast(t("roles.saved")),
            icon="timer",
            yes="people.save",
            values=rule_values(row),
        )
