"""Fields the server must never read: encrypted here, stored there. No database, no screen, only the mathematics.

A data key encrypts values (AES-256-GCM; what a value belongs to is authenticated with it) and marks them (keyed HMAC)
so that equal values can be found. Every person has a key pair (X25519); its private half is encrypted with a key made
of the person's password (scrypt), the public half is known to all. A data key is handed to a person by wrapping it for
the public half: an ephemeral key agrees on a secret with it, HKDF makes the wrapping key of that.

Whoever has the server's disk, a backup or a superuser's psql has none of the keys. Everything that fails to open raises
`VaultError`, never says why.
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

VERSION = b"\x01"
KEY, NONCE = 32, 12
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**17, 8, 1
_LARGEST_N = 2**20  # what the server says of its cost is not believed beyond this


class VaultError(Exception):
    """It does not open: wrong key, wrong place, or changed on the way."""


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A person's key pair as the server keeps it: public half, private half under the password."""

    public: bytes
    private: bytes
    salt: bytes
    cost: int = SCRYPT_N


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key for one public half."""

    ephemeral: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """A data key that is open: its number, and the secret itself (never shown, never printed)."""

    id: int
    secret: bytes

    def __repr__(self) -> str:
        return f"DataKey({self.id}, …)"


def new_data_key() -> bytes:
    """A fresh secret."""
    return secrets.token_bytes(KEY)


# -- a person's key pair ---------------------------------------------------------------------------------------------


def new_private() -> bytes:
    """The private half of a new key pair."""
    return X25519PrivateKey.generate().private_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public half."""
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def seal_private(private: bytes, password: str, login: str, cost: int = SCRYPT_N) -> SealedKey:
    """Put the private half under a password."""
    salt = secrets.token_bytes(16)
    sealed = _encrypt(_stretch(password, salt, cost), private, f"person|{login}".encode())
    return SealedKey(public_of(private), sealed, salt, cost)


def open_private(sealed: SealedKey, password: str, login: str) -> bytes:
    """The private half; raises VaultError for another password."""
    private = _decrypt(
        _stretch(password, sealed.salt, sealed.cost), sealed.private, f"person|{login}".encode()
    )
    if len(private) != KEY or public_of(private) != sealed.public:
        raise VaultError
    return private


def fingerprint(public: bytes) -> str:
    """A public half in words people can compare: six groups of four."""
    digest = hashlib.sha256(b"werkbank person key" + public).hexdigest().upper()[:24]
    return " ".join(digest[at : at + 4] for at in range(0, 24, 4))


def recovery_code(private: bytes) -> str:
    """A private half to be written down and locked away; with a check sum against slips of the pen."""
    text = base64.b32encode(private + hashlib.sha256(private).digest()[:3]).decode().rstrip("=")
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def from_recovery_code(code: str) -> bytes:
    """The private half out of what was written down; raises VaultError when it was mistyped."""
    text = (
        "".join(code.split()).replace("-", "").upper().replace("0", "O").replace("1", "I").replace("8", "B")
    )
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError as error:
        raise VaultError from error
    if len(raw) != KEY + 3 or hashlib.sha256(raw[:KEY]).digest()[:3] != raw[KEY:]:
        raise VaultError
    return raw[:KEY]


# -- handing a data key on -------------------------------------------------------------------------------------------


def wrap(secret: bytes, public: bytes, holder: str) -> WrappedKey:
    """Wrap a data key for the holder of the public half."""
    ephemeral = X25519PrivateKey.generate()
    mine = ephemeral.public_key().public_bytes_raw()
    key = _agreed(ephemeral, public, mine, public)
    return WrappedKey(mine, _encrypt(key, secret, f"data key|{holder}".encode()))


def unwrap(wrapped: WrappedKey, private: bytes, holder: str) -> bytes:
    """The data key; raises VaultError when it was wrapped for somebody else."""
    own = X25519PrivateKey.from_private_bytes(private)
    key = _agreed(own, wrapped.ephemeral, wrapped.ephemeral, own.public_key().public_bytes_raw())
    secret = _decrypt(key, wrapped.wrapped, f"data key|{holder}".encode())
    if len(secret) != KEY:
        raise VaultError
    return secret


# -- values ----------------------------------------------------------------------------------------------------------


def encrypt(key: DataKey, text: str, place: str) -> bytes:
    """Encrypt a value; `place` says what it is (`table|record|column`) and must be the same to decrypt it."""
    return _encrypt(_derived(key.secret, b"fields"), text.encode(), place.encode())


def decrypt(key: DataKey, value: bytes, place: str) -> str:
    """The value; raises VaultError when it belongs elsewhere, was changed, or the key is another."""
    return _decrypt(_derived(key.secret, b"fields"), value, place.encode()).decode()


def mark(key: DataKey, text: str, field: str) -> bytes:
    """The same for equal values of a field, and meaningless without the key."""
    return hmac.digest(_derived(key.secret, b"marks"), f"{field}|{text}".encode(), "sha256")


# -- inside ----------------------------------------------------------------------------------------------------------


def _stretch(password: str, salt: bytes, cost: int) -> bytes:
    if not 2**10 <= cost <= _LARGEST_N or cost & (cost - 1):
        raise VaultError
    return Scrypt(salt=salt, length=KEY, n=cost, r=SCRYPT_R, p=SCRYPT_P).derive(password.encode())


def _agreed(own: X25519PrivateKey, other: bytes, ephemeral: bytes, public: bytes) -> bytes:
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(other))
    except ValueError as error:  # a point of small order: somebody plays with the public half
        raise VaultError from error
    return _derived(shared, b"wrap" + ephemeral + public)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length=KEY, salt=None, info=b"werkbank|" + purpose).derive(secret)


def _encrypt(key: bytes, plain: bytes, place: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, VERSION + place)


def _decrypt(key: bytes, value: bytes, place: bytes) -> bytes:
    if value[:1] != VERSION or len(value) < 1 + NONCE + 16:
        raise VaultError
    try:
        return AESGCM(key).decrypt(value[1 : 1 + NONCE], value[1 + NONCE :], VERSION + place)
    except InvalidTag as error:
        raise VaultError from error
