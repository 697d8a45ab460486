-- No more is in parcels than was shipped; a parcel has something in it unless it is void, and its SSCC is the one it was given.
SELECT 'labels.parcel_line' AS what, l.id, format('%s packed, %s shipped', sum(p.qty), l.qty) AS problem
  FROM labels.parcel_line p JOIN sales.delivery_line l ON l.id = p.delivery_line_id
 GROUP BY l.id, l.qty HAVING sum(p.qty) > l.qty
UNION ALL
SELECT 'labels.parcel', p.id, 'line of another delivery'
  FROM labels.parcel p JOIN labels.parcel_line x ON x.parcel_id = p.id JOIN sales.delivery_line l ON l.id = x.delivery_line_id
 WHERE l.delivery_id <> p.delivery_id
UNION ALL
SELECT 'labels.parcel', p.id, 'state ' || p.state
  FROM labels.parcel p
 WHERE (p.state = 'void') = EXISTS (SELECT FROM labels.parcel_line x WHERE x.parcel_id = p.id)
UNION ALL
SELECT 'labels.parcel', p.id, 'SSCC ' || p.sscc
  FROM labels.parcel p
 WHERE p.sscc IS NOT NULL
   AND NOT EXISTS (SELECT FROM labels.sscc s WHERE s.delivery_id = p.delivery_id AND s.parcel = p.number AND s.code = p.sscc)
