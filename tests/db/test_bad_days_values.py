"""Values nobody should send: refused as they are, never rounded, cut or stored; and odd ones that are simply fine."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import psycopg
import pytest
from psycopg import sql
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database, call_api, posting
from app.core.errors import AppError, Invalid, Refused, map_db_error
from app.core.paging import ListQuery
from app.services.catalog import reads as catalog
from app.services.catalog import writes as products
from app.services.catalog.commands import SavePrice, SaveProduct
from app.services.documents import render
from app.services.engineering import writes as bills
from app.services.engineering.commands import BomLineInput, SaveBom
from app.services.partners import reads as partners
from app.services.partners import writes as partner_writes
from app.services.partners.commands import Child, SavePartner, SavePaymentTerm
from app.services.sales import documents
from app.services.sales import writes as sales
from app.services.sales.commands import IssueQuote, SaveQuote
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from tests.conftest import login_of
from tests.db.forgery import Catalogue, fingerprint

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
D = Decimal
NINE = "1.123456789"
ODD = "שלום עולם 🎄🤖 مرحبا Zinn & Söhne <b>"


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    """The module's database is a copy of the demo company, in which every test role is a person, too."""
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(
                "SELECT sec.user_set_warehouses('u_warehouse_clerk', array_agg(id)) FROM inventory.warehouse"
            )
        yield address


def one(admin: Raw, query: str, *values: object) -> Any:
    row = admin.execute(sql.SQL(query), values).fetchone()
    assert row is not None, query
    return row[0] if len(row) == 1 else row


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


@pytest.fixture(scope="module")
def ids(admin_dsn: str) -> dict[str, Any]:
    """Records of the demo company on which the calls would do something."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        product, place, lot, warehouse = one(
            admin,
            "SELECT b.product_id, b.place_id, b.lot_id, b.warehouse_id FROM inventory.stock_balance b"
            " JOIN inventory.place p ON p.id = b.place_id AND p.kind = 'storage'"
            " WHERE b.qty > 5 AND b.lot_id IS NOT NULL ORDER BY b.id LIMIT 1",
        )
        order, version, line, line_place = one(
            admin,
            "SELECT o.id, o.row_version, l.id, (SELECT p.id FROM inventory.place p"
            " WHERE p.warehouse_id = o.warehouse_id AND p.kind = 'storage' ORDER BY p.id LIMIT 1)"
            " FROM sales.sales_order o JOIN sales.sales_order_line l"
            " ON l.sales_order_id = o.id AND l.qty_shipped < l.qty"
            " WHERE o.state = 'confirmed' ORDER BY o.id LIMIT 1",
        )
        work, work_version, work_place = one(
            admin,
            "SELECT w.id, w.row_version, (SELECT p.id FROM inventory.place p WHERE p.warehouse_id = w.warehouse_id"
            " AND p.kind = 'production' LIMIT 1) FROM production.work_order w WHERE w.state = 'started' LIMIT 1",
        )
        invoice, invoice_version = one(
            admin,
            "SELECT id, row_version FROM sales.invoice WHERE state = 'open' ORDER BY gross_amount DESC LIMIT 1",
        )
        bought = [
            row[0]
            for row in admin.execute(
                "SELECT id FROM catalog.product p WHERE NOT EXISTS (SELECT FROM engineering.bom b"
                " WHERE b.product_id = p.id) ORDER BY id LIMIT 2"
            ).fetchall()
        ]
        partner, partner_version = one(
            admin,
            "SELECT id, row_version FROM partners.partner WHERE is_customer AND NOT is_delivery_blocked LIMIT 1",
        )
        return {
            "product": product,
            "place": place,
            "lot": lot,
            "other": one(
                admin,
                "SELECT id FROM inventory.place WHERE warehouse_id = %s AND id <> %s AND kind = 'storage' LIMIT 1",
                warehouse,
                place,
            ),
            "order": order,
            "order_version": version,
            "line": line,
            "line_place": line_place,
            "made": one(admin, "SELECT product_id FROM engineering.bom WHERE state = 'approved' LIMIT 1"),
            "bought": bought[0],
            "part": bought[1],
            "work": work,
            "work_version": work_version,
            "work_place": work_place,
            "invoice": invoice,
            "invoice_version": invoice_version,
            "partner": partner,
            "partner_version": partner_version,
            "today": one(admin, "SELECT system.today()"),
        }


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


def quote(admin: Raw, product: int, *, customer: Any = None, **cells: Any) -> SaveQuote:
    """The command for a quote of one line for a customer of the demo company."""
    row = one(
        admin,
        "SELECT q.customer_id, q.warehouse_id, q.price_list_id, q.payment_term_id, system.today()"
        " FROM sales.quote q ORDER BY q.id LIMIT 1",
    )
    values = dict(zip(("customer_id", "warehouse_id", "price_list_id", "payment_term_id"), row, strict=False))
    if customer is not None:
        values["customer_id"] = customer
    line = {"product_id": product, "description": "x", "qty": D(1), "unit_price": D(1), "tax_rate": D(19)}
    return SaveQuote(None, None, values | {"quote_date": row[4], "valid_until": row[4]}, [line | cells])


# -- texts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"sku": ""}, "sku_not_blank"),
        ({"sku": " \t "}, "sku_not_blank"),
        ({"sku": None}, "sku_not_blank"),
        ({"sku": "A\nB"}, "text_control_character"),
        ({"sku": "A" * 41}, "text_too_long"),
        ({"name": ""}, "product_name_not_blank"),
        ({"name": "N" * 10_000}, "text_too_long"),
        ({"name": "a\x00b"}, "text_control_character"),
        ({"name": "half a pair \ud83c"}, "text_control_character"),
    ],
)
def test_a_product_needs_a_sku_and_a_name_of_a_fair_length(
    as_role: As, admin: Raw, ids: dict[str, Any], values: dict[str, Any], key: str
) -> None:
    unit, tax = one(admin, "SELECT u.id, t.id FROM catalog.unit u, catalog.tax_class t LIMIT 1")
    new = {"sku": "NEW-1", "name": "new", "unit_id": unit, "tax_class_id": tax}
    changed = one(admin, "SELECT row_version FROM catalog.product WHERE id = %s", ids["product"])
    for command in (
        SaveProduct(None, None, new | values),
        SaveProduct(ids["product"], changed, values),
    ):
        with pytest.raises(Invalid) as refusal:
            as_role("marketing").write(products.save_product, command)
        assert refusal.value.key == key


def test_long_names_are_refused_everywhere_and_by_the_database_itself(
    as_role: As, raw_role: Callable[..., Raw], ids: dict[str, Any]
) -> None:
    long = "N" * 10_000
    finance = as_role("finance")
    version = finance.read(partners.get_partner, ids["partner"]).row_version
    child = {"street": "S", "postcode": "1", "city": long, "kind": "delivery"}
    for command in (
        SavePartner(ids["partner"], version, {"name": long}),
        SavePartner(ids["partner"], version, {}, addresses=(Child(None, None, child),)),
        SavePartner(ids["partner"], version, {}, contacts=(Child(None, None, {"name": long}),)),
    ):
        with pytest.raises(Invalid) as refusal:
            finance.write(partner_writes.save_partner, command)
        assert refusal.value.key == "text_too_long"
    with pytest.raises(Invalid):
        finance.write(add_note, AddNote("partners.partner", ids["partner"], long + "N"))
    mine = raw_role("finance", ticket=True)
    with pytest.raises(psycopg.errors.StringDataRightTruncation) as cut:
        mine.execute("UPDATE partners.partner SET name = %s WHERE id = %s", (long, ids["partner"]))
    mapped = map_db_error(cut.value)
    assert isinstance(mapped, Invalid)
    assert mapped.key == "value_too_long"


def test_a_character_no_database_holds_is_an_answer_and_no_crash(as_role: As, ids: dict[str, Any]) -> None:
    @posting
    def sneak(session: Session, lines: list[Any]) -> Result[Any]:
        return Result(
            call_api(
                session,
                "stock_receive",
                p_command="8c2d1c1e-6f57-4c55-9a34-0d6f4c7c8a01",
                p_lines=lines,
                p_reason="x",
            )
        )

    line = {"product_id": ids["product"], "place_id": ids["place"], "lot_code": "a\x00b", "qty": D(1)}

    with pytest.raises(AppError) as refusal:
        as_role("warehouse_manager").write(sneak, [line])
    assert refusal.value.key == "text_control_character"
    with pytest.raises(AppError) as refusal:
        as_role("sales_rep").write(add_note, AddNote("partners.partner", ids["partner"], "a\x00b"))
    assert refusal.value.key == "text_control_character"


def test_any_script_goes_through_database_list_document_and_back(
    as_role: As, admin: Raw, ids: dict[str, Any]
) -> None:
    rep = as_role("sales_rep")
    address = {
        "kind": "billing",
        "street": "רחוב הרצל 1",
        "postcode": "61000",
        "city": "تل أبيب 🏙",
        "country": "IL",
    }
    customer = rep.write(
        partner_writes.save_partner,
        SavePartner(None, None, {"name": ODD, "is_customer": True}, addresses=(Child(None, None, address),)),
    ).value
    detail = rep.read(partners.get_partner, customer.id)
    assert (detail.name, detail.addresses[0].city) == (ODD, "تل أبيب 🏙")
    assert ODD in [
        row.name for row in rep.read(partners.list_partners, ListQuery(sort="name", limit=5000)).rows
    ]
    for typed in ("שלום", "مرحبا", "Söhne"):
        assert customer.id in [hit.id for hit in rep.read(partners.search_customers, typed)], typed
    as_role("marketing").write(
        products.save_product,
        SaveProduct(
            ids["product"],
            one(admin, "SELECT row_version FROM catalog.product WHERE id = %s", ids["product"]),
            {"name": ODD},
        ),
    )
    assert ODD in [row.name for row in rep.read(catalog.list_products, ListQuery(limit=5000)).rows]
    asked = one(
        admin,
        "SELECT p.id FROM catalog.product p JOIN catalog.price a ON a.product_id = p.id AND a.min_qty = 1"
        " JOIN catalog.price_list pl ON pl.id = a.price_list_id JOIN sales.quote q ON q.price_list_id = pl.id"
        " WHERE p.state = 'active' AND p.is_sold ORDER BY q.id LIMIT 1",
    )
    price = one(
        admin,
        "SELECT max(a.amount) FROM catalog.price a WHERE a.product_id = %s",
        asked,
    )
    draft = rep.write(
        sales.save_quote, quote(admin, asked, customer=customer.id, description=ODD, unit_price=price)
    ).value
    issued = rep.write(sales.issue_quote, IssueQuote(draft.id, draft.row_version)).value
    content = render.render(rep.read(documents.document_for, "quote", issued.id))
    page = PdfReader(BytesIO(content)).pages[0].extract_text()
    assert "Zinn & Söhne <b>" in page
    assert "61000" in page


# -- days -------------------------------------------------------------------------------------------------------------


def test_impossible_days_are_refused_with_a_text_and_lists_stay_readable(
    raw_role: Callable[..., Raw], as_role: As, admin: Raw, ids: dict[str, Any]
) -> None:
    mine = raw_role("production_planner", ticket=True)
    for day in ("infinity", "-infinity", "0001-01-01", "12000-01-01"):
        with pytest.raises(psycopg.Error) as refusal:
            mine.execute(
                "INSERT INTO engineering.bom (product_id, version, output_qty, valid_from) VALUES (%s, 99, 1, %s)",
                (ids["made"], day),
            )
        mapped = map_db_error(refusal.value)
        assert isinstance(mapped, Invalid)
        assert mapped.key == "day_in_calendar"
        with pytest.raises(psycopg.Error) as refusal:
            mine.execute(
                "SELECT api.work_order_create(gen_random_uuid(), jsonb_build_array(jsonb_build_object('product_id',"
                " %s::bigint, 'qty', 1, 'warehouse_id', 1, 'planned_start', %s::text, 'planned_end', 'infinity')))",
                (ids["made"], day),
            )
        assert isinstance(map_db_error(refusal.value), Invalid | Refused)
    with pytest.raises(Invalid):
        as_role("sales_rep").write(
            sales.save_quote,
            SaveQuote(
                None, None, dict(quote(admin, ids["product"]).values) | {"quote_date": date(1, 1, 1)}, []
            ),
        )
    with pytest.raises(psycopg.errors.CheckViolation, match="day_in_calendar"):
        admin.execute("SELECT sec.user_set_roles(%s, '{viewer,quality}', 'infinity')", (login_of("viewer"),))
    assert as_role("sales_rep").read(catalog.list_products, ListQuery()).rows
