-- A product with pictures has a primary one.
SELECT 'catalog.product', i.product_id
  FROM catalog.product_image i
 GROUP BY i.product_id HAVING NOT bool_or(i.is_primary);
