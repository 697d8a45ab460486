"""From a received file to a new purchase invoice."""

from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.i18n import language
from app.services.purchasing.invoices import Proposal, propose
from app.views.core.operation import ReadOp
from app.views.purchasing.states import INVOICE


def propose_into(owner: QWidget, ctx: Any, received_id: int) -> None:
    """Open a new purchase invoice as a received file suggests it."""

    def found(proposal: Proposal) -> None:
        preset = {key: value for key, value in proposal.values.items() if value is not None}
        if proposal.supplier is not None:
            preset["supplier_id_words"] = proposal.supplier
        ctx.navigate.new_record(INVOICE, **preset, lines=[dict(line) for line in proposal.lines])

    op: ReadOp[Proposal] = ReadOp(owner, ctx, propose, received_id, language())
    op.success(found).start()
