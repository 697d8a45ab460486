-- Approval and retirement of bills of materials.

CREATE OR REPLACE FUNCTION engineering.lock_bom(p_id bigint, p_row_version int) RETURNS engineering.bom
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_bom engineering.bom%ROWTYPE;
BEGIN
  -- All versions of the product, in one order: approving one changes the dates of another.
  PERFORM FROM engineering.bom b
    WHERE b.product_id = (SELECT x.product_id FROM engineering.bom x WHERE x.id = p_id) ORDER BY b.id FOR UPDATE;
  SELECT * INTO v_bom FROM engineering.bom b WHERE b.id = p_id;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'engineering.bom', 'id', p_id));
  ELSIF v_bom.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale',
      jsonb_build_object('table', 'engineering.bom', 'id', p_id, 'row_version', v_bom.row_version));
  END IF;
  RETURN v_bom;
END $$;
COMMENT ON FUNCTION engineering.lock_bom IS 'The bill, locked with all versions of its product; refuses a stale one.';

CREATE OR REPLACE FUNCTION api.bom_approve(p_command uuid, p_id bigint, p_row_version int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_bom engineering.bom%ROWTYPE;
  v_next date;
BEGIN
  PERFORM sec.require('bom_approve');
  v_replay := api.command_begin(p_command, 'bom_approve', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_bom := engineering.lock_bom(p_id, p_row_version);
  IF v_bom.state <> 'draft' THEN
    PERFORM sec.fail('ER422', 'bom_not_draft', jsonb_build_object('id', p_id, 'state', v_bom.state));
  ELSIF NOT EXISTS (SELECT FROM engineering.bom_line l WHERE l.bom_id = p_id) THEN
    PERFORM sec.fail('ER422', 'bom_has_no_lines', jsonb_build_object('id', p_id));
  END IF;
  -- What was valid before ends where this one begins; one of the same day has never been valid and is retired.
  UPDATE engineering.bom b SET state = 'retired'
   WHERE b.product_id = v_bom.product_id AND b.state = 'approved' AND b.valid_from = v_bom.valid_from;
  UPDATE engineering.bom b SET valid_to = v_bom.valid_from
   WHERE b.product_id = v_bom.product_id AND b.state = 'approved' AND b.valid_from < v_bom.valid_from
     AND (b.valid_to IS NULL OR b.valid_to > v_bom.valid_from);
  SELECT min(b.valid_from) INTO v_next FROM engineering.bom b
   WHERE b.product_id = v_bom.product_id AND b.state = 'approved' AND b.valid_from > v_bom.valid_from;
  UPDATE engineering.bom b
     SET state = 'approved', approved_by = session_user, approved_at = statement_timestamp(),
         valid_to = least(b.valid_to, v_next)
   WHERE b.id = p_id RETURNING * INTO v_bom;
  RETURN api.command_end(p_command, jsonb_build_object(
    'id', p_id, 'row_version', v_bom.row_version, 'valid_from', v_bom.valid_from, 'valid_to', v_bom.valid_to));
END $$;
COMMENT ON FUNCTION api.bom_approve IS
  'Approve a draft bill that has lines. The version valid before ends the day this one begins; a later version ends this one.';

CREATE OR REPLACE FUNCTION api.bom_retire(p_command uuid, p_id bigint, p_row_version int) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_bom engineering.bom%ROWTYPE;
BEGIN
  PERFORM sec.require('bom_retire');
  v_replay := api.command_begin(p_command, 'bom_retire', jsonb_build_object('id', p_id, 'row_version', p_row_version));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  v_bom := engineering.lock_bom(p_id, p_row_version);
  IF v_bom.state <> 'approved' THEN
    PERFORM sec.fail('ER422', 'bom_not_approved', jsonb_build_object('id', p_id, 'state', v_bom.state));
  END IF;
  UPDATE engineering.bom b SET state = 'retired' WHERE b.id = p_id RETURNING * INTO v_bom;
  RETURN api.command_end(p_command, jsonb_build_object('id', p_id, 'row_version', v_bom.row_version));
END $$;
COMMENT ON FUNCTION api.bom_retire IS 'Take an approved bill out of use; running work orders keep their components.';
