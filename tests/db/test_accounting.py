"""What the tax adviser gets: bookings from real documents, each once, proved; months that are closed."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from app.cli import main
from app.core.db import Database
from app.core.errors import AppError, NotAllowed, Refused
from app.services.accounting import preview as shown
from app.services.accounting import writes
from app.services.accounting.commands import (
    AdoptChart,
    ClosePeriod,
    RequestReopen,
    SaveAccount,
)
from app.services.approvals import writes as approvals
from app.services.approvals.commands import Decide
from app.services.purchasing.commands import PayInvoice
from app.services.purchasing.invoicing import pay_invoice
from app.services.sales import writes as sales
from app.services.sales.commands import (
    CancelInvoice,
    CorrectInvoice,
    PostDownPayment,
    PostPayment,
    Reduction,
)
from app.services.sales.reads import get_invoice
from migrations import drift
from tests.books_world import NOW, As, bookings_of, hand_over, invoiced, look, month_of, paid, with_chart
from tests.conftest import PASSWORD
from tests.sales_world import D, Raw, World, build, confirmed


@pytest.fixture(scope="module")
def world(admin_dsn: str) -> Iterator[World]:
    """One world for the module; the adviser's settings are made."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        yield build(connection)


@pytest.fixture
def finance(as_role: As, world: World, admin: Raw) -> Database:
    """Who keeps the books, with a chart."""
    db = as_role("finance")
    with_chart(db, admin)
    return db


@pytest.fixture(autouse=True)
def _adds_up(world: World, admin: Raw) -> Iterator[None]:
    """After each tale the books add up."""
    yield
    found = [x for x in drift.run_queries(admin, "consistency") if "accounting" in str(x)]
    assert found == []


def _report(finance: Database, world: World) -> dict[str, Decimal]:
    found = look(finance, world)
    assert [note for note in found.notes if note.severity == "error"] == []
    assert all(one.difference == 0 for one in found.proof), found.proof
    return {one.account: one.debit - one.credit for one in found.accounts()}


def test_invoices_of_every_kind_become_bookings_that_add_up(
    as_role: As, admin: Raw, world: World, finance: Database
) -> None:
    lines = [world.line(world.bike, 2, "99.99"), world.line(world.book, 3, "20", tax_rate=D(7))]
    mixed = invoiced(as_role, admin, world, world.order(lines), 2, 3)
    lines = [world.line(world.bike, 1, tax_rate=D(0))]
    abroad = invoiced(as_role, admin, world, world.order(lines, customer_id=world.french), 1)
    lines = [world.line(world.bike, 4), world.line(world.book, 5, "20", tax_rate=D(7))]
    part = invoiced(as_role, admin, world, world.order(lines), 4, 5, down=D(30))
    paid(finance, mixed, (mixed.gross_amount * D("0.98")).quantize(D("0.01")), discount=True)
    wrong = invoiced(as_role, admin, world, world.order([world.line(world.bell, 10, "7.99")]), 10)
    finance.write(sales.cancel_invoice, CancelInvoice(wrong.id, wrong.row_version, "Doppelt"))
    part = finance.read(get_invoice, part.id)
    reduced = (Reduction(part.lines[0].id, D(1)),)
    back = finance.write(sales.correct_invoice, CorrectInvoice(part.id, part.row_version, reduced, "Bruch"))

    found = look(finance, world)
    assert bookings_of(found, mixed.number) == [
        ("revenue", "S", "8400", D("237.98")),
        ("revenue", "S", "8300", D("64.20")),
        ("payment", "H", "1200", D("296.14")),
        ("discount", "H", "8736", D("4.76")),
        ("discount", "H", "8731", D("1.28")),
    ]
    assert bookings_of(found, abroad.number) == [("revenue", "S", "8125", D("100.00"))]
    assert next(row.vat_id for row in found.rows if row.number == abroad.number) == "FR12345678901"
    # The tax on a down payment is due with the money: booked with the payment, taken back with the invoice.
    assert bookings_of(found, part.number) == [
        ("revenue", "S", "8400", D("476.00")),
        ("revenue", "S", "8300", D("107.00")),
        ("deduction", "H", "1718", D("142.80")),
        ("deduction", "H", "1711", D("32.10")),
    ]
    asked = [row for row in found.rows if row.kind == "down_payment"]
    assert [(row.contra, row.side, row.amount) for row in asked] == [
        ("1718", "S", D("142.80")),
        ("1711", "S", D("32.10")),
    ]
    assert not [row for row in found.rows if row.number == asked[0].number and row.kind == "revenue"]
    assert bookings_of(found, back.value.number) == [("revenue", "H", "8400", D("119.00"))]
    balances = _report(finance, world)
    assert balances["1718"] == balances["1711"] == 0  # received, and deducted again
    # What another test has handed over already is not in it.
    assert balances["10000"] == sum(
        admin.execute(
            "SELECT sum(sales.open_amount(i)) FROM sales.invoice i WHERE i.customer_id = %s AND i.state = 'open' "
            "AND i.number = ANY (%s)",
            (world.dealer, [row.number for row in found.rows]),
        ).fetchone()
        or ()
    )


def test_an_export_takes_every_voucher_once_and_keeps_its_files(
    as_role: As, admin: Raw, world: World, finance: Database
) -> None:
    invoice = invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    found = look(finance, world)
    files = shown.make_files(found, NOW)
    made = hand_over(finance, found)
    kept = admin.execute(
        "SELECT i.file_name, c.bytes, i.retain_until - make_date(extract(year FROM i.dated)::int, 12, 31)"
        " FROM documents.issued i JOIN documents.content c ON c.id = i.content_id WHERE i.topic = 'accounting.export'"
        " AND i.record_id = %s"
        " ORDER BY i.id",
        (made.id,),
    ).fetchall()
    assert [(row[0], row[1]) for row in kept] == [
        (files.bookings_name, files.bookings),
        (files.partners_name, files.partners),
    ]
    assert kept[0][2] > 3650 - 3  # ten years
    assert made.lines == len(found.rows)
    assert made.total == found.total

    assert invoice.number not in {row.number for row in look(finance, world).rows}
    with pytest.raises(Refused) as refusal:
        hand_over(finance, found)
    assert refusal.value.key in ("datev_nothing", "datev_changed")
    with pytest.raises(Refused, match="reason_required"):
        hand_over(finance, look(finance, world, made.id))
    again = hand_over(finance, look(finance, world, made.id), "Konten berichtigt")
    assert (again.vouchers, again.total) == (made.vouchers, made.total)
    marks = admin.execute(
        "SELECT e.reason, bool_and(v.repeated) FROM accounting.export e"
        " JOIN accounting.export_voucher v ON v.export_id = e.id WHERE e.id = %s GROUP BY e.reason",
        (again.id,),
    ).fetchone()
    assert marks == ("Konten berichtigt", True)
    # A repetition is not repeated: always the first one, with the accounts of today.
    with pytest.raises(Refused, match="record_not_found"):
        hand_over(finance, replace(look(finance, world, made.id), repeats=again.id), "Noch einmal")
    for change in ("UPDATE accounting.export SET lines = 0", "DELETE FROM accounting.export_line"):
        with pytest.raises(psycopg.Error, match="posted_is_final"):
            admin.execute(change)


def test_two_people_export_at_once_and_one_gets_nothing(
    as_role: As, admin: Raw, world: World, finance: Database, role_dsn: Callable[[str], str]
) -> None:
    invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    other = as_role("administrator")
    found, seen = look(finance, world), look(other, world)
    assert found.fingerprint == seen.fingerprint

    def go(pair: tuple[Database, shown.Preview]) -> object:
        try:
            return hand_over(*pair)
        except Refused as refusal:
            return refusal.key

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(go, ((finance, found), (other, seen))))
    assert sum(isinstance(one, writes.Exported) for one in answers) == 1
    assert {"datev_nothing", "datev_changed"} & {str(one) for one in answers}


def test_what_is_not_what_the_documents_say_does_not_go_out(
    as_role: As, admin: Raw, world: World, finance: Database
) -> None:
    invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    found = look(finance, world)
    files = shown.make_files(found, NOW)
    for forged in (
        files.bookings.replace(b"119,00;", b"118,00;", 1),
        files.bookings + b"1,00;",
        files.bookings.replace(b"\r\n", b"\n"),
        b"\x81" + files.bookings,
    ):
        with pytest.raises(Refused, match="datev_file_differs"):
            finance.write(writes.post_export, shown.post_command(found, files._replace(bookings=forged)))
    with pytest.raises(Refused, match="datev_file_differs"):
        finance.write(writes.post_export, shown.post_command(found, files._replace(partners=files.bookings)))
    with pytest.raises(Refused, match="datev_changed"):
        hand_over(finance, replace(found, fingerprint="0" * 64))

    gone = "DELETE FROM accounting.account WHERE purpose = 'revenue' AND tax_rate = 19 RETURNING number"
    assert admin.execute(gone).fetchone() == ("8400",)
    found = look(finance, world)
    codes = {note.code for note in found.notes if note.severity == "error"}
    assert {"datev_account_missing", "datev_sums_differ"} <= codes
    assert not found.may_export
    assert any(one.difference for one in found.proof)
    with pytest.raises(AppError, match=r"datev_(account_missing|field)"):
        hand_over(finance, found)
    finance.write(writes.adopt_chart, AdoptChart("04"))
    found = look(finance, world)
    assert {row.contra for row in found.rows} == {"4400"}
    assert found.may_export
    finance.write(writes.adopt_chart, AdoptChart("03"))


def test_an_account_of_one_supplier_goes_before_the_general_one(
    admin: Raw, world: World, finance: Database
) -> None:
    values: dict[str, object] = {}
    for category, rate, number, key in (("S", 19, "4980", "9"), ("S", 7, "4981", "8")):
        values = {
            "purpose": "expense",
            "tax_category": category,
            "tax_rate": D(rate),
            "partner_id": world.dealer,
        }
        saved = finance.write(
            writes.save_account, SaveAccount(None, None, {**values, "number": number, "tax_key": key})
        ).value
        assert saved.id
    with pytest.raises(AppError, match="uq_account_supplier"):
        finance.write(
            writes.save_account, SaveAccount(None, None, {**values, "number": "4985", "tax_key": ""})
        )
    admin.execute("UPDATE partners.partner SET is_supplier = true WHERE id = %s", (world.dealer,))
    # Written past the tale of purchase invoices, which has tests of its own.
    admin.execute("SET session_replication_role = replica")
    invoice = admin.execute(
        "INSERT INTO purchasing.purchase_invoice (number, state, supplier_id, invoice_number, invoice_date, due_date,"
        " posting_date, discount_pct, discount_date, net_amount, tax_amount, gross_amount, own_net_amount,"
        " own_tax_amount, own_gross_amount, entered_by, entered_at, approved_by, approved_at)"
        " VALUES ('ER-1', 'approved', %(s)s, '=cmd|A/17', %(d)s, %(d)s, %(d)s, 2, %(d)s, 150, 22.5, 172.5,"
        " 150, 22.5, 172.5, 'u_a', now(), 'u_b', now())"
        " RETURNING id",
        {"s": world.dealer, "d": world.today},
    ).fetchone()
    assert invoice is not None
    admin.execute(
        "INSERT INTO purchasing.purchase_invoice_tax (purchase_invoice_id, tax_category, tax_rate, net_amount,"
        " tax_amount, own_net_amount, own_tax_amount)"
        " VALUES (%(i)s, 'S', 19, 100, 19, 100, 19), (%(i)s, 'S', 7, 50, 3.5, 50, 3.5)",
        {"i": invoice[0]},
    )
    admin.execute("SET session_replication_role = origin")
    found = look(finance, world)
    booked = [row for row in found.rows if row.topic.startswith("purchasing")]
    assert [(r.side, r.account, r.contra, r.tax_key, r.amount) for r in booked] == [
        ("H", "70000", "4980", "9", D("119.00")),
        ("H", "70000", "4981", "8", D("53.50")),
    ]
    files = shown.make_files(found, NOW)
    line = next(x for x in files.bookings.decode("cp1252").splitlines() if ";4980;" in x)
    assert line.split(";")[:11] == [
        "119,00",
        '"H"',
        '"EUR"',
        "",
        "",
        '""',
        "70000",
        "4980",
        '"0009"',
        f"{world.today:%d%m}",
        '"cmdA/17"',
    ]
    assert {"datev_text_removed"} == {
        note.code for note in files.notes if note.params["field"] == "Belegfeld 1"
    }
    assert all(one.difference == 0 for one in found.proof)

    month = world.today.replace(day=1)
    admin.execute("INSERT INTO accounting.period (month, state) VALUES (%s, 'closed')", (month,))
    pay = PayInvoice(invoice[0], 1, D("169.05"), world.today, use_discount=True)
    with pytest.raises(Refused, match="period_closed"):
        finance.write(pay_invoice, pay)
    admin.execute("DELETE FROM accounting.period WHERE month = %s", (month,))
    finance.write(pay_invoice, replace(pay, command=uuid.uuid4()))
    found = look(finance, world)
    assert [
        (r.kind, r.side, r.contra, r.amount) for r in found.rows if r.topic == "purchasing.purchase_payment"
    ] == [
        ("payment", "S", "1200", D("169.05")),
        ("discount", "S", "3736", D("2.38")),
        ("discount", "S", "3731", D("1.07")),
    ]
    assert all(one.difference == 0 for one in found.proof)
    assert _report(finance, world)["70000"] == 0  # paid in full
    hand_over(finance, found)


def test_only_who_keeps_the_books_reads_and_writes_them(
    as_role: As, raw_role: Callable[..., Raw], world: World
) -> None:
    first, last = month_of(world)
    for role in ("sales_manager", "purchase_officer", "viewer", "warehouse_manager"):
        db = as_role(role)
        with pytest.raises(NotAllowed):
            db.read(shown.preview, first, last)
        with pytest.raises(NotAllowed):
            db.write(writes.close_period, ClosePeriod(first))
        with raw_role(role, ticket=True) as psql:
            for table in (
                "setting",
                "account",
                "export",
                "export_line",
                "export_voucher",
                "personal_account",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    psql.execute(f"SELECT FROM accounting.{table}")
            assert psql.execute("SELECT count(*) FROM accounting.period").fetchone() is not None
    with raw_role("finance", ticket=True) as psql:
        for forbidden in (
            "SELECT accounting.draft('2026-11-01', '2026-11-30', NULL)",
            "INSERT INTO accounting.period (month, state) VALUES ('2020-01-01', 'closed')",
            "UPDATE accounting.period SET state = 'open'",
            "INSERT INTO accounting.export_voucher (export_id, topic, record_id) VALUES (1, 'x', 1)",
            "DELETE FROM accounting.account",
            "SELECT accounting.apply_period_reopen(1, '{}')",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                psql.execute(forbidden)


def test_nothing_is_booked_into_a_closed_month_until_two_people_open_it(
    as_role: As, raw_role: Callable[..., Raw], admin: Raw, world: World, finance: Database
) -> None:
    invoice = invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    first, _ = month_of(world)
    with pytest.raises(Refused, match="period_not_over"):
        finance.write(writes.close_period, ClosePeriod(first, accept=True))
    before = (first - dt.timedelta(days=1)).replace(day=1)
    admin.execute("ALTER TABLE sales.invoice DISABLE TRIGGER guard")
    admin.execute("UPDATE sales.invoice SET invoice_date = %s WHERE id = %s", (before, invoice.id))
    admin.execute("ALTER TABLE sales.invoice ENABLE TRIGGER guard")
    with pytest.raises(Refused, match="period_has_open_items"):
        finance.write(writes.close_period, ClosePeriod(before))
    period = finance.write(writes.close_period, ClosePeriod(before, accept=True)).value
    assert admin.execute("SELECT findings FROM accounting.period WHERE id = %s", (period,)).fetchone() == (
        [{"n": 1, "code": "period_not_exported", "severity": "warning"}],
    )
    with pytest.raises(Refused, match="period_already_closed"):
        finance.write(writes.close_period, ClosePeriod(before, accept=True))

    pay = PostPayment(invoice.id, invoice.row_version, D(1), before + dt.timedelta(days=3), False)
    fresh = finance.read(get_invoice, invoice.id)
    pay = replace(pay, row_version=fresh.row_version)
    with pytest.raises(Refused, match="period_closed"):
        finance.write(sales.post_payment, pay)
    with raw_role("finance", ticket=True) as psql, pytest.raises(psycopg.Error, match="period_closed"):
        psql.execute(
            "SELECT api.payment_post(%s, %s, %s, 1, %s, false)",
            (uuid.uuid4(), invoice.id, fresh.row_version, before + dt.timedelta(days=3)),
        )
    # No way round it for invoices either: what if today's month were closed?
    admin.execute("INSERT INTO accounting.period (month, state) VALUES (%s, 'closed')", (first,))
    with pytest.raises(Refused, match="period_closed"):
        invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    with pytest.raises(Refused, match="period_closed"):
        finance.write(sales.cancel_invoice, CancelInvoice(fresh.id, fresh.row_version, "Doppelt"))
    reduced = (Reduction(fresh.lines[0].id, None, D(1)),)
    with pytest.raises(Refused, match="period_closed"):
        finance.write(sales.correct_invoice, CorrectInvoice(fresh.id, fresh.row_version, reduced, "Bruch"))
    order = confirmed(as_role("sales_manager"), world.order([world.line(world.bike, 1)]))
    down = PostDownPayment(order.id, order.row_version, world.today, pct=D(10))
    with pytest.raises(Refused, match="period_closed"):
        finance.write(sales.post_down_payment, down)
    admin.execute("DELETE FROM accounting.period WHERE month = %s", (first,))

    with pytest.raises(Refused, match="reason_required"):
        finance.write(writes.request_reopen, RequestReopen(before, " "))
    request = finance.write(writes.request_reopen, RequestReopen(before, "Zahlung vergessen")).value
    with pytest.raises(NotAllowed, match="approver_is_somebody_else"):
        finance.write(approvals.decide, Decide(request, True))
    with pytest.raises(Refused, match="period_closed"):
        finance.write(sales.post_payment, replace(pay, row_version=fresh.row_version, command=uuid.uuid4()))
    second = as_role("administrator")
    second.confirm(PASSWORD)
    second.write(approvals.decide, Decide(request, True))
    row = admin.execute(
        "SELECT state, reopened_by, reopen_reason FROM accounting.period WHERE id = %s", (period,)
    )
    assert row.fetchone() == ("open", "u_finance", "Zahlung vergessen")
    again = replace(pay, row_version=fresh.row_version, command=uuid.uuid4())
    finance.write(sales.post_payment, again)
    with pytest.raises(Refused, match="period_not_closed"):
        finance.write(writes.request_reopen, RequestReopen(before, "Noch einmal"))


def test_closing_waits_for_a_payment_that_has_begun(
    as_role: As, raw_role: Callable[..., Raw], admin: Raw, world: World, finance: Database
) -> None:
    invoice = invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    with raw_role("finance", ticket=True) as psql, ThreadPoolExecutor(1) as pool:
        psql.autocommit = False
        psql.execute(
            "SELECT api.payment_post(%s, %s, %s, 1, %s, false)",
            (uuid.uuid4(), invoice.id, invoice.row_version, world.today),
        )
        long_ago = dt.date(2024, 1, 1)
        closing = pool.submit(finance.write, writes.close_period, ClosePeriod(long_ago, accept=True))
        waiting = (
            "SELECT count(*) FROM pg_locks WHERE relation = 'accounting.period'::regclass AND NOT granted"
        )
        while admin.execute(waiting).fetchone() == (0,):
            assert not closing.done()
        psql.commit()
        assert closing.result(timeout=30).value


def test_who_still_sees_the_month_open_books_nothing_into_it(
    as_role: As, raw_role: Callable[..., Raw], admin: Raw, world: World, finance: Database
) -> None:
    """A transaction whose snapshot stays does not see that the month was closed meanwhile."""
    invoice = invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    first, _ = month_of(world)
    for level in ("REPEATABLE READ", "SERIALIZABLE"):
        with raw_role("finance", ticket=True) as psql:
            psql.execute(f"BEGIN ISOLATION LEVEL {level}".encode())
            psql.execute("SELECT count(*) FROM accounting.period")
            admin.execute("INSERT INTO accounting.period (month, state) VALUES (%s, 'closed')", (first,))
            try:
                with pytest.raises(psycopg.Error, match="command_isolation"):
                    psql.execute(
                        "SELECT api.payment_post(%s, %s, %s, 1, %s, false)",
                        (uuid.uuid4(), invoice.id, invoice.row_version, world.today),
                    )
            finally:
                admin.execute("DELETE FROM accounting.period WHERE month = %s", (first,))


def test_the_command_hands_over_and_writes_every_form(
    as_role: As,
    admin: Raw,
    world: World,
    finance: Database,
    role_dsn: Callable[[str], str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    invoiced(as_role, admin, world, world.order([world.line(world.bike, 1)]), 1)
    month = f"{world.today:%Y-%m}"
    address = ["--dsn", role_dsn("finance")]
    assert main(["datev", "export", "--month", month, "--check", *address]) == 0
    assert "not exported" in capsys.readouterr().out
    assert main(["datev", "export", "--month", month, "--to", str(tmp_path), *address]) == 0
    told = capsys.readouterr().out
    number = told.split(":")[0]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".csv", ".csv", ".csv", ".xlsx"]
    kept = admin.execute(
        "SELECT i.file_name, c.bytes FROM documents.issued i JOIN documents.content c ON c.id = i.content_id"
        " JOIN accounting.export e ON e.id = i.record_id WHERE i.topic = 'accounting.export' AND e.number = %s",
        (number,),
    ).fetchall()
    assert all((tmp_path / name).read_bytes() == content for name, content in kept)
    assert main(["datev", "export", "--month", month, *address]) == 1  # nothing is left
    again = ["--repeat", number, "--reason", "Konten berichtigt", "--to", str(tmp_path)]
    assert main(["datev", "export", "--month", month, *again, *address]) == 0
    assert main(["datev", "export", "--month", "2026-13", *address]) == 2
