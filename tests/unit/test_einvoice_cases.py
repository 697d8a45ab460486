"""Every case of § 14 UStG in every format: valid by all rule sets, and read back as it was written."""

from dataclasses import replace

import pytest

from app.services.einvoice.model import Profile
from app.services.einvoice.read import read
from app.services.einvoice.validate import check
from app.services.einvoice.write import for_profile, to_xml
from tests.unit.einvoice_sample import CASES, D, invoice, line


@pytest.mark.parametrize("profile", Profile)
@pytest.mark.parametrize("case", CASES)
def test_case_is_valid_and_reads_back(case: str, profile: Profile) -> None:
    given = CASES[case]()
    report = check(given, profile)
    assert [finding.words("en") for finding in report.findings] == []
    received = read(report.xml, "rechnung.xml")
    assert received.findings == ()
    assert received.invoice == for_profile(given, profile)
    assert received.unread == ()


@pytest.mark.parametrize("profile", Profile)
def test_down_payment(profile: Profile) -> None:
    """Not supplied yet, so no date of supply; XRechnung only advises against the type."""
    report = check(replace(invoice(type="386"), delivery=None), profile)
    assert report.ok
    fields = {finding.field for finding in report.findings}
    assert fields <= ({"type", "delivery.date"} if profile.is_xrechnung else set())


def test_three_hundred_lines() -> None:
    report = check(
        invoice(tuple(line(number, D(1), D("0.07")) for number in range(1, 301))), Profile.XRECHNUNG_CII
    )
    assert report.findings == ()


def test_same_invoice_same_bytes() -> None:
    for profile in Profile:
        assert to_xml(CASES["everything"](), profile) == to_xml(CASES["everything"](), profile)
