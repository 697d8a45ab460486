"""Fields of a form: what a field is, and the box that shows it with label, hint and error."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.core.errors import Invalid
from app.core.i18n import t
from app.views.core import values
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.inputs import ComboBox, DateEdit, LineEdit, NumberEdit, TextArea
from app.views.core.lookup import Found, TypeAhead
from app.views.core.marks import IconLabel, Label
from app.views.core.theme import px

Validate = Callable[[Any, Mapping[str, Any]], Invalid | None]


@dataclass(frozen=True)
class Field:
    """A field of a form.

    ``kind``: text, secret, multiline, number, digits (a number that names something, such as a port: never grouped),
    quantity, money, percent, date, choice, lookup, check or readonly.
    ``label``, ``help``, ``placeholder`` are text keys.  ``span`` is how many of the grid's four columns it takes.
    ``choices`` are (value, text key) pairs; a page can replace them by `FormPage.set_choices`.
    ``find(session, text, limit, language)`` feeds a lookup; its words come from the record under ``text_key``, and
    ``topic`` makes the chosen record open by its icon.  ``validate(value, all values)`` gives an `Invalid` or None.
    A number is at least ``minimum``, greater than ``above``, at most ``maximum``.
    ``shown_as`` is the kind in which a readonly field shows its value.  Without ``right`` it shows a lock; without
    ``edit_right`` its value can be read, and ``edit_reason`` below it says who may change it.
    """

    key: str
    label: str
    kind: str = "text"
    required: bool = False
    max_length: int = 200
    span: int = 1
    help: str = ""
    placeholder: str = ""
    places: int | None = None
    unit: str = ""
    minimum: Decimal | None = None
    above: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[tuple[Any, str], ...] = ()
    find: Callable[..., Any] | None = None
    text_key: str = ""
    topic: str = ""
    validate: Validate | None = None
    shown_as: str = "text"
    right: str = ""
    edit_right: str = ""
    edit_reason: str = ""
    read_only: bool = False

    @property
    def stored(self) -> bool:
        """Whether its value is saved."""
        return self.kind != "readonly"


def check_field(field: Field, value: Any, everything: Mapping[str, Any]) -> str:
    """What is wrong with a value, in words; empty when nothing is."""
    if field.required and value in (None, ""):
        return t("error.required")
    if isinstance(value, str) and len(value) > field.max_length:
        return t("error.too_long", limit=field.max_length)
    if problem := values.range_problem(value, field.minimum, field.above, field.maximum):
        return problem
    if field.validate is not None and (wrong := field.validate(value, everything)) is not None:
        return values.error_text(wrong)
    return ""


class LookupEdit(LineEdit):
    """A record chosen by typing.  What stands in it is the record's words; the value is its id.

    Signals:
        chosen: a match was taken (`Found`), or None when the field was emptied.
        open_wanted: the icon was clicked while a record is chosen.
    """

    chosen = Signal(object)
    open_wanted = Signal()

    def __init__(self, ctx: AppContext, find: Callable[..., Any], name: str, placeholder: str) -> None:
        super().__init__(name, placeholder or t("form.lookup_placeholder"))
        self._id: int | None = None
        self._words = ""
        self.ahead = TypeAhead(self, ctx, find)
        self.ahead.picked.connect(self._take)
        self.add_button("search", "form.lookup_open", self._icon)
        self.editingFinished.connect(self._settle)

    def value(self) -> int | None:
        """Id of the record."""
        return self._id

    def words(self) -> str:
        """Words of the record."""
        return self._words

    def set_value(self, record_id: int | None, words: str = "") -> None:
        """Show a record."""
        self._id, self._words = record_id, words if record_id is not None else ""
        self.setText(self._words)
        self.setCursorPosition(0)

    def _take(self, found: Found) -> None:
        self.set_value(found.id, found.title)
        self.chosen.emit(found)

    def _settle(self) -> None:
        """An emptied field means no record; half-typed words fall back to the record they were."""
        if self.ahead.open or self.ahead.deciding:
            return
        if not self.text().strip():
            if self._id is not None:
                self.set_value(None)
                self.chosen.emit(None)
        elif self.text() != self._words:
            self.set_value(self._id, self._words)

    def _icon(self) -> None:
        if self._id is not None:
            self.open_wanted.emit()
        else:
            self.setFocus()
            self.ahead.search()


class Lock(IconLabel):
    """The mark of a field one may not see, or not change; a click says why."""

    def __init__(self, ctx: AppContext, field: Field) -> None:
        super().__init__("lock", px("icon_small") - 2, "text3")
        self._ctx, self._field = ctx, field
        self.setObjectName(f"why.{field.key}")
        self.setToolTip(t("why.action"))
        self.setAccessibleName(t("why.action"))
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Explain."""
        from app.views.core.why import explain

        seen = not self._field.right or self._ctx.profile.can(self._field.right)
        right = self._field.edit_right if seen else self._field.right
        explain(self._ctx, right, t(self._field.label), self)
        event.accept()


class FieldBox(QWidget):
    """Label, editor and below it a hint or what is wrong.

    Signals:
        edited: the user changed the value.
        left: the focus went on after a change.
    """

    edited = Signal()
    left = Signal()

    def __init__(self, ctx: AppContext, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = field
        self._ctx = ctx
        self._value: Any = None
        self._words = ""
        self._changed = False
        self._error = ""
        self.refused = False
        self._hint = t(field.help) if field.help else ""
        self._unit = field.unit or {"percent": "%", "money": "€"}.get(field.kind, "")
        self.allowed = not field.right or ctx.profile.can(field.right)
        self._fixed = bool(field.edit_right and not ctx.profile.can(field.edit_right))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap_xs"))
        column.addLayout(self._label_row())
        self.editor = self._make_editor()
        self.editor.setObjectName(f"field.{field.key}")
        self._plain = Label("", "body", wrap=True)
        self._plain.setMinimumHeight(px("control"))
        self._plain.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._plain.setObjectName(f"text.{field.key}")
        column.addWidget(self.editor)
        column.addWidget(self._plain)
        self._below = Label(self._hint, "small", "text3", wrap=True)
        self._below.setObjectName(f"hint.{field.key}")
        column.addWidget(self._below)
        # Shown or not only now: a part without its place would be a window of its own for a moment.
        self._below.setVisible(bool(self._hint))
        self._lock.setVisible((not self.allowed or self._fixed) and self.field.kind != "check")
        column.addStretch(1)
        self.editor.installEventFilter(self)
        if isinstance(self.editor, NumberEdit | DateEdit):
            self.editor.editingFinished.connect(self._mark_again)
        self.set_read_only(field.kind == "readonly" or field.read_only or not self.allowed)

    # -- building -----------------------------------------------------------------------------------------------

    def _label_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(px("gap_xs"))
        words = "" if self.field.kind == "check" else t(self.field.label)
        self.label = Label(words, "small500", "text2")
        row.addWidget(self.label)
        self._star = Label("*", "small600", "bad")
        if not self.field.required:
            self._star.hide()
        row.addWidget(self._star)
        self._lock = Lock(self._ctx, self.field)
        row.addWidget(self._lock)
        row.addStretch(1)
        return row

    def _make_editor(self) -> QWidget:
        field, name = self.field, t(self.field.label)
        hint = t(field.placeholder) if field.placeholder else ""
        match field.kind:
            case "multiline":
                area = TextArea(name, hint)
                area.setFixedHeight(px("textarea"))
                area.textChanged.connect(self._typed)
                return area
            case "number" | "quantity" | "money" | "percent":
                money = field.kind == "money"
                most = 2 if money and field.places is None else field.places
                number = NumberEdit(name, places=most, least=2 if money else 0, unit=self._unit)
                number.setPlaceholderText(hint)
                number.textEdited.connect(self._typed)
                number.value_changed.connect(self._typed)
                return number
            case "digits":
                digits = NumberEdit(name, places=0, grouped=False)
                digits.textEdited.connect(self._typed)
                digits.value_changed.connect(self._typed)
                return digits
            case "date":
                day = DateEdit(name)
                day.textEdited.connect(self._typed)
                day.value_changed.connect(self._typed)
                return day
            case "choice":
                box = ComboBox(name, self._static_choices())
                box.value_changed.connect(self._typed)
                return box
            case "check":
                check = CheckBox(field.label)
                check.clicked.connect(self._typed)
                return check
            case "lookup":
                assert field.find is not None, f"the lookup {field.key} has no find"
                lookup = LookupEdit(self._ctx, field.find, name, hint)
                lookup.chosen.connect(self._typed)
                lookup.open_wanted.connect(self._open)
                return lookup
        line = LineEdit(name, hint, max_length=max(field.max_length + 1, 1))
        line.textEdited.connect(self._typed)
        if field.kind == "secret":
            line.setEchoMode(LineEdit.EchoMode.Password)
        return line

    def _static_choices(self) -> list[tuple[Any, str]]:
        empty = [] if self.field.required else [(None, t("form.nothing_chosen"))]
        return empty + [(value, t(label)) for value, label in self.field.choices]

    # -- value --------------------------------------------------------------------------------------------------

    @property
    def words(self) -> str:
        """Words of a lookup's record, or of what is chosen."""
        if isinstance(self.editor, ComboBox):
            return self.editor.currentText() if self.editor.value() is not None else ""
        return self.editor.words() if isinstance(self.editor, LookupEdit) else ""

    def value(self) -> Any:
        """The value.  Raises ValueError with a text key when what stands in the field is none."""
        editor = self.editor
        if isinstance(editor, LookupEdit | ComboBox):
            return editor.value()
        if isinstance(editor, CheckBox):
            return editor.isChecked()
        if isinstance(editor, TextArea | LineEdit) and self.field.stored:
            typed = editor.text()
            shown = values.show(self.field.kind, self._value, places=self._places, editing=True)
            if typed == shown:
                return self._value
            return values.read(self.field.kind, typed, places=self.field.places)
        return self._value

    def unreadable(self) -> str:
        """Why what stands here is no value at all, in words; empty when it is one."""
        try:
            self.value()
        except ValueError as error:
            return t(str(error))
        return ""

    @property
    def _places(self) -> int | None:
        return 2 if self.field.kind == "money" and self.field.places is None else self.field.places

    def set_value(self, value: Any, words: str = "") -> None:
        """Show a value; ``words`` are those of a lookup's record.  Does not count as a change."""
        self._value, self._words, self._changed = value, words, False
        editor = self.editor
        editor.blockSignals(True)
        if isinstance(editor, LookupEdit):
            editor.set_value(value, words)
        elif isinstance(editor, ComboBox):
            if value is not None and words and editor.findData(value) < 0:
                editor.addItem(words, value)  # until its choices arrive
            editor.set_value(value)
        elif isinstance(editor, CheckBox):
            editor.setChecked(bool(value))
        elif isinstance(editor, NumberEdit | DateEdit):
            editor.set_value(value)
        elif isinstance(editor, TextArea):
            editor.set_text(value or "")
        elif isinstance(editor, LineEdit):
            editor.setText(str(value) if value is not None else "")
            editor.setCursorPosition(0)
        editor.blockSignals(False)
        self._show_plain()
        self.set_error("")

    @property
    def raw(self) -> str:
        """What stands in a typed field, even when it is no value."""
        return self.editor.text() if isinstance(self.editor, LineEdit | TextArea) else ""

    def set_raw(self, text: str) -> None:
        """Put text into a typed field as if it had been typed there."""
        if isinstance(self.editor, LineEdit):
            self.editor.setText(text)
            self._changed = True

    def set_unit(self, unit: str) -> None:
        """Show an amount in another unit: a document's own currency."""
        self._unit = unit
        if isinstance(self.editor, NumberEdit):
            self.editor.set_unit(unit)
        self._show_plain()

    def set_choices(self, choices: Sequence[tuple[Any, str]]) -> None:
        """Offer other choices (value, words); the value stays.  They may say themselves what None means."""
        if isinstance(self.editor, ComboBox):
            said = self.field.required or any(value is None for value, _ in choices)
            empty = [] if said else [(None, t("form.nothing_chosen"))]
            self.editor.set_choices(empty + list(choices))
            if self.editor.value() is None and self._value is not None:
                self.editor.set_value(self._value)
            self._show_plain()

    def in_words(self, value: Any, words: str = "") -> str:
        """A value of this field as text, for the merge dialog."""
        if isinstance(self.editor, ComboBox):
            found = [
                self.editor.itemText(i)
                for i in range(self.editor.count())
                if self.editor.itemData(i) == value
            ]
            return found[0] if found and value is not None else values.show("text", value)
        if isinstance(self.editor, LookupEdit):
            return words or values.show("text", value)
        return values.show(self.field.kind, value, places=self.field.places, unit=self._unit)

    # -- state --------------------------------------------------------------------------------------------------

    def set_compact(self, compact: bool) -> None:
        """A check box among nothing but check boxes needs no room for a label above."""
        if self.field.kind == "check":
            self.label.setVisible(not compact)

    def set_refused(self, text: str) -> None:
        """Say what the server found wrong; it stays until this field is changed or the form is saved again."""
        self.set_error(text)
        self.refused = True

    def set_error(self, text: str) -> None:
        """Say what is wrong below the field, or that nothing is."""
        self._error = text
        self.refused = False
        editor = self.editor
        if isinstance(editor, LineEdit | ComboBox | TextArea):
            editor.set_invalid(bool(text))
        self._below.setText(text or self._hint)
        self._below.set_color("bad" if text else "text3")
        self._below.setVisible(bool(text or self._hint))

    def _mark_again(self) -> None:
        """Leaving a field tidies what it shows; what is wrong with it for other reasons stays marked."""
        if self._error and isinstance(self.editor, LineEdit):
            self.editor.set_invalid(True)

    @property
    def error(self) -> str:
        """What is wrong, in words; empty when nothing is."""
        return self._error

    def set_hint(self, text: str) -> None:
        """Say something below the field."""
        self._hint = text
        if not self._error:
            self.set_error("")

    def set_required(self, required: bool) -> None:
        """Show or hide the star."""
        self._star.setVisible(required)

    def set_read_only(self, read_only: bool) -> None:
        """Show the value as text instead of a field."""
        field = self.field
        self.read_only = (
            read_only or field.kind == "readonly" or field.read_only or self._fixed or not self.allowed
        )
        if field.edit_reason and self._fixed and self.allowed:
            # In a form that is read-only as a whole the head says so once.
            self.set_hint("" if read_only else t(field.edit_reason))
        keep_check = self.field.kind == "check"
        self.editor.setVisible(not self.read_only or keep_check)
        self.editor.setEnabled(not self.read_only)
        self._plain.setVisible(self.read_only and not keep_check)
        self._star.setVisible(self.field.required and not self.read_only)
        self._show_plain()

    def focus(self) -> None:
        """Put the cursor here."""
        self.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_plain(self) -> None:
        if not self.allowed:
            self._plain.setText(t("form.no_right"))
            self._plain.set_color("text3")
        elif self.field.kind == "readonly":
            shown = self._words or values.show(
                self.field.shown_as, self._value, places=self.field.places, unit=self.field.unit
            )
            self._plain.setText(shown)
        else:
            self._plain.setText(self.in_words(self._value, self._words))

    def _typed(self, *_: object) -> None:
        self._changed = True
        self.edited.emit()

    def _open(self) -> None:
        value = self.value()
        if self.field.topic and value is not None:
            self._ctx.navigate.open_record(self.field.topic, value)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Escape takes the field back; leaving it checks it."""
        if watched is self.editor and event.type() == QEvent.Type.FocusOut and self._changed:
            self.left.emit()
        if (
            watched is self.editor
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() == Qt.Key.Key_Escape
            and self._changed
            and not (isinstance(self.editor, LookupEdit) and self.editor.ahead.open)
        ):
            self.set_value(self._value, self._words)
            self.edited.emit()
            return True
        return False
