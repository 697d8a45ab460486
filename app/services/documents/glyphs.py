"""Which characters of a document no font has: they stand as boxes on paper, which one should know before it goes out.

An e-invoice carries them all the same; only what is drawn is concerned.
"""

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from app.services.documents.data import DocumentData
from app.services.documents.typeset import unknown

# Everything below has a glyph in the fonts every document is set in: such texts need no look at the fonts at all.
_EVERYDAY = 0x0530


def undrawable(data: DocumentData) -> tuple[str, ...]:
    """The characters of a document that will be boxes, each once."""
    return undrawable_in(_texts(data))


def undrawable_in(texts: Iterable[str]) -> tuple[str, ...]:
    """The characters of these texts that will be boxes, each once."""
    return tuple(dict.fromkeys(one for text in texts if not everyday(text) for one in unknown(text)))


def everyday(text: str) -> bool:
    """Whether a text is made of letters every font here has; quick, no font is read for it."""
    return all(ord(character) < _EVERYDAY for character in text)


def _texts(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield thing
    elif is_dataclass(thing):
        for one in fields(thing):
            yield from _texts(getattr(thing, one.name))
    elif isinstance(thing, dict):
        for value in thing.values():
            yield from _texts(value)
    elif isinstance(thing, tuple):
        for value in thing:
            yield from _texts(value)
