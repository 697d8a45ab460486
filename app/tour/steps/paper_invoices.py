"""E-invoices: one goes out, is printed and proved; one comes in."""

import datetime as dt
import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from email.message import EmailMessage

import pikepdf

from app.core import format as fmt
from app.core.i18n import t
from app.services.einvoice.read import read
from app.simulate.mailbox import Sink, imap_folder, smtp_sink
from app.tour.peers import Office
from app.tour.steps.step import ADMINISTRATOR, BUYER, FINANCE, REP, Step
from app.tour.supplier import einvoice_for
from app.tour.tour import Tour
from app.views.accounting.words import month_words
from app.views.purchasing.invoice_page import PurchaseInvoicePage
from app.views.sales.invoice_page import InvoicePage

REFERENCE = "SW 2026/44"
CUSTOMER = "SELECT c.name FROM sales.sales_order o JOIN partners.partner c ON c.id = o.customer_id"
SUPPLIERS_NUMBER, DEARER = "L-2026-4711", Decimal("1.50")
PASSWORD = "WERKBANK_MAIL_PASSWORD"  # noqa: S105  (the name of a variable)
OWED = "SELECT total_amount FROM sales.reminder WHERE number = %s"
ISSUED = "SELECT c.bytes FROM documents.issued i JOIN documents.content c ON c.id = i.content_id WHERE i.number = %s"


def customer(tour: Tour) -> None:
    """The customer wants e-invoices: which form, and where to."""
    name = tour.ask_database(f"{CUSTOMER} WHERE o.customer_reference = %s", REFERENCE)
    tour.palette(name, "record.partners.partner.")
    form = tour.wait_form()
    if form.value("einvoice_format") != "zugferd_en16931":
        tour.driver.choose("field.einvoice_format", "zugferd_en16931")
    tour.fill("electronic_address", "rechnung@schwarzwald-souvenir.example")
    tour.shot("customer-einvoice")
    tour.save()


def outgoing(tour: Tour) -> None:
    """The delivery becomes an e-invoice: checked before it is issued, kept as PDF/A-3, printed as it was kept."""
    office: Office = tour.memory["office"]
    delivery = tour.ask_database(
        "SELECT d.number FROM sales.delivery d JOIN sales.sales_order o ON o.id = d.sales_order_id"
        " WHERE o.customer_reference = %s",
        REFERENCE,
    )
    tour.open_workspace("finance.to_invoice")
    tour.driver.click_row(tour.list_view(), delivery, double=True)
    tour.driver.see("dialog.invoice")
    tour.settle()
    with tour.timed("einvoice"):
        tour.driver.click("dialog.yes")
        tour.driver.wait(lambda: isinstance(tour.page, InvoicePage), "the invoice")
        tour.wait_form()
    page = tour.form
    assert isinstance(page, InvoicePage)
    assert page.invoice is not None
    number = tour.memory["invoice"] = page.invoice.number
    tour.until(lambda: tour.ask_database(ISSUED, number), "the invoice in the archive")
    tour.shot("einvoice-issued")
    content = bytes(tour.ask_database(ISSUED, number))
    (tour.folder / f"{number}.pdf").write_bytes(content)
    with pikepdf.open(io.BytesIO(content)) as document:
        for name, file in document.attachments.items():
            (tour.folder / f"{number} {name}").write_bytes(file.get_file().read_bytes())
    found = read(content, f"{number}.pdf")
    assert found.invoice is not None
    tour.expect(found.ok, f"the e-invoice is not right: {found.findings}")
    gross = tour.ask_database("SELECT gross_amount FROM sales.invoice WHERE number = %s", number)
    tour.expect(
        found.invoice.totals.gross == gross, f"{found.invoice.totals.gross} in XML, {gross} in the database"
    )
    before = len(office.printed())
    tour.act("print")
    tour.until(lambda: len(office.printed()) > before, "the invoice on paper")
    if office.kind == "ipp":
        tour.expect(office.printed()[-1] == content, "what was printed is not what was archived")
    tour.fact(invoice=number, gross=fmt.money(gross), kind=found.kind, rules=found.rule_set)
    tour.shot("einvoice-printed")


def account(tour: Tour) -> None:
    """The account mails go out by, tried at once."""
    sink: Sink = tour.at_end.enter_context(smtp_sink())
    tour.memory["mail"] = sink
    tour.close_tabs()
    tour.open_workspace("mail.accounts")
    tour.shot("mail-accounts")
    tour.driver.keys("Ctrl+N")
    tour.wait_form()
    tour.fill("name", tour.say("mail_account"))
    tour.fill("host", sink.host)
    tour.driver.choose("field.security", "none")
    tour.fill("port", str(sink.port))
    tour.fill("sender_address", "rechnung@zinngiesserei.example")
    tour.save()
    tour.act("test")
    tour.shot("mail-account")
    tour.open_workspace("mail.texts")
    tour.shot("mail-texts")
    _mailbox(tour)


def _mailbox(tour: Tour) -> None:
    """The folder suppliers' invoices come in by; a mail with one lies there."""
    xml = tour.memory["supplier_xml"] = einvoice_for(
        tour.stage.admin_dsn, tour.memory["purchase_order"], SUPPLIERS_NUMBER, dearer=DEARER
    )
    (tour.folder / f"{SUPPLIERS_NUMBER}.xml").write_bytes(xml)
    mail = EmailMessage()
    mail["From"], mail["To"] = "Buchhaltung <rechnung@lieferant.example>", "eingang@zinngiesserei.example"
    mail["Subject"], mail["Message-ID"] = f"Rechnung {SUPPLIERS_NUMBER}", "<tour@lieferant.example>"
    mail.set_content("Sehr geehrte Damen und Herren,\n\nanbei unsere Rechnung.\n")
    mail.add_attachment(xml, maintype="application", subtype="xml", filename=f"{SUPPLIERS_NUMBER}.xml")
    folder = tour.at_end.enter_context(imap_folder([mail.as_bytes()]))
    tour.at_end.enter_context(_password(folder.password))
    tour.open_workspace("mail.accounts")
    tour.driver.keys("Ctrl+N")
    tour.wait_form()
    tour.driver.choose("field.kind", "incoming")
    tour.fill("name", tour.say("mail_folder"))
    tour.fill("host", folder.host)
    tour.driver.choose("field.security", "none")
    tour.fill("port", str(folder.port))
    tour.fill("username", folder.user)
    tour.save()
    tour.act("test")
    tour.shot("mail-folder")


@contextmanager
def _password(password: str) -> Iterator[None]:
    """This computer knows the password of the mailbox."""
    before = os.environ.get(PASSWORD)
    os.environ[PASSWORD] = password
    try:
        yield
    finally:
        os.environ.pop(PASSWORD)
        if before is not None:
            os.environ[PASSWORD] = before


def incoming(tour: Tour) -> None:
    """The invoice lies in the buyer's inbox; a broken file is refused, the good one becomes a purchase invoice."""
    tour.close_tabs()
    tour.open_workspace("mail.received")
    tour.shot("mail-received")
    tour.open_workspace("einvoice.inbox")
    broken = tour.folder / "to-drop" / "falsch.xml"
    broken.parent.mkdir(exist_ok=True)
    wrong = re.sub(rb"(PayableAmount[^>]*>)[0-9.]+", rb"\g<1>1.00", tour.memory["supplier_xml"])
    broken.write_bytes(wrong.replace(SUPPLIERS_NUMBER.encode(), b"L-0815-X"))
    tour.drop(broken)
    known = "SELECT count(*) FROM purchasing.received WHERE file_name = 'falsch.xml'"
    tour.until(lambda: tour.ask_database(known) == 1, "the dropped file")
    tour.page.refresh()
    tour.settle()
    tour.select_row("L-0815-X")
    tour.shot("inbox-wrong")
    tour.driver.click("detail.refuse")
    tour.driver.type("field.reason", tour.say("refused"))
    tour.driver.click("dialog.yes")
    refused = "SELECT state FROM purchasing.received WHERE file_name = 'falsch.xml'"
    tour.until(lambda: tour.ask_database(refused) == "refused", "the broken file to be refused")
    tour.select_row(SUPPLIERS_NUMBER)
    tour.shot("inbox")
    tour.driver.click("detail.propose")
    tour.driver.wait(lambda: isinstance(tour.page, PurchaseInvoicePage), "the proposal")
    tour.wait_form()
    tour.shot("purchase-proposal")
    tour.save()
    tour.shot("purchase-draft")


def enter(tour: Tour) -> None:
    """The supplier asks for more than was ordered: somebody says why that is right; then the invoice is entered."""
    table = tour.lines_table()
    tour.set_cell(0, "accept_reason", tour.say("dearer"))
    tour.expect(table.lines.lines[0]["accept_reason"], "the reason is not in the line")
    tour.save()
    tour.act("enter")
    state = "SELECT state || ' ' || number FROM purchasing.purchase_invoice WHERE invoice_number = %s"
    tour.until(
        lambda: str(tour.ask_database(state, SUPPLIERS_NUMBER)).startswith("entered"), "the invoice entered"
    )
    tour.memory["purchase_invoice"] = tour.ask_database(state, SUPPLIERS_NUMBER).partition(" ")[2]
    tour.shot("purchase-entered")


def approved(tour: Tour) -> None:
    """Finance approves what somebody else entered, and pays it."""
    tour.close_tabs()
    tour.open_workspace("purchasing.invoices")
    tour.shot("purchase-invoices")
    tour.open_row(tour.memory["purchase_invoice"])
    tour.act("approve")
    state = "SELECT state FROM purchasing.purchase_invoice WHERE invoice_number = %s"
    tour.until(lambda: tour.ask_database(state, SUPPLIERS_NUMBER) == "approved", "the approval")
    tour.shot("purchase-approved")
    tour.driver.click("action.pay")
    tour.settle()
    tour.shot("purchase-pay")
    tour.driver.click("dialog.yes")
    tour.until(lambda: tour.ask_database(state, SUPPLIERS_NUMBER) == "paid", "the invoice to be paid")
    tour.shot("purchase-paid")


def mailed(tour: Tour) -> None:
    """The invoice by e-mail from its page: text, recipient and file stand there; the server has exactly that file."""
    sink: Sink = tour.memory["mail"]
    number = tour.memory["invoice"]
    tour.palette(number, "record.sales.invoice.")
    tour.wait_form()
    tour.act("mail")
    tour.driver.see("dialog.mail")
    tour.settle()
    tour.shot("mail-invoice")
    tour.driver.click("dialog.yes")
    tour.driver.gone("dialog.mail")
    tour.until(lambda: sink.messages, "the mail at the server")
    arrived = sink.messages[-1]
    (tour.folder / f"{number}.eml").write_bytes(arrived.raw)
    files = {
        part.get_filename(): part.get_payload(decode=True) for part in arrived.message.iter_attachments()
    }
    content = bytes(tour.ask_database(ISSUED, number))
    tour.expect(content in files.values(), f"the mail holds {sorted(map(str, files))}, not what was archived")
    sent = "SELECT state FROM mail.message ORDER BY id DESC LIMIT 1"
    tour.until(lambda: tour.ask_database(sent) == "sent", "the mail to be sent")
    # Her client reads the folder of incoming invoices meanwhile.
    came = "SELECT count(*) FROM mail.received WHERE state = 'taken'"
    tour.until(lambda: tour.ask_database(came) == 1, "the invoice out of the mailbox")
    tour.open_workspace("mail.mails")
    tour.page.refresh()
    tour.settle()
    tour.shot("mails")
    tour.fact(to=list(arrived.recipients), subject=str(arrived.message["Subject"]))


def reminders(tour: Tour) -> None:
    """What is overdue, what a run would send, and one of it sent: in the archive and on paper."""
    office: Office = tour.memory["office"]
    tour.open_workspace("finance.open_items")
    tour.driver.tab("overdue")
    tour.settle()
    tour.shot("open-items")
    tour.open_workspace("finance.reminding")
    tour.select_row(0)
    tour.shot("reminding")
    before = len(office.printed())
    tour.driver.click("action.bulk")
    tour.driver.menu(t("sales.reminding.issue").replace("&", ""))
    tour.driver.see("dialog.reminders")
    tour.driver.click("check.print")
    tour.shot("reminding-issue")
    tour.driver.click("dialog.yes")
    tour.until(lambda: len(office.printed()) > before, "the reminder on paper")
    number = tour.ask_database("SELECT number FROM sales.reminder ORDER BY id DESC LIMIT 1")
    content = bytes(tour.ask_database(ISSUED, number))
    (tour.folder / f"{number}.pdf").write_bytes(content)
    tour.open_workspace("finance.reminders")
    tour.open_row(number)
    tour.shot("reminder")
    tour.fact(reminder=number, total=str(tour.ask_database(OWED, number)))


def datev(tour: Tour) -> None:
    """The month for the tax adviser: bookings, the proof that their sums are those of the documents, the files."""
    tour.close_tabs()
    tour.open_workspace("accounting.accounts")
    tour.shot("accounts")
    tour.open_workspace("accounting.export_new")
    tour.settle()
    tour.shot("datev")
    tour.driver.tab("proof")
    tour.settle()
    tour.shot("datev-proof")
    tour.driver.click("action.export_now")
    tour.settle()
    tour.shot("datev-export")
    tour.driver.click("dialog.yes")
    tour.until(lambda: tour.ask_database("SELECT count(*) FROM accounting.export") == 1, "the export")
    tour.open_workspace("accounting.exports")
    tour.select_row(0)
    tour.shot("datev-exports")


def period(tour: Tour) -> None:
    """A month that is over is closed; a payment dated into it is refused, and says why."""
    tour.open_workspace("accounting.periods")
    tour.shot("periods")
    tour.select_row(1)
    tour.shot("period")
    tour.driver.click("action.close")
    tour.driver.see("dialog.close_period")
    tour.settle()
    tour.shot("period-close")
    tour.driver.click("dialog.yes")
    closed = "SELECT max(month) FROM accounting.period WHERE state = 'closed'"
    tour.until(lambda: tour.ask_database(closed), "the month to be closed")
    month = tour.ask_database(closed)
    tour.shot("period-closed")
    older = "SELECT number FROM sales.invoice WHERE state = 'open' AND invoice_date < %s ORDER BY id LIMIT 1"
    tour.open_workspace("finance.invoices")
    tour.open_row(tour.ask_database(older, month + dt.timedelta(days=14)))
    tour.driver.click("action.pay")
    tour.driver.see("dialog.payment")
    tour.driver.type("field.paid_on", fmt.date_(month + dt.timedelta(days=14)))
    tour.driver.click("dialog.yes")
    tour.settle()
    tour.shot("period-refused")
    said = t("error.period_closed", month=month_words(month))
    tour.expect(tour.driver.reads(said, tour.window), "the payment into a closed month is not refused")
    while tour.layer() is not None:
        tour.driver.keys("Esc")
        tour.settle()
    tour.fact(closed=str(month))


STEPS = (
    Step("paper_customer", REP, customer),
    Step("paper_einvoice", FINANCE, outgoing),
    Step("paper_account", ADMINISTRATOR, account),
    Step("paper_mailed", FINANCE, mailed),
    Step("paper_incoming", BUYER, incoming),
    Step("paper_enter", BUYER, enter),
    Step("paper_approved", FINANCE, approved),
    Step("paper_reminders", FINANCE, reminders),
    Step("paper_datev", FINANCE, datev),
    Step("paper_period", FINANCE, period),
)
