"""The real printers tests print to; without their programs these tests are skipped, unless they are required."""

import os
from collections.abc import Iterator

import pytest

from app.simulate import printers


def _missing(error: printers.PeersMissingError) -> None:
    if os.environ.get("WERKBANK_TEST_PRINTERS") == "required":
        pytest.fail(f"{error} is not installed")
    pytest.skip(f"{error} is not installed")


@pytest.fixture(scope="session")
def ipp_printer() -> Iterator[printers.Printer]:
    """An IPP Everywhere printer that takes PDF and dots."""
    try:
        with printers.ipp_everywhere() as printer:
            yield printer
    except printers.PeersMissingError as error:
        _missing(error)


@pytest.fixture(scope="session")
def cups_printer() -> Iterator[printers.Printer]:
    """A queue of a private CUPS that writes PDF files."""
    try:
        with printers.private_cups() as printer:
            yield printer
    except printers.PeersMissingError as error:
        _missing(error)
