-- The search vectors follow products, their texts and families, one statement at a time so that imports stay fast.

CREATE OR REPLACE FUNCTION catalog.product_search_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM catalog.refresh_product_search(ARRAY(SELECT n.id FROM new_rows n));
  ELSE
    PERFORM catalog.refresh_product_search(ARRAY(
      SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
       WHERE (n.sku, n.legacy_sku, n.ean, n.name, n.family_id)
             IS DISTINCT FROM (o.sku, o.legacy_sku, o.ean, o.name, o.family_id)));
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION catalog.text_search_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM catalog.refresh_product_search(ARRAY(SELECT DISTINCT o.product_id FROM old_rows o));
  ELSIF TG_OP = 'INSERT' THEN
    PERFORM catalog.refresh_product_search(ARRAY(SELECT DISTINCT n.product_id FROM new_rows n));
  ELSE
    PERFORM catalog.refresh_product_search(ARRAY(
      SELECT n.product_id FROM new_rows n JOIN old_rows o ON o.id = n.id WHERE n.name IS DISTINCT FROM o.name));
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION catalog.family_search_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM catalog.refresh_product_search(ARRAY(
    SELECT p.id FROM new_rows n JOIN old_rows o ON o.id = n.id JOIN catalog.product p ON p.family_id = n.id
     WHERE (n.code, n.name, n.name_en) IS DISTINCT FROM (o.code, o.name, o.name_en)));
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER product_search_insert AFTER INSERT ON catalog.product
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.product_search_follows();
CREATE OR REPLACE TRIGGER product_search_update AFTER UPDATE ON catalog.product
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION catalog.product_search_follows();
CREATE OR REPLACE TRIGGER text_search_insert AFTER INSERT ON catalog.product_text
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.text_search_follows();
CREATE OR REPLACE TRIGGER text_search_update AFTER UPDATE ON catalog.product_text
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION catalog.text_search_follows();
CREATE OR REPLACE TRIGGER text_search_delete AFTER DELETE ON catalog.product_text
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.text_search_follows();
CREATE OR REPLACE TRIGGER family_search_update AFTER UPDATE ON catalog.family
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION catalog.family_search_follows();
