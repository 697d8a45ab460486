"""What a step is."""

from collections.abc import Callable
from dataclasses import dataclass

from app.tour.tour import Tour

REP, MANAGER = "u_miriam", "u_jana"
KEEPER = "u_karin"
SHIPPER = ""  # the story says who
PLANNER, OPERATOR = "u_tomas", "u_petra"
FINANCE, ADMINISTRATOR = "u_franziska", "u_ralf"
MARKETING, BUYER = "u_mia", "u_paul"
KEEPER_OF_RULES = "u_sina"


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its key (text ``tour.step.<key>``), who does it (empty: the story's shipper), what is done.

    With ``signs_in`` the step itself brings the person to the desk: signing in is what it shows.
    """

    key: str
    login: str
    run: Callable[[Tour], None]
    signs_in: bool = False
