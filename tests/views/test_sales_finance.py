"""Finance invoices what was shipped, books payments with Skonto, cancels what was wrong."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.core.format import money
from app.services.sales.reads import get_invoice
from app.views.core.parts import DateEdit, NumberEdit
from app.views.sales.invoicing import InvoiceDialog
from app.views.sales.payment_dialog import PaymentDialog
from tests.sales_world import Raw, World, build, confirmed, line_ids, price_list_in, priced_in, shipped, stock
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)
from tests.views.test_approvals_screens import picture

D = Decimal
ORDER, INVOICE = "sales.sales_order", "sales.invoice"


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: what is to be invoiced is looked at as a whole."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> World:
    """The small trading world; each test has its own."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot, opened: list[str]) -> Iterator[Desk]:  # noqa: F811
    with desk_of(as_role("finance"), tmp_path, qtbot) as made:
        yield made


def two_deliveries(world: World, as_role: AsRole, admin: Raw) -> int:
    """An order of two lines, shipped in two deliveries; its id."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 3)
    stock(as_role("warehouse_manager"), world.bell, world.shelf, 10)
    lines = [world.line(world.bike, 3), world.line(world.bell, 10, "7.99")]
    order = confirmed(as_role("sales_rep"), world.order(lines))
    bike, bell = line_ids(admin, order.id)
    clerk = as_role("warehouse_clerk")
    first = shipped(clerk, order.id, order.row_version, (bike, 3, world.shelf))
    shipped(clerk, order.id, first.sales_order_row_version, (bell, 10, world.shelf))
    return order.id


def test_chosen_deliveries_become_an_invoice_with_its_pdf(
    world: World, desk: Desk, as_role: AsRole, admin: Raw
) -> None:
    order = two_deliveries(world, as_role, admin)
    page = desk.open(ORDER, order)
    desk.click("action.invoice")
    dialog = desk.window.findChild(InvoiceDialog)
    assert dialog is not None
    desk.wait(lambda: len(dialog.chosen()) == 2)
    dialog.findChildren(type(dialog._checks[1][0]))[1].click()
    assert [row.net_amount for row in dialog.chosen()] == [D("300.00")]
    desk.click("dialog.yes")
    invoice = desk.front()
    desk.wait(lambda: invoice is not page and invoice.ready)
    assert invoice.spec.topic == INVOICE
    assert invoice.invoice.gross_amount == D("357.00")
    desk.wait(
        lambda: admin.execute("SELECT 1 FROM documents.issued WHERE topic = 'sales.invoice'").fetchone()
    )
    # One click prints what is archived, byte for byte.
    admin.execute(
        "WITH made AS (INSERT INTO printing.printer (name, kind, address) VALUES ('Office', 'ipp', 'ipp://p') "
        "RETURNING id) INSERT INTO printing.route (printer_id) SELECT id FROM made"
    )
    desk.click("action.print")
    printed = (
        "SELECT j.kind, j.state FROM printing.job j JOIN documents.content c ON c.id = j.content_id "
        "JOIN documents.issued i ON i.sha256 = c.sha256 WHERE j.topic = 'sales.invoice' AND j.title = i.number"
    )
    desk.wait(lambda: admin.execute(printed).fetchall() == [("invoice", "waiting")])
    desk.window.open_workspace("finance.to_invoice")
    assert [row.net_amount for row in desk.front().model.rows] == [D("79.90")]


def test_skonto_is_proposed_by_the_day_and_shown_while_typing(
    world: World, desk: Desk, as_role: AsRole, admin: Raw
) -> None:
    order = two_deliveries(world, as_role, admin)
    desk.open(ORDER, order)
    desk.click("action.invoice")
    desk.click("dialog.yes")
    page = desk.front()
    desk.wait(lambda: page.spec.topic == INVOICE and page.ready)
    gross = page.invoice.gross_amount
    skonto = (gross * 2 / 100).quantize(D("0.01"))

    def words(dialog: PaymentDialog) -> dict[str, str]:
        return {fact.label: fact.text for fact in dialog.facts._facts}

    desk.click("action.pay")
    dialog = desk.window.findChild(PaymentDialog)
    assert dialog is not None
    assert dialog.boxes["amount"].value() == gross - skonto
    assert dialog.boxes["use_discount"].value() is True
    assert words(dialog)["Bleibt offen"] == "0,00\u00a0€"
    # Too late for Skonto: the full amount is proposed, and nothing is granted.
    day = dialog.boxes["paid_on"].editor
    assert isinstance(day, DateEdit)
    day.set_value(page.invoice.discount_date + timedelta(days=1))
    day.textEdited.emit(day.text())
    assert dialog.boxes["amount"].value() == gross
    assert dialog.boxes["use_discount"].value() is False
    day.set_value(world.today)
    day.textEdited.emit(day.text())
    assert dialog.boxes["amount"].value() == gross - skonto
    # Another amount does not settle it, so no Skonto is granted for it.
    amount = dialog.boxes["amount"].editor
    assert isinstance(amount, NumberEdit)
    amount.setFocus()
    amount.selectAll()
    QTest.keyClicks(amount, "100")
    assert dialog.boxes["use_discount"].value() is False
    desk.click("dialog.yes")
    desk.wait(lambda: page.invoice.open_amount == gross - 100)
    assert not page.head.button("cancel").isEnabled()

    desk.click("action.pay")
    again = [d for d in desk.window.findChildren(PaymentDialog) if d.isVisible()][-1]
    assert again.boxes["amount"].value() == gross - 100 - skonto
    desk.click("dialog.yes")
    desk.wait(lambda: page.invoice.state == "paid")
    stored = as_role("finance").read(get_invoice, page.record.id)
    assert (stored.discount_taken, stored.open_amount) == (skonto, D(0))


def test_too_much_is_refused_at_the_amount(world: World, desk: Desk, as_role: AsRole, admin: Raw) -> None:
    order = two_deliveries(world, as_role, admin)
    desk.open(ORDER, order)
    desk.click("action.invoice")
    desk.click("dialog.yes")
    page = desk.front()
    desk.wait(lambda: page.spec.topic == INVOICE and page.ready)
    desk.click("action.pay")
    dialog = [d for d in desk.window.findChildren(PaymentDialog) if d.isVisible()][-1]
    amount = dialog.boxes["amount"].editor
    assert isinstance(amount, NumberEdit)
    amount.setFocus()
    amount.selectAll()
    QTest.keyClicks(amount, "9999")
    assert dialog.boxes["amount"].error.startswith("Offen sind nur noch")
    desk.click("dialog.yes")
    assert dialog.isVisible()
    assert as_role("finance").read(get_invoice, page.record.id).payments == ()


def test_a_cancelled_invoice_leaves_its_deliveries_to_be_invoiced_again(
    world: World, desk: Desk, as_role: AsRole, admin: Raw
) -> None:
    order = two_deliveries(world, as_role, admin)
    desk.open(ORDER, order)
    desk.click("action.invoice")
    desk.click("dialog.yes")
    page = desk.front()
    desk.wait(lambda: page.spec.topic == INVOICE and page.ready)
    gross, number = page.invoice.gross_amount, page.invoice.number
    desk.click("action.cancel")
    desk.reason("Falscher Empfaenger")
    counter = desk.front()
    desk.wait(lambda: counter is not page and counter.ready)
    assert counter.heading()[0].startswith("Stornorechnung")
    assert counter.invoice.gross_amount == -gross
    assert "Falscher Empfaenger" in desk.banners(counter)["counter"]
    desk.click("action.open_original")
    assert desk.front().title() == number
    desk.wait(lambda: "storniert" in desk.banners(page).get("cancelled", ""))
    order_page = desk.open(ORDER, order)
    assert order_page.head.button("invoice").isEnabled()


def test_dollars_come_in_as_euros(world: World, desk: Desk, as_role: AsRole, admin: Raw) -> None:
    """What the bank moved is proposed at the rate of the day and typed over; the difference shows before and after."""
    dollars = price_list_in(admin, world)
    before = priced_in(admin, world.dealer, dollars)
    admin.execute(
        "INSERT INTO system.exchange_rate (currency, valid_on, rate) VALUES ('USD', system.today(), 1.1)"
    )
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 3)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 2)], price_list_id=dollars))
    priced_in(admin, world.dealer, before)
    (bike,) = line_ids(admin, order.id)
    shipped(as_role("warehouse_clerk"), order.id, order.row_version, (bike, 2, world.shelf))
    desk.open(ORDER, order.id)
    desk.click("action.invoice")
    desk.click("dialog.yes")
    page = desk.front()
    desk.wait(lambda: page.spec.topic == INVOICE and page.ready)
    owed = page.invoice.own_open
    admin.execute("UPDATE system.exchange_rate SET rate = 1.2")

    desk.click("action.pay")
    dialog = desk.window.findChild(PaymentDialog)
    assert dialog is not None
    amount = dialog.boxes["amount"].value()
    desk.wait(lambda: dialog.boxes["own_paid"].value() == (amount / D("1.2")).quantize(D("0.01")))
    assert "Kursverlust" in {fact.label for fact in dialog.facts._facts}
    # What came with the rate has its room: nothing in the dialog is squeezed.
    desk.wait(lambda: all(box.height() >= box.minimumSizeHint().height() for box in dialog.boxes.values()))
    picture(desk, "proposed")
    euros = dialog.boxes["own_paid"].editor
    assert isinstance(euros, NumberEdit)
    euros.setFocus()
    euros.selectAll()
    QTest.keyClicks(euros, "215,50")
    told = {fact.label: fact.text for fact in dialog.facts._facts}
    skonto = (page.invoice.gross_amount - amount) / D("1.1")
    gain = D("215.50") - (owed - skonto.quantize(D("0.01")))
    assert gain > 0
    assert told["Kursgewinn"] == money(gain, "EUR", "de")
    picture(desk, "pay")
    desk.click("dialog.yes")
    desk.wait(lambda: page.invoice.state == "paid")
    desk.settle()
    told = {fact.label: fact.text for fact in page.payments._facts}
    assert (told["Bankbetrag in Euro"], told["Kursgewinn"]) == (
        money(D("215.50"), "EUR", "de"),
        money(gain, "EUR", "de"),
    )
    picture(desk, "paid")
