"""The house's rules: passwords, failures and locks, sessions, what is kept; and what each role asks for."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from PySide6.QtWidgets import QVBoxLayout

from app.core import format as fmt
from app.core.changes import Changes, Result
from app.core.i18n import language, t
from app.services.security import policy, roles
from app.services.security.roles import RoleRow
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.detail import cells_row
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormRecord, FormSpec, FormValues, Section
from app.views.core.forms import FormPage
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px
from app.views.security.form_dialog import version_of
from app.views.security.role_rules import RulesDialog

KEY, THE_ONE = "security.policy", 1
WIDTHS = (5, 2, 2, 2, 2)


def load(session: Any, _number: int, _language: str) -> FormRecord:
    """The one set of rules."""
    found = policy.policy(session)
    values = {
        key: value if isinstance(value, bool) or value is None else Decimal(value)
        for key, value in found.items()
    }
    return FormRecord(THE_ONE, version_of(values), values=values, raw=found)


def save(session: Any, command: policy.SetPolicy) -> Result[int]:
    """Change rules."""
    return Result(THE_ONE, policy.set_policy(session, command).changes)


def _number(key: str, least: int, most: int, *, required: bool = True, help_key: str = "") -> Field:
    return Field(
        key,
        f"column.{key}",
        "number",
        required=required,
        places=0,
        minimum=Decimal(least),
        maximum=Decimal(most),
        help=help_key,
    )


class PolicyPage(FormPage):
    """One form; below it the roles with the rules of their own."""

    topics = frozenset({roles.ROLES})
    spec: ClassVar[FormSpec] = FormSpec(
        policy.POLICY,
        "policy.title",
        "sliders-horizontal",
        (
            Section(
                (
                    _number("password_length", 8, 64),
                    _number("password_history", 0, 24),
                    _number("password_days", 30, 730, required=False, help_key="policy.password_days.help"),
                    _number("initial_password_hours", 1, 168),
                    Field("reset_by_mail", "column.reset_by_mail", "check", span=2),
                    Field("registration_open", "column.registration_open", "check", span=2),
                ),
                "policy.section.passwords",
            ),
            Section(
                (
                    _number("failures_per_address", 3, 50),
                    _number("failures_per_user", 5, 200),
                    _number("failure_minutes", 1, 1440),
                    _number("lock_minutes", 1, 1440),
                ),
                "policy.section.failures",
            ),
            Section(
                (
                    _number("trusted_device_days", 0, 90, help_key="policy.trusted_device_days.help"),
                    _number("confirm_minutes", 1, 60),
                    _number("elevation_hours", 1, 72),
                    _number("operator_idle_minutes", 1, 120),
                ),
                "policy.section.sessions",
            ),
            Section(
                (
                    _number("idle_transaction_seconds", 10, 3600),
                    _number("blocking_seconds", 5, 600),
                    _number("statement_seconds", 10, 86400),
                    _number("audit_years", 1, 30),
                ),
                "policy.section.server",
            ),
        ),
        load=load,
        update_right="policy_set",
    )

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """Only what was changed, as whole numbers."""
        values: dict[str, int | bool | None] = {}
        for key in form.changed:
            value = form.values[key]
            values[key] = value if value is None or isinstance(value, bool) else int(value)
        return save, policy.SetPolicy(values)

    def subtitle(self) -> str:
        """What a change does."""
        return t("policy.text")

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Who changed the rules when."""
        return (FormAction("changes", "policy.changes", "history", PolicyPage._changes, right="trail_open"),)

    def _changes(self) -> None:
        self.ctx.navigate.open_workspace("security.events", filters={"kind": ["policy_changed"]})

    def extend(self, column: QVBoxLayout) -> None:
        """The roles and what they ask for."""
        self._roles = Card(t("policy.roles"), note=t("policy.roles_note"))
        self._roles.setObjectName("card.role_rules")
        column.addWidget(self._roles)

    def shown(self) -> None:
        """Read the roles."""
        op: ReadOp[tuple[RoleRow, ...]] = ReadOp(self, self.ctx, roles.roles)
        op.replacing("roles").success(self._show_roles).failure(lambda _error: True).start()

    def on_changes(self, changes: Changes) -> None:
        """A role's rules may be different."""
        super().on_changes(changes)
        if any(change.topic == roles.ROLES for change in changes):
            self.shown()

    def _show_roles(self, rows: Sequence[RoleRow]) -> None:
        lang = language()
        clear_layout(self._roles.body)
        heads = ("roles.role", "roles.idle", "roles.session", "roles.max_sessions", "people.second_factor")
        head = cells_row([(t(key), "small500", "left") for key in heads], WIDTHS)
        may = self.ctx.profile.can("role_rules_set")
        if may:
            head.layout().addSpacing(px("control_toolbar") + px("gap"))  # type: ignore[union-attr]
        self._roles.body.addWidget(head)
        shown = [
            row for row in rows if not row.retired and row.kind != "template" and row.holder != "service"
        ]
        for row in sorted(shown, key=lambda one: one.title(lang).casefold()):
            cells = (
                (row.title(lang), "body500", "left"),
                (duration(row.idle_minutes), "body", "left"),
                (duration(row.session_minutes), "body", "left"),
                (fmt.number(row.max_sessions), "body", "left"),
                (t("policy.needed") if row.needs_second_factor else fmt.NONE, "body", "left"),
            )
            line = cells_row(cells, WIDTHS)
            if may:
                button = IconButton("pencil", "roles.rules.tip", clicked=partial(self._edit, row))
                button.setObjectName(f"action.rules.{row.name}")
                line.layout().addWidget(button)  # type: ignore[union-attr]
            self._roles.body.addWidget(line)

    def _edit(self, row: RoleRow) -> None:
        RulesDialog(self.ctx, row).open()


def duration(minutes: int) -> str:
    """Minutes as people say them: whole hours, else minutes."""
    if minutes >= 60 and minutes % 60 == 0:
        return t("roles.hours", n=minutes // 60)
    return t("roles.minutes", n=minutes)


def page(ctx: AppContext, state: Mapping[str, Any]) -> PolicyPage:
    """The rules as a workspace."""
    return PolicyPage(ctx, THE_ONE, state)
