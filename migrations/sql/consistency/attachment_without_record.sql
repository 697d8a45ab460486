-- Every attachment lies beside a record that is there, and its newest version is the one it names.
SELECT a.topic, a.record_id FROM documents.attachments_without_record() a
UNION ALL
SELECT 'documents.attachment', a.id FROM documents.attachment a
 WHERE a.version <> (SELECT max(v.version) FROM documents.attachment_version v WHERE v.attachment_id = a.id)
