"""Ctrl+K: records, actions, screens and settings in one box, by keyboard alone."""

import time
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.views.core import icons
from app.views.core.context import AppContext
from app.views.core.dialog import Layer
from app.views.core.fonts import font, metrics
from app.views.core.lookup import paint_marked
from app.views.core.marks import Divider, IconLabel, KeyCap, Label, chip_width, key_text, paint_chip
from app.views.core.operation import ReadOp
from app.views.core.theme import px, tok
from app.views.core.timing import Debounce
from app.views.core.workspace import Search
from app.views.shell.links import target_of
from app.views.shell.palette_items import (
    ACTIONS,
    GROUPS,
    RECENTS,
    RECORDS,
    SCREENS,
    SETTINGS,
    WITHHELD,
    Item,
    commands,
    found_records,
    link_item,
    matches,
    recent_records,
    withheld,
)

PER_SOURCE = 5
SHOWN_ACTIONS = 6
# What one may not do is not advertised: it shows to those who begin to type its name.
SHOWN_WITHHELD, LETTERS_WITHHELD, NAMED = 3, 3, 2
SCOPES = ("everything", RECORDS, ACTIONS, SCREENS)


class ResultList(QWidget):
    """The results in groups, painted; the mark moves by key or pointer.

    Signals:
        chosen: (`Item`, whether in a new tab).
    """

    chosen = Signal(object, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: list[Item] = []
        self.current = 0
        self.mark = ""
        self.notes: dict[str, str] = {}
        self.empty = ""
        self._offset = 0
        self.setObjectName("palette.results")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)

    def show_items(self, items: Sequence[Item], mark: str, notes: dict[str, str], empty: str) -> None:
        """Show results; the mark stays on the same result when it is still there."""
        key = self.items[self.current].key if self.items and self.current else ""
        self.items, self.mark, self.notes, self.empty = list(items), mark, notes, empty
        keys = [item.key for item in self.items]
        self.current = keys.index(key) if key in keys else 0
        self._offset = 0
        self.updateGeometry()
        self.update()

    def move_current(self, step: int) -> None:
        """Go to the next or the previous result."""
        if self.items:
            self.current = max(0, min(len(self.items) - 1, self.current + step))
            self._follow()
            self.update()

    def item(self) -> Item | None:
        """The marked result."""
        return self.items[self.current] if self.items else None

    def content_height(self) -> int:
        """Height that shows everything."""
        rows = self._rows()
        return rows[-1][1] + rows[-1][2] + px("gap") if rows else px("row_two") + px("gap_l")

    def sizeHint(self) -> QSize:
        """Everything, up to what a window holds."""
        return QSize(px("text_column"), min(self.content_height(), px("row_thumb") * 13))

    def _rows(self) -> list[tuple[Item | str, int, int]]:
        """Headings and results with their top and height."""
        rows: list[tuple[Item | str, int, int]] = []
        top, group = px("gap"), ""
        for item in self.items:
            if item.group != group:
                group = item.group
                rows.append((group, top, px("row_dense")))
                top += px("row_dense")
            rows.append((item, top, px("row_thumb") + px("hair") * 2))
            top += px("row_thumb") + px("hair") * 2
        return rows

    def _follow(self) -> None:
        for row, top, height in self._rows():
            if isinstance(row, Item) and self.items and row is self.items[self.current]:
                if top - px("row_dense") < self._offset:
                    self._offset = max(0, top - px("row_dense") - px("gap"))
                elif top + height > self._offset + self.height():
                    self._offset = top + height - self.height() + px("gap_xs")

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll."""
        most = max(0, self.content_height() - self.height())
        self._offset = max(0, min(most, self._offset - event.angleDelta().y() // 2))
        self.update()

    def _at(self, event: QMouseEvent) -> int | None:
        y = event.position().y() + self._offset
        for row, top, height in self._rows():
            if isinstance(row, Item) and top <= y < top + height:
                return self.items.index(row)
        return None

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Mark what is under the pointer."""
        at = self._at(event)
        if at is not None and at != self.current:
            self.current = at
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open what is under the pointer."""
        at = self._at(event)
        if at is not None:
            new_tab = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.chosen.emit(self.items[at], new_tab or event.button() == Qt.MouseButton.MiddleButton)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Headings and rows."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.items:
            painter.setPen(tok("text3"))
            painter.setFont(font("body"))
            painter.drawText(self.rect(), int(Qt.AlignmentFlag.AlignCenter), self.empty)
        current = self.item()
        for row, top, height in self._rows():
            y = top - self._offset
            if y + height < 0 or y > self.height():
                continue
            if isinstance(row, str):
                self._heading(painter, row, y, height)
            else:
                self._row(painter, row, y, height, row is current)
        painter.end()

    def _heading(self, painter: QPainter, group: str, y: int, height: int) -> None:
        left, right = px("margin_l"), self.width() - px("margin_l")
        area = QRectF(left, y, right - left, height)
        painter.setPen(tok("text2"))
        painter.setFont(font("small500"))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter), t(f"shell.palette.{group}"))
        painter.setFont(font("small"))
        painter.drawText(
            area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight), self.notes.get(group, "")
        )

    def _row(self, painter: QPainter, item: Item, y: int, height: int, current: bool) -> None:
        box = QRectF(px("gap"), y, self.width() - 2 * px("gap"), height)
        if current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("selected"))
            painter.drawRoundedRect(box, px("radius_button"), px("radius_button"))
        middle = int(y + height / 2)
        left, right = px("margin_l"), self.width() - px("margin_l")
        side = px("icon")
        ground = QRectF(left - 2, middle - px("gap_xl") / 2 - 1, px("gap_xl") + 2, px("gap_xl") + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(tok("photo"))
        if item.group in (RECORDS, RECENTS):
            painter.drawRoundedRect(ground, px("radius_key"), px("radius_key"))
        painter.drawPixmap(
            int(ground.center().x() - side / 2),
            middle - side // 2,
            icons.pixmap(
                item.icon, side, "text3" if item.group == WITHHELD else "text2", self.devicePixelRatioF()
            ),
        )
        left = int(ground.right()) + px("gap_m")
        right = self._right_side(painter, item, middle, right, current)
        baseline = middle + metrics("body500").ascent() // 2 - 1
        painter.setPen(tok("text3" if item.group == WITHHELD else "text"))
        left = paint_marked(painter, left, baseline, max(0, right - left), item.title, self.mark, "body500")
        left += px("gap_m")
        painter.setPen(tok("text2"))
        if right - left > px("col_min"):
            paint_marked(painter, left, baseline, right - left, item.subtitle, self.mark, "small")

    def _right_side(self, painter: QPainter, item: Item, middle: int, right: int, current: bool) -> int:
        """Key cap, chip and, on the marked row, what Enter does; returns where it begins."""
        if item.shortcut:
            words = key_text(item.shortcut)
            wide = metrics("caption").horizontalAdvance(words) + px("gap_m")
            cap = QRectF(right - wide, middle - px("keycap") / 2, wide, px("keycap")).adjusted(
                0.5, 0.5, -0.5, -0.5
            )
            painter.setPen(QPen(tok("border"), px("hair")))
            painter.setBrush(tok("surface"))
            painter.drawRoundedRect(cap, px("radius_key"), px("radius_key"))
            painter.setPen(tok("text3"))
            painter.setFont(font("caption"))
            painter.drawText(cap, int(Qt.AlignmentFlag.AlignCenter), words)
            right -= wide + px("gap")
        if item.chip is not None:
            wide = chip_width(item.chip[1])
            area = QRectF(right - wide, middle - px("chip") / 2, wide, px("chip")).toRect()
            paint_chip(painter, area, item.chip[0], item.chip[1])
            right -= wide + px("gap")
        if (current and not item.shortcut) or item.group == WITHHELD:
            words = t("why.action" if item.group == WITHHELD else "shell.palette.open")
            wide = metrics("small500").horizontalAdvance(words)
            painter.setPen(tok("accent_text" if current else "text3"))
            painter.setFont(font("small500"))
            place = QRectF(right - wide, middle - px("gap_m"), wide + 2, 2 * px("gap_m"))
            painter.drawText(place, int(Qt.AlignmentFlag.AlignVCenter), words)
            right -= wide + px("gap")
        return right - px("gap")


class CommandPalette(Layer):
    """The box.  Sources answer in their own time; an answer to what is no longer typed is dropped."""

    def __init__(self, host: QWidget, ctx: AppContext, settings: Sequence[Item]) -> None:
        super().__init__(
            host, width=px("toast") + px("step_card_w") + px("grid") * 13, top=px("top_bar") + px("tab_bar")
        )
        self.setObjectName("palette")
        self.close_on_click = True
        self._ctx = ctx
        self._commands = commands(ctx, settings)
        offered = {item.title for item in self._commands}
        self._withheld = [item for item in withheld(ctx) if item.title not in offered]
        self._found: dict[str, list[Item]] = {}
        self._text = ""
        self._scope = "everything"
        self._asked = self._took = 0.0
        self._waiting = 0
        self._build()
        self._pause = Debounce(self, "debounce_palette", self.search)
        self._show_all()

    def _build(self) -> None:
        column = QVBoxLayout(self.panel)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = QHBoxLayout()
        head.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("gap_m"))
        head.setSpacing(px("gap_m"))
        head.addWidget(IconLabel("search", px("icon_rail"), "accent_text"))
        self.input = QLineEdit()
        self.input.setObjectName("palette.input")
        self.input.setProperty("kit", "bare")
        self.input.setFont(font("title400"))
        self.input.setPlaceholderText(t("shell.search"))
        self.input.setAccessibleName(t("shell.search"))
        self.input.setMaxLength(200)
        self.input.setFixedHeight(px("control"))
        self.input.textChanged.connect(self._typed)
        self.input.installEventFilter(self)
        head.addWidget(self.input, 1)
        self._scope_words = Label("", "small600", "text2")
        head.addWidget(self._scope_words)
        head.addWidget(KeyCap("Tab"))
        head.addWidget(Label(t("shell.palette.narrow"), "small", "text2"))
        column.addLayout(head)
        column.addWidget(Divider())
        self.results = ResultList()
        self.results.chosen.connect(self._run)
        column.addWidget(self.results, 1)
        self.panel.foot = QWidget()
        foot = QHBoxLayout(self.panel.foot)
        foot.setContentsMargins(px("margin"), px("gap"), px("margin_l"), px("gap"))
        foot.setSpacing(px("gap_s"))
        for keys, words in (
            ("↑↓", "shell.palette.choose"),
            ("Enter", "shell.palette.open_low"),
            ("Ctrl+Enter", "shell.palette.new_tab"),
            (">", "shell.palette.actions_only"),
        ):
            foot.addWidget(KeyCap(keys))
            foot.addWidget(Label(t(words), "small", "text2"))
            foot.addSpacing(px("gap"))
        foot.addStretch(1)
        self._count = Label("", "small", "text3")
        self._count.setObjectName("palette.count")
        foot.addWidget(self._count)
        column.addWidget(self.panel.foot)

    def open(self) -> None:
        """Show it with the cursor in the box."""
        super().open()
        self.input.setFocus()

    # -- searching ----------------------------------------------------------------------------------------------

    def _typed(self, text: str) -> None:
        self._text = text.strip()
        if self._text.startswith(">") or not self._text:
            self._ctx.tasks.drop_owner(self)
            self._found.clear()
            self._waiting = 0
            self._pause.stop()
        else:
            self._pause.later()
        self._show_all()

    def search(self) -> None:
        """Ask every source, one round trip each."""
        text = self._text
        if not text or text.startswith(">") or self._scope in (ACTIONS, SCREENS):
            return
        self._asked, self._waiting = time.monotonic(), len(self._ctx.registry.searches)
        for search in self._ctx.registry.searches:
            op = ReadOp(self, self._ctx, search.find, text, PER_SOURCE, language()).replacing(search.title)
            op.success(partial(self._answered, text, search))
            op.failure(partial(self._unanswered, text, search)).start()

    def _answered(self, text: str, search: Search, rows: Sequence[object]) -> None:
        if text != self._text:
            return
        # By title: customers and suppliers are two sources of one table.
        self._found[search.title] = found_records(self._ctx, search, rows)
        self._waiting = max(0, self._waiting - 1)
        self._took = time.monotonic() - self._asked
        self._show_all()

    def _unanswered(self, text: str, search: Search, _error: BaseException) -> None:
        """A source that fails, or that this person may not ask, is left out."""
        self._answered(text, search, ())

    def _show_all(self) -> None:
        text = self._text.removeprefix(">").strip()
        only_actions = self._text.startswith(">")
        items: list[Item] = []
        target = target_of(self._text)
        if target is not None:
            items.append(link_item(self._ctx, target))
        if not self._text:
            items += recent_records(self._ctx)[:7]
        elif not only_actions and self._scope in ("everything", RECORDS):
            found = [item for s in self._ctx.registry.searches for item in self._found.get(s.title, [])]
            items += {item.key: item for item in found}.values()  # a partner may be customer and supplier
        ranked = [(matches(text, item.title, item.subtitle), item) for item in self._commands]
        ranked.sort(key=lambda pair: -pair[0])
        groups = {ACTIONS} if only_actions else {ACTIONS, SCREENS, SETTINGS}
        if self._scope in (ACTIONS, SCREENS):
            groups = {self._scope}
        elif self._scope == RECORDS:
            groups = set()
        for group in (ACTIONS, SCREENS, SETTINGS):
            most = SHOWN_ACTIONS if self._text or group != SETTINGS else 0
            most = 50 if only_actions or len(groups) == 1 else most
            if group in groups:
                items += [item for score, item in ranked if score and item.group == group][:most]
        if groups and len(text) >= LETTERS_WITHHELD:
            named = [item for item in self._withheld if matches(text, item.title) >= NAMED]
            items += named[:SHOWN_WITHHELD]
        items.sort(key=lambda item: GROUPS.index(item.group))
        self.results.show_items(items, text, self._notes(), self._empty_words())
        self._scope_words.setText(t(f"shell.palette.scope.{self._scope}"))
        ms = round(self._took * 1000)
        done = bool(self._text) and not self._waiting and self._asked and self._found
        self._count.setText(t("shell.palette.count_ms", n=len(items), ms=fmt.number(ms)) if done else "")
        self.place()

    def _notes(self) -> dict[str, str]:
        counts = []
        for search in self._ctx.registry.searches:
            found = self._found.get(search.title, [])
            if found and self._text:
                counts.append(f"{t(search.title)} {len(found)}{'+' if len(found) >= PER_SOURCE else ''}")
        return {RECORDS: " · ".join(counts)}

    def _empty_words(self) -> str:
        if self._waiting or self._pause.isActive():
            return t("shell.palette.searching")
        return t("shell.palette.nothing") if self._text else t("shell.palette.start")

    # -- keys ---------------------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows, Enter and Tab belong to the list, everything else to the box."""
        if watched is self.input and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            key = event.key()
            steps = {
                Qt.Key.Key_Down: 1,
                Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: 8,
                Qt.Key.Key_PageUp: -8,
            }
            if key in steps:
                self.results.move_current(steps[Qt.Key(key)])
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                item = self.results.item()
                if item is not None:
                    self._run(item, bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier))
                return True
            if key == Qt.Key.Key_Tab:
                self._scope = SCOPES[(SCOPES.index(self._scope) + 1) % len(SCOPES)]
                self._typed(self.input.text())
                return True
        return super().eventFilter(watched, event)

    def _run(self, item: Item, new_tab: bool) -> None:
        self.finish()
        item.run(new_tab)
