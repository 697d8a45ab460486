"""PDF/A-3 and ZUGFeRD: what is put into the archive can be read in thirty years, by others too."""

import io
from dataclasses import replace
from typing import get_args

import facturx
import pikepdf
import pytest
from PIL import Image, ImageCms
from reportlab.pdfgen.canvas import Canvas

from app.core.errors import Refused
from app.services.documents.data import Kind
from app.services.documents.render import render
from app.services.documents.samples import sample as any_kind
from app.services.einvoice.icc import srgb
from app.services.einvoice.model import Profile
from app.services.einvoice.pdfa import archive
from app.services.einvoice.read import read
from app.services.einvoice.write import for_profile, to_xml
from app.services.einvoice.zugferd import embed
from tests.unit.documents_sample import lines, sample
from tests.unit.einvoice_sample import CASES, invoice
from tests.unit.pdfa_norm import complaints


def picture(mode: str) -> bytes:
    buffer = io.BytesIO()
    colour = {"RGBA": (200, 30, 30, 120), "RGB": (200, 30, 30), "CMYK": (10, 200, 30, 0)}[mode]
    Image.new(mode, (60, 30), colour).save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    return buffer.getvalue()


def test_profile_is_srgb() -> None:
    ramp = Image.new("RGB", (256, 3))
    for x in range(256):
        for y, colour in enumerate(((x, x, x), (x, 0, 255 - x), (0, x, x // 2))):
            ramp.putpixel((x, y), colour)
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb()))
    same = ImageCms.profileToProfile(ramp, profile, ImageCms.createProfile("sRGB"))
    assert same is not None
    assert max(abs(a - b) for a, b in zip(ramp.tobytes(), same.tobytes(), strict=True)) <= 1


@pytest.mark.parametrize("kind", ["invoice", "delivery_note", "long", "logo", "languages"])
def test_documents_become_pdfa(kind: str) -> None:
    data = sample("delivery_note" if kind == "delivery_note" else "invoice", "de")
    if kind == "long":
        data = replace(data, lines=lines(60))
    if kind == "logo":
        data = replace(data, company=replace(data.company, logo=picture("RGBA")))
    if kind == "languages":
        data = replace(data, recipient=("Ζαχαρίας & Łódź Ąę ſ ﬁ", "Straße 1", "10000 Athen"))
    plain = render(data)
    assert complaints(plain)
    made = archive(plain)
    assert complaints(made) == []
    assert archive(plain) == made
    drawn = []
    for pdf in (plain, made):
        with pikepdf.open(io.BytesIO(pdf)) as document:
            drawn.append([page.Contents.read_bytes()[-2000:] for page in document.pages])
    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_document_can_be_kept(kind: Kind) -> None:
    assert complaints(archive(render(any_kind(kind, "en")))) == []


def test_what_cannot_be_pdfa_is_refused() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(72, 72, "Helvetica")
    canvas.save()
    data = sample("invoice", "de")
    for pdf in (
        buffer.getvalue(),
        render(replace(data, company=replace(data.company, logo=picture("CMYK")))),
    ):
        with pytest.raises(Refused, match="pdfa_impossible"):
            archive(pdf)
    with pytest.raises(ValueError, match="PDF"):
        archive(b"%PDF-1.7 no")


@pytest.mark.parametrize(
    "profile", [Profile.ZUGFERD_EN16931, Profile.ZUGFERD_EXTENDED, Profile.XRECHNUNG_CII]
)
def test_zugferd(profile: Profile) -> None:
    xml = to_xml(invoice(), profile)
    made = embed(render(sample("invoice", "de")), xml, profile)
    assert complaints(made) == []
    received = read(made, "RE-2026-00042.pdf")
    assert received.findings == ()
    assert received.xml == xml
    assert received.invoice == for_profile(invoice(), profile)
    with pikepdf.open(io.BytesIO(made)) as document:
        said = document.open_metadata()
        assert (
            said["{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}DocumentFileName"]
            == received.xml_name
        )
        assert str(document.attachments[received.xml_name].obj.AFRelationship) == "/Alternative"
    if profile is not Profile.XRECHNUNG_CII:
        name, found = facturx.get_facturx_xml_from_pdf(io.BytesIO(made), check_xsd=True)
        assert (name, found) == ("factur-x.xml", xml)


def test_ubl_has_no_zugferd() -> None:
    with pytest.raises(ValueError, match="ZUGFeRD"):
        embed(b"", to_xml(CASES["standard"](), Profile.XRECHNUNG_UBL), Profile.XRECHNUNG_UBL)
