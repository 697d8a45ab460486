"""My security: password, second factor, trusted workstations, and where I am signed in."""

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.services.security import second_factor, sessions
from app.services.security.reads import SessionRow
from app.services.security.sessions import DeviceRow, MySecurity
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.enrol import EnrolDialog, NewCodesDialog
from app.views.core.errors import ask
from app.views.core.marks import Chip, Divider, IconLabel, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.surfaces import Card, clear_layout
from app.views.core.tasks import READ
from app.views.core.theme import px
from app.views.core.workspace import TabPage
from app.views.security.change_password import ChangePasswordDialog

KEY = "security.mine"
FEW_CODES = 3


class MySecurityPage(TabPage):
    """One page of cards, read in one round trip."""

    icon = "shield-check"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        del state
        self.setObjectName(KEY)
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
        body.setMaximumWidth(px("text_column") + px("step_card_w"))
        self._column = QVBoxLayout(body)
        self._column.setContentsMargins(px("gap_xl"), px("gap_xl"), px("gap_xl"), px("gap_xl"))
        self._column.setSpacing(px("gap_m"))
        self._column.addWidget(Label(t("mine.title"), "title"))
        self._cards = QVBoxLayout()
        self._cards.setSpacing(px("gap_m"))
        self._column.addLayout(self._cards)
        self._column.addStretch(1)
        scroll.setWidget(body)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("mine.title")

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, sessions.my_security).replacing("mine").success(self._show).start()

    def _show(self, found: MySecurity) -> None:
        clear_layout(self._cards)
        self._cards.addWidget(self._password_card(found))
        self._cards.addWidget(self._factor_card(found))
        if found.second_factor_since is not None:
            self._cards.addWidget(self._devices_card(found))
        self._cards.addWidget(self._sessions_card(found))

    # -- password -----------------------------------------------------------------------------------------------

    def _password_card(self, found: MySecurity) -> Card:
        card = Card(t("login.password"))
        since = fmt.date_(found.password_set_at.date()) if found.password_set_at else fmt.NONE
        lines = [t("password.since", on=since)]
        if found.password_ends is not None:
            lines.append(t("password.until", at=fmt.date_time(found.password_ends)))
        change = Button("password.change", "key-round", clicked=lambda: self._change_password(found))
        change.setObjectName("action.change_password")
        card.body.addLayout(_line("lock", " · ".join(lines), change))
        return card

    def _change_password(self, found: MySecurity) -> None:
        def done() -> None:
            self.ctx.navigate.toast(t("password.changed"))
            self.refresh()

        ChangePasswordDialog(self.window(), self.ctx.db, self.ctx.tasks, found.password_length, done).open()

    # -- second factor ------------------------------------------------------------------------------------------

    def _factor_card(self, found: MySecurity) -> Card:
        card = Card(t("factor.title"))
        if found.second_factor_since is None:
            set_up = Button("factor.set_up", "qr-code", "primary", clicked=self._enrol)
            set_up.setObjectName("action.enrol")
            card.body.addLayout(
                _line("shield-alert", t("factor.off"), set_up, chip=("warn", t("factor.off_chip")))
            )
            return card
        since = fmt.date_(found.second_factor_since.date())
        another = Button("factor.another", "qr-code", clicked=self._enrol)
        another.setObjectName("action.enrol")
        buttons: list[QWidget] = [another]
        if not found.second_factor_needed:
            off = Button("factor.turn_off", "x", "ghost", clicked=self._turn_off)
            off.setObjectName("action.turn_off_factor")
            buttons.insert(0, off)
        card.body.addLayout(
            _line("shield-check", t("factor.since", on=since), *buttons, chip=("ok", t("factor.on_chip")))
        )
        card.body.addWidget(Divider())
        codes = Button("factor.new_codes", "refresh-cw", clicked=self._new_codes)
        codes.setObjectName("action.new_codes")
        few = found.recovery_left < FEW_CODES
        card.body.addLayout(
            _line(
                "key-round",
                t("factor.codes_left", n=found.recovery_left),
                codes,
                chip=("warn", t("factor.few_codes")) if few else None,
            )
        )
        return card

    def _enrol(self) -> None:
        def done(set_up: bool) -> None:
            if set_up:
                self.ctx.navigate.toast(t("factor.on"))
                self._look_again()

        EnrolDialog(self.window(), self.ctx.db, self.ctx.tasks, done).open()

    def _turn_off(self) -> None:
        def off() -> None:
            op = WriteOp(self, self.ctx, second_factor.remove, second_factor.Remove())
            op.success(lambda _none: self._look_again()).start()

        ask(self, t("factor.turn_off_title"), t("factor.turn_off_what"), "factor.turn_off", off, danger=True)

    def _new_codes(self) -> None:
        def show(codes: tuple[str, ...]) -> None:
            NewCodesDialog(self.window(), codes, self.ctx.profile.login).open()
            self.refresh()

        WriteOp(self, self.ctx, second_factor.new_recovery_codes, second_factor.NewRecoveryCodes()).success(
            show
        ).start()

    def _look_again(self) -> None:
        """The profile says whether codes are asked for; then the page is read."""
        self.ctx.tasks.run(READ, self, self.ctx.db.goes_on, lambda _future: self.refresh(), slot="profile")

    # -- devices ------------------------------------------------------------------------------------------------

    def _devices_card(self, found: MySecurity) -> Card:
        card = Card(t("mine.devices"), note=t("mine.devices_note", n=found.device_days))
        if not found.devices:
            card.body.addWidget(Label(t("mine.no_devices"), "body", "text2", wrap=True))
        for device in found.devices:
            card.body.addLayout(self._device_line(device))
        return card

    def _device_line(self, device: DeviceRow) -> QHBoxLayout:
        button = Button("mine.distrust", None, "ghost", clicked=lambda: self._revoke(device.id))
        button.setObjectName(f"action.distrust.{device.id}")
        words = t("mine.device_until", on=fmt.date_(device.ends.date()))
        return _line("server", device.name or t("shell.settings.unknown"), button, note=words)

    def _revoke(self, number: int) -> None:
        op = WriteOp(self, self.ctx, second_factor.revoke_device, second_factor.RevokeDevice(number))
        op.success(lambda _none: self.refresh()).start()

    # -- sessions -----------------------------------------------------------------------------------------------

    def _sessions_card(self, found: MySecurity) -> Card:
        card = Card(t("shell.settings.sessions"))
        others = [session for session in found.sessions if not session.current]
        for session in sorted(found.sessions, key=lambda one: not one.current):
            card.body.addLayout(self._session_line(session))
        if others:
            card.body.addWidget(Divider())
            row = QHBoxLayout()
            row.addWidget(Label(t("mine.sessions_what"), "small", "text2", wrap=True), 1)
            button = Button("mine.end_others", "log-out", clicked=self._end_others)
            button.setObjectName("action.end_others")
            row.addWidget(button)
            card.body.addLayout(row)
        return card

    def _session_line(self, session: SessionRow) -> QHBoxLayout:
        client = session.client
        device = client.get("device") or session.address or t("shell.settings.unknown")
        name = client.get("name") or client.get("program") or ""
        program = f"{name.capitalize()} {client.get('version', '')}".strip()
        facts = [program, client.get("system", ""), session.address if client.get("device") else ""]
        facts += [t("mine.since", at=fmt.date_time(session.created))]
        if not session.current:
            facts += [t("mine.last_seen", at=fmt.date_time(session.last_seen))]
        button: list[QWidget] = []
        if not session.current:
            end = Button("mine.end", None, "ghost", clicked=lambda: self._end(session.id))
            end.setObjectName(f"action.end_session.{session.id}")
            button.append(end)
        chip = ("ok", t("shell.settings.this_one")) if session.current else None
        note = " · ".join(fact for fact in facts if fact)
        return _line("server", device, *button, note=note, chip=chip)

    def _end(self, number: int) -> None:
        op = WriteOp(self, self.ctx, sessions.end_session, sessions.EndSession(number))
        op.success(lambda _none: self.refresh()).start()

    def _end_others(self) -> None:
        op = WriteOp(self, self.ctx, sessions.end_others, sessions.EndOthers())
        op.success(lambda _none: self.refresh()).start()


def _line(
    icon: str, words: str, *buttons: QWidget, note: str = "", chip: tuple[str, str] | None = None
) -> QHBoxLayout:
    """Icon, words with smaller ones below, a chip, what can be done."""
    row = QHBoxLayout()
    row.setSpacing(px("gap"))
    row.addWidget(IconLabel(icon, px("icon"), "text2"), 0, Qt.AlignmentFlag.AlignVCenter)
    column = QVBoxLayout()
    column.setSpacing(0)
    column.addWidget(Label(words, "body500" if note else "body", wrap=True))
    if note:
        column.addWidget(Label(note, "small", "text2", wrap=True))
    row.addLayout(column, 1)
    if chip is not None:
        row.addWidget(Chip(*chip))
    for button in buttons:
        row.addWidget(button)
    return row
