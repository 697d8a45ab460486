"""Trees with columns: the same cells as in lists, guide lines, a chevron, the whole line selected."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyleOptionViewItem,
    QTreeView,
    QWidget,
)

from app.core.i18n import t
from app.views.core.delegates import CellDelegate, Thumbnails
from app.views.core.filter_header import FilterHeader
from app.views.core.icons import pixmap
from app.views.core.table_model import Cell, Column
from app.views.core.theme import px, tok

if TYPE_CHECKING:
    from app.views.core.context import AppContext

Index = QModelIndex | QPersistentModelIndex
_NO_INDEX = QModelIndex()


@dataclass(eq=False)
class Node:
    """A row with the rows below it."""

    row: Any
    children: list["Node"] = field(default_factory=list)
    parent: "Node | None" = None
    place: int = 0
    depth: int = 0
    cells: dict[int, Cell] = field(default_factory=dict)


def nest(rows: Sequence[tuple[int, Any]]) -> list[Node]:
    """Build a tree of rows in reading order, each with its depth (0 is a root).

    A depth that jumps by more than one hangs below the last row before it.
    """
    roots: list[Node] = []
    path: list[Node] = []
    for depth, row in rows:
        del path[max(0, depth) :]
        node = Node(row, parent=path[-1] if path else None, depth=len(path))
        siblings = path[-1].children if path else roots
        node.place = len(siblings)
        siblings.append(node)
        path.append(node)
    return roots


class TreeModel(QAbstractItemModel):
    """A tree in memory: a bill of materials, a where-used, a category tree."""

    def __init__(
        self, ctx: "AppContext | None", columns: Sequence[Column], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.roots: list[Node] = []
        self._locked = [
            bool(column.right) and ctx is not None and not ctx.profile.can(column.right) for column in columns
        ]

    def show(self, roots: Sequence[Node]) -> None:
        """Hold another tree."""
        self.beginResetModel()
        self.roots = list(roots)
        self.endResetModel()

    def node(self, index: Index) -> Node | None:
        """The node at an index."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else None

    def nodes(self) -> Iterator[Node]:
        """All nodes from the top."""
        waiting = list(reversed(self.roots))
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))

    def index_of(self, node: Node) -> QModelIndex:
        """Where a node stands."""
        return self.createIndex(node.place, 0, node)

    def cell_at(self, index: Index) -> Cell:
        """What to paint."""
        node = self.node(index)
        if node is None:
            return Cell("text")
        found = node.cells.get(index.column())
        if found is None:
            column = self.columns[index.column()]
            found = node.cells[index.column()] = column.cell(node.row, locked=self._locked[index.column()])
        return found

    def index(self, row: int, column: int, parent: Index = _NO_INDEX) -> QModelIndex:
        """Qt's way down."""
        above = self.node(parent)
        siblings = above.children if above is not None else self.roots
        if 0 <= row < len(siblings) and 0 <= column < len(self.columns):
            return self.createIndex(row, column, siblings[row])
        return QModelIndex()

    def parent(self, index: Index = _NO_INDEX) -> QModelIndex:  # type: ignore[override]
        """Qt's way up."""
        node = self.node(index)
        return self.index_of(node.parent) if node is not None and node.parent is not None else QModelIndex()

    def rowCount(self, parent: Index = _NO_INDEX) -> int:
        """Rows directly below."""
        if parent.isValid() and parent.column() > 0:
            return 0
        node = self.node(parent)
        return len(node.children if node is not None else self.roots)

    def columnCount(self, _parent: Index = _NO_INDEX) -> int:
        """Columns."""
        return len(self.columns)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Words for Qt and for screen readers."""
        if not index.isValid() or role not in (
            Qt.ItemDataRole.DisplayRole,
            Qt.ItemDataRole.AccessibleTextRole,
        ):
            return None
        return self.cell_at(index).text

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        """Words over the columns."""
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section].head()
        return None


class TreeView(QTreeView):
    """A tree on screen.

    Signals:
        current_changed: row of the node that is selected now, None without one.
        opened: row of the node that Enter or a double click opened.
    """

    current_changed = Signal(object)
    opened = Signal(object)

    def __init__(
        self, model: TreeModel, *, images: Thumbnails | None = None, row_height: str = "row_chip",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.tree = model
        self._row_height = px(row_height)
        self.header_view = FilterHeader(model.columns, self)
        self.setHeader(self.header_view)
        self.header_view.setSectionsClickable(False)
        self.header_view.setStretchLastSection(False)
        self.header_view.setSectionsMovable(False)
        self.header_view.setSortIndicatorShown(False)
        self.cells = CellDelegate(self, images)
        self.cells.row_height = self._row_height
        self.setItemDelegate(self.cells)
        self.setModel(model)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setIndentation(px("indent"))
        self.setUniformRowHeights(True)
        self.setRootIsDecorated(True)
        self.setAnimated(False)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAllColumnsShowFocus(True)
        for number, column in enumerate(model.columns):
            self.header_view.setSectionResizeMode(number, QHeaderView.ResizeMode.Interactive)
            self.setColumnWidth(number, column.width)
            self.setColumnHidden(number, column.hidden)
        self.selectionModel().currentChanged.connect(lambda new, _old: self._current(new))
        model.modelReset.connect(self._after_reset)
        self.doubleClicked.connect(self._open)

    def _after_reset(self) -> None:
        self.expandAll()
        if self.tree.roots:
            self.setCurrentIndex(self.tree.index(0, 0))
        else:
            self.current_changed.emit(None)

    def _current(self, index: QModelIndex) -> None:
        node = self.tree.node(index)
        self.current_changed.emit(node.row if node is not None else None)

    def _open(self, index: QModelIndex) -> None:
        node = self.tree.node(index)
        if node is not None:
            self.opened.emit(node.row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, Ctrl+Right and Ctrl+Left open and close everything; the arrows do the usual."""
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not control:
            self._open(self.currentIndex())
        elif control and event.key() == Qt.Key.Key_Right:
            self.expandAll()
        elif control and event.key() == Qt.Key.Key_Left:
            self.collapseAll()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The stretch columns share what the others leave."""
        super().resizeEvent(event)
        columns = self.tree.columns
        stretching = [n for n, column in enumerate(columns) if column.stretch and not self.isColumnHidden(n)]
        fixed = sum(
            self.columnWidth(n)
            for n in range(len(columns))
            if n not in stretching and not self.isColumnHidden(n)
        )
        for number in stretching:
            room = (self.viewport().width() - fixed) // len(stretching)
            self.setColumnWidth(number, max(room, columns[number].width))

    def expand_menu(self) -> QMenu:
        """Open or close everything."""
        menu = QMenu(self)
        menu.addAction(t("kit.tree.expand")).triggered.connect(self.expandAll)
        menu.addAction(t("kit.tree.collapse")).triggered.connect(self.collapseAll)
        return menu

    # painting

    def drawRow(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Fill the whole line first, so that the indent belongs to it."""
        rect = QRect(0, option.rect.y(), self.viewport().width(), option.rect.height())
        selected = self.selectionModel().isSelected(index)
        over = self.visualRect(index).contains(QPoint(self.visualRect(index).x(), self._pointer_y()))
        if selected:
            painter.fillRect(rect, tok("selected"))
        elif over and self.underMouse():
            painter.fillRect(rect, tok("hover"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), px("hair"), tok("line"))
        node = self.tree.node(index)
        if node is None:
            return
        # The base style would lay its own gradient over the line, so the cells are painted from here.
        for column in range(len(self.tree.columns)):
            if self.isColumnHidden(column):
                continue
            cell = QStyleOptionViewItem(option)
            left, width = self.columnViewportPosition(column), self.columnWidth(column)
            indent = (node.depth + 1) * self.indentation() if column == 0 else 0
            if indent:
                self.drawBranches(painter, QRect(left, rect.y(), indent, rect.height()), index)
            cell.rect = QRect(left + indent, rect.y(), max(0, width - indent), rect.height())
            self.cells.paint(painter, cell, self.tree.createIndex(node.place, column, node))
        if selected:
            painter.fillRect(0, rect.y(), px("accent_bar"), rect.height(), tok("accent"))

    def _pointer_y(self) -> int:
        return self.viewport().mapFromGlobal(self.cursor().pos()).y()

    def drawBranches(self, painter: QPainter, rect: QRect, index: Index) -> None:
        """Guide lines below every open ancestor, and a chevron where there is more."""
        node = self.tree.node(index)
        if node is None:
            return
        step = self.indentation()
        painter.setPen(QPen(tok("border"), px("hair")))
        above: Node | None = node.parent
        while above is not None:
            x = rect.x() + above.depth * step + step // 2
            painter.drawLine(x, rect.y(), x, rect.bottom())
            above = above.parent
        if node.children:
            side = px("icon_small")
            name = "chevron-down" if self.isExpanded(index) else "chevron-right"
            x = rect.x() + node.depth * step + (step - side) // 2
            image = pixmap(name, side, "text2", self.devicePixelRatioF())
            painter.drawPixmap(x, rect.y() + (rect.height() - side) // 2, image)
