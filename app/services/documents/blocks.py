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
# Tables to be filled in by hand: what share of the width each column has.
FORM_HEAD, FORM_ROW = 14.0, 8.0
BOOKING = {"date": 0.15, "name": 0.2, "good": 0.13, "scrap": 0.13, "reason": 0.26, "minutes": 0.13}
OPERATIONS = {"position": 0.09, "name": 0.37, "station": 0.2, "setup": 0.12, "minutes": 0.12, "sign": 0.1}
INSPECTION = {
    "feature": 0.3, "wanted": 0.14, "lower": 0.1, "upper": 0.1, "found": 0.14, "tool": 0.14, "good": 0.08
}  # fmt: skip

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


def _form(flow: Flow, lang: str, name: str, columns: Mapping[str, float], rows: int) -> None:
    """An empty table to be filled in by hand: ``columns`` says what share of the width each has."""
    flow.skip(4)
    if not flow.fits(FORM_HEAD + FORM_ROW * rows):
        flow.turn()
    top, left, room = flow.y + FORM_HEAD - 2, flow.left, flow.room
    title = translate(lang, f"document.{name}.title")
    heads = [(translate(lang, f"document.{name}.{column}"), share) for column, share in columns.items()]

    def draw(pen: Pen) -> None:
        pen.text(left, top - 7, title, HEADING)
        x = left
        for head, share in heads:
            pen.text(x + 1, top - 1.5, fit(head, SMALL, room * share - 1), SMALL)
            for row in range(rows):
                pen.frame(x, top + row * FORM_ROW, room * share, FORM_ROW, HAIR)
            x += room * share

    flow.put(draw)
    flow.y += FORM_HEAD + FORM_ROW * rows


def _booking(flow: Flow, data: DocumentData) -> None:
    """Rows for what was made when: the card that goes with the order through the shop."""
    _form(flow, data.language, "booking", BOOKING, 4)


def _operations(flow: Flow, data: DocumentData) -> None:
    """Rows for the operations, where no routing names them."""
    if not data.steps:
        _form(flow, data.language, "operations", OPERATIONS, 5)


def _inspection(flow: Flow, data: DocumentData) -> None:
    """Rows for what is measured; fewer below a list of articles, each of which has its own row already."""
    _form(flow, data.language, "inspection", INSPECTION, 6 if data.lines else 12)


def _outcome(flow: Flow, data: DocumentData) -> None:
    """Boxes to tick: what is to become of it."""
    flow.skip(5)
    if not flow.fits(12):
        flow.turn()
    y, left, lang = flow.y + 7, flow.left, data.language
    words = [translate(lang, f"document.outcome.{one}") for one in ("accepted", "again", "blocked")]

    def draw(pen: Pen) -> None:
        title = translate(lang, "document.outcome.title")
        pen.text(left, y, title, HEADING)
        x = left + width(title, HEADING) + 8
        for word in words:
            pen.frame(x, y - 3.4, 4, 4, SOFT)
            pen.text(x + 6, y, word, BODY)
            x += 6 + width(word, BODY) + 9

    flow.put(draw)
    flow.y += 12


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
    "inspection": _inspection,
    "intro": _intro,
    LINES: _lines,
    "operations": _operations,
    "outcome": _outcome,
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
