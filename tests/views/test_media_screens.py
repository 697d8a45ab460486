"""Pictures at the keyboard: gallery of a product, pictures without product, how the sync stands."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.media
from app.core.db import Database
from app.services.catalog import writes
from app.services.catalog.commands import SetImage
from app.simulate.data import make
from app.simulate.images import ImageServer
from app.views.catalog.gallery import GalleryCard
from app.views.media.pictures import assign
from tests.catalog_world import basics, product
from tests.db.test_pictures import Leader, record
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for
from tests.views.test_images import png

Raw = psycopg.Connection[Any]
Read = Callable[..., dict[str, Any]]


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.catalog, app.views.media)) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def read(as_role: AsRole, admin: Raw) -> Iterator[Read]:
    """Read these records from a service."""
    with ImageServer(make("small")) as server:

        def reading(*records: dict[str, Any]) -> dict[str, Any]:
            server.records[:] = records
            return Leader(as_role("administrator"), admin).run(server)

        yield reading


def words(card: GalleryCard, name: str) -> str:
    label = card.findChild(QLabel, name)
    assert label is not None
    return label.text()


def test_the_gallery_says_what_each_picture_is_and_a_choice_by_hand_stays(
    admin: Raw, as_role: AsRole, read: Read, tmp_path: Path, qtbot: QtBot
) -> None:
    marketing = as_role("marketing")
    angel = product(marketing, basics(admin), "20100", "Angel").id
    pictures = [record(1, ("20100", True)), record(2, ("20100", False), kind="Szene")]
    read(*pictures)
    with bench_of(marketing, tmp_path, qtbot) as bench:
        form = bench.open("catalog.product", angel)
        card: GalleryCard = form.picture_card
        bench.wait(lambda: card.selected is not None)
        assert words(card, "picture.title") == "Produktfoto · Vorderseite"
        assert words(card, "picture.file") == "JPEG · 640 × 480 · Bilderdienst"
        assert bench.find("picture.remove") is None
        scene = next(one for one in form.product.pictures if one.kind == "Szene")
        bench.click(f"gallery.{scene.id}")
        assert words(card, "picture.title") == "Szene"
        bench.click("picture.primary")
        bench.wait(lambda: form.product.image_id == scene.id)
        read(*pictures, record(3, ("20100", True)))
        form = bench.open("catalog.product", angel)
        form.refresh()
        bench.wait(lambda: len(form.product.pictures) == 3)
        assert form.product.image_id == scene.id
        bench.wait(lambda: card.selected is not None and card.selected.is_primary)
        bench.click("picture.primary")  # the rules again
        bench.wait(lambda: form.product.image_id != scene.id)


def test_an_own_picture_can_be_removed_and_one_of_the_service_takes_its_place(
    admin: Raw, as_role: AsRole, read: Read, tmp_path: Path, qtbot: QtBot
) -> None:
    marketing = as_role("marketing")
    angel = product(marketing, basics(admin), "20200", "Angel").id
    marketing.write(writes.set_image, SetImage(angel, png("red")))
    read(record(11, ("20200", True)))
    with bench_of(marketing, tmp_path, qtbot) as bench:
        form = bench.open("catalog.product", angel)
        bench.wait(lambda: form.picture_card.selected is not None)
        assert words(form.picture_card, "picture.title") == "Eigenes Bild"
        bench.click("picture.remove")
        bench.wait(lambda: [one.own for one in form.product.pictures] == [False])
        assert form.product.pictures[0].is_primary


def test_pictures_without_product_are_assigned_together(
    admin: Raw, as_role: AsRole, read: Read, tmp_path: Path, qtbot: QtBot
) -> None:
    marketing = as_role("marketing")
    angel = product(marketing, basics(admin), "20300", "Guardian").id
    read(record(21, ("nobody", False)), record(22))
    with bench_of(marketing, tmp_path, qtbot) as bench:
        page = bench.go("media.pictures", preset="orphans", filters={"name": "P2"})
        bench.wait(lambda: len(page.model.rows) == 2)
        page.table.selectAll()
        assign(bench.window.ctx, page.table.selected_rows())
        bench.see("dialog.assign")
        dialog: Any = bench.see("dialog.assign")
        bench.type("field.product", "20300", enter=True)
        bench.wait(lambda: angel in dialog.products)
        bench.click("dialog.yes")
        bench.wait(lambda: page.model.rows == [] or not page.model.rows)
        form = bench.open("catalog.product", angel)
        bench.wait(lambda: len(form.product.pictures) == 2)
        assert "von Hand zugeordnet" in words(form.picture_card, "picture.file")


def test_the_pane_says_what_was_tried_for_a_number(
    admin: Raw, as_role: AsRole, read: Read, tmp_path: Path, qtbot: QtBot
) -> None:
    marketing = as_role("marketing")
    product(marketing, basics(admin), "20400-BE", "Angel")
    read(record(31, ("20400", True)), record(32, ("31415", False)))
    with bench_of(marketing, tmp_path, qtbot) as bench:
        page = bench.go("media.pictures", preset="all", filters={"name": "P31"})
        bench.wait(lambda: len(page.model.rows) == 1)
        page.table.select_keys([page.model.rows[0].id])
        bench.see("product.20400-BE")
        assert "Stammnummer" in bench.everything()
        bench.click("product.20400-BE")
        assert bench.front().product.sku == "20400-BE"


def test_how_the_sync_stands_is_shown_to_everybody_and_asked_for_by_few(
    admin: Raw, as_role: AsRole, read: Read, tmp_path: Path, qtbot: QtBot
) -> None:
    read(record(41), record(42))
    admin.execute(
        "INSERT INTO legacy.server (code, kind, title, base_url)"
        " VALUES ('p', 'images', 'P', 'https://pictures.example')"
    )
    with bench_of(as_role("viewer"), tmp_path / "viewer", qtbot) as bench:
        page = bench.go("media.history")
        bench.wait(lambda: "Zuletzt gelesen" in bench.everything())
        assert any(row.kind == "created" for row in page.model.rows)
        assert not page.strip._now.isVisible()
    with bench_of(as_role("administrator"), tmp_path / "administrator", qtbot) as bench:
        page = bench.go("media.history")
        bench.wait(lambda: page.strip._now.isVisible())
        bench.click("action.read_now")
        bench.wait(
            lambda: (
                admin.execute(
                    "SELECT count(*) FROM legacy.run WHERE mode = 'images' AND state = 'waiting'"
                ).fetchone()
                == (1,)
            )
        )
