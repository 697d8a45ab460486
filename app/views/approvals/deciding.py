"""Approve, reject, withdraw: one click or key, for one request or several."""

from collections.abc import Sequence
from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.services.approvals import writes
from app.services.approvals.commands import Decide, DecideAll, Withdraw
from app.services.approvals.writes import Decided
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import ask, host_of
from app.views.core.operation import WriteOp
from app.views.core.reason import ReasonDialog


def approve(ctx: AppContext, ids: Sequence[int], *buttons: Button) -> None:
    """Say yes."""
    _send(ctx, [Decide(request, True) for request in ids], *buttons)


def reject(ctx: AppContext, ids: Sequence[int], *buttons: Button) -> None:
    """Ask why, then say no."""
    host = host_of(ctx.tasks)
    if host is None:
        return
    ReasonDialog(
        host,
        t("approval.reject_title", n=len(ids)),
        t("approval.reject_text"),
        "approval.reject_yes",
        lambda why: _send(ctx, [Decide(request, False, why) for request in ids], *buttons),
        danger=True,
        icon="circle-x",
        name="dialog.reject",
    ).open()


def withdraw(ctx: AppContext, request: int) -> None:
    """Take back one's own request, after a question."""

    def sent(_value: Any) -> None:
        ctx.navigate.toast(t("approval.told.withdrawn"))

    ask(
        ctx.tasks,
        t("approval.withdraw_title"),
        t("approval.withdraw_text"),
        "approval.withdraw_yes",
        lambda: WriteOp(ctx.tasks, ctx, writes.withdraw, Withdraw(request)).success(sent).start(),
    )


def _send(ctx: AppContext, decisions: list[Decide], *buttons: Button) -> None:
    if len(decisions) == 1:
        one: WriteOp[Decided] = WriteOp(ctx.tasks, ctx, writes.decide, decisions[0])
        one.disabling(*buttons).success(
            lambda done: ctx.navigate.toast(t(f"approval.told.{done.state}"))
        ).start()
    elif decisions:
        many: WriteOp[tuple[Decided, ...]] = WriteOp(
            ctx.tasks, ctx, writes.decide_all, DecideAll(tuple(decisions))
        )
        many.success(
            lambda done: ctx.navigate.toast(t("approval.told.many", count=fmt.number(len(done))))
        ).start()
