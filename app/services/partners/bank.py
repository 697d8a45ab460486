"""Bank accounts of partners: encrypted and decrypted here, in the client; the server keeps what it cannot read."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import vault
from app.core.changes import NO_CHANGES, Result, changed
from app.core.db import call_api, posting
from app.core.errors import Invalid
from app.core.vault import DataKey
from app.models.partners import BankAccount
from app.services.catalog.rules import check_text
from app.services.partners.iban import clean_bic, clean_iban
from app.services.security.keys import Keyring

KEY_NAME = "bank"
ACCOUNT, PARTNER = "partners.bank_account", "partners.partner"
SECRETS = ("holder", "iban", "bic", "bank")


class AccountRow(NamedTuple):
    """A bank account without its secrets."""

    id: int
    row_version: int
    country: str
    last4: str
    is_default: bool
    key_id: int


class Account(NamedTuple):
    """A bank account in clear. Never stored, never logged."""

    holder: str
    iban: str
    bic: str
    bank: str

    def __repr__(self) -> str:
        return "Account(…)"


class Sealed(NamedTuple):
    """The encrypted fields as the server gives them."""

    key_id: int
    partner_id: int
    values: Mapping[str, bytes]


class SavedAccount(NamedTuple):
    """What was saved, and the names of other partners with the same number."""

    id: int
    row_version: int
    also: tuple[str, ...]


@dataclass(frozen=True)
class SaveAccount:
    """Add (`id` None) or replace an account; made by `seal`."""

    id: int | None
    row_version: int | None
    partner_id: int
    key_id: int
    country: str
    last4: str
    is_default: bool
    mark: bytes
    values: Mapping[str, bytes]
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class RemoveAccount:
    """Use an account no longer."""

    id: int
    row_version: int
    partner_id: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Reveal:
    """Ask for the encrypted fields; it is written down who did, and what for."""

    id: int
    purpose: str = ""


@dataclass(frozen=True)
class Rekey:
    """Encrypt what lies under old keys with the active one."""

    keyring: Keyring = field(repr=False)


def list_accounts(session: Session, partner_id: int) -> tuple[AccountRow, ...]:
    """The accounts in use, the usual one first."""
    rows = session.execute(
        select(
            BankAccount.id,
            BankAccount.row_version,
            BankAccount.country,
            BankAccount.last4,
            BankAccount.is_default,
            BankAccount.data_key_id,
        )
        .where(BankAccount.partner_id == partner_id, BankAccount.is_active)
        .order_by(BankAccount.is_default.desc(), BankAccount.id)
    ).all()
    return tuple(AccountRow._make(row) for row in rows)


def check_account(values: Mapping[str, Any]) -> Account:
    """What was typed, as it is stored.  Raises Invalid with the column: iban_…, bic_form, required, too_long."""
    holder = check_text(values.get("holder"), "holder", 140)
    if not holder:
        raise Invalid("required", column="holder")
    bank = check_text(values.get("bank"), "bank", 140) or ""
    return Account(
        holder, clean_iban(str(values.get("iban") or "")), clean_bic(str(values.get("bic") or "")), bank
    )


def seal(
    key: DataKey,
    partner_id: int,
    account: Account,
    *,
    is_default: bool = False,
    record_id: int | None = None,
    row_version: int | None = None,
) -> SaveAccount:
    """Encrypt an account for a partner."""
    return SaveAccount(
        record_id,
        row_version,
        partner_id,
        key.id,
        account.iban[:2],
        account.iban[-4:],
        is_default,
        vault.mark(key, account.iban, "iban"),
        _encrypted(key, partner_id, account),
    )


def unseal(keyring: Keyring, sealed: Sealed) -> Account:
    """Decrypt an account; raises VaultError without its key, or when it was put at another partner."""
    key = keyring.of(sealed.key_id)
    return Account(
        *(
            vault.decrypt(key, sealed.values[name], _place(sealed.partner_id, name)).rstrip("\0")
            for name in SECRETS
        )
    )


@posting
def save_account(session: Session, command: SaveAccount) -> Result[SavedAccount]:
    """Save an account.  NotAllowed confirmation_needed; Conflict stale; Refused data_key_not_active."""
    answer = call_api(
        session,
        "bank_account_save",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
        p_partner_id=command.partner_id,
        p_key=command.key_id,
        p_country=command.country,
        p_last4=command.last4,
        p_is_default=command.is_default,
        p_mark=command.mark,
        **{f"p_{name}": command.values[name] for name in SECRETS},
    )
    value = SavedAccount(int(answer["id"]), int(answer["row_version"]), tuple(answer["also"]))
    return Result(value, changed((ACCOUNT, value.id), (PARTNER, command.partner_id)))


@posting
def remove_account(session: Session, command: RemoveAccount) -> Result[None]:
    """Take an account out of use.  NotAllowed confirmation_needed; Conflict stale."""
    call_api(
        session,
        "bank_account_remove",
        p_command=command.command,
        p_id=command.id,
        p_row_version=command.row_version,
    )
    return Result(None, changed((ACCOUNT, command.id), (PARTNER, command.partner_id)))


def reveal_account(session: Session, command: Reveal) -> Result[Sealed]:
    """The encrypted fields; leaves an entry in the trail.  NotAllowed confirmation_needed."""
    answer = call_api(session, "bank_account_reveal", p_id=command.id, p_purpose=command.purpose)
    return Result(_sealed(answer), NO_CHANGES)


def find_account(session: Session, key: DataKey, iban: str) -> tuple[tuple[int, int, str], ...]:
    """Accounts with this number: (account, partner, name).  Raises Invalid iban_… for one that is none."""
    rows = session.execute(
        text("SELECT id, partner_id, partner FROM api.bank_account_find(:mark)"),
        {"mark": vault.mark(key, clean_iban(iban), "iban")},
    ).all()
    return tuple((int(row.id), int(row.partner_id), str(row.partner)) for row in rows)


def rekey_accounts(session: Session, command: Rekey) -> Result[int]:
    """Move a portion of accounts to the active key; gives how many are left under old ones."""
    key = command.keyring.key
    found = call_api(session, "bank_accounts_to_rekey")["value"]
    rows = []
    for one in found:
        sealed = _sealed(one)
        account = unseal(command.keyring, sealed)
        fresh = _encrypted(key, sealed.partner_id, account)
        rows.append(
            {
                "id": one["id"],
                "key": one["key"],
                "mark": _text(vault.mark(key, account.iban, "iban")),
                **{name: _text(value) for name, value in fresh.items()},
            }
        )
    answer = call_api(session, "bank_account_rekey", p_command=uuid4(), p_key=key.id, p_rows=rows)
    return Result(int(answer["left"]), changed((ACCOUNT, None)))


def _place(partner_id: int, column: str) -> str:
    return f"{ACCOUNT}|{partner_id}|{column}"


def _encrypted(key: DataKey, partner_id: int, account: Account) -> dict[str, bytes]:
    # Names and numbers of like length look alike: padded to the next 16 letters, nothing at all to 16.
    return {
        name: vault.encrypt(
            key, value.ljust(-(-max(len(value), 1) // 16) * 16, "\0"), _place(partner_id, name)
        )
        for name, value in zip(SECRETS, account, strict=True)
    }


def _sealed(answer: Mapping[str, Any]) -> Sealed:
    values = {name: base64.b64decode(answer[name]) for name in SECRETS}
    return Sealed(int(answer["key"]), int(answer["partner_id"]), values)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
