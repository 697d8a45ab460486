-- Pictures of the image service: the sync stores them page by page, rules link them to products, people decide.

CREATE OR REPLACE FUNCTION catalog.picture_priority(p_kind text, p_front boolean) RETURNS int
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE WHEN lower(p_kind) = 'produktfoto' THEN CASE WHEN p_front THEN 0 ELSE 1 END
              WHEN p_front THEN 2 ELSE 3 END
$$;
COMMENT ON FUNCTION catalog.picture_priority IS
  'Rank of a picture of the service: 0 product photo of the front, 1 product photo, 2 front, 3 others.';

CREATE OR REPLACE FUNCTION catalog.picture_source() RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('catalog.product_image:select');
  RETURN (SELECT jsonb_build_object('base_url', s.base_url, 'media_url', s.media_url, 'verify_tls', s.verify_tls,
                                    'ca_file', s.ca_file)
            FROM legacy.server s WHERE s.kind = 'images' AND s.is_active ORDER BY s.is_test, s.id LIMIT 1);
END $$;
COMMENT ON FUNCTION catalog.picture_source IS
  'How windows reach the pictures of the image service; nothing that signs in. NULL when the house has no service.';

CREATE OR REPLACE FUNCTION catalog.picture_matches(p_pictures bigint[])
RETURNS TABLE (article_id bigint, picture_id bigint, rule text, family_id bigint, products bigint[], ambiguous boolean,
               attempts jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  -- A number is, in this order: a family's, the family's with a variant code, a product's, the common part of products',
  -- a family's whose variant nobody knows, a number of the old system, the common part of such numbers.
  WITH asked AS MATERIALIZED (
    SELECT a.id, a.picture_id, a.number,
           CASE WHEN a.number ~ '.-[^-]+$' THEN regexp_replace(a.number, '-[^-]+$', '') END AS base,
           CASE WHEN a.number ~ '.-[^-]+$' THEN regexp_replace(a.number, '^.*-', '') END AS code
      FROM catalog.picture_article a
      JOIN catalog.picture p ON p.id = a.picture_id AND p.state = 'here'
     WHERE p_pictures IS NULL OR a.picture_id = ANY (p_pictures)),
  item AS MATERIALIZED (
    SELECT p.id, p.family_id, p.search_key, p.base_sku, p.legacy_sku,
           coalesce(p.variant_code, CASE WHEN p.legacy_sku ~ '.-[^-]+$' THEN regexp_replace(p.legacy_sku, '^.*-', '') END)
             AS code,
           CASE WHEN p.legacy_sku ~ '.-[^-]+$' THEN regexp_replace(p.legacy_sku, '-[^-]+$', '') END AS legacy_base
      FROM catalog.product p),
  members AS MATERIALIZED (SELECT i.family_id, array_agg(i.id ORDER BY i.id) AS ids FROM item i GROUP BY 1),
  variants AS MATERIALIZED (
    SELECT i.family_id, i.code, array_agg(i.id ORDER BY i.id) AS ids FROM item i
     WHERE i.family_id IS NOT NULL AND i.code IS NOT NULL GROUP BY 1, 2),
  bases AS MATERIALIZED (
    SELECT i.base_sku, array_agg(i.id ORDER BY i.id) AS ids FROM item i GROUP BY 1),
  legacies AS MATERIALIZED (
    SELECT i.legacy_sku, array_agg(i.id ORDER BY i.id) AS ids,
           count(DISTINCT coalesce(i.family_id, -i.id)) > 1 AS several
      FROM item i WHERE i.legacy_sku IS NOT NULL GROUP BY 1),
  legacy_bases AS MATERIALIZED (
    SELECT i.legacy_base, array_agg(i.id ORDER BY i.id) AS ids,
           count(DISTINCT coalesce(i.family_id, -i.id)) > 1 AS several
      FROM item i WHERE i.legacy_base IS NOT NULL GROUP BY 1),
  tried AS (
    SELECT a.*, f.id AS own_family, m.ids AS by_family, g.id AS base_family, v.ids AS by_variant,
           CASE WHEN i.id IS NOT NULL THEN ARRAY[i.id] END AS by_sku, b.ids AS by_base, n.ids AS by_parent,
           l.ids AS by_legacy, l.several AS legacy_several, o.ids AS by_legacy_base, o.several AS base_several
      FROM asked a
      LEFT JOIN catalog.family f ON f.code = a.number
      LEFT JOIN members m ON m.family_id = f.id
      LEFT JOIN catalog.family g ON g.code = a.base
      LEFT JOIN variants v ON v.family_id = g.id AND v.code = a.code
      LEFT JOIN item i ON i.search_key = lower(a.number)
      LEFT JOIN bases b ON b.base_sku = a.number
      LEFT JOIN members n ON n.family_id = g.id
      LEFT JOIN legacies l ON l.legacy_sku = a.number
      LEFT JOIN legacy_bases o ON o.legacy_base = a.number),
  ruled AS (
    SELECT t.*, CASE WHEN t.own_family IS NOT NULL THEN 'family' WHEN t.by_variant IS NOT NULL THEN 'variant'
                     WHEN t.by_sku IS NOT NULL THEN 'sku' WHEN t.by_base IS NOT NULL THEN 'base'
                     WHEN t.base_family IS NOT NULL THEN 'parent' WHEN t.by_legacy IS NOT NULL THEN 'legacy'
                     WHEN t.by_legacy_base IS NOT NULL THEN 'legacy_base' END AS hit
      FROM tried t)
  SELECT r.id, r.picture_id, r.hit,
         CASE r.hit WHEN 'family' THEN r.own_family WHEN 'variant' THEN r.base_family WHEN 'parent' THEN r.base_family END,
         coalesce(CASE WHEN x.ambiguous THEN NULL ELSE
           CASE r.hit WHEN 'family' THEN r.by_family WHEN 'variant' THEN r.by_variant WHEN 'sku' THEN r.by_sku
                      WHEN 'base' THEN r.by_base WHEN 'parent' THEN r.by_parent WHEN 'legacy' THEN r.by_legacy
                      WHEN 'legacy_base' THEN r.by_legacy_base END END, '{}'),
         x.ambiguous,
         (SELECT jsonb_agg(jsonb_build_object('rule', s.rule, 'value', s.value, 'found', s.found) ORDER BY s.place)
            FROM (VALUES (1, 'family', r.number, (r.own_family IS NOT NULL)::int),
                         (2, 'variant', r.number, coalesce(cardinality(r.by_variant), 0)),
                         (3, 'sku', r.number, coalesce(cardinality(r.by_sku), 0)),
                         (4, 'base', r.number, coalesce(cardinality(r.by_base), 0)),
                         (5, 'parent', r.base, (r.base_family IS NOT NULL)::int),
                         (6, 'legacy', r.number, coalesce(cardinality(r.by_legacy), 0)),
                         (7, 'legacy_base', r.number, coalesce(cardinality(r.by_legacy_base), 0))
                 ) s(place, rule, value, found)
           WHERE s.value IS NOT NULL AND (s.rule <> 'variant' OR r.base IS NOT NULL)
             AND s.place <= coalesce(array_position(
               ARRAY['family', 'variant', 'sku', 'base', 'parent', 'legacy', 'legacy_base'], r.hit), 7))
    FROM ruled r
   CROSS JOIN LATERAL (SELECT coalesce(CASE r.hit WHEN 'legacy' THEN r.legacy_several
                                                  WHEN 'legacy_base' THEN r.base_several END, false) AS ambiguous) x
$$;
COMMENT ON FUNCTION catalog.picture_matches IS
  'Which products the article numbers of pictures mean (NULL: of all pictures), by which rule, and what was tried before.';

CREATE OR REPLACE FUNCTION catalog.picture_choose(p_products bigint[], p_run bigint) RETURNS int
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_best bigint[];
  v_count int;
BEGIN
  -- Chosen by hand, then uploaded here, then by the kind of picture; what is gone comes last.
  v_best := ARRAY(
    SELECT DISTINCT ON (i.product_id) i.id
      FROM catalog.product_image i LEFT JOIN catalog.picture p ON p.id = i.picture_id
     WHERE i.product_id = ANY (p_products)
     ORDER BY i.product_id, i.is_chosen DESC, (i.picture_id IS NULL AND i.is_primary) DESC, (i.picture_id IS NULL) DESC,
              coalesce(p.state, 'here') DESC, i.priority, i.picture_id, i.id DESC);
  UPDATE catalog.product_image i SET is_primary = false
   WHERE i.product_id = ANY (p_products) AND i.is_primary AND NOT i.id = ANY (v_best);
  WITH made AS (
    UPDATE catalog.product_image i SET is_primary = true WHERE i.id = ANY (v_best) AND NOT i.is_primary
    RETURNING i.product_id, i.picture_id)
  INSERT INTO catalog.picture_change (picture_id, product_id, run_id, kind)
  SELECT m.picture_id, m.product_id, p_run, 'primary' FROM made m;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
COMMENT ON FUNCTION catalog.picture_choose IS 'Makes the best picture of each product its primary one; how many changed.';

CREATE OR REPLACE FUNCTION catalog.picture_link(p_pictures bigint[], p_run bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_touched bigint[];
  v_gone bigint[];
  v_primary int;
  v_orphans int;
  v_conflicts int;
BEGIN
  UPDATE catalog.picture_article a
     SET rule = m.rule, family_id = m.family_id, attempts = coalesce(m.attempts, '[]'),
         product_id = CASE WHEN cardinality(m.products) = 1 THEN m.products[1] END
    FROM catalog.picture_matches(p_pictures) m
   WHERE a.id = m.article_id
     AND (a.rule, a.family_id, a.product_id, a.attempts) IS DISTINCT FROM
         (m.rule, m.family_id, CASE WHEN cardinality(m.products) = 1 THEN m.products[1] END, coalesce(m.attempts, '[]'));
  WITH wanted AS MATERIALIZED (
    SELECT DISTINCT ON (u.product_id, m.picture_id) u.product_id, m.picture_id, m.rule, p.file_hash,
           catalog.picture_priority(p.kind, a.is_front) AS priority
      FROM catalog.picture_matches(p_pictures) m
      JOIN catalog.picture p ON p.id = m.picture_id
      JOIN catalog.picture_article a ON a.id = m.article_id
     CROSS JOIN LATERAL unnest(m.products) u(product_id)
     ORDER BY u.product_id, m.picture_id, priority, a.id),
  put AS (
    INSERT INTO catalog.product_image AS i (product_id, picture_id, file_hash, rule, priority, is_primary)
    SELECT w.product_id, w.picture_id, w.file_hash, w.rule, w.priority, false FROM wanted w
    ON CONFLICT (product_id, picture_id) DO UPDATE
       SET file_hash = excluded.file_hash, priority = excluded.priority,
           rule = CASE WHEN i.rule = 'hand' THEN i.rule ELSE excluded.rule END
     WHERE (i.file_hash, i.priority) IS DISTINCT FROM (excluded.file_hash, excluded.priority)
        OR (i.rule <> 'hand' AND i.rule <> excluded.rule)
    RETURNING i.product_id, i.picture_id, i.row_version = 1 AS fresh),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind, details)
    SELECT p.picture_id, p_run, 'linked', jsonb_build_object('products', jsonb_agg(p.product_id ORDER BY p.product_id))
      FROM put p WHERE p.fresh GROUP BY p.picture_id)
  SELECT array_agg(DISTINCT p.product_id) INTO v_touched FROM put p;
  -- Put there by hand: only the file may be another one now.
  UPDATE catalog.product_image i SET file_hash = p.file_hash
    FROM catalog.picture p
   WHERE p.id = i.picture_id AND i.file_hash <> p.file_hash AND (p_pictures IS NULL OR p.id = ANY (p_pictures));
  -- No longer meant: gone, unless somebody chose it; then it is his.
  WITH stale AS MATERIALIZED (
    SELECT i.id, i.product_id, i.picture_id, i.is_chosen
      FROM catalog.product_image i
      JOIN catalog.picture q ON q.id = i.picture_id
     WHERE i.rule <> 'hand' AND (p_pictures IS NULL OR i.picture_id = ANY (p_pictures))
       AND NOT EXISTS (SELECT FROM catalog.picture_matches(p_pictures) m
                        WHERE m.picture_id = i.picture_id AND i.product_id = ANY (m.products))),
  kept AS (UPDATE catalog.product_image i SET rule = 'hand' FROM stale s WHERE i.id = s.id AND s.is_chosen),
  removed AS (
    DELETE FROM catalog.product_image i USING stale s WHERE i.id = s.id AND NOT s.is_chosen
    RETURNING i.product_id, i.picture_id),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind, details)
    SELECT r.picture_id, p_run, 'unlinked', jsonb_build_object('products', jsonb_agg(r.product_id ORDER BY r.product_id))
      FROM removed r GROUP BY r.picture_id)
  SELECT array_agg(DISTINCT r.product_id) INTO v_gone FROM removed r;
  v_primary := catalog.picture_choose(coalesce(v_touched, '{}') || coalesce(v_gone, '{}'), p_run);
  WITH found AS MATERIALIZED (
    SELECT p.id, p.conflict AS old,
           (SELECT count(*) FROM catalog.product_image i WHERE i.picture_id = p.id)::int AS products,
           CASE WHEN p.state = 'gone' THEN
                  CASE WHEN EXISTS (SELECT FROM catalog.product_image i WHERE i.picture_id = p.id AND i.is_chosen)
                       THEN 'chosen_gone' END
                WHEN EXISTS (SELECT FROM catalog.picture_article a
                              WHERE a.picture_id = p.id AND a.rule IN ('legacy', 'legacy_base') AND a.family_id IS NULL
                                AND a.product_id IS NULL
                                AND (a.attempts -> -1 ->> 'found')::int > 0
                                AND NOT EXISTS (SELECT FROM catalog.product_image i WHERE i.picture_id = p.id))
                  THEN 'ambiguous' END AS conflict
      FROM catalog.picture p WHERE p_pictures IS NULL OR p.id = ANY (p_pictures)),
  set_ AS (
    UPDATE catalog.picture p SET products = f.products, conflict = f.conflict FROM found f
     WHERE p.id = f.id AND (p.products, p.conflict) IS DISTINCT FROM (f.products, f.conflict)),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind, details)
    SELECT f.id, p_run, 'conflict', jsonb_build_object('conflict', f.conflict) FROM found f
     WHERE f.conflict IS NOT NULL AND f.conflict IS DISTINCT FROM f.old)
  SELECT count(*) FILTER (WHERE f.products = 0), count(*) FILTER (WHERE f.conflict IS NOT NULL)
    INTO v_orphans, v_conflicts FROM found f;
  RETURN jsonb_build_object(
    'products', cardinality(coalesce(v_touched, '{}')), 'primary', v_primary, 'orphans', v_orphans,
    'conflicts', v_conflicts);
END $$;
COMMENT ON FUNCTION catalog.picture_link IS
  'Brings the links of pictures (NULL: of all) in step with their article numbers; what was set by hand stays.';

CREATE OR REPLACE FUNCTION catalog.picture_next_best() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM catalog.picture_choose(ARRAY(SELECT DISTINCT o.product_id FROM old_rows o WHERE o.is_primary), NULL);
  UPDATE catalog.picture p SET products = x.products
    FROM (SELECT o.picture_id, (SELECT count(*) FROM catalog.product_image i WHERE i.picture_id = o.picture_id)::int
            FROM old_rows o WHERE o.picture_id IS NOT NULL GROUP BY 1) x(picture_id, products)
   WHERE p.id = x.picture_id AND p.products <> x.products;
  RETURN NULL;
END $$;
COMMENT ON FUNCTION catalog.picture_next_best IS 'When a primary picture is removed, the best of the others takes its place.';
CREATE OR REPLACE TRIGGER product_image_removed AFTER DELETE ON catalog.product_image
  REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION catalog.picture_next_best();

-- The sync ------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION api.picture_changed(p_keys text[], p_hashes text[]) RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('picture_changed');
  RETURN ARRAY(
    SELECT u.key FROM unnest(p_keys, p_hashes) u(key, hash)
     WHERE NOT EXISTS (SELECT FROM catalog.picture p
                        WHERE p.source_key = u.key AND p.hash = u.hash AND p.state = 'here'));
END $$;
COMMENT ON FUNCTION api.picture_changed IS 'Which of these records of the image service are new, different or back.';

CREATE OR REPLACE FUNCTION catalog.picture_progress(p_run_entity_id bigint, p_cursor jsonb, p_counts jsonb) RETURNS boolean
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_cancel boolean;
BEGIN
  UPDATE legacy.run_entity e
     SET cursor = coalesce(p_cursor, e.cursor),
         read_count = e.read_count + coalesce((p_counts ->> 'read_count')::bigint, 0),
         created_count = e.created_count + coalesce((p_counts ->> 'created_count')::bigint, 0),
         changed_count = e.changed_count + coalesce((p_counts ->> 'changed_count')::bigint, 0),
         unchanged_count = e.unchanged_count + coalesce((p_counts ->> 'unchanged_count')::bigint, 0),
         gone_count = e.gone_count + coalesce((p_counts ->> 'gone_count')::bigint, 0),
         warning_count = e.warning_count + coalesce((p_counts ->> 'warning_count')::bigint, 0)
    FROM legacy.run r
   WHERE e.id = p_run_entity_id AND r.id = e.run_id
  RETURNING r.cancel_requested INTO v_cancel;
  RETURN coalesce(v_cancel, false);
END $$;
COMMENT ON FUNCTION catalog.picture_progress IS 'Notes how far a run is with the pictures; whether somebody asked it to stop.';

CREATE OR REPLACE FUNCTION api.picture_apply(
  p_token bigint, p_run_entity_id bigint, p_pictures jsonb, p_cursor jsonb, p_counts jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_run bigint;
  v_ids bigint[];
  v_anew bigint[];
  v_created int := 0;
  v_changed int := 0;
  v_answer jsonb;
BEGIN
  PERFORM sec.require('picture_apply');
  PERFORM legacy.fence(p_token);
  v_run := (legacy.page_open(p_token, p_run_entity_id)).run_id;
  IF legacy.mode_of('images') = 'werkbank' THEN
    p_pictures := '[]';  -- read and counted, no longer taken over
  END IF;
  WITH said AS MATERIALIZED (
    SELECT x.* FROM jsonb_to_recordset(p_pictures)
      x(key text, hash text, file_hash text, kind text, name text)),
  put AS (
    INSERT INTO catalog.picture AS p (source_key, hash, file_hash, said_hash, kind, name)
    SELECT s.key, s.hash, s.file_hash, s.file_hash, s.kind, s.name FROM said s ORDER BY s.key
    ON CONFLICT (source_key) DO UPDATE
       SET hash = excluded.hash, kind = excluded.kind, name = excluded.name,
           -- Never a name it had before: under that one, old files may lie in caches.
           file_hash = CASE WHEN p.said_hash = excluded.said_hash THEN p.file_hash
                            ELSE encode(sha256(convert_to(excluded.said_hash || p.file_hash, 'UTF8')), 'hex') END,
           said_hash = excluded.said_hash, state = 'here', gone_at = NULL, changed_at = statement_timestamp()
    RETURNING p.id, p.source_key, p.said_hash),
  before AS (SELECT p.source_key, p.state, p.said_hash FROM catalog.picture p JOIN said s ON s.key = p.source_key),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind)
    SELECT t.id, v_run, CASE WHEN b.source_key IS NULL THEN 'created' WHEN b.state = 'gone' THEN 'back' ELSE 'changed' END
      FROM put t LEFT JOIN before b ON b.source_key = t.source_key
    RETURNING kind)
  SELECT (SELECT array_agg(t.id) FROM put t),
         (SELECT array_agg(t.id) FROM put t LEFT JOIN before b ON b.source_key = t.source_key
           WHERE b.said_hash IS DISTINCT FROM t.said_hash),
         count(*) FILTER (WHERE n.kind = 'created'), count(*) FILTER (WHERE n.kind <> 'created')
    INTO v_ids, v_anew, v_created, v_changed FROM noted n;
  v_ids := coalesce(v_ids, '{}');
  DELETE FROM catalog.picture_file f WHERE f.picture_id = ANY (v_anew);
  INSERT INTO catalog.picture_file (
    picture_id, position, format, url, width, height, is_original, is_large, is_small)
  SELECT p.id, f.position, f.format, f.url, f.width, f.height, f.is_original, f.is_large, f.is_small
    FROM jsonb_array_elements(p_pictures) x
    JOIN catalog.picture p ON p.source_key = x ->> 'key' AND p.id = ANY (v_anew)
   CROSS JOIN LATERAL jsonb_to_recordset(x -> 'files')
     f(position int, format text, url text, width int, height int, is_original bool, is_large bool, is_small bool);
  WITH said AS MATERIALIZED (
    SELECT p.id AS picture_id, a.number, a.is_front
      FROM jsonb_array_elements(p_pictures) x
      JOIN catalog.picture p ON p.source_key = x ->> 'key'
     CROSS JOIN LATERAL jsonb_to_recordset(x -> 'articles') a(number text, is_front bool)),
  removed AS (
    DELETE FROM catalog.picture_article a
     WHERE a.picture_id = ANY (v_ids)
       AND NOT EXISTS (SELECT FROM said s WHERE s.picture_id = a.picture_id AND s.number = a.number))
  INSERT INTO catalog.picture_article AS a (picture_id, number, is_front)
  SELECT s.picture_id, s.number, s.is_front FROM said s
  ON CONFLICT (picture_id, number) DO UPDATE SET is_front = excluded.is_front WHERE a.is_front <> excluded.is_front;
  v_answer := CASE WHEN cardinality(v_ids) > 0 THEN catalog.picture_link(v_ids, v_run) ELSE '{}' END;
  RETURN jsonb_build_object('created', v_created, 'changed', v_changed) || v_answer
    || jsonb_build_object('cancel', catalog.picture_progress(
         p_run_entity_id, p_cursor,
         p_counts || jsonb_build_object('created_count', v_created, 'changed_count', v_changed)));
END $$;
COMMENT ON FUNCTION api.picture_apply IS
  'Stores records of the image service (one page, one transaction), links them to products and notes how far the run is.';

CREATE OR REPLACE FUNCTION api.picture_files(p_token bigint, p_run_entity_id bigint, p_files jsonb) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_run bigint;
  v_ids bigint[];
BEGIN
  PERFORM sec.require('picture_files');
  PERFORM legacy.fence(p_token);
  v_run := (legacy.page_open(p_token, p_run_entity_id)).run_id;
  IF legacy.mode_of('images') = 'werkbank' THEN
    p_files := '[]';
  END IF;
  WITH said AS MATERIALIZED (
    SELECT (x ->> 'id')::bigint AS id, x ->> 'mark' AS mark, x ? 'content' AS brought,
           decode(x ->> 'content', 'base64') AS content
      FROM jsonb_array_elements(p_files) x),
  before AS MATERIALIZED (SELECT f.id, f.picture_id, f.mark FROM catalog.picture_file f JOIN said s ON s.id = f.id),
  put AS (
    UPDATE catalog.picture_file f
       SET mark = s.mark, content = CASE WHEN s.brought THEN s.content ELSE f.content END
      FROM said s WHERE s.id = f.id),
  replaced AS (
    SELECT b.picture_id, string_agg(s.mark, ' ' ORDER BY b.id) AS marks FROM before b JOIN said s ON s.id = b.id
     WHERE b.mark <> s.mark GROUP BY b.picture_id),
  named AS (
    UPDATE catalog.picture p
       SET file_hash = encode(sha256(convert_to(p.file_hash || r.marks, 'UTF8')), 'hex'), changed_at = statement_timestamp()
      FROM replaced r WHERE r.picture_id = p.id
    RETURNING p.id),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind, details)
    SELECT n.id, v_run, 'changed', '{"files": true}' FROM named n)
  SELECT array_agg(n.id) INTO v_ids FROM named n;
  UPDATE catalog.product_image i SET file_hash = p.file_hash
    FROM catalog.picture p WHERE p.id = ANY (v_ids) AND i.picture_id = p.id AND i.file_hash <> p.file_hash;
  RETURN jsonb_build_object('replaced', coalesce(cardinality(v_ids), 0),
                            'cancel', catalog.picture_progress(p_run_entity_id, NULL, '{}'));
END $$;
COMMENT ON FUNCTION api.picture_files IS
  'Notes how files are known (mark) and keeps copies of those the service gives to nobody without its password; p_files '
  '[{id, mark, content?}], content base64 or null. A picture whose file has another mark than before gets another name in caches.';

CREATE OR REPLACE FUNCTION api.picture_gone(p_token bigint, p_run_entity_id bigint, p_keys text[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_run bigint;
  v_ids bigint[];
BEGIN
  PERFORM sec.require('picture_gone');
  PERFORM legacy.fence(p_token);
  v_run := (legacy.page_open(p_token, p_run_entity_id)).run_id;
  IF legacy.mode_of('images') = 'werkbank' THEN
    RETURN '{"gone": 0}';
  END IF;
  WITH gone AS (
    UPDATE catalog.picture p SET state = 'gone', gone_at = statement_timestamp()
     WHERE p.state = 'here' AND NOT p.source_key = ANY (p_keys)
    RETURNING p.id),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, run_id, kind) SELECT g.id, v_run, 'gone' FROM gone g)
  SELECT array_agg(g.id) INTO v_ids FROM gone g;
  IF v_ids IS NOT NULL THEN
    PERFORM catalog.picture_link(v_ids, v_run);
    PERFORM catalog.picture_progress(
      p_run_entity_id, NULL, jsonb_build_object('gone_count', cardinality(v_ids)));
  END IF;
  RETURN jsonb_build_object('gone', coalesce(cardinality(v_ids), 0));
END $$;
COMMENT ON FUNCTION api.picture_gone IS
  'Marks the pictures that a complete reading of the service did not find; links set by hand stay, and are a conflict.';

CREATE OR REPLACE FUNCTION api.picture_match(p_token bigint, p_run_id bigint) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM sec.require('picture_match');
  PERFORM legacy.fence(p_token);
  IF legacy.mode_of('images') = 'werkbank' THEN
    RETURN '{}';
  END IF;
  RETURN catalog.picture_link(NULL, p_run_id);
END $$;
COMMENT ON FUNCTION api.picture_match IS
  'Links all pictures anew: products that came or changed since find theirs. Writes nothing where nothing changed.';

-- By hand -------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION api.picture_primary(p_command uuid, p_id bigint, p_row_version int, p_chosen boolean) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_image record;
BEGIN
  PERFORM sec.require('picture_primary');
  v_replay := api.command_begin(p_command, 'picture_primary',
    jsonb_build_object('id', p_id, 'row_version', p_row_version, 'chosen', p_chosen));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  PERFORM FROM catalog.product_image i
    WHERE i.product_id = (SELECT x.product_id FROM catalog.product_image x WHERE x.id = p_id) ORDER BY i.id FOR UPDATE;
  SELECT i.product_id, i.picture_id, i.row_version INTO v_image FROM catalog.product_image i WHERE i.id = p_id;
  IF NOT FOUND THEN
    PERFORM sec.fail('ER404', 'record_not_found', jsonb_build_object('table', 'catalog.product_image', 'id', p_id));
  ELSIF v_image.row_version IS DISTINCT FROM p_row_version THEN
    PERFORM sec.fail('ER409', 'stale',
      jsonb_build_object('table', 'catalog.product_image', 'id', p_id, 'row_version', v_image.row_version));
  END IF;
  UPDATE catalog.product_image i SET is_chosen = (i.id = p_id AND p_chosen)
   WHERE i.product_id = v_image.product_id AND i.is_chosen <> (i.id = p_id AND p_chosen);
  PERFORM catalog.picture_choose(ARRAY[v_image.product_id], NULL);
  INSERT INTO catalog.picture_change (picture_id, product_id, kind)
  VALUES (v_image.picture_id, v_image.product_id, CASE WHEN p_chosen THEN 'chosen' ELSE 'automatic' END);
  RETURN api.command_end(p_command, jsonb_build_object(
    'product_id', v_image.product_id, 'id', (SELECT i.id FROM catalog.product_image i
                                              WHERE i.product_id = v_image.product_id AND i.is_primary)));
END $$;
COMMENT ON FUNCTION api.picture_primary IS
  'Makes a picture its product''s primary one by hand, which no sync undoes; false: the rules choose again.';

CREATE OR REPLACE FUNCTION api.picture_assign(p_command uuid, p_pictures bigint[], p_products bigint[]) RETURNS jsonb
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_replay jsonb;
  v_products bigint[];
  v_links int;
BEGIN
  PERFORM sec.require('picture_assign');
  v_replay := api.command_begin(p_command, 'picture_assign',
    jsonb_build_object('pictures', to_jsonb(p_pictures), 'products', to_jsonb(p_products)));
  IF v_replay IS NOT NULL THEN
    RETURN v_replay;
  END IF;
  IF coalesce(cardinality(p_pictures), 0) = 0 OR coalesce(cardinality(p_products), 0) = 0
     OR cardinality(p_pictures)::bigint * cardinality(p_products) > 5000 THEN
    PERFORM sec.fail('ER422', 'picture_assign_size', jsonb_build_object('limit', 5000));
  END IF;
  WITH put AS (
    INSERT INTO catalog.product_image AS i (product_id, picture_id, file_hash, rule, priority, is_primary)
    SELECT a.id, p.id, p.file_hash, 'hand', catalog.picture_priority(p.kind, false), false
      FROM catalog.picture p CROSS JOIN catalog.product a
     WHERE p.id = ANY (p_pictures) AND a.id = ANY (p_products) ORDER BY a.id, p.id
    ON CONFLICT (product_id, picture_id) DO UPDATE SET rule = 'hand' WHERE i.rule <> 'hand'
    RETURNING i.product_id, i.picture_id),
  noted AS (
    INSERT INTO catalog.picture_change (picture_id, kind, details)
    SELECT t.picture_id, 'assigned', jsonb_build_object('products', jsonb_agg(t.product_id ORDER BY t.product_id))
      FROM put t GROUP BY t.picture_id)
  SELECT array_agg(DISTINCT t.product_id), count(*) INTO v_products, v_links FROM put t;
  PERFORM catalog.picture_choose(coalesce(v_products, '{}'), NULL);
  UPDATE catalog.picture p SET conflict = NULL,
         products = (SELECT count(*) FROM catalog.product_image i WHERE i.picture_id = p.id)::int
   WHERE p.id = ANY (p_pictures);
  RETURN api.command_end(p_command, jsonb_build_object('links', v_links, 'products', to_jsonb(v_products)));
END $$;
COMMENT ON FUNCTION api.picture_assign IS 'Gives pictures of the service to products by hand; no sync takes them away.';
