"""What is incomplete in the data: how much of what, the records, and the way to each of them."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from PySide6.QtWidgets import QVBoxLayout

from app.core import format as fmt
from app.core.changes import Changes
from app.core.i18n import t
from app.services.legacy import quality
from app.services.legacy.quality import CheckCount, Found
from app.views.core.context import AppContext
from app.views.core.list_page import ListPage
from app.views.core.list_spec import Empty, ListAction, ListSpec, Preset
from app.views.core.operation import ReadOp
from app.views.core.table_model import Column
from app.views.legacy.count_tiles import CountTiles, TileItem
from app.views.legacy.words import SEVERITY

KEY = "legacy.quality"
count_errors = quality.count_errors
_MARKS = {"error": "bad_solid", "warning": "warn_solid"}


def _open(ctx: AppContext, row: Found) -> None:
    ctx.navigate.open_record(row.topic, row.record_id)


def _open_all(ctx: AppContext, rows: Sequence[Found]) -> None:
    for row in rows:
        _open(ctx, row)


def _detail(row: Found) -> str:
    """A number as people write it; other values as they are."""
    if row.detail is None:
        return ""
    if "." in row.detail:
        try:
            return fmt.number(Decimal(row.detail).normalize())
        except InvalidOperation:
            return row.detail
    return row.detail


def _checks(_session: Any) -> list[tuple[str, str]]:
    return [(check.code, t(f"quality.check.{check.code}")) for check in quality.readable(_session)]


SPEC = ListSpec(
    key=KEY,
    title="quality.title",
    icon="clipboard-check",
    fetch=quality.list_found,
    topics=quality.TOPICS,
    presets=(
        Preset("all", "kit.list.all"),
        Preset("errors", "quality.preset.errors"),
        *(Preset(area, f"quality.area.{area}") for area in quality.AREAS),
    ),
    columns=(
        Column(
            "severity",
            "quality.column.severity",
            "chip",
            96,
            filter="choice",
            choices=tuple((key, words) for key, (_kind, words) in SEVERITY.items()),
            chips=SEVERITY,
        ),
        Column(
            "check",
            "quality.column.check",
            width=260,
            filter="choice",
            choices=_checks,
            text=lambda row: t(f"quality.check.{row.check}"),
        ),
        Column("number", "quality.column.number", "bold", 130, filter="prefix"),
        Column("name", "quality.column.name", width=220, stretch=True, filter="contains"),
        Column("detail", "quality.column.detail", width=140, text=_detail, filter="contains"),
        Column(
            "topic",
            "quality.column.kind",
            width=120,
            text=lambda row: t(f"quality.topic.{row.topic}"),
            sortable=False,
        ),
        Column(
            "area",
            "quality.column.area",
            width=110,
            text=lambda row: t(f"quality.area.{row.area}"),
            hidden=True,
        ),
    ),
    row_actions=(ListAction("open", "kit.list.open", _open_all, "external-link"),),
    empty=Empty("quality.empty.title", "quality.empty.text"),
    open=_open,
    sort="severity",
    row_height="row_chip",
)


class QualityPage(ListPage):
    """The list with a tile for every check that found something."""

    def __init__(self, ctx: AppContext, state: dict[str, Any] | None = None) -> None:
        self.tiles = CountTiles()
        super().__init__(ctx, SPEC, state)
        self.tiles.chosen.connect(self._tile)
        self._count()

    def _build(self) -> None:
        super()._build()
        layout = self.layout()
        assert layout is not None
        item = layout.itemAt(0)
        left = item.layout() if item is not None else None
        assert isinstance(left, QVBoxLayout)
        left.insertWidget(1, self.tiles)

    def refresh(self) -> None:
        """Count again as well."""
        super().refresh()
        self._count()

    def on_changes(self, changes: Changes) -> None:
        """Count again as well."""
        super().on_changes(changes)
        self._count()

    def _count(self) -> None:
        ReadOp(self, self.ctx, quality.counts).replacing("tiles").success(self._counted).failure(
            lambda _error: True
        ).start()

    def _counted(self, found: Sequence[CheckCount]) -> None:
        order = sorted(found, key=lambda one: (one.severity != "error", -one.found))
        self.tiles.show_items(
            [
                TileItem(one.check, t(f"quality.check.{one.check}"), one.found, _MARKS[one.severity])
                for one in order
            ],
            self._chosen(),
        )

    def _chosen(self) -> str:
        checks = self.table.header.typed().get("check")
        return str(checks[0]) if isinstance(checks, list) and len(checks) == 1 else ""

    def _tile(self, key: str) -> None:
        self.show_check(key)

    def show_check(self, key: str) -> None:
        """Show the records of one check, or all of them again."""
        typed = dict(self.table.header.typed())
        typed.pop("check", None)
        if key:
            typed["check"] = [key]
        self.table.header.set_typed(typed)
        self._load_used_choices()
        self._ask()
