"""Parts of a record form: the grid that re-flows, the document chain, the card of name and value pairs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSizePolicy, QWidget

from app.views.core import icons
from app.views.core.fields import FieldBox
from app.views.core.fonts import font, metrics
from app.views.core.marks import Divider, IconLabel, Label, chip_width, paint_chip
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px, tok

GRID_COLUMNS = 4


class FieldGrid(QWidget):
    """Boxes in four columns; in two, or one below the other, when there is less room."""

    def __init__(self, boxes: Sequence[tuple[QWidget, int]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes = list(boxes)
        self._left_out: set[QWidget] = set()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(px("gap_m"))
        self._grid.setVerticalSpacing(px("gap"))
        # Added last: two columns that wide boxes always cover together would have no gap, and sections would not align.
        self._rulers = [QWidget(self) for _ in range(GRID_COLUMNS)]
        for ruler in self._rulers:
            ruler.setFixedHeight(0)
        self._columns = 0
        self._flow(GRID_COLUMNS)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Choose the number of columns by the width."""
        super().resizeEvent(event)
        width = event.size().width()
        self._flow(GRID_COLUMNS if width >= px("form_wide") else 2 if width >= px("form_middle") else 1)

    def set_shown(self, box: QWidget, shown: bool) -> None:
        """Show a box in its place, or leave it out without a gap."""
        if shown is (box not in self._left_out):
            return
        self._left_out ^= {box}
        box.setVisible(shown)
        columns, self._columns = self._columns, 0
        self._flow(columns)

    def minimumSizeHint(self) -> QSize:
        """One column is always possible."""
        return QSize(px("menu_min"), super().minimumSizeHint().height())

    def _flow(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for part in (*(box for box, _ in self._boxes), *self._rulers):
            self._grid.removeWidget(part)
        row = column = 0
        rows: dict[int, list[QWidget]] = {}
        for box, wanted in self._boxes:
            if box in self._left_out:
                continue
            span = min(wanted, columns)
            if column + span > columns:
                row, column = row + 1, 0
            self._grid.addWidget(box, row, column, 1, span, Qt.AlignmentFlag.AlignTop)
            rows.setdefault(row, []).append(box)
            column += span
        for number, ruler in enumerate(self._rulers[:columns]):
            self._grid.addWidget(ruler, 0, number, Qt.AlignmentFlag.AlignTop)
        for boxes in rows.values():
            _settle(boxes)
        for number in range(GRID_COLUMNS):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)
            self._grid.setColumnMinimumWidth(number, 0)


def _settle(boxes: Sequence[QWidget]) -> None:
    """Check boxes stand at the height of their neighbours' fields; a row of them alone needs no room above."""
    fields = [box for box in boxes if isinstance(box, FieldBox)]
    alone = all(box.field.kind == "check" for box in fields)
    for box in fields:
        box.set_compact(alone)


@dataclass(frozen=True)
class ChainNode:
    """One document of the chain.

    ``stage``: done (solid), present (accent edge) or to_come (dashed).  ``topic`` and ``record_id`` make it open.
    """

    icon: str
    title: str
    text: str
    stage: str = "done"
    chip: tuple[str, str] | None = None
    topic: str = ""
    record_id: int | None = None


class ChainCard(QWidget):
    """A document of the chain as a card.

    Signals:
        clicked: the card of a document that exists.
    """

    clicked = Signal()

    def __init__(self, node: ChainNode, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = node
        self.setObjectName(f"chain.{node.topic}.{node.record_id}" if node.topic else "chain.next")
        self.setFixedHeight(px("row_two") + px("gap"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(px("detail_picture"))
        self.setAccessibleName(f"{node.title} {node.text}")
        state = f" · {node.chip[1]}" if node.chip is not None else ""
        self.setToolTip(f"{node.title}{state}\n{node.text}")
        self._opens = bool(node.topic and node.record_id is not None and node.stage == "done")
        if self._opens:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the document."""
        if self._opens and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens it."""
        if self._opens and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Edge by stage, icon, title, text, chip."""
        node = self._node
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        present, to_come = node.stage == "present", node.stage == "to_come"
        pen = QPen(
            tok("accent" if present else "border" if to_come else "line"), px("ring" if present else "hair")
        )
        if to_come:
            pen.setDashPattern([4, 3])
        if self.hasFocus():
            pen = QPen(tok("focus"), px("ring"))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush if to_come else tok("surface"))
        inset = pen.widthF() / 2
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), px("radius_card"), px("radius_card")
        )
        side, left = px("icon"), px("gap_m")
        painter.drawPixmap(left, (self.height() - side) // 2, icons.pixmap(node.icon, side, "text2"))
        left += side + px("gap_m")
        right = self.width() - px("gap_m")
        title_right = right
        if node.chip is not None:
            wide = chip_width(node.chip[1])
            # The state gives way to the number: a number cut off says nothing, the state is in the tip too.
            # Measured by a number, so that the cards of a chain look alike.
            title = max(
                metrics("small600").horizontalAdvance(words) for words in (node.title, "AU-0000-00000")
            )
            if right - wide - px("gap") - left >= title:
                area = self.rect().adjusted(right - wide, px("gap_xs") + 2, 0, 0)
                area.setHeight(px("chip"))
                paint_chip(painter, area, node.chip[0], node.chip[1])
                title_right = right - wide - px("gap")
        for words, style, colour, base, edge in (
            (
                node.title,
                "small600" if not to_come else "small500",
                "text2" if to_come else "text",
                22,
                title_right,
            ),
            (node.text, "small", "text3" if to_come else "text2", 40, right),
        ):
            painter.setFont(font(style))
            painter.setPen(tok(colour))
            wide = metrics(style).horizontalAdvance(words)
            # The amount says more than a part of day and amount.
            text = words.rpartition(" · ")[2] if wide > edge - left else words
            shown = metrics(style).elidedText(text, Qt.TextElideMode.ElideRight, edge - left)
            painter.drawText(left, base, shown)
        painter.end()


class _Arrow(QWidget):
    def __init__(self, *, dashed: bool) -> None:
        super().__init__()
        self._dashed = dashed
        self.setFixedSize(px("gap_xl") + px("gap_m"), px("icon"))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(tok("control"), 1.5)
        middle, end = self.height() / 2, self.width() - px("gap_xs")
        if self._dashed:
            pen.setDashPattern([3, 2])
        painter.setPen(pen)
        painter.drawLine(int(px("gap_xs")), int(middle), int(end - 1), int(middle))
        painter.setPen(QPen(tok("control"), 1.5))
        tip = QPointF(end, middle)
        painter.drawPolyline([tip + QPointF(-4, -4), tip, tip + QPointF(-4, 4)])
        painter.end()


class DocumentChain(QWidget):
    """Where a document comes from and what follows from it.

    Signals:
        open_wanted: (topic, id) a document was clicked.
    """

    open_wanted = Signal(str, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._nodes: tuple[ChainNode, ...] = ()
        self.setObjectName("chain")
        self.hide()

    def set_nodes(self, nodes: Sequence[ChainNode]) -> None:
        """Show these documents from left to right; none hides the chain."""
        if tuple(nodes) == self._nodes:
            return
        self._nodes = tuple(nodes)
        clear_layout(self._row)
        for number, node in enumerate(self._nodes):
            if number:
                self._row.addWidget(_Arrow(dashed=node.stage == "to_come"))
            card = ChainCard(node)
            if node.topic and node.record_id is not None:
                topic, record_id = node.topic, node.record_id
                card.clicked.connect(
                    lambda topic=topic, record_id=record_id: self.open_wanted.emit(topic, record_id)
                )
            self._row.addWidget(card, 1)
        self.setVisible(bool(nodes))


@dataclass(frozen=True)
class Fact:
    """A name and its value in a card.  ``style``: normal, total (with a rule above) or locked (no right)."""

    label: str
    text: str = ""
    style: str = "normal"


class FactsCard(Card):
    """Names at the left, values at the right: totals, terms, figures of a customer."""

    def __init__(
        self, title: str, *, link: str = "", link_clicked: Callable[[], object] | None = None
    ) -> None:
        super().__init__(title, link=link, link_clicked=link_clicked)
        self._facts: tuple[Fact, ...] = ()

    def set_facts(self, facts: Sequence[Fact], locked_words: str = "") -> None:
        """Show these; ``locked_words`` stand where the right is missing."""
        if tuple(facts) == self._facts:
            return
        clear_layout(self.body)
        for fact in facts:
            self.add_fact(fact, locked_words)
        self._facts = tuple(facts)

    def add_fact(self, fact: Fact, locked_words: str = "") -> None:
        """Show one more below what is there, which may be any widget in `body`."""
        self._facts = ()
        if fact.style == "total":
            self.body.addWidget(Divider())
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        total = fact.style == "total"
        row.addWidget(
            Label(
                fact.label,
                "section15" if total else "small" if fact.style == "locked" else "body",
                "text" if total else "text2",
                shrink=True,
            )
        )
        if fact.style == "locked":
            row.addStretch(1)
            row.addWidget(IconLabel("lock", px("icon_small"), "text3"))
            row.addWidget(Label(locked_words, "small", "text3"))
        else:
            value = Label(fact.text, "section15" if total else "body", "text", wrap=len(fact.text) > 24)
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.addWidget(value, 1)
        self.body.addWidget(line)
