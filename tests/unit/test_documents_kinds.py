"""Every kind of paper in both languages: what it says, what is read from its codes, what the house changes about it."""

import io
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pypdfium2
import pytest
import zxingcpp
from pypdf import PdfReader

from app.core.errors import Invalid
from app.services.documents import kinds
from app.services.documents.data import (
    Adjustment,
    DocumentData,
    Kind,
    Language,
    Line,
    PaymentTerms,
    TaxAmount,
    Totals,
    Variants,
)
from app.services.documents.design import Design, checked, merged
from app.services.documents.render import render
from app.services.documents.rules import missing_contents
from app.services.documents.samples import sample

D = Decimal
KINDS: tuple[Kind, ...] = get_args(Kind)
BOTH: tuple[Language, ...] = ("de", "en")


def pages(data: DocumentData) -> list[str]:
    """The words of each page, spaces made one."""
    found = PdfReader(io.BytesIO(render(data))).pages
    return [" ".join(page.extract_text().replace("\u00a0", " ").split()) for page in found]


def words(data: DocumentData) -> str:
    return " ".join(pages(data))


def codes(data: DocumentData) -> list[str]:
    """What a scanner reads from the first page as it is printed."""
    document = pypdfium2.PdfDocument(render(data))
    sheet = document[0]
    picture = sheet.render(scale=300 / 72).to_pil().convert("L")
    sheet.close()
    document.close()
    return [code.text for code in zxingcpp.read_barcodes(picture)]


def outside(content: bytes) -> list[tuple[float, ...]]:
    """Words that stand beyond the edge of their page."""
    document = pypdfium2.PdfDocument(content)
    found: list[tuple[float, ...]] = []
    for number in range(len(document)):
        sheet = document[number]
        text = sheet.get_textpage()
        wide, high = sheet.get_size()
        for at in range(text.count_rects()):
            left, bottom, right, top = text.get_rect(at)
            if left < -0.5 or bottom < -0.5 or right > wide + 0.5 or top > high + 0.5:
                found.append((number, left, bottom, right, top))
        text.close()
        sheet.close()
    document.close()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_whole_in_both_languages(kind: Kind) -> None:
    german, english = (words(sample(kind, language)) for language in BOTH)
    assert "⟦" not in german + english
    assert german != english
    assert "Seite 1 von" in german
    assert "Page 1 of" in english
    assert missing_contents(sample(kind)) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_text_too_long_for_every_field_stays_on_its_page(kind: Kind) -> None:
    long = "Donaudampfschifffahrtsgesellschaftskapitän " * 12
    data = sample(kind, count=3)
    company = replace(data.company, name=long, street=long, city=long, bank_name=long, register=long)
    data = replace(
        data,
        company=company,
        number=long[:90],
        recipient=tuple(long for _ in data.recipient),
        references=tuple(replace(one, value=long) for one in data.references),
        remarks=(long * 5,),
        summary=tuple((key, long[:60]) for key, _ in data.summary),
        lines=tuple(
            replace(line, name=long * 3, sku=long, unit=long, description=long * 40, note=long, group=long)
            for line in data.lines
        ),
        items=tuple(replace(item, number=long) for item in data.items),
        steps=tuple(replace(step, name=long, station=long, note=long, code=long) for step in data.steps),
        measurements=tuple(replace(one, feature=long, wanted=long, found=long) for one in data.measurements),
        deductions=tuple(replace(one, number=long) for one in data.deductions),
    )
    assert outside(render(data)) == []


def test_the_payment_code_pays_exactly_what_is_owed() -> None:
    for kind, amount in (("invoice", "1290.92"), ("final_invoice", "814.92"), ("reminder", "937.12")):
        data = sample(kind)  # type: ignore[arg-type]
        if kind == "final_invoice":
            data = replace(data, lines=data.lines[:1])  # its sums stand on the first page then
        lines = next(code for code in codes(data) if code.startswith("BCD")).split("\n")
        assert lines[:4] == ["BCD", "002", "1", "SCT"]
        assert lines[5:8] == ["Zinngießerei Lindner GmbH", "DE02120300000000202051", f"EUR{amount}"]
        assert lines[10] == data.number


def test_nothing_is_paid_by_code_where_nothing_is_owed() -> None:
    invoice = sample("invoice")
    assert invoice.totals is not None
    assert invoice.payment is not None
    for data in (
        sample("cancellation"),
        sample("quote"),
        replace(invoice, draft=True),
        replace(invoice, totals=replace(invoice.totals, currency="CHF")),
        replace(invoice, totals=replace(invoice.totals, payable=D(0))),
        replace(invoice, company=replace(invoice.company, iban="")),
        replace(invoice, design=Design(payment_code=False)),
    ):
        assert codes(data) == []


def test_papers_of_the_house_are_scanned() -> None:
    assert "FA-2026-00021" in codes(sample("work_order"))
    assert {"AU-2026-00012", "ZF-1001-B", "ZF-2210-N"} <= set(codes(sample("picking_list")))
    assert (
        codes(replace(sample("goods_receipt"), code="WE Größe")) == []
    )  # no code for such letters: none is drawn


def test_discounts_charges_and_several_rates_are_named() -> None:
    data = sample("invoice")
    rebate = Adjustment("Frühbezug", D("5.00"), percent=D(5), base=D("100.00"))
    freight = Adjustment("Fracht", D("12.50"), charge=True)
    taxes = (TaxAmount(D(19), D("1000.00"), D("190.00")), TaxAmount(D(7), D("92.31"), D("6.46")))
    totals = Totals(D("1092.31"), taxes, D("1288.77"), lines=D("1084.81"), adjustments=(rebate, freight))
    lines = (replace(data.lines[0], adjustments=(rebate,), tax_rate=D(7)), *data.lines[1:])
    skonto = PaymentTerms(discount_pct=D(1), discount_days=14)
    terms = PaymentTerms(30, date(2026, 12, 20), D(2), 8, steps=(skonto,))
    said = words(replace(data, totals=totals, lines=lines, payment=terms))
    for part in (
        "Frühbezug 5 % auf 100,00 €: −5,00 €",
        "Summe der Positionen 1.084,81 €",
        "Fracht 12,50 €",
        "zzgl. 7 % USt. auf 92,31 € 6,46 €",
        "14 Tagen",
    ):
        assert part in said


def test_a_foreign_invoice_states_the_tax_in_euro() -> None:
    tax = TaxAmount(D(19), D("1000.00"), D("190.00"), own_tax=D("201.10"))
    totals = Totals(
        D("1000.00"), (tax,), D("1190.00"), "CHF", exchange_rate=D("0.9448"), exchange_date=date(2026, 11, 19)
    )
    said = words(replace(sample("invoice"), totals=totals))
    assert "Umsatzsteuer 19 % in unserer Währung: 201,10 €." in said
    assert "1 EUR = 0,9448 CHF" in said
    assert "Betrag CHF" in said


def test_a_final_invoice_takes_off_what_was_invoiced_with_its_tax() -> None:
    said = words(sample("final_invoice"))
    for part in ("RE-2026-00040 02.10.2026 400,00 76,00 476,00", "−476,00 €", "Zu zahlen 814,92 €"):
        assert part in said


@pytest.mark.parametrize("level", [1, 2, 3])
def test_each_reminder_is_clearer_than_the_one_before(level: int) -> None:
    said = words(sample("reminder", level=level))
    assert ("Zahlungserinnerung MA", "Mahnung MA", "Letzte Mahnung MA")[level - 1] in said
    assert ("Mahngebühr" in said) == (level > 1)


def test_every_reason_for_no_tax_has_its_words() -> None:
    data = sample("invoice")
    assert data.totals is not None
    free = replace(data.totals, taxes=(TaxAmount(D(0), data.totals.net, D(0)),), gross=data.totals.net)
    notes: tuple[Any, ...] = (
        "reverse_charge",
        "export",
        "small_business",
        "exempt",
        "zero_rated",
        "outside_scope",
    )
    for note in notes:
        for language in BOTH:
            paper = replace(data, totals=free, tax_notes=(note,), language=language)
            assert "⟦" not in words(paper)
            assert missing_contents(paper) == ()
    assert missing_contents(replace(data, totals=free)) == ("document_without_tax",)


def test_three_hundred_lines_zero_and_negative_amounts() -> None:
    found = pages(sample("invoice", count=300))
    assert len(found) > 20
    assert all("Übertrag von Seite" in page for page in found[1:-2])
    nothing = Line("1", "A-1", "Muster", D(1), "Stk", "", D(0), None, D(0), D(19))
    taken = replace(nothing, unit_price=D("-3.50"), net=D("-3.50"))
    totals = Totals(D("-3.50"), (TaxAmount(D(19), D("-3.50"), D("-0.67")),), D("-4.17"))
    assert "−4,17 €" in words(replace(sample("invoice"), lines=(nothing, taken), totals=totals))


def test_names_of_all_the_world_are_readable_or_a_box() -> None:
    line = replace(sample("invoice").lines[0], name="Łódź Αθήνα Київ 東京 🎄 ไ שלום")
    said = words(replace(sample("invoice"), lines=(line,)))
    for part in ("Łódź", "Αθήνα", "Київ", "🎄", "□"):
        assert part in said


def test_a_matrix_wider_than_the_page_goes_on_below() -> None:
    data = sample("price_list")
    names = tuple(f"Größe {number}" for number in range(30))
    wide = Variants(names, ("blank", "bemalt"), tuple(tuple(D(n) for n in range(30)) for _ in range(2)))
    content = render(replace(data, lines=(replace(data.lines[-1], variants=wide),)))
    assert outside(content) == []
    said = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
    assert all(name in said for name in names)


def test_the_house_changes_texts_columns_form_and_marks() -> None:
    data = sample("invoice")
    house = merged(
        [
            ({"closing": "Ihr Lindner-Team", "accent": "#AA0000", "columns": {"discount": False}}, None),
            ({"intro": "", "footer": "Nur diese Zeile", "form": "a", "left": 20, "nonsense": 1}, None),
        ]
    )
    plain, changed = words(data), words(replace(data, design=house))
    assert "Ihr Lindner-Team" in changed
    assert "Nur diese Zeile" in changed
    assert "Für unsere Lieferung" in plain
    assert "Für unsere Lieferung" not in changed
    assert "Rabatt" in plain
    assert "Rabatt" not in changed
    assert "HRB" not in changed
    content = PdfReader(io.BytesIO(render(replace(data, design=house)))).pages[0].get_contents()
    assert content is not None
    assert b".666667 0 0 rg" in content.get_data()
    assert render(replace(data, design=Design(font="serif"))) != render(data)
    assert all("KOPIE" in page for page in pages(replace(sample("invoice", count=30), copy=True)))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"accent": "red"}, "template_colour"),
        ({"left": 4}, "template_margin"),
        ({"left": True}, "template_margin"),
        ({"font": "comic"}, "template_font"),
        ({"form": "c"}, "template_form"),
        ({"intro": "x" * 5000}, "template_text"),
        ({"columns": {"net": "no"}}, "template_columns"),
        ({"marks": "yes"}, "template_switch"),
        ({"logo": "x"}, "template_unknown"),
        ({"colour": "#000000"}, "template_unknown"),
    ],
)
def test_a_change_no_paper_can_be_made_with_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid) as wrong:
        checked(changes)
    assert wrong.value.key == key
    assert merged([(changes, None)]) == Design()  # and one that is kept all the same stops no paper


@pytest.mark.parametrize(
    ("wrong", "words_of_it"),
    [
        ({"blocks": ["lines", "totls"]}, "unknown block 'totls'"),
        ({"columns": ["article", "prise"]}, "unknown column of lines 'prise'"),
        ({"columns": ["net"]}, "takes the room left"),
        ({"carries": "gross"}, "carries 'gross'"),
        ({"form": "poster"}, "unknown form 'poster'"),
        ({"pays": "sometimes"}, "pays is yes or no"),
        ({"needs": ["luck"]}, "unknown need 'luck'"),
        ({"tables": {"steps": ["name"]}}, "table steps is not among the blocks"),
        ({"colour": 1}, "unknown entry 'colour'"),
    ],
)
def test_a_faulty_declaration_says_what_is_wrong_with_it(wrong: dict[str, Any], words_of_it: str) -> None:
    columns = kinds.read_columns()
    good: dict[str, Any] = {"form": "letter", "columns": ["article", "net"], "blocks": ["lines"], "needs": []}
    assert kinds.parsed("invoice", good, columns).form == "letter"
    with pytest.raises(ValueError, match=r"invoice\.yaml") as fault:
        kinds.parsed("invoice", good | wrong, columns)
    assert words_of_it in str(fault.value)
