"""What a tour writes down: every step with its time, its cost, its pictures, and every document it issued."""

import json
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self


@dataclass(slots=True)
class Operation:
    """One database operation of the window: what ran, and what it cost."""

    name: str
    kind: str
    statements: int
    round_trips: int
    ms: float


@dataclass(slots=True)
class StepRecord:
    """One step.  ``statements`` and ``round_trips`` are all the window sent meanwhile."""

    number: int
    key: str
    title: str
    login: str
    role: str
    seconds: float = 0.0
    statements: int = 0
    round_trips: int = 0
    pictures: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    error: str = ""


@dataclass(slots=True)
class DocumentRecord:
    """One archived PDF beside the record it shows."""

    type: str
    number: str
    language: str
    file: str
    sha256: str
    pages: int
    totals_in_pdf: dict[str, str]
    totals_in_database: dict[str, str]
    equal: bool
    problems: list[str]


@dataclass(slots=True)
class TourRecord:
    """The whole tour, as `tour.json` holds it."""

    language: str
    theme: str
    data_set: str
    chapter: str = "work"
    ok: bool = False
    failed: str = ""
    steps: list[StepRecord] = field(default_factory=list)
    documents: list[DocumentRecord] = field(default_factory=list)
    preparation_seconds: float = 0.0

    def write(self, file: Path) -> None:
        """Write it as JSON."""
        content = asdict(self)
        content["totals"] = {
            "steps": len(self.steps),
            "seconds": round(sum(step.seconds for step in self.steps), 1),
            "statements": sum(step.statements for step in self.steps),
            "round_trips": sum(step.round_trips for step in self.steps),
            "pictures": sum(len(step.pictures) for step in self.steps),
            "documents": len(self.documents),
        }
        file.write_text(json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n", "utf-8")


class Listener(logging.Handler):
    """Hears what the window's operations cost, and every error the program logs."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.operations: list[Operation] = []
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep operations and errors; everything else goes by."""
        if record.name == "werkbank.operation" and record.levelno == logging.DEBUG:
            values = record.__dict__
            self.operations.append(
                Operation(
                    values["operation"].removeprefix("app."),
                    values["kind"],
                    values["statements"],
                    values["round_trips"],
                    values["ms"],
                )
            )
        elif record.levelno >= logging.ERROR:
            cause = record.exc_info[1] if record.exc_info else None
            self.errors.append(f"{record.name}: {record.getMessage()}" + (f" ({cause!r})" if cause else ""))

    def __enter__(self) -> Self:
        root, operations = logging.getLogger(), logging.getLogger("werkbank.operation")
        self._level = operations.level
        operations.setLevel(logging.DEBUG)
        root.addHandler(self)
        for handler in root.handlers:
            if handler is not self and handler.level == logging.NOTSET:
                handler.setLevel(logging.INFO)  # the log file does not become a trace of the tour
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("werkbank.operation").setLevel(self._level)
        logging.getLogger().removeHandler(self)
