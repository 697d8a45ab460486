"""What a code stands for, asked as the person who scans; codes that are taught; the log."""

from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import NotAllowed, Refused
from app.services.labels import scanning
from app.services.labels.scanning import Hit, LogScans, ScanNote, TeachCode
from app.services.labels.scans import read
from tests.sales_world import Raw, World, build

AsRole = Callable[[str], Database]
EAN = "4012345678901"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


def hits(db: Database, code: str) -> tuple[Hit, ...]:
    before = db.counter.round_trips
    found = db.read(scanning.resolve, read(code), "de").hits
    # What nobody knows is looked for in capitals as well.
    assert db.counter.round_trips - before == (1 if found or code == code.upper() else 2)
    return found


def one(admin: Raw, statement: str, *values: object) -> int:
    row = admin.execute(statement, values).fetchone()
    assert row is not None
    return int(row[0])


def make_product(admin: Raw, sku: str, ean: str | None = None) -> int:
    return one(
        admin,
        "INSERT INTO catalog.product (sku, name, ean, legacy_sku, unit_id, tax_class_id)"
        " VALUES (%s, 'Engel', %s, 'ALT-' || %s, (SELECT min(id) FROM catalog.unit),"
        " (SELECT min(id) FROM catalog.tax_class)) RETURNING id",
        sku,
        ean,
        sku,
    )


def test_everything_a_label_may_bear_is_found(world: World, admin: Raw, as_role: AsRole) -> None:
    product = make_product(admin, "SCAN-1", EAN)
    warehouse = one(admin, "SELECT min(id) FROM inventory.warehouse")
    code = admin.execute("SELECT code FROM inventory.warehouse WHERE id = %s", (warehouse,)).fetchone()
    assert code is not None
    place = one(
        admin,
        "INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'Z-77-01') RETURNING id",
        warehouse,
    )
    box = one(
        admin,
        "INSERT INTO inventory.box (code, barcode, place_id) VALUES ('K-9', 'X9009', %s) RETURNING id",
        place,
    )
    admin.execute("INSERT INTO inventory.box_slot (box_id, number, code) VALUES (%s, 3, 'BP')", (box,))
    lot = one(admin, "INSERT INTO inventory.lot (product_id, code) VALUES (%s, 'L/7') RETURNING id", product)
    for role in ("warehouse_manager", "production_operator", "sales_rep"):
        db = as_role(role)
        for text in (
            "SCAN-1",
            "scan-1",
            "ALT-SCAN-1",
            EAN,
            "]E0" + EAN,
            "0" + EAN,
            "A/SCAN-1",
            f"(01)0{EAN}",
        ):
            (hit,) = hits(db, text)
            assert (hit.topic, hit.id, hit.label) == ("catalog.product", product, "SCAN-1"), text
        (hit,) = hits(db, f"(01)0{EAN}(10)L/7")
        assert (hit.topic, hit.product_id, hit.lot_id) == ("catalog.product", product, lot)
        (hit,) = hits(db, f"(01)0{EAN}(10)NEU")
        assert (hit.lot, hit.lot_id) == ("NEU", None)
        (hit,) = hits(db, "L/SCAN-1/L%2F7")
        assert (hit.topic, hit.id, hit.product_id, hit.lot) == ("inventory.lot", lot, product, "L/7")
        for text in ("Z-77-01", f"P/{code[0]}/Z-77-01"):
            (hit,) = hits(db, text)
            assert db.read(scanning.resolve, read(text.lower()), "de").hits == (hit,)
            assert (hit.topic, hit.id, hit.place) == ("inventory.place", place, "Z-77-01")
        for text in ("K-9", "X9009", "B/K-9"):
            (hit,) = hits(db, text)
            assert (hit.topic, hit.id, hit.place_id) == ("inventory.box", box, place)
        for text in ("S/K-9/3", "K-9.BP"):
            (hit,) = hits(db, text)
            assert (hit.id, hit.more["slot"]) == (box, 3)
        assert (
            hits(db, "P/XX/Z-77-01") == hits(db, "gibt es nicht") == hits(db, "(00)340123450000000017") == ()
        )


def test_a_clerk_scans_what_lies_in_his_own_warehouse(world: World, admin: Raw, as_role: AsRole) -> None:
    other = one(admin, "INSERT INTO inventory.warehouse (code, name) VALUES ('FERN', 'Fern') RETURNING id")
    admin.execute("INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'FERN-01')", (other,))
    assert hits(as_role("warehouse_manager"), "FERN-01")
    assert hits(as_role("warehouse_clerk"), "FERN-01") == ()


def test_a_code_is_taught_once(world: World, admin: Raw, as_role: AsRole) -> None:
    first, second = make_product(admin, "TEACH-1"), make_product(admin, "TEACH-2")
    clerk, marketing = as_role("warehouse_manager"), as_role("marketing")
    command = TeachCode("CARTON-12", "catalog.product", first, qty=Decimal(12), note="Karton")
    taught = clerk.write(scanning.teach, command).value
    assert clerk.write(scanning.teach, command).value == taught
    assert not taught.ean
    (hit,) = hits(clerk, "CARTON-12")
    assert (hit.id, hit.qty) == (first, Decimal(12))
    for code in ("CARTON-12", "TEACH-1"):
        with pytest.raises(Refused) as refused:
            marketing.write(scanning.teach, TeachCode(code, "catalog.product", second))
        assert (refused.value.key, refused.value.params["holder"]) == ("taught_code_taken", "TEACH-1")
    # Who may change products puts a valid article number where it belongs, once.
    digits = "0409999900001"
    digit = admin.execute("SELECT labels.check_digit(%s)", (digits,)).fetchone()
    assert digit is not None
    gtin = digits + str(digit[0])
    code = gtin[1:]
    assert marketing.write(scanning.teach, TeachCode(code, "catalog.product", second, gtin)).value.ean
    (hit,) = hits(clerk, code)
    assert hit.id == second
    with pytest.raises(Refused, match="taught_code_taken"):
        clerk.write(scanning.teach, TeachCode(code, "catalog.product", first, gtin))
    place = one(admin, "SELECT min(id) FROM inventory.place")
    clerk.write(scanning.teach, TeachCode("TOR 1", "inventory.place", place))
    (hit,) = hits(clerk, "TOR 1")
    assert (hit.topic, hit.id) == ("inventory.place", place)
    # What the house's own labels bear leads where it led, whatever anybody teaches.
    label = admin.execute(
        "SELECT p.code, 'P/' || w.code || '/' || p.code FROM inventory.place p"
        " JOIN inventory.warehouse w ON w.id = p.warehouse_id WHERE p.id = %s",
        (place,),
    ).fetchone()
    assert label is not None
    for ours in (*label, "A/TEACH-2"):
        with pytest.raises(Refused, match="taught_code_taken"):
            clerk.write(scanning.teach, TeachCode(ours, "catalog.product", first))
    assert [hit.id for hit in hits(clerk, label[1])] == [place]
    for wrong, key in (
        (TeachCode("X-1", "sales.invoice", 1), "taught_code_topic_known"),
        (TeachCode("X-1", "catalog.product", 10**9), "record_not_found"),
        (TeachCode("X-1", "catalog.product", first, qty=Decimal(0)), "taught_code_qty_positive"),
        (TeachCode("  ", "catalog.product", first), "taught_code_not_blank"),
    ):
        with pytest.raises(Refused, match=key):
            clerk.write(scanning.teach, wrong)
    with pytest.raises(NotAllowed):
        as_role("viewer").write(scanning.teach, TeachCode("X-1", "catalog.product", first))


def test_what_was_misread_or_is_ours_is_not_taught(world: World, admin: Raw, as_role: AsRole) -> None:
    product, clerk = make_product(admin, "FLAW-1"), as_role("warehouse_manager")
    for code, key in (
        ("4012345678902", "digit"),
        (" 4012345678902 ", "digit"),
        ("401234567891", "digit"),
        ("14012345678902", "digit"),
        ("96385075", "digit_of_8"),
        ("340123450000000018", "digit"),
        ("00340123450000000018", "digit"),
        ("(00)340123450000000018", "digit"),
        ("(01)04012345678902(10)L-7", "digit"),
        ("(10)L-7(01)04012345678902", "digit"),
        ("0104012345678902", "digit"),
        ("010401234567890210L-7\x1d3712", "digit"),
        ("A/NO-SUCH", "own"),
        ("s/K-1/3", "own"),
        ("G/4711", "own"),
        ("W/4711", "own"),
        ("W/UNDO", "own"),
        ("(92)A/NO-SUCH", "own"),
    ):
        with pytest.raises(Refused) as refused:
            clerk.write(scanning.teach, TeachCode(code, "catalog.product", product))
        assert refused.value.key == f"taught_code_{key}", code
        assert not read(code).damaged or key == "digit", "the screen says the same"
    with pytest.raises(Refused, match="taught_code_digit"):
        clerk.write(scanning.teach, TeachCode("FLAW-2", "catalog.product", product, "04012345678902"))
    supplier = one(
        admin,
        "INSERT INTO partners.partner (number, name, is_supplier) VALUES ('L-8', 'Acht', true) RETURNING id",
    )
    for number, code in enumerate(
        ("96385075", "(01)04006381333931(92)A/X", "W", "AB/1", "L/1", "1234567890123456")
    ):
        supplier_id = supplier if code == "96385075" else None  # eight digits: his own number
        command = TeachCode(code, "catalog.product", product, supplier_id=supplier_id)
        clerk.write(scanning.teach, command)
        assert [hit.id for hit in hits(clerk, code)] == [product], number


def test_scans_are_written_down_and_not_changed(world: World, admin: Raw, as_role: AsRole) -> None:
    clerk = as_role("warehouse_clerk")
    notes = (ScanNote("Packtisch 1", "stock_count", "K-9", "found", "inventory.box", 1),)
    assert clerk.write(scanning.log_scans, LogScans(notes * 3)).value == 3
    rows = admin.execute("SELECT scanned_by, workplace, outcome FROM labels.scan").fetchall()
    assert len(rows) == 3
    assert {(row[1], row[2]) for row in rows} == {("Packtisch 1", "found")}
