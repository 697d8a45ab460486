"""Papers of records sent to the printer their kind is routed to, several in the order of their rows."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject

from app.core.i18n import language
from app.services.printing.commands import PrintDocument
from app.views.core.context import AppContext
from app.views.core.form_model import FormAction
from app.views.core.list_spec import ListAction
from app.views.core.papering import Build, made, paper_of
from app.views.printing.button import RIGHT, print_documents


def print_papers(
    owner: QObject, ctx: AppContext, kind: str, topic: str, build: Build, ids: Sequence[int]
) -> None:
    """Make the papers of these records and print them, in this order, in the language of the screen."""
    paper, speaks = paper_of(ctx), language()

    def make(session: Any) -> list[PrintDocument]:
        found = []
        for record_id in ids:
            name, content = made(session, paper, build, (record_id, speaks))
            found.append(
                PrintDocument(content, name.removesuffix(".pdf").replace("_", " "), topic, record_id)
            )
        return found

    print_documents(owner, ctx, kind, make)


def print_button(kind: str, topic: str, build: Build) -> FormAction:
    """What a form offers: its record's paper on the printer; with Ctrl it asks how."""
    return FormAction(
        f"print_{kind}",
        f"papering.print.{kind}",
        "printer",
        lambda page: print_papers(page, page.ctx, kind, topic, build, [page.record.id]),
        "menu",
        right=RIGHT,
        visible=lambda page: page.record.id is not None,
    )


def print_rows(kind: str, topic: str, build: Build) -> ListAction:
    """What a list offers for its selected rows, whose ``id`` is the record's."""

    def run(ctx: AppContext, rows: list[Any]) -> None:
        print_papers(ctx.tasks, ctx, kind, topic, build, [row.id for row in rows])

    return ListAction(f"print_{kind}", f"papering.print.{kind}", run, "printer", right=RIGHT)
