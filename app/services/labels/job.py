"""A whole print: which labels of which records, laid out one after the other, as PDF, sheets or for a label printer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from app.core.errors import AppError
from app.services.labels import pdf, quantities, zpl
from app.services.labels.design import Design
from app.services.labels.fields import Record
from app.services.labels.layout import Label, lay_out
from app.services.labels.quantities import Wanted
from app.services.labels.reads import Source
from app.services.labels.sheets import Sheet


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be printed.

    ``wanted`` says how many labels each record gets; its ``qty`` and ``box`` hold for a record alone, and among several
    for those that have none.
    ``serial`` is the first of numbers counting up over all labels (empty: none).
    """

    design: Design
    sources: tuple[Source, ...]
    wanted: Wanted
    language: str = "de"
    density: int = 203
    serial: str = ""

    def records(self) -> tuple[Record, ...]:
        """One record a label, in the order of printing.  Invalid ``label_count`` and the like."""
        made: list[Record] = []
        for source in self.sources:
            made += _of_source(source, self.wanted, alone=len(self.sources) == 1)
        quantities.check_count(len(made))
        if self.serial:
            numbers = quantities.serials(self.serial, len(made))
            made = [{**record, "label.serial": number} for record, number in zip(made, numbers, strict=True)]
        return tuple(made)

    def labels(self) -> Iterator[Label]:
        """The labels; an error names the ``record`` (from 1) it is about."""
        last: tuple[Record, Label] | None = None
        for number, record in enumerate(self.records(), 1):
            if last is not None and last[0] == record:
                yield last[1]
                continue
            try:
                label = lay_out(self.design, record, density=self.density, language=self.language)
            except AppError as error:
                error.params["label"] = number
                raise
            last = (record, label)
            yield label

    def one(self, number: int) -> Label:
        """One label, from 0 on, for the preview."""
        return lay_out(self.design, self.records()[number], density=self.density, language=self.language)

    def to_pdf(
        self, sheet: Sheet | None = None, start: int = 1, shift: tuple[float, float] = (0, 0)
    ) -> bytes:
        """A PDF: one label a page, or on sheets."""
        title = self.design.name.get(self.language, "")
        labels = list(self.labels())
        if sheet is None:
            return pdf.pages(labels, title)
        return pdf.on_sheets(labels, sheet, start=start, shift=shift, title=title)

    def to_zpl(self, *, turned: bool = False) -> bytes:
        """For a label printer; equal labels one after the other are sent once with their number."""
        parts: list[bytes] = []
        last: Label | None = None
        copies = 0
        for label in self.labels():
            if last is not None and label is not last:
                parts.append(zpl.zpl(last, copies=copies, turned=turned))
                copies = 0
            last, copies = label, copies + 1
        if last is not None:
            parts.append(zpl.zpl(last, copies=copies, turned=turned))
        return b"".join(parts)


def _of_source(source: Source, wanted: Wanted, *, alone: bool) -> list[Record]:
    if source.numbers:  # parcels, each with its own number
        count = len(source.numbers)
        return [
            {**source.record, "parcel.sscc": code, "parcel.number": number, "parcel.count": count}
            for number, code in enumerate(source.numbers, 1)
        ]
    # Somebody who prints for one record means that one.
    asked = replace(
        wanted,
        qty=_first(wanted.qty if alone else None, source.qty, wanted.qty),
        box=_first(wanted.box if alone else None, source.box, wanted.box),
    )
    numbered = quantities.labels(asked)
    if wanted.per == "fixed":  # copies: nothing tells one from the other, so a printer gets them as such
        qty = asked.qty
        parcel = {"parcel.number": 1, "parcel.count": 1}
        return [{**source.record, **parcel, "label.qty": qty}] * len(numbered)
    return [
        {
            **source.record,
            "label.number": one.number,
            "label.count": one.count,
            "label.qty": one.qty,
            "parcel.number": one.number,
            "parcel.count": one.count,
        }
        for one in numbered
    ]


def _first(*values: Decimal | None) -> Decimal | None:
    return next((value for value in values if value is not None), None)
