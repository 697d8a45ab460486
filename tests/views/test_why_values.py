"""Values one may not see: in a list, in a field, in a table of a form; each says why."""

from pathlib import Path

import psycopg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from app.views.core.workspace import capability_packages
from tests.make_world import Raw, Workshop, build, product, receive
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

PRODUCT, COST = "catalog.product", "catalog.product_cost:select"


@pytest.fixture(scope="module")
def workshop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


def test_a_value_in_a_list(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    bell = product(admin, "GLOCKE", cost="12.50")
    receive(as_role("warehouse_manager"), bell, workshop.shelf, 3)
    with window_for(as_role("viewer"), tmp_path, qtbot, capability_packages()) as window:
        bench = Bench(window, qtbot)
        page = bench.go("stock_places", filters={"sku": "GLOCKE"})
        bench.wait(lambda: page.model.rows)
        number = [column.key for column in page.model.columns].index("value")
        page.table.setColumnHidden(number, False)
        cell = page.model.index(0, number)
        page.table.scrollTo(cell)
        bench.settle()
        assert page.model.cell(0, number).kind == "locked"
        page.table.menu_at(page.table.visualRect(cell).center(), page.offers.fill_row_menu)
        menu = next(m for m in page.table.findChildren(QMenu) if m.isVisible())
        entry = menu.findChild(QAction, "menu.why")
        assert entry is not None
        menu.close()
        entry.trigger()
        bench.see("dialog.why")
        bench.wait(lambda: COST in bench.everything())
        bench.click("dialog.close")
        # A value one may see needs no explanation.
        page.table.menu_at(page.table.visualRect(page.model.index(0, 1)).center(), page.offers.fill_row_menu)
        menu = next(m for m in page.table.findChildren(QMenu) if m.isVisible())
        assert menu.findChild(QAction, "menu.why") is None
        menu.close()


def test_a_field_and_a_table_of_a_form(
    workshop: Workshop, admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    bell = product(admin, "TASSE", cost="12.50")
    with window_for(as_role("viewer"), tmp_path, qtbot, capability_packages()) as window:
        bench = Bench(window, qtbot)
        page = bench.open(PRODUCT, bell)
        locked = next(box.field.key for box in page.boxes.values() if not box.allowed)
        QTest.mouseClick(bench.see(f"why.{locked}"), Qt.MouseButton.LeftButton)
        bench.see("dialog.why")
        bench.wait(lambda: COST in bench.everything())
        bench.click("dialog.close")
        table = next(table for table in page.spec.tables if not page.ctx.profile.can(table.right))
        card = bench.see(f"locked.{table.key}")
        link = card.findChild(QPushButton)
        assert link is not None
        link.click()
        bench.see("dialog.why")
        bench.wait(lambda: table.right in bench.everything())
