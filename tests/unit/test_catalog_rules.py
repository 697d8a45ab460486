"""What products, prices, VAT ids and pictures may look like."""

import io
import struct
import zlib
from decimal import Decimal

import pytest
from PIL import Image

from app.core.errors import Invalid
from app.core.pictures import opened
from app.services.catalog import images, rules
from app.services.partners import rules as partner_rules

D = Decimal


@pytest.mark.parametrize(
    ("sku", "parts"),
    [
        ("803721-BE", ("803721", "BE")),
        ("BK-M82S-38", ("BK-M82S", "38")),
        ("803721", ("803721", None)),
        ("-BE", ("-BE", None)),
        ("BE-", ("BE-", None)),
    ],
)
def test_a_sku_splits_at_its_last_hyphen(sku: str, parts: tuple[str, str | None]) -> None:
    assert rules.split_sku(sku) == parts


@pytest.mark.parametrize("sku", ["", "   ", None, "A\nB", "A\x00B", "X" * 41])
def test_unusable_skus_are_refused(sku: str | None) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_sku(sku)
    assert refusal.value.params["column"] == "sku"


def test_names_take_any_script_but_not_any_length() -> None:
    assert rules.check_name("  ملاك 🕊️ «Engel»  ") == "ملاك 🕊️ «Engel»"
    assert rules.check_name("A\u0308rmel") == "Ärmel"  # one spelling of an umlaut, so that it is found
    with pytest.raises(Invalid) as refusal:
        rules.check_name("x" * 10_000)
    assert refusal.value.key == "text_too_long"
    assert refusal.value.params["limit"] == 200


@pytest.mark.parametrize("value", ["1.123456789", "0.0001", "1E-7"])
def test_places_too_many_are_refused_not_rounded(value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_quantity(D(value), 3)
    assert refusal.value.key == "too_many_places"


@pytest.mark.parametrize("value", ["0", "-1"])
def test_quantities_are_above_zero(value: str) -> None:
    with pytest.raises(Invalid) as refusal:
        rules.check_quantity(D(value))
    assert refusal.value.key == "quantity_not_positive"


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_price(value: str) -> None:
    with pytest.raises(Invalid):
        rules.check_price(D(value))


def test_trailing_zeros_are_no_places() -> None:
    assert rules.check_quantity(D("5.000000"), 0) == 5
    assert rules.check_price(D("17.8000000")) == D("17.8")


def test_the_check_digit_of_an_ean_is_checked() -> None:
    assert rules.check_ean("4006381333931") == "4006381333931"
    with pytest.raises(Invalid) as refusal:
        rules.check_ean("4006381333932")
    assert refusal.value.params["expected"] == "1"
    with pytest.raises(Invalid):
        rules.check_ean("٤٠٠٦٣٨١٣")  # digits, but not the ones a scanner reads


@pytest.mark.parametrize(
    ("typed", "stored"),
    [("de 811 204 731", "DE811204731"), ("ATU62843910", "ATU62843910"), ("NL853746290B01", "NL853746290B01"),
     ("FR40512783946", "FR40512783946"), ("", None), ("  ", None)],
)  # fmt: skip
def test_vat_ids_are_cleaned_and_checked_by_country(typed: str, stored: str | None) -> None:
    assert partner_rules.check_vat_id(typed) == stored


@pytest.mark.parametrize("typed", ["DE12345678", "AT62843910", "US123456789", "DE81120473X", "D"])
def test_vat_ids_in_the_wrong_form_are_refused(typed: str) -> None:
    with pytest.raises(Invalid) as refusal:
        partner_rules.check_vat_id(typed)
    assert refusal.value.params["column"] == "vat_id"


@pytest.mark.parametrize(
    ("country", "vat_id", "treatment"),
    [("DE", "DE811204731", "domestic"), ("FR", "FR40512783946", "eu_business"), ("FR", None, "domestic"),
     ("FR", "DE811204731", "domestic"), ("CH", "CHE123456789", "export"), ("GB", None, "export")],
)  # fmt: skip
def test_where_a_business_is_decides_its_tax(country: str, vat_id: str | None, treatment: str) -> None:
    assert partner_rules.treatment_for(country, vat_id) == treatment


def _picture(mode: str, size: tuple[int, int], kind: str) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind)
    return out.getvalue()


def test_pictures_are_bounded_and_re_encoded() -> None:
    stored = images.prepare(_picture("RGB", (4000, 1000), "BMP"))
    assert stored.mime == "image/jpeg"
    with Image.open(io.BytesIO(stored.content)) as picture:
        assert picture.size == (1600, 400)
    with Image.open(io.BytesIO(stored.thumbnail)) as picture:
        assert picture.size == (128, 32)
    assert images.prepare(_picture("RGBA", (50, 50), "PNG")).mime == "image/png"


def test_nothing_hidden_in_a_picture_is_kept() -> None:
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (20, 20)).save(out, "JPEG", exif=exif)
    assert b"secret place" in out.getvalue()
    assert b"secret place" not in images.prepare(out.getvalue()).content


@pytest.mark.parametrize("content", [b"", b"not a picture", _picture("RGB", (200, 200), "PNG")[:80]])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid) as refusal:
        images.prepare(content)
    assert refusal.value.key == "image_unreadable"


def test_only_pictures_are_opened_and_none_that_fills_the_memory() -> None:
    """An EPS is a program that is run to be read; a few bytes may say that they are acres."""
    with pytest.raises(OSError, match="cannot identify"), opened(_picture("RGB", (20, 20), "EPS")):
        pass
    head = b"IHDR" + struct.pack(">IIBBBBB", 9500, 9000, 8, 6, 0, 0, 0)
    parts = (head, b"IDAT" + zlib.compress(b""), b"IEND")
    acres = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts
    )
    with pytest.raises(Image.DecompressionBombError), opened(acres):
        pass
    with pytest.raises(Invalid, match="image_too_many_pixels"):
        images.prepare(acres)
