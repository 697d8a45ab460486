"""l: a whole house comes over from the old system: rows a second, memory, and what a run without news costs.

The simulator, PostgreSQL and the client that leads are processes of their own, as in life; the client reads over HTTP
and writes over TCP under row security. Beside it a thread of the same process looks at the clock every millisecond, as
a window would like to: the longest time it did not get to run is printed too.
"""

import gc
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import psycopg

from app.core.db import Database, Target
from app.services.legacy import calls, engine, secrets
from app.services.legacy.engine import RunResult
from app.services.legacy.leader import Leader
from app.services.legacy.service import Progress, Services, Waiter
from app.services.security import keys

if TYPE_CHECKING:
    from app.core.embedded import Instance

LOGIN = "u_ralf"
NAME = "legacy_load"
LARGE = ("document", "document_line")
SWITCH_S = 0.0005
TIDY_TURNS = 500
ROOT = Path(__file__).resolve().parents[1]
MARKS = """SELECT sum(xmin::text::bigint), count(*) FROM {}"""
TABLES = (
    "catalog.family", "catalog.product", "catalog.price", "partners.partner", "partners.address", "inventory.place",
    "inventory.box", "legacy.document", "legacy.document_line", "legacy.work_order", "legacy.stock", "legacy.record",
    "legacy.quarantine",
)  # fmt: skip


def run(instance: "Instance", *, small: bool) -> dict[str, Any]:
    """Load the house into a database of its own; what it took."""
    from app.core import schema
    from app.services.demo import people

    address = schema.init(instance.admin_dsn("postgres"), NAME)
    people.ensure(address, instance.people)
    size = "small" if small else "full"
    with simulator(size) as url, psycopg.connect(address, autocommit=True) as raw:
        raw.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url, username, ca_file, timeout_s) "
            "VALUES ('load', '4d', '', %s, '', '', 60)",
            (url,),
        )
        found = _client(schema.with_database(instance.user_dsn(LOGIN), NAME), address)
    with psycopg.connect(instance.admin_dsn("postgres"), autocommit=True) as raw:
        raw.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
    return found


@contextmanager
def simulator(size: str) -> Iterator[str]:
    """The old system of that size, in a process of its own; its address."""
    command = [sys.executable, "-m", "app", "simulate", "4d", "--size", size, "--port", "0", "--json"]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.stdin.write("quit\n")
        process.stdin.flush()
        process.communicate(timeout=20)


def _client(dsn: str, admin: str) -> dict[str, Any]:
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.legacy_load", dsn, admin],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode:
        raise RuntimeError(process.stderr[-2000:])
    answer: dict[str, Any] = json.loads(process.stdout.splitlines()[-1])
    return answer


class _Clock(threading.Thread):
    """Wants to run every millisecond.

    ``longest`` is the most processor time the rest of the process took between two of its turns: how long a window
    would have waited, other programs left out.  ``memory`` is the most it saw, in MB.
    """

    def __init__(self) -> None:
        super().__init__(name="clock", daemon=True)
        self.longest = 0.0
        self.late = 0
        self.memory = 0
        self.ended = False

    def run(self) -> None:
        process, turn, before = psutil.Process(), 0, time.process_time()
        while not self.ended:
            time.sleep(0.001)
            spent = time.process_time() - before
            self.longest = max(self.longest, spent)
            self.late += spent > 0.03
            turn += 1
            if turn % TIDY_TURNS == 0:
                gc.collect(1)
            if turn % 50 == 0:
                self.memory = max(self.memory, process.memory_info().rss // 1_000_000)
            before = time.process_time()


def main(dsn: str, admin: str) -> dict[str, Any]:
    """The client: leads, loads everything, does it again, then asks for news."""
    target, password = Target.from_dsn(dsn)
    db = Database(target, password)
    db.open()
    keys.unlock(db, secrets.KEY_NAME, password)
    stop = threading.Event()
    leader = Leader(db, NAME)
    assert leader.take()
    services = Services(db, leader, secrets.open_keys(db), stop, pace=Waiter(leader, stop, renews=True))
    try:
        with psycopg.connect(admin, autocommit=True) as raw:
            return _measure(db, services, stop, raw)
    finally:
        services.close()
        leader.release()
        db.close()


def _measure(
    db: Database, services: Services, stop: threading.Event, raw: psycopg.Connection[Any]
) -> dict[str, Any]:
    # As the window does it: garbage is looked for on a clock, and whoever waits has his turn soon.
    gc.collect()
    gc.freeze()
    gc.disable()
    sys.setswitchinterval(SWITCH_S)
    clock = _Clock()
    clock.start()
    spent = time.process_time()
    first = _run(db, services, stop, "full")
    spent = time.process_time() - spent
    clock.ended = True
    clock.join()
    again = _run(db, services, stop, "full")
    before = _marks(raw)
    news = _run(db, services, stop, "incremental")
    large = [one for one in first.entities if one.entity in LARGE]
    rows = sum(one.counts.read for one in first.entities)
    return {
        "rows": rows,
        "rows_large": sum(one.counts.read for one in large),
        "full_s": round(first.seconds, 1),
        "full_cpu_of_the_client_s": round(spent, 1),
        "rows_per_s": round(rows / first.seconds),
        "rows_per_s_large": round(sum(one.counts.read for one in large) / sum(one.seconds for one in large)),
        **{f"rows_per_s_{one.entity}": round(one.counts.read / one.seconds) for one in large},
        "quarantined": sum(one.counts.quarantined for one in first.entities),
        "memory_mb": clock.memory,
        "longest_without_the_interpreter_ms": round(clock.longest * 1000, 1),
        "times_over_30_ms": clock.late,
        "full_again_s": round(again.seconds, 1),
        "full_again_written": sum(one.counts.created + one.counts.changed for one in again.entities),
        "incremental_unchanged_s": round(news.seconds, 2),
        "incremental_read": sum(one.counts.read for one in news.entities),
        "incremental_rows_written": 0 if _marks(raw) == before else "some",
        "seconds_by_entity": {one.entity: round(one.seconds, 2) for one in first.entities},
    }


def _run(db: Database, services: Services, stop: threading.Event, mode: str) -> RunResult:
    calls.call(db, "legacy_run_request", p_command=uuid.uuid4(), p_mode=mode)
    result = engine.run_next(db, services, stop=stop, progress=_nobody, scheduled=False)
    assert result is not None
    return result


def _nobody(_step: Progress) -> None:
    """Nobody watches."""


def _marks(raw: psycopg.Connection[Any]) -> list[Any]:
    """Rows and the transactions that wrote them: any write shows."""
    return [raw.execute(MARKS.format(table)).fetchone() for table in TABLES]


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
