"""What the screens of the old system say when something is in the way, in words that say what and why."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.legacy
import app.views.media
import app.views.partners
from app.core.db import Database
from app.core.i18n import set_language
from app.sync.legacy import LegacyStatus
from app.views.shell.legacy_light import LegacyLight
from tests.legacy_world import hold_key
from tests.views import legacy_world
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

Raw = psycopg.Connection[Any]
PACKAGES = (app.views.legacy, app.views.partners, app.views.catalog, app.views.media)
STATUS = (
    "UPDATE legacy.server_status t SET last_status = %s, last_error = %s "
    "FROM legacy.server s WHERE s.id = t.server_id AND s.code = %s"
)


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture(scope="module")
def admin_dsn(new_database: Any, demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            legacy_world.fill(connection)
            hold_key(connection, "u_ralf")
        yield address


@pytest.fixture
def bench(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as found:
        yield found


def words(bench: Bench, name: str) -> str:
    label = bench.see(name)
    assert isinstance(label, QLabel)
    return label.text()


def overview(bench: Bench) -> Any:
    page = bench.go("legacy.overview")
    bench.wait(lambda: page.found is not None)
    page.refresh()
    bench.settle()
    return page


def failed_pictures(admin: Raw) -> None:
    """A run of pictures that was not let in, as the leader writes it down."""
    told = {"key": "image_service_sign_in", "params": {"url": "https://bilder.intern"}}
    number = legacy_world.one(
        admin,
        "INSERT INTO legacy.run (mode, state, started_at, finished_at, error, requested_by) "
        "VALUES ('images', 'failed', now(), now(), %s, 'u_ralf') RETURNING id",
        json.dumps(told),
    )
    admin.execute(
        "INSERT INTO legacy.run_entity (run_id, entity, position, state, error) "
        "VALUES (%s, 'picture', 0, 'failed', %s)",
        (number, json.dumps(told)),
    )
    admin.execute(
        STATUS, ("image_service_sign_in", "image_service_sign_in(url='https://bilder.intern')", "bilder")
    )


def test_what_a_server_said_stands_there_in_whole_sentences(bench: Bench, admin: Raw) -> None:
    admin.execute(STATUS, ("failed", "legacy_unreachable", "erp"))  # as older clients wrote it
    failed_pictures(admin)
    page = overview(bench)
    said = words(bench, "server.error.erp")
    assert said == "Der Server ERP im Haus ist nicht zu erreichen."
    refused = words(bench, "server.error.bilder")
    assert refused == "Der Bilderdienst unter https://bilder.intern nimmt Benutzername und Kennwort nicht an."
    for name in ("server.error.erp", "server.error.bilder"):
        label = bench.see(name)
        assert label.height() >= label.heightForWidth(label.width()), "nothing of it is cut off"
    assert words(bench, "progress.why") == refused, "the run's card says why, too"
    admin.execute(STATUS, ("failed", "legacy_server_error(server='erp', message=\"Feld 'X' fehlt\")", "erp"))
    page.refresh()
    bench.wait(lambda: "Feld 'X' fehlt" in words(bench, "server.error.erp"))
    admin.execute(STATUS, ("failed", "legacy_server_error(server='erp', message='cut off he", "erp"))
    page.refresh()
    bench.wait(lambda: words(bench, "server.error.erp").endswith(": –"))
    assert "{" not in words(bench, "server.error.erp")


def test_picture_history_says_that_the_service_could_not_be_read(bench: Bench, admin: Raw) -> None:
    admin.execute(STATUS, ("ok", None, "bilder"))
    bench.go("media.history")
    bench.wait(lambda: bench.find("action.read_now") is not None and bench.see("action.read_now").isEnabled())
    bench.click("action.read_now")
    bench.wait(lambda: not bench.see("action.read_now").isEnabled())
    admin.execute("UPDATE legacy.run SET state = 'cancelled' WHERE state = 'waiting'")
    failed_pictures(admin)
    bench.front().refresh()
    bench.wait(lambda: bench.find("media.failed") is not None)
    told = " ".join(label.text() for label in bench.see("media.failed").findChildren(QLabel))
    assert "nimmt Benutzername und Kennwort nicht an" in told
    bench.wait(lambda: bench.see("action.read_now").isEnabled())
    admin.execute(STATUS, ("ok", None, "bilder"))
    bench.front().refresh()
    bench.wait(lambda: bench.find("media.failed") is None)


def test_picture_history_hears_of_a_service_that_is_set_up_meanwhile(bench: Bench, admin: Raw) -> None:
    admin.execute("UPDATE legacy.server SET is_active = false WHERE kind = 'images'")
    try:
        page = bench.go("media.history")
        bench.settle()
        bench.wait(lambda: bench.find("action.read_now") is None)
        assert "legacy.server" in page.topics
    finally:
        admin.execute("UPDATE legacy.server SET is_active = true WHERE kind = 'images'")
    from app.core.changes import changed

    page.on_changes(changed(("legacy.server", 1)))
    bench.wait(lambda: bench.find("action.read_now") is not None)


def test_the_lead_that_changes_hands_alarms_nobody(bench: Bench, admin: Raw) -> None:
    lease = "UPDATE legacy.lease SET until_at = clock_timestamp() {} WHERE name = 'sync'"
    try:
        admin.execute(lease.format("- interval '2 seconds'"))
        page = overview(bench)
        assert bench.find("legacy.no_leader") is None
        admin.execute(lease.format("- interval '1 minute'"))
        page.refresh()
        bench.wait(lambda: bench.find("legacy.no_leader") is not None)
    finally:
        admin.execute(lease.format("+ interval '30 days'"))


def test_what_was_read_in_part_is_not_synchronised(bench: Bench, admin: Raw) -> None:
    page = overview(bench)
    assert "zuletzt abgeglichen" in " ".join(label.text() for label in page.findChildren(QLabel))
    admin.execute("UPDATE legacy.entity SET last_full_at = NULL WHERE code <> 'family'")
    try:
        page.refresh()
        bench.wait(
            lambda: any("noch nie vollständig gelesen" in label.text() for label in page.findChildren(QLabel))
        )
    finally:
        admin.execute("UPDATE legacy.entity SET last_full_at = now()")


def test_the_light_is_green_only_when_all_is_well(qtbot: QtBot) -> None:
    holder = QWidget()
    qtbot.addWidget(holder)
    light = LegacyLight(holder)
    set_language("de")
    for status, said in (
        (LegacyStatus("idle", leading=True), "Altsystem aktuell"),
        (LegacyStatus("idle", leading=True, pictures_fail=True), "Bilderdienst: Abgleich fehlgeschlagen"),
        (LegacyStatus("following", nobody=True), "Altsystem: niemand leitet"),
        (LegacyStatus("following", nothing_read=True), "Altsystem noch nicht gelesen"),
        (LegacyStatus("waiting", pictures_fail=True), "Altsystem wartet"),
    ):
        light.show_status(status)
        assert light.words.text() == said
