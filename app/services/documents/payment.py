"""How and when to pay, and the code a bank's app reads it from."""

from app.core.format import date_, money, percent
from app.core.i18n import translate
from app.services.documents.codes import PAYMENT_SIDE, draw_payment, payment_text
from app.services.documents.data import DocumentData, PaymentTerms
from app.services.documents.kinds import spec_of
from app.services.documents.layout import BODY, RIGHT, STRONG, Flow, grouped_iban
from app.services.documents.typeset import SOFT, Pen, Style, fit, width, wrap

CAPTION = Style(6.8, 3.1, colour=SOFT)
CAPTION_ROOM = 3.0


def place_terms(flow: Flow, data: DocumentData) -> None:
    """The payment terms, with the payment code beside them where there is something to pay."""
    if data.payment is not None:
        _beside_code(flow, data, translate(data.language, "document.terms.title"), _terms(data, data.payment))


def place_pay_until(flow: Flow, data: DocumentData) -> None:
    """Until when a reminder wants its money, and where."""
    if data.reminder is None:
        return
    say, asked = translate, data.reminder
    total = money(asked.total, asked.currency, data.language)
    until = date_(asked.pay_until, data.language)
    sentences = [say(data.language, "document.reminder.pay_until", amount=total, date=until)]
    if data.company.iban:
        sentences.append(say(data.language, "document.terms.account", iban=_iban(data)))
    _beside_code(flow, data, say(data.language, "document.terms.title"), sentences)


def _beside_code(flow: Flow, data: DocumentData, title: str, sentences: list[str]) -> None:
    code = payment_text(data) if spec_of(data.kind).pays else ""
    room = flow.room - (PAYMENT_SIDE + 6 if code else 0)
    lines = [line for sentence in sentences for line in wrap(sentence, BODY, room, 6)]
    if not lines:
        return
    flow.skip(4)
    height = (len(lines) + 1) * BODY.leading
    if code:
        height = max(height, PAYMENT_SIDE + CAPTION_ROOM)
    if not flow.fits(height):
        flow.turn()
    top = flow.y
    flow.lines([title], STRONG)
    flow.lines(lines, BODY, keep=len(lines))
    if code:
        caption = fit(translate(data.language, "document.payment_code"), CAPTION, PAYMENT_SIDE + 12)

        def draw(pen: Pen) -> None:
            draw_payment(pen, code, RIGHT - PAYMENT_SIDE, top)
            middle = RIGHT - max(PAYMENT_SIDE, width(caption, CAPTION)) / 2  # never beyond the margin
            pen.text(middle, top + PAYMENT_SIDE + 1.5, caption, CAPTION, "centre")

        flow.put(draw)
        flow.y = max(flow.y, top + height)


def _terms(data: DocumentData, terms: PaymentTerms) -> list[str]:
    """The sentences on payment: with dates and amounts where they are known, in days otherwise."""
    lang = data.language
    sentences = [sentence for step in (terms, *terms.steps) if (sentence := _discount(data, step))]
    if terms.due_date:
        sentences.append(translate(lang, "document.terms.due", date=date_(terms.due_date, lang)))
    elif terms.net_days is not None:
        key = "document.terms.net_days" if terms.net_days else "document.terms.at_once"
        sentences.append(translate(lang, key, n=terms.net_days))
    if spec_of(data.kind).pays and data.company.iban:
        sentences.append(translate(lang, "document.terms.transfer", iban=_iban(data), number=data.number))
    return sentences


def _discount(data: DocumentData, terms: PaymentTerms) -> str:
    """The sentence on one step of cash discount."""
    lang = data.language
    currency = data.totals.currency if data.totals else data.currency
    share = percent(terms.discount_pct, lang)
    if terms.discount_pct and terms.discount_date and terms.discount_amount is not None:
        params: dict[str, object] = {
            "date": date_(terms.discount_date, lang),
            "percent": share,
            "amount": money(terms.discount_amount, currency, lang),
        }
        if terms.discount_payable is None:
            return translate(lang, "document.terms.discount_until", **params)
        payable = money(terms.discount_payable, currency, lang)
        return translate(lang, "document.terms.discount_due", payable=payable, **params)
    if terms.discount_pct and terms.discount_days is not None:
        return translate(lang, "document.terms.discount_days", n=terms.discount_days, percent=share)
    return ""


def _iban(data: DocumentData) -> str:
    return grouped_iban(data.company.iban).replace(" ", "\u00a0")
