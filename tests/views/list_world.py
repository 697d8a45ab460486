"""A list of pewter figures in memory, answered by the real task manager, for tests of the list kit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

from PySide6.QtCore import QObject

from app.core.dialect import Counter
from app.core.paging import Filter, ListQuery, Page
from app.views.core.changes_bus import ChangesBus
from app.views.core.list_spec import ListAction, ListSpec, Preset
from app.views.core.settings_store import SettingsStore
from app.views.core.table_model import Column
from app.views.core.tasks import TaskManager


class Figure(NamedTuple):
    """One row."""

    id: int
    sku: str
    name: str
    finish: str
    stock: Decimal
    price: Decimal | None
    cost: Decimal
    made_on: date
    changed_at: datetime
    status: str


def figures(count: int) -> list[Figure]:
    """So many figures, all different."""
    return [
        Figure(
            n,
            f"80{n:04d}",
            f"Engel {n}",
            ("painted", "blank")[n % 2],
            Decimal(n) / 2,
            None if n == 7 else Decimal("8.60") + n,
            Decimal("3.10"),
            date(2026, 1 + n % 12, 1 + n % 28),
            datetime(2026, 11, 20, 13, 36, tzinfo=UTC),
            ("ok", "low")[n % 2],
        )
        for n in range(1, count + 1)
    ]


def _fits(row: Figure, item: Filter) -> bool:
    value = getattr(row, item.key)
    match item.op:
        case "contains":
            return str(item.value).lower() in value.lower()
        case "prefix":
            return bool(value.lower().startswith(str(item.value).lower()))
        case "in":
            return value in item.value
        case "min":
            return value is not None and bool(value >= item.value)
        case "max":
            return value is not None and bool(value <= item.value)
    return bool(value == item.value)


@dataclass
class World:
    """The rows as a service read would give them, and every question that came."""

    rows: list[Figure] = field(default_factory=lambda: figures(1200))
    asked: list[ListQuery] = field(default_factory=list)
    error: BaseException | None = None

    @property
    def question(self) -> ListQuery:
        """The last one that came."""
        return self.asked[-1]

    def fetch(self, _session: Any, query: ListQuery) -> Page:
        """Filter, sort and cut as `fetch_page` does it in SQL."""
        self.asked.append(query)
        if self.error is not None:
            raise self.error
        rows = [row for row in self.rows if all(_fits(row, item) for item in query.filters)]
        if query.sort:
            rows.sort(key=lambda row: getattr(row, query.sort) or Decimal(0), reverse=query.descending)
        start = 0 if query.after is None else query.after[1]
        part = rows[start : start + query.limit]
        more = start + query.limit < len(rows)
        return Page(
            part, (None, start + query.limit) if more else None, len(rows) if query.count else None, True
        )


class Memory:
    """Stands where the connection pool stands: runs a read with no session."""

    counter = Counter()

    def read(self, fn: Callable[..., Any], *args: Any) -> Any:
        return fn(None, *args)

    def cancel(self, _thread: int) -> None:
        return None


def context(folder: Path, parent: QObject, *, denied: Sequence[str] = ()) -> Any:
    """An application around a page: real tasks, bus and settings."""
    return SimpleNamespace(
        db=Memory(),
        tasks=TaskManager(parent),
        bus=ChangesBus(parent),
        settings=SettingsStore(folder / "settings.json", parent=parent),
        profile=SimpleNamespace(can=lambda right: right not in denied),
        images=None,
        navigate=None,
    )


STATUS = {"ok": ("ok", "kit.yes"), "low": ("warn", "kit.no")}


def spec(world: World, **changes: Any) -> ListSpec:
    """The list of figures."""
    values: dict[str, Any] = {
        "key": "figures",
        "title": "kit.picture",
        "icon": "package",
        "fetch": world.fetch,
        "topics": frozenset({"catalog.product"}),
        "columns": (
            Column("sku", "kit.list.name", "code", width=90, filter="prefix"),
            Column("name", "kit.list.name", "bold", width=220, stretch=True, filter="contains"),
            Column(
                "finish",
                "kit.column.picture",
                width=90,
                filter="choice",
                choices=(("painted", "kit.yes"), ("blank", "kit.no")),
            ),
            Column("stock", "kit.list.all", "quantity", width=80, filter="min"),
            Column("price", "kit.list.all", "money", width=80, filter="min"),
            Column("cost", "kit.list.all", "money", width=80, right="cost"),
            Column("made_on", "kit.list.all", "date", width=90, filter="date"),
            Column("changed_at", "kit.list.all", "date_time", width=120, filter="date", hidden=True),
            Column("status", "kit.list.filter", "chip", width=100, chips=STATUS),
        ),
        "presets": (
            Preset("all", "kit.list.all"),
            Preset("blank", "kit.no", (Filter("finish", "eq", "blank"),), count=True),
        ),
        "counts": lambda _session: {"blank": sum(row.finish == "blank" for row in world.rows)},
        "sort": "sku",
        "bulk": (ListAction("mark", "kit.list.save", lambda *_: None),),
    }
    return ListSpec(**{**values, **changes})
