"""Badges and PINs: given and blocked by an administrator; the PIN is changed by its owner."""

from typing import Any

from app.core.i18n import t
from app.services.security.devices import (
    BADGE,
    BadgeRow,
    BlockBadge,
    ChangePin,
    SetBadge,
    block_badge,
    change_pin,
    list_badges,
    refused,
    set_badge,
)
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.fields import Field
from app.views.core.labelling import label_action
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import WriteOp
from app.views.core.table_model import Column
from app.views.security.form_dialog import FormDialog

KEY = "security.badges"
STATE = {
    "active": ("ok", "badges.state.active"),
    "blocked": ("bad", "badges.state.blocked"),
    "used_up": ("warn", "badges.state.used_up"),
    "none": ("neutral", "badges.state.none"),
}
TRIES = 5


def state_of(row: BadgeRow) -> str:
    """What a badge is good for now."""
    if row.badge is None:
        return "none"
    if not row.active:
        return "blocked"
    return "used_up" if row.tries >= TRIES else "active"


def _give(ctx: AppContext, rows: list[Any]) -> None:
    row: BadgeRow = rows[0]
    first = row.badge is None

    def save(values: Any) -> Any:
        return set_badge, SetBadge(row.login, str(values["badge"]).strip(), str(values["pin"] or "") or None)

    FormDialog(
        ctx,
        t("badges.give_title", person=row.person),
        t("badges.give_text" if first else "badges.change_text"),
        (
            Field("badge", "badges.badge", required=True, max_length=40, span=2, help="badges.badge.help"),
            Field("pin", "badges.pin", required=first, max_length=6, span=2, help="badges.pin.help"),
        ),
        save,
        lambda _value: ctx.navigate.toast(t("badges.given", person=row.person)),
        icon="id-card",
        yes="badges.give",
        values={"badge": row.badge or ""},
    ).open()


def _block(active: bool) -> Any:
    def run(ctx: AppContext, rows: list[Any]) -> None:
        row: BadgeRow = rows[0]
        words = t("badges.released" if active else "badges.blocked", person=row.person)
        op: WriteOp[None] = WriteOp(ctx.tasks, ctx, block_badge, BlockBadge(row.login, active))
        op.success(lambda _value: ctx.navigate.toast(words)).start()

    return run


def open_pin(ctx: AppContext) -> None:
    """Change one's own PIN."""

    def done(key: Any) -> None:
        if key:
            show_error(ctx.tasks, ctx, refused(str(key)))
        else:
            ctx.navigate.toast(t("badges.pin_changed"))

    dialog = FormDialog(
        ctx,
        t("badges.pin_title"),
        t("badges.pin_text"),
        (
            Field("old", "badges.pin_old", "secret", required=True, max_length=6, span=2),
            Field(
                "new", "badges.pin_new", "secret", required=True, max_length=6, span=2, help="badges.pin.help"
            ),
        ),
        lambda values: (change_pin, ChangePin(str(values["old"]), str(values["new"]))),
        done,
        icon="key-round",
        yes="badges.pin_change",
    )
    dialog.open()


SPEC = ListSpec(
    key=KEY,
    title="badges.title",
    icon="id-card",
    columns=(
        Column("person", "badges.person", "bold", width=220, stretch=True, filter="contains"),
        Column("login", "badges.login", width=150, filter="prefix"),
        Column("department", "badges.department", width=150, filter="contains"),
        Column("badge", "badges.badge", width=150, filter="prefix"),
        Column("active", "badges.state", "chip", width=170, value=state_of, chips=STATE, sortable=False),
        Column("set_at", "badges.set_at", "date_time", width=148),
    ),
    fetch=list_badges,
    topics=frozenset({BADGE, "sec.app_user"}),
    presets=(
        Preset("all", "kit.list.all"),
        Preset("with", "badges.preset.with"),
        Preset("without", "badges.preset.without"),
    ),
    bulk=(label_action("badge"),),
    row_actions=(
        ListAction("give", "badges.give", _give, "id-card", right="badge_set"),
        ListAction(
            "block",
            "badges.block",
            _block(False),
            "ban",
            right="badge_block",
            danger=True,
            when=lambda row: row.active,
        ),
        ListAction(
            "release",
            "badges.release",
            _block(True),
            "check",
            right="badge_block",
            when=lambda row: row.badge is not None and state_of(row) != "active",
        ),
    ),
    empty=Empty("badges.empty.title", "badges.empty.text"),
    open=lambda ctx, row: _give(ctx, [row]) if ctx.profile.can("badge_set") else None,
    sort="person",
)


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, SPEC, state)
