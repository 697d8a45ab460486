"""A person takes over a file: under the own rights, all or nothing, only what the file says, nothing without a word."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.core.db import Database
from app.core.errors import Cancelled, NotAllowed, Refused
from app.services.imports.wizard import guess, kinds, rejects
from app.services.imports.wizard.carry import Carry, Outcome, carry
from app.services.imports.wizard.cells import Writing
from app.services.imports.wizard.check import Plan
from app.services.imports.wizard.sheets import Source, read
from tests.catalog_world import Basics, Raw, basics, product

As = Callable[[str], Database]
KINDS = kinds.kinds()


@pytest.fixture
def given(admin: Raw) -> Basics:
    return basics(admin)


def plan_of(folder: Path, kind: str, text: str, *, clear: bool = False, mark: str = ",") -> Plan:
    path = folder / "file.csv"
    path.write_text(text, encoding="utf-8")
    found = KINDS[kind]
    table = read(Source(path), known=lambda words: guess.known(kind, words))
    return Plan(found, table, guess.guess(kind, table.columns, found.fields), Writing(mark), clear)


def run(db: Database, plan: Plan, *, dry_run: bool = False, **more: Any) -> Outcome:
    return db.write(carry, Carry(plan, dry_run, **more)).value


def said(outcome: Outcome) -> list[tuple[int, str, str]]:
    return [(row.number, f.field, f.code) for row in outcome.rows for f in row.findings]


def rows_of(admin: Raw, statement: str, *values: object) -> list[tuple[Any, ...]]:
    return admin.execute(statement, values).fetchall()


PRODUCTS = """SKU;Bezeichnung;Einheit;Kategorie;Gewicht in g;EAN;Status
W-1;Engel;PCS;;12,5;;aktiv
W-2;Bär;Stück;;1.200;4012345678901;
W-3;Falsch;Fass;;;;
W-4;Zahl;PCS;;12x;;
W-1;Doppelt;PCS;;;;
W-5;;PCS;;;;
w-1;Schreibweise;PCS;;;;
"""


def test_a_try_shows_what_would_come_and_leaves_nothing(
    as_role: As, admin: Raw, given: Basics, tmp_path: Path
) -> None:
    admin.execute("UPDATE catalog.unit SET name_de = 'Stück' WHERE id = %s", (given.unit,))
    plan = plan_of(tmp_path, "products", PRODUCTS)
    db = as_role("marketing")
    trial = run(db, plan, dry_run=True)
    assert [row.outcome for row in trial.rows] == ["new", "new", *["rejected"] * 5]
    assert said(trial) == [
        (4, "unit_id", "import_not_found"),
        (5, "weight_g", "not_number"),
        (6, "sku", "import_key_twice"),
        (7, "name", "required"),
        (8, "sku", "product_sku_any_case"),
    ]
    assert rows_of(admin, "SELECT 1 FROM catalog.product WHERE sku LIKE 'W-%%'") == []
    done = run(db, plan)
    assert dict(done.counts) == dict(trial.counts)
    assert rows_of(
        admin,
        "SELECT sku, name, weight_g, ean, state FROM catalog.product WHERE sku LIKE 'W-%%' ORDER BY sku",
    ) == [
        ("W-1", "Engel", Decimal("12.500"), None, "active"),
        ("W-2", "Bär", Decimal("1200.000"), "4012345678901", "active"),
    ]
    for row in done.rejected():
        assert "⟦" not in rejects.reason(plan, row, "de")
    assert run(db, plan).counts["unchanged"] == 2


def test_only_columns_of_the_file_change_and_empty_cells_leave_what_is_there(
    as_role: As, admin: Raw, given: Basics, tmp_path: Path
) -> None:
    db = as_role("administrator")
    product(db, given, "C-1", "Engel", color="rot", size="12 cm")
    product(db, given, "C-2", "Bär", color="braun")
    plan = plan_of(tmp_path, "products", "SKU;Farbe;EAN\nC-1;;4012345678901\nC-2;weiß;\n")
    outcome = run(db, plan)
    assert [row.outcome for row in outcome.rows] == ["changed", "changed"]
    assert outcome.rows[1].before == {"color": "braun"}
    look = (
        "SELECT name, color, size, ean, row_version FROM catalog.product WHERE sku LIKE 'C-%%' ORDER BY sku"
    )
    assert rows_of(admin, look) == [
        ("Engel", "rot", "12 cm", "4012345678901", 2),
        ("Bär", "weiß", None, None, 2),
    ]
    emptied = run(db, plan_of(tmp_path, "products", "SKU;Farbe;Name\nC-1;;Engel\nC-2;;\n", clear=True))
    assert said(emptied) == [(3, "name", "required")]
    assert rows_of(admin, look)[0] == ("Engel", None, "12 cm", "4012345678901", 3)


def test_who_may_not_write_may_not_import(as_role: As, given: Basics, tmp_path: Path) -> None:
    plan = plan_of(tmp_path, "products", "SKU;Name\nN-1;Engel\n")
    for role in ("viewer", "sales_rep", "warehouse_clerk"):
        db = as_role(role)
        assert not KINDS["products"].may(db.profile)
        with pytest.raises(NotAllowed):
            run(db, plan)


def test_prices_are_found_again_by_list_tier_and_day_and_end_open_ones(
    as_role: As, admin: Raw, given: Basics, tmp_path: Path
) -> None:
    saved = product(as_role("administrator"), given, "P-1", "Engel")
    code = rows_of(admin, "SELECT code FROM catalog.price_list ORDER BY id")[0][0]
    db = as_role("sales_manager")
    text = (
        f"SKU;Preisliste;Preis;Gültig ab;Gültig bis vor\nP-1;{code};1.234,50;01.01.2026;\n"
        f"P-1;{code};1.300,00;01.06.2026;\nP-1;{code};1;02.01.2027;01.01.2027\n"
        f"P-1;{code};1,23456;01.01.2028;\nP-9;{code};1;01.01.2026;\n"
    )
    outcome = run(db, plan_of(tmp_path, "prices", text))
    assert said(outcome) == [
        (4, "valid_to", "price_dates_in_order"),
        (5, "amount", "too_many_places"),
        (6, "product_id", "import_not_found"),
    ]
    look = (
        "SELECT amount, min_qty, valid_from::text, valid_to::text FROM catalog.price"
        " WHERE product_id = %s ORDER BY valid_from"
    )
    assert rows_of(admin, look, saved.id) == [
        (Decimal("1234.5000"), 1, "2026-01-01", "2026-06-01"),
        (Decimal("1300.0000"), 1, "2026-06-01", None),
    ]


def test_customers_with_addresses_and_contacts(as_role: As, admin: Raw, tmp_path: Path) -> None:
    db = as_role("sales_manager")
    customers = (
        "Kundennummer;Firma;Art;USt-IdNr.;E-Mail\n"
        "10501;Spielwaren Nord;Gewerblich;de 811.223.344;kontakt@example.de\n"
        "10502;Anna Test;Privat;;kein-at\n10503;Laden;Gewerblich;XX1;\n"
    )
    plan = plan_of(tmp_path, "customers", customers)
    outcome = run(db, plan)
    assert said(outcome) == [(3, "email", "email_format"), (4, "vat_id", "vat_id_country")]
    assert rows_of(
        admin,
        "SELECT name, is_customer, is_supplier, vat_id, tax_treatment FROM partners.partner WHERE number = '10501'",
    ) == [("Spielwaren Nord", True, False, "DE811223344", "domestic")]
    addresses = (
        "Kundennummer;Für;Straße;PLZ;Ort;Land;Üblich\n10501;Rechnung;Am Markt 1;01234;Seiffen;de;ja\n"
        "10501;Rechnung;Am Markt 2;01234;Seiffen;DE;ja\n10501;Lieferung;Weg 3;01234;Seiffen;;\n"
    )
    outcome = run(db, plan_of(tmp_path, "addresses", addresses))
    assert [row.outcome for row in outcome.rows] == ["new", "rejected", "new"]
    assert outcome.rows[1].findings[0].code == "uq_address_default"
    contacts = "Kundennummer;Name;Telefon\n10501;Jana Lind;0371 1\n10501;Jana Lind;0371 2\n"
    assert run(db, plan_of(tmp_path, "contacts", contacts)).counts["rejected"] == 1
    again = run(db, plan_of(tmp_path, "contacts", "Kundennummer;Name;Telefon\n10501;Jana Lind;0371 3\n"))
    assert again.rows[0].before == {"phone": "0371 1"}
    supplier = run(db, plan_of(tmp_path, "suppliers", "Lieferantennummer;Firma\n10501;\n70501;Holz Ost\n"))
    assert [row.outcome for row in supplier.rows] == ["changed", "new"]
    assert rows_of(
        admin,
        "SELECT number, is_customer, is_supplier FROM partners.partner WHERE number IN ('10501', '70501') ORDER BY 1",
    ) == [("10501", True, True), ("70501", False, True)]


def test_terms_of_partners_are_for_those_who_may_set_them(
    as_role: As, admin: Raw, given: Basics, tmp_path: Path
) -> None:
    code = rows_of(admin, "SELECT code FROM catalog.price_list ORDER BY id")[0][0]
    text = f"Nummer;Name;Preisliste;Besteuerung\n10601;Eins;{code};Ausfuhr\n10602;Zwei;;EU, steuerfrei\n"
    plan = plan_of(tmp_path, "customers", text)
    offered = {field.name for field in KINDS["customers"].offered(as_role("sales_manager").profile)}
    assert "price_list_id" not in offered
    outcome = run(as_role("administrator"), plan)
    assert [row.outcome for row in outcome.rows] == ["new", "rejected"]
    assert said(outcome) == [(3, "vat_id", "eu_business_needs_vat_id")]
    look = (
        "SELECT tax_treatment, price_list_id IS NOT NULL, payment_term_id FROM partners.partner"
        " WHERE number = '10601'"
    )
    before = rows_of(admin, look)
    assert before[0][:2] == ("export", True)
    changed = run(
        as_role("administrator"), plan_of(tmp_path, "customers", "Nummer;Besteuerung\n10601;Inland\n")
    )
    assert changed.counts["changed"] == 1
    assert rows_of(admin, look) == [("domestic", True, before[0][2])]


def test_places_and_families(as_role: As, admin: Raw, tmp_path: Path) -> None:
    admin.execute("INSERT INTO inventory.warehouse (code, name) VALUES ('IW', 'Importlager')")
    db = as_role("warehouse_manager")
    text = "Lager;Kürzel;Art;Regal\nIW;A-1;Lagerung;12\nimportlager;A-2;;\nIW;A-3;Garten;\nIW; ;;1\n"
    outcome = run(db, plan_of(tmp_path, "places", text))
    assert [row.outcome for row in outcome.rows] == ["new", "new", "rejected", "rejected"]
    assert said(outcome) == [(4, "kind", "not_one_of"), (5, "code", "required")]
    families = "Familiennummer;Name;Höhe in mm\nF-1;Engel;12,5\nF-2;Bär;-1\n"
    outcome = run(as_role("marketing"), plan_of(tmp_path, "families", families))
    assert [row.outcome for row in outcome.rows] == ["new", "rejected"]


def test_a_stop_takes_everything_back(as_role: As, admin: Raw, given: Basics, tmp_path: Path) -> None:
    lines = "".join(f"S-{n};Engel {n}\n" for n in range(2500))
    plan = plan_of(tmp_path, "products", "SKU;Name\n" + lines)
    seen: list[tuple[str, int, int]] = []

    def progress(stage: str, done: int, total: int, _counts: object) -> None:
        seen.append((stage, done, total))

    def stop() -> bool:
        return any(stage == "write" and done >= 2000 for stage, done, _ in seen)

    with pytest.raises(Cancelled):
        run(as_role("marketing"), plan, progress=progress, stop=stop)
    assert {stage for stage, _, _ in seen} == {"check", "write"}
    assert all(total == 2500 for _, _, total in seen)
    assert rows_of(admin, "SELECT 1 FROM catalog.product WHERE sku LIKE 'S-%%'") == []


def test_when_the_database_refuses_row_after_row_it_is_given_up(
    as_role: As, admin: Raw, given: Basics, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.imports.wizard.carry.REFUSED_LIMIT", 5)
    db = as_role("marketing")
    run(db, plan_of(tmp_path, "products", "SKU;Name\n" + "".join(f"g-{n};Engel\n" for n in range(9))))
    with pytest.raises(Refused, match="import_too_often_refused"):
        run(
            db,
            plan_of(tmp_path, "products", "SKU;Name\nG-X;Engel\n" + "".join(f"G-{n};X\n" for n in range(9))),
        )
    assert rows_of(admin, "SELECT 1 FROM catalog.product WHERE sku = 'G-X'") == []


def test_ten_thousand_rows_cost_few_statements(
    as_role: As, given: Basics, counted: Callable[[Database], Any], tmp_path: Path
) -> None:
    lines = "".join(f"T-{n};Engel {n};{'rot' if n % 2 else ''}\n" for n in range(10_000))
    plan = plan_of(tmp_path, "products", "SKU;Name;Farbe\n" + lines)
    db = as_role("marketing")
    assert run(db, plan).counts["new"] == 10_000
    with counted(db) as spent:
        assert run(db, plan).counts["unchanged"] == 10_000
    assert spent.statements < 30
