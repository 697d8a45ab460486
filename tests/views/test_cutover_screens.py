"""Cut-over, comparison reports and data quality at the keyboard, over the real database with real people."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.views.catalog
import app.views.legacy
import app.views.partners
from app.core.db import Database
from app.views.core.rows_export import RowsExport
from app.views.legacy.count_tiles import CountTile
from tests.conftest import PASSWORD
from tests.legacy_world import hold_key
from tests.views import legacy_world
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

Raw = psycopg.Connection[Any]
PACKAGES = (app.views.legacy, app.views.partners, app.views.catalog)
LINES = (
    ("customer", "count", "records", "2204", "2204", "0", None, True),
    ("customer", "field", "name", "50", "49", "-1", None, False),
    ("customer", "sample", "name", "Alt GmbH", "Neu GmbH", None, "1100010", False),
)


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


@pytest.fixture
def admin_dsn(new_database: Any, demo_template: str) -> Iterator[str]:
    """A database for each test: areas go over and reports are signed for good."""
    with new_database(demo_template) as address:
        with psycopg.connect(address, autocommit=True) as connection:
            legacy_world.fill(connection)
            hold_key(connection, "u_ralf")
            connection.execute(
                "UPDATE legacy.entity SET last_full_at = now(), last_change_at = now() - interval '1 hour'"
            )
        yield address


def compared(admin: Raw, module: str, lines: tuple[Any, ...] = LINES) -> int:
    """A comparison as the leader stores one."""
    wrong = len({line[2] for line in lines if not line[-1]})
    number: int = legacy_world.one(
        admin,
        "INSERT INTO legacy.reconciliation (module, state, differences) VALUES (%s, %s, %s) RETURNING id",
        module,
        "differences" if wrong else "clean",
        wrong,
    )
    for line in lines:
        admin.execute(
            "INSERT INTO legacy.reconciliation_line (reconciliation_id, entity, kind, subject, legacy_value, "
            "werkbank_value, difference, source_key, ok) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            (number, *line),
        )
    return number


def written(path: Path) -> bool:
    """Whether a file is there and not nearly empty."""
    return path.exists() and path.stat().st_size > 500


def confirm(bench: Bench) -> None:
    """Prove who one is, when asked."""
    bench.settle()
    if bench.find("field.confirm.password") is not None:
        bench.type("field.confirm.password", PASSWORD, enter=True)
        bench.settle()


def test_an_area_goes_over_only_when_it_is_signed(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    number = compared(admin, "partners")
    admin.execute("UPDATE legacy.module SET mode = 'parallel' WHERE code = 'partners'")
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.cutover")
        bench.wait(lambda: page.found is not None)
        assert not bench.see("action.werkbank.partners").isEnabled()
        bench.click("action.report.partners")
        report = bench.front()
        bench.wait(lambda: report.found is not None)
        assert [row.ok for row in report.model.rows] == [False, False, True]
        bench.click("action.sign")
        # It differs: without a word why nothing is signed.
        bench.click("dialog.yes")
        assert bench.find("hint.reason") is not None
        bench.type("field.reason", "Firmierung im Altsystem veraltet")
        bench.click("dialog.yes")
        confirm(bench)
        bench.wait(
            lambda: (
                legacy_world.one(admin, "SELECT state FROM legacy.reconciliation WHERE id = %s", number)
                == "signed"
            )
        )
        page = bench.go("legacy.cutover")
        bench.wait(lambda: bench.see("action.werkbank.partners").isEnabled())
        bench.click("action.werkbank.partners")
        bench.click("dialog.yes")
        confirm(bench)
        bench.wait(
            lambda: (
                legacy_world.one(admin, "SELECT mode FROM legacy.module WHERE code = 'partners'")
                == "werkbank"
            )
        )
        signed = legacy_world.one(admin, "SELECT signed_off_by FROM legacy.module WHERE code = 'partners'")
        assert signed == "u_ralf"


def test_a_card_says_what_is_so_and_its_buttons_keep_their_names(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("UPDATE legacy.module SET mode = 'parallel' WHERE code IN ('production', 'hr')")
    signed = compared(admin, "production")
    admin.execute(
        "UPDATE legacy.reconciliation SET state = 'signed', finished_at = now() - interval '2 hours' WHERE id = %s",
        (signed,),
    )
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.cutover")
        bench.wait(lambda: page.found is not None)
        assert [one.code for one in page.found.modules] == [
            "catalog", "partners", "production", "inventory", "sales", "hr", "images",
        ]  # fmt: skip

        def told(code: str) -> list[str]:
            card = bench.see(f"card.{code}")
            return [
                one.objectName() for one in card.findChildren(QWidget) if "condition." in one.objectName()
            ]

        assert told("hr") == [
            "condition.read", "condition.quarantine", "condition.compared", "condition.signed",
        ]  # fmt: skip
        assert told("production")[-1] == "condition.outdated", "a signature that no longer holds is no tick"
        for code, why in (("hr", "verglichen"), ("production", "neu vergleichen")):
            button = bench.see(f"action.werkbank.{code}")
            assert not button.isEnabled()
            assert button.accessibleName() == "Werkbank führt"
            assert why in button.toolTip()


def test_a_comparison_is_asked_for_with_the_data_of_its_area(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.go("legacy.cutover")
        bench.click("action.compare.inventory")
        bench.wait(
            lambda: legacy_world.one(admin, "SELECT count(*) FROM legacy.run WHERE mode = 'reconcile'") == 1
        )
        assert legacy_world.one(admin, "SELECT entities FROM legacy.run WHERE mode = 'reconcile'") == [
            "place",
            "box",
        ]


def test_a_report_shows_what_is_asked_for_and_goes_into_a_file(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = compared(admin, "catalog")
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        report = bench.open("legacy.reconciliation", number)
        bench.wait(lambda: report.found is not None)
        bench.click("tile.sample")
        assert [row.source_key for row in report.model.rows] == ["1100010"]
        bench.click("tile.differences")
        assert [row.kind for row in report.model.rows] == ["sample"], "as many lines as the tile says"
        bench.click("tile.differences")
        assert len(report.model.rows) == len(LINES)
        for kind in ("xlsx", "pdf"):
            path = tmp_path / f"report.{kind}"
            monkeypatch.setattr(RowsExport, "ask_path", staticmethod(lambda *_args, path=path: path))
            report.export.ask(kind)
            bench.wait(partial(written, path))
            bench.settle()


def test_an_older_report_cannot_be_signed(admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    older = compared(admin, "production")
    compared(admin, "production")
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        report = bench.open("legacy.reconciliation", older)
        bench.wait(lambda: report.found is not None)
        assert not report.found.newest
        assert bench.find("action.sign") is None


def test_a_tile_shows_its_records_and_a_click_opens_one(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    number = legacy_world.one(
        admin,
        "INSERT INTO partners.partner (number, name, is_customer) VALUES ('77777', 'Ohne Bleibe', true) RETURNING id",
    )
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.quality")
        bench.click("tile.without_address")
        bench.wait(lambda: {row.check for row in page.model.rows} == {"without_address"})
        tile = bench.see("tile.without_address")
        assert isinstance(tile, CountTile)
        assert tile.isChecked()
        assert tile.item.number == len(page.model.rows)
        row = next(row for row in page.model.rows if row.record_id == number)
        page.spec.open(bench.window.ctx, row)
        assert bench.front().record.id == number


def test_who_sees_no_prices_sees_no_checks_of_prices(as_role: AsRole, tmp_path: Path, qtbot: QtBot) -> None:
    with bench_of(as_role("u_tom"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.quality")
        bench.wait(lambda: page.model.rows)
        shown = {tile.item.key for tile in page.findChildren(CountTile)}
        assert shown
        assert not shown & {"price_zero", "without_price", "price_below_cost", "without_cost"}
        assert "legacy.cutover" not in bench.window.ctx.registry.workspaces


def test_who_looks_after_the_server_neither_switches_nor_posts_stock(
    admin: Raw, as_role: AsRole, tmp_path: Path, qtbot: QtBot
) -> None:
    admin.execute("UPDATE legacy.module SET mode = 'werkbank' WHERE code = 'inventory'")
    with bench_of(as_role("u_sina"), tmp_path, qtbot) as bench:
        assert "legacy.cutover" not in bench.window.ctx.registry.workspaces
        assert "legacy.overview" in bench.window.ctx.registry.workspaces
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        page = bench.go("legacy.cutover")
        bench.wait(lambda: page.found is not None)
        assert page.found.warehouses
        assert bench.find("action.stock") is not None
