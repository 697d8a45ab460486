"""Loads the demo company into an empty database: every step by the people whose job it is, through the services.

Deterministic: the same day gives the same data.  A load that was interrupted goes on with the step it was at.
"""

from collections.abc import Callable, Mapping
from datetime import date

import psycopg

from app.services.demo import (
    books,
    buying,
    labels,
    master,
    papers,
    payables,
    people,
    reminding,
    stock,
    structure,
    trade,
)
from app.services.demo.house import House

Step = tuple[str, Callable[[House], None], str]
# Name, what to do, and a query that returns a row once it is done.
STEPS: tuple[Step, ...] = (
    ("company", master.company, "SELECT FROM partners.payment_term"),
    ("warehouses", master.warehouses, "SELECT FROM sec.user_warehouse"),
    ("products", master.products, "SELECT FROM catalog.product"),
    ("prices", master.prices, "SELECT FROM catalog.product_cost"),
    ("partners", master.customers_and_suppliers, "SELECT FROM purchasing.supplier_price"),
    ("bills", structure.bills, "SELECT FROM engineering.bom"),
    (
        "stock",
        stock.movements,
        "SELECT FROM inventory.stock_move WHERE posted_at < now() - interval '100 days'",
    ),
    ("production", trade.production, "SELECT FROM production.completion"),
    ("quotes", trade.quotes, f"SELECT FROM sales.quote WHERE customer_reference = '{trade.QUOTES[-1].ref}'"),
    ("orders", trade.orders, "SELECT FROM system.note"),
    ("buying", buying.orders, "SELECT FROM purchasing.goods_receipt WHERE kind = 'return'"),
    ("payables", payables.invoices, "SELECT FROM purchasing.purchase_invoice WHERE kind = 'credit'"),
    ("labels", labels.designs_and_ranges, "SELECT FROM labels.design"),
    ("reminders", reminding.reminders, "SELECT FROM sales.reminder_hold"),
    ("books", books.accounts, "SELECT FROM accounting.account"),
    ("papers", papers.archive, "SELECT FROM documents.issued WHERE topic = 'sales.invoice'"),
)


def ensure(
    admin_dsn: str,
    passwords: Mapping[str, str],
    *,
    today: date | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> bool:
    """Create the demo people and, in a database without products, the demo company; returns whether it loaded.

    ``admin_dsn`` is the address of a superuser; ``today`` is the day all dates are counted from (default: this one);
    ``progress`` hears of every step (name, number done, of how many).
    """
    people.ensure(admin_dsn, passwords)
    if not _is_ours(admin_dsn):
        return False
    open_steps = [step for step in STEPS if not _found(admin_dsn, step[2])]
    house = House(admin_dsn, passwords, today or _company_day(admin_dsn))
    try:
        for number, (name, run, _) in enumerate(open_steps):
            if progress is not None:
                progress(name, number, len(open_steps))
            run(house)
    finally:
        house.close()
    return bool(open_steps)


def _company_day(admin_dsn: str) -> date:
    """The company's calendar day, by which everything is posted; this desk may be in another time zone."""
    with psycopg.connect(admin_dsn) as connection:
        row = connection.execute("SELECT system.today()").fetchone()
    assert row is not None
    day: date = row[0]
    return day


def _is_ours(admin_dsn: str) -> bool:
    """Whether the database is empty or holds the demo company; anybody else's data is left alone."""
    with psycopg.connect(admin_dsn) as connection:
        row = connection.execute(
            "SELECT c.name, EXISTS (SELECT FROM catalog.product) FROM system.company c"
        ).fetchone()
    return row is None or row[0] == master.COMPANY or not row[1]


def _found(admin_dsn: str, query: str) -> bool:
    with psycopg.connect(admin_dsn) as connection:
        return connection.execute(f"{query} LIMIT 1").fetchone() is not None
