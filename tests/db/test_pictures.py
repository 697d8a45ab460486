"""Pictures of an image service: read by whoever leads, linked by rules, decided about by people."""

import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Cancelled, Conflict, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.catalog import writes
from app.services.catalog.commands import Discard, SetImage
from app.services.images import media, sync
from app.services.images.client import Service
from app.services.legacy.service import Progress
from app.services.security.keys import Keyring
from app.simulate.data import House, make
from app.simulate.images import ImageServer
from app.simulate.quirks import Fault, Quirks
from app.simulate.tls import make_certificate
from tests.catalog_world import Basics, basics, product
from tests.views.test_images import png

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]


def record(key: int, *articles: tuple[str, bool], kind: str = "Produktfoto", **more: Any) -> dict[str, Any]:
    """A record as the service stores it."""
    return {
        "original_file": {
            "file_id": key,
            "type": kind,
            "format": "jpeg",
            "file_url": f"/media/P{key}.jpeg",
            "resolution": [800, 600],
        },
        "exported_files": [
            {"type": "png", "resolution": [266, 200], "image_url": f"/media/P{key}_png.png"},
            {"type": "jpg_g", "resolution": [640, 480], "image_url": f"/media/P{key}_jpg_g.jpg"},
        ],
        "articles": [{"number": number, "front": front} for number, front in articles],
        **more,
    }


class Leader:
    """Who leads: a lease, and no background around it."""

    keyring: Keyring | None = None

    def __init__(self, db: Database, admin: Raw) -> None:
        self.db, self.admin = db, admin
        admin.execute("UPDATE legacy.lease SET until_at = now() - interval '1 second'")
        self.token = self.call("legacy_lease", p_client="test", p_seconds=300)["token"]
        self.stopped = False

    def check(self) -> None:
        if self.stopped:
            raise Cancelled("cancelled")

    def call(self, function: str, **params: Any) -> dict[str, Any]:
        from app.core.changes import NO_CHANGES, Result
        from app.core.db import call_api

        return self.db.write(lambda s, c: Result(call_api(s, function, **c), NO_CHANGES), params).value

    def run(self, server: ImageServer, *, size: int = 50, end: bool = True, **options: Any) -> dict[str, Any]:
        """One run from request to end; its outcome and counts."""
        self.admin.execute(
            "INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('pictures', 'images', 'P', %s)"
            " ON CONFLICT (code) DO UPDATE SET base_url = excluded.base_url",
            (server.url,),
        )
        self.call(
            "legacy_entities_set",
            p_token=self.token,
            p_entities=[{"code": "picture", "module": "images", "source": "x", "position": 1, "title": {}}],
        )
        if not self.admin.execute(
            "SELECT FROM legacy.run WHERE state IN ('waiting', 'running', 'interrupted')"
        ).fetchone():
            self.call(
                "legacy_run_request",
                p_command=uuid.uuid4(),
                p_mode="images",
                p_entities=None,
                p_options=options,
            )
        run = self.call("legacy_run_next", p_token=self.token)
        shown: list[Progress] = []
        service = Service(server.url, server.username, server.password, page_size=size, timeout=5)
        state, error = sync.run_images(
            self.db, self, run, stop=threading.Event(), progress=shown.append, service=service
        )
        if end:
            self.call("legacy_run_end", p_token=self.token, p_run_id=run["id"], p_state=state, p_error=error)
        row = self.admin.execute(
            "SELECT read_count, created_count, changed_count, unchanged_count, gone_count, warning_count"
            " FROM legacy.run_entity WHERE run_id = %s",
            (run["id"],),
        ).fetchone()
        assert row is not None
        names = ("read", "created", "changed", "unchanged", "gone", "warnings")
        return dict(zip(names, row, strict=True)) | {"state": state, "error": error, "shown": shown}


@pytest.fixture(scope="module")
def house() -> House:
    return make("small")


@pytest.fixture
def server(house: House) -> Iterator[ImageServer]:
    with ImageServer(house) as made:
        made.records.clear()
        yield made


@pytest.fixture
def given(admin: Raw) -> Iterator[Basics]:
    admin.execute("DELETE FROM catalog.product_image")
    admin.execute("DELETE FROM catalog.picture")
    admin.execute("DELETE FROM legacy.run")
    yield basics(admin)
    admin.execute("DELETE FROM legacy.server WHERE code = 'pictures'")


@pytest.fixture
def leader(as_role: As, admin: Raw, given: Basics) -> Leader:
    return Leader(as_role("administrator"), admin)


def shown(admin: Raw, product_id: int) -> list[tuple[Any, ...]]:
    """Pictures of a product: key, rule, priority, primary; the primary one first."""
    return admin.execute(
        "SELECT p.source_key, i.rule, i.priority, i.is_primary FROM catalog.product_image i"
        " LEFT JOIN catalog.picture p ON p.id = i.picture_id WHERE i.product_id = %s"
        " ORDER BY i.is_primary DESC, i.priority, p.source_key",
        (product_id,),
    ).fetchall()


def family(admin: Raw, code: str, *products: int) -> int:
    row = admin.execute(
        "INSERT INTO catalog.family (code, name) VALUES (%s, %s) RETURNING id", (code, code)
    ).fetchone()
    assert row is not None
    admin.execute("UPDATE catalog.product SET family_id = %s WHERE id = ANY (%s)", (row[0], list(products)))
    return int(row[0])


def test_numbers_find_products_by_the_rules_and_say_what_was_tried(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    db = as_role("marketing")
    painted = product(db, given, "803721", "Angel, painted", legacy_sku="11400-BE").id
    blank = product(db, given, "803722", "Angel, blank", legacy_sku="11400-BL").id
    alone = product(db, given, "KS-17-OX", "Bell").id
    family(admin, "503011", painted, blank)
    server.records += [
        record(1, ("503011", True)),
        record(2, ("503011-BE", False)),
        record(3, ("803722", False), kind="Szene"),
        record(4, ("KS-17", True), kind="Szene"),
        record(5, ("11400-BL", False), kind="Illustration"),
        record(6, ("503011-OX", False), kind="Illustration"),
        record(7, ("999", False)),
        record(8),
    ]
    done = leader.run(server)
    assert (done["state"], done["read"], done["created"]) == ("done", 8, 8)
    assert shown(admin, painted) == [
        ("1", "family", 0, True),
        ("2", "variant", 1, False),
        ("6", "parent", 3, False),
    ]
    assert shown(admin, blank) == [
        ("1", "family", 0, True),
        ("3", "sku", 3, False),
        ("5", "legacy", 3, False),
        ("6", "parent", 3, False),
    ]
    assert shown(admin, alone) == [("4", "base", 2, True)]
    tried = admin.execute(
        "SELECT a.rule, a.attempts FROM catalog.picture_article a WHERE a.number = '999'"
    ).fetchone()
    assert tried is not None
    assert tried[0] is None
    assert [step["rule"] for step in tried[1]] == ["family", "sku", "base", "legacy", "legacy_base"]
    assert {step["found"] for step in tried[1]} == {0}
    orphans = admin.execute("SELECT source_key FROM catalog.picture WHERE products = 0 ORDER BY 1").fetchall()
    assert orphans == [("7",), ("8",)]


def test_what_did_not_change_costs_no_write(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    item = product(as_role("marketing"), given, "U1", "Unchanged").id
    server.records += [record(n, ("U1", n == 3)) for n in range(1, 8)]
    leader.run(server, size=3)
    before = admin.execute("SELECT max(id), count(*) FROM audit.entry").fetchone()
    again = leader.run(server, size=3)
    after = admin.execute(
        "SELECT count(*) FROM audit.entry WHERE id > %s AND table_name LIKE 'catalog%%'",
        (before[0],),  # type: ignore[index]
    ).fetchone()
    assert (again["unchanged"], again["created"], again["changed"]) == (7, 0, 0)
    assert after == (0,)
    assert shown(admin, item)[0] == ("3", "sku", 0, True)


def test_a_change_a_deletion_and_a_return_are_followed(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    item = product(as_role("marketing"), given, "C1", "Changing").id
    server.records += [record(1, ("C1", True)), record(2, ("C1", False)), record(3)]
    leader.run(server)
    hash_of = "SELECT content_hash FROM catalog.product_image WHERE is_primary AND product_id = %s"
    first = admin.execute(hash_of, (item,)).fetchone()
    server.change(0, resolution=[900, 600])
    assert leader.run(server)["changed"] == 1
    assert admin.execute(hash_of, (item,)).fetchone() != first  # caches hold the old file no longer
    gone = server.delete(0)
    assert leader.run(server)["gone"] == 1
    assert shown(admin, item) == [("2", "sku", 1, True)]
    assert admin.execute("SELECT state FROM catalog.picture WHERE source_key = '1'").fetchone() == ("gone",)
    server.insert(gone)
    leader.run(server)
    assert shown(admin, item)[0] == ("1", "sku", 0, True)
    told = admin.execute(
        "SELECT c.kind FROM catalog.picture_change c JOIN catalog.picture p ON p.id = c.picture_id"
        " WHERE p.source_key = '1' AND c.kind <> 'primary' ORDER BY c.id"
    ).fetchall()
    assert [row[0] for row in told] == [
        "created", "linked", "changed", "gone", "unlinked", "back", "linked",
    ]  # fmt: skip


def test_a_choice_by_hand_survives_the_sync(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    db = as_role("marketing")
    item = product(db, given, "H1", "By hand").id
    server.records += [record(1, ("H1", True)), record(2, ("H1", False), kind="Szene")]
    leader.run(server)
    pictures = db.read(media.gallery, item)
    scene = next(one for one in pictures if one.kind == "Szene")
    db.write(media.set_primary, media.SetPrimary(scene.id, scene.row_version))
    server.change(0, type="Produktfoto", format="png")
    server.change(1, articles=[])  # the service no longer means this product
    leader.run(server)
    assert shown(admin, item)[0] == ("2", "hand", 3, True)
    server.delete(1)
    leader.run(server)
    assert shown(admin, item)[0] == ("2", "hand", 3, True)
    conflict = admin.execute("SELECT conflict FROM catalog.picture WHERE source_key = '2'").fetchone()
    assert conflict == ("chosen_gone",)
    scene = next(one for one in db.read(media.gallery, item) if one.kind == "Szene")
    db.write(media.set_primary, media.SetPrimary(scene.id, scene.row_version, chosen=False))
    # No longer wanted by anybody: what is gone gives way.
    assert shown(admin, item)[0] == ("1", "sku", 0, True)


def test_an_uploaded_picture_wins_until_it_is_removed(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    db = as_role("marketing")
    item = product(db, given, "UP", "Uploaded").id
    mine = db.write(writes.set_image, SetImage(item, png("red"))).value
    server.records += [record(1, ("UP", True))]
    leader.run(server)
    assert shown(admin, item) == [(None, None, 0, True), ("1", "sku", 0, False)]
    current = next(one for one in db.read(media.gallery, item) if one.id == mine.id)
    db.write(writes.discard_image, Discard(mine.id, current.row_version))
    assert shown(admin, item) == [("1", "sku", 0, True)]
    service = db.read(media.gallery, item)[0]
    with pytest.raises((Refused, NotAllowed)):
        db.write(writes.discard_image, Discard(service.id, service.row_version))


def test_orphans_are_given_to_products_and_stay_there(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    db = as_role("marketing")
    one, two = product(db, given, "O1", "One").id, product(db, given, "O2", "Two").id
    server.records += [record(1), record(2, ("nobody", False))]
    leader.run(server)
    orphans = db.read(media.list_pictures, ListQuery(preset="orphans")).rows
    command = media.AssignPictures(tuple(row.id for row in orphans), (one, two))
    assert db.write(media.assign, command).value == 4
    assert db.write(media.assign, command).value == 4  # the same command again: the same answer
    leader.run(server)
    assert [row[0] for row in shown(admin, one)] == ["1", "2"]
    assert db.read(media.list_pictures, ListQuery(preset="orphans")).rows == []
    mine = db.read(media.gallery, two)[0]
    db.write(writes.discard_image, Discard(mine.id, mine.row_version))
    assert [row[0] for row in shown(admin, two)] == ["2"]


def test_new_products_find_the_pictures_that_are_there(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    server.records += [record(1, ("LATE", True))]
    leader.run(server)
    item = product(as_role("marketing"), given, "LATE", "Late").id
    leader.run(server)
    assert shown(admin, item) == [("1", "sku", 0, True)]


def test_an_old_number_of_two_families_is_a_conflict_for_people(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    db = as_role("marketing")
    one = product(db, given, "A1", "One", legacy_sku="77").id
    two = product(db, given, "A2", "Two", legacy_sku="77").id
    server.records += [record(1, ("77", True))]
    assert leader.run(server)["state"] == "warnings"
    assert (shown(admin, one), shown(admin, two)) == ([], [])
    rows = db.read(media.list_pictures, ListQuery(preset="conflicts")).rows
    assert [row.conflict for row in rows] == ["ambiguous"]


def test_a_run_that_was_stopped_goes_on_where_it_was(
    leader: Leader, server: ImageServer, as_role: As, admin: Raw, given: Basics
) -> None:
    server.records += [record(n) for n in range(1, 31)]
    pages = iter(range(10))

    def third_page(_request: object) -> None:
        leader.stopped = next(pages) == 2

    server.before = third_page
    with pytest.raises(Cancelled):
        leader.run(server, size=10)
    server.before = None
    leader.stopped = False
    assert admin.execute("SELECT count(*) FROM catalog.picture").fetchone() == (20,)
    asked = server.counters.requests["page"]
    done = leader.run(server, size=10)
    assert (done["read"], done["created"], done["gone"]) == (30, 30, 0)
    assert server.counters.requests["page"] - asked == 1


def test_who_was_overtaken_writes_nothing_more(
    leader: Leader, server: ImageServer, admin: Raw, as_role: As
) -> None:
    server.records += [record(n) for n in range(1, 21)]
    pages = iter(range(10))

    def overtake(_request: object) -> None:
        if next(pages) == 1:
            admin.execute("UPDATE legacy.lease SET until_at = clock_timestamp() - interval '1 second'")
            Leader(as_role("system_administrator"), admin)

    server.before = overtake
    with pytest.raises(Refused, match="legacy_lease_lost") as lost:
        leader.run(server, size=10)
    assert lost.value.key == "legacy_lease_lost"
    assert admin.execute("SELECT count(*) FROM catalog.picture").fetchone() == (10,)


@pytest.mark.parametrize(
    ("fault", "key"),
    [("html", "image_service_html"), ("500", "image_service_status"), ("cut", "image_service_cut")],
)
def test_bad_answers_end_the_run_with_their_words_and_lose_nothing(
    leader: Leader, server: ImageServer, admin: Raw, fault: Fault, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.images.client.BACK_OFF", 0.01)
    server.records += [record(n) for n in range(1, 6)]
    leader.run(server)
    server.fail(*[fault] * 4, where="page=1")
    done = leader.run(server)
    assert (done["state"], done["error"]["key"]) == ("failed", key)
    assert admin.execute("SELECT count(*) FROM catalog.picture WHERE state = 'here'").fetchone() == (5,)
    server.fail(fault, where="page=1")
    assert leader.run(server)["state"] == "done"  # one bad answer is borne


def test_a_list_that_shrinks_while_it_is_read_marks_nothing_gone(
    leader: Leader, server: ImageServer, admin: Raw
) -> None:
    server.records += [record(n) for n in range(1, 31)]
    leader.run(server, size=10)
    pages = iter(range(10))

    def shrink(_request: object) -> None:
        if next(pages) == 1:
            server.delete(0)

    server.before = shrink
    assert leader.run(server, size=10)["gone"] == 0
    server.before = None
    assert leader.run(server, size=10)["gone"] == 1


def test_only_whom_it_concerns_may(leader: Leader, as_role: As, given: Basics, admin: Raw) -> None:
    item = product(as_role("marketing"), given, "R1", "Rights").id
    admin.execute(
        "INSERT INTO catalog.picture (source_key, hash, file_hash, said_hash, kind, name)"
        " VALUES ('r', 'h', 'f', 'f', '', '')"
    )
    picture = admin.execute("SELECT id FROM catalog.picture WHERE source_key = 'r'").fetchone()
    assert picture is not None
    command = media.AssignPictures((picture[0],), (item,))
    with pytest.raises(NotAllowed):
        as_role("viewer").write(media.assign, command)
    as_role("marketing").write(media.assign, command)
    mine = as_role("viewer").read(media.gallery, item)[0]
    with pytest.raises(NotAllowed):
        as_role("sales_rep").write(media.set_primary, media.SetPrimary(mine.id, mine.row_version))
    with pytest.raises(Conflict):
        as_role("marketing").write(media.set_primary, media.SetPrimary(mine.id, mine.row_version + 1))
    for function in ("picture_apply", "picture_files", "picture_gone", "picture_match"):
        with pytest.raises(NotAllowed):
            Leader.call(_Caller(as_role("marketing")), function, **ARGUMENTS[function])  # type: ignore[arg-type]


class _Caller:
    def __init__(self, db: Database) -> None:
        self.db = db


ARGUMENTS: dict[str, dict[str, Any]] = {
    "picture_apply": {
        "p_token": 1, "p_run_entity_id": 1, "p_pictures": [], "p_cursor": {}, "p_counts": {},
    },
    "picture_files": {"p_token": 1, "p_run_entity_id": 1, "p_files": [{"id": 1, "mark": "x"}]},
    "picture_gone": {"p_token": 1, "p_run_entity_id": 1, "p_keys": ("x",)},
    "picture_match": {"p_token": 1, "p_run_id": 1},
}  # fmt: skip


def test_a_wrong_certificate_is_refused_and_the_houses_own_accepted(house: House) -> None:
    from app.core.errors import Unavailable
    from app.services.images.client import ImageService

    good = make_certificate()
    with ImageServer(house, certificate=good) as server:
        with ImageService(Service(server.url, "pictures", "pictures", ca=good.authority)) as client:
            assert client.page(1).total == len(server.records)
        for service in (
            Service(server.url, "pictures", "pictures"),
            Service(server.url, "pictures", "pictures", ca=make_certificate().authority),
        ):
            with ImageService(service) as client, pytest.raises(Unavailable) as wrong:
                client.page(1)
            assert wrong.value.key == "image_service_certificate"
    for bad in (
        make_certificate(("elsewhere.example",)),
        make_certificate(began=datetime.now(UTC) - timedelta(days=4000)),
    ):
        with ImageServer(house, certificate=bad) as server:
            service = Service(server.url, "pictures", "pictures", ca=bad.authority)
            with ImageService(service) as client, pytest.raises(Unavailable) as wrong:
                client.page(1)
            assert wrong.value.key == "image_service_certificate"


def test_the_password_is_asked_for_and_told_apart(house: House) -> None:
    from app.core.errors import Unavailable
    from app.services.images.client import ImageService

    with (
        ImageServer(house, Quirks()) as server,
        ImageService(Service(server.url, "pictures", "wrong")) as client,
        pytest.raises(Unavailable) as wrong,
    ):
        client.page(1)
    assert wrong.value.key == "image_service_sign_in"
