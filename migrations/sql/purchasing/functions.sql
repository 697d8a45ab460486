-- What buying rests on: the supplier, his prices, the order and its states. Internal: called by api functions only.

CREATE OR REPLACE FUNCTION purchasing.require_supplier(p_supplier bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM partners.partner s WHERE s.id = p_supplier AND s.is_supplier AND s.is_active) THEN
    PERFORM sec.fail('ER422', 'supplier_not_active', jsonb_build_object('id', p_supplier));
  END IF;
END $$;
COMMENT ON FUNCTION purchasing.require_supplier IS 'ER422 supplier_not_active unless the partner is a supplier in use.';

CREATE OR REPLACE FUNCTION purchasing.prices_for(p_supplier bigint, p_lines jsonb, p_on date, p_currency text)
RETURNS TABLE (line bigint, product_id bigint, amount numeric, supplier_sku text, lead_days integer)
LANGUAGE sql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT x.ord, x.product_id, o.amount, o.supplier_sku, o.lead_days
    FROM ROWS FROM (jsonb_to_recordset(p_lines) AS (product_id bigint, qty numeric)) WITH ORDINALITY AS x (product_id, qty, ord)
    LEFT JOIN LATERAL (
      SELECT s.amount, s.supplier_sku::text, s.lead_days FROM purchasing.supplier_price s
       WHERE s.supplier_id = p_supplier AND s.product_id = x.product_id AND s.currency = p_currency
         AND s.valid_from <= p_on AND s.min_qty <= coalesce(x.qty, 1)
       ORDER BY s.min_qty DESC, s.valid_from DESC LIMIT 1) o ON true
$$;
COMMENT ON FUNCTION purchasing.prices_for IS
  'What a supplier asks on a day: the highest tier the quantity reaches, of it the latest price. Lines [{product_id, qty}]; NULL: no price.';

CREATE OR REPLACE FUNCTION purchasing.locked_order(p_id bigint, p_row_version integer) RETURNS purchasing.purchase_order
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_order purchasing.purchase_order%ROWTYPE;
BEGIN
  SELECT * INTO v_order FROM purchasing.purchase_order o
   WHERE o.id = p_id AND o.warehouse_id = ANY (sec.my_warehouses()) FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'purchase_order_not_found', jsonb_build_object('id', p_id));
  ELSIF v_order.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale', jsonb_build_object('id', p_id, 'row_version', v_order.row_version));
  END IF;
  RETURN v_order;
END $$;
COMMENT ON FUNCTION purchasing.locked_order IS 'The order, locked, if it is for one of the person''s warehouses; ER404 or ER409.';

CREATE OR REPLACE FUNCTION purchasing.refresh_order(p_id bigint) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_version integer;
BEGIN
  UPDATE purchasing.purchase_order o
     SET receipt_state = f.received,
         state = CASE WHEN o.state IN ('closed', 'cancelled') THEN o.state
                      WHEN f.received = 'full' THEN 'completed' ELSE 'ordered' END
    FROM (SELECT CASE WHEN bool_and(l.qty_received - l.qty_returned >= l.qty) THEN 'full'
                      WHEN bool_or(l.qty_received - l.qty_returned > 0) THEN 'partial' ELSE 'none' END AS received
            FROM purchasing.purchase_order_line l WHERE l.purchase_order_id = p_id) f
   WHERE o.id = p_id
  RETURNING o.row_version INTO v_version;
  RETURN v_version;
END $$;
COMMENT ON FUNCTION purchasing.refresh_order IS 'States of an order as its lines say; returns the new row version.';

CREATE OR REPLACE FUNCTION purchasing.order_sums(p_id bigint) RETURNS TABLE (net numeric, tax numeric)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(sum(r.net), 0), coalesce(sum(round(r.net * r.tax_rate / 100, 2)), 0)
    FROM (SELECT l.tax_rate, sum(l.net_amount) AS net FROM purchasing.purchase_order_line l
           WHERE l.purchase_order_id = p_id GROUP BY l.tax_rate) r
$$;
COMMENT ON FUNCTION purchasing.order_sums IS 'Net and tax of an order, the tax rounded once per rate.';

CREATE OR REPLACE FUNCTION purchasing.snapshot(p_supplier bigint, p_warehouse bigint, p_term bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RETURN (
    SELECT jsonb_build_object(
      'supplier', jsonb_build_object('number', s.number, 'name', s.name, 'language', s.language, 'vat_id', s.vat_id,
                                     'tax_treatment', s.tax_treatment),
      'address', (SELECT sales.address_json(a.id) FROM partners.address a WHERE a.partner_id = s.id
                   ORDER BY (a.kind = 'billing') DESC, a.is_default DESC, a.id LIMIT 1),
      'warehouse', (SELECT jsonb_build_object('code', w.code, 'name', w.name) FROM inventory.warehouse w WHERE w.id = p_warehouse),
      'terms', (SELECT jsonb_build_object('code', t.code, 'name_de', t.name_de, 'name_en', t.name_en, 'net_days', t.net_days,
                                          'discount_days', t.discount_days, 'discount_pct', t.discount_pct)
                  FROM partners.payment_term t WHERE t.id = p_term))
      FROM partners.partner s WHERE s.id = p_supplier);
END $$;
COMMENT ON FUNCTION purchasing.snapshot IS 'What a document says about its supplier and its terms, as of now.';

CREATE OR REPLACE FUNCTION purchasing.paper_of_purchase_order(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.number, o.warehouse_id, o.supplier_id, o.snapshot #>> '{supplier,name}', o.order_date,
         o.state IN ('ordered', 'completed', 'closed')
    FROM purchasing.purchase_order o WHERE o.id = p_id
$$;
COMMENT ON FUNCTION purchasing.paper_of_purchase_order IS 'A purchase order as the archive sees it.';

CREATE OR REPLACE FUNCTION purchasing.paper_of_goods_receipt(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT g.number, g.warehouse_id, g.supplier_id, g.snapshot #>> '{supplier,name}', g.received_on,
         (p_kind = 'return_slip') = (g.kind = 'return')
    FROM purchasing.goods_receipt g WHERE g.id = p_id
$$;
COMMENT ON FUNCTION purchasing.paper_of_goods_receipt IS 'A goods receipt or return as the archive sees it; its paper is of its own kind.';

CREATE OR REPLACE FUNCTION purchasing.paper_of_purchase_invoice(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.number, NULL::bigint, i.supplier_id, i.snapshot #>> '{supplier,name}', i.invoice_date, i.state <> 'draft'
    FROM purchasing.purchase_invoice i WHERE i.id = p_id
$$;
COMMENT ON FUNCTION purchasing.paper_of_purchase_invoice IS 'A purchase invoice as the archive sees it: its paper is the supplier''s.';
