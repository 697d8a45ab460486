-- What holds for the posting functions too: states move along known edges, what was ordered and posted stays as it is.

CREATE OR REPLACE FUNCTION purchasing.guard_order_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The net amount is worked out after this trigger.
  v_free text[] := '{qty_received,qty_returned,confirmed_date,confirmed_price,net_amount}';
  v_line purchasing.purchase_order_line%ROWTYPE := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
  IF (SELECT o.state FROM purchasing.purchase_order o WHERE o.id = v_line.purchase_order_id) <> 'draft'
     AND (TG_OP <> 'UPDATE' OR to_jsonb(NEW) - v_free IS DISTINCT FROM to_jsonb(OLD) - v_free) THEN
    PERFORM sec.fail('ER422', 'purchase_order_not_draft', jsonb_build_object('id', v_line.purchase_order_id));
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION purchasing.guard_order_line IS 'Lines change only in drafts, but for what came and was confirmed of them.';

CREATE OR REPLACE FUNCTION purchasing.guard_parts() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- A posting writes the lines of a receipt first and the receipt last; afterwards nothing can be added to it.
BEGIN
  IF EXISTS (SELECT FROM new_rows n JOIN purchasing.goods_receipt g ON g.id = n.goods_receipt_id) THEN
    PERFORM sec.fail('ER422', 'posted_is_final', jsonb_build_object('table', TG_TABLE_NAME));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION purchasing.guard_parts IS 'Nothing is added to a goods receipt that exists.';

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON purchasing.purchase_order_line
  FOR EACH ROW EXECUTE FUNCTION purchasing.guard_order_line();
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON purchasing.goods_receipt_line REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION purchasing.guard_parts();
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.purchase_order FOR EACH ROW EXECUTE FUNCTION
  system.guard_document('purchase_order_not_draft',
    '{draft>ordered,ordered>completed,completed>ordered,ordered>closed,ordered>cancelled}',
    '{state,receipt_state,supplier_reference,confirmed_at,close_reason}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.goods_receipt FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.goods_receipt_line FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
