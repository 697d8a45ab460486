"""Pictures on documents: where the house's layouts want them, from where the screens have them, never waited for."""

import io
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image
from pypdf import PdfReader
from sqlalchemy.orm import Session

from app.core.db import Database
from app.core.errors import Unavailable
from app.core.picture_cache import PictureCache
from app.services.catalog import writes as catalog
from app.services.catalog.commands import SetImage
from app.services.documents import templates
from app.services.documents.commands import DocumentType
from app.services.documents.data import DocumentData
from app.services.documents.render import render
from app.services.documents.templates import SaveTemplate
from app.services.images.fetch import Source
from app.services.images.printed import Paper
from app.services.labels import reads as labels
from app.services.sales import documents, writes
from app.services.sales.commands import ConvertQuote, IssueQuote
from tests.sales_world import Raw, World, build
from tests.views.test_images import png

As = Callable[[str], Database]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


class Service:
    """Stands where the image service is: what it gives, or an event it waits for in vain."""

    def __init__(self, content: bytes | None = None, *, hangs: threading.Event | None = None) -> None:
        self.content, self.hangs = content, hangs
        self.asked: list[str] = []
        self.source: Source | None = None

    @property
    def knows(self) -> bool:
        return self.source is not None

    def learn(self, source: Source | None) -> None:
        self.source = source or Source()

    def __call__(self, url: str) -> bytes:
        self.asked.append(url)
        if self.hangs is not None:
            self.hangs.wait(30)
        if self.content is None:
            raise Unavailable("image_service_away", url=url)
        return self.content


def _images(data: DocumentData) -> int:
    return sum(len(page.images) for page in PdfReader(io.BytesIO(render(data))).pages)


def _from_service(admin: Raw, product: int) -> None:
    """A picture of the image service for the product."""
    admin.execute("DELETE FROM catalog.product_image WHERE product_id = %s", (product,))
    admin.execute("DELETE FROM catalog.picture_file")
    admin.execute("DELETE FROM catalog.picture")
    admin.execute(
        "WITH p AS (INSERT INTO catalog.picture (source_key, hash, file_hash, said_hash, kind, name)"
        "           VALUES ('7', 'h', repeat('7', 64), 'h', 'Produktfoto', 'Bell') RETURNING id, file_hash),"
        " f AS (INSERT INTO catalog.picture_file (picture_id, position, format, url, is_large, is_small)"
        "       SELECT id, 0, 'png', '/media/7.png', true, true FROM p)"
        " INSERT INTO catalog.product_image (product_id, picture_id, file_hash, rule, is_primary)"
        " SELECT %s, id, file_hash, 'sku', true FROM p",
        (product,),
    )


def test_the_layout_says_which_documents_show_pictures(world: World, as_role: As, admin: Raw) -> None:
    """Quotes do as a rule, orders once somebody wants it; an uploaded picture comes from the database."""
    rep, marketing = as_role("sales_rep"), as_role("marketing")
    marketing.write(catalog.set_image, SetImage(world.bell, png("red")))
    lines = [world.line(world.bell, 2, "7.99"), world.line(world.bike, 1, "700")]
    quote = rep.write(writes.save_quote, world.quote(lines)).value

    def paper(session: Session, kind: DocumentType, number: int) -> DocumentData:
        return templates.designed(session, documents.document_for(session, kind, number))

    data = rep.read(paper, "quote", quote.id)
    assert [line.image is not None for line in data.lines] == [True, False]
    assert _images(data) == 0  # named, and not yet there
    with_picture = rep.read(Paper().add, data)
    assert _images(with_picture) == 1
    assert Image.open(io.BytesIO(with_picture.lines[0].picture or b"")).format == "JPEG"
    issued = rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version)).value
    order = rep.write(writes.convert_quote, ConvertQuote(issued.id, issued.row_version)).value
    assert _images(rep.read(Paper().add, rep.read(paper, "sales_order", order.id))) == 0
    for kind, wanted in (("order_confirmation", True), ("quote", False)):
        values = {"kind": kind, "language": "", "partner_id": None, "changes": {"pictures": wanted}}
        marketing.write(templates.save_template, SaveTemplate(None, None, values))
    assert _images(rep.read(Paper().add, rep.read(paper, "sales_order", order.id))) == 1
    assert _images(rep.read(Paper().add, rep.read(paper, "quote", issued.id))) == 0
    admin.execute("DELETE FROM documents.template")


def test_a_picture_of_the_service_is_fetched_once_and_never_waited_for(
    world: World, as_role: As, admin: Raw, tmp_path: Path
) -> None:
    rep = as_role("sales_rep")
    _from_service(admin, world.bell)
    quote = rep.write(writes.save_quote, world.quote([world.line(world.bell, 1, "7.99")])).value
    data = rep.read(documents.document_for, "quote", quote.id)
    cache = PictureCache(tmp_path)

    def pictures(service: Any) -> int:
        return _images(rep.read(Paper(cache, service, patience=20).add, data))

    assert pictures(Service()) == 0  # away
    assert pictures(Service(b"<html>")) == 0  # something else
    later = threading.Event()
    slow = Paper(PictureCache(tmp_path / "slow"), Service(png("red"), hangs=later), patience=0.05)
    assert _images(rep.read(slow.add, data)) == 0  # made without it
    later.set()
    assert pictures(None) == 0
    good = Service(png("blue"))
    assert (pictures(good), good.asked) == (1, ["/media/7.png"])
    offline = Service()
    assert (pictures(offline), offline.asked) == (1, [])
    cache.clear()
    admin.execute("UPDATE catalog.picture_file SET content = %s", (png("green"),))  # a copy: nobody is asked
    assert (pictures(offline), offline.asked) == (1, [])


def test_labels_show_pictures_of_the_service(world: World, as_role: As, admin: Raw, tmp_path: Path) -> None:
    rep = as_role("sales_rep")
    _from_service(admin, world.bell)

    def label(session: Session, paper: Paper) -> object:
        (source,) = labels.pictured(session, paper, labels.sources(session, "product", [world.bell]))
        return source.record["product.picture"]

    cache = PictureCache(tmp_path)
    assert rep.read(label, Paper(cache, Service(), patience=20)) is None  # away: the label goes without
    good = Service(png("blue"))
    assert rep.read(label, Paper(cache, good, patience=20)) is not None
    assert good.asked == ["/media/7.png"]
    assert rep.read(label, Paper(cache, Service(), patience=20)) is not None  # from this workplace's cache
