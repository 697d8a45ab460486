"""Printers: entered, asked how they are, given their work; and the queue on a bad day."""

import io

import pypdf
from PySide6.QtWidgets import QComboBox

from app.core.i18n import t
from app.simulate.label_printer import LabelPrinter
from app.tour.peers import NOBODY_THERE, Office, office_printer
from app.tour.steps.start import choose_looks
from app.tour.steps.step import ADMINISTRATOR, SHIPPER, Step
from app.tour.tour import Tour

COPY = {"de": "Kopie", "en": "Copy"}
# The order that is picked: two articles whose labels were printed.
ORDER = "SELECT number FROM sales.sales_order WHERE customer_reference = 'TS-5521'"
LAST = "SELECT state FROM printing.job ORDER BY id DESC LIMIT 1"


def printers(tour: Tour) -> None:
    """A printer for documents, one for labels, one that is away; each is asked how it is, and prints a page."""
    office = tour.memory["office"] = office_printer(tour.at_end)
    zebra = tour.memory["zebra"] = tour.at_end.enter_context(LabelPrinter())
    choose_looks(tour)
    tour.sign_in(ADMINISTRATOR)
    tour.open_workspace("printing.printers")
    tour.shot("printers-empty")
    _enter(tour, "office_printer", office.kind, office.address, "pdf")
    tour.act("ask")
    asked = "SELECT count(*) FROM printing.printer_status"
    tour.until(lambda: tour.ask_database(asked) == 1, "the printer's answer")
    tour.settle()
    tour.shot("printer")
    tour.act("test")
    tour.until(office.printed, "the test page on paper")
    _enter(tour, "label_printer", "raw", zebra.address, "zpl", dpi="203")
    tour.act("ask")
    tour.until(lambda: tour.ask_database(asked) == 2, "the label printer's answer")
    _enter(tour, "old_printer", "raw", NOBODY_THERE, "pdf")
    tour.open_workspace("printing.printers")
    tour.page.refresh()
    tour.settle()
    tour.shot("printers")
    tour.fact(office=office.kind, test_page=len(office.printed()[0]))


def _enter(tour: Tour, name: str, kind: str, address: str, language: str, **fields: str) -> None:
    tour.open_workspace("printing.printers")
    tour.driver.keys("Ctrl+N")
    tour.wait_form()
    tour.fill("name", tour.say(name))
    tour.fill("location", tour.say(f"{name}_place"))
    if tour.form.value("kind") != kind:
        tour.driver.choose("field.kind", kind)
    if tour.form.value("language") != language:
        tour.driver.choose("field.language", language)
    tour.fill("address", address)
    for key, text in fields.items():
        tour.fill(key, text)
    tour.save()


def routes(tour: Tour) -> None:
    """What goes where: documents to the office, labels to the label printer, picking lists to the old one."""
    for number, (kind, printer) in enumerate(
        (("", "office_printer"), ("label", "label_printer"), ("picking_list", "old_printer"))
    ):
        tour.open_workspace("printing.routes")
        tour.driver.keys("Ctrl+N")
        tour.wait_form()
        offered = tour.driver.see("field.printer_id", QComboBox)
        tour.driver.wait(lambda: offered.count() > 1, "the printers to choose from")  # noqa: B023  (waited for here)
        if kind:
            tour.driver.choose("field.kind", kind)
        tour.driver.choose("field.printer_id", tour.say(printer))
        if number == 2:
            tour.shot("route")
        tour.save()
    tour.open_workspace("printing.routes")
    tour.page.refresh()
    tour.settle()
    tour.shot("routes")
    tour.expect(tour.ask_database("SELECT count(*) FROM printing.route") == 3, "routes are missing")


def queue(tour: Tour) -> None:
    """A printer is away: the job waits and says why, is sent elsewhere, and printed again only as a copy."""
    office: Office = tour.memory["office"]
    tour.close_tabs()
    before = len(office.printed())
    tour.memory["pick_order"] = tour.ask_database(ORDER)
    tour.open_workspace("inventory.shipping")
    tour.open_row(tour.memory["pick_order"])
    tour.wait_form()
    tour.driver.click("action.more")
    tour.driver.menu(t("papering.print.picking_list").replace("&", ""))
    reason = "SELECT reason FROM printing.job WHERE kind = 'picking_list' ORDER BY id DESC LIMIT 1"
    tour.until(
        lambda: tour.ask_database(reason) == "printer_away", "the queue to say that the printer is away"
    )
    tour.shot("printer-away")
    tour.open_workspace("printing.queue")
    tour.page.refresh()
    tour.settle()
    tour.select_row(tour.say("old_printer"))
    tour.shot("queue-waiting")
    tour.row_menu(tour.say("old_printer"), "printing.job.redirect")
    tour.driver.see("dialog.form")
    tour.driver.choose("field.printer_id", tour.say("office_printer"))
    tour.shot("redirect")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.form")
    tour.until(lambda: len(office.printed()) > before, "the redirected job on paper")
    tour.memory["picking_list"] = office.printed()[-1]
    tour.until(lambda: tour.ask_database(LAST) in ("sent", "done"), "the job to be done")
    tour.driver.tab("all")
    tour.settle()
    tour.row_menu(tour.memory["pick_order"], "printing.job.again")
    tour.until(lambda: len(office.printed()) > before + 1, "the copy on paper")
    words = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(office.printed()[-1])).pages)
    tour.expect(COPY[tour.language] in words, "what was printed again does not say that it is a copy")
    tour.shot("queue-copy")


STEPS = (
    Step("paper_printers", ADMINISTRATOR, printers, signs_in=True),
    Step("paper_routes", ADMINISTRATOR, routes),
)
QUEUE = (Step("paper_queue", SHIPPER, queue),)
