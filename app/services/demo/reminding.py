"""Invoices of past months, and a reminder: what finance looks after."""

import psycopg

from app.core.paging import ListQuery
from app.services.demo.house import House, command_id
from app.services.documents.archive import archive as keep
from app.services.documents.commands import ArchiveDocument
from app.services.documents.contents import text_of_pdf
from app.services.documents.render import file_name, render
from app.services.sales.commands import HoldReminders, IssueReminder
from app.services.sales.reminder_paper import reminder_paper
from app.services.sales.reminders import hold_reminders, issue_reminder, list_proposals

CLERK = "u_franziska"
# How many days ago the invoices of an order were written, by the customer's reference.
_AGO = (("ZR-26/288", 66), ("4500017733", 64), ("WH-1192", 62), ("B-2026-77", 52), ("PO 88104", 50))
_AGED = """
UPDATE sales.invoice i SET invoice_date = invoice_date - a.days, service_date = service_date - a.days,
       due_date = due_date - a.days, discount_date = discount_date - a.days,
       discount2_date = discount2_date - a.days
  FROM sales.sales_order o, unnest(%s::text[], %s::int[]) AS a (ref, days)
 WHERE o.id = i.sales_order_id AND o.customer_reference = a.ref AND i.invoice_date > system.today() - 31
   AND NOT EXISTS (SELECT FROM documents.issued d WHERE d.topic = 'sales.invoice' AND d.record_id = i.id)
"""
_PAID = """
UPDATE sales.payment p SET paid_on = i.invoice_date + 6 FROM sales.invoice i
 WHERE i.id = p.invoice_id AND i.invoice_date < system.today() - 31
"""


def reminders(house: House) -> None:
    """Some invoices are overdue: one customer was reminded, one is waiting for it, one is held back."""
    refs, days = zip(*_AGO, strict=True)
    with psycopg.connect(house.admin_dsn) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(_AGED, (list(refs), list(days)))
        connection.execute(_PAID)
    clerk = house.person(CLERK)
    proposed = clerk.read(list_proposals, ListQuery(sort="days", descending=True)).rows
    for found in proposed[:1]:
        command = IssueReminder(
            found.customer_id,
            tuple(found.invoices),
            found.total,
            command_id("reminder", found.customer_number),
        )
        issued = house.post(CLERK, issue_reminder, command)
        said = clerk.read(reminder_paper, issued.id)
        content = render(said)
        house.post(
            CLERK,
            keep,
            ArchiveDocument(
                "reminder", issued.id, said.language, file_name(said), content, text_of_pdf(content)
            ),
        )
    held = house.ids("partners.partner", "number")["10008"]
    hold = HoldReminders(
        held, "Zahlungsplan vereinbart", until=house.day(30), command=command_id("hold", held)
    )
    house.post(CLERK, hold_reminders, hold)
