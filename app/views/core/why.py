"""Why can't I?  The missing right, the roles that carry it, who can grant it, and a request in one click.

Everything comes from the database's own catalogue, so reports and other tools say the same.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import AppError, NotAllowed, SessionEnded
from app.core.i18n import has_text, language, t
from app.services.security import assignments
from app.services.security.rights import RoleThatCan, Why, why
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of, right_in_words, role_in_words
from app.views.core.fields import Field, FieldBox, check_field
from app.views.core.marks import Avatar, Chip, Divider, IconLabel, Label, initials
from app.views.core.numbered import NumberedStep
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Banner, clear_layout
from app.views.core.theme import px
from app.views.core.values import error_text, in_words

ROLES_SHOWN, PEOPLE_SHOWN, NAMES_SHOWN = 5, 4, 3
INBOX = "approvals.inbox"
HOURS = (2, 4, 8, 24)
REASON = Field("reason", "people.reason", required=True, max_length=500)


def explain(ctx: AppContext, right: str, what: str = "", owner: QObject | None = None) -> None:
    """Answer "Why can't I?" about ``what`` (words of a button or a screen) before anything was refused."""
    host = host_of(owner or ctx.tasks)
    if host is not None:
        WhyDialog(host, ctx, NotAllowed(right, right=right), what).open()


class WhyDialog(Dialog):
    """What is missing, who has it, who can grant it, and the request for it; ``what`` was wanted, in words."""

    def __init__(self, host: QWidget, ctx: AppContext | None, error: NotAllowed, what: str = "") -> None:
        key = f"error.{error.key}"
        asked = t("why.title", what=what) if what else t("errors.why_title")
        title = t(f"{key}.title") if has_text(f"{key}.title") else asked
        text = t(key, **error.params) if has_text(key) else t("errors.why_text")
        super().__init__(
            host, title, text, icon="lock", tint="bad", width=px("text_column") + px("grid") * 30
        )
        self.setObjectName("dialog.why")
        self._ctx = ctx
        self._right = str(error.params["right"])
        self._lines = [title, text]
        self._number = 0
        self._ask: _Ask | None = None
        self._steps = QVBoxLayout()
        self._steps.setSpacing(px("gap_l"))
        self.body.addLayout(self._steps)
        self.add_button("copy", "errors.copy", self._copy, icon="copy", kind="ghost", left=True, stay=True)
        self._step("errors.why_missing", self._missing())
        self._lines.append(f"{t('errors.why_missing')}: {self._right}")
        self._close = self.add_button("close", "errors.close", kind="primary", shortcut="Esc")
        if ctx is not None:
            op = ReadOp(self, ctx, why, self._right)
            op.success(self._answer).failure(lambda _error: True).start()

    def _step(self, heading: str, content: QWidget) -> None:
        self._number += 1
        self._steps.addWidget(NumberedStep(self._number, t(heading), content))

    def _missing(self) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        row.addWidget(IconLabel("key-round", px("icon"), "bad"))
        words = right_in_words(self._right)
        row.addWidget(Label(words, "body500"))
        if words != self._right:
            row.addWidget(Label(self._right, "mono", "text3"))
        row.addStretch(1)
        return holder

    # -- the answer ---------------------------------------------------------------------------------------------

    def _answer(self, found: Why) -> None:
        names = {role.role: _named(role) for role in found.roles}
        if found.roles:
            self._step("errors.why_roles", self._roles(found, names))
        granters = _granters(found)
        if granters:
            self._step("errors.why_grant", self._people(granters))
        elif found.roles:
            self._steps.addWidget(Banner("warn", t("why.no_granter")))
        lines = _circumstances(found, names)
        self._lines += lines
        for words in lines:
            self._steps.addWidget(Banner("ok" if found.has else "info", words))
        if self._may_ask(found):
            self._offer(found, names)
        QTimer.singleShot(0, self, self.place)  # what was added counts only once it is shown

    def _may_ask(self, found: Why) -> bool:
        """Nobody asks twice, for what one has already, or for a person at a shared terminal."""
        assert self._ctx is not None
        needless = found.has or found.open or found.device_lacks or self._ctx.profile.operator
        return bool(found.request) and not needless

    def _roles(self, found: Why, names: dict[str, str]) -> QWidget:
        table = QWidget()
        grid = QGridLayout(table)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(px("gap_s"))
        grid.setHorizontalSpacing(px("gap_l"))
        grid.setColumnStretch(1, 1)
        shown = found.roles[:ROLES_SHOWN]
        for number, role in enumerate(shown):
            words = _held_by([one.person for one in role.holders])
            grid.addWidget(Label(names[role.role], "body500"), 2 * number, 0)
            grid.addWidget(Label(words, "body", "text2", wrap=True), 2 * number, 1)
            chip = _chip_of(role)
            if chip is not None:
                grid.addWidget(Chip(*chip), 2 * number, 2)
            grid.addWidget(Divider(), 2 * number + 1, 0, 1, 3)
            self._lines.append(f"  {names[role.role]}: {words}")
        rest = len(found.roles) - len(shown)
        if rest:
            more = Label(t("why.more_roles", n=rest), "small", "text3")
            more.setToolTip("\n".join(names[role.role] for role in found.roles[ROLES_SHOWN:]))
            grid.addWidget(more, 2 * len(shown), 0, 1, 3)
        return table

    def _people(self, granters: Sequence[tuple[str, str]]) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(px("gap_xl"))
        grid.setVerticalSpacing(px("gap"))
        for number, (person, note) in enumerate(granters[:PEOPLE_SHOWN]):
            row = QHBoxLayout()
            row.setSpacing(px("gap"))
            row.addWidget(Avatar(initials(person), px("avatar_large"), person))
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(Label(person, "body500"))
            words.addWidget(Label(t(note), "small", "text2"))
            row.addLayout(words, 1)
            grid.addLayout(row, number // 2, number % 2)
            grid.setColumnStretch(number % 2, 1)
            self._lines.append(f"  {t('errors.why_grant')}: {person}")
        rest = len(granters) - PEOPLE_SHOWN
        if rest > 0:
            more = Label(t("why.more_people", n=rest), "small", "text3")
            grid.addWidget(more, PEOPLE_SHOWN // 2, 0, 1, 2)
        return holder

    # -- asking -------------------------------------------------------------------------------------------------

    def _offer(self, found: Why, names: dict[str, str]) -> None:
        assert self._ctx is not None
        self._ask = _Ask(self._ctx, found, names)
        self._step("why.ask_for", self._ask)
        self._close.set_kind("secondary")
        self.default = self.add_button(
            "request",
            "why.request",
            self._request,
            icon="send",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        self.default.show()  # at once: its key is dead until it is
        self._ask.boxes["reason"].focus()

    def _request(self) -> None:
        ask, button, ctx = self._ask, self.default, self._ctx
        assert ask is not None
        assert button is not None
        assert ctx is not None
        call = ask.command()
        if call is None:
            self.place()
            return
        op: WriteOp[int] = WriteOp(self, ctx, *call).disabling(button)
        op.success(self._requested).failure(self._refused).start()

    def _requested(self, _number: int) -> None:
        ctx = self._ctx
        assert ctx is not None
        self.finish()
        see = None
        if INBOX in ctx.registry.workspaces:
            see = ("why.see_request", partial(ctx.navigate.open_workspace, INBOX, preset="asked"))
        ctx.navigate.toast(t("why.requested"), action=see)

    def _refused(self, error: BaseException) -> bool:
        if (
            self._ask is None
            or not isinstance(error, AppError)
            or isinstance(error, NotAllowed | SessionEnded)
        ):
            return False
        self._ask.show_refusal(error)
        QTimer.singleShot(0, self, self.place)
        return True

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self._lines))


class _Ask(QWidget):
    """Which role, for how long, and the reason whoever decides will read."""

    def __init__(self, ctx: AppContext, found: Why, names: dict[str, str]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px("gap"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        column.addLayout(grid)
        offered = [role.role for role in found.roles if role.requestable]
        hours = [number for number in HOURS if number <= found.hours]
        fields = (
            Field("role", "people.role", "choice", required=True),
            Field("hours", "why.hours", "choice", required=True),
            REASON,
        )
        self.boxes = {field.key: FieldBox(ctx, field) for field in fields}
        self.boxes["role"].set_choices([(role, names[role]) for role in offered])
        self.boxes["role"].set_value(found.request)
        spans = [(number, t("why.n_hours", n=number)) for number in hours]
        self.boxes["hours"].set_choices([*spans, (0, t("why.for_good"))])
        self.boxes["hours"].set_value(next((number for number in (4, 2) if number in hours), 0))
        grid.addWidget(self.boxes["role"], 0, 0)
        grid.addWidget(self.boxes["hours"], 0, 1)
        grid.addWidget(self.boxes["reason"], 1, 0, 1, 2)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        self.boxes["reason"].edited.connect(lambda: self.boxes["reason"].set_error(""))
        self._spot = QVBoxLayout()
        column.addLayout(self._spot)

    def command(self) -> tuple[Any, Any] | None:
        """The call that asks; None, and said at the field, when the reason is missing."""
        values = {key: box.value() for key, box in self.boxes.items()}
        wrong = check_field(REASON, values["reason"], values)
        self.boxes["reason"].set_error(wrong)
        if wrong:
            self.boxes["reason"].focus()
            return None
        role, hours, reason = str(values["role"]), int(values["hours"] or 0), str(values["reason"])
        if hours:
            return assignments.request_elevation, assignments.RequestElevation(role, hours, reason)
        return assignments.request_role, assignments.RequestRole(role, reason)

    def show_refusal(self, error: AppError) -> None:
        """Say why it cannot be asked for."""
        hint = f"error.{error.key}.what_now"
        clear_layout(self._spot)
        said = Banner("bad", error_text(error), t(hint, **in_words(error.params)) if has_text(hint) else "")
        said.setObjectName("why.refused")
        self._spot.addWidget(said)


def _named(role: RoleThatCan) -> str:
    """A role's name: of the program's own in words, of the house's by its title."""
    if has_text(f"role.{role.role}"):
        return role_in_words(role.role)
    return (role.title_de if language() == "de" else role.title_en) or role.title_de or role.role


def _held_by(people: Sequence[str]) -> str:
    if not people:
        return t("errors.why_nobody")
    words = ", ".join(people[:NAMES_SHOWN])
    rest = len(people) - NAMES_SHOWN
    return words if rest <= 0 else t("why.and_more", names=words, n=rest)


def _chip_of(role: RoleThatCan) -> tuple[str, str] | None:
    """What is special about a role for this person."""
    if role.mine:
        return "neutral", t("errors.why_your_role")
    if role.conflict:
        return "warn", t("why.conflicts", role=role_in_words(role.conflict))
    if role.votes > 1:
        return "info", t("why.votes", n=role.votes)
    return None


def _granters(found: Why) -> list[tuple[str, str]]:
    """Everybody who can do something about it, by name, with what he or she does."""
    notes = {one.person: "why.grants" for one in found.granters}
    for one in found.approvers:
        notes[one.person] = "why.grants_and_decides" if one.person in notes else "why.decides"
    return sorted(notes.items())


def _circumstances(found: Why, names: dict[str, str]) -> list[str]:
    """What else there is to know: whether one had it, will have it, has asked, or whether it is the terminal."""

    def name(role: str) -> str:
        return names.get(role, role_in_words(role))

    lines = []
    if found.has:
        lines.append(t("why.has_now"))
    if found.device_lacks:
        lines.append(t("why.device"))
    if found.had is not None:
        until = fmt.date_time(found.had.until)
        lines.append(t("why.had", until=until, role=name(found.had.role)))
    if found.comes is not None:
        at = fmt.date_time(found.comes.valid_from)
        lines.append(t("why.comes", at=at, role=name(found.comes.role)))
    lines += [t("why.open", at=fmt.date_time(one.since), role=name(one.role)) for one in found.open]
    return lines
