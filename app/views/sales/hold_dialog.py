"""Holding reminders back: for a customer or one invoice, with a reason, until a day; and lifting it."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.i18n import t
from app.services.sales.commands import HoldReminders, LiftHold
from app.services.sales.reminders import OpenItem, hold_reminders, lift_hold
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.operation import WriteOp
from app.views.security.form_dialog import FormDialog

HOLD, LIFT = "reminder_hold", "reminder_hold_lift"
FIELDS = (
    Field("reason", "kit.reason", required=True, max_length=200, span=4),
    Field("until", "sales.hold.until", "date", help="sales.hold.until_help", span=2),
)


def hold(
    ctx: AppContext,
    customer_id: int,
    what: str,
    invoice_id: int | None = None,
    *,
    owner: QWidget | None = None,
    done: Callable[[], object] | None = None,
) -> None:
    """Ask why and until when, and hold reminders back; ``what`` names the customer or the invoice."""

    def save(values: Mapping[str, Any]) -> tuple[Any, HoldReminders]:
        return hold_reminders, HoldReminders(customer_id, values["reason"], invoice_id, values["until"])

    def saved(_value: Any) -> None:
        ctx.navigate.toast(t("sales.hold.set"))
        if done is not None:
            done()

    FormDialog(
        ctx,
        t("sales.hold.title", what=what),
        t("sales.hold.text"),
        FIELDS,
        save,
        saved,
        icon="pause",
        yes="sales.hold.yes",
        owner=owner,
    ).open()


def lift(ctx: AppContext, item: OpenItem, done: Callable[[], object] | None = None) -> None:
    """Take the hold of an open item away."""

    def lifted(_value: None) -> None:
        ctx.navigate.toast(t("sales.hold.lifted"))
        if done is not None:
            done()

    if item.hold_id is not None and item.hold_version is not None:
        op: WriteOp[None] = WriteOp(ctx.tasks, ctx, lift_hold, LiftHold(item.hold_id, item.hold_version))
        op.success(lifted).start()
