"""Runs the steps one after the other and writes down what came of them."""

import logging
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from app.bootstrap import Program, install_hooks, make_application
from app.commands import FAILED, USAGE, CommandError, say
from app.core import config, paths
from app.core.i18n import t
from app.core.log import setup_logging
from app.core.people import DEMO_PEOPLE
from app.tour import documents, stage, story
from app.tour.driver import TourError, process_events
from app.tour.record import Listener, StepRecord, TourRecord
from app.tour.steps import CHAPTERS, Step
from app.tour.tour import Tour

log = logging.getLogger("werkbank.tour")
KEPT = ("pdf", "xlsx", "xml", "csv", "zpl", "eml")  # files beside the pictures


@dataclass(frozen=True, slots=True)
class Options:
    """What the tour was asked for."""

    source: Path | None
    out: Path | None
    language: str
    theme: str
    instance: str
    keep: bool
    until: str
    chapter: str = "work"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps of the chapter."""
        return CHAPTERS[self.chapter]


def run(options: Options) -> int:
    """Prepare the data, drive the window through every step, check the documents; returns the exit code."""
    keys = [step.key for step in options.steps]
    if options.until and options.until not in keys:
        raise CommandError(f"there is no step {options.until!r}; steps: {', '.join(keys)}", USAGE)
    folder = _empty_folder(options)
    setup_logging("tour")
    record = TourRecord(options.language, options.theme, "", options.chapter)
    began = time.monotonic()
    with stage.database(options.source, options.instance, keep=options.keep) as ready:
        record.data_set = ready.data_set
        record.preparation_seconds = round(time.monotonic() - began, 1)
        with stage.own_home() as home, stage.company_time(), Listener() as listener:
            stage.choose_platform(home)
            config.save_profile(ready.profile)
            _drive(options, record, listener, folder, ready)
    record.write(folder / "tour.json")
    total = sum(step.seconds for step in record.steps)
    say(
        f"{len(record.steps)} steps in {total:.0f} s,"
        f" {sum(len(step.pictures) for step in record.steps)} pictures,"
        f" {len(record.documents)} documents: {folder}"
    )
    if record.failed:
        say(f"The tour failed: {record.failed}")
    return 0 if record.ok else FAILED


def _empty_folder(options: Options) -> Path:
    """The folder for the pictures, without those of an earlier tour."""
    folder = options.out or paths.tours() / f"{options.chapter}-{options.language}-{options.theme}"
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    for old in (
        *folder.glob("[0-9]*-*.png"),
        *(file for kind in KEPT for file in folder.glob(f"*.{kind}")),
        folder / "tour.json",
    ):
        old.unlink(missing_ok=True)
    for made in ("papers", "to-drop", *(index.parent.name for index in folder.glob("*/index.xml"))):
        shutil.rmtree(folder / made, ignore_errors=True)
    return folder


def _drive(
    options: Options, record: TourRecord, listener: Listener, folder: Path, ready: stage.Stage
) -> None:
    application = make_application()
    people = [(p.login, p.name, p.role, ready.passwords[p.login]) for p in DEMO_PEOPLE]
    # Where it is about passwords, everybody types one's own.
    program = Program("Demo", people if options.chapter == "work" else None)
    install_hooks(program)
    program.show_login()
    tour: Tour | None = None
    try:
        chosen = story.choose(ready.admin_dsn)
        tour = Tour(program, ready, chosen, folder, (options.language, options.theme))
        tour.desk.move_in(tour.at_end)
        for number, step in enumerate(options.steps, 1):
            _do(tour, record, listener, number, step)
            if record.failed or step.key == options.until:
                break
        if not record.failed and options.chapter == "work":
            record.documents = documents.check(tour)
            wrong = [f"{d.type} {d.number}: {'; '.join(d.problems)}" for d in record.documents if not d.equal]
            record.failed = " | ".join(wrong)
        record.ok = not record.failed
    except TourError as failed:
        record.failed = str(failed)
    finally:
        _close(program)
        application.processEvents()
        if tour is not None:
            tour.at_end.close()


def _do(tour: Tour, record: TourRecord, listener: Listener, number: int, step: Step) -> None:
    """Do one step and write it down."""
    login = step.login or tour.story.shipper
    role = next((p.role for p in DEMO_PEOPLE if p.login == login), "")
    entry = StepRecord(number, step.key, t(f"tour.step.{step.key}"), login, role)
    record.steps.append(entry)
    tour.step = entry
    listener.operations, listener.errors = [], []
    began, before = time.monotonic(), tour.counts()
    try:
        if not step.signs_in:
            tour.be(login)
        step.run(tour)
        tour.settle()
        if listener.errors:
            raise TourError("the program logged an error: " + " | ".join(listener.errors))
    except Exception as failed:
        log.exception("step failed", extra={"step": step.key})
        entry.error = f"{type(failed).__name__}: {failed}"
        _picture_of_failure(tour, entry, step)
    after = tour.counts()
    entry.title = t(f"tour.step.{step.key}")
    entry.seconds = round(time.monotonic() - began, 2)
    entry.statements, entry.round_trips = after[0] - before[0], after[1] - before[1]
    entry.operations = listener.operations
    say(
        f"{number:>3} {entry.title:<60} {entry.seconds:6.1f} s {entry.round_trips:>4} ↔"
        f"{'  FAILED' if entry.error else ''}"
    )
    if entry.error:
        record.failed = f"step {number} {step.key} ({entry.title}): {entry.error}"
        if listener.errors and "logged an error" not in entry.error:
            record.failed += " | log: " + " | ".join(listener.errors)


def _picture_of_failure(tour: Tour, entry: StepRecord, step: Step) -> None:
    try:
        entry.pictures.append(tour.driver.shot(f"{step.key}-FAILED", tour.top()))
    except (TourError, RuntimeError):
        log.exception("no picture of the failure")


def _close(program: Program) -> None:
    """Close whatever is open; what is not saved is thrown away with the tour's own folder."""
    from app.views.shell.main_window import MainWindow

    window, login = program.window, program.login
    if window is not None:
        if isinstance(window, MainWindow):
            for tab in window.area.tabs:
                if tab.page is not None:
                    tab.page.discard()
            window.area.dispose()
        window.close()
    elif login is not None:
        login.close()
    for _ in range(5):
        process_events()
    program.end()
