-- What people without a right on sales tables need of them: what is to ship, and how documents hang together.

CREATE OR REPLACE FUNCTION api.shipping_orders(p_limit integer DEFAULT 500)
RETURNS TABLE (sales_order_id bigint, row_version integer, number text, customer_name text, customer_reference text,
               city text, requested_date date, order_date date, warehouse_id bigint, warehouse_code text,
               delivery_state text, open_lines integer, ready_lines integer, block_reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('shipping_orders');
  RETURN QUERY
    SELECT o.id, o.row_version, o.number::text, c.name::text, o.customer_reference::text,
           o.snapshot #>> '{delivery_address,city}', o.requested_date, o.order_date, o.warehouse_id, w.code::text,
           o.delivery_state::text, s.open_lines, s.ready_lines,
           CASE WHEN c.is_delivery_blocked THEN c.block_reason::text END
      FROM sales.sales_order o
      JOIN partners.partner c ON c.id = o.customer_id
      JOIN inventory.warehouse w ON w.id = o.warehouse_id
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS open_lines,
              (count(*) FILTER (WHERE NOT p.is_stocked OR coalesce(r.qty, 0) >= l.qty - l.qty_shipped))::int AS ready_lines
         FROM sales.sales_order_line l
         JOIN catalog.product p ON p.id = l.product_id
         LEFT JOIN inventory.reservation r ON r.source_type = 'sales_order_line' AND r.source_id = l.id
        WHERE l.sales_order_id = o.id AND l.qty > l.qty_shipped) s
     WHERE o.state = 'confirmed' AND o.delivery_state <> 'full' AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
     ORDER BY o.requested_date NULLS LAST, o.id
     LIMIT least(greatest(coalesce(p_limit, 500), 1), 5000);
END $$;
COMMENT ON FUNCTION api.shipping_orders IS 'Confirmed orders with something left to ship from one''s warehouses; no prices.';

CREATE OR REPLACE FUNCTION api.shipping_lines(p_sales_order_id bigint)
RETURNS TABLE (line_id bigint, line_position integer, product_id bigint, sku text, description text, unit_code text,
               qty numeric, qty_shipped numeric, qty_open numeric, qty_reserved numeric, qty_free numeric,
               is_stocked boolean, is_lot_tracked boolean, warehouse_id bigint, row_version integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('shipping_lines');
  RETURN QUERY
    SELECT l.id, l.position, l.product_id, p.sku::text, l.description::text, coalesce(l.unit_code, u.code)::text, l.qty,
           l.qty_shipped, l.qty - l.qty_shipped, coalesce(r.qty, 0), coalesce(v.free, 0), p.is_stocked, p.is_lot_tracked,
           o.warehouse_id, o.row_version
      FROM sales.sales_order o
      JOIN sales.sales_order_line l ON l.sales_order_id = o.id
      JOIN catalog.product p ON p.id = l.product_id
      JOIN catalog.unit u ON u.id = p.unit_id
      LEFT JOIN inventory.reservation r ON r.source_type = 'sales_order_line' AND r.source_id = l.id
      LEFT JOIN inventory.stock_level v ON v.product_id = l.product_id AND v.warehouse_id = o.warehouse_id
     WHERE o.id = p_sales_order_id AND o.state IN ('confirmed', 'completed')
       AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
     ORDER BY l.position;
END $$;
COMMENT ON FUNCTION api.shipping_lines IS 'Lines of a confirmed order as the warehouse needs them: quantities, no prices.';

CREATE OR REPLACE FUNCTION api.document_chain(p_document_type text, p_document_id bigint)
RETURNS TABLE (document_type text, document_id bigint, parent_type text, parent_id bigint, number text, document_date date,
               state text, amount numeric)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_order bigint;
  v_quote bigint;
  v_priced boolean := sec.may('sales.sales_order:select');
  v_places bigint[] := sec.my_warehouses();
BEGIN
  PERFORM sec.require('document_chain');
  v_order := CASE p_document_type
    WHEN 'quote' THEN (SELECT o.id FROM sales.sales_order o WHERE o.quote_id = p_document_id)
    WHEN 'sales_order' THEN p_document_id
    WHEN 'delivery' THEN (SELECT d.sales_order_id FROM sales.delivery d WHERE d.id = p_document_id)
    WHEN 'invoice' THEN (SELECT i.sales_order_id FROM sales.invoice i WHERE i.id = p_document_id)
    WHEN 'payment' THEN (SELECT i.sales_order_id FROM sales.payment p JOIN sales.invoice i ON i.id = p.invoice_id
                          WHERE p.id = p_document_id) END;
  v_quote := CASE p_document_type WHEN 'quote' THEN p_document_id
                                  ELSE (SELECT o.quote_id FROM sales.sales_order o WHERE o.id = v_order) END;
  IF sec.may('sales.quote:select') THEN
    RETURN QUERY SELECT 'quote', q.id, NULL::text, NULL::bigint, q.number::text, q.quote_date, q.state::text, sales.own(q.gross_amount, q.exchange_rate)
                   FROM sales.quote q WHERE q.id = v_quote;
  END IF;
  RETURN QUERY SELECT 'sales_order', o.id, CASE WHEN o.quote_id IS NOT NULL THEN 'quote' END, o.quote_id, o.number::text,
                      o.order_date, o.state::text, CASE WHEN v_priced THEN sales.own(o.gross_amount, o.exchange_rate) END
                 FROM sales.sales_order o WHERE o.id = v_order AND o.warehouse_id = ANY (v_places);
  RETURN QUERY SELECT 'delivery', d.id, 'sales_order', d.sales_order_id, d.number::text, sales.local_day(d.shipped_at),
                      d.state::text, NULL::numeric
                 FROM sales.delivery d WHERE d.sales_order_id = v_order AND d.warehouse_id = ANY (v_places) ORDER BY d.id;
  IF sec.may('sales.invoice:select') THEN
    RETURN QUERY SELECT CASE i.kind WHEN 'cancellation' THEN 'cancellation' ELSE 'invoice' END, i.id,
                        CASE WHEN i.cancels_id IS NOT NULL THEN 'invoice' ELSE 'sales_order' END,
                        coalesce(i.cancels_id, i.sales_order_id), i.number::text, i.invoice_date, i.state::text, i.own_gross_amount
                   FROM sales.invoice i WHERE i.sales_order_id = v_order ORDER BY i.id;
    RETURN QUERY SELECT 'payment', p.id, 'invoice', p.invoice_id, p.reference::text, p.paid_on, 'posted', p.own_paid
                   FROM sales.payment p JOIN sales.invoice i ON i.id = p.invoice_id
                  WHERE i.sales_order_id = v_order ORDER BY p.id;
  END IF;
END $$;
COMMENT ON FUNCTION api.document_chain IS
  'Quote, order, deliveries, invoices and payments that belong together, as far as one may see them.';

CREATE OR REPLACE FUNCTION api.sales_lines_discard(p_table text, p_document_id bigint, p_line_ids bigint[]) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count integer;
BEGIN
  PERFORM sec.require(p_table || ':discard');
  IF p_table = 'sales.quote' THEN
    DELETE FROM sales.quote_line l WHERE l.quote_id = p_document_id AND l.id = ANY (p_line_ids);
  ELSIF p_table = 'sales.sales_order' THEN
    DELETE FROM sales.sales_order_line l
     WHERE l.sales_order_id = p_document_id AND l.id = ANY (p_line_ids)
       AND EXISTS (SELECT FROM sales.sales_order o WHERE o.id = p_document_id AND o.warehouse_id = ANY (sec.my_warehouses()));
  ELSE
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', p_table));
  END IF;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION api.sales_lines_discard IS
  'Take lines out of a draft quote or order, in the transaction that saves it; a second time finds none.';
