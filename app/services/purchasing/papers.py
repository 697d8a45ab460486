"""The printed documents of buying: the order as it goes to the supplier,
the receipt as it stays with the goods."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.errors import Refused
from app.services.documents import data as page
from app.services.documents import house

_ORDER = text(f"""
SELECT o.number, o.state, o.order_date, o.expected_date, o.supplier_reference, o.remark, o.currency,
       o.net_amount, o.gross_amount,
       o.supplier_id, {house.COLUMNS},
       (SELECT n.person FROM sec.people() n WHERE n.login = o.created_by) AS clerk,
       coalesce(o.snapshot, jsonb_build_object(
         'supplier', jsonb_build_object('number', s.number, 'name', s.name, 'language', s.language),
         'address', (SELECT to_jsonb(a) || jsonb_build_object('name', coalesce(a.name,
         s.name)) FROM partners.address a
                      WHERE a.partner_id = s.id ORDER BY (a.kind = 'billing') DESC, a.is_default DESC,
                      a.id LIMIT 1),
         'warehouse', (SELECT jsonb_build_object('name',
         w.name) FROM inventory.warehouse w WHERE w.id = o.warehouse_id),
         'terms', (SELECT to_jsonb(t) FROM partners.payment_term t WHERE t.id = o.payment_term_id))) AS said,
       (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position) FROM (
          SELECT l.position, coalesce(l.sku, p.sku) AS sku, l.supplier_sku, l.description, l.qty,
          u.name_de AS unit_de,
                 u.name_en AS unit_en, l.unit_price, l.net_amount, l.tax_rate, coalesce(l.expected_date,
                 o.expected_date) AS due
            FROM purchasing.purchase_order_line l JOIN catalog.product p ON p.id = l.product_id
            JOIN catalog.unit u ON u.id = p.unit_id WHERE l.purchase_order_id = o.id) x) AS lines
  FROM purchasing.purchase_order o JOIN partners.partner s ON s.id = o.supplier_id
 WHERE o.id = :id
""")  # noqa: S608  (fixed names)
_RECEIPT = text(f"""
SELECT g.number, g.kind, g.received_on, g.delivery_note, g.order_number, g.reason, g.supplier_id,
       g.snapshot AS said, {house.COLUMNS},
       (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.position) FROM (
          SELECT l.position, l.sku, l.supplier_sku, l.description, l.qty, l.qty_ordered, l.lot_code,
                 (SELECT sum(CASE h.kind WHEN 'return' THEN -x.qty ELSE x.qty END)
                    FROM purchasing.goods_receipt_line x JOIN purchasing.goods_receipt h ON h.id = x.goods_receipt_id
                   WHERE x.purchase_order_line_id = l.purchase_order_line_id AND h.id <= g.id) AS so_far,
                 p.code AS place,
                 coalesce(u.name_de, l.unit_code) AS unit_de, coalesce(u.name_en, l.unit_code) AS unit_en
            FROM purchasing.goods_receipt_line l LEFT JOIN inventory.place p ON p.id = l.place_id
            LEFT JOIN catalog.unit u ON u.code = l.unit_code WHERE l.goods_receipt_id = g.id) x) AS lines
  FROM purchasing.goods_receipt g WHERE g.id = :id
""")  # noqa: S608  (fixed names)
CENT = Decimal("0.01")


def purchase_order(session: Session, order_id: int, _language: str = "") -> page.DocumentData:
    """The order as it goes out, in the supplier's language; a draft gives a draft.  Raises Refused record_not_found."""
    row = session.execute(_ORDER, {"id": order_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.purchase_order", id=order_id)
    said, own = row["said"], row["company"]
    language: page.Language = "en" if said["supplier"].get("language") == "en" else "de"
    lines = tuple(_ordered(x, language) for x in row["lines"] or ())
    terms = said.get("terms")
    references = (
        page.Reference("supplier_number", said["supplier"]["number"]),
        page.Reference("your_offer", row["supplier_reference"] or ""),
        page.Reference("delivery_date", row["expected_date"] or ""),
    )
    address = said.get("address")
    return page.DocumentData(
        kind="purchase_order",
        number=row["number"] or "",
        date=row["order_date"],
        language=language,
        company=house.company(row, language),
        recipient=house.address_lines(address, own["country"], language)
        if address
        else (said["supplier"]["name"],),
        references=tuple(one for one in references if one.value),
        contact=page.Contact(row["clerk"], email=own["email"]) if row["clerk"] else None,
        lines=lines,
        totals=page.Totals(
            row["net_amount"], _taxes(row["lines"] or ()), row["gross_amount"], row["currency"]
        ),
        payment=_terms(terms) if terms else None,
        delivery_address=_to(own, said["warehouse"]["name"]),
        remarks=(row["remark"],) if row["remark"] else (),
        draft=row["state"] == "draft",
        partner_id=row["supplier_id"],
        currency=row["currency"],
    )


def goods_receipt(session: Session, receipt_id: int, language: str = "de") -> page.DocumentData:
    """The receipt as it stays with the goods, without a price.  Raises Refused record_not_found."""
    row = session.execute(_RECEIPT, {"id": receipt_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.goods_receipt", id=receipt_id)
    spoken: page.Language = "en" if language == "en" else "de"
    said = row["said"]
    references = (
        page.Reference("supplier", said["supplier"]["name"]),
        page.Reference("supplier_number", said["supplier"]["number"]),
        page.Reference("purchase_order", row["order_number"]),
        page.Reference("delivery_note", row["delivery_note"] or ""),
        page.Reference("warehouse", said["warehouse"]["name"]),
    )
    return page.DocumentData(
        kind="goods_receipt",
        number=row["number"],
        date=row["received_on"],
        language=spoken,
        company=house.company(row, spoken),
        recipient=(),
        references=tuple(one for one in references if one.value),
        lines=tuple(_received(x, spoken) for x in row["lines"] or ()),
        remarks=(row["reason"],) if row["reason"] else (),
        partner_id=row["supplier_id"],
    )


def return_slip(session: Session, receipt_id: int, _language: str = "") -> page.DocumentData:
    """What goes back with the goods, in the supplier's language, without a price.  Raises Refused record_not_found."""
    row = session.execute(_RECEIPT, {"id": receipt_id}).mappings().one_or_none()
    if row is None:
        raise Refused("record_not_found", table="purchasing.goods_receipt", id=receipt_id)
    said = row["said"]
    language: page.Language = "en" if said["supplier"].get("language") == "en" else "de"
    address = said.get("address")
    slip = goods_receipt(session, receipt_id, language)
    return replace(
        slip,
        kind="return_slip",
        recipient=house.address_lines(address, row["company"]["country"], language)
        if address
        else (said["supplier"]["name"],),
        references=tuple(one for one in slip.references if one.label not in ("supplier", "warehouse")),
        lines=tuple(
            replace(line, values=_of_supplier(x["supplier_sku"], ", ".join(line.lots)), lots=())
            for line, x in zip(slip.lines, row["lines"] or (), strict=True)
        ),
    )


def _of_supplier(sku: str | None, lots: str) -> dict[str, page.Value]:
    return {key: value for key, value in (("supplier_sku", sku), ("lot", lots)) if value}


def _dec(value: Any) -> Decimal:
    return Decimal(str(value))


def _ordered(line: dict[str, Any], language: page.Language) -> page.Line:
    values: dict[str, page.Value] = {}
    if line["supplier_sku"]:
        values["supplier_sku"] = line["supplier_sku"]
    if line["due"]:
        values["due"] = date.fromisoformat(line["due"])
    return page.Line(
        position=str(line["position"]),
        sku=line["sku"],
        name=line["description"],
        quantity=_dec(line["qty"]),
        unit=line[f"unit_{language}"],
        unit_price=_dec(line["unit_price"]),
        net=_dec(line["net_amount"]),
        tax_rate=_dec(line["tax_rate"]),
        values=values,
    )


def inspection_of_receipt(session: Session, receipt_id: int, language: page.Language) -> page.DocumentData:
    """What is inspected of goods that came, article by article, to be filled in by hand."""
    receipt = goods_receipt(session, receipt_id, language)
    return replace(
        receipt,
        kind="inspection_sheet",
        totals=None,
        lines=tuple(replace(line, values={"lot": ", ".join(line.lots)}, lots=()) for line in receipt.lines),
    )


def _received(line: dict[str, Any], language: page.Language) -> page.Line:
    ordered, came = _dec(line["qty_ordered"]), _dec(line["qty"])
    return page.Line(
        position=str(line["position"]),
        sku=line["sku"],
        name=line["description"],
        quantity=came,
        unit=line[f"unit_{language}"],
        lots=(line["lot_code"],) if line["lot_code"] else (),
        values={
            "place": line["place"] or "",
            "ordered": ordered,
            "received": came,
            "outstanding": max(ordered - _dec(line["so_far"]), Decimal(0)),
        },
    )


def _taxes(lines: Any) -> tuple[page.TaxAmount, ...]:
    """Tax per rate, rounded once on each sum as the database does."""
    nets: dict[Decimal, Decimal] = {}
    for line in lines:
        rate = _dec(line["tax_rate"])
        nets[rate] = nets.get(rate, Decimal(0)) + _dec(line["net_amount"])
    return tuple(
        page.TaxAmount(rate, net, (net * rate / 100).quantize(CENT, ROUND_HALF_UP))
        for rate, net in sorted(nets.items(), reverse=True)
    )


def _terms(terms: dict[str, Any]) -> page.PaymentTerms:
    pct = _dec(terms["discount_pct"])
    return page.PaymentTerms(
        net_days=int(terms["net_days"]),
        discount_pct=pct or None,
        discount_days=int(terms["discount_days"]) if pct else None,
    )


def _to(own: dict[str, Any], warehouse: str) -> tuple[str, ...]:
    """Where the goods go: the house, at the warehouse."""
    town = f"{own['postal_code'] or ''} {own['city'] or ''}".strip()
    return tuple(x for x in (own["name"], warehouse, own["street"], town) if x)
