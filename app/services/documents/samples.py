"""Sample papers of every kind, made up, for the preview in the settings and for tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Any

import yaml

from app.core.format import money, number
from app.services.documents import data as page
from app.services.documents.kinds import FOLDER, LINES, spec_of

D = Decimal
CENT = D("0.01")
DAY = date(2026, 11, 20)
_NUMBERS: dict[page.Kind, str] = {
    "quote": "AN-2026-00017",
    "order_confirmation": "AU-2026-00012",
    "picking_list": "AU-2026-00012",
    "delivery_note": "LS-2026-00031",
    "packing_list": "LS-2026-00031",
    "invoice": "RE-2026-00042",
    "down_payment": "RE-2026-00040",
    "partial_invoice": "RE-2026-00041",
    "final_invoice": "RE-2026-00044",
    "correction": "RE-2026-00045",
    "cancellation": "RE-2026-00043",
    "reminder": "MA-2026-00003",
    "purchase_order": "BE-2026-00008",
    "goods_receipt": "WE-2026-00005",
    "return_slip": "WE-2026-00006",
    "work_order": "FA-2026-00021",
    "material_list": "FA-2026-00021",
    "inspection_sheet": "FA-2026-00021",
    "qc_report": "PB-2026-00002",
}
_WITHOUT_LINES = ("inspection_sheet", "archive_report")
_INVOICES = ("invoice", "down_payment", "partial_invoice", "final_invoice", "correction", "cancellation")


def sample(
    kind: page.Kind,
    language: page.Language = "de",
    *,
    count: int = 4,
    company: page.Company | None = None,
    level: int = 2,
) -> page.DocumentData:
    """A sample paper of so many lines; ``level`` is that of a reminder."""
    words = _words()
    said = words[language]
    spec = spec_of(kind)
    positions = _lines(kind, said, count) if LINES in spec.tables and kind not in _WITHOUT_LINES else ()
    if kind == "price_list" and positions:
        positions = (*positions, _family(said, positions[0]))
    letter = spec.form == "letter"
    fields: dict[str, Any] = {
        "kind": kind,
        "number": _NUMBERS.get(kind, ""),
        "date": DAY,
        "language": language,
        "company": company or page.Company(**words["company"]),
        "recipient": tuple(words["recipient"]) if letter else (),
        "lines": positions,
        "totals": _totals(positions) if spec.is_priced else None,
        "contact": page.Contact(**words["contact"]) if letter else None,
        "references": _references(kind, words, said, letter=letter),
        "remarks": (said["remark"],) if not letter else (),
    }
    more = _more(kind, words, said, fields["totals"], level, positions)
    return page.DocumentData(**(fields | more))


def _more(
    kind: page.Kind,
    words: Mapping[str, Any],
    said: Mapping[str, Any],
    totals: page.Totals | None,
    level: int,
    positions: tuple[page.Line, ...],
) -> dict[str, Any]:
    """What only this kind says."""
    terms = page.PaymentTerms(30, None, D(2), 8)
    if kind == "quote":
        return {"valid_until": date(2026, 12, 18), "payment": terms}
    if kind == "order_confirmation":
        return {"payment": terms, "delivery_address": tuple(words["delivery_address"])}
    if kind in ("purchase_order", "return_slip"):
        supplier = {"recipient": tuple(words["supplier"])}
        own = {"payment": terms, "delivery_address": tuple(words["own_warehouse"])}
        return supplier | (own if kind == "purchase_order" else {"remarks": (said["reason"],)})
    if kind in _INVOICES and totals is not None:
        return _invoice(kind, said, totals)
    if kind == "reminder":
        return _reminder(level)
    if kind in ("work_order", "material_list", "inspection_sheet"):
        article = said["articles"][0]
        return {
            "recipient": (article["name"], article["sku"], article["text"]),
            "summary": (
                ("quantity", f"240 {said['unit']}"),
                ("planned_end", date(2026, 12, 4)),
                ("lot", "L-2026-0117"),
            ),
            "steps": _steps(said) if kind == "work_order" else (),
        }
    if kind == "packing_list":
        return {"summary": (("parcels", "2"), ("weight", D("8.400")))}
    if kind == "qc_report":
        return {
            "measurements": tuple(
                page.Measurement(position=str(at), **one) for at, one in enumerate(said["measures"], start=1)
            )
        }
    if kind == "archive_report":
        files = number(D(1204), "de" if said["unit"] == "Stk" else "en")
        return {"summary": (("files", files), ("altered", "0")), "remarks": (), "references": ()}
    if kind == "stock_valuation":
        value = sum((D(str(line.values["value"])) for line in positions), D(0))
        lang = "de" if said["unit"] == "Stk" else "en"
        return {"summary": (("articles", str(len(positions))), ("value", money(value, "EUR", lang)))}
    if kind == "picking_list":
        return {"delivery_address": tuple(words["delivery_address"])}
    return {}


def _invoice(kind: page.Kind, said: Mapping[str, Any], totals: page.Totals) -> dict[str, Any]:
    skonto = (totals.gross * 2 / 100).quantize(CENT, ROUND_HALF_UP)
    found: dict[str, Any] = {"supplied_on": None if kind == "down_payment" else date(2026, 11, 19)}
    if kind in ("correction", "cancellation"):
        return found | {"original": page.Original("RE-2026-00042", DAY), "reason": said["reason"]}
    if kind == "final_invoice":
        tax = page.TaxAmount(D(19), D("400.00"), D("76.00"))
        taken = page.Deduction("RE-2026-00040", date(2026, 10, 2), D("400.00"), (tax,), D("476.00"))
        rest = totals.gross - taken.gross
        return found | {
            "deductions": (taken,),
            "totals": replace(totals, payable=rest),
            "payment": page.PaymentTerms(due_date=date(2026, 12, 20)),
        }
    return found | {
        "payment": page.PaymentTerms(
            30, date(2026, 12, 20), D(2), 8, date(2026, 11, 28), skonto, totals.gross - skonto
        )
    }


def _reminder(level: int) -> dict[str, Any]:
    interest = (None, D("4.12"), D("9.87"))[level - 1]
    items = (
        page.OpenItem(
            "RE-2026-00019", date(2026, 8, 14), date(2026, 9, 13), D("1190.00"), D("500.00"), D("690.00"), 68,
            level, interest,
        ),
        page.OpenItem(
            "RE-2026-00027", date(2026, 9, 30), date(2026, 10, 30), D("238.00"), D(0), D("238.00"), 21, level
        ),
    )  # fmt: skip
    fee = (None, D("5.00"), D("10.00"))[level - 1]
    open_ = D("928.00")
    asked = page.Reminder(
        level, date(2026, 12, 4), open_, open_ + (fee or 0) + (interest or 0), fee, interest,
        D("10.27") if interest else None,
    )  # fmt: skip
    return {"items": items, "reminder": asked}


def _steps(said: Mapping[str, Any]) -> tuple[page.Step, ...]:
    return tuple(
        page.Step(
            str(at * 10),
            one["name"],
            one["station"],
            D(one["setup"]),
            D(one["minutes"]),
            one.get("note", ""),
            f"FA-21/{at * 10}",
        )
        for at, one in enumerate(said["steps"], start=1)
    )


def _lines(kind: page.Kind, said: Mapping[str, Any], count: int) -> tuple[page.Line, ...]:
    priced = spec_of(kind).is_priced or kind == "price_list"
    found = []
    for index in range(count):
        article = said["articles"][index % len(said["articles"])]
        price = D(article["price"])
        quantity = D((10 + index) * (-1 if kind in ("correction", "cancellation") else 1))
        discount = D("12.5") if priced and index % 3 == 1 else None
        net = (quantity * price * (100 - (discount or 0)) / 100).quantize(CENT, ROUND_HALF_UP)
        cost = (price * D("0.4")).quantize(CENT)
        lot = f"L-2026-{index + 101:04}"
        values: dict[str, page.Value] = {
            "place": f"A-{index // 3 + 1:02}-{index % 3 + 1:02}",
            "lot": lot,
            "ordered": quantity + 2,
            "received": quantity,
            "outstanding": D(2),
            "per_piece": D("0.034") * (index + 1),
            "reserved": quantity,
            "parcel": str(index // 2 + 1),
            "weight": D("2.1"),
            "booked": quantity,
            "from_quantity": D(1 if index % 2 == 0 else 50),
            "cost": cost,
            "value": cost * quantity,
        }
        if kind == "return_slip":
            values = {"supplier_sku": f"L-{4711 + index}", "lot": lot}
        if kind == "purchase_order":
            values |= {"supplier_sku": f"L-{4711 + index}", "due": date(2026, 12, 1)}
        if kind == "delivery_note":
            values = {}
        if kind == "order_confirmation":
            values = {"due": date(2026, 12, 4 + index % 2 * 7)}
        found.append(
            page.Line(
                position=str(index + 1),
                sku=article["sku"],
                name=article["name"],
                quantity=quantity,
                unit=said["unit"],
                description=article["text"] if priced else "",
                unit_price=price if priced else None,
                discount_pct=discount if spec_of(kind).is_priced else None,
                net=net if priced else None,
                tax_rate=D(19) if priced else None,
                lots=(lot,) if kind in ("delivery_note", "goods_receipt", "packing_list") else (),
                note=said["note"] if index == 1 and kind == "delivery_note" else "",
                values=values,
                group=article["group"] if kind in ("price_list", "stock_valuation") else "",
                code=article["sku"] if kind in ("picking_list", "work_order") else "",
            )
        )
    return tuple(found)


def _family(said: Mapping[str, Any], line: page.Line) -> page.Line:
    prices = tuple(tuple(D(10 + 4 * row + 7 * column) + D("0.90") for column in range(3)) for row in range(3))
    matrix = page.Variants(tuple(said["columns"]), tuple(said["rows"]), prices, said["corner"])
    return replace(line, unit_price=None, values={}, variants=matrix, group=said["articles"][3]["group"])


def _totals(positions: tuple[page.Line, ...]) -> page.Totals:
    net = sum((line.net or D(0) for line in positions), D(0))
    tax = (net * 19 / 100).quantize(CENT, ROUND_HALF_UP)
    return page.Totals(net, (page.TaxAmount(D(19), net, tax),), net + tax)


def _references(
    kind: page.Kind, words: Mapping[str, Any], said: Mapping[str, Any], *, letter: bool
) -> tuple[page.Reference, ...]:
    if kind in ("purchase_order", "goods_receipt", "return_slip"):
        return (
            page.Reference("supplier_number", "70011"),
            page.Reference("warehouse", said["warehouse"] if kind == "goods_receipt" else ""),
        )
    if letter:
        vat_id = "DE811234567" if kind in _INVOICES else ""
        order = "" if kind in ("quote", "order_confirmation", "reminder") else "AU-2026-00012"
        return (
            page.Reference("customer_number", "10042"),
            page.Reference("your_order", "" if kind == "reminder" else "B 4711/26"),
            page.Reference("your_vat_id", vat_id),
            page.Reference("order", order),
        )
    customer = words["recipient"][0] if kind in ("picking_list", "price_list") else ""
    warehouse = "" if kind == "price_list" else said["warehouse"]
    return (page.Reference("customer", customer), page.Reference("warehouse", warehouse))


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((FOLDER / "sample" / "sample.yaml").read_text(encoding="utf-8"))
    return found
