"""What a chapter prints on, and where files go that the window would hand to other programs."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from app.simulate import printers
from app.simulate.label_printer import LabelPrinter

NOBODY_THERE = "127.0.0.1:9"  # the discard service, which no computer has any more


@dataclass(frozen=True, slots=True)
class Office:
    """The printer for documents; ``kind`` is what the form of printers calls the way to it."""

    kind: str
    address: str
    printed: Callable[[], list[bytes]]


def office_printer(until: ExitStack) -> Office:
    """CUPS' own IPP Everywhere printer; where this computer has none, a port that keeps what it is sent."""
    try:
        real = until.enter_context(printers.ipp_everywhere())
    except printers.PeersMissingError:
        port = until.enter_context(LabelPrinter())
        return Office("raw", port.address, lambda: list(port.jobs))
    return Office("ipp", real.uri, lambda: [file.read_bytes() for file in real.printed()])


class Desktop:
    """Stands in for the dialogs that ask for files and for the programs that open them.

    ``chosen`` are the files the next dialog gives, ``opened`` and ``saved`` what was opened and where to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.chosen: list[Path] = []
        self.opened: list[Path] = []
        self.saved: list[Path] = []

    def move_in(self, until: ExitStack) -> None:
        """Take over, until the stack is closed."""
        replaced: tuple[tuple[Any, str, Any], ...] = (
            (QDesktopServices, "openUrl", self._open),
            (QFileDialog, "getSaveFileName", self._save),
            (QFileDialog, "getOpenFileName", lambda *_: (str(self.chosen.pop(0)), "")),
            (QFileDialog, "getOpenFileNames", lambda *_: (self._all(), "")),
            (QFileDialog, "getExistingDirectory", lambda *_: str(self.folder)),
        )
        for holder, name, stand_in in replaced:
            until.callback(setattr, holder, name, getattr(holder, name))
            setattr(holder, name, staticmethod(stand_in))

    def _open(self, url: QUrl) -> bool:
        self.opened.append(Path(url.toLocalFile() or url.toString()))
        return True

    def _save(self, _parent: Any, _title: str = "", proposed: str = "", *_: Any) -> tuple[str, str]:
        self.saved.append(self.folder / Path(proposed).name)
        return str(self.saved[-1]), ""

    def _all(self) -> list[str]:
        found, self.chosen = [str(one) for one in self.chosen], []
        return found
