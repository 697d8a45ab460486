"""Our own rules (`resources/einvoice/rules.yaml`): § 14 UStG and the arithmetic, asked of the model."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.core.errors import Invalid
from app.services.einvoice.model import Adjustment, Invoice, Line, Period
from app.services.partners.iban import clean_iban
from app.services.partners.rules import EU_COUNTRIES
from app.services.validation.business import vat_rates
from app.services.validation.expressions import Expression, UndecidedError, read
from app.services.validation.findings import ERROR, Finding

FOLDER = Path(__file__).resolve().parents[3] / "resources" / "einvoice"
ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table."""

    id: str
    code: str
    field: str
    bt: str
    expect: Expression
    when: Expression | None = None
    each: str = ""
    severity: str = ERROR
    law: str = ""

    def violated(self, values: Mapping[str, Any]) -> bool:
        """Whether these values break it; values that cannot be compared do."""
        try:
            return (self.when is None or self.when.holds(values)) and not self.expect.holds(values)
        except UndecidedError:
            return True

    def finding(self, at: str) -> Finding:
        """What is said about it."""
        params = {"rule": self.id, "bt": self.bt} | ({"law": self.law} if self.law else {})
        return Finding(self.severity, f"einvoice_{self.code}", at, params)


@cache
def rules() -> tuple[Rule, ...]:
    """The table of rules, read once."""
    import yaml

    table = yaml.safe_load((FOLDER / "rules.yaml").read_text(encoding="utf-8"))
    return tuple(
        Rule(
            row["id"],
            row["code"],
            row["field"],
            row["bt"],
            read(row["expect"]),
            read(row["when"]) if "when" in row else None,
            row.get("each", ""),
            row.get("severity", ERROR),
            row.get("law", ""),
        )
        for row in table["rules"]
    )


def check(invoice: Invoice) -> tuple[Finding, ...]:
    """Everything our own rules find, in the order of the table."""
    whole = facts(invoice)
    found = []
    for rule in rules():
        if not rule.each:
            if rule.violated(whole):
                found.append(rule.finding(rule.field))
            continue
        for index, member in enumerate(_members(invoice, rule.each)):
            if rule.violated(whole | member):
                found.append(rule.finding(f"{rule.each}[{index}]{rule.field}"))
    return tuple(found)


def facts(invoice: Invoice) -> dict[str, Any]:
    """What the rules about the whole invoice may ask for."""
    totals, seller, buyer = invoice.totals, invoice.seller, invoice.buyer
    delivery = invoice.delivery
    delivered_to = (delivery.address.country if delivery and delivery.address else "") or ""
    taxes = {tax.category for tax in invoice.taxes} | {line.category for line in invoice.lines}
    period = invoice.period or Period()
    rates = vat_rates(invoice.issued)
    return {
        "number": invoice.number,
        "type": invoice.type,
        "issued": invoice.issued,
        "due": invoice.due,
        "currency": invoice.currency,
        "tax_currency": invoice.tax_currency,
        "seller_name": seller.name,
        "seller_street": seller.address.line1,
        "seller_postcode": seller.address.postcode,
        "seller_city": seller.address.city,
        "seller_country": seller.address.country,
        "seller_vat_id": seller.vat_id,
        "seller_tax_number": seller.tax_number,
        "buyer_name": buyer.name,
        "buyer_postcode": buyer.address.postcode,
        "buyer_city": buyer.address.city,
        "buyer_country": buyer.address.country,
        "buyer_vat_id": buyer.vat_id,
        "delivery_country": delivered_to or buyer.address.country,
        "leaves_union": (delivered_to or buyer.address.country) not in EU_COUNTRIES,
        "supplied": _supplied(invoice),
        "period_start": period.start,
        "period_end": period.end,
        "categories": tuple(taxes),
        "preceding_count": len(invoice.preceding) + sum(advance.invoice is not None for advance in invoice.advances),
        "says_gutschrift": any("gutschrift" in note.text.lower() for note in invoice.notes),
        "usual_rates": rates,
        "line_count": len(invoice.lines),
        "total_lines": totals.lines,
        "total_allowances": totals.allowances or ZERO,
        "total_charges": totals.charges or ZERO,
        "total_net": totals.net,
        "total_tax": totals.tax or ZERO,
        "tax_in_tax_currency": totals.tax_in_tax_currency,
        "total_gross": totals.gross,
        "total_prepaid": totals.prepaid or ZERO,
        "total_rounding": totals.rounding or ZERO,
        "total_payable": totals.payable,
        "sum_lines": sum((line.net for line in invoice.lines), ZERO),
        "sum_allowances": _sum(invoice.allowances),
        "sum_charges": _sum(invoice.charges),
        "sum_tax": sum((tax.tax for tax in invoice.taxes), ZERO),
    }  # fmt: skip


def _supplied(invoice: Invoice) -> bool:
    """Whether the day or the period of supply is said, for the whole or for every line."""
    if invoice.delivery is not None and invoice.delivery.date is not None:
        return True
    if invoice.period is not None and (invoice.period.start or invoice.period.end):
        return True
    return bool(invoice.lines) and all(
        line.period is not None and bool(line.period.start or line.period.end) for line in invoice.lines
    )


def _members(invoice: Invoice, each: str) -> Iterator[dict[str, Any]]:
    if each == "lines":
        yield from (_line(line) for line in invoice.lines)
    elif each == "taxes":
        yield from _taxes(invoice)
    elif each in ("allowances", "charges"):
        for one in getattr(invoice, each):
            yield {
                "amount": one.amount,
                "base": one.base,
                "percent": one.percent,
                "reason": one.reason,
                "reason_code": one.reason_code,
            }
    elif each == "payment":
        yield from ({"code": means.code, "iban_right": _is_iban(means.iban)} for means in invoice.payment)
    elif each == "discounts":
        yield from ({"days": one.days, "percent": one.percent} for one in invoice.discounts)


def _line(line: Line) -> dict[str, Any]:
    per = line.price.base_quantity or Decimal(1)
    worth = line.quantity * line.price.net / per - _sum(line.allowances) + _sum(line.charges)
    return {
        "name": line.item.name,
        "unit": line.unit,
        "net": line.net,
        "price": line.price.net,
        "gross_price": line.price.gross,
        "price_discount": line.price.discount or ZERO,
        "expected_net": worth.quantize(CENT, ROUND_HALF_UP),
    }


def _taxes(invoice: Invoice) -> Iterator[dict[str, Any]]:
    sums: dict[tuple[str, Decimal], Decimal] = {}
    for line in invoice.lines:
        _add(sums, line.category, line.rate, line.net)
    for sign, adjustments in ((-1, invoice.allowances), (1, invoice.charges)):
        for one in adjustments:
            _add(sums, one.category, one.rate, sign * one.amount)
    for tax in invoice.taxes:
        yield {
            "category": tax.category,
            "rate": tax.rate,
            "base": tax.base,
            "tax": tax.tax,
            "reason": tax.reason,
            "expected_base": sums.get((tax.category, tax.rate or ZERO), ZERO),
            "expected_tax": tax.base * (tax.rate or ZERO) / 100,
        }


def _add(
    sums: dict[tuple[str, Decimal], Decimal], category: str, rate: Decimal | None, amount: Decimal
) -> None:
    key = (category, rate or ZERO)
    sums[key] = sums.get(key, ZERO) + amount


def _sum(adjustments: Iterable[Adjustment]) -> Decimal:
    return sum((one.amount for one in adjustments), ZERO)


def _is_iban(text: str) -> bool:
    try:
        clean_iban(text)
    except Invalid:
        return False
    return True
