"""Customers and suppliers as real people reach them."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from sqlalchemy.orm import Session

from app.core.db import Counter, Database
from app.core.errors import Conflict, Duplicate, Invalid, NotAllowed
from app.core.paging import ListQuery
from app.core.together import ask
from app.services.partners import reads, writes
from app.services.partners.checks import PARTNER
from app.services.partners.commands import Child, SavePartner, SetCredit
from app.services.partners.forms import load_partner
from app.services.purchasing import writes as purchasing
from app.services.purchasing.commands import SaveSupplierPrice
from app.services.purchasing.reads import supplier_prices
from app.services.records import Saved
from tests.catalog_world import Raw, basics, product

D = Decimal
As = Callable[[str], Database]
ADDRESS = Child(
    None, None, {"street": "Markt 1", "postcode": "06484", "city": "Quedlinburg", "is_default": True}
)


def partner(db: Database, name: str, **values: Any) -> Saved:
    return db.write(writes.save_partner, SavePartner(None, None, {"name": name, **values}, (ADDRESS,))).value


@pytest.fixture(autouse=True)
def _terms(admin: Raw) -> None:
    basics(admin)
    admin.execute(
        "INSERT INTO partners.payment_term (code, name_de, name_en, net_days, discount_days, discount_pct)"
        " VALUES ('30', '30 Tage', '30 days', 30, 10, 2) ON CONFLICT DO NOTHING"
    )


def test_two_people_edit_the_same_customer(as_role: As) -> None:
    """The second to save is told, also when one of them changed only an address."""
    first, second = as_role("sales_rep"), as_role("customer_service")
    saved = partner(first, "Zinnstube")
    seen = second.read(reads.get_partner, saved.id)
    line = seen.addresses[0]
    moved = SavePartner(
        saved.id, saved.row_version, {}, (Child(line.id, line.row_version, {"street": "Markt 2"}),)
    )
    first.write(writes.save_partner, moved)
    with pytest.raises(Conflict):
        second.write(writes.save_partner, SavePartner(saved.id, seen.row_version, {"phone": "1"}))


def test_a_partner_is_saved_with_its_children_or_not_at_all(as_role: As) -> None:
    db = as_role("sales_rep")
    bad = Child(None, None, {"name": "Ulrike", "email": "nonsense"})
    with pytest.raises(Invalid) as refusal:
        db.write(writes.save_partner, SavePartner(None, None, {"name": "Half"}, (ADDRESS,), (bad,)))
    assert refusal.value.key == "email_format"
    assert [row.name for row in db.read(reads.list_partners, ListQuery()).rows if row.name == "Half"] == []


def test_numbers_go_on_and_exist_once(as_role: As) -> None:
    db = as_role("sales_rep")
    one, two = partner(db, "First"), partner(db, "Second")
    numbers = [db.read(reads.get_partner, saved.id).number for saved in (one, two)]
    assert int(numbers[1]) == int(numbers[0]) + 1
    with pytest.raises(Duplicate) as refusal:
        partner(db, "Third", number=numbers[0])
    assert refusal.value.key == "partner_number_key"
    supplier = partner(as_role("purchase_officer"), "Foundry", is_customer=False, is_supplier=True)
    assert db.read(reads.get_partner, supplier.id).number.startswith("7")


def test_search_knows_number_name_town_and_postcode(as_role: As) -> None:
    db = as_role("sales_rep")
    partner(db, "Harzer Kunsthandwerk", number="55501")
    partner(as_role("purchase_officer"), "Harzer Hütte", number="75501", is_customer=False, is_supplier=True)
    assert db.read(reads.search_partners, "55501")[0].name == "Harzer Kunsthandwerk"
    for typed in ("kunst", "handwerk quedlin", "06484 harzer"):
        assert [hit.name for hit in db.read(reads.search_customers, typed)] == ["Harzer Kunsthandwerk"], typed
    assert [hit.name for hit in db.read(reads.search_suppliers, "harzer")] == ["Harzer Hütte"]


def test_a_delivery_block_needs_a_reason_and_a_right(as_role: As) -> None:
    saved = partner(as_role("sales_rep"), "Slow payer")
    blocking = {"is_delivery_blocked": True, "block_reason": "Three invoices overdue"}
    with pytest.raises(NotAllowed) as refusal:
        as_role("sales_rep").write(writes.save_partner, SavePartner(saved.id, saved.row_version, blocking))
    assert refusal.value.params["right"] == "partner_credit_set"
    finance = as_role("finance")
    with pytest.raises(Invalid):
        finance.write(
            writes.save_partner, SavePartner(saved.id, saved.row_version, {"is_delivery_blocked": True})
        )
    finance.write(
        writes.save_partner, SavePartner(saved.id, saved.row_version, {**blocking, "phone": "0 98 61"})
    )
    detail = finance.read(reads.get_partner, saved.id)
    assert (detail.is_delivery_blocked, detail.phone) == (True, "0 98 61")
    free = SetCredit(saved.id, detail.row_version, D("5000"), False, None)
    finance.write(writes.set_credit, free)
    finance.write(writes.set_credit, free)  # pressed twice, or the answer was lost: one change
    detail = finance.read(reads.get_partner, saved.id)
    assert (detail.is_delivery_blocked, detail.block_reason, detail.credit_limit) == (
        False,
        None,
        D("5000.00"),
    )


def test_no_rep_lifts_a_block_by_hand(as_role: As, raw_role: Callable[..., Raw]) -> None:
    saved = partner(as_role("sales_rep"), "By hand")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw_role("sales_rep", ticket=True).execute(
            "UPDATE partners.partner SET is_delivery_blocked = false WHERE id = %s", (saved.id,)
        )


def test_one_address_of_a_kind_is_the_usual_one(as_role: As) -> None:
    db = as_role("sales_rep")
    saved = partner(db, "Moved house")
    new = Child(None, None, {"street": "Neu 2", "postcode": "1", "city": "Halle", "is_default": True})
    db.write(writes.save_partner, SavePartner(saved.id, saved.row_version, {}, (new,)))
    detail = db.read(reads.get_partner, saved.id)
    assert [(line.street, line.is_default) for line in detail.addresses] == [
        ("Neu 2", True),
        ("Markt 1", False),
    ]
    old = detail.addresses[1]
    gone = SavePartner(saved.id, detail.row_version, {}, removed_addresses=((old.id, old.row_version),))
    db.write(writes.save_partner, gone)
    assert len(db.read(reads.get_partner, saved.id).addresses) == 1


def figures_of(session: Session, partner_id: int) -> Any:
    day = date(2026, 11, 21)
    return ask(session, reads.figures_question(session, day, ":customer", customer=partner_id))


def test_figures_need_rights_and_one_round_trip(as_role: As, counted: Callable[[Database], Any]) -> None:
    rep, clerk = as_role("sales_rep"), as_role("warehouse_clerk")
    saved = partner(rep, "Figures")
    spent: Counter
    with counted(rep) as spent:
        figures = rep.read(figures_of, saved.id)
    assert spent.round_trips == 1
    assert (figures.open_items, figures.revenue) == (D(0), D(0))
    hidden = clerk.read(figures_of, saved.id)
    assert (hidden.open_items, hidden.revenue, hidden.last_order_number) == (None, None, None)


def test_purchase_prices_stay_among_those_who_buy(admin: Raw, as_role: As) -> None:
    buyer = as_role("purchase_officer")
    item = product(buyer, basics(admin), "RM-1", "Tin").id
    suppliers = [partner(buyer, f"Smelter {n}", is_customer=False, is_supplier=True) for n in (1, 2)]
    for supplier, amount in zip(suppliers, ("91234.56", "31.80"), strict=True):
        values = {
            "supplier_id": supplier.id,
            "product_id": item,
            "amount": D(amount),
            "valid_from": date(2026, 1, 1),
            "is_preferred": True,
        }
        buyer.write(purchasing.save_supplier_price, SaveSupplierPrice(None, None, values))
    offers = buyer.read(supplier_prices, item)
    assert offers is not None
    assert [(offer.supplier, offer.is_preferred) for offer in offers] == [
        ("Smelter 2", True),
        ("Smelter 1", False),
    ]
    for role in ("sales_rep", "sales_manager", "warehouse_manager", "viewer", "marketing"):
        assert as_role(role).read(supplier_prices, item) is None
        with pytest.raises(NotAllowed):
            as_role(role).write(
                purchasing.save_supplier_price, SaveSupplierPrice(offers[0].id, 1, {"amount": D(1)})
            )


def test_einvoice_of_a_customer(as_role: As) -> None:
    """What XRechnung needs is asked at the field; the kind of address falls back to e-mail."""
    db = as_role("sales_rep")
    saved = partner(db, "Stadt Ulm")
    form = db.read(load_partner, saved.id)
    assert (form.einvoice_format, form.electronic_address_scheme) == ("paper", "EM")
    wanted = {"einvoice_format": "xrechnung_ubl", "is_customer": True, "is_supplier": False}
    found = {finding.field for finding in PARTNER.check(wanted)}
    assert found == {"buyer_reference", "electronic_address"}
    values = {
        "einvoice_format": "xrechnung_ubl",
        "buyer_reference": " 04011000-12345-03 ",
        "electronic_address": "rechnung@ulm.example",
        "electronic_address_scheme": "",
    }
    db.write(writes.save_partner, SavePartner(saved.id, form.row_version, values))
    form = db.read(load_partner, saved.id)
    assert (form.buyer_reference, form.electronic_address_scheme) == ("04011000-12345-03", "EM")
    for key, value, wrong in (
        ("einvoice_format", "fax", "einvoice_format_known"),
        ("electronic_address_scheme", "E", "electronic_address_scheme_form"),
        ("buyer_reference", "04011000-12345-34", "leitweg_wrong"),
    ):
        with pytest.raises(Invalid, match=wrong):
            db.write(writes.save_partner, SavePartner(saved.id, form.row_version, {key: value}))
