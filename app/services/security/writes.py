"""Administration of people: every function is one call of its namesake in the database."""

from sqlalchemy.orm import Session

from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api
from app.services.security.commands import (
    CreateUser,
    LockUser,
    SetPassword,
    SetRoles,
    UnlockUser,
)

USERS = "sec.app_user"


def create_user(session: Session, command: CreateUser) -> Result[str]:
    """Create a login with a first password and roles."""
    call_api(
        session,
        "sec.user_create",
        p_login=command.login,
        p_person=command.person,
        p_password=command.password,
        p_roles=command.roles,
        p_language=command.language,
        p_warehouses=command.warehouses,
        p_email=command.email,
        p_phone=command.phone,
    )
    return Result(command.login, changed((USERS, None)))


def set_roles(session: Session, command: SetRoles) -> Result[None]:
    """Give a person exactly these roles and warehouses."""
    call_api(
        session,
        "sec.user_set_roles",
        p_login=command.login,
        p_roles=command.roles,
        p_valid_to=command.valid_to,
    )
    call_api(session, "sec.user_set_warehouses", p_login=command.login, p_warehouses=command.warehouses)
    return Result(None, changed((USERS, None)))


def set_password(session: Session, command: SetPassword) -> Result[None]:
    """Reset a forgotten password; the person's open sessions end."""
    call_api(session, "sec.user_set_password", p_login=command.login, p_password=command.password)
    return Result(None, NO_CHANGES)


def lock_user(session: Session, command: LockUser) -> Result[None]:
    """Lock a login and end its sessions and connections."""
    call_api(session, "sec.user_lock", p_login=command.login, p_left=command.left)
    return Result(None, changed((USERS, None)))


def unlock_user(session: Session, command: UnlockUser) -> Result[None]:
    """Let a locked person log in again."""
    call_api(session, "sec.user_unlock", p_login=command.login)
    return Result(None, changed((USERS, None)))
