"""Every table of the old system, as it is there: columns, rows, filters, export.  Nothing is changed."""

import datetime as dt
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from PySide6.QtCore import QObject
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.core import format as fmt
from app.core.i18n import t
from app.core.paging import ListQuery, Page
from app.services.legacy.browse import impatient, open_reader
from app.services.legacy.tables import NUMBERS, Browser, Known, Raw, known_tables
from app.services.legacy.wire import Field, Table
from app.views.core.buttons import Button
from app.views.core.context import AppContext
from app.views.core.detail import DetailPane, section, text_row, value_row
from app.views.core.inputs import SearchEdit
from app.views.core.list_export import error_words
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListSpec
from app.views.core.marks import Divider, Label
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.surfaces import EmptyState, Loading, Step
from app.views.core.table_model import Column, Runner
from app.views.core.tasks import FILE, READ
from app.views.core.theme import fill, px
from app.views.core.workspace import TabPage
from app.views.legacy.quarantine_pane import as_text
from app.views.legacy.words import titled

KEY = "legacy.browse"
T = TypeVar("T")
SHOWN_COLUMNS, LONGEST = 9, 120


class TableRow(NamedTuple):
    """A table and what it is called here."""

    name: str
    title: str


TABLES = Column("name", "legacy.browse.tables", "two_line", 200, stretch=True, second=lambda row: row.title)


class BrowsePage(TabPage):
    """Tables at the left, the chosen one as a list beside them.

    Nobody asks the old system before somebody wants it: who browses leads for that time.
    """

    icon = "table"

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName("page.browse")
        self._table = str(state.get("table", ""))
        self._known: dict[str, Known] = {}
        self._names: Sequence[str] = ()
        self._asked = False
        self._filling = False
        self.browser = Browser(lambda: open_reader(ctx.db, wait=impatient))
        self.list: ListPage | None = None
        fill(self, "window")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(t("legacy.browse.title"), line=t("legacy.browse.line"))
        column.addWidget(self._head)
        column.addWidget(Divider())
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self._make_side())
        row.addWidget(Divider(vertical=True))
        self.stack = QStackedWidget()
        row.addWidget(self.stack, 1)
        column.addLayout(row, 1)
        self._show_first()
        ReadOp(self, ctx, known_tables).success(self._show_known).start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks: whoever syncs may go on."""
        super().hideEvent(event)
        if self._asked:
            tasks = self.ctx.tasks
            tasks.run(FILE, tasks, self.browser.release, lambda _future: None)

    def _make_side(self) -> QWidget:
        side = QWidget()
        fill(side, "surface")
        side.setFixedWidth(px("side") - px("gap_xl"))
        box = QVBoxLayout(side)
        box.setContentsMargins(px("gap_m"), px("gap_m"), px("gap_m"), px("gap_m"))
        box.setSpacing(px("gap"))
        self.search = SearchEdit(t("legacy.browse.search"), size="toolbar")
        self.search.setObjectName("browse.search")
        self.search.searched.connect(lambda _words: self._fill_tables())
        box.addWidget(self.search)
        self._model = RowsModel((TABLES,), key=lambda row: row.name, parent=self)
        self.tables = RowsView(self._model, row_height=px("row_two"), name="browse.tables", parent=side)
        self.tables.setAccessibleName(t("legacy.browse.tables"))
        self.tables.horizontalHeader().hide()
        self.tables.selection_changed.connect(self._chosen)
        box.addWidget(self.tables, 1)
        self._count = Label("", "small", "text3")
        box.addWidget(self._count)
        return side

    # -- TabPage --------------------------------------------------------------------------------------------------

    def title(self) -> str:
        """The table in front, else the screen's name."""
        return self._table or t("legacy.browse.title")

    def identity(self) -> str:
        """There is one."""
        return f"workspace:{KEY}"

    def state(self) -> dict[str, Any]:
        """The table in front."""
        return {"table": self._table}

    def refresh(self) -> None:
        """Read the rows again."""
        if self.list is not None:
            self.list.model.reload()

    # -- tables ---------------------------------------------------------------------------------------------------

    def _show_first(self) -> None:
        first = Button("legacy.browse.connect", "plug", "primary", clicked=self.connect_server)
        first.setObjectName("action.connect")
        steps = [Step(t(f"legacy.browse.step{n}.title"), t(f"legacy.browse.step{n}.text")) for n in (1, 2)]
        self._put(
            EmptyState("table", t("legacy.browse.empty.title"), t("legacy.browse.empty.text"), [first], steps)
        )

    def _put(self, widget: QWidget) -> None:
        old = self.stack.currentWidget()
        self.stack.addWidget(widget)
        self.stack.setCurrentWidget(widget)
        if old is not None:
            self.stack.removeWidget(old)
            old.deleteLater()
        self.list = widget if isinstance(widget, ListPage) else None

    def _show_known(self, found: Sequence[Known]) -> None:
        self._known = {one.source: one for one in found}
        if not self._names:
            self._names = sorted(self._known, key=str.casefold)
        self._fill_tables()

    def _fill_tables(self) -> None:
        words = self.search.text().casefold()
        rows = []
        for name in self._names:
            known = self._known.get(name)
            title = titled(known.title, "") if known else ""
            row = TableRow(name, title if title != name else "")
            if words in f"{row.name} {row.title}".casefold():
                rows.append(row)
        self._filling = True
        self._model.set_rows(rows)
        self.tables.select_keys([self._table])
        self._filling = False
        self._count.setText(t("legacy.browse.count", n=len(self._names), count=fmt.number(len(self._names))))

    def connect_server(self) -> None:
        """Ask the old system for its tables."""
        self._put(Loading("legacy.browse.connecting"))
        self._asked = True
        ask(self.ctx, self, self.browser.tables, self._show_tables, self._no_tables)

    def _no_tables(self, error: BaseException) -> bool:
        retry = Button("kit.list.retry", "refresh-cw", clicked=self.connect_server)
        retry.setObjectName("action.connect")
        self._put(EmptyState("server-off", t("legacy.browse.failed"), error_words(error), [retry]))
        return True

    def _show_tables(self, names: tuple[str, ...]) -> None:
        self._names = names
        self._fill_tables()
        if self._table in names:
            self.open_table(self._table)
        else:
            self._put(EmptyState("table", t("legacy.browse.choose"), t("legacy.browse.choose_text")))

    def _chosen(self) -> None:
        row: TableRow | None = self.tables.current_row()
        if row is not None and not self._filling and row.name != self._table:
            self.open_table(row.name)

    def open_table(self, name: str) -> None:
        """Show a table's rows."""
        self._table = name
        self.changed.emit()
        if not self._asked:
            self.connect_server()
            return
        self._put(Loading())
        browser = self.browser
        ask(self.ctx, self, lambda: browser.describe(None, name), self._show_table, self._no_tables)

    def _show_table(self, table: Table) -> None:
        self._put(ListPage(self.ctx, spec_of(table, self.browser), {}))
        self.changed.emit()


# -- a table as a list -----------------------------------------------------------------------------------------------


def spec_of(table: Table, browser: Browser) -> ListSpec:
    """A list with a column for every column of the table; the first of them are shown."""

    def fetch(_session: object, query: ListQuery) -> Page:
        return browser.rows(table.name, query)

    columns = tuple(_column(field, number, table) for number, field in enumerate(_ordered(table)))
    return ListSpec(
        key=f"legacy.browse.{table.name}",
        title="legacy.browse.table",
        title_params={"table": table.name},
        icon="table",
        columns=columns,
        fetch=fetch,
        detail=lambda ctx, row: RawPane(ctx, table, row),
        empty=Empty("legacy.browse.nothing.title", "legacy.browse.nothing.text"),
        row_height="row_dense",
        run=lambda ctx, owner: _runner(ctx, owner, table.name, browser),
    )


def ask(
    ctx: AppContext,
    owner: QObject,
    work: Callable[[], T],
    done: Callable[[T], object],
    failed: Callable[[BaseException], object],
) -> None:
    """Ask the old system in the background; of several questions of an owner only the newest counts."""

    def answered(future: "Future[T]") -> None:
        error = future.exception()
        if error is None:
            done(future.result())
        else:
            failed(error)

    ctx.tasks.run(READ, owner, work, answered, label=t("legacy.browse.connecting"), slot="legacy")


def _runner(ctx: AppContext, owner: QObject, table: str, browser: Browser) -> Runner:
    def run(
        query: ListQuery, answer: Callable[[Page], None], failure: Callable[[BaseException], object]
    ) -> None:
        ask(ctx, owner, lambda: browser.rows(table, query), answer, failure)

    return run


def _ordered(table: Table) -> list[Field]:
    """The key first, then what is short and tells something, at last whatever is large."""
    audit = ("created_", "modified_")

    def rank(field: Field) -> tuple[int, int]:
        place = table.fields.index(field)
        if field.name in table.key and field.type != "uuid":
            return 0, place
        if field.type in ("object", "blob", "image") or field.name.startswith(audit):
            return 3, place
        return (2 if field.type == "uuid" else 1), place

    return sorted(table.fields, key=rank)


def _column(field: Field, number: int, table: Table) -> Column:
    name = field.name
    numeric, date = field.type in NUMBERS, field.type == "date"
    kind = "bold" if not number else "number" if numeric and number else "text"
    searchable = "min" if numeric else "date" if date else "contains" if field.type == "string" else "none"
    if name in table.key and field.type == "string":
        searchable = "prefix"
    return Column(
        name,
        "legacy.browse.column",
        kind,
        110 if numeric or date else 160,
        filter=searchable,
        hidden=number >= SHOWN_COLUMNS,
        value=lambda row: row.values.get(name),
        text=lambda row: _words(row.values.get(name)),
        align="right" if numeric and number else "",
        head_params={"name": name},
        sortable=field.type not in ("object", "blob", "image"),
    )


def _words(value: object) -> str:
    if value is None or value == "":
        return fmt.NONE
    if isinstance(value, bool):
        return t("kit.yes") if value else t("kit.no")
    if isinstance(value, dt.datetime):
        return fmt.date_time(value)
    if isinstance(value, dt.date):
        return fmt.date_(value)
    if isinstance(value, dt.time):
        return f"{value:%H:%M:%S}"
    if isinstance(value, Decimal):
        return fmt.number(value)
    words = as_text(value)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


class RawPane(DetailPane):
    """A row with all its columns, and the columns with their kinds."""

    def __init__(self, _ctx: AppContext, table: Table, row: Raw) -> None:
        super().__init__()
        self.setObjectName("pane.raw")
        self.head(
            row.id,
            table.name,
            note=t("legacy.browse.columns", n=len(table.fields), count=fmt.number(len(table.fields))),
        )
        record = self.tab("record", t("legacy.browse.record"))
        for name, value in row.values.items():
            if not name.startswith("__"):
                shown = _words(value)
                if len(shown) > 34:
                    record.addWidget(section(name))
                    record.addWidget(text_row(as_text(value), style="small", color="text"))
                else:
                    record.addWidget(value_row(name, shown, None))
        fields = self.tab("fields", t("legacy.browse.fields"))
        for field in table.fields:
            unit = (
                t("legacy.browse.key")
                if field.name in table.key
                else t("legacy.browse.indexed")
                if field.indexed
                else ""
            )
            fields.addWidget(value_row(field.name, field.type, unit))
        if table.relations:
            fields.addWidget(section(t("legacy.browse.relations")))
            for one in table.relations:
                fields.addWidget(value_row(one.name, one.target, "1:n" if one.many else "n:1"))
