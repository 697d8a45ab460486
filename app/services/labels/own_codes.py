"""The house's own codes, for what has no GS1 code: one letter for the kind, then its numbers.

``P/HL/A-01-02`` is the place A-01-02 of warehouse HL.  Parts are joined by slashes and percent-encoded, so any number
may stand in them; what a code says does not depend on the language or on keys of the database.
"""

from typing import NamedTuple
from urllib.parse import quote, unquote

# Kind: letter and how many parts there are.
KINDS: dict[str, tuple[str, int]] = {
    "product": ("A", 1),  # article number
    "lot": ("L", 2),  # article number, lot
    "place": ("P", 2),  # warehouse, place
    "box": ("B", 1),
    "slot": ("S", 2),  # box, number of the slot
    "work_order": ("F", 1),
    "delivery": ("D", 1),
    "mould": ("M", 1),
    "asset": ("G", 1),
}
_BY_LETTER = {letter: (kind, count) for kind, (letter, count) in KINDS.items()}
# Besides letters and digits, what keyboards and bar codes carry unharmed.
_SAFE = " -._:+*$=()"


class OwnCode(NamedTuple):
    """What one of the house's codes names."""

    kind: str
    parts: tuple[str, ...]


def build(kind: str, *parts: str) -> str:
    """The code of a record."""
    letter, count = KINDS[kind]
    if len(parts) != count:
        raise ValueError(f"{kind} takes {count} parts")
    return "/".join((letter, *(quote(part, safe=_SAFE) for part in parts)))


def parse(text: str) -> OwnCode | None:
    """What a scanned text names; None when it is none of the house's codes."""
    letter, *parts = text.strip().split("/")
    known = _BY_LETTER.get(letter.upper()) if len(letter) == 1 else None
    if known is None or len(parts) != known[1] or not all(parts):
        return None
    return OwnCode(known[0], tuple(unquote(part) for part in parts))
