"""The files behind the records of an image service: replaced ones are noticed, locked ones are copied for all."""

import pytest

from app.core.errors import Unavailable
from app.services.images import media, reads
from app.services.images.fetch import PictureFetcher
from app.simulate.images import ImageServer
from tests.catalog_world import Basics, product
from tests.db import test_pictures as world
from tests.db.test_pictures import As, Leader, Raw, record

house, server, given, leader = world.house, world.server, world.given, world.leader

NAME = "SELECT content_hash FROM catalog.product_image WHERE is_primary AND product_id = %s"


def _copies(admin: Raw) -> dict[str, bool]:
    found = admin.execute(
        "SELECT f.url, f.content IS NOT NULL FROM catalog.picture_file f WHERE f.is_large OR f.is_small"
    )
    return dict(found.fetchall())


def test_a_file_replaced_under_its_address_gets_another_name_in_caches(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    item = product(as_role("marketing"), given, "F1", "Replaced").id
    server.records += [record(1, ("F1", True)), record(2)]
    assert leader.run(server)["state"] == "done"
    names = [admin.execute(NAME, (item,)).fetchone()]
    marks = admin.execute("SELECT mark FROM catalog.picture_file WHERE is_large OR is_small").fetchall()
    assert len(marks) == 4
    assert all(mark.startswith("tag:") for (mark,) in marks)
    asked = server.counters.requests["media"]
    before = admin.execute("SELECT xmin::text, id FROM catalog.picture_file ORDER BY id").fetchall()
    again = leader.run(server)
    assert (again["unchanged"], again["changed"]) == (2, 0)
    assert server.counters.requests["media"] == asked + 4  # asked for its mark, not read
    assert admin.execute("SELECT xmin::text, id FROM catalog.picture_file ORDER BY id").fetchall() == before
    names.append(admin.execute(NAME, (item,)).fetchone())
    server.repaint("/media/P1_png.png")
    leader.run(server)
    names.append(admin.execute(NAME, (item,)).fetchone())
    assert names[0] == names[1] != names[2]
    told = admin.execute(
        "SELECT p.source_key FROM catalog.picture_change c JOIN catalog.picture p ON p.id = c.picture_id"
        " WHERE c.details ? 'files'"
    ).fetchall()
    assert told == [("1",)]
    # Said to be another one, and back again: never under a name whose file may be an older one.
    server.change(0, resolution=[900, 600])
    leader.run(server)
    server.change(0, resolution=[800, 600])
    leader.run(server)
    names.append(admin.execute(NAME, (item,)).fetchone())
    assert names[3] not in names[:3]
    # Other words of the record leave its files alone.
    server.change(0, articles=[{"number": "F1", "front": False}])
    leader.run(server)
    assert admin.execute(NAME, (item,)).fetchone() == names[3]
    shown = admin.execute("SELECT record_count FROM legacy.entity WHERE code = 'picture'").fetchone()
    assert shown == (2,)  # what the overview says is here


def test_files_behind_the_password_are_shown_to_people_without_it(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    item = product(as_role("marketing"), given, "F2", "Locked").id
    server.quirks.media_auth = True
    server.records += [record(1, ("F2", True))]
    assert leader.run(server)["state"] == "done"
    assert set(_copies(admin).values()) == {True}
    viewer = as_role("viewer")
    one = viewer.read(media.gallery, item)[0]
    (small,) = viewer.read(reads.thumbnails, [one.id])
    large = viewer.read(reads.full, one.id)
    assert bytes(small.content or b"").startswith(b"\x89PNG")
    assert large.content is not None
    assert len(large.content) > len(small.content or b"")
    (alone,) = viewer.read(reads.thumbnails, [-(one.picture_id or 0)])
    assert alone.content == small.content
    # Nothing that signs in reaches the window.
    fetch = PictureFetcher(lambda: viewer.read(reads.source))
    fetch.prepare()
    with pytest.raises(Unavailable) as refused:
        fetch(small.url or "")
    fetch.close()
    assert refused.value.params["status"] == 401
    asked = server.counters.requests["media"]
    leader.run(server)
    assert (
        server.counters.requests["media"] <= asked + 4
    )  # marks only; one more each until it asks for the password
    server.repaint("/media/P1_png.png")
    leader.run(server)
    (anew,) = viewer.read(reads.thumbnails, [one.id])
    assert (anew.hash != small.hash, anew.content != small.content) == (True, True)
    server.quirks.media_auth = False
    leader.run(server)
    assert set(_copies(admin).values()) == {False}  # everybody can have them where they are


def test_files_that_cannot_be_had_are_told_and_change_nothing(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    server.records += [record(number) for number in range(1, 11)]
    leader.run(server)
    before = admin.execute("SELECT file_hash FROM catalog.picture ORDER BY id").fetchall()
    for _ in range(40):
        server.fail("500", where="/media/")
    done = leader.run(server)
    server.luck.forget()
    assert (done["state"], done["error"]) == ("warnings", None)
    assert admin.execute("SELECT file_hash FROM catalog.picture ORDER BY id").fetchall() == before
