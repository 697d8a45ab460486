"""Before an invoice is issued: would its e-invoice be right?  If not, it says what is wrong and where, and stops."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from PySide6.QtCore import QObject

from app.core.errors import AppError
from app.core.i18n import language
from app.services.einvoice.outgoing import Trial, prove, refusal
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.tasks import WRITE

OURS = frozenset({"einvoice_invalid", "einvoice_rules_unavailable", "einvoice_rules_failed"})


def proved(
    owner: QObject,
    ctx: AppContext,
    sales_order_id: int,
    post: Callable[[Any, Any], Any],
    command: Any,
    then: Callable[[], object],
    *,
    label: str = "",
) -> None:
    """Go on with ``then`` when the customer gets paper or the e-invoice of this posting would be valid.

    What the posting itself would refuse is not shown here: ``then`` posts, and says so in its own way.
    """
    lang = language()

    def work() -> None:
        found = prove(ctx.db, sales_order_id, Trial(post, command))
        if found is not None:
            raise refusal(*found, lang)

    def done(future: "Future[None]") -> None:
        error = future.exception()
        if isinstance(error, AppError) and error.key in OURS:
            show_error(owner, ctx, error)
        else:
            then()

    ctx.tasks.run(WRITE, owner, work, done, label=label)
