-- SET ROLE sheds a restrictive policy that is not TO PUBLIC.
SELECT p.polrelid::regclass, p.polname FROM pg_catalog.pg_policy p WHERE NOT p.polpermissive AND p.polroles <> '{0}'
