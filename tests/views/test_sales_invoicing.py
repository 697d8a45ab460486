"""Charges on a quote, a down payment on an order, the final invoice, a correction and its refund, by hand."""

import os
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

from app.services.sales import drafts
from app.services.sales.forms import load_quote
from app.services.sales.reads import get_invoice
from app.views.sales.charges_dialog import ChargesDialog
from app.views.sales.correction_dialog import CorrectionDialog
from app.views.sales.down_payment_dialog import DownPaymentDialog
from app.views.sales.draft_actions import copy_to_new
from app.views.sales.payment_dialog import PaymentDialog
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)

D = Decimal
QUOTE, ORDER, INVOICE = "sales.quote", "sales.sales_order", "sales.invoice"
PICTURES = os.environ.get("WERKBANK_PICTURES", "")


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    """The small trading world; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


def _picture(desk: Desk, name: str) -> None:
    """For whoever wants to look: the window as it stands."""
    if PICTURES:
        desk.settle()
        desk.window.grab().save(f"{PICTURES}/{name}.png")


def _newest(admin: Raw) -> int:
    row = admin.execute("SELECT max(id) FROM sales.invoice").fetchone()
    assert row is not None
    return int(row[0])


def test_charges_are_typed_on_a_quote(world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    """Freight and a rebate: the dialog shows what they do, the totals card says them, the database stores them."""
    rep = as_role("sales_rep")
    lines = [world.line(world.bike, 2), world.line(world.book, 1, 20, tax_rate=D(7))]
    quote = rep.write(drafts.save_quote, world.quote(lines)).value
    with desk_of(rep, tmp_path, qtbot) as desk:
        page = desk.open(QUOTE, quote.id)
        desk.click("lines.charges")
        dialog = desk.window.findChild(ChargesDialog)
        assert dialog is not None
        dialog.rows[0]["reason"].set_value("Fracht")
        desk.click("dialog.yes")
        assert dialog.isVisible()  # a reason alone is no charge
        assert dialog.rows[0]["value"].error
        dialog.rows[0]["code"].set_value("FC")
        dialog.rows[0]["value"].set_value(D("11"))
        dialog.rows[1]["kind"].set_value("allowance")
        dialog.rows[1]["by"].set_value("pct")
        dialog.rows[1]["reason"].set_value("Messerabatt")
        dialog.rows[1]["value"].set_value(D(5))
        dialog._show()
        _picture(desk, "charges_dialog")
        desk.click("dialog.yes")
        desk.wait(lambda: page.document is not None and len(page.document.charges) == 2)
        assert page.document.charges[0]["code"] == "FC"  # what the e-invoice and the books call it
        facts = {fact.label: fact.text for fact in page.totals._facts}
        assert facts["Fracht"] == "11,00\u00a0€"
        assert facts["Messerabatt (5\u00a0%)"] == "−11,00\u00a0€"
        assert page.document.net_amount == D("220.00")
        _picture(desk, "quote_with_charges")


def test_amounts_are_typed_on_a_line(world: World, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    """By keyboard: set-up and a rebate on the line the cursor is in, shown below it, saved and copied with it."""
    rep = as_role("sales_rep")
    lines = [world.line(world.bike, 2, discount_pct=D(5)), world.line(world.book, 1, 20, tax_rate=D(7))]
    quote = rep.write(drafts.save_quote, world.quote(lines)).value
    with desk_of(rep, tmp_path, qtbot) as desk:
        page = desk.open(QUOTE, quote.id)
        assert page.lines is not None
        page.lines.table.go(0, "qty", edit=False)
        desk.click("lines.line_charges")
        dialog = desk.window.findChild(ChargesDialog)
        assert dialog is not None
        assert "by" not in dialog.rows[0]  # a percentage of a line is its discount
        dialog.rows[0]["code"].set_value("SU")
        dialog.rows[0]["code"].edited.emit()
        assert dialog.rows[0]["reason"].value() == "Einrichtung"
        dialog.rows[0]["value"].set_value(D(45))
        dialog.rows[1]["kind"].set_value("allowance")
        dialog.rows[1]["kind"].edited.emit()
        dialog.rows[1]["code"].set_value("65")
        dialog.rows[1]["reason"].set_value("Verpackung beschädigt")
        dialog.rows[1]["value"].set_value(D("235.01"))
        desk.click("dialog.yes")
        assert dialog.isVisible()  # more than the line is worth
        assert dialog.rows[1]["value"].error
        dialog.rows[1]["value"].set_value(D("12.50"))
        dialog._show()
        _picture(desk, "line_charges_dialog")
        desk.click("dialog.yes")
        assert page.dirty()
        assert (
            page.lines.model.infos[0][2] == "Einrichtung +45,00\u00a0€ · Verpackung beschädigt −12,50\u00a0€"
        )
        assert page.lines.model.lines[0]["net_amount"] == D("222.50")
        desk.click("action.save")
        desk.wait(lambda: page.document is not None and page.document.net_amount == D("242.50"))
        _picture(desk, "quote_with_line_charges")
        assert not page.dirty()
        stored = rep.read(load_quote, quote.id).lines[0].charges
        assert [(x["kind"], x["code"], x["amount"]) for x in stored] == [
            ("charge", "SU", "45"),
            ("allowance", "65", "12.5"),
        ]
        # With fewer pieces the allowance would be more than the line: said in the line, and not to be saved.
        page.lines.model.type_in(0, "discount_pct", D(100))
        page.lines.model.type_in(0, "charges", stored[1:])
        assert page.lines.problems()
        page.lines.model.type_in(0, "discount_pct", D(5))
        assert not page.lines.problems()
        copy_to_new(page)
        assert desk.front().lines.model.lines[0]["charges"] == stored[1:]


def test_down_payment_final_invoice_correction_refund(
    world: World,
    as_role: AsRole,
    admin: Raw,
    tmp_path: Path,
    qtbot: QtBot,
    opened: list[str],  # noqa: F811
) -> None:
    """From the order's down payment to the money paid back."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 4)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 4)]))
    finance = as_role("finance")
    with desk_of(finance, tmp_path, qtbot) as desk:
        desk.open(ORDER, order.id)
        desk.click("action.down_payment")
        asked = desk.window.findChild(DownPaymentDialog)
        assert asked is not None
        assert [(share.rate, share.amount) for share in asked.shares()] == [(D(19), D("120.00"))]
        _picture(desk, "down_payment_dialog")
        desk.click("dialog.yes")
        down = finance.read(get_invoice, _newest(admin))
        assert (down.kind, down.gross_amount) == ("down_payment", D("142.80"))
        desk.settle()
        _picture(desk, "down_payment_invoice")
        desk.click("action.pay")
        desk.click("dialog.yes")
        assert finance.read(get_invoice, down.id).state == "paid"

        [line] = line_ids(admin, order.id)
        row = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order.id,)).fetchone()
        assert row is not None
        shipped(as_role("warehouse_clerk"), order.id, row[0], (line, 4, world.shelf))
        desk.open(ORDER, order.id).refresh()  # nobody tells of others' work here
        desk.click("action.invoice")
        desk.click("dialog.yes")
        final = finance.read(get_invoice, _newest(admin))
        assert (final.kind, final.open_amount) == ("final", D("333.20"))
        page = desk.open(INVOICE, final.id)
        facts = {fact.label: fact.text for fact in page.totals._facts}
        assert facts[f"Anzahlung {down.number}"] == "−142,80\u00a0€"
        assert facts["Zahlbetrag"] == "333,20\u00a0€"
        assert page.heading()[0] == f"Schlussrechnung {final.number}"
        _picture(desk, "final_invoice")
        desk.click("action.pay")
        dialog = desk.window.findChildren(PaymentDialog)[-1]
        assert dialog.boxes["amount"].value() == D("326.54")  # 2 % of what was to be paid
        desk.click("dialog.yes")

        desk.click("action.correct")
        correction = desk.window.findChild(CorrectionDialog)
        assert correction is not None
        correction.reason.set_value("Ein Rad beschädigt")
        pieces = correction.rows[0][1]
        assert pieces is not None
        pieces.set_value(D(1))
        correction._show()
        _picture(desk, "correction_dialog")
        desk.click("dialog.yes")
        made = finance.read(get_invoice, _newest(admin))
        page.payments.show_invoice(final._replace(credited_amount=D("119.00")))
        facts = {fact.label: fact.text for fact in page.payments._facts}
        assert facts["Rechnungskorrekturen"] == "−119,00\u00a0€"  # it takes away from what is to be paid
        assert (made.kind, made.open_amount, made.reason) == (
            "correction",
            D("-119.00"),
            "Ein Rad beschädigt",
        )
        desk.settle()
        _picture(desk, "correction")
        desk.click("action.refund")
        back = desk.window.findChildren(PaymentDialog)[-1]
        assert back.boxes["amount"].value() == D("116.62")  # less the discount that was taken
        _picture(desk, "refund_dialog")
        desk.click("dialog.yes")
        made = finance.read(get_invoice, made.id)
        assert (made.state, made.paid_amount, made.discount_taken) == ("settled", D("-116.62"), D("-2.38"))
        desk.window.open_workspace("finance.invoices")
        desk.settle()
        _picture(desk, "invoices")
