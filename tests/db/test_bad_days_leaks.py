"""What must not be known gets out by no road: rows, functions, plans, statistics, errors or logs."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from migrations import derived
from migrations.generate import SCHEMAS
from tests.conftest import PASSWORD, Cluster
from tests.db import forgery

Raw = psycopg.Connection[Any]
# Written down here once more on purpose: a slip in the matrix must not move the goal posts.
NO_COST = (
    "viewer",
    "operator",
    "system_administrator",
    "sales_rep",
    "warehouse_clerk",
    "warehouse_manager",
    "production_operator",
    "marketing",
    "quality",
    "customer_service",
)
NO_PRICE = ("warehouse_clerk", "warehouse_manager", "production_operator")
COST, PRICE = "91234.56", "83456.78"
COSTS = (
    ("catalog.product_cost", "standard_cost"),
    ("purchasing.supplier_price", "amount"),
    ("production.work_order_cost", "standard_unit_cost"),
    ("production.work_order_cost", "actual_cost"),
)
PRICES = (
    ("catalog.price", "amount"),
    ("sales.quote_line", "unit_price"),
    ("sales.sales_order_line", "unit_price"),
    ("sales.sales_order_line", "list_price"),
    ("sales.invoice_line", "unit_price"),
    ("sales.invoice_line", "net_amount"),
    ("sales.invoice", "gross_amount"),
    ("sales.payment", "amount"),
)


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    """A copy of the demo company in which every cost is one number, every selling price another."""
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(
                "SELECT sec.user_set_warehouses('u_warehouse_clerk', array_agg(id)) FROM inventory.warehouse"
            )
            for number, places in ((COST, COSTS), (PRICE, PRICES)):
                for table, column in places:
                    # Master data through its triggers, so that the trail has it, too; posted records past theirs.
                    trail = table.startswith(("catalog.", "purchasing."))
                    admin.execute(
                        "SELECT set_config('session_replication_role', %s, false)",
                        ("origin" if trail else "replica",),
                    )
                    admin.execute(sql.SQL(f"UPDATE {table} SET {column} = %s"), (number,))
            admin.execute("SET session_replication_role = origin")
            admin.execute("ANALYZE")
        yield address


def variants(number: str) -> re.Pattern[str]:
    """The number as it may be written."""
    whole, cents = number.split(".")
    written = (
        f"{whole}.{cents}",
        f"{whole},{cents}",
        f"{whole}{cents}",
        # With its cents: "…91,234…" also stands among the numbers of system tables in the statistics.
        f"{whole[:2]}.{whole[2:]},{cents}",
        f"{whole[:2]},{whole[2:]}.{cents}",
    )
    # By itself: so many digits in a row stand in a hash or a moment by chance, once in some hundred runs.
    return re.compile(rf"(?<![0-9A-Za-z])(?:{'|'.join(map(re.escape, written))})(?![1-9A-Za-z])")


def everything(mine: Raw, admin: Raw) -> Iterator[tuple[str, str]]:
    """All this person can get out of the database, with where it came from."""

    def answer(query: str) -> str:
        try:
            with mine.transaction(force_rollback=True):
                return str(mine.execute(sql.SQL(query)).fetchall())
        except psycopg.Error as error:
            return f"{error} {error.diag.message_detail} {error.diag.message_hint} {error.diag.context}"

    for relation in derived.read_relations(admin):
        yield relation.name, answer(f"SELECT t::text FROM {relation.name} t")
        yield f"plan of {relation.name}", answer(f"EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM {relation.name}")
    for table, column in (*COSTS, *PRICES):
        yield f"filter on {table}", answer(f"EXPLAIN SELECT FROM {table} WHERE {column} BETWEEN 1 AND 99999")
        yield f"division by {table}", answer(f"SELECT 1 / ({column} - {column}) FROM {table}")
        yield f"cast of {table}", answer(f"SELECT {column}::text::boolean FROM {table}")
        yield f"duplicate in {table}", answer(f"INSERT INTO {table} SELECT * FROM {table}")
    for view in (
        "pg_stats",
        "pg_stats_ext",
        "pg_stats_ext_exprs",
        "pg_stat_activity",
        "pg_settings",
        "pg_prepared_statements",
    ):
        yield view, answer(f"SELECT v::text FROM {view} v")
    yield (
        "source of functions",
        answer("SELECT prosrc FROM pg_proc WHERE pronamespace::regnamespace::text = 'api'"),
    )
    yield from functions(mine, admin, answer)


def functions(mine: Raw, admin: Raw, answer: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Every function this person may call, with ids of records that exist."""
    values: dict[str, tuple[str, ...]] = {
        "text": ("'sales.quote'", "'sales_order'", "'a'"),
        "bigint": ("(SELECT min(id) FROM catalog.product)", "1", "7"),
        "xid8": ("pg_current_xact_id()",),
        "integer": ("1", "100"),
        "numeric": ("1",),
        "boolean": ("true",),
        "date": ("current_date",),
        "uuid": ("gen_random_uuid()",),
        "jsonb": (
            "(SELECT jsonb_agg(jsonb_build_object('product_id', id, 'qty', 1, 'line', id)) FROM catalog.product)",
            "'{}'",
        ),
        "bigint[]": ("'{1}'",),
        "text[]": ("'{a}'",),
        "bytea[]": ("ARRAY['\\x255044462d'::bytea]",),
        "bytea": ("'\\x255044462d'",),
        "timestamp with time zone": ("now()",),
    }
    callable_ones = mine.execute(
        """
        SELECT p.oid::regproc::text, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t)
          FROM pg_proc p
         WHERE p.pronamespace::regnamespace::text = ANY (%s) AND has_function_privilege(p.oid, 'EXECUTE')
           AND p.proname !~ '^(session_|password_change|totp_)' AND p.prorettype <> 'trigger'::regtype
        """,
        (list(SCHEMAS),),
    ).fetchall()
    for name, types in callable_ones:
        for chosen in forgery.some([values[kind] for kind in types]):
            yield name, answer(f"SELECT x::text FROM {name}({', '.join(chosen)}) x")


@pytest.mark.parametrize("role", NO_COST)
def test_costs_and_prices_stay_with_those_who_need_them(
    raw_role: Callable[..., Raw], admin: Raw, role: str
) -> None:
    secrets = [variants(COST), *([variants(PRICE)] if role in NO_PRICE else [])]
    parts = list(everything(raw_role(role, ticket=True), admin))
    assert len(parts) > 200
    assert sorted({place for place, said in parts if any(secret.search(said) for secret in secrets)}) == []


def test_the_search_would_find_them(raw_role: Callable[..., Raw], admin: Raw) -> None:
    """Who may know them finds them by the same search, in tables, trail and functions alike."""
    found: dict[str, set[str]] = {COST: set(), PRICE: set()}
    for place, said in everything(raw_role("administrator", ticket=True), admin):
        for number, places in found.items():
            if variants(number).search(said):
                places.add(place)
    assert {"catalog.product_cost", "purchasing.supplier_price", "audit.entry"} <= found[COST]
    assert {"catalog.price", "sales.invoice", "audit.entry", "catalog.prices_for"} <= found[PRICE]


def test_no_secret_is_in_the_server_s_log(raw_role: Callable[..., Raw], cluster: Cluster, admin: Raw) -> None:
    """Neither a password nor a ticket, however wrong the statements were that came with them."""
    log: Path = cluster.instance.log
    mine = raw_role("finance", ticket=True)
    row = mine.execute("SELECT current_setting('erp.ticket')").fetchone()
    assert row is not None
    for query, values in (
        ("SELECT sec.password_change(%s, %s)", (PASSWORD, "short")),
        ("SELECT sec.password_change(%s, %s)", ("wrong password of mine", "a canary secret phrase")),
        ("SELECT sec.session_open(%s::jsonb)", ('{"protocol": "a canary secret phrase"}',)),
        ("SELECT set_config('erp.ticket', %s, false), 1 / 0", (row[0],)),
        ("SELECT api.payment_post(%s)", ("a canary secret phrase",)),
    ):
        with pytest.raises(psycopg.Error):
            mine.execute(query, values)
    written = "".join(path.read_text("utf-8", errors="replace") for path in log.rglob("*") if path.is_file())
    assert "division by zero" in written, "the log was not found"
    for secret in (PASSWORD, row[0], "a canary secret phrase", "wrong password of mine"):
        assert secret not in written
