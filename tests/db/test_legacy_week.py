"""Fifteen clients, crashes, sleepers, restarts, lost answers: one session at a time, and every one accounted for."""

from collections.abc import Callable

import pytest

from app.core.db import Database
from benchmarks import legacy_week
from benchmarks.legacy_week import Odds
from tests.conftest import Raw
from tests.legacy_world import give_keys


@pytest.mark.parametrize("seed", [1, 2])
def test_never_two_sessions(as_role: Callable[[str], Database], admin: Raw, seed: int) -> None:
    give_keys(as_role("administrator"))
    admin.execute("DELETE FROM legacy.server_secret")
    admin.execute("DELETE FROM legacy.server_status")
    worse = Odds(
        killed=0.05, fault=0.05, lost=0.02, asleep_per_hour=0.5, restart_per_hour=1.0, full_per_hour=0.1
    )
    found = legacy_week.run(as_role("administrator"), admin, days=0.6, seed=seed, odds=worse)
    assert found["sessions_alive_at_once"] == 1
    assert found["sessions_opened"] - found["sessions_ended"] in (0, 1)
    assert found["sessions_the_house_counted"] <= found["sessions_opened"]
    assert found["leaders"] > 5
    assert found.get("calls of old leaders", 0) == 0
    assert found["server restarts"] > 0
