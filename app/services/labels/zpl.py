"""A label in the language of Zebra and many other label printers, as graphics: exact to the dot, any script, any code.

Nothing of the record is written as a command, so no value can break out of a label.
"""

import base64
import binascii
import re
import zlib
from typing import Literal

from PIL.Image import Transpose

from app.services.labels.layout import Label
from app.services.labels.raster import draw

Packing = Literal["hex", "z64"]

# Paper and ink repeat; anything else hardly ever does.
_RUN = re.compile("0{3,}|F{3,}")


def zpl(label: Label, *, copies: int = 1, turned: bool = False, packing: Packing | None = None) -> bytes:
    """One label, ``copies`` times.  ``turned`` prints it a quarter turn clockwise.

    ``packing``: ``hex`` for every printer that knows ZPL II, ``z64`` (compressed) for newer ones; unless told, fine
    densities are compressed and coarse ones are not.
    """
    dots = draw(label)
    if turned:
        dots = dots.transpose(Transpose.ROTATE_270)
    across = (dots.width + 7) // 8
    data = dots.tobytes()
    packing = packing or ("z64" if label.density >= 600 else "hex")
    graphic = _z64(data) if packing == "z64" else _hex(data, across)
    head = f"^XA^PW{dots.width}^LL{dots.height}^LH0,0^LS0^FO0,0^GFA,{len(data)},{len(data)},{across},"
    return f"{head}{graphic}^FS^PQ{copies}^XZ\n".encode("ascii")


def _z64(data: bytes) -> str:
    packed = base64.b64encode(zlib.compress(data, 3))
    return f":Z64:{packed.decode()}:{_crc(packed):04X}"


def _crc(data: bytes) -> int:
    """CRC-16 of CCITT, beginning at zero, as printers check it."""
    return binascii.crc_hqx(data, 0)


def _hex(data: bytes, across: int) -> str:
    """Hexadecimal with repeats: counted characters, ``,`` ``!`` to the end of a row, ``:`` for the same row again."""
    rows: list[str] = []
    before = b""
    for start in range(0, len(data), across):
        row = data[start : start + across]
        rows.append(":" if row == before else _row(row))
        before = row
    return "".join(rows)


def _row(row: bytes) -> str:
    text = row.hex().upper()
    short, ending = text.rstrip("0"), ","
    if len(short) == len(text):
        short, ending = text.rstrip("F"), "!"
    if len(text) - len(short) < 2:
        short, ending = text, ""
    return _RUN.sub(_counted, short) + ending


def _counted(run: re.Match[str]) -> str:
    """A repeated character as counts of 400, of twenties and of ones before it."""
    count, said = len(run.group()), ""
    while count > 419:
        said += "z"
        count -= 400
    if count >= 20:
        said += chr(ord("f") + count // 20)
    if count % 20:
        said += chr(ord("F") + count % 20)
    return said + run.group()[0]
