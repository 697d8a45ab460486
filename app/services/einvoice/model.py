"""An invoice in the terms of EN 16931-1: what it says, not how it is written.

The numbers of the norm (BT = business term, BG = group) stand beside each field.  Amounts come from the database and
are never computed here.  Money, quantities and rates are Decimal, a rate is given as 19 for 19 %.  An empty text or
None means: not given.  What only the EXTENDED profile of ZUGFeRD can carry is marked BT-X.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class Profile(StrEnum):
    """The forms in which an invoice can be sent or received."""

    ZUGFERD_EN16931 = "zugferd_en16931"
    ZUGFERD_EXTENDED = "zugferd_extended"
    XRECHNUNG_CII = "xrechnung_cii"
    XRECHNUNG_UBL = "xrechnung_ubl"

    @property
    def guideline(self) -> str:
        """The identifier of the specification (BT-24)."""
        return _GUIDELINES[self]

    @property
    def process(self) -> str:
        """The identifier of the business process (BT-23); XRechnung demands one."""
        return BILLING if self.is_xrechnung else ""

    @property
    def is_xrechnung(self) -> bool:
        """Whether the German rules of XRechnung hold beside the norm."""
        return self in (Profile.XRECHNUNG_CII, Profile.XRECHNUNG_UBL)

    @property
    def is_ubl(self) -> bool:
        """Whether it is written in UBL; otherwise in CII."""
        return self is Profile.XRECHNUNG_UBL


BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_XRECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
_GUIDELINES = {
    Profile.ZUGFERD_EN16931: "urn:cen.eu:en16931:2017",
    Profile.ZUGFERD_EXTENDED: "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
    Profile.XRECHNUNG_CII: _XRECHNUNG,
    Profile.XRECHNUNG_UBL: _XRECHNUNG,
}


class TypeCode(StrEnum):
    """What kind of invoice it is (BT-3, UNTDID 1001)."""

    PARTIAL = "326"
    INVOICE = "380"
    CREDIT_NOTE = "381"
    CORRECTED = "384"
    PREPAYMENT = "386"
    SELF_BILLED = "389"


class Category(StrEnum):
    """VAT categories (UNTDID 5305)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    INTRA_COMMUNITY = "K"
    EXPORT = "G"
    OUTSIDE = "O"


# Why no tax is charged, as a code of the list VATEX where there is one for the category.
VATEX = {
    Category.REVERSE_CHARGE: "VATEX-EU-AE",
    Category.INTRA_COMMUNITY: "VATEX-EU-IC",
    Category.EXPORT: "VATEX-EU-G",
    Category.OUTSIDE: "VATEX-EU-O",
}


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier and the list it is from (ISO 6523 or, for electronic addresses, EAS)."""

    value: str
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """BG-5, BG-8, BG-15: lines BT-35/36/162, city BT-37, post code BT-38, region BT-39, country BT-40."""

    line1: str = ""
    line2: str = ""
    line3: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Contact:
    """BG-6, BG-9: name BT-41, telephone BT-42, e-mail BT-43."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """BG-4 seller and BG-7 buyer.

    name BT-27/44, trading name BT-28/45, id BT-29/46 (global_id with a scheme), legal id BT-30/47, VAT id BT-31/48,
    tax number BT-32, legal information BT-33, electronic address BT-34/49.
    """

    name: str
    address: Address
    trading_name: str = ""
    id: str = ""
    global_id: Identifier | None = None
    legal_id: Identifier | None = None
    vat_id: str = ""
    tax_number: str = ""
    legal_info: str = ""
    endpoint: Identifier | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Payee:
    """BG-10, who gets the money when it is not the seller: name BT-59, id BT-60, legal id BT-61."""

    name: str
    id: str = ""
    legal_id: Identifier | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """BG-13: receiver BT-70, place BT-71, date BT-72, address BG-15."""

    date: dt.date | None = None
    name: str = ""
    place: Identifier | None = None
    address: Address | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """BG-14 and BG-26: first day BT-73/134, last day BT-74/135."""

    start: dt.date | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """BG-1: text BT-22 and its subject BT-21 (UNTDID 4451)."""

    text: str
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Preceding:
    """BG-3, an invoice this one refers to: number BT-25, date BT-26."""

    number: str
    date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """BG-24: reference BT-122, description BT-123, address BT-124, file BT-125."""

    reference: str
    description: str = ""
    uri: str = ""
    content: bytes | None = None
    mime: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class PaymentMeans:
    """BG-16: code BT-81 (58 SEPA transfer, 59 SEPA direct debit, 30 transfer, 48 card), words BT-82.

    Transfer BG-17: IBAN BT-84, name BT-85, BIC BT-86; card BG-18: number BT-87, holder BT-88; debited account BT-91.
    """

    code: str
    text: str = ""
    iban: str = ""
    account_name: str = ""
    bic: str = ""
    card_number: str = ""
    card_holder: str = ""
    debited_iban: str = ""


@dataclass(frozen=True, slots=True)
class Discount:
    """Skonto: percent within so many days, optionally only on a part of the amount.

    Said in BT-20 as agreed for XRechnung, in EXTENDED as BT-X-285 and following, with the amount it comes to.
    """

    days: int
    percent: Decimal
    base: Decimal | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Adjustment:
    """BG-20/21 on the document, BG-27/28 on a line: an allowance or charge, always positive.

    amount BT-92/99/136/141, base BT-93/100/137/142, percent BT-94/101/138/143, category BT-95/102 and rate
    BT-96/103 (on the document only), reason BT-97/104/139/144, its code BT-98/105/140/145.  EXTENDED repeats why no
    tax is charged (BT-X-173 to 176); `write.for_profile` takes it from the taxes.
    """

    amount: Decimal
    base: Decimal | None = None
    percent: Decimal | None = None
    reason: str = ""
    reason_code: str = ""
    category: str = ""
    rate: Decimal | None = None
    exemption: str = ""
    exemption_code: str = ""


@dataclass(frozen=True, slots=True)
class Tax:
    """BG-23: base BT-116, tax BT-117, category BT-118, rate BT-119, why none BT-120 and its code BT-121."""

    base: Decimal
    tax: Decimal
    category: str
    rate: Decimal | None = None
    reason: str = ""
    reason_code: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """BG-22.

    lines BT-106, allowances BT-107, charges BT-108, net BT-109, tax BT-110, tax in the tax currency BT-111,
    gross BT-112, prepaid BT-113, rounding BT-114, payable BT-115.
    """

    lines: Decimal
    net: Decimal
    gross: Decimal
    payable: Decimal
    tax: Decimal | None = None
    tax_in_tax_currency: Decimal | None = None
    allowances: Decimal | None = None
    charges: Decimal | None = None
    prepaid: Decimal | None = None
    rounding: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AdvanceTax:
    """BG-X-46, the tax in a down payment: amount, category and rate."""

    tax: Decimal
    category: str
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """BG-X-45, a down payment that the final invoice deducts, with the tax in it and its invoice."""

    amount: Decimal
    taxes: tuple[AdvanceTax, ...]
    received: dt.date | None = None
    invoice: Preceding | None = None


@dataclass(frozen=True, slots=True)
class Attribute:
    """BG-32: a property of the item, name BT-160 and value BT-161."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Classification:
    """BT-158: a code for the kind of item, its list (UNTDID 7143, such as HS) and the version of the list."""

    code: str
    scheme: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """BG-29: net BT-146, discount in it BT-147, before it BT-148, for so many BT-149 of unit BT-150."""

    net: Decimal
    discount: Decimal | None = None
    gross: Decimal | None = None
    base_quantity: Decimal | None = None
    base_unit: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """BG-31: name BT-153, description BT-154, seller's id BT-155, buyer's BT-156, GTIN BT-157, origin BT-159."""

    name: str
    description: str = ""
    seller_id: str = ""
    buyer_id: str = ""
    standard_id: Identifier | None = None
    classifications: tuple[Classification, ...] = ()
    origin: str = ""
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """BG-25.

    id BT-126, note BT-127, quantity BT-129 and unit BT-130, net BT-131, line of the order BT-132, accounting
    BT-133, period BG-26, category BT-151 and rate BT-152, delivery note BT-X-92 with its date BT-X-94.  EXTENDED
    repeats why no tax is charged (BT-X-96, BT-X-97); `write.for_profile` takes it from the taxes.
    """

    id: str
    item: Item
    quantity: Decimal
    unit: str
    price: Price
    net: Decimal
    category: str
    rate: Decimal | None = None
    note: str = ""
    order_line: str = ""
    accounting: str = ""
    period: Period | None = None
    allowances: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    delivery_note: Preceding | None = None
    exemption: str = ""
    exemption_code: str = ""


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice or credit note as a whole.

    number BT-1, issued BT-2, type BT-3, currency BT-5, tax currency BT-6, buyer's reference BT-10 (the Leitweg-ID of
    public buyers), project BT-11, contract BT-12, purchase order BT-13, sales order BT-14, receipt BT-15, despatch
    BT-16, tender BT-17, object BT-18, accounting BT-19, terms BT-20, payment reference BT-83, mandate BT-89, creditor
    BT-90, due date BT-9, guideline BT-24, process BT-23.
    """

    number: str
    issued: dt.date
    type: str
    currency: str
    seller: Party
    buyer: Party
    lines: tuple[Line, ...]
    taxes: tuple[Tax, ...]
    totals: Totals
    guideline: str = ""
    process: str = ""
    tax_currency: str = ""
    due: dt.date | None = None
    buyer_reference: str = ""
    project: str = ""
    contract: str = ""
    order: str = ""
    sales_order: str = ""
    receipt: str = ""
    despatch: str = ""
    tender: str = ""
    object_id: str = ""
    accounting: str = ""
    terms: str = ""
    discounts: tuple[Discount, ...] = ()
    notes: tuple[Note, ...] = ()
    preceding: tuple[Preceding, ...] = ()
    payee: Payee | None = None
    delivery: Delivery | None = None
    period: Period | None = None
    payment: tuple[PaymentMeans, ...] = ()
    payment_reference: str = ""
    mandate: str = ""
    creditor: str = ""
    allowances: tuple[Adjustment, ...] = ()
    charges: tuple[Adjustment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    advances: tuple[Advance, ...] = ()

    @property
    def is_credit(self) -> bool:
        """Whether UBL writes it as a credit note, and the amounts lower what is owed."""
        return self.type == TypeCode.CREDIT_NOTE
