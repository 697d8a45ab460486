"""QR codes as a pattern of dark and light squares; painting them is the view's business."""

from typing import Any

from reportlab.graphics.barcode.qrencoder import QRCode, QRErrorCorrectLevel


def squares(text: str) -> tuple[tuple[bool, ...], ...]:
    """Rows of the code for a text, True where it is dark; without the light margin readers want around it."""
    code: Any = QRCode(None, QRErrorCorrectLevel.M)
    code.addData(text)
    code.make()
    size = range(code.getModuleCount())
    return tuple(tuple(bool(code.isDark(row, column)) for column in size) for row in size)
