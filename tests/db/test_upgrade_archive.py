"""An upgrade loses no document: what was archived before keeps its bytes, its hash and its number."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from alembic import command

from app.core import schema
from migrations import derived

Copies = Callable[..., AbstractContextManager[str]]


def test_documents_of_before_are_in_the_archive_afterwards(new_database: Copies) -> None:
    with new_database("template0") as address:
        with schema._transaction(address) as (connection, raw):
            derived.prepare(raw)
            config = schema._config()
            config.attributes["connection"] = connection
            command.upgrade(config, "history")
            raw.execute(
                """
                INSERT INTO documents.issued
                  (document_type, document_id, warehouse_id, number, language, file_name, content, sha256, issued_at)
                SELECT t.kind, 1, 7, t.number, 'de', t.number || '.pdf', '%PDF-1.4 alt'::bytea,
                       encode(sha256(convert_to('%PDF-1.4 alt', 'UTF8')), 'hex'), '2026-03-04 12:00+00'
                  FROM (VALUES ('invoice', 'RE-1'), ('sales_order', 'AU-1')) t (kind, number)
                """
            )
        schema.upgrade(address)
        with psycopg.connect(address, autocommit=True) as admin:
            found = admin.execute(
                """
                SELECT i.kind, i.topic, i.record_id, i.number, i.dated::text, i.retain_until::text, i.once, i.format,
                       i.sha256 = c.sha256, c.bytes
                  FROM documents.issued i JOIN documents.content c ON c.id = i.content_id ORDER BY i.number
                """
            ).fetchall()
            same = ("2026-03-04", True, "pdf", True, b"%PDF-1.4 alt")
            assert [(*row[:5], *row[6:]) for row in found] == [
                ("order_confirmation", "sales.sales_order", 1, "AU-1", *same),
                ("invoice", "sales.invoice", 1, "RE-1", *same),
            ]
            assert [row[5] for row in found] == ["2032-12-31", "2034-12-31"]
            assert admin.execute("SELECT count(*) FROM documents.content").fetchone() == (1,)
