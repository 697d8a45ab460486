"""The data of one legacy house: every table the 4D server shows and every record of the image service."""

from dataclasses import dataclass
from datetime import date

from app.simulate.build import SIZES, Build
from app.simulate.documents import make_documents
from app.simulate.partners import make_partners
from app.simulate.production import make_production
from app.simulate.products import make_products
from app.simulate.tables import Database
from app.simulate.warehouse import make_warehouse

TODAY = date(2026, 11, 20)
"""The day on which the made history ends, whatever the calendar says: the same seed gives the same bytes."""


@dataclass(slots=True)
class House:
    """What both peers serve."""

    tables: Database
    build: Build

    @property
    def missing_families(self) -> list[str]:
        """Keys (UID) of families that orphaned variants name and that are not there: insert one to relink them."""
        return self.build.missing_families


def make(size: str = "small", seed: int = 1, *, today: date = TODAY) -> House:
    """Make the data: ``full`` has the size of the issue's first customer, ``small`` every oddity at least once."""
    build = Build(SIZES[size], seed, today)
    tables = make_products(build)
    tables += make_partners(build)
    tables += make_warehouse(build)
    tables += make_production(build)
    tables += make_documents(build)
    return House(Database(tables), build)
