"""When what is due: decided from the mapping's schedules and from when each entity was read last."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from app.services.legacy.mapping import Entity


def due(
    entities: Sequence[Entity], marks: Mapping[str, Mapping[str, Any]], now: datetime
) -> dict[str, Any] | None:
    """The run the schedule wants now, as `api.legacy_run_next` takes it; None when there is none.

    ``marks`` is what `api.legacy_entities_set` answers, by code; ``now`` is the database's, in the house's time zone.
    An entity that was never read in full waits for somebody to begin: the first load is nobody's surprise.  What is
    overdue since a night nobody was there is made up for.
    """
    ready = [e for e in entities if moment(marks.get(e.code, {}).get("last_full_at")) is not None]
    for mode in ("full", "sweep"):
        wanted = [
            e for e in ready if _passed(_daily(e, mode), moment(marks[e.code].get(f"last_{mode}_at")), now)
        ]
        if wanted:
            # One run for all that belong together: what begins within the hour is taken along.
            return {"mode": mode, "entities": [e.code for e in wanted]}
    wanted = [e for e in ready if e.schedule.incremental and _aged(e, marks[e.code], now)]
    return {"mode": "incremental", "entities": [e.code for e in wanted]} if wanted else None


PICTURES = time(3)


def pictures_due(mark: Mapping[str, Any], now: datetime) -> bool:
    """Whether the image service is to be read: once a night, after somebody has read it for the first time."""
    last = moment(mark.get("last_incremental_at"))
    return mark.get("mode") != "werkbank" and last is not None and _passed(PICTURES, last, now)


def moment(value: Any) -> datetime | None:
    """A moment as JSON has it."""
    return datetime.fromisoformat(value) if isinstance(value, str) and value else None


def _daily(entity: Entity, mode: str) -> time | None:
    return entity.schedule.full if mode == "full" else entity.schedule.sweep


def _passed(at: time | None, last: datetime | None, now: datetime) -> bool:
    """Whether the last time of day that should have been kept was missed."""
    if at is None:
        return False
    latest = now.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
    if latest > now:
        latest -= timedelta(days=1)
    return last is None or last < latest


def _aged(entity: Entity, mark: Mapping[str, Any], now: datetime) -> bool:
    last = max(
        (
            found
            for name in ("last_incremental_at", "last_full_at")
            if (found := moment(mark.get(name))) is not None
        ),
        default=None,
    )
    return last is None or now - last >= timedelta(seconds=entity.schedule.incremental)
