"""Quarantine, comparison, and the day a part of the house goes over to Werkbank."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from migrations import drift
from tests.catalog_world import basics
from tests.db.legacy_world import SERVICE, Leader, add_leaders, call, command, confirmed, one, refused, row
from tests.legacy_world import add_server

Raw = psycopg.Connection[Any]


@pytest.fixture
def boss(raw_role: Callable[..., Raw]) -> Raw:
    return confirmed(raw_role("administrator", ticket=True))


@pytest.fixture
def leader(raw_role: Callable[..., Raw], admin: Raw) -> Leader:
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp()")
    admin.execute("UPDATE legacy.module SET mode = 'legacy'")
    for table in ("reconciliation", "quarantine", "run"):
        admin.execute(sql.SQL("DELETE FROM legacy.{}").format(sql.Identifier(table)))
    add_leaders(admin)
    return Leader(raw_role(SERVICE, ticket=True))


def version(admin: Raw, table: str, column: str, value: object) -> int:
    query = sql.SQL("SELECT row_version FROM legacy.{} WHERE {} = %s").format(
        sql.Identifier(table), sql.Identifier(column)
    )
    found = admin.execute(query, (value,)).fetchone()
    assert found is not None
    return int(found[0])


def move(boss: Raw, admin: Raw, code: str, mode: str) -> str:
    return refused(
        boss, "legacy_module_set", p_command=command(), p_code=code, p_mode=mode,
        p_row_version=version(admin, "module", "code", code),
    )  # fmt: skip


def compare(leader: Leader, module: str, *ok: bool) -> int:
    lines = [
        {
            "entity": "family",
            "kind": "count",
            "subject": f"{n}",
            "legacy_value": "1",
            "werkbank_value": "1",
            "ok": good,
        }
        for n, good in enumerate(ok)
    ]
    answer = leader.call("legacy_reconciliation_store", p_run_id=leader.run, p_module=module, p_lines=lines)
    assert answer["differences"] == ok.count(False)
    return int(answer["id"])


def test_a_module_goes_over_when_its_comparison_is_signed_and_nothing_came_since(
    leader: Leader, boss: Raw, admin: Raw
) -> None:
    leader.families(row("1", {"code": "CUT-1", "name": "x"}))
    assert move(boss, admin, "catalog", "parallel") == "ok"
    assert move(boss, admin, "catalog", "werkbank") == "legacy_module_not_signed"
    first = compare(leader, "catalog", True, False)
    sign = {"p_id": first, "p_row_version": 1}
    assert (
        refused(boss, "legacy_reconciliation_sign", p_command=command(), **sign)
        == "legacy_reconciliation_needs_comment"
    )
    leader.families(row("1", {"code": "CUT-1", "name": "y"}))
    why = {"p_comment": "Zwei Bezeichnungen sind hier berichtigt."}
    assert (
        refused(boss, "legacy_reconciliation_sign", p_command=command(), **sign, **why)
        == "legacy_module_changed_since"
    )
    second = compare(leader, "catalog", True)
    assert (
        refused(boss, "legacy_reconciliation_sign", p_command=command(), **sign, **why)
        == "legacy_reconciliation_newer"
    )
    signed = call(boss, "legacy_reconciliation_sign", p_command=command(), p_id=second, p_row_version=1)
    assert signed["signed_off_by"] == "u_administrator"
    leader.families(row("1", {"code": "CUT-1", "name": "z"}))
    assert move(boss, admin, "catalog", "werkbank") == "legacy_module_changed_since"
    third = compare(leader, "catalog", True)
    call(boss, "legacy_reconciliation_sign", p_command=command(), p_id=third, p_row_version=1)
    # An unchanged page is no change.
    leader.families(row("1", {"code": "CUT-1", "name": "z"}, h="other"))
    assert move(boss, admin, "catalog", "werkbank") == "ok"
    found = one(admin, "SELECT mode, signed_off_by FROM legacy.module WHERE code = 'catalog'")
    assert found == ("werkbank", "u_administrator")
    # Back again, whoever must: the signature goes.
    assert move(boss, admin, "catalog", "legacy") == "ok"
    assert one(admin, "SELECT signed_off_by FROM legacy.module WHERE code = 'catalog'") == (None,)


def test_decisions_ask_once_more_who_it_is(leader: Leader, raw_role: Callable[..., Raw], admin: Raw) -> None:
    unsure = raw_role("administrator", ticket=True)
    done = compare(leader, "sales", True)
    admin.execute(
        "UPDATE sec.session SET confirmed_at = now() - interval '1 day' WHERE login = 'u_administrator'"
    )
    decisions: dict[str, dict[str, Any]] = {
        "legacy_module_set": {"p_code": "sales", "p_mode": "parallel", "p_row_version": 1},
        "legacy_reconciliation_sign": {"p_id": done, "p_row_version": 1},
        "legacy_opening_stock": {"p_warehouse_id": 1, "p_reason": "x"},
    }
    for function, params in decisions.items():
        assert refused(unsure, function, p_command=command(), **params) == "confirmation_needed", function
    sure = confirmed(unsure)
    stale = version(admin, "module", "code", "sales") + 1
    assert refused(
        sure, "legacy_module_set", p_command=command(), p_code="sales", p_mode="parallel", p_row_version=stale
    ) == "stale"  # fmt: skip


def test_a_switch_waits_for_the_page_that_is_being_written(leader: Leader, boss: Raw, admin: Raw) -> None:
    at = version(admin, "module", "code", "catalog")
    boss.execute("SET lock_timeout = '200ms'")
    with leader.raw.transaction():
        leader.families(row("2", {"code": "CUT-2", "name": "x"}))
        assert refused(
            boss, "legacy_module_set", p_command=command(), p_code="catalog", p_mode="parallel", p_row_version=at
        ) == "55P03"  # fmt: skip
    assert move(boss, admin, "catalog", "parallel") == "ok"


def put(leader: Leader, key: str, **rest: object) -> None:
    entry = {"entity": "family", "k": key, "h": key, "raw": {"Nummer": key}, "findings": [], **rest}
    leader.call("legacy_apply", p_run_entity_id=leader.part("family"), p_blocks=[], p_quarantine=[entry])


def test_a_record_in_quarantine_is_repaired_and_tried_again(leader: Leader, boss: Raw, admin: Raw) -> None:
    if one(admin, "SELECT count(*) FROM legacy.server WHERE is_active AND kind = '4d'") == (0,):
        add_server(admin, "http://erp.example")
    put(leader, "q1", findings=[{"severity": "warning", "code": "x"}])
    put(leader, "q2", findings=[{"severity": "error", "code": "x"}])
    found = admin.execute(
        "SELECT id, severity, state, attempts FROM legacy.quarantine ORDER BY id"
    ).fetchall()
    assert [entry[1:] for entry in found] == [("warning", "open", 1), ("error", "open", 1)]
    one_id, other = found[0][0], found[1][0]
    answer = call(
        boss, "legacy_quarantine_set", p_command=command(), p_id=one_id, p_row_version=1, p_state="retry",
        p_repair={"Bezeichnung": "Engel"}, p_comment="aus dem Katalog",
    )  # fmt: skip
    assert answer["state"] == "retry"
    assert refused(
        boss, "legacy_quarantine_set", p_command=command(), p_id=one_id, p_row_version=1, p_state="retry"
    ) == "stale"  # fmt: skip
    taken = leader.call("legacy_quarantine_take", p_limit=10)
    assert [(t["k"], t["raw"], t["repair"]) for t in taken] == [
        ("q1", {"Nummer": "q1"}, {"Bezeichnung": "Engel"})
    ]
    # Still wrong: open again, with one attempt more; the repair stays where it was typed.
    put(leader, "q1", findings=[{"severity": "error", "code": "y"}])
    assert one(admin, "SELECT state, attempts, repair FROM legacy.quarantine WHERE id = %s", one_id) == (
        "open", 2, {"Bezeichnung": "Engel"},
    )  # fmt: skip
    leader.families(row("q1", {"code": "Q1", "name": "Engel"}))
    assert one(admin, "SELECT state FROM legacy.quarantine WHERE id = %s", one_id) == ("resolved",)
    assert refused(
        boss, "legacy_quarantine_set", p_command=command(), p_id=one_id,
        p_row_version=version(admin, "quarantine", "id", one_id), p_state="retry",
    ) == "legacy_quarantine_resolved"  # fmt: skip
    # What is let be stays so, whatever the source says later.
    ignored = boss.execute(
        "SELECT api.legacy_quarantine_set_many(%s, %s::bigint[], 'ignored', 'Testartikel')",
        (command(), [one_id, other]),
    ).fetchone()
    assert ignored == ({"count": 1},)
    put(leader, "q2", h="new")
    assert one(admin, "SELECT state, comment FROM legacy.quarantine WHERE id = %s", other) == (
        "ignored",
        "Testartikel",
    )
    state = one(admin, "SELECT r.state, r.hash FROM legacy.record r WHERE r.source_key = 'q2'")
    assert state == ("ignored", "new")


def test_what_waited_for_a_record_is_tried_again_when_it_comes(leader: Leader, admin: Raw) -> None:
    finding = {
        "code": "legacy_reference_missing",
        "severity": "error",
        "params": {"entity": "family", "key": "w1"},
    }
    leader.call(
        "legacy_apply", p_run_entity_id=leader.part("variant"), p_blocks=[],
        p_quarantine=[{"entity": "variant", "k": "w9", "h": "h", "raw": {}, "findings": [finding]}],
    )  # fmt: skip
    leader.end("variant")
    assert one(admin, "SELECT state FROM legacy.quarantine WHERE source_key = 'w9'") == ("open",)
    leader.families(row("w1", {"code": "W1", "name": "x"}))
    leader.end("family")
    assert one(admin, "SELECT state FROM legacy.quarantine WHERE source_key = 'w9'") == ("retry",)


def test_opening_stock_is_posted_once_and_after_the_cut_over(leader: Leader, boss: Raw, admin: Raw) -> None:
    given = basics(admin)
    warehouse = one(
        admin, "INSERT INTO inventory.warehouse (code, name) VALUES ('CUT', 'Hamburg') RETURNING id"
    )[0]
    other = one(
        admin, "INSERT INTO inventory.warehouse (code, name) VALUES ('ELSE', 'Diessen') RETURNING id"
    )[0]
    leader.page(
        "place", "inventory.place",
        [row("p1", {"warehouse_id": warehouse, "code": "R01"}), row("p2", {"warehouse_id": other, "code": "R01"})],
    )  # fmt: skip
    product = {"unit_id": given.unit, "tax_class_id": given.tax, "name": "Engel"}
    leader.page(
        "variant",
        "catalog.product",
        [row("s1", {"sku": "S-1", **product}), row("s2", {"sku": "S-2", **product})],
    )
    box = one(
        admin,
        "INSERT INTO inventory.box (code, place_id) SELECT 'SC1', id FROM inventory.place WHERE warehouse_id = %s"
        " RETURNING id",
        warehouse,
    )[0]
    stock = [
        row(
            "1",
            {"kind": "place", "qty": "5"},
            r={"product_id": ["variant", "s1"], "place_id": ["place", "p1"]},
        ),
        row(
            "2",
            {"kind": "box", "qty": "2", "box_id": box, "lot_code": "L7"},
            r={"product_id": ["variant", "s2"]},
        ),
        row(
            "3",
            {"kind": "place", "qty": "9"},
            r={"product_id": ["variant", "s1"], "place_id": ["place", "p2"]},
        ),
        row("4", {"kind": "place", "qty": "4"}, r={"product_id": ["variant", "s1"]}),
        row(
            "5",
            {"kind": "place", "qty": "0"},
            r={"product_id": ["variant", "s2"], "place_id": ["place", "p1"]},
        ),
    ]
    leader.page("stock", "legacy.stock", stock)
    ask = {"p_warehouse_id": warehouse, "p_reason": "Übernahme"}
    assert refused(boss, "legacy_opening_stock", p_command=command(), **ask) == "legacy_stock_not_cut_over"
    done = compare(leader, "inventory", True)
    call(boss, "legacy_reconciliation_sign", p_command=command(), p_id=done, p_row_version=1)
    assert move(boss, admin, "inventory", "werkbank") == "ok"
    assert (
        refused(boss, "legacy_opening_stock", p_command=command(), p_warehouse_id=warehouse, p_reason=" ")
        == "move_needs_reason"
    )
    wish = command()
    posted = call(boss, "legacy_opening_stock", p_command=wish, **ask)
    assert posted == {"moves": 2, "without_home": {"rows": 1, "qty": 4}}
    assert call(boss, "legacy_opening_stock", p_command=wish, **ask) == posted
    assert refused(boss, "legacy_opening_stock", p_command=command(), **ask) == "legacy_stock_nothing"
    levels = admin.execute(
        "SELECT p.sku, l.on_hand::int FROM inventory.stock_level l JOIN catalog.product p ON p.id = l.product_id"
        " WHERE l.warehouse_id = %s ORDER BY 1",
        (warehouse,),
    ).fetchall()
    assert levels == [("S-1", 5), ("S-2", 2)]
    moves = admin.execute(
        "SELECT kind, reason, posted_by FROM inventory.stock_move WHERE source_type = 'legacy_stock'"
    ).fetchall()
    assert set(moves) == {("adjust_in", "Übernahme", "u_administrator")}
    with psycopg.connect(admin.info.dsn, password=admin.info.password) as connection:
        assert list(drift.run_queries(connection, "consistency")) == []


def test_the_database_check_finds_what_does_not_fit(leader: Leader, admin: Raw) -> None:
    leader.families(row("z1", {"code": "Z1", "name": "x"}), row("z2", {"code": "Z2", "name": "x"}))
    leader.page(
        "document",
        "legacy.document",
        [row("77", {"source_id": 77, "kind": "quote", "number": "1", "currency": "EUR"})],
    )
    with psycopg.connect(admin.info.dsn, password=admin.info.password) as connection:
        with connection.transaction(force_rollback=True):
            connection.execute(
                "UPDATE legacy.record r SET target_id = x.target_id FROM legacy.record x"
                " WHERE x.source_key = 'z1' AND r.source_key = 'z2'"
            )
            connection.execute("DELETE FROM legacy.document WHERE source_id = 77")
            connection.execute(
                "INSERT INTO legacy.warning (entity_id, source_key, code)"
                " SELECT e.id, 'nobody', 'odd' FROM legacy.entity e WHERE e.code = 'document'"
            )
            found = {name for name, _ in drift.run_queries(connection, "consistency")}
        assert found == {"legacy_record_target", "legacy_record_twice", "legacy_warning"}
        assert list(drift.run_queries(connection, "consistency")) == []
