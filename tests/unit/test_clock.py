"""The company's day: the same on every computer, whatever its own zone is."""

from datetime import date, timedelta

import pytest

from app.core import clock


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
