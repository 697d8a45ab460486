"""A 4D server of the simulator with a clock that tests move, and a client whose pauses move it."""

from app.core.errors import Cancelled, Unavailable
from app.services.legacy.client import FourD
from app.services.legacy.session import Known, OneSession, Stored
from app.services.legacy.transport import Address, Transport
from app.simulate.fourd import FourDServer

_MADE: list[FourD] = []


def close_all() -> None:
    """Close the connections of every client that `connect` made."""
    while _MADE:
        _MADE.pop().close()


class FakePace:
    """Time is the peer's: a pause moves its clock. `stop_at` ends the work when the clock gets there."""

    def __init__(self, server: FourDServer) -> None:
        self._clock = server.clock
        self.pauses: list[tuple[float, str]] = []
        self.stop_at = float("inf")
        self.leads = True

    def now(self) -> float:
        return self._clock.now()

    def check(self) -> None:
        if not self.leads:
            raise Unavailable("legacy_lease_lost")
        if self.now() >= self.stop_at:
            raise Cancelled("cancelled")

    def pause(self, seconds: float, reason: str = "") -> None:
        self.pauses.append((seconds, reason))
        self._clock.advance(seconds)
        self.check()

    def waited(self, reason: str) -> float:
        """Seconds waited for this reason."""
        return sum(seconds for seconds, why in self.pauses if why == reason)


class MemoryStore:
    """What the database keeps, for clients that come one after the other."""

    def __init__(self, server: FourDServer) -> None:
        self._clock = server.clock
        self.known = Known()
        self.at = 0.0
        self.blocked_until = 0.0
        self.opened = 0
        self.saves = 0

    def load(self) -> Stored:
        now = self._clock.now()
        return Stored(self.known, now - self.at, max(self.blocked_until - now, 0.0))

    def save(self, known: Known, *, opened: bool) -> None:
        self.known, self.at = known, self._clock.now()
        self.opened += opened
        self.saves += 1

    def block(self, seconds: float, reason: str) -> None:
        self.blocked_until = self._clock.now() + seconds


def connect(
    server: FourDServer,
    store: MemoryStore | None = None,
    *,
    pace: FakePace | None = None,
    timeout_s: float = 10.0,
    **address: object,
) -> FourD:
    """A client as the leader makes one."""
    pace = pace or FakePace(server)
    session = OneSession(store or MemoryStore(server), pace)
    where = Address(server.url, timeout_s, **address)  # type: ignore[arg-type]
    made = FourD(Transport(where), session, pace, name="sim")
    _MADE.append(made)
    return made
