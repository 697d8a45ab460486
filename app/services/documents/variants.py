"""The variants of a family as a matrix below its line: as many columns side by side as there is room for."""

from datetime import date
from decimal import Decimal

from app.core.format import date_
from app.services.documents.cells import price
from app.services.documents.data import DocumentData, Value, Variants
from app.services.documents.layout import RIGHT, Flow
from app.services.documents.typeset import HAIR, SOFT, Pen, Style, fit, width

HEAD = Style(7.4, 3.8, "Medium", SOFT)
CELL = Style(8.4, 4.1)
ROW, PADDING, GAP = 5.2, 2.0, 4.0
LEAST, CORNER = 13.0, 36.0


def matrix_height(variants: Variants) -> float:
    """Millimetres of the matrix, if all its columns stand side by side."""
    return (len(variants.rows) + 1) * ROW + 2 * PADDING


def place_matrix(flow: Flow, data: DocumentData, variants: Variants, left: float) -> None:
    """Set the matrix; columns that do not fit side by side go into a further one below."""
    lang = data.language
    cells = [[_shown(cell, lang) for cell in row] for row in variants.cells]
    corner = min(CORNER, max(width(name, CELL) for name in (*variants.rows, variants.corner or "")) + GAP)
    wide = [
        max(LEAST, width(name, HEAD), *(width(row[index], CELL) for row in cells)) + GAP
        for index, name in enumerate(variants.columns)
    ]
    begin = 0
    while begin < len(wide):
        end, used = begin, corner
        while end < len(wide) and (end == begin or used + wide[end] <= RIGHT - left):
            used += wide[end]
            end += 1
        _part(flow, variants, cells, left, corner, wide, range(begin, end))
        begin = end
    flow.y += PADDING


def _part(
    flow: Flow,
    variants: Variants,
    cells: list[list[str]],
    left: float,
    corner: float,
    wide: list[float],
    columns: range,
) -> None:
    edges: list[float] = []
    x = left + corner
    for column in columns:
        x += wide[column]
        edges.append(x)

    def row(y: float, name: str, values: list[str], style: Style) -> None:
        def draw(pen: Pen) -> None:
            pen.text(left, y + ROW - 1.4, fit(name, style, corner - 1), style)
            for edge, value, column in zip(edges, values, columns, strict=True):
                pen.text(edge, y + ROW - 1.4, fit(value, style, wide[column] - 1), style, "right")
            pen.rule(left, y + ROW, edges[-1], HAIR, 0.3)

        flow.put(draw)

    def head() -> None:
        row(flow.y, variants.corner, [variants.columns[column] for column in columns], HEAD)
        flow.y += ROW

    if not flow.fits(3 * ROW):
        flow.turn()
    head()
    for index, name in enumerate(variants.rows):
        if not flow.fits(ROW):
            flow.turn()
            head()
        row(flow.y, name, [cells[index][column] for column in columns], CELL)
        flow.y += ROW


def _shown(value: Value | None, lang: str) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        return price(value, lang)
    return date_(value, lang) if isinstance(value, date) else value
