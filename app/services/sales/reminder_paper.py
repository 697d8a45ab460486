"""A reminder as the page says it: what is stored, in the customer's language."""

from sqlalchemy.orm import Session

from app.services.documents import data as page
from app.services.documents.house import address_lines, house
from app.services.sales.reminders import get_reminder


def reminder_paper(session: Session, reminder_id: int, _language: str = "") -> page.DocumentData:
    """The reminder's paper.  Raises Refused record_not_found."""
    found = get_reminder(session, reminder_id)
    customer = found.snapshot["customer"]
    language: page.Language = "en" if customer["language"] == "en" else "de"
    own = house(session, language)
    address = found.snapshot.get("billing_address")
    return page.DocumentData(
        kind="reminder",
        number=found.number,
        date=found.reminder_date,
        language=language,
        company=own.company,
        recipient=address_lines(address, own.home, language) if address else (customer["name"],),
        lines=(),
        references=(page.Reference("customer_number", customer["number"]),),
        items=tuple(
            page.OpenItem(
                number=item.number,
                date=item.invoice_date,
                due=item.due_date,
                amount=item.amount,
                paid=item.paid_amount,
                open=item.open_amount,
                days=item.days,
                level=item.level,
                interest=item.interest_amount or None,
            )
            for item in found.items
        ),
        reminder=page.Reminder(
            level=found.level,
            pay_until=found.pay_until,
            open=found.open_amount,
            total=found.total_amount,
            fee=found.fee_amount or None,
            interest=found.interest_amount or None,
            interest_pct=found.interest_pct,
            flat=found.flat_amount or None,
            currency=found.currency,
        ),
        partner_id=found.customer_id,
        currency=found.currency,
    )
