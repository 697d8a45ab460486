"""Every worker has a PostgreSQL of its own, every test module a database of its own, every role a login of its own.

Nothing here pretends to be a database: tests connect over TCP as the role they are about.
"""

import contextlib
import gc
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import psycopg
import pytest
from psycopg import sql

# While tests are collected hardly anything is thrown away, and looking for it takes as long as the rest.
gc.disable()

MEMORY = Path("/dev/shm")
"""Where Linux keeps files in memory."""
ROOM = 10 * 2**30
"""Bytes of memory that have to be free for the servers of all workers to lie there."""


def _place() -> str | None:
    """The folder for what the tests' servers write, None for the usual one.

    A database is two thousand files, and every module of tests has one made and thrown away: a disk is slow at nothing
    more than at that.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM:
        return None
    return str(MEMORY) if psutil.virtual_memory().available >= ROOM else None


# Before anything of the program is imported: no test may ever write to the developer's own folder.
_HOME = tempfile.mkdtemp(prefix="werkbank-test-", dir=_place())
Path(_HOME).chmod(0o711)  # started by root, the server has an account of its own
os.environ["WERKBANK_HOME"] = _HOME

# The companies of the tests are in Germany: an hour before midnight there, a machine elsewhere is in another day.
COMPANY_ZONE = "Europe/Berlin"
os.environ["TZ"] = COMPANY_ZONE
if hasattr(time, "tzset"):
    time.tzset()

from app.core import schema  # noqa: E402
from app.core.db import ClientInfo, Counter, Database, Target  # noqa: E402
from app.core.embedded import Instance, dsn  # noqa: E402
from app.core.people import DEMO_PEOPLE  # noqa: E402
from tests import mould  # noqa: E402
from tests.mould import PASSWORD, ROLES, login_of  # noqa: E402

# The first process of a run tells those it starts.
os.environ.setdefault(mould.SHARED, _HOME)
__all__ = ["PASSWORD", "ROLES", "login_of"]
Raw = psycopg.Connection[Any]


class Cluster(NamedTuple):
    """The worker's server with the database every other one is copied from.

    An embedded one of its own, or with WERKBANK_TEST_DSN (an administrator's address) a server of another version;
    tests that stop the server or read its log are skipped there.
    """

    template: str
    given: str
    own: Instance | None

    @property
    def instance(self) -> Instance:
        """The server, to stop and start it."""
        if self.own is None:
            pytest.skip("needs a server that the test may stop")
        return self.own

    def admin_dsn(self, dbname: str) -> str:
        """The superuser's address of a database."""
        return (
            self.own.admin_dsn(dbname) if self.own is not None else schema.with_database(self.given, dbname)
        )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first: at the end no worker waits for another one's minute."""
    items.sort(key=lambda item: not item.nodeid.startswith("tests/e2e/"))


def pytest_collection_finish() -> None:
    """The garbage collector need not look through modules and tests again and again: they stay to the end."""
    gc.collect()
    gc.freeze()


_FULL_EVERY = 25
_ended: list[str] = []


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Collect garbage in the main thread only, as the program does.

    A collection in a reading thread would end parts of closed windows there: Qt's lock and Python's, each held by one
    thread that waits for the other's, and everything stands still.
    """
    _ended.append(item.name)
    gc.collect(2 if len(_ended) % _FULL_EVERY == 0 else 1)


def pytest_unconfigure() -> None:
    """The process that starts the workers has a folder too."""
    shutil.rmtree(_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A throw-away server with a migrated database in which every role has its login."""
    given = os.environ.get("WERKBANK_TEST_DSN", "")
    if given and mould.shared():
        pytest.exit("one server has one set of logins: run without -n")
    if given:
        found = Cluster(f"template_{secrets.token_hex(3)}", given, None)
        mould.fill(schema.init(found.admin_dsn("postgres"), found.template))
        yield found
        _drop(found, found.template)
        return
    own = Instance(f"test-{secrets.token_hex(3)}")
    try:
        yield Cluster(mould.TEMPLATE, "", mould.company(own.name) if mould.shared() else mould.prepare(own))
    finally:
        own.remove()


def _drop(cluster: Cluster, dbname: str) -> None:
    with psycopg.connect(cluster.admin_dsn("postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(dbname)))


@pytest.fixture(scope="session")
def new_database(cluster: Cluster) -> Callable[..., contextlib.AbstractContextManager[str]]:
    """A context manager that makes a fresh database, gives its administrator's address, and drops it again.

    It is a copy of the migrated template with a login for every role, or of the database named as `template`.
    """

    @contextlib.contextmanager
    def made(template: str = cluster.template) -> Iterator[str]:
        name = f"test_{secrets.token_hex(6)}"
        address = mould.create(cluster.admin_dsn, name, template)
        try:
            yield address
        finally:
            _drop(cluster, name)

    return made


@pytest.fixture(scope="session")
def demo_template(
    cluster: Cluster, new_database: Callable[..., contextlib.AbstractContextManager[str]]
) -> Iterator[str]:
    """The name of a database with the demo company, to be copied: people, goods, documents in every state."""
    if cluster.own is not None and mould.shared():
        yield mould.DEMO
        return
    with new_database() as address:
        mould.furnish(address)
        yield Target.from_dsn(address)[0].dbname
    with psycopg.connect(cluster.admin_dsn("postgres"), autocommit=True) as connection:
        for person in DEMO_PEOPLE:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(person.login)))


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[[], contextlib.AbstractContextManager[str]]) -> Iterator[str]:
    """The administrator's address of the module's own database."""
    with new_database() as address:
        yield address


@pytest.fixture
def admin(admin_dsn: str) -> Iterator[Raw]:
    """An autocommitting superuser's connection, to prepare what a test is about and to look at the outcome."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def role_dsn(admin_dsn: str) -> Callable[[str], str]:
    """The address under which a role (`sales_rep`) or a login (`u_…`) connects."""

    def address(who: str) -> str:
        login = who if who.startswith(("u_", "t_", "s_")) else login_of(who)
        target, _ = Target.from_dsn(admin_dsn)
        return dsn(target.port, target.dbname, login, PASSWORD)

    return address


@pytest.fixture
def as_role(role_dsn: Callable[[str], str]) -> Iterator[Callable[[str], Database]]:
    """The program's own connection as a role, with its session open; the same one when asked again."""
    opened: dict[str, Database] = {}

    def database(who: str) -> Database:
        if who not in opened:
            target, password = Target.from_dsn(role_dsn(who))
            opened[who] = Database(target, password, client=ClientInfo(version="test"))
            opened[who].open()
        return opened[who]

    yield database
    for db in opened.values():
        db.close()


@pytest.fixture
def raw_role(role_dsn: Callable[[str], str]) -> Iterator[Callable[..., Raw]]:
    """A plain autocommitting connection as a role, as psql makes it: without ticket unless `ticket=True`."""
    with contextlib.ExitStack() as stack:

        def connection(who: str, *, ticket: bool = False, options: str = "") -> Raw:
            found = stack.enter_context(psycopg.connect(role_dsn(who), autocommit=True, options=options))
            if ticket:
                found.execute("SELECT sec.session_open()")
            return found

        yield connection


@pytest.fixture
def counted() -> Callable[[Database], contextlib.AbstractContextManager[Counter]]:
    """`with counted(db) as spent:` … then `spent.statements`, `spent.round_trips`."""

    @contextlib.contextmanager
    def counting(db: Database) -> Iterator[Counter]:
        spent = Counter()
        before = (db.counter.statements, db.counter.round_trips)
        yield spent
        spent.statements = db.counter.statements - before[0]
        spent.round_trips = db.counter.round_trips - before[1]

    return counting


@pytest.fixture(autouse=True)
def _nothing_left_behind(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Threads that outlive their test and warnings nobody expected fail it (`caplog.clear()` accepts them)."""
    before = set(threading.enumerate())
    yield
    leaked = [t for t in threading.enumerate() if t not in before and t.is_alive() and not t.daemon]
    assert not leaked, f"threads left behind: {leaked}"
    unexpected = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.split(".")[0] in ("werkbank", "app")
    ]
    assert not unexpected, f"unexpected log: {[record.getMessage() for record in unexpected]}"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return schema.REPOSITORY
