"""The people of the demo company: one login, one role and one job each."""

import secrets
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """A demo login with the name on screen and its functional role (without the ``r_`` prefix)."""

    login: str
    name: str
    role: str


DEMO_PEOPLE: tuple[DemoPerson, ...] = (
    DemoPerson("u_miriam", "Miriam Vogel", "sales_rep"),
    DemoPerson("u_jana", "Jana Brandt", "sales_manager"),
    DemoPerson("u_tom", "Tom Keller", "warehouse_clerk"),
    DemoPerson("u_karin", "Karin Wolf", "warehouse_manager"),
    DemoPerson("u_tomas", "Tomas Krause", "production_planner"),
    DemoPerson("u_petra", "Petra Lenz", "production_operator"),
    DemoPerson("u_paul", "Paul Seidel", "purchase_officer"),
    DemoPerson("u_franziska", "Franziska Adler", "finance"),
    DemoPerson("u_mia", "Mia Roth", "marketing"),
    DemoPerson("u_quirin", "Quirin Haas", "quality"),
    DemoPerson("u_clara", "Clara Busch", "customer_service"),
    DemoPerson("u_vera", "Vera Lind", "viewer"),
    DemoPerson("u_ralf", "Ralf Seidel", "administrator"),
    DemoPerson("u_sina", "Sina Sommer", "system_administrator"),
)


def new_passwords() -> dict[str, str]:
    """A fresh random password (144 bits) for every demo login.

    Hexadecimal: by chance letters spell a name sooner or later, and a password may not contain its owner's.
    """
    return {person.login: secrets.token_hex(18) for person in DEMO_PEOPLE}
