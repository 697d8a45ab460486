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
# Files that hang on records: of sorts not everybody reads, and of every warehouse.
_FILES = """
INSERT INTO documents.content (sha256, size, mime, bytes)
SELECT encode(sha256(x), 'hex'), octet_length(x), 'text/plain', x
FROM (SELECT convert_to('proof ' || n, 'UTF8') AS x FROM generate_series(1, 9) n) AS found;
INSERT INTO documents.attachment (topic, record_id, warehouse_id, name)
SELECT topic, 1, NULL, 'proof.txt' FROM unnest(ARRAY['partners.partner', 'purchasing.purchase_invoice']) AS topic
UNION ALL SELECT 'inventory.place', 1, id, 'proof ' || code || '.txt' FROM inventory.warehouse;
INSERT INTO documents.attachment_version (attachment_id, version, content_id, sha256, size)
SELECT a.id, 1, c.id, c.sha256, c.size
FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM documents.attachment) AS a
JOIN documents.content c ON c.sha256 = encode(sha256(convert_to('proof ' || a.n, 'UTF8')), 'hex');
INSERT INTO documents.purge (until, reason, documents) VALUES ('2000-01-01', 'proof', 0);
INSERT INTO documents.verification DEFAULT VALUES;
"""
_BOOKS = """
INSERT INTO system.exchange_rate (currency, valid_on, rate) VALUES ('USD', '2020-01-02', 1.1);
INSERT INTO accounting.period (month) VALUES ('2000-01-01');
INSERT INTO accounting.export (number, first_day, last_day, chart, consultant_no, client_no, vouchers, lines,
                               total_amount, proof)
VALUES ('PROOF', '2000-01-01', '2000-01-31', '03', 1001, 1, 1, 1, 1, '[]');
INSERT INTO accounting.export_voucher (export_id, topic, record_id, number, dated, amount)
SELECT id, 'sales.invoice', 0, 'PROOF', '2000-01-01', 1 FROM accounting.export;
INSERT INTO accounting.export_line (export_id, position, topic, record_id, kind, partner_id, number, dated,
                                    tax_category, tax_rate, amount, side, account, contra)
SELECT e.id, 1, 'sales.invoice', 0, 'invoice', p.id, 'PROOF', '2000-01-01', 'S', 19, 1, 'S', '10000', '8400'
FROM accounting.export e, (SELECT min(id) AS id FROM partners.partner) p;
"""
# What an invoice consists of is there before the invoice is; these come late.
_LATE = """
INSERT INTO sales.invoice_charge (invoice_id, position, kind, reason, amount, tax_category, tax_rate)
SELECT min(id), 99, 'charge', 'proof', 1, 'S', 19 FROM sales.invoice;
INSERT INTO sales.invoice_deduction (invoice_id, down_payment_id, tax_category, tax_rate, net_amount, tax_amount)
SELECT max(id), min(id), 'S', 19, 1, 0.19 FROM sales.invoice;
"""
_PARCELS = """
INSERT INTO labels.gtin (number_range_id, serial, code, product_id)
SELECT r.id, r.last_serial, 'PROOF', p.id
FROM labels.number_range r, (SELECT min(id) AS id FROM catalog.product) p WHERE r.kind = 'ean13';
INSERT INTO labels.sscc (number_range_id, serial, code, delivery_id, parcel, warehouse_id)
SELECT r.id, r.last_serial - w.id, 'PROOF-' || w.code, d.id, 900 + w.id, w.id
FROM labels.number_range r, inventory.warehouse w, (SELECT min(id) AS id FROM sales.delivery) d WHERE r.kind = 'sscc';
INSERT INTO labels.parcel (delivery_id, warehouse_id, number, packed_by)
SELECT delivery_id, warehouse_id, parcel, 'u_proof' FROM labels.sscc;
INSERT INTO labels.parcel_line (parcel_id, delivery_line_id, warehouse_id, qty)
SELECT p.id, l.id, p.warehouse_id, 1 FROM labels.parcel p, (SELECT min(id) AS id FROM sales.delivery_line) l;
INSERT INTO labels.code (code, topic, record_id) SELECT 'PROOF', 'catalog.product', min(id) FROM catalog.product;
INSERT INTO labels.scan (workplace, screen, code, outcome) VALUES ('proof', 'proof', 'PROOF', 'unknown');
"""
# Of the house's accounts, of one's own and of somebody else's; about records of all sorts; nothing waits to be sent.
_MAILS = """
INSERT INTO mail.account (kind, owner, name, host, sender_address, folder)
SELECT kind, owner, 'Proof ' || kind, 'localhost', CASE kind WHEN 'outgoing' THEN 'proof@example.org' ELSE '' END, 'IN'
FROM unnest(ARRAY['outgoing', 'incoming']) AS kind, unnest(ARRAY['', 'u_finance', 'u_sales_rep']) AS owner;
INSERT INTO mail.account_secret (account_id, sealed) SELECT id, decode(repeat('00', 40), 'hex') FROM mail.account;
INSERT INTO mail.account_status (account_id) SELECT id FROM mail.account;
INSERT INTO mail.message (batch, account_id, message_id, topic, record_id, warehouse_id, recipients, subject, body,
                          state, requested_by)
SELECT gen_random_uuid(), a.id, concat_ws('/', a.id, t.topic, t.warehouse), t.topic, 1, t.warehouse,
       '{proof@example.org}', 'Proof', '', 'sent', coalesce(nullif(a.owner, ''), 'u_administrator')
FROM mail.account a,
     (SELECT 'purchasing.purchase_order', id FROM inventory.warehouse
      UNION ALL SELECT topic, NULL FROM unnest(ARRAY['', 'sales.invoice']) AS topic) AS t (topic, warehouse)
WHERE a.kind = 'outgoing';
INSERT INTO mail.attachment (message_id, position, name, content_id)
SELECT m.id, 1, 'proof.txt', c.id FROM mail.message m, (SELECT max(id) AS id FROM documents.content) c;
INSERT INTO mail.received (account_id, uid_validity, uid) SELECT id, 1, 1 FROM mail.account WHERE kind = 'incoming';
"""
_PRINTERS = """
INSERT INTO printing.station (code, name) VALUES ('proof', 'Proof');
INSERT INTO printing.printer (name, kind, address) VALUES ('Proof', 'raw', '127.0.0.1:1');
INSERT INTO printing.printer_status (printer_id) SELECT id FROM printing.printer;
INSERT INTO printing.route (kind, printer_id) SELECT 'proof', id FROM printing.printer;
INSERT INTO printing.job (batch, position, kind, title, content_id, printer_id, state, requested_by, login)
SELECT gen_random_uuid(), 1, 'proof', 'Proof', c.id, p.id, 'done', who, login
FROM printing.printer p, (SELECT max(id) AS id FROM documents.content) c,
     (VALUES ('u_finance', 'u_finance'), ('u_sales_rep', 'u_sales_rep'), ('u_production_operator', 't_proof'),
             ('u_warehouse_clerk', 't_proof'), ('u_warehouse_clerk', 't_other')) AS of (who, login);
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
    for rows in (_ROWS, _FILES, _BOOKS, _PARCELS, _MAILS, _PRINTERS):
        admin.execute(sql.SQL(rows))
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(sql.SQL(_LATE))
    for table in _HISTORY:
        row = admin.execute(_ENTITY, (f"proof {table}", f"legacy.{table}")).fetchone()
        assert row is not None
        admin.execute(sql.SQL(_RECORD).format(sql.Identifier(table)), row)
    admin.execute(sql.SQL(_IN_DOUBT))
