"""Mutation run: every protection is taken away in turn, and the executed proofs must notice. `werkbank db mutants`.

A mutant is made in a copy of the demo company, tried by real logins with the cheapest proofs that should see it, and
undone. What the comparison of catalogues would see does not count.
"""

import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import psycopg

from app.core import schema
from app.core.embedded import Instance
from app.core.people import DEMO_PEOPLE
from app.services.demo import load
from migrations.generate import SCHEMAS
from tests import conftest
from tests.proof.battery import MATRIX, Desk, badge, statement
from tests.proof.known import HELPERS, LEVERS
from tests.proof.logins import furnish
from tests.proof.refusals import Refusals

Noticed = Callable[[], Iterator[str]]
_ASKING = re.compile(r"PERFORM sec\.require(_session|_ticket|_confirmed)?\([^;]*\);")


@dataclass(frozen=True)
class Mutant:
    """One protection: what takes it away, what puts it back, and who should notice."""

    kind: str
    name: str
    away: str
    back: str
    proofs: tuple[Noticed, ...]


@dataclass
class Tally:
    """What became of the mutants."""

    killed: Counter[str] = field(default_factory=Counter)
    survived: list[Mutant] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """A line for each kind."""
        lost = Counter(mutant.kind for mutant in self.survived)
        for kind in sorted({*self.killed, *lost}):
            made = self.killed[kind] + lost[kind]
            yield f"{kind:<12}{self.killed[kind]:>6} of {made:>4} noticed ({100 * self.killed[kind] / made:.1f} %)"


def every(desk: Desk, refusals: Refusals) -> Iterator[Mutant]:
    """All mutants of a furnished house."""
    yield from policies(desk)
    yield from widened(desk)
    yield from asking(desk)
    yield from grants(desk)
    yield from levers(desk)
    yield from triggers(desk, refusals)
    yield from checks(desk, refusals)


def policies(desk: Desk) -> Iterator[Mutant]:
    """Each policy dropped."""
    for table, name, create in _policies(desk):
        yield Mutant(
            "policy",
            f"{table}.{name}",
            f"DROP POLICY {name} ON {table}",
            create,
            _of_table(desk, table, name),
        )


def widened(desk: Desk) -> Iterator[Mutant]:
    """Each condition of a policy replaced by true."""
    for table, name, create in _policies(desk):
        for word in ("USING", "WITH CHECK"):
            if f" {word} (true)" in create or f" {word} (" not in create:
                continue
            if (table, name) in (EQUIVALENT if word == "WITH CHECK" else EQUIVALENT_USING):
                continue
            yield Mutant(
                "condition",
                f"{table}.{name} {word.lower()}",
                f"ALTER POLICY {name} ON {table} {word} (true)",
                f"DROP POLICY {name} ON {table}; {create}",
                _of_table(desk, table, name),
            )


# The column that the condition is about is not the caller's to write, so its check says what its default says.
EQUIVALENT = frozenset(
    [
        ("engineering.bom", "edit"),
        ("sales.quote", "add"),
        ("sales.quote", "edit"),
        ("sales.sales_order", "edit"),
        ("system.note", "edit"),
        ("inventory.place", "edit"),
    ]
)
# Who may edit a place sees it first, and only those of his warehouses.
EQUIVALENT_USING = frozenset([("inventory.place", "edit")])
# The next line asks for the session as well.
ASKED_TWICE = frozenset(
    f"sec.{name}"
    for name in (
        "my_details",
        "my_details_set",
        "my_security",
        "pin_change",
        "my_keys",
        "data_key_create",
        "data_key_share",
    )
)


def _policies(desk: Desk) -> list[tuple[str, str, str]]:
    return [
        (row[0], row[1], row[2])
        for row in desk.admin.execute(
            """
            SELECT polrelid::regclass::text, quote_ident(polname),
                   format('CREATE POLICY %%I ON %%s AS %%s FOR %%s TO %%s', polname, polrelid::regclass,
                          CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                          CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'
                               ELSE 'ALL' END,
                          (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
                             FROM unnest(polroles) r))
                   || coalesce(' USING (' || pg_get_expr(polqual, polrelid) || ')', '')
                   || coalesce(' WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')', '')
              FROM pg_policy ORDER BY 1, 2
            """.replace("%%", "%")
        ).fetchall()
    ]


def _of_table(desk: Desk, table: str, policy: str) -> tuple[Noticed, ...]:
    if policy == "gate":
        return (partial(desk.gate, table),)
    if policy in ("api", "own", "trail"):
        return (partial(desk.own_functions, table),)
    if policy == "readers":
        return (partial(desk.looked_up, table),)
    if policy == "read_at_device":
        return (partial(desk.at_device, table),)
    return (partial(desk.reads, table), partial(desk.writes, table), partial(desk.scoped, table))


def asking(desk: Desk) -> Iterator[Mutant]:
    """Each question for right, ticket or confirmation taken out of its function."""
    rows = desk.admin.execute(
        "SELECT p.pronamespace::regnamespace || '.' || p.proname, pg_get_functiondef(p.oid) FROM pg_proc p "
        "WHERE p.pronamespace::regnamespace::text = ANY (%s) AND p.prosrc ~ 'PERFORM sec.require' AND p.prokind = 'f' "
        "AND p.proname <> 'fail_session' ORDER BY 1",
        (list(SCHEMAS),),
    ).fetchall()
    for name, source in rows:
        for number, found in enumerate(_ASKING.finditer(source)):
            kind = "confirm" if found[1] == "_confirmed" else "require"
            if name in ASKED_TWICE and found[1] == "_session":
                continue
            if kind == "confirm":
                proof: Noticed = partial(desk.confirms, name)
            else:
                proof = partial(desk.asks_for_another if name in HELPERS else desk.asks, name)
            yield Mutant(
                kind,
                f"{name} {found[0][8:-1]}" + (f" ({number})" if number else ""),
                source[: found.start()] + "NULL;" + source[found.end() :],
                source,
                (proof,),
            )


def grants(desk: Desk) -> Iterator[Mutant]:
    """What REVOKE keeps from people: internal functions, and more of a table than its matrix line says."""
    signatures = dict(
        desk.admin.execute(
            "SELECT p.pronamespace::regnamespace || '.' || p.proname, p.oid::regprocedure::text FROM pg_proc p "
            "WHERE p.pronamespace::regnamespace::text = ANY (%s) AND p.prorettype <> 'trigger'::regtype",
            (list(SCHEMAS),),
        ).fetchall()
    )
    for name in sorted(desk.catalogue.functions):
        if name in MATRIX.functions and any(not g.startswith("erp_") for g in MATRIX.functions[name]):
            continue
        if {"erp_user", "erp_guest"} & set(MATRIX.functions.get(name, ())) or name == "api.discard_draft":
            continue
        yield Mutant(
            "revoke",
            f"{name}()",
            f"GRANT EXECUTE ON FUNCTION {signatures[name]} TO r_viewer",
            f"REVOKE EXECUTE ON FUNCTION {signatures[name]} FROM r_viewer",
            (partial(desk.closed, name),),
        )
    for table in desk.catalogue.tables:
        for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
            line = MATRIX.tables[table]
            if verb == "SELECT" and line.select and "viewer" in line.select.roles:
                continue
            if verb == "INSERT" and line.insert and "viewer" in line.insert.roles:
                continue
            proof: Noticed = partial(desk.hidden if verb == "SELECT" else desk.tampered, table)
            yield Mutant(
                "revoke",
                f"{verb} ON {table}",
                f"GRANT {verb} ON {table} TO r_viewer",
                f"REVOKE {verb} ON {table} FROM r_viewer",
                (proof,),
            )


def levers(desk: Desk) -> Iterator[Mutant]:
    """What the lock-down takes from everybody."""
    name = desk.admin.info.dbname
    for what, whom in (
        (f"TEMP ON DATABASE {name}", "PUBLIC"),
        (f"CREATE ON DATABASE {name}", "PUBLIC"),
        ("USAGE ON LANGUAGE plpgsql", "PUBLIC"),
        ("CREATE, USAGE ON SCHEMA public", "PUBLIC"),
        ("CREATE ON SCHEMA sales", "erp_user"),
        ("CREATE ON SCHEMA sec", "erp_user"),
        ("EXECUTE ON FUNCTION pg_advisory_lock(bigint)", "PUBLIC"),
        ("EXECUTE ON FUNCTION pg_advisory_lock(int, int)", "PUBLIC"),
        ("EXECUTE ON FUNCTION pg_advisory_xact_lock(bigint)", "PUBLIC"),
        ("EXECUTE ON FUNCTION pg_advisory_lock_shared(bigint)", "PUBLIC"),
        ("EXECUTE ON FUNCTION pg_try_advisory_lock(bigint)", "PUBLIC"),
        ("EXECUTE ON FUNCTION lo_create(oid)", "PUBLIC"),
        ("EXECUTE ON FUNCTION lo_creat(int)", "PUBLIC"),
        ("EXECUTE ON FUNCTION lo_from_bytea(oid, bytea)", "PUBLIC"),
        ("SELECT (rolpassword) ON pg_authid", "PUBLIC"),
    ):
        yield Mutant("revoke", what, f"GRANT {what} TO {whom}", f"REVOKE {what} FROM {whom}", (desk.levers,))
    assert len(LEVERS) > 20


def triggers(desk: Desk, refusals: Refusals) -> Iterator[Mutant]:
    """Each trigger that refuses or records switched off."""
    for table, name, function in refusals.triggers():
        yield Mutant(
            "trigger",
            f"{table}.{name}",
            f"ALTER TABLE {table} DISABLE TRIGGER {name}",
            f"ALTER TABLE {table} ENABLE TRIGGER {name}",
            (partial(refusals.by_trigger, table, name, function),),
        )


def checks(desk: Desk, refusals: Refusals) -> Iterator[Mutant]:
    """Each CHECK dropped."""
    rows = desk.admin.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE contype = 'c' AND conrelid <> 0 AND connamespace::regnamespace::text = ANY (%s) AND NOT EXISTS "
        "(SELECT FROM pg_class c WHERE c.oid = conrelid AND c.relispartition) ORDER BY 1, 2",
        (list(SCHEMAS),),
    ).fetchall()
    for table, name, definition in rows:
        yield Mutant(
            "check",
            f"{table}.{name}",
            f"ALTER TABLE {table} DROP CONSTRAINT {name}",
            f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}",
            (partial(refusals.by_check, table, name, definition),),
        )


def survives(desk: Desk, mutant: Mutant) -> bool:
    """Make the mutant, ask the proofs, undo it."""
    desk.admin.execute(statement(mutant.away))
    try:
        return all(next(iter(proof()), None) is None for proof in mutant.proofs)
    finally:
        desk.admin.execute(statement(mutant.back))


@contextmanager
def house() -> Iterator[Desk]:
    """A server of its own with the demo company and every kind of login; gone afterwards."""
    own = Instance("mutants").ensure()
    try:
        with psycopg.connect(own.admin_dsn("postgres"), autocommit=True) as admin:
            for setting in ("fsync = off", "full_page_writes = off", "max_connections = 200"):
                admin.execute(statement(f"ALTER SYSTEM SET {setting}"))
        own.stop()
        own.start()
        address = schema.init(own.admin_dsn("postgres"), "mutants")
        conftest._fill_template(address)
        load.ensure(address, {person.login: conftest.PASSWORD for person in DEMO_PEOPLE})
        with psycopg.connect(address, autocommit=True) as admin:
            badge(admin)
        with Desk(furnish(address)) as desk:
            yield desk
    finally:
        own.remove()
        shutil.rmtree(conftest._HOME, ignore_errors=True)


def chosen(desk: Desk, refusals: Refusals, sample: int) -> list[Mutant]:
    """All mutants, or a sample that has some of every kind."""
    found = list(every(desk, refusals))
    if not sample or sample >= len(found):
        return found
    dice = random.Random()  # noqa: S311  (another sample each time)
    kinds = sorted({mutant.kind for mutant in found})
    picked = [dice.choice([m for m in found if m.kind == kind]) for kind in kinds]
    return (picked + dice.sample(found, sample))[:sample]


def run(desk: Desk, sample: int = 0) -> Tally:
    """Try mutants and count; survivors are printed as they are found."""
    refusals = Refusals(desk)
    tally = Tally()
    for mutant in chosen(desk, refusals, sample):
        try:
            survived, why = survives(desk, mutant), ""
        except psycopg.Error as error:  # a proof that cannot be made has noticed nothing
            survived, why = True, f": {error}"
        if survived:
            tally.survived.append(mutant)
            print(f"  survived: {mutant.kind} {mutant.name}{why}", flush=True)
        else:
            tally.killed[mutant.kind] += 1
    return tally


def main(sample: int) -> bool:
    """Print what was noticed and what was not; True when nothing survived."""
    began = time.monotonic()
    with house() as desk:
        tally = run(desk, sample)
    for line in tally.lines():
        print(line)
    print(f"{time.monotonic() - began:.0f} s")
    return not tally.survived
