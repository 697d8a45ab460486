"""An invoice for people: what a page shows of it, in words of one language, every text as it came."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.core.format import date_, money, number, percent, quantity
from app.core.i18n import has_text, translate
from app.services.einvoice.model import Address, Contact, Invoice, Line, Party
from app.services.validation.findings import Finding

Row = tuple[str, str]
# Codes of units that come often, in words; others are shown as they are.
UNITS = frozenset(
    {"H87", "C62", "KGM", "GRM", "MTR", "MMT", "CMT", "LTR", "HUR", "DAY", "SET", "PR", "MTK", "KMT", "XPK"}
)


@dataclass(frozen=True, slots=True)
class Block:
    """A group of facts under a heading."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """A line as it is shown: number, words (the first stands out), quantity, price, tax, amount."""

    id: str
    words: tuple[str, ...]
    quantity: str
    price: str
    tax: str
    net: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """An invoice without its lines as texts."""

    title: str
    blocks: tuple[Block, ...]
    sums: tuple[Row, ...]
    notes: tuple[str, ...]


def sheet(invoice: Invoice, lang: str) -> Sheet:
    """What to show of an invoice beside its lines."""
    kind = f"einvoice.type.{invoice.type}"
    name = translate(lang, kind if has_text(kind) else "einvoice.type.other", code=invoice.type)
    blocks = (
        Block(_t(lang, "head"), _filled(_head(invoice, lang))),
        Block(_t(lang, "seller"), _party(invoice.seller, lang)),
        Block(_t(lang, "buyer"), _party(invoice.buyer, lang)),
        Block(_t(lang, "delivery"), _filled(_delivery(invoice, lang))),
        Block(_t(lang, "payment"), _filled(_payment(invoice, lang))),
        Block(
            _t(lang, "attachments"),
            tuple(
                (one.reference, one.description or one.file_name or one.uri or "–")
                for one in invoice.attachments
            ),
        ),
    )
    return Sheet(
        f"{name} {invoice.number}",
        tuple(block for block in blocks if block.rows),
        _filled(_sums(invoice, lang)),
        tuple(note.text for note in invoice.notes),
    )


def positions(invoice: Invoice, lang: str, first: int, behind: int) -> tuple[Position, ...]:
    """Some of the lines of an invoice."""
    return tuple(_position(line, invoice.currency, lang) for line in invoice.lines[first:behind])


def sentence(finding: Finding, invoice: Invoice | None, lang: str) -> str:
    """What a finding says, with the line of the invoice it is about."""
    words = finding.words(lang)
    found = re.match(r"lines\[(\d+)\]", finding.field)
    if found is None or invoice is None or int(found[1]) >= len(invoice.lines):
        return words
    line = invoice.lines[int(found[1])]
    return translate(lang, "einvoice.in_line", line=line.id or int(found[1]) + 1, words=words)


def source(finding: Finding) -> str:
    """Rule, term of the norm and law a finding rests on."""
    given = (finding.params.get(name) for name in ("rule", "bt", "law"))
    return " · ".join(str(one) for one in given if one)


def _t(lang: str, key: str) -> str:
    return translate(lang, f"einvoice.sheet.{key}")


def _filled(rows: Iterable[Row]) -> tuple[Row, ...]:
    return tuple(row for row in rows if row[1] and row[1] != "–")


def _day(day: dt.date | None, lang: str) -> str:
    return date_(day, lang) if day else ""


def _head(invoice: Invoice, lang: str) -> list[Row]:
    before = ", ".join(
        f"{one.number} ({_day(one.date, lang)})" if one.date else one.number for one in invoice.preceding
    )
    return [
        (_t(lang, "number"), invoice.number),
        (_t(lang, "issued"), _day(invoice.issued, lang)),
        (_t(lang, "order"), invoice.order),
        (_t(lang, "sales_order"), invoice.sales_order),
        (_t(lang, "buyer_reference"), invoice.buyer_reference),
        (_t(lang, "contract"), invoice.contract),
        (_t(lang, "project"), invoice.project),
        (_t(lang, "object"), invoice.object_id),
        (_t(lang, "tender"), invoice.tender),
        (_t(lang, "accounting"), invoice.accounting),
        (_t(lang, "preceding"), before),
    ]


def _address(address: Address) -> str:
    place = f"{address.postcode} {address.city}".strip()
    parts = (address.line1, address.line2, address.line3, place, address.region, address.country)
    return ", ".join(part for part in parts if part)


def _contact(contact: Contact | None) -> str:
    return ", ".join(part for part in (contact.name, contact.phone, contact.email) if part) if contact else ""


def _party(party: Party, lang: str) -> tuple[Row, ...]:
    legal = party.legal_id.value if party.legal_id else ""
    known = party.id or (party.global_id.value if party.global_id else "")
    return _filled(
        [
            (_t(lang, "name"), party.name),
            (_t(lang, "trading_name"), party.trading_name),
            (_t(lang, "address"), _address(party.address)),
            (_t(lang, "vat_id"), party.vat_id),
            (_t(lang, "tax_number"), party.tax_number),
            (_t(lang, "known_as"), known),
            (_t(lang, "register"), ", ".join(part for part in (legal, party.legal_info) if part)),
            (_t(lang, "contact"), _contact(party.contact)),
            (_t(lang, "endpoint"), party.endpoint.value if party.endpoint else ""),
        ]
    )


def _delivery(invoice: Invoice, lang: str) -> list[Row]:
    delivery, period = invoice.delivery, invoice.period
    span = (
        " – ".join(part for part in (_day(period.start, lang), _day(period.end, lang)) if part)
        if period
        else ""
    )
    rows = [
        (_t(lang, "period"), span),
        (_t(lang, "despatch"), invoice.despatch),
        (_t(lang, "receipt"), invoice.receipt),
    ]
    if delivery is not None:
        rows = [
            (_t(lang, "delivered"), _day(delivery.date, lang)),
            (_t(lang, "name"), delivery.name),
            (_t(lang, "address"), _address(delivery.address) if delivery.address else ""),
            *rows,
        ]
    return rows


def _payment(invoice: Invoice, lang: str) -> list[Row]:
    rows = [(_t(lang, "due"), _day(invoice.due, lang)), (_t(lang, "terms"), invoice.terms)]
    for discount in invoice.discounts:
        params = {"n": discount.days, "percent": percent(discount.percent, lang)}
        rows.append((_t(lang, "discount"), translate(lang, "einvoice.sheet.discount_words", **params)))
    for means in invoice.payment:
        account = ", ".join(part for part in (means.iban, means.bic, means.account_name) if part)
        key = f"einvoice.means.{means.code}"
        words = translate(lang, key) if has_text(key) else means.text or means.code
        rows.append((words, account or means.card_number or means.debited_iban or means.text or "✓"))
    rows += [
        (_t(lang, "payment_reference"), invoice.payment_reference),
        (_t(lang, "mandate"), invoice.mandate),
        (_t(lang, "creditor"), invoice.creditor),
        (_t(lang, "payee"), invoice.payee.name if invoice.payee else ""),
    ]
    return rows


def unit_name(code: str, lang: str) -> str:
    """A unit in words; the code itself when it is seldom."""
    return translate(lang, f"einvoice.unit.{code}") if code in UNITS else code


def _position(line: Line, currency: str, lang: str) -> Position:
    item, price = line.item, line.price
    codes = [
        f"{_t(lang, key)} {value}"
        for key, value in (
            ("sku", item.seller_id),
            ("your_sku", item.buyer_id),
            ("gtin", item.standard_id.value if item.standard_id else ""),
            ("origin", item.origin),
        )
        if value
    ]
    words = [item.name, item.description, ", ".join(codes), line.note]
    words += [f"{one.name}: {one.value}" for one in item.attributes]
    for sign, adjustments in (("−", line.allowances), ("+", line.charges)):
        for one in adjustments:
            share = f" ({percent(one.percent, lang)})" if one.percent is not None else ""
            words.append(f"{one.reason or one.reason_code}{share}: {sign}{money(one.amount, currency, lang)}")
    per = ""
    if price.base_quantity not in (None, Decimal(1)):
        per = f" / {quantity(price.base_quantity, lang=lang)}"
    return Position(
        line.id,
        tuple(word for word in words if word),
        f"{quantity(line.quantity, lang=lang)} {unit_name(line.unit, lang)}",
        f"{_price(price.net, currency, lang)}{per}",
        percent(line.rate, lang) if line.category == "S" else line.category,
        money(line.net, currency, lang),
    )


def _price(value: Decimal, currency: str, lang: str) -> str:
    """A price with all its places."""
    exponent = value.normalize().as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -2:
        return money(value, currency, lang)
    return f"{number(value, lang)} {currency}"


def _taxes(invoice: Invoice, lang: str) -> list[Row]:
    rows = []
    for tax in invoice.taxes:
        rate = percent(tax.rate, lang) if tax.rate is not None else tax.category
        params = {"rate": rate, "net": money(tax.base, invoice.currency, lang)}
        why = f" – {tax.reason}" if tax.reason else ""
        words = translate(lang, "einvoice.sheet.tax_on", **params) + why
        rows.append((words, money(tax.tax, invoice.currency, lang)))
    return rows


def _sums(invoice: Invoice, lang: str) -> list[Row]:
    totals, currency = invoice.totals, invoice.currency

    def shown(value: Decimal | None, sign: str = "") -> str:
        return f"{sign}{money(value, currency, lang)}" if value else ""

    rows = [(_t(lang, "sum_lines"), money(totals.lines, currency, lang))]
    for sign, adjustments in (("−", invoice.allowances), ("+", invoice.charges)):
        rows += [(one.reason or one.reason_code, shown(one.amount, sign)) for one in adjustments]
    rows.append((_t(lang, "sum_net"), money(totals.net, currency, lang)))
    rows += _taxes(invoice, lang)
    if totals.tax_in_tax_currency is not None:
        rows.append(
            (_t(lang, "sum_tax_currency"), money(totals.tax_in_tax_currency, invoice.tax_currency, lang))
        )
    rows += [
        (_t(lang, "sum_gross"), money(totals.gross, currency, lang)),
        (_t(lang, "sum_prepaid"), shown(totals.prepaid, "−")),
        (_t(lang, "sum_rounding"), shown(totals.rounding)),
        (_t(lang, "sum_payable"), money(totals.payable, currency, lang)),
    ]
    return rows


# Where a field of the model is kept in the house: a text `einvoice.place.<name>`.
_PLACES = (
    (re.compile(r"buyer|delivery\.address"), "customer"),
    (re.compile(r"seller|payment|creditor"), "company"),
    (re.compile(r"lines"), ""),
    (re.compile(r"allowances|charges"), "adjustments"),
    (re.compile(r"due|terms|discounts"), "terms"),
)


def placed(finding: Finding, invoice: Invoice | None, lang: str) -> str:
    """What a finding says, with the place in the house where it can be mended."""
    words = sentence(finding, invoice, lang)
    place = next((name for pattern, name in _PLACES if pattern.match(finding.field)), "")
    if not place:
        return words
    return translate(lang, "einvoice.placed", place=translate(lang, f"einvoice.place.{place}"), words=words)
