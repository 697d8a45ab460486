"""The data the cases run on, written by the administrator in bulk: the base, and what makes it large.

The base is a trading and making house: 200 customers, 200 articles with ten million pieces each, a tree of bills
of depth 4 with fan-out 3 (40 assemblies, 81 bought parts), and a kit of all 81 parts.  Large adds 100,000 products,
100,000 orders of two lines and as many stock moves as asked for.
"""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg

Raw = psycopg.Connection[Any]
CUSTOMERS = 200
ARTICLES = 200
MOVING_PRODUCTS = 1_000
SHELVES = 10
START = date(2020, 1, 1)


@dataclass(frozen=True)
class World:
    """Ids of what the cases need."""

    customers: tuple[int, ...]
    articles: tuple[int, ...]
    assemblies: tuple[int, ...]
    kit: int
    tree: int
    price_list: int
    terms: int
    warehouse: int
    shelves: tuple[int, ...]
    movers: tuple[int, ...]


def _column(raw: Raw, statement: str, *values: Any) -> tuple[Any, ...]:
    return tuple(row[0] for row in raw.execute(statement, values).fetchall())


def _one(raw: Raw, statement: str, *values: Any) -> Any:
    return _column(raw, statement, *values)[0]


def _products(
    raw: Raw, prefix: str, count: int, name: str, unit: int, tax: int, **flags: bool
) -> tuple[int, ...]:
    names = ", ".join(flags)
    values = ", ".join(str(value).lower() for value in flags.values())
    return _column(
        raw,
        f"INSERT INTO catalog.product (sku, name, unit_id, tax_class_id, {names})"  # noqa: S608  (own constants)
        f" SELECT %s || lpad(i::text, 6, '0'), %s || ' ' || lpad(i::text, 6, '0'), %s, %s, {values}"
        " FROM generate_series(1, %s) AS i RETURNING id",
        prefix,
        name,
        unit,
        tax,
        count,
    )


def build(raw: Raw) -> World:
    """Write the base."""
    unit = _one(
        raw, "INSERT INTO catalog.unit (code, name_de, name_en) VALUES ('Stk', 'Stück', 'piece') RETURNING id"
    )
    tax = _one(
        raw,
        "INSERT INTO catalog.tax_class (code, name_de, name_en, rate)"
        " VALUES ('full', 'voll', 'full', 20) RETURNING id",
    )
    prices = _one(
        raw,
        "INSERT INTO catalog.price_list (code, name_de, name_en, kind)"
        " VALUES ('W', 'Handel', 'Trade', 'wholesale') RETURNING id",
    )
    terms = _one(
        raw,
        "INSERT INTO partners.payment_term (code, name_de, name_en, net_days)"
        " VALUES ('30', '30 Tage', '30 days', 30) RETURNING id",
    )
    warehouse = _one(raw, "INSERT INTO inventory.warehouse (code, name) VALUES ('W1', 'Lager') RETURNING id")
    shelves = _column(
        raw,
        "INSERT INTO inventory.place (warehouse_id, code)"
        " SELECT %s, 'S-' || i FROM generate_series(1, %s) AS i RETURNING id",
        warehouse,
        SHELVES,
    )
    customers = _column(
        raw,
        "INSERT INTO partners.partner (number, name, price_list_id, payment_term_id)"
        " SELECT (10000 + i)::text, 'Kunde ' || i, %s, %s FROM generate_series(1, %s) AS i RETURNING id",
        prices,
        terms,
        CUSTOMERS,
    )
    raw.execute(
        "INSERT INTO partners.address (partner_id, kind, is_default, street, postcode, city)"
        " SELECT id, 'billing', true, 'Straße 1', '89073', 'Ulm' FROM partners.partner"
    )
    raw.execute(
        "UPDATE system.company SET name = 'Messhaus', street = 'Weg 1', postal_code = '89073', city = 'Ulm',"
        " vat_id = 'DE123456789'"
    )
    articles = _products(raw, "A", ARTICLES, "Artikel", unit, tax, is_sold=True)
    assemblies = _products(raw, "M", 40, "Baugruppe", unit, tax, is_made=True)
    parts = _products(raw, "P", 81, "Teil", unit, tax, is_bought=True)
    kit = _products(raw, "K", 1, "Bausatz", unit, tax, is_made=True)[0]
    raw.execute(
        "INSERT INTO catalog.price (product_id, price_list_id, amount, valid_from)"
        " SELECT id, %s, 10 + id %% 90, %s FROM catalog.product",
        (prices, START),
    )
    raw.execute(
        "INSERT INTO catalog.product_cost (product_id, standard_cost) SELECT id, 1 + mod(id, 5) FROM catalog.product"
    )
    _bills(raw, assemblies, parts, kit)
    put(raw, (*articles, *parts), shelves[0], warehouse, Decimal(10_000_000))
    return World(customers, articles, assemblies, kit, assemblies[0], prices, terms, warehouse, shelves, ())


def _bills(raw: Raw, assemblies: tuple[int, ...], parts: tuple[int, ...], kit: int) -> None:
    """A tree of 1 + 3 + 9 + 27 assemblies over 81 parts, and one bill with all the parts."""
    nodes = (*assemblies, *parts)
    lines = [
        (node, index, nodes[3 * place + 1 + index])
        for place, node in enumerate(assemblies)
        for index in range(3)
    ]
    lines += [(kit, index, part) for index, part in enumerate(parts)]
    for product in (*assemblies, kit):
        raw.execute(
            "INSERT INTO engineering.bom (product_id, version, valid_from) VALUES (%s, 1, %s)",
            (product, START),
        )
    with raw.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO engineering.bom_line (bom_id, position, product_id, qty)"
            " SELECT id, %s, %s, 1 FROM engineering.bom WHERE product_id = %s",
            [(index + 1, component, owner) for owner, index, component in lines],
        )
    with raw.transaction():
        raw.execute("SET LOCAL session_replication_role = replica")
        raw.execute(
            "UPDATE engineering.bom SET state = 'approved', approved_by = 'bench', approved_at = now()"
        )


def put(raw: Raw, products: tuple[int, ...], place: int, warehouse: int, qty: Decimal) -> None:
    """Receive so much of each product, with balances and levels to match."""
    wanted = list(products)
    raw.execute(
        "INSERT INTO inventory.stock_move (kind, product_id, qty, to_place_id, to_warehouse_id)"
        " SELECT 'receipt', p, %s, %s, %s FROM unnest(%s::bigint[]) AS p",
        (qty, place, warehouse, wanted),
    )
    raw.execute(
        "INSERT INTO inventory.stock_balance (product_id, warehouse_id, place_id, qty)"
        " SELECT p, %s, %s, %s FROM unnest(%s::bigint[]) AS p",
        (warehouse, place, qty, wanted),
    )
    raw.execute(
        "INSERT INTO inventory.stock_level (product_id, warehouse_id, on_hand)"
        " SELECT p, %s, %s FROM unnest(%s::bigint[]) AS p",
        (warehouse, qty, wanted),
    )


def add_products(raw: Raw, count: int) -> None:
    """More products: names of two words and a number, as a search finds them hard to tell apart; two in three are
    variants."""
    raw.execute(
        "INSERT INTO catalog.variant_code (code, name_de, name_en)"
        " VALUES ('BE', 'bemalt', 'painted'), ('OX', 'oxidiert', 'oxidised') ON CONFLICT (code) DO NOTHING"
    )
    with raw.transaction():
        raw.execute("ALTER TABLE catalog.product DISABLE TRIGGER USER")
        raw.execute(
            "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id)"
            " SELECT 'B' || lpad(i::text, 7, '0') || (ARRAY['','-BE','-OX'])[1 + i %% 3],"
            "   (ARRAY['Bulk','Steel','Brass','Filigran'])[1 + i %% 4] || ' '"
            "   || (ARRAY['bolt','angel','nut','washer','bracket'])[1 + i %% 5] || ' ' || lpad(i::text, 6, '0'),"
            "   (SELECT min(id) FROM catalog.unit), (SELECT min(id) FROM catalog.tax_class)"
            " FROM generate_series(1, %s) AS i",
            (count,),
        )
        raw.execute("ALTER TABLE catalog.product ENABLE TRIGGER USER")
        raw.execute(
            "SELECT catalog.refresh_product_search(ARRAY(SELECT id FROM catalog.product WHERE sku LIKE 'B%'))"
        )


def add_orders(raw: Raw, count: int, world: World) -> None:
    """More completed orders of two lines each, over the last years."""
    with raw.transaction():
        raw.execute("SET LOCAL session_replication_role = replica")
        raw.execute(
            "INSERT INTO sales.sales_order (number, state, delivery_state, invoice_state, customer_id, warehouse_id,"
            " price_list_id, payment_term_id, order_date, confirmed_at, net_amount, tax_amount, gross_amount)"
            " SELECT 'AU-2020-' || lpad(i::text, 6, '0'), 'completed', 'full', 'full',"
            "   (%s::bigint[])[1 + i %% %s], %s, %s, %s, %s + (i %% 2000), now(), 100, 20, 120"
            " FROM generate_series(1, %s) AS i",
            (
                list(world.customers),
                len(world.customers),
                world.warehouse,
                world.price_list,
                world.terms,
                START,
                count,
            ),
        )
        raw.execute(
            "INSERT INTO sales.sales_order_line (sales_order_id, position, product_id, sku, description, unit_code,"
            " qty, list_price, unit_price, tax_rate, qty_shipped, qty_invoiced)"
            " SELECT o.id, n, (%s::bigint[])[1 + (o.id + n) %% %s], 'A', 'Artikel', 'Stk', 5, 10, 10, 20, 5, 5"
            " FROM sales.sales_order o CROSS JOIN generate_series(1, 2) AS n WHERE o.number LIKE 'AU-2020-%%'",
            (list(world.articles), len(world.articles)),
        )


def add_movers(raw: Raw, world: World) -> World:
    """The products the history is about, without stock yet."""
    unit, tax = (
        _one(raw, "SELECT min(id) FROM catalog.unit"),
        _one(raw, "SELECT min(id) FROM catalog.tax_class"),
    )
    return replace(world, movers=_products(raw, "V", MOVING_PRODUCTS, "Bewegt", unit, tax, is_sold=True))


def add_moves(raw: Raw, have: int, want: int, world: World) -> None:
    """Bring the history from ``have`` to ``want`` moves over ten shelves and a year, and the stock with it.

    Of ten moves four are receipts of 10, four issues of 4 and two transfers of 2 to the next shelf.
    """
    with raw.transaction():
        raw.execute("SET LOCAL session_replication_role = replica")
        raw.execute(
            "INSERT INTO inventory.stock_move (posted_at, kind, product_id, qty, from_place_id, to_place_id,"
            " from_warehouse_id, to_warehouse_id)"
            " SELECT now() - (i %% 365) * interval '1 day', kind, product, qty,"
            "   CASE WHEN kind <> 'receipt' THEN shelf END,"
            "   CASE kind WHEN 'receipt' THEN shelf WHEN 'transfer' THEN next_shelf END,"
            "   CASE WHEN kind <> 'receipt' THEN %(warehouse)s END,"
            "   CASE WHEN kind <> 'issue' THEN %(warehouse)s END"
            " FROM (SELECT i, (%(movers)s::bigint[])[1 + i %% %(products)s] AS product,"
            "         (%(shelves)s::bigint[])[1 + (i / 10) %% 10] AS shelf,"
            "         (%(shelves)s::bigint[])[1 + (i / 10 + 1) %% 10] AS next_shelf,"
            "         CASE WHEN (i / 7) %% 10 < 4 THEN 'receipt' WHEN (i / 7) %% 10 < 8 THEN 'issue'"
            "              ELSE 'transfer' END AS kind,"
            "         CASE WHEN (i / 7) %% 10 < 4 THEN 10 WHEN (i / 7) %% 10 < 8 THEN 4 ELSE 2 END AS qty"
            "       FROM generate_series(%(have)s + 1, %(want)s) AS i) AS moves",
            {
                "warehouse": world.warehouse,
                "movers": list(world.movers),
                "products": len(world.movers),
                "shelves": list(world.shelves),
                "have": have,
                "want": want,
            },
        )
        _settle_movers(raw, world)
    raw.execute("VACUUM ANALYZE")


def _settle_movers(raw: Raw, world: World) -> None:
    """Write balances and levels of the moving products anew from their moves; what a shelf lacks it received first."""
    raw.execute("DELETE FROM inventory.stock_balance WHERE product_id = ANY (%s)", (list(world.movers),))
    raw.execute("DELETE FROM inventory.stock_level WHERE product_id = ANY (%s)", (list(world.movers),))
    sums = (
        "SELECT product_id, place_id, sum(qty) AS qty FROM ("
        " SELECT product_id, to_place_id AS place_id, qty FROM inventory.stock_move WHERE to_place_id IS NOT NULL"
        " UNION ALL SELECT product_id, from_place_id, -qty FROM inventory.stock_move"
        " WHERE from_place_id IS NOT NULL) m WHERE product_id = ANY (%s) GROUP BY 1, 2"
    )
    raw.execute(
        "INSERT INTO inventory.stock_move (kind, product_id, qty, to_place_id, to_warehouse_id)"  # noqa: S608
        f" SELECT 'receipt', product_id, -qty, place_id, %s FROM ({sums}) s WHERE qty < 0",
        (world.warehouse, list(world.movers)),
    )
    raw.execute(
        "INSERT INTO inventory.stock_balance (product_id, warehouse_id, place_id, qty)"  # noqa: S608
        f" SELECT product_id, %s, place_id, qty FROM ({sums}) s",
        (world.warehouse, list(world.movers)),
    )
    raw.execute(
        "INSERT INTO inventory.stock_level (product_id, warehouse_id, on_hand)"
        " SELECT product_id, warehouse_id, sum(qty) FROM inventory.stock_balance"
        " WHERE product_id = ANY (%s) GROUP BY 1, 2",
        (list(world.movers),),
    )
