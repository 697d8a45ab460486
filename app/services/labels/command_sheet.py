"""The sheet people scan commands and digits from, and codes read out of a picture."""

import io
from collections.abc import Sequence
from pathlib import Path

from app.core.errors import Invalid
from app.core.pictures import opened
from app.core.scan import CALIBRATION
from app.services.labels.scans import COMMANDS, command_code

ACROSS, DOWN = 3, 6
MARGIN_MM, CELL_W_MM, CELL_H_MM = 12.0, 62.0, 44.0
SIDE_MM = 26.0
# More bytes are no photo of a label.
LARGEST = 60_000_000


def codes() -> list[tuple[str, str]]:
    """What stands on the sheet: a name for each code (a command, a digit, ``calibration``), and the code."""
    names = [*COMMANDS, *"0123456789"]
    return [*((name, command_code(name)) for name in names), ("calibration", CALIBRATION)]


def sheet(title: str, captions: Sequence[str]) -> bytes:
    """The sheet as PDF, A4; ``captions`` are the words below the codes, in the order of `codes`."""
    from reportlab.graphics.barcode.code128 import Code128
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.pdfgen.canvas import Canvas

    from app.services.documents.typeset import runs

    kept = io.BytesIO()
    canvas = Canvas(kept, pagesize=A4, invariant=True)
    canvas.setTitle(title)

    def write(text: str, x: float, y: float, size: float, *, strong: bool = False) -> None:
        for name, characters in runs(text, "SemiBold" if strong else "Regular"):
            canvas.setFont(name, size)
            canvas.drawString(x, y, characters)
            x += canvas.stringWidth(characters, name, size)

    height = A4[1]
    write(title, MARGIN_MM * mm, height - 16 * mm, 15, strong=True)
    for place, ((_name, code), caption) in enumerate(zip(codes(), captions, strict=True)):
        left = (MARGIN_MM + place % ACROSS * CELL_W_MM) * mm
        top = height - (24 + place // ACROSS * CELL_H_MM) * mm
        bars = Code128(code, barHeight=18 * mm, barWidth=0.33 * mm, quiet=False)
        bars.drawOn(canvas, left, top - 18 * mm)
        write(caption, left, top - 23 * mm, 11, strong=True)
        write(code, left, top - 27.5 * mm, 8)
    canvas.save()
    return kept.getvalue()


def codes_in(picture: Path) -> list[str]:
    """The codes in a picture, as a camera or a phone takes it.  Raises Invalid ``scan_picture``."""
    try:
        if picture.stat().st_size > LARGEST:
            raise Invalid("scan_picture", name=picture.name)
        return codes_of(picture.read_bytes(), picture.name)
    except OSError:
        raise Invalid("scan_picture", name=picture.name) from None


def codes_of(content: bytes, name: str) -> list[str]:
    """The codes in a picture called ``name``.  Raises Invalid ``scan_picture``."""
    import zxingcpp
    from PIL import Image

    try:
        with opened(content) as image:
            found = zxingcpp.read_barcodes(image.convert("L"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Invalid("scan_picture", name=name) from None
    return [f"{code.symbology_identifier or ''}{code.text}" for code in found if code.text]
