"""Logins for a copy: one per role, that come into the copy and into no other database, and go with it."""

import re
import secrets
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from app.core import schema
from migrations import rights

Raw = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Person:
    """A login of the copy; the password is said once and kept nowhere."""

    role: str
    login: str
    password: str


def make(address: str, name: str) -> list[Person]:
    """A login for every role people may have; what it may do, it may do in the copy alone."""
    made = []
    with psycopg.connect(address, autocommit=True) as connection:
        roles = {role.name: role.title.get("de", role.name) for role in _roles()}
        prefix = _free(connection, _prefix(name), list(roles))
        for role, title in roles.items():
            person = Person(role, _login(prefix, role), secrets.token_urlsafe(15))
            connection.execute(
                "SELECT sec.user_create(%s, %s, %s, %s)", (person.login, title, person.password, [role])
            )
            made.append(person)
    return made


def of_copy(server: Raw, name: str, address: str) -> list[str]:
    """The logins that were made for the copy and are nobody's elsewhere; `server` is connected to the original."""
    entrance = schema.entrance(server, name)
    found = {row[0] for row in server.execute(_MEMBERS, (entrance, entrance)).fetchall()}
    if entrance is None:  # a copy from before databases had an entrance: its logins go by their names
        guessed = [_login(_prefix(name), role.name) for role in _roles()]
        with psycopg.connect(address) as copy:
            query = "SELECT login FROM sec.app_user WHERE login = ANY (%s) AND status <> 'left'"
            found = {row[0] for row in copy.execute(query, (guessed,)).fetchall()}
    rest = server.execute("SELECT login FROM sec.app_user WHERE login = ANY (%s)", (list(found),)).fetchall()
    return sorted(found - {row[0] for row in rest})


def remove(server: Raw, logins: list[str]) -> None:
    """Drop these logins, and end their connections; one that owns anything is locked out for good instead."""
    for login in logins:
        name = sql.Identifier(login)
        server.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(name))
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,))
        try:
            server.execute(sql.SQL("DROP ROLE {}").format(name))
        except psycopg.errors.DependentObjectsStillExist:
            server.execute(sql.SQL("REVOKE erp_user FROM {} GRANTED BY erp_sec").format(name))


def _roles() -> list[rights.Role]:
    return [role for role in rights.load().roles.values() if role.holder == "person"]


def _prefix(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower())[:12].strip("_") or "copy"


def _login(prefix: str, role: str) -> str:
    return f"u_{prefix}_{role}"[:42]


def _free(connection: Raw, prefix: str, roles: list[str]) -> str:
    """The prefix, with a number when logins of another copy have it."""
    taken = {row[0] for row in connection.execute("SELECT rolname::text FROM pg_roles").fetchall()}
    number, found = 1, prefix
    while not taken.isdisjoint(_login(found, role) for role in roles):
        number += 1
        found = f"{prefix[:10]}_{number}"
    return found


_MEMBERS: Final = """SELECT m.rolname::text FROM pg_auth_members a JOIN pg_roles o ON o.oid = a.roleid
 JOIN pg_roles m ON m.oid = a.member
WHERE o.rolname = %s AND m.rolname ~ '^[uts]_' AND NOT EXISTS (
  SELECT FROM pg_auth_members b JOIN pg_roles p ON p.oid = b.roleid
   WHERE b.member = a.member AND p.rolname ~ '^erp_in_' AND p.rolname <> %s)"""
