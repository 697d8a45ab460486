"""Planning: from what is short to the orders that make it.  Pure."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from app.services.engineering.rules import Requirement
from app.services.production.commands import PlannedOrder

STATES = ("released", "started", "completed", "cancelled")
# What may follow a state; the database enforces the same edges.
NEXT_STATES: dict[str, tuple[str, ...]] = {
    "released": ("started", "cancelled"),
    "started": ("completed", "cancelled"),
    "completed": (),
    "cancelled": (),
}


class Proposal(NamedTuple):
    """A work order to create for a requirement; ``parent`` is the index of the order that needs it."""

    requirement: Requirement
    order: PlannedOrder


def propose_orders(
    requirements: Sequence[Requirement],
    *,
    warehouse_id: int,
    due: date,
    days_per_level: int = 1,
    sales_order_lines: Mapping[int, int] | None = None,
) -> list[Proposal]:
    """One order for every made product that is short, parents first, each level earlier by ``days_per_level``.

    ``sales_order_lines`` links products of the demand to the order lines they are made for.  A part several orders
    need becomes one order; its parent is the deepest of them, which starts first.
    """
    proposals: list[Proposal] = []
    index: dict[int, int] = {}
    made = [row for row in requirements if row.source == "made" and row.proposed > 0]
    for row in sorted(made, key=lambda found: found.level):
        end = due - timedelta(days=days_per_level * row.level)
        parent = max((index[key] for key in row.parents if key in index), default=None)
        index[row.product_id] = len(proposals)
        line = (sales_order_lines or {}).get(row.product_id) if row.level == 0 else None
        order = PlannedOrder(
            product_id=row.product_id,
            qty=row.proposed,
            warehouse_id=warehouse_id,
            planned_start=end - timedelta(days=days_per_level),
            planned_end=end,
            parent_index=parent,
            sales_order_line_id=line,
        )
        proposals.append(Proposal(row, order))
    return proposals


def open_qty(qty: Decimal, good: Decimal, scrap: Decimal) -> Decimal:
    """What is left to report of an order."""
    return max(Decimal(0), qty - good - scrap)
