"""Proving the archive: every file against its hash and the audit trail, with a report to keep."""

import datetime as dt
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import format as fmt
from app.core.i18n import language, t
from app.services.documents import archive, verify
from app.services.documents.commands import NoteVerified
from app.services.documents.render import render
from app.services.documents.verify import Checked, Finding, Run
from app.services.documents.verify_paper import report
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.list_export import error_words
from app.views.core.marks import Label
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.people import name, names
from app.views.core.tasks import FILE

SHOWN = 12
STEPS = ("documents.issued", "documents.attachment")
KEEP = "document_verified"
GUARD = "s_guard"


def open_verify(ctx: AppContext) -> None:
    """Open the dialog over the window and begin."""
    host = host_of(ctx.tasks)
    if host is not None:
        dialog = VerifyDialog(host, ctx)
        dialog.open()
        dialog.begin()


class VerifyDialog(Dialog):
    """Counts up while it looks, and says what it found."""

    def __init__(self, host: QWidget, ctx: AppContext) -> None:
        super().__init__(host, t("archive.verify.title"), t("archive.verify.text"), icon="shield-check")
        self.setObjectName("dialog.verify")
        self._ctx = ctx
        self.looked = 0
        self.findings: list[Finding] = []
        self.done = False
        self._status = Label("", "body500", wrap=True)
        self._status.setObjectName("verify.status")
        self._list = Label("", "body", "bad", wrap=True)
        self._list.setObjectName("verify.findings")
        self._list.hide()
        self._said_last = Label("", "small", "text2", wrap=True)
        self._said_last.setObjectName("verify.before")
        self._said_last.hide()
        names(ctx)
        self.body.addWidget(self._said_last)
        self.body.addWidget(self._status)
        self.body.addWidget(self._list)
        self._report = self.add_button(
            "report", "archive.verify.report", self._save, icon="download", left=True, stay=True
        )
        self._report.setEnabled(False)
        self.add_button("close", "errors.close", kind="primary", shortcut="Esc")

    def begin(self) -> None:
        """Say when it was last done; look at everything, portion by portion."""
        ReadOp(self, self._ctx, verify.last_runs, 1).success(self._tell_before).start()
        self._next(0, 0)

    def _tell_before(self, runs: tuple[Run, ...]) -> None:
        if not runs:
            return
        last = runs[0]
        person = t("archive.verify.person", name=name(self._ctx, last.verified_by))
        by = t("archive.verify.guard") if last.verified_by == GUARD else person
        outcome = t("archive.verify.was_found", n=last.found) if last.found else t("archive.verify.was_clean")
        self._said_last.setText(
            t(
                "archive.verify.last",
                at=fmt.date_time(last.ended_at),
                by=by,
                count=fmt.number(last.looked),
                outcome=outcome,
            )
        )
        self._said_last.show()
        self.place()

    def _next(self, step: int, after: int) -> None:
        self._status.setText(t("archive.verify.running", count=fmt.number(self.looked)))
        if step == len(STEPS):
            op = ReadOp(self, self._ctx, verify.lost).success(self._finish)
            op.failure(self._failed).start()
            return

        def looked(portion: Checked) -> None:
            self.looked += portion.looked
            self.findings += portion.findings
            if portion.last is None:
                self._next(step + 1, 0)
            else:
                self._next(step, portion.last)

        op_portion = ReadOp(self, self._ctx, verify.check_portion, STEPS[step], after).success(looked)
        op_portion.failure(self._failed).start()

    def _failed(self, error: BaseException) -> None:
        self._status.setText(error_words(error))

    def _finish(self, lost: tuple[Finding, ...]) -> None:
        self.findings += lost
        self.done = True
        self._report.setEnabled(True)
        if self._ctx.profile.can(KEEP):
            kept = NoteVerified(self.looked, tuple(self.findings))
            WriteOp(self._ctx.tasks, self._ctx, archive.note_verified, kept).start()
        count = fmt.number(self.looked)
        if not self.findings:
            self._status.setText(t("archive.verify.clean", count=count))
            return
        self._status.setText(t("archive.verify.found", count=count, n=len(self.findings)))
        lines = [f"{one.name}: {t(f'archive.finding.{one.what}')}" for one in self.findings[:SHOWN]]
        if len(self.findings) > SHOWN:
            lines.append(t("archive.verify.more", n=len(self.findings) - SHOWN))
        self._list.setText("\n".join(lines))
        self._list.show()
        self.place()

    def _save(self) -> None:
        folder = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        now = dt.datetime.now().astimezone()
        chosen, _ = QFileDialog.getSaveFileName(
            self,
            t("archive.verify.report"),
            str(folder / f"{t('archive.verify.file')} {now:%Y-%m-%d}.pdf"),
            "PDF (*.pdf);;CSV (*.csv)",
        )
        if chosen:
            self.write(Path(chosen), now)

    def write(self, file: Path, now: dt.datetime) -> None:
        """Write the report: a table for a name ending in .csv, else a paper."""
        if file.suffix.lower() == ".csv":
            self._run(file, partial(verify.write_report, file, self.looked, self.findings, now))
            return
        by = self._ctx.profile.person

        def made(session: Any) -> bytes:
            return render(report(session, language(), self.looked, self.findings, now, by))  # type: ignore[arg-type]

        op: ReadOp[bytes] = ReadOp(self, self._ctx, made)
        op.success(lambda content: self._run(file, partial(file.write_bytes, content))).start()

    def _run(self, file: Path, work: Any) -> None:
        def done(future: "Future[Any]") -> None:
            error = future.exception()
            if isinstance(error, OSError):
                reason = error.strerror or str(error)
                self._ctx.navigate.toast(t("file.not_written", reason=reason), kind="bad")
            else:
                future.result()
                self._ctx.navigate.toast(t("file.saved", name=file.name))

        self._ctx.tasks.run(FILE, self._ctx.tasks, work, done)
