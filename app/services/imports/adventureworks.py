"""`werkbank import adventureworks`: the files of a bicycle maker."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from app.core import paths
from app.core.db import Database
from app.core.i18n import translate
from app.services.imports import engine, mapping
from app.services.imports.engine import Progress
from app.services.imports.report import Report

MAPPING = Path(__file__).resolve().parents[3] / "resources" / "mappings" / "adventureworks.yaml"


def run(
    db: Database,
    directory: Path,
    dry_run: bool = False,
    progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Report:
    """Import the AdventureWorks files of a folder; see `engine.run`.  Needs the rights of an administrator."""
    return engine.run(db, mapping.read(MAPPING), directory, dry_run=dry_run, progress=progress, stop=stop)


def default_report(report: Report) -> Path:
    """Where a report goes unless somebody says otherwise: without its ending, below the user's folder."""
    return paths.ensure_private(paths.reports()) / f"{report.name}-{report.started:%Y%m%d-%H%M%S}"


def save_report(report: Report, target: Path | None, language: str) -> list[Path]:
    """Write the report to a file of the given kind, or as CSV, XLSX and JSON side by side; returns the files."""
    if target is not None:
        files = [target]
    else:
        stem = default_report(report)
        files = [stem.with_name(stem.name + suffix) for suffix in (".csv", ".xlsx", ".json")]
    for file in files:
        report.write(file, language)
    return files


def in_words(report: Report) -> str:
    """The outcome for the terminal: a table of counts and one line about findings."""
    names = ("read", "left_out", "rejected", "repaired", "new", "changed", "unchanged")
    rows = [("", *(translate("en", f"imports.count.{name}") for name in names))]
    counted = [*report.entities.items(), ("total", report.total())]
    rows += [(name, *(f"{getattr(counts, key):,}" for key in names)) for name, counts in counted]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(f"  {cell:>{width}}" for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    end = "Dry run: nothing was written." if report.dry_run else "Done."
    if not report.dry_run and not report.changed_anything:
        end = "Nothing was new or different."
    lines.append(f"{end} {report.seconds:.1f} s, {len(report.findings):,} findings.")
    return "\n".join(lines)


@contextmanager
def stopped_by_keyboard() -> Iterator[Callable[[], bool]]:
    """Ctrl+C asks the import to stop, which undoes everything; a second one ends the program at once."""
    asked = False

    def handle(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, handle)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def print_progress(step: Progress) -> None:
    """One line on the terminal, written over and over."""
    if not sys.stderr.isatty():
        return
    left = "" if step.seconds_left is None else f", about {step.seconds_left:.0f} s left"
    line = f"{step.stage:<5} {step.entity:<22} {step.done:,} of {step.total:,} rows{left}"
    print(f"\r\x1b[K{line}", end="\n" if step.done >= step.total else "", file=sys.stderr, flush=True)
