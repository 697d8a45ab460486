"""Creates, upgrades and checks a database; needs the cluster's administrator, never runs for an ordinary user.

`upgrade` is one transaction: structure by Alembic, then everything replaceable by `migrations.derived`.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from migrations import derived, drift

REPOSITORY = Path(__file__).resolve().parents[2]
SUPPORTED = range(150000, 190000)
_LOCK = 0x7765726B62616E6B  # "werkbank": one upgrade at a time


class SchemaError(Exception):
    """The database cannot be created or upgraded; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `check` found wrong: which check, and the object or row."""

    check: str
    what: str


@dataclass(frozen=True, slots=True)
class Upgraded:
    """What an upgrade did: the revision before and after, and whether anything was applied at all."""

    before: str | None
    after: str
    applied: bool


def with_database(dsn: str, dbname: str) -> str:
    """The same address for another database of the cluster."""
    parts = urlsplit(dsn)
    return urlunsplit(parts._replace(path=f"/{dbname}"))


def init(admin_dsn: str, dbname: str) -> str:
    """Create the database unless it is there, and bring it up to date; returns its address.

    Also takes away everybody's right to connect to the cluster's other standard databases: a person's login is for
    this program's database only.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        _refuse_unsuitable(connection)
        name = sql.Identifier(dbname)
        found = connection.execute("SELECT FROM pg_database WHERE datname = %s", (dbname,)).fetchone()
        if found is None:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        for other in ("postgres", "template1"):
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(other)))
    address = with_database(admin_dsn, dbname)
    upgrade(address)
    return address


def entrance(connection: psycopg.Connection[Any], dbname: str) -> str | None:
    """The role whose members may connect to this database; None for one that is not ours or is of old."""
    row = connection.execute(
        "SELECT r.rolname::text FROM pg_database d, aclexplode(d.datacl) x, pg_roles r WHERE d.datname = %s "
        "AND r.oid = x.grantee AND x.privilege_type = 'CONNECT' AND r.rolname ~ '^erp_in_[0-9a-f]{12}$'",
        (dbname,),
    ).fetchone()
    return row and str(row[0])


def drop(connection: psycopg.Connection[Any], dbname: str) -> None:
    """Drop a database of ours, unless it is gone, with the role that let people in; logins stay."""
    role = entrance(connection, dbname)
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(dbname)))
    if role is not None:
        # A copy that shares the role keeps it.
        with suppress(psycopg.errors.DependentObjectsStillExist):
            connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


def require_ours(admin_dsn: str) -> None:
    """SchemaError unless the database is one that `init` made: nothing is installed into somebody else's."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        row = connection.execute("SELECT to_regclass('system.alembic_version') IS NOT NULL").fetchone()
        if row is None or not row[0]:
            raise SchemaError(
                f"the database {connection.info.dbname!r} holds no Werkbank; name the one that `werkbank db init` made"
            )


def upgrade(admin_dsn: str) -> Upgraded:
    """Bring structure, functions and rights to this program's state, all or nothing; quick when nothing is new."""
    config = _config()
    head = ScriptDirectory.from_config(config).get_current_head()
    if head is None:
        raise SchemaError("there is no migration to apply")
    with _transaction(admin_dsn) as (connection, raw):
        _refuse_unsuitable(raw)
        raw.execute("SET LOCAL lock_timeout = '3s'")
        raw.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        before = _revision(connection)
        if before == head and derived.is_current(raw):
            return Upgraded(before, head, applied=False)
        derived.prepare(raw)
        derived.drop(raw)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        derived.apply(raw)
        gaps = drift.matrix_gaps(raw)
        if gaps:
            raise SchemaError("the rights matrix does not fit the database: " + "; ".join(gaps))
    return Upgraded(before, head, applied=True)


def check(admin_dsn: str) -> list[Finding]:
    """Everything about a database that is not as it should be; an empty list is good.

    Compares structure, functions, policies and rights with a scratch database built for the purpose, runs the
    catalogue lints and the consistency queries. The scratch database is dropped again.
    """
    findings: list[Finding] = []
    scratch = f"werkbank_check_{secrets.token_hex(6)}"
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        name = sql.Identifier(scratch)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(name))
        try:
            upgrade(with_database(admin_dsn, scratch))
            with psycopg.connect(with_database(admin_dsn, scratch)) as fresh:
                wanted = drift.snapshot(fresh)
        finally:
            drop(connection, scratch)
    with psycopg.connect(admin_dsn) as connection:
        connection.read_only = True
        findings += [Finding("drift", line) for line in drift.differences(wanted, drift.snapshot(connection))]
        findings += [Finding(*found) for found in drift.run_queries(connection, "lints")]
        findings += [Finding(*found) for found in drift.run_queries(connection, "consistency")]
        findings += [Finding("matrix", line) for line in drift.matrix_gaps(connection)]
    return findings


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(REPOSITORY / "migrations"))
    return config


@contextmanager
def _transaction(admin_dsn: str) -> Iterator[tuple[SqlConnection, psycopg.Connection[Any]]]:
    """One transaction seen both by Alembic and by plain psycopg."""
    address = admin_dsn.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(address, poolclass=NullPool)
    with engine.begin() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, psycopg.Connection)
        yield connection, raw


def _revision(connection: SqlConnection) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": "system"})
    return context.get_current_revision()


def _refuse_unsuitable(connection: psycopg.Connection[Any]) -> None:
    version = connection.info.server_version
    if version not in SUPPORTED:
        raise SchemaError(f"PostgreSQL {version // 10000} is not supported; it must be 15 to 18")
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    if row is None or not row[0]:
        raise SchemaError("the address of an administrator (superuser) is needed")
