"""Makes the copy: a new database, filled table by table with what the register says.

The original is read in one read-only transaction, so people may go on working. Needs the cluster's administrator.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from app.core import schema
from app.services.sanitise import people, totals, verify
from app.services.sanitise.paper import page
from app.services.sanitise.register import Entry, Register, RegisterError, load
from app.services.sanitise.traces import Traces
from app.services.sanitise.values import Values
from app.services.sanitise.words import Words

Raw = psycopg.Connection[Any]
MARK: Final = "sanitised copy"
_NAME_LENGTH = 63


class SanitiseError(Exception):
    """The copy cannot be made; the text says why. Nothing is left of it."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was made: the copy's address, tables and rows copied, values replaced, and those looked for in vain."""

    address: str
    tables: int
    rows: int
    replaced: int
    checked: int


def sanitise(
    admin_dsn: str, name: str, *, replace: bool = False, progress: Callable[[str], None] = lambda _text: None
) -> Copied:
    """Make the database ``name`` on the same server, a sanitised copy of the one ``admin_dsn`` names.

    An existing database is replaced only with ``replace`` and only when it is such a copy itself.
    """
    register = load()
    schema.require_ours(admin_dsn)
    address = schema.with_database(admin_dsn, name)
    with psycopg.connect(admin_dsn, autocommit=True) as server:
        if not name or len(name.encode()) > _NAME_LENGTH or name == server.info.dbname:
            raise SanitiseError("the copy needs a name of its own, of at most 63 letters")
        _require_current(server)
        _make_room(server, name, address, replace=replace)
        progress("setting up the new database")
        try:
            schema.init(admin_dsn, name)
            server.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), MARK))
            with _original(admin_dsn) as source, psycopg.connect(address) as target:
                done = _Copying(source, target, register, progress).run(address)
            with psycopg.connect(address, autocommit=True) as target:
                target.execute("VACUUM (FULL, ANALYZE)")
        except BaseException:
            schema.drop(server, name)
            raise
    return done


def _require_current(server: Raw) -> None:
    from migrations import derived

    if not derived.is_current(server):
        raise SanitiseError(
            "the database is of another version than this program; first: werkbank db upgrade"
        )


def _make_room(server: Raw, name: str, address: str, *, replace: bool) -> None:
    found = server.execute(
        "SELECT shobj_description(d.oid, 'pg_database') FROM pg_database d WHERE d.datname = %s", (name,)
    ).fetchone()
    if found is None:
        return
    if found[0] != MARK:
        raise SanitiseError(f"the database {name!r} exists and is no sanitised copy")
    if not replace:
        raise SanitiseError(f"the copy {name!r} exists; --replace makes it anew")
    logins = people.of_copy(server, name, address)
    schema.drop(server, name)
    people.remove(server, logins)


@contextmanager
def _original(admin_dsn: str) -> Iterator[Raw]:
    """The original as it is at one moment; nothing can be written through this connection."""
    with psycopg.connect(admin_dsn) as source:
        source.read_only = True
        source.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # The guard of the original ends what stands still for long; a copy of a large house takes its time.
        source.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        source.execute("SET LOCAL statement_timeout = 0")
        yield source


class _Copying:
    """One copy on its way: the original, the new database, and what replaces values."""

    def __init__(self, source: Raw, target: Raw, register: Register, progress: Callable[[str], None]) -> None:
        self.source, self.target, self.register, self.progress = source, target, register, progress
        self.there = columns_of(source)
        gaps = register.gaps(self.there)
        if gaps:
            raise RegisterError("the register does not fit the database: " + "; ".join(gaps[:10]))
        self.generated = _generated(source)
        self.rows = self.replaced = 0

    def run(self, address: str) -> Copied:
        """Everything in one transaction of the new database."""
        secret = secrets.token_bytes(32)
        people = {row[0] for row in self.source.execute(_PEOPLE).fetchall()}
        values = Values(self.register, Words(secret), totals.factors(Words(secret), [])["house"])
        self.progress("reading what leads to people and firms")
        telling = self._telling(values)
        words = Words(secret, people=people, originals=_taken(telling))
        # Words that stay what they are (administrators' logins, for one) lead nowhere.
        telling = {(kind, value) for kind, value in telling if words.replace(kind, value) != value}
        # Nor does what stands in every database from the start: somebody may be called as a role is.
        known = verify.found_in(self.target, Traces(telling))
        telling = {(kind, value) for kind, value in telling if value not in known}
        traces = Traces(telling)
        lists = [row[0] for row in self.source.execute("SELECT id FROM catalog.price_list").fetchall()]
        self.factors = totals.factors(words, lists)
        self.values = Values(self.register, words, self.factors["house"], traces)
        self.target.execute("SET LOCAL session_replication_role = replica")
        self.target.execute("SET LOCAL statement_timeout = 0")
        copied = [entry for entry in self.register.tables.values() if entry.rows == "copy"]
        for entry in self.register.tables.values():
            if entry.rows != "fresh":
                self.target.execute(sql.SQL("DELETE FROM {}").format(_table(entry.table)))
        for place, entry in enumerate(copied, 1):
            self.progress(f"{place}/{len(copied)} {entry.table}")
            self._copy(entry)
        self._finish()
        self.progress("looking for anything that is left")
        leaks = verify.leaks(self.target, self.register, traces)
        leaks += verify.broken_references(self.target)
        if leaks:
            raise SanitiseError("the copy is not clean and was dropped: " + "; ".join(leaks[:20]))
        return Copied(address, len(copied), self.rows, self.replaced, len(telling))

    def _telling(self, values: Values) -> set[tuple[str, str]]:
        found: set[tuple[str, str]] = set()
        for entry in self.register.tables.values():
            kinds = {
                c: k
                for c, k in entry.columns.items()
                if k in verify.PERSONAL and c in self.there[entry.table]
            }
            kinds = {c: k for c, k in kinds.items() if c not in self.generated[entry.table]}
            if not kinds:
                continue
            query = sql.SQL("COPY (SELECT {} FROM {} t) TO STDOUT").format(
                sql.SQL(", ").join(
                    [*(sql.SQL("t.{}").format(sql.Identifier(name)) for name in kinds), _row_table(entry)]
                ),
                _table(entry.table),
            )
            with self.source.cursor() as cursor, cursor.copy(query) as lines:
                for line in lines.rows():
                    for kind, value in zip(kinds.values(), line, strict=False):
                        if value is None:
                            continue
                        if kind == "row":
                            found.update(values.telling_row(str(line[-1]), value))
                        else:
                            found.update(values.telling(entry.table, kind, value))
        return found

    def _copy(self, entry: Entry) -> None:
        names = [c for c in self.there[entry.table] if c not in self.generated[entry.table]]
        if entry.table == "audit.entry":
            self._trail(entry, [name for name in names if name != "row_hash"])
            return
        self._stream(entry, names, _table(entry.table))

    def _stream(self, entry: Entry, names: list[str], into: sql.Composable, where: str = "") -> None:
        condition = " AND ".join(part for part in (entry.where, where) if part)
        query = sql.SQL("COPY (SELECT {} FROM {} t{}) TO STDOUT").format(
            sql.SQL(", ").join([*(self._expression(entry, name) for name in names), _row_table(entry)]),
            _table(entry.table),
            sql.SQL(" WHERE " + condition if condition else ""),
        )
        fill = sql.SQL("COPY {} ({}) FROM STDIN").format(into, sql.SQL(", ").join(map(sql.Identifier, names)))
        changes = [(at, self._transform(entry, name)) for at, name in enumerate(names)]
        changing = [(at, change) for at, change in changes if change is not None]
        rows_at = [at for at, name in enumerate(names) if entry.columns[name] == "row"]
        with self.source.cursor() as reader, self.target.cursor() as writer:
            with reader.copy(query) as lines, writer.copy(fill) as out:
                for line in lines.rows():
                    *given, table = line
                    made = list(given)
                    for at, change in changing:
                        if made[at] is not None:
                            made[at] = change(made[at])
                    for at in rows_at:
                        if made[at] is not None:
                            made[at] = self.values.row(str(table), made[at])
                    self.replaced += sum(a is not b and a != b for a, b in zip(given, made, strict=True))
                    out.write_row(made)
            self.rows += max(writer.rowcount, 0)

    def _expression(self, entry: Entry, name: str) -> sql.Composable:
        column = sql.SQL("t.{}").format(sql.Identifier(name))
        kind = entry.columns[name]
        if kind == "sql":
            return sql.SQL("({})").format(sql.SQL(entry.detail[name]))
        if kind == "money":
            return totals.scaled(column, entry.detail[name], self.factors)
        if kind == "null":
            return sql.SQL("NULL")
        return column

    def _transform(self, entry: Entry, name: str) -> Any:
        return self.values.transform(entry.table, entry.columns[name])

    def _trail(self, entry: Entry, names: list[str]) -> None:
        """The trail of what came along, with the hashes its rows have now."""
        kept = [table for table, known in self.register.tables.items() if known.rows == "copy"]
        kept = [table for table in kept if not table.startswith("sec.") and table != "system.company"]
        self.target.execute(
            "CREATE TEMP TABLE trail (LIKE audit.entry INCLUDING DEFAULTS) ON COMMIT DROP; "
            "ALTER TABLE trail ALTER row_hash DROP NOT NULL"
        )
        tables = ", ".join("'" + table.replace("'", "''") + "'" for table in kept)
        self._stream(entry, names, sql.Identifier("trail"), f"t.table_name IN ({tables})")
        for month in self.target.execute(
            "SELECT DISTINCT date_trunc('month', at AT TIME ZONE 'UTC') FROM trail"
        ).fetchall():
            self.target.execute("SELECT audit.partition_make('entry', %s::date)", month)
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        self.target.execute(
            sql.SQL(
                "INSERT INTO audit.entry ({c}, row_hash) OVERRIDING SYSTEM VALUE "
                "SELECT {c}, audit.row_hash(e.xid, e.at, e.login, e.address, e.application, e.command, "
                "e.table_name, e.row_id, e.op, e.topic, e.record_id, e.warehouse_id, e.old, e.new, "
                "e.session_id, e.operator, e.elevated, e.reason) FROM trail e"
            ).format(c=columns)
        )

    def _finish(self) -> None:
        """Totals, search, papers and counters of the new rows."""
        for statement in totals.RECOMPUTE:
            self.target.execute(statement)
        self.target.execute(
            "SELECT partners.refresh_partner_search(ARRAY(SELECT p.id FROM partners.partner p))"
        )
        self.target.execute(
            "SELECT catalog.refresh_product_search(ARRAY(SELECT p.id FROM catalog.product p))"
        )
        numbers = self.target.execute(
            "SELECT DISTINCT ON (content_id) content_id, number FROM documents.issued ORDER BY content_id, id"
        ).fetchall()
        with self.target.cursor() as cursor:
            cursor.executemany(
                "WITH made AS (UPDATE documents.content SET bytes = %(page)s, size = octet_length(%(page)s), "
                "sha256 = encode(sha256(%(page)s), 'hex') WHERE id = %(id)s RETURNING id, sha256, size) "
                "UPDATE documents.issued i SET sha256 = made.sha256, size = made.size FROM made "
                "WHERE i.content_id = made.id",
                # Each file is another one, so that none is kept twice.
                [{"id": row[0], "page": page(f"{row[1]} - {row[0]}")} for row in numbers],
            )
        for schema_name, table, column in self.source.execute(_IDENTITIES).fetchall():
            owner = sql.Literal(f'"{schema_name}"."{table}"'), sql.Literal(column)
            sequence = self.source.execute(
                sql.SQL("SELECT pg_get_serial_sequence({}, {})").format(*owner)
            ).fetchone()
            assert sequence is not None
            last = self.source.execute(
                "SELECT s.last_value FROM pg_catalog.pg_sequences s "
                "WHERE quote_ident(s.schemaname) || '.' || quote_ident(s.sequencename) = %s",
                sequence,
            ).fetchone()
            if last is not None and last[0] is not None:
                self.target.execute("SELECT setval(%s, %s)", (sequence[0], last[0]))


def _taken(telling: set[tuple[str, str]]) -> set[str]:
    """What no made-up value may be: the originals, and every single word of names."""
    found = {value.strip().casefold() for _, value in telling}
    for kind, value in telling:
        if kind in ("person", "surname", "party", "company"):
            found |= {word.casefold() for word in value.split()}
    return found


def columns_of(connection: Raw) -> dict[str, list[str]]:
    """The columns of every table of ours, in their order; partitions belong to their table."""
    return {row[0]: row[1] for row in connection.execute(_COLUMNS).fetchall()}


def _generated(connection: Raw) -> dict[str, set[str]]:
    return {row[0]: set(row[1]) for row in connection.execute(_GENERATED).fetchall()}


def _row_table(entry: Entry) -> sql.Composable:
    """Which table a row as JSON is of, in terms of `t`; nothing where there is none."""
    found = [entry.detail[name] for name, kind in entry.columns.items() if kind == "row"]
    return sql.SQL("({})::text").format(sql.SQL(found[0])) if found else sql.SQL("NULL::text")


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


_PEOPLE: Final = """SELECT name FROM partners.partner WHERE kind = 'b2c' AND name ~ ' '
UNION SELECT name FROM partners.contact WHERE name ~ ' ' UNION SELECT person FROM sec.app_user"""
_OURS: Final = r"""FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema$)'"""
_COLUMNS: Final = (
    "SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum) "
    + _OURS
    + " GROUP BY 1 ORDER BY 1"
)
_GENERATED: Final = (
    "SELECT n.nspname || '.' || c.relname, "
    "coalesce(array_agg(a.attname::text) FILTER (WHERE a.attgenerated <> ''), '{}') " + _OURS + " GROUP BY 1"
)
_IDENTITIES: Final = (
    "SELECT n.nspname::text, c.relname::text, a.attname::text " + _OURS + " AND a.attidentity <> ''"
)
