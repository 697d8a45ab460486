"""Which database a program works with, and what it says about itself there."""

import platform
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from app.core.errors import Invalid

PROTOCOL = 1  # what this program speaks; the database says which range it serves
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class Target:
    """A database. Anything but loopback is reached by TLS with a verified certificate, or not at all."""

    host: str
    port: int
    dbname: str
    user: str
    sslmode: str = ""
    sslrootcert: str = ""

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine, where nothing can listen in."""
        return self.host in _LOOPBACK

    @classmethod
    def from_dsn(cls, dsn: str) -> tuple["Target", str]:
        """Target and password of a `postgresql://` address."""
        parts = urlsplit(dsn)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        target = cls(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or 5432,
            dbname=unquote(parts.path.lstrip("/")),
            user=unquote(parts.username or ""),
            sslmode=query.get("sslmode", ""),
            sslrootcert=query.get("sslrootcert", ""),
        )
        return target, unquote(parts.password or "")

    def connect_args(self) -> dict[str, Any]:
        """libpq's parameters for this target, without user's secrets."""
        args: dict[str, Any] = {
            "host": self.host,
            "port": self.port,
            "dbname": self.dbname,
            "user": self.user,
            "connect_timeout": 5,
            "keepalives": 1,
            "keepalives_idle": 20,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "require_auth": "scram-sha-256",
        }
        if self.loopback:
            args["sslmode"] = self.sslmode or "prefer"
            return args
        if self.sslmode not in ("", "verify-full"):
            raise Invalid("profile_needs_tls", host=self.host)
        root = self.sslrootcert or "system"
        if root != "system" and not Path(root).is_file():
            raise Invalid("certificate_missing", file=root)
        return args | {"sslmode": "verify-full", "sslrootcert": root, "channel_binding": "require"}


@dataclass(frozen=True, slots=True)
class ClientInfo:
    """What the client says about itself when its session opens; shown to administrators, and checked for age."""

    name: str = "werkbank"
    version: str = ""
    protocol: int = PROTOCOL
    device: str = field(default_factory=socket.gethostname)
    system: str = field(default_factory=lambda: f"{platform.system()} {platform.release()}")

    def as_json(self) -> dict[str, Any]:
        """As `sec.session_open` wants it."""
        return {
            "name": self.name,
            "version": self.version,
            "protocol": self.protocol,
            "device": self.device,
            "system": self.system,
        }
