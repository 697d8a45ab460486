"""What the guard must know: the database, the log folder, the mail server. One file, for its user's eyes only.

It holds passwords, so it has mode 0600 and lies below the user's folder: ``guard.json``, or with an embedded server in
the instance's folder. ``WERKBANK_GUARD_DSN`` and ``WERKBANK_SMTP_PASSWORD`` take precedence, for houses that keep
their secrets elsewhere.
"""

import json
import os
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.core import paths
from app.core.config import is_loopback

LOGIN = "s_guard"


class SettingsError(ValueError):
    """The settings cannot be used; the text says why."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """An SMTP server; ``security`` is ``starttls``, ``tls``, or ``none`` on this machine only."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = ""

    def __post_init__(self) -> None:
        if self.security not in ("starttls", "tls", "none"):
            raise SettingsError(f"mail security is starttls, tls or none, not {self.security!r}")
        if self.security == "none" and not is_loopback(self.host):
            raise SettingsError(f"mail goes to {self.host} by TLS or not at all")
        if "@" not in self.sender:
            raise SettingsError(f"{self.sender!r} is no sender's address")


@dataclass(frozen=True, slots=True)
class Settings:
    """The guard's settings; ``log`` is the folder of the server's JSON logs, ``anchors`` where a day's seal is kept."""

    dsn: str
    log: str = ""
    anchors: str = ""
    mail: MailServer | None = None


def settings_file(instance: str = "") -> Path:
    """Where the settings of an embedded server's guard lie, or (without a name) those for a server."""
    return paths.instances() / instance / "guard.json" if instance else paths.guard_file()


def load(file: Path) -> Settings:
    """Read the settings; SettingsError when they are missing, damaged, or readable by others."""
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        raise SettingsError(f"{file} is missing; werkbank db guard-user makes it") from None
    if os.name == "posix" and file.stat().st_mode & 0o077:
        raise SettingsError(f"{file} holds passwords and may be readable by its owner only: chmod 600")
    try:
        found: dict[str, Any] = json.loads(text)
        mail = MailServer(**found["mail"]) if found.get("mail") else None
        settings = Settings(found["dsn"], found.get("log", ""), found.get("anchors", ""), mail)
    except (ValueError, KeyError, TypeError) as damaged:
        raise SettingsError(f"{file} is damaged: {damaged}") from damaged
    return from_environment(settings)


def from_environment(settings: Settings) -> Settings:
    """The settings with what the environment says instead."""
    if dsn := os.environ.get("WERKBANK_GUARD_DSN"):
        settings = replace(settings, dsn=dsn)
    if settings.mail and (password := os.environ.get("WERKBANK_SMTP_PASSWORD")):
        settings = replace(settings, mail=replace(settings.mail, password=password))
    return settings


def save(file: Path, settings: Settings) -> None:
    """Write the settings, readable by this user alone."""
    paths.ensure_home()
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".guard-")  # created with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(asdict(settings), out, indent=2)
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise
