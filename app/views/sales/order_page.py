"""The sales order as a form."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales import writes
from app.services.sales.commands import CancelSalesOrder, ConfirmSalesOrder, ReserveSalesOrder
from app.services.sales.writes import Confirmed, Shortage
from app.views.core import values
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormSpec, Mine, Notice, NoticeAction, Section
from app.views.core.form_parts import ChainNode
from app.views.core.reason import ReasonDialog
from app.views.sales import line_rules, pdf
from app.views.sales.chain import next_node
from app.views.sales.down_payment_dialog import DownPaymentDialog
from app.views.sales.draft_actions import shared_actions
from app.views.sales.draft_page import DraftPage, load_draft
from app.views.sales.invoicing import InvoiceDialog
from app.views.sales.line_editing import LINES
from app.views.sales.quote_page import conditions, customer_fields, not_yet
from app.views.sales.states import PROGRESS, chip, progress


class OrderPage(DraftPage):
    """What a customer ordered."""

    kind = "sales_order"
    day_key = "order_date"
    spec = FormSpec(
        topic="sales.sales_order",
        title="sales.type.sales_order",
        icon="receipt-text",
        sections=(
            Section(
                (
                    *customer_fields(),
                    Field("order_date", "sales.field.order_date", "date", required=True),
                    Field("requested_date", "sales.field.requested_date", "date"),
                    *conditions(),
                )
            ),
        ),
        load=load_draft("sales_order"),
        lines=LINES,
        update_right="sales.sales_order:update",
        create_right="sales.sales_order:insert",
        constraints=(("document_date_out_of_range", "order_date"),),
    )

    def check(self, mine: Mine) -> Mapping[str, str]:
        """Nothing is delivered before it was ordered."""
        ordered, wanted = mine.values.get("order_date"), mine.values.get("requested_date")
        if ordered and wanted and wanted < ordered:
            return {"requested_date": t("sales.check.before_order", date=values.show("date", ordered))}
        return {}

    def settled_status(self, line: Mapping[str, Any]) -> line_rules.Status | None:
        """Shipped, reserved or missing."""
        return line_rules.order_status(line) if self.stored_state in ("confirmed", "completed") else None

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Kind and number, and how far it is."""
        words, state = super().heading()
        document = self.document
        if document is not None and document.delivery_state is not None:
            state = chip(PROGRESS, progress(document.state, document.delivery_state))
        return words, state

    # -- actions ------------------------------------------------------------------------------------------------

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Confirm, then what the next one has to do with it."""
        may = self.ctx.profile.can
        ships, bills = may("delivery_ship"), may("invoice_post")
        return [
            *shared_actions(self),
            FormAction(
                "confirm",
                "sales.action.confirm",
                "check",
                lambda page: page.confirm(),
                "primary",
                right="sales_order_confirm",
                visible=lambda page: page.stored_state == "draft",
                blocked=not_yet,
            ),
            FormAction(
                "reserve",
                "sales.action.reserve",
                "package-check",
                lambda page: page.reserve(),
                right="sales_order_reserve",
                visible=lambda page: page.stored_state == "confirmed" and page.short,
            ),
            FormAction(
                "ship",
                "sales.action.ship",
                "truck",
                lambda page: page.ctx.navigate.open_record("sales.shipping", page.record.id),
                "primary" if ships else "secondary",
                right="delivery_ship",
                visible=lambda page: page.open_to_ship,
            ),
            FormAction(
                "invoice",
                "sales.action.invoice",
                "landmark",
                lambda page: page.invoice(),
                "primary" if bills and not ships else "secondary",
                right="invoice_post",
                visible=lambda page: page.stored_state in ("confirmed", "completed") and page.delivered,
                blocked=lambda page: "" if page.to_invoice else t("sales.order.all_invoiced"),
            ),
            FormAction(
                "down_payment",
                "sales.action.down_payment",
                "banknote",
                lambda page: page.down_payment(),
                "menu" if not bills else "secondary",
                right="down_payment_post",
                visible=lambda page: bool(
                    page.stored_state == "confirmed"
                    and page.document
                    and page.document.invoice_state != "full"
                    and page.document.net_amount
                ),
            ),
            FormAction(
                "cancel",
                "sales.action.cancel_order",
                "ban",
                lambda page: page.cancel(),
                "menu",
                right="sales_order_cancel",
                visible=lambda page: page.stored_state == "confirmed",
                blocked=lambda page: t("sales.order.shipped_already") if page.delivered else "",
            ),
        ]

    @property
    def short(self) -> bool:
        """Whether something of the order is not reserved."""
        lines = self.lines.model.lines if self.lines is not None else []
        return any(line_rules.missing(line) > 0 for line in lines)

    @property
    def delivered(self) -> bool:
        """Whether something was shipped."""
        return bool(self.document and self.document.delivery_state != "none")

    @property
    def open_to_ship(self) -> bool:
        """Whether something is left to ship."""
        document = self.document
        return bool(document and document.state == "confirmed" and document.delivery_state != "full")

    @property
    def to_invoice(self) -> bool:
        """Whether something shipped is not invoiced."""
        lines = self.document.lines if self.document is not None else ()
        return any(line.qty_shipped > line.qty_invoiced for line in lines)

    def to_come(self) -> Sequence[ChainNode]:
        """Delivery and invoice as long as they are to come."""
        document = self.document
        if document is None or document.state in ("cancelled", "completed"):
            return ()
        known = {link.document_type for link in self._links}
        found = []
        if document.delivery_state != "full":
            wanted = document.requested_date
            key = "sales.chain.next.delivery_rest" if "delivery" in known else "sales.chain.next.delivery"
            planned = t("sales.chain.next.planned", date=line_rules.short_date(wanted)) if wanted else ""
            found.append(next_node("delivery", t(key) + planned))
        if document.invoice_state != "full":
            found.append(
                next_node("invoice", t("sales.chain.next.invoice_terms", terms=document.payment_term))
            )
        return found

    def more_notices(self) -> Sequence[Notice]:
        """Short, late or cancelled."""
        document = self.document
        if document is None:
            return []
        if document.state == "cancelled":
            reason = document.cancel_reason or ""
            return [Notice("cancelled", "neutral", t("sales.order.was_cancelled"), reason, (), "ban")]
        if document.state != "confirmed" or self.lines is None:
            return []
        short = [line for line in self.lines.model.lines if line_rules.missing(line) > 0]
        if not short:
            return []
        words = ", ".join(
            f"{line['sku']}: {fmt.quantity(line_rules.missing(line), line_rules.unit_of(line))}"
            for line in short[:4]
        )
        more = t("sales.order.short_more", n=len(short) - 4) if len(short) > 4 else ""
        actions: tuple[NoticeAction, ...] = ()
        if "planning" in self.ctx.registry.workspaces:
            actions = (NoticeAction("sales.order.plan", self.plan, "action.plan", "factory"),)
        return [
            Notice(
                "short", "warn", t("sales.order.short", n=len(short)), words + more, actions, "package-minus"
            )
        ]

    # -- what the buttons do ------------------------------------------------------------------------------------

    def plan(self) -> None:
        """Open planning with the lines of this order chosen, to be made for it."""
        lines = self.lines.model.lines if self.lines is not None else []
        chosen = [f"order:{line['id']}" for line in lines]
        self.ctx.navigate.open_workspace("planning", to_order=True, chosen=chosen, wanted=[])

    def confirm(self) -> None:
        """Promise the order: reserve what is there, archive the confirmation, say what is missing."""

        def confirmed(answer: Confirmed) -> None:
            if answer.shortages:
                words = t("sales.order.confirmed_short", number=answer.number, n=len(answer.shortages))
                self.ctx.navigate.toast(words, kind="warn")
            else:
                self.ctx.navigate.toast(t("sales.order.confirmed", number=answer.number))
            pdf.archive(self.ctx, "sales_order", answer.id, answer.number, self.refresh_if_alive)

        self.post(
            writes.confirm_sales_order,
            lambda record: ConfirmSalesOrder(cast("int", record.id), record.row_version),
            confirmed,
            self.confirm_refused,
        )

    def reserve(self) -> None:
        """Reserve what has become free since."""

        def reserved(missing: tuple[Shortage, ...]) -> None:
            kind = "warn" if missing else "ok"
            key = "sales.order.still_short" if missing else "sales.order.all_reserved"
            self.ctx.navigate.toast(t(key, n=len(missing)), kind=kind)

        self.post(
            writes.reserve_sales_order,
            lambda record: ReserveSalesOrder(cast("int", record.id), record.row_version),
            reserved,
        )

    def cancel(self) -> None:
        """Take the order back; the reason stays with it."""
        ReasonDialog(
            self,
            t("sales.order.cancel_title", number=self.title()),
            t("sales.order.cancel_text"),
            "sales.order.cancel_yes",
            lambda reason: self.post(
                writes.cancel_sales_order,
                lambda record: CancelSalesOrder(cast("int", record.id), record.row_version, reason=reason),
                lambda _value: self.ctx.navigate.toast(t("sales.order.cancelled")),
            ),
            danger=True,
            icon="ban",
        ).open()

    def down_payment(self) -> None:
        """Ask for a part of the order before it is delivered."""
        if self.document is not None:
            dialog = DownPaymentDialog(self, self.ctx, self.document)
            dialog.closed.connect(self.refresh_if_alive)
            dialog.open()

    def invoice(self) -> None:
        """Choose deliveries and invoice them."""
        assert self.record.id is not None
        InvoiceDialog(self, self.ctx, self.record.id).open()
