"""IPP on the wire (RFC 8010): requests out of attributes, attributes out of answers.

Answers come from the network and are believed nothing: every length is checked.
"""

import struct
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

OPERATION, JOB, END, PRINTER = 0x01, 0x02, 0x03, 0x04
INTEGER, BOOLEAN, ENUM, RANGE = 0x21, 0x22, 0x23, 0x33
TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MIME = 0x41, 0x42, 0x44, 0x45, 0x47, 0x48, 0x49
_RESOLUTION, _BEGIN, _TEXT_LANGUAGE, _NAME_LANGUAGE, _FINISH, _MEMBER = 0x32, 0x34, 0x35, 0x36, 0x37, 0x4A
_DEEPEST = 8


class NonsenseError(ValueError):
    """What came is not IPP."""


class Attribute(NamedTuple):
    """One value of a request; several of one name follow each other."""

    tag: int
    name: str
    value: str | int | bool | tuple[int, int] | tuple["Attribute", ...]


class Answer(NamedTuple):
    """Status code, and the attributes of each group in the order they came."""

    status: int
    groups: list[tuple[int, dict[str, list[Any]]]]

    def all(self, tag: int) -> dict[str, list[Any]]:
        """The attributes of every group of a kind; the first one counts where a name comes twice."""
        found: dict[str, list[Any]] = {}
        for kind, attributes in self.groups:
            if kind == tag:
                for name, values in attributes.items():
                    found.setdefault(name, values)
        return found


def request(
    operation: int,
    number: int,
    groups: Iterable[tuple[int, Iterable[Attribute]]],
    version: tuple[int, int] = (2, 0),
) -> bytes:
    """The bytes of a request, without the document that may follow."""
    out = bytearray(struct.pack(">BBHI", *version, operation, number))
    for tag, attributes in groups:
        listed = list(attributes)
        if listed:
            out.append(tag)
            before = ""
            for one in listed:
                out += _attribute(one.tag, "" if one.name == before else one.name, one.value)
                before = one.name
    out.append(END)
    return bytes(out)


def _attribute(tag: int, name: str, value: Any) -> bytes:
    if isinstance(value, tuple) and tag == _BEGIN:
        inner = b"".join(
            _attribute(_MEMBER, "", member.name) + _attribute(member.tag, "", member.value)
            for member in value
        )
        return _piece(tag, name, b"") + inner + _piece(_FINISH, "", b"")
    if tag in (INTEGER, ENUM):
        raw = struct.pack(">i", value)
    elif tag == BOOLEAN:
        raw = b"\x01" if value else b"\x00"
    elif tag == RANGE:
        raw = struct.pack(">ii", *value)
    else:
        raw = _short(str(value), 255 if tag in (NAME, KEYWORD) else 1023)
    return _piece(tag, name, raw)


def collection(name: str, *members: Attribute) -> Attribute:
    """An attribute made of attributes."""
    return Attribute(_BEGIN, name, members)


def _short(text: str, octets: int) -> bytes:
    """Text in UTF-8, cut to what the kind of value may hold, never inside a character."""
    return text.encode("utf-8", "replace")[:octets].decode("utf-8", "ignore").encode()


def _piece(tag: int, name: str, raw: bytes) -> bytes:
    named = name.encode("ascii")
    return struct.pack(">BH", tag, len(named)) + named + struct.pack(">H", len(raw)) + raw


def parse(data: bytes) -> Answer:
    """Read an answer.  Raises NonsenseError."""
    if len(data) < 9 or data[0] not in (1, 2):
        raise NonsenseError
    status = struct.unpack(">H", data[2:4])[0]
    groups: list[tuple[int, dict[str, list[Any]]]] = []
    at, name = 8, ""
    while at < len(data):
        tag = data[at]
        at += 1
        if tag == END:
            return Answer(status, groups)
        if tag < 0x10:
            groups.append((tag, {}))
            name = ""
            continue
        found, raw, at = _read(data, at)
        name = found or name
        if not groups or not name:
            raise NonsenseError
        if tag == _BEGIN:
            value, at = _collection(data, at, 1)
        else:
            value = _value(tag, raw)
        groups[-1][1].setdefault(name, []).append(value)
    raise NonsenseError


def _read(data: bytes, at: int) -> tuple[str, bytes, int]:
    name, at = _counted(data, at)
    raw, at = _counted(data, at)
    return name.decode("utf-8", "replace"), raw, at


def _counted(data: bytes, at: int) -> tuple[bytes, int]:
    if at + 2 > len(data):
        raise NonsenseError
    length = int.from_bytes(data[at : at + 2], "big")
    end = at + 2 + length
    if end > len(data):
        raise NonsenseError
    return data[at + 2 : end], end


def _collection(data: bytes, at: int, depth: int) -> tuple[Mapping[str, list[Any]], int]:
    if depth > _DEEPEST:
        raise NonsenseError
    members: dict[str, list[Any]] = {}
    name = ""
    while at < len(data):
        tag = data[at]
        _, raw, at = _read(data, at + 1)
        if tag == _FINISH:
            return members, at
        if tag == _MEMBER:
            name = raw.decode("utf-8", "replace")
            continue
        value: Any
        if tag == _BEGIN:
            value, at = _collection(data, at, depth + 1)
        else:
            value = _value(tag, raw)
        members.setdefault(name, []).append(value)
    raise NonsenseError


def _value(tag: int, raw: bytes) -> Any:
    try:
        if tag < 0x20:
            return None  # unknown, no-value and their like
        if tag in (INTEGER, ENUM):
            return struct.unpack(">i", raw)[0]
        if tag == BOOLEAN:
            return raw != b"\x00"
        if tag == RANGE:
            return struct.unpack(">ii", raw)
        if tag == _RESOLUTION:
            return struct.unpack(">iib", raw)
    except struct.error as error:
        raise NonsenseError from error
    if tag in (_TEXT_LANGUAGE, _NAME_LANGUAGE):
        _, at = _counted(raw, 0)
        raw, _ = _counted(raw, at)
    return raw.decode("utf-8", "replace")
