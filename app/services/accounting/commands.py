"""What people want of the books."""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class SaveSetting:
    """Change what the adviser has set up; only the values that changed."""

    row_version: int
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SaveAccount:
    """Create (``id`` None) or change an account; purpose, tax and supplier stay once it exists."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DiscardAccount:
    """Take an account away."""

    id: int
    row_version: int
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class SavePersonalAccount:
    """Give a partner an account of one's own choice, or another number as long as none went out."""

    id: int | None
    row_version: int | None
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AdoptChart:
    """Take over a chart: 03 or 04."""

    chart: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class PostExport:
    """Hand over what a preview showed; ``repeats`` is an export whose vouchers go out again, then with a reason."""

    first: dt.date
    last: dt.date
    fingerprint: str
    file_name: str
    content: bytes
    partners_name: str
    partners: bytes
    repeats: int | None = None
    reason: str = ""
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class ClosePeriod:
    """Close a month; ``accept``: although something of it is still open."""

    month: dt.date
    accept: bool = False
    command: uuid.UUID = field(default_factory=uuid.uuid4)


@dataclass(frozen=True, slots=True)
class RequestReopen:
    """Ask for a closed month to be opened again."""

    month: dt.date
    reason: str
    command: uuid.UUID = field(default_factory=uuid.uuid4)
