"""The demo logins of an embedded server: one person for each role."""

from collections.abc import Mapping

import psycopg

from app.core.people import DEMO_PEOPLE

CLERKS_WAREHOUSE = "HL"


def ensure(admin_dsn: str, passwords: Mapping[str, str]) -> None:
    """Create the demo people that are missing; those who are there keep roles and passwords.

    The clerk gets his warehouse as soon as it exists, so the call is repeated after a company was loaded.
    """
    with psycopg.connect(admin_dsn) as connection:
        known = {login for (login,) in connection.execute("SELECT login FROM sec.app_user")}
        for person in DEMO_PEOPLE:
            if person.login not in known:
                connection.execute(
                    "SELECT sec.user_create(%s, %s, %s, %s)",
                    (person.login, person.name, passwords[person.login], [person.role]),
                )
        found = connection.execute("SELECT id FROM inventory.warehouse WHERE code = %s", (CLERKS_WAREHOUSE,))
        warehouses = [warehouse for (warehouse,) in found]
        if warehouses:
            clerks = [person.login for person in DEMO_PEOPLE if person.role == "warehouse_clerk"]
            unassigned = connection.execute(
                "SELECT u.login FROM sec.app_user u WHERE u.login = ANY (%s)"
                " AND NOT EXISTS (SELECT FROM sec.user_warehouse w WHERE w.login = u.login)",
                (clerks,),
            ).fetchall()
            for (login,) in unassigned:
                connection.execute("SELECT sec.user_set_warehouses(%s, %s)", (login, warehouses))
