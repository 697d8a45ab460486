"""Every kind of login there is, on a company in full swing: people of each role and of none, and machines."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

from app.core.db import Target
from app.core.embedded import dsn
from app.guard.setup import prepare_login
from app.services.security.registration import REGISTER_LOGIN, REGISTER_PASSWORD
from tests.conftest import PASSWORD, ROLES, login_of
from tests.proof import furniture

Raw = psycopg.Connection[Any]
NOBODY, DEVICE, GUARD, SYNC = "u_nobody", "t_proof", "s_guard", "s_proof"
MACHINES = ("terminal", "guard", "sync", "guest")
EVERYBODY = (*ROLES, *MACHINES)


@dataclass(frozen=True)
class House:
    """A database with all these logins; `passwords` are those of the machines and of the person without a role."""

    address: str
    passwords: Mapping[str, str]

    def login(self, who: str) -> str:
        """The login of a role, or a login itself."""
        machines = {
            "terminal": DEVICE,
            "guard": GUARD,
            "sync": SYNC,
            "guest": REGISTER_LOGIN,
            "nobody": NOBODY,
        }
        return machines.get(who) or (who if who.startswith(("u_", "t_", "s_")) else login_of(who))

    def dsn(self, who: str) -> str:
        """The address under which this login connects."""
        target, _ = Target.from_dsn(self.address)
        login = self.login(who)
        return dsn(target.port, target.dbname, login, self.passwords.get(login, PASSWORD))

    @contextmanager
    def psql(self, who: str, *, ticket: bool = True) -> Iterator[Raw]:
        """A plain autocommitting connection, with its session open; a guest has none to open."""
        with psycopg.connect(self.dsn(who), autocommit=True) as connection:
            if ticket and who != "guest":
                connection.execute("SELECT sec.session_open()")
            yield connection


def furnish(address: str) -> House:
    """Give a copy of the demo company the logins that are nobody's in particular."""
    passwords = {REGISTER_LOGIN: REGISTER_PASSWORD}
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(
            "SELECT sec.user_set_warehouses('u_warehouse_clerk', ARRAY[min(id)]) FROM inventory.warehouse"
        )
        admin.execute("SELECT sec.user_create(%s, 'No Body', %s, '{}')", (NOBODY, PASSWORD))
        admin.execute("SELECT sec.user_create(%s, 'Sync', %s, ARRAY['sync'])", (SYNC, PASSWORD))
        row = admin.execute(
            "SELECT sec.device_register(%s, 'Proof', 'Gate', 'Hall', ARRAY(SELECT DISTINCT warehouse_id "
            "FROM production.work_order))",
            (DEVICE,),
        ).fetchone()
        assert row is not None
        passwords[DEVICE] = row[0]
        admin.execute("UPDATE sec.policy SET registration_open = true")
        furniture.fill(admin)
    _target, password = Target.from_dsn(prepare_login(address))
    assert password is not None
    passwords[GUARD] = password
    return House(address, passwords)
