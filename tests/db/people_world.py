"""Hands for the tests about people and roles: fresh people, sessions, refusals, approvals."""

import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]
Connect = Callable[..., Raw]


def refused(connection: Raw, statement: str, *args: Any) -> tuple[str | None, str | None]:
    """SQLSTATE and key of a refusal that must come."""
    with pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement, args)
    return refusal.value.sqlstate, refusal.value.diag.constraint_name


def one(connection: Raw, statement: str, *args: Any) -> Any:
    """The one value a statement answers."""
    row = connection.execute(statement, args).fetchone()
    assert row is not None
    return row[0]


def new_person(admin: Raw, *roles: str, prefix: str = "u_p", **details: str) -> str:
    """A fresh login with these roles, given by the superuser who sets up the house."""
    login = f"{prefix}{uuid.uuid4().hex[:12]}"
    named = "".join(f", p_{name} => %s" for name in details)
    admin.execute(
        f"SELECT sec.user_create(%s, 'Some Person', %s, %s{named})",
        (login, PASSWORD, list(roles), *details.values()),
    )
    return login


def new_role() -> str:
    """The name of a role nobody has used yet: roles belong to the whole server."""
    return f"x{uuid.uuid4().hex[:12]}"


def approve(connection: Raw, request: int, decision: str = "approve") -> str:
    """Vote on a request; the state it has then."""
    answer = one(
        connection, "SELECT api.approval_decide(gen_random_uuid(), %s, %s, 'so be it')", request, decision
    )
    return str(answer["state"])


def member(admin: Raw, login: str, role: str) -> bool:
    """Whether PostgreSQL itself knows of the membership."""
    return bool(one(admin, "SELECT sec.is_member(%s, %s)", f"r_{role}", login))


def events(admin: Raw, login: str) -> list[str]:
    """Kinds of events about a login, oldest first."""
    rows = admin.execute("SELECT kind FROM audit.event WHERE login = %s ORDER BY id", (login,)).fetchall()
    return [row[0] for row in rows]
