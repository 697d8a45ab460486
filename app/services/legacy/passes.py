"""The ways through an entity: all of it, what changed since a day, what somebody has put right."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import TYPE_CHECKING, Any

from app.core import courtesy
from app.services.legacy import calls
from app.services.legacy.mapping import Entity
from app.services.legacy.pages import Row, SourcePage
from app.services.legacy.sweep import gone, sweep
from app.services.legacy.work import Run, Worker

if TYPE_CHECKING:
    from app.services.legacy.engine import EntityResult

AT_ONCE = 500


def whole(worker: Worker, cursor: Mapping[str, Any] | None, tell: Callable[[], None]) -> int | None:
    """Read all of it from a cursor on, then compare the keys.  Returns how many records the source has."""
    source = worker.source
    resume = dict(cursor) if cursor and source.can_resume else None
    seen: set[str] = set()
    if not (resume and resume.get("phase") == "sweep"):
        worker.count()
        with worker.writing_behind():
            for page in ahead(source.pages(resume and resume.get("page"), worker.run.limit)):
                if not source.can_resume:
                    seen |= {key for row in courtesy.steps(page.rows) if (key := source.key(row)) is not None}
                place = {"phase": "read", "page": page.cursor} if source.can_resume else None
                worker.take(within_limit(worker, page.rows), cursor=place, wait=source.can_sweep)
                tell()
                if run_out(worker):
                    break
    if worker.run.limit is not None:
        return None
    if source.can_sweep:
        if not worker.run.dry:
            worker.take((), cursor={"phase": "sweep"})
        # Orphans look for relatives, and all of those are there now.
        worker.run.lookups.forget("", {block.target for block in worker.entity.blocks})
        return sweep(worker, tell)
    known = worker.run.db.read(calls.known_keys, worker.entity.code)
    there = [key for key, state in known.items() if state not in ("gone", "placeholder")]
    gone(worker, (key for key in there if key not in seen), len(there))
    return len(seen)


def ahead(pages: Iterable[SourcePage]) -> Iterator[SourcePage]:
    """The pages, the next one being read while one is written: both sides wait for something else.

    Whoever takes them may not ask the old system himself meanwhile.
    """
    rest = iter(pages)
    with ThreadPoolExecutor(1, "werkbank-legacy-read", courtesy.give_way) as reader:
        coming = reader.submit(next, rest, None)
        while (page := coming.result()) is not None:
            coming = reader.submit(next, rest, None)
            yield page


def incremental(worker: Worker, since: date, tell: Callable[[], None]) -> None:
    """What changed or came since a day, with the lines of what changed."""
    for page in worker.source.since(since):
        worker.take(within_limit(worker, page.rows), follow=True)
        tell()
        if run_out(worker):
            return


def run_out(worker: Worker) -> bool:
    """Whether as many records were read as the run may read of each entity."""
    limit = worker.run.limit
    return limit is not None and worker.counts.read >= limit


def within_limit(worker: Worker, rows: Sequence[Row]) -> Sequence[Row]:
    """As many of the records as the run may still read."""
    limit = worker.run.limit
    return rows if limit is None else rows[: max(limit - worker.counts.read, 0)]


def retry(
    run: Run,
    codes: Sequence[str],
    one: Callable[[Entity, Callable[[Worker], None] | None], "EntityResult | None"],
) -> "list[EntityResult]":
    """Take records once more that somebody put right, or whose reference has come."""
    taken = calls.call(
        run.db,
        "legacy_quarantine_take",
        p_token=run.services.token,
        p_limit=5000,
        p_entities=tuple(codes),
    )
    by_entity: dict[str, list[dict[str, Any]]] = {}
    for record in taken:
        by_entity.setdefault(str(record["entity"]).partition("/")[0], []).append(record)
    results = []
    for entity in run.mapping.entities:
        records = by_entity.get(entity.code)
        if records:
            found = one(entity, lambda worker, mine=records: _again(worker, mine))  # type: ignore[misc]
            if found is not None:
                results.append(found)
    return results


def _again(worker: Worker, records: Sequence[Mapping[str, Any]]) -> None:
    """The records as the source has them now, with what was put right; of a part, the record it belongs to."""
    repairs: dict[str, Row] = {}
    kept: dict[str, Row] = {}
    for record in records:
        key = _owner(worker, record)
        if record["entity"] != worker.entity.code:
            repairs.setdefault(key, {})
            continue
        repairs[key] = worker.source.typed(record.get("repair") or {})
        kept[key] = worker.source.typed(record.get("raw") or {})
    wanted, found = list(repairs), set[str]()
    for start in range(0, len(wanted), AT_ONCE):
        portion = wanted[start : start + AT_ONCE]
        there: set[str] = set()
        for rows in _fresh(worker, portion):
            there |= {own for row in rows if (own := worker.plan.key(row)) is not None}
            worker.take(rows, force=True, follow=True, repairs=repairs)
        # Without a key of its own, or gone from the source: as it was kept.
        left = [kept[key] | repairs[key] for key in portion if key not in there and key in kept]
        if left:
            worker.take(left, force=True, follow=True)
        found |= there
    # Parts of records that are gone: nothing to be tried, so they are open again.
    worker.put_back(
        [r for r in records if r["entity"] != worker.entity.code and _owner(worker, r) not in found]
    )


def _owner(worker: Worker, record: Mapping[str, Any]) -> str:
    """The key of the record that a record of this entity, or a part of one, belongs to."""
    key = str(record["k"])
    part = next((child for child in worker.entity.children if child.code == record["entity"]), None)
    return key if part is None or not part.key else key.rsplit("/", len(part.key))[0]


def _fresh(worker: Worker, keys: Sequence[str]) -> Iterable[list[Row]]:
    if worker.source.can_sweep:
        yield from worker.source.by_keys(keys)
        return
    wanted = set(keys)
    for page in worker.source.pages():
        yield [row for row in page.rows if worker.source.key(row) in wanted]
