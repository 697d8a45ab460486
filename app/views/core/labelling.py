"""The way from records to their labels."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.views.core.form_model import FormAction
from app.views.core.list_spec import ListAction

if TYPE_CHECKING:
    from app.views.core.context import AppContext

PAGE = "labels.print"


def open_labels(topic: str, ctx: "AppContext", ids: Sequence[int]) -> None:
    """The page that prints labels, with these records on it."""
    ctx.navigate.open_workspace(PAGE, topic=topic, ids=list(ids))


def label_action(topic: str) -> ListAction:
    """What a list offers for its rows: their labels.  The rows' ``id`` is the record's."""

    def run(ctx: "AppContext", rows: list[Any]) -> None:
        open_labels(topic, ctx, [row.id for row in rows])

    return ListAction("labels", "labels.action", run, "tags")


def label_button(topic: str) -> FormAction:
    """What a form offers: the labels of its record."""

    def run(page: Any) -> None:
        open_labels(topic, page.ctx, [page.record.id])

    return FormAction(
        "labels", "labels.action", "tags", run, "menu", visible=lambda page: page.record.id is not None
    )
