INSERT INTO engineering.structure_lock (id) VALUES (1) ON CONFLICT (id) DO NOTHING;
