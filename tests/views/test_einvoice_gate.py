"""Posting an invoice for a customer who wants e-invoices: refused with its place while something lacks, then issued."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.core.paging import ListQuery
from app.services.documents.lists import list_archive
from app.services.einvoice.read import read
from app.views.documents.pane import ArchivePane
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock
from tests.views.sales_screens import AsRole, Desk, desk_of, opened  # noqa: F401  (a fixture)


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    """The trading world; its dealer wants XRechnung."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute(
            "UPDATE partners.partner SET einvoice_format = 'xrechnung_cii',"
            " electronic_address = 'eingang@dealer.example'"
        )
        connection.execute(
            "UPDATE system.company SET name = 'Zinn GmbH', street = 'Gasse 7', postal_code = '90402',"
            " city = 'Nürnberg', vat_id = 'DE123456789', iban = 'DE02120300000000202051', email = 'post@zinn.example',"
            " phone = '+49 911 1', contact_name = 'Franziska Adler'"
        )
        return made


@pytest.fixture
def desk(as_role: AsRole, tmp_path: Path, qtbot: QtBot, opened: list[str]) -> Iterator[Desk]:  # noqa: F811
    with desk_of(as_role("finance"), tmp_path, qtbot) as made:
        yield made


def words(desk: Desk) -> list[str]:
    return [label.text() for label in desk.window.findChildren(QLabel) if label.isVisible()]


def count(admin: Raw, table: str) -> int:
    row = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_refused_with_its_place_then_issued(world: World, desk: Desk, as_role: AsRole, admin: Raw) -> None:
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 3)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike, 3)]))
    (bike,) = line_ids(admin, order.id)
    shipped(as_role("warehouse_clerk"), order.id, order.row_version, (bike, 3, world.shelf))
    desk.open("sales.sales_order", order.id)
    desk.click("action.invoice")
    desk.click("dialog.yes")
    desk.wait(lambda: any("Kunde: Die Käuferreferenz fehlt" in said for said in words(desk)))
    assert count(admin, "sales.invoice") == 0
    desk.click("dialog.close")
    admin.execute("UPDATE partners.partner SET buyer_reference = '04011000-12345-03'")
    desk.click("action.invoice")
    desk.click("dialog.yes")
    desk.wait(lambda: count(admin, "documents.issued") == 2)
    xml = admin.execute(
        "SELECT c.bytes FROM documents.issued i JOIN documents.content c ON c.id = i.content_id WHERE i.format = 'xml'"
    ).fetchone()
    assert xml is not None
    received = read(bytes(xml[0]))
    assert received.findings == ()
    assert received.invoice is not None
    assert received.invoice.buyer_reference == "04011000-12345-03"

    # The archive shows it in words; whoever saves it gets its bytes.
    rows = as_role("finance").read(list_archive, ListQuery()).rows
    pane = ArchivePane(desk.window.ctx, next(row for row in rows if row.format == "xml"))
    pane.setParent(desk.window)
    desk.wait(lambda: "04011000-12345-03" in pane.paper.toPlainText())
    assert pane.view.isHidden()
    assert "<rsm:" not in pane.paper.toPlainText()
