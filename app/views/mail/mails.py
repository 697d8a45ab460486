"""The mails: what was sent, what waits, what the server said; and what to do about it."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from app.core.i18n import t
from app.services.mail import reads, sending, writes
from app.services.mail.commands import ActOnMails
from app.services.mail.reads import MailRow
from app.services.mail.writes import ACCOUNT, MESSAGE, RECEIVED
from app.views.core.context import AppContext
from app.views.core.fields import Field
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.mail_card import STATES, reason_short, reason_words, show_mail
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.mail.send import sender_words
from app.views.mail.words import document_words
from app.views.security.form_dialog import FormDialog

KEY, RECEIVED_KEY = "mail.mails", "mail.received"
MANAGE = "mail_manage"
Verb = Literal["again", "hold", "cancel", "move"]
_AGAIN = frozenset({"waiting", "held", "failed", "unclear", "cancelled", "sent"})


def act(ctx: AppContext, rows: list[Any], action: Verb, account_id: int | None = None) -> None:
    """Do something with these mails."""
    command = ActOnMails(tuple(row.id for row in rows), action, account_id)
    op: WriteOp[tuple[int, ...]] = WriteOp(ctx.tasks, ctx, writes.act, command)
    op.success(lambda ids: ctx.navigate.toast(t("mail.done", n=len(ids)))).start()


def move(ctx: AppContext, rows: list[Any]) -> None:
    """Ask for the account, then send by that one."""

    def offer(found: tuple[sending.Sender, ...]) -> None:
        def save(values: Mapping[str, Any]) -> Any:
            ids = tuple(row.id for row in rows)
            return writes.act, ActOnMails(ids, "move", int(values["account_id"]))

        dialog = FormDialog(
            ctx,
            t("mail.move.title"),
            ", ".join(row.subject for row in rows[:3]) + (" …" if len(rows) > 3 else ""),
            (Field("account_id", "mail.send.account", "choice", required=True, span=4),),
            save,
            lambda ids: ctx.navigate.toast(t("mail.done", n=len(ids))),
            icon="mail",
            yes="mail.move.ok",
        )
        dialog.boxes["account_id"].set_choices([(one.id, sender_words(one)) for one in found if not one.own])
        dialog.open()

    ReadOp(ctx.tasks, ctx, sending.senders).success(offer).start()


def _offers(key: Verb, icon: str, states: frozenset[str], right: str, **more: Any) -> ListAction:
    run: Callable[..., object] = partial(act, action=key)
    return ListAction(
        key, f"mail.{key}", run, icon, when=lambda row: row.state in states, right=right, **more
    )


ACTIONS = (
    _offers("again", "refresh-cw", _AGAIN, "mail_again"),
    _offers("hold", "circle-pause", frozenset({"waiting"}), "mail_cancel"),
    ListAction(
        "move",
        "mail.move",
        move,
        "arrow-left-right",
        MANAGE,
        when=lambda row: row.state in ("waiting", "held", "failed"),
    ),
    ListAction(
        "record",
        "mail.open_record",
        lambda ctx, rows: open_record(ctx, rows[0]),
        "external-link",
        when=lambda row: row.record_id is not None,
    ),
    _offers("cancel", "ban", frozenset({"waiting", "held", "failed", "unclear"}), "mail_cancel", danger=True),
)


def open_record(ctx: AppContext, row: MailRow) -> None:
    """Open the record a mail is about."""
    if row.topic in ctx.registry.records and row.record_id is not None:
        ctx.navigate.open_record(row.topic, row.record_id)


def spec(ctx: AppContext) -> ListSpec:
    """The list."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title="mail.mails.title",
        icon="mail",
        fetch=reads.list_mails,
        topics=frozenset({MESSAGE, ACCOUNT}),
        presets=(
            Preset(
                "open",
                "mail.mails.preset.open",
                count=True,
                empty=Empty("mail.mails.nothing_open", "mail.mails.nothing_open_text"),
            ),
            Preset(
                "trouble",
                "mail.mails.preset.trouble",
                count=True,
                empty=Empty("mail.mails.no_trouble", "mail.mails.no_trouble_text"),
            ),
            Preset("mine", "mail.mails.preset.mine"),
            Preset("all", "kit.list.all"),
        ),
        columns=(
            Column("requested_at", "mail.requested_at", "date_time", 148, filter="date"),
            Column("subject", "mail.send.subject", "bold", 230, stretch=True, filter="contains"),
            Column("recipients", "mail.recipients", width=200, filter="contains"),
            Column("kind", "mail.document", width=120, text=lambda row: document_words(row.kind)),
            Column(
                "state",
                "mail.state",
                "chip",
                140,
                filter="choice",
                choices=tuple((state, key) for state, (_tone, key) in STATES.items()),
                chips=STATES,
            ),
            Column(
                "reason",
                "mail.reason",
                width=250,
                text=lambda row: reason_short(row.reason, row.detail),
                more=lambda row: reason_words(row.reason, row.detail),
                sortable=False,
            ),
            Column(
                "requested_by", "mail.requested_by", width=110, text=lambda row: name(ctx, row.requested_by)
            ),
            Column("account", "mail.send.account", width=170, filter="contains", hidden=True),
            Column("files", "mail.files", "number", 90, sortable=False, hidden=True),
            Column("attempts", "mail.attempts", "number", 90, hidden=True),
            Column("ended_at", "mail.ended_at", "date_time", 148, hidden=True),
        ),
        row_actions=ACTIONS,
        bulk=ACTIONS,
        open=lambda ctx_, row: show_mail(ctx_.tasks, ctx_, row.id),
        empty=Empty("mail.mails.empty", "mail.mails.empty_text"),
        sort="requested_at",
        descending=True,
    )


def page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The mails."""
    return ListPage(ctx, spec(ctx), state)


_TAKEN: dict[Any, tuple[str, str]] = {
    "taken": ("ok", "mail.received.taken"),
    "nothing": ("neutral", "mail.received.nothing"),
    "refused": ("warn", "mail.received.refused"),
}


def received_spec(_ctx: AppContext) -> ListSpec:
    """The mails of the folders that were looked at."""
    return ListSpec(
        key=RECEIVED_KEY,
        title="mail.received.title",
        icon="download",
        fetch=reads.list_received,
        topics=frozenset({RECEIVED}),
        columns=(
            Column("received_at", "mail.received.at", "date_time", 148, filter="date"),
            Column("sender", "mail.send.from", "bold", 310, filter="contains"),
            Column("subject", "mail.send.subject", width=240, stretch=True, filter="contains"),
            Column("state", "mail.state", "chip", 130, chips=_TAKEN),
            Column(
                "files",
                "mail.received.files",
                width=180,
                text=lambda row: ", ".join(str(one.get("name", "")) for one in row.files),
                sortable=False,
            ),
            Column(
                "detail", "mail.reason", width=200, text=lambda row: reason_words(row.detail), sortable=False
            ),
            Column("account", "mail.send.account", width=140),
        ),
        empty=Empty("mail.received.empty", "mail.received.empty_text"),
        sort="received_at",
        descending=True,
    )


def received_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The mails that came in."""
    return ListPage(ctx, received_spec(ctx), state)
