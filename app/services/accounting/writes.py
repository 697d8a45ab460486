"""Changes to accounts and settings; exports and months: one call of the database each."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import Change, Result, changed
from app.core.db import call_api, posting
from app.models.accounting import Account, PersonalAccount, Setting
from app.services import records
from app.services.accounting import charts
from app.services.accounting.commands import (
    AdoptChart,
    ClosePeriod,
    DiscardAccount,
    PostExport,
    RequestReopen,
    SaveAccount,
    SavePersonalAccount,
    SaveSetting,
)
from app.services.records import Saved

SETTING, ACCOUNT = "accounting.setting", "accounting.account"
PERSONAL, PERIOD, EXPORT = "accounting.personal_account", "accounting.period", "accounting.export"


class Exported(NamedTuple):
    """An export that went out; the ids are those of its two files in the archive."""

    id: int
    number: str
    vouchers: int
    lines: int
    total: Decimal
    issued_id: int
    partners_id: int


def save_setting(session: Session, command: SaveSetting) -> Result[int]:
    """Change the settings.  Raises `Invalid` …_range, personal_ranges_in_order, `Conflict`."""
    record = records.save(session, Setting, 1, command.row_version, command.values)
    return Result(record.id, changed((SETTING, 1)))


def save_account(session: Session, command: SaveAccount) -> Result[Saved]:
    """Create or change an account.  Raises `Invalid` account_…, `Duplicate` uq_account_general, uq_account_supplier."""
    record = records.save(session, Account, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((ACCOUNT, record.id)))


def discard_account(session: Session, command: DiscardAccount) -> Result[None]:
    """Take an account away; what was exported keeps its number."""
    record = records.find(session, Account, command.id, command.row_version)
    call_api(
        session,
        "discard_draft",
        p_command=command.command,
        p_table=ACCOUNT,
        p_id=record.id,
        p_row_version=record.row_version,
    )
    return Result(None, changed((ACCOUNT, command.id)))


def save_personal_account(session: Session, command: SavePersonalAccount) -> Result[Saved]:
    """Give a partner a number.  Raises `Refused` personal_number_outside, personal_number_used, `Duplicate`
    personal_number_once, personal_account_once."""
    record = records.save(session, PersonalAccount, command.id, command.row_version, command.values)
    return Result(Saved(record.id, record.row_version), changed((PERSONAL, record.id)))


@posting
def adopt_chart(session: Session, command: AdoptChart) -> Result[int]:
    """How many accounts the chart has brought."""
    answer = call_api(
        session,
        "account_chart_adopt",
        p_command=command.command,
        p_chart=command.chart,
        p_accounts=[{**one, "tax_rate": str(one["tax_rate"])} for one in charts.accounts(command.chart)],
    )
    return Result(int(answer["accounts"]), frozenset({Change(ACCOUNT), Change(SETTING, 1)}))


@posting
def post_export(session: Session, command: PostExport) -> Result[Exported]:
    """Hand over.  `Refused` datev_changed when anything is different since the preview, datev_file_differs, or what
    the preview's findings say."""
    answer = call_api(
        session,
        "datev_export",
        p_command=command.command,
        p_first=command.first,
        p_last=command.last,
        p_repeats=command.repeats,
        p_reason=command.reason or None,
        p_fingerprint=command.fingerprint,
        p_file_name=command.file_name,
        p_content=command.content,
        p_partners_name=command.partners_name,
        p_partners=command.partners,
    )
    made = Exported(
        int(answer["id"]),
        str(answer["number"]),
        int(answer["vouchers"]),
        int(answer["lines"]),
        Decimal(answer["total"]),
        int(answer["issued_id"]),
        int(answer["partners_id"]),
    )
    topics = {Change(EXPORT, made.id), Change(PERSONAL), Change("documents.issued", made.issued_id)}
    return Result(made, frozenset(topics))


@posting
def close_period(session: Session, command: ClosePeriod) -> Result[int]:
    """Close a month.  `Refused` period_not_over, period_before_open, period_has_open_items, period_already_closed."""
    answer = call_api(
        session,
        "period_close",
        p_command=command.command,
        p_month=command.month,
        p_accept=command.accept,
    )
    return Result(int(answer["id"]), changed((PERIOD, int(answer["id"]))))


@posting
def request_reopen(session: Session, command: RequestReopen) -> Result[int]:
    """Ask; the value is the request.  `Refused` period_not_closed, reason_required, approval_already_requested."""
    answer = call_api(
        session,
        "period_reopen_request",
        p_command=command.command,
        p_month=command.month,
        p_reason=command.reason,
    )
    return Result(
        int(answer["id"]),
        changed(("system.approval_request", int(answer["id"])), (PERIOD, int(answer["period_id"]))),
    )
