"""The lists of sales and finance, and what builds their pages."""

from dataclasses import replace
from typing import Any

from app.views.core.list_page import ListPage


def page(spec: Any) -> Any:
    """What builds the list of a spec."""
    return lambda ctx, state: ListPage(ctx, spec(ctx), state)


def page_as(spec: Any, key: str, title: str) -> Any:
    """The same list in another group, with a memory of its own."""
    return lambda ctx, state: ListPage(ctx, replace(spec(ctx), key=key, title=title), state)
