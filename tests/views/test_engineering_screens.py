"""Bills of materials on screen, over the real database and under the real roles."""

from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.services.catalog.reads import search_products
from app.services.engineering.reads import versions
from tests.make_world import Raw, Workshop, bill, build, product, receive
from tests.views.make_screens import AsRole, Bench, bench_of

D = Decimal
BOM = "engineering.bom"


class Crib(NamedTuple):
    """A set of two painted figures, each cast of pewter (4 % scrap); one figure is on stock."""

    bom: int
    top: int
    figure: int
    blank: int
    pewter: int


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    """The workshop; the module's tests share it."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


@pytest.fixture
def crib(workshop: Workshop, admin: Raw, as_role: AsRole) -> Crib:
    planner, keeper = as_role("production_planner"), as_role("warehouse_manager")
    pewter = product(admin, "ZINN", unit="kg", cost="30")
    blank, figure, top = (product(admin, name, made=True) for name in ("ROH", "FIGUR", "KRIPPE"))
    bill(planner, blank, {pewter: "0.05"}, scrap=4)
    bill(planner, figure, {blank: 1})
    made, _ = bill(planner, top, {figure: 2})
    receive(keeper, figure, workshop.shelf, 1)
    receive(keeper, pewter, workshop.shelf, 10)
    return Crib(made, top, figure, blank, pewter)


def show(bench: Bench, bom_id: int, qty: str) -> None:
    bench.open(BOM, bom_id)
    bench.type("field.qty", qty, enter=True)
    bench.wait(lambda: len(bench.words("tree")) == 4)
    bench.settle()


def test_the_tree_shows_need_shortage_and_rolled_up_cost(
    crib: Crib, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        show(bench, crib.bom, "5")
        rows = bench.words("tree")
        assert [row[1] for row in rows] == ["Gefertigt", "Gefertigt", "Gefertigt", "Gekauft"]
        # 5 sets: 10 figures of which 1 is there, each of one blank, each of 50 g with 4 % scrap.
        assert [row[5] for row in rows] == ["5", "10", "10", "0,52"]
        assert [row[7] for row in rows] == ["5 fehlen", "9 fehlen", "10 fehlen", "–"]
        assert rows[0][9] == "3,12"
        assert bench.find("foot.cost").text() == "3,12\u00a0€"  # type: ignore[union-attr]
        bench.click("toggle.shortages")
        assert [row[0][:3] for row in bench.words("tree")] == ["KRI", "FIG", "ROH"]
        bench.click("toggle.shortages")
        bench.click("toggle.flat")
        assert len(bench.words("tree")) == 3


def test_branches_open_and_close_by_keyboard(
    crib: Crib, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        show(bench, crib.bom, "1")
        tree = bench.table("tree")
        tree.selectRow(1)
        QTest.keyClick(tree, Qt.Key.Key_Left)
        assert len(bench.words("tree")) == 2
        QTest.keyClick(tree, Qt.Key.Key_Left)
        assert tree.currentIndex().row() == 0
        QTest.keyClick(tree, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
        assert len(bench.words("tree")) == 4


def test_a_clerk_sees_the_structure_and_no_cost_anywhere(
    crib: Crib, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("warehouse_clerk"), tmp_path, qtbot) as bench:
        show(bench, crib.bom, "5")
        heads = bench.table("tree").model().columnCount()
        assert heads == 8
        said = bench.everything()
        assert "€" not in said
        assert "3,12" not in said
        assert "Kosten: kein Recht" in said
        assert bench.find("action.new_version") is None


def test_a_version_is_copied_edited_and_approved(
    crib: Crib, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    box = product(admin, "KARTON", cost="1")
    with bench_of(as_role("production_planner"), tmp_path, qtbot) as bench:
        bench.open(BOM, crib.bom)
        bench.click("action.new_version")
        page = bench.front()
        bench.wait(lambda: page.ready and page.bom.state == "draft")
        assert page.bom.version == 2
        page.choose("lines")
        code = as_role("production_planner").read(search_products, "KARTON")[0].sku
        page.lines.table_go_new()
        edit = bench.see("line.edit.product_id")
        QTest.keyClicks(edit, code)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        bench.wait(lambda: len(page.lines.model.lines) == 2)
        page.lines.model.type_in(1, "qty", "1")
        assert page.dirty()
        bench.click("action.approve")
        bench.wait(lambda: page.bom.state == "approved")
        assert not page.dirty()
        assert page.read_only
    rows = admin.execute(
        "SELECT b.version, b.state, b.valid_to IS NULL, count(l.id) FROM engineering.bom b"
        " JOIN engineering.bom_line l ON l.bom_id = b.id WHERE b.product_id = %s GROUP BY b.id ORDER BY 1",
        (crib.top,),
    ).fetchall()
    assert rows == [(1, "approved", False, 1), (2, "approved", True, 2)]
    assert box in {r[0] for r in admin.execute("SELECT product_id FROM engineering.bom_line").fetchall()}


def test_each_view_reads_when_it_is_looked_at_and_again_after_a_change(
    crib: Crib, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    planner = as_role("production_planner")
    figure = planner.read(versions, crib.figure)[0].id
    with bench_of(planner, tmp_path, qtbot) as bench:
        page = bench.open(BOM, figure)
        assert "1 Artikel" in bench.everything()  # where it goes in, beside the tree
        page.choose("where_used")
        bench.settle()
        assert [row[0].startswith("KRIPPE") for row in bench.words("bom.where_used")] == [True]
        page.choose("versions")
        bench.settle()
        assert len(bench.words("bom.versions")) == 1
        bench.click("action.new_version")
        bench.wait(lambda: bench.front() is not page)
        bench.open(BOM, figure)
        assert len(bench.words("bom.versions")) == 2


def test_a_draft_can_be_thrown_away(
    crib: Crib, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    planner = as_role("production_planner")
    draft, _ = bill(planner, crib.top, {crib.figure: 3}, approve=False)
    with bench_of(planner, tmp_path, qtbot) as bench:
        page = bench.open(BOM, draft)
        page.discard_bom()
        bench.click("dialog.yes")
        assert bench.front() is not page
    assert admin.execute("SELECT count(*) FROM engineering.bom WHERE id = %s", (draft,)).fetchone() == (0,)
