"""The kinds of codes a label may bear: what they hold, how wide a module must be, the light margin around them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.core.errors import Invalid
from app.services.labels import datamatrix, gs1, linear


@dataclass(frozen=True, slots=True)
class Kind:
    """Millimetres of a module: ``least`` that scanners read, ``usual`` when there is room, and the light margin.

    ``margins`` left, right, above and below, in modules.
    """

    name: str
    least: float
    usual: float
    margins: tuple[int, int, int, int]
    is_matrix: bool = False
    is_gs1: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A code as modules: ``rows`` (one for bars), and the words people read below it."""

    kind: Kind
    rows: tuple[str, ...]
    human: str

    @property
    def across(self) -> int:
        """Modules from edge to edge, light margin included."""
        return len(self.rows[0]) + self.kind.margins[0] + self.kind.margins[1]

    @property
    def down(self) -> int:
        """Modules from top to bottom, light margin included; only of matrix codes."""
        return len(self.rows) + self.kind.margins[2] + self.kind.margins[3]


# Least widths: 0.25 mm is two dots of a 203 dpi printer; EAN at 80 %; QR as phones read it.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("code128", 0.25, 0.5, (10, 10, 0, 0)),
        Kind("gs1_128", 0.25, 0.5, (10, 10, 0, 0), is_gs1=True),
        Kind("ean13", 0.264, 0.4, (11, 7, 0, 0)),
        Kind("ean8", 0.264, 0.4, (7, 7, 0, 0)),
        Kind("itf14", 0.25, 0.51, (10, 10, 0, 0)),
        Kind("qr", 0.33, 0.8, (4, 4, 4, 4), is_matrix=True),
        Kind("datamatrix", 0.25, 0.8, (2, 2, 2, 2), is_matrix=True),
        Kind("gs1_datamatrix", 0.25, 0.8, (2, 2, 2, 2), is_matrix=True, is_gs1=True),
    )
}
# A GTIN as the till reads it: EAN-8, EAN-13 or, for a case, ITF-14, by its length.
GTIN = "gtin"
NAMES = (*KINDS, GTIN)


def encode(name: str, content: str) -> Symbol:
    """The symbol of a text.  Invalid ``label_code_…`` or ``gs1_…`` when the kind cannot hold it."""
    return _encoded(_by_length(content) if name == GTIN else name, content)


def encode_gs1(name: str, elements: Sequence[gs1.Element]) -> Symbol:
    """The symbol of GS1 elements: GS1-128 or GS1 DataMatrix."""
    return _encoded_gs1(name, tuple(elements))


def _by_length(content: str) -> str:
    code = gs1.short_gtin(content)
    return {8: "ean8", 13: "ean13"}.get(len(code), "itf14")


@lru_cache(maxsize=256)
def _encoded_gs1(name: str, elements: tuple[gs1.Element, ...]) -> Symbol:
    data, human = gs1.build(elements), gs1.bracketed(elements)
    if name == "gs1_128":
        if len(data) > 48:
            raise Invalid("label_code_too_long", value=human)
        symbols = [linear.FNC1, *(linear.FNC1 if char == gs1.FNC1 else ord(char) for char in data)]
        return Symbol(KINDS[name], (linear.code128(symbols),), human)
    return Symbol(KINDS[name], datamatrix.matrix(data, gs1=True), human)


@lru_cache(maxsize=256)
def _encoded(name: str, content: str) -> Symbol:
    kind = KINDS[name]
    if kind.is_gs1:
        return _encoded_gs1(name, gs1.parse(content))
    if name == "code128":
        if len(content) > 80:
            raise Invalid("label_code_too_long", value=content)
        return Symbol(kind, (linear.code128(linear.plain(content)),), content)
    if name == "datamatrix":
        return Symbol(kind, datamatrix.matrix(content), content)
    if name == "qr":
        return Symbol(kind, _qr(content), content)
    digits = content if name == "itf14" or len(content) == 8 else gs1.short_gtin(content)
    draw = {"ean13": linear.ean13, "ean8": linear.ean8, "itf14": linear.itf14}[name]
    return Symbol(kind, (draw(digits.zfill(14) if name == "itf14" else digits),), digits)


def _qr(content: str) -> tuple[str, ...]:
    import zxingcpp  # a tenth of a second of loading, only for who prints

    if not content:
        raise Invalid("label_code_characters", value=content)
    try:
        code = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    except ValueError:
        raise Invalid("label_code_too_long", value=content) from None
    picture: Any = code.to_image(scale=1, add_quiet_zones=False)
    high, wide = picture.shape
    shades = bytes(memoryview(picture))
    return tuple(
        "".join("1" if shade < 128 else "0" for shade in shades[row * wide : (row + 1) * wide])
        for row in range(high)
    )
