"""Suppliers' invoices as real people handle them: kept, proposed, matched, approved by another one, paid, cancelled."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg
import pytest

from app.core.db import Database
from app.core.errors import AppError, Conflict, NotAllowed
from app.core.paging import ListQuery
from app.services.approvals.commands import Decide
from app.services.approvals.writes import decide
from app.services.purchasing import invoicing, payables, writes
from app.services.purchasing.commands import (
    CancelInvoice,
    Discard,
    EnterInvoice,
    PayInvoice,
    PostReturn,
    ReturnedLine,
    SaveInvoice,
    SaveTolerance,
)
from app.services.purchasing.invoices import as_line, get_invoice, open_lines
from migrations import drift
from tests.purchase_world import approved, cost, draft, entered, one, received_order, refused, supplied
from tests.sales_world import Raw, World

AsRole = Callable[[str], Database]
D = Decimal


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> World:
    return supplied(admin_dsn)


def test_from_order_to_paid_with_cash_discount(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, finance = as_role("purchase_officer"), as_role("finance")
    order = received_order(buyer, as_role("warehouse_clerk"), world)
    (offered,) = buyer.read(open_lines, world.dealer, order)
    assert (offered.qty, offered.price) == (D(10), D(60))
    uninvoiced = finance.read(payables.list_uninvoiced, ListQuery(language="de")).rows
    assert [(x.qty, x.value) for x in uninvoiced if x.order_id == order] == [(D(10), D(600))]
    skonto = {"discount_pct": D(2), "discount_date": world.today + timedelta(days=8)}
    command = draft(world, "RE 100", [as_line(offered)], "714.00", **skonto)
    saved = buyer.write(invoicing.save_invoice, command).value
    assert buyer.write(invoicing.save_invoice, command).value == saved  # sent again: the same draft
    done = buyer.write(invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).value
    assert done.number.startswith("ER-")
    assert not [x for x in finance.read(payables.list_uninvoiced, ListQuery()).rows if x.order_id == order]
    # Who entered it does not approve it, with whatever right; nobody pays before.
    found = finance.read(get_invoice, done.id)
    assert (found.state, found.request, found.posting_date) == ("entered", done.request_id, None)
    assert isinstance(refused(buyer, decide, Decide(done.request_id, True)), NotAllowed)
    early = PayInvoice(done.id, done.row_version, D(1), world.today)
    assert refused(finance, invoicing.pay_invoice, early).key == "purchase_invoice_not_approved"
    finance.write(decide, Decide(done.request_id, True))
    found = finance.read(get_invoice, done.id)
    assert (found.state, found.posting_date) == ("approved", world.today)
    assert found.approved_by != found.entered_by
    assert found.taxes == (("S", D(19), D(600), D(114)),)
    (row,) = (x for x in finance.read(payables.list_payables, ListQuery()).rows if x.id == done.id)
    assert (row.discount, row.pay, row.pay_by) == (D("14.28"), D("699.72"), world.today + timedelta(days=8))
    part = PayInvoice(done.id, found.row_version, D(100), world.today, reference="Abschlag")
    left = finance.write(invoicing.pay_invoice, part).value
    assert finance.write(invoicing.pay_invoice, part).value == left
    assert (left.state, left.open_amount) == ("approved", D(614))
    for amount, key in (
        ("599", "payment_does_not_settle"),
        ("615", "payment_exceeds_open"),
        ("-1", "payment_positive"),
    ):
        rest = PayInvoice(done.id, left.row_version, D(amount), world.today, use_discount=True)
        assert refused(finance, invoicing.pay_invoice, rest).key == key
    rest = PayInvoice(done.id, left.row_version, D("599.72"), world.today, use_discount=True)
    assert finance.write(invoicing.pay_invoice, rest).value.state == "paid"
    assert one(
        admin,
        "SELECT state, paid_amount, discount_taken FROM purchasing.purchase_invoice WHERE id = %s",
        done.id,
    ) == (
        "paid",
        D("699.72"),
        D("14.28"),
    )


def test_what_was_posted_stays_and_parts_stay_with_it(world: World, admin: Raw, as_role: AsRole) -> None:
    done = approved(
        as_role("purchase_officer"),
        as_role("finance"),
        draft(world, "FIX 1", [cost("100")], "119.00", accept_reason="Fracht ohne Bestellung"),
    )
    table = "purchasing.purchase_invoice"
    for statement in (
        f"UPDATE {table} SET gross_amount = 1 WHERE id = %s",
        f"UPDATE {table} SET posting_date = posting_date + 1 WHERE id = %s",
        f"UPDATE {table} SET approved_by = 'x' WHERE id = %s",
        f"UPDATE {table} SET state = 'draft' WHERE id = %s",
        f"DELETE FROM {table} WHERE id = %s",
        f"UPDATE {table}_line SET qty = 2 WHERE purchase_invoice_id = %s",
        f"DELETE FROM {table}_tax WHERE purchase_invoice_id = %s",
    ):
        with pytest.raises(
            psycopg.Error, match=r"purchase_invoice_not_draft|posted_is_final|state_change_unknown"
        ):
            admin.execute(statement, (done.id,))
    # Not even whoever owns the database approves what he entered.
    alone = (
        as_role("purchase_officer")
        .write(invoicing.save_invoice, draft(world, "FIX 2", [cost("5")], "5.95", accept_reason="x"))
        .value
    )
    admin.execute(
        f"UPDATE {table} SET state = 'entered', number = 'ER-0-1', entered_by = 'me' WHERE id = %s",
        (alone.id,),
    )
    with pytest.raises(psycopg.Error, match="four_eyes"):
        admin.execute(
            f"UPDATE {table} SET state = 'approved', approved_by = 'me', posting_date = '2026-01-01' WHERE id = %s",
            (alone.id,),
        )
    admin.execute(f"UPDATE {table} SET state = 'draft' WHERE id = %s", (alone.id,))
    admin.execute(f"UPDATE {table} SET number = NULL WHERE id = %s", (alone.id,))


def test_differences_need_a_reason(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, finance = as_role("purchase_officer"), as_role("finance")
    order = received_order(buyer, as_role("warehouse_clerk"), world, came=8)
    (offered,) = buyer.read(open_lines, world.dealer, order)
    assert offered.qty == D(8)
    wrong = as_line(offered) | {"qty": D(10), "unit_price": D("61.50"), "net_amount": None}
    saved = buyer.write(invoicing.save_invoice, draft(world, "DIFF", [wrong, cost("12")], "746.13")).value
    found = buyer.read(get_invoice, saved.id)
    assert {(x.code, x.position) for x in found.findings} == {
        ("qty_not_received", 1),
        ("price_differs", 1),
        ("without_order", None),
    }
    assert found.findings[-1].params == {"qty": 10, "open": 8}
    stuck = refused(buyer, invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version))
    assert (stuck.key, stuck.params["n"]) == ("purchase_invoice_findings_open", 3)
    kept = [
        {**x._asdict(), "accept_reason": "Nachlieferung zugesagt"} if x.position == 1 else x._asdict()
        for x in found.lines
    ]
    saved = buyer.write(
        invoicing.save_invoice,
        SaveInvoice(saved.id, saved.row_version, {"accept_reason": "Fracht vereinbart"}, kept),
    ).value
    done = buyer.write(invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).value
    found = finance.read(get_invoice, done.id)
    assert {x.accepted for x in found.findings} == {"Nachlieferung zugesagt", "Fracht vereinbart"}
    # Rejected: a draft again, under its number, and the order is not invoiced.
    finance.write(decide, Decide(done.request_id, False, "Bitte Preis klären"))
    back = buyer.read(get_invoice, done.id)
    assert (back.state, back.number, back.rejection) == ("draft", done.number, "Bitte Preis klären")
    invoiced = "SELECT sum(qty_invoiced) FROM purchasing.purchase_order_line WHERE purchase_order_id = %s"
    assert one(admin, invoiced, order) == (D(0),)
    gone = refused(buyer, invoicing.discard_invoice, Discard(back.id, back.row_version))
    assert gone.key == "not_a_draft"  # its number is given
    # Within the tolerance nothing is to be said.
    head = one(admin, "SELECT id, row_version FROM purchasing.tolerance")
    finance.write(
        invoicing.save_tolerance, SaveTolerance(head[0], head[1], {"price_pct": D(3), "qty_pct": D(25)})
    )
    try:
        assert [x.code for x in buyer.read(get_invoice, back.id).findings] == ["without_order"]
    finally:
        admin.execute("UPDATE purchasing.tolerance SET price_pct = 2, qty_pct = 0")
    again = buyer.write(invoicing.enter_invoice, EnterInvoice(back.id, back.row_version)).value
    assert again.number == done.number
    cancelled = buyer.write(
        invoicing.cancel_invoice, CancelInvoice(again.id, again.row_version, "Falsch")
    ).value
    assert cancelled.counter_id is None
    assert one(admin, invoiced, order) == (D(0),)
    assert one(admin, "SELECT state FROM system.approval_request WHERE id = %s", again.request_id) == (
        "withdrawn",
    )


def test_drafts_that_are_wrong_are_refused(world: World, as_role: AsRole) -> None:
    buyer = as_role("purchase_officer")
    day = world.today
    wrong: list[tuple[SaveInvoice, str]] = [
        (draft(world, " ", [], "0"), "purchase_invoice_number_missing"),
        (draft(world, "W", [], "0", supplier_id=world.french), "supplier_not_active"),
        (draft(world, "W", [], "0", due_date=day - timedelta(days=1)), "purchase_invoice_due"),
        (
            draft(world, "W", [], "0", invoice_date=day - timedelta(days=2000)),
            "purchase_invoice_date_out_of_range",
        ),
        (draft(world, "W", [], "0", discount_pct=D(2)), "purchase_invoice_discount"),
        (draft(world, "W", [], "0", corrects_id=10**9), "purchase_invoice_corrects"),
        (draft(world, "W", [], "0", received_id=10**9), "record_not_found"),
        (draft(world, "W", [], "0", kind="cancellation"), "purchase_invoice_kind_known"),
        (draft(world, "W", [], "0", currency="euro"), "purchase_invoice_currency"),
        (draft(world, "W" * 61, [], "0"), "text_too_long"),
        (draft(world, "W", [cost("1", qty="0")], "0"), "purchase_invoice_line_qty"),
        (draft(world, "W", [cost("1", qty="0.0000001")], "0"), "purchase_invoice_line_qty"),
        (draft(world, "W", [cost("1", tax_category="K")], "0"), "purchase_invoice_line_tax"),
        (draft(world, "W", [cost("1", rate="0.00001")], "0"), "purchase_invoice_line_tax"),
        (draft(world, "W", [cost("1", description=" ")], "0"), "description_required"),
        (
            draft(world, "W", [cost("1", purchase_order_line_id=10**9)], "0"),
            "purchase_invoice_other_supplier",
        ),
        (draft(world, "W", [cost("1", accept_reason="x" * 201)], "0"), "text_too_long"),
    ]
    for command, key in wrong:
        assert refused(buyer, invoicing.save_invoice, command).key == key
    for lines, gross, values, key in (
        ([], "0", {}, "purchase_invoice_has_no_lines"),
        ([cost("10")], "12.00", {}, "purchase_invoice_sum_differs"),
        ([cost("10")], "11.90", {"kind": "credit"}, "purchase_credit_sign"),
        ([cost("-10", qty="-1")], "-11.90", {}, "purchase_invoice_sign"),
    ):
        head = {"accept_reason": "Kosten"} | values
        saved = buyer.write(invoicing.save_invoice, draft(world, f"W {key}", lines, gross, **head)).value
        assert refused(buyer, invoicing.enter_invoice, EnterInvoice(saved.id, saved.row_version)).key == key
        buyer.write(invoicing.discard_invoice, Discard(saved.id, saved.row_version))
    # Cents of a supplier who rounds on each line are his tax; the number is his own and comes once.
    command = draft(world, "Cent 1", [cost("10.33"), cost("10.33")], "24.58", accept_reason="Kosten")
    done = entered(buyer, command)
    assert buyer.read(get_invoice, done.id).tax_amount == D("3.92")  # 3.93 less a cent
    twice = draft(world, "cent 1", [cost("5")], "5.95", accept_reason="Kosten")
    assert refused(buyer, invoicing.save_invoice, twice).key == "uq_purchase_invoice_number"
    other = buyer.write(
        invoicing.save_invoice,
        replace(command, values={**command.values, "invoice_number": "Cent 2"}, command=twice.command),
    ).value
    assert "maybe_twice" in {x.code for x in buyer.read(get_invoice, other.id).findings}
    stale = SaveInvoice(other.id, 99, {"remark": "x"})
    assert isinstance(refused(buyer, invoicing.save_invoice, stale), Conflict)


def test_a_posted_mistake_gets_a_counter_document(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, finance = as_role("purchase_officer"), as_role("finance")
    found = approved(
        buyer, finance, draft(world, "STORNO", [cost("100"), cost("50", "7")], "172.50", accept_reason="x")
    )
    cancel = CancelInvoice(found.id, found.row_version, "Doppelt gestellt")
    assert isinstance(refused(buyer, invoicing.cancel_invoice, cancel), NotAllowed)
    silent = CancelInvoice(found.id, found.row_version, " ")
    assert refused(finance, invoicing.cancel_invoice, silent).key == "reason_required"
    done = finance.write(
        invoicing.cancel_invoice, CancelInvoice(found.id, found.row_version, "Doppelt")
    ).value
    assert done.counter_id is not None
    counter = finance.read(get_invoice, done.counter_id)
    assert (counter.kind, counter.state, counter.gross_amount) == (
        "cancellation",
        "settled",
        -found.gross_amount,
    )
    assert counter.posting_date == world.today
    assert [x[3] for x in counter.taxes] == [D("-19.00"), D("-3.50")]
    assert finance.read(get_invoice, found.id).cancelled_by_id == counter.id
    approved(
        buyer, finance, draft(world, "STORNO", [cost("100")], "119.00", accept_reason="x")
    )  # his number again


def test_credit_notes_are_negative_and_paid_back(world: World, admin: Raw, as_role: AsRole) -> None:
    buyer, finance, clerk = as_role("purchase_officer"), as_role("finance"), as_role("warehouse_clerk")
    order = received_order(buyer, clerk, world)
    (offered,) = buyer.read(open_lines, world.dealer, order)
    first = approved(buyer, finance, draft(world, "G 1", [as_line(offered)], "714.00"))
    (receipt, came) = one(
        admin,
        "SELECT g.id, l.id FROM purchasing.goods_receipt g JOIN purchasing.goods_receipt_line l"
        " ON l.goods_receipt_id = g.id"
        " WHERE g.purchase_order_id = %s",
        order,
    )
    clerk.write(writes.post_return, PostReturn(receipt, "Kratzer", (ReturnedLine(came, D(2)),)))
    (too_much,) = (
        x
        for x in finance.read(payables.list_uninvoiced, ListQuery(preset="too_much")).rows
        if x.order_id == order
    )
    assert (too_much.qty, too_much.value) == (D(-2), D(-120))
    back = as_line(offered) | {"qty": D(-2), "net_amount": None}
    credit = approved(
        buyer, finance, draft(world, "G 2", [back], "-142.80", kind="credit", corrects_id=first.id)
    )
    assert (credit.gross_amount, credit.findings) == (D("-142.80"), ())
    assert not [x for x in finance.read(payables.list_uninvoiced, ListQuery()).rows if x.order_id == order]
    got = finance.write(
        invoicing.pay_invoice, PayInvoice(credit.id, credit.row_version, D("142.80"), world.today)
    ).value
    assert got.state == "paid"
    assert one(admin, "SELECT amount FROM purchasing.purchase_payment WHERE id = %s", got.id) == (
        D("-142.80"),
    )


def test_only_those_who_buy_or_pay_see_and_do_it(
    world: World, as_role: AsRole, raw_role: Callable[..., Raw]
) -> None:
    command = draft(world, "ROLE", [cost("5")], "5.95", accept_reason="x")
    for role in ("warehouse_manager", "sales_manager", "viewer", "production_planner"):
        with pytest.raises(AppError):
            as_role(role).write(invoicing.save_invoice, command)
        with raw_role(role, ticket=True) as psql:
            for table in (
                "received",
                "purchase_invoice",
                "purchase_invoice_line",
                "purchase_invoice_tax",
                "purchase_payment",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    psql.execute(f"SELECT * FROM purchasing.{table}")
            with pytest.raises(psycopg.Error):
                psql.execute("SELECT * FROM api.received_content(1)")
    with raw_role("finance", ticket=True) as psql:
        for statement in (
            "UPDATE purchasing.purchase_invoice SET state = 'approved'",
            "INSERT INTO purchasing.purchase_payment (amount) VALUES (1)",
            "SELECT purchasing.apply_purchase_invoice(1, '{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                psql.execute(statement)
    assert isinstance(
        refused(as_role("purchase_officer"), invoicing.pay_invoice, PayInvoice(1, 1, D(1), world.today)),
        NotAllowed,
    )


def test_who_may_do_both_still_needs_another(world: World, as_role: AsRole) -> None:
    finance = as_role("finance")
    done = entered(finance, draft(world, "ALLEIN", [cost("5")], "5.95", accept_reason="Kosten"))
    mine = refused(finance, decide, Decide(done.request_id, True))
    assert mine.key == "approver_is_somebody_else"
    assert finance.read(get_invoice, done.id).state == "entered"


def test_books_agree(world: World, admin: Raw, as_role: AsRole) -> None:
    received_order(as_role("purchase_officer"), as_role("warehouse_clerk"), world)
    found = list(drift.run_queries(admin, "consistency"))
    assert not [x for x in found if "purchase" in str(x) or "number" in str(x)]
    with admin.transaction(force_rollback=True):
        admin.execute("ALTER TABLE purchasing.purchase_order_line DISABLE TRIGGER USER")
        admin.execute("UPDATE purchasing.purchase_order_line SET qty_invoiced = qty_invoiced + 1")
        assert "purchase_invoices" in {name for name, _ in drift.run_queries(admin, "consistency")}
