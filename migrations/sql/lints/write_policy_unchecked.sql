-- A policy for writing says what may be written.
SELECT p.polrelid::regclass, p.polname FROM pg_catalog.pg_policy p
 WHERE p.polcmd IN ('a', 'w', '*') AND p.polpermissive AND p.polwithcheck IS NULL
