"""Carries checked rows into the database: finds what they refer to and what is there, tries or writes, counts.

Everything is one transaction under the rights of whoever imports.  What the database refuses of a row rejects that
row and no other.  A try does the same and takes it back.
"""

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import ARRAY, BigInteger, Table, Text, any_, func, literal, select, text
from sqlalchemy.orm import Session

from app.core.changes import Change, Result
from app.core.dialect import dumps
from app.core.errors import (
    AppError,
    Cancelled,
    NotAllowed,
    Refused,
    SessionEnded,
    Unavailable,
    map_db_error,
    worth_retrying,
)
from app.services.imports.load import GUARDED, Loader, existing_sql
from app.services.imports.mapping import Entity, table_of
from app.services.imports.report import Report
from app.services.imports.rows import Record
from app.services.imports.wizard.check import CHANGED, NEW, REJECTED, UNCHANGED, Plan, Row, check, counted
from app.services.imports.wizard.kinds import FIRST, ImportField, Kind, default_of
from app.services.validation import Finding
from app.services.validation.findings import ERROR

PORTION = 1000
REFUSED_LIMIT = 500  # rows refused by the database alone: then the columns are probably wrong
_WORDS_AT_ONCE = 5000


@dataclass
class Carry:
    """A try (``dry_run``) or an import.

    ``progress(stage, done, total, counts)`` is called now and then, stage check or write; ``stop()`` is asked as often.
    """

    plan: Plan
    dry_run: bool
    progress: Callable[[str, int, int, Mapping[str, int]], None] | None = None
    stop: Callable[[], bool] | None = None
    told: float = 0.0

    def tell(
        self, stage: str, done: int, *, now: bool = False, counts: Mapping[str, int] | None = None
    ) -> None:
        """Say how far it is.  Raises `Cancelled` when a stop was asked for."""
        if self.stop is not None and self.stop():
            raise Cancelled("cancelled")
        clock = time.monotonic()
        if self.progress is not None and (now or clock - self.told > 0.1):
            self.told = clock
            self.progress(stage, done, len(self.plan.table.lines), counts or {})


@dataclass(frozen=True)
class Outcome:
    """What came of it, row by row in the order of the file.  ``seconds`` is how long it took."""

    plan: Plan
    dry_run: bool
    rows: tuple[Row, ...]
    started: datetime
    seconds: float
    counts: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, Mapping[int, str]] = field(default_factory=dict)

    def rejected(self) -> list[Row]:
        """The rows that were not taken over."""
        return [row for row in self.rows if row.outcome == REJECTED]


def carry(session: Session, command: Carry) -> Result[Outcome]:
    """Check a file, then try it or write it; see the module.

    Raises `NotAllowed` without any right to the table and `Cancelled` when stopped; nothing stays then.
    """
    plan, began, started = command.plan, time.monotonic(), datetime.now(UTC)
    profile = session.info["profile"]
    if not plan.kind.may(profile):
        raise NotAllowed(f"{plan.kind.table}:insert")
    rows = check(plan, lambda done: command.tell("check", done))
    done = _Carrier(session, command, rows)
    if command.dry_run:
        with contextlib.suppress(_TrialOverError), session.begin_nested():
            done.run()
            raise _TrialOverError
    else:
        done.run()
    counts = counted(rows)
    outcome = Outcome(
        plan, command.dry_run, tuple(rows), started, time.monotonic() - began, counts, done.names
    )
    wrote = not command.dry_run and counts[NEW] + counts[CHANGED] > 0
    return Result(outcome, frozenset({Change(plan.kind.topic)}) if wrote else frozenset())


class _TrialOverError(Exception):
    """Everything was tried; nothing is to stay."""


class _Carrier:
    """One pass over the rows of a file."""

    def __init__(self, session: Session, command: Carry, rows: list[Row]) -> None:
        self._session, self._command, self._rows = session, command, rows
        self._plan: Plan = command.plan
        self._kind: Kind = command.plan.kind
        profile = session.info["profile"]
        self._may_add = profile.can(f"{self._kind.table}:insert")
        self._may_change = profile.can(f"{self._kind.table}:update")
        table = table_of(self._kind.table)
        assert table is not None
        self._table: Table = table
        self._defaults = {f.name: default_of(f) for f in self._kind.fields if f.default is not None}
        self.names: dict[str, dict[int, str]] = defaultdict(dict)
        self._refused = 0
        self._seen: dict[tuple[Any, ...], int] = {}
        # Columns that rules look at or that only go together: read of what is there, beyond the file's own.
        needed = set(self._kind.rules.names | self._kind.shared.rules.names) | set(self._kind.always)
        guarded = GUARDED.get(self._kind.table, ((), ""))[0]
        self._guarded = guarded if any(f.name in guarded for f in self._plan.fields) else ()
        columns = {f.name for f in self._plan.fields} | needed | set(self._guarded)
        self._columns = [c.name for c in table.columns if c.name in columns - set(self._kind.keys)]

    def run(self) -> None:
        """All rows, portion by portion."""
        self._command.tell("check", len(self._rows), now=True)
        self._refer()
        counts: dict[str, int] = {}
        for start in range(0, len(self._rows), PORTION):
            self._command.tell("write", start, now=True, counts=counts)
            portion = self._rows[start : start + PORTION]
            self._compare([row for row in portion if not row.is_wrong])
            for row in portion:
                if row.is_wrong:
                    row.outcome = REJECTED
            self._write([row for row in portion if row.outcome == NEW])
            self._write([row for row in portion if row.outcome == CHANGED])
            counts = {key: counts.get(key, 0) + n for key, n in counted(portion).items()}
        self._name_former()
        self._command.tell("write", len(self._rows), now=True, counts=counts)

    def _name_former(self) -> None:
        """Words for the records that changed rows referred to before, to show what would change."""
        for found in self._plan.fields:
            if found.lookup is None:
                continue
            former = {row.before.get(found.name) for row in self._rows} - {None, *self.names[found.name]}
            other = table_of(found.lookup.table)
            assert other is not None
            for ids in _portions(sorted(former), _WORDS_AT_ONCE):
                column = other.c[found.lookup.by[0]]
                wanted = select(other.c.id, column).where(other.c.id == any_(literal(ids, ARRAY(BigInteger))))
                self.names[found.name] |= {key: str(word) for key, word in self._session.execute(wanted)}

    # -- what rows refer to ------------------------------------------------------------------------------------

    def _refer(self) -> None:
        """Words become the ids of the records they name."""
        for found in self._plan.fields:
            if found.lookup is None:
                continue
            words = {row.values[found.name] for row in self._rows if found.name in row.values}
            ids = self._ids_of(found, words)
            for row in self._rows:
                word = row.values.get(found.name)
                if word is None:
                    continue
                hits = ids.get(str(word).casefold(), ())
                if len(hits) == 1:
                    row.values[found.name] = hits[0]
                    self.names[found.name][hits[0]] = str(word)
                else:
                    code = "import_ambiguous" if hits else "import_not_found"
                    row.reject(code, found.name, value=str(word)[:120])
                    del row.values[found.name]
        for found in self._kind.fields:
            if found.default == FIRST and found.lookup is not None:
                other = table_of(found.lookup.table)
                assert other is not None
                self._defaults[found.name] = self._session.scalar(select(func.min(other.c.id)))

    def _ids_of(self, found: ImportField, words: set[str]) -> dict[str, tuple[int, ...]]:
        """Ids by lower-case word; the first column that knows a word decides, exactly written ones first."""
        assert found.lookup is not None
        other = table_of(found.lookup.table)
        assert other is not None
        ids: dict[str, tuple[int, ...]] = {}
        for name in found.lookup.by:
            column = other.c[name]
            for exact in (True, False):
                open_words = sorted({w if exact else w.casefold() for w in words if w.casefold() not in ids})
                hits: dict[str, set[int]] = defaultdict(set)
                for some in _portions(open_words, _WORDS_AT_ONCE):
                    match = (column if exact else func.lower(column)) == any_(literal(some, ARRAY(Text)))
                    for key, word in self._session.execute(select(other.c.id, column).where(match)):
                        hits[str(word).casefold()].add(key)
                ids |= {word: tuple(sorted(keys)) for word, keys in hits.items()}
        return ids

    # -- what is there -----------------------------------------------------------------------------------------

    def _compare(self, rows: list[Row]) -> None:
        """Find each row's record and say what would become of it."""
        ready = [row for row in rows if self._has_key(row)]
        there = self._there(ready)
        for row in ready:
            found = there.get(self._key(row), [])
            if len(found) > 1:
                row.reject("import_several", self._kind.keys[-1], count=len(found))
            elif found:
                self._existing(row, found[0])
            else:
                self._new(row)

    def _has_key(self, row: Row) -> bool:
        for name in self._kind.keys:
            if row.values.get(name) is None:
                row.values[name] = self._defaults.get(name)
            if row.values[name] is None:
                row.reject("required", name)
                return False
        before = self._seen.setdefault(self._key(row), row.number)
        if before != row.number:
            row.reject("import_key_twice", self._kind.keys[0], line=before)
            return False
        return True

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row.values[name] for name in self._kind.keys)

    def _there(self, rows: Sequence[Row]) -> dict[tuple[Any, ...], list[Mapping[str, Any]]]:
        if not rows:
            return {}
        given = [{"n": n, **{k: row.values[k] for k in self._kind.keys}} for n, row in enumerate(rows)]
        statement = existing_sql(self._table, self._kind.keys, self._columns)
        found: dict[tuple[Any, ...], list[Mapping[str, Any]]] = defaultdict(list)
        for hit in self._session.execute(text(statement), {"rows": Jsonb(given, dumps=dumps)}).mappings():
            found[self._key(rows[hit["n"]])].append(dict(hit))
        return found

    def _existing(self, row: Row, there: Mapping[str, Any]) -> None:
        row.id = there["id"]
        wanted = {k: v for k, v in row.values.items() if k not in self._kind.keys}
        if self._plan.clear:
            wanted |= {name: None for name in row.empty if name not in self._kind.keys}
            for name in row.empty:
                if self._kind.field(name).required or self._must_have(name):
                    row.reject("required", name)
        wanted |= self._kind.always
        changed = {name: value for name, value in wanted.items() if there[name] != value}
        self._together(row, {**there, **wanted})
        row.values = {k: row.values[k] for k in self._kind.keys} | changed
        row.before = {name: there[name] for name in changed}
        if row.is_wrong:
            return
        if changed and not self._may_change:
            row.reject("import_may_not_change")
            return
        row.outcome = CHANGED if changed else UNCHANGED
        if changed and any(name in changed for name in self._guarded):
            row.values |= {name: there[name] for name in self._guarded if name not in changed}

    def _must_have(self, name: str) -> bool:
        return not self._table.c[name].nullable

    def _new(self, row: Row) -> None:
        for name, value in self._defaults.items():
            if row.values.get(name) is None and value is not None:
                row.values[name] = value
        row.values = {**self._kind.new, **self._kind.always, **row.values}
        for found in self._kind.fields:
            if found.required and row.values.get(found.name) is None:
                row.reject("required", found.name)
        self._together(row, row.values)
        if not self._may_add and not row.is_wrong:
            row.reject("import_may_not_add")
        if not row.is_wrong:
            row.outcome = NEW

    def _together(self, row: Row, values: Mapping[str, Any]) -> None:
        """What must hold of all values of a record, as in its form."""
        for rules in (self._kind.shared.rules, self._kind.rules):
            row.findings += rules.check({name: values[name] for name in rules.names if name in values})

    # -- writing -----------------------------------------------------------------------------------------------

    def _write(self, rows: Iterable[Row]) -> None:
        """Rows that fill the same columns go together; so nothing that is not in the file is touched."""
        alike: dict[frozenset[str], list[Row]] = defaultdict(list)
        for row in rows:
            alike[frozenset(row.values)].append(row)
        for some in alike.values():
            self._try(some)

    def _try(self, rows: list[Row]) -> None:
        """Write rows; when the database refuses, half of them and the other half, down to the one it is about."""
        try:
            with self._session.begin_nested():
                self._load(rows)
        except Exception as error:
            refused = error if isinstance(error, AppError) else map_db_error(error)
            if (
                refused is None
                or isinstance(refused, Unavailable | SessionEnded | Cancelled)
                or worth_retrying(error)
            ):
                raise
            if len(rows) == 1:
                self._refused += 1
                if self._refused > REFUSED_LIMIT:
                    last = self._finding(refused).words(self._session.info["profile"].language)
                    raise Refused("import_too_often_refused", limit=REFUSED_LIMIT, last=last) from error
                rows[0].findings.append(self._finding(refused))
                rows[0].outcome = REJECTED
                return
            if self._command.stop is not None and self._command.stop():
                raise Cancelled("cancelled") from error
            middle = len(rows) // 2
            self._try(rows[:middle])
            self._try(rows[middle:])

    def _finding(self, refused: AppError) -> Finding:
        """What the database said, at the field it is about when that is one of the file's."""
        params = {key: value for key, value in refused.params.items() if isinstance(value, str | int)}
        if isinstance(refused, NotAllowed):
            return Finding(ERROR, "import_not_allowed", "", {})
        name = str(params.pop("column", ""))
        if name not in {f.name for f in self._kind.fields}:
            # Constraints are named after what they are about.
            words = refused.key.split("_")
            fields = (f.name for f in self._plan.fields)
            name = next((f for f in fields if f.removeprefix("is_").removesuffix("_id") in words), "")
        return Finding(ERROR, refused.key, name, params)

    def _load(self, rows: list[Row]) -> None:
        report = Report(self._kind.key, "", self._command.dry_run, datetime.now(UTC))
        entity = Entity(self._kind.key, self._kind.table, "", (), self._kind.keys, None, ())
        records = [Record(row.number, str(row.number), row.values) for row in rows]
        Loader(self._session, report).load(entity, records)
        if self._kind.table == "catalog.price":
            self._session.execute(text(_END_OPEN_PRICES), {"rows": Jsonb(_prices(rows), dumps=dumps)})


# As `save_price` does: a price change is one entry.
_END_OPEN_PRICES = """
UPDATE catalog.price p SET valid_to = g.valid_from
  FROM jsonb_to_recordset(:rows) AS g (product_id bigint, price_list_id bigint, min_qty numeric, valid_from date)
 WHERE p.product_id = g.product_id AND p.price_list_id = g.price_list_id AND p.min_qty = g.min_qty
   AND p.valid_to IS NULL AND p.valid_from < g.valid_from
"""


def _prices(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [row.values for row in rows if row.outcome == NEW]


def _portions(words: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(words), size):
        yield list(words[start : start + size])
