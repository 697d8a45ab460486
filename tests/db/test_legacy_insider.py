"""Somebody with psql, or with the sync's own login, against what the sync brought into the database."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.catalog_world import basics
from tests.db.legacy_world import SERVICE, Leader, add_leaders, command, one, refused, row

Raw = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def _nobody_leads(admin: Raw) -> Iterator[None]:
    add_leaders(admin)
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp(), holder = ''")
    yield
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp(), holder = ''")
    admin.execute("UPDATE legacy.module SET mode = 'legacy'")
    admin.execute("UPDATE legacy.run SET state = 'done' WHERE state IN ('running', 'waiting', 'interrupted')")


@pytest.fixture
def leader(raw_role: Callable[..., Raw]) -> Leader:
    """The service leads, and is no buyer, planner or accountant."""
    return Leader(raw_role(SERVICE, ticket=True))


def attempt(leader: Leader, entity: str, table: str, *rows: dict[str, Any], **block: Any) -> str:
    """The key a page is refused with as a whole, or its first row is; "ok" when it was written."""
    given = {"entity": entity, "table": table, "rows": list(rows), **block}
    try:
        answer = leader.call("legacy_apply", p_run_entity_id=leader.part(entity), p_blocks=[given])
    except psycopg.Error as error:
        return error.diag.constraint_name or error.sqlstate or "?"
    first = answer["blocks"][0]["refused"]
    return str(first[0]["key"]) if first else "ok"


def module(leader: Leader, entity: str, name: str) -> None:
    """The leader says that an entity belongs to another module."""
    leader.call(
        "legacy_entities_set",
        p_entities=[{"code": entity, "module": name, "position": 1, "title": {"de": "x", "en": "x"}}],
    )


def test_nobody_approves_in_the_name_of_the_old_system(leader: Leader, admin: Raw) -> None:
    for column, value in (
        ("state", "approved"),
        ("approved_by", "u_production_planner"),
        ("approved_at", "2026-01-01"),
    ):
        found = attempt(leader, "place", "engineering.bom", row("1", {"version": 1, column: value}))
        assert found == "legacy_column_unknown", column
    assert one(admin, "SELECT count(*) FROM engineering.bom WHERE state = 'approved'") == (0,)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", 1),
        ("row_version", 9),
        ("created_by", "u_finance"),
        ("updated_by", "u_finance"),
        ("created_at", "2001-01-01"),
        ("search_key", "x"),
        ("code) VALUES ('x'); DROP TABLE legacy.document; --", "x"),
        ('code" = (SELECT passwd FROM pg_shadow LIMIT 1) --', "x"),
        ("code'", "x"),
        ("", "x"),
        ("CODE", "x"),
        ("ctid", "(0,1)"),
        ("tableoid", 1),
    ],
)
def test_columns_are_those_of_a_list(leader: Leader, column: str, value: Any) -> None:
    assert attempt(
        leader, "family", "catalog.family", row("1", {"code": "IN", "name": "x", column: value})
    ) == ("legacy_column_unknown")


@pytest.mark.parametrize(
    "table",
    [
        "catalog.family; DROP TABLE legacy.document",
        'catalog."family"',
        "Catalog.Family",
        "catalog.family f",
        "catalog.picture",
        "catalog.product_search",
        "sec.app_user",
        "legacy.lease",
        "legacy.stock'",
    ],
)
def test_tables_are_those_of_a_list(leader: Leader, table: str) -> None:
    assert attempt(leader, "family", table, row("1", {"code": "IN"})) == "legacy_target_unknown"


def test_match_and_rules_run_nothing(leader: Leader, admin: Raw) -> None:
    """Names of columns to match by and rules are data; a hostile one is an error at most."""
    rows = (row("M", {"code": "MATCH", "name": "x"}),)
    for match in (["code) OR true --"], ["code' OR 'x' = 'x"], ["ctid"], ['code" IS NOT NULL --']):
        assert attempt(leader, "family", "catalog.family", *rows, match=match) != "ok", match
    admin.execute("UPDATE legacy.module SET mode = 'parallel' WHERE code = 'catalog'")
    assert attempt(leader, "family", "catalog.family", *rows, match=["code"]) == "ok"
    again = row("M", {"code": "MATCH", "name": "y"})
    for rule in ("true) OR (true", "legacy'; DROP TABLE legacy.run; --", "sometimes"):
        assert (
            attempt(leader, "family", "catalog.family", again, match=["code"], rules={"name": rule}) == "ok"
        )
    assert one(admin, "SELECT count(*) FROM catalog.family WHERE code = 'MATCH'") == (1,)


def test_no_mapping_leads_around_a_module_that_has_gone_over(leader: Leader, admin: Raw) -> None:
    """Who leads says which module an entity belongs to; the table says so too, and the more careful one counts."""
    leader.families(row("G1", {"code": "GONE-OVER", "name": "Ours"}))
    admin.execute("UPDATE legacy.module SET mode = 'werkbank' WHERE code = 'catalog'")
    module(leader, "family", "images")
    answer = leader.families(
        row("G1", {"code": "GONE-OVER", "name": "Theirs"}), row("G2", {"code": "NEW", "name": "x"})
    )
    assert (answer["mode"], answer["protected"]) == ("werkbank", 2)
    gone = leader.call(
        "legacy_gone",
        p_run_entity_id=leader.part("family"),
        p_entity="family",
        p_keys=("G1",),
        p_action={"kind": "deactivate", "set": {"name": "Gone"}},
    )
    assert gone["gone"] == 0
    assert one(admin, "SELECT name FROM catalog.family WHERE code = 'GONE-OVER'") == ("Ours",)
    assert one(admin, "SELECT count(*) FROM catalog.family WHERE code = 'NEW'") == (0,)


def test_a_change_is_not_hidden_from_a_signature_by_another_module(leader: Leader, admin: Raw) -> None:
    module(leader, "family", "images")
    leader.families(row("H1", {"code": "HIDDEN", "name": "x"}))
    changed = one(admin, "SELECT legacy.last_change('catalog') > clock_timestamp() - interval '1 minute'")
    assert changed == (True,)


def test_what_waits_for_a_reference_waits_while_werkbank_leads(leader: Leader, admin: Raw) -> None:
    given = basics(admin)
    variant = row(
        "V1",
        {"sku": "DANGLING", "name": "x", "unit_id": given.unit, "tax_class_id": given.tax},
        r={"family_id": ["family", "F-LATER", "optional"]},
    )
    assert attempt(leader, "variant", "catalog.product", variant, match=["sku"]) == "ok"
    # The family comes through a module that is not the variant's, which has gone over meanwhile.
    leader.families(row("F-LATER", {"code": "LATER", "name": "x"}))
    admin.execute("UPDATE legacy.module SET mode = 'werkbank' WHERE code = 'catalog'")
    assert leader.end("family")["linked"] == 0
    assert one(admin, "SELECT family_id FROM catalog.product WHERE sku = 'DANGLING'") == (None,)


def test_an_entity_stays_with_its_table(leader: Leader, admin: Raw) -> None:
    """Numbers of rows in one table are not taken for rows of another."""
    leader.families(row("T1", {"code": "STAYS", "name": "x"}))
    found = attempt(leader, "family", "partners.partner", row("T1", {"number": "1", "name": "Taken"}))
    assert found == "legacy_target_changed"
    assert one(admin, "SELECT count(*) FROM partners.partner WHERE name = 'Taken'") == (0,)


def test_a_run_of_somebody_else_is_not_written_to(
    leader: Leader, raw_role: Callable[..., Raw], admin: Raw
) -> None:
    part = leader.part("family")
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second'")
    later = Leader(raw_role("administrator", ticket=True))
    assert later.run == leader.run, "an interrupted run is gone on with"
    for raw, token in ((leader.raw, later.token), (leader.raw, leader.token), (later.raw, leader.token)):
        assert (
            refused(raw, "legacy_apply", p_token=token, p_run_entity_id=part, p_blocks=[])
            == "legacy_lease_lost"
        )
    other = one(admin, "INSERT INTO legacy.run (mode, state) VALUES ('full', 'done') RETURNING id")[0]
    assert (
        refused(later.raw, "legacy_run_entity_begin", p_token=later.token, p_run_id=other, p_entity="family")
        == "legacy_run_not_running"
    )


def test_who_grants_rights_watches_the_sync_and_reads_nothing_it_brings(
    leader: Leader, raw_role: Callable[..., Raw], admin: Raw
) -> None:
    """Pay stands in what is read, waits, was odd or differs: none of it is for system administrators."""
    admin.execute(
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('old', '4d', 'x', 'http://192.0.2.1')"
    )
    system = raw_role("system_administrator", ticket=True)
    for table in (
        "record",
        "quarantine",
        "warning",
        "reconciliation",
        "reconciliation_line",
        "employee",
        "employee_pay",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            system.execute(sql.SQL("SELECT FROM legacy.{}").format(sql.Identifier(table)))
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        system.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('x', '4d', 'x', 'http://x')"
        )
    denied = psycopg.errors.InsufficientPrivilege.sqlstate
    assert refused(system, "legacy_lease", p_client="x", p_seconds=30) == denied
    assert refused(system, "legacy_quarantine_take", p_token=leader.token) == denied
    assert refused(system, "legacy_server_open", p_token=leader.token, p_server_id=1) == denied
    assert one(system, "SELECT count(*) FROM legacy.run WHERE state = 'running'") == (1,)
    assert refused(system, "legacy_run_request", p_command=command(), p_mode="full") == "ok"
    # Whoever leads writes pay, and its own login does not read it back.
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        leader.raw.execute("SELECT FROM legacy.employee_pay")
