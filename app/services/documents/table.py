"""Tables over as many pages as they need, with the declared columns, and the amount carried forward."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from app.core.i18n import translate
from app.services.documents.cells import (
    CELL,
    DRAWN,
    amount,
    box_width,
    currency_of,
    draw_box,
    shown,
    value_of,
    words_of,
)
from app.services.documents.data import DocumentData, Line, Variants
from app.services.documents.kinds import LINES, ColumnSpec, spec_of
from app.services.documents.layout import RIGHT, Flow
from app.services.documents.typeset import FAINT, SOFT, Align, Pen, Style, fit, width
from app.services.documents.variants import matrix_height, place_matrix

HEAD = Style(7.8, 4, "Medium", SOFT)
CARRY = Style(8.5, 4.5, "Medium")
GROUP = Style(9, 4.5, "SemiBold")
HEAD_HEIGHT, CARRY_HEIGHT, GROUP_HEIGHT, PADDING, GAP = 8.0, 7.0, 7.5, 1.5, 4.0
KEEP_WHOLE = 90.0
RISE = 1.1  # the base line above the lower edge of its line
PICTURE, BESIDE = 15.0, 3.0  # side of the square a picture is set into, distance to the words
LEAST_ROOM = 34.0  # mm for the words of a line, whatever else there is
BOX_ROW = 9.0  # mm of a row with something to fill in or to scan


@dataclass(frozen=True, slots=True)
class Column:
    """A column with its cells; ``x`` is the left end, or the right end where numbers stand."""

    spec: ColumnSpec
    head: str
    cells: tuple[str, ...]
    align: Align = "right"
    x: float = 0.0
    wide: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A row ready to be drawn: lines of its words, the cells beside the first, what it adds, its picture."""

    words: tuple[tuple[str, Style], ...]
    cells: tuple[str, ...]
    carried: Decimal = Decimal(0)
    picture: bytes | None = None
    group: str = ""
    variants: Variants | None = None
    least: float = 0.0
    goes_on: bool = False  # the rest of a row begun on the page before

    @property
    def height(self) -> float:
        words = sum(style.leading for _, style in self.words)
        return max(words, PICTURE if self.picture else 0.0, self.least) + 2 * PADDING


class Table:
    """One table of a document: its columns are chosen and placed once, then its rows are set."""

    def __init__(self, flow: Flow, data: DocumentData, name: str, things: Sequence[Any]) -> None:
        self.flow, self.data, self.name, self.things = flow, data, name, things
        spec = spec_of(data.kind)
        self.carries = spec.carries if name == LINES else ""
        self.with_pictures = name == LINES and any(line.picture for line in things)
        self.columns, self.room = self._placed([self._column(one) for one in self._specs(spec.tables[name])])

    def place(self) -> None:
        """Set all rows; leaves room for one line to carry the amount to a next page."""
        flow = self.flow
        reserve = CARRY_HEIGHT if self.carries else 0.0
        if not flow.fits(HEAD_HEIGHT + 4 * CARRY_HEIGHT):
            flow.turn()
        self.head()
        carried, group = Decimal(0), ""
        for index, row in enumerate(self._rows()):
            if row.group != group:
                group = row.group
                if not flow.fits(GROUP_HEIGHT + min(row.height, KEEP_WHOLE) + reserve):
                    self.turn(carried if index else None)
                if group:
                    self._group(group)
            rest = row
            while not flow.fits(rest.height + reserve):
                count = self._fitting_lines(rest, reserve)
                if rest.height > KEEP_WHOLE and count >= 4:
                    part, rest = _split(rest, count)
                    self._draw(part)
                    carried += part.carried
                self.turn(carried if index or rest is not row else None)
            self._draw(rest)
            carried += rest.carried
            if row.variants is not None:
                self._matrix(row.variants, carried)

    def turn(self, carried: Decimal | None, *, head: bool = True) -> None:
        """Turn the page, saying at both ends what has been added up so far."""
        flow, page = self.flow, self.flow.page
        if carried is None or not self.carries:
            flow.turn()
            if head:
                self.head()
            return
        lang = self.data.language
        said = amount(carried, lang)
        self._carry(translate(lang, "document.carried_to"), said)
        flow.turn()
        if head:
            self.head()
        self._carry(translate(lang, "document.carried_from", page=page), said)

    def head(self) -> None:
        """The names of the columns."""
        y, left, accent = self.flow.y, self.flow.left, self.data.design.accent

        def draw(pen: Pen) -> None:
            for column in self.columns:
                pen.text(column.x, y + 4.6, column.head, HEAD, column.align)
            pen.rule(left, y + HEAD_HEIGHT - 1, RIGHT, accent, 0.7)

        self.flow.put(draw)
        self.flow.y += HEAD_HEIGHT - 1

    # -- columns --------------------------------------------------------------------------------------------------

    def _specs(self, declared: Sequence[ColumnSpec]) -> list[ColumnSpec]:
        """The columns this document has: filled ones, and not those the house leaves out."""
        chosen = []
        for spec in declared:
            if self.name == LINES and not self.data.design.columns.get(spec.name, True):
                continue
            values = (value_of(thing, spec) for thing in self.things)
            if spec.when == "filled" and not any(value not in (None, "") for value in values):
                continue
            if spec.when == "differs" and len(set(values)) <= 1:
                continue
            chosen.append(spec)
        return chosen

    def _column(self, spec: ColumnSpec) -> Column:
        lang = self.data.language
        part = "column" if self.name == LINES else self.name
        currency = currency_of(self.data)
        key = f"document.{part}.{spec.name}"
        head = "" if spec.close else translate(lang, key, currency="€" if currency == "EUR" else currency)
        if spec.grows:
            return Column(spec, head, ("",) * len(self.things), "left")
        cells = tuple(
            "" if getattr(thing, "variants", None) else shown(value_of(thing, spec), spec, lang)
            for thing in self.things
        )
        drawn = spec.show in DRAWN
        wide = max(
            [width(head, HEAD), box_width(spec, cells), *(width(cell, CELL) for cell in cells if not drawn)]
        )
        return Column(spec, head, cells, "left" if drawn else spec.align, wide=wide)

    def _placed(self, columns: list[Column]) -> tuple[tuple[Column, ...], float]:
        """Columns from the edges inwards, as wide as their widest cell, and the room left for the words."""
        grows = next(index for index, column in enumerate(columns) if column.spec.grows)
        x = self.flow.left
        before: list[Column] = []
        for column in columns[:grows]:
            before.append(replace(column, x=x if column.align == "left" else x + column.wide))
            x += column.wide + GAP - 1
        if self.with_pictures:
            x += PICTURE + BESIDE
        left, x = x, RIGHT
        after: list[Column] = []
        for column in reversed(columns[grows + 1 :]):
            after.append(replace(column, x=x if column.align == "right" else x - column.wide))
            x -= column.wide + (1.2 if column.spec.close else GAP)
        return (*before, replace(columns[grows], x=left), *reversed(after)), max(x - left, LEAST_ROOM)

    # -- rows -----------------------------------------------------------------------------------------------------

    def _rows(self) -> list[Row]:
        boxed = any(column.spec.show in DRAWN for column in self.columns)
        return [
            Row(
                tuple(words_of(thing, self._words, self.data, self.room)),
                tuple(column.cells[index] for column in self.columns),
                self.adds(thing),
                thing.picture if isinstance(thing, Line) else None,
                thing.group if isinstance(thing, Line) else "",
                thing.variants if isinstance(thing, Line) else None,
                BOX_ROW - 2 * PADDING if boxed else 0.0,
            )
            for index, thing in enumerate(self.things)
        ]

    @property
    def _words(self) -> ColumnSpec:
        return next(column.spec for column in self.columns if column.spec.grows)

    def adds(self, thing: Any) -> Decimal:
        """What a row adds to the amount that is carried forward."""
        if not self.carries:
            return Decimal(0)
        value = getattr(thing, self.carries) if self.carries == "net" else thing.values.get(self.carries)
        return value if isinstance(value, Decimal) else Decimal(0)

    def _fitting_lines(self, row: Row, reserve: float) -> int:
        """How many lines of the words fit on this page, leaving at least two for the next."""
        height = 2 * PADDING
        for count, (_, style) in enumerate(row.words):
            height += style.leading
            if not self.flow.fits(height + reserve):
                return min(count, len(row.words) - 2)
        return len(row.words)

    def _group(self, group: str) -> None:
        y, left = self.flow.y, self.flow.left

        def draw(pen: Pen) -> None:
            pen.band(left, y + 0.8, RIGHT - left, GROUP_HEIGHT - 1.6, FAINT)
            pen.text(left + 1.5, y + 5.2, fit(group, GROUP, RIGHT - left - 3), GROUP)

        self.flow.put(draw)
        self.flow.y += GROUP_HEIGHT

    def _matrix(self, variants: Variants, carried: Decimal) -> None:
        left = next(column.x for column in self.columns if column.spec.grows)
        if not self.flow.fits(min(matrix_height(variants), KEEP_WHOLE)):
            self.turn(carried)
        place_matrix(self.flow, self.data, variants, left)

    def _carry(self, label: str, said: str) -> None:
        left, y = self.flow.left, self.flow.y + CARRY_HEIGHT - 2.4

        def draw(pen: Pen) -> None:
            pen.text(RIGHT - max(width(said, CARRY), 18) - GAP, y, label, CARRY, "right")
            pen.text(RIGHT, y, said, CARRY, "right")
            pen.rule(left, y + 2.4, RIGHT)

        self.flow.put(draw)
        self.flow.y += CARRY_HEIGHT

    def _draw(self, row: Row) -> None:
        top, left = self.flow.y + PADDING, self.flow.left

        def draw(pen: Pen) -> None:
            first = top + row.words[0][1].leading - RISE
            for column, cell in zip(self.columns, row.cells, strict=True):
                if column.spec.grows:
                    if row.picture is not None:
                        pen.picture(row.picture, column.x - PICTURE - BESIDE, top, PICTURE, PICTURE)
                    y = top - RISE
                    for text, style in row.words:
                        y += style.leading
                        pen.text(column.x, y, text, style)
                elif not row.goes_on and not draw_box(pen, column.spec, cell, column.x, top, column.wide):
                    pen.text(column.x, first, cell, CELL, column.align)
            pen.rule(left, top + row.height - PADDING, RIGHT)

        self.flow.put(draw)
        self.flow.y += row.height


def place_table(flow: Flow, data: DocumentData) -> None:
    """Set the positions of a document."""
    Table(flow, data, LINES, data.lines).place()


def carry_over(flow: Flow, data: DocumentData, height: float) -> None:
    """Make sure of ``height`` millimetres below the table; on a new page the sum of all lines comes first."""
    if flow.fits(height):
        return
    table = Table(flow, data, LINES, data.lines)
    table.turn(sum((table.adds(line) for line in data.lines), Decimal(0)), head=False)


def _split(row: Row, count: int) -> tuple[Row, Row]:
    """The first lines of a row and the rest; the cells and the amount stay with the first lines."""
    rest = Row(row.words[count:], ("",) * len(row.cells), group=row.group, goes_on=True)
    return replace(row, words=row.words[:count]), rest
