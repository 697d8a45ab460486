"""Sending what a run proposes: asked once, then each customer's reminder with its number, its PDF, and on paper."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.core.paging import ListQuery, Page
from app.services.sales.commands import IssueReminder
from app.services.sales.reminder_paper import reminder_paper
from app.services.sales.reminders import Proposal, Reminded, issue_reminder, list_proposals
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.operation import ReadOp, WriteOp
from app.views.documents import issuing
from app.views.printing.button import RIGHT as PRINT
from app.views.sales.list_parts import window_in_front
from app.views.sales.reminder_words import REMINDER

ISSUE = "reminder_issue"


def issue_all(ctx: AppContext) -> None:
    """Everything the run proposes now."""

    def found(page: Page) -> None:
        if page.rows:
            issue_rows(ctx, list(page.rows))
        else:
            ctx.navigate.toast(t("sales.reminding.empty_title"))

    op: ReadOp[Page] = ReadOp(ctx.tasks, ctx, list_proposals, ListQuery(sort="customer"))
    op.success(found).start()


def issue_rows(ctx: AppContext, rows: list[Proposal]) -> None:
    """These proposals, once somebody said yes."""
    IssueDialog(window_in_front(), ctx, rows).open()


class IssueDialog(Dialog):
    """How many, how much, and whether they are printed as well."""

    def __init__(self, host: QWidget, ctx: AppContext, rows: Sequence[Proposal]) -> None:
        totals: dict[str, Decimal] = {}
        for row in rows:
            totals[row.currency] = totals.get(row.currency, Decimal(0)) + row.total
        total = " + ".join(fmt.money(amount, currency) for currency, amount in totals.items())
        super().__init__(
            host,
            t("sales.reminding.issue_title", n=len(rows)),
            t("sales.reminding.issue_text", total=total),
            icon="send",
        )
        self.setObjectName("dialog.reminders")
        self._ctx, self._rows = ctx, tuple(rows)
        self.paper = CheckBox("sales.reminding.print_too")
        self.paper.setObjectName("check.print")
        self.body.addWidget(self.paper)
        self.paper.setVisible(ctx.profile.can(PRINT))
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self.add_button(
            "yes",
            "sales.reminding.issue_yes",
            self._send,
            icon="send",
            kind="primary",
            shortcut="Ctrl+Enter",
        )

    def _send(self) -> None:
        _Run(self._ctx, self._rows, on_paper=self.paper.isChecked()).start()


class _Run:
    """The reminders of a run on their way; those that are kept are printed together, in the order of the list."""

    def __init__(self, ctx: AppContext, rows: Sequence[Proposal], *, on_paper: bool) -> None:
        self._ctx, self._rows, self._on_paper = ctx, rows, on_paper
        self._waiting = len(rows)
        self._kept: list[int] = []

    def start(self) -> None:
        """Send them one by one."""
        for row in self._rows:
            command = IssueReminder(row.customer_id, tuple(row.invoices), row.total)
            op: WriteOp[Reminded] = WriteOp(self._ctx.tasks, self._ctx, issue_reminder, command)
            op.labelled(t("sales.reminding.job", customer=row.customer))
            op.success(self._issued).failure(self._failed).start()

    def _issued(self, made: Reminded) -> None:
        words = t(
            "sales.reminding.issued", number=made.number, amount=fmt.money(made.total_amount, made.currency)
        )
        self._ctx.navigate.toast(words)
        archive(self._ctx, made.id, made.number, made.language, lambda: self._settled(made.id))

    def _failed(self, _error: BaseException) -> Any:
        self._settled(None)
        return False

    def _settled(self, reminder_id: int | None) -> None:
        self._waiting -= 1
        if reminder_id is not None:
            self._kept.append(reminder_id)
        if not self._waiting and self._on_paper and self._kept:
            issuing.print_of(self._ctx.tasks, self._ctx, REMINDER, "reminder", sorted(self._kept))


def archive(ctx: AppContext, reminder_id: int, number: str, language: str, done: Any = None) -> None:
    """Make the PDF of a reminder and keep it."""
    issuing.archive(ctx, "reminder", reminder_paper, reminder_id, language, number, done)
