-- The parts of a house that move over one by one; in each the old system leads until somebody says otherwise.
INSERT INTO legacy.module (code)
SELECT m.code FROM unnest(ARRAY['catalog', 'partners', 'sales', 'inventory', 'production', 'hr', 'images']) AS m (code)
ON CONFLICT (code) DO NOTHING;
INSERT INTO legacy.lease (name, holder, client, token, until_at) VALUES ('sync', '', '', 0, '1970-01-01 00:00+00')
ON CONFLICT (name) DO NOTHING;
