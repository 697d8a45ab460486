"""A reminder as a record: what was asked for, for which invoices, and what is still open of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.commands import CancelReminder
from app.services.sales.reminders import ReminderDetail, cancel_reminder, get_reminder
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormRecord,
    FormSpec,
    Notice,
    NoticeAction,
    Section,
    labels_of,
)
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.reason import ReasonDialog
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import alive
from app.views.documents import issuing
from app.views.mail.send import mail_button
from app.views.sales import reminder_words as words
from app.views.sales.reminder_run import archive
from app.views.sales.reminder_words import REMINDER, STATES
from app.views.sales.states import chip

CANCEL = "reminder_cancel"


def load(session: Any, reminder_id: int, _language: str) -> FormRecord:
    """A reminder as the form shows it."""
    found = get_reminder(session, reminder_id)
    lines = [{**item._asdict(), "level": words.level(item.level)} for item in found.items]
    values = {
        "customer": found.customer,
        "level": words.level(found.level),
        "reminder_date": found.reminder_date,
        "pay_until": found.pay_until,
        "cancel_reason": found.cancel_reason,
    }
    return FormRecord(id=found.id, row_version=found.row_version, values=values, lines=lines, raw=found)


def _line(key: str, label: str, kind: str, width: int, **more: Any) -> LineColumn:
    return LineColumn(key, label, kind, width, stored=False, **more)


class AskedCard(FactsCard):
    """What the reminder asks for, and what is still open of its invoices."""

    def __init__(self) -> None:
        super().__init__(t("sales.reminding.asks"))
        self.setObjectName("card.asked")

    def show_reminder(self, found: ReminderDetail) -> None:
        """The sums as they stand on the paper."""
        interest = t("sales.reminder.interest")
        if found.interest_pct is not None:
            interest = t("sales.reminder.interest_pct", pct=fmt.percent(found.interest_pct))
        rows = (
            (interest, found.interest_amount),
            (t("sales.reminder.flat"), found.flat_amount),
            (t("sales.reminder.fee"), found.fee_amount),
        )
        facts = [Fact(t("sales.reminding.open"), fmt.money(found.open_amount, found.currency))]
        facts += [Fact(label, fmt.money(amount, found.currency)) for label, amount in rows if amount]
        facts.append(Fact(t("sales.reminder.total"), fmt.money(found.total_amount, found.currency), "total"))
        left = sum((item.left for item in found.items), Decimal(0))
        facts.append(Fact(t("sales.reminder.left"), fmt.money(left, found.currency)))
        self.set_facts(facts)


class ReminderPage(FormPage):
    """A reminder; nothing in it can be changed, it can be taken back."""

    topics = frozenset({"documents.issued", "sales.invoice", "sales.payment", "system.note"})
    spec = FormSpec(
        topic=REMINDER,
        title="sales.type.reminder",
        icon="mail",
        sections=(
            Section(
                (
                    Field("customer", "sales.field.customer", "readonly", span=2),
                    Field("level", "sales.reminder.level", "readonly"),
                    Field("reminder_date", "sales.reminder.date", "readonly", shown_as="date"),
                    Field("pay_until", "sales.reminder.pay_until", "readonly", shown_as="date"),
                    Field("cancel_reason", "kit.reason", "readonly", span=2),
                )
            ),
        ),
        load=load,
        lines=LinesSpec(
            columns=(
                _line("number", "sales.type.invoice", "text", 128, style="body500"),
                _line("due_date", "sales.field.due_short", "date", 92),
                _line("days", "sales.reminder.days_short", "quantity", 60),
                _line("level", "sales.reminder.level", "text", 0),
                _line("open_amount", "sales.column.open", "money", 88),
                _line("default_since", "sales.reminder.default_since", "date", 96),
                _line("interest_amount", "sales.reminder.interest_short", "money", 76, quiet_zero=True),
                _line("flat_amount", "sales.reminder.flat_short", "money", 88, quiet_zero=True),
                _line("left", "sales.reminder.left", "money", 96, style="body600"),
            ),
            title="sales.reminding.items",
        ),
    )

    @property
    def reminder(self) -> ReminderDetail | None:
        """The reminder as it is stored."""
        return cast("ReminderDetail | None", self.record.raw)

    def editable(self) -> bool:
        """What was sent stays."""
        return False

    def title(self) -> str:
        """The word on the tab: the number alone."""
        return self.reminder.number if self.reminder is not None else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Level and number, and the state."""
        found = self.reminder
        if found is None:
            return t(self.spec.title), None
        left = any(item.left for item in found.items)
        return f"{words.level(found.level)} {found.number}", chip(STATES, words.state(found.state, left))

    def cards(self) -> Sequence[QWidget]:
        """What is asked for, files, notes and history."""
        self.asked = AskedCard()
        self.story = StoryCards(self, self.ctx, REMINDER, labels_of(self.spec))
        return (self.asked, *self.story.cards)

    def shown(self) -> None:
        """The sums as stored."""
        found = self.reminder
        if found is None or self.lines is None:
            return
        self.asked.show_reminder(found)
        self.story.show(found.id, found.number)
        self.boxes["cancel_reason"].setVisible(found.state == "cancelled")
        self.lines.set_summary(t("sales.lines.count", n=len(found.items)))
        self.lines.set_sum(t("sales.lines.sum", amount=fmt.money(found.open_amount, found.currency)))

    def notices(self) -> Sequence[Notice]:
        """Taken back, settled, or without its PDF."""
        found = self.reminder
        if found is None:
            return []
        if found.state == "cancelled":
            said = Notice(
                "cancelled",
                "neutral",
                t("sales.reminder.was_cancelled"),
                found.cancel_reason or "",
                (),
                "file-x",
            )
            return [said]
        notices = []
        if not any(item.left for item in found.items):
            notices.append(Notice("done", "ok", t("sales.reminder.is_done"), "", (), "check"))
        if not found.archived:
            can = self.ctx.profile.can
            may = can("reminder_issue") and can("document_archive")
            again = (
                (NoticeAction("sales.pdf.make_up", self.make_up_pdf, "action.make_up_pdf"),) if may else ()
            )
            notices.append(
                Notice("no_pdf", "warn", t("sales.pdf.missing"), t("sales.pdf.missing_what"), again)
            )
        return notices

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """The customer, paper, and taking it back."""
        return [
            issuing.print_action(REMINDER, "reminder"),
            mail_button(
                "reminder", REMINDER, visible=lambda page: bool(page.reminder and page.reminder.archived)
            ),
            FormAction(
                "customer",
                "sales.card.customer_open",
                "users",
                lambda page: page.ctx.navigate.open_record("partners.partner", page.reminder.customer_id),
                "menu",
                right="partners.partner:select",
                visible=lambda page: page.reminder is not None,
            ),
            FormAction(
                "cancel",
                "sales.reminder.cancel",
                "file-x",
                lambda page: page.cancel(),
                right=CANCEL,
                visible=lambda page: bool(page.reminder and page.reminder.state == "issued"),
            ),
        ]

    def make_up_pdf(self) -> None:
        """Archive the PDF that is missing."""
        found = self.reminder
        if found is not None:
            language = found.snapshot["customer"]["language"]
            archive(self.ctx, found.id, found.number, language, self._refresh_if_alive)

    def _refresh_if_alive(self) -> None:
        if alive(self):
            self.refresh()

    def cancel(self) -> None:
        """Take it back; its invoices fall back a level."""
        ReasonDialog(
            self,
            t("sales.reminder.cancel_title", number=self.title()),
            t("sales.reminder.cancel_text"),
            "sales.reminder.cancel_yes",
            lambda reason: self.post(
                cancel_reminder,
                lambda record: CancelReminder(cast("int", record.id), record.row_version, reason=reason),
                lambda _done: self.refresh(),
            ),
            danger=True,
            icon="file-x",
        ).open()
