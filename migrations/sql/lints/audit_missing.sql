-- Every change of a table leaves an entry, except in the platform's own bookkeeping, in tables nobody has a right on or
-- only locks, in the balances kept beside the stock moves, which have theirs, in what is copied from the old system, in
-- files (written once, told of by whoever refers to them) and in when a work place was seen. Secrets, attempts and mails are told of by events (audit.event) instead.
SELECT c.oid::regclass FROM pg_catalog.pg_class c
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace::regnamespace::text IN ('sec', 'audit', 'api', 'system', 'documents', 'catalog', 'partners', 'engineering', 'inventory', 'purchasing', 'production', 'sales', 'legacy', 'printing', 'mail', 'accounting')
   AND c.oid::regclass::text NOT IN (
       'audit.entry', 'audit.event', 'audit.block', 'audit.archive', 'api.command', 'system.counter', 'system.sql_checksum', 'system.alembic_version', 'sec.role',
       'sec.role_limit', 'sec.role_right', 'sec.session', 'sec.compat', 'sec.alarm',
       'sec.badge', 'sec.guard_mark', 'sec.login_attempt', 'sec.mail_message', 'sec.password_denied', 'sec.password_history',
       'sec.password_reset', 'sec.recovery_code', 'sec.registration', 'sec.role_closure', 'sec.role_parent', 'sec.totp',
       'sec.trusted_device', 'sec.user_photo',
       'documents.content', 'documents.kind', 'documents.retention', 'documents.verification', 'printing.station', 'mail.account_status',
       'inventory.stock_balance', 'inventory.stock_level', 'engineering.structure_lock',
       'catalog.picture_article', 'catalog.picture_change', 'catalog.picture_file',
       'legacy.article', 'legacy.document', 'legacy.document_line', 'legacy.employee', 'legacy.employee_pay', 'legacy.entity',
       'legacy.record', 'legacy.warning', 'legacy.reconciliation_line', 'legacy.run_entity', 'legacy.server_status', 'legacy.stock', 'legacy.work_order',
       'legacy.work_order_step')
   AND (c.relnamespace::regnamespace::text = 'sec'
        OR EXISTS (SELECT FROM pg_catalog.pg_policy p
                    WHERE p.polrelid = c.oid AND p.polname IN ('read', 'add', 'edit', 'readers')))
   AND (SELECT count(*) FROM pg_catalog.pg_trigger t
         WHERE t.tgrelid = c.oid AND t.tgfoid = 'audit.tg_log()'::regprocedure AND t.tgenabled = 'O') <> 3
