"""What an issued document must say before it may be printed (invoices: § 14 (4) and § 14a UStG)."""

from collections.abc import Callable, Mapping

from app.services.documents.data import DocumentData
from app.services.documents.kinds import Need, spec_of

Lacks = Callable[[DocumentData], bool]


def missing_contents(data: DocumentData) -> tuple[str, ...]:
    """Error keys for everything the document lacks of what its kind needs, most important first."""
    needs = spec_of(data.kind).needs
    return tuple(key for need, (key, lacks) in _NEEDS.items() if need in needs and lacks(data))


def _untaxed(data: DocumentData) -> bool:
    totals = data.totals
    no_tax = totals is not None and not any(tax.rate for tax in totals.taxes)
    return no_tax and data.tax_note is None and not data.tax_notes


def _without_vat_ids(data: DocumentData) -> bool:
    """A supply to a business in another EU country names both, and so does one whose recipient owes the tax."""
    notes = {data.tax_note, *data.tax_notes}
    theirs = any(ref.label == "your_vat_id" and ref.value for ref in data.references)
    return "intra_community" in notes and not (data.company.vat_id and theirs)


def _without_totals(data: DocumentData) -> bool:
    return data.totals is None or any(line.net is None for line in data.lines)


def _without_issuer(data: DocumentData) -> bool:
    company = data.company
    return not all((company.name, company.street, company.postcode, company.city))


_NEEDS: Mapping[Need, tuple[str, Lacks]] = {
    "number": ("document_without_number", lambda data: not data.number.strip()),
    "issuer": ("document_without_issuer", _without_issuer),
    "recipient": (
        "document_without_recipient",
        lambda data: len([line for line in data.recipient if line.strip()]) < 2,
    ),
    "lines": ("document_without_lines", lambda data: not data.lines),
    "items": ("document_without_lines", lambda data: not data.items),
    "totals": ("document_without_totals", _without_totals),
    "tax_number": (
        "document_without_tax_number",
        lambda data: not (data.company.vat_id or data.company.tax_number),
    ),
    "supply_date": ("document_without_supply_date", lambda data: data.supplied_on is None),
    "tax": ("document_without_tax", _untaxed),
    "vat_ids": ("document_without_vat_ids", _without_vat_ids),
    "original": ("document_without_original", lambda data: data.original is None),
}
