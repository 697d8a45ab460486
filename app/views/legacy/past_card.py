"""On the page of a customer or a product: what the old system knows of the years before."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy.past import DOCUMENT, Past, Summary
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import cells_row
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.legacy.words import DOCUMENT_KIND

RIGHT = f"{DOCUMENT}:select"


class PastCard(Card):
    """A link at first; a click reads how many documents there are and shows the newest.

    The page itself costs no round trip more; ``shown(record_id)`` gives what the list of documents is filtered by.
    """

    def __init__(self, ctx: AppContext, read: Callable[..., Summary], key: str) -> None:
        super().__init__(t("legacy.past.title"), link="legacy.past.show", link_clicked=self.ask)
        self.setObjectName("card.legacy_past")
        self._ctx, self._read, self._key = ctx, read, key
        self._id: int | None = None
        self._filters: dict[str, Any] = {}
        self._open = False
        if self.link is not None:
            self.link.setObjectName("action.show_past")
        self.hide()

    def show_record(self, record_id: int | None, **filters: Any) -> None:
        """Another record is shown; ``filters`` are what the list of all its documents is opened with."""
        if record_id != self._id:
            self._open = False
            clear_layout(self.body)
            self.body.addWidget(Label(t(f"legacy.past.about.{self._key}"), "small", "text2", wrap=True))
        self._id, self._filters = record_id, filters
        self.setVisible(record_id is not None)

    def ask(self) -> None:
        """Read what there is; once it is shown, the link leads to the whole list."""
        if self._id is None:
            return
        op: ReadOp[Summary] = ReadOp(self, self._ctx, self._read, self._id)
        op.replacing("past").success(self._show).start()

    def _show(self, found: Summary) -> None:
        clear_layout(self.body)
        if not found.documents:
            self.body.addWidget(Label(t("legacy.past.nothing"), "small", "text2", wrap=True))
            return
        years = "–".join(str(day.year) for day in (found.first, found.last) if day is not None)
        words = t("legacy.past.count", n=found.documents, count=fmt.number(found.documents), years=years)
        self.body.addWidget(Label(words, "small500", "text2", wrap=True))
        for one in found.newest:
            self.body.addWidget(self._line(one))
        if "legacy.documents" in self._ctx.registry.workspaces and self._filters:
            every = Button("legacy.past.all", kind="link", clicked=self._open_list)
            every.setObjectName("action.all_past")
            self.body.addWidget(every, 0, Qt.AlignmentFlag.AlignRight)

    def _line(self, one: Past) -> QWidget:
        amount = fmt.number(one.qty) if one.qty is not None else fmt.money(one.gross_eur)
        kind = t(DOCUMENT_KIND[one.kind][1])
        cells = (
            (f"{kind} {one.number}", "small500", "left"),
            (fmt.date_(one.date) if one.date else fmt.NONE, "small", "left"),
            (amount, "small600", "right"),
        )
        line = cells_row(cells, (9, 6, 5))
        line.setCursor(Qt.CursorShape.PointingHandCursor)
        line.setObjectName(f"past.{one.id}")
        line.mouseReleaseEvent = lambda _event: self._ctx.navigate.open_record(DOCUMENT, one.id)  # type: ignore[method-assign]
        return line

    def _open_list(self) -> None:
        self._ctx.navigate.open_workspace("legacy.documents", filters=self._filters)
