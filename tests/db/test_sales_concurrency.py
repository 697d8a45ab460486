"""Many at once: stock is never promised or shipped twice, numbers have no gaps, and a lost race is a clear answer."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from app.core.db import ClientInfo, Database, Target
from app.core.errors import AppError, Conflict, Refused
from app.services.sales import writes
from app.services.sales.commands import ConfirmSalesOrder, Pick, PostInvoice, PostPayment, ShipDelivery
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

WRITERS = 16
As = Callable[[str], Database]


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


@pytest.fixture
def crowd(role_dsn: Callable[[str], str]) -> Iterator[Callable[[str], list[Database]]]:
    """Sixteen clients with the same role, each with its own connection."""
    opened: list[Database] = []

    def clients(role: str) -> list[Database]:
        found = []
        for _ in range(WRITERS):
            target, password = Target.from_dsn(role_dsn(role))
            found.append(Database(target, password, client=ClientInfo(version="test")))
            found[-1].open()
        opened.extend(found)
        return found

    yield clients
    for db in opened:
        db.close()


def _together(clients: list[Database], work: Callable[[int, Database], object]) -> list[object]:
    """Run the work in every client at the same moment; refusals are answers."""
    start = threading.Barrier(len(clients))

    def one(number: int) -> object:
        start.wait()
        try:
            return work(number, clients[number])
        except AppError as error:
            return error

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(one, range(len(clients))))


def test_sixteen_confirmations_share_what_is_there(
    world: World, as_role: As, admin: Raw, crowd: Callable[[str], list[Database]]
) -> None:
    """25 bikes, 16 orders over 3: exactly 25 are reserved, every number is given once."""
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 25)
    drafts = [
        as_role("sales_rep")
        .write(writes.save_sales_order, world.order([world.line(world.bike, 3, "100")]))
        .value
        for _ in range(WRITERS)
    ]
    answers = _together(
        crowd("sales_rep"),
        lambda n, db: (
            db.write(writes.confirm_sales_order, ConfirmSalesOrder(drafts[n].id, drafts[n].row_version)).value
        ),
    )
    orders = [answer for answer in answers if isinstance(answer, writes.Confirmed)]
    assert len({order.number for order in orders}) == WRITERS
    missing = sum((s.missing for order in orders for s in order.shortages), D(0))
    assert 3 * WRITERS - missing == 25
    assert admin.execute(
        "SELECT on_hand, reserved FROM sales.sales_order o, inventory.stock_level l"
        " WHERE l.product_id = %s AND l.warehouse_id = %s LIMIT 1",
        (world.bike, world.north),
    ).fetchone() == (25, 25)


def test_sixteen_shipments_never_ship_what_is_not_there(
    world: World, as_role: As, admin: Raw, crowd: Callable[[str], list[Database]]
) -> None:
    """10 bells, 16 unreserved orders over one: 10 leave, 6 are told why not."""
    orders = [
        confirmed(as_role("sales_rep"), world.order([world.line(world.bell, 1, "7.99")]))
        for _ in range(WRITERS)
    ]
    lines = [line_ids(admin, order.id)[0] for order in orders]
    stock(as_role("warehouse_manager"), world.bell, world.shelf, 10)
    answers = _together(
        crowd("warehouse_manager"),
        lambda n, db: shipped(db, orders[n].id, orders[n].row_version, (lines[n], 1, world.shelf)),
    )
    kinds = Counter(answer.key if isinstance(answer, AppError) else "shipped" for answer in answers)
    assert kinds == {"shipped": 10, "stock_not_negative": 6}
    found = admin.execute(
        "SELECT sum(qty) FROM inventory.stock_balance WHERE product_id = %s", (world.bell,)
    ).fetchone()
    assert found == (0,)


def test_the_same_order_shipped_invoiced_and_paid_by_sixteen_is_done_once(
    world: World, as_role: As, admin: Raw, crowd: Callable[[str], list[Database]]
) -> None:
    """Different commands for the same step: one wins, the others see that the record has changed."""
    stock(as_role("warehouse_manager"), world.book, world.shelf, 100)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.book, 5, "20")]))
    [line] = line_ids(admin, order.id)
    answers = _together(
        crowd("warehouse_manager"),
        lambda _n, db: shipped(db, order.id, order.row_version, (line, 5, world.shelf)),
    )
    [delivery] = [a for a in answers if isinstance(a, writes.Shipped)]
    assert all(isinstance(a, Conflict) for a in answers if a is not delivery)

    finance = crowd("finance")
    post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    answers = _together(
        finance,
        lambda _n, db: (
            db.write(
                writes.post_invoice, PostInvoice(post.sales_order_id, post.row_version, post.delivery_ids)
            ).value
        ),
    )
    [bill] = [a for a in answers if isinstance(a, writes.Issued)]
    assert all(isinstance(a, Conflict) for a in answers if a is not bill)

    answers = _together(
        finance,
        lambda _n, db: (
            db.write(
                writes.post_payment, PostPayment(bill.id, bill.row_version, bill.gross_amount, world.today)
            ).value
        ),
    )
    assert sum(isinstance(a, writes.Paid) for a in answers) == 1


def test_the_same_command_sent_by_sixteen_threads_is_posted_once(
    world: World, as_role: As, admin: Raw, crowd: Callable[[str], list[Database]]
) -> None:
    """A nervous finger: one delivery, sixteen equal answers."""
    stock(as_role("warehouse_manager"), world.book, world.shelf, 1)
    order = confirmed(as_role("sales_rep"), world.order([world.line(world.book, 1, "20")]))
    [line] = line_ids(admin, order.id)
    command = ShipDelivery(order.id, order.row_version, (Pick(line, D(1), world.shelf),))
    answers = _together(
        crowd("warehouse_manager"), lambda _n, db: db.write(writes.ship_delivery, command).value
    )
    assert len(set(answers)) == 1
    assert isinstance(answers[0], writes.Shipped)


def test_afterwards_the_books_are_right(world: World, admin: Raw, as_role: As, repository: Path) -> None:
    """Numbers without gaps, shipped equals moved, paid equals payments."""
    with pytest.raises(Refused, match="sales_order_has_no_lines"):
        confirmed(as_role("sales_rep"), world.order([]))
    for path in sorted((repository / "migrations/sql/consistency").glob("*.sql")):
        assert admin.execute(path.read_text("utf-8")).fetchall() == [], path.name
