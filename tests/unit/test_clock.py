"""The company's day: the same on every computer, whatever its own zone is."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core import clock
from app.core import format as fmt
from app.views.security import people_words


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_zone", None)


def test_the_day_is_the_companys() -> None:
    # 26 hours lie between these two: whenever this runs, they have different days.
    clock.follow("Pacific/Kiritimati")
    east = clock.today()
    clock.follow("Etc/GMT+12")
    west = clock.today()
    assert timedelta(days=1) <= east - west <= timedelta(days=2)


def test_an_unknown_zone_leaves_the_computers_own() -> None:
    for odd in ("Mars/Olympus", "", "../etc/passwd"):
        clock.follow(odd)
        assert abs(clock.today() - date.today()) <= timedelta(days=1)  # noqa: DTZ011  (the same, but for midnight)


def test_a_day_somebody_chooses_is_the_companys_wherever_the_desk_stands() -> None:
    clock.follow("Pacific/Kiritimati")  # 14 hours ahead of UTC
    day = date(2026, 12, 1)
    assert clock.midnight(day) == datetime(2026, 11, 30, 10, tzinfo=UTC)
    over = people_words.end_of_day(day)
    assert over == clock.end_of(day) == datetime(2026, 12, 1, 10, tzinfo=UTC)
    assert people_words.until(over) == fmt.date_(day)
    assert clock.here(over - timedelta(seconds=1)).date() == day
    assert clock.end_of(date.max) > clock.midnight(date.max - timedelta(days=1))
