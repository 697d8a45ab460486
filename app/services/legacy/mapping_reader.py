"""Turns a mapping file into an `Entity` and collects every mistake with the place it stands at."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Column, Table

from app.core.errors import Invalid
from app.services.imports.mapping import Condition, table_of
from app.services.imports.steps import Step, make
from app.services.legacy import transforms
from app.services.legacy.filters import Where
from app.services.legacy.mapping import MODULES, Block, Entity, Find, Join, Schedule, Source, Value
from app.services.validation import Rules, RulesError

ENGINE = 1
"""Counted up when the same mapping would give other values: every record is then looked at again."""

WINNERS = ("legacy", "werkbank", "newest")
GONE = ("mark", "deactivate", "delete")
_KINDS = ("column", "columns", "value", "template", "first_of")
_STAMPS = frozenset({"row_version", "created_at", "created_by", "updated_at", "updated_by"})
_BLOCK = {
    "target",
    "match",
    "conflict",
    "rules",
    "gone",
    "let",
    "fields",
    "validate",
    "where",
    "title",
    "note",
}
_EVERY = re.compile(r"(\d+) ?(s|min|h)$")


def document_of(path: Path, wrong: list[str]) -> Mapping[str, Any]:
    """A YAML file as a table of names and values; what is wrong with it is noted."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        wrong.append(f"{path.name}: this is not valid YAML: {error}")
        return {}
    if not isinstance(document, Mapping):
        wrong.append(f"{path.name}: must be a table of names and values")
        return {}
    return document


class Reader:
    """Reads one file."""

    def __init__(self, document: Mapping[str, Any], name: str, tables: Mapping[str, Any]) -> None:
        self.wrong: list[str] = []
        self._document = document
        self._name = name
        given = document.get("tables") or {}
        self._tables = {
            str(table): {str(key): value for key, value in rows.items()}
            for table, rows in {**tables, **given}.items()
        }
        self._columns: set[str] = set()

    def entity(self) -> Entity | None:
        """The entity; None when the file is not even a table.  Look at `wrong` first."""
        given = self._document
        if not given:
            return None
        words = {"entity", "module", "source", "after", "schedule", "duplicates", "later", "placeholder", "children",
                 "follows", "tables"}  # fmt: skip
        self._only(given, "", words | _BLOCK)
        code = str(given.get("entity") or Path(self._name).stem)
        joins = self._joins(given.get("source") or {})
        main = self._block(code, given, "", {join.alias for join in joins})
        children = []
        for name, part in (given.get("children") or {}).items():
            place = f"children.{name}"
            if self._only(part, place, _BLOCK | {"each", "key"}):
                children.append(self._block(f"{code}/{name}", part, place, {join.alias for join in joins}))
        follows = self._follows(given.get("follows"))
        placeholder = tuple(
            self._value(f"placeholder.{column}", str(column), spec, set(), inside=True)
            for column, spec in (given.get("placeholder") or {}).items()
        )
        self._columns_exist("placeholder", main.target, {value.name for value in placeholder})
        source = self._source(given.get("source"), joins, main, children, follows)
        if given.get("module") not in MODULES:
            self._say("module", f"must be one of {', '.join(MODULES)}")
        return Entity(
            code=code,
            file=self._name,
            title=self._title("title", given.get("title")),
            module=str(given.get("module")) if given.get("module") in MODULES else MODULES[0],
            source=source,
            main=main,
            children=tuple(children),
            after=tuple(given.get("after") or ()),
            schedule=self._schedule(given.get("schedule") or {}),
            placeholder=placeholder,
            follows=follows,
            later=bool(given.get("later", False)),
            fingerprint=self._fingerprint(),
        )

    # -- parts -------------------------------------------------------------------------------------------------------

    def _source(
        self,
        given: Any,
        joins: tuple[Join, ...],
        main: Block,
        children: Iterable[Block],
        follows: tuple[str, str] | None,
    ) -> Source:
        words = {"table", "key", "changed", "where", "page", "join", "each", "distinct", "rows", "columns"}
        if not self._only(given, "source", words):
            return Source("", (), ())
        rows, table = tuple(given.get("rows") or ()), str(given.get("table", ""))
        if bool(rows) == bool(table):
            self._say("source", "needs either a table or rows")
        key = given.get("key") or ()
        key = (key,) if isinstance(key, str) else tuple(key)
        if not key:
            self._say("source.key", "is missing: what tells the records apart")
        each = str(given.get("each", ""))
        changed = given.get("changed", ["modified_date", "created_date"])
        used = {join.here for join in joins} | {str(column) for column in given.get("columns") or ()}
        used |= self._columns | {child.each for child in children} | ({each} if each else set(key))
        if follows is not None:
            used.add(follows[1])
        used = {column.partition(".")[0] for column in used if column}
        used -= {join.alias for join in joins} | {value.name for value in main.let}
        if given.get("where") is not None:
            try:
                Where.from_json(given["where"])
            except Invalid as error:
                self._say("source.where", f"is no filter: {error.params.get('part', '')}")
        page = given.get("page", 1000)
        if not isinstance(page, int) or not 1 <= page <= 5000:
            self._say("source.page", "must be a number from 1 to 5000")
            page = 1000
        return Source(
            table=table,
            key=key,
            columns=tuple(sorted(used)),
            changed=tuple(changed) if not rows else (),
            where=given.get("where"),
            page=page,
            joins=joins,
            each=each,
            distinct=bool(given.get("distinct", False)),
            rows=rows,
        )

    def _joins(self, given: Any) -> tuple[Join, ...]:
        found = []
        for alias, join in (given.get("join") or {}).items() if isinstance(given, Mapping) else ():
            place = f"source.join.{alias}"
            if not self._only(join, place, {"table", "by", "order", "columns"}):
                continue
            on = dict(join.get("by") or {})
            if len(on) != 1:
                self._say(place, "needs one pair under by: {column there: column here}")
                on = {"": ""}
            ((there, here),) = on.items()
            columns = tuple(str(column) for column in join.get("columns") or ())
            if not columns:
                self._say(place, "columns are missing")
            for unknown in sorted(set(join.get("order") or ()) - set(columns)):
                self._say(f"{place}.order", f"{unknown!r} is not among the columns")
            found.append(
                Join(
                    str(alias),
                    str(join.get("table", "")),
                    here,
                    there,
                    tuple(join.get("order") or ()),
                    columns,
                )
            )
        return tuple(found)

    def _block(self, code: str, given: Mapping[str, Any], place: str, aliases: set[str]) -> Block:
        where = f"{place}." if place else ""
        target = str(given.get("target", ""))
        each = str(given.get("each", ""))
        key = given.get("key") or () if place else ()
        let: list[Value] = []
        names: set[str] = set(aliases)
        inside = bool(each) if place else bool((given.get("source") or {}).get("each"))
        for name, spec in (given.get("let") or {}).items():
            let.append(self._value(f"{where}let.{name}", str(name), spec, names, inside))
            names.add(str(name))
        fields = tuple(
            self._value(f"{where}fields.{column}", str(column), spec, names, inside)
            for column, spec in (given.get("fields") or {}).items()
        )
        written = {value.name for value in fields}
        table = self._columns_exist(f"{where}fields", target, written)
        if table is None:
            self._say(f"{where}target", f"there is no table {target!r}")
        else:
            self._complete(f"{where}fields", table, written)
        match = given.get("match") or ()
        match = (match,) if isinstance(match, str) else tuple(match)
        for missing in sorted(set(match) - written):
            self._say(f"{where}match", f"{missing!r} is no field")
        conditions = tuple(
            self._condition(f"{where}where.{n}", spec, names, inside)
            for n, spec in enumerate(given.get("where") or (), start=1)
        )
        try:
            rules = Rules.read(given.get("validate"), known=written | {value.name for value in let})
        except RulesError as error:
            rules = Rules()
            for mistake in error.mistakes:
                self._say(f"{where}validate.{mistake.partition(':')[0]}", mistake.partition(": ")[2])
        if given.get("duplicates", "refuse") not in ("refuse", "link"):
            self._say("duplicates", "is refuse or link")
        return Block(
            code=code,
            target=target,
            match=match,
            fields=fields,
            let=tuple(let),
            rules=self._winners(where, given, written),
            gone=self._gone(f"{where}gone", given.get("gone"), target),
            validate=rules,
            where=conditions,
            each=each,
            key=(key,) if isinstance(key, str) else tuple(key),
            title=self._title(f"{where}title", given.get("title")) if place else {},
            link_duplicates=given.get("duplicates") == "link",
        )

    def _winners(self, where: str, given: Mapping[str, Any], written: set[str]) -> dict[str, str]:
        default = given.get("conflict", "legacy")
        rules = dict.fromkeys(sorted(written), str(default))
        for column, winner in (given.get("rules") or {}).items():
            if column not in written:
                self._say(f"{where}rules", f"{column!r} is no field")
            rules[str(column)] = str(winner)
        for winner in sorted({*rules.values(), str(default)} - set(WINNERS)):
            self._say(f"{where}conflict", f"{winner!r} is none of {', '.join(WINNERS)}")
        return rules

    def _gone(self, place: str, given: Any, target: str) -> Mapping[str, Any]:
        if given is None:
            return {"kind": "mark"}
        given = {"kind": given} if isinstance(given, str) else given
        if not self._only(given, place, {"kind", "set"}) or given.get("kind") not in GONE:
            self._say(place, f"kind is {', '.join(GONE)}")
            return {"kind": "mark"}
        self._columns_exist(place, target, set(given.get("set") or {}))
        return dict(given)

    def _follows(self, given: Any) -> tuple[str, str] | None:
        if given is None:
            return None
        self._only(given, "follows", {"entity", "by"})
        return (str(given.get("entity", "")), str(given.get("by", "")))

    def _schedule(self, given: Any) -> Schedule:
        self._only(given, "schedule", {"incremental", "full", "sweep"})
        every = _EVERY.match(str(given.get("incremental", "0 s")))
        if every is None:
            self._say("schedule.incremental", "must read like 30 s, 5 min or 2 h")
        seconds = int(every[1]) * {"s": 1, "min": 60, "h": 3600}[every[2]] if every else 0
        return Schedule(seconds, self._time("full", given), self._time("sweep", given))

    def _time(self, word: str, given: Mapping[str, Any]) -> time | None:
        if word not in given:
            return None
        try:
            return time.fromisoformat(str(given[word]))
        except ValueError:
            self._say(f"schedule.{word}", 'must be a time of day such as "02:00", in quotation marks')
            return None

    # -- values ------------------------------------------------------------------------------------------------------

    def _value(self, place: str, name: str, given: Any, names: set[str], inside: bool = False) -> Value:
        if isinstance(given, str):
            given = {"column": given}
        words = {
            *_KINDS,
            "steps",
            "default",
            "report",
            "required",
            "ref",
            "known",
            "make",
            "optional",
            "find",
        }
        if not self._only(given, place, words):
            return Value(name, "value", None)
        used = [kind for kind in _KINDS if kind in given]
        if len(used) != 1:
            self._say(place, f"needs exactly one of {', '.join(_KINDS)}")
        kind = used[0] if used else "value"
        argument = given.get(kind)
        if kind == "column":
            argument = self._column(argument, names, inside)
        elif kind == "columns":
            argument = tuple(self._column(column, names, inside) for column in argument or ())
        elif kind == "template":
            argument = str(argument)
            for column in re.findall(r"\{([^}]*)\}", argument):
                self._column(column, names, inside)
        elif kind == "first_of":
            argument = tuple(
                self._value(f"{place}.first_of.{n}", name, part, names, inside)
                for n, part in enumerate(argument or (), start=1)
            )
        required = given.get("required", False)
        return Value(
            name=name,
            kind=kind,
            argument=argument,
            steps=self._steps(place, given.get("steps") or ()),
            default=given.get("default"),
            report=str(given.get("report", "")),
            required=required if isinstance(required, str) else "required" if required else "",
            ref=str(given.get("ref", "")),
            known=bool(given.get("known", False)),
            make=bool(given.get("make", False)),
            optional=bool(given.get("optional", False)),
            find=self._find(f"{place}.find", given.get("find")),
        )

    def _column(self, given: Any, names: set[str], inside: bool) -> str:
        """A path; columns of the record itself are noted, for what is read and for the hash."""
        path = str(given)
        if path.partition(".")[0] in names:
            return path
        if inside:
            if path.startswith("parent."):
                self._columns.add(path.removeprefix("parent."))
        else:
            self._columns.add(path)
        return path

    def _find(self, place: str, given: Any) -> Find | None:
        if given is None or not self._only(given, place, {"in", "by", "get", "steps"}):
            return None
        target, by = str(given.get("in", "")), given.get("by") or ()
        by = (by,) if isinstance(by, str) else tuple(by)
        get = str(given.get("get", "id"))
        table = table_of(target)
        if table is None:
            self._say(place, f"there is no table {target!r}")
        else:
            for unknown in sorted({*by, get} - {column.name for column in table.columns}):
                self._say(place, f"{target} has no column {unknown!r}")
        if not by:
            self._say(place, "by is missing: the columns that are compared")
        spec = given.get("steps") or ()
        return Find(
            target, by, get, self._steps(place, spec), json.dumps([target, by, get, spec], default=str)
        )

    def _steps(self, place: str, given: Any) -> tuple[Step, ...]:
        made = []
        for spec in [given] if isinstance(given, str | Mapping) else given:
            try:
                made.append(make(spec, self._tables, transforms.PLAIN, transforms.MAKERS))
            except (ValueError, TypeError) as error:
                self._say(place, str(error))
        return tuple(made)

    def _condition(self, place: str, given: Any, names: set[str], inside: bool) -> Condition:
        words = {"in", "not_in", "empty", "above"}
        self._only(given, place, words | {"column", "reason"})
        given = given if isinstance(given, Mapping) else {}
        used = [word for word in words if word in given]
        if len(used) != 1:
            self._say(place, f"needs exactly one of {', '.join(sorted(words))}")
        word = used[0] if used else "empty"
        column = self._column(given.get("column", ""), names, inside)
        return Condition(column, word, given.get(word), str(given.get("reason", "")))

    # -- checks ------------------------------------------------------------------------------------------------------

    def _columns_exist(self, place: str, target: str, written: set[str]) -> Table | None:
        table = table_of(target)
        if table is not None:
            for unknown in sorted(
                written - {column.name for column in table.columns if not _is_fixed(column)}
            ):
                self._say(place, f"{target} has no column {unknown!r} that can be written")
        return table

    def _complete(self, place: str, table: Table, written: set[str]) -> None:
        for column in table.columns:
            if (
                not (_is_fixed(column) or column.nullable or column.server_default)
                and column.name not in written
            ):
                self._say(place, f"{table.fullname} needs a value for {column.name!r}")

    def _title(self, place: str, given: Any) -> Mapping[str, str]:
        if not isinstance(given, Mapping) or set(given) != {"de", "en"}:
            self._say(place, "must be {de: …, en: …}")
            return {}
        return {language: str(words) for language, words in given.items()}

    def _fingerprint(self) -> str:
        document = {
            key: value for key, value in self._document.items() if key not in ("title", "note", "schedule")
        }
        used = json.dumps([ENGINE, document, self._tables], default=str)
        return hashlib.sha256(used.encode()).hexdigest()[:32]

    def _say(self, place: str, what: str) -> None:
        self.wrong.append(f"{self._name}: {place}: {what}")

    def _only(self, given: Any, place: str, words: Iterable[str]) -> bool:
        if not isinstance(given, Mapping):
            self._say(place or "file", "must be a table of names and values")
            return False
        for unknown in sorted(set(map(str, given)) - set(words)):
            self._say(place or "file", f"unknown word {unknown!r}; known are {', '.join(sorted(words))}")
        return True


def _is_fixed(column: Column[Any]) -> bool:
    return column.computed is not None or column.identity is not None or column.name in _STAMPS
