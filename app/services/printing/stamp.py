"""What is printed a second time says so."""

import io

from app.services.printing.convert import PDF, ZPL

_WORDS = {"de": "Kopie", "en": "Copy"}


def as_copy(content: bytes, mime: str, language: str) -> bytes:
    """The same with "Copy" on every page or label, where the format can bear it."""
    word = _WORDS.get(language, _WORDS["en"])
    if mime == ZPL:
        return content.replace(b"^XZ", f"^FO8,8^A0N,28,28^FR^FD{word}^FS^XZ".encode())
    return _on_pages(content, word) if mime == PDF else content


def _on_pages(pdf: bytes, word: str) -> bytes:
    import pikepdf
    from reportlab.pdfgen import canvas

    with pikepdf.open(io.BytesIO(pdf)) as document:
        for page in document.pages:
            left, bottom, right, top = (float(one) for one in page.mediabox)
            wide, high = right - left, top - bottom
            size = min(28.0, high / 6)
            drawn = io.BytesIO()
            stamp = canvas.Canvas(drawn, pagesize=(wide, high))
            stamp.setFont("Helvetica-Bold", size)
            stamp.setFillGray(0.35)
            stamp.drawRightString(wide - size, high - 1.3 * size, word)
            stamp.save()
            drawn.seek(0)
            with pikepdf.open(drawn) as over:
                page.add_overlay(over.pages[0], pikepdf.Rectangle(left, bottom, right, top))
        kept = io.BytesIO()
        document.save(kept)
        return kept.getvalue()
