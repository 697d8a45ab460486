"""The list of requests: what waits for me, what I asked for, what was decided."""

from app.core.i18n import t
from app.services.approvals import reads
from app.services.approvals.reads import RequestRow
from app.services.approvals.writes import DELEGATE, REQUEST
from app.views.approvals.deciding import approve, reject, withdraw
from app.views.approvals.delegates import open_delegates
from app.views.approvals.pane import request_pane
from app.views.approvals.words import STATE, kind_in_words
from app.views.core.context import AppContext
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.security.people_words import titles

KEY = "approvals.inbox"
KINDS = (
    "discount",
    "credit_limit",
    "stock_difference",
    "purchase_invoice",
    "period_reopen",
    "role_grant",
    "elevation",
    "elevation_extend",
    "registration",
)


def inbox(ctx: AppContext) -> ListSpec:
    """Requests that concern the person, with approve and reject for one or several."""
    names(ctx)
    titles(ctx)

    def who(key: str) -> Column:
        return Column(
            key,
            f"approval.column.{key}",
            width=140,
            text=lambda row: name(ctx, getattr(row, key)) if getattr(row, key) else "",
            hidden=key in ("gains", "authority", "decided_by"),
            sortable=key == "requested_by",
        )

    def open_record(ctx_: AppContext, row: RequestRow) -> None:
        if row.topic in ctx_.registry.records and row.record_id:
            ctx_.navigate.open_record(row.topic, row.record_id)

    return ListSpec(
        key=KEY,
        title="approval.inbox.title",
        icon="badge-check",
        fetch=reads.list_requests,
        topics=frozenset({REQUEST, DELEGATE}),
        presets=(
            Preset("mine", "approval.preset.mine", count=True),
            Preset("asked", "approval.preset.asked"),
            Preset("open", "approval.preset.open", count=True),
            Preset("delegated", "approval.preset.delegated"),
            Preset("decided", "approval.preset.decided"),
            Preset("all", "kit.list.all"),
        ),
        primary=ListAction(
            "delegate",
            "approval.delegate.button",
            lambda ctx_, _rows: open_delegates(ctx_),
            "user-check",
            right="approval_delegate_set",
            shortcut="Ctrl+Shift+V",
        ),
        columns=(
            Column("created_at", "approval.column.at", "date_time", 148, filter="date"),
            Column(
                "kind",
                "approval.column.kind",
                width=132,
                filter="choice",
                choices=tuple((kind, f"approval.kind.{kind}") for kind in KINDS),
                text=lambda row: kind_in_words(row.kind),
            ),
            Column("name", "approval.column.name", "bold", 200, stretch=True, filter="contains"),
            Column(
                "state",
                "approval.column.state",
                "chip",
                128,
                filter="choice",
                choices=tuple((state, key) for state, (_, key) in STATE.items()),
                chips=STATE,
            ),
            who("requested_by"),
            who("gains"),
            Column(
                "votes",
                "approval.column.votes",
                width=84,
                sortable=False,
                text=lambda row: t("approval.votes", votes=row.votes, needed=row.votes_needed),
            ),
            Column("expires_at", "approval.column.expires_at", "date_time", 148, hidden=True),
            Column("settled_at", "approval.column.settled_at", "date_time", 148, hidden=True),
            who("decided_by"),
            who("authority"),
            Column("reason", "approval.pane.reason", width=220, sortable=False, hidden=True),
        ),
        bulk=(
            ListAction(
                "approve",
                "approval.approve_many",
                lambda ctx_, rows: approve(ctx_, [row.id for row in rows]),
                "badge-check",
                when=_decidable,
            ),
            ListAction(
                "reject",
                "approval.reject_many",
                lambda ctx_, rows: reject(ctx_, [row.id for row in rows]),
                "circle-x",
                when=_decidable,
                danger=True,
            ),
        ),
        row_actions=(
            ListAction(
                "withdraw",
                "approval.withdraw",
                lambda ctx_, rows: withdraw(ctx_, rows[0].id),
                "undo-2",
                when=lambda row: row.state == "open" and row.requested_by == ctx.profile.login,
            ),
        ),
        empty=Empty("approval.inbox.empty_title", "approval.inbox.empty_text"),
        open=open_record,
        detail=request_pane,
        sort="created_at",
        descending=True,
    )


def _decidable(row: RequestRow) -> bool:
    return row.authority is not None
