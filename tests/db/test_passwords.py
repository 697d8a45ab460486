"""Passwords: held to the policy, used once where somebody else gave them, reset without telling who is there."""

import hashlib
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core.db import Database, Target
from app.core.errors import NotAllowed, Refused, SessionEnded
from app.services.security import passwords, policy
from app.services.security.registration import REGISTER_PASSWORD
from tests.conftest import PASSWORD, Cluster
from tests.db.test_second_factor import enrol
from tests.db.test_sessions import NOTES, one, refused

Raw = psycopg.Connection[Any]
CHANGE = "SELECT sec.password_change(%s, %s)"


@pytest.fixture
def person(admin: Raw) -> str:
    """A fresh viewer with a name one could put into a password."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute(
        "SELECT sec.user_create(%s, 'Annegret Müller-Kessler', %s, '{viewer}', p_email => 'a@example.com')",
        (login, PASSWORD),
    )
    return login


def address(role_dsn: Callable[[str], str], login: str, password: str) -> str:
    return role_dsn(login).replace(PASSWORD.replace(" ", "%20"), password.replace(" ", "%20"))


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("too short", "password_length"),
        ("my name is annegret", "password_contains_name"),
        ("Kessler forever 99", "password_contains_name"),
        ("the Werkbank of ours", "password_contains_name"),
        ("Password1234!", "password_common"),
        ("P@ssw0rd12345", "password_common"),
        ("Sommer2026!!!", "password_common"),
        ("passwortpasswort", "password_common"),
        ("qwertzuiop123", "password_common"),
        ("1qay2wsx3edc", "password_common"),
        ("abcabcabcabc", "password_common"),
        ("24.12.1987 0815", "password_common"),
        ("aaaaaaaabbbbbbbb", "password_common"),
        (PASSWORD, "password_unchanged"),
    ],
)
def test_what_everybody_would_guess_is_no_password(
    raw_role: Callable[..., Raw], person: str, password: str, key: str
) -> None:
    assert refused(raw_role(person), CHANGE, PASSWORD, password) == ("ER422", key)


@pytest.mark.parametrize("password", ["four words on a wall", "Grüße aus dem Tal 77", "xK9#mQ2$vL7!pR4"])
def test_what_nobody_guesses_is_one(raw_role: Callable[..., Raw], person: str, password: str) -> None:
    raw_role(person).execute(CHANGE, (PASSWORD, password))


def test_old_passwords_do_not_come_back(
    raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    admin.execute("UPDATE sec.policy SET password_history = 3")
    try:
        mine = raw_role(person)
        before = PASSWORD
        for number in range(3):
            after = f"a phrase, number {number}"
            mine.execute(CHANGE, (before, after))
            before = after
        assert refused(mine, CHANGE, before, "a phrase, number 0") == ("ER422", "password_used_before")
        mine.execute(CHANGE, (before, PASSWORD))  # the fourth last one may
        assert one(admin, "SELECT count(*) FROM sec.password_history WHERE login = %s", person) == 3
    finally:
        admin.execute("UPDATE sec.policy SET password_history = 10")


def test_the_house_decides_how_long_and_until_when(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("UPDATE sec.policy SET password_length = 16, password_days = 90")
    try:
        mine = raw_role(person)
        assert refused(mine, CHANGE, PASSWORD, "fifteen letters") == ("ER422", "password_length")
        mine.execute(CHANGE, (PASSWORD, "sixteen letters!"))
        mine.execute("SELECT sec.session_open()")
        assert one(mine, "SELECT (sec.my_profile() ->> 'password_days')::int") in (89, 90)
        left = "SELECT extract(day FROM rolvaliduntil - now())::int FROM pg_authid WHERE rolname = %s"
        assert one(admin, left, person) in (119, 120)  # a month more, for changing it
    finally:
        admin.execute("UPDATE sec.policy SET password_length = 12, password_days = NULL")
    admin.execute("UPDATE sec.app_user SET password_ends = now() WHERE login = %s", (person,))
    assert refused(mine, "SELECT sec.session_open()") == ("ER401", "password_must_change")
    mine.execute(CHANGE, ("sixteen letters!", "and a new one now"))
    mine.execute("SELECT sec.session_open()")
    assert one(admin, "SELECT rolvaliduntil = 'infinity' FROM pg_authid WHERE rolname = %s", person) is True


def test_nobody_prolongs_a_password_past_the_program(raw_role: Callable[..., Raw], person: str) -> None:
    mine = raw_role(person)
    assert refused(mine, f"ALTER ROLE {person} VALID UNTIL 'infinity'")[0] == "42501"


def test_a_weak_verifier_made_elsewhere_opens_nothing(
    raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    weak = one(admin, "SELECT sec.scram_verifier('x', '\\x00'::bytea, 4096)")
    mine = raw_role(person, ticket=True)
    mine.execute(f"ALTER ROLE {person} PASSWORD '{weak}'")
    with psycopg.connect(address(role_dsn, person, "x"), autocommit=True) as other:
        assert refused(other, "SELECT sec.session_open()") == ("ER401", "password_must_change")
        assert one(other, NOTES) == 0
        assert refused(other, CHANGE, "x", "y") == ("ER422", "password_length")


def test_a_password_somebody_else_gave_is_good_for_changing_it_within_a_day(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    boss = as_role("administrator")
    once = boss.write(passwords.reset_for, passwords.ResetFor(person)).value
    assert len(once) == 24
    hours = "SELECT extract(epoch FROM rolvaliduntil - now()) / 3600 FROM pg_authid WHERE rolname = %s"
    assert 23.9 < one(admin, hours, person) <= 24
    target, _ = Target.from_dsn(role_dsn(person))
    db = Database(target, once)
    with pytest.raises(SessionEnded) as refusal:
        db.open()
    assert refusal.value.key == "password_must_change"
    assert db.change_password(once, "one of my own making").login == person
    db.close()
    with pytest.raises(SessionEnded) as refusal:
        Database(target, once).open()
    assert refusal.value.key == "login_failed"
    event = "SELECT by_login FROM audit.event WHERE kind = 'password_reset' AND login = %s"
    assert one(admin, event, person) == "u_administrator"


def test_a_password_nobody_changed_in_time_is_none_any_more(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    once = as_role("administrator").write(passwords.reset_for, passwords.ResetFor(person)).value
    admin.execute(f"ALTER ROLE {person} VALID UNTIL '2020-01-01'")  # the day is over
    target, _ = Target.from_dsn(role_dsn(person))
    with pytest.raises(SessionEnded) as refusal:
        Database(target, once).open()
    assert refusal.value.key == "login_failed"


def test_changing_it_ends_the_other_sessions_and_not_this_one(
    raw_role: Callable[..., Raw], person: str
) -> None:
    here, there = raw_role(person, ticket=True), raw_role(person, ticket=True)
    here.execute(CHANGE, (PASSWORD, "because somebody saw it"))
    assert (one(here, NOTES), one(there, NOTES)) == (1, 0)
    assert refused(there, "SELECT sec.session_continue()")[1] == "session_ended"


def test_the_old_password_cannot_be_guessed_at_an_open_connection(
    raw_role: Callable[..., Raw], person: str
) -> None:
    mine = raw_role(person, ticket=True)
    keys = []
    for guess in range(6):
        mine.execute("BEGIN")
        keys.append(refused(mine, CHANGE, f"guess {guess}", "something new and long")[1])
        mine.execute("ROLLBACK")
    assert keys == ["password_wrong"] * 5 + ["too_many_attempts"]
    assert refused(mine, CHANGE, PASSWORD, "something new and long")[1] == "too_many_attempts"


def test_rules_are_changed_within_bounds_by_who_answers_for_them(
    as_role: Callable[[str], Database], admin: Raw
) -> None:
    boss = as_role("system_administrator")
    with pytest.raises(NotAllowed):
        as_role("administrator").write(policy.set_policy, policy.SetPolicy({"password_length": 8}))
    boss.write(policy.set_policy, policy.SetPolicy({"password_length": 14, "password_days": 90}))
    found = boss.read(policy.policy)
    assert (found["password_length"], found["password_days"]) == (14, 90)
    for wrong in (
        {"password_length": 3},
        {"password_length": None},
        {"id": 2},
        {"reset_by_mail": 1},
        {"x'; --": 1},
    ):
        with pytest.raises(Refused):
            boss.write(policy.set_policy, policy.SetPolicy({"confirm_minutes": 7, **wrong}))
    assert boss.read(policy.policy)["confirm_minutes"] == 5
    event = "SELECT detail FROM audit.event WHERE kind = 'policy_changed' ORDER BY id DESC LIMIT 1"
    assert one(admin, event) == {"password_length": [12, 14], "password_days": [None, 90]}
    boss.write(policy.set_policy, policy.SetPolicy({"password_length": 12, "password_days": None}))
    admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = 'u_system_administrator'")
    with pytest.raises(NotAllowed) as refusal:
        boss.write(policy.set_policy, policy.SetPolicy({"password_length": 12}))
    assert refusal.value.key == "confirmation_needed"


def test_forgotten_passwords_are_reset_through_the_login_for_guests_where_the_house_wants_it(
    as_role: Callable[[str], Database], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    target, _ = Target.from_dsn(role_dsn("s_register"))
    guest = Database(target, REGISTER_PASSWORD)
    with pytest.raises(SessionEnded):
        guest.write(passwords.request_reset, passwords.RequestReset(person))
    boss = as_role("system_administrator")
    boss.write(policy.set_policy, policy.SetPolicy({"reset_by_mail": True}))
    guest.write(passwords.request_reset, passwords.RequestReset(person))
    code = code_for(admin, person)
    guest.write(passwords.complete_reset, passwords.CompleteReset(person, code, "a phrase for the reset"))
    guest.close()
    again = Database(Target.from_dsn(role_dsn(person))[0], "a phrase for the reset")
    assert again.open().login == person
    again.close()
    boss.write(policy.set_policy, policy.SetPolicy({"reset_by_mail": False}))


# -- forgotten: only erp_guest may ask, which is nobody but the login for guests --------------------------------------


@pytest.fixture
def asking(admin: Raw, role_dsn: Callable[[str], str]) -> Any:
    """A connection that may do what guests may, and no more."""
    name = f"s_guest_{uuid.uuid4().hex[:8]}"
    admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    admin.execute(f"GRANT erp_guest TO {name}")
    with psycopg.connect(role_dsn(name), autocommit=True) as connection:
        yield connection
    admin.execute(f"DROP ROLE {name}")


def code_for(admin: Raw, login: str) -> str:
    """What the guard mails: made there, only its hash is told to the database."""
    code = f"TEST{uuid.uuid4().hex[:8].upper()}"
    admin.execute(
        "UPDATE sec.password_reset SET code_hash = %s WHERE login = %s AND used_at IS NULL",
        (hashlib.sha256(code.encode()).digest(), login),
    )
    return "-".join(code[at : at + 4] for at in (0, 4, 8))


COMPLETE = "SELECT sec.reset_complete(%s, %s, %s)"


def test_a_code_sent_by_mail_sets_a_new_password_once(
    asking: Raw, raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    mine = raw_role(person, ticket=True)
    asking.execute("SELECT sec.reset_request(%s)", (person,))
    code = code_for(admin, person)
    assert refused(asking, COMPLETE, person, "WRONG", "a phrase for the reset") == (
        "ER422",
        "reset_code_wrong",
    )
    assert refused(asking, COMPLETE, person, code, "Password1234") == ("ER422", "password_common")
    asking.execute(COMPLETE, (person, code.lower(), "a phrase for the reset"))
    assert one(mine, NOTES) == 0
    assert refused(asking, COMPLETE, person, code, "another phrase again")[1] == "reset_code_wrong"
    with psycopg.connect(address(role_dsn, person, "a phrase for the reset"), autocommit=True) as again:
        again.execute("SELECT sec.session_open()")
        assert one(again, NOTES) == 1


def test_asking_for_a_code_tells_nobody_who_is_there(asking: Raw, admin: Raw, person: str) -> None:
    answers = [
        one(asking, "SELECT sec.reset_request(%s)::text", login)
        for login in (person, "u_nobody_at_all", "postgres", "s_guard", "")
    ]
    assert len(set(answers)) == 1
    for login in (person, "u_nobody_at_all", "postgres"):
        assert refused(asking, COMPLETE, login, "ABCD", "a phrase for nobody") == (
            "ER422",
            "reset_code_wrong",
        )
    assert refused(asking, "SELECT * FROM sec.app_user")[0] == "42501"
    assert refused(asking, "SELECT sec.session_open()")[0] == "42501"
    for _ in range(5):
        asking.execute("SELECT sec.reset_request(%s)", (person,))
    assert one(admin, "SELECT count(*) FROM sec.password_reset WHERE login = %s", person) == 3


def test_the_code_of_the_mail_cannot_be_guessed(asking: Raw, admin: Raw, person: str) -> None:
    asking.execute("SELECT sec.reset_request(%s)", (person,))
    code = code_for(admin, person)
    for _ in range(5):
        asking.execute("BEGIN")
        assert (
            refused(asking, COMPLETE, person, "ABCDEFGH", "a phrase for the reset")[1] == "reset_code_wrong"
        )
        asking.execute("ROLLBACK")
    assert refused(asking, COMPLETE, person, code, "a phrase for the reset")[1] == "too_many_attempts"


def test_a_reset_leaves_the_second_factor_standing(
    asking: Raw, raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    enrol(admin, raw_role(person, ticket=True), person)
    asking.execute("SELECT sec.reset_request(%s)", (person,))
    asking.execute(COMPLETE, (person, code_for(admin, person), "a phrase for the reset"))
    with psycopg.connect(address(role_dsn, person, "a phrase for the reset"), autocommit=True) as again:
        assert refused(again, "SELECT sec.session_open()")[1] == "second_factor_needed"


def test_no_secret_reaches_log_activity_or_trail(
    role_dsn: Callable[[str], str], admin: Raw, cluster: Cluster, person: str
) -> None:
    """Password, code, recovery code and token of a device: nowhere in clear, whatever the server logs."""
    admin.execute(f"ALTER ROLE {person} SET log_statement = 'all'")
    admin.execute(f"ALTER ROLE {person} SET log_min_duration_statement = 0")
    admin.execute(f"ALTER ROLE {person} SET log_min_messages = 'info'")
    target, password = Target.from_dsn(role_dsn(person))
    new = f"canary phrase {uuid.uuid4().hex}"
    db = Database(target, password)
    db.open()
    db.change_password(password, new)
    from app.services.security import second_factor

    with psycopg.connect(address(role_dsn, person, new), autocommit=True) as raw:
        raw.execute("SELECT sec.session_open()")
        phone = enrol(admin, raw, person)
        token = raw.execute("SELECT sec.trusted_device_add('BUERO')").fetchone()
    assert token is not None
    secrets = [new, *phone.paper, token[0]]
    other = Database(target, new)
    other.open(phone.unused())
    with pytest.raises(Refused):
        other.confirm(new, phone.paper[0] + "x")
    other.confirm(new, phone.paper[0])
    offer = other.write(second_factor.begin, second_factor.Begin()).value
    secrets += [offer.secret, offer.uri]
    activity = str(admin.execute("SELECT query FROM pg_stat_activity").fetchall())
    trail = str(admin.execute("SELECT old, new FROM audit.entry").fetchall())
    trail += str(admin.execute("SELECT detail FROM audit.event").fetchall())
    for handle in (db, other):
        handle.close()
    logged = "".join(
        file.read_text("utf-8", "replace") for file in Path(cluster.instance.log).iterdir() if file.is_file()
    )
    assert "session_confirm" in logged
    assert "trusted_device_add" in logged
    for secret in secrets:
        assert secret not in logged
        assert secret not in activity
        assert secret not in trail
