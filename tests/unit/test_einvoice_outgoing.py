"""From what the database stores of an invoice to the e-invoice: every kind, valid in the form the customer wants."""

import io
from copy import deepcopy
from datetime import date
from typing import Any

import pikepdf
import pytest

from app.core.errors import Refused
from app.services.documents.render import render
from app.services.einvoice import outgoing
from app.services.einvoice.model import Profile
from app.services.einvoice.read import read
from app.services.einvoice.validate import check
from app.services.sales import rules
from tests.unit.documents_sample import sample
from tests.unit.einvoice_sample import D
from tests.unit.pdfa_norm import complaints

ADDRESS = {
    "name": "Spielwaren OHG",
    "street": "Königstr. 12",
    "street2": None,
    "postcode": "70173",
    "city": "Stuttgart",
    "region": None,
    "country": "DE",
}
ROW: dict[str, Any] = {
    "number": "RE-2026-00042",
    "kind": "invoice",
    "invoice_date": date(2026, 11, 20),
    "service_date": date(2026, 11, 19),
    "due_date": date(2026, 12, 20),
    "discount_pct": D("2.0000"),
    "discount_date": date(2026, 11, 28),
    "currency": "EUR",
    "exchange_rate": D(1),
    "own_tax_amount": D("18.15"),
    "discount2_pct": D(0),
    "discount2_date": None,
    "net_amount": D("105.00"),
    "tax_amount": D("18.15"),
    "gross_amount": D("123.15"),
    "prepaid_amount": D("0.00"),
    "customer_vat_id": "DE 987 654 321",
    "billing_address": ADDRESS,
    "reason": None,
    "first_shipped": date(2026, 11, 17),
    "original": None,
    "deductions": None,
    "deliveries": ["LS-2026-00077"],
    "snapshot": {
        "customer": {
            "number": "K-10027",
            "name": "Spielwaren OHG",
            "language": "de",
            "vat_id": "DE987654321",
        },
        "order": {"number": "AU-2026-00031", "reference": "B-77"},
        "delivery_address": ADDRESS,
        "einvoice": {
            "format": "zugferd_extended",
            "buyer_reference": "04011000-12345-34",
            "electronic_address": "eingang@spiel.example",
            "electronic_address_scheme": "EM",
        },
    },
    "company": {
        "name": "Zinngießerei GmbH",
        "street": "Gießergasse 7",
        "postal_code": "90402",
        "city": "Nürnberg",
        "country": "DE",
        "vat_id": "DE 123456789",
        "tax_number": "241/1",
        "register_entry": "HRB 1",
        "managing_director": "Eva Lindner",
        "iban": "DE02 1203 0000 0000 2020 51",
        "bic": "BYLADEM1001",
        "phone": "+49 911 1",
        "email": "post@zinn.example",
        "currency": "EUR",
        "contact_name": "Franziska Adler",
        "contact_phone": "+49 911 20",
        "contact_email": "",
        "electronic_address": "",
        "electronic_address_scheme": "EM",
    },
    "lines": [
        {
            "position": 1,
            "sku": "ZF-1",
            "description": "Zinnfigur",
            "unit_code": "PCS",
            "qty": 10,
            "unit_price": 10.0,
            "discount_pct": 12.5,
            "net_amount": 87.50,
            "tax_rate": 19,
            "tax_category": "S",
            "charges": [
                {"position": 1, "kind": "charge", "reason": "Einrichtung", "code": "ABK", "amount": 4.50},
                {"position": 2, "kind": "allowance", "reason": "Beschädigt", "code": "100", "amount": 4.50},
            ],
        },
        {
            "position": 2,
            "sku": "BU-1",
            "description": "Buch",
            "unit_code": "Stk",
            "qty": 1,
            "unit_price": 15,
            "discount_pct": 0,
            "net_amount": 15.00,
            "tax_rate": 7,
            "tax_category": "S",
            "charges": [],
        },
    ],
    "charges": [
        {
            "kind": "charge",
            "reason": "Fracht",
            "reason_code": "FC",
            "pct": None,
            "base_amount": None,
            "amount": 5.00,
            "tax_category": "S",
            "tax_rate": 19,
        },
        {
            "kind": "allowance",
            "reason": "Treue",
            "reason_code": "95",
            "pct": 2.8571,
            "base_amount": 87.50,
            "amount": 2.50,
            "tax_category": "S",
            "tax_rate": 19,
        },
    ],
    "taxes": [
        {
            "tax_category": "S",
            "tax_rate": 19,
            "net_amount": 90.00,
            "tax_amount": 17.10,
            "exemption_text": None,
            "exemption_code": None,
        },
        {
            "tax_category": "S",
            "tax_rate": 7,
            "net_amount": 15.00,
            "tax_amount": 1.05,
            "exemption_text": None,
            "exemption_code": None,
        },
    ],
}
DEDUCTION = {
    "number": "RE-2026-00010",
    "date": "2026-09-01",
    "tax_category": "S",
    "tax_rate": 19,
    "net_amount": 50.00,
    "tax_amount": 9.50,
}


def row(**changes: Any) -> dict[str, Any]:
    return deepcopy(ROW) | changes


def negative() -> dict[str, Any]:
    """What a cancellation and a correction store: amounts with a minus."""
    made = row(net_amount=D("-105.00"), tax_amount=D("-18.15"), gross_amount=D("-123.15"), discount_pct=D(0))
    for line in made["lines"]:
        line |= {"qty": -line["qty"], "net_amount": -line["net_amount"]}
        line["charges"] = [one | {"amount": -one["amount"]} for one in line["charges"]]
    for one in made["charges"]:
        one["amount"] = -one["amount"]
        one["base_amount"] = -one["base_amount"] if one["base_amount"] else None
    for tax in made["taxes"]:
        tax |= {"net_amount": -tax["net_amount"], "tax_amount": -tax["tax_amount"]}
    return made | {"original": {"number": "RE-2026-00041", "date": "2026-11-01"}, "reason": "falsche Menge"}


def abroad() -> dict[str, Any]:
    made = row(
        charges=None,
        net_amount=D("102.50"),
        tax_amount=D("0.00"),
        gross_amount=D("102.50"),
        customer_vat_id="FR83404833048",
    )
    there = ADDRESS | {"city": "Lyon", "postcode": "69002", "country": "FR"}
    made["billing_address"] = made["snapshot"]["delivery_address"] = there
    for line in made["lines"]:
        line |= {"tax_rate": 0, "tax_category": "K"}
    made["taxes"] = [
        {
            "tax_category": "K",
            "tax_rate": 0,
            "net_amount": 102.50,
            "tax_amount": 0,
            "exemption_text": "Steuerfreie innergemeinschaftliche Lieferung",
            "exemption_code": "VATEX-EU-IC",
        }
    ]
    return made


def down_payment() -> dict[str, Any]:
    line = ROW["lines"][0] | {
        "sku": "",
        "unit_code": "",
        "qty": 1,
        "unit_price": 50,
        "discount_pct": 0,
        "net_amount": 50.00,
        "charges": [],
    }
    tax = ROW["taxes"][0] | {"net_amount": 50.00, "tax_amount": 9.50}
    return row(
        kind="down_payment",
        lines=[line],
        charges=None,
        taxes=[tax],
        service_date=None,
        first_shipped=None,
        net_amount=D("50.00"),
        tax_amount=D("9.50"),
        gross_amount=D("59.50"),
        deliveries=None,
    )


KINDS = {
    "invoice": lambda: row(),
    "partial": lambda: row(kind="partial"),
    "final": lambda: row(kind="final", deductions=[DEDUCTION], prepaid_amount=D("59.50")),
    "correction": lambda: negative() | {"kind": "correction"},
    "cancellation": lambda: negative() | {"kind": "cancellation"},
    "abroad": abroad,
    "down_payment": down_payment,
}


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_valid(kind: str, profile: Profile) -> None:
    made = outgoing.invoice_of(KINDS[kind]())
    findings = check(made, profile).findings
    if kind == "down_payment" and profile.is_xrechnung:
        # XRechnung has no type of its own for down payments and advises against the usual one.
        assert {(finding.severity, finding.field) for finding in findings} <= {
            ("warning", "type"),
            ("warning", "delivery.date"),
        }
        return
    assert [(finding.field, finding.words("en")) for finding in findings] == []


def test_nothing_is_lost_on_the_way() -> None:
    made = outgoing.invoice_of(row())
    assert (made.totals.lines, made.totals.net, made.totals.payable) == (D("102.5"), D("105.00"), D("123.15"))
    assert [(x.amount, x.reason_code) for x in made.lines[0].allowances] == [
        (D("12.50"), "95"),
        (D("4.50"), "100"),
    ]
    assert [(x.amount, x.reason) for x in made.lines[0].charges] == [(D("4.50"), "Einrichtung")]
    assert made.lines[0].unit == made.lines[1].unit == "H87"
    assert (made.discounts[0].days, made.discounts[0].percent) == (8, D(2))
    assert made.period is not None
    assert made.period.start == date(2026, 11, 17)
    assert made.seller.vat_id == "DE123456789"
    final = outgoing.invoice_of(KINDS["final"]())
    assert final.totals.payable == D("63.65")
    assert "RE-2026-00010" in final.notes[0].text
    assert "9,50" in final.notes[0].text


def test_every_occasion_one_can_choose_is_in_the_lists_of_the_standard() -> None:
    made = row()
    codes = [(kind, code) for kind, known in rules.REASON_CODES.items() for code in known]
    counts = [sum(1 for kind, _ in codes if kind == side) for side in ("charge", "allowance")]
    made["lines"][1]["charges"] = [
        {"kind": kind, "reason": code, "code": code, "amount": counts[kind == "charge"]}
        for kind, code in codes
    ]
    for profile in (Profile.ZUGFERD_EN16931, Profile.XRECHNUNG_UBL):
        assert check(outgoing.invoice_of(made), profile).findings == ()
    made["lines"][1]["charges"][0]["code"] = "QQQ"
    assert check(outgoing.invoice_of(made), Profile.XRECHNUNG_UBL).findings


@pytest.mark.parametrize("chosen", ["paper", *Profile])
def test_packed_as_the_customer_wants_it(chosen: str) -> None:
    made = row()
    made["snapshot"]["einvoice"]["format"] = chosen
    pdf = render(sample("invoice", "de"))
    packed = outgoing.pack(made, pdf)
    if chosen == "paper":
        assert packed == outgoing.Packed(pdf)
        return
    assert complaints(packed.content) == []
    xml = packed.beside or packed.content
    received = read(xml)
    assert received.ok
    assert received.invoice is not None
    assert received.invoice.number == "RE-2026-00042"
    with pikepdf.open(io.BytesIO(packed.content)) as document:
        assert (len(document.attachments) == 1) == (packed.beside is None)


def test_what_is_wrong_is_refused_with_its_place() -> None:
    made = row()
    made["snapshot"]["einvoice"] |= {
        "format": "xrechnung_ubl",
        "buyer_reference": None,
        "electronic_address": None,
    }
    made["company"]["contact_name"] = ""
    with pytest.raises(Refused, match="einvoice_invalid") as refused:
        outgoing.pack(made, render(sample("invoice", "de")))
    words = str(refused.value.params["findings"])
    assert "Kunde: Die Käuferreferenz fehlt" in words
    assert "Kunde: Die elektronische Adresse des Empfängers fehlt" in words
    assert "Firmendaten: Der Ansprechpartner des Ausstellers fehlt" in words


def test_units() -> None:
    assert [outgoing.unit_code(unit) for unit in ("PCS", "KG", " m² ", "", "KGM")] == [
        "H87",
        "KGM",
        "MTK",
        "C62",
        "KGM",
    ]
