"""Printed documents: what a customer, a tax adviser and a folding machine expect of them."""

import io
import re
from dataclasses import replace
from itertools import accumulate
from typing import Any

import pytest
from PIL import Image
from pypdf import PdfReader
from pypdf.generic import DictionaryObject

from app.core.errors import Invalid
from app.core.format import money
from app.services.documents.data import DocumentData, Kind, Language, Reference
from app.services.documents.render import file_name, render
from app.services.documents.rules import missing_contents
from tests.unit.documents_sample import COMPANY, D, lines, sample, totals


def pages(data: DocumentData) -> list[str]:
    """The text of every page."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(render(data))).pages]


def words(data: DocumentData) -> str:
    """The whole text with line ends and double spaces evened out."""
    return re.sub(r"\s+", " ", "\n".join(pages(data)))


def positions(data: DocumentData) -> dict[str, tuple[float, float]]:
    """Where each piece of text begins on the first page: millimetres from the left and from the top."""
    found: dict[str, tuple[float, float]] = {}

    def visit(piece: str, cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if piece.strip():
            found.setdefault(piece.strip(), ((cm[4] + tm[4]) * 25.4 / 72, 297 - (cm[5] + tm[5]) * 25.4 / 72))

    PdfReader(io.BytesIO(render(data))).pages[0].extract_text(visitor_text=visit)
    return found


def test_invoice_says_what_the_vat_act_demands() -> None:
    data = sample("invoice", "de")
    found = words(data)
    for part in (
        "Rechnung RE-2026-00042",
        "Zinngießerei Lindner GmbH",
        "Gießergasse 7",
        "90402 Nürnberg",
        "DE123456789",
        "241/123/45678",
        "Spielwaren Grünäcker & Söhne OHG",
        "Königstraße 12",
        "70173 Stuttgart",
        "Rechnungsdatum 20.11.2026",
        "Lieferdatum 19.11.2026",
        "12,5 %",
        "zzgl. 19 % USt. auf 1.084,81 € 206,11 €",
        "Gesamtbetrag 1.290,92 €",
        "Bei Zahlung bis 28.11.2026 gewähren wir 2 % Skonto (25,82 €); zu zahlen sind dann 1.265,10 €.",
        "Zahlbar bis 20.12.2026 ohne Abzug.",
        "DE02 1203 0000 0000 2020 51",
        "Seite 1 von 1",
    ):
        assert part in found, part
    for line in data.lines:
        assert line.name in found
        assert f"Art.-Nr. {line.sku}" in found
        assert money(line.net, None, "de") in found


def test_english_invoice_uses_english_words_and_formats() -> None:
    found = words(sample("invoice", "en"))
    for part in (
        "Invoice RE-2026-00042",
        "Invoice date 20 Nov 2026",
        "plus 19% VAT on €1,084.81",
        "Total €1,290.92",
        "12.5%",
        "For payment by 28 Nov 2026 we grant a 2% cash discount (€25.82), leaving €1,265.10 to pay.",
        "Page 1 of 1",
    ):
        assert part in found, part
    assert "Rechnung" not in found


@pytest.mark.parametrize("language", ["de", "en"])
@pytest.mark.parametrize("kind", ["quote", "order_confirmation", "delivery_note", "invoice", "cancellation"])
def test_every_kind_has_all_its_texts(kind: Kind, language: Language) -> None:
    data = sample(kind, language)
    found = words(data)
    assert "⟦" not in found
    assert "{" not in found
    assert data.number in found
    assert all(line.name in found for line in data.lines)


def test_two_hundred_lines_carry_the_right_amounts_from_page_to_page() -> None:
    many = tuple(replace(line, name=f"Figur Nr. {line.position:0>3}") for line in lines(200))
    data = sample("invoice", "de", lines=many)
    assert data.totals is not None
    texts = pages(data)
    assert len(texts) > 10
    sums = list(accumulate((line.net or D(0) for line in many), initial=D(0)))
    printed: list[int] = []
    for number, page in enumerate(texts, start=1):
        assert f"Seite {number} von {len(texts)}" in page
        assert "Rechnung RE-2026-00042" in page
        brought = re.search(r"Übertrag von Seite (\d+)\s+([\d.,]+)", page)
        if number > 1 and len(printed) < 200:
            assert brought is not None
            assert "Betrag €" in page, "the table's head comes again"
            assert (int(brought[1]), brought[2]) == (number - 1, money(sums[len(printed)], None, "de"))
        printed += [int(position) for position in re.findall(r"Figur Nr. (\d{3})", page)]
        carried = re.search(r"Übertrag\s+([\d.,]+)", page)
        if len(printed) < 200:
            assert carried is not None
            assert carried[1] == money(sums[len(printed)], None, "de")
    assert printed == list(range(1, 201))
    assert money(data.totals.gross, "EUR", "de").replace("\u00a0", " ") in "".join(texts[-2:])


def test_totals_that_do_not_fit_take_the_carried_amount_with_them() -> None:
    for count in range(4, 12):
        data = sample("invoice", "de", lines=lines(count))
        assert data.totals is not None
        page = next(page for page in pages(data) if "Summe netto" in page)
        names = [line.name.split(",")[0] for line in data.lines]
        carried = f"Übertrag von Seite 1\n{money(data.totals.net, None, 'de')}"
        assert names[-1] in page or carried in page


def test_delivery_note_names_every_lot_and_no_price() -> None:
    lots = tuple(f"L-2026-{number:04}" for number in range(700))
    data = sample("delivery_note", "de")
    data = replace(data, lines=(replace(data.lines[0], lots=lots), *data.lines[1:]))
    found = words(data)
    assert all(lot in found for lot in lots), "traceability: no lot may be cut"
    assert "€" not in found
    assert "Übertrag" not in found
    assert "Ort, Datum, Unterschrift" in found


def test_cancellation_names_the_invoice_and_shows_negative_amounts() -> None:
    found = words(sample("cancellation", "de", count=2))
    assert "Stornorechnung RE-2026-00043 zur Rechnung RE-2026-00042 vom 20.11.2026" in found
    assert "−249,00" in found
    assert "−508,20 €" in found
    assert "Grund: Falscher Rechnungsempfänger" in found
    assert "Gutschrift" not in found, "that word means self-billing"


def test_each_tax_rate_has_its_line_and_mixed_rates_get_a_column() -> None:
    mixed = (*lines(1, discounts=False), replace(lines(1)[0], position="2", name="Zinnfibel", tax_rate=D(7)))
    found = words(sample("invoice", "de", lines=mixed))
    assert "zzgl. 19 % USt. auf 249,00 € 47,31 €" in found
    assert "zzgl. 7 % USt. auf 249,00 € 17,43 €" in found
    assert "USt. Betrag €" in found


def test_supply_to_another_eu_country_shows_the_reason_and_no_tax() -> None:
    untaxed = tuple(replace(line, tax_rate=D(0)) for line in lines(2))
    found = words(sample("invoice", "en", lines=untaxed, tax_note="intra_community"))
    assert "steuerfreie innergemeinschaftliche Lieferung" in found
    assert "DE811234567" in found
    assert "VAT on" not in found


def test_prices_below_a_cent_keep_their_places() -> None:
    cheap = replace(lines(1)[0], unit_price=D("0.0875"), quantity=D(1000), net=D("87.50"))
    found = words(sample("quote", "de", lines=(cheap,)))
    assert "0,0875" in found
    assert "1.000 Stk" in found


def test_quote_promises_days_and_names_its_validity() -> None:
    found = words(sample("quote", "de"))
    assert "An dieses Angebot halten wir uns bis 18.12.2026 gebunden." in found
    assert "Bei Zahlung innerhalb von 8 Tagen gewähren wir 2 % Skonto." in found
    assert "Bitte überweisen Sie" not in found


def test_address_lies_in_the_window_of_the_envelope() -> None:
    six = ("Spielwaren Grünäcker & Söhne OHG", "Einkauf", "Frau Öztürk", "Haus 3", "Hof", "Weg 1")
    data = sample(recipient=(*six, "1010 Wien", "ÖSTERREICH"))
    at = positions(data)
    for line in data.recipient:
        left, top = at[line]
        assert 24.9 < left < 105
        assert 62.7 < top < 90, "address zone of DIN 5008 form B"
    left, top = at["Zinngießerei Lindner GmbH · Gießergasse 7 · 90402 Nürnberg"]
    assert 24.9 < left < 105
    assert 45 < top < 62.7, "return address above it"
    assert at["Rechnungsnummer"][0] == pytest.approx(125, abs=0.1)
    assert at["Rechnungsnummer"][1] > 50
    assert at["Rechnung RE-2026-00042"][1] > 98


def test_account_number_and_sender_are_never_cut_off() -> None:
    long = replace(
        COMPANY,
        name="Zinngießerei Muster Nachfolger GmbH & Co. KG",
        city="Rothenburg ob der Tauber",
        email="rechnungswesen@zinngiesserei-muster.example",
        iban="DE89370400440532013000",
    )
    found = words(sample(company=long))
    assert found.count("DE89 3704 0044 0532 0130 00") >= 1
    assert "rechnungswesen@zinngiesserei-muster.example" in found
    assert "90402 Rothenburg ob der Tauber" in found


def test_long_information_block_pushes_the_content_down() -> None:
    many = tuple(Reference("delivery_note", f"LS-2026-{number:05}") for number in range(14))
    at = positions(sample(references=many))
    assert at["Rechnung RE-2026-00042"][1] > at["LS-2026-00013"][1] + 5


HOSTILE = (
    "<b>fett</b> & <para> {0} %s &amp;",
    "Čeština Łódź Ω Кириллица ğİı ẞ",
    "שלום (ABC 123) مرحبا 42 kg",
    "\u202eevil\u202c \x00\x07\x1b[31m tab\tend\u200b",
    "👨‍👩‍👧 😀 中文",
    "a" * 10_000,
    "Donaudampfschifffahrt " * 500,
    "\ud800 lone surrogate",
    " \n\n ",
    "",
)


@pytest.mark.parametrize("bad", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_breaks_nothing(bad: str) -> None:
    bad_line = replace(
        lines(1)[0], name=bad, description=bad, sku=bad, unit=bad, note=bad, lots=(bad,), position=bad
    )
    data = sample(
        "invoice",
        "de",
        lines=(bad_line, *lines(2)),
        recipient=(bad, bad, bad, "Weg 1", "70173 Stuttgart"),
        references=(Reference("your_order", bad), Reference("your_vat_id", "DE811234567")),
        company=replace(COMPANY, managing_director=bad, web=bad, bank_name=bad),
        intro=bad,
        closing=bad,
        reason=bad,
        delivery_address=(bad,),
    )
    assert data.totals is not None
    found = words(data)
    assert f"Gesamtbetrag {money(data.totals.gross, 'EUR', 'de')}".replace("\u00a0", " ") in found
    assert "70173 Stuttgart" in found
    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\ud800-\udfff]", found)


def test_markup_and_foreign_letters_can_be_read() -> None:
    odd = replace(lines(1)[0], name="<b>fett</b> & Ω Łódź Жук {0}", description="Größe → 5 😀 ไ")
    found = words(sample(lines=(odd,)))
    assert "<b>fett</b> & Ω Łódź Жук {0}" in found
    assert "Größe → 5 😀 □" in found


def test_overlong_name_is_cut_visibly_and_its_row_stays_on_the_page() -> None:
    texts = pages(sample(lines=(replace(lines(1)[0], name="Zinnfigur " * 1000),)))
    assert len(texts) == 1
    assert "Zinnfigur…" in texts[0]


def test_same_data_same_bytes() -> None:
    data = sample("invoice", "de", count=30)
    first = render(data)
    render(sample("quote", "en"))
    assert render(data) == first
    assert render(replace(data, number="RE-2026-00099")) != first


def test_file_describes_itself_and_embeds_its_fonts() -> None:
    reader = PdfReader(io.BytesIO(render(sample("invoice", "en"))))
    assert reader.metadata is not None
    assert reader.metadata.title == "Invoice RE-2026-00042"
    assert reader.metadata.author == "Zinngießerei Lindner GmbH"
    assert reader.metadata.creation_date is not None
    assert reader.metadata.creation_date.date().isoformat() == "2026-11-20"
    assert str(reader.root_object["/Lang"]) == "en"
    resources = reader.pages[0]["/Resources"].get_object()
    assert isinstance(resources, DictionaryObject)
    by_name = resources["/Font"].get_object()
    assert isinstance(by_name, DictionaryObject)
    fonts = [font.get_object() for font in by_name.values()]
    used = [font for font in fonts if font["/Subtype"] == "/TrueType"]
    assert len(used) >= 3
    assert all("/FontFile2" in font["/FontDescriptor"] for font in used)


def test_logo_takes_the_place_of_the_name_and_a_broken_one_does_not_stop_the_invoice() -> None:
    picture = io.BytesIO()
    Image.new("RGBA", (300, 80), (120, 20, 30, 200)).save(picture, "PNG")
    with_logo = sample(company=replace(COMPANY, logo=picture.getvalue()))
    assert len(PdfReader(io.BytesIO(render(with_logo))).pages[0].images) == 1
    assert positions(with_logo)["Zinngießerei Lindner GmbH"][1] > 260, "only in the footer"
    broken = sample(company=replace(COMPANY, logo=b"not a picture"))
    assert positions(broken)["Zinngießerei Lindner GmbH"][1] < 40


def test_a_picture_stands_beside_the_words_of_its_line_and_on_its_page() -> None:
    jpeg = io.BytesIO()
    Image.new("RGB", (256, 192), (40, 90, 60)).save(jpeg, "JPEG")
    plain = sample("quote", "de", lines=lines(24))
    pictured = tuple(
        replace(line, picture=jpeg.getvalue() if n % 3 else None) for n, line in enumerate(plain.lines)
    )
    before, after = positions(plain), positions(replace(plain, lines=pictured))
    assert after["1"][0] == before["1"][0]
    name = pictured[0].name
    assert after[name][0] == pytest.approx(before[name][0] + 18, abs=0.1)  # those without one stand in line
    reader = PdfReader(io.BytesIO(render(replace(plain, lines=pictured))))
    contents = [page.get_contents() for page in reader.pages]
    assert sum(one.get_data().count(b" Do") for one in contents if one is not None) == 16
    assert pages(plain)[0] != pages(replace(plain, lines=pictured))[0]  # rows as high as their pictures
    broken = replace(plain, lines=(replace(plain.lines[0], picture=b"no picture"), *plain.lines[1:]))
    assert name in words(broken)


def test_draft_is_marked_on_every_page() -> None:
    texts = pages(sample("invoice", "de", lines=lines(30), draft=True, number="Entwurf #7", supplied_on=None))
    assert len(texts) > 1
    assert all("ENTWURF" in page for page in texts)
    assert "ENTWURF" not in words(sample("invoice", "de"))


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("document_without_number", {"number": " "}),
        ("document_without_issuer", {"company": replace(COMPANY, city="")}),
        ("document_without_recipient", {"recipient": ("Nur ein Name",)}),
        ("document_without_lines", {"lines": ()}),
        ("document_without_totals", {"totals": None}),
        ("document_without_tax_number", {"company": replace(COMPANY, vat_id="", tax_number="")}),
        ("document_without_supply_date", {"supplied_on": None}),
        ("document_without_vat_ids", {"tax_note": "intra_community", "references": ()}),
    ],
)
def test_incomplete_invoice_is_refused(key: str, changes: dict[str, Any]) -> None:
    data = sample("invoice", "de", **changes)
    assert key in missing_contents(data)
    with pytest.raises(Invalid) as refused:
        render(data)
    assert refused.value.key in missing_contents(data)


def test_untaxed_invoice_needs_a_reason() -> None:
    untaxed = tuple(replace(line, tax_rate=D(0)) for line in lines(2))
    assert totals(untaxed).gross == totals(untaxed).net
    assert missing_contents(sample("invoice", lines=untaxed)) == ("document_without_tax",)
    assert missing_contents(sample("invoice", lines=untaxed, tax_note="export")) == ()


def test_file_name_is_safe_everywhere() -> None:
    assert file_name(sample("invoice", "de")) == "Rechnung_RE-2026-00042.pdf"
    assert file_name(sample("invoice", "en", number="../..\\x:*?")) == "Invoice_.._.._x.pdf"
