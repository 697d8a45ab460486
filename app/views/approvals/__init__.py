"""Approvals: what waits for me, what I asked for, and who stands in for whom."""

from typing import Any

from app.services.approvals.reads import count_waiting
from app.services.approvals.writes import REQUEST
from app.views.approvals.delegates import open_delegates
from app.views.approvals.inbox import KEY, inbox
from app.views.approvals.watch import ApprovalWatch
from app.views.core.actions import Action
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.workspace import Tile, Workspace


def _page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    return ListPage(ctx, inbox(ctx), state)


WORKSPACES = (Workspace(KEY, "approval.inbox.title", "badge-check", "approvals", "approval_detail", _page),)
RECORDS = ()
ACTIONS = (
    Action(
        "approvals.inbox",
        "approval.action.inbox",
        "badge-check",
        lambda ctx: ctx.navigate.open_workspace(KEY, preset="mine"),
        "approval_decide",
        "",
        "approvals",
    ),
    Action(
        "approvals.asked",
        "approval.action.asked",
        "send",
        lambda ctx: ctx.navigate.open_workspace(KEY, preset="asked"),
        "approval_detail",
        "",
        "approvals",
    ),
    Action(
        "approvals.delegate",
        "approval.action.delegate",
        "user-check",
        open_delegates,
        "approval_delegate_set",
        "",
        "approvals",
    ),
)
TILES = (
    Tile(
        "approvals.waiting",
        "approval.tile",
        "badge-check",
        KEY,
        count_waiting,
        {"preset": "mine"},
        "approval_decide",
        "warn",
        badge=True,
        topics=(REQUEST,),
    ),
)
WATCHES = (ApprovalWatch,)
