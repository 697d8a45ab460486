"""Network, server and other people at their worst in the middle of the daily work: nothing lost, nothing twice."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core.changes import Result
from app.core.db import ClientInfo, Database, Target
from app.core.errors import Unavailable
from app.services.approvals import writes as approvals
from app.services.approvals.commands import Decide, EndDelegate, SetDelegate, Withdraw
from app.services.documents.archive import archive
from app.services.engineering import writes as bills
from app.services.engineering.commands import (
    ApproveBom,
    BomLineInput,
    DiscardBom,
    NewBomVersion,
    RetireBom,
    SaveBom,
)
from app.services.inventory import writes as stocks
from app.services.inventory.commands import (
    AdjustStock,
    CountLine,
    ReceiveLine,
    ReceiveStock,
    TransferLine,
    TransferStock,
)
from app.services.partners import bank
from app.services.partners import reads as partners
from app.services.partners.bank import Account, RemoveAccount
from app.services.partners.commands import SetCredit
from app.services.partners.writes import set_credit
from app.services.production import writes as works
from app.services.production.commands import (
    CancelWorkOrder,
    CompleteWorkOrder,
    CreateWorkOrders,
    PlannedOrder,
    ReserveWorkOrder,
    StartWorkOrder,
)
from app.services.sales import documents, drafts
from app.services.sales import writes as sales
from app.services.sales.commands import (
    CancelInvoice,
    CancelSalesOrder,
    ConfirmSalesOrder,
    ConvertQuote,
    DiscardDraft,
    IssueQuote,
    Pick,
    PostInvoice,
    PostPayment,
    RejectQuote,
    RequestApproval,
    ReserveSalesOrder,
    ShipDelivery,
)
from app.services.system.commands import AddNote
from app.services.system.writes import add_note
from tests import make_world, sales_world
from tests.conftest import PASSWORD, Cluster, login_of
from tests.db import buying_story, legacy_story, papers_story
from tests.db.cutting_proxy import CuttingProxy
from tests.db.first_key import new_keyring
from tests.db.forgery import Catalogue
from tests.make_world import inconsistencies, product

Raw = psycopg.Connection[Any]
Copies = Callable[..., AbstractContextManager[str]]
D = Decimal


# -- the whole story, every answer lost ------------------------------------------------------------------------------


@dataclass
class Office:
    """Everybody at work in one database; each write first arms the proxy, when there is one."""

    address: str
    proxy: CuttingProxy | None
    lost: str
    stack: ExitStack
    people: dict[str, Database] = field(default_factory=dict)
    posted: list[str] = field(default_factory=list)

    def person(self, role: str) -> Database:
        if role not in self.people:
            target, _ = Target.from_dsn(self.address)
            port = self.proxy.port if self.proxy else target.port
            db = Database(replace(target, port=port, user=login_of(role)), PASSWORD, client=ClientInfo())
            self.stack.callback(db.close)
            db.open()
            self.people[role] = db
        return self.people[role]

    def post(self, role: str, word: str, fn: Callable[..., Result[Any]], command: Any) -> Any:
        """Write as this role; the connection is cut when `word` is sent or answered. Then a second click."""
        db = self.person(role)
        before = self.proxy.cuts if self.proxy else 0
        if self.proxy is not None:
            self.proxy.cut(word.encode(), self.lost)
        answer = db.write(fn, command)
        if word != "COMMIT":
            self.posted.append(word)
            assert db.write(fn, command) == answer, "a second click is the same answer"
        if self.proxy is not None:
            assert self.proxy.cuts == before + 1, f"{word} was not cut"
        return answer.value


def story(office: Office) -> None:
    """From the quote to the payment, with the workshop in between, and every way to take something back."""
    with psycopg.connect(office.address, autocommit=True) as admin:
        world = sales_world.build(admin)
        shop = make_world.build(admin)
        admin.execute(
            "SELECT sec.user_set_warehouses('u_warehouse_clerk', array_agg(id)) FROM inventory.warehouse"
        )
        top, part = product(admin, "TOP", made=True), product(admin, "PART", cost="2")

    def rep(word: str, fn: Any, command: Any) -> Any:
        return office.post("sales_rep", word, fn, command)

    def keeper(word: str, fn: Any, command: Any) -> Any:
        return office.post("warehouse_manager", word, fn, command)

    def planner(word: str, fn: Any, command: Any) -> Any:
        return office.post("production_planner", word, fn, command)

    def operator(word: str, fn: Any, command: Any) -> Any:
        return office.post("production_operator", word, fn, command)

    def finance(word: str, fn: Any, command: Any) -> Any:
        return office.post("finance", word, fn, command)

    # Goods
    goods = (ReceiveLine(world.bike, world.shelf, D(20)), ReceiveLine(part, shop.shelf, D(100)))
    keeper("stock_receive", stocks.receive_stock, ReceiveStock(goods))
    move = TransferLine(part, shop.shelf, shop.line, D(30))
    keeper("stock_transfer", stocks.transfer_stock, TransferStock((move,)))
    count = CountLine(part, shop.shelf, D(69))
    keeper("stock_adjust", stocks.adjust_stock, AdjustStock((count,), "count"))

    # Making
    lines = (BomLineInput(part, D(2)),)
    bill = planner("COMMIT", bills.save_bom, SaveBom(None, None, top, shop.today, lines))
    planner("bom_approve", bills.approve_bom, ApproveBom(bill.id, bill.row_version))
    plan = tuple(PlannedOrder(top, D(qty), shop.hall, shop.today, shop.today) for qty in (5, 2))
    made, dropped = planner("work_order_create", works.create_work_orders, CreateWorkOrders(plan))
    planner("work_order_reserve", works.reserve_work_order, ReserveWorkOrder(made.id, made.row_version))
    going = operator("work_order_start", works.start_work_order, StartWorkOrder(made.id, made.row_version))
    report = CompleteWorkOrder(made.id, going.row_version, D(2), D(1), shop.crack, shop.shelf)
    done = operator("work_order_complete", works.complete_work_order, report)
    report = CompleteWorkOrder(made.id, done.row_version, D(2), place_id=shop.shelf)
    operator("work_order_complete", works.complete_work_order, report)
    planner(
        "work_order_cancel", works.cancel_work_order, CancelWorkOrder(dropped.id, dropped.row_version, "late")
    )
    spare = SaveBom(None, None, part, shop.today, (BomLineInput(world.bell, D(1)),))
    spare_bill = planner("COMMIT", bills.save_bom, spare)
    planner("discard_draft", bills.discard_bom, DiscardBom(spare_bill.id, spare_bill.row_version))

    # Selling
    line = world.line(world.bike, 10, "90", discount_pct=D(18))
    quote = rep("COMMIT", sales.save_quote, world.quote([line]))
    asked = rep(
        "discount_approval_request", sales.request_approval, RequestApproval("quote", quote.id, "big")
    )
    decide = Decide(asked.id, True)
    office.post("sales_manager", "approval_decide", approvals.decide, decide)
    other = rep("COMMIT", sales.save_quote, world.quote([line]))
    asked = rep(
        "discount_approval_request", sales.request_approval, RequestApproval("quote", other.id, "bigger")
    )
    rep("approval_withdraw", approvals.withdraw, Withdraw(asked.id))
    away = SetDelegate("u_viewer", None, dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
    stand_in = office.post("sales_manager", "approval_delegate_set", approvals.set_delegate, away)
    office.post("sales_manager", "approval_delegate_end", approvals.end_delegate, EndDelegate(stand_in))
    issued = rep("quote_issue", sales.issue_quote, IssueQuote(quote.id, quote.row_version))
    data = office.person("sales_rep").read(documents.document_for, "quote", quote.id)
    rep("document_archive", archive, documents.archive_command(quote.id, data))
    draft = rep("quote_convert", sales.convert_quote, ConvertQuote(issued.id, issued.row_version))
    order = rep(
        "sales_order_confirm", sales.confirm_sales_order, ConfirmSalesOrder(draft.id, draft.row_version)
    )
    rep("sales_order_reserve", sales.reserve_sales_order, ReserveSalesOrder(order.id, order.row_version))
    with psycopg.connect(office.address) as admin:
        [line_id] = sales_world.line_ids(admin, order.id)
    picks = (Pick(line_id, D(4), world.shelf),)
    first = keeper("delivery_ship", sales.ship_delivery, ShipDelivery(order.id, order.row_version, picks))
    version = first.sales_order_row_version
    bill_1 = finance("invoice_post", sales.post_invoice, PostInvoice(order.id, version, (first.id,)))
    cancel = CancelInvoice(bill_1.id, bill_1.row_version, reason="address")
    version = finance("invoice_cancel", sales.cancel_invoice, cancel).sales_order_row_version
    bill_2 = finance("invoice_post", sales.post_invoice, PostInvoice(order.id, version, (first.id,)))
    pay = PostPayment(bill_2.id, bill_2.row_version, D(100), world.today)
    finance("payment_post", sales.post_payment, pay)

    # Taking back
    lost = rep("COMMIT", sales.save_quote, world.quote([world.line(world.bell, 1, "7.99")]))
    sent = rep("quote_issue", sales.issue_quote, IssueQuote(lost.id, lost.row_version))
    rep("quote_reject", sales.reject_quote, RejectQuote(sent.id, sent.row_version, reason="price"))
    other = rep("COMMIT", sales.save_sales_order, world.order([world.line(world.bike, 1, "100")]))
    firm = rep(
        "sales_order_confirm", sales.confirm_sales_order, ConfirmSalesOrder(other.id, other.row_version)
    )
    stop = CancelSalesOrder(firm.id, firm.row_version, reason="error")
    rep("sales_order_cancel", sales.cancel_sales_order, stop)
    idle = rep("COMMIT", sales.save_sales_order, world.order([world.line(world.bike, 1, "100")]))
    rep("discard_draft", drafts.discard_draft, DiscardDraft("sales_order", idle.id, idle.row_version))
    old = NewBomVersion(bill.id, shop.today.replace(year=shop.today.year + 1))
    new = planner("COMMIT", bills.new_version, old)
    ready = planner("bom_approve", bills.approve_bom, ApproveBom(new.id, new.row_version))
    planner("bom_retire", bills.retire_bom, RetireBom(ready.id, ready.row_version))
    seen = office.person("finance").read(partners.get_partner, world.dealer).row_version
    finance("partner_credit_set", set_credit, SetCredit(world.dealer, seen, D(5000), False, None))
    ring = new_keyring(office.person("finance"))
    account = Account("Glocken Nord", "DE89370400440532013000", "COBADEFFXXX", "Bank")
    kept = finance("bank_account_save", bank.save_account, bank.seal(ring.key, world.dealer, account))
    finance(
        "bank_account_remove", bank.remove_account, RemoveAccount(kept.id, kept.row_version, world.dealer)
    )
    rep("COMMIT", add_note, AddNote("partners.partner", world.dealer, "asks for the price of bells"))
    legacy_story.story(office.address, office.post, shop.hall, shop.shelf, part)
    papers_story.story(office.address, office.post, world, part, first.id, bill_2.id)
    buying_story.story(office.address, office.post, world)


def counts(admin: Raw) -> dict[str, int]:
    """How many rows every table has, the trail of changes included."""
    found = {}
    for table in Catalogue.of(admin).tables:
        row = admin.execute(sql.SQL(f"SELECT count(*) FROM {table}")).fetchone()
        assert row is not None
        found[table] = row[0] if table != "sec.session" else 0
    return found


@pytest.fixture(scope="module")
def quiet_day(new_database: Copies) -> dict[str, int]:
    """What the story leaves behind when nothing goes wrong."""
    with new_database() as address, ExitStack() as stack:
        office = Office(address, None, "", stack)
        story(office)
        with psycopg.connect(address, autocommit=True) as admin:
            assert inconsistencies(admin) == []
            functions = {
                row[0]
                for row in admin.execute(
                    "SELECT proname FROM pg_proc WHERE pronamespace = 'api'::regnamespace"
                    " AND 'p_command' = ANY (proargnames)"
                ).fetchall()
            }
            # Imports and new keys run by themselves, again as a whole; terms are like credit, requests like discounts.
            left_out = {
                "command_begin",
                "command_end",
                "bom_import",
                "bank_account_rekey",
                "partner_terms_set",
                "partner_terms_import",
                "credit_approval_request",
                "stock_adjust_request",
            }
            assert functions - left_out == set(office.posted), "a posting function is missing in the story"
            return counts(admin)


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_day_on_which_every_answer_is_lost_ends_like_any_other(
    new_database: Copies, quiet_day: dict[str, int], lost: str
) -> None:
    """Each posting and each saved draft is cut off once: before it arrived, or before its answer did."""
    with new_database() as address, ExitStack() as stack:
        proxy = stack.enter_context(CuttingProxy(Target.from_dsn(address)[0].port))
        story(Office(address, proxy, lost, stack))
        assert proxy.cuts >= 38
        with psycopg.connect(address, autocommit=True) as admin:
            assert counts(admin) == quiet_day
            assert inconsistencies(admin) == []


# -- the server is killed under load -----------------------------------------------------------------------------------


def test_a_server_killed_under_a_load_of_transfers_and_orders(new_database: Copies, cluster: Cluster) -> None:
    """Six people, three crashes: what was acknowledged is there once, no number is missing, no piece lost or won."""
    people, rounds = 6, 12
    with new_database() as address:
        with psycopg.connect(address, autocommit=True) as admin:
            world = sales_world.build(admin)
            other = admin.execute(
                "INSERT INTO inventory.place (warehouse_id, code) VALUES (%s, 'A-02') RETURNING id",
                (world.north,),
            ).fetchone()
        assert other is not None
        places = (world.shelf, int(other[0]))
        target, _ = Target.from_dsn(address)

        def login(role: str) -> Database:
            db = Database(replace(target, user=login_of(role)), PASSWORD)
            db.open()
            return db

        keeper = login("warehouse_manager")
        sales_world.stock(keeper, world.bike, world.shelf, 50)
        sales_world.stock(keeper, world.bike, places[1], 50)
        keeper.close()
        done: list[str] = []

        def stubborn(db: Database, fn: Callable[..., Result[Any]], command: Any) -> Any:
            """As the window does it: while the server is away the same command waits for it."""
            while True:
                try:
                    value = db.write(fn, command).value
                except Unavailable:
                    continue
                done.append(fn.__name__)
                return value

        def work(number: int) -> None:
            role = "warehouse_manager" if number % 2 else "sales_rep"
            db = login(role)
            for turn in range(rounds):
                if number % 2:
                    source = places[(number + turn) % 2]
                    line = TransferLine(world.bike, source, places[(number + turn + 1) % 2], D(1))
                    stubborn(db, stocks.transfer_stock, TransferStock((line,)))
                else:
                    saved = stubborn(
                        db, sales.save_sales_order, world.order([world.line(world.bike, 1, "100")])
                    )
                    stubborn(db, sales.confirm_sales_order, ConfirmSalesOrder(saved.id, saved.row_version))
            db.close()

        total = people // 2 * rounds * 3
        with ThreadPoolExecutor(people) as pool:
            jobs = [pool.submit(work, number) for number in range(people)]
            for share in (0.2, 0.5, 0.8):
                while len(done) < total * share and not all(job.done() for job in jobs):
                    threading.Event().wait(0.005)
                cluster.instance.stop("immediate")
                cluster.instance.start()
            for job in jobs:
                job.result()
        with psycopg.connect(address, autocommit=True) as admin:
            found = admin.execute(
                "SELECT (SELECT count(*) FROM inventory.stock_move WHERE kind = 'transfer'),"
                " (SELECT count(*) FROM sales.sales_order),"
                " (SELECT count(*) FROM sales.sales_order WHERE state = 'confirmed'),"
                " (SELECT count(DISTINCT number) FROM sales.sales_order),"
                " (SELECT next_value - 1 FROM system.counter WHERE series = 'sales_order'),"
                " (SELECT sum(qty)::int FROM inventory.stock_balance), (SELECT count(*) FROM sales.sales_order_line)"
            ).fetchone()
            each = people // 2 * rounds
            assert found == (each, each, each, each, each, 100, each)
            assert len(done) == 3 * each
            assert inconsistencies(admin) == []


def test_a_commit_whose_fate_cannot_be_asked_is_looked_up_later(
    new_database: Copies,
) -> None:
    """The server dies with the COMMIT of a new record: the person is told so; the waiting command is not done again.
    A server that had not even noted the transaction's number knows nothing of it: it was not committed. Nor was it when
    the server gave that number to somebody else, who committed."""
    with new_database() as address:
        target, _ = Target.from_dsn(address)
        for lost, number in (
            ("answer", "noted"),
            ("request", "noted"),
            ("request", "new"),
            ("request", "given"),
        ):
            with CuttingProxy(target.port) as proxy:
                db = Database(replace(target, port=proxy.port, user=login_of("sales_rep")), PASSWORD)
                db.open()
                command = AddNote("system.company", 1, f"{lost} lost, {number}")
                proxy.cut(b"COMMIT", lost)
                proxy.refuse(True)
                with pytest.raises(Unavailable) as refusal:
                    db.write(add_note, command)
                assert refusal.value.key == "outcome_unknown"
                if number != "noted":
                    with psycopg.connect(address, autocommit=True) as admin:
                        other = admin.execute("SELECT max(xid) FROM audit.entry").fetchone()
                    assert other is not None
                    _, *rest = db._unanswered[id(command)]
                    db._unanswered[id(command)] = (str(10**12 if number == "new" else other[0]), *rest)
                proxy.refuse(False)
                db.write(add_note, command)
                db.close()
            with psycopg.connect(address, autocommit=True) as admin:
                found = admin.execute("SELECT FROM system.note WHERE body = %s", (command.body,)).fetchall()
            assert len(found) == 1
