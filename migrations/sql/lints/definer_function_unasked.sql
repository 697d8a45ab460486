-- A function people can call that runs under its owner's rights asks for the right, or at least for the ticket. The
-- exceptions are what opens the session, the helpers that themselves answer by ticket, and the calendar.
SELECT p.oid::regprocedure
  FROM pg_catalog.pg_proc p
 WHERE p.prosecdef AND p.pronamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy')
   AND p.prorettype <> 'trigger'::regtype
   AND p.prosrc !~ 'PERFORM sec\.require(_session|_ticket)?\('
   AND EXISTS (SELECT FROM aclexplode(p.proacl) x
                WHERE x.grantee = 0 OR pg_catalog.pg_get_userbyid(x.grantee) ~ '^(r_|p_|u_|t_|s_|erp_user$|erp_guest$)')
   AND p.oid::regprocedure::text NOT IN (
       'sec.session_open(jsonb,text)', 'sec.password_change(text,text)',
       'sec.register(text,text,text,text,text,text,text,text)', 'sec.reset_request(text)', 'sec.reset_complete(text,text,text)', 'sec.session_ok()', 'sec.session_continue()', 'sec.acting()',
       'sec.require_confirmed()', 'sec.my_roles()',
       'sec.my_tables()', 'sec.my_limit(text)', 'sec.my_warehouses()', 'sec.may(text)', 'sec.require(text)',
       'sec.require_session()', 'system.today()', 'system.my_approval_kinds(text)')
