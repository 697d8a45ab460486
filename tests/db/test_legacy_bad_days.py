"""Bad days of the sync as they happen: processes that are killed, put to sleep and stopped, servers that misbehave.

`werkbank sync` runs as a process of its own, the old system in this one. After each bad day nothing may be lost and
nothing doubled, by looks of our own and by the program's comparison.
"""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import psycopg
import pytest

from app.services.legacy.pages import Row
from app.services.legacy.records import Plan
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from tests.db.legacy_world import DEPUTY
from tests.legacy_engine_world import leading
from tests.legacy_processes import Sync, World, until


@pytest.fixture
def world(new_database: Callable[..., AbstractContextManager[str]]) -> Iterator[World]:
    with new_database() as address, FourDServer(make("small"), Quirks(sessions=2)) as server:
        yield World(address, server)


def test_a_leader_that_is_killed_again_and_again(world: World) -> None:
    """kill -9 while a page is asked for and the one before is being written; each time somebody else goes on."""
    for number, (table, count) in enumerate(
        (("Artikel_Variante", 1), ("Kunden", 1), ("Belege", 2), ("Belege_Pos", 3), ("Belege_Pos", 2))
    ):
        with (
            Sync((world.one, world.other)[number % 2], "--full") as sync,
            world.at(table, count, partial(sync.send, signal.SIGKILL)),
        ):
            assert sync.wait() == -signal.SIGKILL, sync.said
        world.past()
    with Sync(world.one, "--full") as sync:
        assert sync.wait() == 0, sync.said
    world.settled()


def test_a_leader_that_sleeps_past_its_lease_with_a_page_half_written(world: World) -> None:
    """It wakes up while another one writes: what it still had in hand is refused, and the other one's stands."""
    base = psycopg.conninfo.conninfo_to_dict(world.admin_dsn)["dbname"]
    for login in ("u_administrator", DEPUTY):  # either may be the one that leads
        world.rows(f"ALTER ROLE {login} IN DATABASE {base} SET idle_in_transaction_session_timeout = '3s'")
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with Sync(world.one, "--full") as sleeper, Sync(world.other, "--watch") as other:
        with psycopg.connect(world.admin_dsn) as holder:
            holder.execute("LOCK TABLE legacy.document_line IN EXCLUSIVE MODE")
            until(lambda: world.rows(waiting) or not sleeper.alive)
            led = str(world.one_value("SELECT client FROM legacy.lease WHERE name = 'sync'"))
            asleep, awake = (sleeper, other) if world.leads(sleeper) else (other, sleeper)
            asleep.send(signal.SIGSTOP)
        world.past()  # by the database's clock; by its own the sleeper still leads when it wakes up
        token = world.one_value("SELECT token FROM legacy.lease WHERE name = 'sync'")
        with world.at("Belege_Pos", 2, lambda: asleep.send(signal.SIGCONT)):
            until(lambda: world.one_value("SELECT token FROM legacy.lease WHERE name = 'sync'") > token)
            assert world.one_value("SELECT client FROM legacy.lease WHERE name = 'sync'") != led
            assert sleeper.wait() == 0, sleeper.said
        assert awake.alive or awake is sleeper
    world.settled()


def test_a_server_on_its_worst_day(world: World) -> None:
    """Pages for people, half answers, errors, silence, a restart, no free session, and then it is away for a while."""
    server = world.server

    def restarted_and_full() -> None:
        server.restart()
        server.occupy(2)
        threading.Timer(5.0, server.leave).start()

    back = threading.Event()

    def come_back() -> None:
        server.start()
        back.set()

    def away() -> None:
        server.stop()
        threading.Timer(4.0, come_back).start()

    server.fail("html", "500", "cut", where="Kunden")
    server.fail("503", None, "close", "empty", where="Artikel_Variante?")
    server.fail("html", "hang", None, "cut", where="Belege_Pos?")
    with world.at("Belege", 1, lambda: threading.Thread(target=restarted_and_full).start()):
        first = turn(world)
    assert server.counters.statuses[402] > 0
    with world.at("Belege_Pos", 2, lambda: threading.Thread(target=away).start()):
        codes = [first]
        while codes[-1] != 0:
            assert len(codes) < 6, codes
            assert back.wait(60)
            codes.append(turn(world))
    world.settled()


def test_stopped_by_the_user_at_any_moment(world: World) -> None:
    """Ctrl+C in every part of a run, and a connection to the database that is cut in the middle of a page."""
    for table, count in (("Artikel_Familie", 1), ("Adressen", 1), ("Belege", 1), ("Belege_Pos", 4)):
        with Sync(world.one, "--full") as sync, world.at(table, count, partial(sync.send, signal.SIGTERM)):
            assert sync.wait() == 130, sync.said
        assert world.one_value("SELECT until_at <= clock_timestamp() FROM legacy.lease WHERE name = 'sync'")

    def cut() -> None:
        world.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'u_administrator'"
        )

    with world.at("Belege_Pos", 3, cut):
        code = turn(world)
    while code != 0:
        world.past()
        code = turn(world)
    world.settled()


def turn(world: World) -> int:
    """One call of the program."""
    with Sync(world.one, "--full") as sync:
        code = sync.wait()
        print(code, sync.said[-1500:])
        return code


def test_a_record_nobody_thought_of_holds_up_its_table_alone(
    admin_dsn: str,
    role_dsn: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A mistake of the program's own ends an entity, not the sync; and no run is taken up again for ever."""
    make_record = Plan.make

    def broken(self: Plan, row: Row, key: str, *rest: Any) -> Any:
        if key == wrong:
            raise TypeError("a record nobody thought of")
        return make_record(self, row, key, *rest)

    with (
        FourDServer(make("small"), Quirks(sessions=2)) as server,
        psycopg.connect(admin_dsn, autocommit=True) as admin,
        leading(role_dsn("administrator"), admin, server) as sync,
    ):
        wrong = str(server.data["ArtikelGruppe"].rows()[2]["ArtGr"])
        monkeypatch.setattr(Plan, "make", broken)
        result = sync.run("full", "category", "family")
        assert result.state == "failed"
        found = {one.entity: (one.state, one.error) for one in result.entities}
        told = {"key": "legacy_unexpected", "params": {"reason": "TypeError"}}
        assert found["category"] == ("failed", told)
        assert found["family"][0] in ("done", "warnings")
        assert sync.next() is None, "the run is over"
        monkeypatch.setattr("app.services.legacy.engine._work", lambda *_: 1 / 0)
        result = sync.run("reconcile")
        assert (result.state, result.error) == (
            "failed",
            {"key": "legacy_unexpected", "params": {"reason": "ZeroDivisionError"}},
        )
        monkeypatch.undo()
        assert sync.run("full", "category").state == "done"
    caplog.clear()
