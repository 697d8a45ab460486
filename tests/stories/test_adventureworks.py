"""A real manufacturer's data, taken over as a consultant would: dry run, import, and again."""

import csv
import os
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from app.core.db import Database
from app.core.paging import ListQuery
from app.services.catalog import reads
from app.services.imports import adventureworks
from app.services.imports.report import Report
from app.services.partners import reads as partners
from migrations import drift
from tests.catalog_world import Raw

pytestmark = pytest.mark.adventureworks
As = Callable[[str], Database]


@pytest.fixture(scope="module")
def folder(repository: Path) -> Path:
    """The files, or the reason why these tests do not run."""
    found = Path(os.environ.get("WERKBANK_AW", repository.parent / "shared" / "data" / "adventureworks"))
    if (found / "Product.csv").is_file():
        return found
    if os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(f"CI must have the AdventureWorks files, and {found} is not there")
    pytest.skip(f"the AdventureWorks files are not in {found}; WERKBANK_AW names another folder")


@pytest.fixture(scope="module")
def imported(folder: Path, admin_dsn: str, module_role: Callable[[str], Database]) -> Report:
    """The import, after a dry run that left nothing."""
    db = module_role("administrator")
    tried = adventureworks.run(db, folder, dry_run=True)
    with psycopg.connect(admin_dsn) as connection:
        assert connection.execute("SELECT count(*) FROM catalog.product").fetchone() == (0,)
    done = adventureworks.run(db, folder)
    assert {name: counts.new for name, counts in tried.entities.items()} == {
        name: counts.new for name, counts in done.entities.items()
    }
    return done


@pytest.fixture(scope="module")
def module_role(admin_dsn: str) -> Iterator[Callable[[str], Database]]:
    """A role's connection that serves the whole module."""
    from app.core.db import ClientInfo, Target
    from tests.conftest import PASSWORD, login_of

    opened: list[Database] = []

    def database(role: str) -> Database:
        target, _ = Target.from_dsn(admin_dsn)
        own = Target(target.host, target.port, target.dbname, login_of(role), target.sslmode)
        opened.append(Database(own, PASSWORD, client=ClientInfo(version="test")))
        opened[-1].open()
        return opened[-1]

    yield database
    for db in opened:
        db.close()


def test_every_row_is_accounted_for(imported: Report) -> None:
    """Read = left out + rejected + taken over, and what is taken over is there."""
    for name, counts in imported.entities.items():
        assert counts.read == counts.left_out + counts.rejected + counts.new, name
        assert (counts.changed, counts.unchanged) == (0, 0), name
    found = {name: counts.new for name, counts in imported.entities.items()}
    assert found["product"] == 504
    assert found["family"] == 128
    assert found["customer"] == 701
    assert found["supplier_price"] == 460
    assert found["bill_of_materials"] == 2679 - 103
    assert found["stock"] == 1069 - 4
    assert found["picture"] == 504 - 346
    assert {f.reason for f in imported.findings} == {
        "cost_of_supplier",
        "cost_unknown",
        "eu_without_vat_id",
        "unit_assumed",
    }
    assert all(f.file.endswith(".csv") and f.line > 0 for f in imported.findings)


def test_a_second_run_changes_nothing(imported: Report, folder: Path, admin: Raw, as_role: As) -> None:
    marks = "SELECT max(id) FROM audit.entry"
    before = admin.execute(marks).fetchone()
    again = adventureworks.run(as_role("administrator"), folder)
    assert not again.changed_anything
    assert again.total().unchanged == imported.total().new
    # The second run's own posting of terms finds nothing to change and leaves only its command behind.
    assert admin.execute(marks).fetchone() == before


def test_a_bicycle_is_what_the_files_say(imported: Report, admin: Raw, as_role: As) -> None:
    hits = as_role("sales_rep").read(reads.search_products, "BK-M68B-42", 5, "en")
    assert [hit.title for hit in hits] == ["BK-M68B-42"]
    row = admin.execute(
        "SELECT p.name, p.base_sku, p.variant_code, f.name, c.name_en, p.size, p.is_made, p.weight_g, k.standard_cost"
        "  FROM catalog.product p JOIN catalog.family f ON f.id = p.family_id"
        "  JOIN catalog.category c ON c.id = p.category_id JOIN catalog.product_cost k ON k.product_id = p.id"
        " WHERE p.sku = 'BK-M68B-42'"
    ).fetchone()
    assert row is not None
    assert row[:7] == (
        "Mountain-200 Black, 42",
        "BK-M68B",
        "42",
        "Mountain-200",
        "Mountain Bikes",
        "42 cm",
        True,
    )
    assert row[7:] == (Decimal("10781.891"), Decimal("1251.9813"))
    assert hits[0].price == Decimal("1376.99")  # 60 % of 2,294.99
    assert hits[0].image_id is not None


def test_prices_have_their_past(imported: Report, admin: Raw) -> None:
    rows = admin.execute(
        "SELECT r.amount, r.valid_from::text, r.valid_to::text FROM catalog.price r"
        "  JOIN catalog.product p ON p.id = r.product_id JOIN catalog.price_list l ON l.id = r.price_list_id"
        " WHERE p.sku = 'HL-U509-R' AND l.code = 'AW-LIST' ORDER BY r.valid_from"
    ).fetchall()
    assert rows == [
        (Decimal("33.6442"), "2011-05-31", "2012-05-30"),
        (Decimal("33.6442"), "2012-05-30", "2013-05-30"),
        (Decimal("34.9900"), "2013-05-30", None),
    ]


def test_bills_have_their_past(imported: Report, folder: Path, admin: Raw) -> None:
    """One version is effective; the sum of its parts is the sum of the current lines of the file."""
    row = admin.execute(
        "SELECT count(*) FILTER (WHERE state = 'approved'), count(*) FILTER (WHERE state = 'retired'),"
        "       bool_and((state = 'approved') = (valid_to IS NULL)) FROM engineering.bom"
    ).fetchone()
    assert row is not None
    assert row[0] == 238
    assert row[1] > 1000
    assert row[2]
    current = admin.execute(
        "SELECT count(*), sum(l.qty) FROM engineering.bom b JOIN engineering.bom_line l ON l.bom_id = b.id"
        " WHERE b.state = 'approved'"
    ).fetchone()
    with (folder / "BillOfMaterials.csv").open(encoding="utf-8", newline="") as file:
        lines = [row for row in csv.reader(file, delimiter="\t") if row[1] and not row[4]]
    assert current == (len(lines), sum(Decimal(row[7]) for row in lines))


def test_customers_can_be_sold_to(imported: Report, as_role: As) -> None:
    """All six countries, each with its tax treatment, terms with Skonto, a price list and an address."""
    rep = as_role("sales_rep")
    rows = rep.read(partners.list_partners, ListQuery(preset="customers", limit=1000)).rows
    assert len(rows) == 701
    assert {(row.country, row.tax_treatment) for row in rows} == {
        ("DE", "domestic"), ("FR", "domestic"), ("US", "export"), ("CA", "export"), ("GB", "export"), ("AU", "export")
    }  # fmt: skip
    assert {row.price_list for row in rows} == {"Händler"}
    named = [row.name for row in rows if "Bicycles, and Tricycles" in row.name]
    assert named == ["Unicycles, Bicycles, and Tricycles"]
    detail = rep.read(partners.get_partner, rows[0].id)
    assert (detail.net_days, detail.discount_days, detail.discount_pct) == (30, 10, Decimal(2))


def test_the_books_are_right_afterwards(imported: Report, admin_dsn: str) -> None:
    with psycopg.connect(admin_dsn) as connection:
        assert list(drift.run_queries(connection, "consistency")) == []


def test_it_answers_to_a_stop_within_a_step(folder: Path, as_role: As, imported: Report) -> None:
    from app.core.errors import Cancelled

    asked = time.monotonic()
    with pytest.raises(Cancelled):
        adventureworks.run(as_role("administrator"), folder, stop=lambda: time.monotonic() > asked)
