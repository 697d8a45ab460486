"""Parts of the program in processes of their own: what hangs or falls there is ended, and started again the next time.

A question is a line of JSON and the ``size`` bytes it names; an answer is of the same form.
"""

import atexit
import json
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What came back: the line, and the bytes behind it."""

    said: dict[str, Any]
    content: bytes


class Apart:
    """A process that is started when it is first asked something.  Any thread may ask; they take turns."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = tuple(command)
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def ask(self, order: Mapping[str, Any], content: bytes, patience: float) -> Answer | None:
        """The answer; None when none came within so many seconds."""
        with self._turn:
            process = self._started()
            # Whatever hangs is ended: the answer is then empty.
            alarm = threading.Timer(patience, process.kill)
            alarm.daemon = True
            alarm.start()
            try:
                found = _exchange(process, order, content)
            finally:
                alarm.cancel()
                alarm.join()
            if found is None:
                self.stop()
            return found

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        return self._process


def _exchange(process: subprocess.Popen[bytes], order: Mapping[str, Any], content: bytes) -> Answer | None:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps({**order, "size": len(content)}).encode() + b"\n" + content)
        process.stdin.flush()
    except OSError:
        pass  # it may have said why before it ended
    line = process.stdout.readline()
    if not line.endswith(b"\n"):
        return None
    said: dict[str, Any] = json.loads(line)
    size = int(said.pop("size", 0))
    more = process.stdout.read(size)
    return Answer(said, more) if len(more) == size else None
