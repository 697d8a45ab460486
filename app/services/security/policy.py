"""The house's rules for passwords, second factors, lockouts and sessions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.core.changes import Result, changed
from app.core.db import call_api

POLICY = "sec.policy"


@dataclass(frozen=True, slots=True)
class SetPolicy:
    """Other values for some of the rules; `password_days` None: passwords do not expire."""

    values: Mapping[str, int | bool | None]


def policy(session: Session) -> dict[str, Any]:
    """All the rules by name; for those who answer for access."""
    return call_api(session, "sec.policy_get")


def set_policy(session: Session, command: SetPolicy) -> Result[None]:
    """Change rules; the person must just have proved who it is. Raises Refused ``policy_value``.

    Whether people may register themselves (``registration_open``) is a right of its own.
    """
    values = dict(command.values)
    opened = values.pop("registration_open", None)
    if opened is not None:
        call_api(session, "sec.registration_set", p_open=opened)
    if values:
        call_api(session, "sec.policy_set", p_values=values)
    return Result(None, changed((POLICY, 1)))
