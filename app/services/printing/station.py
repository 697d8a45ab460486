"""Who this work place is among the others: a secret of its own, kept below the user's folder."""

import contextlib
import getpass
import hashlib
import os
import secrets
import socket
from collections.abc import Iterator

from app.core import paths
from app.core.file_lock import LockTimeoutError, file_lock


def secret() -> str:
    """The secret of this computer's user; made when there is none."""
    file = paths.ensure_private(paths.home() / "printing") / "station"
    with contextlib.suppress(OSError):
        known = file.read_text(encoding="ascii").strip()
        if len(known) >= 32:
            return known
    made = secrets.token_hex(24)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(made)
    return made


@contextlib.contextmanager
def held() -> Iterator[bool]:
    """Be a program that prints for this work place; gives whether it is the only one of this user just now."""
    lock = paths.ensure_private(paths.home() / "printing") / "sending.lock"
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(file_lock(lock, seconds=0))
        except (LockTimeoutError, OSError):
            yield False
        else:
            yield True


def code() -> str:
    """How the database knows the secret of this computer's user."""
    return hashlib.sha256(secret().encode()).hexdigest()


def name() -> str:
    """What colleagues call it: the computer's name, and whose session it is, as several may share the computer."""
    computer = socket.gethostname().split(".")[0][:60] or "?"
    try:
        return f"{computer} · {getpass.getuser()[:50]}"
    except (KeyError, OSError, ImportError):  # an account without a name, as containers have
        return computer
