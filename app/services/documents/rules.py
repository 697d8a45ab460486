"""What an issued document must say before it may be printed (invoices: § 14 (4) and § 14a UStG)."""

from app.services.documents.data import DocumentData


def missing_contents(data: DocumentData) -> tuple[str, ...]:
    """Error keys for everything the document lacks, most important first; empty when it is complete."""
    company, totals = data.company, data.totals
    checks = {
        "document_without_number": not data.number.strip(),
        "document_without_issuer": not all((company.name, company.street, company.postcode, company.city)),
        "document_without_recipient": len([line for line in data.recipient if line.strip()]) < 2,
        "document_without_lines": not data.lines,
        "document_without_totals": data.kind != "delivery_note"
        and (totals is None or any(line.net is None for line in data.lines)),
    }
    if data.kind in ("invoice", "cancellation"):
        untaxed = totals is not None and not any(tax.rate for tax in totals.taxes)
        customer_vat_id = any(ref.label == "your_vat_id" and ref.value for ref in data.references)
        checks |= {
            "document_without_tax_number": not (company.vat_id or company.tax_number),
            "document_without_supply_date": data.supplied_on is None,
            "document_without_tax": untaxed and data.tax_note is None,
            "document_without_vat_ids": data.tax_note == "intra_community"
            and not (company.vat_id and customer_vat_id),
            "document_without_original": data.kind == "cancellation" and data.original is None,
        }
    return tuple(key for key, lacking in checks.items() if lacking)
