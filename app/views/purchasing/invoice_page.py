"""A supplier's invoice as a form: entered beside its original, matched, approved by somebody else, paid."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.clock import today
from app.core.i18n import language, t
from app.services.purchasing import invoicing
from app.services.purchasing.commands import CancelInvoice, Discard, EnterInvoice, SaveInvoice
from app.services.purchasing.currency import rate_for
from app.services.purchasing.invoices import Difference, Invoice, as_line, open_lines
from app.services.purchasing.matching import OpenLine
from app.views.approvals.deciding import approve, reject
from app.views.core.errors import ask
from app.views.core.form_model import (
    FormAction,
    FormRecord,
    FormValues,
    Mine,
    Notice,
    as_record,
    labels_of,
)
from app.views.core.form_parts import ChainNode, FactsCard, FieldGrid
from app.views.core.forms import FormPage
from app.views.core.lines import typed_over
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.reason import ReasonDialog
from app.views.core.side_cards import StoryCards
from app.views.purchasing.invoice_lines import CENT, ZERO, amount
from app.views.purchasing.invoice_notices import invoice_notices
from app.views.purchasing.invoice_parts import SPEC, Tax, payment_facts, total_facts
from app.views.purchasing.original import Original
from app.views.purchasing.pay_dialog import PayDialog
from app.views.purchasing.states import (
    INVOICE,
    INVOICE_STATES,
    chip,
    difference_words,
    invoice_node,
    order_node,
    receipt_nodes,
)

OWN = "EUR"


class PurchaseInvoicePage(FormPage):
    """Enters, matches, approves and pays what a supplier asks for."""

    topics = frozenset(
        {"documents.issued", "system.note", "system.approval_request", "purchasing.purchase_payment"}
    )
    spec = SPEC

    @property
    def invoice(self) -> Invoice | None:
        """The invoice as it is stored, None for a new one."""
        return cast("Invoice | None", self.record.raw)

    @property
    def stored_state(self) -> str:
        """draft, entered …"""
        return self.invoice.state if self.invoice is not None else "draft"

    def editable(self) -> bool:
        """Only drafts can be changed."""
        return self.stored_state == "draft"

    def _read(self, answer: Invoice) -> FormRecord:
        return super()._read(as_record(answer, self.spec))

    def title(self) -> str:
        """The word on the tab: our number, else the supplier's."""
        found = self.invoice
        if found is None:
            return t("purchasing.invoice.new")
        return found.number or found.invoice_number

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and number, and the state."""
        found = self.invoice
        if found is None:
            return t("purchasing.invoice.new"), chip(INVOICE_STATES, "draft")
        kind = t(f"purchasing.invoice.kind.{found.kind}")
        return f"{kind} {self.title()}", chip(INVOICE_STATES, _shown_state(found))

    def subtitle(self) -> str:
        """Who entered and who approved it."""
        found = self.invoice
        if found is None or found.entered_by is None or found.state == "draft":
            return ""
        words = [t("purchasing.invoice.entered_by", who=name(self.ctx, found.entered_by) or found.entered_by)]
        if found.approved_by is not None:
            who = name(self.ctx, found.approved_by) or found.approved_by
            words.append(t("purchasing.invoice.approved_by", who=who, date=fmt.date_(found.posting_date)))
        return " · ".join(words)

    def defaults(self) -> Mapping[str, Any]:
        """Today, in our currency."""
        return {"kind": "invoice", "invoice_date": today(), "currency": OWN, "discount_pct": ZERO}

    def beside(self) -> QWidget:
        """The original, when there is one."""
        self.original = Original(self.ctx)
        self.original.hide()
        return self.original

    def cards(self) -> Sequence[QWidget]:
        """Totals, payments, files, notes and history."""
        self.totals = FactsCard(t("sales.card.totals"))
        self.totals.setObjectName("card.totals")
        self.payments = FactsCard(t("sales.card.payments"))
        self.payments.setObjectName("card.payments")
        names(self.ctx)  # who entered and approved is told in the head
        self.story = StoryCards(self, self.ctx, INVOICE, labels_of(self.spec))
        return (self.totals, self.payments, *self.story.cards)

    def extend(self, column: Any) -> None:
        """Watch the lines."""
        assert self.lines is not None
        self.lines.changed.connect(self._sum_up)

    def shown(self) -> None:
        """A record was put into the form."""
        received = self._received()
        self.original.setVisible(received is not None)
        self.original.show_received(received)
        self._stand()
        self._show_rate()
        if self.record.id is None and self.value("exchange_rate") is None and not self.read_only:
            self._ask_rate()
        self._sum_up()
        found = self.invoice
        paid = found is not None and found.state in ("approved", "paid")
        self.payments.setVisible(paid)
        if found is not None and paid:
            self.payments.set_facts(payment_facts(self.ctx, found))
        self.story.show(self.record.id, self.title())

    def _received(self) -> int | None:
        found = self.record.values.get("received_id")
        return int(found) if found is not None else self.invoice.received_id if self.invoice else None

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside an original the cards stand below."""
        super().resizeEvent(event)
        self._stand()

    def _stand(self) -> None:
        if self._cards is not None and self._received() is not None:
            self._cards.stand(below=True)

    # -- lines -----------------------------------------------------------------------------------------------

    def line_rows(self) -> list[dict[str, Any]]:
        """The lines as they stand, what is typed included."""
        return self.lines.model.lines if self.lines is not None else []

    def line_changed(self, number: int, key: str) -> None:
        """The amount follows quantity and price until it is typed."""
        assert self.lines is not None
        line = self.line_rows()[number]
        if key == "unit_code":
            self.lines.put(number, unit=line.get("unit_code"))
        if key in ("qty", "unit_price") and "net_amount" not in typed_over(line):
            qty, price = line.get("qty"), line.get("unit_price")
            if qty is not None and price is not None:
                self.lines.put(number, net_amount=amount(qty, price))
        self._sum_up()

    def add_open(self) -> None:
        """Take over everything of the supplier that came and is not invoiced."""
        supplier = self.value("supplier_id")
        if supplier is None:
            self.boxes["supplier_id"].set_error(t("error.required"))
            self.boxes["supplier_id"].focus()
            return

        def found(lines: tuple[OpenLine, ...]) -> None:
            assert self.lines is not None
            there = {line.get("purchase_order_line_id") for line in self.line_rows()}
            fresh = [line for line in lines if line.purchase_order_line_id not in there]
            for line in fresh:
                self.lines.add(as_line(line))
            key = "purchasing.invoice.added" if fresh else "purchasing.invoice.nothing_open"
            self.ctx.navigate.toast(t(key, n=len(fresh)), kind="info")

        op: ReadOp[tuple[OpenLine, ...]] = ReadOp(
            self, self.ctx, open_lines, supplier, None, self._currency(), language()
        )
        op.replacing("open").success(found).start()

    def add_cost(self) -> None:
        """A line without an order: freight, energy, a service."""
        assert self.lines is not None
        number = self.lines.add(
            {
                "description": t("purchasing.invoice.cost"),
                "qty": Decimal(1),
                "tax_rate": Decimal(19),
                "tax_category": "S",
            }
        )
        self.lines.table.go(number, "description")

    def _sum_up(self) -> None:
        assert self.lines is not None
        bases: dict[Tax, Decimal] = {}
        agreement, cells, infos = self._agreement(), dict[int, Any](), dict[int, tuple[str, str, str]]()
        for number, line in enumerate(self.line_rows()):
            net = line.get("net_amount")
            if net is not None and line.get("tax_rate") is not None:
                key = (str(line.get("tax_category") or "S"), line["tax_rate"])
                bases[key] = bases.get(key, ZERO) + net
            match, words = agreement(line)
            if line.get("match") != match:
                cells[number] = {"match": match}
            infos[number] = (match[0], "triangle-alert", words)
        self.lines.put_all(cells, infos)
        taxes = {key: (net * key[1] / 100).quantize(CENT, ROUND_HALF_UP) for key, net in bases.items()}
        found = self.invoice
        if found is not None and (self.stored_state != "draft" or not self.dirty()):
            bases = {(x[0], x[1]): x[2] for x in found.taxes}
            taxes = {(x[0], x[1]): x[3] for x in found.taxes}
        stated = self.value("stated_gross") if self.stored_state == "draft" else None
        rate = self.value("exchange_rate") if self._currency() != OWN else None
        self.totals.set_facts(total_facts(bases, taxes, stated, self._currency(), rate))
        net = sum(bases.values(), ZERO)
        self.lines.set_sum(t("sales.lines.sum", amount=fmt.money(net, self._currency())))
        self.lines.set_summary(t("sales.lines.count", n=len(self.line_rows())))

    def _currency(self) -> str:
        return str(self.value("currency") or OWN).upper()

    def _show_rate(self) -> None:
        """Its rate is a matter of an invoice in a foreign currency only; amounts are in the invoice's."""
        self.boxes["stated_gross"].set_unit("€" if self._currency() == OWN else self._currency())
        box = self.boxes["exchange_rate"]
        cast("FieldGrid", box.parentWidget()).set_shown(box, self._currency() != OWN)

    def _ask_rate(self) -> None:
        """Propose the rate that counts on the invoice's day; what is proposed can be typed over."""
        currency, day = self._currency(), self.value("invoice_date")
        self._show_rate()
        if currency == OWN or len(currency) != 3 or day is None:
            return

        def found(rate: Decimal | None) -> None:
            self.set_value("exchange_rate", rate)
            self._sum_up()

        op: ReadOp[Decimal | None] = ReadOp(
            self, self.ctx, rate_for, currency, day, self.value("corrects_id")
        )
        op.replacing("rate").success(found).start()

    def _agreement(self) -> Callable[[Mapping[str, Any]], tuple[tuple[str, str], str]]:
        """Says of a line whether it agrees with order and receipt, as it was when it was saved, and what does not."""
        invoice = self.invoice
        lines = {x.id: x for x in invoice.lines} if invoice else {}
        findings: dict[int | None, list[Difference]] = {}
        for one in invoice.findings if invoice is not None and invoice.kind != "cancellation" else ():
            findings.setdefault(one.position, []).append(one)

        def of(line: Mapping[str, Any]) -> tuple[tuple[str, str], str]:
            if line.get("purchase_order_line_id") is None:
                return ("neutral", t("purchasing.invoice.match.none")), ""
            stored = lines.get(line.get("id") or 0)
            keys = ("purchase_order_line_id", "qty", "net_amount")
            if stored is None or any(line.get(key) != getattr(stored, key) for key in keys):
                return ("neutral", t("purchasing.invoice.match.unsaved")), ""
            found = findings.get(stored.position, ())
            if not found:
                return ("ok", t("purchasing.invoice.match.agrees")), ""
            accepted = all(x.accepted or line.get("accept_reason") for x in found)
            words = " ".join(difference_words(x.code, x.params, self._currency()) for x in found)
            return ("warn" if accepted else "bad", t("purchasing.invoice.match.differs")), words

        return of

    # -- steps -----------------------------------------------------------------------------------------------

    def value_changed(self, key: str) -> None:
        """The total on the paper is compared at once; the rate follows currency and day."""
        if key in ("currency", "invoice_date", "corrects_id") and not self.read_only:
            self._ask_rate()
        if key in ("stated_gross", "currency", "exchange_rate"):
            self._sum_up()

    def check(self, mine: Mine) -> Mapping[str, str]:
        """A cash discount is a percentage and a last day."""
        pct, day = mine.values.get("discount_pct"), mine.values.get("discount_date")
        if bool(pct) != (day is not None):
            return {"discount_date": t("error.purchase_invoice_discount")}
        due, dated = mine.values.get("due_date"), mine.values.get("invoice_date")
        return {"due_date": t("error.purchase_invoice_due")} if due and dated and due < dated else {}

    def chain(self) -> Sequence[ChainNode]:
        """Orders, receipts, this invoice, and what counters it."""
        found = self.invoice
        if found is None:
            return ()
        nodes = [order_node(record, number) for record, number, _, _ in found.orders[-2:]]
        nodes += receipt_nodes(found.receipts)[-2:]
        if found.corrects_id is not None:
            nodes.append(invoice_node(found.corrects_id, found.corrects or "", "invoice"))
        if found.cancels_id is not None:
            nodes.append(invoice_node(found.cancels_id, found.invoice_number, "invoice"))
        nodes.append(invoice_node(found.id, self.title(), found.kind, here=True))
        if found.cancelled_by_id is not None:
            nodes.append(invoice_node(found.cancelled_by_id, found.invoice_number, "cancellation"))
        return nodes if len(nodes) > 1 else ()

    def notices(self) -> Sequence[Notice]:
        """What does not agree, why it was sent back or cancelled."""
        return invoice_notices(self.ctx, self.invoice) if self.invoice is not None else ()

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Enter, approve, pay, cancel."""

        def state(*wanted: str) -> Any:
            return lambda page: page.record.id is not None and page.stored_state in wanted

        def decides(page: "PurchaseInvoicePage") -> bool:
            return bool(page.invoice and page.invoice.request and page.invoice.authority)

        return [
            FormAction(
                "enter",
                "purchasing.invoice.action.enter",
                "check",
                lambda page: page.enter(),
                "primary",
                right="purchase_invoice_enter",
                visible=lambda page: page.stored_state == "draft",
                blocked=lambda page: "" if page.line_rows() else t("sales.lines.none_yet"),
            ),
            FormAction(
                "approve",
                "purchasing.invoice.action.approve",
                "check",
                lambda page: approve(page.ctx, [page.invoice.request]),
                "primary",
                visible=decides,
            ),
            FormAction(
                "reject",
                "purchasing.invoice.action.reject",
                "circle-x",
                lambda page: reject(page.ctx, [page.invoice.request]),
                visible=decides,
            ),
            FormAction(
                "pay",
                "purchasing.invoice.action.pay",
                "banknote",
                lambda page: page.pay(),
                "primary",
                right="purchase_payment_post",
                visible=state("approved"),
            ),
            FormAction(
                "add_open",
                "purchasing.invoice.action.add_open",
                "package-check",
                lambda page: page.add_open(),
                visible=lambda page: not page.read_only,
            ),
            FormAction(
                "add_cost",
                "purchasing.invoice.action.add_cost",
                "plus",
                lambda page: page.add_cost(),
                "menu",
                visible=lambda page: not page.read_only,
            ),
            FormAction(
                "cancel",
                "purchasing.invoice.action.cancel",
                "file-x",
                lambda page: page.cancel(),
                "menu",
                right="purchase_invoice_cancel",
                visible=lambda page: bool(
                    page.invoice
                    and page.invoice.number
                    and page.stored_state in ("draft", "entered", "approved")
                    and not page.invoice.payments
                ),
            ),
            FormAction(
                "discard",
                "purchasing.action.discard",
                "trash-2",
                lambda page: page.remove(),
                "menu",
                right=f"{INVOICE}:discard",
                visible=lambda page: bool(
                    page.invoice and page.stored_state == "draft" and not page.invoice.number
                ),
            ),
        ]

    def save_call(self, form: FormValues) -> tuple[Any, SaveInvoice]:
        """Only what was changed goes out; of a new one everything."""
        keys = form.changed if form.id is not None else frozenset(form.values)
        head = {key: form.values[key] for key in keys if key in self.boxes and self.boxes[key].field.stored}
        if form.id is None and self._received() is not None:
            head["received_id"] = self._received()
        return invoicing.save_invoice, SaveInvoice(
            form.id, form.row_version if form.id is not None else None, head, form.lines
        )

    def enter(self) -> None:
        """Enter the invoice: it gets its number and waits for somebody else."""

        def entered(answer: invoicing.Entered) -> None:
            self.ctx.navigate.toast(t("purchasing.invoice.entered", number=answer.number))

        self.post(
            invoicing.enter_invoice,
            lambda record: EnterInvoice(cast("int", record.id), record.row_version),
            entered,
        )

    def pay(self) -> None:
        """Book a payment."""
        if self.invoice is not None:
            dialog = PayDialog(self, self.ctx, self.invoice)
            dialog.closed.connect(self.refresh)
            dialog.open()

    def cancel(self) -> None:
        """Cancel; the reason stays with the invoice."""

        def cancelled(_answer: invoicing.Cancelled) -> None:
            self.ctx.navigate.toast(t("purchasing.invoice.cancelled", number=self.title()))

        posted = self.stored_state == "approved"
        ReasonDialog(
            self,
            t("purchasing.invoice.cancel_title", number=self.title()),
            t("purchasing.invoice.cancel_posted" if posted else "purchasing.invoice.cancel_text"),
            "purchasing.invoice.cancel_yes",
            lambda reason: self.post(
                invoicing.cancel_invoice,
                lambda record: CancelInvoice(cast("int", record.id), record.row_version, reason=reason),
                cancelled,
            ),
            danger=True,
            icon="file-x",
        ).open()

    def remove(self) -> None:
        """Ask, then discard the draft."""
        command = Discard(cast("int", self.record.id), self.record.row_version)

        def gone(_value: object) -> None:
            self.discard()
            self.ctx.navigate.toast(t("purchasing.invoice.gone"))
            self.ctx.navigate.close_page(self)

        def go() -> None:
            op = WriteOp(self, self.ctx, invoicing.discard_invoice, command)
            op.disabling(*self.head.buttons()).success(gone).start()

        ask(
            self,
            t("purchasing.invoice.discard_title"),
            t("purchasing.invoice.discard_text"),
            "purchasing.discard.yes",
            go,
            danger=True,
            icon="trash-2",
        )


def _shown_state(found: Invoice) -> str:
    if found.state == "approved" and found.kind == "invoice" and found.due_date < today():
        return "overdue"
    return "partly_paid" if found.state == "approved" and found.paid_amount else found.state
