"""Pages of a paper as pictures, as they will be printed."""

from dataclasses import dataclass, replace

from app.core.pdfium import PDFIUM
from app.services.documents.data import Company, DocumentData, Kind, Language
from app.services.documents.design import Design
from app.services.documents.kinds import shows_pictures
from app.services.documents.render import render
from app.services.documents.samples import sample


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as a BMP (made ten times as fast as a PNG), which of how many it is."""

    image: bytes
    page: int
    pages: int


def sample_pdf(kind: Kind, language: Language, design: Design, company: Company | None) -> bytes:
    """The sample paper of a kind in a design, of the house's own company where it is known."""
    return pdf_in(sample(kind, language, company=company), design)


def pdf_in(data: DocumentData, design: Design) -> bytes:
    """A paper in a design; its lines bring the pictures they would have, shown where the design wants them."""
    if not shows_pictures(data.kind, design):
        data = replace(data, lines=tuple(replace(line, picture=None) for line in data.lines))
    return render(replace(data, design=design))


def picture(pdf: bytes, wide: int, page: int = 0) -> Picture:
    """A page of a PDF so many pixels wide; the last one when there are fewer."""
    import io

    import pypdfium2

    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        try:
            count = len(document)
            at = max(0, min(page, count - 1))
            sheet = document[at]
            try:
                image = sheet.render(scale=wide / sheet.get_width()).to_pil()
            finally:
                sheet.close()
        finally:
            document.close()
    buffer = io.BytesIO()
    image.save(buffer, "BMP")
    return Picture(buffer.getvalue(), at, count)
