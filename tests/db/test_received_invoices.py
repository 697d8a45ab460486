"""Files of suppliers: kept byte for byte, proposed as purchase invoices, archived with them, or refused."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from app.core.db import Database
from app.core.paging import ListQuery
from app.services.documents.reads import archived_documents
from app.services.documents.render import render
from app.services.documents.samples import sample
from app.services.einvoice.model import Identifier, Item, Preceding, Profile, TypeCode
from app.services.einvoice.write import to_xml
from app.services.purchasing import invoicing, received
from app.services.purchasing.commands import (
    Discard,
    EnterInvoice,
    RefuseReceived,
    SaveInvoice,
)
from app.services.purchasing.invoices import get_invoice, propose
from tests.purchase_world import cost, draft, entered, one, received_order, refused, supplied
from tests.sales_world import Raw, World
from tests.unit.einvoice_sample import BUYER, SELLER, invoice, line

AsRole = Callable[[str], Database]
D = Decimal


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    return supplied(admin_dsn)


def test_a_received_invoice_is_kept_proposed_and_archived(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, finance, clerk = as_role("purchase_officer"), as_role("finance"), as_role("warehouse_clerk")
    order = received_order(buyer, clerk, world)
    (number,) = one(admin, "SELECT number FROM purchasing.purchase_order WHERE id = %s", order)
    (vat_id,) = one(admin, "SELECT vat_id FROM partners.partner WHERE id = %s", world.dealer)
    bikes = replace(line(1, D(10), D(60)), item=Item("Rad, rot", seller_id="r-1"))
    sent = replace(
        invoice(
            lines=(bikes,),
            seller=replace(SELLER, vat_id=vat_id or SELLER.vat_id),
            buyer=replace(BUYER, vat_id=""),
        ),
        number="2026/77",
        order=number,
        issued=world.today,
        due=world.today + timedelta(days=14),
    )
    xml = to_xml(sent, Profile.XRECHNUNG_CII)
    command = received.store_command(xml, "rechnung.xml", source="mail", sender="r@example.org")
    stored = buyer.write(received.store, command).value
    assert stored.supplier_id == world.dealer  # by our order number
    again = finance.write(received.store, received.store_command(xml, "x.xml", source="drop")).value
    assert (again.id, again.known) == (stored.id, True)
    assert buyer.read(received.received_file, stored.id).content == xml
    proposal = buyer.read(propose, stored.id)
    assert proposal.values["invoice_number"] == "2026/77"
    assert proposal.values["stated_gross"] == D("714.00")
    assert [x["order_line"] for x in proposal.lines] == [f"{number} / 1"]
    saved = buyer.write(
        invoicing.save_invoice, SaveInvoice(None, None, proposal.values, proposal.lines)
    ).value
    state = "SELECT state FROM purchasing.received WHERE id = %s"
    assert one(admin, state, stored.id) == ("matched",)
    late = RefuseReceived(
        stored.id,
        one(admin, "SELECT row_version FROM purchasing.received WHERE id = %s", stored.id)[0],
        "Nein",
    )
    assert refused(buyer, received.refuse, late).key == "received_not_new"
    buyer.write(invoicing.discard_invoice, Discard(saved.id, saved.row_version))
    assert one(admin, state, stored.id) == ("new",)
    saved = buyer.write(
        invoicing.save_invoice, SaveInvoice(None, None, proposal.values, proposal.lines)
    ).value
    assert buyer.read(get_invoice, saved.id).findings == ()
    done = buyer.write(invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).value
    (kept,) = finance.read(archived_documents, "purchasing.purchase_invoice", done.id)
    assert (kept.kind, kept.file_name, kept.number) == ("received_invoice", "rechnung.xml", done.number)
    assert one(
        admin,
        "SELECT c.bytes = %s FROM documents.issued i JOIN documents.content c ON c.id = i.content_id"
        " WHERE i.id = %s",
        xml,
        kept.id,
    ) == (True,)


def test_an_e_invoice_in_dollars_is_proposed_with_its_rate(world: World, admin: Raw, as_role: AsRole) -> None:
    """Matched with the order in dollars, not with the one in euros; the rate is that of the day it was issued."""
    buyer, clerk = as_role("purchase_officer"), as_role("warehouse_clerk")
    received_order(buyer, clerk, world)  # the same article, in euros
    order = received_order(buyer, clerk, world, currency="USD")
    (number,) = one(admin, "SELECT number FROM purchasing.purchase_order WHERE id = %s", order)
    admin.execute(
        "INSERT INTO system.exchange_rate (currency, valid_on, rate) VALUES ('USD', system.today() - 6, 1.0853),"
        " ('USD', system.today(), 1.2)"
    )
    bikes = replace(line(1, D(10), D(60)), item=Item("Rad, rot", seller_id="r-1"))
    sent = replace(
        invoice(lines=(bikes,)),
        number="US-2026/1",
        order=number,
        issued=world.today - timedelta(days=5),
        due=world.today + timedelta(days=14),
        currency="USD",
    )
    file = received.store_command(to_xml(sent, Profile.XRECHNUNG_CII), "usd.xml", source="drop")
    proposal = buyer.read(propose, buyer.write(received.store, file).value.id)
    assert (proposal.values["currency"], proposal.values["exchange_rate"]) == ("USD", D("1.0853"))
    assert [x["order_line"] for x in proposal.lines] == [f"{number} / 1"]
    saved = buyer.write(
        invoicing.save_invoice, SaveInvoice(None, None, proposal.values, proposal.lines)
    ).value
    found = buyer.read(get_invoice, saved.id)
    assert (found.exchange_rate, found.own_gross_amount) == (D("1.0853"), D("552.84") + D("105.04"))


def test_an_invoice_to_another_company_is_told_and_needs_a_reason(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    buyer, clerk = as_role("purchase_officer"), as_role("warehouse_clerk")
    order = received_order(buyer, clerk, world)
    (number,) = one(admin, "SELECT number FROM purchasing.purchase_order WHERE id = %s", order)
    bikes = replace(line(1, D(10), D(60)), item=Item("Rad, rot", seller_id="r-1"))
    sent = replace(
        invoice(lines=(bikes,)), number="2026/78", order=number, issued=world.today, due=world.today
    )
    assert sent.buyer.vat_id == "DE987654321"
    file = received.store_command(to_xml(sent, Profile.XRECHNUNG_CII), "fremd.xml", source="drop")
    proposal = buyer.read(propose, buyer.write(received.store, file).value.id)
    saved = buyer.write(
        invoicing.save_invoice, SaveInvoice(None, None, proposal.values, proposal.lines)
    ).value
    (before,) = one(admin, "SELECT vat_id FROM system.company")
    try:
        admin.execute("UPDATE system.company SET vat_id = 'DE 111 222 333'")
        (found,) = buyer.read(get_invoice, saved.id).findings
        assert (found.code, found.params["vat_id"]) == ("addressed_elsewhere", "DE987654321")
        enter = EnterInvoice(saved.id, saved.row_version)
        assert refused(buyer, invoicing.enter_invoice, enter).key == "purchase_invoice_findings_open"
        admin.execute("UPDATE system.company SET vat_id = 'de 987 654 321'")
        assert buyer.read(get_invoice, saved.id).findings == ()
        buyer.write(invoicing.enter_invoice, enter)
    finally:
        admin.execute("UPDATE system.company SET vat_id = %s", (before,))


def test_a_pdf_with_something_before_its_first_line_is_one(world: World, admin: Raw, as_role: AsRole) -> None:
    """Readers look for the mark within the first kilobyte; such files exist, and their invoices are due like others."""
    buyer = as_role("purchase_officer")
    odd = b"\xef\xbb\xbf\r\n" + render(sample("invoice"))
    stored = buyer.write(received.store, received.store_command(odd, "scan.pdf", source="file")).value
    command = draft(world, "Vorn 1", [cost("10")], "11.90", received_id=stored.id, accept_reason="Kosten")
    done = entered(buyer, command)
    (kept,) = as_role("finance").read(archived_documents, "purchasing.purchase_invoice", done.id)
    assert kept.file_name == "scan.pdf"


def test_nobody_makes_the_inbox_unreadable(as_role: AsRole, raw_role: Callable[..., Raw]) -> None:
    with pytest.raises(psycopg.Error, match="received_facts_form"):
        raw_role("purchase_officer", ticket=True).execute(
            "SELECT api.received_store(gen_random_uuid(), 'file', '', 'a.xml', 'xml', 'x', NULL,"
            " '{\"payable\": \"viel\"}', '[]')"
        )
    assert as_role("finance").read(received.list_received, ListQuery(sort="amount")).rows is not None


def test_what_is_no_invoice_is_kept_and_refused_with_a_reason(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    buyer = as_role("purchase_officer")
    credit = replace(
        invoice(),
        type=TypeCode.CREDIT_NOTE,
        number="GS 9",
        preceding=(Preceding("RE 100"),),
        seller=replace(SELLER, name="Radhaus Ulm", vat_id="", global_id=Identifier("4012345000009", "0088")),
    )
    broken = to_xml(credit, Profile.ZUGFERD_EN16931).replace(b"GrandTotalAmount>", b"GrandTotalAmount> ")
    stored = buyer.write(received.store, received.store_command(broken, "g/../s.xml", source="drop")).value
    assert stored.supplier_id == world.dealer  # by name
    values = buyer.read(propose, stored.id).values
    assert values["kind"] == "credit"
    assert values["stated_gross"] < 0
    nonsense = buyer.write(received.store, received.store_command(b"Werbung", "a.pdf", source="file")).value
    row = {x.id: x for x in buyer.read(received.list_received, ListQuery(preset="faulty")).rows}[nonsense.id]
    assert (row.kind, row.verdict) == ("other", "none")
    use = draft(world, "N 1", [], "0", received_id=nonsense.id)
    assert refused(buyer, invoicing.save_invoice, use).key == "received_not_usable"
    assert refused(buyer, received.refuse, RefuseReceived(nonsense.id, 1, "")).key == "reason_required"
    buyer.write(received.refuse, RefuseReceived(nonsense.id, 1, "Werbung"))
    anew = buyer.write(received.store, received.store_command(b"Werbung", "a.pdf", source="file")).value
    assert anew.known
    assert one(admin, "SELECT state, refuse_reason FROM purchasing.received WHERE id = %s", anew.id) == (
        "new",
        None,
    )
    with pytest.raises(psycopg.Error, match="posted_is_final"):
        admin.execute("UPDATE purchasing.received SET facts = '{}' WHERE id = %s", (stored.id,))


def test_an_invoice_of_thousands_of_lines_is_kept_proposed_and_saved(world: World, as_role: AsRole) -> None:
    """A wholesaler's monthly invoice; what is too much even so is refused in words."""
    buyer = as_role("purchase_officer")
    many = tuple(line(number, D(2), D("1.25")) for number in range(1, 2502))
    sent = replace(invoice(lines=many), number="M-2026/11", issued=world.today, due=world.today)
    file = received.store_command(to_xml(sent, Profile.XRECHNUNG_UBL), "monat.xml", source="drop")
    proposal = buyer.read(propose, buyer.write(received.store, file).value.id)
    values = {**proposal.values, "supplier_id": world.dealer}
    saved = buyer.write(invoicing.save_invoice, SaveInvoice(None, None, values, proposal.lines)).value
    stored = buyer.read(get_invoice, saved.id)
    assert len(stored.lines) == 2501
    assert stored.gross_amount == sent.totals.gross
    flood = SaveInvoice(saved.id, saved.row_version, {}, proposal.lines * 5)
    assert refused(buyer, invoicing.save_invoice, flood).key == "too_many_lines"
