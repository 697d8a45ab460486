"""The screens of the old system at the keyboard, over the real database with real people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtCore import QRegularExpression, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.legacy
import app.views.partners
from app.core import format as fmt
from app.core.db import Database
from app.core.errors import Unavailable
from app.models.catalog import Product
from app.services.legacy.service import Progress
from app.simulate.data import make
from app.simulate.images import ImageServer
from app.sync.legacy import LegacyStatus
from app.views.core.checks import CheckBox
from app.views.core.inputs import LineEdit
from app.views.core.workspace import Registry
from app.views.legacy.run_dialog import RunDialog
from tests.legacy_world import expire, hold_key
from tests.views import legacy_world
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

Raw = psycopg.Connection[Any]
PACKAGES = (app.views.legacy, app.views.partners, app.views.catalog)


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture(scope="module")
def admin_dsn(new_database: Any, demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


@pytest.fixture(scope="module")
def ids(admin_dsn: str) -> dict[str, int]:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        hold_key(connection, "u_ralf")
        return legacy_world.fill(connection)


def shown(bench: Bench, name: str) -> str:
    found: Any = bench.see(name)
    return str(found.text())


@pytest.mark.usefixtures("ids")
def test_the_overview_says_how_far_the_run_is_and_stops_it(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    entities = [row[0] for row in admin.execute("SELECT code FROM legacy.entity ORDER BY position")]
    run = legacy_world.one(
        admin,
        "INSERT INTO legacy.run (mode, state, entities, requested_by, started_at, leader) "
        "VALUES ('full', 'running', %s, 'u_ralf', now() - interval '100 seconds', 'wb-buero-3 (1)') RETURNING id",
        entities[:2],
    )
    admin.execute(
        "INSERT INTO legacy.run_entity (run_id, entity, position, state, total, read_count, created_count, "
        "quarantined_count, started_at) VALUES (%s, %s, 0, 'running', 1000, 250, 240, 10, now())",
        (run, entities[0]),
    )
    try:
        with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
            bench.go("legacy.overview")
            # 1,000 of the entity under way, 4,319 of the one that comes after it as last counted
            assert shown(bench, "progress.what") == "250 von 5.319 Zeilen"
            assert shown(bench, "progress.share") == fmt.percent(Decimal(4))
            assert "noch etwa" in shown(bench, "progress.pace")
            assert "Artikelfamilien" in shown(bench, "progress.keeps")
            assert shown(bench, "figure.created.number") == "240"
            words = bench.words("entities")
            assert next(row for row in words if row[0] == "Belege")[3:6] == ["100.000", "99.981", "1"]
            assert "leitet" not in bench.said()
            # The server falls silent: no rate, no end, but since when and when it is tried again.
            admin.execute(
                "INSERT INTO legacy.server_status (server_id, silent_since, retry_at) "
                "SELECT s.id, now() - interval '1 minute', now() + interval '1 hour' FROM legacy.server s "
                "WHERE s.kind = '4d' AND s.is_active ON CONFLICT (server_id) DO UPDATE "
                "SET silent_since = excluded.silent_since, retry_at = excluded.retry_at"
            )
            admin.execute(
                "UPDATE legacy.lease SET holder = 'u_ralf', until_at = now() + interval '1 minute' WHERE name = 'sync'"
            )
            bench.wait(lambda: bench.find("legacy.silent") is not None)
            assert shown(bench, "progress.pace") == ""
            chip: Any = bench.see("progress.chip")
            assert chip.text == "Server antwortet nicht"
            admin.execute("UPDATE legacy.server_status SET silent_since = NULL, retry_at = NULL")
            expire(admin)
            bench.wait(lambda: bench.find("legacy.silent") is None)
            bench.click("action.stop_run")
            bench.wait(lambda: "hält nach" in bench.said())
        row = admin.execute("SELECT cancel_requested FROM legacy.run WHERE id = %s", (run,)).fetchone()
        assert row == (True,)
    finally:
        admin.execute("UPDATE legacy.run SET state = 'cancelled', finished_at = now() WHERE id = %s", (run,))


@pytest.mark.usefixtures("ids")
def test_a_run_is_asked_for_with_what_was_chosen(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.go("legacy.overview")
        bench.click("action.run")
        bench.see("dialog.form")
        bench.choose("field.mode", "Alles")
        bench.type("field.limit", "50")
        bench.click("field.dry_run")
        bench.click("entities.none")
        assert not bench.see("dialog.yes").isEnabled()
        bench.click("entity.customer")
        bench.click("dialog.yes")
        bench.wait(lambda: "angefordert" in bench.said())
        assert "Wartet auf den" in shown(bench, "progress.keeps")
    row = admin.execute(
        "SELECT mode, entities, options, requested_by FROM legacy.run WHERE state = 'waiting'"
    ).fetchone()
    assert row is not None
    assert (row[0], row[1], row[3]) == ("full", ["customer"], "u_ralf")
    assert (row[2]["limit"], row[2]["dry_run"]) == (50, True)
    admin.execute("UPDATE legacy.run SET state = 'cancelled', finished_at = now() WHERE state = 'waiting'")


def test_a_value_is_put_right_in_place_and_tried_again(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, ids: dict[str, int]
) -> None:
    record = ids["q.41877"]
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.quarantine", row=record)
        bench.see("value.Papierart")
        assert "„X“ ist keiner der möglichen Werte" in bench.everything()
        bench.click("action.take.Papierart")
        field = bench.see("value.Papierart")
        assert isinstance(field, LineEdit)
        assert field.text() == "R"
        bench.click("edit.Netto")
        bench.type("value.Netto", "1.577,95")
        bench.click("action.retry")
        bench.wait(lambda: "wird erneut versucht" in bench.said())
        bench.wait(lambda: all(row.id != record for row in page.model.rows))
    row = admin.execute("SELECT state, repair FROM legacy.quarantine WHERE id = %s", (record,)).fetchone()
    assert row == ("retry", {"Papierart": "R", "Netto": "1577.95"})


def test_many_are_left_out_with_a_word_why_and_opened_again(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, ids: dict[str, int]
) -> None:
    record = ids["q.1800028"]
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.go("legacy.quarantine", row=record)
        bench.click("action.ignore")
        bench.click("dialog.yes")
        assert shown(bench, "hint.reason")  # nothing happens without a reason
        bench.type("field.reason", "Kunde seit 2004 geschlossen")
        bench.click("dialog.yes")
        bench.wait(lambda: "wird übergangen" in bench.said())
        row = admin.execute(
            "SELECT state, comment FROM legacy.quarantine WHERE id = %s", (record,)
        ).fetchone()
        assert row == ("ignored", "Kunde seit 2004 geschlossen")
        page = bench.front()
        page.bar.tabs.set_current("ignored")
        page.bar.chosen.emit("ignored")
        bench.settle()
        page.table.select_keys([record])
        action = next(one for one in page.spec.bulk if one.key == "reopen")
        action.run(bench.window.ctx, page.table.selected_rows())
        bench.wait(lambda: "wieder offen" in bench.said())
    assert admin.execute("SELECT state FROM legacy.quarantine WHERE id = %s", (record,)).fetchone() == (
        "open",
    )


@pytest.mark.usefixtures("ids")
def test_a_server_is_set_up_and_two_of_a_kind_are_not_in_use(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.window.new_record("legacy.server")
        page = bench.front()
        bench.type("field.title", "ERP zur Probe")
        bench.type("field.code", "Probe 1")
        bench.type("field.base_url", "erp-alt")
        page.save()
        bench.settle()
        assert "Kleinbuchstaben" in shown(bench, "hint.code")
        assert "http://" in shown(bench, "hint.base_url")
        bench.type("field.code", "probe")
        bench.type("field.base_url", "http://erp-alt:8090")
        page.save()
        bench.wait(lambda: "schon ein anderer Server" in bench.everything())
        bench.click("field.is_test")
        page.save()
        bench.wait(lambda: page.record.id is not None)
    row = admin.execute(
        "SELECT base_url, is_test, timeout_s, verify_tls FROM legacy.server WHERE code = 'probe'"
    ).fetchone()
    assert row == ("http://erp-alt:8090", True, 60, True)


@pytest.mark.usefixtures("ids")
def test_an_image_service_has_its_own_words_and_a_run_of_its_own(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with ImageServer(make("small")) as pictures, bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        (service,) = admin.execute(
            "UPDATE legacy.server SET base_url = %s WHERE kind = 'images' RETURNING id", (pictures.url,)
        ).fetchone() or (0,)
        bench.open("legacy.server", service)
        assert "bilder.example.com" in shown(bench, "hint.base_url")
        expire(admin)
        bench.click("action.test")
        bench.wait(lambda: bench.find("notice.probe") is not None)
        assert (
            "Schlüssel" in bench.everything()
        )  # the one that opens the password; nobody was asked without it
        assert pictures.counters.requests["page"] == 0
        bench.go("legacy.overview")
        bench.click("action.run")
        dialog = bench.window.findChild(RunDialog)
        assert dialog is not None
        assert dialog.boxes["mode"].value() == "incremental"
        assert dialog_names(dialog)
        assert not {"entity.picture", "entity.image"} & dialog_names(dialog)
        bench.choose("field.mode", "Bilder")
        assert "Bilderdienstes" in shown(bench, "hint.mode")
        assert dialog_names(dialog) == set()
        assert dialog.yes.isEnabled()
        bench.click("dialog.no")
        admin.execute("UPDATE legacy.server SET is_active = false WHERE id = %s", (service,))
        bench.front().refresh()
        bench.settle()
        bench.click("action.run")
        choices: Any = bench.see("field.mode")
        assert choices.findText("Bilder") == -1
        bench.click("dialog.no")
        admin.execute("UPDATE legacy.server SET is_active = true WHERE id = %s", (service,))


def dialog_names(dialog: RunDialog) -> set[str]:
    """The tables it offers now."""
    return {
        box.objectName()
        for box in dialog.findChildren(CheckBox, QRegularExpression("^entity"))
        if box.isVisible()
    }


def test_the_past_is_found_by_number_text_and_amount(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot, ids: dict[str, int]
) -> None:
    with bench_of(as_role("u_jana"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.documents", filters={"number": "114"})
        assert [row.number for row in page.model.rows] == ["11418"]
        for filters, found in (
            ({"text": "filigranengel"}, 5),
            ({"text": "bruchsicher"}, 2),
            ({"gross_eur": ">2000"}, 1),
            ({"date": "01.01.2015..31.12.2023"}, 2),
            ({"customer": "rothenburg"}, 5),
        ):
            page.table.header.set_typed(filters)
            page._ask()
            bench.settle()
            assert len(page.model.rows) == found, filters
        document = bench.open("legacy.document", ids["document.2572"])
        words = bench.everything()
        assert document.title() == "Rechnung 11418"
        assert "1.805,53 DEM" in words
        assert "923,15 EUR" in words
        assert f"USt {fmt.percent(Decimal(14))}" in words
        partner = bench.open("partners.partner", ids["partner"])
        bench.click("action.show_past")
        bench.wait(lambda: "5 Belege, 1992–2024" in bench.everything())
        assert partner.past is not None
        bench.click("action.all_past")
        assert len(bench.front().model.rows) == 5
        sku = as_role("u_jana").read(lambda session: session.get_one(Product, ids["product"]).sku)
        bench.open("catalog.product", ids["product"])
        bench.click("action.show_past")
        bench.wait(lambda: bench.find("action.all_past") is not None)
        bench.click("action.all_past")
        bench.settle()
        assert [row.article for row in bench.front().model.rows] == ["11400-BE"] * 5
        header = bench.front().table.header
        assert header.typed() == {"article": sku}
        assert header.field("article").isVisible(), "what a list is filtered by is seen"


@pytest.mark.usefixtures("ids")
def test_everybody_sees_what_the_role_allows(as_role: AsRole) -> None:
    def screens(login: str) -> set[str]:
        registry = Registry(as_role(login).profile, (app.views.legacy,))
        return set(registry.workspaces)

    history = {"legacy.work_orders", "legacy.moulds", "legacy.boxes"}
    steering = {"legacy.overview", "legacy.quarantine", "legacy.runs", "legacy.servers", "legacy.browse"}
    assert steering | {"legacy.employees", "legacy.documents"} <= screens("u_ralf")
    assert screens("u_miriam") & steering == set()
    assert "legacy.documents" in screens("u_miriam")
    assert "legacy.employees" not in screens("u_miriam")
    assert screens("u_tom") & (steering | {"legacy.stock", "legacy.employees"}) == set()
    assert history <= screens("u_tom")


def test_pay_is_shown_on_request_alone(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot, ids: dict[str, int]
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.go("legacy.employees", row=ids["employee"])
        bench.see("action.show_pay")
        assert "3.150" not in bench.everything()
        bench.click("action.show_pay")
        bench.wait(lambda: fmt.money(Decimal(3150)) in bench.everything())


def test_the_status_bar_says_how_the_old_system_stands(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        status = bench.window.status
        status.show_legacy(LegacyStatus("no_server"))
        assert bench.find("status.legacy") is None
        status.show_legacy(
            LegacyStatus(
                "running",
                leading=True,
                progress=Progress(1, "full", "customer", 50, 100, entity_index=2, entity_count=3),
            )
        )
        assert shown(bench, "status.legacy_words") == f"Altsystem wird gelesen · {fmt.percent(Decimal(50))}"
        status.show_legacy(LegacyStatus("unreachable", error=Unavailable("legacy_timeout", server="erp")))
        assert "antwortet nicht rechtzeitig" in bench.see("status.legacy").toolTip()
        until = datetime(2026, 11, 21, 12, 30).astimezone()
        status.show_legacy(LegacyStatus("silent", since=until, until=until))
        assert shown(bench, "status.legacy_words") == "Altsystem antwortet nicht"
        assert "seit 12:30:00" in bench.see("status.legacy").toolTip()
        status.show_legacy(LegacyStatus("idle", leading=True, nothing_read=True))
        assert shown(bench, "status.legacy_words") == "Altsystem noch nicht gelesen"
        status.show_legacy(LegacyStatus("waiting", until=until))
        assert shown(bench, "status.legacy_words") == "Altsystem wartet bis 12:30"
        QTest.mouseClick(status, Qt.MouseButton.LeftButton, pos=status.legacy.geometry().center())
        assert bench.front().objectName() == "page.legacy"
