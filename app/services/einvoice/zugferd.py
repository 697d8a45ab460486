"""ZUGFeRD: the XML of an invoice inside its PDF."""

from app.services.einvoice.model import Profile
from app.services.einvoice.pdfa import Embedded, archive

FILE_NAMES = {
    Profile.ZUGFERD_EN16931: "factur-x.xml",
    Profile.ZUGFERD_EXTENDED: "factur-x.xml",
    Profile.XRECHNUNG_CII: "xrechnung.xml",
}
LEVELS = {
    Profile.ZUGFERD_EN16931: "EN 16931",
    Profile.ZUGFERD_EXTENDED: "EXTENDED",
    Profile.XRECHNUNG_CII: "XRECHNUNG",
}


def embed(pdf: bytes, xml: bytes, profile: Profile) -> bytes:
    """The PDF as PDF/A-3b with its XML inside, as ZUGFeRD 2.x prescribes.

    Raises Refused when the PDF cannot be made PDF/A, ValueError for UBL, which ZUGFeRD does not know.
    """
    if profile not in FILE_NAMES:
        raise ValueError(f"{profile} is no profile of ZUGFeRD")
    version = "3.0" if profile is Profile.XRECHNUNG_CII else "1.0"
    file = Embedded(
        FILE_NAMES[profile], xml, level=LEVELS[profile], version=version, description="Invoice data"
    )
    return archive(pdf, file)
