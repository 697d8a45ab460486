"""Opening stock of the demo company and half a year of movements, posted by its warehouse manager."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
from sqlalchemy import select

from app.models.inventory import Lot
from app.services.demo.data import Article, articles
from app.services.demo.house import House, command_id, dice
from app.services.inventory.commands import (
    AdjustStock,
    CountLine,
    ReceiveLine,
    ReceiveStock,
    TransferLine,
    TransferStock,
)
from app.services.inventory.writes import adjust_stock, receive_stock, transfer_stock

RACK = 12  # lines a count has
KEEPER = "u_karin"
Spot = tuple[str, str]  # SKU, place
SOLD_OUT = ("14100-BL", "12300-OX", "16105-BE", "18105-OX")


@dataclass
class _Ledger:
    """What lies where while the past is being posted, and when each posting is meant to have been."""

    house: House
    places: dict[str, int]
    qty: dict[Spot, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    lot: dict[Spot, str] = field(default_factory=dict)
    dated: list[tuple[int, datetime]] = field(default_factory=list)

    def note(self, moves: Sequence[int], days: int, hour: int) -> None:
        """These moves are of so many days before today."""
        at = datetime.combine(self.house.day(-days), time(hour, 20), ZoneInfo("Europe/Berlin"))
        self.dated += [(move, at + timedelta(seconds=7 * n)) for n, move in enumerate(moves)]


def movements(house: House) -> None:
    """Receive, sell, restock and move goods over half a year, then date the moves accordingly."""
    places = house.ids("inventory.place", "code")
    ledger = _Ledger(house, places)
    ids = house.products()
    opening = list(_opening(places))
    _receive(ledger, ids, opening, 182, "Anfangsbestand")
    figures = [a for a in articles() if a.family and a.sold]
    for days, share, reason in (
        (151, 0.14, "Abgang Laden"),
        (127, 0.22, "Messe Leipzig"),
        (98, 0.16, "Abgang Laden"),
        (71, 0.25, "Herbstmarkt"),
        (44, 0.2, "Abgang Laden"),
        (19, 0.28, "Martinimarkt"),
    ):
        _sell(ledger, ids, figures, days, share, reason)
        if days in (127, 71):
            _restock(ledger, ids, figures, days - 9)
    _to_the_shop(ledger, ids, figures)
    _sold_out(ledger, ids)
    _date(house, ledger.dated)


def _opening(places: dict[str, int]) -> Any:
    chance = dice("opening")
    shelves = sorted(code for code in places if code.startswith("SC"))
    racks = sorted(code for code in places if code.startswith("WS0"))
    shop = sorted(code for code in places if code.startswith("LD0"))
    for number, article in enumerate(a for a in articles() if a.family):
        if article.finish == "BL":
            yield article, racks[number % len(racks)], Decimal(chance.randrange(60, 260, 10))
        low, high = {"BE": (90, 340), "BL": (40, 160), "OX": (40, 170)}[article.finish]
        yield article, shelves[(number * 7) % len(shelves)], Decimal(chance.randrange(low, high, 4))
        if article.finish == "BE" and number % 4 == 1:
            yield article, shop[number % len(shop)], Decimal(chance.randrange(12, 36, 2))
    amounts = {"KG": (220, 480), "L": (18, 46), "PCS": (900, 2600)}
    for article in articles():
        if article.family:
            continue
        low, high = amounts.get(article.unit, (14, 40))
        if article.category == "alloys":
            yield article, "WS-METALL", Decimal(chance.randrange(low, high, 5))
        elif article.category == "paints":
            yield article, "WS-FARBE", Decimal(chance.randrange(low, high))
        elif article.category == "packaging":
            yield article, "WS-PACK", Decimal(chance.randrange(low, high, 50))
            yield article, "SC4740.BP", Decimal(chance.randrange(200, 700, 50))
        elif article.category == "moulds":
            yield article, "WS-FORM", Decimal(1 + int(article.sku[-1]) % 2)
        elif article.category == "sets":
            yield article, "SC4739.AP", Decimal(chance.randrange(8, 26))
        else:
            yield article, "SC4738.BP", Decimal(chance.randrange(12, 60))


def _receive(
    ledger: _Ledger,
    ids: dict[str, int],
    goods: Sequence[tuple[Article, str, Decimal]],
    days: int,
    reason: str,
) -> None:
    day = ledger.house.day(-days)
    lines = []
    for article, place, qty in goods:
        spot = (article.sku, place)
        lot = f"{day:%y}{day.isocalendar().week:02d}-{1 + len(article.sku) % 3}" if article.lot else None
        if lot is not None:
            lot = ledger.lot.setdefault(spot, lot)
        ledger.qty[spot] += qty
        lines.append(ReceiveLine(ids[article.sku], ledger.places[place], qty, lot))
    command = ReceiveStock(tuple(lines), reason, command_id("receive", days))
    ledger.note(ledger.house.post(KEEPER, receive_stock, command).moves, days, 9)


def _count(
    ledger: _Ledger, ids: dict[str, int], counted: dict[Spot, Decimal], days: int, reason: str
) -> None:
    lines = tuple(
        CountLine(ids[sku], ledger.places[place], qty, lot_code=ledger.lot.get((sku, place)))
        for (sku, place), qty in counted.items()
    )
    if not lines:
        return
    ledger.qty.update(counted)
    # Rack by rack: what all of them weigh together would be for finance to decide.
    for first in range(0, len(lines), RACK):
        rack = lines[first : first + RACK]
        command = AdjustStock(rack, reason, command_id("count", days, reason, first))
        ledger.note(ledger.house.post(KEEPER, adjust_stock, command).moves, days, 17)


def _sell(
    ledger: _Ledger, ids: dict[str, int], figures: Sequence[Article], days: int, share: float, reason: str
) -> None:
    chance = dice(f"sell {days}")
    wanted = {article.sku for article in figures if chance.random() < 0.72}
    counted = {}
    for (sku, place), qty in ledger.qty.items():
        if sku in wanted and place.startswith("SC") and qty > 12:
            counted[sku, place] = qty - int(qty * Decimal(str(share * (0.6 + chance.random() * 0.8))))
    _count(ledger, ids, counted, days, reason)


def _restock(ledger: _Ledger, ids: dict[str, int], figures: Sequence[Article], days: int) -> None:
    chance = dice(f"restock {days}")
    by_sku = {article.sku: article for article in figures}
    goods = [
        (by_sku[sku], place, Decimal(chance.randrange(48, 192, 12)))
        for (sku, place), qty in ledger.qty.items()
        if sku in by_sku and place.startswith("SC") and (qty < 60 or chance.random() < 0.18)
    ]
    _receive(ledger, ids, goods, days, "Zugang aus Fertigung")


def _to_the_shop(ledger: _Ledger, ids: dict[str, int], figures: Sequence[Article]) -> None:
    shop = sorted(code for code in ledger.places if code.startswith("LD0"))
    sources = [
        (sku, place)
        for (sku, place), qty in ledger.qty.items()
        if place.startswith("SC") and qty >= 60 and sku.endswith("-BE") and sku in {a.sku for a in figures}
    ][:16]
    codes = {(ids[sku], ledger.lot[sku, place]) for sku, place in sources}
    found = ledger.house.person("u_ralf").read(
        lambda session: session.execute(
            select(Lot.product_id, Lot.code, Lot.id).where(Lot.product_id.in_({key for key, _ in codes}))
        ).all()
    )
    lots = {(product, code): key for product, code, key in found}
    lines = []
    for number, (sku, place) in enumerate(sources):
        target = shop[number % len(shop)]
        lot = lots[ids[sku], ledger.lot[sku, place]]
        lines.append(TransferLine(ids[sku], ledger.places[place], ledger.places[target], Decimal(24), lot))
        ledger.qty[sku, place] -= 24
        ledger.qty[sku, target] += 24
        ledger.lot[sku, target] = ledger.lot[sku, place]
    command = TransferStock(tuple(lines), "Nachschub Laden", command_id("shop"))
    ledger.note(ledger.house.post(KEEPER, transfer_stock, command).moves, 12, 10)


def _sold_out(ledger: _Ledger, ids: dict[str, int]) -> None:
    spots = {spot: Decimal(0) for spot, qty in ledger.qty.items() if spot[0] in SOLD_OUT and qty > 0}
    _count(ledger, ids, spots, 5, "Ausverkauf Advent")


def _date(house: House, dated: Sequence[tuple[int, datetime]]) -> None:
    """Give the moves the day they are meant to be of.

    Nothing in the program can do this: moves are never changed.  The superuser does, in a database he has just made.
    """
    with psycopg.connect(house.admin_dsn) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "UPDATE inventory.stock_move m SET posted_at = d.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS d (id, at) WHERE m.id = d.id",
            ([move for move, _ in dated], [at for _, at in dated]),
        )
