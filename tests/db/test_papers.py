"""Papers of records, made by those who use them, and the house's templates on them."""

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest
from pypdf import PdfReader

from app.core.db import Database
from app.core.errors import Conflict, Duplicate, Invalid, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.catalog.papers import Wanted, price_list, prices_wanted
from app.services.documents import archive, templates
from app.services.documents.commands import ArchiveDocument
from app.services.documents.data import DocumentData
from app.services.documents.render import render
from app.services.documents.templates import SaveTemplate, designed
from app.services.inventory.papers import count_sheet, count_with_booked, inspection_of_lot, stock_valuation
from app.services.production import writes as works
from app.services.production.commands import CreateWorkOrders, PlannedOrder
from app.services.production.papers import inspection_sheet, material_list, traveller
from app.services.sales.papers import packing_list_of, picking_list
from tests import make_world
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


def words(data: DocumentData) -> str:
    """What the pages say, spaces made one."""
    pages = PdfReader(io.BytesIO(render(data))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


def test_the_warehouse_picks_packs_and_counts_by_paper(world: World, as_role: As, admin: Raw) -> None:
    keeper, rep = as_role("warehouse_manager"), as_role("sales_rep")
    stock(keeper, world.bike, world.shelf, 9)
    admin.execute("UPDATE catalog.product SET weight_g = 12500 WHERE id = %s", (world.bike,))
    order = confirmed(rep, world.order([world.line(world.bike, 3), world.line(world.bell, 2, "7.99")]))
    stock(keeper, world.bell, world.shelf, 5)
    pick = keeper.read(picking_list, order.id, "de")
    (bike,) = (line for line in pick.lines if line.quantity == 3)
    assert bike.values["place"] == "A-01"
    said = words(pick)
    assert "Kommissionierliste" in said
    assert order.number in said
    assert "A-01" in said
    assert all(line.unit_price is None for line in pick.lines)

    first, second = line_ids(admin, order.id)
    picks = ((first, 3, world.shelf), (second, 2, world.shelf))
    delivery = shipped(keeper, order.id, order.row_version, *picks)
    pack = keeper.read(packing_list_of, delivery.id)
    assert pack.summary == (("weight", D("37.500")),)
    assert "37,5" in words(pack)
    with pytest.raises(Refused) as nothing:
        keeper.read(picking_list, order.id, "de")
    assert nothing.value.key == "nothing_to_pick"

    blind, told = (keeper.read(paper, world.north, "en") for paper in (count_sheet, count_with_booked))
    assert "Book quantity" not in words(blind)
    assert "Book quantity" in words(told)
    booked = admin.execute(
        "SELECT b.qty FROM inventory.stock_balance b JOIN inventory.place p ON p.id = b.place_id"
        " WHERE p.warehouse_id = %s AND b.qty <> 0 ORDER BY 1",
        (world.north,),
    ).fetchall()
    assert sorted(line.quantity for line in told.lines if line.quantity) == [qty for (qty,) in booked]


def test_only_who_knows_costs_values_the_stock(world: World, as_role: As, admin: Raw) -> None:
    stock(as_role("warehouse_manager"), world.book, world.far_shelf, 3)
    admin.execute(
        "INSERT INTO catalog.product_cost (product_id, standard_cost) VALUES (%s, 4.5555)"
        " ON CONFLICT (product_id) DO UPDATE SET standard_cost = excluded.standard_cost",
        (world.book,),
    )
    valued = as_role("finance").read(stock_valuation, world.south, "de")
    (line,) = (line for line in valued.lines if line.quantity == 3)
    assert line.values["value"] == D("13.67")
    assert "13,67" in words(valued)
    with pytest.raises(NotAllowed):
        as_role("warehouse_manager").read(stock_valuation, world.south, "de")
    with pytest.raises(Refused):
        as_role("finance").read(stock_valuation, 0, "de")


def test_a_valuation_is_kept_as_a_book_by_who_knows_costs(world: World, as_role: As, admin: Raw) -> None:
    """Each day's is a document of its own; the warehouse, which may not see costs, keeps none."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 1)
    finance = as_role("finance")
    content = render(finance.read(stock_valuation, world.north, "de"))
    for tail in (b"", b"\n%"):
        kept = ArchiveDocument("stock_valuation", world.north, "de", "Bestandsbewertung.pdf", content + tail)
        finance.write(archive.archive, kept)
    rows = admin.execute(
        "SELECT retain_until - dated > 3650, warehouse_id FROM documents.issued WHERE kind = 'stock_valuation'"
    ).fetchall()
    assert rows == [(True, world.north)] * 2
    refused = ArchiveDocument("stock_valuation", world.north, "de", "x.pdf", content)
    with pytest.raises(NotAllowed):
        as_role("warehouse_manager").write(archive.archive, refused)


def test_a_price_list_names_todays_prices_in_its_tiers(world: World, as_role: As, admin: Raw) -> None:
    said = "INSERT INTO catalog.product_text (product_id, language, description) VALUES (%s, 'en', 'By hand')"
    admin.execute(said, (world.bike,))
    data = as_role("sales_rep").read(price_list, world.wholesale, "en")
    tier = next(line for line in data.lines if line.unit_price == 90)
    assert tier.values.get("from_quantity") == D(10)
    # What the article is stands once, not with each of its prices.
    same = [line for line in data.lines if line.sku == tier.sku]
    assert [line.description for line in same] == ["By hand", ""]
    assert "Price list" in words(data)


def test_a_price_list_is_for_a_category_or_a_customer(world: World, as_role: As, admin: Raw) -> None:
    """A category takes those below it along; a customer sees the list and the layout that are his own."""
    rep, marketing = as_role("sales_rep"), as_role("marketing")
    (top, below) = (
        row[0]
        for row in admin.execute(
            "INSERT INTO catalog.category (code, name_de, name_en)"
            " VALUES ('R', 'Räder', 'Wheels'), ('K', 'Klein', 'Small') RETURNING id"
        ).fetchall()
    )
    admin.execute("UPDATE catalog.category SET parent_id = %s WHERE id = %s", (top, below))
    admin.execute("UPDATE catalog.product SET category_id = %s WHERE id = %s", (below, world.bike))
    whole = {line.sku for line in rep.read(price_list, world.wholesale, "de").lines}
    wheels = rep.read(prices_wanted, Wanted(world.wholesale, category_id=top), "de")
    assert {line.sku for line in wheels.lines} == {"BIKE-1"} < whole
    with pytest.raises(Refused, match="price_list_is_empty"):
        rep.read(prices_wanted, Wanted(world.wholesale, category_id=-1), "de")
    admin.execute(
        "UPDATE partners.partner SET price_list_id = %s WHERE id = %s", (world.wholesale, world.dealer)
    )
    values = {
        "kind": "price_list",
        "language": "",
        "partner_id": world.dealer,
        "changes": {"closing": "Nur für Sie"},
    }
    marketing.write(templates.save_template, SaveTemplate(None, None, values))
    try:
        own = rep.read(prices_wanted, Wanted(world.retail, customer_id=world.dealer), "de")
        assert {line.sku for line in own.lines} == whole
        said = words(rep.read(designed, own))
        assert "Radhaus" in said
        assert "Nur für Sie" in said
    finally:
        admin.execute("DELETE FROM documents.template")


def test_what_is_inspected_is_written_by_hand(world: World, as_role: As, admin: Raw) -> None:
    """No quality records exist: the sheet says whose it is and leaves the rest to the pen, in both languages."""
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 2)
    lot = admin.execute(
        "INSERT INTO inventory.lot (product_id, code) VALUES (%s, 'L-77') RETURNING id", (world.bike,)
    ).fetchone()
    assert lot is not None
    german, english = (keeper.read(inspection_of_lot, lot[0], language) for language in ("de", "en"))
    said = words(german)
    assert "Prüfblatt L-77" in said
    assert "Prüfmerkmale (von Hand)" in said
    assert "freigegeben" in said
    assert german.code == "L/BIKE-1/L-77"
    assert "Inspection sheet" in words(english)
    assert not german.measurements
    with pytest.raises(Refused, match="record_not_found"):
        keeper.read(inspection_of_lot, -1, "de")


def test_a_works_order_goes_through_the_shop_with_its_papers(as_role: As, admin: Raw) -> None:
    shop = make_world.build(admin)
    planner, keeper = as_role("production_planner"), as_role("warehouse_manager")
    part, top = make_world.product(admin, "Arm"), make_world.product(admin, "Figure", made=True)
    make_world.bill(planner, top, [(part, 2)])
    make_world.receive(keeper, part, shop.shelf, 50)
    order = PlannedOrder(top, D(5), shop.hall, shop.today, shop.today)
    (made,) = planner.write(works.create_work_orders, CreateWorkOrders((order,))).value
    card = as_role("production_operator").read(traveller, made.id, "de")
    assert card.code.startswith("F/")
    said = words(card)
    assert "Fertigungsauftrag" in said
    assert "Arm" in said
    assert "Arbeitsgänge (von Hand)" in said  # no routing names them
    sheet = as_role("quality").read(inspection_sheet, made.id, "en")
    assert sheet.number in words(sheet)
    assert "Figure" in words(sheet)
    assert sheet.lines == ()
    (line,) = as_role("production_operator").read(material_list, made.id, "en").lines
    assert (line.quantity, line.values["per_piece"], line.values["reserved"]) == (D(10), D(2), D(10))


def test_the_narrowest_template_wins_and_a_customer_has_his_own(world: World, as_role: As) -> None:
    mia, rep = as_role("marketing"), as_role("sales_rep")

    def keep(changes: dict[str, object], **where: object) -> int:
        return mia.write(
            templates.save_template, SaveTemplate(None, None, {"changes": changes, **where})
        ).value.id

    keep({"accent": "#111111", "closing": "Alle Papiere"})
    keep({"accent": "#222222"}, kind="quote")
    keep({"accent": "#333333", "intro": "For quotes in English"}, kind="quote", language="en")
    own = keep({"columns": {"discount": False}}, partner_id=world.dealer)
    quote = rep.read(templates.design_for, "quote", "de", None)
    assert (quote.accent, quote.closing, quote.intro) == ("#222222", "Alle Papiere", None)
    english = rep.read(templates.design_for, "quote", "en", world.dealer)
    assert (english.accent, english.intro, dict(english.columns)) == (
        "#333333",
        "For quotes in English",
        {"discount": False},
    )
    assert rep.read(templates.design_for, "invoice", "en", world.french).accent == "#111111"
    assert not rep.read(templates.design_for, "quote", "de", world.dealer, own).columns
    paper = rep.read(price_list, world.wholesale, "de")
    assert "Alle Papiere" in words(rep.read(designed, replace(paper, partner_id=world.dealer)))

    with pytest.raises(Duplicate):
        keep({}, kind="quote")
    with pytest.raises(Invalid) as wrong:
        keep({"accent": "blue"}, kind="invoice")
    assert wrong.value.key == "template_colour"
    with pytest.raises(Invalid):
        keep({}, kind="invoice", logo=b"no picture")
    with pytest.raises(Conflict):
        mia.write(templates.save_template, SaveTemplate(own, 99, {"language": "de"}))
    with pytest.raises(NotAllowed):
        rep.write(templates.save_template, SaveTemplate(None, None, {"changes": {}, "kind": "reminder"}))
    assert len(rep.read(templates.list_templates, ListQuery()).rows) == 4
