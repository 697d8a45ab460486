"""The head of a list: words, sort arrow, and a row of filter fields that belongs to it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from PySide6.QtCore import QEvent, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QHeaderView, QLineEdit, QMenu, QWidget

from app.core.i18n import t
from app.core.paging import Filter
from app.views.core import fonts
from app.views.core.checks import paint_check
from app.views.core.icons import pixmap
from app.views.core.inputs import restyle
from app.views.core.menus import open_once
from app.views.core.table_model import CHECK, Column, filter_from_text
from app.views.core.theme import font, px, tok
from app.views.core.timing import Debounce


class FilterEdit(QLineEdit):
    """A field of the filter row; Down goes to the list, Esc empties it."""

    def __init__(self, column: Column, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kit", "filter")
        for name in ("active", "invalid"):  # said before its style is looked up, and not once more after it
            self.setProperty(name, "false")
        self.setFont(font("small"))
        self.setAccessibleName(t("kit.filter.by", column=column.head()))
        self.setPlaceholderText(t(f"kit.filter.{column.filter}"))
        self.setMaxLength(200)
        self.textChanged.connect(lambda text: restyle(self, "active", "true" if text.strip() else "false"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc empties, Down goes to the rows; everything else is typing."""
        if event.key() == Qt.Key.Key_Down:
            header = self.parentWidget()
            if isinstance(header, FilterHeader):
                header.down.emit()
            return
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
            return
        super().keyPressEvent(event)


class StayingMenu(QMenu):
    """A menu that stays open while boxes are ticked."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Tick without closing."""
        action = cast("QAction | None", self.activeAction())  # none under the pointer: None
        if action is not None and action.isCheckable() and action.isEnabled():
            action.trigger()
        else:
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Space ticks without closing."""
        action = cast("QAction | None", self.activeAction())  # none under the pointer: None
        if event.key() == Qt.Key.Key_Space and action is not None and action.isCheckable():
            action.trigger()
        else:
            super().keyPressEvent(event)


class FilterChoice(QAbstractButton):
    """A field of the filter row for a choice of several.

    Signals:
        chosen: what is ticked is different now.
    """

    chosen = Signal()

    def __init__(self, column: Column, parent: QWidget) -> None:
        super().__init__(parent)
        self._column = column
        self._choices: list[tuple[Any, str]] = []
        self._values: list[Any] = []
        self.load: Callable[[], None] | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setAccessibleName(t("kit.filter.by", column=column.head()))
        self.clicked.connect(self.open)

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """What can be ticked, each ``(value, words)``."""
        self._choices = list(choices)
        self.update()

    def values(self) -> list[Any]:
        """What is ticked."""
        return list(self._values)

    def set_values(self, values: Sequence[Any]) -> None:
        """Tick these, without a signal."""
        self._values = list(values)
        self.update()

    def open(self) -> None:
        """Show the choices."""
        if not self._choices and self.load is not None:
            self.load()
            return
        open_once(self.menu(), self.mapToGlobal(QPoint(0, self.height())))

    def menu(self) -> QMenu:
        """The choices as a menu, most wanted first: everything, then each."""
        menu = StayingMenu(self)
        every = menu.addAction(t("kit.filter.choice"))
        every.triggered.connect(lambda: self._toggle(None))
        menu.addSeparator()
        for value, words in self._choices:
            action = QAction(words.replace("&", "&&"), menu)
            action.setCheckable(True)
            action.setChecked(value in self._values)
            action.triggered.connect(lambda _on=False, value=value: self._toggle(value))
            menu.addAction(action)
        return menu

    def _toggle(self, value: Any) -> None:
        if value is None:
            self._values = []
        elif value in self._values:
            self._values.remove(value)
        else:
            self._values.append(value)
        self.update()
        self.chosen.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter, Space and Down open it, Esc empties it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Down):
            self.open()
        elif event.key() == Qt.Key.Key_Escape and self._values:
            self._toggle(None)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint like the line edits of the row."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        active = bool(self._values)
        wide = px("ring") if self.hasFocus() else px("hair")
        edge = "focus" if self.hasFocus() else "accent" if active else "border"
        painter.setPen(QPen(tok(edge), wide))
        painter.setBrush(tok("accent_tint" if active else "surface"))
        inset = wide / 2
        box = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(box, px("radius_key"), px("radius_key"))
        words = dict(self._choices)
        if len(self._values) == 1:
            text = words.get(self._values[0], str(self._values[0]))
        else:
            text = t("kit.filter.several", n=len(self._values)) if active else t("kit.filter.choice")
        area = self.rect().adjusted(px("gap"), 0, -px("gap_s"), 0)
        painter.setFont(font("small"))
        painter.setPen(tok("text" if active else "text3"))
        if self.underMouse() or self.hasFocus():
            side = px("icon_small") - 2
            chevron = pixmap("chevron-down", side, "text3", self.devicePixelRatioF())
            painter.drawPixmap(area.right() - side, (self.height() - side) // 2, chevron)
            area.setRight(area.right() - side)
        shown = fonts.metrics("small").elidedText(text, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), shown)


class FilterHeader(QHeaderView):
    """Column heads with sort arrow and filter fields.

    Signals:
        filters_changed: what the fields say is different now, after a pause in typing.
        check_clicked: the box over the check column was clicked.
        down: the cursor leaves a field for the rows.
    """

    filters_changed = Signal()
    check_clicked = Signal()
    down = Signal()

    def __init__(self, columns: Sequence[Column], parent: QAbstractItemView) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._columns = list(columns)
        self._fields: dict[int, FilterEdit | FilterChoice] = {}
        self._shown = any(column.filter != "none" for column in columns)
        self.check_state = Qt.CheckState.Unchecked
        self._pause = Debounce(self, "debounce_filter", self.filters_changed.emit)
        self.setSectionsClickable(True)
        self.setSectionsMovable(True)
        self.setHighlightSections(False)
        self.setMinimumSectionSize(px("col_min") // 2)
        self.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.setFont(font("small500"))
        self.setMouseTracking(True)
        for number, column in enumerate(columns):
            if column.filter == "none":
                continue
            if column.filter == "choice":
                choice = FilterChoice(column, self)
                if not callable(column.choices):
                    choice.set_choices([(value, t(key)) for value, key in column.choices])
                choice.chosen.connect(self._pause.later)
                self._fields[number] = choice
            else:
                edit = FilterEdit(column, self)
                edit.textChanged.connect(lambda _text, number=number: self._typed(number))
                edit.returnPressed.connect(self._pause.now)
                self._fields[number] = edit
        self.sectionResized.connect(lambda: self._sections_changed())
        self.sectionMoved.connect(lambda: self._sections_changed())

    # filters

    @property
    def filter_row(self) -> bool:
        """Whether the row of fields is shown."""
        return self._shown

    def show_filter_row(self, shown: bool) -> None:
        """Show or hide the row of fields."""
        self._shown = shown and bool(self._fields)
        self.updateGeometries()
        self.geometriesChanged.emit()
        self.place_fields()

    def field(self, key: str) -> FilterEdit | FilterChoice | None:
        """The field of a column."""
        return next((f for n, f in self._fields.items() if self._columns[n].key == key), None)

    def first_field(self) -> QWidget | None:
        """The leftmost field that can be seen."""
        seen = [n for n in self._fields if not self.isSectionHidden(n)]
        return self._fields[min(seen, key=self.visualIndex)] if seen else None

    def filters(self) -> tuple[Filter, ...]:
        """What the fields ask for; a field that cannot be read is marked and left out."""
        found: list[Filter] = []
        for number, entry in self._fields.items():
            column = self._columns[number]
            if isinstance(entry, FilterChoice):
                if entry.values():
                    found.append(Filter(column.query_key, "in", tuple(entry.values())))
                continue
            try:
                found += filter_from_text(column, entry.text())
                restyle(entry, "invalid", "false")
                entry.setToolTip("")
            except ValueError as error:
                restyle(entry, "invalid", "true")
                entry.setToolTip(t(str(error)))
        return tuple(found)

    def typed(self) -> dict[str, Any]:
        """What stands in the fields, by column key, JSON-able."""
        state: dict[str, Any] = {}
        for number, entry in self._fields.items():
            value: Any = entry.values() if isinstance(entry, FilterChoice) else entry.text()
            if value:
                state[self._columns[number].key] = value
        return state

    def set_typed(self, state: Mapping[str, Any]) -> None:
        """Fill the fields, without a signal."""
        for number, entry in self._fields.items():
            value = state.get(self._columns[number].key)
            if value and self.isSectionHidden(number):
                self.setSectionHidden(number, False)  # a filter nobody sees would be a riddle
            if isinstance(entry, FilterChoice):
                entry.set_values(value if isinstance(value, list) else [])
            else:
                entry.blockSignals(True)
                entry.setText(value if isinstance(value, str) else "")
                entry.blockSignals(False)
                restyle(entry, "active", "true" if value else "false")
        self._pause.stop()

    def active(self) -> int:
        """How many fields are filled."""
        return len(self.typed())

    def _typed(self, number: int) -> None:
        self._pause.later()

    # geometry

    def sizeHint(self) -> QSize:
        """Taller by the row of fields."""
        return QSize(px("col_min"), px("header") + (px("filter_row") if self._shown else 0))

    def updateGeometries(self) -> None:
        """Keep room for the row of fields below the words."""
        self.setViewportMargins(0, 0, 0, px("filter_row") if self._shown else 0)
        super().updateGeometries()
        if self.isVisible():  # else once, when it is shown
            self.place_fields()

    def showEvent(self, event: QShowEvent) -> None:
        """Put the fields where the sections came to be."""
        self.place_fields()
        super().showEvent(event)

    def _sections_changed(self) -> None:
        if self.isVisible():  # while a list is built every section moves several times
            self.place_fields()

    def place_fields(self) -> None:
        """Put every field under its words."""
        top = px("header") + (px("filter_row") - px("filter_field")) // 2
        order = sorted(self._fields, key=self.visualIndex)
        previous: QWidget | None = None
        for number in order:
            entry = self._fields[number]
            visible = self._shown and not self.isSectionHidden(number)
            entry.setVisible(visible)
            if visible:
                left = self.sectionViewportPosition(number)
                entry.setGeometry(left + 3, top, self.sectionSize(number) - 6, px("filter_field"))
                if previous is not None:
                    QWidget.setTabOrder(previous, entry)
                previous = entry

    # paint

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill the ground, then the sections."""
        QPainter(self.viewport()).fillRect(self.viewport().rect(), tok("sunken"))
        super().paintEvent(event)
        painter = QPainter(self.viewport())
        bottom = self.viewport().height() - px("hair")
        painter.fillRect(0, bottom, self.viewport().width(), px("hair"), tok("border"))

    def event(self, event: QEvent) -> bool:
        """Paint the ground behind the filter row as well."""
        if event.type() == QEvent.Type.Paint and self._shown:
            QPainter(self).fillRect(self.rect(), tok("sunken"))
        return super().event(event)

    @staticmethod
    def least_width(column: Column) -> int:
        """How wide a column must be for its words, with the arrow of the sorted one."""
        words, pad = column.head(), px("cell_padding")
        arrow = max(0, px("icon_small") + 4 - pad) if column.sortable else 0
        return fonts.metrics("small500").horizontalAdvance(words) + 2 * pad + arrow + 2 if words else 0

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        """Paint the words and the arrow of one column."""
        painter.fillRect(rect, tok("sunken"))
        column = self._columns[logical]
        pad = px("cell_padding")
        if column.key == CHECK:
            side = px("check")
            if self.check_state != Qt.CheckState.Unchecked:
                box = QRectF(rect.x() + pad + 1, rect.y() + (rect.height() - side) // 2, side, side)
                paint_check(painter, box, self.check_state)
            return
        words = column.head()
        if not words:
            return
        sorted_by = self.sortIndicatorSection() == logical and self.isSortIndicatorShown()
        area = rect.adjusted(pad, 0, -pad, 0)
        side = px("icon_small") if sorted_by else 0
        measure = fonts.metrics("small500")
        room = area.width() - (max(0, side + 4 - pad) if side else 0)  # the arrow may use the padding
        shown = measure.elidedText(words, Qt.TextElideMode.ElideRight, room)
        wide = measure.horizontalAdvance(shown)
        left = area.right() + 1 - wide if column.right_aligned else area.x()
        painter.setFont(font("small500"))
        painter.setPen(tok("text" if sorted_by else "text2"))
        painter.drawText(
            QRect(left, rect.y(), wide + 2, rect.height()), int(Qt.AlignmentFlag.AlignVCenter), shown
        )
        if side:
            up = self.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
            arrow = pixmap("arrow-up" if up else "arrow-down", side, "text2", self.devicePixelRatioF())
            at = left - side - 2 if column.right_aligned else left + wide + 2
            painter.drawPixmap(at, rect.y() + (rect.height() - side) // 2, arrow)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click on the box over the check column."""
        super().mouseReleaseEvent(event)
        logical = self.logicalIndexAt(event.position().toPoint())
        if 0 <= logical < len(self._columns) and self._columns[logical].key == CHECK:
            self.check_clicked.emit()
