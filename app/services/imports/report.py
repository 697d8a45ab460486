"""What an import did: counts per kind of record, and every row that was rejected or repaired."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import xlsxwriter

from app.core.format import no_formula
from app.core.i18n import translate

REJECTED, REPAIRED = "rejected", "repaired"
COLUMNS = ("file", "line", "entity", "field", "value", "reason", "action")


class Finding(NamedTuple):
    """A value that could not be taken over as it stands; ``line`` counts from 1, ``reason`` is a text key's end."""

    file: str
    line: int
    entity: str
    field: str
    value: str
    reason: str
    action: str


@dataclass(slots=True)
class Counts:
    """What became of the rows of one kind of record."""

    read: int = 0
    left_out: int = 0
    rejected: int = 0
    repaired: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0


COUNTED = tuple(item.name for item in fields(Counts))


@dataclass(slots=True)
class Report:
    """The outcome of an import.  ``seconds`` is how long it took."""

    name: str
    directory: str
    dry_run: bool
    started: datetime
    seconds: float = 0.0
    entities: dict[str, Counts] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def counts(self, entity: str) -> Counts:
        """The counts of one kind of record."""
        return self.entities.setdefault(entity, Counts())

    def add(self, finding: Finding) -> None:
        """Note a rejected row or a repaired value."""
        self.findings.append(finding)
        counts = self.counts(finding.entity)
        if finding.action == REJECTED:
            counts.rejected += 1
        else:
            counts.repaired += 1

    def total(self) -> Counts:
        """All counts together."""
        total = Counts()
        for counts in self.entities.values():
            for name in COUNTED:
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        return total

    @property
    def changed_anything(self) -> bool:
        """Whether rows were added or changed (or would have been, in a dry run)."""
        total = self.total()
        return total.new + total.changed > 0

    def summary(self) -> dict[str, Any]:
        """The counts as plain data."""
        return {
            "import": self.name,
            "directory": self.directory,
            "dry_run": self.dry_run,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round(self.seconds, 2),
            "total": _plain(self.total()),
            "entities": {name: _plain(counts) for name, counts in self.entities.items()},
        }

    def write(self, path: Path, language: str = "de") -> None:
        """Write the report; the file's ending decides: .csv and .xlsx the findings, .json counts and findings."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".json":
            content = self.summary() | {"findings": [f._asdict() for f in self.findings]}
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        elif path.suffix == ".xlsx":
            self._write_xlsx(path, language)
        else:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file, delimiter=";" if language == "de" else ",")
                writer.writerow(_heads(language))
                for row in self._rows(language):
                    writer.writerow([no_formula(one) if isinstance(one, str) else one for one in row])

    def _rows(self, language: str) -> Iterator[Sequence[Any]]:
        for finding in self.findings:
            yield (
                *finding[:4],
                finding.value,
                translate(language, f"imports.reason.{finding.reason}"),
                translate(language, f"imports.action.{finding.action}"),
            )

    def _write_xlsx(self, path: Path, language: str) -> None:
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            bold = book.add_format({"bold": True})
            sheet = book.add_worksheet(translate(language, "imports.report.findings"))
            sheet.write_row(0, 0, _heads(language), bold)
            for number, row in enumerate(self._rows(language), start=1):
                sheet.write_row(number, 0, row)
            sheet.freeze_panes(1, 0)
            sheet.autofilter(0, 0, max(1, len(self.findings)), len(COLUMNS) - 1)
            for column, width in enumerate((28, 8, 18, 18, 34, 60, 14)):
                sheet.set_column(column, column, width)
            counts = book.add_worksheet(translate(language, "imports.report.counts"))
            names = COUNTED
            heads = [translate(language, f"imports.count.{name}") for name in names]
            counts.write_row(0, 0, [translate(language, "imports.column.entity"), *heads], bold)
            for number, (entity, found) in enumerate(self.entities.items(), start=1):
                counts.write_row(number, 0, [entity, *(getattr(found, name) for name in names)])
            counts.set_column(0, 0, 24)


def _plain(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in COUNTED}


def _heads(language: str) -> list[str]:
    return [translate(language, f"imports.column.{name}") for name in COLUMNS]
