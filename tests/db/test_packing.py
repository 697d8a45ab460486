"""Parcels: what is in them is never more than what left, whoever packs; numbers stay; who may not, does not."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Conflict, Invalid, NotAllowed, Refused
from app.services.labels import packing, scanning
from app.services.labels.packing import CloseParcel, Packing, ReopenParcel, VoidParcel
from app.services.labels.scans import read
from app.services.sales import writes
from app.services.sales.commands import Pick, ShipDelivery
from migrations import drift
from tests.db.test_labels import number_range
from tests.sales_world import Raw, World, build, confirmed, line_ids, stock

D = Decimal
AsRole = Callable[[str], Database]
NO_NUMBERS = "UPDATE labels.number_range SET is_active = false WHERE kind = 'sscc'"


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        made = build(connection)
        connection.execute("UPDATE catalog.product SET weight_g = 1250 WHERE id = %s", (made.bike,))
        return made


@pytest.fixture
def delivery(world: World, admin: Raw, as_role: AsRole) -> writes.Shipped:
    """Six bikes, four bells, a service."""
    keeper = as_role("warehouse_manager")
    stock(keeper, world.bike, world.shelf, 6)
    stock(keeper, world.bell, world.shelf, 4)
    wanted = [world.line(world.bike, 6), world.line(world.bell, 4), world.line(world.service, 1)]
    order = confirmed(as_role("sales_rep"), world.order(wanted))
    bike, bell, service = line_ids(admin, order.id)
    picks = (Pick(bike, D(6), world.shelf), Pick(bell, D(4), world.shelf), Pick(service, D(1)))
    return keeper.write(writes.ship_delivery, ShipDelivery(order.id, order.row_version, picks)).value


def opened(db: Database, delivery_id: int) -> Packing:
    return packing.begin(db.read(packing.packed_delivery, delivery_id, "de"))


def key_of(raw: Raw, statement: str, *values: Any) -> str:
    try:
        with raw.transaction(force_rollback=True):
            raw.execute(statement, values)
    except psycopg.Error as error:
        return error.diag.constraint_name or error.sqlstate or "?"
    return "ok"


def test_a_delivery_is_packed_into_parcels_until_nothing_is_left(
    world: World, delivery: writes.Shipped, admin: Raw, as_role: AsRole
) -> None:
    clerk = as_role("warehouse_clerk")
    admin.execute(NO_NUMBERS)
    work = opened(clerk, delivery.id)
    assert [(one.sku, one.qty) for one in work.delivery.goods] == [("BIKE-1", D(6)), ("BELL-1", D(4))]
    with pytest.raises(Refused, match="pack_wrong_product"):
        work.put(world.book, "BOOK-1", "", D(1))
    with pytest.raises(Invalid, match="parcel_empty"):
        work.close()
    one = work.put(world.bike, "BIKE-1", "", D(1)).put(world.bike, "BIKE-1", "", D(1)).digit("4")
    assert one.suggested_g == 5000
    with pytest.raises(Refused, match="pack_too_many"):
        one.more(D(3))
    first = clerk.write(packing.close_parcel, one.close()).value
    assert (first.number, first.sscc, first.complete) == (
        1,
        "",
        False,
    )  # the house has no range of its own yet
    number_range(as_role("administrator"), "sscc", "34012345")
    rest = opened(clerk, delivery.id)
    assert [rest.left(goods.line_id) for goods in rest.delivery.goods] == [D(2), D(4)]
    two = rest.everything().weigh(D(3100))
    assert two.suggested_g is None  # nobody knows what a bell weighs
    command = two.close()
    second = clerk.write(packing.close_parcel, command).value
    assert (second.number, second.parcels, second.complete) == (2, 2, True)
    assert second.sscc.startswith("34012345")
    assert clerk.write(packing.close_parcel, command).value == second, "sent twice, packed once"
    done = clerk.read(packing.packed_delivery, delivery.id, "de")
    assert done.complete
    assert [(p.number, p.weight_g, p.packed_by) for p in done.parcels] == [
        (1, D(5000), "u_warehouse_clerk"),
        (2, D(3100), "u_warehouse_clerk"),
    ]
    assert delivery.id not in {row.delivery_id for row in clerk.read(packing.to_pack)}
    for code in (delivery.number, second.sscc):
        assert clerk.read(packing.find_packing, code) == delivery.id
    (hit,) = clerk.read(scanning.resolve, read("00" + second.sscc), "de").hits
    assert (hit.topic, hit.id, hit.more["parcel"]) == ("sales.delivery", delivery.id, 2)
    trail = admin.execute(
        "SELECT count(*) FROM audit.entry WHERE table_name IN ('labels.parcel', 'labels.parcel_line')"
    ).fetchone()
    assert trail is not None
    assert trail[0] >= 5


def test_an_opened_parcel_keeps_its_number_and_a_void_one_gives_its_goods_back(
    delivery: writes.Shipped, as_role: AsRole
) -> None:
    clerk, boss = as_role("warehouse_clerk"), as_role("warehouse_manager")
    made = clerk.write(packing.close_parcel, opened(clerk, delivery.id).everything().close()).value
    (parcel,) = clerk.read(packing.packed_delivery, delivery.id, "de").parcels
    with pytest.raises(Refused, match="parcel_is_packed"):
        clerk.write(packing.void_parcel, VoidParcel(parcel.id, parcel.row_version))
    boss.write(packing.reopen_parcel, ReopenParcel(parcel.id, parcel.row_version))
    with pytest.raises(Conflict):
        clerk.write(packing.reopen_parcel, ReopenParcel(parcel.id, parcel.row_version))
    again = opened(clerk, delivery.id)
    assert again.parcel is not None
    assert again.number == 1
    assert not again.delivery.complete
    line = again.delivery.goods[1].line_id
    smaller = clerk.write(
        packing.close_parcel,
        CloseParcel(delivery.id, ((line, D(1)),), None, again.parcel.id, again.parcel.row_version),
    ).value
    assert (smaller.id, smaller.number, smaller.sscc, smaller.complete) == (made.id, 1, made.sscc, False)
    with pytest.raises(Refused, match="parcel_exceeds_delivery"):
        clerk.write(packing.close_parcel, CloseParcel(delivery.id, ((line, D(4)),)))
    (parcel,) = clerk.read(packing.packed_delivery, delivery.id, "de").parcels
    clerk.write(packing.reopen_parcel, ReopenParcel(parcel.id, parcel.row_version))
    (parcel,) = clerk.read(packing.packed_delivery, delivery.id, "de").parcels
    clerk.write(packing.void_parcel, VoidParcel(parcel.id, parcel.row_version))
    assert clerk.read(packing.packed_delivery, delivery.id, "de").parcels == ()
    whole = clerk.write(packing.close_parcel, opened(clerk, delivery.id).everything().close()).value
    assert (whole.number, whole.complete) == (2, True), "a number is never used again"


def test_what_is_no_packing_is_refused(
    world: World, delivery: writes.Shipped, as_role: AsRole, raw_role: Callable[..., Raw], admin: Raw
) -> None:
    clerk = as_role("warehouse_clerk")
    line = opened(clerk, delivery.id).delivery.goods[0].line_id
    service = admin.execute(
        "SELECT id FROM sales.delivery_line WHERE delivery_id = %s AND place_id IS NULL", (delivery.id,)
    ).fetchone()
    assert service is not None
    for inside, key in (
        (((line, D(7)),), "parcel_exceeds_delivery"),
        (((line, D(4)), (line, D(3))), "parcel_exceeds_delivery"),
        (((line, D(-1)),), "move_qty_positive"),
        (((line, D("NaN")),), "move_qty_positive"),
        (((line, D("0.5")),), "quantity_too_precise"),
        (((service[0], D(1)),), "parcel_line_unknown"),
        (((10**12, D(1)),), "parcel_line_unknown"),
        ((), "parcel_empty"),
    ):
        with pytest.raises(Refused, match=key):
            clerk.write(packing.close_parcel, CloseParcel(delivery.id, inside))
    for weight in (D(0), D(-1), D("NaN"), D(10**9)):
        with pytest.raises(Refused, match="parcel_weight_range"):
            clerk.write(packing.close_parcel, CloseParcel(delivery.id, ((line, D(1)),), weight))
    raw = raw_role("warehouse_clerk", ticket=True)
    close = "SELECT api.parcel_close(gen_random_uuid(), %s, NULL, NULL, NULL, %s)"
    assert key_of(raw, close, delivery.id, "7") == "parcel_empty"
    for role in ("viewer", "sales_rep", "production_operator", "quality"):
        db = as_role(role)
        with pytest.raises(NotAllowed):
            db.write(packing.close_parcel, CloseParcel(delivery.id, ((line, D(1)),)))
        with pytest.raises(NotAllowed):
            db.read(packing.packed_delivery, delivery.id, "de")
    for table in ("parcel", "parcel_line"):
        for verb in ("INSERT", "UPDATE", "DELETE"):
            may = admin.execute(
                "SELECT has_table_privilege('u_warehouse_manager', %s, %s)", (f"labels.{table}", verb)
            ).fetchone()
            assert may == (False,)


def test_nobody_packs_for_a_warehouse_that_is_not_his(
    world: World, delivery: writes.Shipped, admin: Raw, as_role: AsRole
) -> None:
    boss, clerk = as_role("warehouse_manager"), as_role("warehouse_clerk")
    made = boss.write(packing.close_parcel, opened(boss, delivery.id).everything().close()).value
    admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([world.south],))
    try:
        for refused in (
            lambda: clerk.read(packing.packed_delivery, delivery.id, "de"),
            lambda: clerk.write(packing.reopen_parcel, ReopenParcel(made.id, 1)),
            lambda: clerk.write(packing.close_parcel, CloseParcel(delivery.id, ((1, D(1)),))),
        ):
            with pytest.raises(Refused, match="record_not_found"):
                refused()
        assert clerk.read(packing.find_packing, delivery.number) is None
        assert clerk.read(packing.to_pack) == []
    finally:
        admin.execute("SELECT sec.user_set_warehouses('u_warehouse_clerk', %s)", ([world.north],))


def test_books_agree_and_a_lie_in_them_is_seen(admin: Raw, delivery: writes.Shipped, as_role: AsRole) -> None:
    clerk = as_role("warehouse_clerk")
    admin.execute(NO_NUMBERS)
    number_range(as_role("administrator"), "sscc", "34012399")
    clerk.write(packing.close_parcel, opened(clerk, delivery.id).everything().close())
    assert [x for x in drift.run_queries(admin, "consistency") if x[0] in ("parcels", "label_numbers")] == []
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute("UPDATE labels.parcel_line SET qty = qty + 1")
        admin.execute("UPDATE labels.parcel SET sscc = reverse(sscc)")
        admin.execute("UPDATE labels.parcel SET state = 'void' WHERE state = 'packed'")
        found = [row for name, row in drift.run_queries(admin, "consistency") if name == "parcels"]
    assert {row.split()[0] for row in found} == {"labels.parcel", "labels.parcel_line"}
    assert {word for row in found for word in ("packed,", "state", "SSCC") if word in row} == {
        "packed,",
        "state",
        "SSCC",
    }
