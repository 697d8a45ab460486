"""What comes in as a file: read, checked, kept byte for byte, and refused when it is no invoice of ours."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import Numeric, case, func, select, text
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, fetch_page
from app.models.partners import Partner
from app.models.purchasing import PurchaseInvoice, Received
from app.services.documents import scan
from app.services.documents.contents import safe_name, text_of_pdf
from app.services.einvoice.model import Invoice
from app.services.einvoice.read import Received as Read
from app.services.einvoice.read import read
from app.services.purchasing.commands import RefuseReceived, StoreReceived
from app.services.records import Saved

TOPIC = "purchasing.received"
PRESETS = ("new", "faulty", "matched", "refused", "all")
GLN = "0088"  # the list of GLN in ISO 6523
MOST_FINDINGS = 200


class Stored(NamedTuple):
    """A kept file; ``known``: the same bytes were there before."""

    id: int
    row_version: int
    known: bool
    supplier_id: int | None


class ReceivedRow(NamedTuple):
    """A received file in the list; ``supplier`` is who it seems to be from, by its own words when unknown."""

    id: int
    row_version: int
    state: str
    kind: str
    source: str
    sender: str | None
    file_name: str
    received_at: datetime
    supplier_id: int | None
    supplier: str | None
    number: str | None
    amount: Decimal | None
    currency: str | None
    verdict: str
    invoice_id: int | None
    refuse_reason: str | None


class ReceivedFile(NamedTuple):
    """The file itself."""

    file_name: str
    mime: str
    content: bytes


def store_command(content: bytes, file_name: str, *, source: str = "mail", sender: str = "") -> StoreReceived:
    """Read and check a file (up to a second, no database); raises Invalid when the workplace's scanner refuses it."""
    name = safe_name(file_name)[-180:]
    scan.check(name, content)
    found = read(content, name)
    kind = {"pdf": "zugferd" if found.xml is not None else "pdf", "xml": "xml"}.get(found.kind, "other")
    words = ""
    if found.kind == "pdf":
        words = text_of_pdf(content)
    elif found.invoice is not None:
        lines = " ".join(line.item.name for line in found.invoice.lines[:200])
        words = f"{found.invoice.number} {found.invoice.seller.name} {lines}"
    findings = [finding.as_json() for finding in found.findings[:MOST_FINDINGS]]
    return StoreReceived(source, name, kind, content, facts_of(found), findings, words, sender)


@posting
def store(session: Session, command: StoreReceived) -> Result[Stored]:
    """Keep a received file; one that was refused before waits anew.  Refused: content_size, content_empty."""
    answer = call_api(
        session,
        "received_store",
        p_command=command.command,
        p_source=command.source,
        p_sender=command.sender,
        p_file_name=command.file_name,
        p_kind=command.kind,
        p_content=command.content,
        p_words=command.words or None,
        p_facts=dict(command.facts),
        p_findings=list(command.findings),
    )
    supplier = answer["supplier_id"]
    stored = Stored(
        int(answer["id"]),
        int(answer["row_version"]),
        bool(answer["known"]),
        None if supplier is None else int(supplier),
    )
    return Result(stored, changed((TOPIC, stored.id)))


@posting
def refuse(session: Session, command: RefuseReceived) -> Result[Saved]:
    """Refuse a file; the reason stays with it.  Refused: received_not_new, reason_required."""
    answer = call_api(
        session,
        "received_refuse",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_reason=command.reason,
    )
    return Result(Saved(command.id, int(answer["row_version"])), changed((TOPIC, command.id)))


def received_file(session: Session, received_id: int) -> ReceivedFile:
    """The bytes as they came.  Raises Refused record_not_found."""
    row = session.execute(text("SELECT * FROM api.received_content(:id)"), {"id": received_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table=TOPIC, id=received_id)
    return ReceivedFile(row[0], row[1], bytes(row[2]))


def list_received(session: Session, query: ListQuery) -> Page:
    """Received files, newest first; presets: `PRESETS`."""
    item: Any = Received
    faulty = item.findings.contains([{"severity": "error"}])
    unread = item.facts["number"].astext.is_(None)
    verdict = case(
        (unread, "none"),
        (faulty, "wrong"),
        (func.jsonb_array_length(item.findings) > 0, "odd"),
        else_="right",
    )
    amount = item.facts["payable"].astext.cast(Numeric)
    supplier = func.coalesce(Partner.name, item.facts["seller"]["name"].astext)
    invoice = (
        select(func.max(PurchaseInvoice.id))
        .where(PurchaseInvoice.received_id == item.id, PurchaseInvoice.state.not_in(("cancelled", "settled")))
        .correlate(item)
        .scalar_subquery()
    )
    columns: dict[str, Any] = {
        "id": item.id,
        "row_version": item.row_version,
        "state": item.state,
        "kind": item.kind,
        "source": item.source,
        "sender": item.sender,
        "file_name": item.file_name,
        "received_at": item.received_at,
        "supplier_id": item.supplier_id,
        "supplier": supplier,
        "number": item.facts["number"].astext,
        "amount": amount,
        "currency": item.facts["currency"].astext,
        "verdict": verdict,
        "invoice_id": invoice,
        "refuse_reason": item.refuse_reason,
    }
    statement = select(*columns.values()).outerjoin(Partner, Partner.id == item.supplier_id)
    match query.preset:
        case "new" | "matched" | "refused":
            statement = statement.where(item.state == query.preset)
        case "faulty":
            statement = statement.where(item.state == "new", verdict.in_(("wrong", "none")))
    if not query.sort:
        query = replace(query, sort="received_at", descending=True)
    return fetch_page(session, statement, columns=columns, key=item.id, query=query, row=ReceivedRow)


def count_received(session: Session, preset: str = "new") -> int:
    """How many received files of a preset there are."""
    return list_received(session, ListQuery(preset=preset, limit=1)).total or 0


# -- what is read out of an invoice -----------------------------------------------------------------------------


def facts_of(found: Read) -> dict[str, Any]:
    """What of a file finds its supplier and order and fills in a purchase invoice; empty when nothing was read."""
    invoice = found.invoice
    if invoice is None:
        return {}
    seller = invoice.seller
    ids = [one for one in (seller.global_id, seller.legal_id, seller.endpoint) if one is not None]
    delivered = invoice.delivery.date if invoice.delivery else None
    return {
        "number": invoice.number[:60],
        "type": invoice.type,
        "credit": invoice.is_credit,
        "issued": invoice.issued,
        "due": invoice.due,
        "supplied": delivered or (invoice.period.end if invoice.period else None),
        "currency": invoice.currency,
        "order": invoice.order,
        "despatch": invoice.despatch,
        "preceding": [one.number for one in invoice.preceding],
        "seller": {
            "name": seller.name,
            "vat_id": "".join(seller.vat_id.split()),
            "endpoint": seller.endpoint.value if seller.endpoint else "",
            "gln": next((one.value for one in ids if one.scheme == GLN), ""),
        },
        "buyer_vat_id": "".join(invoice.buyer.vat_id.split()).upper(),
        # Enough to tell accounts apart; the number itself stays in the file.
        "account": _account(invoice),
        "gross": invoice.totals.gross,
        "prepaid": invoice.totals.prepaid or Decimal(0),
        "payable": invoice.totals.payable,
        "discounts": [{"days": one.days, "percent": one.percent} for one in invoice.discounts],
        "lines": [*_lines(invoice), *_adjustments(invoice)],
    }


def _account(invoice: Invoice) -> str:
    ibans = ["".join(one.iban.split()) for one in invoice.payment if one.iban]
    return f"{ibans[0][:2]}{ibans[0][-4:]}" if ibans else ""


def _lines(invoice: Invoice) -> list[Mapping[str, Any]]:
    return [
        {
            "description": (line.item.name or line.item.description or line.id)[:400],
            "seller_id": line.item.seller_id,
            "buyer_id": line.item.buyer_id,
            "gtin": line.item.standard_id.value if line.item.standard_id else "",
            "order_line": line.order_line,
            "qty": line.quantity,
            "unit": line.unit,
            "price": line.price.net / (line.price.base_quantity or Decimal(1)),
            "net": line.net,
            "category": line.category,
            "rate": line.rate or Decimal(0),
        }
        for line in invoice.lines
    ]


def _adjustments(invoice: Invoice) -> list[Mapping[str, Any]]:
    """Allowances and charges of the whole invoice as lines of their own."""
    found: list[Mapping[str, Any]] = []
    for sign, adjustments in ((-1, invoice.allowances), (1, invoice.charges)):
        found += [
            {
                "description": (one.reason or one.reason_code or "–")[:400],
                "qty": Decimal(sign),
                "price": one.amount,
                "net": sign * one.amount,
                "category": one.category,
                "rate": one.rate or Decimal(0),
                "adjustment": True,
            }
            for one in adjustments
        ]
    return found


def day(value: Any) -> date | None:
    """A day as it is kept among the facts."""
    return date.fromisoformat(value) if value else None
