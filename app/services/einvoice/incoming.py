"""What came in, kept with its supplier: the received file itself, byte for byte, as the law wants it."""

import re
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.format import money
from app.services.documents.commands import AddAttachment
from app.services.documents.contents import safe_name, text_of_pdf
from app.services.einvoice.read import Received

TOPIC = "partners.partner"
_SUPPLIER = text("""
SELECT p.id, p.number, p.name,
       (SELECT a.name FROM documents.attachment a JOIN documents.attachment_version v ON v.attachment_id = a.id
          JOIN documents.content c ON c.id = v.content_id
         WHERE a.topic = 'partners.partner' AND a.record_id = p.id AND a.state = 'current' AND c.sha256 = :sha256
         LIMIT 1) AS kept_as
  FROM partners.partner p
 WHERE p.is_supplier AND (p.vat_id = :vat_id OR lower(p.name) = lower(:name))
 ORDER BY (p.vat_id = :vat_id) IS TRUE DESC, p.id
 LIMIT 1
""")


class Supplier(NamedTuple):
    """Who sent an invoice; ``kept_as`` is the name of the same file when it lies there already."""

    id: int
    number: str
    name: str
    kept_as: str | None


def supplier_of(session: Session, vat_id: str, name: str, sha256: str) -> Supplier | None:
    """The supplier with this VAT id, else with exactly this name; None when there is none."""
    values: dict[str, Any] = {
        "vat_id": "".join(vat_id.split()) or None,
        "name": name.strip(),
        "sha256": sha256,
    }
    row = session.execute(_SUPPLIER, values).one_or_none()
    return Supplier(*row) if row else None


def keep_command(supplier_id: int, received: Received, content: bytes, lang: str) -> AddAttachment:
    """The command that lays the received file beside its supplier, named by the invoice and found by its words."""
    invoice = received.invoice
    assert invoice is not None
    pdf = received.kind == "pdf"
    name = safe_name(re.sub(r"[/\\]", "-", f"{invoice.number} {received.name}"))
    lines = " ".join(line.item.name for line in invoice.lines[:200])
    words = text_of_pdf(content) if pdf else f"{invoice.number} {invoice.seller.name} {lines}"
    comment = f"{invoice.number}, {money(invoice.totals.payable, invoice.currency, lang)}"
    mime = "application/pdf" if pdf else "application/xml"
    return AddAttachment(TOPIC, supplier_id, name, mime, content, comment, words)
