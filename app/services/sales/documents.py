"""The printed documents of sales: snapshots and lines from the database, as the page says them.

Nothing is computed here that the database has stored: totals of issued documents and their taxes are its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.services.documents import data as page
from app.services.documents.commands import ArchiveDocument, DocumentType
from app.services.documents.contents import text_of_pdf
from app.services.documents.render import file_name, render
from app.services.sales import rules

_COMPANY = """(SELECT to_jsonb(c) - 'logo' FROM system.company c) AS company,
       (SELECT c.logo FROM system.company c) AS logo,
       (SELECT p.person FROM sec.people() p WHERE p.login = h.created_by) AS clerk"""
_DAY = (
    "(d.shipped_at AT TIME ZONE coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date"
)
_PICTURE = """(SELECT jsonb_build_array(i.id, i.content_hash) FROM catalog.product_image i
                          WHERE i.product_id = {product} AND i.is_primary) AS picture"""
_DRAFT = """
SELECT h.*, {company},
       coalesce(h.snapshot, jsonb_build_object(
         'customer', jsonb_build_object('number', k.number, 'name', k.name, 'language', k.language, 'vat_id', k.vat_id,
                                        'tax_treatment', k.tax_treatment),
         'billing_address', (SELECT to_jsonb(a) || jsonb_build_object('name', coalesce(a.name, k.name))
                               FROM partners.address a WHERE a.partner_id = k.id
                              ORDER BY (a.kind = 'billing') DESC, a.is_default DESC, a.id LIMIT 1),
         'terms', (SELECT to_jsonb(t) FROM partners.payment_term t WHERE t.id = h.payment_term_id))) AS said,
       {more},
       (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position) FROM (
          SELECT l.position, coalesce(l.sku, p.sku) AS sku, l.description, coalesce(l.unit_code, u.code) AS unit,
                 n.name_de AS unit_de, n.name_en AS unit_en, l.qty, l.unit_price, l.discount_pct, l.tax_rate,
                 l.tax_category, l.net_amount, l.charges, {picture}
            FROM sales.{table}_line l
            JOIN catalog.product p ON p.id = l.product_id JOIN catalog.unit u ON u.id = p.unit_id
            LEFT JOIN catalog.unit n ON n.code = coalesce(l.unit_code, u.code)
           WHERE l.{table}_id = h.id) x) AS lines
  FROM sales.{table} h JOIN partners.partner k ON k.id = h.customer_id
 WHERE h.id = :id
"""
_OF_LINE = _PICTURE.format(product="l.product_id")
_QUOTE = text(
    _DRAFT.format(table="quote", company=_COMPANY, picture=_OF_LINE, more="h.quote_date AS document_date")
)
_ORDER = text(
    _DRAFT.format(
        table="sales_order",
        company=_COMPANY,
        picture=_OF_LINE,
        more="h.order_date AS document_date,"
        " (SELECT q.number FROM sales.quote q WHERE q.id = h.quote_id) AS quote_number",
    )
)
_DELIVERY_SQL = """
SELECT d.*, {company}, d.snapshot AS said,
       {day} AS document_date,
       (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position) FROM (
          SELECT row_number() OVER (ORDER BY min(l.position)) AS position, l.sku, l.description,
                 l.unit_code AS unit,
                 min(n.name_de) AS unit_de, min(n.name_en) AS unit_en, sum(l.qty) AS qty,
                 {picture},
                 jsonb_agg(jsonb_build_array(l.lot_code, l.qty) ORDER BY l.position)
                   FILTER (WHERE l.lot_code IS NOT NULL) AS lots
            FROM sales.delivery_line l LEFT JOIN catalog.unit n ON n.code = l.unit_code WHERE l.delivery_id = d.id
           GROUP BY l.sales_order_line_id, l.sku, l.description, l.unit_code) x) AS lines
  FROM sales.delivery d
 WHERE d.id = :id
"""
_INVOICE_SQL = """
SELECT h.*, {company}, h.snapshot AS said, h.invoice_date AS document_date,
       (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position) FROM (
          SELECT l.position, l.sku, l.description, l.unit_code AS unit, n.name_de AS unit_de,
                 n.name_en AS unit_en, l.qty, l.unit_price, l.discount_pct, l.tax_rate, l.net_amount, l.charges,
                 {picture}
            FROM sales.invoice_line l LEFT JOIN catalog.unit n ON n.code = l.unit_code
           WHERE l.invoice_id = h.id) x) AS lines,
       (SELECT jsonb_agg(to_jsonb(t) ORDER BY t.tax_rate DESC, t.tax_category) FROM sales.invoice_tax t
         WHERE t.invoice_id = h.id) AS taxes,
       (SELECT jsonb_agg(to_jsonb(c) ORDER BY c.position, c.tax_rate DESC) FROM sales.invoice_charge c
         WHERE c.invoice_id = h.id) AS charged,
       (SELECT jsonb_agg(to_jsonb(x) || jsonb_build_object('number', p.number, 'date', p.invoice_date,
                                                              'rate', p.exchange_rate)
                         ORDER BY p.id, x.tax_rate DESC)
          FROM sales.invoice_deduction x JOIN sales.invoice p ON p.id = x.down_payment_id
         WHERE x.invoice_id = h.id) AS deducted,
       (SELECT string_agg(DISTINCT d.number, ', ') FROM sales.delivery d
          JOIN sales.invoice_delivery i ON i.delivery_id = d.id
         WHERE i.invoice_id = coalesce(h.cancels_id, h.id)) AS deliveries,
       (SELECT min({day}) FROM sales.delivery d JOIN sales.invoice_delivery i ON i.delivery_id = d.id
         WHERE i.invoice_id = coalesce(h.cancels_id, h.id)) AS first_shipped,
       (SELECT jsonb_build_object('number', o.number, 'date', o.invoice_date) FROM sales.invoice o
         WHERE o.id = coalesce(h.cancels_id, h.corrects_id)) AS original
  FROM sales.invoice h
 WHERE h.id = :id
"""
_DELIVERY = text(
    _DELIVERY_SQL.format(
        company=_COMPANY.replace("h.created_by", "d.created_by"),
        day=_DAY,
        picture=_PICTURE.format(product="min(l.product_id)"),
    )
)
_INVOICE = text(_INVOICE_SQL.format(company=_COMPANY, day=_DAY, picture=_OF_LINE))
_STATEMENTS = {"quote": _QUOTE, "sales_order": _ORDER, "delivery": _DELIVERY, "invoice": _INVOICE}
# What a document of sales is, by the kind of its invoice; the archive calls two of them otherwise.
_KINDS: dict[str, page.Kind] = {
    "invoice": "invoice",
    "partial": "partial_invoice",
    "down_payment": "down_payment",
    "final": "final_invoice",
    "correction": "correction",
    "cancellation": "cancellation",
}
_ARCHIVED = {"partial_invoice": "partial", "final_invoice": "final"}
_TREATED = {"eu_business": "K", "export": "G", "reverse_charge": "AE"}
_TAX_NOTES: dict[str, page.TaxNote] = {
    "K": "intra_community",
    "G": "export",
    "AE": "reverse_charge",
    "E": "exempt",
    "Z": "zero_rated",
    "O": "outside_scope",
}
_ADDRESS_LINES = ("name", "street", "street2")


def document_for(session: Session, document_type: DocumentType, document_id: int) -> page.DocumentData:
    """What the document of a record says, in the customer's language; one round trip.

    Its lines name their pictures; the house's layout says whether they are shown (`documents.templates`), and
    `app.services.images.printed` gets them.

    A draft quote or order gives a draft document.  Raises Refused record_not_found.
    """
    row = session.execute(_STATEMENTS[document_type], {"id": document_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table=f"sales.{document_type}", id=document_id)
    build = {"quote": _quote, "sales_order": _order, "delivery": _delivery, "invoice": _invoice}[
        document_type
    ]
    return build(row, _language(row))


def archive_command(document_id: int, data: page.DocumentData) -> ArchiveDocument:
    """The command that archives a document's PDF; rendering it takes a moment and no session."""
    content = render(data)
    return ArchiveDocument(
        _ARCHIVED.get(data.kind, data.kind),
        document_id,
        data.language,
        file_name(data),
        content,
        text_of_pdf(content),
    )


def _language(row: Mapping[Any, Any]) -> page.Language:
    return "en" if row["said"]["customer"]["language"] == "en" else "de"


def _common(
    row: Mapping[Any, Any], language: page.Language, kind: page.Kind, *labels: page.Reference
) -> dict[str, Any]:
    said = row["said"]
    customer = said["customer"]
    references = [page.Reference("customer_number", customer["number"]), *(x for x in labels if x.value)]
    if customer.get("vat_id"):
        references.append(page.Reference("your_vat_id", customer["vat_id"]))
    return {
        "kind": kind,
        "partner_id": row["customer_id"],
        "number": row.get("number") or "",
        "date": row["document_date"],
        "language": language,
        "company": _company(row, language),
        "recipient": _address(said.get("billing_address"), row, language),
        "references": tuple(references),
        "contact": page.Contact(row["clerk"], email=row["company"]["email"]) if row["clerk"] else None,
        "lines": tuple(_line(x, language) for x in row["lines"] or ()),
    }


def _quote(row: Mapping[Any, Any], language: page.Language) -> page.DocumentData:
    labels = (page.Reference("your_order", row["customer_reference"] or ""),)
    return page.DocumentData(
        **_common(row, language, "quote", *labels),
        totals=_totals(row),
        payment=_terms(row["said"]),
        tax_notes=_untaxed(row, _categories(row)),
        valid_until=row["valid_until"],
        draft=row["state"] == "draft",
    )


def _order(row: Mapping[Any, Any], language: page.Language) -> page.DocumentData:
    labels = (
        page.Reference("your_order", row["customer_reference"] or ""),
        page.Reference("quote", row["quote_number"] or ""),
        page.Reference("delivery_date", row["requested_date"] or ""),
    )
    return page.DocumentData(
        **_common(row, language, "order_confirmation", *labels),
        totals=_totals(row),
        payment=_terms(row["said"]),
        tax_notes=_untaxed(row, _categories(row)),
        delivery_address=_delivery_address(row, language),
        draft=row["state"] == "draft",
    )


def _delivery(row: Mapping[Any, Any], language: page.Language) -> page.DocumentData:
    order = row["said"]["order"]
    labels = (
        page.Reference("order", order["number"]),
        page.Reference("your_order", order["reference"] or ""),
    )
    common = _common(row, language, "delivery_note", *labels)
    common["recipient"] = _address(row["delivery_address"], row, language)
    return page.DocumentData(**common)


def _invoice(row: Mapping[Any, Any], language: page.Language) -> page.DocumentData:
    order, original, kind = row["said"]["order"], row["original"], _KINDS[row["kind"]]
    labels = (
        page.Reference("order", order["number"]),
        page.Reference("your_order", order["reference"] or ""),
        page.Reference("part", str(row["part"]) if row["part"] else ""),
        page.Reference("delivery_note", row["deliveries"] or ""),
    )
    first, last = row["first_shipped"], row["service_date"]
    categories = [x["tax_category"] for x in row["taxes"] or ()]
    return page.DocumentData(
        **_common(row, language, kind, *labels),
        totals=_invoiced(row),
        payment=_due(row) if _asks(row) else None,
        tax_notes=_untaxed(row, categories),
        remarks=tuple(
            dict.fromkeys(
                x["exemption_text"]
                for x in row["taxes"] or ()
                if x["tax_category"] == "E"
                and x["exemption_text"]
                and not row["company"]["is_small_business"]
            )
        ),
        supplied_on=min(first, last) if first and last else last,
        supplied_until=last if first and last and first < last else None,
        delivery_address=_delivery_address(row, language),
        original=page.Original(original["number"], date.fromisoformat(original["date"]))
        if original
        else None,
        reason=row["reason"] or "",
        deductions=_deductions(row),
    )


def _asks(row: Mapping[Any, Any]) -> bool:
    """Whether the invoice asks for money; one that down payments cover does not."""
    back = row["kind"] in ("cancellation", "correction")
    return not back and bool(row["gross_amount"] > row["prepaid_amount"])


def _invoiced(row: Mapping[Any, Any]) -> page.Totals:
    """The totals of an invoice as they are stored."""
    by_rate: dict[Decimal, tuple[Decimal, Decimal, Decimal]] = {}
    for x in row["taxes"] or ():
        net, tax, own = by_rate.get(_dec(x["tax_rate"]), (Decimal(0), Decimal(0), Decimal(0)))
        by_rate[_dec(x["tax_rate"])] = (
            net + _dec(x["net_amount"]),
            tax + _dec(x["tax_amount"]),
            own + _dec(x["own_tax_amount"]),
        )
    foreign = row["currency"] != row["company"]["currency"]
    charged = row["charged"] or ()
    lines = sum((_dec(x["net_amount"]) for x in row["lines"] or ()), Decimal(0))
    return page.Totals(
        row["net_amount"],
        tuple(
            page.TaxAmount(rate, net, tax, own if foreign else None)
            for rate, (net, tax, own) in by_rate.items()
        ),
        row["gross_amount"],
        lines=lines if charged else None,
        adjustments=tuple(
            _adjustment(
                x["reason"],
                _dec(x["amount"]),
                x["kind"] == "charge",
                x["pct"],
                x["base_amount"],
                x["tax_rate"],
            )
            for x in charged
        ),
        payable=row["gross_amount"] - row["prepaid_amount"] if row["deducted"] else None,
        currency=row["currency"],
        own_currency=row["company"]["currency"],
        exchange_rate=row["exchange_rate"] if foreign else None,
        exchange_date=row["exchange_date"],
    )


def _adjustment(
    reason: str, amount: Decimal, charge: bool, pct: Any, base: Any, rate: Any
) -> page.Adjustment:
    """An allowance or charge; what a cancellation gives back changes sides, as amounts there are positive."""
    return page.Adjustment(
        reason,
        abs(amount),
        charge=charge if amount >= 0 else not charge,
        percent=None if pct is None else _dec(pct),
        base=None if base is None else abs(_dec(base)),
        tax_rate=_dec(rate),
    )


def _deductions(row: Mapping[Any, Any]) -> tuple[page.Deduction, ...]:
    """The down payments an invoice takes off, each with its tax per rate."""
    by_number: dict[str, list[Mapping[str, Any]]] = {}
    for x in row["deducted"] or ():
        by_number.setdefault(x["number"], []).append(x)
    found = []
    for number, parts in by_number.items():
        taxes = tuple(
            page.TaxAmount(_dec(x["tax_rate"]), _dec(x["net_amount"]), _dec(x["tax_amount"])) for x in parts
        )
        net, tax = sum((x.net for x in taxes), Decimal(0)), sum((x.tax for x in taxes), Decimal(0))
        day, at = date.fromisoformat(parts[0]["date"]), _dec(parts[0]["rate"])
        other = at if at != row["exchange_rate"] else None
        found.append(page.Deduction(number, day, net, taxes, net + tax, other))
    return tuple(found)


def _categories(row: Mapping[Any, Any]) -> list[str]:
    """Tax categories of a quote or order; those of a draft follow from its customer."""
    said = [x["tax_category"] for x in row["lines"] or () if x.get("tax_category")]
    if said:
        return said
    treated = _TREATED.get(row["said"]["customer"]["tax_treatment"])
    small = row["company"]["is_small_business"]
    return ["E"] if small else [treated] if treated else []


def _untaxed(row: Mapping[Any, Any], categories: Sequence[str]) -> tuple[page.TaxNote, ...]:
    """Why no tax is charged, each reason once."""
    small = row["company"]["is_small_business"]
    notes = [_TAX_NOTES[x] for x in categories if x in _TAX_NOTES]
    return tuple(dict.fromkeys("small_business" if small and x == "exempt" else x for x in notes))


def _dec(value: Any) -> Decimal:
    return Decimal(str(value))


def _line(line: Mapping[str, Any], language: page.Language) -> page.Line:
    priced = "unit_price" in line
    discount = _dec(line["discount_pct"]) if priced else Decimal(0)
    lots = tuple(code for code, _qty in line.get("lots") or ())
    picture = line["picture"]
    return page.Line(
        position=str(line["position"]),
        sku=line["sku"],
        name=line["description"],
        quantity=_dec(line["qty"]),
        unit=line[f"unit_{language}"] or line["unit"],
        unit_price=_dec(line["unit_price"]) if priced else None,
        discount_pct=discount or None,
        net=_dec(line["net_amount"]) if priced else None,
        tax_rate=_dec(line["tax_rate"]) if priced else None,
        lots=tuple(dict.fromkeys(lots)),
        adjustments=tuple(
            _adjustment(x["reason"], _dec(x["amount"]), x["kind"] == "charge", None, None, line["tax_rate"])
            for x in line.get("charges") or ()
        ),
        image=(int(picture[0]), str(picture[1])) if picture else None,
    )


def _totals(row: Mapping[Any, Any]) -> page.Totals:
    """The database's totals; the amounts per rate follow the same rule as its own (checked by its triggers)."""
    lines = [(_dec(x["net_amount"]), _dec(x["tax_rate"]), x["tax_category"]) for x in row["lines"] or ()]
    charges = rules.charges_of(row["charges"])
    rates = rules.sums([(net, rate) for net, rate, _ in lines], charges).rates
    shares = rules.shares(rules.groups_of(lines), charges)
    return page.Totals(
        row["net_amount"],
        tuple(page.TaxAmount(rate, net, tax) for rate, net, tax in rates),
        row["gross_amount"],
        lines=sum((net for net, _, _ in lines), Decimal(0)) if shares else None,
        adjustments=tuple(
            _adjustment(x.charge.reason, x.amount, x.charge.kind == "charge", x.charge.pct, x.base, x.rate)
            for x in shares
        ),
        currency=row["currency"],
        own_currency=row["company"]["currency"],
    )


def _terms(said: Mapping[str, Any]) -> page.PaymentTerms | None:
    terms = said.get("terms")
    if not terms:
        return None
    pct = _dec(terms["discount_pct"])
    later = _dec(terms.get("discount2_pct") or 0)
    return page.PaymentTerms(
        net_days=int(terms["net_days"]),
        discount_pct=pct or None,
        discount_days=int(terms["discount_days"]) if pct else None,
        steps=(page.PaymentTerms(discount_pct=later, discount_days=int(terms["discount2_days"])),)
        if later
        else (),
    )


def _due(row: Mapping[Any, Any]) -> page.PaymentTerms:
    """When an invoice is to be paid, and with how much less until when."""
    steps = [
        step
        for pct, until in (
            (row["discount_pct"], row["discount_date"]),
            (row["discount2_pct"], row["discount2_date"]),
        )
        if (step := _step(row, pct, until)) is not None
    ]
    if not steps:
        return page.PaymentTerms(due_date=row["due_date"])
    return replace(steps[0], due_date=row["due_date"], steps=tuple(steps[1:]))


def _step(row: Mapping[Any, Any], pct: Decimal, until: date | None) -> page.PaymentTerms | None:
    payable = row["gross_amount"] - row["prepaid_amount"]
    skonto = rules.cash_discount(payable, payable, pct, until, row["invoice_date"])
    if not skonto.due:
        return None
    return page.PaymentTerms(
        discount_pct=pct,
        discount_date=until,
        discount_amount=skonto.amount,
        discount_payable=skonto.payable,
    )


def _company(row: Mapping[Any, Any], language: page.Language) -> page.Company:
    own = row["company"]
    return page.Company(
        name=own["name"],
        street=own["street"],
        postcode=own["postal_code"],
        city=own["city"],
        country=_country(own["country"], language),
        phone=own["phone"],
        email=own["email"],
        web=own["web"],
        vat_id=own["vat_id"],
        tax_number=own["tax_number"],
        register=own["register_entry"],
        managing_director=own["managing_director"],
        bank_name=own["bank_name"],
        iban=own["iban"],
        bic=own["bic"],
        logo=row["logo"],
    )


def _delivery_address(row: Mapping[Any, Any], language: page.Language) -> tuple[str, ...]:
    """Where the goods go, unless it is where the letter goes."""
    there, here = row["said"].get("delivery_address"), row["said"].get("billing_address")
    return () if there is None or there == here else _address(there, row, language)


def _address(
    address: Mapping[str, Any] | None, row: Mapping[Any, Any], language: page.Language
) -> tuple[str, ...]:
    if address is None:
        return (row["said"]["customer"]["name"],)
    lines: Sequence[Any] = [address.get(name) for name in _ADDRESS_LINES]
    town = f"{address['postcode']} {address['city']}"
    abroad = address["country"] != row["company"]["country"]
    country = _country(address["country"], language).upper() if abroad else ""
    return tuple(x for x in (*lines, town, country) if x)


def _country(code: str, language: page.Language) -> str:

    return str(Locale(language).territories.get(code, code))
