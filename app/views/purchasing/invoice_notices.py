"""What is to be known about a supplier's invoice before one goes on with it."""

from app.core import format as fmt
from app.core.i18n import t
from app.services.purchasing.invoices import Difference, Invoice
from app.views.core.context import AppContext
from app.views.core.form_model import Notice, NoticeAction
from app.views.purchasing.states import INVOICE, difference_words


def invoice_notices(ctx: AppContext, found: Invoice) -> list[Notice]:
    """No rate, sent back, cancelled, and what does not agree of the whole."""
    notices = []
    if found.state == "draft" and found.is_foreign and found.exchange_date is None:
        words = t("purchasing.invoice.no_rate", currency=found.currency, date=fmt.date_(found.invoice_date))
        notices.append(Notice("no_rate", "warn", words, t("purchasing.invoice.no_rate_how"), ()))
    if found.rejection:
        notices.append(Notice("rejected", "bad", t("purchasing.invoice.rejected"), found.rejection, ()))
    if found.cancel_reason:
        notices.append(_cancelled(ctx, found.cancel_reason, found.cancelled_by_id))
    if found.kind != "cancellation":
        notices += [_finding(one, found.currency) for one in found.findings if one.position is None]
    return notices


def _cancelled(ctx: AppContext, reason: str, counter: int | None) -> Notice:
    actions = (
        (
            NoticeAction(
                "sales.invoice.open_counter",
                lambda: ctx.navigate.open_record(INVOICE, counter),
                "action.open_counter",
            ),
        )
        if counter is not None
        else ()
    )
    return Notice("cancelled", "neutral", t("purchasing.invoice.was_cancelled"), reason, actions, "file-x")


def _finding(one: Difference, currency: str) -> Notice:
    kind = "bad" if one.code == "account_unknown" else "warn"
    why = (
        t("purchasing.invoice.accepted", reason=one.accepted)
        if one.accepted
        else t("purchasing.invoice.accept_how")
    )
    words = difference_words(one.code, one.params, currency)
    return Notice(f"finding.{one.code}", "info" if one.accepted else kind, words, why, ())
