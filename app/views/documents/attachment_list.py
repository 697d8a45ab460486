"""All attachments in one list, found by name, whatever record they lie beside."""

from typing import Any

from app.core.i18n import has_text, t
from app.services.documents.attachments import (
    ATTACHMENT,
    AttachedFile,
    AttachmentRow,
    attached_file,
    list_attachments,
)
from app.views.core.context import AppContext
from app.views.core.errors import host_of
from app.views.core.file_dialog import open_bytes, save_as, size_words
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec
from app.views.core.operation import ReadOp
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.documents.archive_list import open_record

KEY, TITLE, RIGHT = "documents.attachments", "archive.attachments.title", f"{ATTACHMENT}:select"


def record_words(topic: str) -> str:
    """What the records of a table are called."""
    key = f"topic.{topic}"
    words = t(key) if has_text(key) else topic
    return words[:1].upper() + words[1:]


def attachment_list(ctx: AppContext) -> ListSpec:
    """The newest first."""
    names(ctx)
    return ListSpec(
        key=KEY,
        title=TITLE,
        icon="paperclip",
        fetch=list_attachments,
        topics=frozenset({ATTACHMENT}),
        columns=(
            Column("name", "archive.attachments.name", "bold", 280, stretch=True, filter="contains"),
            Column(
                "topic",
                "archive.attachments.record",
                width=190,
                text=lambda row: record_words(row.topic),
            ),
            Column("version", "archive.attachments.version", "number", 80, spare=5),
            Column("size", "archive.column.size", width=90, text=lambda row: size_words(row.size), spare=4),
            Column("comment", "archive.attachments.comment", width=220, filter="contains", spare=1),
            Column("added_at", "archive.attachments.added_at", "date_time", 148, filter="date", spare=2),
            Column(
                "added_by",
                "archive.attachments.added_by",
                width=140,
                text=lambda row: name(ctx, row.added_by),
                spare=3,
            ),
            Column("mime", "archive.column.format", width=150, hidden=True, filter="contains"),
        ),
        row_actions=(
            ListAction("open", "file.open", lambda ctx_, rows: _open(ctx_, rows[0]), "external-link"),
            ListAction("save", "file.save", _save, "download"),
            ListAction("record", "archive.record", open_record, "corner-down-right"),
        ),
        empty=Empty("archive.attachments.empty", "archive.attachments.empty_text"),
        open=_open,
        sort="added_at",
        descending=True,
    )


def attachments_page(ctx: AppContext, state: dict[str, Any]) -> ListPage:
    """The list."""
    return ListPage(ctx, attachment_list(ctx), state)


def _open(ctx: AppContext, row: AttachmentRow) -> None:
    op: ReadOp[AttachedFile] = ReadOp(ctx.tasks, ctx, attached_file, row.id)
    op.success(lambda file: open_bytes(ctx.tasks, ctx, file.name, file.content)).start()


def _save(ctx: AppContext, rows: list[Any]) -> None:
    host = host_of(ctx.tasks)

    def arrived(file: AttachedFile) -> None:
        if host is not None:
            save_as(host, ctx, file.name, file.content)

    ReadOp(ctx.tasks, ctx, attached_file, rows[0].id).success(arrived).start()
