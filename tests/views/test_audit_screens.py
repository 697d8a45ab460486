"""Prüfprotokoll and Zugriffe at the keyboard: read with a trace, filtered, compared, exported, verified, reported."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.security
from app.core import trail
from app.core.db import Database
from app.core.i18n import set_language
from app.views.security.report_dialog import ReportDialog
from app.views.security.seal_dialog import SealDialog
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

Raw = psycopg.Connection[Any]
ENTRIES, EVENTS = "security.trail", "security.events"


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, (app.views.catalog, app.views.security)) as window:
        yield Bench(window, qtbot)


@pytest.fixture(scope="module", autouse=True)
def _happened(admin_dsn: str) -> None:
    """Some changes, one of them with a temporary role, and refusals."""
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        admin.execute(
            "INSERT INTO system.note (topic, record_id, body) VALUES ('system.company', 1, 'Notiz eins')"
        )
        admin.execute("UPDATE system.note SET body = 'Notiz zwei'")
        admin.execute("UPDATE system.company SET name = 'Zinngießerei', city = 'Altenburg'")
        admin.execute(
            'SELECT audit.event_import(\'[{"at": "2026-11-20T10:00:00Z", "kind": "denied", "login": "u_viewer", '
            '"address": "10.0.0.7", "detail": {"right": "user_create"}}]\')'
        )


@pytest.fixture
def bench(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> Iterator[Bench]:
    with bench_of(as_role("administrator"), tmp_path, qtbot) as made:
        yield made


def pane(bench: Bench) -> str:
    """The words of the pane at the right."""
    from PySide6.QtWidgets import QLabel

    detail = bench.see("detail")
    return "\n".join(label.text() for label in detail.findChildren(QLabel) if label.isVisible())


def choose(page: Any, bench: Bench, text: str) -> Any:
    """Select the row whose summary begins so, and give it."""
    bench.wait(lambda: page.model.loaded)
    column = next(n for n, c in enumerate(page.model.columns) if c.key in ("summary", "kind"))
    number = next(
        n
        for n in range(len(page.model.rows))
        if page.model.columns[column].words(page.model.row(n)).startswith(text)
    )
    page.table.select_keys([page.model.key_of(number)], page.model.key_of(number))
    bench.settle()
    bench.wait(lambda: f"#{page.model.key_of(number)}" in pane(bench))
    return page.model.row(number)


def test_a_change_is_shown_before_and_after(bench: Bench, admin: Raw) -> None:
    page = bench.go(ENTRIES)
    choose(page, bench, "Text: Notiz eins")
    words = pane(bench)
    for part in ("Vorher", "Nachher", "Notiz eins", "Notiz zwei"):
        assert part in words, part
    told = admin.execute(
        "SELECT login, detail FROM audit.event WHERE kind = 'trail_read' ORDER BY id DESC"
    ).fetchone()
    assert told == ("u_administrator", {"what": "entries"})


def test_filters_and_presets_ask_the_database(bench: Bench) -> None:
    page = bench.go(ENTRIES, filters={"table_name": ["system.company"]})
    bench.wait(lambda: page.model.loaded)
    assert {row.table_name for row in page.model.rows} == {"system.company"}
    page = bench.go(ENTRIES, preset="people", filters={})
    bench.wait(lambda: page.model.loaded and page.model.rows)
    assert {row.table_name.partition(".")[0] for row in page.model.rows} == {"sec"}
    page = bench.go(ENTRIES, preset="elevated", filters={})
    bench.wait(lambda: page.model.loaded)
    assert page.model.rows == []
    page = bench.go(ENTRIES, preset="all", filters={"at": "01.01.2001..31.12.2001"})
    bench.wait(lambda: page.model.loaded)
    assert page.model.rows == []


def test_everything_about_the_record_is_one_click_away(bench: Bench) -> None:
    page = bench.go(ENTRIES)
    row = choose(page, bench, "Text: Notiz eins")
    bench.click("action.same_record")
    page = bench.front()
    bench.wait(lambda: page.model.loaded and len(page.model.rows) == 2)
    assert {(r.table_name, r.record_id) for r in page.model.rows} == {("system.note", row.record_id)}


def test_who_may_not_see_the_data_sees_that_it_was_changed(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("system_administrator"), tmp_path, qtbot) as bench:
        page = bench.go(ENTRIES)
        bench.wait(lambda: page.model.loaded)
        hidden = [row for row in page.model.rows if row.hidden]
        assert hidden
        page.table.select_keys([hidden[0].id], hidden[0].id)
        bench.settle()
        bench.wait(lambda: "die Werte sieht nur" in pane(bench))


@pytest.mark.parametrize("role", ["viewer", "sales_manager", "manager"])
def test_others_do_not_find_it(as_role: AsRole, tmp_path: Path, qtbot: QtBot, role: str) -> None:
    with bench_of(as_role(role), tmp_path, qtbot) as bench:
        assert not {ENTRIES, EVENTS} & set(bench.window.ctx.registry.workspaces)


def test_events_have_a_chart_and_words(bench: Bench) -> None:
    page = bench.go(EVENTS, preset="refused")
    bench.wait(lambda: page.model.loaded and page.model.rows)
    assert {row.kind for row in page.model.rows} <= {"denied", "session_refused"}
    choose(page, bench, "Zugriff verweigert")
    words = pane(bench)
    assert "Viewer" in words
    assert "10.0.0.7" in words
    assert "Protokoll des Servers" in words
    bench.wait(lambda: any(bar.good for bar in page.chart._bars))


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_what_is_taken_along_is_told(bench: Bench, admin: Raw, tmp_path: Path, kind: str) -> None:
    page = bench.go(ENTRIES, filters={"table_name": ["system.note"]})
    bench.wait(lambda: page.model.loaded)
    path = tmp_path / f"trail.{kind}"
    page.export_to(path, kind)
    bench.wait(path.exists)
    bench.settle()
    if kind == "json":
        rows = json.loads(path.read_text("utf-8"))
        assert {row["table_name"] for row in rows} == {"system.note"}
        assert any(row["new"].get("body") == "Notiz zwei" for row in rows)
    elif kind == "csv":
        with path.open(encoding="utf-8-sig", newline="") as lines:
            assert len(list(csv.reader(lines))) == len(page.model.rows) + 1
    told = admin.execute(
        "SELECT detail FROM audit.event WHERE kind = 'trail_exported' ORDER BY id DESC"
    ).fetchone()
    assert told is not None
    assert told[0]["rows"] == len(page.model.rows)
    assert "system.note" in told[0]["filter"]


def seal_dialog(bench: Bench) -> SealDialog:
    bench.click("action.seal")
    found = bench.window.findChild(SealDialog)
    assert found is not None
    bench.wait(lambda: found.state is not None)
    return found


def test_the_seal_is_verified_with_and_without_anchors(
    bench: Bench, admin: Raw, admin_dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.seal(admin_dsn)
    trail.anchor(admin_dsn, tmp_path / "anchors")
    bench.go(ENTRIES)
    dialog = seal_dialog(bench)
    bench.click("dialog.yes")
    bench.wait(lambda: bench.find("seal.result") is not None)
    assert "wie versiegelt" in bench.see("seal.result").accessibleName()
    row = admin.execute(
        "SELECT login, detail -> 'findings' FROM audit.event WHERE kind = 'seal_verified'"
    ).fetchone()
    assert row == ("u_administrator", 0)
    monkeypatch.setattr(SealDialog, "ask_folder", staticmethod(lambda _parent: str(tmp_path)))
    bench.click("dialog.anchors")
    bench.wait(lambda: "kein Anker" in bench.everything())
    monkeypatch.setattr(SealDialog, "ask_folder", staticmethod(lambda _parent: str(tmp_path / "anchors")))
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "UPDATE audit.entry SET login = 'u_nobody' WHERE id = (SELECT min(lower(entries)) FROM audit.block "
            "WHERE entry_count > 0)"
        )
    bench.click("dialog.anchors")
    bench.wait(lambda: dialog.findings)
    bench.wait(lambda: bench.find("seal.findings") is not None)
    assert "lauten anders als bei ihrer Aufzeichnung" in bench.everything()
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE audit.entry SET login = 'postgres' WHERE login = 'u_nobody'")


@pytest.mark.parametrize("lang", ["de", "en"])
def test_the_report_is_a_pdf(
    bench: Bench, admin: Raw, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, lang: str
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(ReportDialog, "show_file", staticmethod(opened.append))
    bench.go(EVENTS)
    bench.click("action.report")
    dialog = bench.window.findChild(ReportDialog)
    assert dialog is not None
    dialog.boxes["language"].set_value(lang)
    bench.click("dialog.yes")
    bench.wait(lambda: opened)
    path = Path(opened[0])
    assert path.read_bytes().startswith(b"%PDF-")
    assert path.name.startswith("Sicherheitsbericht_" if lang == "de" else "Security_report_")
    told = admin.execute(
        "SELECT login FROM audit.event WHERE kind = 'report_made' ORDER BY id DESC"
    ).fetchone()
    assert told == ("u_administrator",)


def test_a_report_backwards_says_so(bench: Bench) -> None:
    from datetime import date

    bench.go(EVENTS)
    bench.click("action.report")
    dialog = bench.window.findChild(ReportDialog)
    assert dialog is not None
    dialog.boxes["since"].set_value(date(2026, 5, 2))
    dialog.boxes["until"].set_value(date(2026, 5, 1))
    bench.click("dialog.yes")
    bench.wait(lambda: dialog.boxes["until"].error)
    assert dialog.boxes["until"].error == "Das Ende liegt vor dem Anfang."


def test_in_english(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    set_language("en")
    with bench_of(as_role("administrator"), tmp_path, qtbot) as bench:
        page = bench.go(EVENTS)
        bench.wait(lambda: page.model.loaded)
        assert "Signed in" in bench.everything()
        assert "⟦" not in bench.everything()
