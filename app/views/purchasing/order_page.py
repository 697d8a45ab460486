"""The purchase order as a form: draft with prices of the supplier, ordered, what came of it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.clock import today
from app.core.i18n import t
from app.core.together import ask_together
from app.services.inventory.reads import warehouses_question
from app.services.partners.reads import search_suppliers, terms_question
from app.services.purchasing import writes
from app.services.purchasing.commands import CloseOrder, Discard, IssueOrder, SaveOrder
from app.services.purchasing.currency import currency_of
from app.services.purchasing.orders import Order, Proposal, get_order, proposals
from app.services.purchasing.papers import purchase_order
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.form_model import (
    FormAction,
    FormRecord,
    FormSpec,
    FormValues,
    Mine,
    Notice,
    NoticeAction,
    Section,
    as_record,
    labels_of,
)
from app.views.core.form_parts import ChainNode, Fact, FactsCard
from app.views.core.forms import FormPage
from app.views.core.lines import typed_over
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.papering import paper_button
from app.views.core.reason import ReasonDialog
from app.views.core.remembered import Remembered
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import alive
from app.views.documents import issuing
from app.views.mail.send import mail_button
from app.views.purchasing.order_lines import LINES, ONE, ZERO
from app.views.purchasing.states import (
    CONFIRMING,
    ORDER,
    RECEIVING,
    STATES,
    chip,
    draft_name,
    order_node,
    receipt_nodes,
    receipt_to_come,
)

Pairs = tuple[tuple[int, str], ...]


def _choices(session: Any, language: str) -> tuple[Pairs, Pairs]:
    """Payment terms and warehouses; one round trip."""
    terms, houses = ask_together(session, terms_question(language), warehouses_question())
    return tuple((x.id, x.name) for x in terms), tuple((x.id, f"{x.code} · {x.name}") for x in houses)


CHOICES = Remembered(_choices, frozenset({"partners.payment_term", "inventory.warehouse"}))


class OrderPage(FormPage):
    """Orders goods from a supplier."""

    topics = frozenset({"documents.issued", "system.note", "purchasing.goods_receipt"}) | CHOICES.topics
    spec = FormSpec(
        topic=ORDER,
        title="purchasing.type.order",
        icon="shopping-cart",
        sections=(
            Section(
                (
                    Field(
                        "supplier_id",
                        "catalog.line.supplier",
                        "lookup",
                        required=True,
                        span=2,
                        find=search_suppliers,
                        text_key="supplier",
                        topic="partners.partner",
                    ),
                    Field("supplier_reference", "purchasing.field.reference", max_length=60),
                    Field("currency", "catalog.column.currency", required=True, max_length=3),
                    Field("order_date", "purchasing.field.order_date", "date", required=True),
                    Field("expected_date", "purchasing.field.expected_date", "date"),
                    Field(
                        "warehouse_id",
                        "purchasing.field.warehouse",
                        "choice",
                        required=True,
                        text_key="warehouse",
                    ),
                    Field("payment_term_id", "sales.field.payment_term", "choice", text_key="payment_term"),
                    Field("remark", "purchasing.field.remark", "text", max_length=2000, span=2),
                )
            ),
        ),
        load=get_order,
        lines=LINES,
        update_right="purchase_order_save",
        create_right="purchase_order_save",
        constraints=(
            ("purchase_dates_in_order", "expected_date"),
            ("purchase_date_out_of_range", "order_date"),
            ("purchase_currency_form", "currency"),
            ("supplier_not_active", "supplier_id"),
            ("warehouse_missing", "warehouse_id"),
        ),
    )

    @property
    def order(self) -> Order | None:
        """The order as it is stored, None for a new one."""
        return cast("Order | None", self.record.raw)

    @property
    def stored_state(self) -> str:
        """draft, ordered …"""
        return self.order.state if self.order is not None else "draft"

    def editable(self) -> bool:
        """Only drafts can be changed."""
        return self.stored_state == "draft"

    def _read(self, answer: Order) -> FormRecord:
        return super()._read(as_record(answer, self.spec))

    def title(self) -> str:
        """The word on the tab: the number alone."""
        if self.record.id is None:
            return t("purchasing.order.new")
        return draft_name(self.record.id, self.order.number if self.order else None)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and number, and the state."""
        state = chip(STATES, self.stored_state)
        if self.record.id is None:
            return t("purchasing.order.new"), state
        if self.order is None or self.order.number is None:
            return t("purchasing.order.draft", id=self.record.id), state
        return f"{t(self.spec.title)} {self.order.number}", state

    def defaults(self) -> Mapping[str, Any]:
        """Today, in our currency."""
        return {"order_date": today(), "currency": "EUR"}

    def cards(self) -> Sequence[QWidget]:
        """Totals, notes and history."""
        self.totals = FactsCard(t("sales.card.totals"))
        self.totals.setObjectName("card.totals")
        self.story = StoryCards(self, self.ctx, ORDER, labels_of(self.spec))
        return (self.totals, *self.story.cards)

    def extend(self, column: Any) -> None:
        """Watch the lines."""
        assert self.lines is not None
        self.lines.changed.connect(self._sum_up)

    def shown(self) -> None:
        """A record was put into the form."""
        CHOICES.give(self.ctx, self, self._offer)
        self._sum_up()
        self.story.show(self.record.id, self.title())
        if self.record.id is None:
            self._ask_prices([line for line in self.line_rows() if line.get("unit_price") is None])

    def on_changes(self, changes: Changes) -> None:
        """What can be chosen is read again when it changes."""
        if CHOICES.forget(self.ctx, changes):
            CHOICES.give(self.ctx, self, self._offer)
        super().on_changes(changes)

    def _offer(self, found: tuple[Pairs, Pairs]) -> None:
        terms, houses = found
        self.set_choices("payment_term_id", terms)
        self.set_choices("warehouse_id", houses)
        if self.record.id is None and self.value("warehouse_id") is None and len(houses):
            self.boxes["warehouse_id"].set_value(houses[0][0])
        self.touched(typed=False)

    # -- lines ---------------------------------------------------------------------------------------------------

    def line_rows(self) -> list[dict[str, Any]]:
        """The lines as they stand, what is typed included."""
        return self.lines.model.lines if self.lines is not None else []

    def value_changed(self, key: str) -> None:
        """Another supplier or day has other prices; a new order is in the supplier's currency."""
        if key == "supplier_id" and self.record.id is None and self.value("supplier_id") is not None:
            op: ReadOp[str | None] = ReadOp(self, self.ctx, currency_of, self.value("supplier_id"))
            op.replacing("currency").success(self._in_currency).start()
        elif key in ("supplier_id", "order_date", "currency"):
            self._ask_prices(self.line_rows())

    def _in_currency(self, currency: str | None) -> None:
        if currency is not None:
            self.set_value("currency", currency)
        self._ask_prices(self.line_rows())
        self._sum_up()

    def line_changed(self, number: int, key: str) -> None:
        """The price follows the article and the quantity."""
        if key in ("product_id", "qty"):
            self._ask_prices([self.line_rows()[number]])
        self._sum_up()

    def _ask_prices(self, lines: Sequence[dict[str, Any]]) -> None:
        wanted = [line for line in lines if line.get("product_id") is not None]
        supplier = self.value("supplier_id")
        if not wanted or supplier is None or self.stored_state != "draft":
            return
        items = [(line["product_id"], line.get("qty") or ONE) for line in wanted]
        day, currency = self.value("order_date") or today(), self.value("currency") or "EUR"
        op: ReadOp[list[Proposal]] = ReadOp(self, self.ctx, proposals, supplier, items, day, currency)
        op.success(lambda found: self._priced(wanted, found)).start()

    def _priced(self, asked: Sequence[dict[str, Any]], found: Sequence[Proposal]) -> None:
        assert self.lines is not None
        for line, offer in zip(asked, found, strict=True):
            number = next((n for n, x in enumerate(self.line_rows()) if x is line), None)
            if number is None or line.get("product_id") != offer.product_id or offer.amount is None:
                continue
            cells: dict[str, Any] = {"list_price": offer.amount}
            if "unit_price" not in typed_over(line) and line.get("unit_price") in (
                None,
                line.get("list_price"),
            ):
                cells["unit_price"] = offer.amount
            if not line.get("supplier_sku") and offer.supplier_sku:
                cells["supplier_sku"] = offer.supplier_sku
            if line.get("expected_date") is None and offer.lead_days is not None:
                cells["expected_date"] = (self.value("order_date") or today()) + timedelta(
                    days=offer.lead_days
                )
            self.lines.put(number, **cells)
        self._sum_up()
        self.touched()

    def _sum_up(self) -> None:
        assert self.lines is not None
        net, currency = ZERO, str(self.value("currency") or "EUR")
        for number, line in enumerate(self.line_rows()):
            amount = None
            if line.get("qty") is not None and line.get("unit_price") is not None:
                amount = (line["qty"] * line["unit_price"]).quantize(Decimal("0.01"), ROUND_HALF_UP)
                net += amount
            cells = {"net_amount": amount, "received": self._received(line)}
            if any(line.get(key) != value for key, value in cells.items()):
                self.lines.put(number, **cells)
        facts = [Fact(t("sales.total.net"), fmt.money(net, currency), "total")]
        if self.order is not None and self.stored_state != "draft":
            facts = [
                Fact(t("sales.total.net"), fmt.money(self.order.net_amount, currency)),
                Fact(t("sales.total.tax_short"), fmt.money(self.order.tax_amount, currency)),
                Fact(t("sales.total.gross"), fmt.money(self.order.gross_amount, currency), "total"),
            ]
        self.totals.set_facts(facts)
        self.lines.set_sum(t("sales.lines.sum", amount=fmt.money(net, currency)))
        self.lines.set_summary(t("sales.lines.count", n=len(self.line_rows())))

    def _received(self, line: Mapping[str, Any]) -> tuple[str, str] | None:
        if self.stored_state == "draft" or line.get("qty_received") is None:
            return None
        came, left = line["qty_received"], line["qty_open"]
        if left <= 0:
            return "ok", t("purchasing.purchase_order.receipt_state.full")
        if came > 0:
            return "warn", t("purchasing.line.came", came=fmt.quantity(came), left=fmt.quantity(left))
        day = line.get("confirmed_date") or line.get("expected_date")
        return ("bad" if day and day < today() else "neutral"), t(
            "purchasing.purchase_order.receipt_state.none"
        )

    # -- steps ---------------------------------------------------------------------------------------------------

    def check(self, mine: Mine) -> Mapping[str, str]:
        """Goods cannot come before they are ordered."""
        day, due = mine.values.get("order_date"), mine.values.get("expected_date")
        return {"expected_date": t("error.purchase_dates_in_order")} if day and due and due < day else {}

    def chain(self) -> Sequence[ChainNode]:
        """The order and what came of it."""
        order = self.order
        if order is None:
            return ()
        awaited = [] if order.state not in ("draft", "ordered") else [receipt_to_come()]
        return (order_node(order.id, order.number, here=True), *receipt_nodes(order.receipts), *awaited)

    def notices(self) -> Sequence[Notice]:
        """Why nothing more is awaited; a PDF that is missing."""
        order = self.order
        if order is None:
            return []
        found = []
        if order.close_reason:
            found.append(
                Notice(
                    "closed",
                    "neutral",
                    t(f"purchasing.purchase_order.state.{order.state}"),
                    order.close_reason,
                )
            )
        if order.state not in ("draft", "cancelled") and not order.archived:
            again = NoticeAction("sales.pdf.make_up", self.archive, "action.make_up_pdf")
            may = self.ctx.profile.can("purchase_order_issue")
            found.append(
                Notice(
                    "no_pdf",
                    "warn",
                    t("sales.pdf.missing"),
                    t("sales.pdf.missing_what"),
                    (again,) if may else (),
                )
            )
        return found

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Order, confirm, receive, close."""

        def state(*wanted: str) -> Any:
            return lambda page: page.record.id is not None and page.stored_state in wanted

        def empty(page: "OrderPage") -> str:
            return "" if page.line_rows() else t("sales.lines.none_yet")

        return [
            FormAction(
                "issue",
                "purchasing.action.issue",
                "send",
                lambda page: page.issue(),
                "primary",
                right="purchase_order_issue",
                visible=lambda page: page.stored_state == "draft",
                blocked=empty,
            ),
            FormAction(
                "receive",
                "purchasing.action.receive",
                "package-check",
                lambda page: page.ctx.navigate.open_record(RECEIVING, page.record.id),
                "primary",
                right="goods_receipt_post",
                visible=state("ordered"),
            ),
            FormAction(
                "confirm",
                "purchasing.action.confirm",
                "calendar-clock",
                lambda page: page.ctx.navigate.open_record(CONFIRMING, page.record.id),
                right="purchase_order_confirm",
                visible=state("ordered"),
            ),
            FormAction(
                "pdf",
                "purchasing.action.pdf",
                "printer",
                lambda page: issuing.open_of(page, page.ctx, ORDER, page.record.id),
                "secondary",
                "Ctrl+P",
                visible=state("ordered", "completed", "closed"),
            ),
            FormAction(
                "close",
                "purchasing.action.close",
                "circle-x",
                lambda page: page.close_order(),
                "menu",
                right="purchase_order_close",
                visible=state("ordered"),
            ),
            FormAction(
                "discard",
                "purchasing.action.discard",
                "trash-2",
                lambda page: page.remove(),
                "menu",
                right=f"{ORDER}:discard",
                visible=state("draft"),
            ),
            paper_button("purchase_order", purchase_order),
            mail_button("purchase_order", ORDER, visible=state("ordered", "completed", "closed")),
        ]

    def save_call(self, form: FormValues) -> tuple[Any, SaveOrder]:
        """Only what was changed goes out; of a new one everything."""
        keys = form.changed if form.id is not None else frozenset(form.values)
        head = {key: form.values[key] for key in keys if key in self.boxes and self.boxes[key].field.stored}
        return writes.save_order, SaveOrder(
            form.id, form.row_version if form.id is not None else None, head, form.lines
        )

    def issue(self) -> None:
        """Give the order its number and archive its PDF."""

        def issued(answer: writes.Issued) -> None:
            self.ctx.navigate.toast(t("purchasing.order.issued", number=answer.number))
            self.archive(answer.id, answer.number)

        self.post(
            writes.issue_order,
            lambda record: IssueOrder(cast("int", record.id), record.row_version),
            issued,
        )

    def archive(self, order_id: int | None = None, number: str = "") -> None:
        """Put the PDF into the archive."""
        order = self.order
        if order_id is None and order is not None:
            order_id, number = order.id, order.number or ""
        if order_id is not None:
            issuing.archive(self.ctx, "purchase_order", purchase_order, order_id, "", number, self._again)

    def _again(self) -> None:
        if alive(self):
            self.refresh()

    def close_order(self) -> None:
        """Await nothing more; the reason stays with the order."""

        def closed(answer: writes.Closed) -> None:
            self.ctx.navigate.toast(t(f"purchasing.order.{answer.state}", number=answer.number))

        ReasonDialog(
            self,
            t("purchasing.close.title", number=self.title()),
            t("purchasing.close.text"),
            "purchasing.close.yes",
            lambda reason: self.post(
                writes.close_order,
                lambda record: CloseOrder(cast("int", record.id), record.row_version, reason=reason),
                closed,
            ),
            danger=True,
            icon="circle-x",
        ).open()

    def remove(self) -> None:
        """Ask, then discard the draft."""
        command = Discard(cast("int", self.record.id), self.record.row_version)

        def gone(_value: object) -> None:
            self.discard()
            self.ctx.navigate.toast(t("purchasing.order.gone"))
            self.ctx.navigate.close_page(self)

        def go() -> None:
            op = WriteOp(self, self.ctx, writes.discard_order, command)
            op.disabling(*self.head.buttons()).success(gone).start()

        ask(
            self,
            t("purchasing.discard.title"),
            t("purchasing.discard.text"),
            "purchasing.discard.yes",
            go,
            danger=True,
            icon="trash-2",
        )
