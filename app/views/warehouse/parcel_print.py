"""Labels and packing lists of parcels, on the printer their kind is routed to."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.i18n import language, t
from app.services.labels import parcel_labels
from app.services.labels.packing import PackedDelivery, Parcel
from app.services.labels.reads import route_kind
from app.services.printing import reads, station
from app.services.printing.commands import PrintDocument
from app.services.sales.papers import parcel_list_of
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.printing.button import RIGHT, print_documents
from app.views.templates.printing import print_papers


def labels(
    owner: QWidget,
    ctx: AppContext,
    delivery: PackedDelivery,
    parcels: Sequence[Parcel],
    *,
    asked: bool = True,
) -> None:
    """Queue the labels of these parcels, in the language of the screen; nothing for who may not print.

    Not ``asked`` for: only where a route says to which printer; nobody is stopped to choose one.
    """
    if not parcels or not ctx.profile.can(RIGHT):
        return
    speaks = language()

    def route(session: Any) -> tuple[str, bool]:
        kind = route_kind(session, parcel_labels.TOPIC)
        return kind, reads.printer_for(session, kind, station.secret(), speaks) is not None

    def known(found: tuple[str, bool]) -> None:
        kind, routed = found
        if not routed and not asked:
            return

        def make(session: Any) -> Sequence[PrintDocument]:
            return parcel_labels.documents(session, kind, station.secret(), delivery, parcels, speaks)

        by_key = None if asked else False
        print_documents(owner, ctx, kind, make, language=speaks, ask=by_key, label=t("labels.job"))

    op: ReadOp[tuple[str, bool]] = ReadOp(owner, ctx, route)
    op.success(known).start()


def packing_list(owner: QWidget, ctx: AppContext, parcel: Parcel) -> None:
    """Print what is in a parcel, in the customer's language."""
    print_papers(owner, ctx, "packing_list", "labels.parcel", parcel_list_of, [parcel.id])
