"""k: a week of the old system's one session: fifteen clients, leaders that die or sleep, a server that is restarted.

Clients are the program's own (lease and cookie in PostgreSQL, HTTP to the simulator); only time is played. The week's
clock is the simulator's; the database is moved along by setting back the moments it keeps about lease and server.
Whoever leads calls the server every minute, as an idle leader does, in houses where everybody goes home at night.
"""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import psycopg

from app.core.db import Database
from app.core.errors import AppError, Unavailable
from app.services.legacy import secrets
from app.services.legacy.client import FourD
from app.services.legacy.leader import Leader
from app.services.legacy.service import DatabaseSession
from app.services.legacy.session import Known, OneSession
from app.services.legacy.transport import Address, Transport
from app.services.security import keys
from app.services.security.keys import Keyring
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Fault, Quirks

CLIENTS = 15
HOUR, DAY = 3600.0, 86_400.0
TICK = 20.0
"""Seconds between two steps: less than the lease holds, more than a renewal apart."""
NIGHT_TICK = 600.0
PING = 60.0
FAULTS: tuple[Fault, ...] = ("500", "503", "cut", "close", "html", "empty")
POINTS = ("before", "sent", "answered", "kept")
Raw = psycopg.Connection[Any]


class KilledError(Exception):
    """The client's process ends at this point."""


@dataclass
class Odds:
    """How often things go wrong, as a chance per call or per hour."""

    killed: float = 0.002
    fault: float = 0.01
    lost: float = 0.001
    asleep_per_hour: float = 0.15
    restart_per_hour: float = 0.08
    full_per_hour: float = 0.04


@dataclass
class Client:
    """A window or service of the house."""

    name: str
    leader: Leader
    session: OneSession | None = None
    four_d: FourD | None = None
    wakes: float = 0.0
    """Asleep until then: its computer was shut in the middle of leading."""


@dataclass
class Week:
    """The house, its server, and its time."""

    db: Database
    raw: Raw
    keyring: Keyring
    server: FourDServer
    server_id: int
    seed: int = 1
    odds: Odds = field(default_factory=Odds)
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311  (repeatable on purpose)
        self.begin = self.server.clock.now()
        self.clients = [self._client(number) for number in range(CLIENTS)]
        self.leads: Client | None = None
        self._pinged = 0.0
        self._back = 0.0

    # -- time ------------------------------------------------------------------------------------------------------

    def now(self) -> float:
        """Seconds of the week's clock."""
        return self.server.clock.now()

    def check(self) -> None:
        """Whoever calls the server leads, surely."""
        assert self.leads is not None
        _ = self.leads.leader.token

    def pause(self, seconds: float, reason: str = "") -> None:
        """The leader waits; the lease is renewed meanwhile, and it may die."""
        if reason:
            self.happened[reason] += 1
            self.happened[f"{reason}_minutes"] += round(seconds / 60)
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            self.pass_time(min(left, TICK))
            if left > TICK:
                assert self.leads is not None
                self.leads.leader.take()
                self._kill_perhaps("while waiting", self.odds.killed)
            self.check()

    def pass_time(self, seconds: float) -> None:
        """Time goes by, for the old system and for what the database remembers."""
        self.server.clock.advance(seconds)
        back = "- make_interval(secs => %s)"
        self.raw.execute(f"UPDATE legacy.lease SET until_at = until_at {back}", (seconds,))  # noqa: S608
        self.raw.execute(
            f"UPDATE legacy.server_status SET session_seen_at = session_seen_at {back}, "  # noqa: S608
            f"blocked_until = blocked_until {back}",
            (seconds, seconds),
        )
        if self._back and self.now() >= self._back:
            self._back = 0.0
            self.server.start()

    def open_hours(self) -> bool:
        """Monday to Friday from seven to eight in the evening."""
        day, hour = divmod((self.now() - self.begin) / HOUR, 24)
        return day % 7 < 5 and 7 <= hour < 20

    # -- the week --------------------------------------------------------------------------------------------------

    def run(self, days: float) -> dict[str, Any]:
        """Play so many days; what happened."""
        while self.now() - self.begin < days * DAY:
            if not self.open_hours():
                self._go_home()
                self.pass_time(NIGHT_TICK)
                continue
            self.pass_time(TICK)
            self._misfortune()
            try:
                self._lead()
            except KilledError:
                self._replace()
        counters = self.server.counters
        return {
            "clients": CLIENTS,
            "days": days,
            "sessions_opened": counters.sessions_opened,
            "sessions_ended": counters.sessions_expired + self.happened["sessions ended by restart"],
            "sessions_alive_at_once": counters.sessions_alive_max,
            "sessions_the_house_counted": self._counted(),
            "calls": counters.statuses.total(),
            "refused_402": counters.sessions_refused,
        } | dict(sorted(self.happened.items()))

    def _lead(self) -> None:
        """The leader renews and calls; when there is none, somebody takes the lease."""
        leads = self.leads
        if leads is None or not leads.leader.take():
            leads = self.leads = self._successor()
            if leads is None:
                return
        if self.now() - self._pinged < PING:
            return
        self._pinged = self.now()
        try:
            if leads.four_d is None:
                self._connect(leads)
            assert leads.four_d is not None
            self._kill_perhaps("in mid-call", self.odds.killed)
            self._spoil_answer()
            leads.four_d.ping()
        except Unavailable as error:
            self.happened[error.key] += 1
        except AppError as error:
            self.happened[error.key] += 1

    def _successor(self) -> Client | None:
        for client in self.chance.sample(self.clients, len(self.clients)):
            if client.wakes <= self.now() and client.leader.take():
                self.happened["leaders"] += 1
                return client
        return None

    def _misfortune(self) -> None:
        per_tick = TICK / HOUR
        if self.leads is not None and self.chance.random() < self.odds.asleep_per_hour * per_tick:
            self.happened["leaders asleep past their lease"] += 1
            self.leads.wakes = self.now() + self.chance.uniform(60, 2 * HOUR)
            self.leads = None
        for client in self.clients:
            if client.wakes and client.wakes <= self.now():
                client.wakes = 0.0
                self._old_leader_goes_on(client)
        if not self._back and self.chance.random() < self.odds.restart_per_hour * per_tick:
            self.happened["server restarts"] += 1
            self.happened["sessions ended by restart"] += len(self.server.sessions.alive())
            self.server.stop()
            self.server.sessions.end()
            self._back = self.now() + self.chance.uniform(120, 900)
        if self.chance.random() < self.odds.full_per_hour * per_tick:
            self.happened["hours without a free session"] += 1
            free = self.server.quirks.sessions - len(self.server.sessions.alive())
            self.server.occupy(free, seconds=HOUR)

    def _old_leader_goes_on(self, client: Client) -> None:
        """Awake again, it still believes to be in the middle of its call."""
        four_d = client.four_d
        if four_d is None or self.leads is client:
            return
        before, self.leads = self.leads, client
        asked = self.server.counters.statuses.total()
        try:
            four_d.ping()
        except AppError as error:
            self.happened[f"old leader: {error.key}"] += 1
        self.happened["calls of old leaders"] += self.server.counters.statuses.total() - asked
        self._disconnect(client)
        self.leads = before

    def _spoil_answer(self) -> None:
        if self.chance.random() < self.odds.fault:
            self.happened["answers spoilt"] += 1
            self.server.fail(self.chance.choice(FAULTS))
        elif self.chance.random() < self.odds.lost:
            self.happened["answers lost"] += 1

            def work_and_hang_up(request: Any) -> None:
                self.server.before = None
                self.server.answer(request)
                self.server.luck.forget()
                self.server.fail("close")

            self.server.before = work_and_hang_up

    def _kill_perhaps(self, where: str, chance: float) -> None:
        if self.chance.random() >= chance:
            return
        self.happened[f"leaders killed {where}"] += 1
        client = self.leads
        if where == "while waiting" or client is None or client.session is None:
            raise KilledError
        _die_at(client.session, self.chance.choice(POINTS))

    def _replace(self) -> None:
        """The killed one is started again, as a new client that knows nothing; its lease runs out by itself."""
        if self.leads is not None:
            self._disconnect(self.leads)
            self.clients.remove(self.leads)
            self.clients.append(self._client(self.chance.randrange(10**6)))
        self.leads = None

    def _go_home(self) -> None:
        """Windows are closed properly: the lease is given back."""
        if self.leads is not None:
            self._disconnect(self.leads)
            self.leads.leader.release()
            self.leads = None

    # -- parts -----------------------------------------------------------------------------------------------------

    def _client(self, number: int) -> Client:
        name = f"client-{number}"
        return Client(name, Leader(self.db, name, steady=self.now, wall=self.now))

    def _connect(self, client: Client) -> None:
        store = DatabaseSession(self.db, client.leader, self.keyring, self.server_id)
        client.session = OneSession(store, self)
        client.four_d = FourD(Transport(Address(self.server.url, 20.0)), client.session, self)

    def _disconnect(self, client: Client) -> None:
        if client.four_d is not None:
            client.four_d.close()
        client.four_d = client.session = None

    def _counted(self) -> int:
        row = self.raw.execute(
            "SELECT sessions_opened FROM legacy.server_status WHERE server_id = %s", (self.server_id,)
        ).fetchone()
        return int(row[0]) if row else 0


def _die_at(session: OneSession, point: str) -> None:
    """Let the client end at a point of its next call."""
    remember = session._remember  # noqa: SLF001  (the process ends between two of its lines)

    def dies(*_args: Any, **_named: Any) -> None:
        raise KilledError

    def dies_keeping(known: Known, *, opened: bool = False) -> None:
        if known.opening or point == "kept":
            remember(known, opened=opened)
        if not known.opening:
            raise KilledError

    if point == "before":
        session.before = dies  # type: ignore[method-assign]
    elif point == "sent":
        session.began = dies  # type: ignore[method-assign]
    else:
        session._remember = dies_keeping  # type: ignore[method-assign]  # noqa: SLF001


def run(
    db: Database, raw: Raw, *, days: float = 7.0, seed: int = 1, odds: Odds | None = None
) -> dict[str, Any]:
    """Play it with `db` as the login of all clients (it holds the key `legacy`), `raw` as superuser."""
    with FourDServer(make("small"), Quirks(sessions=3)) as server:
        raw.execute("UPDATE legacy.server SET is_active = false WHERE kind = '4d' AND code <> 'week'")
        row = raw.execute(
            """INSERT INTO legacy.server (code, kind, title, base_url, username, ca_file, timeout_s)
               VALUES ('week', '4d', '', %s, '', '', 20)
               ON CONFLICT (code) DO UPDATE SET base_url = excluded.base_url RETURNING id""",
            (server.url,),
        ).fetchone()
        assert row is not None
        raw.execute("UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second'")
        keyring = secrets.open_keys(db)
        assert keyring is not None
        return Week(db, raw, keyring, server, int(row[0]), seed, odds or Odds()).run(days)


def make_key(db: Database) -> None:
    """The first who needs the key makes it."""
    if secrets.open_keys(db) is None:
        db.with_password(lambda password: keys.unlock(db, secrets.KEY_NAME, password))
