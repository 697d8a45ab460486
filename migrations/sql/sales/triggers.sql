-- What holds for everybody, the posting functions included: lines change only in drafts, totals come from lines,
-- states move along known edges, what was issued stays as it was issued.

CREATE OR REPLACE FUNCTION sales.quote_lines_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ids bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    v_ids := ARRAY(SELECT DISTINCT n.quote_id FROM new_rows n);
  ELSIF TG_OP = 'DELETE' THEN
    v_ids := ARRAY(SELECT DISTINCT o.quote_id FROM old_rows o);
  ELSE
    v_ids := ARRAY(SELECT o.quote_id FROM old_rows o UNION SELECT n.quote_id FROM new_rows n);
  END IF;
  -- The header's lock comes first: an issue running at the same moment has it and is waited for.
  PERFORM FROM sales.quote q WHERE q.id = ANY (v_ids) ORDER BY q.id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM sales.quote q WHERE q.id = ANY (v_ids) AND q.state <> 'draft') THEN
    PERFORM sec.fail('ER422', 'quote_not_draft', jsonb_build_object('id', v_ids[1]));
  END IF;
  UPDATE sales.quote q SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
    FROM (SELECT d.id, s.net, s.tax FROM sales.quote d, sales.document_sums('quote', d.id, d.charges) s
           WHERE d.id = ANY (v_ids)) t WHERE q.id = t.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION sales.order_lines_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_ids bigint[];
BEGIN
  IF TG_OP = 'INSERT' THEN
    v_ids := ARRAY(SELECT DISTINCT n.sales_order_id FROM new_rows n);
  ELSIF TG_OP = 'DELETE' THEN
    v_ids := ARRAY(SELECT DISTINCT o.sales_order_id FROM old_rows o);
  ELSE
    -- What was shipped and invoiced follows the posting functions; everything else is the order itself.
    v_ids := ARRAY(
      SELECT DISTINCT x.sales_order_id
        FROM old_rows o JOIN new_rows n ON n.id = o.id
       CROSS JOIN LATERAL (VALUES (o.sales_order_id), (n.sales_order_id)) x (sales_order_id)
       WHERE (o.sales_order_id, o.position, o.product_id, o.sku, o.description, o.unit_code, o.qty, o.list_price,
              o.unit_price, o.discount_pct, o.tax_rate, o.tax_category, o.charges)
             IS DISTINCT FROM
             (n.sales_order_id, n.position, n.product_id, n.sku, n.description, n.unit_code, n.qty, n.list_price,
              n.unit_price, n.discount_pct, n.tax_rate, n.tax_category, n.charges));
  END IF;
  IF v_ids = '{}' THEN
    RETURN NULL;
  END IF;
  PERFORM FROM sales.sales_order q WHERE q.id = ANY (v_ids) ORDER BY q.id FOR NO KEY UPDATE;
  IF EXISTS (SELECT FROM sales.sales_order q WHERE q.id = ANY (v_ids) AND q.state <> 'draft') THEN
    PERFORM sec.fail('ER422', 'sales_order_not_draft', jsonb_build_object('id', v_ids[1]));
  END IF;
  UPDATE sales.sales_order q SET net_amount = t.net, tax_amount = t.tax, gross_amount = t.net + t.tax
    FROM (SELECT d.id, s.net, s.tax FROM sales.sales_order d, sales.document_sums('sales_order', d.id, d.charges) s
           WHERE d.id = ANY (v_ids)) t WHERE q.id = t.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION sales.guard_invoice() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.state <> OLD.state AND OLD.state || '>' || NEW.state NOT IN ('open>paid', 'open>cancelled', 'paid>cancelled', 'open>settled') THEN
    PERFORM sec.fail('ER422', 'state_change_unknown', jsonb_build_object('from', OLD.state, 'to', NEW.state));
  ELSIF abs(NEW.paid_amount) < abs(OLD.paid_amount) OR abs(NEW.discount_taken) < abs(OLD.discount_taken)
        OR abs(NEW.credited_amount) < abs(OLD.credited_amount) THEN
    PERFORM sec.fail('ER422', 'posted_is_final', jsonb_build_object('table', TG_TABLE_NAME, 'id', OLD.id));
  END IF;
  RETURN NEW;
END $$;
COMMENT ON FUNCTION sales.guard_invoice IS 'States of an invoice move along known edges and payments only add up.';

CREATE OR REPLACE FUNCTION sales.guard_parts() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
-- A posting writes the parts of a document first and the document last; afterwards nothing can be added to it.
DECLARE
  v_there boolean;
BEGIN
  IF TG_ARGV[0] = 'delivery' THEN
    v_there := EXISTS (SELECT FROM new_rows n JOIN sales.delivery d ON d.id = (to_jsonb(n) ->> 'delivery_id')::bigint);
  ELSE
    v_there := EXISTS (SELECT FROM new_rows n JOIN sales.invoice i ON i.id = (to_jsonb(n) ->> 'invoice_id')::bigint);
  END IF;
  IF v_there THEN
    PERFORM sec.fail('ER422', 'posted_is_final', jsonb_build_object('table', TG_TABLE_NAME));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION sales.guard_parts IS 'Nothing is added to a delivery or an invoice that exists.';

CREATE OR REPLACE FUNCTION sales.line_is_wrong(p_line sales.invoice_line) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  -- The last piece that a correction takes back takes the last cent with it.
  SELECT abs(p_line.net_amount - round(p_line.qty * p_line.unit_price * (100 - p_line.discount_pct) / 100, 2)
             - sales.charge_net(p_line.charges)) > CASE WHEN p_line.corrects_line_id IS NULL THEN 0 ELSE 0.01 END
$$;
COMMENT ON FUNCTION sales.line_is_wrong IS 'Whether a line of an invoice is not what its price, discount and charges come to.';

CREATE OR REPLACE FUNCTION sales.guard_invoice_totals() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_net numeric := (SELECT sum(l.net_amount) FROM sales.invoice_line l WHERE l.invoice_id = NEW.id)
    + coalesce((SELECT sum(CASE c.kind WHEN 'charge' THEN c.amount ELSE -c.amount END)
                  FROM sales.invoice_charge c WHERE c.invoice_id = NEW.id), 0);
BEGIN
  IF NEW.net_amount IS DISTINCT FROM v_net
     OR NOT EXISTS (SELECT FROM sales.invoice_tax t WHERE t.invoice_id = NEW.id
                    HAVING sum(t.net_amount) = NEW.net_amount AND sum(t.tax_amount) = NEW.tax_amount)
     OR NEW.gross_amount IS DISTINCT FROM NEW.net_amount + NEW.tax_amount
     OR EXISTS (SELECT FROM sales.invoice_line l WHERE l.invoice_id = NEW.id AND sales.line_is_wrong(l))
     OR NEW.prepaid_amount IS DISTINCT FROM coalesce(
          (SELECT sum(d.net_amount + d.tax_amount) FROM sales.invoice_deduction d WHERE d.invoice_id = NEW.id), 0)
     OR NEW.paid_amount <> 0 OR NEW.discount_taken <> 0 OR NEW.credited_amount <> 0
     OR NEW.own_settled_amount <> 0 OR NEW.own_credited_amount <> 0
  THEN
    PERFORM sec.fail('ER422', 'invoice_totals_wrong', jsonb_build_object('id', NEW.id));
  END IF;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION sales.guard_invoice_totals IS
  'An invoice is born with the totals of its lines, charges and deductions, and nothing paid.';

CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.delivery_line REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('delivery');
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.invoice_line REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('invoice');
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.invoice_tax REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('invoice');
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.invoice_charge REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('invoice');
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.invoice_deduction REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('invoice');
CREATE OR REPLACE TRIGGER parts_first AFTER INSERT ON sales.invoice_delivery REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.guard_parts('invoice');
CREATE OR REPLACE TRIGGER guard_totals AFTER INSERT ON sales.invoice
  FOR EACH ROW EXECUTE FUNCTION sales.guard_invoice_totals();

CREATE OR REPLACE TRIGGER lines_inserted AFTER INSERT ON sales.quote_line
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sales.quote_lines_changed();
CREATE OR REPLACE TRIGGER lines_updated AFTER UPDATE ON sales.quote_line
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.quote_lines_changed();
CREATE OR REPLACE TRIGGER lines_deleted AFTER DELETE ON sales.quote_line
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sales.quote_lines_changed();
CREATE OR REPLACE TRIGGER lines_inserted AFTER INSERT ON sales.sales_order_line
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION sales.order_lines_changed();
CREATE OR REPLACE TRIGGER lines_updated AFTER UPDATE ON sales.sales_order_line
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION sales.order_lines_changed();
CREATE OR REPLACE TRIGGER lines_deleted AFTER DELETE ON sales.sales_order_line
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION sales.order_lines_changed();

CREATE OR REPLACE TRIGGER currency BEFORE INSERT OR UPDATE ON sales.quote FOR EACH ROW EXECUTE FUNCTION sales.tg_currency();
CREATE OR REPLACE TRIGGER currency BEFORE INSERT OR UPDATE ON sales.sales_order FOR EACH ROW EXECUTE FUNCTION
  sales.tg_currency();
CREATE OR REPLACE TRIGGER charges BEFORE INSERT OR UPDATE ON sales.quote FOR EACH ROW EXECUTE FUNCTION sales.tg_charges();
CREATE OR REPLACE TRIGGER charges BEFORE INSERT OR UPDATE ON sales.sales_order FOR EACH ROW EXECUTE FUNCTION
  sales.tg_charges();
CREATE OR REPLACE TRIGGER charges BEFORE INSERT OR UPDATE ON sales.quote_line FOR EACH ROW EXECUTE FUNCTION
  sales.tg_line_charges();
CREATE OR REPLACE TRIGGER charges BEFORE INSERT OR UPDATE ON sales.sales_order_line FOR EACH ROW EXECUTE FUNCTION
  sales.tg_line_charges();
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.quote FOR EACH ROW EXECUTE FUNCTION
  system.guard_document('quote_not_draft', '{draft>issued,issued>accepted,issued>rejected}', '{state,reject_reason}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.sales_order FOR EACH ROW EXECUTE FUNCTION
  system.guard_document('sales_order_not_draft',
                       '{draft>confirmed,confirmed>completed,completed>confirmed,confirmed>cancelled}',
                       '{state,delivery_state,invoice_state,cancel_reason}');

CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.delivery FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{invoice_state}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.delivery_line FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{state,paid_amount,discount_taken,credited_amount,own_settled_amount,own_credited_amount}');
CREATE OR REPLACE TRIGGER guard_state BEFORE UPDATE ON sales.invoice FOR EACH ROW EXECUTE FUNCTION
  sales.guard_invoice();
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice_line FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice_tax FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice_charge FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice_deduction FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.invoice_delivery FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{is_active}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.payment FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.reminder FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{state,cancel_reason}');
CREATE OR REPLACE TRIGGER guard BEFORE UPDATE OR DELETE ON sales.reminder_item FOR EACH ROW EXECUTE FUNCTION
  system.guard_posted('{}');
