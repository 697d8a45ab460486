"""Encryption of fields: nothing opens with another key, another place, another person, or after a change."""

import itertools

import pytest

from app.core import vault
from app.core.errors import Invalid
from app.core.vault import DataKey, SealedKey, VaultError, WrappedKey
from app.services.partners.iban import clean_bic, clean_iban, grouped, masked

COST = 2**10
KEY = DataKey(1, vault.new_data_key())
PLACE = "partners.bank_account|7|iban"
IBAN = "DE89370400440532013000"


def test_a_value_opens_with_its_key_in_its_place_only() -> None:
    value = vault.encrypt(KEY, "DE89 ünd mehr", PLACE)
    assert vault.decrypt(KEY, value, PLACE) == "DE89 ünd mehr"
    assert vault.encrypt(KEY, "DE89 ünd mehr", PLACE) != value
    for key, place in (
        (DataKey(1, vault.new_data_key()), PLACE),
        (KEY, "partners.bank_account|8|iban"),
        (KEY, "partners.bank_account|7|bic"),
    ):
        with pytest.raises(VaultError):
            vault.decrypt(key, value, place)


def test_every_flipped_byte_is_noticed() -> None:
    value = vault.encrypt(KEY, IBAN, PLACE)
    for at in range(len(value)):
        changed = value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]
        with pytest.raises(VaultError):
            vault.decrypt(KEY, changed, PLACE)
    for cut in (b"", value[:1], value[:20], value[:-1]):
        with pytest.raises(VaultError):
            vault.decrypt(KEY, cut, PLACE)


def test_marks_are_equal_for_equal_values_of_one_field_under_one_key() -> None:
    other = DataKey(2, vault.new_data_key())
    marks = {
        vault.mark(key, text, field)
        for key, text, field in itertools.product((KEY, other), (IBAN, IBAN[:-1]), ("iban", "bic"))
    }
    assert len(marks) == 8
    assert vault.mark(KEY, IBAN, "iban") == vault.mark(DataKey(9, KEY.secret), IBAN, "iban")


def test_the_private_half_opens_with_the_password_of_its_person() -> None:
    private = vault.new_private()
    sealed = vault.seal_private(private, "ein langer Satz", "u_a", COST)
    assert vault.open_private(sealed, "ein langer Satz", "u_a") == private
    for password, login in (("ein langer satz", "u_a"), ("ein langer Satz", "u_b")):
        with pytest.raises(VaultError):
            vault.open_private(sealed, password, login)
    foreign = SealedKey(vault.public_of(vault.new_private()), sealed.private, sealed.salt, COST)
    with pytest.raises(VaultError):  # a public half put there by somebody else
        vault.open_private(foreign, "ein langer Satz", "u_a")


@pytest.mark.parametrize("cost", [0, 1, 2**9, 2**10 + 1, 2**21, 2**40])
def test_a_server_cannot_choose_a_silly_cost(cost: int) -> None:
    private = vault.new_private()
    sealed = vault.seal_private(private, "x", "u_a", COST)
    with pytest.raises(VaultError):
        vault.open_private(SealedKey(sealed.public, sealed.private, sealed.salt, cost), "x", "u_a")


def test_a_data_key_is_handed_to_one_person() -> None:
    private, other = vault.new_private(), vault.new_private()
    wrapped = vault.wrap(KEY.secret, vault.public_of(private), "u_a")
    assert vault.unwrap(wrapped, private, "u_a") == KEY.secret
    for key, holder in ((other, "u_a"), (private, "u_b")):
        with pytest.raises(VaultError):
            vault.unwrap(wrapped, key, holder)
    with pytest.raises(VaultError):
        vault.unwrap(WrappedKey(bytes(32), wrapped.wrapped), private, "u_a")


def test_what_was_written_down_opens_again_and_slips_are_noticed() -> None:
    private = vault.new_private()
    code = vault.recovery_code(private)
    assert vault.from_recovery_code(code.lower().replace("-", " ")) == private
    other = "A" if code[0] != "A" else "B"
    for wrong in (other + code[1:], code[:-1], "", "???"):
        with pytest.raises(VaultError):
            vault.from_recovery_code(wrong)


def test_nothing_prints_a_key() -> None:
    assert KEY.secret.hex() not in repr(KEY)
    assert str(KEY.secret) not in repr(KEY)
    assert len(vault.fingerprint(vault.public_of(vault.new_private())).split()) == 6


@pytest.mark.parametrize(
    "text",
    [
        "DE89 3704 0044 0532 0130 00",
        "gb82 west 1234 5698 7654 32",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NO93 8601 1117 947",
    ],
)
def test_ibans_of_the_registry_are_taken(text: str) -> None:
    iban = clean_iban(text)
    assert iban == "".join(text.split()).upper()
    assert grouped(iban).replace(" ", "") == iban


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "iban_form"),
        ("DE8937040044053201300٠", "iban_form"),
        ("37040044053201300089", "iban_form"),
        ("ZZ89370400440532013000", "iban_country"),
        ("DE8937040044053201300", "iban_length"),
        ("DE88370400440532013000", "iban_check"),
        ("DE89370400440532013001", "iban_check"),
        ("DE89370400440532010300", "iban_check"),
    ],
)
def test_wrong_ibans_are_refused(text: str, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_iban(text)
    assert refusal.value.key == key


def test_bics_and_the_mask() -> None:
    assert clean_bic(" cobadeffxxx ") == "COBADEFFXXX"
    assert clean_bic("") == ""
    for wrong in ("COBA", "C0BADEFF", "COBADEFFXX"):
        with pytest.raises(Invalid):
            clean_bic(wrong)
    assert masked("DE", "3000") == "DE•• •••• 3000"
