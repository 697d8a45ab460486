"""The first page: what wants attention today, what one worked on last, what is not saved."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core import format as fmt
from app.core.changes import Changes
from app.core.drafts import Draft
from app.core.errors import AppError
from app.core.i18n import t
from app.core.paging import count_together
from app.views.core import icons
from app.views.core.buttons import IconButton
from app.views.core.context import AppContext
from app.views.core.fonts import font, metrics
from app.views.core.marks import Label
from app.views.core.operation import ReadOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.theme import px, tok
from app.views.core.timing import Debounce
from app.views.core.workspace import TabPage, Tile, title_in_force
from app.views.shell.draft_shelf import DraftShelf
from app.views.shell.guide import guide_card, wanted
from app.views.shell.palette_items import Item, recent_records

RECENT_SHOWN = 8
BEGIN_SHOWN = 6


def count_tiles(session: Any, tiles: list[Tile]) -> dict[str, int]:
    """The number of every tile, of all that count a list in one round trip."""
    found = count_together(session, [tile.count for tile in tiles])
    return {tile.key: number for tile, (number, _exact) in zip(tiles, found, strict=True)}


class TileButton(QAbstractButton):
    """A number with its word; a click opens the list behind it."""

    def __init__(self, tile: Tile) -> None:
        super().__init__()
        self.tile = tile
        self.count: int | None = None
        self.setObjectName(f"tile.{tile.key}")
        self.setText(t(tile.title))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.show_count(None)

    def show_count(self, count: int | None) -> None:
        """Show the number; None while it is not known."""
        self.count = count
        self.setAccessibleName(f"{self.text()}: {fmt.number(count)}")
        self.update()

    def sizeHint(self) -> QSize:
        """A card."""
        return QSize(px("step_card_w") - px("gap_xl"), px("step_card_h"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Card, icon, number, word."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        focused = self.hasFocus()
        painter.setPen(QPen(tok("focus" if focused else "line"), px("ring" if focused else "hair")))
        painter.setBrush(tok("hover" if self.underMouse() else "surface"))
        inset = 1.0 if focused else 0.5
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), px("radius_card"), px("radius_card")
        )
        pad = px("gap_l")
        kind = self.tile.kind if self.count else "neutral"
        side = px("icon_rail")
        ground = QRectF(
            self.width() - pad - side - px("gap_m"), pad - 2, side + px("gap_m"), side + px("gap_m")
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok(f"{kind}_bg"))
        painter.drawRoundedRect(ground, px("radius_card"), px("radius_card"))
        painter.drawPixmap(
            int(ground.center().x() - side / 2),
            int(ground.center().y() - side / 2),
            icons.pixmap(self.tile.icon, side, kind, self.devicePixelRatioF()),
        )
        painter.setPen(tok("text" if self.count else "text2"))
        painter.setFont(font("display"))
        painter.drawText(pad, pad + metrics("display").ascent() - px("gap_xs"), fmt.number(self.count))
        painter.setPen(tok("text2"))
        painter.setFont(font("body"))
        words = metrics("body").elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - 2 * pad)
        painter.drawText(
            QRectF(pad, self.height() - pad - px("gap_l"), self.width() - 2 * pad, px("avatar")),
            int(Qt.AlignmentFlag.AlignBottom),
            words,
        )
        painter.end()


class RowButton(QAbstractButton):
    """A line of a card that opens something: icon, title, quiet words."""

    def __init__(self, item: Item) -> None:
        super().__init__()
        self._item = item
        self.setObjectName(f"home.{item.key}")
        self.setText(item.title)
        self.setAccessibleName(f"{item.title} {item.subtitle}")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(lambda: item.run(False))

    def sizeHint(self) -> QSize:
        """A row."""
        return QSize(px("menu_min"), px("row_chip"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter opens, too."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Tint under the pointer, icon, words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse() or self.hasFocus():
            painter.setPen(QPen(tok("focus"), px("hair")) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(tok("hover"))
            box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
            painter.drawRoundedRect(box, px("radius_chip"), px("radius_chip"))
        side, left = px("icon"), px("gap_s")
        painter.drawPixmap(
            left,
            (self.height() - side) // 2,
            icons.pixmap(self._item.icon, side, "text2", self.devicePixelRatioF()),
        )
        left += side + px("gap_m")
        quiet = metrics("small").horizontalAdvance(self._item.subtitle)
        room = self.width() - left - quiet - px("gap_l")
        painter.setPen(tok("text"))
        painter.setFont(font("body500"))
        words = metrics("body500").elidedText(self._item.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, 0, room + 2, self.height()), int(Qt.AlignmentFlag.AlignVCenter), words)
        painter.setPen(tok("text3"))
        painter.setFont(font("small"))
        painter.drawText(
            self.rect().adjusted(0, 0, -px("gap_s"), 0),
            int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight),
            self._item.subtitle,
        )
        painter.end()


class HomePage(TabPage):
    """Tiles of the capabilities, recent records, drafts, first steps."""

    icon = "house"

    def __init__(self, ctx: AppContext, shelf: DraftShelf, badge: Callable[[str, int], object]) -> None:
        super().__init__(ctx)
        self._shelf = shelf
        self._badge = badge
        self._columns = 0
        self.tiles = [TileButton(tile) for tile in ctx.registry.tiles]
        self.topics = frozenset(topic for tile in ctx.registry.tiles for topic in tile.topics)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.viewport().setAutoFillBackground(False)
        outer.addWidget(scroll)
        body = QWidget()
        body.setAutoFillBackground(False)
        body.setMaximumWidth(px("step_card_w") * 5)
        column = QVBoxLayout(body)
        column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        column.setSpacing(px("gap_xl"))
        column.addLayout(self._greeting())
        self._guide: QWidget | None = None
        self._column = column
        self._grid = QGridLayout()
        self._grid.setSpacing(px("gap_m"))
        column.addLayout(self._grid)
        self._cards = QHBoxLayout()
        self._cards.setSpacing(px("gap_m"))
        column.addLayout(self._cards)
        column.addStretch(1)
        scroll.setWidget(body)
        for tile in self.tiles:
            tile.clicked.connect(lambda _=False, tile=tile: self._open(tile.tile))
        self._recount = Debounce(self, "debounce_count", self.refresh)
        self._fill_cards()
        shelf.changed.connect(self._fill_cards)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("shell.rail.home")

    def refresh(self) -> None:
        """Count again."""
        if self.tiles:
            op = ReadOp(self, self.ctx, count_tiles, [tile.tile for tile in self.tiles])
            op.replacing("tiles").success(self._counted).failure(self._not_counted).start()

    def receive_changes(self, changes: Changes, *, own: bool) -> None:
        """Numbers at the rail follow what happens even while this page is hidden."""
        self._recount.later()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As many tiles in a row as fit."""
        super().resizeEvent(event)
        self._arrange(max(1, min(4, (event.size().width() - px("gap_xl")) // px("step_card_w"))))

    def showEvent(self, event: QShowEvent) -> None:
        """The guide may be wanted again since."""
        super().showEvent(event)
        self._show_guide()

    def _show_guide(self) -> None:
        if self._guide is not None:
            self._guide.hide()
            self._column.removeWidget(self._guide)
            self._guide.deleteLater()
            self._guide = None
        if wanted(self.ctx):
            self._guide = guide_card(self.ctx, self._show_guide)
            self._column.insertWidget(1, self._guide)

    def _greeting(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(px("gap_xs"))
        now = datetime.now().astimezone()
        part = "morning" if now.hour < 11 else "day" if now.hour < 17 else "evening"
        first = self.ctx.profile.person.split(" ")[0]
        column.addWidget(Label(t(f"shell.home.{part}", name=first), "display"))
        day = f"{t(f'shell.day_long.{now.isoweekday()}')}, {fmt.date_(now.date())}"
        column.addWidget(Label(f"{day} · {self.ctx.profile.company}".strip(" ·"), "body", "text2"))
        return column

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for number, tile in enumerate(self.tiles):
            self._grid.removeWidget(tile)
            self._grid.addWidget(tile, number // columns, number % columns)
        for number in range(4):
            self._grid.setColumnStretch(number, 1 if number < columns else 0)

    def _counted(self, counts: dict[str, int]) -> None:
        badges: dict[str, int] = {}
        for tile in self.tiles:
            count = counts.get(tile.tile.key)
            tile.show_count(count)
            workspace = self.ctx.registry.workspaces.get(tile.tile.workspace)
            if tile.tile.badge and workspace is not None:
                badges[workspace.rail] = badges.get(workspace.rail, 0) + (count or 0)
        for rail, count in badges.items():
            self._badge(rail, count)

    @staticmethod
    def _not_counted(error: BaseException) -> bool:
        """The numbers stay unknown; only a bug is worth a dialog in the morning."""
        return isinstance(error, AppError)

    def _open(self, tile: Tile) -> None:
        self.ctx.navigate.open_workspace(tile.workspace, **tile.state)

    def _fill_cards(self) -> None:
        clear_layout(self._cards)
        recent = Card(t("shell.home.recent"))
        entries = recent_records(self.ctx)[:RECENT_SHOWN]
        for item in entries:
            recent.body.addWidget(RowButton(item))
        if not entries:
            recent.body.addWidget(Label(t("shell.home.recent_none"), "body", "text3", wrap=True))
        recent.body.addStretch(1)
        self._cards.addWidget(recent, 1, Qt.AlignmentFlag.AlignTop)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_m"))
        if self._shelf.drafts:
            column.addWidget(self._drafts_card())
        column.addWidget(self._start_card())
        column.addStretch(1)
        self._cards.addWidget(side, 1, Qt.AlignmentFlag.AlignTop)

    def _drafts_card(self) -> Card:
        card = Card(t("shell.home.drafts"))
        for draft in self._shelf.drafts.values():
            row = QHBoxLayout()
            words = self._words_of(draft)
            item = Item(
                "drafts",
                f"draft.{draft.key}",
                "pencil",
                words,
                fmt.date_time(draft.saved_at),
                partial(self._resume, draft),
            )
            row.addWidget(RowButton(item), 1)
            row.addWidget(IconButton("trash-2", "form.discard", clicked=partial(self._shelf.drop, draft.key)))
            card.body.addLayout(row)
        return card

    def _words_of(self, draft: Draft) -> str:
        """The title of the form; of what was kept without one, the kind of its record."""
        record = self.ctx.registry.records.get(str(draft.payload.get("topic", "")))
        kind = t(record.title) if record is not None and record.title else t("shell.home.drafts")
        number = draft.payload.get("id")
        return title_in_force(draft.payload) or (kind if number is None else f"{kind} #{number}")

    def _start_card(self) -> Card:
        card = Card(t("shell.home.begin"))
        registry = self.ctx.registry
        offered = [
            r
            for r in registry.records.values()
            if r.create_right and r.title and registry.may(r.create_right)
        ]
        for record in offered[:BEGIN_SHOWN]:
            words = t("shell.new_record", what=t(record.title))
            item = Item(
                "new", f"new.{record.topic}", record.icon, words, "", partial(self._new, record.topic)
            )
            card.body.addWidget(RowButton(item))
        words = t("shell.home.search").replace("&", "")
        card.body.addWidget(
            RowButton(Item("new", "search", "search", words, "", lambda _new_tab: self._search()))
        )
        return card

    def _resume(self, draft: Draft, _new_tab: bool) -> None:
        self._shelf.resume_wanted.emit(draft)

    def _new(self, topic: str, _new_tab: bool) -> None:
        self.ctx.navigate.new_record(topic)

    def _search(self) -> None:
        window = self.window()
        opener = getattr(window, "open_palette", None)
        if callable(opener):
            opener()
