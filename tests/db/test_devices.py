"""Devices: registered with a password seen once, changed, locked; roles stay with their kind of login."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from app.core.db import Target
from app.core.embedded import dsn
from tests.db.test_terminals import refused

Raw = psycopg.Connection[Any]
DEVICE = "t_press"


@pytest.fixture
def warehouses(admin: Raw) -> tuple[int, ...]:
    admin.execute(
        "INSERT INTO inventory.warehouse (code, name) VALUES ('H1', 'H'), ('H2', 'H') ON CONFLICT DO NOTHING"
    )
    return tuple(
        row[0] for row in admin.execute("SELECT id FROM inventory.warehouse ORDER BY code").fetchall()
    )


@pytest.fixture(scope="module")
def password(admin_dsn: str) -> str:
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        row = raw.execute("SELECT sec.device_register(%s, 'Press', '', '', '{}')", (DEVICE,)).fetchone()
    assert row is not None
    return str(row[0])


def test_roles_stay_with_their_kind(admin: Raw, password: str) -> None:
    give = "INSERT INTO sec.user_role (login, role) VALUES (%s, %s)"
    for login, role in (
        ("u_viewer", "terminal"),
        ("u_viewer", "guard"),
        (DEVICE, "viewer"),
        (DEVICE, "production_operator"),
        (DEVICE, "guard"),
    ):
        assert refused(admin, give, login, role) == "role_holder", (login, role)
    assert (
        refused(admin, "INSERT INTO sec.role_parent (role, parent) VALUES ('viewer', 'terminal')")
        == "role_holder"
    )


def test_a_device_is_registered_changed_locked_and_let_in_again(
    raw_role: Callable[..., Raw], admin: Raw, admin_dsn: str, warehouses: tuple[int, ...]
) -> None:
    keeper = raw_role("system_administrator", ticket=True)
    row = keeper.execute(
        "SELECT sec.device_register('t_gate', 'Gate', 'North', 'Store', %s)", (list(warehouses),)
    ).fetchone()
    assert row is not None
    first = str(row[0])
    assert len(first) == 29
    assert len(set(first)) > 8
    target, _ = Target.from_dsn(admin_dsn)

    def address(word: str) -> str:
        return dsn(target.port, target.dbname, "t_gate", word)

    inside = psycopg.connect(address(first), autocommit=True)
    inside.execute("SELECT sec.session_open()")
    keeper.execute(
        "SELECT sec.device_change('t_gate', 'Gate North', 'North', 'Store', %s)", ([warehouses[1]],)
    )
    seen = keeper.execute(
        "SELECT name, place, status, warehouses, last_seen IS NOT NULL, address FROM sec.device_list() "
        "WHERE login = 't_gate'"
    ).fetchone()
    assert seen == ("Gate North", "North", "active", [warehouses[1]], True, "127.0.0.1")
    second = keeper.execute("SELECT sec.device_password('t_gate')").fetchone()
    assert second is not None
    assert second[0] != first
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(address(first))
    raw_role("administrator", ticket=True).execute("SELECT sec.device_lock('t_gate', 'sold')")
    with pytest.raises(psycopg.OperationalError):
        inside.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted"):
        psycopg.connect(address(second[0]))
    keeper.execute("SELECT sec.device_unlock('t_gate')")
    psycopg.connect(address(second[0])).close()
    inside.close()
    admin.execute("DROP OWNED BY t_gate")
    admin.execute("DROP ROLE t_gate")


@pytest.mark.parametrize("login", ["u_gate", "t_", "t_Gate", "t_gate; DROP ROLE x", "gate", "t_" + "a" * 41])
def test_a_device_has_a_devices_login(raw_role: Callable[..., Raw], login: str) -> None:
    keeper = raw_role("system_administrator", ticket=True)
    assert refused(keeper, "SELECT sec.device_register(%s, 'x', '', '', '{}')", login) == "device_login_form"


def test_device_functions_touch_no_person(raw_role: Callable[..., Raw]) -> None:
    keeper = raw_role("system_administrator", ticket=True)
    for call in ("device_password('u_viewer')", "device_lock('u_viewer', '')", "device_unlock('s_guard')"):
        assert refused(keeper, f"SELECT sec.{call}") == "device_unknown"
    assert refused(raw_role("manager", ticket=True), "SELECT sec.device_list()") == "42501"
