"""Number ranges under concurrency, the house's own designs, and labels printed from real records by real roles."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from app.core import clock
from app.core.db import Database
from app.core.errors import AppError, Duplicate, Invalid, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.labels import catalogue, reads, writes
from app.services.labels.commands import AssignEan, GiveSscc, SaveDesign, SaveRange
from app.services.labels.gs1 import require_check_digit
from app.services.labels.layout import lay_out
from app.services.records import Saved
from tests.sales_world import Raw, World, build, confirmed, line_ids, shipped, stock

AsRole = Callable[[str], Database]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return build(connection)


def products(admin: Raw, count: int, prefix: str) -> list[int]:
    """New products without an article number."""
    made = admin.execute(
        "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id)"
        " SELECT %s || n, 'Engel ' || n, (SELECT min(id) FROM catalog.unit), (SELECT min(id) FROM catalog.tax_class)"
        " FROM generate_series(1, %s) n RETURNING id",
        (prefix, count),
    )
    return [row[0] for row in made]


def number_range(house: Database, kind: str, prefix: str, **values: Any) -> Saved:
    """A new range; the one that was active of its kind is closed."""
    for row in house.read(reads.list_ranges, ListQuery(preset="active")).rows:
        if row.kind == kind:
            house.write(writes.save_range, SaveRange(row.id, row.row_version, {"is_active": False}))
    new = {"kind": kind, "name": f"{kind} {prefix}", "prefix": prefix, "first_serial": 1, "last_serial": 999}
    return house.write(writes.save_range, SaveRange(None, None, {**new, **values})).value


def test_article_numbers_are_given_without_gaps_to_everybody_at_once(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    made = number_range(as_role("administrator"), "ean13", "20123")
    batches = [products(admin, 6, f"CON{n}-") for n in range(4)]
    taken = admin.execute("SELECT '20123' || '0000003' || labels.check_digit('201230000003')").fetchone()
    assert taken is not None
    holder = products(admin, 1, "HELD-")[0]
    admin.execute("UPDATE catalog.product SET ean = %s WHERE id = %s", (taken[0], holder))
    people = [
        as_role(role) for role in ("marketing", "production_planner", "purchase_officer", "sales_manager")
    ]

    def give(person: Database, batch: list[int]) -> dict[int, str]:
        return person.write(writes.assign_ean, AssignEan(tuple(batch))).value

    with ThreadPoolExecutor(len(people)) as pool:
        given = list(pool.map(give, people, batches))
    codes = [code for answer in given for code in answer.values()]
    assert len(set(codes)) == len(codes) == 24
    assert taken[0] not in codes
    assert all(require_check_digit(code).startswith("20123") for code in codes)
    serials = sorted(int(code[5:12]) for code in codes)
    assert serials == [n for n in range(1, 26) if n != 3]
    row = as_role("viewer").read(reads.get_range, made.id)
    assert (row.issued, row.left) == (25, 974)
    assert admin.execute("SELECT product_id FROM labels.gtin WHERE code = %s", taken).fetchone() == (holder,)


def test_products_keep_the_number_they_have_and_commands_count_once(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    number_range(as_role("administrator"), "ean8", "2", last_serial=2)
    planner = as_role("production_planner")
    ids = products(admin, 3, "ONCE-")
    command = AssignEan(tuple(ids[:2]), "ean8")
    first = planner.write(writes.assign_ean, command).value
    assert planner.write(writes.assign_ean, command).value == first
    assert planner.write(writes.assign_ean, AssignEan(tuple(ids[:2]), "ean8")).value == {}
    with pytest.raises(Refused, match="number_range_used_up"):
        planner.write(writes.assign_ean, AssignEan((ids[2],), "ean8"))
    with pytest.raises(NotAllowed):
        as_role("warehouse_clerk").write(writes.assign_ean, AssignEan((ids[2],), "ean8"))
    with pytest.raises(Refused, match="product_ean_count"):
        planner.write(writes.assign_ean, AssignEan(()))


def test_ranges_have_room_for_their_numbers_and_only_functions_count(admin: Raw, as_role: AsRole) -> None:
    house = as_role("administrator")
    for values, key in (
        ({"prefix": "20A"}, "number_range_prefix"),
        ({"prefix": "2"}, "number_range_prefix"),
        ({"last_serial": 10**9}, "number_range_serials"),
        ({"first_serial": 5, "last_serial": 4}, "number_range_serials"),
        ({"kind": "upc"}, "number_range_kind_known"),
    ):
        new = {"kind": "ean13", "name": "x", "prefix": "29999", "first_serial": 1, "last_serial": 9}
        with pytest.raises(Invalid, match=key):
            house.write(writes.save_range, SaveRange(None, None, {**new, "is_active": False, **values}))
    made = number_range(house, "ean13", "28")
    new = {"kind": "ean13", "name": "x", "prefix": "27", "first_serial": 1, "last_serial": 9}
    with pytest.raises(Duplicate, match="uq_number_range_active"):
        house.write(writes.save_range, SaveRange(None, None, new))
    for table, column in (("number_range", "issued"), ("number_range", "prefix"), ("gtin", "code")):
        if table == "number_range":
            with pytest.raises(AppError):
                house.write(writes.save_range, SaveRange(made.id, made.row_version, {column: 7}))
        may = admin.execute(
            "SELECT has_column_privilege('u_administrator', %s, %s, 'UPDATE')", (f"labels.{table}", column)
        ).fetchone()
        assert may == (False,)
    with pytest.raises(NotAllowed):
        as_role("marketing").write(writes.save_range, SaveRange(made.id, made.row_version, {"name": "y"}))


def delivered(world: World, admin: Raw, as_role: AsRole) -> Any:
    """A bicycle is ordered and shipped."""
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 1)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.bike)]))
    return shipped(keeper, order.id, order.row_version, (line_ids(admin, order.id)[0], 1, world.shelf))


def test_parcels_get_their_number_once_and_the_label_prints_it(
    world: World, admin: Raw, as_role: AsRole
) -> None:
    rep, keeper = as_role("sales_rep"), as_role("warehouse_manager")
    delivery = delivered(world, admin, as_role)
    with pytest.raises(Refused, match="number_range_missing"):
        keeper.write(writes.give_sscc, GiveSscc(delivery.id, 1))
    number_range(as_role("administrator"), "sscc", "34012345")
    two = keeper.write(writes.give_sscc, GiveSscc(delivery.id, 2)).value
    three = keeper.write(writes.give_sscc, GiveSscc(delivery.id, 3)).value
    assert three[:2] == two
    assert [require_check_digit(code) for code in three] == list(dict.fromkeys(three))
    assert all(code.startswith("34012345") and len(code) == 18 for code in three)
    (source,) = keeper.read(reads.sources, "delivery", [delivery.id])
    assert source.numbers == three
    record = {**source.record, "parcel.number": 2, "parcel.count": 3, "parcel.sscc": three[1]}
    for design in catalogue.designs("delivery").values():
        assert lay_out(design, record).marks
    with pytest.raises(Refused, match="sscc_parcel_range"):
        keeper.write(writes.give_sscc, GiveSscc(delivery.id, 0))
    with pytest.raises(Refused, match="record_not_found"):
        keeper.write(writes.give_sscc, GiveSscc(10**9, 1))
    with pytest.raises(NotAllowed):
        rep.write(writes.give_sscc, GiveSscc(delivery.id, 1))


def test_own_designs_are_checked_before_they_are_kept(as_role: AsRole) -> None:
    house = as_role("warehouse_manager")
    definition = {
        "size": [57, 32],
        "elements": [{"code": "qr", "value": "{code.own}", "at": [2, 2.5, 28, 28]}],
    }
    values = {"topic": "place", "name_de": "Regal", "name_en": "Rack", "definition": definition}
    saved = house.write(writes.save_design, SaveDesign(None, None, values)).value
    (row,) = as_role("viewer").read(reads.own_designs, "place")
    design = reads.read_design(row)
    assert design is not None
    assert (row.id, design.wide, design.name["en"]) == (saved.id, 57, "Rack")
    outside = {**definition, "elements": [{"box": [0, 0, 99, 9]}]}
    with pytest.raises(Invalid, match="label_design_outside"):
        house.write(writes.save_design, SaveDesign(saved.id, saved.row_version, {"definition": outside}))
    with pytest.raises(Duplicate, match="label_design_once"):
        house.write(writes.save_design, SaveDesign(None, None, values))
    with pytest.raises(NotAllowed):
        as_role("viewer").write(writes.save_design, SaveDesign(None, None, {**values, "name_de": "Neu"}))


def test_every_kind_of_record_can_be_read_for_labels(world: World, admin: Raw, as_role: AsRole) -> None:
    tables = {
        "product": "catalog.product",
        "lot": "inventory.lot",
        "place": "inventory.place",
        "box": "inventory.box",
        "slot": "inventory.box_slot",
        "work_order": "production.work_order",
        "mould": "production.mould",
        "delivery": "sales.delivery",
    }
    admin.execute("INSERT INTO inventory.box (code) VALUES ('K-1') ON CONFLICT DO NOTHING")
    admin.execute(
        "INSERT INTO inventory.box_slot (box_id, number) SELECT id, 1 FROM inventory.box WHERE code = 'K-1'"
    )
    admin.execute("INSERT INTO production.mould (number, name) VALUES ('F/1', 'Glocke')")
    admin.execute(
        "INSERT INTO inventory.lot (product_id, code) SELECT min(id), 'L1' FROM catalog.product WHERE ean IS NULL"
    )
    delivered(world, admin, as_role)
    # Where the house is, the next day may have begun; and a unit is a word in the language of the label.
    admin.execute("UPDATE system.company SET time_zone = 'Pacific/Kiritimati'")
    (lot,) = admin.execute("SELECT max(id), system.today() FROM inventory.lot").fetchall()
    (unit,) = admin.execute(
        "SELECT u.name_de, u.name_en FROM inventory.lot l JOIN catalog.product p ON p.id = l.product_id"
        " JOIN catalog.unit u ON u.id = p.unit_id WHERE l.id = %s",
        (lot[0],),
    ).fetchall()
    (source,) = as_role("administrator").read(reads.sources, "lot", [lot[0]])
    assert (source.record["product.unit"], source.record["product.unit@en"]) == unit
    assert source.record["print.date"] == lot[1]
    assert clock.today() == lot[1], "whoever signs in counts days as the house does"
    admin.execute("UPDATE system.company SET time_zone = 'Europe/Berlin'")
    for topic, table in tables.items():
        ids = [row[0] for row in admin.execute(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 2")]
        if topic == "work_order" and not ids:
            with pytest.raises(Refused, match="label_records"):
                as_role("administrator").read(reads.sources, topic, [1])
            continue
        found = as_role("administrator").read(reads.sources, topic, ids)
        assert [source.id for source in found] == ids
        typed = found[0].title.rpartition(" · ")[2]
        hits = as_role("administrator").read(reads.find, topic, f" {typed.upper()} ", 50)
        assert ids[0] in {hit.id for hit in hits}, topic
        assert as_role("administrator").read(reads.find, topic, "%_") == []
        extra = {"parcel.number": 1, "parcel.count": 1, "label.serial": "SN-1"}
        known = set(catalogue.fields_of(topic))
        assert {key.partition("@")[0] for key in found[0].record} <= known | {"company.address"}, topic
        for design in catalogue.designs(topic).values():
            for source in found:
                assert lay_out(design, {**source.record, **extra}).marks, design.key


def test_badges_are_found_and_printed_by_whoever_looks_after_them(admin: Raw, as_role: AsRole) -> None:
    admin.execute(
        "INSERT INTO sec.badge (login, badge, pin_verifier) VALUES ('u_viewer', 'PL-4711', 'x') ON CONFLICT DO NOTHING"
    )
    keeper = as_role("system_administrator")
    (hit,) = keeper.read(reads.find, "badge", "pl-47")
    (source,) = keeper.read(reads.sources, "badge", [hit.id])
    assert source.record["person.badge"] == "PL-4711"
    for design in catalogue.designs("badge").values():
        assert lay_out(design, source.record).marks
    with pytest.raises(NotAllowed):
        as_role("viewer").read(reads.find, "badge", "pl-47")
