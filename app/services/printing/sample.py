"""A page that says which printer it came from."""

import io
from collections.abc import Sequence

from app.services.documents.typeset import runs

_MM = 72 / 25.4


_LABEL = "60x40"


def sample_page(title: str, lines: Sequence[str], media: str = "", language: str = "pdf") -> bytes:
    """A PDF of one page, in the size of the label (`100x60`) or A4: title, lines, a frame at the edge.

    A label printer nobody has told its size gets a small one: a page of A4 would take half a roll.
    """
    from reportlab.pdfgen import canvas

    media = media or (_LABEL if language == "zpl" else "")
    wide, high = (float(part) * _MM for part in (media or "210x297").split("x"))
    kept = io.BytesIO()
    page = canvas.Canvas(kept, pagesize=(wide, high))
    page.setTitle(title)
    edge = 2 * _MM if media else 10 * _MM
    page.rect(edge, edge, wide - 2 * edge, high - 2 * edge)
    size = min(18.0, wide / 18)
    at = high - 2.5 * edge - size
    for number, words in enumerate((title, *lines)):
        shown, x = size if number == 0 else size * 0.6, 2.5 * edge
        for font, part in runs(words, "SemiBold" if number == 0 else "Regular"):
            page.setFont(font, shown)
            page.drawString(x, at, part)
            x += page.stringWidth(part, font, shown)
        at -= 1.8 * size if number == 0 else 1.2 * size
    page.save()
    return kept.getvalue()
