"""The colour space sRGB as an ICC profile (version 2, display), made from its definition in IEC 61966-2-1.

PDF/A asks that a file says what its colours mean; a profile made here is free of anybody's licence and always the same
bytes.
"""

import struct
from functools import cache

# Red, green and blue as seen under D50, the light of the profile connection space; white is D50 itself.
_PRIMARIES = {
    b"rXYZ": (0.4360747, 0.2225045, 0.0139322),
    b"gXYZ": (0.3850649, 0.7168786, 0.0971045),
    b"bXYZ": (0.1430804, 0.0606169, 0.7141733),
}
_WHITE = (0.9642, 1.0, 0.8249)
_STEPS = 1024


@cache
def srgb() -> bytes:
    """The profile."""
    name = b"sRGB IEC61966-2.1\0"
    curve = b"curv\0\0\0\0" + struct.pack(
        f">I{_STEPS}H", _STEPS, *(_linear(step / (_STEPS - 1)) for step in range(_STEPS))
    )
    tags = {
        b"desc": b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(4 + 4 + 2 + 1 + 67),
        b"cprt": b"text\0\0\0\0No copyright, use freely\0",
        b"wtpt": _xyz(*_WHITE),
        **{tag: _xyz(*colour) for tag, colour in _PRIMARIES.items()},
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    table, body, places = b"", b"", dict[bytes, int]()
    start = 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        if data not in places:
            places[data] = start + len(body)
            body += data + bytes(-len(data) % 4)
        table += struct.pack(">4sII", tag, places[data], len(data))
    header = struct.pack(
        ">I4sI4s4s4s6H4s4sI4s4s8sI12s4s44s",
        start + len(body), b"\0\0\0\0", 0x02100000, b"mntr", b"RGB ", b"XYZ ",
        2026, 1, 1, 0, 0, 0,
        b"acsp", b"\0\0\0\0", 0, b"\0\0\0\0", b"\0\0\0\0", bytes(8), 0, _xyz(*_WHITE)[8:], b"\0\0\0\0", bytes(44),
    )  # fmt: skip
    return header + struct.pack(">I", len(tags)) + table + body


def _linear(value: float) -> int:
    light = value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
    return round(light * 65535)


def _xyz(*values: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(value * 65536) for value in values))
