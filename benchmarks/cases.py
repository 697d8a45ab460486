"""The cases in business terms, each under the real role that does it in life, over TCP with row security on."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import repeat
from typing import Any

from app.core.db import Database
from app.core.paging import Filter, ListQuery
from app.services.catalog import reads as catalog
from app.services.engineering import reads as engineering
from app.services.inventory import reads as inventory
from app.services.inventory import writes as stock
from app.services.inventory.commands import TransferLine, TransferStock
from app.services.production import writes as production
from app.services.production.commands import CompleteWorkOrder, CreateWorkOrders, PlannedOrder, StartWorkOrder
from app.services.sales import forms, lists
from app.services.sales import writes as sales
from app.services.sales.commands import ConfirmSalesOrder, Pick, PostInvoice, SaveSalesOrder, ShipDelivery
from benchmarks.measure import Figures, measure, spread
from benchmarks.world import World

LINES = 10
Cases = Iterator[tuple[str, Figures]]


@dataclass
class House:
    """The logged-in people, and the day it is in the database."""

    world: World
    today: date
    sales: Database
    warehouse: Database
    planner: Database
    operator: Database
    finance: Database
    random: random.Random

    def everybody(self) -> tuple[Database, ...]:
        """All connections, to count round trips over a whole action."""
        return (self.sales, self.warehouse, self.planner, self.operator, self.finance)


def header(house: House) -> dict[str, Any]:
    """What a new order for a random customer starts with."""
    return {
        "customer_id": house.random.choice(house.world.customers),
        "warehouse_id": house.world.warehouse,
        "price_list_id": house.world.price_list,
        "payment_term_id": house.world.terms,
        "order_date": house.today,
    }


def ordered(house: House, header: dict[str, Any], items: list[tuple[int, Decimal]]) -> sales.Confirmed:
    """Ten products and quantities to a confirmed order: look up prices, save the draft, confirm."""
    found = house.sales.read(
        forms.propose_lines, items, house.world.price_list, house.today, house.world.warehouse
    )
    lines = [
        {
            "product_id": product,
            "description": proposal.description,
            "qty": qty,
            "unit_price": proposal.list_price,
            "tax_rate": proposal.tax_rate,
        }
        for (product, qty), proposal in zip(items, found, strict=True)
    ]
    draft = house.sales.write(sales.save_sales_order, SaveSalesOrder(None, None, header, lines)).value
    return house.sales.write(
        sales.confirm_sales_order,
        ConfirmSalesOrder(draft.id, draft.row_version, acknowledged=("credit_limit_exceeded",)),
    ).value


def chosen(house: House) -> list[tuple[int, Decimal]]:
    """Ten different articles, one to nine of each."""
    return [
        (product, Decimal(house.random.randint(1, 9)))
        for product in house.random.sample(house.world.articles, LINES)
    ]


def shipped(house: House, order: sales.Confirmed, lines: list[tuple[int, Decimal]]) -> sales.Shipped:
    """All of an order from the first shelf."""
    picks = tuple(Pick(line, qty, house.world.shelves[0]) for line, qty in lines)
    return house.warehouse.write(sales.ship_delivery, ShipDelivery(order.id, order.row_version, picks)).value


def _lines(house: House, order_id: int) -> list[tuple[int, Decimal]]:
    form = house.sales.read(forms.load_sales_order, order_id)
    return [(line.id, line.qty) for line in form.lines]


def order_to_invoice(house: House, n: int) -> Cases:
    """a and b: the ten-line order, its delivery, its invoice."""
    yield (
        "a_order_10_lines_to_confirmed",
        measure(
            house.everybody(),
            lambda given: ordered(house, *given),
            n=n,
            prepare=lambda: (header(house), chosen(house)),
        ),
    )

    def to_ship() -> tuple[sales.Confirmed, list[tuple[int, Decimal]]]:
        order = ordered(house, header(house), chosen(house))
        return order, _lines(house, order.id)

    yield (
        "b_ship_10_lines",
        measure(house.everybody(), lambda given: shipped(house, *given), n=n, prepare=to_ship),
    )

    def to_invoice() -> PostInvoice:
        delivery = shipped(house, *to_ship())
        return PostInvoice(delivery.sales_order_id, delivery.sales_order_row_version, (delivery.id,))

    yield (
        "b_invoice_post_10_lines",
        measure(
            house.everybody(),
            lambda given: house.finance.write(sales.post_invoice, given),
            n=n,
            prepare=to_invoice,
        ),
    )


def move(house: House) -> TransferStock:
    """One piece from the first shelf to another."""
    line = TransferLine(
        house.random.choice(house.world.articles),
        house.world.shelves[0],
        house.random.choice(house.world.shelves[1:]),
        Decimal(1),
    )
    return TransferStock((line,))


def moves(house: House, n: int) -> Cases:
    """c: an internal move with its availability check."""
    yield (
        "c_move",
        measure(
            house.everybody(),
            lambda given: house.warehouse.write(stock.transfer_stock, given),
            n=n,
            prepare=lambda: move(house),
        ),
    )


def on_hand(house: House, n: int, moves_in_table: int) -> Cases:
    """d: what is on hand of one product, and of all that ever moved."""
    movers = house.world.movers
    yield (
        f"d_on_hand_one_product@{moves_in_table}",
        measure(
            house.everybody(),
            lambda product: house.warehouse.read(inventory.availability, [product]),
            n=n * 5,
            prepare=lambda: house.random.choice(movers),
        ),
    )
    yield (
        f"d_on_hand_all_{len(movers)}_products@{moves_in_table}",
        measure(house.everybody(), lambda _: house.warehouse.read(inventory.availability, list(movers)), n=n),
    )


def _made(house: House, product: int) -> None:
    plan = CreateWorkOrders(
        (PlannedOrder(product, Decimal(1), house.world.warehouse, house.today, house.today),)
    )
    order = house.planner.write(production.create_work_orders, plan).value[0]
    started = house.operator.write(
        production.start_work_order, StartWorkOrder(order.id, order.row_version)
    ).value
    house.operator.write(
        production.complete_work_order,
        CompleteWorkOrder(order.id, started.row_version, Decimal(1), place_id=house.world.shelves[0]),
    )


def making(house: House, n: int) -> Cases:
    """e: one order of 81 components; the tree as 40 orders bottom up; the explosion and roll-up of the tree."""
    yield (
        "e_order_81_components_create_start_complete",
        measure(house.everybody(), lambda _: _made(house, house.world.kit), n=n),
    )
    plan = CreateWorkOrders(
        (PlannedOrder(house.world.kit, Decimal(1), house.world.warehouse, house.today, house.today),)
    )
    yield (
        "e_order_81_components_create_only",
        measure(
            house.everybody(),
            lambda given: house.planner.write(production.create_work_orders, given),
            n=n,
            prepare=lambda: CreateWorkOrders(plan.orders),
        ),
    )

    def started() -> CompleteWorkOrder:
        order = house.planner.write(production.create_work_orders, CreateWorkOrders(plan.orders)).value[0]
        running = house.operator.write(
            production.start_work_order, StartWorkOrder(order.id, order.row_version)
        ).value
        return CompleteWorkOrder(order.id, running.row_version, Decimal(1), place_id=house.world.shelves[0])

    yield (
        "e_order_81_components_complete_only",
        measure(
            house.everybody(),
            lambda given: house.operator.write(production.complete_work_order, given),
            n=n,
            prepare=started,
        ),
    )
    bottom_up = list(reversed(house.world.assemblies))
    yield (
        "e_tree_each_of_40_orders",
        measure(
            house.everybody(),
            lambda product: _made(house, product),
            n=40,
            warmup=0,
            prepare=iter(bottom_up).__next__,
        ),
    )
    yield (
        "e_explode_and_roll_up_121_nodes",
        measure(
            house.everybody(),
            lambda _: house.planner.read(engineering.structure, house.world.tree, Decimal(10), house.today),
            n=n * 3,
        ),
    )
    yield (
        "e_shortages_through_all_levels",
        measure(
            house.everybody(),
            lambda _: house.planner.read(
                engineering.requirements, {house.world.tree: Decimal(10)}, house.today
            ),
            n=n * 3,
        ),
    )


def searching(house: House, n: int) -> Cases:
    """f: search as one types, by part of a name, by SKU, by a common word."""
    texts = {
        "word_and_number": lambda: f"bolt {house.random.randint(1, 9999):04d}",
        "part_of_a_word": lambda: "ranangel",
        "common_word": lambda: "bolt",
        "name_and_variant": lambda: "angel bemalt",
        "sku": lambda: f"B{house.random.randint(1, 99_999):07d}",
        "first_letters": lambda: "b0",
    }
    for name, text in texts.items():
        yield (
            f"f_search_{name}",
            measure(
                house.everybody(),
                lambda typed: house.sales.read(catalog.search_products, typed, 20, "de"),
                n=n * 3,
                prepare=text,
            ),
        )


def listing(house: House, n: int) -> Cases:
    """g: the first hundred of the order list in its usual orders."""
    queries = {
        "default_order": ListQuery(sort="date", descending=True, limit=100, count=False),
        "by_number": ListQuery(sort="number", limit=100, count=False),
        "one_customer": ListQuery(
            sort="date",
            descending=True,
            filters=(Filter("customer", "contains", "kunde 17"),),
            limit=100,
            count=False,
        ),
        "with_count": ListQuery(sort="date", descending=True, limit=100),
    }
    for name, query in queries.items():
        yield (
            f"g_order_list_100_{name}",
            measure(
                house.everybody(),
                lambda given: house.sales.read(lists.list_orders, given),
                n=n * 2,
                prepare=repeat(query).__next__,
            ),
        )


def floor(admin: Any, n: int = 200) -> Figures:
    """The machine's floor: a one-row insert and its commit, without any of us."""
    admin.execute("CREATE TABLE IF NOT EXISTS public.bench_floor (n int)")
    times = []
    for value in range(n):
        start = time.perf_counter()
        admin.execute("INSERT INTO public.bench_floor VALUES (%s)", (value,))
        times.append(time.perf_counter() - start)
    admin.execute("DROP TABLE public.bench_floor")
    return spread(times, 1, 1)
