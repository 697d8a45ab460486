"""The inbox: files are dropped, chosen or come by e-mail; each is kept, read, checked, and waits to become a purchase
invoice or to be refused."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.errors import Refused
from app.core.i18n import t
from app.services.einvoice.read import MAX_FILE, Received, read
from app.services.purchasing import received
from app.services.purchasing.commands import RefuseReceived, StoreReceived
from app.services.purchasing.received import ReceivedFile, ReceivedRow, Stored
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.reason import ReasonDialog
from app.views.core.surfaces import Banner
from app.views.core.table_model import Column
from app.views.core.tasks import FILE
from app.views.core.theme import fill, px
from app.views.einvoice.paper import Paper
from app.views.purchasing.proposing import propose_into
from app.views.purchasing.states import INCOMING, INVOICE

SUFFIXES = (".pdf", ".xml")
MOST = 200  # files of a folder
STORE, REFUSE, ENTER = "received_store", "received_refuse", "purchase_invoice_save"
VERDICTS = {
    "right": ("ok", "einvoice.inbox.state.right"),
    "odd": ("warn", "einvoice.inbox.state.odd"),
    "wrong": ("bad", "einvoice.inbox.state.wrong"),
    "none": ("bad", "einvoice.inbox.state.none"),
}
STATES = {
    "new": ("info", "einvoice.inbox.state.new"),
    "matched": ("ok", "einvoice.inbox.state.matched"),
    "refused": ("neutral", "einvoice.inbox.state.refused"),
}
SOURCES = tuple((source, f"einvoice.inbox.source.{source}") for source in ("drop", "file", "mail"))


def ask_files(parent: QWidget) -> Sequence[Path]:
    """Ask for files; none when the user changed their mind."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    names, _ = QFileDialog.getOpenFileNames(
        parent, t("einvoice.inbox.open"), folder, t("einvoice.inbox.file_type")
    )
    return [Path(name) for name in names]


def ask_folder(parent: QWidget) -> Path | None:
    """Ask for a folder; None when the user changed their mind."""
    start = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DownloadLocation)
    name = QFileDialog.getExistingDirectory(parent, t("einvoice.inbox.open_folder"), start)
    return Path(name) if name else None


def taken(path: Path, source: str) -> StoreReceived:
    """A file of the disk, read and checked; Refused received_no_file when it cannot be opened, content_size."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise Refused("content_size", mb=MAX_FILE // 1024 // 1024)
        content = path.read_bytes()
    except OSError as error:
        raise Refused("received_no_file", name=path.name, reason=error.strerror or str(error)) from error
    return received.store_command(content, path.name, source=source)


class InboxPage(ListPage):
    """What came in and waits, and one of it as a page to read."""

    ask_files: Callable[[QWidget], Sequence[Path]] = staticmethod(ask_files)
    ask_folder: Callable[[QWidget], Path | None] = staticmethod(ask_folder)

    def __init__(self, ctx: AppContext, state: dict[str, Any] | None = None) -> None:
        super().__init__(ctx, self._spec(ctx), state)
        self.setAcceptDrops(ctx.profile.can(STORE))

    def _spec(self, ctx: AppContext) -> ListSpec:
        return ListSpec(
            key="einvoice.inbox",
            title="einvoice.inbox.title",
            icon="file-text",
            fetch=received.list_received,
            topics=frozenset({INCOMING, INVOICE}),
            presets=(
                Preset("new", "einvoice.inbox.preset.new", count=True),
                Preset("faulty", "einvoice.inbox.preset.faulty", count=True),
                Preset("matched", "einvoice.inbox.preset.matched"),
                Preset("refused", "einvoice.inbox.preset.refused"),
                Preset("all", "kit.list.all"),
            ),
            columns=(
                Column("verdict", "einvoice.inbox.column.verdict", "chip", 104, chips=VERDICTS),
                Column(
                    "supplier",
                    "einvoice.inbox.column.seller",
                    "bold",
                    170,
                    stretch=True,
                    filter="contains",
                    text=lambda row: row.supplier or fmt.NONE,
                ),
                Column(
                    "number",
                    "einvoice.inbox.column.number",
                    width=118,
                    filter="prefix",
                    text=lambda row: row.number or fmt.NONE,
                ),
                Column(
                    "amount",
                    "einvoice.inbox.column.amount",
                    "strong",
                    118,
                    align="right",
                    filter="min",
                    text=_amount,
                ),
                Column(
                    "received_at",
                    "einvoice.inbox.column.received",
                    width=150,
                    text=lambda row: fmt.date_time(row.received_at),
                ),
                Column(
                    "state",
                    "sales.column.state",
                    "chip",
                    110,
                    chips=STATES,
                    hidden=True,
                ),
                Column(
                    "source",
                    "einvoice.inbox.column.source",
                    width=100,
                    filter="choice",
                    choices=SOURCES,
                    text=lambda row: t(f"einvoice.inbox.source.{row.source}"),
                    hidden=True,
                ),
                Column("sender", "einvoice.inbox.column.sender", width=160, filter="contains", hidden=True),
                Column("file_name", "einvoice.inbox.column.file", width=180, filter="contains", hidden=True),
            ),
            primary=ListAction(
                "open", "einvoice.inbox.open", lambda *_: self.choose_files(), "upload", STORE, "Ctrl+N"
            ),
            more=(
                ListAction(
                    "open_folder",
                    "einvoice.inbox.open_folder",
                    lambda *_: self.choose_folder(),
                    "folder-open",
                    STORE,
                ),
            ),
            row_actions=(
                ListAction(
                    "propose",
                    "einvoice.inbox.propose",
                    lambda ctx_, rows: propose_into(self, ctx_, rows[0].id),
                    "receipt-text",
                    ENTER,
                    when=usable,
                ),
                ListAction(
                    "refuse",
                    "einvoice.inbox.refuse",
                    lambda _ctx, rows: refuse(self, ctx, rows[0]),
                    "circle-x",
                    REFUSE,
                    when=lambda row: row.state == "new",
                ),
            ),
            empty=Empty(
                "einvoice.inbox.empty",
                "einvoice.inbox.empty_text",
                tuple((f"einvoice.inbox.step{n}", f"einvoice.inbox.step{n}_text") for n in (1, 2, 3)),
                first="einvoice.inbox.open",
            ),
            open=lambda ctx_, row: _open(self, ctx_, row),
            detail=ReceivedPane,
            sort="received_at",
            descending=True,
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """A page needs half of the window to be read."""
        self.pane.setFixedWidth(max(px("detail"), event.size().width() * 45 // 100))
        super().resizeEvent(event)

    # -- files -------------------------------------------------------------------------------------------------

    def choose_files(self) -> None:
        """Ask for files and keep them."""
        self.add(type(self).ask_files(self), "file")

    def choose_folder(self) -> None:
        """Ask for a folder and keep what lies in it."""
        folder = type(self).ask_folder(self)
        if folder is not None:
            self.add_folder(folder, "file")

    def add_folder(self, folder: Path, source: str) -> None:
        """Keep the PDF and XML files of a folder."""
        found = sorted(
            path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if not found:
            self.ctx.navigate.toast(t("einvoice.inbox.folder_empty"), kind="warn")
        elif len(found) > MOST:
            self.ctx.navigate.toast(t("einvoice.inbox.folder_large", n=MOST), kind="warn")
        self.add(found[:MOST], source)

    def add(self, paths: Sequence[Path], source: str) -> None:
        """Read files in the background and keep each as it came."""
        for path in paths:
            work, done = partial(taken, path, source), self._was_read
            self.ctx.tasks.run(FILE, self, work, done, label=t("einvoice.inbox.task"))

    def _was_read(self, future: "Future[StoreReceived]") -> None:
        if (error := future.exception()) is not None:
            show_error(self, self.ctx, error)
            return
        command = future.result()
        op: WriteOp[Stored] = WriteOp(self.ctx.tasks, self.ctx, received.store, command)
        op.success(partial(self._kept, command.file_name)).start()

    def _kept(self, name: str, stored: Stored) -> None:
        if stored.known:
            self.ctx.navigate.toast(t("einvoice.inbox.known", name=name), kind="info")
        else:
            self.ctx.navigate.toast(t("einvoice.inbox.kept", name=name))

    # -- drag and drop -----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Keep what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        for path in paths:
            if path.is_dir():
                self.add_folder(path, "drop")
        self.add([path for path in paths if not path.is_dir()], "drop")


def usable(row: ReceivedRow) -> bool:
    """Whether a purchase invoice can be made of it now."""
    return row.state == "new" and row.kind != "other"


def refuse(owner: QWidget, ctx: AppContext, row: ReceivedRow) -> None:
    """Ask why, then refuse."""

    def go(reason: str) -> None:
        command = RefuseReceived(row.id, row.row_version, reason=reason)
        op = WriteOp(ctx.tasks, ctx, received.refuse, command)
        op.success(lambda _saved: ctx.navigate.toast(t("einvoice.inbox.refused", name=row.file_name))).start()

    ReasonDialog(
        owner,
        t("einvoice.inbox.refuse_title"),
        t("einvoice.inbox.refuse_text"),
        "einvoice.inbox.refuse_yes",
        go,
        danger=True,
        icon="circle-x",
    ).open()


def _open(owner: QWidget, ctx: AppContext, row: ReceivedRow) -> None:
    if row.invoice_id is not None:
        ctx.navigate.open_record(INVOICE, row.invoice_id)
    elif usable(row) and ctx.profile.can(ENTER):
        propose_into(owner, ctx, row.id)


class ReceivedPane(QWidget):
    """One received file: the verdict, what can be done, and the page to read."""

    def __init__(self, ctx: AppContext, row: ReceivedRow) -> None:
        super().__init__()
        self.setObjectName("einvoice.pane")
        fill(self, "surface")
        self._ctx, self._row = ctx, row
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), 0)
        column.setSpacing(px("gap"))
        verdict = row.verdict
        tone = VERDICTS[verdict][0]
        if row.state == "refused":
            banner = Banner("neutral", t("einvoice.inbox.state.refused"), row.refuse_reason or "")
        else:
            words = t(f"einvoice.inbox.verdict.{verdict}_text")
            banner = Banner(tone, t(f"einvoice.inbox.verdict.{verdict}"), words)
        banner.setObjectName("einvoice.verdict")
        column.addWidget(banner)
        column.addLayout(self._buttons())
        self.paper = Paper()
        self.paper.setMinimumHeight(px("detail"))
        column.addWidget(self.paper, 1)
        op: ReadOp[ReceivedFile] = ReadOp(self, ctx, received.received_file, row.id)
        op.success(self._arrived).start()

    def _buttons(self) -> QHBoxLayout:
        line = QHBoxLayout()
        line.setSpacing(px("gap"))
        ctx, row = self._ctx, self._row
        if row.invoice_id is not None:
            invoice = row.invoice_id
            line.addWidget(
                self._button(
                    "invoice",
                    "einvoice.inbox.to_invoice",
                    "receipt-text",
                    "primary",
                    lambda: ctx.navigate.open_record(INVOICE, invoice),
                )
            )
        elif usable(row) and ctx.profile.can(ENTER):
            line.addWidget(
                self._button(
                    "propose",
                    "einvoice.inbox.propose",
                    "receipt-text",
                    "primary",
                    lambda: propose_into(self, ctx, row.id),
                )
            )
        if row.state == "new" and ctx.profile.can(REFUSE):
            line.addWidget(
                self._button(
                    "refuse", "einvoice.inbox.refuse", "circle-x", "secondary", lambda: refuse(self, ctx, row)
                )
            )
        line.addStretch(1)
        return line

    @staticmethod
    def _button(key: str, words: str, mark: str, kind: str, clicked: Callable[[], object]) -> Button:
        button = Button(words, mark, kind, clicked=clicked)
        button.setObjectName(f"detail.{key}")
        return button

    def _arrived(self, file: ReceivedFile) -> None:
        work = partial(read, file.content, file.file_name)
        self._ctx.tasks.run(FILE, self, work, self._was_read, slot="received")

    def _was_read(self, future: "Future[Received]") -> None:
        if future.exception() is None:
            self.paper.show_received(future.result())


def _amount(row: ReceivedRow) -> str:
    return fmt.money(row.amount, row.currency or "EUR") if row.amount is not None else fmt.NONE
