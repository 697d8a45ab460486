"""What the login asks of system and server; nothing here touches a widget."""

import ctypes
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app import __version__
from app.core import credentials
from app.core.config import ServerProfile
from app.core.i18n import has_text, t

PROBE_S = 3.0
DEVICE = "#device"  # beside the password's own entry in the credential store


def caps_lock_on() -> bool | None:
    """Whether caps lock is on, where the system tells (Windows); None where it does not."""
    system = getattr(ctypes, "windll", None)
    return bool(system.user32.GetKeyState(0x14) & 1) if system is not None else None


def role_in_words(role: str) -> str:
    return t(f"role.{role}") if has_text(f"role.{role}") else role


def knock(host: str, port: int) -> float:
    """Seconds until the port answers; OSError when it does not."""
    started = time.monotonic()
    with socket.create_connection((host, port), timeout=PROBE_S):
        return time.monotonic() - started


def database_for(profile: ServerProfile, login: str, password: str) -> Any:
    """The connection of a login to a server, not opened yet."""
    from app.core.db import ClientInfo, Database, Target

    target = Target(
        profile.host, profile.port, profile.dbname, login, profile.sslmode, profile.sslrootcert or ""
    )
    return Database(target, password, client=ClientInfo(version=__version__))


def open_session(
    profile: ServerProfile, login: str, password: str, code: str = "", *, trust: bool = False
) -> tuple[Any, Any]:
    """Log in: (database, profile of the person). With ``trust`` no code is asked for here for a while."""
    db = database_for(profile, login, password)
    try:
        person = db.open(code, "" if code else trusted_as(profile.service, login))
        if trust and code:
            trust_here(db, profile.service)
    except BaseException:
        db.close()
        raise
    return db, person


def change_and_open(profile: ServerProfile, login: str, password: str, new: str) -> tuple[Any, Any]:
    """Change a password that must be changed, and log in with the new one: as `open_session`."""
    db = database_for(profile, login, password)
    try:
        return db, db.change_password(password, new)
    except BaseException:
        db.close()
        raise


def trusted_as(service: str, login: str) -> str:
    """The token by which this workstation is trusted; empty without one."""
    return credentials.recall(f"{service}{DEVICE}", login) or ""


def trust_here(db: Any, service: str) -> None:
    """Ask for no code on this workstation for a while: the token goes into the credential store."""
    from app.services.security import second_factor

    token = db.write(second_factor.trust_device, second_factor.TrustDevice(db.client.device)).value
    credentials.remember(f"{service}{DEVICE}", db.target.user, token)


def ask_for_code(profile: ServerProfile, login: str) -> None:
    """Have a code for a new password sent by mail; through the login for guests."""
    from app.services.security import passwords

    with as_guest(profile) as db:
        db.write(passwords.request_reset, passwords.RequestReset(login))


def reset_with_code(profile: ServerProfile, login: str, code: str, new: str) -> None:
    """Set a new password with the code of the mail."""
    from app.services.security import passwords

    with as_guest(profile) as db:
        db.write(passwords.complete_reset, passwords.CompleteReset(login, code, new))


def ask_for_login(profile: ServerProfile, wish: Any) -> None:
    """Ask for a login (`Register`); through the login for guests."""
    from app.services.security import registration

    with as_guest(profile) as db:
        db.write(registration.register, wish)


@contextmanager
def as_guest(profile: ServerProfile) -> Iterator[Any]:
    """A connection of the login everybody may use who has none of his own."""
    from app.services.security.registration import REGISTER_LOGIN, REGISTER_PASSWORD

    db = database_for(profile, REGISTER_LOGIN, REGISTER_PASSWORD)
    try:
        yield db
    finally:
        db.close()
