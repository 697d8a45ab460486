-- A function in a policy stands inside a scalar subselect, else it runs once per row.
SELECT p.polrelid::regclass, p.polname
  FROM pg_catalog.pg_policy p
 WHERE concat_ws(' ', pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
       ~ '(?<!SELECT )(?<![a-z_.])[a-z_]+\.[a-z_0-9]+\('
