"""The pane beside the lists of customers and suppliers."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.core.together import ask_together
from app.services.partners.forms import DocumentRow, documents_question
from app.services.partners.reads import (
    PartnerDetail,
    PartnerFigures,
    PartnerRow,
    figures_question,
    partner_of,
    partner_question,
)
from app.services.system.reads import HistoryRow, NoteRow, story
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, cells_row, facts, history_row, section, text_row, value_row
from app.views.core.marks import ProgressBar, initials
from app.views.core.operation import ReadOp
from app.views.core.people import name, when_known
from app.views.core.side_cards import in_words, when
from app.views.core.surfaces import Loading
from app.views.core.tasks import alive
from app.views.core.theme import px
from app.views.partners.words import DOCUMENTS, KINDS, PARTNER

LABELS = {
    key: f"partners.field.{key}"
    for key in (
        "name",
        "number",
        "vat_id",
        "email",
        "phone",
        "website",
        "remark",
        "kind",
        "language",
        "tax_treatment",
        "credit_limit",
        "is_delivery_blocked",
        "block_reason",
        "is_active",
        "is_customer",
        "is_supplier",
        "street",
        "postcode",
        "city",
        "country",
        "role",
        "salutation",
        "is_default",
    )
} | {"payment_term_id": "partners.field.payment_term", "price_list_id": "partners.field.price_list"}


class PaneContent(NamedTuple):
    """A partner with figures, documents, notes and history."""

    partner: PartnerDetail
    figures: PartnerFigures | None
    documents: Sequence[DocumentRow]
    notes: Sequence[NoteRow]
    history: Sequence[HistoryRow]


def read_pane(session: Any, partner_id: int, lang: str, today: date, customer: bool) -> PaneContent:
    """Two round trips."""
    told = story(session, PARTNER, partner_id, 30)
    partner, figures, documents = ask_together(
        session,
        partner_question(partner_id, lang),
        figures_question(session, today, ":customer", customer=partner_id) if customer else None,
        documents_question(session, partner_id) if customer else None,
    )
    found = partner_of(partner_id, partner)
    return PaneContent(found, figures, documents or (), told.notes, told.history)


class PartnerPane(DetailPane):
    """Where they are, whom to call, on which terms, what is open."""

    def __init__(self, ctx: AppContext, row: PartnerRow) -> None:
        super().__init__()
        self.setObjectName("detail")
        self._ctx, self._row = ctx, row
        kind, words = KINDS[row.kind]
        chips = [(kind, t(words))]
        if row.is_delivery_blocked:
            chips.insert(0, ("bad", t("partner.delivery_blocked")))
        if not row.is_active:
            chips.append(("neutral", t("partners.state.inactive")))
        if row.is_customer and row.is_supplier:
            chips.append(("neutral", t("partners.chip.both")))
        opened = IconButton("external-link", "kit.list.open", clicked=self._open)
        opened.setObjectName("detail.open")
        note = " · ".join(part for part in (row.email, row.phone) if part) or (row.city or "")
        self.head(row.number, row.name, chips=chips, note=note, actions=[opened])
        self._over = self.tab("overview", t("catalog.tab.overview"))
        self._addresses = self.tab("addresses", t("partners.tab.addresses"))
        self._documents = self.tab("documents", t("partners.tab.documents")) if row.is_customer else None
        self._past = self.tab("history", t("catalog.tab.history"))
        self._offer_documents()
        self._waiting = Loading()
        self._over.addWidget(self._waiting)
        today = clock.today()
        op: ReadOp[PaneContent] = ReadOp(self, ctx, read_pane, row.id, language(), today, row.is_customer)
        op.success(self._read).failure(self._failed).start()

    def _open(self) -> None:
        self._ctx.navigate.open_record(PARTNER, self._row.id)

    def _offer_documents(self) -> None:
        if not self._row.is_customer:
            return
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, px("gap"))
        row.setSpacing(px("gap"))
        for key, icon, topic in (
            ("quote", "file-text", "sales.quote"),
            ("order", "receipt-text", "sales.sales_order"),
        ):
            if self._ctx.profile.can(f"{topic}:insert") and topic in self._ctx.registry.records:
                button = Button(
                    f"partners.action.{key}",
                    icon,
                    size="toolbar",
                    clicked=partial(self._new, topic),
                )
                button.setObjectName(f"detail.new_{key}")
                row.addWidget(button)
        row.addStretch(1)
        if row.count() > 1:
            self._over.addWidget(line)

    def _new(self, topic: str) -> None:
        words = f"{self._row.number} · {self._row.name}"
        self._ctx.navigate.new_record(topic, customer_id=self._row.id, customer_id_words=words)

    def _failed(self, _error: BaseException) -> bool:
        self._waiting.hide()
        self._over.addWidget(text_row(t("kit.list.failed")))
        return True

    def _read(self, found: PaneContent) -> None:
        def show() -> None:
            if alive(self):
                self._show_partner(found)

        when_known(self._ctx, show)

    def _show_partner(self, found: PaneContent) -> None:
        self._waiting.hide()
        self._overview(self._over, found)
        self._show_addresses(self._addresses, found.partner)
        if self._documents is not None:
            self._show_documents(self._documents, found.documents)
        self._show_history(self._past, found.notes, found.history)

    # -- tabs ---------------------------------------------------------------------------------------------------

    def _overview(self, box: QVBoxLayout, found: PaneContent) -> None:
        partner = found.partner
        if partner.is_delivery_blocked and partner.block_reason:
            box.addWidget(text_row(partner.block_reason, color="bad"))
            box.addSpacing(px("gap"))
        box.addWidget(
            facts(
                (
                    (t("partners.field.price_list"), partner.price_list or fmt.NONE),
                    (t("partners.field.language"), t(f"partners.language.{partner.language}")),
                    (t("partners.pane.tax"), t(f"partners.treatment.{partner.tax_treatment}")),
                    (t("partners.field.vat_id"), partner.vat_id or fmt.NONE),
                )
            )
        )
        box.addWidget(section(t("partners.field.payment_term")))
        box.addWidget(text_row(partner.payment_term or fmt.NONE, color="text"))
        if found.figures is not None:
            self._figures(box, found.figures)
        default = next((line for line in partner.addresses if line.is_default), None)
        first = default or next(iter(partner.addresses), None)
        box.addWidget(section(t("partners.pane.address")))
        if first is None:
            box.addWidget(text_row(t("partners.pane.no_address"), style="small", color="text3"))
        else:
            box.addWidget(text_row("\n".join(address_lines(first, partner.name)), color="text"))
        if partner.contacts:
            box.addWidget(section(t("partners.pane.contacts")))
            self._contacts(box, partner, 2)
        if found.documents:
            box.addWidget(
                section(
                    t("partners.pane.documents"),
                    link="card.show_all" if len(found.documents) > 4 else "",
                    clicked=lambda: self.select("documents"),
                )
            )
            self._show_documents(box, found.documents[:4])

    def _figures(self, box: QVBoxLayout, figures: PartnerFigures) -> None:
        year = clock.today().year
        box.addWidget(section(t("partners.pane.figures")))
        overdue = figures.overdue or Decimal(0)
        for words, amount, tone in (
            (t("partners.figure.open_items"), figures.open_items, "text"),
            (t("partners.figure.overdue"), figures.overdue, "bad" if overdue > 0 else "text"),
            (t("partners.figure.open_orders"), figures.open_orders, "text"),
            (t("partners.figure.revenue", year=year), figures.revenue, "text"),
        ):
            box.addWidget(value_row(words, fmt.money(amount), None, locked=amount is None, tone=tone))
        limit = figures.credit_limit
        words = t("partners.field.credit_limit")
        box.addWidget(value_row(words, fmt.money(limit) if limit else fmt.NONE, None))
        if limit and figures.open_items is not None and figures.open_orders is not None:
            used = figures.open_items + figures.open_orders
            share = used / limit
            bar = ProgressBar(float(share), "bad_solid" if share > 1 else "accent")
            box.addSpacing(px("gap_xs"))
            box.addWidget(bar)
            percent = fmt.percent((share * 100).quantize(Decimal(1)))
            box.addWidget(text_row(t("partners.figure.used", share=percent), style="small"))

    def _contacts(self, box: QVBoxLayout, partner: PartnerDetail, limit: int) -> None:
        for contact in partner.contacts[:limit]:
            words = " ".join(part for part in (contact.salutation, contact.name) if part)
            box.addWidget(
                cells_row(
                    (
                        (words, "body500", "left"),
                        (contact.role or "", "small", "left"),
                        (contact.phone or contact.email or "", "body", "right"),
                    ),
                    (5, 4, 6),
                )
            )

    def _show_addresses(self, box: QVBoxLayout, partner: PartnerDetail) -> None:
        for line in partner.addresses:
            words = t(f"partners.address.{line.kind}")
            box.addWidget(section(words, note=t("partners.address.default") if line.is_default else ""))
            box.addWidget(text_row("\n".join(address_lines(line, partner.name)), color="text"))
        if not partner.addresses:
            box.addWidget(text_row(t("partners.pane.no_address"), style="small", color="text3"))
        if partner.contacts:
            box.addWidget(section(t("partners.pane.contacts")))
            self._contacts(box, partner, 50)

    def _show_documents(self, box: QVBoxLayout, rows: Sequence[DocumentRow]) -> None:
        for row in rows:
            topic, kind = DOCUMENTS[row.kind]
            box.addWidget(DocumentLine(self._ctx, topic, t(kind), row))
        if not rows:
            box.addWidget(text_row(t("partners.pane.no_documents"), style="small", color="text3"))

    def _show_history(self, box: QVBoxLayout, noted: Sequence[NoteRow], rows: Sequence[HistoryRow]) -> None:
        if noted:
            box.addWidget(section(t("card.notes")))
        for note in noted:
            person = name(self._ctx, note.created_by)
            box.addWidget(history_row(initials(person), note.body, when(note.created_at), person=person))
        box.addWidget(section(t("card.history")))
        for row in rows:
            person = name(self._ctx, row.login)
            words = in_words(row, PARTNER, LABELS)
            box.addWidget(history_row(initials(person), words, when(row.at), person=person))
        if not rows:
            box.addWidget(text_row(t("card.history_empty"), style="small", color="text3"))


class DocumentLine(QWidget):
    """A document of the customer; a click on its number opens it."""

    def __init__(self, ctx: AppContext, topic: str, kind: str, row: DocumentRow) -> None:
        super().__init__()
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(px("gap"))
        words = row.number or t("partners.document.draft", id=row.id)
        state = f"sales.{'order' if row.kind == 'sales_order' else row.kind}.state.{row.state}"
        if topic in ctx.registry.records:
            link = Button(
                "kit.list.open", kind="link", clicked=lambda: ctx.navigate.open_record(topic, row.id)
            )
            link.set_words(words)
            link.setFixedWidth(px("detail_picture") + px("gap"))
            line.addWidget(link)
        cells = (
            (t(state) if has_text(state) else kind, "small", "left"),
            (fmt.date_(row.day), "small", "left"),
            (fmt.money(row.amount) if row.amount is not None else "", "body600", "right"),
        )
        line.addWidget(cells_row(cells, (4, 4, 4)), 1)


def address_lines(line: Any, name_: str) -> list[str]:
    """An address as it stands on a letter."""
    country = "" if line.country == "DE" else f"{line.country}-"
    region = f", {line.region}" if line.region else ""
    parts = [line.name or name_, line.street, line.street2, f"{country}{line.postcode} {line.city}{region}"]
    return [part for part in parts if part]
