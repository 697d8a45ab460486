"""People come, change, stay away and leave; what colleagues see of them; what has to be done when they come and go."""

import datetime as dt
from collections.abc import Callable

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Conflict, NotAllowed, Refused
from app.services.security import people
from migrations import drift
from tests.conftest import PASSWORD
from tests.db.people_world import Connect, Raw, events, member, new_person, one, refused

COMPANY = "SELECT count(*) FROM system.company"
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def status(admin: Raw, login: str) -> str:
    return str(one(admin, "SELECT status FROM sec.app_user WHERE login = %s", login))


def test_who_leaves_is_out_at_once_and_the_login_is_nobodys_any_more(
    raw_role: Connect, admin: Raw, as_role: Callable[[str], Database]
) -> None:
    boss = as_role("administrator")
    login = new_person(admin, "viewer", "quality")
    admin.execute(
        "SELECT sec.role_grant(%s, 'marketing', statement_timestamp() + interval '3 days')", (login,)
    )
    open_ones = [raw_role(login, ticket=True) for _ in range(3)]
    done = boss.write(people.leave_user, people.LeaveUser(login, "own wish", dt.date(2026, 12, 31))).value
    assert done["roles"] == 3
    for connection in open_ones:
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        raw_role(login)
    assert not member(admin, login, "viewer")
    assert not one(admin, "SELECT sec.is_member('erp_user', %s)", login)
    person = boss.read(people.card, login)
    assert (person.person.status, person.person.left_on, person.person.status_reason) == (
        "left",
        dt.date(2026, 12, 31),
        "own wish",
    )
    assert {(a.state, a.ended_by, a.end_reason) for a in person.assignments} == {
        ("over", "u_administrator", "left"),
        ("withdrawn", "u_administrator", "left"),
    }
    assert "user_left" in events(admin, login)
    # Nobody becomes that login: not by a new person, a change of name, a way back, nor by the server's own hand.
    create = "SELECT sec.user_create(%s, 'Twin', %s, '{}')"
    mine = raw_role("administrator", ticket=True)
    for connection in (mine, admin):
        assert refused(connection, create, login, PASSWORD) == ("ER422", "login_taken")
        assert refused(connection, "SELECT sec.user_activate(%s)", login) == ("ER422", "user_not_waiting")
        assert refused(connection, "SELECT sec.user_unlock(%s)", login) == ("ER422", "user_not_locked")
        assert refused(connection, 'SELECT sec.user_change(%s, \'{"person": "Twin"}\')', login) == (
            "ER422",
            "account_left",
        )
        assert refused(connection, "SELECT sec.role_grant(%s, 'viewer')", login) == ("ER422", "account_left")
    assert refused(admin, "UPDATE sec.app_user SET status = 'active' WHERE login = %s", login) == (
        "ER422",
        "status_transition",
    )
    assert refused(admin, "DELETE FROM sec.app_user WHERE login = %s", login) == ("ER422", "login_is_kept")
    assert refused(admin, "UPDATE sec.app_user SET login = 'u_other' WHERE login = %s", login) == (
        "ER422",
        "login_is_kept",
    )


def test_a_role_of_the_server_that_was_made_anew_is_not_the_person_who_left(
    raw_role: Connect, admin: Raw
) -> None:
    login = new_person(admin, "viewer")
    admin.execute("SELECT sec.user_leave(%s, NULL, 'gone')", (login,))
    admin.execute(f"DROP ROLE {login}")
    entrance = one(admin, "SELECT sec.entrance()")
    admin.execute(f"CREATE ROLE {login} LOGIN PASSWORD '{PASSWORD}' IN ROLE erp_user, {entrance}, r_viewer")
    twin = raw_role(login)
    assert refused(twin, "SELECT sec.session_open()") == ("ER401", "account_left")
    assert one(twin, COMPANY) == 0
    # What was given past the program, a check of the site reports.
    found = {what for lint, what in drift.run_queries(admin, "lints") if lint == "role_too_strong"}
    assert found == {f"{login} member of r_viewer"}
    admin.execute(f"REVOKE r_viewer FROM {login}")


def test_an_administrator_takes_over_no_login_the_server_has_already(raw_role: Connect, admin: Raw) -> None:
    admin.execute("DROP ROLE IF EXISTS u_stranger")
    admin.execute("CREATE ROLE u_stranger LOGIN PASSWORD 'theirs'")
    create = "SELECT sec.user_create('u_stranger', 'Stranger', %s, '{}')"
    try:
        mine = raw_role("administrator", ticket=True)
        assert refused(mine, create, PASSWORD) == ("ER422", "login_taken")
        admin.execute("GRANT pg_read_all_data TO u_stranger")
        assert refused(admin, create, PASSWORD) == ("ER422", "login_taken")
    finally:
        admin.execute("DROP ROLE u_stranger")


def test_people_who_report_to_the_leaver_are_passed_on(admin: Raw) -> None:
    top, boss = new_person(admin, "viewer"), None
    boss = new_person(admin, "viewer", supervisor=top)
    one_, two = (new_person(admin, "viewer", supervisor=boss) for _ in range(2))
    leave = "SELECT sec.user_leave(%s, NULL, 'gone', %s)"
    assert refused(admin, leave, boss, None) == ("ER422", "supervisor_has_people")
    assert refused(admin, leave, boss, boss) == ("ER422", "app_user_own_supervisor")
    assert refused(admin, leave, boss, "u_nobody") == ("ER422", "supervisor_unknown")
    admin.execute(leave, (boss, one_))
    above = "SELECT supervisor FROM sec.app_user WHERE login = %s"
    assert one(admin, above, one_) == top
    assert one(admin, above, two) == one_


def test_nobody_reports_to_himself_over_corners(admin: Raw) -> None:
    top = new_person(admin)
    middle = new_person(admin, supervisor=top)
    low = new_person(admin, supervisor=middle)
    change = "SELECT sec.user_change(%s, jsonb_build_object('supervisor', %s::text))"
    assert refused(admin, change, top, low) == ("ER422", "supervisor_circle")
    assert refused(admin, change, top, "s_guard") == ("ER422", "supervisor_unknown")
    admin.execute(change, (low, None))
    assert one(admin, "SELECT supervisor FROM sec.app_user WHERE login = %s", low) is None


def test_suspended_people_keep_their_roles_and_come_back(raw_role: Connect, admin: Raw) -> None:
    login = new_person(admin, "viewer")
    boss = raw_role("administrator", ticket=True)
    inside = raw_role(login, ticket=True)
    assert refused(boss, "SELECT sec.user_suspend(%s, ' ')", login) == ("ER422", "reason_required")
    boss.execute("SELECT sec.user_suspend(%s, 'on leave')", (login,))
    with pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        raw_role(login)
    assert not member(admin, login, "viewer")
    assert refused(boss, "SELECT sec.user_unlock(%s)", login) == ("ER422", "user_not_locked")
    assert refused(boss, "SELECT sec.user_lock(%s)", login) == ("ER422", "status_transition")
    boss.execute("SELECT sec.user_activate(%s, 'back')", (login,))
    assert one(raw_role(login, ticket=True), COMPANY) == 1
    assert events(admin, login)[-3:] == ["user_suspended", "user_activated", "session_opened"]


def test_pending_people_wait(raw_role: Connect, admin: Raw) -> None:
    login = f"{new_person(admin)}_w"
    admin.execute("SELECT sec.user_create(%s, 'Later', %s, '{viewer}', p_pending => true)", (login, PASSWORD))
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        raw_role(login)
    admin.execute("SELECT sec.user_activate(%s)", (login,))
    assert one(raw_role(login, ticket=True), COMPANY) == 1


def test_nobody_locks_suspends_or_removes_himself(raw_role: Connect) -> None:
    mine = raw_role("administrator", ticket=True)
    for call in (
        "user_lock(%s)",
        "user_suspend(%s, 'x')",
        "user_leave(%s, NULL, 'x')",
        "user_reset_password(%s)",
    ):
        assert refused(mine, f"SELECT sec.{call}", "u_administrator") == ("ER422", "not_oneself")
    assert refused(mine, "SELECT sec.user_set_roles('u_administrator', '{viewer}')") == (
        "ER422",
        "not_oneself",
    )


def test_details_are_changed_by_name_and_only_known_ones(
    admin: Raw, as_role: Callable[[str], Database]
) -> None:
    login = new_person(admin, department="Sales")
    boss = as_role("administrator")
    boss.write(
        people.change_user,
        people.ChangeUser(login, {"position": "Head", "site": "Rothenburg", "email": " a@b.example "}),
    )
    person = boss.read(people.card, login).person
    assert (person.department, person.position, person.site, person.email) == (
        "Sales",
        "Head",
        "Rothenburg",
        "a@b.example",
    )
    for wrong, key in (
        ({"login": "u_x"}, "field_unknown"),
        ({"status": "left"}, "field_unknown"),
        ({"person": "x" * 201}, "value_too_long"),
        ({"phone": "1\n2"}, "text_control_character"),
    ):
        with pytest.raises(Refused) as refusal:
            boss.write(people.change_user, people.ChangeUser(login, wrong))
        assert refusal.value.key == key
    with pytest.raises(NotAllowed):
        as_role("viewer").write(people.change_user, people.ChangeUser(login, {"person": "X"}))


def test_what_somebody_else_changed_meanwhile_is_not_written_over(
    admin: Raw, as_role: Callable[[str], Database]
) -> None:
    login = new_person(admin, department="Sales")
    boss = as_role("administrator")
    boss.write(
        people.change_user, people.ChangeUser(login, {"department": "Foundry"}, {"department": "Sales"})
    )
    late = people.ChangeUser(
        login, {"department": "Shop", "site": "Hall 2"}, {"department": "Sales", "site": ""}
    )
    with pytest.raises(Conflict):
        boss.write(people.change_user, late)
    boss.write(people.change_user, people.ChangeUser(login, {"site": "Hall 2"}, {"site": ""}))
    person = boss.read(people.card, login).person
    assert (person.department, person.site) == ("Foundry", "Hall 2")


def test_where_reset_codes_go_is_changed_by_somebody_who_has_just_proved_who_it_is(
    admin: Raw, raw_role: Connect
) -> None:
    login = new_person(admin)
    boss = raw_role(new_person(admin, "administrator"), ticket=True)
    admin.execute(
        "UPDATE sec.session SET confirmed_at = now() - interval '1 hour' WHERE login = %s",
        (one(boss, "SELECT session_user"),),
    )
    change = "SELECT sec.user_change(%s, %s::jsonb)"
    assert refused(boss, change, login, '{"email": "me@x.example"}') == ("ER403", "confirmation_needed")
    boss.execute(change, (login, '{"phone": "1"}'))


def test_everybody_changes_the_own_data_and_nothing_else(
    raw_role: Connect, as_role: Callable[[str], Database]
) -> None:
    mine = as_role("marketing")
    mine.write(
        people.set_my_details,
        people.SetMyDetails(phone="4711", language="en", show_phone=False, photo=PNG, guided=True),
    )
    found = mine.read(people.my_details)
    assert (found.phone, found.language, found.show_phone, found.show_email, found.has_photo) == (
        "4711",
        "en",
        False,
        True,
        True,
    )
    mine.write(people.set_my_details, people.SetMyDetails(remove_photo=True))
    assert not mine.read(people.my_details).has_photo
    raw = raw_role("marketing", ticket=True)
    assert refused(raw, "SELECT sec.my_details_set(p_photo => %s)", b"GIF89a" + b"0" * 10) == (
        "ER422",
        "user_photo_format",
    )
    assert refused(raw, "SELECT sec.my_details_set(p_photo => %s)", PNG + b"0" * 204_800) == (
        "ER422",
        "user_photo_size",
    )
    assert refused(raw_role("marketing"), "SELECT sec.my_details_set(p_phone => '1')")[0] == "ER401"


def test_the_directory_shows_what_each_one_allows(admin: Raw, as_role: Callable[[str], Database]) -> None:
    login = new_person(
        admin, "viewer", phone="0123", email="p@x.example", department="Lab", position="Chemist"
    )
    admin.execute("SELECT sec.user_set_photo(%s, %s)", (login, PNG))
    colleague, boss = as_role("finance"), as_role("administrator")

    def seen(db: Database) -> people.Colleague:
        return next(row for row in db.read(people.directory) if row.login == login)

    assert (seen(colleague).phone, seen(colleague).email, seen(colleague).has_photo) == (
        "0123",
        "p@x.example",
        True,
    )
    admin.execute(
        "UPDATE sec.app_user SET show_phone = false, show_email = false, show_photo = false WHERE login = %s",
        (login,),
    )
    hidden = seen(colleague)
    assert (hidden.phone, hidden.email, hidden.has_photo) == (None, None, False)
    assert (hidden.person, hidden.department, hidden.position) == ("Some Person", "Lab", "Chemist")
    assert colleague.read(people.photo, login) is None
    assert seen(boss).phone == "0123"
    assert boss.read(people.photo, login) == PNG
    admin.execute("SELECT sec.user_leave(%s, NULL, 'gone')", (login,))
    assert login not in {row.login for row in colleague.read(people.directory)}


def test_lists_of_coming_and_going_are_copied_for_each_person(
    admin: Raw, as_role: Callable[[str], Database]
) -> None:
    boss = as_role("administrator")
    for point in (
        people.SetChecklistItem("onboarding", "Ausweis", "Badge", sort=1),
        people.SetChecklistItem("onboarding", "Stapler", "Forklift", role="warehouse_clerk"),
        people.SetChecklistItem("offboarding", "Schlüssel", "Keys"),
    ):
        boss.write(people.set_checklist_item, point)
    clerk, viewer = new_person(admin, "warehouse_clerk"), new_person(admin, "viewer")

    def texts(login: str, kind: str = "onboarding") -> list[str]:
        return [task.text_en for task in boss.read(people.tasks, login) if task.kind == kind]

    assert "Forklift" in texts(clerk)
    assert "Badge" in texts(viewer)
    assert "Forklift" not in texts(viewer)
    badge = next(task for task in boss.read(people.tasks, viewer) if task.text_en == "Badge")
    boss.write(people.tick_task, people.TickTask(badge.id))
    again = next(task for task in boss.read(people.tasks, viewer) if task.id == badge.id)
    assert again.done_by == "u_administrator"
    assert badge.id not in {task.id for task in boss.read(people.tasks)}
    # The list changes for those to come; who is on the way keeps the one he has.
    item = next(item for item in boss.read(people.checklist) if item.text_en == "Badge")
    boss.write(
        people.set_checklist_item,
        people.SetChecklistItem("onboarding", "Ausweis", "Card", id=item.id),
    )
    assert "Badge" in texts(viewer)
    boss.write(people.add_task, people.AddTask(viewer, "onboarding", "Coffee cup"))
    assert "Coffee cup" in texts(viewer)
    boss.write(people.leave_user, people.LeaveUser(viewer, "gone"))
    assert "Keys" in texts(viewer, "offboarding")
