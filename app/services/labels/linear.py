"""Bar codes as rows of modules: Code 128 (with FNC1), EAN-13, EAN-8, ITF-14.  ``1`` is a dark module."""

from collections.abc import Sequence
from itertools import pairwise

from app.core.errors import Invalid
from app.services.labels.gs1 import require_check_digit

FNC1 = -1

# Widths of bars and spaces of the values 0 to 105, as ISO/IEC 15417 has them.
_WIDTH_TEXT = """
212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 122132 122231
113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 321221 312212 322112 322211
212123 212321 232121 111323 131123 131321 112313 132113 132311 211313 231113 231311 112133 112331 132131
113123 113321 133121 313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111
314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 122411 142112 142211
241211 221114 413111 241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141
214121 412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 211214
211232
"""
_WIDTHS = tuple(_WIDTH_TEXT.split())
_STOP = "2331112"
_START = {"A": 103, "B": 104, "C": 105}
_SWITCH = {"A": 101, "B": 100, "C": 99}
_FNC1_VALUE = 102

_EAN_L = (
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
)
_EAN_G = tuple("".join("10"[int(bit)] for bit in code)[::-1] for code in _EAN_L)
_EAN_R = tuple("".join("10"[int(bit)] for bit in code) for code in _EAN_L)
_EAN_SETS = (
    "LLLLLL",
    "LLGLGG",
    "LLGGLG",
    "LLGGGL",
    "LGLLGG",
    "LGGLLG",
    "LGGGLL",
    "LGLGLG",
    "LGLGGL",
    "LGGLGL",
)
# Narrow and wide of the digits 0 to 9, as ISO/IEC 16390 has them.
_ITF = ("00110", "10001", "01001", "11000", "00101", "10100", "01100", "00011", "10010", "01010")
_ITF_WIDE = 3


def code128(symbols: Sequence[int]) -> str:
    """Code 128 for characters (code points 0 to 127) and `FNC1`, in the fewest symbols there are."""
    values = _values128(symbols)
    total = values[0] + sum(place * value for place, value in enumerate(values[1:], 1))
    widths = "".join(_WIDTHS[value] for value in [*values, total % 103]) + _STOP
    return _bars(widths)


def plain(text: str) -> list[int]:
    """A text as symbols of Code 128.  Invalid ``label_code_characters`` for what Code 128 cannot hold."""
    if not text.isascii() or not text:
        raise Invalid("label_code_characters", value=text)
    return [ord(character) for character in text]


def ean13(digits: str) -> str:
    """EAN-13; twelve digits are a UPC-A and get a leading zero."""
    code = _digits(digits.zfill(13) if len(digits) == 12 else digits, 13)
    sets = _EAN_SETS[int(code[0])]
    left = "".join(
        (_EAN_L if kind == "L" else _EAN_G)[int(digit)] for kind, digit in zip(sets, code[1:7], strict=True)
    )
    return "101" + left + "01010" + "".join(_EAN_R[int(digit)] for digit in code[7:]) + "101"


def ean8(digits: str) -> str:
    """EAN-8."""
    code = _digits(digits, 8)
    left, right = code[:4], code[4:]
    return (
        "101"
        + "".join(_EAN_L[int(d)] for d in left)
        + "01010"
        + "".join(_EAN_R[int(d)] for d in right)
        + "101"
    )


def itf14(digits: str) -> str:
    """ITF-14 with wide bars three times as wide as narrow ones."""
    code = _digits(digits, 14)
    widths = "1111"
    for first, second in zip(code[::2], code[1::2], strict=True):
        for bar, space in zip(_ITF[int(first)], _ITF[int(second)], strict=True):
            widths += "".join(str(_ITF_WIDE) if wide == "1" else "1" for wide in (bar, space))
    return _bars(widths + f"{_ITF_WIDE}11")


def _digits(digits: str, length: int) -> str:
    if len(digits) != length or not (digits.isascii() and digits.isdigit()):
        raise Invalid("label_code_digits", value=digits, length=length)
    return require_check_digit(digits)


def _bars(widths: str) -> str:
    return "".join(("1" if place % 2 == 0 else "0") * int(width) for place, width in enumerate(widths))


def _word(symbols: Sequence[int], at: int, code_set: str) -> tuple[int | None, int]:
    """The value of what comes next in a code set, None when the set lacks it, and how many symbols it says."""
    symbol = symbols[at]
    if symbol == FNC1:
        return _FNC1_VALUE, 1
    if code_set == "C":
        return ((symbol - 48) * 10 + symbols[at + 1] - 48, 2) if _pair(symbols, at) else (None, 2)
    if code_set == "A":
        return (symbol - 32 if 32 <= symbol < 96 else symbol + 64 if 0 <= symbol < 32 else None), 1
    return (symbol - 32 if 32 <= symbol < 128 else None), 1


def _values128(symbols: Sequence[int]) -> list[int]:
    """Start and data values with the fewest code words: the cheapest way to every position in every code set."""
    ways: list[dict[str, list[int]]] = [{name: [start] for name, start in _START.items()}]
    ways += [{} for _ in symbols]

    def offer(at: int, code_set: str, way: list[int]) -> None:
        known = ways[at].get(code_set)
        if known is None or len(way) < len(known):
            ways[at][code_set] = way

    for at in range(len(symbols)):
        here = ways[at]
        # Changing the code set costs one word; at the very beginning the start symbol says it.
        for old, way in list(here.items()) if at else ():
            for new, switch in _SWITCH.items():
                if new != old:
                    offer(at, new, [*way, switch])
        for code_set, way in here.items():
            value, taken = _word(symbols, at, code_set)
            if value is not None:
                offer(at + taken, code_set, [*way, value])
    found = list(ways[-1].values())
    if not found:
        raise Invalid("label_code_characters", value="".join(chr(s) for s in symbols if s >= 0))
    return min(found, key=len)


def _pair(symbols: Sequence[int], at: int) -> bool:
    return at + 1 < len(symbols) and all(48 <= symbol <= 57 for symbol in symbols[at : at + 2])


def runs(row: str) -> list[tuple[int, int]]:
    """Start and length of the dark stretches of a row."""
    edges = [place for place, (one, other) in enumerate(pairwise(f"0{row}0")) if one != other]
    return [(start, stop - start) for start, stop in zip(edges[::2], edges[1::2], strict=True)]
