-- Moves are history: not even the posting functions change one.

CREATE OR REPLACE FUNCTION inventory.tg_refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.fail('ER422', 'stock_move_immutable');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION inventory.tg_refuse_change IS 'Refuses every UPDATE, DELETE and TRUNCATE of a history table.';

CREATE OR REPLACE TRIGGER stock_move_immutable BEFORE UPDATE OR DELETE ON inventory.stock_move
FOR EACH ROW EXECUTE FUNCTION inventory.tg_refuse_change();
CREATE OR REPLACE TRIGGER stock_move_never_emptied BEFORE TRUNCATE ON inventory.stock_move
FOR EACH STATEMENT EXECUTE FUNCTION inventory.tg_refuse_change();

CREATE OR REPLACE FUNCTION inventory.tg_keep_place() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.warehouse_id <> OLD.warehouse_id OR (NEW.kind = 'blocked') <> (OLD.kind = 'blocked') THEN
    -- stock_level counts the goods at this place as they were when they came.
    PERFORM sec.fail('ER422', 'place_kind_fixed', jsonb_build_object('place', OLD.code));
  ELSIF OLD.is_active AND NOT NEW.is_active
    AND EXISTS (SELECT FROM inventory.stock_balance b WHERE b.place_id = OLD.id AND b.qty > 0) THEN
    PERFORM sec.fail('ER422', 'place_not_empty', jsonb_build_object('place', OLD.code));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION inventory.tg_keep_place IS
  'A place stays in its warehouse and is blocked for ever or never; it goes out of use only when empty.';

CREATE OR REPLACE TRIGGER place_keep BEFORE UPDATE ON inventory.place
FOR EACH ROW EXECUTE FUNCTION inventory.tg_keep_place();
