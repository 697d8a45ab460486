"""Lists about the sync itself: runs, records in quarantine, servers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Text, cast, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.orm import Session, aliased

from app.core.paging import ListQuery, Page, fetch_page
from app.models.legacy.sync import Entity, Quarantine, Run, RunEntity, Server, ServerStatus

RUN_PRESETS = ("all", "wrong", "full", "by_hand")
QUARANTINE_PRESETS = ("open", "retry", "ignored", "resolved", "all")


class RunRow(NamedTuple):
    """A run with the sums of its entities."""

    id: int
    mode: str
    state: str
    entities: tuple[str, ...]
    options: Mapping[str, Any]
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    leader: str | None
    read: int
    created: int
    changed: int
    unchanged: int
    protected: int
    quarantined: int
    gone: int
    warnings: int


class QuarantineRow(NamedTuple):
    """A record that did not come over."""

    id: int
    row_version: int
    entity: str
    title: Mapping[str, Any]
    module: str
    source_key: str
    label: str | None
    severity: str
    state: str
    findings: tuple[Mapping[str, Any], ...]
    attempts: int
    first_seen_at: datetime
    last_seen_at: datetime
    comment: str | None
    titles: Mapping[str, Any] | None = None


class ServerRow(NamedTuple):
    """A server of the old system."""

    id: int
    code: str
    kind: str
    title: str
    base_url: str
    is_active: bool
    is_test: bool
    verify_tls: bool
    timeout_s: int
    last_status: str | None
    last_error: str | None
    last_contact_at: datetime | None
    blocked_until: datetime | None
    silent_since: datetime | None
    sessions_opened: int


def list_runs(session: Session, query: ListQuery) -> Page:
    """Rows of `RunRow`, newest first.  Presets: all, wrong, full, by_hand."""
    names = ("read", "created", "changed", "unchanged", "protected", "quarantined", "gone", "warning")

    def total(name: str) -> ColumnElement[int]:
        column = getattr(RunEntity, f"{name}_count")
        return (
            select(func.coalesce(func.sum(column), 0))
            .where(RunEntity.run_id == Run.id)
            .correlate(Run)
            .scalar_subquery()
        )

    columns: dict[str, Any] = {
        "id": Run.id,
        "mode": Run.mode,
        "state": Run.state,
        "entities": func.coalesce(Run.entities, cast([], Run.entities.type)),
        "options": Run.options,
        "requested_by": Run.requested_by,
        "requested_at": Run.requested_at,
        "started_at": Run.started_at,
        "finished_at": Run.finished_at,
        "leader": Run.leader,
    } | {name if name != "warning" else "warnings": total(name) for name in names}
    statement = select(*[value.label(key) for key, value in columns.items()])
    match query.preset:
        case "wrong":
            statement = statement.where(Run.state.in_(("failed", "warnings", "interrupted")))
        case "full":
            statement = statement.where(Run.mode == "full")
        case "by_hand":
            statement = statement.where(Run.options["scheduled"].is_(None))
    return fetch_page(session, statement, columns=columns, key=Run.id, query=query, row=RunRow)  # type: ignore[arg-type]


def list_quarantine(session: Session, query: ListQuery) -> Page:
    """Rows of `QuarantineRow`.  Presets: open, retry, ignored, resolved, all."""
    names = ("Bezeichnung", "Name1", "Name2", "Name", "Nummer", "PapierNr", "Lagerort")
    label = func.coalesce(*[func.nullif(Quarantine.raw[name].astext, "") for name in names])
    columns: dict[str, Any] = {
        "id": Quarantine.id,
        "row_version": Quarantine.row_version,
        "entity": Entity.code,
        "title": Entity.title,
        "module": Entity.module,
        "source_key": Quarantine.source_key,
        "label": label,
        "severity": Quarantine.severity,
        "state": Quarantine.state,
        "findings": Quarantine.findings,
        "attempts": Quarantine.attempts,
        "first_seen_at": Quarantine.first_seen_at,
        "last_seen_at": Quarantine.last_seen_at,
        "comment": Quarantine.comment,
        "titles": _titles(),
    }
    statement = select(*[value.label(key) for key, value in columns.items()]).join(
        Entity, Entity.id == Quarantine.entity_id
    )
    if query.preset in ("open", "retry", "ignored", "resolved"):
        statement = statement.where(Quarantine.state == query.preset)
    columns["code"] = cast(Quarantine.findings, Text)
    # Keys of the old system have capitals: no search key, whatever its collation says.
    columns["source_key"] = cast(Quarantine.source_key, Text)
    return fetch_page(session, statement, columns=columns, key=Quarantine.id, query=query, row=QuarantineRow)  # type: ignore[arg-type]


def _titles() -> ColumnElement[Any]:
    """The titles of the entities that a record's findings name, by code."""
    other = aliased(Entity)
    named = func.jsonb_path_query_array(Quarantine.findings, cast("$[*].params.entity", JSONPATH))
    found = select(func.jsonb_object_agg(other.code, other.title)).where(
        type_coerce(named, JSONB).contains(func.to_jsonb(other.code))
    )
    return found.correlate(Quarantine).scalar_subquery()


def list_servers(session: Session, query: ListQuery) -> Page:
    """Rows of `ServerRow`."""
    columns: dict[str, Any] = {
        name: getattr(Server if hasattr(Server, name) else ServerStatus, name) for name in ServerRow._fields
    }
    columns["sessions_opened"] = func.coalesce(ServerStatus.sessions_opened, 0)
    statement = select(*[value.label(key) for key, value in columns.items()]).outerjoin(
        ServerStatus, ServerStatus.server_id == Server.id
    )
    return fetch_page(session, statement, columns=columns, key=Server.id, query=query, row=ServerRow)  # type: ignore[arg-type]


def entity_choices(session: Session) -> list[tuple[str, str]]:
    """The entities to filter by: (code, words)."""
    from app.core.i18n import language

    found = session.execute(select(Entity.code, Entity.title).order_by(Entity.position, Entity.code)).all()
    return [(code, str((title or {}).get(language()) or code)) for code, title in found]
