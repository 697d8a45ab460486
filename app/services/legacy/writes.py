"""Changes to the legacy sync: every one is a row or a flag that whoever leads picks up."""

from typing import Any

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api, posting
from app.core.errors import Invalid
from app.models.legacy.sync import Server
from app.services import records
from app.services.legacy.addresses import fault
from app.services.legacy.commands import (
    MODES,
    OTHER_MODES,
    CancelRun,
    RequestRun,
    SaveServer,
    SetPassword,
    SettleMany,
    SettleQuarantine,
)
from app.services.legacy.state import QUARANTINE, RUN, SERVER
from app.services.records import Saved


@posting
def request_run(session: Session, command: RequestRun) -> Result[int]:
    """Ask for a run; gives its number.  Invalid limit_positive."""
    if command.mode not in (*MODES, *OTHER_MODES):
        raise Invalid("required", column="mode")
    if command.limit is not None and command.limit <= 0:
        raise Invalid("legacy_limit_positive", column="limit")
    answer = call_api(
        session,
        "legacy_run_request",
        p_command=command.command,
        p_mode=command.mode,
        p_entities=command.entities or None,
        p_options=command.options,
    )
    run = int(answer["id"])
    return Result(run, changed((RUN, run)))


@posting
def cancel_run(session: Session, command: CancelRun) -> Result[None]:
    """Stop a run after the page under way."""
    call_api(session, "legacy_run_cancel", p_command=command.command, p_run_id=command.id)
    return Result(None, changed((RUN, command.id)))


@posting
def settle(session: Session, command: SettleQuarantine) -> Result[None]:
    """Retry or ignore one record in quarantine.  Conflict when somebody decided meanwhile."""
    call_api(
        session,
        "legacy_quarantine_set",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_state=command.state,
        p_repair=dict(command.repair) if command.repair is not None else None,
        p_comment=command.comment or None,
    )
    return Result(None, changed((QUARANTINE, command.id)))


@posting
def settle_many(session: Session, command: SettleMany) -> Result[int]:
    """Retry or ignore many records; gives how many were still to be decided."""
    answer = call_api(
        session,
        "legacy_quarantine_set_many",
        p_command=command.command,
        p_ids=command.ids,
        p_state=command.state,
        p_comment=command.comment or None,
    )
    topics = changed(*((QUARANTINE, one) for one in command.ids))
    return Result(int(answer["count"]), topics)


def save_server(session: Session, command: SaveServer) -> Result[Saved]:
    """Create or change a server.  Invalid legacy_url_form, legacy_url_password."""
    values: dict[str, Any] = dict(command.values)
    if "base_url" in values:
        address = str(values["base_url"] or "").strip()
        wrong = fault(address)
        if wrong is not None:
            raise Invalid(wrong, column="base_url")
        values["base_url"] = _root(address)
    if "timeout_s" in values and values["timeout_s"] is not None:
        values["timeout_s"] = int(values["timeout_s"])
    server = records.save(session, Server, command.id, command.row_version, values)
    return Result(Saved(server.id, server.row_version), changed((SERVER, server.id)))


def _root(address: str) -> str:
    """An address without what the client adds itself: people copy it from their browser, with ``/rest`` at its end."""
    address = address.rstrip("/")
    return address[: -len("/rest")].rstrip("/") if address.lower().endswith("/rest") else address


def set_password(session: Session, command: SetPassword) -> Result[None]:
    """Keep a server's password, sealed."""
    call_api(
        session,
        "legacy_secret_set",
        p_server_id=command.server_id,
        p_password_sealed=command.sealed,
        p_data_key_id=command.data_key_id,
    )
    return Result(None, changed((SERVER, command.server_id)))
