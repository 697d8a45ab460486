"""Roles beside each other: every right a line, every role a column, grouped by area."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import has_text, language, t
from app.core.paging import ListQuery
from app.services.security import roles, shelf
from app.services.security.roles import RoleRow
from app.services.security.shelf import RightRow
from app.views.core.context import AppContext
from app.views.core.inputs import LineEdit
from app.views.core.marks import IconLabel, Label
from app.views.core.operation import ReadOp
from app.views.core.page_head import PageHead
from app.views.core.rows_export import RowsExport
from app.views.core.rows_model import RowsModel
from app.views.core.rows_view import RowsView
from app.views.core.segmented import SegmentedTabs
from app.views.core.surfaces import clear_layout
from app.views.core.table_model import Column
from app.views.core.theme import px
from app.views.core.workspace import TabPage
from app.views.security.role_dialog import area_of

KEY = "security.grid"
NO_LIMIT = 1_000_000_000  # what the matrix writes for those without one
ROOMY = 7  # so many roles have room for their full names
GROUPS = {"functional": ("functional",), "core": ("core",), "custom": ("custom",)}


class GridRow(NamedTuple):
    """A right, a limit (words by role), or, with neither, the area they stand under."""

    path: tuple[int, ...]
    words: str
    right: RightRow | None = None
    limits: Mapping[str, str] | None = None

    @property
    def is_area(self) -> bool:
        """Whether others stand below."""
        return self.right is None and self.limits is None


def _read(session: Any, lang: str) -> tuple[Sequence[RightRow], Sequence[RoleRow]]:
    return shelf.list_rights(session, ListQuery(language=lang)).rows, roles.roles(session)


def limit_rows(number: int, known: Sequence[RoleRow]) -> list[GridRow]:
    """The limits roles have, as one more area."""
    found: dict[str, dict[str, str]] = {}
    for role in known:
        for name, value in role.limits.items():
            found.setdefault(name, {})[role.name] = limit_words(value)
    rows = [GridRow((number,), t("roles.limits"))]
    for place, (name, limits) in enumerate(sorted(found.items())):
        key = f"roles.limit.{name}"
        rows.append(GridRow((number, place), t(key) if has_text(key) else name, limits=limits))
    return rows


def limit_words(value: Any) -> str:
    """How high a limit is."""
    return t("roles.no_limit") if value >= NO_LIMIT else f"≤ {fmt.number(value)}"


def grid_rows(rights: Sequence[RightRow], known: Sequence[RoleRow] = ()) -> list[GridRow]:
    """Areas and below them their rights, both by name; the limits of roles at the end."""
    areas: dict[str, list[RightRow]] = {}
    for row in rights:
        areas.setdefault(area_of(row.right), []).append(row)
    found: list[GridRow] = []
    for number, area in enumerate(sorted(areas, key=str.casefold)):
        found.append(GridRow((number,), area))
        inside = sorted(areas[area], key=lambda one: one.words.casefold())
        found += [GridRow((number, place), row.words, row) for place, row in enumerate(inside)]
    return found + limit_rows(len(areas), known)


def carried(rows: Sequence[GridRow], names: set[str]) -> list[GridRow]:
    """The rows one of these roles has something to say about, with their areas."""
    lines = [
        row for row in rows if names & set(row.right.roles if row.right is not None else row.limits or ())
    ]
    areas = {row.path[:1] for row in lines}
    kept = {row.path for row in lines}
    return [row for row in rows if row.path in (areas if row.is_area else kept)]


def mark(role: str, row: GridRow) -> str:
    """What a role may: everything, a part of the rows, up to a limit, nothing; empty for an area."""
    if row.limits is not None:
        return row.limits.get(role, "–")
    if row.right is None:
        return ""
    if role not in row.right.roles:
        return "–"
    return t("grid.part") if row.right.row_scope else "✓"


def _words(role: str, row: GridRow) -> str:
    shown = mark(role, row)
    return "" if shown == "✓" else shown


def _icon(role: str, row: GridRow) -> tuple[str, str] | None:
    return ("check", "ok") if mark(role, row) == "✓" else None


def _tone(role: str, row: GridRow) -> str:
    return "text3" if mark(role, row) == "–" else "text"


class RightsGridPage(TabPage):
    """Roles of one kind at a time; a search narrows the rights."""

    icon = "table"
    topics = frozenset({roles.ROLES})

    def __init__(self, ctx: AppContext, state: dict[str, Any]) -> None:
        super().__init__(ctx)
        self.setObjectName(KEY)
        self._group = str(state.get("group") or "functional")
        self._rights: list[GridRow] = []
        self._roles: Sequence[RoleRow] = ()
        self.model: RowsModel | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._head = PageHead()
        self._head.show_title(self.title())
        column.addWidget(self._head)
        self._export = RowsExport(self, ctx, self.title, self._columns, self._exported)
        self._head.add(self._export.button())
        self._head.add(self._export.print_button())
        tools = QHBoxLayout()
        tools.setContentsMargins(px("margin_l"), 0, px("margin"), px("gap_s"))
        self._tabs = SegmentedTabs([(key, t(f"grid.group.{key}")) for key in GROUPS], self._group)
        self._tabs.chosen.connect(self.choose)
        tools.addWidget(self._tabs)
        tools.addStretch(1)
        self._search = LineEdit(t("roles.search"), t("roles.search"), leading="search")
        self._search.setObjectName("field.search")
        self._search.setFixedWidth(px("side"))
        self._search.setText(str(state.get("text") or ""))
        self._search.textChanged.connect(self._narrow)
        tools.addWidget(self._search)
        column.addLayout(tools)
        self._spot = QVBoxLayout()
        column.addLayout(self._spot, 1)
        legend = QHBoxLayout()
        legend.setContentsMargins(px("margin_l"), px("gap_s"), px("margin"), px("gap_s"))
        legend.setSpacing(px("gap_s"))
        legend.addWidget(IconLabel("check", px("icon_small"), "ok"))
        for key in ("grid.legend.all", "grid.legend.part", "grid.legend.none"):
            legend.addWidget(Label(t(key), "small", "text2"))
            legend.addSpacing(px("gap_m"))
        legend.addStretch(1)
        column.addLayout(legend)
        self.refresh()

    def title(self) -> str:
        """The word on the tab."""
        return t("grid.title")

    def state(self) -> dict[str, Any]:
        """The kind of roles and what is searched for."""
        return {"group": self._group, "text": self._search.text()}

    def refresh(self) -> None:
        """Read again."""
        op: ReadOp[Any] = ReadOp(self, self.ctx, _read, language())
        op.replacing("grid").success(self._show).start()

    def on_changes(self, _changes: Changes) -> None:
        """A role is different."""
        self.refresh()

    def choose(self, group: str) -> None:
        """Show roles of another kind."""
        self._group = group
        self._tabs.set_current(group)
        self._table()
        self.changed.emit()

    def shown_roles(self) -> list[RoleRow]:
        """The roles that are columns now."""
        kinds = GROUPS.get(self._group, ())
        found = [r for r in self._roles if r.kind in kinds and r.holder == "person" and not r.retired]
        return sorted(found, key=lambda one: one.title(language()).casefold())

    def _show(self, found: tuple[Sequence[RightRow], Sequence[RoleRow]]) -> None:
        rights, self._roles = found
        people = {row.name for row in self._roles if row.holder == "person" and row.kind != "template"}
        self._rights = grid_rows([row for row in rights if people & set(row.roles)], self._roles)
        number = sum(row.right is not None for row in self._rights)
        self._head.show_title(self.title(), line=t("grid.line", roles=len(people), rights=number))
        self._table()

    def _columns(self) -> tuple[Column, ...]:
        columns = [Column("words", "matrix.right", "two_line", 300, stretch=True)]
        shown = self.shown_roles()
        roomy = len(shown) <= ROOMY
        for one in shown:
            short = f"grid.short.{one.name}"
            words = one.title(language())
            columns.append(
                Column(
                    one.name,
                    "grid.role",
                    "icon_text",
                    px("col_min") * (3 if roomy else 2) + px("gap_s"),
                    value=partial(mark, one.name),
                    text=partial(_words, one.name),
                    icon=partial(_icon, one.name),
                    tone=partial(_tone, one.name),
                    head_params={"role": words if roomy or not has_text(short) else t(short)},
                )
            )
        return tuple(columns)

    def _table(self) -> None:
        clear_layout(self._spot)
        self.model = RowsModel(
            self._columns(), path=lambda row: row.path, strong=lambda row: row.is_area, parent=self
        )
        table = RowsView(self.model, tree_column="words", name="grid", parent=self)
        table.setAccessibleName(self.title())
        table.doubleClicked.connect(lambda index: self._open(index.row()))
        self._spot.addWidget(table)
        self.model.set_rows(carried(self._rights, {one.name for one in self.shown_roles()}))
        self._narrow(self._search.text())

    def _narrow(self, text: str) -> None:
        typed = text.casefold().split()
        if self.model is not None:
            self.model.show_only(
                (lambda row: not row.is_area and all(word in row.words.casefold() for word in typed))
                if typed
                else None
            )

    def _open(self, number: int) -> None:
        row: GridRow | None = self.model.row(number) if self.model is not None else None
        if row is not None and row.right is not None:
            self.ctx.navigate.open_workspace(
                "security.matrix", preset="all", filters={"words": row.right.words}
            )

    def _exported(self) -> list[GridRow]:
        return [] if self.model is None else list(self.model.everything)


def page(ctx: AppContext, state: dict[str, Any]) -> RightsGridPage:
    """The page."""
    return RightsGridPage(ctx, state)
