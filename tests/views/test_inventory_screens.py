"""Stock at the keyboard, over the real database and under the real roles."""

from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from pytestqt.qtbot import QtBot

from app.services.inventory.commands import TransferLine, TransferStock
from app.services.inventory.writes import transfer_stock
from tests.make_world import Raw, Workshop, at, build, level, product, receive
from tests.views.make_screens import AsRole, bench_of

D = Decimal


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    """The workshop; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


def sku(admin: Raw, product_id: int) -> str:
    row = admin.execute("SELECT sku FROM catalog.product WHERE id = %s", (product_id,)).fetchone()
    assert row is not None
    return str(row[0])


def test_a_transfer_is_scanned_posted_and_seen_in_the_open_list(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    bell = product(admin, "GLOCKE", lots=True)
    receive(as_role("warehouse_manager"), bell, workshop.shelf, 30, "L-7")
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        listed = bench.go("stock_places", filters={"sku": sku(admin, bell)})
        assert [(row.place, row.qty) for row in listed.model.rows] == [("A-01", D(30))]
        page = bench.go("stock_transfer")
        bench.type("field.product", sku(admin, bell), enter=True)
        bench.wait(lambda: page.boxes["from"].value() == workshop.shelf)
        assert page.boxes["lot"].words == "L-7"
        assert "30 pc liegen dort" in bench.everything()
        bench.type("field.to", "A-02", enter=True)
        bench.type("field.qty", "12")
        bench.click("action.post")
        assert at(admin, bell, workshop.shelf2) == 12
        assert bench.said() == f"12 pc {sku(admin, bell)} von A-01 nach A-02 umgelagert"
        assert not page.dirty()
        listed = bench.go("stock_places")
        bench.wait(
            lambda: {(row.place, row.qty) for row in listed.model.rows} == {("A-01", D(18)), ("A-02", D(12))}
        )


def test_a_refused_transfer_keeps_what_was_typed_and_says_what_now(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    star = product(admin, "STERN")
    receive(as_role("warehouse_manager"), star, workshop.shelf, 5)
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        page = bench.go("stock_transfer", product=star)
        bench.wait(lambda: page.boxes["from"].value() == workshop.shelf)
        bench.type("field.to", "A-02", enter=True)
        bench.type("field.qty", "9", enter=True)
        assert page.boxes["qty"].error == "5 pc liegen dort"
        bench.type("field.qty", "5", enter=True)
        bench.type("field.reason", "Nachschub")
        # Meanwhile somebody else takes three of them.
        line = TransferLine(star, workshop.shelf, workshop.line, D(3))
        as_role("warehouse_manager").write(transfer_stock, TransferStock((line,)))
        bench.click("action.post")
        refusal = bench.see("notice.refused").accessibleName()
        assert refusal.startswith(f"Auf Platz A-01 liegen nur 2 von {sku(admin, star)}; benötigt werden 5.")
        assert "lagern Sie um" in refusal
        assert [(line.sku, line.qty) for line in page._lines] == [(sku(admin, star), D(5))]
        assert page.boxes["reason"].raw == "Nachschub"
        # The lines survive the window: they are in the state a restart begins with.
        assert page.dirty()
        assert len(page.state()["lines"]) == 1
    assert at(admin, star, workshop.shelf) == 2


def test_a_count_needs_a_reason_and_shows_the_difference(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    angel = product(admin, "ENGEL")
    receive(as_role("warehouse_manager"), angel, workshop.shelf, 20)
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        page = bench.go("stock_count", product=angel)
        bench.wait(lambda: page.boxes["from"].value() == workshop.shelf)
        bench.type("field.qty", "17")
        assert "Buchbestand 20 pc · Differenz −3" in bench.everything()
        bench.click("action.post")
        assert page.boxes["reason"].error == "Bitte geben Sie einen Grund an."
        assert at(admin, angel, workshop.shelf) == 20
        bench.type("field.reason", "Inventur")
        bench.click("action.post")
        assert at(admin, angel, workshop.shelf) == 17
        assert bench.said() == f"{sku(admin, angel)} auf A-01 berichtigt: −3"


def test_a_receipt_of_a_tracked_product_asks_for_its_lot(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    paint = product(admin, "FARBE", lots=True)
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        page = bench.go("stock_receive", product=paint)
        bench.wait(lambda: page._stock is not None)
        bench.type("field.to", "IN", enter=True)
        bench.type("field.qty", "4")
        bench.click("action.post")
        assert "nach Chargen geführt" in page.boxes["lot"].error
        bench.type("field.lot", "C-1")
        bench.click("action.post")
        assert level(admin, paint, workshop.hall)[0] == 4
        # The place of the last line stays for the next one.
        assert page.boxes["to"].value() == workshop.receiving


def test_who_may_not_know_costs_sees_a_lock_in_the_value_column(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    crib = product(admin, "KRIPPE", cost="7.77")
    receive(as_role("warehouse_manager"), crib, workshop.shelf, 3)
    for role, shown in (("warehouse_clerk", "kein Recht"), ("finance", "23,31")):
        with bench_of(as_role(role), tmp_path / role, qtbot) as bench:
            page = bench.go("stock", filters={"sku": sku(admin, crib)})
            page.table.show_column("value", True)
            bench.settle()
            column = page.table.section("value")
            assert page.model.cell(0, column).text == shown
            assert ("7,77" in bench.everything() or "23,31" in bench.everything()) == (role == "finance")
