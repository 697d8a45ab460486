"""A made-up order of a pewter-figure maker, as every kind of document."""

from datetime import date
from decimal import Decimal
from typing import Any

from app.services.documents.data import (
    Company,
    Contact,
    DocumentData,
    Kind,
    Language,
    Line,
    Original,
    PaymentTerms,
    Reference,
    TaxAmount,
    Totals,
)

D = Decimal
COMPANY = Company(
    name="Zinngießerei Lindner GmbH",
    street="Gießergasse 7",
    postcode="90402",
    city="Nürnberg",
    phone="+49 911 555 010",
    email="post@zinn-lindner.example",
    web="www.zinn-lindner.example",
    vat_id="DE123456789",
    tax_number="241/123/45678",
    register="Amtsgericht Nürnberg, HRB 12345",
    managing_director="Eva Lindner",
    bank_name="Sparkasse Nürnberg",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
)
RECIPIENT = ("Spielwaren Grünäcker & Söhne OHG", "Frau Beate Öztürk", "Königstraße 12", "70173 Stuttgart")
CONTACT = Contact("Miriam Vogel", "+49 911 555 014", "m.vogel@zinn-lindner.example")
ARTICLES = [
    (
        "ZF-1001-B",
        "Weihnachtsmann auf Schlitten, bemalt",
        "Handbemalt, Höhe 62 mm, im Geschenkkarton",
        "24.90",
    ),
    ("ZF-1044-O", "Nussknacker „König“, oxidiert", "", "18.50"),
    (
        "ZF-2210-N",
        "Räucherhaus mit Winterlandschaft und Laternenkindern, blank",
        "Bausatz, 14 Teile",
        "41.00",
    ),
    ("ZF-3105-B", "Osterhase mit Kiepe, bemalt", "", "12.75"),
]


def lines(count: int, *, priced: bool = True, discounts: bool = True, sign: int = 1) -> tuple[Line, ...]:
    """So many positions; every third has a discount of 12.5 %, every second comes from two lots."""
    made = []
    for index in range(count):
        sku, name, description, price = ARTICLES[index % len(ARTICLES)]
        quantity = D(sign * (10 + index))
        share = D("12.5") if discounts and index % 3 == 1 else None
        net = (quantity * D(price) * (100 - (share or 0)) / 100).quantize(D("0.01"))
        lots = (f"L-2026-{index:03}", f"L-2026-{index + 300:03}") if index % 2 else (f"L-2026-{index:03}",)
        made.append(
            Line(
                position=str(index + 1),
                sku=sku,
                name=name,
                description=description,
                quantity=quantity,
                unit="Stk",
                unit_price=D(price) if priced else None,
                discount_pct=share if priced else None,
                net=net if priced else None,
                tax_rate=D(19) if priced else None,
                lots=() if priced else lots,
            )
        )
    return tuple(made)


def totals(positions: tuple[Line, ...]) -> Totals:
    """The sums of these positions, one rounding per tax rate."""
    rates = sorted({line.tax_rate for line in positions if line.tax_rate is not None}, reverse=True)
    taxes = []
    for rate in rates:
        net = sum((line.net or D(0) for line in positions if line.tax_rate == rate), D(0))
        taxes.append(TaxAmount(rate, net, (net * rate / 100).quantize(D("0.01"))))
    net = sum((tax.net for tax in taxes), D(0))
    return Totals(net, tuple(taxes), net + sum((tax.tax for tax in taxes), D(0)))


def sample(kind: Kind = "invoice", language: Language = "de", count: int = 4, **changes: Any) -> DocumentData:
    """A complete document of the kind; ``changes`` replace fields."""
    priced = kind != "delivery_note"
    positions = changes.pop("lines", lines(count, priced=priced, sign=-1 if kind == "cancellation" else 1))
    sums = totals(positions) if priced else None
    gross = sums.gross if sums else D(0)
    skonto = (gross * 2 / 100).quantize(D("0.01"))
    fields: dict[str, Any] = {
        "kind": kind,
        "number": {
            "quote": "AN-2026-00017",
            "order_confirmation": "AU-2026-00012",
            "delivery_note": "LS-2026-00031",
            "invoice": "RE-2026-00042",
            "cancellation": "RE-2026-00043",
        }[kind],
        "date": date(2026, 11, 20),
        "language": language,
        "company": COMPANY,
        "recipient": RECIPIENT,
        "lines": positions,
        "totals": sums,
        "contact": CONTACT,
        "references": (
            Reference("customer_number", "10042"),
            Reference("your_order", "B 4711/26"),
            Reference("your_vat_id", "DE811234567" if kind in ("invoice", "cancellation") else ""),
            Reference("order", "" if kind in ("quote", "order_confirmation") else "AU-2026-00012"),
            Reference("delivery_note", "LS-2026-00031" if kind == "invoice" else ""),
        ),
    }
    if kind == "quote":
        fields |= {"valid_until": date(2026, 12, 18), "payment": PaymentTerms(30, None, D(2), 8)}
    elif kind == "order_confirmation":
        fields |= {
            "payment": PaymentTerms(30, None, D(2), 8),
            "delivery_address": ("Grünäcker Zentrallager", "Hafenstraße 3", "70327 Stuttgart"),
        }
        fields["references"] += (Reference("delivery_date", date(2026, 12, 4)),)
    elif kind == "invoice":
        fields |= {
            "supplied_on": date(2026, 11, 19),
            "payment": PaymentTerms(
                30, date(2026, 12, 20), D(2), 8, date(2026, 11, 28), skonto, gross - skonto
            ),
        }
    elif kind == "cancellation":
        fields |= {
            "supplied_on": date(2026, 11, 19),
            "original": Original("RE-2026-00042", date(2026, 11, 20)),
            "reason": "Falscher Rechnungsempfänger",
        }
    return DocumentData(**(fields | changes))
