"""Entities and the catalogue as 4D writes them."""

from collections.abc import Callable
from typing import Any

from app.simulate.tables import Database, Relation, Row, Table, UnknownAttributeError, comparable

_SYSTEM = ("__KEY", "__TIMESTAMP", "__STAMP")


class Writer:
    """Turns stored rows into what is sent, relations included."""

    def __init__(self, data: Database, table: Table, attributes: str, *, base: str, brackets: bool) -> None:
        self._data = data
        self._table = table
        self._base = base
        self._open, self._close = "[]" if brackets else "()"
        names = [part.strip() for part in attributes.split(",") if part.strip()]
        self._all = not names or names == ["*"]
        self._fields: list[str] = []
        self._relations: list[Relation] = list(table.relations) if self._all else []
        self._over: dict[str, list[tuple[str, Callable[[Row], Any]]]] = {}
        if not self._all:
            for name in names:
                self._want(name)

    def _want(self, name: str) -> None:
        relation = next((one for one in self._table.relations if one.name == name), None)
        if relation is not None:
            self._relations.append(relation)
        elif name in self._table.types:
            self._fields.append(name)
        elif name == "*":
            self._fields += list(self._table.types)
        elif name in _SYSTEM:
            pass  # always there
        else:
            head, _, rest = name.partition(".")
            relation = next((one for one in self._table.relations if one.name == head and not one.many), None)
            if relation is None:
                # Inside an object field the whole object is sent.
                if self._table.types.get(head) != "object":
                    raise UnknownAttributeError(name)
                self._fields.append(head)
                return
            there = self._data[relation.table]
            wanted = list(there.types) if rest == "*" else [rest]
            for one in wanted:
                self._over.setdefault(head, []).append((one, there.value_of(one)[1]))

    def entity(self, row: Row) -> Row:
        """One entity of a collection."""
        if self._all and not self._relations:
            return row
        sent = dict(row) if self._all else {name: row[name] for name in (*_SYSTEM, *self._fields)}
        for relation in self._relations:
            sent[relation.name] = self._deferred(row, relation)
        for name, wanted in self._over.items():
            found = self._related(row, next(one for one in self._table.relations if one.name == name))
            sent[name] = found and {key: found[key] for key in _SYSTEM} | {
                one: read(found) for one, read in wanted
            }
        return sent

    def flat(self, row: Row) -> Row:
        """One entity of an array: the key in parts, of relations only how many there are."""
        sent = self.entity(row)
        sent = {name: value for name, value in sent.items() if name not in _SYSTEM}
        for relation in self._relations:
            if relation.many:
                there = self._data[relation.table]
                value = comparable(self._table.types[relation.own], row[relation.own])
                sent[relation.name] = {"__COUNT": len(there.lookup(relation.other, [value]))}
        key: Row = {name: row[name] for name in self._table.key}
        return {"__KEY": key | {"__STAMP": row["__STAMP"]}} | sent

    def _related(self, row: Row, relation: Relation) -> Row | None:
        there = self._data[relation.table]
        value = row[relation.own]
        if value is None:
            return None
        if there.key == (relation.other,):
            key = str(int(value)) if isinstance(value, float) else str(value)
            number = there.find(key)
            return None if number is None else there.row(number)
        found = there.lookup(relation.other, [comparable(self._table.types[relation.own], value)])
        return there.row(found[0]) if found else None

    def _deferred(self, row: Row, relation: Relation) -> Row | None:
        if relation.many:
            uri = f"{self._base}/rest/{self._table.name}{self._open}{row['__KEY']}{self._close}"
            return {"__deferred": {"uri": f"{uri}/{relation.name}?$expand={relation.name}"}}
        found = self._related(row, relation)
        if found is None:
            return None
        key = found["__KEY"]
        return {
            "__deferred": {
                "uri": f"{self._base}/rest/{relation.table}{self._open}{key}{self._close}",
                "__KEY": key,
            }
        }


def catalog_entry(table: Table) -> dict[str, Any]:
    """The structure of a table as ``$catalog`` shows it."""
    attributes: list[dict[str, Any]] = [
        {
            "name": field.name,
            "kind": "storage",
            "fieldPos": place,
            "scope": "public",
            "indexed": field.name in table.key,
            "type": field.type,
            "identifying": field.name in table.key,
        }
        for place, field in enumerate(table.fields, 1)
    ]
    attributes += [
        {
            "name": relation.name,
            "kind": "relatedEntities" if relation.many else "relatedEntity",
            "scope": "public",
            "type": f"{relation.table}Selection" if relation.many else relation.table,
            "path": relation.name if relation.many else relation.table,
            "foreignKey": relation.other if relation.many else relation.own,
        }
        for relation in table.relations
    ]
    return {
        "name": table.name,
        "className": table.name,
        "collectionName": f"{table.name}Selection",
        "tableNumber": table.number,
        "scope": "public",
        "dataURI": f"/rest/{table.name}",
        "attributes": attributes,
        "key": [{"name": name} for name in table.key],
    }
