"""Reads the rights as data: `matrix.yaml` (roles, limits, platform) and `matrix/<capability>.yaml`.

Nothing grants but what stands there. The format is described in `docs/sql-style.md`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


class MatrixError(ValueError):
    """The matrix is wrong or does not fit the database; the message lists every finding."""


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """Columns that may be written: `names`, or every plain column of the table but `names`."""

    names: tuple[str, ...]
    inverted: bool = False

    def of(self, plain: Iterable[str]) -> tuple[str, ...]:
        """The columns, out of the table's plain ones (no key, no stamp, nothing generated)."""
        if self.inverted:
            return tuple(name for name in plain if name not in self.names)
        return self.names


ALL_COLUMNS = ColumnSet((), inverted=True)


@dataclass(frozen=True, slots=True)
class Verb:
    """Who may do one thing to a table, to which columns, and on which rows (`where` is SQL on the row)."""

    roles: tuple[str, ...]
    columns: ColumnSet = ALL_COLUMNS
    where: str | None = None


@dataclass(frozen=True, slots=True)
class Guard:
    """Rows of a line table change only while their parent row fulfils `where`."""

    parent: str
    key: str
    where: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table's (or view's) line of the matrix."""

    name: str
    select: Verb | None = None
    insert: Verb | None = None
    update: Verb | None = None
    discard: Verb | None = None
    scope: tuple[str, ...] = ()
    guard: Guard | None = None
    topic: str = ""
    topic_key: str = ""
    audited: bool = True
    readers: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    gated: bool = True


@dataclass(frozen=True, slots=True)
class Role:
    """A role: scoped ones see only the warehouses given to the person, sensitive ones need a second person's approval.

    `holder` says whether people, terminals (`device`) or services have it. `idle` and `minutes` limit a
    session, `max_sessions` how many of them one person has at a time.
    """

    name: str
    scoped: bool = False
    core: bool = False
    sensitive: bool = False
    holder: str = "person"
    second_factor: bool = False
    inherits: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    idle: int = 480
    minutes: int = 1440
    max_sessions: int | None = None
    limits: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleConflict:
    """Two roles nobody may have together, and why."""

    roles: tuple[str, str]
    reason: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Approval:
    """A kind of request: who decides, who else may look on, and what happens when it is decided.

    `votes` and `hours` are where a house starts; what it has changed later stays. See `app.models.approvals`.
    """

    name: str
    decide: tuple[str, ...]
    readers: tuple[str, ...] = ()
    votes: int = 1
    hours: int = 168
    apply: str | None = None
    dismiss: str | None = None
    limit: str | None = None
    confirm: bool = False
    gainer_decides: bool = False
    delegable: bool = True


def permission(right: str) -> str:
    """The PostgreSQL role that carries one right alone; custom roles are made of these."""
    return f"p_{right}"


@dataclass(frozen=True, slots=True)
class Matrix:
    """All rights. Function rights are keyed by `schema.function`."""

    roles: Mapping[str, Role]
    tables: Mapping[str, Table]
    functions: Mapping[str, tuple[str, ...]]
    conflicts: tuple[RoleConflict, ...] = ()
    approvals: Mapping[str, Approval] = field(default_factory=dict)
    alone: tuple[str, ...] = ()
    """Functions a device has with nobody signed on, and whatever the operator may."""

    def including(self, role: str) -> frozenset[str]:
        """The role and all it inherits from."""
        parents = (self.including(parent) for parent in self.roles[role].inherits)
        return frozenset({role}).union(*parents)

    def rights(self) -> list[tuple[str, str]]:
        """(role, right) pairs as `sec.role_right` holds them and `Profile.rights` shows them."""
        found: set[tuple[str, str]] = set()
        for table in self.tables.values():
            for word in ("select", "insert", "update", "discard"):
                verb: Verb | None = getattr(table, word)
                found.update((role, f"{table.name}:{word}") for role in (verb.roles if verb else ()))
            found.update((role, f"{table.name}:select") for role in table.history)
        for function, roles in self.functions.items():
            found.update((role, function.partition(".")[2]) for role in roles if role in self.roles)
        for kind in self.approvals.values():
            found.update((role, f"approval.{kind.name}:decide") for role in kind.decide)
            found.update((role, f"approval.{kind.name}:read") for role in kind.readers)
        return sorted(found)


def files() -> list[Path]:
    """The matrix files, the platform's first."""
    return [HERE / "matrix.yaml", *sorted((HERE / "matrix").glob("*.yaml"))]


def load(sources: Iterable[Path] | None = None) -> Matrix:
    """Read and check the matrix; raises MatrixError with everything that is wrong in it."""
    return _Reader([(p, p.read_text("utf-8")) for p in (files() if sources is None else sources)]).matrix()


class _StrictLoader(yaml.SafeLoader):
    """YAML takes the last of two equal keys without a word; a right must not vanish that way."""


def _mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [key.value for key, _value in node.value]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise MatrixError(f"{twice} stands twice in one mapping{node.start_mark}")
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


class _Reader:
    """Turns the YAML texts into a Matrix and collects what is wrong with them."""

    def __init__(self, texts: list[tuple[Path, str]]) -> None:
        self._wrong: list[str] = []
        self._documents = [
            (path, yaml.load(text, _StrictLoader) or {})  # noqa: S506  (a SafeLoader, only stricter)
            for path, text in texts
        ]
        self._groups: dict[str, tuple[str, ...]] = {}
        self._roles: dict[str, Role] = {}
        self._conflicts: list[RoleConflict] = []

    def matrix(self) -> Matrix:
        self._read_roles()
        tables: dict[str, Table] = {}
        functions: dict[str, tuple[str, ...]] = {}
        approvals: dict[str, Approval] = {}
        alone: list[str] = []
        for path, document in self._documents:
            known = {"roles", "conflicts", "groups", "limits", "tables", "functions", "approvals", "alone"}
            unknown = set(document) - known
            if unknown:
                self._wrong.append(f"{path.name}: unknown headings {sorted(unknown)}")
            for name, line in (document.get("tables") or {}).items():
                if name in tables:
                    self._wrong.append(f"{path.name}: {name} has two lines")
                tables[name] = self._table(name, line or {})
            for name, roles in (document.get("functions") or {}).items():
                if name in functions:
                    self._wrong.append(f"{path.name}: {name} has two lines")
                functions[name] = self._role_names(name, roles)
            for name, line in (document.get("approvals") or {}).items():
                if name in approvals:
                    self._wrong.append(f"{path.name}: the approval {name} has two lines")
                approvals[name] = self._approval(name, line)
            alone.extend(document.get("alone") or ())
        devices = {role.name for role in self._roles.values() if role.holder == "device"}
        self._wrong += [
            f"alone: no device has {name}" for name in alone if devices.isdisjoint(functions.get(name, ()))
        ]
        if self._wrong:
            raise MatrixError("; ".join(self._wrong))
        return Matrix(self._roles, tables, functions, tuple(self._conflicts), approvals, tuple(alone))

    def _read_roles(self) -> None:
        for _path, document in self._documents:
            limits: dict[str, dict[str, Decimal]] = {}
            for limit, values in (document.get("limits") or {}).items():
                for role, value in values.items():
                    limits.setdefault(role, {})[limit] = Decimal(str(value))
            for name, line in (document.get("roles") or {}).items():
                self._roles[name] = self._role(name, line or {}, limits.get(name, {}))
        self._groups["everyone"] = tuple(
            role.name for role in self._roles.values() if role.holder == "person"
        )
        for role in self._roles.values():
            self._wrong += [
                f"{role.name} inherits from {p!r}, which is no role"
                for p in role.inherits
                if p not in self._roles
            ]
        for _path, document in self._documents:
            for line in document.get("conflicts") or ():
                first, second = sorted(line["roles"])
                self._wrong += [
                    f"conflict: no role {name!r}" for name in (first, second) if name not in self._roles
                ]
                self._conflicts.append(RoleConflict((first, second), line["reason"]))
        for path, document in self._documents:
            for name, members in (document.get("groups") or {}).items():
                if name in self._groups or name in self._roles:
                    self._wrong.append(f"{path.name}: group {name} exists already")
                self._groups[name] = self._role_names(f"group {name}", members)

    def _role(self, name: str, line: dict[str, Any], limits: Mapping[str, Decimal]) -> Role:
        known = {
            "scoped",
            "core",
            "sensitive",
            "device",
            "service",
            "second_factor",
            "inherits",
            "title",
            "about",
            "session",
        }
        if unknown := set(line) - known:
            self._wrong.append(f"{name}: unknown words {sorted(unknown)}")
        session = line.get("session") or {}
        return Role(
            name,
            scoped=bool(line.get("scoped")),
            core=bool(line.get("core")),
            sensitive=bool(line.get("sensitive")),
            holder="device" if line.get("device") else "service" if line.get("service") else "person",
            second_factor=bool(line.get("second_factor")),
            inherits=tuple(line.get("inherits") or ()),
            title=line.get("title") or {},
            about=line.get("about") or {},
            idle=session.get("idle", 480),
            minutes=session.get("minutes", 1440),
            max_sessions=session.get("max"),
            limits=limits,
        )

    def _role_names(self, where: str, given: Any) -> tuple[str, ...]:
        names: list[str] = []
        for word in [given] if isinstance(given, str) else (given or []):
            if word in self._groups:
                names.extend(self._groups[word])
            elif word in self._roles or word.startswith("erp_"):
                names.append(word)
            else:
                self._wrong.append(f"{where}: no role or group {word!r}")
        return tuple(dict.fromkeys(names))

    def _approval(self, name: str, line: dict[str, Any]) -> Approval:
        roles = {word: self._role_names(f"{name}:{word}", line.get(word)) for word in ("decide", "readers")}
        rest: dict[str, Any] = {word: value for word, value in line.items() if word not in roles}
        if unknown := set(rest) - {field.name for field in fields(Approval)}:
            self._wrong.append(f"{name}: unknown words {sorted(unknown)}")
            rest = {}
        return Approval(name, roles["decide"], roles["readers"], **rest)

    def _columns(self, where: str, given: Any) -> ColumnSet:
        if given is None or given == "all":
            return ALL_COLUMNS
        if isinstance(given, dict) and set(given) == {"all_but"}:
            return ColumnSet(tuple(given["all_but"]), inverted=True)
        if isinstance(given, list):
            return ColumnSet(tuple(given))
        self._wrong.append(f"{where}: columns are a list, 'all' or {{all_but: [...]}}")
        return ALL_COLUMNS

    def _verb(self, where: str, given: Any) -> Verb | None:
        if given is None:
            return None
        if not isinstance(given, dict):
            return Verb(self._role_names(where, given))
        unknown = set(given) - {"roles", "columns", "where"}
        if unknown:
            self._wrong.append(f"{where}: unknown words {sorted(unknown)}")
        return Verb(
            self._role_names(where, given.get("roles")),
            self._columns(where, given.get("columns")),
            given.get("where"),
        )

    def _table(self, name: str, line: dict[str, Any]) -> Table:
        known = {
            "select",
            "insert",
            "update",
            "write",
            "discard",
            "scope",
            "guard",
            "feed",
            "audit",
            "readers",
        }
        unknown = set(line) - known - {"history", "gate"}
        if unknown:
            self._wrong.append(f"{name}: unknown words {sorted(unknown)}")
        if "write" in line and ("insert" in line or "update" in line):
            self._wrong.append(f"{name}: either write or insert and update")
        if line.get("gate") is False and set(line) - {"gate", "audit"}:
            # Behind a gate no index serves an operator that is not leakproof, text search for one; so there may be
            # tables without, but only such as nobody has any right on.
            self._wrong.append(f"{name}: a table without gate can have no rights")
        guard = Guard(**line["guard"]) if "guard" in line else None
        feed = line.get("feed") or {"topic": name, "key": ""}
        scope = line.get("scope") or ()
        verbs = {
            word: self._verb(f"{name}:{word}", line.get(word, line.get("write")))
            for word in ("insert", "update")
        }
        return Table(
            name=name,
            select=self._verb(f"{name}:select", line.get("select")),
            insert=verbs["insert"],
            update=verbs["update"],
            discard=self._verb(f"{name}:discard", line.get("discard")),
            scope=(scope,) if isinstance(scope, str) else tuple(scope),
            guard=guard,
            topic=feed["topic"],
            topic_key=feed["key"],
            audited=line.get("audit", True) is not False,
            readers=tuple(line.get("readers") or ()),
            history=self._role_names(f"{name}:history", line.get("history")),
            gated=line.get("gate", True) is not False,
        )
