"""Each rule broken once: it is found, and named at the field that causes it."""

import datetime as dt
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from app.core.errors import Refused
from app.core.i18n import has_text
from app.services.einvoice import checks, validate
from app.services.einvoice.model import Adjustment, Delivery, Discount, Invoice, Period, Price, Profile
from app.services.einvoice.schematron import WORKER, Failed, RuleSets
from app.services.einvoice.validate import check
from app.services.einvoice.write import to_xml
from tests.unit.einvoice_sample import ABROAD, CASES, SELLER, SWISS, TRANSFER, D, invoice

Break = Callable[[], Invoice]


def case(name: str, **changes: Any) -> Break:
    return lambda: replace(CASES[name](), **changes)


def sums(**changes: Any) -> Break:
    def made() -> Invoice:
        given = CASES["document_discount_and_charge"]()
        return replace(given, totals=replace(given.totals, **changes))

    return made


def first(group: str, name: str = "standard", **changes: Any) -> Break:
    """One case with the first member of a list changed."""

    def made() -> Invoice:
        given = CASES[name]()
        members = getattr(given, group)
        changed: dict[str, Any] = {group: (replace(members[0], **changes), *members[1:])}
        return replace(given, **changed)

    return made


def party(which: str, name: str = "standard", **changes: Any) -> Break:
    def made() -> Invoice:
        given = CASES[name]()
        return replace(given, **{which: replace(getattr(given, which), **changes)})

    return made


def address(which: str, **changes: Any) -> Break:
    def made() -> Invoice:
        given = invoice()
        owner = getattr(given, which)
        return replace(given, **{which: replace(owner, address=replace(owner.address, **changes))})

    return made


OFF = Adjustment(D("3.00"), D("34.85"), D("10.00"), "Rabatt", "", "S", D(19))
OWN: dict[str, tuple[Break, str]] = {
    "WB-SUM-1": (sums(lines=D("1.00")), "totals.lines"),
    "WB-SUM-2": (sums(allowances=D("1.00")), "totals.allowances"),
    "WB-SUM-3": (sums(charges=None), "totals.charges"),
    "WB-SUM-4": (sums(net=D("1.00")), "totals.net"),
    "WB-SUM-5": (sums(tax=D("1.00")), "totals.tax"),
    "WB-SUM-6": (sums(gross=D("1.00")), "totals.gross"),
    "WB-SUM-7": (sums(payable=D("1.00")), "totals.payable"),
    "WB-SUM-8": (first("taxes", base=D("34.86")), "taxes[0].base"),
    "WB-SUM-9": (first("taxes", tax=D("6.63")), "taxes[0].tax"),
    "WB-SUM-10": (first("lines", net=D("20.02")), "lines[0].net"),
    "WB-SUM-11": (first("lines", price=Price(D(10), D(1), D(12))), "lines[0].price.net"),
    "WB-SUM-12": (lambda: invoice(allowances=(OFF,)), "allowances[0].amount"),
    "WB-SUM-13": (lambda: invoice(charges=(OFF,)), "charges[0].amount"),
    "WB-14-1a": (address("seller", line1=""), "seller.address"),
    "WB-14-1b": (address("buyer", city=""), "buyer.address"),
    "WB-14-1c": (address("buyer", country=""), "buyer.address.country"),
    "WB-14-2": (party("seller", vat_id="", tax_number=""), "seller.vat_id"),
    "WB-14-4": (case("standard", number=""), "number"),
    "WB-14-5a": (lambda: invoice(()), "lines"),
    "WB-14-5b": (first("lines", item=replace(invoice().lines[0].item, name="")), "lines[0].item.name"),
    "WB-14-5c": (first("lines", unit=""), "lines[0].unit"),
    "WB-14-6": (case("standard", delivery=None), "delivery.date"),
    "WB-14-7": (first("allowances", "document_discount_and_charge", reason="", reason_code=""), "allowances[0].reason"),
    "WB-14-7b": (first("charges", "document_discount_and_charge", reason="", reason_code=""), "charges[0].reason"),
    "WB-14-8": (first("taxes", "reverse_charge", reason=""), "taxes[0].reason"),
    "WB-14-8b": (first("taxes", "small_business", tax=D("3.80")), "taxes[0].tax"),
    "WB-14-8c": (first("taxes", rate=D(16)), "taxes[0].rate"),
    "WB-14-10": (case("self_billed", notes=()), "notes"),
    "WB-14A-1": (party("buyer", "intra_community", vat_id=""), "buyer.vat_id"),
    "WB-14A-2": (
        lambda: replace(CASES["intra_community"](), buyer=replace(ABROAD, address=SELLER.address), delivery=None),
        "delivery.address.country",
    ),
    "WB-14A-3": (party("buyer", "reverse_charge", vat_id=""), "buyer.vat_id"),
    "WB-14A-4": (
        lambda: replace(CASES["export"](), buyer=ABROAD, delivery=Delivery(dt.date(2026, 11, 19))),
        "buyer.address.country",
    ),
    "WB-31-5": (case("credit_note", preceding=()), "preceding"),
    "WB-14-5-2": (case("final", preceding=(), advances=()), "preceding"),
    "WB-CUR-1": (case("foreign_currency", tax_currency=""), "totals.tax_in_tax_currency"),
    "WB-CUR-2": (case("standard", tax_currency="EUR"), "tax_currency"),
    "WB-DAY-1": (case("standard", due=dt.date(2026, 11, 1)), "due"),
    "WB-DAY-2": (case("period", period=Period(dt.date(2026, 11, 2), dt.date(2026, 11, 1))), "period"),
    "WB-PAY-1": (case("standard", payment=(replace(TRANSFER, iban="DE00"),)), "payment[0].iban"),
    "WB-PAY-2": (case("skonto", discounts=(Discount(8, D(0)),)), "discounts[0].percent"),
    "WB-POS-1": (
        lambda: invoice(allowances=(replace(OFF, amount=D(-1), base=None, percent=None),)),
        "allowances[0].amount",
    ),
    "WB-POS-2": (first("lines", price=Price(D(-10))), "lines[0].price.net"),
}  # fmt: skip


def test_every_own_rule_is_broken_here_and_has_words() -> None:
    assert set(OWN) == {rule.id for rule in checks.rules()}
    words = {f"validation.einvoice_{rule.code}" for rule in checks.rules()}
    words |= {f"validation.einvoice_{row[0]}" for row in validate.table()["known"].values()}
    words |= {f"validation.einvoice_{row[0]}" for row in validate.table()["families"].values()}
    assert [key for key in sorted(words) if not has_text(key)] == []


@pytest.mark.parametrize("rule", OWN)
def test_own_rule_broken(rule: str) -> None:
    broken, field = OWN[rule]
    found = {finding.params["rule"]: finding for finding in checks.check(broken())}
    assert rule in found
    assert found[rule].field == field
    assert checks.check(invoice()) == ()


# What the rule sets of others say, under our words and at our field.
FOREIGN: list[tuple[Profile, str, str, Break]] = [
    (Profile.XRECHNUNG_CII, "BR-DE-1", "payment", case("standard", payment=())),
    (Profile.XRECHNUNG_UBL, "BR-DE-2", "seller.contact", party("seller", contact=None)),
    (Profile.XRECHNUNG_CII, "BR-DE-3", "seller.address.city", address("seller", city="")),
    (Profile.XRECHNUNG_UBL, "BR-DE-4", "seller.address.postcode", address("seller", postcode="")),
    (Profile.XRECHNUNG_CII, "BR-DE-6", "seller.contact.phone",
     party("seller", contact=replace(SELLER.contact, phone="") if SELLER.contact else None)),
    (Profile.XRECHNUNG_UBL, "BR-DE-9", "buyer.address.postcode", address("buyer", postcode="")),
    (Profile.XRECHNUNG_CII, "BR-DE-15", "buyer_reference", case("standard", buyer_reference="")),
    (Profile.XRECHNUNG_UBL, "BR-DE-15", "buyer_reference", case("standard", buyer_reference="")),
    (Profile.XRECHNUNG_UBL, "BR-DE-17", "type", case("standard", type="386")),
    (Profile.XRECHNUNG_CII, "BR-DE-19", "payment[0].iban", case("standard", payment=(replace(TRANSFER, iban="DE00"),))),
    (Profile.XRECHNUNG_CII, "BR-DE-23-a", "payment[0].iban",
     case("standard", payment=(replace(TRANSFER, iban="", account_name="", bic=""),))),
    (Profile.XRECHNUNG_UBL, "PEPPOL-EN16931-R010", "buyer.endpoint", party("buyer", endpoint=None)),
    (Profile.XRECHNUNG_CII, "PEPPOL-EN16931-R020", "seller.endpoint", party("seller", endpoint=None)),
    (Profile.XRECHNUNG_CII, "PEPPOL-EN16931-R120", "lines[0].net", first("lines", net=D("21.00"))),
    (Profile.ZUGFERD_EN16931, "BR-CO-15", "totals.gross", sums(gross=D("1.00"))),
    (Profile.XRECHNUNG_UBL, "BR-CO-16", "totals.payable", sums(payable=D("1.00"))),
    (Profile.ZUGFERD_EXTENDED, "BR-FXEXT-CO-15", "totals.gross", sums(gross=D("1.00"))),
    (Profile.ZUGFERD_EN16931, "BR-CO-10", "totals.lines", sums(lines=D("1.00"))),
    (Profile.ZUGFERD_EN16931, "FX-SCH-A-000613", "lines[0].unit", first("lines", unit="Stk")),
    (Profile.XRECHNUNG_UBL, "BR-CL-23", "lines[0].unit", first("lines", unit="Stk")),
    (Profile.XRECHNUNG_UBL, "BR-AE-10", "taxes[0].reason", first("taxes", "reverse_charge", reason="", reason_code="")),
    (Profile.ZUGFERD_EN16931, "BR-IC-11", "delivery.date",
     case("intra_community", delivery=Delivery(None, address=ABROAD.address))),
    (Profile.XRECHNUNG_CII, "BR-CO-09", "seller.vat_id", party("seller", vat_id="123456789")),
    (Profile.XRECHNUNG_UBL, "BR-DEC-14", "totals.gross", sums(gross=D("42.001"))),
]  # fmt: skip


@pytest.mark.parametrize(("profile", "rule", "field", "broken"), FOREIGN, ids=lambda value: str(value)[:20])
def test_foreign_rule_broken(
    monkeypatch: pytest.MonkeyPatch, profile: Profile, rule: str, field: str, broken: Break
) -> None:
    monkeypatch.setattr(checks, "check", lambda _: ())  # so that ours do not speak first
    found = {str(finding.params.get("rule")): finding for finding in check(broken(), profile).findings}
    assert rule in found
    assert found[rule].field == field
    for language in ("de", "en"):
        assert "⟦" not in found[rule].words(language)


def test_without_rule_sets_nothing_is_valid(tmp_path: Path) -> None:
    """No Saxon, a Saxon that dies, one that hangs, a stylesheet that is none: each is a refusal with its reason."""
    absent = tmp_path / "absent.py"
    absent.write_text('print(\'{"unavailable": "no module"}\')')
    dead = tmp_path / "dead.py"
    dead.write_text("raise SystemExit(1)")
    for script, key in ((absent, "einvoice_rules_unavailable"), (dead, "einvoice_rules_failed")):
        engine = RuleSets((sys.executable, "-I", str(script)))
        with pytest.raises(Refused) as refusal:
            check(invoice(), Profile.ZUGFERD_EN16931, engine)
        assert refusal.value.key == key
        engine.stop()
    engine = RuleSets((sys.executable, "-I", "-c", "import sys; sys.stdin.buffer.read()"))
    with pytest.raises(Refused, match="einvoice_rules_failed"):
        engine.check(b"<a/>", (), patience=0.01)
    engine.stop()
    engine = RuleSets((sys.executable, "-I", str(WORKER)))
    with pytest.raises(Refused, match="einvoice_rules_failed"):
        engine.check(b"<a/>", (dead,))
    assert check(invoice(), Profile.ZUGFERD_EN16931, engine).ok  # the same process goes on
    engine.stop()


@pytest.mark.parametrize(
    "profile",
    [Profile.ZUGFERD_EN16931, Profile.ZUGFERD_EXTENDED, Profile.XRECHNUNG_CII, Profile.XRECHNUNG_UBL],
)
def test_quicker_rule_sets_find_the_same(profile: Profile) -> None:
    """Compiled as they came and made quicker: the same failed rules at the same places, in the same order."""
    as_they_came, quicker = RuleSets((sys.executable, "-I", str(WORKER))), RuleSets()
    whole = to_xml(CASES["everything"](), profile)
    used = validate.set_for(etree.fromstring(whole), profile.guideline)
    found = 0
    for seed in range(12):
        broken = _broken(whole, random.Random(seed))  # noqa: S311
        failed = _said(as_they_came, broken, used.rules)
        assert _said(quicker, broken, used.rules) == failed
        found += len(failed)
    assert found > 60
    as_they_came.stop()
    quicker.stop()


def _said(engine: RuleSets, xml: bytes, rules: tuple[Path, ...]) -> tuple[Failed, ...]:
    """The failed rules; none where a rule itself stumbles over nonsense, which is told as an error of its own."""
    try:
        return engine.check(xml, rules)
    except Refused:
        return ()


def _broken(xml: bytes, chance: random.Random) -> bytes:
    """An invoice some of whose elements are missing, doubled, empty, or hold and are marked with nonsense."""
    root = etree.fromstring(xml)
    for element in list(root.iter("{*}*"))[1:]:
        above, what = element.getparent(), chance.randrange(60)
        if above is None:
            continue
        if what == 0:
            above.remove(element)
        elif what == 1 and len(element):
            above.append(etree.fromstring(etree.tostring(element)))
        elif len(element) == 0 and what in (2, 3, 4):
            # Where a number belongs stands another one: over words the rules themselves stumble.
            number = (element.text or "").replace(".", "").isdigit()
            element.text = "17.333" if number else ("ZZZ" if what == 2 else element.text)
        elif what == 5:
            for name in element.attrib:
                element.set(name, "ZZZ")
    return bytes(etree.tostring(root))


def test_swiss_export_needs_no_vat_id() -> None:
    assert SWISS.vat_id == ""
    assert checks.check(CASES["export"]()) == ()
