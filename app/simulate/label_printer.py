"""A label printer to try things on: a port 9100 that keeps what it is sent and says how it is, as a Zebra does."""

import contextlib
import re
import socket
import threading
from typing import Self

from PIL import Image

_HOST_STATUS, _HOST_IDENTITY = b"~HS", b"~HI"
_IDENTITY = b"\x02ZD421-203dpi,V93.21.26Z,8,8176KB\x03\r\n"
_WAIT_S = 10.0


class LabelPrinter:
    """Prints into ``jobs``, the ZPL of each; without ``has_paper`` it says so when it is asked."""

    def __init__(self) -> None:
        self.jobs: list[bytes] = []
        self.has_paper = True
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._port = int(self._socket.getsockname()[1])
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="label-printer", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with socket.socket() as wake:
            wake.settimeout(1)
            wake.connect_ex(("127.0.0.1", self._port))
        self._thread.join(_WAIT_S)
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                with connection:
                    connection.settimeout(_WAIT_S)
                    self._hear(connection)

    def _hear(self, connection: socket.socket) -> None:
        said = bytearray()
        while piece := connection.recv(65536):
            said += piece
            answers = {_HOST_STATUS: self._status(), _HOST_IDENTITY: _IDENTITY}
            if answer := answers.get(bytes(said)):
                connection.sendall(answer)
                said.clear()
        if said:
            self.jobs.append(bytes(said))

    def _status(self) -> bytes:
        paper_out = 0 if self.has_paper else 1
        lines = (f"030,{paper_out},0,0253,000,0,0,0,000,0,0,0", "000,0,0,0,0,2,4,0,00000000,1,000", "1234,0")
        return b"".join(b"\x02%s\x03\r\n" % line.encode() for line in lines)


def labels_of(zpl: bytes) -> list[Image.Image]:
    """The labels of a job as they would come out."""
    from zebrafy.zebrafy_zpl import ZebrafyZPL

    whole = re.findall(r"\^XA.*?\^XZ", zpl.decode("ascii"), re.DOTALL)
    return [picture.convert("L") for one in whole for picture in ZebrafyZPL(one).to_images()]
