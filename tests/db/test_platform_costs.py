"""What the house pays is known to a few; everybody else gets no figure by any road."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from migrations import derived
from migrations.generate import SCHEMAS
from tests.db import forgery

Raw = psycopg.Connection[Any]
CANARIES = ("91234.56", "91234,56", "91234567", "9123456")
# Written down here once more on purpose: a slip in the matrix must not move the goal posts.
BLIND = (
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
SEEING = {"production_planner", "purchase_officer", "finance", "sales_manager", "manager", "administrator"}
COSTS = {
    "catalog.product_cost": ("standard_cost", SEEING),
    "purchasing.supplier_price": (
        "amount",
        {"purchase_officer", "production_planner", "finance", "administrator", "manager"},
    ),
    "production.work_order_cost": ("actual_cost", SEEING),
}
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "text": ("'CANARY'", "'%'", "'sales.quote'"),
    "bigint": ("1",),
    "xid8": ("pg_current_xact_id()",),
    "integer": ("1", "100"),
    "numeric": ("1",),
    "boolean": ("true",),
    "date": ("current_date",),
    "uuid": ("gen_random_uuid()",),
    "jsonb": ('\'[{"line": 1, "product_id": 1, "qty": 1}]\'', "'{}'"),
    "bigint[]": ("'{1}'",),
    "text[]": ("'{a}'",),
    "bytea[]": ("ARRAY['\\x255044462d'::bytea]",),
    "bytea": ("'\\x255044462d'",),
    "timestamp with time zone": ("now()",),
}


@pytest.fixture(scope="module", autouse=True)
def _canaries(admin_dsn: str) -> None:
    """One product whose cost, purchase price and order cost are unmistakable, in the tables and in the trail."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "SET session_replication_role = replica"
        )  # so that no supplier and no work order is needed
        admin.execute(
            "INSERT INTO catalog.product (id, sku, name, unit_id, tax_class_id) OVERRIDING SYSTEM VALUE "
            "VALUES (1, 'CANARY', 'CANARY', 1, 1)"
        )
        admin.execute("INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (1, 1)")
        admin.execute(
            "INSERT INTO purchasing.supplier_price (supplier_id, product_id, amount, valid_from) "
            "VALUES (1, 1, 1, now())"
        )
        admin.execute("INSERT INTO production.work_order_cost (work_order_id) VALUES (1)")
        admin.execute("SET session_replication_role = origin")
        for table, (column, _roles) in COSTS.items():
            admin.execute(f"UPDATE {table} SET {column} = 91234.56")


def dump(mine: Raw, admin: Raw) -> Iterator[tuple[str, str]]:
    """Everything this connection can get out of the database, with where it came from."""
    for relation in derived.read_relations(admin):
        try:
            for row in mine.execute(f"SELECT t::text FROM {relation.name} t").fetchall():
                yield relation.name, str(row)
        except psycopg.Error as error:
            yield relation.name, str(error)
    callable_ones = mine.execute(
        """
        SELECT p.oid::regprocedure::text, ARRAY(SELECT format_type(t, NULL) FROM unnest(p.proargtypes) t)
          FROM pg_proc p
         WHERE p.pronamespace::regnamespace::text = ANY (%s) AND has_function_privilege(p.oid, 'EXECUTE')
           AND p.proname !~ '^(session_|password_change|totp_)' AND p.prorettype <> 'trigger'::regtype
        """,
        (list(SCHEMAS),),
    ).fetchall()
    for signature, types in callable_ones:
        name = signature.partition("(")[0]
        for values in forgery.some([ARGUMENTS[t] for t in types]):
            try:
                with mine.transaction(force_rollback=True):
                    rows = mine.execute(f"SELECT x::text FROM {name}({', '.join(values)}) x").fetchall()
                yield name, str(rows)
            except psycopg.Error as error:
                yield name, f"{error} {error.diag.message_detail}"


@pytest.mark.parametrize("role", BLIND)
def test_no_cost_by_any_road(raw_role: Callable[..., Raw], admin: Raw, role: str) -> None:
    mine = raw_role(role, ticket=True)
    parts = list(dump(mine, admin))
    assert len(parts) > 50
    assert [place for place, text in parts if any(canary in text for canary in CANARIES)] == []


@pytest.mark.parametrize("role", BLIND)
def test_no_cost_through_the_planner_s_statistics(
    raw_role: Callable[..., Raw], admin: Raw, role: str
) -> None:
    admin.execute("ANALYZE")
    mine = raw_role(role, ticket=True)
    for view in ("pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"):
        rows = mine.execute(f"SELECT s::text FROM {view} s WHERE schemaname = ANY (%s)", (list(SCHEMAS),))
        assert [row for row in rows.fetchall() if "91234" in row[0]] == []


@pytest.mark.parametrize("table", COSTS)
def test_those_who_need_it_see_it(raw_role: Callable[..., Raw], table: str) -> None:
    column, roles = COSTS[table]
    for role in roles:
        mine = raw_role(role, ticket=True)
        assert str(mine.execute(f"SELECT {column} FROM {table}").fetchall()[0][0]).startswith("91234.56"), (
            role
        )
        seen = mine.execute(
            "SELECT count(*) FROM audit.entry WHERE table_name = %s AND new::text LIKE '%%91234.56%%'",
            (table,),
        ).fetchone()
        assert seen == (1,), role
