"""Sessions of the simulated 4D server: few, lasting an hour after the last request, and one cookie at a time."""

import threading
from collections.abc import Iterator

import pytest
import requests

from app.simulate.data import House, make
from app.simulate.fourd import PROJECT_COOKIE, FourDServer
from app.simulate.quirks import Clock, Quirks


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[FourDServer]:
    clock = Clock()
    clock.stop()
    with FourDServer(house, clock=clock) as started:
        yield started


def _info(server: FourDServer, cookie: str | None = None, **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if cookie is not None:
        sent["Cookie"] = cookie
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{server.url}/rest/$info", headers=sent, timeout=20)


def _cookie(answer: requests.Response) -> str:
    return f"WASID4D={answer.cookies['WASID4D']}"


def test_a_request_without_cookie_takes_another_licence_until_none_is_left(server: FourDServer) -> None:
    first = _info(server)
    assert first.status_code == 200
    assert len(first.cookies["WASID4D"]) == 32
    assert first.headers["Set-Cookie"].endswith("Path=/; HttpOnly; Max-Age=3600")
    assert _info(server, "WASID4D=00000000000000000000000000000000").status_code == 200, (
        "an unknown one likewise"
    )
    assert _info(server, "other=1").status_code == 200
    refused = _info(server)
    assert refused.status_code == 402
    assert refused.json()["__ERROR"][0]["errCode"] == 1823
    assert refused.json()["__ERROR"][0]["message"] == "Maximum number of sessions reached"
    assert refused.headers["4D-CREDENTIALS"] == refused.headers["4DREST-INFO"] == "1.0"
    assert "Set-Cookie" not in refused.headers
    assert _info(server, _cookie(first)).status_code == 200, "who has a session keeps it"
    seen = server.counters
    assert (seen.sessions_opened, seen.sessions_alive, seen.sessions_alive_max, seen.sessions_refused) == (
        3,
        3,
        3,
        1,
    )


def test_the_hour_begins_anew_with_each_request(server: FourDServer) -> None:
    cookie = _cookie(_info(server))
    for _ in range(5):
        server.clock.advance(3500)
        assert _cookie(_info(server, cookie)) == cookie
    assert server.counters.sessions_opened == 1
    server.clock.advance(3600)
    assert _cookie(_info(server, cookie)) != cookie
    seen = server.counters
    assert (seen.sessions_opened, seen.sessions_expired, seen.sessions_alive_max) == (2, 1, 1)


def test_a_client_may_ask_for_longer_but_not_for_less_than_an_hour(server: FourDServer) -> None:
    long = _cookie(_info(server, session_4D_length="180"))
    short = _cookie(_info(server, session_4D_length="5"))
    server.clock.advance(3599)
    assert _cookie(_info(server, short)) == short
    server.clock.advance(7000)
    assert _cookie(_info(server, short)) != short
    assert _cookie(_info(server, long)) == long


@pytest.mark.parametrize("status", [401, 403])
def test_two_cookies_are_refused(server: FourDServer, status: int) -> None:
    cookie = _cookie(_info(server))
    server.quirks.two_cookies = status
    refused = _info(server, f"{cookie}; {cookie}")
    assert refused.status_code == status
    assert refused.json()["__ERROR"][0]["errCode"] == 1822
    assert _info(server, f"other=1; {cookie}").status_code == 200, "cookies of others do not matter"
    assert (server.counters.cookies_refused, server.counters.sessions_opened) == (1, 1)


def test_the_server_may_give_a_session_another_cookie(server: FourDServer) -> None:
    server.quirks.renew = 3
    cookies = [cookie := _cookie(_info(server))]
    for _ in range(6):
        cookie = _cookie(_info(server, cookie))
        cookies.append(cookie)
    assert len(set(cookies)) == 3
    assert server.counters.sessions_opened == 1, "whoever takes the new one stays in the same session"
    _info(server, cookies[0])
    assert server.counters.sessions_opened == 2, "the old one is unknown"


def test_the_other_kind_of_cookie(server: FourDServer) -> None:
    server.quirks.cookies = "both"
    answer = _info(server)
    assert answer.cookies["WASID4D"] == answer.cookies[PROJECT_COOKIE]
    server.quirks.cookies = "4DSID"
    answer = _info(server)
    assert list(answer.cookies.keys()) == [PROJECT_COOKIE]
    value = answer.cookies[PROJECT_COOKIE]
    assert _info(server, f"{PROJECT_COOKIE}={value}").status_code == 200
    assert _info(server, f"WASID4D={value}").status_code == 200, "its value goes as the old kind too"
    assert server.counters.sessions_opened == 2


def test_people_at_the_legacy_system_need_licences_too(server: FourDServer) -> None:
    server.occupy(3, seconds=3600)
    assert _info(server).status_code == 402
    server.clock.advance(3599)
    assert _info(server).status_code == 402
    server.clock.advance(1)
    assert _info(server).status_code == 200
    server.occupy(2)
    server.clock.advance(10**6)
    assert _info(server).status_code == 200, "the client's own session has ended, its place is free"
    assert _info(server).status_code == 402
    server.leave()
    assert _info(server).status_code == 200
    assert server.counters.sessions_alive_max == 2


def test_after_a_restart_no_session_is_known(server: FourDServer) -> None:
    cookie, url = _cookie(_info(server)), server.url
    server.restart()
    assert server.url == url
    assert _cookie(_info(server, cookie)) != cookie
    assert (server.counters.sessions_opened, server.counters.sessions_alive_max) == (2, 1)
    server.stop()
    with pytest.raises(requests.exceptions.ConnectionError):
        _info(server)
    server.start()
    assert _info(server).status_code == 200


def test_errors_belong_to_the_session_too(server: FourDServer) -> None:
    server.fail("500")
    answer = _info(server)
    assert answer.status_code == 500
    assert _info(server, _cookie(answer)).status_code == 200
    assert server.counters.sessions_opened == 1


def test_a_house_may_ask_for_a_name(house: House) -> None:
    with FourDServer(house, Quirks(login="sync:geheim")) as server:
        for answer in (_info(server), _info(server, username_4D="sync", password_4D="falsch")):
            assert answer.status_code == 401
            assert answer.json()["__ERROR"][0]["errCode"] == 1822
            assert answer.headers["4D-CREDENTIALS"] == "1.0"
        answer = _info(server, username_4D="sync", password_4D="geheim")
        assert answer.status_code == 200
        assert _info(server, _cookie(answer)).status_code == 200, "asked once per session"
        assert server.counters.sessions_opened == 1
        assert answer.json()["sessionInfo"][0]["userName"] == "sync"


def test_many_at_once_are_counted_right(server: FourDServer) -> None:
    server.quirks.sessions = 5
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(_info(server).status_code)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 5 + [402] * 15
    assert server.counters.sessions_alive_max == server.counters.sessions_opened == 5
