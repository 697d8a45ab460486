"""How long a session still holds, as this computer knows it between two answers of the server."""

import time
from collections.abc import Callable, Mapping
from typing import Any

_SOON = 1.0  # seconds before its end a ticket is looked at again, for answers that take their time


class Term:
    """Counts down by two clocks: one stands still while a computer sleeps, the other may be set by hand.

    It only says when to ask the server, which alone decides.
    """

    def __init__(
        self, steady: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._steady, self._wall = steady, wall
        self._since = (steady(), wall())
        self._left = self._idle = self._end = 0.0

    def start(self, answer: Mapping[str, Any]) -> None:
        """Begin anew with what `sec.session_touch` or `sec.my_profile` said, in seconds."""
        self._since = (self._steady(), self._wall())
        self._left = float(answer["seconds_left"])
        self._idle = float(answer["seconds_to_idle"])
        self._end = float(answer["seconds_to_end"])

    def _gone(self) -> float:
        return max(self._steady() - self._since[0], self._wall() - self._since[1], 0.0)

    @property
    def due(self) -> bool:
        """Whether the ticket must be looked at again before it is used."""
        return self._gone() >= max(self._left - _SOON, 0.2)

    def until_idle(self) -> float:
        """Seconds until the session ends because nobody did anything."""
        return self._idle - self._gone()

    def until_end(self) -> float:
        """Seconds until the session ends in any case."""
        return self._end - self._gone()
