"""Turns a `DocumentData` into a PDF, German or English, the same bytes for the same data."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.core.errors import Invalid
from app.core.i18n import LANGUAGES, translate
from app.services.documents import sheet
from app.services.documents.blocks import place
from app.services.documents.data import DocumentData
from app.services.documents.kinds import spec_of
from app.services.documents.layout import (
    BODY_BOTTOM,
    INNER_BOTTOM,
    Flow,
    document_title,
    draw_copy_mark,
    draw_first_page,
    draw_foot,
    draw_next_page,
    first_line,
)
from app.services.documents.rules import missing_contents
from app.services.documents.typeset import Pen, clean, family

LEAST_PAGE = 24.0  # mm a last page is worth


def render(data: DocumentData) -> bytes:
    """The document as PDF.

    Raises Invalid with the key of the first missing detail when an issued document is incomplete
    (`rules.missing_contents`), ValueError for a language without texts.
    """
    if data.language not in LANGUAGES:
        raise ValueError(f"no texts in language {data.language!r}")
    missing = missing_contents(data)
    if missing and not data.draft:
        raise Invalid(missing[0], number=data.number)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1, invariant=1, lang=data.language)
    _describe(canvas, data)
    with family(data.design.font):
        pen = Pen(canvas)
        pages = _compose(data).pages
        spec = spec_of(data.kind)
        for number, drawings in enumerate(pages, start=1):
            if data.draft:
                pen.watermark(translate(data.language, "document.draft"))
            if data.copy:
                draw_copy_mark(pen, data)
            if number > 1:
                draw_next_page(pen, data)
            elif spec.form == "letter":
                draw_first_page(pen, data)
            else:
                sheet.draw_head(pen, data)
            for draw in drawings:
                draw(pen)
            draw_foot(pen, data, number, len(pages), outward=spec.is_outward)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def file_name(data: DocumentData) -> str:
    """A name for the file, safe on every system: ``Rechnung_RE-2026-00001.pdf``."""
    title = document_title(data)
    return "".join(c if c.isalnum() or c in "-." else "_" for c in title).strip("_") + ".pdf"


def _describe(canvas: Canvas, data: DocumentData) -> None:
    """Title, author and dates in the file; the dates are the document's own, so the bytes depend on the data only."""
    canvas.setTitle(clean(document_title(data)))
    canvas.setAuthor(clean(data.company.name))
    canvas.setSubject(
        clean(f"{document_title(data)} · {data.recipient[0] if data.recipient else ''}").strip(" ·")
    )
    canvas.setCreator("Werkbank")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    stamp = f"D:{data.date:%Y%m%d}000000Z"
    canvas.setDateFormatter(lambda *_: stamp)


def _compose(data: DocumentData) -> Flow:
    """Every part the kind declares; a last page for a line or two is saved by setting the others closer."""
    flow = _set(data, tight=False)
    if flow.page > 1 and flow.y < flow.next_top + LEAST_PAGE:
        closer = _set(data, tight=True)
        return closer if closer.page < flow.page else flow
    return flow


def _set(data: DocumentData, *, tight: bool) -> Flow:
    spec = spec_of(data.kind)
    top = first_line(data) if spec.form == "letter" else sheet.content_top(data)
    bottom = BODY_BOTTOM if spec.is_outward else INNER_BOTTOM
    flow = Flow(top, data.design.left, tight=tight, bottom=bottom)
    for block in spec.blocks:
        if block == "heading" and spec.form == "sheet":
            continue  # its head says it already
        place(block, flow, data)
    return flow
