"""Lines that end: a timeout starts anew with every byte, so a peer that trickles would hold one for ever."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def cut_after(seconds: float, line: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the line, as it is then, after so many seconds: whoever reads from it sees its end."""

    def cut() -> None:
        found = line()
        if found is not None:
            with suppress(OSError, ValueError):
                # Of the wire below, whatever is spoken over it.
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    alarm = threading.Timer(seconds, cut)
    alarm.daemon = True
    alarm.start()
    try:
        yield
    finally:
        alarm.cancel()
