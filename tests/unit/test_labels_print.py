"""Every code of every design is read back by another decoder, from PDF and from what a label printer gets."""

import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from zebrafy.zebrafy_zpl import ZebrafyZPL

from app.services.labels import catalogue, linear, pdf, raster, symbols, zpl
from app.services.labels.design import Design
from app.services.labels.fields import Record
from app.services.labels.job import Job
from app.services.labels.layout import Label, Pattern, lay_out
from app.services.labels.quantities import Wanted
from app.services.labels.reads import Source
from app.services.labels.sheets import all_sheets, suiting

EAN, OWN = "4006381333931", "A/EN-1040-BE"
SHIP = {"(92)D/LS-2026-00042(420)88131", "(00)340123450000000017"}
# What each design says to a scanner when its sample is printed.
CODES = {
    "product_57x32": {EAN},
    "product_38x21": {EAN},
    "product_70x36": {EAN},
    "product_100x50": {EAN, OWN},
    "product_case_100x50": {"(02)04006381333931(37)24"},
    "lot_57x32": {"(01)04006381333931(17)280531(10)FA-2026-00042"},
    "lot_100x50": {"(01)04006381333931(17)280531(10)FA-2026-00042"},
    "lot_serial_57x32": {"(01)04006381333931(21)SN-2026-00147"},
    "place_57x32": {"P/HL/A-01-02-03"},
    "place_100x50": {"P/HL/A-01-02-03"},
    "place_105x148": {"P/HL/A-01-02-03"},
    "box_57x32": {"B/K-00123"},
    "box_100x50": {"B/K-00123"},
    "slot_38x21": {"S/K-00123/12"},
    "slot_57x32": {"S/K-00123/12"},
    "delivery_sscc_100x150": SHIP,
    "delivery_sscc_105x148": SHIP,
    "delivery_address_100x50": {"D/LS-2026-00042"},
    "work_order_100x50": {"F/FA-2026-00042"},
    "work_order_57x32": {"F/FA-2026-00042"},
    "badge_86x54": {"PL-4711"},
    "badge_85x54": {"PL-4711"},
    "mould_57x32": {"M/F-1040%2F2"},
    "mould_38x21": {"M/F-1040%2F2"},
}
# Records without what is optional: other elements take over.
BARE: Mapping[str, tuple[str, ...]] = {
    "product": ("product.ean", "label.qty", "product.color"),
    "lot": ("product.ean", "lot.expires_on"),
    "delivery": ("parcel.sscc", "ship_to.postal_code", "parcel.weight_kg"),
}


def every() -> list[Design]:
    return [design for topic in catalogue.TOPICS for design in catalogue.designs(topic).values()]


def read_codes(picture: Image.Image, **options: Any) -> list[str]:
    hri = zxingcpp.TextMode.HRI
    return [code.text for code in zxingcpp.read_barcodes(picture.convert("L"), text_mode=hri, **options)]


def printed(label: Label, **options: Any) -> Image.Image:
    """What a label printer would burn, by another program's reading of the graphics."""
    return ZebrafyZPL(zpl.zpl(label, **options).decode("ascii")).to_images()[0]


def rastered(document: bytes, density: float = 203.2, page: int = 0) -> Image.Image:
    opened = pypdfium2.PdfDocument(document)
    try:
        picture: Image.Image = opened[page].render(scale=density / 72).to_pil()
        return picture
    finally:
        opened.close()


def picture(mode: str = "RGB") -> bytes:
    kept = io.BytesIO()
    Image.new(mode, (90, 60), "red" if mode == "RGB" else None).save(kept, "PNG")
    return kept.getvalue()


def test_every_design_has_its_codes_named_here() -> None:
    assert {design.key for design in every()} == set(CODES)
    assert all(set(design.densities) == {203, 300, 600} for design in every())


@pytest.mark.parametrize("design", every(), ids=lambda design: design.key)
def test_codes_come_back_from_the_coarsest_printer_and_from_pdf(design: Design) -> None:
    label = lay_out(design, catalogue.sample(design.topic), density=203)
    assert set(read_codes(printed(label))) == CODES[design.key]
    assert set(read_codes(rastered(pdf.pages([label])))) == CODES[design.key]


@pytest.mark.parametrize("topic", BARE)
def test_records_with_little_in_them_still_have_their_codes(topic: str) -> None:
    record = {k: v for k, v in catalogue.sample(topic).items() if k not in BARE[topic]}
    for design in catalogue.designs(topic).values():
        wanted = {
            "product": {record["code.own"]},
            "lot": {"SN-2026-00147"} if "serial" in design.key else {record["code.own"]},
            "delivery": {record["code.own"]} | ({"(92)D/LS-2026-00042"} if "sscc" in design.key else set()),
        }[topic]
        assert set(read_codes(printed(lay_out(design, record)))) == wanted, design.key


def test_what_is_typed_counts_for_one_record_and_among_several_for_those_that_say_nothing() -> None:
    design, sample = catalogue.designs("product")["product_57x32"], catalogue.sample("product")
    known, silent = Source(1, "A", sample, Decimal(5)), Source(2, "B", sample)

    def count(*sources: Source) -> int:
        return len(Job(design, sources, Wanted("piece", qty=Decimal(2))).records())

    assert [count(known), count(silent), count(known, silent)] == [2, 2, 7]


@pytest.mark.parametrize("density", [300, 600])
def test_finer_printers_get_the_same_codes(density: int) -> None:
    for design in every():
        if design.wide * design.high <= 57 * 32:
            label = lay_out(design, catalogue.sample(design.topic), density=density, language="en")
            assert set(read_codes(printed(label))) == CODES[design.key], design.key


@pytest.mark.parametrize("packing", ["hex", "z64"])
def test_what_is_sent_is_what_was_drawn_to_the_dot(packing: zpl.Packing) -> None:
    record = {**catalogue.sample("product"), "product.picture": picture()}
    label = lay_out(catalogue.designs("product")["product_100x50"], record, density=300)
    drawn = raster.draw(label)
    sent = printed(label, packing=packing)
    assert sent.size[0] - drawn.width in range(8)
    assert sent.size[1] == drawn.height
    black = sent.convert("L").point(lambda shade: 255 if shade < 128 else 0).convert("1")
    assert black.crop((0, 0, *drawn.size)).tobytes() == drawn.tobytes()
    turned = printed(label, packing=packing, turned=True)
    assert turned.size[1] == drawn.width
    assert {EAN, OWN} <= set(read_codes(turned))


def test_modules_are_whole_dots_and_never_thinner_than_scanners_read() -> None:
    for design in every():
        for density in design.densities:
            label = lay_out(design, catalogue.sample(design.topic), density=density)
            patterns = [mark for mark in label.marks if isinstance(mark, Pattern)]
            assert patterns, design.key
            assert all(pattern.across / label.dots >= 0.245 for pattern in patterns), design.key


def test_sheets_carry_readable_labels_from_the_place_asked_for() -> None:
    upright = {"try_rotate": False, "try_invert": False, "try_downscale": False}
    for design in every():
        for sheet in suiting(design.wide, design.high):
            label = lay_out(design, catalogue.sample(design.topic), density=203)
            document = pdf.on_sheets([label] * 2, sheet, start=sheet.count, shift=(0.5, -0.3), outlines=True)
            assert len(pypdfium2.PdfDocument(document)) == 2
            first, second = rastered(document), rastered(document, page=1)
            half = first.width // 2, first.height // 2
            assert set(read_codes(first.crop((*half, *first.size)), **upright)) == CODES[design.key]
            assert set(read_codes(second.crop((0, 0, *half)), **upright)) == CODES[design.key]
    slot = lay_out(catalogue.designs("slot")["slot_38x21"], catalogue.sample("slot"))
    full = rastered(pdf.on_sheets([slot] * 65, all_sheets()["a4_5x13_38x21"]))
    assert len(read_codes(full, **upright)) == 65


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("code128", "HL/A-01\x02cd123456"),
        ("code128", "0" * 31),
        ("ean13", "036000291452"),
        ("ean8", "96385074"),
        ("itf14", "10614141000415"),
        ("gtin", "96385074"),
        ("gtin", "00000096385074"),
        ("gtin", "10614141000415"),
        ("qr", "Größe Ω 你好"),
        ("datamatrix", "Größe 12345 Ω 😀"),
        ("datamatrix", "x" * 174),
        ("gs1_128", "(01)04006381333931(10)A(1)B(21)^~"),
        ("gs1_128", "(01)04006381333931(10)A(1)B(21)7"),
        ("gs1_datamatrix", "(01)04006381333931(10)A(1)B(21)7"),
    ],
)
def test_kinds_of_codes(kind: str, content: str) -> None:
    if "^" in content:
        with pytest.raises(Exception, match="gs1_characters"):
            symbols.encode(kind, content)
        return
    symbol = symbols.encode(kind, content)
    high = len(symbol.rows) if symbol.kind.is_matrix else 40
    paper = Image.new("L", (symbol.across + 10, high + 20), 255)
    for y in range(high):
        for start, length in linear.runs(symbol.rows[y if symbol.kind.is_matrix else 0]):
            paper.paste(0, (start + 12, y + 10, start + 12 + length, y + 11))
    (found,) = read_codes(paper.resize((paper.width * 3, paper.height * 3), Image.Resampling.NEAREST))
    expected = {
        "HL/A-01\x02cd123456": "HL/A-01<STX>cd123456",
        "036000291452": "0036000291452",
        "00000096385074": "96385074",
    }.get(content, content)
    assert found == expected


def small() -> Design:
    return catalogue.designs("product")["product_57x32"]


@pytest.mark.parametrize(
    "name",
    [
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 3,
        "Ελληνικά Żółć 中文 😀 שלום",
        "^XA^FO0,0^FDhello^FS^XZ~JR ${x} {product.sku} <b>&amp;",
        "\x00\x1b\r\n\t\u202e" + "W" * 200,
        "",
    ],
)
def test_any_text_prints_and_stays_on_its_label(name: str) -> None:
    record: Record = {**catalogue.sample("product"), "product.name": name, "product.name@en": name}
    for design in catalogue.designs("product").values():
        label = lay_out(design, record)
        sent = zpl.zpl(label)
        assert sent.count(b"^") == 10
        assert b"~" not in sent
        assert set(read_codes(printed(label))) == CODES[design.key]
        assert pdf.pages([label]).startswith(b"%PDF")
    plain = raster.draw(lay_out(small(), {**record, "product.name": "", "product.name@en": ""}))
    named = raster.draw(lay_out(small(), record))
    # Only the name's own field (its eight millimetres) differs.
    assert plain.crop((0, 72, *plain.size)).tobytes() == named.crop((0, 72, *named.size)).tobytes()


def test_pictures_that_are_none_leave_their_place_empty() -> None:
    design = catalogue.designs("product")["product_100x50"]
    for content in (b"", b"\x89PNG nonsense", picture("P"), picture()):
        label = lay_out(design, {**catalogue.sample("product"), "product.picture": content})
        assert EAN in read_codes(printed(label))
        assert EAN in read_codes(rastered(pdf.pages([label])))


def test_the_preview_is_the_print() -> None:
    label = lay_out(small(), catalogue.sample("product"), density=203)
    shown = Image.open(io.BytesIO(raster.png(label)))
    assert shown.size == (456, 256)
    assert round(shown.info["dpi"][0]) == 203
    assert read_codes(shown) == [EAN]


def test_copies_are_left_to_the_printer() -> None:
    sent = zpl.zpl(lay_out(small(), catalogue.sample("product")), copies=7)
    assert b"^PQ7^" in sent
    assert sent.startswith(b"^XA^PW456^LL256")
