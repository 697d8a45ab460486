"""How the house is watched: the guard, open alarms, locked people, sign-ins over time."""

from collections.abc import Sequence
from typing import Any

from babel.dates import format_datetime
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import has_text, language, t
from app.services.security.people import unlock_user
from app.services.security.watch import (
    ALARM,
    ATTEMPT,
    SPANS,
    USER,
    AlarmRow,
    Locked,
    SeeAlarms,
    Slot,
    Watch,
    see_alarms,
    watch,
)
from app.views.core.bars import Bar, BarChart
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import scrolled
from app.views.core.marks import Chip, IconLabel, Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import Banner, Card, clear_layout
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage

KEY = "security.watch"
SHOWN = 30
_KINDS = {
    "locked_by_address": "bad",
    "locked_by_failures": "bad",
    "lock_spared": "bad",
    "many_logins_from_address": "warn",
    "tries_used_up": "warn",
}


class WatchPage(TabPage):
    """A board of cards; everything on it comes in one answer."""

    icon = "shield-alert"
    topics = frozenset({ALARM, ATTEMPT, USER})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.watch")
        self._span = state.get("span", "day") if state.get("span") in SPANS else "day"
        self.found: Watch | None = None
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("watch.title"), line=t("watch.line"))
        self._head.add(_link("signins.title", "log-in", ctx, "security.sign_ins"))
        if "security.addresses" in ctx.registry.workspaces:
            self._head.add(_link("addresses.title", "network", ctx, "security.addresses"))
        column.addWidget(self._head)
        content = QWidget()
        box = QVBoxLayout(content)
        box.setContentsMargins(px("margin_l"), px("gap_m"), px("margin_l"), px("margin"))
        box.setSpacing(px("gap_m"))
        box.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._spot = QVBoxLayout()
        box.addLayout(self._spot)
        box.addWidget(self._chart_card())
        self._alarms = Card(t("watch.alarms"))
        self._alarms.setObjectName("card.alarms")
        self._locked = Card(t("watch.locked"))
        self._locked.setObjectName("card.locked")
        box.addWidget(self._alarms)
        box.addWidget(self._locked)
        column.addWidget(scrolled(content), 1)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("watch.title")

    def identity(self) -> str:
        """There is one."""
        return "workspace:security.watch"

    def state(self) -> dict[str, Any]:
        """The span of the chart."""
        return {"span": self._span}

    def refresh(self) -> None:
        """Read again."""
        ReadOp(self, self.ctx, watch, self._span).replacing("watch").success(self._show).start()

    # -- sign-ins over time ---------------------------------------------------------------------------------------

    def _chart_card(self) -> Card:
        card = Card(t("watch.chart"))
        row = QHBoxLayout()
        tabs = SegmentedTabs([(span, t(f"watch.span.{span}")) for span in SPANS], self._span)
        tabs.setObjectName("watch.span")
        tabs.chosen.connect(self._choose)
        row.addWidget(tabs)
        row.addStretch(1)
        row.addWidget(Chip("accent", t("watch.worked")))
        row.addWidget(Chip("bad", t("watch.failed")))
        card.body.addLayout(row)
        self.chart = BarChart(t("watch.chart"))
        card.body.addWidget(self.chart)
        return card

    def _choose(self, span: str) -> None:
        self._span = span
        self.changed.emit()
        self.refresh()

    def _bars(self, slots: Sequence[Slot]) -> list[Bar]:
        hourly = SPANS[self._span][1] == "hour"
        bars = []
        for slot in slots:
            when = slot.slot.astimezone()
            word = format_datetime(when, "HH" if hourly else "d. MMM", locale=language())
            if not hourly and language() == "en":
                word = format_datetime(when, "d MMM", locale="en")
            shown = fmt.date_time(slot.slot) if hourly else fmt.date_(when.date())
            words = t("watch.bar", when=shown, good=fmt.number(slot.ok), bad=fmt.number(slot.failed))
            bars.append(Bar(word, words, slot.ok, slot.failed))
        return bars

    # -- what there is to look at ---------------------------------------------------------------------------------

    def _show(self, found: Watch) -> None:
        self.found = found
        self._show_guard(found)
        self.chart.set_bars(self._bars(found.slots))
        self._show_alarms(found.alarms)
        self._show_locked(found.locked)

    def _show_guard(self, found: Watch) -> None:
        clear_layout(self._spot)
        if not found.running:
            plain = (
                t("watch.guard_since", at=fmt.date_time(found.last_seen))
                if found.last_seen
                else t("watch.guard_never")
            )
            banner = Banner("warn", t("watch.guard_away"), plain)
            banner.setObjectName("watch.guard_away")
            self._spot.addWidget(banner)
        if found.mails_failed:
            self._spot.addWidget(
                Banner(
                    "warn",
                    t("watch.mails_failed", n=found.mails_failed, count=fmt.number(found.mails_failed)),
                    t("watch.mails_failed_text"),
                )
            )

    def _show_alarms(self, alarms: Sequence[AlarmRow]) -> None:
        body = self._alarms.body
        clear_layout(body)
        if not alarms:
            body.addWidget(_nothing("circle-check", t("watch.no_alarms")))
            return
        if self.ctx.profile.can("alarm_seen"):
            row = QHBoxLayout()
            row.addWidget(
                Label(t("watch.open", n=len(alarms), count=fmt.number(len(alarms))), "body", "text2"), 1
            )
            every = Button("watch.seen_all", "check", "secondary")
            every.setObjectName("action.seen_all")
            every.clicked.connect(lambda: self._see([alarm.id for alarm in alarms], every))
            row.addWidget(every)
            body.addLayout(row)
        for alarm in alarms[:SHOWN]:
            body.addWidget(self._alarm(alarm))

    def _alarm(self, alarm: AlarmRow) -> QWidget:
        line = QWidget()
        line.setObjectName(f"alarm.{alarm.id}")
        row = QHBoxLayout(line)
        row.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
        row.setSpacing(px("gap_m"))
        kind = _KINDS.get(alarm.kind, "warn")
        row.addWidget(IconLabel("triangle-alert", px("icon_rail"), kind))
        words = QVBoxLayout()
        words.setSpacing(0)
        who = alarm.person or alarm.login
        title = alarm_words(alarm)
        words.addWidget(Label(f"{title}: {who}" if who else title, "body500", wrap=True))
        words.addWidget(
            Label(" · ".join((fmt.date_time(alarm.at), *alarm_detail(alarm))), "small", "text2", wrap=True)
        )
        row.addLayout(words, 1)
        if self.ctx.profile.can("alarm_seen"):
            seen = Button("watch.seen", "eye", "ghost")
            seen.setObjectName(f"action.seen.{alarm.id}")
            seen.clicked.connect(lambda: self._see([alarm.id], seen))
            row.addWidget(seen)
        return line

    def _see(self, ids: Sequence[int], trigger: Button) -> None:
        op: WriteOp[int] = WriteOp(self, self.ctx, see_alarms, SeeAlarms(tuple(ids))).disabling(trigger)
        op.success(lambda _seen: self.refresh()).start()

    def _show_locked(self, locked: Sequence[Locked]) -> None:
        body = self._locked.body
        clear_layout(body)
        if not locked:
            body.addWidget(_nothing("lock-open", t("watch.nobody_locked")))
        for one in locked:
            line = QWidget()
            row = QHBoxLayout(line)
            row.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
            row.setSpacing(px("gap_m"))
            row.addWidget(IconLabel("lock", px("icon_rail"), "text2"))
            words = QVBoxLayout()
            words.setSpacing(0)
            words.addWidget(Label(f"{one.person} ({one.login})", "body500"))
            words.addWidget(Label(_since(one), "small", "text2", wrap=True))
            row.addLayout(words, 1)
            right = "device_unlock" if one.login.startswith("t_") else "user_unlock"
            if self.ctx.profile.can(right):
                free = Button("watch.unlock", "lock-open", "secondary")
                free.setObjectName(f"action.unlock.{one.login}")
                free.clicked.connect(lambda _=False, o=one, b=free: self._unlock(o, b))
                row.addWidget(free)
            body.addWidget(line)

    def _unlock(self, one: Locked, trigger: Button) -> None:
        from app.services.security.devices import DeviceCommand, unlock_device
        from app.services.security.people import UnlockUser

        def done(_value: object) -> None:
            self.ctx.navigate.toast(t("watch.unlocked", who=one.person))
            self.refresh()

        op: WriteOp[Any] = (
            WriteOp(self, self.ctx, unlock_device, DeviceCommand(one.login))
            if one.login.startswith("t_")
            else WriteOp(self, self.ctx, unlock_user, UnlockUser(one.login))
        )
        op.disabling(trigger).success(done).start()


def alarm_words(alarm: AlarmRow) -> str:
    """What kind of alarm it is."""
    key = f"alarm.{alarm.kind}"
    return t(key) if has_text(key) else alarm.kind


def alarm_detail(alarm: AlarmRow) -> tuple[str, ...]:
    """Its details in words: address, failures, what failed."""
    detail = alarm.detail
    words = []
    if detail.get("address"):
        words.append(t("watch.from", address=detail["address"]))
    if detail.get("failures"):
        words.append(t("watch.failures", n=detail["failures"], count=fmt.number(int(detail["failures"]))))
    if detail.get("logins"):
        words.append(t("watch.logins", n=detail["logins"], count=fmt.number(int(detail["logins"]))))
    if alarm.kind == "tries_used_up":
        words.append(t(f"watch.tries.{detail.get('step', 'att')}"))
    elif detail.get("error"):
        what = detail.get("step") or detail.get("folder") or detail.get("server") or detail.get("login") or ""
        words.append(f"{what} ({detail['error']})".strip())
    if alarm.kind == "lock_spared":
        words.append(t("watch.spared"))
    return tuple(words)


def _since(one: Locked) -> str:
    key = f"status_reason.{one.reason}"
    reason = t(key) if has_text(key) else one.reason
    since = t("watch.locked_since", at=fmt.date_time(one.since))
    until = t("watch.locked_until", at=fmt.date_time(one.until)) if one.until else t("watch.locked_by_hand")
    return " · ".join(part for part in (since, until, reason) if part)


def _nothing(icon: str, words: str) -> QWidget:
    line = QWidget()
    row = QHBoxLayout(line)
    row.setContentsMargins(0, px("gap_xs"), 0, px("gap_xs"))
    row.addWidget(IconLabel(icon, px("icon"), "ok"))
    row.addWidget(Label(words, "body", "text2"), 1)
    return line


def _link(title: str, icon: str, ctx: AppContext, key: str) -> Button:
    button = Button(title, icon, "secondary", clicked=lambda: ctx.navigate.open_workspace(key))
    button.setObjectName(f"action.{key}")
    return button
