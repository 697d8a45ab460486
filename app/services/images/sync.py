"""A run that brings the database in step with the image service: page by page, by content, resumable, for the leader.

Records whose hash is known cost a comparison and no write.  What the service no longer has is marked only after a
reading from the first page to the last during which the list did not change.
"""

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Changes, Result, changed
from app.core.db import Database, call_api, posting
from app.core.errors import AppError, Refused, Unavailable
from app.services.images import ENTITY
from app.services.images.client import ImageService, Service, ServicePage
from app.services.images.fetch import Source
from app.services.images.files import FileReader, Known, Seen
from app.services.images.records import Record, parse
from app.services.legacy import calls, secrets
from app.services.legacy.service import Contact, OpenServer, Progress, note_contact, open_server
from app.services.security.keys import Keyring

FILES_AT_ONCE = 300
BYTES_AT_ONCE = 3_000_000
LOST = frozenset({"legacy_lease_lost", "legacy_run_not_running"})
Outcome = tuple[str, dict[str, Any] | None]


class Leading(Protocol):
    """What the run needs of whoever leads (`app.services.legacy.service.Services`)."""

    keyring: Keyring | None

    @property
    def token(self) -> int: ...

    def check(self) -> None: ...


class Run(NamedTuple):
    """The run and its part that is about pictures."""

    id: int
    part: int
    limit: int | None
    dry: bool


@dataclass(frozen=True)
class ApplyPage:
    """Records to store, and where the next page begins."""

    token: int
    part: int
    records: tuple[Record, ...]
    cursor: dict[str, Any]
    counts: dict[str, int]


@dataclass(frozen=True)
class NoteFiles:
    """What is new about files."""

    token: int
    part: int
    files: tuple[Seen, ...]


@dataclass(frozen=True)
class MarkGone:
    """All keys the service has."""

    token: int
    part: int
    keys: tuple[str, ...]


@dataclass(frozen=True)
class MatchAll:
    """Products came or changed: link all pictures anew."""

    token: int
    run_id: int


def run_images(
    db: Database,
    services: Leading,
    run: Mapping[str, Any],
    *,
    stop: threading.Event,
    progress: Callable[[Progress], None],
    service: Service | None = None,
) -> Outcome:
    """Read the service once; answers the run's state and what went wrong.

    ``service`` stands in for the one of the database.  Raises when the lease is lost, the database is away, or
    ``stop`` was set: then the run goes on where it was, here or elsewhere.
    """
    options = run.get("options") or {}
    begun = calls.call(
        db,
        "legacy_run_entity_begin",
        p_token=services.token,
        p_run_id=int(run["id"]),
        p_entity=ENTITY["code"],
        p_total=None,
    )
    if begun["state"] not in ("running", "waiting"):
        return str(begun["state"]), begun.get("error")
    limit = options.get("limit")
    part = Run(
        int(run["id"]),
        int(begun["run_entity_id"]),
        int(limit) if limit else None,
        bool(options.get("dry_run")),
    )
    server: int | None = None
    error: AppError | None = None
    marks: dict[str, Any] = {}
    state = "done"
    try:
        if service is None:
            server, service = _service(db, services)
        with ImageService(service, stop=stop) as client:
            state, marks = _read(db, services, client, part, begun, progress)
    except (Refused, Unavailable) as found:
        if found.key in LOST or not found.key.startswith("image_service"):
            raise
        state, error = "failed", found
    told = (
        None if error is None else {"key": error.key, "params": {k: str(v) for k, v in error.params.items()}}
    )
    calls.call(
        db,
        "legacy_run_entity_end",
        p_token=services.token,
        p_run_entity_id=part.part,
        p_state=state,
        p_marks=marks,
        p_error=told,
    )
    if server is not None:
        word = "ok" if error is None else error.key
        db.write(note_contact, Contact(services.token, server, word, None if error is None else str(error)))
    return state, told


def _service(db: Database, services: Leading) -> tuple[int, Service]:
    found = db.read(_active_server)
    if found is None:
        raise Refused("image_service_none")
    server = db.write(open_server, OpenServer(services.token, found)).value
    return found, service_of(server, services.keyring)


def service_of(server: Mapping[str, Any], keyring: Keyring | None) -> Service:
    """How a server that `api.legacy_server_open` answered is spoken to."""
    return Service(
        base_url=str(server["base_url"]),
        username=str(server.get("username") or ""),
        password=secrets.open_password(keyring, server),
        verify=bool(server["verify_tls"]),
        ca=server.get("ca_file"),
        timeout=float(server.get("timeout_s") or 60),
    )


def _active_server(session: Session) -> int | None:
    # The same one the windows fetch pictures from.
    found: int | None = session.scalar(
        text(
            "SELECT s.id FROM legacy.server s WHERE s.kind = 'images' AND s.is_active"
            " ORDER BY s.is_test, s.id LIMIT 1"
        )
    )
    return found


def _read(
    db: Database,
    services: Leading,
    client: ImageService,
    run: Run,
    begun: Mapping[str, Any],
    progress: Callable[[Progress], None],
) -> tuple[str, dict[str, Any]]:
    cursor = begun.get("cursor") or {}
    first = int(cursor.get("page") or 1)
    seen: dict[str, None] = dict.fromkeys(cursor.get("keys") or ())
    total: int | None = cursor.get("total")
    counts = {
        word: int(begun.get(f"{word}_count") or 0) for word in ("read", "created", "changed", "unchanged")
    }
    warnings = int(begun.get("warning_count") or 0)
    steady = True
    for page in client.pages(first):
        services.check()
        if page.total >= 0:
            steady = steady and total in (None, page.total)
            total = page.total
        done = _apply(db, services, run, page, seen, total)
        for word in counts:
            counts[word] += done[word]
        warnings += done["warning"]
        progress(
            Progress(
                run.id,
                "images",
                ENTITY["code"],
                counts["read"],
                total,
                counts["created"],
                counts["changed"],
                counts["unchanged"],
                entity_index=1,
                entity_count=1,
            )
        )
        if done["cancel"]:
            return "cancelled", {}
        if run.limit is not None and counts["read"] >= run.limit:
            return "warnings" if warnings else "done", {}
    services.check()
    if run.dry:
        return "done", {}
    complete = steady and total is not None and counts["read"] >= total
    if complete:
        db.write(mark_gone, MarkGone(services.token, run.part, tuple(seen)))
    answer = db.write(match_all, MatchAll(services.token, run.id)).value
    cancelled, missed = _files(db, services, run, client.service)
    if cancelled:
        return "cancelled", {}
    found = bool(warnings or answer.get("conflicts") or missed or not complete)
    return "warnings" if found else "done", {"full": complete, "incremental": True, "source_count": total}


def _files(db: Database, services: Leading, run: Run, service: Service) -> tuple[bool, int]:
    """Look at the files in use; whether somebody stopped it, and how many could not be had.

    Not remembered page by page: a run that is taken up again asks for all of them anew, which costs little.
    """
    known = db.read(_known_files)
    media = next((one.media_url or "" for one in db.read(_media_of, service.base_url)), "")
    reader = FileReader(service, Source(service.base_url, media, service.verify, service.ca))
    try:
        for first in range(0, len(known), FILES_AT_ONCE):
            batch: list[Seen] = []
            size = 0
            for seen in reader.look(known[first : first + FILES_AT_ONCE], services.check):
                batch.append(seen)
                size += len(seen.content or b"")
                if size > BYTES_AT_ONCE:
                    db.write(note_files, NoteFiles(services.token, run.part, tuple(batch)))
                    batch, size = [], 0
            answer = db.write(note_files, NoteFiles(services.token, run.part, tuple(batch))).value
            if answer.get("cancel"):
                return True, reader.failures
            if reader.away:
                break
    finally:
        reader.close()
    return False, reader.failures


def _known_files(session: Session) -> list[Known]:
    """The files of pictures that are here, those of one picture together."""
    return [
        Known._make(row)
        for row in session.execute(
            text(
                "SELECT f.id, f.url, f.mark, f.content IS NOT NULL FROM catalog.picture_file f"
                "  JOIN catalog.picture p ON p.id = f.picture_id AND p.state = 'here'"
                " WHERE (f.is_large OR f.is_small) AND f.url IS NOT NULL ORDER BY f.picture_id, f.position"
            )
        )
    ]


def _media_of(session: Session, base_url: str) -> list[Any]:
    statement = text("SELECT s.media_url FROM legacy.server s WHERE s.kind = 'images' AND s.base_url = :url")
    return list(session.execute(statement, {"url": base_url}))


def _apply(
    db: Database, services: Leading, run: Run, page: ServicePage, seen: dict[str, None], total: int | None
) -> dict[str, Any]:
    records: dict[str, Record] = {}
    unreadable = 0
    for raw in page.results:
        record = parse(raw)
        if record is None:
            unreadable += 1
        else:
            records[record.key] = record  # the same one twice: the later word counts
    fresh = [record for key, record in records.items() if key not in seen]
    wanted = set(
        db.read(_changed, tuple(r.key for r in fresh), tuple(r.hash for r in fresh)) if fresh else ()
    )
    if run.limit is not None:
        wanted = set(list(wanted)[: run.limit])
    different = tuple(record for record in fresh if record.key in wanted)
    seen.update(dict.fromkeys(records))
    counts = {
        "read_count": len(page.results),
        "unchanged_count": len(fresh) - len(different),
        "warning_count": unreadable,
    }
    done: dict[str, Any] = {
        "read": len(page.results),
        "unchanged": counts["unchanged_count"],
        "warning": unreadable,
        "created": 0,
        "changed": len(different),
        "cancel": False,
    }
    if not run.dry:
        cursor = {"page": page.number + 1, "keys": list(seen), "total": total}
        answer = db.write(apply_page, ApplyPage(services.token, run.part, different, cursor, counts)).value
        done |= {word: answer[word] for word in ("created", "changed", "cancel")}
    return done


def _changed(session: Session, keys: tuple[str, ...], hashes: tuple[str, ...]) -> list[str]:
    return list(session.scalar(select(func.api.picture_changed(list(keys), list(hashes)))) or ())


@posting
def apply_page(session: Session, command: ApplyPage) -> Result[dict[str, Any]]:
    """Store a page; one transaction, fenced."""
    answer = call_api(
        session,
        "picture_apply",
        p_token=command.token,
        p_run_entity_id=command.part,
        p_pictures=[record.as_json() for record in command.records],
        p_cursor=command.cursor,
        p_counts=command.counts,
    )
    return Result(answer, _topics(command.records))


@posting
def note_files(session: Session, command: NoteFiles) -> Result[dict[str, Any]]:
    """Note how files are known, and copies; one transaction, fenced."""
    answer = call_api(
        session,
        "picture_files",
        p_token=command.token,
        p_run_entity_id=command.part,
        p_files=[_as_json(one) for one in command.files],
    )
    return Result(answer, _topics(answer.get("replaced")))


def _as_json(seen: Seen) -> dict[str, Any]:
    said: dict[str, Any] = {"id": seen.id, "mark": seen.mark}
    if seen.brought:
        said["content"] = None if seen.content is None else base64.b64encode(seen.content).decode()
    return said


@posting
def mark_gone(session: Session, command: MarkGone) -> Result[dict[str, Any]]:
    """Mark what the service no longer has."""
    answer = call_api(
        session,
        "picture_gone",
        p_token=command.token,
        p_run_entity_id=command.part,
        p_keys=command.keys,
    )
    return Result(answer, _topics(answer.get("gone")))


@posting
def match_all(session: Session, command: MatchAll) -> Result[dict[str, Any]]:
    """Link all pictures to the products there are now."""
    answer = call_api(session, "picture_match", p_token=command.token, p_run_id=command.run_id)
    return Result(answer, NO_CHANGES)


def _topics(something: object) -> Changes:
    return changed(("catalog.picture", None)) if something else NO_CHANGES
