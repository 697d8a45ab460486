"""The demo logins, one per role."""

from collections.abc import Mapping

import psycopg

from app.core.people import DEMO_PEOPLE


def ensure(admin_dsn: str, passwords: Mapping[str, str]) -> bool:
    """Create the demo people that are missing; returns whether there were any.

    ``admin_dsn`` is the address of a superuser, ``passwords`` has one for every login.
    """
    with psycopg.connect(admin_dsn) as connection:
        rows = connection.execute("SELECT login FROM sec.app_user").fetchall()
        there = {row[0] for row in rows}
        missing = [
            person for person in DEMO_PEOPLE if person.login not in there and person.login in passwords
        ]
        for person in missing:
            connection.execute(
                "SELECT sec.user_create(%s, %s, %s, %s, p_email => %s, p_phone => %s)",
                (
                    person.login,
                    person.name,
                    passwords[person.login],
                    [person.role],
                    f"{person.name.split()[0].lower()}@zinn-muster.example",
                    f"+49 9861 555-{10 + DEMO_PEOPLE.index(person)}",
                ),
            )
    return bool(missing)
