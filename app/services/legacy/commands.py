"""What a person wants of the legacy sync: a run, its end, a decision about a record in quarantine, a server."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from app.services.catalog.commands import SaveRecord

MODES = ("incremental", "full", "sweep")
OTHER_MODES = ("retry", "reconcile", "images")  # asked for by screens of their own


@dataclass(frozen=True, slots=True)
class RequestRun:
    """Ask whoever leads for a run.  No entities: all that are switched on.

    ``limit`` rows at most per entity (None: all), ``since`` the first day of changes (incremental only), ``dry_run``
    reads and checks without writing anything.
    """

    mode: str
    entities: tuple[str, ...] = ()
    limit: int | None = None
    since: date | None = None
    dry_run: bool = False
    command: UUID = field(default_factory=uuid4)

    @property
    def options(self) -> dict[str, Any]:
        """What is given of the options."""
        given = {"limit": self.limit, "since": self.since.isoformat() if self.since else None}
        return {key: value for key, value in given.items() if value is not None} | (
            {"dry_run": True} if self.dry_run else {}
        )


@dataclass(frozen=True, slots=True)
class CancelRun:
    """Stop a run after the page under way; what is done stays."""

    id: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class SettleQuarantine:
    """Decide about one record: ``retry`` (with values put right in ``repair``), ``ignored`` or ``open`` again."""

    id: int
    row_version: int
    state: str
    repair: Mapping[str, Any] | None = None
    comment: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class SettleMany:
    """The same decision about many records, without values put right."""

    ids: tuple[int, ...]
    state: str
    comment: str = ""
    command: UUID = field(default_factory=uuid4)


class SaveServer(SaveRecord):
    """Fields: code, kind, title, base_url, username, verify_tls, ca_file, media_url, is_active, is_test,
    timeout_s."""


@dataclass(frozen=True)
class SetPassword:
    """The password of a server, sealed by this client with the house's key for the legacy system."""

    server_id: int
    sealed: bytes
    data_key_id: int
