-- Moves are history: not even the posting functions change one.

CREATE OR REPLACE FUNCTION inventory.refuse_change() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.fail('ER422', 'stock_move_immutable');
  RETURN NULL;
END $$;
COMMENT ON FUNCTION inventory.refuse_change IS 'Refuses every UPDATE, DELETE and TRUNCATE of a history table.';

CREATE OR REPLACE TRIGGER stock_move_immutable BEFORE UPDATE OR DELETE ON inventory.stock_move
FOR EACH ROW EXECUTE FUNCTION inventory.refuse_change();
CREATE OR REPLACE TRIGGER stock_move_never_emptied BEFORE TRUNCATE ON inventory.stock_move
FOR EACH STATEMENT EXECUTE FUNCTION inventory.refuse_change();
