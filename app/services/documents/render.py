"""Turns a `DocumentData` into a PDF: DIN 5008 form B, German or English, the same bytes for the same data."""

import io

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.core.errors import Invalid
from app.core.format import date_, money, percent
from app.core.i18n import LANGUAGES, has_text, translate
from app.services.documents.data import DocumentData, PaymentTerms
from app.services.documents.layout import (
    BODY,
    LEFT,
    RIGHT,
    SMALL,
    STRONG,
    TITLE,
    Flow,
    document_title,
    draw_first_page,
    draw_foot,
    draw_next_page,
    first_line,
    grouped_iban,
)
from app.services.documents.rules import missing_contents
from app.services.documents.table import carry_over, is_priced, place_table
from app.services.documents.typeset import HAIR, INK, Pen, Style, clean, fit, width, wrap

SUM = Style(9, 5.4)
GRAND = Style(11, 7, "SemiBold")
FREE_TEXT_LINES = 400


def render(data: DocumentData) -> bytes:
    """The document as PDF.

    Raises Invalid with the key of the first missing detail when an issued document is incomplete
    (`rules.missing_contents`), ValueError for a language without texts.
    """
    if data.language not in LANGUAGES:
        raise ValueError(f"no texts in language {data.language!r}")
    missing = missing_contents(data)
    if missing and not data.draft:
        raise Invalid(missing[0], number=data.number)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, pageCompression=1, invariant=1, lang=data.language)
    _describe(canvas, data)
    pen = Pen(canvas)
    pages = _compose(data).pages
    for number, drawings in enumerate(pages, start=1):
        if data.draft:
            pen.watermark(translate(data.language, "document.draft"))
        if number == 1:
            draw_first_page(pen, data)
        else:
            draw_next_page(pen, data)
        for draw in drawings:
            draw(pen)
        draw_foot(pen, data, number, len(pages))
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def file_name(data: DocumentData) -> str:
    """A name for the file, safe on every system: ``Rechnung_RE-2026-00001.pdf``."""
    title = document_title(data)
    return "".join(c if c.isalnum() or c in "-." else "_" for c in title).strip("_") + ".pdf"


def _describe(canvas: Canvas, data: DocumentData) -> None:
    """Title, author and dates in the file; the dates are the document's own, so the bytes depend on the data only."""
    canvas.setTitle(clean(document_title(data)))
    canvas.setAuthor(clean(data.company.name))
    canvas.setSubject(clean(f"{document_title(data)} · {data.recipient[0] if data.recipient else ''}"))
    canvas.setCreator("Werkbank")
    canvas.setViewerPreference("DisplayDocTitle", "true")
    stamp = f"D:{data.date:%Y%m%d}000000Z"
    canvas.setDateFormatter(lambda *_: stamp)


def _compose(data: DocumentData) -> Flow:
    flow = Flow(first_line(data))
    _heading(flow, data)
    _paragraph(flow, data.intro if data.intro is not None else _usual(data, "intro"), space=1.5)
    flow.skip(3)
    place_table(flow, data)
    if is_priced(data):
        _totals(flow, data)
    flow.skip(3)
    if data.tax_note:
        _paragraph(flow, translate(data.language, f"document.tax_note.{data.tax_note}"))
    if data.reason:
        _paragraph(flow, translate(data.language, "document.reason", reason=data.reason))
    if is_priced(data) and data.kind != "cancellation" and data.payment:
        _headed(flow, data, "document.terms.title", _terms(data, data.payment))
    if data.delivery_address:
        _headed(flow, data, "document.delivery_address", [", ".join(data.delivery_address)])
    if data.kind == "quote" and data.valid_until:
        until = date_(data.valid_until, data.language)
        _paragraph(flow, translate(data.language, "document.valid_until", date=until))
    _paragraph(flow, data.closing if data.closing is not None else _usual(data, "closing"))
    if data.kind == "delivery_note":
        _receipt(flow, data)
    return flow


def _usual(data: DocumentData, part: str) -> str:
    key = f"document.{part}.{data.kind}"
    return translate(data.language, key) if has_text(key) else ""


def _heading(flow: Flow, data: DocumentData) -> None:
    flow.lines(wrap(document_title(data), TITLE, RIGHT - LEFT, 2), TITLE)
    if data.original:
        original = translate(
            data.language,
            "document.original",
            number=data.original.number,
            date=date_(data.original.date, data.language),
        )
        flow.skip(1.5)
        flow.lines(wrap(original, STRONG, RIGHT - LEFT, 2), STRONG)


def _paragraph(flow: Flow, text: str, space: float = 3.0) -> None:
    lines = wrap(text, BODY, RIGHT - LEFT, FREE_TEXT_LINES)
    if lines:
        flow.skip(space)
        flow.lines(lines, BODY)


def _headed(flow: Flow, data: DocumentData, key: str, sentences: list[str]) -> None:
    """A short block under its own heading, kept on one page."""
    lines = [line for sentence in sentences for line in wrap(sentence, BODY, RIGHT - LEFT, 6)]
    if not lines:
        return
    flow.skip(3)
    if not flow.fits((len(lines) + 1) * BODY.leading):
        flow.turn()
    flow.lines([translate(data.language, key)], STRONG)
    flow.lines(lines, BODY)


def _terms(data: DocumentData, terms: PaymentTerms) -> list[str]:
    """The sentences on payment: with dates and amounts where they are known, in days otherwise."""
    lang = data.language
    currency = data.totals.currency if data.totals else "EUR"

    def say(key: str, **params: object) -> str:
        return translate(lang, f"document.terms.{key}", **params)

    sentences: list[str] = []
    share = percent(terms.discount_pct, lang)
    if terms.discount_pct and terms.discount_date and terms.discount_amount is not None:
        params: dict[str, object] = {
            "date": date_(terms.discount_date, lang),
            "percent": share,
            "amount": money(terms.discount_amount, currency, lang),
        }
        if terms.discount_payable is None:
            sentences.append(say("discount_until", **params))
        else:
            payable = money(terms.discount_payable, currency, lang)
            sentences.append(say("discount_due", payable=payable, **params))
    elif terms.discount_pct and terms.discount_days is not None:
        sentences.append(say("discount_days", n=terms.discount_days, percent=share))
    if terms.due_date:
        sentences.append(say("due", date=date_(terms.due_date, lang)))
    elif terms.net_days is not None:
        sentences.append(say("net_days", n=terms.net_days) if terms.net_days else say("at_once"))
    if data.kind == "invoice" and data.company.iban:
        iban = grouped_iban(data.company.iban).replace(" ", "\u00a0")
        sentences.append(say("transfer", iban=iban, number=data.number))
    return sentences


def _totals(flow: Flow, data: DocumentData) -> None:
    """Net, tax per rate and gross, together on one page."""
    totals = data.totals
    if totals is None:
        return
    lang = data.language
    rows = [(translate(lang, "document.total.net"), totals.net)]
    for tax in totals.taxes:
        if tax.rate or data.tax_note is None:
            rate, net = percent(tax.rate, lang), money(tax.net, totals.currency, lang)
            rows.append((translate(lang, "document.total.tax", rate=rate, net=net), tax.tax))
    height = 3 + len(rows) * SUM.leading + 3 + GRAND.leading
    carry_over(flow, data, height)
    top = flow.y + 1.5
    grand = money(totals.gross, totals.currency, lang)
    label = translate(lang, "document.total.gross")
    amounts = [money(amount, totals.currency, lang) for _, amount in rows]
    column = max(width(grand, GRAND), *(width(amount, SUM) for amount in amounts)) + 6
    left = RIGHT - column - max(width(label, GRAND), *(width(text, SUM) for text, _ in rows))

    def draw(pen: Pen) -> None:
        y = top
        for (text, _), amount in zip(rows, amounts, strict=True):
            y += SUM.leading
            pen.text(left, y, text, SUM)
            pen.text(RIGHT, y, amount, SUM, "right")
        pen.rule(left, y + 2.2, RIGHT, INK, 0.7)
        pen.text(left, y + 2.2 + GRAND.leading - 1, label, GRAND)
        pen.text(RIGHT, y + 2.2 + GRAND.leading - 1, grand, GRAND, "right")

    flow.put(draw)
    flow.y += height


def _receipt(flow: Flow, data: DocumentData) -> None:
    """The lines on which the customer confirms that the goods have arrived."""
    height = 24.0
    if not flow.fits(height):
        flow.turn()
    y = flow.y + height - 6
    room = (RIGHT - LEFT - 10) / 2
    captions = ("document.received", "document.signature")

    def draw(pen: Pen) -> None:
        pen.text(LEFT, y, fit(translate(data.language, captions[0]), BODY, room), BODY)
        pen.rule(LEFT + room + 10, y, RIGHT, HAIR, 0.7)
        pen.text(LEFT + room + 10, y + 4, translate(data.language, captions[1]), SMALL)

    flow.put(draw)
    flow.y += height
