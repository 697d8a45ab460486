"""Who leads the sync: one at a time, and whoever was overtaken writes nothing any more."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.conftest import PASSWORD, ROLES
from tests.db.legacy_world import DEPUTY, Leader, add_leaders, call, command, one, refused, row

Raw = psycopg.Connection[Any]
# May be asked for by who sees how the sync goes, and is no leader.
WATCHED = {("system_administrator", name) for name in ("legacy_run_request", "legacy_run_cancel")}


@pytest.fixture(autouse=True)
def _nobody_leads(admin: Raw) -> Iterator[None]:
    add_leaders(admin)
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp(), holder = ''")
    yield
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp(), holder = ''")


def expire(admin: Raw) -> None:
    admin.execute(
        "UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second' WHERE name = 'sync'"
    )


def ask(connection: Raw, token: int | None = None) -> Any:
    return call(connection, "legacy_lease", p_client="here", p_seconds=30, p_token=token)


def test_one_leads_and_the_others_are_told_who(raw_role: Callable[..., Raw]) -> None:
    first, second = raw_role("administrator", ticket=True), raw_role(DEPUTY, ticket=True)
    lead = ask(first)
    assert lead["held"]
    assert lead["token"]
    follow = ask(second)
    assert (follow["held"], follow["token"], follow["holder"]) == (False, None, "u_administrator")
    assert 0 < follow["seconds"] <= 30
    # The same person at another workplace does not lead either.
    assert not ask(raw_role("administrator", ticket=True))["held"]
    assert call(first, "legacy_lease_release", p_token=lead["token"])["released"]
    assert ask(second)["token"] == lead["token"] + 1


def test_a_lease_that_ran_out_is_renewed_until_somebody_has_led_since(
    raw_role: Callable[..., Raw], admin: Raw
) -> None:
    first, second = raw_role("administrator", ticket=True), raw_role(DEPUTY, ticket=True)
    token = ask(first)["token"]
    expire(admin)
    assert ask(first, token)["held"]
    expire(admin)
    assert ask(second)["held"]
    assert not ask(first, token)["held"]
    assert not call(first, "legacy_lease_release", p_token=token)["released"]
    assert ask(second)["held"] is False, "asking without the token is asking anew"


def test_a_clock_that_is_set_back_keeps_nobody_from_leading(raw_role: Callable[..., Raw], admin: Raw) -> None:
    """The lease of somebody who has gone would otherwise hold until that hour comes again."""
    first, second = raw_role("administrator", ticket=True), raw_role(DEPUTY, ticket=True)
    token = ask(first)["token"]
    admin.execute("UPDATE legacy.lease SET until_at = until_at + interval '3 hours' WHERE name = 'sync'")
    assert refused(first, "legacy_run_next", p_token=token) == "legacy_lease_lost"
    assert ask(first, token)["held"], "whoever is still there renews it by the new time"
    assert not ask(second)["held"]
    admin.execute("UPDATE legacy.lease SET until_at = until_at + interval '3 hours' WHERE name = 'sync'")
    assert ask(second)["held"]
    assert not ask(first, token)["held"]


def test_an_old_token_writes_nothing(raw_role: Callable[..., Raw], admin: Raw) -> None:
    old = Leader(raw_role("administrator", ticket=True))
    part = old.part("family")
    server = one(
        admin,
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('lease', 'images', 'x', 'http://x')"
        " RETURNING id",
    )[0]
    expire(admin)
    new = Leader(raw_role(DEPUTY, ticket=True))
    families = [
        {"entity": "family", "table": "catalog.family", "rows": [row("1", {"code": "OLD", "name": "x"})]}
    ]
    tries: dict[str, dict[str, Any]] = {
        "legacy_apply": {"p_run_entity_id": part, "p_blocks": families},
        "legacy_gone": {"p_run_entity_id": part, "p_entity": "family", "p_keys": ("1",), "p_action": {}},
        "legacy_entities_set": {"p_entities": []},
        "legacy_run_next": {},
        "legacy_run_entity_begin": {"p_run_id": old.run, "p_entity": "family"},
        "legacy_run_entity_end": {"p_run_entity_id": part, "p_state": "done"},
        "legacy_run_end": {"p_run_id": old.run, "p_state": "done"},
        "legacy_server_open": {"p_server_id": server},
        "legacy_session_set": {
            "p_server_id": server, "p_session_sealed": None, "p_data_key_id": None, "p_opened": True,
        },
        "legacy_contact": {"p_server_id": server, "p_status": "ok"},
        "legacy_quarantine_take": {},
        "legacy_reconcile_count": {"p_run_id": old.run, "p_entity": "family"},
        "legacy_reconcile_rows": {"p_entity": "family", "p_keys": ()},
        "legacy_reconcile_sums": {"p_entity": "document"},
        "legacy_reconcile_targets": {"p_refs": []},
        "legacy_reconciliation_store": {"p_run_id": old.run, "p_module": "sales", "p_lines": [{}]},
    }  # fmt: skip
    for function, params in tries.items():
        assert refused(old.raw, function, p_token=old.token, **params) == "legacy_lease_lost", function
    # Nor does the new token in other hands.
    assert refused(old.raw, "legacy_run_next", p_token=new.token) == "legacy_lease_lost"
    # The run itself was taken up by the new leader; its parts are not the old one's any more, not even with a lease.
    assert new.run == old.run
    new.families(row("1", {"code": "NEW", "name": "x"}))
    assert one(admin, "SELECT string_agg(code, ',') FROM catalog.family WHERE code IN ('OLD', 'NEW')") == (
        "NEW",
    )


def test_a_page_under_way_holds_off_the_next_leader(
    raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw
) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    other = raw_role(DEPUTY, ticket=True)
    with leader.raw.transaction():
        leader.families(row("7", {"code": "SLOW", "name": "slow"}))
        expire(admin)
        assert not ask(other)["held"], "its answer comes at once, the page is not overtaken"
        # Its own renewal, from another thread's connection, is not held up by its page.
        assert ask(raw_role("administrator", ticket=True), leader.token)["held"]
        expire(admin)
    assert ask(other)["held"]
    assert one(admin, "SELECT name FROM catalog.family WHERE code = 'SLOW'") == ("slow",)


def test_two_would_be_leaders_at_the_same_moment(raw_role: Callable[..., Raw]) -> None:
    many = [raw_role(who, ticket=True) for who in ("administrator", DEPUTY) for _ in range(2)]
    answers: list[Any] = []
    start = threading.Barrier(len(many))

    def run(connection: Raw) -> None:
        start.wait()
        answers.append(ask(connection))

    threads = [threading.Thread(target=run, args=(connection,)) for connection in many]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["held"] for answer in answers) == 1
    assert len({answer["token"] for answer in answers if answer["held"]}) == 1


@pytest.mark.parametrize("role", [r for r in ROLES if r != "administrator"])
def test_nobody_else_forges_anything_through_psql(raw_role: Callable[..., Raw], role: str) -> None:
    mine = raw_role(role, ticket=True)
    calls: dict[str, dict[str, Any]] = {
        "legacy_lease": {"p_client": "x", "p_seconds": 30},
        "legacy_lease_release": {"p_token": 1},
        "legacy_entities_set": {"p_token": 1, "p_entities": []},
        "legacy_run_request": {"p_command": command(), "p_mode": "full"},
        "legacy_run_cancel": {"p_command": command(), "p_run_id": 1},
        "legacy_run_next": {"p_token": 1},
        "legacy_run_entity_begin": {"p_token": 1, "p_run_id": 1, "p_entity": "family"},
        "legacy_run_entity_end": {"p_token": 1, "p_run_entity_id": 1, "p_state": "done"},
        "legacy_run_end": {"p_token": 1, "p_run_id": 1, "p_state": "done"},
        "legacy_changed": {"p_entity": "family", "p_keys": (), "p_hashes": ()},
        "legacy_keys": {"p_entity": "family"},
        "legacy_apply": {"p_token": 1, "p_run_entity_id": 1, "p_blocks": []},
        "legacy_gone": {"p_token": 1, "p_run_entity_id": 1, "p_entity": "family", "p_keys": (), "p_action": {}},
        "legacy_server_open": {"p_token": 1, "p_server_id": 1},
        "legacy_secret_set": {"p_server_id": 1, "p_password_sealed": None, "p_data_key_id": None},
        "legacy_session_set": {
            "p_token": 1, "p_server_id": 1, "p_session_sealed": None, "p_data_key_id": None, "p_opened": True,
        },
        "legacy_contact": {"p_token": 1, "p_server_id": 1, "p_status": "ok"},
        "legacy_quarantine_take": {"p_token": 1},
        "legacy_lease_wish": {"p_client": "x"},
        "legacy_reconcile_count": {"p_token": 1, "p_run_id": 1, "p_entity": "family"},
        "legacy_reconcile_rows": {"p_token": 1, "p_entity": "family", "p_keys": ()},
        "legacy_reconcile_sums": {"p_token": 1, "p_entity": "document"},
        "legacy_reconcile_targets": {"p_token": 1, "p_refs": []},
        "legacy_quarantine_set": {"p_command": command(), "p_id": 1, "p_row_version": 1, "p_state": "open"},
        "legacy_quarantine_set_many": {"p_command": command(), "p_ids": None, "p_state": "open"},
        "legacy_module_set": {"p_command": command(), "p_code": "sales", "p_mode": "werkbank", "p_row_version": 1},
        "legacy_reconciliation_store": {"p_token": 1, "p_run_id": 1, "p_module": "sales", "p_lines": [{}]},
        "legacy_reconciliation_sign": {"p_command": command(), "p_id": 1, "p_row_version": 1},
        "legacy_opening_stock": {"p_command": command(), "p_warehouse_id": 1, "p_reason": "x"},
    }  # fmt: skip
    for function, params in calls.items():
        # Either no right to call it at all, or refused by its first line.
        if (role, function) not in WATCHED:
            assert refused(mine, function, **params) in {"42501", function}, function
    for statement in (
        "UPDATE legacy.lease SET token = 99, holder = session_user",
        "INSERT INTO legacy.document (source_id, kind, number, currency) VALUES (1, 'invoice', '1', 'EUR')",
        "UPDATE legacy.document SET net = 0",
        "DELETE FROM legacy.document",
        "UPDATE legacy.record SET hash = ''",
        "UPDATE legacy.module SET mode = 'werkbank'",
        "UPDATE legacy.reconciliation SET state = 'signed'",
        "UPDATE legacy.quarantine SET state = 'ignored'",
        "UPDATE legacy.stock SET qty = 1000",
        "UPDATE legacy.server SET base_url = 'http://elsewhere'",
        "SELECT * FROM legacy.server_secret",
        "SELECT * FROM legacy.employee_pay",
        "SELECT applied FROM legacy.record",
        "SELECT legacy.fence(1)",
        "SELECT legacy.merge(1, 'catalog.family', '{}', '{}', 'legacy', '[]')",
        "SELECT legacy.insert_rows('catalog.family', '{}', '{}', false)",
    ):
        with pytest.raises(psycopg.Error) as denied:
            mine.execute(sql.SQL(statement))
        assert denied.value.sqlstate == "42501", statement


def test_not_even_the_leader_writes_past_the_functions(raw_role: Callable[..., Raw]) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    for statement in (
        "UPDATE legacy.document SET net = 0",
        "UPDATE legacy.record SET state = 'gone'",
        "UPDATE legacy.lease SET until_at = 'infinity'",
        "SELECT * FROM legacy.server_secret",
        "INSERT INTO legacy.feed (table_name) VALUES ('x')",
    ):
        with pytest.raises(psycopg.Error) as denied:
            leader.raw.execute(sql.SQL(statement))
        assert denied.value.sqlstate == "42501", statement


@pytest.mark.parametrize(
    "table",
    [
        "sales.invoice",
        "inventory.stock_balance",
        "sec.app_user",
        "legacy.record",
        "api.command",
        "pg_authid",
        "",
    ],
)
def test_the_leader_writes_into_known_tables_only(raw_role: Callable[..., Raw], table: str) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    block = {"entity": "family", "table": table, "rows": [row("1", {"id": 1})]}
    found = refused(
        leader.raw,
        "legacy_apply",
        p_token=leader.token,
        p_run_entity_id=leader.part("family"),
        p_blocks=[block],
    )
    assert found == "legacy_target_unknown"


def test_without_a_ticket_nothing_goes(raw_role: Callable[..., Raw]) -> None:
    bare = raw_role("administrator")
    assert refused(bare, "legacy_lease", p_client="x", p_seconds=30) == "session_missing"
    assert refused(bare, "legacy_state") == "session_missing"


def test_a_service_leads_with_its_own_role(admin: Raw, raw_role: Callable[..., Raw], admin_dsn: str) -> None:
    login = f"s_sync_{one(admin, 'SELECT right(md5(random()::text), 8)')[0]}"
    admin.execute("SELECT sec.user_create(%s, 'Sync', %s, ARRAY['sync'])", (login, PASSWORD))
    try:
        service = Leader(raw_role(login, ticket=True))
        service.families(row("S1", {"code": "BY-SERVICE", "name": "Engel"}))
        assert one(admin, "SELECT created_by FROM catalog.family WHERE code = 'BY-SERVICE'") == (login,)
        assert refused(
            service.raw,
            "legacy_module_set",
            p_command=command(),
            p_code="sales",
            p_mode="werkbank",
            p_row_version=1,
        ) in {"42501", "legacy_module_set"}
    finally:
        with contextlib.suppress(psycopg.Error):
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (login,)
            )
