"""What people post around papers, labels, scans and printers, as the story of a working day tells it."""

import datetime as dt
from decimal import Decimal
from typing import Any

import psycopg

from app.services.accounting import preview
from app.services.accounting import writes as books
from app.services.accounting.commands import AdoptChart, ClosePeriod, RequestReopen, SaveSetting
from app.services.documents import archive, attachments
from app.services.documents.commands import (
    AddAttachment,
    NoteVerified,
    NoteWords,
    PurgeDocuments,
    RemoveAttachment,
    RenameAttachment,
    ReplaceAttachment,
)
from app.services.labels import packing, scanning
from app.services.labels import writes as labels
from app.services.labels.commands import AssignEan, GiveSscc, SaveRange
from app.services.labels.packing import CloseParcel, ReopenParcel, VoidParcel
from app.services.labels.scanning import LogScans, ScanNote, TeachCode
from app.services.mail import writes as mails
from app.services.mail.commands import (
    ActOnMails,
    Mail,
    MailFile,
    QueueMails,
    SaveAccount,
    SaveTemplate,
)
from app.services.printing import writes as printing
from app.services.printing.commands import ActOnJobs, PrintDocument, RequestPrint, SavePrinter
from app.services.printing.convert import ZPL
from app.services.sales import reminders
from app.services.sales import writes as sales
from app.services.sales.commands import (
    CancelReminder,
    ConfirmSalesOrder,
    CorrectInvoice,
    HoldReminders,
    IssueReminder,
    LiftHold,
    PostDownPayment,
    Reduction,
    SaveBaseRate,
    SaveReminderRule,
)
from tests.db.legacy_story import Post
from tests.sales_world import World

D = Decimal
STATION = "house-" + "0" * 40


def story(address: str, post: Post, world: World, product: int, delivery: int, invoice: int) -> None:
    """The invoice is corrected, the parcels get their numbers, labels are printed, old papers go."""
    _invoices(address, post, world, invoice)
    _files(post, world.dealer)
    _labels(post, product, delivery)
    _parcels(address, post, delivery)
    _printers(post, product)
    _mails(post, invoice)
    with psycopg.connect(address, autocommit=True) as admin:
        (paper,) = admin.execute("SELECT min(id) FROM documents.issued").fetchone() or (0,)
    assert post("finance", "document_words", archive.note_words, NoteWords(paper, "words")) == paper
    post("finance", "document_verified", archive.note_verified, NoteVerified(1, ()))
    with psycopg.connect(address, autocommit=True) as admin:
        # The time of the papers of this day is over; nobody waits ten years.
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE documents.issued SET retain_until = '2019-12-31'")
    purge = PurgeDocuments(dt.date(2020, 1, 1), "Frist abgelaufen")
    gone = post("administrator", "document_purge", archive.purge, purge)
    assert gone == 1, "the paper of the quote"
    _books(address, post, world)


def _invoices(address: str, post: Post, world: World, invoice: int) -> None:
    with psycopg.connect(address) as admin:
        found = admin.execute(
            "SELECT i.row_version, l.id FROM sales.invoice i JOIN sales.invoice_line l ON l.invoice_id = i.id"
            " WHERE i.id = %s ORDER BY l.id LIMIT 1",
            (invoice,),
        ).fetchone()
    assert found is not None
    version, line = found
    less = CorrectInvoice(invoice, version, (Reduction(line, amount=D(10)),), "scratched")
    post("finance", "invoice_correct", sales.correct_invoice, less)
    _reminders(address, post, world)
    draft = post(
        "sales_rep", "COMMIT", sales.save_sales_order, world.order([world.line(world.bike, 1, "100")])
    )
    confirm = ConfirmSalesOrder(draft.id, draft.row_version)
    order = post("sales_rep", "sales_order_confirm", sales.confirm_sales_order, confirm)
    ask = PostDownPayment(order.id, order.row_version, world.today, pct=D(30))
    post("finance", "down_payment_post", sales.post_down_payment, ask)


def _reminders(address: str, post: Post, world: World) -> None:
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute("SET session_replication_role = replica")
        admin.execute("UPDATE sales.invoice SET due_date = due_date - 60 WHERE state = 'open'")
        found = admin.execute(
            "SELECT s.customer_id, array_agg(c.invoice_id), min(s.total) FROM"
            " sales.reminder_sums(NULL, NULL, system.today()) s"
            " JOIN sales.reminder_candidates(NULL, system.today()) c ON c.customer_id = s.customer_id AND c.is_due"
            " GROUP BY s.customer_id LIMIT 1"
        ).fetchone()
    assert found is not None
    customer, invoices, total = found
    issue = IssueReminder(customer, tuple(invoices), total)
    sent = post("finance", "reminder_issue", reminders.issue_reminder, issue)
    post("finance", "reminder_cancel", reminders.cancel_reminder, CancelReminder(sent.id, 1, "paid that day"))
    hold = HoldReminders(customer, "complaint", invoices[0])
    held = post("sales_manager", "reminder_hold", reminders.hold_reminders, hold)
    lift = LiftHold(held.id, held.row_version)
    post("finance", "reminder_hold_lift", reminders.lift_hold, lift)
    rule = SaveReminderRule(1, 1, {"days": 9})
    post("finance", "COMMIT", reminders.save_rule, rule)
    post("finance", "COMMIT", reminders.save_base_rate, SaveBaseRate(world.today, D("1.5")))


def _files(post: Post, customer: int) -> None:
    def rep(word: str, fn: Any, command: Any) -> Any:
        return post("sales_rep", word, fn, command)

    file = AddAttachment("partners.partner", customer, "Anfahrt.txt", "text/plain", b"Tor 3")
    made = rep("attachment_add", attachments.add, file)
    rep("attachment_replace", attachments.replace, ReplaceAttachment(made, 1, "text/plain", b"Tor 4"))
    rep("attachment_rename", attachments.rename, RenameAttachment(made, 2, "Weg.txt"))
    rep("attachment_remove", attachments.remove, RemoveAttachment(made, 3, "moved"))


def _labels(post: Post, product: int, delivery: int) -> None:
    for kind, prefix in (("ean13", "20123"), ("sscc", "34012345")):
        new = {"kind": kind, "name": kind, "prefix": prefix, "first_serial": 1, "last_serial": 999}
        post("administrator", "COMMIT", labels.save_range, SaveRange(None, None, new))
    given = post("production_planner", "product_ean_assign", labels.assign_ean, AssignEan((product,)))
    assert product in given
    post("warehouse_manager", "sscc_give", labels.give_sscc, GiveSscc(delivery, 2))
    teach = TeachCode("CARTON-12", "catalog.product", product, qty=D(12), note="Karton")
    post("warehouse_clerk", "code_teach", scanning.teach, teach)
    notes = (ScanNote("gate", "receipt", "CARTON-12", "found", "catalog.product", product),)
    post("warehouse_clerk", "scan_log", scanning.log_scans, LogScans(notes))


def _parcels(address: str, post: Post, delivery: int) -> None:
    with psycopg.connect(address) as admin:
        lines = admin.execute(
            "SELECT id, qty FROM sales.delivery_line WHERE delivery_id = %s AND place_id IS NOT NULL ORDER BY id",
            (delivery,),
        ).fetchall()
    inside = tuple((int(line), qty) for line, qty in lines)
    close = CloseParcel(delivery, inside, D(1200))
    made = post("warehouse_clerk", "parcel_close", packing.close_parcel, close)
    assert made.complete
    post("warehouse_clerk", "parcel_reopen", packing.reopen_parcel, ReopenParcel(made.id, made.row_version))
    again = CloseParcel(delivery, inside, D(1300), made.id, made.row_version + 1)
    made = post("warehouse_manager", "parcel_close", packing.close_parcel, again)
    reopen = ReopenParcel(made.id, made.row_version)
    post("warehouse_manager", "parcel_reopen", packing.reopen_parcel, reopen)
    post("warehouse_manager", "parcel_void", packing.void_parcel, VoidParcel(made.id, made.row_version + 1))


def _printers(post: Post, product: int) -> None:
    values = {"name": "Labels", "kind": "raw", "address": "192.0.2.1:9100", "language": "zpl"}
    printer = post("administrator", "COMMIT", printing.save_printer, SavePrinter(None, None, values))
    paper = PrintDocument(b"^XA^FO10,10^FDx^FS^XZ", "TOP", "catalog.product", product, ZPL)
    ask = RequestPrint("label", (paper,), STATION, printer_id=printer.id)
    jobs = post("sales_rep", "print_request", printing.request, ask).jobs
    post("sales_rep", "print_act", printing.act, ActOnJobs(jobs, "hold"))
    post("administrator", "print_manage", printing.act, ActOnJobs(jobs, "cancel", all_people=True))


def _mails(post: Post, invoice: int) -> None:
    house = {"name": "House", "host": "mail.example", "sender_address": "info@werkbank.example"}
    by = post("administrator", "COMMIT", mails.save_account, SaveAccount(None, None, house)).id
    other = post(
        "administrator", "COMMIT", mails.save_account, SaveAccount(None, None, {**house, "name": "2"})
    ).id
    text = {"kind": "goods_receipt", "language": "de", "subject": "{number}", "body": "{salutation}"}
    post("administrator", "COMMIT", mails.save_template, SaveTemplate(None, None, text))
    file = MailFile("x.txt", content=b"x", mime="text/plain")
    mail = Mail(("eva@example.com",), "Rechnung", "Anbei.", (file,), "invoice", "sales.invoice", invoice)
    ids = post("finance", "mail_queue", mails.queue, QueueMails(by, (mail, mail)))
    post("finance", "mail_cancel", mails.act, ActOnMails(ids, "hold"))
    post("administrator", "mail_manage", mails.act, ActOnMails(ids, "move", other))
    post("finance", "mail_cancel", mails.act, ActOnMails(ids[1:], "cancel"))
    post("finance", "mail_again", mails.act, ActOnMails(ids[:1], "again"))


def _books(address: str, post: Post, world: World) -> None:
    """The tax adviser gets the month; a month of long ago is closed, and shall be opened again."""
    post("finance", "account_chart_adopt", books.adopt_chart, AdoptChart("03"))
    with psycopg.connect(address) as admin:
        (version,) = admin.execute("SELECT row_version FROM accounting.setting").fetchone() or (0,)
    numbers = SaveSetting(version, {"consultant_no": 29098, "client_no": 55003})
    post("finance", "COMMIT", books.save_setting, numbers)
    with psycopg.connect(address) as admin:
        found = admin.execute(
            "SELECT accounting.draft(%s, %s, NULL)", preview.month_of(world.today)
        ).fetchone()
    assert found is not None
    shown = preview.read(found[0])
    assert shown.may_export, shown.notes
    files = preview.make_files(shown, dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC))
    post("finance", "datev_export", books.post_export, preview.post_command(shown, files))
    month = dt.date(2020, 1, 1)
    post("finance", "period_close", books.close_period, ClosePeriod(month, accept=True))
    post(
        "finance", "period_reopen_request", books.request_reopen, RequestReopen(month, "a receipt forgotten")
    )
