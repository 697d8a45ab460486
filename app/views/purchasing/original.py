"""The received original beside what is entered of it: its pages, and what an e-invoice says in words."""

from concurrent.futures import Future
from functools import partial

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.core.i18n import t
from app.services.einvoice.read import Received, read
from app.services.purchasing.received import ReceivedFile, received_file
from app.views.core.context import AppContext
from app.views.core.file_view import FileView
from app.views.core.operation import ReadOp
from app.views.core.segmented import SegmentedTabs
from app.views.core.tasks import FILE
from app.views.core.theme import fill, px
from app.views.einvoice.paper import Paper


class Original(QWidget):
    """Shows one received file; reads it when it is shown for the first time."""

    def __init__(self, ctx: AppContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("purchasing.original")
        fill(self, "surface")
        self._ctx = ctx
        self._id: int | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(px("gap"), 0, px("gap"), px("gap"))
        column.setSpacing(px("gap_s"))
        self._tabs = SegmentedTabs()
        self._tabs.chosen.connect(self._choose)
        column.addWidget(self._tabs)
        self._stack = QStackedWidget()
        column.addWidget(self._stack, 1)
        self.pages, self.paper = FileView(ctx), Paper()
        self._stack.addWidget(self.pages)
        self._stack.addWidget(self.paper)

    def show_received(self, received_id: int | None) -> None:
        """Show this file; None: nothing."""
        if received_id == self._id:
            return
        self._id = received_id
        self._tabs.set_items(())
        if received_id is not None:
            self.pages.say(t("kit.loading"))
            self._stack.setCurrentWidget(self.pages)
            op: ReadOp[ReceivedFile] = ReadOp(self, self._ctx, received_file, received_id)
            op.replacing("original").success(self._arrived).start()

    def _arrived(self, file: ReceivedFile) -> None:
        if file.mime == "application/pdf":
            self.pages.show_file(file.mime, file.content)
        work = partial(read, file.content, file.file_name)
        self._ctx.tasks.run(FILE, self, work, partial(self._was_read, file.mime), slot="original")

    def _was_read(self, mime: str, done: "Future[Received]") -> None:
        if done.exception() is not None:
            return
        found = done.result()
        self.paper.show_received(found)
        pdf, data = mime == "application/pdf", found.xml is not None
        if pdf and data:
            self._tabs.set_items(
                (
                    ("pages", t("purchasing.original.pages")),
                    ("data", t("purchasing.original.data")),
                ),
                "pages",
            )
        elif not pdf:
            self._stack.setCurrentWidget(self.paper)
        self._tabs.setVisible(pdf and data)

    def _choose(self, key: str) -> None:
        self._tabs.set_current(key)
        self._stack.setCurrentWidget(self.pages if key == "pages" else self.paper)
