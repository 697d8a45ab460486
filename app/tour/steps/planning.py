"""The planner: what an order takes through all levels, the structure of a product, the work orders."""

from PySide6.QtWidgets import QAbstractItemView

from app.core import format as fmt
from app.tour.driver import TourError
from app.tour.steps.step import PLANNER, Step
from app.tour.tour import Tour
from app.views.core.inputs import ComboBox
from app.views.core.rows_view import RowsView
from app.views.production.planning import PlanningPage


def _page(tour: Tour) -> PlanningPage:
    page = tour.page
    if not isinstance(page, PlanningPage):
        raise TourError("planning is not in front")
    return page


def plan(tour: Tour) -> None:
    """From the order to planning: made to order, shortages through all levels, one call creates all orders."""
    driver, story = tour.driver, tour.story
    tour.palette(tour.memory["order_number"], "record.sales.sales_order.")
    tour.wait_form()
    tour.shot("order-short")
    if driver.find("action.plan") is not None:
        driver.click("action.plan")
        tour.until(lambda: isinstance(tour.page, PlanningPage), "planning")
    else:
        _choose_lines(tour)
    page = _page(tour)
    demand = driver.see("demand", RowsView)
    tour.until(
        lambda: len(page.demand.chosen_lines()) == len(story.items), "the lines of the order to be chosen"
    )
    _choose_warehouse(tour, story.workshop)
    tour.shot("demand")
    tour.fact(demand=demand.model().rowCount())
    with tour.timed("resolve"):
        tour.act("resolve")
    table = driver.see("plan", RowsView)
    tour.shot("plan")
    _raise_for_scrap(tour, table)
    tour.shot("plan-changed")
    rows = table.rows_model.rows
    tour.fact(levels=1 + max(len(row.path) for row in rows) - 1, products=len(rows))
    tour.expect(any(len(row.path) > 1 and row.net > 0 for row in rows), "nothing is short below the products")
    driver.click("toggle.shortages")
    tour.shot("plan-shortages")
    driver.click("toggle.shortages")
    with tour.timed("create_orders"):
        tour.act("create_orders")
    created = driver.see("created", RowsView).rows_model
    tour.until(lambda: created.rows, "the created orders")
    tour.memory["work_orders"] = [(row.path, row.number, row.sku, row.qty) for row in created.rows]
    tour.fact(work_orders=len(created.rows))
    tour.shot("plan-result")


def _choose_lines(tour: Tour) -> None:
    """Nothing is short: the lines are chosen by hand, to be made for the order all the same."""
    tour.open_workspace("planning")
    tour.driver.click("mode.to_order")
    tour.settle()
    table, number = tour.driver.see("demand", RowsView), tour.memory["order_number"]
    for key in [row.key for row in table.rows_model.rows if row.number == number]:
        tour.driver.click_row(table, table.rows_model.find(key))
    tour.settle()


def _choose_warehouse(tour: Tour, code: str) -> None:
    box = tour.driver.see("field.warehouse", ComboBox)
    words = next((box.itemText(n) for n in range(box.count()) if box.itemText(n).startswith(code)), "")
    tour.expect(words, f"the warehouse {code} makes nothing")
    if box.currentText() != words:
        tour.driver.choose("field.warehouse", words)
    tour.settle()


def _raise_for_scrap(tour: Tour, table: RowsView) -> None:
    """What is made with scrap is planned a little higher."""
    sku, scrap = tour.story.scrap
    row = tour.driver.row_of(table, sku)
    tour.expect(row >= 0, f"{sku} is not in the plan")
    column = table.section("proposed")
    proposed = table.rows_model.row(row).proposed
    tour.driver.click_cell(table, row, column, double=True)
    tour.driver.see("cell.proposed")
    tour.driver.keys("Ctrl+A")
    tour.driver.write(fmt.number(proposed + scrap))
    tour.driver.keys("Return")
    tour.until(
        lambda: table.rows_model.row(tour.driver.row_of(table, sku)).proposed == proposed + scrap,
        f"the raised quantity of {sku}",
    )


def structure(tour: Tour) -> None:
    """The bill of materials of one product: tree with shortages and costs, where its parts are used."""
    driver, story = tour.driver, tour.story
    tour.shot("planner-home")
    tour.palette(story.shown, "record.engineering.bom.")
    tour.wait_form()
    item = next(item for item in story.items if item.sku == story.shown)
    driver.type("field.qty", fmt.number(item.qty))
    driver.keys("Return")
    tour.settle()
    tour.shot("structure")
    tour.expect(driver.find("foot.cost") is not None, "the planner sees no cost of the structure")
    tree = next(v for v in tour.page.findChildren(RowsView) if v.isVisible() and v.rows_model.tree)
    deepest = max(range(tree.model().rowCount()), key=tree.rows_model.depth)
    tree.scrollTo(tree.model().index(deepest, 0), QAbstractItemView.ScrollHint.PositionAtCenter)
    driver.click_row(tree, deepest)
    tour.shot("structure-part")
    tour.fact(depth=tree.rows_model.depth(deepest) + 1, parts=tree.model().rowCount())


STEPS = (Step("structure", PLANNER, structure), Step("plan", PLANNER, plan))
