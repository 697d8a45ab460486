"""Looks through a whole copy for values of the original that lead to somebody, and for references that lead nowhere."""

from collections.abc import Iterator
from typing import Any, Final

import psycopg
from psycopg import sql

from app.services.sanitise.register import TELLING, Register
from app.services.sanitise.traces import Traces

PERSONAL: Final = frozenset((*TELLING, "json", "row"))


def leaks(copy: psycopg.Connection[Any], register: Register, traces: Traces) -> list[str]:
    """Where a value was found again, as `schema.table.column`, with its first letters; an empty list is good.

    Every column that can hold a text is looked through, binary ones as well.
    """
    found: dict[str, str] = {}
    for table, name, value in _cells(copy):
        entry = register.tables.get(table)
        if f"{table}.{name}" not in found:
            named = entry is None or entry.columns.get(name) not in ("keep", "scrub", "made")
            if (leak := next(traces.found(value, weak=named), None)) is not None:
                found[f"{table}.{name}"] = f"{table}.{name}: {leak[:3]}…"
    return list(found.values())


def found_in(connection: psycopg.Connection[Any], traces: Traces) -> set[str]:
    """Which of the values occur somewhere in this database."""
    return {value for _table, _name, text in _cells(connection) for value in traces.found(text, weak=True)}


def _cells(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, str, str]]:
    """Table, column and text of everything there is."""
    for table, names, binary in connection.execute(_TABLES).fetchall():
        query = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(
            sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(*table.split("."))
        )
        with connection.cursor() as cursor, cursor.copy(query) as lines:
            for line in lines.rows():
                for name, value in zip(names, line, strict=True):
                    if value is not None:
                        yield (
                            table,
                            name,
                            bytes.fromhex(value[2:]).decode("utf-8", "replace") if name in binary else value,
                        )


def broken_references(copy: psycopg.Connection[Any]) -> list[str]:
    """Foreign keys of the copy that some row does not meet."""
    found = []
    for name, child, columns, parent, parents in copy.execute(_REFERENCES).fetchall():
        pairs = sql.SQL(" AND ").join(
            sql.SQL("p.{} = c.{}").format(sql.Identifier(there), sql.Identifier(here))
            for here, there in zip(columns, parents, strict=True)
        )
        given = sql.SQL(" AND ").join(
            sql.SQL("c.{} IS NOT NULL").format(sql.Identifier(here)) for here in columns
        )
        row = copy.execute(
            sql.SQL("SELECT count(*) FROM {} c WHERE {} AND NOT EXISTS (SELECT FROM {} p WHERE {})").format(
                sql.Identifier(*child.split(".")), given, sql.Identifier(*parent.split(".")), pairs
            )
        ).fetchone()
        if row and row[0]:
            found.append(f"{name}: {row[0]} rows of {child} without {parent}")
    return found


_TABLES: Final = """SELECT n.nspname || '.' || c.relname, array_agg(a.attname::text ORDER BY a.attnum),
 coalesce(array_agg(a.attname::text) FILTER (WHERE a.atttypid = 'bytea'::regtype), '{}')
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 JOIN pg_catalog.pg_type y ON y.oid = a.atttypid AND y.typcategory NOT IN ('N', 'D', 'B')
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema$)'
 GROUP BY 1 ORDER BY 1"""
_REFERENCES: Final = """SELECT k.conname::text, cn.nspname || '.' || c.relname,
 (SELECT array_agg(a.attname::text ORDER BY u.ord) FROM unnest(k.conkey) WITH ORDINALITY u (num, ord)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num),
 pn.nspname || '.' || p.relname,
 (SELECT array_agg(a.attname::text ORDER BY u.ord) FROM unnest(k.confkey) WITH ORDINALITY u (num, ord)
   JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num)
 FROM pg_catalog.pg_constraint k
 JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = c.relnamespace
 JOIN pg_catalog.pg_class p ON p.oid = k.confrelid JOIN pg_catalog.pg_namespace pn ON pn.oid = p.relnamespace
 WHERE k.contype = 'f' AND NOT c.relispartition ORDER BY 2, 1"""
