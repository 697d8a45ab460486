"""Orders, receipts and suppliers' invoices for tests of buying."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.purchasing import invoicing, writes
from app.services.purchasing.commands import (
    Arrival,
    EnterInvoice,
    IssueOrder,
    PostReceipt,
    SaveInvoice,
    SaveOrder,
)
from app.services.purchasing.invoices import Invoice, get_invoice
from tests.sales_world import Raw, World, build

D = Decimal


def supplied(admin_dsn: str) -> World:
    """The small trading world, where everything is bought and the dealer is a supplier."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("UPDATE catalog.product SET is_bought = true")
        connection.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (made.dealer,))
        return made


def one(admin: Raw, statement: str, *values: object) -> tuple[Any, ...]:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return tuple(row)


def refused(db: Database, fn: Any, command: Any) -> AppError:
    with pytest.raises(AppError) as caught:
        db.write(fn, command)
    return caught.value


def received_order(
    buyer: Database,
    clerk: Database,
    world: World,
    qty: int = 10,
    price: str = "60",
    came: int = 10,
    currency: str = "EUR",
) -> int:
    """An order of bikes of which some came; its id."""
    head = {
        "supplier_id": world.dealer,
        "warehouse_id": world.north,
        "payment_term_id": world.terms,
        "currency": currency,
    }
    lines = [
        {
            "product_id": world.bike,
            "description": "Rad",
            "qty": D(qty),
            "unit_price": D(price),
            "supplier_sku": "R-1",
        }
    ]
    saved = buyer.write(writes.save_order, SaveOrder(None, None, head, lines)).value
    issued = buyer.write(writes.issue_order, IssueOrder(saved.id, saved.row_version)).value
    (row,) = (
        x
        for x in buyer.read(
            lambda s: (
                s.connection()
                .exec_driver_sql(
                    "SELECT id FROM purchasing.purchase_order_line WHERE purchase_order_id = %s", (issued.id,)
                )
                .all()
            )
        )
    )
    arrival = Arrival(int(row[0]), D(came), world.shelf)
    clerk.write(writes.post_receipt, PostReceipt(issued.id, issued.row_version, world.today, (arrival,)))
    return issued.id


def draft(world: World, number: str, lines: list[dict[str, Any]], gross: str, **values: Any) -> SaveInvoice:
    head: dict[str, Any] = {
        "supplier_id": world.dealer,
        "invoice_number": number,
        "invoice_date": world.today,
        "due_date": world.today + timedelta(days=30),
        "stated_gross": D(gross),
    }
    return SaveInvoice(None, None, head | values, lines)


def cost(net: str, rate: str = "19", qty: str = "1", **values: Any) -> dict[str, Any]:
    return {
        "description": "Fracht",
        "qty": D(qty),
        "unit_price": abs(D(net)),
        "net_amount": D(net),
        "tax_category": "S" if D(rate) else "Z",
        "tax_rate": D(rate),
    } | values


def entered(db: Database, command: SaveInvoice) -> invoicing.Entered:
    saved = db.write(invoicing.save_invoice, command).value
    return db.write(invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).value


def approved(buyer: Database, finance: Database, command: SaveInvoice) -> Invoice:
    done = entered(buyer, command)
    finance.write(decide, Decide(done.request_id, True))
    return finance.read(get_invoice, done.id)
