"""An upgrade leaves no print job behind: it is the person's who asked for it, and who sent it before still may."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from alembic import command

from app.core import schema
from migrations import derived

Copies = Callable[..., AbstractContextManager[str]]


def test_jobs_asked_for_at_terminals_before_become_their_operators(new_database: Copies) -> None:
    with new_database("template0") as address:
        with schema._transaction(address) as (connection, raw):
            derived.prepare(raw)
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "exchange")
            raw.execute("SET LOCAL session_replication_role = replica")
            raw.execute(
                """
                INSERT INTO printing.job (id, batch, position, kind, title, content_id, printer_id, requested_by)
                OVERRIDING SYSTEM VALUE
                SELECT id, gen_random_uuid(), 1, 'label', who, 1, 1, who
                  FROM (VALUES (1, 'u_anna'), (2, 't_old_hall'), (3, 't_old_hall')) AS of (id, who)
                """
            )
            # Of the third the trail lies in an archive.
            raw.execute(
                """
                INSERT INTO audit.entry (at, login, operator, table_name, row_id, op, topic, record_id, row_hash)
                SELECT now(), 't_old_hall', who, 'printing.job', 2, op, 'printing.job', 2, ''
                  FROM (VALUES ('u_bert', 'I'), ('u_carl', 'U')) AS of (who, op)
                """
            )
            raw.execute("INSERT INTO sec.app_user (login, person) VALUES ('t_old_hall', 'Hall')")
            raw.execute("CREATE ROLE t_old_hall LOGIN CONNECTION LIMIT 4")
            raw.execute("SET LOCAL session_replication_role = DEFAULT")
        try:
            schema.upgrade(address)
            with psycopg.connect(address, autocommit=True) as admin:
                found = admin.execute("SELECT requested_by, login FROM printing.job ORDER BY id").fetchall()
                assert found == [("u_anna", "u_anna"), ("u_bert", "t_old_hall"), ("", "t_old_hall")]
                limit = "SELECT rolconnlimit FROM pg_roles WHERE rolname = 't_old_hall'"
                assert admin.execute(limit).fetchone() == (6,)
        finally:
            with psycopg.connect(address, autocommit=True) as admin:
                admin.execute("DROP OWNED BY t_old_hall")
                admin.execute("DROP ROLE t_old_hall")
