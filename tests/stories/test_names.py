"""What a product is called: with its variant's word and in the reader's language, wherever its name is shown."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.paging import ListQuery
from app.services.catalog import lists as prices
from app.services.catalog import reads as catalog
from app.services.engineering import reads as engineering
from app.services.inventory import lists as stock
from app.services.inventory import master
from app.services.production import planning
from app.services.production import reads as production
from app.services.purchasing import lists as purchasing
from app.services.sales import documents, forms
from tests.db.demo_records import demo_copy, one

AsRole = Callable[[str], Database]
Raw = psycopg.Connection[Any]
WORDS = {
    "de": {"BE": "bemalt", "BL": "blank", "OX": "oxidiert"},
    "en": {"BE": "painted", "BL": "plain", "OX": "oxidised"},
}
LANGUAGES = pytest.mark.parametrize("language", ["de", "en"])


@pytest.fixture(scope="module")
def admin_dsn(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    with demo_copy(new_database, demo_template) as address:
        yield address


def named(pairs: list[tuple[str, str]], language: str) -> None:
    """Every figure is called by its finish, and at least one figure is there; no other name carries a code."""
    figures = 0
    for sku, name in pairs:
        code = sku.rpartition("-")[2]
        word = WORDS[language].get(code)
        figures += word is not None
        assert name.endswith(f", {word or code}") is (word is not None), (sku, name)
    assert figures


@LANGUAGES
def test_lists(as_role: AsRole, language: str) -> None:
    planner = as_role("production_planner")
    for read in (
        stock.list_stock,
        stock.list_stock_by_place,
        stock.list_moves,
        master.list_lots,
        production.list_orders,
        engineering.list_bom,
        prices.list_prices,
    ):
        page = planner.read(read, ListQuery(preset="all", language=language, limit=300))
        named([(row.sku, row.name) for row in page.rows], language)
    rows = planner.read(catalog.list_products, ListQuery(language=language)).rows
    named([(row.sku, row.full_name) for row in rows], language)
    hits = planner.read(catalog.search_products, "114", 20, language)
    named([(hit.sku, hit.name) for hit in hits], language)


@LANGUAGES
def test_forms_of_making_and_stock(as_role: AsRole, admin: Raw, language: str) -> None:
    planner = as_role("production_planner")
    figure = one(admin, "SELECT id FROM catalog.product WHERE sku = '11400-BE'")
    blank = one(admin, "SELECT id FROM catalog.product WHERE sku = '11400-BL'")
    today = one(admin, "SELECT system.today()")
    bill = one(admin, "SELECT id FROM engineering.bom WHERE product_id = %s AND state = 'approved'", figure)
    painting, other = (
        row[0]
        for row in admin.execute(
            "SELECT o.id FROM production.work_order o JOIN catalog.product p ON p.id = o.product_id"
            " WHERE p.sku LIKE '%-BE' ORDER BY o.id LIMIT 2"
        ).fetchall()
    )
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE production.work_order SET parent_id = %s WHERE id = %s", (painting, other))
    detail = planner.read(engineering.bom_detail, bill, language)
    tree = planner.read(engineering.structure, figure, Decimal(1), today, None, language)
    uses = planner.read(engineering.where_used, blank, today, language)
    made = planner.read(production.order_detail, painting, language)
    demand = planner.read(planning.read_demand, language)
    there = planner.read(master.product_stock, figure, language)
    for rows in (
        [detail.header],
        detail.lines,
        tree.rows,
        uses,
        [made.header],
        made.components,
        made.sub_orders,
        demand.lines,
        demand.reorder,
        [there],
    ):
        named([(row.sku, row.name) for row in rows], language)


@LANGUAGES
def test_what_suppliers_ask(as_role: AsRole, admin: Raw, language: str) -> None:
    buyer = as_role("purchase_officer")
    offer = one(admin, "SELECT id FROM purchasing.supplier_price ORDER BY id LIMIT 1")
    admin.execute(
        "UPDATE purchasing.supplier_price SET product_id = (SELECT id FROM catalog.product WHERE sku = '11400-OX')"
        " WHERE id = %s",
        (offer,),
    )
    rows = buyer.read(purchasing.list_supplier_prices, ListQuery(preset="all", language=language)).rows
    named([(row.sku, row.name) for row in rows], language)
    assert buyer.read(purchasing.load_supplier_price, offer, language).product.endswith(
        f", {WORDS[language]['OX']}"
    )


@LANGUAGES
def test_lines_of_documents_speak_the_customers_language(as_role: AsRole, admin: Raw, language: str) -> None:
    """The window's language does not matter to what is printed."""
    rep = as_role("sales_rep")
    customer, price_list = one(
        admin,
        "SELECT id, price_list_id FROM partners.partner WHERE is_customer AND price_list_id IS NOT NULL"
        " AND language = %s ORDER BY id LIMIT 1",
        language,
    )
    figures = admin.execute(
        "SELECT id FROM catalog.product WHERE sku ~ '^1.*-(BE|BL|OX)$' LIMIT 9"
    ).fetchall()
    items = [(row[0], Decimal(1)) for row in figures]
    other = "en" if language == "de" else "de"
    proposed = rep.read(forms.propose_lines, items, price_list, date(2026, 11, 1), None, customer, other)
    named([(line.sku, line.description) for line in proposed], language)


@LANGUAGES
def test_documents_of_the_demo_say_it(as_role: AsRole, admin: Raw, language: str) -> None:
    finance = as_role("finance")
    pairs: list[tuple[str, str]] = []
    for kind in ("quote", "sales_order", "delivery", "invoice"):
        found = admin.execute(
            f"SELECT h.id FROM sales.{kind} h JOIN partners.partner p ON p.id = h.customer_id"
            " WHERE p.language = %s ORDER BY h.id DESC LIMIT 5",
            (language,),
        ).fetchall()
        for (document,) in found:
            data = finance.read(documents.document_for, kind, document)
            pairs += [(line.sku, line.name) for line in data.lines]
    named(pairs, language)


@LANGUAGES
def test_the_form_of_an_order_names_products_for_its_reader(
    as_role: AsRole, admin: Raw, language: str
) -> None:
    rep = as_role("sales_rep")
    order = one(admin, "SELECT sales_order_id FROM sales.sales_order_line WHERE sku LIKE '%%-BE' LIMIT 1")
    form = rep.read(forms.load_sales_order, order, language)
    named([(line.sku, line.name) for line in form.lines], language)
