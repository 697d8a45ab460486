"""Who buys what in a tour, per set of data.  Steps ask the story; they know no customer and no article."""

from dataclasses import dataclass
from decimal import Decimal

import psycopg

from app.tour.driver import TourError


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the quote: what is typed to find the article, how many, discount in percent.

    ``first`` is how many of them leave with the first delivery.
    """

    sku: str
    qty: int
    first: int
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Story:
    """The tour's business.

    ``dealer`` is what is typed to find the customer, ``colleague_customer`` the customer two people edit at once.
    ``shown`` is the article whose page and structure are looked at, ``search`` what is typed to find it.
    ``warehouse`` promises and ships the goods, ``workshop`` makes them (the same where there is one only);
    ``scrap`` is the article of which pieces are scrapped, and how many; the planner makes so many more.
    ``shipper`` ships: a clerk needs a warehouse of his own, where nobody gave him one it is the manager.
    ``company`` are the details the administrator fills in where they are missing.
    ``made_at`` is the place finished goods arrive at, ``stored_at`` where they are put for shipping.
    """

    key: str
    dealer: str
    colleague_customer: str
    search: str
    shown: str
    items: tuple[Item, ...]
    scrap: tuple[str, int]
    warehouse: str
    workshop: str
    made_at: str
    stored_at: str
    shipper: str
    company: tuple[tuple[str, str], ...] = ()


DEMO = Story(
    key="demo",
    dealer="Weihnachtshaus Seiffen",
    colleague_customer="Museumsladen",
    search="Engel",
    shown="11900",
    items=(
        Item("11900", 36, 24, Decimal(5)),
        Item("12110-BE", 24, 24),
        Item("15100-BE", 60, 30, Decimal(18)),
    ),
    scrap=("15100-BE", 2),
    warehouse="HL",
    workshop="WS",
    made_at="WS-PACK",
    stored_at="VS",
    shipper="u_tom",
)
ADVENTUREWORKS = Story(
    key="adventureworks",
    dealer="Rodeway Bike Store",
    colleague_customer="Capital Riding Supplies",
    search="Touring-1000",
    shown="BK-T79Y-54",
    items=(
        Item("BK-T79Y-54", 4, 2, Decimal(5)),
        Item("BK-R89B-48", 3, 3),
        Item("BK-M68S-38", 3, 1, Decimal(18)),
    ),
    scrap=("BK-M68S-38", 1),
    warehouse="AW",
    workshop="AW",
    made_at="FA-0",
    stored_at="OUT",
    shipper="u_karin",
    company=(
        ("name", "Adventure Works Cycles"),
        ("managing_director", "Ken Sánchez"),
        ("street", "Fahrradweg 14"),
        ("postal_code", "48143"),
        ("city", "Münster"),
        ("phone", "+49 251 5550-0"),
        ("email", "info@adventure-works.example"),
        ("web", "www.adventure-works.example"),
        ("vat_id", "DE287654321"),
        ("register_entry", "Amtsgericht Münster, HRB 7421"),
        ("bank_name", "Sparkasse Münsterland"),
        ("iban", "DE89370400440532013000"),
        ("bic", "COBADEFFXXX"),
    ),
)
STORIES = (ADVENTUREWORKS, DEMO)


def choose(admin_dsn: str) -> Story:
    """The story that fits the data; raises TourError when none does."""
    with psycopg.connect(admin_dsn) as connection:
        rows = connection.execute(
            "SELECT sku FROM catalog.product WHERE state = 'active' AND is_sold"
        ).fetchall()
    sold = {row[0] for row in rows}
    for story in STORIES:
        if sold.issuperset(item.sku for item in story.items):
            return story
    raise TourError("this database holds neither the demo company nor AdventureWorks")
