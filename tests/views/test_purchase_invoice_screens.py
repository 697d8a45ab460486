"""A supplier's invoice in the window: dropped, proposed, entered, approved by another one, paid."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.approvals
import app.views.einvoice
import app.views.partners
import app.views.purchasing
from app.core.db import Database
from app.services.einvoice.model import Item, Profile
from app.services.einvoice.write import to_xml
from app.services.purchasing.invoices import open_lines
from app.services.purchasing.matching import OpenLine
from app.views.core.marks import Label
from app.views.purchasing.pay_dialog import PayDialog
from tests.unit.einvoice_sample import BUYER, SELLER, invoice, line
from tests.views.sales_screens import Desk
from tests.views.shell_world import window_for
from tests.views.test_approvals_screens import picture

AsRole = Callable[[str], Database]
VIEWS = (app.views.purchasing, app.views.einvoice, app.views.approvals, app.views.partners)
INVOICE = "purchasing.purchase_invoice"


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


def one(admin: psycopg.Connection[Any], statement: str, *values: object) -> Any:
    row = admin.execute(statement, values).fetchone()
    return None if row is None else row[0]


def waiting(admin: psycopg.Connection[Any], db: Database) -> tuple[OpenLine, ...]:
    """What came of one order and is not invoiced."""
    found = admin.execute(
        "SELECT o.supplier_id, o.id FROM purchasing.purchase_order_line l"
        " JOIN purchasing.purchase_order o ON o.id = l.purchase_order_id AND o.currency = 'EUR'"
        " WHERE l.qty_received - l.qty_returned > l.qty_invoiced ORDER BY o.id LIMIT 1"
    ).fetchone()
    assert found is not None
    return db.read(open_lines, found[0], found[1])


def sent(lines: tuple[OpenLine, ...], number: str, day: date) -> bytes:
    """The supplier's e-invoice for these lines."""
    items = tuple(
        replace(
            line(n, x.qty, x.price),
            item=Item(x.description, seller_id=x.supplier_sku or x.sku, buyer_id=x.sku),
        )
        for n, x in enumerate(lines, 1)
    )
    made = replace(
        invoice(
            lines=items,
            seller=replace(SELLER, name="Lieferant", vat_id="DE811111111"),
            buyer=replace(BUYER, vat_id="DE287654321"),  # the demo company's
        ),
        number=number,
        order=lines[0].order_number,
        issued=day,
        due=day + timedelta(days=14),
    )
    return to_xml(made, Profile.XRECHNUNG_CII)


def test_from_a_dropped_file_to_paid(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    paul = as_role("u_paul")
    lines = waiting(admin, paul)
    today = one(admin, "SELECT system.today() - 3")
    file = tmp_path / "rechnung.xml"
    file.write_bytes(sent(lines, "2026-4711", today))
    with window_for(paul, tmp_path / "paul", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        window.open_workspace("einvoice.inbox")
        inbox = desk.front()
        inbox.add([file, tmp_path / "gone.pdf"], "drop")
        desk.wait(
            lambda: one(
                admin, "SELECT count(*) FROM purchasing.received WHERE sha256 IS NOT NULL AND state = 'new'"
            )
        )
        desk.settle()
        desk.click("dialog.close")  # the file that is not there
        desk.wait(lambda: any(x.number == "2026-4711" for x in inbox.model.rows))
        number = next(n for n, x in enumerate(inbox.model.rows) if x.number == "2026-4711")
        inbox.table.selectRow(number)
        desk.wait(
            lambda: (found := desk.find("einvoice.paper")) is not None and "2026-4711" in found.toPlainText()
        )
        desk.click("detail.propose")
        page = desk.front()
        desk.wait(lambda: page.original.isVisible())
        assert page.value("invoice_number") == "2026-4711"
        assert {x["purchase_order_line_id"] for x in page.lines.model.lines} == {
            x.purchase_order_line_id for x in lines
        }
        column = page.lines.model.spec.column("unit_code")
        assert page.lines.model.text(0, column) == lines[0].unit != lines[0].unit_code
        desk.type_cell(page, 0, "unit_code", lines[0].unit)  # gone through without a change
        assert page.lines.model.lines[0]["unit_code"] == lines[0].unit_code
        desk.type_cell(page, 0, "unit_code", "Karton")
        assert page.lines.model.text(0, column) == page.lines.model.lines[0]["unit_code"] == "Karton"
        page.save()
        desk.wait(lambda: page.record.id is not None and page.ready)
        desk.settle()
        assert {x["match"][0] for x in page.lines.model.lines} == {"ok"}
        desk.type_cell(page, 0, "qty", "9999")
        assert page.lines.model.lines[0]["match"][0] == "neutral"
        page.save()
        desk.wait(lambda: not page.dirty() and page.ready)
        desk.settle()
        assert page.lines.model.lines[0]["match"][0] == "bad"
        desk.click("action.enter")
        assert (
            one(admin, "SELECT state FROM purchasing.purchase_invoice WHERE id = %s", page.record.id)
            == "draft"
        )
        desk.click("dialog.close")
        desk.type_cell(page, 0, "qty", f"{lines[0].qty.normalize():f}".replace(".", ","))
        desk.click("action.enter")
        desk.wait(lambda: page.stored_state == "entered")
        assert page.read_only
        assert desk.find("action.approve") is None
        record = page.record.id
    with window_for(as_role("u_franziska"), tmp_path / "franziska", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        page = desk.open(INVOICE, record)
        desk.click("action.approve")
        desk.wait(lambda: page.stored_state == "approved")
        desk.click("action.pay")
        desk.click("dialog.yes")
        desk.wait(lambda: page.stored_state == "paid")
        assert one(
            admin,
            "SELECT sum(amount) FROM purchasing.purchase_payment WHERE purchase_invoice_id = %s",
            record,
        ) == one(admin, "SELECT gross_amount FROM purchasing.purchase_invoice WHERE id = %s", record)
        window.open_workspace("purchasing.payables")
        listed = desk.front()
        desk.wait(lambda: listed.model.rowCount() >= 0)
        assert record not in [x.id for x in listed.model.rows]


def test_by_hand_without_an_order_sent_back_and_cancelled(
    as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot
) -> None:
    supplier = one(admin, "SELECT min(id) FROM partners.partner WHERE is_supplier AND is_active")
    with window_for(as_role("u_paul"), tmp_path / "paul", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        page = desk.new(
            INVOICE, supplier_id=supplier, supplier_id_words="Lieferant", invoice_number="Strom 11"
        )
        page.add_cost()
        desk.type_cell(page, 0, "unit_price", "100")
        assert page.lines.model.lines[0]["net_amount"] == Decimal(100)
        page.set_value("stated_gross", Decimal("119.00"))
        page.save()
        desk.wait(lambda: page.record.id is not None and page.ready)
        desk.settle()
        assert "finding.without_order" in desk.banners(page)
        page.set_value("accept_reason", "Laufender Vertrag")
        desk.click("action.enter")
        desk.wait(lambda: page.stored_state == "entered")
        record = page.record.id
    with window_for(as_role("u_franziska"), tmp_path / "franziska", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        page = desk.open(INVOICE, record)
        desk.click("action.reject")
        desk.reason("Bitte mit Verbrauch")
        desk.wait(lambda: page.stored_state == "draft")
        assert "rejected" in desk.banners(page)
        page.cancel()
        desk.reason("Erledigt")
        desk.wait(lambda: page.stored_state == "cancelled")


def test_in_dollars(as_role: AsRole, admin: psycopg.Connection[Any], tmp_path: Path, qtbot: QtBot) -> None:
    """The rate shows in a foreign currency only, follows currency and day, and can be typed over."""
    supplier = one(admin, "SELECT min(id) FROM partners.partner WHERE is_supplier AND is_active")
    admin.execute(
        "INSERT INTO system.exchange_rate (currency, valid_on, rate) VALUES ('USD', system.today() - 2, 1.1),"
        " ('USD', system.today() - 20, 1.2), ('CHF', system.today() - 300, 0.9)"
    )
    with window_for(as_role("u_paul"), tmp_path / "paul", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        page = desk.new(INVOICE, supplier_id=supplier, supplier_id_words="Lieferant", invoice_number="US-77")
        rate = page.boxes["exchange_rate"]
        assert rate.isHidden()
        for key, value in (("currency", "USD"), ("stated_gross", Decimal(110))):
            page.set_value(key, value)
            page.value_changed(key)
        desk.wait(lambda: page.value("exchange_rate") == Decimal("1.1"))
        assert rate.isVisible()
        page.add_cost()
        desk.type_cell(page, 0, "unit_price", "110")
        desk.type_cell(page, 0, "tax_rate", "0")
        page.lines.put(0, tax_category="G")
        page.set_value("invoice_date", page.value("invoice_date") - timedelta(days=10))
        page.value_changed("invoice_date")
        desk.wait(lambda: page.value("exchange_rate") == Decimal("1.2"))
        page.set_value("currency", "CHF")
        page.value_changed("currency")
        desk.wait(lambda: page.value("exchange_rate") is None)
        page.save()
        desk.wait(lambda: page.record.id is not None and page.ready)
        desk.settle()
        assert "no_rate" in desk.banners(page)
        page.set_value("currency", "USD")
        page.set_value("exchange_rate", Decimal("1.25"))
        page.set_value("accept_reason", "Messe")
        desk.click("action.enter")
        desk.wait(lambda: page.stored_state == "entered")
        record = page.record.id
        assert any("88,00" in label.text() for label in page.totals.findChildren(Label))  # in euros
        picture(desk, "invoice")
    with window_for(as_role("u_franziska"), tmp_path / "franziska", qtbot, VIEWS) as window:
        desk = Desk(window, qtbot)
        page = desk.open(INVOICE, record)
        desk.click("action.approve")
        desk.wait(lambda: page.stored_state == "approved")
        window.open_workspace("purchasing.payables")
        listed = desk.front()
        desk.wait(lambda: record in [x.id for x in listed.model.rows])
        (row,) = (x for x in listed.model.rows if x.id == record)
        assert (row.open_amount, row.own_open) == (Decimal(110), Decimal(88))
        picture(desk, "payables")
        page = desk.open(INVOICE, record)
        page.pay()
        dialog = window.findChild(PayDialog)
        assert dialog is not None
        desk.wait(lambda: dialog.boxes["own_paid"].value() == Decimal(100))
        dialog.boxes["own_paid"].set_value(Decimal("99.50"))
        dialog.boxes["own_paid"].edited.emit()
        picture(desk, "pay")
        desk.click("dialog.yes")
        desk.wait(lambda: page.stored_state == "paid")
        picture(desk, "paid")
    paid = "SELECT own_amount - own_paid FROM purchasing.purchase_payment WHERE purchase_invoice_id = %s"
    assert one(admin, paid, record) == Decimal("-11.50")
