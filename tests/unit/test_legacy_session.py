"""One session of the 4D server, whatever happens to clients, answers and the server. Never two alive."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.core.errors import AppError, Cancelled, Refused, Unavailable
from app.services.legacy import session as rules
from app.services.legacy.client import FourD
from app.services.legacy.session import Known, OneSession
from app.services.legacy.transport import Address, Head, Transport
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.peer import Request
from app.simulate.quirks import Quirks
from app.simulate.tls import make_certificate
from tests.legacy_peer import FakePace, MemoryStore, close_all, connect

HOUR = 3600.0


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=3)) as found:
        yield found
    close_all()
    assert found.counters.sessions_alive_max <= 1
    assert found.counters.cookies_refused == 0


class KilledError(BaseException):
    """The process ends here."""


def test_one_session_for_all_who_lead_one_after_the_other(server: FourDServer) -> None:
    store = MemoryStore(server)
    for _ in range(5):
        connect(server, store).ping()
        server.clock.advance(HOUR / 2)
    assert server.counters.sessions_opened == store.opened == 1


def test_it_lives_as_long_as_somebody_asks_and_no_longer(server: FourDServer) -> None:
    store = MemoryStore(server)
    found = connect(server, store)
    found.ping()
    server.clock.advance(HOUR - 1)
    found.ping()
    assert server.counters.sessions_opened == 1
    server.clock.advance(HOUR + 1)
    found.ping()
    assert server.counters.sessions_opened == store.opened == 2
    connect(server, store).ping()
    assert server.counters.sessions_opened == 2


def test_one_cookie_in_each_request_when_the_server_sets_two(server: FourDServer) -> None:
    server.quirks.cookies = "both"
    sent: list[list[str]] = []
    server.before = lambda request: sent.append(request.headers.get_all("Cookie") or [])
    found = connect(server)
    for _ in range(3):
        found.ping()
    assert sent[0] == []
    assert all(len(lines) == 1 and lines[0].count("=") == 1 for lines in sent[1:])
    assert server.counters.sessions_opened == 1


def test_a_renewed_cookie_is_adopted_and_handed_on(server: FourDServer) -> None:
    server.quirks.renew = 2
    store = MemoryStore(server)
    for _ in range(4):
        found = connect(server, store)
        for _ in range(3):
            found.ping()
    assert server.counters.sessions_opened == 1


def test_a_restarted_server_gives_one_new_session(server: FourDServer) -> None:
    store = MemoryStore(server)
    found = connect(server, store)
    found.ping()
    server.clock.advance(60)
    server.restart()
    for _ in range(3):
        found.ping()
    connect(server, store).ping()
    assert server.counters.sessions_opened == store.opened == 2


def test_no_free_session_for_an_hour(server: FourDServer) -> None:
    """People hold every licence: one waits, asks seldom, and takes exactly one when they go."""
    server.occupy(3, seconds=HOUR)
    store, pace = MemoryStore(server), FakePace(server)
    begin = pace.now()
    connect(server, store, pace=pace).ping()
    assert HOUR <= pace.now() - begin < HOUR + 2 * max(rules.FULL_S)
    assert server.counters.sessions_opened == 1
    assert server.counters.sessions_refused <= HOUR / max(rules.FULL_S) + len(rules.FULL_S) + 1


def test_who_takes_over_while_no_session_is_free_waits_too(server: FourDServer) -> None:
    server.occupy(3, seconds=HOUR)
    store = MemoryStore(server)
    for _ in range(6):
        pace = FakePace(server)
        pace.stop_at = pace.now() + 100
        with pytest.raises(Cancelled):
            connect(server, store, pace=pace).ping()
    assert server.counters.sessions_refused < 30
    assert server.counters.sessions_opened == 0


def test_a_leader_killed_before_its_answer_was_kept(server: FourDServer) -> None:
    """The server opened a session and nobody knows its cookie: all wait until it has ended."""
    store, pace = MemoryStore(server), FakePace(server)
    killed = connect(server, store, pace=pace)

    def die(_head: Head) -> None:
        raise KilledError

    killed._session.began = die  # type: ignore[method-assign,assignment]
    with pytest.raises(KilledError):
        killed.ping()
    assert server.counters.sessions_alive == 1
    assert store.known == Known(None, opening=True)
    server.clock.advance(600)
    begin = server.clock.now()
    connect(server, store).ping()
    assert server.clock.now() - begin >= HOUR - 600
    assert server.counters.sessions_opened == 2


def test_an_answer_lost_while_the_session_lives_costs_no_wait(server: FourDServer) -> None:
    pace = FakePace(server)
    found = connect(server, pace=pace)
    found.ping()
    server.clock.advance(300)
    server.fail("close", "close", "close", None)
    found.ping()
    assert pace.waited("legacy_session_lost") == 0
    assert server.counters.sessions_opened == 1


def test_an_answer_lost_after_a_restart_is_waited_out(server: FourDServer) -> None:
    """The server worked on the call, so it may have opened a session; its answer never came."""
    pace = FakePace(server)
    found = connect(server, pace=pace)
    found.ping()
    server.stop()
    with pytest.raises(Unavailable):
        found.ping()
    server.sessions.end()
    server.start()
    lose_next_answer(server)
    found.ping()
    assert pace.waited("legacy_session_lost") >= HOUR
    assert server.counters.sessions_opened == 3


def lose_next_answer(server: FourDServer) -> None:
    """The server does the work and the connection ends before a word of the answer."""

    def work_and_hang_up(request: Request) -> None:
        server.before = None
        server.answer(request)
        server.luck.forget()
        server.fail("close")

    server.before = work_and_hang_up


def test_an_answer_lost_in_the_first_call_of_all_is_waited_out(server: FourDServer) -> None:
    pace = FakePace(server)
    lose_next_answer(server)
    connect(server, pace=pace).ping()
    assert pace.waited("legacy_session_lost") >= HOUR
    assert server.counters.sessions_opened == 2


def test_an_answer_cut_in_its_body_tells_its_session(server: FourDServer) -> None:
    pace, store = FakePace(server), MemoryStore(server)
    server.fail("cut")
    connect(server, store, pace=pace).ping()
    assert server.counters.sessions_opened == store.opened == 1
    assert pace.waited("legacy_session_lost") == 0


def test_stopping_while_a_lost_session_ends_leaves_the_rest_to_the_next(server: FourDServer) -> None:
    store, pace = MemoryStore(server), FakePace(server)
    lose_next_answer(server)
    pace.stop_at = pace.now() + 1800
    with pytest.raises(Cancelled):
        connect(server, store, pace=pace).ping()
    connect(server, store).ping()
    assert server.counters.sessions_opened == 2


def test_who_leads_no_more_asks_nothing(server: FourDServer) -> None:
    pace = FakePace(server)
    found = connect(server, pace=pace)
    found.ping()
    asked = server.counters.statuses.total()
    pace.leads = False
    with pytest.raises(Unavailable, match="legacy_lease_lost"):
        found.ping()
    assert server.counters.statuses.total() == asked


def test_certificates(house: House, tmp_path: Path) -> None:
    """A wrong certificate is told as such; no session was opened, nor has to be waited for."""
    good = make_certificate()
    wrong = {
        "unknown": (good, ""),
        "another authority": (good, make_certificate().authority),
        "another host": (other := make_certificate(("elsewhere.example",)), other.authority),
        "run out": (old := make_certificate(began=datetime(2020, 1, 1, tzinfo=UTC)), old.authority),
    }
    for what, (certificate, authority) in wrong.items():
        with FourDServer(house, certificate=certificate) as server:
            store = MemoryStore(server)
            with pytest.raises(Refused) as caught:
                connect(server, store, ca=authority).ping()
            assert caught.value.key == "legacy_tls", what
            assert server.counters.sessions_opened == 0
            assert store.known == Known(None, opening=False)
            connect(server, store, verify=False).ping()  # the house's own decision
            assert server.counters.sessions_opened == 1
    file = tmp_path / "authority.pem"
    file.write_text(good.authority)
    with FourDServer(house, certificate=good) as server:
        for authority in (good.authority, str(file)):
            connect(server, MemoryStore(server), ca=authority).ping()


def test_a_server_without_tls_where_it_is_expected(server: FourDServer) -> None:
    pace, store = FakePace(server), MemoryStore(server)
    address = Address(server.url.replace("http:", "https:"), 5.0)
    found = FourD(Transport(address), OneSession(store, pace), pace)
    with pytest.raises(AppError) as caught:
        found.ping()
    assert caught.value.key == "legacy_tls"
    assert store.known == Known(None, opening=False)
    found.close()


@pytest.mark.parametrize("seed", range(4))
def test_any_week_of_accidents(server: FourDServer, seed: int) -> None:
    """Crashes at every point, restarts, lost answers, long pauses: never two sessions alive (the fixture looks)."""
    chance = random.Random(seed)  # noqa: S311
    store = MemoryStore(server)
    end = server.clock.now() + 2 * 86_400
    leader = connect(server, store)

    def ask() -> None:
        nonlocal leader
        try:
            leader.ping()
        except Unavailable:
            assert server._listener is None
        except KilledError:
            leader = connect(server, store)

    while server.clock.now() < end:
        event = chance.random()
        if event < 0.06:  # the leader dies somewhere in its next call, and another takes over
            leader = dying(leader, chance)
        elif event < 0.10:
            server.stop()
            ask()
            server.sessions.end()
            server.clock.advance(chance.uniform(30, 900))
            server.start()
        elif event < 0.2:
            server.fail(chance.choice(["500", "cut", "html", "close", "empty", "503"]))
        elif event < 0.22:
            lose_next_answer(server)
        elif event < 0.24:
            server.clock.advance(chance.uniform(1000, 8000))
        ask()
        server.clock.advance(chance.choice([0.5, 2, 60, 300]))
    assert server.counters.sessions_opened > 10


def dying(leader: FourD, chance: random.Random) -> FourD:
    """The leader, to be killed at one of the points of its next call."""
    session = leader._session
    at = chance.choice(["before", "sent", "answered", "kept"])

    def killed(*_args: object, **_named: object) -> None:
        raise KilledError

    if at == "before":
        session.before = killed  # type: ignore[method-assign]
    elif at == "sent":
        session.began = killed  # type: ignore[method-assign]
    else:
        remember = session._remember

        def half(known: Known, *, opened: bool = False) -> None:
            if known.opening or at == "kept":
                remember(known, opened=opened)
            if not known.opening:
                raise KilledError

        session._remember = half  # type: ignore[method-assign]
    return leader
