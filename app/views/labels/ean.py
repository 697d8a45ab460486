"""Article numbers of the house's range for products without one, from the list of products."""

from typing import Any

from app.core import format as fmt
from app.core.i18n import t
from app.services.labels import writes
from app.services.labels.commands import AssignEan
from app.views.core.context import AppContext
from app.views.core.list_spec import ListAction
from app.views.core.operation import WriteOp


def _assign(ctx: AppContext, rows: list[Any]) -> None:
    def done(given: dict[int, str]) -> None:
        if given:
            ctx.navigate.toast(t("labels.ean.done", n=len(given), count=fmt.number(len(given))))
        else:
            ctx.navigate.toast(t("labels.ean.none"), kind="info")

    command = AssignEan(tuple(row.id for row in rows))
    WriteOp(ctx.tasks, ctx, writes.assign_ean, command).success(done).start()


ASSIGN_EAN = ListAction("ean", "labels.ean.assign", _assign, "barcode", right="product_ean_assign")
