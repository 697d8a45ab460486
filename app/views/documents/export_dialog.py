"""Handing a period to an auditor: which days, which kind, into a folder or one ZIP."""

import datetime as dt
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QGridLayout, QWidget

from app.core import clock
from app.core.i18n import t
from app.services.documents import audit_export
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import host_of
from app.views.core.fields import Field, FieldBox
from app.views.core.operation import ReadOp
from app.views.core.theme import px
from app.views.documents.words import KINDS

FIELDS = (
    Field("from", "archive.export.from", "date", required=True),
    Field("to", "archive.export.to", "date", required=True),
    Field("kind", "archive.export.kind", "choice"),
    Field("form", "archive.export.form", "choice", required=True),
)
PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))


def open_export(ctx: AppContext) -> None:
    """Open the dialog over the window."""
    host = host_of(ctx.tasks)
    if host is not None:
        ExportDialog(host, ctx).open()


class ExportDialog(Dialog):
    """Asks for the period and where to; the work goes on when it is closed."""

    def __init__(self, host: QWidget, ctx: AppContext) -> None:
        super().__init__(host, t("archive.export.title"), t("archive.export.text"), icon="file-down")
        self.setObjectName("dialog.export")
        self._ctx, self._host = ctx, host
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        self.boxes = {field.key: FieldBox(ctx, field) for field in FIELDS}
        for field, place in zip(FIELDS, PLACES, strict=True):
            grid.addWidget(self.boxes[field.key], *place)
        self.body.addLayout(grid)
        self.boxes["kind"].set_choices(
            [(None, t("archive.export.every")), *((k, t(f"paper.kind.{k}")) for k in KINDS)]
        )
        self.boxes["form"].set_choices(
            [("folder", t("archive.export.folder")), ("zip", t("archive.export.zip"))]
        )
        today = clock.today()
        self.boxes["from"].set_value(dt.date(today.year, 1, 1))
        self.boxes["to"].set_value(today)
        self.boxes["form"].set_value("folder")
        self.add_button("no", "errors.close", kind="secondary", shortcut="Esc")
        self.add_button(
            "yes",
            "archive.export.yes",
            self._ask,
            icon="file-down",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )

    def _ask(self) -> None:
        first, last = self.boxes["from"].value(), self.boxes["to"].value()
        if first is None or last is None or first > last:
            self.boxes["to"].set_error(t("archive.export.period"))
            return
        target = self._where(first, last)
        if target is not None:
            kind = self.boxes["kind"].value()
            self.finish()
            export(self._ctx, first, last, [kind] if kind else [], target)

    def _where(self, first: dt.date, last: dt.date) -> Path | None:
        base = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation))
        name = f"{t('archive.export.name')} {first:%Y-%m-%d} {last:%Y-%m-%d}"
        if self.boxes["form"].value() == "zip":
            chosen, _ = QFileDialog.getSaveFileName(
                self, t("archive.export.title"), str(base / f"{name}.zip"), "ZIP (*.zip)"
            )
            return Path(chosen) if chosen else None
        chosen = QFileDialog.getExistingDirectory(self, t("archive.export.title"), str(base))
        return Path(chosen) / name if chosen else None


def export(ctx: AppContext, first: dt.date, last: dt.date, kinds: list[str], target: Path) -> None:
    """Write the documents of a period in the background; the same target again goes on where it stopped."""

    def work(session: Any) -> int:
        found = audit_export.entries(session, first, last, kinds)
        write = audit_export.to_zip if target.suffix == ".zip" else audit_export.to_folder
        write(session, found, target)
        return len(found)

    def done(count: int) -> None:
        ctx.navigate.toast(t("archive.export.done", n=count, name=target.name))

    ReadOp(ctx.tasks, ctx, work).labelled(t("archive.export.job")).success(done).start()
