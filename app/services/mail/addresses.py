"""Mail addresses as people type them: one or many, with or without names, and nothing that could be a header."""

import re
from collections.abc import Iterable

from app.core.errors import Invalid

_ADDRESS = re.compile(r"[^\s@,;<>\"\x00-\x1f\x7f]+@[^\s@,;<>\"\x00-\x1f\x7f]+")
_NAMED = re.compile(r"^.*<([^<>]*)>$")


def parse(text: str) -> tuple[str, ...]:
    """The addresses of a line: separated by commas, semicolons or line breaks, "Name <address>" as its address.

    Raises Invalid mail_address_invalid.
    """
    found: list[str] = []
    for piece in re.split(r"[,;\r\n]+", text):
        one = piece.strip()
        if not one:
            continue
        named = _NAMED.match(one)
        address = wire_form(named[1].strip() if named else one)
        if address not in found:
            found.append(address)
    return tuple(found)


def wire_form(address: str) -> str:
    """The address as mail servers take it: its domain in ASCII.  Raises Invalid mail_address_invalid."""
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise Invalid("mail_address_invalid", address=address[:254])
    local, _, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise Invalid("mail_address_invalid", address=address) from error
    return f"{local}@{domain}"


def listed(addresses: Iterable[str]) -> str:
    """Addresses as a line to type into."""
    return ", ".join(addresses)
