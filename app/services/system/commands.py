"""Notes on records, and the company's own data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class AddNote:
    """A remark on the record `record_id` of the table `topic` (`schema.table`)."""

    topic: str
    record_id: int
    body: str


@dataclass(frozen=True, slots=True)
class EditNote:
    """A new text for one's own note."""

    id: int
    row_version: int
    body: str


@dataclass(frozen=True, slots=True)
class SaveCompany:
    """Changed fields of the company, by column name."""

    row_version: int
    values: Mapping[str, Any]
