"""The goods receipt as a record: what came, where it lies, in which lot.  No price."""

from collections.abc import Sequence
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.purchasing.orders import Receipt, get_receipt
from app.services.purchasing.papers import goods_receipt, inspection_of_receipt, return_slip
from app.views.core.fields import Field
from app.views.core.form_model import FormAction, FormRecord, FormSpec, Section, labels_of
from app.views.core.form_parts import ChainNode
from app.views.core.forms import FormPage
from app.views.core.labelling import open_labels
from app.views.core.lines import LineColumn, LinesSpec
from app.views.core.papering import open_paper, paper_button
from app.views.core.people import name
from app.views.core.side_cards import StoryCards
from app.views.purchasing.states import KINDS, RECEIPT, RETURNING, chip, order_node, receipt_nodes


def load(session: Any, receipt_id: int, spoken: str) -> FormRecord:
    """A receipt as the form shows it."""
    found = get_receipt(session, receipt_id, spoken)
    lines = [
        {
            **line._asdict(),
            "came": fmt.quantity(line.qty, line.unit),
            "ordered": fmt.quantity(line.qty_ordered, line.unit),
            "place": line.place or fmt.NONE,
            "lot": line.lot or fmt.NONE,
            "supplier_sku": line.supplier_sku or fmt.NONE,
        }
        for line in found.lines
    ]
    keys = ("supplier", "order_number", "warehouse", "received_on", "delivery_note", "posted_at", "reason")
    values = {key: getattr(found, key) for key in keys} | {"posted_by": found.created_by}
    return FormRecord(id=found.id, row_version=found.row_version, values=values, lines=lines, raw=found)


class ReceiptPage(FormPage):
    """A goods receipt or return; nothing in it can be changed."""

    topics = frozenset({"documents.issued", "system.note"})
    spec = FormSpec(
        topic=RECEIPT,
        title="purchasing.type.receipt",
        icon="package-check",
        sections=(
            Section(
                (
                    Field("supplier", "catalog.line.supplier", "readonly"),
                    Field("order_number", "purchasing.type.order", "readonly"),
                    Field("warehouse", "purchasing.field.warehouse", "readonly"),
                    Field("received_on", "purchasing.field.received_on", "readonly", shown_as="date"),
                    Field("delivery_note", "purchasing.field.delivery_note", "readonly"),
                    Field("posted_at", "purchasing.field.posted_at", "readonly", shown_as="time"),
                    Field("posted_by", "purchasing.field.posted_by", "readonly"),
                    Field("reason", "kit.reason", "readonly"),
                )
            ),
        ),
        load=load,
        lines=LinesSpec(
            columns=(
                LineColumn("position", "sales.line.position", "position", 44, stored=False),
                LineColumn("sku", "sales.line.sku", "text", 110, stored=False),
                LineColumn("description", "sales.line.description", "text", 0, stored=False, style="body500"),
                LineColumn("supplier_sku", "purchasing.line.supplier_sku", "text", 120, stored=False),
                LineColumn("place", "purchasing.line.place", "text", 120, stored=False),
                LineColumn("lot", "purchasing.line.lot", "text", 120, stored=False),
                LineColumn("ordered", "purchasing.line.ordered", "text", 100, stored=False),
                LineColumn("came", "purchasing.line.qty", "text", 100, stored=False, style="body600"),
            ),
        ),
    )

    @property
    def receipt(self) -> Receipt | None:
        """The receipt as it is stored."""
        return cast("Receipt | None", self.record.raw)

    def editable(self) -> bool:
        """What was posted stays."""
        return False

    def title(self) -> str:
        """The word on the tab: the number alone."""
        return self.receipt.number if self.receipt is not None else t(self.spec.title)

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """Number, and whether goods came or went back."""
        found = self.receipt
        if found is None:
            return t(self.spec.title), None
        return f"{t(self.spec.title)} {found.number}", chip(KINDS, found.kind)

    def cards(self) -> Sequence[QWidget]:
        """Notes and history."""
        self.story = StoryCards(self, self.ctx, RECEIPT, labels_of(self.spec))
        return self.story.cards

    def shown(self) -> None:
        """The one who posted gets a name."""
        found = self.receipt
        if found is None or self.lines is None:
            return
        self.story.show(found.id, found.number)
        self.boxes["posted_by"].set_value(name(self.ctx, found.created_by))
        self.lines.set_summary(t("sales.lines.count", n=len(found.lines)))

    def chain(self) -> Sequence[ChainNode]:
        """The order, this receipt, and what went back of it."""
        found = self.receipt
        if found is None:
            return ()
        node = order_node(found.purchase_order_id, found.order_number)
        if not self.ctx.profile.can("purchasing.purchase_order:select"):
            node = ChainNode(node.icon, node.title, node.text, "done")
        own = (found.id, found.number, found.kind, found.received_on.isoformat())
        return (node, *receipt_nodes(sorted((own, *found.links)), found.id))

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]
        """Its paper, labels for the goods, and sending something back."""

        def labels(page: Any) -> None:
            products = list(dict.fromkeys(x.product_id for x in page.receipt.lines))
            open_labels("product", page.ctx, products)

        return [
            FormAction(
                "return",
                "purchasing.action.return",
                "rotate-ccw",
                lambda page: page.ctx.navigate.open_record(RETURNING, page.record.id),
                right="goods_return_post",
                visible=lambda page: bool(
                    page.receipt
                    and page.receipt.kind == "receipt"
                    and any(x.qty_left > 0 for x in page.receipt.lines)
                ),
            ),
            FormAction("labels", "purchasing.action.labels", "printer", labels, "menu"),
            paper_button("inspection_sheet", inspection_of_receipt),
            FormAction(
                "pdf",
                "purchasing.action.pdf",
                "printer",
                lambda page: open_paper(page, page.ctx, goods_receipt, page.record.id, language()),
                "secondary",
                "Ctrl+P",
                visible=lambda page: bool(page.receipt and page.receipt.kind == "receipt"),
            ),
            FormAction(
                "return_slip",
                "purchasing.action.return_slip",
                "printer",
                lambda page: open_paper(page, page.ctx, return_slip, page.record.id, language()),
                "secondary",
                "Ctrl+P",
                visible=lambda page: bool(page.receipt and page.receipt.kind == "return"),
            ),
        ]
