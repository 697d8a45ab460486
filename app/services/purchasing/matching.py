"""Which line of an order a line of a received invoice is about."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

CLEAR, STRONG = 8, 6  # points: the same article; the same line of the same order


class OpenLine(NamedTuple):
    """A line of an order that can be invoiced: ``qty`` came and is not invoiced yet."""

    purchase_order_line_id: int
    order_id: int
    order_number: str
    position: int
    product_id: int
    sku: str
    supplier_sku: str | None
    ean: str | None
    description: str
    unit_code: str
    unit: str
    qty: Decimal
    price: Decimal
    tax_rate: Decimal
    treatment: str
    currency: str

    @property
    def order_line(self) -> str:
        """What it is called."""
        return f"{self.order_number} / {self.position}"


def match(facts: Mapping[str, Any], candidates: Sequence[OpenLine], sign: int = 1) -> list[dict[str, Any]]:
    """The lines of a received invoice, each with the order line that fits best; each order line is used once.

    An article fits by our number, the supplier's number or its GTIN; else line and number of the order must agree.
    """
    left, found = _Candidates(candidates, _folded(facts["order"])), []
    for line in facts["lines"]:
        own: dict[str, Any] = {
            "description": line["description"],
            "supplier_sku": (line.get("seller_id") or "")[:60] or None,
            "unit_code": (line.get("unit") or "")[:12] or None,
            "qty": sign * Decimal(str(line["qty"])),
            "unit_price": abs(Decimal(str(line["price"]))).quantize(Decimal("0.0001")),
            "net_amount": sign * Decimal(str(line["net"])),
            "tax_category": line["category"] or "S",
            "tax_rate": Decimal(str(line["rate"])),
        }
        best = None if line.get("adjustment") else left.take(line)
        if best is not None:
            own |= {
                "purchase_order_line_id": best.purchase_order_line_id,
                "order_line": best.order_line,
                "product_id": best.product_id,
                "unit_code": best.unit_code,
                "unit": best.unit,
            }
        found.append(own)
    return found


def _folded(value: object) -> str:
    return str(value or "").strip().casefold()


class _Candidates:
    """Order lines nothing is matched with yet, found by what they may be called: an invoice may have thousands."""

    def __init__(self, candidates: Sequence[OpenLine], order: str) -> None:
        self._lines = dict(enumerate(candidates))
        self._here = {n for n, one in self._lines.items() if order and _folded(one.order_number) == order}
        self._called: dict[tuple[str, str], list[int]] = {}
        for n, one in self._lines.items():
            for name in (
                ("our", _folded(one.sku)),
                ("theirs", _folded(one.supplier_sku)),
                ("gtin", _folded(one.ean).lstrip("0")),
                ("position", _folded(one.position) if n in self._here else ""),
            ):
                if name[1]:
                    self._called.setdefault(name, []).append(n)

    def take(self, line: Mapping[str, Any]) -> OpenLine | None:
        """The line that fits best, the first of those that fit as well; None when none fits well enough."""
        article = self._any(line, our="buyer_id", theirs="seller_id")
        gtin = self._named("gtin", _folded(line.get("gtin")).lstrip("0"))
        position = self._any(line, position="order_line")
        qty, best, most = Decimal(str(line["qty"])), None, STRONG - 1
        for n in sorted(article | gtin | position):
            points = CLEAR * (n in article) + CLEAR * (n in gtin)
            points += 4 * (n in self._here) + 2 * (n in position) + (self._lines[n].qty == qty)
            if points > most:
                best, most = n, points
        return None if best is None else self._lines.pop(best)

    def _any(self, line: Mapping[str, Any], **keys: str) -> set[int]:
        found = (self._named(name, _folded(line.get(key))) for name, key in keys.items())
        return set().union(*found)

    def _named(self, name: str, text: str) -> set[int]:
        left = [n for n in self._called.get((name, text), ()) if n in self._lines]
        if left:
            self._called[name, text] = left
        return set(left)
