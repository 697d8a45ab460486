"""Which way to a printer."""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from app.core.errors import AppError, Refused
from app.services.printing.device import Access, Device
from app.services.printing.ipp import IppPrinter
from app.services.printing.wires import LpdPrinter, RawPrinter

# The system's own printers go through Qt; the window and `werkbank print` put the way to them here.
SYSTEM: list[Callable[[Access], Device]] = []
_SCHEMES = {"ipp": "ipp", "ipps": "ipp", "http": "ipp", "https": "ipp", "lpd": "lpd", "socket": "raw"}
_PORTS = {631: "ipp", 515: "lpd", **dict.fromkeys(range(9100, 9110), "raw")}
PAPER_DPI, LABEL_DPI = 300, 203
"""What is assumed where a printer does not say: 203 is what most label printers have."""
_SIZE = re.compile(r"\s*([0-9]+)(?:[.,]([0-9]))?\s*(?:mm)?\s*[xX×*]\s*([0-9]+)(?:[.,]([0-9]))?\s*(?:mm)?\s*")


def connect(access: Access) -> Device:
    """The printer.  Raises Refused when it cannot be reached from this program at all."""
    if access.kind == "ipp":
        return IppPrinter(access)
    if access.kind == "raw":
        return RawPrinter(access)
    if access.kind == "lpd":
        return LpdPrinter(access)
    if access.kind == "system" and SYSTEM:
        return SYSTEM[0](access)
    raise Refused("printer_not_from_here", printer=access.address)


def other_kind(kind: str, address: str) -> str | None:
    """The kind of connection an address belongs to, when it is not the given one; None when nothing speaks for one.

    A scheme counts before a port: ``ipp://host:9100`` is what it says it is.
    """
    if kind == "system":
        return None
    address = address.strip()
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        found = _SCHEMES.get(parts.scheme) if parts.scheme else _PORTS.get(parts.port or 0)
    except ValueError:
        return None
    return found if found != kind else None


def usual_language(kind: str, media: str) -> str:
    """What a printer of that connection mostly prints.

    Port 9100, and labels at an LPD server: ZPL, as such a printer would print the text of a PDF as rubbish.
    """
    return "zpl" if kind == "raw" or (kind == "lpd" and media.strip()) else "pdf"


def asked_resolution(kind: str, address: str, language: str) -> int:
    """The dots per inch a printer says it prints labels in, 0 when it does not say.  Takes some seconds."""
    try:
        device = connect(Access(kind, address, language, timeout=3.0))
    except AppError:
        return 0
    try:
        return device.probe()[1].resolution
    except AppError:
        return 0
    finally:
        device.close()


def label_size(typed: str) -> str:
    """A size as it is stored (``100x60.5``), however it was typed (``100 × 60,5 mm``); other words stay as they are."""
    found = _SIZE.fullmatch(typed)
    if found is None:
        return typed
    width, tenth, height, tenths = found.groups()
    return f"{width}{f'.{tenth}' if tenth else ''}x{height}{f'.{tenths}' if tenths else ''}"
