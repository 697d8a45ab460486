-- Orders as who receives goods finds them with the scanner; without a price.

CREATE OR REPLACE FUNCTION api.receiving_find(p_code text, p_product_id bigint DEFAULT NULL)
RETURNS TABLE (purchase_order_id bigint, number text, supplier_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('receiving_find');
  RETURN QUERY
    SELECT o.id, o.number::text, s.name::text
      FROM purchasing.purchase_order o
      JOIN partners.partner s ON s.id = o.supplier_id
     WHERE o.state = 'ordered' AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[])
       AND (o.number = p_code OR o.supplier_reference = p_code OR o.id IN (
             SELECT l.purchase_order_id FROM purchasing.purchase_order_line l
              WHERE l.product_id = p_product_id AND l.qty > l.qty_received - l.qty_returned))
     ORDER BY coalesce(o.expected_date, o.order_date), o.id
     LIMIT 20;
END $$;
COMMENT ON FUNCTION api.receiving_find IS
  'Orders goods are awaited of, by their number, by the supplier''s number, or by a product still to come; the soonest first, no prices.';
