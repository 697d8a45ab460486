-- Every document and version has the file it says, of that hash; its bytes are proved by `werkbank documents verify`.
SELECT 'documents.issued' AS topic, i.id FROM documents.issued i JOIN documents.content c ON c.id = i.content_id
 WHERE (i.sha256, i.size) <> (c.sha256, c.size)
UNION ALL
SELECT 'documents.attachment_version', v.id FROM documents.attachment_version v JOIN documents.content c ON c.id = v.content_id
 WHERE (v.sha256, v.size) <> (c.sha256, c.size)
