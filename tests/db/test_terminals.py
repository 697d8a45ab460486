"""Terminals: device and operator must both have the right, for functions as for rows; a PIN cannot be guessed."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.db import Target
from app.core.embedded import dsn
from migrations import derived, rights
from tests.catalog_world import basics

Raw = psycopg.Connection[Any]
MATRIX = rights.load()
PIN = "274951"
DEVICE = "t_hall1"
FUNCTIONS = {
    "api.work_order_reserve",
    "api.work_order_start",
    "api.work_order_complete",
    "api.stock_receive",
    "api.stock_transfer",
    "api.stock_adjust",
    "api.delivery_ship",
    "api.goods_receipt_post",
    "api.packing_deliveries",
    "api.packing_delivery",
    "api.packing_find",
    "api.parcel_close",
    "api.parcel_reopen",
    "api.parcel_void",
    "api.print_act",
    "api.print_request",
    "api.receiving_find",
    "api.receiving_lines",
    "api.receiving_orders",
    "api.scan_log",
    "api.scan_resolve",
    "api.shipping_find",
    "api.shipping_lines",
    "api.shipping_orders",
    "printing.routed",
    "catalog.picture_source",
    "catalog.search_products",
    "sec.operator_on",
    "sec.operator_off",
}
ALONE = {
    "api.print_claim",
    "api.print_content",
    "api.print_progress",
    "api.print_station_seen",
    "api.printer_status",
}
"""What the device does by itself: it sends what was asked for at it. How far: `test_terminal_prints.py`."""
READS = {
    "catalog.search_products": "catalog.product:select",
    "catalog.picture_source": "catalog.product_image:select",
}
"""Functions that ask for the right to read a table."""


@pytest.fixture(scope="module")
def warehouses(admin_dsn: str) -> tuple[int, int]:
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        rows = raw.execute(
            "INSERT INTO inventory.warehouse (code, name) VALUES ('H1', 'Hall 1'), ('H2', 'Hall 2') RETURNING id"
        ).fetchall()
        raw.execute(
            "INSERT INTO inventory.place (warehouse_id, code, kind) SELECT id, 'A', 'storage' FROM inventory.warehouse"
        )
    return rows[0][0], rows[1][0]


@pytest.fixture(scope="module")
def password(admin_dsn: str, warehouses: tuple[int, int]) -> str:
    """The device's, as it was shown once."""
    with psycopg.connect(admin_dsn, autocommit=True) as raw:
        row = raw.execute(
            "SELECT sec.device_register(%s, 'Hall 1', 'Gate 3', 'Production', %s)", (DEVICE, [warehouses[0]])
        ).fetchone()
        for number, login in enumerate(
            ("u_production_operator", "u_warehouse_clerk", "u_viewer", "u_operator")
        ):
            raw.execute("SELECT sec.badge_set(%s, %s, %s)", (login, f"B-{number}", PIN))
        raw.execute(
            "INSERT INTO sec.user_warehouse (login, warehouse_id) SELECT 'u_warehouse_clerk', unnest(%s::bigint[])",
            (list(warehouses),),
        )
    assert row is not None
    return str(row[0])


@pytest.fixture
def device(admin_dsn: str, password: str) -> Iterator[Callable[[], Raw]]:
    """Connections of the terminal, each with a session of its own."""
    target, _ = Target.from_dsn(admin_dsn)
    with ExitStack() as stack:

        def connect(ticket: str = "") -> Raw:
            options = f"-c erp.ticket={ticket}" if ticket else ""
            found = stack.enter_context(
                psycopg.connect(
                    dsn(target.port, target.dbname, DEVICE, password), autocommit=True, options=options
                )
            )
            if not ticket:
                found.execute("SELECT sec.session_open()")
            return found

        yield connect


@pytest.fixture(autouse=True)
def _fresh_tries(admin: Raw, password: str) -> Iterator[None]:
    yield
    admin.execute("SELECT sec.guesses_clear(login, 'pin') FROM sec.badge")


def on(raw: Raw, badge: str = "B-0", pin: str = PIN) -> dict[str, Any]:
    row = raw.execute("SELECT sec.operator_on(%s, %s)", (badge, pin)).fetchone()
    assert row is not None
    answer: dict[str, Any] = row[0]
    return answer


def refused(raw: Raw, statement: str, *values: Any) -> str:
    """The SQLSTATE or key of a refusal; 'ok' when there is none."""
    try:
        with raw.transaction(force_rollback=True):
            raw.execute(statement, values or None)
    except psycopg.Error as error:
        return error.diag.constraint_name or error.sqlstate or "?"
    return "ok"


# -- what a device may do --------------------------------------------------------------------------------


def test_the_device_role_has_the_listed_functions_and_selects_only(admin: Raw) -> None:
    """T-16, by the catalogue."""
    callable_ = {
        f"{f.schema}.{f.name}"
        for f in derived.read_functions(admin)
        if (
            admin.execute(
                "SELECT has_function_privilege('r_terminal', %s, 'EXECUTE')", (f.signature,)
            ).fetchone()
            or (0,)
        )[0]
    }
    assert callable_ == FUNCTIONS | ALONE
    for relation in derived.read_relations(admin):
        line = MATRIX.tables[relation.name]
        for word in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
            kind = (
                "has_any_column_privilege"
                if word in ("SELECT", "INSERT", "UPDATE", "REFERENCES")
                else "has_table_privilege"
            )
            found = admin.execute(f"SELECT {kind}('r_terminal', %s, %s)", (relation.name, word)).fetchone()
            wanted = word == "SELECT" and line.select is not None and "terminal" in line.select.roles
            assert found == (wanted,), (relation.name, word)


def test_without_an_operator_every_row_is_hidden_and_every_function_refuses(
    admin: Raw, device: Callable[..., Raw]
) -> None:
    """T-16, executed."""
    raw = device()
    readable = [t for t in MATRIX.tables.values() if t.select and "terminal" in t.select.roles]
    assert len(readable) > 10
    shown = 0
    for table in readable:
        query = sql.SQL(f"SELECT count(*) FROM {table.name}")
        assert raw.execute(query).fetchone() == (0,), table.name
        shown += admin.execute(query).fetchone() != (0,)
    assert shown > 1, "there would be something to see"
    for function in derived.read_functions(admin):
        name = f"{function.schema}.{function.name}"
        if name not in FUNCTIONS or name.startswith("sec."):
            continue
        types = function.signature.partition("(")[2].rstrip(")")
        arguments = ", ".join(f"NULL::{kind}" for kind in types.split(",") if kind)
        missing = READS.get(name, function.name)
        assert refused(raw, f"SELECT {function.schema}.{function.name}({arguments})") == missing
    for name, roles in MATRIX.functions.items():
        if "terminal" in roles or not set(roles) & set(MATRIX.roles):
            continue
        assert not admin.execute(
            "SELECT bool_or(has_function_privilege('t_hall1', p.oid, 'EXECUTE')) FROM pg_proc p "
            "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname || '.' || p.proname = %s",
            (name,),
        ).fetchone()[0], name  # type: ignore[index]


def test_device_and_operator_must_both_have_the_right(
    device: Callable[..., Raw], warehouses: tuple[int, int]
) -> None:
    raw = device()
    start = "SELECT api.work_order_start(gen_random_uuid(), 0, 0)"
    transfer = "SELECT api.stock_transfer(gen_random_uuid(), '[]', '')"
    create = "SELECT api.work_order_create(gen_random_uuid(), '[]')"
    on(raw, "B-0")  # production operator
    assert refused(raw, start) == "record_not_found"
    assert refused(raw, transfer) == "stock_transfer"
    assert refused(raw, create) == "42501"
    on(raw, "B-1")  # warehouse clerk
    assert refused(raw, start) == "work_order_start"
    assert refused(raw, transfer) != "stock_transfer"
    on(raw, "B-2")  # viewer: sees, does nothing
    assert refused(raw, start) == "work_order_start"
    assert refused(raw, transfer) == "stock_transfer"
    assert raw.execute("SELECT count(*) FROM inventory.warehouse").fetchone() == (2,)
    raw.execute("SELECT sec.operator_off()")
    assert refused(raw, start) == "work_order_start"
    assert raw.execute("SELECT count(*) FROM inventory.warehouse").fetchone() == (0,)


def test_warehouses_and_limits_are_what_both_have(
    device: Callable[..., Raw], warehouses: tuple[int, int], admin: Raw
) -> None:
    raw = device()
    mine = "SELECT sec.my_warehouses()"
    assert raw.execute(mine).fetchone() == ([],)
    on(raw, "B-1")  # both halls; the device stands in the first
    assert raw.execute(mine).fetchone() == ([warehouses[0]],)
    assert raw.execute("SELECT warehouse_id FROM inventory.place").fetchall() == [(warehouses[0],)]
    admin.execute(
        "DELETE FROM sec.user_warehouse WHERE login = 'u_warehouse_clerk' AND warehouse_id = %s",
        (warehouses[0],),
    )
    try:
        assert raw.execute(mine).fetchone() == ([],)
    finally:
        admin.execute(
            "INSERT INTO sec.user_warehouse (login, warehouse_id) VALUES ('u_warehouse_clerk', %s)",
            (warehouses[0],),
        )
    assert raw.execute("SELECT sec.my_limit('discount_pct')").fetchone() == (0,)


def test_what_is_posted_names_the_person_and_the_trail_both(
    device: Callable[..., Raw], warehouses: tuple[int, int], admin: Raw
) -> None:
    raw = device()
    product = admin.execute(
        "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id) VALUES ('T-1', 'Part', %s, %s) RETURNING id",
        basics(admin)[:2],
    ).fetchone()
    place = admin.execute(
        "SELECT id FROM inventory.place WHERE warehouse_id = %s", (warehouses[0],)
    ).fetchone()
    assert product is not None
    assert place is not None
    line = f'[{{"product_id": {product[0]}, "place_id": {place[0]}, "qty": 5}}]'
    on(raw, "B-1")
    raw.execute("SELECT api.stock_receive(gen_random_uuid(), %s, 'delivery')", (line,))
    assert admin.execute("SELECT posted_by FROM inventory.stock_move").fetchall() == [("u_warehouse_clerk",)]
    trail = admin.execute(
        "SELECT login, operator FROM audit.entry WHERE table_name = 'inventory.stock_move'"
    ).fetchall()
    assert trail == [(DEVICE, "u_warehouse_clerk")]
    other = admin.execute(
        "SELECT id FROM inventory.place WHERE warehouse_id = %s", (warehouses[1],)
    ).fetchone()
    assert other is not None
    line = f'[{{"product_id": {product[0]}, "place_id": {other[0]}, "qty": 5}}]'
    assert refused(raw, "SELECT api.stock_receive(gen_random_uuid(), %s, '')", line) != "ok"


def test_without_an_operator_the_device_learns_nothing_of_people(device: Callable[..., Raw]) -> None:
    raw = device()
    calls = (
        "sec.people()",
        "sec.directory()",
        "sec.why('invoice_post')",
        "sec.person_photo('u_viewer')",
        "sec.my_assignments()",
        "system.changes_since(NULL)",
        "sec.session_list()",
    )
    for call in calls:
        assert refused(raw, f"SELECT * FROM {call}") == "operator_missing", call
    on(raw, "B-0")
    assert refused(raw, "SELECT * FROM sec.people()") == "ok"


# -- who works at it -------------------------------------------------------------------------------------


def test_the_profile_is_what_both_have(device: Callable[..., Raw]) -> None:
    raw = device()
    bare = raw.execute("SELECT sec.my_profile()").fetchone()
    assert bare is not None
    assert {f"api.{right}" for right in bare[0]["rights"]} == ALONE == set(MATRIX.alone)
    answer = on(raw, "B-0")
    assert answer["operator"] == {
        "login": "u_production_operator",
        "person": "Production Operator",
        "language": "de",
        "idle_minutes": 10,
    }
    found = set(answer["profile"]["rights"])
    assert {"work_order_start", "production.work_order:select"} <= found
    assert found.isdisjoint({"stock_transfer", "sales.sales_order:select", "work_order_create"})


def test_idle_minutes_end_the_operator_to_the_second_but_not_the_device(
    device: Callable[..., Raw], admin: Raw
) -> None:
    raw = device()
    on(raw)
    count = "SELECT count(*) FROM inventory.warehouse"
    assert raw.execute(count).fetchone() == (2,)
    idle = "UPDATE sec.session SET last_seen = now() - interval '10 minutes' WHERE login = %s AND operator IS NOT NULL"
    admin.execute(idle, (DEVICE,))
    assert raw.execute(count).fetchone() == (0,)
    assert refused(raw, "SELECT api.work_order_start(gen_random_uuid(), 0, 0)") == "work_order_start"
    assert refused(raw, "SELECT sec.actor()") == "operator_missing"
    raw.execute("SELECT sec.session_touch()")
    assert raw.execute(count).fetchone() == (0,), "the next finger brings nobody back"
    on(raw)
    assert raw.execute(count).fetchone() == (2,), "the device itself is still there"


def test_an_open_transaction_does_not_outlive_the_operator(device: Callable[..., Raw], admin: Raw) -> None:
    raw = device()
    on(raw)
    with raw.transaction():
        assert raw.execute("SELECT count(*) FROM inventory.warehouse").fetchone() == (2,)
        admin.execute("SELECT sec.badge_block('u_production_operator', false)")
        assert raw.execute("SELECT count(*) FROM inventory.warehouse").fetchone() == (0,)
    assert on(raw)["refused"] == "operator_wrong"
    admin.execute("SELECT sec.badge_block('u_production_operator', true)")
    assert "profile" in on(raw)


def test_a_locked_person_works_at_no_terminal(device: Callable[..., Raw], admin: Raw) -> None:
    raw = device()
    on(raw)
    admin.execute("SELECT sec.user_lock('u_production_operator', 'for a test')")
    try:
        assert raw.execute("SELECT count(*) FROM inventory.warehouse").fetchone() == (0,)
        assert on(raw)["refused"] == "operator_wrong"
    finally:
        admin.execute("SELECT sec.user_unlock('u_production_operator')")


def test_five_wrong_pins_and_then_not_even_the_right_one(device: Callable[..., Raw], admin: Raw) -> None:
    raw = device()
    for _ in range(5):
        with raw.transaction(force_rollback=True):
            assert on(raw, pin="111112") == {"refused": "operator_wrong"}
    assert on(raw) == {"refused": "pin_used_up"}
    assert on(device()) == {"refused": "pin_used_up"}, "at no other session either"
    assert "profile" in on(raw, "B-1"), "others are not concerned"
    admin.execute("SELECT sec.badge_set('u_production_operator', 'B-0', %s)", (PIN,))
    assert "profile" in on(raw)


def test_guesses_from_many_connections_count_together(device: Callable[..., Raw]) -> None:
    connections = [device() for _ in range(3)]
    for raw in connections:
        raw.execute("BEGIN")
    answers = [on(raw, pin=f"11223{number}")["refused"] for number, raw in enumerate(connections * 3)]
    assert answers == ["operator_wrong"] * 5 + ["pin_used_up"] * 4
    for raw in connections:
        raw.execute("ROLLBACK")
    assert on(connections[0]) == {"refused": "pin_used_up"}


@pytest.mark.parametrize(
    ("badge", "pin"), [("B-9", PIN), ("", ""), ("B-0", ""), ("B-0", "x" * 500), ("'", PIN)]
)
def test_what_is_wrong_is_not_told(device: Callable[..., Raw], badge: str, pin: str) -> None:
    assert on(device(), badge, pin) == {"refused": "operator_wrong"}


def test_refusals_stay_in_the_trail(device: Callable[..., Raw], admin: Raw) -> None:
    raw = device()
    on(raw, pin="918273")
    on(raw)
    raw.execute("SELECT sec.operator_off()")
    kinds = admin.execute(
        "SELECT kind, login, by_login, operator FROM audit.event WHERE kind LIKE 'operator%' ORDER BY id DESC LIMIT 3"
    ).fetchall()
    assert kinds == [
        ("operator_off", "u_production_operator", DEVICE, "u_production_operator"),
        ("operator_on", "u_production_operator", DEVICE, "u_production_operator"),
        ("operator_refused", "u_production_operator", DEVICE, None),
    ]


def test_the_guard_takes_idle_operators_off_the_books(device: Callable[..., Raw], admin: Raw) -> None:
    raw = device()
    on(raw)
    admin.execute(
        "UPDATE sec.session SET last_seen = now() - interval '11 minutes' WHERE login = %s", (DEVICE,)
    )
    assert (admin.execute("SELECT sec.guard_operators()").fetchone() or (0,))[0] >= 1
    assert admin.execute("SELECT sec.guard_operators()").fetchone() == (0,)
    event = admin.execute(
        "SELECT login, detail FROM audit.event WHERE kind = 'operator_off' ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert event == ("u_production_operator", {"device": DEVICE, "reason": "idle"})


def test_only_a_device_has_operators(raw_role: Callable[..., Raw], password: str) -> None:
    assert (
        refused(raw_role("production_operator", ticket=True), "SELECT sec.operator_on('B-0', '1')") == "42501"
    )


# -- PINs and badges -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pin", "key"),
    [
        ("12345", "pin_form"),
        ("1234567", "pin_form"),
        ("12a456", "pin_form"),
        ("", "pin_form"),
        ("123456", "pin_too_simple"),
        ("987654", "pin_too_simple"),
        ("000000", "pin_too_simple"),
        ("121212", "pin_too_simple"),
        ("123123", "pin_too_simple"),
    ],
)
def test_a_pin_everybody_would_try_is_none(admin: Raw, password: str, pin: str, key: str) -> None:
    assert refused(admin, "SELECT sec.badge_set('u_viewer', 'B-2', %s)", pin) == key


def test_a_person_changes_the_pin_in_the_office_and_at_the_terminal(
    device: Callable[..., Raw], raw_role: Callable[..., Raw], admin: Raw
) -> None:
    change = "SELECT sec.pin_change(%s, %s)"
    office = raw_role("viewer", ticket=True)
    assert office.execute(change, ("111119", "583920")).fetchone() == ({"refused": "pin_wrong"},)
    assert office.execute(change, (PIN, "583920")).fetchone() == ({},)
    assert refused(office, change, "583920", "583920") == "pin_unchanged"
    raw = device()
    assert refused(raw, change, "583920", PIN) == "operator_missing"
    on(raw, "B-2", "583920")
    assert raw.execute(change, ("583920", PIN)).fetchone() == ({},)
    assert "profile" in on(raw, "B-2")
    for _ in range(5):
        office.execute(change, ("111119", "583920"))
    assert office.execute(change, (PIN, "583920")).fetchone() == ({"refused": "pin_used_up"},)


def test_badges_belong_to_one_person_each(raw_role: Callable[..., Raw], password: str) -> None:
    keeper = raw_role("administrator", ticket=True)
    assert refused(keeper, "SELECT sec.badge_set('u_finance', 'B-0', '583920')") == "badge_taken"
    assert refused(keeper, "SELECT sec.badge_set('u_finance', 'B 7', '583920')") == "badge_form"
    assert refused(keeper, "SELECT sec.badge_set('u_finance', 'B-7')") == "pin_form"
    assert refused(keeper, "SELECT sec.badge_set('t_hall1', 'B-7', '583920')") == "badge_for_people"
    assert refused(keeper, "SELECT sec.badge_block('u_finance', true)") == "badge_unknown"
    assert refused(raw_role("manager", ticket=True), "SELECT sec.badge_list()") == "42501"
    row = keeper.execute(
        "SELECT badge, active, tries FROM sec.badge_list() WHERE login = 'u_viewer'"
    ).fetchone()
    assert row == ("B-2", True, 0)


def test_pins_and_device_passwords_are_kept_nowhere_in_clear(admin: Raw, password: str) -> None:
    tables = admin.execute(
        "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname IN ('sec', 'audit', 'api', 'system') AND c.relkind = 'r'"
    ).fetchall()
    for (table,) in tables:
        for (row,) in admin.execute(f"SELECT t::text FROM {table} t").fetchall():
            assert PIN not in row, table
            assert password not in row, table
