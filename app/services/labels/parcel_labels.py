"""The labels of packed parcels: made from what the packing knows already, so that terminals print them as well."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from app.services.labels import catalogue, pdf, reads, zpl
from app.services.labels.design import Design
from app.services.labels.fields import Record
from app.services.labels.layout import lay_out
from app.services.labels.packing import PackedDelivery, Parcel
from app.services.printing import reads as printers
from app.services.printing.commands import PrintDocument
from app.services.printing.convert import PDF, ZPL

TOPIC = "delivery"
UNKNOWN = "…"
_GRAMS = 1000
FOR_PDF = 300


def records(delivery: PackedDelivery, parcels: Sequence[Parcel]) -> tuple[Record, ...]:
    """A record a parcel; how many there are is known only when the delivery is packed as a whole."""
    said = delivery.said
    row = {
        "id": delivery.id,
        "number": delivery.number,
        "delivery_address": said["address"],
        "home": said["home"],
        "shipped_on": date.fromisoformat(said["shipped_on"]),
        "order_number": said["order"],
        "reference": said["reference"],
        "sscc": (),
    }
    common = {
        "company.name": said["company"],
        "company.address": said["company_address"],
        "print.date": date.fromisoformat(said["today"]),
    }
    record = reads.delivery_source(row, common).record
    count: object = len(delivery.parcels) if delivery.complete else UNKNOWN
    return tuple(
        {
            **record,
            "parcel.number": parcel.number,
            "parcel.count": count,
            "parcel.sscc": parcel.sscc or None,
            "parcel.weight_kg": parcel.weight_g / _GRAMS if parcel.weight_g else None,
        }
        for parcel in parcels
    )


def design_of(session: Session) -> Design:
    """The house's own design for deliveries, else the program's."""
    own = (reads.read_design(row) for row in reads.own_designs(session, TOPIC))
    return next((one for one in own if one is not None), next(iter(catalogue.designs(TOPIC).values())))


def documents(
    session: Session,
    kind: str,
    station: str,
    delivery: PackedDelivery,
    parcels: Sequence[Parcel],
    language: str,
) -> tuple[PrintDocument, ...]:
    """The parcels' labels for the printer that takes ``kind`` at this work place, one document a parcel."""
    design, routed = design_of(session), printers.printer_for(session, kind, station, language)
    raw = routed is not None and routed.language == "zpl"
    dots = routed.dpi if routed is not None and raw and routed.dpi else FOR_PDF
    density = min(design.densities, key=lambda one: abs(one - dots))
    found = []
    for parcel, record in zip(parcels, records(delivery, parcels), strict=True):
        label = lay_out(design, record, density=density, language=language)
        title = f"{delivery.number} {parcel.number}"
        content = zpl.zpl(label) if raw else pdf.pages([label], title)
        found.append(PrintDocument(content, title, "sales.delivery", delivery.id, ZPL if raw else PDF))
    return tuple(found)
