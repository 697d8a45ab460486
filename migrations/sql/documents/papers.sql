-- What the archive asks about a record before it keeps a document of it; one function per table. No row: no such record.

CREATE OR REPLACE FUNCTION sales.paper_of_quote(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT q.number, q.warehouse_id, q.customer_id, q.snapshot #>> '{customer,name}', q.quote_date, q.state <> 'draft'
    FROM sales.quote q WHERE q.id = p_id
$$;
COMMENT ON FUNCTION sales.paper_of_quote IS 'A quote as the archive sees it.';

CREATE OR REPLACE FUNCTION sales.paper_of_order(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.number, o.warehouse_id, o.customer_id, o.snapshot #>> '{customer,name}', o.order_date,
         o.state IN ('confirmed', 'completed')
    FROM sales.sales_order o WHERE o.id = p_id
$$;
COMMENT ON FUNCTION sales.paper_of_order IS 'A sales order as the archive sees it.';

CREATE OR REPLACE FUNCTION sales.paper_of_delivery(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT d.number, d.warehouse_id, d.customer_id, d.snapshot #>> '{customer,name}',
         (d.shipped_at AT TIME ZONE coalesce((SELECT c.time_zone FROM system.company c), 'Europe/Berlin'))::date,
         d.state = 'shipped'
    FROM sales.delivery d WHERE d.id = p_id
$$;
COMMENT ON FUNCTION sales.paper_of_delivery IS 'A delivery as the archive sees it.';

CREATE OR REPLACE FUNCTION sales.paper_of_invoice(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT i.number, o.warehouse_id, i.customer_id, i.snapshot #>> '{customer,name}', i.invoice_date, i.kind = p_kind
    FROM sales.invoice i LEFT JOIN sales.sales_order o ON o.id = i.sales_order_id WHERE i.id = p_id
$$;
COMMENT ON FUNCTION sales.paper_of_invoice IS 'An invoice as the archive sees it; its paper is of its own kind.';

CREATE OR REPLACE FUNCTION production.paper_of_work_order(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.number, w.warehouse_id, NULL::bigint, '', system.today(), true FROM production.work_order w WHERE w.id = p_id
$$;
COMMENT ON FUNCTION production.paper_of_work_order IS 'A works order as the archive sees it.';

CREATE OR REPLACE FUNCTION catalog.paper_of_price_list(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT l.code, NULL::bigint, NULL::bigint, '', system.today(), true FROM catalog.price_list l WHERE l.id = p_id
$$;
COMMENT ON FUNCTION catalog.paper_of_price_list IS 'A price list as the archive sees it: as it stands today.';

CREATE OR REPLACE FUNCTION inventory.paper_of_warehouse(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT w.code, w.id, NULL::bigint, '', system.today(), true FROM inventory.warehouse w WHERE w.id = p_id
$$;
COMMENT ON FUNCTION inventory.paper_of_warehouse IS 'A warehouse as the archive sees it: count sheets and valuations of today.';

CREATE OR REPLACE FUNCTION inventory.paper_of_lot(p_kind text, p_id bigint)
RETURNS TABLE (number text, warehouse_id bigint, partner_id bigint, recipient text, dated date, issued boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT t.code, NULL::bigint, NULL::bigint, '', system.today(), true FROM inventory.lot t WHERE t.id = p_id
$$;
COMMENT ON FUNCTION inventory.paper_of_lot IS 'A lot as the archive sees it: reports of today.';
