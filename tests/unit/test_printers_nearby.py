"""Printers that announce themselves are found, each once and by its best way, and never break the search."""

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from zeroconf import ServiceInfo, Zeroconf

from app.services.printing.mdns import Nearby, described, nearby

LOOPBACK = ["127.0.0.1"]


@pytest.fixture
def network() -> Iterator[Zeroconf]:
    found = Zeroconf(interfaces=LOOPBACK)
    yield found
    found.close()


def announce(network: Zeroconf, service: str, name: str, port: int, **said: str) -> None:
    network.register_service(
        ServiceInfo(
            service,
            f"{name}.{service}",
            addresses=[socket.inet_aton("127.0.0.1")],
            port=port,
            properties=dict(said),
            server="werkbank-test-printer.local.",
        ),
        cooperating_responders=True,  # nobody is asked first whether the name is taken
    )


def test_what_announces_itself_is_found(network: Zeroconf) -> None:
    office = {"rp": "ipp/print", "ty": "Brother HL", "note": "1. OG", "pdl": "application/pdf,image/urf"}
    announce(network, "_ipp._tcp.local.", "Büro", 631, **office)
    announce(network, "_ipps._tcp.local.", "Büro", 443, **office)
    announce(network, "_pdl-datastream._tcp.local.", "Etiketten", 9100, ty="ZTC ZD421-203dpi ZPL")
    found: list[Nearby] = []
    while len(found) < 2:  # the answer to the first question may go to another listener of this machine
        found = [one for one in nearby(interfaces=LOOPBACK) if one.name in ("Büro", "Etiketten")]
    assert [(one.name, one.kind, one.address, one.language) for one in found] == [
        ("Büro", "ipp", "ipps://127.0.0.1:443/ipp/print", "pdf"),
        ("Etiketten", "raw", "127.0.0.1:9100", "zpl"),
    ]
    assert found[0].words == "Brother HL, 1. OG"
    assert [one.dpi for one in found] == [0, 203]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            {b"rp": b"/ipp/print", b"pdl": b"image/pwg-raster,image/urf"},
            ("ipp://10.0.0.9:631/ipp/print", "pwg"),
        ),
        ({b"rp": b"\xff\xfe", b"ty": None}, ("ipp://10.0.0.9:631/\ufffd\ufffd", "pdf")),
        ({}, ("ipp://10.0.0.9:631/", "pdf")),
    ],
)
def test_odd_announcements_are_read_as_far_as_they_go(
    said: dict[Any, Any], expected: tuple[str, str]
) -> None:
    info = SimpleNamespace(
        properties=said, server="nowhere.invalid.", port=631, parsed_addresses=lambda: ["fe80::1", "10.0.0.9"]
    )
    found = described("_ipp._tcp.local.", "X._ipp._tcp.local.", info)
    assert found is not None
    assert (found.address, found.language) == expected
    info.port = 0
    assert described("_ipp._tcp.local.", "X._ipp._tcp.local.", info) is None
