"""What is asked of the sync: refused where nobody could do it, and not done days later."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.db.legacy_world import call, command, one, refused
from tests.legacy_world import add_server, expire, hold_key

Raw = psycopg.Connection[Any]
ASK = "legacy_run_request"


@pytest.fixture
def boss(raw_role: Callable[..., Raw], admin: Raw) -> Raw:
    expire(admin)
    for table in ("reconciliation", "run", "quarantine", "server_secret", "server_status", "server"):
        admin.execute(f"DELETE FROM legacy.{table}")
    admin.execute("DELETE FROM sec.data_key WHERE name = 'legacy'")
    return raw_role("administrator", ticket=True)


def test_what_nobody_could_do_is_refused_and_says_what_is_missing(boss: Raw, admin: Raw) -> None:
    def ask(mode: str = "full") -> str:
        return refused(boss, ASK, p_command=command(), p_mode=mode)

    def again() -> str:
        entity = one(
            admin,
            "INSERT INTO legacy.entity (code, module, source) VALUES ('family', 'catalog', 'F') "
            "ON CONFLICT (code) DO UPDATE SET source = 'F' RETURNING id",
        )[0]
        held = one(
            admin,
            "INSERT INTO legacy.quarantine (entity_id, source_key, severity, raw, findings) "
            "VALUES (%s, 'x', 'error', '{}', '[]') ON CONFLICT (entity_id, source_key) DO UPDATE SET raw = '{}' "
            "RETURNING id, row_version",
            entity,
        )
        return refused(
            boss,
            "legacy_quarantine_set",
            p_command=command(),
            p_id=held[0],
            p_row_version=held[1],
            p_state="retry",
        )

    assert (ask(), ask("images"), again()) == (
        "legacy_no_server",
        "legacy_no_image_server",
        "legacy_no_server",
    )
    add_server(admin, "http://erp.example")
    assert (ask("reconcile"), again()) == ("legacy_key_not_set_up", "legacy_key_not_set_up")
    hold_key(admin)
    assert (ask(), again()) == ("legacy_nobody_reads", "legacy_nobody_reads")
    assert one(admin, "SELECT count(*) FROM legacy.run") == (0,), "nothing is left behind"
    # Somebody leads: whoever that is has the key.
    admin.execute(
        "UPDATE legacy.lease SET holder = 'u_deputy', until_at = clock_timestamp() + interval '1 minute' "
        "WHERE name = 'sync'"
    )
    assert (ask(), again()) == ("ok", "ok")
    expire(admin)
    assert ask("sweep") == "legacy_nobody_reads"
    hold_key(admin, "u_administrator")
    assert (ask("sweep"), ask("images")) == ("ok", "legacy_no_image_server")
    admin.execute("UPDATE legacy.server SET is_active = false")
    assert ask("sweep") == "legacy_no_server"


def test_what_was_not_begun_in_its_time_is_not_done_any_more(boss: Raw, admin: Raw) -> None:
    add_server(admin, "http://erp.example")
    hold_key(admin, "u_administrator")
    old = call(boss, ASK, p_command=command(), p_mode="full")["id"]
    shown = call(boss, "legacy_state")["waiting"]
    assert [run["id"] for run in shown] == [old]
    assert shown[0]["ends_at"] > shown[0]["requested_at"]
    admin.execute(
        "UPDATE legacy.run SET requested_at = requested_at - legacy.request_lives() WHERE id = %s", (old,)
    )
    assert call(boss, "legacy_state")["waiting"] == [], "also where nobody leads and clears up"
    # Asked for again it is another one; what began in its time goes on however long it takes.
    new = call(boss, ASK, p_command=command(), p_mode="full")["id"]
    assert new != old
    admin.execute(
        "UPDATE legacy.run SET requested_at = requested_at - interval '9 days', state = 'interrupted' WHERE id = %s",
        (new,),
    )
    token = call(boss, "legacy_lease", p_client="x", p_seconds=60)["token"]
    assert call(boss, "legacy_run_next", p_token=token)["id"] == new
    call(boss, "legacy_run_end", p_token=token, p_run_id=new, p_state="done")
    assert call(boss, "legacy_run_next", p_token=token) is None
    state, error = one(admin, "SELECT state, error FROM legacy.run WHERE id = %s", old)
    assert (state, error) == ("cancelled", {"key": "legacy_request_expired", "params": {"hours": 4}})


def test_a_silence_is_counted_from_its_first_moment(boss: Raw, admin: Raw) -> None:
    server = add_server(admin, "http://erp.example")
    token = call(boss, "legacy_lease", p_client="x", p_seconds=60)["token"]

    def found(status: str, **how: Any) -> dict[str, Any]:
        call(boss, "legacy_contact", p_token=token, p_server_id=server, p_status=status, **how)
        told: dict[str, Any] = call(boss, "legacy_state")["servers"][0]
        return told

    first = found("failed", p_error="legacy_timeout", p_again_s=2)
    later = found("failed", p_error="legacy_unreachable", p_again_s=300)
    assert first["silent_since"] == later["silent_since"] is not None
    assert first["retry_at"] < later["retry_at"]
    assert (found("ok")["silent_since"], found("failed")["silent_since"]) == (None, None)
    assert found("ok")["retry_at"] is None
