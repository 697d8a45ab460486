"""Looking at one file: shown in place, opened with the system's program, saved elsewhere."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.core import format as fmt
from app.core import paths
from app.core.i18n import t
from app.services.documents.contents import runs, safe_name
from app.views.core.context import AppContext
from app.views.core.dialog import Dialog
from app.views.core.errors import ask, host_of
from app.views.core.file_view import FileView
from app.views.core.list_export import error_words, open_file, show_written
from app.views.core.operation import ReadOp
from app.views.core.tasks import FILE
from app.views.core.theme import px

Show = Callable[[str], object]
show_file: Show = open_file
KILO = 1024


@dataclass(frozen=True)
class FileAction:
    """A button below the file; pressed, the dialog closes first."""

    key: str
    title: str
    icon: str
    run: Callable[[], object]
    danger: bool = False


def size_words(size: int) -> str:
    """The size of a file as people say it."""
    if size < KILO:
        return t("file.size.bytes", n=size, size=fmt.number(size))
    if size < KILO * KILO:
        return t("file.size.kb", size=fmt.number(round(size / KILO)))
    return t("file.size.mb", size=fmt.number(Decimal(size * 10 // (KILO * KILO)) / 10))


def look_at(
    owner: QObject,
    ctx: AppContext,
    title: str,
    about: str,
    read: Callable[..., Any],
    *args: object,
    actions: Sequence[FileAction] = (),
) -> Dialog | None:
    """Show a file in a dialog; ``read(session, *args)`` gives it with name, content and mime."""
    host = host_of(owner)
    if host is None:
        return None
    window = host.window()
    dialog = Dialog(
        host,
        title,
        about,
        icon="file-text",
        width=min(px("step_card_w") * 4, window.width() - px("gap_xl") * 2),
    )
    dialog.setObjectName("dialog.file")
    view = FileView(ctx)
    view.setMinimumHeight(max(min(window.height() - px("rail") * 4, px("step_card_w") * 4), px("side")))
    dialog.body.addWidget(view, 1)
    for action in actions:
        kind = "danger" if action.danger else "ghost"
        dialog.add_button(action.key, action.title, action.run, icon=action.icon, kind=kind, left=True)
    found: list[tuple[str, bytes]] = []

    def save() -> None:
        if found:
            save_as(host, ctx, *found[0])

    def run() -> None:
        if found:
            open_bytes(host, ctx, *found[0])

    saver = dialog.add_button("save", "file.save", save, icon="download", stay=True)
    opener = dialog.add_button("open", "file.open", run, icon="external-link", stay=True)
    dialog.add_button("close", "errors.close", kind="primary", shortcut="Esc")
    for button in (saver, opener):
        button.setEnabled(False)

    def arrived(file: Any) -> None:
        name = getattr(file, "file_name", "") or file.name
        found.append((name, file.content))
        saver.setEnabled(True)
        opener.setEnabled(not runs(name, file.content))
        view.show_file(file.mime, file.content)
        if runs(name, file.content):
            view.say(t("file.runs", name=name))

    def failed(error: BaseException) -> bool:
        view.say(error_words(error))
        return True

    ReadOp(dialog, ctx, read, *args).success(arrived).failure(failed).start()
    dialog.open()
    return dialog


def open_bytes(owner: QObject, ctx: AppContext, name: str, content: bytes) -> None:
    """Open bytes with the program the system has for them; what would run is not opened."""
    if runs(name, content):
        ctx.navigate.toast(t("file.runs", name=name), kind="warn")
        return
    mark = hashlib.sha256(content).hexdigest()[:8]
    target = paths.cache() / "documents" / mark / safe_name(name)

    def write() -> str:
        paths.ensure_private(target.parent.parent)
        paths.ensure_private(target.parent)
        target.write_bytes(content)
        return str(target)

    def show(done: "Future[str]") -> None:
        show_written(ctx, done, show_file)

    ctx.tasks.run(FILE, owner, write, show)


def ask_where(owner: QWidget, name: str) -> Path | None:
    """Ask where to save a file; None when nobody wants it after all."""
    folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen, _ = QFileDialog.getSaveFileName(
        owner, t("file.save").replace("&", ""), str(Path(folder) / safe_name(name))
    )
    return Path(chosen) if chosen else None


def save_as(owner: QWidget, ctx: AppContext, name: str, content: bytes) -> None:
    """Save bytes where the person says; asks first when a double click would run them."""

    def save() -> None:
        if (target := ask_where(owner, name)) is not None:
            ctx.tasks.run(FILE, owner, partial(target.write_bytes, content), partial(told, target))

    def told(target: Path, done: "Future[int]") -> None:
        if (error := done.exception()) is not None:
            ctx.navigate.toast(_why(error), kind="bad")
        else:
            ctx.navigate.toast(t("file.saved", name=target.name))

    if runs(name, content):
        ask(owner, t("file.runs_title"), t("file.runs", name=name), "file.save_anyway", save, danger=True)
    else:
        save()


def _why(error: BaseException) -> str:
    return t("file.not_written", reason=getattr(error, "strerror", None) or str(error))
