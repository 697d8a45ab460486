"""The wizard in its tab: file, columns, dry run, import, report."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QMenu, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import AppError, Refused
from app.core.i18n import language, t
from app.services.imports.wizard import rejects
from app.services.imports.wizard.carry import Outcome
from app.services.imports.wizard.check import CHANGED, NEW, REJECTED
from app.services.imports.wizard.kinds import kinds
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.icons import icon
from app.views.core.importing import WIZARD
from app.views.core.list_export import ask_path, open_file
from app.views.core.list_head import NamePopup
from app.views.core.page_head import PageHead
from app.views.core.surfaces import Banner, EmptyState, clear_layout
from app.views.core.tasks import FILE
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.imports.columns_step import ColumnsStep
from app.views.imports.file_step import FileStep
from app.views.imports.job import STEPS, ImportJob
from app.views.imports.rows_step import RowsStep, Tiles
from app.views.imports.steps import RunCard, StepBar, duration


def ask_file(parent: QWidget) -> Path | None:
    """Ask for a file; None when the user changed their mind."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    name, _ = QFileDialog.getOpenFileName(parent, t("import.title"), folder, t("import.file.type"))
    return Path(name) if name else None


class ImportPage(TabPage):
    """One import at a time; what runs goes on while other tabs are in front."""

    icon = "upload"
    ask_file: Callable[[QWidget], Path | None] = staticmethod(ask_file)
    ask_path = staticmethod(ask_path)

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.import")
        self.setAcceptDrops(True)
        fill(self, "window")
        self._offered = [kind for kind in kinds().values() if kind.may(ctx.profile)]
        self._rows: RowsStep | None = None
        self._run: RunCard | None = None
        self._tiles: Tiles | None = None
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.job: ImportJob | None = None
        if not self._offered:
            box.addWidget(EmptyState("lock", t("import.no_right"), t("import.no_right_text")))
            return
        self.job = ImportJob.known(ctx, str(state.get("job", ""))) or self._new_job(state)
        self._build(box)
        self.job.watched_by(self.show_job, self._progress, self._failed, self._told)
        self.show_job()

    def _new_job(self, state: dict[str, Any]) -> ImportJob:
        jobs = self.ctx.tasks.findChildren(ImportJob)
        for known in jobs:
            if known.running in ("trial", "import"):
                return known  # what runs is shown until it is over
            known.stop()
            known.deleteLater()
        wanted = str(state.get("kind", ""))
        kind = next((kind for kind in self._offered if kind.key == wanted), self._offered[0])
        job = ImportJob(self.ctx, kind)
        path = Path(str(state.get("path", "")))
        if state.get("path") and path.is_file():
            job.open(path)
        return job

    def _build(self, box: QVBoxLayout) -> None:
        self.head = PageHead()
        self._back = self._button("back", "import.back", "arrow-left", "ghost", self._go_back)
        self._templates = self._button("templates", "import.templates", "save", "ghost", None)
        self._stop = self._button("stop", "import.stop", "circle-pause", "secondary", self.stop)
        self._list = self._button("open_list", "import.open_list", "list", "secondary", self._open_list)
        self._next = self._button("next", "import.next", "arrow-right", "primary", self._go_on)
        box.addWidget(self.head)
        self._steps = StepBar([t(f"import.step.{step}") for step in STEPS])
        box.addWidget(self._steps)
        holder = QWidget()
        self._content = QVBoxLayout(holder)
        self._content.setContentsMargins(px("margin_l"), px("margin"), px("margin_l"), px("margin"))
        self._content.setSpacing(px("gap_m"))
        box.addWidget(holder, 1)
        escape = QShortcut(QKeySequence("Esc"), self)
        escape.activated.connect(self.stop)
        self._file: FileStep | None = None
        self._columns: ColumnsStep | None = None

    def _button(
        self, key: str, words: str, mark: str, kind: str, clicked: Callable[[], object] | None
    ) -> Button:
        button = Button(words, mark, kind, clicked=clicked)
        button.setObjectName(f"action.{key}")
        self.head.add(button)
        return button

    # -- TabPage -----------------------------------------------------------------------------------------------

    def title(self) -> str:
        """Import, and of what."""
        return t("import.title_kind", kind=t(self.job.kind.title)) if self.job else t("import.title")

    def identity(self) -> str:
        """One wizard at a time."""
        return WIZARD

    def state(self) -> dict[str, Any]:
        """What is needed to go on: the running job, else kind and file."""
        job = self.job
        if job is None:
            return {}
        path = str(job.table.source.path) if job.table is not None else ""
        return {"kind": job.kind.key, "path": path, "job": job.objectName()}

    def can_close(self) -> bool:
        """Not while something is written."""
        if self.job is None:
            return True
        if self.job.running in ("trial", "import"):
            self.ctx.navigate.toast(t("import.still_running"), kind="warn")
            return False
        self.job.stop()
        self.job.deleteLater()
        return True

    # -- showing -----------------------------------------------------------------------------------------------

    def show_job(self) -> None:
        """Show the step the job is at."""
        job = self.job
        assert job is not None
        self._show_head(job)
        self._steps.show_step(STEPS.index(job.step))
        if job.step in ("file", "columns") and not job.running:
            self._show_step(job)
            return
        clear_layout(self._content)
        self._file = self._columns = self._rows = self._run = None
        if job.running:
            self._show_running(job)
        else:
            outcome = job.trial if job.step == "trial" else job.outcome
            if outcome is not None:
                self._show_outcome(outcome)
        self.changed.emit()

    def _show_step(self, job: ImportJob) -> None:
        """File and columns stay as they are while they are worked with."""
        step: FileStep | ColumnsStep | None = self._file if job.step == "file" else self._columns
        if step is None:
            clear_layout(self._content)
            self._file = self._columns = self._rows = self._run = None
            if job.step == "file":
                step = self._file = FileStep(job, self._offered)
                step.choose.connect(self.choose_file)
            else:
                step = self._columns = ColumnsStep(job)
            self._content.addWidget(step, 1)
        step.show_job()
        self.changed.emit()

    def _show_running(self, job: ImportJob) -> None:
        note = {"read": "", "trial": t("import.run.note_trial"), "import": t("import.run.note")}[job.running]
        started = t(
            "import.run.started",
            time=job.started.astimezone().strftime("%H:%M"),
            person=self.ctx.profile.person,
        )
        self._run = RunCard(note, started if job.running == "import" else "")
        self._content.addWidget(self._run)
        self._tiles = Tiles() if job.running != "read" else None
        if self._tiles is not None:
            self._content.addWidget(self._tiles)
        self._content.addStretch(1)
        self._progress()

    def _show_outcome(self, outcome: Outcome) -> None:
        self._content.addWidget(self._summary(outcome))
        self._rows = RowsStep(outcome)
        self._rows.save_rejects.connect(self.save_rejects)
        self._content.addWidget(self._rows, 1)

    def _summary(self, outcome: Outcome) -> Banner:
        counts = outcome.counts
        rejected = counts[REJECTED]
        nothing = not counts[NEW] + counts[CHANGED]
        if outcome.dry_run:
            if rejected:
                words = t("import.trial_some", n=rejected, count=fmt.number(rejected))
                return Banner(
                    "warn", words, t("import.done_nothing" if nothing else "import.trial_some_text")
                )
            return Banner("ok", t("import.trial_ok"), t("import.done_nothing") if nothing else "")
        words = t("import.done", time=duration(outcome.seconds))
        said = t("import.done_text", **{key: fmt.number(number) for key, number in counts.items()})
        if rejected:
            said = f"{said} {t('import.done_rejected')}"
        return Banner("warn" if rejected else "ok", words, said)

    def _show_head(self, job: ImportJob) -> None:
        chips: list[tuple[str, str]] = []
        if job.running in ("trial", "import"):
            chips = [("info", t("import.state.running" if job.running == "import" else "import.state.trial"))]
        elif job.step == "report":
            chips = [("ok", t("import.state.done"))]
        self.head.show_title(self.title(), chips, self._line(job))
        ready = job.table is not None and not job.running
        self._back.setVisible(ready and job.step in ("columns", "trial"))
        self._templates.setVisible(ready and job.step == "columns")
        if self._templates.isVisibleTo(self):
            self._templates.set_menu(self._template_menu(job))
        self._stop.setVisible(bool(job.running))
        self._list.setVisible(job.step == "report" and job.kind.workspace in self.ctx.registry.workspaces)
        self._next.setVisible(ready)
        if ready:
            self._show_next(job)

    def _line(self, job: ImportJob) -> str:
        if job.table is None:
            return ""
        source, n = job.table.source, len(job.table.lines)
        if source.sheet is not None:
            name, sheet = source.path.name, source.sheet
            return t("import.line.sheet", n=n, name=name, sheet=sheet, count=fmt.number(n))
        return t("import.line.text", n=n, name=source.path.name, count=fmt.number(n))

    def _show_next(self, job: ImportJob) -> None:
        blocked = None
        if job.step == "file":
            self._next.set_text_key("import.next")
            self._next.set_icon("arrow-right")
        elif job.step == "columns":
            self._next.set_text_key("import.try")
            self._next.set_icon("play")
            missing = job.plan().missing()
            if missing:
                blocked = t("import.map.missing", fields=", ".join(t(found.title) for found in missing))
        elif job.step == "trial" and job.trial is not None:
            count = job.trial.counts[NEW] + job.trial.counts[CHANGED]
            self._next.set_text_key("import.go", n=count, count=fmt.number(count))
            self._next.set_icon("upload")
            blocked = None if count else t("import.done_nothing")
        else:
            self._next.set_text_key("import.again")
            self._next.set_icon("upload")
        self._next.set_blocked(blocked)

    def _progress(self) -> None:
        job = self.job
        if self._run is not None and job is not None:
            self._run.show_progress(job.stage, job.done, job.total, job.began)
            if self._tiles is not None:
                self._tiles.show_counts(job.counts)

    def _told(self, words: str) -> None:
        self.ctx.navigate.toast(words)

    def _failed(self, error: BaseException) -> None:
        show_error(self, self.ctx, error, operation="import")

    # -- doing -------------------------------------------------------------------------------------------------

    def choose_file(self) -> None:
        """Ask for a file and read it."""
        path = self.ask_file(self)
        if path is not None and self.job is not None:
            self.job.open(path)

    def stop(self) -> None:
        """Stop what runs."""
        if self.job is not None and self.job.running:
            self.job.stop()

    def _go_on(self) -> None:
        job = self.job
        assert job is not None
        if job.step == "file":
            job.go_to("columns")
        elif job.step == "columns":
            job.start(dry_run=True)
        elif job.step == "trial":
            job.start(dry_run=False)
        else:
            job.table, job.trial, job.outcome = None, None, None
            job.go_to("file")

    def _go_back(self) -> None:
        if self.job is not None:
            self.job.go_to("file" if self.job.step == "columns" else "columns")

    def _open_list(self) -> None:
        if self.job is not None:
            self.ctx.navigate.open_workspace(self.job.kind.workspace)

    def _template_menu(self, job: ImportJob) -> QMenu:
        menu = QMenu(self._templates)
        known = job.templates()
        for template in known:
            entry = menu.addAction(icon("file-check"), template.name.replace("&", "&&"))
            entry.triggered.connect(lambda _on=False, template=template: job.use(template))
        if not known:
            menu.addAction(t("import.template.none")).setEnabled(False)
        menu.addSeparator()
        save = menu.addAction(icon("save"), t("import.template.save"))
        save.triggered.connect(self._name_template)
        for template in known:
            words = t("import.template.delete", name=template.name.replace("&", "&&"))
            entry = menu.addAction(icon("trash-2"), words)
            entry.triggered.connect(lambda _on=False, name=template.name: self._forget_template(name))
        return menu

    def _name_template(self) -> None:
        NamePopup(self, "import.template.name", self.keep_template).open_below(self._templates)

    def keep_template(self, name: str) -> None:
        """Remember the assignment under a name."""
        if self.job is not None:
            self.job.keep(name)
            self._show_head(self.job)

    def _forget_template(self, name: str) -> None:
        if self.job is not None:
            self.job.forget(name)
            self._show_head(self.job)

    def save_rejects(self) -> None:
        """Write the rejected rows to a workbook of the user's choice."""
        job = self.job
        outcome = (job.outcome or job.trial) if job is not None else None
        if outcome is None:
            return
        path = self.ask_path(
            self, f"{outcome.plan.table.source.path.stem} {t('import.rejects.sheet')}", "xlsx"
        )
        if path is None:
            return
        rows, lang = outcome.rejected(), language()

        def work() -> int:
            try:
                rejects.write(path, outcome.plan, rows, lang)
            except OSError as error:
                raise Refused("file_not_written", name=str(path), why=error.strerror or str(error)) from error
            return len(rows)

        self.ctx.tasks.run(FILE, self, work, lambda future: self._saved(path, future))

    def _saved(self, path: Path, future: Any) -> None:
        error = future.exception()
        if isinstance(error, AppError):
            show_error(self, self.ctx, error)
        elif error is not None:
            raise error
        else:
            count = future.result()
            words = t("import.rejects_saved", n=count, count=fmt.number(count))
            self.ctx.navigate.toast(words, action=(t("kit.list.open"), lambda: open_file(str(path))))

    # -- dropping a file ---------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """One file may be dropped at the first step."""
        job = self.job
        if job is not None and job.step == "file" and not job.running and len(event.mimeData().urls()) == 1:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read the file."""
        local = event.mimeData().urls()[0].toLocalFile()
        if local and self.job is not None:
            event.acceptProposedAction()
            self.job.open(Path(local))


def import_page(ctx: AppContext, state: dict[str, Any]) -> TabPage:
    """The workspace."""
    return ImportPage(ctx, state)
