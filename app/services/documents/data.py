"""What a printed document says, as plain values.

Whoever issues a document assembles one `DocumentData` from the snapshots stored with the record.  Nothing here is
computed again when it is printed: amounts, dates and texts are shown exactly as they come in.  Money and quantities
are Decimal, percentages are given as 19 for 19 %.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Kind = Literal["quote", "order_confirmation", "delivery_note", "invoice", "cancellation"]
Language = Literal["de", "en"]
TaxNote = Literal["reverse_charge", "intra_community", "export", "small_business", "exempt"]

# The kinds of record an issued document belongs to, as the archive names them.
DOCUMENT_TYPES: dict[Kind, str] = {
    "quote": "quote",
    "order_confirmation": "sales_order",
    "delivery_note": "delivery",
    "invoice": "invoice",
    "cancellation": "invoice",
}


@dataclass(frozen=True, slots=True)
class Company:
    """The issuing company: letterhead, return address and footer.  Empty fields are left out.

    `register` names court and number ("Amtsgericht Ulm, HRB 1234"); `logo` is a PNG or JPEG file.
    """

    name: str
    street: str
    postcode: str
    city: str
    country: str = ""
    phone: str = ""
    email: str = ""
    web: str = ""
    vat_id: str = ""
    tax_number: str = ""
    register: str = ""
    managing_director: str = ""
    bank_name: str = ""
    iban: str = ""
    bic: str = ""
    logo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """The person the customer may ask."""

    name: str
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A row of the information block: text key `document.ref.<label>` and its value.

    Labels in use: customer_number, your_order, your_vat_id, quote, order, delivery_note, invoice,
    delivery_date (agreed), shipping.  A date is shown in the language of the document.
    """

    label: str
    value: str | dt.date


@dataclass(frozen=True, slots=True)
class Line:
    """One position.  `unit` is shown as it is; `net` is the amount after `discount_pct` (12.5 = 12.5 %).

    On delivery notes the prices are None; `lots` are shown as given ("L-2026-014", "L-2026-014: 20 Stk").
    `image` names the product's picture where this document shows pictures (its id, the hash of its content), `picture`
    is the JPEG itself once it was fetched.
    """

    position: str
    sku: str
    name: str
    quantity: Decimal
    unit: str
    description: str = ""
    unit_price: Decimal | None = None
    discount_pct: Decimal | None = None
    net: Decimal | None = None
    tax_rate: Decimal | None = None
    lots: tuple[str, ...] = ()
    note: str = ""
    image: tuple[int, str] | None = None
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """The tax of one rate on the document total."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the document, per tax rate."""

    net: Decimal
    taxes: tuple[TaxAmount, ...]
    gross: Decimal
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """When and how to pay.  Days are promised on quotes and confirmations, dates and amounts stand on invoices.

    `discount_amount` is the Skonto on the gross total, `discount_payable` what is left to pay with it.
    """

    net_days: int | None = None
    due_date: dt.date | None = None
    discount_pct: Decimal | None = None
    discount_days: int | None = None
    discount_date: dt.date | None = None
    discount_amount: Decimal | None = None
    discount_payable: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Original:
    """The invoice a cancellation invoice cancels."""

    number: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class DocumentData:
    """A whole document.

    `recipient` are the address lines in order (name … postcode and city, country).  `supplied_on` (and
    `supplied_until` for a period) is the date of supply an invoice must name.  `intro` and `closing` None take the
    usual text of the kind, an empty text leaves it out.  `draft` prints a watermark and skips the completeness check.
    """

    kind: Kind
    number: str
    date: dt.date
    language: Language
    company: Company
    recipient: tuple[str, ...]
    lines: tuple[Line, ...]
    references: tuple[Reference, ...] = ()
    contact: Contact | None = None
    totals: Totals | None = None
    payment: PaymentTerms | None = None
    tax_note: TaxNote | None = None
    supplied_on: dt.date | None = None
    supplied_until: dt.date | None = None
    valid_until: dt.date | None = None
    delivery_address: tuple[str, ...] = ()
    original: Original | None = None
    reason: str = ""
    intro: str | None = None
    closing: str | None = None
    draft: bool = False
