"""What a record's mapping may ask: rows of Werkbank by a column, and which source records have been taken over."""

from typing import Any

from app.core import courtesy
from app.core.db import Database
from app.services.imports.steps import WrongError, same_key
from app.services.legacy import calls
from app.services.legacy.mapping import Find
from app.services.legacy.values import AMBIGUOUS

_NOT_THERE = frozenset({"gone", "quarantined", "ignored"})


class Lookups:
    """Answers from memory; each table and each entity is read once, until it is forgotten."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._found: dict[str, list[dict[str, Any]]] = {}
        self._tables: dict[str, str] = {}
        self._known: dict[str, set[str]] = {}

    def find(self, find: Find, value: Any) -> Any:
        """The value asked for; None when there is none, `AMBIGUOUS` when there are several."""
        indexes = self._found.get(find.name)
        if indexes is None:
            indexes = self._found[find.name] = self._indexes(find)
            self._tables[find.name] = find.table
        wanted = same_key(value).lower()
        for index in indexes:
            if wanted in index:
                return index[wanted]
        return None

    def knows(self, entity: str, key: str) -> bool:
        """Whether a record of that entity has been taken over, be it as a placeholder."""
        known = self._known.get(entity)
        if known is None:
            states = self._db.read(calls.known_keys, entity)
            known = self._known[entity] = {key for key, state in states.items() if state not in _NOT_THERE}
        return key in known

    def made(self, entity: str, key: str) -> None:
        """A record was taken over, or a placeholder made for it."""
        if entity in self._known:
            self._known[entity].add(key)

    def forget(self, entity: str, tables: set[str]) -> None:
        """An entity was read, and rows of these tables with it."""
        self._known.pop(entity, None)
        for name in [name for name, table in self._tables.items() if table in tables]:
            del self._found[name], self._tables[name]

    def _indexes(self, find: Find) -> list[dict[str, Any]]:
        rows = self._db.read(calls.column_values, find.table, (*find.by, find.get))
        indexes: list[dict[str, Any]] = []
        for place in range(len(find.by)):
            index: dict[str, Any] = {}
            for row in courtesy.steps(rows):
                key, got = _key(row[place], find), row[-1]
                if key is not None and got is not None:
                    index[key] = got if index.get(key, got) == got else AMBIGUOUS
            indexes.append(index)
        return indexes


def _key(value: Any, find: Find) -> str | None:
    try:
        for step in find.steps:
            if value is None:
                return None
            value = step(value)
    except WrongError:
        return None
    return None if value is None else same_key(value).lower()
