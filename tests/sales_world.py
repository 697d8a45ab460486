"""A small trading world for tests of sales: products with tier prices, customers, terms, stock in two warehouses."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database, call_api, posting
from app.services.records import Saved
from app.services.sales import writes
from app.services.sales.commands import ConfirmSalesOrder, Pick, SaveQuote, SaveSalesOrder, ShipDelivery

D = Decimal
Raw = psycopg.Connection[Any]


@dataclass(frozen=True)
class World:
    """Ids of what there is.

    `bike` costs 100.00 (from 10 on 90.00), `bell` 7.99, `book` 20.00 at 7 %, `service` 50.00 and is not stocked.
    """

    wholesale: int
    retail: int
    terms: int
    north: int
    south: int
    shelf: int
    far_shelf: int
    dealer: int
    french: int
    bike: int
    bell: int
    book: int
    service: int
    today: date

    def header(self, **values: Any) -> dict[str, Any]:
        """Header values of a draft for the dealer."""
        given = {
            "customer_id": self.dealer,
            "warehouse_id": self.north,
            "price_list_id": self.wholesale,
            "payment_term_id": self.terms,
        }
        return given | values

    def quote(self, lines: list[dict[str, Any]], **values: Any) -> SaveQuote:
        """The command for a new draft quote of today."""
        dates = {"quote_date": self.today, "valid_until": self.today + timedelta(days=30)}
        return SaveQuote(None, None, self.header(**dates | values), lines)

    def order(self, lines: list[dict[str, Any]], **values: Any) -> SaveSalesOrder:
        """The command for a new draft order of today."""
        return SaveSalesOrder(None, None, self.header(**{"order_date": self.today} | values), lines)

    def line(self, product: int, qty: object = 1, price: object = "100", **values: Any) -> dict[str, Any]:
        """A line with 19 % tax unless told otherwise."""
        given = {
            "product_id": product,
            "description": "Artikel",
            "qty": D(str(qty)),
            "unit_price": D(str(price)),
        }
        return given | {"tax_rate": D(19)} | values


def build(admin: Raw) -> World:
    """Write the world as the administrator; no stock yet."""

    def one(statement: str, *values: object) -> Any:
        row = admin.execute(statement, values).fetchone()
        assert row is not None
        return row[0]

    unit = one(
        "INSERT INTO catalog.unit (code, name_de, name_en) VALUES ('Stk', 'Stück', 'piece') RETURNING id"
    )
    full, low = (
        one(
            "INSERT INTO catalog.tax_class (code, name_de, name_en, rate) VALUES (%s, %s, %s, %s) RETURNING id",
            code,
            code,
            code,
            rate,
        )
        for code, rate in (("full", 19), ("low", 7))
    )

    def product(sku: str, tax: int, *, stocked: bool = True) -> int:
        return int(
            one(
                "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id, is_stocked)"
                " VALUES (%s, %s, %s, %s, %s) RETURNING id",
                sku,
                f"Name von {sku}",
                unit,
                tax,
                stocked,
            )
        )

    def price_list(code: str, kind: str, included: bool) -> int:
        return int(
            one(
                "INSERT INTO catalog.price_list (code, name_de, name_en, kind, tax_included)"
                " VALUES (%s, %s, %s, %s, %s) RETURNING id",
                code,
                code,
                code,
                kind,
                included,
            )
        )

    wholesale, retail = price_list("W", "wholesale", False), price_list("R", "retail", True)
    bike, bell, book = product("BIKE-1", full), product("BELL-1", full), product("BOOK-1", low)
    service = product("SERVICE", full, stocked=False)
    prices = [(bike, 1, "100"), (bike, 10, "90"), (bell, 1, "7.99"), (book, 1, "20"), (service, 1, "50")]
    for item, tier, amount in prices:
        for each, factor in ((wholesale, D(1)), (retail, D("1.5"))):
            admin.execute(
                "INSERT INTO catalog.price (product_id, price_list_id, min_qty, amount, valid_from)"
                " VALUES (%s, %s, %s, %s, '2020-01-01')",
                (item, each, tier, D(amount) * factor),
            )
    terms = one(
        "INSERT INTO partners.payment_term (code, name_de, name_en, net_days, discount_days, discount_pct)"
        " VALUES ('30-8-2', '30 Tage, 8 Tage 2 %%', '30 days, 8 days 2%%', 30, 8, 2) RETURNING id"
    )

    def customer(number: str, name: str, treatment: str, vat: str | None, country: str) -> int:
        found = one(
            "INSERT INTO partners.partner (number, name, tax_treatment, vat_id, price_list_id, payment_term_id)"
            " VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
            number,
            name,
            treatment,
            vat,
            wholesale,
            terms,
        )
        admin.execute(
            "INSERT INTO partners.address (partner_id, kind, is_default, street, postcode, city, country)"
            " VALUES (%s, 'billing', true, 'Hauptstraße 1', '89073', 'Ulm', %s)",
            (found, country),
        )
        return int(found)

    def warehouse(code: str) -> tuple[int, int]:
        house = one("INSERT INTO inventory.warehouse (code, name) VALUES (%s, %s) RETURNING id", code, code)
        shelf = one(
            "INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'A-01') RETURNING id", house
        )
        return int(house), int(shelf)

    (north, shelf), (south, far_shelf) = warehouse("NORD"), warehouse("SUED")
    admin.execute(
        "UPDATE system.company SET street = 'Weg 1', postal_code = '89073', city = 'Ulm', vat_id = 'DE1'"
    )
    admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([north],))
    return World(
        wholesale=wholesale,
        retail=retail,
        terms=int(terms),
        north=north,
        south=south,
        shelf=shelf,
        far_shelf=far_shelf,
        dealer=customer("10001", "Radhaus Ulm", "domestic", None, "DE"),
        french=customer("10002", "Vélo Lyon", "eu_business", "FR12345678901", "FR"),
        bike=bike,
        bell=bell,
        book=book,
        service=service,
        today=one("SELECT system.today()"),
    )


def stock(keeper: Database, product: int, place: int, qty: object, lot: str | None = None) -> None:
    """Put so much more on a place; `keeper` is a database as warehouse_manager."""
    line = {"product_id": product, "place_id": place, "lot_code": lot, "qty": D(str(qty))}

    @posting
    def receive(session: Session, command: uuid.UUID) -> Result[Any]:
        return Result(call_api(session, "stock_receive", p_command=command, p_lines=[line], p_reason="Test"))

    keeper.write(receive, uuid.uuid4())


def confirmed(db: Database, command: SaveSalesOrder) -> writes.Confirmed:
    """A confirmed order."""
    saved: Saved = db.write(writes.save_sales_order, command).value
    return db.write(writes.confirm_sales_order, ConfirmSalesOrder(saved.id, saved.row_version)).value


def line_ids(admin: Raw, order: int) -> list[int]:
    """Ids of an order's lines in their order."""
    rows = admin.execute(
        "SELECT id FROM sales.sales_order_line WHERE sales_order_id = %s ORDER BY position", (order,)
    )
    return [row[0] for row in rows.fetchall()]


def shipped(
    db: Database, order: int, row_version: int, *picks: tuple[int, object, int | None]
) -> writes.Shipped:
    """A delivery of picks (line, quantity, place)."""
    wanted = tuple(Pick(line, D(str(qty)), place) for line, qty, place in picks)
    return db.write(writes.ship_delivery, ShipDelivery(order, row_version, wanted)).value


def price_list_in(admin: Raw, world: World, currency: str = "USD") -> int:
    """A price list in a foreign currency with the numbers of the wholesale one; the same one when it is there."""
    known = admin.execute("SELECT id FROM catalog.price_list WHERE code = %s", (currency,)).fetchone()
    if known is not None:
        return int(known[0])
    made = admin.execute(
        "INSERT INTO catalog.price_list (code, name_de, name_en, kind, currency)"
        " VALUES (%s, %s, %s, 'wholesale', %s) RETURNING id",
        (currency, f"Preise in {currency}", f"Prices in {currency}", currency),
    ).fetchone()
    assert made is not None
    admin.execute(
        "INSERT INTO catalog.price (product_id, price_list_id, min_qty, amount, valid_from)"
        " SELECT product_id, %s, min_qty, amount, valid_from FROM catalog.price WHERE price_list_id = %s",
        (made[0], world.wholesale),
    )
    return int(made[0])


def priced_in(admin: Raw, customer: int, price_list: int) -> int:
    """Give a customer another price list; gives the one before."""
    before = admin.execute("SELECT price_list_id FROM partners.partner WHERE id = %s", (customer,)).fetchone()
    assert before is not None
    admin.execute("UPDATE partners.partner SET price_list_id = %s WHERE id = %s", (price_list, customer))
    return int(before[0])
