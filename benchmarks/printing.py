"""From the click to the first byte at a printer: a document into the queue, the worker wakes, the printer hears."""

import socket
import threading
import time
from typing import Any

import psycopg

from app.core.db import Database
from app.services.printing import writes
from app.services.printing.commands import PrintDocument, RequestPrint
from app.services.printing.convert import ZPL
from app.sync.printing import PrintWorker

_SECRET = "benchmark-" + "0" * 40
_CLICKS = 20


class _Listening:
    """A port 9100 that takes everything; ``heard`` is set with the first byte of a job."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self.heard = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                while connection.recv(65536):
                    self.heard.set()

    def close(self) -> None:
        """Listen no more."""
        self._socket.close()


def run(clerk: Database, raw: psycopg.Connection[Any]) -> dict[str, Any]:
    """Median and slowest, in milliseconds: a label of 100 kB to a printer on port 9100 over loopback."""
    label = b"^XA" + b"0" * 100_000 + b"^XZ"
    printer = _Listening()
    row = raw.execute(
        "INSERT INTO printing.printer (name, kind, address, language) "
        "VALUES ('Benchmark', 'raw', %s, 'zpl') RETURNING id",
        (printer.address,),
    ).fetchone()
    assert row is not None
    # It has been asked and says nothing, as most of them do.
    raw.execute(
        "INSERT INTO printing.printer_status (printer_id, capabilities) VALUES (%s, %s)",
        (row[0], '{"formats": ["application/vnd.zebra-zpl"], "answers": false}'),
    )
    sent = threading.Semaphore(0)
    worker = PrintWorker(clerk, lambda _outcome: sent.release(), secret=_SECRET)
    worker.start()
    try:
        took = sorted(_click(clerk, worker, printer, int(row[0]), label, sent) for _ in range(_CLICKS))
    finally:
        worker.stop(10.0)
        printer.close()
    return {"click_to_first_byte_ms": round(took[len(took) // 2], 1), "slowest_ms": round(took[-1], 1)}


def _click(
    clerk: Database,
    worker: PrintWorker,
    printer: _Listening,
    target: int,
    label: bytes,
    sent: threading.Semaphore,
) -> float:
    printer.heard.clear()
    began = time.perf_counter()
    document = PrintDocument(label, "label", mime=ZPL)
    clerk.write(writes.request, RequestPrint("label", (document,), _SECRET, printer_id=target))
    worker.nudge()
    if not printer.heard.wait(10):
        raise RuntimeError("nothing arrived at the printer")
    took = (time.perf_counter() - began) * 1000
    if not sent.acquire(timeout=30):
        raise RuntimeError("the job did not end")
    return took
