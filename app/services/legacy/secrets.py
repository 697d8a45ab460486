"""Secrets of the old system's servers: passwords and the session, encrypted with the data key `legacy`."""

import base64
import json
import os
from collections.abc import Mapping
from typing import Any

from app.core import credentials, vault
from app.core.db import Database
from app.core.vault import VaultError
from app.services.legacy.session import Known
from app.services.security import keys
from app.services.security.keys import Keyring

KEY_NAME = "legacy"
PASSWORD_VARIABLE = "WERKBANK_LEGACY_PASSWORD"  # noqa: S105  (the name of it)
_TABLE = "legacy.server_secret"


def seal_password(keyring: Keyring, server_id: int, password: str) -> tuple[bytes, int]:
    """Encrypt a server's password; gives it with the number of its key.  Raises VaultError without a key."""
    return vault.encrypt(keyring.key, password, _place(server_id, "password")), keyring.key.id


def open_password(
    keyring: Keyring | None, server: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> str:
    """A server's password: from the environment, out of the database, from this computer's credential store, or none.

    `server` is what `api.legacy_server_open` answered.
    """
    if given := environment.get(PASSWORD_VARIABLE):
        return given
    sealed = server["password_sealed"]
    if sealed and keyring is not None:
        try:
            key = keyring.of(int(server["password_key"]))
            return vault.decrypt(key, base64.b64decode(sealed), _place(int(server["id"]), "password"))
        except VaultError:
            pass  # sealed with a key this person was not given
    username = str(server.get("username") or "")
    return (credentials.recall(str(server["base_url"]), username) or "") if username else ""


def seal_session(keyring: Keyring, server_id: int, known: Known) -> tuple[bytes, int]:
    """Encrypt what is known of a server's session."""
    text = json.dumps({"cookie": known.cookie, "opening": known.opening})
    return vault.encrypt(keyring.key, text, _place(server_id, "session")), keyring.key.id


def open_session(keyring: Keyring, server: Mapping[str, Any]) -> Known:
    """What is known of a server's session.  Raises VaultError when it lies under a key that is not open."""
    sealed = server["session_sealed"]
    if not sealed:
        return Known()
    key = keyring.of(int(server["session_key"]))
    found = json.loads(vault.decrypt(key, base64.b64decode(sealed), _place(int(server["id"]), "session")))
    return Known(found["cookie"], bool(found["opening"]))


def open_keys(db: Database) -> Keyring | None:
    """The keys of this kind that were given to the person, opened with the session's password; None without one.

    Makes nothing and asks nobody: for the background.
    """
    keyring = keys.open_quietly(db, KEY_NAME)
    return keyring if keyring is not None and keyring.active in keyring.keys else None


def _place(server_id: int, column: str) -> str:
    return f"{_TABLE}|{server_id}|{column}"
