"""What an export would hold, as the database works it out; and its two files, made from that."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import format as fmt
from app.core.errors import AppError
from app.core.i18n import translate
from app.services.accounting import datev
from app.services.accounting.commands import PostExport

ERROR, WARNING = "error", "warning"
FIGURES = (
    "revenue",
    "deduction",
    "receivables",
    "received",
    "discount_granted",
    "down_payment",
    "expense",
    "payables",
    "paid",
    "discount_received",
    "exchange_gain",
    "exchange_loss",
)
_PREVIEW = text("SELECT api.datev_preview(:first, :last, :repeats)")


class Row(NamedTuple):
    """A booking: ``amount`` (positive) on ``account``, debit (S) or credit (H), against ``contra`` (None: missing).

    ``foreign``: the document's own currency with its rate, where that is not the euro.
    """

    topic: str
    record_id: int
    kind: str
    partner_id: int
    number: str
    dated: dt.date
    due_date: dt.date | None
    service_date: dt.date | None
    tax_category: str
    tax_rate: Decimal
    amount: Decimal
    side: str
    account: str
    contra: str | None
    tax_key: str
    vat_id: str | None
    words: str
    account_name: str
    purpose: str
    foreign: str | None = None


class Sum(NamedTuple):
    """A sum of the documents beside the sum of the bookings."""

    figure: str
    tax_category: str
    tax_rate: Decimal
    documents: Decimal
    exported: Decimal

    @property
    def difference(self) -> Decimal:
        """What the export is off by."""
        return self.exported - self.documents


class AccountSum(NamedTuple):
    """What comes together on one account."""

    account: str
    name: str
    debit: Decimal
    credit: Decimal
    lines: int


class Note(NamedTuple):
    """Something to know: ``severity`` error or warning, ``code`` the text key behind ``datev.finding.``."""

    severity: str
    code: str
    params: Mapping[str, Any]


@dataclass(frozen=True)
class Setting:
    """The adviser's settings as the file needs them."""

    chart: str
    consultant_no: int | None
    client_no: int | None
    account_length: int
    initials: str
    with_service_dates: bool
    fiscal_start: dt.date


@dataclass(frozen=True)
class Preview:
    """Everything an export of these days would hold."""

    first: dt.date
    last: dt.date
    repeats: int | None
    locked: bool
    setting: Setting
    rows: tuple[Row, ...]
    vouchers: int
    partners: tuple[datev.Partner, ...]
    new_partners: int
    proof: tuple[Sum, ...]
    notes: tuple[Note, ...]
    fingerprint: str

    @property
    def total(self) -> Decimal:
        """The sum of all bookings, whatever their side."""
        return sum((row.amount for row in self.rows), Decimal(0))

    @property
    def may_export(self) -> bool:
        """Whether nothing stands in the way."""
        return self.vouchers > 0 and not any(note.severity == ERROR for note in self.notes)

    def accounts(self) -> tuple[AccountSum, ...]:
        """Sums by account, both sides of every booking."""
        found: dict[str, list[Any]] = {}
        for row in self.rows:
            debit, credit = (row.amount, Decimal(0)) if row.side == "S" else (Decimal(0), row.amount)
            for account, name, one, other in (
                (row.account, "", debit, credit),
                (row.contra or "", row.account_name, credit, debit),
            ):
                sums = found.setdefault(account, [name, Decimal(0), Decimal(0), 0])
                sums[1] += one
                sums[2] += other
                sums[3] += 1
        ordered = sorted(found.items(), key=lambda item: (len(item[0]), item[0]))
        names = {partner.account: partner.name for partner in self.partners}
        return tuple(
            AccountSum(account, sums[0] or names.get(account, ""), *sums[1:]) for account, sums in ordered
        )


class Files(NamedTuple):
    """The two files of an export with what had to be changed in their texts."""

    bookings_name: str
    bookings: bytes
    partners_name: str
    partners: bytes
    notes: tuple[Note, ...]


def told(note: Note, language: str) -> dict[str, Any]:
    """The parameters of a finding in words."""
    params = dict(note.params)
    if "purpose" in params:
        params["purpose"] = translate(language, f"accounting.purpose.{params['purpose']}")
    if "figure" in params:
        params["figure"] = translate(language, f"datev.figure.{params['figure']}")
    if "side" in params:
        params["side"] = translate(language, f"accounting.side.{params['side']}")
    if "tax_rate" in params:
        params["tax"] = tax_words(params["tax_category"], Decimal(str(params["tax_rate"])), language)
    for key in ("documents", "exported"):
        if key in params:
            params[key] = fmt.money(Decimal(str(params[key])), "EUR", language)
    if "month" in params:
        year, _, month = str(params["month"]).partition("-")
        params["month"] = f"{translate(language, f'accounting.month.{int(month)}')} {year}"
    if "first" in params:
        params["first"] = fmt.date_(dt.date.fromisoformat(params["first"]), language)
    return params


def tax_words(category: str, rate: Decimal, language: str) -> str:
    """A tax category with its rate: "19 %", "tax-free export"."""
    if category in ("", "S"):
        return fmt.percent(rate, language) if category else ""
    return translate(language, f"accounting.category.{category}")


def month_of(day: dt.date) -> tuple[dt.date, dt.date]:
    """The first and last day of a day's month."""
    first = day.replace(day=1)
    return first, (first + dt.timedelta(days=32)).replace(day=1) - dt.timedelta(days=1)


def preview(session: Session, first: dt.date, last: dt.date, repeats: int | None = None) -> Preview:
    """What an export of these days of one month would hold; one round trip.

    ``repeats``: the vouchers of that export again.  Raises `Refused` export_days, `NotAllowed`.
    """
    found = session.execute(_PREVIEW, {"first": first, "last": last, "repeats": repeats}).scalar_one()
    return read(found)


def read(found: Mapping[str, Any]) -> Preview:
    """A preview from the database's answer."""
    setting = dict(found["setting"])
    setting["fiscal_start"] = dt.date.fromisoformat(setting["fiscal_start"])
    return Preview(
        dt.date.fromisoformat(found["first"]),
        dt.date.fromisoformat(found["last"]),
        found["repeats"],
        bool(found["locked"]),
        Setting(**setting),
        tuple(_row(one) for one in found["rows"]),
        len(found["vouchers"]),
        tuple(_partner(one) for one in found["partners"]),
        sum(bool(one["is_new"]) for one in found["partners"]),
        tuple(proof(found["proof"])),
        tuple(Note(one["severity"], one["code"], one["params"]) for one in found["findings"]),
        str(found["fingerprint"]),
    )


def proof(found: Sequence[Mapping[str, Any]]) -> list[Sum]:
    """The compared sums, in the order of the trade: sales, money, purchases."""
    sums = [
        Sum(
            one["figure"],
            one["tax_category"],
            Decimal(str(one["tax_rate"])),
            Decimal(str(one["documents"])),
            Decimal(str(one["exported"])),
        )
        for one in found
    ]
    return sorted(sums, key=lambda one: (FIGURES.index(one.figure), -one.tax_rate, one.tax_category))


def _row(one: Mapping[str, Any]) -> Row:
    values = {name: one[name] for name in Row._fields}
    for name in ("dated", "due_date", "service_date"):
        values[name] = dt.date.fromisoformat(one[name]) if one[name] else None
    for name in ("tax_rate", "amount"):
        values[name] = Decimal(str(one[name]))
    return Row(**values)


def _partner(one: Mapping[str, Any]) -> datev.Partner:
    return datev.Partner(
        account=one["account"],
        number=one["number"],
        name=one["name"],
        is_person=bool(one["is_person"]),
        **{
            key: one[key] or ""
            for key in (
                "vat_id",
                "street",
                "street2",
                "postcode",
                "city",
                "country",
                "phone",
                "email",
                "website",
                "language",
            )
        },
    )


class Booked(Protocol):
    """A booking, of a preview or one that went out."""

    @property
    def topic(self) -> str:
        """The table of the voucher."""

    @property
    def kind(self) -> str:
        """What it is about."""

    @property
    def side(self) -> str:
        """S or H of the partner's account."""

    @property
    def number(self) -> str:
        """The voucher's number."""

    @property
    def words(self) -> str:
        """Whose it is, or what stood on the payment."""


def words_of(row: Booked, language: str = "de") -> str:
    """What a booking is about, for people: the files have it in German."""
    kind = row.kind if row.kind != "payment" or row.topic.startswith("sales") else "paid"
    if row.kind == "revenue" and row.side == "H":
        kind = "credit"
    return translate(language, f"datev.booking.{kind}", words=row.words, number=row.number)


def make_files(shown: Preview, now: dt.datetime, *, exported_by: str = "") -> Files:
    """The files of what a preview shows; ``now`` is the local time they bear.

    Raises `Invalid` datev_field (with row and field), datev_period; `AppError` datev_settings_missing.
    """
    setting = shown.setting
    if setting.consultant_no is None or setting.client_no is None:
        raise AppError("datev_settings_missing")
    label = f"Werkbank {shown.first:%Y-%m}" + (" Wiederholung" if shown.repeats else "")
    head = datev.Head(
        setting.consultant_no,
        setting.client_no,
        setting.fiscal_start,
        setting.account_length,
        now,
        shown.first,
        shown.last,
        label,
        setting.initials,
        shown.locked,
        setting.chart,
        exported_by,
    )
    bookings = datev.booking_file(head, [booking(row, shown) for row in shown.rows])
    partners = datev.partner_file(head, shown.partners)
    stem = f"{shown.first:%Y_%m}_{now:%Y%m%d%H%M%S}"
    notes = tuple(_note(one) for one in (*bookings.findings, *partners.findings))
    return Files(
        f"EXTF_Buchungsstapel_{stem}.csv",
        bookings.content,
        f"EXTF_DebKred_{stem}.csv",
        partners.content,
        notes,
    )


def booking(row: Row, shown: Preview) -> datev.Booking:
    """A row as the format has it."""
    return datev.Booking(
        row.amount,
        row.side,
        row.account,
        row.contra or "",
        row.dated,
        row.number,
        words_of(row),
        row.tax_key,
        row.due_date,
        row.vat_id or "",
        row.service_date if shown.setting.with_service_dates else None,
        shown.locked,
        foreign=row.foreign or "",
    )


def _note(one: datev.Finding) -> Note:
    params = {"row": one.row, "field": one.column, "before": one.before[:60], "after": one.after[:60]}
    return Note(WARNING, f"datev_text_{one.code}", params)


def post_command(shown: Preview, files: Files, reason: str = "") -> PostExport:
    """The command that hands over what a preview showed."""
    return PostExport(
        shown.first,
        shown.last,
        shown.fingerprint,
        files.bookings_name,
        files.bookings,
        files.partners_name,
        files.partners,
        shown.repeats,
        reason,
    )
