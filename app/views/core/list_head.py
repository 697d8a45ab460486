"""The head of a list page: title, count, tools, actions; below it the presets and own filters as tabs."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.i18n import t
from app.views.core.buttons import Button, IconButton
from app.views.core.inputs import LineEdit
from app.views.core.marks import CountChip, Label
from app.views.core.menus import open_once
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Overlay
from app.views.core.theme import px


class ListHead(QWidget):
    """Title, count and what can be done with the list as a whole."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin"), px("gap_m"), px("margin"), px("gap"))
        row.setSpacing(px("gap"))
        row.addWidget(Label(title, "title", shrink=True))
        self.count = CountChip()
        row.addWidget(self.count)
        self.count.hide()
        row.addStretch(1)
        self.columns = IconButton("columns-3", "kit.list.columns")
        self.export = IconButton("download", "kit.list.export")
        self.print = IconButton("printer", "kit.list.print")
        self.detail = IconButton("panel-right", "kit.list.detail")
        self.detail.setCheckable(True)
        for name, tool in (
            ("columns", self.columns),
            ("export", self.export),
            ("print", self.print),
            ("detail", self.detail),
        ):
            tool.setObjectName(f"list.{name}")
            row.addWidget(tool)
        self._row = row
        self.setFixedHeight(px("control_toolbar") + px("gap_m") + px("gap") + 1)

    def add(self, button: QWidget) -> None:
        """Put a button at the right."""
        self._row.addWidget(button)

    def minimumSizeHint(self) -> QSize:
        """Never forces the page to grow: buttons get shorter before."""
        return QSize(px("side"), self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Make use of the room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is little room, buttons do without their keys, then without words beside icons; none is cut."""
        direct = Qt.FindChildOption.FindDirectChildrenOnly
        for level in range(3):
            for button in self.findChildren(Button, options=direct):
                button.set_terse(level)
            if self._row.sizeHint().width() <= self.width():
                break

    def show_count(self, text: str) -> None:
        """Show how many there are."""
        self.count.set_text(text)
        self.count.setVisible(bool(text))
        self._fit()


class PresetBar(QWidget):
    """Presets and own filters as tabs; the filter row's switch; saving.

    Signals:
        chosen: key of a preset, or ``own:<name>`` of an own filter.
        filter_toggled: the filter row shall be shown or hidden.
        saved: name under which to keep what is set.
        deleted: name of an own filter to forget.
    """

    chosen = Signal(str)
    filter_toggled = Signal(bool)
    saved = Signal(str)
    deleted = Signal(str)

    def __init__(self, *, filters: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin") + 2, 0, px("gap"), 3)
        row.setSpacing(px("gap_xs"))
        self.tabs = SegmentedTabs()
        self.tabs.chosen.connect(self.chosen)
        self.tabs.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        row.addWidget(self.tabs)
        self.add = IconButton("plus", "kit.list.save_new", clicked=self._name)
        row.addWidget(self.add)
        row.addStretch(1)
        self.filter = Button("kit.list.filter", "list-filter", "ghost", size="toolbar")
        self.filter.setCheckable(True)
        self.filter.toggled.connect(self.filter_toggled)
        self.save = Button("kit.list.save", "save", "ghost", size="toolbar", clicked=self._save)
        row.addWidget(self.filter)
        row.addWidget(self.save)
        for name, part in (("filter", self.filter), ("save", self.save), ("save_new", self.add)):
            part.setObjectName(f"list.{name}")
            part.setVisible(filters)
        self.tabs.setObjectName("list.presets")
        self._popup: QWidget | None = None

    def show_active(self, count: int) -> None:
        """Say how many filters are set."""
        if count:
            self.filter.set_text_key("kit.list.filter_n", n=count)
        else:
            self.filter.set_text_key("kit.list.filter")

    def _own(self) -> str:
        current = self.tabs.current
        return current.removeprefix("own:") if current.startswith("own:") else ""

    def _save(self) -> None:
        """Keep the changed own filter under its name, or ask for a name."""
        own = self._own()
        if not own:
            self._name()
            return
        menu = QMenu(self)
        menu.addAction(t("kit.list.save_over", name=own.replace("&", "&&"))).triggered.connect(
            lambda: self.saved.emit(own)
        )
        menu.addAction(t("kit.list.save_new")).triggered.connect(self._name)
        menu.addSeparator()
        menu.addAction(t("kit.list.save_delete", name=own.replace("&", "&&"))).triggered.connect(
            lambda: self.deleted.emit(own)
        )
        open_once(menu, self.save.mapToGlobal(QPoint(0, self.save.height())))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The own filter in force can be deleted here too."""
        own = self._own()
        if own:
            menu = QMenu(self)
            menu.addAction(t("kit.list.save_delete", name=own.replace("&", "&&"))).triggered.connect(
                lambda: self.deleted.emit(own)
            )
            open_once(menu, event.globalPos())

    def _name(self) -> None:
        popup = NamePopup(self, "kit.list.name", self.saved.emit)
        popup.open_below(self.save)


class NamePopup(Overlay):
    """A small box that asks for a name."""

    def __init__(self, parent: QWidget, title_key: str, done: Callable[[str], object]) -> None:
        super().__init__(parent, radius="radius_card")
        self.setWindowFlags(Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._done = done
        box = QVBoxLayout(self)
        box.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), px("gap_m"))
        box.addWidget(Label(t(title_key), "small", "text2"))
        self.edit = LineEdit(t(title_key), max_length=60)
        self.edit.setMinimumWidth(px("menu_min") + px("row_two"))
        self.edit.returnPressed.connect(self.finish)
        box.addWidget(self.edit)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(Button("kit.list.save", "save", "primary", size="toolbar", clicked=self.finish))
        box.addLayout(row)

    def open_below(self, anchor: QWidget) -> None:
        """Show it under a button, its right edge at the button's."""
        self.adjustSize()
        self.move(anchor.mapToGlobal(QPoint(anchor.width() - self.width(), anchor.height())))
        self.show()
        self.edit.setFocus()

    def finish(self) -> None:
        """Take the name."""
        name = " ".join(self.edit.text().split())
        if name:
            self._done(name)
            self.close()
        else:
            self.edit.set_invalid(True)


def tab_items(
    presets: Sequence[tuple[str, str]], counts: dict[str, str], own: Sequence[str]
) -> list[tuple[str, str]]:
    """Tabs of the bar: presets ``(key, words)`` with their counts, then own filters by name."""
    items = [(key, f"{words} · {counts[key]}" if key in counts else words) for key, words in presets]
    return items + [(f"own:{name}", name) for name in own]
