"""Asking for a login without having one: what the published login can do, who decides, and what nobody learns."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from app.core.db import Database, Target
from app.core.embedded import dsn
from app.core.errors import NotAllowed, Refused
from app.core.scram import scram_verifier
from app.services.security import people, registration
from app.services.security.registration import REGISTER_LOGIN, REGISTER_PASSWORD
from tests.db.people_world import Connect, Raw, events, member, new_person, one, refused

SECRET = "my own long phrase"
ASK = "SELECT sec.register(%s, 'Nora Neu', %s, p_reason => 'hired')"
VERIFIER = scram_verifier(SECRET, b"0123456789abcdef")


@pytest.fixture
def opened(admin: Raw) -> Iterator[None]:
    admin.execute("DELETE FROM sec.registration")
    admin.execute("UPDATE sec.policy SET registration_open = true")
    yield
    admin.execute("UPDATE sec.policy SET registration_open = false")


def guest_dsn(admin_dsn: str, login: str = REGISTER_LOGIN, password: str = REGISTER_PASSWORD) -> str:
    target, _ = Target.from_dsn(admin_dsn)
    return dsn(target.port, target.dbname, login, password)


@pytest.fixture
def guest(admin_dsn: str, opened: None) -> Iterator[Raw]:
    with psycopg.connect(guest_dsn(admin_dsn), autocommit=True) as connection:
        yield connection


def test_the_published_login_is_there_only_while_the_house_wants_it(
    admin: Raw, admin_dsn: str, as_role: Callable[[str], Database]
) -> None:
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(guest_dsn(admin_dsn))
    boss = as_role("system_administrator")
    boss.write(registration.set_registration, registration.SetRegistration(True))
    with psycopg.connect(guest_dsn(admin_dsn), autocommit=True) as mine:
        boss.write(registration.set_registration, registration.SetRegistration(False))
        with pytest.raises(psycopg.OperationalError):
            mine.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        psycopg.connect(guest_dsn(admin_dsn))
    with pytest.raises(NotAllowed):
        as_role("administrator").write(registration.set_registration, registration.SetRegistration(True))
    assert one(admin, "SELECT rolconnlimit FROM pg_roles WHERE rolname = 's_register'") == 2


def test_the_published_login_can_do_nothing_else(admin: Raw, guest: Raw) -> None:
    functions = admin.execute(
        "SELECT p.oid::regproc::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND has_function_privilege('s_register', p.oid, 'EXECUTE') "
        "AND has_schema_privilege('s_register', n.oid, 'USAGE')"
    ).fetchall()
    assert {row[0] for row in functions} == {"sec.register", "sec.reset_request", "sec.reset_complete"}
    tables = admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE c.relkind IN ('r', 'p', 'v') AND n.nspname NOT IN ('pg_catalog', 'information_schema') "
        "AND has_any_column_privilege('s_register', c.oid, 'SELECT')"
    ).fetchall()
    assert tables == []
    for statement in (
        "SELECT sec.session_open()",
        "SELECT * FROM sec.app_user",
        "CREATE TEMP TABLE t (i int)",
        "CREATE TABLE sec.t (i int)",
        "SET ROLE erp_guest; CREATE SCHEMA x",
        "SET ROLE erp_user",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "ALTER ROLE s_register CONNECTION LIMIT 100",
    ):
        assert refused(guest, statement)[0] == "42501", statement


def test_what_a_guest_changes_of_the_login_is_put_right_by_the_next_tick(
    admin: Raw, admin_dsn: str, guest: Raw
) -> None:
    guest.execute("ALTER ROLE s_register PASSWORD 'mine alone now'")
    guest.execute("ALTER ROLE s_register SET default_transaction_read_only = on")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(guest_dsn(admin_dsn))
    admin.execute("SELECT sec.expire_roles()")
    with psycopg.connect(guest_dsn(admin_dsn), autocommit=True) as again:
        again.execute(ASK, ("u_later_one", VERIFIER))


def test_who_is_approved_signs_in_with_the_own_password_and_chooses_one_by_the_rules(
    admin: Raw, admin_dsn: str, guest: Raw, as_role: Callable[[str], Database], raw_role: Connect
) -> None:
    login = f"{new_person(admin)}_r"
    guest.execute(ASK, (login, scram_verifier(SECRET)))
    boss = as_role("administrator")
    row = next(row for row in boss.read(registration.registrations) if row.login == login)
    assert (row.person, row.reason, row.state, row.login_taken) == ("Nora Neu", "hired", "requested", False)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(guest_dsn(admin_dsn, login, SECRET))
    given = boss.write(
        registration.approve,
        registration.Approve(
            row.id, ("viewer", "manager"), details={"department": "Sales", "person": "Nora Neumann"}
        ),
    ).value
    assert given.granted == ("viewer",)
    assert [role for role, _request in given.requested] == ["manager"]
    with psycopg.connect(guest_dsn(admin_dsn, login, SECRET), autocommit=True) as mine:
        # Nobody has seen this password: a weak one would have come this way too.
        assert refused(mine, "SELECT sec.session_open()") == ("ER401", "password_must_change")
        mine.execute("SELECT sec.password_change(%s, 'six brave otters swim')", (SECRET,))
        mine.execute("SELECT sec.session_open()")
        assert one(mine, "SELECT count(*) FROM system.company") == 1
    card = boss.read(people.card, login)
    assert (card.person.person, card.person.department) == ("Nora Neumann", "Sales")
    assert events(admin, login)[:3] == ["registration_requested", "user_created", "registration_approved"]
    assert one(admin, "SELECT verifier FROM sec.registration WHERE id = %s", row.id) == ""
    with pytest.raises(Refused) as refusal:
        boss.write(registration.reject, registration.Reject(row.id, "too late"))
    assert refusal.value.key == "registration_decided"


def test_a_rejection_says_why_and_makes_nobody(
    admin: Raw, guest: Raw, as_role: Callable[[str], Database]
) -> None:
    guest.execute(ASK, ("u_unwanted", VERIFIER))
    boss = as_role("administrator")
    row = next(row for row in boss.read(registration.registrations) if row.login == "u_unwanted")
    with pytest.raises(Refused):
        boss.write(registration.reject, registration.Reject(row.id, " "))
    boss.write(registration.reject, registration.Reject(row.id, "nobody knows you"))
    assert one(admin, "SELECT count(*) FROM pg_roles WHERE rolname = 'u_unwanted'") == 0
    assert one(admin, "SELECT comment FROM sec.registration WHERE id = %s", row.id) == "nobody knows you"


def test_nobody_learns_who_is_there(admin: Raw, guest: Raw, as_role: Callable[[str], Database]) -> None:
    taken, other = "u_administrator", "u_postgres_like"
    answers = [guest.execute(ASK, (login, VERIFIER)).fetchall() for login in (other, taken, other, taken)]
    assert answers[0] == answers[1] == answers[2] == answers[3]
    rows = [
        row for row in as_role("administrator").read(registration.registrations) if row.state == "requested"
    ]
    assert {(row.login, row.login_taken) for row in rows} == {(taken, True), (other, False)}
    # Each try counts, whatever it was about: the limit tells nothing either.
    guest.execute(ASK, (taken, VERIFIER))
    assert refused(guest, ASK, taken, VERIFIER) == ("ER422", "registration_too_many")
    boss = as_role("administrator")
    row = next(row for row in rows if row.login == taken)
    with pytest.raises(Refused) as refusal:
        boss.write(registration.approve, registration.Approve(row.id, ("viewer",)))
    assert refusal.value.key == "login_taken"
    login = f"{new_person(admin)}_o"
    boss.write(registration.approve, registration.Approve(row.id, ("viewer",), login=login))
    assert member(admin, login, "viewer")


def test_a_second_try_does_not_replace_the_first_ones_password(admin: Raw, guest: Raw) -> None:
    guest.execute(ASK, ("u_first_come", VERIFIER))
    guest.execute(ASK, ("u_first_come", scram_verifier("somebody else's phrase")))
    held = admin.execute(
        "SELECT verifier FROM sec.registration WHERE login = 'u_first_come' AND state = 'requested'"
    ).fetchall()
    assert held == [(VERIFIER,)]


def test_five_an_hour_from_one_address(admin: Raw, guest: Raw) -> None:
    for number in range(5):
        guest.execute(ASK, (f"u_many_{number}", VERIFIER))
    assert refused(guest, ASK, "u_many_6", VERIFIER) == ("ER422", "registration_too_many")
    admin.execute("UPDATE sec.registration SET requested_at = requested_at - interval '61 minutes'")
    guest.execute(ASK, ("u_many_6", VERIFIER))


@pytest.mark.parametrize(
    ("login", "verifier", "key"),
    [
        ("s_service", VERIFIER, "registration_login_form"),
        ("postgres", VERIFIER, "registration_login_form"),
        ('u_"x', VERIFIER, "registration_login_form"),
        (None, VERIFIER, "registration_login_form"),
        ("u_fine", "plain words", "registration_verifier"),
        ("u_fine", "", "registration_verifier"),
        ("u_fine", None, "registration_verifier"),
        ("u_fine", VERIFIER.replace("$4096:", "$999999:"), "registration_verifier"),
        ("u_fine", VERIFIER.replace("$4096:", "$1000:"), "registration_verifier"),
        ("u_fine", VERIFIER + "'; DROP ROLE x; --", "registration_verifier"),
        ("u_fine", "md5" + "0" * 32, "registration_verifier"),
    ],
)
def test_only_what_is_well_formed_is_taken(
    guest: Raw, login: str | None, verifier: str | None, key: str
) -> None:
    assert refused(guest, ASK, login, verifier) == ("ER422", key)


def test_a_closed_house_takes_no_registrations(admin: Raw) -> None:
    assert refused(admin, ASK, "u_fine", VERIFIER) == ("ER422", "registration_closed")


@pytest.mark.parametrize(
    "password",
    [
        "Grüße aus Köln 2026",
        "пароль длинный очень",
        "ﬁve ligatures ⅷ",
        "日本語パスワード長いもの",
        "soft­hyphen inside",
    ],
)
def test_the_clients_verifier_is_what_the_server_checks(admin: Raw, admin_dsn: str, password: str) -> None:
    login = new_person(admin)
    admin.execute(f"ALTER ROLE {login} PASSWORD '{scram_verifier(password)}'")
    target, _ = Target.from_dsn(admin_dsn)
    psycopg.connect(
        host=target.host,
        port=target.port,
        dbname=target.dbname,
        user=login,
        password=password,
        sslmode="disable",
    ).close()
