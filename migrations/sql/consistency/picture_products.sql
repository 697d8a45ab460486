-- How many products show a picture is what its links say.
SELECT 'catalog.picture', p.id
  FROM catalog.picture p
 WHERE p.products <> (SELECT count(*) FROM catalog.product_image i WHERE i.picture_id = p.id);
