"""A scanner at a serial port (or a USB one that shows itself as such): its lines, from a thread of its own."""

import logging
import threading
from collections.abc import Callable

from serial import Serial, SerialException
from serial.tools import list_ports

log = logging.getLogger("werkbank.scanner")
AGAIN_S, LISTEN_S = 2.0, 0.2
LONGEST = 8192


def ports() -> list[tuple[str, str]]:
    """The serial ports of this computer: name and what it says of itself."""
    return [(port.device, port.description or port.device) for port in list_ports.comports()]


class PortReader:
    """Reads codes from a port until it is stopped; a port that goes away is waited for.

    ``heard`` and ``state`` (whether the port is open) are called in the reader's thread.
    """

    def __init__(
        self, port: str, baud: int, heard: Callable[[str], object], state: Callable[[bool], object]
    ) -> None:
        self._port, self._baud, self._heard, self._state = port, baud, heard, state
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="werkbank-scanner", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        self._thread.join(timeout=2 * LISTEN_S + AGAIN_S)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with Serial(self._port, self._baud, timeout=LISTEN_S) as port:
                    self._state(True)
                    self._listen(port)
            except (SerialException, OSError, ValueError) as error:
                log.info("scanner port away", extra={"port": self._port, "error": str(error)})
            self._state(False)
            self._stop.wait(AGAIN_S)

    def _listen(self, port: Serial) -> None:
        held = b""
        while not self._stop.is_set():
            came = port.read(max(1, port.in_waiting))
            held += came
            *lines, held = held.replace(b"\n", b"\r").split(b"\r")
            for line in lines:
                self._tell(line)
            if held and not came:
                # Scanners without an end: a pause is one.
                self._tell(held)
                held = b""
            elif len(held) > LONGEST:
                held = b""

    def _tell(self, line: bytes) -> None:
        text = line.decode("utf-8", errors="replace").strip("\x02\x03\x00")
        if text:
            self._heard(text)
