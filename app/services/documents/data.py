"""What a printed document says, as plain values.

Whoever issues a document assembles one `DocumentData` from the snapshots stored with the record.  Nothing here is
computed again when it is printed: amounts, dates and texts are shown exactly as they come in.  Money and quantities
are Decimal, percentages are given as 19 for 19 %.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from app.services.documents.design import Design

Kind = Literal[
    "quote",
    "order_confirmation",
    "picking_list",
    "delivery_note",
    "packing_list",
    "invoice",
    "down_payment",
    "partial_invoice",
    "final_invoice",
    "correction",
    "cancellation",
    "reminder",
    "purchase_order",
    "goods_receipt",
    "return_slip",
    "work_order",
    "material_list",
    "count_sheet",
    "inspection_sheet",
    "qc_report",
    "price_list",
    "stock_valuation",
    "archive_report",
]
Language = Literal["de", "en"]
TaxNote = Literal[
    "reverse_charge", "intra_community", "export", "small_business", "exempt", "zero_rated", "outside_scope"
]
Value = str | Decimal | dt.date

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

    The labels in use stand in `i18n/documents.yaml`.  A date is shown in the language of the document.
    """

    label: str
    value: str | dt.date


@dataclass(frozen=True, slots=True)
class Adjustment:
    """What is taken off or put on a line or the document: `amount` is positive, `charge` says which way it goes.

    `percent` (5 = 5 %) and `base` say how it came about, `tax_rate` where it matters on the document.
    """

    reason: str
    amount: Decimal
    charge: bool = False
    percent: Decimal | None = None
    base: Decimal | None = None
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """The variants of one family as a matrix: `cells` row by row, None where there is no such variant.

    `corner` names what stands in rows and columns ("Farbe / Größe").
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[Value | None, ...], ...]
    corner: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One position.  `unit` is shown as it is; `net` is the amount after `discount_pct` (12.5 = 12.5 %).

    On delivery notes the prices are None; `lots` are shown as given ("L-2026-014", "L-2026-014: 20 Stk").
    `image` names the product's picture where this document shows pictures (its id, the hash of its content), `picture`
    is the JPEG itself once it was fetched.  `values` fill the further columns a kind declares (`place`, `booked`,
    `cost` …).  `group` is a heading above this and the following lines of the same group; `code` is printed as a
    Code 128 where the kind has a column for it.  `net` already holds `adjustments`; they are only shown.
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
    values: Mapping[str, Value] = field(default_factory=dict)
    group: str = ""
    code: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    variants: Variants | None = None


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """The tax of one rate on the document total; `own_tax` is it in the company's currency on a foreign invoice."""

    rate: Decimal
    net: Decimal
    tax: Decimal
    own_tax: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Deduction:
    """An earlier down-payment or partial invoice a final invoice takes off, with its tax (§ 14 (5) UStG).

    `exchange_rate` is the one its tax was worked out by, where it is not that of the document.
    """

    number: str
    date: dt.date
    net: Decimal
    taxes: tuple[TaxAmount, ...]
    gross: Decimal
    exchange_rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of the document, per tax rate.

    `lines` is the sum of the lines before `adjustments` of the document; None when there are none.  `prepaid` is what
    was paid before, `rounding` what is added to it, `payable` what is left to pay where it is not `gross`.  On an
    invoice in a foreign currency `own_currency` and `exchange_rate` (units of `currency` for one of `own_currency`) go
    with the taxes' `own_tax`.
    """

    net: Decimal
    taxes: tuple[TaxAmount, ...]
    gross: Decimal
    currency: str = "EUR"
    lines: Decimal | None = None
    adjustments: tuple[Adjustment, ...] = ()
    prepaid: Decimal | None = None
    rounding: Decimal | None = None
    payable: Decimal | None = None
    own_currency: str = "EUR"
    exchange_rate: Decimal | None = None
    exchange_date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """When and how to pay.  Days are promised on quotes and confirmations, dates and amounts stand on invoices.

    `discount_amount` is the Skonto on the gross total, `discount_payable` what is left to pay with it.  `steps` are
    further Skonto steps, each with the discount fields only.
    """

    net_days: int | None = None
    due_date: dt.date | None = None
    discount_pct: Decimal | None = None
    discount_days: int | None = None
    discount_date: dt.date | None = None
    discount_amount: Decimal | None = None
    discount_payable: Decimal | None = None
    steps: tuple["PaymentTerms", ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """The invoice a cancellation or correction refers to."""

    number: str
    date: dt.date


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An invoice a reminder asks for; amounts in the reminder's currency."""

    number: str
    date: dt.date
    due: dt.date
    amount: Decimal
    paid: Decimal
    open: Decimal
    days: int
    level: int = 1
    interest: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the routing on a production order; minutes are planned ones."""

    position: str
    name: str
    station: str = ""
    setup: Decimal | None = None
    minutes: Decimal | None = None
    note: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Measurement:
    """A feature of a quality report: wanted, limits, found, and whether it is within them (None: not decided)."""

    position: str
    feature: str
    wanted: str = ""
    lower: str = ""
    upper: str = ""
    found: str = ""
    tool: str = ""
    good: bool | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """How far a reminder goes: level 1 to 3, what is asked beside the open items, and until when.

    ``flat`` is the lump sum a business in default owes (§ 288 (5) BGB).
    """

    level: int
    pay_until: dt.date
    open: Decimal
    total: Decimal
    fee: Decimal | None = None
    interest: Decimal | None = None
    interest_pct: Decimal | None = None
    currency: str = "EUR"
    flat: Decimal | None = None


@dataclass(frozen=True, slots=True)
class DocumentData:
    """A whole document.

    `partner_id` is the customer or supplier whose own layout may be chosen.  `recipient` are the address lines in order
    (name … postcode and city, country), none on papers of the house.  `supplied_on` (and `supplied_until` for a period)
    is the date of supply an invoice must name.  `intro` and `closing` None take the usual text of the kind, an empty
    text leaves it out.  `draft` prints a watermark and skips the completeness check, `copy` marks a copy.  `code` is
    printed as a bar code on papers of the house (empty: the number).  `summary` are sums below the table, by text key
    `document.summary.<key>`; `currency` counts where there are no totals.
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
    copy: bool = False
    partner_id: int | None = None
    tax_notes: tuple[TaxNote, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    reminder: Reminder | None = None
    items: tuple[OpenItem, ...] = ()
    steps: tuple[Step, ...] = ()
    measurements: tuple[Measurement, ...] = ()
    summary: tuple[tuple[str, Value], ...] = ()
    remarks: tuple[str, ...] = ()
    code: str = ""
    currency: str = "EUR"
    design: Design = field(default_factory=Design)
