"""The columns of a record form: its fields and lines, and the cards beside or, in a narrow window, below them."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.views.core.detail import Column
from app.views.core.theme import px


def scrolling_column() -> tuple[QScrollArea, QVBoxLayout]:
    """A column that scrolls on its own, up and down."""
    scroll = QScrollArea()
    scroll.setProperty("kit", "plain")
    scroll.setWidgetResizable(True)
    scroll.setFrameShape(QScrollArea.Shape.NoFrame)
    scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    scroll.viewport().setAutoFillBackground(False)
    body = Column()
    body.setAutoFillBackground(False)
    layout = QVBoxLayout(body)
    layout.setContentsMargins(0, 0, px("gap"), px("margin"))
    scroll.setWidget(body)
    return scroll, layout


class SideColumn(QWidget):
    """The cards of a form.  ``main`` is the layout they go to the end of when there is no room beside it."""

    def __init__(self, cards: Sequence[QWidget], main: QVBoxLayout) -> None:
        super().__init__()
        self._all = list(cards)
        self._main = main
        self._below = False
        self.setFixedWidth(px("side") + px("gap_l") + px("margin_l"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        side, self._stack = scrolling_column()
        side.setObjectName("side")
        self._stack.setContentsMargins(0, 0, px("margin_l"), px("margin"))
        self._stack.setSpacing(px("gap_m"))
        column.addWidget(side)
        self._under = QWidget()
        row = QHBoxLayout(self._under)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap_m"))
        self._halves = (QVBoxLayout(), QVBoxLayout())
        for half in self._halves:
            half.setSpacing(px("gap_m"))
            row.addLayout(half, 1)
        main.addWidget(self._under)
        self._under.hide()
        self._place()

    def stand(self, *, below: bool) -> None:
        """Stand below in two columns, or beside in one."""
        if below != self._below:
            self._below = below
            self._place()

    def _place(self) -> None:
        shown = [card for card in self._all if not card.isHidden()]
        for layout in (self._stack, *self._halves):
            while layout.takeAt(0) is not None:
                pass
        for number, card in enumerate(self._all):
            if self._below:
                # Left and right by turns of those that show; who is hidden may come back at the end.
                turn = shown.index(card) if card in shown else number
                self._halves[turn % 2].addWidget(card)
            else:
                self._stack.addWidget(card)
        for layout in self._halves if self._below else (self._stack,):
            layout.addStretch(1)
        self._main.setContentsMargins(0, 0, px("margin_l" if self._below else "gap"), px("margin"))
        if self.parentWidget() is not None:
            self._under.setVisible(self._below)
            self.setVisible(not self._below)
