"""What triggers and CHECKs refuse or record: tried as the superuser, whom no grant and no policy holds back."""

import re
from collections.abc import Iterator

import psycopg

from migrations.generate import SCHEMAS
from tests.proof.battery import MATRIX, Desk, statement

# They keep a search index, a total or a default up to date; nothing is protected by them.
UPKEEP = re.compile(
    r"_search_(insert|update|delete)$|^lines_(inserted|updated|deleted)$|^company_words$|^guess_counters$"
)
VALUES = {
    "text": (
        "''",
        "' '",
        "'?'",
        "repeat('x', 20000)",
        "'ZZ'",
        "E'a\\nb'",
        "NULL",
        "'x'",
        "'-1'",
        "'UPPER'",
        "'a b'",
    ),
    "integer": ("-1", "0", "1", "2", "99", "1000000000", "NULL"),
    "numeric": ("-1", "0", "0.0000001", "-1000000000", "100.5", "1000000000", "NULL"),
    "boolean": ("true", "false", "NULL"),
    "date": ("'infinity'", "'-infinity'", "'0001-01-01'", "'1900-01-01'", "'2199-01-01'", "NULL"),
    "timestamp with time zone": (
        "'infinity'",
        "'-infinity'",
        "'1900-01-01'",
        "'2100-01-01'",
        "'2199-01-01'",
        "NULL",
    ),
    "bytea": ("''", "'\\x00'", "decode(repeat('00', 3000000), 'hex')", "NULL"),
    "jsonb": ("'[]'", "'1'", "'{}'", "'null'", "NULL"),
    "text[]": ("'{}'", "'{a,b}'", "NULL"),
}
ALIKE = {"bigint": "integer", "smallint": "integer", "character varying": "text"}


class Refusals:
    """Tries what must not go through, and remembers nothing: every try is rolled back."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.admin = desk.lent
        self._columns = {
            table: self.admin.execute(
                "SELECT attname, format_type(atttypid, NULL), attgenerated <> '' FROM pg_attribute "
                "WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                (table,),
            ).fetchall()
            for table in desk.relations
        }

    def triggers(self) -> list[tuple[str, str, str]]:
        """Table, name and function of each trigger that protects."""
        rows = self.admin.execute(
            "SELECT t.tgrelid::regclass::text, t.tgname, t.tgfoid::regproc::text FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal "
            "AND c.relnamespace::regnamespace::text = ANY (%s) ORDER BY 1, 2",
            (list(SCHEMAS),),
        ).fetchall()
        return [(t, n, f) for t, n, f in rows if not UPKEEP.search(n)]

    def errors(self, tries: Iterator[str], *, past_rules: bool = False) -> Iterator[psycopg.Error | int]:
        """What each try came to: the error, or the number of rows."""
        for text in tries:
            try:
                with self.admin.transaction(force_rollback=True):
                    if past_rules:
                        self.admin.execute("SET LOCAL session_replication_role = replica")
                    done = self.admin.execute(statement(text))
                    if not past_rules:
                        self.admin.execute("SET CONSTRAINTS ALL IMMEDIATE")
            except psycopg.Error as error:
                yield error
            else:
                yield done.rowcount

    def by_trigger(self, table: str, name: str, function: str) -> Iterator[str]:
        """Nothing when the trigger did its work at least once."""
        if "truncate" in name or "never_emptied" in name:
            done = self._is_kept(table, name, function)
        elif name.startswith("erp_log_"):
            done = self._is_told(table, name.removeprefix("erp_log_"))
        elif name == "erp_stamp":
            done = self._is_stamped(table)
        else:
            done = any(
                isinstance(error, psycopg.Error) and f"function {function}(" in (error.diag.context or "")
                for error in self.errors(self._changes(table, name))
            )
        if not done:
            yield f"{table}: {name} lets everything through"

    def _is_kept(self, table: str, trigger: str, function: str) -> bool:
        """Whether TRUNCATE is refused by this table, not by another one that hangs on it."""
        try:
            with self.admin.transaction(force_rollback=True):
                for other, name, _ in self.triggers():
                    if (other, name) != (table, trigger) and ("truncate" in name or "never_emptied" in name):
                        self.admin.execute(statement(f"ALTER TABLE {other} DISABLE TRIGGER {name}"))
                self.admin.execute(statement(f"TRUNCATE {table} CASCADE"))
        except psycopg.Error as error:
            return f"function {function}(" in (error.diag.context or "")
        return False

    def _alone(self, table: str, trigger: str) -> int:
        """Switch off every other rule of the table until the transaction's end, and make a row; answers its key."""
        names = self.admin.execute(
            "SELECT quote_ident(tgname) FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname <> %s",
            (table, trigger),
        ).fetchall()
        for (name,) in names:
            self.admin.execute(statement(f"ALTER TABLE {table} DISABLE TRIGGER {name}"))
        for (name,) in self.admin.execute(
            "SELECT quote_ident(conname) FROM pg_constraint WHERE contype = 'c' AND conrelid = %s::regclass",
            (table,),
        ).fetchall():
            self.admin.execute(statement(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
        return -77

    def _is_told(self, table: str, event: str) -> bool:
        with self.admin.transaction(force_rollback=True):
            row = self._alone(table, f"erp_log_{event}")
            before = self._entries(table)
            column = self._make(table, row)
            if event == "update":
                self.admin.execute(
                    statement(f"UPDATE {table} SET {self._change(table)} WHERE {column} = {row}")
                )
            elif event == "delete":
                self.admin.execute(statement(f"DELETE FROM {table} WHERE {column} = {row}"))
            return self._entries(table) > before

    def _is_stamped(self, table: str) -> bool:
        with self.admin.transaction(force_rollback=True):
            row = self._alone(table, "erp_stamp")
            column = self._make(table, row)
            new = self.admin.execute(
                statement(
                    f"UPDATE {table} SET {self._change(table)} WHERE {column} = {row} RETURNING row_version"
                )
            ).fetchone()
            return new is not None and new[0] == 8

    def _entries(self, table: str) -> int:
        row = self.admin.execute(
            "SELECT count(*) FROM audit.entry WHERE table_name = %s", (table,)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _make(self, table: str, key: int) -> str:
        """A row with something in every column; answers the name of its key."""
        keys = self.desk.relations[table].key
        column = keys[0] if len(keys) == 1 else "id"
        values = {
            name: str(key) if name == column else DUMMY.get(kind, f"(NULL::{kind})")
            for name, kind, generated in self._columns[table]
            if not generated
        }
        listed = ", ".join(f'"{name}"' for name in values)
        self.admin.execute(
            statement(
                f"INSERT INTO {table} ({listed}) OVERRIDING SYSTEM VALUE VALUES ({', '.join(values.values())})"
            )
        )
        return column

    def _change(self, table: str) -> str:
        for name, kind, generated in self._columns[table]:
            if not generated and kind in CHANGED and name not in self.desk.relations[table].key:
                if name in ("created_at", "created_by", "updated_at", "updated_by", "row_version"):
                    continue
                return f"{name} = {CHANGED[kind]}"
        raise AssertionError(f"{table} has nothing to change")

    def _changes(self, table: str, name: str) -> Iterator[str]:
        """Changes of a few rows of every sort, each column in turn."""
        if (table, name) in SPECIAL:
            yield from SPECIAL[table, name]
            return
        line = MATRIX.tables.get(table)
        if name.startswith("erp_guard_") and line is not None and line.guard is not None:
            yield from self._guarded(table, name)
            return
        key = self.desk.relations[table].key[0] if table in self.desk.relations else "id"
        rows = f"{key} IN (SELECT {key} FROM {table} ORDER BY {key} {{}} LIMIT 40)"
        for order in ("ASC", "DESC"):
            yield f"DELETE FROM {table} WHERE {rows.format(order)}"
        for column, kind, generated in self._columns.get(table, ()):
            if generated or column in ("row_version", "created_at", "created_by", "updated_at", "updated_by"):
                continue
            for value in VALUES.get(ALIKE.get(kind, kind), ()):
                yield f'UPDATE {table} SET "{column}" = {value} WHERE {rows.format("ASC")}'
        if not self._columns.get(table):
            yield f"UPDATE {table} SET id = id WHERE {rows.format('ASC')}"

    def _guarded(self, table: str, name: str) -> Iterator[str]:
        line = MATRIX.tables[table]
        assert line.guard is not None
        parent = (
            f"(SELECT p.id FROM {line.guard.parent} p WHERE NOT ({line.guard.where}) "
            f"AND EXISTS (SELECT FROM {table} l WHERE l.{line.guard.key} = p.id) LIMIT 1)"
        )
        plain = ", ".join(f'"{c}"' for c in self.desk.relations[table].plain if c != line.guard.key)
        if name == "erp_guard_insert":
            yield (
                f"INSERT INTO {table} ({line.guard.key}, {plain}) SELECT {line.guard.key}, {plain} FROM {table} "
                f"WHERE {line.guard.key} = {parent}"
            )
        elif name == "erp_guard_update":
            column = self.desk.relations[table].plain[0]
            yield f'UPDATE {table} SET "{column}" = "{column}" WHERE {line.guard.key} = {parent}'
        else:
            yield f"DELETE FROM {table} WHERE {line.guard.key} = {parent}"

    def by_check(self, table: str, name: str, definition: str) -> Iterator[str]:
        """Nothing when the CHECK refuses something."""
        key = self.desk.relations[table].key
        tries = self._against(table, definition, key[0] if len(key) == 1 else "id")
        for error in self.errors(tries, past_rules=True):
            if isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name == name:
                return
        yield f"{table}: {name} refuses nothing"

    def _against(self, table: str, definition: str, key: str) -> Iterator[str]:
        columns = [c for c in self._columns[table] if re.search(rf"\b{c[0]}\b", definition) and not c[2]]
        others = [c for c in self._columns[table] if not c[2]]
        literals = re.findall(r"'(?:[^']|'')*'", definition)[:6]
        choices = []
        for column, kind, _generated in columns:
            same = [f'"{o[0]}"' for o in others if o[1] == kind and o[0] != column and o in columns]
            words = literals if ALIKE.get(kind, kind) == "text" else []
            choices.append((column, [*words, *VALUES.get(ALIKE.get(kind, kind), ("NULL",)), *same]))
        empty = self.desk.count(self.admin, table) == 0
        if not empty:
            for column, values in choices:
                for value in values:
                    yield f'UPDATE {table} SET "{column}" = {value}'
            for place, (one, first) in enumerate(choices):
                for two, second in choices[place + 1 :]:
                    for a in first:
                        for b in second:
                            yield f'UPDATE {table} SET "{one}" = {a}, "{two}" = {b}'
            return
        listed = {c: DUMMY.get(k, "NULL") for c, k, _ in others}
        names = ", ".join(f'"{c}"' for c in listed)
        into = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES"
        for column, values in choices:
            for value in values:
                yield f"{into} ({', '.join((listed | {column: value}).values())})"


# A bigint may have to be unique: the number of a record that nobody has a row about yet.
DUMMY = {
    "bigint": "70007", "integer": "7", "smallint": "7", "numeric": "7", "text": "'x'", "character varying": "'x'",
    "boolean": "true", "date": "'2026-01-01'", "timestamp with time zone": "now()", "time without time zone": "'10:00'",
    "jsonb": "'{}'", "bytea": "'\\x00'", "uuid": "gen_random_uuid()", "text[]": "'{}'", "bigint[]": "'{}'",
    "inet": "'127.0.0.1'", "cidr": "'127.0.0.0/8'", "xid8": "pg_current_xact_id()", "tsvector": "''",
}  # fmt: skip
CHANGED = {
    "text": "'another'", "character varying": "'another'", "numeric": "3", "integer": "3", "bigint": "70003",
    "smallint": "3", "boolean": "false", "date": "'2027-01-01'", "timestamp with time zone": "'2027-01-01'",
    "jsonb": "'[1]'",
}  # fmt: skip
SPECIAL: dict[tuple[str, str], tuple[str, ...]] = {
    ("engineering.bom_line", "bom_line_no_cycle_insert"): (
        """INSERT INTO engineering.bom (product_id, version, valid_from)
           SELECT product_id, 99, '2099-01-01' FROM engineering.bom LIMIT 1;
           INSERT INTO engineering.bom_line (bom_id, position, product_id, qty)
           SELECT id, 1, product_id, 1 FROM engineering.bom WHERE version = 99""",
    ),
}
