-- No entry of the audit trail was altered since it was written.
SELECT e.id, e.table_name, e.row_id FROM audit.entry e
 WHERE e.row_hash IS DISTINCT FROM audit.row_hash(
       e.xid, e.at, e.login, e.address, e.application, e.command, e.table_name, e.row_id, e.op, e.topic, e.record_id,
       e.warehouse_id, e.old, e.new,
         e.session_id, e.operator, e.elevated, e.reason)
