-- Every note is about a record that is there.
SELECT n.topic, n.record_id FROM system.notes_without_record() n
