"""The positions of a document over as many pages as they need, with the amount carried forward."""

from dataclasses import dataclass, replace
from decimal import Decimal

from app.core.format import money, number, percent
from app.core.i18n import translate
from app.services.documents.data import DocumentData, Line
from app.services.documents.layout import LEFT, RIGHT, Flow
from app.services.documents.typeset import INK, SOFT, Align, Pen, Style, fit, width, wrap

HEAD = Style(7.8, 4, "Medium", SOFT)
CELL = Style(9, 4.5)
ARTICLE = Style(9, 4.5, "Medium")
DETAIL = Style(8, 3.9, colour=SOFT)
LOTS = Style(8, 3.9)
CARRY = Style(8.5, 4.5, "Medium")
HEAD_HEIGHT, CARRY_HEIGHT, PADDING, GAP = 8.0, 7.0, 1.5, 4.0
KEEP_WHOLE = 90.0
RISE = 1.1  # the base line above the lower edge of its line
PICTURE, BESIDE = 15.0, 3.0  # side of the square a picture is set into, distance to the words
NAME_LINES, DESCRIPTION_LINES, NOTE_LINES, LOT_LINES = 4, 24, 8, 400


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its cells; ``x`` is the left end, or the right end where numbers stand."""

    head: str
    cells: tuple[str, ...]
    align: Align = "right"
    x: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A position ready to be drawn: lines of the article cell, the cells beside the first, its amount, its picture."""

    article: tuple[tuple[str, Style], ...]
    cells: tuple[str, ...]
    net: Decimal
    picture: bytes | None = None

    @property
    def height(self) -> float:
        words = sum(style.leading for _, style in self.article)
        return max(words, PICTURE if self.picture else 0.0) + 2 * PADDING


def is_priced(data: DocumentData) -> bool:
    """Whether the document shows prices at all."""
    return data.kind != "delivery_note"


def place_table(flow: Flow, data: DocumentData) -> None:
    """Set all positions; leaves room for one line to carry the amount to a next page."""
    columns, room = _columns(data)
    carried = Decimal(0)
    reserve = CARRY_HEIGHT if is_priced(data) else 0.0
    if not flow.fits(HEAD_HEIGHT + 4 * CARRY_HEIGHT):
        flow.turn()
    _head(flow, columns)
    for index, row in enumerate(_rows(data, columns, room)):
        rest = row
        while not flow.fits(rest.height + reserve):
            count = _fitting_lines(flow, rest, reserve)
            if rest.height > KEEP_WHOLE and count >= 4:
                part, rest = _split(rest, count)
                _draw_row(flow, columns, part)
                carried += part.net
            _break(flow, data, columns, carried if index or rest is not row else None)
        _draw_row(flow, columns, rest)
        carried += rest.net


def carry_over(flow: Flow, data: DocumentData, height: float) -> None:
    """Make sure of ``height`` millimetres below the table; on a new page the net sum of all lines comes first."""
    if flow.fits(height):
        return
    carried = sum((line.net or Decimal(0) for line in data.lines), Decimal(0))
    _break(flow, data, (), carried)


def _columns(data: DocumentData) -> tuple[tuple[Column, ...], float]:
    """The columns from right to left edge, as wide as their widest cell, and the room left for the article."""
    lang = data.language
    totals = data.totals
    sign = _sign(totals.currency if totals else "EUR")

    def head(key: str) -> str:
        return translate(lang, f"document.column.{key}", currency=sign)

    lines = data.lines
    columns = [
        Column(head("quantity"), tuple(number(line.quantity, lang) for line in lines)),
        Column("", tuple(fit(line.unit, CELL, 16) for line in lines), "left"),
    ]
    if is_priced(data):
        columns.append(Column(head("unit_price"), tuple(_unit_price(line, lang) for line in lines)))
        if any(line.discount_pct for line in lines):
            discounts = (percent(line.discount_pct, lang) if line.discount_pct else "" for line in lines)
            columns.append(Column(head("discount"), tuple(discounts)))
        if len({line.tax_rate for line in lines}) > 1:
            columns.append(Column(head("tax_rate"), tuple(percent(line.tax_rate, lang) for line in lines)))
        columns.append(Column(head("net"), tuple(money(line.net, None, lang) for line in lines)))
    x = RIGHT
    placed: list[Column] = []
    for column in reversed(columns):
        wide = max([width(column.head, HEAD), *(width(cell, CELL) for cell in column.cells)])
        placed.append(replace(column, x=x if column.align == "right" else x - wide))
        x -= wide + (GAP if column.align == "right" else 1.2)
    positions = tuple(fit(line.position, CELL, 14) for line in lines)
    first = Column(head("position"), positions, "left", LEFT)
    wide = max([width(first.head, HEAD), *(width(cell, CELL) for cell in positions)]) + GAP - 1
    if any(line.picture for line in lines):
        wide += PICTURE + BESIDE
    article = Column(head("article"), ("",) * len(lines), "left", LEFT + wide)
    return (first, article, *reversed(placed)), x - LEFT - wide


def _sign(currency: str) -> str:
    return "€" if currency == "EUR" else currency


def _unit_price(line: Line, lang: str) -> str:
    """Two places, more only where the price has them."""
    if line.unit_price is None:
        return money(None, None, lang)
    exponent = line.unit_price.normalize().as_tuple().exponent
    return number(line.unit_price, lang, places=max(2, -exponent if isinstance(exponent, int) else 2))


def _rows(data: DocumentData, columns: tuple[Column, ...], room: float) -> list[Row]:
    return [
        Row(
            article=tuple(_article(line, data.language, room)),
            cells=tuple(column.cells[index] for column in columns),
            net=line.net or Decimal(0),
            picture=line.picture,
        )
        for index, line in enumerate(data.lines)
    ]


def _article(line: Line, lang: str, room: float) -> list[tuple[str, Style]]:
    """Name, number, description, lots and remark of a position, wrapped; only overlong texts are cut."""
    parts: list[tuple[str, Style, int]] = [(line.name, ARTICLE, NAME_LINES)]
    if line.sku:
        parts.append((translate(lang, "document.line.sku", sku=line.sku), DETAIL, 2))
    parts.append((line.description, DETAIL, DESCRIPTION_LINES))
    if line.lots:
        codes = ", ".join(code.replace(" ", "\u00a0") for code in line.lots)
        lots = translate(lang, "document.line.lots", n=len(line.lots), lots=codes)
        parts.append((lots, LOTS, LOT_LINES))
    parts.append((line.note, LOTS, NOTE_LINES))
    set_lines = [(text, style) for part, style, limit in parts for text in wrap(part, style, room, limit)]
    return set_lines or [("", ARTICLE)]


def _fitting_lines(flow: Flow, row: Row, reserve: float) -> int:
    """How many lines of the article cell fit on this page, leaving at least two for the next."""
    height = 2 * PADDING
    for count, (_, style) in enumerate(row.article):
        height += style.leading
        if not flow.fits(height + reserve):
            return min(count, len(row.article) - 2)
    return len(row.article)


def _split(row: Row, count: int) -> tuple[Row, Row]:
    """The first lines of a row and the rest; the cells and the amount stay with the first lines."""
    rest = Row(row.article[count:], ("",) * len(row.cells), Decimal(0))
    return replace(row, article=row.article[:count]), rest


def _break(flow: Flow, data: DocumentData, columns: tuple[Column, ...], carried: Decimal | None) -> None:
    """Turn the page, saying at both ends what has been added up so far."""
    page = flow.page
    if carried is None or not is_priced(data):
        flow.turn()
        _head(flow, columns)
        return
    lang = data.language
    amount = money(carried, None, lang)
    _carry(flow, translate(lang, "document.carried_to"), amount)
    flow.turn()
    _head(flow, columns)
    _carry(flow, translate(lang, "document.carried_from", page=page), amount)


def _carry(flow: Flow, label: str, amount: str) -> None:
    y = flow.y + CARRY_HEIGHT - 2.4

    def draw(pen: Pen) -> None:
        pen.text(RIGHT - max(width(amount, CARRY), 18) - GAP, y, label, CARRY, "right")
        pen.text(RIGHT, y, amount, CARRY, "right")
        pen.rule(LEFT, y + 2.4, RIGHT)

    flow.put(draw)
    flow.y += CARRY_HEIGHT


def _head(flow: Flow, columns: tuple[Column, ...]) -> None:
    if not columns:
        return
    y = flow.y

    def draw(pen: Pen) -> None:
        for column in columns:
            pen.text(column.x, y + 4.6, column.head, HEAD, column.align)
        pen.rule(LEFT, y + HEAD_HEIGHT - 1, RIGHT, INK, 0.7)

    flow.put(draw)
    flow.y += HEAD_HEIGHT - 1


def _draw_row(flow: Flow, columns: tuple[Column, ...], row: Row) -> None:
    top = flow.y + PADDING

    def draw(pen: Pen) -> None:
        position, article, *others = zip(columns, row.cells, strict=True)
        first = top + row.article[0][1].leading - RISE
        pen.text(position[0].x, first, position[1], CELL)
        if row.picture is not None:
            pen.picture(row.picture, article[0].x - PICTURE - BESIDE, top, PICTURE, PICTURE)
        y = top - RISE
        for text, style in row.article:
            y += style.leading
            pen.text(article[0].x, y, text, style)
        for column, cell in others:
            pen.text(column.x, first, cell, CELL, column.align)
        pen.rule(LEFT, top + row.height - PADDING, RIGHT)

    flow.put(draw)
    flow.y += row.height
