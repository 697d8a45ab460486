-- The search vectors follow partners and their addresses, one statement at a time.

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
