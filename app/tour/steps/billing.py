"""Finance: an invoice per delivery, a payment with Skonto, a partial payment."""

from decimal import Decimal

from PySide6.QtWidgets import QWidget

from app.core import format as fmt
from app.tour.driver import TourError
from app.tour.steps.step import FINANCE, Step
from app.tour.tour import Tour
from app.views.core.checks import CheckBox
from app.views.sales.invoice_page import InvoicePage


def _invoice(tour: Tour) -> InvoicePage:
    page = tour.form
    if not isinstance(page, InvoicePage):
        raise TourError("no invoice is in front")
    return page


def invoices(tour: Tour) -> None:
    """Every delivery gets its invoice."""
    tour.shot("finance-home")
    known: set[str] = set()
    for number, delivery in enumerate((tour.memory["delivery_1"], tour.memory["delivery_2"]), 1):
        tour.open_workspace("finance.to_invoice")
        tour.select_row(delivery)
        if number == 1:
            tour.shot("to-invoice")
        tour.driver.click_row(tour.list_view(), delivery, double=True)
        dialog: QWidget = tour.driver.see("dialog.invoice")
        tour.settle()
        for check in dialog.findChildren(CheckBox):
            if check.isVisible() and check.isChecked() and check.objectName() != f"check.{delivery}":
                tour.driver.press(check)
        tour.shot("make-invoice")
        with tour.timed(f"invoice_{number}"):
            tour.driver.click("dialog.yes")
            tour.driver.wait(
                lambda: isinstance(tour.page, InvoicePage) and tour.page.title() not in known,
                "the new invoice",
            )
            tour.wait_form()
            tour.settle()
        found = _invoice(tour).invoice
        assert found is not None
        tour.memory[f"invoice_{number}"] = found.number
        known.add(found.number)
        tour.fact(**{f"invoice_{number}": found.number, f"gross_{number}": str(found.gross_amount)})
        tour.shot("invoice")


def payments(tour: Tour) -> None:
    """The first invoice is paid with Skonto, the second in part."""
    tour.open_workspace("finance.invoices")
    tour.shot("invoices")
    tour.open_row(tour.memory["invoice_1"])
    tour.driver.click("action.pay")
    tour.driver.see("dialog.payment")
    tour.driver.type("field.reference", tour.say("payment_reference", number=tour.memory["invoice_1"]))
    tour.shot("payment-skonto")
    with tour.timed("payment"):
        tour.driver.click("dialog.yes")
        tour.driver.gone("dialog.payment")
        tour.settle()
    tour.until(
        lambda: (found := _invoice(tour).invoice) is not None and found.state == "paid", "the invoice paid"
    )
    paid = _invoice(tour).invoice
    assert paid is not None
    granted = sum((payment.discount_amount for payment in paid.payments), Decimal(0))
    tour.expect(granted > 0, "no Skonto was granted")
    tour.fact(skonto=str(granted))
    tour.shot("invoice-paid")
    tour.open_workspace("finance.invoices")
    tour.open_row(tour.memory["invoice_2"])
    second = _invoice(tour).invoice
    assert second is not None
    half = (second.open_amount / 2).quantize(Decimal("0.01"))
    tour.driver.click("action.pay")
    tour.driver.see("dialog.payment")
    tour.driver.type("field.amount", fmt.number(half, places=2))
    tour.shot("payment-part")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.payment")
    tour.until(
        lambda: (
            (found := _invoice(tour).invoice) is not None and found.open_amount == second.open_amount - half
        ),
        "the partial payment",
    )
    tour.shot("invoice-part-paid")
    tour.open_workspace("finance.payments")
    tour.shot("payments")


STEPS = (Step("invoices", FINANCE, invoices), Step("payments", FINANCE, payments))
