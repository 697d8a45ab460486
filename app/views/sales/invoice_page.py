"""The invoice as a record: what it says, what was paid, what is left."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.i18n import t
from app.services.sales import writes
from app.services.sales.commands import CancelInvoice
from app.services.sales.opening import OpenInvoice, open_invoice
from app.services.sales.reads import InvoiceDetail
from app.services.sales.rules import Sums
from app.services.sales.writes import Shipped
from app.views.core.context import AppContext
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
from app.views.core.form_parts import ChainNode, Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.people import name
from app.views.core.reason import ReasonDialog
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import alive
from app.views.mail.send import mail_button
from app.views.sales import line_rules, pdf
from app.views.sales.cards import CustomerCard, TotalsCard, charge_fact, foreign_facts, paid_facts
from app.views.sales.chain import nodes
from app.views.sales.correction_dialog import CorrectionDialog
from app.views.sales.draft_page import HISTORY_LABELS
from app.views.sales.payment_dialog import PaymentDialog
from app.views.sales.states import INVOICE, chip

LINES = LinesSpec(
    columns=(
        LineColumn("position", "sales.line.position", "position", 44, stored=False),
        LineColumn("sku", "sales.line.sku", "text", 104, stored=False),
        LineColumn("description", "sales.line.description", "text", 0, stored=False, style="body500"),
        LineColumn("qty", "sales.line.qty", "quantity", 72, stored=False),
        LineColumn("unit", "sales.line.unit", "text", 60, stored=False),
        LineColumn("unit_price", "sales.line.price", "money", 88, stored=False),
        LineColumn("discount_pct", "sales.line.discount", "percent", 84, stored=False, quiet_zero=True),
        LineColumn("tax_rate", "sales.line.tax", "percent", 72, stored=False),
        LineColumn("net_amount", "sales.line.net", "money", 96, stored=False, style="body600"),
    ),
)


def load(session: Any, invoice_id: int, language: str) -> FormRecord:
    """An invoice as the form shows it."""
    opened = open_invoice(session, invoice_id, language, today())
    found = opened.invoice
    address = found.billing_address
    town = " ".join(str(address[key]) for key in ("postcode", "city") if address.get(key))
    order = found.snapshot.get("order") or {}
    return FormRecord(
        id=found.id,
        row_version=found.row_version,
        values={
            "customer": found.customer_id,
            "address": ", ".join(str(x) for x in (address.get("street"), town) if x),
            "reference": order.get("reference"),
            "invoice_date": found.invoice_date,
            "service_date": found.service_date,
            "due_date": found.due_date,
            "discount": found.discount_date,
        },
        lines=[line._asdict() for line in found.lines],
        words={"customer": found.customer, "discount": _skonto_words(found)},
        raw=opened,
    )


def _skonto_words(found: InvoiceDetail) -> str:
    if not found.discount_pct or found.discount_date is None:
        return fmt.NONE
    steps = ((found.discount_pct, found.discount_date), (found.discount2_pct, found.discount2_date))
    return "; ".join(
        t("sales.invoice.skonto", pct=fmt.percent(pct), date=fmt.date_(until)) for pct, until in steps if pct
    )


class PaymentsCard(FactsCard):
    """What was paid, and what is left."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__(t("sales.card.payments"))
        self.setObjectName("card.payments")
        self._ctx = ctx

    def show_invoice(self, invoice: InvoiceDetail) -> None:
        """One line per payment, below them what is open."""
        facts = []
        cur = invoice.currency
        for payment in sorted(invoice.payments, key=lambda x: x.id):
            words = t(
                "sales.card.payment", date=fmt.date_(payment.paid_on), who=name(self._ctx, payment.posted_by)
            )
            facts.append(Fact(words, fmt.money(payment.amount, cur)))
            facts += paid_facts(invoice, payment)
        if invoice.credited_amount:
            facts.append(Fact(t("sales.card.credited"), fmt.money(-invoice.credited_amount, cur)))
        if not facts and invoice.kind not in ("cancellation", "correction"):
            facts.append(Fact(t("sales.card.no_payments")))
        facts.append(Fact(t("sales.payment.left"), fmt.money(invoice.open_amount, cur), "total"))
        self.set_facts(facts)


class InvoicePage(FormPage):
    """An invoice or a cancellation; nothing in it can be changed."""

    topics = frozenset({"documents.issued", "sales.payment", "system.note"})
    spec = FormSpec(
        topic="sales.invoice",
        title="sales.type.invoice",
        icon="landmark",
        sections=(
            Section(
                (
                    Field("customer", "sales.field.customer", "readonly"),
                    Field("address", "sales.field.billing_address", "readonly", span=2),
                    Field("reference", "sales.field.reference", "readonly"),
                    Field("invoice_date", "sales.field.invoice_date", "readonly", shown_as="date"),
                    Field("service_date", "sales.field.service_date", "readonly", shown_as="date"),
                    Field("due_date", "sales.field.due_date", "readonly", shown_as="date"),
                    Field("discount", "sales.field.skonto", "readonly"),
                )
            ),
        ),
        load=load,
        lines=LINES,
    )

    @property
    def opened(self) -> OpenInvoice | None:
        """The invoice with what stands beside it."""
        return cast("OpenInvoice | None", self.record.raw)

    @property
    def invoice(self) -> InvoiceDetail | None:
        """The invoice as it is stored."""
        return self.opened.invoice if self.opened is not None else None

    def editable(self) -> bool:
        """Posted is posted."""
        return False

    def title(self) -> str:
        """The word on the tab: the number alone."""
        return self.invoice.number if self.invoice is not None else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and number, and the state."""
        found = self.invoice
        if found is None:
            return t(self.spec.title), None
        kind = t(f"sales.type.{found.kind}_no", n=found.part) if found.part else t(f"sales.type.{found.kind}")
        return f"{kind} {found.number}", chip(INVOICE, _state(found))

    def cards(self) -> Sequence[QWidget]:
        """Totals, payments, customer."""
        self.totals = TotalsCard()
        self.payments = PaymentsCard(self.ctx)
        self.customer_card = CustomerCard(self.ctx)
        labels = HISTORY_LABELS | labels_of(self.spec)
        self.story = StoryCards(self, self.ctx, self.spec.topic, labels)
        return (self.totals, self.payments, self.customer_card, *self.story.cards)

    def shown(self) -> None:
        """Totals and payments as stored."""
        found = self.invoice
        if found is None or self.lines is None:
            return
        extra = [
            Fact(
                t("sales.card.deducted", number=x.number),
                fmt.money(-x.net_amount - x.tax_amount, found.currency),
            )
            for x in found.deductions
        ]
        if extra:
            payable = found.gross_amount - found.prepaid_amount
            extra.append(Fact(t("sales.card.payable"), fmt.money(payable, found.currency), "total"))
        before = [charge_fact(x.kind, x.reason, x.pct, x.amount, found.currency) for x in found.charges]
        sums = Sums(found.net_amount, found.tax_amount, found.gross_amount, found.taxes)
        if found.is_foreign:
            extra += foreign_facts(found)
        self.totals.show_sums(sums, extra, before, found.currency)
        self.payments.show_invoice(found)
        self.story.show(found.id, found.number)
        self.customer_card.show_customer(found.customer_id, self.opened.figures if self.opened else None)
        for number, line in enumerate(found.lines):
            words = line_rules.charge_words(line.charges, found.currency)
            self.lines.set_info(number, "neutral", "coins", words)
        of_lines = sum((line.net_amount for line in found.lines), Decimal(0))
        self.lines.set_sum(t("sales.lines.sum", amount=fmt.money(of_lines, found.currency)))
        self.lines.set_summary(t("sales.lines.count", n=len(found.lines)))

    def chain(self) -> Sequence[ChainNode]:
        """The documents before and after this one."""
        links = self.opened.links if self.opened is not None else ()
        return nodes(links, ("invoice", self.record.id), (), self.ctx.registry.records) if links else ()

    def notices(self) -> Sequence[Notice]:
        """Cancelled, overdue, or without its PDF."""
        found = self.invoice
        if found is None:
            return []
        notices = []
        if found.state == "cancelled":
            counter = found.cancelled_by_id
            actions = (
                (
                    NoticeAction(
                        "sales.invoice.open_counter",
                        lambda: self.ctx.navigate.open_record("sales.invoice", counter),
                        "action.open_counter",
                    ),
                )
                if counter
                else ()
            )
            notices.append(
                Notice("cancelled", "neutral", t("sales.invoice.was_cancelled"), "", actions, "file-x")
            )
        elif found.kind == "cancellation":
            original = NoticeAction(
                "sales.invoice.open_original",
                lambda: self.ctx.navigate.open_record("sales.invoice", cast("int", found.cancels_id)),
                "action.open_original",
            )
            words = t("sales.invoice.is_counter")
            notices.append(Notice("counter", "neutral", words, found.reason or "", (original,), "file-x"))
        elif found.kind == "correction":
            original = NoticeAction(
                "sales.invoice.open_original",
                lambda: self.ctx.navigate.open_record("sales.invoice", cast("int", found.corrects_id)),
                "action.open_original",
            )
            words = t("sales.invoice.is_correction")
            notices.append(Notice("counter", "neutral", words, found.reason or "", (original,), "file-text"))
        elif _state(found) == "overdue":
            days = (today() - found.due_date).days
            notices.append(
                Notice("overdue", "bad", t("sales.invoice.overdue", n=days), t("sales.invoice.overdue_what"))
            )
        if self.opened is not None and not self.opened.archived:
            may = self.ctx.profile.can("invoice_post") and self.ctx.profile.can("document_archive")
            again = (
                (NoticeAction("sales.pdf.make_up", self.make_up_pdf, "action.make_up_pdf"),) if may else ()
            )
            notices.append(
                Notice("no_pdf", "warn", t("sales.pdf.missing"), t("sales.pdf.missing_what"), again)
            )
        return notices

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Payment, PDF, cancellation."""
        return [
            FormAction(
                "pdf", "sales.action.pdf", "file-text", lambda page: page.open_pdf(), "icon", "Ctrl+P"
            ),
            pdf.print_action("invoice"),
            mail_button("invoice", "sales.invoice"),
            FormAction(
                "pay",
                "sales.action.pay",
                "banknote",
                lambda page: page.pay(),
                "primary",
                right="payment_post",
                visible=lambda page: bool(
                    page.invoice and page.invoice.state == "open" and page.invoice.kind != "correction"
                ),
            ),
            FormAction(
                "refund",
                "sales.action.refund",
                "banknote",
                lambda page: page.pay(),
                "primary",
                right="payment_post",
                visible=lambda page: bool(
                    page.invoice and page.invoice.state == "open" and page.invoice.kind == "correction"
                ),
            ),
            FormAction(
                "correct",
                "sales.action.correct",
                "file-text",
                lambda page: page.correct(),
                right="invoice_correct",
                visible=lambda page: bool(
                    page.invoice
                    and page.invoice.kind not in ("cancellation", "correction")
                    and page.invoice.state != "cancelled"
                ),
            ),
            FormAction(
                "cancel",
                "sales.action.cancel_invoice",
                "file-x",
                lambda page: page.cancel(),
                right="invoice_cancel",
                visible=lambda page: bool(
                    page.invoice
                    and page.invoice.kind not in ("cancellation", "correction")
                    and page.invoice.state != "cancelled"
                ),
                blocked=lambda page: t("sales.invoice.has_payments") if page.invoice.payments else "",
            ),
        ]

    def open_pdf(self) -> None:
        """The archived copy."""
        if self.record.id is not None:
            pdf.open_of(self, self.ctx, "invoice", self.record.id)

    def make_up_pdf(self) -> None:
        """Archive the PDF that is missing."""
        if self.invoice is not None:
            pdf.archive(self.ctx, "invoice", self.invoice.id, self.invoice.number, self._refresh_if_alive)

    def _refresh_if_alive(self) -> None:
        if alive(self):
            self.refresh()

    def pay(self) -> None:
        """Book a payment."""
        if self.invoice is not None:
            dialog = PaymentDialog(self, self.ctx, self.invoice)
            dialog.closed.connect(self.refresh)
            dialog.open()

    def correct(self) -> None:
        """Take pieces or money back by a correction."""
        if self.invoice is not None:
            dialog = CorrectionDialog(self, self.ctx, self.invoice)
            dialog.closed.connect(self._refresh_if_alive)
            dialog.open()

    def cancel(self) -> None:
        """Cancel by a counter-invoice; the reason stands on it."""

        def cancelled(counter: Shipped) -> None:
            self.ctx.navigate.toast(t("sales.invoice.cancelled", number=counter.number))
            pdf.archive(self.ctx, "invoice", counter.id, counter.number, self._refresh_if_alive)
            self.ctx.navigate.open_record("sales.invoice", counter.id)

        ReasonDialog(
            self,
            t("sales.invoice.cancel_title", number=self.title()),
            t("sales.invoice.cancel_text"),
            "sales.invoice.cancel_yes",
            lambda reason: self.post(
                writes.cancel_invoice,
                lambda record: CancelInvoice(cast("int", record.id), record.row_version, reason=reason),
                cancelled,
            ),
            danger=True,
            icon="file-x",
        ).open()


def _state(invoice: InvoiceDetail) -> str:
    late = invoice.state == "open" and invoice.kind != "correction" and invoice.due_date < today()
    return "overdue" if late else invoice.state
