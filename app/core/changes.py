"""What a use case changed, in the words the whole program shares.

A topic is the name of a table with its schema, for example ``sales.sales_order``.  The same topics arrive
from this client's own writes and, through the change feed, from everybody else's.
"""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """One changed record; ``id`` is None when a whole topic must be read again."""

    topic: str
    id: int | None = None


Changes = frozenset[Change]
NO_CHANGES: Changes = frozenset()


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """The answer of a writing use case: its value and what it changed."""

    value: T
    changes: Changes = field(default=NO_CHANGES)


def changed(*records: tuple[str, int | None]) -> Changes:
    """Build a change set from ``(topic, id)`` pairs."""
    return frozenset(Change(topic, record_id) for topic, record_id in records)
