"""Passwords that were forgotten: reset by an administrator, or by the person with a code sent by mail."""

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api


@dataclass(frozen=True, slots=True)
class ResetFor:
    """Somebody else has forgotten the password."""

    login: str


@dataclass(frozen=True, slots=True)
class RequestReset:
    """Have a code sent to the mail address that is known of this login."""

    login: str


@dataclass(frozen=True, slots=True)
class CompleteReset:
    """The code of the mail, and the new password."""

    login: str
    code: str = field(repr=False)
    password: str = field(repr=False)


def reset_for(session: Session, command: ResetFor) -> Result[str]:
    """Gives a one-time password, shown this once; it must be changed at the next sign-in."""
    answer = call_api(session, "sec.user_reset_password", p_login=command.login)
    return Result(str(answer["value"]), changed(("sec.app_user", None)))


def request_reset(session: Session, command: RequestReset) -> Result[None]:
    """Through the login for guests; says the same for every login, be there one or not."""
    call_api(session, "sec.reset_request", p_login=command.login)
    return Result(None, NO_CHANGES)


def complete_reset(session: Session, command: CompleteReset) -> Result[None]:
    """Through the login for guests. Raises Refused: a wrong code, or what is wrong with the password."""
    call_api(
        session,
        "sec.reset_complete",
        p_login=command.login,
        p_code=command.code,
        p_password=command.password,
    )
    return Result(None, NO_CHANGES)
