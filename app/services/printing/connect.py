"""Which way to a printer."""

from collections.abc import Callable

from app.core.errors import Refused
from app.services.printing.device import Access, Device
from app.services.printing.ipp import IppPrinter
from app.services.printing.wires import LpdPrinter, RawPrinter

# The system's own printers go through Qt; the window and `werkbank print` put the way to them here.
SYSTEM: list[Callable[[Access], Device]] = []


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
