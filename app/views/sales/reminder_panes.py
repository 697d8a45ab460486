"""The panes beside the lists of reminding: what is asked for, and for which invoices."""

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.reminders import (
    OpenItem,
    Proposal,
    ReminderDetail,
    ReminderRow,
    RuleRow,
    get_reminder,
    open_items,
)
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, cells_row, section, text_row, value_row
from app.views.core.theme import px
from app.views.sales import reminder_words as words
from app.views.sales.panes import Pane
from app.views.sales.reminder_words import LEVELS, REMINDER, STATES
from app.views.sales.states import chip


def proposal_pane(ctx: AppContext, row: Proposal) -> QWidget:
    """What a customer would be asked for, and what of his invoices is held back."""
    pane = Pane(ctx, "partners.partner", row.customer_id)
    kind, name = LEVELS[row.level]
    pane.head(
        row.customer_number, row.customer, chips=[(kind, t(name))], note=_until(row), actions=[pane.opener()]
    )
    over = pane.tab("overview", t("sales.pane.overview"))
    if row.credit:
        over.addWidget(
            text_row(t("sales.reminding.credit", amount=fmt.money(row.credit, row.currency)), color="warn")
        )
    over.addWidget(section(t("sales.reminding.asks")))
    _asked(over, row.currency, row.open, row.interest, row.flat, row.fee, row.total)
    over.addWidget(section(t("sales.reminding.items")))
    pane.read(over, _items, open_items, row.customer_id)
    return pane


def _until(row: Proposal) -> str:
    return t("sales.reminding.pay_until", date=fmt.date_(row.pay_until))


def _asked(
    layout: QVBoxLayout,
    currency: str,
    open_: Decimal,
    interest: Decimal,
    flat: Decimal,
    fee: Decimal,
    total: Decimal,
) -> None:
    rows = (
        ("sales.reminding.open", open_),
        ("sales.reminder.interest", interest),
        ("sales.reminder.flat", flat),
        ("sales.reminder.fee", fee),
    )
    for key, amount in rows:
        if amount or key == "sales.reminding.open":
            layout.addWidget(
                cells_row(((t(key), "body", "left"), (fmt.money(amount, currency), "body", "right")), (3, 2))
            )
    layout.addWidget(
        cells_row(
            (
                (t("sales.reminder.total"), "body600", "left"),
                (fmt.money(total, currency), "body600", "right"),
            ),
            (3, 2),
        )
    )


def _items(layout: QVBoxLayout, found: Sequence[OpenItem]) -> None:
    for item in found:
        late = t("sales.card.days_late", n=item.days) if item.days else ""
        notes = (fmt.date_(item.due_date), late, words.coming(item))
        note = " · ".join(part for part in notes if part)
        layout.addWidget(value_row(item.number, fmt.money(item.open, item.currency), None, note=note))


def reminder_pane(ctx: AppContext, row: ReminderRow) -> QWidget:
    """A reminder that was sent."""
    pane = Pane(ctx, REMINDER, row.id)
    kind, name = LEVELS[row.level]
    chips = [(kind, t(name)), chip(STATES, words.state(row.state, row.left))]
    note = t("sales.reminding.pay_until", date=fmt.date_(row.pay_until))
    pane.head(row.number, row.customer, chips=chips, note=note, actions=[pane.opener()])
    over = pane.tab("overview", t("sales.pane.overview"))
    pane.read(over, _reminder, get_reminder, row.id)
    return pane


def _reminder(layout: QVBoxLayout, found: ReminderDetail) -> None:
    layout.addWidget(section(t("sales.reminding.asks")))
    _asked(
        layout,
        found.currency,
        found.open_amount,
        found.interest_amount,
        found.flat_amount,
        found.fee_amount,
        found.total_amount,
    )
    layout.addWidget(section(t("sales.reminding.items")))
    for item in found.items:
        note = f"{words.level(item.level)} · {t('sales.card.days_late', n=item.days)}"
        layout.addWidget(value_row(item.number, fmt.money(item.open_amount, found.currency), None, note=note))


def rule_pane(_ctx: AppContext, row: RuleRow) -> QWidget:
    """The base rates interest follows."""
    pane = DetailPane()
    pane.setObjectName("detail")
    pane.head("", t("sales.reminder_rules.rates"))
    over = pane.tab("overview", t("sales.reminder_rules.rates"))
    over.addWidget(text_row(t("sales.reminder_rules.points"), style="small"))
    over.addSpacing(px("gap"))
    for day, rate in row.rates:
        cells = (
            (t("sales.reminder_rules.from", date=fmt.date_(day)), "body", "left"),
            (fmt.percent(rate), "body600", "right"),
        )
        over.addWidget(cells_row(cells, (3, 2)))
    return pane
