"""What the screens of accounting show: accounts, partners' accounts, months, exports."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import literal_column, select, text
from sqlalchemy.orm import Session, aliased

from app.core.errors import Refused
from app.core.paging import ListQuery, Page, count_rows, fetch_page
from app.models.accounting import Account, Export, ExportLine, PersonalAccount, Setting
from app.models.partners import Partner
from app.services.accounting.preview import Note, Sum, proof

_MONTHS = text(
    "SELECT m::date AS month, p.id, coalesce(p.state, 'open') AS state, p.closed_at, p.closed_by, p.reopened_at,"
    " p.reopened_by, p.reopen_reason, coalesce(p.findings, '[]') AS findings,"
    " EXISTS (SELECT FROM system.approval_request r WHERE r.kind = 'period_reopen' AND r.topic = 'accounting.period'"
    " AND r.record_id = p.id AND r.state = 'open') AS asked, m < date_trunc('month', system.today()) AS over"
    " FROM generate_series(least(date_trunc('month', (SELECT min(i.invoice_date) FROM sales.invoice i)),"
    " (SELECT min(q.month) FROM accounting.period q),"
    " date_trunc('month', system.today()) - interval '3 months')::timestamp,"
    " date_trunc('month', system.today())::timestamp, interval '1 month') m"
    " LEFT JOIN accounting.period p ON p.month = m::date ORDER BY m DESC"
)
_CHECK = text("SELECT api.period_check(:month)")


class AccountRow(NamedTuple):
    """An account; ``partner`` is the supplier it is for alone."""

    id: int
    row_version: int
    purpose: str
    tax_category: str
    tax_rate: Decimal
    number: str
    tax_key: str
    name: str
    partner_id: int | None
    partner: str | None


class PersonalRow(NamedTuple):
    """The account of a partner as debtor or creditor."""

    id: int
    row_version: int
    account: int
    side: str
    partner_id: int
    partner_number: str
    partner: str


class MonthRow(NamedTuple):
    """A month; ``id`` is year and month as one number, ``over`` whether it can be closed at all, ``asked`` whether
    somebody has asked for it to be opened again."""

    id: int
    month: dt.date
    period_id: int | None
    state: str
    closed_at: dt.datetime | None
    closed_by: str | None
    reopened_at: dt.datetime | None
    reopened_by: str | None
    reopen_reason: str | None
    findings: tuple[Note, ...]
    asked: bool
    over: bool


class ExportRow(NamedTuple):
    """An export; ``repeats`` is the number of the one it repeats."""

    id: int
    number: str
    first_day: dt.date
    last_day: dt.date
    vouchers: int
    lines: int
    total_amount: Decimal
    locked: bool
    repeats_id: int | None
    repeats: str | None
    reason: str | None
    chart: str
    consultant_no: int
    client_no: int
    exported_at: dt.datetime
    exported_by: str
    proof: list[dict[str, Any]]

    def sums(self) -> list[Sum]:
        """Documents beside bookings."""
        return proof(self.proof)


class LineRow(NamedTuple):
    """A booking that went out."""

    position: int
    topic: str
    record_id: int
    kind: str
    number: str
    dated: dt.date
    amount: Decimal
    side: str
    account: str
    contra: str
    tax_key: str
    tax_category: str
    tax_rate: Decimal
    due_date: dt.date | None
    words: str


class SettingForm(NamedTuple):
    """The adviser's settings."""

    id: int
    row_version: int
    chart: str
    consultant_no: int | None
    client_no: int | None
    fiscal_month: int
    account_length: int
    debtor_first: int
    debtor_last: int
    creditor_first: int
    creditor_last: int
    initials: str
    with_service_dates: bool
    updated_at: dt.datetime
    updated_by: str


_ACCOUNT: dict[str, Any] = {
    name: Partner.name if name == "partner" else getattr(Account, name) for name in AccountRow._fields
}
_PERSONAL: dict[str, Any] = {
    "id": PersonalAccount.id,
    "row_version": PersonalAccount.row_version,
    "account": PersonalAccount.number,
    "side": PersonalAccount.side,
    "partner_id": PersonalAccount.partner_id,
    "partner_number": Partner.number,
    "partner": Partner.name,
}


def list_accounts(session: Session, query: ListQuery) -> Page:
    """Rows of `AccountRow`.  Presets: all, income, expense, suppliers."""
    statement = select(*(_ACCOUNT.values())).outerjoin(Partner, Partner.id == Account.partner_id)
    if query.preset == "income":
        statement = statement.where(
            Account.purpose.in_(("revenue", "freight", "down_payment", "discount_granted"))
        )
    elif query.preset == "expense":
        statement = statement.where(Account.purpose.in_(("expense", "discount_received")))
    elif query.preset == "suppliers":
        statement = statement.where(Account.partner_id.is_not(None))
    return fetch_page(session, statement, columns=_ACCOUNT, key=_ACCOUNT["id"], query=query, row=AccountRow)


def get_account(session: Session, account_id: int) -> AccountRow:
    """One account.  Refused ``record_not_found``."""
    statement = select(*_ACCOUNT.values()).outerjoin(Partner, Partner.id == Account.partner_id)
    found = session.execute(statement.where(Account.id == account_id)).one_or_none()
    if found is None:
        raise Refused("record_not_found", table="accounting.account", id=account_id)
    return AccountRow(*found)


def list_personal(session: Session, query: ListQuery) -> Page:
    """Rows of `PersonalRow`.  Presets: all, debtors, creditors."""
    statement = select(*_PERSONAL.values()).join(Partner, Partner.id == PersonalAccount.partner_id)
    if query.preset in ("debtors", "creditors"):
        statement = statement.where(PersonalAccount.side == query.preset.removesuffix("s"))
    key = _PERSONAL["id"]
    return fetch_page(session, statement, columns=_PERSONAL, key=key, query=query, row=PersonalRow)


def get_personal(session: Session, account_id: int) -> PersonalRow:
    """One partner's account.  Refused ``record_not_found``."""
    statement = select(*_PERSONAL.values()).join(Partner, Partner.id == PersonalAccount.partner_id)
    found = session.execute(statement.where(PersonalAccount.id == account_id)).one_or_none()
    if found is None:
        raise Refused("record_not_found", table="accounting.personal_account", id=account_id)
    return PersonalRow(*found)


def list_months(session: Session, query: ListQuery) -> Page:
    """Rows of `MonthRow`, the newest first, since the first invoice.  Presets: all, open, closed."""
    rows = [_month(found) for found in session.execute(_MONTHS).mappings()]
    if query.preset in ("open", "closed"):
        rows = [row for row in rows if row.state == query.preset]
    return Page(rows, None, len(rows), True)


def _month(found: Mapping[Any, Any]) -> MonthRow:
    month: dt.date = found["month"]
    return MonthRow(
        month.year * 100 + month.month,
        month,
        found["id"],
        found["state"],
        found["closed_at"],
        found["closed_by"],
        found["reopened_at"],
        found["reopened_by"],
        found["reopen_reason"],
        notes(found["findings"]),
        found["asked"],
        found["over"],
    )


def notes(found: list[dict[str, Any]]) -> tuple[Note, ...]:
    """What was still open in a month, as the database has it."""
    return tuple(Note(one["severity"], one["code"], {"n": one["n"]}) for one in found)


def period_check(session: Session, month: dt.date) -> tuple[Note, ...]:
    """What is still open in a month; one round trip."""
    return notes(session.execute(_CHECK, {"month": month}).scalar_one())


def list_exports(session: Session, query: ListQuery) -> Page:
    """Rows of `ExportRow`.  Presets: all, first, repeated."""
    first = aliased(Export)
    columns: dict[str, Any] = {
        name: first.number if name == "repeats" else getattr(Export, name) for name in ExportRow._fields
    }
    statement = select(*columns.values()).outerjoin(first, first.id == Export.repeats_id)
    if query.preset == "repeated":
        statement = statement.where(Export.repeats_id.is_not(None))
    elif query.preset == "first":
        statement = statement.where(Export.repeats_id.is_(None))
    return fetch_page(session, statement, columns=columns, key=columns["id"], query=query, row=ExportRow)


def export_by_number(session: Session, number: str) -> ExportRow:
    """An export by its number.  Refused ``record_not_found``."""
    first = aliased(Export)
    columns = [first.number if name == "repeats" else getattr(Export, name) for name in ExportRow._fields]
    statement = select(*columns).outerjoin(first, first.id == Export.repeats_id)
    found = session.execute(statement.where(Export.number == number)).one_or_none()
    if found is None:
        raise Refused("record_not_found", table="accounting.export", id=number)
    return ExportRow(*found)


def export_lines(session: Session, export_id: int) -> tuple[LineRow, ...]:
    """The bookings of an export in their order."""
    columns = [getattr(ExportLine, name) for name in LineRow._fields]
    statement = select(*columns).where(ExportLine.export_id == export_id).order_by(ExportLine.position)
    return tuple(LineRow(*row) for row in session.execute(statement))


def get_setting(session: Session) -> SettingForm:
    """The settings; one round trip."""
    columns = [getattr(Setting, name) for name in SettingForm._fields]
    return SettingForm(*session.execute(select(*columns)).one())


def count_open_months(session: Session) -> int:
    """Months that are over and not closed, of the last twelve, in a house that closes months at all."""
    months = text(
        "generate_series(date_trunc('month', system.today())::timestamp - interval '12 months',"
        " date_trunc('month', system.today())::timestamp - interval '1 month', interval '1 month') m"
    )
    over = text(
        "EXISTS (SELECT FROM accounting.period p WHERE p.month < m)"
        " AND NOT EXISTS (SELECT FROM accounting.period p WHERE p.month = m::date AND p.state = 'closed')"
    )
    return count_rows(session, select(literal_column("m").label("month")).select_from(months).where(over))
