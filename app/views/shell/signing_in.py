"""What the login asks of system and server; nothing here touches a widget."""

import ctypes
import socket
import time
from typing import Any

from app import __version__
from app.core.config import ServerProfile
from app.core.i18n import has_text, t

PROBE_S = 3.0


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


def open_session(profile: ServerProfile, login: str, password: str) -> tuple[Any, Any]:
    """Log in: (database, profile of the person)."""
    from app.core.db import ClientInfo, Database, Target

    target = Target(
        profile.host, profile.port, profile.dbname, login, profile.sslmode, profile.sslrootcert or ""
    )
    db = Database(target, password, client=ClientInfo(version=__version__))
    try:
        return db, db.open()
    except BaseException:
        db.close()
        raise
