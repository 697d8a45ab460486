"""Sessions end on time, by whoever may end them, and say why; a password lying in memory opens none again."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from app.core.db import ClientInfo, Database, Target
from app.core.errors import NotAllowed, Refused, SessionEnded
from app.core.listener import Listener
from app.services.security import reads
from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]
NOTES = "SELECT count(*) FROM system.company"
MINE = "WHERE login = %s AND ended_at IS NULL"


def refused(connection: Raw, statement: str, *args: Any) -> tuple[str | None, str | None]:
    """SQLSTATE and key of a refusal that must come."""
    with pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement, args)
    return refusal.value.sqlstate, refusal.value.diag.constraint_name


def one(connection: Raw, statement: str, *args: Any) -> Any:
    """The one value a statement gives."""
    row = connection.execute(statement, args).fetchone()
    assert row is not None
    return row[0]


@pytest.fixture
def person(admin: Raw) -> str:
    """A fresh viewer."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute("SELECT sec.user_create(%s, 'Some Person', %s, '{viewer}')", (login, PASSWORD))
    return login


@pytest.fixture
def client(role_dsn: Callable[[str], str]) -> Iterator[Callable[..., Database]]:
    """The program's connection of a login, open, as it says it is."""
    made: list[Database] = []

    def database(login: str, **about: Any) -> Database:
        target, password = Target.from_dsn(role_dsn(login))
        made.append(Database(target, password, client=ClientInfo(version="test", **about)))
        made[-1].open()
        return made[-1]

    yield database
    for db in made:
        db.close()


def elapse(admin: Raw, login: str, minutes: int) -> None:
    """Let the time pass for the sessions of a login, without waiting for it."""
    admin.execute(
        "UPDATE sec.session SET created = created - b.by, ends = ends - b.by, last_seen = last_seen - b.by, "
        "valid_until = valid_until - b.by FROM (SELECT %(by)s * interval '1 minute') b (by) "
        "WHERE login = %(login)s AND ended_at IS NULL",
        {"by": minutes, "login": login},
    )


@pytest.mark.parametrize(
    ("role", "idle", "minutes"),
    [("viewer", 480, 1440), ("administrator", 60, 240), ("system_administrator", 30, 240)],
)
def test_each_role_has_its_times(
    raw_role: Callable[..., Raw], admin: Raw, role: str, idle: int, minutes: int
) -> None:
    raw_role(role, ticket=True)
    found = admin.execute(
        "SELECT idle_minutes, extract(epoch FROM ends - created)::int / 60 FROM sec.session "
        "WHERE login = %s ORDER BY id DESC LIMIT 1",
        (f"u_{role}",),
    ).fetchone()
    assert found == (idle, minutes)


def test_nobody_there_ends_the_session_and_work_keeps_it(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    mine = raw_role(person, ticket=True)
    elapse(admin, person, 400)
    assert one(mine, NOTES) == 1
    left = one(mine, "SELECT (sec.session_touch() ->> 'seconds_to_idle')::int")
    assert 479 * 60 < left <= 480 * 60
    elapse(admin, person, 400)
    assert one(mine, NOTES) == 1
    elapse(admin, person, 81)
    assert one(mine, NOTES) == 0
    assert refused(mine, "SELECT sec.session_touch()") == ("ER401", "session_missing")
    assert refused(mine, "SELECT sec.session_continue()") == ("ER401", "session_idle")


def test_no_work_keeps_a_session_past_its_end(raw_role: Callable[..., Raw], admin: Raw, person: str) -> None:
    mine = raw_role(person, ticket=True)
    for _ in range(5):
        elapse(admin, person, 300)
        mine.execute("SELECT sec.session_continue()") if one(mine, NOTES) else None
        if one(mine, NOTES):
            mine.execute("SELECT sec.session_touch()")
    assert refused(mine, "SELECT sec.session_continue()") == ("ER401", "session_over")


def test_polling_is_no_work(raw_role: Callable[..., Raw], admin: Raw, person: str) -> None:
    mine = raw_role(person, ticket=True)
    seen = one(admin, "SELECT last_seen FROM sec.session " + MINE, person)
    elapse(admin, person, 5)
    mine.execute("SELECT system.changes_since(NULL)")
    mine.execute("SELECT sec.session_continue()")
    mine.execute("SELECT sec.my_profile()")
    assert one(admin, "SELECT last_seen FROM sec.session " + MINE, person) < seen


def test_an_open_connection_is_no_proof_of_who_sits_there(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    """Who finds a psql whose ticket has ended needs the password: a new ticket wants a new login."""
    mine = raw_role(person, ticket=True)
    as_it_is = one(admin, "SELECT pg_get_functiondef('sec.session_open(jsonb,text)'::regprocedure)")
    assert "interval '5 minutes'" in as_it_is
    # Five minutes are too long for a test: the same function, with none.
    admin.execute(as_it_is.replace("interval '5 minutes'", "interval '0'"))
    try:
        assert refused(mine, "SELECT sec.session_open()") == ("ER401", "sign_in_anew")
    finally:
        admin.execute(as_it_is)
    assert one(mine, "SELECT sec.session_open() IS NOT NULL") is True


def test_only_so_many_sessions_at_once_for_sensitive_roles(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{system_administrator}')", (person,))
    first, second, third = (raw_role(person, ticket=True) for _ in range(3))
    assert one(admin, "SELECT count(*) FROM sec.session " + MINE, person) == 2
    assert refused(first, "SELECT sec.session_continue()") == ("ER401", "session_ended")
    for other in (second, third):
        assert one(other, "SELECT sec.my_roles()") == ["system_administrator"]


def test_the_device_is_known_and_secrets_are_not_kept(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person, device="BUERO-04", system="Windows 11")
    row = db.read(reads.sessions)[0]
    assert (row.client["device"], row.client["system"], row.client["version"]) == (
        "BUERO-04",
        "Windows 11",
        "test",
    )
    db.open(trust="t" * 64)
    assert set(one(admin, "SELECT client FROM sec.session " + MINE, person)) == {
        "name",
        "version",
        "protocol",
        "device",
        "system",
    }


def test_one_ends_own_sessions_and_nobody_elses(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    here, there = raw_role(person, ticket=True), raw_role(person, ticket=True)
    foreign = raw_role("quality", ticket=True)
    theirs = one(foreign, "SELECT id FROM sec.session_list() WHERE current")
    assert refused(here, "SELECT sec.session_end(%s)", theirs) == ("ER404", "session_unknown")
    here.execute(
        "SELECT sec.session_end(%s)", (one(there, "SELECT id FROM sec.session_list() WHERE current"),)
    )
    assert one(there, NOTES) == 0
    assert (one(here, NOTES), one(foreign, NOTES)) == (1, 1)
    others = [raw_role(person, ticket=True) for _ in range(2)]
    here.execute("SELECT sec.session_end_others()")
    assert [one(other, NOTES) for other in others] == [0, 0]
    assert one(here, "SELECT count(*) FROM sec.session_list()") == 1
    assert (
        one(admin, "SELECT count(*) FROM audit.event WHERE kind = 'session_ended' AND login = %s", person)
        == 2
    )


def test_an_administrator_ends_a_session_and_its_person_is_told_why_at_once(
    as_role: Callable[[str], Database], client: Callable[..., Database], person: str
) -> None:
    db = client(person)
    told: list[SessionEnded] = []
    db.on_ended = told.append
    boss = as_role("system_administrator")
    with db.listen() as listener:
        number = db.profile.session
        row = next(s for s in boss.read(_all_sessions) if s["id"] == number)
        assert (row["login"], row["person"]) == (person, "Some Person")
        boss.write(_kill, (number, "Rechner wird getauscht"))
        with pytest.raises(SessionEnded):
            listener.wait(60)
    assert not db.goes_on()
    assert told[0].key == "session_ended"
    assert told[0].params == {"reason": "Rechner wird getauscht", "by": "System Administrator"}
    # From now on nothing is even tried, with a password that lies in memory least of all.
    with pytest.raises(SessionEnded) as refusal:
        db.read(reads.people)
    assert refusal.value.params["reason"] == "Rechner wird getauscht"


def _all_sessions(session: Any) -> list[Any]:
    from sqlalchemy import text

    return [row._mapping for row in session.execute(text("SELECT * FROM sec.session_list_all()"))]


def _kill(session: Any, command: tuple[int, str]) -> Any:
    from app.core.changes import NO_CHANGES, Result
    from app.core.db import call_api

    call_api(session, "sec.session_kill", p_id=command[0], p_reason=command[1])
    return Result(None, NO_CHANGES)


def test_others_may_not_look_at_sessions_or_end_them(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("finance", ticket=True)
    assert refused(mine, "SELECT * FROM sec.session_list_all()")[0] == "42501"
    assert refused(mine, "SELECT sec.session_kill(1, 'because')")[0] == "42501"


def test_a_session_past_its_end_is_not_opened_again_with_the_remembered_password(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person)
    elapse(admin, person, 481)
    opened = one(admin, "SELECT count(*) FROM sec.session WHERE login = %s", person)
    with pytest.raises(SessionEnded) as refusal:
        db.read(reads.people)
    assert refusal.value.key == "session_idle"
    for again in (lambda: db.read(reads.people), db.touch, db.resume):
        with pytest.raises(SessionEnded):
            again()
    assert one(admin, "SELECT count(*) FROM sec.session WHERE login = %s", person) == opened
    with pytest.raises(SessionEnded) as refusal:
        db.open(password="not this one")
    assert refusal.value.key == "login_failed"
    assert not db.goes_on()
    assert db.open(password=PASSWORD).login == person
    assert db.goes_on()
    assert db.read(reads.people)[person] == "Some Person"


def test_signing_in_again_early_replaces_the_session(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person)
    first = db.profile.session
    db.open(password=PASSWORD)
    assert db.profile.session != first
    assert one(admin, "SELECT end_reason FROM sec.session WHERE id = %s", first) == "replaced"
    assert one(admin, "SELECT count(*) FROM sec.session " + MINE, person) == 1


def test_a_role_that_begins_or_ends_is_followed_without_asking_anybody(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer,quality}', now() + interval '1 hour')", (person,))
    db = client(person)
    assert db.profile.roles == ("quality", "viewer")
    seen: list[tuple[str, ...]] = []
    db.on_profile = lambda profile: seen.append(profile.roles)
    number = db.profile.session
    # The hour passes, here and at the server.
    admin.execute(
        "UPDATE sec.user_role SET valid_from = now() - interval '2 hours', valid_to = now() "
        "WHERE login = %s AND role = 'quality'",
        (person,),
    )
    admin.execute("UPDATE sec.session SET valid_until = now() WHERE id = %s", (number,))
    assert db.read(reads.people)[person] == "Some Person"
    db.read(lambda session: session.connection().exec_driver_sql("SELECT sec.require_session()").all())
    assert db.goes_on()
    assert seen == [("viewer",)]
    assert db.profile.session == number


def test_rights_that_change_are_heard_of_by_people_who_may_not_see_the_trail(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person)
    seen: list[frozenset[str]] = []
    db.on_profile = lambda profile: seen.append(profile.rights)
    with db.listen() as listener:
        _drain(listener)
        admin.execute("SELECT sec.user_set_roles(%s, '{viewer,sales_rep}')", (person,))
        admin.execute("UPDATE sec.app_user SET session_epoch = session_epoch + 1 WHERE login = %s", (person,))
        listener.wait(60)
        _drain(listener)
    assert "quote_issue" in seen[-1]
    assert db.profile.can("quote_issue")


def _drain(listener: Listener) -> None:
    listener.wait(0)


def test_a_refusal_makes_the_client_look_at_its_rights_again(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person)
    admin.execute("SELECT sec.user_set_roles(%s, '{}')", (person,))
    seen: list[tuple[str, ...]] = []
    db.on_profile = lambda profile: seen.append(profile.roles)
    with pytest.raises(NotAllowed):
        db.read(lambda session: session.connection().exec_driver_sql(NOTES).all())
    assert seen == [()]


def test_critical_changes_want_a_fresh_proof(
    client: Callable[..., Database], admin: Raw, person: str
) -> None:
    db = client(person)
    admin.execute("UPDATE sec.session SET confirmed_at = now() - interval '6 minutes' " + MINE, (person,))

    def critical(session: Any) -> None:
        session.connection().exec_driver_sql("SELECT sec.require_confirmed()")

    with pytest.raises(NotAllowed) as refusal:
        db.read(critical)
    assert refusal.value.key == "confirmation_needed"
    with pytest.raises(Refused) as wrong:
        db.confirm("not this one at all")
    assert wrong.value.key == "password_wrong"
    db.confirm(PASSWORD)
    db.read(critical)


def test_guessing_the_password_at_an_open_window_ends_after_five(
    client: Callable[..., Database], person: str
) -> None:
    db = client(person)
    for _ in range(5):
        with pytest.raises(Refused) as wrong:
            db.confirm("a guess of the password")
        assert wrong.value.key == "password_wrong"
    with pytest.raises(Refused) as wrong:
        db.confirm(PASSWORD)
    assert wrong.value.key == "too_many_attempts"
    assert 1 <= wrong.value.params["n"] <= 15


def test_signing_in_is_one_statement(role_dsn: Callable[[str], str], counted: Any, person: str) -> None:
    target, password = Target.from_dsn(role_dsn(person))
    db = Database(target, password)
    with counted(db) as spent:
        db.open()
    assert (spent.statements, spent.round_trips) == (1, 1)
    db.close()
