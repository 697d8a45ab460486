"""Selling: the quote, the discount above the limit, the approval, the order."""

from decimal import Decimal

from app.core import format as fmt
from app.tour.steps.step import MANAGER, REP, Step
from app.tour.tour import Tour
from app.views.sales.draft_page import DraftPage


def _draft(tour: Tour) -> DraftPage:
    form = tour.form
    tour.expect(isinstance(form, DraftPage), "the form in front is no quote or order")
    assert isinstance(form, DraftPage)
    return form


def new_quote(tour: Tour) -> None:
    """A quote for the dealer: customer and articles by typing, quantities, discounts, availability."""
    story, driver = tour.story, tour.driver
    with tour.timed("open_list"):
        tour.open_workspace("sales.quotes")
    tour.shot("quotes")
    driver.keys("Ctrl+N")
    tour.wait_form()
    driver.type("field.customer_id", story.dealer)
    tour.settle()
    tour.shot("quote-customer")
    tour.take_first(story.dealer)
    tour.fill("customer_reference", tour.say("reference"))
    for number, item in enumerate(story.items):
        if number == 1:
            driver.click("lines.add")
            driver.see("line.edit.product_id")
            driver.write(item.sku[:5])
            tour.settle()
            tour.shot("quote-article")
            driver.keys("Esc")
            driver.keys("Esc")
        tour.add_line(item.sku, item.qty)
        if item.discount:
            tour.set_cell(number, "discount_pct", fmt.number(item.discount))
    tour.settle()
    form = _draft(tour)
    tour.shot("quote-lines")
    tour.expect(
        form.lines is not None and len(form.lines.model.lines) == len(story.items), "lines are missing"
    )
    with tour.timed("save_quote"):
        tour.save()
    tour.memory["quote"] = form.record.id
    tour.shot("quote-saved")


def issue_refused(tour: Tour) -> None:
    """Issuing is refused by the limit; the banner asks for approval."""
    tour.act("issue")
    tour.driver.see("notice.discount")
    tour.shot("discount-refused")
    tour.driver.click("action.request_approval")
    tour.driver.see("dialog.request_approval")
    tour.driver.type("field.reason", tour.say("ask_reason"))
    tour.shot("ask-approval")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.request_approval")
    tour.until(lambda: tour.driver.find("notice.approval") is not None, "the banner that the approval waits")
    tour.shot("approval-waits")


def approve(tour: Tour) -> None:
    """The sales manager finds the request on his page of today and approves it."""
    tour.shot("manager-home")
    tour.driver.click("tile.approvals.waiting")
    tour.settle()
    tour.shot("approvals")
    tour.open_row(tour.story.dealer)
    tour.driver.see("action.approve_discount")
    tour.shot("approval-quote")
    tour.driver.click("action.approve_discount")
    tour.driver.see("dialog.approve")
    tour.driver.type("field.reason", tour.say("approve_comment"))
    tour.shot("approve")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.approve")
    tour.settle()


def issue(tour: Tour) -> None:
    """The quote gets its number and its PDF."""
    form = tour.wait_form()
    tour.driver.see("notice.approval")
    tour.shot("approved")
    with tour.timed("issue"):
        tour.act("issue")
    tour.until(lambda: _draft(tour).stored_state == "issued", "the quote to be issued")
    tour.shot("quote-issued")
    tour.driver.click("action.pdf")
    opened = tour.desk.opened
    tour.until(lambda: opened, "the PDF to be opened")
    tour.fact(quote=_draft(tour).title(), opened=opened[-1].name)
    tour.memory["quote_number"] = form.title()


def order(tour: Tour) -> None:
    """The customer accepts: the quote becomes an order, which is confirmed; what is missing is said."""
    tour.act("convert")
    tour.driver.wait(lambda: tour.form.spec.topic == "sales.sales_order", "the order")
    tour.wait_form()
    tour.shot("order-draft")
    with tour.timed("confirm"):
        tour.act("confirm")
    if tour.layer() is not None:
        tour.shot("order-question")
        tour.driver.click("dialog.yes")
    tour.until(lambda: _draft(tour).stored_state == "confirmed", "the order to be confirmed")
    tour.shot("order-confirmed")
    form = _draft(tour)
    assert form.document is not None
    tour.memory["order"], tour.memory["order_number"] = form.record.id, form.title()
    amounts = [form.document.net_amount, form.document.gross_amount]
    tour.memory["amounts"] = [fmt.money(amount, None) for amount in amounts]
    tour.fact(order=form.title(), net=str(amounts[0]), gross=str(amounts[1]), limit=str(Decimal(form.limit)))


STEPS = (
    Step("quote", REP, new_quote),
    Step("refused", REP, issue_refused),
    Step("approve", MANAGER, approve),
    Step("issue", REP, issue),
    Step("order", REP, order),
)
