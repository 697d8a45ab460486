-- The search vectors follow partners and their addresses, one statement at a time; a new customer gets safe terms.

CREATE OR REPLACE FUNCTION partners.tg_new_customer_terms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Whoever may not choose terms still makes customers one can sell to: the first trade list and payment term for
  -- businesses, the first shop list and the shortest term for everybody else.
  NEW.price_list_id := coalesce(NEW.price_list_id, (
    SELECT l.id FROM catalog.price_list l
     WHERE l.kind = CASE NEW.kind WHEN 'b2c' THEN 'retail' ELSE 'wholesale' END
     ORDER BY l.id LIMIT 1));
  NEW.payment_term_id := coalesce(NEW.payment_term_id, (
    SELECT t.id FROM partners.payment_term t
     ORDER BY CASE NEW.kind WHEN 'b2c' THEN t.net_days END, t.id LIMIT 1));
  RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION partners.partner_search_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM partners.refresh_partner_search(ARRAY(SELECT n.id FROM new_rows n));
  ELSE
    PERFORM partners.refresh_partner_search(ARRAY(
      SELECT n.id FROM new_rows n JOIN old_rows o ON o.id = n.id
       WHERE (n.number, n.name, n.email) IS DISTINCT FROM (o.number, o.name, o.email)));
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION partners.address_search_follows() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM partners.refresh_partner_search(ARRAY(SELECT DISTINCT o.partner_id FROM old_rows o));
  ELSE
    PERFORM partners.refresh_partner_search(ARRAY(SELECT DISTINCT n.partner_id FROM new_rows n));
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER partner_search_insert AFTER INSERT ON partners.partner
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION partners.partner_search_follows();
CREATE OR REPLACE TRIGGER partner_search_update AFTER UPDATE ON partners.partner
  REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION partners.partner_search_follows();
CREATE OR REPLACE TRIGGER address_search_insert AFTER INSERT ON partners.address
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION partners.address_search_follows();
CREATE OR REPLACE TRIGGER address_search_update AFTER UPDATE ON partners.address
  REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION partners.address_search_follows();
CREATE OR REPLACE TRIGGER address_search_delete AFTER DELETE ON partners.address
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION partners.address_search_follows();
CREATE OR REPLACE TRIGGER partner_terms BEFORE INSERT ON partners.partner
  FOR EACH ROW WHEN (NEW.is_customer) EXECUTE FUNCTION partners.tg_new_customer_terms();
