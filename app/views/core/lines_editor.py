"""The card with the lines of a document: head with actions, the table, a foot with keys and subtotal."""

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.i18n import language, t
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.lines import RAW, LinesSpec, read_cell, read_table, stored_lines, typed_over
from app.views.core.lines_delegate import LinesDelegate, Picture
from app.views.core.lines_model import LinesModel
from app.views.core.lines_view import LinesTable
from app.views.core.lookup import Found
from app.views.core.marks import KeyCap, Label
from app.views.core.operation import ReadOp
from app.views.core.theme import px, tok


class LinesEditor(QWidget):
    """Lines of quotes, orders, bills of material, transfers.

    Signals:
        changed: a user changed, added, moved or removed something.
        typing: a user is typing into a cell; `lines` has it already.
        line_changed: (line number from 0, column key) a user changed a cell; also for the article of a new line.
        notice: words for a toast, with the way back: (text, undo).
    """

    changed = Signal()
    typing = Signal()
    line_changed = Signal(int, str)
    notice = Signal(str, object)

    def __init__(
        self,
        ctx: AppContext,
        spec: LinesSpec,
        *,
        picture: Picture | None = None,
        name: str = "lines",
        shortcut: str = "Ins",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self.spec = spec
        may = ctx.profile.can
        hidden = frozenset(c.key for c in spec.columns if not c.shown or (c.right and not may(c.right)))
        self.model = LinesModel(spec, hidden)
        self._shortcut = shortcut
        self.setObjectName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self._head = self._build_head()
        self.table = LinesTable(self.model, lambda parent: LinesDelegate(ctx, spec, picture, parent), self)
        self.table.setObjectName(f"{name}.table")
        self._foot = self._build_foot()
        column.addLayout(self._head)
        column.addWidget(self.table, 1)
        column.addWidget(self._foot)
        self.table.delegate.picked.connect(self._picked)
        self.table.insert_wanted.connect(self.table.go_new)
        self.table.add_wanted.connect(self._add_empty)
        self.table.duplicate_wanted.connect(self.duplicate)
        self.table.delete_wanted.connect(self.delete)
        self.table.paste_wanted.connect(self.paste)
        self.table.delegate.typing.connect(self.typing)
        self.table.delegate.closeEditor.connect(lambda: self.typing.emit())
        self.model.edited.connect(self._edited)
        self.model.refused.connect(self.changed)
        self.model.structure.connect(self._fit)
        for signal in (self.model.modelReset, self.model.rowsInserted, self.model.rowsRemoved):
            signal.connect(self._fit)
        self._fit()

    # -- building -----------------------------------------------------------------------------------------------

    def _build_head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(px("gap_l"), px("gap"), px("gap_m"), px("gap"))
        row.setSpacing(px("gap_m"))
        row.addWidget(Label(t(self.spec.title), "section15"))
        self._summary = Label("", "small", "text3", shrink=True)
        row.addWidget(self._summary)
        row.addStretch(1)
        self._tools = QHBoxLayout()
        self._tools.setSpacing(px("gap"))
        row.addLayout(self._tools)
        self._paste = Button("form.paste_table", "table", "ghost", clicked=self.paste)
        self._paste.setObjectName(f"{self.objectName()}.paste")
        if not self.spec.paste:
            self._paste.hide()  # showing it here, still without parent, would make it a window for a moment
        self._tools.addWidget(self._paste)
        self._add = Button(
            self.spec.add, "plus", "secondary", self._shortcut or None, clicked=self.table_go_new
        )
        self._add.setObjectName(f"{self.objectName()}.add")
        row.addWidget(self._add)
        return row

    def table_go_new(self) -> None:
        """Open the empty row."""
        self.table.setFocus()
        self.table.go_new()

    def _build_foot(self) -> QWidget:
        foot = QWidget(self)
        foot.setFixedHeight(px("foot") + px("gap_xs"))
        row = QHBoxLayout(foot)
        row.setContentsMargins(px("gap_l"), 0, px("gap_m"), 0)
        row.setSpacing(px("gap_s"))
        self._hints: list[QWidget] = []
        for keys, words in (
            ("Enter", self.spec.key_next),
            ("F4", self.spec.key_find),
            ("Ctrl+D", "form.key_duplicate"),
            ("Del", "form.key_delete"),
        ):
            if keys == "F4" and self.spec.find is None:
                continue
            cap, label = KeyCap(keys), Label(t(words), "small", "text2")
            row.addWidget(cap)
            row.addWidget(label)
            row.addSpacing(px("gap"))
            self._hints += [cap, label]
        row.addStretch(1)
        self._sum = Label("", "small600", "text2")
        row.addWidget(self._sum)
        return foot

    def add_tool(self, button: QWidget) -> None:
        """Put a ghost or icon button into the head."""
        self._tools.addWidget(button)

    # -- what the form asks -------------------------------------------------------------------------------------

    def lines(self) -> list[dict[str, Any]]:
        """The lines with all their columns, computed ones too; what is being typed into a cell counts."""
        lines = [dict(line) for line in self.model.lines]
        pending = self.table.pending()
        if pending is None or pending[0] >= len(lines) or pending[1].kind == "lookup":
            return lines
        number, column, typed = pending
        line = lines[number]
        value, problem = read_cell(column, typed, line)
        raw = {key: words for key, words in typed_over(line).items() if key != column.key}
        if problem:
            raw[column.key] = typed
        else:
            line[column.key] = value
        line[RAW] = raw
        return lines

    @property
    def unfinished(self) -> str:
        """Words that are to be looked up, nothing chosen yet."""
        pending = self.table.pending()
        return pending[2].strip() if pending is not None and pending[1].kind == "lookup" else ""

    def settle(self) -> None:
        """What is being typed counts; words to look up stay in their open cell."""
        self.table.settle()

    def stored(self) -> list[dict[str, Any]]:
        """What is saved: id and stored columns."""
        return stored_lines(self.model.lines, self.spec.stored)

    def set_lines(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Show these lines; does not count as a change."""
        self.model.set_lines(lines)

    def put(self, number: int, **cells: Any) -> None:
        """Set computed cells of a line; does not count as a change."""
        self.model.put(number, cells)

    def put_all(
        self, cells: Mapping[int, Mapping[str, Any]], infos: Mapping[int, tuple[str, str, str]]
    ) -> None:
        """Set cells nobody can type into, and the words (kind, icon, text) below lines; does not count as a change."""
        self.model.put_all(cells, infos)

    def set_info(self, number: int, kind: str = "neutral", icon: str = "", text: str = "") -> None:
        """Show words below a line; without text they go away."""
        self.model.set_info(number, kind, icon, text)

    def set_error(self, number: int, key: str, text: str) -> None:
        """Mark a cell as wrong as long as the page says so; without text it does no more."""
        self.model.set_error(number, key, text)

    def set_refused(self, number: int, key: str, text: str) -> None:
        """Mark a cell with what the server said, until the next attempt."""
        self.model.set_refused(number, key, text)
        self.table.go(number, key, edit=False)

    def set_tone(self, number: int, key: str, tone: str) -> None:
        """Show a cell in a status colour; empty: as usual."""
        self.model.set_tone(number, key, tone)

    def set_summary(self, text: str) -> None:
        """Words beside the title: how many, how heavy."""
        self._summary.setText(text)
        self._show_tools()

    def set_sum(self, text: str) -> None:
        """Words at the right of the foot."""
        self._sum.setText(text)
        self._show_hints()
        self._foot.setVisible(not self.model.read_only or bool(text))

    def set_fixed_rows(self) -> None:
        """Let cells be edited while rows neither come nor go."""
        self.model.set_fixed()
        self._show_tools()

    def set_read_only(self, read_only: bool) -> None:
        """Show only."""
        self.model.set_read_only(read_only)
        self._show_tools()

    def _show_tools(self) -> None:
        live = not self.model.read_only and not self.model.fixed
        self._add.setVisible(live)
        self._paste.setVisible(live and bool(self.spec.paste) and self._has_room())
        self._show_hints()
        self._foot.setVisible(not self.model.read_only or bool(self._sum.text()))

    def _has_room(self) -> bool:
        """Whether the head has room for the tool that has a key of its own (Ctrl+V) as well."""
        paste = self._paste.sizeHint().width() + self._tools.spacing() if self._paste.isHidden() else 0
        return self._head.sizeHint().width() + paste <= self.width()

    def problems(self) -> list[str]:
        """What keeps the lines from being saved, in words; required cells are checked now."""
        found = [
            t("form.line_problem", line=line + 1, text=text)
            for (line, _), text in sorted(self.model.problems().items())
        ]
        if self.unfinished:
            found.append(t("form.nothing_chosen_yet", text=self.unfinished))
        return found

    @property
    def marked_wrong(self) -> bool:
        """Whether a cell is marked as wrong now."""
        return bool(self.model.errors) or bool(self.unfinished)

    def go_to_problem(self) -> None:
        """Put the cursor where something is wrong."""
        if self.model.errors and not self.unfinished:
            number, key = min(self.model.errors)
            self.table.setFocus()
            self.table.go(number, key, edit=False)

    # -- what the user does -------------------------------------------------------------------------------------

    def add(self, values: Mapping[str, Any]) -> int:
        """Append a line as if the user had; returns its number."""
        number = self.model.add(values)
        self._announce(number)
        return number

    def set_choices(self, key: str, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer (value, words) in a choice column."""
        self.model.set_choices(key, choices)

    def _add_empty(self) -> None:
        """A line that begins empty, for tables without an article to look for."""
        if self.model.read_only or self.model.fixed:
            return
        number = self.model.add({})
        self.changed.emit()
        self.table.go(number, self.model.columns[self.model.entry].key)

    def duplicate(self, number: int) -> None:
        """A copy of a line right below it."""
        if self.model.read_only or self.model.fixed:
            return
        copy = {key: value for key, value in self.model.lines[number].items() if key != "id"}
        at = self.model.add(copy, number + 1)
        self._announce(at)
        self.table.go(at, self._after_lookup())

    def delete(self, numbers: Sequence[int]) -> None:
        """Take lines out; a toast offers the way back."""
        if self.model.read_only or self.model.fixed:
            return
        removed = [(number, self.model.remove(number)) for number in sorted(numbers, reverse=True)]
        self.changed.emit()

        def undo() -> None:
            for number, line in reversed(removed):
                self.model.add(line, min(number, len(self.model.lines)))
            self.changed.emit()

        self.notice.emit(t("form.lines_removed", n=len(removed)), undo)

    def paste(self) -> None:
        """Rows from the clipboard, as a spreadsheet puts them there; articles are found in one round trip."""
        if not self.spec.paste or self.model.read_only or self.model.fixed:
            return
        columns = [self.spec.column(key) for key in self.spec.paste]
        rows, refused = read_table(QGuiApplication.clipboard().text(), columns)
        lookup = next((column.key for column in columns if column.kind == "lookup"), "")
        if not rows:
            self.notice.emit(t("form.paste_nothing"), None)
            return
        if not lookup or self.spec.resolve is None:
            self._paste_rows(rows, "", {}, refused)
            return
        codes = [str(row.get(lookup) or "") for row in rows]
        op = ReadOp(self, self._ctx, self.spec.resolve, codes, language())
        op.success(lambda found: self._paste_rows(rows, lookup, found, refused)).start()

    def _paste_rows(
        self, rows: Sequence[dict[str, Any]], lookup: str, found: Mapping[str, Any], refused: list[str]
    ) -> None:
        missing = list(refused)
        first: int | None = None
        for row in rows:
            values = dict(row)
            if lookup:
                code = str(values.pop(lookup) or "")
                if code not in found:
                    missing.append(code)
                    continue
                assert self.spec.picked is not None
                values = {**self.spec.picked(found[code]), **values}
            number = self.model.add(values)
            first = number if first is None else first
            self.line_changed.emit(number, lookup or self.spec.paste[0])
        self.changed.emit()
        if missing:
            self.notice.emit(t("form.paste_missing", n=len(missing), codes=", ".join(missing[:5])), None)
        else:
            self.notice.emit(t("form.pasted", n=len(rows)), None)

    def _picked(self, row: int, found: Found) -> None:
        if self.spec.picked is None:
            return
        kind, number = self.model.place(row)
        values = dict(self.spec.picked(found.data))
        if kind == "new":
            number = self.model.add(values)
        else:
            self.model.put(number, values)
        self._announce(number)
        # The editor of the article cell closes only after this call; opening the next one must wait for it.
        QTimer.singleShot(0, self, lambda: self.table.go(number, self._after_lookup()))

    def _announce(self, number: int) -> None:
        lookup = next((column.key for column in self.spec.columns if column.kind == "lookup"), "")
        self.line_changed.emit(number, lookup)
        self.changed.emit()

    def _edited(self, number: int, key: str) -> None:
        self.line_changed.emit(number, key)
        self.changed.emit()

    def _after_lookup(self) -> str:
        if self.spec.after_lookup:
            return self.spec.after_lookup
        editable = [c.key for c in self.model.columns if c.editable and c.kind != "lookup"]
        return editable[0] if editable else ""

    # -- size and frame -----------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tools and keys are named as far as there is room."""
        super().resizeEvent(event)
        self._show_tools()

    def _show_hints(self) -> None:
        live = not self.model.read_only and not self.model.fixed
        room = self.width() - px("gap_l") - px("gap_m") - self._sum.sizeHint().width() - px("gap")
        for number in range(0, len(self._hints), 2):
            pair = self._hints[number : number + 2]
            room -= sum(part.sizeHint().width() + px("gap_s") for part in pair) + px("gap")
            wanted = live or (number < 2 and not self.model.read_only)
            for hint in pair:
                hint.setVisible(wanted and room > 0)

    def _fit(self) -> None:
        rows = max(
            self.table.content_height(), px("header") + self.spec.least_rows * self.table.delegate.height
        )
        self.table.setMinimumHeight(rows + px("gap_m"))
        if self.spec.least_rows == 1:
            self.table.setMaximumHeight(rows + px("gap_m"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A card whose foot is sunken."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(frame, px("radius_card"), px("radius_card"))
        painter.fillPath(shape, tok("surface"))
        painter.save()
        painter.setClipPath(shape)
        if self._foot.isVisible():
            painter.fillRect(self._foot.geometry().adjusted(-1, 0, 1, 1), tok("sunken"))
        painter.restore()
        painter.setPen(QPen(tok("line"), px("hair")))
        painter.drawPath(shape)
        painter.end()
