"""The audit trail from outside: its seal, the anchors kept elsewhere, and the archive of old months.

Needs the cluster's administrator; what people may do with the trail stands in `app.services.security.audit`.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

Connection = psycopg.Connection[Any]
BLOCKS = 200  # verified at a time, so that somebody who waits sees it go on
LEAST_YEARS = 8  # German law keeps vouchers eight years and books ten; no policy goes below
TABLES = ("entry", "event")


class TrailError(Exception):
    """Something about the trail cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `verify` found wrong: what, in which block (None: in none), and more about it."""

    finding: str
    block: int | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Archived:
    """A month that was written to a file and taken out of the database."""

    table: str
    month: date
    rows: int
    file: Path


def seal(admin_dsn: str) -> int:
    """Seal whatever waits; returns how many blocks it made."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        return int(_value(connection, "SELECT audit.seal()"))


def anchor(admin_dsn: str, folder: Path) -> Path | None:
    """Write the last block's number and hash into a file of the day; None while there is no seal at all.

    An anchor of the day that is there already stays: it says more than a later one.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        day, name = connection.execute(
            "SELECT (now() AT TIME ZONE 'UTC')::date, current_database()"
        ).fetchone() or (None, "")
        file = folder / f"{name}-{day}.json"
        if file.exists():
            return file
        found = _value(connection, "SELECT audit.anchor()")
        if found is None:
            return None
        folder.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    return file


def read_anchors(folder: Path, dbname: str) -> list[dict[str, Any]]:
    """The anchors of a database in a folder. Raises TrailError for a file that is none."""
    anchors = []
    for file in sorted(folder.glob("*.json")):
        try:
            found = json.loads(file.read_text("utf-8"))
            if found["database"] == dbname:
                anchors.append({name: found[name] for name in ("day", "number", "hash", "database")})
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise TrailError(f"{file} is no anchor") from error
    return anchors


def verify(admin_dsn: str, anchors: Path | None = None) -> Iterator[tuple[int, int, list[Finding]]]:
    """Verify the whole seal piece by piece: blocks done, blocks altogether, findings of the piece.

    Raises TrailError when there is nothing to verify, or a folder of anchors holds none of this database.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        kept = []
        if anchors is not None:
            kept = read_anchors(anchors, connection.info.dbname)
            if not kept:
                raise TrailError(f"{anchors} holds no anchor of {connection.info.dbname}")
        total = _value(connection, "SELECT coalesce(max(number), 0) FROM audit.block")
        if not total:
            raise TrailError("nothing is sealed yet")
        count = 0
        for first in range(1, total + 1, BLOCKS):
            last = None if first + BLOCKS > total else first + BLOCKS - 1
            rows = connection.execute(
                "SELECT finding, block, detail FROM audit.verify(%s, %s, %s) WHERE finding <> 'archived'",
                (first, last, json.dumps(kept)),
            ).fetchall()
            count += len(rows)
            yield last or total, total, [Finding(*row) for row in rows]
        connection.execute("SELECT audit.verified(%s, %s)", (total, count))


def archive(admin_dsn: str, folder: Path) -> Iterator[Archived]:
    """Write the months that are older than the policy demands into files and take them out of the database.

    Each is verified before. Raises TrailError when one is not as it was sealed; it stays then, and so do all after it.
    """
    with psycopg.connect(admin_dsn, autocommit=True) as connection:
        years = max(_value(connection, "SELECT audit_years FROM sec.policy"), LEAST_YEARS)
        folder.mkdir(parents=True, exist_ok=True)
        for table in TABLES:
            for name, month in _months(connection, table, years):
                with connection.transaction():
                    yield _archive_month(connection, folder, table, name, month)


def restore(admin_dsn: str, file: Path) -> Archived:
    """Bring an archived month back, to look into it or to verify it. Raises TrailError for a file that was altered."""
    with psycopg.connect(admin_dsn, autocommit=True) as connection, connection.transaction():
        row = connection.execute(
            "SELECT table_name, month, row_count FROM audit.archive WHERE sha256 = %s AND restored_at IS NULL",
            (_digest(file),),
        ).fetchone()
        if row is None:
            raise TrailError(f"{file} is not what was archived, or its month is back already")
        table, month = row[0].partition(".")[2], row[1]
        connection.execute("SELECT audit.partition_make(%s, %s)", (table, month))
        statement = sql.SQL(
            "INSERT INTO audit.{table} OVERRIDING SYSTEM VALUE "
            "SELECT (jsonb_populate_record(NULL::audit.{table}, %s)).*"
        ).format(table=sql.Identifier(table))
        with gzip.open(file, "rt", encoding="utf-8") as lines, connection.cursor() as cursor:
            next(lines)  # about the file
            cursor.executemany(statement, ((line,) for line in lines))
        connection.execute(
            "UPDATE audit.archive SET restored_at = now() WHERE table_name = %s AND month = %s",
            (row[0], month),
        )
        _tell(connection, "seal_restored", row[0], month, row[2], file)
        return Archived(row[0], month, row[2], file)


def _months(connection: Connection, table: str, years: int) -> list[tuple[str, date]]:
    """Partitions that end before the time everything must be kept for, the oldest first."""
    rows = connection.execute(
        "SELECT c.relname, to_date(right(c.relname, 7), 'YYYY_MM') AS month FROM pg_catalog.pg_inherits i "
        "JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid "
        "WHERE i.inhparent = %s::regclass AND c.relname ~ '_\\d{4}_\\d\\d$' "
        "AND to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month' <= "
        # The period runs from the end of the calendar year, as in commercial law.
        "date_trunc('year', now() AT TIME ZONE 'UTC') - make_interval(years => %s) ORDER BY 1",
        (f"audit.{table}", years),
    ).fetchall()
    return [(row[0], row[1]) for row in rows]


def _archive_month(connection: Connection, folder: Path, table: str, name: str, month: date) -> Archived:
    whole, ids = f"audit.{table}", "entries" if table == "entry" else "events"
    part = sql.Identifier("audit", name)
    connection.execute(sql.SQL("LOCK TABLE {} IN EXCLUSIVE MODE").format(part))
    blocks = connection.execute(
        sql.SQL(
            "SELECT min(b.number), max(b.number) FROM audit.block b, "
            "(SELECT int8range(min(id), max(id), '[]') AS r FROM {part}) p WHERE b.{ids} && p.r"
        ).format(part=part, ids=sql.Identifier(ids))
    ).fetchone() or (None, None)
    wrong = connection.execute(
        sql.SQL(
            "SELECT 'row_unsealed' FROM {part} p WHERE NOT EXISTS (SELECT FROM audit.block b WHERE p.id <@ b.{ids}) "
            "UNION ALL SELECT v.finding FROM audit.verify(%s, %s) v WHERE %s AND v.finding <> 'archived' LIMIT 1"
        ).format(part=part, ids=sql.Identifier(ids)),
        (blocks[0], blocks[1], blocks[0] is not None),
    ).fetchone()
    if wrong:
        raise TrailError(
            f"{whole} of {month:%Y-%m} is not as it was sealed ({wrong[0]}); nothing was taken out"
        )
    file = folder / f"{connection.info.dbname}-audit-{table}-{month:%Y-%m}.jsonl.gz"
    rows = _export(connection, part, file, {"table": whole, "month": f"{month:%Y-%m}"})
    connection.execute(
        sql.SQL(
            "INSERT INTO audit.archive (table_name, month, ids, row_count, file, sha256) "
            "SELECT %s, %s, coalesce(range_agg(int8range(id, id, '[]')), '{{}}'), count(*), %s, %s FROM {part} "
            "ON CONFLICT (table_name, month) DO UPDATE SET ids = excluded.ids, row_count = excluded.row_count, "
            "file = excluded.file, sha256 = excluded.sha256, archived_at = now(), archived_by = SESSION_USER, "
            "restored_at = NULL"
        ).format(part=part),
        (whole, month, file.name, _digest(file)),
    )
    connection.execute(
        sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(sql.Identifier("audit", table), part)
    )
    connection.execute(sql.SQL("DROP TABLE {}").format(part))
    _tell(connection, "seal_archived", whole, month, rows, file)
    return Archived(whole, month, rows, file)


def _export(connection: Connection, part: sql.Identifier, file: Path, about: dict[str, Any]) -> int:
    """One line about the file, with the seal as it stands, then one per row; whole or not at all."""
    about |= {"database": connection.info.dbname, "anchor": _value(connection, "SELECT audit.anchor()")}
    unfinished = file.with_suffix(".part")
    rows = 0
    with gzip.open(unfinished, "wt", encoding="utf-8") as out:
        out.write(json.dumps(about) + "\n")
        with connection.cursor(name="archive") as cursor:
            cursor.execute(sql.SQL("SELECT to_jsonb(t)::text FROM {} t ORDER BY id").format(part))
            for (line,) in cursor:
                out.write(line + "\n")
                rows += 1
    unfinished.replace(file)
    return rows


def _tell(connection: Connection, kind: str, table: str, month: date, rows: int, file: Path) -> None:
    detail = {"table": table, "month": f"{month:%Y-%m}", "rows": rows, "file": file.name}
    connection.execute("SELECT audit.event_log(%s, SESSION_USER::text, %s)", (kind, json.dumps(detail)))


def _digest(file: Path) -> bytes:
    digest = hashlib.sha256()
    with file.open("rb") as source:
        while piece := source.read(1 << 20):
            digest.update(piece)
    return digest.digest()


def _value(connection: Connection, statement: str) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row is not None else None
