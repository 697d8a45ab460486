"""Somebody who knows the database well, has a login and means no good: what he tried, and what he must not get."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from tests.conftest import PASSWORD
from tests.db.people_world import Connect, Raw, approve, new_person, new_role, one, refused

FROZEN = "BEGIN ISOLATION LEVEL REPEATABLE READ"
ASK = "SELECT sec.role_request(%s, 'needed')"


@pytest.fixture
def boss(raw_role: Connect) -> Raw:
    return raw_role("administrator", ticket=True)


def in_one_message(connection: Raw, statements: str) -> str:
    """Several statements as one message, as psql -c sends them; the last one's one value."""
    answer = connection.pgconn.exec_(statements.encode())
    assert answer.status == psycopg.pq.ExecStatus.TUPLES_OK, answer.error_message
    return (answer.get_value(0, 0) or b"").decode()


# -- time that stands still -------------------------------------------------------------------------------------


def test_a_role_ends_within_one_message(admin: Raw, raw_role: Connect) -> None:
    """Every statement of a message has the message's time: a role must not live as long as the message."""
    mine = raw_role(login := new_person(admin, "viewer"), ticket=True)
    admin.execute(
        "INSERT INTO sec.user_role (login, role, valid_from, valid_to)"
        " VALUES (%s, 'marketing', clock_timestamp(), clock_timestamp() + interval '1 second')",
        (login,),
    )
    assert one(mine, "SELECT 'marketing' = ANY (sec.my_roles())")
    assert in_one_message(mine, "SELECT pg_sleep(1.1); SELECT 'marketing' = ANY (sec.my_roles())") == "f"


@pytest.mark.parametrize(
    "what", ["SELECT sec.session_ok()", "SELECT sec.acting() IS NOT NULL", "SELECT sec.my_roles() <> '{}'"]
)
def test_a_session_ends_within_one_message(admin: Raw, raw_role: Connect, what: str) -> None:
    mine = raw_role(login := new_person(admin, "viewer"), ticket=True)
    admin.execute(
        "UPDATE sec.session SET valid_until = clock_timestamp() + interval '1 second' WHERE login = %s",
        (login,),
    )
    assert in_one_message(mine, f"SELECT pg_sleep(1.1); {what}") == "f"


def test_an_old_snapshot_opens_nothing(admin: Raw, raw_role: Connect) -> None:
    """A REPEATABLE READ transaction sees nothing of a session's or role's end: such a one is good for a minute."""
    mine = raw_role(new_person(admin, "viewer"), ticket=True)
    shortened(admin, "1 minute", "1 second")
    try:
        mine.execute(FROZEN)
        assert one(mine, "SELECT sec.session_ok()")
        mine.execute("SELECT pg_sleep(1.1)")
        assert not one(mine, "SELECT sec.session_ok()")
        assert one(mine, "SELECT sec.my_roles()") == []
        assert refused(mine, "SELECT sec.my_details()")[0] == "ER401"
        mine.execute("ROLLBACK")
        # Where every statement has its own snapshot a long transaction stays what it was.
        mine.execute("BEGIN")
        assert one(mine, "SELECT sec.session_ok() FROM pg_sleep(1.1)")
        assert one(mine, "SELECT sec.session_ok()")
        mine.execute("ROLLBACK")
    finally:
        shortened(admin, "1 second", "1 minute")


def shortened(admin: Raw, before: str, after: str) -> None:
    """The same functions with another age."""
    for name in ("session_ok", "acting", "require_ticket"):
        body: Any = one(admin, "SELECT pg_get_functiondef(to_regproc('sec.' || %s))", name)
        assert f"interval '{before}'" in body
        admin.execute(body.replace(f"interval '{before}'", f"interval '{after}'"))


# -- votes of one's own under another name ----------------------------------------------------------------------


@pytest.mark.parametrize("how", ["password", "second_factor", "mail"])
def test_who_takes_over_an_account_does_not_vote_with_it(
    admin: Raw, boss: Raw, raw_role: Connect, role_dsn: Callable[[str], str], how: str
) -> None:
    """An administrator who resets a colleague's password could sign in as the second person and agree."""
    taken = new_person(admin, "administrator")
    friend = new_person(admin, "viewer")
    request = one(boss, "SELECT sec.role_grant(%s, 'administrator', p_reason => 'why not')", friend)[
        "request"
    ]
    phrase = PASSWORD
    match how:
        case "password":
            given, phrase = (
                one(boss, "SELECT sec.user_reset_password(%s)", taken),
                "quite another long phrase",
            )
            with psycopg.connect(role_dsn(taken), password=given, autocommit=True) as first:
                first.execute("SELECT sec.password_change(%s, %s)", (given, phrase))
        case "second_factor":
            boss.execute("SELECT sec.user_reset_second_factor(%s)", (taken,))
        case "mail":
            boss.execute('SELECT sec.user_change(%s, \'{"email": "mine@example.org"}\')', (taken,))
    with psycopg.connect(role_dsn(taken), password=phrase, autocommit=True) as puppet:
        puppet.execute("SELECT sec.session_open()")
        assert refused(
            puppet, "SELECT api.approval_decide(gen_random_uuid(), %s, 'approve', '')", request
        ) == (
            "ER403",
            "approver_is_somebody_else",
        )
        # Whose account nobody touched agrees as before, and the one that was touched to what others ask for.
        assert approve(raw_role(new_person(admin, "administrator"), ticket=True), request) == "open"
        asked = one(raw_role(new_person(admin, "viewer"), ticket=True), ASK, "administrator")
        assert approve(puppet, asked) == "open"


# -- looking without a trace ------------------------------------------------------------------------------------


def test_who_reads_the_trail_cannot_take_back_that_he_did(boss: Raw, admin: Raw) -> None:
    boss.execute("BEGIN")
    boss.execute("SELECT audit.trail_open('entries')")
    assert refused(boss, "SELECT count(*) FROM audit.trail_entries()") == ("ER422", "trail_not_opened")
    boss.execute("ROLLBACK")
    boss.execute("BEGIN")
    boss.execute("SELECT audit.trail_open('events')")
    boss.execute("SAVEPOINT here")
    assert refused(boss, "SELECT count(*) FROM audit.trail_events()") == ("ER422", "trail_not_opened")
    boss.execute("ROLLBACK")
    boss.execute("SELECT audit.trail_open('entries')")
    assert one(boss, "SELECT count(*) FROM audit.trail_entries()") > 0
    assert one(admin, "SELECT count(*) FROM audit.event WHERE kind = 'trail_read'") >= 1


# -- the same rights under another name -------------------------------------------------------------------------


def test_a_copy_excludes_what_its_original_excludes(admin: Raw, boss: Raw, raw_role: Connect) -> None:
    maker = raw_role("system_administrator", ticket=True)
    copies = new_role(), new_role()
    maker.execute("SELECT sec.role_copy('finance', %s)", (copies[0],))
    buyer = new_person(admin, "purchase_officer")
    assert refused(admin, "SELECT sec.role_grant(%s, %s)", buyer, copies[0]) == ("ER422", "role_conflict")
    maker.execute("SELECT sec.role_copy('purchase_officer', %s)", (copies[1],))
    both = new_person(admin, copies[0])
    assert refused(admin, "SELECT sec.role_grant(%s, %s)", both, copies[1]) == ("ER422", "role_conflict")


# -- plans that tell what a function holds in its hands -----------------------------------------------------------

TELL_ALL = "-c debug_print_plan=on -c client_min_messages=log"


def overheard(connection: Raw) -> list[str]:
    """What the server says beside its answers."""
    heard: list[str] = []
    connection.add_notice_handler(lambda said: heard.append(f"{said.message_primary} {said.message_detail}"))
    return heard


def test_plans_of_the_databases_own_functions_are_not_shown(admin: Raw, raw_role: Connect) -> None:
    """A plan has the values in it that the function works with: codes, secrets, verifiers, costs."""
    login = new_person(admin, "viewer")
    admin.execute(
        "INSERT INTO sec.totp (login, secret, confirmed_at) VALUES (%s, %s, now())", (login, b"s" * 20)
    )
    mine = raw_role(login, options=TELL_ALL)
    heard = overheard(mine)
    mine.execute("SELECT 1")
    assert any("CONST" in line for line in heard), "the handler hears nothing"
    heard.clear()
    assert refused(mine, "SELECT sec.session_open('{}', '000000')")[1] == "second_factor_wrong"
    # The caller's own statement is his to see; of what the functions do with it there is nothing.
    assert [line.split(":")[0] for line in heard] == ["plan"]
