"""Beside the lists of the past: positions, operations, castings, contents; one read when it is shown."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from app.core import format as fmt
from app.core.i18n import has_text, t
from app.services.legacy import reads
from app.services.legacy.history_lists import BoxRow, DocumentRow, EmployeeRow, MouldRow, WorkOrderRow
from app.services.legacy.reads import BoxContent, Casting, Line, Pay, Step
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, cells_row, facts, section, text_row, value_row
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Loading
from app.views.legacy.words import DOCUMENT_KIND

SHOWN = 40


class _Pane(DetailPane):
    """One tab, filled by one read."""

    def __init__(self, ctx: AppContext) -> None:
        super().__init__()
        self.ctx = ctx
        self._waiting: Loading | None = None

    def read(
        self, box: QVBoxLayout, fn: Callable[..., Any], record_id: int, show: Callable[[Any], None]
    ) -> None:
        """Read and show below what is there."""
        self._waiting = Loading()
        box.addWidget(self._waiting)

        def arrived(found: Any) -> None:
            assert self._waiting is not None
            self._waiting.deleteLater()
            show(found)

        def failed(_error: BaseException) -> bool:
            assert self._waiting is not None
            self._waiting.deleteLater()
            box.addWidget(text_row(t("kit.list.failed")))
            return True

        ReadOp(self, self.ctx, fn, record_id).success(arrived).failure(failed).start()


def number(value: Any, places: int | None = None) -> str:
    """A number, or the sign for none."""
    return fmt.NONE if value is None else fmt.number(value, places=places)


def operation_words(code: str | None) -> str:
    """An operation by its code (E, G, P, Q, T), the code itself when nobody explained it."""
    key = f"legacy.operation.{code}"
    return f"{code} · {t(key)}" if code and has_text(key) else code or fmt.NONE


class DocumentPane(_Pane):
    """Totals and positions of a document."""

    def __init__(self, ctx: AppContext, row: DocumentRow) -> None:
        super().__init__(ctx)
        self.setObjectName("pane.document")
        kind, key = DOCUMENT_KIND[row.kind]
        opener = IconButton(
            "external-link",
            "kit.list.open",
            clicked=lambda: ctx.navigate.open_record("legacy.document", row.id),
        )
        opener.setObjectName("detail.open")
        note = f"{row.customer_number or ''} · {fmt.date_(row.date) if row.date else fmt.NONE}".strip(" ·")
        chips = [(kind, t(key))]
        if row.kind == "invoice":
            chips.append(
                ("ok", t("legacy.document.paid")) if row.is_paid else ("warn", t("legacy.document.unpaid"))
            )
        self.head(
            row.number,
            row.customer or row.customer_number or fmt.NONE,
            chips=chips,
            note=note,
            actions=[opener],
        )
        box = self.tab("lines", t("legacy.document.lines"))
        box.addWidget(value_row(t("legacy.document.gross"), number(row.gross, 2), row.currency))
        if row.currency != "EUR":
            box.addWidget(value_row(t("legacy.column.gross_eur"), number(row.gross_eur, 2), "EUR"))
        if row.tax_rate is not None:
            box.addWidget(value_row(t("legacy.document.tax_rate"), fmt.percent(row.tax_rate)))
        self._box, self._row = box, row
        self.read(box, reads.get_lines, row.id, self._lines)

    def _lines(self, lines: Sequence[Line]) -> None:
        box = self._box
        box.addWidget(section(t("legacy.document.lines"), note=fmt.number(len(lines))))
        for line in lines[:SHOWN]:
            words = line.description or line.article_number or ""
            box.addWidget(
                cells_row(
                    (
                        (line.article_number or "", "body500", "left"),
                        (words.replace("\n", " "), "body", "left"),
                        (number(line.qty), "body", "right"),
                        (number(line.amount, 2), "body600", "right"),
                    ),
                    (5, 9, 3, 5),
                )
            )
        if len(lines) > SHOWN:
            box.addWidget(text_row(t("legacy.document.more", n=len(lines) - SHOWN), style="small"))
        if self._row.remark:
            box.addWidget(section(t("legacy.column.remark")))
            box.addWidget(text_row(self._row.remark, color="text"))


class WorkOrderPane(_Pane):
    """Operations of a works order."""

    def __init__(self, ctx: AppContext, row: WorkOrderRow) -> None:
        from app.views.legacy.history import ORDER_STATE

        super().__init__(ctx)
        self.setObjectName("pane.legacy_order")
        kind, key = ORDER_STATE[row.state]
        self.head(
            row.number,
            row.mould or row.mould_number or fmt.NONE,
            chips=[(kind, t(key))],
            note=row.mould_number or "",
        )
        box = self.tab("steps", t("legacy.column.steps"))
        box.addWidget(
            facts(
                (
                    (t("legacy.column.qty"), number(row.qty)),
                    (t("legacy.column.priority"), number(row.priority)),
                    (
                        t("legacy.column.created_on"),
                        fmt.date_(row.created_on) if row.created_on else fmt.NONE,
                    ),
                    (t("legacy.column.due_on"), fmt.date_(row.due_on) if row.due_on else fmt.NONE),
                )
            )
        )
        self._box = box
        self.read(box, reads.get_steps, row.id, self._steps)

    def _steps(self, steps: Sequence[Step]) -> None:
        self._box.addWidget(section(t("legacy.column.steps"), note=fmt.number(len(steps))))
        for step in steps:
            done = f"{number(step.qty_done)} / {number(step.qty_target)}"
            name = step.article or step.article_number or fmt.NONE
            cells = (
                (operation_words(step.operation), "body500", "left"),
                (name, "body", "left"),
                (done, "body600", "right"),
            )
            self._box.addWidget(cells_row(cells, (5, 8, 5)))


class MouldPane(_Pane):
    """What comes out of a mould."""

    def __init__(self, ctx: AppContext, row: MouldRow) -> None:
        super().__init__(ctx)
        self.setObjectName("pane.mould")
        chip = ("bad", t("legacy.mould.blocked")) if row.is_blocked else ("ok", t("legacy.mould.free"))
        self.head(row.number, row.name or fmt.NONE, chips=[chip], note=row.storage_place or "")
        self._box = self.tab("castings", t("legacy.mould.castings"))
        if row.remark:
            self._box.addWidget(text_row(row.remark, color="text"))
        self.read(self._box, reads.get_castings, row.id, self._castings)

    def _castings(self, found: Sequence[Casting]) -> None:
        self._box.addWidget(section(t("legacy.mould.castings"), note=t("legacy.mould.pieces")))
        for one in found:
            cells = (
                (one.article_number, "body500", "left"),
                (one.name or fmt.NONE, "body", "left"),
                (number(one.pieces), "body600", "right"),
            )
            self._box.addWidget(cells_row(cells, (5, 9, 3)))
        if not found:
            self._box.addWidget(text_row(t("legacy.mould.nothing")))


class BoxPane(_Pane):
    """Slots of a box and what lies in them."""

    def __init__(self, ctx: AppContext, row: BoxRow) -> None:
        super().__init__(ctx)
        self.setObjectName("pane.box")
        place = " · ".join(part for part in (row.warehouse, row.place) if part) or t("legacy.box.on_the_way")
        self.head(
            row.code,
            row.box_type or fmt.NONE,
            chips=[("neutral", t(f"legacy.box.purpose.{row.purpose}"))],
            note=place,
        )
        self._box = self.tab("contents", t("legacy.box.contents"))
        self.read(self._box, reads.get_box, row.id, self._contents)

    def _contents(self, found: Sequence[BoxContent]) -> None:
        self._box.addWidget(
            section(t("legacy.box.contents"), note=fmt.number(len({one.slot_id for one in found})))
        )
        for one in found:
            slot = f"{one.number} {one.code or ''}".strip()
            what = f"{one.sku} {one.name}" if one.sku else t("legacy.box.free")
            if one.order_number and one.order_number != "0":
                what = f"{what} · {t('legacy.column.order_number')} {one.order_number}"
            cells = (
                (slot, "body500", "left"),
                (what, "body", "left"),
                (number(one.qty) if one.sku else "", "body600", "right"),
            )
            self._box.addWidget(cells_row(cells, (3, 11, 3)))


class EmployeePane(_Pane):
    """What the old system says about somebody; pay only for who may know it, on request."""

    def __init__(self, ctx: AppContext, row: EmployeeRow) -> None:
        super().__init__(ctx)
        self.setObjectName("pane.employee")
        name = " ".join(part for part in (row.first_name, row.name) if part)
        chip = (
            ("ok", t("legacy.employee.active")) if row.is_active else ("neutral", t("legacy.employee.left"))
        )
        self.head(row.number, name, chips=[chip], note=row.city or "")
        self._box = self.tab("person", t("legacy.employee.person"))
        self._box.addWidget(
            facts(
                (
                    (t("legacy.column.email"), row.email or fmt.NONE),
                    (t("legacy.column.phone"), row.phone or fmt.NONE),
                    (t("legacy.column.joined_on"), fmt.date_(row.joined_on) if row.joined_on else fmt.NONE),
                    (t("legacy.column.left_on"), fmt.date_(row.left_on) if row.left_on else fmt.NONE),
                    (t("legacy.column.hours_per_week"), number(row.hours_per_week)),
                ),
                1,
            )
        )
        self._box.addWidget(section(t("legacy.employee.pay")))
        if ctx.profile.can("legacy.employee_pay:select"):
            self._reveal = Button("legacy.employee.show_pay", "eye", clicked=lambda: self._ask(row.id))
            self._reveal.setObjectName("action.show_pay")
            self._box.addWidget(self._reveal)
        else:
            self._box.addWidget(value_row(t("legacy.employee.pay"), "", locked=True))

    def _ask(self, employee_id: int) -> None:
        self._reveal.hide()
        self.read(self._box, reads.get_pay, employee_id, self._pay)

    def _pay(self, found: Pay | None) -> None:
        if found is None:
            self._box.addWidget(text_row(t("legacy.employee.no_pay")))
            return
        born = fmt.date_(found.birth_date) if found.birth_date else fmt.NONE
        self._box.addWidget(value_row(t("legacy.employee.birth_date"), born))
        for key in ("monthly", "yearly", "gross"):
            self._box.addWidget(value_row(t(f"legacy.employee.{key}"), fmt.money(getattr(found, key))))
