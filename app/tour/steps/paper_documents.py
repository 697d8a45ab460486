"""Documents: the house's look, papers of every kind, files beside a record, the archive and its proof."""

import csv
from typing import get_args

from PIL import Image, ImageDraw

from app.services.documents.contents import page_image
from app.services.documents.data import Kind, Language
from app.services.documents.render import render
from app.services.documents.samples import sample
from app.tour.steps.step import FINANCE, KEEPER, MARKETING, PLANNER, REP, Step
from app.tour.tour import Tour
from app.views.documents.verify_dialog import VerifyDialog
from app.views.templates.template_page import TemplatePage

LOOKED_AT: tuple[Kind, ...] = (
    "quote",
    "final_invoice",
    "reminder",
    "purchase_order",
    "work_order",
    "price_list",
)
ACROSS, WIDE, HIGH = 5, 480, 700


def layout(tour: Tour) -> None:
    """The look of the house's papers: colour and words, seen on the paper at once, for every kind."""
    tour.close_tabs()
    tour.driver.click("rail.settings")
    tour.settle()
    tour.driver.click("settings.templates")
    tour.driver.wait(lambda: tour.page.objectName() == "page.documents.templates", "the layouts")
    tour.settle()
    tour.shot("layouts")
    tour.driver.keys("Ctrl+N")
    tour.wait_form()
    _seen(tour)
    tour.shot("layout")
    tour.fill("accent", "#7A2E1F")
    tour.fill("intro", tour.say("intro"))
    _seen(tour)
    tour.shot("layout-changed")
    for kind in LOOKED_AT:
        tour.driver.choose("field.kind", kind)
        _seen(tour)
        tour.shot(f"layout-{kind}")
    tour.driver.choose("field.kind", "invoice")
    tour.save()
    kept = "SELECT changes ->> 'accent' FROM documents.template WHERE kind = 'invoice' AND partner_id IS NULL"
    tour.expect(tour.ask_database(kept) == "#7A2E1F", "the look was not kept")


def _seen(tour: Tour) -> None:
    page = tour.form
    assert isinstance(page, TemplatePage)
    tour.settle()
    tour.driver.wait(lambda: page.paper is not None and page.paper.sheet.shown, "the paper")


def every_kind(tour: Tour) -> None:
    """A sample of every kind of document as a file, and all of them side by side as a picture."""
    folder = tour.folder / "papers"
    folder.mkdir(exist_ok=True)
    language: Language = "en" if tour.language == "en" else "de"
    kinds: tuple[Kind, ...] = get_args(Kind)
    sheet = Image.new("RGB", (ACROSS * WIDE, -(-len(kinds) // ACROSS) * HIGH), "#9aa2b0")
    draw = ImageDraw.Draw(sheet)
    for number, kind in enumerate(kinds):
        pdf = render(sample(kind, language))
        (folder / f"{kind}.pdf").write_bytes(pdf)
        page = page_image(pdf, 0, WIDE - 20)
        picture = Image.frombuffer("RGB", (page.width, page.height), page.pixels, "raw", "BGRX", 0, 1)
        picture.thumbnail((WIDE - 20, HIGH - 40))
        left, top = number % ACROSS * WIDE + 10, number // ACROSS * HIGH + 30
        sheet.paste(picture, (left, top))
        draw.text((left, top - 22), f"{kind}, {page.pages} p.", fill="#14171c")
    sheet.save(tour.folder / "papers.png")
    tour.fact(kinds=len(kinds))


def papers(tour: Tour) -> None:
    """Papers from records: traveller and material list of a work order, opened by the program of the system."""
    tour.open_workspace("work_orders")
    for kind in ("work_order", "material_list"):
        _from_row(tour, tour.memory["work_order"], kind)
    tour.shot("paper-work-order")


def warehouse_papers(tour: Tour) -> None:
    """Count sheet of a warehouse, without and with what the books say."""
    tour.open_workspace("warehouses")
    for kind in ("count_sheet", "count_sheet_booked"):
        _from_row(tour, tour.story.warehouse, kind)
    tour.shot("paper-warehouse")


def _from_row(tour: Tour, row: str, kind: str) -> None:
    desk = tour.desk
    before = len(desk.opened)
    tour.row_menu(row, f"papering.{kind}")
    tour.until(lambda: len(desk.opened) > before, f"the paper {kind}")
    content = desk.opened[-1].read_bytes()
    tour.expect(content.startswith(b"%PDF"), f"{kind} is no PDF")
    (tour.folder / f"paper-{kind}.pdf").write_bytes(content)


def attachments(tour: Tour) -> None:
    """Files dropped onto a customer: a drawing, its next version looked at in place, a program that is asked about."""
    tour.close_tabs()
    tour.palette(tour.story.dealer, "record.partners.partner.")
    form = tour.wait_form()
    folder = tour.folder / "to-drop"
    folder.mkdir(exist_ok=True)
    drawing, photo, program = folder / "Zeichnung.pdf", folder / "Muster.png", folder / "setup.exe"
    drawing.write_bytes(render(sample("material_list", "de")))
    Image.new("RGB", (640, 400), "#7a2e1f").save(photo)
    program.write_bytes(b"MZ" + bytes(200))
    tour.drop(drawing, photo)
    count = "SELECT count(*) FROM documents.attachment WHERE topic = 'partners.partner' AND record_id = %s"
    tour.until(lambda: tour.ask_database(count, form.record.id) == 2, "the dropped files")
    tour.shot("attachments")
    drawing.write_bytes(render(sample("material_list", "en")))
    tour.drop(drawing)
    tour.driver.see("dialog")
    tour.shot("attachment-version")
    tour.driver.click("dialog.yes")
    version = "SELECT max(version) FROM documents.attachment_version"
    tour.until(lambda: tour.ask_database(version) == 2, "the second version")
    tour.drop(program)
    tour.driver.see("dialog")
    tour.shot("attachment-program")
    tour.driver.keys("Esc")
    tour.driver.gone("dialog")
    which = "SELECT id FROM documents.attachment WHERE name = 'Zeichnung.pdf' ORDER BY id DESC LIMIT 1"
    tour.driver.click(f"file.{tour.ask_database(which)}")
    tour.driver.see("dialog.file")
    tour.settle()
    tour.shot("attachment-looked-at")
    tour.driver.keys("Esc")
    tour.driver.gone("dialog.file")


def archive(tour: Tour) -> None:
    """A document found by its words, the archive proved, a year handed to an auditor."""
    tour.close_tabs()
    tour.open_workspace("documents.archive")
    header = tour.list_view().header
    field = header.field("number")
    assert field is not None
    tour.driver.press(field, "the filter of the number")
    tour.driver.write(tour.memory["invoice"])
    tour.settle()
    tour.select_row(0)
    tour.settle()
    tour.shot("archive")
    tour.driver.click("action.verify")
    tour.driver.see("dialog.verify")
    dialog = tour.window.findChild(VerifyDialog)
    assert dialog is not None
    tour.until(lambda: dialog.done, "the archive to be looked through")
    tour.expect(not dialog.findings, f"the archive is not as it was: {dialog.findings}")
    tour.shot("archive-verified")
    tour.driver.click("dialog.close")
    tour.driver.gone("dialog.verify")
    tour.driver.click("action.export")
    tour.driver.see("dialog.export")
    tour.shot("archive-export")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.export")
    tour.until(lambda: list(tour.folder.glob("*/index.xml")), "the audit export")
    (found,) = tour.folder.glob("*/index.xml")
    tour.shot("archive-exported")
    with (found.parent / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream, delimiter=";"))
    tour.fact(verified=dialog.looked, exported=len(rows) - 1)


STEPS = (
    Step("paper_layout", MARKETING, layout),
    Step("paper_every_kind", MARKETING, every_kind),
    Step("paper_papers", PLANNER, papers),
    Step("paper_warehouse", KEEPER, warehouse_papers),
    Step("paper_attachments", REP, attachments),
)
ARCHIVE = (Step("paper_archive", FINANCE, archive),)
