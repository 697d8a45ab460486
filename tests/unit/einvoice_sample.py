"""Invoices as the house writes them, for every case of § 14 UStG, their sums made independently of the program."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.services.einvoice.model import (
    VATEX,
    Address,
    Adjustment,
    Advance,
    AdvanceTax,
    Attachment,
    Attribute,
    Category,
    Classification,
    Contact,
    Delivery,
    Discount,
    Identifier,
    Invoice,
    Item,
    Line,
    Note,
    Party,
    PaymentMeans,
    Period,
    Preceding,
    Price,
    Tax,
    Totals,
)

D = Decimal
TWO, TEN, FULL = D(2), D("10.00"), D(19)
OFF_LINE = Adjustment(D("10.00"), D("99.99"), D(10), "Rabatt")
ISSUED = dt.date(2026, 11, 20)
SELLER = Party(
    "Zinngießerei Lindner GmbH",
    Address("Gießergasse 7", "Hinterhaus", "", "Nürnberg", "90402", "", "DE"),
    trading_name="Lindner Zinn",
    legal_id=Identifier("HRB 31415"),
    vat_id="DE123456789",
    tax_number="241/123/45678",
    legal_info="Geschäftsführerin: Eva Lindner, Amtsgericht Nürnberg",
    endpoint=Identifier("rechnung@lindner-zinn.example", "EM"),
    contact=Contact("Franziska Adler", "+49 911 12345-20", "adler@lindner-zinn.example"),
)
BUYER = Party(
    "Spielwaren Grünäcker & Söhne OHG",
    Address("Königstraße 12", city="Stuttgart", postcode="70173", country="DE"),
    id="10027",
    vat_id="DE987654321",
    endpoint=Identifier("eingang@gruenaecker.example", "EM"),
    contact=Contact("Herr Söhn", "0711 998877", "soehn@gruenaecker.example"),
)
ABROAD = replace(
    BUYER,
    name="Jouets Dupont S.A.R.L.",
    address=Address("12, rue de l’Étain", city="Lyon", postcode="69002", country="FR"),
    vat_id="FR83404833048",
)
SWISS = replace(
    BUYER,
    name="Spielhaus Zürich AG",
    address=Address("Bahnhofstrasse 1", city="Zürich", postcode="8001", country="CH"),
    vat_id="",
)
TRANSFER = PaymentMeans(
    "58", "SEPA-Überweisung", "DE02120300000000202051", "Zinngießerei Lindner GmbH", "BYLADEM1001"
)
REASONS = {
    Category.EXEMPT: ("Kein Ausweis von Umsatzsteuer, da Kleinunternehmer gemäß § 19 UStG", ""),
    Category.REVERSE_CHARGE: (
        "Steuerschuldnerschaft des Leistungsempfängers",
        VATEX[Category.REVERSE_CHARGE],
    ),
    Category.INTRA_COMMUNITY: (
        "Steuerfreie innergemeinschaftliche Lieferung",
        VATEX[Category.INTRA_COMMUNITY],
    ),
    Category.EXPORT: ("Steuerfreie Ausfuhrlieferung (§ 4 Nr. 1a UStG)", VATEX[Category.EXPORT]),
}


def cents(value: Decimal) -> Decimal:
    """Rounded as the house rounds."""
    return value.quantize(D("0.01"), ROUND_HALF_UP)


def line(
    number: int,
    quantity: Decimal = TWO,
    price: Decimal | Price = TEN,
    category: str = "S",
    rate: Decimal | None = FULL,
    **more: Any,
) -> Line:
    """A line with its net amount."""
    allowances = sum((one.amount for one in more.get("allowances", ())), D(0))
    charges = sum((one.amount for one in more.get("charges", ())), D(0))
    item = Item(f"Zinnfigur {number}", "Handbemalt <& geprüft>", f"ZF-{number:04}")
    values: dict[str, Any] = {
        "item": item,
        "price": price if isinstance(price, Price) else Price(price),
    } | more
    per = values["price"].base_quantity or D(1)
    net = cents(quantity * values["price"].net / per - allowances + charges)
    return Line(str(number), quantity=quantity, unit="H87", net=net, category=category, rate=rate, **values)


def invoice(lines: tuple[Line, ...] | None = None, **more: Any) -> Invoice:
    """An invoice with its sums made from its lines, allowances and charges."""
    lines = (line(1), line(2, D(3), D("4.95"))) if lines is None else lines
    allowances, charges = more.get("allowances", ()), more.get("charges", ())
    bases: dict[tuple[str, Decimal | None], Decimal] = {}
    for category, rate, amount in [
        *((one.category, one.rate, one.net) for one in lines),
        *((one.category, one.rate, -one.amount) for one in allowances),
        *((one.category, one.rate, one.amount) for one in charges),
    ]:
        bases[category, rate] = bases.get((category, rate), D(0)) + amount
    taxes = tuple(
        Tax(
            base,
            cents(base * (rate or D(0)) / 100),
            category,
            rate,
            *REASONS.get(Category(category), ("", "")),
        )
        for (category, rate), base in bases.items()
    )
    sum_lines = sum((one.net for one in lines), D(0))
    off, on = sum((one.amount for one in allowances), D(0)), sum((one.amount for one in charges), D(0))
    tax = sum((one.tax for one in taxes), D(0))
    prepaid, rounding = more.pop("prepaid", None), more.pop("rounding", None)
    net = sum_lines - off + on
    totals = Totals(
        sum_lines,
        net,
        net + tax,
        net + tax - (prepaid or D(0)) + (rounding or D(0)),
        tax,
        more.pop("tax_in_tax_currency", None),
        off if allowances else None,
        on if charges else None,
        prepaid,
        rounding,
    )
    values: dict[str, Any] = {
        "number": "RE-2026-00042",
        "issued": ISSUED,
        "type": "380",
        "currency": "EUR",
        "seller": SELLER,
        "buyer": BUYER,
        "due": dt.date(2026, 12, 20),
        "buyer_reference": "04011000-12345-34",
        "order": "B-7788",
        "sales_order": "AU-2026-00031",
        "delivery": Delivery(dt.date(2026, 11, 19)),
        "payment": (TRANSFER,),
        "payment_reference": "RE-2026-00042",
        "terms": "Zahlbar bis 20.12.2026 ohne Abzug.",
    } | more
    return Invoice(lines=lines, taxes=taxes, totals=totals, **values)


def _abroad(category: str, buyer: Party) -> Invoice:
    country = buyer.address.country
    to = Delivery(dt.date(2026, 11, 19), buyer.name, None, replace(buyer.address, country=country))
    return invoice((line(1, category=category, rate=D(0)),), buyer=buyer, delivery=to)


def _rich() -> Invoice:
    """Everything the model can say at once."""
    first = line(
        1,
        D("12.5"),
        price=Price(D("9.90"), D("1.10"), D("11.00"), D(1), "H87"),
        note="Lieferung in zwei Teilen",
        order_line="10",
        accounting="4711",
        period=Period(dt.date(2026, 11, 2), dt.date(2026, 11, 6)),
        allowances=(Adjustment(D("12.38"), D("123.75"), D("10.00"), "Mengenrabatt", "95"),),
        charges=(Adjustment(D("5.00"), reason="Gravur", reason_code="FC"),),
        item=Item(
            "Zinnteller „Nürnberg“",
            "Ø 24 cm",
            "ZT-24",
            "K-99",
            Identifier("4006381333931", "0160"),
            (Classification("8306 29 00", "HS"),),
            "DE",
            (Attribute("Legierung", "95 % Zinn"), Attribute("Farbe", "poliert")),
        ),
    )
    return invoice(
        (first, line(2, category="S", rate=D(7))),
        allowances=(Adjustment(D("2.00"), None, None, "Treuerabatt", "95", "S", D(19)),),
        charges=(Adjustment(D("5.90"), None, None, "Fracht", "FC", "S", D(19)),),
        discounts=(Discount(8, D("3.00")), Discount(14, D("2.00"), D("100.00"))),
        notes=(Note("Es gelten unsere AGB.", "AAI"), Note("Vielen Dank für Ihren Auftrag.")),
        project="P-100",
        contract="V-2026-1",
        receipt="WE-5",
        despatch="LS-2026-00077",
        tender="Los 3",
        object_id="Z-1",
        accounting="KST 100",
        delivery=Delivery(
            dt.date(2026, 11, 19),
            "Lager Süd",
            Identifier("4006381000005", "0088"),
            Address("Lagerweg 1", "", "", "Stuttgart", "70565", "BW", "DE"),
        ),
        period=Period(dt.date(2026, 11, 1), dt.date(2026, 11, 30)),
        preceding=(Preceding("RE-2026-00040", dt.date(2026, 11, 3)),),
        attachments=(
            Attachment(
                "LS-77", "Lieferschein", content=b"%PDF-1.7\n", mime="application/pdf", file_name="ls.pdf"
            ),
            Attachment("AGB", "", "https://lindner-zinn.example/agb"),
        ),
        rounding=D("0.01"),
    )


def _final() -> Invoice:
    """10 pieces at 100, two down payments deducted."""
    first, second = (
        Preceding("RE-2026-00010", dt.date(2026, 9, 1)),
        Preceding("RE-2026-00021", dt.date(2026, 10, 1)),
    )
    lines = (line(1, D(10), D("100.00")),)
    advances = (
        Advance(D("357.00"), (AdvanceTax(D("57.00"), "S", D(19)),), dt.date(2026, 9, 12), first),
        Advance(D("238.00"), (AdvanceTax(D("38.00"), "S", D(19)),), dt.date(2026, 10, 9), second),
    )
    return invoice(lines, prepaid=D("595.00"), preceding=(first, second), advances=advances)


CASES: dict[str, Callable[[], Invoice]] = {
    "standard": invoice,
    "reduced": lambda: invoice((line(1, rate=D(7)),)),
    "zero": lambda: invoice((line(1, category="Z", rate=D(0)),)),
    "several_rates": lambda: invoice((line(1), line(2, rate=D(7)), line(3, category="Z", rate=D(0)))),
    "reverse_charge": lambda: invoice((line(1, category="AE", rate=D(0)),)),
    "intra_community": lambda: _abroad("K", ABROAD),
    "export": lambda: _abroad("G", SWISS),
    "small_business": lambda: invoice(
        (line(1, category="E", rate=D(0)),), seller=replace(SELLER, vat_id="")
    ),
    "line_discount": lambda: invoice(
        (line(1, D(3), D("33.33"), allowances=(OFF_LINE,)),)
    ),
    "document_discount_and_charge": lambda: invoice(
        allowances=(Adjustment(D("3.49"), D("34.85"), D("10.00"), "Rabatt", "95", "S", D(19)),),
        charges=(Adjustment(D("6.90"), None, None, "Versand", "FC", "S", D(19)),),
    ),
    "skonto": lambda: invoice(discounts=(Discount(8, D("2.00"), None, D("0.83")), Discount(14, D("1.00")))),
    "credit_note": lambda: invoice(type="381", preceding=(Preceding("RE-2026-00040", dt.date(2026, 11, 3)),)),
    "correction": lambda: invoice(
        (line(1, D(-2)), line(2, D(-3), D("4.95"))),
        type="384",
        preceding=(Preceding("RE-2026-00040", dt.date(2026, 11, 3)),),
    ),
    "partial": lambda: invoice(type="326"),
    "final": _final,
    "self_billed": lambda: invoice(type="389", notes=(Note("Gutschrift"),)),
    "foreign_currency": lambda: invoice(
        currency="USD", tax_currency="EUR", tax_in_tax_currency=D("6.10"), payment=(replace(TRANSFER, code="30"),)
    ),
    "period": lambda: invoice(delivery=None, period=Period(dt.date(2026, 10, 1), dt.date(2026, 10, 31))),
    "no_order_of_theirs": lambda: invoice(order=""),
    "gratis": lambda: invoice((line(1, D(1), D("0.00")),)),
    "everything": _rich,
}  # fmt: skip
