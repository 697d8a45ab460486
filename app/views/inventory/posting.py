"""What all postings of stock share: one row to type or scan into, the lines so far, one button that posts them.

A single movement needs no list: what stands complete in the entry row is posted with the lines.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes, Result
from app.core.drafts import pack, unpack
from app.core.errors import AppError, NotAllowed, SessionEnded
from app.core.i18n import has_text, language, t
from app.services.inventory.master import ProductStock, product_stock
from app.services.labels.scanning import Resolved
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.fields import Field, FieldBox, LookupEdit
from app.views.core.form_parts import FieldGrid
from app.views.core.icons import icon
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageFoot, PageHead
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner, Card, EmptyState, clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import fill, px
from app.views.core.values import error_text, in_words
from app.views.core.workspace import TabPage
from app.views.inventory.scanned import take_scan


class Line(NamedTuple):
    """A line as the page holds it; ``number`` counts for good, so that a line keeps its identity."""

    number: int
    product_id: int
    sku: str
    name: str
    unit: str
    place_id: int | None
    place: str
    to_place_id: int | None
    to_place: str
    lot_id: int | None
    lot: str
    qty: Decimal
    before: Decimal | None = None


class PostingPage(TabPage):
    """An entry row, the lines, the button."""

    key = ""
    post_text = ""
    right = ""
    reason_required = False
    topics = frozenset({"inventory.stock_balance", "inventory.stock_level"})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName(f"page.{self.key}")
        self._stock: ProductStock | None = None
        self._lines: list[Line] = []
        self._number = 0
        self._preset: dict[str, Any] = {}
        self._after: Callable[[], None] | None = None
        self._posting = False
        self.boxes: dict[str, FieldBox] = {}
        self._build()
        self._restore(state)

    # -- what a posting says ------------------------------------------------------------------------------------

    def entry_fields(self) -> Sequence[Field]:
        """The fields of the entry row; the first is the product."""
        raise NotImplementedError

    def line_columns(self) -> Sequence[Column]:
        """The columns of the lines behind the product."""
        raise NotImplementedError

    def product_shown(self, stock: ProductStock) -> str:
        """A product was chosen: fill what follows from it and name the field to go on with."""
        raise NotImplementedError

    def entry_changed(self, key: str) -> None:
        """The user changed a field of the entry row."""

    def read_entry(self, stock: ProductStock) -> Line | tuple[str, str]:
        """The entry row as a line, or the field that is wrong and why."""
        raise NotImplementedError

    def command(self, lines: Sequence[Line], reason: str) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """What posts the lines."""
        raise NotImplementedError

    def refused(self, error: NotAllowed, call: tuple[Callable[[Any, Any], Result[Any]], Any]) -> bool:
        """A right or limit was missing for this call; True when the page has said what to do now."""
        return False

    def done_words(self, lines: Sequence[Line], answer: Any) -> str:
        """What was booked, for the toast."""
        raise NotImplementedError

    # -- TabPage ------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The word on the tab."""
        return t(f"stock.{self.key}.title")

    def identity(self) -> str:
        """One of each kind."""
        return f"workspace:stock_{self.key}"

    def dirty(self) -> bool:
        """Lines wait to be posted, or one is being entered."""
        quantity = self.boxes["qty"].editor
        typed = isinstance(quantity, QLineEdit) and quantity.isModified() and bool(quantity.text().strip())
        return bool(self._lines) or typed

    def state(self) -> dict[str, Any]:
        """The lines and the reason."""
        lines = [pack(line._asdict()) for line in self._lines]
        state: dict[str, Any] = {"lines": lines, "reason": self.boxes["reason"].raw}
        product = self.boxes["product"].value()
        if product is not None:
            state["product"] = product
        return state

    def save(self, then: Callable[[], None] | None = None) -> None:
        """Post, then go on."""
        self._after = then
        self.post()

    def on_changes(self, changes: Changes) -> None:
        """Stock moved: show what is there now."""
        product = self.boxes["product"].value()
        if product is not None and self._stock is not None:
            self._load(product, fresh=False)

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = PageHead()
        head.show_title(self.title(), line=t(f"stock.{self.key}.line"))
        self._clear = Button("stock.clear_lines", "trash-2", "ghost", clicked=self.clear)
        self._clear.setObjectName("action.clear")
        head.add(self._clear)
        self._post = Button(self.post_text, "check", "primary", "Ctrl+Enter", clicked=self.post)
        self._post.setObjectName("action.post")
        head.add(self._post)
        column.addWidget(head)
        body = QWidget()
        page = QVBoxLayout(body)
        page.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        page.setSpacing(px("gap_m"))
        self._banner = QVBoxLayout()
        page.addLayout(self._banner)
        page.addWidget(self._entry_card())
        page.addWidget(self._lines_card(), 1)
        column.addWidget(body, 1)
        self._foot = PageFoot()
        self._count = Label("", "small600", "text2")
        self._count.setObjectName("lines.count")
        self._foot.left.addWidget(self._count)
        self._foot.right.addWidget(Label(t("stock.keys"), "small", "text3"))
        column.addWidget(self._foot)

    def _entry_card(self) -> QWidget:
        card = Card(t("stock.entry"))
        line = QHBoxLayout()
        line.setSpacing(px("gap_m"))
        for field in self.entry_fields():
            line.addWidget(self._box(field), field.span, Qt.AlignmentFlag.AlignTop)
        card.body.addLayout(line)
        row = QHBoxLayout()
        row.setSpacing(px("gap"))
        self._info = Label(t("stock.scan_hint"), "small", "text2", wrap=True)
        self._info.setObjectName("entry.info")
        row.addWidget(self._info, 1)
        add = Button("stock.add_line", "plus", "secondary", clicked=self.add_line)
        add.setObjectName("action.add_line")
        row.addWidget(add)
        card.body.addLayout(row)
        return card

    def _box(self, field: Field) -> FieldBox:
        box = FieldBox(self.ctx, field)
        box.edited.connect(lambda key=field.key: self._edited(key))
        box.editor.installEventFilter(self)
        self.boxes[field.key] = box
        return box

    def _lines_card(self) -> QWidget:
        card = Card(t("stock.lines"))
        columns = [
            Column(
                "sku", "stock.col.product", "two_line", width=260, stretch=True, second=lambda row: row.name
            ),
            *self.line_columns(),
            Column("unit", "stock.col.unit", width=70),
        ]
        self._model = RowsModel(columns, key=lambda row: row.number, parent=self)
        self._table = RowsView(self._model, tree_column="sku", name="lines", parent=self)
        self._table.setAccessibleName(t("stock.lines"))
        self._table.installEventFilter(self)
        self._table.customContextMenuRequested.connect(self._menu)
        card.body.addWidget(self._table, 1)
        reason = Field(
            "reason",
            "stock.reason",
            required=self.reason_required,
            max_length=200,
            span=2,
            help=self.reason_help,
        )
        card.body.addWidget(FieldGrid([(self._box(reason), 2)]))
        return card

    reason_help = ""

    # -- entry --------------------------------------------------------------------------------------------------

    def _edited(self, key: str) -> None:
        self.boxes[key].set_error("")
        if key == "product":
            product = self.boxes["product"].value()
            self._stock = None
            if product is None:
                self._info.setText(t("stock.scan_hint"))
            else:
                self._load(product, fresh=True)
        elif key == "reason":
            self.changed.emit()
        else:
            self.entry_changed(key)
            if key == "qty":
                self.changed.emit()

    def _load(self, product_id: int, *, fresh: bool) -> None:
        op = ReadOp(self, self.ctx, product_stock, product_id, language()).replacing("product")
        op.success(lambda stock: self._loaded(stock, fresh)).start()

    def _loaded(self, stock: ProductStock, fresh: bool) -> None:
        self._stock = stock
        box = self.boxes["product"]
        if box.value() != stock.product_id or box.words != stock.sku:
            box.set_value(stock.product_id, stock.sku)
        self._info.setText(self._where(stock))
        if fresh:
            if not stock.is_stocked:
                box.set_error(t("error.product_not_stocked", product=stock.sku))
                return
            target = self.product_shown(stock)
            self.boxes[target].focus()

    def _where(self, stock: ProductStock) -> str:
        """ "Filigranengel, bemalt · 212 Stk frei · SC4711 180, LD0033 24" """
        places: dict[str, Decimal] = {}
        for balance in stock.balances:
            places[balance.place] = places.get(balance.place, Decimal(0)) + balance.qty
        shown = [f"{place} {fmt.number(qty)}" for place, qty in list(places.items())[:5]]
        if len(places) > 5:
            shown.append("…")
        where = ", ".join(shown) or t("stock.nothing_there")
        return (
            f"{stock.name} · {t('stock.free_words', amount=fmt.quantity(stock.free, stock.unit))} · {where}"
        )

    def take_preset(self, key: str) -> Any:
        """A value the page was opened with for the first product, once."""
        return self._preset.pop(key, None)

    def number_of(self, key: str) -> Decimal | None:
        """The number in a field, None when there is none."""
        try:
            value = self.boxes[key].value()
        except ValueError:
            return None
        return value if isinstance(value, Decimal) else None

    def next_number(self) -> int:
        """The identity of the next line."""
        self._number += 1
        return self._number

    def add_line(self) -> bool:
        """Take the entry row into the lines; whether it was complete."""
        if self._stock is None:
            self.boxes["product"].set_error(t("stock.choose_product"))
            self.boxes["product"].focus()
            return False
        for key, box in self.boxes.items():
            if key != "reason" and (words := box.unreadable()):
                self.boxes[key].set_error(words)
                self.boxes[key].focus()
                return False
        found = self.read_entry(self._stock)
        if not isinstance(found, Line):
            key, words = found
            self.boxes[key].set_error(words)
            self.boxes[key].focus()
            return False
        self._lines.append(found)
        self._show_lines()
        self._empty_entry()
        return True

    def _empty_entry(self) -> None:
        self._stock = None
        self.boxes["product"].set_value(None)
        self.boxes["qty"].set_value(None)
        for key in ("from", "lot"):
            if key in self.boxes:
                if self.boxes[key].field.kind == "choice":
                    self.boxes[key].set_choices(())
                self.boxes[key].set_value(None)
                self.boxes[key].set_hint("")
        self.boxes["qty"].set_hint("")
        self._info.setText(t("stock.scan_hint"))
        self.boxes["product"].focus()

    def on_scan(self, found: Resolved) -> str:
        """A scanned product, lot or place stands in the entry row."""
        return take_scan(self, found.hits)

    def choose(self, product_id: int, words: str, **preset: Any) -> None:
        """Begin with a product; ``preset`` are its place and its lot, where they are known."""
        self._stock, self._preset = None, {key: value for key, value in preset.items() if value is not None}
        self.boxes["product"].set_value(product_id, words)
        self._load(product_id, fresh=True)

    # -- lines --------------------------------------------------------------------------------------------------

    def _show_lines(self) -> None:
        self._model.set_rows(self._lines)
        many = len(self._lines)
        self._count.setText(t("stock.lines_count", n=many, count=fmt.number(many)))
        self._clear.setVisible(many > 0)
        if many:
            self._table.set_overlay(None)
        else:
            self._table.set_overlay(
                EmptyState(self.icon, t(f"stock.{self.key}.empty"), t(f"stock.{self.key}.empty_text"))
            )
        self.changed.emit()

    def _menu(self, at: QPoint) -> None:
        def fill_menu(menu: QMenu) -> None:
            menu.addAction(icon("trash-2"), t("stock.remove_line")).triggered.connect(self.remove_line)

        if self._lines:
            self._table.menu_at(at, fill_menu)

    def remove_line(self) -> None:
        """Take the selected line out."""
        row = self._table.current_row()
        if row is not None:
            self._lines = [line for line in self._lines if line.number != row.number]
            self._show_lines()

    def clear(self) -> None:
        """Take all lines out; a toast offers the way back."""
        kept = list(self._lines)
        self._lines = []
        self._drop_banner()
        self._show_lines()

        def undo() -> None:
            self._lines = kept + self._lines
            self._show_lines()

        self.ctx.navigate.toast(t("form.lines_removed", n=len(kept)), kind="info", action=("form.undo", undo))

    # -- posting ------------------------------------------------------------------------------------------------

    def post(self) -> None:
        """Post the lines, with what stands in the entry row."""
        if self._posting:
            return
        started = self.boxes["product"].value() is not None or not self._lines
        if started and not self.add_line():
            return
        reason = self.boxes["reason"].raw.strip()
        if self.reason_required and not reason:
            self.boxes["reason"].set_error(t("error.reason_required"))
            self.boxes["reason"].focus()
            return
        self._drop_banner()
        lines = list(self._lines)
        fn, command = self.command(lines, reason)
        self._posting = True
        op = WriteOp(self, self.ctx, fn, command).disabling(self._post)
        op.success(lambda answer: self._posted(lines, answer)).finally_(self._over)
        op.failure(lambda error: self._refused(error, (fn, command))).start()

    def _over(self) -> None:
        self._posting = False

    def _posted(self, lines: Sequence[Line], answer: Any) -> None:
        words = self.done_words(lines, answer)
        one = {line.sku for line in lines}
        filters = {"sku": lines[0].sku} if len(one) == 1 else {}

        def show() -> None:
            self.ctx.navigate.open_workspace("stock_moves", preset="all", filters=filters)

        self.clear_all()
        self.ctx.navigate.toast(words, action=("stock.show_moves", show))
        self.boxes["product"].focus()
        after, self._after = self._after, None
        if after is not None:
            after()

    def clear_all(self) -> None:
        """Begin anew: the lines are taken care of."""
        self._lines = []
        self.boxes["reason"].set_value(None)
        self._show_lines()

    def _refused(self, error: BaseException, call: tuple[Callable[..., Any], Any]) -> object:
        self._after = None
        if isinstance(error, NotAllowed) and self.refused(error, call):
            return True
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded):
            return False
        clear_layout(self._banner)
        hint = f"error.{error.key}.what_now"
        banner = Banner("bad", error_text(error), t(hint, **in_words(error.params)) if has_text(hint) else "")
        banner.setObjectName("notice.refused")
        self._banner.addWidget(banner)
        line = error.params.get("line")
        if isinstance(line, int) and 0 < line <= len(self._lines):
            self._table.select_keys([self._lines[line - 1].number])
        return True

    def _drop_banner(self) -> None:
        clear_layout(self._banner)

    # -- state and keys -----------------------------------------------------------------------------------------

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._lines = [Line(**unpack(line)) for line in state.get("lines", ())]
        self._number = max((line.number for line in self._lines), default=0)
        if state.get("reason"):
            self.boxes["reason"].set_raw(str(state["reason"]))
        self._show_lines()
        self._preset = {key: state[key] for key in ("place", "lot") if state.get(key) is not None}
        if state.get("product") is not None:
            self.boxes["product"].set_value(
                state["product"], "…"
            )  # until it is read; blank would count as emptied
            self._load(int(state["product"]), fresh=True)
        else:
            QTimer.singleShot(0, self, self.boxes["product"].focus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter goes on to the next field and, in the last one, takes the line; Del removes a line."""
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        if watched is self._table and event.key() == Qt.Key.Key_Delete:
            self.remove_line()
            return True
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers()
        key = next((key for key, box in self.boxes.items() if box.editor is watched), "")
        if not enter or not key or key == "reason":
            return super().eventFilter(watched, event)
        editor = self.boxes[key].editor
        if isinstance(editor, LookupEdit) and (
            editor.ahead.open or (editor.isModified() and editor.value() is None)
        ):
            return False
        if key == "qty":
            self.add_line()
        else:
            order = [name for name, box in self.boxes.items() if name != "reason" and box.isVisible()]
            self.boxes[order[min(order.index(key) + 1, len(order) - 1)]].focus()
        return True
