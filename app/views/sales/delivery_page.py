"""The delivery as a record: what left the house, from where, in which lot.  No price."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.sales.opening import OpenDelivery, open_delivery
from app.services.sales.papers import packing_list_of
from app.services.sales.shipping import DeliveryDetail, PackedParcel
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
from app.views.core.form_parts import ChainNode
from app.views.core.forms import FormPage
from app.views.core.labelling import label_button
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.papering import paper_button
from app.views.core.people import name
from app.views.core.side_cards import StoryCards
from app.views.core.tasks import alive
from app.views.mail.send import mail_button
from app.views.sales import pdf
from app.views.sales.chain import next_node, nodes
from app.views.sales.draft_page import HISTORY_LABELS
from app.views.sales.invoicing import InvoiceDialog
from app.views.sales.states import INVOICED, chip

GRAM = Decimal("0.001")
LINES = LinesSpec(
    columns=(
        LineColumn("position", "sales.line.position", "position", 44, stored=False),
        LineColumn("sku", "sales.line.sku", "text", 112, stored=False),
        LineColumn("description", "sales.line.description", "text", 0, stored=False, style="body500"),
        LineColumn("place", "sales.ship.place", "text", 140, stored=False),
        LineColumn("lot", "sales.ship.lot", "text", 150, stored=False),
        LineColumn("qty", "sales.line.qty", "quantity", 90, stored=False, style="body600"),
        LineColumn("unit", "sales.line.unit", "text", 70, stored=False),
    ),
)


def load(session: Any, delivery_id: int, language: str) -> FormRecord:
    """A delivery as the form shows it."""
    opened = open_delivery(session, delivery_id, language)
    found = opened.delivery
    address, order = found.delivery_address, found.snapshot.get("order") or {}
    town = " ".join(str(address[key]) for key in ("postcode", "city") if address.get(key))
    lines = [
        {
            **line._asdict(),
            "place": line.place or fmt.NONE,
            "lot": line.lot or fmt.NONE,
        }
        for line in found.lines
    ]
    return FormRecord(
        id=found.id,
        row_version=found.row_version,
        values={
            "customer": found.customer,
            "address": ", ".join(str(x) for x in (address.get("name"), address.get("street"), town) if x),
            "order": order.get("number"),
            "reference": order.get("reference"),
            "shipped_at": found.shipped_at,
            "shipped_by": found.created_by,
            "parcels": "; ".join(map(_parcel, opened.parcels)) or None,
        },
        lines=lines,
        raw=opened,
    )


def _parcel(parcel: PackedParcel) -> str:
    weight = f"{fmt.quantity((parcel.weight_g / 1000).quantize(GRAM))} kg" if parcel.weight_g else ""
    state = t("sales.parcel.open") if parcel.state == "open" else ""
    return " · ".join(part for part in (fmt.number(parcel.number), parcel.sscc or "", weight, state) if part)


class DeliveryPage(FormPage):
    """A delivery; nothing in it can be changed."""

    topics = frozenset({"documents.issued", "system.note", "labels.parcel"})
    spec = FormSpec(
        topic="sales.delivery",
        title="sales.type.delivery",
        icon="truck",
        sections=(
            Section(
                (
                    Field("customer", "sales.field.customer", "readonly"),
                    Field("address", "sales.field.delivery_address", "readonly", span=2),
                    Field("order", "sales.type.sales_order", "readonly"),
                    Field("reference", "sales.field.reference", "readonly"),
                    Field("shipped_at", "sales.field.shipped_at", "readonly", shown_as="time"),
                    Field("shipped_by", "sales.field.shipped_by", "readonly"),
                    Field("parcels", "sales.field.parcels", "readonly", span=2),
                )
            ),
        ),
        load=load,
        lines=LINES,
    )

    @property
    def opened(self) -> OpenDelivery | None:
        """The delivery with what stands beside it."""
        return cast("OpenDelivery | None", self.record.raw)

    @property
    def delivery(self) -> DeliveryDetail | None:
        """The delivery as it is stored."""
        return self.opened.delivery if self.opened is not None else None

    def editable(self) -> bool:
        """What has left has left."""
        return False

    def title(self) -> str:
        """The word on the tab: the number alone."""
        return self.delivery.number if self.delivery is not None else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Number, and whether it is invoiced."""
        found = self.delivery
        if found is None:
            return t(self.spec.title), None
        return f"{t(self.spec.title)} {found.number}", chip(INVOICED, found.invoice_state)

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self.story = StoryCards(self, self.ctx, self.spec.topic, HISTORY_LABELS | labels_of(self.spec))
        return self.story.cards

    def shown(self) -> None:
        """The one who shipped gets a name."""
        found = self.delivery
        if found is None or self.lines is None:
            return
        self.story.show(found.id, found.number)
        self.boxes["shipped_by"].set_value(name(self.ctx, found.created_by))
        self.lines.set_summary(t("sales.lines.count", n=len(found.lines)))

    def chain(self) -> Sequence[ChainNode]:
        """The documents before and after this one, as far as one may see them."""
        found = self.delivery
        open_invoice = found is not None and found.invoice_state == "none"
        come = [next_node("invoice", t("sales.chain.next.invoice"))] if open_invoice else []
        links = self.opened.links if self.opened is not None else ()
        return nodes(links, ("delivery", self.record.id), come, self.ctx.registry.records) if links else ()

    def notices(self) -> Sequence[Notice]:
        """A delivery note that is not in the archive."""
        if self.opened is None or self.opened.archived:
            return []
        may = self.ctx.profile.can("delivery_ship") and self.ctx.profile.can("document_archive")
        again = (NoticeAction("sales.pdf.make_up", self.make_up_pdf, "action.make_up_pdf"),) if may else ()
        return [Notice("no_pdf", "warn", t("sales.pdf.missing"), t("sales.pdf.missing_what"), again)]

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Delivery note, invoice, what is left of the order."""
        return [
            FormAction(
                "invoice",
                "sales.action.invoice",
                "landmark",
                lambda page: page.invoice(),
                "primary",
                right="invoice_post",
                visible=lambda page: bool(page.delivery and page.delivery.invoice_state == "none"),
            ),
            FormAction(
                "rest",
                "sales.action.ship_rest",
                "package",
                lambda page: page.ship_rest(),
                right="delivery_ship",
                visible=lambda page: bool(page.delivery),
            ),
            FormAction(
                "pdf", "sales.action.note", "file-text", lambda page: page.open_pdf(), "secondary", "Ctrl+P"
            ),
            pdf.print_action("delivery"),
            mail_button("delivery_note", "sales.delivery"),
            FormAction(
                "pack",
                "sales.action.pack",
                "boxes",
                lambda page: page.pack(),
                "menu",
                right="parcel_close",
                visible=lambda page: bool(page.delivery),
            ),
            paper_button("packing_list", packing_list_of),
            label_button("delivery"),
        ]

    def open_pdf(self) -> None:
        """The archived delivery note."""
        if self.record.id is not None:
            pdf.open_of(self, self.ctx, "delivery", self.record.id)

    def make_up_pdf(self) -> None:
        """Archive the delivery note that is missing."""
        if self.delivery is not None:
            pdf.archive(self.ctx, "delivery", self.delivery.id, self.delivery.number, self._refresh_if_alive)

    def _refresh_if_alive(self) -> None:
        if alive(self):
            self.refresh()

    def pack(self) -> None:
        """Pack it with the scanner."""
        if self.record.id is not None:
            self.ctx.navigate.open_workspace("scan_pack", delivery=self.record.id)

    def ship_rest(self) -> None:
        """Ship what is left of the order."""
        if self.delivery is not None:
            self.ctx.navigate.open_record("sales.shipping", self.delivery.sales_order_id)

    def invoice(self) -> None:
        """Invoice the deliveries of the order."""
        if self.delivery is not None:
            InvoiceDialog(self, self.ctx, self.delivery.sales_order_id).open()
