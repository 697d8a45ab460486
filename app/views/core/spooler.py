"""Printers of the operating system, through Qt: what a driver makes of pages that were drawn as pictures."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QRectF, QSizeF
from PySide6.QtGui import QImage, QPageLayout, QPageSize, QPainter

from app.core.errors import Refused, Unavailable
from app.services.printing.connect import SYSTEM
from app.services.printing.convert import PDF, chosen_pages, page_count
from app.services.printing.device import Access, Capabilities, Cut, JobState, Sent, Status, Task
from app.services.printing.raster import pages_of

_DPI = 300


def register() -> None:
    """From now on this program reaches the system's printers."""
    if SpoolerPrinter not in SYSTEM:
        SYSTEM[:] = [SpoolerPrinter]


def offers() -> list[dict[str, Any]]:
    """The system's printers, as colleagues are offered them."""
    from PySide6.QtPrintSupport import QPrinterInfo

    return [
        {"name": one.printerName(), "model": one.makeAndModel(), "location": one.location()}
        for one in QPrinterInfo.availablePrinters()
    ]


class SpoolerPrinter:
    """A printer by the name the system knows it by."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def close(self) -> None:
        """Nothing is kept open."""

    def follow(self, remote: str) -> JobState:
        """The system says nothing more."""
        return "gone"

    def cancel(self, remote: str) -> None:
        """What the system has, it has."""

    def _info(self) -> Any:
        from PySide6.QtPrintSupport import QPrinterInfo

        found = QPrinterInfo.printerInfo(self._access.address)
        if found.isNull():
            raise Unavailable("printer_away", printer=self._access.address)
        return found

    def probe(self) -> tuple[Status, Capabilities]:
        """How the system says it is."""
        from PySide6.QtPrintSupport import QPrinter

        found = self._info()
        states: dict[Any, Any] = {
            QPrinter.PrinterState.Idle: "idle",
            QPrinter.PrinterState.Active: "printing",
            QPrinter.PrinterState.Aborted: "attention",
            QPrinter.PrinterState.Error: "attention",
        }
        model = found.makeAndModel() or found.description()
        sizes = tuple(size.name() for size in found.supportedPageSizes())
        dpi = tuple(sorted(found.supportedResolutions())) if hasattr(found, "supportedResolutions") else ()
        status = Status(states.get(found.state(), "unknown"))
        return status, Capabilities(model=model, formats=(PDF,), media=sizes[:60], dpi=dpi, answers=True)

    def send(self, task: Task, began: Callable[[str], object]) -> Sent:
        """Draw every page in its own size; `sent` means that the system's queue has it."""
        from PySide6.QtPrintSupport import QPrinter

        if task.mime != PDF:
            raise Refused("printer_format", printer=self._access.address)
        pdf = chosen_pages(task.content, task.pages)
        page_count(pdf)
        printer = QPrinter(self._info(), QPrinter.PrinterMode.HighResolution)
        printer.setDocName(task.title)
        printer.setCopyCount(task.copies)
        printer.setFullPage(True)
        duplex = {
            "two-sided-long-edge": QPrinter.DuplexMode.DuplexLongSide,
            "two-sided-short-edge": QPrinter.DuplexMode.DuplexShortSide,
            "one-sided": QPrinter.DuplexMode.DuplexNone,
        }
        if task.sides in duplex:
            printer.setDuplex(duplex[task.sides])
        painter = QPainter()
        try:
            for number, page in enumerate(pages_of(pdf, _DPI, colour=True)):
                wide, high = (side * 72 / _DPI for side in page.size)
                size = QPageSize(QSizeF(min(wide, high), max(wide, high)), QPageSize.Unit.Point)
                printer.setPageSize(size)
                landscape = QPageLayout.Orientation.Landscape
                printer.setPageOrientation(landscape if wide > high else QPageLayout.Orientation.Portrait)
                if number == 0:
                    began("")
                    if not painter.begin(printer):
                        raise Unavailable("printer_away", printer=self._access.address)
                elif not printer.newPage():
                    raise Cut("printer_cut", printer=self._access.address)
                data = page.tobytes()
                image = QImage(data, *page.size, 3 * page.width, QImage.Format.Format_RGB888)
                whole = printer.paperRect(QPrinter.Unit.DevicePixel)
                painter.drawImage(QRectF(0, 0, whole.width(), whole.height()), image)
        finally:
            if painter.isActive():
                painter.end()
        return Sent("sent")
