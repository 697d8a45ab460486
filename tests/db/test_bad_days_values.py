"""Numbers nobody should send: refused as they are by every table, function and service; never rounded or stored."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.db import Database
from app.core.errors import Invalid, Refused, map_db_error
from app.services.catalog import writes as products
from app.services.catalog.commands import SavePrice, SaveProduct
from app.services.engineering import writes as bills
from app.services.engineering.commands import BomLineInput, SaveBom
from app.services.partners import writes as partner_writes
from app.services.partners.commands import SavePartner, SavePaymentTerm
from app.services.sales import writes as sales
from tests.db.demo_records import demo_copy, one, quote, records
from tests.db.forgery import Catalogue, fingerprint

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
D = Decimal
NINE = "1.123456789"
ODD = "שלום עולם 🎄🤖 مرحبا Zinn & Söhne <b>"


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    """The module's database is a copy of the demo company, in which every test role is a person, too."""
    with demo_copy(new_database, demo_template) as address:
        yield address


@pytest.fixture(scope="module")
def ids(admin_dsn: str) -> dict[str, Any]:
    """Records of the demo company on which the calls would do something."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return records(admin)


# -- numbers and days that are none -----------------------------------------------------------------------------


def columns(admin: Raw, kinds: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """(table, column, type) of every column of these types that is written, not computed."""
    return admin.execute(
        """
        SELECT n.nspname || '.' || c.relname, a.attname, format_type(a.atttypid, NULL)
          FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND has_schema_privilege('erp_owner', n.oid, 'CREATE') AND n.nspname !~ '^(pg_|information_schema|public)'
           AND format_type(a.atttypid, NULL) = ANY (%s)
         ORDER BY 1, 2
        """,
        (list(kinds),),
    ).fetchall()


def test_every_number_and_every_day_has_its_check(admin: Raw) -> None:
    """A CHECK over the column exists, whatever table is added; the next test sees that it bites."""
    checked = {
        (table, column)
        for table, column in admin.execute(
            """
            SELECT n.nspname || '.' || c.relname, a.attname
              FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
              JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (k.conkey)
             WHERE k.contype = 'c' AND k.convalidated AND k.conname IN ('number_is_finite', 'day_in_calendar')
            """
        ).fetchall()
    }
    wanted = {(table, column) for table, column, _ in columns(admin, ("numeric", "date"))}
    assert len(wanted) > 50
    assert wanted - checked == set()
    floats = [(table, column) for table, column, _ in columns(admin, ("real", "double precision", "money"))]
    assert floats == []


def test_no_table_takes_them_not_even_from_the_superuser(admin: Raw) -> None:
    taken, tried = [], 0
    admin.execute("SET session_replication_role = replica")
    try:
        for table, column, kind in columns(admin, ("numeric", "date")):
            bad = (
                ("NaN", "Infinity", "-Infinity")
                if kind == "numeric"
                else ("infinity", "-infinity", "0001-01-01")
            )
            for value in bad:
                statement = sql.SQL(
                    f"UPDATE {table} SET {column} = %s WHERE ctid = (SELECT ctid FROM {table} LIMIT 1)"
                )
                try:
                    with admin.transaction(force_rollback=True):
                        done = admin.execute(statement, (value,)).rowcount
                except (psycopg.errors.CheckViolation, psycopg.errors.NumericValueOutOfRange):
                    tried += 1
                else:
                    taken += [(table, column, value)] if done else []
    finally:
        admin.execute("SET session_replication_role = origin")
    assert taken == []
    assert tried > 150


def test_a_draft_from_psql_cannot_carry_them_either(raw_role: Callable[..., Raw], admin: Raw) -> None:
    mine = raw_role("sales_rep", ticket=True)
    line = one(
        admin,
        "SELECT l.id FROM sales.quote_line l JOIN sales.quote q ON q.id = l.quote_id AND q.state = 'draft' LIMIT 1",
    )
    for column in ("qty", "unit_price", "discount_pct", "tax_rate"):
        for value in ("NaN", "Infinity"):
            with pytest.raises(psycopg.Error) as refusal:
                mine.execute(
                    sql.SQL(f"UPDATE sales.quote_line SET {column} = %s WHERE id = %s"), (value, line)
                )
            assert isinstance(map_db_error(refusal.value), Invalid)
    with pytest.raises(psycopg.errors.CheckViolation, match="day_in_calendar"):
        mine.execute("UPDATE sales.quote SET valid_until = 'infinity' WHERE state = 'draft'")


# -- quantities and amounts the functions refuse ------------------------------------------------------------------

# Role, call with {bad} for the number, and the refusals that are right for nine decimal places.
CALLS = {
    "receive": (
        "warehouse_manager",
        """stock_receive(gen_random_uuid(),
           '[{{"product_id": {product}, "place_id": {place}, "lot_code": "L", "qty": {bad}}}]', 'x')""",
    ),
    "transfer": (
        "warehouse_manager",
        """stock_transfer(gen_random_uuid(),
           '[{{"product_id": {product}, "from_place_id": {place}, "to_place_id": {other},
           "lot_id": {lot}, "qty": {bad}}}]', 'x')""",
    ),
    "count": (
        "warehouse_manager",
        """stock_adjust(gen_random_uuid(), '[{{"product_id": {product}, "place_id": {place}, "lot_id": {lot},
           "counted_qty": {bad}}}]', 'x')""",
    ),
    "ship": (
        "warehouse_manager",
        """delivery_ship(gen_random_uuid(), {order}, {order_version},
           '[{{"sales_order_line_id": {line}, "place_id": {line_place}, "qty": {bad}}}]')""",
    ),
    "plan": (
        "production_planner",
        """work_order_create(gen_random_uuid(), '[{{"product_id": {made}, "qty": {bad}, "warehouse_id": 1,
           "planned_start": "{today}", "planned_end": "{today}"}}]')""",
    ),
    "complete": (
        "production_operator",
        "work_order_complete(gen_random_uuid(), {work}, {work_version}, {number}, 0, NULL, NULL, {work_place})",
    ),
    "scrap": (
        "production_operator",
        "work_order_complete(gen_random_uuid(), {work}, {work_version}, 0, {number}, 1, NULL, {work_place})",
    ),
    "pay": (
        "finance",
        "payment_post(gen_random_uuid(), {invoice}, {invoice_version}, {number}, system.today(), false)",
    ),
    "credit": (
        "finance",
        "partner_credit_set(gen_random_uuid(), {partner}, {partner_version}, {number}, false, NULL)",
    ),
    "bill": (
        "administrator",
        """bom_import(gen_random_uuid(), '[{{"product_id": {bought}, "version": 1, "valid_from": "2026-01-01",
           "lines": [{{"product_id": {part}, "qty": {bad}}}]}}]')""",
    ),
}
BAD = (NINE, "0", "-1", '"NaN"', '"Infinity"', '"-Infinity"', "1e30", "null", "1e-9")
# Zero is a count, and the credit limit of somebody who pays in advance; no limit is no limit.
FINE = {("count", "0"), ("credit", "0"), ("credit", "null")}


@pytest.mark.parametrize("call", CALLS)
def test_functions_refuse_what_is_no_quantity(
    raw_role: Callable[..., Raw], admin: Raw, ids: dict[str, Any], call: str
) -> None:
    """By psql, so that no Python is in between; refused in words of ours, and nothing changes."""
    role, template = CALLS[call]
    mine = raw_role(role, ticket=True)
    catalogue = Catalogue.of(admin)
    before = fingerprint(admin, catalogue)
    wrong = []
    for bad in BAD:
        if (call, bad) in FINE:
            continue
        number = bad.replace('"', "'") + "::numeric"
        statement = sql.SQL("SELECT api." + template.format(bad=bad, number=number, **ids))
        try:
            mine.execute(statement)
        except psycopg.Error as error:
            mapped = map_db_error(error)
            if not isinstance(mapped, Invalid | Refused):
                wrong.append((bad, f"{error.sqlstate} {error}"))
        else:
            wrong.append((bad, "accepted"))
    assert wrong == []
    assert fingerprint(admin, catalogue) == before


def test_the_same_calls_with_a_good_quantity_are_accepted(
    raw_role: Callable[..., Raw], ids: dict[str, Any]
) -> None:
    """Otherwise the refusals above could be about something else."""
    refused = {}
    for call, (role, template) in CALLS.items():
        mine = raw_role(role, ticket=True)
        try:
            with mine.transaction(force_rollback=True):
                mine.execute(sql.SQL("SELECT api." + template.format(bad="1", number="1::numeric", **ids)))
        except psycopg.Error as error:
            refused[call] = str(error.diag.constraint_name)
    # Whether the goods are there is another matter; the quantity itself was looked at before.
    assert set(refused) <= {"ship", "complete", "scrap"}, refused
    assert set(refused.values()) <= {
        "stock_not_negative",
        "stock_reserved",
        "lot_required",
        "components_missing",
    }


def test_services_refuse_nine_decimal_places(as_role: As, admin: Raw, ids: dict[str, Any]) -> None:
    """In every kind of form: no value is rounded on its way."""
    product, version = (
        ids["product"],
        one(admin, "SELECT row_version FROM catalog.product WHERE id = %s", ids["product"]),
    )
    price_list = one(admin, "SELECT id FROM catalog.price_list ORDER BY id LIMIT 1")
    number = D(NINE)
    line = BomLineInput(ids["product"], number)
    scrap = BomLineInput(ids["product"], D(1), scrap_pct=number)
    tries: list[tuple[str, Any, Any]] = [
        ("marketing", products.save_product, SaveProduct(product, version, {"weight_g": number})),
        (
            "production_planner",
            products.save_product,
            SaveProduct(product, version, {"reorder_point": number}),
        ),
        ("finance", products.save_product, SaveProduct(product, version, {"standard_cost": number})),
        (
            "sales_manager",
            products.save_price,
            SavePrice(
                None,
                None,
                {
                    "product_id": product,
                    "price_list_id": price_list,
                    "min_qty": D(1),
                    "amount": number,
                    "valid_from": date(2027, 1, 1),
                },
            ),
        ),
        ("production_planner", bills.save_bom, SaveBom(None, None, ids["made"], date(2027, 1, 1), (line,))),
        ("production_planner", bills.save_bom, SaveBom(None, None, ids["made"], date(2027, 1, 1), (scrap,))),
        (
            "finance",
            partner_writes.save_partner,
            SavePartner(ids["partner"], ids["partner_version"], {"credit_limit": number}),
        ),
        (
            "finance",
            partner_writes.save_payment_term,
            SavePaymentTerm(
                None, None, {"code": "X", "name_de": "x", "name_en": "x", "discount_pct": number}
            ),
        ),
    ]
    for role, write, command in tries:
        with pytest.raises(Invalid) as refusal:
            as_role(role).write(write, command)
        assert refusal.value.key in ("too_many_places", "quantity_too_precise"), (command, refusal.value)
        assert refusal.value.params["column"] is not None
    for cell in ("qty", "unit_price", "discount_pct", "tax_rate"):
        with pytest.raises(Invalid) as refusal:
            as_role("sales_rep").write(sales.save_quote, quote(admin, ids["product"], **{cell: number}))
        assert (refusal.value.key, refusal.value.params["column"]) == ("number_too_precise", cell)
