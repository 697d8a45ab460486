"""The sync in the background: it leads or watches, and outlives servers that are away, sessions and roles."""

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any, Self

import pytest

from app.core.db import Database
from app.core.errors import Cancelled
from app.services.legacy import browse, engine, state
from app.services.legacy.commands import CancelRun, RequestRun
from app.services.legacy.service import Progress, Services
from app.services.legacy.writes import cancel_run, request_run
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from app.sync import legacy
from app.sync.legacy import LegacyStatus, LegacySync
from tests.conftest import PASSWORD, Raw
from tests.db.legacy_world import DEPUTY, add_leaders
from tests.legacy_world import add_server, expire, give_keys, opened

As = Callable[[str], Database]
PATIENCE = 60.0


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=2)) as found:
        yield found
    assert found.counters.sessions_alive_max <= 1


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOOK_S", "FOLLOW_S", "WATCH_S", "YIELD_S", "KEYS_S"):
        monkeypatch.setattr(legacy, name, 0.05)
    monkeypatch.setattr(legacy, "AWAY_S", (0.05,))
    monkeypatch.setattr(legacy, "PING_S", 0.0)
    monkeypatch.setattr("app.services.legacy.leader.RENEW_S", 0.5)
    monkeypatch.setattr("app.services.legacy.client.PAUSES_S", (0.01,))


@pytest.fixture
def first(as_role: As, admin: Raw) -> Database:
    expire(admin)
    add_leaders(admin)
    give_keys(as_role("administrator"), as_role(DEPUTY))
    return as_role("administrator")


class Watched:
    """A background sync and what it said."""

    def __init__(self, db: Database, run_next: Any = None, **how: Any) -> None:
        self.said: queue.Queue[LegacyStatus] = queue.Queue()
        self.sync = LegacySync(db, self.said.put, run_next=run_next or nothing_to_do, **how)

    def __enter__(self) -> Self:
        self.sync.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.sync.stop(PATIENCE)
        assert not self.sync._thread.is_alive()

    def until(self, *states: str) -> LegacyStatus:
        """The next status that is one of these."""
        while True:
            status = self.said.get(timeout=PATIENCE)
            if status.state in states:
                return status


def nothing_to_do(_db: Database, _services: Services, **_how: Any) -> None:
    return None


def test_one_leads_the_other_watches_and_takes_over(
    first: Database, as_role: As, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    with Watched(as_role(DEPUTY)) as other:
        assert other.until("idle").leading
        with Watched(first) as watched:
            status = watched.until("following")
            assert not status.leading
            assert status.holder == other.sync._leader.client
            other.sync.stop(PATIENCE)
            assert watched.until("idle").leading
    assert server.counters.sessions_opened == opened(admin, number) == 1
    assert admin.execute(
        "SELECT until_at <= clock_timestamp() FROM legacy.lease WHERE name = 'sync'"
    ).fetchone() == (True,)


def test_who_may_not_lead_watches_and_who_may_not_watch_does_nothing(
    as_role: As, admin: Raw, server: FourDServer
) -> None:
    add_server(admin, server.url)
    with Watched(as_role("sales_rep")) as watched:
        assert not watched.until("following").leading
    assert server.counters.statuses.total() == 0


def test_a_client_that_only_watches(first: Database, admin: Raw, server: FourDServer) -> None:
    add_server(admin, server.url)
    with Watched(first, leads=False) as watched:
        assert watched.until("following").holder == ""
    assert server.counters.statuses.total() == 0


def test_without_a_server_nothing_is_done(first: Database, admin: Raw) -> None:
    admin.execute("UPDATE legacy.server SET is_active = false")
    try:
        with Watched(first) as watched:
            watched.until("no_server")
    finally:
        admin.execute("UPDATE legacy.server SET is_active = true")


def test_a_house_with_an_image_service_alone_leads_and_asks_no_4d_server(
    first: Database, admin: Raw, server: FourDServer
) -> None:
    add_server(admin, server.url)
    admin.execute("UPDATE legacy.server SET is_active = false")
    admin.execute(
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('pictures', 'images', 'Pictures', %s)",
        ("https://pictures.example",),
    )
    before = server.counters.statuses.total()
    try:
        with Watched(first, nothing_to_do) as watched:
            assert watched.until("idle").leading
        assert server.counters.statuses.total() == before
    finally:
        admin.execute("DELETE FROM legacy.server WHERE code = 'pictures'")
        admin.execute("UPDATE legacy.server SET is_active = true")


def test_what_was_set_up_is_seen_at_once(
    first: Database, admin: Raw, server: FourDServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(legacy, "FOLLOW_S", 10 * PATIENCE)
    admin.execute("UPDATE legacy.server SET is_active = false")
    with Watched(first) as watched:
        watched.until("no_server")
        add_server(admin, server.url)
        admin.execute("UPDATE legacy.server SET is_active = true")
        watched.sync.look()
        assert watched.until("idle").leading


def test_a_run_tells_how_far_it_is(first: Database, admin: Raw, server: FourDServer) -> None:
    add_server(admin, server.url)
    ran = threading.Event()

    def run(
        _db: Database, services: Services, *, stop: threading.Event, progress: Any
    ) -> engine.RunResult | None:
        if ran.is_set():
            return None
        assert services.four_d().count("Kunden") > 0
        assert services.token > 0
        progress(Progress(1, "full", "customer", 5, 10))
        ran.set()
        return engine.RunResult(1, "full", "done")

    with Watched(first, run) as watched:
        status = watched.until("running")
        assert (status.entity, status.done, status.total, status.leading) == ("customer", 5, 10, True)
        watched.until("idle")


def test_a_server_that_is_away_comes_back(first: Database, admin: Raw, server: FourDServer) -> None:
    number = add_server(admin, server.url)
    with Watched(first) as watched:
        watched.until("idle")
        server.stop()
        trying = watched.until("silent")
        assert trying.error is not None
        assert trying.until is not None
        status = watched.until("unreachable")
        assert status.error is not None
        assert status.error.key == "legacy_unreachable"
        assert status.since == trying.since is not None, "its silence began with the first attempt"
        row = admin.execute("SELECT last_status, last_error FROM legacy.server_status").fetchone()
        assert row is not None
        assert (row[0], row[1].partition("(")[0]) == ("failed", "legacy_unreachable")
        mute = first.read(state.state)
        assert state.silent(mute) is not None
        assert watched.sync.status.state == "unreachable", "and stays so while it is asked again"
        server.start()
        assert watched.until("idle").nothing_read, "that it answers does not make anything up to date"
        assert state.silent(first.read(state.state)) is None
    assert server.counters.sessions_opened == opened(admin, number) == 1


def test_in_the_middle_of_a_run_its_silence_is_told_until_it_answers(
    first: Database, as_role: As, admin: Raw, server: FourDServer
) -> None:
    add_server(admin, server.url)
    ran = threading.Event()

    def run(
        _db: Database, services: Services, *, stop: threading.Event, progress: Any
    ) -> engine.RunResult | None:
        if ran.is_set():
            return None
        services.four_d().ping()
        progress(Progress(1, "full", "customer", 5, 10, entity_index=1, entity_count=1))
        server.fail("500", "500")
        services.four_d().ping()
        ran.set()
        return engine.RunResult(1, "full", "done")

    with Watched(first, run) as watched:
        watched.until("running")
        told = watched.until("silent")
        assert (told.done, told.error is not None) == (5, True)
        assert watched.until("silent").since == told.since
        again = watched.until("running")
        assert (again.done, again.since, again.error) == (5, None, None)
        watched.until("idle")


def test_a_run_that_waits_for_a_session_is_stopped_at_once(
    first: Database, admin: Raw, server: FourDServer
) -> None:
    """No session is free: the pause before it is asked again (15 seconds and more) ends with the run."""
    add_server(admin, server.url)
    server.occupy(2)
    number = first.write(request_run, RequestRun("full", ("customer",), None, None, False)).value
    with Watched(first, engine.run_next) as watched:
        assert watched.until("waiting").reason == "legacy_sessions_full"
        asked = server.counters.statuses[402]
        first.write(cancel_run, CancelRun(number))
        watched.until("idle")
        assert server.counters.statuses[402] == asked
        assert admin.execute(
            "SELECT state, finished_at IS NOT NULL FROM legacy.run WHERE id = %s", (number,)
        ).fetchone() == ("cancelled", True)
        server.leave()
    assert server.counters.sessions_opened == 0


def test_a_session_of_the_person_that_ends(first: Database, admin: Raw, server: FourDServer) -> None:
    """The window is locked: nobody leads from here; signed in again, it goes on with the same 4D session."""
    number = add_server(admin, server.url)
    with Watched(first) as watched:
        watched.until("idle")
        first.lock()
        watched.until("off")
        expire(admin)
        first.open(password=PASSWORD)
        assert watched.until("idle").leading
    assert server.counters.sessions_opened == opened(admin, number) == 1


def test_a_role_that_is_taken_away(first: Database, as_role: As, admin: Raw, server: FourDServer) -> None:
    add_server(admin, server.url)
    admin.execute(
        "SELECT sec.user_create('u_short', 'Short Term', %s, ARRAY['viewer', 'administrator'])", (PASSWORD,)
    )
    short = as_role("u_short")
    give_keys(first, short)
    with Watched(short) as watched:
        watched.until("idle")
        admin.execute(
            """SELECT sec.role_revoke(id, 'no longer') FROM sec.user_role
                WHERE login = 'u_short' AND role = 'administrator'"""
        )
        assert not watched.until("following").leading
        with Watched(first) as next_one:
            expire(admin)
            assert next_one.until("idle").leading


def test_whoever_looks_something_up_gets_the_lead_and_gives_it_back(
    first: Database, as_role: As, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    interrupted, other = threading.Event(), as_role(DEPUTY)

    def run(
        _db: Database, services: Services, *, stop: threading.Event, progress: Any
    ) -> engine.RunResult | None:
        """A run that only ends when it is told to, as between two pages."""
        services.four_d().ping()
        progress(Progress(1))
        if not stop.wait(PATIENCE):
            return engine.RunResult(1, "full", "done")
        interrupted.set()
        raise Cancelled("cancelled")

    with Watched(first, run) as watched:
        watched.until("running")
        with browse.open_reader(other) as reader:
            assert reader.count("Kunden") > 0
            assert interrupted.is_set()
            interrupted.clear()
            watched.until("following")
        watched.until("running")
    assert server.counters.sessions_opened == opened(admin, number) == 1


def test_it_ends_while_the_server_says_nothing(first: Database, admin: Raw, server: FourDServer) -> None:
    """The window closes in the middle of a request: it does not wait for the answer, and the lead is free."""
    add_server(admin, server.url)
    asked = threading.Event()

    def run(_db: Database, services: Services, *, stop: threading.Event, progress: Any) -> None:
        server.fail("hang")
        server.before = lambda _request: asked.set()
        services.four_d().ping()

    watched = Watched(first, run)
    watched.sync.start()
    assert asked.wait(PATIENCE)
    watched.sync.stop(0.0)
    assert admin.execute(
        "SELECT until_at <= clock_timestamp() FROM legacy.lease WHERE name = 'sync'"
    ).fetchone() == (True,)
    server.stop()
    watched.sync._thread.join(PATIENCE)
    assert not watched.sync._thread.is_alive()


def test_a_status_nobody_can_take_ends_nothing(
    first: Database, admin: Raw, server: FourDServer, caplog: Any
) -> None:
    add_server(admin, server.url)
    told = threading.Event()

    def refuse(status: LegacyStatus) -> None:
        if status.state == "idle":
            told.set()
        raise RuntimeError("the window is gone")

    sync = LegacySync(first, refuse, run_next=nothing_to_do)
    sync.start()
    assert told.wait(PATIENCE)
    sync.stop(PATIENCE)
    caplog.clear()
