"""The operator: starts and reports the orders of the plan from the bottom up, one with scrap."""

from decimal import Decimal

from app.core import format as fmt
from app.tour.steps.step import OPERATOR, Step
from app.tour.tour import Tour
from app.views.core.inputs import ComboBox


def make(tour: Tour) -> None:
    """Every order of the plan: start, report, components first."""
    orders = tour.memory["work_orders"]
    scrap_sku, scrap = tour.story.scrap
    made: list[tuple[str, str, Decimal]] = []
    tour.shot("operator-home")
    tour.open_workspace("my_orders")
    tour.shot("my-orders")
    tour.no_price()
    left = Decimal(scrap)
    for count, (_path, number, sku, qty) in enumerate(sorted(orders, key=lambda order: -len(order[0])), 1):
        tour.driver.click(f"action.start.{number}")
        tour.driver.see(f"action.report.{number}")
        tour.settle()
        bad = min(left, qty) if sku == scrap_sku else Decimal(0)
        left -= bad
        _report(tour, number, bad, first=count == 1)
        made.append((sku, number, qty - bad))  # the lot has the number of the order
    tour.memory["made"] = made
    tour.fact(orders=len(orders), scrap=f"{scrap} {scrap_sku}")
    tour.shot("my-orders-done")
    tour.palette(orders[0][1], "record.production.work_order.")
    tour.settle()
    tour.shot("work-order")
    tour.no_price()


def _report(tour: Tour, number: str, scrap: Decimal, *, first: bool) -> None:
    driver = tour.driver
    driver.click(f"action.report.{number}")
    driver.see("dialog.report")
    tour.settle()
    if scrap:
        driver.type("field.scrap", fmt.number(scrap))
        reason = driver.see("field.reason", ComboBox)
        driver.choose(
            "field.reason", next(reason.itemData(n) for n in range(reason.count()) if reason.itemData(n))
        )
    _choose_place(tour)
    if scrap or first:
        tour.shot("report-scrap" if scrap else "report")
    with tour.timed(f"report {number}"):
        driver.click("dialog.post")
        driver.gone("dialog.report")
        tour.settle()


def _choose_place(tour: Tour) -> None:
    box = tour.driver.see("field.place", ComboBox)
    code = tour.story.made_at
    words = next((box.itemText(n) for n in range(box.count()) if box.itemText(n).split(" ")[0] == code), "")
    tour.expect(words, f"{code} is not among the places")
    if box.currentText() != words:
        tour.driver.choose("field.place", words)


STEPS = (Step("make", OPERATOR, make),)
