"""Makes of what is to be printed what a printer understands."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.core.errors import Refused
from app.core.pdfium import PDFIUM
from app.services.printing import raster
from app.services.printing.device import Access, Capabilities, Task

PDF, ZPL, ESCPOS, TEXT = (
    "application/pdf",
    "application/vnd.zebra-zpl",
    "application/vnd.escpos",
    "text/plain",
)
OCTETS = "application/octet-stream"
_JPEG = "image/jpeg"
_OWN_LANGUAGE = {"pdf": PDF, "zpl": ZPL, "escpos": ESCPOS, "text": TEXT}
_RECEIPT_DOTS = 576  # across 80 mm of paper
_RECEIPT_PRINTER = "TM-T20II"  # as wide; what is sent is the same for all of them


def suited(
    task: Task, formats: tuple[str, ...], capabilities: Capabilities, access: Access
) -> tuple[bytes, str]:
    """What to send to a printer that says which formats it takes, and as what.  Raises Refused when none fits."""
    if task.mime != PDF:
        if not formats or task.mime in formats:
            return task.content, task.mime
        if OCTETS in formats:
            return task.content, OCTETS  # the printer looks for itself
        raise Refused("printer_format", printer=access.address)
    content = chosen_pages(task.content, task.pages)
    if access.language == "zpl":
        return _zpl(content, access.dpi), OCTETS if OCTETS in formats else ZPL
    if PDF in formats or not formats:
        return content, PDF
    colour = bool(capabilities.colour)
    dpi = capabilities.resolution or 300
    if "image/pwg-raster" in formats:
        return rasterised(content, dpi, "pwg", colour=colour, sides=task.sides), "image/pwg-raster"
    if "image/urf" in formats:
        return rasterised(content, dpi, "urf", colour=colour, sides=task.sides), "image/urf"
    if _JPEG in formats and page_count(content) == 1:
        kept = io.BytesIO()
        page = next(iter(raster.pages_of(content, dpi, colour=colour)))
        page.save(kept, "JPEG", quality=92, dpi=(dpi, dpi))
        return kept.getvalue(), _JPEG
    raise Refused("printer_format", printer=access.address)


def for_language(task: Task, access: Access) -> bytes:
    """What to send over a plain wire to a printer of this language, once for every copy."""
    if task.mime != PDF:
        if task.mime != _OWN_LANGUAGE.get(access.language) and task.mime != OCTETS:
            raise Refused("printer_format", printer=access.address)
        return task.content
    content = chosen_pages(task.content, task.pages)
    if access.language == "zpl":
        made = _zpl(content, access.dpi)
    elif access.language == "escpos":
        made = _receipt(content)
    elif access.language == "pwg":
        made = rasterised(content, access.dpi, "pwg", colour=False, sides=task.sides)
    elif access.language == "pdf":
        made = content
    else:
        raise Refused("printer_format", printer=access.address)
    return made


def rasterised(pdf: bytes, dpi: int, kind: raster.Format, *, colour: bool, sides: str = "") -> bytes:
    """A PDF as dots."""
    pages = raster.pages_of(pdf, dpi, colour=colour)
    return raster.encode(pages, dpi, kind, colour=colour, sides=sides, count=page_count(pdf))


def page_count(pdf: bytes) -> int:
    """How many pages there are.  Raises Refused for what is no PDF."""
    with _opened(pdf) as document:
        return len(document)


def chosen_pages(pdf: bytes, pages: str) -> bytes:
    """The pages of a range such as ``1-3, 5``; all without one.  Raises Refused when none of them exists."""
    if not pages.strip():
        return pdf
    import pypdfium2

    with _opened(pdf) as source:
        wanted = page_numbers(pages, len(source))
        made = pypdfium2.PdfDocument.new()
        try:
            made.import_pages(source, [number - 1 for number in wanted])
            kept = io.BytesIO()
            made.save(kept)
            return kept.getvalue()
        finally:
            made.close()


def page_numbers(pages: str, last: int) -> list[int]:
    """The numbers a range means, in its order.  Raises Refused when it is none, or nothing of it exists."""
    found: list[int] = []
    for piece in pages.replace(";", ",").split(","):
        match = re.fullmatch(r"\s*(\d{1,5})?\s*(-|–)?\s*(\d{1,5})?\s*", piece)
        if match is None or not (match[1] or match[3]):
            raise Refused("print_pages", pages=pages)
        first = int(match[1] or 1)
        end = int(match[3]) if match[3] else (last if match[2] else first)
        found += range(max(first, 1), min(end, last) + 1)
    if not found:
        raise Refused("print_pages", pages=pages)
    return found


@contextmanager
def _opened(pdf: bytes) -> Iterator[Any]:
    import pypdfium2

    with PDFIUM:
        try:
            document = pypdfium2.PdfDocument(pdf)
        except pypdfium2.PdfiumError as error:
            raise Refused("print_no_pdf") from error
        try:
            yield document
        finally:
            document.close()


def _zpl(pdf: bytes, dpi: int) -> bytes:
    """Every page as a graphic of the label printer's dots."""
    out = bytearray()
    for page in raster.pages_of(pdf, dpi, colour=False):
        dots = page.point(lambda shade: 255 if shade < 128 else 0).convert("1")
        across = (dots.width + 7) // 8
        data = dots.tobytes()
        head = f"^XA^PW{dots.width}^LL{dots.height}^LH0,0^FO0,0^GFA,{len(data)},{len(data)},{across},"
        out += head.encode() + data.hex().upper().encode() + b"^FS^XZ\n"
    return bytes(out)


def _receipt(pdf: bytes) -> bytes:
    """Every page across the width of the receipt's paper, cut behind."""
    from escpos.printer import Dummy

    printer = Dummy(profile=_RECEIPT_PRINTER)  # without one it complains on stdout
    for page in raster.pages_of(pdf, 203, colour=False):
        fits = page.width <= _RECEIPT_DOTS
        high = round(page.height * _RECEIPT_DOTS / page.width)
        printer.image(
            page if fits else page.resize((_RECEIPT_DOTS, high)), impl="bitImageRaster", fragment_height=960
        )
        printer.cut()
    return bytes(printer.output)
