-- No product contains itself.
WITH RECURSIVE below (product_id, reached_id) AS (
  SELECT b.product_id, l.product_id
    FROM engineering.bom b JOIN engineering.bom_line l ON l.bom_id = b.id WHERE b.state <> 'retired'
  UNION
  SELECT x.product_id, l.product_id
    FROM below x
    JOIN engineering.bom b ON b.product_id = x.reached_id AND b.state <> 'retired'
    JOIN engineering.bom_line l ON l.bom_id = b.id
   WHERE x.reached_id <> x.product_id)
SELECT b.product_id FROM below b WHERE b.reached_id = b.product_id
