"""The pane beside a list: head with picture, underlined tabs, facts, rows, sections, history."""

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.core.i18n import t
from app.views.core.buttons import Button, IconButton
from app.views.core.fonts import metrics
from app.views.core.icons import pixmap
from app.views.core.marks import Avatar, Chip, Divider, IconLabel, Label
from app.views.core.segmented import SegmentedTabs
from app.views.core.theme import fill, font, px, tok


class Column(QWidget):
    """Content that scrolls up and down: as wide as the room there is, however wide its parts would like to be."""

    def minimumSizeHint(self) -> QSize:
        """Only the height counts."""
        return QSize(0, super().minimumSizeHint().height())


def scrolled(content: QWidget) -> QScrollArea:
    """A widget in a scroll area without edge, scrolling up and down only, never wider than the area."""
    if not isinstance(content, Column):
        holder = Column()
        box = QVBoxLayout(holder)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(content)
        content.setAutoFillBackground(False)
        content = holder
    area = QScrollArea()
    area.setProperty("kit", "plain")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


class Picture(QWidget):
    """A product picture on its ground; asks ``images`` for ``key`` and paints again when it is there."""

    def __init__(self, images: Any, key: Any, side: int | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._images, self._key = images, key
        self._side = side or px("detail_picture")
        self.setFixedSize(self._side, self._side)
        self.setAccessibleName(t("kit.picture"))
        if images is not None and hasattr(images, "ready"):
            images.ready.connect(self.update)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture or its stand-in."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        shown = self._images.thumb(self._key, self._side, ratio) if self._images and self._key else None
        if shown is not None:
            painter.drawPixmap(0, 0, shown)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("photo"))
        painter.drawRoundedRect(QRectF(self.rect()), px("radius_card"), px("radius_card"))
        mark = self._side // 4
        image = pixmap("image" if self._key else "package", mark, "disabled", ratio)
        painter.drawPixmap((self._side - mark) // 2, (self._side - mark) // 2, image)


class DetailPane(QWidget):
    """Head, tabs, and below them content that scrolls.

    Add a section with `tab`, which gives the layout to fill; a tab given a ``build`` function is built when it is
    first shown.

    Signals:
        tab_chosen: key of the tab the user chose.
    """

    tab_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fill(self, "surface")
        box = QVBoxLayout(self)
        box.setContentsMargins(0, px("margin"), 0, 0)
        box.setSpacing(0)
        self._head = QVBoxLayout()
        self._head.setContentsMargins(px("margin"), 0, px("margin"), 0)
        box.addLayout(self._head)
        self._tabs = SegmentedTabs(style="body500", spacing="gap_m")
        self._tabs.chosen.connect(self._choose)
        self._tab_row = QWidget()
        tabs = QVBoxLayout(self._tab_row)
        tabs.setContentsMargins(px("margin"), px("gap_s"), px("gap"), 0)
        tabs.addWidget(self._tabs)
        self._tab_row.hide()
        box.addWidget(self._tab_row)
        self._rule = Divider()
        box.addWidget(self._rule)
        self._rule.hide()
        self._stack = QStackedWidget()
        box.addWidget(self._stack, 1)
        self._items: list[tuple[str, str]] = []
        self._builders: dict[str, Callable[[QVBoxLayout], object]] = {}
        self._layouts: dict[str, QVBoxLayout] = {}

    def head(
        self,
        code: str,
        name: str,
        *,
        chips: Sequence[tuple[str, str]] = (),
        note: str = "",
        picture: QWidget | None = None,
        actions: Sequence[QWidget] = (),
    ) -> None:
        """Fill the head: code with a button to copy it, name, chips ``(kind, words)``, a line below."""
        row = QHBoxLayout()
        row.setSpacing(px("margin"))
        if picture is not None:
            row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(px("gap_xs"))
        first = QHBoxLayout()
        first.setSpacing(px("gap_xs"))
        first.addWidget(Label(code, "small500", "text2", shrink=True))
        if code:
            copy = IconButton("copy", "kit.copy_code", size=px("chip") + 4, icon_size=px("icon_small"))
            copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(code))
            first.addWidget(copy)
        first.addStretch(1)
        for action in actions:
            first.addWidget(action)
        column.addLayout(first)
        column.addWidget(Label(name, "section15", wrap=True))
        if chips:
            line = QHBoxLayout()
            line.setSpacing(px("gap"))
            for kind, words in chips:
                line.addWidget(Chip(kind, words))
            line.addStretch(1)
            column.addLayout(line)
        if note:
            column.addWidget(Label(note, "small", "text2", elide=True))
        column.addStretch(1)
        row.addLayout(column, 1)
        self._head.addLayout(row)

    def tab(self, key: str, words: str, build: Callable[[QVBoxLayout], object] | None = None) -> QVBoxLayout:
        """Add a tab and return the layout of its content."""
        content = Column()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(px("margin"), px("gap_m"), px("margin"), px("margin"))
        layout.setSpacing(0)
        layout.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack.addWidget(scrolled(content))
        self._items.append((key, words))
        self._layouts[key] = layout
        if build is not None:
            self._builders[key] = build
        self._tabs.set_items(self._items)
        many = len(self._items) > 1
        below = 0 if many else px("gap_m")  # without tabs the rule keeps its distance from the head
        self._head.setContentsMargins(px("margin"), 0, px("margin"), below)
        self._tab_row.setVisible(many)
        self._rule.setVisible(True)
        if len(self._items) == 1:
            self._show(key)
        return layout

    @property
    def current(self) -> str:
        """Key of the tab that is shown."""
        return self._tabs.current

    def select(self, key: str) -> None:
        """Show a tab; an unknown key shows the first."""
        keys = [name for name, _ in self._items]
        if keys:
            self._show(key if key in keys else keys[0])

    def _choose(self, key: str) -> None:
        self._show(key)
        self.tab_chosen.emit(key)

    def _show(self, key: str) -> None:
        build = self._builders.pop(key, None)
        if build is not None:
            build(self._layouts[key])
        self._tabs.set_current(key)
        self._stack.setCurrentIndex([name for name, _ in self._items].index(key))

    def minimumSizeHint(self) -> QSize:
        """Never forces the page to grow."""
        return QSize(px("side"), px("col_min"))


def facts(items: Sequence[tuple[str, str]], columns: int = 2) -> QWidget:
    """Short facts as a grid: ``(label, value)``, ``columns`` beside each other; a long one has a line of its own."""
    widget = QWidget()
    grid = QGridLayout(widget)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(px("gap"))
    grid.setVerticalSpacing(px("gap_xs"))
    labels = max((metrics("small").horizontalAdvance(label) for label, _ in items), default=0) + px("gap")
    room = (px("detail") - 2 * px("margin") - (columns - 1) * px("gap")) // columns - labels
    line = place = 0
    for label, value in items:
        wide = metrics("small500").horizontalAdvance(value) > room
        if wide and place:
            line, place = line + 1, 0
        grid.addWidget(Label(label, "small", "text2"), line, place * 2)
        words = Label(value, "small500", elide=True)
        grid.addWidget(words, line, place * 2 + 1, 1, columns * 2 - 1 if wide else 1)
        grid.setColumnStretch(place * 2 + 1, 1)
        place = (place + 1) % columns if not wide else 0
        line += 1 if place == 0 else 0
    return widget


def section(
    title: str, *, note: str = "", link: str = "", clicked: Callable[[], object] | None = None
) -> QWidget:
    """The head of a group in the pane: title, and at the right a note or a link (a text key)."""
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, px("gap_m"), 0, px("gap_xs"))
    row.addWidget(Label(title, "small600", "text2", shrink=True))
    row.addStretch(1)
    if note:
        row.addWidget(Label(note, "small", "text2"))
    if link:
        row.addWidget(Button(link, kind="link", clicked=clicked))
    return widget


class _Line(QWidget):
    """One row of the pane with a line below."""

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(px("row_dense") - 2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 1)
        self.row.setSpacing(px("gap"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        QPainter(self).fillRect(0, self.height() - 1, self.width(), px("hair"), tok("line"))


def value_row(
    label: str,
    value: str,
    unit: str | None = "",
    *,
    locked: bool = False,
    tone: str = "text",
    note: str = "",
) -> QWidget:
    """A name, a number that counts, and what belongs behind it ("Laden 39,50 € brutto"); None leaves no room behind.

    ``locked`` shows a lock and "kein Recht" instead of the number, ``note`` stands below the name.
    """
    line = _Line()
    if note:
        line.setFixedHeight(line.height() + metrics("small").height())
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(Label(label, "body", "text2", elide=True))
        names.addWidget(Label(note, "small", "text2", elide=True))
        line.row.addLayout(names, 1)
    else:
        line.row.addWidget(Label(label, "body", "text2", shrink=True))
        line.row.addStretch(1)
    if locked:
        line.row.addWidget(IconLabel("lock", px("icon_small"), "text3"))
        line.row.addWidget(Label(t("kit.no_right"), "small", "text2"))
    else:
        number = Label(value, "body600", tone)
        number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        line.row.addWidget(number)
    if unit is not None:
        behind = Label(unit, "small", "text2")
        behind.setFixedWidth(px("avatar") * 4 + px("gap"))
        line.row.addWidget(behind)
    return line


def cells_row(cells: Sequence[tuple[str, str, str]], widths: Sequence[int] = ()) -> QWidget:
    """A row of several cells ``(words, style, side)``: style body, body500, body600 or small, side left or right.

    ``widths`` are shares; the same shares in every row make columns. What stands at the right is never shortened.
    """
    line = _Line()
    for number, (words, style, side) in enumerate(cells):
        right = side == "right"
        label = Label(words, style, "text2" if style in ("body", "small") else "text", elide=not right)
        label.setAlignment(
            (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft)
            | Qt.AlignmentFlag.AlignVCenter
        )
        line.row.addWidget(label, widths[number] if number < len(widths) else 1)
    return line


def text_row(words: str, *, style: str = "body", color: str = "text2") -> QWidget:
    """A paragraph."""
    return Label(words, style, color, wrap=True)


def history_row(letters: str, words: str, when: str, *, person: str = "") -> QWidget:
    """Who did what when."""
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, px("ring_gap"), 0, px("ring_gap"))
    row.setSpacing(px("gap"))
    row.addWidget(Avatar(letters, name=person))
    label = Label(words, "small", "text", elide=True)
    row.addWidget(label, 1)
    row.addWidget(Label(when, "small", "text2"))
    return widget


class ShareBar(QWidget):
    """Shares of a whole as one bar; the words stand in rows below (see `share_row`)."""

    def __init__(self, shares: Sequence[tuple[float, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shares = list(shares)
        self.setFixedHeight(px("bar") + 2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the shares side by side with a hair between."""
        painter = QPainter(self)
        left = 0.0
        for share, color in self._shares:
            width = share * self.width()
            painter.fillRect(QRectF(left, 0, max(0.0, width - px("hair")), self.height()), tok(color))
            left += width


def share_row(color: str, label: str, value: str, share: str) -> QWidget:
    """One share of a whole: its colour, name, amount and percentage."""
    widget = QWidget()
    row = QHBoxLayout(widget)
    row.setContentsMargins(0, 1, 0, 1)
    row.setSpacing(px("gap"))
    row.addWidget(_Swatch(color))
    row.addWidget(Label(label, "small", "text2", elide=True), 1)
    row.addWidget(Label(value, "small600"))
    percent = Label(share, "small", "text2")
    percent.setFixedWidth(px("col_min") - px("gap_xs"))
    percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    row.addWidget(percent)
    return widget


class _Swatch(QWidget):
    def __init__(self, color: str) -> None:
        super().__init__()
        self._color = color
        self.setFixedSize(px("bar"), px("bar"))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok(self._color))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)


def empty_detail(words: str) -> QWidget:
    """The pane while nothing is selected."""
    widget = QWidget()
    fill(widget, "surface")
    box = QVBoxLayout(widget)
    label = Label(words, "small", "text3", wrap=True)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    label.setFont(font("small"))
    box.addWidget(label)
    return widget
