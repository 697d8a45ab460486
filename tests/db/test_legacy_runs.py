"""Runs of the sync: asked for, taken up, stopped, gone on with; and what everybody may see of them."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.db.legacy_world import DEPUTY, Leader, add_leaders, call, command, one, refused, row
from tests.legacy_world import add_server, hold_key

Raw = psycopg.Connection[Any]


@pytest.fixture(autouse=True)
def _clean(admin: Raw) -> None:
    add_leaders(admin)
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp()")
    admin.execute("DELETE FROM legacy.reconciliation")
    admin.execute("DELETE FROM legacy.run")
    admin.execute("DELETE FROM legacy.quarantine")
    admin.execute("UPDATE legacy.module SET mode = 'legacy'")
    add_server(admin, "http://erp.example")
    admin.execute("DELETE FROM sec.data_key WHERE name = 'legacy'")


def test_a_run_is_asked_for_by_one_and_worked_off_by_another(
    raw_role: Callable[..., Raw], admin: Raw
) -> None:
    wanting = raw_role("system_administrator", ticket=True)
    hold_key(admin, "u_system_administrator")
    wish = command()
    asked = call(wanting, "legacy_run_request", p_command=wish, p_mode="sweep", p_options={"limit": 5})
    assert (
        call(wanting, "legacy_run_request", p_command=wish, p_mode="sweep", p_options={"limit": 5}) == asked
    )
    again = call(wanting, "legacy_run_request", p_command=command(), p_mode="sweep", p_options={"limit": 5})
    assert again == asked, "what waits already is not asked for twice"
    assert refused(wanting, "legacy_run_request", p_command=wish, p_mode="full") == "command_reused"
    assert refused(wanting, "legacy_run_request", p_command=command(), p_mode="all") == "legacy_run_mode"
    leader = Leader(raw_role("administrator", ticket=True))
    found = one(
        admin, "SELECT state, requested_by, leader, options FROM legacy.run WHERE id = %s", asked["id"]
    )
    assert found == ("running", "u_system_administrator", "u_administrator · test", {"limit": 5})
    assert leader.run == asked["id"]
    ended = leader.call("legacy_run_end", p_run_id=leader.run, p_state="warnings", p_error={"key": "x"})
    assert (ended["state"], ended["error"]) == ("warnings", {"key": "x"})
    assert leader.call("legacy_run_next") is None
    topics = admin.execute(
        "SELECT DISTINCT new ->> 'state' FROM audit.entry WHERE topic = 'legacy.run' AND record_id = %s",
        (asked["id"],),
    ).fetchall()
    assert {state for (state,) in topics} == {"waiting", "running", "warnings"}


def test_unknown_entities_are_refused(raw_role: Callable[..., Raw]) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    assert refused(
        leader.raw, "legacy_run_request", p_command=command(), p_mode="full", p_entities=("family", "nonsense")
    ) == "legacy_entity_unknown"  # fmt: skip
    assert call(leader.raw, "legacy_run_request", p_command=command(), p_mode="full", p_entities=("family",))


def test_stopping_a_run(raw_role: Callable[..., Raw], admin: Raw) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    other = raw_role("system_administrator", ticket=True)
    waiting = call(other, "legacy_run_request", p_command=command(), p_mode="retry")["id"]
    assert call(other, "legacy_run_cancel", p_command=command(), p_run_id=waiting)["state"] == "cancelled"
    assert call(other, "legacy_run_cancel", p_command=command(), p_run_id=leader.run)["state"] == "running"
    answer = leader.call(
        "legacy_apply", p_run_entity_id=leader.part("family"), p_blocks=[], p_cursor={"skip": 1}
    )
    assert answer["cancel"] is True
    leader.call("legacy_run_end", p_run_id=leader.run, p_state="cancelled")
    assert one(admin, "SELECT DISTINCT state FROM legacy.run_entity WHERE run_id = %s", leader.run) == (
        "cancelled",
    )
    assert refused(other, "legacy_run_cancel", p_command=command(), p_run_id=-1) == "record_not_found"


def test_the_next_leader_goes_on_where_the_last_page_ended(raw_role: Callable[..., Raw], admin: Raw) -> None:
    first = Leader(raw_role("administrator", ticket=True))
    first.families(row("1", {"code": "RUN-1", "name": "x"}), cursor={"skip": 1})
    first.end("customer")
    # One that was asked for later waits behind the one that was interrupted.
    later = call(first.raw, "legacy_run_request", p_command=command(), p_mode="sweep")["id"]
    admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp()")
    heir = raw_role(DEPUTY, ticket=True)
    token = call(heir, "legacy_lease", p_client="heir", p_seconds=60)["token"]
    run = call(heir, "legacy_run_next", p_token=token)
    assert (run["id"], run["resumed"], run["mode"]) == (first.run, True, "full")
    parts = {part["entity"]: (part["state"], part["cursor"]) for part in run["parts"]}
    assert parts == {"family": ("running", {"skip": 1}), "customer": ("done", None)}
    # The part that is through says so and takes no page any more.
    begun = call(heir, "legacy_run_entity_begin", p_token=token, p_run_id=run["id"], p_entity="customer")
    assert begun["state"] == "done"
    assert refused(
        heir, "legacy_apply", p_token=token, p_run_entity_id=begun["run_entity_id"], p_blocks=[]
    ) == "legacy_run_not_running"  # fmt: skip
    call(heir, "legacy_run_end", p_token=token, p_run_id=run["id"], p_state="done")
    assert call(heir, "legacy_run_next", p_token=token)["id"] == later


def test_marks_of_an_entity(raw_role: Callable[..., Raw], admin: Raw) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    leader.families(
        row("2", {"code": "RUN-2", "name": "x"}), row("3", {"code": "RUN-3", "name": "x"}, p=True)
    )
    leader.end("family", changed_since="2026-11-20", full=True, source_count=1571)
    found = one(
        admin,
        "SELECT changed_since::text, last_full_at IS NOT NULL, last_incremental_at, source_count, placeholder_count"
        " FROM legacy.entity WHERE code = 'family'",
    )
    assert found == ("2026-11-20", True, None, 1571, 1)
    # Entities without a mapping file are switched off, not forgotten.
    left = leader.call("legacy_entities_set", p_entities=[{"code": "line", "module": "sales", "position": 1}])
    assert [entity["code"] for entity in left] == ["line"]
    assert one(admin, "SELECT is_enabled FROM legacy.entity WHERE code = 'family'") == (False,)


def test_the_schedule_opens_a_run_when_nobody_asked(raw_role: Callable[..., Raw], admin: Raw) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    leader.call("legacy_run_end", p_run_id=leader.run, p_state="done")
    run = leader.call("legacy_run_next", p_auto={"mode": "incremental", "entities": ["family"]})
    assert (run["mode"], run["entities"], run["options"]) == ("incremental", ["family"], {"scheduled": True})
    leader.call("legacy_run_end", p_run_id=run["id"], p_state="done")
    # One that found nothing is forgotten after a week; the one somebody asked for is not.
    admin.execute("UPDATE legacy.run SET finished_at = finished_at - interval '8 days'")
    admin.execute("UPDATE legacy.run SET options = '{}' WHERE id = %s", (leader.run,))
    last = leader.call("legacy_run_next", p_auto={"mode": "incremental"})["id"]
    leader.call("legacy_run_end", p_run_id=last, p_state="done")
    assert admin.execute("SELECT id FROM legacy.run ORDER BY id").fetchall() == [(leader.run,), (last,)]


def test_everybody_sees_the_state_but_not_what_an_error_says(
    raw_role: Callable[..., Raw], admin: Raw
) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    admin.execute("DELETE FROM legacy.server")
    server = one(
        admin,
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('live', '4d', '4D', 'http://erp.lan:8080')"
        " RETURNING id",
    )[0]
    leader.call("legacy_contact", p_server_id=server, p_status="failed", p_error="Kunde 4711 fehlt")
    leader.call(
        "legacy_apply", p_run_entity_id=leader.part("family"), p_blocks=[],
        p_quarantine=[{"entity": "family", "k": "9", "h": "h", "raw": {}, "findings": []}],
    )  # fmt: skip
    leader.call(
        "legacy_run_entity_end",
        p_run_entity_id=leader.part("family"),
        p_state="failed",
        p_error={"message": "Kunde 4711 fehlt"},
    )
    seen = call(raw_role("sales_rep", ticket=True), "legacy_state")
    assert seen["lease"]["person"] == "Administrator"
    assert seen["lease"]["held"] is True
    assert seen["run"]["parts"][0]["state"] == "failed"
    assert seen["quarantine"] == 1
    assert {module["code"] for module in seen["modules"]} >= {"catalog", "sales", "images"}
    assert "4711" not in str(seen)
    assert "erp.lan" not in str(seen)
    full = call(leader.raw, "legacy_state")
    assert "4711" in str(full["run"])
    assert full["servers"][0]["base_url"] == "http://erp.lan:8080"
    assert next(e for e in full["entities"] if e["code"] == "family")["quarantined"] == 1


def test_bookkeeping_makes_no_noise_in_the_trail(raw_role: Callable[..., Raw], admin: Raw) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    server = one(
        admin,
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('quiet', 'images', 'x', 'http://x')"
        " RETURNING id",
    )[0]
    before = one(admin, "SELECT count(*) FROM audit.entry")
    for _ in range(3):
        leader.call("legacy_contact", p_server_id=server, p_status="ok")
        leader.call(
            "legacy_session_set", p_server_id=server, p_session_sealed=None, p_data_key_id=None, p_opened=True
        )
        call(leader.raw, "legacy_lease", p_client="test", p_seconds=60, p_token=leader.token)
        leader.call("legacy_apply", p_run_entity_id=leader.part("family"), p_blocks=[], p_cursor={"skip": 1})
    assert one(admin, "SELECT count(*) FROM audit.entry") == before
    assert one(admin, "SELECT sessions_opened FROM legacy.server_status WHERE server_id = %s", server) == (3,)


def test_open_lists_hear_of_history_that_came(raw_role: Callable[..., Raw]) -> None:
    seller, leader = raw_role("sales_rep", ticket=True), Leader(raw_role("administrator", ticket=True))
    cursor = one(seller, "SELECT system.changes_since(NULL)")[0]["next"]
    document = {"source_id": 31, "kind": "quote", "number": "31", "currency": "DEM"}
    leader.page("document", "legacy.document", [row("31", document)])
    heard = one(seller, "SELECT system.changes_since(%s)", cursor)[0]
    assert "legacy.feed" in {change["topic"] for change in heard["changes"]}
    cursor = heard["next"]
    leader.page("document", "legacy.document", [row("31", document, h="other")])
    heard = one(seller, "SELECT system.changes_since(%s)", cursor)[0]
    assert heard["changes"] == [], "an unchanged page is no news"


def test_passwords_and_sessions_are_kept_for_the_leader_alone(
    raw_role: Callable[..., Raw], admin: Raw
) -> None:
    leader = Leader(raw_role("administrator", ticket=True))
    keeper = raw_role(DEPUTY, ticket=True)
    key = one(
        admin,
        "INSERT INTO sec.data_key (name, \"right\", recovery) VALUES ('legacy', 'legacy_lease',"
        " decode(repeat('00', 32), 'hex')) RETURNING id",
    )[0]
    server = one(
        keeper,
        "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('kept', 'images', 'x', 'http://one')"
        " RETURNING id",
    )[0]
    assert refused(
        keeper, "legacy_secret_set", p_server_id=server, p_password_sealed=b"sealed", p_data_key_id=-1
    ) == "legacy_key_unknown"  # fmt: skip
    call(keeper, "legacy_secret_set", p_server_id=server, p_password_sealed=b"sealed", p_data_key_id=key)
    leader.call(
        "legacy_session_set", p_server_id=server, p_session_sealed=b"cookie", p_data_key_id=key, p_opened=True
    )
    opened = leader.call("legacy_server_open", p_server_id=server)
    assert (opened["password_sealed"], opened["session_sealed"]) == ("c2VhbGVk", "Y29va2ll")
    assert (opened["password_key"], opened["sessions_opened"]) == (key, 1)
    # What people see of the server says that there is one, not which.
    assert "c2VhbGVk" not in str(call(keeper, "legacy_state"))
    # A password is not sent to an address it was not given for.
    keeper.execute("UPDATE legacy.server SET base_url = 'http://two' WHERE id = %s", (server,))
    opened = leader.call("legacy_server_open", p_server_id=server)
    assert (opened["base_url"], opened["password_sealed"], opened["session_sealed"]) == (
        "http://two",
        None,
        None,
    )
