"""Labels and packing lists of parcels, on the printer their kind is routed to."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QWidget

from app.core.i18n import language, t
from app.services.labels import parcel_labels
from app.services.labels.packing import PackedDelivery, Parcel
from app.services.labels.reads import route_kind
from app.services.printing import station
from app.services.printing.commands import PrintDocument
from app.services.sales.papers import parcel_list_of
from app.views.core.context import AppContext
from app.views.core.operation import ReadOp
from app.views.printing.button import RIGHT, print_documents
from app.views.templates.printing import print_papers


def labels(owner: QWidget, ctx: AppContext, delivery: PackedDelivery, parcels: Sequence[Parcel]) -> None:
    """Queue the labels of these parcels, in the language of the screen; nothing for who may not print."""
    if not parcels or not ctx.profile.can(RIGHT):
        return
    speaks = language()

    def known(kind: str) -> None:
        def make(session: Any) -> Sequence[PrintDocument]:
            return parcel_labels.documents(session, kind, station.secret(), delivery, parcels, speaks)

        print_documents(owner, ctx, kind, make, language=speaks, label=t("labels.job"))

    op: ReadOp[str] = ReadOp(owner, ctx, route_kind, parcel_labels.TOPIC)
    op.success(known).start()


def packing_list(owner: QWidget, ctx: AppContext, parcel: Parcel) -> None:
    """Print what is in a parcel, in the customer's language."""
    print_papers(owner, ctx, "packing_list", "labels.parcel", parcel_list_of, [parcel.id])
