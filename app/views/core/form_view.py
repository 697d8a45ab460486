"""What a record form shows and what the user types into it; reading and writing is `forms.FormPage`'s part."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core.changes import Result
from app.core.errors import AppError
from app.core.i18n import t
from app.services.labels.scanning import Resolved
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.fields import FieldBox, check_field
from app.views.core.form_head import FormHead
from app.views.core.form_model import (
    FormAction,
    FormRecord,
    FormSpec,
    FormTable,
    FormValues,
    Mine,
    Notice,
    NoticeAction,
    is_dirty,
    mine_of,
)
from app.views.core.form_parts import ChainNode, DocumentChain, Fact, FactsCard, FieldGrid
from app.views.core.form_side import SideColumn, scrolling_column
from app.views.core.lines_editor import LinesEditor
from app.views.core.lines_scan import LineScans
from app.views.core.marks import Label
from app.views.core.missing import Missing
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import px
from app.views.core.why import explain
from app.views.core.workspace import TabPage


class FormView(TabPage):
    """Fields, lines, banners and cards of one record, and the difference between it and what is typed."""

    spec: ClassVar[FormSpec]
    saves: ClassVar[bool] = True  # False: what is typed goes out with an action, there is no Save

    def __init__(self, ctx: AppContext, record_id: int | None) -> None:
        super().__init__(ctx)
        self.topics = self.topics | {self.spec.topic}
        self.icon = self.spec.icon
        self.record = FormRecord(id=record_id)
        self.ready = False
        self.boxes: dict[str, FieldBox] = {}
        self.lines: LinesEditor | None = None
        self.line_scans: LineScans | None = None
        self.tables: dict[str, LinesEditor] = {}
        self._missing: Missing | None = None
        self._cards: SideColumn | None = None
        self._notices: dict[str, Notice] = {}
        self._shown_notices: list[tuple[str, str, str, str]] = []
        self.setObjectName(f"form.{self.spec.topic}")
        self._build()

    # -- what a capability overrides ----------------------------------------------------------------------------

    def save_call(self, form: FormValues) -> tuple[Callable[[Any, Any], Result[Any]], Any]:
        """The service function and its command that save this form; the result's value has the record's id."""
        raise NotImplementedError

    def heading(self) -> tuple[str, tuple[str, str] | None]:
        """The words of head and tab, and the state chip (kind, words)."""
        return t(self.spec.title), None

    def tab_title(self) -> str:
        """The words of the tab; a document shows its number alone."""
        return self.heading()[0]

    def subtitle(self) -> str:
        """A line below the heading; empty: none."""
        return ""

    def picture(self) -> Any:
        """The product picture before the heading, as (id, hash); None: none."""
        return None

    def actions(self) -> Sequence[FormAction]:  # type: ignore[override]  # QWidget's own are not used here
        """Buttons of the head beside Save."""
        return ()

    def chain(self) -> Sequence[ChainNode]:
        """The document chain; empty hides it."""
        return ()

    def notices(self) -> Sequence[Notice]:
        """Banners that follow from what stands in the form now."""
        return ()

    def cards(self) -> Sequence[QWidget]:
        """Cards of the side column, from top to bottom; built once."""
        return ()

    def shown(self) -> None:
        """A record has just been put into the form."""

    def value_changed(self, key: str) -> None:
        """The user changed a field."""

    def line_changed(self, number: int, key: str) -> None:
        """The user changed a cell of a line."""

    def table_changed(self, table: str, number: int, key: str) -> None:
        """The user changed a cell of one of the tables."""

    def check(self, mine: Mine) -> Mapping[str, str]:
        """What is wrong across fields: words by field key."""
        return {}

    def defaults(self) -> Mapping[str, Any]:
        """Values of a new record (preset values win)."""
        return {}

    def editable(self) -> bool:
        """Whether this record may be changed as it stands (not whether this person may)."""
        return True

    def dirty(self) -> bool:
        """Whether saving would change something; what is being typed right now counts."""
        if not self.ready or self.read_only:
            return False
        return any(x.unfinished for x in self.editors()) or is_dirty(self.spec, self.record, self.mine())

    def on_scan(self, found: Resolved) -> str:
        """An article goes into the lines while they can be edited; everything else is not for a form."""
        return self.line_scans.on_scan(found) if self.line_scans is not None and self.ready else ""

    def on_command(self, command: str) -> str:
        """What the sheet of commands says about the line that was scanned last."""
        return self.line_scans.on_command(command) if self.line_scans is not None and self.ready else ""

    def settle(self) -> None:
        """What stands in an open cell counts as typed."""
        for editor in self.editors():
            editor.settle()

    def editors(self) -> list[LinesEditor]:
        """Every table one may type into."""
        return [*([self.lines] if self.lines is not None else []), *self.tables.values()]

    @property
    def marked_wrong(self) -> bool:
        """Whether something that can be changed is marked as wrong now."""
        return not self.read_only and (
            any(box.error and not box.read_only for box in self.boxes.values())
            or any(editor.marked_wrong for editor in self.editors())
        )

    def reload(self) -> None:
        """Show the record as it is stored."""

    def typed(self) -> None:
        """Something in the form is different now; the page keeps the draft."""

    # -- values -------------------------------------------------------------------------------------------------

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed: no right, or the record is settled."""
        return bool(self.missing_right) or not self.editable()

    @property
    def missing_right(self) -> str:
        """The right it would take to change something here; empty when the person has it."""
        right = self.spec.create_right if self.record.id is None else self.spec.update_right
        return right if right and not self.ctx.profile.can(right) else ""

    def value(self, key: str) -> Any:
        """What stands in a field, None when it cannot be read."""
        try:
            return self.boxes[key].value()
        except ValueError:
            return None

    def set_value(self, key: str, value: Any, words: str = "") -> None:
        """Put a value into a field as if the user had; `value_changed` is not called."""
        self.boxes[key].set_value(value, words)
        self.touched()

    def set_choices(self, key: str, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other choices in a choice field."""
        self.boxes[key].set_choices(choices)

    def mine(self) -> Mine:
        """What stands in the form."""
        mine = mine_of(self.record)
        for key, box in self.boxes.items():
            try:
                mine.values[key] = box.value()
            except ValueError:
                mine.raw[key] = box.raw
            if box.words:
                mine.words[key] = box.words
        if self.lines is not None:
            mine.lines = self.lines.lines()
        mine.tables = {key: editor.lines() for key, editor in self.tables.items()}
        return mine

    def validate(self) -> bool:
        """Check everything, show what is wrong beside its field, go to the first."""
        mine = self.mine()
        across = self.check(mine)
        first: FieldBox | None = None
        for key, box in self.boxes.items():
            if box.read_only:
                continue
            box.set_error(self._problem(box, mine) or across.get(key, ""))
            if box.error and first is None:
                first = box
        wanting = {editor: editor.problems() for editor in self.editors()}
        problems = [text for found in wanting.values() for text in found]
        if first is not None:
            first.focus()
            self._scroll.ensureWidgetVisible(first)
        elif problems:
            next(editor for editor, found in wanting.items() if found).go_to_problem()
        wrong = sum(bool(box.error) for box in self.boxes.values()) + len(problems)
        if wrong:
            self.ctx.navigate.toast(t("form.not_saved_wrong", n=wrong), kind="warn")
        return not wrong

    def put_notice(self, notice: Notice) -> None:
        """Show a banner until `drop_notice`; the same key replaces it."""
        self._notices[notice.key] = notice
        self._show_notices()

    def drop_notice(self, key: str) -> None:
        """Take a banner away."""
        if self._notices.pop(key, None) is not None:
            self._show_notices()

    # -- building -----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self.head = FormHead(self)
        column.addWidget(self.head)
        self._content = QWidget()
        page = QVBoxLayout(self._content)
        page.setContentsMargins(px("margin_l"), px("gap_m"), 0, 0)
        page.setSpacing(px("gap_m"))
        above = QVBoxLayout()
        above.setContentsMargins(0, 0, px("margin_l"), 0)
        above.setSpacing(px("gap_m"))
        page.addLayout(above)
        self._chain = DocumentChain()
        self._chain.open_wanted.connect(self.ctx.navigate.open_record)
        above.addWidget(self._chain)
        self._banner_box = QVBoxLayout()
        self._banner_box.setSpacing(px("gap"))
        above.addLayout(self._banner_box)
        columns = QHBoxLayout()
        columns.setSpacing(px("gap"))
        page.addLayout(columns, 1)
        self._scroll, self._main = scrolling_column()
        self._main.setSpacing(px("gap_l"))
        columns.addWidget(self._scroll, 1)
        self._build_sections()
        if (beside := self.beside()) is not None:
            columns.addWidget(beside, 1)
        cards = list(self.cards())
        if cards:
            self._cards = SideColumn(cards, self._main)
            columns.addWidget(self._cards)
        else:
            self._main.setContentsMargins(0, 0, px("margin_l"), px("margin"))
        column.addWidget(self._content, 1)
        self._content.setVisible(self.record.id is None)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a narrow window the cards stand below."""
        super().resizeEvent(event)
        if self._cards is not None:
            self._cards.stand(below=event.size().width() < px("beside"))

    def _build_sections(self) -> None:
        for section in self.spec.sections:
            boxes: list[tuple[QWidget, int]] = []
            for item in section.fields:
                box = FieldBox(self.ctx, item)
                box.edited.connect(partial(self._field_edited, item.key))
                box.left.connect(partial(self._field_left, item.key))
                self.boxes[item.key] = box
                boxes.append((box, item.span))
            if section.title:
                self._main.addWidget(Label(t(section.title), "section15"))
            self._main.addWidget(FieldGrid(boxes))
        if self.spec.lines is not None:
            self.lines = LinesEditor(self.ctx, self.spec.lines, picture=self.line_picture())
            self.line_scans = LineScans(self.ctx, self.lines)
            self.lines.changed.connect(self.touched)
            self.lines.typing.connect(self.touched)
            self.lines.line_changed.connect(self.line_changed)
            self.lines.notice.connect(self._line_notice)
            self._main.addWidget(self.lines, 1)
        for table in self.spec.tables:
            if not table.right or self.ctx.profile.can(table.right):
                self._build_table(table)
            else:
                asked = partial(explain, self.ctx, table.right, t(table.lines.title), self)
                locked = FactsCard(t(table.lines.title), link="why.short", link_clicked=asked)
                locked.setObjectName(f"locked.{table.key}")
                locked.add_fact(Fact(t("kit.no_right_long"), style="locked"), t("form.no_right"))
                self._main.addWidget(locked)
        self.extend(self._main)
        if self.spec.lines is None:
            self._main.addStretch(1)

    def _build_table(self, table: FormTable) -> None:
        editor = LinesEditor(
            self.ctx, table.lines, name=table.key, shortcut="" if self._has_lines() else "Ins"
        )
        editor.changed.connect(self.touched)
        editor.typing.connect(self.touched)
        editor.line_changed.connect(partial(self.table_changed, table.key))
        editor.notice.connect(self._line_notice)
        self.tables[table.key] = editor
        self._main.addWidget(editor)

    def _has_lines(self) -> bool:
        return self.lines is not None or bool(self.tables)

    def beside(self) -> QWidget | None:
        """A wide widget beside the fields, such as a preview; built once."""
        return None

    def extend(self, column: QVBoxLayout) -> None:
        """Put further widgets (lists of addresses, prices …) below the fields; built once."""

    def line_picture(self) -> Any:
        """How a line's picture is fetched: ``(value, arrived) -> QPixmap | None``; None paints the empty ground."""
        return None

    def _line_notice(self, text: str, undo: object) -> None:
        self.ctx.navigate.toast(text, kind="info", action=("form.undo", undo) if callable(undo) else None)

    # -- showing ------------------------------------------------------------------------------------------------

    def show_record(self, base: FormRecord, mine: Mine) -> None:
        """Put a record into the form, and over it what is typed."""
        self.record = base
        self.ready = True
        self._content.show()
        self._leave_missing()
        read_only = self.read_only
        for key, box in self.boxes.items():
            box.set_value(base.values.get(key), base.words.get(key, ""))
            if key in mine.raw:
                box.set_raw(mine.raw[key])
            elif box.field.stored and mine.values.get(key) != base.values.get(key):
                box.set_value(mine.values.get(key), mine.words.get(key, ""))
            box.set_read_only(read_only)
        if self.lines is not None:
            self.lines.set_lines(mine.lines)
            self.lines.set_read_only(read_only)
        for table in self.spec.tables:
            if (editor := self.tables.get(table.key)) is not None:
                editor.set_lines(mine.tables.get(table.key, ()))
                editor.set_read_only(
                    read_only or bool(table.edit_right and not self.ctx.profile.can(table.edit_right))
                )
        self.shown()
        self._chain.set_nodes(self.chain())
        self.touched(typed=False)
        self.changed.emit()

    def show_missing(self, error: AppError) -> None:
        """The record cannot be shown: say why instead."""
        self._leave_missing()
        self.head.show_kind()
        self._missing = Missing(self, self.head, error, self.refresh)

    def _leave_missing(self) -> None:
        missing, self._missing = self._missing, None
        if missing is not None:
            missing.leave()

    # -- typing -------------------------------------------------------------------------------------------------

    def _field_edited(self, key: str) -> None:
        self._check_marked(key)
        self.value_changed(key)
        self.touched()

    def _check_marked(self, changed: str) -> None:
        """What is marked as wrong is looked at anew after every change: another field may have put it right."""
        if any(box.error for box in self.boxes.values()):
            mine = self.mine()
            across = self.check(mine)
            for key, box in self.boxes.items():
                if box.error and (key == changed or not box.refused):
                    box.set_error(self._problem(box, mine) or across.get(key, ""))

    def _field_left(self, key: str) -> None:
        box = self.boxes[key]
        if not box.read_only:
            mine = self.mine()
            box.set_error(self._problem(box, mine) or self.check(mine).get(key, ""))
            self._check_marked(key)

    @staticmethod
    def _problem(box: FieldBox, mine: Mine) -> str:
        try:
            value = box.value()
        except ValueError as error:
            return t(str(error))
        return check_field(box.field, value, mine.values)

    def touched(self, *, typed: bool = True) -> None:
        """Something in the form is different: head, banners, tab mark, draft."""
        if not self.ready:
            return
        dirty = self.dirty()
        self.head.show_state(dirty)
        self._show_notices()
        if typed:
            self.changed.emit()
            self.typed()

    def _show_notices(self) -> None:
        wanted = [*self._notices.values(), *(self.notices() if self.ready else ())]
        marks = [(n.key, n.kind, n.bold, n.plain) for n in wanted]
        if marks == self._shown_notices:
            return
        self._shown_notices = marks
        clear_layout(self._banner_box)
        for notice in wanted:
            actions = [NoticeAction(*action) for action in notice.actions]
            last = len(actions) - 1
            buttons = [
                self._notice_button(notice.key, action, "secondary" if number == last else "ghost")
                for number, action in enumerate(actions)
            ]
            banner = Banner(notice.kind, notice.bold, notice.plain, buttons, icon=notice.icon or None)
            banner.setObjectName(f"notice.{notice.key}")
            self._banner_box.addWidget(banner)

    @staticmethod
    def _notice_button(key: str, action: NoticeAction, kind: str) -> QWidget:
        button = Button(action.label, action.icon or None, kind, clicked=action.run)
        button.set_text_key(action.label, **action.params)
        button.setObjectName(action.name or f"notice.{key}.{action.label}")
        return button
