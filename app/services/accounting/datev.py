"""Files in the DATEV format: header version 700, posting batch (21, version 13), debtors and creditors (16, version 5).

Knows no database: rows in, bytes out.  What a field may hold stands in ``resources/accounting/datev.yaml``.  Text that
does not fit is made to fit by rule and told as a `Finding`; a number or date that does not fit raises `Invalid`.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import yaml

from app.core.errors import Invalid
from app.core.paths import REPOSITORY

FOLDER = REPOSITORY / "resources" / "accounting"
ENCODING = "cp1252"
NEW_LINE = "\r\n"
UNKNOWN = "?"
_FORMULA = ("=", "+", "-", "@")
_PHONE = re.compile(r"[+\-]?[\d ()/.\-]+")
Format = Literal["bookings", "partners"]


class Finding(NamedTuple):
    """What was done to a text so that it fits: ``code`` is replaced, removed, shortened or defused; ``row`` from 1."""

    row: int
    column: str
    code: str
    before: str
    after: str


class File(NamedTuple):
    """A finished file and what had to be changed in its texts."""

    content: bytes
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A field: what it may hold, see the resource."""

    name: str
    kind: str
    length: int = 0
    chars: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Declared:
    """A format: its number, title, version, columns and which of them are never empty."""

    category: int
    title: str
    version: int
    required: frozenset[str]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """What the first line says; the period is None for master data."""

    consultant: int
    client: int
    fiscal_start: dt.date
    account_length: int
    created: dt.datetime
    first: dt.date | None = None
    last: dt.date | None = None
    label: str = ""
    initials: str = ""
    locked: bool = False
    chart: str = ""
    exported_by: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One line: ``amount`` (positive) on ``account``, debit (S) or credit (H) of it, against ``contra``.

    ``tax_key`` only where neither account knows its tax; ``vat_id`` is the customer's, on tax-free supplies within the
    EU; ``service_date`` only when the adviser wants it; ``foreign`` the document's own currency with its rate.
    """

    amount: Decimal
    side: str
    account: str
    contra: str
    dated: dt.date
    number: str
    text: str
    tax_key: str = ""
    due: dt.date | None = None
    vat_id: str = ""
    service_date: dt.date | None = None
    locked: bool = False
    foreign: str = ""


@dataclass(frozen=True, slots=True)
class Partner:
    """A debtor or creditor as master data; ``country`` is ISO 3166, ``language`` de or en."""

    account: str
    number: str
    name: str
    is_person: bool = False
    vat_id: str = ""
    street: str = ""
    street2: str = ""
    postcode: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    language: str = "de"


@lru_cache(maxsize=1)
def formats() -> dict[str, Any]:
    """The declaration, read once."""
    declared: dict[str, Any] = yaml.safe_load((FOLDER / "datev.yaml").read_text("utf-8"))
    return declared


@lru_cache(maxsize=4)
def declared(name: Format) -> Declared:
    """A format by its name."""
    found = formats()[name]
    columns = tuple(Column(**one) for one in found["columns"])
    return Declared(
        found["category"], found["title"], found["version"], frozenset(found["required"]), columns
    )


@lru_cache(maxsize=1)
def header_fields() -> tuple[Column, ...]:
    """The fields of the first line."""
    return tuple(Column(**one) for one in formats()["header"]["fields"])


def booking_file(head: Head, bookings: Sequence[Booking]) -> File:
    """A posting batch.  Raises `Invalid` datev_field, datev_period (a voucher outside the header's days)."""
    for one in bookings:
        if head.first is None or head.last is None or not head.first <= one.dated <= head.last:
            raise Invalid("datev_period", number=one.number)
    return _file("bookings", head, [_booking(one) for one in bookings])


def partner_file(head: Head, partners: Sequence[Partner]) -> File:
    """Master data of debtors and creditors.  Raises `Invalid` datev_field."""
    return _file("partners", head, [_partner(one) for one in partners])


def _booking(one: Booking) -> dict[str, object]:
    values: dict[str, object] = {
        "Umsatz (ohne Soll/Haben-Kz)": one.amount,
        "Soll/Haben-Kennzeichen": one.side,
        "WKZ Umsatz": "EUR",
        "Konto": one.account,
        "Gegenkonto (ohne BU-Schlüssel)": one.contra,
        "BU-Schlüssel": one.tax_key.zfill(4) if one.tax_key else "",
        "Belegdatum": one.dated,
        "Belegfeld 1": one.number,
        "Belegfeld 2": f"{one.due:%d%m%y}" if one.due else "",
        "Buchungstext": one.text,
        "EU-Land u. UStID (Bestimmung)": one.vat_id,
        "Zusatzinformation - Art 1": "Fremdwährung" if one.foreign else "",
        "Zusatzinformation - Inhalt 1": one.foreign,
        "Festschreibung": "1" if one.locked else "0",
    }
    if one.service_date is not None:
        # The format wants the day that decides about the tax period beside the day of supply.
        values["Leistungsdatum"] = values["Datum Zuord. Steuerperiode"] = one.service_date
    return values


def _partner(one: Partner) -> dict[str, object]:
    in_eu = len(one.vat_id) > 2 and one.vat_id[:2].isalpha()
    surname, _, first = one.name.partition(", ")
    names: dict[str, object] = (
        {
            "Name (Adressattyp natürl. Person)": surname,
            "Vorname (Adressattyp natürl. Person)": first,
            "Adressattyp": "1",
        }
        if one.is_person and first
        else {"Name (Adressattyp Unternehmen)": one.name, "Adressattyp": "2"}
    )
    return {
        "Konto": one.account,
        **names,
        "Kurzbezeichnung": one.name[:15].strip(),
        "EU-Land": one.vat_id[:2] if in_eu else "",
        "EU-UStID": one.vat_id[2:] if in_eu else "",
        "Adressart": "STR" if one.street else "",
        "Straße": one.street,
        "Adresszusatz": one.street2,
        "Postleitzahl": one.postcode,
        "Ort": one.city,
        "Land": one.country,
        "Telefon": one.phone,
        "E-Mail": one.email,
        "Internet": one.website,
        "Kunden-/Lief.-Nr.": one.number,
        "Sprache": "1" if one.language == "de" else "5",
    }


def _file(name: Format, head: Head, rows: Sequence[Mapping[str, object]]) -> File:
    form = declared(name)
    findings: list[Finding] = []
    lines = [
        _header(form, head, findings),
        ";".join(column.name for column in form.columns),
    ]
    for number, row in enumerate(rows, 1):
        cells = []
        for column in form.columns:
            cell = _cell(column, row.get(column.name), number, findings)
            if not cell.strip('"') and column.name in form.required:
                raise Invalid("datev_field", field=column.name, row=number, value="")
            cells.append(cell)
        lines.append(";".join(cells))
    return File((NEW_LINE.join(lines) + NEW_LINE).encode(ENCODING), tuple(findings))


def _header(form: Declared, head: Head, findings: list[Finding]) -> str:
    batch = form.category == 21
    values: dict[str, object] = {
        "Kennzeichen": "EXTF",
        "Versionsnummer": "700",
        "Formatkategorie": str(form.category),
        "Formatname": form.title,
        "Formatversion": str(form.version),
        "Erzeugt am": f"{head.created:%Y%m%d%H%M%S}{head.created.microsecond // 1000:03d}",
        "Herkunft": "RE",
        "Exportiert von": head.exported_by,
        "Beraternummer": str(head.consultant),
        "Mandantennummer": str(head.client),
        "WJ-Beginn": f"{head.fiscal_start:%Y%m%d}",
        "Sachkontenlänge": str(head.account_length),
        "Datum von": f"{head.first:%Y%m%d}" if batch and head.first else "",
        "Datum bis": f"{head.last:%Y%m%d}" if batch and head.last else "",
        "Bezeichnung": head.label if batch else "",
        "Diktatkürzel": head.initials if batch else "",
        "Buchungstyp": "1" if batch else "",
        "Rechnungslegungszweck": "0" if batch else "",
        "Festschreibung": ("1" if head.locked else "0") if batch else "",
        "WKZ": "EUR" if batch else "",
        "Sachkontenrahmen": head.chart,
        "Anwendungsinformation": "",
    }
    return ";".join(_cell(field, values.get(field.name), 0, findings) for field in header_fields())


def _cell(column: Column, value: object, row: int, findings: list[Finding]) -> str:
    if value is None or value == "":
        return '""' if column.kind == "text" else ""
    if column.kind == "text":
        # A code is right or wrong; only words can be made to fit.
        fitted = str(value) if column.pattern else fit(column, str(value), row, findings)
        _require(column, fitted, row)
        return '"' + fitted.replace('"', '""') + '"'
    if column.kind == "amount":
        words = f"{value:.2f}".replace(".", ",") if isinstance(value, Decimal) else str(value)
    elif column.kind == "day_month":
        words = f"{value:%d%m}" if isinstance(value, dt.date) else str(value)
    elif column.kind == "date":
        words = f"{value:%d%m%Y}" if isinstance(value, dt.date) else str(value)
    else:
        words = str(value)
    _require(column, words, row)
    return words


def _require(column: Column, value: str, row: int) -> None:
    if column.pattern and re.fullmatch(column.pattern, value) is None:
        raise Invalid("datev_field", field=column.name, row=row, value=value[:60])


def fit(column: Column, text: str, row: int, findings: list[Finding]) -> str:
    """A text as the column can hold it; every change is told."""
    before = text
    text = " ".join(part for part in re.split(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", text) if part).strip()
    text = unicodedata.normalize("NFC", text)
    known = "".join(_letter(one) for one in text)
    if known != text:
        findings.append(Finding(row, column.name, "replaced", before, known))
        text = known
    if column.chars:
        kept = re.sub(f"[^{column.chars}]", "", text)
        if kept != text:
            findings.append(Finding(row, column.name, "removed", before, kept))
            text = kept
    elif text.startswith(_FORMULA) and _PHONE.fullmatch(text) is None:
        # A spreadsheet would take it for a formula; the format itself has none.
        text = f"'{text}"
        findings.append(Finding(row, column.name, "defused", before, text))
    if column.length and len(text) > column.length:
        text = text[: column.length].rstrip()
        findings.append(Finding(row, column.name, "shortened", before, text))
    return text


def _letter(one: str) -> str:
    if _encodes(one):
        return one
    known: str | None = formats()["letters"].get(one)
    if known is not None:
        return known
    base = "".join(part for part in unicodedata.normalize("NFKD", one) if not unicodedata.combining(part))
    if base and all(_encodes(part) and part.isprintable() for part in base):
        return base
    # A mark without a letter of its own vanishes, anything else is shown as missing.
    return "" if unicodedata.combining(one) or unicodedata.category(one) in ("Cf", "Mn") else UNKNOWN


def _encodes(one: str) -> bool:
    try:
        one.encode(ENCODING)
    except UnicodeEncodeError:
        return False
    return True
