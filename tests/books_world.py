"""Tales for tests of the books: goods sold, shipped and invoiced; money received; a month looked at and handed over."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from app.core.db import Database
from app.services.accounting import preview as shown
from app.services.accounting import writes
from app.services.accounting.commands import AdoptChart, SaveSetting
from app.services.sales import writes as sales
from app.services.sales.commands import PostDownPayment, PostInvoice, PostPayment, SaveSalesOrder
from app.services.sales.reads import InvoiceDetail, get_invoice
from tests.sales_world import D, Raw, World, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]
NOW = dt.datetime(2026, 11, 21, 18, 30, 5, 123000, dt.UTC)


def invoiced(
    as_role: As, admin: Raw, world: World, command: SaveSalesOrder, *qty: int, down: Decimal | None = None
) -> InvoiceDetail:
    """An invoice of goods that were shipped; `down`: a down payment of so many percent first, paid."""
    for product in (world.bike, world.bell, world.book):
        stock(as_role("warehouse_manager"), product, world.shelf, 50)
    finance = as_role("finance")
    order = confirmed(as_role("sales_manager"), command)
    if down is not None:
        asked = finance.write(
            sales.post_down_payment,
            PostDownPayment(order.id, order.row_version, world.today + dt.timedelta(days=10), pct=down),
        ).value
        paid(finance, finance.read(get_invoice, asked.id))
    version = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order.id,)).fetchone()
    assert version is not None
    picks = [(line, n, world.shelf) for line, n in zip(line_ids(admin, order.id), qty, strict=True) if n]
    delivery = shipped(as_role("warehouse_manager"), order.id, version[0], *picks)
    post = PostInvoice(delivery.sales_order_id, delivery.sales_order_row_version, (delivery.id,))
    return finance.read(get_invoice, finance.write(sales.post_invoice, post).value.id)


def paid(finance: Database, invoice: InvoiceDetail, amount: object = None, *, discount: bool = False) -> None:
    """Money received."""
    wanted = D(str(amount)) if amount is not None else invoice.gross_amount - invoice.prepaid_amount
    finance.write(
        sales.post_payment,
        PostPayment(invoice.id, invoice.row_version, wanted, invoice.invoice_date, discount),
    )


def with_chart(db: Database, admin: Raw) -> bool:
    """Adopt a chart of accounts and name the adviser's numbers; whether nobody had before."""
    if admin.execute("SELECT chart = '' FROM accounting.setting").fetchone() != (True,):
        return False
    db.write(writes.adopt_chart, AdoptChart("03"))
    version = admin.execute("SELECT row_version FROM accounting.setting").fetchone()
    assert version is not None
    db.write(writes.save_setting, SaveSetting(version[0], {"consultant_no": 29098, "client_no": 55003}))
    return True


def month_of(world: World) -> tuple[dt.date, dt.date]:
    """The days of this month."""
    return shown.month_of(world.today)


def look(db: Database, world: World, repeats: int | None = None) -> shown.Preview:
    """The preview of this month."""
    return db.read(shown.preview, *month_of(world), repeats)


def hand_over(db: Database, found: shown.Preview, reason: str = "") -> writes.Exported:
    """The export of a preview."""
    return db.write(writes.post_export, shown.post_command(found, shown.make_files(found, NOW), reason)).value


def bookings_of(found: shown.Preview, number: str) -> list[tuple[str, str, str, Decimal]]:
    """What is booked for a number: kind, side, contra, amount."""
    return [(r.kind, r.side, r.contra or "", r.amount) for r in found.rows if r.number == number]
