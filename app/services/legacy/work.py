"""One entity of a run at work: source records become rows page by page, each page one transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from app.core import courtesy
from app.core.db import Database
from app.services.imports.steps import same_key
from app.services.legacy import calls
from app.services.legacy.lookups import Lookups
from app.services.legacy.mapping import Block, Entity, LegacyMapping, Value
from app.services.legacy.pages import Row, Source
from app.services.legacy.records import Made, Odd, Plan
from app.services.legacy.service import Services
from app.services.validation import ERROR, Finding

TIMESTAMP = "__TIMESTAMP"


class StoppedError(Exception):
    """Somebody asked for the run to be stopped; what was written stays."""


@dataclass(slots=True)
class Counts:
    """What became of the records of one entity in this run.

    Each that was read is one of created, changed, unchanged and quarantined; of some, values stayed protected, too.
    """

    read: int = 0
    created: int = 0
    changed: int = 0
    unchanged: int = 0
    protected: int = 0
    quarantined: int = 0
    gone: int = 0
    warnings: int = 0

    def add(self, other: "Counts") -> None:
        """Count those of another page too."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def as_dict(self) -> dict[str, int]:
        """Plain data."""
        return {one.name: getattr(self, one.name) for one in fields(self)}


@dataclass
class Run:
    """What the entities of a run share.  ``dry`` writes nothing."""

    db: Database
    services: Services
    mapping: LegacyMapping
    lookups: Lookups
    id: int
    mode: str
    dry: bool = False
    limit: int | None = None
    plans: dict[str, Plan] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)

    def plan(self, entity: Entity) -> Plan:
        """The compiled mapping of an entity."""
        if entity.code not in self.plans:
            self.plans[entity.code] = Plan(entity, self.lookups)
        return self.plans[entity.code]

    def source(self, entity: Entity) -> Source:
        """The reader of an entity."""
        if entity.code not in self.sources:
            server = self.services.four_d() if entity.source.table else None
            self.sources[entity.code] = Source(entity, server)
        return self.sources[entity.code]


class Refused(calls.Refusals):
    """Remembers what was sent, for what the database will refuse of it."""

    def __init__(self, entities: Mapping[str, Entity]) -> None:
        self._entities = entities
        self._raw: dict[tuple[str, str], tuple[Row, str, str | None]] = {}
        self._owners: dict[tuple[str, str], str] = {}

    def sent(self, code: str, key: str, raw: Row, digest: str, owner: str | None) -> None:
        """A row goes out."""
        self._raw[code, key] = (raw, digest, owner)

    def entries(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Entries for quarantine; parts of a record that was refused itself are not told once more."""
        found: list[dict[str, Any]] = []
        mains: set[tuple[str, str]] = set()
        for block in answer["blocks"]:
            code = str(block["entity"])
            main, _, part = code.partition("/")
            for refusal in block["refused"]:
                key = str(refusal["k"])
                raw, digest, owner = self._raw.get((code, key), ({}, "", None))
                if part and (main, owner) in mains:
                    continue
                mains.add((code, key))
                column = str(refusal.get("column") or "")
                finding = Finding(ERROR, str(refusal["key"]), column, refusal.get("params") or {})
                odd = Odd(code, key, owner, digest, raw, [finding])
                found.append(entry(odd, self._entities[main]))
        return found


class Worker:
    """Takes the records of one entity over."""

    def __init__(self, run: Run, entity: Entity, part: int) -> None:
        self.run = run
        self.entity = entity
        self.part = part
        self.plan = run.plan(entity)
        self.source = run.source(entity)
        self.counts = Counts()
        self.parts_refused = False
        """Whether a part of a record that came over lies in quarantine."""
        self.total: int | None = None
        self._writer: ThreadPoolExecutor | None = None
        self._pending: tuple[Future[dict[str, Any]], Counts] | None = None
        self._followers = [
            (one, run.plan(one), run.source(one)) for one in run.mapping.followers(entity.code)
        ]
        self._entities = {
            one.code: one for one in (entity, *(follower for follower, _, _ in self._followers))
        }

    def take(
        self,
        rows: Sequence[Row],
        *,
        cursor: dict[str, Any] | None = None,
        force: bool = False,
        follow: bool = False,
        wait: bool = False,
        repairs: Mapping[str, Row] | None = None,
    ) -> None:
        """Take a page over.  Raises `StoppedError` when the run is to stop, after the page.

        ``force`` takes records whose hash did not change too, ``follow`` their lines as well, ``wait`` leaves out those
        that had better be taken at the end; ``repairs`` are values to be used instead of the source's, by key.
        """
        self.run.services.check()
        page = Counts()
        given, odd = self._given(rows)
        keys = list(given)
        chosen = set(keys)
        if keys and not force:
            digests = [given[key][1] for key in keys]
            chosen = self.run.db.read(calls.changed, self.entity.code, keys, digests)
        page.unchanged = len(rows) - len(chosen) - len(odd)
        page.read = len(rows)
        made: list[tuple[Row, Made]] = []
        for key in keys:
            if key not in chosen:
                continue
            courtesy.step()
            row, digest = given[key]
            if repairs and key in repairs:
                row = {**row, **repairs[key]}
            if wait and self.plan.wait(row):
                page.read -= 1  # it is read once more, and counted then
                continue
            made.append((row, self.plan.make(row, key, digest)))
        self.counts.read += page.read
        self._write(made, odd, page, cursor, follow)

    def count(self) -> None:
        """Ask how many records there are, and let others know."""
        self.total = self.source.count()
        if self.total is not None:
            calls.call(
                self.run.db,
                "legacy_run_entity_begin",
                p_token=self.run.services.token,
                p_run_id=self.run.id,
                p_entity=self.entity.code,
                p_total=self.total,
            )

    def gone(self, keys: Sequence[str]) -> None:
        """Records the source has no more."""
        self.run.services.check()
        if not self.run.dry and keys:
            answer = calls.call(
                self.run.db,
                "legacy_gone",
                p_token=self.run.services.token,
                p_run_entity_id=self.part,
                p_entity=self.entity.code,
                p_keys=tuple(keys),
                p_action=dict(self.entity.main.gone),
            )
            self.counts.gone += int(answer["gone"])
        else:
            self.counts.gone += len(keys)

    def put_back(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Records from quarantine that cannot be tried again: they lie there as they did."""
        if records and not self.run.dry:
            kept = [{name: record[name] for name in ("entity", "k", "raw", "findings")} for record in records]
            page = calls.Page(self.run.services.token, self.part, [], kept, None, {}, Refused(self._entities))
            self.parts_refused |= int(calls.apply(self.run.db, page)["quarantined"]) > 0

    # -- one page ----------------------------------------------------------------------------------------------------

    def _given(self, rows: Sequence[Row]) -> tuple[dict[str, tuple[Row, str]], list[Odd]]:
        """The records by key with their hashes; one without a key, or with that of another, cannot be taken."""
        given: dict[str, tuple[Row, str]] = {}
        odd: list[Odd] = []
        for row in courtesy.steps(rows):
            key = self.plan.key(row)
            if key is None or key in given:
                code = "key_missing" if key is None else "key_twice"
                own = str(row.get("__KEY") or key or "")
                columns = self.entity.source.key[0]
                finding = Finding(ERROR, code, columns, {} if key is None else {"value": key})
                if key != own:
                    odd.append(Odd(self.entity.code, own, None, "", row, [finding]))
                continue
            given[key] = (row, self.plan.hash(row))
        return given, odd

    def _write(
        self,
        made: Sequence[tuple[Row, Made]],
        odd: list[Odd],
        page: Counts,
        cursor: dict[str, Any] | None,
        follow: bool,
    ) -> None:
        refused = Refused(self._entities)
        blocks = self._blocks(self.entity, made, odd, page, refused, complete=False)
        lines: list[tuple[Row, Made]] = []
        if follow:
            taken = [one.key for _, one in made if one.rows]
            for entity, plan, source in self._followers:
                lines = self._lines(entity, plan, source, taken, odd)
                blocks += self._blocks(entity, lines, odd, page, refused, complete=True, owners=taken)
        if self.run.dry:
            page.quarantined += sum(one.entity == self.entity.code for one in odd)
            page.changed += sum(1 for _, one in made if one.rows)
            self.parts_refused |= any(one.entity != self.entity.code for one in odd)
            self._count(page)
            return
        sent = calls.Page(
            token=self.run.services.token,
            part=self.part,
            blocks=blocks,
            quarantine=[entry(one, self._entities[one.entity.partition("/")[0]]) for one in odd],
            cursor=cursor,
            counts={
                "read_count": page.read,
                "unchanged_count": page.unchanged,
            },
            refused=refused,
        )
        for _, one in made:
            self.run.lookups.made(self.entity.code, one.key)
        if self._writer is None:
            self._written(calls.apply(self.run.db, sent), page)
            return
        self.settle()
        self._pending = (self._writer.submit(calls.apply, self.run.db, sent), page)

    @contextmanager
    def writing_behind(self) -> Iterator[None]:
        """Each page is written while the next one is worked out; what became of it is known one page later."""
        with ThreadPoolExecutor(1, "werkbank-legacy-write", courtesy.give_way) as writer:
            self._writer = writer
            try:
                yield
                self.settle()
            finally:
                self._writer, self._pending = None, None

    def settle(self) -> None:
        """Wait for the page that is being written.  Raises what came of it, `StoppedError` too."""
        if self._pending is not None:
            (future, page), self._pending = self._pending, None
            self._written(future.result(), page)

    def _written(self, answer: Mapping[str, Any], page: Counts) -> None:
        for block in answer["blocks"]:
            page.warnings += int(block.get("warnings") or 0)
        for name, number in answer["main"].items():
            setattr(page, name, getattr(page, name) + int(number))
        self.parts_refused |= int(answer["quarantined"]) + int(answer["refused"]) > page.quarantined
        self._count(page)
        if answer["cancel"]:
            raise StoppedError

    def _count(self, page: Counts) -> None:
        page.read = 0  # counted as it was read
        self.counts.add(page)

    def _blocks(
        self,
        entity: Entity,
        made: Sequence[tuple[Row, Made]],
        odd: list[Odd],
        page: Counts,
        refused: Refused,
        *,
        complete: bool,
        owners: Sequence[str] = (),
    ) -> list[dict[str, Any]]:
        rows: dict[str, list[dict[str, Any]]] = {block.code: [] for block in entity.blocks}
        wanted: dict[tuple[str, str], Row] = {}
        for source, one in courtesy.steps(made):
            if one.warned and one.rows:
                found = warnings_of(one, entity)
                one.rows[entity.main.code][0]["w"] = found
                page.warnings += len(found) if self.run.dry else 0  # else the answer says
            odd += one.odd
            for reference in one.notes.wanted:
                wanted.setdefault(reference, source)
            moment = source.get(TIMESTAMP)
            for code, parts in one.rows.items():
                for part in parts:
                    if isinstance(moment, datetime):
                        part["m"] = moment.isoformat()
                    refused.sent(code, part["k"], source, part["h"], part.get("o"))
                rows[code] += parts
        blocks = self._placeholders(wanted)
        taken = [one.key for _, one in made if one.rows]
        for block in entity.blocks:
            sent = as_block(block, rows[block.code])
            if block is not entity.main and taken:
                sent["complete"] = {"owners": taken, "action": dict(block.gone)}
            elif block is entity.main and complete and owners:
                sent["complete"] = {"owners": list(owners), "action": dict(block.gone)}
            if sent["rows"] or "complete" in sent:
                blocks.append(sent)
        return blocks

    def _placeholders(self, wanted: Mapping[tuple[str, str], Row]) -> list[dict[str, Any]]:
        """Rows that stand for records nobody has."""
        blocks = []
        for code in sorted({code for code, _ in wanted}):
            entity = self.run.mapping[code]
            plan = self.run.plan(entity)
            rows = [plan.placeholder(key, row) for (one, key), row in wanted.items() if one == code]
            blocks.append(as_block(entity.main, rows))
            if not self.run.dry:
                for row in rows:
                    self.run.lookups.made(code, row["k"])
        return blocks

    def _lines(
        self, entity: Entity, plan: Plan, source: Source, owners: Sequence[str], odd: list[Odd]
    ) -> list[tuple[Row, Made]]:
        """The lines of records, all of them, so that what is gone can be told."""
        assert entity.follows is not None
        made: list[tuple[Row, Made]] = []
        seen: set[str] = set()
        typed = [next(iter(source.typed({entity.follows[1]: owner}).values())) for owner in owners]
        for rows in source.by(entity.follows[1], typed):
            for row in courtesy.steps(rows):
                key = plan.key(row)
                if key is not None and key not in seen:
                    seen.add(key)
                    made.append((row, plan.make(row, key, plan.hash(row))))
        return made


def as_block(block: Block, rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Rows for `api.legacy_apply`."""
    return {
        "entity": block.code,
        "table": block.target,
        "match": list(block.match),
        "rules": dict(block.rules),
        "rows": list(rows),
    }


def entry(odd: Odd, entity: Entity) -> dict[str, Any]:
    """A record for quarantine; findings name the column of the source they are about, so that it can be repaired."""
    block = next(block for block in entity.blocks if block.code == odd.entity)
    findings = [told(finding, block, entity) for finding in odd.findings]
    raw = {name: value for name, value in odd.raw.items() if name not in ("__STAMP", TIMESTAMP, "parent")}
    return {
        "entity": odd.entity,
        "k": odd.key,
        "o": odd.owner,
        "h": odd.hash,
        "raw": raw,
        "findings": findings,
    }


def warnings_of(made: Made, entity: Entity) -> list[dict[str, Any]]:
    """What is odd about a record that is taken over, each once per code and column of the source."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for block, finding in made.warned:
        if not finding.is_error:
            said = told(finding, block, entity)
            found.setdefault((said["code"], said["field"]), said)
    return list(found.values())


def told(finding: Finding, block: Block, entity: Entity) -> dict[str, Any]:
    """A finding as plain data, about the column of the source that the field comes from."""
    said = finding.as_json()
    column = source_column(block, finding.field)
    column = next((join.here for join in entity.source.joins if join.alias == column), column)
    if column is not None and column != finding.field:
        said["field"], said["params"] = column, {**said["params"], "column": finding.field}
    return said


def source_column(block: Block, name: str) -> str | None:
    """The column of the source that a field of Werkbank comes from."""
    for value in (*block.fields, *block.let):
        if value.name == name:
            return _column_of(value, block)
    return None


def _column_of(value: Value, block: Block) -> str | None:
    if value.kind == "column":
        head = same_key(value.argument).partition(".")[0]
        inner = next((let for let in block.let if let.name == head and let is not value), None)
        return head if inner is None else _column_of(inner, block)
    if value.kind == "columns" and value.argument:
        return str(value.argument[0]).partition(".")[0]
    if value.kind == "first_of":
        return next((found for part in value.argument if (found := _column_of(part, block))), None)
    return None
