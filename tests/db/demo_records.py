"""Records of the demo company to do something with."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import sql

from app.services.sales.commands import SaveQuote

Raw = psycopg.Connection[Any]
D = Decimal


@contextmanager
def demo_copy(new_database: Callable[..., AbstractContextManager[str]], template: str) -> Iterator[str]:
    """A copy of the demo company; the clerk of the tests is at home in all its warehouses."""
    with new_database(template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(
                "SELECT sec.user_set_warehouses('u_warehouse_clerk', array_agg(id)) FROM inventory.warehouse"
            )
        yield address


def one(admin: Raw, query: str, *values: object) -> Any:
    row = admin.execute(sql.SQL(query), values).fetchone()
    assert row is not None, query
    return row[0] if len(row) == 1 else row


def records(admin: Raw) -> dict[str, Any]:
    """Ids and versions of records on which the posting functions would do something."""
    product, place, lot, warehouse = one(
        admin,
        "SELECT b.product_id, b.place_id, b.lot_id, b.warehouse_id FROM inventory.stock_balance b"
        " JOIN inventory.place p ON p.id = b.place_id AND p.kind = 'storage'"
        " WHERE b.qty > 5 AND b.lot_id IS NOT NULL ORDER BY b.id LIMIT 1",
    )
    order, version, line, line_place = one(
        admin,
        "SELECT o.id, o.row_version, l.id, (SELECT p.id FROM inventory.place p"
        " WHERE p.warehouse_id = o.warehouse_id AND p.kind = 'storage' ORDER BY p.id LIMIT 1)"
        " FROM sales.sales_order o JOIN sales.sales_order_line l"
        " ON l.sales_order_id = o.id AND l.qty_shipped < l.qty"
        " WHERE o.state = 'confirmed' ORDER BY o.id LIMIT 1",
    )
    work, work_version, work_place = one(
        admin,
        "SELECT w.id, w.row_version, (SELECT p.id FROM inventory.place p WHERE p.warehouse_id = w.warehouse_id"
        " AND p.kind = 'production' LIMIT 1) FROM production.work_order w WHERE w.state = 'started' LIMIT 1",
    )
    invoice, invoice_version = one(
        admin,
        "SELECT id, row_version FROM sales.invoice WHERE state = 'open' ORDER BY gross_amount DESC LIMIT 1",
    )
    bought = [
        row[0]
        for row in admin.execute(
            "SELECT id FROM catalog.product p WHERE NOT EXISTS (SELECT FROM engineering.bom b"
            " WHERE b.product_id = p.id) ORDER BY id LIMIT 2"
        ).fetchall()
    ]
    partner, partner_version = one(
        admin,
        "SELECT id, row_version FROM partners.partner WHERE is_customer AND NOT is_delivery_blocked LIMIT 1",
    )
    return {
        "product": product,
        "place": place,
        "lot": lot,
        "other": one(
            admin,
            "SELECT id FROM inventory.place WHERE warehouse_id = %s AND id <> %s AND kind = 'storage' LIMIT 1",
            warehouse,
            place,
        ),
        "order": order,
        "order_version": version,
        "line": line,
        "line_place": line_place,
        "made": one(admin, "SELECT product_id FROM engineering.bom WHERE state = 'approved' LIMIT 1"),
        "bought": bought[0],
        "part": bought[1],
        "work": work,
        "work_version": work_version,
        "work_place": work_place,
        "invoice": invoice,
        "invoice_version": invoice_version,
        "partner": partner,
        "partner_version": partner_version,
        "today": one(admin, "SELECT system.today()"),
    }


def quote(admin: Raw, product: int, *, customer: Any = None, **cells: Any) -> SaveQuote:
    """The command for a quote of one line for a customer of the demo company."""
    row = one(
        admin,
        "SELECT q.customer_id, q.warehouse_id, q.price_list_id, q.payment_term_id, system.today()"
        " FROM sales.quote q ORDER BY q.id LIMIT 1",
    )
    values = dict(zip(("customer_id", "warehouse_id", "price_list_id", "payment_term_id"), row, strict=False))
    if customer is not None:
        values["customer_id"] = customer
    line = {"product_id": product, "description": "x", "qty": D(1), "unit_price": D(1), "tax_rate": D(19)}
    return SaveQuote(None, None, values | {"quote_date": row[4], "valid_until": row[4]}, [line | cells])
