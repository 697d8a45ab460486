"""A hundred invoices of ten lines: as PDF, and as archived PDF/A with its e-invoice, proved by all rule sets.

On one core where the system lets a process choose: the rule sets run in a process of their own, which would otherwise
take a second one.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from typing import Any

from app.services.documents import data as paper
from app.services.documents.design import Design
from app.services.documents.preview import Picture, picture, sample_pdf
from app.services.documents.render import render
from app.services.einvoice import model
from app.services.einvoice.model import Profile
from app.services.einvoice.schematron import RULE_SETS
from app.services.einvoice.validate import check
from app.services.einvoice.zugferd import embed

COUNT, LINES = 100, 10
PREVIEW = 900  # pixels across
DESIGNS = tuple(Design(accent=f"#{number:06x}") for number in range(0, 200_000, 20_000))
RATE = Decimal(19)
DAY = date(2026, 11, 20)
WORDS = (
    "Weihnachtsmann auf Schlitten",
    "Nussknacker „König“",
    "Räucherhaus mit Laternenkindern",
    "Osterhase mit Kiepe",
)


def run(*, small: bool) -> dict[str, Any]:
    """Invoices a second: PDF alone, and PDF/A with XML and validation, for each form they are sent in."""
    count = COUNT // 5 if small else COUNT
    numbers = range(1, count + 1)
    papers = [_paper(number) for number in numbers]
    invoices = [_invoice(number) for number in numbers]
    with _one_core():
        figures: dict[str, Any] = {"pdf_per_s": _rate(papers, render)}
        figures["preview_first_page_ms"] = round(1000 / _rate(list(DESIGNS), _previewed), 1)
        pdf = render(papers[0])
        for profile in (Profile.ZUGFERD_EN16931, Profile.ZUGFERD_EXTENDED, Profile.XRECHNUNG_CII):
            both = list(zip(papers, invoices, strict=True))
            figures[f"pdfa_with_{profile}_validated_per_s"] = _rate(both, partial(_sent, profile))
        figures["xrechnung_ubl_validated_per_s"] = _rate(
            invoices, lambda one: _valid(one, Profile.XRECHNUNG_UBL)
        )
        figures["pdfa_embedding_alone_per_s"] = _rate(
            invoices, lambda _: embed(pdf, b"<a/>", Profile.ZUGFERD_EN16931)
        )
        RULE_SETS.stop()
    return figures


def _previewed(design: Design) -> Picture:
    """What the settings show after every key: the sample invoice in a design, its first page as a picture."""
    return picture(sample_pdf("invoice", "de", design, None), PREVIEW)


def _sent(profile: Profile, both: tuple[paper.DocumentData, model.Invoice]) -> bytes:
    document, invoice = both
    return embed(render(document), _valid(invoice, profile), profile)


def _valid(invoice: model.Invoice, profile: Profile) -> bytes:
    report = check(invoice, profile)
    if report.findings:
        raise RuntimeError(f"the sample invoice has faults: {report.findings[0]}")
    return report.xml


def _rate(things: list[Any], work: Callable[[Any], object]) -> float:
    """How many a second; the first, with what is loaded once, does not count."""
    work(things[0])
    begun = time.perf_counter()
    for thing in things:
        work(thing)
    return round(len(things) / (time.perf_counter() - begun), 1)


@contextmanager
def _one_core() -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    RULE_SETS.stop()  # it inherits the core
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _lines(number: int) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """Name, quantity, price and amount of each line."""
    found = []
    for line in range(LINES):
        quantity = Decimal((number * 7 + line * 3) % 24 + 1)
        price = Decimal((number * 131 + line * 977) % 9000 + 95) / 100
        found.append((WORDS[line % len(WORDS)], quantity, price, quantity * price))
    return found


def _sums(number: int) -> tuple[Decimal, Decimal]:
    net = sum((amount for _, _, _, amount in _lines(number)), Decimal(0))
    return net, (net * RATE / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def _paper(number: int) -> paper.DocumentData:
    net, tax = _sums(number)
    return paper.DocumentData(
        kind="invoice",
        number=f"RE-2026-{number:05}",
        date=DAY,
        language="de",
        company=paper.Company(
            "Zinngießerei Muster GmbH", "Gießergasse 7", "90402", "Nürnberg",
            phone="+49 911 555 010", email="post@zinn-muster.example", vat_id="DE123456789",
            register="Amtsgericht Nürnberg, HRB 12345", bank_name="Musterbank", iban="DE02120300000000202051",
        ),
        recipient=("Spielwaren Muster & Söhne OHG", "Königstraße 12", "70173 Stuttgart"),
        lines=tuple(
            paper.Line(str(at), f"ZF-{at:04}", name, quantity, "Stk", "im Karton", price, None, amount, RATE)
            for at, (name, quantity, price, amount) in enumerate(_lines(number), start=1)
        ),
        totals=paper.Totals(net, (paper.TaxAmount(RATE, net, tax),), net + tax),
        payment=paper.PaymentTerms(due_date=DAY + timedelta(30)),
        supplied_on=DAY,
    )  # fmt: skip


def _invoice(number: int) -> model.Invoice:
    net, tax = _sums(number)
    name = f"RE-2026-{number:05}"
    return model.Invoice(
        number=name,
        issued=DAY,
        type=model.TypeCode.INVOICE,
        currency="EUR",
        seller=model.Party(
            "Zinngießerei Muster GmbH",
            model.Address("Gießergasse 7", city="Nürnberg", postcode="90402", country="DE"),
            vat_id="DE123456789",
            endpoint=model.Identifier("post@zinn-muster.example", "EM"),
            contact=model.Contact("Franziska Adler", "+49 911 555 010", "post@zinn-muster.example"),
        ),
        buyer=model.Party(
            "Spielwaren Muster & Söhne OHG",
            model.Address("Königstraße 12", city="Stuttgart", postcode="70173", country="DE"),
            endpoint=model.Identifier("eingang@spielwaren.example", "EM"),
        ),
        lines=tuple(
            model.Line(
                str(at),
                model.Item(words, "im Karton", f"ZF-{at:04}"),
                quantity,
                "H87",
                model.Price(price),
                amount,
                model.Category.STANDARD,
                RATE,
            )
            for at, (words, quantity, price, amount) in enumerate(_lines(number), start=1)
        ),
        taxes=(model.Tax(net, tax, model.Category.STANDARD, RATE),),
        totals=model.Totals(net, net, net + tax, net + tax, tax),
        due=DAY + timedelta(30),
        buyer_reference="10027",
        delivery=model.Delivery(DAY),
        payment=(model.PaymentMeans("58", iban="DE02120300000000202051"),),
        payment_reference=name,
    )
