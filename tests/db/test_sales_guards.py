"""What sales must refuse whoever asks: forged writes, rights and scope of the posting functions; posting once."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, Refused
from app.services.sales import writes
from app.services.sales.commands import (
    CancelInvoice,
    ConfirmSalesOrder,
    PostInvoice,
    PostPayment,
)
from migrations import rights
from tests.conftest import ROLES
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]
RawAs = Callable[..., Raw]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


def _one(admin: Raw, statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return row[0]


def _invoiced(world: World, as_role: As, admin: Raw, qty: int = 2) -> writes.Issued:
    """An invoice over bikes, 119.00 each."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, qty)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, qty, "100")]))
    [line] = line_ids(admin, order.id)
    delivery = shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, qty, world.shelf))
    post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    return as_role("finance").write(writes.post_invoice, post).value


# -- forged writes --------------------------------------------------------------------------------------------


FORGERIES = (
    "UPDATE sales.quote SET state = 'issued', number = 'AN-2026-99999'",
    "UPDATE sales.quote SET net_amount = 1",
    "UPDATE sales.quote_line SET list_price = 1",
    "UPDATE sales.sales_order SET state = 'confirmed', number = 'AU-2026-99999'",
    "UPDATE sales.sales_order SET gross_amount = 0.01",
    "UPDATE sales.sales_order SET row_version = 1",
    "UPDATE sales.sales_order SET delivery_state = 'full'",
    "UPDATE sales.sales_order_line SET qty_shipped = 0",
    "UPDATE sales.sales_order_line SET qty_invoiced = qty_shipped",
    "UPDATE sales.delivery SET invoice_state = 'none'",
    "UPDATE sales.delivery_line SET qty = 1",
    "UPDATE sales.invoice SET paid_amount = gross_amount, state = 'paid'",
    "UPDATE sales.invoice_line SET unit_price = 1",
    "UPDATE sales.invoice_tax SET tax_amount = 0",
    "UPDATE sales.invoice_delivery SET is_active = false",
    "UPDATE sales.payment SET amount = 1",
    "UPDATE system.approval_request SET state = 'approved', settled_at = now()",
    "UPDATE system.approval_vote SET decision = 'approve'",
    "INSERT INTO sales.sales_order (state, number) VALUES ('confirmed', 'AU-2026-99998')",
    "INSERT INTO sales.delivery (number) VALUES ('LS-2026-99999')",
    "INSERT INTO sales.invoice (number, gross_amount) VALUES ('RE-2026-99999', 1)",
    "INSERT INTO sales.payment (invoice_id, amount, paid_on) VALUES (1, 1, current_date)",
    (
        "INSERT INTO system.approval_request (kind, topic, record_id, amount, reason, requested_by, state, expires_at)"
        " VALUES ('discount', 'sales.quote', 1, 100, 'x', 'u_sales_rep', 'approved', now())"
    ),
    "INSERT INTO system.approval_vote (request_id, voter, authority, decision) VALUES (1, 'u_x', 'u_x', 'approve')",
    "SELECT system.approval_settle(1, 'approved')",
    "SELECT system.approval_open('discount', 'sales.quote', 1, '{}', '{}', 'x')",
    "DELETE FROM sales.quote",
    "DELETE FROM sales.sales_order_line",
    "DELETE FROM sales.payment",
    "TRUNCATE sales.invoice CASCADE",
    "SELECT nextval('sales.invoice_id_seq')",
    "SELECT system.next_number('invoice')",
    "SELECT sales.refresh_order(1)",
    "SELECT inventory.post_moves('[]')",
)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_writes_what_only_postings_write(
    role: str, world: World, as_role: As, admin: Raw, raw_role: RawAs
) -> None:
    """As psql with a valid session: every attempt on states, numbers, totals, postings is refused outright."""
    if not _one(admin, "SELECT count(*) FROM sales.invoice"):
        _invoiced(world, as_role, admin)
    connection = raw_role(role, ticket=True)
    for statement in FORGERIES:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)


def test_confirmed_order_does_not_change_for_who_may_write_drafts(
    world: World, as_role: As, admin: Raw, raw_role: RawAs
) -> None:
    """Header and lines are out of reach once confirmed, also for the database's own functions."""
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 1, "100")]))
    [line] = line_ids(admin, order.id)
    psql = raw_role("sales_rep", ticket=True)
    assert psql.execute("UPDATE sales.sales_order SET remark = 'x' WHERE id = %s", (order.id,)).rowcount == 0
    for statement in (
        "UPDATE sales.sales_order_line SET qty = 99 WHERE id = %s",
        "UPDATE sales.sales_order_line SET unit_price = 1 WHERE id = %s",
        (
            "INSERT INTO sales.sales_order_line (sales_order_id, position, product_id, description, qty, unit_price,"
            " tax_rate)"
            " SELECT sales_order_id, 99, product_id, 'x', 1, 0, 0 FROM sales.sales_order_line WHERE id = %s"
        ),
    ):
        with pytest.raises(psycopg.Error) as refusal:
            psql.execute(statement, (line,))
        assert refusal.value.sqlstate == "ER422"
    for statement in (
        "UPDATE sales.sales_order SET customer_reference = 'x' WHERE id = %s",
        "UPDATE sales.sales_order SET state = 'draft' WHERE id = %s",
        "UPDATE sales.sales_order SET gross_amount = 1 WHERE id = %s",
        "DELETE FROM sales.sales_order_line WHERE sales_order_id = %s",
        "UPDATE sales.sales_order_line SET discount_pct = 50 WHERE sales_order_id = %s",
    ):
        with pytest.raises(psycopg.Error) as refusal:
            admin.execute(statement, (order.id,))
        assert refusal.value.sqlstate == "ER422"


def test_posted_records_are_final_even_for_the_administrator_of_the_database(
    world: World, as_role: As, admin: Raw
) -> None:
    """Invoice, lines, taxes, deliveries and payments: no change, no deletion, nothing added."""
    bill = _invoiced(world, as_role, admin)
    as_role("finance").write(writes.post_payment, PostPayment(bill.id, bill.row_version, D(10), world.today))
    for statement in (
        "UPDATE sales.invoice SET gross_amount = 1",
        "UPDATE sales.invoice SET paid_amount = 0 WHERE paid_amount > 0",
        "UPDATE sales.invoice SET number = 'RE-2026-90000'",
        "UPDATE sales.invoice_line SET net_amount = 1",
        "UPDATE sales.invoice_tax SET tax_amount = 1",
        "UPDATE sales.delivery SET shipped_at = now()",
        "UPDATE sales.delivery_line SET qty = 1000",
        "UPDATE sales.payment SET amount = 1",
        "DELETE FROM sales.payment",
        "DELETE FROM sales.invoice_line",
        (
            "INSERT INTO sales.invoice_tax (invoice_id, tax_rate, net_amount, tax_amount)"
            " SELECT id, 5, 1, 1 FROM sales.invoice LIMIT 1"
        ),
    ):
        with pytest.raises(psycopg.Error) as refusal:
            admin.execute(statement)
        assert refusal.value.sqlstate == "ER422", statement


# -- rights and scope of the posting functions ------------------------------------------------------------------


MATRIX = rights.load()
CALLS = {
    "quote_issue": ("p_id => 1, p_row_version => 1", {"sales_rep", "sales_manager", "customer_service"}),
    "sales_order_confirm": (
        "p_id => 1, p_row_version => 1",
        {"sales_rep", "sales_manager", "customer_service"},
    ),
    "delivery_ship": (
        "p_sales_order_id => 1, p_row_version => 1, p_lines => '[]'",
        {"warehouse_clerk", "warehouse_manager"},
    ),
    "invoice_post": ("p_sales_order_id => 1, p_row_version => 1, p_delivery_ids => '{1}'", {"finance"}),
    "invoice_cancel": ("p_id => 1, p_row_version => 1, p_reason => 'x'", {"finance"}),
    "payment_post": (
        "p_invoice_id => 1, p_row_version => 1, p_amount => 1, p_paid_on => current_date, p_use_discount => false",
        {"finance"},
    ),
}


@pytest.mark.parametrize("function", CALLS)
def test_posting_functions_belong_to_their_roles(function: str, raw_role: RawAs) -> None:
    """Everybody else is refused by the server, and nobody gets anywhere without a session."""
    arguments, named = CALLS[function]
    roles = {role for role in ROLES if not MATRIX.including(role).isdisjoint(named)}
    call = f"SELECT api.{function}(gen_random_uuid(), {arguments})"
    for role in ROLES:
        if role in roles:
            with pytest.raises(psycopg.Error) as refusal:
                raw_role(role).execute(call)
            assert refusal.value.sqlstate == "ER401"
        else:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw_role(role, ticket=True).execute(call)


# -- invoices and payments ------------------------------------------------------------------------------------------


def test_cancelled_invoice_is_answered_by_its_negative_and_the_delivery_is_free_again(
    world: World, as_role: As, admin: Raw
) -> None:
    """Own number, same amounts below zero; invoicing once more is possible, twice is not."""
    finance = as_role("finance")
    bill = _invoiced(world, as_role, admin)
    counter = finance.write(
        writes.cancel_invoice, CancelInvoice(bill.id, bill.row_version, reason="Adresse")
    ).value
    found = admin.execute(
        "SELECT kind, state, net_amount, tax_amount, gross_amount, cancels_id FROM sales.invoice WHERE id = %s",
        (counter.id,),
    ).fetchone()
    assert found == (
        "cancellation",
        "settled",
        -bill.net_amount,
        -bill.tax_amount,
        -bill.gross_amount,
        bill.id,
    )
    assert (
        _one(admin, "SELECT state FROM sales.sales_order WHERE id = %s", counter.sales_order_id)
        == "confirmed"
    )
    delivery = _one(admin, "SELECT id FROM sales.delivery WHERE sales_order_id = %s", counter.sales_order_id)
    again = PostInvoice(counter.sales_order_id, counter.sales_order_row_version, (delivery,))
    second = finance.write(writes.post_invoice, again).value
    assert second.gross_amount == bill.gross_amount
    version = _one(admin, "SELECT row_version FROM sales.sales_order WHERE id = %s", counter.sales_order_id)
    with pytest.raises(Refused, match="delivery_not_invoiceable"):
        finance.write(writes.post_invoice, PostInvoice(counter.sales_order_id, version, (delivery,)))
    with pytest.raises(Refused, match="invoice_not_cancellable"):
        finance.write(
            writes.cancel_invoice, CancelInvoice(bill.id, bill.row_version + 1, reason="noch einmal")
        )
    with pytest.raises(Refused, match="invoice_not_cancellable"):
        finance.write(writes.cancel_invoice, CancelInvoice(counter.id, 1, reason="Storno vom Storno"))


@pytest.mark.parametrize(
    ("amount", "days", "discount", "key"),
    [
        ("238.01", 0, False, "payment_exceeds_open"),
        ("0", 0, False, "payment_positive"),
        ("-5", 0, False, "payment_positive"),
        ("1.005", 0, False, "payment_positive"),
        ("NaN", 0, False, "payment_exceeds_open"),
        ("100", 1, False, "payment_date_out_of_range"),
        ("100", -1, False, "payment_date_out_of_range"),
        ("233.23", 0, True, "payment_does_not_settle"),
        ("233.25", 0, True, "payment_exceeds_open"),
    ],
)
def test_payments_that_are_refused(
    world: World, as_role: As, admin: Raw, amount: str, days: int, discount: bool, key: str
) -> None:
    """238.00 gross, 2 % Skonto = 4.76, leaves 233.24: not a cent more or less."""
    bill = _invoiced(world, as_role, admin)
    day = world.today + timedelta(days=days)
    with pytest.raises(Refused) as refusal:
        as_role("finance").write(
            writes.post_payment, PostPayment(bill.id, bill.row_version, D(amount), day, use_discount=discount)
        )
    assert refusal.value.key == key


@pytest.mark.parametrize(("days_ago", "allowed"), [(8, True), (9, False)])
def test_skonto_until_its_last_day(
    world: World, as_role: As, admin: Raw, days_ago: int, allowed: bool
) -> None:
    """8 days means: an invoice of 8 days ago still, one of 9 days ago no longer."""
    finance = as_role("finance")
    bill = _invoiced(world, as_role, admin)
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE sales.invoice SET invoice_date = invoice_date - %s, discount_date = discount_date - %s"
            " WHERE id = %s",
            (days_ago, days_ago, bill.id),
        )
    pay = PostPayment(bill.id, bill.row_version, D("233.24"), world.today, use_discount=True)
    if allowed:
        assert finance.write(writes.post_payment, pay).value.state == "paid"
    else:
        with pytest.raises(Refused, match="discount_period_over"):
            finance.write(writes.post_payment, pay)


# -- exactly once, gap-free, consistent -------------------------------------------------------------------------------


def test_the_same_command_again_is_the_same_answer(world: World, as_role: As, admin: Raw) -> None:
    """A double click or a lost answer posts once; the same UUID for something else is refused."""
    rep = as_role("sales_rep")
    saved = rep.write(writes.save_sales_order, world.order([world.line(world.bell, 1, "7.99")])).value
    command = ConfirmSalesOrder(saved.id, saved.row_version)
    first = rep.write(writes.confirm_sales_order, command).value
    assert rep.write(writes.confirm_sales_order, command).value == first
    with pytest.raises(Refused, match="command_reused"):
        rep.write(writes.confirm_sales_order, replace(command, row_version=99))
    with pytest.raises(AppError, match="command_reused"):
        as_role("sales_manager").write(writes.confirm_sales_order, command)


def test_numbers_have_no_gaps_when_postings_fail_after_taking_one(
    world: World, as_role: As, raw_role: RawAs, admin: Raw
) -> None:
    """A rolled back confirmation gives its number to the next."""
    rep = as_role("sales_rep")
    psql = raw_role("sales_rep", ticket=True)
    for keep in (False, True, False, True):
        saved = rep.write(writes.save_sales_order, world.order([world.line(world.bell, 1, "7.99")])).value
        with psql.transaction(force_rollback=not keep):
            psql.execute(
                "SELECT api.sales_order_confirm(%s, %s, %s)", (uuid.uuid4(), saved.id, saved.row_version)
            )
    numbers = admin.execute(
        "SELECT right(number, 5)::int FROM sales.sales_order WHERE number IS NOT NULL"
    ).fetchall()
    assert sorted(n for (n,) in numbers) == list(range(1, len(numbers) + 1))


def test_everything_adds_up_at_the_end(world: World, as_role: As, admin: Raw, repository: Path) -> None:
    """The consistency queries find nothing wrong with all the above."""
    _invoiced(world, as_role, admin)
    for path in sorted((repository / "migrations/sql/consistency").glob("*.sql")):
        assert admin.execute(path.read_text("utf-8")).fetchall() == [], path.name


def test_jsonb_that_is_no_list_of_lines_is_refused(
    world: World, as_role: As, admin: Raw, raw_role: RawAs
) -> None:
    """Whatever somebody sends to delivery_ship, the answer is a refusal."""
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bell, 1, "7.99")]))
    psql = raw_role("warehouse_manager", ticket=True)
    for lines in ("{}", "[]", "null", '"x"', "1", json.dumps([{"sales_order_line_id": 10**12, "qty": 1}])):
        with pytest.raises(psycopg.Error) as refusal:
            psql.execute(
                "SELECT api.delivery_ship(gen_random_uuid(), %s, %s, %s::jsonb)",
                (order.id, order.row_version, lines),
            )
        assert refusal.value.sqlstate == "ER422", lines
