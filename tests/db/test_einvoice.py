"""E-invoices of posted invoices: proved before anything is issued, kept with their XML, as the people who do it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, NotAllowed
from app.services.documents.archive import archive
from app.services.documents.reads import archived_documents, archived_file
from app.services.einvoice import outgoing
from app.services.einvoice.model import Profile
from app.services.einvoice.outgoing import Trial, prove
from app.services.einvoice.read import read
from app.services.einvoice.validate import check
from app.services.sales import documents, writes
from app.services.sales.commands import (
    CancelInvoice,
    CorrectInvoice,
    PostDownPayment,
    PostInvoice,
    PostPayment,
    Reduction,
)
from app.services.sales.reads import get_invoice
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """The trading world, its house and its dealer complete enough for a paper invoice."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute(
            "INSERT INTO system.company (id, name, street, postal_code, city, vat_id, iban, bic, email, phone)"
            " VALUES (1, 'Zinngießerei GmbH', 'Gießergasse 7', '90402', 'Nürnberg', 'DE123456789',"
            " 'DE02120300000000202051', 'BYLADEM1001', 'post@zinn.example', '+49 911 1') ON CONFLICT (id) DO UPDATE SET"
            " name = excluded.name, street = excluded.street, postal_code = excluded.postal_code, city = excluded.city,"
            " vat_id = excluded.vat_id, iban = excluded.iban, bic = excluded.bic, email = excluded.email,"
            " phone = excluded.phone"
        )
        yield made


@pytest.fixture(autouse=True)
def _nobody_has_asked_yet(world: World, admin: Raw) -> None:
    """The customer gets paper, and nothing is known that an e-invoice has to bear."""
    admin.execute(
        "UPDATE partners.partner SET einvoice_format = 'paper', buyer_reference = NULL, electronic_address = NULL"
        " WHERE id = %s",
        (world.dealer,),
    )
    admin.execute("UPDATE system.company SET contact_name = '', electronic_address = ''")


def known(world: World, admin: Raw, einvoice_format: str) -> None:
    """The customer wants e-invoices, and both sides have said what these must bear."""
    admin.execute(
        "UPDATE partners.partner SET einvoice_format = %s, buyer_reference = '04011000-12345-34',"
        " electronic_address = 'kunde@example.org' WHERE id = %s",
        (einvoice_format, world.dealer),
    )
    admin.execute(
        "UPDATE system.company SET contact_name = 'Franziska Adler', electronic_address = 'post@zinn.example'"
    )


def to_invoice(world: World, admin: Raw, as_role: As) -> PostInvoice:
    """Two bicycles at a discount and a book, shipped."""
    rep, keeper = as_role("sales_rep"), as_role("warehouse_manager")
    for product in (world.bike, world.book):
        stock(keeper, product, world.shelf, 5)
    order = confirmed(rep, world.order([world.line(world.bike, 2), world.line(world.book, 1)]))
    ids = line_ids(admin, order.id)
    delivery = shipped(
        keeper, order.id, order.row_version, (ids[0], 2, world.shelf), (ids[1], 1, world.shelf)
    )
    return PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))


def numbers(admin: Raw) -> tuple[Any, Any]:
    invoices = admin.execute("SELECT count(*) FROM sales.invoice").fetchone()
    counter = admin.execute("SELECT sum(next_value) FROM system.counter").fetchone()
    return invoices, counter


def test_proved_before_it_is_issued(world: World, admin: Raw, as_role: As) -> None:
    command = to_invoice(world, admin, as_role)
    finance = as_role("finance")
    trial = Trial(writes.post_invoice, command)
    assert prove(finance, command.sales_order_id, trial) is None  # paper
    admin.execute(
        "UPDATE partners.partner SET einvoice_format = 'xrechnung_ubl' WHERE id = %s", (world.dealer,)
    )
    before = numbers(admin)
    found = prove(finance, command.sales_order_id, trial)
    assert found is not None
    refused = outgoing.refusal(*found, "de")
    words = str(refused.params["findings"])
    assert "Kunde: Die Käuferreferenz fehlt" in words
    assert "Firmendaten: Der Ansprechpartner" in words
    assert numbers(admin) == before  # neither an invoice nor a number is left of the trial
    with pytest.raises(NotAllowed):
        prove(as_role("warehouse_clerk"), command.sales_order_id, trial)

    known(world, admin, "xrechnung_ubl")
    assert prove(finance, command.sales_order_id, trial) is None
    issued = finance.write(writes.post_invoice, command).value
    assert kept(finance, issued.id) == issued.number


def kept(finance: Database, invoice_id: int) -> str:
    """Archive an invoice as a screen does; the number that its XML says."""
    data = finance.read(documents.document_for, "invoice", invoice_id)
    row = finance.read(outgoing.load, invoice_id)
    command = outgoing.packed(row, documents.archive_command(invoice_id, data))
    finance.write(archive, command)
    rows = finance.read(archived_documents, "sales.invoice", invoice_id)
    files = [finance.read(archived_file, one.id) for one in rows]
    read_again = [read(one.content, one.file_name) for one in files]
    right = [one for one in read_again if one.ok]
    assert len(right) == 1
    assert right[0].findings == ()
    assert right[0].invoice is not None
    assert right[0].invoice.totals.payable == data.totals.gross if data.totals else False
    with pytest.raises(AppError):
        finance.write(archive, replace(command, content=command.content + b"\n"))
    return right[0].invoice.number


@pytest.mark.parametrize("chosen", ["zugferd_en16931", "zugferd_extended", "xrechnung_cii"])
def test_kept_as_the_customer_wants_it(world: World, admin: Raw, as_role: As, chosen: str) -> None:
    known(world, admin, chosen)
    finance = as_role("finance")
    issued = finance.write(writes.post_invoice, to_invoice(world, admin, as_role)).value
    assert kept(finance, issued.id) == issued.number


def test_a_whole_life_in_every_form(world: World, admin: Raw, as_role: As) -> None:
    """Down payment, partial and final invoice, correction by quantity and by amount, cancellation: all valid."""
    rep, keeper, finance = as_role("sales_rep"), as_role("warehouse_manager"), as_role("finance")
    known(world, admin, "xrechnung_ubl")
    for product in (world.bike, world.book):
        stock(keeper, product, world.shelf, 20)
    charges = [
        {"kind": "charge", "reason": "Fracht", "amount": "9.90"},
        {"kind": "allowance", "reason": "Messerabatt", "pct": "5"},
    ]
    on_lines = [
        {"kind": "charge", "reason": "Einrichtung", "code": "ABK", "amount": "45"},
        {"kind": "allowance", "reason": "Verpackung beschädigt", "code": "100", "amount": "5.55"},
    ]
    lines = [
        world.line(world.bike, 4, discount_pct=D("4.5"), charges=on_lines),
        world.line(world.book, 5, 20, tax_rate=D(7), charges=on_lines[1:]),
    ]
    order = confirmed(rep, world.order(lines, charges=charges))
    bikes, books = line_ids(admin, order.id)
    down = finance.write(
        writes.post_down_payment, PostDownPayment(order.id, order.row_version, world.today, pct=D(30))
    ).value
    issued = {"down_payment": down.id}
    paid = finance.read(get_invoice, down.id)
    finance.write(
        writes.post_payment, PostPayment(paid.id, paid.row_version, paid.open_amount, paid.invoice_date)
    )
    version = order_version(admin, order.id)
    for kind, picks in (
        ("partial", ((bikes, 1, world.shelf),)),
        ("final", ((bikes, 3, world.shelf), (books, 5, world.shelf))),
    ):
        delivery = shipped(keeper, order.id, version, *picks)
        post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
        issued[kind] = finance.write(writes.post_invoice, post).value.id
        version = order_version(admin, order.id)
    final = finance.read(get_invoice, issued["final"])
    assert final.kind == "final"
    what = (Reduction(final.lines[0].id, qty=D(1)), Reduction(final.lines[1].id, amount=D("3.33")))
    corrected = finance.write(
        writes.correct_invoice, CorrectInvoice(final.id, final.row_version, lines=what, reason="Mangel")
    ).value
    issued["correction"] = corrected.id
    first = finance.read(get_invoice, issued["partial"])
    cancelled = finance.write(
        writes.cancel_invoice, CancelInvoice(first.id, first.row_version, reason="Falsche Anschrift")
    ).value
    issued["cancellation"] = cancelled.id
    for kind, invoice_id in issued.items():
        row = finance.read(outgoing.load, invoice_id)
        assert row["kind"] == kind
        for profile in Profile:
            made = outgoing.invoice_of(row)
            found = [(one.field, one.words("en")) for one in check(made, profile).findings if one.is_error]
            assert (kind, profile, found) == (kind, profile, [])


def order_version(admin: Raw, order: int) -> int:
    row = admin.execute("SELECT row_version FROM sales.sales_order WHERE id = %s", (order,)).fetchone()
    assert row is not None
    return int(row[0])
