"""The one session of a 4D server. Every call to such a server that carries no session it knows opens one and takes a
licence from the people who work there, so the house has exactly one, whoever leads.

Its cookie lies in the database, encrypted; the next leader and the next start go on with it. Before a call that might
open a session, that it might is written down (`opening`). If the caller dies, or the answer is lost where a session may
have been opened, nobody can know its cookie: then everybody waits until it has ended by itself before opening another.
No session is ever logged out.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.services.legacy.transport import Head, TransportError, session_cookie

log = logging.getLogger(__name__)
LIFETIME_S = 3600.0
"""How long a server keeps a session that nobody uses."""
MARGIN_S = 120.0
RESTART_S = 5.0
"""No server ends and comes back within this: after an answer this young, the session is the same."""
FULL_S = (15.0, 30.0, 60.0, 120.0, 300.0)
"""Pauses while the server has no free session."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the house knows of the session: its cookie, and whether a call that may open one is under way."""

    cookie: str | None = None
    opening: bool = False

    def __repr__(self) -> str:
        return f"Known(cookie={'…' if self.cookie else None}, opening={self.opening})"


@dataclass(frozen=True, slots=True)
class Stored:
    """What was stored, how many seconds ago by the database's clock, and how long nobody may ask the server yet."""

    known: Known
    age_s: float
    blocked_s: float = 0.0


class SessionStore(Protocol):
    """Where the house keeps it; every call is refused (Unavailable ``legacy_lease_lost``) to who leads no more."""

    def load(self) -> Stored: ...

    def save(self, known: Known, *, opened: bool) -> None: ...

    def block(self, seconds: float, reason: str) -> None: ...


class Pace(Protocol):
    """Time, as far as it matters here. `pause` raises Cancelled when the work is to stop, and Unavailable
    ``legacy_lease_lost`` when another one leads."""

    def now(self) -> float: ...

    def check(self) -> None: ...

    def pause(self, seconds: float, reason: str = "") -> None: ...


class OneSession:
    """Guards every request: `before` it is sent, when its answer `began`, when there was none (`failed`)."""

    def __init__(
        self,
        store: SessionStore,
        pace: Pace,
        *,
        lifetime_s: float = LIFETIME_S,
        on_opened: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._pace = pace
        self._lifetime_s = lifetime_s
        self._on_opened = on_opened
        self._known: Known | None = None
        self._heard = float("-inf")  # when the server last answered, by our clock
        self._doubt = True  # the server may have been restarted since
        self._careful = True  # the last call got no answer
        self._full = 0

    @property
    def heard(self) -> float:
        """When the server last answered, by the clock of `Pace`; minus infinity before."""
        return self._heard

    @property
    def certain(self) -> bool:
        """Whether the next call cannot open a session."""
        return (
            self._known is not None
            and self._known.cookie is not None
            and not self._known.opening
            and not self._doubt
            and not self._careful
            and 0 <= self._pace.now() - self._heard <= RESTART_S
        )

    def before(self) -> str | None:
        """The cookie to send, or None when there is none; waits while a session may live that nobody knows."""
        self._pace.check()
        known = self._known or self._take_over()
        if not self.certain and not known.opening:
            self._remember(Known(known.cookie, opening=True))
        return known.cookie

    def began(self, head: Head) -> None:
        """An answer began: whatever else it says, it tells the session."""
        assert self._known is not None
        if head.status == 402:  # no free session: none was opened
            self._remember(Known(self._known.cookie))
            return
        cookie = session_cookie(head.cookies)
        other = cookie is not None and cookie != self._known.cookie
        opened = other and not self.certain  # a session that certainly lives was merely given another cookie
        if other or self._known.opening:
            self._remember(Known(cookie or self._known.cookie), opened=opened)
        if opened:
            self._on_opened()
        self._heard, self._full = self._pace.now(), 0
        self._doubt = self._careful = False

    def failed(self, error: TransportError) -> None:
        """No answer began. Waits when a session may have been opened whose cookie is lost."""
        known = self._known
        if known is None:
            return
        if not error.unsure:
            self._doubt = True  # not even a connection: the server may be restarting
            if known.opening:
                self._remember(Known(known.cookie))
            return
        self._careful = True
        if not known.opening:
            return  # this call was certain to open none
        fresh = self._pace.now() - self._heard < self._lifetime_s - MARGIN_S
        if known.cookie is not None and not self._doubt and fresh:
            return  # the session was alive and is: asking again opens none
        log.info("a session may have been opened whose cookie is lost: waiting until it has ended")
        self._wait(self._lifetime_s + MARGIN_S, "legacy_session_lost")
        self._remember(Known(None))

    def full(self) -> None:
        """The server has no free session (402): wait; the same cookie asks again, so that it is never two."""
        seconds = FULL_S[min(self._full, len(FULL_S) - 1)]
        self._full += 1
        self._doubt = True
        self._wait(seconds, "legacy_sessions_full")

    def _take_over(self) -> Known:
        stored = self._store.load()
        known = stored.known
        if known.opening:
            left = self._lifetime_s + MARGIN_S - stored.age_s
            log.info("a call that may have opened a session was never settled: %.0f s to wait", max(left, 0))
            if left > 0:
                self._wait(left, "legacy_session_lost")
            known = Known(None)
        elif stored.blocked_s > 0:
            self._pace.pause(stored.blocked_s, "legacy_sessions_full")
        self._known = known
        return known

    def _wait(self, seconds: float, reason: str) -> None:
        self._store.block(seconds, reason)
        self._pace.pause(seconds, reason)

    def _remember(self, known: Known, *, opened: bool = False) -> None:
        # The store first: what it refuses is not known here either.
        self._store.save(known, opened=opened)
        self._known = known
