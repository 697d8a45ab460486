"""What was odd about records that came over: found by table and kind, one click from the record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from pytestqt.qtbot import QtBot

import app.views.legacy
import app.views.partners
from app.core.db import Database
from app.views.legacy.warnings import open_target
from tests.views import legacy_world
from tests.views.legacy_world import one
from tests.views.make_screens import AsRole, Bench
from tests.views.shell_world import window_for

PACKAGES = (app.views.legacy, app.views.partners)
ODD: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("customer", "1100010", "email_left_out", "e_Mail", {"value": "keine", "column": "email"}),
    ("customer", "1100010", "street_missing", "Strasse", {"column": "street"}),
    ("customer", "1100044", "email_left_out", "e_Mail", {"value": "siehe unten", "column": "email"}),
    ("document", "1", "reference_missing", "KundenNr", {"value": "0", "entity": "customer"}),
    ("document_line", "1/2", "find_ambiguous", "ArtNr", {"value": "16901-BE"}),
    ("box", "SC3411", "find_missing", "Schuettentyp", {"value": "Boxal B6320 Blau"}),
    ("employee", "12", "email_left_out", "eMail", {"value": "…"}),
    ("work_order", "Kx1", "a_code_of_a_later_program", "", {}),
)


@contextmanager
def bench_of(db: Database, folder: Path, qtbot: QtBot) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    with window_for(db, folder, qtbot, PACKAGES) as window:
        yield Bench(window, qtbot)


def at(bench: Bench) -> tuple[str, int | None]:
    tab = bench.window.area.current
    assert tab is not None
    return tab.name, tab.record_id


@pytest.fixture(scope="module")
def admin_dsn(new_database: Any, demo_template: str) -> Iterator[str]:
    with new_database(demo_template) as address:
        yield address


@pytest.fixture(scope="module")
def ids(admin_dsn: str) -> dict[str, int]:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        ids = legacy_world.fill(admin)
        customer = one(admin, "SELECT id FROM partners.partner WHERE is_customer ORDER BY id LIMIT 1")
        admin.execute("UPDATE legacy.entity SET target_table = 'partners.partner' WHERE code = 'customer'")
        admin.execute(
            "UPDATE legacy.entity SET target_table = 'legacy.document_line' WHERE code = 'document_line'"
        )
        line = one(admin, "SELECT id FROM legacy.document_line ORDER BY id LIMIT 1")
        for code, key, target in (("customer", "1100010", customer), ("document_line", "1/2", line)):
            admin.execute(
                "INSERT INTO legacy.record (entity_id, source_key, target_id) "
                "SELECT id, %s, %s FROM legacy.entity WHERE code = %s",
                (key, target, code),
            )
        for code, key, odd, field, params in ODD:
            admin.execute(
                "INSERT INTO legacy.warning (entity_id, source_key, code, field, params, run_id) "
                "SELECT id, %s, %s, %s, %s, %s FROM legacy.entity WHERE code = %s",
                (key, odd, field, json.dumps(params), ids["run"] if code == "customer" else None, code),
            )
        admin.execute(
            "UPDATE legacy.entity e SET warning_count = "
            "(SELECT count(*) FROM legacy.warning w WHERE w.entity_id = e.id)"
        )
        admin.execute(
            "UPDATE legacy.run_entity p SET warning_count = 3 WHERE p.run_id = %s AND p.entity = 'customer'",
            (ids["run"],),
        )
        admin.execute(
            "INSERT INTO legacy.quarantine (entity_id, source_key, raw, findings) SELECT id, 'Bx/7', '{}', %s "
            "FROM legacy.entity WHERE code = 'document_line'",
            (
                json.dumps(
                    [
                        {
                            "severity": "error",
                            "code": "legacy_reference_missing",
                            "field": "AbsNr",
                            "params": {"entity": "document", "key": "77"},
                        }
                    ]
                ),
            ),
        )
        return ids | {"customer": customer, "line": line}


def test_each_is_one_click_from_its_record(
    as_role: AsRole, tmp_path: Path, qtbot: QtBot, ids: dict[str, int], admin: psycopg.Connection[Any]
) -> None:
    with bench_of(as_role("u_ralf"), tmp_path, qtbot) as bench:
        bench.go("legacy.overview")
        assert next(row for row in bench.words("entities") if row[0] == "Kunden")[6] == "3"
        bench.click("action.legacy.warnings")
        page = bench.front()
        bench.wait(lambda: len(page.model.rows) == len(ODD))
        odd = next(column for column in page.spec.columns if column.key == "code")
        words = {row.code: odd.words(row) for row in page.model.rows}
        assert words["email_left_out"].endswith("ist keine E-Mail-Adresse und wurde weggelassen.")
        assert words["a_code_of_a_later_program"] == "Eine Regel ist verletzt (a_code_of_a_later_program)."
        by_entity = {row.entity: row for row in page.model.rows if row.source_key != "1100044"}
        open_target(page.ctx, by_entity["customer"])
        bench.wait(lambda: at(bench) == ("partners.partner", ids["customer"]))
        open_target(page.ctx, by_entity["document_line"])
        document = one(admin, "SELECT document_id FROM legacy.document_line WHERE id = %s", ids["line"])
        bench.wait(lambda: at(bench) == ("legacy.document", document))
        open_target(page.ctx, by_entity["box"])
        bench.wait(lambda: "nicht einzeln zeigen" in bench.said())
        # Keys have capitals; the report of a run leads to what that run found.
        bench.go("legacy.warnings", filters={"source_key": "Kx"})
        bench.wait(lambda: [row.source_key for row in bench.front().model.rows] == ["Kx1"])
        bench.go("legacy.warnings", filters={"code": ["email_left_out"], "entity": ["customer"]})
        bench.wait(lambda: len(bench.front().model.rows) == 2)
        bench.open("legacy.run", ids["run"])
        bench.click("action.warnings")
        bench.wait(lambda: len(bench.front().model.rows) == 3)
        assert at(bench)[0] == "legacy.warnings"
        # What a finding refers to is called as people call it.
        bench.go(
            "legacy.quarantine", row=one(admin, "SELECT id FROM legacy.quarantine WHERE source_key = 'Bx/7'")
        )
        bench.wait(lambda: "Der Datensatz 77 (Belege)" in bench.everything())
        assert "(document)" not in bench.everything()
