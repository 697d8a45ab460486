"""Parts of pages that are neither list nor form: the head, the row of tools below it, the sunken foot."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from app.views.core.buttons import Button
from app.views.core.detail import Picture
from app.views.core.marks import Chip, Divider, Label
from app.views.core.surfaces import clear_layout
from app.views.core.theme import px, tok


class _Ground(QWidget):
    def __init__(self, token: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._token = token

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok(self._token))
        painter.end()


class PageHead(_Ground):
    """Picture, title with chips, a line below; at the right what can be done (`add`)."""

    def __init__(self, title: str = "", *, picture: bool = False, images: Any = None) -> None:
        super().__init__("surface")
        self._images = images
        row = QHBoxLayout(self)
        row.setContentsMargins(px("margin_l"), px("gap"), px("margin"), px("gap"))
        row.setSpacing(px("gap_m"))
        self._picture = QHBoxLayout()
        row.addLayout(self._picture)
        self._with_picture = picture
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        first = QHBoxLayout()
        first.setSpacing(px("gap"))
        self._title = Label(title, "title", elide=True)
        self._title.setObjectName("page.title")
        first.addWidget(self._title, 1)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(px("gap"))
        first.addLayout(self._chips)
        first.addStretch(1)
        words.addLayout(first)
        self._line = Label("", "small", "text2", elide=True)
        self._line.setObjectName("page.line")
        self._line.hide()
        words.addWidget(self._line)
        words.addStretch(1)
        row.addLayout(words, 1)
        self._right = QHBoxLayout()
        self._right.setSpacing(px("gap"))
        row.addLayout(self._right)
        self.setFixedHeight(px("control") + 2 * px("gap_m") - px("gap_xs"))

    def show_title(self, title: str, chips: Sequence[tuple[str, str]] = (), line: str = "") -> None:
        """Show words, chips ``(kind, words)`` and the line below."""
        self._title.setText(title)
        self._title.setMaximumWidth(self._title.fontMetrics().horizontalAdvance(title) + px("gap_xs"))
        clear_layout(self._chips)
        for number, (kind, words) in enumerate(chips):
            chip = Chip(kind, words)
            chip.setObjectName("page.chip" if not number else f"page.chip.{number}")
            self._chips.addWidget(chip)
        self._line.setText(line)
        self._line.setVisible(bool(line))
        if line:
            self.setFixedHeight(px("row_two") + px("gap_l"))

    def show_picture(self, key: Any) -> None:
        """Show a product picture, given as (id, hash)."""
        if self._with_picture:
            clear_layout(self._picture)
            self._picture.addWidget(Picture(self._images, key, px("row_thumb") + 2))

    def add(self, widget: QWidget) -> None:
        """Put a button at the right."""
        self._right.addWidget(widget)


class ToolRow(_Ground):
    """A row of fields and toggles below the head; `add` fills the left, `add_right` the right."""

    def __init__(self) -> None:
        super().__init__("surface")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Divider())
        line = QHBoxLayout()
        line.setContentsMargins(px("margin_l"), 0, px("margin"), 0)
        line.setSpacing(px("gap"))
        self._left, self._right = QHBoxLayout(), QHBoxLayout()
        for part in (self._left, self._right):
            part.setSpacing(px("gap"))
        line.addLayout(self._left)
        line.addStretch(1)
        line.addLayout(self._right)
        column.addLayout(line, 1)
        self.setFixedHeight(px("row_two"))

    def add(self, widget: QWidget, *, label: str = "", width: int = 0) -> None:
        """Put a widget at the left, with its name before it."""
        if label:
            self._left.addWidget(Label(label, "small500", "text2"))
        if width:
            widget.setFixedWidth(width)
        self._left.addWidget(widget)

    def add_divider(self) -> None:
        """Separate groups."""
        line = Divider(vertical=True)
        line.setFixedHeight(px("control_toolbar"))
        self._left.addWidget(line)

    def add_right(self, widget: QWidget) -> None:
        """Put a widget at the right."""
        self._right.addWidget(widget)


class Toggle(Button):
    """A button that stays pressed; pressed it stands on a fill."""

    def __init__(self, text_key: str, icon: str | None = None, **options: Any) -> None:
        super().__init__(text_key, icon, "ghost", size="toolbar", **options)
        self.setCheckable(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The fill below what every button paints."""
        if self.isChecked():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("neutral_bg"))
            painter.drawRoundedRect(QRectF(self.rect()), px("radius_button"), px("radius_button"))
            painter.end()
        super().paintEvent(event)


def one_of(owner: QWidget, toggles: Sequence[Toggle]) -> QButtonGroup:
    """Make toggles exclude each other."""
    group = QButtonGroup(owner)
    group.setExclusive(True)
    for toggle in toggles:
        group.addButton(toggle)
    return group


class PageFoot(_Ground):
    """The sunken foot of a page: `left` and `right` are layouts to fill."""

    def __init__(self) -> None:
        super().__init__("sunken")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Divider())
        line = QHBoxLayout()
        line.setContentsMargins(px("margin_l"), 0, px("margin_l"), 0)
        self.left, self.right = QHBoxLayout(), QHBoxLayout()
        for part in (self.left, self.right):
            part.setSpacing(px("gap_m"))
        line.addLayout(self.left)
        line.addStretch(1)
        line.addLayout(self.right)
        column.addLayout(line, 1)
        self.setFixedHeight(px("row_two") - px("gap_xs"))

    def clear(self) -> None:
        """Take everything out."""
        clear_layout(self.left)
        clear_layout(self.right)
