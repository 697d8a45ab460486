"""An image service and its pictures: read once, shown everywhere, decided about by people."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

from app.core.db import ClientInfo, Database, Target
from app.core.i18n import t
from app.services.legacy.engine import run_next
from app.services.legacy.leader import Leader
from app.services.legacy.service import Services
from app.simulate.data import make
from app.simulate.images import ImageServer
from app.tour.steps.start import choose_looks
from app.tour.steps.step import ADMINISTRATOR, MARKETING, Step
from app.tour.tour import Tour
from app.views.catalog.gallery import GalleryCard
from app.views.catalog.product_page import ProductPage

KINDS = ("Produktfoto", "Produktfoto", "Szene", "Markt-Messe-Shop", "Illustration")


def _record(number: int, *articles: str, kind: str = "Produktfoto", front: bool = False) -> dict[str, Any]:
    name = f"/media/IMG_{number}"
    return {
        "original_file": {
            "file_id": number,
            "type": kind,
            "format": "jpeg",
            "file_url": f"{name}.jpeg",
            "resolution": [800, 600],
        },
        "exported_files": [
            {"type": "png", "resolution": [266, 200], "image_url": f"{name}_png.png"},
            {"type": "jpg_k", "resolution": [160, 120], "image_url": f"{name}_jpg_k.jpg"},
            {"type": "jpg_g", "resolution": [640, 480], "image_url": f"{name}_jpg_g.jpg"},
            {"type": "psd"},
        ],
        "articles": [{"number": article, "front": front} for article in articles],
    }


def service(tour: Tour) -> None:
    """A service with pictures of the demo company's articles, and the administrator's entry of it."""
    # Half of the articles have no picture of their own yet.
    tour.ask_database(
        "WITH gone AS (DELETE FROM catalog.product_image i USING catalog.product p"
        " WHERE p.id = i.product_id AND mod(coalesce(p.family_id, p.id), 2) = 0 RETURNING i.id)"
        " SELECT count(*) FROM gone"
    )
    with_family = tour.ask_database(
        "SELECT jsonb_agg(jsonb_build_array(x.code, x.sku)) FROM ("
        " SELECT f.code, min(p.sku) AS sku FROM catalog.family f JOIN catalog.product p ON p.family_id = f.id"
        " GROUP BY f.id, f.code ORDER BY mod(f.id, 2), f.code) x"
    )
    alone = tour.ask_database(
        "SELECT jsonb_agg(p.sku ORDER BY p.sku) FROM catalog.product p WHERE p.family_id IS NULL"
    )
    server = tour.at_end.enter_context(ImageServer(make("small")))
    server.quirks.delay = 0.05
    server.records.clear()
    number = 4200
    for place, (code, _sku) in enumerate(with_family):
        for kind in KINDS[: 3 + place % 3]:
            number += 1
            server.records.append(
                _record(number, code, kind=kind, front=kind == KINDS[0] and number % 2 == 0)
            )
    for sku in alone or ():
        number += 1
        server.records.append(_record(number, sku, kind="Produktfoto" if number % 3 else "Szene", front=True))
    server.records += [
        _record(9000 + n, *(("999100",) if n % 2 else ()), kind=KINDS[n % 5]) for n in range(7)
    ]
    tour.memory["server"], tour.memory["article"] = server, with_family[0][1]
    before = os.environ.get("WERKBANK_LEGACY_PASSWORD")
    os.environ["WERKBANK_LEGACY_PASSWORD"] = server.password

    def forget() -> None:
        if before is None:
            os.environ.pop("WERKBANK_LEGACY_PASSWORD", None)
        else:
            os.environ["WERKBANK_LEGACY_PASSWORD"] = before

    tour.at_end.callback(forget)
    choose_looks(tour)
    tour.sign_in(ADMINISTRATOR)
    tour.open_workspace("legacy.servers")
    tour.act("new") if tour.driver.find("action.new") is not None else tour.driver.click("empty.new")
    tour.wait_form()
    tour.fill("title", tour.say("image_service"))
    tour.driver.choose("field.kind", "images")
    tour.fill("code", "pictures")
    tour.fill("base_url", server.url)
    tour.fill("username", server.username)
    tour.shot("service")
    tour.save()


@contextlib.contextmanager
def _leads(tour: Tour) -> Iterator[Callable[[], None]]:
    """What `werkbank sync --watch` is: another client of the house leads; the function does what was asked for."""
    target, password = Target.from_dsn(tour.stage.instance.user_dsn(ADMINISTRATOR))
    db = Database(target, password, client=ClientInfo(name="werkbank tour"))
    stop = threading.Event()
    db.open()
    try:
        leader = Leader(db)
        tour.driver.wait(leader.take, "the lease")
        services = Services(db, leader, None, stop)

        def work() -> None:
            while run_next(db, services, stop=stop, progress=lambda _progress: None, scheduled=False):
                pass

        yield work
        leader.release()
    finally:
        db.close()


def _read(tour: Tour, runs: int) -> None:
    """Press the button, lead, and wait until the run is through."""
    with _leads(tour) as work:  # where nobody leads, nothing can be asked for
        tour.driver.click("action.read_now")
        tour.settle()
        work()
    done = "SELECT count(*) FROM legacy.run WHERE mode = 'images' AND state IN ('done', 'warnings')"
    tour.driver.wait(lambda: tour.ask_database(done) >= runs, "the reading")
    tour.page.refresh()
    tour.settle()


def reading(tour: Tour) -> None:
    """One press on the button: whoever leads reads the service, page by page."""
    tour.open_workspace("media.history")
    tour.shot("before")
    total = len(tour.memory["server"].records)
    with tour.timed("reading"):
        _read(tour, 1)
    found = tour.ask_database("SELECT count(*) FROM catalog.picture")
    tour.expect(found == total, f"{found} of {total} pictures")
    tour.shot("history")
    tour.fact(pictures=total, pages=tour.memory["server"].counters.requests["page"])


def everywhere(tour: Tour) -> None:
    """The pictures stand in the lists at once, and are fetched once only."""
    tour.be(MARKETING)
    server: ImageServer = tour.memory["server"]
    tour.open_workspace("catalog.products")
    tour.settle()
    tour.shot("products")
    fetched = server.counters.requests["media"]
    tour.close_tabs()
    tour.open_workspace("catalog.products")
    tour.settle()
    tour.expect(server.counters.requests["media"] == fetched, "pictures were fetched twice")
    tour.open_workspace("catalog.families")
    tour.settle()
    tour.shot("families")


def gallery(tour: Tour) -> None:
    """All pictures of a product; another one becomes the primary one, by hand."""
    sku = tour.memory["article"]
    tour.open_workspace("catalog.products")
    tour.open_row(sku)
    tour.wait_form()
    page = tour.page
    assert isinstance(page, ProductPage)
    tour.settle()
    tour.shot("gallery")
    card: GalleryCard = page.picture_card
    other = next(one for one in page.product.pictures if not one.is_primary and not one.own)  # type: ignore[union-attr]
    tour.driver.click(f"gallery.{other.id}")
    tour.settle()
    tour.shot("gallery-other")
    tour.driver.click("picture.primary")
    tour.until(lambda: _primary(card) == other.id, "the new primary picture")
    tour.shot("gallery-primary")


def _primary(card: GalleryCard) -> int | None:
    return card.selected.id if card.selected is not None and card.selected.is_primary else None


def orphans(tour: Tour) -> None:
    """Pictures that name no known number are given to a product by hand, several at once."""
    tour.open_workspace("media.pictures")
    tour.settle()
    tour.select_row(0)
    tour.settle()
    tour.shot("orphans")
    view = tour.list_view()
    view.selectAll()
    tour.settle()
    tour.driver.click("action.bulk")
    tour.driver.menu(t("media.assign.bulk").replace("&", ""))
    tour.driver.see("dialog.assign")
    tour.driver.type("field.product", tour.memory["article"])
    tour.take_first(tour.memory["article"])
    tour.settle()
    tour.shot("assign")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.assign")
    tour.settle()
    left = tour.ask_database("SELECT count(*) FROM catalog.picture WHERE products = 0")
    tour.expect(left == 0, f"{left} pictures are still without product")


def matching(tour: Tour) -> None:
    """Why a product shows a picture: the number, the rule, and everything that was tried."""
    tour.open_workspace("media.pictures")
    tour.driver.tab("all")
    tour.settle()
    tour.select_row("IMG_4201.jpeg")
    tour.settle()
    tour.shot("picture")
    tour.driver.tab("numbers")
    tour.settle()
    tour.shot("matching")


def again(tour: Tour) -> None:
    """The service goes on: a picture comes, one changes, one goes; what was chosen by hand stays."""
    server: ImageServer = tour.memory["server"]
    sku = tour.memory["article"]
    server.insert(_record(9900, sku, front=True))
    server.delete(len(server.records) - 1)
    tour.be(ADMINISTRATOR)
    tour.open_workspace("media.history")
    _read(tour, 2)
    tour.shot("changes")
    rule = tour.ask_database(
        "SELECT i.is_chosen FROM catalog.product_image i JOIN catalog.product p ON p.id = i.product_id"
        " WHERE p.sku = %s AND i.is_primary",
        sku,
    )
    tour.expect(rule, "the choice by hand did not survive")


def away(tour: Tour) -> None:
    """The service is away: lists show what they have shown before."""
    tour.memory["server"].stop()
    tour.be(MARKETING)
    tour.open_workspace("catalog.products")
    tour.settle()
    tour.shot("offline")


STEPS = (
    Step("image_service", ADMINISTRATOR, service, signs_in=True),
    Step("image_reading", ADMINISTRATOR, reading),
    Step("image_everywhere", MARKETING, everywhere),
    Step("image_gallery", MARKETING, gallery),
    Step("image_orphans", MARKETING, orphans),
    Step("image_matching", MARKETING, matching),
    Step("image_again", ADMINISTRATOR, again),
    Step("image_away", MARKETING, away),
)
