"""Articles scanned into the lines of a document while it is edited: one more of what is there, or a new line."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject

from app.core.i18n import language, t
from app.services.labels.scanning import LOT, PRODUCT, Hit, Resolved
from app.views.core.context import AppContext
from app.views.core.lines_editor import LinesEditor
from app.views.core.operation import ReadOp
from app.views.core.scanner import hub_of

QTY, ARTICLE = "qty", "product_id"
ONE = Decimal(1)
UNDO = 50


class LineScans(QObject):
    """What scans do to lines whose article column finds articles by their codes; others take no scans.

    The article column is ``product_id``, the quantity ``qty``.
    """

    def __init__(self, ctx: AppContext, lines: LinesEditor) -> None:
        super().__init__(lines)
        self._ctx, self._lines = ctx, lines
        self._past: list[tuple[int, Decimal]] = []
        # How many came of an article whose line is still being looked for.
        self._coming: dict[int, Decimal] = {}
        self._digits = ""

    @property
    def ready(self) -> bool:
        """Whether lines come by scan here and now."""
        model, spec = self._lines.model, self._lines.spec
        live = not model.read_only and not model.fixed
        return live and spec.resolve is not None and spec.picked is not None

    def on_scan(self, found: Resolved) -> str:
        """An article, or a lot of one."""
        hit = next((hit for hit in found.hits if hit.topic in (PRODUCT, LOT)), None)
        if not self.ready or hit is None or hit.product_id is None:
            return ""
        self._lines.settle()
        qty = found.reading.qty or hit.more.get("qty") or ONE
        self._digits = ""
        number = self._line_of(hit.product_id)
        if number is not None:
            return self._grow(number, hit.product_id, Decimal(qty))
        if hit.product_id in self._coming:
            self._coming[hit.product_id] += Decimal(qty)
            return "ok"
        self._coming[hit.product_id] = Decimal(qty)
        self._look(hit)
        return "ok"

    def on_command(self, command: str) -> str:
        """Undo, one more, digits of the quantity that was scanned last."""
        if not self.ready or not self._past:
            return ""
        product, qty = self._past[-1]
        number = self._line_of(product)
        if number is None:
            return ""
        if command == "undo":
            self._past.pop()
            return self._shrink(number, qty)
        if command == "more":
            return self._grow(number, product, ONE)
        if command.isdigit():
            self._digits = (self._digits + command)[-9:]
            return self._write(number, Decimal(self._digits))
        return ""

    def _line_of(self, product: int) -> int | None:
        lines = self._lines.model.lines
        return next((n for n, line in enumerate(lines) if line.get(ARTICLE) == product), None)

    def _grow(self, number: int, product: int, qty: Decimal) -> str:
        self._past = [*self._past[-UNDO:], (product, qty)]
        return self._write(number, (self._lines.model.lines[number].get(QTY) or Decimal(0)) + qty)

    def _shrink(self, number: int, qty: Decimal) -> str:
        left = (self._lines.model.lines[number].get(QTY) or Decimal(0)) - qty
        if left > 0:
            return self._write(number, left)
        self._lines.delete([number])
        return "ok"

    def _write(self, number: int, qty: Decimal) -> str:
        model = self._lines.model
        model.type_in(number, QTY, qty)
        self._lines.table.go(number, QTY, edit=False)
        return "bad" if model.error(number, QTY) else "ok"

    def _look(self, hit: Hit) -> None:
        product = hit.product_id or 0

        def found(rows: Mapping[str, Any]) -> None:
            qty = self._coming.pop(product, ONE)
            row, picked = rows.get(hit.label), self._lines.spec.picked
            if row is None or picked is None or not self.ready:
                self._say("bad", t("scan.not_in_lines", product=hit.label))
                return
            number = self._lines.add({**picked(row), QTY: qty})
            self._past = [*self._past[-UNDO:], (product, qty)]
            self._lines.table.go(number, QTY, edit=False)

        def failed(_error: BaseException) -> bool:
            self._coming.pop(product, None)
            self._say("bad", "")
            return False

        resolve = self._lines.spec.resolve
        assert resolve is not None
        op: ReadOp[Mapping[str, Any]] = ReadOp(self, self._ctx, resolve, [hit.label], language())
        op.success(found).failure(failed).start()

    def _say(self, tone: str, words: str) -> None:
        hub = hub_of(self._lines)
        if hub is not None:
            hub.signal(tone)
        if words:
            self._ctx.navigate.toast(words, kind="warn")
