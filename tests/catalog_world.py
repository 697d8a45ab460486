"""A few products, prices and partners for tests of the catalogue."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg

from app.core.db import Database
from app.services.catalog import writes
from app.services.catalog.commands import SaveProduct
from app.services.records import Saved

D = Decimal
Raw = psycopg.Connection[Any]


class Basics(NamedTuple):
    """Ids of what products need."""

    unit: int
    tax: int
    wholesale: int
    shop: int


def basics(admin: Raw) -> Basics:
    """Unit, tax class and two price lists; the shop's prices include tax.  The same ones when asked again."""

    def one(table: str, code: str, columns: str, *values: object) -> int:
        marks = ", ".join(["%s"] * len(values))
        row = admin.execute(
            f"INSERT INTO {table} (code, name_de, name_en, {columns}) VALUES (%s, %s, %s, {marks})"
            " ON CONFLICT (code) DO UPDATE SET name_de = excluded.name_de RETURNING id",
            (code, code, code, *values),
        ).fetchone()
        assert row is not None
        return int(row[0])

    return Basics(
        one("catalog.unit", "PCS", "decimals", 0),
        one("catalog.tax_class", "standard", "rate", 19),
        one("catalog.price_list", "TRADE", "kind, tax_included", "wholesale", False),
        one("catalog.price_list", "SHOP", "kind, tax_included", "retail", True),
    )


def product(db: Database, given: Basics, sku: str, name: str, **values: Any) -> Saved:
    """A product, entered by whoever `db` is."""
    command = SaveProduct(
        None, None, {"sku": sku, "name": name, "unit_id": given.unit, "tax_class_id": given.tax, **values}
    )
    return db.write(writes.save_product, command).value


def price(
    admin: Raw,
    price_list: int,
    product_id: int,
    amount: str,
    *,
    start: date,
    end: date | None = None,
    qty: int = 1,
) -> None:
    """A price of a list."""
    admin.execute(
        "INSERT INTO catalog.price (product_id, price_list_id, min_qty, amount, valid_from, valid_to)"
        " VALUES (%s, %s, %s, %s, %s, %s)",
        (product_id, price_list, qty, D(amount), start, end),
    )
