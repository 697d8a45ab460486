"""Structures of products: trees, costs and requirements.  Pure: everything comes from `Item`s read in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from app.core.errors import Refused
from app.services.inventory.rules import round_up

ZERO = Decimal(0)
HUNDRED = Decimal(100)
MOST_ROWS = 20_000


class Use(NamedTuple):
    """A component of an item: ``qty`` per ``output_qty`` of the item's bill, plus scrap in percent."""

    product_id: int
    qty: Decimal
    scrap_pct: Decimal


class Item(NamedTuple):
    """A product with its effective bill.  ``bom_id`` is None for what has none.  ``free`` is what may be promised,
    ``expected`` what open work orders add; ``unit_cost`` is None without the right to know it or when there is none."""

    product_id: int
    sku: str
    name: str
    unit: str
    decimals: int
    is_made: bool
    is_bought: bool
    is_stocked: bool
    free: Decimal
    expected: Decimal
    unit_cost: Decimal | None
    bom_id: int | None
    bom_version: int | None
    output_qty: Decimal
    uses: tuple[Use, ...]
    image_id: int | None = None
    image_hash: str | None = None

    @property
    def source(self) -> str:
        """Where it comes from: made, bought or service (what is not stocked)."""
        if self.bom_id is not None:
            return "made"
        return "bought" if self.is_stocked else "service"


class TreeRow(NamedTuple):
    """A line of an exploded structure.  ``path`` are the positions from the top down to it; ``qty_per`` is per unit of
    the parent without scrap, ``need`` for the whole quantity with scrap; ``missing`` is what of ``need`` is not free.
    ``unit_cost`` is rolled up, ``cost_share`` what this line adds to one unit of the parent; None when unknown."""

    path: tuple[int, ...]
    level: int
    product_id: int
    sku: str
    name: str
    source: str
    unit: str
    decimals: int
    qty_per: Decimal
    scrap_pct: Decimal
    need: Decimal
    free: Decimal
    missing: Decimal
    has_children: bool
    bom_id: int | None
    unit_cost: Decimal | None
    cost_share: Decimal | None
    image_id: int | None
    image_hash: str | None


class Requirement(NamedTuple):
    """What a demand needs of one product, over all branches: ``gross`` of it, ``from_stock`` of that is there or on
    order, ``net`` is short.  ``level`` is the deepest at which it appears; ``proposed`` rounds net up to the unit."""

    product_id: int
    sku: str
    name: str
    level: int
    source: str
    unit: str
    decimals: int
    gross: Decimal
    from_stock: Decimal
    net: Decimal
    proposed: Decimal
    parents: tuple[int, ...]


class Share(NamedTuple):
    """What one component adds to the cost of one unit of a product; ``percent`` of the whole."""

    product_id: int
    sku: str
    name: str
    cost: Decimal
    percent: Decimal


def gross_per_unit(item: Item, use: Use) -> Decimal:
    """How much of a component one unit of the item takes, scrap included."""
    return use.qty * (HUNDRED + use.scrap_pct) / (HUNDRED * item.output_qty)


def bottom_up(items: Mapping[int, Item], roots: Iterable[int]) -> list[int]:
    """The products below (and with) the roots, every component before what it goes into.

    Raises `Refused` (bom_cycle) for a structure that contains itself.
    """
    order: list[int] = []
    state: dict[int, bool] = {}  # False: on the way down, True: done
    for root in roots:
        stack = [root]
        while stack:
            product_id = stack[-1]
            if product_id not in state:
                state[product_id] = False
                for use in items[product_id].uses:
                    if state.get(use.product_id) is False:
                        raise Refused(
                            "bom_cycle", product=items[product_id].sku, component=items[use.product_id].sku
                        )
                    if use.product_id not in state:
                        stack.append(use.product_id)
            else:
                stack.pop()
                if not state[product_id]:
                    state[product_id] = True
                    order.append(product_id)
    return order


def roll_up(items: Mapping[int, Item], roots: Iterable[int]) -> dict[int, Decimal | None]:
    """Cost per unit of every product below (and with) the roots.

    What has a bill costs what its components cost, scrap included; anything else its own cost.  None where a cost is
    unknown, and then in everything it goes into.
    """
    costs: dict[int, Decimal | None] = {}
    for product_id in bottom_up(items, roots):
        item = items[product_id]
        if not item.uses:
            costs[product_id] = item.unit_cost
            continue
        total: Decimal | None = ZERO
        for use in item.uses:
            part = costs[use.product_id]
            total = None if part is None or total is None else total + part * gross_per_unit(item, use)
        costs[product_id] = total
    return costs


def cost_shares(items: Mapping[int, Item], root: int) -> list[Share]:
    """What each direct component adds to the cost of one unit, largest first; empty when a cost is unknown."""
    costs = roll_up(items, [root])
    total = costs[root]
    if not total:
        return []
    item = items[root]
    parts: dict[int, Decimal] = {}
    for use in item.uses:
        parts[use.product_id] = parts.get(use.product_id, ZERO) + (
            costs[use.product_id] or ZERO
        ) * gross_per_unit(item, use)
    shares = [
        Share(key, items[key].sku, items[key].name, cost, cost * HUNDRED / total)
        for key, cost in parts.items()
    ]
    return sorted(shares, key=lambda share: -share.cost)


def explode(items: Mapping[int, Item], root: int, qty: Decimal) -> list[TreeRow]:
    """The structure of ``qty`` units as a tree, parents before their components.

    Raises `Refused` (bom_too_large) above 20,000 lines and (bom_cycle) for a structure that contains itself.
    """
    costs = roll_up(items, [root])
    rows: list[TreeRow] = []
    top = Use(root, Decimal(1), ZERO)
    pending: list[tuple[tuple[int, ...], Item | None, Use, Decimal]] = [((), None, top, qty)]
    while pending:
        path, parent, use, need = pending.pop()
        item = items[use.product_id]
        need = round_up(need, item.decimals)
        if len(rows) >= MOST_ROWS:
            raise Refused("bom_too_large", product=items[root].sku, most=MOST_ROWS)
        per = use.qty if parent is None else use.qty / parent.output_qty
        cost = costs[item.product_id]
        share = (
            None if cost is None else cost * (Decimal(1) if parent is None else gross_per_unit(parent, use))
        )
        rows.append(
            TreeRow(
                path=path,
                level=len(path),
                product_id=item.product_id,
                sku=item.sku,
                name=item.name,
                source=item.source,
                unit=item.unit,
                decimals=item.decimals,
                qty_per=per,
                scrap_pct=use.scrap_pct,
                need=need,
                free=item.free,
                missing=max(ZERO, need - item.free) if item.is_stocked else ZERO,
                has_children=bool(item.uses),
                bom_id=item.bom_id,
                unit_cost=cost,
                cost_share=share,
                image_id=item.image_id,
                image_hash=item.image_hash,
            )
        )
        children = [
            ((*path, number), item, child, need * gross_per_unit(item, child))
            for number, child in enumerate(item.uses)
        ]
        pending.extend(reversed(children))
    return rows


def split_orders(proposed: Decimal, needed: Decimal, lots: Sequence[Decimal]) -> list[Decimal]:
    """The quantities of the orders that make ``proposed`` of a product: one for each of ``lots`` as far as it reaches.

    What goes beyond them is one order more when somebody else needs it too (``needed`` is more than ``lots``), else it
    comes out of the last order.
    """
    parts: list[Decimal] = []
    left = proposed
    for lot in lots:
        if left > 0:
            parts.append(min(lot, left))
            left -= parts[-1]
    if left > 0 and parts and needed <= sum(lots):
        parts[-1] += left
    elif left > 0:
        parts.append(left)
    return parts


def net_requirements(
    items: Mapping[int, Item],
    demand: Mapping[int, Decimal],
    stock: Mapping[int, Decimal] | None = None,
    *,
    to_order: bool = False,
    planned: Mapping[int, Decimal] | None = None,
    lots: Mapping[int, Sequence[Decimal]] | None = None,
) -> list[Requirement]:
    """What a demand (product, quantity) takes of every product, level by level, top down.

    A product that several branches need is netted once: what is free (and expected from open work orders, unless
    ``stock`` says otherwise) serves the whole gross requirement, and only what is short goes on to its components.
    What is not stocked is needed as it is.  ``to_order`` makes the demand itself whole, whatever lies in stock; only
    what is below it is netted.  ``planned`` says how much of some products shall be made or bought instead of what is
    short; their components follow from that.  ``lots`` are the quantities wanted of a product by orders of their own:
    each order rounds its components up by itself, as `api.work_order_create` does, so they are added up that way.
    """
    order = bottom_up(items, demand)
    order.reverse()
    gross: dict[int, Decimal] = dict.fromkeys(order, ZERO)
    level: dict[int, int] = dict.fromkeys(order, 0)
    parents: dict[int, list[int]] = {key: [] for key in order}
    for product_id, wanted in demand.items():
        gross[product_id] += wanted
    found: list[Requirement] = []
    for product_id in order:
        item = items[product_id]
        needed = round_up(gross[product_id], item.decimals)
        there = item.free + item.expected if stock is None else stock.get(product_id, ZERO)
        whole = to_order and product_id in demand
        used = min(there, needed) if item.is_stocked and not whole else ZERO
        net = needed - used
        proposed = round_up(net, item.decimals)
        if planned is not None and product_id in planned:
            proposed = planned[product_id]
        if needed > 0:
            found.append(
                Requirement(
                    product_id=product_id,
                    sku=item.sku,
                    name=item.name,
                    level=level[product_id],
                    source=item.source,
                    unit=item.unit,
                    decimals=item.decimals,
                    gross=needed,
                    from_stock=used,
                    net=net,
                    proposed=proposed,
                    parents=tuple(parents[product_id]),
                )
            )
        for use in item.uses:
            level[use.product_id] = max(level[use.product_id], level[product_id] + 1)
            if proposed > 0:
                decimals, per_unit = items[use.product_id].decimals, gross_per_unit(item, use)
                parts = split_orders(proposed, needed, (lots or {}).get(product_id, ()))
                gross[use.product_id] += sum((round_up(part * per_unit, decimals) for part in parts), ZERO)
                parents[use.product_id].append(product_id)
    return sorted(found, key=lambda row: (row.level, row.sku))
