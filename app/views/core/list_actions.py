"""What can be done with a list and its rows: buttons in the head, menus, the first step of an empty list."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from app.core.i18n import t
from app.views.core.buttons import Button
from app.views.core.icons import icon
from app.views.core.list_head import ListHead
from app.views.core.list_spec import ListAction, ListSpec
from app.views.core.menus import open_once
from app.views.core.table_view import TableView
from app.views.core.why import explain

if TYPE_CHECKING:
    from app.views.core.context import AppContext


class FreshMenu(QMenu):
    """A menu that is made anew each time it opens."""

    def __init__(self, parent: QWidget, make: Callable[[], QMenu]) -> None:
        super().__init__(parent)
        self._make = make

    def popup(self, *args: Any) -> None:
        """Open a fresh menu instead."""
        open_once(self._make(), args[0])


class ListActions:
    """Offers what the spec declares and the profile may do."""

    def __init__(self, ctx: "AppContext", spec: ListSpec, table: TableView, head: ListHead) -> None:
        self._ctx, self._spec, self._table = ctx, spec, table
        self._bulk = self.allowed(spec.bulk)
        self._copy: Callable[[], object] = table.copy_selection
        self._open: Callable[[int], object] = lambda _row: None
        table.explain = lambda right, what: explain(ctx, right, what, table)
        self.primary: Button | None = None
        if self._bulk:
            button = Button("kit.list.bulk", kind="secondary", size="toolbar")
            menu = QMenu(button)
            menu.aboutToShow.connect(lambda: self._refill(menu))
            button.set_menu(menu)
            button.setObjectName("action.bulk")
            head.add(button)
        for action in self.allowed(spec.more):
            other = Button(action.title, action.icon, "ghost", size="toolbar", clicked=self._runs(action))
            other.setObjectName(f"action.{action.key}")
            head.add(other)
        if spec.primary is not None and self.allowed((spec.primary,)):
            self.primary = self._primary(spec.primary)
            self.primary.setObjectName(f"action.{spec.primary.key}")
            head.add(self.primary)

    def _runs(self, action: ListAction) -> Callable[[], object]:
        return lambda: action.run(self._ctx, [])

    def allowed(self, actions: Sequence[ListAction]) -> list[ListAction]:
        """Those the profile may use."""
        return [action for action in actions if not action.right or self._ctx.profile.can(action.right)]

    def on_rows(self, *, copy: Callable[[], object], open_row: Callable[[int], object]) -> None:
        """What copying and opening do."""
        self._copy, self._open = copy, open_row

    def export_menu(self, head: ListHead, export: Callable[[str], object]) -> None:
        """Fill the menus of the tools in the head."""
        head.columns.set_menu(FreshMenu(head.columns, self._table.column_menu))
        menu = QMenu(head.export)
        xlsx = menu.addAction(icon("file-spreadsheet"), t("kit.export.xlsx"))
        xlsx.triggered.connect(lambda: export("xlsx"))
        csv = menu.addAction(icon("file-text"), t("kit.export.csv"))
        csv.triggered.connect(lambda: export("csv"))
        menu.addSeparator()
        menu.addAction(icon("copy"), t("kit.list.copy")).triggered.connect(lambda: self._copy())
        head.export.set_menu(menu)
        self._exports = menu
        head.print.clicked.connect(lambda: export("pdf"))

    def add_export(self, icon_name: str, title: str, export: Callable[[], object]) -> None:
        """Another kind of file in the menu of exports."""
        entry = QAction(icon(icon_name), t(title), self._exports)
        entry.triggered.connect(lambda: export())
        self._exports.insertAction(self._exports.actions()[2], entry)

    def empty_buttons(self) -> list[QWidget]:
        """The first step, and what else an empty list offers."""
        empty, primary = self._spec.empty, self._spec.primary
        buttons: list[QWidget] = []
        if self.primary is not None and primary is not None and not primary.of_all:
            words = empty.first if empty and empty.first else primary.title
            first = Button(words, "plus", "primary", clicked=lambda: primary.run(self._ctx, []))
            first.setObjectName("action.first")
            buttons.append(first)
        further = (*self._spec.more, *(empty.actions if empty else ()))
        return buttons + [self._plain(action) for action in self.allowed(further)]

    def one_primary(self, *, empty: bool) -> None:
        """While the empty state offers the first step, the same step in the head steps back."""
        if self.primary is not None and self._spec.primary is not None:
            self.primary.setEnabled(not (empty and self._spec.primary.of_all))
            self.primary.set_kind("secondary" if empty else "primary")

    def fill_row_menu(self, menu: QMenu) -> None:
        """The menu of the selected rows."""
        numbers = self._table.selected_numbers()
        if self._spec.open is not None and len(numbers) == 1:
            opening = menu.addAction(icon("external-link"), t("kit.list.open"))
            opening.triggered.connect(lambda: self._open(numbers[0]))
            menu.addSeparator()
        own = self.allowed(self._spec.row_actions) if len(numbers) == 1 else ()
        self._fill(menu, own)
        further = [action for action in self._bulk if action not in own]
        if further:
            menu.addSeparator()
            self._fill(menu, further)
        menu.addSeparator()
        copy = menu.addAction(icon("copy"), t("kit.list.copy"))
        copy.setEnabled(bool(numbers))
        copy.triggered.connect(lambda: self._copy())

    def _primary(self, action: ListAction) -> Button:
        return Button(
            action.title,
            action.icon or "plus",
            "primary",
            action.shortcut or "Ctrl+N",
            size="toolbar",
            clicked=lambda: action.run(self._ctx, []),
        )

    def _plain(self, action: ListAction) -> Button:
        return Button(action.title, action.icon, clicked=lambda: action.run(self._ctx, []))

    def _refill(self, menu: QMenu) -> None:
        menu.clear()
        if not self._table.selected_count():
            menu.addAction(t("kit.list.select_first")).setEnabled(False)
            menu.addSeparator()
        self._fill(menu, self._bulk)

    def _fill(self, menu: QMenu, actions: Sequence[ListAction]) -> None:
        rows = self._table.selected_rows()
        for action in actions:
            entry = menu.addAction(t(action.title))
            if action.icon:
                entry.setIcon(icon(action.icon, color="bad" if action.danger else "text2"))
            entry.setEnabled(bool(rows) and (action.when is None or all(action.when(row) for row in rows)))
            self._bind(entry, action)

    def _bind(self, entry: Any, action: ListAction) -> None:
        entry.triggered.connect(lambda: action.run(self._ctx, self._table.selected_rows()))
