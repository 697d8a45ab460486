"""Pages as dots, in the two formats driverless printers take besides PDF: PWG raster (PWG 5102.4) and Apple's URF.

Both compress alike: a row that repeats is written once, and within it runs of equal and of different dots.
"""

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from PIL.Image import Image

from app.core.errors import Refused
from app.core.pdfium import PDFIUM

Format = Literal["pwg", "urf"]
MOST_DOTS = 300_000_000
"""On one page: twice A0 at 300 dots per inch; more is no page but an attack on the memory."""
_ROWS = 256  # a row is repeated at most so often in one go
_RUN = 128
_GREY = re.compile(rb"(?s)(.)\1{0,127}")
_COLOUR = re.compile(rb"(?s)(...)\1{0,127}")
# Our words for the sides: duplex and tumble of PWG, the number URF has for them.
_SIDES = {"one-sided": (0, 0, 1), "two-sided-short-edge": (1, 1, 2), "two-sided-long-edge": (1, 0, 3)}


def pages_of(pdf: bytes, dpi: int, *, colour: bool) -> "Iterator[Image]":
    """Every page as a picture at this density.  Raises Refused for one of more than `MOST_DOTS`."""
    import pypdfium2

    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        count = len(document)
    try:
        for number in range(count):
            with PDFIUM:
                page = document[number]
                wide, high = page.get_size()
                if wide * high * (dpi / 72) ** 2 > MOST_DOTS:
                    raise Refused("print_page_too_large", page=number + 1)
                bitmap = page.render(scale=dpi / 72, grayscale=not colour)
                picture = bitmap.to_pil().convert("RGB" if colour else "L")
                bitmap.close()
                page.close()
            yield picture
    finally:
        with PDFIUM:
            document.close()


def encode(
    pages: "Iterator[Image]",
    dpi: int,
    kind: Format,
    *,
    colour: bool,
    sides: str = "one-sided",
    copies: int = 1,
    count: int = 0,
) -> bytes:
    """The pages as one document; ``count`` is how many there are."""
    duplex, tumble, urf_sides = _SIDES.get(sides, _SIDES["one-sided"])
    depth = 3 if colour else 1
    out = bytearray(b"RaS2" if kind == "pwg" else b"UNIRAST\x00" + struct.pack(">I", count))
    for page in pages:
        size = page.size
        if kind == "pwg":
            out += _pwg_header(size, dpi, depth, duplex, tumble, copies, count)
        else:
            out += struct.pack(
                ">BBBBBBBBIIII8x", 8 * depth, int(colour), urf_sides, 4, 0, 0, 0, copies, 0, *size, dpi
            )
        out += _packed(page.tobytes(), size[0] * depth, depth)
    return bytes(out)


def _pwg_header(
    size: tuple[int, int], dpi: int, depth: int, duplex: int, tumble: int, copies: int, count: int
) -> bytes:
    wide, high = size
    head = bytearray(1796)
    head[0:9] = b"PwgRaster"

    def put(at: int, *numbers: int) -> None:
        struct.pack_into(f">{len(numbers)}I", head, at, *numbers)

    put(272, duplex)
    put(276, dpi, dpi)
    put(340, copies)
    put(352, round(wide * 72 / dpi), round(high * 72 / dpi))
    put(368, tumble)
    put(372, wide, high)
    put(384, 8, 8 * depth, wide * depth, 0, 19 if depth == 3 else 18)
    put(420, depth)
    put(452, count, 1, 1)
    put(464, 0, 0, wide, high)
    put(480, 0xFFFFFF)
    return bytes(head)


def _packed(dots: bytes, across: int, depth: int) -> bytes:
    out = bytearray()
    before, times = b"", 0
    for at in range(0, len(dots), across):
        row = dots[at : at + across]
        if row == before and times < _ROWS:
            times += 1
            continue
        if times:
            out.append(times - 1)
            out += _row(before, depth)
        before, times = row, 1
    if times:
        out.append(times - 1)
        out += _row(before, depth)
    return bytes(out)


def _row(row: bytes, depth: int) -> bytes:
    out = bytearray()
    single = bytearray()

    def flush() -> None:
        for at in range(0, len(single), _RUN * depth):
            piece = single[at : at + _RUN * depth]
            dots = len(piece) // depth
            out.append(257 - dots if dots > 1 else 0)
            out.extend(piece)
        single.clear()

    for found in (_COLOUR if depth == 3 else _GREY).finditer(row):
        length = (found.end() - found.start()) // depth
        if length == 1:
            single.extend(found[1])
            continue
        flush()
        out.append(length - 1)
        out.extend(found[1])
    flush()
    return bytes(out)
