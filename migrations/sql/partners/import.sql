-- Taking over the terms of many partners at once.

CREATE OR REPLACE FUNCTION api.partner_terms_import(p_command uuid, p_terms jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_changed bigint[];
BEGIN
  PERFORM sec.require('partner_terms_import');
  v_replay := api.command_begin(p_command, 'partner_terms_import', p_terms);
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  WITH given AS (
    SELECT * FROM jsonb_to_recordset(p_terms)
      AS t (id bigint, price_list_id bigint, payment_term_id bigint, tax_treatment text)),
  changed AS (
    UPDATE partners.partner p
       SET price_list_id = g.price_list_id, payment_term_id = g.payment_term_id, tax_treatment = g.tax_treatment
      FROM given g
     WHERE p.id = g.id
       AND (p.price_list_id, p.payment_term_id, p.tax_treatment::text)
           IS DISTINCT FROM (g.price_list_id, g.payment_term_id, g.tax_treatment)
    RETURNING p.id)
  SELECT coalesce(array_agg(c.id ORDER BY c.id), '{}') INTO v_changed FROM changed c;
  RETURN api.command_end(p_command, jsonb_build_object('changed', v_changed));
END $$;
COMMENT ON FUNCTION api.partner_terms_import IS
  'Set the terms of many partners: [{id, price_list_id, payment_term_id, tax_treatment}]; equal ones stay untouched. Returns {changed: [id, …]}.';
