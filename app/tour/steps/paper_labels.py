"""Labels: a design of the house's own, labels on paper, and what a scanner reads from them."""

import zxingcpp

from app.simulate.label_printer import LabelPrinter, labels_of
from app.tour.driver import TourError
from app.tour.peers import Office
from app.tour.steps.step import KEEPER, MARKETING, Step
from app.tour.tour import Tour
from app.views.labels.design_page import DesignPage
from app.views.labels.print_page import SINGLE, PrintPage

ARTICLES = ("11440-BE", "19120-BE")
PLACES = ("WE", "VS", "SC4701.AP", "SC4717.AP")
EAN = "SELECT ean FROM catalog.product WHERE sku = %s"
_IDS = {
    "product": "SELECT array_agg(id ORDER BY sku) FROM catalog.product WHERE sku = ANY (%s)",
    "place": "SELECT array_agg(id ORDER BY code) FROM inventory.place WHERE code = ANY (%s)",
    "lot": "SELECT array_agg(DISTINCT b.lot_id) FROM inventory.stock_balance b JOIN catalog.product p"
    " ON p.id = b.product_id WHERE b.lot_id IS NOT NULL AND p.sku = ANY (%s)",
    "work_order": "SELECT array_agg(id) FROM production.work_order WHERE number = ANY (%s)",
}


def design(tour: Tour) -> None:
    """A design of one's own from one that comes with the program; the label follows every change."""
    tour.open_workspace("labels.designs")
    tour.shot("designs")
    tour.driver.click("adapt.product_57x32")
    tour.wait_form()
    page = tour.form
    assert isinstance(page, DesignPage)
    for key in ("name_de", "name_en"):
        tour.fill(key, tour.say("own_design"))
    table = tour.lines_table()
    first = next(n for n, line in enumerate(table.lines.lines) if line["kind"] == "text")
    tour.set_cell(first, "content", "{product.name} · Zinn")
    tour.settle()
    tour.shot("design")
    tour.expect(not page.problems, f"the design cannot be printed: {page.problems}")
    tour.set_cell(first, "wide", "300")
    tour.settle()
    tour.expect(page.problems, "a text wider than the label is not noticed")
    tour.shot("design-too-wide")
    tour.set_cell(first, "wide", "40")
    tour.save()
    tour.open_workspace("labels.designs")
    tour.shot("designs-own")


def print_labels(tour: Tour, topic: str, *names: str) -> list[str]:
    """Print the labels of these records and read the printed ones back, as a scanner does."""
    ids = tour.ask_database(_IDS[topic], list(names))
    if not ids:
        raise TourError(f"there is no {topic} {', '.join(names)}")
    tour.window.ctx.navigate.open_workspace("labels.print", topic=topic, ids=ids)
    tour.driver.wait(lambda: isinstance(tour.page, PrintPage) and tour.page.sources, "the labels")
    tour.settle()
    return _printed(tour, topic)


def _one_each(tour: Tour) -> None:
    """Back to one label of each, on the label printer."""
    tour.driver.choose("field.media", SINGLE)
    tour.driver.type("field.copies", "1", enter=True)
    tour.settle()


def _printed(tour: Tour, name: str) -> list[str]:
    zebra: LabelPrinter = tour.memory["zebra"]
    before = len(zebra.jobs)
    tour.driver.click("action.print")
    tour.until(lambda: len(zebra.jobs) > before, "the labels on paper")
    codes = read_back(tour, name, b"".join(zebra.jobs[before:]))
    tour.memory.setdefault("codes", {})[name] = codes
    return codes


def read_back(tour: Tour, name: str, zpl: bytes) -> list[str]:
    """Keep what was printed as pictures; what a scanner reads from them."""
    (tour.folder / f"label-{name}.zpl").write_bytes(zpl)
    codes: list[str] = []
    for number, picture in enumerate(labels_of(zpl), 1):
        picture.save(tour.folder / f"label-{name}-{number}.png")
        codes += [f"{one.symbology_identifier}{one.text}" for one in zxingcpp.read_barcodes(picture)]
    if not codes:
        raise TourError(f"nothing can be read from the labels of {name}")
    return codes


def labels(tour: Tour) -> None:
    """Labels of articles, one for each piece, from the list; on a sheet of A4; of lots, places and work orders."""
    tour.open_workspace("catalog.products")
    tour.row_menu(ARTICLES[0], "labels.action")
    tour.driver.wait(lambda: isinstance(tour.page, PrintPage) and tour.page.sources, "the labels")
    tour.settle()
    tour.driver.type("field.copies", "3", enter=True)
    tour.settle()
    tour.shot("labels")
    codes = _printed(tour, "copies")
    ean = tour.ask_database(EAN, ARTICLES[0])
    tour.expect(any(code.endswith(ean) for code in codes), f"{codes} instead of {ean}")
    tour.shot("labels-printed")
    _sheet(tour)
    _one_each(tour)
    read = {"product": print_labels(tour, "product", *ARTICLES)}
    read["lot"] = print_labels(tour, "lot", ARTICLES[1])
    tour.shot("labels-lot")
    read["place"] = print_labels(tour, "place", *PLACES)
    tour.shot("labels-place")
    order = tour.ask_database("SELECT number FROM production.work_order WHERE state = 'started' LIMIT 1")
    read["work_order"] = print_labels(tour, "work_order", order)
    tour.memory["work_order"] = order
    tour.fact(read={kind: sorted(set(found)) for kind, found in read.items()})


def _sheet(tour: Tour) -> None:
    """Thirty labels on a sheet that was begun, printed by the office's printer."""
    office: Office = tour.memory["office"]
    page = tour.page
    assert isinstance(page, PrintPage)
    before = len(office.printed())
    tour.driver.choose("field.template", "product_70x36")
    tour.settle()
    sheet = next(key for n in range(page.paper.count()) if (key := page.paper.itemData(n)) != SINGLE)
    tour.driver.choose("field.media", sheet)
    tour.driver.type("field.copies", "30", enter=True)
    tour.settle()
    page.start.chosen.emit(5)  # a click on the fifth label of the sheet
    tour.settle()
    tour.shot("labels-sheet")
    tour.driver.click("action.print")
    tour.until(lambda: len(office.printed()) > before, "the sheet of labels on paper")
    (tour.folder / "label-sheet.pdf").write_bytes(office.printed()[-1])


STEPS = (Step("paper_design", MARKETING, design), Step("paper_labels", KEEPER, labels))
