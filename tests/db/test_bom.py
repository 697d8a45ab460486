"""Bills of materials: approval, effectivity, and structures nobody can bend into a ring."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import Conflict, Invalid, NotAllowed, Refused
from app.core.paging import ListQuery
from app.services.engineering import reads, writes
from app.services.engineering.commands import (
    ApproveBom,
    BomLineInput,
    DiscardBom,
    NewBomVersion,
    RetireBom,
    SaveBom,
)
from tests import make_world
from tests.make_world import D, Workshop, bill, inconsistencies, product, receive

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
DAY = date(2026, 1, 1)


@pytest.fixture(scope="module")
def shop(admin_dsn: str) -> Workshop:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        return make_world.build(admin)


@pytest.fixture
def planner(as_role: As) -> Database:
    return as_role("production_planner")


def parts(admin: Raw, count: int) -> list[int]:
    return [product(admin, "PART", made=True) for _ in range(count)]


@pytest.mark.usefixtures("shop")
def test_no_product_contains_itself_at_any_depth(admin: Raw, planner: Database) -> None:
    a, b, c, d = parts(admin, 4)
    bill(planner, a, {b: 1})
    bill(planner, b, {c: 1}, approve=False)
    bill(planner, c, {d: 1})
    with pytest.raises(Refused, match="bom_contains_itself"):
        bill(planner, d, {d: 1})
    with pytest.raises(Refused) as refused:
        bill(planner, d, {a: 1})
    assert refused.value.key == "bom_cycle"
    assert (refused.value.params["product_id"], refused.value.params["component_id"]) == (d, a)
    rows = admin.execute("SELECT count(*) FROM engineering.bom WHERE product_id = %s", (d,)).fetchone()
    assert rows == (0,)


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"])
def test_two_sessions_cannot_close_a_ring_together(
    admin: Raw, planner: Database, raw_role: Callable[..., Raw], isolation: str
) -> None:
    a, b = parts(admin, 2)
    (bill_a, _), (bill_b, _) = bill(planner, a, {}, approve=False), bill(planner, b, {}, approve=False)
    first, second = (raw_role("production_planner", ticket=True) for _ in range(2))
    line = "INSERT INTO engineering.bom_line (bom_id, position, product_id, qty) VALUES (%s, 1, %s, 1)"
    for connection in (first, second):
        connection.execute("BEGIN ISOLATION LEVEL " + isolation)
        connection.execute("SELECT count(*) FROM engineering.bom_line")  # the snapshot is taken now
    first.execute(line, (bill_a, b))
    waiting = threading.Event()

    def close_the_ring() -> str | None:
        waiting.set()
        try:
            second.execute(line, (bill_b, a))
            second.execute("COMMIT")
        except psycopg.Error as error:
            return error.diag.constraint_name or error.sqlstate
        return "accepted"

    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(close_the_ring)
        waiting.wait()
        first.execute("COMMIT")
        assert outcome.result() == ("bom_cycle" if isolation == "READ COMMITTED" else "40001")
    assert inconsistencies(admin) == []


@pytest.mark.usefixtures("shop")
def test_depth_forty_explodes_and_rolls_up_in_one_statement(
    admin: Raw, planner: Database, keeper_stock: Callable[[int, object], None], counted: Callable[..., Any]
) -> None:
    chain = [*parts(admin, 40), product(admin, "ORE", cost="0.5")]
    for upper, lower in pairwise(chain):
        bill(planner, upper, {lower: 1}, scrap=0 if upper != chain[0] else 50)
    bill(planner, chain[0], {chain[1]: 2}, day=date(2027, 1, 1))
    keeper_stock(chain[20], 4)
    with counted(planner) as spent:
        found = planner.read(reads.structure, chain[0], D(10), date(2026, 6, 1))
    assert spent.round_trips == 1
    assert (found.depth, found.components, found.unit_cost) == (40, 40, D("0.75"))
    assert [row.need for row in found.rows[:2]] == [10, 15]
    with counted(planner) as spent:
        need = planner.read(reads.requirements, {chain[0]: D(10)}, date(2026, 6, 1))
    assert spent.round_trips == 1
    assert {row.product_id: row.net for row in need}[chain[40]] == 11
    assert planner.read(reads.structure, chain[0], D(1), date(2027, 6, 1)).unit_cost == D(1)
    above = planner.read(reads.where_used, chain[40], date(2026, 6, 1))
    assert [row.product_id for row in above] == chain[39::-1]
    assert above[-1].qty == D("1.5")
    assert len(above[-1].via) == 39


@pytest.fixture
def keeper_stock(shop: Workshop, as_role: As) -> Callable[[int, object], None]:
    return lambda product_id, qty: receive(as_role("warehouse_manager"), product_id, shop.shelf, qty)


@pytest.mark.usefixtures("shop")
def test_costs_roll_up_for_cost_readers_only(admin: Raw, planner: Database, as_role: As) -> None:
    top, raw = product(admin, "TOP", made=True), product(admin, "RAW", unit="kg", cost="91234.56")
    bill(planner, top, {raw: "0.5"})
    for role, cost in (("finance", D("45617.28")), ("warehouse_clerk", None), ("production_operator", None)):
        found = as_role(role).read(reads.structure, top, D(1), DAY)
        assert found.unit_cost == cost
        assert "91234" not in str(found) or role == "finance"


@pytest.mark.usefixtures("shop")
def test_a_new_version_takes_over_the_day_it_becomes_valid(admin: Raw, planner: Database) -> None:
    top, one, two = parts(admin, 3)
    first, _ = bill(planner, top, {one: 1})
    draft = planner.write(writes.new_version, NewBomVersion(first, date(2026, 7, 1))).value
    copied = planner.read(reads.bom_detail, draft.id)
    assert (copied.header.version, copied.header.state) == (2, "draft")
    lines = tuple(BomLineInput(line.product_id, line.qty, id=line.id) for line in copied.lines)
    changed = SaveBom(draft.id, draft.row_version, top, date(2026, 7, 1), (*lines, BomLineInput(two, D(3))))
    saved = planner.write(writes.save_bom, changed).value
    with pytest.raises(Conflict):  # whoever approves must have seen the lines as they are now
        planner.write(writes.approve_bom, ApproveBom(draft.id, draft.row_version))
    planner.write(writes.approve_bom, ApproveBom(saved.id, saved.row_version))
    versions = planner.read(reads.versions, top)
    assert [(row.version, row.valid_from, row.valid_to) for row in versions] == [
        (2, date(2026, 7, 1), None),
        (1, DAY, date(2026, 7, 1)),
    ]
    for day, count in ((date(2026, 6, 30), 1), (date(2026, 7, 1), 2)):
        assert planner.read(reads.structure, top, D(1), day).components == count
    # Another one from the same day on: the second was never valid for a whole day.
    again = planner.write(writes.new_version, NewBomVersion(saved.id, date(2026, 7, 1))).value
    planner.write(writes.approve_bom, ApproveBom(again.id, again.row_version))
    assert [row.state for row in planner.read(reads.versions, top)] == ["approved", "retired", "approved"]


@pytest.mark.usefixtures("shop")
def test_approved_bills_are_closed_and_empty_ones_are_not_approved(
    admin: Raw, planner: Database, raw_role: Callable[..., Raw]
) -> None:
    top, one, two = parts(admin, 3)
    with pytest.raises(Refused, match="bom_has_no_lines"):
        bill(planner, top, {})
    approved, version = bill(planner, one, {two: 1})
    change = SaveBom(approved, version, one, DAY, (BomLineInput(two, D(9)),))
    with pytest.raises(Refused, match="bom_not_draft"):
        planner.write(writes.save_bom, change)
    with pytest.raises(Refused, match="not_a_draft"):
        planner.write(writes.discard_bom, DiscardBom(approved, version))
    psql = raw_role("production_planner", ticket=True)
    insert = "INSERT INTO engineering.bom_line (bom_id, position, product_id, qty) VALUES (%s, 9, %s, 1)"
    with pytest.raises(psycopg.Error) as refused:
        psql.execute(insert, (approved, top))
    assert refused.value.diag.constraint_name == "not_a_draft"
    for statement in (
        "UPDATE engineering.bom SET state = 'approved'",
        "UPDATE engineering.bom SET approved_by = 'u_finance'",
        "DELETE FROM engineering.bom_line",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            psql.execute(statement)
    changed = psql.execute("UPDATE engineering.bom SET output_qty = 5 WHERE id = %s", (approved,))
    assert changed.rowcount == 0
    planner.write(writes.retire_bom, RetireBom(approved, version))
    assert planner.read(reads.structure, one, D(1), DAY).components == 0


@pytest.mark.usefixtures("shop")
def test_only_planners_write_bills_and_drafts_can_be_thrown_away(
    admin: Raw, planner: Database, as_role: As
) -> None:
    top, one = parts(admin, 2)
    for role in ("production_operator", "sales_manager", "viewer", "administrator"):
        with pytest.raises(NotAllowed):
            bill(as_role(role), top, {one: 1})
    draft, version = bill(planner, top, {one: 1}, approve=False)
    with pytest.raises(Invalid, match="move_qty_positive"):
        bill(planner, top, {one: 0})
    command = uuid4()
    for _ in range(2):
        planner.write(writes.discard_bom, DiscardBom(draft, version, command=command))
    assert draft not in [row.id for row in planner.read(reads.list_bom, ListQuery(preset="draft")).rows]


@pytest.mark.usefixtures("shop")
def test_approving_two_versions_at_once_leaves_one_effective(
    admin: Raw, planner: Database, raw_role: Callable[..., Raw]
) -> None:
    top, one = parts(admin, 2)
    drafts = [bill(planner, top, {one: n + 1}, day=DAY + timedelta(days=n), approve=False) for n in range(4)]
    connections = [raw_role("production_planner", ticket=True) for _ in drafts]

    def approve(number: int) -> None:
        connections[number].execute("SELECT api.bom_approve(%s, %s, %s)", (uuid4(), *drafts[number]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(approve, range(4)))
    spans = admin.execute(
        "SELECT valid_from, valid_to FROM engineering.bom WHERE product_id = %s ORDER BY valid_from", (top,)
    ).fetchall()
    assert [end for _, end in spans] == [*[start for start, _ in spans[1:]], None]
