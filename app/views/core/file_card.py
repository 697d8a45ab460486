"""The card of documents and files every record has beside it: what was issued, and what people laid there.

Files come by the button, by dropping them anywhere onto the page, and pictures from the clipboard.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QEvent, QIODevice, QMimeData, QObject, QPoint, QStandardPaths, Qt
from PySide6.QtGui import QDragMoveEvent, QDropEvent, QGuiApplication, QImage, QMouseEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.core.changes import Changes
from app.core.errors import Invalid
from app.core.i18n import t
from app.services.documents import attachments, scan
from app.services.documents.attachments import CLOSED, FileRow, Files, PaperRow, VersionRow
from app.services.documents.commands import (
    AddAttachment,
    RemoveAttachment,
    RenameAttachment,
    ReplaceAttachment,
)
from app.services.documents.contents import mime_of, runs, safe_name, text_of
from app.services.documents.reads import archived_file
from app.views.core.buttons import Button, IconButton
from app.views.core.context import AppContext
from app.views.core.errors import ask
from app.views.core.file_dialog import FileAction, look_at, size_words
from app.views.core.list_export import error_words
from app.views.core.marks import IconLabel, Label
from app.views.core.menus import open_once
from app.views.core.operation import ReadOp, WriteOp
from app.views.core.reason import ReasonDialog
from app.views.core.surfaces import Card, clear_layout
from app.views.core.tasks import FILE
from app.views.core.theme import px
from app.views.core.times import when

SHOWN = 4
TOPICS = frozenset({"documents.issued", "documents.attachment"})
ICONS = {"application/pdf": "file-text", "image": "image", "text": "file", "application/zip": "archive"}


class _Line(QWidget):
    """One file: its icon, its name, what is to know about it; a click looks at it."""

    def __init__(self, icon: str, name: str, about: str, click: Any, menu: Any = None) -> None:
        super().__init__()
        self._click = click
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"{name}, {about}")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(px("gap"))
        row.addWidget(IconLabel(icon, px("icon"), "text2"), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Label(name, "body500", "text", elide=True))
        words.addWidget(Label(about, "small", "text2", elide=True))
        row.addLayout(words, 1)
        if menu is not None:
            more = IconButton(
                "ellipsis", "file.more", clicked=lambda: menu(more.mapToGlobal(QPoint(0, more.height())))
            )
            more.setObjectName("file.menu")
            row.addWidget(more, 0, Qt.AlignmentFlag.AlignTop)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click looks at the file."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self._click()

    def keyPressEvent(self, event: Any) -> None:
        """Enter and space do what a click does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._click()
        else:
            super().keyPressEvent(event)


class FilesCard(Card):
    """Documents issued for a record and files laid beside it.

    ``page`` is where files may be dropped, ``name`` gives the person behind a login.
    """

    def __init__(self, ctx: AppContext, topic: str, page: QWidget, name: Callable[[str], str]) -> None:
        super().__init__(t("card.files"))
        self.setObjectName("card.files")
        self._ctx, self._topic, self._page, self._name = ctx, topic, page, name
        self._record_id: int | None = None
        self._files = Files()
        self._list = QVBoxLayout()
        self._list.setSpacing(px("gap"))
        self.body.addLayout(self._list)
        foot = QHBoxLayout()
        foot.addStretch(1)
        self._add = Button("file.add", "paperclip", "ghost", clicked=self.choose)
        self._add.setObjectName("file.add")
        foot.addWidget(self._add)
        self.body.addLayout(foot)
        page.setAcceptDrops(True)
        page.installEventFilter(self)
        ctx.bus.changed.connect(self._touched)
        self.set_files(None, Files())

    @property
    def may_add(self) -> bool:
        """Whether the person may lay files beside this record."""
        can = self._ctx.profile.can
        if self._record_id is None or self._topic.partition(".")[0] in CLOSED or not can("attachment_add"):
            return False
        return (
            can(f"{self._topic}:update") or can(f"{self._topic}:insert") or any(map(can, self._files.rights))
        )

    def set_files(self, record_id: int | None, files: Files) -> None:
        """Show what belongs to a record."""
        self._record_id, self._files = record_id, files
        clear_layout(self._list)
        for paper in files.papers[:SHOWN]:
            self._list.addWidget(self._paper(paper))
        current = [row for row in files.attachments if row.state == "current"]
        for row in current:
            self._list.addWidget(self._attachment(row))
        removed = [row for row in files.attachments if row.state == "removed"]
        older = files.papers[SHOWN:]
        if older or removed:
            link = Button(
                "file.others",
                kind="link",
                clicked=lambda: self._others(older, removed),
                n=len(older) + len(removed),
            )
            link.setObjectName("file.others")
            self._list.addWidget(link, 0, Qt.AlignmentFlag.AlignLeft)
        if not files.papers and not current:
            self._list.addWidget(Label(t("card.files_empty"), "small", "text3", wrap=True))
        self._add.setVisible(self.may_add)

    # -- looking ------------------------------------------------------------------------------------------------------

    def _paper(self, row: PaperRow) -> QWidget:
        title = f"{t(f'paper.kind.{row.kind}')} {row.number}"
        if row.format != "pdf":
            title += f" ({row.format.upper()})"
        about = f"{size_words(row.size)} · {when(row.issued_at)} · {self._name(row.issued_by)}"
        return _Line(
            "file-check", title, about, lambda: look_at(self, self._ctx, title, about, archived_file, row.id)
        )

    def _attachment(self, row: FileRow) -> QWidget:
        about = f"{size_words(row.size)} · {when(row.added_at)} · {self._name(row.added_by)}"
        if row.version > 1:
            about = f"{t('file.version', version=row.version)} · {about}"
        icon = ICONS.get(row.mime) or ICONS.get(row.mime.partition("/")[0], "file")
        line = _Line(icon, row.name, about, lambda: self._look(row, about), lambda at: self._menu(row, at))
        line.setObjectName(f"file.{row.id}")
        line.setToolTip(row.comment)
        return line

    def _look(self, row: FileRow, about: str) -> None:
        actions = (
            [FileAction("versions", "file.versions", "history", lambda: self._versions(row))]
            if row.version > 1
            else []
        )
        if self.may_add and row.state == "current":
            actions.append(FileAction("replace", "file.replace", "upload", lambda: self._replace(row)))
        if row.state == "removed":
            about = f"{about} · {t('file.removed', reason=row.removed_reason)}"
        look_at(self, self._ctx, row.name, about, attachments.attached_file, row.id, actions=actions)

    def _menu(self, row: FileRow, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setObjectName("menu.file")
        if row.version > 1:
            menu.addAction(t("file.versions"), lambda: self._versions(row))
        if self.may_add:
            menu.addAction(t("file.replace"), lambda: self._replace(row))
            menu.addAction(t("file.rename"), lambda: self._rename(row))
            menu.addAction(t("file.remove"), lambda: self._remove(row))
        else:
            menu.addAction(t("file.look"), lambda: self._look(row, ""))
        open_once(menu, at)

    def _versions(self, row: FileRow) -> None:
        def show(found: Sequence[VersionRow]) -> None:
            menu = QMenu(self)
            for one in found:
                words = f"{t('file.version', version=one.version)} · {when(one.added_at)} · {self._name(one.added_by)}"
                words += f" · {one.comment}" if one.comment else ""
                menu.addAction(words.replace("&", "&&"), partial(self._look_version, row, one, words))
            open_once(menu, self.mapToGlobal(QPoint(0, self.height() // 2)))

        ReadOp(self, self._ctx, attachments.versions_of, row.id).success(show).start()

    def _look_version(self, row: FileRow, one: VersionRow, words: str) -> None:
        look_at(self, self._ctx, row.name, words, attachments.attached_file, row.id, one.version)

    def _others(self, papers: Sequence[PaperRow], removed: Sequence[FileRow]) -> None:
        menu = QMenu(self)
        for paper in papers:
            title = f"{t(f'paper.kind.{paper.kind}')} {paper.number} · {when(paper.issued_at)}"
            menu.addAction(title, partial(look_at, self, self._ctx, title, "", archived_file, paper.id))
        for row in removed:
            title = t("file.removed_item", name=row.name, reason=row.removed_reason).replace("&", "&&")
            menu.addAction(title, partial(self._look, row, when(row.added_at)))
        open_once(menu, self.mapToGlobal(QPoint(0, self.height() // 2)))

    # -- changing -----------------------------------------------------------------------------------------------------

    def choose(self) -> None:
        """Ask for files, or take the picture of the clipboard."""
        image = QGuiApplication.clipboard().image()
        if image.isNull():
            self._ask_files()
            return
        menu = QMenu(self)
        menu.addAction(t("file.choose"), self._ask_files)
        menu.addAction(t("file.paste"), lambda: self.add_picture(image))
        open_once(menu, self._add.mapToGlobal(QPoint(0, self._add.height())))

    def _ask_files(self) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        names, _ = QFileDialog.getOpenFileNames(self, t("file.choose"), folder)
        self.add_paths([Path(name) for name in names])

    def add_picture(self, image: QImage) -> None:
        """Lay a picture (of the clipboard) beside the record; packing a large one takes seconds."""

        def packed(done: "Future[bytes]") -> None:
            self.add_bytes(self._free_name(f"{t('file.picture')}.png"), done.result())

        self._ctx.tasks.run(
            FILE, self, partial(_as_png, image), packed, label=t("file.adding", name=t("file.picture"))
        )

    def add_paths(self, files: Sequence[Path]) -> None:
        """Lay files beside the record, one after the other; those that run are asked about first."""
        for file in files:
            self._ctx.tasks.run(
                FILE, self, partial(_read, file, self._files.most_mb), partial(self._read_done, file.name)
            )

    def _read_done(self, name: str, done: "Future[bytes]") -> None:
        if (error := done.exception()) is not None:
            words = error_words(error) if isinstance(error, Invalid) else t("file.not_read", name=name)
            self._ctx.navigate.toast(words, kind="bad")
        else:
            self.add_bytes(name, done.result())

    def add_bytes(self, name: str, content: bytes) -> None:
        """Lay bytes beside the record; a file of that name gets a new version."""
        name = safe_name(name)
        same = next(
            (r for r in self._files.attachments if r.state == "current" and r.name.lower() == name.lower()),
            None,
        )

        def go() -> None:
            if same is None:
                self._prepared(name, content, self._add_prepared)
            else:
                ask(
                    self,
                    t("file.same_name_title"),
                    t("file.same_name", name=name),
                    "file.as_version",
                    lambda: self._prepared(name, content, partial(self._replace_prepared, same)),
                )

        if runs(name, content):
            ask(self, t("file.runs_title"), t("file.runs_add", name=name), "file.add_anyway", go, danger=True)
        else:
            go()

    def _prepared(self, name: str, content: bytes, then: Any) -> None:
        """Have the workplace's scanner look at it and read its words, away from the window."""

        def work() -> tuple[str, str]:
            scan.check(name, content)
            mime = mime_of(name, content)
            return mime, text_of(mime, content)

        def done(future: "Future[tuple[str, str]]") -> None:
            if (error := future.exception()) is not None:
                self._ctx.navigate.toast(error_words(error), kind="bad")
            else:
                then(name, content, *future.result())

        self._ctx.tasks.run(FILE, self, work, done, label=t("file.adding", name=name))

    def _add_prepared(self, name: str, content: bytes, mime: str, words: str) -> None:
        if self._record_id is None:
            return
        command = AddAttachment(self._topic, self._record_id, name, mime, content, "", words)
        op = WriteOp(self, self._ctx, attachments.add, command).labelled(t("file.adding", name=name))
        op.success(lambda _id: self._ctx.navigate.toast(t("file.added", name=name))).start()

    def _replace_prepared(self, row: FileRow, name: str, content: bytes, mime: str, words: str) -> None:
        command = ReplaceAttachment(
            row.id, row.row_version, mime, content, "" if name == row.name else name, words
        )
        op = WriteOp(self, self._ctx, attachments.replace, command).labelled(t("file.adding", name=name))
        op.success(lambda _id: self._ctx.navigate.toast(t("file.replaced", name=row.name))).start()

    def _replace(self, row: FileRow) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        chosen, _ = QFileDialog.getOpenFileName(self, t("file.replace"), folder)
        if not chosen:
            return
        file = Path(chosen)

        def done(future: "Future[bytes]") -> None:
            if future.exception() is not None:
                self._read_done(file.name, future)
            else:
                self._prepared(safe_name(file.name), future.result(), partial(self._replace_prepared, row))

        self._ctx.tasks.run(FILE, self, partial(_read, file, self._files.most_mb), done)

    def _rename(self, row: FileRow) -> None:
        def rename(name: str) -> None:
            command = RenameAttachment(row.id, row.row_version, safe_name(name.replace("\n", " ")))
            WriteOp(self, self._ctx, attachments.rename, command).start()

        dialog = ReasonDialog(
            self,
            t("file.rename_title", name=row.name),
            "",
            "file.rename_do",
            rename,
            label="file.new_name",
            icon="pencil",
        )
        dialog.reason.set_text(row.name)
        dialog.open()

    def _remove(self, row: FileRow) -> None:
        def remove(reason: str) -> None:
            WriteOp(
                self, self._ctx, attachments.remove, RemoveAttachment(row.id, row.row_version, reason)
            ).start()

        ReasonDialog(
            self,
            t("file.remove_title", name=row.name),
            t("file.remove_text"),
            "file.remove_do",
            remove,
            danger=True,
            icon="trash-2",
        ).open()

    def _free_name(self, wanted: str) -> str:
        taken = {row.name.lower() for row in self._files.attachments if row.state == "current"}
        stem, _, ending = wanted.rpartition(".")
        names = [wanted, *(f"{stem} {number}.{ending}" for number in range(2, len(taken) + 3))]
        return next(name for name in names if name.lower() not in taken)

    # -- what comes by itself -----------------------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Files dropped onto the page."""
        if watched is self._page and self.may_add:
            if (
                isinstance(event, QDropEvent)
                and event.type() == QEvent.Type.Drop
                and _droppable(event.mimeData())
            ):
                event.acceptProposedAction()
                self._dropped(event.mimeData())
                return True
            if isinstance(event, QDragMoveEvent) and _droppable(event.mimeData()):
                event.acceptProposedAction()
                return True
        return super().eventFilter(watched, event)

    def _dropped(self, data: QMimeData) -> None:
        files = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        if files:
            self.add_paths(files)
        elif data.hasImage():
            image = QImage(data.imageData())
            if not image.isNull():
                self.add_picture(image)

    def _touched(self, changes: Changes) -> None:
        if self._record_id is not None and any(change.topic in TOPICS for change in changes):
            record = self._record_id
            op = ReadOp(self, self._ctx, attachments.files_of, self._topic, record).replacing("files")
            op.success(lambda found: self.set_files(record, found)).failure(lambda _error: None).start()


def _droppable(data: QMimeData) -> bool:
    return any(url.isLocalFile() for url in data.urls()) or data.hasImage()


def _as_png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]  # the stubs want a file name
    return bytes(buffer.data().data())


def _read(file: Path, most_mb: int) -> bytes:
    if file.stat().st_size > most_mb * 1024 * 1024:
        raise Invalid("attachment_too_large", mb=most_mb)
    content = file.read_bytes()
    if not content:
        raise Invalid("content_empty")
    return content
