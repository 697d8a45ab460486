"""What the lists of sales share: states to filter by, people, row actions."""

from datetime import date
from typing import Any

from PySide6.QtWidgets import QApplication

from app.core import format as fmt
from app.core.clock import today
from app.services.sales.lists import OrderRow, QuoteRow
from app.views.core.context import AppContext
from app.views.core.list_spec import ListAction
from app.views.core.people import name, names
from app.views.core.table_model import Column
from app.views.sales import pdf
from app.views.sales.states import (
    Chips,
)


def choices(chips: Chips, *left_out: str) -> tuple[tuple[str, str], ...]:
    """States to filter by."""
    return tuple((state, key) for state, (_, key) in chips.items() if state not in left_out)


def late_tone(day: date | None, open_: bool) -> str | None:
    """Dates that are over are red; the words beside them say why."""
    return "bad" if open_ and day is not None and day < today() else None


def opens(topic: str) -> Any:
    """What opens a row in its own tab."""
    return lambda ctx, row: ctx.navigate.open_record(topic, row.id)


def makes_new(topic: str) -> Any:
    """What opens an empty form."""
    return lambda ctx, _rows: ctx.navigate.new_record(topic)


def prints(document_type: Any) -> ListAction:
    """The row action that opens the archived PDF."""

    def run(ctx: AppContext, rows: list[Any]) -> None:
        for row in rows:
            pdf.open_of(ctx.tasks, ctx, document_type, row.id)

    return ListAction(
        "pdf", "sales.action.pdf", run, "file-text", when=lambda row: bool(getattr(row, "number", None))
    )


def prints_on_paper(document_type: Any) -> ListAction:
    """The row and bulk action that prints the archived PDFs, in the order of the list."""

    def run(ctx: AppContext, rows: list[Any]) -> None:
        pdf.print_of(ctx.tasks, ctx, document_type, [row.id for row in rows])

    return ListAction(
        "print",
        "printing.print",
        run,
        "printer",
        "print_request",
        when=lambda row: bool(getattr(row, "number", None)),
    )


def by_person(ctx: AppContext, key: str, title: str, *, hidden: bool = True) -> Column:
    """A column with a person."""
    names(ctx)
    return Column(
        key,
        title,
        width=130,
        filter="choice",
        choices=_people,
        text=lambda row: name(ctx, getattr(row, key)) or fmt.NONE,
        hidden=hidden,
    )


def _people(session: Any) -> list[tuple[str, str]]:
    from app.services.security.reads import people

    return sorted(people(session).items(), key=lambda item: item[1])


def again_for_customer(topic: str) -> ListAction:
    """The row action that starts a new document for the same customer."""

    def run(ctx: AppContext, rows: list[Any]) -> None:
        ctx.navigate.new_record(topic, customer_id=rows[0].customer_id, customer_id_words=_customer(rows[0]))

    return ListAction("again", "sales.action.new_for_customer", run, "file-plus", right=f"{topic}:insert")


def _customer(row: QuoteRow | OrderRow) -> str:
    return f"{row.customer_number} · {row.customer}"


def window_in_front() -> Any:
    """The window a dialog of a list belongs to."""
    return QApplication.activeWindow() or next(w for w in QApplication.topLevelWidgets() if w.isVisible())
