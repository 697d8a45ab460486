"""Executed proofs, object by object: what real logins get when they try. Each answers in words what is not as promised.

What is expected comes from the rights matrix and the models, never from the database that is asked.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import cached_property
from types import TracebackType
from typing import Any, Self

import psycopg
from psycopg import sql

from migrations import derived, generate, rights
from migrations.generate import Relation
from tests.conftest import PASSWORD, ROLES
from tests.db.forgery import REFUSALS, Catalogue, on_tables
from tests.proof.known import AT_MACHINES, BRANCHES, CRITICAL, ENROLMENT, HELPERS, LEVERS, TICKET_ONLY
from tests.proof.logins import House, Raw

MATRIX = rights.load()
AT_DEVICES = sorted(
    name for name, roles in MATRIX.functions.items() if "terminal" in roles and not name.startswith("sec.")
)
BORROWED = "u_borrowed"
LAPSED = "u_nobody"
SCOPED = "u_scoped"
ENROLLING = "u_enrolling"
LEAVING = "u_leaving"
# Membership of these is what no login may ever have: the proof is that even it opens nothing without a ticket.
HANDS = ("erp_api", "erp_audit")
_OWNED = "owner = session_user"


def statement(text: str) -> sql.SQL:
    """A statement made of names the catalogue knows."""
    return sql.SQL(text)


def outcome(connection: Raw, text: str, values: tuple[Any, ...] = ()) -> tuple[str, str]:
    """SQLSTATE and key of what came of a statement that leaves nothing behind; ('', 'n rows') when it went through."""
    try:
        with connection.transaction(force_rollback=True):
            done = connection.execute(statement(text), values or None)
    except psycopg.Error as error:
        return error.sqlstate or "?", error.diag.constraint_name or str(error)
    return "", f"{done.rowcount} rows"


class Desk:
    """Open connections of every login the proofs need, on a furnished house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self._stack = ExitStack()
        self._open: dict[tuple[str, bool], Raw] = {}
        self._said: dict[str, tuple[str, ...]] = {}
        self.admin: Raw = self._stack.enter_context(psycopg.connect(house.address, autocommit=True))
        self.lent: Raw = self._stack.enter_context(psycopg.connect(house.address, autocommit=True))

    def __enter__(self) -> Self:
        option = " WITH INHERIT TRUE, SET TRUE" if self.admin.info.server_version >= 160000 else ""
        self.admin.execute("SELECT sec.user_create(%s, 'Borrowed Hands', %s, '{}')", (BORROWED, PASSWORD))
        self.admin.execute(
            "SELECT sec.user_create(%s, 'Scoped', %s, '{warehouse_clerk}', p_warehouses => ARRAY[max(id)]) "
            "FROM inventory.warehouse",
            (SCOPED, PASSWORD),
        )
        self.admin.execute("SELECT sec.user_create(%s, 'Enrolling', %s, '{viewer}')", (ENROLLING, PASSWORD))
        self.admin.execute("SELECT sec.user_create(%s, 'Leaving', %s, '{}')", (LEAVING, PASSWORD))
        self.psql(ENROLLING)
        self.admin.execute("UPDATE sec.session SET assurance = 'enrol' WHERE login = %s", (ENROLLING,))
        self.psql(SCOPED)
        bare, lent = self.psql(LAPSED, ticket=False), self.psql(BORROWED, ticket=False)
        assert bare.info.user == LAPSED
        assert lent.info.user == BORROWED
        self.psql(LAPSED)
        # After signing in, since that puts memberships right.
        for role in ROLES:
            self.admin.execute(statement(f"GRANT r_{role} TO {LAPSED}"))
        for hand in HANDS:
            self.admin.execute(statement(f"GRANT {hand} TO {BORROWED}{option}"))
        for right in self._scoped_rights():
            self.admin.execute(statement(f'GRANT "p_{right}" TO {SCOPED}'))
        self._fill()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for role in ROLES:
            self.admin.execute(statement(f"REVOKE r_{role} FROM {LAPSED}"))
        for hand in HANDS:
            self.admin.execute(statement(f"REVOKE {hand} FROM {BORROWED}"))
        for right in self._scoped_rights():
            self.admin.execute(statement(f'REVOKE "p_{right}" FROM {SCOPED}'))
        self._stack.close()

    def _scoped_rights(self) -> list[str]:
        """Rights on tables with warehouses, one by one as a role of the house's own has them, for a scoped person."""
        return [
            f"{line.name}:{word}"
            for line in MATRIX.tables.values()
            for word in ("select", "insert", "update")
            if line.scope and getattr(line, word)
        ]

    def psql(self, who: str, *, ticket: bool = True) -> Raw:
        """The login's connection, opened when it is first asked for."""
        if (who, ticket) not in self._open:
            self._open[who, ticket] = self._stack.enter_context(self.house.psql(who, ticket=ticket))
        return self._open[who, ticket]

    def _fill(self) -> None:
        """A row at least in what only time would fill: months to come, notes of several people."""
        for table in ("entry", "event"):
            for (part,) in self.admin.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass",
                (f"audit.{table}",),
            ).fetchall():
                bounds = self.admin.execute(
                    r"SELECT coalesce(substring(pg_get_expr(relpartbound, oid) FROM $x$FROM \('([^']+)$x$), '1999-1-1')"
                    " FROM pg_class WHERE oid = %s::regclass",
                    (part,),
                ).fetchone()
                self.admin.execute(
                    statement(
                        f"INSERT INTO audit.{table} OVERRIDING SYSTEM VALUE SELECT n.* FROM (SELECT to_jsonb(x) AS old "
                        f"FROM audit.{table} x LIMIT 1) o, jsonb_populate_record(NULL::audit.{table}, o.old || "
                        f"jsonb_build_object('id', -1 - (SELECT count(*) FROM audit.{table}), 'at', %s::text)) n "
                        f"WHERE NOT EXISTS (SELECT FROM {part})"
                    ),
                    bounds,
                )
        self.admin.execute(
            "UPDATE sec.session SET confirmed_at = now() WHERE login = %s",
            (self.psql("administrator").info.user,),
        )
        self.psql("administrator").execute(
            "SELECT sec.role_grant('u_viewer', 'manager', p_reason => 'proof')"
        )
        self.psql("system_administrator").execute(
            "SELECT api.approval_decide(gen_random_uuid(), max(id), 'reject', 'no') FROM system.approval_request"
        )
        self.psql("administrator").execute(
            "SELECT sec.role_grant('u_viewer', 'manager', p_reason => 'proof')"
        )
        self.psql("administrator").execute(
            "SELECT api.approval_delegate_set(gen_random_uuid(), 'u_finance', now(), now() + interval '1 day', 'away')"
        )
        self.admin.execute("SELECT audit.seal()")
        self.admin.execute(
            "INSERT INTO audit.archive (table_name, month, ids, row_count, file, sha256) "
            "VALUES ('audit.entry', '2020-01-01', '{}', 0, 'proof', '')"
        )
        self.admin.execute(
            """INSERT INTO sec.data_key (name, "right", recovery) SELECT 'bank', 'bank_account_reveal', sha256('proof')
                WHERE NOT EXISTS (SELECT FROM sec.data_key WHERE name = 'bank')"""
        )
        self.admin.execute(
            "INSERT INTO partners.bank_account (partner_id, country, last4, data_key_id, mark) "
            "SELECT min(p.id), 'DE', '1234', min(k.id), sha256('mark') FROM partners.partner p, sec.data_key k"
        )
        self.admin.execute(
            "INSERT INTO partners.bank_secret (bank_account_id, holder, iban, bic, bank) SELECT a.id, x, x, x, x "
            "FROM partners.bank_account a, CAST(repeat('x', 50) AS bytea) x"
        )
        for who, topic in (("viewer", "system.company"), ("finance", "purchasing.supplier_price")):
            self.psql(who).execute(
                "INSERT INTO system.note (topic, record_id, body) VALUES (%s, 1, 'proof')", (topic,)
            )

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """Tables by name, as they are before anything is taken away."""
        return {r.name: r for r in derived.read_relations(self.admin) if r.kind != "v"}

    @cached_property
    def catalogue(self) -> Catalogue:
        """Tables and functions with what to call them by."""
        return Catalogue.of(self.admin)

    def count(self, connection: Raw, table: str, where: str = "true") -> int:
        """Rows this connection sees; -1 when it may not even ask."""
        try:
            row = connection.execute(statement(f"SELECT count(*) FROM {table} WHERE {where}")).fetchone()
        except psycopg.errors.InsufficientPrivilege:
            return -1
        assert row is not None
        return int(row[0])

    # -- proofs ------------------------------------------------------------------------------------------

    def gate(self, table: str) -> Iterator[str]:
        """Without a ticket no row, not even with the hands of the database's own functions."""
        part = table not in self.relations
        if part:  # a partition is closed altogether; the gate holds even were it opened by mistake
            self.admin.execute(
                statement(f"CREATE POLICY proof ON {table} FOR SELECT TO erp_audit USING (true)")
            )
        try:
            seen = self.count(self.psql(BORROWED, ticket=False), table)
        finally:
            if part:
                self.admin.execute(statement(f"DROP POLICY proof ON {table}"))
        if seen > 0 and MATRIX.tables.get(table, rights.Table(table)).gated:
            yield f"{table}: {seen} rows without a ticket"

    def own_functions(self, table: str) -> Iterator[str]:
        """The functions' own role sees every row and may write."""
        mine = self.lent
        role = "erp_audit" if table.startswith("audit.") else "erp_api"
        mine.execute(statement(f"SET ROLE {role}"))
        try:
            total, seen = self.count(self.admin, table), self.count(mine, table)
            if seen != total:
                yield f"{table}: {role} sees {seen} of {total} rows"
            state, said = outcome(mine, f"INSERT INTO {table} DEFAULT VALUES")
            if state == "42501":
                yield f"{table}: {role} may not write: {said}"
        finally:
            mine.execute("RESET ROLE")

    def looked_up(self, table: str) -> Iterator[str]:
        """What the platform's functions read of other tables."""
        for reader in MATRIX.tables[table].readers if table in MATRIX.tables else ():
            mine = self.lent
            mine.execute(statement(f"SET ROLE {reader}"))
            seen = self.count(mine, table)
            mine.execute("RESET ROLE")
            if seen < 1:
                yield f"{table}: {reader} sees nothing"

    def reads(self, table: str) -> Iterator[str]:
        """Everybody sees the rows the matrix says, and nobody another one."""
        line = MATRIX.tables[table]
        for role in ROLES:
            mine = self.psql(role)
            may = line.select is not None and not MATRIX.including(role).isdisjoint(line.select.roles)
            seen = self.count(mine, table)
            if not may:
                if seen != -1:
                    yield f"{table}: {role} may ask and sees {seen}"
                continue
            expected = self.count(self.admin, table, self.expected(line, mine))
            if seen != expected:
                yield f"{table}: {role} sees {seen} rows, should see {expected}"

    def scoped(self, table: str) -> Iterator[str]:
        """Who is bound to a warehouse stays there, whatever single rights a role of the house's own carries."""
        line, mine = MATRIX.tables[table], self.psql(SCOPED)
        if not line.scope:
            return
        seen, expected = self.count(mine, table), self.count(self.admin, table, self.expected(line, mine))
        if seen != expected:
            yield f"{table}: a scoped person sees {seen} rows, should see {expected}"
        if line.insert:
            yield from self._adds(mine, table, line)
        if line.update:
            yield from self._edits(mine, table, line)

    def expected(self, line: rights.Table, mine: Raw) -> str:
        """The rows of the matrix's condition for reading, in words that need no ticket."""
        assert line.select is not None
        return self.told(generate._condition(line, line.select), mine)

    def told(self, where: str, mine: Raw) -> str:
        """A condition as this person would answer it: what functions say stands there as lists."""
        tables, warehouses, kinds = self._lists(mine)
        for old, new in (
            ("(SELECT sec.my_tables())", f"ARRAY[{tables}]"),
            (generate.WAREHOUSES, f"(ARRAY[{warehouses}]::bigint[])"),
            ("(SELECT sec.my_warehouses())", f"ARRAY[{warehouses}]"),
            ("(SELECT system.my_approval_kinds('see'))", f"ARRAY[{kinds}]"),
        ):
            where = where.replace(old, new)
        where = re.sub("session_user", f"'{mine.info.user}'", where, flags=re.IGNORECASE)
        for right in set(re.findall(r"\(SELECT sec\.may\('(\w+)'\)\)", where)):
            may = mine.execute("SELECT sec.may(%s)", (right,)).fetchone()
            where = where.replace(f"(SELECT sec.may('{right}'))", str(may is not None and may[0]))
        # What a condition asks of another table, it asks with the person's own eyes.
        for other in set(re.findall(r"(?:FROM|JOIN) (\w+\.\w+) ", where)):
            ids = mine.execute(statement(f"SELECT array_agg(id) FROM {other}")).fetchone()
            listed = ", ".join(map(str, (ids and ids[0]) or [0]))
            seen = f"(SELECT * FROM {other} WHERE id = ANY (ARRAY[{listed}]))"
            where = re.sub(
                rf"(FROM|JOIN) {other} (?=WHERE)", rf"\1 {seen} AS {other.partition('.')[2]} ", where
            )
            where = re.sub(rf"(FROM|JOIN) {other} ", rf"\1 {seen} ", where)
        return where

    def _lists(self, mine: Raw) -> tuple[str, ...]:
        """A person's tables, warehouses and kinds of approvals; they stay what they are."""
        who = mine.info.user
        if who not in self._said:
            lists = mine.execute(
                "SELECT ARRAY(SELECT quote_literal(x) FROM unnest(sec.my_tables()) x), sec.my_warehouses()::text[], "
                "ARRAY(SELECT quote_literal(x) FROM unnest(system.my_approval_kinds('see')) x)"
            ).fetchone()
            assert lists is not None
            self._said[who] = tuple(", ".join(found) for found in lists)
        return self._said[who]

    def at_device(self, table: str) -> Iterator[str]:
        """A terminal sees nothing before somebody has signed on, and then what both may see."""
        line = MATRIX.tables[table]
        if line.select is None or "terminal" not in line.select.roles:
            return
        mine = self.psql("terminal")
        mine.execute("SELECT sec.operator_off(false)")
        if (seen := self.count(mine, table)) > 0:
            yield f"{table}: a terminal without operator sees {seen}"
        mine.execute("SELECT sec.operator_on('P-1', '274951')")
        where = generate._condition(line, line.select)
        row = mine.execute("SELECT sec.my_warehouses()::text[]").fetchone()
        assert row is not None
        where = where.replace(generate.WAREHOUSES, f"(ARRAY[{', '.join(row[0])}]::bigint[])")
        where = where.replace("session_user", f"'{mine.info.user}'")
        where = where.replace("(SELECT sec.may('print_manage'))", "false")  # no device has it
        expected, seen = self.count(self.admin, table, where), self.count(mine, table)
        if seen != expected:
            yield f"{table}: a terminal with operator sees {seen} of {expected}"

    def writes(self, table: str) -> Iterator[str]:
        """Rows can be added and edited by whom the matrix names, and only such rows."""
        line = MATRIX.tables[table]
        for role in ROLES:
            mine = self.psql(role)
            if line.insert and not MATRIX.including(role).isdisjoint(line.insert.roles):
                yield from self._adds(mine, table, line)
            if line.update and not MATRIX.including(role).isdisjoint(line.update.roles):
                yield from self._edits(mine, table, line)

    def _edits(self, mine: Raw, table: str, line: rights.Table) -> Iterator[str]:
        assert line.update is not None
        column = line.update.columns.of(self.relations[table].plain)[0]
        where = self.told(generate._condition(line, line.update), mine)
        readable = self.expected(line, mine) if line.select else "true"
        expected = self.count(self.admin, table, f"({where}) AND ({readable})")
        state, said = outcome(mine, f'UPDATE {table} SET "{column}" = "{column}"')
        # A trigger may refuse a row that the policy gives; then the policy gave it.
        if state == "42501" or (not state and said != f"{expected} rows"):
            yield f"{table}: {mine.info.user} edits {state} {said}, should edit {expected} rows"
        if expected and _OWNED in (line.update.where or ""):
            state, said = outcome(mine, f"UPDATE {table} SET owner = '{LAPSED}'")
            if state != "42501":
                yield f"{table}: {mine.info.user} gives away what was his: {state} {said}"

    def _adds(self, mine: Raw, table: str, line: rights.Table) -> Iterator[str]:
        assert line.insert is not None
        scope = line.scope[0] if line.scope else ""
        columns: dict[str, str] = {}
        if scope:
            columns[scope] = "(SELECT (sec.my_warehouses())[1])"
        if line.insert.where and "topic" in line.insert.where:
            columns["topic"] = "'system.company'"
        given = (
            f"({', '.join(columns)}) SELECT {', '.join(columns.values())}" if columns else "DEFAULT VALUES"
        )
        state, said = outcome(mine, f"INSERT INTO {table} {given}")
        if state == "42501":
            yield f"{table}: {mine.info.user} may not add: {said}"
        if scope:
            state, said = outcome(mine, f"INSERT INTO {table} ({scope}) VALUES (-1)")
            if state != "42501":
                yield f"{table}: {mine.info.user} adds to a warehouse that is not his: {said}"
        if "topic" in columns:
            state, said = outcome(mine, f"INSERT INTO {table} (topic) VALUES ('sec.nothing')")
            if state != "42501":
                yield f"{table}: {mine.info.user} adds a note on what he may not see: {said}"
        if _OWNED in (line.insert.where or ""):
            state, said = outcome(mine, f"INSERT INTO {table} (owner) VALUES ('{LAPSED}')")
            if state != "42501":
                yield f"{table}: {mine.info.user} adds what is somebody else's: {said}"

    def asks(self, name: str) -> Iterator[str]:
        """A function asks for the right (memberships alone are not enough) and for the ticket."""
        call = self.catalogue.functions[name]
        granted = MATRIX.functions.get(name, ())
        if name == "api.discard_draft" or any(role in MATRIX.roles for role in granted):
            if {"terminal", "guard"}.issuperset(r for r in granted if r in MATRIX.roles) and granted:
                return (yield from self._asks_machine(name, call))
            state, said = outcome(self.psql(LAPSED), call)
            if state != "ER403" or said == "confirmation_needed":
                yield f"{name}: without the right: {state} {said}"
        if name == "api.discard_draft" or not {"erp_user", *MATRIX.roles}.isdisjoint(granted):
            state, said = outcome(self.psql(LAPSED, ticket=False), call)
            if state != "ER401":
                yield f"{name}: without a ticket: {state} {said}"
            state, said = outcome(self.psql(ENROLLING), call)
            if name not in ENROLMENT and state not in ("ER401", "42501"):
                yield f"{name}: with a ticket to set up the second factor: {state} {said}"
        for role, branch, key in BRANCHES.get(name, ()):
            state, said = outcome(self.psql(role), branch)
            if (state, said) != ("ER403", key):
                yield f"{name}: {role}: {state} {said}, not {key}"
        return None

    def asks_for_another(self, name: str) -> Iterator[str]:
        """A helper of other functions asks for them."""
        for role, call, key in HELPERS.get(name, ()):
            state, said = outcome(self.psql(role), call)
            if (state, said) != ("ER403", key):
                yield f"{name}: {role}: {state} {said}, not {key}"

    def _asks_machine(self, name: str, call: str) -> Iterator[str]:
        """Functions only machines have: with borrowed membership and no right behind it; by the machine, no ticket."""
        for role in ("terminal", "guard"):
            if role in MATRIX.functions[name]:
                state, said = outcome(self.psql(role, ticket=False), AT_MACHINES.get(name, call))
                if state != "ER401":
                    yield f"{name}: {role} without a ticket: {state} {said}"
        if name in TICKET_ONLY:
            return
        for role in ("terminal", "guard"):
            self.admin.execute(statement(f"GRANT r_{role} TO {LAPSED}"))
        try:
            state, said = outcome(self.psql(LAPSED), call)
            if state != "ER403":
                yield f"{name}: without the right: {state} {said}"
        finally:
            for role in ("terminal", "guard"):
                self.admin.execute(statement(f"REVOKE r_{role} FROM {LAPSED}"))

    def alone(self, name: str) -> Iterator[str]:
        """With nobody signed on a terminal has what the matrix says it does by itself, and not one function more."""
        mine = self.psql("terminal")
        mine.execute("SELECT sec.operator_off(false)")
        state, said = outcome(mine, self.catalogue.functions[name])
        if (state == "ER403") == (name in MATRIX.alone):
            yield f"{name}: a terminal without operator gets {state} {said}"

    def confirms(self, name: str) -> Iterator[str]:
        """What is critical asks again who it is, of whoever may do it."""
        granted = MATRIX.functions.get(name, ())
        who = next((r for r in ("administrator", *ROLES) if r in granted), "system_administrator")
        call = self.catalogue.functions[name].replace("NULL::uuid", "gen_random_uuid()")
        who, call = CRITICAL.get(name, (who, call))
        mine = self.psql(who)
        self.admin.execute("UPDATE sec.session SET confirmed_at = NULL WHERE login = %s", (mine.info.user,))
        state, said = outcome(mine, call)
        if said != "confirmation_needed":
            yield f"{name}: {who}, not confirmed: {state} {said}"

    def hidden(self, table: str) -> Iterator[str]:
        """A table that a viewer may not even ask for."""
        if (seen := self.count(self.psql("viewer"), table)) != -1:
            yield f"{table}: a viewer may ask and sees {seen}"

    def closed(self, name: str) -> Iterator[str]:
        """A function that is other functions' own is nobody's to call."""
        state, said = outcome(self.psql("viewer"), self.catalogue.functions[name])
        # Refused at the door: what the function would be refused inside does not count.
        if state != "42501" or f"permission denied for function {name.partition('.')[2]}" not in said:
            yield f"{name}: a viewer gets {state} {said}"

    def open_to(self, name: str, role: str) -> Iterator[str]:
        """Who has a function may call it."""
        state, said = outcome(self.psql(role), self.catalogue.functions[name])
        if state == "42501":
            yield f"{name}: {role} may not call it: {said}"

    def tampered(self, table: str) -> Iterator[str]:
        """Everything a viewer may try on a table."""
        only = Catalogue({table: self.catalogue.tables[table]}, {})
        for text in on_tables(only):
            state, said = outcome(
                self.psql("viewer"), text
            )  # what gets through must not be gone for the next one
            if state not in REFUSALS:
                yield f"{text}: {state} {said}"
        line = MATRIX.tables.get(table, rights.Table(table))
        if line.insert is None or "viewer" not in line.insert.roles:
            _state, said = outcome(self.psql("viewer"), f"INSERT INTO {table} DEFAULT VALUES")
            if not said.startswith("permission denied for table"):  # not just what a default asks
                yield f"INSERT INTO {table}: {said}"

    def levers(self) -> Iterator[str]:
        """What the server gives everybody unless it is taken away."""
        mine = self.psql("viewer")
        for text in LEVERS:
            state, said = outcome(mine, text)
            if state != "42501":
                yield f"{text}: {state} {said}"
        if self.count(self.psql("guest", ticket=False), "pg_class") < 0:
            yield "a guest cannot connect"


def badge(admin: Raw) -> None:
    """The operator of the terminal's proofs."""
    with suppress(psycopg.Error):
        admin.execute("SELECT sec.badge_set('u_production_operator', 'P-1', '274951')")
