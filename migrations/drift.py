"""Compares a database with what it should be: its catalogue as lines of text, lints, consistency queries."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg

from migrations import derived, rights
from migrations.generate import SCHEMAS

HERE = Path(__file__).parent
Connection = psycopg.Connection[Any]


def snapshot(connection: Connection) -> frozenset[str]:
    """Structure, code and rights of our schemas, one line per fact, without anything that differs by chance."""
    connection.execute("SET LOCAL search_path = pg_catalog")
    rows = connection.execute(
        (HERE / "sql" / "snapshot.sql").read_text("utf-8"),
        {"schemas": list(SCHEMAS)},
    ).fetchall()
    return frozenset(row[0] for row in rows)


def differences(wanted: frozenset[str], found: frozenset[str]) -> list[str]:
    """What is missing (−) and what should not be there (+)."""
    return [f"− {line}" for line in sorted(wanted - found)] + [f"+ {line}" for line in sorted(found - wanted)]


def run_queries(connection: Connection, folder: str) -> Iterator[tuple[str, str]]:
    """Run `sql/<folder>/*.sql`; every row of every query is a finding."""
    for path in sorted((HERE / "sql" / folder).glob("*.sql")):
        for row in connection.execute(path.read_text("utf-8")).fetchall():
            yield path.stem, " ".join(str(value) for value in row)


def matrix_gaps(connection: Connection) -> list[str]:
    """Objects without a line in the matrix, and lines without an object."""
    matrix = rights.load()
    relations = {relation.name: relation for relation in derived.read_relations(connection)}
    functions = {f"{f.schema}.{f.name}" for f in derived.read_functions(connection)}
    gaps = [f"{name} has no line in the matrix" for name in relations if name not in matrix.tables]
    gaps += [
        f"the matrix names {name}, which does not exist" for name in matrix.tables if name not in relations
    ]
    gaps += [
        f"the matrix names {name}(), which does not exist"
        for name in matrix.functions
        if name not in functions
    ]
    for name, line in matrix.tables.items():
        for word, verb in (("insert", line.insert), ("update", line.update)):
            if verb is None or name not in relations:
                continue
            for column in set(verb.columns.names) - {c.name for c in relations[name].columns}:
                gaps.append(f"{name}:{word} names the column {column}, which does not exist")
            gaps += [
                f"{name}:{word} for {role}: devices write through functions only"
                for role in verb.roles
                if matrix.roles[role].holder == "device"
            ]
            blind = set(verb.roles) - set(line.select.roles if line.select else ())
            if blind:
                gaps.append(f"{name}:{word} for {sorted(blind)}, who may not select what they wrote")
    return gaps
