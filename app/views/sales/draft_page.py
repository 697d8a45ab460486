"""What the forms of quotes and orders share: customer, conditions, priced lines, discount, totals, PDF."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.clock import today
from app.core.errors import NotAllowed
from app.core.i18n import language, t
from app.services.documents.reads import ArchivedRow
from app.services.partners.reads import PartnerDetail
from app.services.sales import drafts, rules
from app.services.sales.commands import (
    DraftType,
    SaveDraft,
    SaveQuote,
    SaveSalesOrder,
)
from app.services.sales.forms import CustomerProposal, DraftForm
from app.services.sales.opening import CustomerChoice, OpenDraft, customer_choice, open_draft
from app.services.sales.reads import ChainLink
from app.views.core.context import AppContext
from app.views.core.form_model import (
    FormRecord,
    FormSpec,
    FormValues,
    Notice,
    NoticeAction,
    as_record,
    labels_of,
)
from app.views.core.form_parts import ChainNode
from app.views.core.forms import FormPage
from app.views.core.operation import ReadOp
from app.views.core.people import when_known
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import alive
from app.views.core.theme import px
from app.views.sales import line_rules
from app.views.sales.approval import approval_notice, credit_notice
from app.views.sales.cards import CustomerCard, TermsCard, TotalsCard
from app.views.sales.chain import nodes
from app.views.sales.charges_dialog import charge_facts
from app.views.sales.draft_actions import make_up_pdf, may_archive
from app.views.sales.draft_reads import CHOICES, Choices
from app.views.sales.line_editing import Pricing
from app.views.sales.states import BY_TYPE, chip, draft_name
from app.views.sales.unprintable import Unprintable, texts_in

ZERO = Decimal(0)
VALID_DAYS = 30
# What the history calls columns that are no fields of the form.
HISTORY_LABELS = {
    "number": "sales.field.number",
    "state": "sales.column.state",
    "delivery_state": "sales.column.shipped",
    "invoice_state": "sales.column.invoiced",
    "net_amount": "sales.total.net",
    "tax_amount": "sales.total.tax_short",
    "gross_amount": "sales.total.gross",
    "snapshot": "sales.field.snapshot",
    "paid_amount": "sales.field.paid",
    "discount_taken": "sales.field.skonto",
    "comment": "kit.comment",
    "reason": "kit.reason",
    "reject_reason": "kit.reason",
    "cancel_reason": "kit.reason",
}


def load_draft(kind: DraftType) -> Callable[..., OpenDraft]:
    """The loader of a form of that kind."""
    return lambda session, record_id, lang: open_draft(session, kind, record_id, lang, today())


def record_of(answer: DraftForm, spec: FormSpec) -> FormRecord:
    """A document as the form holds it: the customer with its number, lines with their pictures."""
    record = as_record(answer, spec)
    words = {**record.words, "customer_id": f"{answer.customer_number} · {answer.customer}"}
    lines = [
        {
            **line,
            "unit": line["unit_name"],
            "image": (line["image_id"], line["image_hash"]) if line["image_hash"] else None,
        }
        for line in record.lines
    ]
    return replace(record, words=words, lines=lines)


class DraftPage(FormPage):
    """The form of a quote or an order.

    A subclass sets ``spec``, ``kind`` (quote or sales_order) and ``day_key`` (the field with the document's date),
    and adds its own actions, notices and chain.
    """

    kind: ClassVar[DraftType]
    day_key: ClassVar[str]
    topics = frozenset({"documents.issued", "system.approval_request", "system.note"}) | CHOICES.topics

    def __init__(self, ctx: AppContext, record_id: int | None, state: Mapping[str, Any]) -> None:
        self._links: Sequence[ChainLink] = ()
        self._archived: Sequence[ArchivedRow] | None = None
        self._customer: PartnerDetail | None = None
        self._brought: CustomerChoice | None = None  # what the record brought along of its customer
        self._refusal: NotAllowed | None = None
        self.credit_refusal: NotAllowed | None = None
        self._unprintable = Unprintable(self)
        super().__init__(ctx, record_id, state)

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def document(self) -> DraftForm | None:
        """The document as it is stored, None for a new one."""
        return cast("DraftForm | None", self.record.raw)

    @property
    def stored_state(self) -> str:
        """draft, issued, confirmed …"""
        return self.document.state if self.document is not None else "draft"

    @property
    def limit(self) -> Decimal:
        """The discount this person may grant."""
        return self.ctx.profile.limit("discount_pct")

    def editable(self) -> bool:
        """Only drafts can be changed."""
        return self.stored_state == "draft"

    def _read(self, answer: OpenDraft) -> FormRecord:
        self._links, self._archived, self._brought = answer.links, answer.archived, answer.customer
        return super()._read(record_of(answer.document, self.spec))

    def title(self) -> str:
        """The word on the tab: the number alone."""
        if self.record.id is None:
            return t(f"sales.{self.word}.new")
        number = self.document.number if self.document is not None else None
        return draft_name(self.record.id, number) if self.ready else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and number, and the state."""
        state = chip(BY_TYPE[self.kind], self.stored_state)
        if self.record.id is None:
            return t(f"sales.{self.word}.new"), state
        number = self.document.number if self.document is not None else None
        if number is None:
            return t(f"sales.{self.word}.draft", id=self.record.id), state
        return f"{t(self.spec.title)} {number}", state

    @property
    def word(self) -> str:
        """The kind in text keys."""
        return "quote" if self.kind == "quote" else "order"

    @property
    def currency(self) -> str:
        """The currency of the document; a new one has the house's own until it is saved."""
        return self.document.currency if self.document is not None else "EUR"

    @property
    def customer_language(self) -> str:
        """The language of the document."""
        return self._customer.language if self._customer is not None else language()

    @property
    def is_archived(self) -> bool:
        """Whether a PDF is in the archive."""
        return bool(self._archived)

    # -- building -----------------------------------------------------------------------------------------------

    def cards(self) -> Sequence[QWidget]:
        """Totals, customer, terms, notes and history."""
        self.totals = TotalsCard()
        self.customer_card = CustomerCard(self.ctx)
        self.terms = TermsCard()
        self.story = StoryCards(self, self.ctx, self.spec.topic, HISTORY_LABELS | labels_of(self.spec))
        return (self.totals, self.customer_card, self.terms, *self.story.cards)

    def extend(self, column: Any) -> None:
        """Watch the lines, and their pictures."""
        assert self.lines is not None
        if self.ctx.images is not None:
            self.ctx.images.ready.connect(self.lines.table.viewport().update)
        self.pricing = Pricing(self)

    def line_picture(self) -> Any:
        """Pictures of the articles, by id and hash."""
        images = self.ctx.images
        if images is None:
            return None
        return lambda key, _arrived: images.thumb(key, px("thumb_large"), self.devicePixelRatioF())

    def texts_on_paper(self) -> Iterator[str]:
        """Everything typed or chosen here that the document may show."""
        for key, box in self.boxes.items():
            if key == "remark":
                continue  # for colleagues only
            yield box.words
            if not box.unreadable():
                yield from texts_in(box.value())
        yield from texts_in(self.lines.model.lines if self.lines is not None else [])
        if self._customer is not None:
            yield from texts_in([*self._customer.addresses, self._customer.name])

    def show_notices_again(self) -> None:
        """There is something new to say."""
        self._show_notices()

    # -- showing ------------------------------------------------------------------------------------------------

    def defaults(self) -> Mapping[str, Any]:
        """Today, and the dates that follow from it."""
        day = today()
        return {"quote_date": day, "valid_until": day + timedelta(days=VALID_DAYS), "order_date": day}

    def shown(self) -> None:
        """A record was put into the form: so is what stands beside it."""
        self._refusal = None
        self.credit_refusal = None
        CHOICES.give(self.ctx, self, self._offer)
        self._show_customer()
        self.pricing.shown()
        self.story.show(self.record.id, self.title())
        if self.document is not None and self.document.approval is not None:
            when_known(self.ctx, self._name_people)
        if (
            self.record.id is None
            and self.value("customer_id") is not None
            and self.value("price_list_id") is None
        ):
            self.value_changed("customer_id")

    def _name_people(self) -> None:
        """Who asked and who decided is said by name."""
        if alive(self):
            self._show_notices()

    def on_changes(self, changes: Changes) -> None:
        """What can be chosen is read again when it changes."""
        if CHOICES.forget(self.ctx, changes):
            CHOICES.give(self.ctx, self, self._offer)
        super().on_changes(changes)

    def _offer(self, found: Choices) -> None:
        for key, rows in (
            ("payment_term_id", found.terms),
            ("price_list_id", found.price_lists),
            ("warehouse_id", found.warehouses),
        ):
            self.set_choices(key, [(row[0], row[1]) for row in rows])
        if self.ready:
            self.pricing.refresh()  # a line says which price list its price is from
        self._show_terms()
        self.touched(typed=False)

    def _show_customer(self) -> None:
        """Contacts and addresses to choose from, figures beside the form: as they came with the record, or anew."""
        customer, brought = self.value("customer_id"), self._brought
        if brought is not None and brought.partner is not None and brought.partner.id == customer:
            self._customer_read(brought)
        else:
            self._ask_customer(proposal=False)

    def _ask_customer(self, *, proposal: bool) -> None:
        customer = self.value("customer_id")
        self._customer = None
        self.customer_card.show_customer(customer)
        if customer is None:
            self.boxes["customer_id"].set_hint("")
            return
        asked = partial(customer_choice, proposal=proposal)
        op: ReadOp[CustomerChoice] = ReadOp(self, self.ctx, asked, customer, language(), today())
        op.replacing("customer").success(self._customer_read)
        if not proposal:
            op.failure(lambda _error: True)
        op.start()

    def _customer_read(self, found: CustomerChoice) -> None:
        partner = found.partner
        if partner is None or partner.id != self.value("customer_id"):
            return
        self._customer = partner
        self.customer_card.show_customer(partner.id, found.figures)
        self.set_choices("contact_id", [(x.id, x.name) for x in partner.contacts])
        self.set_choices("delivery_address_id", [(x.id, _address(x)) for x in partner.addresses])
        words = [t(f"sales.customer.{partner.kind}")]
        if partner.price_list:
            words.append(t("sales.customer.price_list", name=partner.price_list))
        if partner.vat_id:
            words.append(t("sales.customer.vat_id", vat_id=partner.vat_id))
        self.boxes["customer_id"].set_hint(" · ".join(words))
        if found.proposal is not None:
            self._take_over(found.proposal)
        self._show_terms()
        self.touched(typed=found.proposal is not None)

    def _take_over(self, proposal: CustomerProposal) -> None:
        """What follows from a customer just chosen; what the user typed himself stays."""
        for key, value in (
            ("contact_id", proposal.contact_id),
            ("delivery_address_id", proposal.delivery_address_id),
            ("price_list_id", proposal.price_list_id),
            ("payment_term_id", proposal.payment_term_id),
        ):
            self.boxes[key].set_value(value)
        if self.value("warehouse_id") is None:
            self.boxes["warehouse_id"].set_value(proposal.warehouse_id)
        self.pricing.ask_all()

    def _show_terms(self) -> None:
        def words(key: str) -> str:
            return self.boxes[key].words

        treatment = self._customer.tax_treatment if self._customer else ""
        self.terms.show_terms(
            words("payment_term_id"), words("price_list_id"), words("warehouse_id"), treatment
        )

    def lines_shown(self) -> None:
        """The lines are different: totals, credit, banner."""
        assert self.lines is not None
        lines = self.lines.model.lines
        charges = rules.charges_of(self.document.charges) if self.document is not None else ()
        amounts = line_rules.amounts_of(lines)
        sums = line_rules.sums_of(lines, charges)
        if self.document is not None and self.stored_state != "draft":
            sums = replace_sums(sums, self.document)
        currency = self.currency
        self.totals.show_sums(sums, before=charge_facts(amounts, charges, currency), currency=currency)
        counted = self.stored_state in ("draft", "issued")
        self.customer_card.show_amount(sums.gross if counted else ZERO)
        of_lines = sum((net for net, _ in amounts), ZERO)
        self.lines.set_sum(t("sales.lines.sum", amount=fmt.money(of_lines, currency)))
        self.lines.set_summary(line_rules.summary(lines))
        self._show_notices()

    def chain(self) -> Sequence[ChainNode]:
        """The documents before and after this one."""
        if self.record.id is None:
            return ()
        return (
            nodes(self._links, (self.kind, self.record.id), self.to_come(), self.ctx.registry.records)
            if self._links
            else ()
        )

    def to_come(self) -> Sequence[ChainNode]:
        """Documents that follow from this one."""
        return ()

    # -- typing -------------------------------------------------------------------------------------------------

    def value_changed(self, key: str) -> None:
        """A customer brings its terms; price list, warehouse and date decide about the lines."""
        if key == "customer_id":
            for name_ in ("contact_id", "delivery_address_id"):
                self.set_choices(name_, [])
                self.boxes[name_].set_value(None)
            self._ask_customer(proposal=True)
        elif key in ("price_list_id", "warehouse_id", self.day_key):
            self.pricing.ask_all()
            self._show_terms()
        elif key == "payment_term_id":
            self._show_terms()

    def line_changed(self, number: int, key: str) -> None:
        """Price and availability follow the article and the quantity."""
        self.pricing.changed(number, key)

    # -- saving -------------------------------------------------------------------------------------------------

    def save_call(self, form: FormValues) -> tuple[Any, SaveDraft]:
        """Only what was changed goes out; of a new one everything."""
        keys = form.changed if form.id is not None else frozenset(form.values)
        head = {key: form.values[key] for key in keys if key in self.boxes and self.boxes[key].field.stored}
        command = SaveQuote if self.kind == "quote" else SaveSalesOrder
        version = form.row_version if form.id is not None else None
        fn = drafts.save_quote if self.kind == "quote" else drafts.save_sales_order
        return fn, command(form.id, version, head, form.lines)

    def _save_failed(self, error: BaseException) -> object:
        """A line's error is shown in its cell."""
        params = getattr(error, "params", {})
        position, column = params.get("position"), params.get("column")
        assert self.lines is not None
        cells = {item.key for item in self.spec.lines.columns} if self.spec.lines else set()
        if isinstance(position, int) and column in cells and position <= len(self.lines.model.lines):
            from app.views.core.values import error_text

            self._after_save.clear()
            self.lines.set_refused(position - 1, str(column), error_text(error))  # type: ignore[arg-type]
            return True
        return super()._save_failed(error)

    # -- discount -----------------------------------------------------------------------------------------------

    def notices(self) -> Sequence[Notice]:
        """Discount above one's limit, the state of an approval, a PDF that is missing."""
        found: list[Notice] = []
        document = self.document
        if self.lines is not None and self.stored_state == "draft":
            above = line_rules.highest(self.lines.model.lines, self.limit) if not self.read_only else None
            notice = approval_notice(self, document.approval if document else None, above)
            found += [notice] if notice else []
            if self.credit_refusal is not None:
                found.append(credit_notice(self, self.credit_refusal))
            unprintable = self._unprintable.notice()
            found += [unprintable] if unprintable else []
        if (
            self._customer is not None
            and self._customer.is_delivery_blocked
            and self.stored_state
            in (
                "draft",
                "confirmed",
            )
        ):
            words = self._customer.block_reason or ""
            found.append(Notice("blocked", "bad", t("sales.notice.blocked"), words, (), "ban"))
        if (
            self._archived is not None
            and not self._archived
            and self.stored_state not in ("draft", "cancelled")
        ):
            again = NoticeAction("sales.pdf.make_up", lambda: make_up_pdf(self), "action.make_up_pdf")
            actions = (again,) if may_archive(self) else ()
            found.append(
                Notice("no_pdf", "warn", t("sales.pdf.missing"), t("sales.pdf.missing_what"), actions)
            )
        return [*found, *self.more_notices()]

    def settled_status(self, line: Mapping[str, Any]) -> line_rules.Status | None:
        """What the availability column says once the document is no draft any more."""
        return None

    def more_notices(self) -> Sequence[Notice]:
        """Banners of the one kind of document."""
        return ()

    @property
    def waits_for_approval(self) -> bool:
        """Whether somebody has still to decide about the discount that stands in the lines."""
        asked = self.document.approval if self.document is not None else None
        if asked is None or asked.state != "open" or self.lines is None:
            return False
        above = line_rules.highest(self.lines.model.lines, self.limit)
        return above is not None and asked.discount_pct >= above.pct

    def discount_refused(self, error: BaseException) -> object:
        """The database refused the discount: say it in the banner, where the way out stands."""
        if isinstance(error, NotAllowed) and error.key == "discount_limit":
            self._refusal = error
            self._show_notices()
            return True
        return False

    def confirm_refused(self, error: BaseException) -> object:
        """Discount or credit limit: both have their banner with the way out."""
        if isinstance(error, NotAllowed) and error.key == "credit_limit_exceeded":
            self.credit_refusal = error
            self._show_notices()
            return True
        return self.discount_refused(error)

    @property
    def refusal(self) -> NotAllowed | None:
        """What the database said about the discount when this document was posted."""
        return self._refusal

    def refresh_if_alive(self) -> None:
        """A job that outlived the page must not wake it."""
        if alive(self):
            self.refresh()


def replace_sums(sums: Any, document: DraftForm) -> Any:
    """Totals as the document says them; the rates follow from its lines."""
    return sums._replace(net=document.net_amount, tax=document.tax_amount, gross=document.gross_amount)


def _address(line: Any) -> str:
    return f"{line.name}, {line.line}" if line.name else line.line
