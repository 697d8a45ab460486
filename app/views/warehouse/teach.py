"""Teaching a code nobody knows: say what it stands for, by typing or by scanning the right label."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.errors import AppError
from app.core.i18n import t
from app.services.catalog.reads import search_products
from app.services.inventory.master import search_places
from app.services.labels.scanning import LOT, PLACE, PRODUCT, Resolved, Taught, TeachCode, teach
from app.services.labels.scans import Reading
from app.services.partners.reads import search_suppliers
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import FieldGrid
from app.views.core.marks import Label
from app.views.core.operation import WriteOp
from app.views.core.scanner import hub_of
from app.views.core.values import error_text

FIELDS = (
    Field(
        "product", "scan.product", "lookup", find=search_products, span=4, placeholder="scan.teach_product"
    ),
    Field("place", "scan.place", "lookup", find=search_places, span=4, placeholder="scan.teach_place"),
    Field("qty", "scan.teach_qty", "quantity", above=Decimal(0), help="scan.teach_qty_help", span=2),
    Field("supplier", "scan.teach_supplier", "lookup", find=search_suppliers, span=2),
    Field("note", "scan.teach_note", max_length=200, span=4),
)


class TeachDialog(Dialog):
    """The unknown code, and what it may stand for."""

    def __init__(
        self, window: QWidget, ctx: AppContext, reading: Reading, search: Callable[[], object] | None = None
    ) -> None:
        words = t("scan.teach_text_gtin" if reading.gtin else "scan.teach_text")
        if reading.wrong_digit:
            words = t("error.taught_code_digit_of_8", code=reading.code)
        super().__init__(window, t("scan.teach_title"), words, icon="scan-line", tint="warn")
        self.setObjectName("dialog.teach")
        self._ctx, self.reading = ctx, reading
        self._lot: int | None = None
        self.code = Label(reading.code, "mono", "text", wrap=True)
        self.code.setObjectName("teach.code")
        self.body.addWidget(self.code)
        self.boxes: dict[str, FieldBox] = {field.key: FieldBox(ctx, field) for field in FIELDS}
        self.boxes["qty"].set_value(Decimal(1))
        self.body.addWidget(FieldGrid([(self.boxes[field.key], field.span) for field in FIELDS]))
        self.error = Label("", "small", "bad", wrap=True)
        self.error.setObjectName("hint.teach")
        self.error.hide()
        self.body.addWidget(self.error)
        if search is not None:
            self.add_button("search", "scan.teach_search", search, icon="search", left=True)
        self.add_button("no", "scan.cancel", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "scan.teach_yes",
            self._teach,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )

    def open(self) -> None:
        """Show it with the cursor in the product."""
        super().open()
        self.boxes["product"].focus()

    def on_scan(self, found: Resolved) -> str:
        """The label of what it stands for was scanned."""
        hit = next((hit for hit in found.hits if hit.topic in (PRODUCT, LOT, PLACE)), None)
        if hit is None:
            return "bad"
        self._lot = hit.id if hit.topic == LOT else None
        for key, topic in (("product", PRODUCT), ("place", PLACE)):
            mine = hit.topic == topic or (key == "product" and hit.topic == LOT)
            value = (hit.product_id if key == "product" else hit.id) if mine else None
            words = f"{hit.label} {hit.lot}".strip() if hit.topic == LOT else hit.label
            self.boxes[key].set_value(value, words)
        return "ok"

    def _show_error(self, words: str) -> None:
        self.error.setText(words)
        self.error.setVisible(bool(words))
        self.place()

    def _teach(self) -> None:
        product, place = self.boxes["product"].value(), self.boxes["place"].value()
        if (product is None) == (place is None):
            self._show_error(t("scan.teach_one"))
            return
        try:
            qty = self.boxes["qty"].value() or Decimal(1)
        except ValueError:
            self._show_error(t("error.taught_code_qty_positive"))
            return
        topic, record = (PLACE, place) if product is None else (PRODUCT, product)
        if self._lot is not None and product is not None:
            topic, record = LOT, self._lot
        command = TeachCode(
            self.reading.code,
            topic,
            int(record or 0),
            self.reading.gtin or None,
            self.boxes["supplier"].value(),
            qty,
            self.boxes["note"].raw.strip() or None,
        )
        op: Any = WriteOp(self, self._ctx, teach, command).disabling(self._yes)
        op.success(self._taught).failure(self._failed).start()

    def _failed(self, error: BaseException) -> bool:
        if isinstance(error, AppError):
            self._show_error(error_text(error))
            return True
        return False

    def _taught(self, answer: Taught) -> None:
        hub = hub_of(self)
        self.finish()
        self._ctx.navigate.toast(
            t("scan.taught_ean" if answer.ean else "scan.taught", code=self.reading.code)
        )
        # Whoever scanned it meant something by it: now it is known what.
        if hub is not None:
            hub.scanned(self.reading.raw)
