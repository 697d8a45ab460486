"""How a list is declared: columns, presets, actions, empty state; everything else the kit does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.core.paging import Filter
from app.views.core.surfaces import Step
from app.views.core.table_model import CHECK, Column, Fetch, PagedTableModel, Runner

if TYPE_CHECKING:
    from app.views.core.context import AppContext

CHECK_COLUMN = Column(CHECK, "", "check", width=32, sortable=False, exported=False)


@dataclass(frozen=True, slots=True)
class Preset:
    """A filter that comes with the program, shown as a tab over the list.

    ``title`` is a text key.  ``filters`` always apply while it is chosen; ``key`` also goes to the service as
    `ListQuery.preset`, for what filters cannot say.  ``count`` shows how many rows it has, ``empty`` what is said when
    it has none, where the list's own words would be wrong.
    """

    key: str
    title: str
    filters: tuple[Filter, ...] = ()
    count: bool = False
    empty: "Empty | None" = None


@dataclass(frozen=True, slots=True)
class ListAction:
    """Something to do with rows, or (as the primary action) without any.

    ``run(ctx, rows)``; ``right`` is what the profile must have, ``when(row)`` whether a row allows it (all selected
    ones must).  ``shortcut`` such as ``Ctrl+N``.  ``of_all``: a primary action that does something with all there is
    instead of adding to it; an empty list does not offer it.
    """

    key: str
    title: str
    run: Callable[["AppContext", list[Any]], object]
    icon: str | None = None
    right: str = ""
    shortcut: str | None = None
    when: Callable[[Any], bool] | None = None
    danger: bool = False
    of_all: bool = False


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says while there is nothing yet: text keys, up to three steps of ``(title key, text key)``,
    further actions beside the primary one (for example an import)."""

    title: str
    text: str
    steps: tuple[tuple[str, str], ...] = ()
    first: str = ""
    actions: tuple[ListAction, ...] = ()


@dataclass(frozen=True)
class ListSpec:
    """A list as data.

    ``fetch(session, query)`` is the service read that gives a `Page`.  ``open(ctx, row)`` opens a row, ``detail(ctx,
    row)`` makes the pane beside the list, ``counts(session)`` gives the numbers of all presets that show one in one
    round trip (else each is counted by ``fetch``).  ``topics`` are the tables whose changes concern the list, ``sort``
    the column key to begin with (``descending`` for newest first), ``row_height`` a measure token.  ``more`` are
    further buttons of the head, before the primary one.  ``run(ctx, page)`` reads from elsewhere than the database.
    """

    key: str
    title: str
    icon: str
    columns: tuple[Column, ...]
    fetch: Fetch
    topics: frozenset[str] = frozenset()
    presets: tuple[Preset, ...] = (Preset("all", "kit.list.all"),)
    primary: ListAction | None = None
    more: tuple[ListAction, ...] = ()
    bulk: tuple[ListAction, ...] = ()
    row_actions: tuple[ListAction, ...] = ()
    row_height: str = "row_chip"
    empty: Empty | None = None
    open: Callable[["AppContext", Any], object] | None = None
    detail: Callable[["AppContext", Any], QWidget] | None = None
    sort: str = ""
    descending: bool = False
    id_field: str = "id"
    counts: Callable[..., Mapping[str, int]] | None = None
    title_params: dict[str, object] = field(default_factory=dict)
    run: Callable[["AppContext", QObject], Runner] | None = None

    def model(self, ctx: "AppContext", page: QObject) -> PagedTableModel:
        """The rows as far as they were read."""
        run = self.run(ctx, page) if self.run is not None else None
        columns, key = self.all_columns(), self.id_field
        return PagedTableModel(ctx, columns, self.fetch, owner=page, run=run, key=key, parent=page)

    def all_columns(self) -> tuple[Column, ...]:
        """The declared columns with the one to tick rows in front."""
        return (CHECK_COLUMN, *self.columns)

    def steps(self, translate: Callable[[str], str]) -> list[Step]:
        """The steps of the empty state in words."""
        return [
            Step(translate(title), translate(text))
            for title, text in (self.empty.steps if self.empty else ())
        ]
