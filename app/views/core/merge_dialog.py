"""The merge of two people's changes: base, mine, theirs, result; what merged by itself is ticked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.core import format as fmt
from app.core.i18n import t
from app.views.core import values
from app.views.core.buttons import Button
from app.views.core.dialog import Dialog
from app.views.core.fonts import font, metrics
from app.views.core.form_model import line_sets, lines_of
from app.views.core.marks import Chip, IconLabel, Label
from app.views.core.merging import BOTH, MINE, OPEN, THEIRS, Difference, Gone, Place
from app.views.core.plain import plain
from app.views.core.theme import px, tok

if TYPE_CHECKING:
    from app.views.core.form_model import FormRecord, Mine
    from app.views.core.form_view import FormView

Choice = dict[Place, str]
STRETCHES = (7, 7, 8, 8, 8)


@dataclass(frozen=True)
class MergeRow:
    """One difference in words."""

    key: Place
    label: str
    base: str
    mine: str
    theirs: str
    outcome: str


def rows_for(
    page: "FormView", theirs: "FormRecord", mine: "Mine", found: Sequence[Difference]
) -> list[MergeRow]:
    """The differences of a form as the dialog shows them."""
    rows = []
    for item in found:
        if item.line is None:
            box = page.boxes[item.key]
            words = [
                box.in_words(value, texts.get(item.key, ""))
                for value, texts in (
                    (item.base, page.record.words),
                    (item.mine, mine.words),
                    (item.theirs, theirs.words),
                )
            ]
            label = t(box.field.label)
        else:
            words, label = _line_words(page, theirs, mine, item)
        base_words, mine_words, their_words = words
        rows.append(MergeRow(item.place, label, base_words, mine_words, their_words, item.outcome))
    return rows


def _line_words(
    page: "FormView", theirs: "FormRecord", mine: "Mine", item: Difference
) -> tuple[list[str], str]:
    spec = dict(line_sets(page.spec))[item.table]
    ids = [line.get("id") for line in lines_of(page.record, item.table)]
    position = ids.index(item.line) + 1 if item.line in ids else 0
    if not item.key:
        words = [
            t("merge.line_there") if isinstance(v, Gone) and v.there else t("merge.line_gone")
            for v in (item.base, item.mine, item.theirs)
        ]
        return words, t("merge.line", line=position) if not item.table else f"{t(spec.title)} {position}"
    column = spec.column(item.key)
    label = t("merge.line_cell", line=position, cell=t(column.label))
    if item.table:
        label = f"{t(spec.title)} {position}: {t(column.label)}"
    sides = (item.base, item.mine, item.theirs)
    if column.text_key:
        everything = [line for side in (page.record, theirs, mine) for line in lines_of(side, item.table)]
        named = {line.get(column.key): str(line.get(column.text_key) or "") for line in everything}
        return [named.get(value, "") or values.show("text", value) for value in sides], label
    if column.kind == "choice":
        editor = page.tables[item.table] if item.table else page.lines
        choices = dict(editor.model.choices_of(column)) if editor is not None else {}
        return [choices.get(value) or values.show("text", value) for value in sides], label
    if column.words is not None:
        return [column.words(value or ()) or values.show("text", None) for value in sides], label
    return [values.show(column.kind, value, places=column.places) for value in sides], label


class Option(QAbstractButton):
    """One side of a conflict, to be chosen."""

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(words)
        self.setCheckable(True)
        self.setAccessibleName(words)
        self.setToolTip(plain(words))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Circle and words."""
        return QSize(
            px("check") + px("gap") + metrics("body600").horizontalAdvance(self.text()), px("control")
        )

    def minimumSizeHint(self) -> QSize:
        """Words may be shortened."""
        return QSize(px("col_min") * 2, px("control"))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A circle, filled when chosen, and the words."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = px("check")
        circle = QRectF(1, (self.height() - side) / 2, side, side).adjusted(0.5, 0.5, -0.5, -0.5)
        chosen = self.isChecked()
        painter.setBrush(tok("surface"))
        edge = "focus" if self.hasFocus() else "accent" if chosen else "control"
        painter.setPen(QPen(tok(edge), px("ring") if chosen or self.hasFocus() else px("hair")))
        painter.drawEllipse(circle)
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(tok("accent"))
            painter.drawEllipse(circle.adjusted(4, 4, -4, -4))
        style = "body600" if chosen else "body"
        painter.setFont(font(style))
        painter.setPen(tok("text"))
        left = side + px("gap")
        words = metrics(style).elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width() - left)
        painter.drawText(
            QRectF(left, 0, self.width() - left, self.height()), int(Qt.AlignmentFlag.AlignVCenter), words
        )
        painter.end()


class _Row(QWidget):
    """One field of the merge.

    Signals:
        decided: a side was chosen (mine or theirs).
    """

    decided = Signal(str)

    def __init__(self, row: MergeRow, who: str) -> None:
        super().__init__()
        self.row = row
        self.side = row.outcome
        self._who = who
        self.setObjectName(f"merge.{row.key[1] or ''}.{row.key[2]}")
        grid = _grid(self)
        self.setMinimumHeight(px("row_two"))
        conflict = row.outcome == OPEN
        self._icon = IconLabel(
            "git-merge" if conflict else "circle-check", px("icon"), "warn" if conflict else "ok_solid"
        )
        grid.addWidget(self._icon, 0, 0, Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(Label(row.label, "body600" if conflict else "body500", elide=True), 0, 1)
        grid.addWidget(Label(row.base, "body", "text2", elide=True), 0, 2)
        self._options: dict[str, Option] = {}
        if conflict:
            group = QButtonGroup(self)
            for column, side, words in ((3, MINE, row.mine), (4, THEIRS, row.theirs)):
                option = Option(words)
                option.setObjectName(f"merge.{side}.{row.key[2]}")
                option.clicked.connect(lambda _=False, side=side: self.choose(side))
                group.addButton(option)
                grid.addWidget(option, 0, column)
                self._options[side] = option
        else:
            unchanged = t("merge.unchanged")
            mine = row.mine if row.outcome in (MINE, BOTH) else unchanged
            theirs = row.theirs if row.outcome in (THEIRS, BOTH) else unchanged
            for column, words in ((3, mine), (4, theirs)):
                quiet = words == unchanged
                grid.addWidget(
                    Label(words, "body" if quiet else "body500", "text2" if quiet else "text", elide=True),
                    0,
                    column,
                )
        result = QVBoxLayout()
        result.setSpacing(0)
        self._result = Label("", "body500", elide=True)
        self._source = Label("", "small", "text2", elide=True)
        result.addStretch(1)
        result.addWidget(self._result)
        result.addWidget(self._source)
        result.addStretch(1)
        grid.addLayout(result, 0, 5)
        self._show()

    def choose(self, side: str) -> None:
        """Decide for mine or theirs."""
        if self.row.outcome != OPEN:
            return
        self.side = side
        self._options[side].setChecked(True)
        self._show()
        self.decided.emit(side)

    def _show(self) -> None:
        row = self.row
        by_person = {
            MINE: t("merge.by_you"),
            THEIRS: t("merge.by_them", who=self._who),
            BOTH: t("merge.by_both"),
        }
        if self.side == OPEN:
            self._result.setText(t("merge.please_choose"))
            self._result.set_color("warn")
        else:
            self._result.setText(row.theirs if self.side == THEIRS else row.mine)
            self._result.set_color("text")
        decided = t("merge.decided", who=t("merge.you") if self.side == MINE else self._who)
        self._source.setText(
            "" if self.side == OPEN else decided if row.outcome == OPEN else by_person[self.side]
        )
        self._source.setVisible(self.side != OPEN)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Conflicts on a tinted ground; a line below."""
        painter = QPainter(self)
        if self.row.outcome == OPEN:
            painter.fillRect(self.rect(), tok("warn_bg"))
        painter.fillRect(0, self.height() - 1, self.width(), px("hair"), tok("line"))
        painter.end()


class _Header(QWidget):
    def __init__(self, who: str) -> None:
        super().__init__()
        grid = _grid(self)
        self.setFixedHeight(px("header"))
        texts = (
            t("merge.field"),
            t("merge.base"),
            t("merge.mine"),
            t("merge.theirs", who=who),
            t("merge.result"),
        )
        grid.addWidget(QWidget(), 0, 0)
        for column, words in enumerate(texts, start=1):
            grid.addWidget(Label(words, "small500", "text2", elide=True), 0, column)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), tok("sunken"))
        painter.fillRect(0, self.height() - 1, self.width(), px("hair"), tok("border"))
        painter.end()


def _grid(owner: QWidget) -> QGridLayout:
    grid = QGridLayout(owner)
    grid.setContentsMargins(px("gap_s"), 0, px("gap_m"), 0)
    grid.setHorizontalSpacing(px("gap_m"))
    grid.setColumnMinimumWidth(0, px("gap_xl"))
    for column, stretch in enumerate(STRETCHES, start=1):
        grid.setColumnStretch(column, stretch)
    return grid


class MergeDialog(Dialog):
    """Asks about the fields both sides changed.

    Signals:
        merged: the decisions, place to mine or theirs.
        given_up: the user goes on editing.
    """

    merged = Signal(object)
    given_up = Signal()

    def __init__(
        self, host: QWidget, title: str, theirs: "FormRecord", rows: Sequence[MergeRow], untouched: int
    ) -> None:
        who = theirs.changed_by or t("form.somebody")
        at = f"{fmt.date_time(theirs.changed_at)}" if theirs.changed_at is not None else ""
        text = t("merge.text_at", who=who, at=at) if at else t("merge.text", who=who)
        super().__init__(
            host,
            t("merge.title", what=title),
            text,
            icon="git-merge",
            tint="warn",
            width=px("step_card_w") * 4 + 56,
        )
        self.setObjectName("merge")
        ordered = sorted(rows, key=lambda row: row.outcome != OPEN)
        self._rows = [_Row(row, who) for row in ordered]
        column = self.panel.layout()
        assert isinstance(column, QVBoxLayout)
        bar = QHBoxLayout()
        bar.setContentsMargins(0, 0, 0, 0)
        bar.setSpacing(px("gap"))
        self._open_chip = Chip("warn", "")
        bar.addWidget(self._open_chip)
        settled = sum(row.outcome != OPEN for row in rows)
        bar.addWidget(Chip("ok", t("merge.settled", n=settled)))
        bar.addStretch(1)
        every_mine = Button("merge.all_mine", kind="ghost", clicked=lambda: self.choose_all(MINE))
        every_mine.setObjectName("merge.all.mine")
        bar.addWidget(every_mine)
        every_theirs = Button(
            "merge.all_theirs", kind="ghost", clicked=lambda: self.choose_all(THEIRS), who=who
        )
        every_theirs.setObjectName("merge.all.theirs")
        bar.addWidget(every_theirs)
        self.body.setContentsMargins(px("gap_xl"), 0, px("gap_xl"), px("gap_m"))
        self.body.addLayout(bar)
        table = QWidget()
        lines = QVBoxLayout(table)
        lines.setContentsMargins(1, 0, 1, 0)
        lines.setSpacing(0)
        for row in self._rows:
            row.decided.connect(self._decided)
            lines.addWidget(row)
        lines.addStretch(1)
        scroll = QScrollArea()
        scroll.setProperty("kit", "plain")
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(table)
        table.setAutoFillBackground(False)
        scroll.viewport().setAutoFillBackground(False)
        scroll.setMinimumHeight(min(len(self._rows), 8) * px("row_two") + 2)
        column.insertWidget(2, _Header(who))
        column.insertWidget(3, scroll, 1)
        self._left.addWidget(Label(t("merge.untouched", n=untouched), "small", "text2"))
        self.add_button(
            "keep_editing", "merge.keep_editing", self.reject, kind="ghost", shortcut="Esc", stay=True
        )
        self._merge = self.add_button(
            "merge",
            "merge.apply",
            self._apply,
            icon="git-merge",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self._decided()

    @classmethod
    def ask(
        cls,
        page: "FormView",
        title: str,
        theirs: "FormRecord",
        mine: "Mine",
        found: Sequence[Difference],
        done: Callable[[Choice], object],
        given_up: Callable[[], object],
    ) -> "MergeDialog":
        """Show the dialog; ``done`` gets the decisions, ``given_up`` is called when the user goes on editing."""
        untouched = len(page.boxes) - sum(item.line is None for item in found)
        dialog = cls(page, title, theirs, rows_for(page, theirs, mine, found), untouched)
        dialog.merged.connect(done)
        dialog.given_up.connect(given_up)
        dialog.open()
        return dialog

    def reject(self) -> None:
        """Go on editing."""
        super().reject()
        self.given_up.emit()

    def choose_all(self, side: str) -> None:
        """Decide every conflict for one side."""
        for row in self._rows:
            row.choose(side)

    def choices(self) -> Choice:
        """The decisions made so far."""
        return {row.row.key: row.side for row in self._rows if row.row.outcome == OPEN and row.side != OPEN}

    def _decided(self, _side: str = "") -> None:
        left = sum(row.side == OPEN for row in self._rows)
        self._open_chip.set_chip(
            "warn" if left else "ok", t("merge.open", n=left) if left else t("merge.all_decided")
        )
        self._merge.set_blocked(t("merge.choose_more", n=left) if left else None)

    def _apply(self) -> None:
        choices = self.choices()
        self.finish()
        self.merged.emit(choices)
