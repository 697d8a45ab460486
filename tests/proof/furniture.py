"""A row for each table that the demo company leaves empty: what is not there nobody can be kept from."""

from typing import Any

import psycopg
from psycopg import sql

_ROWS = """
INSERT INTO inventory.box_type (code, name) VALUES ('PROOF', 'Grey');
INSERT INTO inventory.box (code, box_type_id) SELECT 'SC-PROOF', id FROM inventory.box_type WHERE code = 'PROOF';
INSERT INTO inventory.box_slot (box_id, number) SELECT id, 1 FROM inventory.box WHERE code = 'SC-PROOF';
INSERT INTO production.mould (number) VALUES ('PROOF');
INSERT INTO production.mould_product (mould_id, article_number)
SELECT id, '1' FROM production.mould WHERE number = 'PROOF';
INSERT INTO legacy.server (code, kind, title, base_url) VALUES ('proof', 'images', 'Proof', 'http://127.0.0.1:1');
INSERT INTO legacy.server_status (server_id) SELECT id FROM legacy.server WHERE code = 'proof';
INSERT INTO legacy.server_secret (server_id) SELECT id FROM legacy.server WHERE code = 'proof';
INSERT INTO catalog.picture (source_key, hash, file_hash, said_hash, kind, name)
VALUES ('proof', '1', '1', '1', 'Szene', 'P');
INSERT INTO catalog.picture_file (picture_id, position, format, url)
SELECT id, 0, 'png', 'http://127.0.0.1:1/p.png' FROM catalog.picture WHERE source_key = 'proof';
INSERT INTO catalog.picture_article (picture_id, number) SELECT id, '1' FROM catalog.picture WHERE source_key = 'proof';
INSERT INTO catalog.picture_change (picture_id, kind)
SELECT id, 'created' FROM catalog.picture WHERE source_key = 'proof';
INSERT INTO legacy.feed (table_name) VALUES ('legacy.document');
INSERT INTO legacy.article (number) VALUES ('1-BE');
INSERT INTO legacy.document (source_id, kind, number, currency) VALUES (1, 'invoice', '1', 'DEM');
INSERT INTO legacy.document_line (document_id, position, kind) SELECT id, 1, 'product' FROM legacy.document;
INSERT INTO legacy.work_order (number, state) VALUES ('1', 'completed');
INSERT INTO legacy.work_order_step (work_order_id, line) SELECT id, 1 FROM legacy.work_order;
INSERT INTO legacy.employee (number, name) VALUES ('1', 'Somebody');
INSERT INTO legacy.employee_pay (employee_id, monthly) SELECT id, 1 FROM legacy.employee;
INSERT INTO legacy.stock (kind, qty) VALUES ('place', 1);
INSERT INTO legacy.run (mode, state) VALUES ('full', 'done');
INSERT INTO legacy.run_entity (run_id, entity, state) SELECT id, 'proof', 'done' FROM legacy.run;
INSERT INTO legacy.reconciliation (module, state) VALUES ('sales', 'clean');
INSERT INTO legacy.reconciliation_line (reconciliation_id, entity, kind, subject)
SELECT id, 'proof', 'count', '1' FROM legacy.reconciliation;
"""
# Each row of history has its record.
_HISTORY = (
    "article",
    "document",
    "document_line",
    "work_order",
    "work_order_step",
    "employee",
    "employee_pay",
    "stock",
)
_ENTITY = "INSERT INTO legacy.entity (code, module, target_table) VALUES (%s, 'sales', %s) RETURNING id"
_RECORD = "INSERT INTO legacy.record (entity_id, source_key, target_id) SELECT %s, '1', id FROM legacy.{}"
_IN_DOUBT = """
INSERT INTO legacy.record (entity_id, source_key, state) SELECT min(id), '2', 'quarantined' FROM legacy.entity;
INSERT INTO legacy.quarantine (entity_id, source_key) SELECT min(id), '2' FROM legacy.entity;
INSERT INTO legacy.dangling (entity_id, source_key, column_name, target_table, wanted_entity, wanted_key)
SELECT min(id), '1', 'product_id', 'legacy.article', 'variant', '1' FROM legacy.entity;
INSERT INTO legacy.warning (entity_id, source_key, code) SELECT min(id), '1', 'not_date' FROM legacy.entity;
"""


def fill(admin: psycopg.Connection[Any]) -> None:
    """Put the rows there."""
    admin.execute(sql.SQL(_ROWS))
    for table in _HISTORY:
        row = admin.execute(_ENTITY, (f"proof {table}", f"legacy.{table}")).fetchone()
        assert row is not None
        admin.execute(sql.SQL(_RECORD).format(sql.Identifier(table)), row)
    admin.execute(sql.SQL(_IN_DOUBT))
