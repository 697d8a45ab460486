"""The warehouse: finished goods to their place, picking by lots, two deliveries; no price anywhere."""

from decimal import Decimal

from app.core import format as fmt
from app.tour.steps.step import KEEPER, SHIPPER, Step
from app.tour.tour import Tour
from app.views.core.inputs import ComboBox
from app.views.sales.ship_page import ShipPage


def store(tour: Tour) -> None:
    """Finished goods go from where they were made to where they are shipped from; stock list and moves."""
    story, driver = tour.story, tour.driver
    tour.open_workspace("stock")
    tour.shot("stock")
    tour.no_price()
    tour.open_workspace("stock_transfer")
    sold = {item.sku for item in story.items}
    finished = [entry for entry in tour.memory["made"] if entry[0] in sold]
    for number, (sku, lot, qty) in enumerate(finished):
        tour.look_up("product", sku)
        _choose_place(tour, story.made_at)
        if driver.see("field.lot", ComboBox).currentText() != lot:
            driver.choose("field.lot", lot)
        tour.look_up("to", story.stored_at)
        driver.type("field.qty", fmt.number(qty))
        if number == len(finished) - 1:
            tour.shot("transfer")
        tour.act("add_line")
    driver.type("field.reason", tour.say("transfer_reason"))
    tour.shot("transfer-lines")
    tour.no_price()
    with tour.timed("transfer"):
        tour.act("post")
    tour.until(lambda: not tour.page.dirty(), "the transfer to be posted")
    tour.open_workspace("stock_moves")
    tour.shot("moves")
    tour.no_price()
    tour.open_workspace("stock_places")
    tour.settle()
    tour.shot("places")


def _choose_place(tour: Tour, code: str) -> None:
    """Take the goods from a place of that code."""
    box = tour.driver.see("field.from", ComboBox)
    words = next((box.itemText(n) for n in range(box.count()) if box.itemText(n).startswith(code)), "")
    tour.expect(words, f"nothing lies at {code}")
    if box.currentText() != words:
        tour.driver.choose("field.from", words)
    tour.settle()


def _ship_page(tour: Tour) -> ShipPage:
    page = tour.form
    tour.expect(isinstance(page, ShipPage), "the shipping form is not in front")
    assert isinstance(page, ShipPage)
    return page


def ship_first(tour: Tour) -> None:
    """The shipper finds the order on the page of today, picks the first part by lots and ships it."""
    tour.close_tabs()
    tour.shot("clerk-home")
    tour.no_price()
    tour.driver.click("tile.sales.to_ship")
    tour.settle()
    tour.select_row(tour.memory["order_number"])
    tour.shot("to-ship")
    tour.no_price()
    tour.open_row(tour.memory["order_number"])
    tour.shot("picking")
    tour.act("nothing")
    for item in tour.story.items:
        _pick(tour, item.sku, Decimal(item.first))
    tour.shot("picking-first")
    tour.no_price()
    _ship(tour, "delivery_1")


def _pick(tour: Tour, sku: str, qty: Decimal) -> None:
    """Type the quantity of an article into the rows of its places, the place goods were put to first."""
    table = tour.lines_table()
    rows = list(enumerate(table.lines.lines))
    line = next((row["line_id"] for _, row in rows if row.get("sku") == sku), None)
    tour.expect(line is not None, f"{sku} is not among the lines to ship")
    mine = [(n, row) for n, row in rows if row["line_id"] == line and row.get("there")]
    mine.sort(key=lambda pair: (pair[1]["place"] != tour.story.stored_at, pair[0]))
    for number, row in mine:
        take = min(qty, row["there"])
        if take > 0:
            tour.set_cell(number, "qty", fmt.number(take))
            qty -= take
    tour.expect(qty <= 0, f"{qty} of {sku} are nowhere")


def _ship(tour: Tour, name: str) -> None:
    with tour.timed("ship"):
        tour.act("ship")
    tour.driver.wait(lambda: tour.form.spec.topic == "sales.delivery", "the delivery")
    tour.wait_form()
    tour.shot("delivery")
    tour.no_price()
    tour.memory[name] = tour.form.title()
    tour.fact(delivery=tour.form.title())


def ship_rest(tour: Tour) -> None:
    """The rest of the order goes out as proposed."""
    tour.driver.click("rail.home")
    tour.settle()
    tour.driver.click("tile.sales.to_ship")
    tour.settle()
    tour.open_row(tour.memory["order_number"])
    if not _ship_page(tour).picks():
        tour.act("propose")
    tour.shot("picking-rest")
    tour.no_price()
    _ship(tour, "delivery_2")


STEPS = (
    Step("store", KEEPER, store),
    Step("ship_first", SHIPPER, ship_first),
    Step("ship_rest", SHIPPER, ship_rest),
)
