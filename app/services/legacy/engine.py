"""Runs: what waits, was interrupted or is due is worked off, entity after entity; called in a loop by who leads.

Nothing is kept that the database does not know: a run that ends in the middle, for whatever reason, is gone on with by
whoever leads next, behind the last page that was written.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from weakref import WeakKeyDictionary

from app.core.db import Database
from app.core.errors import AppError, Cancelled, NotAllowed, Refused, Unavailable
from app.services.legacy import calls, mapping, schedule
from app.services.legacy.lookups import Lookups
from app.services.legacy.mapping import Entity, LegacyMapping
from app.services.legacy.passes import incremental, retry, whole
from app.services.legacy.service import Progress, Services, kinds_in_use
from app.services.legacy.sweep import sweep
from app.services.legacy.work import Counts, Run, StoppedError, Worker

log = logging.getLogger(__name__)

ASK_S = 10.0
PICTURES_AGAIN_S = 3600.0
"""How often the schedule and repaired records are looked at while there is nothing to do."""

RETRY_S, FAILED_S = 60.0, 900.0
"""How long the schedule waits before it tries repaired records again, and an entity that failed."""

# What ends a run, since nothing else in it could go better; the rest is one entity's own trouble.
_SERVER = frozenset({"legacy_login_refused", "legacy_tls", "legacy_no_server", "legacy_key_missing"})
Tell = Callable[[Progress], None]


@dataclass
class EntityResult:
    """What became of one entity; ``error`` is a text key with its parameters."""

    entity: str
    state: str
    counts: Counts
    seconds: float = 0.0
    error: dict[str, Any] | None = None


@dataclass
class RunResult:
    """What a run did.  ``state``: done, warnings, failed, cancelled or interrupted."""

    run_id: int
    mode: str
    state: str = "running"
    dry_run: bool = False
    entities: list[EntityResult] = field(default_factory=list)
    error: dict[str, Any] | None = None
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "run_id": self.run_id,
            "mode": self.mode,
            "state": self.state,
            "dry_run": self.dry_run,
            "seconds": round(self.seconds, 2),
            "error": self.error,
            "entities": {
                one.entity: one.counts.as_dict()
                | {"state": one.state, "seconds": round(one.seconds, 2), "error": one.error}
                for one in self.entities
            },
        }


@dataclass
class _Memory:
    """What one term of leading remembers, to ask the database no more often than needed."""

    entities: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: float = float("-inf")
    pictures: float = float("-inf")
    resting: dict[str, float] = field(default_factory=dict)

    def leading(self, found: LegacyMapping, codes: Sequence[str] | None) -> list[Entity]:
        """The entities of these codes in whose module the old system still has a say."""
        return [e for e in found.chosen(codes) if self.entities.get(e.code, {}).get("mode") != "werkbank"]

    def rest(self, code: str, seconds: float) -> None:
        """The schedule leaves it alone for so long: it failed, and would at once fail again."""
        self.resting[code] = time.monotonic() + seconds

    def rested(self, code: str) -> bool:
        """Whether the schedule may take it."""
        return time.monotonic() >= self.resting.get(code, float("-inf"))


_memories: WeakKeyDictionary[Services, _Memory] = WeakKeyDictionary()


def run_next(
    db: Database,
    services: Services,
    *,
    stop: threading.Event,
    progress: Tell,
    mapping: LegacyMapping | None = None,
    scheduled: bool = True,
) -> RunResult | None:
    """Work off the next run; None when there is none.  ``scheduled`` False does only what somebody asked for.

    Raises AppError when the old system or the database cannot be had (the run is gone on with later), and
    `MappingError` when the mapping files are wrong.
    """
    found = mapping if mapping is not None else _standard()
    memory = _memories.setdefault(services, _Memory())
    services.check()
    if not memory.entities:
        _register(db, services, found, memory)
    wanted = _wanted(db, services, found, memory) if scheduled else None
    given = calls.call(db, "legacy_run_next", p_token=services.token, p_auto=wanted)
    if given is None:
        return None
    memory.asked = float("-inf")
    started = time.monotonic()
    result = RunResult(int(given["id"]), str(given["mode"]), dry_run=bool(given["options"].get("dry_run")))
    try:
        _work(db, services, found, memory, given, result, stop, progress)
    except (Cancelled, Unavailable, NotAllowed) as error:
        # Overtaken, ended, or nobody answers: whoever comes next goes on with it, unless somebody has stopped it.
        result.state = "interrupted"
        with suppress(AppError):
            answer = calls.call(
                db, "legacy_run_end", p_token=services.token, p_run_id=result.run_id, p_state="interrupted"
            )
            result.state = str(answer["state"])
        if isinstance(error, Cancelled) or error.key == "legacy_lease_lost":
            return result
        raise
    except AppError as error:
        if error.key == "legacy_lease_lost":
            result.state = "interrupted"
            return result
        result.state, result.error = "failed", _told(error)
        with suppress(AppError):
            _end(db, services, result)
        raise
    except Exception as error:
        log.exception("legacy sync failed")
        result.state, result.error = "failed", _unexpected(error)
    result.seconds = time.monotonic() - started
    _end(db, services, result)
    return result


def _standard() -> LegacyMapping:
    return mapping.standard()


def _end(db: Database, services: Services, result: RunResult) -> None:
    calls.call(
        db,
        "legacy_run_end",
        p_token=services.token,
        p_run_id=result.run_id,
        p_state=result.state,
        p_error=result.error,
    )


def _register(db: Database, services: Services, found: LegacyMapping, memory: _Memory) -> None:
    """Tell the database what there is; it answers how far each entity has been read, and who leads in its module."""
    from app.services.images import ENTITY

    answer = calls.call(
        db, "legacy_entities_set", p_token=services.token, p_entities=[*found.registered(), dict(ENTITY)]
    )
    memory.entities = {str(one["code"]): one for one in answer}


def _wanted(db: Database, services: Services, found: LegacyMapping, memory: _Memory) -> dict[str, Any] | None:
    """What the schedule wants, looked at now and then."""
    if time.monotonic() - memory.asked < ASK_S:
        return None
    memory.asked = time.monotonic()
    _register(db, services, found, memory)
    leading = [entity for entity in memory.leading(found, None) if memory.rested(entity.code)]
    if memory.rested("") and calls.call(
        db, "legacy_quarantine_take", p_token=services.token, p_limit=1, p_entities=_codes(leading)
    ):
        memory.rest("", RETRY_S)
        return {"mode": "retry"}
    now = db.read(calls.now).astimezone()
    tables = schedule.due(leading, memory.entities, now) if "4d" in db.read(kinds_in_use) else None
    return tables or _pictures(memory, now)


def _codes(entities: Sequence[Entity]) -> tuple[str, ...]:
    """Their codes, and those of their parts."""
    return tuple(block.code for entity in entities for block in entity.blocks)


def _pictures(memory: _Memory, now: datetime) -> dict[str, Any] | None:
    """The nightly reading of the image service; one that fails is tried again in an hour."""
    from app.services.images import ENTITY

    mark = memory.entities.get(ENTITY["code"], {})
    if not schedule.pictures_due(mark, now) or time.monotonic() - memory.pictures < PICTURES_AGAIN_S:
        return None
    memory.pictures = time.monotonic()
    return {"mode": "images"}


def _work(
    db: Database,
    services: Services,
    found: LegacyMapping,
    memory: _Memory,
    given: Mapping[str, Any],
    result: RunResult,
    stop: threading.Event,
    progress: Tell,
) -> None:
    mode, options = result.mode, given["options"]
    if mode in ("images", "reconcile"):
        result.state, result.error = _other(db, services, given, stop, progress)
        return
    _register(db, services, found, memory)
    run = Run(
        db=db,
        services=services,
        mapping=found,
        lookups=Lookups(db),
        id=result.run_id,
        mode=mode,
        dry=result.dry_run,
        limit=int(options["limit"]) if options.get("limit") else None,
    )
    if mode == "retry":
        wanted = _codes(memory.leading(found, given["entities"]))
        result.entities += retry(run, wanted, _one(run, memory, {}, progress, []))
    else:
        chosen = memory.leading(found, given["entities"])
        one = _one(run, memory, options, progress, chosen)
        for entity in chosen:
            answer = one(entity, None)
            if answer is not None:
                result.entities.append(answer)
                if answer.state == "cancelled":
                    break
    for done in result.entities:
        if done.state == "failed":
            memory.rest(done.entity, FAILED_S)
    result.state = _state(result.entities)


def _state(entities: Sequence[EntityResult]) -> str:
    states = {one.state for one in entities}
    for state in ("cancelled", "failed", "warnings"):
        if state in states:
            return state
    return "done"


def _other(
    db: Database, services: Services, given: Mapping[str, Any], stop: threading.Event, progress: Tell
) -> tuple[str, dict[str, Any] | None]:
    """Runs that are not about entities: pictures, and the comparison of both sides."""
    if given["mode"] == "images":
        from app.services.images.sync import run_images

        return run_images(db, services, given, stop=stop, progress=progress)
    from app.services.legacy.reconcile import run_reconcile

    return run_reconcile(db, given, services, stop=stop, progress=progress)


def _one(
    run: Run, memory: _Memory, options: Mapping[str, Any], progress: Tell, chosen: Sequence[Entity]
) -> Callable[[Entity, Callable[[Worker], None] | None], EntityResult | None]:
    """How one entity of a run is worked off: begun, done, ended, with its trouble kept to itself."""

    def work(entity: Entity, own: Callable[[Worker], None] | None) -> EntityResult | None:
        begun = calls.call(
            run.db,
            "legacy_run_entity_begin",
            p_token=run.services.token,
            p_run_id=run.id,
            p_entity=entity.code,
        )
        if begun["state"] != "running":
            return None  # through already, before the run was interrupted
        part, started = int(begun["run_entity_id"]), time.monotonic()
        result = EntityResult(entity.code, "done", Counts())
        marks: dict[str, Any] = {}
        try:
            worker = Worker(run, entity, part)
            result.counts = worker.counts
            tell = _teller(run, worker, begun, progress, chosen)
            if own is not None:
                own(worker)
            else:
                marks = _pass(worker, memory.entities.get(entity.code, {}), options, begun, tell)
            tell()
            if worker.parts_refused:
                result.state = "warnings"
        except StoppedError:
            result.state = "cancelled"
        except Refused as error:
            if error.key == "legacy_lease_lost" or error.key in _SERVER:
                raise
            log.warning("legacy sync of %s failed: %s", entity.code, error)
            result.state, result.error = "failed", _told(error)
        except AppError:
            raise
        except Exception as error:
            # A record nobody thought of must not hold up everything else, now and at every next try.
            log.exception("legacy sync of %s failed", entity.code)
            result.state, result.error = "failed", _unexpected(error)
        run.lookups.forget(entity.code, {block.target for block in entity.blocks})
        if result.state == "done" and result.counts.quarantined:
            result.state = "warnings"
        result.seconds = time.monotonic() - started
        calls.call(
            run.db,
            "legacy_run_entity_end",
            p_token=run.services.token,
            p_run_entity_id=part,
            p_state=result.state,
            p_marks=None if run.dry or run.limit is not None else marks,
            p_error=result.error,
        )
        return result

    return work


def _pass(
    worker: Worker,
    mark: Mapping[str, Any],
    options: Mapping[str, Any],
    begun: Mapping[str, Any],
    tell: Callable[[], None],
) -> dict[str, Any]:
    """Read an entity as the run's mode says; the marks that say how far it has been read."""
    run, day = worker.run, datetime.fromisoformat(str(begun["started_at"])).date()
    since = options.get("since") or mark.get("changed_since")
    if run.mode == "sweep":
        if not worker.source.can_sweep:
            return {"sweep": True}
        return {"sweep": True, "source_count": sweep(worker, tell)}
    if run.mode == "incremental" and since and (mark.get("last_full_at") or options.get("since")):
        incremental(worker, date.fromisoformat(str(since)), tell)
        marks = {"incremental": True, "changed_since": str(day)}
        # New ones: there are more than were counted last.
        there = worker.source.count() if worker.counts.created and not run.dry else None
        return marks if there is None else marks | {"source_count": there}
    there = whole(worker, begun.get("cursor"), tell)
    return {
        "full": True,
        "incremental": True,
        "sweep": True,
        "changed_since": str(day),
        "source_count": there,
    }


def _teller(
    run: Run, worker: Worker, begun: Mapping[str, Any], progress: Tell, chosen: Sequence[Entity]
) -> Callable[[], None]:
    codes = [entity.code for entity in chosen]
    before = int(begun.get("read_count") or 0)

    def tell() -> None:
        counts = worker.counts
        code = worker.entity.code
        progress(
            Progress(
                run_id=run.id,
                mode=run.mode,
                entity=code,
                done=before + counts.read,
                total=worker.total,
                created=counts.created,
                changed=counts.changed,
                unchanged=counts.unchanged,
                protected=counts.protected,
                quarantined=counts.quarantined,
                gone=counts.gone,
                entity_index=codes.index(code) + 1 if code in codes else 0,
                entity_count=len(codes),
            )
        )

    return tell


def _told(error: AppError) -> dict[str, Any]:
    return {"key": error.key, "params": {name: str(value) for name, value in error.params.items()}}


def _unexpected(error: Exception) -> dict[str, Any]:
    return {"key": "legacy_unexpected", "params": {"reason": type(error).__name__}}
