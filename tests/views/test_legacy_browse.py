"""Tables of the old system in the window, over a simulated 4D server and the house's one session."""

import csv
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.services.security import keys
from app.services.security.keys import Unlocked
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.views.core.vault import keep
from app.views.legacy.browse import BrowsePage, RawPane
from tests.conftest import PASSWORD
from tests.db.legacy_world import DEPUTY, add_leaders
from tests.legacy_world import add_server
from tests.views.make_screens import AsRole
from tests.views.test_legacy_screens import Raw, bench_of

SMALL = 2**10


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: one begins without a key, another with one."""
    with new_database() as address:
        yield address


@pytest.fixture
def house() -> Iterator[FourDServer]:
    with FourDServer(make("small")) as server:
        yield server


def test_a_table_is_filtered_sorted_and_taken_along(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, house: FourDServer
) -> None:
    admin.execute(
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('erp', '4d', 'ERP', %s)",
        (house.url,),
    )
    db = as_role("administrator")
    with bench_of(db, tmp_path, qtbot) as bench:
        page = bench.go("legacy.browse")
        assert isinstance(page, BrowsePage)
        assert house.counters.sessions_opened == 0  # nobody asks before somebody wants it
        bench.click("action.connect")
        bench.wait(lambda: "Schlüssel des Altsystems" in bench.everything())  # not set up yet
        db.confirm(PASSWORD, "")
        keys.unlock(db, "legacy", PASSWORD, cost=SMALL)
        bench.click("action.connect")
        bench.wait(lambda: len(page._names) == 24)
        page.tables.select_keys(["Kunden"])
        bench.wait(lambda: page.list is not None and page.list.model.loaded)
        found = page.list
        assert found is not None
        assert found.model.total == len(house.data["Kunden"])
        bench.wait(lambda: found.findChild(RawPane) is not None)
        found.table.header.set_typed({"AdrNr": "20010..20019"})
        found._ask()
        bench.wait(lambda: found.model.loaded and found.model.total == 10)
        numbers = [row.values["AdrNr"] for row in found.model.rows]
        assert set(numbers) == set(range(20010, 20020))
        found.export_to(tmp_path / "kunden.csv", "csv")
        bench.wait(lambda: (tmp_path / "kunden.csv").is_file())
        bench.settle()
        bench.window.open_workspace("legacy.runs")  # nobody looks any more: the lead goes back
        bench.wait(lambda: _led(admin) == 0)
        with (tmp_path / "kunden.csv").open(encoding="utf-8-sig") as file:
            assert len(list(csv.reader(file, delimiter=";"))) == 11
    assert house.counters.sessions_opened == 1


def test_only_who_may_lead_browses(as_role: AsRole) -> None:
    assert as_role("administrator").profile.can("legacy_lease")
    for role in ("sales_rep", "system_administrator"):
        assert not as_role(role).profile.can("legacy_lease")


def _led(admin: Raw) -> int:
    row = admin.execute(
        "SELECT count(*) FROM legacy.lease WHERE name = 'sync' AND until_at > now()"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_the_key_is_given_to_a_colleague_and_never_mixed_up_with_another(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlock = keys.unlock
    monkeypatch.setattr(keys, "unlock", lambda *args, **more: unlock(*args, **more, cost=SMALL))
    add_leaders(admin)
    add_server(admin, "http://127.0.0.1:1")
    db = as_role("administrator")
    db.confirm(PASSWORD, "")
    assert keys.unlock(db, "legacy", PASSWORD).keyring is not None
    admin.execute("UPDATE sec.session SET confirmed_at = now() - interval '1 hour'")  # that was long ago
    other = as_role(DEPUTY)
    other.confirm(PASSWORD, "")
    assert keys.unlock(other, "legacy", PASSWORD).problem == "not_given"
    with bench_of(db, tmp_path, qtbot) as bench:
        keep(bench.window.ctx, "bank", Unlocked(None))  # keys of bank data, open at the same desk
        page = bench.open("legacy.server", _first(admin, "SELECT min(id) FROM legacy.server"))
        page.set_up_key()
        bench.type("confirm.password", PASSWORD, enter=True)
        bench.click("action.give_key.u_deputy")
        bench.wait(lambda: "kann den Abgleich jetzt leiten" in bench.said())
    assert keys.unlock(other, "legacy", PASSWORD).keyring is not None


def _first(admin: Raw, statement: str) -> int:
    row = admin.execute(statement).fetchone()
    assert row is not None
    return int(row[0])
