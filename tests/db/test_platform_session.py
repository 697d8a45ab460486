"""Session tickets, roles that end, locked people, passwords: who gets in, and for how long."""

import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from app.core.db import ClientInfo, Database, Target
from app.core.errors import NotAllowed, Refused, SessionEnded
from app.services.security import assignments, people, reads
from tests.conftest import PASSWORD, Cluster

Raw = psycopg.Connection[Any]
NOTES = "SELECT count(*) FROM system.company"


def refused(connection: Raw, statement: str, *args: Any) -> tuple[str | None, str | None]:
    """SQLSTATE and key of a refusal that must come."""
    with pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement, args)
    return refusal.value.sqlstate, refusal.value.diag.constraint_name


@pytest.fixture
def person(admin: Raw) -> str:
    """A fresh login without any role."""
    login = f"u_p{uuid.uuid4().hex[:12]}"
    admin.execute("SELECT sec.user_create(%s, 'Some Person', %s, '{}')", (login, PASSWORD))
    return login


def test_the_profile_comes_with_the_session(as_role: Callable[[str], Database]) -> None:
    profile = as_role("sales_rep").profile
    assert profile.login == "u_sales_rep"
    assert profile.roles == ("sales_rep",)
    assert profile.limit("discount_pct") == Decimal(12)
    assert profile.can("system.note:insert")
    assert not profile.can("user_create")


def test_a_ticket_belongs_to_its_login(raw_role: Callable[..., Raw]) -> None:
    ticket = raw_role("administrator").execute("SELECT sec.session_open()").fetchone()
    assert ticket is not None
    thief = raw_role("viewer", options=f"-c erp.ticket={ticket[0]}")
    assert thief.execute(NOTES).fetchone() == (0,)
    assert refused(thief, "SELECT sec.my_profile()") == ("ER401", "session_missing")
    assert raw_role("administrator", options=f"-c erp.ticket={ticket[0]}").execute(NOTES).fetchone() == (1,)


def test_a_ticket_belongs_to_its_address(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("quality", ticket=True)
    admin.execute("UPDATE sec.session SET address = '10.1.2.3' WHERE login = 'u_quality'")
    assert mine.execute(NOTES).fetchone() == (0,)


def test_a_ticket_ends_in_the_middle_of_a_transaction(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("marketing", ticket=True)
    with mine.transaction():
        assert mine.execute(NOTES).fetchone() == (1,)
        admin.execute("UPDATE sec.session SET valid_until = now() WHERE login = 'u_marketing'")
        assert mine.execute(NOTES).fetchone() == (0,)


def test_closing_the_session_ends_all_its_connections(raw_role: Callable[..., Raw]) -> None:
    mine = raw_role("finance")
    ticket = mine.execute("SELECT sec.session_open()").fetchone()
    assert ticket is not None
    other = raw_role("finance", options=f"-c erp.ticket={ticket[0]}")
    mine.execute("SELECT sec.session_close()")
    assert other.execute(NOTES).fetchone() == (0,)


def test_a_role_that_ends_is_gone_inside_an_open_transaction(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    soon = "SELECT sec.user_set_roles(%s, '{administrator}', clock_timestamp() + interval '1 hour')"
    admin.execute(soon, (person,))
    mine = raw_role(person, ticket=True)
    with mine.transaction():
        assert mine.execute("SELECT count(*) > 0 FROM sec.user_list()").fetchone() == (True,)
        # The hour passes.
        admin.execute(
            "UPDATE sec.user_role SET valid_from = now() - interval '2 hours', valid_to = now() WHERE login = %s",
            (person,),
        )
        with pytest.raises(psycopg.Error) as refusal, mine.transaction():
            mine.execute("SELECT * FROM sec.user_list()")
        assert (refusal.value.sqlstate, refusal.value.diag.constraint_name) == ("ER403", "user_list")
    # The next session takes the membership back, and with it every table right.
    mine.execute("SELECT sec.session_open()")
    assert refused(mine, NOTES)[0] == "42501"


def test_a_ticket_never_outlives_a_role(raw_role: Callable[..., Raw], admin: Raw, person: str) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer}', now() + interval '1 hour')", (person,))
    raw_role(person, ticket=True)
    row = admin.execute(
        "SELECT s.valid_until = u.valid_to FROM sec.session s JOIN sec.user_role u USING (login) WHERE login = %s",
        (person,),
    ).fetchone()
    assert row == (True,)


def test_roles_taken_away_stop_at_the_next_statement(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer}')", (person,))
    mine = raw_role(person, ticket=True)
    assert mine.execute(NOTES).fetchone() == (1,)
    admin.execute("SELECT sec.user_set_roles(%s, '{}')", (person,))
    assert refused(mine, NOTES)[0] == "42501"


def test_locking_ends_every_connection_and_login(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer}')", (person,))
    connections = [raw_role(person, ticket=True) for _ in range(4)]
    admin.execute("SELECT sec.user_lock(%s)", (person,))
    for connection in connections:
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        raw_role(person)
    admin.execute("SELECT sec.user_unlock(%s)", (person,))
    assert raw_role(person, ticket=True).execute(NOTES).fetchone() == (1,)


@pytest.mark.parametrize(
    ("protocol", "key"), [(0, "client_too_old"), (999, "client_too_new"), ("1", "client_protocol_unreadable")]
)
def test_programs_out_of_range_are_refused(raw_role: Callable[..., Raw], protocol: Any, key: str) -> None:
    mine = raw_role("viewer")
    answer = refused(mine, "SELECT sec.session_open(%s)", Jsonb({"protocol": protocol}))
    assert answer == ("ER426", key)
    assert mine.execute(NOTES).fetchone() == (0,)


def test_the_program_says_why_it_is_too_old(role_dsn: Callable[[str], str]) -> None:
    target, password = Target.from_dsn(role_dsn("viewer"))
    with pytest.raises(Refused) as refusal:
        Database(target, password, client=ClientInfo(protocol=0)).open()
    assert refusal.value.key == "client_too_old"
    assert refusal.value.params == {"protocol": 0, "needed": 1}


def test_a_wrong_password_is_no_outage(role_dsn: Callable[[str], str]) -> None:
    target, _ = Target.from_dsn(role_dsn("viewer"))
    with pytest.raises(SessionEnded) as refusal:
        Database(target, "wrong").open()
    assert refusal.value.key == "login_failed"


def test_a_password_set_past_the_program_opens_nothing(
    raw_role: Callable[..., Raw], role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer}')", (person,))
    raw_role(person).execute(f"ALTER ROLE {person} PASSWORD 'x'")
    weak = role_dsn(person).replace(PASSWORD.replace(" ", "%20"), "x")
    with psycopg.connect(weak, autocommit=True) as mine:
        assert refused(mine, "SELECT sec.session_open()") == ("ER401", "password_must_change")
        assert mine.execute(NOTES).fetchone() == (0,)
        assert refused(mine, "SELECT sec.password_change('wrong', %s)", PASSWORD) == (
            "ER422",
            "password_wrong",
        )
        assert refused(mine, "SELECT sec.password_change('x', %s)", PASSWORD) == (
            "ER422",
            "password_used_before",
        )
        mine.execute("SELECT sec.password_change('x', 'another phrase, and long')")
        mine.execute("SELECT sec.session_open()")
        assert mine.execute(NOTES).fetchone() == (1,)


def test_the_program_changes_the_password_and_goes_on(
    role_dsn: Callable[[str], str], admin: Raw, person: str
) -> None:
    admin.execute("SELECT sec.user_set_roles(%s, '{viewer}')", (person,))
    target, password = Target.from_dsn(role_dsn(person))
    db = Database(target, password)
    db.open()
    assert db.change_password(password, "an even longer phrase").login == person
    admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", (person,))
    assert db.read(reads.people)[person] == "Some Person"
    db.close()
    with pytest.raises(SessionEnded):
        Database(target, password).open()


@pytest.mark.parametrize(
    ("password", "key"),
    [("short", "password_length"), ("x" * 201, "password_length"), ("control\tcharacter", "password_length")],
)
def test_poor_passwords_are_refused(admin: Raw, person: str, password: str, key: str) -> None:
    assert refused(admin, "SELECT sec.password_set(%s, %s)", person, password) == ("ER422", key)


@pytest.mark.parametrize(
    "password", ["Grüße aus Köln 2026", "пароль длинный очень", "ﬁve ligatures ⅷ", "日本語パスワード長いもの"]
)
def test_our_password_verifier_is_what_the_server_checks(
    admin: Raw, role_dsn: Callable[[str], str], person: str, password: str
) -> None:
    admin.execute("SELECT sec.password_set(%s, %s)", (person, password))
    target, _ = Target.from_dsn(role_dsn(person))
    psycopg.connect(
        host=target.host,
        port=target.port,
        dbname=target.dbname,
        user=person,
        password=password,
        sslmode="disable",
    ).close()


def test_no_password_reaches_a_log(admin: Raw, cluster: Cluster, person: str) -> None:
    canary = f"canary phrase {uuid.uuid4().hex}"
    admin.execute("SET log_statement = 'all'")
    admin.execute("SET log_min_duration_statement = 0")
    admin.execute("SELECT sec.password_set(%s, %s)", (person, canary))
    with pytest.raises(psycopg.Error):
        admin.execute("SELECT sec.user_create(%s, '', %s, '{nonsense}')", ("u_somebody", canary))
    admin.execute("RESET ALL")
    logged = "".join(
        file.read_text("utf-8", "replace") for file in Path(cluster.instance.log).iterdir() if file.is_file()
    )
    assert "password_set" in logged
    assert canary not in logged


@pytest.mark.parametrize(
    "login",
    [
        "postgres",
        "erp_sec",
        "r_viewer",
        "pg_monitor",
        'u_"x',
        "u_x; DROP TABLE x",
        "u_Ümlaut",
        "u_a",
        "U_ABC",
        None,
    ],
)
def test_only_names_of_the_right_form_become_logins(admin: Raw, login: str | None) -> None:
    answer = refused(admin, "SELECT sec.user_create(%s, 'X', %s, '{}')", login, PASSWORD)
    assert answer == ("ER422", "app_user_login_form")


@pytest.mark.parametrize("role", ["pg_write_all_data", "erp_owner", "postgres", 'viewer"; DROP', "", None])
def test_only_functional_roles_are_granted(admin: Raw, person: str, role: str | None) -> None:
    answer = refused(admin, "SELECT sec.user_set_roles(%s, %s)", person, [role])
    assert answer == ("ER422", "role_unknown")


def test_people_are_administered_through_the_program(as_role: Callable[[str], Database]) -> None:
    login = f"u_new_{uuid.uuid4().hex[:8]}"
    boss = as_role("administrator")
    boss.write(
        people.create_user,
        people.CreateUser(login, "Nina Neu", PASSWORD, ("viewer",), email="n@example.com"),
    )
    boss.write(assignments.set_roles, assignments.SetRoles(login, ("quality", "viewer"), (7,)))
    row = next(user for user in boss.read(people.users) if user.login == login)
    assert (row.person, row.roles, row.warehouses, row.status) == (
        "Nina Neu",
        ("quality", "viewer"),
        (7,),
        "active",
    )
    boss.write(people.lock_user, people.LockUser(login))
    assert next(user for user in boss.read(people.users) if user.login == login).status == "locked"
    with pytest.raises(NotAllowed):
        as_role("viewer").write(people.unlock_user, people.UnlockUser(login))


def test_the_error_dialog_learns_whom_to_ask(as_role: Callable[[str], Database]) -> None:
    answer = as_role("viewer").read(reads.who_can, "user_create")
    assert answer.roles == ("administrator",)
    assert answer.holders["administrator"] == ("Administrator",)
    assert "Administrator" in answer.granters


def test_a_scoped_role_sees_its_warehouses_only(
    raw_role: Callable[..., Raw], admin: Raw, person: str
) -> None:
    warehouses = admin.execute(
        "INSERT INTO inventory.warehouse (code, name) VALUES ('A', 'A'), ('B', 'B') RETURNING id"
    ).fetchall()
    ids = [row[0] for row in warehouses]
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")  # no product is needed for this
        admin.execute(
            "INSERT INTO inventory.stock_level (product_id, warehouse_id, on_hand) SELECT 1, unnest(%s::bigint[]), 5",
            (ids,),
        )
    seen = "SELECT warehouse_id FROM inventory.stock_level ORDER BY 1"
    admin.execute("SELECT sec.user_set_roles(%s, '{warehouse_clerk}')", (person,))
    mine = raw_role(person, ticket=True)
    assert mine.execute(seen).fetchall() == []
    admin.execute("SELECT sec.user_set_warehouses(%s, %s)", (person, ids[:1]))
    assert mine.execute(seen).fetchall() == [(ids[0],)]
    assert mine.execute("SELECT sec.my_warehouses()").fetchone() == (ids[:1],)
    admin.execute("SELECT sec.user_set_roles(%s, '{warehouse_clerk,viewer}')", (person,))
    assert mine.execute(seen).fetchall() == [(ids[0],), (ids[1],)]
