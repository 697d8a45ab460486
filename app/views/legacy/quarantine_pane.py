"""A record in quarantine beside the list: what the old system says beside what is wrong, to be put right in place."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.legacy import reads, writes
from app.services.legacy.commands import SettleQuarantine
from app.services.legacy.lists import QuarantineRow
from app.services.legacy.mapping import covered
from app.services.legacy.reads import QuarantineDetail
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, section, text_row
from app.views.core.inputs import LineEdit
from app.views.core.marks import Divider, IconLabel, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.plain import plain
from app.views.core.surfaces import Loading
from app.views.core.theme import px
from app.views.legacy.words import QUARANTINE_STATE, finding_words, titled

SET = "legacy_quarantine_set"


COVERED = "•••••"
_NUMBER = re.compile(r"-?\d+\.\d+")  # how JSON keeps an exact number


class Value(QWidget):
    """A field of the old record: its name, what stands there, and once wanted a field to type another value."""

    def __init__(
        self, name: str, value: object, repaired: Any, *, wrong: bool, may: bool, covered: bool = False
    ) -> None:
        super().__init__()
        self.name, self.original = name, value
        self._missing = repaired is _NOTHING
        self.edit: LineEdit | None = None
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, px("hair"), 0, px("hair"))
        self._row.setSpacing(px("gap"))
        words = Label(name, "small", "text2", shrink=True)
        words.setFixedWidth(px("detail_picture"))
        words.setToolTip(plain(name))
        self._row.addWidget(words)
        shown = as_text(value)
        self.label = Label(
            shown or fmt.NONE, "mono" if wrong else "small", "bad" if wrong else "text", elide=True
        )
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._row.addWidget(self.label, 1)
        self._pencil = IconButton(
            "pencil", "legacy.quarantine.edit", size=px("chip") + 4, icon_size=px("icon_small")
        )
        self._pencil.setObjectName(f"edit.{name}")
        self._pencil.clicked.connect(self.begin)
        self._row.addWidget(self._pencil)
        if not may or isinstance(value, Mapping | list):
            self._pencil.hide()
        if covered:
            self._cover(shown)
        if repaired is not _NOTHING:
            self.begin().setText(as_text(repaired))

    def _cover(self, shown: str) -> None:
        """Somebody's pay: seen only when it is asked for."""
        self.label.setText(COVERED)
        eye = IconButton("eye", "legacy.employee.show_pay", size=px("chip") + 4, icon_size=px("icon_small"))
        eye.setObjectName(f"show.{self.name}")
        self._row.addWidget(eye)
        with_pencil = self._pencil.isVisibleTo(self)
        self._pencil.hide()

        def show() -> None:
            eye.hide()
            self.label.setText(shown or fmt.NONE)
            self._pencil.setVisible(with_pencil)

        eye.clicked.connect(show)

    def begin(self) -> LineEdit:
        """Let the value be typed."""
        if self.edit is None:
            self.edit = LineEdit(self.name)
            self.edit.setObjectName(f"value.{self.name}")
            self.edit.setText(as_text(self.original))
            self._row.insertWidget(2, self.edit, 2)
            self._pencil.hide()
        self.edit.setFocus()
        return self.edit

    def changed(self) -> bool:
        """Whether another value was typed."""
        return self.edit is not None and (self.edit.text() != as_text(self.original) or not self._missing)

    def value(self) -> Any:
        """What was typed, in the kind the old system's value has."""
        assert self.edit is not None
        return as_kind(self.edit.text(), self.original)


class _Nothing:
    """No value was given, which is not the same as an empty one."""


_NOTHING = _Nothing()


class QuarantinePane(DetailPane):
    """Head from the row, the record from the database: one round trip."""

    def __init__(self, ctx: AppContext, row: QuarantineRow) -> None:
        super().__init__()
        self.setObjectName("pane.quarantine")
        self._ctx = ctx
        self.values: dict[str, Value] = {}
        self._found: QuarantineDetail | None = None
        kind, key = QUARANTINE_STATE[row.state]
        note = t(
            "legacy.quarantine.seen",
            first=fmt.date_time(row.first_seen_at),
            n=row.attempts,
            count=fmt.number(row.attempts),
        )
        title, label = titled(row.title, row.entity), row.label or ""
        name = label if any(sign.isalpha() for sign in label) else f"{title} {label}".strip()
        self.head(row.source_key, name, chips=[(kind, t(key))], note=note)
        self._body = self.tab("record", t("legacy.quarantine.record"))
        self._waiting = Loading()
        self._body.addWidget(self._waiting)
        op: ReadOp[QuarantineDetail | None] = ReadOp(self, ctx, reads.get_quarantine, row.id)
        op.success(self._fill).failure(self._failed).start()

    def _failed(self, _error: BaseException) -> bool:
        self._waiting.deleteLater()
        self._body.addWidget(text_row(t("kit.list.failed")))
        return True

    def _fill(self, found: QuarantineDetail | None) -> None:
        self._waiting.deleteLater()
        box = self._body
        if found is None:
            box.addWidget(text_row(t("legacy.quarantine.gone")))
            return
        self._found = found
        may = self._ctx.profile.can(SET) and found.state in ("open", "retry", "ignored")
        box.addWidget(section(t("legacy.quarantine.wrong"), note=found.source))
        wrong: list[str] = []
        said: set[str] = set()
        for finding in found.findings:
            words = finding_words(finding, found.titles)
            if words not in said:
                said.add(words)
                box.addWidget(_finding(finding, words))
            field = str(finding.get("field") or "")
            if field in found.raw and field not in wrong:
                wrong.append(field)
                box.addWidget(self._value(field, found, wrong=True, may=may, open_=may))
                self._offer(box, field, finding, may=may)
        for field in found.repair:
            if field not in wrong:
                wrong.append(field)
                box.addWidget(self._value(field, found, wrong=True, may=may))
        if found.comment:
            box.addWidget(section(t("legacy.quarantine.comment")))
            box.addWidget(text_row(found.comment, color="text"))
        if may:
            self._buttons(box, found)
        box.addWidget(
            section(t("legacy.quarantine.raw"), note=t("legacy.quarantine.fields", n=len(found.raw)))
        )
        for name in sorted(found.raw, key=str.casefold):
            if name not in wrong and not name.startswith("__"):
                box.addWidget(self._value(name, found, wrong=False, may=may))

    def _value(
        self, name: str, found: QuarantineDetail, *, wrong: bool, may: bool, open_: bool = False
    ) -> Value:
        repaired = found.repair.get(name, _NOTHING)
        hidden = repaired is _NOTHING and name in covered(found.entity)
        value = Value(name, found.raw.get(name), repaired, wrong=wrong, may=may, covered=hidden)
        if (
            open_
            and not hidden
            and value.edit is None
            and not isinstance(found.raw.get(name), Mapping | list)
        ):
            value.begin().clearFocus()
        self.values[name] = value
        return value

    def _offer(self, box: QVBoxLayout, field: str, finding: Mapping[str, Any], *, may: bool) -> None:
        """What the rule proposes instead, to be taken with one click."""
        proposal = (finding.get("params") or {}).get("proposal")
        if proposal in (None, "") or not may:
            return
        row = QHBoxLayout()
        row.setContentsMargins(px("detail_picture") + px("gap"), 0, 0, 0)
        row.addWidget(
            Label(t("legacy.quarantine.proposal", value=as_text(proposal)), "small", "text2", elide=True), 1
        )
        take = Button("legacy.quarantine.take", kind="link", clicked=lambda: self._take(field, proposal))
        take.setObjectName(f"action.take.{field}")
        row.addWidget(take)
        box.addLayout(row)

    def _take(self, field: str, proposal: object) -> None:
        self.values[field].begin().setText(as_text(proposal))

    def _buttons(self, box: QVBoxLayout, found: QuarantineDetail) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, px("gap_m"), 0, px("gap_xs"))
        row.setSpacing(px("gap"))
        self.retry = Button(
            "legacy.quarantine.retry", "rotate-ccw", "primary", "Ctrl+Enter", clicked=self.send
        )
        self.retry.setObjectName("action.retry")
        row.addWidget(self.retry)
        if found.state != "ignored":
            self.ignore = Button("legacy.quarantine.ignore", "ban", clicked=self._ignore)
            self.ignore.setObjectName("action.ignore")
            row.addWidget(self.ignore)
        row.addStretch(1)
        box.addLayout(row)
        box.addWidget(Divider())

    def send(self) -> None:
        """Try the record again, with the values that were put right."""
        found = self._found
        if found is None:
            return
        repair = {name: value.value() for name, value in self.values.items() if value.changed()}
        command = SettleQuarantine(found.id, found.row_version, "retry", repair)
        op: WriteOp[None] = WriteOp(self, self._ctx, writes.settle, command).disabling(self.retry)
        op.success(
            lambda _none: self._ctx.navigate.toast(t("legacy.quarantine.retried", n=1, count="1"))
        ).start()

    def _ignore(self) -> None:
        from app.views.legacy.quarantine import ignore

        if self._found is not None:
            ignore(self._ctx, [self._found])  # type: ignore[list-item]  # its number is all that is asked for


def _finding(finding: Mapping[str, Any], words: str) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, px("gap_xs"), 0, 0)
    row.setSpacing(px("gap"))
    error = finding.get("severity") != "warning"
    icon = IconLabel("circle-alert" if error else "triangle-alert", px("icon"), "bad" if error else "warn")
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    row.addWidget(Label(words, "body", wrap=True), 1)
    return line


def as_text(value: object) -> str:
    """A value of the old system as it is typed."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value).replace("\n", " ⏎ ")


def as_kind(text: str, original: object) -> Any:
    """What was typed, in the kind of the value it stands for: numbers and yes/no stay what they are."""
    words = text.strip().replace(" ⏎ ", "\n")
    if not words:
        return None
    if isinstance(original, bool):
        return words.casefold() in ("true", "ja", "yes", "1", "wahr")
    if isinstance(original, int | float | Decimal) or _NUMBER.fullmatch(str(original)):
        try:
            number = fmt.parse_decimal(words) if "," in words else Decimal(words)
        except (ValueError, InvalidOperation):
            return words
        return int(number) if number == number.to_integral_value() else number
    return words
