"""A dump that is restored is the same database: the check has nothing to say, and people work as before."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from app.core import schema
from app.core.server_programs import binaries

NewDatabase = Callable[..., AbstractContextManager[str]]


def run(program: str, *arguments: str) -> None:
    done = subprocess.run([binaries() / program, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@contextmanager
def put_aside(address: str) -> Iterator[None]:
    """The database is there under another name meanwhile, so that its own is free."""
    name = urlsplit(address).path[1:]
    aside = f"{name}_aside"
    with psycopg.connect(schema.with_database(address, "postgres"), autocommit=True) as connection:
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        connection.execute(rename.format(sql.Identifier(name), sql.Identifier(aside)))
        try:
            yield
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(aside)))


def test_a_restored_dump_is_the_same_database(
    new_database: NewDatabase, demo_template: str, tmp_path: Path
) -> None:
    file = str(tmp_path / "werkbank.dump")
    with new_database(demo_template) as address:
        with psycopg.connect(address) as connection:
            server = connection.info.server_version // 10000
            before = connection.execute("SELECT count(*), max(id) FROM audit.entry").fetchone()
        if server != 18:
            pytest.skip(f"pg_restore of PostgreSQL 18 writes settings that {server} does not know")
        run("pg_dump", "--format=custom", f"--file={file}", address)
        with put_aside(address):
            run(
                "pg_restore",
                "--create",
                "--exit-on-error",
                f"--dbname={schema.with_database(address, 'postgres')}",
                file,
            )
            assert [f"{finding.check}: {finding.what}" for finding in schema.check(address)] == []
            with psycopg.connect(address) as connection:
                assert connection.execute("SELECT count(*), max(id) FROM audit.entry").fetchone() == before
