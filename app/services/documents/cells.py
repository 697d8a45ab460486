"""What stands in a cell of a table: values as words, the words of a line, boxes to fill in, codes to scan."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from app.core.format import date_, money, number, percent
from app.core.i18n import translate
from app.services.documents.codes import bars, bars_width
from app.services.documents.data import Adjustment, Deduction, DocumentData, Line, Step
from app.services.documents.kinds import ColumnSpec
from app.services.documents.typeset import SOFT, Pen, Style, fit, wrap

CELL = Style(9, 4.5)
ARTICLE = Style(9, 4.5, "Medium")
DETAIL = Style(8, 3.9, colour=SOFT)
LOTS = Style(8, 3.9)
DRAWN = ("tick", "write", "code")  # what is no word
NAME_LINES, DESCRIPTION_LINES, NOTE_LINES, LOT_LINES = 4, 24, 8, 400
TICK, WRITE_HIGH, CODE_HIGH, CODE_MOST = 4.2, 6.0, 7.5, 48.0


def value_of(thing: Any, spec: ColumnSpec) -> Any:
    """The value a column shows of a line, an item, a step …"""
    if spec.source == "values":
        return thing.values.get(spec.name)
    if isinstance(thing, Deduction) and spec.name == "tax":
        return sum((tax.tax for tax in thing.taxes), Decimal(0))
    return getattr(thing, spec.source, None)


def shown(value: Any, spec: ColumnSpec, lang: str) -> str:
    """A value as its column shows it."""
    if spec.show == "verdict":
        return "" if value is None else translate(lang, f"document.verdict.{'good' if value else 'bad'}")
    if value is None or value == "":
        return money(None, None, lang) if spec.show in ("price", "money") and spec.when == "always" else ""
    if spec.show == "number":
        return number(value, lang)
    if spec.show == "percent":
        return percent(value, lang) if value or spec.when != "filled" else ""
    if spec.show == "money":
        return amount(value, lang)
    if spec.show == "price":
        return price(value, lang)
    if isinstance(value, date):
        return date_(value, lang)
    return str(value) if spec.show == "code" else fit(str(value), CELL, spec.most)


def amount(value: Decimal, lang: str) -> str:
    """An amount without its currency, which the head of the column names."""
    return money(value, None, lang)


def price(value: Decimal, lang: str) -> str:
    """Two places, more only where the price has them."""
    exponent = value.normalize().as_tuple().exponent
    return number(value, lang, places=max(2, -exponent if isinstance(exponent, int) else 2))


def currency_of(data: DocumentData) -> str:
    """The currency the amounts of a document are in."""
    if data.totals is not None:
        return data.totals.currency
    return data.reminder.currency if data.reminder is not None else data.currency


def box_width(spec: ColumnSpec, cells: tuple[str, ...]) -> float:
    """Millimetres of what is drawn in place of words; 0 where words stand."""
    if spec.show == "tick":
        return TICK
    if spec.show == "write":
        return spec.wide
    if spec.show == "code":
        return min(CODE_MOST, max((bars_width(cell) for cell in cells if cell), default=0.0))
    return 0.0


def draw_box(pen: Pen, spec: ColumnSpec, cell: str, x: float, top: float, wide: float) -> bool:
    """Draw what is no word: a box to tick or to write into, a bar code; False where words stand."""
    if spec.show == "tick":
        pen.frame(x, top + 0.2, TICK, TICK, SOFT)
    elif spec.show == "write":
        pen.frame(x, top, spec.wide, WRITE_HIGH, SOFT)
    elif spec.show == "code":
        if cell:
            room = min(wide, bars_width(cell))
            bars(pen, cell, x + wide - room, top - 0.4, room, CODE_HIGH - 1)
    else:
        return False
    return True


def words_of(thing: Any, spec: ColumnSpec, data: DocumentData, room: float) -> list[tuple[str, Style]]:
    """The words of a row, wrapped; only overlong texts are cut."""
    if isinstance(thing, Line):
        parts = list(_line_parts(thing, data))
    else:
        parts = [(str(value_of(thing, spec) or ""), ARTICLE, NAME_LINES)]
        if isinstance(thing, Step):
            parts.append((thing.note, DETAIL, DESCRIPTION_LINES))
    lines = [(text, style) for part, style, limit in parts for text in wrap(part, style, room, limit)]
    return lines or [("", ARTICLE)]


def adjustment_words(one: Adjustment, lang: str, currency: str) -> str:
    """What is taken off or put on, how it came about: ``Frühbezugsrabatt 5 % auf 100,00 €``."""
    usual = translate(lang, "document.adjustment.charge" if one.charge else "document.adjustment.allowance")
    name = one.reason or usual
    if one.percent is None:
        return name
    share = percent(one.percent, lang)
    if one.base is None:
        return f"{name} {share}"
    base = money(one.base, currency, lang)
    return translate(lang, "document.adjustment.of", name=name, percent=share, base=base)


def _line_parts(line: Line, data: DocumentData) -> Iterator[tuple[str, Style, int]]:
    """Name, number, description, allowances and charges, lots and remark of a position."""
    lang = data.language
    yield line.name, ARTICLE, NAME_LINES
    if line.sku:
        yield translate(lang, "document.line.sku", sku=line.sku), DETAIL, 2
    yield line.description, DETAIL, DESCRIPTION_LINES
    for one in line.adjustments:
        sign = one.amount if one.charge else -one.amount
        yield (
            f"{adjustment_words(one, lang, currency_of(data))}: {money(sign, currency_of(data), lang)}",
            DETAIL,
            2,
        )
    if line.lots:
        codes = ", ".join(code.replace(" ", "\u00a0") for code in line.lots)
        yield translate(lang, "document.line.lots", n=len(line.lots), lots=codes), LOTS, LOT_LINES
    yield line.note, LOTS, NOTE_LINES
