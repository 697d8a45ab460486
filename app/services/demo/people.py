"""The demo logins, one per role."""

from collections.abc import Mapping

import psycopg
from psycopg.types.json import Jsonb

from app.core.people import DEMO_PEOPLE

_HALL, _OFFICE = "Werk Rothenburg", "Verwaltung Rothenburg"
# Department, site, position, and who one reports to.
_PLACES: Mapping[str, tuple[str, str, str, str | None]] = {
    "u_vera": ("Geschäftsleitung", _OFFICE, "Geschäftsführerin", None),
    "u_jana": ("Vertrieb", _OFFICE, "Vertriebsleiterin", "u_vera"),
    "u_miriam": ("Vertrieb", _OFFICE, "Vertriebsmitarbeiterin", "u_jana"),
    "u_clara": ("Vertrieb", _OFFICE, "Kundendienst", "u_jana"),
    "u_mia": ("Marketing", _OFFICE, "Produktmarketing", "u_jana"),
    "u_karin": ("Lager", _HALL, "Lagerleiterin", "u_vera"),
    "u_tom": ("Lager", _HALL, "Lagerist", "u_karin"),
    "u_tomas": ("Fertigung", _HALL, "Fertigungsplaner", "u_vera"),
    "u_petra": ("Fertigung", _HALL, "Fachkraft Blechfertigung", "u_tomas"),
    "u_quirin": ("Qualität", _HALL, "Prüfer", "u_tomas"),
    "u_paul": ("Einkauf", _OFFICE, "Einkäufer", "u_vera"),
    "u_franziska": ("Buchhaltung", _OFFICE, "Buchhalterin", "u_vera"),
    "u_ralf": ("IT", _OFFICE, "Administrator", "u_vera"),
    "u_sina": ("IT", _OFFICE, "Systemadministratorin", "u_vera"),
}


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
        for person in missing:
            department, site, position, supervisor = _PLACES[person.login]
            details = {"department": department, "site": site, "position": position, "supervisor": supervisor}
            connection.execute("SELECT sec.user_change(%s, %s)", (person.login, Jsonb(details)))
        # They have been here for a while.
        connection.execute(
            "UPDATE sec.person_task SET done_at = now(), done_by = 'u_ralf' WHERE login = ANY (%s)",
            ([person.login for person in missing],),
        )
    return bool(missing)
