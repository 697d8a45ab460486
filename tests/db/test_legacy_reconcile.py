"""The comparison with the old system: nothing to say after a migration, and every planted difference is found."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
import yaml
from psycopg.types.json import Jsonb

from app.core.db import ClientInfo, Database, Target
from app.core.embedded import dsn
from app.services.legacy import reconcile
from app.services.legacy.engine import run_next
from app.services.legacy.secrets import KEY_NAME
from app.services.legacy.service import Services, Waiter
from app.services.security import keys
from app.simulate.data import make
from app.simulate.fourd import FourDServer
from app.simulate.quirks import Quirks
from tests.conftest import PASSWORD
from tests.db.legacy_world import call, confirmed, refused
from tests.legacy_world import COST, add_server, expire, give_keys, leader_of

Raw = psycopg.Connection[Any]
PLANTS: list[dict[str, str]] = yaml.safe_load(
    Path(__file__).with_name("legacy_differences.yaml").read_text("utf-8")
)
NEW = "00000000-0000-4000-8000-{:012d}"


class House(NamedTuple):
    """A house that has been read once, and its old system."""

    address: str
    server: FourDServer


def _database(address: str) -> Database:
    target, _ = Target.from_dsn(address)
    found = Database(
        Target(target.host, target.port, target.dbname, "u_administrator", "disable", ""),
        PASSWORD,
        client=ClientInfo(version="test"),
    )
    found.open()
    return found


@contextmanager
def leading(address: str) -> Iterator[tuple[Database, Services]]:
    """Somebody who leads, with the key of the old system."""
    db = _database(address)
    with psycopg.connect(address, autocommit=True) as admin:
        expire(admin)
    leader = leader_of(db, "test")
    stop = threading.Event()
    keyring = keys.unlock(db, KEY_NAME, PASSWORD, cost=COST).keyring
    services = Services(db, leader, keyring, stop, pace=Waiter(leader, stop, renews=True))
    try:
        yield db, services
    finally:
        services.close()
        leader.release()
        db.close()


def run(address: str, mode: str, **options: Any) -> Any:
    """One run, from asking for it to its end."""
    with leading(address) as (db, services):
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute("UPDATE legacy.run SET state = 'cancelled' WHERE state IN ('waiting', 'running')")
            admin.execute("INSERT INTO legacy.run (mode, options) VALUES (%s, %s)", (mode, Jsonb(options)))
        return run_next(db, services, stop=threading.Event(), progress=lambda _one: None, scheduled=False)


@pytest.fixture(scope="module")
def house(admin_dsn: str) -> Iterator[House]:
    with FourDServer(make("small"), Quirks(sessions=2)) as server:
        with psycopg.connect(admin_dsn, autocommit=True) as admin:
            add_server(admin, server.url)
        db = _database(admin_dsn)
        give_keys(db)
        db.close()
        result = run(admin_dsn, "full")
        assert result is not None
        assert result.state in ("done", "warnings"), result.as_dict()
        yield House(admin_dsn, server)


def differences(admin: Raw, module: str) -> set[tuple[str, str, str]]:
    """What the newest comparison of a module says differs: entity, kind, subject."""
    return {
        (row[0], row[1], row[2])
        for row in admin.execute(
            "SELECT l.entity, l.kind, l.subject FROM legacy.reconciliation_line l WHERE NOT l.ok "
            "AND l.reconciliation_id = (SELECT max(id) FROM legacy.reconciliation WHERE module = %s)",
            (module,),
        ).fetchall()
    }


def test_after_a_migration_nothing_differs(house: House, admin: Raw) -> None:
    result = run(house.address, "reconcile", samples=40)
    told = "SELECT entity, kind, subject, legacy_value, werkbank_value, source_key FROM legacy.reconciliation_line"
    assert result.state == "done", admin.execute(told + " WHERE NOT ok").fetchall()
    found = admin.execute(
        "SELECT module, state, differences FROM legacy.reconciliation ORDER BY module"
    ).fetchall()
    assert found == [
        (module, "clean", 0) for module in ("catalog", "hr", "inventory", "partners", "production", "sales")
    ]
    kinds = dict(
        admin.execute("SELECT kind, count(*) FROM legacy.reconciliation_line GROUP BY kind").fetchall()
    )
    assert kinds["count"] > 20
    assert kinds["sum"] > 50
    assert kinds["field"] > 50


def test_the_old_system_was_asked_by_one_session(house: House) -> None:
    assert house.server.counters.sessions_alive_max == 1


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: f"{plant['entity']}-{plant['subject']}")
def test_a_planted_difference_is_found(house: House, new_database: Any, plant: dict[str, str]) -> None:
    with (
        new_database(Target.from_dsn(house.address)[0].dbname) as copy,
        psycopg.connect(copy, autocommit=True) as admin,
    ):
        admin.execute("SET session_replication_role = replica")
        admin.execute(plant["statement"])
        result = run(copy, "reconcile", modules=[plant["module"]], samples=60)
        assert result.state == "warnings"
        told = differences(admin, plant["module"])
        assert any(
            (entity, kind) == (plant["entity"], plant["kind"]) and plant["subject"] in subject.split(" · ")
            for entity, kind, subject in told
        ), told


def test_what_was_added_in_the_old_system_is_missing_here(house: House, new_database: Any) -> None:
    with new_database(Target.from_dsn(house.address)[0].dbname) as copy:
        number = 1999999
        house.server.insert("Kunden", KundenNr=number, AdrNr=1)
        try:
            run(copy, "reconcile", modules=["partners"], samples=5)
            with psycopg.connect(copy, autocommit=True) as admin:
                assert ("customer", "sample", "missing") in differences(admin, "partners")
                keys_missing = admin.execute(
                    "SELECT source_key FROM legacy.reconciliation_line WHERE subject = 'missing'"
                ).fetchall()
                assert keys_missing == [(str(number),)]
        finally:
            house.server.delete("Kunden", str(number))


def test_what_was_changed_in_werkbank_is_told_but_not_held_against_it(
    house: House, new_database: Any
) -> None:
    with (
        new_database(Target.from_dsn(house.address)[0].dbname) as copy,
        psycopg.connect(copy, autocommit=True) as admin,
    ):
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE catalog.product SET name = name || ' (neu)'")
        admin.execute("UPDATE legacy.module SET mode = 'parallel'")
        admin.execute(
            "UPDATE legacy.record SET protected = ARRAY['name'] WHERE entity_id = "
            "(SELECT id FROM legacy.entity WHERE code = 'variant')"
        )
        assert run(copy, "reconcile", modules=["catalog"], samples=20).state == "done"
        told = admin.execute(
            "SELECT werkbank_value, ok FROM legacy.reconciliation_line "
            "WHERE entity = 'variant' AND subject = 'name · protected'"
        ).fetchall()
        assert told
        assert told[0][1]


def test_a_value_changed_here_after_the_last_run_is_told_once_and_counted_where_the_old_system_leads(
    house: House, new_database: Any
) -> None:
    with (
        new_database(Target.from_dsn(house.address)[0].dbname) as copy,
        psycopg.connect(copy, autocommit=True) as admin,
    ):
        # E-mail is Werkbank's, the name the newer one's; the old system changed neither, so no run looks.
        admin.execute(
            "UPDATE partners.partner SET name = name || ' (neu)', email = 'neu@example.com' WHERE id = ("
            "SELECT min(r.target_id) FROM legacy.record r JOIN legacy.entity e ON e.id = r.entity_id "
            "WHERE e.code = 'customer' AND r.state = 'applied')"
        )
        admin.execute("UPDATE legacy.module SET mode = 'parallel' WHERE code = 'partners'")
        assert run(copy, "reconcile", modules=["partners"], samples=500).state == "done"
        told = (
            "SELECT subject, legacy_value, werkbank_value, ok FROM legacy.reconciliation_line l "
            "WHERE entity = 'customer' AND (NOT ok OR subject LIKE '%% · protected') "
            "AND l.reconciliation_id = (SELECT max(id) FROM legacy.reconciliation) ORDER BY subject"
        )
        assert admin.execute(told).fetchall() == [
            ("email · protected", None, "1", True),
            ("name · protected", None, "1", True),
        ]
        admin.execute("UPDATE legacy.module SET mode = 'legacy' WHERE code = 'partners'")
        assert run(copy, "reconcile", modules=["partners"], samples=500).state == "warnings"
        assert admin.execute(
            "SELECT differences FROM legacy.reconciliation ORDER BY id DESC LIMIT 1"
        ).fetchone() == (2,)
        assert [row[0] for row in admin.execute(told).fetchall()] == ["email", "email", "name", "name"]


def test_every_difference_counts_once(admin: Raw) -> None:
    def counted(*lines: tuple[str, str, int | None]) -> int:
        made = [
            {"entity": "customer", "kind": kind, "subject": subject, "difference": number, "ok": False}
            for kind, subject, number in lines
        ]
        found = admin.execute("SELECT legacy.differences(%s)", (Jsonb(made),)).fetchone()
        assert found is not None
        return int(found[0])

    assert counted() == 0
    assert counted(("field", "name", -2), ("sample", "name", None), ("sample", "name", None)) == 2
    assert counted(("field", "name", -30), *[("sample", "name", None)] * 20) == 30, "more than are named"
    assert counted(("count", "records", 0), ("sample", "missing", None), ("sample", "surplus", None)) == 2
    assert counted(("count", "rows", -1), ("sample", "row", None), ("sum", "invoice · net", 5)) == 2
    assert counted(("sample", "row", None)) == 1
    assert counted(("count", "failed", None)) == 1


def test_an_old_token_compares_nothing(house: House, raw_role: Callable[..., Raw]) -> None:
    raw = raw_role("administrator", ticket=True)
    for function, more in (
        ("legacy_reconcile_count", {"p_run_id": 1, "p_entity": "customer"}),
        ("legacy_reconcile_rows", {"p_entity": "customer", "p_keys": ("1",)}),
        ("legacy_reconcile_targets", {"p_refs": [["customer", "1"]]}),
        ("legacy_reconcile_sums", {"p_entity": "document"}),
    ):
        assert refused(raw, function, p_token=1, **more) == "legacy_lease_lost"


@pytest.mark.parametrize("role", ["sales_manager", "viewer", "finance", "warehouse_manager"])
def test_who_may_not_lead_asks_nothing(house: House, raw_role: Callable[..., Raw], role: str) -> None:
    raw = raw_role(role, ticket=True)
    for function, more in (
        ("legacy_reconcile_count", {"p_run_id": 1, "p_entity": "customer"}),
        ("legacy_reconcile_rows", {"p_entity": "employee/pay", "p_keys": ("1",)}),
        ("legacy_reconcile_targets", {"p_refs": []}),
        ("legacy_reconcile_sums", {"p_entity": "document"}),
    ):
        assert refused(raw, function, p_token=1, **more) in ("42501", function)


def test_signed_it_lets_the_module_go_over(house: House, new_database: Any) -> None:
    with new_database(Target.from_dsn(house.address)[0].dbname) as copy:
        run(copy, "reconcile", modules=["partners"], samples=5)
        target, _ = Target.from_dsn(copy)
        address = dsn(target.port, target.dbname, "u_administrator", PASSWORD)
        with (
            psycopg.connect(address, autocommit=True) as raw,
            psycopg.connect(copy, autocommit=True) as admin,
        ):
            raw.execute("SELECT sec.session_open()")
            confirmed(raw)
            module = admin.execute("SELECT row_version FROM legacy.module WHERE code = 'partners'").fetchone()
            found = admin.execute(
                "SELECT id, row_version FROM legacy.reconciliation WHERE module = 'partners' ORDER BY id DESC LIMIT 1"
            ).fetchone()
            assert module is not None
            assert found is not None
            over = {"p_code": "partners", "p_mode": "werkbank", "p_row_version": module[0]}
            assert (
                refused(raw, "legacy_module_set", p_command=NEW.format(1), **over)
                == "legacy_module_not_signed"
            )
            call(
                raw,
                "legacy_reconciliation_sign",
                p_command=NEW.format(2),
                p_id=found[0],
                p_row_version=found[1],
            )
            assert call(raw, "legacy_module_set", p_command=NEW.format(3), **over)["mode"] == "werkbank"


def test_values_are_compared_by_what_they_mean() -> None:
    from datetime import date
    from decimal import Decimal

    assert reconcile.same("12.50", Decimal("12.5"))
    assert reconcile.same(date(1992, 6, 4), "1992-06-04")
    assert reconcile.same(None, "")
    assert reconcile.same(True, True)
    assert not reconcile.same("0815", "815")
    assert not reconcile.same("12.50", Decimal("12.51"))
    assert not reconcile.same(None, False)
