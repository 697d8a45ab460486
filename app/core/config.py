"""Server profiles: which databases this user can log in to.

Kept as JSON below the user's folder.  No password is ever part of it (see ``credentials``).  Anything but
loopback is spoken to with TLS and a verified server name only; a profile that says otherwise cannot exist.
"""

import ipaddress
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from app.core import paths

VERIFIED = "verify-full"
FORMAT = 1


class ProfileError(ValueError):
    """A profile that must not be used; ``key`` names the text ``error.<key>``, ``params`` belong to it."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(f"{key}: {params}" if params else key)
        self.key = key
        self.params = params


@dataclass(frozen=True, slots=True)
class ServerProfile:
    """One database on one server.

    ``sslmode`` is filled in when it is empty: ``verify-full``, or ``disable`` on loopback.  ``sslrootcert``
    is the file of the certificate authority that signed the server's certificate, or None for libpq's
    default.  ``login`` is offered at the next login.
    """

    name: str
    host: str
    port: int = 5432
    dbname: str = "werkbank"
    sslmode: str = ""
    sslrootcert: str | None = None
    login: str | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ProfileError("profile_name_empty")
        # libpq takes a list of hosts, a socket folder or a whole address there: each a way around the check.
        if not self.host or any(sign in self.host for sign in ",/ =@'\\"):
            raise ProfileError("profile_host_invalid", host=self.host)
        if not 1 <= self.port <= 65535:
            raise ProfileError("profile_port_invalid", port=self.port)
        if not self.dbname.strip():
            raise ProfileError("profile_database_empty")
        local = is_loopback(self.host)
        if not self.sslmode:
            object.__setattr__(self, "sslmode", "disable" if local else VERIFIED)
        if not local and self.sslmode != VERIFIED:
            raise ProfileError("profile_needs_tls", host=self.host)

    @property
    def service(self) -> str:
        """Under which name the credential store keeps passwords for this database."""
        return f"werkbank/{self.host}:{self.port}/{self.dbname}"


def is_loopback(host: str) -> bool:
    """Whether the host can only be this machine: ``localhost`` or a loopback address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load_profiles() -> tuple[ServerProfile, ...]:
    """All profiles, the last used one first; ProfileError when the file is damaged or names an unsafe server."""
    try:
        text = paths.profiles_file().read_text("utf-8")
    except FileNotFoundError:
        return ()
    try:
        found: dict[str, Any] = json.loads(text)
        return tuple(ServerProfile(**profile) for profile in found["profiles"])
    except (ValueError, KeyError, TypeError) as damaged:
        if isinstance(damaged, ProfileError):
            raise
        raise ProfileError("profiles_file_damaged", file=str(paths.profiles_file())) from damaged


def find_profile(name: str) -> ServerProfile | None:
    """The profile of this name."""
    return next((profile for profile in load_profiles() if profile.name == name), None)


def save_profile(profile: ServerProfile) -> None:
    """Add the profile, or replace the one of the same name, and offer it first from now on."""
    _write([profile, *(other for other in load_profiles() if other.name != profile.name)])


def use_profile(name: str, login: str) -> None:
    """Note a successful login, so that this profile and login are offered first the next time."""
    profile = find_profile(name)
    if profile is not None:
        save_profile(replace(profile, login=login))


def remove_profile(name: str) -> None:
    """Forget the profile; nothing happens when there is none of this name."""
    _write([profile for profile in load_profiles() if profile.name != name])


def _write(profiles: Sequence[ServerProfile]) -> None:
    folder = paths.ensure_home()
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".profiles-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            content = {"format": FORMAT, "profiles": [asdict(profile) for profile in profiles]}
            json.dump(content, out, ensure_ascii=False, indent=2)
        os.replace(temporary, paths.profiles_file())
    except BaseException:
        os.unlink(temporary)
        raise
