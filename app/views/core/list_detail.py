"""The pane at the right of a list that shows the current row."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core.detail import DetailPane, empty_detail, scrolled
from app.views.core.surfaces import clear_layout
from app.views.core.theme import fill, px

if TYPE_CHECKING:
    from app.views.core.context import AppContext


class DetailHost(QFrame):
    """Holds the pane that ``make`` builds for a row; the chosen tab stays from row to row."""

    def __init__(
        self, ctx: "AppContext", make: Callable[["AppContext", Any], QWidget] | None, tab: str = ""
    ) -> None:
        super().__init__()
        self._ctx, self._make = ctx, make
        self.tab = tab
        self.setFixedWidth(px("detail"))
        fill(self, "line")
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(px("hair"), 0, 0, 0)
        self._empty = False
        self.show_row(None)

    def show_row(self, row: Any) -> None:
        """Show another row; None says that one must be selected."""
        nothing = row is None or self._make is None
        if nothing and self._empty:
            return
        self._empty = nothing
        if row is None or self._make is None:
            widget = empty_detail(t("kit.list.no_row"))
        else:
            widget = self._make(self._ctx, row)
            if isinstance(widget, DetailPane):
                if self.tab:
                    widget.select(self.tab)
                widget.tab_chosen.connect(self._keep_tab)
            else:
                fill(widget, "surface")
                widget = scrolled(widget)
        clear_layout(self._box)
        self._box.addWidget(widget)

    def _keep_tab(self, key: str) -> None:
        self.tab = key
