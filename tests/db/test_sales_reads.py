"""Reading sales: lists, forms, proposals, shipping, chain, documents, each within its round trips."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta

import psycopg
import pytest

from app.core.db import Counter, Database
from app.core.errors import AppError
from app.core.paging import Filter, ListQuery
from app.services.documents.archive import archive
from app.services.documents.reads import archived_file
from app.services.documents.render import render
from app.services.sales import documents, forms, lists, reads, shipping, writes
from app.services.sales.commands import (
    CancelInvoice,
    ConfirmSalesOrder,
    ConvertQuote,
    IssueQuote,
    Pick,
    PostInvoice,
    PostPayment,
    SaveSalesOrder,
    ShipDelivery,
)
from tests.sales_world import D, Raw, World, build, confirmed, line_ids, shipped, stock

As = Callable[[str], Database]
Counting = Callable[[Database], AbstractContextManager[Counter]]


@pytest.fixture
def admin_dsn(new_database: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database for each test: lists and stock are looked at as a whole."""
    with new_database() as address:
        yield address


@pytest.fixture
def world(admin_dsn: str) -> Iterator[World]:
    """A world for each test."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


def test_ten_lines_from_nothing_to_confirmed_within_six_round_trips(
    world: World, as_role: As, counted: Counting
) -> None:
    """Proposal, BEGIN, header, lines, COMMIT, confirm."""
    rep = as_role("sales_rep")
    with counted(rep) as spent:
        items = [(product, D(n + 1)) for n, product in enumerate([world.bike, world.bell] * 5)]
        found = rep.read(
            forms.propose_lines, items, world.wholesale, world.today, world.north, world.dealer, "de"
        )
        lines = [
            world.line(p.product_id, p.qty, p.list_price, description=p.description, tax_rate=p.tax_rate)
            for p in found
        ]
        order = confirmed(rep, world.order(lines))
    assert spent.round_trips <= 6
    assert len(order.shortages) == 10
    assert order.net_amount == sum(round(p.qty * (p.list_price or 0), 2) for p in found)


def test_proposal_knows_tier_tax_text_and_stock(world: World, as_role: As, admin: Raw) -> None:
    """From ten on the tier's price; a tax-free customer has no tax; the text is in his language."""
    rep = as_role("sales_rep")
    admin.execute("UPDATE partners.partner SET language = 'en' WHERE id = %s", (world.french,))
    admin.execute(
        "INSERT INTO catalog.product_text (product_id, language, name) VALUES (%s, 'en', 'City bike')",
        (world.bike,),
    )
    stock(as_role("warehouse_manager"), world.bell, world.shelf, 5)
    items = [(world.bike, D(10)), (world.bell, D(1))]
    bike, bell = rep.read(
        forms.propose_lines, items, world.wholesale, world.today, world.north, world.french, "de"
    )
    assert (bike.list_price, bike.price_from_qty, bike.tax_rate, bike.description) == (
        D(90),
        D(10),
        D(0),
        "City bike",
    )
    assert bell.free == 5
    [gross] = rep.read(
        forms.propose_lines, [(world.bike, D(1))], world.retail, world.today, None, world.dealer, "de"
    )
    assert gross.list_price == D("126.0504")  # 150.00 on the shelf, with 19 %


def test_form_in_one_round_trip_shows_the_snapshot_after_confirmation(
    world: World, as_role: As, admin: Raw, counted: Counting
) -> None:
    """A price that changes later does not change what was agreed."""
    rep = as_role("sales_rep")
    order = confirmed(rep, world.order([world.line(world.book, 2, "20", tax_rate=D(7), description="Buch")]))
    admin.execute("UPDATE catalog.price SET amount = 25 WHERE product_id = %s", (world.book,))
    with counted(rep) as spent:
        form = rep.read(forms.load_sales_order, order.id, "de")
    assert spent.round_trips == 1
    assert (form.number, form.row_version, form.gross_amount) == (order.number, order.row_version, D("42.80"))
    assert [(x.list_price, x.description, x.reserved) for x in form.lines] == [(D(20), "Buch", D(0))]
    admin.execute("UPDATE catalog.price SET amount = 20 WHERE product_id = %s", (world.book,))


def test_quote_form_shows_todays_list_price(world: World, as_role: As) -> None:
    """While it is a draft, the form compares with the list as it is."""
    rep = as_role("sales_rep")
    saved = rep.write(writes.save_quote, world.quote([world.line(world.bike, 10, "85")])).value
    form = rep.read(forms.load_quote, saved.id, "en")
    assert [(x.list_price, x.unit_price) for x in form.lines] == [(D(90), D(85))]
    assert form.row_version == saved.row_version


def test_lists_filter_sort_and_page(world: World, as_role: As) -> None:
    """Newest first; customers by a part of their name; presets; the next portion goes on where the last ended."""
    rep = as_role("sales_rep")
    made = [
        rep.write(writes.save_sales_order, world.order([world.line(world.bell, 1, "7.99")])).value
        for _ in range(3)
    ]
    page = rep.read(
        lists.list_orders, ListQuery(limit=2, filters=(Filter("customer", "contains", "radhaus"),))
    )
    assert [row.id for row in page.rows] == [made[2].id, made[1].id]
    following = ListQuery(
        sort="date", descending=True, limit=2, filters=(Filter("customer", "contains", "radhaus"),)
    ).following(page)
    assert rep.read(lists.list_orders, following).rows[0].id == made[0].id
    assert not rep.read(lists.list_orders, ListQuery(filters=(Filter("customer", "contains", "vélo"),))).rows
    for preset in lists.ORDER_PRESETS:
        rep.read(lists.list_orders, ListQuery(preset=preset))
    for preset in lists.QUOTE_PRESETS:
        rep.read(lists.list_quotes, ListQuery(preset=preset))
    mine = rep.read(lists.list_orders, ListQuery(preset="mine")).rows
    assert {row.created_by for row in mine} == {"u_sales_rep"}


def test_whole_chain_documents_and_lists(world: World, as_role: As, admin: Raw, counted: Counting) -> None:
    """From quote to payment: the chain, the printed totals, what is to invoice and to pay."""
    rep, clerk, finance = as_role("sales_rep"), as_role("warehouse_clerk"), as_role("finance")
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 3)
    stock(as_role("warehouse_manager"), world.book, world.shelf, 3)
    lines = [
        world.line(world.bike, 2, "100", discount_pct=D(10)),
        world.line(world.book, 3, "20", tax_rate=D(7)),
    ]
    quote = rep.write(writes.save_quote, world.quote([*lines, world.line(world.service, 1, "50")])).value
    issued = rep.write(writes.issue_quote, IssueQuote(quote.id, quote.row_version)).value
    order = _order(rep, world, issued)

    with counted(clerk) as spent:
        form = clerk.read(shipping.shipping_form, order.id)
    assert spent.round_trips == 2
    assert [(p.sku, p.qty, p.place) for p in form.picks] == [
        ("BIKE-1", D(2), "A-01"),
        ("BOOK-1", D(3), "A-01"),
        ("SERVICE", D(1), ""),
    ]
    assert order.id in [x.sales_order_id for x in clerk.read(shipping.shipping_orders)]
    picks = tuple(Pick(p.line_id, p.qty, p.place_id, p.lot_id) for p in form.picks)
    delivery = clerk.write(writes.ship_delivery, ShipDelivery(order.id, order.row_version, picks)).value
    [waiting] = finance.read(reads.invoiceable_deliveries, order.id)
    assert (waiting.delivery_id, waiting.net_amount) == (delivery.id, issued.net_amount)

    post = PostInvoice(order.id, waiting.sales_order_row_version, (delivery.id,))
    bill = finance.write(writes.post_invoice, post).value
    proposal = finance.read(reads.payment_proposal, bill.id)
    assert proposal.use_discount
    assert proposal.amount + proposal.discount_amount == bill.gross_amount
    late = finance.read(reads.payment_proposal, bill.id, world.today + timedelta(days=9))
    assert (late.use_discount, late.amount) == (False, bill.gross_amount)
    pay = PostPayment(
        bill.id, bill.row_version, proposal.amount, world.today, use_discount=True, reference="Bank 1"
    )
    finance.write(writes.post_payment, pay)

    with counted(finance) as spent:
        chain = finance.read(reads.document_chain, "delivery", delivery.id)
    assert spent.round_trips == 1
    assert [(link.document_type, link.amount) for link in chain] == [
        ("quote", issued.gross_amount),
        ("sales_order", issued.gross_amount),
        ("delivery", None),
        ("invoice", bill.gross_amount),
        ("payment", proposal.amount),
    ]
    assert [
        (link.document_type, link.amount)
        for link in clerk.read(reads.document_chain, "delivery", delivery.id)
    ] == [
        ("sales_order", None),
        ("delivery", None),
    ]
    detail = finance.read(reads.get_invoice, bill.id)
    assert detail.state == "paid"
    assert [rate for rate, _net, _tax in detail.taxes] == [19, 7]
    assert len(detail.payments) == 1

    for who, kind, record in (
        (rep, "quote", quote.id),
        (rep, "sales_order", order.id),
        (clerk, "delivery", delivery.id),
        (finance, "invoice", bill.id),
    ):
        data = who.read(documents.document_for, kind, record)
        assert render(data).startswith(b"%PDF")
        if kind == "delivery":
            assert data.totals is None
            assert all(line.unit_price is None and line.net is None for line in data.lines)
        else:
            assert data.totals is not None
            assert (data.totals.net, data.totals.gross) == (issued.net_amount, issued.gross_amount)
            assert data.totals.gross - data.totals.net == sum(tax.tax for tax in data.totals.taxes)
    assert [row.number for row in finance.read(lists.list_invoices, ListQuery(preset="paid")).rows] == [
        bill.number
    ]
    assert finance.read(lists.list_payments, ListQuery()).rows[0].invoice_number == bill.number
    assert clerk.read(lists.list_deliveries, ListQuery()).rows[0].order_number == order.number
    assert clerk.read(shipping.get_delivery, delivery.id).lines[0].place == "A-01"
    assert [hit.topic for hit in finance.read(reads.search_documents, bill.number)] == ["sales.invoice"]
    assert finance.read(reads.search_documents, "radhaus")
    assert [hit.topic for hit in clerk.read(reads.search_documents, str(int(delivery.number[-5:])))] == [
        "sales.delivery"
    ]


def _order(rep: Database, world: World, issued: writes.Issued) -> writes.Confirmed:
    draft = rep.write(writes.convert_quote, ConvertQuote(issued.id, issued.row_version)).value
    return rep.write(writes.confirm_sales_order, ConfirmSalesOrder(draft.id, draft.row_version)).value


def test_issued_documents_are_archived_and_a_cancellation_names_its_invoice(
    world: World, as_role: As, admin: Raw
) -> None:
    """The bytes kept are the bytes rendered; a draft says that it is one; negative totals are the database's."""
    admin.execute("UPDATE partners.partner SET language = 'en' WHERE id = %s", (world.french,))
    rep, finance = as_role("sales_rep"), as_role("finance")
    saved = rep.write(writes.save_quote, world.quote([world.line(world.bell, 2, "7.99")])).value
    assert rep.read(documents.document_for, "quote", saved.id).draft
    issued = rep.write(writes.issue_quote, IssueQuote(saved.id, saved.row_version)).value
    data = rep.read(documents.document_for, "quote", saved.id)
    assert (data.number, data.draft, data.lines[0].sku) == (issued.number, False, "BELL-1")
    command = documents.archive_command(saved.id, data)
    kept = rep.write(archive, command).value
    assert rep.read(archived_file, kept).content == command.content

    stock(as_role("warehouse_manager"), world.bell, world.shelf, 2)
    order = confirmed(rep, world.order([world.line(world.bell, 2, "7.99")], customer_id=world.french))
    [line] = line_ids(admin, order.id)
    delivery = shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, 2, world.shelf))
    post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    bill = finance.write(writes.post_invoice, post).value
    counter = finance.write(
        writes.cancel_invoice, CancelInvoice(bill.id, bill.row_version, reason="Adresse")
    ).value
    data = finance.read(documents.document_for, "invoice", counter.id)
    assert data.totals is not None
    assert data.original is not None
    assert (data.kind, data.language, data.original.number) == ("cancellation", "en", bill.number)
    assert (data.totals.gross, data.tax_notes) == (D("-15.98"), ("intra_community",))
    finance.write(archive, documents.archive_command(counter.id, data))


def test_lots_are_proposed_oldest_first_shipped_and_printed(world: World, as_role: As, admin: Raw) -> None:
    """One line from two lots is two picks, two delivery lines, and one line on the delivery note naming both."""
    clerk, keeper = as_role("warehouse_clerk"), as_role("warehouse_manager")
    row = admin.execute(
        "INSERT INTO catalog.product (sku, name, unit_id, tax_class_id, is_lot_tracked)"
        " SELECT 'LION-1', 'Löwe', unit_id, tax_class_id, true FROM catalog.product WHERE id = %s RETURNING id",
        (world.bike,),
    ).fetchone()
    assert row is not None
    lion = int(row[0])
    admin.execute(
        "INSERT INTO catalog.price (product_id, price_list_id, amount, valid_from) VALUES (%s, %s, 3, '2020-01-01')",
        (lion, world.wholesale),
    )
    stock(keeper, lion, world.shelf, 4, "L-1")
    stock(keeper, lion, world.shelf, 9, "L-2")
    lines = [world.line(lion, 6, "3"), world.line(world.service, 1, "50")]
    order = confirmed(as_role("sales_rep"), world.order(lines))
    form = clerk.read(shipping.shipping_form, order.id)
    assert [(p.lot, p.qty) for p in form.picks] == [("L-1", D(4)), ("L-2", D(2)), (None, D(1))]
    picks = tuple(Pick(p.line_id, p.qty, p.place_id, p.lot_id) for p in form.picks)
    delivery = clerk.write(writes.ship_delivery, ShipDelivery(order.id, order.row_version, picks)).value
    assert [x.lot for x in clerk.read(shipping.get_delivery, delivery.id).lines] == ["L-1", "L-2", None]
    printed = clerk.read(documents.document_for, "delivery", delivery.id).lines
    assert [(x.position, x.quantity, x.lots) for x in printed] == [
        ("1", D(6), ("L-1", "L-2")),
        ("2", D(1), ()),
    ]


def test_warehouse_finds_no_price_by_any_road(
    world: World, as_role: As, raw_role: Callable[..., Raw], admin: Raw
) -> None:
    """A canary price in quote, order, invoice and price list: nothing a clerk can read contains it."""
    rep = as_role("sales_rep")
    stock(as_role("warehouse_manager"), world.bike, world.shelf, 1)
    admin.execute(
        "UPDATE catalog.price SET amount = 91234.56 WHERE product_id = %s AND min_qty = 1", (world.bike,)
    )
    order = confirmed(rep, world.order([world.line(world.bike, 1, "91234.56")]))
    [line] = line_ids(admin, order.id)
    delivery = shipped(as_role("warehouse_clerk"), order.id, order.row_version, (line, 1, world.shelf))
    post = PostInvoice(order.id, delivery.sales_order_row_version, (delivery.id,))
    as_role("finance").write(writes.post_invoice, post)
    admin.execute(
        "UPDATE catalog.price SET amount = 100 WHERE product_id = %s AND min_qty = 1", (world.bike,)
    )
    for role in ("warehouse_clerk", "warehouse_manager", "production_operator"):
        connection = raw_role(role, ticket=True)
        for name in _relations(admin):
            try:
                rows = connection.execute(f"SELECT x::text FROM {name} x").fetchall()
            except psycopg.errors.InsufficientPrivilege:
                continue
            assert not [row for row in rows if "91234.56" in row[0]], (role, name)
        for call in (
            "SELECT x::text FROM api.shipping_orders() x",
            f"SELECT x::text FROM api.shipping_lines({order.id}) x",
            f"SELECT x::text FROM api.document_chain('sales_order', {order.id}) x",
        ):
            try:
                rows = connection.execute(call).fetchall()
            except (psycopg.errors.InsufficientPrivilege, psycopg.DatabaseError):
                continue
            assert not [row for row in rows if "91234.56" in row[0]], (role, call)


def _relations(admin: Raw) -> list[str]:
    found = admin.execute(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'v')"
    )
    return [row[0] for row in found.fetchall()]


def test_clerk_sees_only_the_orders_of_his_warehouse(world: World, as_role: As, admin: Raw) -> None:
    """Orders shipped from elsewhere are neither listed, nor readable, nor shippable for him."""
    rep, clerk = as_role("sales_rep"), as_role("warehouse_clerk")
    stock(as_role("warehouse_manager"), world.bell, world.far_shelf, 2)
    order = confirmed(
        rep,
        SaveSalesOrder(
            None, None, world.order([], warehouse_id=world.south).values, [world.line(world.bell, 2, "7.99")]
        ),
    )
    assert order.id not in [x.sales_order_id for x in clerk.read(shipping.shipping_orders)]
    assert clerk.read(shipping.shipping_form, order.id).lines == ()
    [line] = line_ids(admin, order.id)
    with pytest.raises(AppError, match="sales_order_not_found"):
        shipped(clerk, order.id, order.row_version, (line, 2, world.far_shelf))
    delivery = shipped(as_role("warehouse_manager"), order.id, order.row_version, (line, 2, world.far_shelf))
    assert delivery.id not in [row.id for row in clerk.read(lists.list_deliveries, ListQuery()).rows]
