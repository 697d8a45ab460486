"""Structures worked out without a database: costs, trees, requirements, plans."""

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import Invalid, Refused
from app.services.engineering import rules
from app.services.engineering.rules import Item, Use
from app.services.inventory.rules import check_quantity, propose_picks
from app.services.production.rules import propose_orders
from tests.make_world import D, seen


def item(
    number: int,
    uses: Mapping[int, object] | None = None,
    *,
    free: object = 0,
    expected: object = 0,
    cost: object = None,
    scrap: object = 0,
    output: object = 1,
    decimals: int = 0,
    stocked: bool = True,
) -> Item:
    """An item called P<number>; `uses` are component: quantity."""
    lines = tuple(Use(part, D(str(qty)), D(str(scrap))) for part, qty in (uses or {}).items())
    return Item(
        product_id=number,
        sku=f"P{number}",
        name=f"P{number}",
        unit="pc",
        decimals=decimals,
        is_made=bool(lines),
        is_bought=not lines,
        is_stocked=stocked,
        free=D(str(free)),
        expected=D(str(expected)),
        unit_cost=None if cost is None else D(str(cost)),
        bom_id=number if lines else None,
        bom_version=1 if lines else None,
        output_qty=D(str(output)),
        uses=lines,
    )


def structure(*items: Item) -> dict[int, Item]:
    return {one.product_id: one for one in items}


def test_a_made_part_costs_what_its_components_cost_with_scrap_per_piece() -> None:
    items = structure(
        item(1, {2: 3}, output=2, scrap=10), item(2, {3: 2, 4: 1}), item(3, cost="1.25"), item(4, cost=5)
    )
    costs = rules.roll_up(items, [1])
    assert costs == {4: D(5), 3: D("1.25"), 2: D("7.5"), 1: D("12.375")}
    [share] = rules.cost_shares(items, 1)
    assert seen(share.product_id, share.percent) == (2, 100)


def test_an_unknown_cost_makes_everything_above_it_unknown() -> None:
    items = structure(item(1, {2: 1, 3: 1}), item(2, cost=1), item(3))
    assert rules.roll_up(items, [1]) == {2: 1, 3: None, 1: None}
    assert rules.cost_shares(items, 1) == []


def test_stock_is_netted_once_for_all_branches_and_scrap_rounds_up() -> None:
    # Two parts of the product both take part 4, of which 10 are there.
    items = structure(item(1, {2: 1, 3: 1}), item(2, {4: 2}, scrap=5), item(3, {4: 1}), item(4, free=10))
    need = {row.product_id: row for row in rules.net_requirements(items, {1: D(10)})}
    assert seen(need[4].gross, need[4].from_stock, need[4].net) == (31, 10, 21)
    assert need[4].level == 2
    assert need[4].parents == (3, 2) or need[4].parents == (2, 3)


def test_what_is_there_at_a_level_spares_the_levels_below() -> None:
    items = structure(item(1, {2: 2}, free=4), item(2, {3: 1}, free=5, expected=3), item(3))
    need = {row.product_id: row for row in rules.net_requirements(items, {1: D(10)})}
    assert seen(need[1].net, need[2].gross, need[2].net, need[3].net) == (6, 12, 4, 4)
    covered = rules.net_requirements(items, {1: D(4)})
    assert [seen(row.product_id, row.net) for row in covered] == [(1, 0)]


def test_services_are_needed_but_never_taken_from_stock() -> None:
    items = structure(item(1, {2: "0.4"}), item(2, free=99, decimals=1, stocked=False))
    need = {row.product_id: row for row in rules.net_requirements(items, {1: D(3)})}
    assert (need[2].source, need[2].net) == ("service", D("1.2"))


def test_a_structure_that_contains_itself_is_named_not_followed() -> None:
    items = structure(item(1, {2: 1}), item(2, {3: 1}), item(3, {2: 1}))
    with pytest.raises(Refused, match="bom_cycle"):
        rules.explode(items, 1, D(1))


def test_forty_levels_with_two_branches_each_cost_no_time_and_are_too_large_for_a_tree() -> None:
    levels = [item(n, {n + 1: 1, 100 + n + 1: 1}) for n in range(40)]
    twins = [item(100 + n, {n + 1: 1, 100 + n + 1: 1}) for n in range(1, 40)]
    items = structure(*levels, *twins, item(40, cost=1), item(140, cost=1))
    assert rules.roll_up(items, [0])[0] == D(2) ** 40
    need = {row.product_id: row.net for row in rules.net_requirements(items, {0: D(1)})}
    assert need[40] + need[140] == D(2) ** 40
    with pytest.raises(Refused, match="bom_too_large"):
        rules.explode(items, 0, D(1))


@st.composite
def layered(draw: st.DrawFn) -> dict[int, Item]:
    """A random structure: every item uses only items with larger numbers."""
    size = draw(st.integers(2, 9))
    found = []
    for number in range(size):
        parts = draw(st.sets(st.integers(number + 1, size - 1), max_size=3)) if number < size - 1 else set()
        uses = {part: draw(st.integers(1, 5)) for part in sorted(parts)}
        found.append(item(number, uses, free=draw(st.integers(0, 30)), cost=draw(st.integers(0, 9))))
    return structure(*found)


@given(layered(), st.integers(1, 20))
def test_tree_and_roll_up_agree_and_requirements_balance(items: dict[int, Item], qty: int) -> None:
    rows = rules.explode(items, 0, D(qty))
    leaves = sum((row.need * (row.unit_cost or 0) for row in rows if not row.has_children), D(0))
    assert leaves == (rows[0].unit_cost or 0) * qty
    need = rules.net_requirements(items, {0: D(qty)})
    net = {row.product_id: row.net for row in need}
    for row in need:
        assert row.gross == row.from_stock + row.net
        assert row.net == 0 or row.from_stock == items[row.product_id].free
        wanted = sum(
            net.get(parent, D(0)) * use.qty
            for parent, one in items.items()
            for use in one.uses
            if use.product_id == row.product_id
        )
        assert row.gross == wanted + (qty if row.product_id == 0 else 0)


def test_every_order_rounds_its_scrap_up_and_the_need_says_so() -> None:
    items = structure(item(1, {2: 1}, scrap=3), item(2))
    for lots, planned, orders, parts in (
        ([60], 60, [60], 62),
        ([60], 62, [62], 64),  # more than the line wants comes out of its own order
        ([30, 30], 60, [30, 30], 62),
        ([10, 10, 10], 30, [10, 10, 10], 33),
        ([], 62, [62], 64),
    ):
        wanted = {1: D(sum(lots) or planned)}
        made, part = rules.net_requirements(
            items, wanted, planned={1: D(planned)}, lots={1: [D(lot) for lot in lots]}
        )
        assert rules.split_orders(made.proposed, made.gross, [D(lot) for lot in lots]) == orders
        assert part.gross == parts
    assert rules.split_orders(D(13), D(13), [D(3)]) == [3, 10]  # ten of it go into something else


def test_a_plan_makes_parents_first_and_parts_earlier() -> None:
    items = structure(item(1, {2: 1, 3: 1}), item(2, {3: 2}), item(3, {4: 1}), item(4))
    need = rules.net_requirements(items, {1: D(5)})
    plan = [
        p.order
        for p in propose_orders(need, warehouse_id=7, due=date(2026, 12, 10), sales_order_lines={1: 99})
    ]
    assert [seen(order.product_id, order.qty, order.parent_index) for order in plan] == [
        (1, 5, None),
        (2, 5, 0),
        (3, 15, 1),
    ]
    assert [order.planned_end.day for order in plan] == [10, 9, 8]
    assert [order.sales_order_line_id for order in plan] == [99, None, None]


@pytest.mark.parametrize("qty", ["0", "-1", "NaN", "Infinity", "0.5", "1e13"])
def test_impossible_quantities_are_told_before_anything_is_sent(qty: str) -> None:
    with pytest.raises(Invalid):
        check_quantity(D(qty), 0)
    assert check_quantity(D(0), zero=True) == 0


def test_picks_follow_the_order_of_the_stock_and_stop_when_there_is_enough() -> None:
    stock = [(1, None, D(3)), (2, 5, D(0)), (3, 6, D(4))]
    assert [seen(p.place_id, p.qty) for p in propose_picks(D(5), stock)] == [(1, 3), (3, 2)]
    assert sum(p.qty for p in propose_picks(D(9), stock)) == 7
