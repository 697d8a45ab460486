"""Reminders: what is open and how far it was reminded, what a run would send, sending and taking back, holds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Integer,
    Numeric,
    String,
    case,
    column,
    func,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Refused
from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.models.partners import Partner
from app.models.sales import BaseRate, Invoice, Reminder, ReminderItem, ReminderRule
from app.services import records
from app.services.records import Saved
from app.services.sales.commands import (
    CancelReminder,
    HoldReminders,
    IssueReminder,
    LiftHold,
    SaveBaseRate,
    SaveReminderRule,
)

REMINDER, HOLD, RULE, RATE = (
    "sales.reminder",
    "sales.reminder_hold",
    "sales.reminder_rule",
    "sales.base_rate",
)
OPEN_PRESETS = ("all", "overdue", "due", "held")
REMINDER_PRESETS = ("all", "open", "cancelled")


class OpenItem(NamedTuple):
    """An open invoice: how far it was reminded (``level`` 0: not yet), what comes next and when, what holds it back.

    Amounts are in its currency.  ``hold_invoice_id`` None with a hold: it is on the whole customer.
    """

    invoice_id: int
    number: str
    kind: str
    customer_id: int
    customer_number: str
    customer: str
    currency: str
    invoice_date: date
    due_date: date
    days: int
    amount: Decimal
    open: Decimal
    level: int
    reminded_on: date | None
    next_level: int | None
    next_on: date | None
    hold_id: int | None
    hold_version: int | None
    hold_reason: str | None
    hold_until: date | None
    hold_invoice_id: int | None
    interest: Decimal
    flat: Decimal
    is_due: bool


class Proposal(NamedTuple):
    """What a run would send a customer, in one currency; ``credit`` is what the house owes him for corrections."""

    id: int
    customer_id: int
    customer_number: str
    customer: str
    language: str
    currency: str
    level: int
    items: int
    days: int
    open: Decimal
    interest: Decimal
    flat: Decimal
    fee: Decimal
    total: Decimal
    pay_until: date
    credit: Decimal
    invoices: list[int]


class ReminderRow(NamedTuple):
    """A reminder in the list; ``left`` is what of its invoices is still open."""

    id: int
    number: str
    reminder_date: date
    customer_id: int
    customer: str
    level: int
    state: str
    currency: str
    pay_until: date
    open_amount: Decimal
    total_amount: Decimal
    left: Decimal


class ItemRow(NamedTuple):
    """An invoice of a reminder, as it stood then."""

    invoice_id: int
    number: str
    invoice_date: date
    due_date: date
    days: int
    level: int
    amount: Decimal
    paid_amount: Decimal
    open_amount: Decimal
    default_since: date | None
    interest_amount: Decimal
    flat_amount: Decimal
    left: Decimal


class ReminderDetail(NamedTuple):
    """A reminder with its invoices."""

    id: int
    row_version: int
    number: str
    state: str
    level: int
    customer_id: int
    customer: str
    snapshot: dict[str, Any]
    currency: str
    reminder_date: date
    pay_until: date
    open_amount: Decimal
    interest_amount: Decimal
    interest_pct: Decimal | None
    flat_amount: Decimal
    fee_amount: Decimal
    total_amount: Decimal
    cancel_reason: str | None
    created_by: str
    items: tuple[ItemRow, ...]
    archived: bool


class RuleRow(NamedTuple):
    """What the house does at a level, with the base rates (day, percent) from the newest."""

    id: int
    row_version: int
    level: int
    days: int
    pay_days: int
    fee: Decimal
    flat_amount: Decimal
    with_interest: bool
    rates: tuple[tuple[date, Decimal], ...]


class Reminded(NamedTuple):
    """A reminder that was sent."""

    id: int
    number: str
    level: int
    total_amount: Decimal
    currency: str
    language: str


_TYPES: Mapping[str, Any] = {
    "number": String,
    "kind": String,
    "customer_number": String,
    "customer": String,
    "language": String,
    "currency": String,
    "hold_reason": String,
    "invoice_date": Date,
    "due_date": Date,
    "reminded_on": Date,
    "next_on": Date,
    "hold_until": Date,
    "pay_until": Date,
    "is_due": Boolean,
    "invoices": ARRAY(BigInteger),
} | dict.fromkeys(("id", "invoice_id", "customer_id", "hold_id", "hold_invoice_id"), BigInteger)
_MONEY = frozenset({"amount", "open", "interest", "flat", "fee", "total", "credit"})


def _asked(call: Any, row: Any) -> dict[str, Any]:
    """The columns of a function's answer, by the names of the row they become."""
    types = {name: _TYPES.get(name, Numeric if name in _MONEY else Integer) for name in row._fields}
    found = call.table_valued(*(column(name, kind) for name, kind in types.items()), name="x")
    return {name: found.c[name] for name in row._fields}


# -- reading ----------------------------------------------------------------------------------------------------


def list_open_items(session: Session, query: ListQuery) -> Page:
    """Open invoices, the oldest first.  Columns: the fields of `OpenItem`; presets: `OPEN_PRESETS`."""
    columns = _asked(func.api.reminder_open_items(None), OpenItem)
    statement = select(*columns.values())
    match query.preset:
        case "overdue":
            statement = statement.where(columns["days"] > 0)
        case "due":
            statement = statement.where(columns["is_due"])
        case "held":
            statement = statement.where(columns["hold_id"].is_not(None))
    return fetch_page(
        session, statement, columns=columns, key=columns["invoice_id"], query=query, row=OpenItem
    )


def open_items(session: Session, customer_id: int, _language: str = "") -> tuple[OpenItem, ...]:
    """Open invoices of a customer, the oldest first."""
    columns = _asked(func.api.reminder_open_items(customer_id), OpenItem)
    found = session.execute(
        select(*columns.values()).order_by(columns["due_date"], columns["invoice_id"])
    ).all()
    return tuple(OpenItem._make(row) for row in found)


def list_proposals(session: Session, query: ListQuery) -> Page:
    """What a run would send today, one row per customer and currency.  Columns: the fields of `Proposal`."""
    columns = _asked(func.api.reminder_proposals(), Proposal)
    return fetch_page(
        session,
        select(*columns.values()),
        columns=columns,
        key=columns["id"],
        query=query,
        row=Proposal,
    )


def count_due(session: Session) -> int:
    """How many reminders a run would send."""
    return count_rows(session, select(_asked(func.api.reminder_proposals(), Proposal)["id"]))


def _left() -> Any:
    """What is still open of the invoices of a reminder, in its currency."""
    paid = Invoice.prepaid_amount + Invoice.credited_amount + Invoice.paid_amount + Invoice.discount_taken
    return case((Invoice.state == "open", Invoice.gross_amount - paid), else_=0)


def list_reminders(session: Session, query: ListQuery) -> Page:
    """Reminders, the newest first.  Columns: the fields of `ReminderRow`; presets: `REMINDER_PRESETS`."""
    left = (
        select(func.coalesce(func.sum(_left()), 0))
        .join(ReminderItem, ReminderItem.invoice_id == Invoice.id)
        .where(ReminderItem.reminder_id == Reminder.id)
        .correlate(Reminder)
        .scalar_subquery()
    )
    columns: dict[str, Any] = {name: getattr(Reminder, name, None) for name in ReminderRow._fields}
    columns |= {"customer": Partner.name, "left": left}
    statement = select(*columns.values()).join(Partner, Partner.id == Reminder.customer_id)
    if query.preset == "open":
        statement = statement.where(Reminder.state == "issued", left > 0)
    elif query.preset == "cancelled":
        statement = statement.where(Reminder.state == "cancelled")
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=ReminderRow)


_DETAIL = text("""
SELECT r.id, r.row_version, r.number, r.state, r.level, r.customer_id, r.snapshot #>> '{customer,name}' AS customer,
       r.snapshot, r.currency, r.reminder_date, r.pay_until, r.open_amount, r.interest_amount, r.interest_pct,
       r.flat_amount, r.fee_amount, r.total_amount, r.cancel_reason, r.created_by,
       (SELECT jsonb_agg(jsonb_build_array(
                 i.id, i.number, i.invoice_date, t.due_date, t.days, t.level, t.amount, t.paid_amount, t.open_amount,
                 t.default_since, t.interest_amount, t.flat_amount,
                 CASE WHEN i.state = 'open' THEN i.gross_amount - i.prepaid_amount - i.credited_amount - i.paid_amount
                                                 - i.discount_taken ELSE 0 END) ORDER BY t.due_date, t.invoice_id)
          FROM sales.reminder_item t JOIN sales.invoice i ON i.id = t.invoice_id WHERE t.reminder_id = r.id) AS items,
       EXISTS (SELECT FROM documents.issued d WHERE d.topic = 'sales.reminder' AND d.record_id = r.id) AS archived
  FROM sales.reminder r WHERE r.id = :id
""")


def get_reminder(session: Session, reminder_id: int, _language: str = "") -> ReminderDetail:
    """A reminder with its invoices; one round trip.  Raises Refused record_not_found."""
    row = session.execute(_DETAIL, {"id": reminder_id}).one_or_none()
    if row is None:
        raise Refused("record_not_found", table=REMINDER, id=reminder_id)
    return ReminderDetail._make(row)._replace(items=tuple(_item(x) for x in row.items or ()))


def _item(values: Sequence[Any]) -> ItemRow:
    given = dict(zip(ItemRow._fields, values, strict=True))
    for name, value in given.items():
        if name in ("invoice_date", "due_date", "default_since") and value is not None:
            given[name] = date.fromisoformat(value)
        elif name.endswith("amount") or name == "left":
            given[name] = Decimal(str(value))
    return ItemRow(**given)


def list_rules(session: Session, query: ListQuery) -> Page:
    """The three levels.  Columns: level, days, pay_days, fee, flat_amount, with_interest."""
    pair = func.jsonb_build_array(BaseRate.valid_from, BaseRate.rate)
    rates = select(func.jsonb_agg(pair, type_=JSONB)).scalar_subquery()
    names = RuleRow._fields[:-1]
    columns: dict[str, Any] = {name: getattr(ReminderRule, name) for name in names}
    found = fetch_page(
        session,
        select(*columns.values(), rates),
        columns=columns,
        key=columns["id"],
        query=query,
        row=RuleRow,
    )
    return replace(found, rows=[row._replace(rates=_rates(row.rates)) for row in found.rows])


def _rates(stored: Any) -> tuple[tuple[date, Decimal], ...]:
    found = ((date.fromisoformat(day), Decimal(str(rate))) for day, rate in stored or ())
    return tuple(sorted(found, reverse=True))


# -- posting ----------------------------------------------------------------------------------------------------


@posting
def issue_reminder(session: Session, command: IssueReminder) -> Result[Reminded]:
    """Send a reminder.

    Refused ``reminder_changed`` (total) when something was paid, held back or reminded since it was shown.
    """
    answer = call_api(
        session,
        "reminder_issue",
        p_command=command.command,
        p_customer_id=command.customer_id,
        p_invoice_ids=command.invoice_ids,
        p_total=command.total,
    )
    value = Reminded(
        int(answer["id"]),
        answer["number"],
        int(answer["level"]),
        Decimal(answer["total_amount"]),
        answer["currency"],
        answer["language"],
    )
    return Result(value, changed((REMINDER, value.id), ("partners.partner", command.customer_id)))


@posting
def cancel_reminder(session: Session, command: CancelReminder) -> Result[None]:
    """Take a reminder back.  Refused: reason_required, reminder_not_issued, reminder_has_successor."""
    call_api(
        session,
        "reminder_cancel",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_reason=command.reason,
    )
    return Result(None, changed((REMINDER, command.id)))


@posting
def hold_reminders(session: Session, command: HoldReminders) -> Result[Saved]:
    """Hold reminders back.  Refused: reason_required, reminder_hold_until (a day that is over)."""
    answer = call_api(
        session,
        "reminder_hold",
        p_command=command.command,
        p_customer_id=command.customer_id,
        p_invoice_id=command.invoice_id,
        p_until=command.until,
        p_reason=command.reason,
    )
    value = Saved(int(answer["id"]), int(answer["row_version"]))
    return Result(value, changed((HOLD, value.id), ("partners.partner", command.customer_id)))


@posting
def lift_hold(session: Session, command: LiftHold) -> Result[None]:
    """Reminders may be sent again."""
    call_api(
        session,
        "reminder_hold_lift",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((HOLD, command.id)))


def save_rule(session: Session, command: SaveReminderRule) -> Result[Saved]:
    """Change what the house does at a level."""
    rule = records.save(session, ReminderRule, command.id, command.row_version, dict(command.values))
    return Result(Saved(rule.id, rule.row_version), changed((RULE, rule.id)))


def save_base_rate(session: Session, command: SaveBaseRate) -> Result[Saved]:
    """Enter the base rate of a half-year, or correct it."""
    known = session.execute(
        select(BaseRate.id, BaseRate.row_version).where(BaseRate.valid_from == command.valid_from)
    ).one_or_none()
    values = {"rate": command.rate} if known else {"valid_from": command.valid_from, "rate": command.rate}
    rate = records.save(
        session, BaseRate, known.id if known else None, known.row_version if known else None, values
    )
    return Result(Saved(rate.id, rate.row_version), changed((RATE, rate.id)))
