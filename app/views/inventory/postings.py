"""The three postings of stock: goods come in, goods change their place, goods are counted."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import uuid4

from app.core import format as fmt
from app.core.changes import Result
from app.core.errors import NotAllowed
from app.core.i18n import t
from app.services.catalog.reads import search_products
from app.services.inventory import writes
from app.services.inventory.commands import (
    AdjustStock,
    CountLine,
    ReceiveLine,
    ReceiveStock,
    TransferLine,
    TransferStock,
)
from app.services.inventory.master import Balance, ProductStock, search_places
from app.views.core.errors import ask
from app.views.core.fields import Field
from app.views.core.operation import WriteOp
from app.views.core.table_model import Column
from app.views.inventory.posting import Line, PostingPage
from app.views.inventory.words import PRODUCT

ZERO = Decimal(0)
Call = tuple[Callable[[Any, Any], Result[Any]], Any]


def find_stocked(session: Any, typed: str, limit: int = 8, language: str = "de") -> Any:
    """Products that are kept in stock."""
    return search_products(session, typed, limit, language, "stocked")


PRODUCT_FIELD = Field(
    "product",
    "stock.col.product",
    "lookup",
    required=True,
    find=find_stocked,
    topic=PRODUCT,
    placeholder="stock.scan_product",
    span=5,
)
QTY = Column("qty", "stock.col.qty", "quantity", width=100)
LOT = Column("lot", "stock.col.lot", width=120)


class ReceivePage(PostingPage):
    """Goods come in."""

    key, post_text, right, icon = "receive", "stock.receive.post", "stock_receive", "package-plus"

    def entry_fields(self) -> Sequence[Field]:
        """Product, place, lot, quantity."""
        return (
            PRODUCT_FIELD,
            Field(
                "to",
                "stock.col.to",
                "lookup",
                required=True,
                find=search_places,
                placeholder="stock.scan_place",
                span=4,
            ),
            Field("lot", "stock.col.lot", max_length=40, span=3),
            Field("qty", "stock.col.qty", "quantity", required=True, places=6, span=3),
        )

    def line_columns(self) -> Sequence[Column]:
        """Where to, which lot, how much."""
        return (Column("to_place", "stock.col.to", width=140), LOT, QTY)

    def product_shown(self, stock: ProductStock) -> str:
        """A tracked product needs its lot."""
        self.boxes["lot"].set_required(stock.is_lot_tracked)
        self.boxes["lot"].set_hint(t("stock.lot_new_hint") if stock.is_lot_tracked else "")
        if self.boxes["to"].value() is None:
            return "to"
        return "lot" if stock.is_lot_tracked else "qty"

    def read_entry(self, stock: ProductStock) -> Line | tuple[str, str]:
        """Place, lot of a tracked product, quantity above 0."""
        place, lot, qty = self.boxes["to"], self.boxes["lot"].raw.strip(), self.number_of("qty")
        if place.value() is None:
            return "to", t("stock.choose_place")
        if stock.is_lot_tracked and not lot:
            return "lot", t("error.lot_required", product=stock.sku)
        if (wrong := wrong_quantity(qty, stock)) or qty is None:
            return "qty", wrong
        return Line(
            self.next_number(),
            stock.product_id,
            stock.sku,
            stock.name,
            stock.unit,
            None,
            "",
            place.value(),
            place.words,
            None,
            lot,
            qty,
        )

    def command(self, lines: Sequence[Line], reason: str) -> Call:
        """Receive all lines."""
        received = tuple(
            ReceiveLine(line.product_id, line.to_place_id or 0, line.qty, line.lot or None) for line in lines
        )
        return writes.receive_stock, ReceiveStock(received, reason or None)

    def done_words(self, lines: Sequence[Line], answer: Any) -> str:
        """What came in."""
        if len(lines) > 1:
            return t("stock.receive.done_many", count=fmt.number(len(lines)))
        line = lines[0]
        return t(
            "stock.receive.done", qty=fmt.quantity(line.qty, line.unit), product=line.sku, place=line.to_place
        )


class TransferPage(PostingPage):
    """Goods change their place."""

    key, post_text, right, icon = "transfer", "stock.transfer.post", "stock_transfer", "arrow-left-right"

    def entry_fields(self) -> Sequence[Field]:
        """Product, from, lot, to, quantity."""
        return (
            PRODUCT_FIELD,
            Field("from", "stock.col.from", "choice", required=True, span=4),
            Field("lot", "stock.col.lot", "choice", required=True, span=3),
            Field(
                "to",
                "stock.col.to",
                "lookup",
                required=True,
                find=search_places,
                placeholder="stock.scan_place",
                span=4,
            ),
            Field("qty", "stock.col.qty", "quantity", required=True, places=6, span=3),
        )

    def line_columns(self) -> Sequence[Column]:
        """From, to, lot, quantity."""
        return (
            Column("place", "stock.col.from", width=130),
            Column("to_place", "stock.col.to", width=130),
            LOT,
            QTY,
        )

    def product_shown(self, stock: ProductStock) -> str:
        """The places where it lies; the best one is chosen."""
        places: dict[int, tuple[str, Decimal]] = {}
        for balance in stock.balances:
            code, there = places.get(balance.place_id, (balance.place, ZERO))
            places[balance.place_id] = (code, there + balance.qty)
        self.boxes["from"].set_choices(
            [(key, f"{code} · {fmt.quantity(qty, stock.unit)}") for key, (code, qty) in places.items()]
        )
        wanted = self.take_preset("place")
        self.boxes["from"].set_value(wanted if wanted in places else next(iter(places), None))
        self._show_lots(self.take_preset("lot"))
        if not places:
            self.boxes["product"].set_error(t("stock.nothing_to_move"))
            return "product"
        return "qty" if self.boxes["to"].value() is not None else "to"

    def entry_changed(self, key: str) -> None:
        """Another place has other lots."""
        if key == "from":
            self._show_lots(None)
        elif key == "lot":
            self._show_available()

    def _there(self) -> list[Balance]:
        stock, place = self._stock, self.boxes["from"].value()
        return [balance for balance in stock.balances if balance.place_id == place] if stock else []

    def _show_lots(self, wanted: Any) -> None:
        there = self._there()
        # 0 stands for goods without a lot: None is "nothing chosen" in a choice.
        self.boxes["lot"].set_choices([(b.lot_id or 0, b.lot or t("stock.without_lot")) for b in there])
        keys = [b.lot_id or 0 for b in there]
        self.boxes["lot"].set_value(wanted if wanted in keys else keys[0] if keys else None)
        self._show_available()

    def _balance(self) -> Balance | None:
        lot = self.boxes["lot"].value()
        return next((b for b in self._there() if (b.lot_id or 0) == lot), None)

    def _show_available(self) -> None:
        found, stock = self._balance(), self._stock
        words = t("stock.available", amount=fmt.quantity(found.qty, stock.unit)) if found and stock else ""
        self.boxes["qty"].set_hint(words)

    def read_entry(self, stock: ProductStock) -> Line | tuple[str, str]:
        """Two different places, and no more than lies there."""
        found, to, qty = self._balance(), self.boxes["to"], self.number_of("qty")
        if found is None:
            return "from", t("stock.choose_place")
        if to.value() is None:
            return "to", t("stock.choose_place")
        if to.value() == found.place_id:
            return "to", t("error.move_changes_place")
        if (wrong := wrong_quantity(qty, stock)) or qty is None:
            return "qty", wrong
        if qty > found.qty:
            return "qty", t("stock.available", amount=fmt.quantity(found.qty, stock.unit))
        return Line(
            self.next_number(),
            stock.product_id,
            stock.sku,
            stock.name,
            stock.unit,
            found.place_id,
            found.place,
            to.value(),
            to.words,
            found.lot_id,
            found.lot or "",
            qty,
        )

    def command(self, lines: Sequence[Line], reason: str) -> Call:
        """Move all lines."""
        moved = tuple(
            TransferLine(line.product_id, line.place_id or 0, line.to_place_id or 0, line.qty, line.lot_id)
            for line in lines
        )
        return writes.transfer_stock, TransferStock(moved, reason or None)

    def done_words(self, lines: Sequence[Line], answer: Any) -> str:
        """What moved where."""
        if len(lines) > 1:
            return t("stock.transfer.done_many", count=fmt.number(len(lines)))
        line = lines[0]
        return t(
            "stock.transfer.done",
            qty=fmt.quantity(line.qty, line.unit),
            product=line.sku,
            source=line.place,
            target=line.to_place,
        )


class CountPage(PostingPage):
    """Goods are counted: the stock becomes what was found."""

    key, post_text, right, icon = "count", "stock.count.post", "stock_adjust", "clipboard-check"
    reason_required = True
    reason_help = "stock.count.reason_help"

    def entry_fields(self) -> Sequence[Field]:
        """Product, place, lot, counted quantity."""
        return (
            PRODUCT_FIELD,
            Field(
                "from",
                "stock.col.place",
                "lookup",
                required=True,
                find=search_places,
                placeholder="stock.scan_place",
                span=4,
            ),
            Field("lot", "stock.col.lot", max_length=40, span=3),
            Field("qty", "stock.col.counted", "quantity", required=True, places=6, span=3),
        )

    def line_columns(self) -> Sequence[Column]:
        """Place, lot, before, counted, difference."""
        return (
            Column("place", "stock.col.place", width=130),
            LOT,
            Column("before", "stock.col.before", "quantity", width=100),
            Column("qty", "stock.col.counted", "quantity", width=100),
            Column(
                "difference",
                "stock.col.difference",
                "quantity",
                width=100,
                value=lambda row: row.qty - (row.before or ZERO),
                text=lambda row: with_sign(row.qty - (row.before or ZERO)),
                tone=lambda row: difference_tone(row.qty - (row.before or ZERO)),
            ),
        )

    def product_shown(self, stock: ProductStock) -> str:
        """Begin with the place that holds most of it."""
        self.boxes["lot"].set_required(stock.is_lot_tracked)
        place, lot = self.take_preset("place"), self.take_preset("lot")
        there = [
            b
            for b in stock.balances
            if place is None or (b.place_id == place and (lot is None or b.lot_id == lot))
        ]
        if there:
            self.boxes["from"].set_value(there[0].place_id, there[0].place)
            self.boxes["lot"].set_value(there[0].lot or None)
            self.entry_changed("lot")
            return "qty"
        return "from"

    def _before(self) -> Decimal:
        stock, place, lot = self._stock, self.boxes["from"].value(), self.boxes["lot"].raw.strip()
        if stock is None:
            return ZERO
        return sum((b.qty for b in stock.balances if b.place_id == place and (b.lot or "") == lot), ZERO)

    def entry_changed(self, key: str) -> None:
        """Say what the books hold there, and how far the count is from it."""
        stock = self._stock
        if stock is None:
            return
        words = t("stock.count.books", amount=fmt.quantity(self._before(), stock.unit))
        counted = self.number_of("qty")
        if key == "qty" and counted is not None:
            words += " · " + t("stock.count.difference", amount=with_sign(counted - self._before()))
        self.boxes["qty"].set_hint(words)

    def refused(self, error: NotAllowed, call: Call) -> bool:
        """A difference above one's limit: offer to ask somebody else for it."""
        if error.key != "stock_difference_limit":
            return False

        def sent(_request: int) -> None:
            self.clear_all()
            self.ctx.navigate.toast(t("stock.count.asked"), kind="info")

        def request() -> None:
            again = replace(call[1], command=uuid4())
            WriteOp(self, self.ctx, writes.request_adjustment, again).success(sent).start()

        limit = Decimal(str(error.params.get("limit", 0)))
        ask(
            self,
            t("stock.count.ask_title"),
            t("stock.count.ask_text", limit=fmt.money(limit)),
            "stock.count.ask_yes",
            request,
            icon="badge-check",
        )
        return True

    def read_entry(self, stock: ProductStock) -> Line | tuple[str, str]:
        """A place, the lot of a tracked product, a quantity that may be 0."""
        place, lot, qty = self.boxes["from"], self.boxes["lot"].raw.strip(), self.number_of("qty")
        if place.value() is None:
            return "from", t("stock.choose_place")
        if stock.is_lot_tracked and not lot:
            return "lot", t("error.lot_required", product=stock.sku)
        if qty is None or qty < 0:
            return "qty", t("error.counted_qty_not_negative")
        if (wrong := wrong_quantity(qty or Decimal(1), stock)) != "":
            return "qty", wrong
        return Line(
            self.next_number(),
            stock.product_id,
            stock.sku,
            stock.name,
            stock.unit,
            place.value(),
            place.words,
            None,
            "",
            None,
            lot,
            qty,
            self._before(),
        )

    def command(self, lines: Sequence[Line], reason: str) -> Call:
        """Set the stock to what was counted."""
        counted = tuple(
            CountLine(line.product_id, line.place_id or 0, line.qty, lot_code=line.lot or None)
            for line in lines
        )
        return writes.adjust_stock, AdjustStock(counted, reason)

    def done_words(self, lines: Sequence[Line], answer: Any) -> str:
        """How many counts differed."""
        different = [found for found in answer.differences if found.difference != 0]
        if len(different) == 1 and len(lines) == 1:
            line, found = lines[0], different[0]
            return t(
                "stock.count.done", product=line.sku, place=line.place, amount=with_sign(found.difference)
            )
        return t(
            "stock.count.done_many", count=fmt.number(len(lines)), differences=fmt.number(len(different))
        )


def wrong_quantity(qty: Decimal | None, stock: ProductStock) -> str:
    """What is wrong with a quantity to post, in words; empty when nothing is."""
    if qty is None or qty <= 0:
        return t("error.move_qty_positive")
    if qty != round(qty, stock.decimals):
        return t("error.quantity_too_precise", qty=fmt.number(qty))
    return ""


def with_sign(value: Decimal) -> str:
    """A difference with its sign."""
    return f"+{fmt.number(value)}" if value > 0 else fmt.number(value)


def difference_tone(value: Decimal) -> str:
    """The colour of a difference; its sign says which way."""
    return "bad" if value < 0 else "ok" if value > 0 else ""
