-- What holds for the posting functions too: states move along known edges, what was ordered and posted stays as it is.

CREATE OR REPLACE FUNCTION purchasing.guard_order_line() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  -- The net amount is worked out after this trigger.
  v_free text[] := '{qty_received,qty_returned,qty_invoiced,confirmed_date,confirmed_price,net_amount}';
  v_line purchasing.purchase_order_line%ROWTYPE := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
BEGIN
  IF (SELECT o.state FROM purchasing.purchase_order o WHERE o.id = v_line.purchase_order_id) <> 'draft'
     AND (TG_OP <> 'UPDATE' OR to_jsonb(NEW) - v_free IS DISTINCT FROM to_jsonb(OLD) - v_free) THEN
    PERFORM sec.fail('ER422', 'purchase_order_not_draft', jsonb_build_object('id', v_line.purchase_order_id));
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION purchasing.guard_order_line IS 'Lines change only in drafts, but for what came, was confirmed and invoiced of them.';

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

CREATE OR REPLACE FUNCTION purchasing.guard_invoice_part() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
-- The counter-document of a cancelled invoice is written after its parts: until then it does not exist.
DECLARE
  v_part jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
  IF TG_OP = 'UPDATE' AND (to_jsonb(OLD) ->> 'purchase_invoice_id') <> (v_part ->> 'purchase_invoice_id')
     OR (SELECT i.state FROM purchasing.purchase_invoice i WHERE i.id = (v_part ->> 'purchase_invoice_id')::bigint) <> 'draft' THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_not_draft', jsonb_build_object('id', v_part -> 'purchase_invoice_id'));
  END IF;
  RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
COMMENT ON FUNCTION purchasing.guard_invoice_part IS 'Lines and taxes of a purchase invoice change only while it is a draft.';

CREATE OR REPLACE FUNCTION purchasing.guard_invoice() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_sums record;
BEGIN
  IF TG_OP = 'INSERT' AND NEW.state NOT IN ('draft', 'settled') THEN
    PERFORM sec.fail('ER422', 'state_change_unknown', jsonb_build_object('from', '', 'to', NEW.state));
  ELSIF TG_OP = 'UPDATE' AND OLD.posting_date IS NOT NULL
        AND ((NEW.posting_date, NEW.approved_by, NEW.approved_at, NEW.entered_by, NEW.entered_at, NEW.findings, NEW.snapshot)
             IS DISTINCT FROM
             (OLD.posting_date, OLD.approved_by, OLD.approved_at, OLD.entered_by, OLD.entered_at, OLD.findings, OLD.snapshot)
             OR abs(NEW.paid_amount) < abs(OLD.paid_amount) OR NEW.discount_taken < OLD.discount_taken) THEN
    PERFORM sec.fail('ER422', 'posted_is_final', jsonb_build_object('table', TG_TABLE_NAME, 'id', OLD.id));
  ELSIF NEW.state IN ('approved', 'paid') AND (NEW.entered_by IS NULL OR NEW.approved_by IS NULL) THEN
    PERFORM sec.fail('ER422', 'purchase_invoice_four_eyes', jsonb_build_object('id', NEW.id));
  ELSIF NEW.state <> 'draft' AND (TG_OP = 'INSERT' OR OLD.state = 'draft') AND NEW.state <> 'cancelled' THEN
    SELECT sum(t.net_amount) AS net, sum(t.tax_amount) AS tax, sum(t.own_net_amount) AS own_net, sum(t.own_tax_amount) AS own_tax,
           (SELECT sum(l.net_amount) FROM purchasing.purchase_invoice_line l WHERE l.purchase_invoice_id = NEW.id) AS lines
      INTO v_sums FROM purchasing.purchase_invoice_tax t WHERE t.purchase_invoice_id = NEW.id;
    IF (NEW.net_amount, NEW.net_amount, NEW.tax_amount, NEW.gross_amount, NEW.own_net_amount, NEW.own_tax_amount, NEW.own_gross_amount)
       IS DISTINCT FROM (v_sums.lines, v_sums.net, v_sums.tax, v_sums.net + v_sums.tax, v_sums.own_net, v_sums.own_tax,
                         v_sums.own_net + v_sums.own_tax)
       OR NEW.paid_amount <> 0 OR NEW.discount_taken <> 0 THEN
      PERFORM sec.fail('ER422', 'invoice_totals_wrong', jsonb_build_object('id', NEW.id));
    END IF;
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION purchasing.guard_invoice IS
  'A purchase invoice has the totals of its lines and taxes, is approved by somebody, and stays as it was posted; payments only add up.';

CREATE OR REPLACE FUNCTION purchasing.follow_received() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE purchasing.received r SET state = w.state
    FROM (SELECT x.id, CASE WHEN EXISTS (SELECT FROM purchasing.purchase_invoice i WHERE i.received_id = x.id
                                            AND i.state NOT IN ('cancelled', 'settled')) THEN 'matched' ELSE 'new' END AS state
            FROM unnest(ARRAY[CASE WHEN TG_OP <> 'DELETE' THEN NEW.received_id END,
                              CASE WHEN TG_OP <> 'INSERT' THEN OLD.received_id END]) AS x (id)
           WHERE x.id IS NOT NULL) w
   WHERE r.id = w.id AND r.state <> 'refused' AND r.state <> w.state;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION purchasing.follow_received IS 'A received file waits as long as no purchase invoice is made of it.';

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON purchasing.purchase_invoice_line
  FOR EACH ROW EXECUTE FUNCTION purchasing.guard_invoice_part();
CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON purchasing.purchase_invoice_tax
  FOR EACH ROW EXECUTE FUNCTION purchasing.guard_invoice_part();
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.purchase_invoice FOR EACH ROW EXECUTE FUNCTION
  system.guard_document('purchase_invoice_not_draft',
    '{draft>entered,entered>draft,entered>approved,entered>paid,approved>paid,draft>cancelled,entered>cancelled,approved>cancelled}',
    '{state,approved_at,approved_by,posting_date,paid_amount,discount_taken,cancel_reason}');
CREATE OR REPLACE TRIGGER guard_posted BEFORE INSERT OR UPDATE ON purchasing.purchase_invoice
  FOR EACH ROW EXECUTE FUNCTION purchasing.guard_invoice();
CREATE OR REPLACE TRIGGER received AFTER INSERT OR UPDATE OF received_id, state OR DELETE ON purchasing.purchase_invoice
  FOR EACH ROW EXECUTE FUNCTION purchasing.follow_received();
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.purchase_payment FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON purchasing.received FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{state,refuse_reason,supplier_id}');
