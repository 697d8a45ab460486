"""What the engine says to the database: every call one statement, behind the token of who leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database, call_api, posting
from app.services.imports.mapping import table_of

KEYS_AT_ONCE = 20_000


@dataclass(frozen=True)
class Call:
    """A function of the schema `api` with its parameters."""

    function: str
    params: Mapping[str, Any] = field(default_factory=dict)


@posting
def _post(session: Session, call: Call) -> Result[dict[str, Any]]:
    return Result(call_api(session, call.function, **call.params))


def call(db: Database, function: str, **params: Any) -> Any:
    """Call it and commit; its answer (None when it is null).  Raises AppError."""
    answer = db.write(_post, Call(function, params)).value
    return answer.get("value") if set(answer) == {"value"} else answer


@dataclass(frozen=True)
class Page:
    """A page to be written: rows, what goes into quarantine, where to go on from, counts."""

    token: int
    part: int
    blocks: list[dict[str, Any]]
    quarantine: list[dict[str, Any]]
    cursor: dict[str, Any] | None
    counts: dict[str, int]
    refused: "Refusals"


class Refusals:
    """Turns rows the database refused into entries for quarantine."""

    def entries(self, answer: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The entries for what an answer of `api.legacy_apply` refused."""
        raise NotImplementedError


def apply(db: Database, page: Page) -> dict[str, Any]:
    """Write a page in one transaction, what the database refused of it into quarantine; its answer, `refused` added."""
    return db.write(_apply, page).value


def _apply(session: Session, page: Page) -> Result[dict[str, Any]]:
    common = {"p_token": page.token, "p_run_entity_id": page.part}
    answer = call_api(
        session,
        "legacy_apply",
        **common,
        p_blocks=page.blocks,
        p_quarantine=page.quarantine,
        p_cursor=page.cursor,
        p_counts=page.counts,
    )
    entries = page.refused.entries(answer)
    if entries:
        more = call_api(session, "legacy_apply", **common, p_blocks=[], p_quarantine=entries)
        answer["main"]["quarantined"] += more["main"]["quarantined"]
    return Result(answer | {"refused": len(entries)})


def changed(session: Session, entity: str, keys: Sequence[str], hashes: Sequence[str]) -> set[str]:
    """Which of the records are new or have another hash than the one they were applied with."""
    answer = call_api(session, "legacy_changed", p_entity=entity, p_keys=tuple(keys), p_hashes=tuple(hashes))
    return set(answer["value"] or ())


def known_keys(session: Session, entity: str) -> dict[str, str]:
    """Every source key the database has a record of, with its state."""
    found: dict[str, str] = {}
    after: str | None = None
    while True:
        answer = call_api(session, "legacy_keys", p_entity=entity, p_after=after, p_limit=KEYS_AT_ONCE)
        portion: list[list[str]] = answer["value"]
        found.update((key, state) for key, state in portion)
        if len(portion) < KEYS_AT_ONCE:
            return found
        after = portion[-1][0]


def now(session: Session) -> datetime:
    """The database's clock: the only one that is the same for everybody who may lead."""
    found: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def column_values(session: Session, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Some columns of all rows of a table."""
    found = table_of(table)
    assert found is not None
    statement = select(*(found.c[name] for name in columns)).order_by(found.c.id)
    return [tuple(row) for row in session.execute(statement).all()]
