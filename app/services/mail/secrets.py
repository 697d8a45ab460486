"""Passwords of mail accounts: the house's lie under the data key `mail`, one's own under one's own key.

What a password belongs to (server, port, user) is sealed with it: an account that is led to another server has none.
"""

import base64
import os
from collections.abc import Mapping
from typing import Any

from app.core import credentials, vault
from app.core.db import Database
from app.core.vault import DataKey, VaultError
from app.services.security import keys
from app.services.security.keys import Keyring

KEY_NAME = "mail"
PASSWORD_VARIABLE = "WERKBANK_MAIL_PASSWORD"  # noqa: S105  (the name of it)


def seal_password(keyring: Keyring, account: Mapping[str, Any], password: str) -> tuple[bytes, int | None]:
    """Encrypt an account's password; gives it with the number of its key, None for one's own.

    Raises VaultError without the key.
    """
    key = _own(keyring) if account["owner"] else keyring.key
    return vault.encrypt(key, password, _place(account)), None if account["owner"] else key.id


def open_password(
    keyring: Keyring | None, account: Mapping[str, Any], environment: Mapping[str, str] = os.environ
) -> str | None:
    """An account's password: from the environment (the house's), out of the database, from this computer's store.

    "" for an account without a user, None when this client cannot open it.
    """
    if not account["username"]:
        return ""
    if not account["owner"] and (given := environment.get(PASSWORD_VARIABLE)):
        return given
    if account["sealed"] and keyring is not None:
        try:
            key = _own(keyring) if account["owner"] else keyring.of(int(account["key_id"]))
            return vault.decrypt(key, base64.b64decode(account["sealed"]), _place(account))
        except VaultError:
            pass  # under a key this person was not given, or led to another server since
    return credentials.recall(store_name(account), str(account["username"])) or None


def store_name(account: Mapping[str, Any]) -> str:
    """What the password is called in this computer's credential store."""
    return f"mail:{account['host']}:{account['port']}"


def open_keys(db: Database) -> Keyring | None:
    """The keys for mail, opened with the session's password; asks nobody."""
    return keys.open_quietly(db, KEY_NAME)


def _own(keyring: Keyring) -> DataKey:
    return DataKey(0, keyring.private)


def _place(account: Mapping[str, Any]) -> str:
    where = "|".join(str(account[name]) for name in ("id", "kind", "host", "port", "security", "username"))
    return f"mail.account|{where}|password"
