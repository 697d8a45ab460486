"""The parts of a document a kind may name, each set into the flow in the order the kind declares."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from app.core.format import date_, number
from app.core.i18n import has_text, translate
from app.services.documents import sums
from app.services.documents.data import DocumentData
from app.services.documents.kinds import LINES, TABLES, Block
from app.services.documents.layout import BODY, RIGHT, SMALL, STRONG, TITLE, Flow, document_title
from app.services.documents.payment import place_pay_until, place_terms
from app.services.documents.table import Table, place_table
from app.services.documents.typeset import HAIR, SOFT, Pen, Style, fit, width, wrap

FREE_TEXT_LINES = 400
PRODUCT = Style(13, 6, "SemiBold")
VERDICT = Style(12, 7, "SemiBold")
HEADING = Style(10.5, 6, "SemiBold")
SIGN_HEIGHT = 18.0
BOOKING_ROW, BOOKING_ROWS = 8.0, 4

Part = Callable[[Flow, DocumentData], None]


def place(block: Block, flow: Flow, data: DocumentData) -> None:
    """Set one part of a document; a part with nothing to say takes no room."""
    if block in TABLES:
        _table(flow, data, block)
    else:
        PARTS[block](flow, data)


def paragraph(flow: Flow, text: str, space: float = 3.0) -> None:
    """Free text, over as many pages as it needs."""
    lines = wrap(text, BODY, flow.room, FREE_TEXT_LINES)
    if lines:
        flow.skip(space)
        flow.lines(lines, BODY)


def headed(flow: Flow, heading: str, sentences: Sequence[str]) -> None:
    """A short block under its own heading, kept on one page."""
    lines = [line for sentence in sentences for line in wrap(sentence, BODY, flow.room, 6)]
    if not lines:
        return
    flow.skip(3)
    if not flow.fits((len(lines) + 1) * BODY.leading):
        flow.turn()
    flow.lines([heading], STRONG)
    flow.lines(lines, BODY)


def _text(data: DocumentData, part: str, own: str | None, house: str | None) -> str:
    """The record's own text, else the house's, else the usual one of the kind."""
    if own is not None:
        return own
    if house is not None:
        return house
    level = f"_{data.reminder.level}" if data.reminder else ""
    key = f"document.{part}.{data.kind}{level}"
    return translate(data.language, key) if has_text(key) else ""


def _intro(flow: Flow, data: DocumentData) -> None:
    paragraph(flow, _text(data, "intro", data.intro, data.design.intro), space=1.5)


def _closing(flow: Flow, data: DocumentData) -> None:
    paragraph(flow, _text(data, "closing", data.closing, data.design.closing))


def heading(flow: Flow, data: DocumentData) -> None:
    """What a letter is, and which invoice it corrects or cancels."""
    style = replace(TITLE, colour=data.design.accent)
    flow.lines(wrap(document_title(data), style, flow.room, 2), style)
    if data.original:
        original = translate(
            data.language,
            "document.original",
            number=data.original.number,
            date=date_(data.original.date, data.language),
        )
        flow.skip(1.5)
        flow.lines(wrap(original, STRONG, flow.room, 2), STRONG)


def _lines(flow: Flow, data: DocumentData) -> None:
    if data.lines:
        flow.skip(3)
        title = f"document.table.lines.{data.kind}"
        if has_text(title):
            flow.skip(2)
            flow.lines([translate(data.language, title)], HEADING)
        place_table(flow, data)
        flow.skip(1)


def _table(flow: Flow, data: DocumentData, name: str) -> None:
    things = getattr(data, name)
    if not things:
        return
    key = f"document.table.{name}"
    if has_text(key):
        flow.skip(5)
        if not flow.fits(30):
            flow.turn()
        flow.lines([translate(data.language, key)], HEADING)
    else:
        flow.skip(3)
    Table(flow, data, name, things).place()
    if name == "deductions":
        sums.deductions_total(flow, data)
    flow.skip(2)


def _tax_notes(flow: Flow, data: DocumentData) -> None:
    notes = dict.fromkeys((*([data.tax_note] if data.tax_note else []), *data.tax_notes))
    for note in notes:
        paragraph(flow, translate(data.language, f"document.tax_note.{note}"), space=1.5)


def _reason(flow: Flow, data: DocumentData) -> None:
    if data.reason:
        paragraph(flow, translate(data.language, "document.reason", reason=data.reason))


def _delivery_address(flow: Flow, data: DocumentData) -> None:
    if data.delivery_address:
        title = translate(data.language, "document.delivery_address")
        headed(flow, title, [", ".join(data.delivery_address)])


def _valid_until(flow: Flow, data: DocumentData) -> None:
    if data.valid_until:
        until = date_(data.valid_until, data.language)
        paragraph(flow, translate(data.language, "document.valid_until", date=until))


def _remarks(flow: Flow, data: DocumentData) -> None:
    remarks = [text for text in data.remarks if text.strip()]
    if remarks:
        headed(flow, translate(data.language, "document.remarks"), remarks)


def _product(flow: Flow, data: DocumentData) -> None:
    """What is to be made, large: the shop floor reads it from a distance.  The first summary is how much of it."""
    if not data.recipient and not data.summary:
        return
    room = flow.room
    name = wrap(data.recipient[0] if data.recipient else "", PRODUCT, room, 3)
    details = [line for text in data.recipient[1:] for line in wrap(text, BODY, room, 3)]
    facts = [(translate(data.language, f"document.summary.{key}"), value) for key, value in data.summary]
    height = len(name) * PRODUCT.leading + len(details) * BODY.leading + (13 if facts else 0) + 2
    top = flow.y

    def draw(pen: Pen) -> None:
        y = top
        for text in name:
            y += PRODUCT.leading
            pen.text(flow.left, y, text, PRODUCT)
        for text in details:
            y += BODY.leading
            pen.text(flow.left, y, text, BODY)
        x = flow.left
        each = room / max(len(facts), 1) - 4
        for label, value in facts:
            said = fit(_value(value, data.language), VERDICT, each)
            pen.text(x, y + 6, label, SMALL)
            pen.text(x, y + 11.5, said, VERDICT)
            x += max(width(label, SMALL), width(said, VERDICT)) + 10

    flow.put(draw)
    flow.y += height
    flow.skip(3)


def _summary(flow: Flow, data: DocumentData) -> None:
    """Sums below the table, the last of them the largest."""
    if not data.summary:
        return
    rows = [
        (translate(data.language, f"document.summary.{key}"), _value(value, data.language))
        for key, value in data.summary
    ]
    flow.skip(2)
    sums.place_sums(flow, rows[:-1], rows[-1], data.design.accent)


def _value(value: object, lang: str) -> str:
    if isinstance(value, Decimal):
        return number(value, lang)
    return date_(value, lang) if isinstance(value, date) else str(value)


def _receipt(flow: Flow, data: DocumentData) -> None:
    """The lines on which the customer confirms that the goods have arrived."""
    height = 24.0
    if not flow.fits(height):
        flow.turn()
    y, left = flow.y + height - 6, flow.left
    room = (flow.room - 10) / 2

    def draw(pen: Pen) -> None:
        pen.text(left, y, fit(translate(data.language, "document.received"), BODY, room), BODY)
        pen.rule(left + room + 10, y, RIGHT, HAIR, 0.7)
        pen.text(left + room + 10, y + 4, translate(data.language, "document.signature"), SMALL)

    flow.put(draw)
    flow.y += height


def _sign(flow: Flow, data: DocumentData) -> None:
    """Who did it and when, by hand."""
    if not flow.fits(SIGN_HEIGHT):
        flow.turn()
    y, left = flow.y + SIGN_HEIGHT - 5, flow.left
    captions = [translate(data.language, f"document.sign.{part}") for part in ("date", "name", "signature")]
    wide = flow.room / len(captions)

    def draw(pen: Pen) -> None:
        for index, caption in enumerate(captions):
            pen.rule(left + index * wide, y, left + (index + 1) * wide - 6, SOFT, 0.6)
            pen.text(left + index * wide, y + 4, caption, SMALL)

    flow.put(draw)
    flow.y += SIGN_HEIGHT


def _booking(flow: Flow, data: DocumentData) -> None:
    """Rows for what was made when: the card that goes with the order through the shop."""
    heads = ("date", "name", "good", "scrap", "reason", "minutes")
    shares = (0.15, 0.2, 0.13, 0.13, 0.26, 0.13)
    height = 14 + BOOKING_ROW * BOOKING_ROWS
    flow.skip(4)
    if not flow.fits(height):
        flow.turn()
    top, left, room = flow.y + 12, flow.left, flow.room
    title = translate(data.language, "document.booking.title")
    names = [translate(data.language, f"document.booking.{head}") for head in heads]

    def draw(pen: Pen) -> None:
        pen.text(left, top - 7, title, HEADING)
        x = left
        for name, share in zip(names, shares, strict=True):
            pen.text(x + 1, top - 1.5, fit(name, SMALL, room * share - 1), SMALL)
            for row in range(BOOKING_ROWS):
                pen.frame(x, top + row * BOOKING_ROW, room * share, BOOKING_ROW, HAIR)
            x += room * share

    flow.put(draw)
    flow.y += height


def _verdict(flow: Flow, data: DocumentData) -> None:
    """Whether what was measured is good, as a whole."""
    decided = [one.good for one in data.measurements]
    if not decided:
        return
    open_ = None in decided
    word = "open" if open_ and False not in decided else "bad" if False in decided else "good"
    flow.skip(4)
    flow.lines([translate(data.language, f"document.result.{word}")], VERDICT)


PARTS: Mapping[str, Part] = {
    "booking": _booking,
    "closing": _closing,
    "delivery_address": _delivery_address,
    "heading": heading,
    "intro": _intro,
    LINES: _lines,
    "own_tax": sums.own_tax,
    "pay_until": place_pay_until,
    "product": _product,
    "reason": _reason,
    "receipt": _receipt,
    "remarks": _remarks,
    "reminder_total": sums.reminder_total,
    "sign": _sign,
    "summary": _summary,
    "tax_notes": _tax_notes,
    "terms": place_terms,
    "totals": sums.totals,
    "valid_until": _valid_until,
    "verdict": _verdict,
}
