"""The security report: choose a period and a language, get a PDF."""

from datetime import date
from functools import partial
from typing import Any

from PySide6.QtWidgets import QGridLayout, QWidget

from app.core import clock, paths
from app.core.errors import AppError
from app.core.i18n import language, t
from app.services.security.report import file_name, render
from app.services.security.trail import MakeReport, make_report
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.fields import Field, FieldBox
from app.views.core.list_export import open_file, show_written
from app.views.core.operation import WriteOp
from app.views.core.tasks import FILE
from app.views.core.theme import px
from app.views.core.values import error_text

FIELDS = (
    Field("since", "audit.report.since", "date", required=True),
    Field("until", "audit.report.until", "date", required=True),
    Field(
        "language",
        "audit.report.language",
        "choice",
        required=True,
        choices=(("de", "shell.language_de"), ("en", "shell.language_en")),
    ),
)


class ReportDialog(Dialog):
    """Asks for the period; the PDF is opened when it is there."""

    show_file = staticmethod(open_file)

    def __init__(self, host: QWidget, ctx: AppContext) -> None:
        super().__init__(host, t("audit.report.title"), t("audit.report.text"), icon="file-text")
        self.setObjectName("dialog.report")
        self._ctx = ctx
        grid = QGridLayout()
        grid.setHorizontalSpacing(px("gap_m"))
        grid.setVerticalSpacing(px("gap"))
        self.boxes: dict[str, FieldBox] = {}
        for number, field in enumerate(FIELDS):
            box = self.boxes[field.key] = FieldBox(ctx, field)
            grid.addWidget(box, 0, number)
        self.body.addLayout(grid)
        self.add_button("no", "errors.keep_as_is", kind="secondary", shortcut="Esc")
        self._yes = self.add_button(
            "yes",
            "audit.report.make",
            self.make,
            icon="file-text",
            kind="primary",
            shortcut="Ctrl+Enter",
            stay=True,
        )
        today = clock.today()
        self.boxes["since"].set_value(date(today.year - (today.month < 4), (today.month - 4) % 12 + 1, 1))
        self.boxes["until"].set_value(today)
        self.boxes["language"].set_value(language())

    def make(self) -> None:
        """Read the content, then write and open the file."""
        try:
            values = {key: box.value() for key, box in self.boxes.items()}
        except ValueError as error:
            self.boxes["since"].set_error(t(str(error)))
            return
        if any(value is None for value in values.values()):
            return
        command = MakeReport(values["since"], values["until"])
        op: WriteOp[dict[str, Any]] = WriteOp(self, self._ctx, make_report, command)
        op.disabling(self._yes).success(partial(self._made, command, values["language"])).failure(
            self._refused
        ).start()

    def _refused(self, error: BaseException) -> bool:
        if isinstance(error, AppError) and error.key == "period_backwards":
            self.boxes["until"].set_error(error_text(error))
            return True
        return False

    def _made(self, command: MakeReport, lang: str, content: dict[str, Any]) -> None:
        target = paths.cache() / "documents" / file_name(command, lang)

        def write() -> str:
            paths.ensure_private(target.parent)
            target.write_bytes(render(content, command, lang))
            return str(target)

        written = partial(show_written, self._ctx, show=self.show_file)
        self._ctx.tasks.run(FILE, self._ctx.tasks, write, written)
        self.finish()
