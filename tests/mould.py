"""The server the tests copy: every role has its login in a migrated database, and beside it stands the demo company.

Loading the company takes longer than most modules of tests: in a run with several workers it is done once, by whoever
comes first, and every worker and every tour that needs it starts a copy of the stopped server.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

from app.core import schema
from app.core.embedded import Instance, _free_port
from app.core.file_lock import file_lock
from app.core.people import DEMO_PEOPLE
from app.core.server_programs import give, server_account
from app.services.demo import load
from migrations import rights

SHARED = "WERKBANK_TEST_SHARED"
"""Names the folder that all workers of a run share."""
PASSWORD = "a long phrase for tests"
ROLES = tuple(role.name for role in rights.load().roles.values() if role.holder == "person")
TEMPLATE = "template_tests"
DEMO = "template_demo"
"""The demo company with the roles' logins beside its own people."""
_SETTINGS = (
    # Nobody pulls the plug on a test; commits stay synchronous, since some tests kill the server.
    "fsync = off",
    "full_page_writes = off",
    "max_connections = 200",
    "max_wal_size = '256MB'",
    # Its transactions come at any moment, and the trail is sealed up to the oldest that is open.
    "autovacuum = off",
    # Copies of a database do not have its settings, hence `jit` here.
    "jit = off",
)


def login_of(role: str) -> str:
    """The login that has exactly this role in every test database."""
    return f"u_{role}"


def prepare(own: Instance) -> Instance:
    """Start the server with the tests' settings and make the migrated database with a login for every role in it."""
    _start(own)
    fill(schema.init(own.admin_dsn("postgres"), TEMPLATE))
    return own


def _start(own: Instance) -> None:
    with _environment(
        "TZ", "UTC"
    ):  # the server's, where times in the trail can be compared as they are written
        own.ensure()
        with psycopg.connect(own.admin_dsn("postgres"), autocommit=True) as connection:
            for setting in _SETTINGS:
                connection.execute(sql.SQL("ALTER SYSTEM SET " + setting))
        own.stop()
        own.start()


def fill(address: str) -> None:
    """Give every role its login."""
    with psycopg.connect(address, autocommit=True) as connection:
        for role in ROLES:
            connection.execute(
                "SELECT sec.user_create(%s, %s, %s, %s)",
                (login_of(role), role.replace("_", " ").title(), PASSWORD, [role]),
            )
            connection.execute(
                sql.SQL("ALTER ROLE {} CONNECTION LIMIT 40").format(sql.Identifier(login_of(role)))
            )


def create(admin_dsn: Callable[[str], str], name: str, template: str) -> str:
    """Make a database of a server as a copy of another one of it; returns its address."""
    with psycopg.connect(admin_dsn("postgres"), autocommit=True) as connection:
        # Copying the files costs half of what sending every page through the log does.
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        # Settings and rights of a database are not copied with it.
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
        # It lets in whom the template does.
        entrance = schema.entrance(connection, template) or "erp_user"
        connection.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, erp_guest").format(
                sql.Identifier(name), sql.Identifier(entrance)
            )
        )
    with psycopg.connect(admin_dsn(name), autocommit=True) as connection:
        # The guests' login belongs to the server: another database may have let it in.
        settle = connection.execute("SELECT to_regprocedure('sec.register_settle()')").fetchone()
        if settle != (None,):
            connection.execute("SELECT sec.register_settle()")
    return admin_dsn(name)


def furnish(address: str) -> None:
    """Load the demo company: people, goods, documents in every state."""
    steps: list[str] = []
    passwords = {person.login: PASSWORD for person in DEMO_PEOPLE}
    assert load.ensure(address, passwords, progress=lambda name, _n, _of: steps.append(name))
    assert len(steps) == len(load.STEPS)


def company(name: str) -> Instance:
    """A server with all databases, started; the program's own one is the demo company, with nobody but its people."""
    if not shared():
        return _whole(Instance(name))
    source = _mould()
    found, account = Instance(name), server_account()
    with found._locked():
        place = found._place(account)
        shutil.copytree(source.data, place / "data", symlinks=True)
        (place / "log").mkdir(mode=0o700)
        for entry in (place / "data", place / "log", *(place / "data").rglob("*")):
            give(entry, account)
        found._write_state({**source.state(), "place": str(place), "port": _free_port()})
    with _environment("TZ", "UTC"):
        return found.start()


def shared() -> bool:
    """Whether this run has several workers, so that making a mould pays."""
    return "PYTEST_XDIST_WORKER" in os.environ


def _mould() -> Instance:
    """The stopped server the others are copies of, made now if need be."""
    with _environment("WERKBANK_HOME", os.environ[SHARED]):
        own = Instance("mould")
        done = own.folder / "done"
        with file_lock(Path(os.environ[SHARED]) / "mould.lock", seconds=300):
            if not done.exists():
                own.remove()  # what somebody who failed has left
                _whole(own).stop()
                done.touch()
        return own


def _whole(own: Instance) -> Instance:
    _start(own)
    furnish(schema.init(own.admin_dsn("postgres"), own.dbname))
    fill(create(own.admin_dsn, DEMO, own.dbname))
    fill(schema.init(own.admin_dsn("postgres"), TEMPLATE))
    with psycopg.connect(own.admin_dsn(DEMO), autocommit=True) as connection:
        # A login belongs to the server: each database knows the password that was set last.
        connection.execute(
            "UPDATE sec.app_user u SET password_seal = sha256(convert_to(a.rolpassword, 'UTF8')) "
            "FROM pg_authid a WHERE a.rolname = u.login"
        )
    people = {person.login: PASSWORD for person in DEMO_PEOPLE}
    own._write_state({**own.state(), "people": people})
    return own


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
