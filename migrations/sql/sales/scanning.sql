-- Orders as who picks finds them with the scanner; without a price.

CREATE OR REPLACE FUNCTION api.shipping_find(p_code text)
RETURNS TABLE (sales_order_id bigint, number text, customer_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
  PERFORM sec.require('shipping_find');
  RETURN QUERY
    SELECT o.id, o.number::text, c.name::text
      FROM sales.sales_order o
      JOIN partners.partner c ON c.id = o.customer_id
     WHERE o.number = p_code AND o.state = 'confirmed' AND o.delivery_state <> 'full'
       AND o.warehouse_id = ANY ((SELECT sec.my_warehouses())::bigint[]);
END $$;
COMMENT ON FUNCTION api.shipping_find IS 'The order with this number when something of it is left to ship from one''s warehouses; no prices.';
