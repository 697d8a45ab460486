"""Reading a 4D server: all of a table and once, whatever happens in between; a filter is kept or refused."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from app.core.errors import AppError, Cancelled, Refused, Unavailable
from app.services.legacy import client as legacy_client
from app.services.legacy.client import FourD
from app.services.legacy.filters import Where, eq, one_of
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Fault, Quirks
from tests.legacy_peer import FakePace, MemoryStore, close_all, connect

TABLE = "Belege_Pos"
HANG: Fault = "hang"
ERROR: Fault = "500"


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server() -> Iterator[FourDServer]:
    with FourDServer(make("small"), Quirks(sessions=1)) as found:
        yield found


@pytest.fixture(scope="module")
def calm(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=1)) as found:
        yield found


STORES: dict[int, MemoryStore] = {}


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_all()


def shared(server: FourDServer) -> FourD:
    """Another client of the same house."""
    return connect(server, STORES.setdefault(server.port, MemoryStore(server)))


def all_rows(server: FourDServer, table: str, top: int = 5000) -> list[dict[str, Any]]:
    return [row for page in shared(server).pages(table, top=top) for row in page.rows]


def keys_of(server: FourDServer, table: str) -> list[str]:
    return sorted(row["__KEY"] for row in all_rows(server, table))


def test_tables_and_columns_are_found(calm: FourDServer) -> None:
    found = shared(calm)
    assert {"Artikel_Variante", "Belege", TABLE} <= set(found.tables())
    table = found.table(TABLE)
    assert table.key
    types = {one.name: one.type for one in table.fields}
    assert types["AbsNr"]
    with pytest.raises(Refused, match="legacy_table_unknown"):
        found.table("Gibtsnicht")


@pytest.mark.parametrize("top", [7, 100, 100_000])
def test_every_row_comes_once(calm: FourDServer, top: int) -> None:
    expected = shared(calm).count("Artikel_Variante")
    rows = all_rows(calm, "Artikel_Variante", top=top)
    keys = [row["__KEY"] for row in rows]
    assert len(keys) == len(set(keys)) == expected > 50


@pytest.mark.parametrize(
    "quirk",
    [
        {"page_cap": 33},
        {"shape": "value"},
        {"shape": "list"},
        {"unordered": True},
        {"absolute": True, "brackets": False},
        {"cookies": "both"},
        {"cookies": "4DSID"},
        {"renew": 3},
        {"no_catalog": True},
    ],
    ids=str,
)
def test_the_habits_of_servers(server: FourDServer, quirk: dict[str, Any]) -> None:
    plain = {row["__KEY"] for row in all_rows(server, "Artikel_Variante", top=5000)}
    server.sessions.end()
    for name, value in quirk.items():
        setattr(server.quirks, name, value)
    found = connect(server)
    rows = [row for page in found.pages("Artikel_Variante", top=50) for row in page.rows]
    assert len(rows) == len(plain)
    assert {row["__KEY"] for row in rows} == plain
    assert found.count("Artikel_Variante") == len(plain)
    assert server.counters.sessions_alive_max == 1


@pytest.mark.parametrize("fault", ["500", "503", "html", "cut", "close", "empty"])
def test_what_passes_by_itself_is_tried_again(server: FourDServer, fault: Fault) -> None:
    expected = keys_of(server, "Kunden")
    pace = FakePace(server)
    found = connect(server, STORES[server.port], pace=pace)
    found.ping()
    server.fail(fault, None, fault, fault, None, where="/rest/Kunden")
    rows = [row for page in found.pages("Kunden", top=20) for row in page.rows]
    assert sorted(row["__KEY"] for row in rows) == expected
    assert server.counters.faults[fault] == 3
    assert server.counters.sessions_opened == 1
    assert sum(seconds for seconds, _ in pace.pauses) < 30


@pytest.mark.parametrize(
    ("fault", "key"),
    [
        ("500", "legacy_server_error"),
        ("html", "legacy_not_4d"),
        ("cut", "legacy_cut"),
        ("empty", "legacy_cut"),
    ],
)
def test_what_does_not_pass_is_told(server: FourDServer, fault: Fault, key: str) -> None:
    found = connect(server)
    found.ping()
    server.fail(*[fault] * 100, where="/rest/Kunden")
    with pytest.raises(Unavailable) as caught:
        list(found.pages("Kunden", top=50))
    assert caught.value.key == key
    assert server.counters.sessions_opened == 1


def test_a_server_that_is_away(server: FourDServer) -> None:
    found = connect(server)
    found.ping()
    server.stop()
    with pytest.raises(Unavailable) as caught:
        found.count("Kunden")
    assert caught.value.key == "legacy_unreachable"
    server.start()
    assert found.count("Kunden") > 0
    assert server.counters.sessions_opened == 1


def test_a_slow_server_is_asked_for_less(server: FourDServer) -> None:
    found = connect(server)
    expected = found.count("Artikel_Variante")
    found._transport.address = replace(found._transport.address, timeout_s=0.5)  # it is signed on by now
    server.fail(*[HANG] * legacy_client.TRIES, where="$skip=0")
    rows = [row for page in found.pages("Artikel_Variante", top=400) for row in page.rows]
    assert len({row["__KEY"] for row in rows}) == len(rows) == expected
    assert server.counters.sessions_opened == 1


def test_a_page_that_changes_while_it_is_read(server: FourDServer) -> None:
    """Rows before and at the place where reading stands come and go; all others come exactly once."""
    before = {row["__KEY"]: row for row in all_rows(server, "Belege", top=5000)}
    keys = list(before)
    found = shared(server)
    pages = found.pages("Belege", top=20)
    rows = next(pages).rows
    server.delete("Belege", before[keys[3]]["AbsNr"])  # read already: all move up by one
    server.delete("Belege", before[keys[19]]["AbsNr"])  # the very row that was read last
    rows += next(pages).rows
    server.insert("Belege", AbsNr=-5, Papierart="R")  # far up: all move down by one
    rows += next(pages).rows
    for page in pages:
        rows += page.rows
    seen = [row["__KEY"] for row in rows]
    assert len(seen) == len(set(seen))
    assert set(keys) <= set(seen)


def test_reading_goes_on_at_its_mark(server: FourDServer) -> None:
    """A leader dies in mid-page: the next one goes on after the last page that was applied."""
    rows: list[str] = []
    cursor: dict[str, Any] | None = None
    every = keys_of(server, TABLE)
    for _ in range(1000):
        page = next(shared(server).pages(TABLE, top=150, cursor=cursor), None)  # each time another leader
        if page is None:
            break
        rows += [row["__KEY"] for row in page.rows]
        cursor = page.cursor
        if page.last:
            break
    assert len(rows) == len(set(rows))
    assert sorted(rows) == every


def test_rows_by_key(calm: FourDServer) -> None:
    found = shared(calm)
    numbers = [row["AbsNr"] for row in all_rows(calm, "Belege", top=5000)]
    portions = list(found.by_keys("Belege", "AbsNr", [*numbers, *numbers[:3], 999_999_999]))
    assert sorted(row["AbsNr"] for rows in portions for row in rows) == sorted(numbers)
    assert len(portions) > 1
    assert all(len(rows) <= legacy_client.MOST_KEYS for rows in portions)


def test_keys_only(calm: FourDServer) -> None:
    found = [pair for part in shared(calm).keys(TABLE, ["AbsNr", "PosNr"], top=50) for pair in part]
    assert len(found) == len(set(found)) == shared(calm).count(TABLE)


def test_a_filter_is_kept(calm: FourDServer) -> None:
    found = shared(calm)
    rows = [row for page in found.pages("Belege", where=eq("Papierart", "R")) for row in page.rows]
    assert rows
    assert {row["Papierart"] for row in rows} == {"R"}
    assert found.count("Belege", eq("Papierart", "R")) == len(rows) < found.count("Belege")
    assert found.count("Adressen", eq("Name1", "x' or 'a' = 'a")) == 0


@pytest.mark.parametrize("where", [eq("Papierart", "R"), one_of("Papierart", ["R", "A'B"])], ids=str)
@pytest.mark.parametrize("quirk", ["refuse_filters", "ignore_filters", "refuse_params"])
def test_a_refused_or_ignored_filter_is_an_error_and_never_everything(
    server: FourDServer, quirk: str, where: Where
) -> None:
    setattr(server.quirks, quirk, True)
    found = connect(server)
    if quirk == "refuse_params" and where.op == "=":
        assert {row["Papierart"] for page in found.pages("Belege", where=where) for row in page.rows} == {"R"}
        return
    with pytest.raises(Refused) as caught:
        list(found.pages("Belege", where=where))
    assert caught.value.key == "legacy_filter_refused"


def test_a_filter_answered_with_a_bare_500_is_refused_and_a_sick_server_is_not(server: FourDServer) -> None:
    found = connect(server)
    found.ping()
    server.fail(*[ERROR] * legacy_client.TRIES, where="$filter")
    with pytest.raises(Refused, match="legacy_filter_refused"):
        found.count("Belege", eq("Papierart", "R"))
    server.fail(*[ERROR] * 3 * legacy_client.TRIES, where="/rest/Belege")
    with pytest.raises(Unavailable, match="legacy_server_error"):
        found.count("Belege", eq("Papierart", "R"))


def test_an_unknown_column_is_told(calm: FourDServer) -> None:
    with pytest.raises(Refused):
        shared(calm).count("Belege", eq("Gibtsnicht", 1))
    with pytest.raises(Refused):
        shared(calm).page("Belege", order=["Gibtsnicht"])


def test_a_login_is_sent_with_the_call_that_opens_the_session(server: FourDServer) -> None:
    server.quirks.login = "leser:geheim ü"
    with pytest.raises(Refused, match="legacy_login_refused"):
        connect(server).tables()
    with pytest.raises(Refused, match="legacy_login_refused"):
        connect(server, username="leser", password="falsch").tables()
    assert server.counters.sessions_opened == 0
    assert connect(server, username="leser", password="geheim ü").tables()
    assert server.counters.sessions_opened == 1


def test_stopped_in_the_middle(server: FourDServer) -> None:
    pace = FakePace(server)
    found = connect(server, pace=pace)
    pages = found.pages("Belege", top=20)
    next(pages)
    pace.stop_at = pace.now()
    with pytest.raises(Cancelled):
        next(pages)


def test_something_else_listens_there() -> None:
    with FourDServer(make("small")) as server:
        server.quirks.html = 1.0
        with pytest.raises(AppError) as caught:
            connect(server).tables()
        assert caught.value.key == "legacy_not_4d"
