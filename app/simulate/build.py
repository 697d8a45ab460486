"""What every generator of the legacy data uses: sizes, repeatable chance, invented words, audit fields."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

from app.simulate.tables import NO_DATE, Row, wire_date, wire_timestamp


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many rows of each kind there are."""

    families: int
    duplicate_families: int
    variants: int
    orphans: int
    old_articles: int
    parts: int
    places: int
    boxes: int
    slots: int
    stock: int
    contents: int
    moulds: int
    mould_articles: int
    work_orders: int
    work_steps: int
    employees: int
    customers: int
    addresses: int
    suppliers: int
    documents: int
    lines: int
    pictures: int


SIZES = {
    "full": Sizes(
        families=1571,
        duplicate_families=7,
        variants=4319,
        orphans=91,
        old_articles=4900,
        parts=2600,
        places=923,
        boxes=4216,
        slots=4500,
        stock=3119,
        contents=260,
        moulds=640,
        mould_articles=2100,
        work_orders=6400,
        work_steps=25600,
        employees=64,
        customers=5200,
        addresses=6900,
        suppliers=140,
        documents=100_000,
        lines=400_000,
        pictures=2489,
    ),
    "small": Sizes(
        families=40,
        duplicate_families=2,
        variants=96,
        orphans=6,
        old_articles=110,
        parts=52,
        places=30,
        boxes=84,
        slots=90,
        stock=64,
        contents=30,
        moulds=16,
        mould_articles=44,
        work_orders=128,
        work_steps=512,
        employees=14,
        customers=104,
        addresses=150,
        suppliers=14,
        documents=2000,
        lines=8000,
        pictures=60,
    ),
}


def words(text: str, sign: str | None = None) -> tuple[str, ...]:
    """The words of a text, or its parts between a sign."""
    return tuple(text.split(sign))


FIRST_NAMES = words(
    "Anna Berta Clemens Dora Emil Frieda Gustav Hanna Ida Jakob Klara Lukas Marie Nora Oskar Paula Rosa Simon "
    "Theo Ursula Viktor Wilma Xaver Zita Jörg Käthe Günther Bärbel"
)
LAST_NAMES = words(
    "Ahrenbach Birkholz Cramberg Dorfacker Eschweg Falkenrot Gründobler Haselweide Immenstein Jägerlind Kranzlein "
    "Lindenau Moosbichler Nussdorfer Oberwies Pfaffenhain Quellmoser Rautenstrauß Silberhorn Tannwald Uferbach "
    "Veilchenau Wiesengrund Zapfenstein O'Hallmoor"
)
TOWNS = words(
    "Altenmoos Birkenrain Dachsfurt Eulenbrück Finkenschlag Grünhagen Hirschwang Igelsried Kaltenbrünn "
    "Lärchenau Mühlwinkel Nebelheim Ostersee Pappelfeld Rosstal Steinwerder Tiefenau Weidling"
)
STREETS = words(
    "Am Anger|Birkenweg|Dorfstraße|Gartenweg|Hauptstraße|Kirchgasse|Lindenallee|Marktplatz|Ringstraße", "|"
)
TRADES = words("Geschenkhaus Spielwaren Kunsthandwerk Christbaumhof Wohnideen Museumsladen Weihnachtsmarkt")
FORMS = ("GmbH", "KG", "e. K.", "GmbH & Co. KG", "oHG", "")
PEOPLE_WHO_TYPE = ("Verwaltung", "Versand", "Werkstatt", "Büro")


@dataclass(slots=True)
class Article:
    """What the other generators need to know of a variant."""

    number: int
    old_number: str
    old_id: int
    price: int
    """In cents, wholesale, today."""
    name: str


@dataclass
class Build:
    """One making of the data: everything is a function of the size and the seed."""

    sizes: Sizes
    seed: int
    today: date
    families: list[Row] = field(default_factory=list)
    bases: list[str] = field(default_factory=list)
    """The old number of each family, in the order of :attr:`families`."""
    articles: list[Article] = field(default_factory=list)
    missing_families: list[str] = field(default_factory=list)
    """Keys that orphaned variants name and no family has."""
    customers: list[tuple[int, str]] = field(default_factory=list)
    """Number and address as it stands on documents."""
    places: list[Row] = field(default_factory=list)

    def chance(self, name: str) -> random.Random:
        """A source of chance of its own for each table, so that a change of one leaves the others alone."""
        return random.Random(f"{self.seed}/{name}")  # noqa: S311  (repeatable on purpose)

    @cached_property
    def first_day(self) -> date:
        """Where the history begins."""
        return date(1992, 6, 4)

    def day(self, chance: random.Random, since: date, until: date | None = None) -> date:
        """Any day between two."""
        span = ((until or self.today) - since).days
        return since + timedelta(days=chance.randint(0, max(span, 0)))

    def finish(
        self, chance: random.Random, key: str, created: date, values: Row, *, kept: float = 0.6
    ) -> Row:
        """A whole entity: key, time stamp, stamp, its values, audit fields.  ``kept`` = share never modified."""
        audit, changed = audit_fields(chance, created, self.today, kept)
        moment = datetime(
            changed.year, changed.month, changed.day, chance.randint(6, 17), chance.randint(0, 59), tzinfo=UTC
        ) + timedelta(milliseconds=chance.randint(0, 59_999))
        head: Row = {"__KEY": key, "__TIMESTAMP": wire_timestamp(moment), "__STAMP": chance.randint(1, 12)}
        return head | values | audit


def audit_fields(chance: random.Random, created: date, today: date, kept: float) -> tuple[Row, date]:
    """Who made and changed an entity and when; most were never modified and say so by null."""
    at = chance.randint(6 * 3600, 18 * 3600) * 1000
    row: Row = {
        "created_name": chance.choice(PEOPLE_WHO_TYPE),
        "created_date": wire_date(created),
        "created_time": at,
        "modified_name": None,
        "modified_date": None,
        "modified_time": None,
    }
    luck = chance.random()
    if luck < kept:
        if luck < kept * 0.1:
            row["modified_date"] = NO_DATE
        return row, created
    changed = created + timedelta(days=chance.randint(0, max((today - created).days, 0)))
    row["modified_name"] = chance.choice(PEOPLE_WHO_TYPE)
    row["modified_date"] = wire_date(changed)
    # Some numbers come as floats, whole or not.
    row["modified_time"] = float(at) if luck > 0.95 else at
    return row, changed


def uid(chance: random.Random) -> str:
    """A UUID as the legacy system writes it."""
    return f"{chance.getrandbits(128):032X}"


def spread(chance: random.Random, groups: int, total: int, least: int, most: int) -> list[int]:
    """How many of ``total`` things fall to each group, within limits."""
    counts = [least] * groups
    rest = total - least * groups
    open_groups = list(range(groups))
    while rest > 0 and open_groups:
        chance.shuffle(open_groups)
        for group in open_groups[:rest]:
            counts[group] += 1
        rest -= min(rest, len(open_groups))
        open_groups = [group for group in open_groups if counts[group] < most]
    return counts


def pick(chance: random.Random, weighted: Sequence[tuple[Any, int]]) -> Any:
    """One of several, by weight."""
    return chance.choices([one for one, _ in weighted], [weight for _, weight in weighted])[0]


def address_text(name: str, street: str, town: str) -> str:
    """An address as it stands in one field of a document: lines parted by CR."""
    return f"{name}\r{street}\r{town}"
