"""What tests of bad days need: `werkbank sync` as processes of their own, and a count of what came of it all."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.types.json import Jsonb

from app.core.db import ClientInfo, Database, Target
from app.core.embedded import dsn
from app.services.legacy import secrets
from app.services.legacy.engine import run_next
from app.services.legacy.service import Services
from app.simulate.fourd import FourDServer
from app.simulate.peer import Request
from tests.conftest import PASSWORD, login_of
from tests.db.legacy_world import DEPUTY, add_leaders
from tests.legacy_world import add_server, expire, give_keys, leader_of

PATIENCE = 120.0
REPOSITORY = Path(__file__).resolve().parents[1]
_PROGRAM = "import sys; from app.cli import main; sys.exit(main(sys.argv[1:]))"

# Where nobody but the sync writes: a row for each record, and the table it came from.
MIRRORS = {
    "legacy.document": "document",
    "legacy.document_line": "document_line",
    "legacy.work_order": "work_order",
    "legacy.work_order_step": "work_order_step",
    "legacy.employee": "employee",
}
SOURCES = {
    "document": "Belege",
    "document_line": "Belege_Pos",
    "customer": "Kunden",
    "supplier": "Lieferant",
    "family": "Artikel_Familie",
    "variant": "Artikel_Variante",
    "work_order": "Werksauftraege",
    "work_order_step": "WerksauftrPos",
    "employee": "Personal",
    "box": "Stamm_Lager_Schuetten",
    "stock": "Artikel_Lagerorte",
    "mould": "Formen",
}


class Sync:
    """A `werkbank sync` at work."""

    def __init__(self, address: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, "sync", *arguments, "--json", "--dsn", address],
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said = ""
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.said += line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
            self._process.kill()
        self._process.wait()
        self._reader.join()

    def send(self, what: signal.Signals) -> None:
        """A signal: SIGKILL, SIGSTOP, SIGCONT, SIGTERM."""
        if self._process.poll() is None:
            self._process.send_signal(what)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def wait(self) -> int:
        """Its exit code."""
        try:
            code = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end: {self.said[-3000:]}") from None
        self._reader.join()
        return code


class World:
    """An old system and a database that reads it."""

    def __init__(self, admin_dsn: str, server: FourDServer) -> None:
        self.server = server
        self.admin_dsn = admin_dsn
        target, _ = Target.from_dsn(admin_dsn)
        self.one = dsn(target.port, target.dbname, login_of("administrator"), PASSWORD)
        self.other = dsn(target.port, target.dbname, DEPUTY, PASSWORD)
        with psycopg.connect(admin_dsn, autocommit=True) as admin:
            add_server(admin, server.url)
            add_leaders(admin)
            expire(admin)
        first, second = self.database(self.one), self.database(self.other)
        give_keys(first, second)
        first.close()
        second.close()

    def database(self, address: str) -> Database:
        """The program's own connection."""
        target, password = Target.from_dsn(address)
        found = Database(target, password, client=ClientInfo(version="test"))
        found.open()
        return found

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """What a look says."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as admin:
            found = admin.execute(query, values)
            return found.fetchall() if found.description else []

    def one_value(self, query: str, *values: Any) -> Any:
        """The first column of the first row."""
        found = self.rows(query, *values)
        return found[0][0] if found else None

    def leads(self, sync: Sync) -> bool:
        """Whether this one leads."""
        return f"-{sync.pid}-" in str(self.one_value("SELECT client FROM legacy.lease WHERE name = 'sync'"))

    def past(self) -> None:
        """Time goes by: whoever is dead leads no more, and a session nobody knows has ended."""
        self.rows("UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second'")
        self.session_ends()

    def session_ends(self) -> None:
        """The old system's session ends by itself, as after hours without a request."""
        self.rows(
            "UPDATE legacy.server_status SET blocked_until = NULL, "
            "session_seen_at = session_seen_at - interval '2 hours'"
        )
        self.server.clock.advance(7200)

    @contextmanager
    def at(self, table: str, count: int, act: Callable[[], object]) -> Iterator[None]:
        """Something happens while the n-th request for a table is being answered."""
        left = [count]

        def before(request: Request) -> None:
            if request.path == f"/rest/{table}":
                left[0] -= 1
                if left[0] == 0:
                    act()

        self.server.before = before
        try:
            yield
        finally:
            self.server.before = None

    # -- afterwards ----------------------------------------------------------------------------------------------

    def nothing_lost_nothing_doubled(self) -> None:
        """Looks of its own, by other ways than the comparison: every source record once, every row once."""
        states = "SELECT count(*) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id WHERE e.code = %s"
        for entity, table in SOURCES.items():
            known = self.one_value(f"{states} AND r.state NOT IN ('gone', 'placeholder')", entity)
            assert known == len(self.server.data[table]), entity
        twice = self.rows(
            """SELECT e.code, r.target_id, count(*) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id
                WHERE r.target_id IS NOT NULL AND r.state IN ('applied', 'placeholder')
                GROUP BY 1, 2 HAVING count(*) > 1"""
        )
        assert twice == []
        for mirror, entity in MIRRORS.items():
            rows = self.one_value(f"SELECT count(*) FROM {mirror}")
            assert rows == self.one_value(f"{states} AND r.state = 'applied'", entity), mirror
        for table, parts in {
            "partners.partner": ("customer", "supplier"),
            "partners.address": ("customer/address", "supplier/address"),
            "catalog.family": ("family",),
            "catalog.product": ("variant",),
            "catalog.price": ("variant/price",),
            "inventory.box": ("box",),
            "production.mould": ("mould",),
        }.items():
            loose = self.one_value(
                f"""SELECT count(*) FROM {table} t WHERE NOT EXISTS (
                      SELECT FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id
                       WHERE e.code = ANY (%s) AND r.target_id = t.id AND r.state IN ('applied', 'placeholder'))""",
                list(parts),
            )
            assert loose == 0, f"{loose} rows of {table} belong to no record"
        assert (
            self.one_value("SELECT count(*) FROM legacy.run WHERE state IN ('running', 'interrupted')") == 0
        )

    def compare(self) -> None:
        """The program's own comparison says that nothing differs."""
        self.past()
        db = self.database(self.one)
        leader = leader_of(db, "comparing")
        services = Services(db, leader, secrets.open_keys(db), threading.Event())
        try:
            self.rows(
                "INSERT INTO legacy.run (mode, options) VALUES ('reconcile', %s)", Jsonb({"samples": 40})
            )
            result = run_next(
                db, services, stop=threading.Event(), progress=lambda _one: None, scheduled=False
            )
        finally:
            services.close()
            leader.release()
            db.close()
        wrong = self.rows(
            "SELECT entity, kind, subject, legacy_value, werkbank_value FROM legacy.reconciliation_line WHERE NOT ok"
        )
        assert wrong == []
        assert result is not None
        assert result.state == "done"

    def settled(self) -> None:
        """All of it: looks, comparison, one session, and nobody wrote into the old system."""
        self.nothing_lost_nothing_doubled()
        self.compare()
        assert self.server.counters.sessions_alive_max <= 1
        assert self.server.counters.writes_refused == 0


def until(look: Callable[[], Any], seconds: float = PATIENCE) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
