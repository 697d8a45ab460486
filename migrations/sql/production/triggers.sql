-- What has been ordered and reported stays as it was.

CREATE OR REPLACE FUNCTION production.tg_keep_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.number, NEW.product_id, NEW.bom_id, NEW.warehouse_id, NEW.parent_id, NEW.qty) IS DISTINCT FROM
     (OLD.number, OLD.product_id, OLD.bom_id, OLD.warehouse_id, OLD.parent_id, OLD.qty)
     OR NEW.qty_good < OLD.qty_good OR NEW.qty_scrap < OLD.qty_scrap THEN
    PERFORM sec.fail('ER422', 'work_order_identity_fixed', jsonb_build_object('id', OLD.id, 'number', OLD.number));
  ELSIF (OLD.state, NEW.state) NOT IN (('released', 'released'), ('released', 'started'), ('released', 'cancelled'),
                                       ('started', 'started'), ('started', 'completed'), ('started', 'cancelled')) THEN
    PERFORM sec.fail('ER422', 'work_order_state_order',
      jsonb_build_object('id', OLD.id, 'number', OLD.number, 'from', OLD.state, 'to', NEW.state));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION production.tg_keep_order IS
  'released -> started -> completed, or cancelled before the end; what is made, of what, where and how many never changes.';

CREATE OR REPLACE TRIGGER work_order_keep BEFORE UPDATE ON production.work_order
FOR EACH ROW EXECUTE FUNCTION production.tg_keep_order();

CREATE OR REPLACE FUNCTION production.tg_refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.fail('ER422', 'completion_immutable');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION production.tg_refuse_change IS 'Refuses every UPDATE, DELETE and TRUNCATE of a history table.';

CREATE OR REPLACE TRIGGER completion_immutable BEFORE UPDATE OR DELETE ON production.completion
FOR EACH ROW EXECUTE FUNCTION production.tg_refuse_change();
CREATE OR REPLACE TRIGGER completion_never_emptied BEFORE TRUNCATE ON production.completion
FOR EACH STATEMENT EXECUTE FUNCTION production.tg_refuse_change();
