"""Said before a document is issued: characters no font has, which would stand as boxes on its paper."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from typing import Any

from app.core.i18n import t
from app.services.documents.glyphs import everyday, undrawable_in
from app.views.core.form_model import Notice
from app.views.core.tasks import FETCH, alive
from app.views.documents.issuing import named


class Unprintable:
    """Watches the words of a form.  ``page`` has `texts_on_paper()`, and shows its notices anew when there is news."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._asked: tuple[str, ...] = ()
        self._found: tuple[str, ...] = ()

    def notice(self) -> Notice | None:
        """The banner, None when everything can be drawn (or is not known yet: fonts are read in a worker)."""
        texts = tuple(dict.fromkeys(text for text in self._page.texts_on_paper() if not everyday(text)))
        if texts != self._asked:
            self._asked = texts
            if not texts:
                self._found = ()
            else:
                self._page.ctx.tasks.run(
                    FETCH, self._page, lambda: undrawable_in(texts), self._told, slot="unprintable"
                )
        if not self._found:
            return None
        return Notice(
            "unprintable",
            "warn",
            t("sales.notice.unprintable", characters=named(self._found)),
            t("sales.notice.unprintable_what"),
        )

    def _told(self, done: "Future[tuple[str, ...]]") -> None:
        found = done.result()
        if alive(self._page) and found != self._found:
            self._found = found
            self._page.show_notices_again()


def texts_in(thing: Any) -> Iterator[str]:
    """Every text of a value: of mappings, sequences, records."""
    if isinstance(thing, str):
        yield thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        for one in fields(thing):
            yield from texts_in(getattr(thing, one.name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from texts_in(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from texts_in(value)
