"""Work in the background steps back while somebody is at the window.

All threads of a program share one interpreter: a thread that maps records by the thousand makes every list that opens
meanwhile several times as slow. The window says when it has something to do (`Courtesy.wake`) and when it has done it
(`Courtesy.rest`). Threads that nobody at the window waits for say so (`give_way`); their long loops call `step` every
few rows and wait there meanwhile. They never wait for long: after `LONGEST_S` of waiting a thread goes on for `TURN_S`,
so that it gets on even when nobody ever lets go of the mouse. What the window itself waits for only waits until its
turn is over (`after_turn`). Without a window nobody waits.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

LONGEST_S = 0.25
TURN_S = 0.002
ANSWER_S = 0.2
"""What the window has asked for waits no longer than this for the turn it was asked in."""

T = TypeVar("T")


class _Mine(threading.local):
    """Whether a thread gives way, what it has waited since its last turn, and until when it may go on."""

    gives_way = False
    waited = 0.0
    until = 0.0


class Courtesy:
    """A gate between a window and everybody else in the same program."""

    def __init__(
        self, *, now: Callable[[], float] = time.monotonic, wait: Callable[[float], bool] | None = None
    ) -> None:
        self._free = threading.Event()
        self._free.set()
        self._turned = threading.Event()
        self._turned.set()
        self._now, self._wait = now, wait or self._free.wait
        self._busy = False
        self._mine = _Mine()
        self.waited = 0.0
        """Seconds all threads together have stepped back."""

    @property
    def busy(self) -> bool:
        """Whether the window has something to do."""
        return self._busy

    def wake(self) -> None:
        """The window has something to do, beginning with this turn of its event loop."""
        self._turned.clear()
        if not self._busy:
            self._free.clear()
            self._busy = True

    def turned(self) -> None:
        """That turn is over; more may follow at once."""
        self._turned.set()

    def rest(self) -> None:
        """The window has nothing to do any more, or is gone."""
        self._busy = False
        self._turned.set()
        self._free.set()

    def give_way(self, always: bool = True) -> None:
        """From here on the calling thread steps back for the window, or no more: what it works at can wait."""
        self._mine.gives_way = always

    def step(self) -> None:
        """Let the window go first, if this thread gives way; called in long loops."""
        if self._busy and self._mine.gives_way:
            self._step_back()

    def after_turn(self) -> None:
        """Begin what the window has asked for when its turn is over: both at once would take longer for both."""
        self._turned.wait(ANSWER_S)

    def _step_back(self) -> None:
        mine, begun = self._mine, self._now()
        if begun < mine.until:
            return
        self._wait(LONGEST_S - mine.waited)
        ended = self._now()
        mine.waited += ended - begun
        self.waited += ended - begun
        if mine.waited >= LONGEST_S:
            mine.waited, mine.until = 0.0, ended + TURN_S


gate = Courtesy()
"""The one of this program."""
give_way, step = gate.give_way, gate.step


def steps(items: Iterable[T]) -> Iterator[T]:
    """The items one by one, the window first before each."""
    for item in items:
        step()
        yield item
