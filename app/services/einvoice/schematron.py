"""Asks the rule sets about an invoice, in the process of `saxon_worker`.  Any thread may call; calls take turns."""

import atexit
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.core.errors import Refused

WORKER = Path(__file__).with_name("saxon_worker.py")
PATIENCE = 60.0  # seconds for one invoice, the first with the compiling of its rules


@dataclass(frozen=True, slots=True)
class Failed:
    """A rule that does not hold: its id, how grave the rule set calls it, the place as XPath, its words."""

    id: str
    flag: str
    location: str
    text: str


class RuleSets:
    """The process with the compiled rules; started when first asked, again after a fault."""

    def __init__(self, command: Sequence[str] = (sys.executable, "-I", str(WORKER))) -> None:
        self._command = tuple(command)
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def check(self, xml: bytes, rules: Sequence[Path], patience: float = PATIENCE) -> tuple[Failed, ...]:
        """The rules that do not hold.  Raises Refused when they cannot be asked: never a silent pass."""
        with self._turn:
            answer = self._ask(xml, rules, patience)
        if "unavailable" in answer:
            self.stop()
            raise Refused("einvoice_rules_unavailable", reason=answer["unavailable"])
        if "error" in answer:
            raise Refused("einvoice_rules_failed", reason=str(answer["error"])[:300])
        return tuple(Failed(**one) for one in answer["failed"])

    def stop(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.wait()

    def _ask(self, xml: bytes, rules: Sequence[Path], patience: float) -> dict[str, list[dict[str, str]]]:
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        # Whatever hangs is ended: the answer is then empty.
        alarm = threading.Timer(patience, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            header = json.dumps({"size": len(xml), "rules": [str(path) for path in rules]})
            process.stdin.write(header.encode() + b"\n" + xml)
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            line = process.stdout.readline()
        finally:
            alarm.cancel()
            alarm.join()
        if not line:
            self.stop()
            return {"error": [{"text": "no answer"}]}
        answer: dict[str, list[dict[str, str]]] = json.loads(line)
        return answer

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


RULE_SETS = RuleSets()
atexit.register(RULE_SETS.stop)
