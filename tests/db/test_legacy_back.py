"""The way back from a cut-over: what was changed here meanwhile gives way to what the old system says."""

import uuid
from collections.abc import Callable

from app.core.db import Target
from app.core.embedded import dsn as address_of
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from tests.conftest import PASSWORD, Raw, login_of
from tests.db.legacy_world import call, confirmed
from tests.legacy_engine_world import Sync, house_rows, leading

FAMILY = "SELECT name FROM catalog.family WHERE id = %s"


def _move(boss: Raw, admin: Raw, mode: str) -> None:
    row = admin.execute("SELECT row_version FROM legacy.module WHERE code = 'catalog'").fetchone()
    assert row is not None
    call(
        confirmed(boss),
        "legacy_module_set",
        p_command=uuid.uuid4(),
        p_code="catalog",
        p_mode=mode,
        p_row_version=row[0],
    )


def test_a_module_goes_back_step_by_step(admin_dsn: str, admin: Raw, raw_role: Callable[..., Raw]) -> None:
    target, _ = Target.from_dsn(admin_dsn)
    dsn = address_of(target.port, target.dbname, login_of("administrator"), PASSWORD)
    with FourDServer(make("small"), Quirks(sessions=2)) as server, leading(dsn, admin, server) as sync:
        sync.run("full", "family", "employee")
        same, changed = house_rows(server, "Artikel_Familie")[3:5]
        ids = [sync.target("family", row["UID"]) for row in (same, changed)]
        admin.execute("UPDATE legacy.module SET mode = 'werkbank' WHERE code = 'catalog'")
        admin.execute("UPDATE catalog.family SET name = 'Hier' WHERE id = ANY (%s)", (ids,))
        server.change("Artikel_Familie", changed["UID"], Bezeichnung="Dort")
        sync.run("full", "family", "employee")
        assert [sync.one(FAMILY, number) for number in ids] == ["Hier", "Hier"]
        boss = raw_role("administrator", ticket=True)
        hashes = (
            "SELECT count(*) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
            "WHERE e.code = 'employee' AND r.hash = ''"
        )
        _move(boss, admin, "parallel")
        _move(boss, admin, "legacy")
        assert sync.one(hashes) == 0, "another area is not touched"
        # Nobody asks: the schedule reads everything of the area once more.
        result = sync.scheduled()
        assert result is not None
        assert [(one.entity, one.counts.changed) for one in result.entities if one.entity == "family"] == [
            ("family", 2)
        ]
        assert [sync.one(FAMILY, number) for number in ids] == [same["Bezeichnung"], "Dort"]
        # And once only.
        assert _changes(sync) == 0


def _changes(sync: Sync) -> int:
    return sync.run("full", "family").entities[0].counts.changed
