-- Every product and every partner can be found: the triggers have kept a search vector for it.
SELECT 'catalog.product', p.id::text FROM catalog.product p
 WHERE NOT EXISTS (SELECT FROM catalog.product_search s WHERE s.product_id = p.id)
UNION ALL
SELECT 'partners.partner', p.id::text FROM partners.partner p
 WHERE NOT EXISTS (SELECT FROM partners.partner_search s WHERE s.partner_id = p.id)
