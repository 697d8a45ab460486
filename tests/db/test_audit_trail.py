"""What is told about access, and the trail as its readers see it: everything that happened, not everything it says."""

import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.types.json import Jsonb

from app.core.db import Database
from app.core.errors import NotAllowed
from app.services.inventory import writes as stock
from app.services.inventory.commands import TransferLine, TransferStock
from tests.conftest import ROLES
from tests.db.people_world import new_person

Raw = psycopg.Connection[Any]
READERS = {"administrator", "system_administrator"}
READS = (
    "SELECT * FROM audit.trail_entries()",
    "SELECT * FROM audit.trail_events()",
    "SELECT audit.trail_count('events')",
    "SELECT * FROM audit.trail_days(now() - interval '3 days', now())",
)
EXTRA = (
    "SELECT audit.trail_open('events')",
    "SELECT audit.trail_exported('events', '{}', 3)",
    "SELECT sec.session_about(1)",
    "SELECT sec.security_report(now() - interval '1 day', now())",
    "SELECT audit.seal_state()",
    "SELECT count(*) FROM audit.verify()",
    "SELECT audit.verified(1, 0)",
)


def events(admin: Raw, kind: str) -> list[tuple[Any, ...]]:
    return admin.execute(
        "SELECT login, by_login, detail FROM audit.event WHERE kind = %s ORDER BY id", (kind,)
    ).fetchall()


@pytest.mark.parametrize("role", ROLES)
def test_only_its_readers_read_the_trail(raw_role: Callable[..., Raw], role: str) -> None:
    person = raw_role(role, ticket=True)
    if role in READERS:
        person.execute("SELECT audit.trail_open('entries')")
        for statement in (*READS, *EXTRA):
            person.execute(statement)
        return
    for statement in (*READS, *EXTRA):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            person.execute(statement)


def test_a_grant_without_the_role_s_right_is_not_enough(raw_role: Callable[..., Raw], admin: Raw) -> None:
    """The membership outlives its role for a minute at most; the functions do not wait for that."""
    person = raw_role("administrator", ticket=True)
    person.execute("SELECT audit.trail_open('entries')")
    admin.execute("UPDATE sec.user_role SET valid_to = now() WHERE login = 'u_administrator'")
    admin.execute(
        "UPDATE sec.session SET valid_until = now() + interval '1 hour' WHERE login = 'u_administrator'"
    )
    try:
        for statement in (*READS, *EXTRA):
            with pytest.raises(psycopg.Error) as refused:
                person.execute(statement)
            assert refused.value.sqlstate == "ER403", statement
    finally:
        admin.execute("UPDATE sec.user_role SET valid_to = NULL WHERE login = 'u_administrator'")


@pytest.mark.parametrize("statement", READS)
def test_reading_the_trail_without_being_in_it_is_refused(
    raw_role: Callable[..., Raw], admin: Raw, statement: str
) -> None:
    person = raw_role("system_administrator", ticket=True)
    with pytest.raises(psycopg.Error) as refused:
        person.execute(statement)
    assert refused.value.diag.constraint_name == "trail_not_opened"
    before = len(events(admin, "trail_read"))
    with person.transaction(force_rollback=True):
        person.execute("SELECT audit.trail_open('entries')")
    with pytest.raises(psycopg.Error):
        person.execute(statement)
    person.execute("SELECT audit.trail_open('entries')")
    person.execute(statement)
    told = events(admin, "trail_read")[before:]
    assert told == [("u_system_administrator", "u_system_administrator", {"what": "entries"})]
    other = raw_role("system_administrator", ticket=True)
    with pytest.raises(psycopg.Error):
        other.execute(statement)


def test_what_the_reader_may_not_see_is_named_but_not_shown(raw_role: Callable[..., Raw], admin: Raw) -> None:
    """That a cost was changed, by whom and when, but not what it was."""
    admin.execute("INSERT INTO system.note (topic, record_id, body) VALUES ('sec.app_user', 1, 'x')")
    keeper = raw_role("system_administrator", ticket=True)
    keeper.execute("SELECT audit.trail_open('entries')")
    rows = keeper.execute(
        "SELECT table_name, hidden, old, new FROM audit.trail_entries('{}', NULL, true, 5000)"
    ).fetchall()
    mine = {row[0] for row in keeper.execute("SELECT unnest(sec.my_tables())").fetchall()}
    assert {row[0] for row in rows} - mine
    for table, hidden, old, new in rows:
        assert hidden == (table not in mine)
        assert (old is None and new is None) == hidden
    count = keeper.execute("SELECT audit.trail_count('entries')").fetchone()
    total = admin.execute("SELECT count(*) FROM audit.entry").fetchone()
    assert count == total


FILTERS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("entries", {"login": ["u_quality"]}, "login = 'u_quality'"),
    (
        "entries",
        {"table": ["system.note"], "op": ["U", "D"]},
        "table_name = 'system.note' AND op IN ('U', 'D')",
    ),
    ("entries", {"topic": "system.note", "record": 2}, "topic = 'system.note' AND record_id = 2"),
    ("entries", {"elevated": True}, "elevated IS NOT NULL"),
    ("entries", {"until": "2000-01-01T00:00:00Z"}, "false"),
    ("entries", {"from": "2000-01-01T00:00:00+00:00", "address": "127.0."}, "host(address) LIKE '127.0.%'"),
    ("events", {"kind": ["session_opened"]}, "kind = 'session_opened'"),
    ("events", {"login": ["u_quality"]}, "'u_quality' IN (login, by_login)"),
    ("events", {"application": "WERK"}, "application ILIKE 'werk%'"),
)


@pytest.mark.parametrize(("what", "given", "wanted"), FILTERS)
def test_filters_find_what_they_say(
    raw_role: Callable[..., Raw],
    as_role: Callable[[str], Database],
    admin: Raw,
    what: str,
    given: dict[str, Any],
    wanted: str,
) -> None:
    author = raw_role("quality", ticket=True)
    author.execute("INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'a')")
    author.execute("UPDATE system.note SET body = 'b'")
    as_role("quality")
    keeper = raw_role("administrator", ticket=True)
    keeper.execute("SELECT audit.trail_open('events')")
    table, order = {"entries": ("entry", "id DESC"), "events": ("event", "at DESC, id DESC")}[what]
    rows = admin.execute(
        f"SELECT id, at FROM audit.{table} WHERE {wanted} ORDER BY {order} LIMIT 5000"
    ).fetchall()
    ids, moments = [row[0] for row in rows], dict(rows)
    call = sql.SQL("SELECT id FROM audit.{}({})")

    def asked(after: int | None, ascending: bool, limit: int) -> list[int]:
        values: list[Any] = [Jsonb(given), after, ascending, limit]
        if what == "events":
            values.append(moments.get(after))
        statement = call.format(sql.Identifier(f"trail_{what}"), sql.SQL(", ").join(map(sql.Literal, values)))
        return [row[0] for row in keeper.execute(statement).fetchall()]

    assert asked(None, False, 5000) == ids
    assert asked(None, True, 5000) == ids[::-1]
    if len(ids) > 3:
        assert asked(ids[1], False, 2) == ids[2:4]
        assert asked(ids[-1], True, 1) == [ids[-2]]
    row = keeper.execute("SELECT audit.trail_count(%s, %s)", (what, Jsonb(given))).fetchone()
    assert row == (len(ids),)


@pytest.mark.parametrize(
    "word", ["login", "table", "op", "topic", "address", "application", "operator", "kind"]
)
def test_a_filter_is_data_whatever_it_says(raw_role: Callable[..., Raw], word: str) -> None:
    keeper = raw_role("administrator", ticket=True)
    keeper.execute("SELECT audit.trail_open('events')")
    nasty = ["' OR true --", "\\'; SELECT 1; --", '{"a"}', "%s %L", "{}"]
    for text in nasty:
        value: Any = text if word in ("topic", "address", "application") else [text]
        for function in ("trail_entries", "trail_events"):
            if (function, word) in (
                ("trail_entries", "kind"),
                ("trail_events", "table"),
                ("trail_events", "op"),
            ):
                continue
            if (function, word) == ("trail_events", "topic"):
                continue
            found = keeper.execute(
                f"SELECT id FROM audit.{function}(%s)", (json.dumps({word: value}),)
            ).fetchall()
            assert found == [], (function, text)


def test_a_refusal_is_told_once_a_minute(raw_role: Callable[..., Raw], admin: Raw) -> None:
    person = raw_role(new_person(admin, "viewer"), ticket=True)  # of whom nothing was told in this minute
    before = len(events(admin, "denied"))
    told = [
        person.execute("SELECT sec.report_denied(%s, %s)", (right, "sales.sales_order")).fetchone()
        for right in ("invoice_post", "invoice_post", "quote_issue", "invoice_post")
    ]
    assert told == [(True,), (False,), (True,), (False,)]
    assert [row[2]["right"] for row in events(admin, "denied")[before:]] == ["invoice_post", "quote_issue"]
    for number in range(80):
        person.execute("SELECT sec.report_denied(%s)", (f"right_{number}",))
    assert len(events(admin, "denied")) - before == 60
    with pytest.raises(psycopg.Error) as refused:
        raw_role("viewer").execute("SELECT sec.report_denied('x')")
    assert refused.value.sqlstate == "ER401"


def test_the_program_tells_of_a_refusal(as_role: Callable[[str], Database], admin: Raw) -> None:
    """The refused posting rolled back; that it was tried stays."""
    clerk = as_role("marketing")
    with pytest.raises(NotAllowed):
        clerk.write(stock.transfer_stock, TransferStock((TransferLine(1, 1, 2, 1),)))  # type: ignore[arg-type]
    assert ("u_marketing", "u_marketing", {"right": "stock_transfer", "topic": ""}) in events(admin, "denied")


def test_the_guard_s_events_come_in_once(admin: Raw) -> None:
    found: list[dict[str, Any]] = [
        {
            "at": "2026-11-20T10:00:00Z",
            "kind": "denied",
            "login": "u_viewer",
            "address": "10.0.0.7",
            "detail": {"right": "x"},
        },
        {"at": "2026-11-20T10:00:05Z", "kind": "session_refused", "login": "u_viewer", "application": "psql"},
        {
            "at": "2999-01-01T00:00:00Z",
            "kind": "denied",
            "login": "u_viewer",
            "detail": {"right": "from the future"},
        },
        {"at": "2026-11-20T10:00:00Z", "kind": "role_granted", "login": "u_viewer"},
        {"at": "2026-11-20T10:00:00Z", "kind": "denied", "login": ""},
    ]
    for given, wanted in ((found, 3), ([e for e in found if e["at"] < "2030"], 0)):
        row = admin.execute("SELECT audit.event_import(%s)", (Jsonb(given),)).fetchone()
        assert row == (wanted,)
    late = admin.execute("SELECT count(*) FROM audit.event WHERE at > now() + interval '1 minute'").fetchone()
    assert late == (0,)
    wrong = admin.execute(
        "SELECT id FROM audit.event e WHERE row_hash <> audit.event_hash(e.xid, e.at, e.kind, e.login, e.by_login, "
        "e.operator, e.address, e.application, e.session_id, e.detail)"
    ).fetchall()
    assert wrong == []


def test_what_the_client_told_is_not_imported_again(raw_role: Callable[..., Raw], admin: Raw) -> None:
    raw_role("finance", ticket=True).execute("SELECT sec.report_denied('stock_transfer')")
    row = admin.execute("SELECT to_char(now(), 'YYYY-MM-DD HH24:MI:SS TZ')").fetchone()
    assert row is not None
    for right, wanted in (
        ("permission denied for function stock_transfer", 0),
        ("keine Berechtigung für Tabelle note", 1),
    ):
        found = [{"at": row[0], "kind": "denied", "login": "u_finance", "detail": {"right": right}}]
        assert admin.execute("SELECT audit.event_import(%s)", (Jsonb(found),)).fetchone() == (wanted,)
    assert events(admin, "denied")[-1][2] == {"right": "note", "source": "log"}


def test_the_report_has_every_part(raw_role: Callable[..., Raw], admin: Raw) -> None:
    keeper = raw_role("system_administrator", ticket=True)
    row = keeper.execute("SELECT sec.security_report(now() - interval '30 days', now())").fetchone()
    assert row is not None
    report = row[0]
    assert {p["login"] for p in report["people"]} >= {"u_viewer", "u_administrator"}
    assert {a["role"] for a in report["sensitive"]} >= {"administrator", "system_administrator", "manager"}
    for part in ("elevations", "conflicts", "attempts", "reviews", "denied", "locks", "seal", "kinds"):
        assert part in report, part
    assert events(admin, "report_made")[-1][0] == "u_system_administrator"
