"""Reminders: what is due, what may be asked for, sending, taking back, holding back."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Conflict, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.sales import reminders, writes
from app.services.sales.commands import (
    CancelReminder,
    HoldReminders,
    IssueReminder,
    LiftHold,
    PostInvoice,
    PostPayment,
    SaveBaseRate,
    SaveReminderRule,
)
from app.services.sales.reads import get_invoice
from app.services.sales.reminder_paper import reminder_paper
from app.services.sales.reminders import OpenItem, Proposal, Reminded
from app.services.system.rates import Rate, SaveRates, save_rates
from migrations import drift
from tests.sales_world import (
    D,
    Raw,
    World,
    build,
    confirmed,
    line_ids,
    price_list_in,
    priced_in,
    shipped,
    stock,
)

As = Callable[[str], Database]
NIL = D(0)


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module, with a base rate this test knows."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("DELETE FROM sales.base_rate")
        connection.execute("INSERT INTO sales.base_rate (valid_from, rate) VALUES ('2016-07-01', 1.27)")
        yield made


@pytest.fixture
def finance(as_role: As) -> Database:
    """Who reminds."""
    return as_role("finance")


@pytest.fixture(autouse=True)
def _adds_up(world: World, admin: Raw) -> Iterator[None]:
    """After each tale the books add up, and nothing is left to remind."""
    yield
    found = [x for x in drift.run_queries(admin, "consistency") if "sales_" in str(x)]
    assert found == []
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("DELETE FROM sales.reminder_item")
        admin.execute("DELETE FROM sales.reminder")
        admin.execute("DELETE FROM sales.reminder_hold")
        admin.execute(
            "INSERT INTO sales.payment (invoice_id, paid_on, amount, own_amount, own_paid)"
            " SELECT id, system.today(), gross_amount - paid_amount, sales.own_left(i), sales.own_left(i)"
            " FROM sales.invoice i WHERE state = 'open'"
        )
        admin.execute(
            "UPDATE sales.invoice SET paid_amount = gross_amount, own_settled_amount = own_gross_amount, state = 'paid'"
            " WHERE state = 'open'"
        )


def _invoice(
    as_role: As, admin: Raw, world: World, *, late: int, customer: int | None = None, **more: Any
) -> int:
    """An invoice over 119.00 that was due so many days ago."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 1)
    order = confirmed(
        as_role("sales_manager"),
        world.order([world.line(world.bike, 1)], customer_id=customer or world.dealer, **more),
    )
    delivery = shipped(
        as_role("warehouse_manager"),
        order.id,
        order.row_version,
        (line_ids(admin, order.id)[0], 1, world.shelf),
    )
    command = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    invoice = as_role("finance").write(writes.post_invoice, command).value.id
    _aged(admin, "UPDATE sales.invoice SET invoice_date = %s, due_date = %s WHERE id = %s",
          world.today - timedelta(days=late + 30), world.today - timedelta(days=late), invoice)  # fmt: skip
    return int(invoice)


def _aged(admin: Raw, statement: str, *values: Any) -> None:
    """Time passes: what is frozen becomes older behind the program's back."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(statement, values)


def _older(admin: Raw, days: int) -> None:
    _aged(
        admin,
        "UPDATE sales.reminder SET reminder_date = reminder_date - %s, pay_until = pay_until - %s",
        days,
        days,
    )
    _aged(admin, "UPDATE sales.invoice SET due_date = due_date - %s WHERE state = 'open'", days)


def _proposals(db: Database) -> list[Proposal]:
    return list(db.read(reminders.list_proposals, ListQuery()).rows)


def _items(db: Database, customer: int) -> tuple[OpenItem, ...]:
    return db.read(reminders.open_items, customer)


def _issue(db: Database, found: Proposal) -> Reminded:
    command = IssueReminder(found.customer_id, tuple(found.invoices), found.total)
    return db.write(reminders.issue_reminder, command).value


def test_three_levels_for_a_business(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """Friendly first; then 40 euros and interest nine points above the base rate; after the third nothing more."""
    young, old = _invoice(as_role, admin, world, late=3), _invoice(as_role, admin, world, late=8)
    [first] = _proposals(finance)
    assert (first.level, first.items, first.invoices, first.total) == (1, 1, [old], D("119.00"))
    assert (first.interest, first.flat, first.fee) == (NIL, NIL, NIL)
    issued = _issue(finance, first)
    assert issued.number.startswith("MA-")
    assert _proposals(finance) == []
    assert [(x.invoice_id, x.level, x.next_level) for x in _items(finance, world.dealer)] == [
        (old, 1, 2),
        (young, 0, 1),
    ]

    _older(
        admin, 13
    )  # the old one is 21 days late and the first reminder's day is over; the young one is 16 days late
    [second] = _proposals(finance)
    assert (second.level, second.items) == (2, 2)
    # 13 days of default since the first reminder: 119.00 × 10.27 % × 13 / 365.
    assert (second.interest, second.flat, second.fee) == (D("0.44"), D(40), NIL)
    assert second.total == D("119.00") * 2 + D("40.44")
    done = _issue(finance, second)
    detail = finance.read(reminders.get_reminder, done.id)
    assert [(x.invoice_id, x.level, x.flat_amount) for x in detail.items] == [
        (old, 2, D(40)),
        (young, 1, NIL),
    ]
    assert (detail.interest_pct, detail.total_amount) == (D("10.27"), second.total)

    _older(admin, 14)
    [third] = _proposals(finance)
    assert (third.level, third.items) == (3, 2)
    assert third.flat == D(80)
    _issue(finance, third)
    _older(admin, 400)
    [last] = _proposals(finance)
    assert last.invoices == [young]  # the other has had its last
    rows = finance.read(reminders.list_reminders, ListQuery(preset="open")).rows
    assert sorted(row.level for row in rows) == [1, 2, 3]


@pytest.mark.parametrize("rate", [D("1.25"), D(1)])
def test_an_invoice_in_dollars_is_reminded_in_dollars(
    world: World, admin: Raw, as_role: As, finance: Database, rate: Decimal
) -> None:
    """Beside the one in euros, in a reminder of its own; the lump sum comes at the rate of the day, which may be 1."""
    at_home = _invoice(as_role, admin, world, late=40)
    dollars = price_list_in(admin, world)
    before = priced_in(admin, world.dealer, dollars)
    finance.write(save_rates, SaveRates((Rate("USD", world.today, rate),)))
    abroad = _invoice(as_role, admin, world, late=40, price_list_id=dollars)
    priced_in(admin, world.dealer, before)
    shown = finance.read(get_invoice, abroad)
    assert (shown.currency, shown.exchange_rate, shown.is_foreign) == ("USD", rate, True)
    found = {x.currency: x for x in _proposals(finance)}
    assert {x: (y.customer_id, y.invoices, y.open) for x, y in found.items()} == {
        "EUR": (world.dealer, [at_home], D("119.00")),
        "USD": (world.dealer, [abroad], D("119.00")),
    }
    mixed = IssueReminder(world.dealer, (at_home, abroad), D("238.00"))
    with pytest.raises(Refused, match="reminder_changed"):
        finance.write(reminders.issue_reminder, mixed)
    for one in found.values():
        _issue(finance, one)
    assert _proposals(finance) == []
    _older(admin, 14)
    second = {x.currency: x for x in _proposals(finance)}
    assert (second["EUR"].flat, second["USD"].flat) == (D("40.00"), (40 * rate).quantize(D("0.01")))
    assert second["USD"].interest == second["EUR"].interest > 0
    issued = _issue(finance, second["USD"])
    stored = finance.read(reminders.get_reminder, issued.id)
    assert (issued.currency, stored.currency, stored.items[0].left) == ("USD", "USD", D("119.00"))
    asked = finance.read(reminder_paper, issued.id).reminder
    assert asked is not None
    assert (asked.currency, asked.total) == ("USD", second["USD"].total)
    listed = finance.read(reminders.list_reminders, ListQuery()).rows
    assert {(x.currency, x.left) for x in listed} == {("EUR", D("119.00")), ("USD", D("119.00"))}


def test_a_consumer_pays_a_fee_and_less_interest(
    world: World, admin: Raw, as_role: As, finance: Database
) -> None:
    """Five points above the base rate, from the first reminder on; a fee in place of the lump sum."""
    admin.execute("UPDATE partners.partner SET kind = 'b2c' WHERE id = %s", (world.dealer,))
    try:
        _invoice(as_role, admin, world, late=90)
        [first] = _proposals(finance)
        assert (first.level, first.interest, first.flat, first.fee) == (1, NIL, NIL, NIL)
        _issue(finance, first)
        _older(admin, 100)
        [second] = _proposals(finance)
        interest = (D("119.00") * D("6.27") / 100 * 100 / 365).quantize(D("0.01"))
        assert (second.interest, second.flat, second.fee) == (interest, NIL, D(5))
        assert second.total == D("119.00") + interest + 5
    finally:
        admin.execute("UPDATE partners.partner SET kind = 'b2b' WHERE id = %s", (world.dealer,))


def test_interest_follows_the_base_rate_through_its_half_years(admin: Raw, world: World) -> None:
    """Each period counts with its own days; below zero in sum there is none; days are counted once."""
    admin.execute("DELETE FROM sales.base_rate")
    for day, rate in (("2025-01-01", "2.27"), ("2025-07-01", "1.27"), ("2026-01-01", "-9.50")):
        admin.execute("INSERT INTO sales.base_rate (valid_from, rate) VALUES (%s, %s)", (day, rate))

    def interest(after: date, until: date, points: int = 9, amount: str = "10000") -> Decimal:
        row = admin.execute(
            "SELECT sales.interest(%s, %s, %s, %s)", (D(amount), after, until, points)
        ).fetchone()
        assert row is not None
        return Decimal(row[0])

    assert interest(date(2025, 6, 20), date(2025, 6, 30)) == (D(10000) * D("0.1127") * 10 / 365).quantize(
        D("0.01")
    )
    split = D(10000) * (D("0.1127") * 10 + D("0.1027") * 5) / 365
    assert interest(date(2025, 6, 20), date(2025, 7, 5)) == split.quantize(D("0.01"))
    assert interest(date(2025, 7, 5), date(2025, 7, 5)) == 0
    assert interest(date(2026, 2, 1), date(2026, 3, 1)) == 0  # never negative
    whole = interest(date(2025, 1, 31), date(2025, 12, 31), 5)
    parts = [
        interest(date(2025, 1, 31), date(2025, 6, 30), 5),
        interest(date(2025, 6, 30), date(2025, 12, 31), 5),
    ]
    assert abs(whole - sum(parts)) <= D("0.01")
    admin.execute("DELETE FROM sales.base_rate")
    admin.execute("INSERT INTO sales.base_rate (valid_from, rate) VALUES ('2016-07-01', 1.27)")


def test_what_was_checked_is_what_is_sent(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """Paid, held or reminded in between: nothing is sent; the same command twice is one reminder."""
    invoice = _invoice(as_role, admin, world, late=10)
    [shown] = _proposals(finance)
    command = IssueReminder(shown.customer_id, tuple(shown.invoices), shown.total)
    detail = finance.read(get_invoice, invoice)
    pay = PostPayment(invoice, detail.row_version, D("19"), world.today)
    finance.write(writes.post_payment, pay)
    with pytest.raises(Refused) as wrong:
        finance.write(reminders.issue_reminder, command)
    assert wrong.value.key == "reminder_changed"
    [now] = _proposals(finance)
    assert now.total == D("100.00")
    again = IssueReminder(now.customer_id, tuple(now.invoices), now.total)
    first = finance.write(reminders.issue_reminder, again).value
    assert finance.write(reminders.issue_reminder, again).value == first
    with pytest.raises(Refused):
        _issue(finance, now)
    detail = finance.read(get_invoice, invoice)
    finance.write(writes.post_payment, PostPayment(invoice, detail.row_version, D("100"), world.today))
    assert _items(finance, world.dealer) == ()  # paid: it stops
    assert finance.read(reminders.list_reminders, ListQuery(preset="open")).rows == []


def test_holds(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """On one invoice, on the customer, until a day; somebody lifts it."""
    one, two = _invoice(as_role, admin, world, late=10), _invoice(as_role, admin, world, late=11)
    until = world.today + timedelta(days=14)
    hold = HoldReminders(world.dealer, "Reklamation", one, until)
    finance.write(reminders.hold_reminders, hold)
    [left] = _proposals(finance)
    assert left.invoices == [two]
    every = (
        as_role("sales_manager")
        .write(reminders.hold_reminders, HoldReminders(world.dealer, "Zahlungsplan"))
        .value
    )
    assert _proposals(finance) == []
    rows = finance.read(reminders.list_open_items, ListQuery(preset="held")).rows
    assert [(x.invoice_id, x.hold_reason, x.hold_until) for x in sorted(rows)] == [
        (one, "Reklamation", until),
        (two, "Zahlungsplan", None),
    ]
    changed = finance.write(
        reminders.hold_reminders, HoldReminders(world.dealer, "Insolvenz", until=until)
    ).value
    assert changed.id == every.id
    with pytest.raises(Conflict):
        finance.write(reminders.lift_hold, LiftHold(every.id, every.row_version))
    finance.write(reminders.lift_hold, LiftHold(changed.id, changed.row_version))
    assert [x.invoices for x in _proposals(finance)] == [[two]]
    _aged(
        admin,
        "UPDATE sales.reminder_hold SET until = %s WHERE invoice_id = %s",
        world.today - timedelta(days=1),
        one,
    )
    assert [x.invoices for x in _proposals(finance)] == [[two, one]]
    for bad, key in (
        (HoldReminders(world.dealer, " "), "reason_required"),
        (HoldReminders(world.dealer, "x", until=world.today - timedelta(days=1)), "reminder_hold_until"),
        (HoldReminders(world.french, "x", one), "record_not_found"),
    ):
        with pytest.raises(Refused) as refused:
            finance.write(reminders.hold_reminders, bad)
        assert refused.value.key == key
    with pytest.raises(NotAllowed):
        as_role("sales_rep").write(reminders.hold_reminders, HoldReminders(world.dealer, "x"))


def test_taken_back_falls_a_level(world: World, admin: Raw, as_role: As, finance: Database) -> None:
    """Only the last of an invoice; the reason stays."""
    _invoice(as_role, admin, world, late=10)
    first = _issue(finance, _proposals(finance)[0])
    _older(admin, 15)
    second = _issue(finance, _proposals(finance)[0])
    with pytest.raises(Refused) as refused:
        finance.write(reminders.cancel_reminder, CancelReminder(first.id, 1, "Irrtum"))
    assert refused.value.key == "reminder_has_successor"
    finance.write(reminders.cancel_reminder, CancelReminder(second.id, 1, "Zahlung übersehen"))
    [item] = _items(finance, world.dealer)
    assert (item.level, item.next_level, item.is_due) == (1, 2, True)
    detail = finance.read(reminders.get_reminder, second.id)
    assert (detail.state, detail.cancel_reason) == ("cancelled", "Zahlung übersehen")
    with pytest.raises(Refused) as refused:
        finance.write(reminders.cancel_reminder, CancelReminder(second.id, detail.row_version, "x"))
    assert refused.value.key == "reminder_not_issued"
    for role in ("sales_manager", "viewer"):
        with pytest.raises(NotAllowed):
            as_role(role).write(reminders.cancel_reminder, CancelReminder(first.id, 1, "x"))
    with pytest.raises(psycopg.DatabaseError, match="posted_is_final"):
        admin.execute(
            "UPDATE sales.reminder SET total_amount = 1, open_amount = 1 WHERE id = %s", (first.id,)
        )


def test_the_house_sets_its_rules(world: World, finance: Database, as_role: As) -> None:
    """Days, fees and the base rate are data; the levels are three."""
    rules = finance.read(reminders.list_rules, ListQuery(sort="level")).rows
    assert [rule.level for rule in rules] == [1, 2, 3]
    assert rules[0].rates == ((date(2016, 7, 1), D("1.27")),)
    saved = finance.write(
        reminders.save_rule, SaveReminderRule(rules[0].id, rules[0].row_version, {"days": 5})
    ).value
    finance.write(reminders.save_rule, SaveReminderRule(rules[0].id, saved.row_version, {"days": 7}))
    rate = finance.write(reminders.save_base_rate, SaveBaseRate(date(2030, 1, 1), D("2.5"))).value
    again = finance.write(reminders.save_base_rate, SaveBaseRate(date(2030, 1, 1), D("2.62"))).value
    assert again.id == rate.id
    with pytest.raises(NotAllowed):
        as_role("sales_manager").write(
            reminders.save_rule, SaveReminderRule(rules[0].id, saved.row_version + 1, {"fee": D(9)})
        )
