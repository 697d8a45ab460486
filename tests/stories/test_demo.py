"""The demo company: made by its own people through the services, the same every time, and sound."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.people import DEMO_PEOPLE
from app.services.demo import data, load
from app.services.demo.canvas import Canvas, palette
from app.services.demo.shapes import SHAPES
from migrations import drift
from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def demo(new_database: Callable[..., AbstractContextManager[str]], demo_template: str) -> Iterator[str]:
    """A copy of the one all tests share: its people's passwords belong to the server, so it is loaded only once."""
    with new_database(demo_template) as address:
        yield address


@pytest.fixture
def books(demo: str) -> Iterator[Raw]:
    with psycopg.connect(demo, autocommit=True) as connection:
        yield connection


def states(books: Raw, table: str, column: str = "state") -> set[str]:
    return {row[0] for row in books.execute(f"SELECT DISTINCT {column} FROM {table}").fetchall()}


def test_loading_again_changes_nothing(demo: str) -> None:
    assert not load.ensure(demo, {person.login: PASSWORD for person in DEMO_PEOPLE})


def test_documents_are_in_every_state(books: Raw) -> None:
    assert states(books, "sales.quote") == {"draft", "issued", "accepted", "rejected"}
    assert states(books, "sales.sales_order") == {"draft", "confirmed", "completed", "cancelled"}
    assert states(books, "sales.sales_order", "delivery_state") == {"none", "partial", "full"}
    assert states(books, "sales.invoice") == {"open", "paid"}
    assert states(books, "production.work_order") == {"released", "started", "completed"}
    assert states(books, "system.approval_request") == {"open", "approved", "rejected"}
    assert states(books, "purchasing.purchase_invoice") == {
        "draft",
        "entered",
        "approved",
        "paid",
        "cancelled",
        "settled",
    }
    assert states(books, "purchasing.received") == {"new", "matched"}
    assert books.execute("SELECT count(*) > 0 FROM sales.payment WHERE discount_amount > 0").fetchone() == (
        True,
    )


def test_everything_was_done_by_somebody_whose_job_it_is(books: Raw) -> None:
    """The audit trail names people; the superuser only made them, their warehouse and what every house begins with."""
    people = {person.login for person in DEMO_PEOPLE}
    rows = books.execute("SELECT DISTINCT login, table_name FROM audit.entry").fetchall()
    by_superuser = {table for login, table in rows if login not in people}
    made = {"sec.app_user", "sec.user_role", "sec.user_warehouse", "system.company"}
    made |= {"sec.person_task", "sec.checklist_item"}
    assert by_superuser <= made | {
        "sec.policy",
        "sec.role_conflict",
        "system.approval_kind",
        "legacy.module",
        "accounting.setting",
        "documents.house",
        "mail.template",
        "purchasing.tolerance",
        "sales.base_rate",
        "sales.reminder_rule",
    }
    assert {login for login, table in rows if table == "sales.invoice"} == {"u_franziska"}
    assert {login for login, table in rows if table == "production.completion"} == {"u_petra"}


def test_the_books_are_right(books: Raw) -> None:
    assert list(drift.run_queries(books, "consistency")) == []


def test_stock_has_a_past(books: Raw) -> None:
    row = books.execute(
        "SELECT current_date - min(posted_at)::date, count(DISTINCT posted_at::date) FROM inventory.stock_move"
    ).fetchone()
    assert row is not None
    assert row[0] > 150
    assert row[1] >= 8


def test_everything_has_a_picture_and_an_english_name(books: Raw) -> None:
    bare = books.execute(
        "SELECT p.sku FROM catalog.product p"
        "  LEFT JOIN catalog.product_image i ON i.product_id = p.id AND i.is_primary"
        "  LEFT JOIN catalog.product_text t ON t.product_id = p.id AND t.language = 'en'"
        " WHERE i.id IS NULL OR t.name IS NULL"
    ).fetchall()
    assert bare == []


def test_bills_reach_from_the_display_to_the_metal(books: Raw) -> None:
    row = books.execute(
        """
        WITH RECURSIVE tree (product_id, depth) AS (
          SELECT id, 0 FROM catalog.product WHERE sku = '90100'
          UNION
          SELECT l.product_id, t.depth + 1 FROM tree t
            JOIN engineering.bom b ON b.product_id = t.product_id AND b.state = 'approved'
            JOIN engineering.bom_line l ON l.bom_id = b.id)
        SELECT max(t.depth), bool_or(p.sku = 'RM-001') FROM tree t JOIN catalog.product p ON p.id = t.product_id
        """
    ).fetchone()
    assert row == (5, True)


def test_somebody_elses_data_is_left_alone(new_database: Callable[[], AbstractContextManager[str]]) -> None:
    with new_database() as address:
        with psycopg.connect(address) as connection:
            connection.execute("UPDATE system.company SET name = 'Real Ltd'")
            connection.execute("INSERT INTO catalog.unit (code, name_de, name_en) VALUES ('X', 'X', 'X')")
            connection.execute(
                "INSERT INTO catalog.tax_class (code, name_de, name_en, rate) VALUES ('X', 'X', 'X', 0)"
            )
            connection.execute(
                "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id) VALUES ('X', 'Theirs', 1, 1)"
            )
        assert not load.ensure(address, {}, today=date(2026, 11, 21))


def test_the_assortment_earns_money_and_is_always_the_same() -> None:
    first = data.articles()
    data.articles.cache_clear()
    assert data.articles() == first
    for article in first:
        assert article.price is None or Decimal(0) < article.cost < article.price, article.sku
        known = {other.sku for other in first}
        assert {sku for sku, _, _ in article.parts} <= known


@pytest.mark.parametrize("finish", ["BE", "BL", "OX"])
def test_pictures_are_the_same_every_time(finish: str) -> None:
    def draw(shape: str) -> bytes:
        canvas = Canvas(palette(finish, "red"))
        SHAPES[shape](canvas)
        return canvas.png(64)

    drawn = {shape: draw(shape) for shape in SHAPES}
    assert drawn == {shape: draw(shape) for shape in SHAPES}
    assert len(set(drawn.values())) == len(SHAPES)
