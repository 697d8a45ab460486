"""Remembered passwords: in the operating system's credential store, else in memory for this run, never in a file.

All calls may wait for the person (a locked store asks to be opened), so none of them belongs on the GUI
thread.
"""

import contextlib
import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

# Stores run by the operating system or the desktop.  Any other backend may keep passwords in a readable file
# or silently drop them, and which one keyring chooses depends on what else happens to be installed.
_TRUSTED = {
    "keyring.backends.Windows",
    "keyring.backends.macOS",
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
}
_memory: dict[tuple[str, str], str] = {}
_log = logging.getLogger(__name__)


def store() -> "KeyringBackend | None":
    """The credential store of this machine, or None when there is none that can be trusted."""
    import keyring
    from keyring.backends import chainer

    chosen = keyring.get_keyring()
    candidates = chosen.backends if isinstance(chosen, chainer.ChainerBackend) else [chosen]
    return next((backend for backend in candidates if type(backend).__module__ in _TRUSTED), None)


def remember(service: str, login: str, password: str) -> bool:
    """Keep a password; True when it will still be known after a restart of the program."""
    _memory[service, login] = password
    backend = store()
    if backend is None:
        return False
    try:
        backend.set_password(service, login, password)
    except Exception as refused:  # noqa: BLE001  (backends raise what D-Bus, COM or Cocoa gives them)
        _log.warning("the credential store did not keep a password: %s", type(refused).__name__)
        return False
    return True


def recall(service: str, login: str) -> str | None:
    """The remembered password, or None."""
    known = _memory.get((service, login))
    backend = store() if known is None else None
    if backend is None:
        return known
    try:
        return backend.get_password(service, login)
    except Exception as refused:  # noqa: BLE001  (as above)
        _log.warning("the credential store did not answer: %s", type(refused).__name__)
        return None


def forget(service: str, login: str) -> None:
    """Remove a remembered password everywhere; nothing happens when there is none."""
    _memory.pop((service, login), None)
    backend = store()
    if backend is not None:
        with contextlib.suppress(
            Exception
        ):  # nothing to delete is reported in as many ways as there are stores
            backend.delete_password(service, login)
