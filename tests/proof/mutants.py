"""Mutation run: every protection is taken away in turn, and the executed proofs must notice. `werkbank db mutants`.

A mutant is made in a copy of the demo company, tried by real logins with the cheapest proofs that should see it, and
undone. What the comparison of catalogues would see does not count.
"""

import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import psycopg

from app.core.embedded import Instance
from migrations import generate
from migrations.generate import SCHEMAS
from tests import conftest, mould
from tests.proof.battery import AT_DEVICES, MATRIX, Desk, badge, statement
from tests.proof.known import HELPERS, LEVERS
from tests.proof.logins import furnish
from tests.proof.refusals import Refusals

_ASKING = re.compile(r"PERFORM sec\.require(_session|_ticket|_confirmed)?\([^;]*\);")


@dataclass(frozen=True)
class Mutant:
    """One protection: what takes it away, what puts it back, and who should notice."""

    kind: str
    name: str
    away: str
    back: str
    proofs: tuple[partial[Iterator[str]], ...]


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
    yield from alone(desk)
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
# They ask for the right to read a table, by another name than their own.
ASKING_FOR_A_TABLE = frozenset(["catalog.picture_source", "catalog.search_products"])
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


def _of_table(desk: Desk, table: str, policy: str) -> tuple[partial[Iterator[str]], ...]:
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
                proof = partial(desk.confirms, name)
            else:
                proof = partial(desk.asks_for_another if name in HELPERS else desk.asks, name)
            yield Mutant(
                kind,
                f"{name} {found[0][8:-1]}" + (f" ({number})" if number else ""),
                source[: found.start()] + "NULL;" + source[found.end() :],
                source,
                (proof,),
            )


def alone(desk: Desk) -> Iterator[Mutant]:
    """A terminal that could do each of its functions with nobody signed on."""
    for name in AT_DEVICES:
        if name not in MATRIX.alone and name not in ASKING_FOR_A_TABLE:
            more = replace(MATRIX, alone=(*MATRIX.alone, name))
            proofs = (partial(desk.alone, name),)
            yield Mutant("alone", name, generate.alone_sql(more), generate.alone_sql(MATRIX), proofs)


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
            proof = partial(desk.hidden if verb == "SELECT" else desk.tampered, table)
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
        yield Mutant(
            "revoke", what, f"GRANT {what} TO {whom}", f"REVOKE {what} FROM {whom}", (partial(desk.levers),)
        )
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


class Trial:
    """Makes mutants, asks the proofs, undoes them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._before: dict[tuple[object, ...], str | None] = {}

    def survives(self, mutant: Mutant) -> str | None:
        """Why nobody noticed this mutant; None when somebody did."""
        complaints = [found for proof in mutant.proofs if (found := self._complaint(proof)) is not None]
        if complaints:  # what complains anyway has noticed nothing
            return f": said without it, too: {complaints[0]}"
        self._desk.admin.execute(statement(mutant.away))
        try:
            quiet = all(next(iter(proof()), None) is None for proof in mutant.proofs)
        except psycopg.Error as error:  # a proof that cannot be made has noticed nothing
            return f": {error}"
        finally:
            self._desk.admin.execute(statement(mutant.back))
        return "" if quiet else None

    def _complaint(self, proof: partial[Iterator[str]]) -> str | None:
        """What a proof says while every protection is in place; asked once of each."""
        key = (proof.func.__name__, *proof.args)
        if key not in self._before:
            try:
                self._before[key] = next(iter(proof()), None)
            except psycopg.Error as error:
                self._before[key] = str(error)
        return self._before[key]


@contextmanager
def house() -> Iterator[Desk]:
    """A server of its own with the demo company and every kind of login; gone afterwards."""
    own = Instance("mutants")
    try:
        address = mould.company(own.name).admin_dsn(mould.DEMO)
        with psycopg.connect(address, autocommit=True) as admin:
            badge(admin)
        with Desk(furnish(address)) as desk:
            yield desk
    finally:
        own.remove()
        shutil.rmtree(conftest._HOME, ignore_errors=True)


def chosen(desk: Desk, refusals: Refusals, sample: int, seed: int) -> list[Mutant]:
    """All mutants, or a sample that has some of every kind; the same one for the same seed."""
    found = list(every(desk, refusals))
    if not sample or sample >= len(found):
        return found
    dice = random.Random(seed)  # noqa: S311  (no secret)
    kinds = sorted({mutant.kind for mutant in found})
    picked = [dice.choice([m for m in found if m.kind == kind]) for kind in kinds]
    return (picked + dice.sample(found, sample))[:sample]


def run(desk: Desk, sample: int, seed: int) -> Tally:
    """Try mutants and count; survivors are printed as they are found."""
    refusals = Refusals(desk)
    tally, trial = Tally(), Trial(desk)
    for mutant in chosen(desk, refusals, sample, seed):
        if (why := trial.survives(mutant)) is not None:
            tally.survived.append(mutant)
            print(f"  survived: {mutant.kind} {mutant.name}{why}", flush=True)
        else:
            tally.killed[mutant.kind] += 1
    return tally


def new_seed() -> int:
    """Another sample each time, and one that can be asked for again."""
    return random.SystemRandom().randrange(10**6)


def main(sample: int, seed: int | None) -> bool:
    """Print what was noticed and what was not; True when nothing survived."""
    began = time.monotonic()
    seed = new_seed() if seed is None else seed
    if sample:
        print(f"--sample {sample} --seed {seed}")
    with house() as desk:
        tally = run(desk, sample, seed)
    for line in tally.lines():
        print(line)
    print(f"{time.monotonic() - began:.0f} s")
    return not tally.survived
