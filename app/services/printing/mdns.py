"""Printers that announce themselves in the network (multicast DNS, as every IPP Everywhere printer does)."""

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import Unavailable
from app.services.printing.wires import dpi_named

# What is announced, and how such a printer is reached.
SERVICES = {
    "_ipps._tcp.local.": "ipp",
    "_ipp._tcp.local.": "ipp",
    "_pdl-datastream._tcp.local.": "raw",
    "_printer._tcp.local.": "lpd",
}
SECONDS = 3.0
_SCHEMES = {"_ipps._tcp.local.": "ipps", "_ipp._tcp.local.": "ipp", "_printer._tcp.local.": "lpd"}
_LABEL_PRINTERS = ("zebra", "ztc ", "zpl")


@dataclass(frozen=True, slots=True)
class Nearby:
    """A printer that was found: what it is called, how it is reached, what it takes, its own words about itself.

    ``dpi``: the resolution its words name, 0 where they do not.
    """

    name: str
    kind: str
    address: str
    language: str
    words: str
    dpi: int = 0


def nearby(seconds: float = SECONDS, interfaces: Sequence[str] | None = None) -> list[Nearby]:
    """Listen for so long; every printer once, by the best of its ways.  Raises Unavailable without a network."""
    from zeroconf import InterfaceChoice, ServiceBrowser, ServiceListener, Zeroconf

    class Listener(ServiceListener):
        """Keeps the names of what appears; asking for more waits until the time is up."""

        def __init__(self) -> None:
            self.seen: dict[tuple[str, str], None] = {}

        def add_service(self, _zc: Zeroconf, type_: str, name: str) -> None:
            self.seen[type_, name] = None

        def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
            self.add_service(zc, type_, name)

        def remove_service(self, _zc: Zeroconf, type_: str, name: str) -> None:
            self.seen.pop((type_, name), None)

    try:
        network = Zeroconf(interfaces=list(interfaces) if interfaces else InterfaceChoice.All)
    except OSError as error:
        raise Unavailable("network_silent") from error
    try:
        listener = Listener()
        browser = ServiceBrowser(network, list(SERVICES), listener)
        browser.join(seconds)  # it listens until it is told to end
        browser.cancel()
        found: dict[str, Nearby] = {}
        for service in SERVICES:
            for type_, name in sorted(listener.seen):
                if type_ != service:
                    continue
                info = network.get_service_info(type_, name, timeout=1000)
                one = None if info is None else described(type_, name, info)
                if one is not None:
                    found.setdefault(one.name, one)
        return sorted(found.values(), key=lambda one: one.name.lower())
    finally:
        network.close()


def described(service: str, name: str, info: Any) -> Nearby | None:
    """What an announcement says; None when it names no way to print."""
    said = {_text(key): _text(value) for key, value in (info.properties or {}).items() if value is not None}
    host = _host(str(info.server or ""), info.parsed_addresses())
    if not host or not info.port:
        return None
    model = said.get("ty") or said.get("product", "").strip("()")
    words = ", ".join(word for word in (model, said.get("note", "")) if word)
    plain = name.removesuffix("." + service)
    address, takes = _address(service, host, info.port, said), _takes(service, said)
    named = " ".join((model, said.get("product", ""), plain))
    return Nearby(plain, SERVICES[service], address, takes, words, dpi_named(named))


def _address(service: str, host: str, port: int, said: Mapping[str, str]) -> str:
    if service == "_pdl-datastream._tcp.local.":
        return f"{host}:{port}"
    path = said.get("rp", "").lstrip("/")
    return f"{_SCHEMES[service]}://{host}:{port}/{path}"


def _takes(service: str, said: Mapping[str, str]) -> str:
    """The language a printer is sent: dots where it takes no PDF."""
    about = " ".join((said.get("ty", ""), said.get("product", ""), said.get("pdl", ""))).lower()
    if any(word in about for word in _LABEL_PRINTERS):
        return "zpl"
    formats = said.get("pdl", "").lower()
    if (
        SERVICES[service] == "ipp"
        and formats
        and "application/pdf" not in formats
        and "image/pwg-raster" in formats
    ):
        return "pwg"
    return "pdf"


def _host(server: str, addresses: Sequence[str]) -> str:
    """Its name where this computer can follow it, so that a new address does no harm; else the address."""
    name = server.rstrip(".")
    try:
        socket.getaddrinfo(name, None, socket.AF_INET)
    except OSError:
        return next((one for one in addresses if ":" not in one), "")
    return name


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
