-- Who leads. One client at a time reads the old system; what it writes bears the token it was given, and whoever has led
-- since has a higher one.

CREATE OR REPLACE FUNCTION legacy.lease_runs(p_until timestamptz) RETURNS boolean
LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
  -- Nobody is given more than 300 s: what runs longer was given before the server's clock was set back, and must not keep
  -- everybody from leading until that hour comes again.
  SELECT p_until > clock_timestamp() AND p_until <= clock_timestamp() + interval '300 s'
$$;
COMMENT ON FUNCTION legacy.lease_runs IS 'Whether a lease until this moment holds now.';

CREATE OR REPLACE FUNCTION legacy.fence(p_token bigint) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Held to the commit: the lease can be renewed meanwhile, but nobody takes it over in the middle of a page.
  PERFORM FROM legacy.lease l
    WHERE l.name = 'sync' AND l.token = p_token AND l.holder = session_user AND legacy.lease_runs(l.until_at)
      FOR KEY SHARE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'legacy_lease_lost', jsonb_build_object('token', p_token));
  END IF;
END $$;
COMMENT ON FUNCTION legacy.fence IS
  'Refuses (legacy_lease_lost) unless the caller holds the lease under this token at this moment, and keeps it so to the commit.';

CREATE OR REPLACE FUNCTION legacy.lease_answer(p_token bigint) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jsonb_build_object(
    'held', coalesce(l.token = p_token AND legacy.lease_runs(l.until_at) AND l.holder = session_user, false),
    'token', CASE WHEN l.token = p_token THEN l.token END,
    'holder', nullif(l.holder, ''), 'client', nullif(l.client, ''), 'until', l.until_at,
    'seconds', greatest(0, round(extract(epoch FROM l.until_at - clock_timestamp()), 3)),
    'wanted', (SELECT w.client FROM legacy.lease w WHERE w.name = 'wish' AND legacy.lease_runs(w.until_at)),
    'stop', EXISTS (SELECT FROM legacy.run r WHERE r.state = 'running' AND r.token = p_token AND r.cancel_requested))
    FROM legacy.lease l WHERE l.name = 'sync'
$$;

CREATE OR REPLACE FUNCTION api.legacy_lease(p_client text, p_seconds int, p_token bigint DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_until timestamptz := clock_timestamp() + make_interval(secs => least(greatest(p_seconds, 1), 300));
  v_token bigint;
BEGIN
  PERFORM sec.require('legacy_lease');
  PERFORM api.require_length('client', p_client, 120);
  IF p_token IS NOT NULL THEN
    -- One's own lease may have run out; as long as nobody has led since, the token is still the highest.
    UPDATE legacy.lease l SET until_at = v_until, client = btrim(p_client)
     WHERE l.name = 'sync' AND l.token = p_token AND l.holder = session_user;
    RETURN legacy.lease_answer(p_token);
  END IF;
  -- A page that is being written holds off whoever would take over: he is told so instead of waiting.
  SELECT l.token + 1 INTO v_token FROM legacy.lease l
   WHERE l.name = 'sync' AND NOT legacy.lease_runs(l.until_at) FOR UPDATE SKIP LOCKED;
  IF FOUND THEN
    UPDATE legacy.lease l SET token = v_token, holder = session_user, client = btrim(p_client), until_at = v_until
     WHERE l.name = 'sync';
  END IF;
  RETURN legacy.lease_answer(v_token);
END $$;
COMMENT ON FUNCTION api.legacy_lease IS
  'Ask to lead (without a token) or go on leading (with it) for so many seconds: '
  '{held, token, holder, client, until, seconds, wanted, stop}; stop: somebody has stopped the run under way. '
  'A token that somebody has overtaken is never held again.';

CREATE OR REPLACE FUNCTION api.legacy_lease_release(p_token bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('legacy_lease_release');
  UPDATE legacy.lease l SET until_at = clock_timestamp()
   WHERE l.name = 'sync' AND l.token = p_token AND l.holder = session_user AND l.until_at > clock_timestamp();
  RETURN jsonb_build_object('released', FOUND);
END $$;
COMMENT ON FUNCTION api.legacy_lease_release IS 'Stop leading, so that somebody else can at once.';

CREATE OR REPLACE FUNCTION legacy.entity_id(p_code text) RETURNS bigint
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_id bigint;
BEGIN
  SELECT e.id INTO v_id FROM legacy.entity e WHERE e.code = p_code;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'legacy_entity_unknown', jsonb_build_object('entity', p_code));
  END IF;
  RETURN v_id;
END $$;

CREATE OR REPLACE FUNCTION legacy.kept(p_table text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT p_table NOT LIKE 'legacy.%'
$$;
COMMENT ON FUNCTION legacy.kept IS 'Whether people write this table too, so that what they changed has to be told from what the sync wrote.';

CREATE OR REPLACE FUNCTION legacy.columns_of(p_table text) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- The homes that data of the old system may go to. Ledgers, documents, numbers, people and rights are not among them.
  IF p_table IS NULL OR p_table NOT IN (
       'catalog.unit', 'catalog.tax_class', 'catalog.category', 'catalog.variant_code', 'catalog.family',
       'catalog.product', 'catalog.product_text', 'catalog.product_cost', 'catalog.price_list', 'catalog.price',
       'partners.partner', 'partners.address', 'partners.contact', 'partners.payment_term',
       'inventory.warehouse', 'inventory.place', 'inventory.box_type', 'inventory.box', 'inventory.box_slot',
       'production.mould', 'production.mould_product', 'engineering.bom', 'engineering.bom_line', 'purchasing.supplier_price',
       'legacy.article', 'legacy.document', 'legacy.document_line', 'legacy.work_order', 'legacy.work_order_step',
       'legacy.employee', 'legacy.employee_pay', 'legacy.stock') THEN
    PERFORM sec.fail('ER422', 'legacy_target_unknown', jsonb_build_object('table', p_table));
  END IF;
  RETURN ARRAY(
    SELECT a.attname::text FROM pg_catalog.pg_attribute a
     WHERE a.attrelid = p_table::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
       AND a.attname NOT IN ('id', 'row_version', 'created_at', 'created_by', 'updated_at', 'updated_by')
       -- What is decided or posted in Werkbank: nobody writes in the old system's name that somebody approved something.
       AND (p_table, a.attname) NOT IN (('legacy.stock', 'opened_qty'), ('engineering.bom', 'state'),
                                        ('engineering.bom', 'approved_by'), ('engineering.bom', 'approved_at'))
     ORDER BY a.attnum);
END $$;
COMMENT ON FUNCTION legacy.columns_of IS 'Columns of a table that the sync may write; refuses every other table (legacy_target_unknown).';

CREATE OR REPLACE FUNCTION legacy.home_of(p_table text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN p_table LIKE 'catalog.%' OR p_table = 'legacy.article' THEN 'catalog'
    WHEN p_table LIKE 'partners.%' OR p_table = 'purchasing.supplier_price' THEN 'partners'
    WHEN p_table LIKE 'inventory.%' OR p_table = 'legacy.stock' THEN 'inventory'
    WHEN p_table ~ '^(production|engineering)\.|^legacy\.work_order' THEN 'production'
    WHEN p_table LIKE 'legacy.document%' THEN 'sales'
    WHEN p_table LIKE 'legacy.employee%' THEN 'hr'
  END
$$;
COMMENT ON FUNCTION legacy.home_of IS 'The module a table belongs to, whatever a mapping says of the entity that fills it.';

CREATE OR REPLACE FUNCTION legacy.mode_for(p_module text, p_table text) RETURNS text
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- Held to the commit: a module does not go over to Werkbank in the middle of a page. Of two modules the more careful one
  -- counts, so that no mapping leads around a module that has gone over.
  SELECT coalesce((array_agg(x.mode ORDER BY array_position(ARRAY['werkbank', 'parallel', 'legacy'], x.mode)))[1], 'legacy')
    FROM (SELECT m.mode::text AS mode FROM legacy.module m WHERE m.code IN (p_module, legacy.home_of(p_table)) ORDER BY m.id FOR SHARE) x
$$;
COMMENT ON FUNCTION legacy.mode_for IS 'Who leads in a table: as its own module and that of the entity say, whichever protects more.';
