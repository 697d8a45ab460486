"""A small workshop for tests of stock and production: two warehouses, raw material, a part, a product."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

from app.core.db import Database
from app.services.engineering import writes as bills
from app.services.engineering.commands import ApproveBom, BomLineInput, SaveBom
from app.services.inventory import writes as stock
from app.services.inventory.commands import ReceiveLine, ReceiveStock
from migrations import drift

Raw = psycopg.Connection[Any]
D = Decimal
_serial = itertools.count(1)


@dataclass(frozen=True)
class Workshop:
    """Ids of what there is. Places are named by warehouse: `hall` is the clerk's, `annex` is not."""

    hall: int
    annex: int
    receiving: int
    shelf: int
    shelf2: int
    line: int
    blocked: int
    annex_shelf: int
    crack: int
    today: date


def build(admin: Raw) -> Workshop:
    """Write the workshop as the administrator; no products yet."""

    def one(statement: str, *values: object) -> Any:
        row = admin.execute(statement, values).fetchone()
        assert row is not None
        return row[0]

    for code, decimals in (("pc", 0), ("kg", 3)):
        admin.execute(
            "INSERT INTO catalog.unit (code, name_de, name_en, decimals) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT DO NOTHING",
            (code, code, code, decimals),
        )
    admin.execute(
        "INSERT INTO catalog.tax_class (code, name_de, name_en, rate) VALUES ('full', 'voll', 'full', 19)"
        " ON CONFLICT DO NOTHING"
    )
    houses = [
        one("INSERT INTO inventory.warehouse (code, name) VALUES (%s, %s) RETURNING id", code, code)
        for code in ("HALL", "ANNEX")
    ]

    def place(house: int, code: str, kind: str) -> int:
        return int(
            one(
                "INSERT INTO inventory.place (warehouse_id, code, kind) VALUES (%s, %s, %s) RETURNING id",
                houses[house],
                code,
                kind,
            )
        )

    admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([houses[0]],))
    return Workshop(
        hall=houses[0],
        annex=houses[1],
        receiving=place(0, "IN", "receiving"),
        shelf=place(0, "A-01", "storage"),
        shelf2=place(0, "A-02", "storage"),
        line=place(0, "LINE", "production"),
        blocked=place(0, "STOP", "blocked"),
        annex_shelf=place(1, "B-01", "storage"),
        crack=one(
            "INSERT INTO production.scrap_reason (code, name_de, name_en)"
            " VALUES ('CRACK', 'Riss', 'Crack') RETURNING id"
        ),
        today=one("SELECT system.today()"),
    )


def build_with_receiving(connection: Raw) -> Workshop:
    """The workshop, with a place where goods come in."""
    made = build(connection)
    connection.execute(
        "INSERT INTO inventory.place (warehouse_id, code, kind)"
        " SELECT warehouse_id, 'WE-01', 'receiving' FROM inventory.place WHERE id = %s",
        (made.shelf,),
    )
    return made


def product(
    admin: Raw,
    name: str,
    *,
    unit: str = "pc",
    made: bool = False,
    lots: bool = False,
    cost: str | None = None,
) -> int:
    """A new product; its SKU is the name with a serial number."""
    row = admin.execute(
        "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id, is_made, is_bought, is_lot_tracked)"
        " SELECT %s, %s, u.id, t.id, %s, %s, %s FROM catalog.unit u, catalog.tax_class t"
        " WHERE u.code = %s AND t.code = 'full' RETURNING id",
        (f"{name}{next(_serial)}", name, made, not made, lots, unit),
    ).fetchone()
    assert row is not None
    if cost is not None:
        admin.execute(
            "INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (%s, %s)", (row[0], cost)
        )
    return int(row[0])


def bill(
    planner: Database,
    product_id: int,
    lines: Sequence[tuple[int, object]] | Mapping[int, object],
    *,
    day: date = date(2026, 1, 1),
    scrap: object = 0,
    approve: bool = True,
) -> tuple[int, int]:
    """A bill of (component, quantity) lines; returns its id and row version."""
    pairs = list(lines.items()) if isinstance(lines, Mapping) else lines
    inputs = tuple(BomLineInput(part, D(str(qty)), D(str(scrap))) for part, qty in pairs)
    saved = planner.write(bills.save_bom, SaveBom(None, None, product_id, day, inputs)).value
    if not approve:
        return saved.id, saved.row_version
    done = planner.write(bills.approve_bom, ApproveBom(saved.id, saved.row_version)).value
    return done.id, done.row_version


def receive(keeper: Database, product_id: int, place_id: int, qty: object, lot: str | None = None) -> None:
    """Put goods on a place."""
    keeper.write(stock.receive_stock, ReceiveStock((ReceiveLine(product_id, place_id, D(str(qty)), lot),)))


def level(admin: Raw, product_id: int, warehouse_id: int) -> tuple[Any, ...]:
    """On hand, reserved and free of a product in a warehouse."""
    row = admin.execute(
        "SELECT on_hand, reserved, free FROM inventory.stock_level WHERE product_id = %s AND warehouse_id = %s",
        (product_id, warehouse_id),
    ).fetchone()
    return (D(0), D(0), D(0)) if row is None else (row[0], row[1], row[2])


def at(admin: Raw, product_id: int, place_id: int) -> Decimal:
    """What lies at a place, over all lots."""
    row = admin.execute(
        "SELECT coalesce(sum(qty), 0) FROM inventory.stock_balance WHERE product_id = %s AND place_id = %s",
        (product_id, place_id),
    ).fetchone()
    assert row is not None
    return D(row[0])


def inconsistencies(admin: Raw) -> list[Any]:
    """What the consistency queries find; none expected, ever."""
    return list(drift.run_queries(admin, "consistency"))


def seen(*values: Any) -> tuple[Any, ...]:
    """Values to compare with plain numbers: a Decimal equals its int, whatever their types say."""
    return values
