"""What the house does at each level of reminding, and the base rate interest follows."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from app.core.i18n import t
from app.services.sales.commands import SaveBaseRate, SaveReminderRule
from app.services.sales.reminders import RATE, RULE, RuleRow, list_rules, save_base_rate, save_rule
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_spec import ListAction, ListSpec
from app.views.core.table_model import Column
from app.views.sales.reminder_panes import rule_pane
from app.views.sales.reminder_words import LEVELS, level
from app.views.security.form_dialog import FormDialog

ZERO = Decimal(0)


def _days(key: str, low: int, high: int) -> Field:
    return Field(
        key,
        f"sales.reminder_rules.{key}",
        "number",
        required=True,
        places=0,
        minimum=Decimal(low),
        maximum=Decimal(high),
        span=2,
    )


FIELDS = (
    _days("days", 0, 365),
    _days("pay_days", 1, 60),
    Field(
        "fee",
        "sales.reminder_rules.fee",
        "money",
        required=True,
        minimum=ZERO,
        maximum=Decimal(100),
        span=2,
    ),
    Field(
        "flat_amount",
        "sales.reminder_rules.flat_amount",
        "money",
        required=True,
        minimum=ZERO,
        maximum=Decimal(40),
        span=2,
        help="sales.reminder_rules.flat_help",
    ),
    Field("with_interest", "sales.reminder_rules.with_interest", "check", span=4),
)
RATE_FIELDS = (
    Field("valid_from", "sales.reminder_rules.valid_from", "date", required=True, span=2),
    Field(
        "rate",
        "sales.reminder_rules.base_rate",
        "percent",
        required=True,
        places=2,
        minimum=Decimal(-10),
        maximum=Decimal(30),
        span=2,
    ),
)


def rules(_ctx: AppContext) -> ListSpec:
    """The three levels; the base rates stand beside them."""
    return ListSpec(
        key="finance.reminder_rules",
        title="sales.reminder_rules.title",
        icon="scale",
        fetch=list_rules,
        topics=frozenset({RULE, RATE}),
        columns=(
            Column("level", "sales.reminder.level", "chip", 180, stretch=True, chips=LEVELS),
            Column("days", "sales.reminder_rules.days", "number", 150),
            Column("pay_days", "sales.reminder_rules.pay_days", "number", 110),
            Column("fee", "sales.reminder_rules.fee_short", "money", 90, currency=None),
            Column("flat_amount", "sales.reminder_rules.flat_short", "money", 100, currency=None),
            Column("with_interest", "sales.reminder_rules.with_interest", "yes_no", 116),
        ),
        row_actions=(
            ListAction(
                "edit",
                "sales.reminder_rules.edit",
                lambda ctx, rows: edit(ctx, rows[0]),
                "pencil",
                right=f"{RULE}:update",
            ),
        ),
        primary=ListAction(
            "rate",
            "sales.reminder_rules.rate",
            lambda ctx, _rows: enter_rate(ctx),
            "percent",
            right=f"{RATE}:insert",
        ),
        open=edit,
        detail=rule_pane,
        sort="level",
    )


def edit(ctx: AppContext, row: RuleRow) -> None:
    """Change a level."""
    if not ctx.profile.can(f"{RULE}:update"):
        return

    def save(values: Mapping[str, Any]) -> tuple[Any, SaveReminderRule]:
        whole = {key: int(values[key]) for key in ("days", "pay_days")}
        given = {**values, **whole, "with_interest": bool(values["with_interest"])}
        return save_rule, SaveReminderRule(row.id, row.row_version, given)

    FormDialog(
        ctx,
        t("sales.reminder_rules.edit_title", n=row.level, name=level(row.level)),
        t("sales.reminder_rules.edit_text"),
        FIELDS,
        save,
        lambda _saved: None,
        icon="scale",
        yes="sales.reminder_rules.edit",
        values={field.key: _typed(getattr(row, field.key)) for field in FIELDS},
    ).open()


def _typed(value: Any) -> Any:
    return Decimal(value) if type(value) is int else value


def enter_rate(ctx: AppContext) -> None:
    """Enter the base rate of a half-year."""

    def save(values: Mapping[str, Any]) -> tuple[Any, SaveBaseRate]:
        return save_base_rate, SaveBaseRate(values["valid_from"], values["rate"])

    FormDialog(
        ctx,
        t("sales.reminder_rules.rate_title"),
        t("sales.reminder_rules.rate_text"),
        RATE_FIELDS,
        save,
        lambda _saved: None,
        icon="percent",
        yes="sales.reminder_rules.edit",
    ).open()
