"""What a person says to a request, and who decides while somebody is away."""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID, uuid4


@dataclass(frozen=True)
class Decide:
    """Approve or reject a request; who rejects says why."""

    id: int
    approve: bool
    comment: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class DecideAll:
    """Several decisions, all or none."""

    decisions: tuple[Decide, ...]


@dataclass(frozen=True)
class Withdraw:
    """Take back one's own request."""

    id: int
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class SetDelegate:
    """While I am away (`starts` to `ends`, UTC), the login `to` decides with my right."""

    to: str
    starts: dt.datetime | None
    ends: dt.datetime
    reason: str = ""
    command: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class EndDelegate:
    """I am back."""

    id: int
    command: UUID = field(default_factory=uuid4)
