"""Open items, the reminder run, and the reminders that were sent, as lists."""

from typing import Any

from app.core import format as fmt
from app.services.sales import reminders
from app.services.sales.reminders import OpenItem, ReminderRow
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.table_model import Column
from app.views.documents import issuing
from app.views.mail.send import mail_rows
from app.views.sales import reminder_panes as panes
from app.views.sales import reminder_words as words
from app.views.sales.hold_dialog import HOLD, LIFT, hold, lift
from app.views.sales.list_parts import choices, opens
from app.views.sales.reminder_run import ISSUE, issue_all, issue_rows
from app.views.sales.reminder_words import LEVEL_CHOICES, LEVELS, REMINDER, STATES

TOPICS = frozenset({"sales.invoice", "sales.payment", REMINDER, "sales.reminder_hold", "sales.reminder_rule"})


def _hold_item(ctx: AppContext, rows: list[OpenItem]) -> None:
    hold(ctx, rows[0].customer_id, rows[0].number, rows[0].invoice_id)


def _hold_customer(ctx: AppContext, rows: list[Any]) -> None:
    hold(ctx, rows[0].customer_id, rows[0].customer)


def _money(key: str, title: str, *, hidden: bool = False) -> Column:
    """An amount in the currency of its row."""
    return Column(
        key,
        title,
        "money",
        112,
        filter="min",
        hidden=hidden,
        text=lambda row: fmt.money(getattr(row, key), row.currency),
    )


HOLD_CUSTOMER = ListAction("hold_customer", "sales.hold.customer", _hold_customer, "pause", right=HOLD)


def open_items(_ctx: AppContext) -> ListSpec:
    """Invoices that are not paid, with how far they were reminded."""
    return ListSpec(
        key="finance.open_items",
        title="sales.open_items.title",
        icon="wallet",
        fetch=reminders.list_open_items,
        topics=TOPICS,
        presets=(
            Preset("all", "kit.list.all"),
            Preset("overdue", "sales.preset.invoice_overdue", count=True),
            Preset("due", "sales.preset.due_for_reminder", count=True),
            Preset("held", "sales.preset.held_back", count=True),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column("customer", "sales.field.customer", "bold", 200, stretch=True, filter="contains"),
            Column("invoice_date", "sales.field.date", "date", 100, filter="date", hidden=True),
            Column("due_date", "sales.field.due_short", "date", 100, filter="date"),
            Column(
                "days",
                "sales.reminder.days",
                "number",
                116,
                filter="min",
                text=lambda row: str(row.days) if row.days else fmt.NONE,
                tone=lambda row: "bad" if row.days else None,
            ),
            Column(
                "level",
                "sales.reminder.level",
                "chip",
                172,
                filter="choice",
                choices=LEVEL_CHOICES,
                chips=LEVELS,
                spare=1,
            ),
            Column("reminded_on", "sales.reminder.reminded_on", "date", 108, filter="date", spare=2),
            Column("coming", "sales.reminder.next", width=270, sortable=False, value=words.coming),
            _money("amount", "sales.reminder.total", hidden=True),
            _money("open", "sales.reminding.open"),
        ),
        row_actions=(
            ListAction(
                "hold", "sales.hold.action", _hold_item, "pause", right=HOLD, when=lambda row: not row.hold_id
            ),
            HOLD_CUSTOMER,
            ListAction(
                "lift",
                "sales.hold.lift",
                lambda ctx, rows: lift(ctx, rows[0]),
                "play",
                right=LIFT,
                when=lambda row: row.hold_id is not None,
            ),
        ),
        more=(
            ListAction(
                "to_run",
                "sales.open_items.to_run",
                lambda ctx, _rows: ctx.navigate.open_workspace("finance.reminding"),
                "send",
                right="reminder_proposals",
            ),
        ),
        empty=Empty("sales.open_items.empty_title", "sales.open_items.empty_text"),
        open=lambda ctx, row: ctx.navigate.open_record("sales.invoice", row.invoice_id),
        id_field="invoice_id",
        sort="due_date",
    )


def reminding(_ctx: AppContext) -> ListSpec:
    """What a run would send today."""
    return ListSpec(
        key="finance.reminding",
        title="sales.reminding.title",
        icon="send",
        fetch=reminders.list_proposals,
        topics=TOPICS,
        columns=(
            Column("customer_number", "partners.field.number", "code", 84, filter="prefix"),
            Column("customer", "sales.field.customer", "bold", 200, stretch=True, filter="contains"),
            Column(
                "level",
                "sales.reminder.level",
                "chip",
                172,
                filter="choice",
                choices=LEVEL_CHOICES[1:],
                chips=LEVELS,
            ),
            Column("items", "sales.reminder.count", "number", 76, filter="min"),
            Column("days", "sales.reminder.days", "number", 116, filter="min"),
            _money("open", "sales.reminding.open", hidden=True),
            _money("interest", "sales.reminder.interest", hidden=True),
            _money("flat", "sales.reminder.flat", hidden=True),
            _money("fee", "sales.reminder.fee", hidden=True),
            _money("total", "sales.reminder.total"),
        ),
        primary=ListAction(
            "issue",
            "sales.reminding.issue",
            lambda ctx, _rows: issue_all(ctx),
            "send",
            right=ISSUE,
            of_all=True,
        ),
        bulk=(ListAction("issue_rows", "sales.reminding.issue", issue_rows, "send", right=ISSUE),),
        row_actions=(
            ListAction("issue_row", "sales.reminding.issue", issue_rows, "send", right=ISSUE),
            HOLD_CUSTOMER,
        ),
        empty=Empty(
            "sales.reminding.empty_title",
            "sales.reminding.empty_text",
            tuple((f"sales.reminding.step{n}", f"sales.reminding.step{n}_text") for n in (1, 2, 3)),
        ),
        open=lambda ctx, row: ctx.navigate.open_record("partners.partner", row.customer_id),
        detail=panes.proposal_pane,
        sort="customer",
    )


def sent(_ctx: AppContext) -> ListSpec:
    """Reminders that were sent."""
    return ListSpec(
        key="finance.reminders",
        title="sales.reminders.title",
        icon="mail",
        fetch=reminders.list_reminders,
        topics=TOPICS,
        presets=(
            Preset("all", "kit.list.all"),
            Preset("open", "sales.preset.reminders_open", count=True),
            Preset("cancelled", "sales.reminder.state.cancelled"),
        ),
        columns=(
            Column("number", "sales.column.number", "code", 126, filter="prefix"),
            Column("reminder_date", "sales.reminder.date", "date", 100, filter="date", spare=2),
            Column("customer", "sales.field.customer", "bold", 196, stretch=True, filter="contains"),
            Column(
                "level",
                "sales.reminder.level",
                "chip",
                156,
                filter="choice",
                choices=LEVEL_CHOICES[1:],
                chips=LEVELS,
            ),
            Column(
                "state",
                "sales.column.state",
                "chip",
                130,
                filter="choice",
                choices=choices(STATES, "done"),
                value=_state,
                chips=STATES,
                spare=1,
            ),
            Column("pay_until", "sales.reminder.pay_until", "date", 104, filter="date", spare=3),
            _money("open_amount", "sales.reminding.open", hidden=True),
            _money("total_amount", "sales.reminder.total"),
            _money("left", "sales.reminder.left"),
        ),
        row_actions=(
            ListAction(
                "pdf",
                "sales.action.pdf",
                lambda ctx, rows: issuing.open_of(ctx.tasks, ctx, REMINDER, rows[0].id),
                "file-text",
            ),
            _PRINT,
            mail_rows("reminder", REMINDER),
        ),
        bulk=(_PRINT, mail_rows("reminder", REMINDER)),
        empty=Empty("sales.reminders.empty_title", "sales.reminders.empty_text"),
        open=opens(REMINDER),
        detail=panes.reminder_pane,
        sort="reminder_date",
        descending=True,
    )


def _state(row: ReminderRow) -> str:
    return words.state(row.state, row.left)


def _print(ctx: AppContext, rows: list[ReminderRow]) -> None:
    issuing.print_of(ctx.tasks, ctx, REMINDER, "reminder", [row.id for row in rows])


_PRINT = ListAction("print", "printing.print", _print, "printer", right="print_request")
