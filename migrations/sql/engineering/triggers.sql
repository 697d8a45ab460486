-- No product may contain itself, at any depth, whoever writes and however many at once.

CREATE OR REPLACE FUNCTION engineering.tg_refuse_cycle() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_found record;
BEGIN
  -- Runs as the writer, who sees every bill. The row is updated, not only locked: a transaction with an older
  -- snapshot (REPEATABLE READ) then fails to serialise instead of overlooking what was committed meanwhile.
  UPDATE engineering.structure_lock l SET changes = l.changes + 1 WHERE l.id = 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the row of engineering.structure_lock is missing or hidden';
  END IF;
  WITH RECURSIVE reach (line_id, product_id, component_id, reached_id) AS (
    SELECT n.id, b.product_id, n.product_id, n.product_id
      FROM new_rows n JOIN engineering.bom b ON b.id = n.bom_id
    UNION
    SELECT r.line_id, r.product_id, r.component_id, l.product_id
      FROM reach r
      JOIN engineering.bom b ON b.product_id = r.reached_id AND b.state <> 'retired'
      JOIN engineering.bom_line l ON l.bom_id = b.id
     WHERE r.reached_id <> r.product_id)
  SELECT r.line_id, r.product_id, r.component_id INTO v_found
    FROM reach r WHERE r.reached_id = r.product_id ORDER BY r.line_id LIMIT 1;
  IF FOUND THEN
    PERFORM sec.fail('ER422', CASE WHEN v_found.product_id = v_found.component_id THEN 'bom_contains_itself' ELSE 'bom_cycle' END,
      (SELECT jsonb_build_object('product_id', p.id, 'product', p.sku, 'component_id', c.id, 'component', c.sku)
         FROM catalog.product p, catalog.product c
        WHERE p.id = v_found.product_id AND c.id = v_found.component_id));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION engineering.tg_refuse_cycle IS
  'Refuses lines that would make a product part of itself over bills that are not retired; changes of structure queue up.';

CREATE OR REPLACE TRIGGER bom_line_no_cycle_insert AFTER INSERT ON engineering.bom_line
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engineering.tg_refuse_cycle();
CREATE OR REPLACE TRIGGER bom_line_no_cycle_update AFTER UPDATE ON engineering.bom_line
REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION engineering.tg_refuse_cycle();

CREATE OR REPLACE FUNCTION engineering.tg_keep_approved() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.product_id <> OLD.product_id OR NEW.version <> OLD.version THEN
    PERFORM sec.fail('ER422', 'bom_identity_fixed', jsonb_build_object('id', OLD.id));
  ELSIF OLD.state <> 'draft'
    AND (NEW.output_qty, NEW.valid_from, NEW.approved_by, NEW.approved_at) IS DISTINCT FROM
        (OLD.output_qty, OLD.valid_from, OLD.approved_by, OLD.approved_at) THEN
    PERFORM sec.fail('ER422', 'bom_not_draft', jsonb_build_object('id', OLD.id));
  ELSIF (OLD.state, NEW.state) NOT IN (('draft', 'draft'), ('draft', 'approved'), ('approved', 'approved'),
                                       ('approved', 'retired'), ('retired', 'retired')) THEN
    PERFORM sec.fail('ER422', 'bom_state_order', jsonb_build_object('id', OLD.id, 'from', OLD.state, 'to', NEW.state));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION engineering.tg_keep_approved IS
  'draft -> approved -> retired and no way back; after approval only valid_to and the remark may change.';

CREATE OR REPLACE TRIGGER bom_keep_approved BEFORE UPDATE ON engineering.bom
FOR EACH ROW EXECUTE FUNCTION engineering.tg_keep_approved();
