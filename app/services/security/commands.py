"""What an administrator of people wants done."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CreateUser:
    """A new login; its form is `u_…` for people, `t_…` for terminals, `s_…` for services."""

    login: str
    person: str
    password: str = field(repr=False)
    roles: tuple[str, ...]
    language: str = "de"
    warehouses: tuple[int, ...] = ()
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class SetRoles:
    """Exactly these roles and warehouses; `valid_to` ends the roles that are new."""

    login: str
    roles: tuple[str, ...]
    warehouses: tuple[int, ...] = ()
    valid_to: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SetPassword:
    """A new first password for somebody else."""

    login: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LockUser:
    """No more logins; `left` for good."""

    login: str
    left: bool = False


@dataclass(frozen=True, slots=True)
class UnlockUser:
    """Logins again."""

    login: str
