"""The sessions of the 4D server: each takes a licence, and there are few."""

from dataclasses import dataclass
from uuid import uuid4

from app.simulate.quirks import Clock, Counters, Quirks


@dataclass(slots=True)
class Session:
    """One session; ``foreign`` ones belong to people at the legacy system itself."""

    key: str
    used_at: float
    lifetime: float
    requests: int = 0
    foreign: bool = False
    user: str = ""


class NoFreeSessionError(Exception):
    """Every licence is taken."""


class Sessions:
    """Which sessions are alive.  Not safe for several threads by itself."""

    def __init__(self, quirks: Quirks, clock: Clock, counters: Counters) -> None:
        self._quirks, self._clock, self._counters = quirks, clock, counters
        self._alive: dict[str, Session] = {}

    def alive(self) -> list[Session]:
        """All that have not ended."""
        now = self._clock.now()
        for session in list(self._alive.values()):
            if now - session.used_at >= session.lifetime:
                del self._alive[session.key]
                self._counters.sessions_expired += not session.foreign
        own = sum(not session.foreign for session in self._alive.values())
        self._counters.sessions_alive = own
        self._counters.sessions_alive_max = max(self._counters.sessions_alive_max, own)
        return list(self._alive.values())

    def find(self, key: str) -> Session | None:
        """The living session with this key; using it makes it last again."""
        self.alive()
        session = self._alive.get(key)
        if session is None:
            return None
        session.used_at = self._clock.now()
        session.requests += 1
        if self._quirks.renew and session.requests % self._quirks.renew == 0:
            del self._alive[session.key]
            session.key = uuid4().hex.upper()
            self._alive[session.key] = session
        return session

    def open(self, *, lifetime: float | None = None, foreign: bool = False, user: str = "") -> Session:
        """Take a licence."""
        if len(self.alive()) >= self._quirks.sessions:
            self._counters.sessions_refused += not foreign
            raise NoFreeSessionError
        session = Session(
            uuid4().hex.upper(),
            self._clock.now(),
            self._quirks.lifetime if lifetime is None else lifetime,
            requests=1,
            foreign=foreign,
            user=user,
        )
        self._alive[session.key] = session
        self._counters.sessions_opened += not foreign
        self.alive()
        return session

    def end(self, *, foreign: bool | None = None) -> None:
        """Forget all sessions, or only the foreign ones, or only the clients'."""
        for session in list(self._alive.values()):
            if foreign is None or session.foreign == foreign:
                del self._alive[session.key]
        self.alive()
