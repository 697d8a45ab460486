"""A document of the old system in a tab: as it was written then, with its positions; nothing in it can be changed."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import reads
from app.services.legacy.reads import DocumentDetail
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.form_parts import Fact, FactsCard
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Card, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy.words import DOCUMENT_KIND

TOPIC = "legacy.document"


def _amount(key: str, places: int | None = 2) -> Any:
    def words(row: Any) -> str:
        value = getattr(row, key)
        return fmt.NONE if value is None else fmt.number(value, places=places)

    return words


COLUMNS = (
    Column("position", "legacy.column.position", "number", 56),
    Column("article_number", "legacy.column.article_number", "bold", 130),
    Column(
        "description",
        "legacy.column.description",
        width=240,
        stretch=True,
        text=lambda row: (row.description or fmt.NONE).replace("\n", " "),
    ),
    Column("kind", "legacy.column.line_kind", width=96, text=lambda row: t(f"legacy.line.kind.{row.kind}")),
    Column("qty", "legacy.column.qty", "quantity", 84),
    Column("unit_price", "legacy.column.unit_price", width=104, align="right", text=_amount("unit_price")),
    Column(
        "discount_pct",
        "legacy.column.discount_pct",
        "percent",
        80,
        tone=lambda row: "" if row.discount_pct else "text3",
    ),
    Column("amount", "legacy.column.amount", "strong", 116, align="right", text=_amount("amount")),
)


class DocumentPage(TabPage):
    """Positions at the left, what was written on the paper at the right."""

    icon = "receipt-text"
    topics = frozenset({"legacy.feed"})

    def __init__(self, ctx: AppContext, record_id: int | None, _state: Mapping[str, Any]) -> None:
        super().__init__(ctx)
        self.id = int(record_id or 0)
        self.found: DocumentDetail | None = None
        self.setObjectName("page.legacy_document")
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("legacy.document.type"))
        export = RowsExport(self, ctx, self.title, lambda: COLUMNS, lambda: self.model.rows)
        self._head.add(export.button())
        self._head.add(export.print_button())
        self._customer = Button("legacy.document.open_customer", "users", clicked=self._open_customer)
        self._customer.setObjectName("action.open_customer")
        self._customer.hide()
        self._head.add(self._customer)
        column.addWidget(self._head)
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        row.setSpacing(px("gap_m"))
        left = QVBoxLayout()
        left.setSpacing(px("gap_m"))
        left.setAlignment(Qt.AlignmentFlag.AlignTop)
        papers = QHBoxLayout()
        papers.setSpacing(px("gap_m"))
        self.billing, self.delivery = Card(t("legacy.document.billing")), Card(t("legacy.document.delivery"))
        for card in (self.billing, self.delivery):
            papers.addWidget(card, 1)
        left.addLayout(papers)
        lines = Card(t("legacy.document.lines"))
        self.model = RowsModel(COLUMNS, parent=self)
        self.table = RowsView(self.model, name="lines", parent=lines)
        self.table.opened.connect(self._open_line)
        lines.body.addWidget(self.table)
        left.addWidget(lines)
        self.remark = Card(t("legacy.column.remark"))
        left.addWidget(self.remark)
        left.addStretch(1)
        row.addLayout(left, 1)
        side = QVBoxLayout()
        side.setSpacing(px("gap_m"))
        side.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.sums, self.terms = FactsCard(t("legacy.document.sums")), FactsCard(t("legacy.document.terms"))
        self.payment = FactsCard(t("legacy.document.payment"))
        for facts in (self.sums, self.payment, self.terms):
            facts.setFixedWidth(px("side"))
            side.addWidget(facts)
        row.addLayout(side)
        column.addWidget(scrolled(content), 1)
        self.refresh()

    # -- TabPage --------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """Kind and number."""
        found = self.found
        if found is None:
            return t("legacy.document.type")
        return f"{t(DOCUMENT_KIND[found.kind][1])} {found.number}"

    def identity(self) -> str:
        """One tab per document."""
        return f"record:{TOPIC}:{self.id}"

    def refresh(self) -> None:
        """Read again."""
        op: ReadOp[DocumentDetail] = ReadOp(self, self.ctx, reads.get_document, self.id)
        op.replacing("document").success(self._show).start()

    # -- showing --------------------------------------------------------------------------------------------------

    def _show(self, found: DocumentDetail) -> None:
        self.found = found
        kind, _key = DOCUMENT_KIND[found.kind]
        chips = [(kind, t("legacy.document.origin"))]
        if found.kind == "invoice":
            chips.append(
                ("ok", t("legacy.document.paid")) if found.is_paid else ("warn", t("legacy.document.unpaid"))
            )
        first = (found.billing_address or found.delivery_address or "").split("\n", 1)[0]
        parts = (fmt.date_(found.date) if found.date else "", found.customer_number or "", first)
        self._head.show_title(self.title(), chips, " · ".join(part for part in parts if part))
        self._customer.setVisible(
            found.partner_id is not None and "partners.partner" in self.ctx.registry.records
        )
        _paper(self.billing, found.billing_address or found.delivery_address)
        _paper(self.delivery, found.delivery_address or found.billing_address)
        self.model.set_rows(found.lines)
        self.table.fit_height()
        self.remark.setVisible(bool(found.remark))
        _paper(self.remark, found.remark)
        self.sums.set_facts(_sums(found))
        self.payment.set_facts(_payment(found))
        self.payment.setVisible(found.kind in ("invoice", "credit_note"))
        self.terms.set_facts(_terms(found))
        self.changed.emit()

    def _open_customer(self) -> None:
        if self.found is not None and self.found.partner_id is not None:
            self.ctx.navigate.open_record("partners.partner", self.found.partner_id)

    def _open_line(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None and row.product_id is not None and "catalog.product" in self.ctx.registry.records:
            self.ctx.navigate.open_record("catalog.product", row.product_id)


def _paper(card: Card, words: str | None) -> None:
    clear_layout(card.body)
    label = Label(words or fmt.NONE, "body", "text2", wrap=True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setAlignment(Qt.AlignmentFlag.AlignTop)
    card.body.addWidget(label)
    card.body.addStretch(1)


def _money(value: Decimal | None, currency: str) -> str:
    return fmt.NONE if value is None else f"{fmt.number(value, places=2)} {currency}"


def _sums(found: DocumentDetail) -> Sequence[Fact]:
    own = found.currency
    facts = [Fact(t("legacy.document.net"), _money(found.net, own))]
    facts += [
        Fact(t(f"legacy.document.{key}"), _money(getattr(found, key), own))
        for key in ("freight", "handling")
        if getattr(found, key)
    ]
    rate = fmt.percent(found.tax_rate) if found.tax_rate is not None else ""
    facts.append(Fact(f"{t('legacy.document.tax')} {rate}".strip(), _money(found.tax, own)))
    facts.append(Fact(t("legacy.document.gross"), _money(found.gross, own), "total"))
    if own != "EUR" and found.gross_eur is not None:
        facts.append(Fact(t("legacy.document.in_euro"), _money(found.gross_eur, "EUR")))
        if found.rate_to_eur is not None:
            facts.append(Fact(t("legacy.document.rate"), fmt.number(found.rate_to_eur)))
    return facts


def _payment(found: DocumentDetail) -> Sequence[Fact]:
    facts = [
        Fact(
            t("legacy.document.state"),
            t("legacy.document.paid" if found.is_paid else "legacy.document.unpaid"),
        )
    ]
    if found.paid_amount:
        facts.append(
            Fact(
                t("legacy.document.paid_amount"),
                _money(found.paid_amount, found.paid_currency or found.currency),
            )
        )
    if found.paid_on is not None:
        facts.append(Fact(t("legacy.column.paid_on"), fmt.date_(found.paid_on)))
    if found.dunning_level:
        facts.append(Fact(t("legacy.column.dunning_level"), found.dunning_level))
    return facts


def _terms(found: DocumentDetail) -> Sequence[Fact]:
    facts = [
        Fact(t(f"legacy.document.{key}"), str(value))
        for key, value in (
            ("payment_method", found.payment_method),
            ("shipping_method", found.shipping_method),
            ("clerk", found.clerk),
        )
        if value
    ]
    if found.discount_pct:
        facts.append(Fact(t("legacy.column.discount_pct"), fmt.percent(found.discount_pct)))
    if found.cash_discount_pct and found.cash_discount_days:
        days = fmt.number(found.cash_discount_days)
        facts.append(
            Fact(
                t("legacy.document.cash_discount"),
                t("legacy.document.within", pct=fmt.percent(found.cash_discount_pct), days=days),
            )
        )
    if found.net_days:
        facts.append(
            Fact(
                t("legacy.document.net_days"),
                t("legacy.document.days", n=found.net_days, days=fmt.number(found.net_days)),
            )
        )
    if found.printed_on is not None:
        facts.append(Fact(t("legacy.document.printed_on"), fmt.date_(found.printed_on)))
    facts.append(Fact(t("legacy.document.source"), str(found.source_id)))
    return facts
