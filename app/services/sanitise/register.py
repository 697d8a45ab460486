"""The register: what every column holds, from ``resources/sanitise/register.yaml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import yaml

from app.core.schema import REPOSITORY

NAMES: Final = (
    *("person", "given", "surname", "party", "company", "street", "city", "postcode", "address"),
    *("email", "web", "phone", "vat", "iban", "bank", "ref", "text", "login"),
)
# Values that lead to somebody: none of them may be found in a copy again.
TELLING: Final = frozenset(NAMES) - {"given", "city", "postcode", "ref", "bank"}
CLASSES: Final = ("keep", "scrub", "null", *NAMES, "money", "json", "row", "made", "sql")


class RegisterError(Exception):
    """The register is wrong, or the database has something it does not know; the text says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One table: what becomes of its rows (copy, drop, fresh), and of its columns.

    ``detail`` holds the factor of money and the expression of sql columns.
    """

    table: str
    rows: str
    where: str
    columns: Mapping[str, str]
    detail: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Register:
    """All tables, what keys in JSON mean (`parent.key` or `key`), and the columns many tables have."""

    tables: Mapping[str, Entry]
    keys: Mapping[str, str]
    common: frozenset[str]

    def gaps(self, there: Mapping[str, list[str]]) -> list[str]:
        """What differs between the register and these columns of these tables, in words."""
        found = [f"{table} is not in the register" for table in sorted(there.keys() - self.tables.keys())]
        found += [
            f"{table} is in the register but not there" for table in sorted(self.tables.keys() - there.keys())
        ]
        for table in sorted(there.keys() & self.tables.keys()):
            known = self.tables[table].columns
            found += [
                f"{table}.{column} is not in the register" for column in there[table] if column not in known
            ]
            found += [
                f"{table}.{column} is not there"
                for column in known
                if column not in there[table] and column not in self.common
            ]
        return found


@cache
def load() -> Register:
    """The register as it stands; RegisterError when it contradicts itself."""
    return read(yaml.safe_load((REPOSITORY / "resources/sanitise/register.yaml").read_text("utf-8")))


def read(raw: Mapping[str, Any]) -> Register:
    """Put a register together from its parsed YAML."""
    common = _columns("common", raw["common"], {})
    tables = {name: _entry(name, lines or {}, common) for name, lines in raw["tables"].items()}
    return Register(tables, _keys(tables, raw["json_keys"]), frozenset(common))


def _entry(table: str, lines: Mapping[str, Any], common: Mapping[str, str]) -> Entry:
    detail: dict[str, str] = {}
    columns = _columns(table, {k: v for k, v in lines.items() if k not in ("rows", "where")}, detail)
    rows = lines.get("rows", "copy")
    if rows not in ("copy", "drop", "fresh"):
        raise RegisterError(f"{table}: rows cannot be {rows!r}")
    return Entry(table, rows, lines.get("where", ""), {**common, **columns}, detail)


def _columns(table: str, lines: Mapping[str, Any], detail: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for kind, names in lines.items():
        if kind not in CLASSES:
            raise RegisterError(f"{table}: {kind!r} is no class of columns")
        for name in names:
            if name in found:
                raise RegisterError(f"{table}.{name} is named twice")
            found[name] = kind
            if isinstance(names, dict):
                detail[name] = str(names[name])
    return found


def _keys(tables: Mapping[str, Entry], raw: Mapping[str, list[str]]) -> dict[str, str]:
    """What keys mean: as told, or as all columns of that name agree."""
    found: dict[str, str] = {}
    unsure: set[str] = set()
    for entry in tables.values():
        for column, kind in entry.columns.items():
            if kind in ("made", "sql", "row", "json") or found.setdefault(column, kind) != kind:
                unsure.add(column)
    for column in unsure:
        found.pop(column, None)
    for kind, names in raw.items():
        if kind not in CLASSES:
            raise RegisterError(f"json_keys: {kind!r} is no class of columns")
        found.update(dict.fromkeys(names, kind))
    return found
