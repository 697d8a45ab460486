"""The person's own second factor: authenticator, recovery codes, trusted devices."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api


class Enrolment(NamedTuple):
    """A new secret for the authenticator: as the address a QR code carries, and to type by hand."""

    uri: str
    secret: str


@dataclass(frozen=True, slots=True)
class Begin:
    """Set an authenticator up, or another one."""


@dataclass(frozen=True, slots=True)
class Confirm:
    """The code the new authenticator shows."""

    code: str


@dataclass(frozen=True, slots=True)
class NewRecoveryCodes:
    """Other recovery codes than before."""


@dataclass(frozen=True, slots=True)
class Remove:
    """Do without a second factor."""


@dataclass(frozen=True, slots=True)
class TrustDevice:
    """Ask for no code on this workstation for a while."""

    name: str


@dataclass(frozen=True, slots=True)
class RevokeDevice:
    """Ask for one again on that device; on all of them without an id."""

    id: int | None = None


@dataclass(frozen=True, slots=True)
class ResetFor:
    """Somebody else has lost authenticator and recovery codes."""

    login: str


def begin(session: Session, _command: Begin) -> Result[Enrolment]:
    """A new secret, shown this once."""
    answer = call_api(session, "sec.totp_begin")
    return Result(Enrolment(answer["uri"], answer["secret"]), NO_CHANGES)


def confirm(session: Session, command: Confirm) -> Result[tuple[str, ...]]:
    """It works: gives the recovery codes, shown this once. The person's other sessions end."""
    return Result(_codes(call_api(session, "sec.totp_confirm", p_code=command.code)), NO_CHANGES)


def new_recovery_codes(session: Session, _command: NewRecoveryCodes) -> Result[tuple[str, ...]]:
    """Ten new ones; those of before are worth nothing."""
    return Result(_codes(call_api(session, "sec.recovery_codes_new")), NO_CHANGES)


def remove(session: Session, _command: Remove) -> Result[None]:
    """Where no role demands a second factor."""
    call_api(session, "sec.totp_remove")
    return Result(None, NO_CHANGES)


def trust_device(session: Session, command: TrustDevice) -> Result[str]:
    """Gives the token for this workstation's credential store."""
    return Result(str(call_api(session, "sec.trusted_device_add", p_name=command.name)["value"]), NO_CHANGES)


def revoke_device(session: Session, command: RevokeDevice) -> Result[None]:
    """A code is asked for there again."""
    call_api(session, "sec.trusted_device_revoke", p_id=command.id)
    return Result(None, NO_CHANGES)


def reset_for(session: Session, command: ResetFor) -> Result[None]:
    """For an administrator: the person sets it up anew at the next sign-in."""
    call_api(session, "sec.user_reset_second_factor", p_login=command.login)
    return Result(None, changed(("sec.app_user", None)))


def _codes(answer: dict[str, Any]) -> tuple[str, ...]:
    return tuple(answer["value"])
