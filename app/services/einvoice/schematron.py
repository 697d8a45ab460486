"""Asks the rule sets about an invoice, in the process of `saxon_worker`.  Any thread may call; calls take turns."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.core.apart import Apart
from app.core.errors import Refused

WORKER = Path(__file__).with_name("saxon_worker.py")
QUICKER = Path(__file__).resolve().parents[3] / "resources" / "einvoice" / "quicker.xsl"
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

    def __init__(self, command: Sequence[str] = (sys.executable, "-I", str(WORKER), str(QUICKER))) -> None:
        self._process = Apart(command)

    def check(self, xml: bytes, rules: Sequence[Path], patience: float = PATIENCE) -> tuple[Failed, ...]:
        """The rules that do not hold.  Raises Refused when they cannot be asked: never a silent pass."""
        answer = self._process.ask({"rules": [str(path) for path in rules]}, xml, patience)
        said: dict[str, Any] = answer.said if answer is not None else {"error": "no answer"}
        if "unavailable" in said:
            self.stop()
            raise Refused("einvoice_rules_unavailable", reason=said["unavailable"])
        if "error" in said:
            raise Refused("einvoice_rules_failed", reason=str(said["error"])[:300])
        return tuple(Failed(**one) for one in said["failed"])

    def stop(self) -> None:
        """End the process."""
        self._process.stop()


RULE_SETS = RuleSets()
