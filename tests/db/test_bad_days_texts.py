"""Texts and days: what nobody should send is refused with a word about it, and odd ones that are fine are kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import psycopg
import pytest
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.core.changes import Result
from app.core.db import Database, call_api, posting
from app.core.errors import AppError, Invalid, Refused, map_db_error
from app.core.i18n import translate
from app.core.paging import ListQuery
from app.services.catalog import reads as catalog
from app.services.catalog import writes as products
from app.services.catalog.commands import SaveProduct
from app.services.documents import render
from app.services.partners import reads as partners
from app.services.partners import writes as partner_writes
from app.services.partners.commands import Child, SavePartner
from app.services.sales import documents
from app.services.sales import writes as sales
from app.services.sales.commands import IssueQuote, SaveQuote
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from migrations import rights
from tests.conftest import login_of
from tests.db.demo_records import demo_copy, one, quote, records

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
        ({"name": "shown \u202eelsrever\u202c"}, "text_control_character"),
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


def test_no_posting_answers_a_long_text_in_the_servers_own_words(
    raw_role: Callable[..., Raw], admin: Raw
) -> None:
    """Called by psql as well: whatever text of a posting is kept, its column's limit has words."""
    kept = {"p_reason", "p_comment", "p_remark", "p_reference", "p_block_reason", "p_lot_code"}
    functions = admin.execute(
        "SELECT p.proname, p.proargnames FROM pg_proc p"
        " WHERE p.pronamespace = 'api'::regnamespace AND p.proargnames && %s::text[]"
        " AND 'p_command' = ANY (p.proargnames)",  # postings; a machine's report is cut
        (sorted(kept),),
    ).fetchall()
    assert len(functions) >= 12
    for name, arguments in functions:
        role = next(iter(rights.load().functions[f"api.{name}"]))
        mine = raw_role(role, ticket=True)
        for argument in kept & set(arguments):
            call = f"SELECT api.{name}(p_command => gen_random_uuid(), {argument} => repeat('x', 100000)"
            others = "".join(f", {x} => NULL" for x in arguments if x not in ("p_command", argument))
            with pytest.raises(psycopg.DatabaseError) as refusal:
                mine.execute(call + others + ")")
            assert refusal.value.sqlstate == "ER422", (name, argument)
            assert refusal.value.diag.constraint_name == "text_too_long", (name, argument)


def test_a_line_of_a_posting_says_what_is_wrong_with_it(
    raw_role: Callable[..., Raw], ids: dict[str, Any]
) -> None:
    """A transfer to where the goods are, and a lot with an endless name."""
    mine = raw_role("warehouse_manager", ticket=True)
    line = {"product_id": ids["product"], "lot_id": ids["lot"], "qty": 1}
    transfer = line | {"from_place_id": ids["place"], "to_place_id": ids["place"]}
    receipt = line | {"place_id": ids["place"], "lot_code": "x" * 100_000}
    for function, lines, key in (
        ("stock_transfer", transfer, "move_changes_place"),
        ("stock_receive", receipt, "text_too_long"),
        ("stock_adjust", receipt | {"counted_qty": 1}, "text_too_long"),
    ):
        with pytest.raises(psycopg.DatabaseError) as refusal:
            mine.execute(
                f"SELECT api.{function}(gen_random_uuid(), %s::jsonb, 'because')", (json.dumps([lines]),)
            )
        assert (refusal.value.sqlstate, refusal.value.diag.constraint_name) == ("ER422", key)
        mapped = map_db_error(refusal.value)
        assert isinstance(mapped, Refused)
        for language in ("de", "en"):
            assert "⟦" not in translate(language, f"error.{mapped.key}", **mapped.params)


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
