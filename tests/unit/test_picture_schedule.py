"""When the image service is read by itself."""

from datetime import UTC, datetime

from app.services.legacy.schedule import pictures_due


def mark(read: str | None, mode: str = "legacy") -> dict[str, str | None]:
    return {"mode": mode, "last_incremental_at": read}


def test_once_a_night_after_somebody_began_and_not_when_werkbank_leads() -> None:
    now = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
    assert not pictures_due(mark(None), now)
    assert not pictures_due({}, now)
    assert pictures_due(mark("2026-11-20T22:00:00+00:00"), now)
    assert not pictures_due(mark("2026-11-21T03:20:00+00:00"), now)
    assert not pictures_due(mark("2026-11-20T22:00:00+00:00"), now.replace(hour=2))
    assert not pictures_due(mark("2026-11-20T22:00:00+00:00", "werkbank"), now)
