"""The demo's assortment and partners as they stand in resources/demo, and what follows from them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "demo"
FINISHES = ("BE", "BL", "OX")


@dataclass(frozen=True, slots=True)
class Article:
    """One product of the demo.  ``price`` is the net wholesale price, ``cost`` the standard cost, both per unit.

    ``parts`` are (SKU, quantity, scrap %) per ``output`` pieces.
    """

    sku: str
    name: str
    name_en: str
    category: str
    shape: str
    hue: str
    finish: str
    unit: str = "PCS"
    tax: str = "standard"
    family: str | None = None
    legacy_sku: str | None = None
    weight_g: Decimal | None = None
    price: Decimal | None = None
    cost: Decimal = Decimal(0)
    made: bool = False
    sold: bool = False
    lot: bool = False
    state: str = "active"
    reorder: Decimal = Decimal(0)
    output: Decimal = Decimal(1)
    parts: tuple[tuple[str, Decimal, Decimal], ...] = ()


@cache
def catalog() -> Mapping[str, Any]:
    """resources/demo/catalog.yaml."""
    return _load("catalog.yaml")


@cache
def partners() -> Mapping[str, Any]:
    """resources/demo/partners.yaml."""
    return _load("partners.yaml")


def _load(name: str) -> Mapping[str, Any]:
    loaded: Mapping[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return loaded


@cache
def articles() -> tuple[Article, ...]:
    """Every product, materials first, so that each comes after its parts; costs are rolled up on the way."""
    made: dict[str, Article] = {}
    for article in chain(_materials(), _moulds(), _figures(made), _sets(made)):
        made[article.sku] = article
    return tuple(made.values())


def cents(amount: Decimal, step: str = "0.01") -> Decimal:
    """Rounded half up to a multiple of ``step``."""
    unit = Decimal(step)
    return (amount / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


def _materials() -> Iterator[Article]:
    data = catalog()
    alloy = data["alloy"]
    for row in data["articles"]:
        parts: tuple[tuple[str, Decimal, Decimal], ...] = ()
        if row["sku"] == alloy["sku"]:
            parts = tuple((sku, Decimal(str(qty)), Decimal(0)) for sku, qty in alloy["parts"].items())
        yield Article(
            sku=row["sku"],
            name=row["de"],
            name_en=row["en"],
            category=row["category"],
            shape=row["shape"],
            hue="gold" if row["shape"] == "box" else "blue" if row["shape"] == "tin" else "brown",
            finish="BL" if row["shape"] == "ingot" else "BE",
            unit=row.get("unit", "PCS"),
            tax=row.get("tax", "standard"),
            price=Decimal(row["price"]) if "price" in row else None,
            cost=Decimal(row["cost"]),
            made=row.get("made", False),
            sold="price" in row,
            lot=row.get("lot", False),
            reorder=Decimal(row["reorder"]),
            output=Decimal(alloy["output"]) if parts else Decimal(1),
            parts=parts,
        )


def _moulds() -> Iterator[Article]:
    row = catalog()["moulds"]
    for number in range(row["count"]):
        label = f"{210 + number:04d}"
        yield Article(
            sku=f"F-{label}",
            name=row["de"].format(number=label),
            name_en=row["en"].format(number=label),
            category="moulds",
            shape="mould",
            hue="red",
            finish="OX",
            cost=Decimal(row["cost"]),
        )


def _figures(made: Mapping[str, Article]) -> Iterator[Article]:
    data = catalog()
    alloy_per_kg = Decimal(data["alloy_per_kg"])
    scrap = Decimal(data["casting_scrap_pct"])
    for number, family in enumerate(data["families"]):
        price, weight = Decimal(family["price"]), Decimal(family["weight"])
        casting = (weight / 1000 * alloy_per_kg * (1 + scrap / 100)) + Decimal("0.30") + weight / 100
        blank: Article | None = None
        # The plain casting is the part of the other two: where it is not sold it is still made.
        for finish in ("BL", "BE", "OX"):
            sku = f"{family['code']}-{finish}"
            if sku in data["not_made"]:
                continue
            parts = [(row["sku"], Decimal(str(row["qty"])), Decimal(0)) for row in data["finishing"][finish]]
            extra = sum((made[part].cost * qty for part, qty, _ in parts), Decimal(0))
            if finish == "BL":
                cost = casting + extra
                parts.insert(0, ("RM-010", weight / 1000, scrap))
            else:
                labour = price * Decimal("0.16") if finish == "BE" else Decimal("0.45")
                cost = (blank.cost if blank else casting) + extra + labour
                assert blank is not None, f"{sku} needs its casting"
                parts.insert(0, (blank.sku, Decimal(1), Decimal(2)))
            article = Article(
                sku=sku,
                name=family["de"],
                name_en=family["en"],
                category=family["category"],
                shape=family["shape"],
                hue=family["hue"],
                finish=finish,
                family=family["code"],
                legacy_sku=str(family["old"] + FINISHES.index(finish)),
                weight_g=weight + (Decimal(1) if finish == "BE" else Decimal(0)),
                price=cents(price * Decimal(data["variants"][finish]["factor"]), "0.05"),
                cost=cents(cost),
                made=True,
                sold=True,
                lot=True,
                state="phase_out" if sku in data["phase_out"] else "active",
                reorder=Decimal((24, 48, 36, 60, 12)[number % 5]),
                parts=tuple(parts),
            )
            if finish == "BL":
                blank = article
            yield article


def _sets(made: dict[str, Article]) -> Iterator[Article]:
    for row in catalog()["sets"]:
        parts = tuple((sku, Decimal(qty), Decimal(0)) for sku, qty in row["parts"].items())
        cost = sum((made[sku].cost * qty for sku, qty, _ in parts), Decimal("1.20"))
        article = Article(
            sku=row["sku"],
            name=row["de"],
            name_en=row["en"],
            category="sets",
            shape=row["shape"],
            hue=row["hue"],
            finish="BE",
            unit="SET",
            price=Decimal(row["price"]),
            cost=cents(cost),
            made=True,
            sold=True,
            lot=True,
            reorder=Decimal(6),
            parts=parts,
        )
        made[article.sku] = article  # the display contains other sets
        yield article
