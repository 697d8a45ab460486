"""The password's verifier, made by the client as the server would make it."""

import base64
import hashlib
import hmac

from app.core.scram import scram_verifier


def test_a_known_verifier() -> None:
    # RFC 7677, section 3: the exchange of user "user", password "pencil".
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
    verifier = scram_verifier("pencil", salt, 4096)
    stored = verifier.split("$")[2].split(":")[0]
    proof = base64.b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
    auth = (
        "n=user,r=rOprNGfwEbeRWgbNEkqO,"
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    )
    signature = hmac.digest(base64.b64decode(stored), auth.encode(), "sha256")
    client_key = bytes(a ^ b for a, b in zip(proof, signature, strict=True))
    assert base64.b64encode(hashlib.sha256(client_key).digest()).decode() == stored


def test_every_verifier_has_a_salt_of_its_own_and_the_servers_form() -> None:
    one, two = scram_verifier("a long phrase"), scram_verifier("a long phrase")
    assert one != two
    assert one.startswith("SCRAM-SHA-256$4096:")
    assert [len(part) for part in one.split("$")] == [13, 4 + 1 + 24, 44 + 1 + 44]


def test_letters_that_look_alike_are_the_same_password() -> None:
    salt = b"0123456789abcdef"
    assert scram_verifier("Ⅷ ﬁne­", salt) == scram_verifier("VIII fine", salt)
    # What the profile forbids is taken as it is.
    assert scram_verifier("a\u0007b", salt) != scram_verifier("ab", salt)
