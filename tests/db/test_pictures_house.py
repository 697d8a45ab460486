"""The old house's families and variants, and the pictures of its image service: each finds its own."""

from collections.abc import Iterator

import psycopg
import pytest

from app.core.db import Target
from app.core.embedded import dsn as address_of
from app.services.images import probe
from app.simulate.data import House, make
from app.simulate.fourd import FourDServer
from app.simulate.images import ImageServer
from tests.conftest import PASSWORD, login_of
from tests.legacy_engine_world import Sync, leading
from tests.legacy_world import expire

UNKNOWN = {"100000"}


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture(scope="module")
def pictures(house: House) -> Iterator[ImageServer]:
    with ImageServer(house) as found:
        yield found


@pytest.fixture(scope="module")
def sync(admin_dsn: str, house: House, pictures: ImageServer) -> Iterator[Sync]:
    target, _ = Target.from_dsn(admin_dsn)
    dsn = address_of(target.port, target.dbname, login_of("administrator"), PASSWORD)
    with (
        psycopg.connect(admin_dsn, autocommit=True) as admin,
        FourDServer(house) as server,
        leading(dsn, admin, server) as found,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("WERKBANK_LEGACY_PASSWORD", pictures.password)
        admin.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url, username)"
            " VALUES ('pictures', 'images', 'Pictures', %s, %s)",
            (pictures.url, pictures.username),
        )
        yield found


def test_families_and_variants_find_their_pictures_and_the_rest_is_kept(
    sync: Sync, pictures: ImageServer
) -> None:
    sync.run("images")
    everything = sync.one("SELECT count(*) FROM catalog.picture")
    assert everything == len({str(r["original_file"].get("file_id") or id(r)) for r in pictures.records})
    assert sync.one("SELECT count(*) FROM catalog.picture WHERE products > 0") == 0  # no product is there yet
    sync.run("full")
    assert sync.run("images").state == "done"
    lost = sync.rows("SELECT DISTINCT number FROM catalog.picture_article WHERE rule IS NULL")
    assert {number for (number,) in lost} <= UNKNOWN
    rules = dict(sync.rows("SELECT rule, count(*) FROM catalog.picture_article GROUP BY 1"))
    assert set(rules) - {None} == {"family", "variant", "sku"}
    # Only those stay behind that name no article or none that exists.
    named = sync.rows(
        "SELECT p.source_key FROM catalog.picture p JOIN catalog.picture_article a ON a.picture_id = p.id"
        " WHERE p.products = 0 AND a.number <> ALL (%s)",
        list(UNKNOWN),
    )
    assert named == []
    assert sync.one("SELECT count(*) FROM catalog.picture WHERE products = 0") > 0
    # Every product with a picture has one primary, and a product photo of the front where there is one.
    worse = sync.rows(
        "SELECT i.product_id FROM catalog.product_image i GROUP BY 1"
        " HAVING count(*) FILTER (WHERE i.is_primary) <> 1"
        " OR min(i.priority) FILTER (WHERE i.is_primary) > min(i.priority)"
    )
    assert worse == []
    before = sync.one("SELECT max(id) FROM audit.entry WHERE table_name LIKE 'catalog.%%'")
    sync.run("images")
    assert sync.one("SELECT max(id) FROM audit.entry WHERE table_name LIKE 'catalog.%%'") == before


def test_the_service_is_tried_from_its_form(sync: Sync, pictures: ImageServer) -> None:
    (server,) = sync.rows("SELECT id FROM legacy.server WHERE kind = 'images'")
    expire(sync.admin)  # whoever tries it leads
    found = probe.test_service(sync.db, server[0])
    assert (found.error, found.pictures) == (None, len(pictures.records))
    status = "SELECT last_status FROM legacy.server_status WHERE server_id = %s"
    assert sync.one(status, *server) == "ok"
    pictures.password, kept = "another", pictures.password
    found = probe.test_service(sync.db, server[0])
    pictures.password = kept
    sync.lead()
    assert found.error is not None
    assert (found.error.key, sync.one(status, *server)) == ("image_service_sign_in", "image_service_sign_in")
