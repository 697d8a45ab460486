-- Search by any part of a word of a product, its variant and its family, and list prices for many products at once.

CREATE OR REPLACE FUNCTION catalog.fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT translate(lower(p_text), 'äöüáàâãåéèêëíìîïóòôõøúùûçñýÿ', 'aouaaaaaeeeeiiiiooooouuucnyy')
$$;
COMMENT ON FUNCTION catalog.fold IS 'Lower case without accents; umlauts lose their dots.';

CREATE OR REPLACE FUNCTION catalog.search_words(p_texts text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  -- Umlauts are found however they are typed: Krönung, Kronung and Kroenung alike.
  SELECT coalesce(array_agg(DISTINCT w.word), '{}')
    FROM unnest(p_texts) AS t (txt)
   CROSS JOIN LATERAL (VALUES (catalog.fold(t.txt)),
                              (CASE WHEN t.txt ~* '[äöüß]' THEN catalog.fold(
                                 replace(replace(replace(replace(lower(t.txt), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'))
                               END)) AS f (folded)
   CROSS JOIN LATERAL regexp_split_to_table(replace(f.folded, 'ß', 'ss'), '[^[:alnum:]]+') AS w (word)
   WHERE w.word <> ''
$$;
COMMENT ON FUNCTION catalog.search_words IS 'The words of some texts as they are indexed and looked for.';

CREATE OR REPLACE FUNCTION catalog.search_vector(p_texts text[]) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  -- Every word and each of its endings of three or more letters: a prefix query then finds "engel" in "Filigranengel".
  SELECT array_to_tsvector(coalesce(array_agg(DISTINCT left(substr(w.word, i.pos), 24)), '{}'))
    FROM unnest(catalog.search_words(p_texts)) AS w (word)
   CROSS JOIN LATERAL generate_series(1, greatest(1, length(w.word) - 2)) AS i (pos)
$$;
COMMENT ON FUNCTION catalog.search_vector IS 'What a GIN index needs to find any part of any word of some texts by a prefix query.';

CREATE OR REPLACE FUNCTION catalog.typed_words(p_text text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT catalog.search_words(ARRAY[replace(replace(replace(replace(
           lower(left(p_text, 200)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss')])
$$;
COMMENT ON FUNCTION catalog.typed_words IS 'The words of typed text, as they are looked for.';

CREATE OR REPLACE FUNCTION catalog.search_query(p_text text) RETURNS tsquery
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  -- Every typed word must occur. Quoted, so that no character of a word is taken for an operator.
  SELECT to_tsquery('simple', string_agg(format('''%s'':*', left(w.word, 24)), ' & '))
    FROM unnest(catalog.typed_words(p_text)) AS w (word)
$$;
COMMENT ON FUNCTION catalog.search_query IS 'The prefix query for typed text; NULL when it holds no word.';

CREATE OR REPLACE FUNCTION catalog.refresh_product_search(p_ids bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO catalog.product_search AS s (product_id, vector)
  -- Of the variant its code alone, marked: what that means may change for thousands of products at once.
  SELECT p.id, catalog.search_vector(ARRAY[p.sku, p.legacy_sku, p.ean, p.name, f.code, f.name, f.name_en] || t.names)
               || array_to_tsvector(array_remove(ARRAY['=' || p.variant_code], NULL))
    FROM catalog.product p
    LEFT JOIN catalog.family f ON f.id = p.family_id
    LEFT JOIN LATERAL (SELECT array_agg(x.name::text) AS names FROM catalog.product_text x
                        WHERE x.product_id = p.id AND x.name <> p.name) t ON true
   WHERE p.id = ANY (p_ids)
  ON CONFLICT (product_id) DO UPDATE SET vector = excluded.vector WHERE s.vector <> excluded.vector
$$;
COMMENT ON FUNCTION catalog.refresh_product_search IS 'Write the search vectors of some products anew; only triggers call it.';

CREATE OR REPLACE FUNCTION catalog.product_query(p_text text) RETURNS tsquery
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
  -- A typed word may stand in the product's vector, or in what its variant code means: "bemal" asks for 'bemal':* | '=BE'.
  WITH meaning AS MATERIALIZED (
    SELECT '''=' || replace(replace(v.code, E'\\', E'\\\\'), '''', '''''') || '''' AS code,
           concat(' ', replace(catalog.fold(n.names), 'ß', 'ss'), ' ', catalog.fold(replace(replace(replace(replace(
             lower(n.names), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ß', 'ss'))) AS words
      FROM catalog.variant_code v CROSS JOIN LATERAL (SELECT concat(v.name_de, ' ', v.name_en) AS names) n)
  SELECT string_agg(concat('(', concat_ws(' | ', format('''%s'':*', left(w.word, 24)), m.codes), ')'), ' & ')::tsquery
    FROM unnest(catalog.typed_words(p_text)) AS w (word)
   CROSS JOIN LATERAL (
         SELECT string_agg(x.code, ' | ') AS codes FROM meaning x
          WHERE strpos(x.words, CASE WHEN length(w.word) < 3 THEN ' ' || w.word ELSE w.word END) > 0) m
$$;
COMMENT ON FUNCTION catalog.product_query IS 'The query for typed text on product_search; NULL when it holds no word.';

CREATE OR REPLACE FUNCTION catalog.search_products(p_text text, p_limit integer DEFAULT 20, p_use text DEFAULT '')
RETURNS TABLE (id bigint, rank integer)
LANGUAGE plpgsql STABLE ROWS 20 SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_text text := btrim(coalesce(p_text, ''));
  v_key text := lower(v_text) COLLATE "C";
  v_limit integer := least(greatest(coalesce(p_limit, 20), 1), 500);
  v_query tsquery;
  v_found bigint[];
  v_more bigint[];
BEGIN
  PERFORM sec.require('catalog.product:select');
  IF v_text = '' THEN
    RETURN;
  END IF;
  SELECT coalesce(array_agg(p.id ORDER BY p.search_key), '{}') INTO v_found
    FROM catalog.product p
   WHERE (p.search_key = v_key OR p.legacy_sku IN (v_text, upper(v_text)) OR p.ean = v_text)
     AND CASE p_use WHEN 'sold' THEN p.is_sold WHEN 'made' THEN p.is_made WHEN 'bought' THEN p.is_bought
                    WHEN 'stocked' THEN p.is_stocked ELSE true END;
  RETURN QUERY SELECT f.id, 0 FROM unnest(v_found) WITH ORDINALITY AS f (id, ord) ORDER BY f.ord LIMIT v_limit;
  v_limit := v_limit - cardinality(v_found);
  -- A range in byte order is the prefix search that any plan can take from the index, whatever the text.
  SELECT coalesce(array_agg(x.id ORDER BY x.search_key), '{}') INTO v_more
    FROM (SELECT p.id, p.search_key FROM catalog.product p
           WHERE p.search_key >= v_key AND p.search_key < v_key || chr(1114111)
             AND p.id <> ALL (v_found)
             AND CASE p_use WHEN 'sold' THEN p.is_sold WHEN 'made' THEN p.is_made WHEN 'bought' THEN p.is_bought
                            WHEN 'stocked' THEN p.is_stocked ELSE true END
           ORDER BY p.search_key LIMIT greatest(v_limit, 0)) AS x;
  RETURN QUERY SELECT f.id, 1 FROM unnest(v_more) WITH ORDINALITY AS f (id, ord) ORDER BY f.ord;
  v_limit := v_limit - cardinality(v_more);
  IF v_limit <= 0 OR length(v_text) < 3 THEN
    RETURN;  -- one or two letters stand in nearly every word
  END IF;
  v_query := catalog.product_query(v_text);
  v_found := v_found || v_more;
  -- However common the word, no more than so many candidates are looked at.
  RETURN QUERY
    SELECT p.id, 2
      FROM (SELECT s.product_id FROM catalog.product_search s WHERE s.vector @@ v_query LIMIT 500) AS c
      JOIN catalog.product p ON p.id = c.product_id
     WHERE p.id <> ALL (v_found)
       AND CASE p_use WHEN 'sold' THEN p.is_sold WHEN 'made' THEN p.is_made WHEN 'bought' THEN p.is_bought
                      WHEN 'stocked' THEN p.is_stocked ELSE true END
     ORDER BY p.state = 'discontinued', NOT starts_with(lower(p.name), v_key), p.search_key
     LIMIT v_limit;
END $$;
COMMENT ON FUNCTION catalog.search_products IS
  'Products for typed text, best first. rank 0: SKU, old SKU or EAN equal; 1: SKU begins so; 2: words contain it. p_use: sold, made, bought, stocked or empty.';

CREATE OR REPLACE FUNCTION catalog.prices_for(p_lines jsonb, p_price_list_id bigint, p_date date)
RETURNS TABLE (line integer, product_id bigint, qty numeric, amount numeric, min_qty numeric, price_list_id bigint,
               valid_from date, tax_rate numeric)
LANGUAGE sql STABLE ROWS 20 SET search_path = pg_catalog, pg_temp AS $$
  -- Runs with the caller's rights: who may not read prices gets none here either.
  SELECT l.ord::integer, p.id, l.qty,
         CASE WHEN pl.tax_included THEN round(best.amount * 100 / (100 + tc.rate), 4) ELSE best.amount END,
         best.min_qty, best.price_list_id, best.valid_from, tc.rate
    FROM jsonb_array_elements(p_lines) WITH ORDINALITY AS e (item, ord)
   CROSS JOIN LATERAL (SELECT (e.item ->> 'product_id')::bigint AS product_id, (e.item ->> 'qty')::numeric AS qty, e.ord) AS l
    -- LIMIT keeps the planner, who expects a hundred lines, from reading all products instead of these.
    JOIN LATERAL (SELECT o.id, o.tax_class_id FROM catalog.product o WHERE o.id = l.product_id LIMIT 1) AS p ON true
    JOIN catalog.tax_class tc ON tc.id = p.tax_class_id
    LEFT JOIN catalog.price_list pl ON pl.id = p_price_list_id
    LEFT JOIN LATERAL (
           SELECT pr.amount, pr.min_qty, pr.price_list_id, pr.valid_from
             FROM catalog.price pr
            WHERE pr.product_id = p.id AND pr.price_list_id = p_price_list_id AND pr.min_qty <= l.qty
              AND pr.valid_from <= p_date AND (pr.valid_to IS NULL OR pr.valid_to > p_date)
            ORDER BY pr.min_qty DESC, pr.valid_from DESC
            LIMIT 1) AS best ON true
   ORDER BY l.ord
$$;
COMMENT ON FUNCTION catalog.prices_for IS
  'Net list price per unit for [{product_id, qty}, …] on a day: the highest tier reached, of it the price that began last. One row per known product in the order given (line counts from 1); amount is NULL when the list has no price.';
