"""All keys of a source against all keys Werkbank has a record of: what is missing is read, what is gone is marked."""

from collections.abc import Callable, Iterable

from app.core.errors import Refused
from app.services.legacy import calls
from app.services.legacy.work import Worker

MOST_GONE = 0.5
"""A server that suddenly has less than half of the records is another server, or shows another table."""

FEW = 20
AT_ONCE = 1000


def sweep(worker: Worker, told: Callable[[], None]) -> int:
    """Compare the keys.  Returns how many records the source has; raises Refused legacy_too_many_gone."""
    known = worker.run.db.read(calls.known_keys, worker.entity.code)
    before, there = _present(known.values()), 0
    missing: list[str] = []
    for portion in worker.source.every_key():
        worker.run.services.check()
        there += len(portion)
        missing += [key for key in portion if known.pop(key, "") in ("", "gone", "placeholder")]
    for rows in worker.source.by_keys(missing):
        worker.take(rows, force=True, follow=True)
        told()
    gone(worker, (key for key, state in known.items() if state not in ("gone", "placeholder")), before)
    return there


def gone(worker: Worker, keys: Iterable[str], before: int) -> None:
    """Mark what the source has no more, unless that is too much to be true."""
    left = sorted(keys)
    if len(left) > max(FEW, before * MOST_GONE):
        raise Refused("legacy_too_many_gone", entity=worker.entity.code, count=len(left), of=before)
    for start in range(0, len(left), AT_ONCE):
        worker.gone(left[start : start + AT_ONCE])


def _present(states: Iterable[str]) -> int:
    return sum(1 for state in states if state not in ("gone", "placeholder"))
