"""The quote as a form."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from app.core.clock import today
from app.core.i18n import t
from app.services.partners.reads import search_customers
from app.services.sales import writes
from app.services.sales.commands import ConvertQuote, IssueQuote, RejectQuote
from app.services.sales.writes import Issued
from app.views.core import values
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, Mine, Notice, Section
from app.views.core.form_parts import ChainNode
from app.views.core.reason import ReasonDialog
from app.views.sales import pdf
from app.views.sales.chain import next_node
from app.views.sales.draft_actions import shared_actions
from app.views.sales.draft_page import DraftPage, load_draft
from app.views.sales.line_editing import LINES


def conditions(remark: str = "sales.field.remark") -> tuple[Field, ...]:
    """The fields of the third row, alike in quotes and orders."""
    return (
        Field(
            "payment_term_id",
            "sales.field.payment_term",
            "choice",
            required=True,
            text_key="payment_term",
        ),
        Field("price_list_id", "sales.field.price_list", "choice", required=True, text_key="price_list"),
        Field("warehouse_id", "sales.field.warehouse", "choice", required=True, text_key="warehouse"),
        Field("remark", remark, "text", max_length=2000, placeholder="sales.field.remark_hint"),
    )


def customer_fields() -> tuple[Field, ...]:
    """Customer, contact, reference, delivery address, alike in quotes and orders."""
    return (
        Field(
            "customer_id",
            "sales.field.customer",
            "lookup",
            required=True,
            span=2,
            find=search_customers,
            text_key="customer",
            topic="partners.partner",
        ),
        Field("contact_id", "sales.field.contact", "choice", text_key="contact"),
        Field("customer_reference", "sales.field.reference", max_length=60),
        Field(
            "delivery_address_id",
            "sales.field.delivery_address",
            "choice",
            span=2,
            text_key="delivery_address",
        ),
    )


class QuotePage(DraftPage):
    """Offers goods to a customer."""

    kind = "quote"
    day_key = "quote_date"
    spec = FormSpec(
        topic="sales.quote",
        title="sales.type.quote",
        icon="file-text",
        sections=(
            Section(
                (
                    *customer_fields(),
                    Field("quote_date", "sales.field.quote_date", "date", required=True),
                    Field("valid_until", "sales.field.valid_until", "date", required=True),
                    *conditions(),
                )
            ),
        ),
        load=load_draft("quote"),
        lines=LINES,
        update_right="sales.quote:update",
        create_right="sales.quote:insert",
        constraints=(("quote_dates_in_order", "valid_until"), ("document_date_out_of_range", "quote_date")),
    )

    def check(self, mine: Mine) -> Mapping[str, str]:
        """A quote cannot run out before it begins."""
        begins, ends = mine.values.get("quote_date"), mine.values.get("valid_until")
        if begins and ends and ends < begins:
            return {"valid_until": t("sales.check.before_quote", date=values.show("date", begins))}
        return {}

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Issue, then convert or reject."""
        return [
            *shared_actions(self),
            FormAction(
                "issue",
                "sales.action.issue",
                "send",
                lambda page: page.issue(),
                "primary",
                right="quote_issue",
                visible=lambda page: page.stored_state == "draft",
                blocked=not_yet,
            ),
            FormAction(
                "convert",
                "sales.action.convert",
                "arrow-right",
                lambda page: page.convert(),
                "primary",
                right="quote_convert",
                visible=lambda page: page.stored_state == "issued",
                blocked=lambda page: t("sales.quote.expired") if page.expired else "",
            ),
            FormAction(
                "reject",
                "sales.action.reject",
                "circle-x",
                lambda page: page.reject(),
                right="quote_reject",
                visible=lambda page: page.stored_state == "issued",
            ),
            FormAction(
                "order",
                "sales.action.to_order",
                "receipt-text",
                lambda page: page.open_order(),
                visible=lambda page: bool(page.document and page.document.sales_order_id),
            ),
        ]

    @property
    def expired(self) -> bool:
        """Whether the quote has run out."""
        until = self.document.valid_until if self.document is not None else None
        return until is not None and until < today()

    def to_come(self) -> Sequence[ChainNode]:
        """Order, delivery, invoice, as long as they are not there."""
        known = {link.document_type for link in self._links}
        if self.stored_state == "rejected" or "sales_order" in known:
            return ()
        words = (
            "sales.chain.next.order_accepted" if self.stored_state == "issued" else "sales.chain.next.order"
        )
        return (
            next_node("sales_order", t(words)),
            next_node("delivery", t("sales.chain.next.delivery")),
            next_node("invoice", t("sales.chain.next.invoice")),
        )

    def more_notices(self) -> Sequence[Notice]:
        """Run out, or declined."""
        if self.stored_state == "issued" and self.expired:
            return [Notice("expired", "warn", t("sales.quote.expired"), t("sales.quote.expired_what"))]
        if self.stored_state == "rejected" and self.document is not None:
            return [
                Notice(
                    "rejected", "neutral", t("sales.quote.was_rejected"), self.document.reject_reason or ""
                )
            ]
        return []

    def issue(self) -> None:
        """Give the quote its number and archive its PDF."""

        def issued(answer: Issued) -> None:
            self.ctx.navigate.toast(t("sales.quote.issued", number=answer.number))
            pdf.archive(self.ctx, "quote", answer.id, answer.number, self.refresh_if_alive)

        self.post(
            writes.issue_quote,
            lambda record: IssueQuote(cast("int", record.id), record.row_version),
            issued,
            self.discount_refused,
        )

    def convert(self) -> None:
        """The customer said yes: a draft order with the same lines."""

        def converted(order: Any) -> None:
            self.ctx.navigate.toast(t("sales.quote.converted"))
            self.ctx.navigate.open_record("sales.sales_order", order.id)

        self.post(
            writes.convert_quote,
            lambda record: ConvertQuote(cast("int", record.id), record.row_version),
            converted,
        )

    def reject(self) -> None:
        """The customer said no; the reason stays with the quote."""
        ReasonDialog(
            self,
            t("sales.quote.reject_title", number=self.title()),
            t("sales.quote.reject_text"),
            "sales.quote.reject_yes",
            lambda reason: self.post(
                writes.reject_quote,
                lambda record: RejectQuote(cast("int", record.id), record.row_version, reason=reason),
                lambda _value: self.ctx.navigate.toast(t("sales.quote.rejected")),
            ),
            danger=True,
            icon="circle-x",
        ).open()

    def open_order(self) -> None:
        """The order that was made of this quote."""
        order = self.document.sales_order_id if self.document is not None else None
        if order is not None:
            self.ctx.navigate.open_record("sales.sales_order", order)


def not_yet(page: DraftPage) -> str:
    """Why a draft cannot be posted yet."""
    if page.lines is not None and not page.lines.model.lines:
        return t("sales.lines.none_yet")
    return t("sales.approval.waits") if page.waits_for_approval else ""
