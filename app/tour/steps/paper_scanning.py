"""The scanner: every screen of the warehouse with codes read from labels the house has printed."""

from decimal import Decimal

import pypdfium2
import zxingcpp

from app.core.pdfium import PDFIUM
from app.services.labels.scans import command_code
from app.simulate.label_printer import LabelPrinter
from app.tour.driver import TourError
from app.tour.peers import Office
from app.tour.steps.paper_labels import ARTICLES, print_labels, read_back
from app.tour.steps.step import KEEPER, SHIPPER, Step
from app.tour.tour import Tour
from app.views.core.scanner import ScanHub
from app.views.warehouse.arrive_page import ArrivePage
from app.views.warehouse.pack_page import PackPage
from app.views.warehouse.pick_page import PickPage

LIES = (
    "SELECT coalesce(sum(b.qty), 0) FROM inventory.stock_balance b JOIN catalog.product p ON p.id = b.product_id"
    " JOIN inventory.place l ON l.id = b.place_id WHERE p.sku = %s AND l.code = %s"
)
# An order nothing has come of, of goods without lots.
AWAITED = (
    "SELECT min(o.number) FROM purchasing.purchase_order o WHERE o.state = 'ordered' AND NOT EXISTS ("
    "SELECT FROM purchasing.purchase_order_line l JOIN catalog.product p ON p.id = l.product_id"
    " LEFT JOIN purchasing.goods_receipt_line g ON g.purchase_order_line_id = l.id"
    " WHERE l.purchase_order_id = o.id AND (p.is_lot_tracked OR g.id IS NOT NULL))"
)
ALL_OUT = "SELECT NOT EXISTS (SELECT FROM printing.job WHERE state IN ('waiting', 'sending'))"
LAST_JOB = "SELECT state || ' ' || reason FROM printing.job ORDER BY id DESC LIMIT 1"
UNKNOWN = "LIEFERANT-KARTON-0815"


def scan(tour: Tour, *codes: str) -> str:
    """Scan codes one after the other; the tone of the last one."""
    hub = tour.window.findChild(ScanHub)
    if hub is None:
        raise TourError("the window has no scanner")
    tones: list[str] = []
    hub.signalled.connect(tones.append)
    try:
        for code in codes:
            tones.clear()
            hub.scanned(code)
            tour.driver.wait(lambda: bool(tones), f"a tone for {code}")
            tour.driver.settle(
                lambda: tour.program.tasks.idle
            )  # what is only kept for later is not waited for
        return tones[-1]
    finally:
        hub.signalled.disconnect(tones.append)


def good(tour: Tour, *codes: str) -> None:
    """Scan codes, the last of which must be welcome."""
    tone = scan(tour, *codes)
    tour.expect(tone == "ok", f"{codes[-1]} sounds {tone!r}")


def label(tour: Tour, kind: str, holding: str) -> str:
    """The code on a printed label."""
    for code in tour.memory["codes"][kind]:
        if holding in code:
            return str(code)
    raise TourError(f"no label of {kind} bears {holding}")


def lies(tour: Tour, sku: str, place: str) -> Decimal:
    """How many lie there, asked past the window."""
    return Decimal(tour.ask_database(LIES, sku, place))


def look_up(tour: Tour) -> None:
    """A label of an article, of a place, of a work order: what it is, what lies there, and the order opens."""
    tour.close_tabs()
    tour.open_workspace("scan_look")
    tour.shot("scan-look-empty")
    ean = tour.ask_database("SELECT ean FROM catalog.product WHERE sku = %s", ARTICLES[0])
    good(tour, label(tour, "product", ean))
    tour.driver.wait(lambda: tour.driver.reads("SC4717.AP", tour.page), "the place of the article")
    tour.shot("scan-look-article")
    good(tour, label(tour, "place", "SC4701.AP"))
    tour.shot("scan-look-place")
    good(tour, label(tour, "work_order", tour.memory["work_order"]))
    tour.driver.wait(lambda: tour.memory["work_order"] in tour.page.title(), "the work order")
    tour.settle()
    tour.shot("scan-look-order")


def goods_in(tour: Tour) -> None:
    """Goods arrive and go to their shelf: place, lot, quantity from the sheet of commands, confirmed by a code."""
    sku = ARTICLES[1]
    lot = tour.memory["codes"]["lot"][0]
    shelf, ramp = label(tour, "place", "SC4701.AP"), label(tour, "place", "/WE")
    before = lies(tour, sku, "SC4701.AP")
    tour.open_workspace("scan_receive")
    tour.expect(scan(tour, lot) == "bad", "goods without a place were taken")
    tour.shot("scan-place-first")
    good(tour, ramp, lot, command_code("1"), command_code("2"))
    tour.shot("scan-receive")
    good(tour, command_code("confirm"))
    tour.until(lambda: lies(tour, sku, "WE") == 12, "the goods at the ramp")
    tour.open_workspace("scan_put_away")
    good(tour, lot)
    tour.shot("scan-put-away")
    good(tour, shelf)
    tour.until(lambda: lies(tour, sku, "SC4701.AP") == before + 12, "the goods on their shelf")
    tour.shot("scan-put-away-done")


def move_and_count(tour: Tour) -> None:
    """Four to the dispatch area, by scanning from where and to where; and a count of what lies there."""
    sku = ARTICLES[1]
    lot = tour.memory["codes"]["lot"][0]
    there = label(tour, "place", "/VS")
    tour.open_workspace("scan_transfer")
    good(tour, label(tour, "place", "SC4701.AP"), lot, command_code("4"))
    tour.shot("scan-transfer")
    good(tour, there)
    tour.until(lambda: lies(tour, sku, "VS") == 4, "the goods in the dispatch area")
    tour.open_workspace("scan_count")
    good(tour, there, lot, command_code("3"))
    tour.shot("scan-count")
    good(tour, command_code("confirm"))
    tour.until(lambda: lies(tour, sku, "VS") == 3, "the counted quantity")


def teach(tour: Tour) -> None:
    """A supplier's code nobody knows is taught once, and is known from then on."""
    tour.close_tabs()
    tour.open_workspace("scan_look")
    scan(tour, UNKNOWN)
    tour.driver.see("dialog.teach")
    tour.shot("scan-unknown")
    tour.driver.type("field.product", ARTICLES[0])
    tour.take_first(ARTICLES[0])
    tour.driver.type("field.qty", "12")
    tour.shot("scan-teach")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.teach")
    tour.settle()
    good(tour, UNKNOWN)
    known = "SELECT c.qty FROM labels.code c WHERE c.code = %s"
    tour.expect(tour.ask_database(known, UNKNOWN) == 12, "the code was not kept")
    hub = tour.window.findChild(ScanHub)
    assert hub is not None
    hub.write_log()
    tour.settle()
    tour.open_workspace("scan_log")
    tour.shot("scan-log")


def pick(tour: Tour) -> None:
    """The order from the bar code of its picking list, the way through the warehouse, the delivery."""
    office: Office = tour.memory["office"]
    codes = _codes_of(tour.memory["picking_list"])
    wanted = [code for code in codes if tour.memory["pick_order"] in code]
    tour.expect(wanted, f"the picking list bears {codes}, not {tour.memory['pick_order']}")
    tour.open_workspace("scan_pick")
    tour.shot("scan-orders")
    good(tour, wanted[0])
    page = tour.page
    assert isinstance(page, PickPage)
    tour.driver.wait(lambda: page.work is not None, "the order to pick")
    tour.settle()
    tour.shot("scan-pick")
    _walk(tour, page)
    tour.shot("scan-picked")
    before = len(office.printed())
    good(tour, command_code("confirm"))
    tour.until(lambda: page.work is None, "the order to be shipped")
    tour.shot("scan-shipped")
    tour.memory["delivery"] = tour.ask_database(
        "SELECT d.number FROM sales.delivery d JOIN sales.sales_order o ON o.id = d.sales_order_id"
        " WHERE o.number = %s",
        tour.memory["pick_order"],
    )
    tour.fact(delivery=tour.memory["delivery"], papers=len(office.printed()) - before)


def _walk(tour: Tour, page: PickPage) -> None:
    for _ in range(12):
        picking = page.work
        assert picking is not None
        if picking.next is None:
            return
        step = picking.steps[picking.next]
        if picking.wants == "place":
            good(tour, step.place)
            continue
        ean = tour.ask_database("SELECT ean FROM catalog.product WHERE sku = %s", step.sku)
        good(tour, ean, *(command_code(digit) for digit in f"{step.wanted - step.taken:f}".partition(".")[0]))
    raise TourError("the picking does not come to an end")


def arrive(tour: Tour) -> None:
    """Goods of a purchase order: the order, piece after piece by the labels, the delivery note, the receipt."""
    order = tour.memory["purchase_order"] = tour.ask_database(AWAITED)
    tour.open_workspace("scan_arrive")
    tour.shot("scan-awaited")
    good(tour, order)
    page = tour.page
    assert isinstance(page, ArrivePage)
    tour.driver.wait(lambda: page.work is not None, "the order goods are awaited of")
    tour.settle()
    work = page.work
    assert work is not None
    codes = print_labels(tour, "product", *(line.sku for line in work.lines))
    tour.open_workspace("scan_arrive")
    for line in work.lines:
        code = next(one for one in codes if one.endswith(line.sku))
        good(tour, code, *(command_code(digit) for digit in f"{line.open:f}".partition(".")[0]))
    good(tour, "LS 88123")
    tour.shot("scan-arrive")
    good(tour, command_code("confirm"))
    kept = (
        "SELECT r.number FROM purchasing.goods_receipt r JOIN purchasing.purchase_order o"
        " ON o.id = r.purchase_order_id WHERE o.number = %s AND r.delivery_note = 'LS 88123'"
    )
    tour.until(lambda: tour.ask_database(kept, order), "the goods receipt")
    tour.fact(order=order, receipt=tour.ask_database(kept, order))
    tour.shot("scan-arrived")


def pack(tour: Tour) -> None:
    """The delivery goes into two parcels; the first one's label waits for paper, is held and let go."""
    zebra: LabelPrinter = tour.memory["zebra"]
    zebra.has_paper = False
    before = len(zebra.jobs)
    tour.open_workspace("scan_pack")
    tour.shot("scan-to-pack")
    tour.driver.type("field.code", tour.memory["delivery"], enter=True)
    page = tour.page
    assert isinstance(page, PackPage)
    tour.driver.wait(lambda: page.work is not None, "the delivery to pack")
    tour.settle()
    ean = tour.ask_database("SELECT ean FROM catalog.product WHERE sku = %s", ARTICLES[0])
    good(tour, label(tour, "product", ean), command_code("2"), command_code("0"))
    tour.shot("scan-pack")
    good(tour, command_code("confirm"))
    tour.until(
        lambda: tour.ask_database(LAST_JOB) == "waiting printer_media_out", "the printer to ask for paper"
    )
    tour.shot("scan-packed-one")
    _hold_and_release(tour, zebra, before)
    tour.open_workspace("scan_pack")
    tour.act("rest")
    good(tour, command_code("confirm"))
    tour.until(
        lambda: tour.ask_database(ALL_OUT) and len(zebra.jobs) > before + 1, "the labels of both parcels"
    )
    tour.shot("scan-packed")
    codes = read_back(tour, "parcel", b"".join(zebra.jobs[before:]))
    packed = "SELECT array_agg(p.sscc) FROM labels.parcel p JOIN sales.delivery d ON d.id = p.delivery_id"
    numbers = tour.ask_database(
        f"{packed} WHERE d.number = %s AND p.state = 'packed'", tour.memory["delivery"]
    )
    missing = [number for number in numbers if not any(number in code for code in codes)]
    tour.expect(len(numbers) == 2 and not missing, f"of {numbers} only {codes} can be read")
    tour.fact(parcels=numbers)
    tour.open_workspace("scan_look")
    scan(tour, next(code for code in codes if numbers[0] in code))
    tour.shot("scan-parcel")


def _hold_and_release(tour: Tour, zebra: LabelPrinter, before: int) -> None:
    """What waits at a printer without paper is held; with new paper it is let go, and comes out."""
    tour.open_workspace("printing.queue")
    tour.driver.tab("open")
    tour.page.refresh()
    tour.settle()
    tour.shot("queue-out-of-paper")
    tour.row_menu(tour.say("label_printer"), "printing.job.hold")
    tour.until(lambda: str(tour.ask_database(LAST_JOB)).startswith("held"), "the job to be held")
    zebra.has_paper = True
    tour.shot("queue-held")
    tour.row_menu(tour.say("label_printer"), "printing.job.release")
    tour.until(lambda: len(zebra.jobs) > before, "the label on paper")


def _codes_of(pdf: bytes) -> list[str]:
    """What a scanner reads from the pages of a PDF."""
    found: list[str] = []
    with PDFIUM:
        document = pypdfium2.PdfDocument(pdf)
        for page in document:
            picture = page.render(scale=300 / 72).to_pil().convert("L")
            found += [f"{one.symbology_identifier}{one.text}" for one in zxingcpp.read_barcodes(picture)]
        document.close()
    return found


STEPS = (
    Step("paper_look_up", KEEPER, look_up),
    Step("paper_goods_in", KEEPER, goods_in),
    Step("paper_move", KEEPER, move_and_count),
    Step("paper_teach", KEEPER, teach),
)
PICKING = (Step("paper_pick", SHIPPER, pick), Step("paper_pack", SHIPPER, pack))
ARRIVING = (Step("paper_arrive", KEEPER, arrive),)
