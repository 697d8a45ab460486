"""While I am away: who decides in my place, since when and until when."""

import datetime as dt

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import clock
from app.core import format as fmt
from app.core.i18n import t
from app.services.approvals import reads, writes
from app.services.approvals.commands import EndDelegate, SetDelegate
from app.services.approvals.reads import DelegateRow
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.fields import Field, FieldBox
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names, when_known
from app.views.core.surfaces import clear_layout
from app.views.core.theme import px

FIELDS = (
    Field("to", "approval.delegate.to", "choice", required=True, span=2),
    Field("from", "approval.delegate.from", "date", required=True),
    Field("until", "approval.delegate.until", "date", required=True),
    Field("reason", "approval.delegate.reason", max_length=200, span=2),
)
PLACES = ((0, 0, 1, 2), (1, 0, 1, 1), (1, 1, 1, 1), (2, 0, 1, 2))


def open_delegates(ctx: AppContext) -> None:
    """Open the dialog over the window."""
    host = host_of(ctx.tasks)
    if host is not None:
        DelegateDialog(host, ctx).open()


class DelegateDialog(Dialog):
    """Stand-ins that are in place, and a form for a new one."""

    def __init__(self, host: QWidget, ctx: AppContext) -> None:
        super().__init__(
            host,
            t("approval.delegate.title"),
            t("approval.delegate.text"),
            icon="user-check",
            width=px("text_column") + px("grid") * 24,
        )
        self.setObjectName("dialog.delegates")
        self._ctx = ctx
        self._known = QVBoxLayout()
        self._known.setSpacing(px("gap_xs"))
        self.body.addLayout(self._known)
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        self.boxes = {field.key: FieldBox(ctx, field) for field in FIELDS}
        for field, place in zip(FIELDS, PLACES, strict=True):
            grid.addWidget(self.boxes[field.key], *place)
        self.body.addLayout(grid)
        today = clock.today()
        self.boxes["from"].set_value(today)
        self.boxes["until"].set_value(today + dt.timedelta(days=6))
        self.add_button("no", "errors.close", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "approval.delegate.yes",
            self._set,
            icon="user-check",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        when_known(ctx, self._offer)
        self._read()

    def _offer(self) -> None:
        people = sorted(names(self._ctx).items(), key=lambda item: item[1])
        mine = self._ctx.profile.login
        self.boxes["to"].set_choices(
            [(login, person) for login, person in people if login != mine and login.startswith("u_")]
        )

    def _read(self) -> None:
        ReadOp(self, self._ctx, reads.delegates).success(self._show).start()

    def _show(self, rows: tuple[DelegateRow, ...]) -> None:
        clear_layout(self._known)
        lines: list[QWidget] = [self._line(row) for row in rows]
        if lines:
            lines.insert(0, Label(t("approval.delegate.now"), "small600", "text2"))
        for line in lines:
            self._known.addWidget(line)
            line.show()  # now: `place` counts only what is visible
        self.place()

    def _line(self, row: DelegateRow) -> QWidget:
        holder = QWidget()
        line = QHBoxLayout(holder)
        line.setContentsMargins(0, 0, 0, 0)
        mine = row.login == self._ctx.profile.login
        who = name(self._ctx, row.delegate if mine else row.login)
        key = "approval.delegate.mine" if mine else "approval.delegate.theirs"
        # The end is exclusive; people read the last day.
        first, last = clock.here(row.valid_from), clock.here(row.valid_to - dt.timedelta(seconds=1))
        words = t(key, who=who, start=fmt.date_(first.date()), end=fmt.date_(last.date()))
        line.addWidget(Label(words, "body", wrap=True), 1)
        if mine:
            end = Button("approval.delegate.end", "x", "ghost", clicked=lambda: self._end(row.id))
            end.setObjectName(f"action.end_delegate.{row.id}")
            line.addWidget(end)
        return holder

    def _set(self) -> None:
        values = {}
        wrong = None
        for key, box in self.boxes.items():
            try:
                values[key] = box.value()
            except ValueError as error:
                box.set_error(t(str(error)))
            if box.field.required and values.get(key) in (None, "") and not box.error:
                box.set_error(t("error.required"))
            if box.error and wrong is None:
                wrong = box
        if wrong is not None:
            wrong.focus()
            return
        first, last = values["from"], values["until"]
        assert isinstance(first, dt.date)
        assert isinstance(last, dt.date)
        if last < first:
            self.boxes["until"].set_error(t("error.approval_delegate_period"))
            return
        to = str(values["to"])
        command = SetDelegate(
            to,
            clock.midnight(first),
            clock.end_of(last),
            str(values["reason"] or ""),
        )
        op: WriteOp[int] = WriteOp(self, self._ctx, writes.set_delegate, command)
        op.disabling(self._yes).success(lambda _id: self._named(to)).start()

    def _named(self, to: str) -> None:
        self.finish()
        self._ctx.navigate.toast(t("approval.delegate.set", who=name(self._ctx, to)))

    def _end(self, delegate_id: int) -> None:
        def ended(_value: object) -> None:
            self._ctx.navigate.toast(t("approval.delegate.ended"))
            self._read()

        WriteOp(self, self._ctx, writes.end_delegate, EndDelegate(delegate_id)).success(ended).start()
