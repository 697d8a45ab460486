"""Threads in the background step back for a window, never for long, and not at all without one."""

import threading
from collections.abc import Callable

from app.core.courtesy import LONGEST_S, TURN_S, Courtesy, steps


class Clock:
    """Time that passes by waiting only, and whoever is asked to wait."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []
        self.freed_after: float | None = None

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        """Wait to the end, or until the window rests."""
        spent = seconds if self.freed_after is None else min(seconds, self.freed_after)
        self.waits.append(seconds)
        self.now += spent
        return spent < seconds


def gate(clock: Clock) -> Courtesy:
    made = Courtesy(now=clock, wait=clock.wait)
    made.give_way()
    return made


def test_nobody_waits_without_a_window_and_who_does_not_give_way_never() -> None:
    clock = Clock()
    made = gate(clock)
    made.step()
    assert clock.waits == []
    made.wake()
    assert made.busy
    made.give_way(False)
    made.step()
    assert clock.waits == []
    made.give_way()
    made.step()
    assert clock.waits == [LONGEST_S]
    made.rest()
    made.step()
    assert clock.waits == [LONGEST_S]


def test_a_window_that_never_rests_starves_nobody() -> None:
    """After the longest wait there is a turn of work without any; so it goes on for ever."""
    clock = Clock()
    made = gate(clock)
    made.wake()
    work = 0.0
    while clock.now < 100 * LONGEST_S:
        made.step()
        clock.now += TURN_S / 10
        work += TURN_S / 10
    assert max(clock.waits) <= LONGEST_S
    assert work >= clock.now * 0.8 * TURN_S / (LONGEST_S + TURN_S)


def test_short_waits_add_up_to_a_turn() -> None:
    """A window that wakes again and again cannot keep a thread from its turn either."""
    clock = Clock()
    clock.freed_after = LONGEST_S / 4
    made = gate(clock)
    made.wake()
    for _ in range(4):
        made.step()
    assert len(clock.waits) == 4
    made.step()
    assert len(clock.waits) == 4, "waited enough: its turn"
    clock.now += TURN_S
    made.step()
    assert len(clock.waits) == 5, "its turn is over"


def test_a_thread_goes_on_when_the_window_rests() -> None:
    made = Courtesy(now=lambda: 0.0)
    seen: list[int] = []
    began = threading.Event()

    def work(ask: Callable[[], None]) -> None:
        ask()
        began.set()
        made.step()
        seen.append(1)

    made.wake()
    made.step()  # the window's own thread gives no way, so it does not hang
    thread = threading.Thread(target=work, args=(made.give_way,), daemon=True)
    thread.start()
    assert began.wait(60)
    made.rest()
    thread.join()
    assert seen == [1]


def test_what_the_window_asks_for_begins_after_its_turn() -> None:
    made = Courtesy()
    made.after_turn()  # nobody is at the window: at once
    seen: list[str] = []
    made.wake()

    def read() -> None:
        made.after_turn()
        seen.append("read")

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    seen.append("turn")
    made.turned()
    thread.join()
    assert seen == ["turn", "read"]
    assert made.busy, "others still wait for what follows"
    made.wake()
    made.after_turn()  # a turn that does not end holds up no answer


def test_items_come_as_they_are() -> None:
    assert list(steps(range(3))) == [0, 1, 2]
