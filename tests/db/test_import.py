"""An import writes all or nothing, twice the same is once, and nothing is lost without a word."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import openpyxl
import psycopg
import pytest
import yaml
from PIL import Image
from psycopg import sql

from app.core.db import Database
from app.core.errors import Cancelled, NotAllowed, Unavailable
from app.services.imports import engine, mapping
from app.services.imports.engine import Progress
from app.services.imports.mapping import ImportMapping
from app.services.imports.report import Report
from app.services.imports.rows import FilesMissingError
from tests.catalog_world import Raw

As = Callable[[str], Database]
MAPPING = {
    "name": "workshop",
    "sources": {
        "Thing": {"columns": "Id Sku Name Made Price From To Weight Unit Picture"},
        "Part": {"separator": "semicolon", "columns": "Thing Part Qty From To"},
        "Shelf": {"separator": "comma", "quote": "^", "columns": "Thing Place Qty"},
    },
    "tables": {"units": {"EA": "EA"}, "grams": {"KG": "0.001"}},
    "entities": [
        {"name": "unit", "target": "catalog.unit", "existing": "keep", "key": "code", "id": "code",
         "rows": [{"code": "EA", "de": "Stück", "en": "piece"}],
         "fields": {"code": "code", "name_de": "de", "name_en": "en"}},
        {"name": "tax", "target": "catalog.tax_class", "existing": "keep", "key": "code", "id": "code",
         "rows": [{"code": "full", "rate": 19}],
         "fields": {"code": "code", "name_de": "code", "name_en": "code", "rate": "rate"}},
        {"name": "list", "target": "catalog.price_list", "existing": "keep", "key": "code", "id": "code",
         "rows": [{"code": "L"}],
         "fields": {"code": "code", "name_de": "code", "name_en": "code", "kind": {"value": "wholesale"}}},
        {"name": "house", "target": "inventory.warehouse", "existing": "keep", "key": "code", "id": "code",
         "rows": [{"code": "H"}], "fields": {"code": "code", "name": "code"}},
        {"name": "thing", "target": "catalog.product", "from": "Thing", "key": "sku", "id": "Id",
         "fields": {
             "sku": {"column": "Sku", "required": "sku_missing"},
             "name": {"column": "Name", "required": True},
             "is_made": {"column": "Made", "steps": ["flag"]},
             "unit_id": {"ref": "unit", "value": "EA"},
             "tax_class_id": {"ref": "tax", "value": "full"},
             "weight_g": {"pair": ["Weight", "Unit"], "steps": [{"divide_by": "grams"}]},
         }},
        {"name": "price", "target": "catalog.price", "from": "Thing",
         "key": ["product_id", "price_list_id", "min_qty", "valid_from"],
         "fields": {
             "product_id": {"ref": "thing", "column": "Id", "required": True},
             "price_list_id": {"ref": "list", "value": "L"},
             "min_qty": {"value": 1},
             "amount": {"column": "Price", "steps": ["number", {"at_least": 0}], "required": True},
             "valid_from": {"column": "From", "steps": ["date"], "required": True},
             "valid_to": {"column": "To", "steps": ["next_day"]},
         }},
        {"name": "part", "target": "bom", "from": "Part",
         "fields": {
             "product_id": {"ref": "thing", "column": "Thing", "required": True},
             "component_id": {"ref": "thing", "column": "Part", "required": True},
             "qty": {"column": "Qty", "steps": ["number", {"above": 0}], "required": True},
             "valid_from": {"column": "From", "steps": ["date"], "required": True},
             "valid_to": {"column": "To", "steps": ["next_day"]},
         }},
        {"name": "place", "target": "inventory.place", "from": "Shelf", "existing": "keep", "repeats": True,
         "key": ["warehouse_id", "code"], "id": "Place",
         "fields": {"warehouse_id": {"ref": "house", "value": "H"}, "code": "Place"}},
        {"name": "stock", "target": "stock", "from": "Shelf", "options": {"reason": "Opening"},
         "fields": {
             "product_id": {"ref": "thing", "column": "Thing", "required": True},
             "place_id": {"ref": "place", "column": "Place", "required": True},
             "qty": {"column": "Qty", "steps": ["number", {"above": 0}], "required": True},
         }},
        {"name": "picture", "target": "image", "from": "Thing", "where": [{"column": "Picture", "empty": False}],
         "fields": {
             "product_id": {"ref": "thing", "column": "Id", "required": True},
             "content": {"column": "Picture", "steps": ["hex_bytes"], "required": True},
         }},
    ],
}  # fmt: skip


KILL = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
 WHERE usename = 'u_administrator' AND state LIKE 'idle in transaction%' AND datname = current_database()
"""


def gif() -> str:
    out = io.BytesIO()
    Image.new("P", (30, 20), 5).save(out, "GIF")
    return out.getvalue().hex()


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Good rows, and one of every kind of bad ones."""
    things = [
        ["1.0", "T-1", "Table", "1", "199.5", "2024-01-01 00:00:00", "", "12.5", "KG", gif()],
        ["2", "T-2", "Leg \ufeff", "0", "8", "2024-01-01", "2024-12-31", "700", "G", ""],
        ["3", "", "No number", "0", "1", "2024-01-01", "", "", "", ""],
        ["4", "T-2", "Second T-2", "0", "1", "2024-01-01", "", "", "", ""],
        ["5", "T-5", "Not a price", "0", "12.5O", "2024-01-01", "", "", "", "NOHEX"],
        ["6", "T-6", "x" * 300, "0", "1.23456", "2024-01-01", "", "", "", "474946"],
        ["7", "too", "few"],
    ]
    (tmp_path / "Thing.csv").write_text("\n".join("\t".join(row) for row in things) + "\n", encoding="utf-8")
    parts = "1;2;4;2024-01-01;\n1;6.0;1;2024-01-01;2024-06-30\n1;9;1;2024-01-01;\n2;6;0;2024-01-01;\n"
    (tmp_path / "Part.csv").write_text(parts, encoding="utf-8")
    (tmp_path / "Shelf.csv").write_text("1,^A, upper^,7\n2,^A, upper^,28\n2,B,1\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def plan(tmp_path: Path) -> ImportMapping:
    file = tmp_path / "workshop.yaml"
    file.write_text(yaml.safe_dump(MAPPING, allow_unicode=True), encoding="utf-8")
    return mapping.read(file)


COUNTED = ("catalog.product", "catalog.price", "catalog.product_image", "engineering.bom", "inventory.stock_move",
           "inventory.place", "catalog.unit", "api.command")  # fmt: skip


def rows_there(admin: Raw) -> dict[str, int]:
    found = {}
    for table in COUNTED:
        row = admin.execute(f"SELECT count(*) FROM {table}").fetchone()
        assert row is not None
        found[table] = row[0]
    return found


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: what is there is counted as a whole."""
    with new_database() as address:
        yield address


@pytest.fixture
def taken(admin: Raw, as_role: As, files: Path, plan: ImportMapping) -> Raw:
    """A database into which the files were taken over."""
    engine.run(as_role("administrator"), plan, files)
    return admin


def test_a_dry_run_writes_nothing(admin: Raw, as_role: As, files: Path, plan: ImportMapping) -> None:
    before = rows_there(admin)
    report = engine.run(as_role("administrator"), plan, files, dry_run=True)
    assert report.changed_anything
    assert report.counts("thing").new == 3 + 1
    assert rows_there(admin) == before


def test_without_the_rights_nothing_happens(
    admin: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    before = rows_there(admin)
    with pytest.raises(NotAllowed):
        engine.run(as_role("marketing"), plan, files)
    assert rows_there(admin) == before


def test_a_stop_leaves_nothing(admin: Raw, as_role: As, files: Path, plan: ImportMapping) -> None:
    before = rows_there(admin)
    seen: list[Progress] = []

    def stop() -> bool:
        return any(step.stage == "write" and step.entity == "stock" for step in seen)

    with pytest.raises(Cancelled):
        engine.run(as_role("administrator"), plan, files, progress=seen.append, stop=stop)
    assert seen[-1].entity == "stock"
    assert rows_there(admin) == before


def test_a_server_that_drops_the_connection_again_and_again(
    admin: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    before = rows_there(admin)

    def kill(step: Progress) -> None:
        if step.stage == "write" and step.entity == "picture":
            admin.execute(KILL)

    with pytest.raises(Unavailable):
        engine.run(as_role("administrator"), plan, files, progress=kill)
    assert rows_there(admin) == before


def test_a_process_that_dies_leaves_nothing(
    admin: Raw, role_dsn: Callable[[str], str], files: Path, plan: ImportMapping, repository: Path
) -> None:
    before = rows_there(admin)
    script = f"""
import os, signal
from pathlib import Path
import app.models
from app.core.db import Database, Target
from app.services.imports import engine, mapping
target, password = Target.from_dsn({role_dsn("administrator")!r})
db = Database(target, password); db.open()
def die(step):
    if step.stage == "write" and step.entity == "picture":
        os.kill(os.getpid(), signal.SIGKILL)
engine.run(db, mapping.read(Path({str(files / "workshop.yaml")!r})), Path({str(files)!r}), progress=die)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=repository, env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert rows_there(admin) == before


def test_files_that_are_not_there_are_named(as_role: As, files: Path, plan: ImportMapping) -> None:
    (files / "Part.csv").unlink()
    with pytest.raises(FilesMissingError, match=r"Part\.csv"):
        engine.run(as_role("administrator"), plan, files)


def test_one_lost_connection_is_made_good_once(
    admin: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    """The server drops the connection in the middle: the import runs again as a whole, and nothing is there twice."""
    killed: list[bool] = []

    def kill_once(step: Progress) -> None:
        if step.stage == "write" and step.entity == "picture" and not killed:
            killed.append(True)
            admin.execute(KILL)

    report = engine.run(as_role("administrator"), plan, files, progress=kill_once)
    assert killed
    assert report.counts("thing").new == 4
    assert report.counts("stock").new == 3
    row = admin.execute("SELECT sum(qty) FROM inventory.stock_balance").fetchone()
    assert row == (36,)


def test_what_was_taken_over_is_what_the_files_say(taken: Raw) -> None:
    things = taken.execute("SELECT sku, name, is_made, weight_g FROM catalog.product ORDER BY sku").fetchall()
    assert [row[0] for row in things] == ["T-1", "T-2", "T-5", "T-6"]
    assert things[0][1:] == ("Table", True, 12500)
    assert things[1][1] == "Leg"
    assert things[3][1] == "x" * 200
    prices = taken.execute(
        "SELECT p.sku, r.amount::text, r.valid_to::text FROM catalog.price r"
        " JOIN catalog.product p ON p.id = r.product_id ORDER BY 1"
    ).fetchall()
    assert prices == [("T-1", "199.5000", None), ("T-2", "8.0000", "2025-01-01"), ("T-6", "1.2346", None)]
    bills = taken.execute(
        "SELECT b.version, b.state, b.valid_from::text, b.valid_to::text, count(*), min(b.approved_by)"
        " FROM engineering.bom b JOIN engineering.bom_line l ON l.bom_id = b.id GROUP BY b.id ORDER BY 1"
    ).fetchall()
    assert bills == [
        (1, "retired", "2024-01-01", "2024-07-01", 2, "u_administrator"),
        (2, "approved", "2024-07-01", None, 1, "u_administrator"),
    ]
    stock = taken.execute(
        "SELECT pl.code, sum(b.qty) FROM inventory.stock_balance b JOIN inventory.place pl ON pl.id = b.place_id"
        " GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert stock == [("A, upper", 35), ("B", 1)]
    assert taken.execute("SELECT mime FROM catalog.product_image").fetchall() == [("image/png",)]


def test_every_rejected_row_is_in_the_report(
    taken: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    report = engine.run(as_role("administrator"), plan, files)
    said = {(f.file, f.line, f.field, f.reason, f.action) for f in report.findings}
    assert said == {
        ("Thing.csv", 3, "sku", "sku_missing", "rejected"),
        ("Thing.csv", 4, "sku", "key_twice", "rejected"),
        ("Thing.csv", 2, "weight_g", "unit_without_conversion", "repaired"),
        ("Thing.csv", 6, "name", "text_cut", "repaired"),
        ("Thing.csv", 3, "product_id", "reference_missing", "rejected"),
        ("Thing.csv", 4, "product_id", "reference_missing", "rejected"),
        ("Thing.csv", 5, "amount", "not_a_number", "rejected"),
        ("Thing.csv", 6, "amount", "rounded", "repaired"),
        ("Thing.csv", 5, "content", "not_hexadecimal", "rejected"),
        ("Thing.csv", 6, "content", "image_unreadable", "rejected"),
        ("Thing.csv", 7, "", "wrong_number_of_cells", "rejected"),
        ("Part.csv", 3, "component_id", "reference_missing", "rejected"),
        ("Part.csv", 4, "qty", "too_small", "rejected"),
    }
    _written_reports_agree(report, files)


def _written_reports_agree(report: Report, folder: Path) -> None:
    for suffix in (".csv", ".xlsx", ".json"):
        report.write(folder / f"report{suffix}", "en")
    with (folder / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["File", "Line"]
    assert len(rows) == 1 + len(report.findings)
    assert all("⟦" not in cell for row in rows for cell in row)
    book = openpyxl.load_workbook(folder / "report.xlsx")
    assert book.worksheets[0].max_row == 1 + len(report.findings)
    assert (
        json.loads((folder / "report.json").read_text("utf-8"))["total"]["rejected"]
        == report.total().rejected
    )


def test_a_second_run_changes_nothing(taken: Raw, as_role: As, files: Path, plan: ImportMapping) -> None:
    """Not even a row version, and no entry in the audit trail."""
    marks = "SELECT max(id) FROM audit.entry WHERE table_name <> 'api.command'"
    before = taken.execute(marks).fetchone(), rows_there(taken)
    report = engine.run(as_role("administrator"), plan, files)
    assert not report.changed_anything
    assert (taken.execute(marks).fetchone(), rows_there(taken)) == before
    assert taken.execute("SELECT max(row_version) FROM catalog.product").fetchone() == (1,)


def test_a_changed_row_changes_its_record_only(
    taken: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    things = (files / "Thing.csv").read_text("utf-8")
    (files / "Thing.csv").write_text(
        things.replace("Table", "Desk").replace("\t8\t", "\t9\t"), encoding="utf-8"
    )
    report = engine.run(as_role("administrator"), plan, files)
    assert (report.counts("thing").changed, report.counts("price").changed, report.total().changed) == (
        1,
        1,
        2,
    )
    rows = taken.execute("SELECT sku, name, row_version FROM catalog.product ORDER BY sku").fetchall()
    assert rows[:2] == [("T-1", "Desk", 2), ("T-2", "Leg", 1)]


def test_stock_and_bills_of_this_house_are_not_overwritten(
    taken: Raw, as_role: As, files: Path, plan: ImportMapping
) -> None:
    (files / "Shelf.csv").write_text("1,^A, upper^,99\n2,C,5\n", encoding="utf-8")
    (files / "Part.csv").write_text("1;2;9;2024-01-01;\n", encoding="utf-8")
    report = engine.run(as_role("administrator"), plan, files)
    assert (report.counts("stock").new, report.counts("stock").unchanged) == (1, 1)
    assert [f.reason for f in report.findings if f.entity == "part"] == ["bom_kept"]
    assert taken.execute("SELECT count(*) FROM engineering.bom").fetchone() == (2,)


def test_nobody_rewrites_bills_through_the_import_function(taken: Raw, raw_role: Callable[..., Raw]) -> None:
    row = taken.execute("SELECT min(product_id) FROM engineering.bom").fetchone()
    assert row is not None
    bills = [{"product_id": row[0], "version": 9, "valid_from": "2024-01-01", "lines": []}]
    call = sql.SQL("SELECT api.bom_import(gen_random_uuid(), {})").format(json.dumps(bills))
    with pytest.raises(psycopg.DatabaseError) as refusal:
        raw_role("administrator", ticket=True).execute(call)
    assert refusal.value.diag.constraint_name == "bom_import_exists"
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        raw_role("production_planner", ticket=True).execute(call)
