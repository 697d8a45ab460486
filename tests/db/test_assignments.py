"""Who gets which role, for how long, and with whose consent; what must not come together; roles for hours."""

import threading
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app import cli
from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.security import assignments, rights, roles
from migrations import rights as matrix
from tests.conftest import PASSWORD
from tests.db.people_world import Connect, Raw, approve, events, member, new_person, new_role, one, refused

COMPANY = "SELECT count(*) FROM system.company"
CONFLICTS = [conflict.roles for conflict in matrix.load().conflicts]
GRANT = "SELECT sec.role_grant(%s, %s, p_reason => 'needed')"


@pytest.fixture
def boss(raw_role: Connect) -> Raw:
    return raw_role("administrator", ticket=True)


@pytest.fixture
def other(raw_role: Connect) -> Raw:
    return raw_role("system_administrator", ticket=True)


@pytest.fixture
def third(raw_role: Connect, admin: Raw) -> Raw:
    """One more administrator, to make up the number."""
    return raw_role(new_person(admin, "administrator"), ticket=True)


def test_a_role_is_given_for_a_time_and_kept_as_history(
    admin: Raw, boss: Raw, as_role: Callable[[str], Database]
) -> None:
    login = new_person(admin, "viewer")
    db = as_role("administrator")
    given = db.write(assignments.grant_role, assignments.GrantRole(login, "quality", reason="stand-in")).value
    assert given.request is None
    assert member(admin, login, "quality")
    epoch = "SELECT session_epoch FROM sec.app_user WHERE login = %s"
    before = one(admin, epoch, login)
    db.write(assignments.revoke_role, assignments.RevokeRole(int(given.assignment or 0), "back again"))
    assert not member(admin, login, "quality")
    assert one(admin, epoch, login) > before
    row = db.read(assignments.assignments, login, "quality")[0]
    assert (row.state, row.granted_by, row.reason, row.ended_by, row.end_reason) == (
        "over",
        "u_administrator",
        "stand-in",
        "u_administrator",
        "back again",
    )
    assert events(admin, login)[-2:] == ["role_granted", "role_revoked"]
    assert refused(boss, "SELECT sec.role_revoke(%s, 'again')", row.id) == ("ER422", "assignment_over")
    assert refused(admin, "DELETE FROM sec.user_role WHERE id = %s", row.id) == (
        "ER422",
        "assignment_is_kept",
    )
    assert refused(admin, "UPDATE sec.user_role SET role = 'finance' WHERE id = %s", row.id) == (
        "ER422",
        "assignment_is_kept",
    )


def test_a_role_given_for_later_begins_then_or_never(admin: Raw, boss: Raw, raw_role: Connect) -> None:
    login = new_person(admin)
    grant = "SELECT (sec.role_grant(%s, 'viewer', statement_timestamp() + interval '1 hour') -> 'assignment')::bigint"
    first = one(boss, grant, login)
    assert not member(admin, login, "viewer")
    mine = raw_role(login, ticket=True)
    assert refused(mine, COMPANY)[0] == "42501"
    # The hour passes; the ticket was made out to that moment only.
    admin.execute("UPDATE sec.user_role SET valid_from = statement_timestamp() WHERE id = %s", (first,))
    assert one(admin, "SELECT sec.expire_roles()") >= 1
    assert member(admin, login, "viewer")
    assert one(mine, COMPANY) == 1
    second = one(boss, grant.replace("viewer", "quality"), login)
    boss.execute("SELECT sec.role_revoke(%s, 'not needed')", (second,))
    row = admin.execute("SELECT valid_from = valid_to FROM sec.user_role WHERE id = %s", (second,)).fetchone()
    assert row == (True,)


def test_time_takes_memberships_within_the_guards_tick(admin: Raw, raw_role: Connect) -> None:
    login = new_person(admin)
    admin.execute(
        "SELECT sec.role_grant(%s, 'viewer', NULL, statement_timestamp() + interval '1 hour')", (login,)
    )
    mine = raw_role(login, ticket=True)
    with mine.transaction():
        assert one(mine, COMPANY) == 1
        admin.execute(
            "UPDATE sec.user_role SET valid_from = now() - interval '2 hours', valid_to = now() WHERE login = %s",
            (login,),
        )
        assert one(mine, "SELECT cardinality(sec.my_roles())") == 0
        admin.execute("SELECT sec.expire_roles()")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), mine.transaction():
            mine.execute(COMPANY)
    assert not member(admin, login, "viewer")
    assert events(admin, login)[-1] == "role_revoked"
    before = events(admin, login)
    assert one(admin, "SELECT sec.expire_roles()") == 0
    assert events(admin, login) == before


def test_sensitive_roles_need_a_second_person_who_is_nobody_involved(
    admin: Raw, boss: Raw, other: Raw, third: Raw
) -> None:
    login = new_person(admin, "viewer")
    answer = one(boss, GRANT, login, "manager")
    request = answer["request"]
    assert not member(admin, login, "manager")
    assert refused(boss, GRANT, login, "manager") == ("ER422", "approval_already_requested")
    decide = "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve', '')"
    assert refused(boss, decide, request) == ("ER403", "approver_is_somebody_else")
    assert approve(third, request) == "approved"
    row = admin.execute(
        "SELECT requested_by, approved_by, request_id FROM sec.user_role WHERE login = %s AND role = 'manager'",
        (login,),
    ).fetchone()
    assert row == ("u_administrator", one(third, "SELECT session_user"), request)
    assert member(admin, login, "manager")
    # Without a reason nobody is asked.
    assert refused(boss, "SELECT sec.role_grant(%s, 'manager')", new_person(admin)) == (
        "ER422",
        "reason_required",
    )


def test_who_administers_rights_is_made_by_two_people(admin: Raw, boss: Raw, other: Raw, third: Raw) -> None:
    for role in ("administrator", "system_administrator"):
        login = new_person(admin, "viewer")
        request = one(boss, GRANT, login, role)["request"]
        assert approve(other, request) == "open"
        assert not member(admin, login, role)
        again = "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve', '')"
        assert refused(other, again, request)[1] == "approval_needs_two_people"
        assert approve(third, request) == "approved"
        assert member(admin, login, role)


def test_a_rejected_request_gives_nothing(admin: Raw, boss: Raw, third: Raw) -> None:
    login = new_person(admin)
    request = one(boss, GRANT, login, "manager")["request"]
    assert approve(third, request, "reject") == "rejected"
    assert not member(admin, login, "manager")


def test_nobody_gives_himself_a_role_without_somebody_else(boss: Raw, third: Raw, admin: Raw) -> None:
    mine = one(third, "SELECT session_user")
    answer = one(third, GRANT, mine, "quality")
    assert "request" in answer
    assert refused(
        third, "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve', '')", answer["request"]
    ) == (
        "ER403",
        "approver_is_somebody_else",
    )
    assert approve(boss, answer["request"]) == "approved"
    assert member(admin, mine, "quality")


def test_several_roles_at_once_say_what_was_given_and_what_is_asked_for(admin: Raw, boss: Raw) -> None:
    login = f"{new_person(admin)}_n"
    answer = one(
        boss,
        "SELECT sec.user_create(%s, 'New', %s, '{viewer,manager}', p_reason => 'hired')",
        login,
        PASSWORD,
    )
    assert answer["granted"] == ["viewer"]
    assert [ask["role"] for ask in answer["requested"]] == ["manager"]
    assert not member(admin, login, "manager")


def test_roles_end_after_the_days_the_house_allows(admin: Raw, as_role: Callable[[str], Database]) -> None:
    rules = as_role("system_administrator")
    rules.write(roles.set_role_rules, roles.SetRoleRules("marketing", {"max_days": 30}))
    login = new_person(admin, "marketing")
    days = "SELECT extract(days FROM valid_to - valid_from)::int FROM sec.user_role WHERE login = %s"
    assert one(admin, days, login) == 30
    rules.write(roles.set_role_rules, roles.SetRoleRules("marketing", {"max_days": None}))


@pytest.mark.parametrize("pair", CONFLICTS, ids="-".join)
def test_two_sessions_cannot_bring_together_what_must_not_come_together(
    admin: Raw, admin_dsn: str, pair: tuple[str, str]
) -> None:
    """The first one is not committed yet when the second one is asked for."""
    login = new_person(admin)
    outcome: list[Any] = []
    started = threading.Event()

    def second() -> None:
        with psycopg.connect(admin_dsn) as connection:
            started.set()
            try:
                connection.execute(GRANT, (login, pair[1]))
                outcome.append("granted")
            except psycopg.Error as error:
                outcome.append((error.sqlstate, error.diag.constraint_name))

    with psycopg.connect(admin_dsn) as first:
        first.execute(GRANT, (login, pair[0]))
        thread = threading.Thread(target=second)
        thread.start()
        started.wait()
        waiting = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        for _ in range(2000):
            if one(admin, waiting):
                break
        first.commit()
    thread.join()
    assert outcome == [("ER422", "role_conflict")]
    assert refused(admin, GRANT, new_person(admin, pair[0]), pair[1]) == ("ER422", "role_conflict")
    assert refused(admin, GRANT, new_person(admin, pair[1]), pair[0]) == ("ER422", "role_conflict")


def test_conflicts_reach_through_inheritance_and_into_the_future(admin: Raw) -> None:
    grant = "SELECT sec.role_grant(%s, %s, statement_timestamp() + %s::interval, statement_timestamp() + %s::interval)"
    login = new_person(admin, "finance")
    # A manager is a sales manager too.
    assert refused(admin, GRANT, login, "manager") == ("ER422", "role_conflict")
    later = new_person(admin)
    admin.execute(grant, (later, "finance", "10 days", "20 days"))
    assert refused(admin, grant, later, "purchase_officer", "15 days", "30 days") == (
        "ER422",
        "role_conflict",
    )
    admin.execute(grant, (later, "purchase_officer", "20 days", "30 days"))
    longer = (
        "SELECT sec.role_period_set(id, valid_to + interval '1 day', 'x') "
        "FROM sec.user_role WHERE login = %s AND role = 'finance'"
    )
    assert refused(admin, longer, later) == ("ER422", "role_conflict")
    # One after the other in one go.
    admin.execute("SELECT sec.user_set_roles(%s, '{purchase_officer}')", (login,))
    assert member(admin, login, "purchase_officer")


def test_a_conflict_that_comes_later_is_reported_and_takes_nothing_away(
    admin: Raw, as_role: Callable[[str], Database]
) -> None:
    rules = as_role("system_administrator")
    both = new_person(admin, "quality", "marketing")
    count = rules.write(
        roles.add_conflict, roles.AddConflict("quality", "marketing", "Wer prüft, wirbt nicht.")
    ).value
    assert count == 1
    found = [row for row in rules.read(roles.violations) if row.login == both]
    assert [(row.role_a, row.role_b) for row in found] == [("marketing", "quality")]
    assert member(admin, both, "quality")
    assert refused(admin, GRANT, new_person(admin, "quality"), "marketing") == ("ER422", "role_conflict")
    # What he has may be made shorter, which is the way out.
    admin.execute(
        "SELECT sec.role_revoke(id, 'x') FROM sec.user_role WHERE login = %s AND role = 'quality'", (both,)
    )
    assert [row for row in rules.read(roles.violations) if row.login == both] == []
    for row in rules.read(roles.conflicts):
        if row.of_matrix:
            with pytest.raises(Refused):
                rules.write(roles.remove_conflict, roles.RemoveConflict(row.id))
        else:
            rules.write(roles.remove_conflict, roles.RemoveConflict(row.id))
    admin.execute(GRANT, (new_person(admin, "quality"), "marketing"))


def test_a_role_for_hours_is_asked_for_approved_extended_and_given_back(
    admin: Raw, raw_role: Connect, third: Raw, boss: Raw
) -> None:
    login = new_person(admin, "viewer")
    mine = raw_role(login, ticket=True)
    ask = "SELECT sec.elevation_request(%s, %s, 'stocktaking')"
    assert refused(mine, ask, "warehouse_manager", 9) == ("ER422", "elevation_hours")
    assert refused(mine, ask, "viewer", 1) == ("ER422", "role_held_already")
    assert refused(mine, ask, "guard", 1) == ("ER422", "role_holder")
    request = one(mine, ask, "warehouse_manager", 2)
    assert approve(third, request) == "approved"
    again = raw_role(login, ticket=True)
    assert one(again, "SELECT sec.my_profile() -> 'session' -> 'elevated'") == ["warehouse_manager"]
    again.execute(
        "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'while elevated')"
    )
    marked = "SELECT elevated FROM audit.entry WHERE login = %s AND table_name = 'system.note'"
    assert one(admin, marked, login) == ["warehouse_manager"]
    row = admin.execute(
        "SELECT id, valid_to FROM sec.user_role WHERE login = %s AND kind = 'elevation'", (login,)
    ).fetchone()
    assert row is not None
    more = one(again, "SELECT sec.elevation_extend(%s, 1, 'not done yet')", row[0])
    assert approve(boss, more) == "approved"
    until = "SELECT valid_to - %s = interval '1 hour' FROM sec.user_role WHERE id = %s"
    assert one(admin, until, row[1], row[0])
    assert refused(boss, "SELECT sec.role_period_set(%s, NULL, 'for good')", row[0]) == (
        "ER422",
        "role_needs_request",
    )
    again.execute("SELECT sec.elevation_end(%s)", (row[0],))
    assert not member(admin, login, "warehouse_manager")
    assert [kind for kind in events(admin, login) if kind.startswith("elevation")] == [
        "elevation_started",
        "elevation_extended",
        "elevation_ended",
    ]
    assert refused(again, "SELECT sec.elevation_extend(%s, 1, 'more')", row[0]) == (
        "ER404",
        "record_not_found",
    )


def test_what_conflicts_cannot_even_be_asked_for(admin: Raw, raw_role: Connect) -> None:
    mine = raw_role(new_person(admin, "finance"), ticket=True)
    assert refused(mine, "SELECT sec.role_request('purchase_officer', 'please')") == (
        "ER422",
        "role_conflict",
    )


def test_why_cannot_i_names_roles_people_and_what_to_ask_for(
    admin: Raw, raw_role: Connect, as_role: Callable[[str], Database], third: Raw
) -> None:
    mine = as_role("marketing")
    found = mine.read(rights.why, "warehouse_create_nonsense")
    assert (found.has, found.roles, found.request) == (False, (), None)
    found = mine.read(rights.why, "invoice_post")
    by_role = {role.role: role for role in found.roles}
    assert "Finance" in {holder.person for holder in by_role["finance"].holders}
    assert found.request == "finance"
    assert found.roles[0].votes == 0
    assert "Administrator" in {person.person for person in found.granters}
    assert {"Administrator", "System Administrator"} <= {person.person for person in found.approvers}
    assert (found.had, found.comes, found.open) == (None, None, ())
    request = mine.write(assignments.request_role, assignments.RequestRole("finance", "month's end")).value
    assert [(ask.id, ask.role) for ask in mine.read(rights.why, "invoice_post").open] == [
        (request, "finance")
    ]
    assert approve(third, request) == "approved"
    admin.execute("SELECT sec.user_set_roles('u_marketing', '{marketing}', NULL, 'done')")
    found = mine.read(rights.why, "invoice_post")
    assert found.had is not None
    assert (found.had.role, found.had.reason) == ("finance", "done")
    # Somebody in a conflict is not sent to ask for what he cannot get.
    buyer = raw_role(new_person(admin, "purchase_officer"), ticket=True)
    answer = one(buyer, "SELECT sec.why('invoice_post')")
    assert answer["request"] != "finance"
    assert {role["role"]: role["conflict"] for role in answer["roles"]}["finance"] == "purchase_officer"
    with pytest.raises(NotAllowed):
        mine.read(assignments.assignments)


def test_break_glass_leaves_a_trace(admin: Raw, admin_dsn: str, capsys: pytest.CaptureFixture[str]) -> None:
    login = new_person(admin, "viewer")
    command = ["db", "grant", login, "administrator", "--admin-dsn", admin_dsn, "--hours", "4"]
    assert cli.main([*command, "--reason", " "]) == 1
    assert "reason" in capsys.readouterr().err
    assert not member(admin, login, "administrator")
    assert cli.main([*command, "--reason", "nobody left"]) == 0
    assert member(admin, login, "administrator")
    assert one(admin, "SELECT detail ->> 'reason' FROM sec.alarm WHERE login = %s", login) == "nobody left"
    assert (
        cli.main(["db", "grant", "u_nobody_here", "viewer", "--admin-dsn", admin_dsn, "--reason", "x"]) == 1
    )
    assert "has no account" in capsys.readouterr().err
    detail = one(
        admin,
        "SELECT detail FROM audit.event WHERE login = %s AND kind = 'role_granted' ORDER BY id DESC LIMIT 1",
        login,
    )
    assert detail["by_superuser"] is True
    assert detail["role"] == "administrator"


def test_a_role_fits_the_kind_of_its_holder(admin: Raw) -> None:
    assert refused(admin, GRANT, new_person(admin), "terminal") == ("ER422", "role_holder")
    assert refused(admin, GRANT, new_person(admin, prefix="t_p"), "administrator") == ("ER422", "role_holder")
    assert refused(admin, GRANT, new_person(admin), new_role()) == ("ER422", "role_unknown")
