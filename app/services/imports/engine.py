"""Runs an import: everything is read and checked first, then written in one transaction.

A dry run does the same and rolls back; so does a stop, an error, or the end of the process.
"""

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.core.changes import Change, Result
from app.core.db import Database
from app.core.errors import AppError, Cancelled
from app.services.catalog.images import Picture, prepare
from app.services.imports.load import Loader
from app.services.imports.mapping import Entity, ImportMapping
from app.services.imports.report import REJECTED, Finding, Report
from app.services.imports.rows import Files, Record, Transformer


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an import is.  ``stage``: check (files are read and checked) or write.

    ``seconds_left`` is an estimate, None at the beginning.
    """

    stage: str
    entity: str
    done: int
    total: int
    seconds_left: float | None


@dataclass
class _Meter:
    """Counts rows, tells how long it will take, and notices that somebody wants to stop."""

    progress: Callable[[Progress], None] | None
    stop: Callable[[], bool] | None
    total: int
    done: int = 0
    stage: str = "check"
    entity: str = ""
    started: float = field(default_factory=time.monotonic)
    _told: float = 0.0

    def tick(self, rows: int = 1) -> None:
        """So many more rows are done."""
        self.done += rows
        if rows > 1 or self.done % 250 == 0:
            self.tell()

    def tell(self, *, now: bool = False) -> None:
        """Report the progress, a few times a second at most.  Raises `Cancelled` when a stop was asked for."""
        if self.stop is not None and self.stop():
            raise Cancelled("cancelled")
        clock = time.monotonic()
        if self.progress is None or (not now and clock - self._told < 0.1):
            return
        self._told = clock
        passed = clock - self.started
        left = passed / self.done * (self.total - self.done) if self.done and passed > 1 else None
        self.progress(Progress(self.stage, self.entity, self.done, self.total, left))


class _DryRunOverError(Exception):
    """Everything was tried; nothing is to stay."""


def run(
    db: Database,
    mapping: ImportMapping,
    directory: Path,
    *,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """Import the files of a folder under the rights of whoever is logged in to ``db``.

    Everything is one transaction.  ``stop`` is asked now and then; once it answers True, nothing stays and `Cancelled`
    is raised.  Raises `FilesMissingError` for missing files, `NotAllowed` without the rights, and what the database
    refuses.
    """
    started = time.monotonic()
    report = Report(mapping.name, str(directory), dry_run, datetime.now(UTC))
    files = Files(directory, mapping)
    files.check()
    sizes = {e.name: len(e.rows) or len(files.lines(e.source)) for e in mapping.entities}
    meter = _Meter(progress, stop, total=2 * sum(sizes.values()))
    prepared = _check(files, mapping, report, meter)
    findings, done = len(report.findings), meter.done

    def work(session: Session, _command: None) -> Result[None]:
        # May run again after a lost connection: what the attempt before noted is forgotten.
        del report.findings[findings:]
        meter.done, meter.stage = done, "write"
        loader = Loader(session, report)
        for entity, records in prepared:
            meter.entity = entity.name
            meter.tell(now=True)
            loader.load(entity, records)
            meter.tick(sizes[entity.name])
        meter.tell(now=True)
        if dry_run:
            raise _DryRunOverError
        return Result(None, frozenset(Change(topic) for topic in _topics(prepared)))

    with contextlib.suppress(_DryRunOverError):
        db.write(work, None)
    report.seconds = time.monotonic() - started
    return report


def _check(
    files: Files, mapping: ImportMapping, report: Report, meter: _Meter
) -> list[tuple[Entity, list[Record]]]:
    transformer = Transformer(files, report, meter.tick)
    prepared: list[tuple[Entity, list[Record]]] = []
    pictures: dict[bytes, Picture | AppError] = {}
    for entity in mapping.entities:
        meter.entity = entity.name
        meter.tell(now=True)
        records = transformer.records(entity)
        if entity.target == "image":
            file = mapping.sources[entity.source].file
            records = _with_pictures(entity, file, records, pictures, report)
        prepared.append((entity, records))
    for name, line, beginning in files.damaged():
        report.add(Finding(name, line, "", "", beginning, "wrong_number_of_cells", REJECTED))
    return prepared


def _with_pictures(
    entity: Entity,
    file: str,
    records: Sequence[Record],
    known: dict[bytes, Picture | AppError],
    report: Report,
) -> list[Record]:
    """Pictures are converted once each, before the transaction begins."""
    usable = []
    for record in records:
        content: bytes = record.values["content"]
        if content not in known:
            try:
                known[content] = prepare(content)
            except AppError as error:
                known[content] = error
        picture = known[content]
        if isinstance(picture, AppError):
            report.add(Finding(file, record.line, entity.name, "content", "", picture.key, REJECTED))
            continue
        record.values["content"] = picture
        usable.append(record)
    return usable


def _topics(prepared: Sequence[tuple[Entity, list[Record]]]) -> set[str]:
    special = {"bom": "engineering.bom", "stock": "inventory.stock_level", "image": "catalog.product"}
    return {special.get(entity.target, entity.target) for entity, _ in prepared}
