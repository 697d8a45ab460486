"""From a posted invoice of the database to the e-invoice: what is stored is said, nothing is computed anew.

Only what EN 16931 wants said in another way is derived: the discount of a line as an amount, and the days of Skonto.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any, NoReturn

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database
from app.core.errors import Refused
from app.core.format import date_, money, percent
from app.core.i18n import translate
from app.services.documents.commands import ArchiveDocument
from app.services.einvoice import model
from app.services.einvoice.checks import FOLDER
from app.services.einvoice.model import Profile

CENT = Decimal("0.01")
_TYPES = {
    "invoice": model.TypeCode.INVOICE,
    "partial": model.TypeCode.PARTIAL,
    "down_payment": model.TypeCode.PREPAYMENT,
    "final": model.TypeCode.INVOICE,
    "correction": model.TypeCode.CORRECTED,
    "cancellation": model.TypeCode.CORRECTED,
}
_DAY = (
    "(d.shipped_at AT TIME ZONE coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date"
)
_SOURCE = text(f"""
SELECT h.*, (SELECT to_jsonb(c) - 'logo' FROM system.company c) AS company,
       (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.position) FROM sales.invoice_line l WHERE l.invoice_id = h.id) AS lines,
       (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.tax_rate DESC, t.tax_category) FROM sales.invoice_tax t
         WHERE t.invoice_id = h.id) AS taxes,
       (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.position, c.tax_rate DESC) FROM sales.invoice_charge c
         WHERE c.invoice_id = h.id) AS charges,
       (SELECT jsonb_agg(to_jsonb(x) || jsonb_build_object('number', p.number, 'date', p.invoice_date)
                         ORDER BY p.id, x.tax_rate DESC)
          FROM sales.invoice_deduction x JOIN sales.invoice p ON p.id = x.down_payment_id
         WHERE x.invoice_id = h.id) AS deductions,
       (SELECT jsonb_agg(DISTINCT d.number) FROM sales.delivery d JOIN sales.invoice_delivery i ON i.delivery_id = d.id
         WHERE i.invoice_id = coalesce(h.cancels_id, h.id)) AS deliveries,
       (SELECT min({_DAY}) FROM sales.delivery d JOIN sales.invoice_delivery i ON i.delivery_id = d.id
         WHERE i.invoice_id = coalesce(h.cancels_id, h.id)) AS first_shipped,
       (SELECT jsonb_build_object('number', o.number, 'date', o.invoice_date) FROM sales.invoice o
         WHERE o.id = coalesce(h.cancels_id, h.corrects_id)) AS original
  FROM sales.invoice h WHERE h.id = :id
""")  # noqa: S608  (a constant)
_FORMAT = text("""
SELECT k.einvoice_format FROM sales.sales_order o JOIN partners.partner k ON k.id = o.customer_id WHERE o.id = :id
""")

Row = Mapping[Any, Any]


def load(session: Session, invoice_id: int) -> Row:
    """All that is stored of an invoice; one round trip.  Raises Refused record_not_found."""
    row = session.execute(_SOURCE, {"id": invoice_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="sales.invoice", id=invoice_id)
    return dict(row)


def profile_of(row: Row) -> Profile | None:
    """The form the customer gets the invoice in, as it was agreed when it was issued; None for paper."""
    chosen = (row["snapshot"].get("einvoice") or {}).get("format") or "paper"
    return None if chosen == "paper" else Profile(chosen)


def invoice_of(row: Row) -> model.Invoice:
    """The invoice in the terms of EN 16931."""
    said = row["snapshot"]
    language = "en" if said["customer"].get("language") == "en" else "de"
    wanted = said.get("einvoice") or {}
    order = said.get("order") or {}
    deliveries = row["deliveries"] or []
    allowances, charges = _adjustments(row)
    prepaid = row["prepaid_amount"]
    own = row["company"]["currency"]
    foreign = row["currency"] != own
    return model.Invoice(
        number=row["number"],
        issued=row["invoice_date"],
        type=_TYPES[row["kind"]],
        currency=row["currency"],
        tax_currency=own if foreign else "",
        seller=_seller(row["company"]),
        buyer=_buyer(row, wanted),
        lines=tuple(_line(line, language) for line in row["lines"] or ()),
        taxes=tuple(_tax(tax) for tax in row["taxes"] or ()),
        totals=model.Totals(
            lines=sum((_dec(line["net_amount"]) for line in row["lines"] or ()), Decimal(0)),
            net=row["net_amount"],
            gross=row["gross_amount"],
            payable=row["gross_amount"] - prepaid,
            tax=row["tax_amount"],
            tax_in_tax_currency=row["own_tax_amount"] if foreign else None,
            allowances=_sum(allowances) if allowances else None,
            charges=_sum(charges) if charges else None,
            prepaid=prepaid or None,
        ),
        due=row["due_date"],
        buyer_reference=wanted.get("buyer_reference") or "",
        order=order.get("reference") or "",
        sales_order=order.get("number") or "",
        despatch=deliveries[0] if len(deliveries) == 1 else "",
        terms=translate(language, "einvoice.terms.due", date=date_(row["due_date"], language)),
        discounts=_discounts(row),
        notes=_notes(row, language),
        preceding=_preceding(row),
        delivery=_delivery(row, said),
        period=_period(row),
        payment=_payment(row["company"]),
        payment_reference=row["number"],
        allowances=allowances,
        charges=charges,
        advances=_advances(row),
    )


def _dec(value: Any) -> Decimal:
    return Decimal(str(value))


def _seller(own: Mapping[str, Any]) -> model.Party:
    address = own.get("electronic_address") or own["email"]
    scheme = own.get("electronic_address_scheme") or "EM" if own.get("electronic_address") else "EM"
    legal = ", ".join(part for part in (own["register_entry"], own["managing_director"]) if part)
    contact = model.Contact(
        own.get("contact_name") or "",
        own.get("contact_phone") or own["phone"],
        own.get("contact_email") or own["email"],
    )
    return model.Party(
        name=own["name"],
        address=model.Address(
            own["street"], city=own["city"], postcode=own["postal_code"], country=own["country"]
        ),
        vat_id=own["vat_id"].replace(" ", ""),
        tax_number=own["tax_number"],
        legal_info=legal,
        endpoint=model.Identifier(address, scheme) if address else None,
        contact=contact if contact.name else None,
    )


def _buyer(row: Row, wanted: Mapping[str, Any]) -> model.Party:
    customer = row["snapshot"]["customer"]
    address = wanted.get("electronic_address") or ""
    return model.Party(
        name=(row["billing_address"] or {}).get("name") or customer["name"],
        address=_address(row["billing_address"] or {}),
        id=customer["number"] or "",
        vat_id=(row["customer_vat_id"] or "").replace(" ", ""),
        endpoint=model.Identifier(address, wanted.get("electronic_address_scheme") or "EM")
        if address
        else None,
    )


def _address(said: Mapping[str, Any]) -> model.Address:
    return model.Address(
        line1=said.get("street") or "",
        line2=said.get("street2") or "",
        city=said.get("city") or "",
        postcode=said.get("postcode") or said.get("postal_code") or "",
        region=said.get("region") or "",
        country=said.get("country") or "",
    )


def _line(line: Mapping[str, Any], language: str) -> model.Line:
    quantity, price, net = _dec(line["qty"]), _dec(line["unit_price"]), _dec(line["net_amount"])
    discount = _dec(line["discount_pct"])
    full = (quantity * price).quantize(CENT, ROUND_HALF_UP)
    sides: dict[str, list[model.Adjustment]] = {"allowance": [], "charge": []}
    for one in line["charges"] or ():
        sides[one["kind"]].append(
            model.Adjustment(_dec(one["amount"]), reason=one["reason"], reason_code=one.get("code") or "")
        )
    off = full - net + _sum(sides["charge"]) - _sum(sides["allowance"])
    if discount and off:
        words = translate(language, "einvoice.discount")
        sides["allowance"].insert(0, model.Adjustment(off, full, discount, words, "95"))
    category = line["tax_category"]
    return model.Line(
        id=str(line["position"]),
        item=model.Item(name=line["description"], seller_id=line["sku"] or ""),
        quantity=quantity,
        unit=unit_code(line["unit_code"] or ""),
        price=model.Price(price),
        net=net,
        category=category,
        rate=_rate(category, line["tax_rate"]),
        allowances=tuple(sides["allowance"]),
        charges=tuple(sides["charge"]),
    )


def _sum(adjustments: Iterable[model.Adjustment]) -> Decimal:
    return sum((one.amount for one in adjustments), Decimal(0))


def _rate(category: str, rate: Any) -> Decimal | None:
    """Outside the tax there is no rate, not even 0."""
    return None if category == model.Category.OUTSIDE else _dec(rate)


def _tax(tax: Mapping[str, Any]) -> model.Tax:
    category = tax["tax_category"]
    return model.Tax(
        base=_dec(tax["net_amount"]),
        tax=_dec(tax["tax_amount"]),
        category=category,
        rate=_rate(category, tax["tax_rate"]),
        reason=tax["exemption_text"] or "",
        reason_code=tax["exemption_code"] or "",
    )


def _adjustments(row: Row) -> tuple[tuple[model.Adjustment, ...], tuple[model.Adjustment, ...]]:
    """Allowances and charges on the whole invoice."""
    sides: dict[str, list[model.Adjustment]] = {"allowance": [], "charge": []}
    for one in row["charges"] or ():
        whole = one["pct"] is not None and one["base_amount"] is not None
        sides[one["kind"]].append(
            model.Adjustment(
                amount=_dec(one["amount"]),
                base=_dec(one["base_amount"]) if whole else None,
                percent=_dec(one["pct"]) if whole else None,
                reason=one["reason"],
                reason_code=one["reason_code"] or "",
                category=one["tax_category"],
                rate=_rate(one["tax_category"], one["tax_rate"]),
            )
        )
    return tuple(sides["allowance"]), tuple(sides["charge"])


def _discounts(row: Row) -> tuple[model.Discount, ...]:
    if not row["discount_pct"] or row["discount_date"] is None:
        return ()
    steps = [(row["discount_date"], row["discount_pct"]), (row["discount2_date"], row["discount2_pct"])]
    return tuple(
        model.Discount((until - row["invoice_date"]).days, pct) for until, pct in steps if pct and until
    )


def _notes(row: Row, language: str) -> tuple[model.Note, ...]:
    notes = [model.Note(row["reason"])] if row["reason"] else []
    currency = row["company"]["currency"]
    for one in row["deductions"] or ():
        params = {
            "number": one["number"],
            "date": date_(date.fromisoformat(one["date"]), language),
            "net": money(_dec(one["net_amount"]), currency, language),
            "rate": percent(_dec(one["tax_rate"]), language),
            "tax": money(_dec(one["tax_amount"]), currency, language),
        }
        notes.append(model.Note(translate(language, "einvoice.note.deducted", **params)))
    return tuple(notes)


def _preceding(row: Row) -> tuple[model.Preceding, ...]:
    found = [row["original"]] if row["original"] else []
    found += list(row["deductions"] or ())
    named = {one["number"]: date.fromisoformat(one["date"]) for one in found}
    return tuple(model.Preceding(number, day) for number, day in named.items())


def _delivery(row: Row, said: Mapping[str, Any]) -> model.Delivery | None:
    there = said.get("delivery_address")
    if row["service_date"] is None:
        return None
    if not there:
        return model.Delivery(row["service_date"])
    return model.Delivery(row["service_date"], there.get("name") or "", None, _address(there))


def _period(row: Row) -> model.Period | None:
    """Several deliveries on different days are a period; the last day stands with the delivery as well."""
    first, last = row["first_shipped"], row["service_date"]
    return model.Period(first, last) if first and last and first < last else None


def _payment(own: Mapping[str, Any]) -> tuple[model.PaymentMeans, ...]:
    iban = "".join(own["iban"].split())
    return (model.PaymentMeans("58", "", iban, own["name"], "".join(own["bic"].split())),) if iban else ()


def _advances(row: Row) -> tuple[model.Advance, ...]:
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for one in row["deductions"] or ():
        by_number.setdefault(one["number"], []).append(one)
    return tuple(
        model.Advance(
            amount=sum((_dec(part["net_amount"]) + _dec(part["tax_amount"]) for part in parts), Decimal(0)),
            taxes=tuple(_advance_tax(part) for part in parts),
            invoice=model.Preceding(number, date.fromisoformat(parts[0]["date"])),
        )
        for number, parts in by_number.items()
    )


def _advance_tax(part: Mapping[str, Any]) -> model.AdvanceTax:
    category = part["tax_category"]
    return model.AdvanceTax(_dec(part["tax_amount"]), category, _rate(category, part["tax_rate"]))


def unit_code(unit: str) -> str:
    """The code of UN/ECE for one of our units; what is not in the table is taken for a code."""
    return _units().get(unit.strip().lower(), unit.strip())


@cache
def _units() -> dict[str, str]:
    import yaml

    table: dict[str, str] = yaml.safe_load((FOLDER / "units.yaml").read_text(encoding="utf-8"))
    return table


# -- before it is issued -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trial:
    """A posting that makes an invoice, to be tried out: ``post(session, command)`` gives it with its ``id``."""

    post: Callable[[Session, Any], Result[Any]]
    command: Any


class _TriedOutError(Exception):
    """Ends a trial, so that nothing of it stays: no invoice, no number."""

    def __init__(self, row: Row) -> None:
        super().__init__("tried out")
        self.row = row


def _try(session: Session, trial: Trial) -> NoReturn:
    raise _TriedOutError(load(session, trial.post(session, trial.command).value.id))


def prove(db: Database, sales_order_id: int, trial: Trial) -> tuple[model.Invoice, tuple[Any, ...]] | None:
    """What would be wrong with the e-invoice of a posting, before it is posted; None when nothing is.

    The posting is done and taken back in one transaction, so amounts, addresses and texts are the real ones.  Gives the
    invoice that was not issued and its findings.  Raises what the posting raises, and Refused without rule sets.
    """
    from app.services.einvoice.validate import check

    if db.read(_format_of, sales_order_id) == "paper":
        return None
    row = _tried(db, trial)
    profile = profile_of(row)
    if profile is None:
        return None
    invoice = invoice_of(row)
    report = check(invoice, profile)
    return None if report.ok else (invoice, report.findings)


def _tried(db: Database, trial: Trial) -> Row:
    try:
        db.write(_try, trial)
    except _TriedOutError as tried:
        return tried.row
    raise RuntimeError("a trial was committed")


def _format_of(session: Session, sales_order_id: int) -> str:
    found = session.execute(_FORMAT, {"id": sales_order_id}).scalar_one_or_none()
    return str(found or "paper")


# -- for the archive ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Packed:
    """The file to keep and send, and the XML beside it where it is a file of its own."""

    content: bytes
    beside: bytes | None = None


def pack(row: Row, pdf: bytes) -> Packed:
    """The PDF of an issued invoice as it goes out: as it is for paper, else PDF/A-3 with XML inside or beside.

    Raises Refused einvoice_invalid when the rules forbid it, pdfa_impossible when the PDF cannot be kept as PDF/A.
    """
    from app.services.einvoice.pdfa import archive
    from app.services.einvoice.validate import check
    from app.services.einvoice.zugferd import embed

    profile = profile_of(row)
    if profile is None:
        return Packed(pdf)
    invoice = invoice_of(row)
    report = check(invoice, profile)
    if not report.ok:
        raise refusal(invoice, report.findings, "de")
    if profile.is_xrechnung:
        return Packed(archive(pdf), report.xml)
    return Packed(embed(pdf, report.xml, profile))


def packed(row: Row, command: ArchiveDocument) -> ArchiveDocument:
    """The command that keeps an invoice's PDF, with its e-invoice; raises what `pack` raises."""
    made = pack(row, command.content)
    beside = f"{command.file_name.removesuffix('.pdf')}.xml" if made.beside is not None else None
    return replace(command, content=made.content, beside_name=beside, beside=made.beside)


def refusal(invoice: model.Invoice, findings: tuple[Any, ...], lang: str) -> Refused:
    """The findings as one refusal that names each place."""
    from app.services.einvoice.show import placed

    errors = [one for one in findings if one.is_error]
    words = "\n".join(f"• {placed(one, invoice, lang)}" for one in errors[:8])
    return Refused("einvoice_invalid", n=len(errors), findings=words)
