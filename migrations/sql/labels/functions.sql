-- Numbers of the house's own ranges: article numbers (EAN) and shipping units (SSCC).

CREATE OR REPLACE FUNCTION labels.check_digit(p_digits text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT ((10 - sum(substr(p_digits, place, 1)::int * CASE WHEN (length(p_digits) - place) % 2 = 0 THEN 3 ELSE 1 END) % 10) % 10)::text
    FROM generate_series(1, length(p_digits)) place
$$;
COMMENT ON FUNCTION labels.check_digit IS 'The check digit of GS1 for the digits before it: EAN, GTIN, SSCC, GLN.';

CREATE OR REPLACE FUNCTION labels.next_code(p_kind text) RETURNS TABLE (range_id bigint, serial bigint, code text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_range labels.number_range;
BEGIN
  SELECT r.* INTO v_range FROM labels.number_range r WHERE r.kind = p_kind AND r.is_active FOR UPDATE;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER422', 'number_range_missing', jsonb_build_object('kind', p_kind));
  ELSIF v_range.first_serial + v_range.issued > v_range.last_serial THEN
    PERFORM sec.fail('ER422', 'number_range_used_up', jsonb_build_object('name', v_range.name));
  END IF;
  UPDATE labels.number_range r SET issued = r.issued + 1 WHERE r.id = v_range.id;
  range_id := v_range.id;
  serial := v_range.first_serial + v_range.issued;
  code := v_range.prefix || lpad(serial::text,
    CASE p_kind WHEN 'ean13' THEN 12 WHEN 'ean8' THEN 7 ELSE 17 END - length(v_range.prefix), '0');
  code := code || labels.check_digit(code);
  RETURN NEXT;
END $$;
COMMENT ON FUNCTION labels.next_code IS
  'The next number of the active range of a kind, without gaps: locks the range until commit, so call it late.';
