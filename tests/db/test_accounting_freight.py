"""Freight has an account of its own in the books, wherever on an invoice it stands."""

from app.core.db import Database
from app.services.accounting import writes
from app.services.accounting.commands import DiscardAccount, SaveAccount
from app.services.sales import writes as sales
from app.services.sales.commands import CancelInvoice
from tests.books_world import As, bookings_of, invoiced, look
from tests.db.test_accounting import _adds_up, _report, finance, world
from tests.sales_world import D, Raw, World

__all__ = ["_adds_up", "finance", "world"]


def test_freight_on_lines_and_on_the_whole_goes_to_its_account(
    as_role: As, admin: Raw, world: World, finance: Database
) -> None:
    """What the reason says is freight, at the rate there is an account for; set-up stays with the revenue."""
    values = {"purpose": "freight", "tax_category": "S", "tax_rate": D(7), "number": "8310", "tax_key": ""}
    account = finance.write(writes.save_account, SaveAccount(None, None, values)).value
    freight = {"kind": "charge", "reason": "Fracht", "code": "FC", "amount": "6"}
    setup = {"kind": "charge", "reason": "Einrichtung", "code": "SU", "amount": "4"}
    lines = [world.line(world.book, 2, "20", tax_rate=D(7), charges=[freight, setup])]
    half = invoiced(as_role, admin, world, world.order(lines, charges=[freight | {"amount": "5"}]), 1)
    found = look(finance, world)
    assert bookings_of(found, half.number) == [
        ("revenue", "S", "8300", D("23.54")),  # 20 and 2 for the set-up
        ("freight", "S", "8310", D("8.56")),  # half of 6, and 5 on the whole
    ]
    back = finance.write(sales.cancel_invoice, CancelInvoice(half.id, half.row_version, "Falsch")).value
    assert bookings_of(look(finance, world), back.number) == [
        ("revenue", "H", "8300", D("23.54")),
        ("freight", "H", "8310", D("8.56")),
    ]
    _report(finance, world)
    finance.write(writes.discard_account, DiscardAccount(account.id, account.row_version))
