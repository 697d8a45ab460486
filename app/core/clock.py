"""The company's calendar day, as the database counts it, wherever this computer stands and however its zone is set."""

import logging
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

log = logging.getLogger(__name__)
_zone: ZoneInfo | None = None


def follow(time_zone: str) -> None:
    """From now on count days as the company does; a zone this computer does not know leaves its own."""
    global _zone  # one program works for one company
    try:
        _zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        log.info("unknown time zone", extra={"time_zone": time_zone})
        _zone = None


def today() -> date:
    """The company's day; before anybody has signed in, the one of this computer."""
    return datetime.now(_zone).date() if _zone is not None else datetime.now().astimezone().date()


def here(moment: datetime) -> datetime:
    """A moment as the company's clocks show it."""
    return moment.astimezone(_zone)


def midnight(day: date) -> datetime:
    """The moment a day begins for the company."""
    begins = datetime.combine(day, time(), _zone)
    return begins if _zone is not None else begins.astimezone()


def end_of(day: date) -> datetime:
    """The moment a day is over for the company; the last one of the calendar, which no other follows, begins it."""
    return midnight(min(day, date.max - timedelta(days=1)) + timedelta(days=1))
