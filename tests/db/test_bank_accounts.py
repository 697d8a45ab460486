"""Bank accounts: server, dump and superuser see nothing; people with right and key see them, and leave a trace."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from app.core import vault
from app.core.db import Database
from app.core.errors import Conflict, Invalid, NotAllowed, Refused
from app.core.vault import VaultError
from app.services.partners import bank
from app.services.partners.bank import Account, Rekey, RemoveAccount, Reveal
from app.services.security import keys
from app.services.security.keys import Keyring, SetPersonKey
from migrations import derived
from tests.conftest import PASSWORD

Raw = psycopg.Connection[Any]
As = Callable[[str], Database]
COST = 2**10
IBAN, OTHER = "DE89370400440532013000", "FR1420041010050500013M02606"
CANARY = Account("Kanarienvogel Handels-GmbH", IBAN, "COBADEFFXXX", "Bank der Kanaren")
WORDS = ("Kanarienvogel", IBAN, IBAN[4:], "COBADEFF", "Bank der Kanaren")


@pytest.fixture(scope="module")
def partners(admin_dsn: str) -> tuple[int, int]:
    with psycopg.connect(admin_dsn, autocommit=True) as admin:
        made = [
            admin.execute(
                "INSERT INTO partners.partner (number, name, is_supplier) VALUES (%s, %s, true) RETURNING id",
                item,
            ).fetchone()
            for item in (("70001", "Gießerei Nord"), ("70002", "Gießerei Süd"))
        ]
    assert made[0] is not None
    assert made[1] is not None
    return int(made[0][0]), int(made[1][0])


def enrol(db: Database, login: str, password: str = PASSWORD) -> None:
    """A key pair for this person, as the program makes it at the first use."""
    db.write(
        keys.set_person_key, SetPersonKey(vault.seal_private(vault.new_private(), password, login, COST))
    )


def ring(db: Database, login: str) -> Keyring:
    return keys.open_keyring(db.read(keys.my_keys, bank.KEY_NAME), login, PASSWORD)


@pytest.fixture
def finance(as_role: As) -> Database:
    """Finance with a key pair and a data key: made by whoever comes first."""
    db = as_role("finance")
    state = db.read(keys.my_keys, bank.KEY_NAME)
    if state.person is None:
        enrol(db, "u_finance")
        state = db.read(keys.my_keys, bank.KEY_NAME)
    if state.active is None:
        assert state.person is not None
        made = keys.make_data_key(bank.KEY_NAME, {"u_finance": state.person.public})
        db.write(keys.create_data_key, made.command)
    return db


def add(db: Database, partner: int, account: Account = CANARY, **more: Any) -> bank.SavedAccount:
    return db.write(bank.save_account, bank.seal(ring(db, "u_finance").key, partner, account, **more)).value


def reveal(db: Database, login: str, account: int) -> Account:
    return bank.unseal(ring(db, login), db.write(bank.reveal_account, Reveal(account, "test")).value)


def events(admin: Raw, kind: str) -> int:
    row = admin.execute("SELECT count(*) FROM audit.event WHERE kind = %s", (kind,)).fetchone()
    assert row is not None
    return int(row[0])


def test_the_database_holds_nothing_to_read(
    admin: Raw, admin_dsn: str, finance: Database, partners: tuple[int, int], tmp_path: Path
) -> None:
    saved = add(finance, partners[0], is_default=True)
    assert reveal(finance, "u_finance", saved.id) == CANARY
    [row] = [one for one in finance.read(bank.list_accounts, partners[0]) if one.id == saved.id]
    assert (row.country, row.last4, row.is_default) == ("DE", "3000", True)
    everything = "".join(
        str(line[0])
        for relation in derived.read_relations(admin)
        for line in admin.execute(sql.SQL("SELECT t::text FROM " + relation.name + " t")).fetchall()
    )
    raw = "".join(
        bytes(line[0]).decode("latin-1")
        for column in bank.SECRETS
        for line in admin.execute(sql.SQL("SELECT " + column + " FROM partners.bank_secret")).fetchall()
    )
    for word in WORDS:
        assert word not in everything
        assert word.encode().hex() not in everything
        assert word not in raw
    try:
        dump = subprocess.run(["pg_dump", admin_dsn], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        dump = b""  # no pg_dump of this version here: every row was looked at above
    assert not any(word.encode() in dump for word in WORDS)


def test_revealing_needs_proof_and_leaves_a_trace(
    admin: Raw, finance: Database, partners: tuple[int, int]
) -> None:
    saved = add(finance, partners[0])
    before = events(admin, "revealed")
    reveal(finance, "u_finance", saved.id)
    row = admin.execute(
        "SELECT login, detail ->> 'last4', detail ->> 'purpose' FROM audit.event WHERE kind = 'revealed'"
        " ORDER BY id DESC LIMIT 1"
    ).fetchone()
    assert row == ("u_finance", "3000", "test")
    assert events(admin, "revealed") == before + 1
    admin.execute("UPDATE sec.session SET confirmed_at = now() - interval '1 hour' WHERE login = 'u_finance'")
    command = bank.seal(ring(finance, "u_finance").key, partners[0], CANARY)
    calls: tuple[tuple[Any, Any], ...] = (
        (bank.reveal_account, Reveal(saved.id)),
        (bank.save_account, command),
        (bank.remove_account, RemoveAccount(saved.id, saved.row_version, partners[0])),
        (keys.set_person_key, SetPersonKey(vault.seal_private(vault.new_private(), "x", "u_finance", COST))),
    )
    for call, argument in calls:
        with pytest.raises(NotAllowed, match="confirmation_needed"):
            finance.write(call, argument)
    assert events(admin, "revealed") == before + 1
    finance.confirm(PASSWORD)
    assert reveal(finance, "u_finance", saved.id) == CANARY


def test_others_get_neither_rows_nor_keys_nor_history(
    as_role: As, raw_role: Callable[..., Raw], finance: Database, partners: tuple[int, int]
) -> None:
    saved = add(finance, partners[0])
    for role in ("viewer", "sales_manager", "purchase_officer", "system_administrator", "manager"):
        db = as_role(role)
        with pytest.raises(NotAllowed):
            db.read(keys.my_keys, bank.KEY_NAME)
        with pytest.raises(NotAllowed):
            db.write(bank.reveal_account, Reveal(saved.id))
        mine = raw_role(role, ticket=True)
        for query in ("SELECT * FROM partners.bank_account", "SELECT * FROM partners.bank_secret"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mine.execute(sql.SQL(query))
        trail = "SELECT count(*) FROM audit.entry WHERE table_name LIKE 'partners.bank%'"
        assert mine.execute(trail).fetchone() == (0,)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):  # not even finance without a trace
        raw_role("finance", ticket=True).execute("SELECT iban FROM partners.bank_secret")


def test_a_key_is_given_to_who_has_the_right_and_for_the_half_that_was_looked_at(
    admin: Raw, as_role: As, finance: Database, partners: tuple[int, int]
) -> None:
    saved = add(finance, partners[0])
    other = as_role("administrator")
    enrol(other, "u_administrator")
    sealed = other.write(bank.reveal_account, Reveal(saved.id)).value  # the right alone opens nothing
    with pytest.raises(VaultError):
        bank.unseal(ring(other, "u_administrator"), sealed)
    assert other.read(keys.my_keys, bank.KEY_NAME).waiting == ()

    [waiting] = finance.read(keys.my_keys, bank.KEY_NAME).waiting
    assert waiting.login == "u_administrator"
    [share] = keys.share_with(ring(finance, "u_finance"), [waiting])
    enrol(other, "u_administrator")  # another half since it was looked at: perhaps not his
    with pytest.raises(Refused, match="data_key_public_changed"):
        finance.write(keys.share_data_key, share)
    [waiting] = finance.read(keys.my_keys, bank.KEY_NAME).waiting
    for share in keys.share_with(ring(finance, "u_finance"), [waiting]):
        finance.write(keys.share_data_key, share)
    assert reveal(other, "u_administrator", saved.id) == CANARY

    # A password that was reset opens nothing: a new pair, and the keys must be given again.
    with pytest.raises(VaultError):
        keys.open_keyring(other.read(keys.my_keys, bank.KEY_NAME), "u_administrator", "another password")
    enrol(other, "u_administrator")
    with pytest.raises(VaultError):
        reveal(other, "u_administrator", saved.id)
    assert [w.login for w in finance.read(keys.my_keys, bank.KEY_NAME).waiting] == ["u_administrator"]

    with pytest.raises(Refused, match="data_key_right_missing"):
        finance.write(
            keys.share_data_key,
            keys.ShareDataKey(share.key_id, "u_viewer", share.public, share.wrapped),
        )
    with pytest.raises(Refused, match="data_key_not_held"):
        other.write(
            keys.share_data_key,
            keys.ShareDataKey(share.key_id, "u_finance", share.public, share.wrapped),
        )
    # Another password, the same pair: nothing has to be given again.
    state = finance.read(keys.my_keys, bank.KEY_NAME)
    assert state.person is not None
    private = vault.open_private(state.person, PASSWORD, "u_finance")
    finance.write(
        keys.set_person_key, SetPersonKey(vault.seal_private(private, "new password 12", "u_finance", COST))
    )
    opened = keys.open_keyring(finance.read(keys.my_keys, bank.KEY_NAME), "u_finance", "new password 12")
    assert opened.key.id == state.active.id  # type: ignore[union-attr]
    finance.write(keys.set_person_key, SetPersonKey(vault.seal_private(private, PASSWORD, "u_finance", COST)))


def test_what_was_moved_or_changed_in_the_database_does_not_open(
    admin: Raw, finance: Database, partners: tuple[int, int]
) -> None:
    """An insider with the superuser's rights sends money elsewhere: it is noticed before it is paid."""
    mine = add(finance, partners[0], Account("A", IBAN, "", ""))
    theirs = add(finance, partners[1], Account("B", OTHER, "", ""))
    admin.execute(
        "UPDATE partners.bank_secret s SET iban = o.iban FROM partners.bank_secret o "
        "WHERE s.bank_account_id = %s AND o.bank_account_id = %s",
        (mine.id, theirs.id),
    )
    with pytest.raises(VaultError):
        reveal(finance, "u_finance", mine.id)
    assert reveal(finance, "u_finance", theirs.id).iban == OTHER


def test_the_same_number_is_found_without_reading_it(finance: Database, partners: tuple[int, int]) -> None:
    polish = Account("C", "PL61109010140000071219812874", "", "")
    first = add(finance, partners[0], polish)
    assert first.also == ()
    assert add(finance, partners[1], polish).also == ("Gießerei Nord",)
    key = ring(finance, "u_finance").key
    found = finance.read(bank.find_account, key, "PL61 1090 1014 0000 0712 1981 2874")
    assert [name for _, _, name in found] == ["Gießerei Nord", "Gießerei Süd"]
    assert finance.read(bank.find_account, key, "NO9386011117947") == ()


def test_an_account_is_replaced_and_taken_out_of_use(
    admin: Raw, finance: Database, partners: tuple[int, int]
) -> None:
    saved = add(finance, partners[1], Account("D", OTHER, "", ""), is_default=True)
    again = add(
        finance, partners[1], CANARY, is_default=True, record_id=saved.id, row_version=saved.row_version
    )
    assert reveal(finance, "u_finance", saved.id) == CANARY
    with pytest.raises(Conflict):
        add(finance, partners[1], CANARY, record_id=saved.id, row_version=saved.row_version)
    gone = RemoveAccount(saved.id, again.row_version, partners[1])
    finance.write(bank.remove_account, gone)
    assert saved.id not in {row.id for row in finance.read(bank.list_accounts, partners[1])}
    trail = admin.execute(
        "SELECT op, new FROM audit.entry WHERE table_name = 'partners.bank_account' AND row_id = %s ORDER BY id",
        (saved.id,),
    ).fetchall()
    assert [op for op, _ in trail] == ["I", "U", "U"]
    assert trail[1][1]["last4"] == "3000"
    with pytest.raises(Refused, match="record_not_found"):
        add(finance, partners[1], CANARY, record_id=saved.id, row_version=again.row_version)


def test_a_new_key_takes_over_and_the_old_one_is_given_up(
    admin: Raw, as_role: As, finance: Database, partners: tuple[int, int]
) -> None:
    for row in finance.read(bank.list_accounts, partners[0]):  # what other tests spoiled
        finance.write(bank.remove_account, RemoveAccount(row.id, row.row_version, partners[0]))
    admin.execute(
        "DELETE FROM partners.bank_secret WHERE bank_account_id IN"
        " (SELECT id FROM partners.bank_account WHERE NOT is_active)"
    )
    admin.execute("DELETE FROM partners.bank_account WHERE NOT is_active")
    ids = [add(finance, partners[0], CANARY).id for _ in range(3)]
    state = finance.read(keys.my_keys, bank.KEY_NAME)
    assert state.person is not None
    old = state.active
    made = keys.make_data_key(bank.KEY_NAME, {"u_finance": state.person.public})
    stale = bank.seal(ring(finance, "u_finance").key, partners[0], CANARY)
    with pytest.raises(Refused, match="data_key_not_held"):
        as_role("administrator").write(keys.create_data_key, made.command)
    fresh = finance.write(keys.create_data_key, made.command).value
    with pytest.raises(Refused, match="data_key_not_active"):
        finance.write(bank.save_account, stale)
    assert reveal(finance, "u_finance", ids[0]) == CANARY  # still under the old key
    assert finance.write(bank.rekey_accounts, Rekey(ring(finance, "u_finance"))).value == 0
    assert [reveal(finance, "u_finance", i) for i in ids] == [CANARY] * 3
    assert {row.key_id for row in finance.read(bank.list_accounts, partners[0])} == {fresh}
    assert old is not None
    left = admin.execute("SELECT count(*) FROM sec.wrapped_key WHERE data_key_id = %s", (old.id,)).fetchone()
    assert left == (0,)

    # What was written down opens it when nobody's password does.
    found = keys.recover(finance.read(keys.my_keys, bank.KEY_NAME), made.recovery_code)
    assert found == {fresh: ring(finance, "u_finance").key.secret}
    with pytest.raises(VaultError):
        keys.recover(finance.read(keys.my_keys, bank.KEY_NAME), vault.recovery_code(vault.new_private()))


def test_who_loses_the_right_loses_the_key(admin: Raw, as_role: As, finance: Database) -> None:
    other = as_role("administrator")
    enrol(other, "u_administrator")
    [waiting] = finance.read(keys.my_keys, bank.KEY_NAME).waiting
    for share in keys.share_with(ring(finance, "u_finance"), [waiting]):
        finance.write(keys.share_data_key, share)
    count = "SELECT count(*) FROM sec.wrapped_key WHERE holder = 'u_administrator'"
    assert admin.execute(count).fetchone() != (0,)
    admin.execute("UPDATE sec.user_role SET valid_to = now() WHERE login = 'u_administrator'")
    try:
        admin.execute("SELECT sec.data_keys_tidy()")
        assert admin.execute(count).fetchone() == (0,)
    finally:
        admin.execute("UPDATE sec.user_role SET valid_to = NULL WHERE login = 'u_administrator'")


def test_what_is_no_account_number_never_leaves_the_form() -> None:
    for values, column in (
        ({"holder": "", "iban": IBAN}, "holder"),
        ({"holder": "A", "iban": IBAN[:-1] + "1"}, "iban"),
        ({"holder": "A", "iban": IBAN, "bic": "X"}, "bic"),
    ):
        with pytest.raises(Invalid) as refusal:
            bank.check_account(values)
        assert refusal.value.params["column"] == column
