-- What people without a right on orders need of them: what is to come, without a price, and how documents hang together.

CREATE OR REPLACE FUNCTION api.receiving_orders(p_limit integer DEFAULT 500)
RETURNS TABLE (purchase_order_id bigint, row_version integer, number text, supplier_name text, supplier_reference text,
               order_date date, expected_date date, warehouse_id bigint, warehouse_code text, receipt_state text,
               open_lines integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('receiving_orders');
  RETURN QUERY
    SELECT o.id, o.row_version, o.number::text, s.name::text, o.supplier_reference::text, o.order_date,
           coalesce(x.due, o.expected_date), o.warehouse_id, w.code::text, o.receipt_state::text, x.lines
      FROM purchasing.purchase_order o
      JOIN partners.partner s ON s.id = o.supplier_id
      JOIN inventory.warehouse w ON w.id = o.warehouse_id
     CROSS JOIN LATERAL (
       SELECT count(*)::int AS lines, min(coalesce(l.confirmed_date, l.expected_date)) AS due
         FROM purchasing.purchase_order_line l
        WHERE l.purchase_order_id = o.id AND l.qty > l.qty_received - l.qty_returned) x
     WHERE o.state = 'ordered' AND o.receipt_state <> 'full' AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
     ORDER BY coalesce(x.due, o.expected_date) NULLS LAST, o.id
     LIMIT least(greatest(coalesce(p_limit, 500), 1), 5000);
END $$;
COMMENT ON FUNCTION api.receiving_orders IS 'Orders of which something is still to come to one''s warehouses; no prices.';

CREATE OR REPLACE FUNCTION api.receiving_lines(p_purchase_order_id bigint)
RETURNS TABLE (line_id bigint, line_position integer, product_id bigint, sku text, supplier_sku text, description text,
               unit_code text, qty numeric, qty_received numeric, qty_open numeric, due date, is_stocked boolean,
               is_lot_tracked boolean, warehouse_id bigint, place_id bigint, place_code text, row_version integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('receiving_lines');
  RETURN QUERY
    SELECT l.id, l.position, l.product_id, p.sku::text, l.supplier_sku::text, l.description::text, coalesce(l.unit_code, u.code)::text,
           l.qty, l.qty_received - l.qty_returned, greatest(l.qty - l.qty_received + l.qty_returned, 0),
           coalesce(l.confirmed_date, l.expected_date, o.expected_date), p.is_stocked, p.is_lot_tracked, o.warehouse_id,
           k.id, k.code::text, o.row_version
      FROM purchasing.purchase_order o
      JOIN purchasing.purchase_order_line l ON l.purchase_order_id = o.id
      JOIN catalog.product p ON p.id = l.product_id
      JOIN catalog.unit u ON u.id = p.unit_id
      -- Where goods arrive, or else where this article lies already.
      LEFT JOIN LATERAL (
        SELECT pl.id, pl.code FROM inventory.place pl
          LEFT JOIN inventory.stock_balance b ON b.place_id = pl.id AND b.product_id = l.product_id AND b.qty > 0
         WHERE pl.warehouse_id = o.warehouse_id AND pl.is_active AND pl.kind IN ('receiving', 'storage')
         ORDER BY pl.kind = 'receiving' DESC, b.qty DESC NULLS LAST, pl.code LIMIT 1) k ON p.is_stocked
     WHERE o.id = p_purchase_order_id AND o.state = 'ordered' AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
     ORDER BY l.position;
END $$;
COMMENT ON FUNCTION api.receiving_lines IS 'Lines of an order as the warehouse receives them, with a place to put them; no prices.';
