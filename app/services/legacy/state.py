"""How the sync stands: who leads, servers, modules, entities, the run under way and the last one; one round trip."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy.orm import Session

from app.core.db import call_api

RUN, ENTITY, QUARANTINE = "legacy.run", "legacy.entity", "legacy.quarantine"
SERVER, MODULE = "legacy.server", "legacy.module"
STATE_TOPICS = frozenset({RUN, ENTITY, QUARANTINE, SERVER, MODULE})


class Lease(NamedTuple):
    """Who leads; `held` while the lease runs."""

    holder: str
    person: str
    client: str
    until: datetime | None
    held: bool


class ServerState(NamedTuple):
    """A server of the old system: what it said last, how many sessions were ever opened there."""

    id: int
    code: str
    kind: str
    title: str
    base_url: str
    is_active: bool
    is_test: bool
    last_contact_at: datetime | None
    last_status: str
    last_error: str
    blocked_until: datetime | None
    sessions_opened: int
    session_seen_at: datetime | None
    has_password: bool
    silent_since: datetime | None = None
    retry_at: datetime | None = None


class ModuleState(NamedTuple):
    """Who leads in a module: legacy, parallel or werkbank."""

    id: int
    code: str
    mode: str
    signed_off_at: datetime | None


class EntityState(NamedTuple):
    """A table of the old system and what came of it here."""

    id: int
    code: str
    module: str
    source: str
    title: Mapping[str, Any]
    is_enabled: bool
    last_full_at: datetime | None
    last_incremental_at: datetime | None
    last_sweep_at: datetime | None
    source_count: int | None
    records: int
    placeholders: int
    quarantined: int
    gone: int
    warnings: int = 0


class Part(NamedTuple):
    """One entity of a run."""

    id: int
    entity: str
    title: Mapping[str, Any]
    position: int
    state: str
    total: int | None
    read: int
    created: int
    changed: int
    unchanged: int
    protected: int
    quarantined: int
    gone: int
    warnings: int
    started_at: datetime | None
    finished_at: datetime | None
    error: Mapping[str, Any] | None


class Run(NamedTuple):
    """A run, with the figures of its entities."""

    id: int
    mode: str
    state: str
    entities: tuple[str, ...]
    options: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    leader: str
    cancel_requested: bool
    error: Mapping[str, Any] | None
    parts: tuple[Part, ...]
    ends_at: datetime | None = None  # until when one that waits may begin

    def sum(self, name: str) -> int:
        """A figure over all entities."""
        return sum(int(getattr(part, name) or 0) for part in self.parts)

    @property
    def dry(self) -> bool:
        """Whether nothing is written."""
        return bool(self.options.get("dry_run"))

    @property
    def current(self) -> Part | None:
        """The entity under way."""
        return next((part for part in self.parts if part.state == "running"), None)


class State(NamedTuple):
    """Everything the overview shows."""

    now: datetime
    lease: Lease | None
    servers: tuple[ServerState, ...]
    modules: tuple[ModuleState, ...]
    entities: tuple[EntityState, ...]
    run: Run | None
    last_run: Run | None
    waiting: tuple[Run, ...]
    open: int
    ignored: int

    @property
    def read_ever(self) -> bool:
        """Whether anything was ever read."""
        return any(one.last_full_at or one.last_incremental_at for one in self.entities)

    @property
    def sessions_opened(self) -> int:
        """Sessions ever opened at the servers of the old ERP."""
        return sum(server.sessions_opened for server in self.servers if server.kind == "4d")


class Progress(NamedTuple):
    """How far a run is.  ``share`` 0 to 1, ``rate`` rows a second, ``left`` the time still needed (None: unknown).

    ``total`` is None while nobody has counted all of it; ``share`` then tells how many of the entities are done.
    """

    done: int
    total: int | None
    share: float
    rate: float
    left: timedelta | None


def state(session: Session) -> State:
    """How the sync stands."""
    return state_of(call_api(session, "legacy_state"))


def state_of(found: Mapping[str, Any]) -> State:
    """The same, of what `api.legacy_state` has said."""
    titles = {str(one["code"]): one.get("title") or {} for one in found.get("entities") or ()}
    lease = found.get("lease")
    last = found.get("last_run")
    return State(
        _at(found["now"]) or datetime.now().astimezone(),
        _lease(lease) if lease else None,
        tuple(_server(one) for one in found.get("servers") or ()),
        tuple(_module(one) for one in found.get("modules") or ()),
        tuple(_entity(one) for one in found.get("entities") or () if not one.get("parent")),
        run_of(found["run"], titles) if found.get("run") else None,
        run_of(last, titles) if last else None,
        tuple(run_of(one, titles) for one in found.get("waiting") or ()),
        int(found.get("quarantine") or 0),
        int(found.get("ignored") or 0),
    )


def silent(found: State) -> ServerState | None:
    """The server in use that gives no answer, while somebody leads who asks it again; None when all answer."""
    if found.lease is None or not found.lease.held:
        return None
    gone = [one for one in found.servers if one.is_active and one.kind == "4d" and one.silent_since]
    return min(gone, key=lambda one: one.is_test, default=None)


PASSING: Final = timedelta(seconds=10)
"""So long nobody leads while the lead goes from one to another: no reason for alarm."""


def passing(found: State) -> bool:
    """Whether the lead is changing hands: nobody has it, and somebody had it a moment ago."""
    lease = found.lease
    return (
        lease is not None and not lease.held and lease.until is not None and found.now - lease.until < PASSING
    )


def pictures_fail(found: State) -> ServerState | None:
    """The image service in use that could not be read when it was asked last."""
    asked = [one for one in found.servers if one.is_active and one.kind == "images"]
    used = min(asked, key=lambda one: (one.is_test, one.id), default=None)
    return used if used is not None and used.last_status not in ("", "ok") else None


def unread(found: State) -> int:
    """How many of the old system's tables were never read in full."""
    return sum(
        one.is_enabled and one.module != "images" and one.last_full_at is None for one in found.entities
    )


def progress(run: Run, expected: Mapping[str, int | None], now: datetime) -> Progress:
    """How far a run is; ``expected`` says how many rows an entity had when it was last counted."""
    done, begun = run.sum("read"), {part.entity for part in run.parts}
    seconds = (now - run.started_at).total_seconds() if run.started_at else 0.0
    rate = done / seconds if seconds > 0.5 else 0.0
    sizes = [_size(part, expected) for part in run.parts]
    wanted = run.entities or tuple(expected)  # without a choice all of them
    sizes += [expected.get(code) for code in wanted if code not in begun]
    if any(size is None for size in sizes) or not sizes:
        finished = sum(part.finished_at is not None for part in run.parts)
        return Progress(done, None, finished / max(len(sizes), 1), rate, None)
    total = sum(size or 0 for size in sizes)
    share = min(1.0, done / total) if total else 0.0
    left = timedelta(seconds=(total - done) / rate) if rate > 0 and total > done else None
    return Progress(done, total, share, rate, left)


def _size(part: Part, expected: Mapping[str, int | None]) -> int | None:
    """How many rows an entity of a run has."""
    if part.finished_at is not None:
        return part.read
    known = part.total if part.total is not None else expected.get(part.entity)
    return None if known is None else max(part.read, known)


def run_of(found: Mapping[str, Any], titles: Mapping[str, Mapping[str, Any]]) -> Run:
    """A run as the server tells it."""
    return Run(
        int(found["id"]),
        str(found["mode"]),
        str(found["state"]),
        tuple(found.get("entities") or ()),
        found.get("options") or {},
        str(found.get("requested_by") or ""),
        _at(found.get("requested_at")) or datetime.now().astimezone(),
        _at(found.get("started_at")),
        _at(found.get("finished_at")),
        str(found.get("leader") or ""),
        bool(found.get("cancel_requested")),
        found.get("error"),
        tuple(_part(one, titles) for one in found.get("parts") or ()),
        _at(found.get("ends_at")),
    )


def _part(found: Mapping[str, Any], titles: Mapping[str, Mapping[str, Any]]) -> Part:
    code = str(found["entity"])

    def count(name: str) -> int:
        return int(found.get(f"{name}_count") or 0)

    return Part(
        int(found.get("id") or found.get("position") or 0),
        code,
        found.get("title") or titles.get(code) or {},
        int(found.get("position") or 0),
        str(found["state"]),
        _whole(found.get("total")),
        count("read"),
        count("created"),
        count("changed"),
        count("unchanged"),
        count("protected"),
        count("quarantined"),
        count("gone"),
        count("warning"),
        _at(found.get("started_at")),
        _at(found.get("finished_at")),
        found.get("error"),
    )


def _lease(found: Mapping[str, Any]) -> Lease:
    holder = str(found.get("holder") or "")
    return Lease(
        holder,
        str(found.get("person") or holder),
        str(found.get("client") or ""),
        _at(found.get("until")),
        bool(found.get("held")),
    )


def _server(found: Mapping[str, Any]) -> ServerState:
    return ServerState(
        int(found["id"]),
        str(found["code"]),
        str(found["kind"]),
        str(found.get("title") or found["code"]),
        str(found.get("base_url") or ""),
        bool(found.get("is_active")),
        bool(found.get("is_test")),
        _at(found.get("last_contact_at")),
        str(found.get("last_status") or ""),
        str(found.get("last_error") or ""),
        _at(found.get("blocked_until")),
        int(found.get("sessions_opened") or 0),
        _at(found.get("session_seen_at")),
        bool(found.get("has_password")),
        _at(found.get("silent_since")),
        _at(found.get("retry_at")),
    )


def _module(found: Mapping[str, Any]) -> ModuleState:
    return ModuleState(
        int(found.get("id") or 0), str(found["code"]), str(found["mode"]), _at(found.get("signed_off_at"))
    )


def _entity(found: Mapping[str, Any]) -> EntityState:
    return EntityState(
        int(found["id"]),
        str(found["code"]),
        str(found["module"]),
        str(found.get("source") or ""),
        found.get("title") or {},
        bool(found.get("is_enabled")),
        _at(found.get("last_full_at")),
        _at(found.get("last_incremental_at")),
        _at(found.get("last_sweep_at")),
        _whole(found.get("source_count")),
        int(found.get("records") or 0),
        int(found.get("placeholders") or 0),
        int(found.get("quarantined") or 0),
        int(found.get("gone") or 0),
        int(found.get("warnings") or 0),
    )


def expected(entities: Sequence[EntityState]) -> dict[str, int | None]:
    """How many rows each entity of a run over all of them had when it was last counted."""
    return {one.code: one.source_count for one in entities if one.is_enabled and one.module != "images"}


def _whole(value: object) -> int | None:
    return None if value is None else int(str(value))


def _at(written: object) -> datetime | None:
    if written is None or written == "":
        return None
    return written if isinstance(written, datetime) else datetime.fromisoformat(str(written))


def day(written: object) -> date | None:
    """A day as JSON writes it."""
    return None if not written else date.fromisoformat(str(written)[:10])
