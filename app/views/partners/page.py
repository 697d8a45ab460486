"""A customer or supplier as a form."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import clock
from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.services.legacy.past import of_partner
from app.services.partners import rules, writes
from app.services.partners.checks import PARTNER as PARTNER_RULES
from app.services.partners.commands import Child, SavePartner
from app.services.partners.forms import PartnerChoices, PartnerForm, load_partner, partner_choices
from app.services.partners.reads import PartnerFigures
from app.services.purchasing.awaited import of_supplier
from app.views.core.form_model import (
    FormAction,
    FormSpec,
    FormTable,
    FormValues,
    Mine,
    Notice,
    labels_of,
    line_changes,
)
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.operation import ReadOp
from app.views.core.remembered import Remembered
from app.views.core.side_cards import StoryCards
from app.views.core.theme import px
from app.views.core.values import broken_rules
from app.views.legacy.past_card import RIGHT as PAST
from app.views.legacy.past_card import PastCard
from app.views.partners.bank_card import READ as BANK
from app.views.partners.bank_card import BankCard
from app.views.partners.sections import CONDITIONS, EINVOICE, HEAD, REACH
from app.views.partners.words import (
    CREATE,
    PARTNER,
    TERMS,
    UPDATE,
    ruled,
    text_rule,
)
from app.views.purchasing.awaited_card import RIGHT as ORDERED
from app.views.purchasing.awaited_card import AwaitedCard
from app.views.purchasing.owed_card import RIGHT as OWED
from app.views.purchasing.owed_card import OwedCard
from app.views.sales.reminder_card import RIGHT as REMINDED
from app.views.sales.reminder_card import RemindersCard

CHOICES = Remembered(partner_choices, frozenset({"partners.payment_term", "catalog.price_list"}))
DOCUMENTS = frozenset({"sales.invoice", "sales.sales_order"})
YES_NO = ((True, "form.yes"), (False, "form.no"))


def _cell(key: str, width: int, limit: int, *, required: bool = False) -> LineColumn:
    return LineColumn(
        key,
        f"partners.field.{key}",
        "text",
        width,
        editable=True,
        required=required,
        max_length=limit,
        validate=text_rule(key, limit),
    )


ADDRESSES = LinesSpec(
    columns=(
        LineColumn(
            "kind",
            "partners.field.address_kind",
            "choice",
            92,
            editable=True,
            required=True,
            choices=(("billing", "partners.address.billing"), ("delivery", "partners.address.delivery")),
            style="body500",
        ),
        _cell("street", 0, 200, required=True),
        _cell("street2", 110, 200),
        _cell("postcode", 72, 20, required=True),
        _cell("city", 172, 120, required=True),
        LineColumn(
            "country",
            "partners.field.country",
            "text",
            66,
            editable=True,
            required=True,
            validate=ruled(lambda value: rules.address_values({"country": value})),
        ),
        LineColumn("name", "partners.field.address_name", "text", 110, editable=True, max_length=200),
        LineColumn("is_default", "partners.field.is_default", "choice", 76, editable=True, choices=YES_NO),
        LineColumn("region", "partners.field.region", shown=False),
    ),
    defaults=(("kind", "billing"), ("country", "DE"), ("is_default", False)),
    title="partners.addresses.section",
    add="partners.addresses.add",
    placeholder="partners.addresses.placeholder",
    row_height=px("row_thumb"),
    key_next="form.key_next_row",
    key_find="form.key_search",
    least_rows=1,
)
CONTACTS = LinesSpec(
    columns=(
        _cell("salutation", 84, 20),
        LineColumn(
            "name",
            "partners.field.contact_name",
            "text",
            0,
            editable=True,
            required=True,
            max_length=120,
            style="body500",
        ),
        _cell("role", 140, 120),
        LineColumn(
            "email",
            "partners.field.email",
            "text",
            200,
            editable=True,
            max_length=254,
            validate=ruled(rules.check_email),
        ),
        _cell("phone", 140, 60),
    ),
    title="partners.contacts.section",
    add="partners.contacts.add",
    placeholder="partners.contacts.placeholder",
    row_height=px("row_thumb"),
    key_next="form.key_next_row",
    key_find="form.key_search",
    least_rows=1,
)


class FiguresCard(FactsCard):
    """What a customer owes and brings."""

    def __init__(self) -> None:
        super().__init__(t("partners.pane.figures"))
        self.setObjectName("card.figures")

    def show_figures(self, figures: PartnerFigures | None) -> None:
        """Show the figures of a customer; a new one and a supplier have none."""
        self.setVisible(figures is not None)
        if figures is None:
            return
        year = clock.today().year

        def fact(words: str, amount: Decimal | None) -> Fact:
            return Fact(words, style="locked") if amount is None else Fact(words, fmt.money(amount))

        last = fmt.date_(figures.last_order_date) if figures.last_order_date else fmt.NONE
        self.set_facts(
            (
                fact(t("partners.figure.open_items"), figures.open_items),
                fact(t("partners.figure.overdue"), figures.overdue),
                fact(t("partners.figure.open_orders"), figures.open_orders),
                Fact(t("partners.figure.last_order"), last),
                fact(t("partners.figure.revenue", year=year), figures.revenue),
                fact(t("partners.figure.revenue", year=year - 1), figures.revenue_before),
            ),
            t("kit.no_right"),
        )


class PartnerPage(FormPage):
    """Master data, conditions, addresses, contacts."""

    topics = CHOICES.topics | DOCUMENTS
    spec = FormSpec(
        topic=PARTNER,
        title="partners.partner.type",
        icon="users",
        sections=(HEAD, REACH, CONDITIONS, EINVOICE),
        load=load_partner,
        update_right=UPDATE,
        create_right=CREATE,
        tables=(FormTable("addresses", ADDRESSES), FormTable("contacts", CONTACTS)),
        constraints=(
            ("partner_number_key", "number"),
            ("partner_number_not_blank", "number"),
            ("partner_name_not_blank", "name"),
            ("vat_id_format", "vat_id"),
            ("eu_business_needs_vat_id", "vat_id"),
            ("eu_business_needs_eu_vat_id", "vat_id"),
            ("reverse_charge_needs_vat_id", "vat_id"),
            ("einvoice_format_known", "einvoice_format"),
            ("electronic_address_scheme_form", "electronic_address_scheme"),
            ("delivery_block_needs_reason", "block_reason"),
            ("credit_limit_not_negative", "credit_limit"),
        ),
    )

    # -- what is there ------------------------------------------------------------------------------------------

    @property
    def partner(self) -> PartnerForm | None:
        """The partner as it is stored, None for a new one."""
        return cast("PartnerForm | None", self.record.raw)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Number and name; a block is worth a chip."""
        partner = self.partner
        if partner is None:
            supplier = self.ready and not self.record.values.get("is_customer")
            return t("partners.supplier.new" if supplier else "partners.customer.new"), None
        chip = None
        if partner.is_delivery_blocked:
            chip = ("bad", t("partner.delivery_blocked"))
        elif not partner.is_active:
            chip = ("neutral", t("partners.state.inactive"))
        return f"{partner.number} {partner.name}"[:120], chip

    def tab_title(self) -> str:
        """The name, shortened."""
        partner = self.partner
        if partner is None:
            return self.heading()[0]
        return partner.name if len(partner.name) <= 28 else f"{partner.name[:27]}…"

    def defaults(self) -> Mapping[str, Any]:
        """An active business customer in Germany."""
        return {
            "is_customer": True,
            "is_supplier": False,
            "is_active": True,
            "kind": "b2b",
            "language": "de",
            "tax_treatment": "domestic",
            "einvoice_format": "paper",
            "electronic_address_scheme": "EM",
        }

    # -- building -----------------------------------------------------------------------------------------------

    def cards(self) -> Sequence[QWidget]:
        """Figures, bank accounts and the years before for those who may, notes, history."""
        self.figures = FiguresCard()
        self.bank = BankCard(self.ctx) if self.ctx.profile.can(BANK) else None
        self.past = PastCard(self.ctx, of_partner, "partner") if self.ctx.profile.can(PAST) else None
        self.story = StoryCards(self, self.ctx, PARTNER, labels_of(self.spec))
        self.awaited = AwaitedCard(self.ctx, of_supplier) if self.ctx.profile.can(ORDERED) else None
        self.owed = OwedCard(self.ctx) if self.ctx.profile.can(OWED) else None
        self.reminded = RemindersCard(self.ctx) if self.ctx.profile.can(REMINDED) else None
        cards = (self.reminded, self.bank, self.awaited, self.owed, self.past)
        own = [card for card in cards if card is not None]
        return (self.figures, *own, *self.story.cards)

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Quotes and orders begin here."""

        def customer(page: "PartnerPage") -> bool:
            return page.partner is not None and page.partner.is_customer

        return (
            FormAction(
                "purchase",
                "purchasing.type.order",
                "shopping-cart",
                lambda page: page.new_document("purchasing.purchase_order", "supplier_id"),
                right="purchase_order_save",
                visible=lambda page: page.partner is not None and page.partner.is_supplier,
            ),
            FormAction(
                "quote",
                "partners.action.quote",
                "file-text",
                lambda page: page.new_document("sales.quote"),
                right="sales.quote:insert",
                visible=customer,
            ),
            FormAction(
                "order",
                "partners.action.order",
                "receipt-text",
                lambda page: page.new_document("sales.sales_order"),
                right="sales.sales_order:insert",
                visible=customer,
            ),
        )

    # -- showing ------------------------------------------------------------------------------------------------

    def shown(self) -> None:
        """A record was put into the form."""
        self.figures.show_figures(self.partner.figures if self.partner is not None else None)
        if self.bank is not None:
            self.bank.show_partner(self.record.id)
        if self.awaited is not None:
            supplier = self.partner is not None and self.partner.is_supplier
            self.awaited.show_record(self.record.id if supplier else None)
        if self.owed is not None:
            supplier = self.partner is not None and self.partner.is_supplier
            self.owed.show_record(self.record.id if supplier else None)
        if self.reminded is not None:
            customer = self.partner is not None and self.partner.is_customer
            self.reminded.show_customer(self.record.id if customer else None, self.tab_title())
        if self.past is not None:
            number = self.partner.number if self.partner is not None else ""
            self.past.show_record(self.record.id, customer_number=number)
        self.story.show(self.record.id, self.heading()[0])
        self._hints()
        CHOICES.give(self.ctx, self, self._offer)

    def _offer(self, found: PartnerChoices) -> None:
        self.set_choices("payment_term_id", found.terms)
        self.set_choices("price_list_id", found.price_lists)
        self.touched(typed=False)

    def on_changes(self, changes: Changes) -> None:
        """Price lists and terms are read again when they change; documents alone never touch what is typed."""
        CHOICES.forget(self.ctx, changes)
        if self.record.id is not None and all(change.topic in DOCUMENTS for change in changes):
            op: ReadOp[PartnerForm] = ReadOp(self, self.ctx, load_partner, self.record.id, language())
            op.replacing("figures").success(self._show_figures).failure(lambda _error: True).start()
        else:
            super().on_changes(changes)

    def _show_figures(self, partner: PartnerForm) -> None:
        self.figures.show_figures(partner.figures)

    def _hints(self) -> None:
        may = self.ctx.profile.can(TERMS)
        self.boxes["number"].set_hint(t("partners.field.number_help") if self.record.id is None else "")
        if self.record.id is None and may:
            for key in ("price_list_id", "payment_term_id"):
                self.boxes[key].set_hint(t("partners.field.terms_default"))
        self.boxes["block_reason"].set_required(bool(self.value("is_delivery_blocked")))
        vat_id = self.value("vat_id")
        treatment = self.value("tax_treatment")
        hint = ""
        if vat_id:
            country = str(vat_id)[:2].upper().replace("EL", "GR")
            proposed = rules.treatment_for(country, rules.clean_vat_id(str(vat_id)))
            if proposed != treatment and self.value("kind") == "b2b":
                hint = t("partners.field.treatment_hint", treatment=t(f"partners.treatment.{proposed}"))
        if may:
            self.boxes["tax_treatment"].set_hint(hint)

    def notices(self) -> Sequence[Notice]:
        """A block is said over the form."""
        partner = self.partner
        if partner is None or not partner.is_delivery_blocked:
            return ()
        return (
            Notice("blocked", "bad", t("partners.notice.blocked"), partner.block_reason or "", (), "ban"),
        )

    # -- typing -------------------------------------------------------------------------------------------------

    def value_changed(self, key: str) -> None:
        """What follows from a value."""
        if key in ("vat_id", "tax_treatment", "kind", "is_delivery_blocked"):
            self._hints()

    def table_changed(self, table: str, number: int, key: str) -> None:
        """The first address of its kind is the default one."""
        if table != "addresses" or key == "is_default":
            return
        editor = self.tables[table]
        line = editor.model.lines[number]
        others = [
            x for n, x in enumerate(editor.model.lines) if n != number and x.get("kind") == line.get("kind")
        ]
        if line.get("id") is None and not others and not line.get("is_default"):
            editor.put(number, is_default=True)

    def check(self, mine: Mine) -> Mapping[str, str]:
        """What must hold of several values together."""
        return broken_rules(PARTNER_RULES, mine.values)

    # -- saving -------------------------------------------------------------------------------------------------

    def save_call(self, form: FormValues) -> tuple[Any, SavePartner]:
        """What was changed; terms a person may not choose are left to the database."""
        if form.id is None:
            values = {key: value for key, value in form.values.items() if value not in (None, "")}
        else:
            values = {key: form.values[key] for key in form.changed}
        values = {key: value for key, value in values.items() if not self.boxes[key].read_only}
        if values.get("credit_limit") is None and form.id is None:
            values.pop("credit_limit", None)
        if form.id is None and not values.get("is_delivery_blocked"):
            values.pop("is_delivery_blocked", None)
        done: dict[str, Any] = {}
        for key, editor in self.tables.items():
            before = self.record.tables.get(key, ())
            changes, removed = line_changes(before, form.tables.get(key, ()), editor.spec.stored)
            done[key] = tuple(Child(line.id, line.row_version, line.values) for line in changes)
            done[f"removed_{key}"] = tuple(removed)
        version = form.row_version if form.id is not None else None
        return writes.save_partner, SavePartner(form.id, version, values, **done)

    def new_document(self, topic: str, key: str = "customer_id") -> None:
        """A document for this partner, who stands in the field ``key``; what is typed is saved first."""

        def go() -> None:
            partner = self.partner
            if partner is not None:
                words = f"{partner.number} · {partner.name}"
                self.ctx.navigate.new_record(topic, **{key: partner.id, f"{key}_words": words})

        self.save(go)
