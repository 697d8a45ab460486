"""The list workspace: one page for every list of the program, told by a `ListSpec` what it shows."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QResizeEvent, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import language, t
from app.core.paging import Filter, ListQuery
from app.views.core.buttons import Button
from app.views.core.export import Sheet
from app.views.core.filter_header import FilterChoice
from app.views.core.list_actions import ListActions
from app.views.core.list_counts import PresetCounts
from app.views.core.list_detail import DetailHost
from app.views.core.list_export import Ask, ExportControl, ask_path, error_words
from app.views.core.list_foot import ListFoot
from app.views.core.list_head import ListHead, PresetBar, tab_items
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.surfaces import EmptyState, Loading
from app.views.core.table_model import Column
from app.views.core.table_view import TableView
from app.views.core.theme import fill, px
from app.views.core.timing import Debounce
from app.views.core.toasts import show_toast
from app.views.core.workspace import TabPage

if TYPE_CHECKING:
    from app.views.core.context import AppContext

__all__ = ["Column", "Empty", "Filter", "ListAction", "ListPage", "ListSpec", "Preset"]


class ListPage(TabPage):
    """A list with presets, filter row, column chooser, export and a detail pane.

    ``state`` is what `state` gave before; ``{"preset": key}`` or ``{"filters": {column key: typed}}`` are enough to
    open a list on something.
    """

    ask_path: Ask = staticmethod(ask_path)

    def __init__(self, ctx: "AppContext", spec: ListSpec, state: dict[str, Any] | None = None) -> None:
        self.spec = spec
        self.topics = spec.topics
        self.icon = spec.icon
        super().__init__(ctx)
        state = state or {}
        self._counts = PresetCounts(self, ctx, spec)
        self._pending: frozenset[Any] = frozenset()
        self._own_change = False
        self._wanted_key = state.get("row")
        self._detail_tab = str(state.get("detail_tab", ""))
        self._message: QWidget | None = None
        self.model = spec.model(ctx, self)
        self.table = TableView(self.model, images=ctx.images, row_height=px(spec.row_height))
        self._build()
        self._connect()
        self._restore(state)

    # building

    def _build(self) -> None:
        fill(self, "surface")
        page = QHBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        self.column = left = QVBoxLayout()  # a page may put something of its own between head and tabs
        left.setSpacing(0)
        self.head = ListHead(t(self.spec.title, **self.spec.title_params))
        self.bar = PresetBar(filters=any(c.filter != "none" for c in self.spec.columns))
        self.foot = ListFoot()
        self.exporter = ExportControl(self, self.ctx, self.spec.fetch, self.foot)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.table)
        self.setObjectName(f"page.{self.spec.key}")
        self.table.setObjectName("list")
        self.table.setAccessibleName(t(self.spec.title, **self.spec.title_params))
        left.addWidget(self.head)
        left.addWidget(self.bar)
        left.addWidget(self.stack, 1)
        left.addWidget(self.foot)
        page.addLayout(left, 1)
        self.pane = DetailHost(self.ctx, self.spec.detail, self._detail_tab)
        page.addWidget(self.pane)  # before it is shown: without a parent it would be a window for a moment
        self.pane.setVisible(self.spec.detail is not None)
        self.head.detail.setVisible(self.spec.detail is not None)
        self.offers = ListActions(self.ctx, self.spec, self.table, self.head)
        self.offers.on_rows(copy=self.copy, open_row=self._open)
        self.offers.export_menu(self.head, self.export)

    def _connect(self) -> None:
        self._detail_pause = Debounce(self, "debounce_detail", self._show_detail)
        self._detail_turn = Debounce(self, "next_turn", self._show_detail)
        self.model.arrived.connect(self._arrived)
        self.model.failed.connect(self._failed)
        self.model.loading.connect(self._loading)
        self.model.live.connect(self._live)
        self.model.modelAboutToBeReset.connect(self._remember_place)
        self.model.modelReset.connect(self._return_to_place)
        header = self.table.header
        header.filters_changed.connect(self._ask)
        header.sortIndicatorChanged.connect(self._sort)
        self.table.opened.connect(self._open)
        self.table.selection_changed.connect(self._selected)
        self.table.layout_changed.connect(self._keep_layout)
        self.table.escaped.connect(self.clear_filters)
        self.table.customContextMenuRequested.connect(
            lambda at: self.table.menu_at(at, self.offers.fill_row_menu)
        )
        self._counts.arrived.connect(lambda: self._show_tabs(self.bar.tabs.current))
        self.table.verticalScrollBar().valueChanged.connect(lambda _v: self._show_foot())
        self.table.verticalScrollBar().rangeChanged.connect(lambda *_: self._show_foot())
        self.bar.chosen.connect(self._choose)
        self.bar.filter_toggled.connect(self._toggle_filter_row)
        self.bar.saved.connect(self._save_filter)
        self.bar.deleted.connect(self._delete_filter)
        self.head.detail.toggled.connect(self._toggle_detail)
        if self.ctx.images is not None and hasattr(self.ctx.images, "ready"):
            self.ctx.images.ready.connect(self.table.viewport().update)
        for number, column in enumerate(self.model.columns):
            entry = header.field(column.key)
            if isinstance(entry, FilterChoice) and callable(column.choices):
                entry.load = lambda entry=entry, n=number: self._load_choices(entry, n, then_open=True)
        for keys, act in (
            ("Ctrl+F", self.focus_filter),
            ("Ctrl+Shift+C", self.copy),
        ):
            QShortcut(QKeySequence(keys), self, act, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)

    def _setting(self, name: str) -> str:
        return f"list.{self.spec.key}.{name}"

    def _restore(self, state: dict[str, Any]) -> None:
        settings = self.ctx.settings
        self.table.restore_layout(settings.get(self._setting("layout")))
        header = self.table.header
        typed = state.get("filters")
        header.set_typed(typed if isinstance(typed, dict) else {})
        self._load_used_choices()
        row_shown = bool(settings.get(self._setting("filter_row"), True))
        self.bar.filter.setChecked(row_shown and header.filter_row)
        header.show_filter_row(row_shown)
        self._show_tabs(str(state.get("preset", "")) or self.spec.presets[0].key)
        self._sorted_by = (
            str(state.get("sort", self.spec.sort)),
            bool(state.get("descending", self.spec.descending)),
        )
        self._show_sort()
        shown = self.spec.detail is not None and bool(settings.get(self._setting("detail"), True))
        self.head.detail.setChecked(shown)
        self.pane.setVisible(shown)
        self._ask()

    # TabPage

    def title(self) -> str:
        """The word on the tab."""
        return t(self.spec.title, **self.spec.title_params)

    def identity(self) -> str:
        """One tab per list."""
        return f"list:{self.spec.key}"

    def state(self) -> dict[str, Any]:
        """Preset, filters, sort and the row in view."""
        row = self.table.current_row()
        return {
            "preset": self.bar.tabs.current,
            "filters": self.table.header.typed(),
            "sort": self._sorted_by[0],
            "descending": self._sorted_by[1],
            "row": getattr(row, self.spec.id_field, None) if row is not None else self._wanted_key,
            "detail_tab": self.pane.tab,
        }

    def refresh(self) -> None:
        """Read again and keep selection and place."""
        self.model.refresh()

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Remember whose change it is; only others' are announced."""
        self._own_change = own
        super().receive_changes(changes, own=own)

    def on_changes(self, changes: Changes) -> None:
        """Read again; rows that differ blink.  While a read is under way the next one waits for it."""
        keys = frozenset(change.id for change in changes)
        self._counts.stale()
        if self.model.busy:
            self._pending |= keys
        else:
            self.model.refresh(keys)
        self._detail_pause.later()

    # asking

    def base_filters(self) -> tuple[tuple[Filter, ...], str]:
        """Filters and key of the preset in force; an own filter stands on the preset it was made from."""
        key = self.bar.tabs.current
        if key.startswith("own:"):
            key = str(self._own_filters().get(key.removeprefix("own:"), {}).get("preset", ""))
        preset = next((p for p in self.spec.presets if p.key == key), self.spec.presets[0])
        return preset.filters, preset.key

    def query(self) -> ListQuery:
        """The question as it stands: what is shown, exported and printed."""
        filters, preset = self.base_filters()
        column = next((c for c in self.spec.columns if c.key == self._sorted_by[0]), None)
        return ListQuery(
            sort=column.query_key if column else self._sorted_by[0],
            descending=self._sorted_by[1],
            filters=(*filters, *self.table.header.filters()),
            preset=preset,
            language=language(),
        )

    def _ask(self) -> None:
        query = self.query()
        self.bar.show_active(self.table.header.active())
        self.table.scrollToTop()
        self.model.ask(
            sort=query.sort, descending=query.descending, filters=query.filters, preset=query.preset
        )

    def _sort(self, section: int, order: Qt.SortOrder) -> None:
        column = self.model.columns[section]
        if column.sortable and not self.model.locked(section):
            self._sorted_by = (column.key, order == Qt.SortOrder.DescendingOrder)
            self._ask()
        self._show_sort()

    def _show_sort(self) -> None:
        key, descending = self._sorted_by
        section = next((n for n, c in enumerate(self.model.columns) if c.key == key), -1)
        header = self.table.header
        header.blockSignals(True)
        header.setSortIndicator(
            section, Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        )
        header.blockSignals(False)
        header.viewport().update()

    def clear_filters(self) -> None:
        """Empty the filter row."""
        if self.table.header.active():
            self.table.header.set_typed({})
            self._ask()

    def show_everything(self) -> None:
        """Empty the filter row and leave the preset."""
        self.table.header.set_typed({})
        self.bar.tabs.set_current(self.spec.presets[0].key)
        self._ask()

    def focus_filter(self) -> None:
        """Put the cursor into the filter row, showing it first."""
        self.bar.filter.setChecked(True)
        entry = self.table.header.first_field()
        if entry is not None:
            entry.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _toggle_filter_row(self, shown: bool) -> None:
        self.table.header.show_filter_row(shown)
        self.ctx.settings.set(self._setting("filter_row"), shown)
        if not shown:
            self.clear_filters()

    def _load_used_choices(self) -> None:
        for number, column in enumerate(self.model.columns):
            entry = self.table.header.field(column.key)
            if isinstance(entry, FilterChoice) and callable(column.choices) and entry.values():
                self._load_choices(entry, number, then_open=False)

    def _load_choices(self, entry: FilterChoice, number: int, *, then_open: bool) -> None:
        read = self.model.columns[number].choices
        if callable(read):

            def arrived(choices: Sequence[tuple[Any, str]]) -> None:
                entry.set_choices(choices)
                if then_open and choices:
                    entry.open()

            ReadOp(self, self.ctx, read).success(arrived).start()

    # presets and own filters

    def _own_filters(self) -> dict[str, dict[str, Any]]:
        kept = self.ctx.settings.get(self._setting("filters"), {})
        return dict(kept) if isinstance(kept, dict) else {}

    def _show_tabs(self, current: str) -> None:
        presets = [(preset.key, t(preset.title)) for preset in self.spec.presets]
        self.bar.tabs.set_items(tab_items(presets, self._counts.words, list(self._own_filters())), current)

    def _choose(self, key: str) -> None:
        kept = self._own_filters().get(key.removeprefix("own:")) if key.startswith("own:") else None
        self.table.header.set_typed(dict(kept.get("filters", {})) if kept else {})
        if kept:
            self._sorted_by = (str(kept.get("sort", "")), bool(kept.get("descending")))
            self._show_sort()
            self._load_used_choices()
        self._ask()

    def _save_filter(self, name: str) -> None:
        _, preset = self.base_filters()
        kept = self._own_filters()
        kept[name] = {
            "preset": preset,
            "filters": self.table.header.typed(),
            "sort": self._sorted_by[0],
            "descending": self._sorted_by[1],
        }
        self.ctx.settings.set(self._setting("filters"), kept)
        self._show_tabs(f"own:{name}")
        show_toast(self, t("kit.list.saved", name=name))

    def _delete_filter(self, name: str) -> None:
        kept = self._own_filters()
        kept.pop(name, None)
        self.ctx.settings.set(self._setting("filters"), kept or None)
        self._show_tabs(self.spec.presets[0].key)
        self._choose(self.bar.tabs.current)

    # answers

    def _loading(self, busy: bool) -> None:
        if busy and not self.model.loaded and not self.model.rows:
            self.stack.setCurrentWidget(self.table)
            self._overlay(Loading())
        self._show_foot()

    def _arrived(self) -> None:
        model = self.model
        if model.rows:
            self.stack.setCurrentWidget(self.table)
            self._overlay(None)
        elif self._filtered():
            self.stack.setCurrentWidget(self.table)
            clear = Button("kit.list.clear", "x", clicked=self.show_everything)
            self._overlay(EmptyState("search-x", t("kit.list.none_title"), t("kit.list.none_text"), [clear]))
        else:
            self._show_empty()
        self.offers.one_primary(empty=self.stack.currentWidget() is not self.table)
        self._fit()
        self._show_count()
        self._counts.read()
        self._show_foot()
        self._first_selection()
        if self._pending:
            keys, self._pending = self._pending, frozenset()
            model.refresh(keys)

    def _filtered(self) -> bool:
        filters, preset = self.base_filters()
        return bool(filters or self.table.header.active() or preset != self.spec.presets[0].key)

    def _show_count(self) -> None:
        model = self.model
        if model.total is None:
            self.head.show_count("")
        elif not model.total:
            self.head.show_count("0")
        else:
            key = "kit.list.count" if model.exact else "kit.list.count_over"
            self.head.show_count(t(key, n=model.total, count=fmt.number(model.total)))

    def _show_empty(self) -> None:
        spec, (_, preset) = self.spec, self.base_filters()
        empty = next((p.empty for p in spec.presets if p.key == preset and p.empty is not None), spec.empty)
        title = t(empty.title) if empty else t("kit.list.empty_title")
        text = t(empty.text) if empty else t("kit.list.empty_text")
        old = self._message
        self._message = EmptyState(spec.icon, title, text, self.offers.empty_buttons(), spec.steps(t))
        self.stack.addWidget(self._message)
        self.stack.setCurrentWidget(self._message)
        if old is not None:
            self.stack.removeWidget(old)
            old.deleteLater()
        self._overlay(None)

    def _failed(self, error: object) -> None:
        if self.model.loaded:
            show_toast(self, t("kit.list.stale"), "warn", ("kit.list.retry", self.refresh))
            return
        retry = Button("kit.list.retry", "refresh-cw", clicked=self.model.reload)
        self.stack.setCurrentWidget(self.table)
        self._overlay(EmptyState("triangle-alert", t("kit.list.failed"), error_words(error), [retry]))

    def _overlay(self, widget: QWidget | None) -> None:
        self.table.set_overlay(widget)

    def _live(self, keys: list[Any]) -> None:
        if self._own_change:
            return
        number = self.model.find(keys[0])
        names = [c for c in self.spec.columns if c.kind in ("code", "bold")]
        name = names[0].words(self.model.row(number)) if names and number >= 0 else ""
        self.foot.show_live(name if len(keys) == 1 else "", len(keys))

    def _show_foot(self) -> None:
        first, last = self.table.visible_range()
        self.foot.show_numbers(self.table.selected_count(), last - first + 1, len(self.model.rows))

    # place and selection

    def _remember_place(self) -> None:
        self._place = (
            self.table.selected_keys(),
            getattr(self.table.current_row(), self.spec.id_field, None),
            self.table.verticalScrollBar().value(),
        )

    def _return_to_place(self) -> None:
        keys, current, scroll = self._place
        if self.table.select_keys(keys, current):
            self.table.verticalScrollBar().setValue(scroll)

    def _first_selection(self) -> None:
        """Show the row of the state, else the first one, so that the pane is never empty without need."""
        if not self.model.rows:
            self._show_detail()  # nothing to show beside the list
        if self.table.selectionModel().hasSelection() or not self.model.rows:
            return
        wanted, self._wanted_key = self._wanted_key, None
        if wanted is not None and self.table.select_keys([wanted], wanted):
            self.table.scrollTo(self.table.currentIndex())
        elif self.spec.detail is not None:
            self.table.select_keys([self.model.key_of(0)])
        self._detail_turn.later()  # the rows first

    def _selected(self) -> None:
        self._show_foot()
        self._detail_pause.later()

    # rows

    def _open(self, number: int) -> None:
        row = self.model.row(number)
        if row is not None and self.spec.open is not None:
            self.spec.open(self.ctx, row)

    def copy(self) -> None:
        """Copy the selected rows as a table."""
        count = self.table.copy_selection()
        if count:
            show_toast(self, t("kit.list.copied", n=count, count=fmt.number(count)), "info")

    # detail

    def _toggle_detail(self, shown: bool) -> None:
        self.ctx.settings.set(self._setting("detail"), shown)
        self.head.detail.set_icon("panel-right-close" if shown else "panel-right-open")
        self._fit()
        if shown:
            self._show_detail()

    def _fit(self) -> None:
        room = self.width() >= 2 * px("detail") and self.stack.currentWidget() is self.table
        self.pane.setVisible(self.spec.detail is not None and self.head.detail.isChecked() and room)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the list the room when there is too little for both, or nothing to show beside it."""
        super().resizeEvent(event)
        self._fit()

    def _show_detail(self) -> None:
        self._detail_pause.stop()
        self._detail_turn.stop()
        if self.spec.detail is None or not self.head.detail.isChecked():
            return
        row = self.table.current_row() if self.stack.currentWidget() is self.table else None
        self.pane.show_row(row)

    # layout, export

    def _keep_layout(self) -> None:
        self.ctx.settings.set(self._setting("layout"), self.table.layout_state())

    def export(self, kind: str) -> None:
        """Ask for a file and write every row of the present filter, in the chosen columns and order."""
        path = self.ask_path(self, self.title(), kind)
        if path is not None:
            self.export_to(path, kind)

    def export_to(self, path: Path, kind: str) -> None:
        """Write every row of the present filter to a file (xlsx, csv, pdf), in the background."""
        locked = frozenset(c.key for n, c in enumerate(self.model.columns) if self.model.locked(n))
        sheet = Sheet(self.title(), self.table.shown_columns(), locked, language())
        self.exporter.run(path, kind, self.query(), sheet, self.model.total if self.model.exact else None)

    def stop_export(self) -> None:
        """Stop the export under way."""
        self.exporter.stop()
