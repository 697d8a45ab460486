"""The head of a paper of the house: no address field, what it is in large letters, its bar code, its facts in a row."""

from dataclasses import replace

from app.services.documents.codes import bars, bars_width
from app.services.documents.data import DocumentData
from app.services.documents.kinds import spec_of
from app.services.documents.layout import RIGHT, SMALL, information, kind_title
from app.services.documents.typeset import HAIR, SOFT, Pen, Style, fit, width, wrap

TOP = 16.0
HEAD = Style(20, 8.5, "SemiBold")
NUMBER = Style(12, 5.5, "Medium")
LABEL = Style(7.2, 3.6, colour=SOFT)
FACT = Style(9.2, 4.3, "Medium")
CODE_HIGH, CODE_MOST = 11.0, 75.0
COLUMNS, FACT_LINES = 4, 2
LOGO_WIDE, LOGO_HIGH = 45.0, 10.5


def content_top(data: DocumentData) -> float:
    """Where the content of the first page begins."""
    rows = _rows(data)
    return _facts_top(data) + sum(_height(row) for row in rows) + (5 if rows else 2)


def draw_head(pen: Pen, data: DocumentData) -> None:
    """Company, title, number and bar code; facts below."""
    left = data.design.left
    logo = (data.design.logo or data.company.logo) if data.design.show_logo else None
    if logo is None or not pen.picture(logo, left, TOP - 4, LOGO_WIDE, LOGO_HIGH):
        pen.text(left, TOP + 2, fit(data.company.name, SMALL, 90), SMALL)
    room = RIGHT - left
    if code := code_of(data):
        wide = min(CODE_MOST, bars_width(code))
        bars(pen, code, RIGHT - wide, TOP + 0.5, wide, CODE_HIGH)
        pen.text(RIGHT - wide / 2, TOP + CODE_HIGH + 4, fit(code, SMALL, wide + 20), SMALL, "centre")
        room -= wide + 8
    head = replace(HEAD, colour=data.design.accent)
    title = kind_title(data)
    if width(title, head) > room:
        head = replace(head, size=max(12, head.size * room / width(title, head)))
    pen.text(left, TOP + 16, fit(title, head, room), head)
    if data.number:
        pen.text(left, TOP + 22.5, fit(data.number, NUMBER, room), NUMBER)
    y = _facts_top(data)
    if rows := _rows(data):
        pen.rule(left, y - 2, RIGHT, HAIR, 0.5)
        for row in rows:
            for column, (label, lines) in enumerate(row):
                x = left + column * (RIGHT - left) / COLUMNS
                pen.text(x, y + 3, label, LABEL)
                for index, line in enumerate(lines):
                    pen.text(x, y + 7.4 + index * FACT.leading, line, FACT)
            y += _height(row)
        pen.rule(left, y, RIGHT, HAIR, 0.5)


def code_of(data: DocumentData) -> str:
    """What the bar code of the paper says, empty when it has none."""
    return (data.code or data.number) if spec_of(data.kind).code and not data.draft else ""


def _facts_top(data: DocumentData) -> float:
    return TOP + (28 if data.number else 21)


def _rows(data: DocumentData) -> list[list[tuple[str, list[str]]]]:
    """The facts in rows of four, without the number, which stands in large letters."""
    room = (RIGHT - data.design.left) / COLUMNS - 4
    facts = [
        (fit(label, LABEL, room), wrap(value, FACT, room, FACT_LINES))
        for label, value in information(data)
        if value != data.number
    ]
    return [facts[at : at + COLUMNS] for at in range(0, len(facts), COLUMNS)]


def _height(row: list[tuple[str, list[str]]]) -> float:
    return 5.6 + max(len(lines) for _, lines in row) * FACT.leading
