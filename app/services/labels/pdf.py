"""Labels as PDF: one a page, or on sheets of labels, from the same layout as everything else."""

import io
from collections.abc import Sequence

from reportlab.lib.colors import black, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from app.services.documents.typeset import Style, runs, width
from app.services.labels.layout import Block, Image, Label, Pattern, Words
from app.services.labels.linear import runs as dark_runs
from app.services.labels.sheets import Sheet, places

_INCH = 72.0


def pages(labels: Sequence[Label], title: str = "") -> bytes:
    """One label a page; a page is as large as its label."""
    kept = io.BytesIO()
    canvas = _canvas(kept, title)
    for label in labels:
        scale = 72 / 25.4 / label.dots
        canvas.setPageSize((label.wide * scale, label.high * scale))
        _draw(canvas, label, 0, label.high * scale)
        canvas.showPage()
    canvas.save()
    return kept.getvalue()


def on_sheets(
    labels: Sequence[Label],
    sheet: Sheet,
    *,
    start: int = 1,
    shift: tuple[float, float] = (0, 0),
    title: str = "",
    outlines: bool = False,
) -> bytes:
    """Labels on sheets, from place ``start`` (from 1) of the first on; ``shift`` millimetres right and down.

    ``outlines`` draws where the labels are, for a test print on plain paper.
    """
    kept = io.BytesIO()
    canvas = _canvas(kept, title)
    point = 72 / 25.4
    canvas.setPageSize((sheet.page[0] * point, sheet.page[1] * point))
    on_page = 0
    for label, (page, place) in zip(labels, places(sheet, len(labels), start), strict=True):
        if page != on_page:
            canvas.showPage()
            on_page = page
        dots = label.dots
        left, top = sheet.corner(place)
        spare = (sheet.label[0] - label.wide / dots) / 2, (sheet.label[1] - label.high / dots) / 2
        # The grid of dots goes through the whole page, so modules stay whole wherever a label lies.
        x = round((left + spare[0] + shift[0]) * dots) / dots
        y = round((top + spare[1] + shift[1]) * dots) / dots
        _draw(canvas, label, x * point, (sheet.page[1] - y) * point)
        if outlines:
            canvas.setLineWidth(0.25)
            canvas.roundRect(
                (left + shift[0]) * point,
                (sheet.page[1] - top - shift[1] - sheet.label[1]) * point,
                sheet.label[0] * point,
                sheet.label[1] * point,
                2,
            )
    canvas.showPage()
    canvas.save()
    return kept.getvalue()


def _canvas(kept: io.BytesIO, title: str) -> Canvas:
    canvas = Canvas(kept, pageCompression=1, invariant=1)
    canvas.setTitle(title)
    canvas.setCreator("Werkbank")
    # Printed at their size: a code that was shrunk to the paper may not scan.
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


def _draw(canvas: Canvas, label: Label, left: float, top: float) -> None:
    """Draw with the label's top left corner at a point of the page."""
    scale = 72 / 25.4 / label.dots
    canvas.setFillColor(black)
    for mark in label.marks:
        if isinstance(mark, Pattern):
            path = canvas.beginPath()
            for number, row in enumerate(mark.rows):
                y = top - (mark.y + (number + 1) * mark.down) * scale
                for start, length in dark_runs(row):
                    path.rect(
                        left + (mark.x + start * mark.across) * scale,
                        y,
                        length * mark.across * scale,
                        mark.down * scale,
                    )
            canvas.drawPath(path, stroke=0, fill=1)
        elif isinstance(mark, Block):
            canvas.rect(
                left + mark.x * scale,
                top - (mark.y + mark.high) * scale,
                mark.wide * scale,
                mark.high * scale,
                stroke=0,
                fill=1,
            )
        elif isinstance(mark, Words):
            _words(canvas, mark, left, top, scale)
        else:
            _picture(canvas, mark, left, top, scale)


def _words(canvas: Canvas, mark: Words, left: float, top: float, scale: float) -> None:
    if mark.white:
        canvas.setFillColor(white)
    x, y = left + mark.x * scale, top - mark.y * scale
    for font, stretch in runs(mark.text, mark.weight):
        canvas.setFont(font, mark.size)
        canvas.drawString(x, y, stretch)
        x += width(stretch, Style(mark.size, 0, mark.weight)) * 72 / 25.4
    if mark.white:
        canvas.setFillColor(black)


def _picture(canvas: Canvas, mark: Image, left: float, top: float, scale: float) -> None:
    try:
        picture = ImageReader(io.BytesIO(mark.content))
        canvas.drawImage(
            picture,
            left + mark.x * scale,
            top - (mark.y + mark.high) * scale,
            mark.wide * scale,
            mark.high * scale,
            preserveAspectRatio=True,
            anchor="c",
            mask="auto",
        )
    except (OSError, ValueError, ZeroDivisionError):
        return  # no picture the printer could show
