"""The key of hidden fields, for tests that are not about it."""

from app.core import vault
from app.core.db import Database
from app.services.partners import bank
from app.services.security import keys
from app.services.security.keys import Keyring, SetPersonKey
from tests.conftest import PASSWORD


def new_keyring(db: Database) -> Keyring:
    """The first key of the house, made by the first who needs it."""
    own = vault.seal_private(vault.new_private(), PASSWORD, "u_finance", 2**10)
    db.write(keys.set_person_key, SetPersonKey(own))
    person = db.read(keys.my_keys, bank.KEY_NAME).person
    assert person is not None
    db.write(keys.create_data_key, keys.make_data_key(bank.KEY_NAME, {"u_finance": person.public}).command)
    return keys.open_keyring(db.read(keys.my_keys, bank.KEY_NAME), "u_finance", PASSWORD)
