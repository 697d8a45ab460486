-- Search by any part of a word, and the decisions about credit and terms that only some may take.

CREATE OR REPLACE FUNCTION partners.refresh_partner_search(p_ids bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO partners.partner_search AS s (partner_id, vector)
  SELECT p.id, catalog.search_vector(ARRAY[p.number, p.name, p.email] || array_agg(DISTINCT a.city::text)
                                     || array_agg(DISTINCT a.name::text) || array_agg(DISTINCT a.postcode::text))
    FROM partners.partner p
    LEFT JOIN partners.address a ON a.partner_id = p.id
   WHERE p.id = ANY (p_ids)
   GROUP BY p.id
  ON CONFLICT (partner_id) DO UPDATE SET vector = excluded.vector WHERE s.vector <> excluded.vector
$$;
COMMENT ON FUNCTION partners.refresh_partner_search IS 'Write the search vectors of some partners anew; only triggers call it.';

CREATE OR REPLACE FUNCTION partners.search_partners(p_text text, p_limit integer DEFAULT 20, p_role text DEFAULT '')
RETURNS TABLE (id bigint, rank integer)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_text text := btrim(coalesce(p_text, ''));
  v_key text := lower(v_text) COLLATE "C";
  v_limit integer := least(greatest(coalesce(p_limit, 20), 1), 500);
  v_query tsquery;
  v_found bigint[];
  v_more bigint[];
BEGIN
  PERFORM sec.require('partners.partner:select');
  IF v_text = '' THEN
    RETURN;
  END IF;
  SELECT coalesce(array_agg(p.id), '{}') INTO v_found
    FROM partners.partner p
   WHERE p.number IN (v_text, upper(v_text))
     AND CASE p_role WHEN 'customer' THEN p.is_customer WHEN 'supplier' THEN p.is_supplier ELSE true END;
  RETURN QUERY SELECT f.id, 0 FROM unnest(v_found) AS f (id);
  v_limit := v_limit - cardinality(v_found);
  -- A range in byte order is the prefix search that any plan can take from the index, whatever the text.
  SELECT coalesce(array_agg(x.id ORDER BY x.search_key, x.id), '{}') INTO v_more
    FROM (SELECT p.id, p.search_key FROM partners.partner p
           WHERE p.search_key >= v_key AND p.search_key < v_key || chr(1114111)
             AND p.id <> ALL (v_found)
             AND CASE p_role WHEN 'customer' THEN p.is_customer WHEN 'supplier' THEN p.is_supplier ELSE true END
           ORDER BY p.search_key LIMIT greatest(v_limit, 0)) AS x;
  RETURN QUERY SELECT f.id, 1 FROM unnest(v_more) WITH ORDINALITY AS f (id, ord) ORDER BY f.ord;
  v_limit := v_limit - cardinality(v_more);
  IF v_limit <= 0 OR length(v_text) < 3 THEN
    RETURN;
  END IF;
  v_query := catalog.search_query(v_text);
  v_found := v_found || v_more;
  RETURN QUERY
    SELECT p.id, 2
      FROM (SELECT s.partner_id FROM partners.partner_search s WHERE s.vector @@ v_query LIMIT 500) AS c
      JOIN partners.partner p ON p.id = c.partner_id
     WHERE p.id <> ALL (v_found)
       AND CASE p_role WHEN 'customer' THEN p.is_customer WHEN 'supplier' THEN p.is_supplier ELSE true END
     ORDER BY NOT p.is_active, p.search_key
     LIMIT v_limit;
END $$;
COMMENT ON FUNCTION partners.search_partners IS
  'Partners for typed text, best first. rank 0: number equal; 1: name begins so; 2: words of number, name, town or postcode contain it. p_role: customer, supplier or empty.';

CREATE OR REPLACE FUNCTION api.partner_credit_set(p_command uuid, p_id bigint, p_row_version integer,
  p_credit_limit numeric, p_is_delivery_blocked boolean, p_block_reason text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_version integer;
BEGIN
  PERFORM sec.require('partner_credit_set');
  PERFORM api.require_length('reason', p_block_reason, 200);
  v_replay := api.command_begin(p_command, 'partner_credit_set', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'credit_limit', p_credit_limit,
    'blocked', p_is_delivery_blocked, 'reason', p_block_reason));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  SELECT p.row_version INTO v_version FROM partners.partner p WHERE p.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.partner', 'id', p_id));
  ELSIF v_version <> p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', 'partners.partner', 'id', p_id, 'row_version', v_version));
  ELSIF p_credit_limit <> round(p_credit_limit, 2) THEN
    PERFORM sec.fail('ER422', 'too_many_places', jsonb_build_object('value', p_credit_limit, 'places', 2));
  ELSIF p_is_delivery_blocked AND btrim(coalesce(p_block_reason, '')) = '' THEN
    PERFORM sec.fail('ER422', 'delivery_block_needs_reason', jsonb_build_object('id', p_id));
  END IF;
  UPDATE partners.partner p
     SET credit_limit = p_credit_limit, is_delivery_blocked = p_is_delivery_blocked,
         block_reason = CASE WHEN p_is_delivery_blocked THEN btrim(p_block_reason) END
   WHERE p.id = p_id
  RETURNING p.row_version INTO v_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_version));
END $$;
COMMENT ON FUNCTION api.partner_credit_set IS 'Credit limit and delivery block of a partner; the block needs a reason.';

CREATE OR REPLACE FUNCTION api.partner_terms_set(p_command uuid, p_id bigint, p_row_version integer,
  p_price_list_id bigint, p_payment_term_id bigint, p_tax_treatment text) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_version integer;
BEGIN
  PERFORM sec.require('partner_terms_set');
  v_replay := api.command_begin(p_command, 'partner_terms_set', jsonb_build_object(
    'id', p_id, 'row_version', p_row_version, 'price_list_id', p_price_list_id,
    'payment_term_id', p_payment_term_id, 'tax_treatment', p_tax_treatment));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  SELECT p.row_version INTO v_version FROM partners.partner p WHERE p.id = p_id FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'partners.partner', 'id', p_id));
  ELSIF v_version <> p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('table', 'partners.partner', 'id', p_id, 'row_version', v_version));
  END IF;
  UPDATE partners.partner p
     SET price_list_id = p_price_list_id, payment_term_id = p_payment_term_id, tax_treatment = p_tax_treatment
   WHERE p.id = p_id
  RETURNING p.row_version INTO v_version;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_version));
END $$;
COMMENT ON FUNCTION api.partner_terms_set IS 'Price list, payment term and tax treatment of a partner: what decides about its prices.';
