"""What triggers and CHECKs refuse or record: tried as the superuser, whom no grant and no policy holds back."""

import re
from collections.abc import Iterator

import psycopg

from migrations.generate import SCHEMAS
from tests.proof.battery import LEAVING, MATRIX, Desk, statement

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
    "numeric": ("'NaN'", "-1", "0", "0.0000001", "-1000000000", "100.5", "1000000000", "NULL"),
    "boolean": ("true", "false", "NULL"),
    "date": ("'infinity'", "'-infinity'", "'0001-01-01'", "'1900-01-15'", "'2199-01-01'", "NULL"),
    "timestamp with time zone": (
        "'infinity'",
        "'-infinity'",
        "'1900-01-01'",
        "'2100-01-01'",
        "'2199-01-01'",
        "NULL",
    ),
    "bytea": ("''", "'\\x00'", "decode(repeat('00', 9000000), 'hex')", "NULL"),
    "jsonb": ("jsonb_build_array(repeat('x', 70000))", "'[]'", "'1'", "'{}'", "'null'", "NULL"),
    "text[]": ("array_fill('a'::text, ARRAY[101])", "'{}'", "'{a,b}'", "NULL"),
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
        # What was refused once is what is tried again when the rule is gone.
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}

    def triggers(self) -> list[tuple[str, str, str]]:
        """Table, name and function of each trigger that protects."""
        rows = self.admin.execute(
            "SELECT t.tgrelid::regclass::text, t.tgname, t.tgfoid::regproc::text FROM pg_trigger t "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal "
            "AND c.relnamespace::regnamespace::text = ANY (%s) ORDER BY 1, 2",
            (list(SCHEMAS),),
        ).fetchall()
        return [(t, n, f) for t, n, f in rows if not UPKEEP.search(n)]

    def _error(
        self, text: str, *, past_rules: bool = False, alone: tuple[str, str] | None = None
    ) -> psycopg.Error | None:
        """What is refused of a try; with `alone`, by this trigger or CHECK of this table, the only one left."""
        try:
            with self.admin.transaction(force_rollback=True):
                if past_rules:
                    self.admin.execute("SET LOCAL session_replication_role = replica")
                if alone is not None:
                    self._leave_alone(*alone)
                self.admin.execute(statement(text))
                if not past_rules:
                    self.admin.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.Error as error:
            return error
        return None

    def by_trigger(self, table: str, name: str, function: str) -> Iterator[str]:
        """Nothing when the trigger did its work at least once."""
        if "truncate" in name or "never_emptied" in name:
            done = self._is_kept(table, name, function)
        elif name.startswith("erp_log_"):
            done = self._is_told(table, name.removeprefix("erp_log_"))
        elif name == "erp_stamp":
            done = self._is_stamped(table)
        elif name == "app_user_gone":
            done = self._is_out()
        elif (table, name) in EFFECTS:
            done = self._is_done(*EFFECTS[table, name])
        else:
            done = self._is_refused(table, name, function)
        if not done:
            yield f"{table}: {name} lets everything through"

    def _is_refused(self, table: str, name: str, function: str) -> bool:
        """Whether the trigger refuses something; where others are faster, by itself."""
        for alone in (None, (table, name)):
            for text in self._known.get((table, name), self._changes(table, name)):
                error = self._error(text, alone=alone)
                if error is not None and f"function {function}(" in (error.diag.context or ""):
                    self._known[table, name] = (text,)
                    return True
        return False

    def _is_out(self) -> bool:
        """Whether the connections of who is locked end."""
        with self.desk.house.psql(LEAVING, ticket=False) as theirs:
            with self.admin.transaction(force_rollback=True):
                self.admin.execute("UPDATE sec.app_user SET status = 'locked' WHERE login = %s", (LEAVING,))
                self.admin.execute("SET CONSTRAINTS ALL IMMEDIATE")
            try:
                theirs.execute("SELECT 1")
            except psycopg.OperationalError:
                return True
        return False

    def _is_done(self, text: str, question: str) -> bool:
        with self.admin.transaction(force_rollback=True):
            self.admin.execute(statement(text))
            row = self.admin.execute(statement(f"SELECT {question}")).fetchone()
        return row == (True,)

    def _is_kept(self, table: str, trigger: str, function: str) -> bool:
        """Whether TRUNCATE is refused by this trigger: no other one asked, and no table that hangs on this one."""
        try:
            with self.admin.transaction(force_rollback=True):
                hanging = self.admin.execute(
                    "SELECT format('ALTER TABLE %%s DROP CONSTRAINT IF EXISTS %%I', conrelid::regclass, conname) "
                    "FROM pg_constraint WHERE confrelid = %s::regclass AND contype = 'f' AND conparentid = 0",
                    (table,),
                ).fetchall()
                self._leave_alone(table, trigger)
                self.admin.execute(statement("; ".join(away for (away,) in hanging)))
                self.admin.execute(statement(f"TRUNCATE {table}"))
        except psycopg.Error as error:
            return f"function {function}(" in (error.diag.context or "")
        return False

    def _leave_alone(self, table: str, rule: str) -> None:
        """Take away every other rule of the table until the transaction's end; foreign keys as well."""
        rules = self.admin.execute(
            """
            SELECT format('ALTER TABLE %%s DISABLE TRIGGER %%I', tgrelid::regclass, tgname)
              FROM pg_trigger WHERE tgrelid = %(table)s::regclass AND tgname <> %(rule)s
             UNION ALL
            SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I CASCADE', conrelid::regclass, conname)
              FROM pg_constraint WHERE contype IN ('c', 'u') AND conrelid = %(table)s::regclass AND conname <> %(rule)s
             UNION ALL
            SELECT format('DROP INDEX %%s', indexrelid::regclass) FROM pg_index
             WHERE indrelid = %(table)s::regclass AND indisunique AND NOT indisprimary
               AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = indexrelid)
            """,
            {"table": table, "rule": rule},
        ).fetchall()
        self.admin.execute(statement("; ".join(away for (away,) in rules)))

    def _is_told(self, table: str, event: str) -> bool:
        with self.admin.transaction(force_rollback=True):
            self._leave_alone(table, f"erp_log_{event}")
            before = self._entries(table)
            column = self._make(table)
            if event == "update":
                self.admin.execute(
                    statement(f"UPDATE {table} SET {self._change(table)} WHERE {column} = {_KEY}")
                )
            elif event == "delete":
                self.admin.execute(statement(f"DELETE FROM {table} WHERE {column} = {_KEY}"))
            return self._entries(table) > before

    def _is_stamped(self, table: str) -> bool:
        with self.admin.transaction(force_rollback=True):
            self._leave_alone(table, "erp_stamp")
            column = self._make(table)
            new = self.admin.execute(
                statement(
                    f"UPDATE {table} SET {self._change(table)} WHERE {column} = {_KEY} RETURNING row_version"
                )
            ).fetchone()
            return new is not None and new[0] == 8

    def _entries(self, table: str) -> int:
        row = self.admin.execute(
            "SELECT count(*) FROM audit.entry WHERE table_name = %s", (table,)
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _make(self, table: str) -> str:
        """A row with something in every column; answers the name of its key."""
        keys = self.desk.relations[table].key
        column = keys[0] if len(keys) == 1 else "id"
        values = {
            name: _KEY if name == column else DUMMY.get(kind, f"(NULL::{kind})")
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
        events = self._events(table, name)
        if "DELETE" in events:
            for order in ("ASC", "DESC"):
                yield f"DELETE FROM {table} WHERE {rows.format(order)}"
        if table not in self.desk.relations:
            yield f"UPDATE {table} SET id = id WHERE {rows.format('ASC')}"
            return
        if "INSERT" in events:
            plain = ", ".join(f'"{column}"' for column in self.desk.relations[table].plain)
            yield f"INSERT INTO {table} ({plain}) SELECT {plain} FROM {table} LIMIT 1"
        for column, kind, generated in self._columns[table] if "UPDATE" in events else ():
            if generated or column in ("row_version", "created_at", "created_by", "updated_at", "updated_by"):
                continue
            for value in VALUES.get(ALIKE.get(kind, kind), ()):
                yield f'UPDATE {table} SET "{column}" = {value} WHERE {rows.format("ASC")}'

    def _events(self, table: str, trigger: str) -> str:
        """What the trigger is about: the beginning of its definition."""
        row = self.admin.execute(
            "SELECT split_part(pg_get_triggerdef(oid), ' ON ', 1) FROM pg_trigger "
            "WHERE tgrelid = %s::regclass AND tgname = %s",
            (table, trigger),
        ).fetchone()
        assert row is not None
        return str(row[0])

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
        for alone in (None, (table, name)):
            for text in self._known.get((table, name), self._against(table, definition)):
                error = self._error(text, past_rules=True, alone=alone)
                if isinstance(error, psycopg.errors.CheckViolation) and error.diag.constraint_name == name:
                    self._known[table, name] = (text,)
                    return
        yield f"{table}: {name} refuses nothing"

    def _against(self, table: str, definition: str) -> Iterator[str]:
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
            some = (
                f"WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} ORDER BY ctid LIMIT 5) "
                f"|| ARRAY(SELECT ctid FROM {table} ORDER BY ctid DESC LIMIT 5))"
            )
            for column, values in choices:
                for value in values:
                    yield f'UPDATE {table} SET "{column}" = {value} {some}'
            for place, (one, first) in enumerate(choices):
                for two, second in choices[place + 1 :]:
                    for a in first:
                        for b in second:
                            yield f'UPDATE {table} SET "{one}" = {a}, "{two}" = {b} {some}'
            return
        listed = {c: DUMMY.get(k, "NULL") for c, k, _ in others}
        names = ", ".join(f'"{c}"' for c in listed)
        into = f"INSERT INTO {table} ({names}) OVERRIDING SYSTEM VALUE VALUES"
        for column, values in choices:
            for value in values:
                yield f"{into} ({', '.join((listed | {column: value}).values())})"


_KEY = "-77"
# A bigint may have to be unique: the number of a record that nobody has a row about yet.
DUMMY = {
    "bigint": "70007", "integer": "7", "smallint": "7", "numeric": "7", "text": "'x'", "character varying": "'x'",
    "boolean": "true", "date": "'2026-01-01'", "timestamp with time zone": "now()", "time without time zone": "'10:00'",
    "jsonb": "'{}'", "bytea": "'\\x00'", "uuid": "gen_random_uuid()", "text[]": "'{}'", "bigint[]": "'{}'",
    "inet": "'127.0.0.1'", "cidr": "'127.0.0.0/8'", "xid8": "pg_current_xact_id()", "tsvector": "''",
}  # fmt: skip
# Short enough for every column, and where a number has to be unique, one that is not there yet.
CHANGED = {
    "text": "'y'", "character varying": "'y'", "numeric": "3", "integer": "70003", "bigint": "70003",
    "smallint": "30003", "boolean": "false", "date": "'2027-01-01'", "timestamp with time zone": "'2027-01-01'",
    "jsonb": "'[1]'",
}  # fmt: skip
_NO_RATE = """UPDATE {0} SET currency = 'CHF' WHERE state = 'draft';
UPDATE {0} SET state = '{1}' WHERE state = 'draft'"""
SPECIAL: dict[tuple[str, str], tuple[str, ...]] = {
    ("engineering.bom_line", "bom_line_no_cycle_insert"): (
        """INSERT INTO engineering.bom (product_id, version, valid_from)
           SELECT product_id, 99, '2099-01-01' FROM engineering.bom LIMIT 1;
           INSERT INTO engineering.bom_line (bom_id, position, product_id, qty)
           SELECT id, 1, product_id, 1 FROM engineering.bom WHERE version = 99""",
    ),
    ("system.note", "note_2_seen"): (
        "INSERT INTO system.note (topic, record_id, body) VALUES ('partners.partner', -1, 'proof')",
    ),
    ("sales.quote", "currency"): (_NO_RATE.format("sales.quote", "issued"),),
    ("sales.sales_order", "currency"): (_NO_RATE.format("sales.sales_order", "confirmed"),),
}
# They refuse nothing: what is done, and what must be true afterwards.
EFFECTS: dict[tuple[str, str], tuple[str, str]] = {
    ("legacy.server", "server_moves"): (
        "UPDATE legacy.server SET base_url = 'http://127.0.0.1:2'",
        "NOT EXISTS (SELECT FROM legacy.server_secret)",
    ),
    ("documents.attachment_version", "version_gone"): (
        "DELETE FROM documents.attachment_version",
        "NOT EXISTS (SELECT FROM documents.content WHERE bytes = convert_to('proof 1', 'UTF8'))",
    ),
    ("purchasing.purchase_invoice", "received"): (
        """UPDATE purchasing.purchase_invoice
              SET received_id = (SELECT min(id) FROM purchasing.received WHERE state = 'new')
            WHERE id = (SELECT min(id) FROM purchasing.purchase_invoice WHERE state = 'draft')""",
        """EXISTS (SELECT FROM purchasing.purchase_invoice i JOIN purchasing.received r ON r.id = i.received_id
                    WHERE i.state = 'draft' AND r.state = 'matched')""",
    ),
    ("partners.partner", "partner_terms"): (
        "INSERT INTO partners.partner (number, name, is_customer) VALUES ('PROOF', 'Proof', true)",
        "EXISTS (SELECT FROM partners.partner WHERE number = 'PROOF' AND price_list_id IS NOT NULL)",
    ),
    ("catalog.product_image", "product_image_removed"): (
        """INSERT INTO catalog.product_image (product_id, is_primary, mime, content, thumbnail)
           SELECT product_id, false, mime, content, thumbnail FROM catalog.product_image
            WHERE is_primary ORDER BY id LIMIT 1;
           DELETE FROM catalog.product_image WHERE id = (SELECT min(id) FROM catalog.product_image WHERE is_primary)""",
        "(SELECT is_primary FROM catalog.product_image ORDER BY id DESC LIMIT 1)",
    ),
    ("sec.policy", "policy_registration"): (
        "UPDATE sec.policy SET registration_open = false, reset_by_mail = false",
        "NOT rolcanlogin FROM pg_roles WHERE rolname = 's_register'",
    ),
    ("system.note", "note_1_kept"): (
        """INSERT INTO system.note (topic, record_id, body)
           SELECT 'partners.partner', max(id), 'proof' FROM partners.partner""",
        "xmax::text = pg_current_xact_id()::text FROM partners.partner ORDER BY id DESC LIMIT 1",
    ),
}
