"""The inbox: files are dropped or chosen, read in the background, shown for people, with what is wrong with them."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QVBoxLayout, QWidget

from app.core.errors import Refused
from app.core.format import money
from app.core.i18n import language, t
from app.services.documents import attachments, scan
from app.services.einvoice.incoming import Supplier, keep_command, supplier_of
from app.services.einvoice.read import Received, read_file
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.errors import show_error
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.page_head import PageHead
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import Banner, EmptyState, Step, clear_layout
from app.views.core.table_model import Column
from app.views.core.tasks import FILE
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.einvoice.paper import Paper

SUFFIXES = (".pdf", ".xml")
MOST = 200  # files of a folder
CHIPS = {
    "reading": ("neutral", "einvoice.inbox.state.reading"),
    "right": ("ok", "einvoice.inbox.state.right"),
    "odd": ("warn", "einvoice.inbox.state.odd"),
    "wrong": ("bad", "einvoice.inbox.state.wrong"),
    "none": ("bad", "einvoice.inbox.state.none"),
}


@dataclass(slots=True)
class Item:
    """A file in the list."""

    path: Path
    received: Received | None = None

    @property
    def state(self) -> str:
        """reading, right, odd (warnings only), wrong, none (no invoice at all)."""
        if self.received is None:
            return "reading"
        if self.received.invoice is None:
            return "none"
        return ("odd" if self.received.findings else "right") if self.received.ok else "wrong"


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


class InboxPage(TabPage):
    """Received e-invoices beside each other and one of them as a page."""

    icon = "file-text"
    ask_files: Callable[[QWidget], Sequence[Path]] = staticmethod(ask_files)
    ask_folder: Callable[[QWidget], Path | None] = staticmethod(ask_folder)

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.einvoice.inbox")
        self.setAcceptDrops(True)
        fill(self, "window")
        self.items: list[Item] = []
        self._filling = False
        self._chosen = str(state.get("chosen", ""))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        self.head = PageHead(t("einvoice.inbox.title"))
        self._clear = self._button("clear", "einvoice.inbox.clear", "x", "ghost", self.clear)
        self._folder = self._button(
            "open_folder", "einvoice.inbox.open_folder", "folder-open", "secondary", self.choose_folder
        )
        self._keep = self._button("keep", "einvoice.inbox.keep", "save", "secondary", self.keep)
        self._open = self._button("open", "einvoice.inbox.open", "upload", "primary", self.choose_files)
        box.addWidget(self.head)
        self._content = QVBoxLayout()
        self._content.setContentsMargins(0, 0, 0, 0)
        box.addLayout(self._content, 1)
        self.view: RowsView | None = None
        self._show_nothing()
        self.add([Path(str(path)) for path in state.get("paths", ())])

    def _button(self, key: str, words: str, mark: str, kind: str, clicked: Callable[[], object]) -> Button:
        button = Button(words, mark, kind, clicked=clicked)
        button.setObjectName(f"action.{key}")
        self.head.add(button)
        return button

    # -- TabPage -----------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The inbox."""
        return t("einvoice.inbox.title")

    def identity(self) -> str:
        """One inbox at a time."""
        return "einvoice.inbox"

    def state(self) -> dict[str, Any]:
        """The files and which of them is shown."""
        return {"paths": [str(item.path) for item in self.items], "chosen": self._chosen}

    def refresh(self) -> None:
        """Nothing of it comes from the database."""

    # -- files -------------------------------------------------------------------------------------------------

    def choose_files(self) -> None:
        """Ask for files and read them."""
        self.add(type(self).ask_files(self))

    def choose_folder(self) -> None:
        """Ask for a folder and read what lies in it."""
        folder = type(self).ask_folder(self)
        if folder is not None:
            self.add_folder(folder)

    def add_folder(self, folder: Path) -> None:
        """Read the PDF and XML files of a folder."""
        found = sorted(
            path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file()
        )
        if not found:
            self.ctx.navigate.toast(t("einvoice.inbox.folder_empty"), kind="warn")
        elif len(found) > MOST:
            self.ctx.navigate.toast(t("einvoice.inbox.folder_large", n=MOST), kind="warn")
        self.add(found[:MOST])

    def add(self, paths: Sequence[Path]) -> None:
        """Put files into the list and read them; those already there are read again."""
        if not paths:
            return
        known = {item.path: item for item in self.items}
        for path in paths:
            item = known.get(path)
            if item is None:
                item = Item(path)
                self.items.append(item)
            item.received = None
            self.ctx.tasks.run(
                FILE,
                self,
                partial(read_file, path),
                partial(self._was_read, item),
                label=t("einvoice.inbox.task"),
            )
        if self._chosen not in {str(item.path) for item in self.items} or len(paths) == 1:
            self._chosen = str(paths[0])
        self._show_list()
        self.changed.emit()

    def clear(self) -> None:
        """Empty the list; the files stay where they are."""
        self.items = []
        self._chosen = ""
        self._show_nothing()
        self.changed.emit()

    def _was_read(self, item: Item, future: "Future[Received]") -> None:
        if item not in self.items:
            return
        item.received = future.result()
        self._show_list()

    # -- keeping -----------------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Lay the shown file beside its supplier, exactly as it was received."""
        item = next((item for item in self.items if str(item.path) == self._chosen), None)
        received = item.received if item is not None else None
        if item is None or received is None or received.invoice is None:
            return
        seller, path = received.invoice.seller, item.path

        def found(supplier: Supplier | None) -> None:
            if supplier is None:
                self.ctx.navigate.toast(t("einvoice.inbox.no_supplier", name=seller.name), kind="warn")
            elif supplier.kept_as is not None:
                self._told("einvoice.inbox.kept_already", supplier, supplier.kept_as)
            else:
                self.ctx.tasks.run(
                    FILE, self, partial(unchanged, path, received), partial(self._lay, supplier, received)
                )

        op: ReadOp[Supplier | None] = ReadOp(
            self, self.ctx, supplier_of, seller.vat_id, seller.name, received.sha256
        )
        op.success(found).start()

    def _lay(self, supplier: Supplier, received: Received, future: "Future[bytes]") -> None:
        if (error := future.exception()) is not None:
            show_error(self, self.ctx, error)
            return
        command = keep_command(supplier.id, received, future.result(), language())
        op = WriteOp(self, self.ctx, attachments.add, command).disabling(self._keep)
        op.success(lambda _id: self._told("einvoice.inbox.kept", supplier, command.name)).start()

    def _told(self, key: str, supplier: Supplier, name: str) -> None:
        see = (
            "einvoice.inbox.show_supplier",
            partial(self.ctx.navigate.open_record, "partners.partner", supplier.id),
        )
        self.ctx.navigate.toast(t(key, supplier=supplier.name, name=name), action=see)

    # -- drag and drop -----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and folders may be dropped."""
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Read what was dropped."""
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        event.acceptProposedAction()
        for path in paths:
            if path.is_dir():
                self.add_folder(path)
        self.add([path for path in paths if path.is_file()])

    # -- showing -----------------------------------------------------------------------------------------------

    def _show_nothing(self) -> None:
        clear_layout(self._content)
        self.view = None
        self._clear.setVisible(False)
        self._keep.setVisible(False)
        steps = [Step(t(f"einvoice.inbox.step{n}"), t(f"einvoice.inbox.step{n}_text")) for n in (1, 2, 3)]
        self._content.addWidget(
            EmptyState("file-text", t("einvoice.inbox.empty"), t("einvoice.inbox.empty_text"), (), steps)
        )

    def _show_list(self) -> None:
        if self.view is None:
            self._build()
        assert self.view is not None
        self._filling = True  # rows that come and go are no choice of the person
        self._model.set_rows(list(self.items))
        self._clear.setVisible(True)
        number = self._model.find(self._chosen)
        if number >= 0:
            self.view.selectRow(number)
        self._filling = False
        self._show_chosen()

    def _build(self) -> None:
        clear_layout(self._content)
        self._model = RowsModel(
            [
                Column(
                    "state", "einvoice.inbox.column.state", "chip", width=100, chips=CHIPS, sortable=False
                ),
                Column(
                    "seller", "einvoice.inbox.column.seller", "bold", width=176, text=_seller, sortable=False
                ),
                Column("number", "einvoice.inbox.column.number", width=128, text=_number, sortable=False),
                Column(
                    "amount", "einvoice.inbox.column.amount", "money", width=92, text=_amount, sortable=False
                ),
                Column(
                    "file",
                    "einvoice.inbox.column.file",
                    width=220,
                    text=lambda item: item.path.name,
                    sortable=False,
                ),
            ],
            key=lambda item: str(item.path),
            parent=self,
        )
        self.view = RowsView(self._model, name="einvoice.files")
        self.view.selectionModel().selectionChanged.connect(lambda *_: self._picked())
        self.paper = Paper()
        right = QWidget()
        fill(right, "surface")
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._banner = QVBoxLayout()
        self._banner.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), 0)
        column.addLayout(self._banner)
        column.addWidget(self.paper, 1)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setHandleWidth(px("hair"))
        split.addWidget(self.view)
        split.addWidget(right)
        split.setStretchFactor(0, 9)
        split.setStretchFactor(1, 11)
        split.setSizes([9 * px("toast"), 11 * px("toast")])
        self._content.addWidget(split, 1)

    def _picked(self) -> None:
        if self.view is None or self._filling:
            return
        index = self.view.currentIndex()
        if index.isValid() and index.row() < len(self.items):
            chosen = str(self._model.row(index.row()).path)
            if chosen != self._chosen:
                self._chosen = chosen
                self._show_chosen()
                self.changed.emit()

    def _show_chosen(self) -> None:
        item = next((item for item in self.items if str(item.path) == self._chosen), None)
        if item is None:
            return
        clear_layout(self._banner)
        state = item.state
        self._keep.setVisible(item.received is not None and item.received.invoice is not None)
        kind = {"reading": "info", "right": "ok", "odd": "warn"}.get(state, "bad")
        banner = Banner(kind, t(f"einvoice.inbox.verdict.{state}"), t(f"einvoice.inbox.verdict.{state}_text"))
        banner.setObjectName("einvoice.verdict")
        self._banner.addWidget(banner)
        if item.received is None:
            self.paper.clear()
        else:
            self.paper.show_received(item.received)


def unchanged(path: Path, received: Received) -> bytes:
    """The bytes that were checked, looked at by the workplace's scanner; refuses a file that changed since."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Refused("einvoice_file_changed", name=path.name) from error
    if hashlib.sha256(content).hexdigest() != received.sha256:
        raise Refused("einvoice_file_changed", name=path.name)
    scan.check(path.name, content)
    return content


def _file(item: Item) -> str:
    return item.path.name


def _seller(item: Item) -> str:
    invoice = item.received.invoice if item.received else None
    return invoice.seller.name if invoice else "–"


def _number(item: Item) -> str:
    invoice = item.received.invoice if item.received else None
    return invoice.number if invoice else "–"


def _amount(item: Item) -> str:
    invoice = item.received.invoice if item.received else None
    value: Decimal | None = invoice.totals.payable if invoice else None
    return money(value, invoice.currency) if invoice else "–"
