"""What row security costs: each list, lookup, search and posting with the policies in force and without them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import repeat
from time import perf_counter
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import text

from app.core.db import Database
from app.core.paging import ListQuery
from app.services.catalog import forms as products
from app.services.catalog import lists as prices
from app.services.catalog import reads as catalog
from app.services.engineering import reads as engineering
from app.services.inventory import lists as stock_lists
from app.services.inventory import reads as inventory
from app.services.inventory import writes as stock
from app.services.partners import forms as partner_forms
from app.services.partners import reads as partners
from app.services.production import reads as work
from app.services.production import writes as production
from app.services.production.commands import CreateWorkOrders, PlannedOrder
from app.services.sales import forms, lists, worklists
from app.services.sales import reads as documents
from app.services.sales import writes as sales
from app.services.sales.commands import PostInvoice
from benchmarks.cases import Cases, House, chosen, header, move, ordered, shipped
from benchmarks.measure import spread, undisturbed
from migrations.generate import SCHEMAS

Raw = psycopg.Connection[Any]
ROUNDS = 8  # with and without in turn, so that a busy moment of the machine hits both
LEAST_ORDERS = 100  # so that lists have something to show
WARM_UP = 3  # calls after a switch that are not counted: plans and caches are made anew


@dataclass(frozen=True)
class Case:
    """One thing somebody does; `kind` is list, lookup, search or posting."""

    kind: str
    name: str
    action: Callable[[Any], object]
    prepare: Callable[[], Any] = repeat(None).__next__


def compare(house: House, raw: Raw, n: int) -> Cases:
    """r: every case with and without policies, and the share of the policies by kind."""
    for _ in range(LEAST_ORDERS):
        ordered(house, header(house), chosen(house))
    raw.execute("VACUUM ANALYZE")
    cases = [*_lists(house), *_lookups(house), *_searches(house), *_postings(house)]
    times: dict[tuple[str, str, bool], list[float]] = {}
    try:
        for _ in range(ROUNDS):
            for on in (True, False):
                _switch(raw, on=on)
                for case in cases:
                    calls = max(n // (2 if case.kind == "posting" else 1) // ROUNDS, 2)
                    times.setdefault((case.kind, case.name, on), []).extend(_timed(case, calls))
    finally:
        _switch(raw, on=True)
    shares: dict[str, list[tuple[float, float, str]]] = {}
    for case in cases:
        held, free = (times[case.kind, case.name, state] for state in (True, False))
        yield f"r_{case.kind}_{case.name}_with_policies", spread(held)
        yield f"r_{case.kind}_{case.name}_without", spread(free)
        dear, cheap = undisturbed(held), undisturbed(free)
        shares.setdefault(case.kind, []).append((dear / cheap, dear - cheap, case.name))
    for kind, found in shares.items():
        print(f"    policies, {kind}: " + ", ".join(f"{n} ×{s:.2f} ({d:+.2f} ms)" for s, d, n in found))


def _timed(case: Case, calls: int) -> Iterator[float]:
    for call in range(WARM_UP + calls):
        given = case.prepare()
        start = perf_counter()
        case.action(given)
        if call >= WARM_UP:
            yield perf_counter() - start


def _switch(raw: Raw, *, on: bool) -> None:
    word = sql.SQL("ENABLE" if on else "DISABLE")
    rows = raw.execute(
        "SELECT c.relnamespace::regnamespace::text, c.relname FROM pg_class c WHERE EXISTS "
        "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AND c.relnamespace::regnamespace::text = ANY (%s)",
        (list(SCHEMAS),),
    ).fetchall()
    raw.execute(
        sql.SQL("; ").join(
            sql.SQL("ALTER TABLE {} {} ROW LEVEL SECURITY").format(sql.Identifier(*row), word) for row in rows
        )
    )


def _lists(house: House) -> Iterator[Case]:
    def first_hundred(
        db: Database, read: Any, sort: str, *, descending: bool = False
    ) -> Callable[[Any], object]:
        query = ListQuery(sort=sort, descending=descending, limit=100)
        return lambda _: db.read(read, query)

    for name, db, read, sort in (
        ("products", house.sales, catalog.list_products, "sku"),
        ("prices", house.sales, prices.list_prices, "sku"),
        ("customers", house.sales, partners.list_partners, "name"),
        ("quotes", house.sales, lists.list_quotes, "date"),
        ("orders", house.sales, lists.list_orders, "date"),
        ("deliveries", house.sales, lists.list_deliveries, "date"),
        ("invoices", house.finance, lists.list_invoices, "date"),
        ("to_ship", house.warehouse, worklists.list_shipping_orders, "number"),
        ("stock", house.warehouse, stock_lists.list_stock, "sku"),
        ("stock_by_place", house.warehouse, stock_lists.list_stock_by_place, "sku"),
        ("moves", house.warehouse, stock_lists.list_moves, "id"),
        ("work_orders", house.planner, work.list_orders, "id"),
    ):
        yield Case("list", name, first_hundred(db, read, sort, descending=sort in ("date", "id")))


def _lookups(house: House) -> Iterator[Case]:
    article = lambda: house.random.choice(house.world.articles)  # noqa: E731  (a name for what is drawn)
    orders = tuple(
        row.id
        for row in house.sales.read(lists.list_orders, ListQuery(sort="date", limit=100, count=False)).rows
    )
    for name, table in (("product", "catalog.product"), ("stock", "inventory.stock_level")):
        yield Case("lookup", f"row_of_{name}", partial(_row, house.sales, table), article)
    yield Case("lookup", "product", lambda i: house.sales.read(products.load_product, i), article)
    yield Case("lookup", "availability", lambda i: house.sales.read(inventory.availability, [i]), article)
    yield Case(
        "lookup",
        "customer",
        lambda i: house.sales.read(partner_forms.load_partner, i),
        lambda: house.random.choice(house.world.customers),
    )
    yield Case(
        "lookup",
        "order",
        lambda i: house.sales.read(forms.load_sales_order, i),
        lambda: house.random.choice(orders),
    )
    yield Case(
        "lookup",
        "prices_of_10",
        lambda items: house.sales.read(
            forms.propose_lines, items, house.world.price_list, house.today, house.world.warehouse
        ),
        lambda: chosen(house),
    )
    yield Case(
        "lookup",
        "structure_of_121",
        lambda _: house.planner.read(engineering.structure, house.world.tree, Decimal(10), house.today),
    )


def _row(db: Database, table: str, key: int) -> object:
    statement = text(f"SELECT * FROM {table} WHERE id = :id")  # noqa: S608  (own constants)
    return db.read(lambda session: session.execute(statement, {"id": key}).all())


def _searches(house: House) -> Iterator[Case]:
    for name, typed in (
        ("word", "bolt"),
        ("sku", "b00"),
        ("part_of_a_word", "ranangel"),
        ("article", "artikel 17"),
    ):
        yield Case(
            "search",
            f"product_{name}",
            lambda text: house.sales.read(catalog.search_products, text, 20, "de"),
            repeat(typed).__next__,
        )
    yield Case("search", "customer", lambda _: house.sales.read(partners.search_customers, "kunde 17"))
    yield Case("search", "document", lambda _: house.sales.read(documents.search_documents, "AU-2020-0001"))


def _postings(house: House) -> Iterator[Case]:
    def lines(order_id: int) -> list[Any]:
        return [(line.id, line.qty) for line in house.sales.read(forms.load_sales_order, order_id).lines]

    def to_ship() -> Any:
        order = ordered(house, header(house), chosen(house))
        return order, lines(order.id)

    def to_invoice() -> PostInvoice:
        delivery = shipped(house, *to_ship())
        return PostInvoice(delivery.sales_order_id, delivery.sales_order_row_version, (delivery.id,))

    def plan() -> CreateWorkOrders:
        return CreateWorkOrders(
            (PlannedOrder(house.world.kit, Decimal(1), house.world.warehouse, house.today, house.today),)
        )

    yield Case(
        "posting", "order_of_10", lambda given: ordered(house, *given), lambda: (header(house), chosen(house))
    )
    yield Case("posting", "delivery_of_10", lambda given: shipped(house, *given), to_ship)
    yield Case(
        "posting", "invoice_of_10", lambda given: house.finance.write(sales.post_invoice, given), to_invoice
    )
    yield Case(
        "posting",
        "move",
        lambda given: house.warehouse.write(stock.transfer_stock, given),
        lambda: move(house),
    )
    yield Case(
        "posting",
        "work_order_of_81",
        lambda given: house.planner.write(production.create_work_orders, given),
        plan,
    )
