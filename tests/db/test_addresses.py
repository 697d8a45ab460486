"""From where people with a role may come, and what administrators see of sign-ins."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

Raw = psycopg.Connection[Any]
HERE, ELSEWHERE = "127.0.0.0/8", "10.20.0.0/16"


@pytest.fixture(autouse=True)
def _no_rules(admin: Raw) -> Iterator[None]:
    yield
    admin.execute("DELETE FROM sec.address_rule")


@pytest.fixture
def keeper(raw_role: Callable[..., Raw]) -> Raw:
    return raw_role("system_administrator", ticket=True)


def add(raw: Raw, role: str, network: str, *, force: bool = False) -> int:
    row = raw.execute("SELECT sec.address_rule_add(%s, %s, 'a note', %s)", (role, network, force)).fetchone()
    assert row is not None
    return int(row[0])


def test_a_rule_lets_in_from_its_network_only(keeper: Raw, raw_role: Callable[..., Raw]) -> None:
    number = add(keeper, "viewer", ELSEWHERE)
    with pytest.raises(psycopg.Error, match="address_not_allowed"):
        raw_role("viewer", ticket=True)
    raw_role("finance", ticket=True)
    keeper.execute("SELECT sec.address_rule_change(%s, %s)", (number, HERE))
    raw_role("viewer", ticket=True)
    add(keeper, "viewer", ELSEWHERE)
    raw_role("viewer", ticket=True)
    rules = keeper.execute("SELECT role, network, note FROM sec.address_rule_list()").fetchall()
    assert sorted(rules) == [("viewer", ELSEWHERE, "a note"), ("viewer", HERE, "")]


def test_who_is_inside_from_a_forbidden_address_is_out(keeper: Raw, raw_role: Callable[..., Raw]) -> None:
    inside = raw_role("viewer", ticket=True)
    assert inside.execute("SELECT count(*) FROM system.company").fetchone() == (1,)
    add(keeper, "viewer", ELSEWHERE)
    assert inside.execute("SELECT count(*) FROM system.company").fetchone() == (0,)
    with pytest.raises(psycopg.Error, match="session_ended"):
        inside.execute("SELECT sec.session_continue()")


def test_nobody_shuts_himself_out_by_accident(keeper: Raw, raw_role: Callable[..., Raw]) -> None:
    with pytest.raises(psycopg.Error) as asked:
        add(keeper, "system_administrator", ELSEWHERE)
    assert (asked.value.sqlstate, asked.value.diag.constraint_name) == ("ER428", "address_rule_locks_out")
    mine = add(keeper, "system_administrator", HERE)
    other = add(keeper, "system_administrator", ELSEWHERE)
    with pytest.raises(psycopg.Error, match="address_rule_locks_out"):
        keeper.execute("SELECT sec.address_rule_change(%s, '10.30.0.0/16')", (mine,))
    with pytest.raises(psycopg.Error, match="address_rule_locks_out"):
        keeper.execute("SELECT sec.address_rule_remove(%s)", (mine,))
    keeper.execute("SELECT sec.address_rule_remove(%s)", (other,))
    keeper.execute("SELECT sec.address_rule_remove(%s)", (mine,))
    add(keeper, "system_administrator", ELSEWHERE, force=True)
    with pytest.raises(psycopg.Error, match="session_missing"):
        keeper.execute("SELECT * FROM sec.address_rule_list()")


@pytest.mark.parametrize(
    "network", ["", "everywhere", "10.0.0.1/8", "300.1.1.1", "10.0.0.0/33", "'; DROP TABLE x"]
)
def test_what_is_no_network_is_refused(keeper: Raw, network: str) -> None:
    with pytest.raises(psycopg.Error, match="address_network_form"):
        add(keeper, "viewer", network)


def test_a_rule_twice_or_for_nobody_is_refused(keeper: Raw) -> None:
    add(keeper, "viewer", "2001:db8::/32")
    with pytest.raises(psycopg.Error, match="address_rule_exists"):
        add(keeper, "viewer", "2001:db8::/32")
    with pytest.raises(psycopg.Error, match="role_unknown"):
        add(keeper, "nobody", HERE)


def test_rules_are_the_system_administrators_and_proved_again(
    raw_role: Callable[..., Raw], keeper: Raw, admin: Raw
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        add(raw_role("administrator", ticket=True), "viewer", HERE)
    admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = 'u_system_administrator'")
    with pytest.raises(psycopg.Error, match="confirmation_needed"):
        add(keeper, "viewer", HERE)


def test_changes_of_rules_are_told(keeper: Raw, admin: Raw) -> None:
    number = add(keeper, "viewer", HERE)
    keeper.execute("SELECT sec.address_rule_change(%s, '127.0.0.0/16')", (number,))
    keeper.execute("SELECT sec.address_rule_remove(%s)", (number,))
    told = admin.execute(
        "SELECT kind, login, detail ->> 'network' FROM audit.event WHERE kind LIKE 'address%' ORDER BY id DESC LIMIT 3"
    ).fetchall()
    assert told == [
        ("address_rule_removed", "u_system_administrator", "127.0.0.0/16"),
        ("address_rule_changed", "u_system_administrator", "127.0.0.0/16"),
        ("address_rule_added", "u_system_administrator", HERE),
    ]


# -- attempts and alarms ------------------------------------------------------------------


@pytest.fixture
def attempts(admin: Raw) -> Iterator[None]:
    admin.execute(
        "INSERT INTO sec.login_attempt (at, login, address, outcome) VALUES "
        "(now() - interval '1 hour', 'u_viewer', '10.1.1.1', 'wrong'), "
        "(now() - interval '1 hour', 'u_viewer', '10.1.1.1', 'wrong'), "
        "(now() - interval '30 hours', 'u_nobody', '10.1.1.2', 'refused')"
    )
    admin.execute(
        "INSERT INTO sec.alarm (kind, login) VALUES ('locked_by_address', 'u_viewer'), ('lock_spared', 'u_finance')"
    )
    yield
    admin.execute("DELETE FROM sec.login_attempt")
    admin.execute("DELETE FROM sec.alarm")


@pytest.mark.usefixtures("attempts")
def test_attempts_are_listed_with_the_sign_ins_that_worked(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("administrator", ticket=True)
    rows = mine.execute(
        "SELECT login, person, address, outcome FROM sec.attempt_list() WHERE outcome <> 'ok' ORDER BY at"
    ).fetchall()
    assert rows == [
        ("u_nobody", "", "10.1.1.2", "refused"),
        ("u_viewer", "Viewer", "10.1.1.1", "wrong"),
        ("u_viewer", "Viewer", "10.1.1.1", "wrong"),
    ]
    worked = mine.execute(
        "SELECT count(*) FROM sec.attempt_list() WHERE outcome = 'ok' AND login = 'u_administrator'"
    ).fetchone()
    assert worked is not None
    assert worked[0] >= 1
    day = mine.execute(
        "SELECT count(*) FROM sec.attempt_list(now() - interval '1 day') WHERE outcome <> 'ok'"
    ).fetchone()
    assert day == (2,)


@pytest.mark.usefixtures("attempts")
def test_the_chart_counts_every_slot_even_the_empty_ones(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("administrator", ticket=True)
    chart = "SELECT slot, ok, failed FROM sec.attempt_chart(now() - %s::interval, now(), %s)"
    hours = mine.execute(chart, ("24 hours", "hour")).fetchall()
    assert len(hours) in (24, 25)
    assert sum(row[2] for row in hours) == 2
    days = mine.execute(chart, ("7 days", "day")).fetchall()
    assert len(days) in (7, 8)
    assert sum(row[2] for row in days) == 3
    assert sum(row[1] for row in days) >= 1
    for span, by in (("60 days", "hour"), ("3 years", "day"), ("1 day", "minute")):
        with pytest.raises(psycopg.Error, match="chart_range"):
            mine.execute(chart, (span, by))


def test_the_chart_knows_days_of_23_and_25_hours(raw_role: Callable[..., Raw], admin: Raw) -> None:
    admin.execute(
        "INSERT INTO sec.login_attempt (at, login, outcome) SELECT g, 'u_viewer', 'wrong' "
        "FROM generate_series('2026-10-20 12:00+00'::timestamptz, '2026-10-30 12:00+00', '24 hours') g"
    )
    mine = raw_role("administrator", ticket=True)
    days = mine.execute(
        "SELECT failed FROM sec.attempt_chart('2026-10-20 12:00+00', '2026-10-30 13:00+00', 'day')"
    ).fetchall()
    admin.execute("DELETE FROM sec.login_attempt")
    assert days == [(1,)] * 11


@pytest.mark.usefixtures("attempts")
def test_an_alarm_is_open_until_somebody_has_seen_it(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("administrator", ticket=True)
    rows = mine.execute("SELECT id, kind, person FROM sec.alarm_list()").fetchall()
    assert {row[1:] for row in rows} == {("locked_by_address", "Viewer"), ("lock_spared", "Finance")}
    status = mine.execute("SELECT sec.guard_status()").fetchone()
    assert status is not None
    assert (status[0]["alarms"], status[0]["running"]) == (2, False)
    assert mine.execute("SELECT sec.alarm_seen(%s)", ([rows[0][0]],)).fetchone() == (1,)
    assert mine.execute("SELECT sec.alarm_seen(%s)", ([rows[0][0]],)).fetchone() == (0,), "once"
    assert [row[0] for row in mine.execute("SELECT id FROM sec.alarm_list()").fetchall()] == [rows[1][0]]
    seen = mine.execute("SELECT seen_by FROM sec.alarm_list(true) WHERE id = %s", (rows[0][0],)).fetchone()
    assert seen == ("Administrator",)


@pytest.mark.parametrize("call", ["attempt_list()", "alarm_list()", "guard_status()", "address_rule_list()"])
def test_nobody_else_sees_them(raw_role: Callable[..., Raw], call: str) -> None:
    for role in ("viewer", "manager", "finance"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            raw_role(role, ticket=True).execute(f"SELECT * FROM sec.{call}")
