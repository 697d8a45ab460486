"""Measuring one action: wall time, statements and round trips, over a few calls after a warm-up."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.db import Database


@dataclass(frozen=True)
class Figures:
    """What a case took.  Times in milliseconds, statements and round trips per call."""

    n: int
    median_ms: float
    min_ms: float
    max_ms: float
    p95_ms: float
    statements: float
    round_trips: float

    def as_dict(self) -> dict[str, Any]:
        """For the JSON file."""
        return {name: round(value, 3) for name, value in self.__dict__.items()}


def spread(times: list[float], statements: float = 0.0, round_trips: float = 0.0) -> Figures:
    """Figures of measured seconds."""
    ordered = sorted(seconds * 1000 for seconds in times)
    return Figures(
        len(ordered),
        statistics.median(ordered),
        ordered[0],
        ordered[-1],
        ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))],
        statements,
        round_trips,
    )


def undisturbed(times: list[float]) -> float:
    """Milliseconds of a call that nothing else on the machine got in the way of: a quarter were quicker."""
    return statistics.quantiles(times, n=4)[0] * 1000


def measure(
    dbs: tuple[Database, ...],
    action: Callable[[Any], object],
    *,
    n: int,
    warmup: int = 2,
    prepare: Callable[[], Any] = lambda: None,
) -> Figures:
    """Run ``action`` with what ``prepare`` (not measured) gives it, ``n`` times after ``warmup`` uncounted ones."""
    times: list[float] = []
    statements = trips = 0
    for call in range(warmup + n):
        given = prepare()
        before = [(db.counter.statements, db.counter.round_trips) for db in dbs]
        start = time.perf_counter()
        action(given)
        seconds = time.perf_counter() - start
        if call >= warmup:
            times.append(seconds)
            statements += sum(db.counter.statements - old[0] for db, old in zip(dbs, before, strict=True))
            trips += sum(db.counter.round_trips - old[1] for db, old in zip(dbs, before, strict=True))
    return spread(times, statements / n, trips / n)
