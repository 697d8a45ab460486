"""The banner about a discount above one's limit: from the first typed digit to the decision."""

from decimal import Decimal
from typing import TYPE_CHECKING

from app.core import format as fmt
from app.core.errors import NotAllowed
from app.core.i18n import t
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide as vote
from app.services.sales import writes
from app.services.sales.commands import RequestApproval, RequestCreditApproval
from app.services.sales.forms import ApprovalState
from app.views.core.form_model import FormRecord, Notice, NoticeAction
from app.views.core.operation import WriteOp
from app.views.core.people import name
from app.views.core.reason import ReasonDialog
from app.views.sales import line_rules
from app.views.sales.line_rules import Above

if TYPE_CHECKING:
    from app.views.sales.draft_page import DraftPage

Actions = tuple[NoticeAction, ...]
DECIDE = "approval.discount:decide"


def approval_notice(page: "DraftPage", asked: ApprovalState | None, above: Above | None) -> Notice | None:
    """What to say about the discount of a draft; None when there is nothing to say."""
    covered = asked is not None and (above is None or asked.discount_pct >= above.pct)
    if asked is not None and asked.state == "open" and covered:
        return _requested(page, asked)
    if (
        asked is not None
        and asked.state == "approved"
        and covered
        and (above or page.limit < asked.discount_pct)
    ):
        fact = t("sales.approval.granted", pct=fmt.percent(asked.discount_pct))
        return Notice("approval", "ok", fact, _by(page, asked, asked.decided_by), (), "badge-check")
    if above is None:
        return None
    if asked is not None and asked.state == "rejected" and covered:
        fact = t("sales.approval.denied", pct=fmt.percent(asked.discount_pct))
        return Notice(
            "approval", "bad", fact, _by(page, asked, asked.decided_by), _ways_out(page), "circle-x"
        )
    return _above(page, above)


def _requested(page: "DraftPage", asked: ApprovalState) -> Notice:
    pct = fmt.percent(asked.discount_pct)
    who = name(page.ctx, asked.requested_by)
    mine = asked.requested_by == page.ctx.profile.login
    if page.ctx.profile.can(DECIDE) and not mine:
        actions: Actions = (
            NoticeAction("sales.approval.reject", lambda: decide(page, False), "action.reject_discount"),
            NoticeAction(
                "sales.approval.approve", lambda: decide(page, True), "action.approve_discount", "badge-check"
            ),
        )
        fact = t("sales.approval.wanted", who=who, pct=pct)
        return Notice(
            "approval", "warn", fact, t("sales.approval.because", reason=asked.reason), actions, "send"
        )
    fact = t("sales.approval.waiting", pct=pct)
    plain = t("sales.approval.waiting_mine" if mine else "sales.approval.waiting_other", who=who)
    return Notice("approval", "info", fact, plain, (), "clock")


def _above(page: "DraftPage", above: Above) -> Notice:
    fact = t(
        "sales.approval.above",
        pct=fmt.percent(above.pct),
        position=above.position,
        limit=fmt.percent(page.limit),
    )
    refused = page.refusal is not None
    plain = t(f"sales.approval.{'refused' if refused else 'save_works'}_{page.word}")
    return Notice("discount", "bad" if refused else "warn", fact, plain, _ways_out(page))


def _ways_out(page: "DraftPage") -> Actions:
    limit = fmt.percent(page.limit)
    lower = NoticeAction(
        "sales.approval.lower", lambda: lower_discount(page), "action.lower_discount", params={"limit": limit}
    )
    ask = NoticeAction(
        "sales.approval.ask", lambda: ask_for_approval(page), "action.request_approval", "send"
    )
    return (lower, ask) if page.ctx.profile.can("discount_approval_request") else (lower,)


def _by(page: "DraftPage", asked: ApprovalState, login: str | None) -> str:
    words = t("sales.approval.by", who=name(page.ctx, login))
    return f"{words} {t('sales.approval.comment', comment=asked.comment)}" if asked.comment else words


def lower_discount(page: "DraftPage") -> None:
    """Bring every line within this person's limit."""
    assert page.lines is not None
    for number, line in enumerate(page.lines.model.lines):
        cells = line_rules.lowered(line, page.limit)
        for key, value in cells.items():
            page.lines.model.type_in(number, key, value)


def ask_for_approval(page: "DraftPage") -> None:
    """Ask somebody who may for the discount; what is typed is saved first."""
    assert page.lines is not None
    above = line_rules.highest(page.lines.model.lines, page.limit)
    pct = fmt.percent(above.pct) if above else ""
    ReasonDialog(
        page,
        t("sales.approval.ask_title"),
        t("sales.approval.ask_text", pct=pct, limit=fmt.percent(page.limit)),
        "sales.approval.ask_yes",
        lambda reason: _request(page, reason),
        icon="send",
        name="dialog.request_approval",
    ).open()


def credit_notice(page: "DraftPage", refusal: NotAllowed) -> Notice:
    """The order would take the customer above the credit limit: who wants it anyway asks."""
    limit, owed = (Decimal(str(refusal.params.get(key, 0))) for key in ("limit", "exposure"))
    ask = NoticeAction("sales.approval.ask", lambda: ask_for_credit(page), "action.request_credit", "send")
    fact = t("sales.credit.above", owed=fmt.money(owed), limit=fmt.money(limit))
    actions = (ask,) if page.ctx.profile.can("credit_approval_request") else ()
    return Notice("credit", "bad", fact, t("sales.credit.refused"), actions, "wallet")


def ask_for_credit(page: "DraftPage") -> None:
    """Ask somebody who may for the order above the credit limit; what is typed is saved first."""

    def command(record: FormRecord, reason: str) -> RequestCreditApproval:
        assert record.id is not None
        return RequestCreditApproval(record.id, reason)

    def asked(_value: object) -> None:
        page.credit_refusal = None
        page.refresh()
        page.ctx.navigate.toast(t("sales.credit.asked"))

    ReasonDialog(
        page,
        t("sales.credit.ask_title"),
        t("sales.credit.ask_text"),
        "sales.approval.ask_yes",
        lambda reason: page.post(
            writes.request_credit_approval, lambda record: command(record, reason), asked
        ),
        icon="send",
        name="dialog.request_credit",
    ).open()


def _request(page: "DraftPage", reason: str) -> None:
    def command(record: FormRecord) -> RequestApproval:
        assert record.id is not None
        return RequestApproval(page.kind, record.id, reason)

    page.post(
        writes.request_approval,
        command,
        lambda _value: page.ctx.navigate.toast(t("sales.approval.asked")),
    )


def decide(page: "DraftPage", approve: bool) -> None:
    """Approve or reject the request of this document."""
    asked = page.document.approval if page.document is not None else None
    if asked is None:
        return
    word = "approve" if approve else "reject"
    who, pct = name(page.ctx, asked.requested_by), fmt.percent(asked.discount_pct)
    ReasonDialog(
        page,
        t(f"sales.approval.{word}_title", pct=pct),
        t("sales.approval.decide_text", who=who, reason=asked.reason),
        f"sales.approval.{word}_yes",
        lambda comment: _decide(page, Decide(asked.id, approve, comment)),
        label="kit.comment",
        required=not approve,
        danger=not approve,
        icon="badge-check" if approve else "circle-x",
        name=f"dialog.{word}",
    ).open()


def _decide(page: "DraftPage", command: Decide) -> None:
    word = "approved" if command.approve else "rejected"
    op = WriteOp(page, page.ctx, vote, command).disabling(*page.head.buttons())

    def done(_value: object) -> None:
        page.refresh()
        page.ctx.navigate.toast(t(f"sales.approval.told_{word}"))

    op.success(done).start()
