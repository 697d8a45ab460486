"""DataMatrix ECC 200 (ISO/IEC 16022), square, up to 48 by 48; plain text or GS1 data."""

from collections.abc import Iterator
from functools import cache

from app.core.errors import Invalid

FNC1_CHARACTER = "\x1d"

# Size, data code words, error correction code words, regions along an edge.
_SIZES = (
    (10, 3, 5, 1),
    (12, 5, 7, 1),
    (14, 8, 10, 1),
    (16, 12, 12, 1),
    (18, 18, 14, 1),
    (20, 22, 18, 1),
    (22, 30, 20, 1),
    (24, 36, 24, 1),
    (26, 44, 28, 1),
    (32, 62, 36, 2),
    (36, 86, 42, 2),
    (40, 114, 48, 2),
    (44, 144, 56, 2),
    (48, 174, 68, 2),
)
_FNC1, _UPPER_SHIFT, _ECI, _PAD, _UTF8 = 232, 235, 241, 129, 26


def matrix(text: str, *, gs1: bool = False) -> tuple[str, ...]:
    """Rows of modules, ``1`` dark, without the light margin.  In GS1 data ``\\x1d`` separates elements."""
    words = _words(text, gs1)
    for size, room, correction, regions in _SIZES:
        if len(words) <= room:
            full = _padded(words, room)
            return _drawn(full + _corrected(full, correction), size, regions)
    raise Invalid("label_code_too_long", value=text)


def _words(text: str, gs1: bool) -> list[int]:
    if not text:
        raise Invalid("label_code_characters", value=text)
    words = [_FNC1] if gs1 else []
    data = text.encode("ascii" if gs1 else "utf-8")
    if not text.isascii():
        words += [_ECI, _UTF8 + 1]
    at = 0
    while at < len(data):
        byte = data[at]
        if gs1 and byte == ord(FNC1_CHARACTER):
            words.append(_FNC1)
        elif data[at : at + 2].isdigit() and at + 1 < len(data):
            words.append(130 + int(data[at : at + 2]))
            at += 1
        elif byte < 128:
            words.append(byte + 1)
        else:
            words += [_UPPER_SHIFT, byte - 127]
        at += 1
    return words


def _padded(words: list[int], room: int) -> list[int]:
    padded = list(words)
    if len(padded) < room:
        padded.append(_PAD)
    while len(padded) < room:
        random = _PAD + (149 * (len(padded) + 1)) % 253 + 1
        padded.append(random if random <= 254 else random - 254)
    return padded


@cache
def _field() -> tuple[list[int], list[int]]:
    """Powers and logarithms of GF(256) with the polynomial 0x12D."""
    powers, logs = [0] * 512, [0] * 256
    value = 1
    for exponent in range(255):
        powers[exponent] = powers[exponent + 255] = value
        logs[value] = exponent
        value <<= 1
        if value & 256:
            value ^= 0x12D
    return powers, logs


@cache
def _generator(count: int) -> tuple[int, ...]:
    powers, logs = _field()
    poly = [1]
    for root in range(1, count + 1):
        grown = [0] * (len(poly) + 1)
        for place, factor in enumerate(poly):
            grown[place] ^= factor
            grown[place + 1] ^= powers[logs[factor] + root] if factor else 0
        poly = grown
    return tuple(poly[1:])


def _corrected(words: list[int], count: int) -> list[int]:
    powers, logs = _field()
    rest = [0] * count
    for word in words:
        lead = word ^ rest[0]
        rest = [*rest[1:], 0]
        if lead:
            for place, factor in enumerate(_generator(count)):
                if factor:
                    rest[place] ^= powers[logs[lead] + logs[factor]]
    return rest


@cache
def _placement(size: int) -> tuple[tuple[int, int] | None, ...]:
    """For each module of the mapping square the code word and the bit it shows; None for the fixed corner."""
    cells: list[tuple[int, int] | None] = [None] * (size * size)
    word = 0

    def put(row: int, column: int, bit: int) -> None:
        if row < 0:
            row, column = row + size, column + 4 - (size + 4) % 8
        if column < 0:
            row, column = row + 4 - (size + 4) % 8, column + size
        cells[row * size + column] = (word, bit)

    def shape(places: tuple[tuple[int, int], ...]) -> None:
        nonlocal word
        for bit, (row, column) in enumerate(places, 1):
            put(row, column, bit)
        word += 1

    def utah(row: int, column: int) -> None:
        around = ((-2, -2), (-2, -1), (-1, -2), (-1, -1), (-1, 0), (0, -2), (0, -1), (0, 0))
        shape(tuple((row + down, column + right) for down, right in around))

    for row, column, turning in _walk(size):
        if turning:
            if (corner := _corner(row, column, size)) is not None:
                shape(corner)
        elif 0 <= row < size and 0 <= column < size and cells[row * size + column] is None:
            utah(row, column)
    return tuple(cells)


def _walk(size: int) -> Iterator[tuple[int, int, bool]]:
    """The places of code words, diagonally up and down; True where a new round begins."""
    row, column = 4, 0
    while row < size or column < size:
        yield row, column, True
        for down, right in ((-2, 2), (2, -2)):
            beyond = False
            while not beyond:
                yield row, column, False
                row, column = row + down, column + right
                beyond = (row < 0 or column >= size) if down < 0 else (row >= size or column < 0)
            row, column = (row + 1, column + 3) if down < 0 else (row + 3, column + 1)


def _corner(row: int, column: int, size: int) -> tuple[tuple[int, int], ...] | None:
    """The code word that is broken around the corners when the walk comes by, if there is one."""
    end = size - 1
    if (row, column) == (size, 0):
        return (end, 0), (end, 1), (end, 2), (0, end - 1), (0, end), (1, end), (2, end), (3, end)
    left = (end - 2, 0), (end - 1, 0), (end, 0)
    if (row, column) == (size - 2, 0) and size % 8 == 4:
        return *left, (0, end - 1), (0, end), (1, end), (2, end), (3, end)
    if (row, column) == (size - 2, 0) and size % 4:
        return *left, (0, end - 3), (0, end - 2), (0, end - 1), (0, end), (1, end)
    if (row, column) == (size + 4, 2) and not size % 8:
        return (
            (end, 0),
            (end, end),
            (0, end - 2),
            (0, end - 1),
            (0, end),
            (1, end - 2),
            (1, end - 1),
            (1, end),
        )
    return None


def _drawn(words: list[int], size: int, regions: int) -> tuple[str, ...]:
    inner = size - 2 * regions
    step = inner // regions
    cells = _placement(inner)
    rows: list[str] = []
    for row in range(size):
        across, down = "", row % (step + 2)
        for column in range(size):
            over = column % (step + 2)
            if over == 0 or down == step + 1:  # the solid edge, left and below
                dark = True
            elif down == 0:  # the broken edge above
                dark = over % 2 == 0
            elif over == step + 1:  # and right
                dark = down % 2 == 1
            else:
                place = (row // (step + 2) * step + down - 1) * inner + column // (step + 2) * step + over - 1
                cell = cells[place]
                if cell is None:  # the fixed pattern in the last corner
                    dark = (place % inner + place // inner) % 2 == 0
                else:
                    dark = bool(words[cell[0]] >> (8 - cell[1]) & 1)
            across += "1" if dark else "0"
        rows.append(across)
    return tuple(rows)
