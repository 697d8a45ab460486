"""Keys of encrypted fields: opened with the person's password, handed on to colleagues, made anew.

What is open lives in the client's memory only, in a `Keyring`. See `app.core.vault`.
"""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app.core import vault
from app.core.changes import NO_CHANGES, Result
from app.core.db import Database, call_api
from app.core.errors import AppError
from app.core.vault import DataKey, SealedKey, VaultError, WrappedKey

RECOVERY = "recovery"


class Waiting(NamedTuple):
    """Somebody who has the right and a key pair, but not the data key yet."""

    login: str
    person: str
    public: bytes


class StoredKey(NamedTuple):
    """A data key as the server keeps it for the reader: wrapped, or None when it was not given."""

    id: int
    active: bool
    recovery: bytes
    wrapped: WrappedKey | None
    for_recovery: WrappedKey | None
    holders: tuple[str, ...]


class KeyState(NamedTuple):
    """Everything the server has about the reader's keys of one kind of data."""

    person: SealedKey | None
    keys: tuple[StoredKey, ...]
    waiting: tuple[Waiting, ...]

    @property
    def active(self) -> StoredKey | None:
        """The key new values are encrypted with."""
        return next((key for key in self.keys if key.active), None)


@dataclass(frozen=True)
class Keyring:
    """Open keys of one person: the private half, and every data key that was wrapped for it."""

    login: str
    private: bytes = field(repr=False)
    keys: Mapping[int, DataKey]
    active: int | None

    @property
    def key(self) -> DataKey:
        """The active data key; raises VaultError when the person does not have it."""
        found = self.keys.get(self.active or 0)
        if found is None:
            raise VaultError
        return found

    def of(self, key_id: int) -> DataKey:
        """The data key of that number; raises VaultError when the person does not have it."""
        found = self.keys.get(key_id)
        if found is None:
            raise VaultError
        return found


@dataclass(frozen=True)
class SetPersonKey:
    """A key pair of one's own, sealed."""

    sealed: SealedKey


@dataclass(frozen=True)
class CreateDataKey:
    """A new active data key, wrapped for its holders and for recovery."""

    name: str
    recovery: bytes
    wraps: Mapping[str, WrappedKey]


@dataclass(frozen=True)
class ShareDataKey:
    """A data key wrapped for somebody's public half."""

    key_id: int
    login: str
    public: bytes
    wrapped: WrappedKey


class MadeKey(NamedTuple):
    """What a new data key needs: the command, and what must be written down and locked away (shown once)."""

    secret: bytes
    command: CreateDataKey
    recovery_code: str


def my_keys(session: Session, name: str) -> KeyState:
    """The reader's keys of a kind; one round trip."""
    answer = call_api(session, "sec.my_keys", p_name=name)
    person = answer["person"]
    return KeyState(
        SealedKey(_raw(person["public"]), _raw(person["private"]), _raw(person["salt"]), int(person["cost"]))
        if person
        else None,
        tuple(
            StoredKey(
                int(key["id"]),
                bool(key["active"]),
                _raw(key["recovery"]),
                _wrapped(key["ephemeral"], key["wrapped"]),
                _wrapped(key["recovery_ephemeral"], key["recovery_wrapped"]),
                tuple(key["holders"]),
            )
            for key in answer["keys"]
        ),
        tuple(Waiting(w["login"], w["person"], _raw(w["public"])) for w in answer["waiting"]),
    )


def set_person_key(session: Session, command: SetPersonKey) -> Result[None]:
    """Keep one's own key pair.  NotAllowed confirmation_needed."""
    sealed = command.sealed
    call_api(
        session,
        "sec.person_key_set",
        p_public=sealed.public,
        p_private=sealed.private,
        p_salt=sealed.salt,
        p_cost=sealed.cost,
    )
    return Result(None, NO_CHANGES)


def create_data_key(session: Session, command: CreateDataKey) -> Result[int]:
    """Make it the active key of its kind; gives its number.

    NotAllowed confirmation_needed; Refused data_key_not_held.
    """
    wraps = {
        holder: {"ephemeral": _text(one.ephemeral), "wrapped": _text(one.wrapped)}
        for holder, one in command.wraps.items()
    }
    answer = call_api(
        session, "sec.data_key_create", p_name=command.name, p_recovery=command.recovery, p_wraps=wraps
    )
    return Result(int(answer["value"]), NO_CHANGES)


def share_data_key(session: Session, command: ShareDataKey) -> Result[None]:
    """Give a data key.  Refused data_key_not_held, data_key_right_missing, data_key_public_changed."""
    call_api(
        session,
        "sec.data_key_share",
        p_key=command.key_id,
        p_login=command.login,
        p_public=command.public,
        p_ephemeral=command.wrapped.ephemeral,
        p_wrapped=command.wrapped.wrapped,
    )
    return Result(None, NO_CHANGES)


class Unlocked(NamedTuple):
    """What came of unlocking: an open keyring, or what is in the way.

    `problem`: `former` (the key pair lies under an earlier password), `not_given` (colleagues in `holders` have the
    data key and can give it, or the recovery code opens it; they compare the `fingerprint`), `code_wrong`.
    `recovery_code` is set when a data key was made: shown this once.
    """

    keyring: Keyring | None
    problem: str = ""
    holders: tuple[str, ...] = ()
    recovery_code: str = ""
    waiting: tuple[Waiting, ...] = ()
    fingerprint: str = ""


def unlock(
    db: Database,
    name: str,
    password: str,
    *,
    former: str = "",
    code: str = "",
    fresh: bool = False,
    own: bool = False,
    cost: int = vault.SCRYPT_N,
) -> Unlocked:
    """Open the person's keys with the password, which has just been proved (`Database.confirm`).

    Makes what is not there yet: the key pair, and the data key when nobody has one. `former`: the password the key pair
    still lies under; `code`: the recovery code, for who was not given the key; `fresh`: a new key pair, because the
    former password is lost; `own`: the key pair alone is enough.
    """
    login = db.profile.login
    state = db.read(my_keys, name)
    private = b""
    if state.person is not None and not fresh:
        try:
            private = vault.open_private(state.person, password, login)
        except VaultError:
            try:
                private = vault.open_private(state.person, former, login) if former else b""
            except VaultError:
                private = b""
            if not private:
                return Unlocked(None, "former")
            db.write(set_person_key, SetPersonKey(vault.seal_private(private, password, login, cost)))
    if not private:
        private = vault.new_private()
        db.write(set_person_key, SetPersonKey(vault.seal_private(private, password, login, cost)))
        state = db.read(my_keys, name)
    made = ""
    if own:
        return Unlocked(_keyring(state, login, private))
    if state.active is None:
        fresh_key = make_data_key(name, {login: vault.public_of(private)})
        db.write(create_data_key, fresh_key.command)
        made = fresh_key.recovery_code
        state = db.read(my_keys, name)
    elif state.active.wrapped is None:
        public = vault.public_of(private)
        if not code:
            return Unlocked(None, "not_given", state.active.holders, fingerprint=vault.fingerprint(public))
        try:
            found = recover(state, code)
        except VaultError:
            return Unlocked(None, "code_wrong", state.active.holders, fingerprint=vault.fingerprint(public))
        for key_id, secret in found.items():
            db.write(share_data_key, ShareDataKey(key_id, login, public, vault.wrap(secret, public, login)))
        state = db.read(my_keys, name)
    return Unlocked(_keyring(state, login, private), recovery_code=made, waiting=state.waiting)


def renew(db: Database, name: str, keyring: Keyring) -> tuple[Keyring, str]:
    """A new active data key, for this person and for recovery; colleagues are given it again.

    Gives the keyring with it, and the recovery code.  What lies under the old key must be encrypted anew.
    """
    made = make_data_key(name, {keyring.login: vault.public_of(keyring.private)})
    db.write(create_data_key, made.command)
    return _keyring(db.read(my_keys, name), keyring.login, keyring.private), made.recovery_code


def open_quietly(db: Database, name: str) -> Keyring | None:
    """The keys that were given to the person, opened with the session's password; None without a key pair.

    Makes nothing and asks nobody: for the background.
    """
    try:
        state = db.read(my_keys, name)
        if state.person is None:
            return None
        return db.with_password(lambda password: open_keyring(state, db.profile.login, password))
    except (AppError, VaultError):
        return None


# -- pure: no session ------------------------------------------------------------------------------------------------


def open_keyring(state: KeyState, login: str, password: str) -> Keyring:
    """Open what the server keeps; raises VaultError for another password, or without a key pair."""
    if state.person is None:
        raise VaultError
    return _keyring(state, login, vault.open_private(state.person, password, login))


def _keyring(state: KeyState, login: str, private: bytes) -> Keyring:
    keys = {
        key.id: DataKey(key.id, vault.unwrap(key.wrapped, private, login))
        for key in state.keys
        if key.wrapped is not None
    }
    return Keyring(login, private, keys, state.active.id if state.active else None)


def recover(state: KeyState, code: str) -> dict[int, bytes]:
    """Data keys by what was written down; raises VaultError when it was mistyped or belongs to none of them."""
    private = vault.from_recovery_code(code)
    public = vault.public_of(private)
    found = {
        key.id: vault.unwrap(key.for_recovery, private, RECOVERY)
        for key in state.keys
        if key.for_recovery is not None and key.recovery == public
    }
    if not found:
        raise VaultError
    return found


def make_data_key(name: str, holders: Mapping[str, bytes]) -> MadeKey:
    """A new data key for the holders (login: public half), and its recovery code."""
    secret, recovery = vault.new_data_key(), vault.new_private()
    public = vault.public_of(recovery)
    wraps = {login: vault.wrap(secret, half, login) for login, half in holders.items()}
    wraps[RECOVERY] = vault.wrap(secret, public, RECOVERY)
    return MadeKey(secret, CreateDataKey(name, public, wraps), vault.recovery_code(recovery))


def share_with(keyring: Keyring, waiting: Sequence[Waiting]) -> list[ShareDataKey]:
    """Every data key the person has, for each of those who wait."""
    return [
        ShareDataKey(key.id, one.login, one.public, vault.wrap(key.secret, one.public, one.login))
        for one in waiting
        for key in keyring.keys.values()
    ]


def _raw(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _wrapped(ephemeral: Any, wrapped: Any) -> WrappedKey | None:
    return WrappedKey(_raw(ephemeral), _raw(wrapped)) if wrapped else None
