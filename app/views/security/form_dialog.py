"""A few fields in a dialog: checked, saved by one command, refusals said over the fields."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from zlib import crc32

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.core.changes import NO_CHANGES, Result
from app.core.errors import AppError, Confirm, NotAllowed, SessionEnded
from app.core.i18n import has_text, t
from app.views.core.checks import CheckBox
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.fields import Field, FieldBox, check_field
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text, in_words

_SELECTABLE = Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
Save = Callable[[Mapping[str, Any]], tuple[Callable[[Any, Any], Result[Any]], Any]]


def version_of(values: Mapping[str, Any]) -> int:
    """A number that is another one when a value is: for records without a version of their own."""
    return crc32(repr(sorted(values.items())).encode())


def nothing_written(_session: Any, value: Any) -> Result[Any]:
    """For dialogs that only ask: the answer goes on as it is."""
    return Result(value, NO_CHANGES)


def plain(key: str) -> str:
    """A button's text as a title: without its mnemonic."""
    return t(key).replace("&", "")


class FormDialog(Dialog):
    """``save(values)`` gives the service function and its command; ``done(value)`` gets the answer."""

    def __init__(
        self,
        ctx: AppContext,
        title: str,
        text: str,
        fields: Sequence[Field],
        save: Save,
        done: Callable[[Any], object],
        *,
        icon: str,
        yes: str,
        values: Mapping[str, Any] | None = None,
        owner: QWidget | None = None,
        wider: int = 0,
    ) -> None:
        host = host_of(owner or ctx.tasks)
        assert host is not None
        super().__init__(host, title, text, icon=icon, width=px("text_column") + px("grid") * 30 + wider)
        self.setObjectName("dialog.form")
        self.ctx = ctx
        self._save, self._done_with = save, done
        self._spot = QVBoxLayout()
        self.body.addLayout(self._spot)
        self.boxes = {field.key: FieldBox(ctx, field) for field in fields}
        for key, box in self.boxes.items():
            box.edited.connect(lambda b=box: b.set_error(""))
            if values and key in values:
                box.set_value(values[key])
        self.body.addLayout(self._grid())
        self.add_button("no", "security.dialog.cancel", kind="secondary", shortcut="Esc")
        # In a menu the words end in an ellipsis; here is what they announced.
        words = f"{yes}.yes" if has_text(f"{yes}.yes") else yes
        self.yes = self.add_button(
            "yes", words, self.post, icon="check", kind="primary", shortcut="Ctrl+Enter", stay=True
        )

    def _grid(self) -> QGridLayout:
        """Where the fields stand."""
        return self.grid_of(list(self.boxes.values()))

    @staticmethod
    def grid_of(boxes: Sequence[FieldBox]) -> QGridLayout:
        """Two columns; a field of more than two of a form's four columns has a line of its own."""
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        row = column = 0
        for box in boxes:
            wide = 2 if box.field.span > 2 else 1
            box.set_compact(wide == 2)
            if column + wide > 2:
                row, column = row + 1, 0
            grid.addWidget(box, row, column, 1, wide)
            column += wide
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(1, 1)
        return grid

    def open(self) -> None:
        """Begin with the first field one can write."""
        super().open()
        first = next((box for box in self.boxes.values() if not box.field.read_only), None)
        if first is not None:
            first.focus()

    def post(self) -> None:
        """Check and save."""
        values: dict[str, Any] = {}
        wrong: FieldBox | None = None
        for key, box in self.boxes.items():
            try:
                values[key] = box.value()
                box.set_error(check_field(box.field, values[key], values))
            except ValueError as error:
                box.set_error(t(str(error)))
            if box.error and wrong is None:
                wrong = box
        if wrong is not None:
            clear_layout(self._spot)  # a refusal of what stood there before
            wrong.focus()
            QTimer.singleShot(0, self, self.place)
            return
        fn, command = self._save(values)
        op: WriteOp[Any] = WriteOp(self, self.ctx, fn, command).disabling(self.yes)
        op.success(self._saved).failure(self.refused).start()

    def _saved(self, value: Any) -> None:
        self.finish()
        self._done_with(value)

    def refused(self, error: BaseException) -> object:
        """Say it over the fields; what needs a dialog of its own gets one."""
        if not isinstance(error, AppError) or isinstance(error, NotAllowed | SessionEnded | Confirm):
            return False
        hint = f"error.{error.key}.what_now"
        banner = Banner("bad", error_text(error), t(hint, **in_words(error.params)) if has_text(hint) else "")
        banner.setObjectName("dialog.refused")
        clear_layout(self._spot)
        self._spot.addWidget(banner)
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown
        return True


class TicksDialog(FormDialog):
    """A list to tick in: ``read(session)`` gives (value, words), ``save(values ticked)`` what saves them."""

    def __init__(
        self,
        ctx: AppContext,
        title: str,
        text: str,
        read: Callable[[Any], Sequence[tuple[Any, str]]],
        chosen: Sequence[Any],
        save: Callable[[list[Any]], tuple[Callable[[Any, Any], Result[Any]], Any]],
        done: Callable[[Any], object],
        *,
        icon: str,
        yes: str,
    ) -> None:
        self._checks: dict[Any, CheckBox] = {}
        self._chosen = frozenset(chosen)

        def ticked(_values: Mapping[str, Any]) -> Any:
            return save([value for value, box in self._checks.items() if box.isChecked()])

        super().__init__(ctx, title, text, (), ticked, done, icon=icon, yes=yes)
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap_xs"))
        self.body.addLayout(self._list)
        self.yes.setEnabled(False)
        ReadOp(self, ctx, read).success(self._offer).start()

    def _offer(self, found: Sequence[tuple[Any, str]]) -> None:
        for value, words in found:
            box = CheckBox("people.task", words=words.replace("&", "&&"))
            box.setObjectName(f"tick.{value}")
            box.setChecked(value in self._chosen)
            self._checks[value] = box
            self._list.addWidget(box)
        self.yes.setEnabled(True)
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown


class SecretDialog(Dialog):
    """A secret the machine made, shown once, to be copied or written down."""

    def __init__(self, ctx: AppContext, title: str, text: str, secret: str) -> None:
        host = host_of(ctx.tasks)
        assert host is not None
        super().__init__(host, title, text, icon="key-round", width=px("text_column") + px("grid") * 20)
        self.setObjectName("dialog.secret")
        self._ctx, self._secret = ctx, secret
        shown = Label(secret, "display")
        shown.setObjectName("secret.shown")
        shown.setTextInteractionFlags(_SELECTABLE)
        self.body.addWidget(shown)
        self.body.addWidget(Label(t("security.secret.once"), "small", "text2", wrap=True))
        self.add_button("copy", "security.secret.copy", self._copy, icon="copy", stay=True)
        self.add_button("yes", "security.secret.noted", icon="check", kind="primary", shortcut="Ctrl+Enter")

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self._secret)
        self._ctx.navigate.toast(t("security.secret.copied"))
