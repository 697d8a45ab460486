"""Sums at the right of the page: net, tax and total, what is taken off, what is left to pay."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from app.core.format import date_, money, number, percent
from app.core.i18n import translate
from app.services.documents.cells import adjustment_words
from app.services.documents.data import DocumentData, TaxAmount
from app.services.documents.layout import BODY, RIGHT, Flow
from app.services.documents.table import carry_over
from app.services.documents.typeset import Pen, Style, fit, width, wrap

SUM = Style(9, 5.4)
GRAND = Style(11, 7, "SemiBold")

Sum = tuple[str, str]


def place_sums(flow: Flow, rows: Sequence[Sum], last: Sum, accent: str) -> None:
    """Label and amount below each other, the last one large below a line; all on one page."""
    height = sums_height(len(rows))
    if not flow.fits(height):
        flow.turn()
    top = flow.y + 1.5
    column = max(width(last[1], GRAND), *(width(said, SUM) for _, said in [*rows, ("", "")])) + 6
    labels = max(width(last[0], GRAND), *(width(label, SUM) for label, _ in [*rows, ("", "")]))
    left = max(flow.left, RIGHT - column - labels - 0.5)
    grand = replace(GRAND, colour=accent)

    def draw(pen: Pen) -> None:
        y = top
        for label, said in rows:
            y += SUM.leading
            pen.text(left, y, fit(label, SUM, RIGHT - left - column), SUM)
            pen.text(RIGHT, y, said, SUM, "right")
        pen.rule(left, y + 2.2, RIGHT, accent, 0.7)
        pen.text(left, y + 2.2 + GRAND.leading - 1, last[0], grand)
        pen.text(RIGHT, y + 2.2 + GRAND.leading - 1, last[1], grand, "right")

    flow.put(draw)
    flow.y += height


def sums_height(rows: int) -> float:
    """Millimetres of so many sums with the large one below."""
    return 3 + rows * SUM.leading + 3 + GRAND.leading


def totals(flow: Flow, data: DocumentData) -> None:
    """The document's sums: lines, allowances and charges, net, tax per rate, gross."""
    sums = data.totals
    if sums is None:
        return
    lang, currency = data.language, sums.currency
    rows: list[Sum] = []
    if sums.lines is not None and sums.adjustments:
        rows.append((translate(lang, "document.total.lines"), money(sums.lines, currency, lang)))
        for one in sums.adjustments:
            sign = one.amount if one.charge else -one.amount
            rows.append((adjustment_words(one, lang, currency), money(sign, currency, lang)))
    rows.append((translate(lang, "document.total.net"), money(sums.net, currency, lang)))
    rows += [
        _tax(tax, currency, lang) for tax in sums.taxes if tax.rate or not (data.tax_note or data.tax_notes)
    ]
    carry_over(flow, data, sums_height(len(rows)))
    grand = translate(lang, "document.total.gross")
    place_sums(flow, rows, (grand, money(sums.gross, currency, lang)), data.design.accent)
    if not data.deductions:
        _payable(flow, data)


def deductions_total(flow: Flow, data: DocumentData) -> None:
    """What earlier invoices already asked for, and what is left (§ 14 (5) UStG: with their tax)."""
    sums, lang = data.totals, data.language
    if sums is None or not data.deductions:
        return
    currency = sums.currency
    taken = tuple(tax for one in data.deductions for tax in one.taxes)
    rows: list[Sum] = []
    for rate in dict.fromkeys(tax.rate for tax in taken):
        same = [tax for tax in taken if tax.rate == rate]
        net, tax = (sum((getattr(one, part) for one in same), Decimal(0)) for part in ("net", "tax"))
        label = translate(
            lang,
            "document.total.deducted",
            rate=percent(rate, lang),
            net=money(net, currency, lang),
        )
        rows.append((label, money(tax, currency, lang)))
    gross = sum((one.gross for one in data.deductions), Decimal(0))
    whole = (translate(lang, "document.total.gross"), money(sums.gross, currency, lang))
    less = (translate(lang, "document.total.deductions"), money(-gross, currency, lang))
    _payable(flow, data, [whole, less, *rows])


def own_tax(flow: Flow, data: DocumentData) -> None:
    """The tax of a foreign invoice in the company's currency (§ 16 (6) UStG), with the rate it was worked out by."""
    sums, lang = data.totals, data.language
    if sums is None or sums.currency == sums.own_currency:
        return
    known = [tax for tax in sums.taxes if tax.own_tax is not None and tax.rate]
    sentences = [
        translate(
            lang,
            "document.own_tax",
            rate=percent(tax.rate, lang),
            amount=money(tax.own_tax, sums.own_currency, lang),
        )
        for tax in known
    ]
    if sums.exchange_rate is not None:
        day = sums.exchange_date or data.date
        key = "document.exchange_rate"
        rate = number(sums.exchange_rate, lang, places=4)
        names = {"own": sums.own_currency, "currency": sums.currency}
        sentences.append(translate(lang, key, rate=rate, date=date_(day, lang), **names))
        sentences += [
            translate(
                lang,
                "document.deducted_rate",
                number=one.number,
                rate=number(one.exchange_rate, lang, places=4),
                **names,
            )
            for one in data.deductions
            if one.exchange_rate is not None
        ]
    lines = [line for sentence in sentences for line in wrap(sentence, BODY, flow.room, 4)]
    if lines:
        flow.skip(3)
        flow.lines(lines, BODY)


def reminder_total(flow: Flow, data: DocumentData) -> None:
    """What a reminder asks for: open items, interest, fee."""
    asked, lang = data.reminder, data.language
    if asked is None:
        return
    currency = asked.currency
    rows: list[Sum] = [(translate(lang, "document.reminder.open"), money(asked.open, currency, lang))]
    if asked.interest:
        label = translate(lang, "document.reminder.interest")
        if asked.interest_pct:
            label = f"{label} ({percent(asked.interest_pct, lang)})"
        rows.append((label, money(asked.interest, currency, lang)))
    if asked.flat:
        rows.append((translate(lang, "document.reminder.flat"), money(asked.flat, currency, lang)))
    if asked.fee:
        rows.append((translate(lang, "document.reminder.fee"), money(asked.fee, currency, lang)))
    last = (translate(lang, "document.reminder.total"), money(asked.total, currency, lang))
    place_sums(flow, rows, last, data.design.accent)


def _tax(tax: TaxAmount, currency: str, lang: str) -> Sum:
    rate, net = percent(tax.rate, lang), money(tax.net, currency, lang)
    return translate(lang, "document.total.tax", rate=rate, net=net), money(tax.tax, currency, lang)


def _payable(flow: Flow, data: DocumentData, rows: list[Sum] | None = None) -> None:
    sums, lang = data.totals, data.language
    if sums is None or sums.payable is None:
        return
    found = list(rows or ())
    for key, value in (("prepaid", sums.prepaid), ("rounding", sums.rounding)):
        if value:
            sign = -value if key == "prepaid" else value
            found.append((translate(lang, f"document.total.{key}"), money(sign, sums.currency, lang)))
    if not found and sums.payable == sums.gross:
        return
    payable = money(sums.payable, sums.currency, lang)
    place_sums(flow, found, (translate(lang, "document.total.payable"), payable), data.design.accent)
