"""What a step is."""

from collections.abc import Callable
from dataclasses import dataclass

from app.tour.tour import Tour

REP, MANAGER = "u_miriam", "u_jana"
KEEPER = "u_karin"
SHIPPER = ""  # the story says who
PLANNER, OPERATOR = "u_tomas", "u_petra"
FINANCE, ADMINISTRATOR = "u_franziska", "u_ralf"


@dataclass(frozen=True, slots=True)
class Step:
    """A step: its key (text ``tour.step.<key>``), who does it (empty: the story's shipper), what is done."""

    key: str
    login: str
    run: Callable[[Tour], None]
