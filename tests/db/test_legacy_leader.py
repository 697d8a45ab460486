"""Who leads: one of all that may, by a token; its session of the 4D server goes from one to the next."""

import threading
from collections.abc import Callable, Iterator

import pytest

from app.core import vault
from app.core.db import Database
from app.core.errors import Cancelled, NotAllowed, Refused
from app.services.legacy import browse, secrets
from app.services.legacy.leader import Leader
from app.services.legacy.service import (
    Contact,
    OpenServer,
    Services,
    SetSession,
    Waiter,
    note_contact,
    open_server,
    set_session,
)
from app.services.legacy.session import Known
from app.services.security import keys
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from tests.conftest import PASSWORD, Raw
from tests.db.legacy_world import DEPUTY, add_leaders
from tests.legacy_world import add_server, expire, give_keys, leader_of, opened, refusal

As = Callable[[str], Database]
LOST = "legacy_lease_lost"


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[FourDServer]:
    with FourDServer(house, Quirks(sessions=2)) as found:
        yield found
    assert found.counters.sessions_alive_max <= 1


@pytest.fixture
def first(as_role: As, admin: Raw) -> Database:
    """An administrator who has the key."""
    expire(admin)
    add_leaders(admin)
    give_keys(as_role("administrator"), as_role(DEPUTY))
    return as_role("administrator")


@pytest.fixture
def second(first: Database, as_role: As) -> Database:
    """Another one who may lead, and was given the key."""
    return as_role(DEPUTY)


def services(db: Database, leader: Leader, stop: threading.Event | None = None) -> Services:
    return Services(db, leader, secrets.open_keys(db), stop or threading.Event())


def test_one_leads_and_the_other_does_not(first: Database, second: Database) -> None:
    one, other = Leader(first, "one"), Leader(second, "other")
    assert one.take()
    assert not other.take()
    assert other.holder == "one"
    assert one.take()  # renewed: the same token
    token = one.token
    one.release()
    assert other.take()
    assert other.token > token
    assert not one.take()
    other.release()


def test_the_same_person_twice_leads_once(first: Database) -> None:
    """Two windows of one administrator are two clients."""
    one, other = Leader(first, "one"), Leader(first, "other")
    assert one.take()
    assert not other.take()
    one.release()


def test_whoever_slept_past_the_lease_writes_nothing_any_more(
    first: Database, second: Database, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    old = leader_of(first, "sleeper")
    asleep = services(first, old)
    asleep.four_d().ping()
    token = old.token
    expire(admin)
    new = leader_of(second, "successor")
    fresh = services(second, new)
    fresh.four_d().ping()
    kept = admin.execute("SELECT session_sealed FROM legacy.server_secret").fetchall()
    # What it still believes is its token, the database refuses.
    assert refusal(lambda: asleep.contact()) == LOST
    assert refusal(lambda: first.write(note_contact, Contact(token, number, "ok"))) == LOST
    keyring = secrets.open_keys(first)
    assert keyring is not None
    sealed, key_id = secrets.seal_session(keyring, number, Known("F" * 32))
    assert refusal(lambda: first.write(set_session, SetSession(token, number, sealed, key_id, True))) == LOST
    # A call of the other server that would write down its intent first does not even leave.
    asked = server.counters.statuses.total()
    server.clock.advance(60)
    assert asleep._session is not None
    asleep._session._heard -= 60
    assert refusal(asleep.four_d().ping) == LOST
    assert server.counters.statuses.total() == asked
    assert admin.execute("SELECT session_sealed FROM legacy.server_secret").fetchall() == kept
    fresh.four_d().ping()
    assert server.counters.sessions_opened == opened(admin, number) == 1
    for one in (asleep, fresh):
        one.close()
    new.release()


def test_a_token_cannot_be_borrowed(
    first: Database, second: Database, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    leads = leader_of(first, "one")
    assert refusal(lambda: second.write(note_contact, Contact(leads.token, number, "ok"))) == LOST
    assert refusal(lambda: first.write(note_contact, Contact(leads.token + 1, number, "ok"))) == LOST
    leads.release()


def test_the_next_leader_goes_on_with_the_session(
    first: Database, second: Database, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    for turn in range(4):
        leads = leader_of(first if turn % 2 else second, f"turn {turn}")
        work = services(first if turn % 2 else second, leads)
        work.four_d().ping()
        if turn == 2:  # killed: it gives nothing back
            expire(admin)
        else:
            leads.release()
        work.close()
    assert server.counters.sessions_opened == opened(admin, number) == 1


def test_nothing_of_the_session_can_be_read_in_the_database(
    first: Database, admin: Raw, server: FourDServer, raw_role: Callable[..., Raw]
) -> None:
    number = add_server(admin, server.url)
    leads = leader_of(first, "one")
    work = services(first, leads)
    work.four_d().ping()
    (session,) = server.sessions.alive()
    (sealed,) = admin.execute(
        "SELECT session_sealed FROM legacy.server_secret WHERE server_id = %s", (number,)
    ).fetchone() or (b"",)
    assert session.key.encode() not in sealed
    assert len(sealed) > 40
    for role in ("viewer", "finance", "administrator"):
        with pytest.raises(Exception, match="permission denied"):
            raw_role(role, ticket=True).execute("SELECT * FROM legacy.server_secret")
    keyring = secrets.open_keys(first)
    assert keyring is not None
    found = first.write(open_server, OpenServer(leads.token, number)).value
    assert secrets.open_session(keyring, found).cookie == session.key
    # The blob of one server opens at no other.
    with pytest.raises(Exception):  # noqa: B017, PT011
        secrets.open_session(keyring, found | {"id": number + 1})
    work.close()
    leads.release()


def test_without_the_key_nobody_talks_to_the_server(as_role: As, admin: Raw, server: FourDServer) -> None:
    add_server(admin, server.url)
    expire(admin)
    db = as_role("administrator")
    leads = leader_of(db, "keyless")
    work = Services(db, leads, None, threading.Event())
    with pytest.raises(Refused, match="legacy_key_missing"):
        work.four_d()
    assert server.counters.statuses.total() == 0
    leads.release()


def test_a_stop_ends_the_wait_for_a_free_session(first: Database, admin: Raw, server: FourDServer) -> None:
    add_server(admin, server.url)
    server.occupy(2)
    leads, stop = leader_of(first, "one"), threading.Event()
    waiter = Waiter(leads, stop, lambda reason, _until: stop.set() if reason else None)
    work = Services(first, leads, secrets.open_keys(first), stop, pace=waiter)
    with pytest.raises(Cancelled):
        work.four_d().ping()
    assert server.counters.sessions_opened == 0
    row = admin.execute(
        "SELECT last_status, last_error, blocked_until > clock_timestamp() FROM legacy.server_status"
    ).fetchone()
    assert row == ("waiting", "legacy_sessions_full", True)
    server.leave()
    work.close()
    leads.release()


def test_clocks_that_jump_make_nobody_lead_twice(first: Database, second: Database) -> None:
    """An hour forward: it asks the database again, which knows better. An hour back: nothing is believed longer."""
    steady, wall = [0.0], [1_000_000.0]
    one = Leader(first, "one", steady=lambda: steady[0], wall=lambda: wall[0])
    assert one.take()
    wall[0] += 3600
    assert refusal(lambda: one.token) == LOST
    assert one.take()  # the lease still runs by the database's clock
    wall[0] -= 7200
    assert one.token
    steady[0] += 26
    assert refusal(lambda: one.token) == LOST
    assert not Leader(second, "other").take()  # and nobody else got in between
    assert one.take()
    one.release()


def test_whoever_looks_something_up_uses_the_same_session(
    first: Database, second: Database, admin: Raw, server: FourDServer
) -> None:
    number = add_server(admin, server.url)
    with browse.open_reader(first) as reader:
        assert "Kunden" in reader.tables()
        assert reader.count("Kunden") > 0
        held = refusal(lambda: browse.Reader(second, stop=stopped()).tables())
        assert held == "legacy_session_elsewhere"
    with browse.open_reader(second) as reader:
        rows = [row for page in reader.pages("Kunden", top=30) for row in page.rows]
        assert len(rows) == reader.count("Kunden")
    tried = browse.test_connection(first, "live")
    assert (tried.ok, tried.error) == (True, None)
    assert server.counters.sessions_opened == opened(admin, number) == 1


def stopped() -> threading.Event:
    """Patience that is at its end."""
    found = threading.Event()
    found.set()
    return found


def test_a_service_opens_the_key_with_its_password(
    first: Database, admin: Raw, server: FourDServer, as_role: As
) -> None:
    admin.execute("SELECT sec.user_create('s_sync_test', 'Sync', %s, ARRAY['sync'])", (PASSWORD,))
    number = add_server(admin, server.url)
    service = as_role("s_sync_test")
    assert secrets.open_keys(service) is None
    give_keys(first, service)
    assert secrets.open_keys(service) is not None
    leads = leader_of(service, "service")
    work = services(service, leads)
    work.four_d().ping()
    work.contact()
    leads.release()
    work.close()
    assert opened(admin, number) == 1


@pytest.mark.parametrize("role", ["viewer", "sales_rep", "finance", "warehouse_manager"])
def test_who_may_not_lead_gets_neither_lease_nor_key(as_role: As, role: str) -> None:
    db = as_role(role)
    for act in (Leader(db).take, Leader(db).wish):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(NotAllowed):
        db.read(keys.my_keys, secrets.KEY_NAME)
    made = keys.make_data_key(secrets.KEY_NAME, {f"u_{role}": vault.public_of(vault.new_private())})
    with pytest.raises(NotAllowed):
        db.write(keys.create_data_key, made.command)


def test_each_kind_of_key_has_a_right_of_its_own(first: Database, as_role: As, admin: Raw) -> None:
    """Who has the key of bank accounts has not that of the old system, and the other way round."""
    rows = admin.execute('SELECT DISTINCT name, "right" FROM sec.data_key ORDER BY name').fetchall()
    assert ("legacy", "legacy_lease") in rows
    state = first.read(keys.my_keys, secrets.KEY_NAME)
    finance = as_role("finance")
    finance.write(keys.set_person_key, keys.SetPersonKey(own := sealed_for("u_finance")))
    keyring = secrets.open_keys(first)
    assert keyring is not None
    waiting = keys.Waiting("u_finance", "", own.public)
    assert waiting.login not in [one.login for one in state.waiting]
    for command in keys.share_with(keyring, [waiting]):
        assert refusal(lambda: first.write(keys.share_data_key, command)) == "data_key_right_missing"  # noqa: B023
    system = as_role("system_administrator")
    with pytest.raises(NotAllowed):
        system.read(keys.my_keys, "bank")
    with pytest.raises(NotAllowed):
        system.read(keys.my_keys, "legacy")
    with pytest.raises(NotAllowed):
        first.read(keys.my_keys, "nothing")


def sealed_for(login: str) -> vault.SealedKey:
    return vault.seal_private(vault.new_private(), PASSWORD, login, 2**10)


def test_trying_a_server_without_a_free_session_waits_for_none(
    first: Database, admin: Raw, house: House
) -> None:
    with FourDServer(house, Quirks(sessions=1)) as full:
        full.occupy(1, seconds=3600)
        add_server(admin, full.url)
        for _ in range(2):  # the second time it is known, and nobody asks
            found = browse.test_connection(first, "live")
            assert (found.ok, found.error and found.error.key) == (False, "legacy_sessions_full")
        assert full.counters.sessions_refused == 1
        row = admin.execute(
            "SELECT count(*) FROM legacy.lease WHERE name = 'sync' AND until_at > clock_timestamp()"
        )
        assert row.fetchone() == (0,), "and nobody is kept from leading"
