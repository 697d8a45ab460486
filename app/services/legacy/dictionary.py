"""The data dictionary of an old system, as Markdown: what tables it has, what their columns hold, how full they are.

For people who decide what is taken over. It holds no data: examples show the shape of a value, letters and digits
replaced, and words only where a column knows but a few short ones (kinds, flags, codes).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import Any, Protocol

from app.core.format import number, percent
from app.core.i18n import translate
from app.services.legacy.client import Page
from app.services.legacy.wire import Field, Row, Table

SAMPLE = 3000
"""Rows looked at in a table: all, when it has no more, else a third each from its beginning, middle and end."""
EXAMPLES = 3
FEW, SHORT, ENOUGH = 12, 4, 50


class Source(Protocol):
    """What is asked: `FourD`, or a `Reader` of it."""

    def tables(self) -> tuple[str, ...]: ...

    def table(self, name: str) -> Table: ...

    def count(self, table: str) -> int: ...

    def page(self, table: str, *, skip: int = 0, top: int = 1000) -> Page: ...


@dataclass(slots=True)
class Column:
    """What a column was found to hold."""

    about: Field
    seen: int = 0
    filled: int = 0
    values: Counter[Any] = field(default_factory=Counter)
    shapes: Counter[str] = field(default_factory=Counter)
    longest: int = 0
    first: date | None = None
    last: date | None = None

    def add(self, row: Row) -> None:
        """Look at one row."""
        self.seen += 1
        value = row.get(self.about.name)
        if value is None or value == "" or value in ({}, []):
            return
        self.filled += 1
        if isinstance(value, date) and not isinstance(value, datetime):
            self.first = min(self.first or value, value)
            self.last = max(self.last or value, value)
        elif isinstance(value, str):
            self.longest = max(self.longest, len(value))
        if not isinstance(value, dict | list) and len(self.values) <= FEW:
            self.values[value] += 1
        if len(self.shapes) < 200 or shape(value) in self.shapes:
            self.shapes[shape(value)] += 1


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What was found in a table; `error` when it could not be read."""

    table: Table
    rows: int
    columns: tuple[Column, ...] = ()
    sampled: int = 0
    error: str = ""


def shape(value: Any) -> str:
    """A value's shape, without what it says: capitals X, letters x, digits 9; the inside of objects as their names."""
    if isinstance(value, bool):
        return "true/false"
    if isinstance(value, datetime):
        return "9999-99-99T99:99:99Z"
    if isinstance(value, date):
        return "9999-99-99"
    if isinstance(value, time):
        return "99:99:99"
    if isinstance(value, int | Decimal):
        return "".join(
            "9" if sign.isdigit() else sign
            for sign in format(value, "f" if isinstance(value, Decimal) else "d")
        )
    if isinstance(value, dict):
        return "{" + ", ".join(sorted(map(str, value))[:12]) + "}"
    if isinstance(value, list):
        return f"[{shape(value[0])}]" if value else "[]"
    masked = "".join(
        "9" if sign.isdigit() else ("X" if sign.isupper() else "x") if sign.isalpha() else sign
        for sign in str(value)[:40].replace("\n", "⏎")
    )
    return masked + ("…" if len(str(value)) > 40 else "")


def look_at(source: Source, name: str, sample: int = SAMPLE) -> TableFacts:
    """Read what a table holds.  Raises AppError."""
    table = source.table(name)
    rows = source.count(name)
    columns = tuple(Column(one) for one in table.fields)
    seen = 0
    for skip, top in _places(rows, sample):
        for row in source.page(name, skip=skip, top=top).rows:
            seen += 1
            for column in columns:
                column.add(row)
    return TableFacts(table, rows, columns, seen)


def _places(rows: int, sample: int) -> list[tuple[int, int]]:
    if rows <= sample:
        return [(skip, min(1000, rows - skip)) for skip in range(0, rows, 1000)]
    third = sample // 3
    return [(0, third), ((rows - third) // 2, third), (rows - third, third)]


def write(
    facts: Iterable[TableFacts], *, language: str, server: str, day: date, out: Callable[[str], object]
) -> None:
    """The dictionary as Markdown, handed to `out` piece by piece."""

    def words(key: str, /, **params: Any) -> str:
        return translate(language, f"legacy.dictionary.{key}", **params)

    found = list(facts)
    out(f"# {words('title', server=server)}\n\n")
    out(
        words(
            "intro", day=day.isoformat(), tables=len(found), rows=number(sum(f.rows for f in found), language)
        )
    )
    out(f"\n\n{words('masked')}\n\n")
    heads = (words("table"), words("rows"), words("columns"), words("key"))
    out(_line(heads) + _line(["---", "---:", "---:", "---"]))
    for one in sorted(found, key=lambda f: f.table.name.casefold()):
        link = f"[{one.table.name}](#{one.table.name.casefold()})"
        count = words("unreadable") if one.error else number(one.rows, language)
        out(_line((link, count, str(len(one.table.fields)), ", ".join(one.table.key) or "–")))
    for one in sorted(found, key=lambda f: f.table.name.casefold()):
        _table(one, language, words, out)


def _table(facts: TableFacts, language: str, words: Callable[..., str], out: Callable[[str], object]) -> None:
    table = facts.table
    out(f"\n## {table.name}\n\n")
    if facts.error:
        out(f"{words('unreadable')}: {facts.error}\n")
        return
    said = [words("count", rows=number(facts.rows, language))]
    if table.key:
        said.append(words("key_is", key=", ".join(table.key)))
    if facts.sampled < facts.rows:
        said.append(words("sampled", rows=number(facts.sampled, language)))
    out(" ".join(said) + "\n\n")
    heads = (words("column"), words("type"), words("filled"), words("holds"))
    out(_line(heads) + _line(["---", "---", "---:", "---"]))
    for column in facts.columns:
        share = _share(column, language)
        type_ = column.about.type + (" ✱" if column.about.indexed else "")
        out(_line((f"`{column.about.name}`", type_, share, _holds(column, words))))
    if table.relations:
        out(f"\n{words('relations')}\n\n")
        for one in table.relations:
            out(f"* `{one.name}` → {one.target}{' (n)' if one.many else ''}\n")


def _share(column: Column, language: str) -> str:
    """How full a column is; one that is not quite full or empty does not look so."""
    if not column.seen:
        return percent(None, language)
    exact = Decimal(column.filled) * 100 / column.seen
    if 0 < exact < 1 or 99 < exact < 100:
        return percent(exact.quantize(Decimal("0.1"), ROUND_UP if exact < 1 else ROUND_DOWN), language)
    return percent(exact.quantize(Decimal(1)), language)


def _holds(column: Column, words: Callable[..., str]) -> str:
    """What a column holds, in a few words."""
    if not column.filled:
        return words("empty")
    if column.first is not None and column.last is not None:
        return words("between", first=str(column.first.year), last=str(column.last.year))
    if _is_kind(column):
        return " · ".join(f"`{_shown(value)}` {count}" for value, count in column.values.most_common(FEW))
    examples = [shape_ for shape_, _ in column.shapes.most_common(EXAMPLES)]
    said = " · ".join(f"`{_clean(example)}`" for example in examples)
    return f"{said} ({words('longest', n=column.longest)})" if column.longest > SHORT else said


def _is_kind(column: Column) -> bool:
    """Whether the column knows but a few short words, each of them often: a kind, a flag, a code; no names."""
    return (
        "name" not in column.about.name.casefold()
        and len(column.values) <= FEW
        and column.filled >= ENOUGH
        and all(isinstance(value, bool) or len(str(value)) <= SHORT for value in column.values)
        and len(column.values) * 4 <= column.filled
    )


def _shown(value: Any) -> str:
    return _clean(str(value).lower() if isinstance(value, bool) else str(value))


def _clean(text: str) -> str:
    return text.replace("|", "\\|").replace("`", "'").replace("\n", " ")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"
