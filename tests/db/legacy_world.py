"""A leader of the sync as tests need one: a plain connection over TCP that calls the functions by name."""

import json
import uuid
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]
DEPUTY, SERVICE = "u_deputy", "s_leader"
ENTITIES = (
    ("family", None, "catalog"),
    ("variant", None, "catalog"),
    ("variant/price", "variant", "catalog"),
    ("customer", None, "partners"),
    ("document", None, "sales"),
    ("line", "document", "sales"),
    ("place", None, "inventory"),
    ("stock", None, "inventory"),
)
DOCUMENT = {"kind": "invoice", "number": "11418", "currency": "EUR", "net": "100.00", "gross": "119.00"}


def add_leaders(admin: Raw) -> None:
    """A second administrator and a service in this database, who may lead as well."""
    for login, role in ((DEPUTY, "administrator"), (SERVICE, "sync")):
        admin.execute(
            "SELECT sec.user_create(%s, 'Leader', %s, ARRAY[%s])"
            " WHERE NOT EXISTS (SELECT FROM sec.app_user u WHERE u.login = %s)",
            (login, PASSWORD, role, login),
        )
        admin.execute(sql.SQL("ALTER ROLE {} CONNECTION LIMIT 40").format(sql.Identifier(login)))


def call(connection: Raw, function: str, /, **params: Any) -> Any:
    """`SELECT api.<function>(…)`; dicts and lists travel as jsonb, tuples as arrays of text."""
    arguments = sql.SQL(", ").join(sql.SQL("{} => %s").format(sql.Identifier(name)) for name in params)
    values = [
        json.dumps(v) if isinstance(v, (dict, list)) else list(v) if isinstance(v, tuple) else v
        for v in params.values()
    ]
    statement = sql.SQL("SELECT api.{}({})").format(sql.Identifier(function), arguments)
    row = connection.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def refused(connection: Raw, function: str, /, **params: Any) -> str:
    """The key a call is refused with."""
    try:
        call(connection, function, **params)
    except psycopg.Error as error:
        return error.diag.constraint_name or error.sqlstate or "?"
    return "ok"


def confirmed(connection: Raw) -> Raw:
    """The same connection, whose person has just proved who it is."""
    connection.execute("SELECT sec.session_confirm(%s)", (PASSWORD,))
    return connection


def row(k: str, v: dict[str, Any], *, h: str | None = None, **rest: Any) -> dict[str, Any]:
    """One row of a page; `o` owner, `r` references, `p` placeholder, `d` duplicate, `m` moment."""
    return {"k": k, "h": h or json.dumps(v, sort_keys=True), "v": v, **rest}


class Leader:
    """Somebody who leads, with a run under way."""

    def __init__(self, connection: Raw, *, mode: str = "full") -> None:
        self.raw = connection
        answer = call(connection, "legacy_lease", p_client="test", p_seconds=60)
        assert answer["held"]
        self.token: int = answer["token"]
        self.call(
            "legacy_entities_set",
            p_entities=[
                {
                    "code": code,
                    "parent": parent,
                    "module": module,
                    "position": n,
                    "title": {"de": code, "en": code},
                }
                for n, (code, parent, module) in enumerate(ENTITIES)
            ],
        )
        self.run: int = self.call("legacy_run_next", p_auto={"mode": mode})["id"]

    def call(self, function: str, /, **params: Any) -> Any:
        """Call a function that asks for the token."""
        return call(self.raw, function, p_token=self.token, **params)

    def part(self, entity: str) -> int:
        """The part of the run for an entity, begun."""
        begun = self.call("legacy_run_entity_begin", p_run_id=self.run, p_entity=entity)
        return int(begun["run_entity_id"])

    def page(
        self, entity: str, table: str, rows: Sequence[dict[str, Any]], *, cursor: Any = None, **block: Any
    ) -> dict[str, Any]:
        """One page with one block; its answer for the block."""
        answer = self.call(
            "legacy_apply",
            p_run_entity_id=self.part(entity),
            p_blocks=[{"entity": entity, "table": table, "rows": list(rows), **block}],
            p_cursor=cursor,
            p_counts={"read_count": len(rows)},
        )
        found: dict[str, Any] = answer["blocks"][0]
        return found

    def families(self, *rows: dict[str, Any], **block: Any) -> dict[str, Any]:
        """A page of product families, told apart by their code."""
        return self.page("family", "catalog.family", rows, match=["code"], **block)

    def end(self, entity: str, state: str = "done", **marks: Any) -> Any:
        """End the part of an entity."""
        return self.call(
            "legacy_run_entity_end", p_run_entity_id=self.part(entity), p_state=state, p_marks=marks
        )


def counts(answer: dict[str, Any]) -> tuple[int, int, int, int]:
    """created, changed, unchanged, protected of a block's answer."""
    return answer["created"], answer["changed"], answer["unchanged"], answer["protected"]


def command() -> uuid.UUID:
    """A new command."""
    return uuid.uuid4()


def one(connection: Raw, query: str, *values: object) -> Any:
    """The first row of a query; None when there is none."""
    return connection.execute(sql.SQL(query), values or None).fetchone()
