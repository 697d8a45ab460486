"""Which order line a line of a received invoice is about: the best one, each once, also among thousands."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.services.purchasing.matching import OpenLine, match

D = Decimal


def offered(number: int, **known: Any) -> OpenLine:
    line = OpenLine(
        number,
        1,
        "B-1",
        number,
        number,
        f"A-{number}",
        None,
        None,
        "Zinn",
        "H87",
        "Stück",
        D(1),
        D(2),
        D(19),
        "",
        "EUR",
    )
    return line._replace(**known)


def asked(**said: Any) -> dict[str, Any]:
    usual = {"description": "Zinn", "unit": "H87", "qty": "1", "price": "2", "net": "2", "category": "S"}
    return {**usual, "rate": "19", **said}


def found(
    lines: list[dict[str, Any]], candidates: Sequence[OpenLine], order: str | None = None
) -> list[int | None]:
    rows = match({"order": order, "lines": lines}, candidates)
    return [row.get("purchase_order_line_id") for row in rows]


def test_the_best_line_is_taken_and_each_only_once() -> None:
    two = [offered(1, sku="R-1"), offered(2, sku="R-1", qty=D(5)), offered(3, supplier_sku="x 7")]
    assert found([asked(buyer_id=" r-1 ", qty="5")], two) == [2]  # the quantity decides between equals
    assert found([asked(buyer_id="R-1"), asked(buyer_id="R-1"), asked(buyer_id="R-1")], two) == [1, 2, None]
    assert found([asked(seller_id="X 7"), asked(seller_id="A-1")], two) == [3, None]
    equals = [offered(number, sku="R-1") for number in (1, 2, 3)]
    assert found([asked(buyer_id="R-1"), asked(buyer_id="R-1")], equals) == [1, 2]  # the oldest order first
    assert found([asked(gtin="0400")], [offered(1), offered(2, ean="400")]) == [2]


def test_line_and_number_of_the_order_must_both_agree() -> None:
    lines = [offered(1), offered(2), offered(3, order_number="B-2", position=2)]
    assert found([asked(order_line="2")], lines, "b-1") == [2]
    assert found([asked(order_line="2")], lines) == [None]
    assert found([asked(qty="1")], lines, "B-1") == [None]
    assert found([asked(order_line="2", adjustment=True)], lines, "B-1") == [None]


def test_thousands_of_lines_are_not_compared_with_thousands() -> None:
    """As many looks at order lines as lines, not their square."""
    looks = 0

    class Counting(OpenLine):
        @property
        def order_number(self) -> str:
            nonlocal looks
            looks += 1
            return "B-1"

    many = [Counting(*offered(number)) for number in range(1, 3001)]
    lines = [asked(buyer_id=f"A-{number}") for number in range(3000, 0, -1)]
    assert found(lines, many, "B-1") == list(range(3000, 0, -1))
    assert looks <= 2 * len(many)
