"""What comes in from strangers: forged, broken and hostile files are explained, never believed, never run."""

import io
import zlib
from dataclasses import replace

import pikepdf
import pytest

from app.core.apart import Apart
from app.services.documents.render import render
from app.services.einvoice import read as reading
from app.services.einvoice.model import Profile
from app.services.einvoice.read import Received, read
from app.services.einvoice.schematron import RuleSets
from app.services.einvoice.write import to_xml
from app.services.einvoice.zugferd import embed
from tests.unit.documents_sample import sample
from tests.unit.einvoice_sample import CASES, D, invoice

XML = to_xml(invoice(), Profile.ZUGFERD_EN16931)
PDF = render(sample("invoice", "de"))


def codes(received: Received) -> list[str]:
    for finding in received.findings:
        for language in ("de", "en"):
            assert finding.words(language)
            assert "⟦" not in finding.words(language)
            assert "Regel ist verletzt" not in finding.words("de")
    return [finding.code.removeprefix("einvoice_") for finding in received.findings]


BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(
        f'<!ENTITY {name} "{f"&{below};" * 20}">'.encode()
        for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    + b"]><l>&i;</l>"
)
REFUSED: dict[str, tuple[bytes, str]] = {
    "xxe": (XML.replace(b"?>", b'?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>', 1)
            .replace(b"RE-2026-00042", b"&f;", 1), "document_type"),
    "parameter entity": (XML.replace(b"?>", b'?><!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">', 1), "document_type"),
    "billion laughs": (BOMB, "document_type"),
    "cut off": (XML[:-200], "xml_broken"),
    "latin-1 said to be utf-8": (XML.decode().encode("iso-8859-1", "replace"), "xml_broken"),
    "utf-8 said to be ascii": (XML.replace(b"UTF-8", b"US-ASCII", 1), "xml_broken"),
    "unknown encoding": (XML.replace(b"UTF-8", b"KLINGON", 1), "xml_broken"),
    "two documents": (XML + XML.split(b"?>", 1)[1], "xml_broken"),
    "very deep": (b"<a>" * 5000 + b"</a>" * 5000, "xml_broken"),
    "something else": (b"<html><body>Rechnung</body></html>", "unknown_root"),
    "zugferd 1": (b'<r:CrossIndustryDocument xmlns:r="urn:ferd:CrossIndustryDocument:invoice:1p0"/>', "zugferd_1"),
    "empty": (b"", "neither"),
    "picture": (b"\x89PNG\r\n\x1a\n", "neither"),
    "no pdf": (b"%PDF-1.7\nnothing more", "pdf_broken"),
    "pdf without data": (PDF, "pdf_without_xml"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused_with_its_reason(what: str) -> None:
    data, reason = REFUSED[what]
    received = read(data, "rechnung.xml")
    assert received.invoice is None
    assert not received.ok
    assert codes(received) == [reason]


def test_wide_encodings_are_read() -> None:
    """UTF-16 is allowed XML; what it says is the same."""
    text = XML.decode().replace("UTF-8", "UTF-16", 1)
    received = read(text.encode("utf-16"))
    assert received.invoice is not None
    assert received.invoice.seller.name == "Zinngießerei Lindner GmbH"


def with_files(files: dict[str, bytes], pdf: bytes = PDF) -> bytes:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for name, content in files.items():
            document.attachments[name] = content
        document.save(buffer)
    return buffer.getvalue()


def test_files_in_a_pdf() -> None:
    assert codes(read(with_files({"ZUGFeRD-invoice.xml": XML, "agb.pdf": b"%PDF"}))) == []
    assert codes(read(with_files({"daten.xml": XML}))) == ["pdf_name"]
    assert codes(read(with_files({"agb.pdf": PDF}))) == ["pdf_without_xml"]
    other = to_xml(invoice(number="RE-2"), Profile.ZUGFERD_EN16931)
    several = read(with_files({"factur-x.xml": XML, "xrechnung.xml": other}))
    assert not several.ok
    assert codes(several) == ["pdf_several"]
    assert several.invoice is not None
    assert several.invoice.number == "RE-2026-00042"


def test_locked_pdf() -> None:
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(embed(PDF, XML, Profile.ZUGFERD_EN16931))) as document:
        document.save(buffer, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert codes(read(buffer.getvalue())) == ["pdf_locked"]


def test_fifty_megabytes_are_refused_whatever_they_are() -> None:
    """As large as they come: too large a file, and one just small enough that says nothing for megabytes."""
    assert codes(read(bytes(reading.MAX_FILE + 1))) == ["too_large"]
    blown = XML[:-1] + b" " * (reading.MAX_FILE - len(XML)) + XML[-1:]
    assert len(blown) == reading.MAX_FILE
    assert codes(read(blown)) == ["too_large"]
    assert codes(read(with_files({"plan.bin": bytes(40_000_000)}))) == ["pdf_without_xml"]


def test_sizes_are_limited_before_and_after_unpacking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_XML", 100_000)
    monkeypatch.setattr(reading, "MAX_FILE", 200_000)
    assert codes(read(b" " * 200_001)) == ["too_large"]
    assert codes(read(b"<a>" + b" " * 100_000)) == ["too_large"]
    swollen = with_files({"factur-x.xml": b"<a>" + b" " * 30_000_000})
    assert len(swollen) < 200_000
    assert codes(read(swollen)) == ["too_large"]
    many = with_files({f"{number}.xml": b"<a>" + b" " * 60_000 for number in range(2)})
    assert codes(read(many)) == ["too_large"], "all that a PDF holds together"
    buffer = io.BytesIO()
    with pikepdf.open(io.BytesIO(with_files({"factur-x.xml": XML}))) as document:
        stream = document.attachments["factur-x.xml"].obj.EF.F
        twice = zlib.compress(zlib.compress(XML))
        stream.write(twice, filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]))
        document.save(buffer, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)
    assert codes(read(buffer.getvalue())) == ["pdf_packed"]


def test_forged_sums_are_found() -> None:
    """A cheaper total than the lines come to, and a dearer one."""
    for payable in ("1.00", "9999.00"):
        forged = replace(invoice(), totals=replace(invoice().totals, payable=D(payable)))
        received = read(to_xml(forged, Profile.XRECHNUNG_UBL))
        assert not received.ok
        assert {finding.field for finding in received.findings} == {"totals.payable"}


def test_unreadable_and_missing_values_are_named() -> None:
    text = XML.decode()
    wrong = read(text.replace(">4.95<", ">4,95<", 1).encode())
    assert "unreadable_value" in codes(wrong)
    assert "lines[1].price.net" in {finding.field for finding in wrong.findings}
    without = read(text.replace("<ram:GrandTotalAmount>41.47</ram:GrandTotalAmount>", "", 1).encode())
    assert ("missing_value", "totals.gross") in {
        (finding.code.removeprefix("einvoice_"), finding.field) for finding in without.findings
    }
    day = '<udt:DateTimeString format="102">'
    undated = read(text.replace(f"{day}20261120", f"{day}20261399", 1).encode())
    assert undated.invoice is None
    assert not undated.ok


def test_what_the_model_does_not_know_is_kept() -> None:
    fax = "<ram:FaxUniversalCommunication><ram:CompleteNumber>4711</ram:CompleteNumber></ram:FaxUniversalCommunication>"
    extra = XML.decode().replace("</ram:DefinedTradeContact>", f"{fax}</ram:DefinedTradeContact>", 1)
    received = read(extra.encode())
    assert [(path.rpartition("/")[2], text) for path, text in received.unread] == [("CompleteNumber", "4711")]


def test_a_pdf_that_cannot_be_opened_in_time_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PDFS", Apart(("false",)))
    assert codes(read(PDF)) == ["pdf_endless"]


def test_too_small_profiles_are_no_invoice() -> None:
    minimum = XML.replace(b"urn:cen.eu:en16931:2017", b"urn:factur-x.eu:1p0:minimum", 1)
    assert "profile_too_small" in codes(read(minimum))


def test_without_rule_sets_it_is_shown_but_not_valid() -> None:
    engine = RuleSets(("false",))
    received = read(XML, engine=engine)
    engine.stop()
    assert received.invoice is not None
    assert codes(received) == ["rules_failed"]
    assert not received.ok


def test_old_law_is_the_senders_matter() -> None:
    """A foreign invoice without what German law asks for is a warning, not a refusal."""
    given = replace(CASES["standard"](), delivery=None)
    received = read(to_xml(given, Profile.ZUGFERD_EN16931))
    assert [(finding.severity, finding.field) for finding in received.findings] == [
        ("warning", "delivery.date")
    ]
    assert received.ok
