"""What stands in the place of a record that cannot be shown: why, and what one can do."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.core.errors import AppError, Unavailable
from app.core.i18n import t
from app.views.core.buttons import Button
from app.views.core.surfaces import EmptyState
from app.views.core.theme import fill
from app.views.core.values import error_text
from app.views.core.workspace import TabPage


class Missing(QWidget):
    """Stands below the ``head`` of a page instead of everything else, until `leave`."""

    def __init__(self, page: TabPage, head: QWidget, error: AppError, retry: Callable[[], object]) -> None:
        above = head.parentWidget()
        super().__init__(above)
        self.setObjectName("record.missing")
        fill(self, "window")
        away = isinstance(error, Unavailable)
        close = Button("form.close_tab", "x", "ghost", clicked=lambda: page.ctx.navigate.close_page(page))
        close.setObjectName("action.close_tab")
        again = Button("form.try_again", "refresh-cw", clicked=retry)
        again.setObjectName("action.try_again")
        what = t("form.missing_away" if away else "form.missing_what")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        words = EmptyState("server-off" if away else "search-x", error_text(error), what, [close, again])
        column.addWidget(words)
        self.setAccessibleName(words.accessibleName())
        self._hidden = _others(page, head, self)
        for widget in self._hidden:
            widget.hide()
        layout = above.layout() if above is not None else None
        if isinstance(layout, QVBoxLayout):
            layout.addWidget(self, 1)

    def leave(self) -> None:
        """The record is there now."""
        for widget in self._hidden:
            widget.show()
        self.hide()
        self.deleteLater()


def _others(page: QWidget, head: QWidget, kept: QWidget) -> list[QWidget]:
    """Everything of a page that shows, but its head."""
    found: list[QWidget] = []
    inner: QWidget | None = head
    while inner is not None and inner is not page:
        above = inner.parentWidget()
        if above is not None:
            near = above.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly)
            found += [x for x in near if x not in (inner, kept) and not x.isHidden() and not x.isWindow()]
        inner = above
    return found
