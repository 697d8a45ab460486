"""What can be done with a work order, wherever it is shown: start, reserve again, report, cancel."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import AppError, Conflict, NotAllowed, SessionEnded
from app.core.i18n import has_text, language, t
from app.services.inventory.reads import PlaceRow, places
from app.services.production import writes
from app.services.production.commands import (
    CancelWorkOrder,
    CompleteWorkOrder,
    ReserveWorkOrder,
    StartWorkOrder,
)
from app.services.production.reads import OrderDetail, Reason, scrap_reasons
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.form_parts import FieldGrid
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text, in_words
from app.views.production.words import ZERO, left

Then = Callable[[], object]
PLACE = "production.report.place"


def start(owner: QWidget, ctx: AppContext, order: Any, then: Then, *triggers: Any) -> None:
    """Start an order; what is short is told, it does not stop."""

    def done(answer: writes.Order) -> None:
        if answer.shortages:
            words = t("work_order.started_short", number=answer.number, n=len(answer.shortages))
            ctx.navigate.toast(words, kind="warn")
        else:
            ctx.navigate.toast(t("work_order.started", number=answer.number))
        then()

    command = StartWorkOrder(order.id, order.row_version)
    WriteOp(owner, ctx, writes.start_work_order, command).disabling(*triggers).success(done).start()


def reserve(owner: QWidget, ctx: AppContext, order: Any, then: Then, *triggers: Any) -> None:
    """Reserve what has become free."""

    def done(answer: writes.Order) -> None:
        if answer.shortages:
            missing = ", ".join(f"{s.product} {fmt.number(s.missing)}" for s in answer.shortages[:4])
            ctx.navigate.toast(
                t("work_order.still_short", number=answer.number, missing=missing), kind="warn"
            )
        else:
            ctx.navigate.toast(t("work_order.all_reserved", number=answer.number))
        then()

    command = ReserveWorkOrder(order.id, order.row_version)
    WriteOp(owner, ctx, writes.reserve_work_order, command).disabling(*triggers).success(done).start()


class OrderDialog(Dialog):
    """A dialog whose posting can be refused: what was typed stays, the reason stands over it."""

    def __init__(self, owner: QWidget, ctx: AppContext, title: str, text: str, icon: str) -> None:
        super().__init__(owner, title, text, icon=icon, width=px("text_column") + px("grid") * 30)
        self.ctx = ctx
        self.boxes: dict[str, FieldBox] = {}
        self._spot = QVBoxLayout()
        self.body.addLayout(self._spot)

    def box(self, field: Field) -> FieldBox:
        """Make a field of the dialog."""
        box = FieldBox(self.ctx, field)
        box.edited.connect(lambda: box.set_error(""))
        self.boxes[field.key] = box
        return box

    def number(self, key: str) -> Decimal | None:
        """The number in a field; None when there is none."""
        try:
            value = self.boxes[key].value()
        except ValueError:
            return None
        return value if isinstance(value, Decimal) else None

    def begin(self) -> bool:
        """A new attempt: what was said about the one before goes; whether every field can be read."""
        clear_layout(self._spot)
        unreadable = {key: words for key, box in self.boxes.items() if (words := box.unreadable())}
        for key, box in self.boxes.items():
            box.set_error(unreadable.get(key, ""))
        for key in list(unreadable)[:1]:
            self.boxes[key].focus()
        self.place()
        return not unreadable

    def refused(self, error: BaseException) -> object:
        """Say it over the fields, at its field when it names one."""
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        hint = f"error.{error.key}.what_now"
        plain = t(hint, **in_words(error.params)) if has_text(hint) else ""
        if isinstance(error, Conflict):
            plain = t("work_order.changed_meanwhile")
        missing = error.params.get("components")
        if isinstance(missing, list):
            names = [f"{c['product']} {fmt.number(Decimal(str(c['missing'])))}" for c in missing[:5]]
            plain = t("work_order.missing_list", components=", ".join(names)) + " " + plain
        banner = Banner("bad", error_text(error), plain)
        banner.setObjectName("dialog.refused")
        clear_layout(self._spot)
        self._spot.addWidget(banner)
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown
        return True


class ReportDialog(OrderDialog):
    """Report good and scrapped pieces."""

    def __init__(self, owner: QWidget, ctx: AppContext, detail: OrderDetail, then: Then) -> None:
        order = detail.header
        rest = left(order)
        text = t(
            "work_order.report_text",
            product=f"{order.sku} {order.name}",
            rest=fmt.quantity(rest, order.unit),
        )
        super().__init__(
            owner, ctx, t("work_order.report_title", number=order.number), text, "clipboard-check"
        )
        self.setObjectName("dialog.report")
        self._order, self._then = order, then
        self._last_place = next((line.place for line in detail.completions if line.place), None)
        boxes = [
            (self.box(Field("good", "work_order.good", "quantity", required=True, unit=order.unit)), 1),
            (self.box(Field("scrap", "work_order.scrap", "quantity", unit=order.unit)), 1),
            (self.box(Field("reason", "work_order.scrap_reason", "choice")), 1),
            (self.box(Field("place", "work_order.place", "choice", required=True)), 1),
            (
                self.box(Field("lot", "work_order.lot", max_length=40, placeholder="work_order.lot_default")),
                1,
            ),
            (self.box(Field("remark", "work_order.remark", max_length=200)), 1),
        ]
        self.boxes["good"].set_value(rest)
        self.boxes["lot"].set_hint(t("work_order.lot_help", number=order.number))
        self.boxes["scrap"].edited.connect(self._scrap_changed)
        self.body.addWidget(FieldGrid(list(boxes)))
        self.add_button("cancel", "work_order.back", shortcut="Esc")
        self._post = self.add_button(
            "post",
            "work_order.report_post",
            self.post,
            icon="check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        ReadOp(self, ctx, scrap_reasons, language()).success(self._reasons).start()
        ReadOp(self, ctx, places, order.warehouse_id).success(self._places).start()

    def open(self) -> None:
        """Begin with the quantity, all of it selected."""
        super().open()
        self.boxes["good"].focus()
        edit = self.boxes["good"].editor
        if hasattr(edit, "selectAll"):
            edit.selectAll()

    def _reasons(self, rows: list[Reason]) -> None:
        self.boxes["reason"].set_choices([(row.id, row.name) for row in rows])

    def _places(self, rows: list[PlaceRow]) -> None:
        usable = [row for row in rows if row.kind != "blocked"]
        self.boxes["place"].set_choices([(row.id, f"{row.code} {row.name or ''}".strip()) for row in usable])
        remembered = self.ctx.settings.get(f"{PLACE}.{self._order.warehouse_id}")
        keys = [row.id for row in usable]
        storage = [row.id for row in usable if row.kind == "storage"]
        last = [row.id for row in usable if row.code == self._last_place]
        best = next(iter(last), remembered if remembered in keys else next(iter(storage or keys), None))
        if self.boxes["place"].value() is None:
            self.boxes["place"].set_value(best)

    def _scrap_changed(self) -> None:
        """Scrap takes from what is left, until somebody typed another good quantity."""
        scrap = self.number("scrap") or ZERO
        self.boxes["reason"].set_required(scrap > 0)
        rest = left(self._order)
        good = self.boxes["good"].editor
        if hasattr(good, "isModified") and not good.isModified() and scrap <= rest:
            self.boxes["good"].set_value(rest - scrap)

    def post(self) -> None:
        """Check and report."""
        if not self.begin():
            return
        good, scrap = self.number("good"), self.number("scrap") or ZERO
        if good is None or good < 0 or (good == 0 and scrap == 0):
            self._wrong("good", t("error.completion_not_empty"))
        elif scrap > 0 and self.boxes["reason"].value() is None:
            self._wrong("reason", t("error.scrap_needs_reason"))
        elif good > 0 and self.boxes["place"].value() is None:
            self._wrong("place", t("error.completion_needs_place"))
        else:
            place = self.boxes["place"].value() if good > 0 else None
            command = CompleteWorkOrder(
                self._order.id,
                self._order.row_version,
                good,
                scrap,
                self.boxes["reason"].value() if scrap > 0 else None,
                place,
                self.boxes["lot"].raw.strip() or None,
                self.boxes["remark"].raw.strip() or None,
            )
            op = WriteOp(self, self.ctx, writes.complete_work_order, command).disabling(self._post)
            op.success(lambda answer: self._reported(answer, good, scrap)).failure(self.refused).start()

    def _wrong(self, key: str, words: str) -> None:
        self.boxes[key].set_error(words)
        self.boxes[key].focus()
        self.place()

    def _reported(self, answer: writes.Completed, good: Decimal, scrap: Decimal) -> None:
        self.ctx.settings.set(f"{PLACE}.{self._order.warehouse_id}", self.boxes["place"].value())
        self.finish()
        words = t("work_order.reported", number=answer.number, good=fmt.quantity(good, self._order.unit))
        if scrap > 0:
            words += " · " + t("work_order.scrapped", qty=fmt.number(scrap))
        if answer.state == "completed":
            words += " · " + t("work_order.now_complete")
        self.ctx.navigate.toast(words)
        self._then()


class CancelDialog(OrderDialog):
    """Cancel an order, with the reason."""

    def __init__(self, owner: QWidget, ctx: AppContext, order: Any, then: Then) -> None:
        title = t("work_order.cancel_title", number=order.number)
        super().__init__(owner, ctx, title, t("work_order.cancel_text"), "ban")
        self.setObjectName("dialog.cancel_order")
        self._order, self._then = order, then
        self.body.addWidget(
            self.box(Field("reason", "work_order.cancel_reason", required=True, max_length=200))
        )
        self.add_button("cancel", "work_order.back", shortcut="Esc")
        self._post = self.add_button(
            "post", "work_order.cancel_post", self.post, icon="ban", kind="danger", stay=True
        )

    def open(self) -> None:
        """Begin with the reason."""
        super().open()
        self.boxes["reason"].focus()

    def post(self) -> None:
        """Check and cancel."""
        if not self.begin():
            return
        reason = self.boxes["reason"].raw.strip()
        if not reason:
            self.boxes["reason"].set_error(t("error.reason_required"))
            return
        command = CancelWorkOrder(self._order.id, self._order.row_version, reason)
        op = WriteOp(self, self.ctx, writes.cancel_work_order, command).disabling(self._post)
        op.success(self._cancelled).failure(self.refused).start()

    def _cancelled(self, answer: writes.Order) -> None:
        self.finish()
        self.ctx.navigate.toast(t("work_order.cancelled", number=answer.number), kind="info")
        self._then()
