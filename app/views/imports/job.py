"""One import from the file to the report; it outlives the page that shows it, and runs on while others are in front."""

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from PySide6.QtCore import QMetaObject, QObject, Signal

from app.core.errors import AppError, Cancelled, NotAllowed
from app.core.i18n import language, t
from app.services.imports.wizard import cells, guess
from app.services.imports.wizard.carry import Carry, Outcome, carry
from app.services.imports.wizard.cells import Writing
from app.services.imports.wizard.check import Plan
from app.services.imports.wizard.guess import Template
from app.services.imports.wizard.kinds import Kind, kinds
from app.services.imports.wizard.sheets import Source, Table, read
from app.views.core.operation import WriteOp
from app.views.core.tasks import FETCH

if TYPE_CHECKING:
    from app.views.core.context import AppContext

STEPS = ("file", "columns", "trial", "import", "report")
NONE_YET: Mapping[str, int] = MappingProxyType({})
SAMPLE = 2000  # rows that tell how numbers and days are written


class ImportJob(QObject):
    """What is chosen, found and done so far.

    Signals:
        changed: something else is to be shown.
        progressed: rows done.
        failed: an error, to be shown.
        told: words for a toast.
    """

    changed = Signal()
    progressed = Signal()
    failed = Signal(object)
    told = Signal(str)

    def __init__(self, ctx: "AppContext", kind: Kind) -> None:
        super().__init__(ctx.tasks)
        self.setObjectName(f"import.{uuid4().hex}")
        self.ctx, self.kind = ctx, kind
        self.step = "file"
        self.table: Table | None = None
        self.problem: AppError | None = None
        self.refused = ""  # the file the problem is about
        self.columns: dict[int, str] = {}
        self.writing = Writing()
        self.clear = False
        self.trial: Outcome | None = None
        self.outcome: Outcome | None = None
        self.running = ""  # "", read, trial or import
        self.stage, self.done, self.total, self.counts = "", 0, 0, NONE_YET
        self.began = 0.0
        self.started = datetime.now(UTC)
        self._stop = threading.Event()
        self._watching: list[QMetaObject.Connection] = []

    def watched_by(
        self,
        changed: Callable[[], object],
        progressed: Callable[[], object],
        failed: Callable[[BaseException], object],
        told: Callable[[str], object],
    ) -> None:
        """The page that shows it; one built anew takes the place of the one before."""
        for connection in self._watching:
            QObject.disconnect(connection)
        self._watching = [
            self.changed.connect(changed),
            self.progressed.connect(progressed),
            self.failed.connect(failed),
            self.told.connect(told),
        ]

    @staticmethod
    def known(ctx: "AppContext", name: str) -> "ImportJob | None":
        """The job of that name, when it is still there."""
        return ctx.tasks.findChild(ImportJob, name) if name else None

    # -- the file ----------------------------------------------------------------------------------------------

    def choose_kind(self, key: str) -> None:
        """Import something else; the file stays and is read for it."""
        self.kind = kinds()[key]
        if self.table is not None:
            self.open(self.table.source.path)
        else:
            self.changed.emit()

    def open(self, path: Path) -> None:
        """Read a file, finding out how it is written."""
        self._read(Source(path))

    def read_as(self, **changes: Any) -> None:
        """Read the file again with another sheet, encoding, separator or row of names."""
        if self.table is not None:
            source = replace(self.table.source, **changes)
            if "sheet" in changes or "separator" in changes or "encoding" in changes:
                source = replace(source, header=None)
            self._read(source)

    def _read(self, source: Source) -> None:
        self._begin("read")
        stop = self._stop

        def tick(rows: int) -> None:
            if stop.is_set():
                raise Cancelled("cancelled")
            self.ctx.tasks.on_gui(partial(self._count, "read", rows, 0))

        work = partial(read, source, known=partial(guess.known, self.kind.key), tick=tick)
        self.ctx.tasks.run(FETCH, self, work, partial(self._was_read, source), slot="read")

    def _was_read(self, source: Source, future: "Future[Table]") -> None:
        self.running = ""
        error = future.exception()
        if isinstance(error, Cancelled):
            pass
        elif isinstance(error, AppError):
            self.problem, self.refused = error, source.path.name
            if self.table is not None and self.table.source.path != source.path:
                self.table = None
        elif error is not None:
            self.failed.emit(error)
        else:
            self.table, self.problem = future.result(), None
            self._guess()
        self.changed.emit()

    def _guess(self) -> None:
        assert self.table is not None
        self.trial = self.outcome = None
        fields = self.kind.offered(self.ctx.profile)
        fitting = [template for template in self.templates() if template.fits(self.table.columns)]
        if fitting:
            self.use(max(fitting, key=lambda template: len(template.columns)))
            return
        self.columns = guess.guess(self.kind.key, self.table.columns, fields)
        self.clear = False
        self.writing = self._guessed_writing()

    def _guessed_writing(self) -> Writing:
        assert self.table is not None
        usual = Writing(",", "dmy") if language() == "de" else Writing(".", "dmy")
        if self.table.source.separator == "semicolon":
            usual = replace(usual, mark=",")
        types = {place: self.kind.field(name).type for place, name in self.columns.items()}
        sample = self.table.lines[:SAMPLE]

        def of(*wanted: str) -> list[Any]:
            places = [place for place, kind in types.items() if kind in wanted]
            return [line.cells[p] for line in sample for p in places if p < len(line.cells)]

        return Writing(
            cells.guess_mark(of("number", "whole"), usual.mark), cells.guess_order(of("date"), usual.order)
        )

    # -- the columns -------------------------------------------------------------------------------------------

    def assign(self, place: int, name: str | None) -> None:
        """A column becomes a field (and no other does any more), or none."""
        self.columns = {p: n for p, n in self.columns.items() if p != place and n != name}
        if name is not None:
            self.columns[place] = name
        self._other_plan()

    def write_as(self, **changes: Any) -> None:
        """Numbers or days are written otherwise than found out."""
        self.writing = replace(self.writing, **changes)
        self._other_plan()

    def set_clear(self, clear: bool) -> None:
        """What an empty cell means."""
        self.clear = clear
        self._other_plan()

    def _other_plan(self) -> None:
        self.trial = self.outcome = None
        self.changed.emit()

    def plan(self) -> Plan:
        """What shall be done, as it stands."""
        assert self.table is not None
        return Plan(self.kind, self.table, dict(self.columns), self.writing, self.clear)

    # -- templates ---------------------------------------------------------------------------------------------

    @property
    def _kept(self) -> str:
        return f"import.{self.kind.key}.templates"

    def templates(self) -> list[Template]:
        """What was remembered for this kind, by name."""
        kept = self.ctx.settings.get(self._kept, [])
        found = [Template.from_json(item) for item in kept if isinstance(item, dict)] if kept else []
        return sorted(found, key=lambda template: template.name.casefold())

    def keep(self, name: str) -> None:
        """Remember the assignment; a template of that name is replaced."""
        assert self.table is not None
        columns = {self.table.columns[place]: field for place, field in sorted(self.columns.items())}
        made = Template(name, columns, self.writing.mark, self.writing.order, self.clear)
        others = [template for template in self.templates() if template.name != name]
        self.ctx.settings.set(self._kept, [template.as_json() for template in (*others, made)])
        self.told.emit(t("import.template.saved", name=name))

    def forget(self, name: str) -> None:
        """Forget a template."""
        others = [template.as_json() for template in self.templates() if template.name != name]
        self.ctx.settings.set(self._kept, others or None)

    def use(self, template: Template) -> None:
        """Assign as a template says."""
        assert self.table is not None
        self.columns = template.applied(self.table.columns, self.kind.offered(self.ctx.profile))
        self.writing = self._guessed_writing()
        if template.mark:
            self.writing = Writing(template.mark, template.order or self.writing.order)
        self.clear = template.clear
        self.told.emit(t("import.template.used", name=template.name))
        self._other_plan()

    # -- trying and importing ----------------------------------------------------------------------------------

    def go_to(self, step: str) -> None:
        """Show another step."""
        self.step = step
        self.changed.emit()

    def start(self, *, dry_run: bool) -> None:
        """Try it, or import it; both run in the background and can be stopped."""
        self.step = "trial" if dry_run else "import"
        self._begin("trial" if dry_run else "import")
        stop = self._stop
        self.total = len(self.plan().table.lines)
        words = "import.job_trial" if dry_run else "import.job"
        op: WriteOp[Outcome]

        def progress(stage: str, done: int, total: int, counts: Mapping[str, int]) -> None:
            if op.task is not None:
                self.ctx.tasks.report(op.task, done, total)
            self.ctx.tasks.on_gui(partial(self._count, stage, done, total, counts))

        command = Carry(self.plan(), dry_run, progress, stop.is_set)
        op = WriteOp(self, self.ctx, carry, command).labelled(t(words, kind=t(self.kind.title)))
        op.success(self._arrived).failure(self._went_wrong).finally_(self._ended).start()

    def stop(self) -> None:
        """Stop what is running; a transaction is taken back."""
        self._stop.set()

    def _begin(self, what: str) -> None:
        self._stop.set()
        self._stop = threading.Event()
        self.running, self.stage = what, "check"
        self.done, self.total, self.counts = 0, 0, NONE_YET
        self.began, self.started = time.monotonic(), datetime.now(UTC)
        self.changed.emit()

    def _count(self, stage: str, done: int, total: int, counts: Mapping[str, int] = NONE_YET) -> None:
        self.stage, self.done, self.total, self.counts = stage, done, total, counts
        self.progressed.emit()

    def _arrived(self, outcome: Outcome) -> None:
        if outcome.dry_run:
            self.trial = outcome
        else:
            self.outcome, self.step = outcome, "report"

    def _went_wrong(self, error: BaseException) -> bool:
        if isinstance(error, NotAllowed) and error.params.get("right"):
            return False
        self.failed.emit(error)
        return True

    def _ended(self) -> None:
        what, self.running = self.running, ""
        if what == "trial" and self.trial is None:
            self.step = "columns"
        elif what == "import" and self.outcome is None:
            self.step = "trial" if self.trial is not None else "columns"
        if self._stop.is_set():
            self.told.emit(t("import.stopped"))
        self.changed.emit()
